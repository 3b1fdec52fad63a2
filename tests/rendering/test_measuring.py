from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from platforms.base import Limits
from scheduler.rendering.finding import spans
from scheduler.rendering.measuring import clusters, length, ruler
from tests.rendering.hard_cases import BLUESKY, FAMILY, GRAPHEMES, LENGTHS, MASTODON, TELEGRAM, THREADS, YOUTUBE, X
from tests.rendering.support import FEDIVERSE, PLAIN

HARD: Sequence[str] = [*(text for text, *_ in GRAPHEMES), *(text for text, *_ in LENGTHS)]
PIECES = [*HARD, *"aé #@.,:/?()[]日。한\u0301\u3099\u093f\u094d\u200d\ufe0f\u20e3🏽👩🇮©1\r\n", "https://", "example.org", "@ana@b.org", "#tag"]
unhurried = settings(deadline=None)  # a busy machine is no fault
RULES = (PLAIN, BLUESKY, MASTODON, X, THREADS, TELEGRAM, YOUTUBE)


def texts() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=8).map("".join)


def measured(text: str, limits: Limits, **options: object) -> int:
    return length(text, spans(text, limits), limits, options)


@pytest.mark.parametrize(("text", "expected", "source"), GRAPHEMES)
def test_graphemes_are_what_readers_count(text: str, expected: int, source: str) -> None:
    assert len(clusters(text)) == measured(text, BLUESKY) == expected, source


@pytest.mark.parametrize(("text", "limits", "expected", "source"), LENGTHS)
def test_a_text_is_as_long_as_its_platform_says(text: str, limits: Limits, expected: int, source: str) -> None:
    assert measured(text, limits) == expected, source


def test_x_takes_280_and_counts_one_more() -> None:
    link = "https://example.org/" + "a" * 300

    assert measured("x" * 256 + " " + link, X) == 280
    assert measured("x" * 257 + " " + link, X) == 281
    assert measured("の" * 140, X) == 280
    assert measured("の" * 140 + "x", X) == 281


def test_the_server_of_a_mention_is_free_where_the_platform_says_so() -> None:
    text = "@ana@mastodon.social hello"

    assert measured(text, FEDIVERSE) == len("@ana hello")
    assert measured(text, replace(FEDIVERSE, short_mentions=False)) == len(text)


def test_a_content_warning_counts_where_the_platform_counts_it() -> None:
    assert measured("text", FEDIVERSE, warning="exams", visibility="public") == len("exams" + "text")
    assert measured("text", FEDIVERSE, warning=FAMILY) == len("text") + 1
    assert measured("text", BLUESKY, warning="exams") == len("text")


@unhurried
@given(texts())
@example("\u00a9\u200d\u00a9")
@example("\r\n")
def test_clusters_are_those_of_uax_29_however_they_were_found(text: str) -> None:
    found = clusters(text)

    assert list(found) == regex.findall(r"\X", text)
    assert "".join(found) == text


@unhurried
@given(texts(), st.sampled_from(RULES))
def test_a_length_is_never_negative_nor_more_than_the_bytes_and_links_can_be(text: str, limits: Limits) -> None:
    links = sum(span.kind == "link" for span in spans(text, limits))

    assert 0 <= measured(text, limits) <= max(len(text.encode()), 2 * len(text)) * 3 + 23 * links  # NFC makes at most three of one


@unhurried
@given(texts(), texts(), st.sampled_from(RULES))
def test_the_length_of_paragraphs_is_that_of_each_and_of_what_is_between(first: str, second: str, limits: Limits) -> None:
    together = f"{first}\n\n{second}"

    assert measured(together, limits) == measured(first + "\n", limits) + measured("\n" + second, limits)


@unhurried
@given(texts(), st.sampled_from(RULES), st.data())
def test_a_ruler_knows_the_length_of_every_piece(text: str, limits: Limits, data: st.DataObject) -> None:
    found = spans(text, limits)
    rule = ruler(text, found, limits)
    start, end = sorted(data.draw(st.sampled_from(rule.cuts)) for _ in range(2))

    assert (rule.cuts[0], rule.cuts[-1]) == (0, len(text))
    assert not [cut for cut in rule.cuts for span in found if span.start < cut < span.end]
    assert rule.between(0, start) + rule.between(start, end) == rule.between(0, end)
    assert rule.between(0, len(text)) >= length(text, found, limits, {})
    if not found:
        assert rule.between(start, end) == length(text[start:end], (), limits, {})
        assert list(clusters(text[start:end])) == list(clusters(text))[rule.cuts.index(start):rule.cuts.index(end)]


@unhurried
@given(texts(), st.sampled_from(RULES), st.integers(0, 40), st.data())
def test_a_ruler_finds_the_longest_piece_that_fits(text: str, limits: Limits, most: int, data: st.DataObject) -> None:
    rule = ruler(text, spans(text, limits), limits)
    start = data.draw(st.sampled_from(rule.cuts))

    end = rule.longest(start, most)

    further = [cut for cut in rule.cuts if cut > end]
    assert rule.between(start, end) <= most
    assert not further or rule.between(start, further[0]) > most


@pytest.mark.parametrize(("limits", "most", "expected"), [
    (BLUESKY, 4, "Hi, " + FAMILY[:0]), (BLUESKY, 5, "Hi, " + FAMILY), (X, 5, "Hi, "), (X, 6, "Hi, " + FAMILY), (TELEGRAM, 14, "Hi, "),
    (X, 29, "Hi, " + FAMILY + " "), (X, 30, "Hi, " + FAMILY + " https://example.org/long/path"),
])
def test_cutting_never_breaks_an_emoji_or_a_link(limits: Limits, most: int, expected: str) -> None:
    text = f"Hi, {FAMILY} https://example.org/long/path and more"

    rule: Any = ruler(text, spans(text, limits), limits)

    assert text[:rule.longest(0, most)] == expected
