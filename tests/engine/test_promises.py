"""The promises, held against whatever happens: a state machine over the real store and the real desk in a world of its own.

Hypothesis draws what happens: entries come, change and go, requests get lost, processes die between any two steps or stand
still while another one works, the clock is set, a person decides. After each step the promises are compared with what is
really up, and at the end everything is let run without faults until it rests.

What is drawn is the same each time. TERMBELL_PROMISES_SEED draws something else, TERMBELL_PROMISES_EXAMPLES more of it.
"""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from platforms.base import Published
from scheduler.calendar.model import Delivery
from scheduler.engine.clock import LOOK
from scheduler.problems import Place
from scheduler.store import (
    AccountFacts,
    Circumstances,
    Row,
    Store,
    StoreFailed,
    WrongStatus,
    status,
)
from scheduler.store.rows import REMOVED
from scheduler.store.status import MAY_BECOME
from tests.engine.support import Crash, a_delivery
from tests.engine.world import ACCOUNTS, FAULTS, Log, Process, Script, Time, World
from tests.support import a_post

EXAMPLES = int(os.environ.get("TERMBELL_PROMISES_EXAMPLES", "140"))
STEPS = 50  # in each example
TOLD = (status.MISSED, status.FAILED, status.IN_DOUBT)  # never without a notice
GIVEN_UP = (status.FAILED, status.MISSED, status.CANCELLED)
SOUGHT = Circumstances(
    accounts={
        name: AccountFacts(can_look=one.platform.can_look, is_keyed=name == "keyed")
        for name, one in ACCOUNTS.items()
    }
)


@dataclass(frozen=True)
class Written:
    """An entry as it stands in the calendar."""

    account: str
    parts: int
    due: datetime
    late: str
    text: str = "Welcome back"
    line: int = 9

    def deliveries(self, entry: str) -> list[Delivery]:
        keys = [f"{entry}-{self.account}-{part}" for part in range(self.parts)]
        return [
            a_delivery(
                key,
                entry=entry,
                account=self.account,
                platform=self.account,
                due=self.due,
                part=part,
                late=self.late,
                grace=3600.0,
                after=keys[part - 1] if part else None,
                place=Place("config.yaml", self.line),
                post=a_post(key=key, text=f"{self.text} {part}", due=self.due),
            )
            for part, key in enumerate(keys)
        ]


accounts = st.sampled_from(sorted(ACCOUNTS))
some_time = st.sampled_from([1.0, 10.0, 33.0, 70.0, 700.0, 3700.0, 8000.0])
jumps = st.sampled_from([-7000.0, -600.0, -20.0, 20.0, 600.0, 7000.0])
some_due = st.sampled_from([-3000.0, -10.0, 0.0, 0.0, 5.0, 300.0, 5000.0])
processes = st.sampled_from([0, 0, 0, 1])
any_number = st.integers(0, 7)
visible = st.lists(
    st.sampled_from(("ok", *FAULTS, "lost", "lost, acts later", "503, acted", "lost before")),
    min_size=1,
    max_size=3,
)
others = st.lists(st.sampled_from(("ok", "ok", "ok", "ok", *FAULTS)), max_size=2)
doings = st.sampled_from(
    [
        "another works",
        "another works",
        "another works",
        "another loses an answer",
        "another loses an answer",
        "another dies after sending",
        "own beat",
        "own ring",
        "login",
        "edit",
        "remove",
        "clock back",
        "clock forward",
        "again",
        "cancel",
        "retry",
    ]
)
moments = st.one_of(
    st.sampled_from(
        [
            "asks status 1",
            "answered status 1",
            "asks status 1",
            "answered status 1",
            "asks status 2",
            "answered status 2",
            "answered upload 1",
            "asks look 1",
            "answered look 1",
        ]
    ),
    st.builds("{} {}".format, st.sampled_from(["writes", "wrote"]), st.integers(1, 8)),
)
happenings = st.one_of(
    st.just("dies"),
    st.just("store fails"),
    st.tuples(
        st.sampled_from([0.0, 5.0, 45.0, 100.0, 100.0, 4000.0]),
        st.lists(doings, min_size=1, max_size=3),
    ),
)
events = st.dictionaries(moments, happenings, min_size=1, max_size=2)
decisions = st.sampled_from(["published", "again", "drop", "retry", "cancel", "login", "login"])


