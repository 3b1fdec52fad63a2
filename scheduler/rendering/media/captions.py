"""The captions of a video: a text file of their own, WebVTT or SRT, which leaves as it is."""

import re
from pathlib import Path

from platforms.base import Media
from scheduler.rendering.media.cache import Cache
from scheduler.rendering.media.kinds import Unfit, megabytes

LARGEST = 2_000_000  # bytes
# How each begins. https://www.w3.org/TR/webvtt1/#file-structure; SRT has no standard, and what all programs write
BEGINS = {
    "text/vtt": re.compile(r"WEBVTT(?:\s|$)"),
    "application/x-subrip": re.compile(r"\s*\d+[ \t]*\r?\n\d+:\d\d:\d\d[,.]\d{1,3}[ \t]*-->"),
}
ENDINGS = {"text/vtt": ".vtt", "application/x-subrip": ".srt"}
NAMES = {"text/vtt": "WebVTT", "application/x-subrip": "SRT"}
WHEN = re.compile(
    r"^(?:\d+[ \t]*\r?$|[^\n]*-->[^\n]*$)", re.MULTILINE
)  # a cue's number, and its times
CODE = "captions-unusable"


def captions(file: Path, cache: Cache) -> Media:
    """Raises `Unfit`."""
    body = _read(file)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = body.count(b"\n", 0, fault.start) + 1
        raise Unfit(
            CODE, f"{file.name}:{line}: the captions are not UTF-8; save them as UTF-8"
        ) from None
    kind = next((kind for kind, begins in BEGINS.items() if begins.match(text)), "")
    if not kind:
        raise Unfit(
            CODE,
            f"{file.name} is neither WebVTT, which begins with WEBVTT, nor SRT, which begins with 1 and a line like "
            "00:00:01,000 --> 00:00:04,000; save the captions as one of them",
        )
    return cache.of_bytes(body, kind, ENDINGS[kind])


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            body = opened.read(LARGEST + 1)
    except OSError as error:
        raise Unfit(CODE, f"{file.name} cannot be read: {error.strerror}") from error
    if len(body) > LARGEST:
        raise Unfit(
            CODE,
            f"{file.name} has more than {megabytes(LARGEST)}; captions are text, one line for each thing that is said",
        )
    return body


def spoken(media: Media) -> str:
    """What the captions say, in the lines of the file; empty where the file is gone, and the post with it."""
    try:
        return WHEN.sub("", media.file.read_text("utf-8-sig"))
    except OSError:
        return ""
