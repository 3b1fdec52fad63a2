"""A still picture, written anew: only pixels and colours go in. Decoded once for all accounts whose limits do not bind."""

import io
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from struct import error as StructError
from typing import TYPE_CHECKING, Any

from platforms.base import Limits, Media
from scheduler.rendering.media import animations
from scheduler.rendering.media.cache import Cache
from scheduler.rendering.media.colours import is_common, settled
from scheduler.rendering.media.kinds import Unfit, listed, megabytes
from scheduler.rendering.media.videos import FROM_PICTURES, has_ffmpeg

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 120_000_000  # of a file we open; more is a mistake or a bomb
PLAUSIBLE = (
    25_000_000,
    200,
)  # from so many pixels on, a file has a byte for so many of them, or it is a bomb: what is drawn has more
HOPEFUL = 2  # times the bytes that are taken: what has more does not become small enough as it is
A_BYTE = 10  # pixels; where there is less room, fewer of them look better
SMALLEST = 64  # pixels of the longer side; below, a picture is no picture any more
QUALITIES = (92, 86, 80, 74)
READ = (
    "JPEG",
    "PNG",
    "WEBP",
    "AVIF",
    "GIF",
)  # MPO, what phones write, opens as JPEG: its first picture, without the gain map
OWN = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/png",
    "WEBP": "image/webp",
}  # the closest we write
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    OverflowError,
    StructError,
)  # what Pillow raises on damaged files


class Moving(Exception):
    """It is animated, and leaves as a video."""


@dataclass(frozen=True, kw_only=True)
class Made:
    body: bytes
    kind: str
    size: tuple[int, int]
    is_best: bool = False  # no limit made it smaller
    remark: str = ""  # what is lost, and should not go unsaid


def picture(
    file: Path, kind: str, digest: str, limits: Limits, cache: Cache, begin: Callable[[], float]
) -> Media:
    """Raises `Moving`, and `Unfit`, also where something is lost: then with what leaves instead."""
    asked, best = (
        _asked(digest, kind, one)
        for one in (limits, replace(limits, image_bytes=None, image_pixels=None))
    )
    kept = cache.kept(asked) or cache.kept(best)
    if (
        kept
        and _fits(kept[0].size, limits)
        and math.prod(_size(kept[0])) <= (limits.image_pixels or math.inf)
    ):
        return _or_told(*kept)
    begin()
    made = _made(file, kind, limits)
    media = cache.of_bytes(
        made.body, made.kind, ENDINGS[made.kind], width=made.size[0], height=made.size[1]
    )
    cache.keep((asked, best) if made.is_best else (asked,), media, made.remark)
    return _or_told(media, made.remark)


def _asked(digest: str, kind: str, limits: Limits) -> object:
    """All that decides what is made: other types matter to no JPEG that may stay one, and what moves matters to none that cannot."""
    types = (
        ("image/jpeg",)
        if kind == "image/jpeg" and kind in limits.image_types
        else limits.image_types
    )
    moves = (
        ()
        if kind in ("image/jpeg", "image/heic")
        else (kind in limits.animations, limits.animation_frames, limits.videos > 0)
    )
    return digest, sorted(types), limits.image_bytes, limits.image_pixels, moves


def _or_told(media: Media, remark: str) -> Media:
    if remark:
        raise Unfit("media-still", remark, "warning", media)
    return media


def _size(media: Media) -> tuple[int, int]:
    return media.width or 0, media.height or 0


def _made(file: Path, kind: str, limits: Limits) -> Made:
    from PIL import Image, UnidentifiedImageError

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of odd metadata, which do not leave anyway; the size is looked at below
        try:
            with Image.open(file, formats=_formats(kind)) as opened:
                _refuse_bombs(file, opened)
                if getattr(opened, "is_animated", False) and opened.format not in ("MPO", "HEIF"):
                    return _of_animation(file, opened, limits)
                return _encoded(file, opened, limits)
        except Image.DecompressionBombError as error:
            raise Unfit(
                "media-too-large", f"{file.name} has more pixels than we open; save it smaller"
            ) from error
        except UnidentifiedImageError as error:
            raise Unfit(
                "media-unsupported",
                f"{file.name} is no picture that we can read; save it as JPEG or PNG",
            ) from error
        except BROKEN as error:
            raise Unfit(
                "media-damaged",
                f"{file.name} is damaged or not complete ({error}); save or copy it again",
            ) from error


