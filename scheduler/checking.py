"""Reading values as a person writes them, each with the sentence that says what would be right.

A function here takes what YAML gave and returns the value, or raises `Wrong` with what would be right; `Checked` puts
file, line and the name of the thing before it, and collects, so that every error is shown and not the first.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from ipaddress import ip_network
from math import inf
from pathlib import Path
from typing import Any, Literal, get_args, get_origin
from zoneinfo import ZoneInfo, available_timezones

from platforms.base import Poll, Setting
from scheduler.problems import Place, Problem, did_you_mean
from scheduler.yaml_files import Cut, Map, Named

LATE = ("skip", "publish", "ask")
FITS = ("error", "shorten", "thread", "numbered-thread")  # what becomes of a text that is too long
LEAST_PATIENCE = 120.0  # seconds
UNITS = {
    "s": 1,
    "sec": 1,
    "min": 60,
    "minute": 60,
    "h": 3600,
    "hour": 3600,
    "d": 86400,
    "day": 86400,
}

LENGTH_OF_TIME = "has to be a length of time, e.g. 90 min, 2 h or 1 day"
LONGEST_LENGTH = 36_500 * 86_400  # seconds
LONGEST_WAIT = 86_400  # seconds
NO_PLACES = {
    "Factory",
    "localtime",
    "posixrules",
}  # files of the database; each machine has its own
FIXED = {  # names of the database that stand still all year
    "EST": "America/New_York",
    "MST": "America/Denver",
    **dict.fromkeys(
        ("GMT", "GMT0", "GMT+0", "GMT-0", "Greenwich", "Etc/GMT", "Etc/Greenwich"),
        "Europe/London",
    ),
}
MEANT = {  # letters for which the database has no zone
    "BST": "Europe/London",
    "IST": "Asia/Kolkata",
    "WEST": "Europe/Lisbon",
    "CEST": "Europe/Berlin",
    "EEST": "Europe/Athens",
    "MSK": "Europe/Moscow",
    "SAST": "Africa/Johannesburg",
    "ET": "America/New_York",
    "EDT": "America/New_York",
    "CT": "America/Chicago",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MT": "America/Denver",
    "MDT": "America/Denver",
    "PT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "BRT": "America/Sao_Paulo",
    "JST": "Asia/Tokyo",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
}


class Wrong(ValueError):
    """A value that cannot be used; the message says what would be right."""


@dataclass
class Checked:
    """Collects what is wrong in one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def say(self, code: str, line: int, message: str, severity: str = "error") -> None:
        self.problems.append(Problem(code, message, Place(self.file, line), severity))

    def value(
        self, where: Map, key: str, what: str, read: Callable[[Any], Any], default: Any = None
    ) -> Any:
        """`where[key]` as `read` reads it; where it is wrong, that is said and the default stands in."""
        if key not in where:
            return default
        try:
            return read(where[key])
        except Wrong as wrong:
            self.say("wrong-value", where.lines[key], f"{what}: `{key}` {wrong}")
            return default

    def zone(self, where: Map, what: str, default: Any) -> Any:
        """`timezone` of `where`, with a warning where it may be another than is meant."""
        found = self.value(where, "timezone", what, zone, default)
        warning = zone_warning(found.key) if "timezone" in where else None
        if warning:
            self.say(
                "zone-name", where.lines["timezone"], f"{what}: `timezone`: {warning}", "warning"
            )
        return found

    def unknown_keys(self, where: Map, what: str, known: Iterable[str]) -> None:
        names = list(known)
        for key in where:
            if key not in names and not key.startswith("x-"):
                self.say(
                    "unknown-key",
                    where.lines[key],
                    f"{what}: no key is called '{key}'; {did_you_mean(key, names)}",
                )

    def mapping(self, value: Any, line: int, what: str, example: str) -> Map | None:
        if isinstance(value, Map):
            return value
        self.say("wrong-value", line, f"{what}: a mapping has to stand here, e.g. {example}")
        return None


def text(value: Any) -> str:
    if isinstance(value, Named):
        raise Wrong("cannot be `!secret`; that is for the secrets of an account")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Wrong("has to be text; put it in quotes")
    return str(value)


def words(value: Any) -> str:
    """A text that people will read."""
    if isinstance(value, Cut):
        raise Wrong(
            f"ends before {value.comment}: behind a space YAML takes it for a comment; put the text in quotes, or a space behind the #"
        )
    return text(value)


def filled_text(value: Any) -> str:
    if not text(value).strip():
        raise Wrong("is empty")
    return text(value)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"has to be true or false, not '{value}'")
    return value


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f"has to be a number, not '{value}'")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """One text, or a list of them."""
    return tuple(map(text, value)) if isinstance(value, list) else (text(value),)


def networks(value: Any) -> tuple[str, ...]:
    """Addresses and networks of machines: `192.168.1.20`, `10.0.0.0/8`."""
    for one in texts(value):
        try:
            ip_network(one)
        except ValueError:
            raise Wrong(
                f"has to be addresses or networks in numbers, e.g. [192.168.1.20, 10.0.0.0/8], not '{one}'"
            ) from None
    return texts(value)


