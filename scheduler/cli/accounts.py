"""termbell accounts: who there is, and whether the credentials are there and work. No secret's value is ever shown."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click

from platforms.base import LoginNeeded, PublishError
from scheduler.cli.options import config_option, json_option
from scheduler.cli.output import emit, joined, paint, say
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.credentials import Credentials
from scheduler.engine.judging import NOT_AS_DOCUMENTED
from scheduler.engine.logs import set_up


@dataclass(frozen=True, kw_only=True)
class State:
    """What there is to say about an account."""

    account: str
    platform: str
    secrets: dict[str, bool]  # name -> whether it is there
    who: str | None = None  # whose credentials the platform says these are
    error: str | None = None

    @property
    def is_ready(self) -> bool:
        return self.error is None


@click.command(short_help="The accounts, and whether they can publish.")
@click.option("--verify", is_flag=True, help="Ask each platform whose credentials these are.")
@config_option
@json_option
def command(config: Path, as_json: bool, verify: bool) -> None:
    """List the accounts and whether their secrets are there. Ends with 1 where some are missing, or refused.

    \b
    Examples:
      termbell accounts
      termbell accounts --verify
    """
    read = read_config(config)
    credentials = Credentials(read.accounts, read.state)
    set_up(sys.stderr, credentials.all_values)
    found = [_state(read, credentials, one, verify) for one in read.accounts.values()]
    if as_json:
        emit(
            {
                "accounts": [
                    {
                        "account": one.account,
                        "platform": one.platform,
                        "secrets": [
                            {"name": name, "present": there} for name, there in one.secrets.items()
                        ],
                        "ready": one.is_ready,
                        "who": one.who,
                        "error": one.error,
                    }
                    for one in found
                ]
            }
        )
    else:
        width = max((len(one.account) for one in found), default=0)
        for one in found:
            _show(one, width)
    raise SystemExit(int(not all(one.is_ready for one in found)))


def _show(one: State, width: int) -> None:
    secrets = (
        ", ".join(
            f"{name} {'present' if there else 'missing'}" for name, there in one.secrets.items()
        )
        or "needs no credentials"
    )
    say(
        joined(
            paint("✓ " if one.is_ready else "✗ ", "green" if one.is_ready else "red"),
            paint(one.account.ljust(width), bold=True),
            f"  {one.platform:<10}  {secrets}",
            paint(f"  {one.who}", "green") if one.who else "",
        )
    )
    if one.error:
        say(f"  {one.error}")


def _state(config: Config, credentials: Credentials, one: ConfiguredAccount, verify: bool) -> State:
    instead = {name: has(config, one, name) for name in one.platform.instead}
    secrets = (
        instead
        if instead and all(instead.values())
        else {name: has(config, one, name) for name in one.platform.secrets}
    )
    state = State(account=one.name, platform=one.platform.name, secrets=secrets)
    try:
        credentials.of(one.name)
        if verify and one.platform.whoami:
            from scheduler.engine.network import Network

            ask = Network(one.account, one.platform, credentials, config.timeout)
            state = replace(state, who=one.platform.whoami(one.account, ask))
    except PublishError as refused:
        return replace(state, error=str(refused))
    except NOT_AS_DOCUMENTED as fault:
        return replace(
            state,
            error=f"{one.platform.name} answered what is not documented ({type(fault).__name__}); is this the server?",
        )
    return state


def has(config: Config, one: ConfiguredAccount, secret: str) -> bool:
    """Whether this one secret of the account is there, in the config or kept."""
    alone = replace(
        one,
        platform=replace(one.platform, secrets=(secret,), optional_secrets=(), instead=()),
        secrets={name: where for name, where in one.secrets.items() if name == secret},
    )
    try:
        Credentials({one.name: alone}, config.state).of(one.name)
    except LoginNeeded:
        return False
    return True
