"""Credentials that end. Of those that only a person can renew they are warned 14, 7, 3 and 1 days ahead, and when it is so far.

The others are renewed now and then even where nothing is posted, so that they do not die of disuse.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from platforms.base import Ask, LoginNeeded, PublishError
from scheduler.config import ConfiguredAccount
from scheduler.store import Store

WARNED = (14, 7, 3, 1, 0)  # days ahead
log = logging.getLogger("termbell")


def warn(
    store: Store, accounts: Iterable[str], ends: Callable[[str], datetime | None], now: datetime
) -> None:
    """Puts on the list of what is to be told what ends soon; each of the days once, and the nearest alone when several are past."""
    for account in accounts:
        end = ends(account)
        days = end and next(
            (days for days in reversed(WARNED) if now >= end - timedelta(days=days)), None
        )
        if end is None or days is None:
            continue
        told = store.notices.add(
            now,
            "token ending",
            in_words(account, end, now),
            once=f"{account} {end.isoformat()} {days}",
        )
        if told:
            log.warning("%s", in_words(account, end, now), extra={"account": account})


def stay_signed_in(
    store: Store,
    accounts: Mapping[str, ConfiguredAccount],
    renew: Callable[[ConfiguredAccount], None],
    now: datetime,
) -> None:
    """Renews what has not been used for long. An account whose sign-in turns out to be dead waits for a person, who is told."""
    held = store.accounts.held()
    for name, configured in accounts.items():
        if name in held:
            continue
        try:
            renew(configured)
        except LoginNeeded as refused:
            if store.accounts.hold(name, str(refused), now):
                log.warning("login needed: %s", refused, extra={"account": name})
        except PublishError as fault:  # tomorrow is soon enough
            log.info("its sign-in was not renewed: %s", fault, extra={"account": name})


def learn_profiles(
    store: Store,
    accounts: Mapping[str, ConfiguredAccount],
    ask: Callable[[ConfiguredAccount], Ask],
) -> None:
    """Asks once whose profile each account is, so that a renamed account is recognised."""
    known = {*store.accounts.profiles(), *store.accounts.held()}
    for name, configured in accounts.items():
        whoami = configured.platform.whoami
        if name in known or whoami is None:
            continue
        try:
            profile = whoami(configured.account, ask(configured))
        except PublishError as fault:  # the next hour is soon enough
            log.info("whose profile it is, is not known: %s", fault, extra={"account": name})
        else:
            store.accounts.learn_profile(name, configured.origin, profile)


def in_words(account: str, end: datetime, now: datetime) -> str:
    if end <= now:
        return f"{account}: its credentials ended on {end:%Y-%m-%d}; log in again: termbell login {account}"
    days = (end - now).days
    left = f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "today"
    return f"{account}: its credentials end {left}, on {end:%Y-%m-%d}; log in again before: termbell login {account}"
