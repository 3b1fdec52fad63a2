"""Markdown in, and out of one parse what a person reads: as HTML, with marks, or plain."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.base import Markup
from scheduler.rendering.markdown import ATTRIBUTES, SCHEMES, TAGS, as_html, as_read
from scheduler.rendering.markup import DIALECTS
from tests.rendering.strategies import texts, thorough
from tests.rendering.support import ENTITIES, PLAIN

AS_TYPED = (
    "2 * 3 and 2*3*4, x**2 + y**2, a*b*c",
    "snake_case, __all__or_nothing",
    "#tag #class_4b",
    "- item\n- item\n  - further in",
    "* item\n* item",
    "1. item\n2) item\n+ item",
    "C:\\new\\unit",
    ":-) :* <3 >:( ^_^",
    "one\ntwo  \nthree\n\n\nfour",
    "AT&T, R&D &c",
    "5 < 6 > 4",
    "[ ] to do [x] done",
    "~5 minutes, ~~gone~~",
    "@_ada_ and #_unit_",
    "https://example.org/_a_/*b*/~~c~~",
    "f*ck and sh*t",
    "> a quote\n> goes on",
    "Title\n=====\nText",
    "above\n\n---\n\nbelow",
    "a [link] that is none",
    "(c) (tm) -- ... 'quotes'",
    "`one sign",
    "*args, **kwargs",
    "5* hotels and 4* hotels",
    "    indented\n    poem",
    "#1 is no tag",
    "~~~\nnever closed",
    "Zeile\u00a0mit geschütztem Zeichen",
    "word\u200bword",
)


@pytest.mark.parametrize("text", AS_TYPED)
def test_what_is_no_markup_stays_as_it_is_typed_letter_by_letter(text: str) -> None:
    assert as_read(text, PLAIN).text == text.strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Bold**, *slanted*, __both__ ***at once***", "Bold, slanted, both at once"),
        ("**H**yper**T**ext, 中文**粗体**中文", "HyperText, 中文粗体中文"),
        ("[the term](https://example.org/term)", "the term (https://example.org/term)"),
        (
            "[**the** `term`](https://example.org/term_(a) 'Title')",
            "the term (https://example.org/term_(a))",
        ),
        ("[https://example.org](https://example.org)", "https://example.org"),
        ("[example.org](https://www.example.org/)", "https://www.example.org/"),
        ("[](https://example.org)", "https://example.org"),
        ("[例え](https://例え.jp/あ)", "例え (https://例え.jp/あ)"),
        (
            "[write](mailto:a@example.org) or [a@example.org](mailto:a@example.org)",
            "write (a@example.org) or a@example.org",
        ),
        ("[below](#below) and [*here*](page.html)", "below and here"),
        ("<https://example.org> and <a@example.org>", "https://example.org and a@example.org"),
        (
            "Two [1] and [more][b]\n\n[1]: https://example.org/1\n[b]: https://example.org/2 'T'\n\nEnd",
            "Two 1 (https://example.org/1) and more (https://example.org/2)\n\nEnd",
        ),
        (
            "Nobody points\n\n[1]: https://example.org/1",
            "Nobody points\n\n[1]: https://example.org/1",
        ),
        ("![The *blue* door](door.png)!", "The blue door!"),
        ("# Heading\ntext\n## Second **one** ##", "Heading\ntext\nSecond one"),
        ("- **one**\n- # two", "- one\n- two"),
        ("Use `a*b*c` and `` `x` ``", "Use a*b*c and `x`"),
        ("Look:\n\n```python\nx = 1\n\ny = '*'\n```\nend", "Look:\n\nx = 1\n\ny = '*'\nend"),
        ("> **quoted**\n> - and\n> ```\n> code\n> ```", "> quoted\n> - and\n> code"),
        (r"\*no\* \# \_ \[x\] AT&amp;T &copy; 2026\\", "*no* # _ [x] AT&T © 2026\\"),
        ("one\\\ntwo", "one\ntwo"),
    ],
)
def test_markup_becomes_what_is_read_where_nothing_is_taken(text: str, expected: str) -> None:
    assert as_read(text, PLAIN).text == expected


@pytest.mark.parametrize(
    ("text", "read", "marks"),
    [
        (
            "**Bold *and* slanted**",
            "Bold and slanted",
            [("bold", "Bold and slanted", ""), ("italic", "and", "")],
        ),
        ("~~gone~~ `c`", "gone c", [("strikethrough", "gone", ""), ("code", "c", "")]),
        (
            "See [the **term**](https://example.org)",
            "See the term",
            [("link", "the term", "https://example.org"), ("bold", "term", "")],
        ),
        ("> one\n> two\n\nthree", "one\ntwo\n\nthree", [("quote", "one\ntwo", "")]),
        ("```c++\nint *a;\n```", "int *a;", [("pre", "int *a;", "c++")]),
        ("# Title **b**", "Title b", [("bold", "Title b", "")]),
        ("👨‍👩‍👧‍👦 **क्षि**", "👨‍👩‍👧‍👦 क्षि", [("bold", "क्षि", "")]),
        ("- item\n1. item", "- item\n1. item", []),
    ],
)
def test_marks_stand_beside_the_text_where_they_are_taken(
    text: str, read: str, marks: list[tuple[str, str, str]]
) -> None:
    marked = as_read(text, ENTITIES)

    assert marked.text == read
    assert [(span.kind, read[span.start : span.end], span.value) for span in marked.spans] == marks


@pytest.mark.parametrize(
    "text",
    [
        "`#no @no.body https://no.org`",
        "```\n#no https://no.org\n```",
        "    #no\n    @no",
        "[#no @no](https://example.org)",
    ],
)
def test_no_name_is_found_in_code_or_in_the_words_of_a_link(text: str) -> None:
    found = as_read(
        f"#yes {text}\n" if "\n" not in text and not text.startswith(" ") else f"{text}\n\n#yes",
        replace(PLAIN, markup="links"),
    ).spans

    assert [
        span.value for span in found if span.kind in ("tag", "mention") or "no.org" in span.value
    ] == ["yes"]


def test_where_the_platform_finds_names_itself_it_finds_them_in_what_was_code() -> None:
    text = "`#code` [#words](https://example.org)"

    there = [
        as_read(text, replace(PLAIN, markup=markup, html=html)).spans
        for markup, html in (("", False), ("", True), ("links", False), ("little_text", False))
    ]

    assert [[span.value for span in found if span.kind == "tag"] for found in there] == [
        ["code", "words"],
        ["words"],
        [],
        ["words"],
    ]


def test_names_are_found_as_they_are_read() -> None:
    found = as_read("**#Teaching** *@ada@m.social*: [term](https://example.org/term)", PLAIN).spans

    assert [(span.kind, span.value) for span in found] == [
        ("tag", "Teaching"),
        ("mention", "ada@m.social"),
        ("link", "https://example.org/term"),
    ]


@thorough
@given(texts(), st.sampled_from(["", "links", "entities", "little_text"]))
def test_spans_lie_within_the_text_and_in_each_other_or_apart(text: str, markup: Markup) -> None:
    marked = as_read(text, replace(PLAIN, markup=markup))

    assert marked.text == marked.text.strip()
    assert list(marked.spans) == sorted(marked.spans, key=lambda span: (span.start, -span.end))
    for place, one in enumerate(marked.spans):
        assert 0 <= one.start < one.end <= len(marked.text)
        assert one.kind in {"link", "mention", "tag"} | DIALECTS[markup].takes
        for other in marked.spans[place + 1 :]:
            assert other.start >= one.end or other.end <= one.end


class Page(HTMLParser):
    """What a browser would make of it: only what is allowed, and everything closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, ())
            assert (
                name not in ("href", "src")
                or ":" not in (value or "").partition("/")[0]
                or (value or "").partition(":")[0].lower() in SCHEMES
            )
        if tag not in ("br", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@thorough
@given(texts())
def test_html_is_sane_whatever_is_typed(text: str) -> None:
    assert Page(as_html(text)).open == []


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "<svg/onload=alert(1)>",
        "![x](data:text/html,x)",
        "<a href='https://a.org' style='x' onclick='y'>z</a>",
        "<iframe src=https://a.org></iframe>",
    ],
)
def test_html_runs_nothing(text: str) -> None:
    html = as_html(f"**Hi** {text}")

    Page(html)
    assert "<script" not in html
    assert "<strong>Hi</strong>" in html


def test_the_site_shows_what_the_others_show() -> None:
    assert as_html("2*3*4, ~~gone~~, @_ada_\nnext") == "<p>2*3*4, <s>gone</s>, @_ada_<br>\nnext</p>"
