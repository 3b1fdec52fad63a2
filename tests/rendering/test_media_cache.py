"""What was made is kept as long as a calendar needs it, and two months longer."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from platforms.base import Media
from scheduler.calendar.model import MediaFile
from scheduler.problems import Place
from scheduler.rendering.media import NOT_READY, Unfit, fitted
from scheduler.rendering.media.cache import DAY, UNUSED, sweep
from tests.rendering.media_corpus import noise
from tests.rendering.support import PLAIN

ROOMY = replace(PLAIN, images=4)


def fit(file: Path, limits: object = ROOMY, **more: float) -> Media:
    return fitted(
        MediaFile(file=file, alt="A door", place=Place("calendar.yaml", 15)),
        limits,
        file.parent / "cache",
        **more,
    )  # type: ignore[arg-type]


def a_photo(folder: Path) -> Path:
    noise((200, 100)).save(folder / "a.jpg")
    return folder / "a.jpg"


def age(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    for file in folder.rglob("*"):
        os.utime(file, (then, then))


def test_accounts_whose_limits_do_not_bind_share_one_encode(tmp_path: Path) -> None:
    file = a_photo(tmp_path)
    first = fit(file, replace(ROOMY, image_bytes=10_000_000))
    written = first.file.stat().st_mtime_ns

    others = [
        fit(file, replace(ROOMY, image_bytes=20_000_000)),
        fit(file, replace(ROOMY, image_pixels=36_000_000)),
        fit(file),
        fit(file, replace(ROOMY, image_types=("image/jpeg", "image/png"))),
    ]

    assert others == [first] * 4
    assert first.file.stat().st_mtime_ns == written
    assert fit(file, replace(ROOMY, image_bytes=10_000)).size <= 10_000


def test_a_smaller_one_is_not_taken_for_the_best(tmp_path: Path) -> None:
    file = a_photo(tmp_path)

    small = fit(
        file, replace(ROOMY, image_pixels=5_000)
    )  # exactly a half of each side, which JPEG can decode at once

    assert (small.width, small.height) == (100, 50)
    assert (fit(file).width, fit(file).height) == (200, 100)


def test_one_that_few_bytes_made_smaller_is_not_taken_for_the_best(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((600, 400)).convert("RGB").save(
        tmp_path / "a.avif", quality=30
    )
    few = replace(ROOMY, image_bytes=max(2_000, (tmp_path / "a.avif").stat().st_size))

    small, whole = fit(tmp_path / "a.avif", few), fit(tmp_path / "a.avif")

    assert (small.width or 0) < 600
    assert (whole.width, whole.height) == (600, 400)


def test_what_is_needed_stays_and_what_nobody_has_needed_for_two_months_goes(
    tmp_path: Path,
) -> None:
    needed, other = fit(a_photo(tmp_path)), tmp_path / "b.png"
    noise((20, 20)).save(other)
    unneeded = fit(other)
    age(tmp_path / "cache", UNUSED + DAY)

    assert fit(tmp_path / "a.jpg") == needed  # a calendar is read
    assert sweep(tmp_path / "cache", time.time()) == 2  # the picture and its note

    assert needed.file.is_file()
    assert not unneeded.file.exists()
    assert fit(other) == unneeded
    assert unneeded.file.is_file()


def test_what_was_fetched_and_is_not_needed_goes_with_its_folder(tmp_path: Path) -> None:
    noise((20, 20)).save(tmp_path / "a.png")
    source = MediaFile(
        file=Path("a.png"), url="https://example.org/a.png", place=Place("calendar.yaml", 15)
    )
    fitted(source, ROOMY, tmp_path / "cache", lambda url: (tmp_path / "a.png").read_bytes())
    age(tmp_path / "cache", UNUSED + DAY)

    sweep(tmp_path / "cache", time.time())

    assert list((tmp_path / "cache" / "fetched").iterdir()) == []


def test_what_a_killed_process_left_goes_after_a_day(tmp_path: Path) -> None:
    media = fit(a_photo(tmp_path))
    (tmp_path / "cache" / ".unfinished-x.mp4").write_bytes(bytes(1000))
    assert sweep(tmp_path / "cache", time.time()) == 0

    age(tmp_path / "cache", DAY * 2)

    assert sweep(tmp_path / "cache", time.time()) == 1
    assert media.file.is_file()


def test_a_cache_that_was_never_there_is_none_to_sweep(tmp_path: Path) -> None:
    assert sweep(tmp_path / "cache", time.time()) == 0


def test_when_time_is_up_nothing_is_made_and_what_is_there_is_used(tmp_path: Path) -> None:
    file = a_photo(tmp_path)

    with pytest.raises(
        Unfit,
        match=r"a\.jpg is not ready to leave yet; it is being made so, and the calendar is read again then",
    ) as raised:
        fit(file, until=time.monotonic())

    assert raised.value.code == NOT_READY
    made = fit(file)
    assert fit(file, until=time.monotonic()) == made
