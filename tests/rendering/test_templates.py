"""Which template is found, and how each way it can go wrong is told."""

from pathlib import Path
from typing import Any

import pytest

from scheduler.calendar.model import LinkTo
from scheduler.rendering.templates import SHIPPED
from tests.rendering.support import a_draft, rendered, said


def text_of(folder: Path, platform: str = "mastodon", template: str = "x", **values: Any) -> str:
    [delivery] = rendered(a_draft(platform, template=template, values=values), folders=[folder])
    assert said(delivery) == []
    return delivery.post.text


def problem_of(folder: Path, template: str, **values: Any) -> str:
    (folder / "x.j2").write_text(template)
    [delivery] = rendered(
        a_draft(template="x", values=values, lines={"template": 12}), folders=[folder]
    )
    [problem] = said(delivery)
    return problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    return made


def test_the_most_particular_template_is_taken(folder: Path) -> None:
    for name in ("x.fediverse.j2", "x.mastodon.j2", "x.j2"):
        (folder / name).write_text(name)

    assert text_of(folder, "mastodon") == "x.fediverse.j2"
    assert text_of(folder, "bluesky") == "x.j2"

    (folder / "x.fediverse.j2").unlink()
    assert text_of(folder, "mastodon") == "x.mastodon.j2"


def test_the_persons_plain_template_goes_before_a_shipped_particular_one(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "announcement.j2").write_text("mine: {{ headline }}")

    assert text_of(folder, "site", "announcement", headline="Hello") == "mine: Hello"


def test_a_shipped_template_can_be_extended_under_its_own_name(folder: Path) -> None:
    (folder / "announcement.j2").write_text(
        '{% extends "shipped/announcement.j2" %}{% block title %}News: {{ super() }}{% endblock %}'
    )

    [delivery] = rendered(
        a_draft("site", template="announcement", values={"headline": "Hello"}), folders=[folder]
    )

    assert (delivery.post.title, delivery.post.text) == ("News: Hello", "Hello")


def test_the_entrys_own_words_win_over_the_templates_blocks(folder: Path) -> None:
    (folder / "x.j2").write_text(
        "{% block title %}T{% endblock %}{% block text %}from the template{% endblock %}"
    )

    [delivery] = rendered(a_draft("site", template="x", text="{{ typed }}"), folders=[folder])

    assert (delivery.post.title, delivery.post.text) == ("T", "{{ typed }}")


def test_a_template_knows_its_entry_and_where_it_goes(folder: Path) -> None:
    (folder / "x.j2").write_text(
        "{{ entry }} {{ account }} {{ platform }} {{ room }} {{ html }} {{ due | date }} {{ language }} {{ link.url }}"
    )

    [delivery] = rendered(
        a_draft(template="x", link=LinkTo(url="https://example.org/a")), folders=[folder]
    )

    assert (
        delivery.post.text
        == "launch-day fediverse mastodon 475 False 7 September 2026 en-GB https://example.org/a"
    )


def test_a_link_among_the_values_is_the_entrys_link(folder: Path) -> None:
    [delivery] = rendered(
        a_draft(
            "bluesky",
            template="announcement",
            values={"headline": "Hello", "link": "https://example.org/term"},
        )
    )

    assert said(delivery) == []
    assert delivery.post.link
    assert delivery.post.link.url == "https://example.org/term"


