"""A text that is too long for its platform: shortened, or split into the parts of a thread.

What fits is left as it is. Nothing is ever cut within a word, a link, a mention, a tag or a character as people see it
(`sentences.py` says where); where there is no such place, the text stays too long, and that is said.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scheduler.rendering.markup import NAMES, Marked
from scheduler.rendering.sentences import LINE, PARAGRAPH, Cut, cuts

SENTENCES = (
    0.6  # of what a word's end would leave: so much has a sentence's end to leave, to be taken
)
LOOSE = ",;:–—-( \n"  # signs that end nothing: they go with what is cut off
ROUNDING = 1e-9
MOST_PARTS = 99  # a text for more than that is a mistake, and too long


@dataclass(frozen=True)
class Room:
    """How large a text is as its platform counts, in each of its measures, and how large it may be."""

    sizes: Callable[[Marked], tuple[int, ...]]
    most: tuple[int, ...]

    def takes(self, marked: Marked) -> bool:
        return all(size <= most for size, most in zip(self.sizes(marked), self.most, strict=True))


# ---- Shortening ------------------------------------------------------------------------------------------------------


def shortened(marked: Marked, room: Room, language: str) -> Marked | None:
    """At a sentence's or else a word's end, with an ellipsis; the links and tags it closes with stay. None where that cannot be."""
    closing = _closing(marked)
    head, tail = (
        marked.part(0, len(marked.text[:closing].rstrip())),
        marked.part(closing, len(marked.text)),
    )
    space = marked.text[len(head.text) : closing]
    places = [cut for cut in cuts(head, language) if head.text[: cut.end].strip(LOOSE)]
    count = bisect_left(
        places, True, key=lambda cut: not room.takes(_ended(head, cut, space, tail))
    )
    if not count:
        return None
    at_sentence = [
        cut
        for cut in places[:count]
        if cut.cost <= LINE and cut.end >= SENTENCES * places[count - 1].end
    ]
    ended = (
        _ended(head, cut, space, tail)
        for cut in (*reversed(at_sentence), *reversed(places[:count]))
    )
    return next(filter(room.takes, ended), None)


def _closing(marked: Marked) -> int:
    """Where the links and tags begin that the text closes with."""
    start = len(marked.text)
    for span in reversed([one for one in marked.spans if one.kind in ("link", "tag")]):
        if marked.text[span.end : start].strip():
            break
        start = span.start
    return start


def _ended(head: Marked, cut: Cut, space: str, tail: Marked) -> Marked:
    """An ellipsis right after an address would be taken for a part of it."""
    named = max(
        (span.end for span in head.spans if span.kind in NAMES and span.end <= cut.end), default=0
    )
    end = max(named, len(head.text[: cut.end].rstrip(LOOSE)))
    ellipsis = " …" if end == named or head.text[end - 1] in ".!?" else "…"
    return (
        head.part(0, end) + ellipsis + (space or " ") + tail
        if tail.text
        else head.part(0, end) + ellipsis
    )


# ---- Threads ---------------------------------------------------------------------------------------------------------


def threaded(
    texts: Sequence[Marked], room: Room, language: str, numbered: bool
) -> list[list[Marked]]:
    """The parts of each text of a thread. Numbers, where wanted, count through all of them."""
    if not numbered or all(map(room.takes, texts)):
        return [split(text, room, language) for text in texts]
    for digits in (1, 2):
        parts = [
            split(text, _narrower(room, f" ({'9' * digits}/{'9' * digits})"), language)
            for text in texts
        ]
        total = sum(map(len, parts))
        if total < 10**digits:
            break
    if total == len(texts):
        return parts
    numbers = iter(range(1, total + 1))
    return [[part + f" ({next(numbers)}/{total})" for part in some] for some in parts]


def _narrower(room: Room, number: str) -> Room:
    return Room(lambda marked: room.sizes(marked + number), room.most)


def split(marked: Marked, room: Room, language: str) -> list[Marked]:
    """Parts that fit, as even as may be, and cut at as good places as may be."""
    if room.takes(marked) or any(
        size > MOST_PARTS * most for size, most in zip(room.sizes(marked), room.most, strict=True)
    ):
        return [marked]
    places = [
        Cut(0, 0, PARAGRAPH),
        *cuts(marked, language),
        Cut(len(marked.text), len(marked.text), PARAGRAPH),
    ]
    return [
        marked.part(before.start, after.end)
        for before, after in pairwise(_best(marked, room, places))
    ]


def _best(marked: Marked, room: Room, places: Sequence[Cut]) -> list[Cut]:
    """The way through the cuts that costs least. A part costs 1 and the square of how full it is, so that parts are even.

    Sizes are added up from those of the pieces between the cuts: that is never less than the size of the whole.
    """
    shares = _Shares(marked, room, places)
    best: list[tuple[float, int]] = [
        (0.0, 0)
    ]  # of each place: what the way there costs, and where it comes from
    for here in range(1, len(places)):
        found = float("inf"), here - 1
        for before in range(here - 1, -1, -1):
            full = shares.of(before, here)
            if full > 1 + ROUNDING and before < here - 1:
                break
            found = min(found, (best[before][0] + 1 + full * full + places[here].cost, before))
        best.append(found)
    way = [len(places) - 1]
    while way[0]:
        way.insert(0, best[way[0]][1])
    return [places[place] for place in way]


class _Shares:
    """How much of the room a part takes, in the measure that it fills most."""

    def __init__(self, marked: Marked, room: Room, places: Sequence[Cut]) -> None:
        empty = room.sizes(Marked())
        pieces = [room.sizes(marked.part(one.start, other.end)) for one, other in pairwise(places)]
        spaces = [room.sizes(marked.part(cut.end, cut.start)) for cut in places[1:]]
        self._measures: list[
            tuple[list[float], list[float]]
        ] = []  # up to where each part begins, and up to where it ends
        for number, (none, most) in enumerate(zip(empty, room.most, strict=True)):
            begins, ends = [0.0], [0.0]
            for piece, space in zip(pieces, spaces, strict=True):
                ends.append(begins[-1] + (piece[number] - none) / most)
                begins.append(ends[-1] + (space[number] - none) / most)
            self._measures.append(([begin - none / most for begin in begins], ends))

    def of(self, before: int, here: int) -> float:
        return max(ends[here] - begins[before] for begins, ends in self._measures)
