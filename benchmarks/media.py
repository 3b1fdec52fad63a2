"""What it costs to make media ready, and how they look afterwards.

python benchmarks/media.py                     a 12-megapixel photo for four platforms: a table
python benchmarks/media.py --json              the same as one object
python benchmarks/media.py --sheet sheet.png   before and after of pictures of every kind, side by side; look at it

The photo is drawn here, with the grain of a camera and a place in it. It is made ready in a process of its own, as the daemon's reading
does it, and that process says its peak of memory.
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE))

from platforms.base import Limits  # noqa: E402
from platforms.registry import platform  # noqa: E402
from scheduler.calendar.model import MediaFile  # noqa: E402
from scheduler.problems import Place  # noqa: E402
from scheduler.rendering.media import Unfit, fitted  # noqa: E402

PLATFORMS = ("mastodon", "bluesky", "linkedin", "site")
SIZE = (4000, 3000)
TIGHT = Limits(source="", checked=date(2026, 11, 25), images=4, animations=(), image_bytes=60_000)
CELL = (420, 315)


def photo(size: tuple[int, int] = SIZE) -> Image.Image:
    """A sky, hills, a house with a fence, and grain in all of it."""
    width, height = size
    picture = Image.merge(
        "RGB",
        [
            Image.linear_gradient("L")
            .resize(size)
            .point(lambda level, low=low, high=high: low + level * (high - low) // 255)
            for low, high in ((70, 210), (120, 225), (200, 240))
        ],
    )
    draw = ImageDraw.Draw(picture)
    for shade, (base, swing, length) in enumerate(
        ((0.55, 0.06, 900), (0.65, 0.05, 500), (0.78, 0.03, 300))
    ):
        ridge = [
            (x, height * (base + swing * math.sin(x / (length * width / 4000))))
            for x in range(0, width + 20, 20)
        ]
        draw.polygon(
            [*ridge, (width, height), (0, height)],
            fill=(60 + 25 * shade, 100 + 30 * shade, 50 + 10 * shade),
        )
    draw.rectangle((width * 0.6, height * 0.5, width * 0.8, height * 0.75), fill="firebrick")
    draw.polygon(
        ((width * 0.57, height * 0.5), (width * 0.83, height * 0.5), (width * 0.7, height * 0.38)),
        fill="saddlebrown",
    )
    draw.rectangle((width * 0.67, height * 0.6, width * 0.73, height * 0.75), fill="navy")
    for x in range(0, width, max(1, width // 80)):
        draw.line((x, height * 0.8, x, height * 0.9), fill="white", width=max(1, width // 500))
    grain = Image.merge(
        "RGB",
        [Image.effect_noise(size, 40).filter(ImageFilter.GaussianBlur(0.6)) for _ in range(3)],
    )
    return Image.blend(picture, grain, 0.35)


def saved(picture: Image.Image, file: Path, **options: object) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Example", "Camera 1"
    exif.get_ifd(0x8825).update({1: "N", 2: (51.0, 30.0, 2.5), 3: "W", 4: (0.0, 7.0, 30.0)})
    picture.save(file, **{"exif": exif, **options})
    return file


def ready(file: Path, limits: Limits, cache: Path) -> tuple[Path, str]:
    try:
        media = fitted(MediaFile(file=file, place=Place(file.name, 1)), limits, cache)
    except Unfit as unfit:
        if unfit.instead is None:
            raise
        media = unfit.instead
    return (
        media.file,
        f"{media.type.partition('/')[2]} {media.width}x{media.height} {media.size / 1000:,.0f} kB",
    )


def work(file: Path, cache: Path) -> None:
    """In the process that is measured."""
    rows = []
    for name in PLATFORMS:
        begun = time.perf_counter()
        _, made = ready(file, platform(name).limits, cache)
        rows.append(
            {"platform": name, "seconds": round(time.perf_counter() - begun, 3), "made": made}
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )
    print(
        json.dumps(
            {
                "rows": rows,
                "seconds": round(sum(float(str(row["seconds"])) for row in rows), 3),
                "peak_mib": round(peak),
            }
        )
    )


def measured(folder: Path) -> dict[str, object]:
    """The best of three, each with an empty cache; then once more with a full one."""
    file = saved(photo(), folder / "photo.jpg", quality=95)
    runs = []
    for cache in ("one", "two", "three", "three"):
        done = subprocess.run(
            [sys.executable, __file__, "--work", file, folder / cache],
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append(json.loads(done.stdout))
    best = min(runs[:3], key=lambda run: run["seconds"])
    return {
        "photo": f"{SIZE[0]}x{SIZE[1]} {file.stat().st_size / 1_000_000:.1f} MB",
        **best,
        "cached_seconds": runs[3]["seconds"],
    }


def sources(folder: Path) -> list[Path]:
    small, wide = photo((1200, 900)), photo((400, 300))
    lying = Image.Exif()
    lying[0x0112] = 6
    see_through = small.copy()
    see_through.putalpha(
        Image.radial_gradient("L").resize(small.size).point(lambda level: 255 - level)
    )
    moving = [wide, ImageOps.mirror(wide)]
    return [
        saved(photo(), folder / "photo.jpg", quality=92),
        saved(small.transpose(Image.Transpose.ROTATE_90), folder / "lying.jpg", exif=lying),
        saved(small.convert("CMYK"), folder / "press.jpg"),
        saved(small.convert("L"), folder / "grey.jpg"),
        saved(small.convert("P", palette=Image.Palette.ADAPTIVE), folder / "palette.png"),
        saved(
            small.convert("L").convert("I").point(lambda level: level * 256).convert("I;16"),
            folder / "16-bit.png",
        ),
        saved(small.convert("1"), folder / "1-bit.png"),
        saved(see_through, folder / "see-through.png"),
        saved(small.convert("LA"), folder / "grey-alpha.png"),
        saved(small, folder / "small.webp"),
        saved(small, folder / "small.avif"),
        saved(moving[0], folder / "moving.gif", save_all=True, append_images=moving[1:]),
        *_heic(small, folder),
        *sorted((HERE / "examples" / "images").glob("*.png")),
    ]


def _heic(picture: Image.Image, folder: Path) -> list[Path]:
    """Where Debian's libheif-examples is there."""
    picture.save(folder / "phone.png")
    try:
        subprocess.run(
            ["heif-enc", "-q", "80", "-o", folder / "phone.heic", folder / "phone.png"],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        return []
    return [folder / "phone.heic"]


def sheet(file: Path, folder: Path) -> None:
    """A row for each picture: as it was; as it leaves for Bluesky; within 60 kB; and the last but one at its full size, in the middle."""
    rows = [
        (
            one,
            *(
                ready(one, limits, folder / "cache")
                for limits in (platform("bluesky").limits, TIGHT)
            ),
        )
        for one in sources(folder)
    ]
    whole = Image.new("RGB", (CELL[0] * 4, (CELL[1] + 20) * len(rows)), "grey")
    draw = ImageDraw.Draw(whole)
    for row, (source, (roomy, said), (tight, said_tight)) in enumerate(rows):
        before = f"{source.name} {source.stat().st_size / 1000:,.0f} kB"
        cells = (
            (_shown(source), before),
            (_shown(roomy), said),
            (_shown(tight), said_tight),
            (_middle(roomy), "at full size"),
        )
        for column, (picture, words) in enumerate(cells):
            at = (column * CELL[0], row * (CELL[1] + 20))
            whole.paste(picture, (at[0], at[1] + 20))
            draw.text((at[0] + 4, at[1] + 4), words, fill="white")
    whole.save(file)


def _shown(file: Path) -> Image.Image:
    """As a viewer shows it; what is transparent, on grey."""
    if file.suffix == ".heic":
        from pi_heif import register_heif_opener

        register_heif_opener()
    with Image.open(file) as opened:
        picture = ImageOps.exif_transpose(opened)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda level: level / 256).convert("L")
    return _on_grey(ImageOps.contain(picture.convert("RGBA"), CELL))


def _middle(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        picture = opened.convert("RGBA")
    left, top = (picture.width * 6 // 10 - CELL[0] // 2, picture.height * 6 // 10 - CELL[1] // 2)
    return _on_grey(picture.crop((left, top, left + CELL[0], top + CELL[1])))


def _on_grey(picture: Image.Image) -> Image.Image:
    ground = Image.new("RGB", picture.size, "grey")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def main() -> None:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--json", action="store_true", help="print one object")
    words.add_argument(
        "--sheet", type=Path, metavar="FILE", help="write a contact sheet, and measure nothing"
    )
    words.add_argument("--work", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.work:
        work(*given.work)
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.sheet:
            sheet(given.sheet, Path(folder))
            return
        figures = measured(Path(folder))
    if given.json:
        print(json.dumps(figures))
        return
    print(f"a photo of {figures['photo']}")
    for row in figures["rows"]:  # type: ignore[attr-defined]
        print(f"  {row['platform']:<10} {row['seconds']:6.2f} s   {row['made']}")
    print(
        f"together     {figures['seconds']:.2f} s, at most {figures['peak_mib']} MiB; again, from the cache: {figures['cached_seconds']:.3f} s"
    )


if __name__ == "__main__":
    main()
