"""termbell doctor: what stalls, and what to do about it."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import click

from platforms.base import LoginNeeded, PublishError
from scheduler import __version__
from scheduler.cli.options import config_option, json_option
from scheduler.cli.output import emit, say
from scheduler.config import Config, MediaHost, read_config
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import utc_now
from scheduler.engine.fetching import Fetching, NotFetched
from scheduler.engine.gathering import notifiers
from scheduler.engine.health import AHEAD, Health, ago, health_of
from scheduler.engine.hosting import Hosting, where
from scheduler.engine.planning import plan
from scheduler.engine.reporting import UNPINGED, UNSERVED
from scheduler.engine.telling import is_known
from scheduler.problems import Invalid
from scheduler.store import NewerSchema, Store, StoreFailed, status
from scheduler.store.backups import newest
from scheduler.store.database import DAMAGED, SQLITE

LEAST_DISK = 100_000_000  # bytes
LIBRARIES = (
    "alembic",
    "apprise",
    "apscheduler",
    "jinja2",
    "pillow",
    "requests",
    "sqlalchemy",
    "urllib3",
    "watchfiles",
)
Finding = tuple[bool, str]  # whether it is well, and a sentence


@click.command(short_help="Find what stalls, and what to do about it.")
@config_option
@json_option
@click.option(
    "--media-host",
    is_flag=True,
    help="Put a tiny picture on the `media_host`, fetch it and delete it.",
)
def command(config: Path, as_json: bool, media_host: bool) -> None:
    """Check the calendar, the store, the disk, the daemon and the credentials; say what to do about what is wrong.

    Nothing is sent, unless --media-host asks for it. Ends with 1 when something is wrong.

    \b
    Examples:
      termbell doctor
      termbell doctor --json
      termbell doctor --media-host
    """
    findings = list(_findings(config, media_host))
    if as_json:
        emit({"findings": [{"ok": well, "message": what} for well, what in findings]})
    else:
        for well, what in findings:
            say(f"{'ok   ' if well else 'wrong'} {what}")
    raise SystemExit(int(not all(well for well, _ in findings)))


def _findings(path: Path, tries_host: bool) -> Iterator[Finding]:
    yield True, f"termbell {__version__} on Python {sys.version.split()[0]} with SQLite {SQLITE}"
    yield True, ", ".join(f"{library} {version(library)}" for library in LIBRARIES)
    config, found = _read(path)
    yield from found
    if config:
        yield from _of_the_disk(config)
        yield from _of_permissions(config)
        yield from _of_credentials(config)
        yield from _of_the_media_host(config, tries_host)
        yield from _of_the_store(config)


def _read(path: Path) -> tuple[Config | None, list[Finding]]:
    """The config, where it can be read at all: what else stalls does not wait for the calendar to be mended."""
    try:
        planned = plan(path)
        return planned.config, [(False, str(problem)) for problem in planned.errors] or [
            (True, f"{len(planned.deliveries)} deliveries in the calendar")
        ]
    except Invalid as invalid:
        found = [(False, str(problem)) for problem in invalid.problems]
    try:
        return read_config(path), found
    except Invalid:
        return None, found


def _of_the_disk(config: Config) -> Iterator[Finding]:
    folder = config.state if config.state.exists() else config.folder
    free = shutil.disk_usage(folder).free
    yield (
        free > LEAST_DISK,
        f"{free // 1_000_000:,} MB free on the disk of {folder}"
        + ("" if free > LEAST_DISK else "; make room"),
    )
    writable = os.access(folder, os.W_OK)
    yield (
        writable,
        f"{folder} can be written"
        if writable
        else f"{folder} cannot be written; give yourself the right to",
    )


def _of_permissions(config: Config) -> Iterator[Finding]:
    """Of the state folder: all of it is the person's own, and what holds posts or secrets is nobody else's."""
    if os.name != "posix" or not config.state.is_dir():
        return
    files = [file for file in sorted(config.state.iterdir()) if file.is_file()]
    private = [
        config.state,
        *(
            file
            for file in files
            if file.name.startswith(config.store.name) or file.name == "secrets.json"
        ),
    ]
    locked = [file for file in files if not os.access(file, os.R_OK | os.W_OK)]
    shown = [file for file in private if file.stat().st_mode & 0o077]
    yield from (
        (False, f"{file} cannot be read and written by you; it may be another user's: chown it")
        for file in locked
    )
    yield from ((False, f"{file} is open to others: chmod go= {file}") for file in shown)
    if not locked and not shown:
        yield True, f"{config.state} is yours alone"


def _of_credentials(config: Config) -> Iterator[Finding]:
    credentials = Credentials(config.accounts, config.state)
    for name in config.accounts:
        try:
            credentials.of(name)
        except LoginNeeded as missing:
            yield False, str(missing)
        else:
            yield True, f"{name} has its credentials"
    for one in notifiers(config, credentials):
        known = bool(one.url) and is_known(one.url)
        yield (
            known,
            f"{one.name} has an address that Apprise knows"
            if known
            else one.why or f"{one.name} has an address that Apprise cannot use",
        )
    if config.healthcheck:
        try:
            credentials.address(config.healthcheck)
        except LoginNeeded as missing:
            yield False, str(missing)


def _of_the_media_host(config: Config, tries: bool) -> Iterator[Finding]:
    host, credentials = config.media_host, Credentials(config.accounts, config.state)
    if host is None:
        if tries:
            yield (
                False,
                f"{config.path.name} has no `media_host`; docs/media-host.md says which there are",
            )
        return
    try:
        for secret in host.secrets:
            credentials.address(secret)
    except LoginNeeded as missing:
        yield False, str(missing)
        return
    yield (
        True,
        f"media_host is {where(host)}"
        + ("" if tries else "; `termbell doctor --media-host` tries it out"),
    )
    if tries:
        yield _tried(
            Hosting(
                host=host, folder=config.state, credentials=credentials, timeout=config.timeout
            ),
            host,
            config,
        )


def _tried(hosting: Hosting, host: MediaHost, config: Config) -> Finding:
    try:
        same = hosting.try_out(host, lambda url: Fetching(allow=config.fetch_from)(url).body)
    except NotFetched as why:
        return False, f"what is put on media_host cannot be fetched from there: {why}"
    except PublishError as fault:
        return False, str(fault)
    return same, "a picture was put on media_host, fetched and deleted" if same else (
        "what is fetched from media_host is not what was put there; look whether its address is right"
    )


def _of_the_store(config: Config) -> Iterator[Finding]:
    last = newest(config.store)
    yield (
        True,
        f"the newest backup is {last}"
        if last
        else "there is no backup yet; `termbell run` makes one every day",
    )
    if not config.store.exists() and not last:
        yield True, "nothing has been planned yet; `termbell run` takes up the calendar"
        return
    try:
        with closing(Store(config.store, utc_now())) as store:
            verdict = store.database.check()
            yield (
                verdict == "ok",
                f"{config.store}: " + ("is whole" if verdict == "ok" else f"{DAMAGED} ({verdict})"),
            )
            health = health_of(store, utc_now())
            yield from _of_the_clock(store, health)
            yield from _of_the_daemon(store, health)
            yield from _of_reporting(config, store, health)
    except (NewerSchema, StoreFailed) as failed:
        yield False, str(failed)


def _of_the_clock(store: Store, health: Health) -> Iterator[Finding]:
    newest = store.newest()
    if health.is_ahead:
        yield (
            False,
            "the daemon was seen in the future: the clock was set back; check the machine's time",
        )
    elif newest and newest - health.at > AHEAD:
        yield (
            False,
            f"the last post was published at {newest:%Y-%m-%d %H:%M} UTC, which is to come: the clock was set back; check the machine's time",
        )
    else:
        yield (
            True,
            f"the clock says {health.at:%Y-%m-%d %H:%M} UTC, and nothing has happened later than that",
        )


def _of_the_daemon(store: Store, health: Health) -> Iterator[Finding]:
    waiting = health.counts.get(status.SCHEDULED, 0)
    if health.is_alive:
        yield True, "the daemon is alive"
    elif waiting:
        yield (
            False,
            f"the daemon is not running, {ago(health.last_beat, health.at)}, and {waiting} deliveries wait; start it: termbell run",
        )
    else:
        yield True, "the daemon is not running, and nothing waits for it"
    overdue = len(health.overdue)
    yield (
        not overdue,
        f"{overdue} deliveries are due and not taken up"
        + ("; see `termbell status`" if overdue else ""),
    )
    if health.calendar:
        yield (
            False,
            f"the daemon found the calendar broken at {health.calendar.since:%Y-%m-%d %H:%M} UTC, "
            f"and the plan from before is in force: {health.calendar.error}",
        )
    for name, why in health.held.items():
        yield False, f"{name} is held: {why}"
    for row in store.rows(statuses=(status.IN_DOUBT, status.HELD)):
        if row.status == status.IN_DOUBT:
            yield False, f"{row.key[:8]} ({row.entry}) is in doubt: {row.error}"
        elif row.is_handed_over:
            yield True, f"{row.key[:8]} ({row.entry}) is {row.error}"


def _of_reporting(config: Config, store: Store, health: Health) -> Iterator[Finding]:
    """Whether the person can be told, and monitors can see."""
    untold = len(store.notices.untold())
    if health.notifier:
        yield (
            False,
            f"{untold} notices cannot be told: {health.notifier}; look at `notify` in {config.path.name}",
        )
    elif not config.notify:
        yield (
            True,
            f"nobody is told when something fails; `notify` in {config.path.name} names who shall be",
        )
    else:
        yield (
            True,
            "every notice was told" if not untold else f"{untold} notices are about to be told",
        )
    for fact, what in (
        (UNPINGED, "the ping of healthcheck_url does not get through: "),
        (UNSERVED, ""),
    ):
        why = store.fact(fact)
        if why:
            yield False, what + why
