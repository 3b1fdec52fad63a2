"""The student guard: holds what has a listed name, an address or a number in it, until the person has mended or allowed it.

Texts and names are compared as words: in small letters, without accents, emphasis and what no reader sees, with letters of other
scripts that look like Latin ones taken for these. A name of the roster is two of its parts beside each other, in either order, perhaps
with further names between; a roster is one table of such pairs, so that its length costs next to nothing.

What is found is told by its place and by the roster's line. The name itself is in no message: those are stored, logged and sent on.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote

from scheduler.calendar.model import Delivery
from scheduler.guarding import BUILT_IN, Guard
from scheduler.problems import Invalid, Place, Problem
from scheduler.rendering.media import printed, spoken

# What a word may have in it that no reader takes for a part of it: emphasis, accents that stand apart, inline HTML, what is invisible.
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff"
)
ACCENTS = "\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
INLINE = r"</?(?:a|abbr|b|code|del|em|i|ins|mark|s|small|span|strong|sub|sup|u)\b[^<>]{0,200}>"
WITHIN = rf"[*~\\'’‘ʼ`´{UNSEEN}{ACCENTS}]|{INLINE}|<!--[^<>]{{0,200}}-->"
LETTER = "(?:[^\\W\\d_]|[\u24b6-\u24e9\U0001f110-\U0001f189])"
SPACED = rf"(?<!\w){LETTER}(?:[\s.·_-]{{1,3}}{LETTER}(?!\w)){{3,}}"  # A n n a
WORD = re.compile(rf"{SPACED}|{LETTER}(?:{LETTER}|{WITHIN})*")
IGNORED = re.compile(rf"{WITHIN}|[\s.·_-]")
POSSESSIVE = re.compile("['’]s$", re.IGNORECASE)
DIGIT = re.compile(r"\d")
INVISIBLE = re.compile(f"[{UNSEEN}]")
TAG = re.compile(r"<[^<>]*>")
IS_INLINE = re.compile(INLINE)
SHOWN_ATTRIBUTE = re.compile(r'\s(?:alt|title|href|src)="([^"]*)"')
URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Letters that look like Latin ones, in small letters or in capitals; the first of each pair is taken for the second. From
# https://www.unicode.org/Public/security/latest/confusables.txt, and Latin letters that Unicode does not take apart.
PAIRS = (
    "а-a в-b с-c ԁ-d е-e ԍ-g һ-h н-h і-i ј-j к-k ӏ-l м-m о-o р-p ԛ-q г-r ѕ-s т-t ц-u ѵ-v ԝ-w х-x у-y з-3 "
    "α-a β-b ε-e ζ-z η-h ι-i κ-k μ-m ν-n ο-o ρ-p τ-t υ-y χ-x ω-w ϲ-c ϳ-j օ-o ѡ-w "
    "ø-o đ-d ł-l ħ-h ŧ-t ı-i ȷ-j ɑ-a ɡ-g ɩ-i æ-ae œ-oe þ-th ð-d"
)
LOOKALIKES = str.maketrans(dict(pair.split("-") for pair in PAIRS.split()))
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
WRITTEN_OUT = re.compile("([aou])e")
PARTICLES = "van von vom zu zum de der den del della di da do dos das du la le el al bin ibn ben abu ter ten y e"
# English words that are names as well, and so say nothing standing alone. A single name that is one counts within a sentence only.
WORDS = """
    able amber angel april archer art ash august autumn baker ball banks bell belle berry best bill bird bishop bliss block bloom blue bond
    book booth bow bowman brand bridge bright brook brooks brown buck bush butcher butler carpenter carter case cash cave chance chase cherry
    christian church clay cliff close cloud colt cook cooper cotton court cross crystal curry daisy dale dawn day dean drew duke earl early
    east ebony ember faith farmer field finch fisher flower ford forest fox frank french frost gale gardener gates gay gem gene glass glen
    gold good grace grant gray green grey grove guy hand harmony hart hazel head heath heather heaven henna hill holly holt honey hood hope
    hunt hunter ivy jack jade jasmine jay jean jewel joy june justice king knight lake lance land lane law leaf lee lily little long lord love
    lucky major mark marsh martin mason max may meadow melody mercy merry miles mill miller mist moon moss neat nest noble north oak ocean
    olive opal page park parker pat patience peace pearl penny piper pole poole poppy porter potter price prince queen rain ray read red reed
    reeve rich ridge river rob robin rock rose rowan ruby rush rusty sage sand scarlet scout sea senior sharp shepherd silver singer sky small
    smart smith snow star steel stone storm strange street summer sunny swan swift sue sun taylor teal terry thorn tiger tory trinity turner
    vale van victor viola violet walker wall ward waters weaver web wells west white will win winter wise wolf wood woods wren wright young
