"""Credentials that end and that only a person can renew: they are warned 14, 7, 3 and 1 days ahead, and when it is so far."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from scheduler.store import Store

WARNED = (14, 7, 3, 1, 0)  # days ahead
log = logging.getLogger("termbell")


def warn(store: Store, accounts: Iterable[str], ends: Callable[[str], datetime | None], now: datetime) -> None:
    """Puts on the list of what is to be told what ends soon; each of the days once, and the nearest alone when several are past."""
    for account in accounts:
        end = ends(account)
        days = end and next((days for days in reversed(WARNED) if now >= end - timedelta(days=days)), None)
        if end is None or days is None:
            continue
        told = store.notices.add(now, "token ending", in_words(account, end, now), once=f"{account} {end.isoformat()} {days}")
        if told:
            log.warning("%s", in_words(account, end, now), extra={"account": account})


def in_words(account: str, end: datetime, now: datetime) -> str:
    if end <= now:
        return f"{account}: its credentials ended on {end:%Y-%m-%d}; log in again: termbell login {account}"
    days = (end - now).days
    left = f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "today"
    return f"{account}: its credentials end {left}, on {end:%Y-%m-%d}; log in again before: termbell login {account}"
