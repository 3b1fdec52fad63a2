"""Other tools, called once for each post as a person's cron would call them, through the same faults to the same kind of server.

A call that ends with an error is repeated three times, a second apart: that is what a person or a shell loop does. The tools are
installed from PyPI and npm, by name, into a scratch folder. Each has a snac of its own; `crosspost` speaks TLS only, so its
proxy has a certificate made for the occasion. What cannot be installed is a row that says so.

The 503s here are kind: the server did not act on the request.
"""

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.proof.calendar import Intended
from benchmarks.proof.counting import Tally, counted
from benchmarks.proof.faults import Drawn, Rates
from benchmarks.proof.places import Way, snac
from tests.acceptance.proxy import Proxy
from tests.servers.starting import Credentials, running

RATES: Rates = {"lost": 0.05, "503 before": 0.05, "429": 0.05}
CALLS = 4  # of one post at most: the first, and three more
PAUSE = 1.0  # seconds between two
PATIENCE = 60  # seconds for a call
Command = tuple[Sequence[str], Mapping[str, str]]  # words, environment


class NoRival(Exception):
    """It cannot be had here, and why."""


@dataclass(frozen=True, kw_only=True)
class Rival:
    name: str
    install: Callable[[Path], None]
    command: Callable[
        [Path, str, str, str], Command
    ]  # its folder, the proxy's URL, the token, the text
    tls: bool = False


def from_pypi(package: str) -> Callable[[Path], None]:
    def install(folder: Path) -> None:
        venv.create(folder / "venv", with_pip=True)
        well([str(folder / "venv" / "bin" / "python"), "-m", "pip", "install", "-q", package])

    return install


def from_npm(package: str) -> Callable[[Path], None]:
    def install(folder: Path) -> None:
        (folder / "package.json").write_text('{"private": true}')
        well(["npm", "install", "--no-audit", "--no-fund", package], folder)

    return install


def well(words: Sequence[str], folder: Path | None = None) -> None:
    if shutil.which(words[0]) is None:
        raise NoRival(f"there is no {words[0]} here")
    ended = subprocess.run(
        words,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if ended.returncode:
        raise NoRival(
            f"{' '.join(words)} ended with {ended.returncode}: {ended.stderr.strip()[-200:]}"
        )


def toot(folder: Path, url: str, token: str, text: str) -> Command:
    """Its config is written for it: a login would need a browser."""
    host = urlsplit(url).netloc
    config = folder / "config" / "toot" / "config.json"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(
        json.dumps(
            {
                "apps": {
                    host: {
                        "instance": host,
                        "base_url": url,
                        "client_id": "-",
                        "client_secret": "-",
                    }
                },
                "users": {
                    f"alice@{host}": {"instance": host, "username": "alice", "access_token": token}
                },
                "active_user": f"alice@{host}",
            }
        )
    )
    return [str(folder / "venv/bin/toot"), "post", text], {
        "XDG_CONFIG_HOME": str(folder / "config")
    }


def apprise(folder: Path, url: str, token: str, text: str) -> Command:
    return [
        str(folder / "venv/bin/apprise"),
        "-b",
        text,
        f"mastodon://{token}@{urlsplit(url).netloc}",
    ], {}


def social(folder: Path, url: str, token: str, text: str) -> Command:
    return [
        str(folder / "venv/bin/social"),
        "mastodon",
        "--mastodon-server",
        url,
        "--mastodon-access-token",
        token,
        "--post-content",
        text,
    ], {}


def crosspost(folder: Path, url: str, token: str, text: str) -> Command:
    return [str(folder / "node_modules/.bin/crosspost"), "--mastodon", text], {
        "MASTODON_HOST": urlsplit(url).netloc,
        "MASTODON_ACCESS_TOKEN": token,
        "NODE_EXTRA_CA_CERTS": str(folder / "cert.pem"),
    }


RIVALS = (
    Rival(name="toot", install=from_pypi("toot"), command=toot),
    Rival(name="apprise", install=from_pypi("apprise"), command=apprise),
    Rival(name="social-media-posters", install=from_pypi("social-media-posters"), command=social),
    Rival(
        name="crosspost", install=from_npm("@humanwhocodes/crosspost"), command=crosspost, tls=True
    ),
)


def certified(folder: Path) -> ssl.SSLContext:
    """TLS with a certificate that vouches for itself, for a day."""
    well(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            str(folder / "key.pem"),
            "-out",
            str(folder / "cert.pem"),
            "-days",
            "1",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        ]
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def tried(rival: Rival, folder: Path, posts: int, seed: str) -> Tally:
    """Its tally; raises NoRival."""
    folder.mkdir()
    rival.install(folder)
    with ExitStack() as stack:
        server: Credentials = stack.enter_context(running("snac"))
        proxy = Proxy(
            server["base_url"],
            Drawn(RATES, f"{seed}/{rival.name}"),
            tls=certified(folder) if rival.tls else None,
        )
        stack.callback(proxy.close)
        began = time.monotonic()
        intended = [Intended(rival.name, f"post-{n}", 0, f"word{n}x") for n in range(posts)]
        rows = [called(rival, folder, proxy.url, server["access_token"], one) for one in intended]
        tally = counted(intended, rows, snac(server, Way(stack=stack, rates={}, seed=seed)).seen())
        tally.seconds = time.monotonic() - began
    return tally


def called(rival: Rival, folder: Path, url: str, token: str, one: Intended) -> dict[str, Any]:
    """What the tool says became of the post, as a row of a store would say it."""
    words, more = rival.command(
        folder, url, token, f"Colleagues, this is {one.word}, about #Teaching."
    )
    environment = {**os.environ, "HOME": str(folder), **more}
    error = ""
    for call in range(CALLS):
        time.sleep(PAUSE if call else 0)
        try:
            ended = subprocess.run(
                words,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            error = f"no end within {PATIENCE} s"
            continue
        if ended.returncode == 0:
            return {"account": "", "entry": one.entry, "part": 0, "status": "published"}
        error = f"ended with {ended.returncode}, {CALLS} times"
    return {"account": "", "entry": one.entry, "part": 0, "status": "failed", "error": error}


def all_tried(posts: int, seed: str) -> dict[str, Tally | str]:
    """Every rival's tally, or why there is none."""

    def of(rival: Rival) -> Tally | str:
        try:
            return tried(rival, Path(scratch) / rival.name, posts, seed)
        except (NoRival, OSError, subprocess.SubprocessError) as reason:
            return str(reason)

    with (
        tempfile.TemporaryDirectory(prefix="termbell-rivals-") as scratch,
        ThreadPoolExecutor(len(RIVALS)) as pool,
    ):
        return dict(zip((rival.name for rival in RIVALS), pool.map(of, RIVALS), strict=True))
