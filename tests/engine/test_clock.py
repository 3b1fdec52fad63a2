import threading
from datetime import UTC, datetime, timedelta

from scheduler.engine.clock import Clock


def test_rings_at_the_due_time() -> None:
    rung = threading.Event()
    due = datetime.now(UTC) + timedelta(seconds=0.2)
    clock = Clock(ring=rung.set, next_due=lambda: None if rung.is_set() else due, look=lambda: False)
    clock.start()
    try:
        assert rung.wait(5)
        assert timedelta() <= datetime.now(UTC) - due < timedelta(seconds=0.5)
        assert clock.is_alive()
    finally:
        clock.stop()


def test_rings_when_the_wall_clock_jumps() -> None:
    rung = threading.Event()
    wall = [1000.0]
    clock = Clock(ring=rung.set, next_due=lambda: None, look=lambda: False, wall=lambda: wall[0], monotonic=lambda: 5.0)
    clock.start()
    try:
        assert not rung.is_set()
        wall[0] += 3600
        assert rung.wait(5)
    finally:
        clock.stop()


def test_rings_when_the_store_was_written_by_another() -> None:
    rung = threading.Event()
    clock = Clock(ring=rung.set, next_due=lambda: None, look=lambda: True)
    clock.start()
    try:
        assert rung.wait(5)
    finally:
        clock.stop()


def test_a_stopped_clock_says_so() -> None:
    clock = Clock(ring=lambda: None, next_due=lambda: None, look=lambda: False)

    assert not clock.is_alive()
