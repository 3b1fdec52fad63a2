"""Markdown, parsed once: to HTML that may be shown anywhere, and to the text that people read where there is no HTML.

It is CommonMark with ~~strikethrough~~, with three things that people type and do not mean: a line break is a line break,
`2*3*4` and `x**2` are no emphasis, nor are the underscores of @_ada_.

The text is what was typed, less its markup: only delimiters are taken out, so that a text without markup stays as it is,
letter by letter. Lists, rules and quotes read well as they are typed; so does ~~this~~, which would say the contrary
without its signs. Where the platform takes a mark, its signs are taken out and the mark stands beside the text.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, cast

from platforms.base import Limits, Span
from scheduler.rendering.finding import linkifier, spans
from scheduler.rendering.markup import DIALECTS, Marked

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

TAGS = {
    "a",
    "p",
    "br",
    "hr",
    "em",
    "strong",
    "s",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "img",
}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto", "tel"}
PERHAPS = re.compile(
    r"[*_`\[<\\&>]|~~|#(?:\s|$)|^(?: {4}| *\t|~~~)", re.MULTILINE
)  # a text without any of this has no markup
QUOTE = re.compile(r"(?: {0,3}> ?)+")
FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})\s*")
UNDERSCORED = re.compile(r"(?<![\w@#/])[@#]_\w*(?:[.@-]\w+)*")
EMPHASIS = {"strong": "bold", "em": "italic", "s": "strikethrough"}
CODE = ("code", "pre", "indented")
WIDTH = {"strong": 2, "em": 1, "s": 2}  # characters of a delimiter


def as_html(text: str) -> str:
    import nh3

    tokens, env = _parsed(text)
    html: str = _markdown().renderer.render(tokens, _markdown().options, env)
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None
    ).strip()


def as_read(text: str, limits: Limits) -> Marked:
    """The text that people read, with the marks that the platform takes, and its links, mentions and tags."""
    if not PERHAPS.search(text):
        return plain(text, limits)
    takes = DIALECTS[limits.markup].takes
    source = _lines(text)
    found: list[_Found] = _parsed(text)[1]["found"]
    edited = _Edited(source, [change for one in found for change in one.changes(takes)])
    marks = [
        Span(
            kind=one.mark,
            start=edited.at(one.inner[0]),
            end=edited.at(one.inner[1]),
            value=one.value,
        )
        for one in found
        if one.mark in takes or one.mark in CODE
    ]
    marks = _once([mark for mark in marks if mark.start < mark.end])
    names = spans(
        edited.text,
        limits,
        [range(one.start, one.end) for one in marks if one.kind in _apart(limits)],
    )
    kept = [one for one in marks if one.kind in takes and not _crosses(one, names)]
    together = tuple(sorted((*names, *kept), key=lambda one: (one.start, -one.end)))
    return Marked(edited.text, together).part(
        len(edited.text) - len(edited.text.lstrip()), len(edited.text.rstrip())
    )


def plain(text: str, limits: Limits) -> Marked:
    """A text that has no Markdown in it."""
    return Marked(text, spans(text, limits))


def _apart(limits: Limits) -> tuple[str, ...]:
    """In what the platform finds no names. One that is told nothing but the text finds them in whatever was code, too."""
    if not limits.markup and not limits.html:
        return ()
    return (
        (*CODE, "link") if "code" not in DIALECTS[limits.markup].takes else ("code", "pre", "link")
    )


def _once(marks: list[Span]) -> list[Span]:
    """Without a mark that lies in its like. They lie in each other or apart."""
    kept: list[Span] = []
    ends: dict[str, int] = {}  # up to where the last mark of a kind goes
    for one in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if one.end > ends.get(one.kind, 0):
            kept.append(one)
            ends[one.kind] = one.end
    return kept


def _crosses(mark: Span, names: Sequence[Span]) -> bool:
    """Whether a name stands half in the mark. Names lie apart, in order."""
    at_start, at_end = (
        bisect_right(names, place, key=lambda name: name.start) - 1
        for place in (mark.start, mark.end - 1)
    )
    first, last = names[max(at_start, 0) :][:1], names[max(at_end, 0) :][:1]
    return any(
        one.start < mark.start < one.end < mark.end or mark.start < one.start < mark.end < one.end
        for one in (*first, *last)
    )


# ---- What markup stands where ----------------------------------------------------------------------------------------

Range = tuple[int, int]  # in the source, the end excluded


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A piece of markup: all of it, and what is left of it to read."""

    kind: str
    outer: Range
    inner: Range
    value: str = ""  # of a link its URL, of a fence its language
    instead: str = ""  # what is read in its place
    after: str = ""  # what is read after it, where the platform does not take its mark

    @property
    def mark(self) -> str:
        return "bold" if self.kind == "heading" else self.kind

    def changes(self, takes: frozenset[str]) -> Iterator[tuple[int, int, str]]:
        """What is to be taken out, and what put in."""
        (start, end), (first, last) = self.outer, self.inner
        match self.kind:
            case "sign" | "code":
                yield start, end, self.instead
            case "link" | "words" if "link" not in takes or self.kind == "words":
                yield from (
                    [(start, end, self.instead)]
                    if self.instead
                    else [(start, first, ""), (last, end, self.after)]
                )
            case "strikethrough" | "quote" | "prefix" if (
                "quote" if self.kind == "prefix" else self.kind
            ) not in takes:
                return
            case "quote" | "indented":
                return
            case _:
                yield start, first, ""
                yield last, end, ""


