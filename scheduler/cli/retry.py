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
@click.option("--now", "at_once", is_flag=True, help="Now, also when it is due later.")
@config_option
def command(config: Path, key: str, at_once: bool) -> None:
    """Let the delivery KEY go out after all: one that failed, was missed, is held or was cancelled.

    What is due later goes back to its time; the rest goes out now. What may be published already
    is looked for first. The start of the key is enough. A running daemon takes it up by itself.

    \b
    Examples:
      termbell status
      termbell retry 7f3a9c0d
      termbell retry 7f3a9c0d --now
    """
    with store_of(config) as store:
        say(line(store.retry(key_of(store, key), utc_now(), at_once=at_once)))