"""
IS_PARTICLE, IS_WORD = frozenset(PARTICLES.split()), frozenset(WORDS.split())
FEW = 3  # letters: a single name as short as that is in many words
RUN = 7  # letters from which on a name is found written as one word: annasmith
BETWEEN = 2  # further names between two parts
IN_A_PART = 3  # words that one part may be written as: Anna-Lena, O'Brien
LARGEST = 2_000_000  # bytes of a roster
SLOW = 0.25  # seconds that a pattern of the person's may take for one text
SLOW_IN_ALL = 2.0  # seconds that it may lose so, until it is not tried any more


Kind = Literal["text", "name"]  # a name is a file's or an address, where nobody writes capitals


class Field(NamedTuple):
    """A piece of a post."""

    what: str  # in words
    key: str  # of the entry
    text: str
    kind: Kind = "text"


class Piece(NamedTuple):
    """A word as it is compared."""

    word: str
    is_big: bool  # begins with a capital
    is_title: bool  # and goes on in small letters


class Found(NamedTuple):
    code: str
    why: str  # what it is, in words
    at: int | None  # where it begins in the text


@dataclass(kw_only=True)
class Roster:
    """Names as they are looked for: folded words -> the line they stand in."""

    file: str
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    singles: dict[str, int] = field(default_factory=dict)  # names of one part
    runs: dict[str, int] = field(default_factory=dict)  # names written as one word
    problems: list[Problem] = field(default_factory=list)
    parts: frozenset[str] = frozenset()  # all of these, and each part of a pair

    def add(self, written: str, line: int) -> None:
        """`Anna Maria Smith` or `Smith, Anna Maria`. Its first name and each further one make a pair; after a comma, each given name."""
        family, comma, given = (piece.split() for piece in written.partition(","))
        if comma and given:
            self._pairs(given, family, line)
        elif len(family) > 1:
            self._pairs(family[:1], family[1:], line)
        else:
            self._single(written.replace(",", ""), line)

    def _pairs(self, given: Iterable[str], others: Iterable[str], line: int) -> None:
        for one, other in (
            (a, b)
            for first in given
            for rest in others
            for a in spellings(first)
            for b in spellings(rest)
        ):
            if min(len(one), len(other)) > 1 and other not in IS_PARTICLE:
                for pair in ((one, other), (other, one)):
                    self.pairs.setdefault(pair, line)
                    if len(one + other) >= RUN:
                        self.runs.setdefault("".join(pair), line)

    def _single(self, written: str, line: int) -> None:
        whole = joined(written)
        if whole in IS_WORD or len(whole) <= FEW:
            self.problems.append(
                Problem(
                    "guard-roster",
                    "this name alone is short, or an English word as well, so that it is found only within a "
                    "sentence, with a capital; write the whole name",
                    Place(self.file, line),
                    "warning",
                )
            )
        for one in {whole, joined(written.casefold().translate(UMLAUTS))}:
            self.singles[one] = line


def read_roster(path: Path, file: str) -> Roster:
    """One name a line; `#` begins a comment. Raises `Invalid`: without its roster the guard lets nothing through."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as fault:
        raise _invalid(file, 1, f"the roster cannot be read: {fault.strerror}") from None
    except UnicodeDecodeError as fault:
        raise _invalid(
            file,
            content[: fault.start].count(b"\n") + 1,
            "the roster is not UTF-8; save it as UTF-8",
        ) from None
    if len(content) > LARGEST:
        raise _invalid(
            file, 1, f"the roster is larger than {LARGEST // 1_000_000} MB; it has one name a line"
        )
    roster = Roster(file=file)
    for line, written in enumerate(text.splitlines(), 1):
        name = written.partition("#")[0].strip()
        if name and not joined(name):
            raise _invalid(
                file, line, "no name stands here; a line has one name, or a comment after #"
            )
        if name:
            roster.add(name, line)
    if not roster.pairs and not roster.singles:
        roster.problems.append(
            Problem(
                "guard-roster",
                "there is no name in this roster; write one a line",
                Place(file, 1),
                "warning",
            )
        )
    roster.parts = frozenset({*roster.singles, *roster.runs, *chain.from_iterable(roster.pairs)})
    return roster