def _formats(kind: str) -> tuple[str, ...]:
    if kind != "image/heic":
        return READ
    from pi_heif import register_heif_opener

    register_heif_opener(thumbnails=False)
    return (*READ, "HEIF")


def _refuse_bombs(file: Path, opened: "Image") -> None:
    width, height = opened.size
    many, for_a_byte = PLAUSIBLE
    if width * height > MOST_PIXELS:
        raise Unfit(
            "media-too-large",
            f"{file.name} has {width} x {height} pixels, more than we open; save it smaller",
        )
    if width * height > max(many, file.stat().st_size * for_a_byte):
        raise Unfit(
            "media-too-large",
            f"{file.name} promises {width} x {height} pixels and holds next to nothing; save it smaller",
        )


def _of_animation(file: Path, opened: "Image", limits: Limits) -> Made:
    """Cleaned where it is taken; else a video, and where none is taken either, the first frame."""
    kind, frames = f"image/{str(opened.format).lower()}", getattr(opened, "n_frames", 1)
    animations.look_through(file, opened)
    if kind in limits.animations and kind in limits.image_types:
        body = animations.cleaned(
            file.read_bytes(), kind, is_common(opened.info.get("icc_profile", b""))
        )
        if (
            _fits(len(body), limits)
            and math.prod(opened.size) <= (limits.image_pixels or math.inf)
            and frames <= (limits.animation_frames or math.inf)
        ):
            return Made(body=body, kind=kind, size=opened.size, is_best=True)
    if limits.videos and kind in FROM_PICTURES and has_ffmpeg():
        raise Moving
    if kind in limits.animations and kind in limits.image_types:
        raise Unfit(
            "media-too-large",
            f"{file.name} has {megabytes(len(body))} and {frames} frames of {opened.width} x {opened.height} "
            f"pixels; an animation is sent as it is, with at most {_at_most(limits)}: save it smaller",
        )
    opened.seek(0)
    remark = f"{file.name} is animated, and only its first frame is shown there; " + (
        f"taken are animations as {listed(limits.animations)}"
        if limits.animations
        else "no animations are taken"
    )
    return replace(_encoded(file, opened, limits), remark=remark)


def _at_most(limits: Limits) -> str:
    figures = (
        limits.image_bytes and megabytes(limits.image_bytes),
        limits.animation_frames and f"{limits.animation_frames} frames",
        limits.image_pixels and f"{limits.image_pixels:,} pixels",
    )
    return " and ".join(figure for figure in figures if figure)


def _encoded(file: Path, opened: "Image", limits: Limits) -> Made:
    """The first of the candidates that fits; they come from the best to the smallest."""
    for made in _candidates(opened, file.stat().st_size, limits):
        if _fits(len(made.body), limits):
            return made
    raise Unfit(
        "media-too-large",
        f"{file.name} cannot be made small enough for {megabytes(limits.image_bytes or 0)}; crop it",
    )


