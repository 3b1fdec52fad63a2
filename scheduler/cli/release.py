"""termbell release: what is held as past, or because an earlier store may have published it."""

from pathlib import Path

import click

from scheduler.cli.deliveries import store_of
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.cli.run import line
from scheduler.engine.daemon import utc_now


@click.command(short_help="Publish, or drop, held posts of the past.")
@click.option("--all", "everything", is_flag=True, help="Publish them, however late.")
@click.option("--drop", is_flag=True, help="Cancel them.")
@click.option("--account", help="Only those of this account.")
@config_option
def command(config: Path, everything: bool, drop: bool, account: str | None) -> None:
    """Decide about posts that are held because they are over, or may be published already.

    That is the case when many past entries are new at once, when a store is new or was taken
    over, and when posts look like published ones, as after a rename. Look at the accounts first.
    A running daemon takes it up by itself.

    \b
    Examples:
      termbell status
      termbell release --all
      termbell release --drop --account newsletter
    """
    if everything == drop:
        raise click.UsageError("one of --all and --drop is needed")
    with store_of(config) as store:
        decided = store.release_held(utc_now(), drop=drop, account=account)
    for row in decided:
        say(line(row))
    if not decided:
        say("nothing is held as past or new; see `termbell status`", err=True)