def _invalid(file: str, line: int, message: str) -> Invalid:
    return Invalid([Problem("guard-roster", message, Place(file, line))])


def spellings(part: str) -> set[str]:
    """A part of a name in each way it may be written: Müller as Mueller and the other way round, Smith-Jones as each half, Smiths."""
    several = [part, *(half for half in re.split(r"[-‐–]", part) if len(joined(half)) > 1)]
    found = {joined(one) for each in several for one in (each, each.casefold().translate(UMLAUTS))}
    found |= {WRITTEN_OUT.sub(r"\1", one) for one in found}
    return {*found, *(one + "s" for one in found if len(one) > FEW)} - {""}


def joined(written: str) -> str:
    return "".join(piece.word for word in WORD.findall(written) for piece in folded(word))


@lru_cache(maxsize=65_536)
def folded(word: str) -> tuple[Piece, ...]:
    """What a word of a text is compared as; `AnnaSmith` is two."""
    clean = IGNORED.sub("", POSSESSIVE.sub("", word))
    if not clean.isascii():
        clean = unicodedata.normalize("NFKD", clean)
        clean = "".join(sign for sign in clean if not unicodedata.combining(sign))
    humps = [
        0,
        *(at for at in range(1, len(clean)) if clean[at].isupper() and clean[at - 1].islower()),
        len(clean),
    ]
    return tuple(_piece(clean[start:end]) for start, end in pairwise(humps) if start < end)


def _piece(word: str) -> Piece:
    small = word.casefold()
    is_big = word[0].isupper()
    return Piece(
        small if small.isascii() else small.translate(LOOKALIKES),
        is_big,
        is_big and word[1:].islower(),
    )