class Promises(RuleBasedStateMachine):
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="promises-")
        file = Path(self.folder.name) / "store.db"
        self.time = Time()
        self.hand = Store(file, self.time())
        self.log = Log(file)
        self.world = World(time=self.time, hand=self.hand)
        self.processes = [Process(self.world, file, name) for name in ("one", "two")]
        self.calendar: dict[str, Written] = {}
        self.taken_out: dict[str, Written] = {}
        self.allowed: Counter[str] = (
            Counter()
        )  # beyond one: how often a person's word lets a delivery be up
        self.known_to_person: Counter[str] = (
            Counter()
        )  # how often it was up when a person decided about it
        self.dropped: set[str] = set()
        self.cancelled: set[str] = set()

    # The calendar

    @initialize(chosen=st.lists(accounts, min_size=1, max_size=2, unique=True))
    def there_are_accounts(self, chosen: list[str]) -> None:
        self.accounts = chosen

    @rule(
        nth=any_number,
        parts=st.sampled_from([1, 1, 2]),
        due=some_due,
        late=st.sampled_from(["skip", "skip", "ask", "publish"]),
    )
    def an_entry_is_written(self, nth: int, parts: int, due: float, late: str) -> None:
        entry = f"e{len(self.calendar) + len(self.taken_out):02}"
        self.calendar[entry] = Written(
            self.accounts[nth % len(self.accounts)],
            parts,
            self.time() + timedelta(seconds=due),
            late,
        )
        self._read()

    @rule(nth=any_number)
    def an_entry_is_removed_or_comes_back(self, nth: int) -> None:
        entries = sorted({**self.calendar, **self.taken_out})[-4:]
        if entries:
            self._removed_or_back(entries[nth % len(entries)])

    def _removed_or_back(self, entry: str) -> None:
        here, there = (
            (self.calendar, self.taken_out)
            if entry in self.calendar
            else (self.taken_out, self.calendar)
        )
        there[entry] = here.pop(entry)
        self._read()

    @rule(
        nth=any_number,
        text=st.sampled_from(["Hello", "Welcome back", "Mended"]),
        due=st.sampled_from([None, None, -5000.0, 10.0, 4000.0]),
    )
    def an_entry_is_edited(self, nth: int, text: str, due: float | None) -> None:
        entries = sorted(self.calendar)[-4:]
        if entries:
            self._edited(entries[nth % len(entries)], text, due)

    def _edited(self, entry: str, text: str, due: float | None = None) -> None:
        before = self.calendar[entry]
        later = before.due if due is None else self.time() + timedelta(seconds=due)
        self.calendar[entry] = replace(before, text=text, due=later)
        self._read()

    def _read(self) -> None:
        """A line was written above all entries, and that changes nothing by itself."""
        self.calendar = {
            entry: replace(one, line=one.line + 1) for entry, one in self.calendar.items()
        }
        planned = [
            delivery for entry, one in self.calendar.items() for delivery in one.deliveries(entry)
        ]
        rows = {row.key: row for row in self.hand.rows()}
        same = [
            rows[one.key]
            for one in planned
            if one.key in rows and (rows[one.key].post, rows[one.key].due) == (one.post, one.due)
        ]
        self.hand.plan(planned, self.time(), SOUGHT)

        rows = {row.key: row for row in self.hand.rows()}
        for row in same:
            if row.reason != REMOVED:
                assert replace(rows[row.key], place=row.place) == row, (
                    f"{row.key} was not edited, and is another"
                )

    # Time

    @rule(seconds=some_time)
    def time_passes(self, seconds: float) -> None:
        self.world.pass_(seconds)

    @rule(by=jumps)
    def the_clock_is_set(self, by: float) -> None:
        self.time.set(by)
        self.hand.clock_was_set(by, self.time())
        self.hand.in_time_again(self.time())

    # Processes

    @rule(process=processes)
    def work(self, process: int) -> None:
        self._work(process, Script())

    @rule(process=processes, visible=visible, others=others)
    def work_while_requests_fail(self, process: int, visible: list[str], others: list[str]) -> None:
        self._something_is_due()
        self._work(process, Script(visible, others))

    @rule(process=processes, visible=visible, others=others)
    def work_when_the_clock_rings(
        self, process: int, visible: list[str], others: list[str]
    ) -> None:
        rings = self.hand.next_due(self.time())
        if rings is not None:
            self.world.pass_((rings - self.time()).total_seconds())
        self._work(process, Script(visible, others))

    @rule(process=processes, visible=visible, events=events)
    def work_when_the_clock_rings_while_things_happen(
        self, process: int, visible: list[str], events: dict[str, object]
    ) -> None:
        rings = self.hand.next_due(self.time())
        if rings is not None:
            self.world.pass_((rings - self.time()).total_seconds())
        self._work(process, Script(visible), events)

    @rule(process=processes, events=events)
    def work_while_things_happen(self, process: int, events: dict[str, object]) -> None:
        self._something_is_due()
        self._work(process, Script(), events)

    @rule(process=processes, visible=visible, others=others, events=events)
    def work_while_all_goes_wrong(
        self, process: int, visible: list[str], others: list[str], events: dict[str, object]
    ) -> None:
        self._something_is_due()
        self._work(process, Script(visible, others), events)

    def _something_is_due(self) -> None:
        if not self.hand.accounts_due(self.time()):
            self.an_entry_is_written(len(self.calendar), 1 + len(self.calendar) % 2, 0.0, "skip")

    def _work(
        self, process: int, script: Script, events: Mapping[str, object] = MappingProxyType({})
    ) -> None:
        one = self.processes[process]
        with one.having(
            replace(
                script, at={moment: self._happening(one, event) for moment, event in events.items()}
            )
        ):
            one.ring()

    @rule(process=processes)
    def a_process_is_ended(self, process: int) -> None:
        self.processes[process].died()

    def _happening(self, process: Process, event: object) -> Callable[[], None]:
        def happens() -> None:
            if event == "dies":
                raise Crash
            if event == "store fails":
                raise StoreFailed("the disk is full")
            seconds, meanwhile = event  # type: ignore[misc]
            self.world.pass_(seconds)
            for doing in meanwhile:
                with process.having(Script()):
                    self._done(doing, process)

        return happens

    def _done(self, doing: str, process: Process) -> None:
        """Something that happens in the middle of another process's work."""
        other = self.processes[process is self.processes[0]]
        if doing.startswith("another") and not other.busy:
            script = {
                "another works": Script(),
                "another loses an answer": Script(["lost"]),
                "another dies after sending": Script(
                    at={"answered status 1": self._happening(other, "dies")}
                ),
            }[doing]
            with other.having(script):
                other.ring()
        elif doing == "own beat":
            process.beat()
        elif doing == "own ring":
            process.ring()
        elif doing == "login":
            self.a_person_logs_in()
        elif doing == "edit":
            for entry in sorted(self.calendar)[-4:]:
                self._edited(entry, "Mended meanwhile")
        elif doing == "remove":
            for entry in sorted(self.calendar)[-4:]:
                self._removed_or_back(entry)
        elif doing.startswith("clock"):
            self.the_clock_is_set(-600.0 if doing == "clock back" else 600.0)
        elif doing in ("again", "cancel", "retry"):
            deed = {
                "again": lambda key: self.a_person_resolves(key, "again"),
                "cancel": self.a_person_cancels,
                "retry": self.a_person_retries,
            }
            for row in self.hand.rows():
                deed[doing](row.key)

    # Persons

    @rule(nth=any_number, how=decisions)
    def a_person_decides(self, nth: int, how: str) -> None:
        wanted = (
            [status.IN_DOUBT]
            if how in ("published", "again", "drop")
            else [one for one in MAY_BECOME if MAY_BECOME[one]]
        )
        keys = [row.key for row in self.hand.rows(statuses=wanted)]
        if how == "login":
            self.a_person_logs_in()
        elif keys:
            decide = {"retry": self.a_person_retries, "cancel": self.a_person_cancels}.get(
                how, lambda key: self.a_person_resolves(key, how)
            )
            decide(keys[nth % len(keys)])

    def a_person_logs_in(self) -> None:
        for account in self.accounts:
            self.hand.accounts.release(account, self.time())

    def a_person_resolves(self, key: str, how: str) -> None:
        with suppress(WrongStatus):
            sent = self.world.sent(key)
            self.hand.resolve(
                key,
                published=Published(id="", url="https://x.test/9") if how == "published" else None,
                again=how == "again",
                now=self.time(),
            )
            self.known_to_person[key] = sent
            self.allowed[key] = sent - 1 + (how == "again")
            if how == "published":
                self.world.said_up.add(key)
            if how == "drop":
                self.dropped.add(key)

    def a_person_retries(self, key: str) -> None:
        with suppress(WrongStatus):
            self.hand.retry(key, self.time())
            if key in self.dropped:  # it may be up, and the person has chosen to forget it
                self.dropped.discard(key)
                self.allowed[key] = self.world.sent(key)

    def a_person_cancels(self, key: str) -> None:
        with suppress(WrongStatus):
            self.hand.cancel(key)
            self.cancelled.add(key)

    # The promises

    @invariant()
    def the_promises_hold(self) -> None:
        type(self).steps += 1
        self.once()
        self.the_store_knows_what_is_up()
        self.statuses_move_by_the_table_and_bad_ends_are_told()
        self.what_waits_for_a_login_is_let_go_by_one()

    def once(self) -> None:
        assert not self.world.broken, self.world.broken
        for key, times in Counter(one.key for one in self.world.ups).items():
            assert times <= 1 + self.allowed[key], f"{key} is up {times} times"

    def the_store_knows_what_is_up(self) -> None:
        left, up = self.log.left(), {one.key for one in self.world.ups}
        for row in self.hand.rows():
            if row.status == status.PUBLISHED:
                assert row.key in self.world.said_up or row.key in up, f"{row.key} is not up"
            elif (
                self.world.sent(row.key) > self.known_to_person[row.key]
                and row.status != status.IN_DOUBT
            ):
                assert row.key in left, (
                    f"{row.key} was sent, is {row.status}, and nobody knows of it any more"
                )
                assert row.status not in GIVEN_UP or row.key in self.cancelled, (
                    f"{row.key} was sent and is {row.status}"
                )

    def statuses_move_by_the_table_and_bad_ends_are_told(self) -> None:
        ended: Counter[str] = Counter()
        for key, old, new in self.log.moves():
            edited = old in GIVEN_UP and new in (
                status.HELD,
                status.MISSED,
            )  # scheduled anew, and what the calendar says of it
            assert new in MAY_BECOME[old] or edited, f"{key} was {old} and is {new}"
            ended[new] += new in TOLD and not edited
        ended["held"] = self.log.held()
        told = self.log.notices()

        for kind in (*TOLD, "held"):
            assert told[kind] == ended[kind], (
                f"{ended[kind]} became {kind}, and {told[kind]} notices were written"
            )

    def what_waits_for_a_login_is_let_go_by_one(self) -> None:
        waiting = [row for row in self.hand.rows(statuses=[status.HELD]) if row.reason == "login"]
        held = self.hand.accounts.held() if waiting else {}
        for row in waiting:
            assert row.account in held, f"{row.key} waits for a login that nobody knows of"

    def teardown(self) -> None:
        try:
            self._rests()
        finally:
            for process in self.processes:
                process.died()
            self.log.connection.close()
            self.hand.close()
            self.folder.cleanup()

    def _rests(self) -> None:
        """Without faults everything comes to an end, and the daemon's clock rings whenever there is something to do: when something
        comes due, and a moment after something was written.
        """
        self.a_person_logs_in()
        for _ in range(200):
            written = self._written()
            self.processes[0].ring()
            rings = (
                self.time() + LOOK
                if self._written() != written
                else self.hand.next_due(self.time())
            )
            if rings is None:
                break
            self.world.pass_((rings - self.time()).total_seconds())
        else:
            raise AssertionError(f"it never rests; the next ring is at {rings}")
        rows = {row.key: row for row in self.hand.rows()}
        for row in rows.values():
            assert row.status != status.PUBLISHING, f"{row.key} is left as publishing"
            assert row.status != status.SCHEDULED or self._waits_for_the_part_before(row, rows), (
                f"{row.key} is due and stands still"
            )
        self.the_promises_hold()

    def _written(self) -> int:
        return int(self.log.connection.execute("PRAGMA data_version").fetchone()[0])

    def _waits_for_the_part_before(self, row: Row, rows: dict[str, Row]) -> bool:
        return row.after is not None and rows[row.after].status != status.PUBLISHED


def test_the_promises_hold_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(
        logging.CRITICAL, "termbell"
    )  # what is said of thousands of faults is of no interest
    drawn = os.environ.get("TERMBELL_PROMISES_SEED")
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=drawn is None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
    )
    Promises.steps = 0

    run_state_machine_as_test(seed(int(drawn))(Promises) if drawn else Promises, settings=chosen)

    print(f"{Promises.steps} steps, seed {drawn or 'fixed'}")
    assert Promises.steps >= min(5000, EXAMPLES * STEPS * 4 // 5)
