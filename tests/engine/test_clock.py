import threading
from datetime import UTC, datetime, timedelta

from scheduler.engine.clock import Clock


def test_rings_at_the_due_time() -> None:
    rung = threading.Event()
    due = datetime.now(UTC) + timedelta(seconds=0.2)
    rings = iter([lambda: due, lambda: rung.set()])  # when it is started, and then
    clock = Clock(ring=lambda: next(rings)(), look=lambda: False)
    clock.start()
    try:
        assert rung.wait(5)
        assert timedelta() <= datetime.now(UTC) - due < timedelta(seconds=0.5)
        assert clock.is_alive()
    finally:
        clock.stop()


def test_rings_when_the_wall_clock_was_set_and_says_by_how_much() -> None:
    rung, told = threading.Event(), []
    wall = [1000.0]
    clock = Clock(
        ring=lambda: rung.set() if told else None,
        look=lambda: False,
        was_set=told.append,
        wall=lambda: wall[0],
        monotonic=lambda: 5.0,
    )
    clock.start()
    try:
        assert not rung.is_set()
        wall[0] -= 3600
        assert rung.wait(5)
        assert told == [-3600]
    finally:
        clock.stop()


def test_a_clock_that_was_set_back_ends_the_wait_until_then() -> None:
    told = threading.Event()
    wall = [1000.0]
    clock = Clock(
        ring=lambda: None,
        look=lambda: False,
        was_set=lambda _: told.set(),
        wall=lambda: wall[0],
        monotonic=lambda: 5.0,
    )
    clock.start()
    try:
        clock._scheduler.modify_job(
            "look", next_run_time=datetime.now(UTC) + timedelta(hours=1)
        )  # as APScheduler finds itself then
        wall[0] -= 3600
        clock.rouse()
        assert told.wait(5)
    finally:
        clock.stop()


def test_a_machine_that_slept_is_no_clock_that_was_set() -> None:
    looked, told = threading.Event(), []
    at = [1000.0]
    clock = Clock(
        ring=lambda: None,
        look=looked.set,
        was_set=told.append,
        wall=lambda: at[0] + 7,
        monotonic=lambda: at[0],
    )  # type: ignore[arg-type]
    clock.start()
    try:
        at[0] += 3600
        assert looked.wait(5)
        assert told == []
    finally:
        clock.stop()


def test_rings_when_the_store_was_written_by_another() -> None:
    rung = threading.Event()
    clock = Clock(ring=rung.set, look=lambda: True)  # type: ignore[arg-type]
    clock.start()
    try:
        rung.clear()
        assert rung.wait(5)
    finally:
        clock.stop()


def test_a_stopped_clock_says_so() -> None:
    clock = Clock(ring=lambda: None, look=lambda: False)

    assert not clock.is_alive()