@dataclass(kw_only=True)
class Guarding:
    """Looks for what the guard keeps back."""

    guard: Guard
    roster: Roster | None = None

    def __post_init__(self) -> None:
        self._looked_for = [
            (name, _Pattern(name, pattern)) for name, pattern in self.guard.patterns.items()
        ]
        self._allowed = {joined(one) for one in self.guard.allow} - {""}
        self._allowed_as_they_are = {" ".join(one.split()).casefold() for one in self.guard.allow}
        self._known: dict[tuple[str, Kind], list[Found]] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Of the roster."""
        return tuple(self.roster.problems) if self.roster else ()

    def found(self, one: Delivery, ignored: frozenset[str]) -> Iterator[tuple[str, str, str]]:
        """For each thing that is found: its code, the key of the entry, and the message."""
        told: set[tuple[str, str, str]] = set()  # what stands in a text stands in its HTML, too
        for piece in fields(one):
            for code, why, at in self._in(piece.text, piece.kind):
                if code not in ignored and (piece.what, code, why) not in told:
                    told.add((piece.what, code, why))
                    remedy = (
                        "`guard: {allow: [...]}` in the config"
                        if code == "guard-name"
                        else f"ignore: [{code}]"
                    )
                    yield (
                        code,
                        piece.key,
                        f"{piece.what} has {why}{_where(piece.text, at)}; take it out, or allow it: {remedy}",
                    )

    def _in(self, text: str, kind: Kind) -> list[Found]:
        if (text, kind) not in self._known:
            self._known[text, kind] = list(self._looked(text, kind)) if text else []
        return self._known[text, kind]

    def _looked(self, text: str, kind: Kind) -> Iterator[Found]:
        addresses = URL.findall(text) if kind == "text" else []
        rest = URL.sub(lambda found: " " * len(found[0]), text) if addresses else text
        if self.roster:
            yield from self._names(rest, kind)
        for name, pattern in self._looked_for:
            if (
                name != "phone" or kind == "text"
            ):  # the digits of a file's name or an address are others
                yield from self._fitting(name, pattern, rest)
        for address in addresses:
            yield from (one._replace(at=None) for one in self._looked(unquote(address), "name"))

    def _fitting(self, name: str, pattern: "_Pattern", text: str) -> Iterator[Found]:
        clean = text if text.isascii() else _latin(text)
        for start, found in pattern.found(clean):
            if " ".join(found.split()).casefold() not in self._allowed_as_they_are:
                yield Found(
                    f"guard-{name}", pattern.why, start if len(clean) == len(text) else None
                )
                return

    def _names(self, text: str, kind: Kind) -> Iterator[Found]:
        assert self.roster
        pieces = [piece.word for word in WORD.findall(text) for piece in folded(word)]
        twos = list(map(str.__add__, pieces, pieces[1:]))
        if (
            self.roster.parts.isdisjoint(pieces)
            and self.roster.parts.isdisjoint(twos)
            and self.roster.parts.isdisjoint(map(str.__add__, twos, pieces[2:]))
        ):
            return
        words = [(piece, word.start()) for word in WORD.finditer(text) for piece in folded(word[0])]
        told: set[int] = set()
        for first, last, line in self._matches(
            [piece for piece, _ in words], [at for _, at in words], text, kind
        ):
            if line not in told and not self._is_allowed(pieces, first, last):
                told.add(line)
                yield Found("guard-name", f"the name of {self.roster.file}:{line}", words[first][1])

    def _matches(
        self, pieces: list[Piece], starts: list[int], text: str, kind: Kind
    ) -> Iterator[tuple[int, int, int]]:
        """First piece, the one after the last, the roster's line."""
        assert self.roster
        parts = self.roster.parts
        known: dict[
            int, list[tuple[int, str]]
        ] = {}  # where a part begins -> where it ends, and which it is
        for start in range(len(pieces)):
            for end in range(start + 1, min(start + IN_A_PART, len(pieces)) + 1):
                part = "".join(piece.word for piece in pieces[start:end])
                if part in parts:
                    known.setdefault(start, []).append((end, part))
        for start, one in ((start, one) for start, some in known.items() for one in some):
            end, part = one
            if end == start + 1 and part in self.roster.runs:
                yield start, end, self.roster.runs[part]
            alone = starts[start] not in (
                *starts[max(0, start - 1) : start],
                *starts[end : end + 1],
            )  # and not in #GracePeriod
            if part in self.roster.singles and _counts(
                part, kind, alone and _is_within(pieces[start], text, starts[start])
            ):
                yield start, end, self.roster.singles[part]
            for begin in range(end, end + BETWEEN + 1):
                for last, other in known.get(begin, ()):
                    line = self.roster.pairs.get((part, other))
                    if line is not None and (
                        kind != "text"
                        or _is_a_name(pieces[start], pieces[end:begin], pieces[begin], part, other)
                    ):
                        yield start, last, line

    def _is_allowed(self, pieces: list[str], first: int, last: int) -> bool:
        """Whether it stands within what may appear."""
        return any(
            "".join(pieces[start:end]) in self._allowed
            for start in range(max(0, first - 5), first + 1)
            for end in range(last, last + 6)
        )


def _counts(single: str, kind: Kind, is_within: bool) -> bool:
    """Whether a name that stands alone is one here."""
    return not (single in IS_WORD or len(single) <= FEW) or (kind == "text" and is_within)


def _is_within(piece: Piece, text: str, at: int) -> bool:
    """Whether a word begins with a capital which no sentence's beginning gave it."""
    before = text[:at].rstrip(" \"'“”‘’«»„*_()[]")
    return piece.is_title and bool(before) and before[-1] not in ".!?…:;\n\r•–—-"


