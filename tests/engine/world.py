"""A small world: platforms that can be asked what is really up, a clock that can be wrong, processes that can be stopped anywhere.

A process works through the real store and the real desk. Between any two of its requests, and before and after any of its
transactions, the world may have something happen: the process dies or stands still, another one works, a person does
something. What really happened on the platforms is in `World.ups`, whatever the store believes.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from platforms.base import (
    DOUBLES,
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
    Cap,
    InDoubt,
    Lost,
    Platform,
    Post,
    Published,
    Request,
    Response,
    TryLater,
)
from platforms.recent import Found, Look
from scheduler.config import ConfiguredAccount
from scheduler.engine.delivering import Desk
from scheduler.engine.judging import judged
from scheduler.problems import Place
from scheduler.store import Store, StoreFailed
from tests.engine.support import LIMITS, Crash
from tests.support import DUE

TIMEOUT = 30.0  # seconds a request may be under way
TAKES = 0.3  # seconds that an exchange takes
SLACK = 3.0  # seconds between writing down that a request leaves and its leaving


@dataclass(frozen=True)
class Kind:
    """What a platform says of a second sending, what it really does, and whether it can be asked."""

    name: str
    claims: float = 0.0  # seconds for which it says that it recognises a second sending
    recognises: float = 0.0  # seconds for which it does
    finds: bool = False
    find_after: float = 0.0  # seconds until what is up can be found
    caps: tuple[Cap, ...] = ()

    def platform(self) -> Platform:
        return Platform(
            name=self.name,
            limits=replace(LIMITS, caps=self.caps),
            secrets=(),
            find_after=self.find_after,
            publish=self._publish,
            find=_find if self.finds else None,
        )

    def _publish(self, account: Account, post: Post, ask: Ask) -> Published:
        media = ask(
            Request(
                step="upload",
                method="POST",
                url="https://x.test/media",
                body=post.text.encode(),
                repeat=HARMLESS,
            )
        ).json()["id"]
        to = post.reply_to.id if post.reply_to else None
        answer = ask(
            Request(
                step="status",
                method="POST",
                url="https://x.test/posts",
                repeat=DROPPED if self.claims else DOUBLES,
                json={"key": post.key, "text": post.text, "media": media, "to": to},
                remembered=self.claims,
            )
        )
        return Published(id=answer.json()["id"])


def _find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    listed = ask(Request(step="look", url="https://x.test/posts", repeat=HARMLESS)).json()
    for one in listed:
        if one["key"] == post.key and one["id"] not in lost.others:
            return Look(found=Found.OURS, post=Published(id=one["id"]))
    return Look(found=Found.ABSENT)


KINDS = {
    kind.name: kind
    for kind in (
        Kind("keyed", claims=FOREVER, recognises=FOREVER, finds=True),
        Kind("slow", finds=True, find_after=20),
        Kind("brief", claims=600, recognises=600),
        Kind("lying", claims=3600, finds=True),
        Kind("blind"),
        Kind(
            "capped",
            claims=600,
            recognises=600,
            finds=True,
            find_after=5,
            caps=(Cap(posts=2, seconds=1800),),
        ),
    )
}
ACCOUNTS = {
    name: ConfiguredAccount(
        account=Account(name=name, platform=name),
        platform=kind.platform(),
        place=Place("config.yaml", 3),
    )
    for name, kind in KINDS.items()
}

FAULTS = (
    "lost",
    "lost before",
    "lost, acts later",
    "503",
    "503, acted",
    "429",
    "401",
    "422",
    "cut off",
    "unreachable",
)


@dataclass
class Time:
    """What time it is, and what the computer takes it for."""

    passed: float = 0.0
    wrong: float = 0.0
    set_at: float = -1.0  # when it was set last, by `passed`

    def set(self, by: float) -> None:
        self.wrong += by
        self.set_at = self.passed

    def __call__(self) -> datetime:
        return DUE + timedelta(seconds=self.passed + self.wrong)


@dataclass(frozen=True)
class Up:
    """What readers see."""

    account: str
    key: str
    id: str
    at: float


@dataclass
class World:
    """The platforms' truth."""

    time: Time
    hand: Store  # with which persons do what they do, and with which the truth is compared
    ups: list[Up] = field(default_factory=list)
    under_way: list[Up] = field(
        default_factory=list
    )  # acted on later, although nobody waits for the answer any more
    said_up: set[str] = field(default_factory=set)  # by a person
    broken: list[str] = field(default_factory=list)  # promises
    made: int = 0

    def pass_(self, seconds: float) -> None:
        self.time.passed += seconds
        for one in [one for one in self.under_way if one.at <= self.time.passed]:
            self.under_way.remove(one)
            if not self._recognised(one.account, one.key):
                self.ups.append(one)

    def sent(self, key: str) -> int:
        """How often the delivery is up, or may be any moment."""
        return Counter(one.key for one in (*self.ups, *self.under_way))[key]

    def answer(self, account: str, request: Request, fault: str, since: float) -> Response:
        """What comes back, by the judgement of the real network. `since`: when the process that asks looked what is due."""
        self.pass_(TAKES)
        configured, named = ACCOUNTS[account], f"{account} '{request.step}'"
        if fault == "unreachable":
            raise TryLater(f"{named} was not sent")
        if fault.startswith(("lost", "cut", "503, acted", "ok")):
            found = self._acted(account, request, fault, since)
            if fault == "ok":
                return found
        if fault == "cut off":
            return replace(found, body=found.body[:-2])
        if fault.startswith("lost"):
            self.pass_(TIMEOUT)
            raise (
                InDoubt(f"{named} was sent and never answered")
                if request.is_visible
                else TryLater(f"{named} was not answered")
            )
        headers = {"retry-after": "900"} if fault == "429" else {}
        return judged(
            Response(status=int(fault[:3]), headers=headers),
            request,
            configured.platform,
            account,
            self.time(),
        )

    def _acted(self, account: str, request: Request, fault: str, since: float) -> Response:
        if request.step == "look":
            visible = self.time.passed - KINDS[account].find_after
            return Response.of(
                [
                    {"id": one.id, "key": one.key}
                    for one in self.ups
                    if one.account == account and one.at <= visible
                ]
            )
        self.made += 1
        if not request.is_visible or fault == "lost before":
            return Response.of({"id": f"m{self.made}"})
        key = request.json["key"]
        self._may_leave(key, request.json["to"], since)
        known = self._recognised(account, key)
        made = known or Up(account=account, key=key, id=f"p{self.made}", at=self.time.passed)
        if fault == "lost, acts later":
            self.under_way.append(replace(made, at=self.time.passed + TIMEOUT - 1))
        elif not known:
            self.ups.append(made)
        return Response.of({"id": made.id})

    def _recognised(self, account: str, key: str) -> Up | None:
        return next(
            (
                one
                for one in self.ups
                if one.key == key and self.time.passed - one.at < KINDS[account].recognises
            ),
            None,
        )

    def _may_leave(self, key: str, to: str | None, since: float) -> None:
        """What has to hold when a post goes up. A clock that was set meanwhile is nobody's fault."""
        row, now = self.hand.row(key), self.time()
        was_set = self.time.set_at >= since
        if row.reason != "word" and now < row.due and not was_set:
            self.broken.append(f"{key} left at {now}, before it was due at {row.due}")
        first = self.hand.journal.unanswered(key)
        late = (now - row.late_at).total_seconds() > SLACK and not (
            first and (now - first.left_at).total_seconds() > SLACK
        )
        if late and not was_set and row.late != "publish" and row.reason != "word":
            self.broken.append(f"{key} left at {now}, too late since {row.late_at}")
        if (
            row.after
            and row.after not in self.said_up
            and to not in [one.id for one in self.ups if one.key == row.after]
        ):
            self.broken.append(f"{key} left as an answer to {to}, which is not the part before it")


