"""The machine's clock is set, forward and back, by minutes and by a day, at every moment of a delivery's life.

A Mastodon that ignores `Idempotency-Key` (as some servers do) is the hard case: what is sent twice there is up twice. It has
a clock of its own, which nobody sets.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, InDoubt, Published, Request, Response, TryLater
from platforms.mastodon import PLATFORM
from scheduler.config import ConfiguredAccount
from scheduler.engine.daemon import Daemon
from scheduler.engine.delivering import Desk
from scheduler.engine.reporting import Reporting
from scheduler.problems import Place, Problem
from scheduler.store import LEASE, Row, Store
from scheduler.store.rows import Uptime
from tests.engine.support import Clock, a_delivery
from tests.support import DUE

MINUTES, DAY = timedelta(minutes=5), timedelta(days=1)
JUMPS = {"5 min forward": MINUTES, "5 min back": -MINUTES, "a day forward": DAY, "a day back": -DAY}
ME = {"id": "1", "acct": "ada", "source": {"privacy": "public"}}
TIMEOUT = 30.0
HOUR = 3600.0
BOOTED = DUE - timedelta(days=3)


@dataclass
class Server:
    """What it does with the next posts is in `wishes`; then it takes them up."""

    clock: Clock  # the true time
    wishes: list[Callable[[], object]] = field(default_factory=list)
    up: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        path = request.url.partition("/api/v1")[2]
        if request.method == "POST":
            request.fence()
            said = self._taken(request)
        else:
            said = ME if path.endswith("verify_credentials") else self.up
        return replace(
            Response.of(said), headers={"date": format_datetime(self.clock(), usegmt=True)}
        )

    def _taken(self, request: Request) -> dict[str, Any]:
        wish = self.wishes.pop(0) if self.wishes else lambda: None
        outcome = wish()
        if isinstance(outcome, TryLater):
            raise outcome
        assert isinstance(request.json, dict)
        status = {
            "id": str(len(self.up) + 1),
            "content": request.json["status"],
            "account": ME,
            "created_at": self.clock().isoformat(),
            "media_attachments": [],
        }
        self.up.insert(0, status)
        if isinstance(outcome, InDoubt):
            raise outcome
        return status


def lost() -> InDoubt:
    return InDoubt("mastodon 'status' was sent and never answered (timed out)")


def busy() -> TryLater:
    return TryLater("mastodon answered 'status' with 429", after=600, response=Response(status=429))


def unavailable() -> TryLater:
    return TryLater("mastodon answered 'status' with 503")


class Life:
    """A daemon whose clock stands still until it is told to go on; `true` is the time of everybody else."""

    def __init__(self, folder: Path, *wishes: Callable[[], object], **delivery: Any) -> None:
        self.boot = ""
        self.true, self.ours = Clock(DUE - timedelta(hours=3)), Clock(DUE - timedelta(hours=3))
        self.server = Server(self.true, list(wishes))
        self.store = Store(folder / "store.db", self.ours())
        self.store.plan([a_delivery(platform="mastodon", **delivery)], self.ours())
        account = ConfiguredAccount(
            account=Account(
                name="main", platform="mastodon", settings={"server": "https://x.test"}
            ),
            platform=PLATFORM,
            place=Place("config.yaml", 3),
        )
        desk = Desk(
            store=self.store,
            accounts={"main": account},
            answerer=lambda _: self.server,
            by="here:1:a",
            now=self.ours,
            uptime=lambda: self.uptime,
            timeout=TIMEOUT,
        )
        self.daemon = Daemon(
            config=folder / "config.yaml",
            store=self.store,
            desk=desk,
            now=self.ours,
            ask_limits=lambda accounts, now: False,
            reporting=Reporting(store=self.store, now=self.ours),
        )

    @property
    def uptime(self) -> Uptime | None:
        """By a clock that nobody sets, where the system has one."""
        since = self.true.at - BOOTED
        return Uptime(self.boot, since.total_seconds()) if self.boot else None

    def set_between_two_runs(self, to: datetime) -> None:
        """So that nobody notices."""
        self.ours.at = to

    def set(self, by: timedelta) -> None:
        self.ours.at += by
        self.daemon._clock_was_set(by.total_seconds())

    def restored(self) -> None:
        self.set(self.true.at - self.ours.at)

    def live(self, until: datetime) -> None:
        """Until it is so late for everybody else; rings whenever the daemon wants to be woken."""
        while True:
            wakes = self.ring()
            passes = min([until - self.true.at, *([wakes - self.ours.at] if wakes else [])])
            self.true.at += passes
            self.ours.at += passes
            if self.true.at >= until:
                self.ring()
                return

    def ring(self) -> datetime | None:
        while True:
            self.daemon.ring()
            while self.daemon._working():
                time.sleep(0.001)
            if not self.store.accounts_due(self.ours()):
                return self.store.next_due(self.ours())

    @property
    def row(self) -> Row:
        return self.store.row("k1")

    @property
    def notices(self) -> list[str]:
        return [one.text for one in self.store.notices.untold()]


Wishes = tuple[Callable[[], object], ...]
MOMENTS: dict[
    str, tuple[timedelta, Wishes]
] = {  # when the clock is set, counted from the due time; what the server does first
    "while it waits": (timedelta(hours=-1), ()),
    "while its answer is lost and it is in doubt": (timedelta(seconds=10), (lost,)),
    "while it waits for the second look": (timedelta(seconds=40), (lost,)),
    "while the platform's pause lasts": (timedelta(minutes=2), (busy,)),
    "while a retry waits": (timedelta(seconds=1), (unavailable, unavailable, unavailable)),
}


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize(("moment", "wishes"), MOMENTS.values(), ids=MOMENTS)
def test_a_clock_that_was_wrong_for_a_while_costs_nothing(
    tmp_path: Path,
    moment: timedelta,
    wishes: Wishes,
    jump: timedelta,
) -> None:
    life = Life(tmp_path, *wishes)
    life.live(DUE + moment)

    life.set(jump)
    life.live(DUE + moment + timedelta(minutes=3))
    life.restored()
    life.live(DUE + timedelta(hours=1))

    assert [one["content"] for one in life.server.up] == ["Welcome back"]
    assert life.server.up[0]["created_at"] >= DUE.isoformat()
    assert (life.row.status, life.notices) == ("published", [])


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize(("moment", "wishes"), MOMENTS.values(), ids=MOMENTS)
def test_a_clock_that_stays_as_it_was_set_loses_and_doubles_nothing(
    tmp_path: Path,
    moment: timedelta,
    wishes: Wishes,
    jump: timedelta,
) -> None:
    life = Life(tmp_path, *wishes)
    life.live(DUE + moment)

    life.set(jump)
    life.live(DUE + timedelta(hours=30))

    missed = (
        jump == DAY and lost not in wishes
    )  # a day's leap over its time and its grace: said, not sent
    assert life.row.status == ("missed" if missed else "published")
    assert [one["content"] for one in life.server.up] == ([] if missed else ["Welcome back"])
    assert [one.partition(": ")[0] for one in life.notices] == (
        ["launch on main (due 2026-09-07 08:30, k1)"] if missed else []
    )


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
@pytest.mark.parametrize(
    "answer", [lambda: None, lost, unavailable], ids=["answered", "lost", "refused for now"]
)
def test_the_clock_is_set_while_an_attempt_is_under_way(
    tmp_path: Path, answer: Callable[[], object], jump: timedelta
) -> None:
    def under_way() -> object:
        life.set(jump)
        return answer()

    life = Life(tmp_path, under_way)
    life.live(DUE + timedelta(minutes=2))
    life.restored()
    life.live(DUE + timedelta(hours=1))

    assert [one["content"] for one in life.server.up] == ["Welcome back"]
    assert (life.row.status, life.notices) == ("published", [])


def test_a_post_whose_answer_is_lost_while_the_clock_is_a_day_ahead_is_found(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path, lost, late="publish")

    life.set(DAY)
    life.live(DUE)

    assert (life.row.status, len(life.server.up)) == ("published", 1)


def test_what_a_clock_ahead_makes_due_goes_out_because_there_is_no_other_clock(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path)
    life.live(DUE - timedelta(minutes=2))

    life.set(MINUTES)
    life.live(DUE - timedelta(minutes=1))
    life.restored()
    life.live(DUE + timedelta(hours=1))

    assert [one["created_at"] for one in life.server.up] == [
        (DUE - timedelta(minutes=2)).isoformat()
    ]


@pytest.mark.parametrize("late", ["skip", "ask"])
def test_a_person_who_was_told_of_a_miss_is_told_that_it_was_none(
    tmp_path: Path, late: str
) -> None:
    life = Life(tmp_path, late=late)
    life.set(DAY)
    life.live(life.true() + timedelta(minutes=1))
    assert life.row.status == ("missed" if late == "skip" else "held")
    life.store.notices.told(life.store.notices.untold(), life.ours())

    life.restored()

    assert life.notices == [
        "launch on main (due 2026-09-07 08:30, k1): is in time after all; the clock was ahead"
    ]
    life.live(DUE + timedelta(minutes=1))
    assert (life.row.status, len(life.server.up)) == ("published", 1)


def test_what_was_found_too_late_within_its_grace_is_in_time_again_as_well(tmp_path: Path) -> None:
    life = Life(tmp_path)
    life.live(DUE - timedelta(minutes=1))
    life.set(DAY)
    life.live(DUE + timedelta(hours=1))
    assert life.row.status == "missed"

    life.restored()
    life.live(DUE + timedelta(hours=1, minutes=1))

    assert life.row.status == "published"


def test_what_is_wrong_in_the_calendar_does_not_go_out_because_the_clock_was_set(
    tmp_path: Path,
) -> None:
    life = Life(
        tmp_path, problems=(Problem("too-long", "launch: too long", Place("config.yaml", 9)),)
    )
    life.set(DAY)
    life.live(life.true() + timedelta(minutes=1))
    life.restored()
    life.live(DUE + timedelta(minutes=5))

    assert (life.row.status, life.row.error) == (
        "missed",
        "its time passed while it was held: launch: too long",
    )
    assert life.server.up == []


def test_a_clock_that_was_ahead_in_an_earlier_run_is_known_by_its_last_sign_of_life(
    tmp_path: Path,
) -> None:
    life = Life(tmp_path, lost)
    life.set(DAY)
    life.store.plan([a_delivery(platform="mastodon", due=DUE + DAY)], life.ours())
    life.live(DUE + timedelta(seconds=1))
    assert (life.row.status, len(life.server.up)) == ("scheduled", 1)
    life.store.beat("here", 1, life.ours(), life.ours())

    life.ours.at = life.true.at  # and the daemon is started anew
    life.daemon._clock_since_the_last_run()
    life.live(DUE + DAY + timedelta(minutes=5))

    assert (life.row.status, len(life.server.up)) == ("published", 1)


AHEAD = {"20 s": timedelta(seconds=20), "2 h": timedelta(hours=2), "13 h": timedelta(hours=13)}


@pytest.mark.parametrize("ahead", AHEAD.values(), ids=AHEAD)
def test_a_post_that_left_by_a_clock_that_was_ahead_is_found_by_the_right_one(
    tmp_path: Path, ahead: timedelta
) -> None:
    life = Life(tmp_path, lost, late="publish")
    life.boot = "first"
    life.set(ahead)
    life.live(max(DUE - ahead, life.true()) + timedelta(seconds=10))
    assert len(life.server.up) == 1

    life.set_between_two_runs(life.true())
    life.live(DUE + DAY)

    assert (life.row.status, len(life.server.up)) == ("published", 1)


@pytest.mark.parametrize("ahead", AHEAD.values(), ids=AHEAD)
def test_a_clock_that_is_set_forward_leaves_a_late_server_as_much_time(
    tmp_path: Path, ahead: timedelta
) -> None:
    life = Life(tmp_path, lost, late="publish")
    life.boot = "first"
    life.live(DUE + timedelta(seconds=10))
    late = life.server.up.pop()
    for number in (2, 3):  # so that the list is seen to reach back
        before = {
            "id": f"-{number}",
            "content": "Before",
            "created_at": (DUE - number * DAY).isoformat(),
        }
        life.server.up.append({**late, **before})

    life.set_between_two_runs(life.ours() + ahead)
    life.live(DUE + timedelta(minutes=10))
    life.server.up.insert(0, {**late, "created_at": life.true().isoformat()})
    life.live(DUE + timedelta(hours=1))

    assert [one["content"] for one in life.server.up] == ["Welcome back", "Before", "Before"]
    assert life.row.status == "published"


def test_seconds_since_another_start_of_the_machine_mean_nothing(tmp_path: Path) -> None:
    life = Life(tmp_path, lost)
    life.boot = "first"
    life.live(DUE + timedelta(seconds=10))
    left = life.store.journal.unanswered("k1")
    assert left

    later = DUE + timedelta(minutes=5)

    assert left.by_clock(later, Uptime("second", 5.0)) == left
    assert left.by_clock(later, None) == left
    assert life.uptime
    ago = later - left.by_clock(later, life.uptime).sent_at
    assert round(ago.total_seconds()) == 10


def a_store(folder: Path) -> Store:
    store = Store(folder / "store.db", DUE)
    store.plan([a_delivery()], DUE - DAY)
    return store


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_a_claim_holds_and_ends_by_the_clock_that_was_set(tmp_path: Path, jump: timedelta) -> None:
    store = a_store(tmp_path)
    assert store.claim("main", "elsewhere:1:a", DUE)

    store.clock_was_set(jump.total_seconds(), DUE + jump)

    assert store.release(DUE + jump + timedelta(seconds=LEASE - 1)) == []
    assert [row.key for row in store.release(DUE + jump + timedelta(seconds=LEASE + 1))] == ["k1"]


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_what_was_written_down_after_the_clock_was_set_is_not_moved(
    tmp_path: Path, jump: timedelta
) -> None:
    store = a_store(tmp_path)
    store.plan([a_delivery(late="publish")], DUE - DAY)
    now = max(DUE, DUE + jump)
    row = store.claim("main", "elsewhere:1:a", now)
    assert row
    store.journal.left(
        "k1", Request(step="status", method="POST", url="https://x.test"), row.claim, now
    )

    store.clock_was_set(jump.total_seconds(), now + timedelta(seconds=1))

    doubt = store.journal.unanswered("k1")
    assert doubt
    assert (doubt.left_at, doubt.sent_at) == (now, now)
    assert store.release(now + timedelta(seconds=LEASE - 1)) == []


@pytest.mark.parametrize("jump", JUMPS.values(), ids=JUMPS)
def test_when_a_request_left_first_keeps_the_earlier_of_its_times(
    tmp_path: Path, jump: timedelta
) -> None:
    store = a_store(tmp_path)
    row = store.claim("main", "elsewhere:1:a", DUE)
    assert row
    store.journal.left(
        "k1", Request(step="status", method="POST", url="https://x.test"), row.claim, DUE
    )

    store.clock_was_set(jump.total_seconds(), DUE + jump + timedelta(seconds=10))

    doubt = store.journal.unanswered("k1")
    assert doubt
    assert (doubt.left_at, doubt.sent_at) == (min(DUE, DUE + jump), DUE + jump)


def test_a_post_counts_for_the_platforms_caps_when_it_was_published_also_after_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    store = a_store(tmp_path)
    row = store.claim("main", "me", DUE)
    assert row
    store.published(row, Published(id="9"), DUE)

    store.clock_was_set(-DAY.total_seconds(), DUE - DAY)

    assert store.posted_since(DUE - DAY - timedelta(seconds=1), account="main") == [DUE - DAY]


def test_a_retry_that_a_clock_ahead_planned_does_not_go_out_before_its_due_time(
    tmp_path: Path,
) -> None:
    store = a_store(tmp_path)
    row = store.claim("main", "me", DUE)
    assert row
    store.again(row, DUE + timedelta(seconds=5), "503")

    store.clock_was_set(-DAY.total_seconds(), DUE - DAY)

    assert store.row("k1").next_at == DUE


def test_the_answer_to_a_step_is_kept_through_a_clock_that_is_set(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    row = store.claim("main", "me", DUE)
    assert row
    upload = Request(step="upload", method="POST", url="https://x.test/media")
    store.journal.kept(
        "k1", upload, row.claim, Response(body=json.dumps({"id": "m"}).encode()), DUE
    )

    store.clock_was_set(-DAY.total_seconds(), DUE - DAY)
    store.journal.outlived("k1", DUE - DAY)

    assert store.journal.answer("k1", upload, 0)
