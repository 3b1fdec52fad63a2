"""The roster stays where it is: the guard holds what has a name of it, and no name is printed, logged, stored or sent that was not in a post.

Every name is seeded, and looked for afterwards in everything that the commands print and write.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from scheduler.config import read_config
from scheduler.engine.planning import plan
from scheduler.engine.watching import watched
from scheduler.problems import Invalid

HERE = Path(__file__).parents[2]
SYLLABLES = "bra dul fen gor hax jim kel lov mur nax pol qui rud sev tov vex wim xan yor zub"
CONFIG = """\
timezone: UTC
guard: {names: roster.txt, patterns: [email, phone, student-number]}
accounts:
  class-site: {platform: site, folder: public, late: publish}
posts:
"""


def seeded(number: int) -> list[str]:
    random = Random(4)
    return [
        " ".join("".join(random.choices(SYLLABLES.split(), k=3)).capitalize() for _ in range(2))
        for _ in range(number)
    ]


NAMES = seeded(200)
NAMED = NAMES[7]


class Folder:
    """A calendar with a roster, and everything that commands have printed about it."""

    def __init__(self, folder: Path, posts: str, names: list[str]) -> None:
        self.folder = folder
        (folder / "config.yaml").write_text(CONFIG + posts)
        (folder / "roster.txt").write_text("".join(f"{name}\n" for name in names))
        self.printed: list[str] = []

    def termbell(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "scheduler", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(HERE)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.printed += [done.stdout, done.stderr]
        return done.stdout

    def deliveries(self) -> dict[str, dict[str, str]]:
        return {
            one["entry"]: one
            for one in json.loads(self.termbell("status", "--all", "--json"))["deliveries"]
        }

    def found(self) -> set[str]:
        """Every name, or half of one, that is anywhere but in the roster and the config."""
        own = {self.folder / "config.yaml", self.folder / "roster.txt"}
        files = {
            file
            for root in (self.folder, Path(os.environ["TERMBELL_CACHE"]))
            for file in root.rglob("*")
            if file.is_file()
        } - own
        written = [file.read_bytes().decode(errors="replace") for file in files]
        everything = "\n".join([*self.printed, *written]).casefold()
        return {
            name for name in NAMES if any(half.casefold() in everything for half in name.split())
        }


def posts(*texts: str) -> str:
    return "".join(
        f"- {{id: post-{number}, when: 2026-01-05 09:00, to: class-site, text: '{text}'}}\n"
        for number, text in enumerate(texts)
    )


def test_what_has_a_name_is_held_until_it_is_mended_and_the_others_go_out(tmp_path: Path):
    folder = Folder(
        tmp_path,
        posts(f"Well done, {NAMED.upper()}", "Hello, colleagues", "Ask anna@school.example"),
        NAMES,
    )

    folder.termbell("run", "--once")
    first = folder.deliveries()
    assert {name: one["status"] for name, one in first.items()} == {
        "post-0": "held",
        "post-1": "published",
        "post-2": "held",
    }
    assert first["post-0"]["error"] == (
        "post-0: its text has the name of roster.txt:8 (character 12); take it out, or allow it: "
        "`guard: {allow: [...]}` in the config"
    )
    assert (
        first["post-2"]["error"]
        == "post-2: its text has an e-mail address (character 5); take it out, or allow it: ignore: [guard-email]"
    )

    (tmp_path / "config.yaml").write_text(
        CONFIG
        + posts("Well done, all of you", "Hello, colleagues", "Ask anna@school.example").replace(
            "school.example'}", "school.example', ignore: [guard-email]}"
        )
    )
    folder.termbell("run", "--once")

    assert {name: one["status"] for name, one in folder.deliveries().items()} == {
        f"post-{n}": "published" for n in range(3)
    }


def test_no_command_prints_or_writes_a_name_that_is_in_no_post(tmp_path: Path):
    folder = Folder(tmp_path, posts("Well done", "Hello, colleagues"), [*NAMES, "Grace"])

    for words in (
        ["check"],
        ["check", "--json"],
        ["preview"],
        ["preview", "--requests", "--json", "--html", "preview.html"],
        ["run", "--dry-run", "--once"],
        ["run", "--once"],
        ["status", "--all"],
        ["doctor"],
        ["accounts"],
        ["schema", "--write"],
        ["publish", "post-0"],
    ):
        assert folder.termbell(*words) or folder.printed[-1], words

    assert folder.deliveries()["post-1"]["status"] == "published"
    assert "roster.txt:201: warning" in "".join(folder.printed)
    assert folder.found() == set()


def test_of_a_post_with_a_name_no_more_than_its_own_text_is_shown_and_kept(tmp_path: Path):
    folder = Folder(tmp_path, posts(f"Well done, {NAMED}", "Hello, colleagues"), NAMES)

    for words in (
        ["check"],
        ["check", "--json"],
        ["run", "--once"],
        ["status", "--all"],
        ["status", "--json"],
        ["doctor"],
        ["publish", "post-0"],
        ["preview", "--entry", "post-1"],
        ["preview", "--entry", "post-1", "--json", "--requests"],
    ):
        folder.termbell(*words)

    assert NAMED not in "".join(folder.printed)
    assert folder.found() == {NAMED}  # in the store, which has the post itself


def test_a_delivery_that_waits_is_held_when_its_name_comes_onto_the_roster(tmp_path: Path):
    folder = Folder(
        tmp_path, posts(f"Well done, {NAMED}").replace("2026-01-05", "2099-01-05"), NAMES[:5]
    )
    folder.termbell("run", "--once")
    assert folder.deliveries()["post-0"]["status"] == "scheduled"

    (tmp_path / "roster.txt").write_text(NAMED + "\n")
    folder.termbell("run", "--once")

    assert folder.deliveries()["post-0"]["status"] == "held"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            None,
            "config.yaml:2: guard: there is no roster {folder}/lists/roster.txt; write one name a line into it",
        ),
        (b"Anna Smith\n\xff\n", "lists/roster.txt:2: the roster is not UTF-8; save it as UTF-8"),
    ],
)
def test_without_its_roster_the_guard_lets_nothing_pass_and_a_change_of_it_is_noticed(
    tmp_path: Path, content: bytes | None, said: str
):
    (tmp_path / "lists").mkdir()
    (tmp_path / "config.yaml").write_text(
        CONFIG.replace("roster.txt", "lists/roster.txt") + posts("Hello")
    )
    if content is not None:
        (tmp_path / "lists" / "roster.txt").write_bytes(content)

    with pytest.raises(Invalid) as invalid:
        plan(tmp_path / "config.yaml")

    assert str(invalid.value) == said.format(folder=tmp_path)
    assert tmp_path / "lists" in watched(read_config(tmp_path / "config.yaml"), invalid.value.files)

    (tmp_path / "lists" / "roster.txt").write_text(NAMED)
    planned = plan(tmp_path / "config.yaml")
    assert planned.problems == ()
    assert tmp_path / "lists" in watched(planned.config, planned.files)