@dataclass
class Script:
    """What shall happen while a process works: to the requests that readers would see and to the others, in their order, and at its
    moments: "wrote 3" is after its third transaction, "asks status 1" before the first request of that name leaves.
    """

    visible: Sequence[str] = ()
    others: Sequence[str] = ()
    at: Mapping[str, Callable[[], None]] = field(default_factory=dict)
    _counted: Counter[str] = field(default_factory=Counter)

    def fault(self, request: Request) -> str:
        faults, name = (self.visible, "visible") if request.is_visible else (self.others, "others")
        self._counted[name] += 1
        return faults[self._counted[name] - 1] if self._counted[name] <= len(faults) else "ok"

    def moment(self, name: str) -> None:
        self._counted[name] += 1
        happens = self.at.get(f"{name} {self._counted[name]}")
        if happens:
            happens()


@dataclass
class Process:
    """A daemon, or a command, that works on the store; after `Crash` the next use is another process."""

    world: World
    file: Path
    name: str
    runs: int = 0
    script: Script = field(default_factory=Script)
    busy: list[str] = field(default_factory=list)
    store: Store | None = None

    def started(self) -> Store:
        if self.store is None:
            self.runs += 1
            self.store = Store(self.file, self.world.time())
            self._watch(self.store)
        return self.store

    def died(self) -> None:
        if self.store:
            self.store.close()
        self.store = None

    @property
    def by(self) -> str:
        return f"{self.name}:1:run{self.runs}"

    def ring(self, accounts: Sequence[str] | None = None) -> None:
        """What the daemon does when its clock rings."""
        store, now, since = self.started(), self.world.time(), self.world.time.passed
        store.release(now, self.by, self.busy)
        store.too_late(now)
        desk = Desk(
            store=store,
            accounts=ACCOUNTS,
            answerer=lambda one: self._answerer(one, since),
            by=self.by,
            now=self.world.time,
            timeout=TIMEOUT,
            sleep=self.world.pass_,
        )
        for account in store.accounts_due(now):
            if (accounts is None or account in accounts) and account not in self.busy:
                self.busy.append(account)
                try:
                    desk.work(account)
                finally:
                    self.busy.remove(account)

    def beat(self) -> None:
        self.started().renew(self.by, self.busy, self.world.time())

    @contextmanager
    def having(self, script: Script) -> Iterator[None]:
        """Lets `script` happen meanwhile. A death, or a store that fails, ends what the process does, as it does in the daemon."""
        before, self.script = self.script, script
        try:
            yield
        except Crash:
            self.died()
        except StoreFailed:
            pass
        finally:
            self.script = before

    def _answerer(self, configured: ConfiguredAccount, since: float) -> Ask:
        def answer(request: Request) -> Response:
            self.script.moment(f"asks {request.step}")
            if request.is_visible:
                request.fence()
            response = self.world.answer(
                configured.name, request, self.script.fault(request), since
            )
            self.script.moment(f"answered {request.step}")
            return response

        return answer

    def _watch(self, store: Store) -> None:
        real = store.database.writing

        @contextmanager
        def writing(durable: bool = False) -> Iterator[object]:
            self.script.moment("writes")
            with real(durable) as connection:
                yield connection
            self.script.moment("wrote")

        store.database.writing = writing  # type: ignore[method-assign]


