"""Planning after any renaming, copy or restore: nothing is sent twice, and no legitimate twin is held.

Small calendars are drawn, published in part, and then changed as people, scripts and disks do. What
leaves is sent to a world that knows what is really published there, whatever the store believes.
TERMBELL_PLANS_EXAMPLES draws more of it, TERMBELL_PLANS_SEED something else.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from platforms.base import Published, Request
from scheduler.calendar.model import Delivery
from scheduler.problems import Place
from scheduler.store import AccountFacts, Circumstances, Row, Store
from scheduler.store.backups import back_up
from scheduler.store.identity import Witness
from scheduler.store.restoring import Calendar as RestoredCalendar
from scheduler.store.restoring import contents_of, restore_into
from tests.engine.support import a_delivery
from tests.support import DUE, a_post

EXAMPLES = int(os.environ.get("TERMBELL_PLANS_EXAMPLES", "60"))
SEED = os.environ.get("TERMBELL_PLANS_SEED")
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
STATUS = Request(step="status", method="POST", url="https://x.test/posts")
LOOKS, BLIND = AccountFacts(can_look=True), AccountFacts()
FACTS = {"looks": LOOKS, "twin": LOOKS, "blind": BLIND}  # "looks" and "twin" are on one server
ORIGINS = {"looks": "x:1", "twin": "x:1", "blind": "x:2"}


@dataclass(frozen=True)
class Written:
    """An entry as it stands in the calendar."""

    id: str
    account: str  # as it was named first
    words: str
    due_in: int  # half hours after `DUE`
    parts: int = 1
    file: str = "calendar.yaml"
    line: int = 1
    rendering: int = 0
    late: str = "publish"


@dataclass
class World:
    """A store, its calendar, and what is really published: profile, due time and content."""

    folder: Path
    now_in: int = -2  # half hours after `DUE`
    entries: list[Written] = field(default_factory=list)
    aside: list[Written] = field(default_factory=list)  # removed, and may come back
    names: dict[str, str] = field(default_factory=lambda: {name: name for name in FACTS})
    published: list[tuple[str, int, str]] = field(default_factory=list)
    edits: int = 0

    def __post_init__(self) -> None:
        os.environ["TERMBELL_STATE"] = str(self.folder / "state")
        self.file = self.folder / "store.db"
        self.store = Store(self.file, DUE - WEEK)
        self.witness: Witness | None = None
        self.meet()
        self.knows_profiles = False

    @property
    def now(self) -> datetime:
        return DUE + self.now_in * HOUR / 2

    # The store

    def meet(self) -> None:
        self.witness = Witness(id=self.store.id, store=self.file)
        self.witness.__enter__()
        self.store.meet(self.witness, self.now)

    def close(self) -> None:
        assert self.witness
        self.witness.__exit__(None, None, None)
        self.store.close()

    def reopen(self, change: Callable[[], None] = lambda: None) -> None:
        self.close()
        change()
        self.store = Store(self.file, self.now)
        self.meet()

    def learn_profiles(self) -> None:
        self.knows_profiles = True
        for account, name in self.names.items():
            self.store.accounts.learn_profile(name, ORIGINS[account], f"@{account}")

    # The calendar

    @property
    def circumstances(self) -> Circumstances:
        return Circumstances(accounts={self.names[name]: facts for name, facts in FACTS.items()})

    def deliveries(self) -> list[Delivery]:
        return [part for entry in self.entries for part in self._parts(entry)]

    def _parts(self, entry: Written) -> Iterator[Delivery]:
        name, due = self.names[entry.account], DUE + entry.due_in * HOUR / 2
        keys = [f"{entry.id}-{name}-{part}" for part in range(entry.parts)]
        for part, key in enumerate(keys):
            text = f"{entry.words} {part}{' ' * entry.rendering}"
            yield a_delivery(
                key,
                entry=entry.id,
                account=name,
                due=due,
                part=part,
                after=keys[part - 1] if part else None,
                late=entry.late,
                place=Place(entry.file, entry.line),
                post=a_post(key=key, due=due, text=text),
                content=f"1:{entry.words} {part}",
                origin=ORIGINS[entry.account],
            )

    def plan(self) -> None:
        self.store.plan(self.deliveries(), self.now, self.circumstances)

    # What leaves

    def publish(self, most: int = 1000, loses: bool = False) -> None:
        """Does what the desk does, with a look that errs in nothing."""
        for _ in range(most):
            row = self._claimed()
            if row is None:
                return
            doubt = self.store.journal.unanswered(row.key)
            if doubt and self._is_published(row) and self._can_look(row):
                self.store.published(row, Published(id=self._id(row)), self.now)
            elif doubt and not (doubt.is_suspicion and self._can_look(row)):
                self.store.in_doubt(row, "no answer", self.now)
            else:
                self._send(row, loses)

    def _claimed(self) -> Row | None:
        for account in self.store.accounts_due(self.now):
            row = self.store.claim(account, "me", self.now)
            if row:
                return row
        return None

    def _send(self, row: Row, loses: bool) -> None:
        self.store.journal.left(row.key, STATUS, row.claim, self.now)
        assert not self._is_published(row), f"{row.name} is published already"
        self.published.append(self._identity(row))
        if loses:
            self.store.in_doubt(row, "no answer", self.now)
        else:
            self.store.published(row, Published(id=self._id(row)), self.now)

    def _identity(self, row: Row) -> tuple[str, int, str]:
        account = next(name for name, given in self.names.items() if given == row.account)
        return account, (row.due - DUE) // (HOUR / 2), row.content or ""

    def _is_published(self, row: Row) -> bool:
        return self._identity(row) in self.published

    def _id(self, row: Row) -> str:
        return str(self._identity(row))

    def _can_look(self, row: Row) -> bool:
        return self.circumstances.accounts[row.account].can_look


@contextmanager
def a_world(calendar: list[Written]) -> Iterator[World]:
    state = os.environ.get("TERMBELL_STATE")
    with tempfile.TemporaryDirectory(prefix="plans-") as folder:
        world = World(Path(folder))
        world.entries = [replace(entry, line=10 * n) for n, entry in enumerate(calendar, 1)]
        world.plan()
        try:
            yield world
        finally:
            world.close()
            if state is None:
                del os.environ["TERMBELL_STATE"]
            else:
                os.environ["TERMBELL_STATE"] = state


# What happens to calendars and stores

Change = Callable[[World], None]


def time_passes(half_hours: int) -> Change:
    def change(world: World) -> None:
        world.now_in += half_hours

    return change


def some_is_published(most: int) -> Change:
    return lambda world: world.publish(most)


def an_answer_is_lost(world: World) -> None:
    world.publish(1, loses=True)


def ids_are_exchanged(order: list[int]) -> Change:
    """Also one that the calendar did not know before."""

    def change(world: World) -> None:
        ids = sorted({entry.id for entry in (*world.entries, *world.aside)})
        world.edits += 1
        taken = [*ids, f"new{world.edits}"]
        names = {old: taken[order[n] % len(taken)] for n, old in enumerate(ids) if n < len(order)}
        if len(set(names.values())) == len(names):
            renamed = {old: names.get(old, old) for old in ids}
            if len(set(renamed.values())) == len(ids):
                for entries in (world.entries, world.aside):
                    entries[:] = [replace(one, id=renamed[one.id]) for one in entries]

    return change


def an_entry_is_written_in_front(world: World) -> None:
    """A script counts its ids, so that each has the id of the one before it."""
    ids = [entry.id for entry in world.entries]
    world.edits += 1
    first = Written("", "looks", f"news {world.edits}", world.now_in + 1)
    world.entries = [
        replace(entry, id=name)
        for name, entry in zip([*ids, f"new{world.edits}"], [first, *world.entries], strict=True)
    ]


def an_entry_is_renamed(nth: int, beside: bool) -> Change:
    """Where `beside`, another one that is new stands at its time, and before it in the file."""

    def change(world: World) -> None:
        if not world.entries:
            return
        world.edits += 1
        old = world.entries.pop(nth % len(world.entries))
        world.entries.append(replace(old, id=f"new{world.edits}"))
        if beside:
            other = replace(old, id=f"other{world.edits}", words=f"other {world.edits}", line=0)
            world.entries.append(other)

    return change


def an_account_is_renamed(account: str) -> Change:
    def change(world: World) -> None:
        world.edits += 1
        world.names[account] = f"{account}{world.edits}"
        if world.knows_profiles:
            world.learn_profiles()

    return change


def an_entry_is_moved(nth: int, file: str) -> Change:
    return changed(nth, lambda world, entry: replace(entry, file=file, line=entry.line + 7))


def a_text_is_edited(nth: int) -> Change:
    def edited(world: World, entry: Written) -> Written:
        world.edits += 1
        return replace(entry, words=f"edit {world.edits}")

    return changed(nth, edited)


def only_the_rendering_changes(world: World) -> None:
    world.entries = [replace(entry, rendering=entry.rendering + 1) for entry in world.entries]


def changed(nth: int, edit: Callable[[World, Written], Written]) -> Change:
    def change(world: World) -> None:
        if world.entries:
            at = nth % len(world.entries)
            world.entries[at] = edit(world, world.entries[at])

    return change


def an_entry_is_removed_or_comes_back(nth: int) -> Change:
    def change(world: World) -> None:
        every = [*world.entries, *world.aside]
        one = every[nth % len(every)]
        here, there = (
            (world.entries, world.aside) if one in world.entries else (world.aside, world.entries)
        )
        here.remove(one)
        there.append(one)

    return change


def the_store_is_kept(world: World) -> None:
    world.reopen(lambda: shutil.copy(world.file, world.folder / "copy.db"))


def the_copy_comes_back(world: World) -> None:
    copy = world.folder / "copy.db"
    if copy.exists():

        def put_back() -> None:
            for end in ("-wal", "-shm"):
                world.file.with_name(world.file.name + end).unlink(missing_ok=True)
            shutil.copy(copy, world.file)

        world.reopen(put_back)


def a_backup_is_made(world: World) -> None:
    back_up(world.store.database, world.now).replace(world.folder / "backup.db")


def the_backup_is_restored(world: World) -> None:
    backup = world.folder / "backup.db"
    if backup.exists():
        calendar = RestoredCalendar(
            deliveries=tuple(world.deliveries()), circumstances=world.circumstances
        )
        contents = contents_of(backup, world.now)
        restore_into(world.store.database, contents, calendar, world.now)


def profiles_are_learnt(world: World) -> None:
    world.learn_profiles()


any_number = st.integers(0, 5)
written = st.builds(
    Written,
    id=st.just(""),
    account=st.sampled_from(sorted(FACTS)),
    words=st.sampled_from(["Hello", "Welcome"]),
    due_in=st.sampled_from([0, 0, 1, 2, 4, 336]),
    parts=st.sampled_from([1, 1, 1, 2]),
    late=st.sampled_from(["publish", "publish", "skip", "ask"]),
)
calendars = st.lists(
    written, min_size=1, max_size=4, unique_by=lambda one: (one.account, one.words, one.due_in)
).map(lambda entries: [replace(entry, id=f"e{n}") for n, entry in enumerate(entries)])
changes = st.one_of(
    st.builds(time_passes, st.sampled_from([1, 1, 2, 5])),
    st.builds(some_is_published, st.integers(1, 3)),
    st.sampled_from(
        [
            an_answer_is_lost,
            an_entry_is_written_in_front,
            only_the_rendering_changes,
            the_store_is_kept,
            the_copy_comes_back,
            a_backup_is_made,
            the_backup_is_restored,
            profiles_are_learnt,
        ]
    ),
    st.builds(ids_are_exchanged, st.lists(any_number, min_size=2, max_size=5)),
    st.builds(an_entry_is_renamed, any_number, st.booleans()),
    st.builds(an_account_is_renamed, st.sampled_from(sorted(FACTS))),
    st.builds(an_entry_is_moved, any_number, st.sampled_from(["a.yaml", "calendar.yaml"])),
    st.builds(a_text_is_edited, any_number),
    st.builds(an_entry_is_removed_or_comes_back, any_number),
)
chosen = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=SEED is None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
drawn = seed(int(SEED)) if SEED else lambda test: test


@drawn
@chosen
@given(calendar=calendars, happenings=st.lists(changes, min_size=1, max_size=9))
def test_nothing_is_sent_twice_whatever_is_renamed_copied_or_restored(
    calendar: list[Written], happenings: list[Change]
):
    with a_world(calendar) as world:
        time_passes(3)(world)
        world.publish(2)

        for happens in happenings:
            happens(world)
            world.plan()
        world.publish()
        time_passes(400)(world)
        world.publish()

        assert len(set(world.published)) == len(world.published)


def next_week(world: World, entry: Written) -> Written:
    return replace(entry, due_in=world.now_in + 336)


def on_another_profile(world: World, entry: Written) -> Written:
    others = {"looks": "twin", "twin": "looks", "blind": "looks"}
    return replace(entry, account=others[entry.account])


def in_another_place(world: World, entry: Written) -> Written:
    others = {"looks": "blind", "twin": "blind", "blind": "twin"}
    return replace(entry, account=others[entry.account])


mild_changes = st.one_of(
    st.builds(some_is_published, st.integers(1, 3)),
    st.sampled_from([only_the_rendering_changes, profiles_are_learnt, the_store_is_kept]),
    st.builds(an_entry_is_renamed, any_number, st.just(False)),
    st.builds(an_entry_is_moved, any_number, st.sampled_from(["a.yaml", "calendar.yaml"])),
    st.builds(a_text_is_edited, any_number),
    st.builds(an_entry_is_removed_or_comes_back, any_number),
)


@drawn
@chosen
@given(
    entry=st.builds(replace, written, id=st.just("e0"), due_in=st.just(0)),
    happenings=st.lists(mild_changes, max_size=5),
    a_twin=st.sampled_from([next_week, on_another_profile, in_another_place]),
    is_removed=st.booleans(),
)
def test_no_legitimate_twin_is_held(
    entry: Written,
    happenings: list[Change],
    a_twin: Callable[[World, Written], Written],
    is_removed: bool,
):
    with a_world([entry]) as world:
        time_passes(3)(world)
        world.publish()
        for happens in happenings:
            happens(world)
            world.plan()

        original = [*world.entries, *world.aside][0]
        twin = replace(a_twin(world, original), id="twin", line=1, late="publish")
        world.entries.append(twin)
        if is_removed and original in world.entries:
            world.entries.remove(original)
        world.plan()

        statuses = {(row.status, row.reason) for row in world.store.rows(entry="twin")}
        assert statuses == {("scheduled", None)}
