"""The person's files -> files that may leave: clean, and within what the platform takes.

Every still picture is written anew, so that nothing of the camera's (place, owner, comments, thumbnails) goes with it;
upright, with its colours, and as little smaller as the limits ask. What was made is kept in a cache under the digest of
the file and the limits, so that an unchanged file is not opened again. An animated GIF and a video leave as they are.
"""

import hashlib
import io
import json
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from struct import error as StructError
from typing import TYPE_CHECKING, Any

from platforms.base import Limits, Media
from scheduler.calendar.model import MediaFile

if TYPE_CHECKING:
    from PIL.Image import Image

MADE_BY = 1  # raised when the same file and limits would give other bytes: what the cache holds is made anew
MOST_PIXELS = 120_000_000  # of a file we open; more is a mistake or a bomb
PLAUSIBLE = (25_000_000, 200)  # from so many pixels on, a file has a byte for so many of them, or it is a bomb: what is drawn has more
ANIMATED = 500_000_000  # pixels of all frames together
SMALLEST = 64  # pixels of the longer side; below, a picture is no picture any more
QUALITIES = (92, 86, 80, 74)
READ = ("JPEG", "PNG", "WEBP", "AVIF", "GIF")  # MPO, what phones write, opens as JPEG
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, OverflowError, StructError)  # what Pillow raises on damaged files


class Unfit(Exception):
    """The file cannot leave; says why and what would help."""

    def __init__(self, code: str, message: str, severity: str = "error") -> None:
        super().__init__(message)
        self.code, self.severity = code, severity


Fetch = Callable[[str], bytes]  # what is at an address; raises `Unfit`


def cache_folder() -> Path:
    if given := os.environ.get("TERMBELL_CACHE"):
        return Path(given) / "media"
    from platformdirs import user_cache_path

    return user_cache_path("termbell", appauthor=False) / "media"


def fitted(source: MediaFile, limits: Limits, cache: Path, fetch: Fetch | None = None) -> Media:
    """Raises `Unfit`. Without `fetch` nothing is fetched that is not kept already."""
    source = replace(source, file=_copy(source, cache, fetch)) if source.url else source
    try:
        status = source.file.stat()
        digest = _digest(source.file, status.st_size, status.st_mtime_ns)
        with source.file.open("rb") as file:
            kind = kind_of(file.read(32))
    except OSError as error:
        raise Unfit("media-unreadable", f"{source.file.name} cannot be read: {error.strerror}") from error
    if kind.startswith("video/"):
        media = _video(source.file, kind, status.st_size, digest, limits)
    elif kind.startswith("image/"):
        media = _picture(source.file, digest, limits, cache)
    else:
        raise Unfit("media-unsupported", f"{source.file.name} is neither a picture nor a video that we know; {_taken(limits)}")
    return replace(media, alt=source.alt, focus=source.focus)


def _copy(source: MediaFile, cache: Path, fetch: Fetch | None) -> Path:
    """Ours of a file that is elsewhere. It is fetched once: what is there afterwards changes nothing."""
    copy = cache / "fetched" / hashlib.sha256(source.url.encode()).hexdigest()[:32] / source.file.name
    if not copy.is_file():
        if fetch is None:
            raise Unfit("not-fetched", f"{source.url} was not fetched yet, so it is not shown; `termbell check --fetch` does", "warning")
        body = fetch(source.url)
        if not kind_of(body[:32]):  # a page that says why there is no picture is not kept
            raise Unfit("media-unsupported", f"{source.url} is neither a picture nor a video that we know; look at it in a browser")
        _kept_in(cache, copy, body)
    return copy


def kind_of(head: bytes) -> str:
    """The media type, by a file's first bytes; empty where they say nothing."""
    if head[4:8] == b"ftyp":
        brands = {b"avif": "image/avif", b"avis": "image/avif", b"heic": "image/heic", b"heix": "image/heic", b"hevc": "image/heic",
                  b"mif1": "image/heic", b"msf1": "image/heic", b"qt  ": "video/quicktime"}
        return brands.get(head[8:12], "video/mp4")
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    starts = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif", b"\x1aE\xdf\xa3": "video/webm"}
    return next((kind for start, kind in starts.items() if head.startswith(start)), "")


