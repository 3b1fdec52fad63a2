"""The student guard: what it finds however it is written, what it lets through, and that it names nobody."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Link, Media
from scheduler.guarding import BUILT_IN, Guard
from scheduler.problems import Invalid
from scheduler.rendering.guard import Guarding, Roster, read_roster
from tests.rendering.support import a_draft, rendered
from tests.support import an_image

NAMES = """\
# 7b
Anna Smith
Smith-Jones, Ben
Müller, Jörg
Grace Miller
Will Young
O'Brien, Pat
María García López
Nguyễn Văn An
Анна Смирнова
Siobhan
Baker
Anna van der Berg
Łukasz Żółć
"""
LINES = {name: line for line, name in enumerate(NAMES.splitlines(), 1)}
CAUGHT = {
    "as it is listed": ("Well done, Anna Smith!", "Anna Smith"),
    "small letters": ("well done, anna smith", "Anna Smith"),
    "capitals": ("WELL DONE, ANNA SMITH", "Anna Smith"),
    "the other order": ("Smith, Anna (7b)", "Anna Smith"),
    "the other order without a comma": ("Smith Anna", "Anna Smith"),
    "family name first in the roster": ("Ben Smith-Jones", "Smith-Jones, Ben"),
    "one half of a double name": ("Ben Jones", "Smith-Jones, Ben"),
    "a double name without its hyphen": ("Ben Smith Jones", "Smith-Jones, Ben"),
    "accents": ("Ánna Smïth", "Anna Smith"),
    "accents left out": ("An Nguyen", "Nguyễn Văn An"),
    "accents as signs of their own": ("A\u0301nna Smi\u0308th", "Anna Smith"),
    "umlauts written out": ("Joerg Mueller", "Müller, Jörg"),
    "umlauts left out": ("Jorg Muller", "Müller, Jörg"),
    "letters with a stroke": ("Lukasz Zolc", "Łukasz Żółć"),
    "a name between": ("Anna Maria Smith", "Anna Smith"),
    "initials between": ("Anna M. K. Smith", "Anna Smith"),
    "a part left out": ("María López", "María García López"),
    "the other family name": ("María García", "María García López"),
    "particles left out": ("Anna Berg", "Anna van der Berg"),
    "particles": ("Anna van der Berg", "Anna van der Berg"),
    "emphasis within": ("An**na** Smith", "Anna Smith"),
    "emphasis around": ("**Anna** _Smith_", "Anna Smith"),
    "strikethrough": ("A~~nn~~a Smith", "Anna Smith"),
    "escapes": (r"Anna S\mith", "Anna Smith"),
    "inline HTML": ("An<b>na</b> Sm<i>ith</i>", "Anna Smith"),
    "a comment of HTML": ("An<!-- x -->na Smith", "Anna Smith"),
    "a link on half of it": ("[Anna](https://example.org) Smith", "Anna Smith"),
    "zero-width signs": ("A\u200bn\u2060na Sm\u00adith", "Anna Smith"),
    "spaced out": ("A n n a S m i t h", "Anna Smith"),
    "dotted": ("a.n.n.a s.m.i.t.h", "Anna Smith"),
    "Cyrillic that looks Latin": ("Аnnа Smіth", "Anna Smith"),
    "Greek that looks Latin": ("Αnna Smιth", "Anna Smith"),
    "fullwidth": ("Ａｎｎａ Ｓｍｉｔｈ", "Anna Smith"),
    "mathematical letters": ("𝐀𝐧𝐧𝐚 𝑺𝒎𝒊𝒕𝒉", "Anna Smith"),
    "letters in circles": ("Ⓐⓝⓝⓐ Ⓢⓜⓘⓣⓗ", "Anna Smith"),
    "a tag": ("#AnnaSmith", "Anna Smith"),
    "a tag in small letters": ("#annasmith", "Anna Smith"),
    "a tag in the other order": ("#SmithAnna", "Anna Smith"),
    "a tag with a number": ("#AnnaSmith7b", "Anna Smith"),
    "underscores": ("anna_smith", "Anna Smith"),
    "an address": ("https://example.org/people/anna-smith", "Anna Smith"),
    "an address with escapes": ("https://example.org/people/Anna%20Smith", "Anna Smith"),
    "two lines": ("Anna\nSmith", "Anna Smith"),
    "an apostrophe": ("Pat O’Brien", "O'Brien, Pat"),
    "no apostrophe": ("Pat OBrien", "O'Brien, Pat"),
    "a space in its place": ("pat o brien", "O'Brien, Pat"),
    "possessive": ("Anna Smith's drawing", "Anna Smith"),
    "possessive in German": ("Anna Smiths Bild", "Anna Smith"),
    "another script": ("АННА СМИРНОВА", "Анна Смирнова"),
    "a name alone": ("siobhan has won", "Siobhan"),
    "a word that is a name, within a sentence": ("We thank Baker for it.", "Baker"),
    "two words that are a name": ("Ask Will Young about it", "Will Young"),
}
INNOCENT = [
    "Grace period ends on Friday",
    "We grant a grace period.",
    "Will you come?",
    "Will young people vote?",
    "will young readers like it",
    "May Day is a holiday",
    "The baker opens at seven.",
    "Baker and butcher are shut.",
    "Thanks. Baker and butcher are shut.",
    "#BakerStreet",
    "Young people first",
    "Anna likes the smith at the bridge",
    "Anna and the village smith",
    "Anna. We also met a lady called Ms Smith",
    "Smith & Co",
    "Annabel Smithson",
    "Joanna Smith",
    "Ben and Jerry",
    "An apple for Jones",
    "Miller's law",
    "a patent by O. Brien",
    "Maria, 7b",
    "garcia lopez and others",
]


def roster(folder: Path, names: str = NAMES) -> Roster:
    file = folder / "roster.txt"
    file.write_text(names)
    return read_roster(file, "roster.txt")


def seen(
    text: str, names: Roster | None = None, ignored: Iterable[str] = (), **guard: Any
) -> list[tuple[str, str, str]]:
    [one] = rendered(a_draft("site", text=text))
    return list(Guarding(guard=Guard(**guard), roster=names).found(one, frozenset(ignored)))


@pytest.mark.parametrize("case", CAUGHT)
def test_a_listed_name_is_found_however_it_is_written(tmp_path: Path, case: str):
    text, name = CAUGHT[case]

    found = seen(text, roster(tmp_path))

    assert [code for code, _, _ in found] == ["guard-name"] * len(found)
    assert any(f"the name of roster.txt:{LINES[name]}" in message for _, _, message in found)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_looks_like_a_name_goes_through(tmp_path: Path, text: str):
    assert seen(text, roster(tmp_path)) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("email", "anna@school.example"),
        ("email", "Write to a.smith+7b@post.school.example."),
        ("email", "anna (at) school.example"),
        ("email", "anna [at] school [dot] example"),
        ("email", "anna@sch\u200bool.example"),
        ("email", "ａｎｎａ＠ｓｃｈｏｏｌ．ｅｘａｍｐｌｅ"),
        ("email", "https://example.org/?to=anna@school.example"),
        ("email", "<a href='mailto:anna@school.example'>write</a>"),
        ("phone", "+44 20 7946 0018"),
        ("phone", "Call 020 7946 0018"),
        ("phone", "(0113) 496 0000"),
        ("phone", "0113/4960000"),
        ("phone", "+49 (0)30 901820"),
        ("phone", "(212) 555-0147"),
        ("phone", "212-555-0147"),
        ("phone", "٠٢٠ ٧٩٤٦ ٠٠١٨"),
        ("student-number", "S1234567"),
        ("student-number", "candidate number: 4711"),
        ("student-number", "Matrikelnummer 1234567"),
        ("student-number", "UPN A123456789012"),
    ],
)
def test_an_address_or_a_number_is_found(pattern: str, text: str):
    [(code, key, message)] = seen(text, patterns=BUILT_IN)

    assert (code, key) == (f"guard-{pattern}", "text")
    assert f"allow it: ignore: [guard-{pattern}]" in message
    assert seen(text, patterns=BUILT_IN, ignored=[code]) == []


@pytest.mark.parametrize(
    "text",
    [
        "On 07.09.2026 at 18:30",
        "2026-09-07 08:30",
        "from 01/09/26 to 05/09/26",
        "2026/27",
        "ISBN 978-3-16-148410-0",
        "£12,500.00",
        "1,000,000 readers",
        "0.123456789",
        "Room 1234",
        "@anna@school.social",
        "Year 10-11",
        "3:30-4:15",
        "https://example.org/2026/11/02079460018",
        "12345678 steps",
        "Meet me at school.example",
        "students 12 to 14",
        "a5 b6 c7",
        "v1.2.3",
        "100 000 000",
    ],
)
def test_dates_prices_and_mentions_are_no_numbers_of_people(text: str):
    assert seen(text, patterns=BUILT_IN) == []


def test_what_is_allowed_may_appear_and_nothing_else(tmp_path: Path):
    allow = ("Anna Smith Prize", "Office@School.example")
    names = roster(tmp_path)

    assert (
        seen(
            "The anna smith prize. Ask office@school.example", names, patterns=BUILT_IN, allow=allow
        )
        == []
    )
    found = seen(
        "The Anna Smith Prize for Anna Smith, anna@school.example",
        names,
        patterns=BUILT_IN,
        allow=allow,
    )
    assert [code for code, _, _ in found] == ["guard-name", "guard-email"]


def test_it_is_said_where_and_in_which_line_and_never_who(tmp_path: Path):
    found = seen("Well done!\nThanks to Anna Smith.", roster(tmp_path))

    assert found == [
        (
            "guard-name",
            "text",
            "its text has the name of roster.txt:2 (line 2, character 11); take it out, or allow it: "
            "`guard: {allow: [...]}` in the config",
        )
    ]


def test_every_piece_of_a_post_is_looked_at(tmp_path: Path):
    picture = an_image(tmp_path, "door.png", alt="With Anna Smith")
    named = replace(an_image(tmp_path, "anna_smith.png"), alt="")
    spoken = tmp_path / "film.vtt"
    spoken.write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nAnna Smith sings.\n")
    captions = Media(file=spoken, type="text/vtt", size=1, digest="c")
    [one] = rendered(a_draft("site", text="Hello", title="Title"))
    link = Link(
        url="https://example.org/anna-smith",
        title="Anna Smith",
        description="By Anna Smith",
        image=replace(picture, alt="Anna Smith"),
    )
    media = (
        picture,
        named,
        replace(
            picture,
            file=tmp_path / "film.mp4",
            type="video/mp4",
            alt="",
            digest="f",
            captions=captions,
        ),
    )
    html = '<p>Hello</p><img src="/anna-smith.png" alt="x">'
    post = replace(
        one.post,
        title="For Anna Smith",
        summary="Anna Smith",
        link=link,
        media=media,
        html=html,
        options={
            "content_warning": "Anna Smith",
            "poll": {"answers": ["Yes", "Anna Smith"], "hours": 24},
        },
    )
    found = Guarding(guard=Guard(), roster=roster(tmp_path)).found(
        replace(one, post=post), frozenset()
    )

    assert [(key, message.partition(" has ")[0]) for _, key, message in found] == [
        ("title", "its title"),
        ("summary", "its summary"),
        ("text", "its text"),
        ("link", "its link"),
        ("link", "the title of its link"),
        ("link", "the description of its link"),
        ("media", "the alt of file 1"),
        ("media", "the name of file 2"),
        ("media", "a caption of file 3"),
        ("link", "the alt of the picture of its link"),
        ("content_warning", "`content_warning`"),
        ("poll", "`poll`"),
    ]


def test_a_pattern_of_ones_own_that_never_ends_counts_as_found():
    [(code, _, message)] = seen("a" * 60 + "!", patterns={"slow": "(a|a)*b(a|a)*$|(a+)+$"})

    assert code == "guard-slow"
    assert "the pattern takes too long" in message


def test_a_single_name_that_is_a_word_or_short_is_told_by_its_line(tmp_path: Path):
    found = roster(tmp_path, "Anna Smith\nGrace\nJo\nSiobhan\n").problems

    assert [(one.place.line, one.severity, "Grace" in one.message) for one in found] == [
        (2, "warning", False),
        (3, "warning", False),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            b"Anna Smith\nJ\xf6rg M\xfcller\n",
            "roster.txt:2: the roster is not UTF-8; save it as UTF-8",
        ),
        (
            b"Anna Smith\n\n4711\n",
            "roster.txt:3: no name stands here; a line has one name, or a comment after #",
        ),
        (b"x" * 2_000_001, "roster.txt:1: the roster is larger than 2 MB; it has one name a line"),
    ],
)
def test_a_roster_that_cannot_be_used_says_its_line(tmp_path: Path, content: bytes, said: str):
    (tmp_path / "roster.txt").write_bytes(content)

    with pytest.raises(Invalid) as invalid:
        read_roster(tmp_path / "roster.txt", "roster.txt")

    assert str(invalid.value) == said


def test_a_roster_without_names_is_told(tmp_path: Path):
    assert [str(one) for one in roster(tmp_path, "# later\n\n").problems] == [
        "roster.txt:1: there is no name in this roster; write one a line"
    ]


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_no_part_of_a_name(tmp_path: Path):
    (tmp_path / "roster.txt").write_bytes("\ufeffAnna Smith\r\nBen Jones  # 8a\r\n".encode())

    names = read_roster(tmp_path / "roster.txt", "roster.txt")

    assert [len(seen(text, names)) for text in ("Anna Smith", "Ben Jones", "Ben 8a")] == [1, 1, 0]


def test_half_of_a_double_name_that_is_one_letter_is_no_name(tmp_path: Path):
    names = roster(tmp_path, "Ben T-Jones\nAnna Xu-Li\n")

    texts = ("Ben Jones", "Ben T-Jones", "Ben T", "Anna Xu", "Anna Li")
    assert [len(seen(text, names)) for text in texts] == [1, 1, 0, 1, 1]
