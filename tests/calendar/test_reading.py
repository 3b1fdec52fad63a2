"""What a picture without alt is, as the config and the entry say."""

from pathlib import Path

import pytest

from scheduler.calendar.reading import read_calendar
from scheduler.config import read_config
from tests.support import an_image

HEAD = "timezone: UTC\naccounts: {site: {platform: site}}\n"
ENTRY = "posts:\n- {id: a, when: 2026-09-07, to: site, text: Hi, media: [door.png], link: {url: 'https://example.org', image: door.png}%s}\n"


@pytest.mark.parametrize(
    ("config", "entry", "severities"),
    [
        ("", "", ["error", "error"]),
        ("checks: {no-alt: warning}\n", "", ["warning", "warning"]),
        ("checks: {no-alt: off}\n", "", []),
        ("require_alt: false\n", "", []),
        ("", ", ignore: no-alt", []),
        ("", ", ignore: [capitals]", ["error", "error"]),
    ],
)
def test_a_picture_without_alt_is_as_bad_as_the_config_says_unless_the_entry_ignores_it(
    tmp_path: Path,
    config: str,
    entry: str,
    severities: list[str],
):
    an_image(tmp_path)
    (tmp_path / "config.yaml").write_text(config + HEAD + ENTRY % entry)

    found = read_calendar(read_config(tmp_path / "config.yaml")).problems

    assert [(problem.code, problem.severity) for problem in found] == [
        ("no-alt", severity) for severity in severities
    ]
