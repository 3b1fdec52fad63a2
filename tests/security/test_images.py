"""Files that promise to be pictures and would fill the memory, or are something else: refused at once, and for a small price."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

SECONDS, MEGABYTES = 2.0, 300
LOOK = """
import resource, sys
from pathlib import Path
from datetime import date
from platforms.base import Limits
from scheduler.calendar.model import MediaFile
from scheduler.problems import Place
from scheduler.rendering.media import Unfit, fitted

resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
try:
    fitted(MediaFile(file=Path(sys.argv[1]), place=Place("a", 1)), Limits(source="", checked=date(2026, 9, 7), images=1), Path(sys.argv[2]))
except Unfit as unfit:
    print(unfit)
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))  # ru_maxrss is the parent's, if that was larger
print(used.ru_utime + used.ru_stime, int(peak) / 1024)
"""


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def a_png(width: int, height: int, extra: bytes = b"") -> bytes:
    pixels = zlib.compress(bytes((width * 3 + 1) * 10), 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + extra
        + chunk(b"IDAT", pixels)
        + chunk(b"IEND", b"")
    )


def zipped(size: int = 100_000_000) -> bytes:
    packing = zlib.compressobj(9)
    return (
        b"".join(packing.compress(bytes(1_000_000)) for _ in range(size // 1_000_000))
        + packing.flush()
    )


def a_gif(width: int, height: int, frames: int) -> bytes:
    """One frame's blocks, again and again."""
    written = io.BytesIO()
    Image.new("P", (width, height)).save(written, "GIF")
    raw = written.getvalue()
    begin = raw.index(b",", 13 + 3 * 2 ** ((raw[10] & 7) + 1))
    return raw[:begin] + (b"!\xf9\x04\0\1\0\0\0" + raw[begin:-1]) * frames + b";"


def promising(kind: str, mark: bytes, after: int, promise: bytes) -> bytes:
    """A small picture whose header names another size."""
    written = io.BytesIO()
    Image.new("RGB", (64, 64)).save(written, kind, **({"lossless": True} if kind == "WEBP" else {}))
    raw = bytearray(written.getvalue())
    at = raw.index(mark) + after
    raw[at : at + len(promise)] = promise
    return bytes(raw)


def cut(kind: str) -> bytes:
    written = io.BytesIO()
    Image.effect_noise((400, 300), 50).save(written, kind)
    return written.getvalue()[: len(written.getvalue()) // 2]


TOO_LARGE = "is damaged or not complete (Decompressed data too large"
BIG = 10_900  # squared just below what we open
FILES: dict[str, tuple[Callable[[], bytes], str]] = {
    "wide.png": (lambda: a_png(30_000, 30_000), "more pixels than we open"),
    "holds-nothing.png": (
        lambda: a_png(BIG, BIG),
        "promises 10900 x 10900 pixels and holds next to nothing",
    ),
    "text.png": (lambda: a_png(10, 10, chunk(b"zTXt", b"k\0\0" + zipped())), TOO_LARGE),
    "international.png": (
        lambda: a_png(10, 10, chunk(b"iTXt", b"k\0\1\0\0\0" + zipped())),
        TOO_LARGE,
    ),
    "profile.png": (lambda: a_png(10, 10, chunk(b"iCCP", b"k\0\0" + zipped())), TOO_LARGE),
    "many-texts.png": (
        lambda: a_png(10, 10, chunk(b"zTXt", b"k\0\0" + zipped(1_000_000)) * 100),
        "is damaged or not complete (Too much memory",
    ),
    "frames.gif": (
        lambda: a_gif(300, 300, 10_000),
        "frames.gif has 10,000 frames of 300 x 300 pixels, more than we look through",
    ),
    "wide.gif": (
        lambda: a_gif(4_000, 4_000, 50),
        "wide.gif has 50 frames of 4000 x 4000 pixels, more than we look through",
    ),
    "promise.gif": (
        lambda: (
            b"GIF89a"
            + struct.pack("<HH", 65535, 65535)
            + b"\0\0\0,\0\0\0\0"
            + struct.pack("<HH", 65535, 65535)
            + b"\0\2\2\4\1\0;"
        ),
        "more pixels than we open",
    ),
    "wide.jpg": (
        lambda: promising("JPEG", b"\xff\xc0", 5, struct.pack(">HH", 65535, 65535)),
        "more pixels than we open",
    ),
    "big.jpg": (
        lambda: promising("JPEG", b"\xff\xc0", 5, struct.pack(">HH", BIG, BIG)),
        "promises 10900 x 10900 pixels and holds next to nothing",
    ),
    "wide.webp": (
        lambda: promising("WEBP", b"VP8L", 9, struct.pack("<I", 16382 | 16382 << 14)),
        "more pixels than we open",
    ),
    "big.webp": (
        lambda: promising("WEBP", b"VP8L", 9, struct.pack("<I", (BIG - 1) | (BIG - 1) << 14)),
        "promises 10900 x 10900 pixels",
    ),
    "wide.avif": (
        lambda: promising("AVIF", b"ispe", 8, struct.pack(">II", 65535, 65535)),
        "is no picture that we can read",
    ),
    "big.avif": (
        lambda: promising("AVIF", b"ispe", 8, struct.pack(">II", BIG, BIG)),
        "promises 10900 x 10900 pixels and holds next to nothing",
    ),
    "cut.jpg": (lambda: cut("JPEG"), "is damaged or not complete"),
    "cut.webp": (lambda: cut("WEBP"), "is damaged or not complete"),
    "drawing.png": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "no picture, video or PDF",
    ),
    "page.jpg": (lambda: b"<!doctype html><script>alert(1)</script>", "no picture, video or PDF"),
    "archive.png": (lambda: b"PK\3\4" + bytes(100), "an office file or an archive"),
    "script.eps": (
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n",
        "no picture, video or PDF",
    ),
}


def looked_at(file: Path) -> subprocess.CompletedProcess[str]:
    """In a process of its own, which says what was wrong, and the seconds and megabytes that it took."""
    return subprocess.run(
        [sys.executable, "-c", LOOK, str(file), str(file.parent / "cache")],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", FILES)
def test_a_bomb_is_refused_at_once_and_for_little_memory(tmp_path: Path, name: str):
    make, why = FILES[name]
    (tmp_path / name).write_bytes(make())
    assert (tmp_path / name).stat().st_size < 6_000_000

    done = looked_at(tmp_path / name)

    said, _, figures = done.stdout.strip().rpartition("\n")
    seconds, megabytes = map(float, figures.split())
    assert why in said, done.stderr
    assert seconds < SECONDS
    assert megabytes < MEGABYTES
    assert not (tmp_path / "cache").exists()


def test_many_small_frames_are_an_animation(tmp_path: Path):
    (tmp_path / "a.gif").write_bytes(a_gif(10, 10, 10_000))

    done = looked_at(tmp_path / "a.gif")

    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < SECONDS * 2
    assert megabytes < MEGABYTES


def test_a_big_picture_that_is_one_is_taken(tmp_path: Path):
    """27 million pixels of a soft gradient, as JPEG: the flattest that a camera writes has many more bytes than a bomb."""
    Image.linear_gradient("L").resize((6_000, 4_500)).save(tmp_path / "sky.jpg", quality=60)

    done = looked_at(tmp_path / "sky.jpg")

    assert len(done.stdout.splitlines()) == 1
