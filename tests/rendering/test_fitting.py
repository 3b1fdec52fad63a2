"""A text that is too long, shortened or split: nothing is lost but what is said, and nothing is cut in two."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from platforms.base import Limits
from scheduler.rendering.fitting import Room, shortened, split, threaded
from scheduler.rendering.markdown import as_read, plain
from scheduler.rendering.markup import NAMES, Marked, discord
from scheduler.rendering.measuring import clusters, length
from tests.rendering.strategies import texts, thorough
from tests.rendering.support import BLUESKY, ENTITIES, FEDIVERSE, PLAIN

LANGUAGES = st.sampled_from(["en-GB", "de", "ja", "ar"])


def room(limits: Limits) -> Room:
    """Characters and bytes, as `limits` has them."""
    most = limits.text or 0, limits.text_bytes or 10_000

    def sizes(marked: Marked) -> tuple[int, int]:
        return length(
            marked.text, [span for span in marked.spans if span.kind in NAMES], limits, {}
        ), len(marked.text.encode())

    return Room(sizes, most)


ROOMS = {
    "fediverse": room(replace(FEDIVERSE, text=60)),
    "graphemes and bytes": room(replace(BLUESKY, text=60, text_bytes=80)),
    "discord": Room(lambda marked: (len(discord(marked)),), (70,)),
    "characters": Room(lambda marked: (len(marked.text),), (50,)),
}
rooms = st.sampled_from(list(ROOMS)).map(ROOMS.__getitem__)


def each_word_fits(marked: Marked, room: Room) -> bool:
    """Whether each piece between two places where white space is fits for itself, with a number."""
    bounds = {0, len(marked.text)} | {
        place for found in re.finditer(r"\s+", marked.text) for place in found.span()
    }
    bounds -= {place for span in marked.spans for place in range(span.start + 1, span.end)}
    return all(
        room.takes(marked.part(start, end) + " (99/99)") for start, end in pairwise(sorted(bounds))
    )


def seen(text: str) -> list[str]:
    """What people see of it: no white space."""
    return [cluster for cluster in clusters(text) if cluster.strip()]


def names(marked: Marked, *more: str) -> list[tuple[str, str]]:
    return [
        (span.kind, span.value)
        for span in marked.spans
        if span.kind in ("link", "mention", "tag", *more)
    ]


def joins_to(text: str, parts: list[str]) -> bool:
    """Whether the parts are the text, with nothing but white space between."""
    at = 0
    for part in parts:
        gap = re.compile(r"\s*").match(text, at)
        at = gap.end() if gap and not text.startswith(part, at) else at
        if not text.startswith(part, at):
            return False
        at += len(part)
    return at == len(text)


@thorough
@given(texts(), LANGUAGES, rooms, st.booleans())
def test_the_parts_of_a_thread_joined_are_the_text_and_each_fits(
    text: str, language: str, room: Room, numbered: bool
) -> None:
    marked = as_read(text, ENTITIES)
    assume(each_word_fits(marked, room))

    [parts] = threaded([marked], room, language, numbered)

    number = rf" \(\d+/{len(parts)}\)$" if numbered and len(parts) > 1 else r"$^"
    assert [part.text for part in parts if not room.takes(part)] == []
    assert joins_to(marked.text, [re.sub(number, "", part.text) for part in parts])


@thorough
@given(texts(), LANGUAGES, rooms)
def test_nothing_is_cut_in_two(text: str, language: str, room: Room) -> None:
    marked = as_read(text, ENTITIES)

    parts = split(marked, room, language)

    assert [name for part in parts for name in names(part, "code")] == names(marked, "code")
    assert [cluster for part in parts for cluster in seen(part.text)] == seen(marked.text)


@thorough
@given(texts(), LANGUAGES, rooms)
def test_a_shortened_text_fits_and_keeps_what_it_closes_with(
    text: str, language: str, room: Room
) -> None:
    marked = as_read(text, ENTITIES) + plain("\n\n#Teaching https://example.org/x", PLAIN)
    assume(not room.takes(marked))

    fitting = shortened(marked, room, language)

    if fitting is None:
        return
    head, ellipsis, closing = fitting.text.rpartition("…")
    head = head.rstrip()
    assert room.takes(fitting)
    assert (ellipsis, " ".join(closing.split())[-31:]) == ("…", "#Teaching https://example.org/x")
    assert marked.text.startswith(head)
    assert seen(head) == seen(marked.text)[: len(seen(head))]
    kept, all_names = names(fitting), names(marked)
    assert kept[-2:] == all_names[-2:]
    assert any(
        kept == all_names[:first] + all_names[len(all_names) - len(kept) + first :]
        for first in range(len(kept) + 1)
    )


SENTENCES = "One idea a week is enough for us. Dr. Meier said so, e.g. in March. Nobody has to plan alone! Ask a colleague."


@pytest.mark.parametrize(
    ("most", "expected"),
    [
        (
            100,
            "One idea a week is enough for us. Dr. Meier said so, e.g. in March. Nobody has to plan alone! …",
        ),
        (80, "One idea a week is enough for us. Dr. Meier said so, e.g. in March. …"),
        (50, "One idea a week is enough for us. …"),
        (30, "One idea a week is enough for…"),
        (4, "One…"),
        (3, None),
    ],
)
def test_a_text_is_shortened_at_a_sentence_or_else_at_a_word(
    most: int, expected: str | None
) -> None:
    fitting = shortened(
        plain(SENTENCES, PLAIN), Room(lambda marked: (len(marked.text),), (most,)), "en"
    )

    assert (fitting and fitting.text) == expected


def test_links_and_tags_that_close_a_text_stay_whole_with_the_space_before_them() -> None:
    marked = plain(f"{SENTENCES}\n\nhttps://example.org/term #Teaching\n#EdTech", PLAIN)

    fitting = shortened(marked, Room(lambda marked: (len(marked.text),), (100,)), "en")

    assert fitting
    assert (
        fitting.text
        == "One idea a week is enough for us. …\n\nhttps://example.org/term #Teaching\n#EdTech"
    )
    assert [span.value for span in fitting.spans] == [
        "https://example.org/term",
        "Teaching",
        "EdTech",
    ]


def test_an_ellipsis_is_no_part_of_the_address_before_it() -> None:
    fitting = shortened(
        plain("Read https://example.org/a- and much more than that", PLAIN),
        Room(lambda marked: (len(marked.text),), (30,)),
        "en",
    )

    assert fitting
    assert fitting.text == "Read https://example.org/a- …"
    assert [span.value for span in fitting.spans] == ["https://example.org/a-"]


@pytest.mark.parametrize("most", [0, 1, 5, 10])
def test_a_text_of_which_not_one_word_fits_is_not_shortened(most: int) -> None:
    room = Room(lambda marked: (len(marked.text),), (most,))

    assert shortened(Marked("Donaudampfschifffahrt is a word"), room, "de") is None


def test_a_text_of_which_one_word_fits_is_shortened_to_it() -> None:
    room = Room(lambda marked: (len(marked.text),), (6,))

    fitting = shortened(Marked("Hello everybody out there"), room, "en")

    assert fitting is not None
    assert fitting.text == "Hello…"


def test_a_text_that_is_all_links_and_tags_is_not_shortened() -> None:
    assert (
        shortened(
            plain("#Teaching #EdTech", PLAIN), Room(lambda marked: (len(marked.text),), (12,)), "en"
        )
        is None
    )


def parts_of(text: str, most: int, numbered: bool = False, language: str = "en") -> list[str]:
    return [
        part.text
        for part in threaded(
            [plain(text, PLAIN)],
            Room(lambda marked: (len(marked.text),), (most,)),
            language,
            numbered,
        )[0]
    ]


def test_parts_end_with_sentences_and_are_even() -> None:
    assert parts_of(SENTENCES, 80) == [
        "One idea a week is enough for us. Dr. Meier said so, e.g. in March.",
        "Nobody has to plan alone! Ask a colleague.",
    ]
    assert parts_of("aaaa bbbb cccc dddd", 17) == ["aaaa bbbb", "cccc dddd"]


def test_parts_are_numbered_within_their_room() -> None:
    assert parts_of("aaaa bbbb cccc dddd", 16, numbered=True) == [
        "aaaa bbbb (1/2)",
        "cccc dddd (2/2)",
    ]
    assert parts_of("aaaa bbbb", 9, numbered=True) == ["aaaa bbbb"]
    assert parts_of(" ".join(["aaaa"] * 12), 13, numbered=True)[-1] == "aaaa (12/12)"


def test_numbers_count_through_the_parts_that_a_person_wrote() -> None:
    room = Room(lambda marked: (len(marked.text),), (16,))

    first, second = threaded(
        [plain("aaaa bbbb cccc dddd", PLAIN), plain("eeee", PLAIN)], room, "en", True
    )

    assert [part.text for part in (*first, *second)] == [
        "aaaa bbbb (1/3)",
        "cccc dddd (2/3)",
        "eeee (3/3)",
    ]


def test_a_mark_that_is_cut_goes_on_in_the_next_part() -> None:
    parts = split(
        as_read("**one two three four**", ENTITIES),
        Room(lambda marked: (len(discord(marked)),), (14,)),
        "en",
    )

    assert [discord(part) for part in parts] == ["**one**", "**two**", "**three**", "**four**"]


def test_a_text_for_more_than_a_hundred_parts_is_not_split() -> None:
    assert len(parts_of("a " * 10_000, 100)) == 1


def test_scripts_without_spaces_are_cut_at_a_sentence_and_never_before_a_closing_sign() -> None:
    text = "今日は学校で新しい友達に会いました。とても楽しかったです。「また明日」と言いました。"

    assert parts_of(text, 20, language="ja") == [
        "今日は学校で新しい友達に会いました。",
        "とても楽しかったです。",
        "「また明日」と言いました。",
    ]
