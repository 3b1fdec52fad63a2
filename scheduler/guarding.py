"""The student guard as a person sets it: where the roster is, what patterns are looked for, what may appear all the same.

The roster itself is not read here: a `Config` travels between processes and holds no name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scheduler.checking import Checked, Wrong, text, texts
from scheduler.problems import Place, did_you_mean
from scheduler.yaml_files import Map

EXAMPLE = "guard: {names: roster.txt, patterns: [email, phone]}"
# With URLs taken out, and what is written in other digits and letters brought to these.
EMAIL = r"(?<![\w.+@-])[\w.+-]+(?:@|\s?[\[({]\s?(?:at|@)\s?[\])}]\s?)[\w-]+(?:(?:\.|\s?[\[({]\s?(?:dot|\.)\s?[\])}]\s?)[\w-]+)+"
DATE = r"(?!\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?!\d))"
PHONE = (
    rf"(?<![\w.,/-]){DATE}(?:\+\d{{1,3}}[\s./-]?(?:\(0\)|\(?\d{{1,5}}\)?)(?:[\s./-]?\d){{5,12}}"  # +44 20 7946 0018, +49 (0)30 901820
    r"|\(?0\d{1,5}\)?(?:[\s./-]{0,3}\d){5,10}"  # 020 7946 0018, (0113) 496 0000
    r"|\(?\d{3}\)?[\s.-]?\d{3}[.-]\d{4})(?![\w-])"
)  # (212) 555-0147
STUDENT_NUMBER = (
    r"(?i)(?<![\w/])(?:[A-Z]{1,2}\d{6,9}|[A-HJ-NP-RT-Z]\d{11}[A-Z\d]"  # S1234567; a UPN of English schools
    r"|(?:student|pupil|candidate|learner|matri[ck]\w*|upn|uln)\W{0,3}(?:id|no|nr|number|nummer)?[\s.:#]{0,4}[A-Z]{0,2}\d{4,13})(?!\w)"
)
BUILT_IN = {"email": EMAIL, "phone": PHONE, "student-number": STUDENT_NUMBER}


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What must not go out unseen."""

    names: Path | None = None  # the roster
    patterns: Mapping[str, str] = field(default_factory=dict)  # name -> regular expression
    allow: tuple[str, ...] = ()
    place: Place = field(default_factory=lambda: Place("config.yaml", 1))

    @property
    def codes(self) -> frozenset[str]:
        """Those that an entry may ignore."""
        return frozenset(f"guard-{name}" for name in self.patterns)


def read_guard(checked: Checked, root: Map, folder: Path) -> Guard:
    written = root.get("guard")
    known = (
        checked.mapping(written, root.lines["guard"], "guard", EXAMPLE.partition(": ")[2])
        if written is not None
        else None
    )
    if known is None:
        return Guard()
    checked.unknown_keys(known, "guard", ("names", "patterns", "allow"))
    names = checked.value(known, "names", "guard", text)
    return Guard(
        names=(folder / names).resolve() if names else None,
        patterns=checked.value(known, "patterns", "guard", _patterns, {}),
        allow=checked.value(known, "allow", "guard", texts, ()),
        place=Place(checked.file, known.lines.get("names", root.lines["guard"])),
    )


def _patterns(value: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in value if isinstance(value, list) else [value]:
        found |= _own(one) if isinstance(one, Map) else _built_in(one)
    return found


def _built_in(value: Any) -> dict[str, str]:
    if text(value) not in BUILT_IN:
        raise Wrong(
            f"has no '{value}'; {did_you_mean(text(value), BUILT_IN)} (one of your own has a name: {{room-code: 'R-\\d+'}})"
        )
    return {value: BUILT_IN[value]}


def _own(value: Map) -> dict[str, str]:
    for name, pattern in value.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or name == "name":
            raise Wrong(
                f"has a pattern called '{name}'; a name has small letters, digits and '-', and 'name' is taken"
            )
        _sound(name, text(pattern))
    return {name: text(pattern) for name, pattern in value.items()}


def _sound(name: str, pattern: str) -> None:
    import regex  # type: ignore[import-untyped]  # loaded where somebody has a pattern of their own

    try:
        if regex.compile(pattern).search("", timeout=1.0):
            raise Wrong(f"has '{name}', which fits an empty text, and so every post")
    except regex.error as fault:
        raise Wrong(f"has '{name}', which is no regular expression: {fault}") from None
