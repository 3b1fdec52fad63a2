"""Table O: whose a store is, whether it is the newest copy of itself, and what follows if not."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.base import Published, Request
from scheduler.store import AccountFacts, Row, Store
from scheduler.store.backups import back_up
from scheduler.store.identity import (
    COUNTER,
    HOST,
    MACHINE,
    ElsewhereError,
    Witness,
    state_folder,
    this_machine,
)
from tests.engine.support import a_delivery
from tests.support import DUE

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = DUE + HOUR
STATUS = Request(step="status", method="POST", url="https://x.test/posts")
FACTS = {
    "looks": AccountFacts(can_look=True),
    "keyed": AccountFacts(is_keyed=True),
    "blind": AccountFacts(),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "store.db", DUE - 2 * DAY)) as opened:
        yield opened


def planned(store: Store, **changes: object) -> None:
    """One delivery for each kind of account."""
    store.plan([a_delivery(name, entry=name, account=name, **changes) for name in FACTS], DUE - DAY)


def moved(store: Store, host: str | None = "old-laptop") -> None:
    """As if another machine had used the store."""
    store.keep_fact(MACHINE, "another")
    store.keep_fact(HOST, host)


def leave(store: Store, account: str = "blind") -> Row:
    """A visible request of the account's delivery leaves."""
    row = store.claim(account, "me", DUE)
    assert row
    store.journal.left(row.key, STATUS, row.claim, DUE)
    return row


def standing(store: Store) -> dict[str, tuple[str, bool]]:
    """The status of each, and whether it may be published already."""
    found = {}
    for row in store.rows():
        doubt = store.journal.unanswered(row.key)
        found[row.key] = (row.status, doubt is not None and doubt.is_suspicion)
    return found


def kinds(store: Store) -> list[str]:
    return [notice.kind for notice in store.notices.untold()]


# Another machine


def test_a_new_store_is_its_machines_and_goes_on_there(store: Store):
    planned(store)

    store.claim_machine(NOW, FACTS)
    store.claim_machine(NOW, FACTS)

    assert store.fact(MACHINE) == this_machine()
    assert set(standing(store).values()) == {("scheduled", False)}


@pytest.mark.parametrize(
    ("host", "named"), [("old-laptop", "old-laptop"), (None, "another machine")]
)
def test_from_another_machines_store_nothing_leaves(store: Store, host: str | None, named: str):
    moved(store, host)

    with pytest.raises(ElsewhereError, match=f"belongs to {named}.*run --take-over"):
        store.claim_machine(NOW, FACTS)

    assert store.fact(MACHINE) == "another"


def test_a_store_that_travels_goes_on_anywhere(store: Store):
    planned(store)
    moved(store)

    store.claim_machine(NOW, FACTS, travels=True)

    assert store.fact(MACHINE) == this_machine()
    assert set(standing(store).values()) == {("scheduled", False)}


def test_after_a_take_over_what_was_due_is_looked_for_or_held_with_one_question(store: Store):
    planned(store)
    moved(store)

    store.claim_machine(NOW, FACTS, take_over=True)

    assert standing(store) == {
        "blind": ("held", False),
        "keyed": ("scheduled", False),
        "looks": ("scheduled", True),
    }
    assert store.row("blind").reason == "new store"
    (notice,) = store.notices.untold()
    assert (notice.kind, notice.text) == ("new store", "1 held after the take-over: blind on blind")
    store.claim_machine(NOW, FACTS)


@pytest.mark.parametrize("sign", ["worked", "beat"])
@pytest.mark.parametrize(("ago", "is_suspect"), [(-HOUR, False), (HOUR, True)])
def test_a_take_over_asks_for_what_was_due_since_the_last_sign_of_life(
    store: Store, sign: str, ago: timedelta, is_suspect: bool
):
    planned(store)
    moved(store)
    at = DUE - ago
    if sign == "worked":
        store.worked(at)
    else:
        store.beat("old-laptop", 1, at, at)

    store.claim_machine(NOW + HOUR, FACTS, take_over=True)

    assert standing(store)["looks"] == ("scheduled", is_suspect)
    assert standing(store)["blind"] == ("held" if is_suspect else "scheduled", False)
    assert kinds(store) == ["new store"] * is_suspect


