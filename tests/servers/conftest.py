"""Real servers on loopback: `snac`, `pds`, `mail`, `mastodon_mock`, each the JSON that its start script prints.

The scripts are those of `../shared/servers` beside the checkout. Where that folder is not there, these tests are skipped with the
reason; with `servers` in TERMBELL_REQUIRE (a list with commas; CI sets it) they fail instead.

A server lives as long as the worker that asked for it. Under pytest-xdist a test file therefore keeps its tests on one worker::

    pytestmark = pytest.mark.xdist_group("snac")  # the name of the server; of the first one, where it needs several

Two workers that need the same server start one each: a data folder and ports of its own. Installing and starting is done by one
worker at a time, so two neither build the same program nor take the same ports.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import pytest
from filelock import FileLock

SCRIPTS = Path(__file__).parents[3] / "shared" / "servers"
ONE_AT_A_TIME = Path(tempfile.gettempdir()) / f"termbell-servers-{os.getuid()}.lock"
BELOW_EPHEMERAL = (18_000, 32_000)  # ports that the system gives to nobody who asks for just any
PATIENCE = 900  # seconds; a first start compiles the server

Credentials = dict[str, Any]


@pytest.fixture(scope="session")
def snac() -> Iterator[Credentials]:
    """A Mastodon-compatible server that ignores `Idempotency-Key`."""
    yield from running("snac")


@pytest.fixture(scope="session")
def pds() -> Iterator[Credentials]:
    """A Bluesky server, with its directory of identities on the next port."""
    yield from running("pds", ports=2)


@pytest.fixture(scope="session")
def mail() -> Iterator[Credentials]:
    """Postfix (STARTTLS, implicit TLS) and Dovecot (IMAP, IMAPS) on four ports in a row."""
    if os.geteuid() != 0:
        not_here("mail: the servers run under users of their own, which only root may make")
    yield from running("mail", ports=4)


@pytest.fixture(scope="session")
def mastodon_mock() -> Iterator[Credentials]:
    """An emulator with Mastodon's documented limits, and faults on demand."""
    yield from running("mastodon_mock")


def running(name: str, ports: int = 1) -> Iterator[Credentials]:
    """Starts a server, yields what it needs to be spoken to, stops it."""
    script = SCRIPTS / f"{name}.sh"
    if not script.is_file():
        not_here(f"{name}: no start script at {script}")
    data = Path(tempfile.mkdtemp(prefix=f"termbell-{name}-"))
    data.chmod(0o755)  # Postfix and Dovecot look into it as other users
    try:
        with FileLock(ONE_AT_A_TIME):
            started = spoken_to(script, "start", str(data), str(free_ports(ports)))
        yield json.loads(started.stdout.splitlines()[-1])
    finally:
        spoken_to(script, "stop", str(data))
        shutil.rmtree(data, ignore_errors=True)


def spoken_to(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run([script, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, f"{script.name} {words[0]} ended with {ended.returncode}:\n{ended.stderr}"
    return ended


def not_here(reason: str) -> NoReturn:
    if "servers" in os.environ.get("TERMBELL_REQUIRE", "").split(","):
        pytest.fail(f"TERMBELL_REQUIRE says servers, but {reason}")
    pytest.skip(reason)


def free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    starts = random.sample(range(*BELOW_EPHEMERAL), 200)
    return next(first for first in starts if are_free(range(first, first + count)))


def are_free(ports: range) -> bool:
    with ExitStack() as held:
        for port in ports:
            try:
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
