"""Videos: looked at, freed of everything but picture and sound, and converted where a platform asks for that.

ffmpeg does all of it, as a program of its own: the system's, or the one that comes with the extra `video`. The streams are copied
unless the platform does not take them: then they become H.264 and AAC in an MP4. Without ffmpeg no video leaves, since it may say where it
was made. An animated picture becomes a video here, too, where only those are taken.

What ffmpeg reads is told to it, so that no file can pass for a playlist of others; it opens files only.
"""

import math
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from platforms.base import Limits, Media
from scheduler.rendering.media.cache import Cache
from scheduler.rendering.media.kinds import NOT_READY, Unfit, listed, megabytes, taken

# Which of ffmpeg's readers a file gets; what is animated comes as GIF or PNG.
DEMUXERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "image/gif": "gif",
    "image/png": "apng",
    "image/webp": "apng",
}
FROM_PICTURES = tuple(kind for kind in DEMUXERS if kind.startswith("image/"))
MUXERS = {"video/mp4": ("mp4", ".mp4"), "video/webm": ("webm", ".webm")}
HOLDS = {
    "video/mp4": {"h264", "hevc", "av1", "vp9", "aac", "mp3", "opus"},
    "video/webm": {"vp8", "vp9", "av1", "opus", "vorbis"},
}
EIGHT_BITS = ("yuv420p", "yuvj420p", "nv12")  # H.264 of another kind plays on few machines
MESSAGES = {
    "h264": "6",
    "hevc": "39-40",
}  # units beside the picture (SEI): some cameras write there where they are
# The first picture that is no cover, the first sound, and nothing else: no captions, chapters, tracks of positions, names of programs.
CLEAN = (
    "-map",
    "0:V:0",
    "-map",
    "0:a:0?",
    "-map_metadata",
    "-1",
    "-map_chapters",
    "-1",
    "-fflags",
    "+bitexact",
    "-flags:v",
    "+bitexact",
    "-flags:a",
    "+bitexact",
    "-movflags",
    "+faststart",
)
PICTURE = (
    r"^ {2,4}Stream #(?!.*\(attached pic\)).*?: Video: (?P<codec>\w+)(?: \([^)]*\))*, (?P<pixels>\w+)(?:\([^)]*\))?, "
    r"(?P<width>\d+)x(?P<height>\d+)(?P<rest>.*)"
)
SOUND = r"^ {2,4}Stream #.*?: Audio: (\w+)"
LASTS = r"^ {2}Duration: (\d+):(\d+):([\d.]+)"
TURNED = r"displaymatrix: rotation of (-?[\d.]+) degrees"
WHO = r"^\[[^]]* @ 0x\w+\] "  # which part of ffmpeg says it
RATE = r"([\d.]+)(k?) fps"
LONGEST = 1_800.0  # seconds that converting one video may take
WHOLE = 0.97  # of its length, and a second: what is there of a video that was not cut short
MOST_PIXELS = 36_000_000  # of a frame; 8K has 33 million
SHARES = (
    None,
    0.92,
    0.8,
)  # attempts: copied as it is; converted, to have so much of the bytes that are taken
STEADY = 30  # frames a second, of what stays a while at each
SOUND_BITS = 128_000  # a second
LEAST = 150_000  # bits a second of picture; below, nothing can be made out
A_PIXEL = 0.06  # bits for each pixel of each frame, where room is scarce
QUALITY = "20"  # constant rate factor of x264; the eye sees no difference to the original
NO_FFMPEG = (
    "a video needs ffmpeg, which takes out where it was made; install it (Debian: apt install ffmpeg, macOS: brew install ffmpeg, "
    "Windows: winget install ffmpeg), or Termbell with its extra: pip install 'termbell[video]'"
)


