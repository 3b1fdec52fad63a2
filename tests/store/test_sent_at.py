"""The time of the first attempt: stored before anything leaves, and the date that readers see."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

from platforms.base import HARMLESS, Request, Response
from scheduler.store import Row, Store
from tests.engine.support import a_delivery
from tests.support import DUE, a_post

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
STATUS = Request(step="status", method="POST", url="https://x.test/posts")
UPLOAD = Request(step="upload", method="POST", url="https://x.test/media", repeat=HARMLESS)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store.db", DUE)
    store.plan([a_delivery()], DUE - DAY)
    return store


def claimed(store: Store, after: timedelta = timedelta()) -> Row:
    row = store.claim("main", "me", DUE + after)
    assert row is not None
    return row


def left(store: Store, row: Row) -> None:
    """A visible request of the delivery leaves."""
    store.journal.left(row.key, STATUS, row.claim, DUE + MINUTE)


def test_it_is_stored_with_the_claim_and_stands_in_the_post(store: Store) -> None:
    row = claimed(store, after=MINUTE)

    assert row.post.date == DUE + MINUTE
    assert store.row("k1").sent_at == DUE + MINUTE


def test_a_post_that_was_never_tried_shows_its_due_time(store: Store) -> None:
    assert store.row("k1").sent_at is None
    assert store.row("k1").post.date == DUE


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda store, row: store.again(row, DUE + HOUR, "busy"),
        lambda store, row: store.release(DUE + MINUTE, by="me"),
        lambda store, row: [
            store.again(row, DUE + MINUTE, "busy"),
            store.clock_was_set(-1800, DUE - HOUR),
        ],
        lambda store, row: [
            store.again(row, DUE + MINUTE, "busy"),
            store.clock_was_set(86400, DUE + DAY),
        ],
    ],
    ids=["retry", "restart", "clock set back", "clock set forward"],
)
def test_it_is_the_same_in_every_attempt(
    store: Store, meanwhile: Callable[[Store, Row], object]
) -> None:
    meanwhile(store, claimed(store, after=MINUTE))

    row = claimed(store, after=HOUR)

    assert row.post.date == DUE + MINUTE


def the_text_is_edited(store: Store) -> None:
    store.plan([a_delivery(post=a_post(key="k1", text="Better words"))], DUE + MINUTE)


def the_time_is_edited(store: Store) -> None:
    store.plan([a_delivery(due=DUE + MINUTE)], DUE + MINUTE)


def a_person_retries(store: Store) -> None:
    store.retry("k1", DUE + HOUR)


@pytest.mark.parametrize("change", [the_text_is_edited, the_time_is_edited, a_person_retries])
def test_what_never_left_is_dated_by_the_attempt_after_a_persons_change(
    store: Store, change: Callable[[Store], None]
) -> None:
    row = claimed(store)
    store.journal.kept(row.key, UPLOAD, row.claim, Response(), DUE)
    store.again(row, DUE + MINUTE, "busy")

    change(store)

    assert claimed(store, after=HOUR).post.date == DUE + HOUR


@pytest.mark.parametrize("change", [the_text_is_edited, the_time_is_edited, a_person_retries])
def test_what_left_keeps_its_date_after_a_persons_change(
    store: Store, change: Callable[[Store], None]
) -> None:
    row = claimed(store)
    left(store, row)
    store.again(row, DUE + MINUTE, "no answer")

    change(store)

    assert claimed(store, after=HOUR).post.date == DUE


@pytest.mark.parametrize(
    "ended",
    [
        lambda store, row: store.failed(row, "refused", DUE),
        lambda store, row: [store.again(row, DUE + MINUTE, "busy"), store.cancel("k1")],
        lambda store, row: [
            store.again(row, DUE + MINUTE, "busy"),
            store.too_late(DUE + DAY),
        ],
    ],
    ids=["failed", "cancelled", "missed"],
)
def test_a_retry_of_what_ended_without_leaving_is_a_first_attempt(
    store: Store, ended: Callable[[Store, Row], object]
) -> None:
    ended(store, claimed(store))

    store.retry("k1", DUE + DAY)

    assert claimed(store, after=DAY).post.date == DUE + DAY


@pytest.mark.parametrize(("has_left", "date"), [(False, DUE + DAY), (True, DUE)])
def test_what_waited_for_a_login_keeps_its_date_only_if_it_left(
    store: Store, has_left: bool, date: object
) -> None:
    store.plan([a_delivery(late="publish")], DUE - DAY)
    row = claimed(store)
    if has_left:
        left(store, row)
    store.login_needed(row, "the token has expired", DUE)

    store.accounts.release("main", DUE + DAY)

    assert claimed(store, after=DAY).post.date == date


def test_a_doubt_that_is_resolved_with_again_keeps_its_date(store: Store) -> None:
    row = claimed(store)
    left(store, row)
    store.in_doubt(row, "no answer", DUE)

    store.resolve("k1", again=True, now=DUE + HOUR)

    assert claimed(store, after=HOUR).post.date == DUE


def test_what_an_earlier_version_tried_keeps_the_due_time_that_it_wrote(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    store_of_the_third_schema(file)

    store = Store(file, DUE)

    dates = {key: store.row(key).sent_at for key in ("tried", "published", "waiting")}
    assert dates == {"tried": DUE, "published": DUE, "waiting": None}


def store_of_the_third_schema(file: Path) -> None:
    """One delivery that was tried, one that is published, one that waits."""
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
        for name in ("0001_first", "0002_notices", "0003_interrupted"):
            import_module(f"scheduler.store.migrations.versions.{name}").upgrade()
    engine.dispose()
    due = round(DUE.timestamp() * 1_000_000)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('0003')")
        for key, status in (
            ("tried", "scheduled"),
            ("published", "published"),
            ("waiting", "scheduled"),
        ):
            connection.execute(
                "INSERT INTO deliveries (key, entry, account, platform, part, due, offset, grace,"
                " late, post, place, status, next_at, attempts, interrupted, changed_since)"
                " VALUES (?, ?, 'main', 'x', 0, ?, 0, 7200, 'skip', '{}', 'c.yaml:9', ?, ?, 1, 0, 0)",
                (key, key, due, status, due),
            )
        connection.execute(
            "INSERT INTO journal (delivery, step, digest, visible, remembered, left_at, sent_at,"
            " looks) VALUES ('tried', 'event', 'x', 1, -1, ?, ?, 0)",
            (due, due),
        )
        connection.commit()
