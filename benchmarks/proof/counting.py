"""What readers see, against what was intended and what the store says. Nobody's word is taken: every word is looked for."""

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.proof.calendar import Intended

WAITS = "waits for the part before it"
# What ends with a person although a look was possible, and by the rules: a post that was sent twice
# and is not there is not sent a third time.
LIMIT = "it was not found after a second sending"
NUMBERS = (
    "intended",
    "once",
    "twice",
    "lost",
    "in_doubt",
    "held",
    "missed",
    "failed",
    "untrue",
    "open",
    "removed",
    "settleable",
)
BROKEN = ("twice", "lost", "untrue", "open", "settleable")


@dataclass
class Tally:
    """One place's."""

    intended: int = 0
    once: int = 0  # up once, and the store knows it
    twice: int = 0  # up more than once, whatever the store says
    lost: int = 0  # not up, and the store says published, cancelled or nothing, or missed with `late: publish`
    in_doubt: int = (
        0  # a person was told that it may be up, or waits for such a part; up once or not at all
    )
    held: int = 0  # a person was asked, and it is up once or not at all
    missed: int = 0  # a person was told that it was too late, and it is not up; `late: skip`
    failed: int = 0  # a person was told that it is not up, and it is not
    untrue: int = 0  # up once, and the store says that it is not
    open: int = 0  # still waiting when patience was over
    removed: int = 0  # taken out of the calendar; up once or not at all
    settleable: int = 0  # of those in doubt or held, what a look can settle
    seconds: float | None = None  # from the last kill until everything was settled
    lateness: list[float] = field(default_factory=list)  # seconds from the due time
    reasons: Counter[str] = field(default_factory=Counter)

    def note(
        self,
        row: Mapping[str, Any] | None,
        shown: int,
        stopped: bool,
        knows: bool = False,
        may_be_late: bool = False,
    ) -> None:
        """`knows`: a look can settle it. `may_be_late`: so that it must not be missed."""
        self.intended += 1
        status = row["status"] if row else "unknown to the store"
        if shown > 1:
            self.twice += 1
        elif status == "published":
            self.once += shown
            self.lost += 1 - shown
        elif status in ("in doubt", "held"):
            self._note_asked(status, why(row), shown, knows)
        elif stopped and not shown:
            self.in_doubt += 1
            self.reasons[WAITS] += 1
        elif status in ("failed", "missed", "cancelled") or row is None:
            self._note_ended(status, why(row), shown, may_be_late)
        else:
            self.open += 1
            self.reasons[f"{status}: {why(row)}"] += 1

    def _note_asked(self, status: str, reason: str, shown: int, knows: bool) -> None:
        self.in_doubt += status == "in doubt"
        self.held += status == "held"
        self.settleable += knows and LIMIT not in reason
        self.reasons[f"{status}: {reason}; {'it is up' if shown else 'it is not up'}"] += 1

    def _note_ended(self, status: str, reason: str, shown: int, may_be_late: bool) -> None:
        is_missed = status == "missed" and not may_be_late
        is_failed = status == "failed"
        self.untrue += shown
        self.missed += is_missed and not shown
        self.failed += is_failed and not shown
        self.lost += not is_missed and not is_failed and not shown
        self.reasons[f"{status}: {reason}; {'it is up' if shown else 'it is not up'}"] += 1

    def note_removed(self, row: Mapping[str, Any] | None, shown: int) -> None:
        """An entry that a person took out of the calendar: what is up is only said to be published, or in doubt."""
        self.removed += 1
        if shown > 1:
            self.twice += 1
        elif row is not None and row["status"] == "published":
            self.lost += 1 - shown
        elif shown and row is not None and row["status"] in ("cancelled", "failed", "missed"):
            self.untrue += 1
            self.reasons[f"removed, {row['status']}: {why(row)}; it is up"] += 1

    @property
    def p50(self) -> float | None:
        return statistics.median(self.lateness) if self.lateness else None

    @property
    def p99(self) -> float | None:
        """The lateness that one post in a hundred exceeds."""
        late = sorted(self.lateness)
        return late[int(0.99 * (len(late) - 1))] if late else None

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        own = {name: value for name, value in vars(self).items() if name != "lateness"}
        lateness = {"lateness_p50": rounded(self.p50), "lateness_p99": rounded(self.p99)}
        return {**own, **lateness, "reasons": dict(self.reasons)}

    @property
    def breaks_the_promise(self) -> bool:
        return any(getattr(self, name) for name in BROKEN)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        times = [time for time in (self.seconds, other.seconds) if time is not None]
        self.seconds = max(times) if times else None
        self.lateness += other.lateness
        self.reasons += other.reasons
        return self


def rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)


def why(row: Mapping[str, Any] | None) -> str:
    """The store's reason, without what differs from one delivery to the next."""
    said = str((row or {}).get("error") or "no reason")
    said = re.sub(r"https?://\S+|at://\S+", "URL", said.partition("; look at ")[0])
    said = re.sub(r"\b[0-9a-f]{8,}\b", "KEY", said)
    return re.sub(r" (at|until) \d\d:\d\d:\d\d UTC|word\d+d\S*", "", said)


def counted(
    intended: Iterable[Intended],
    rows: Iterable[Mapping[str, Any]],
    texts: Iterable[str],
    knows: bool = False,
) -> Tally:
    """The tally of one place; `rows` are those of its accounts.

    `knows`: its server lists the posts, so that a look can settle what is in doubt.
    """
    by_part = {(row["account"], row["entry"], row["part"]): row for row in rows}
    shown = Counter(
        word for text in texts for word in set(text.replace(".", " ").replace(",", " ").split())
    )
    doubted = {
        (row["account"], row["entry"])
        for row in by_part.values()
        if row["status"] not in ("published", "publishing", "scheduled")
    }
    intended = list(intended)
    up = shares_of(intended, by_part, shown)
    tally = Tally()
    for one in intended:
        row = by_part.get((one.account, one.entry, one.part))
        if one.removed:
            tally.note_removed(row, up[one])
            continue
        waits = bool(row and row["status"] == "scheduled" and one.part)
        stopped = waits and (one.account, one.entry) in doubted
        tally.note(row, up[one], stopped, knows, one.may_be_late)
    return tally


def shares_of(
    intended: Iterable[Intended],
    rows: Mapping[tuple[str, str, int], Mapping[str, Any]],
    shown: Counter[str],
) -> dict[Intended, int]:
    """How often each is up. Of those with the same words, first those that the store calls published."""

    def is_published(one: Intended) -> bool:
        row = rows.get((one.account, one.entry, one.part))
        return row is not None and row["status"] == "published"

    left, first, shares = Counter(shown), {}, {}
    for one in sorted(intended, key=lambda one: (not is_published(one), one.removed)):
        shares[one] = min(1, left[one.word])
        left[one.word] -= shares[one]
        first.setdefault(one.word, one)
    for word, one in first.items():
        shares[one] += left[word]
    return shares


def lateness(intended: Iterable[Intended], sighted: Mapping[str, datetime]) -> list[float]:
    """Seconds from each due time until the server had the post, where that is known."""
    intended = list(intended)
    said = Counter(one.word for one in intended)
    return [
        max(0.0, (sighted[one.word] - one.due).total_seconds())
        for one in intended
        if one.due and one.word in sighted and said[one.word] == 1
    ]
