"""A video on a real server: made ready, uploaded, and read back as readers find it."""

from pathlib import Path
from typing import Any

import pytest

from scheduler.rendering.media import kind_of
from tests.rendering.media_corpus import OWNER, PLACE, a_video, marked
from tests.servers.support import Calendar, bluesky_records, mastodon_texts, read_from

ALT = "Colours that move, and a second that is counted"


@pytest.mark.xdist_group("snac")
def test_a_video_is_up_with_its_alt_text_and_without_its_place(
    tmp_path: Path, snac: dict[str, Any]
) -> None:
    marked(a_video(tmp_path / "film.mp4"))
    account = {"platform": "mastodon", "server": snac["base_url"], "token": "${TOKEN}"}
    post = {
        "id": "film",
        "to": ["school"],
        "when": "2026-09-07 08:30",
        "late": "publish",
        "text": "Our film of the open day",
        "media": [{"file": "film.mp4", "alt": ALT}],
    }
    calendar = Calendar(
        tmp_path, {"school": account}, [post], {"TOKEN": snac["access_token"]}, timeout=60
    )
    calendar.write()

    said = calendar.run_until_published(1)

    up = [
        one
        for one in mastodon_texts(snac["base_url"], snac["access_token"])
        if "Our film" in one["content"]
    ]
    assert [
        [(one["type"], one["description"]) for one in status["media_attachments"]] for status in up
    ] == [[("video", ALT)]], said
    film = read_from(
        up[0]["media_attachments"][0]["url"].replace(snac["public_base"], snac["base_url"])
    )
    assert (film.status_code, kind_of(film.content[:32])) == (200, "video/mp4")
    assert [word for word in (OWNER, PLACE) if word.encode() in film.content] == []


@pytest.mark.xdist_group("pds")
def test_a_video_with_captions_is_up_on_bluesky(tmp_path: Path, pds: dict[str, Any]) -> None:
    """Whether it is what the schema wants, the server says."""
    a_video(tmp_path / "film.mp4")
    (tmp_path / "film.vtt").write_text("WEBVTT\n\n00:00.000 --> 00:01.000\nThe colours move.\n")
    account = {
        "platform": "bluesky",
        "server": pds["base_url"],
        "handle": pds["handle"],
        "app_password": "${TOKEN}",
    }
    post = {
        "id": "film",
        "to": ["school"],
        "when": "2026-09-07 08:30",
        "late": "publish",
        "text": "Our film of the open day",
        "media": [{"file": "film.mp4", "alt": ALT, "captions": "film.vtt"}],
    }
    calendar = Calendar(
        tmp_path, {"school": account}, [post], {"TOKEN": pds["app_password"]}, timeout=60
    )
    calendar.write()

    said = calendar.run_until_published(1)

    (up,) = [
        one["value"]
        for one in bluesky_records(pds["base_url"], pds["handle"])
        if one["value"]["text"] == "Our film of the open day"
    ]
    embed = up["embed"]
    assert (embed["$type"], embed["alt"], embed["aspectRatio"]) == (
        "app.bsky.embed.video",
        ALT,
        {"width": 320, "height": 240},
    ), said
    assert (embed["video"]["mimeType"], embed["captions"][0]["lang"]) == ("video/mp4", "en")
    assert embed["captions"][0]["file"]["mimeType"] == "text/vtt"
