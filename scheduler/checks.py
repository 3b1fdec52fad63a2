"""What is looked at in a finished post beyond what would keep a platform from taking it: the table of checks, and what a person may set.

The table is data: `checks:` in config.yaml, `ignore:` in an entry, their errors and docs/checks.md follow from it. What a check does
stands in `rendering/proofreading.py`; what a platform does not take is found where it is met, and is listed here because it is asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from scheduler.checking import Checked, Wrong, clock_time, filled_text, one_of, texts, whole
from scheduler.dates import parse_date
from scheduler.problems import did_you_mean
from scheduler.yaml_files import List, Map

BREAK = "{from: 2026-10-26, to: 2026-10-30, name: half term}"
SEVERITIES = ("off", "warning", "error")


@dataclass(frozen=True, kw_only=True)
class Check:
    """A row of the table. What is `fixed` can be neither set nor ignored: the platform would not take the post."""

    code: str
    severity: str = "warning"  # unless the config says otherwise
    meaning: str
    remedy: str
    setting: str = ""  # a number that the config may change
    default: int = 0
    fixed: bool = False


CHECKS = {
    one.code: one
    for one in (
        Check(
            code="no-alt",
            severity="error",
            meaning="a picture without alternative text",
            remedy="say in `alt` what it shows; `require_alt: false` switches this off",
        ),
        Check(
            code="alt-file-name",
            meaning="an `alt` that is the name of a file",
            remedy="say what the picture shows",
        ),
        Check(
            code="alt-too-long",
            severity="error",
            meaning="an `alt` longer than the platform keeps",
            remedy="shorten it",
            fixed=True,
        ),
        Check(
            code="too-long",
            severity="error",
            meaning="a text, or a variant's, longer than the platform takes",
            remedy="shorten it",
            fixed=True,
        ),
        Check(
            code="title-too-long",
            severity="error",
            meaning="a title longer than the platform takes",
            remedy="shorten it",
            fixed=True,
        ),
        Check(
            code="tag-case",
            meaning="a tag in lower case that is made of words of its own post, or has more than `letters` letters",
            remedy="begin each word with a capital, so that screen readers read words",
            setting="letters",
            default=16,
        ),
        Check(
            code="emoji-row",
            meaning="more emoji in a row than `most`",
            remedy="leave some out: a screen reader reads out each name",
            setting="most",
            default=3,
        ),
        Check(
            code="no-words",
            meaning="pictures or a video without a word beside them",
            remedy="say in `text` what they are about",
        ),
        Check(
            code="capitals",
            meaning="more words in capitals in a row than `most`",
            remedy="write them in small letters, which are easier to read",
            setting="most",
            default=3,
        ),
        Check(
            code="dead-link",
            meaning="a link that does not answer; looked at by `termbell check --links` alone",
            remedy="mend the address",
        ),
        Check(
            code="card-not-read",
            meaning="a link whose page was not read, so that its card shows no more than the address",
            remedy="`termbell check --fetch`, or say it in the entry: `link: {url, title, description, image}`",
        ),
        Check(
            code="no-captions",
            meaning="a video that goes out without captions",
            remedy="name them in `captions`, where the platform takes them; else burn them into the video, then ignore this",
        ),
        Check(
            code="same-text",
            meaning="the text that the same account had at most `days` before",
            remedy="say it in other words, or later",
            setting="days",
            default=14,
        ),
        Check(
            code="platform-notice",
            meaning="what a platform does with what it takes: a missing review, a version that ends, a text that is not shown",
            remedy="read the platform's page in docs/platforms; then switch this off",
        ),
        Check(
            code="price",
            meaning="a platform that takes money for each post: what the planned ones cost",
            remedy="post less there, or switch this off",
        ),
        Check(
            code="zone-name",
            meaning="a time zone that stands still all year, or whose sign is turned round",
            remedy="name a place, e.g. Europe/London",
        ),
        Check(
            code="file-ignored",
            meaning="a file beside the calendar's that is not read, because its name ends otherwise",
            remedy="rename it, or name it in `calendar`",
        ),
        Check(
            code="past",
            meaning="an entry that is new and already over, by its `grace`",
            remedy="correct the year; or say with `late` what becomes of it",
        ),
        Check(
            code="at-night", meaning="a due time in the night, as `quiet` has it", remedy="move it"
        ),
        Check(
            code="in-break", meaning="a due time in a break, as `quiet` has it", remedy="move it"
        ),
    )
}
SETTABLE = {code: row for code, row in CHECKS.items() if not row.fixed}


@dataclass(frozen=True, kw_only=True)
class Checks:
    """How the checks are set."""

    severities: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)

    def severity(self, code: str) -> str:
        return self.severities.get(code, CHECKS[code].severity)

    def number(self, code: str) -> int:
        return self.numbers.get(code, CHECKS[code].default)


@dataclass(frozen=True, kw_only=True)
class Break:
    """Days without school, the first and the last among them."""

    first: date
    last: date
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Quiet:
    """When nothing should go out."""

    night: tuple[time, time] | None = None  # from, to; wall-clock time where the entry is due
    breaks: tuple[Break, ...] = ()


def read_checks(checked: Checked, root: Map) -> Checks:
    written = root.get("checks")
    known = (
        checked.mapping(written, root.lines["checks"], "checks", "tag-case: off")
        if written is not None
        else None
    )
    severities: dict[str, str] = {}
    numbers: dict[str, int] = {}
    for code, value in (known or {}).items():
        line = known.lines[code] if known else 1
        if code in SETTABLE:
            _set(checked, SETTABLE[code], value, line, severities, numbers)
        elif not code.startswith("x-"):
            checked.say("unknown-check", line, f"checks: {_unknown(code, SETTABLE)}")
    return Checks(severities=severities, numbers=numbers)


def _set(
    checked: Checked,
    row: Check,
    value: Any,
    line: int,
    severities: dict[str, str],
    numbers: dict[str, int],
) -> None:
    """`off`, `warning` or `error`; or a mapping with that and the check's number."""
    what = f"checks.{row.code}"
    given = value if isinstance(value, Map) else Map(severity=value)
    if not isinstance(value, Map):
        given.line, given.lines = line, {"severity": line}
    checked.unknown_keys(given, what, ["severity", *([row.setting] if row.setting else [])])
    severities[row.code] = checked.value(
        given, "severity", what, lambda word: one_of(word, SEVERITIES), row.severity
    )
    if row.setting:
        numbers[row.code] = checked.value(given, row.setting, what, _count, row.default)


