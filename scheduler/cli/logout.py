"""termbell logout: forgets what `login` kept."""

from pathlib import Path

import click

from scheduler.cli.login import account_of, either_of, users_of
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.credentials import Credentials


@click.command(short_help="Forget an account's credentials.")
@click.argument("account", required=False)
@click.option(
    "--secret",
    metavar="NAME",
    help="Forget what `!secret NAME` in config.yaml stands for, instead.",
)
@config_option
def command(config: Path, account: str | None, secret: str | None) -> None:
    """Forget what `login` kept for ACCOUNT. On the platform the token stays valid until you revoke it there.

    \b
    Examples:
      termbell logout fediverse
      termbell logout --secret mail-password
    """
    either_of(account, secret)
    read = read_config(config)
    if secret:
        _forget_named(read, secret)
    elif account:
        _forget(read, account_of(read, account))


def _forget(read: Config, chosen: ConfiguredAccount) -> None:
    Credentials(read.accounts, read.state).forget(chosen.name)
    say(f"{chosen.name}: nothing is kept any more")
    for name in chosen.secrets:
        say(
            f"{chosen.place}: accounts.{chosen.name}.{name} is named here; remove it yourself",
            err=True,
        )


def _forget_named(read: Config, name: str) -> None:
    Credentials(read.accounts, read.state).forget_named(name)
    say(f"{name}: nothing is kept any more")
    for account in users_of(read, name):
        say(f"{account} uses it, and cannot publish until it is kept again", err=True)
