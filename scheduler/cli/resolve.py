"""termbell resolve KEY: a person's word about a delivery in doubt, or about one that they publish themselves."""

from pathlib import Path

import click

from platforms.base import Published
from scheduler.cli.deliveries import key_of, store_of
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.cli.run import line
from scheduler.engine.daemon import utc_now


@click.command(short_help="Say how a delivery in doubt, or in your hands, ended.")
@click.argument("key")
@click.option("--published", metavar="URL", help="It is up, at this address.")
@click.option("--again", is_flag=True, help="It is not up: send it again.")
@click.option("--drop", is_flag=True, help="Let it be.")
@config_option
def command(config: Path, key: str, published: str | None, again: bool, drop: bool) -> None:
    """Say what you found when you looked, or did yourself: the delivery KEY is up, shall be sent again, or is dropped.

    \b
    Examples:
      termbell resolve 7f3a9c0d --published https://example.social/@me/1
      termbell resolve 7f3a9c0d --again
    """
    if [bool(published), again, drop].count(True) != 1:
        raise click.UsageError(
            "one of --published URL, --again, --drop is needed: look at the account first"
        )
    with store_of(config) as store:
        up = Published(id=published, url=published) if published else None
        say(line(store.resolve(key_of(store, key), published=up, again=again, now=utc_now())))
