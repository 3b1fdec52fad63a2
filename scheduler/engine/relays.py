"""Answers `wss:` and `ws:` requests: a message of Nostr (NIP-01) to the relays in the header `relays` (a JSON list), one after the other.

    EVENT  goes to all of them; readers see it once one has it    {"taken": [relay, ...], "missing": {relay: why}}
    REQ    until one has what is asked for                        {"events": [...]}

Each has its share of the timeout to answer. The event is the same at a second sending, and a relay that has it already says
`duplicate:`, which is as good as OK, whatever else it says.
"""

import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from platforms.base import InDoubt, Json, PublishError, Rejected, Request, Response, TryLater
from scheduler import __version__

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LATER = (
    "rate-limited",
    "error",
)  # what a relay's refusal begins with, where the next one may end otherwise
LARGEST = 1024 * 1024  # bytes of a message from a relay
TO_CLOSE = 1.0  # seconds


@dataclass(frozen=True)
class Line:
    """To one relay, and until when (`time.monotonic`) it may answer."""

    connection: "ClientConnection"
    until: float


class Missing(Exception):
    """One relay has it not, or does not say."""

    def __init__(self, means: type[PublishError], why: str) -> None:
        super().__init__(why)
        self.means = means


def answer(request: Request, timeout: float) -> Response:
    relays: list[str] = json.loads(request.headers["relays"])
    patience = timeout / len(relays)
    return Response.of(
        sent(request, relays, patience)
        if request.method == "EVENT"
        else asked(request, relays, patience)
    )


def sent(request: Request, relays: list[str], patience: float) -> Json:
    taken: list[str] = []
    missing: dict[str, Missing] = {}
    has_left = False
    for relay in relays:
        try:
            with connected(relay, patience) as line:
                if not has_left:
                    request.fence()
                    has_left = True
                handed_over(line, request.json)
            taken.append(relay)
        except Missing as no:
            missing[relay] = no
    if not taken:
        raise worst(request, missing)
    return {"taken": taken, "missing": {relay: str(no) for relay, no in missing.items()}}


def asked(request: Request, relays: list[str], patience: float) -> Json:
    """Nothing is there only where a relay says so."""
    missing: dict[str, Missing] = {}
    for relay in relays:
        try:
            with connected(relay, patience) as line:
                events = found(line, request.json)
            if events:
                return {"events": events}
        except Missing as no:
            missing[relay] = Missing(TryLater, str(no))
    if len(missing) == len(relays):
        raise worst(request, missing)
    return {"events": []}


def worst(request: Request, missing: Mapping[str, Missing]) -> PublishError:
    """What left unanswered may be up; what one relay may take later is worth another try; what all refuse is refused."""
    means = next(
        kind
        for kind in (InDoubt, TryLater, Rejected)
        if any(no.means is kind for no in missing.values())
    )
    return means(
        f"no relay answered '{request.step}' as hoped: "
        + "; ".join(f"{relay}: {no}" for relay, no in missing.items())
    )


def handed_over(line: Line, message: Json) -> None:
    """A refusal may name no id, and come late: one event at a time is under way, so that it is this one's."""
    for said in heard(line, message):
        if said[0] == "OK" and len(said) == 4 and said[1] in (message[1]["id"], ""):
            why = str(said[3])
            if said[2] is not True and not why.startswith("duplicate:"):
                raise Missing(
                    TryLater if why.startswith(LATER) else Rejected,
                    why or "refused without a reason",
                )
            return


def found(line: Line, message: Json) -> list[Json]:
    events: list[Json] = []
    for said in heard(line, message):
        if said[0] == "CLOSED":
            raise Missing(TryLater, str(said[-1]))
        if said[0] == "EOSE":
            break
        if said[0] == "EVENT":
            events.append(said[-1])
    return events


def heard(line: Line, message: Json) -> Iterator[list[Json]]:
    """What the relay says to the message, whatever it is."""
    line.connection.send(json.dumps(message, ensure_ascii=False, separators=(",", ":")))
    while True:
        try:
            said = json.loads(line.connection.recv(timeout=max(0.0, line.until - time.monotonic())))
        except ValueError:
            continue
        if isinstance(said, list) and said:
            yield said


@contextmanager
def connected(relay: str, patience: float) -> Iterator[Line]:
    from websockets.exceptions import WebSocketException
    from websockets.sync.client import connect

    until = time.monotonic() + patience
    with ExitStack() as open_:
        try:
            connection = open_.enter_context(
                connect(
                    relay,
                    ssl=trusted() if relay.startswith("wss:") else None,
                    user_agent_header=f"Termbell/{__version__}",
                    compression=None,
                    open_timeout=patience,
                    close_timeout=TO_CLOSE,
                    max_size=LARGEST,
                )
            )
        except (
            OSError,
            WebSocketException,
            ValueError,
        ) as fault:  # the last where there can be no such server
            raise Missing(TryLater, f"cannot be reached ({fault})") from fault
        try:
            yield Line(connection, until)
        except TimeoutError as lost:
            raise Missing(InDoubt, "never answered") from lost
        except (OSError, WebSocketException) as lost:
            raise Missing(InDoubt, f"broke off ({lost})") from lost


@cache
def trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
