"""Where a text may be cut, and which places are a sentence's end, in the language of the text."""

from itertools import pairwise

import pytest
from hypothesis import given

from scheduler.rendering.markdown import plain
from scheduler.rendering.measuring import clusters
from scheduler.rendering.sentences import (
    CLAUSE,
    LINE,
    PARAGRAPH,
    SENTENCE,
    WORD,
    cuts,
    sentence_ends,
)
from tests.rendering.strategies import texts, thorough
from tests.rendering.support import PLAIN


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        (
            "en-GB",
            [
                "Dr. Smith came at 9 a.m. on Monday.",
                "He met e.g. Mr. J. R. Tolkien (see p. 4).",
                "It cost 3.5 pounds!",
                '"Is it so?" he asked.',
                "“It is.”",
                "#Teaching is fun.",
                "U.S. schools etc. came.",
            ],
        ),
        (
            "de",
            [
                "Wir treffen uns z. B. am 3. Mai um 9 Uhr.",
                "Dr. Müller kommt, d. h. vielleicht.",
                "„Gut.“",
                "Prof. Dr. h. c. Meier usw. kommen auch.",
            ],
        ),
        (
            "fr",
            [
                "M. Dupont et Mme. Durand arrivent.",
                "« Bonjour ! » dit-il.",
                "Voir p. 5 et art. 3.",
                "Fin.",
            ],
        ),
        ("es", ["El Sr. Pérez vino.", "¿Qué tal?", "¡Bien!", "La Dra. López, pág. 3."]),
        ("pl", ["Spotkanie m.in. z dr. Nowakiem, np. jutro.", "Koniec."]),
        ("nl", ["Dhr. Jansen komt bijv. morgen.", "Klaar."]),
        ("ru", ["Урок в 9 ч. в школе.", "Приходите!"]),
        ("ar", ["مرحبا.", "كيف حالك؟", "جيد."]),
        ("hi", ["यह वाक्य है।", "दूसरा वाक्य।"]),
        ("xx", ["No language of that name.", "Yet."]),
    ],
)
def test_sentences_end_as_they_do_in_the_language(language: str, sentences: list[str]) -> None:
    text = " ".join(sentences)

    ends = sorted(sentence_ends(text, language))

    assert [text[start:end].strip() for start, end in pairwise([0, *ends, len(text)])] == sentences


@pytest.mark.parametrize(
    ("language", "sentences"),
    [("ja", ["今日は雨です。", "終わり！", "次"]), ("zh", ["你好。", "我来了！", "他问。"])],
)
def test_sentences_end_without_a_space_where_there_are_none(
    language: str, sentences: list[str]
) -> None:
    text = "".join(sentences)

    ends = sorted(sentence_ends(text, language))

    assert [text[start:end] for start, end in pairwise([0, *ends, len(text)])] == sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two", [("one", WORD)]),
        ("one, two", [("one,", CLAUSE)]),
        ("One. Two", [("One.", SENTENCE)]),
        ("One\nTwo", [("One", LINE)]),
        ("One\n\nTwo", [("One", PARAGRAPH)]),
        ("Thus:\n\nTwo", [("Thus:", WORD)]),
        ("term (https://example.org)", [("term", WORD)]),
        ("z.\u00a0B.", []),
        ("one \u00a0 two", [("one", WORD)]),
        ("日本。語", [("日", WORD), ("日本。", SENTENCE)]),
        ("「日」", []),
        ("a \u0301b", []),
        ("@ada @ben", [("@ada", WORD)]),
    ],
)
def test_cuts_are_judged_by_what_stands_there(text: str, expected: list[tuple[str, float]]) -> None:
    assert [(text[: cut.end], cut.cost) for cut in cuts(plain(text, PLAIN), "ja")] == expected


@thorough
@given(texts())
def test_a_cut_is_between_two_characters_as_people_see_them_and_in_no_name(text: str) -> None:
    seen, place = {0}, 0
    for cluster in clusters(text):
        place += len(cluster)
        seen.add(place)

    for cut in cuts(plain(text, PLAIN), "en"):
        assert {cut.end, cut.start} <= seen
        assert text[cut.end : cut.start].strip() == ""
        assert not any(
            span.start < cut.end < span.end or span.start < cut.start < span.end
            for span in plain(text, PLAIN).spans
        )