def _candidates(opened: "Image", size_on_disk: int, limits: Limits) -> Iterator[Made]:
    from PIL import Image, ImageOps

    best = math.prod(opened.size) <= (
        limits.image_pixels or math.inf
    ) and size_on_disk <= HOPEFUL * (limits.image_bytes or math.inf)
    pixels = int(
        min(
            limits.image_pixels or MOST_PIXELS,
            limits.image_bytes * A_BYTE if limits.image_bytes else MOST_PIXELS,
        )
    )
    if not best and opened.format in ("JPEG", "MPO"):
        opened.draft(
            None, _within(opened.size, pixels)
        )  # decodes half, a quarter or an eighth of it
    opened.load()
    profile = opened.info.get("icc_profile")
    if best and _is_kept(opened, profile, limits):
        yield Made(
            body=_saved(opened, OWN[str(opened.format)], profile, "keep"),
            kind=OWN[str(opened.format)],
            size=opened.size,
            is_best=True,
        )
        best = False
    picture, profile = settled(ImageOps.exif_transpose(opened), profile)
    size = _within(picture.size, pixels)
    if size != picture.size:
        picture, best = picture.resize(size, Image.Resampling.LANCZOS), False
    body = b""
    kinds = _kinds(opened, picture, limits)
    for kind in kinds:
        for quality in _qualities(kind, is_lossless=opened.format in ("PNG", "GIF")):
            body = _saved(picture, kind, profile, quality)
            yield Made(body=body, kind=kind, size=picture.size, is_best=best)
            best = False
    factor, least = 1.0, SMALLEST / max(picture.size)
    while factor > least:
        step = 0.95 * math.sqrt((limits.image_bytes or 1) / max(len(body), 1))
        factor = max(
            least, factor * min(0.9, max(0.7, step))
        )  # not at once: grain and fine lines shrink faster than the picture
        size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
        body = _saved(
            picture.resize(size, Image.Resampling.LANCZOS), kinds[-1], profile, QUALITIES[1]
        )
        yield Made(body=body, kind=kinds[-1], size=size)


def _is_kept(opened: "Image", profile: bytes | None, limits: Limits) -> bool:
    """Whether it may keep the quantisation of its JPEG or the palette of its PNG: next to nothing is lost, or gained, by writing it anew."""
    upright = opened.getexif().get(0x0112, 1) == 1
    modes = {"JPEG": ("RGB", "L"), "PNG": ("RGB", "RGBA", "L", "P")}.get(str(opened.format), ())
    coloured = not profile or (opened.mode in ("RGB", "RGBA", "P") and is_common(profile))
    return (
        upright
        and opened.mode in modes
        and coloured
        and OWN[str(opened.format)] in limits.image_types
    )


def _kinds(opened: "Image", picture: "Image", limits: Limits) -> list[str]:
    """Types to try, the one closest to the original first. What is transparent stays so wherever that can be."""
    own = OWN.get(str(opened.format))
    others = (
        ("image/webp", "image/png")
        if picture.mode == "RGBA"
        else ("image/jpeg", "image/webp", "image/png")
    )
    others_taken = [kind for kind in others if kind in limits.image_types and kind != own]
    if own is None or own not in limits.image_types:
        return others_taken[:1] or ["image/jpeg"]
    return [own] if own == "image/jpeg" else [own, *others_taken[:1]]


def _qualities(kind: str, is_lossless: bool) -> Iterator[int | None]:
    """None: without loss."""
    if kind == "image/png" or (kind == "image/webp" and is_lossless):
        yield None
    yield from QUALITIES if kind != "image/png" else ()


def _saved(picture: "Image", kind: str, profile: bytes | None, quality: int | str | None) -> bytes:
    if kind == "image/jpeg" and picture.mode == "RGBA":
        picture = _on_white(picture)
    lossless = quality is None
    all_options: dict[str, dict[str, Any]] = {
        "image/jpeg": {
            "format": "JPEG",
            "quality": quality,
            "optimize": True,
            "comment": b"",
            "exif": b"",
        },
        "image/png": {"format": "PNG", "transparency": picture.info.get("transparency")},
        "image/webp": {
            "format": "WEBP",
            "quality": 80 if lossless else quality,
            "lossless": lossless,
            "method": 4,
            "exact": False,
        },
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


def _within(size: tuple[int, int], pixels: int) -> tuple[int, int]:
    if math.prod(size) <= pixels:
        return size
    factor = math.sqrt(pixels / math.prod(size))
    return max(1, math.floor(size[0] * factor)), max(1, math.floor(size[1] * factor))


def _fits(size: int, limits: Limits) -> bool:
    return limits.image_bytes is None or size <= limits.image_bytes


def thumbnail(file: Path, size: tuple[int, int]) -> bytes:
    """A small WebP of a picture, for a page that shows it."""
    from PIL import Image

    with Image.open(file) as opened:
        small = opened.convert(
            "RGBA" if "A" in opened.getbands() or "transparency" in opened.info else "RGB"
        )
    small.thumbnail(size)
    written = io.BytesIO()
    small.save(written, "WEBP", quality=80)
    return written.getvalue()
