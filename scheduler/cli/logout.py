"""termbell logout ACCOUNT: forgets what `login` kept."""

from pathlib import Path

import click

from scheduler.cli.login import account_of
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.config import read_config
from scheduler.engine.credentials import Credentials


@click.command(short_help="Forget an account's credentials.")
@click.argument("account")
@config_option
def command(config: Path, account: str) -> None:
    """Forget what `login` kept for ACCOUNT. On the platform the token stays valid until you revoke it there.

    \b
    Examples:
      termbell logout fediverse
    """
    read = read_config(config)
    chosen = account_of(read, account)
    Credentials(read.accounts, read.state).forget(account)
    say(f"{account}: nothing is kept any more")
    for name in chosen.secrets:
        say(f"{chosen.place}: accounts.{account}.{name} is named here; remove it yourself", err=True)
