"""What the tests of the commands share: a calendar in a folder, and running a command on it."""

from datetime import UTC, datetime
from pathlib import Path

import click
from click.testing import CliRunner, Result

from scheduler.cli import main
from scheduler.config import read_config
from scheduler.store import Store

HEAD = """\
timezone: Europe/London
accounts:
  class-site: {platform: site, folder: public}
  fediverse: {platform: mastodon, server: "https://mastodon.social"}
  bluesky: {platform: bluesky, handle: example.bsky.social}
posts:
"""
HELLO = '- {id: hello, when: 2026-09-07 08:30, to: fediverse, text: "Good morning, colleagues."}\n'


def a_calendar(folder: Path, posts: str = HELLO, head: str = HEAD) -> Path:
    config = folder / "config.yaml"
    config.write_text(head + posts)
    return config


def termbell(*words: object, **options: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], **options)


def lines(result: Result) -> str:
    """What a command printed, without colours."""
    return click.unstyle(result.stdout)


def an_old_store(config: Path) -> Path:
    """Gives the calendar a store that was made before its entries were due."""
    Store(read_config(config).store, datetime(2026, 1, 1, tzinfo=UTC)).close()
    return config
