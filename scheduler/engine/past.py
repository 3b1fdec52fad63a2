"""Entries that are new and already over, most often by a wrong year, and what will happen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from scheduler.calendar.model import Draft
from scheduler.checks import Checks
from scheduler.engine.replanning import PAST
from scheduler.problems import Problem
from scheduler.store import Row, status
from scheduler.store.taking_up import MOST_PAST

BEGUN = (status.PUBLISHING, status.PUBLISHED, status.IN_DOUBT)
WHAT_HAPPENS = {
    "skip": "will not be published",
    "publish": "will be published at once",
    "ask": "will be held until you retry or cancel it",
}


def past_entries(
    drafts: Iterable[Draft], known: Mapping[str, Row], checks: Checks, now: datetime
) -> Iterator[Problem]:
    """Once an entry, at its `when`. What the store knows at this time (`known`, by key) is no news."""
    severity = checks.severity(PAST)
    if severity == "off":
        return
    accounts: dict[tuple[str, datetime, str], list[Draft]] = defaultdict(list)
    for draft in drafts:
        if _is_over(draft, now) and _is_news(draft, known) and PAST not in draft.ignore:
            accounts[draft.entry, draft.due, draft.late].append(draft)
    is_many = len({entry for entry, *_ in accounts}) > MOST_PAST
    for (entry, due, late), over in accounts.items():
        names = ", ".join(draft.account.name for draft in over)
        yield Problem(
            PAST,
            f"{entry}: {due:%Y-%m-%d %H:%M} is over; {_what_happens(over, late, is_many)} "
            f"on {names}; look at the year",
            over[0].at("when"),
            severity,
        )


def _what_happens(over: Iterable[Draft], late: str, is_many: bool) -> str:
    if is_many and not all(draft.account.platform.harmless for draft in over):
        return "as there are several such entries, it will be held until you release or drop it"
    return f"with `late: {late}` it {WHAT_HAPPENS[late]}"


def _is_over(draft: Draft, now: datetime) -> bool:
    return draft.due + timedelta(seconds=draft.grace) < now


def _is_news(draft: Draft, known: Mapping[str, Row]) -> bool:
    row = known.get(draft.key(0))
    return row is None or (row.due != draft.due and row.status not in BEGUN)
