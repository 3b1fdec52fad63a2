"""The proof can fail: what it counts as lost, as twice, as in doubt."""

import json
from typing import Any

import pytest

from benchmarks.proof.calendar import Intended
from benchmarks.proof.counting import counted

FIRST, SECOND = Intended("snac", "a", 0, "worda1x"), Intended("snac", "a", 1, "worda2x")


def row(status: str, part: int = 0) -> dict[str, Any]:
    return {
        "entry": "a",
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
        "'status' was sent and never answered; it is not up": 1,
        "waits for the part before it": 1,
    }


def test_a_word_that_begins_another_is_not_taken_for_it():
    assert counted([Intended("snac", "a", 0, "word1")], [row("published")], ["word12"]).lost == 1
