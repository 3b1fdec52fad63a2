"""The options that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def _there(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    if not value.is_file() and not context.resilient_parsing:
        raise click.UsageError(f"there is no {value}; `termbell init` makes one, or name yours: -c FILE", context)
    return value


def config_option(command: Command) -> Command:
    """`-c FILE`, as the parameter `config`; the file is there."""
    return click.option(
        "-c", "--config", type=click.Path(path_type=Path), default="config.yaml", envvar="TERMBELL_CONFIG", callback=_there,
        show_default=True, show_envvar=True, metavar="FILE", help="The configuration.")(command)


def json_option(command: Command) -> Command:
    """`--json`, as the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")(command)
