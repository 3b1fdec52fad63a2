"""termbell schema: for editors that complete keys."""

import json
from pathlib import Path

import click

from scheduler.calendar.schema import calendar_schema, config_schema
from scheduler.cli.options import config_option
from scheduler.cli.output import say
from scheduler.config import read_config

SCHEMAS = {"config": config_schema, "calendar": calendar_schema}


@click.command(short_help="JSON Schemas, for editors that complete keys.")
@click.argument("which", type=click.Choice(list(SCHEMAS)), default="config")
@click.option("--write", is_flag=True, help="Write both into the state folder, where the files that `init` made look for them.")
@config_option
def command(config: Path, which: str, write: bool) -> None:
    """Print the JSON Schema of config.yaml or of a calendar file.

    \b
    Examples:
      termbell schema calendar > calendar.schema.json
      termbell schema --write
    """
    if not write:
        click.echo(json.dumps(SCHEMAS[which](), indent=1))
        return
    for file in write_schemas(read_config(config).state):
        say(str(file))


def write_schemas(folder: Path) -> list[Path]:
    """Both schemas as files; nothing else of the folder is touched."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    files = [folder / f"{name}.schema.json" for name in SCHEMAS]
    for file, schema in zip(files, SCHEMAS.values(), strict=True):
        file.write_text(json.dumps(schema(), indent=1))
    return files
