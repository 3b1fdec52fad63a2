"""termbell init: a first configuration and calendar that work as they are. What is written stands in the folder `first`."""

import os
import re
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import available_timezones

import click

from scheduler.cli.output import fail, say
from scheduler.cli.schema import write_schemas

PLACES = {  # where each file of `first` goes
    "config.yaml": "config.yaml",
    "first.yaml": "calendar/first.yaml",
    "idea.j2": "templates/idea.j2",
    "templates.md": "templates/README.md",
    "network.png": "images/network.png",
}
STATE = ".termbell"
DAYS = 7  # until the second post is due


@click.command(short_help="Write a first configuration, calendar and template folder.")
@click.argument(
    "folder", type=click.Path(file_okay=False, path_type=Path), default=".", metavar="[DIR]"
)
@click.option(
    "--timezone",
    metavar="ZONE",
    help="The calendar's zone, e.g. Europe/London; else that of this machine.",
)
def command(folder: Path, timezone: str | None) -> None:
    """Write a configuration, a first calendar with two posts, a template and a picture into DIR (default: here).

    The posts go to a web site in the folder `public`, which needs no account anywhere. Nothing is overwritten.

    \b
    Examples:
      termbell init my-calendar
      termbell init my-calendar --timezone Europe/London
    """
    if timezone and timezone not in available_timezones():
        raise click.UsageError(f"no zone is called '{timezone}'; say it like Europe/London")
    there = [str(folder / place) for place in PLACES.values() if (folder / place).exists()]
    if there:
        fail(
            f"nothing was written, as this is there already: {', '.join(there)}; name another folder"
        )
    words = {
        "TIMEZONE": timezone or local_zone(),
        "YESTERDAY": f"{date.today() - timedelta(days=1)}",
        "LATER": f"{date.today() + timedelta(days=DAYS)}",
    }
    for name, place in PLACES.items():
        _write(folder / place, (files("scheduler.cli") / "first" / name).read_bytes(), words)
    write_schemas(folder / STATE)
    for line in _next(folder):
        say(line)


def _write(file: Path, content: bytes, words: dict[str, str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".yaml":
        pattern = "|".join(words)
        content = re.sub(pattern, lambda found: words[found[0]], content.decode()).encode()
    with file.open("xb") as opened:
        opened.write(content)


def local_zone() -> str:
    """The zone of this machine, where it can be known; else UTC."""
    named = os.environ.get("TZ", "").removeprefix(":")
    linked = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return next((zone for zone in (named, linked) if zone in available_timezones()), "UTC")


def _next(folder: Path) -> Iterator[str]:
    yield f"written to {folder.resolve()}:"
    yield from (f"  {place}" for place in PLACES.values())
    yield "\nnext:"
    if folder.resolve() != Path.cwd():
        yield f"  cd {folder}"
    yield "  termbell preview          # what will go out, and when"
    yield "  termbell run --once       # publish what is due, to public/index.html"
    yield "  termbell run              # publish each post when it is due"
