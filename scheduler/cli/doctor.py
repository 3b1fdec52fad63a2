"""termbell doctor: what stalls, and what to do about it."""

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click

from platforms.base import LoginNeeded
from scheduler import __version__
from scheduler.cli.options import config_option, json_option
from scheduler.cli.output import emit, say
from scheduler.cli.status import SILENT
from scheduler.config import Config
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import utc_now
from scheduler.engine.planning import plan
from scheduler.problems import Invalid
from scheduler.store import NewerSchema, Store, StoreFailed, status
from scheduler.store.backups import newest
from scheduler.store.database import DAMAGED

LEAST_DISK = 100_000_000  # bytes
Finding = tuple[bool, str]  # whether it is well, and a sentence


@click.command(short_help="Find what stalls, and what to do about it.")
@config_option
@json_option
def command(config: Path, as_json: bool) -> None:
    """Check the calendar, the store, the disk, the daemon and the credentials; say what to do about what is wrong.

    Nothing is sent. Ends with 1 when something is wrong.

    \b
    Examples:
      termbell doctor
      termbell doctor --json
    """
    findings = list(_findings(config))
    if as_json:
        emit({"findings": [{"ok": well, "message": what} for well, what in findings]})
    else:
        for well, what in findings:
            say(f"{'ok   ' if well else 'wrong'} {what}")
    raise SystemExit(int(not all(well for well, _ in findings)))


def _findings(path: Path) -> Iterator[Finding]:
    yield True, f"termbell {__version__} on Python {sys.version.split()[0]}"
    try:
        planned = plan(path)
    except Invalid as invalid:
        yield from ((False, str(problem)) for problem in invalid.problems)
        return
    yield from ((False, str(problem)) for problem in planned.errors)
    if not planned.errors:
        yield True, f"{len(planned.deliveries)} deliveries in the calendar"
    yield from _of_the_disk(planned.config)
    yield from _of_credentials(planned.config)
    yield from _of_the_store(planned.config)


def _of_the_disk(config: Config) -> Iterator[Finding]:
    folder = config.state if config.state.exists() else config.folder
    free = shutil.disk_usage(folder).free
    yield free > LEAST_DISK, f"{free // 1_000_000:,} MB free on the disk of {folder}" + ("" if free > LEAST_DISK else "; make room")
    writable = os.access(folder, os.W_OK)
    yield writable, f"{folder} can be written" if writable else f"{folder} cannot be written; give yourself the right to"


def _of_credentials(config: Config) -> Iterator[Finding]:
    credentials = Credentials(config.accounts, config.state)
    for name in config.accounts:
        try:
            credentials.of(name)
        except LoginNeeded as missing:
            yield False, str(missing)
        else:
            yield True, f"{name} has its credentials"


def _of_the_store(config: Config) -> Iterator[Finding]:
    last = newest(config.store)
    yield True, f"the newest backup is {last}" if last else "there is no backup yet; `termbell run` makes one every day"
    if not config.store.exists() and not last:
        yield True, "nothing has been planned yet; `termbell run` takes up the calendar"
        return
    now = utc_now()
    try:
        store = Store(config.store, now)
    except (NewerSchema, StoreFailed) as failed:
        yield False, str(failed)
        return
    try:
        verdict = store.database.check()
        yield verdict == "ok", f"{config.store}: " + ("is whole" if verdict == "ok" else f"{DAMAGED} ({verdict})")
        yield from _of_the_daemon(store)
    finally:
        store.close()


def _of_the_daemon(store: Store) -> Iterator[Finding]:
    now = utc_now()
    beat = store.last_beat()
    alive = beat is not None and abs(now - beat[0]) < SILENT
    waiting = store.rows(statuses=(status.SCHEDULED,))
    if alive:
        yield True, "the daemon is alive"
    elif waiting:
        last = f"since {beat[0]:%Y-%m-%d %H:%M} UTC" if beat else "and never was"
        yield False, f"the daemon is not running {last}, and {len(waiting)} deliveries wait; start it: termbell run"
    else:
        yield True, "the daemon is not running, and nothing waits for it"
    if beat and beat[0] - now > timedelta(minutes=1):
        yield False, "the daemon was seen in the future: the clock was set back; check the machine's time"
    overdue = [row for row in waiting if now - row.next_at > timedelta(minutes=1)]
    yield not overdue, f"{len(overdue)} deliveries are due and not taken up" + ("; see `termbell status`" if overdue else "")
    for name, why in store.accounts.held().items():
        yield False, f"{name} is held: {why}"
    for row in store.rows(statuses=(status.IN_DOUBT,)):
        yield False, f"{row.key[:8]} ({row.entry}) is in doubt: {row.error}"
