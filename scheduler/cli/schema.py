"""termbell schema: JSON Schemas of the person's files, for editors that complete keys."""

import json
from pathlib import Path

import click

from scheduler.calendar.schema import calendar_schema, config_schema
from scheduler.cli.options import config_if_there_option
from scheduler.cli.output import say
from scheduler.config import read_config
from scheduler.private_files import private_folder, write_private

SCHEMAS = {"config": config_schema, "calendar": calendar_schema}


@click.command(short_help="JSON Schemas of the files, for editors.")
@click.argument(
    "which", type=click.Choice(list(SCHEMAS)), default="config", metavar="[config|calendar]"
)
@click.option(
    "--write",
    is_flag=True,
    help="Write both into the state folder, where the files that `init` made look for them.",
)
@config_if_there_option
def command(config: Path, which: str, write: bool) -> None:
    """Print the JSON Schema of config.yaml, or of a calendar file.

    \b
    Examples:
      termbell schema
      termbell schema calendar > calendar.schema.json
      termbell schema --write
    """
    if not write:
        say(json.dumps(SCHEMAS[which](), indent=1))
        return
    for file in write_schemas(read_config(config).state):
        say(str(file))


def write_schemas(state: Path) -> list[Path]:
    """Both schemas as files of the state folder. Nothing of that folder belongs into a repository: secrets may stand there."""
    private_folder(state)
    written = [state / f"{name}.schema.json" for name in SCHEMAS]
    for file, schema in zip(written, SCHEMAS.values(), strict=True):
        write_private(file, json.dumps(schema(), indent=1) + "\n")
    return written
