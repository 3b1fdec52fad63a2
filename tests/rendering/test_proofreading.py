"""The checks: what each sees, what it lets be, and how a person sets it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from platforms.base import Media
from scheduler.calendar.model import Delivery, MediaFile, Part
from scheduler.checks import CHECKS, SETTABLE, Break, Checks, Quiet
from scheduler.problems import Place, Problem
from scheduler.rendering.proofreading import LOOKS, Proofreader
from tests.rendering.support import DUE, a_draft, rendered
from tests.support import an_image

HELLO = "Hello, colleagues"


def read(
    text: str = HELLO,
    *,
    media: tuple[Media, ...] = (),
    sources: Mapping[str, Path] | None = None,
    due: datetime = DUE,
    entry: str = "launch-day",
    ignore: tuple[str, ...] = (),
    reader: Proofreader | None = None,
    checks: Checks | None = None,
    **content: Any,
) -> Delivery:
    """A delivery that was looked through."""
    draft = a_draft("site", text=text, lines={"text": 12, "media": 13, "when": 11}, **content)
    draft = replace(draft, due=due, entry=entry, ignore=frozenset(ignore))
    [one] = rendered(draft)
    one = replace(
        one, post=replace(one.post, media=media), sources=sources or {}, due=due, problems=()
    )
    [seen] = (reader or Proofreader(checks=checks or Checks())).read(draft, [one])
    return seen


def codes(one: Delivery) -> list[str]:
    return [problem.code for problem in one.problems]


def test_every_check_is_in_the_table_and_is_looked_for_or_met_while_reading_and_rendering():
    assert set(LOOKS) <= set(SETTABLE)
    assert set(CHECKS) - set(LOOKS) == {
        "no-alt",
        "alt-too-long",
        "too-long",
        "title-too-long",
        "card-not-read",
        "no-captions",
        "platform-notice",
        "price",
        "zone-name",
        "file-ignored",
        "past",
    }
    assert {row.severity for code, row in CHECKS.items() if code in LOOKS} == {"warning"}
    assert [row.code for row in CHECKS.values() if not row.meaning or not row.remedy] == []


def test_a_text_that_is_well_has_no_problem():
    text = "On Monday we plan ONE lesson together 🎉, with the BBC, NASA and UNESCO. #LessonStudy #EduTooter #teaching https://example.org/page"

    assert read(text, title="Lesson study").problems == ()


@pytest.mark.parametrize(
    "alt",
    [
        "door.png",
        "IMG_2041",
        "DSC0001.JPG",
        "Screenshot 2026-09-01 at 10.11.12",
        "term-3_door",
        "My holiday.jpeg",
    ],
)
def test_an_alt_that_is_the_name_of_a_file_is_seen(tmp_path: Path, alt: str):
    media = replace(an_image(tmp_path), alt=alt)

    one = read(media=(media,), sources={media.digest: tmp_path / "term-3_door.png"})

    assert [str(problem) for problem in one.problems] == [
        f"calendar.yaml:13: launch-day: the alt of term-3_door.png is the name of a file: {alt}; say what it shows"
    ]


@pytest.mark.parametrize(
    "alt", ["Door", "The school door", "A door, door.png in the folder", "Image of a door", ""]
)
def test_an_alt_in_words_is_none(tmp_path: Path, alt: str):
    media = replace(an_image(tmp_path), alt=alt)

    assert read(media=(media,), sources={media.digest: tmp_path / "door.png"}).problems == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Our lesson study goes on. #lessonstudy",
            "#lessonstudy is made of words of its own post, in lower case; write #LessonStudy",
        ),
        (
            "#professionallearning",
            "#professionallearning has 20 letters in lower case; if it is several words, begin each with a capital",
        ),
        (
            "Grüne Schule #grüneschule",
            "#grüneschule is made of words of its own post, in lower case; write #GrüneSchule",
        ),
    ],
)
def test_a_tag_of_several_words_is_seen(text: str, said: str):
    [problem] = read(text).problems

    assert problem.code == "tag-case"
    assert said in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "#LessonStudy #lessonStudy #PLN #EDUTOOTER",
        "#edutooter #mathematics #responsibility",
        "We study #lessonstudy",
        "A less on #lesson",
        "#lesson_study",
        "#教育技術 #معلم",
        "#классныйчас и #час",
        "lesson study is at https://example.org/#lessonstudy",
    ],
)
def test_a_tag_that_can_be_read_is_none(text: str):
    assert read(text).problems == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [("Hooray 🎉🎉🎉🎉", 4), ("👨‍👩‍👧‍👦 👨‍👩‍👧‍👦 🇩🇪 👍🏽 1️⃣", 5), ("🎉 🎉\n🎉 🎉", 4)],
)
def test_a_row_of_emoji_is_counted_as_people_see_them(text: str, count: int):
    [problem] = read(text).problems

    assert problem.code == "emoji-row"
    assert f"{count} emoji in a row" in problem.message


@pytest.mark.parametrize(
    "text",
    ["🎉🎉🎉", "👨‍👩‍👧‍👦👨‍👩‍👧‍👦🇩🇪", "🎉 one 🎉 two 🎉 three 🎉", "1234567 ©®™ → ← ↑ ↓", "★☆★☆★☆"],
)
def test_what_is_no_row_of_emoji_is_none(text: str):
    assert codes(read(text)) == []


def test_media_without_a_word_beside_them_are_seen(tmp_path: Path):
    media = (an_image(tmp_path),)

    assert [
        codes(read(text, media=media))
        for text in ("", "https://example.org #Teaching", "🎉", "Look")
    ] == [["no-words"]] * 3 + [[]]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("THIS IS VERY IMPORTANT for all", True),
        ("ÜBER ALLE MASSEN GROSSE Freude", True),
        ("WE WON A PRIZE TODAY", True),
        ("NASA, ESA and BBC", False),
        ("NASA, ESA, BBC", False),
        ("I A M", False),
        ("#THIS #IS #VERY #LOUD", False),
        ("STOP. That was it. NOW. Go.", False),
        ("四 五 六 七 八", False),
    ],
)
def test_a_run_of_words_in_capitals_is_seen_and_acronyms_are_not(text: str, found: bool):
    assert codes(read(text)) == ["capitals"] * found


def test_the_same_text_to_one_account_within_days_is_seen():
    reader = Proofreader(checks=Checks(numbers={"same-text": 7}))
    texts = [
        ("a", HELLO, 0),
        ("b", "Hello,\n  COLLEAGUES", 7),
        ("c", HELLO, 15),
        ("d", "Hello, colleague", 15),
        ("e", "", 15),
        ("f", "", 15),
    ]

    found = [
        read(text, entry=entry, due=DUE + timedelta(days=days), reader=reader).problems
        for entry, text, days in texts
    ]

    assert [[problem.message for problem in problems] for problems in found] == [
        [],
        [
            "b: class-site has the same text on 2026-09-07 already (a); say it in other words, or more than 7 days later"
        ],
        [],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("night", "at", "found"),
    [
        ((time(21), time(6, 30)), time(20, 59), False),
        ((time(21), time(6, 30)), time(21), True),
        ((time(21), time(6, 30)), time(0), True),
        ((time(21), time(6, 30)), time(6, 29), True),
        ((time(21), time(6, 30)), time(6, 30), False),
        ((time(1), time(5)), time(0, 59), False),
        ((time(1), time(5)), time(3), True),
        ((time(1), time(5)), time(5), False),
    ],
)
def test_the_night_begins_and_ends_with_its_minutes(
    night: tuple[time, time], at: time, found: bool
):
    reader = Proofreader(checks=Checks(), quiet=Quiet(night=night))

    assert (
        codes(read(due=DUE.replace(hour=at.hour, minute=at.minute), reader=reader))
        == ["at-night"] * found
    )


def test_the_first_and_the_last_day_belong_to_a_break():
    reader = Proofreader(
        checks=Checks(),
        quiet=Quiet(
            breaks=(Break(first=date(2026, 10, 26), last=date(2026, 10, 30), name="half term"),)
        ),
    )
    days = [datetime(2026, 10, day, 12, tzinfo=UTC) for day in (25, 26, 30, 31)]

    found = [
        [str(problem) for problem in read(f"Day {day}", due=day, reader=reader).problems]
        for day in days
    ]

    said = "calendar.yaml:11: launch-day: 2026-10-{} is in half term, from 2026-10-26 to 2026-10-30; move it"
    assert found == [[], [said.format(26)], [said.format(30)], []]


def test_a_link_that_does_not_answer_is_told_with_why():
    reader = Proofreader(
        checks=Checks(), dead={"https://example.org/gone": "example.org answers 404"}
    )

    [problem] = read(
        "See https://example.org/gone and https://example.org/there", reader=reader
    ).problems

    assert (
        problem.message
        == "launch-day: https://example.org/gone does not answer: example.org answers 404; mend the address"
    )


def test_a_check_is_a_warning_an_error_or_off_and_what_an_entry_ignores_is_not_said():
    loud = "THIS IS VERY IMPORTANT"

    assert [(one.code, one.severity) for one in read(loud).problems] == [("capitals", "warning")]
    assert [
        (one.code, one.severity)
        for one in read(loud, checks=Checks(severities={"capitals": "error"})).errors
    ] == [("capitals", "error")]
    assert read(loud, checks=Checks(severities={"capitals": "off"})).problems == ()
    assert read(loud, checks=Checks(numbers={"capitals": 4})).problems == ()
    assert read(loud, ignore=("capitals",)).problems == ()


def test_what_was_met_while_rendering_is_set_and_ignored_likewise_and_what_is_fixed_is_not():
    problems = tuple(
        Problem(code, code, Place("calendar.yaml", 1), severity)
        for code, severity in (
            ("card-not-read", "warning"),
            ("too-long", "error"),
            ("not-fetched", "warning"),
        )
    )

    def left(checks: Checks, *ignore: str) -> list[tuple[str, str]]:
        draft = replace(a_draft("site", text=HELLO), ignore=frozenset(ignore))
        [one] = Proofreader(checks=checks).read(
            draft, [replace(rendered(draft)[0], problems=problems)]
        )
        return [(problem.code, problem.severity) for problem in one.problems]

    others = [("too-long", "error"), ("not-fetched", "warning")]
    assert left(Checks(severities={"card-not-read": "error"})) == [
        ("card-not-read", "error"),
        *others,
    ]
    assert left(Checks(severities={"card-not-read": "off", "too-long": "off"})) == others
    assert left(Checks(), "card-not-read", "too-long") == others


def test_what_is_seen_in_a_part_of_a_thread_stands_at_that_part():
    place = Place("calendar.yaml", 20)
    draft = a_draft(
        "mastodon",
        text=HELLO,
        thread=(Part(text="THIS IS VERY IMPORTANT", place=place),),
        first_comment="MORE OF THIS TO COME",
        lines={"text": 12, "first_comment": 22},
    )

    found = [
        problem
        for one in Proofreader(checks=Checks()).read(draft, rendered(draft))
        for problem in one.problems
    ]

    assert [problem.place for problem in found] == [place, Place("calendar.yaml", 22)]


def test_what_is_seen_in_a_part_of_a_text_that_was_split_stands_at_the_text():
    draft = a_draft(
        "mastodon",
        text="We plan one lesson together. " * 30 + "THIS IS VERY IMPORTANT",
        fit="thread",
        lines={"text": 12},
    )

    *_, last = Proofreader(checks=Checks()).read(draft, rendered(draft))

    assert last.part
    assert [problem.place for problem in last.problems] == [Place("calendar.yaml", 12)]


def test_a_picture_that_is_too_long_described_is_listed_as_it_was(tmp_path: Path):
    an_image(tmp_path)
    draft = a_draft(
        "mastodon",
        text=HELLO,
        media=(
            MediaFile(file=tmp_path / "door.png", alt="x" * 1501, place=Place("calendar.yaml", 13)),
        ),
    )

    [one] = Proofreader(checks=Checks()).read(draft, rendered(draft))

    assert [(problem.code, problem.severity) for problem in one.problems] == [
        ("alt-too-long", "error")
    ]


@pytest.mark.parametrize("piece", ["👨\u200d", "👍", "🇩", "1\ufe0f\u20e3", "#a", "A ", "a"])
def test_no_text_keeps_us_busy(piece: str):
    before = process_time()
    read(piece * (50_000 // len(piece)))

    assert process_time() - before < 5