def _count(value: Any) -> int:
    if whole(value) < 1:
        raise Wrong(f"has to be 1 or more, not {value}")
    return whole(value)


def read_ignored(value: Any, guarded: Iterable[str]) -> frozenset[str]:
    """The codes that an entry ignores; `guarded` are those of the guard's patterns. Raises `Wrong`."""
    known = {*SETTABLE, *guarded}
    for code in texts(value):
        if code not in known:
            raise Wrong(_unknown(code, known))
    return frozenset(texts(value))


def _unknown(code: str, known: Iterable[str]) -> str:
    if code in CHECKS:
        return f"has '{code}', which cannot be set aside: the platform would not take the post; {CHECKS[code].remedy}"
    if code == "guard-name":
        return "has 'guard-name', which cannot be set aside; a name that may appear stands in `guard: {allow: [...]}` of the config"
    return f"has no check called '{code}'; {did_you_mean(code, known)}"


def read_quiet(checked: Checked, root: Map) -> Quiet:
    written = root.get("quiet")
    known = (
        checked.mapping(written, root.lines["quiet"], "quiet", 'night: ["21:00", "06:30"]')
        if written is not None
        else None
    )
    if known is None:
        return Quiet()
    checked.unknown_keys(known, "quiet", ("night", "breaks"))
    breaks = known.get("breaks", [])
    if not isinstance(breaks, list):
        checked.say(
            "wrong-value",
            known.lines["breaks"],
            f"quiet: `breaks` has to be a list, e.g. [{BREAK}]",
        )
    return Quiet(
        night=checked.value(known, "night", "quiet", _night),
        breaks=tuple(
            one
            for item, line in zip(breaks, breaks.lines, strict=True)
            if (one := _break(checked, item, line))
        )
        if isinstance(breaks, List)
        else (),
    )


def _night(value: Any) -> tuple[time, time]:
    if not isinstance(value, list) or len(value) != 2 or value[0] == value[1]:
        raise Wrong('has to be two different times of day, e.g. night: ["21:00", "06:30"]')
    return clock_time(value[0]), clock_time(value[1])


def _break(checked: Checked, item: Any, line: int) -> Break | None:
    written = checked.mapping(item, line, "quiet.breaks", BREAK)
    if written is None:
        return None
    checked.unknown_keys(written, "quiet.breaks", ("from", "to", "name"))
    for key in ("from", "to"):
        if key not in written:
            checked.say(
                "missing-key", line, f"quiet.breaks: `{key}` is missing, e.g. {key}: 2026-10-26"
            )
    first = checked.value(written, "from", "quiet.breaks", _day)
    last = checked.value(written, "to", "quiet.breaks", _day)
    name = checked.value(written, "name", "quiet.breaks", filled_text, "")
    if first is None or last is None:
        return None
    if last < first:
        checked.say(
            "wrong-value",
            written.lines["to"],
            f"quiet.breaks: `to` is before `from`: {last} before {first}",
        )
    return Break(first=first, last=last, name=name)


def _day(value: Any) -> date:
    try:
        return parse_date(str(value))
    except ValueError:
        raise Wrong(f"has to be a day, e.g. 2026-10-26, not '{value}'") from None
