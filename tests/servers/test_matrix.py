"""A real homeserver: what is sent is there, with what the picture shows; at the limit it is taken; killed between the steps it is there once."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from platforms.base import Account, Lost
from platforms.matrix import PLATFORM
from platforms.recent import Found, look
from scheduler.engine.credentials import Trial
from scheduler.engine.network import Network
from tests.acceptance.proxy import Proxy
from tests.servers.support import PATIENCE, Calendar
from tests.servers.test_killed import POST, killed_and_started_again
from tests.support import a_post

pytestmark = pytest.mark.xdist_group("synapse")
WHEN = {"when": "2026-09-07 08:30", "late": "publish"}


class Room:
    """A room of its own, so that nobody meets another test's rate limit or messages."""

    def __init__(self, server: dict[str, Any]) -> None:
        self.server, self.token = server, server["access_token"]
        self.id = self.asked("POST", "client/v3/createRoom", {"preset": "private_chat"})["room_id"]

    def asked(self, method: str, path: str, body: Any = None) -> Any:
        """Asked again for as long as the server says that this is too often."""
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = requests.request(
                method,
                f"{self.server['base_url']}/_matrix/{path}",
                json=body,
                timeout=30,
                headers={"Authorization": f"Bearer {self.token}"},
            )
            if answer.status_code != 429 or time.monotonic() > deadline:
                return answer.json()
            time.sleep(int(answer.headers["Retry-After"]))

    def messages(self) -> list[dict[str, Any]]:
        page = self.asked("GET", f"client/v3/rooms/{quote(self.id)}/messages?dir=b&limit=100")
        return [one["content"] for one in page["chunk"] if one["type"] == "m.room.message"]

    def account(self, server: str = "") -> dict[str, Any]:
        return {
            "platform": "matrix",
            "server": server or self.server["base_url"],
            "room": self.id,
            "token": "${TOKEN}",
        }


@pytest.fixture
def room(synapse: dict[str, Any]) -> Room:
    return Room(synapse)


def a_calendar(
    folder: Path, account: dict[str, Any], room: Room, *posts: dict[str, Any]
) -> Calendar:
    calendar = Calendar(
        folder,
        {"class": account},
        [{"to": ["class"], **WHEN, **post} for post in posts],
        {"TOKEN": room.token, "PASSWORD": room.server["password"]},
        timeout=30,
    )
    calendar.write()
    return calendar


def test_text_thread_and_picture_are_there_as_they_were_written(tmp_path: Path, room: Room) -> None:
    calendar = a_calendar(
        tmp_path,
        room.account(),
        room,
        {"id": "text", "text": "The **term** begins.", "first_comment": "Bring a pen."},
        {
            "id": "picture",
            "text": "Our door",
            "media": [{"file": "door.png", "alt": "The school door, painted blue"}],
        },
    )

    calendar.run_until_published(3)

    found = {one["body"]: one for one in room.messages()}
    assert set(found) == {
        "The term begins.",
        "Bring a pen.",
        "Our door\n\n(The school door, painted blue)",
    }
    assert found["The term begins."]["formatted_body"] == "<p>The <strong>term</strong> begins.</p>"
    assert found["Bring a pen."]["m.relates_to"]["rel_type"] == "m.thread"
    picture = found["Our door\n\n(The school door, painted blue)"]
    media = requests.get(
        f"{room.server['base_url']}/_matrix/client/v1/media/download/{picture['url'].removeprefix('mxc://')}",
        timeout=30,
        headers={"Authorization": f"Bearer {room.token}"},
    )
    assert (media.headers["Content-Type"], media.content[:4]) == ("image/png", b"\x89PNG")


def test_a_text_at_the_limit_is_taken_and_one_more_is_not(tmp_path: Path, room: Room) -> None:
    calendar = a_calendar(
        tmp_path,
        room.account(),
        room,
        {"id": "at", "text": "x" * 60_000},
        {"id": "more", "text": "x" * 60_001},
    )

    said = calendar.run_until_published(1)

    assert [len(one["body"]) for one in room.messages()] == [60_000]
    assert "more: 60001 of 60000 bytes on matrix (class); shorten it by 1" in said
    too_large = room.asked(
        "PUT",
        f"client/v3/rooms/{quote(room.id)}/send/m.room.message/1",
        {"msgtype": "m.text", "body": "x" * 66_000},
    )
    assert too_large["errcode"] == "M_TOO_LARGE"


def test_an_encrypted_room_is_refused(tmp_path: Path, room: Room) -> None:
    room.asked(
        "PUT",
        f"client/v3/rooms/{quote(room.id)}/state/m.room.encryption",
        {"algorithm": "m.megolm.v1.aes-sha2"},
    )
    calendar = a_calendar(
        tmp_path, room.account(), room, {"id": "plain", "text": "Not for this room"}
    )

    calendar.command("run", "--once").communicate(timeout=90)

    (row,) = calendar.status()
    assert (row["status"], "is encrypted, and Termbell cannot encrypt" in row["error"]) == (
        "failed",
        True,
    )
    assert room.messages() == []


def test_a_password_does_as_well_as_a_token(tmp_path: Path, room: Room) -> None:
    account = {key: value for key, value in room.account().items() if key != "token"}
    calendar = a_calendar(
        tmp_path,
        {**account, "user": "alice", "password": "${PASSWORD}"},
        room,
        {"id": "hello", "text": "Hello"},
    )

    calendar.run_until_published(1)

    assert [one["body"] for one in room.messages()] == ["Hello"]


def test_a_look_finds_a_message_and_says_when_it_was_removed(room: Room) -> None:
    account = Account(
        name="class",
        platform="matrix",
        settings={"server": room.server["base_url"], "room": room.id},
    )
    ask = Network(account, PLATFORM, Trial({"token": room.token}), timeout=30)
    left_at = datetime.now(UTC)

    def found(key: str = "a-key") -> Found:
        lost = Lost(left_at=left_at, now=lambda: datetime.now(UTC))
        post = a_post(key=key, text="Hello")
        return look(PLATFORM, account, post, lost, ask).found

    before = found()
    path = f"client/v3/rooms/{quote(room.id)}"
    content = {"msgtype": "m.text", "body": "Hello", "org.termbell.key": "a-key"}
    event = room.asked("PUT", f"{path}/send/m.room.message/a-key", content)["event_id"]
    there, another = found(), found("another-key")
    room.asked("PUT", f"{path}/redact/{quote(event)}/1", {})

    assert (before, there, another) == (Found.ABSENT, Found.OURS, Found.ABSENT)
    assert found() is Found.REMOVED, "the server tells its sender the transaction"


@pytest.mark.parametrize(
    ("step", "when"), [(step, when) for step in (1, 2, 3) for when in ("before", "after")]
)
def test_a_message_with_a_picture_is_there_once(
    tmp_path: Path, room: Room, step: int, when: str
) -> None:
    """Its steps that change something: to join, to upload, to send."""
    proxy = Proxy(room.server["base_url"])
    calendar = Calendar(
        tmp_path,
        {"class": room.account(proxy.url)},
        [{"id": "killed", "to": ["class"], "text": "Killed", **POST}],
        {"TOKEN": room.token},
    )

    killed_and_started_again(calendar, proxy, ("POST /_matrix/", "PUT /_matrix/"), step, when)

    assert [one["body"] for one in room.messages()] == ["Killed\n\n(The school door)"]
    proxy.close()
