"""What only a real Bluesky server can confirm: a key that is taken stays with the post that stands there."""

from pathlib import Path
from typing import Any

import pytest

from tests.servers.support import Calendar, bluesky_records, ended_well, named, until

pytestmark = pytest.mark.xdist_group("pds")


def a_calendar(folder: Path, pds: dict[str, Any], text: str) -> Calendar:
    folder.mkdir()
    account = {
        "platform": "bluesky",
        "server": pds["base_url"],
        "handle": pds["handle"],
        "app_password": "${TOKEN}",
    }
    post = {
        "id": "same-id",
        "to": ["bluesky"],
        "when": "2026-09-07 08:30",
        "late": "publish",
        "text": text,
    }
    calendar = Calendar(folder, {"bluesky": account}, [post], {"TOKEN": pds["app_password"]})
    calendar.write()
    return calendar


def test_two_calendars_with_one_key_do_not_take_each_others_post_for_their_own(
    tmp_path: Path, pds: dict[str, Any]
) -> None:
    first, second = (
        a_calendar(tmp_path / "one", pds, "Of calendar one"),
        a_calendar(tmp_path / "two", pds, "Of calendar two"),
    )
    said, _ = first.command("run", "--once").communicate(timeout=60)
    assert first.is_published(), said

    daemon = second.command("run")
    until(lambda: {row["status"] for row in second.status()} == {"failed"}, "the second is refused")
    ended_well(daemon)

    (row,) = second.status()
    texts = [record["value"]["text"] for record in bluesky_records(pds["base_url"], pds["handle"])]
    assert "another post stands at https://bsky.app/profile/" in row["error"]
    assert "give this entry another `id`" in row["error"]
    assert named(texts, "Of calendar") == ["Of calendar one"]
