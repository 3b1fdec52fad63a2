"""Compiled templates, kept for the next process: compiling costs more than filling. Their source's digest decides whether they are still true.

What is kept is code, so it is read from no folder that somebody else could write to.
"""

import os
from contextlib import suppress
from pathlib import Path

from jinja2 import BytecodeCache, FileSystemBytecodeCache
from jinja2.bccache import Bucket

from scheduler.private_files import FOLDER


class Kept(FileSystemBytecodeCache):
    """One that cannot be written costs time, and nothing else."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def kept_in(folder: Path) -> BytecodeCache | None:
    """The templates that are kept in `folder`; None where it is not the person's alone."""
    try:
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        facts = folder.stat()
    except OSError:
        return None
    is_ours = os.name == "nt" or (facts.st_uid == os.getuid() and not facts.st_mode & 0o022)
    return Kept(str(folder)) if is_ours else None