def test_the_later_sign_of_life_counts(store: Store):
    planned(store)
    moved(store)
    store.worked(DUE - DAY)
    store.beat("old-laptop", 1, DUE, DUE + timedelta(minutes=1))

    store.claim_machine(NOW, FACTS, take_over=True)

    assert kinds(store) == []


def test_a_take_over_leaves_what_is_due_later_what_is_known_and_an_own_doubt(store: Store):
    planned(store)
    store.plan(
        [
            *[a_delivery(name, entry=name, account=name) for name in FACTS],
            a_delivery("later", entry="later", account="blind", due=NOW + HOUR),
        ],
        DUE - DAY,
    )
    up = store.claim("looks", "me", DUE)
    assert up
    store.published(up, Published(id="1"), DUE)
    doubtful = leave(store)
    store.in_doubt(doubtful, "no answer", DUE)
    moved(store)

    store.claim_machine(NOW, FACTS, take_over=True)

    assert standing(store) == {
        "blind": ("in doubt", False),
        "keyed": ("scheduled", False),
        "later": ("scheduled", False),
        "looks": ("published", False),
    }


# An older copy


def test_the_witness_counts_what_leaves(store: Store):
    planned(store)
    with Witness(id=store.id, store=store.file) as witness:
        store.meet(witness, DUE)
        leave(store)
        leave(store, "looks")

        assert (witness.counter(), store.fact(COUNTER)) == (2, "2")


def test_a_store_that_agrees_with_its_witness_goes_on(store: Store):
    planned(store)
    with Witness(id=store.id, store=store.file) as witness:
        store.meet(witness, DUE)
        leave(store)

    with Witness(id=store.id, store=store.file) as witness:
        assert store.meet(witness, NOW) is False

    assert standing(store)["looks"] == ("scheduled", False)


def test_an_older_copy_looks_for_whatever_was_due(store: Store, tmp_path: Path):
    planned(store)
    backup = back_up(store.database, DUE)
    with Witness(id=store.id, store=store.file) as witness:
        store.meet(witness, DUE)
        leave(store)

    with (
        closing(Store(backup, NOW)) as older,
        Witness(id=older.id, store=backup) as witness,
    ):
        assert older.meet(witness, NOW) is True
        assert set(standing(older).values()) == {("scheduled", True)}
        assert older.meet(witness, NOW) is False
        assert older.fact(COUNTER) == "1"


def test_a_lower_number_changes_nothing_of_what_the_witness_knows(tmp_path: Path):
    with Witness(id="a", store=tmp_path / "store.db") as witness:
        witness.note(7)
        witness.note(3)

    with Witness(id="a", store=tmp_path / "store.db") as again:
        assert again.counter() == 7
        again.note(3)
        assert again.counter() == 7
        again.note(8)
        assert again.counter() == 8


def test_a_witness_is_a_file_of_the_persons_alone_and_silent_where_there_is_none(tmp_path: Path):
    witness = Witness(id="a", store=tmp_path / "store.db")
    assert witness.counter() == 0
    witness.note(5)
    assert witness.counter() == 0

    with witness:
        witness.note(5)

    assert (state_folder() / "stores" / "a").stat().st_mode & 0o777 == 0o600


def test_a_second_copy_is_refused_while_the_first_is_in_use(tmp_path: Path):
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    with (
        Witness(id="a", store=first),
        pytest.raises(ElsewhereError, match=r"second\.db: a copy.*first\.db"),
        Witness(id="a", store=second),
    ):
        raise AssertionError("it was let in")

    with Witness(id="a", store=second), Witness(id="b", store=first):
        pass


def test_where_the_state_folder_cannot_be_written_the_witness_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TERMBELL_STATE", str(tmp_path / "file"))

    with Witness(id="a", store=tmp_path / "store.db") as witness:
        witness.note(5)

        assert witness.counter() == 0


def test_each_new_store_has_an_id_of_its_own_which_stays(tmp_path: Path):
    ids = []
    for name in ("a.db", "b.db", "a.db"):
        with closing(Store(tmp_path / name, DUE)) as store:
            ids.append(store.id)

    assert ids[0] == ids[2]
    assert len({*ids, ""}) == 3
