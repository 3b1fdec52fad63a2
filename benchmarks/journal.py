"""What the journal costs: our publishing beside a bare `requests.Session` loop, with the same server and the same threads.

python benchmarks/journal.py [--json]    two requests a post, a harmless one and a visible one; a server of its own on loopback

Bare and ours take turns; each figure is the median of the rounds, in milliseconds a post. The store lies in --folder: the
time its disk takes for an fsync is a part of ours, and is printed as well.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import requests

sys.path.insert(0, str(Path(__file__).parent.parent))

from platforms.base import HARMLESS, Account, Ask, Limits, Platform, Post, Published, Request
from scheduler.calendar.model import Delivery
from scheduler.config import ConfiguredAccount
from scheduler.engine.credentials import Trial
from scheduler.engine.delivering import Desk
from scheduler.engine.network import Networks
from scheduler.problems import Place
from scheduler.store import Store, claimant

TEXT = "Welcome back! The doors open at half past eight, and the kettle is on from eight."
PICTURE = b"\x89PNG" + bytes(2000)
SETUPS = ((0, 1), (0, 16), (50, 1), (50, 16))  # milliseconds that the server takes, threads
POSTS = {(0, 1): 300, (0, 16): 40, (50, 1): 20, (50, 16): 20}  # for each thread, in each round


# The server


class Exchange(asyncio.Protocol):
    """One connection that is kept: reads a request to its end, answers after the delay in the path (/50/posts)."""

    def __init__(self) -> None:
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, found, rest = self.received.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(
            (
                int(line[15:])
                for line in head.split(b"\r\n")
                if line[:15].lower() == b"content-length:"
            ),
            0,
        )
        if len(rest) < length:
            return
        self.received = rest[length:]
        delay = int(head.split(b"/", 2)[1])
        if delay:
            asyncio.get_running_loop().call_later(delay / 1000, self._answer)
        else:
            self._answer()

    def _answer(self) -> None:
        body = b'{"id": "%d"}' % time.monotonic_ns()
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )


def serve(ready: "Connection") -> None:
    async def until_killed() -> None:
        server = await asyncio.get_running_loop().create_server(Exchange, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(until_killed())


# Bare and ours


def bare(server: str, threads: int, posts: int) -> "Took":
    """Each thread makes its posts in a loop with a session of its own."""

    def loop(_: int) -> None:
        with requests.Session() as session:
            for _ in range(posts):
                media = session.post(
                    f"{server}/media", data=PICTURE, headers={"Authorization": "Bearer x"}
                ).json()["id"]
                session.post(
                    f"{server}/posts",
                    json={"text": TEXT, "media": media},
                    headers={"Authorization": "Bearer x"},
                ).json()["id"]

    return together(threads, loop)


def ours(server: str, threads: int, posts: int, folder: Path) -> "Took":
    """The same with planned deliveries, an account for each thread, as the daemon has it."""

    def publish(account: Account, post: Post, ask: Ask) -> Published:
        media = ask(
            Request(
                step="media", method="POST", url=f"{server}/media", body=PICTURE, repeat=HARMLESS
            )
        ).json()["id"]
        return Published(
            id=ask(
                Request(
                    step="post",
                    method="POST",
                    url=f"{server}/posts",
                    json={"text": post.text, "media": media},
                )
            ).json()["id"]
        )

    platform = Platform(
        name="bench", limits=Limits(source="here", checked=date(2026, 11, 25)), publish=publish
    )
    accounts = {
        name: ConfiguredAccount(
            account=Account(name=name, platform="bench"),
            platform=platform,
            place=Place("config.yaml", 3),
        )
        for name in (f"account{nth}" for nth in range(threads))
    }
    now = datetime.now(UTC)
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        closing(Store(Path(place) / "store.db", now)) as store,
    ):
        store.plan(
            [a_delivery(account, nth, now) for account in accounts for nth in range(posts)], now
        )
        desk = Desk(
            store=store,
            accounts=accounts,
            answerer=Networks(Trial({"token": "bench-token"}), 30.0).of,
            by=claimant(),
            now=lambda: datetime.now(UTC),
            timeout=30.0,
        )
        took = together(threads, lambda nth: desk.work(f"account{nth}"))
        assert store.counts() == {"published": threads * posts}, store.counts()
    return took


def a_delivery(account: str, nth: int, now: datetime) -> Delivery:
    key, due = f"{account}-{nth:05}", now - timedelta(seconds=1)
    return Delivery(
        key=key,
        entry=f"entry{nth:05}",
        account=account,
        platform="bench",
        due=due,
        part=0,
        after=None,
        grace=7200.0,
        late="skip",
        place=Place("config.yaml", 9),
        post=Post(key=key, due=due, text=TEXT),
        used=len(TEXT),
        limit=500,
        unit="characters",
    )


@dataclass(frozen=True)
class Took:
    """Seconds, by the clock on the wall and of this process's processor time."""

    wall: float
    cpu: float


def together(threads: int, work: Callable[[int], object]) -> Took:
    started = [threading.Thread(target=work, args=(nth,)) for nth in range(threads)]
    begun, cpu = time.perf_counter(), time.process_time()
    for one in started:
        one.start()
    for one in started:
        one.join()
    return Took(time.perf_counter() - begun, time.process_time() - cpu)


# The figures


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Milliseconds a post."""

    server: int  # milliseconds that it takes to answer
    threads: int
    bare: Took
    ours: Took

    @property
    def ratio(self) -> float:
        return self.ours.wall / self.bare.wall


def measured(port: int, server: int, threads: int, rounds: int, folder: Path) -> Figure:
    at, posts = f"http://127.0.0.1:{port}/{server}", POSTS[server, threads]
    pairs = [
        (bare(at, threads, posts), ours(at, threads, posts, folder)) for _ in range(rounds + 1)
    ][1:]  # the first one warms up
    bares, all_ours = zip(*pairs, strict=True)
    return Figure(
        server=server,
        threads=threads,
        bare=middle(bares, threads * posts),
        ours=middle(all_ours, threads * posts),
    )


def middle(rounds: Sequence[Took], posts: int) -> Took:
    """The median of the rounds, in milliseconds for each of the posts."""
    return Took(
        *(median(values) * 1000 / posts for values in zip(*map(astuple, rounds), strict=True))
    )


def fsync(folder: Path, times: int = 50) -> float:
    """Milliseconds that the disk takes until a page is on it, in the median."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(times):
            file.write(bytes(4096))
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - begun)
    return median(took) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        port = here.recv()
        figures = [
            measured(port, milliseconds, threads, chosen.rounds, chosen.folder)
            for milliseconds, threads in SETUPS
        ]
    finally:
        server.kill()
    shown(figures, fsync(chosen.folder), chosen.json)


def shown(figures: list[Figure], disk: float, as_json: bool) -> None:
    if as_json:
        print(
            json.dumps(
                {
                    "version": 1,
                    "fsync_ms": disk,
                    "figures": [{**asdict(one), "ratio": one.ratio} for one in figures],
                },
                indent=2,
            )
        )
        return
    print(
        "server  threads      bare      ours   ratio     bare's cpu  our cpu   (milliseconds a post)"
    )
    for one in figures:
        print(
            f"{one.server:3} ms  {one.threads:7}  {one.bare.wall:8.2f}  {one.ours.wall:8.2f}  {one.ratio:6.2f}   "
            f"{one.bare.cpu:12.2f}  {one.ours.cpu:7.2f}"
        )
    print(f"an fsync takes {disk:.2f} ms here")


if __name__ == "__main__":
    main()
