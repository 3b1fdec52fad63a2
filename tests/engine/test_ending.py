from datetime import timedelta
from pathlib import Path

import pytest

from platforms.base import LoginNeeded, TryLater
from scheduler.config import ConfiguredAccount
from scheduler.engine.ending import stay_signed_in, warn
from scheduler.store import Store
from tests.engine.support import a_platform
from tests.engine.test_planning import an_account
from tests.support import DUE


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (15, []),
        (14, ["in 14 days"]),
        (8, ["in 8 days"]),
        (7, ["in 7 days"]),
        (3, ["in 3 days"]),
        (1, ["tomorrow"]),
        (0.5, ["today"]),
        (-1, ["credentials ended on 2026-09-06; log in again: termbell login main"]),
    ],
)
def test_an_end_is_warned_of_ahead(tmp_path: Path, days: float, said: list[str]) -> None:
    store = Store(tmp_path / "store.db", DUE)

    warn(store, ["main"], lambda account: DUE + timedelta(days=days), DUE)

    told = [notice.text for notice in store.notices.untold()]
    assert len(told) == len(said)
    assert all(words in text for text, words in zip(told, said, strict=True))


def test_each_of_the_days_is_said_once(tmp_path: Path) -> None:
    store, ends = Store(tmp_path / "store.db", DUE), DUE + timedelta(days=20)

    for hour in range(24 * 22):
        warn(store, ["main"], lambda account: ends, DUE + timedelta(hours=hour))

    assert [round((ends - notice.at) / timedelta(days=1)) for notice in store.notices.untold()] == [
        14,
        7,
        3,
        1,
        0,
    ]


@pytest.mark.parametrize(
    ("fault", "held", "told"),
    [
        (
            LoginNeeded("main: the sign-in has ended; log in again: termbell login main"),
            ["main"],
            1,
        ),
        (TryLater("the server is away"), [], 0),
    ],
)
def test_a_sign_in_that_turns_out_to_be_dead_is_told_before_the_next_post(
    tmp_path: Path, fault: Exception, held: list[str], told: int
) -> None:
    store, asked = Store(tmp_path / "store.db", DUE), []

    def renew(configured: ConfiguredAccount) -> None:
        asked.append(configured.name)
        raise fault

    for _ in range(2):
        stay_signed_in(store, an_account(a_platform()), renew, DUE)

    assert list(store.accounts.held()) == held
    assert len(store.notices.untold()) == told
    assert len(asked) == (1 if held else 2)


def test_what_has_no_known_end_is_not_warned_of(tmp_path: Path) -> None:
    store = Store(tmp_path / "store.db", DUE)

    warn(store, ["main"], lambda account: None, DUE)

    assert store.notices.untold() == []