def seconds(value: Any) -> float:
    """A length of time: `90 min`, `2 h`, `1 day`; a bare number is minutes."""
    if isinstance(value, bool):
        raise Wrong(f"{LENGTH_OF_TIME}, not '{value}'")
    written = str(value).strip().lower()
    found = re.fullmatch(r"([0-9]+)(\.[0-9]+)?\s*([a-z]+?)?s?", written)
    unit = "min" if isinstance(value, int | float) else found and found[3]
    if not found or unit not in UNITS:
        raise Wrong(f"{LENGTH_OF_TIME}, not '{value}'")
    if unit in ("h", "hour") and len(found[2] or "") > len(".5"):
        raise Wrong(
            f"can be read in two ways: '{value}', as with 1.30 h, which is 78 or 90 min; "
            "write it in a smaller unit, e.g. 90 min"
        )
    length = float(found[1] + (found[2] or "")) * UNITS[unit]
    if length > LONGEST_LENGTH:
        raise Wrong(f"is longer than 100 years: '{value}'")
    return length


def waiting(value: Any) -> float:
    """Seconds that an answer may take."""
    if not 0 < number(value) <= LONGEST_WAIT:
        raise Wrong(f"has to be from 1 to {LONGEST_WAIT} seconds, not {value}")
    return number(value)


def patience(value: Any) -> float:
    """How long a post without an answer is looked for."""
    if seconds(value) < LEAST_PATIENCE:
        raise Wrong(f"has to be at least 2 min, not '{value}': servers act late")
    return seconds(value)


def clock_time(value: Any) -> time:
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", str(value))
    if not found:
        raise Wrong(f"has to be a time of day, e.g. \"09:00\", not '{value}'")
    return time(int(found[1]), int(found[2]))


def zone(value: Any) -> ZoneInfo:
    """A place's zone. Raises `Wrong`, with a place where one is meant."""
    name = text(value)
    if name in available_timezones() and name not in NO_PLACES:
        return ZoneInfo(name)
    raise Wrong(f"is no time zone: '{name}'; {_place_for(name)}")


def _place_for(name: str) -> str:
    """What to write instead of `name`."""
    if name.upper() in MEANT:
        return f"name a place, e.g. {MEANT[name.upper()]}"
    if name in NO_PLACES or re.fullmatch(r"(UTC|GMT)?[+-][0-9:]+", name.upper()):
        return "name a place, e.g. Europe/London: a place has its summer time"
    places = {place for place in available_timezones() if "/" in place} - NO_PLACES
    nearest = did_you_mean(name, places)
    return nearest if nearest.startswith("did") else "e.g. Europe/London"


def zone_warning(name: str) -> str | None:
    """What a person may not expect of a zone that there is."""
    if name in FIXED:
        return f"{name} has no summer time; name a place, e.g. {FIXED[name]}"
    offset = re.fullmatch(r"Etc/GMT([+-])([1-9][0-9]?)", name)
    if offset:
        side = "ahead of" if offset[1] == "-" else "behind"
        hours = "1 hour" if offset[2] == "1" else f"{offset[2]} hours"
        return (
            f"{name} is {hours} {side} UTC, and has no summer time; "
            "name a place, e.g. Europe/London"
        )
    return None


def policy(words: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise Wrong(f"has to be one of {', '.join(words)}, not '{value}'")
        return str(value)

    return read


late_policy, fit_policy = policy(LATE), policy(FITS)


def setting(row: Setting, folder: Path) -> Callable[[Any], Any]:
    """How a value of this setting is read."""
    if row.type is Path:
        return lambda value: (folder / text(value)).resolve()
    if row.type is Poll:
        return poll
    origin: object = get_origin(row.type)
    if origin is Literal:
        return lambda value: one_of(value, get_args(row.type))
    if origin is list:
        return lambda value: list(texts(value))
    return {str: text, bool: flag, int: whole, float: number}.get(row.type, text)


def whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Wrong(f"has to be a whole number, not '{value}'")
    return value


def one_of(value: Any, known: Iterable[Any]) -> Any:
    names = list(map(str, known))
    if str(value) not in names:
        raise Wrong(f"cannot be '{value}'; {did_you_mean(str(value), names)}")
    return value


def poll(value: Any) -> dict[str, Any]:
    """A poll as plain values, as `Post.options` holds it."""
    example = "{answers: [Yes, No], hours: 24}"
    if not isinstance(value, Mapping) or "answers" not in value:
        raise Wrong(f"has to be a poll, e.g. {example}")
    unknown = set(value) - {"answers", "hours", "multiple"}
    if unknown:
        raise Wrong(f"has no '{min(unknown)}'; a poll reads {example}")
    answers = texts(value["answers"])
    if len(answers) < 2 or len(set(answers)) != len(answers):
        raise Wrong(f"needs two or more different answers, e.g. {example}")
    hours = number(value.get("hours", 24))
    if not 0 < hours < inf:
        raise Wrong(f"has to be open for more than 0 hours, not {hours:g}, e.g. {example}")
    return {
        "answers": list(answers),
        "hours": hours,
        "multiple": flag(value.get("multiple", False)),
    }
