"""Everything a camera, a phone or a program writes: what leaves is clean to exiftool's eye, upright, and within the limits."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from platforms.base import Limits, Media
from scheduler.calendar.model import MediaFile
from scheduler.problems import Place
from scheduler.rendering.media import Unfit, fitted
from tests.rendering.media_corpus import (
    a_heic,
    a_video,
    corners,
    is_clean,
    marked,
    noise,
    noted_by_its_maker,
    quarters,
    sixteen_bits,
    told_by,
)
from tests.rendering.support import PLAIN

LIMITS = {
    "roomy": replace(
        PLAIN, images=4, videos=1, animations=("image/gif", "image/webp", "image/png")
    ),
    "tight": replace(
        PLAIN,
        images=4,
        videos=1,
        image_bytes=40_000,
        image_pixels=20_000,
        video_bytes=60_000,
        video_pixels=40_000,
    ),
    "jpeg": replace(PLAIN, images=4, image_types=("image/jpeg",), animations=()),
}


def saved(**options: object) -> Callable[[Path, Image.Image], Path]:
    def save(file: Path, picture: Image.Image) -> Path:
        picture.save(file, **options)
        return file

    return save


def animated(file: Path, picture: Image.Image) -> Path:
    frames = [picture, picture.rotate(180), picture.rotate(90)]
    frames[0].save(file, save_all=True, append_images=frames[1:], duration=100, loop=0)
    return file


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
MODES = {
    "photo.jpg": ("RGB", saved(quality=90, icc_profile=SRGB)),
    "progressive.jpg": ("RGB", saved(progressive=True)),
    "grey.jpg": ("L", saved()),
    "press.jpg": ("CMYK", saved(quality=95)),
    "drawing.png": ("RGB", saved()),
    "window.png": ("RGBA", saved()),
    "palette.png": ("P", saved()),
    "ink.png": ("1", saved()),
    "scan.png": ("I;16", saved()),
    "deep.png": ("RGB", sixteen_bits),
    "veil.png": ("LA", saved()),
    "photo.webp": ("RGB", saved()),
    "photo.avif": ("RGB", saved(quality=90)),
    "phone.heic": ("RGB", a_heic),
    "still.gif": ("RGB", saved()),
}


def fit(file: Path, limits: Limits) -> Media:
    return fitted(
        MediaFile(file=file, alt="A door", place=Place("calendar.yaml", 15)),
        limits,
        file.parent / "cache",
    )


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("name", MODES)
def test_a_picture_leaves_clean_and_within_the_limits(
    tmp_path: Path, name: str, limits: str
) -> None:
    mode, save = MODES[name]
    file = marked(
        save(
            tmp_path / name,
            quarters((256, 128)).convert(mode)
            if mode != "I;16"
            else Image.new(mode, (256, 128), 0x9000),
        )
    )
    assert told_by(file) != []

    media = fit(file, LIMITS[limits])

    assert is_clean(media)
    assert media.type in LIMITS[limits].image_types
    assert media.size <= (LIMITS[limits].image_bytes or media.size)
    assert (media.width or 0) * (media.height or 0) <= (LIMITS[limits].image_pixels or 256 * 128)
    if mode in ("RGB", "RGBA", "CMYK", "P"):
        assert corners(Image.open(media.file)) == ["red", "lime", "blue", "white"]


@pytest.mark.parametrize("limits", LIMITS)
def test_what_the_maker_of_a_camera_notes_stays_behind(tmp_path: Path, limits: str) -> None:
    quarters((256, 128)).save(tmp_path / "a.jpg", quality=90)
    file = noted_by_its_maker(tmp_path / "a.jpg")
    assert "Apple:MakerNoteVersion 14" in told_by(file)

    media = fit(file, LIMITS[limits])

    assert is_clean(media)
    assert b"Apple" not in media.file.read_bytes()


@pytest.mark.parametrize("share", [0.5, 0.9])
@pytest.mark.parametrize("name", ["phone.heic", "photo.avif"])
def test_what_was_cut_off_is_told(tmp_path: Path, name: str, share: float) -> None:
    file = MODES[name][1](tmp_path / name, noise((256, 128)))
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    with pytest.raises(
        Unfit, match=rf"{name} is (damaged or not complete|no picture that we can read)"
    ):
        fit(file, LIMITS["roomy"])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.avif"])
def test_a_picture_is_turned_upright_once(tmp_path: Path, name: str, orientation: int) -> None:
    turns = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # what a camera held so does to the picture, as Pillow counts
    lying = quarters((256, 128))
    if orientation > 1:
        lying = lying.transpose(Image.Transpose(turns[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying.save(tmp_path / name, exif=exif)

    media = fit(tmp_path / name, LIMITS["roomy"])

    assert (media.width, media.height) == (256, 128)
    assert corners(Image.open(media.file)) == ["red", "lime", "blue", "white"]
    assert is_clean(media)


@pytest.mark.parametrize(
    ("turns", "shown"),
    [
        (1, ["lime", "white", "red", "blue"]),
        (2, ["white", "blue", "lime", "red"]),
        (3, ["blue", "red", "white", "lime"]),
    ],
)
def test_a_phones_heic_is_turned_upright_once(tmp_path: Path, turns: int, shown: list[str]) -> None:
    """Phones say it twice, in the file's own property and in Exif; only the first counts."""
    file = a_heic(tmp_path / "a.heic", quarters((256, 128)))
    body = bytearray(file.read_bytes())
    at = body.index(b"pixi")
    body[at : at + 5] = b"irot" + bytes(
        [turns]
    )  # the property says by how many quarters it is turned, in the place of another one
    file.write_bytes(body)
    marked(file)

    media = fit(file, LIMITS["roomy"])

    assert corners(Image.open(media.file)) == shown
    assert is_clean(media)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_an_animation_leaves_clean(tmp_path: Path, name: str, limits: str) -> None:
    file = marked(animated(tmp_path / name, quarters((256, 128))))
    assert told_by(file) != []

    if limits == "jpeg":
        with pytest.raises(Unfit, match="only its first frame is shown there") as raised:
            fit(file, LIMITS[limits])
        media = raised.value.instead
    else:
        media = fit(file, LIMITS[limits])

    assert media
    assert (
        media.type
        == {
            "roomy": Image.open(file).get_format_mimetype().replace("apng", "png"),
            "tight": "video/mp4",
            "jpeg": "image/jpeg",
        }[limits]
    )
    assert is_clean(media)


