"""A calendar that grows while it is published. Every text has a word of its own, by which it is counted wherever it shows up.

Some texts are said twice on purpose, by another entry: then readers shall see the word twice.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from benchmarks.proof.places import Place

A_THREAD, A_PICTURE, A_TWIN, A_SKIP = 0.15, 0.25, 0.06, 0.1  # shares
AHEAD = (8.0, 16.0)  # seconds from now within which new posts are due: after the next start
PICTURES = {"door.png": "teal", "gate.png": "maroon", "yard.png": "olive"}
WORD = re.compile(rb"word\d+dn\d+p\d+x")
# The C writer is ten times as fast, where PyYAML was built with it.
Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class Intended:
    """Something that readers shall see once."""

    place: str
    entry: str
    part: int
    word: str
    account: str = ""
    due: datetime | None = None
    may_be_late: bool = True  # else it is missed when it is too late
    removed: bool = False  # taken out of the calendar: up once or not at all


@dataclass
class Calendar:
    """One daemon's folder."""

    folder: Path
    name: str  # begins its words
    places: Mapping[str, Place]
    drawn: random.Random
    plain_texts: bool = False  # no threads, no pictures, no twins
    patience: float = 900.0  # seconds
    intended: list[Intended] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    config_name: str = "config"
    is_away: bool = False  # the folder with the posts
    renamed: dict[str, str] = field(default_factory=dict)  # an account's first name -> today's

    @property
    def config(self) -> Path:
        return self.folder / f"{self.config_name}.yaml"

    @property
    def store(self) -> Path:
        return self.folder / ".termbell" / f"{self.config_name}.db"

    @property
    def posts_file(self) -> Path:
        return self.folder / "calendar" / "posts.yaml"

    def account(self, first_name: str) -> str:
        """What the account is called today."""
        return self.renamed.get(first_name, first_name)

    def draw_pictures(self) -> None:
        for name, colour in PICTURES.items():
            Image.new("RGB", (80, 60), colour).save(self.folder / name)

    def add(self, count: int, now: datetime | None = None) -> None:
        """So many more entries, each for one place, the next in turn; due within the next seconds."""
        for _ in range(count):
            number = len(self.posts)
            place = list(self.places.values())[number % len(self.places)]
            due = (now or datetime.now(UTC)) + timedelta(seconds=self.drawn.uniform(*AHEAD))
            due = due.replace(microsecond=0)
            identifier = f"{self.name}-{number}"
            twin = self._twin(place, due)
            made = twin or self._entry(number, place)
            self.posts.append(self._planned(made, identifier, place, due))
        self.write()

    def _twin(self, place: Place, due: datetime) -> dict[str, Any] | None:
        """An earlier entry of the place, to be said again at another time."""
        mine = [post for post in self.posts if post["place"] == place.name and not post["removed"]]
        said_now = [post["words"] for post in mine if datetime.fromisoformat(post["when"]) >= due]
        earlier = [post for post in mine if post["words"] not in said_now]
        wanted = place.twins and not self.plain_texts and self.drawn.random() < A_TWIN
        return self.drawn.choice(earlier) if wanted and earlier else None

    def _planned(
        self, made: Mapping[str, Any], identifier: str, place: Place, due: datetime
    ) -> dict[str, Any]:
        """The entry in the calendar, with what readers shall see of it."""
        account = self.account(self.drawn.choice(place.names))
        skips = not self.plain_texts and self.drawn.random() < A_SKIP
        words = made["words"] if place.threads else made["words"][:1]
        self.intended += [
            Intended(place.name, identifier, part, word, account, due, may_be_late=not skips)
            for part, word in enumerate(words)
        ]
        return {
            **made,
            "id": identifier,
            "when": f"{due:%Y-%m-%dT%H:%M:%SZ}",
            "to": [account],
            "late": "skip" if skips else "publish",
        }

    def _entry(self, number: int, place: Place) -> dict[str, Any]:
        words = [
            f"{self.name}n{number}p{part}x"
            for part in range(1 + (not self.plain_texts and self.drawn.random() < A_THREAD))
        ]
        entry: dict[str, Any] = {
            "place": place.name,
            "words": words,
            "removed": False,
            "title": f"Notice {words[0]}",
            "text": f"Colleagues, this is {words[0]}, about #Teaching.",
        }
        if not self.plain_texts and place.pictures and self.drawn.random() < A_PICTURE:
            picture = self.drawn.choice(sorted(PICTURES))
            entry["media"] = [{"file": picture, "alt": f"The school's {picture[:4]}"}]
        if words[1:]:
            entry["thread"] = [f"And this answers it: {word}." for word in words[1:]]
        options = {} if self.plain_texts or not place.options else self.drawn.choice(place.options)
        return {**entry, "options": dict(options)}

    def rename_entry(self, post: dict[str, Any], identifier: str) -> None:
        self._change(post["id"], entry=identifier)
        post["id"] = identifier

    def rename_account(self, first_name: str, name: str) -> None:
        earlier = self.account(first_name)
        self.renamed[first_name] = name
        for post in self.posts:
            if post["to"] == [earlier]:
                post["to"] = [name]
                self._change(post["id"], account=name)

    def remove(self, post: dict[str, Any]) -> None:
        post["removed"] = True
        self._change(post["id"], removed=True)

    def _change(self, identifier: str, /, **values: Any) -> None:
        self.intended = [
            replace(one, **values) if one.entry == identifier else one for one in self.intended
        ]

    def write(self) -> None:
        if not self.config.exists() or self._config() != self.config.read_text():
            self.config.write_text(self._config())
        if self.is_away:
            return
        shown = [post_of(post, self.places) for post in self.posts if not post["removed"]]
        self.posts_file.parent.mkdir(exist_ok=True)
        written = self.folder / "posts.new"
        written.write_text(yaml.dump(shown, Dumper=Dumper, sort_keys=False))
        written.replace(self.posts_file)

    def _config(self) -> str:
        accounts = {
            self.account(name): dict(place.settings)
            for place in self.places.values()
            for name in place.names
        }
        return str(
            yaml.dump(
                {
                    "timezone": "UTC",
                    "timeout": 2,
                    "patience": f"{self.patience:g} s",
                    "late": "publish",
                    "checks": {"same-text": "off"},
                    "calendar": "calendar/*.yaml",
                    "accounts": accounts,
                },
                Dumper=Dumper,
                sort_keys=False,
            )
        )


def post_of(post: Mapping[str, Any], places: Mapping[str, Place]) -> dict[str, Any]:
    """The entry as the calendar has it."""
    own = {name: value for name, value in post.items() if name not in ("place", "words", "removed")}
    options = own.pop("options")
    platform = str(places[post["place"]].settings["platform"])
    return {**own, **({platform: options} if options else {})}
