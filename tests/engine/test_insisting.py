"""What is up and cannot be written down: a lock that another holds stands for every fault of the disk."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from platforms.base import Request, Response
from scheduler.engine.delivering import Desk
from scheduler.store import Store, StoreFailed
from tests.engine.support import a_bench
from tests.support import DUE, ok


class Locking:
    """A network: the answer to the post comes when the database has just been locked by another program."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self.store = store
        self.asked: list[str] = []
        self.other: sqlite3.Connection | None = None

    def __call__(self, request: Request) -> Response:
        request.fence()
        self.asked.append(request.step)
        if request.is_visible:
            self.other = sqlite3.connect(self.store().file, isolation_level=None)
            self.other.execute("BEGIN EXCLUSIVE")
        return ok(id="9")

    def let_go(self) -> None:
        assert self.other
        self.other.close()


def a_locked_desk(folder: Path, sleep: Callable[[float], None]) -> tuple[Desk, Locking]:
    bench = a_bench(folder, None)
    bench.store.close()
    bench.store = Store(bench.store.file, DUE, patience=0.05)
    bench.network = Locking(lambda: bench.store)
    return replace(bench.desk(), sleep=sleep), bench.network


def test_it_is_tried_until_it_can_and_not_sent_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            network.let_go()

    desk, network = a_locked_desk(tmp_path, sleep)

    desk.work("main")

    assert desk.store.row("k1").status == "published"
    assert network.asked == ["upload", "status"]
    assert slept == [1.0, 1.0, 1.0]
    said = [
        record.message for record in caplog.records if "cannot be written down" in record.message
    ]
    assert len(said) == 1
    assert "another program has held it locked" in said[0]


def test_a_daemon_that_is_stopped_leaves_it_to_the_next_start_which_finds_the_doubt(
    tmp_path: Path,
) -> None:
    desk, network = a_locked_desk(tmp_path, lambda _: pytest.fail("it was to stop"))
    stopping = iter((False, True, True))

    with pytest.raises(StoreFailed, match="another program has held it locked"):
        desk.work("main", lambda: next(stopping))

    network.let_go()
    assert desk.store.row("k1").status == "publishing"
    assert desk.store.journal.unanswered("k1") is not None
