"""`when` -> an instant. Wall-clock time in a zone is what a person means; the clock changes are decided here.

A time that does not exist (the hour that spring skips) moves to the first one that does; one that comes twice (autumn)
is the first. Both are said.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from scheduler.checking import Wrong
from scheduler.dates import ONLY_DATE, parse_date, parse_datetime

LOOKS_LIKE = "a time looks like 2026-09-07 08:30, 2026-09-07T08:30+01:00, or 2026-09-07 for the account's own time of day"

YEARS = range(1970, 3000)  # what arithmetic with zones and a long grace bears


@dataclass(frozen=True)
class When:
    """A `when` as it was written: a date, perhaps a time of day, perhaps with an offset."""

    written: date | datetime

    @classmethod
    def read(cls, value: object) -> "When":
        """Raises `Wrong` when it is no time."""
        text = str(value).strip()
        try:
            written = parse_date(text) if ONLY_DATE.fullmatch(text) else parse_datetime(text)
        except ValueError as fault:
            why = f" ({fault})" if str(fault) else ""
            raise Wrong(f"is no time: '{text}'{why}; {LOOKS_LIKE}") from None
        if written.year not in YEARS:
            raise Wrong(
                f"is in the year {written.year}: '{text}'; "
                f"write a year from {YEARS[0]} to {YEARS[-1]}"
            )
        return cls(written)

    def due(self, at: time, zone: ZoneInfo) -> tuple[datetime, str | None]:
        """The instant, in `zone`, and what the clock change did to it; `at` is the time of a bare date."""
        written = (
            self.written
            if isinstance(self.written, datetime)
            else datetime.combine(self.written, at)
        )
        if written.tzinfo is not None:
            return written.astimezone(zone), None
        return resolved(written, zone)


def resolved(local: datetime, zone: ZoneInfo) -> tuple[datetime, str | None]:
    """A wall-clock time as an instant in `zone`, and a sentence where the clock change decided something."""
    first, second = local.replace(tzinfo=zone, fold=0), local.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first, None
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local:
        return (
            first,
            f"{local:%H:%M} comes twice on {local:%Y-%m-%d} in {zone.key}; it goes out at the first",
        )
    there = first.astimezone(UTC).astimezone(zone)
    moved = _first_that_exists(there, zone)
    return (
        moved,
        f"{local:%H:%M} does not exist on {local:%Y-%m-%d} in {zone.key}; it goes out at {moved:%H:%M}",
    )


def _first_that_exists(after: datetime, zone: ZoneInfo) -> datetime:
    """The instant of the clock change that `after` lies behind: found by halving the hours before it."""
    late = int(after.timestamp())
    early = late - 86400
    offset = after.utcoffset()
    while late - early > 1:
        middle = (late + early) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            late = middle
        else:
            early = middle
    return datetime.fromtimestamp(late, zone)
