"""termbell backup [FILE]."""

from contextlib import closing
from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.config import read_config
from scheduler.engine.daemon import utc_now
from scheduler.store.backups import back_up
from scheduler.store.database import Database


@click.command(short_help="Copy the store, also while the daemon runs.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@config_option
def command(config: Path, file: Path | None) -> None:
    """Make a whole copy of the store, to FILE or into the folder `backups` beside it. Nothing is overwritten.

    What is published, planned and in doubt is in it; credentials are not.

    \b
    Examples:
      termbell backup
      termbell backup /media/stick/calendar.db
    """
    store = read_config(config).store
    if not store.exists():
        fail(f"{store}: nothing has been planned yet; `termbell run` takes up the calendar")
    if file and file.exists():
        fail(f"{file}: is there already, and nothing is overwritten; name another file")
    with closing(Database(store)) as database:
        if file:
            database.copy_to(file)
        say(str(file or back_up(database, utc_now())))
