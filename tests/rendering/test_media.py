"""Files that may leave: clean, upright, within the limits; and those that may not."""

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from platforms.base import Limits
from scheduler.calendar.model import MediaFile
from scheduler.problems import Place
from scheduler.rendering.media import Unfit, fitted
from tests.rendering.media_corpus import noise
from tests.rendering.support import PLAIN

ROOMY = replace(PLAIN, images=4)
SECRET = b"51.5007N"


def a_file(file: Path) -> MediaFile:
    return MediaFile(file=file, alt="A door", focus=(0.5, 0.0), place=Place("calendar.yaml", 15))


def a_photo(file: Path, picture: Image.Image, **options: object) -> Path:
    """A picture with a place, an owner and a comment in it, lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8298] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 2.5)
    picture.save(
        file,
        exif=exif.tobytes(),
        xmp=b"<x:xmpmeta>" + SECRET + b"</x:xmpmeta>",
        comment=SECRET,
        **options,
    )
    return file


def fit(file: Path, limits: Limits = ROOMY, cache: Path | None = None) -> tuple[Image.Image, bytes]:
    media = fitted(a_file(file), limits, cache or file.parent / "cache")
    body = media.file.read_bytes()
    picture = Image.open(io.BytesIO(body))
    assert (media.size, media.width, media.height, media.alt, media.focus) == (
        len(body),
        *picture.size,
        "A door",
        (0.5, 0.0),
    )
    assert media.type == f"image/{str(picture.format).lower()}"
    return picture, body


@pytest.mark.parametrize("name", ["photo.jpg", "photo.png", "photo.webp"])
def test_nothing_of_the_cameras_leaves_and_the_picture_stands_upright(
    tmp_path: Path, name: str
) -> None:
    file = a_photo(tmp_path / name, Image.new("RGB", (40, 20), "navy"))
    assert SECRET in file.read_bytes()

    picture, body = fit(file)

    assert picture.size == (20, 40)
    assert not picture.getexif()
    assert not any(word in body for word in (SECRET, b"Exif", b"xmp", b"eXIf"))


def test_an_upright_jpeg_without_limits_is_cleaned_too_and_looks_the_same(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    Image.linear_gradient("L").convert("RGB").save(file, quality=70, comment=SECRET)

    picture, body = fit(file)

    assert SECRET not in body
    assert (
        max(abs(a - b) for a, b in zip(picture.tobytes(), Image.open(file).tobytes(), strict=True))
        <= 8
    )


def test_a_colour_profile_is_kept(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (40, 20), "navy").save(tmp_path / "a.jpg", icc_profile=profile)

    assert fit(tmp_path / "a.jpg")[0].info["icc_profile"] == profile


def a_display_profile() -> bytes:
    """Of somebody's monitor: sRGB with a name of its own."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return srgb.replace("sRGB built-in".encode("utf-16-be"), "Anna's iMac  ".encode("utf-16-be"))


def test_a_profile_that_names_a_machine_stays_behind_and_the_colours_become_srgb(
    tmp_path: Path,
) -> None:
    profile = a_display_profile()
    assert "Anna" in ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    Image.new("RGB", (40, 20), (200, 120, 40)).save(tmp_path / "a.png", icc_profile=profile)

    picture, body = fit(tmp_path / "a.png")

    assert "icc_profile" not in picture.info
    assert "Anna".encode("utf-16-be") not in body
    assert all(
        abs(a - b) <= 1 for a, b in zip(picture.getpixel((3, 3)), (200, 120, 40), strict=True)
    )


def test_wide_colours_stay_wide(tmp_path: Path) -> None:
    profile = (
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
        .tobytes()
        .replace("sRGB built-in".encode("utf-16-be"), "Display P3   ".encode("utf-16-be"))
    )
    Image.new("RGB", (40, 20), (255, 0, 0)).save(tmp_path / "a.png", icc_profile=profile)

    assert fit(tmp_path / "a.png")[0].info["icc_profile"] == profile


@pytest.mark.parametrize("see_through", [False, True])
def test_few_colours_stay_few_and_the_file_small(tmp_path: Path, see_through: bool) -> None:
    palette = noise((200, 150)).quantize(16)
    palette.save(tmp_path / "a.png", **({"transparency": 3} if see_through else {}))

    picture, body = fit(tmp_path / "a.png")

    assert picture.mode == "P"
    assert (
        picture.convert("RGBA").tobytes()
        == Image.open(tmp_path / "a.png").convert("RGBA").tobytes()
    )
    assert len(body) <= (tmp_path / "a.png").stat().st_size + 100


def test_sixteen_bits_of_grey_become_eight_of_the_same_grey(tmp_path: Path) -> None:
    Image.new("I;16", (40, 20), 0x8000).save(tmp_path / "a.png")

    assert fit(tmp_path / "a.png")[0].getpixel((3, 3)) == 0x80


def test_ink_becomes_light(tmp_path: Path) -> None:
    Image.new("CMYK", (40, 20), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)

    assert fit(tmp_path / "a.jpg")[0].getpixel((3, 3)) == pytest.approx((255, 0, 0), abs=3)


