"""Kills a process at the n-th write to a file: `python kill_in_commit.py PROCESS FILE N SECONDS`.

A process of its own, because a thread of the supervisor would wake up milliseconds later, when the commit is over. Linux only:
https://man7.org/linux/man-pages/man7/inotify.7.html
"""

import ctypes
import os
import select
import signal
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

MODIFIED = 0x2
EVENT = struct.Struct(
    "iIII"
)  # of a watched folder: which watch, what, cookie, length of the name that follows


def writes(watch: int, name: bytes) -> int:
    """How many writes to that file of the folder have been told since the last look."""
    told, at, found = os.read(watch, 65536), 0, 0
    while at < len(told):
        length = EVENT.unpack_from(told, at)[3]
        at += EVENT.size
        found += told[at : at + length].rstrip(b"\0") == name
        at += length
    return found


def main(process: int, file: Path, left: int, seconds: float) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    watch = libc.inotify_init()
    libc.inotify_add_watch(watch, os.fsencode(file.parent), MODIFIED)
    deadline = time.monotonic() + seconds
    while left > 0 and (rest := deadline - time.monotonic()) > 0:
        if select.select([watch], [], [], rest)[0]:
            left -= writes(watch, os.fsencode(file.name))
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