class _Edited:
    """`source` with changes, and where its places are afterwards. A change that lies within another is done with it."""

    def __init__(self, source: str, changes: Iterable[tuple[int, int, str]]) -> None:
        pieces: list[str] = []
        self._changes: list[tuple[int, int, str]] = []
        done = 0
        for start, end, new in sorted(changes, key=lambda one: (one[0], -one[1])):
            if start >= done and (start < end or new):
                pieces += [source[done:start], new]
                self._changes.append((start, end, new))
                done = end
        self.text = "".join([*pieces, source[done:]])
        self._ends = [end for _, end, _ in self._changes]
        self._grown = [
            0,
            *accumulate(len(new) - (end - start) for start, end, new in self._changes),
        ]

    def at(self, place: int) -> int:
        """Where `place` of the source is. What was changed has its beginning for every place within."""
        before = bisect_right(self._ends, place)
        within = self._changes[before] if before < len(self._changes) else None
        return (within[0] if within and within[0] < place else place) + self._grown[before]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass
class _Source:
    """Where the lines of the source begin, and so where what the parser hands over stands."""

    text: str
    starts: list[int] = field(default_factory=list)  # of each line, and one more

    def __post_init__(self) -> None:
        self.starts = [
            0,
            *(found.end() for found in re.finditer("\n", self.text)),
            len(self.text) + 1,
        ]

    def line(self, number: int) -> str:
        return self.text[self.starts[number] : self.starts[number + 1] - 1]

    def places(self, token: "Token") -> Callable[[int], int]:
        """From offsets in an inline token, whose lines have lost what stands before them, to the source."""
        first = (token.map or [0])[0]
        columns, begins, begin = [], [], 0
        for number, content in enumerate(token.content.split("\n"), first):
            bare = content.lstrip()
            columns.append(
                self.starts[number] + self.line(number).rfind(bare) - (len(content) - len(bare))
            )
            begins.append(begin)
            begin += len(content) + 1

        def at(offset: int) -> int:
            line = bisect_right(begins, offset) - 1
            return columns[line] + offset - begins[line]

        return at


def _collect(state: "StateCore") -> None:
    """Runs when blocks and inlines are parsed, before anything is joined."""
    source = _Source(state.src)
    found: list[_Found] = []
    for token, after in pairwise([*state.tokens, state.tokens[-1]] if state.tokens else []):
        match token.type:
            case "heading_open" if token.markup.startswith("#"):
                found += _heading(source, after)
            case "inline":
                found += _inline(token.children or (), source.places(token), state)
            case "fence":
                found += _fence(source, token)
            case "code_block" if token.map:
                whole = source.starts[token.map[0]], source.starts[token.map[1]] - 1
                found.append(_Found(kind="indented", outer=whole, inner=whole))
            case "blockquote_open" if token.level == 0:
                found += _quote(source, token)
    state.env["found"] = [
        *found,
        *_definitions(
            source,
            state.env.get("references", {}),
            {one.value for one in found if one.kind == "link"},
        ),
    ]


