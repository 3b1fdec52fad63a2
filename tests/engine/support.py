"""A store with one planned delivery, a clock that is set by hand, and a desk whose network is a script."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from platforms.base import (
    DOUBLES,
    HARMLESS,
    Account,
    Ask,
    Limits,
    Platform,
    Post,
    Published,
    Repeat,
    Request,
)
from platforms.recent import Found, Look
from scheduler.calendar.model import Delivery
from scheduler.config import ConfiguredAccount
from scheduler.engine.delivering import Desk
from scheduler.problems import Place
from scheduler.store import Row, Store
from tests.support import DUE, a_post

ABSENT = Look(found=Found.ABSENT)
LIMITS = Limits(source="https://example.org", checked=date(2026, 9, 1))


class Crash(BaseException):
    """The process dies here: nothing catches it, as nothing catches kill -9."""


@dataclass
class Clock:
    at: datetime = DUE

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def two_steps(
    repeat: Repeat = DOUBLES, remembered: float = 0.0, lasts: float = 3600.0
) -> Callable[[Account, Post, Ask], Published]:
    """Publishes as most platforms do: a file that nobody sees yet, then the post."""

    def publish(account: Account, post: Post, ask: Ask) -> Published:
        media = ask(
            Request(
                step="upload",
                method="POST",
                url="https://x.test/media",
                repeat=HARMLESS,
                lasts=lasts,
            )
        ).json()["id"]
        answer = ask(
            Request(
                step="status",
                method="POST",
                url="https://x.test/posts",
                json={"text": post.text, "media": media},
                repeat=repeat,
                remembered=remembered,
            )
        )
        return Published(id=answer.json()["id"], url="https://x.test/" + answer.json()["id"])

    return publish


def a_platform(**changes: Any) -> Platform:
    return replace(Platform(name="x", limits=LIMITS, publish=two_steps(), secrets=()), **changes)


def a_delivery(key: str = "k1", **changes: Any) -> Delivery:
    delivery = Delivery(
        key=key,
        entry="launch",
        account="main",
        platform="x",
        due=DUE,
        part=0,
        after=None,
        grace=7200.0,
        late="skip",
        place=Place("config.yaml", 9),
        post=a_post(key=key),
        used=1,
        limit=500,
        unit="characters",
    )
    return replace(delivery, **changes)


@dataclass
class Bench:
    """Everything an attempt needs."""

    store: Store
    platform: Platform
    network: Any
    clock: Clock = field(default_factory=Clock)
    timeout: float = 30

    def desk(self) -> Desk:
        account = ConfiguredAccount(
            account=Account(name="main", platform="x"),
            platform=self.platform,
            place=Place("config.yaml", 3),
        )
        return Desk(
            store=self.store,
            accounts={"main": account},
            answerer=lambda _: self.network,
            by="test",
            now=self.clock,
            timeout=self.timeout,
        )

    def attempt(self) -> Row:
        """One round of the desk; what the delivery is afterwards."""
        self.desk().work("main")
        return self.store.row("k1")

    def restart(self, network: Any) -> Row:
        """A new process takes over what the old one had claimed."""
        self.store.release(self.clock(), by="test")
        self.network = network
        return self.attempt()


def a_bench(folder: Path, network: Any, **platform: Any) -> Bench:
    store = Store(folder / "store.db", DUE)
    store.plan([a_delivery()], DUE - timedelta(days=1))
    return Bench(store=store, platform=a_platform(**platform), network=network)


def ours(identifier: str = "9") -> Look:
    """The look that finds the post."""
    published = Published(id=identifier, url=f"https://x.test/{identifier}")
    return Look(found=Found.OURS, post=published)
