"""Animated GIF, WebP and PNG: looked through to the last frame, and cleaned without touching one.

All three are lists of blocks. Those that draw are copied, byte for byte; the others (comments, Exif, XMP, texts, times, what
programs put there for themselves) stay behind, and so does what follows the end.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from struct import pack, unpack_from
from typing import TYPE_CHECKING

from scheduler.rendering.media.kinds import Unfit

if TYPE_CHECKING:
    from PIL.Image import Image

ANIMATED = 500_000_000  # pixels of all frames together; more is not looked through
GIF_IMAGE, GIF_EXTENSION, GIF_END = 0x2C, 0x21, 0x3B
GIF_CONTROL = 0xF9  # how long a frame stays, and what is transparent
GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
WEBP_DRAWS = (b"VP8X", b"ANIM", b"ANMF", b"VP8 ", b"VP8L", b"ALPH")
WEBP_PROFILE, WEBP_EXIF, WEBP_XMP = 0x20, 0x08, 0x04  # flags of VP8X
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_DRAWS = (
    b"IHDR",
    b"PLTE",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"sBIT",
    b"bKGD",
    b"acTL",
    b"fcTL",
    b"fdAT",
    b"IDAT",
    b"IEND",
)


def look_through(file: Path, opened: "Image") -> None:
    """Decodes every frame; raises what Pillow raises on a damaged one."""
    frames: int = opened.n_frames  # type: ignore[attr-defined]
    if math.prod(opened.size) * frames > ANIMATED:
        raise Unfit(
            "media-too-large",
            f"{file.name} has {frames:,} frames of {opened.width} x {opened.height} pixels, more than we look "
            "through; save it smaller",
        )
    for frame in range(frames):
        opened.seek(frame)
        opened.load()


def cleaned(body: bytes, kind: str, keep_profile: bool) -> bytes:
    """`keep_profile`: a colour profile that is there may stay; a GIF's never does."""
    if kind == "image/gif":
        return b"".join(_gif(body))
    return (
        _webp(body, keep_profile)
        if kind == "image/webp"
        else PNG_START + b"".join(_png(body, keep_profile))
    )


def _gif(body: bytes) -> Iterator[bytes]:
    """Raises `IndexError` and `ValueError` where it is damaged."""
    at = 13 + _colours(body[10])
    yield body[:at]
    while body[at] != GIF_END:
        start = at
        if body[at] == GIF_IMAGE:
            at = _after_blocks(body, at + 10 + _colours(body[at + 9]) + 1)
            yield body[start:at]
        elif body[at] == GIF_EXTENSION:
            loops = body[at + 3 : at + 14] in GIF_LOOPS
            at = _after_blocks(body, at + 2)
            if body[start + 1] == GIF_CONTROL or (body[start + 1] == 0xFF and loops):
                yield body[start:at]
        else:
            raise ValueError("no GIF block")
    yield bytes([GIF_END])


def _colours(flags: int) -> int:
    """Bytes of the colour table that the flags announce."""
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(body: bytes, at: int) -> int:
    while body[at]:
        at += body[at] + 1
    return at + 1


def _webp(body: bytes, keep_profile: bool) -> bytes:
    kept = (*WEBP_DRAWS, b"ICCP") if keep_profile else WEBP_DRAWS
    chunks = b"".join(
        _without_flags(chunk, keep_profile) for chunk in _riff(body) if chunk[:4] in kept
    )
    return b"RIFF" + pack("<I", len(chunks) + 4) + b"WEBP" + chunks


def _riff(body: bytes) -> Iterator[bytes]:
    at, end = 12, 8 + unpack_from("<I", body, 4)[0]
    while at + 8 <= end:
        after = at + 8 + unpack_from("<I", body, at + 4)[0]
        after += after % 2
        yield body[at:after]
        at = after


def _without_flags(chunk: bytes, keep_profile: bool) -> bytes:
    if chunk[:4] != b"VP8X":
        return chunk
    gone = WEBP_EXIF | WEBP_XMP | (0 if keep_profile else WEBP_PROFILE)
    return chunk[:8] + bytes([chunk[8] & ~gone]) + chunk[9:]


def _png(body: bytes, keep_profile: bool) -> Iterator[bytes]:
    at, kind = len(PNG_START), b""
    while kind != b"IEND":
        length, kind = unpack_from(">I4s", body, at)
        if kind in PNG_DRAWS or (kind == b"iCCP" and keep_profile):
            yield body[at : at + length + 12]
        at += length + 12
