"""What relays on loopback are told and what becomes of their answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    InDoubt,
    PublishError,
    Rejected,
    Request,
    TryLater,
)
from scheduler.engine.relays import answer

EVENT = {"id": "a" * 64, "content": "Willkommen zurück"}
UP = {"id": "b" * 64}
NOWHERE = "ws://127.0.0.1:9"


class Relay:
    """Says what `answers` makes of each message; None ends the connection."""

    def __init__(self, answers: Callable[[Any], list[Any] | None]) -> None:
        self.answers, self.heard, self.url = answers, list[Any](), ""

    def __call__(self, line: ServerConnection) -> None:
        try:
            for message in line:
                self.heard.append(json.loads(message))
                answers = self.answers(self.heard[-1])
                if answers is None:
                    line.socket.close()
                    return
                for said in answers:
                    line.send(said if isinstance(said, str) else json.dumps(said))
        except (ConnectionClosed, OSError):
            return


@contextmanager
def a_relay(answers: Callable[[Any], list[Any] | None]) -> Iterator[Relay]:
    relay = Relay(answers)
    with serve(relay, "127.0.0.1", 0, close_timeout=0.1) as server:
        relay.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield relay


def says(*ok: Any) -> Callable[[Any], list[Any]]:
    """A relay that answers every event with `["OK", id, ...]`."""
    return lambda message: [["OK", message[1]["id"], *ok]]


def silent(message: Any) -> list[Any]:
    return []


def breaks_off(message: Any) -> None:
    return None


def an_event(*relays: str, fence: Callable[[], None] = lambda: None) -> Request:
    return Request(
        step="event",
        method="EVENT",
        url=relays[0],
        headers={"relays": json.dumps(relays)},
        json=["EVENT", EVENT],
        repeat=DROPPED,
        remembered=FOREVER,
        fence=fence,
    )


def a_question(*relays: str) -> Request:
    return Request(
        step="look",
        method="REQ",
        url=relays[0],
        headers={"relays": json.dumps(relays)},
        json=["REQ", "look", {"ids": [UP["id"]]}],
        repeat=HARMLESS,
    )


def test_an_event_goes_to_every_relay_and_leaves_once_the_fence_is_passed() -> None:
    moments: list[str] = []

    with a_relay(says(True, "")) as one, a_relay(says(True, "")) as other:
        said = answer(
            an_event(
                NOWHERE, one.url, other.url, fence=lambda: moments.append(f"{len(one.heard)} heard")
            ),
            6,
        )

    assert one.heard == other.heard == [["EVENT", EVENT]]
    assert moments == ["0 heard"], "once, and not for a relay that cannot be reached"
    assert said.json()["taken"] == [one.url, other.url]
    assert list(said.json()["missing"]) == [NOWHERE]


@pytest.mark.parametrize(
    "ok", [(True, ""), (True, "duplicate: have it"), (False, "duplicate: exists")]
)
def test_a_relay_that_has_it_already_has_it(ok: tuple[bool, str]) -> None:
    with a_relay(says(*ok)) as relay:
        assert answer(an_event(relay.url), 5).json() == {"taken": [relay.url], "missing": {}}


def test_readers_see_it_where_one_relay_took_it_and_the_others_say_why_not() -> None:
    with (
        a_relay(says(False, "blocked: not on the list")) as strict,
        a_relay(silent) as quiet,
        a_relay(says(True, "")) as good,
    ):
        said = answer(an_event(strict.url, quiet.url, good.url), 1.5).json()

    assert said == {
        "taken": [good.url],
        "missing": {strict.url: "blocked: not on the list", quiet.url: "never answered"},
    }


@pytest.mark.parametrize(
    ("relay", "error", "why"),
    [
        (
            says(False, "invalid: 280 characters should be enough for anybody"),
            Rejected,
            "280 characters should be enough",
        ),
        (lambda message: [["OK", "", False, "invalid: in the future"]], Rejected, "in the future"),
        (says(False, ""), Rejected, "refused without a reason"),
        (says(False, "auth-required: log in"), Rejected, "auth-required"),
        (says(False, "rate-limited: slow down"), TryLater, "slow down"),
        (says(False, "error: no disk"), TryLater, "no disk"),
        (silent, InDoubt, "never answered"),
        (breaks_off, InDoubt, "broke off"),
    ],
)
def test_what_no_relay_took_ends_as_they_say(
    relay: Callable[[Any], list[Any] | None], error: type[PublishError], why: str
) -> None:
    with a_relay(relay) as one, pytest.raises(error, match=why) as raised:
        answer(an_event(one.url), 0.7)

    assert type(raised.value) is error
    assert one.url in str(raised.value)


@pytest.mark.parametrize(
    ("relays", "error"),
    [
        ([says(False, "invalid: no"), silent], InDoubt),
        ([says(False, "invalid: no"), says(False, "error: no disk")], TryLater),
        ([says(False, "invalid: no"), says(False, "blocked: no")], Rejected),
    ],
)
def test_of_several_that_did_not_take_it_the_one_that_may_have_it_counts_most(
    relays: list[Callable[[Any], list[Any]]],
    error: type[PublishError],
) -> None:
    with a_relay(relays[0]) as one, a_relay(relays[1]) as other, pytest.raises(error) as raised:
        answer(an_event(one.url, other.url), 1.4)

    assert type(raised.value) is error


@pytest.mark.parametrize(
    "address",
    [
        NOWHERE,
        "ws://no-such-host.invalid",
        "wss://127.0.0.1:9",
        "wss://two..dots",
        "wss://[",
        "wss:",
    ],
)
def test_a_relay_that_cannot_be_reached_has_got_nothing(address: str) -> None:
    passed: list[str] = []

    with pytest.raises(TryLater, match="cannot be reached"):
        answer(an_event(address, fence=lambda: passed.append("fence")), 2)

    assert passed == []


def test_what_the_fence_refuses_is_told_to_no_relay() -> None:
    def closed() -> None:
        raise TryLater("it was held up until it was too late")

    with a_relay(says(True, "")) as relay, pytest.raises(TryLater, match="too late"):
        answer(an_event(relay.url, fence=closed), 2)

    assert relay.heard == []


def test_whatever_else_a_relay_says_is_passed_over() -> None:
    noise = [
        "no JSON",
        "7",
        [],
        ["NOTICE", "welcome"],
        ["AUTH", "challenge"],
        ["OK", "c" * 64, False, "invalid: another event"],
    ]

    with a_relay(lambda message: [*noise, *says(True, "")(message)]) as relay:
        assert answer(an_event(relay.url), 5).json()["taken"] == [relay.url]


def test_relays_are_asked_until_one_has_it() -> None:
    with (
        a_relay(lambda message: [["EOSE", "look"]]) as empty,
        a_relay(lambda message: [["CLOSED", "look", "error: busy"]]) as busy,
        a_relay(lambda message: [["EVENT", "look", UP], ["EOSE", "look"]]) as there,
        a_relay(silent) as last,
    ):
        said = answer(a_question(empty.url, busy.url, there.url, last.url), 8).json()

    assert said == {"events": [UP]}
    assert last.heard == []


def test_nothing_is_there_only_where_a_relay_says_so() -> None:
    with a_relay(lambda message: [["EOSE", "look"]]) as empty, a_relay(breaks_off) as broken:
        assert answer(a_question(broken.url, empty.url), 3).json() == {"events": []}

        with pytest.raises(TryLater, match="broke off"):
            answer(a_question(broken.url), 3)