def _heading(source: _Source, token: "Token") -> Iterator[_Found]:
    line = (token.map or [0])[0]
    start, end = source.places(token)(0), source.places(token)(len(token.content))
    signs = re.search(r"#{1,6}[ \t]*$", source.text[source.starts[line] : start])
    if signs and token.content:
        yield _Found(
            kind="heading",
            outer=(source.starts[line] + signs.start(), source.starts[line + 1] - 1),
            inner=(start, end),
        )


def _fence(source: _Source, token: "Token") -> Iterator[_Found]:
    """One that is not closed stays as it is typed."""
    first, after = token.map or (0, 0)
    is_closed = after - first > 1 and FENCE.fullmatch(source.line(after - 1)) is not None
    opening = source.line(first)
    column = opening.find(token.markup)
    start = source.starts[first] + (column if opening[:column].strip(" \t>") else 0)
    end = source.starts[after] - 1
    if not is_closed:
        yield _Found(kind="indented", outer=(start, end), inner=(start, end))
    elif after - first == 2:
        yield _Found(kind="sign", outer=(start, end), inner=(end, end))
    else:
        language = re.sub(r"[^\w+#.-]", "", (token.info.split() or [""])[0])
        inner = source.starts[first + 1], source.starts[after - 1] - 1
        yield _Found(kind="pre", outer=(start, end), inner=inner, value=language)


def _quote(source: _Source, token: "Token") -> Iterator[_Found]:
    first, after = token.map or (0, 0)
    while after > first + 1 and not source.line(after - 1).strip(" >"):
        after -= 1
    whole = source.starts[first], source.starts[after] - 1
    yield _Found(kind="quote", outer=whole, inner=whole)
    for line in range(first, after):
        prefix = QUOTE.match(source.line(line))
        if prefix:
            place = source.starts[line], source.starts[line] + prefix.end()
            yield _Found(kind="prefix", outer=place, inner=(place[1], place[1]))


def _definitions(source: _Source, references: dict[str, Any], used: set[str]) -> Iterator[_Found]:
    """`[1]: https://example.org`, where its address stands at the link now."""
    for one in references.values():
        if one["href"] in used:
            first, after = one["map"]
            while after < len(source.starts) - 1 and not source.line(after).strip():
                after += 1
            place = source.starts[first], min(source.starts[after], len(source.text))
            yield _Found(kind="sign", outer=place, inner=place)


def _inline(
    tokens: Sequence["Token"], at: Callable[[int], int], state: "StateCore"
) -> Iterator[_Found]:
    opened: list[Range] = []
    for token in tokens:
        start, end = token.meta.get("at", (0, 0))
        name, _, which = token.type.rpartition("_")
        if name in EMPHASIS:
            width = WIDTH[name]
            signs = (
                (start - (name == "strong"), start - (name == "strong") + width)
                if which == "open"
                else (start, start + width)
            )
            if which == "open":
                opened.append(signs)
            else:
                first, last = opened.pop(), signs
                yield _Found(
                    kind=EMPHASIS[name],
                    outer=(at(first[0]), at(last[1])),
                    inner=(at(first[1]), at(last[0])),
                )
        elif token.type in ("text_special", "code_inline", "image", "hardbreak") and end:
            yield from _sign(token, (at(start), at(end)), state)
        elif token.type == "link_open" and token.markup == "autolink":
            whole = at(start), at(end)
            yield _Found(
                kind="sign",
                outer=whole,
                inner=whole,
                instead=state.src[whole[0] + 1 : whole[1] - 1],
            )
        elif token.type == "link_open" and "label" in token.meta:
            yield _link(
                token, (at(start), at(end)), (at(start + 1), at(token.meta["label"])), state.src
            )


def _sign(token: "Token", whole: Range, state: "StateCore") -> Iterator[_Found]:
    match token.type:
        case "code_inline":
            yield _Found(kind="code", outer=whole, inner=whole, instead=token.content)
        case "image":
            alt = cast("RendererHTML", state.md.renderer).renderInlineAsText(
                token.children, state.md.options, state.env
            )
            yield _Found(kind="sign", outer=whole, inner=whole, instead=alt)
        case "hardbreak":
            if state.src[whole[0]] == "\\":
                yield _Found(kind="sign", outer=(whole[0], whole[0] + 1), inner=whole)
        case _:
            yield _Found(kind="sign", outer=whole, inner=whole, instead=token.content)