@lru_cache(maxsize=4096)
def _digest(file: Path, size: int, changed: int) -> str:
    """Of the file's bytes; read once for as long as size and time of change stay."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _video(file: Path, kind: str, size: int, digest: str, limits: Limits) -> Media:
    if kind not in limits.video_types:
        raise Unfit("media-unsupported", f"{file.name} is {kind}; save it as {_listed(limits.video_types)}")
    if limits.video_bytes is not None and size > limits.video_bytes:
        raise Unfit("media-too-large", f"{file.name} has {_megabytes(size)}; at most {_megabytes(limits.video_bytes)} are taken")
    return Media(file=file, type=kind, size=size, digest=digest)


def _picture(file: Path, digest: str, limits: Limits, cache: Path) -> Media:
    asked = (MADE_BY, digest, sorted(limits.image_types), limits.image_bytes, limits.image_pixels)
    note = cache / (hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:32] + ".json")
    kept = _kept(note)
    if kept:
        return kept
    body, kind, size = _made(file, limits)
    content = hashlib.sha256(body).hexdigest()
    made = Media(file=cache / (content + ENDINGS[kind]), type=kind, size=len(body), digest=content, width=size[0], height=size[1])
    _kept_in(cache, made.file, body)
    plain = {"file": made.file.name, "type": kind, "size": made.size, "digest": made.digest, "width": made.width, "height": made.height}
    _kept_in(cache, note, json.dumps(plain).encode())
    return made


def _kept_in(cache: Path, file: Path, body: bytes) -> None:
    try:
        _written(file, body)
    except OSError as error:
        raise Unfit("cache-unwritable", f"{cache} cannot be written: {error.strerror}; "
                    "let TERMBELL_CACHE name a folder that can") from error


def _kept(note: Path) -> Media | None:
    try:
        plain = json.loads(note.read_bytes())
        media = Media(**{**plain, "file": note.parent / plain["file"]})
        return media if media.file.stat().st_size == media.size else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _written(file: Path, body: bytes) -> None:
    """Whole or not at all, also when two processes write it."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=file.parent, prefix=".unfinished-")
    with os.fdopen(handle, "wb") as opened:
        opened.write(body)
    os.replace(unfinished, file)


def _made(file: Path, limits: Limits) -> tuple[bytes, str, tuple[int, int]]:
    """The picture's new bytes, their type, width and height."""
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, which do not leave anyway; the size is looked at below
        try:
            with Image.open(file, formats=READ) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise Unfit("media-too-large", f"{file.name} has {opened.width} x {opened.height} pixels, more than we open; "
                                "save it smaller")
                many, for_a_byte = PLAUSIBLE
                if opened.width * opened.height > max(many, file.stat().st_size * for_a_byte):
                    raise Unfit("media-too-large", f"{file.name} promises {opened.width} x {opened.height} pixels and holds next to nothing; "
                                "save it smaller")
                if getattr(opened, "is_animated", False) and opened.format != "MPO":
                    return _animation(file, opened, limits)
                if opened.format in ("JPEG", "MPO") and limits.image_pixels:
                    opened.draft(None, _within(opened.size, limits.image_pixels))
                opened.load()
                return _encoded(file, opened, limits)
        except Image.DecompressionBombError as error:
            raise Unfit("media-too-large", f"{file.name} has more pixels than we open; save it smaller") from error
        except UnidentifiedImageError as error:
            raise Unfit("media-unsupported", f"{file.name} is no picture that we can read; save it as JPEG or PNG") from error
        except BROKEN as error:
            raise Unfit("media-damaged", f"{file.name} is damaged or not complete ({error}); save or copy it again") from error


def _animation(file: Path, opened: "Image", limits: Limits) -> tuple[bytes, str, tuple[int, int]]:
    if opened.format != "GIF" or "image/gif" not in limits.image_types:
        raise Unfit("media-unsupported", f"{file.name} is animated, which would be lost; save it as a video or a still picture"
                    + (" or a GIF" if "image/gif" in limits.image_types else ""))
    size, body, frames = opened.size, file.read_bytes(), opened.n_frames  # type: ignore[attr-defined]
    if math.prod(size) * frames > ANIMATED:
        raise Unfit("media-too-large", f"{file.name} has {frames:,} frames of {size[0]} x {size[1]} pixels, more than we look through; "
                    "save it smaller")
    for frame in range(frames):
        opened.seek(frame)
        opened.load()
    if not _fits(body, limits) or (limits.image_pixels and math.prod(size) > limits.image_pixels):
        raise Unfit("media-too-large", f"{file.name} has {_megabytes(len(body))} and {size[0]} x {size[1]} pixels; an animation is sent "
                    f"as it is and at most {_megabytes(limits.image_bytes or len(body))} are taken: save it smaller")
    return body, "image/gif", size


def _encoded(file: Path, opened: "Image", limits: Limits) -> tuple[bytes, str, tuple[int, int]]:
    """The first of the candidates that fits; they come from the best to the smallest."""
    for body, kind, size in _candidates(opened, limits):
        if _fits(body, limits):
            return body, kind, size
    raise Unfit("media-too-large", f"{file.name} cannot be made small enough for {_megabytes(limits.image_bytes or 0)}; crop it")


