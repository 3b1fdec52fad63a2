"""termbell init: a first config and calendar."""

from pathlib import Path

import click

from scheduler.cli.output import fail, say
from scheduler.cli.schema import write_schemas

CONFIG = """\
# yaml-language-server: $schema=.termbell/config.schema.json
timezone: Europe/London        # yours: https://en.wikipedia.org/wiki/List_of_tz_database_time_zones
calendar: calendar/*.yaml

accounts:
  class-site: {platform: site, folder: public, title: My class, late: publish}
  # fediverse: {platform: mastodon, server: https://mastodon.social}      # then: termbell login fediverse
  # bluesky: {platform: bluesky, handle: you.bsky.social}
"""
CALENDAR = """\
# yaml-language-server: $schema=../.termbell/calendar.schema.json
posts:
  - id: hello
    when: 2026-09-07 08:30
    to: [class-site]
    title: Hello
    text: |
      The first post of a calendar. Change it, add others below it, and look at them with `termbell preview`.
"""
TEMPLATES = """\
Templates of your own stand here: `NAME.j2`, or `NAME.<platform>.j2` and `NAME.<account>.j2` for one of them.
One of the same name as a template that Termbell ships takes its place.
"""


@click.command(short_help="A first config and calendar.")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def command(folder: Path) -> None:
    """Write a config, a first calendar and a folder for templates into FOLDER. Nothing that is there is overwritten.

    \b
    Examples:
      termbell init my-calendar
    """
    files = {folder / "config.yaml": CONFIG, folder / "calendar" / "first.yaml": CALENDAR, folder / "templates" / "README.md": TEMPLATES}
    there = [str(file) for file in files if file.exists()]
    if there:
        fail(f"{', '.join(there)}: there already, and nothing is overwritten; name another folder")
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    write_schemas(folder / ".termbell")
    say(f"made {', '.join(map(str, files))}")
    say(f"next: cd {folder}; termbell preview; termbell run --once")
