"""Changing a delivery's status: the table of `status.py` goes into the UPDATE, so that two processes cannot both make a change."""

from typing import Any

from sqlalchemy import Connection, select, update

from scheduler.store.rows import WrongStatus
from scheduler.store.status import may_come_from
from scheduler.store.tables import deliveries

NO_CLAIM = {"claimed_by": None, "lease": None}


def become(connection: Connection, key: str, new: str, claim: str | None = None, **values: Any) -> None:
    """Gives the delivery the status `new`; with `claim`, only while that claim holds it. Raises `WrongStatus`."""
    held = [deliveries.c.claimed_by == claim] if claim else []
    changed = connection.execute(update(deliveries).where(
        deliveries.c.key == key, deliveries.c.status.in_(may_come_from(new)), *held).values(status=new, **values)).rowcount
    if not changed:
        now = connection.execute(select(deliveries.c.status, deliveries.c.claimed_by).where(deliveries.c.key == key)).first()
        if now and claim and now.claimed_by != claim:
            raise WrongStatus(f"{key} is {now.status}, and not held by this claim any more")
        raise WrongStatus(f"{key} is {now.status if now else 'unknown'} and cannot become {new}")
