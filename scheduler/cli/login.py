"""termbell login ACCOUNT: asks for what the platform needs, tries it, keeps it."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.config import Config, Secret, read_config
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import utc_now
from scheduler.problems import did_you_mean


@click.command(short_help="Keep an account's credentials.")
@click.argument("account")
@config_option
def command(config: Path, account: str) -> None:
    """Ask for the credentials of ACCOUNT without showing them, try them, and keep them: in the system's keyring, or where there is
    none in a file that only you can read. From a pipe, one secret a line is read.

    \b
    Examples:
      termbell login fediverse
      pass show mastodon | termbell login fediverse
    """
    read = read_config(config)
    if account not in read.accounts:
        fail(f"no account called '{account}'; {did_you_mean(account, read.accounts)}")
    names = read.accounts[account].platform.secrets
    if not names:
        say(f"{account} needs no credentials")
        return
    values = {name: _asked(account, name) for name in names}
    who = _tried(read, account, values)
    where = Credentials(read.accounts, read.state).keep(account, values)
    say(f"{account}: {who}; kept in {where}")
    _release(read, account)


def _asked(account: str, name: str) -> str:
    value = click.prompt(f"{account}: {name}", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not value.strip():
        fail(f"{account}: no {name} was given")
    return str(value).strip()


def _tried(config: Config, account: str, values: dict[str, str]) -> str:
    """Who the platform says this is. Raises LoginNeeded, and nothing is kept, when it refuses."""
    from scheduler.engine.network import Network

    configured = replace(config.accounts[account], secrets={name: Secret(literal=value) for name, value in values.items()})
    if configured.platform.whoami is None:
        return "the platform has no way to try them"
    ask = Network(configured.account, configured.platform, Credentials({account: configured}, config.state / "trial"), config.timeout)
    return configured.platform.whoami(configured.account, ask)


def _release(config: Config, account: str) -> None:
    if not config.store.exists():
        return
    from scheduler.store import Store

    store = Store(config.store, utc_now())
    freed = store.release_account(account, utc_now())
    store.close()
    if freed:
        say(f"{freed} deliveries that waited for this go on")