def _link(token: "Token", whole: Range, label: Range, source: str) -> _Found:
    """Where the words are the address, they stand for it alone; an address that is of no use elsewhere is not shown."""
    href = str(token.attrs["href"])
    typed = str(token.meta.get("typed") or href)
    address = href if re.search(r"[\s<>]", typed) else typed
    words = source[slice(*label)].strip()
    shown = address.removeprefix("mailto:")
    if not address.startswith(("http://", "https://")):
        after = f" ({shown})" if shown != address and shown != words else ""
        return _Found(
            kind="words", outer=whole, inner=label, after=after, instead="" if words else shown
        )
    if not words:
        return _Found(kind="words", outer=whole, inner=label, instead=address)
    instead = address if _bare(words) == _bare(address) else ""
    return _Found(
        kind="link", outer=whole, inner=label, value=address, instead=instead, after=f" ({address})"
    )


def _bare(address: str) -> str:
    return re.sub(r"^https?://(?:www\.)?|/$", "", address)


# ---- The parser ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _parsed(text: str) -> tuple[Sequence["Token"], dict[str, Any]]:
    env: dict[str, Any] = {"found": []}
    return _markdown().parse(text, env), env


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"linkify": True, "breaks": True}).enable(
        ["linkify", "strikethrough"]
    )
    markdown.linkify = linkifier(addresses=True)
    rules = dict(
        zip(
            markdown.inline.ruler.get_active_rules(),
            markdown.inline.ruler.getRules(""),
            strict=True,
        )
    )
    for name in ("escape", "backticks", "strikethrough", "image", "autolink", "entity"):
        markdown.inline.ruler.at(name, _placed(rules[name]))
    markdown.inline.ruler.at("emphasis", _placed(_meant(rules["emphasis"])))
    markdown.inline.ruler.at("link", _placed(_labelled(rules["link"])))
    markdown.inline.ruler.before("emphasis", "name", _name)
    markdown.core.ruler.after("inline", "collect", _collect)
    return markdown


Rule = Callable[["StateInline", bool], bool]


def _placed(rule: Rule) -> Rule:
    """The rule, which besides writes on its tokens where they stand."""

    def placed(state: "StateInline", silent: bool) -> bool:
        start, known = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        end = state.pos
        for token in reversed(state.tokens[known:]):
            if (
                token.type == "text" and end > start and "at" not in token.meta
            ):  # delimiters: each is a text until it has found the other
                token.meta["at"] = end - len(token.content), end
                end -= len(token.content)
            token.meta.setdefault("at", (start, state.pos))
        return True

    return placed


def _labelled(rule: Rule) -> Rule:
    """The link rule, which besides writes down where the words end, and the address as it is typed."""

    def labelled(state: "StateInline", silent: bool) -> bool:
        start, known = state.pos, len(state.tokens)
        if not rule(state, silent):
            return False
        for token in state.tokens[known:]:
            if token.type == "link_open" and not token.markup:
                label = state.md.helpers.parseLinkLabel(state, start, True)
                token.meta.update(label=label, typed=_typed(state, label + 1))
        return True

    return labelled


def _typed(state: "StateInline", place: int) -> str:
    if state.src[place : place + 1] != "(":
        return ""
    begin = re.compile(r"\(\s*").match(state.src, place)
    return str(
        state.md.helpers.parseLinkDestination(
            state.src, begin.end() if begin else place, state.posMax
        ).str
    )


def _meant(rule: Rule) -> Rule:
    """Emphasis, but for stars within a word or a sum."""

    def meant(state: "StateInline", silent: bool) -> bool:
        stars = re.compile(r"(?<=[^\W_])\*+(?=[^\W_])").match(state.src, state.pos)
        if not stars or silent:
            return rule(state, silent)
        around = state.src[stars.start() - 1], state.src[stars.end()]
        is_spaced = (
            max(map(ord, around)) < 0x590
        )  # in scripts without spaces, words begin within others
        if not is_spaced or (len(stars[0]) == 2 and not any(map(str.isdigit, around))):
            return rule(state, silent)
        state.pending += stars[0]
        state.pos = stars.end()
        return True

    return meant


def _name(state: "StateInline", silent: bool) -> bool:
    """The underscores of @_ada_ and #_unit_ are theirs."""
    found = UNDERSCORED.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True
