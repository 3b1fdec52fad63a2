"""termbell login: gets what an account's platform needs, tries it, keeps it, and lets go what waited for it.

Where the platform has a page to sign in on, `signing_in.py` beside this file walks a person through it; else, and by
`--token`, the secrets are asked for. `login --secret NAME` keeps one secret that config.yaml names by `!secret NAME`. What
it is for is not known here, so it is not tried.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from platforms.base import Platform
from scheduler.cli.asking import Way, asked
from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.credentials import Credentials, Trial
from scheduler.engine.logs import set_up
from scheduler.problems import did_you_mean

OF_A_PAGE = (
    "refresh",
    "client_id",
    "client_secret",
)  # asked for on no terminal: there, one signs in on the page instead


@click.command(short_help="Give an account its credentials.")
@click.argument("account", required=False)
@click.option(
    "--token", is_flag=True, help="Paste a token instead of signing in on the platform's page."
)
@click.option(
    "--no-browser",
    is_flag=True,
    help="Do not open a browser; print the address and wait for the answer here.",
)
@click.option(
    "--paste",
    is_flag=True,
    help="Print the address, and paste the one that your browser was sent to: for a machine without a browser.",
)
@click.option(
    "--device",
    is_flag=True,
    help="Enter a short code in a browser on any machine, where the platform has that.",
)
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port to wait at. [default: any that is free]"
)
@click.option(
    "--redirect",
    metavar="URL",
    help="The redirect address that your app on the platform has, if it is another.",
)
@click.option(
    "--secret", metavar="NAME", help="Keep what `!secret NAME` in config.yaml stands for, instead."
)
@config_option
def command(config: Path, account: str | None, secret: str | None, **way: Any) -> None:
    """Give ACCOUNT its credentials, try them, and keep them.

    Where the platform has a page for it, you sign in there: your browser opens, you say yes, and the answer comes back to this
    machine. Elsewhere, and with --token, the secrets are asked for without showing them; from a pipe one is read from each line.
    They are kept in the system's keyring, or where there is none in a file that only you can read; which, is said. Secrets that
    config.yaml names itself are not asked for.

    \b
    Examples:
      termbell login fediverse
      termbell login fediverse --paste        (over SSH: open the page wherever you are)
      termbell login linkedin --token
      pass show mastodon | termbell login fediverse
      termbell login --secret mail-password
    """
    either_of(account, secret)
    read = read_config(config)
    if secret:
        _keep_named(read, secret)
    elif account:
        _log_in(read, account_of(read, account), Way(**way))


def either_of(account: str | None, secret: str | None) -> None:
    if bool(account) == bool(secret):
        raise click.UsageError("one of them is needed: the name of an ACCOUNT, or --secret NAME")


def _log_in(read: Config, chosen: ConfiguredAccount, way: Way) -> None:
    account, platform = chosen.name, chosen.platform
    if not platform.all_secrets:
        say(f"{account} needs no credentials")
        return
    written = _in_the_config(read, chosen)
    trial = Trial(written, beside=Credentials(read.accounts, read.state))
    set_up(sys.stderr, trial.all_values)
    is_by_page = _is_by_page(chosen, written, way)
    given = _signed_in(read, chosen, written, way, trial) if is_by_page else _given(chosen, written)
    ends = _end(platform, given)
    trial.values = {
        **written,
        **{name: given[name] for name in platform.all_secrets if name in given},
    }
    trial.made = _session(platform, given) if is_by_page else {}
    who = _tried(read, chosen, trial)
    say(
        f"{account}: "
        + (
            f"these are the credentials of {who}"
            if who
            else f"{platform.name} has no way to try them"
        )
    )
    if is_by_page or set(platform.all_secrets) - set(written):
        _keep(
            read,
            chosen,
            {name: value for name, value in trial.values.items() if name not in written},
            trial.made,
            ends,
        )
    _release(read, account)


def _is_by_page(chosen: ConfiguredAccount, written: Mapping[str, str], way: Way) -> bool:
    if way.token and way.is_by_page:
        raise click.UsageError(
            "--token is for a token that you have; leave out the options for signing in"
        )
    if way.is_by_page and chosen.platform.oauth is None:
        fail(
            f"{chosen.platform.name} has no page to sign in on; termbell login {chosen.name} asks for what it needs"
        )
    if way.is_by_page and "token" in written:
        fail(
            f"{chosen.place}: accounts.{chosen.name}.token is named here; take it out to sign in on the page"
        )
    is_there = chosen.platform.oauth is not None and bool(chosen.platform.missing(written))
    return is_there and not way.token and (way.is_by_page or sys.stdin.isatty())


def _signed_in(
    read: Config, chosen: ConfiguredAccount, written: Mapping[str, str], way: Way, trial: Trial
) -> dict[str, str]:
    from scheduler.cli.signing_in import SigningIn

    assert chosen.platform.oauth
    return SigningIn(read, chosen, chosen.platform.oauth.of(chosen.account), way, trial).secrets(
        written
    )


def _given(chosen: ConfiguredAccount, written: Mapping[str, str]) -> dict[str, str]:
    """What a person typed, or the lines of a pipe."""
    platform = chosen.platform
    optional = [
        name
        for name in platform.optional_secrets
        if not (platform.oauth and name in OF_A_PAGE and sys.stdin.isatty())
    ]
    needed = platform.secrets if platform.missing(written) else ()
    if {*needed, *optional} - set(written) and platform.obtain:
        say(platform.obtain.format_map(dict(chosen.account.settings)), err=True)
    given = _answers(chosen, needed, written, "others instead" if platform.instead else None)
    if platform.missing({*written, *given}):
        given |= _answers(chosen, platform.instead, written, None)
    return given | _answers(chosen, optional, written, "none")


def _answers(
    chosen: ConfiguredAccount,
    names: Iterable[str],
    written: Mapping[str, str],
    otherwise: str | None,
) -> dict[str, str]:
    answers = {
        name: asked(f"{name.replace('_', ' ')} of {chosen.name}", otherwise)
        for name in names
        if name not in written
    }
    return {name: answer for name, answer in answers.items() if answer}


def _session(platform: Platform, given: Mapping[str, str]) -> dict[str, str]:
    """What a sign-in brought, as the session that it is: it is renewed only when it ends."""
    from scheduler.engine.network import utc_now, with_its_end

    if platform.session is None or "refresh" not in given:
        return {}
    return dict(
        with_its_end(
            {name: given[name] for name in ("token", "refresh", "expires_in") if name in given},
            utc_now(),
        )
    )


def _end(platform: Platform, given: Mapping[str, str]) -> datetime | None:
    """When a person has to log in again, as far as that is known."""
    if "refresh" in given and platform.session:
        return None
    lasts = (
        float(given["expires_in"])
        if "expires_in" in given
        else platform.last and platform.last * 86400
    )
    return datetime.now(UTC) + timedelta(seconds=lasts) if lasts else None


def _keep(
    read: Config,
    chosen: ConfiguredAccount,
    given: Mapping[str, str],
    session: Mapping[str, str],
    ends: datetime | None,
) -> None:
    credentials = Credentials(read.accounts, read.state)
    if not given:
        credentials.forget(chosen.name)  # all of it was optional, and none is wanted any more
        return
    with credentials.renewing(
        chosen.name
    ):  # a daemon that renewed what is kept here in between would leave us with what is spent
        say(f"kept in {credentials.keep(chosen.name, given, ends)}")
        if session:
            credentials.keep_session(
                chosen.name, session
            )  # platforms ration how often one may be made
    if ends:
        say(f"they end on {ends.astimezone(read.timezone):%d %B %Y}; you are warned before")
    elif "refresh" in given and chosen.platform.session:
        say("they are renewed by themselves")


def _keep_named(read: Config, name: str) -> None:
    where = Credentials(read.accounts, read.state).keep_named(name, asked(name))
    say(f"{name}: kept in {where}")
    users = users_of(read, name)
    for account in users:
        say(f"{account} uses it; to try it: termbell login {account}", err=True)
    if not users:
        say(
            f"no account in {read.path.name} uses it yet; there it is written `!secret {name}`",
            err=True,
        )


def users_of(config: Config, secret: str) -> list[str]:
    """The accounts for which config.yaml names this secret."""
    return [
        one.name
        for one in config.accounts.values()
        if secret in {where.name for where in one.secrets.values()}
    ]


def account_of(config: Config, name: str) -> ConfiguredAccount:
    if name not in config.accounts:
        fail(f"no account called '{name}'; {did_you_mean(name, config.accounts)}")
    return config.accounts[name]


def _in_the_config(config: Config, chosen: ConfiguredAccount) -> Mapping[str, str]:
    """The secrets that config.yaml itself names. Raises LoginNeeded where one is not where it says."""
    named = replace(chosen.platform, secrets=tuple(chosen.secrets), optional_secrets=(), instead=())
    return Credentials({chosen.name: replace(chosen, platform=named)}, config.state).of(chosen.name)


def _tried(config: Config, chosen: ConfiguredAccount, trial: Trial) -> str | None:
    """Who the platform says this is; None where it has no way to say. Raises PublishError when it refuses."""
    if chosen.platform.whoami is None:
        return None
    from scheduler.engine.network import Network

    return chosen.platform.whoami(
        chosen.account, Network(chosen.account, chosen.platform, trial, config.timeout)
    )


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
        say(
            f"{released} {'delivery' if released == 1 else 'deliveries'} that waited for this will go out"
        )
