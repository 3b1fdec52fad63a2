"""A template that somebody else wrote reaches nothing but the values that it is given, and takes no more than a little memory."""

import os
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.calendar.model import LinkTo, MediaFile
from scheduler.engine.replanning import replan_apart
from scheduler.problems import Place
from tests.rendering.support import a_draft, rendered, said
from tests.support import an_image

UNSAFE = "access to attribute '{}' of '.+' object is unsafe"
NOT_THERE = "there is no '.+' in it|'.+' is not defined"
ESCAPES = [
    ("{{ ''.__class__.__mro__ }}", UNSAFE.format("__class__")),
    ("{{ ''['__class__'] }}", UNSAFE.format("__class__")),
    ("{{ ''|attr('__cla' ~ 'ss__') }}", UNSAFE.format("__class__")),
    ("{{ ().__class__.__bases__[0].__subclasses__() }}", UNSAFE.format("__class__")),
    ("{{ '{0.__class__}'.format('') }}", UNSAFE.format("__class__")),
    ("{{ '{0[0].__class__}'.format(['']) }}", UNSAFE.format("__class__")),
    ("{{ '{x.__class__}'.format(x='') }}", UNSAFE.format("__class__")),
    ("{{ '{x.__class__}'.format_map({'x': ''}) }}", UNSAFE.format("__class__")),
    (
        "{% set f = '{0.__class__.__init__.__globals__}'.format %}{{ f('') }}",
        UNSAFE.format("__init__"),
    ),
    ("{{ ['{0.__class__}']|map('format', '')|list }}", "not all arguments converted"),
    ("{{ [due]|selectattr('__class__')|list }}", UNSAFE.format("__class__")),
    ("{{ [due]|sum(attribute='__class__') }}", UNSAFE.format("__class__")),
    ("{{ cycler.__init__.__globals__.os.environ }}", UNSAFE.format("__init__")),
    ("{{ joiner.__init__.__globals__.os }}", UNSAFE.format("__init__")),
    ("{{ namespace.__init__.__globals__ }}", UNSAFE.format("__init__")),
    ("{% set ns = namespace(a=1) %}{{ ns.__class__ }}", UNSAFE.format("__class__")),
    ("{{ lipsum.__globals__['os'].popen('id').read() }}", NOT_THERE),
    ("{{ dict.__base__.__subclasses__() }}", UNSAFE.format("__base__")),
    ("{{ dict.mro() }}", UNSAFE.format("mro")),
    ("{{ range.__self__ }}", NOT_THERE),
    ("{{ self._TemplateReference__context }}", UNSAFE.format("_TemplateReference__context")),
    ("{{ self.__init__.__globals__ }}", UNSAFE.format("__init__")),
    ("{% for x in [1] %}{{ loop._iterator }}{% endfor %}", UNSAFE.format("_iterator")),
    ("{% macro m() %}{% endmacro %}{{ m._environment }}", UNSAFE.format("_environment")),
    ("{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}", UNSAFE.format("_func")),
    ("{{ headline.encode.__self__ }}", UNSAFE.format("__self__")),
    ("{{ due.tzinfo.__class__ }}", UNSAFE.format("__class__")),
    ("{{ link.image.file.read_text() }}", NOT_THERE),
    ("{{ link.__class__ }}", UNSAFE.format("__class__")),
    ("{{ values.append(1) }}", UNSAFE.format("append")),
    ("{{ pairs.update({'a': 1}) }}", UNSAFE.format("update")),
    ("{{ environment }}{{ context }}{{ config }}{{ request }}", NOT_THERE),
    ("{% import 'os' as os %}{{ os }}", "no template called 'os'"),
    ("{% do values.append(1) %}", "Encountered unknown tag 'do'"),
]
GROWS = [
    ("{{ 'x' * 10 ** 10 }}", "'\\*' would make more than 1,000,000"),
    ("{{ 10 ** 10 * 'x' }}", "'\\*' would make more"),
    ("{{ [1] * 10 ** 10 }}", "'\\*' would make more"),
    ("{{ 7 ** (9 ** 9) }}", "number that is too large"),
    (
        "{% set ns = namespace(x=7 ** 9999) %}{% for i in range(99) %}{% set ns.x = ns.x * ns.x %}{% endfor %}",
        "'\\*' would make more",
    ),
    ("{{ range(10 ** 9)|list }}", "Range too big"),
    ("{{ range(0, 10 ** 9, 3)|list }}", "Range too big"),
    ("{{ 'x'|center(10 ** 9)|length }}", "512 MB of memory"),
    ("{{ 'x'.ljust(10 ** 9)|length }}", "512 MB of memory"),
    ("{{ ('%1000000000d' % 1)|length }}", "512 MB of memory"),
    ("{{ '{:>1000000000}'.format(1)|length }}", "512 MB of memory"),
    ("{{ ('x' * 1000000)|replace('x', 'y' * 10000)|length }}", "512 MB of memory"),
    ("{{ [1]|batch(10 ** 9, 'x')|list|length }}", "512 MB of memory"),
    (
        "{% set ns = namespace(x='1234567890') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "512 MB of memory",
    ),
    (
        "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "512 MB of memory",
    ),
    (
        "{% for i in range(100000) %}1234567890x{% endfor %}",
        "it makes more than 1,000,000 characters",
    ),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "without end"),
    ("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "without end"),
    ("{% include 'x.j2' %}", "without end"),
]


def filled(folder: Path, template: str, link: LinkTo | None = None) -> tuple[list[str], str]:
    """What is wrong with a post that is made by the template, and its text."""
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "x.j2").write_text("\n" + template)
    values = {"headline": "Hello", "values": [1], "pairs": {"a": 0}}
    [delivery] = rendered(
        a_draft("site", template="x", values=values, link=link, lines={"template": 12}),
        folders=[folder / "templates"],
    )
    return said(delivery), delivery.post.text


