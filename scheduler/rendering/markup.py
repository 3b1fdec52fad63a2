"""A text with its marks, and how each platform's own markup writes it.

What a person typed is escaped, so that it shows as it is and becomes no markup by accident; only marks make markup. Each
escaping is undone by what the platform documents: `tests/rendering/test_markup.py` has the inverses.

Discord  https://docs.discord.com/developers/reference#message-formatting and its help page "Markdown Text 101"
Teams    https://learn.microsoft.com/adaptive-cards/authoring-cards/text-features
LinkedIn https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
Slack    https://docs.slack.dev/messaging/formatting-message-text#escaping; nothing escapes `*` or `_` there, therefore marks
         go as rich_text blocks, which an adapter makes from the spans
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from platforms.base import MARKS, Span

NAMES = ("link", "mention", "tag")  # what is never cut, and is whole in its own right


@dataclass(frozen=True)
class Marked:
    """A text as people read it, and where its links, mentions, tags and marks stand."""

    text: str = ""
    spans: tuple[Span, ...] = ()  # in the order they stand, the longer first

    def part(self, start: int, end: int) -> "Marked":
        """What stands from `start` to `end`. A mark that is cut goes on in what follows."""
        inside = (
            replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start)
            for span in self.spans
        )
        return Marked(self.text[start:end], tuple(span for span in inside if span.start < span.end))

    def __add__(self, more: "Marked | str") -> "Marked":
        added = Marked(more) if isinstance(more, str) else more
        by = len(self.text)
        return Marked(
            self.text + added.text,
            (
                *self.spans,
                *(replace(one, start=one.start + by, end=one.end + by) for one in added.spans),
            ),
        )


Wrap = Callable[[Span, str], str]  # a span and what stands in it, written -> the span, written
Escape = Callable[[str, int, int], str]  # the text from here to there, written as it is


def written(marked: Marked, escape: Escape, wrap: Wrap) -> str:
    return _between(marked.text, 0, len(marked.text), marked.spans, escape, wrap)


def _between(
    text: str, start: int, end: int, spans: Sequence[Span], escape: Escape, wrap: Wrap
) -> str:
    made, place = "", 0
    while place < len(spans):
        span, after = spans[place], place + 1
        while after < len(spans) and spans[after].start < span.end:
            after += 1
        within = text[span.start : span.end]
        if span.kind not in ("code", "pre"):
            within = _between(text, span.start, span.end, spans[place + 1 : after], escape, wrap)
        made += escape(text, start, span.start) + wrap(span, within)
        start, place = span.end, after
    return made + escape(text, start, end)


def _with_backslashes(signs: re.Pattern[str]) -> Escape:
    """A backslash before the last sign of every match, but of an address."""

    def escape(text: str, start: int, end: int) -> str:
        made = ""
        for found in signs.finditer(text, start, end):
            made += (
                text[start : found.end() - 1] + ("" if "://" in found[0] else "\\") + found[0][-1]
            )
            start = found.end()
        return made + text[start:end]

    return escape


# ---- Discord ---------------------------------------------------------------------------------------------------------

# What begins a heading, list, quote or small text at a line's start; what stands around marks; the colon of an emoji's name.
SIGNS = (
    r"^[ \t]*(?:\d+\.(?=\s|$)|#(?=#*(?:\s|$))|>|[-+](?=[\s#]|$))"
    r"|[\\*`~|<\[]|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|:(?=[\w+-]+:)"
)
# And an address, as far as Discord takes it to go, with a `<` that only ends it: a backslash would be a part of it.
DISCORD = re.compile(
    r"""(?:https?|steam)://[^\s<]+[^\s<.,:;"'\]](?:[.,:;"'\]]*<(?![@#&:/a-z]))?|""" + SIGNS,
    re.MULTILINE,
)
TEAMS_TAKES = frozenset({"bold", "italic", "link"})
AROUND = {"bold": "**", "italic": "_", "strikethrough": "~~"}


def discord(marked: Marked) -> str:
    """An address that is its own words needs no mark."""
    marks = tuple(
        span
        for span in marked.spans
        if span.kind in MARKS or (span.kind == "link" and not _is_bare(marked, span))
    )
    return written(Marked(marked.text, marks), _with_backslashes(DISCORD), _in_discord)


def _is_bare(marked: Marked, link: Span) -> bool:
    return marked.text[link.start : link.end] in (link.value, link.value.partition("://")[2])


