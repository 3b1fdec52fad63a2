"""What holds an account back: a refused login, a pause that the platform asked for."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from scheduler.store import status
from scheduler.store.changing import SENT_AT_IF_LEFT
from scheduler.store.database import Database
from scheduler.store.notices import note
from scheduler.store.rows import instant, stamp
from scheduler.store.tables import accounts, deliveries


class Accounts:
    """The accounts of one database that are not free to publish."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def release(self, account: str, now: datetime) -> int:
        """After a login: what waited for it is scheduled again. Returns how many."""
        with self._database.writing() as connection:
            connection.execute(update(accounts).where(accounts.c.name == account).values(held=None))
            waiting = (
                deliveries.c.account == account,
                deliveries.c.status == status.HELD,
                deliveries.c.reason == "login",
            )
            return connection.execute(
                update(deliveries)
                .where(*waiting)
                .values(
                    status=status.SCHEDULED,
                    next_at=deliveries.c.due,
                    reason=None,
                    error=None,
                    sent_at=SENT_AT_IF_LEFT,
                )
            ).rowcount

    def hold(self, account: str, why: str, now: datetime) -> bool:
        """It waits for a login. Returns whether that is news."""
        with self._database.writing() as connection:
            return hold(connection, account, why, now)

    def pause(self, account: str, until: datetime) -> None:
        """Nothing leaves for it before `until`; a longer pause stays."""
        until_then = stamp(until)
        with self._database.writing() as connection:
            connection.execute(
                insert(accounts)
                .values(name=account, paused_until=until_then)
                .on_conflict_do_update(
                    ["name"],
                    set_={
                        "paused_until": func.max(
                            func.coalesce(accounts.c.paused_until, 0), until_then
                        )
                    },
                )
            )

    def profiles(self) -> dict[str, str]:
        """Account -> its id on the platform, where that is known."""
        with self._database.reading() as connection:
            known = select(accounts).where(accounts.c.profile.is_not(None))
            return {row.name: row.profile for row in connection.execute(known)}

    def learn_profile(self, account: str, origin: str, profile: str) -> None:
        """Keeps the account's id on the platform, and with what was planned for it there."""
        with self._database.writing() as connection:
            kept = insert(accounts).values(name=account, profile=profile)
            connection.execute(kept.on_conflict_do_update(["name"], set_={"profile": profile}))
            mine = (
                deliveries.c.account == account,
                deliveries.c.origin == origin,
                deliveries.c.profile.is_(None),
            )
            connection.execute(update(deliveries).where(*mine).values(profile=profile))

    def held(self) -> dict[str, str]:
        """Account -> why it waits for a person."""
        with self._database.reading() as connection:
            return {
                row.name: row.held
                for row in connection.execute(select(accounts).where(accounts.c.held.is_not(None)))
            }

    def paused(self, now: datetime) -> dict[str, datetime]:
        """Account -> until when it is paused."""
        with self._database.reading() as connection:
            return {
                row.name: instant(row.paused_until)
                for row in connection.execute(
                    select(accounts).where(accounts.c.paused_until > stamp(now))
                )
            }


def hold(connection: Connection, account: str, why: str, now: datetime) -> bool:
    """Until a login its deliveries wait, instead of meeting the same refusal one by one. Returns whether that is news."""
    known = connection.scalar(select(accounts.c.held).where(accounts.c.name == account))
    connection.execute(
        insert(accounts)
        .values(name=account, held=why)
        .on_conflict_do_update(["name"], set_={"held": why})
    )
    if not known:
        note(connection, now, "held", f"{account}: {why}")
    return not known
