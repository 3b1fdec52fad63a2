"""What a file's bytes are, as one short text: read piece by piece, and once for as long as the file stays as it is."""

import hashlib
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=4096)
def digest_of(file: Path, size: int, changed: int) -> str:
    """SHA-256 in hexadecimal digits; `size` and `changed` (nanoseconds) as `stat` has them. Raises OSError."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest_now(file: Path) -> str:
    status = file.stat()
    return digest_of(file, status.st_size, status.st_mtime_ns)
