"""A real site that speaks Micropub (django-indieweb): with alt texts as the specification has them, without, and with a token that ended."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers.support import Calendar

pytestmark = pytest.mark.xdist_group("django_indieweb")
WHEN = {"to": ["site"], "when": "2026-09-07 08:30", "late": "publish"}
PICTURE = {
    "id": "door",
    "text": "The *door* is open",
    "media": [{"file": "door.png", "alt": "The school door"}],
}
NOTE = "the site may not show the alt text: it was sent as mp-photo-alt"


def a_calendar(folder: Path, site: dict[str, Any], *posts: dict[str, Any]) -> Calendar:
    account = {"platform": "micropub", "site": site["base_url"], "token": "${SITE_TOKEN}"}
    calendar = Calendar(
        folder,
        {"site": account},
        [{**WHEN, **post} for post in posts],
        {"SITE_TOKEN": site["access_token"]},
        timeout=30,
    )
    calendar.write()
    return calendar


def entries(site: dict[str, Any], word: str) -> list[dict[str, Any]]:
    """The properties of the site's entries with that word, as it keeps them."""
    files = (Path(site["data"]) / "entries").glob("*.json")
    return [
        json.loads(file.read_text())["properties"] for file in files if word in file.read_text()
    ]


def test_a_site_that_knows_no_alt_texts_takes_the_picture_all_the_same(
    tmp_path: Path, django_indieweb: dict[str, Any]
) -> None:
    calendar = a_calendar(tmp_path, django_indieweb, {**PICTURE, "text": "Plain door"})

    said = calendar.run_until_published(1)

    (entry,) = entries(django_indieweb, "Plain door")
    (photo,) = entry["photo"]
    assert requests.get(photo, timeout=30).content[:4] == b"\x89PNG"
    assert entry["mp-photo-alt"] == ["The school door"]
    assert NOTE in said


def test_a_site_that_knows_alt_texts_keeps_them(
    tmp_path: Path, django_indieweb_with_alts: dict[str, Any]
) -> None:
    calendar = a_calendar(tmp_path, django_indieweb_with_alts, PICTURE)

    said = calendar.run_until_published(1)

    (entry,) = entries(django_indieweb_with_alts, "door")
    (photo,) = entry["photo"]
    assert photo["alt"] == "The school door"
    assert requests.get(photo["value"], timeout=30).content[:4] == b"\x89PNG"
    assert "mp-photo-alt" not in entry
    assert NOTE not in said


def test_a_token_that_ended_holds_posts_with_and_without_pictures(
    tmp_path: Path, django_indieweb: dict[str, Any]
) -> None:
    text = {"id": "text", "text": "After the end"}
    calendar = a_calendar(tmp_path, django_indieweb, text, {**PICTURE, "text": "After the end too"})
    ends_at(django_indieweb, "2020-01-01 00:00:00")

    try:
        said = calendar.command("run", "--once").communicate(timeout=60)[0]
    finally:
        ends_at(django_indieweb, None)

    assert {row["status"] for row in calendar.status()} == {"held"}, said
    assert entries(django_indieweb, "After the end") == []


def ends_at(site: dict[str, Any], instant: str | None) -> None:
    """Sets when the site's tokens end."""
    with sqlite3.connect(Path(site["data"]) / "db.sqlite3") as database:
        database.execute("UPDATE indieweb_token SET expires_at = ?", (instant,))
    database.close()
