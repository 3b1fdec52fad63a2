"""What was made of the person's files, under the digest of the file and of what was asked.

A note (JSON) says what was made; the file beside it is named by its content, so that two notes may share it. Both lose nothing but
time when they are deleted: they are made again, byte for byte. What has not been needed for `UNUSED` is deleted by `sweep`.
"""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from platforms.base import Media
from scheduler.rendering.media.kinds import Unfit

MADE_BY = 2  # raised when the same file and limits would give other bytes: what the cache holds is made anew
DAY = 86_400.0
UNUSED = 60 * DAY  # seconds
UNFINISHED = ".unfinished-"


def cache_folder() -> Path:
    if given := os.environ.get("TERMBELL_CACHE"):
        return Path(given) / "media"
    from platformdirs import user_cache_path

    return user_cache_path("termbell", appauthor=False) / "media"


@dataclass(frozen=True)
class Cache:
    folder: Path

    def kept(self, asked: object) -> tuple[Media, str] | None:
        """What was made for that, and the remark that belongs to it."""
        note = self._note(asked)
        try:
            plain = json.loads(note.read_bytes())
            remark = plain.pop("remark")
            media = Media(**{**plain, "file": self.folder / plain["file"]})
            if media.file.stat().st_size != media.size:
                return None
        except (OSError, ValueError, TypeError, KeyError):
            return None
        use((note, media.file))
        return media, remark

    def keep(self, asked: Iterable[object], media: Media, remark: str = "") -> None:
        """Notes what answers each of `asked`."""
        plain = {**asdict(media), "file": media.file.name, "remark": remark}
        for one in asked:
            self.write(self._note(one), json.dumps(plain).encode())

    def of_bytes(self, body: bytes, kind: str, ending: str, **known: Any) -> Media:
        digest = hashlib.sha256(body).hexdigest()
        media = Media(
            file=self.folder / (digest + ending), type=kind, size=len(body), digest=digest, **known
        )
        self.write(media.file, body)
        return media

    def of_file(self, unfinished: Path, kind: str, ending: str, **known: Any) -> Media:
        """Takes the file over."""
        with self._writing(), unfinished.open("rb") as opened:
            digest, size = (
                hashlib.file_digest(opened, "sha256").hexdigest(),
                os.fstat(opened.fileno()).st_size,
            )
        file = self.folder / (digest + ending)
        with self._writing():
            os.replace(unfinished, file)
        return Media(file=file, type=kind, size=size, digest=digest, **known)

    def fetched(self, url: str, name: str) -> Path:
        """Where a copy of what is elsewhere has its place."""
        copy = self.folder / "fetched" / hashlib.sha256(url.encode()).hexdigest()[:32] / name
        use((copy,))
        return copy

    def write(self, file: Path, body: bytes) -> None:
        """Whole or not at all, also when two processes write it."""
        with self.unfinished("", file.parent) as unfinished, self._writing():
            unfinished.write_bytes(body)
            os.replace(unfinished, file)

    @contextmanager
    def unfinished(self, ending: str, folder: Path | None = None) -> Iterator[Path]:
        """A file to write to, which is gone afterwards if it was not moved."""
        with self._writing():
            (folder or self.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(ending, UNFINISHED, folder or self.folder)
            os.close(handle)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _note(self, asked: object) -> Path:
        return self.folder / (
            hashlib.sha256(json.dumps([MADE_BY, asked]).encode()).hexdigest()[:32] + ".json"
        )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unfit(
                "cache-unwritable",
                f"{self.folder} cannot be written: {error.strerror}; "
                "let TERMBELL_CACHE name a folder that can",
            ) from error


def use(files: Iterable[Path]) -> bool:
    """Keeps them from being swept; whether all are there. Their time of change says when they were needed last, to the day."""
    there = True
    for file in files:
        try:
            if abs(time.time() - file.stat().st_mtime) > DAY:
                with suppress(PermissionError):
                    os.utime(file)
        except OSError:
            there = False
    return there


def sweep(folder: Path, now: float) -> int:
    """Deletes what nobody has needed for long, and what was never finished; how many files."""
    gone = 0
    for file in [one for one in folder.rglob("*") if one.is_file()]:
        with suppress(OSError):
            longest = DAY if file.name.startswith(UNFINISHED) else UNUSED
            if now - file.stat().st_mtime > longest:
                file.unlink()
                gone += 1
                if file.parent != folder:
                    file.parent.rmdir()  # of one fetched file, as a rule; fails where there is another
    return gone
