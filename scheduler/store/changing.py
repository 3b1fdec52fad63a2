"""Changing a delivery's status: the table of `status.py` goes into the UPDATE, so that two processes cannot both make a change.

The statement is made once for each kind of change.
"""

from functools import cache
from typing import Any

from sqlalchemy import ClauseElement, Connection, Update, bindparam, case, or_, select, update

from scheduler.store.database import Prepared
from scheduler.store.journal import LEFT
from scheduler.store.rows import WrongStatus
from scheduler.store.status import may_come_from
from scheduler.store.tables import deliveries, journal

NO_CLAIM = {"claimed_by": None, "lease": None}
NO_ATTEMPTS: dict[str, Any] = {"attempts": 0, "interrupted": 0}
NEVER_TRIED: dict[str, Any] = {**NO_ATTEMPTS, "sent_at": None}
# The time of the first attempt, where a visible request left; without one, the next attempt is the first.
SENT_AT_IF_LEFT = case(
    (
        select(journal.c.id).where(journal.c.delivery == deliveries.c.key, LEFT).exists(),
        deliveries.c.sent_at,
    )
)


def become(
    connection: Connection, key: str, new: str, claim: str | None = None, **values: Any
) -> None:
    """Gives the delivery the status `new`; with `claim`, only while that claim holds it. Raises `WrongStatus`."""
    computed = {name: value for name, value in values.items() if isinstance(value, ClauseElement)}
    given = {f"to_{name}": value for name, value in values.items() if name not in computed}
    names = tuple(name for name in values if name not in computed)
    asked = {"of": key, "by": claim, **given}
    if computed:
        changed = connection.execute(
            _change(new, claim is not None, names).values(**computed), asked
        ).rowcount
    else:
        changed = _prepared(new, claim is not None, names).on(connection, **asked).rowcount
    if not changed:
        now = connection.execute(
            select(deliveries.c.status, deliveries.c.claimed_by).where(deliveries.c.key == key)
        ).first()
        if now and claim and now.claimed_by != claim:
            raise WrongStatus(f"{key} is {now.status}, and not held by this claim any more")
        raise WrongStatus(f"{key} is {now.status if now else 'unknown'} and cannot become {new}")


@cache
def _prepared(new: str, claimed: bool, names: tuple[str, ...]) -> Prepared:
    return Prepared(_change(new, claimed, names))


def _change(new: str, claimed: bool, names: tuple[str, ...]) -> Update:
    held = [deliveries.c.claimed_by == bindparam("by")] if claimed else []
    return (
        update(deliveries)
        .where(
            deliveries.c.key == bindparam("of"),
            or_(*(deliveries.c.status == old for old in may_come_from(new))),
            *held,
        )
        .values(status=new, **{name: bindparam(f"to_{name}") for name in names})
    )