@pytest.mark.parametrize("limits", ["roomy", "tight"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_a_video_leaves_clean(tmp_path: Path, name: str, limits: str) -> None:
    file = marked(a_video(tmp_path / name))
    assert told_by(file) != []

    media = fit(file, LIMITS[limits])

    assert is_clean(media)


def test_a_screen_recording_leaves_clean(tmp_path: Path) -> None:
    file = a_video(
        tmp_path / "a.webm",
        "-c:v",
        "libvpx",
        "-c:a",
        "libopus",
        "-metadata",
        "comment=Anna Example",
    )
    taken = replace(
        LIMITS["roomy"],
        video_types=("video/mp4", "video/webm"),
        video_codecs=("h264", "vp8", "opus", "aac"),
    )
    assert "Matroska:Comment Anna Example" in told_by(file)

    for limits, kind in ((LIMITS["roomy"], "video/mp4"), (taken, "video/webm")):
        media = fit(file, limits)

        assert media.type == kind
        assert is_clean(media)


def test_a_photo_with_a_second_picture_behind_it_leaves_as_one(tmp_path: Path) -> None:
    """Phones put a gain map or a depth there (MPO)."""
    noise((200, 100)).save(
        tmp_path / "a.jpg", format="MPO", save_all=True, append_images=[noise((100, 50))]
    )
    marked(tmp_path / "a.jpg")

    media = fit(tmp_path / "a.jpg", LIMITS["roomy"])

    assert Image.open(media.file).format == "JPEG"
    assert (media.width, media.height) == (200, 100)
    assert is_clean(media)