class Log:
    """Every change of a status and every notice, written down by the database itself, in the same transaction."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        self.connection.executescript(
            "CREATE TABLE seen (kind TEXT, key TEXT, old TEXT, new TEXT);"
            "CREATE TRIGGER moved AFTER UPDATE OF status ON deliveries WHEN old.status != new.status"
            " BEGIN INSERT INTO seen VALUES ('status', new.key, old.status, new.status); END;"
            "CREATE TRIGGER held AFTER UPDATE OF held ON accounts WHEN old.held IS NULL AND new.held IS NOT NULL"
            " BEGIN INSERT INTO seen VALUES ('held', new.name, NULL, 'held'); END;"
            "CREATE TRIGGER held_first AFTER INSERT ON accounts WHEN new.held IS NOT NULL"
            " BEGIN INSERT INTO seen VALUES ('held', new.name, NULL, 'held'); END;"
            "CREATE TRIGGER noted AFTER INSERT ON notices WHEN new.text NOT LIKE '%is in time after all%'"  # one that takes another back
            " BEGIN INSERT INTO seen VALUES ('notice', NULL, NULL, new.kind); END;"
        )

    def moves(self) -> list[tuple[str, str, str]]:
        return self.connection.execute(
            "SELECT key, old, new FROM seen WHERE kind = 'status'"
        ).fetchall()

    def held(self) -> int:
        return int(
            self.connection.execute("SELECT count(*) FROM seen WHERE kind = 'held'").fetchone()[0]
        )

    def notices(self) -> Counter[str]:
        """How many there ever were, those that were taken back with them."""
        return Counter(
            row[0] for row in self.connection.execute("SELECT new FROM seen WHERE kind = 'notice'")
        )

    def left(self) -> set[str]:
        """Deliveries that the journal knows to have left."""
        return {
            row[0]
            for row in self.connection.execute(
                "SELECT delivery FROM journal WHERE visible = 1 AND sent_at > 0"
            )
        }
