from dataclasses import replace
from datetime import timedelta

from platforms.base import Cap, Limits
from scheduler.engine.rationing import free_at, too_many
from tests.engine.support import LIMITS, a_delivery
from tests.support import DUE

HOUR = timedelta(hours=1)
TWO_A_DAY = Cap(posts=2, seconds=86400)


def limits(*caps: Cap) -> dict[str, Limits]:
    return {"main": replace(LIMITS, caps=caps), "second": replace(LIMITS, caps=caps)}


def test_a_window_with_room_is_free_now():
    assert free_at([TWO_A_DAY], lambda cap: [DUE - HOUR], DUE) == DUE


def test_a_full_window_is_free_when_its_oldest_is_far_enough_back():
    assert (
        free_at(
            [TWO_A_DAY, Cap(posts=1, seconds=60)], lambda cap: [DUE - 3 * HOUR, DUE - HOUR], DUE
        )
        == DUE + 21 * HOUR
    )


def test_without_caps_everything_is_free():
    assert free_at([], lambda cap: [DUE] * 1000, DUE) == DUE


def test_what_a_cap_lets_out_too_late_is_said_with_its_place():
    deliveries = [a_delivery(f"k{n}", entry=f"entry-{n}", due=DUE + n * HOUR) for n in range(3)]

    (problem,) = too_many(deliveries, limits(TWO_A_DAY))

    assert str(problem) == (
        "config.yaml:9: entry-2: x takes 2 posts in 1 day, and this is one more (main): it could leave at 2026-09-08 08:30, "
        "when it is too late; move it, or raise its `grace`"
    )
    assert problem.severity == "warning"


def test_what_may_go_out_late_waits_for_its_turn():
    deliveries = [
        a_delivery(f"k{n}", entry=f"entry-{n}", due=DUE + n * HOUR, late="publish")
        for n in range(3)
    ]

    assert list(too_many(deliveries, limits(TWO_A_DAY))) == []


def test_a_cap_of_the_app_counts_all_accounts_of_the_platform():
    deliveries = [
        a_delivery(f"k{n}", entry=f"entry-{n}", account=account)
        for n, account in enumerate(["main", "second", "main"])
    ]

    assert list(too_many(deliveries, limits(TWO_A_DAY))) == []
    assert len(list(too_many(deliveries, limits(Cap(posts=2, seconds=86400, of="app"))))) == 1
