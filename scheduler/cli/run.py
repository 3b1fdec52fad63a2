"""termbell run: the daemon, or one round of it."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.cli.working import Working, working
from scheduler.config import ConfiguredAccount
from scheduler.engine.alone import AlreadyRunning
from scheduler.engine.backing_up import keep_a_backup
from scheduler.engine.daemon import Daemon, utc_now
from scheduler.engine.ending import learn_profiles
from scheduler.engine.replanning import MAKING, ask_limits_apart, make_media_apart
from scheduler.engine.watching import watched
from scheduler.store import Row, Store, status
from scheduler.store.rows import NEW_STORE

log = logging.getLogger("termbell")
GONE_WRONG = (status.FAILED, status.MISSED)


@click.command(short_help="Publish what is due: as a daemon, or once.")
@click.option("--once", is_flag=True, help="Publish what is due now, then end (for cron and CI).")
@click.option(
    "--dry-run", is_flag=True, help="Send nothing: a rehearsal answers, on a copy of the store."
)
@click.option("--take-over", is_flag=True, help="Publish from a store that was another machine's.")
@config_option
def command(config: Path, once: bool, dry_run: bool, take_over: bool) -> None:
    """Publish each post when it is due, until stopped.

    A changed calendar is read again by itself. Ctrl-C or SIGTERM lets attempts that are under way finish.
    Ends with 75 where another process publishes from this store.

    \b
    Examples:
      termbell run
      termbell run --once          # every ten minutes from cron
      termbell run --dry-run
    """
    if once and not dry_run:
        raise SystemExit(rounds_if_alone(config, take_over))
    with working(
        config, dry_run=dry_run, waits=once, take_over=take_over, keeps_plan=not dry_run
    ) as work:
        if not dry_run:
            ask_about_held(work.store)
        raise SystemExit(_once(work) if once else _daemon(work, config, dry_run))


def ask_about_held(store: Store) -> None:
    """Asks a person at a terminal, once for all, about what an earlier store may have published."""
    held = [row for row in store.rows(statuses=(status.HELD,)) if row.reason == NEW_STORE]
    if not held or not sys.stdin.isatty():
        return
    for row in held:
        say(line(row), err=True)
    question = f"{len(held)} posts may be published already. Publish them now?"
    if click.confirm(question, default=False, err=True):
        store.release_held(utc_now())


def rounds_if_alone(config: Path, take_over: bool = False) -> int:
    """A round that meets another process prints one line, no error, and has its own code."""
    try:
        return rounds(config, take_over=take_over)
    except AlreadyRunning as running:
        say(f"nothing to do here: {running}")
        return running.exit_code


def rounds(config: Path, making: float = MAKING, take_over: bool = False) -> int:
    """One, and another when media were not ready for the first: no post waits for the video of another one."""
    code, unready = _round(config, making, take_over)
    if unready:
        make_media_apart(config)
        code = max(code, _round(config, making)[0])
    return code


def _round(config: Path, making: float, take_over: bool = False) -> tuple[int, tuple[str, ...]]:
    with working(config, waits=False, making=making, take_over=take_over, keeps_plan=True) as work:
        ask_about_held(work.store)
        keep_a_backup(work.store, utc_now())
        return _once(work), work.unready


def _once(work: Working) -> int:
    """One round; 3 where something is in doubt in it.

    1 where something failed or came too late, or the calendar is broken.
    """
    before = {row.key: row.status for row in work.store.rows()}
    now = utc_now()
    work.limits.ask(work.config.accounts.values(), work.ask, now)
    work.store.release(now, work.desk.by)
    work.store.in_time_again(now)
    work.store.settle_missing(now)
    work.store.too_late(now)
    for account in work.config.accounts:
        work.desk.work(account)
    learn_profiles(work.store, work.config.accounts, work.ask)
    work.store.worked(utc_now())
    work.sweep()
    work.reporting.teller.tell(at_once=True)
    changed = [
        row
        for row in work.store.rows()
        if row.status != before[row.key] or row.status == status.PUBLISHING
    ]
    for row in changed:
        say(line(row))
    waiting = work.store.next_due(utc_now())
    say(
        f"{sum(row.status == status.PUBLISHED for row in changed)} published"
        + (
            f"; next: {waiting.astimezone(work.config.timezone):%a %d %b %Y %H:%M %Z}"
            if waiting
            else ""
        )
    )
    for place in {
        str(one.account.settings["folder"])
        for one in work.config.accounts.values()
        if one.account.platform == "site"
    }:
        say(f"look at {Path(place) / 'index.html'}")
    if any(row.status == status.IN_DOUBT for row in changed):
        return 3
    is_wrong = any(row.status in GONE_WRONG for row in changed)
    return int(is_wrong or work.is_plan_kept)


def _limits_asked(
    work: Working, config: Path, dry_run: bool
) -> Callable[[Iterable[ConfiguredAccount], datetime], bool]:
    """How a daemon has servers asked for their limits; in a dry run nobody is asked."""
    return lambda accounts, now: (
        not dry_run and work.limits.is_due(accounts, now) and ask_limits_apart(config)
    )


def _daemon(work: Working, config: Path, dry_run: bool) -> int:
    if dry_run:
        log.info("a dry run: nothing is sent, and the store is a copy")
    daemon = daemon_of(work, config, dry_run)
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: daemon.stop())
    daemon.run()
    if daemon.is_busy():  # its threads would keep the process until a server answers
        logging.shutdown()
        os._exit(0)
    return 0


def daemon_of(work: Working, config: Path, dry_run: bool = False) -> Daemon:
    return Daemon(
        config=config,
        store=work.store,
        desk=work.desk,
        assembled=work.assembled,
        ask_limits=_limits_asked(work, config, dry_run),
        folders=watched(work.config, work.files),
        reporting=work.reporting,
        unready=work.unready,
    )


def line(row: Row) -> str:
    """A delivery in one line."""
    part = f" part {row.part + 1}" if row.part else ""
    return (
        f"{row.status:<10} {row.key[:8]}  {row.due:%Y-%m-%d %H:%M}  {row.entry}{part} -> {row.account}"
        + (f"  {row.url}" if row.url else "")
        + (f"  ({row.error})" if row.error else "")
    )
