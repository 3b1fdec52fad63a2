"""Dates and times as people write them, read strictly.

`datetime.fromisoformat` takes much that a person reads otherwise: `09.30` is a fraction of an hour
to it, `14-05` an offset, and any character may stand between the date and the time.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

DATE = r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
HOUR, MINUTE = "[01]?[0-9]|2[0-3]", "[0-5][0-9]"
TIME = (
    rf"(?P<hour>{HOUR}):(?P<minute>{MINUTE})(?::(?P<second>{MINUTE})(?P<fraction>\.[0-9]{{1,6}})?)?"
)
COMPACT = r"(?P<hhmm>[0-9]{4})(?P<ss>[0-9]{2})?"
OFFSET = r"(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})"

ONLY_DATE = re.compile(DATE)
ONLY_TIME = re.compile(TIME)
DATE_AND_TIME = re.compile(
    rf"{DATE}(?P<between>[Tt]|[ \t]+)(?:{TIME}|{COMPACT})[ \t]*(?:{OFFSET})?"
)
ALMOST = re.compile(rf"(?P<date>{DATE})[Tt \t]+(?P<hour>{HOUR})[.,hH](?P<minute>{MINUTE})")
MOST_BEHIND, MOST_AHEAD = timedelta(hours=-12), timedelta(hours=14)  # the offsets that places have
QUARTERS = (0, 15, 30, 45)  # minutes of an offset


def parse_date(text: str) -> date:
    """`2026-09-07`, `2026-9-7`. Raises `ValueError`."""
    found = ONLY_DATE.fullmatch(text.strip())
    if not found:
        raise ValueError
    return _date_of(found)


def parse_time(text: str) -> time:
    """`08:30`, `8:30`, `08:30:15`. Raises `ValueError`."""
    found = ONLY_TIME.fullmatch(text.strip())
    if not found:
        raise ValueError
    return time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))


def parse_datetime(text: str) -> datetime:
    """`2026-09-07 08:30`, perhaps with seconds and an offset. Raises `ValueError`."""
    found = DATE_AND_TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(_what_to_write(text.strip()))
    local = datetime.combine(_date_of(found), datetime.min.time()) + _time_of_day(found)
    if found["utc"]:
        return local.replace(tzinfo=UTC)
    if found["sign"] is None:
        return local
    offset = _offset_of(found)
    if found["between"] not in ("T", "t"):
        _check_no_span(local, offset)
    return local.replace(tzinfo=timezone(offset))


def _date_of(found: re.Match[str]) -> date:
    return date(int(found["year"]), int(found["month"]), int(found["day"]))


def _time_of_day(found: re.Match[str]) -> timedelta:
    compact = found["hhmm"]
    hour, minute = (compact[:2], compact[2:]) if compact else (found["hour"], found["minute"])
    second = found["second"] or found["ss"] or "0"
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise ValueError("there is no such time of day")
    microseconds = round(float(found["fraction"] or 0) * 1_000_000)
    return timedelta(
        hours=int(hour), minutes=int(minute), seconds=int(second), microseconds=microseconds
    )


def _offset_of(found: re.Match[str]) -> timedelta:
    size = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"]))
    offset = -size if found["sign"] == "-" else size
    if int(found["minutes"]) not in QUARTERS or not MOST_BEHIND <= offset <= MOST_AHEAD:
        written = f"{found['sign']}{found['hours']}:{found['minutes']}"
        raise ValueError(f"no place has the offset {written}")
    return offset


def _check_no_span(local: datetime, offset: timedelta) -> None:
    """`09:00-10:00` behind a space reads as from nine to ten; with a T it is ISO 8601."""
    end = -offset
    if end > timedelta(hours=local.hour, minutes=local.minute):
        with_offset = local.replace(tzinfo=timezone(offset)).isoformat(timespec="minutes")
        raise ValueError(
            f"this reads as a span of time; write {local:%Y-%m-%d %H:%M} for its start, "
            f"{with_offset} for an offset"
        )


def _what_to_write(text: str) -> str:
    """Empty where nobody can tell."""
    almost = ALMOST.fullmatch(text)
    if almost is None:
        return ""
    return f"write {almost['date']} {int(almost['hour']):02}:{almost['minute']}"
