"""What moves keeps moving where that is taken: the same frames, and nothing beside them."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from platforms.base import Limits, Media
from scheduler.calendar.model import MediaFile
from scheduler.problems import Place
from scheduler.rendering.media import Unfit, fitted
from tests.rendering.media_corpus import needed, noise
from tests.rendering.support import PLAIN, a_draft, rendered, said

TAKES_ALL = replace(PLAIN, images=4, animations=("image/gif", "image/webp", "image/png"))
TAKES_NONE = replace(PLAIN, images=4, animations=())
SECRET = b"51.5007N"


def moving(file: Path, frames: int = 3, size: tuple[int, int] = (40, 30)) -> Path:
    """Each frame for another time; a comment, Exif and XMP where the type has them."""
    pictures = [noise(size).rotate(90 * n, expand=False) for n in range(frames)]
    exif = Image.Exif()
    exif[0x8298] = SECRET.decode()
    pictures[0].save(
        file,
        save_all=True,
        append_images=pictures[1:],
        duration=[100 * (n + 1) for n in range(frames)],
        loop=0,
        comment=SECRET,
        exif=exif.tobytes(),
        xmp=SECRET,
        lossless=True,
    )
    return file


def frames(file: Path) -> list[tuple[int, bytes]]:
    """How long each stays, in milliseconds, and what it shows."""
    with Image.open(file) as opened:
        shown = [
            (frame.convert("RGBA").tobytes(), frame.info["duration"])
            for frame in ImageSequence.Iterator(opened)
        ]
        return [(round(float(stays)), pixels) for pixels, stays in shown]


def unlike(one: bytes, other: bytes) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def fit(file: Path, limits: Limits) -> Media:
    return fitted(
        MediaFile(file=file, alt="A door", place=Place("calendar.yaml", 15)),
        limits,
        file.parent / "cache",
    )


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_every_frame_stays_as_it_is_and_nothing_else_does(tmp_path: Path, name: str) -> None:
    file = moving(tmp_path / name)
    assert SECRET in file.read_bytes()

    media = fit(file, TAKES_ALL)

    assert frames(media.file) == frames(file)
    assert Image.open(media.file).info.get("loop") == 0
    assert SECRET not in media.file.read_bytes()
    assert (media.width, media.height, media.alt) == (40, 30, "A door")


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_what_follows_the_end_stays_behind(tmp_path: Path, name: str) -> None:
    file = moving(tmp_path / name)
    clean = fit(file, TAKES_ALL)
    file.write_bytes(file.read_bytes() + b"appended by a program: " + SECRET)

    assert fit(file, TAKES_ALL) == clean


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_where_no_animation_is_taken_the_first_frame_leaves_and_that_is_said(
    tmp_path: Path, name: str
) -> None:
    file = moving(tmp_path / name)

    for _ in range(2):  # the second one from the cache
        with pytest.raises(Unfit) as raised:
            fit(file, TAKES_NONE)

        still = raised.value.instead
        assert (raised.value.code, raised.value.severity) == ("media-still", "warning")
        assert (
            str(raised.value)
            == f"{name} is animated, and only its first frame is shown there; no animations are taken"
        )
        assert still
        assert still.alt == "A door"
        shown = Image.open(still.file).convert("RGBA").tobytes()
        first, second = (unlike(shown, pixels) for _, pixels in frames(file)[:2])
        assert first < second / 1.5
        assert not getattr(Image.open(still.file), "is_animated", False)


def test_a_post_goes_out_with_the_still(tmp_path: Path) -> None:
    file = moving(tmp_path / "a.gif")
    media = MediaFile(file=file, alt="A door", place=Place("calendar.yaml", 15))

    (delivery,) = rendered(a_draft("bluesky", text="Look", media=(media,)), TAKES_NONE)

    assert [one.type for one in delivery.post.media] == ["image/png"]
    assert said(delivery) == [
        "calendar.yaml:15: launch-day: a.gif is animated, and only its first frame is shown there; "
        "no animations are taken"
    ]
    assert delivery.sources[delivery.post.media[0].digest] == file


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_where_only_videos_move_it_becomes_one(tmp_path: Path, name: str) -> None:
    needed("ffmpeg")
    file = moving(tmp_path / name, size=(64, 48))

    media = fit(file, replace(TAKES_NONE, videos=1))

    assert (media.type, media.width, media.height) == ("video/mp4", 64, 48)
    assert media.seconds == pytest.approx(0.6, abs=0.15)
    assert SECRET not in media.file.read_bytes()


def test_an_animation_that_is_too_large_is_told_with_the_limit(tmp_path: Path) -> None:
    file = moving(tmp_path / "a.gif", size=(200, 200))

    with pytest.raises(
        Unfit,
        match=r"a\.gif has 0\.\d MB and 3 frames of 200 x 200 pixels; .* sent as it is, with at most 10\.0 kB: save it",
    ):
        fit(file, replace(TAKES_ALL, image_bytes=10_000))


def test_frames_are_counted_where_a_platform_counts_them(tmp_path: Path) -> None:
    file = moving(tmp_path / "a.gif", frames=4)

    assert len(frames(fit(file, replace(TAKES_ALL, animation_frames=4)).file)) == 4
    with pytest.raises(
        Unfit,
        match=r"a\.gif has .* 4 frames of 40 x 30 pixels; .* sent as it is, with at most 3 frames: save it smaller",
    ):
        fit(file, replace(TAKES_ALL, animation_frames=3))


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_an_animation_that_was_cut_off_is_told(tmp_path: Path, name: str, share: float) -> None:
    file = moving(tmp_path / name)
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])

    with pytest.raises(Unfit, match=r"is (damaged or not complete|no picture that we can read)"):
        fit(file, TAKES_ALL)
