"""What stands on the `media_host` is taken away by whatever publishes, and by no dry run."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.engine.hosting import AT_LEAST
from tests.cli.support import a_calendar, termbell

HEAD = """\
timezone: UTC
media_host: {kind: folder, folder: www, url: "https://school.test/media"}
accounts: {class-site: {platform: site, folder: public}}
posts:
"""
POST = "- {id: hello, when: 2026-09-07 08:30, to: class-site, late: publish, text: Good morning}\n"
NAME = "termbell-0123456789abcdef.png"


@pytest.fixture
def calendar(tmp_path: Path) -> Path:
    """With a file on the host that was asked for long enough ago."""
    config = a_calendar(tmp_path, POST, HEAD)
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / NAME).write_bytes(b"a picture")
    (tmp_path / ".termbell").mkdir()
    since = datetime.now(UTC) - AT_LEAST - timedelta(minutes=1)
    (tmp_path / ".termbell" / "hosted.json").write_text(
        json.dumps({NAME: {"since": since.isoformat(), "where": f"folder {tmp_path / 'www'}"}})
    )
    return config


@pytest.mark.parametrize(
    ("words", "stays"),
    [
        (["run", "--once"], False),
        (["publish", "hello"], False),
        (["run", "--once", "--dry-run"], True),
        (["publish", "hello", "--dry-run"], True),
        (["preview"], True),
    ],
)
def test_a_round_takes_away_what_has_stood_long_enough(
    words: list[str], stays: bool, calendar: Path
):
    assert termbell(*words, "-c", calendar).exit_code == 0

    assert (calendar.parent / "www" / NAME).exists() == stays
    assert list(json.loads((calendar.parent / ".termbell" / "hosted.json").read_text())) == (
        [NAME] if stays else []
    )
