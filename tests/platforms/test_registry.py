"""Which platforms there are: ours by their files, others' by their packages."""

import subprocess
import sys
from pathlib import Path

import pytest

from platforms.registry import built_in, names, platform

ADAPTER = """
from dataclasses import replace
from platforms.linkedin import PLATFORM as OURS

PLATFORM = replace(OURS, name="chalkboard")
NO_PLATFORM = "a word"
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *points: str) -> None:
    """A package as pip leaves it: its module, and beside it what it says of itself."""
    about = folder / "termbell_chalkboard-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: termbell-chalkboard\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text("[termbell.platforms]\n" + "\n".join(points) + "\n")
    (folder / "termbell_chalkboard.py").write_text(ADAPTER)
    monkeypatch.syspath_prepend(folder)


def test_ours_are_found_by_their_files():
    assert {"email", "linkedin"} <= set(names())
    assert platform("linkedin").name == "linkedin"


@pytest.mark.parametrize(
    "name", ["mastodn", "base", "registry", "__init__", "", "../base", "platforms.base"]
)
def test_an_unknown_name_is_refused_with_those_there_are(name: str):
    with pytest.raises(LookupError, match=r"no platform called '.*'; there are: .*linkedin"):
        platform(name)


def test_only_the_adapter_that_is_asked_for_is_imported():
    asked = "import sys, platforms.registry as r; r.names(); r.platform('linkedin'); print(*sorted(m for m in sys.modules if m[:10] == 'platforms.'))"

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [
        "platforms.base",
        "platforms.linkedin",
        "platforms.recent",
        "platforms.registry",
    ]


def test_a_package_brings_a_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    install(tmp_path, monkeypatch, "chalkboard = termbell_chalkboard:PLATFORM")

    assert "chalkboard" in names()
    assert "chalkboard" not in built_in()
    assert platform("chalkboard").name == "chalkboard"


def test_a_package_does_not_take_the_name_of_one_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    install(tmp_path, monkeypatch, "linkedin = termbell_chalkboard:PLATFORM")

    assert names().count("linkedin") == 1
    assert platform("linkedin").name == "linkedin"


@pytest.mark.parametrize(
    ("point", "why"),
    [
        (
            "chalkboard = termbell_nowhere:PLATFORM",
            "cannot be loaded: No module named 'termbell_nowhere'",
        ),
        ("chalkboard = termbell_chalkboard:MISSING", "cannot be loaded"),
        (
            "chalkboard = termbell_chalkboard:NO_PLATFORM",
            "would have to be a Platform of that name",
        ),
        ("slate = termbell_chalkboard:PLATFORM", "would have to be a Platform of that name"),
    ],
)
def test_a_package_that_is_wrong_is_named(
    point: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    install(tmp_path, monkeypatch, point)

    with pytest.raises(LookupError, match=f"termbell-chalkboard.*{why}"):
        platform(point.partition(" ")[0])
