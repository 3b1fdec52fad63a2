"""termbell restore [FILE]."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, problems, say
from scheduler.config import read_config
from scheduler.engine.alone import Alone, AlreadyRunning
from scheduler.engine.circumstances import circumstances
from scheduler.engine.daemon import utc_now
from scheduler.engine.planning import plan
from scheduler.problems import Invalid
from scheduler.store import Store
from scheduler.store.backups import folder, newest
from scheduler.store.restoring import (
    Calendar,
    Restored,
    contents_of,
    is_whole,
    restore_anew,
    restore_into,
)


@click.command(short_help="Bring a backup of the store back.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--yes", is_flag=True, help="Do not ask first.")
@config_option
def command(config: Path, file: Path | None, yes: bool) -> None:
    """Bring back the backup FILE, or the newest one, also while the daemon runs.

    What the present store knows to be published, in doubt or under way stays so. What is not published in the backup and was due
    before now may be up since: it is looked for before it leaves, and is in doubt where a platform does not let us look. A damaged
    store is moved aside, never deleted; then the daemon has to be stopped.

    \b
    Examples:
      termbell restore
      termbell restore .termbell/backups/config-20260907T083000.db --yes
    """
    store = read_config(config).store
    backup = file or newest(store)
    if backup is None:
        fail(f"no backup in {folder(store)}; name one: termbell restore FILE")
    now = utc_now()
    contents = contents_of(backup, now)
    _agreed(
        f"{backup} has {len(contents.deliveries)} deliveries. Bring them back into {store}?", yes
    )
    calendar = _calendar(config)
    with _held(store) as alone:
        if is_whole(store):
            with closing(Store(store, now)) as opened:
                done = restore_into(opened.database, contents, calendar, utc_now())
        elif alone:
            done = restore_anew(store, contents, calendar, utc_now())
        else:
            fail(
                f"{store}: it is damaged or gone, and a termbell publishes from it; stop that one, then restore, then start it again"
            )
    for line in _said(done, backup):
        say(line)


def _agreed(question: str, yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked here; say --yes")
    if not yes:
        click.confirm(question, abort=True, err=True)


def _calendar(config: Path) -> Calendar | None:
    """What the files say now; None, and said, where they cannot be used."""
    try:
        planned = plan(config)
    except Invalid as invalid:
        problems(invalid.problems)
        say(
            "the calendar has errors: entries come back as the backup has them, until it is mended and read again",
            err=True,
        )
        return None
    return Calendar(deliveries=planned.deliveries, circumstances=circumstances(planned))


@contextmanager
def _held(store: Path) -> Iterator[bool]:
    """Keeps every daemon away; answers whether that was possible, or one is there."""
    with ExitStack() as held:
        try:
            held.enter_context(Alone(store))
        except AlreadyRunning:
            yield False
        else:
            yield True


def _said(done: Restored, backup: Path) -> Iterator[str]:
    yield f"{done.restored} deliveries brought back from {backup}"
    yield f"{done.kept} kept as the present store had them"
    if done.sought:
        yield (
            f"{done.sought} were due since and may be up: each is looked for before it leaves, and is in doubt where that cannot be done; "
            "see `termbell status`"
        )
    if done.aside:
        yield f"the damaged store is now {done.aside}"
