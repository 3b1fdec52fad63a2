"""What may be published although this store does not know it: it is an older copy, or came late."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy import delete as delete_from

from scheduler.store import status
from scheduler.store.changing import become
from scheduler.store.journal import UNANSWERED, seek
from scheduler.store.notices import note
from scheduler.store.rows import HANDOFF, NEW_STORE, stamp
from scheduler.store.tables import deliveries, facts, heartbeat, journal
from scheduler.store.taking_up import RESTORED, AccountFacts

WORKED = "worked at"  # the fact that says when a process without a heartbeat last published
MAY_BE_FROM_ELSEWHERE = (
    "another machine may have published it; look, then: termbell release --all | --drop"
)
KNOWN = (status.PUBLISHED, status.IN_DOUBT)


def suspect_all(connection: Connection, now: datetime) -> None:
    """Whatever was due before now is looked for before it leaves, or is in doubt."""
    seek(connection, {row.key: row.due for row in _due(connection, 0, now)})
    connection.execute(delete_from(facts).where(facts.c.name == RESTORED))
    connection.execute(insert(facts).values(name=RESTORED, value=str(stamp(now))))


def suspect_since(
    connection: Connection, now: datetime, accounts: Mapping[str, AccountFacts]
) -> None:
    """After a take-over: what was due since the last sign of life may be published.

    It is looked for; where that cannot be done, and publishing it again would double it, it is
    held, with one question for all.
    """
    rows = list(_due(connection, _last_sign(connection), now))
    known = {row.key: accounts.get(row.account, AccountFacts()) for row in rows}
    seek(connection, {row.key: row.due for row in rows if known[row.key].can_look})
    held = [
        row
        for row in rows
        if row.status == status.SCHEDULED
        and not known[row.key].can_look
        and not known[row.key].is_keyed
    ]
    for row in held:
        become(connection, row.key, status.HELD, reason=NEW_STORE, error=MAY_BE_FROM_ELSEWHERE)
    if held:
        names = ", ".join(sorted({f"{row.entry} on {row.account}" for row in held})[:10])
        note(connection, now, "new store", f"{len(held)} held after the take-over: {names}")


def _due(connection: Connection, since: int, now: datetime) -> Iterable[Any]:
    """What was due then, and is not known to be published or in doubt."""
    doubtful = select(journal.c.delivery).where(UNANSWERED)
    wanted = select(deliveries).where(
        deliveries.c.due > since,
        deliveries.c.due <= stamp(now),
        deliveries.c.status.not_in(KNOWN),
        deliveries.c.key.not_in(doubtful),
    )
    rows = connection.execute(wanted).all()
    return [row for row in rows if not (row.status == status.HELD and row.reason == HANDOFF)]


def _last_sign(connection: Connection) -> int:
    """When a process last was alive with this store, as a stamp; 0 where that is not known."""
    beat = connection.scalar(select(heartbeat.c.last_seen)) or 0
    worked = connection.scalar(select(facts.c.value).where(facts.c.name == WORKED)) or 0
    return max(int(beat), int(worked))
