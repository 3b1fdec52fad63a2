"""Pictures and videos as cameras write them, with a place, an owner and a comment in all of them; and what exiftool finds in a file.

They are made when they are asked for, by the tools of the machine. Where a tool is missing, the test is skipped and says so; with
`servers` in TERMBELL_REQUIRE (CI sets it) it fails.
"""

import json
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from platforms.base import Media

PACKAGES = {
    "ffmpeg": "ffmpeg",
    "exiftool": "libimage-exiftool-perl",
    "heif-enc": "libheif-examples",
}
OWNER = "Anna Example"
PLACE = "51.5007"
TELLS = (
    "IFD0",
    "IFD1",
    "ExifIFD",
    "GPS",
    "XMP",
    "IPTC",
    "Photoshop",
    "MakerNotes",
    "Apple",
    "ItemList",
    "UserData",
    "Keys",
)  # exiftool's groups
TELLING = re.compile(
    r"GPS|Location|Make$|Model$|Serial|Owner|Artist|Author|Comment|Software|Encoder|Thumbnail|PreviewImage|Title|Warning"
)
NOTHING = re.compile(r"0000:00:00 00:00:00")


def needed(name: str) -> str:
    found = shutil.which(name)
    if not found:
        why = f"{name} is not here; Debian's package {PACKAGES[name]} has it"
        if "servers" in os.environ.get("TERMBELL_REQUIRE", "").split(","):
            pytest.fail(f"TERMBELL_REQUIRE says servers, but {why}")
        pytest.skip(why)
    return found


def run(name: str, *arguments: object) -> str:
    return subprocess.run(
        [needed(name), *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout


def ffmpeg(*arguments: object) -> None:
    run("ffmpeg", "-nostdin", "-y", "-loglevel", "error", *arguments)


def noise(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    """A picture that cannot be compressed."""
    return Image.frombytes(mode, size, Random(1).randbytes(size[0] * size[1] * len(mode)))


def quarters(size: tuple[int, int] = (64, 32), mode: str = "RGB") -> Image.Image:
    """Red at the top left, green at the top right, blue below red, white below green."""
    picture = Image.new("RGB", size, "white")
    half = size[0] // 2, size[1] // 2
    picture.paste("red", (0, 0, *half))
    picture.paste("lime", (half[0], 0, size[0], half[1]))
    picture.paste("blue", (0, half[1], half[0], size[1]))
    return picture.convert(mode)


def corners(picture: Image.Image) -> list[str]:
    """The colours of the quarters, row by row."""
    picture, (width, height) = picture.convert("RGB"), picture.size
    names = {(1, 0, 0): "red", (0, 1, 0): "lime", (0, 0, 1): "blue", (1, 1, 1): "white"}
    return [
        names[
            tuple(int(level > 127) for level in picture.getpixel((width * x // 4, height * y // 4)))
        ]  # type: ignore[index, union-attr]
        for y in (1, 3)
        for x in (1, 3)
    ]


def marked(file: Path) -> Path:
    """With a place, a camera, an owner and a comment, wherever exiftool can write them."""
    small = file.with_name("small.jpg")
    quarters((32, 16)).save(small)
    run(
        "exiftool",
        "-q",
        "-m",
        "-overwrite_original",
        f"-GPSLatitude={PLACE}",
        "-GPSLatitudeRef=N",
        "-Make=Example",
        "-Model=Camera 1",
        "-SerialNumber=12345",
        f"-Artist={OWNER}",
        f"-IPTC:By-line={OWNER}",
        f"-XMP-dc:Creator={OWNER}",
        f"-XMP-exif:GPSLatitude={PLACE}",
        f"-Comment={OWNER}",
        f"-ThumbnailImage<={small}",
        f"-Keys:GPSCoordinates={PLACE} 0 0",
        f"-UserData:GPSCoordinates={PLACE} 0 0",
        f"-Keys:Author={OWNER}",
        file,
    )
    small.unlink()
    return file


def noted_by_its_maker(file: Path) -> Path:
    """A JPEG with a maker note as iPhones write it, in a directory of Exif's own kind: its version, and whether it was in focus."""
    entries = ((0x0001, 14), (0x0007, 1))
    directory = (
        struct.pack(">H", len(entries))
        + b"".join(struct.pack(">HHIi", tag, 9, 1, value) for tag, value in entries)
        + bytes(4)
    )
    with Image.open(file) as opened:
        exif = opened.getexif()
        exif[0x010F] = "Apple"
        exif.get_ifd(0x8769)[0x927C] = b"Apple iOS\0\0\1MM" + directory
        opened.load()
        opened.save(file, exif=exif)
    return file


def a_heic(file: Path, picture: Image.Image) -> Path:
    source = file.with_suffix(".source.png")
    picture.save(source)
    run("heif-enc", "-q", "90", "-o", file, source)
    source.unlink()
    return file


def sixteen_bits(file: Path, picture: Image.Image) -> Path:
    """A PNG with 16 bits for each colour, which Pillow does not write."""
    source = file.with_suffix(".source.png")
    picture.save(source)
    ffmpeg("-i", source, "-pix_fmt", "rgb48be", file)
    source.unlink()
    return file


def a_video(
    file: Path, *options: object, seconds: float = 1.0, size: str = "320x240", rate: int = 25
) -> Path:
    ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=s={size}:d={seconds}:r={rate}",
        "-f",
        "lavfi",
        "-i",
        f"sine=d={seconds}",
        "-shortest",
        *(options or ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac")),
        file,
    )
    return file


def told_by(file: Path) -> list[str]:
    """What a stranger learns from the file beside what it shows: as `group:tag value`. Dates of nothing and the file's own name apart."""
    tags = json.loads(run("exiftool", "-a", "-u", "-G1", "-s", "-ee", "-j", file))[0]
    return sorted(
        f"{name} {value}"
        for name, value in tags.items()
        if name.partition(":")[0] not in ("ExifTool", "System", "SourceFile")
        and not NOTHING.match(str(value))
        and (
            name.startswith(TELLS)
            or TELLING.search(name.partition(":")[2])
            or OWNER in str(value)
            or PLACE in str(value)
            or "Date" in name
        )
        and not name.startswith("ICC")
    )


def is_clean(media: Media) -> bool:
    body = media.file.read_bytes()
    hidden = [
        word
        for word in (OWNER.encode(), PLACE.encode(), b"Camera 1", b"xmpmeta", b"Exif\0")
        if word in body
    ]
    assert told_by(media.file) == []
    assert hidden == []
    return True
