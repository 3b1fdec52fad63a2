"""termbell login: asks for what an account's platform needs, tries it, keeps it, and lets go what waited for it.

`login --secret NAME` keeps one secret that config.yaml names by `!secret NAME`. What it is for is not known here, so it is
not tried.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.credentials import Credentials, Trial
from scheduler.engine.logs import set_up
from scheduler.problems import did_you_mean


@click.command(short_help="Give an account its credentials.")
@click.argument("account", required=False)
@click.option("--secret", metavar="NAME", help="Keep what `!secret NAME` in config.yaml stands for, instead.")
@config_option
def command(config: Path, account: str | None, secret: str | None) -> None:
    """Ask for the secrets of ACCOUNT without showing them, try them, and keep them.

    They are kept in the system's keyring, or where there is none in a file that only you can read; which, is said. Secrets
    that config.yaml names itself are not asked for. From a pipe, one secret is read from each line.

    \b
    Examples:
      termbell login fediverse
      pass show mastodon | termbell login fediverse
      termbell login --secret mail-password
    """
    either_of(account, secret)
    read = read_config(config)
    if secret:
        _keep_named(read, secret)
    elif account:
        _log_in(read, account_of(read, account))


def either_of(account: str | None, secret: str | None) -> None:
    if bool(account) == bool(secret):
        raise click.UsageError("one of them is needed: the name of an ACCOUNT, or --secret NAME")


def _log_in(read: Config, chosen: ConfiguredAccount) -> None:
    account, platform = chosen.name, chosen.platform
    if not (platform.secrets or platform.optional_secrets):
        say(f"{account} needs no credentials")
        return
    written = _in_the_config(read, chosen)
    asked = [name for name in (*platform.secrets, *platform.optional_secrets) if name not in written]
    if asked and platform.obtain:
        say(platform.obtain.format_map(dict(chosen.account.settings)), err=True)
    answers = {name: _asked(f"{name.replace('_', ' ')} of {account}", name in platform.optional_secrets) for name in asked}
    given = {name: answer for name, answer in answers.items() if answer}
    trial = Trial({**written, **given}, beside=Credentials(read.accounts, read.state))
    set_up(sys.stderr, trial.all_values)
    who = _tried(read, chosen, trial)
    say(f"{account}: " + (f"these are the credentials of {who}" if who else f"{platform.name} has no way to try them"))
    if asked:
        _keep(read, chosen, given, trial.made)
    _release(read, account)


def _keep(read: Config, chosen: ConfiguredAccount, given: Mapping[str, str], session: Mapping[str, str]) -> None:
    credentials = Credentials(read.accounts, read.state)
    if not given:
        credentials.forget(chosen.name)  # all of it was optional, and none is wanted any more
        return
    ends = datetime.now(UTC) + timedelta(days=chosen.platform.last) if chosen.platform.last else None
    say(f"kept in {credentials.keep(chosen.name, given, ends)}")
    if ends:
        say(f"they end on {ends.astimezone(read.timezone):%d %B %Y}; you are warned before")
    if session:
        credentials.keep_session(chosen.name, session)  # platforms ration how often one may be made


def _keep_named(read: Config, name: str) -> None:
    where = Credentials(read.accounts, read.state).keep_named(name, _asked(name))
    say(f"{name}: kept in {where}")
    users = users_of(read, name)
    for account in users:
        say(f"{account} uses it; to try it: termbell login {account}", err=True)
    if not users:
        say(f"no account in {read.path.name} uses it yet; there it is written `!secret {name}`", err=True)


def users_of(config: Config, secret: str) -> list[str]:
    """The accounts for which config.yaml names this secret."""
    return [one.name for one in config.accounts.values() if secret in {where.name for where in one.secrets.values()}]


def account_of(config: Config, name: str) -> ConfiguredAccount:
    if name not in config.accounts:
        fail(f"no account called '{name}'; {did_you_mean(name, config.accounts)}")
    return config.accounts[name]


def _in_the_config(config: Config, chosen: ConfiguredAccount) -> Mapping[str, str]:
    """The secrets that config.yaml itself names. Raises LoginNeeded where one is not where it says."""
    named = replace(chosen.platform, secrets=tuple(chosen.secrets), optional_secrets=(), instead=())
    return Credentials({chosen.name: replace(chosen, platform=named)}, config.state).of(chosen.name)


def _asked(what: str, is_optional: bool = False) -> str:
    """What a person types, unseen, or a line of the pipe; empty only where it is optional."""
    if sys.stdin.isatty():
        typed = click.prompt(what + (" (Enter for none)" if is_optional else ""), hide_input=True, err=True,
                             default="" if is_optional else None, show_default=False)
    else:
        typed = sys.stdin.readline()
    if not str(typed).strip() and not is_optional:
        fail(f"no {what} was given")
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
        released = store.accounts.release(account, now)
    finally:
        store.close()
    if released:
        say(f"{released} {'delivery' if released == 1 else 'deliveries'} that waited for this will go out")
