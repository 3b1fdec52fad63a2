"""Videos leave without their metadata; they are converted where a platform asks for it, and told where that cannot be."""

import math
import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from platforms.base import Limits, Media
from scheduler.calendar.model import MediaFile
from scheduler.problems import Place
from scheduler.rendering.media import NOT_READY, Unfit, fitted
from tests.rendering.media_corpus import a_video, ffmpeg, needed, run
from tests.rendering.support import PLAIN

TAKES = replace(PLAIN, videos=1)


@pytest.fixture(autouse=True)
def _tool() -> None:
    needed("ffmpeg")


def fit(file: Path, limits: Limits = TAKES, until: float = math.inf) -> Media:
    return fitted(
        MediaFile(file=file, alt="A bell", place=Place("calendar.yaml", 15)),
        limits,
        file.parent / "cache",
        until=until,
    )


def streams(file: Path) -> str:
    """What ffmpeg says of them, e.g. "h264 yuv420p 320x240, aac"."""
    said = subprocess.run(
        [needed("ffmpeg"), "-hide_banner", "-i", str(file)], capture_output=True, text=True
    ).stderr
    return ", ".join(
        " ".join(found.groups("")).strip()
        for found in re.finditer(r"(?:Video|Audio): (\w+)(?:.*?(yuv\w+).*?(\d+x\d+))?", said)
    )


def rate_of(file: Path) -> str:
    """Frames a second."""
    found = re.search(
        r"([\d.]+) fps",
        subprocess.run(
            [needed("ffmpeg"), "-hide_banner", "-i", str(file)], capture_output=True, text=True
        ).stderr,
    )
    assert found
    return found[1]


def frames_of(file: Path) -> list[str]:
    """Digests of the coded frames."""
    lines = run(
        "ffmpeg",
        "-loglevel",
        "error",
        "-i",
        file,
        "-map",
        "0:V:0",
        "-map",
        "0:a:0?",
        "-c",
        "copy",
        "-bsf:v",
        "filter_units=remove_types=6",
        "-f",
        "framemd5",
        "-",
    ).splitlines()
    return [
        line.split(",")[0] + line.rpartition(",")[2] for line in lines if not line.startswith("#")
    ]


def test_a_video_that_is_taken_as_it_is_keeps_every_frame(tmp_path: Path) -> None:
    file = a_video(tmp_path / "a.mp4")

    media = fit(file)

    assert (media.type, media.width, media.height, media.seconds, media.alt) == (
        "video/mp4",
        320,
        240,
        1.0,
        "A bell",
    )
    assert frames_of(media.file) == frames_of(file)
    assert media.file.read_bytes().index(b"moov") < media.file.read_bytes().index(
        b"mdat"
    )  # plays while it loads


def test_one_with_too_few_frames_a_second_gets_more(tmp_path: Path) -> None:
    file = a_video(tmp_path / "a.mp4", rate=10)

    assert (
        rate_of(fit(file, replace(TAKES, video_rate_least=23)).file),
        rate_of(fit(file).file),
    ) == ("23", "10")


def test_an_upright_video_stays_upright_and_says_its_size_as_it_is_shown(tmp_path: Path) -> None:
    file = a_video(tmp_path / "a.mp4")
    body = bytearray(file.read_bytes())
    at = body.index(b"tkhd") + 4 + 40  # the matrix of the first track, which is the picture's
    quarter = (0, 1 << 16, 0, 0xFFFF0000, 0, 0, 0, 0, 1 << 30)
    body[at : at + 36] = b"".join(number.to_bytes(4, "big") for number in quarter)
    file.write_bytes(body)

    copied, converted = fit(file), fit(file, replace(TAKES, video_pixels=20_000))

    assert (copied.width, copied.height) == (240, 320)
    assert frames_of(copied.file) == frames_of(file)
    assert converted.height > converted.width  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mov", ("-c:v", "mpeg4", "-c:a", "pcm_s16le")),
        ("a.mp4", ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-c:a", "aac")),
        ("a.mp4", ("-c:v", "libx264", "-pix_fmt", "yuv422p", "-c:a", "aac")),
        ("a.webm", ("-c:v", "libvpx", "-c:a", "libopus")),
    ],
)
def test_what_the_platform_does_not_take_becomes_h264_and_aac(
    tmp_path: Path, name: str, options: tuple[str, ...]
) -> None:
    media = fit(a_video(tmp_path / name, *options))

    assert media.type == "video/mp4"
    assert streams(media.file) == "h264 yuv420p 320x240, aac"
    assert media.seconds == pytest.approx(1.0, abs=0.1)


