"""Making the store agree with the calendar. What was published, or may be, is left as it is."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from platforms.base import as_plain
from scheduler.calendar.model import Delivery
from scheduler.store import status
from scheduler.store.changing import NEVER_TRIED, become
from scheduler.store.journal import LEFT, seek
from scheduler.store.rows import HANDOFF, Changes, stamp
from scheduler.store.tables import deliveries, facts, journal

COMPARED = (
    "key",
    "part",
    "after",
    "entry",
    "account",
    "status",
    "post",
    "due",
    "grace",
    "late",
    "place",
    "reason",
    "error",
    "next_at",
)
EDITABLE = (status.SCHEDULED, status.HELD, status.MISSED, status.CANCELLED, status.FAILED)
RESTORED = "restored"  # the fact that says when a backup was
REMOVED = "removed"  # the reason of what was cancelled because its entry is gone
GONE = "gone from the calendar"
MOVED = update(deliveries).where(deliveries.c.key == bindparam("of")).values(place=bindparam("to"))
OVER = "was over before it was first planned; retry publishes it all the same"


def take_up(
    connection: Connection, planned: Iterable[Delivery], now: datetime, sought: Iterable[str]
) -> Changes:
    """Adds, edits and cancels deliveries. On the accounts in `sought`, what can be looked for is looked for before it leaves
    when it was due before this store first heard of it: an earlier store, lost since, may have published it.
    """
    found: dict[str, list[str]] = {
        "added": [],
        "edited": [],
        "cancelled": [],
        "past": [],
        "differs": [],
    }
    known = {
        row.key: row
        for row in connection.execute(select(*(deliveries.c[name] for name in COMPARED)))
    }
    doubtful = set(connection.scalars(select(journal.c.delivery).where(LEFT)))
    fresh, moved = [], []
    begun: set[str] = (
        set()
    )  # parts of split texts that left with other words, and what follows them: the rest goes as it was split
    for delivery in planned:
        values = _values(delivery, now)
        before = known.pop(delivery.key, None)
        name = f"{delivery.entry} on {delivery.account}"
        if before is not None and before.place != values["place"]:
            moved.append({"of": delivery.key, "to": values["place"]})
        if delivery.after in begun:
            begun.add(delivery.key)
        elif before is None:
            fresh.append(values)
            found["past" if values["status"] == status.MISSED else "added"].append(name)
        elif _same(before, values):
            continue
        elif before.status in EDITABLE and before.key not in doubtful and before.reason != HANDOFF:
            _edit(connection, before, values)
            found["edited"].append(name)
        elif before.post != values["post"]:
            connection.execute(
                update(deliveries).where(deliveries.c.key == delivery.key).values(changed_since=1)
            )
            found["differs"].append(name)
            begun |= {delivery.key} if delivery.is_split else set()
    _add(connection, fresh, now, set(sought))
    if moved:
        connection.execute(MOVED, moved)
    for gone in sorted(known.values(), key=lambda row: row.part):
        if gone.after in begun:
            begun.add(gone.key)
        elif (
            status.CANCELLED in status.MAY_BECOME[gone.status]
            and gone.status != status.IN_DOUBT
            and gone.key not in doubtful
        ):
            become(connection, gone.key, status.CANCELLED, error=GONE, reason=REMOVED)
            found["cancelled"].append(f"{gone.entry} on {gone.account}")
    return Changes(**{name: tuple(values) for name, values in found.items()})


def _add(
    connection: Connection, fresh: list[dict[str, Any]], now: datetime, sought: set[str]
) -> None:
    """New deliveries. What was due before a backup was restored may be up on any platform: whatever was planned since was lost."""
    for start in range(0, len(fresh), 500):
        connection.execute(insert(deliveries), fresh[start : start + 500])
    restored = int(connection.scalar(select(facts.c.value).where(facts.c.name == RESTORED)) or 0)
    seek(
        connection,
        {
            one["key"]: one["due"]
            for one in fresh
            if one["due"] < restored or (one["due"] < stamp(now) and one["account"] in sought)
        },
    )


def _edit(connection: Connection, before: Any, values: dict[str, Any]) -> None:
    connection.execute(
        update(deliveries)
        .where(deliveries.c.key == before.key)
        .values(**{**NEVER_TRIED, **values, **_standing(before, values)})
    )
    connection.execute(
        delete(journal).where(journal.c.delivery == before.key, journal.c.sent_at > 0)
    )


def _standing(before: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """What an edit leaves as it was: a person's word, and what still waits for one. What waited, and is over by its new time, is
    left to `too_late`, which tells the person.
    """
    as_before = {"status": before.status, "reason": before.reason, "error": before.error}
    if before.status == status.CANCELLED and before.reason != REMOVED:
        return as_before
    if values["status"] == status.HELD:
        return {}
    if before.status == status.HELD and (
        before.reason == "login" or (before.reason == "late" and values["status"] == status.MISSED)
    ):
        return as_before
    if (
        before.status == status.SCHEDULED
        and before.reason == "word"
        and before.due == values["due"]
    ):
        return {**as_before, "next_at": before.next_at}
    if before.status in (status.SCHEDULED, status.HELD) and values["status"] == status.MISSED:
        return (
            {"status": status.HELD}
            if values["reason"]
            else {"status": status.SCHEDULED, "error": None}
        )
    return {}


def _values(delivery: Delivery, now: datetime) -> dict[str, Any]:
    offset = delivery.due.utcoffset() or timedelta()
    values = {
        "key": delivery.key,
        "entry": delivery.entry,
        "account": delivery.account,
        "platform": delivery.platform,
        "part": delivery.part,
        "after": delivery.after,
        "due": stamp(delivery.due),
        "offset": int(offset.total_seconds()),
        "grace": delivery.grace,
        "late": delivery.late,
        "place": str(delivery.place),
        "content": delivery.content,
        "origin": delivery.origin,
        **NEVER_TRIED,
        "changed_since": 0,
        "post": json.dumps(as_plain(delivery.post), ensure_ascii=False),
        "next_at": stamp(delivery.due),
        "status": status.SCHEDULED,
        "reason": None,
        "error": None,
    }
    if delivery.errors:
        values |= {
            "status": status.HELD,
            "reason": "problem",
            "error": "; ".join(problem.message for problem in delivery.errors),
        }
    if delivery.late != "publish" and delivery.due + timedelta(seconds=delivery.grace) < now:
        values |= {"status": status.MISSED} | ({} if delivery.errors else {"error": OVER})
    return values


def _same(before: Any, values: Mapping[str, Any]) -> bool:
    """Whether the plan says nothing new of a delivery; that its time has passed since, or its line has moved, is nothing new."""
    alike = all(getattr(before, name) == values[name] for name in ("post", "due", "grace", "late"))
    mended = (before.reason == "problem") != (values["reason"] == "problem") and values[
        "status"
    ] != status.MISSED
    gone = before.status == status.CANCELLED and before.reason == REMOVED
    return alike and not mended and not gone