def _in_discord(span: Span, within: str) -> str:
    match span.kind:
        case "bold" | "italic" | "strikethrough":
            return AROUND[span.kind] + within + AROUND[span.kind]
        case "code":
            fence = "`" * (1 + max(map(len, re.findall("`+", within)), default=0))
            room = " " if within[:1] == "`" or within[-1:] == "`" else ""
            return fence + room + within + room + fence
        case "pre":
            return (
                f"```{span.value}\n" + within.replace("```", "`\u200b``") + "\n```"
            )  # nothing escapes a fence: it is broken
        case "quote":
            return "> " + within.replace("\n", "\n> ")
    words = within.replace("]", "\\]")
    return f"[{words}]({re.sub('[()<>]', lambda sign: f'%{ord(sign[0]):X}', span.value)})"


# ---- Markdown, of Reddit and Lemmy ----------------------------------------------------------------------------------

# And what makes a heading of the line above, an entity, a superscript, a spoiler, or a picture of the link after it.
MARKDOWN = re.compile(
    SIGNS + r"|^[ \t]*(?:[-=](?=[-= \t]*$)|\d+\)(?=\s|$))|&(?=#?\w+;)|\^|:(?=::)|!(?!\s)",
    re.MULTILINE,
)


def markdown(marked: Marked) -> str:
    """A line ends with two spaces, so that the next one is one of its own."""
    marks = tuple(span for span in marked.spans if span.kind in MARKS or span.kind == "link")

    def wrap(span: Span, within: str) -> str:
        words = marked.text[span.start : span.end]
        return (
            f"<{words}>"
            if words == span.value and re.fullmatch(r"https?://[^\s<>]+", words)
            else _in_discord(span, within)
        )

    made = written(Marked(marked.text, marks), _with_backslashes(MARKDOWN), wrap)
    return re.sub(r"(?<=[^\n])\n(?=[^\n])", "  \n", made)


# ---- Teams -----------------------------------------------------------------------------------------------------------

# Only what would be a mark is escaped: not every app of Teams takes a backslash for one.
TEAMS = re.compile(
    r"\\(?=[^\w\s])|\*(?=\S)|(?<=\S)\*|(?<!\w)_(?=\S)|(?<=\S)_(?!\w)|\[(?=[^\]\n]*\]\()"
)
WORDS = re.compile(
    r"\\[^\w\s]|[\[\]]|\\$"
)  # in a link's words: what is escaped already, or would end them or begin others
PICTURE = re.compile(r"!(?=\[(?:\\.|[^\]\\\n])*\]\()")  # makes a picture of the link after it


def teams(marked: Marked) -> str:
    """The Markdown of an Adaptive Card's text. Not every Teams makes a link of a bare address: each is written as one."""
    marks = tuple(span for span in marked.spans if span.kind in TEAMS_TAKES)
    return PICTURE.sub(
        r"\\!", written(Marked(marked.text, marks), _with_backslashes(TEAMS), _in_teams)
    )


def _in_teams(span: Span, within: str) -> str:
    if span.kind == "link":
        address = span.value if "://" in span.value else f"https://{span.value}"
        words = WORDS.sub(lambda sign: sign[0] if len(sign[0]) == 2 else f"\\{sign[0]}", within)
        return f"[{words}]({re.sub('[()<> ]', lambda sign: f'%{ord(sign[0]):X}', address)})"
    return (
        AROUND[span.kind] + re.sub(r"(?<!\\)\\$", r"\\\\", within) + AROUND[span.kind]
    )  # a last backslash would escape the mark


# ---- LinkedIn and Slack ----------------------------------------------------------------------------------------------

RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
AMPERSANDS = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def little_text(marked: Marked) -> str:
    """Escaped but for its links and hashtags. A tag with a reserved sign in it (#my_class) has a form of its own."""
    escape = _with_backslashes(RESERVED)

    def wrap(span: Span, within: str) -> str:
        if span.kind == "tag" and RESERVED.search(span.value):
            return f"{{hashtag|\\#|{escape(span.value, 0, len(span.value))}}}"
        return marked.text[span.start : span.end] if span.kind in ("tag", "link") else within

    return written(marked, escape, wrap)


def slack(marked: Marked) -> str:
    """The text alone, for `text` with `mrkdwn` off."""
    return re.sub("[&<>]", lambda sign: AMPERSANDS[sign[0]], marked.text)


# ---- By the name in Limits -------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What a platform's text may have in it, and who writes that."""

    takes: frozenset[str] = frozenset()
    write: Callable[[Marked], str] = lambda marked: ""
    counts: bool = False  # whether the limit is on what is written


ALL = frozenset({*MARKS, "link"})
DIALECTS = {
    "": Dialect(),
    "links": Dialect(takes=frozenset({"link"})),
    "entities": Dialect(takes=ALL),
    "teams": Dialect(takes=TEAMS_TAKES, write=teams),
    "slack": Dialect(takes=ALL, write=slack),
    "discord": Dialect(takes=ALL, write=discord, counts=True),
    "markdown": Dialect(takes=ALL, write=markdown, counts=True),
    "little_text": Dialect(write=little_text),
}
