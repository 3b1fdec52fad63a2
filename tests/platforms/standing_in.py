"""Platforms that are not there: a stand-in keeps what it is sent and enforces the rules of the platform's documentation.

It is asked with the bytes that would leave (`wire`), signed, and its answer is judged as any other; only the socket is missing. Its
answers can be lost, each in its turn, or the process can die at that moment: `published_through` goes on as the daemon would.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import Message
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from platforms.base import (
    Account,
    InDoubt,
    Json,
    Platform,
    Post,
    Request,
    Response,
    Secrets,
    TryLater,
)
from scheduler.config import ConfiguredAccount
from scheduler.engine.delivering import Desk
from scheduler.engine.judging import judged
from scheduler.engine.wire import wire
from scheduler.problems import Place
from scheduler.store import Row, Store
from tests.engine.support import Clock, Crash, a_delivery

ROUNDS = 40  # attempts after which nothing more becomes of a delivery


class Refusal(Exception):
    """The stand-in says no."""

    def __init__(
        self, status: int, body: Json = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(body)
        self.response = replace(Response.of(body, status), headers=headers or {})


@dataclass
class Arrived:
    """A request as the platform gets it."""

    method: str
    url: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.url).path)

    @property
    def query(self) -> dict[str, str]:
        return {
            name: values[0]
            for name, values in parse_qs(urlsplit(self.url).query, keep_blank_values=True).items()
        }

    @cached_property
    def json(self) -> Json:
        assert self.headers["content-type"].startswith("application/json"), self.headers
        return json.loads(self.body)

    @cached_property
    def form(self) -> dict[str, str]:
        assert self.headers["content-type"] == "application/x-www-form-urlencoded", self.headers
        return {
            name: values[0]
            for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()
        }

    @cached_property
    def parts(self) -> dict[str, Message]:
        """Those of multipart/form-data, by name, in the order they came."""
        whole = message_from_bytes(
            f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode() + self.body
        )
        return {
            str(part.get_param("name", header="content-disposition")): part
            for part in cast("list[Message]", whole.get_payload())
        }

    def text(self, name: str) -> str:
        return bytes(cast("bytes", self.parts[name].get_payload(decode=True))).decode()


def route(
    method: str, pattern: str
) -> Callable[[Callable[..., Response]], Callable[..., Response]]:
    """The method of a stand-in answers requests whose URL, without its query, the pattern fits; its groups are handed over."""

    def marked(answer: Callable[..., Response]) -> Callable[..., Response]:
        vars(answer)["route"] = (method, re.compile(pattern))
        return answer

    return marked


@dataclass
class StandIn:
    """What is up is in `up`, by id. `loses` and `dies_at` are numbers of exchanges, from 0."""

    token: str = "good"
    loses: int | None = None
    dies_at: int | None = None
    up: dict[str, Any] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)

    def answer(self, arrived: Arrived) -> Response:
        try:
            self.check(arrived)
            for name in dir(type(self)):
                method, pattern = getattr(getattr(type(self), name), "route", ("", None))
                found = (
                    pattern.fullmatch(arrived.url.partition("?")[0])
                    if pattern and method == arrived.method
                    else None
                )
                if found:
                    return cast(
                        Response, getattr(self, name)(arrived, *map(unquote, found.groups()))
                    )
        except Refusal as refusal:
            return refusal.response
        raise AssertionError(f"nothing of the platform answers {arrived.method} {arrived.url}")

    def check(self, arrived: Arrived) -> None:
        """What holds for every request. Raises `Refusal`."""


def asking(
    stand_in: StandIn, platform: Platform, account: Account, secrets: Secrets
) -> Callable[[Request], Response]:
    """The network of the account, with the stand-in at its other end."""

    def ask(request: Request) -> Response:
        leaves = wire(request if request.anonymous else platform.sign(request, secrets), request)
        request.fence()
        number = len(stand_in.arrived)
        stand_in.arrived.append(
            Arrived(
                leaves.method,
                leaves.url,
                {name.lower(): value for name, value in leaves.headers.items()},
                leaves.body,
            )
        )
        response = stand_in.answer(stand_in.arrived[-1])
        if number == stand_in.dies_at:
            raise Crash
        if number == stand_in.loses:
            raise InDoubt("reset") if request.is_visible else TryLater("reset")
        return judged(response, request, platform, account.name, Clock().at)

    return ask


def published_through(
    stand_in: StandIn,
    platform: Platform,
    account: Account,
    post: Post,
    folder: Path,
    secrets: Secrets,
) -> Row:
    """What becomes of the post when it is due and the daemon works on, killed and started again where the stand-in says so."""
    clock, store = Clock(), Store(folder / "store.db", Clock().at)
    configured = ConfiguredAccount(
        account=replace(account, name="main"), platform=platform, place=Place("config.yaml", 3)
    )
    desk = Desk(
        store=store,
        accounts={"main": configured},
        answerer=lambda _: asking(stand_in, platform, configured.account, secrets),
        by="test",
        now=clock,
        timeout=30,
    )
    store.plan(
        [
            replace(
                a_delivery(),
                post=replace(post, key="k1", due=clock.at),
                platform=platform.name,
                late="publish",
            )
        ],
        clock.at,
    )
    try:
        for _ in range(ROUNDS):
            try:
                desk.work("main")
            except Crash:
                store.release(clock.at, by="test")
            row = store.row("k1")
            if row.status != "scheduled":
                break
            clock.at = max(clock.at, row.next_at, *store.accounts.paused(clock.at).values())
        return row
    finally:
        store.close()


def lost_at_every_step(
    make: Callable[[], StandIn],
    platform: Platform,
    account: Account,
    post: Post,
    folder: Path,
    secrets: Secrets,
) -> set[str]:
    """Publishes the post once undisturbed, then with each answer lost in its turn, then killed at each in its turn.

    What it became; asserts that it was never up twice, and up when it is said to be.
    """
    undisturbed = make()
    row = published_through(undisturbed, platform, account, post, folder, secrets)
    assert (row.status, len(undisturbed.up)) == ("published", 1), row.error
    became = set()
    for disturbance in ("loses", "dies_at"):
        for number in range(len(undisturbed.arrived)):
            stand_in = make()
            setattr(stand_in, disturbance, number)
            folder_of_this = folder / f"{disturbance}-{number}"
            folder_of_this.mkdir()
            row = published_through(stand_in, platform, account, post, folder_of_this, secrets)
            step = undisturbed.arrived[number]
            told = f"{disturbance} {step.method} {step.url}: {row.status}, {row.error}"
            assert len(stand_in.up) == 1, told
            assert row.status in ("published", "in doubt"), told
            became.add(row.status)
    return became
