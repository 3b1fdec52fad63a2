"""What can be wrong with what a person wrote, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path


@dataclass(frozen=True, order=True)
class Place:
    """Where something stands: the file as the person would name it, and the line, from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, said so that it can be mended."""

    code: str  # stable, lower case with hyphens: "unknown-account"
    message: (
        str  # what is wrong and what would be right; opens with the entry's id where there is one
    )
    place: Place
    severity: str = "error"  # or "warning"

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    def as_plain(self) -> dict[str, object]:
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "file": self.place.file,
            "line": self.place.line,
        }


class Invalid(Exception):
    """The person's files cannot be used as they are; carries every problem, not the first."""

    def __init__(self, problems: Iterable[Problem], files: Iterable[Path] = ()) -> None:
        self.problems = tuple(problems)
        self.files = tuple(files)  # a change in one of them may mend it
        super().__init__("\n".join(map(str, self.problems)))


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the near one, or all there are."""
    names = sorted(known)
    near = get_close_matches(wrong, names, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"there are: {', '.join(names)}" if names else "there are none"
