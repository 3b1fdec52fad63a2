"""A calendar that grows while it is published. Every text has a word of its own, by which it is counted wherever it shows up."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from benchmarks.proof.places import Place

A_THREAD, A_PICTURE = 0.15, 0.25  # shares
BEYOND = 4.0  # seconds from now within which new posts are due
# The C writer is ten times as fast, where PyYAML was built with it.
Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class Intended:
    """Something that readers shall see once."""

    place: str
    entry: str
    part: int
    word: str


@dataclass
class Calendar:
    """One daemon's folder."""

    folder: Path
    name: str  # begins its words
    places: Mapping[str, Place]
    drawn: random.Random
    plain_texts: bool = False  # no threads and no pictures
    intended: list[Intended] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def store(self) -> Path:
        return self.folder / ".termbell" / "config.db"

    def add(self, count: int, now: datetime | None = None) -> None:
        """So many more entries, each for one place, the next in turn; due within the next seconds."""
        for _ in range(count):
            number = len(self.posts)
            place = list(self.places.values())[number % len(self.places)]
            due = (now or datetime.now(UTC)) + timedelta(seconds=self.drawn.uniform(0, BEYOND))
            self.posts.append(self._entry(number, place, due))
        self.write()

    def _entry(self, number: int, place: Place, due: datetime) -> dict[str, Any]:
        identifier = f"{self.name}-{number}"
        words = [
            f"{self.name}n{number}p{part}x"
            for part in range(1 + (not self.plain_texts and self.drawn.random() < A_THREAD))
        ]
        shown = words if place.threads else words[:1]
        self.intended += [
            Intended(place.name, identifier, part, word) for part, word in enumerate(shown)
        ]
        picture = not self.plain_texts and place.pictures and self.drawn.random() < A_PICTURE
        return {
            "id": identifier,
            "when": f"{due:%Y-%m-%dT%H:%M:%SZ}",
            "to": [place.name],
            "title": f"Notice {words[0]}",
            "text": f"Colleagues, this is {words[0]}, about #Teaching.",
            **({"media": [{"file": "door.png", "alt": "The school door"}]} if picture else {}),
            **(
                {"thread": [f"And this answers it: {word}." for word in words[1:]]}
                if words[1:]
                else {}
            ),
        }

    def write(self) -> None:
        self.config.write_text(
            yaml.dump(
                {
                    "timezone": "UTC",
                    "timeout": 2,
                    "late": "publish",
                    "accounts": {
                        place.name: dict(place.settings) for place in self.places.values()
                    },
                    "posts": self.posts,
                },
                Dumper=Dumper,
                sort_keys=False,
            )
        )
