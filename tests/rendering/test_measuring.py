from collections.abc import Sequence
from dataclasses import replace

import pytest
import regex  # type: ignore[import-untyped]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from platforms.base import Limits
from scheduler.rendering.finding import spans
from scheduler.rendering.measuring import clusters, length
from tests.rendering.hard_cases import (
    BLUESKY,
    FAMILY,
    GRAPHEMES,
    LENGTHS,
    MASTODON,
    TELEGRAM,
    THREADS,
    YOUTUBE,
    X,
)
from tests.rendering.support import FEDIVERSE, PLAIN

HARD: Sequence[str] = [*(text for text, *_ in GRAPHEMES), *(text for text, *_ in LENGTHS)]
PIECES = [
    *HARD,
    *"aé #@.,:/?()[]日。한\u0301\u3099\u093f\u094d\u200d\ufe0f\u20e3🏽👩🇮©1\r\n",
    "https://",
    "example.org",
    "@ana@b.org",
    "#tag",
]
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
def test_a_text_is_as_long_as_its_platform_says(
    text: str, limits: Limits, expected: int, source: str
) -> None:
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
    assert measured("text", FEDIVERSE, warning="exams", visibility="public") == len(
        "exams" + "text"
    )
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
def test_a_length_is_never_negative_nor_more_than_the_bytes_and_links_can_be(
    text: str, limits: Limits
) -> None:
    links = sum(span.kind == "link" for span in spans(text, limits))

    assert (
        0 <= measured(text, limits) <= max(len(text.encode()), 2 * len(text)) * 3 + 23 * links
    )  # NFC makes at most three of one


@unhurried
@given(texts(), texts(), st.sampled_from(RULES))
def test_the_length_of_paragraphs_is_that_of_each_and_of_what_is_between(
    first: str, second: str, limits: Limits
) -> None:
    together = f"{first}\n\n{second}"

    assert measured(together, limits) == measured(first + "\n", limits) + measured(
        "\n" + second, limits
    )
