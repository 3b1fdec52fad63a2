"""termbell cancel KEY."""

from pathlib import Path

import click

from scheduler.cli.deliveries import key_of, store_of
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.cli.run import line


@click.command(short_help="Take a delivery out of the plan.")
@click.argument("key")
@config_option
def command(config: Path, key: str) -> None:
    """Take the delivery KEY out of the plan; `retry` puts it back.

    The start of the key is enough. A running daemon takes it up by itself.

    \b
    Examples:
      termbell status
      termbell cancel 7f3a9c0d
    """
    with store_of(config) as store:
        say(line(store.cancel(key_of(store, key))))
