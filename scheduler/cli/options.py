"""The options that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def _there(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    if not value.is_file() and not context.resilient_parsing:
        raise click.UsageError(
            f"there is no {value}; `termbell init` makes one, or name yours: -c FILE", context
        )
    return value


def config_option(command: Command) -> Command:
    """`-c FILE`, as the parameter `config`; the file is there."""
    return _config(_there)(command)


def config_if_there_option(command: Command) -> Command:
    """The same for a command that may do without the file."""
    return _config(None)(command)


def _config(
    callback: Callable[[click.Context, click.Parameter, Path], Path] | None,
) -> Callable[[Command], Command]:
    return click.option(
        "-c",
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        default="config.yaml",
        envvar="TERMBELL_CONFIG",
        callback=callback,
        show_default=True,
        show_envvar=True,
        metavar="FILE",
        help="The configuration.",
    )


def fetch_option(command: Command) -> Command:
    """`--fetch`, as the parameter `fetch`."""
    return click.option(
        "--fetch",
        is_flag=True,
        help="Fetch pictures named by a web address and pages for link cards, and keep them.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`, as the parameter `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")(
        command
    )
