"""Each platform's own markup: what is typed shows as it is typed, and only marks make markup.

The inverses are written from what the platforms document (see `scheduler/rendering/markup.py`).
"""

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import assume, example, given
from markdown_it import MarkdownIt

from platforms.base import Span
from scheduler.rendering.markdown import as_read, plain
from scheduler.rendering.markup import Marked, discord, little_text, markdown, slack, teams
from tests.rendering.strategies import read_texts, texts, thorough
from tests.rendering.support import ENTITIES, PLAIN

ADDRESS = re.compile(r"""(?:https?|steam)://[^\s<]+[^\s<.,:;"'\]]""")


def shown_on_discord(content: str) -> str:
    """An address is taken as it is; elsewhere a backslash before any sign but letters, digits and white space shows the sign."""
    shown, at = "", 0
    for address in ADDRESS.finditer(content):
        shown += without_backslashes(content[at : address.start()]) + address[0]
        at = address.end()
    return shown + without_backslashes(content[at:])


def without_backslashes(text: str) -> str:
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text)


@thorough
@given(texts())
@example("https://a.org*b* <https://b.org><3 \\https://c.org [x](https://d.org).*")
def test_discord_shows_a_text_without_marks_as_it_is(text: str) -> None:
    assume(
        not re.search(r"https?://[^\s<]*<[@#&:/a-z]", text)
    )  # a mention right after an address is escaped, whatever that looks like

    assert shown_on_discord(discord(plain(text, PLAIN))) == text


@thorough
@given(texts())
def test_nothing_that_is_typed_becomes_markup_on_discord(text: str) -> None:
    sent = discord(plain(text, PLAIN))

    bare = re.sub(r"\\[^0-9A-Za-z\s]", "·", ADDRESS.sub("·", sent))
    assert not re.search(
        r"[*`~|]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|^\s*(#{1,3} |>|-# |[-+] |\d+\. )|\[|<[@#:t]|:[\w+-]+:",
        bare,
        re.MULTILINE,
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** *slanted* ~~gone~~ `c*d`", "**bold** _slanted_ ~~gone~~ `c*d`"),
        ("2*3*4 snake_case _x", r"2\*3\*4 snake_case \_x"),
        ("[the term](https://example.org/a_(b))", "[the term](https://example.org/a_%28b%29)"),
        ("[a\\]b](https://example.org)", r"[a\]b](https://example.org)"),
        ("https://example.org/_a_ and example.org", "https://example.org/_a_ and example.org"),
        ("> one\n> **two**", "> one\n> **two**"),
        ("# Title\n- item\n1. item\n\\# none", "**Title**\n\\- item\n1\\. item\n\\# none"),
        ("```py\nx*y*z\n```", "```py\nx*y*z\n```"),
        ("`` a`b ``", "``a`b``"),
        ("<@123> <#4> <t:5> :tada: ||x|| 10:30", r"\<@123> \<#4> \<t:5> \:tada: \|\|x\|\| 10:30"),
        ("#tag a - b", "#tag a - b"),
    ],
)
def test_marks_are_discords_and_what_is_typed_is_escaped(text: str, expected: str) -> None:
    assert discord(as_read(text, ENTITIES)) == expected


@thorough
@given(read_texts())
def test_discord_loses_no_word_of_a_text_with_marks(marked: Marked) -> None:
    words = [word for word in re.findall(r"[^\W_]+", marked.text) if word.isascii()]

    assert [word for word in words if word not in discord(marked)] == []


LIKE_REDDIT = MarkdownIt("commonmark").enable("strikethrough")


def shown_as_markdown(sent: str) -> list[str]:
    """The lines of the paragraphs, as a reader of CommonMark shows them; white space at the ends of lines is nothing to it."""
    html = LIKE_REDDIT.render(sent)
    assert set(re.findall(r"<(\w+)", html)) <= {"p", "br", "a"}, html
    return [
        line.strip() for line in unescape(re.sub(r"<[^>]*>", "", html)).split("\n") if line.strip()
    ]


