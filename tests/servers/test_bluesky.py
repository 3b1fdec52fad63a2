"""What only a real Bluesky server can confirm: a key that is taken stays with the post that stands there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Lost, Post, filled
from platforms.bluesky import PLATFORM, session
from platforms.recent import Found, Look, look
from tests.servers.support import Calendar, asking, bluesky_records, ended_well, named, until
from tests.support import a_post, an_image

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
    until(lambda: {row["status"] for row in second.status()} == {"in doubt"}, "the second is near")
    ended_well(daemon)

    (row,) = second.status()
    texts = [record["value"]["text"] for record in bluesky_records(pds["base_url"], pds["handle"])]
    assert "differs in its text" in row["error"]
    assert "give this entry another `id`" in row["error"]
    assert "https://bsky.app/profile/" in row["error"]
    assert named(texts, "Of calendar") == ["Of calendar one"]


def test_a_look_says_whether_the_record_under_the_key_is_ours(
    tmp_path: Path, pds: dict[str, Any]
) -> None:
    settings = {"server": pds["base_url"], "handle": pds["handle"]}
    account = Account(name="main", platform="bluesky", settings=settings)
    password = {"app_password": pds["app_password"]}
    token = session(account, password, asking(replace(PLATFORM, sign=filled), password))
    ask = asking(PLATFORM, {**password, **token})
    post = a_post(text="A look", media=(an_image(tmp_path),))

    def looked(changed: Post = post) -> Look:
        return look(PLATFORM, account, changed, Lost(left_at=post.due), ask)

    before = looked()
    first = PLATFORM.publish(account, post, ask)
    after = looked()
    answer = replace(post, key="b1b2c3d4e5f60718", reply_to=first)
    second = PLATFORM.publish(account, answer, ask)

    assert before == Look(found=Found.ABSENT)
    assert after == Look(found=Found.OURS, post=first)
    assert looked(answer) == Look(found=Found.OURS, post=second)
    for changes in ({"reply_to": None}, {"text": "Another"}, {"media": ()}):
        assert looked(replace(answer, **changes)).found is Found.NEAR