@dataclass(frozen=True, kw_only=True)
class Film:
    """What ffmpeg says of a video."""

    seconds: float | None  # None: the file does not say
    width: int  # as it is shown
    height: int
    codecs: tuple[str, ...]  # of the picture and, if there is one, of the sound
    pixels: str  # how they are written, e.g. "yuv420p"
    rate: float  # frames a second; 0: nobody knows


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One file before the program, with the time there is for it."""

    program: str
    name: str  # how the person calls it
    until: float  # of `time.monotonic`
    is_hurried: bool  # may have more time another day

    def seen(self, file: Path, kind: str) -> Film:
        said = self._run(("-i", f"file:{file}"), kind).stderr.decode(errors="replace")
        picture = re.search(PICTURE, said, re.MULTILINE)
        if not picture:
            raise self.damaged("ffmpeg finds no picture in it")
        sound, lasts, turned = (
            re.search(SOUND, said, re.MULTILINE),
            re.search(LASTS, said, re.MULTILINE),
            re.search(TURNED, said),
        )
        sides = int(picture["width"]), int(picture["height"])
        width, height = sides[::-1] if turned and round(float(turned[1])) % 180 else sides
        rate = re.search(RATE, picture["rest"])
        return Film(
            seconds=int(lasts[1]) * 3600 + int(lasts[2]) * 60 + float(lasts[3]) if lasts else None,
            width=width,
            height=height,
            pixels=picture["pixels"],
            rate=float(rate[1]) * (1000 if rate[2] else 1) if rate else 0.0,
            codecs=(picture["codec"], *((sound[1],) if sound else ())),
        )

    def make(self, source: Path, kind: str, arguments: Sequence[str], target: Path) -> None:
        done = self._run(("-i", f"file:{source}", *CLEAN, *arguments, f"file:{target}"), kind)
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines() or [
                f"it ended with {done.returncode}"
            ]
            raise self.damaged(
                f"ffmpeg says: {re.sub(WHO, '', lines[0]).replace(str(source), self.name)}"
            )

    def damaged(self, why: str) -> Unfit:
        return Unfit(
            "media-damaged",
            f"{self.name} cannot be made ready ({why}); play it to its end, and save it as MP4 (H.264) where it is fine",
        )

    def _run(self, arguments: Sequence[str], kind: str) -> "subprocess.CompletedProcess[bytes]":
        level = "info" if len(arguments) == 2 else "error"
        left = max(1.0, self.until - time.monotonic())
        limit = str(round(left * 64))  # of processor time, for when nobody is left who could end it
        command = [
            self.program,
            "-nostdin",
            "-hide_banner",
            "-y",
            "-loglevel",
            level,
            "-timelimit",
            limit,
            "-protocol_whitelist",
            "file",
            "-f",
            DEMUXERS[kind],
            *arguments,
        ]
        try:
            return subprocess.run(command, capture_output=True, timeout=left, check=False)
        except subprocess.TimeoutExpired:
            if self.is_hurried:
                raise Unfit(
                    NOT_READY,
                    f"{self.name} is being converted, which takes a while; the calendar is read again then",
                ) from None
            raise Unfit(
                "media-too-slow",
                f"{self.name} could not be converted within {LONGEST / 60:.0f} minutes; save it smaller, as MP4 "
                "(H.264)",
            ) from None
        except OSError as error:
            raise Unfit(
                "no-ffmpeg", f"{self.name}: {self.program} cannot be started: {error.strerror}"
            ) from error


def has_ffmpeg() -> bool:
    return _ffmpeg() is not None


def _ffmpeg() -> str | None:
    if found := shutil.which("ffmpeg"):
        return found
    try:
        from imageio_ffmpeg import get_ffmpeg_exe

        return str(get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def video(
    file: Path, kind: str, digest: str, limits: Limits, cache: Cache, begin: Callable[[], float]
) -> Media:
    """Raises `Unfit`."""
    if not limits.videos:
        raise Unfit(
            "media-unsupported", f"{file.name} is a video, and none is taken there; {taken(limits)}"
        )
    asked, best = (
        _asked(digest, one)
        for one in (
            limits,
            replace(limits, video_bytes=None, video_seconds=None, video_pixels=None),
        )
    )
    kept = cache.kept(asked) or cache.kept(best)
    if kept and _fits(kept[0], limits):
        return kept[0]
    seconds, program = begin(), _ffmpeg()
    if program is None:
        raise Unfit("no-ffmpeg", f"{file.name}: {NO_FFMPEG}")
    bench = Bench(
        program=program,
        name=file.name,
        until=time.monotonic() + min(seconds, LONGEST),
        is_hurried=seconds < LONGEST,
    )
    with _source(file, kind, cache) as source:
        media, is_best = _made(bench, source, kind, limits, cache)
    cache.keep((asked, best) if is_best else (asked,), media)
    return media


def _asked(digest: str, limits: Limits) -> object:
    return (
        "video",
        digest,
        limits.video_types,
        limits.video_codecs,
        limits.video_rate,
        limits.video_rate_least,
        limits.video_bytes,
        limits.video_seconds,
        limits.video_pixels,
    )


@contextmanager
def _source(file: Path, kind: str, cache: Cache) -> Iterator[Path]:
    """The file; an animated WebP or PNG as a PNG that ffmpeg reads: the first it does not know, in the second other blocks irritate it."""
    if kind not in ("image/webp", "image/png"):
        yield file.absolute()
        return
    from PIL import Image

    with (
        cache.unfinished(".png") as unfinished,
        Image.open(file, formats=["WEBP", "PNG"]) as opened,
    ):
        opened.save(unfinished, save_all=True, exif=b"", compress_level=1)
        yield unfinished


def _made(
    bench: Bench, source: Path, kind: str, limits: Limits, cache: Cache
) -> tuple[Media, bool]:
    """The first attempt that fits, and whether it is the one that loses least."""
    film = bench.seen(source, kind)
    _refuse(bench, film, limits)
    into = _container(bench, film, kind, limits)
    muxer, ending = MUXERS[into]
    for share in SHARES:
        if share is None and not _may_stay(film, source, into, limits):
            continue
        arguments = _copied(film) if share is None else _converted(bench, film, limits, share)
        with cache.unfinished(ending) as unfinished:
            bench.make(source, kind, (*arguments, "-f", muxer), unfinished)
            made = bench.seen(unfinished, into)
            if made.seconds and film.seconds and made.seconds < film.seconds * WHOLE - 1:
                raise bench.damaged(
                    f"of its {film.seconds:.0f} s only {made.seconds:.0f} s are there"
                )
            film = replace(film, seconds=film.seconds or made.seconds)
            _refuse(bench, film, limits)
            if unfinished.stat().st_size <= (limits.video_bytes or math.inf):
                seconds = made.seconds and round(made.seconds, 2)
                return cache.of_file(
                    unfinished, into, ending, width=made.width, height=made.height, seconds=seconds
                ), share is None
    raise _too_large(bench, limits)


def _refuse(bench: Bench, film: Film, limits: Limits) -> None:
    if film.width * film.height > MOST_PIXELS:
        raise Unfit(
            "media-too-large",
            f"{bench.name} has {film.width} x {film.height} pixels, more than we open; save it smaller",
        )
    if film.seconds and limits.video_seconds and film.seconds > limits.video_seconds:
        raise Unfit(
            "media-too-long",
            f"{bench.name} lasts {film.seconds:.0f} s; at most {limits.video_seconds:.0f} s are taken: cut it",
        )


def _container(bench: Bench, film: Film, kind: str, limits: Limits) -> str:
    """MP4 wherever it is taken; a WebM stays one where that spares converting it."""
    if (
        kind == "video/webm"
        and kind in limits.video_types
        and set(film.codecs) <= HOLDS[kind] & {*limits.video_codecs}
    ):
        return kind
    if "video/mp4" in limits.video_types:
        return "video/mp4"
    raise Unfit(
        "media-unsupported",
        f"{bench.name} can be made an MP4, and taken are {listed(limits.video_types)}; save it as that",
    )


def _may_stay(film: Film, source: Path, into: str, limits: Limits) -> bool:
    """Whether the streams can be copied as they are."""
    return (
        set(film.codecs) <= HOLDS[into] & {*limits.video_codecs}
        and (film.codecs[0] != "h264" or film.pixels in EIGHT_BITS)
        and film.width * film.height <= (limits.video_pixels or math.inf)
        and film.rate <= (limits.video_rate or math.inf)
        and (film.rate or math.inf) >= (limits.video_rate_least or 0)
        and source.stat().st_size <= (limits.video_bytes or math.inf)
    )


def _copied(film: Film) -> Iterator[str]:
    yield from ("-c", "copy")
    if film.codecs[0] in MESSAGES:
        yield from ("-bsf:v", f"filter_units=remove_types={MESSAGES[film.codecs[0]]}")
    if film.codecs[0] == "hevc":
        yield from ("-tag:v", "hvc1")  # under its other name Apple's players do not know it


def _converted(bench: Bench, film: Film, limits: Limits, share: float) -> Iterator[str]:
    """`share` of the bytes that are taken is what it may have."""
    room = math.inf
    if limits.video_bytes and film.seconds:
        room = limits.video_bytes * 8 * share / film.seconds - (
            SOUND_BITS if len(film.codecs) > 1 else 0
        )
        if room < LEAST:
            raise _too_large(bench, limits)
    pixels = min(
        limits.video_pixels or math.inf,
        room / A_PIXEL / min(film.rate or 30, limits.video_rate or math.inf),
    )
    factor = min(1.0, math.sqrt(pixels / (film.width * film.height)))
    filters = [
        f"scale=trunc(iw*sar*{factor:.5f}/2)*2:trunc(ih*{factor:.5f}/2)*2:flags=lanczos",
        "setsar=1",
    ]
    if limits.video_rate and film.rate > limits.video_rate:
        filters.append(f"fps={limits.video_rate}")
    elif film.rate and film.rate < (limits.video_rate_least or 0):
        filters.append(f"fps={limits.video_rate_least}")
    elif film.codecs[0] in ("gif", "apng"):
        filters.append(f"fps={STEADY}")
    yield from (
        "-vf",
        ",".join(filters),
        "-c:v",
        "libx264",
        "-preset",
        "fast",
        "-crf",
        QUALITY,
        "-pix_fmt",
        "yuv420p",
        "-bsf:v",
        f"filter_units=remove_types={MESSAGES['h264']}",
    )
    if room < math.inf:
        yield from ("-maxrate", f"{room:.0f}", "-bufsize", f"{room:.0f}")
    stays = (
        len(film.codecs) > 1
        and film.codecs[1] in HOLDS["video/mp4"] & {*limits.video_codecs}
        and room == math.inf
    )
    yield from ("-c:a", "copy") if stays else ("-c:a", "aac", "-b:a", str(SOUND_BITS), "-ac", "2")


def _too_large(bench: Bench, limits: Limits) -> Unfit:
    return Unfit(
        "media-too-large",
        f"{bench.name} cannot be made small enough for {megabytes(limits.video_bytes or 0)}; cut it, or save it smaller",
    )


def _fits(media: Media, limits: Limits) -> bool:
    return (
        media.size <= (limits.video_bytes or math.inf)
        and (media.seconds or 0) <= (limits.video_seconds or math.inf)
        and (media.width or 0) * (media.height or 0) <= (limits.video_pixels or math.inf)
    )