def _candidates(opened: "Image", limits: Limits) -> Iterator[tuple[bytes, str, tuple[int, int]]]:
    from PIL import Image, ImageOps

    profile = opened.info.get("icc_profile")
    size = opened.size
    if limits.image_pixels is None or math.prod(size) <= limits.image_pixels:
        yield from _untouched(opened, profile, limits)
    picture = ImageOps.exif_transpose(opened)
    picture, profile = _in_rgb(picture, profile)
    size = _within(picture.size, limits.image_pixels)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    lossless = opened.format in ("PNG", "GIF")
    body = b""
    for kind in _kinds(opened, picture, limits):
        if kind == "image/png" or (kind == "image/webp" and lossless):
            yield _saved(picture, kind, profile, lossless=True), kind, picture.size
        for quality in QUALITIES if kind != "image/png" else ():
            body = _saved(picture, kind, profile, quality=quality)
            yield body, kind, picture.size
    kind = _kinds(opened, picture, limits)[-1]
    while max(picture.size) > SMALLEST:
        factor = min(0.9, 0.95 * math.sqrt((limits.image_bytes or 1) / max(len(body), 1))) if body else 0.8
        factor = max(factor, SMALLEST / max(picture.size))
        smaller = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)
        body = _saved(picture, kind, profile, quality=QUALITIES[1], lossless=kind == "image/png")
        yield body, kind, picture.size


def _untouched(opened: "Image", profile: bytes | None, limits: Limits) -> Iterator[tuple[bytes, str, tuple[int, int]]]:
    """A JPEG that needs no turning keeps its own quantisation: next to nothing is lost by writing it anew."""
    upright = opened.getexif().get(0x0112, 1) == 1
    if opened.format == "JPEG" and upright and opened.mode in ("RGB", "L") and "image/jpeg" in limits.image_types:
        yield _saved(opened, "image/jpeg", profile, quality="keep"), "image/jpeg", opened.size


def _kinds(opened: "Image", picture: "Image", limits: Limits) -> list[str]:
    """Types to try, the one closest to the original first. What is transparent stays so wherever that can be."""
    own = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/png", "WEBP": "image/webp"}.get(str(opened.format))
    others = ("image/webp", "image/png") if picture.mode in ("RGBA", "LA") else ("image/jpeg", "image/webp", "image/png")
    taken = [kind for kind in others if kind in limits.image_types and kind != own]
    if own is None or own not in limits.image_types:
        return taken[:1] or ["image/jpeg"]
    return [own] if own == "image/jpeg" else [own, *taken[:1]]


def _in_rgb(picture: "Image", profile: bytes | None) -> tuple["Image", bytes | None]:
    """A mode that every type can hold. The profile of RGB is kept; colours of another model are brought to sRGB."""
    if picture.mode == "CMYK" and profile:
        from PIL import ImageCms

        try:
            srgb = ImageCms.createProfile("sRGB")
            turned = ImageCms.profileToProfile(picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), srgb, outputMode="RGB")
            if turned is not None:
                return turned, None
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile: its colours are taken as they are
    if picture.mode in ("RGB", "RGBA"):
        return picture, profile
    if picture.mode.startswith("I;16") or picture.mode == "I":
        return picture.convert("I").point(lambda level: level * (1 / 256)).convert("L"), None
    if picture.mode in ("LA", "La", "PA", "RGBa") or "transparency" in picture.info:
        return picture.convert("RGBA"), profile if picture.mode.startswith("P") else None
    if picture.mode in ("L", "1"):
        return picture.convert("L"), None
    return picture.convert("RGB"), profile if picture.mode == "P" else None


def _saved(picture: "Image", kind: str, profile: bytes | None, quality: int | str = 92, lossless: bool = False) -> bytes:
    """The bytes; only pixels and the colour profile go in."""
    if kind == "image/jpeg" and picture.mode in ("RGBA", "LA"):
        picture = _on_white(picture)
    all_options: dict[str, dict[str, Any]] = {
        "image/jpeg": {"format": "JPEG", "quality": quality, "optimize": True, "comment": b"", "exif": b""},
        "image/png": {"format": "PNG", "compress_level": 8},
        "image/webp": {"format": "WEBP", "quality": 80 if lossless else quality, "lossless": lossless, "method": 4, "exact": False},
    }
    info, picture.info = picture.info, {}
    written = io.BytesIO()
    picture.save(written, icc_profile=profile, **all_options[kind])
    picture.info = info
    return written.getvalue()


def _on_white(picture: "Image") -> "Image":
    from PIL import Image

    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _within(size: tuple[int, int], pixels: int | None) -> tuple[int, int]:
    if pixels is None or math.prod(size) <= pixels:
        return size
    factor = math.sqrt(pixels / math.prod(size))
    return max(1, math.floor(size[0] * factor)), max(1, math.floor(size[1] * factor))


def _fits(body: bytes, limits: Limits) -> bool:
    return limits.image_bytes is None or len(body) <= limits.image_bytes


def _taken(limits: Limits) -> str:
    return f"taken are {_listed((*(limits.image_types if limits.images else ()), *(limits.video_types if limits.videos else ())))}"


def _listed(types: tuple[str, ...]) -> str:
    return ", ".join(kind.partition("/")[2].upper() for kind in types) or "none"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"


def thumbnail(file: Path, size: tuple[int, int]) -> bytes:
    """A small WebP of a picture, for a page that shows it."""
    from PIL import Image

    with Image.open(file) as opened:
        small = opened.convert("RGBA" if "A" in opened.getbands() or "transparency" in opened.info else "RGB")
    small.thumbnail(size)
    written = io.BytesIO()
    small.save(written, "WEBP", quality=80)
    return written.getvalue()