@pytest.mark.parametrize(
    ("mode", "name"),
    [("CMYK", "a.jpg"), ("L", "a.png"), ("1", "a.png"), ("LA", "a.png"), ("I;16", "a.png")],
)
def test_odd_colour_modes_become_what_every_platform_shows(
    tmp_path: Path, mode: str, name: str
) -> None:
    Image.new(mode, (40, 20)).save(tmp_path / name)

    assert fit(tmp_path / name)[0].mode in ("RGB", "L", "RGBA")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_a_picture_is_made_small_enough_with_little_loss(tmp_path: Path, name: str) -> None:
    noise((400, 300)).save(tmp_path / name, **({"lossless": True} if name == "a.webp" else {}))

    picture, body = fit(tmp_path / name, replace(ROOMY, image_bytes=60_000, image_pixels=100_000))

    assert 30_000 < len(body) <= 60_000
    assert picture.width * picture.height <= 100_000
    assert abs(picture.width / picture.height - 4 / 3) < 0.02


def test_what_is_transparent_stays_so(tmp_path: Path) -> None:
    noise((200, 200), "RGBA").save(tmp_path / "a.png")

    picture, body = fit(tmp_path / "a.png", replace(ROOMY, image_bytes=30_000))

    assert picture.mode == "RGBA"
    assert len(body) <= 30_000


def test_a_type_that_is_not_taken_becomes_one_that_is(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "navy").save(tmp_path / "a.webp")

    assert fit(tmp_path / "a.webp", replace(ROOMY, image_types=("image/jpeg",)))[0].format == "JPEG"


def test_a_files_ending_does_not_matter(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "navy").save(tmp_path / "a.png", format="JPEG")

    assert fit(tmp_path / "a.png")[0].format == "JPEG"


def test_an_unchanged_file_is_not_opened_again_and_a_changed_one_is(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("RGB", (40, 20), "navy").save(file)
    first = fitted(a_file(file), ROOMY, tmp_path / "cache")
    written = {one: one.stat().st_mtime_ns for one in (tmp_path / "cache").iterdir()}

    assert fitted(a_file(file), ROOMY, tmp_path / "cache") == first
    assert {one: one.stat().st_mtime_ns for one in (tmp_path / "cache").iterdir()} == written

    Image.new("RGB", (41, 20), "red").save(file)
    assert fitted(a_file(file), ROOMY, tmp_path / "cache").digest != first.digest


def test_a_cached_picture_that_was_lost_is_made_again_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    noise((200, 100)).save(file)
    limits = replace(ROOMY, image_bytes=8000)
    first = fitted(a_file(file), limits, tmp_path / "cache")
    body = first.file.read_bytes()
    first.file.unlink()

    assert fitted(a_file(file), limits, tmp_path / "cache") == first
    assert first.file.read_bytes() == body


def png_of(width: int, height: int) -> bytes:
    """A PNG that promises many pixels and holds none."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        (
            "a.txt",
            b"hello",
            "a.txt is no picture, video or PDF that we know; taken are JPEG, PNG, WEBP, GIF",
        ),
        (
            "a.jpg",
            b"",
            "a.jpg is no picture, video or PDF that we know; taken are JPEG, PNG, WEBP, GIF",
        ),
        (
            "a.svg",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "a.svg is no picture, video or PDF that we know; taken are JPEG, PNG, WEBP, GIF",
        ),
        (
            "a.heic",
            b"\0\0\0\x18ftypheic" + bytes(50),
            "a.heic is no picture that we can read; save it as JPEG or PNG",
        ),
        (
            "a.mov",
            b"\0\0\0\x18ftypqt  " + bytes(50),
            "a.mov is a video, and none is taken there; taken are JPEG, PNG, WEBP, GIF",
        ),
        ("a.png", png_of(30_000, 30_000), "a.png has more pixels than we open; save it smaller"),
        (
            "a.png",
            png_of(12_000, 11_000),
            "a.png has 12000 x 11000 pixels, more than we open; save it smaller",
        ),
    ],
)
def test_what_cannot_leave_is_told_with_the_remedy(
    tmp_path: Path, name: str, body: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(body)

    with pytest.raises(Unfit) as raised:
        fitted(a_file(tmp_path / name), ROOMY, tmp_path / "cache")

    assert str(raised.value) == message


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_picture_is_told(tmp_path: Path, kind: str, share: float) -> None:
    file = tmp_path / f"a.{kind.lower()}"
    noise((100, 100)).save(file, format=kind)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    with pytest.raises(
        Unfit, match=r"a\.\w+ is (damaged or not complete|no picture that we can read)"
    ):
        fitted(a_file(file), ROOMY, tmp_path / "cache")


def test_a_picture_that_cannot_shrink_to_the_limit_is_told(tmp_path: Path) -> None:
    noise((100, 100)).save(tmp_path / "a.png")

    with pytest.raises(Unfit, match=r"a\.png cannot be made small enough for 0\.1 kB; crop it"):
        fitted(a_file(tmp_path / "a.png"), replace(ROOMY, image_bytes=100), tmp_path / "cache")


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    Image.new("RGB", (40, 20), "navy").save(tmp_path / "a.png")
    (tmp_path / "taken").write_text("a file where the folder would be")

    with pytest.raises(
        Unfit, match=r"taken.media cannot be written: .*; let TERMBELL_CACHE name a folder that can"
    ):
        fitted(a_file(tmp_path / "a.png"), ROOMY, tmp_path / "taken" / "media")