@pytest.mark.parametrize(("template", "why"), ESCAPES)
def test_no_way_out_of_the_sandbox(tmp_path: Path, template: str, why: str):
    picture = MediaFile(file=an_image(tmp_path).file, place=Place("calendar.yaml", 13))

    problems, text = filled(tmp_path, template, LinkTo(url="https://example.org", image=picture))

    assert len(problems) == 1
    assert re.match(rf"templates/x\.j2:2: launch-day: .*({why})", problems[0])
    assert text in ("", "https://example.org")  # the link is the entry's


@pytest.mark.parametrize("attribute", ["file", "read_text", "parent", "place"])
def test_the_picture_of_a_link_is_no_door_to_the_file_system(tmp_path: Path, attribute: str):
    picture = MediaFile(file=an_image(tmp_path).file, place=Place("calendar.yaml", 13))

    problems, _ = filled(
        tmp_path,
        f"{{{{ link.image.{attribute} }}}}",
        LinkTo(url="https://example.org", image=picture),
    )

    assert problems == [
        f"templates/x.j2:2: launch-day: there is no '{attribute}' in it; it is None"
    ]


def test_the_environment_is_nowhere_in_what_a_template_can_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TERMBELL_TEST_SECRET", "5ecret-value")
    everything = (
        "{{ [entry, account, platform, room, html, due, language, link, headline, cycler, joiner, namespace, dict, range]|pprint }}"
        "{{ self }}{{ due.tzinfo }}{{ pairs|tojson }}{{ values|xmlattr if false }}"
    )

    problems, text = filled(tmp_path, everything, LinkTo(url="https://example.org"))

    assert problems == []
    assert "5ecret-value" not in text
    assert str(Path.cwd()) not in text


@pytest.mark.parametrize(("template", "why"), GROWS)
def test_what_grows_without_end_is_stopped_before_the_memory_is_full(
    tmp_path: Path, template: str, why: str
):
    started = time.monotonic()

    [problem], text = filled(tmp_path, template)

    assert re.search(why, problem)
    assert text == ""
    assert time.monotonic() - started < 10


def test_a_little_arithmetic_is_as_ever(tmp_path: Path):
    assert filled(
        tmp_path, "{{ 'ab' * 3 }} {{ 2 ** 10 }} {{ 2.5 * 4 }} {{ 3 * [1] }} {{ 7 * 6 }}"
    ) == ([], "ababab 1024 10.0 [1, 1, 1] 42")


def test_a_template_that_takes_its_time_does_not_keep_the_daemon(tmp_path: Path):
    (tmp_path / "templates").mkdir()
    nested = "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}{% endfor %}{% endfor %}{% endfor %}"
    (tmp_path / "templates" / "x.j2").write_text(nested)
    (tmp_path / "config.yaml").write_text(
        "timezone: UTC\naccounts: {site: {platform: site}}\n"
        "posts: [{id: a, when: 2026-09-07, to: site, template: x}]\n"
    )

    read = replan_apart(
        tmp_path / "config.yaml",
        lambda config: tmp_path / "store.db",
        datetime.now(UTC),
        longest=3.0,
    )

    assert read.config is None
    assert "look for a template that loops" in read.problems[0].message


# Other files


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    file = tmp_path / "outside.j2"
    file.write_text("5ecret")
    return file


@pytest.mark.parametrize("tag", ["include", "extends", "import"])
@pytest.mark.parametrize(
    "name",
    [
        "{outside}",
        "../outside.j2",
        "./../outside.j2",
        "shipped/../../outside.j2",
        "..\\outside.j2",
        "sub/../../outside.j2",
        "/etc/passwd",
        "//etc/passwd",
        "file:///etc/passwd",
        "shipped//etc/passwd",
        "..",
        "",
        "C:\\windows\\win.ini",
    ],
)
def test_no_other_file_is_reached(tmp_path: Path, outside: Path, tag: str, name: str):
    named = name.format(outside=outside).replace("\\", "\\\\")
    problems, text = filled(
        tmp_path, f'{{% {tag} "{named}"{" as x" if tag == "import" else ""} %}}'
    )

    assert len(problems) == 1
    assert text == ""
    assert "5ecret" not in problems[0]
    assert "no template called" in problems[0] or "Is a directory" in problems[0]


@pytest.mark.parametrize(
    "tag",
    [
        '{% include "linked.j2" %}',
        '{% extends "linked.j2" %}',
        '{% import "linked.j2" as x %}{{ x }}',
        '{% include "folder/outside.j2" %}',
    ],
)
def test_a_link_that_leads_out_of_the_folder_is_not_followed(
    tmp_path: Path, outside: Path, tag: str
):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "linked.j2").symlink_to(outside)
    (tmp_path / "templates" / "folder").symlink_to(tmp_path)

    [problem], text = filled(tmp_path, tag)

    assert "is a link that leads out of its folder; put the file itself there" in problem
    assert text == ""


def test_an_entrys_own_template_is_no_link_either_and_the_folder_may_be_one(
    tmp_path: Path, outside: Path
):
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "mine.j2").write_text("mine")
    (shared / "again.j2").symlink_to("mine.j2")
    (shared / "theirs.j2").symlink_to(outside)
    os.symlink(shared, tmp_path / "linked")

    for name, text, problem in (
        ("mine", "mine", ""),
        ("again", "mine", ""),
        ("theirs", "", "leads out of its folder"),
    ):
        [delivery] = rendered(a_draft("site", template=name), folders=[tmp_path / "linked"])
        assert delivery.post.text == text
        assert problem in "".join(said(delivery))