def test_a_sound_alone_is_converted_alone(tmp_path: Path) -> None:
    file = a_video(
        tmp_path / "a.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "libmp3lame"
    )

    assert (
        streams(fit(file, replace(TAKES, video_codecs=("h264", "aac", "mp3"))).file)
        == "h264 yuv420p 320x240, mp3"
    )
    assert streams(fit(file).file) == "h264 yuv420p 320x240, aac"


def test_a_silent_video_stays_silent(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=320x240:d=1", "-pix_fmt", "yuv420p", tmp_path / "a.mp4")

    assert streams(fit(tmp_path / "a.mp4").file) == "h264 yuv420p 320x240"


def test_a_video_is_made_small_enough(tmp_path: Path) -> None:
    file = a_video(tmp_path / "a.mp4", seconds=4, size="640x480", rate=30)
    limits = replace(TAKES, video_bytes=300_000, video_pixels=200_000, video_rate=25)
    assert file.stat().st_size > 500_000

    media = fit(file, limits)

    assert 100_000 < media.size <= 300_000
    assert media.width * media.height <= 200_000  # type: ignore[operator]
    assert media.width / media.height == pytest.approx(4 / 3, abs=0.02)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            replace(TAKES, video_bytes=20_000),
            r"a\.mp4 cannot be made small enough for 20\.0 kB; cut it, or save it smaller",
        ),
        (replace(TAKES, video_seconds=0.5), r"a\.mp4 lasts 1 s; at most 0 s are taken: cut it"),
        (
            replace(TAKES, video_types=("video/webm",)),
            r"a\.mp4 can be made an MP4, and taken are WEBM; save it as that",
        ),
        (
            replace(TAKES, videos=0, images=1),
            r"a\.mp4 is a video, and none is taken there; taken are JPEG, PNG, WEBP, GIF",
        ),
    ],
)
def test_what_cannot_leave_is_told_with_the_remedy(
    tmp_path: Path, limits: Limits, message: str
) -> None:
    file = a_video(tmp_path / "a.mp4")

    with pytest.raises(Unfit, match=message):
        fit(file, limits)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.8])
@pytest.mark.parametrize(
    "options",
    [(), ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart")],
)
def test_a_video_that_was_cut_off_is_told(
    tmp_path: Path, options: tuple[str, ...], share: float
) -> None:
    file = a_video(tmp_path / "a.mp4", *options, seconds=20)
    os.truncate(file, int(file.stat().st_size * share))

    with pytest.raises(
        Unfit, match=r"a\.mp4 cannot be made ready \(.*\); play it to its end"
    ) as raised:
        fit(file)

    assert str(tmp_path) not in str(raised.value)


def test_a_file_that_lists_others_opens_none_of_them(tmp_path: Path) -> None:
    """ffmpeg would follow it, had it the choice of what a file is."""
    a_video(tmp_path / "secret.mp4")
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom\nffconcat version 1.0\nfile secret.mp4\n")

    with pytest.raises(Unfit, match=r"a\.mp4 cannot be made ready"):
        fit(tmp_path / "a.mp4")


def test_without_ffmpeg_no_video_leaves_and_it_is_said_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_video(tmp_path / "a.mp4")
    made = fit(a_video(tmp_path / "b.mp4", size="160x120"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)

    with pytest.raises(
        Unfit,
        match=r"a\.mp4: a video needs ffmpeg, .* apt install ffmpeg.* pip install 'termbell\[video\]'",
    ) as raised:
        fit(file)

    assert raised.value.code == "no-ffmpeg"
    assert fit(tmp_path / "b.mp4") == made  # what is ready needs it no more


def test_an_unchanged_video_is_converted_once_for_all_accounts(tmp_path: Path) -> None:
    file = a_video(tmp_path / "a.mp4")
    first = fit(file)
    made = first.file.stat().st_mtime_ns

    assert fit(file, replace(TAKES, video_bytes=10_000_000, video_seconds=60)) == first
    assert first.file.stat().st_mtime_ns == made
    assert len([one for one in (tmp_path / "cache").iterdir() if one.suffix == ".mp4"]) == 1


def test_what_takes_longer_than_there_is_time_for_is_not_ready_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    file = a_video(tmp_path / "a.mp4", "-c:v", "mpeg4", "-c:a", "aac", seconds=30, size="1280x720")

    begun = time.monotonic()
    with pytest.raises(Unfit) as raised:
        fit(file, until=begun + 1.2)

    assert raised.value.code == NOT_READY
    assert time.monotonic() - begun < 5
    assert list((tmp_path / "cache").iterdir()) == []
