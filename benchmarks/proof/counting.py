"""What readers see, against what was intended and what the store says. Nobody's word is taken: every word is looked for."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.proof.calendar import Intended

WAITS = "waits for the part before it"
TOLD = ("failed", "missed", "held", "cancelled")


@dataclass
class Tally:
    """One place's."""

    intended: int = 0
    once: int = 0  # up once, and the store knows it
    twice: int = 0  # up more than once, whatever the store says
    lost: int = 0  # not up, and the store says published, or nothing
    in_doubt: int = (
        0  # a person was told that it may be up, or waits for such a part; up once or not at all
    )
    failed: int = 0  # a person was told that it is not up, and it is not
    untrue: int = 0  # up once, and the store says that it is not
    open: int = 0  # still waiting when patience was over
    seconds: float | None = None  # from the last kill until everything was settled
    reasons: Counter[str] = field(default_factory=Counter)

    def note(self, row: Mapping[str, Any] | None, shown: int, stopped: bool) -> None:
        self.intended += 1
        status = row["status"] if row else "unknown to the store"
        if shown > 1:
            self.twice += 1
        elif status == "published":
            self.once += shown
            self.lost += 1 - shown
        elif status == "in doubt":
            self.in_doubt += 1
            self.reasons[f"{why(row)}; {'it is up' if shown else 'it is not up'}"] += 1
        elif stopped and not shown:
            self.in_doubt += 1
            self.reasons[WAITS] += 1
        elif status in TOLD:
            self.untrue += shown
            self.failed += 1 - shown
            self.reasons[f"{status}: {why(row)}"] += 1
        elif row is None:
            self.lost += 1 - shown
            self.untrue += shown
        else:
            self.open += 1
            self.reasons[f"{status}: {why(row)}"] += 1

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {**vars(self), "reasons": dict(self.reasons)}

    @property
    def breaks_the_promise(self) -> bool:
        return bool(self.twice or self.lost or self.untrue or self.open)

    def __iadd__(self, other: "Tally") -> "Tally":
        for name in ("intended", "once", "twice", "lost", "in_doubt", "failed", "untrue", "open"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        times = [time for time in (self.seconds, other.seconds) if time is not None]
        self.seconds = max(times) if times else None
        self.reasons += other.reasons
        return self


def why(row: Mapping[str, Any] | None) -> str:
    """The store's reason, without what differs from one delivery to the next."""
    said = str((row or {}).get("error") or "no reason")
    return re.sub(r" at \d\d:\d\d:\d\d UTC", "", said.partition("; look at ")[0])


def counted(
    intended: Iterable[Intended], rows: Iterable[Mapping[str, Any]], texts: Iterable[str]
) -> Tally:
    """The tally of one place; `rows` are those of its account."""
    by_part = {(row["entry"], row["part"]): row for row in rows}
    shown = Counter(
        word for text in texts for word in set(text.replace(".", " ").replace(",", " ").split())
    )
    doubted = {row["entry"] for row in by_part.values() if row["status"] in ("in doubt", *TOLD)}
    tally = Tally()
    for one in intended:
        row = by_part.get((one.entry, one.part))
        tally.note(
            row,
            shown[one.word],
            bool(row and row["status"] == "scheduled" and one.part and one.entry in doubted),
        )
    return tally
