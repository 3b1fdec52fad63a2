"""Where a text may be cut, and how good a place each is: after a paragraph, a sentence, a line, a clause, a word.

Sentences are found by sentencex, Wikimedia's: small, without dependencies, with the abbreviations of some 300 languages
("Dr.", "z. B.", "e.g."). What it misses is here: initials, and what goes on with a small letter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from scheduler.rendering.markup import NAMES, Marked
from scheduler.rendering.measuring import clusters

PARAGRAPH, SENTENCE, LINE, CLAUSE, WORD = (
    0.0,
    0.1,
    0.3,
    0.9,
    1.2,
)  # what a cut there costs; a further part costs 1
GLUE = r"[\u00a0\u2007\u202f]"  # spaces that keep together what is around them
SPACE = re.compile(rf"(?<!{GLUE}){GLUE}*(?!{GLUE})\s\s*")
GOES_ON = re.compile(
    r"[\"'»”’)\]]*[^\S\n]*[\"'«„“‘(\[]*[a-zß-öø-ÿа-яα-ω]"
)  # a small letter begins no sentence
ABBREVIATED = re.compile(
    r"(?:^|[\s(\[«„“\"'-])(?:[^\W\d_]|[Dd]r|[Pp]rof|[Mm]gr|[Hh]ab|[Nn]r|[Nn]o|Mme|Mlle|[Tt]el)\.\s*$"
)  # and initials
IDEOGRAPH = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)  # scripts that set no spaces
BEGINS_NO_LINE = "。、，．！？：；）」』】》〉〕…‥ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ・"
ENDS_NO_LINE = "（「『【《〈〔"


@dataclass(frozen=True, order=True)
class Cut:
    """A text may end before `end`, and go on at `start`; between is white space."""

    end: int
    start: int
    cost: float


def cuts(marked: Marked, language: str) -> list[Cut]:
    """In the order they stand; never within a word, a link, a mention, a tag, code or a character as people see it."""
    within = {
        place
        for span in marked.spans
        if span.kind in (*NAMES, "code")
        for place in range(span.start + 1, span.end)
    }
    seen = set(accumulate(map(len, clusters(marked.text))))
    ends = sentence_ends(marked.text, language)
    return [
        _judged(marked.text, cut, ends)
        for cut in _spaces(marked.text)
        if cut[0] in seen and cut[1] in seen and not within & {*cut}
    ]


def sentence_ends(text: str, language: str) -> set[int]:
    """Offsets after the last sign of each sentence but the last."""
    from sentencex import segment

    found = segment(language.partition("-")[0].lower(), text)
    if "".join(found) != text:
        return set()
    ends = [end for end in accumulate(map(len, found)) if end < len(text)]
    return {
        len(text[:end].rstrip())
        for end in ends
        if not GOES_ON.match(text, end) and not ABBREVIATED.search(text, max(0, end - 12), end)
    }


def _spaces(text: str) -> Iterator[tuple[int, int]]:
    """Where white space is, and between two ideographs."""
    done = 0
    for space in SPACE.finditer(text):
        yield from _within_ideographs(text, done, space.start())
        if space.start() > 0 and space.end() < len(text):
            yield space.span()
        done = space.end()
    yield from _within_ideographs(text, done, len(text))


def _within_ideographs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for place in range(start + 1, end):
        before, after = text[place - 1], text[place]
        can_part = IDEOGRAPH.match(before) or before in BEGINS_NO_LINE
        if (
            can_part
            and (IDEOGRAPH.match(after) or after in ENDS_NO_LINE)
            and after not in BEGINS_NO_LINE
            and before not in ENDS_NO_LINE
        ):
            yield place, place


def _judged(text: str, cut: tuple[int, int], ends: set[int]) -> Cut:
    end, start = cut
    space, last = text[end:start], text[end - 1]
    if (
        last == ":" or text[start] == "("
    ):  # what was announced, and a link's address, belong to what is before
        cost = WORD
    elif space.count("\n") > 1:
        cost = PARAGRAPH
    elif end in ends:
        cost = SENTENCE
    elif "\n" in space:
        cost = LINE
    else:
        cost = CLAUSE if last in ",;–—،、；，" or text[start] in "–—" else WORD
    return Cut(end, start, cost)