def test_a_value_that_is_left_empty_is_not_defined(folder: Path) -> None:
    (folder / "x.j2").write_text("{% if note is defined %}no{% else %}nothing{% endif %}")

    assert text_of(folder, note=None) == "nothing"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            "a\n\n{{ headlne }}",
            "templates/x.j2:3: launch-day: 'headlne' is not defined; did you mean 'headline'?",
        ),
        (
            "{{ zzz }}",
            "templates/x.j2:1: launch-day: 'zzz' is not defined; there are: account, due, entry, headline, html, language, link, "
            "person, platform, room",
        ),
        (
            "{% block text %}\n{{ person.nme }}{% endblock %}",
            "templates/x.j2:2: launch-day: there is no 'nme' in it; did you mean 'name'?",
        ),
        (
            "{{ headline.nme }}",
            "templates/x.j2:1: launch-day: there is no 'nme' in it; it is 'Hello'",
        ),
        (
            "a\n{% if headline %}",
            "templates/x.j2:2: launch-day: the template cannot be read: Unexpected end of template. Jinja was looking for the "
            "following tags: 'elif' or 'else' or 'endif'. The innermost block that needs to be closed is 'if'.",
        ),
        (
            "{{ headline | nope }}",
            "templates/x.j2:1: launch-day: the template cannot be read: No filter named 'nope'.",
        ),
        ("\n{{ 1 / 0 }}", "templates/x.j2:2: launch-day: the template failed: division by zero"),
        (
            "{{ headline + 1 }}",
            'templates/x.j2:1: launch-day: the template failed: can only concatenate str (not "int") to str',
        ),
        (
            "{{ headline.__class__.__mro__ }}",
            "templates/x.j2:1: launch-day: the template failed: access to attribute '__class__' of 'str' "
            "object is unsafe.",
        ),
        (
            "{{ 'soon' | date }}",
            "templates/x.j2:1: launch-day: the template failed: 'soon' is no date; write 2026-09-07 or 2026-09-07 18:30",
        ),
        (
            '{% include "anouncement.j2" %}',
            "templates/x.j2:1: launch-day: no template called 'anouncement.j2'; did you mean 'announcement'?",
        ),
        (
            '{% include "x.j2" %}',
            "templates/x.j2:1: launch-day: the template includes itself without end; a shipped one is reached as "
            '"shipped/NAME.j2"',
        ),
    ],
)
def test_a_templates_error_names_file_line_and_remedy(
    folder: Path, template: str, message: str
) -> None:
    assert problem_of(folder, template, headline="Hello", person={"name": "Ana"}) == message


@pytest.mark.parametrize("name", ["anouncement", "../announcement", "a/../b", ""])
def test_a_template_that_is_not_there_is_told_at_the_entrys_line(folder: Path, name: str) -> None:
    [delivery] = rendered(a_draft(template=name, lines={"template": 12}), folders=[folder])

    [problem] = said(delivery)
    assert problem.startswith(f"calendar.yaml:12: launch-day: no template called '{name}'; ")


def test_a_near_name_is_offered_for_a_template_that_is_not_there(folder: Path) -> None:
    [problem] = said(*rendered(a_draft(template="anouncement"), folders=[folder]))

    assert (
        problem
        == "calendar.yaml:10: launch-day: no template called 'anouncement'; did you mean 'announcement'?"
    )


def test_a_template_that_is_not_utf_8_is_told(folder: Path) -> None:
    (folder / "x.j2").write_bytes(b"caf\xe9")

    [problem] = said(*rendered(a_draft(template="x"), folders=[folder]))

    assert (
        problem == "calendar.yaml:10: launch-day: the template 'x' cannot be read: save it as UTF-8"
    )


def test_a_value_may_not_hide_what_every_template_has(folder: Path) -> None:
    [problem] = said(
        *rendered(
            a_draft(
                template="announcement",
                values={"headline": "Hello", "due": "soon"},
                lines={"with": 14},
            )
        )
    )

    assert (
        problem
        == "calendar.yaml:14: launch-day: `with` cannot name 'due', which every template has already; give it another name"
    )


def test_a_shipped_templates_fault_is_told_with_its_line() -> None:
    [problem] = said(*rendered(a_draft(template="announcement", values={"headlne": "Hello"})))

    assert problem.startswith("shipped/announcement.j2:")
    assert problem.endswith(": launch-day: 'headline' is not defined; did you mean 'headlne'?")
    assert SHIPPED.is_dir()
