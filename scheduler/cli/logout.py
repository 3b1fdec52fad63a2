"""termbell logout ACCOUNT."""

from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.config import read_config
from scheduler.engine.credentials import Credentials
from scheduler.problems import did_you_mean


@click.command(short_help="Forget an account's credentials.")
@click.argument("account")
@config_option
def command(config: Path, account: str) -> None:
    """Forget what `login` kept for ACCOUNT. What config.yaml itself names is yours to remove.

    \b
    Examples:
      termbell logout fediverse
    """
    read = read_config(config)
    if account not in read.accounts:
        fail(f"no account called '{account}'; {did_you_mean(account, read.accounts)}")
    Credentials(read.accounts, read.state).forget(account)
    say(f"{account}: forgotten; revoke it on the platform too if it may have been seen")
