"""A process's wall clock, set while it runs. libfaketime (Debian: `faketime`) reads from a file how far it is off.

Its other clocks stay true, as they do when a person or NTP sets a machine's. libfaketime 0.9.10 makes `time.sleep` fail then
(EINVAL), so what runs under it must not sleep by that: a daemon does only where an adapter pauses between requests.
"""

import os
from pathlib import Path

import pytest

LIBRARIES = (
    "usr/lib/*/faketime/libfaketimeMT.so.1",
    "usr/lib*/faketime/libfaketimeMT.so.1",
    "usr/local/lib*/faketime/libfaketimeMT.so.1",
)
LIBRARY = next((file for pattern in LIBRARIES for file in Path("/").glob(pattern)), None)
NOT_HERE = "faketime is not installed (apt-get install faketime)"


@pytest.fixture
def faketime() -> None:
    """What a test asks for that cannot do without."""
    if LIBRARY is None and "servers" in os.environ.get("TERMBELL_REQUIRE", "").split(","):
        pytest.fail(f"TERMBELL_REQUIRE says servers, but {NOT_HERE}")
    if LIBRARY is None:
        pytest.skip(NOT_HERE)


class FakedClock:
    """What a process needs to live by it: in `environment` somebody sets its clock, in
    `time_passed` the clock that nobody sets goes along.
    """

    def __init__(self, file: Path, ahead: int = 0) -> None:
        self._file = file
        self.set(ahead)
        self.environment = {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self.time_passed = self.environment | {"FAKETIME_DONT_FAKE_MONOTONIC": "0"}

    def set(self, ahead: int) -> None:
        """`ahead` seconds of the truth; at once, so that nobody reads half a file."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{ahead:+d}")
        os.replace(written, self._file)


def swept(process: int) -> None:
    """Takes away the shared memory that libfaketime leaves behind when its process is killed."""
    for left in (f"/dev/shm/faketime_shm_{process}", f"/dev/shm/sem.faketime_sem_{process}"):
        Path(left).unlink(missing_ok=True)