def _is_a_name(first: Piece, between: list[Piece], last: Piece, part: str, other: str) -> bool:
    """Two English words are a name with capitals only; what stands between parts of a name is one: Maria, K., van der."""
    both_are_words = part in IS_WORD and other in IS_WORD
    return (not both_are_words or (first.is_big and last.is_big)) and all(
        piece.is_big or len(piece.word) == 1 or piece.word in IS_PARTICLE for piece in between
    )


class _Pattern:
    """An expression to look for. One of the person's own may take its time, and then counts as found: nothing goes out unseen."""

    def __init__(self, name: str, pattern: str) -> None:
        self.why = WHAT.get(name, f"what `{name}` looks for")
        self._own, self._lost = pattern != BUILT_IN.get(name), 0.0
        self._name = name
        self._pattern: Any = _compiled(pattern) if self._own else re.compile(pattern)

    def found(self, text: str) -> Iterator[tuple[int, str]]:
        if not self._own:
            yield from ((one.start(), one[0]) for one in self._pattern.finditer(text))
            return
        try:
            if self._lost < SLOW_IN_ALL:
                self.why = WHAT.get(self._name, f"what `{self._name}` looks for")
                yield from (
                    (one.start(), one[0]) for one in self._pattern.finditer(text, timeout=SLOW)
                )
                return
        except TimeoutError:
            self._lost += SLOW
        self.why = (
            f"perhaps what `{self._name}` looks for: the pattern takes too long, write it simpler"
        )
        yield 0, text


WHAT = {
    "email": "an e-mail address",
    "phone": "a telephone number",
    "student-number": "a student number",
}


def _compiled(pattern: str) -> Any:
    import regex  # type: ignore[import-untyped]  # loaded where somebody has a pattern of their own; it can be told to give up

    return regex.compile(pattern)


def fields(one: Delivery) -> Iterator[Field]:
    """Everything of a post that somebody could read."""
    post = one.post
    yield from (
        Field("its text", "text", post.text),
        Field("its title", "title", post.title),
        Field("its summary", "summary", post.summary),
    )
    yield from (
        Field("its text", "text", span.value, "name")
        for span in post.spans
        if span.kind == "link" and span.value not in post.text
    )
    if post.html:
        yield from _in_html(post.html)
    if post.link:
        yield from (
            Field("its link", "link", unquote(post.link.url), "name"),
            Field("the title of its link", "link", post.link.title),
            Field("the description of its link", "link", post.link.description),
        )
    for number, media in enumerate(
        [*post.media, *([post.link.image] if post.link and post.link.image else [])], 1
    ):
        key, what = (
            ("link", "the picture of its link")
            if number > len(post.media)
            else ("media", f"file {number}")
        )
        file = one.sources.get(media.digest, media.file)
        yield from (
            Field(f"the alt of {what}", key, media.alt),
            Field(f"the name of {what}", key, file.stem, "name"),
        )
        if media.captions:
            yield Field(f"a caption of {what}", key, spoken(media.captions))
        if media.type == "application/pdf":
            yield Field(f"a page of {what}", key, printed(media))
    for name, value in post.options.items():
        yield from (Field(f"`{name}`", name, text) for text in _texts(value))


def _in_html(html: str) -> Iterator[Field]:
    shown = TAG.sub(lambda tag: tag[0] if IS_INLINE.fullmatch(tag[0]) else "\n", html)
    yield Field(
        "its text", "text", unescape(shown).strip()
    )  # most are the text again, which is known by then
    for value in map(unescape, SHOWN_ATTRIBUTE.findall(html)):
        yield Field("its text", "text", value, "name" if value.startswith("http") else "text")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def _latin(text: str) -> str:
    """The text with letters and digits in their plain forms, for patterns."""
    return DIGIT.sub(
        lambda digit: str(unicodedata.decimal(digit[0])),
        INVISIBLE.sub("", unicodedata.normalize("NFKC", text)),
    )


def _where(text: str, at: int | None) -> str:
    if at is None or text.startswith("http"):
        return ""
    line, start = text.count("\n", 0, at) + 1, text.rfind("\n", 0, at) + 1
    return (
        f" (line {line}, character {at - start + 1})" if "\n" in text else f" (character {at + 1})"
    )
