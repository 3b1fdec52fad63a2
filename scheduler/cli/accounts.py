"""termbell accounts: who there is, and whether the credentials are there and work."""

from pathlib import Path

import click

from platforms.base import LoginNeeded, PublishError
from scheduler.cli.options import config_option, json_option
from scheduler.cli.output import emit, say
from scheduler.config import Config, read_config
from scheduler.engine.credentials import Credentials


@click.command(short_help="The accounts, and whether they have their credentials.")
@click.option("--verify", is_flag=True, help="Ask each platform whose credentials these are.")
@config_option
@json_option
def command(config: Path, as_json: bool, verify: bool) -> None:
    """List the accounts of the config. Ends with 1 where credentials are missing or refused.

    \b
    Examples:
      termbell accounts
      termbell accounts --verify
    """
    read = read_config(config)
    found = [_account(read, name, verify) for name in read.accounts]
    if as_json:
        emit({"accounts": found})
    else:
        for one in found:
            say(f"{one['account']:<16} {one['platform']:<12} {one['state']}")
    raise SystemExit(int(not all(one["ok"] for one in found)))


def _account(config: Config, name: str, verify: bool) -> dict[str, object]:
    configured = config.accounts[name]
    credentials = Credentials(config.accounts, config.state)
    plain: dict[str, object] = {"account": name, "platform": configured.platform.name, "ok": True, "state": "ready"}
    try:
        credentials.of(name)
        if verify and configured.platform.whoami:
            from scheduler.engine.network import Network

            ask = Network(configured.account, configured.platform, credentials, config.timeout)
            plain["state"] = configured.platform.whoami(configured.account, ask)
    except (LoginNeeded, PublishError) as refused:
        plain |= {"ok": False, "state": str(refused)}
    return plain
