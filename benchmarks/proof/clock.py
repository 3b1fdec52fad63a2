"""The daemon's wall clock. libfaketime (Debian: `faketime`) reads how far it is off from a file, anew at each look.

The monotonic clock stays true, as it does when a person or NTP sets the wall clock; so do the servers' clocks.
"""

import random
from contextlib import suppress
from pathlib import Path

LIBRARIES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib*/faketime/libfaketimeMT.so.1",
    "/usr/local/lib*/faketime/libfaketimeMT.so.1",
)
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400
FARTHEST = DAY
JUMPS = (
    0,
    0,
    0,
    -SECOND,
    SECOND,
    -5,
    5,
    -MINUTE,
    MINUTE,
    -10 * MINUTE,
    10 * MINUTE,
    -HOUR,
    HOUR,
    2 * HOUR,
    13 * HOUR,
    -DAY,
    DAY,
)  # seconds off


def library() -> Path | None:
    return next((file for pattern in LIBRARIES for file in Path("/").glob(pattern[1:])), None)


class WallClock:
    """One daemon's. Without a library it is the machine's, and stays true."""

    def __init__(self, file: Path, drawn: random.Random, library: Path | None) -> None:
        self.library = library
        self.jumps = 0
        self._file, self._drawn = file, drawn
        self.off = 0
        self.set(0)

    def set(self, off: int) -> None:
        """Puts the clock `off` seconds from the truth; at once, so that nobody reads half a file."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{off:+d}")
        written.replace(self._file)
        self.jumps += off != self.off
        self.off = off

    def jump(self) -> None:
        self.set(self._drawn.choice(JUMPS))

    def environment(self) -> dict[str, str]:
        """What a process needs to live by this clock."""
        if self.library is None:
            return {}
        return {
            "LD_PRELOAD": str(self.library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


def sweep() -> None:
    """Takes away the shared memory that libfaketime leaves behind when a process, or a child of it, was killed."""
    for left in (
        *Path("/dev/shm").glob("faketime_shm_*"),
        *Path("/dev/shm").glob("sem.faketime_sem_*"),
    ):
        if not Path("/proc", left.name.rpartition("_")[2]).exists():
            with suppress(OSError):
                left.unlink()
