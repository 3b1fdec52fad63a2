"""Starting and stopping the real servers, for the tests and for `benchmarks/once.py`.

The scripts are those of `../shared/servers` beside the checkout; each prints, as JSON, what its server needs to be spoken to.
Installing and starting is done by one process at a time, so that no two build the same program or take the same ports.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

SCRIPTS = Path(__file__).parents[3] / "shared" / "servers"
ONE_AT_A_TIME = Path(tempfile.gettempdir()) / f"termbell-servers-{os.getuid()}.lock"
BELOW_EPHEMERAL = (18_000, 32_000)  # ports that the system gives to nobody who asks for just any
PATIENCE = 900  # seconds; a first start compiles the server
# In a row.
PORTS = {
    "snac": 1,
    "pds": 2,
    "mail": 4,
    "mastodon_mock": 1,
    "oauth2_mock": 1,
    "synapse": 1,
    "wordpress": 1,
    "ghost": 1,
    "nostr": 1,
    "moto_s3": 1,
    "django_indieweb": 1,
}

Credentials = dict[str, Any]


class NotHere(Exception):
    """The server cannot be had on this machine, and why."""


def why_not(name: str) -> str:
    """Why the server cannot be started here; empty where it can."""
    script = SCRIPTS / f"{name}.sh"
    if not script.is_file():
        return f"{name}: no start script at {script}"
    if name == "mail" and os.geteuid() != 0:
        return "mail: the servers run under users of their own, which only root may make"
    return ""


@contextmanager
def running(name: str, **settings: str) -> Iterator[Credentials]:
    """A server of its own, with its data in a folder that goes when it is stopped. Raises NotHere.

    `settings` are environment variables that its script knows.
    """
    if why_not(name):
        raise NotHere(why_not(name))
    script = SCRIPTS / f"{name}.sh"
    data = Path(tempfile.mkdtemp(prefix=f"termbell-{name}-"))
    data.chmod(0o755)  # Postfix and Dovecot look into it as other users
    try:
        with FileLock(ONE_AT_A_TIME):
            words = ("start", str(data), str(free_ports(PORTS[name])))
            started = spoken_to(script, *words, **settings)
            if name == "snac":
                started = with_more_threads(script, data, words)
        yield json.loads(started.stdout.splitlines()[-1])
    finally:
        spoken_to(script, "stop", str(data))
        shutil.rmtree(data, ignore_errors=True)


def with_more_threads(
    script: Path, data: Path, words: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """snac delivers each public post to its own inbox too. The few threads it starts on a small machine then wait for one another,
    and whoever asks it something waits six seconds with them."""
    spoken_to(script, "stop", str(data))
    file = data / "base" / "server.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "num_threads": 16}))
    return spoken_to(script, *words)


def spoken_to(script: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [script, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **settings},
    )
    assert ended.returncode == 0, (
        f"{script.name} {words[0]} ended with {ended.returncode}:\n{ended.stderr}"
    )
    return ended


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
