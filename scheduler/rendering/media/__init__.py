"""The person's files -> files that may leave: clean, and within what the platform takes.

Nothing of the camera's (place, owner, comments, thumbnails) goes with a file. A still picture is written anew, upright, with its
colours, and as little smaller as the limits ask (`pictures`). What moves keeps its frames, byte for byte, and loses every block that
is none of them (`animations`); where a platform takes no such file it becomes a video, or else its first frame. A video keeps its
streams, in a new file without the rest, and is converted where a platform asks for that (`videos`). A PDF keeps its pages (`documents`).
What was made is kept under the digest of the file and the limits (`cache`), so that an unchanged file is not opened again, and publishing
opens none.
"""

import math
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from platforms.base import Limits, Media
from scheduler.calendar.model import MediaFile
from scheduler.digests import digest_now
from scheduler.rendering.media.cache import Cache, cache_folder
from scheduler.rendering.media.captions import CODE, captions, spoken
from scheduler.rendering.media.documents import PDF, document, printed
from scheduler.rendering.media.kinds import NOT_READY, Unfit, kind_of, taken
from scheduler.rendering.media.pictures import Moving, picture, thumbnail
from scheduler.rendering.media.videos import video

__all__ = [
    "NOT_READY",
    "Fetch",
    "Unfit",
    "cache_folder",
    "fitted",
    "kind_of",
    "printed",
    "spoken",
    "thumbnail",
]

Fetch = Callable[[str], bytes]  # what is at an address; raises `Unfit`


def fitted(
    source: MediaFile,
    limits: Limits,
    cache: Path,
    fetch: Fetch | None = None,
    until: float = math.inf,
) -> Media:
    """Raises `Unfit`. Without `fetch` nothing is fetched that is not kept already; after `until` (`time.monotonic`) nothing is made."""
    kept = Cache(cache)
    file = _copy(source, kept, fetch) if source.url else source.file
    try:
        digest = digest_now(file)
        with file.open("rb") as opened:
            kind = kind_of(opened.read(32))
    except OSError as error:
        raise Unfit("media-unreadable", f"{file.name} cannot be read: {error.strerror}") from error
    if not kind:
        raise Unfit(
            "media-unsupported",
            f"{file.name} is no picture, video or PDF that we know; {taken(limits)}",
        )
    try:
        media = _made(file, kind, digest, limits, kept, until)
    except Unfit as unfit:
        raise unfit.described(source.alt, source.focus) from unfit.__cause__
    return replace(
        media, alt=source.alt, focus=source.focus, captions=_captions(source, kind, limits, kept)
    )


def _captions(source: MediaFile, kind: str, limits: Limits, cache: Cache) -> Media | None:
    """Those that the platform takes."""
    if source.captions is None:
        return None
    if not kind.startswith("video/"):
        raise Unfit(
            CODE,
            f"{source.file.name} is no video, and captions belong to a video; take `captions` away",
        )
    found = captions(source.captions, cache)
    return found if found.type in limits.captions else None


def _made(file: Path, kind: str, digest: str, limits: Limits, cache: Cache, until: float) -> Media:
    def begin() -> float:
        """Seconds that making it may take."""
        left = until - time.monotonic()
        if left <= 0:
            raise Unfit(
                NOT_READY,
                f"{file.name} is not ready to leave yet; it is being made so, and the calendar is read again then",
            )
        return left

    if kind.startswith("video/"):
        return video(file, kind, digest, limits, cache, begin)
    if kind == PDF:
        return document(file, digest, limits, cache, begin)
    if kind.startswith("application/"):
        raise Unfit(
            "media-unsupported",
            f"{file.name} is an office file or an archive; export it as PDF, from which the names in it can be taken",
        )
    try:
        return picture(file, kind, digest, limits, cache, begin)
    except Moving:
        return video(file, kind, digest, limits, cache, begin)


def _copy(source: MediaFile, cache: Cache, fetch: Fetch | None) -> Path:
    """Ours of a file that is elsewhere. It is fetched once: what is there afterwards changes nothing."""
    copy = cache.fetched(source.url, source.file.name)
    if not copy.is_file():
        if fetch is None:
            raise Unfit(
                "not-fetched",
                f"{source.url} was not fetched yet, so it is not shown; `termbell check --fetch` does",
                "warning",
            )
        body = fetch(source.url)
        if not kind_of(body[:32]):  # a page that says why there is no picture is not kept
            raise Unfit(
                "media-unsupported",
                f"{source.url} is no picture, video or PDF that we know; look at it in a browser",
            )
        cache.write(copy, body)
    return copy
