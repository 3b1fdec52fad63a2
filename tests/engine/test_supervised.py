"""systemd's protocol, over real sockets."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scheduler.engine.supervised import Supervisor


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + address[1:] if address[0] == "@" else address)
        listener.settimeout(5)
        yield listener


@pytest.mark.parametrize("abstract", [False, True])
def test_what_is_told_arrives(abstract: bool, tmp_path: Path):
    address = f"@termbell-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with listening(address) as listener:
        Supervisor(environment={"NOTIFY_SOCKET": address}).tell(
            READY="1", STATUS="next: tomorrow\n3 scheduled"
        )

        assert listener.recv(1000) == b"READY=1\nSTATUS=next: tomorrow 3 scheduled"


def test_without_a_supervisor_or_with_one_that_has_gone_nothing_happens(tmp_path: Path):
    Supervisor(environment={}).tell(READY="1")
    Supervisor(environment={"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell(READY="1")
    Supervisor(environment={"NOTIFY_SOCKET": "vsock:2:9999"}).tell(READY="1")


@pytest.mark.parametrize(
    ("environment", "pause"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_a_sign_of_life_is_given_twice_in_the_time_that_is_waited_for_it(
    environment: dict[str, str], pause: float | None
):
    assert Supervisor(environment=environment).pause == pause
