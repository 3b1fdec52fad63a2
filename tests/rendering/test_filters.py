from datetime import UTC, date, datetime
from typing import Any

import pytest
from jinja2 import Environment
from jinja2.exceptions import TemplateRuntimeError

from scheduler.rendering.filters import FILTERS, TESTS


def shown(template: str, language: str = "en-GB", **values: Any) -> str:
    environment = Environment(autoescape=False)
    environment.filters.update(FILTERS)
    environment.tests.update(TESTS)
    return environment.from_string(template).render(language=language, **values)


@pytest.mark.parametrize(
    "value",
    ["2026-09-07", "2026-09-07 18:30", date(2026, 9, 7), datetime(2026, 9, 7, 18, 30, tzinfo=UTC)],
)
def test_a_date_is_written_in_the_language_whatever_yaml_made_of_it(value: object) -> None:
    assert shown("{{ value | date }}", value=value) == "7 September 2026"
    assert shown("{{ value | date }}", "de", value=value) == "7. September 2026"
    assert shown("{{ value | date('d MMMM') }}", "es", value=value) == "7 septiembre"
    assert shown("{{ value | date }}", "xx-nowhere", value=value) == "September 7, 2026"


def test_a_time_is_written_in_the_language() -> None:
    assert shown("{{ '18:30' | time }}") == "18:30"
    assert (
        shown("{{ value | time }}", "en-US", value="2026-09-07 18:30").replace("\u202f", " ")
        == "6:30 PM"
    )
    assert shown("{{ '2026-09-07' is timed }} {{ '2026-09-07 18:30' is timed }}") == "False True"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "{{ 'next Monday' | date }}",
            "'next Monday' is no date; write 2026-09-07 or 2026-09-07 18:30",
        ),
        (
            "{{ '2026-09-07 18.30' | date }}",
            "'2026-09-07 18.30' is no date; write 2026-09-07 or 2026-09-07 18:30",
        ),
        (
            "{{ '2026-09-07 18-05' | time }}",
            "'2026-09-07 18-05' has no time of day; write 2026-09-07 18:30 or 18:30",
        ),
        (
            "{{ '2026-09-07' | time }}",
            "'2026-09-07' has no time of day; write 2026-09-07 18:30 or 18:30",
        ),
        ("{{ 3 | hashtags }}", "'3' is neither words nor a list of them"),
        (
            "{{ 'many' | plural('seat', 'seats') }}",
            "plural needs a number and two forms or more, e.g. {{ many | plural('seat', 'seats') }}",
        ),
    ],
)
def test_what_a_filter_cannot_use_is_said(template: str, message: str) -> None:
    with pytest.raises(TemplateRuntimeError) as raised:
        shown(template)

    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["professional learning", "edtech", "iPad"], "#ProfessionalLearning #Edtech #iPad"),
        ("professional learning, K-12", "#ProfessionalLearning #K12"),
        ("teaching #learning", "#Teaching #Learning"),
        (
            ["AI in schools", "don't", "C++", "2026", "", "Edtech", "edtech"],
            "#AIInSchools #Dont #C #Edtech",
        ),
        (["हिन्दी भाषा", "школа", "学校"], "#हिन्दीभाषा #Школа #学校"),
    ],
)
def test_hashtags_are_one_word_each_in_any_script(value: object, expected: str) -> None:
    assert shown("{{ value | hashtags }}", value=value) == expected


@pytest.mark.parametrize(
    ("value", "most", "expected"),
    [
        ("Bring your questions", 20, "Bring your questions"),
        ("Bring your questions", 19, "Bring your…"),
        ("Bring your, questions", 13, "Bring your…"),
        ("one two", 4, "one…"),
        ("Donaudampfschifffahrt", 6, "Donau…"),
        ("学校の図書館で会いましょう", 6, "学校の図書…"),
        ("👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2, "👨‍👩‍👧‍👦…"),
        ("Read https://example.org/a/very/long/path/to/it", 30, "Read…"),
        ("abc", 1, "…"),
        ("abc", -3, ""),
    ],
)
def test_shortening_ends_at_a_word_and_never_within_a_character_or_a_link(
    value: str, most: int, expected: str
) -> None:
    assert shown("{{ value | shorten(most) }}", value=value, most=most) == expected


@pytest.mark.parametrize(
    ("language", "number", "forms", "expected"),
    [
        ("en", 1, ("seat", "seats"), "seat"),
        ("en", 0, ("seat", "seats"), "seats"),
        ("fr", 0, ("place", "places"), "place"),
        ("pl", 1, ("miejsce", "miejsca", "miejsc"), "miejsce"),
        ("pl", 3, ("miejsce", "miejsca", "miejsc"), "miejsca"),
        ("pl", 5, ("miejsce", "miejsca", "miejsc"), "miejsc"),
        ("ar", 0, ("one", "many"), "many"),
    ],
)
def test_a_plural_follows_the_language(
    language: str, number: int, forms: tuple[str, ...], expected: str
) -> None:
    assert shown("{{ number | plural(*forms) }}", language, number=number, forms=forms) == expected
