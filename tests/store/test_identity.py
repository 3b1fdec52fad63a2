"""Table O: a store that is used on another machine, twice at once, or is an older copy of itself."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from scheduler.store import AccountFacts, Circumstances, Store
from scheduler.store.identity import HOST, MACHINE, ElsewhereError, Witness
from scheduler.store.tables import facts
from tests.engine.support import a_delivery
from tests.support import DUE

ACCOUNTS = {
    "keyed": AccountFacts(is_keyed=True),
    "listed": AccountFacts(can_look=True),
    "mail": AccountFacts(),
}


def a_store(folder: Path) -> Path:
    """With a delivery of each account, due at `DUE`; it belongs to nobody yet."""
    file = folder / "store.db"
    with closing(Store(file, DUE.replace(year=2025))) as store:
        planned = [a_delivery(name, account=name) for name in ACCOUNTS]
        store.plan(planned, DUE.replace(year=2025), Circumstances(accounts=ACCOUNTS))
    return file


def of_another_machine(file: Path) -> Path:
    with closing(Store(file, DUE)) as store:
        store.claim_machine(DUE, ACCOUNTS)
        with store.database.writing() as connection:
            for name, value in ((MACHINE, "another"), (HOST, "staffroom")):
                connection.execute(update(facts).where(facts.c.name == name).values(value=value))
    return file


def statuses(store: Store) -> dict[str, str]:
    return {row.key: row.status for row in store.rows()}


def sought(store: Store) -> set[str]:
    """What is looked for, or is in doubt, before it leaves."""
    return {row.key for row in store.rows() if store.journal.unanswered(row.key)}


def test_from_another_machines_store_nothing_leaves(tmp_path: Path):
    file = of_another_machine(a_store(tmp_path))

    with closing(Store(file, DUE)) as store, pytest.raises(ElsewhereError, match="staffroom"):
        store.claim_machine(DUE, ACCOUNTS)


def test_after_a_take_over_what_was_due_is_looked_for_or_held(tmp_path: Path):
    file = of_another_machine(a_store(tmp_path))

    with closing(Store(file, DUE)) as store:
        store.claim_machine(DUE, ACCOUNTS, take_over=True)

        assert statuses(store) == {"keyed": "scheduled", "listed": "scheduled", "mail": "held"}
        assert sought(store) == {"listed"}
        assert [notice.kind for notice in store.notices.untold()] == ["new store"]


def test_after_a_take_over_the_store_is_this_machines(tmp_path: Path):
    file = of_another_machine(a_store(tmp_path))

    with closing(Store(file, DUE)) as store:
        store.claim_machine(DUE, ACCOUNTS, take_over=True)
        store.claim_machine(DUE, ACCOUNTS)

        assert store.fact(MACHINE) != "another"


def test_what_is_not_due_yet_is_no_question_after_a_take_over(tmp_path: Path):
    file = of_another_machine(a_store(tmp_path))
    before = DUE.replace(year=2026, month=1)

    with closing(Store(file, before)) as store:
        store.claim_machine(before, ACCOUNTS, take_over=True)

        assert set(statuses(store).values()) == {"scheduled"}
        assert sought(store) == set()


def test_a_store_that_travels_goes_on_as_if_nothing_were(tmp_path: Path):
    file = of_another_machine(a_store(tmp_path))

    with closing(Store(file, DUE)) as store:
        store.claim_machine(DUE, ACCOUNTS, travels=True)

        assert set(statuses(store).values()) == {"scheduled"}
        assert sought(store) == set()


def a_witness(file: Path) -> Witness:
    with closing(Store(file, DUE)) as store:
        return Witness(id=store.id, store=file)


def test_a_copy_of_a_store_that_is_in_use_is_refused(tmp_path: Path):
    file = a_store(tmp_path)
    copy = tmp_path / "copy.db"
    shutil.copy(file, copy)

    with a_witness(file), pytest.raises(ElsewhereError, match=str(file)), a_witness(copy):
        pass

    with a_witness(copy):  # it is free when the other has ended
        pass


def test_an_older_copy_of_the_store_looks_for_what_was_due(tmp_path: Path):
    file = a_store(tmp_path)
    with a_witness(file) as witness:
        witness.note(3)

    with a_witness(file) as witness, closing(Store(file, DUE)) as store:
        assert store.meet(witness, DUE)
        assert sought(store) == {"keyed", "listed", "mail"}
        assert not store.meet(witness, DUE)


def test_the_newest_copy_of_the_store_looks_for_nothing(tmp_path: Path):
    file = a_store(tmp_path)
    with closing(Store(file, DUE)) as store, store.database.writing() as connection:
        connection.execute(update(facts).where(facts.c.name == "counter").values(value="3"))
    with a_witness(file) as witness:
        witness.note(3)

    with a_witness(file) as witness, closing(Store(file, DUE)) as store:
        assert not store.meet(witness, DUE)
        assert sought(store) == set()


def test_a_state_folder_that_cannot_be_written_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("TERMBELL_STATE", str(tmp_path / "a file"))

    with a_witness(a_store(tmp_path)) as witness:
        witness.note(3)

        assert witness.counter() == 0
