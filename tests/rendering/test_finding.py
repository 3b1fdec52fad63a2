import time
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.base import Account, Limits, Span
from platforms.bluesky import facets
from scheduler.rendering.finding import spans
from scheduler.rendering.markdown import as_html
from scheduler.rendering.measuring import length
from tests.rendering.hard_cases import BLUESKY, FACETS, FOUND, MASTODON, X
from tests.rendering.support import PLAIN
from tests.rendering.test_measuring import RULES, texts, unhurried
from tests.support import a_post, documented

HANDLE = Account(
    name="bluesky",
    platform="bluesky",
    settings={"server": "https://pds.example", "handle": "alice.test"},
)


@pytest.mark.parametrize(
    ("kind", "text", "limits", "expected"),
    [(kind, *case) for kind, cases in FOUND.items() for case in cases],
)
def test_what_a_reader_would_click_is_found(
    kind: str, text: str, limits: Limits, expected: Sequence[str]
) -> None:
    assert [span.value for span in spans(text, limits) if span.kind == kind] == expected


@pytest.mark.parametrize(("text", "expected", "source"), FACETS)
def test_facets_stand_where_bluesky_s_own_app_sets_them(
    text: str, expected: Sequence[tuple[str, str]], source: str
) -> None:
    assert [(span.kind, span.value) for span in spans(text, BLUESKY)] == expected, source


def test_offsets_are_code_points_in_order() -> None:
    text = "✨ example mentioning @atproto.com to share the URL 👨‍❤️‍👨 https://en.wikipedia.org/wiki/CBOR."

    found = spans(text, BLUESKY)

    assert [text[span.start : span.end] for span in found] == [
        "@atproto.com",
        "https://en.wikipedia.org/wiki/CBOR",
    ]
    # The check values that Bluesky documents, in UTF-8 bytes.
    assert [
        (len(text[: span.start].encode()), len(text[: span.end].encode())) for span in found
    ] == [(23, 35), (74, 108)]


def test_nothing_is_found_in_code() -> None:
    text = "Type #include or @ana or example.org here; #real and https://example.org/x"
    code = range(text.index("#include"), text.index(" here"))

    assert [span.value for span in spans(text, PLAIN, [code])] == ["real", "https://example.org/x"]
    assert [span.value for span in spans("https://example.org/code", PLAIN, [range(20, 24)])] == [
        "https://example.org/"
    ]


@pytest.mark.parametrize(
    "limits", [PLAIN, BLUESKY, X, MASTODON], ids=["plain", "bluesky", "x", "mastodon"]
)
@pytest.mark.parametrize(
    "text",
    [
        "a." * 5_000,
        "é" * 10_000,
        "ab.cd-" * 2_000,
        "https://" + "a-" * 5_000,
        "https://a.ie/" + "(" * 10_000,
        "https://a.ie/" + "a)" * 5_000,
        "https://a.ie/?" + "." * 10_000,
        "@a." * 3_000,
        "@a@b-" * 2_000,
        "#" * 10_000,
        "#1" * 5_000,
        "#" + "1" * 10_000,
    ],
)
def test_a_text_made_to_be_slow_is_not(text: str, limits: Limits) -> None:
    began = time.process_time()

    length(text, spans(text, limits), limits, {})

    assert time.process_time() - began < 2


def code_in(text: str) -> st.SearchStrategy[list[range]]:
    offsets = st.integers(0, len(text))
    return st.lists(st.tuples(offsets, offsets).map(lambda ends: range(*sorted(ends))), max_size=2)


@unhurried
@given(texts(), st.sampled_from(RULES), st.data())
def test_spans_are_apart_within_the_text_and_say_what_stands_there(
    text: str, limits: Limits, data: st.DataObject
) -> None:
    code = data.draw(code_in(text))

    found = spans(text, limits, code)

    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert not [
        span
        for span in found
        for offset in range(span.start, span.end)
        if any(offset in one for one in code)
    ]
    assert all(says(span, text[span.start : span.end]) for span in found)


def says(span: Span, shown: str) -> bool:
    if span.kind == "link":
        return span.value.lower().startswith(("http://", "https://")) and span.value.removeprefix(
            "https://"
        ).endswith(shown[8:])
    return shown[0] in {"mention": "@", "tag": "#＃"}[span.kind] and shown[1:] == span.value


@unhurried
@given(texts())
def test_the_bytes_of_a_facet_are_the_words_it_marks(text: str) -> None:
    post = a_post(text=text, spans=spans(text, BLUESKY))

    for facet, span in zip(
        facets(HANDLE, post, documented),
        [span for span in post.spans if span.kind != "tag" or len(span.value) <= 64],
        strict=True,
    ):
        marked = text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        assert marked == text[span.start : span.end]
        assert facet["features"][0].get("tag", marked[1:]) == marked[1:]


def test_markdown_becomes_html_that_can_do_no_harm() -> None:
    html = as_html(
        "**Hi** <script>alert(1)</script><b onclick='x'>b</b> [x](javascript:alert(1)) school.ie notes.md\nnext"
    )

    assert html == (
        '<p><strong>Hi</strong> b [x](javascript:alert(1)) <a href="https://school.ie">school.ie</a> notes.md<br>\nnext</p>'
    )
