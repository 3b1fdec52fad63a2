"""Captions: a file beside a video, looked at when the calendar is, and handed on where a platform takes one."""

from dataclasses import replace
from pathlib import Path

import pytest

from platforms.base import as_plain, post_from
from scheduler.calendar.model import Delivery, MediaFile
from scheduler.guarding import BUILT_IN, Guard
from scheduler.problems import Place
from scheduler.rendering.guard import Guarding, read_roster
from scheduler.rendering.media import Unfit, fitted
from scheduler.rendering.media.captions import LARGEST
from tests.rendering.media_corpus import a_video
from tests.rendering.support import FEDIVERSE, PLAIN, a_draft, rendered, said
from tests.support import an_image

VTT = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n12 of us dance.\n"
SRT = "1\n00:00:00,000 --> 00:00:01,000\nWe dance.\n"
TAKES_BOTH = replace(PLAIN, images=4, videos=1, captions=("text/vtt", "application/x-subrip"))
TAKES_SRT = replace(TAKES_BOTH, captions=("application/x-subrip",))


def a_film(folder: Path, captions: str | bytes = VTT, name: str = "film.vtt") -> MediaFile:
    file = folder / name
    file.write_bytes(captions if isinstance(captions, bytes) else captions.encode())
    return MediaFile(
        file=a_video(folder / "film.mp4"),
        alt="We dance",
        captions=file,
        place=Place("calendar.yaml", 15),
    )


def with_captions(folder: Path, captions: str) -> Delivery:
    [one] = rendered(a_draft("site", text="Look", media=(a_film(folder, captions),)), TAKES_BOTH)
    return one


@pytest.mark.parametrize(
    ("written", "kind", "ending"),
    [
        (VTT, "text/vtt", ".vtt"),
        ("\ufeff" + VTT, "text/vtt", ".vtt"),
        ("WEBVTT", "text/vtt", ".vtt"),
        ("WEBVTT - our film\r\n\r\n00:00.000 --> 00:01.000\r\nWe dance.\r\n", "text/vtt", ".vtt"),
        (SRT, "application/x-subrip", ".srt"),
        ("\ufeff\r\n" + SRT.replace("\n", "\r\n"), "application/x-subrip", ".srt"),
        ("0 \n0:00:00.0 --> 0:00:01.0\nWe dance.\n", "application/x-subrip", ".srt"),
    ],
)
def test_captions_are_known_by_how_they_begin_and_leave_as_they_are(
    tmp_path: Path, written: str, kind: str, ending: str
) -> None:
    media = fitted(a_film(tmp_path, written, name="film.txt"), TAKES_BOTH, tmp_path / "cache")

    assert media.captions
    assert (media.captions.type, media.captions.name[-4:]) == (kind, ending)
    assert media.captions.file.parent == tmp_path / "cache"
    assert media.captions.file.read_bytes() == written.encode()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "",
            r"film\.vtt is neither WebVTT, which begins with WEBVTT, nor SRT, which begins with 1 and a line like 00:00:01,000 --> 00:00:04,000; save",
        ),
        ("We dance.", r"film\.vtt is neither WebVTT"),
        ("WEBVTTX\n", r"film\.vtt is neither WebVTT"),
        ("1\nWe dance.\n", r"film\.vtt is neither WebVTT"),
        (
            (VTT + "Zoë").encode("latin-1"),
            r"film\.vtt:5: the captions are not UTF-8; save them as UTF-8",
        ),
        (VTT + "x" * LARGEST, r"film\.vtt has more than 2\.0 MB; captions are text"),
    ],
)
def test_what_are_no_captions_is_told_with_the_remedy(
    tmp_path: Path, written: str | bytes, message: str
) -> None:
    with pytest.raises(Unfit, match=message):
        fitted(a_film(tmp_path, written), TAKES_BOTH, tmp_path / "cache")


def test_a_picture_has_no_captions(tmp_path: Path) -> None:
    picture = replace(a_film(tmp_path), file=an_image(tmp_path).file)

    with pytest.raises(
        Unfit, match=r"door\.png is no video, and captions belong to a video; take `captions` away"
    ):
        fitted(picture, TAKES_BOTH, tmp_path / "cache")


def test_a_video_with_captions_is_well_where_they_are_taken(tmp_path: Path) -> None:
    one = with_captions(tmp_path, VTT)

    assert said(one) == []
    assert one.post.media[0].captions
    assert post_from(as_plain(one.post)) == one.post


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        (
            replace(FEDIVERSE, videos=1),
            "which takes no caption files; where somebody speaks, burn them into the video, then: ",
        ),
        (
            TAKES_SRT,
            "which takes SRT; name a file in `captions`; where nobody speaks, or they are in the picture: ",
        ),
    ],
)
def test_a_video_without_captions_that_are_taken_goes_out_with_a_warning(
    tmp_path: Path, limits: object, told: str
) -> None:
    [one] = rendered(a_draft(text="Look", media=(a_film(tmp_path),)), limits)  # type: ignore[arg-type]

    assert said(one) == [
        f"calendar.yaml:15: launch-day: film.mp4 goes out without captions on mastodon (fediverse), {told}ignore: [no-captions]"
    ]
    assert [(problem.code, problem.severity) for problem in one.problems] == [
        ("no-captions", "warning")
    ]
    assert [media.captions for media in one.post.media] == [None]


def test_other_captions_make_another_post(tmp_path: Path) -> None:
    assert with_captions(tmp_path, VTT).post != with_captions(tmp_path, VTT + "\nAnd sing.\n").post


def test_the_guard_reads_captions_and_not_their_times(tmp_path: Path) -> None:
    (tmp_path / "roster.txt").write_text("Anna Smith\n")
    guarding = Guarding(
        guard=Guard(patterns=BUILT_IN), roster=read_roster(tmp_path / "roster.txt", "roster.txt")
    )
    named = "1\n00:00:00,000 --> 00:00:01,000\nNow Anna\n\n2\n00:00:01,000 --> 00:00:02,000\nSmith sings.\n"

    assert list(guarding.found(with_captions(tmp_path, VTT), frozenset())) == []
    assert list(guarding.found(with_captions(tmp_path, named), frozenset())) == [
        (
            "guard-name",
            "media",
            "a caption of file 1 has the name of roster.txt:1 (line 3, character 5); take it out, or allow it: "
            "`guard: {allow: [...]}` in the config",
        )
    ]
