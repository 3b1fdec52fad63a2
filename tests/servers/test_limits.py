"""A text at a server's limit is taken; with one more we refuse it before it is sent, and so would the server."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers.support import Calendar, bluesky_records, mastodon_texts, read_from

pytestmark = pytest.mark.xdist_group("pds")
FAMILY = "👨‍👩‍👧‍👦"  # 25 bytes
WHEN = {"when": "2026-09-07 08:30", "late": "publish"}


def a_calendar(folder: Path, account: dict[str, Any], token: str, **texts: str) -> Calendar:
    posts = [{"id": name, "to": ["school"], "text": text, **WHEN} for name, text in texts.items()]
    calendar = Calendar(folder, {"school": account}, posts, {"TOKEN": token}, timeout=60)
    calendar.write()
    return calendar


def ran(calendar: Calendar, *words: str) -> str:
    said, _ = calendar.command(*words).communicate(timeout=180)
    return said


def problems(calendar: Calendar) -> list[str]:
    """What `check` says. It asks no server: what one told of itself was kept when the daemon ran."""
    found: list[dict[str, Any]] = json.loads(ran(calendar, "check", "--json"))["problems"]
    return [one["message"] for one in found if one["code"] == "too-long"]


def shown_limit(calendar: Calendar) -> int:
    (one,) = json.loads(ran(calendar, "preview", "--json"))["deliveries"]
    limit: int = one["length"]["limit"]
    return limit


def test_bluesky_takes_300_graphemes_and_3000_bytes_and_no_more(
    tmp_path: Path, pds: dict[str, Any]
) -> None:
    account = {
        "platform": "bluesky",
        "server": pds["base_url"],
        "handle": pds["handle"],
        "app_password": "${TOKEN}",
    }
    taken = {"graphemes": "e\u0301" * 299 + FAMILY, "bytes": FAMILY * 120}
    refused = {"graphemes-more": taken["graphemes"] + "x", "bytes-more": taken["bytes"] + "x"}
    calendar = a_calendar(tmp_path, account, pds["app_password"], **taken, **refused)

    said = calendar.run_until_published(len(taken))

    up = [record["value"]["text"] for record in bluesky_records(pds["base_url"], pds["handle"])]
    assert {text for text in up if text in (*taken.values(), *refused.values())} == set(
        taken.values()
    ), said
    assert problems(calendar) == [
        "graphemes-more: 301 of 300 characters on bluesky (school); shorten it by 1",
        "bytes-more: 3001 of 3000 bytes on bluesky (school); shorten it by 1",
    ]
    assert [bluesky_says(pds, text) for text in refused.values()] == [
        "grapheme too big (maximum 300, got 301)",
        "string too big (maximum 3000, got 3001)",
    ]


def bluesky_says(pds: dict[str, Any], text: str) -> str:
    """Its own words when it is sent `text` without us."""
    xrpc = f"{pds['base_url']}/xrpc/com.atproto"
    session = requests.post(
        f"{xrpc}.server.createSession",
        timeout=60,
        json={"identifier": pds["handle"], "password": pds["app_password"]},
    ).json()
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-09-07T08:30:00.000Z"}
    answer = requests.post(
        f"{xrpc}.repo.createRecord",
        timeout=60,
        headers={"Authorization": f"Bearer {session['accessJwt']}"},
        json={"repo": session["did"], "collection": "app.bsky.feed.post", "record": record},
    )
    assert answer.status_code == 400, answer.text
    return (
        str(answer.json()["message"])
        .removeprefix("Invalid app.bsky.feed.post record: ")
        .partition(" at ")[0]
    )


def test_mastodon_takes_500_characters_and_no_more(
    tmp_path: Path, mastodon_mock: dict[str, Any]
) -> None:
    account = {"platform": "mastodon", "server": mastodon_mock["base_url"], "token": "${TOKEN}"}
    text = "Zoë’s class " + "x" * 488
    calendar = a_calendar(
        tmp_path, account, mastodon_mock["access_token"], at=text, more=text + "x"
    )

    said = calendar.run_until_published(1)

    up = [
        one["content"]
        for one in mastodon_texts(mastodon_mock["base_url"], mastodon_mock["access_token"])
    ]
    assert [content.count("x") for content in up if "class xxx" in content] == [488], said
    assert problems(calendar) == [
        "more: 501 of 500 characters on mastodon (school); shorten it by 1"
    ]
    assert mastodon_says(mastodon_mock, text + "x") == (
        422,
        "Validation failed: Text is too long (maximum is 500 characters)",
    )


def mastodon_says(server: dict[str, Any], text: str) -> tuple[int, str]:
    answer = requests.post(
        f"{server['base_url']}/api/v1/statuses",
        json={"status": text},
        timeout=60,
        headers={"Authorization": f"Bearer {server['access_token']}"},
    )
    return answer.status_code, answer.json().get("error", "")


def test_a_server_that_takes_more_is_asked_how_much(tmp_path: Path, snac: dict[str, Any]) -> None:
    account = {"platform": "mastodon", "server": snac["base_url"], "token": "${TOKEN}"}
    told = read_from(f"{snac['base_url']}/api/v1/instance").json()["configuration"]["statuses"][
        "max_characters"
    ]
    calendar = a_calendar(tmp_path, account, snac["access_token"], long="y" * 501)
    assert shown_limit(calendar) == 500, "nobody has asked yet"

    said = calendar.run_until_published(
        1
    )  # plans with what was known, and asks; then with what it was told

    up = [
        one["content"].count("y")
        for one in mastodon_texts(snac["base_url"], snac["access_token"])
        if "yyy" in one["content"]
    ]
    assert up == [501], said
    assert shown_limit(calendar) == told > 500
    calendar.posts[0]["text"] = "y" * (told + 1)
    calendar.write()
    assert problems(calendar) == [
        f"long: {told + 1} of {told} characters on mastodon (school); shorten it by 1"
    ]
