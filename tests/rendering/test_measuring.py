from dataclasses import replace

import pytest

from platforms.base import Limits
from scheduler.rendering.finding import spans
from scheduler.rendering.measuring import clusters, length
from tests.rendering.support import BLUESKY, FEDIVERSE, PLAIN


def measured(text: str, limits: Limits, **options: object) -> int:
    return length(text, spans(text), limits, options)


@pytest.mark.parametrize(("text", "expected"), [
    ("abc", 3), ("e\u0301", 1), ("👨‍👩‍👧‍👦", 1), ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 1), ("1️⃣", 1), ("क्षि", 1), ("a\r\nb", 3), ("한국", 2),
])
def test_graphemes_are_what_readers_count(text: str, expected: int) -> None:
    assert len(clusters(text)) == measured(text, BLUESKY) == expected


def test_characters_are_code_points() -> None:
    assert measured("👨‍👩‍👧‍👦", PLAIN) == 7


@pytest.mark.parametrize("link", ["https://a.ie", "https://example.org/" + "long/" * 50])
def test_a_link_with_a_scheme_counts_as_the_platform_says(link: str) -> None:
    assert measured(f"Read {link} now", FEDIVERSE) == len("Read ") + 23 + len(" now")
    assert measured(f"Read {link} now", BLUESKY) == len(f"Read {link} now")


def test_a_bare_domain_counts_in_full() -> None:
    assert measured("Read example.org", FEDIVERSE) == len("Read example.org")


def test_the_server_of_a_mention_is_free_where_the_platform_says_so() -> None:
    text = "@ana@mastodon.social hello"

    assert measured(text, FEDIVERSE) == len("@ana hello")
    assert measured(text, replace(FEDIVERSE, short_mentions=False)) == len(text)


def test_a_content_warning_counts_where_the_platform_counts_it() -> None:
    assert measured("text", FEDIVERSE, warning="exams", visibility="public") == len("exams" + "text")
    assert measured("text", BLUESKY, warning="exams") == len("text")