@thorough
@given(texts())
@example("!school.ie is there!")
@example("Title\n---\n===\n2^10 &copy; ::: spoiler x\n- a\n1. b\n~~x~~")
def test_markdown_shows_a_text_without_marks_as_it_is(text: str) -> None:
    assume(
        not re.search(r"^(\t| {4})|[\x00\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]", text, re.MULTILINE)
    )

    assert shown_as_markdown(markdown(plain(text, PLAIN))) == [
        line.strip() for line in text.split("\n") if line.strip()
    ]


def test_marks_and_lines_stay_in_markdown() -> None:
    marked = as_read("**bold** and [a link](https://example.org)\n\n- one\n- two", ENTITIES)

    assert markdown(marked) == "**bold** and [a link](https://example.org)\n\n\\- one  \n\\- two"


def shown_on_linkedin(commentary: str) -> str:
    """A hashtag element shows its words, and a backslash the sign after it."""
    tagged = re.sub(r"(?<!\\)((?:\\\\)*)\{hashtag\|\\#\|((?:\\.|[^\\|}])*)\}", r"\1#\2", commentary)
    return re.sub(r"\\(.)", r"\1", tagged)


@thorough
@given(texts())
def test_linkedin_shows_the_text_as_it_is(text: str) -> None:
    assert shown_on_linkedin(little_text(plain(text, PLAIN))) == text


def test_links_and_hashtags_stay_and_every_other_reserved_sign_is_escaped_on_linkedin() -> None:
    marked = plain("New (free) #maths @ada https://example.org/a_b#c ~5", PLAIN)

    assert little_text(marked) == r"New \(free\) #maths \@ada https://example.org/a_b#c \~5"


def test_a_hashtag_with_a_reserved_sign_in_it_takes_its_long_form_on_linkedin() -> None:
    assert little_text(plain("Hello #class_4b", PLAIN)) == r"Hello {hashtag|\#|class\_4b}"


@thorough
@given(texts())
def test_slack_shows_the_text_as_it_is_and_takes_nothing_of_it_for_a_command(text: str) -> None:
    sent = slack(plain(text, PLAIN))

    assert "<" not in sent
    assert unescape(re.sub("&(?!(amp|lt|gt);)", "&amp;", sent)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "**bold** *slanted* `c` [the term](https://example.org/a_(b))",
            "**bold** _slanted_ c [the term](https://example.org/a_%28b%29)",
        ),
        (
            "https://example.org/_a_ and example.org",
            r"[https://example.org/\_a\_](https://example.org/_a_) and [example.org](https://example.org)",
        ),
        ("2 * 3, 2*3, \\_x\\_, snake_case", r"2 * 3, 2\*3, \_x\_, snake_case"),
        ("\\[x\\](y) [z] #tag", r"\[x](y) [z] #tag"),
        (
            r"[a\[b\]\[x\](y) c\\](https://example.org)",
            r"[a\[b\]\[x\](y) c\\](https://example.org)",
        ),
        ("Look!https://example.org/a", r"Look\![https://example.org/a](https://example.org/a)"),
        (
            "Look\\![the term](https://example.org) ![] !\\[x\\](y)!",
            r"Look\![the term](https://example.org) ![] !\[x](y)!",
        ),
        (r"**C:\\** is full", r"**C:\\** is full"),
    ],
)
def test_in_teams_only_what_would_be_a_mark_is_escaped_and_every_address_is_a_link(
    text: str, expected: str
) -> None:
    assert teams(as_read(text, replace(PLAIN, markup="teams"))) == expected


def test_a_part_has_its_share_of_a_mark() -> None:
    marked = as_read("**one two three**", ENTITIES)

    assert marked.part(4, 7) == Marked("two", (Span(kind="bold", start=0, end=3),))
    assert marked.part(0, 3) + " (1/2)" == Marked("one (1/2)", (Span(kind="bold", start=0, end=3),))
