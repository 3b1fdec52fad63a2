"""What it costs in memory to send a large file: as it is, in parts and in a form, to a server on 127.0.0.1.

python benchmarks/large.py                     a file of 1 GB: a table
python benchmarks/large.py --megabytes 100     another size

The file is sparse, so that it takes no room on the disk. It is sent by a process of its own, as the daemon sends; that process says
what it had before, when it had sent something small, and its peak.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

HERE = Path(__file__).parent.parent
sys.path.insert(0, str(HERE))

from platforms.base import (  # noqa: E402
    HARMLESS,
    Account,
    Limits,
    Media,
    Platform,
    Published,
    Request,
    parts,
    unsigned,
)
from scheduler.engine.credentials import Trial  # noqa: E402
from scheduler.engine.network import Network  # noqa: E402
from scheduler.engine.rehearsal import shown  # noqa: E402

WAYS = ("whole", "in parts", "in a form", "in a preview")
PLATFORM = Platform(
    name="large",
    limits=Limits(source="", checked=date(2026, 11, 25), videos=1),
    secrets=(),
    sign=unsigned,
    publish=lambda account, post, ask: Published(id=""),
)


@dataclass(frozen=True)
class Measured:
    """Of one way to send."""

    way: str
    idle: float  # megabytes of memory before
    peak: float
    seconds: float
    arrived: int  # bytes


class Sink(BaseHTTPRequestHandler):
    """Reads, and keeps nothing."""

    protocol_version = "HTTP/1.1"
    server: "Sinks"

    def do_PUT(self) -> None:
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(some := self.rfile.read(min(left, 1_000_000)))
            self.server.arrived += len(some)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:
        pass


class Sinks(ThreadingHTTPServer):
    arrived = 0


@contextmanager
def a_server() -> Iterator[Sinks]:
    with Sinks(("127.0.0.1", 0), Sink) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def a_file(folder: Path, size: int) -> Media:
    file = folder / "film.mp4"
    with file.open("wb") as made:
        made.truncate(size)
    with file.open("rb") as opened:
        return Media(
            file=file,
            type="video/mp4",
            size=size,
            digest=hashlib.file_digest(opened, "sha256").hexdigest(),
        )


def requests(way: str, url: str, media: Media) -> list[Request]:
    one = Request(step="upload", method="PUT", url=url, repeat=HARMLESS)
    if way == "in parts":
        return [replace(one, body=part) for part in parts(media, 8_000_000)]
    return [replace(one, files={"file": media}) if way == "in a form" else replace(one, body=media)]


def work(way: str, url: str, media: Media) -> dict[str, float]:
    """In the process that is measured."""
    ask = Network(Account(name="main", platform="large"), PLATFORM, Trial({}), 60.0)
    small = Request(step="small", method="PUT", url=url, json={"small": True}, repeat=HARMLESS)
    ask(small)
    shown(small, PLATFORM)
    idle, begun = memory("VmRSS"), time.perf_counter()
    for request in requests(way, url, media):
        if way == "in a preview":
            shown(request, PLATFORM)
        else:
            ask(request)
    return {"idle": idle, "peak": memory("VmHWM"), "seconds": time.perf_counter() - begun}


def memory(what: str) -> float:
    """Megabytes, as the kernel counts them for this process."""
    return next(
        int(line.split()[1]) / 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(what)
    )


def measured(size: int, folder: Path) -> list[Measured]:
    media, found = a_file(folder, size), []
    plain: dict[str, Any] = {
        "file": str(media.file),
        "type": media.type,
        "size": size,
        "digest": media.digest,
    }
    for way in WAYS:
        with a_server() as server:
            words = [
                sys.executable,
                __file__,
                "--work",
                json.dumps([way, f"http://127.0.0.1:{server.server_port}/", plain]),
            ]
            said = json.loads(
                subprocess.run(words, capture_output=True, text=True, check=True).stdout
            )
            found.append(Measured(way=way, arrived=server.arrived, **said))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        way, url, plain = json.loads(given.work)
        print(json.dumps(work(way, url, Media(**{**plain, "file": Path(plain["file"])}))))
        return
    with tempfile.TemporaryDirectory() as folder:
        print(
            f"| {given.megabytes:,} MB | idle | peak | over idle | seconds |\n|---|---|---|---|---|"
        )
        for one in measured(given.megabytes * 1_000_000, Path(folder)):
            print(
                f"| {one.way} | {one.idle:.0f} MB | {one.peak:.0f} MB | {one.peak - one.idle:.0f} MB | {one.seconds:.1f} |"
            )


if __name__ == "__main__":
    main()
