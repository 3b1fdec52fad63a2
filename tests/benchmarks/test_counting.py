"""The proof can fail: what it counts as lost, as twice, as in doubt."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.proof.calendar import Intended
from benchmarks.proof.counting import LIMIT, Tally, counted, lateness

FIRST = Intended("snac", "a", 0, "worda1x", "snac", may_be_late=False)
SECOND = Intended("snac", "a", 1, "worda2x", "snac")
TWIN = Intended("snac", "b", 0, "worda1x", "snac")


def row(status: str, part: int = 0, entry: str = "a") -> dict[str, Any]:
    return {
        "entry": entry,
        "account": "snac",
        "part": part,
        "status": status,
        "error": "'status' was sent at 10:00:00 UTC and never answered; look at snac, then: ...",
    }


@pytest.mark.parametrize(
    ("status", "texts", "counts_as"),
    [
        ("published", ["Hello worda1x."], "once"),
        ("published", [], "lost"),
        ("published", ["Hello worda1x.", "Hello worda1x."], "twice"),
        ("in doubt", [], "in_doubt"),
        ("in doubt", ["Hello worda1x."], "in_doubt"),
        ("in doubt", ["worda1x", "worda1x"], "twice"),
        ("failed", [], "failed"),
        ("failed", ["Hello worda1x."], "untrue"),
        ("publishing", ["Hello worda1x."], "open"),
        ("held", ["Hello worda1x."], "held"),
        ("held", [], "held"),
        ("missed", [], "missed"),
        ("missed", ["Hello worda1x."], "untrue"),
        ("cancelled", [], "lost"),
    ],
)
def test_what_the_store_says_is_held_against_what_readers_see(
    status: str, texts: list[str], counts_as: str
):
    tally = counted([FIRST], [row(status)], texts)

    assert (tally.intended, getattr(tally, counts_as)) == (1, 1)
    assert (
        tally.once
        + tally.twice
        + tally.lost
        + tally.in_doubt
        + tally.held
        + tally.missed
        + tally.failed
        + tally.untrue
        + tally.open
        == 1
    )
    assert tally.breaks_the_promise == (counts_as in ("twice", "lost", "untrue", "open"))


def test_a_post_that_the_store_has_forgotten_is_lost():
    assert counted([FIRST], [], []).lost == 1


def test_a_part_that_waits_for_one_in_doubt_is_in_doubt_with_its_reason():
    tally = counted([FIRST, SECOND], [row("in doubt"), row("scheduled", part=1)], [])

    assert tally.in_doubt == 2
    assert json.loads(json.dumps(tally.plain))["reasons"] == {
        "in doubt: 'status' was sent and never answered; it is not up": 1,
        "waits for the part before it": 1,
    }


def test_a_word_that_begins_another_is_not_taken_for_it():
    assert (
        counted([Intended("snac", "a", 0, "word1", "snac")], [row("published")], ["word12"]).lost
        == 1
    )


@pytest.mark.parametrize(
    ("texts", "twice", "lost"),
    [(["worda1x"], 0, 1), (["worda1x"] * 2, 0, 0), (["worda1x"] * 3, 1, 0)],
)
def test_a_text_that_two_entries_say_is_seen_twice(texts: list[str], twice: int, lost: int):
    rows = [row("published"), row("published", entry="b")]

    tally = counted([FIRST, TWIN], rows, texts)

    assert (tally.twice, tally.lost) == (twice, lost)


def test_a_twin_that_is_seen_once_is_the_one_that_the_store_calls_published():
    tally = counted([FIRST, TWIN], [row("failed"), row("published", entry="b")], ["worda1x"])

    assert (tally.once, tally.failed, tally.untrue) == (1, 1, 0)


@pytest.mark.parametrize("status", ["in doubt", "held"])
def test_what_waits_for_a_person_breaks_the_promise_where_a_look_can_settle_it(status: str):
    tally = counted([FIRST], [row(status)], [], knows=True)

    assert (tally.settleable, tally.breaks_the_promise) == (1, True)


def test_a_third_sending_is_a_persons_to_order():
    twice = {**row("in doubt"), "error": f"sent, and {LIMIT}"}

    assert counted([FIRST], [twice], [], knows=True).settleable == 0


@pytest.mark.parametrize(
    ("status", "texts", "counts_as"),
    [
        ("cancelled", ["worda1x"], "untrue"),
        ("published", ["worda1x"] * 2, "twice"),
        ("published", [], "lost"),
    ],
)
def test_an_entry_that_was_removed_is_up_once_or_not_at_all(
    status: str, texts: list[str], counts_as: str
):
    tally = counted([replace(FIRST, removed=True)], [row(status)], texts)

    assert (tally.intended, tally.removed, getattr(tally, counts_as)) == (0, 1, 1)


def test_lateness_is_told_of_what_was_seen():
    due = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
    intended = [replace(FIRST, due=due), replace(SECOND, due=due)]

    assert lateness(intended, {"worda1x": due + timedelta(seconds=7)}) == [7.0]


def test_one_post_in_a_hundred_may_be_later_than_the_p99():
    tally = Tally(lateness=[1.0] * 100 + [50.0])

    assert (tally.p50, tally.p99) == (1.0, 1.0)
    assert tally.plain["lateness_p99"] == 1.0


def test_a_post_that_may_be_late_is_not_missed():
    assert counted([TWIN], [row("missed", entry="b")], []).lost == 1
