"""termbell retry KEY."""

from pathlib import Path

import click

from scheduler.cli.deliveries import key_of, store_of
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.cli.run import line
from scheduler.engine.daemon import utc_now


@click.command(short_help="Let a failed, missed, held or cancelled delivery go out now.")
@click.argument("key")
@config_option
def command(config: Path, key: str) -> None:
    """Let the delivery KEY go out now: one that failed, was missed, is held or was cancelled.

    The start of the key is enough. A running daemon takes it up by itself.

    \b
    Examples:
      termbell status
      termbell retry 7f3a9c0d
    """
    with store_of(config) as store:
        say(line(store.retry(key_of(store, key), utc_now())))
