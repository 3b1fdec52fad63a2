"""Compiled templates that are kept: used while their source is the same, and from the person's own folder alone."""

import os
from pathlib import Path

import pytest
from jinja2 import Environment

from scheduler.rendering.compiled import kept_in
from tests.rendering.support import a_draft, rendered, said


def text_of(folder: Path) -> str:
    [delivery] = rendered(a_draft(template="x"), folders=[folder])
    return delivery.post.text


def kept() -> list[Path]:
    return list(Path(os.environ["TERMBELL_CACHE"], "templates").glob("*.cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "x.j2").write_text("as it was")
    return tmp_path


def test_a_template_is_compiled_once_for_all_processes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = text_of(folder)
    assert len(kept()) == 1

    def again(*_: object, **__: object) -> None:
        raise AssertionError("it is compiled again")

    monkeypatch.setattr(Environment, "compile", again)

    assert text_of(folder) == before == "as it was"


def test_what_is_changed_is_compiled_anew(folder: Path) -> None:
    text_of(folder)
    (folder / "x.j2").write_text("as it is")

    assert text_of(folder) == "as it is"


@pytest.mark.parametrize("instead", [b"", b"rubbish", b"j2" + bytes(100)])
def test_one_that_is_broken_is_compiled_anew(folder: Path, instead: bytes) -> None:
    text_of(folder)
    kept()[0].write_bytes(instead)

    assert text_of(folder) == "as it was"


def test_an_error_in_one_that_is_kept_names_its_line_as_before(folder: Path) -> None:
    (folder / "x.j2").write_text("one\ntwo {{ nobody }}\n")

    told = [
        said(one)
        for one in (
            *rendered(a_draft(template="x"), folders=[folder]),
            *rendered(a_draft(template="x"), folders=[folder]),
        )
    ]

    assert told[0] == told[1]
    assert "x.j2:2: " in told[0][0]


def test_nothing_is_kept_where_others_can_write(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)

    assert kept_in(tmp_path / "shared") is None
    assert kept_in(tmp_path / "own") is not None


def test_a_cache_that_cannot_be_written_costs_time_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("")
    assert kept_in(folder / "file" / "templates") is None

    text_of(folder)
    (folder / "x.j2").write_text("full")
    monkeypatch.setattr(
        "os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )

    assert text_of(folder) == "full"
