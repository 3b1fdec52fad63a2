"""When it is tried again, and when no more."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.engine.retrying import MOST_ATTEMPTS, gives_up, is_over, may_be_late, pause
from scheduler.store import Row, Store
from tests.engine.support import a_delivery
from tests.support import DUE

END = DUE + timedelta(hours=2)  # of the grace
TICK = timedelta(microseconds=1)


def a_row(folder: Path, attempts: int = 1, **changes: object) -> Row:
    store = Store(folder / "store.db", DUE)
    store.plan([a_delivery(**changes)], DUE - timedelta(days=1))
    for nth in range(attempts):
        row = store.claim("main", "me", DUE + timedelta(seconds=nth))
        assert row
        store.again(row, DUE, "down")
    return store.row("k1")


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [(0, 5), (1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10, 900), (50, 900)],
)
def test_the_pause_doubles_up_to_a_quarter_of_an_hour(attempts: int, seconds: float):
    assert pause(attempts, None, 1.0) == timedelta(seconds=seconds)


def test_the_pause_is_spread_and_never_shorter_than_the_platform_asks():
    pauses = [pause(2, None).total_seconds() for _ in range(200)]

    assert 5 <= min(pauses) < max(pauses) <= 10
    assert pause(2, 7.0, 0.5) == timedelta(seconds=7)
    assert pause(2, 3.0, 0.5) == timedelta(seconds=5)


@pytest.mark.parametrize(("late_by", "expected"), [(-TICK, False), (0 * TICK, False), (TICK, True)])
def test_it_is_given_up_when_the_next_attempt_would_be_too_late(
    tmp_path: Path, late_by: timedelta, expected: bool
):
    row = a_row(tmp_path)

    assert gives_up(row, END + late_by, DUE) is expected
    assert is_over(row, END + late_by) is expected


@pytest.mark.parametrize("changes", [{"late": "publish"}, {"grace": 0.0}], ids=str)
def test_what_may_be_late_or_is_over_already_is_tried_so_often(
    tmp_path: Path, changes: dict[str, object]
):
    row = a_row(tmp_path, **changes)

    tried = [replace(row, attempts=n) for n in (MOST_ATTEMPTS - 1, MOST_ATTEMPTS)]
    now = END + TICK

    assert [gives_up(one, now, now) for one in tried] == [False, True]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({}, False), ({"late": "ask"}, False), ({"late": "publish"}, True)],
    ids=str,
)
def test_what_may_be_late_is_never_over(tmp_path: Path, changes: dict[str, object], expected: bool):
    row = a_row(tmp_path, **changes)

    assert may_be_late(row) is expected
    assert is_over(row, END + timedelta(days=9)) is not expected
