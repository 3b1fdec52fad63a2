"""termbell login ACCOUNT: asks for what the platform needs, tries it, keeps it, and lets go what waited for it."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.credentials import Credentials, Trial
from scheduler.engine.logs import set_up
from scheduler.problems import did_you_mean


@click.command(short_help="Give an account its credentials.")
@click.argument("account")
@config_option
def command(config: Path, account: str) -> None:
    """Ask for the secrets of ACCOUNT without showing them, try them, and keep them.

    They are kept in the system's keyring, or where there is none in a file that only you can read; which, is said. Secrets
    that config.yaml names itself are not asked for. From a pipe, one secret is read from each line.

    \b
    Examples:
      termbell login fediverse
      pass show mastodon | termbell login fediverse
    """
    read = read_config(config)
    chosen = account_of(read, account)
    if not chosen.platform.secrets:
        say(f"{account} needs no credentials")
        return
    written = _in_the_config(read, chosen)
    asked = [name for name in chosen.platform.secrets if name not in written]
    if asked and chosen.platform.obtain:
        say(chosen.platform.obtain.format_map(dict(chosen.account.settings)), err=True)
    given = {name: _asked(account, name) for name in asked}
    credentials = Credentials(read.accounts, read.state)
    trial = Trial({**written, **given}, beside=credentials)
    set_up(sys.stderr, trial.all_values)
    who = _tried(read, chosen, trial)
    say(f"{account}: " + (f"these are the credentials of {who}" if who else f"{chosen.platform.name} has no way to try them"))
    if given:
        say(f"kept in {credentials.keep(account, given)}")
        if trial.made:
            credentials.keep_session(account, trial.made)  # platforms ration how often one may be made
    _release(read, account)


def account_of(config: Config, name: str) -> ConfiguredAccount:
    if name not in config.accounts:
        fail(f"no account called '{name}'; {did_you_mean(name, config.accounts)}")
    return config.accounts[name]


def _in_the_config(config: Config, chosen: ConfiguredAccount) -> Mapping[str, str]:
    """The secrets that config.yaml itself names. Raises LoginNeeded where one is not where it says."""
    named = replace(chosen.platform, secrets=tuple(chosen.secrets), optional_secrets=())
    return Credentials({chosen.name: replace(chosen, platform=named)}, config.state).of(chosen.name)


def _asked(account: str, name: str) -> str:
    words = name.replace("_", " ")
    typed = click.prompt(f"{words} of {account}", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not str(typed).strip():
        fail(f"{account}: no {words} was given")
    return str(typed).strip()


def _tried(config: Config, chosen: ConfiguredAccount, trial: Trial) -> str | None:
    """Who the platform says this is; None where it has no way to say. Raises PublishError when it refuses."""
    if chosen.platform.whoami is None:
        return None
    from scheduler.engine.network import Network

    return chosen.platform.whoami(chosen.account, Network(chosen.account, chosen.platform, trial, config.timeout))


def _release(config: Config, account: str) -> None:
    if not config.store.exists():
        return
    from scheduler.store import Store

    now = datetime.now(UTC)
    store = Store(config.store, now)
    try:
        released = store.release_account(account, now)
    finally:
        store.close()
    if released:
        say(f"{released} {'delivery' if released == 1 else 'deliveries'} that waited for this will go out")
