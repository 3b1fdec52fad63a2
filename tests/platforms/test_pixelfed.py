"""What is different on Pixelfed: no post without a picture, a key that is used up by a refusal, warnings only on what is sensitive, no answers
among what an account posted.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Published, Rejected, Response
from platforms.pixelfed import PLATFORM
from platforms.recent import Found
from tests.platforms.relatives import (
    END,
    ME,
    SECRETS,
    Fediverse,
    a_status,
    account,
    asked_for,
    looked,
)
from tests.platforms.standing_in import Arrived, Refusal, lost_at_every_step, published_through
from tests.support import FIRST, Scripted, a_post, an_image, ok, scripted

ACCOUNT = account("pixelfed")


@dataclass
class Pixelfed(Fediverse):
    """It recognises a key, and says so instead of answering again."""

    needs_media: bool = True
    lists_replies: bool = False
    visibilities: tuple[str, ...] = ("public", "unlisted", "private")

    def check(self, arrived: Arrived) -> None:
        super().check(arrived)
        if arrived.headers.get("idempotency-key") in self.keys:
            raise Refusal(400, {"error": "Duplicate idempotency key."})


def test_a_post_needs_a_picture_and_what_answers_it_does_not(tmp_path: Path) -> None:
    server = Pixelfed()

    row = published_through(
        server, PLATFORM, ACCOUNT, a_post(reply_to=Published(id="9")), tmp_path, SECRETS
    )

    assert (row.status, PLATFORM.limits.needs) == ("published", "media")


def test_what_has_a_warning_is_sensitive(tmp_path: Path) -> None:
    server = Pixelfed()
    post = a_post(media=(an_image(tmp_path),), options={"content_warning": "A spider"})

    published_through(server, PLATFORM, ACCOUNT, post, tmp_path, SECRETS)

    assert (asked_for(server)["spoiler_text"], asked_for(server)["sensitive"]) == ("A spider", True)
    with pytest.raises(Rejected, match="at most 140 characters, and this has 141"):
        PLATFORM.publish(ACCOUNT, a_post(options={"content_warning": "x" * 141}), scripted())


def test_it_has_no_polls_and_nothing_for_single_readers() -> None:
    options = {row.name: row.type for row in PLATFORM.options}

    assert "poll" not in options
    assert options["visibility"].__args__ == ("public", "unlisted", "private")


@dataclass
class Stumbling(Pixelfed):
    """It stores the key before it looks at the status, so that a fault uses it up; an hour later it has forgotten it."""

    faults: int = 1
    asked_with: int = 0

    def check(self, arrived: Arrived) -> None:
        key = arrived.headers.get("idempotency-key")
        if key:
            self.asked_with += 1
        if key and self.faults:
            self.faults -= 1
            self.keys[key] = ""
            raise Refusal(500, {"error": "Server Error"})
        if self.asked_with > 4:
            self.keys.clear()
        super().check(arrived)


def test_a_key_that_a_fault_has_used_up_keeps_the_post_back_until_it_is_forgotten(
    tmp_path: Path,
) -> None:
    server = Stumbling()

    row = published_through(
        server, PLATFORM, ACCOUNT, a_post(media=(an_image(tmp_path),)), tmp_path, SECRETS
    )

    assert (row.status, len(server.up), server.asked_with) == ("published", 1, 5)


def test_it_knows_coarse_scopes_only() -> None:
    assert PLATFORM.oauth
    assert PLATFORM.oauth.scopes == ("read", "write")


def below(parent_count: int, *replies: Any) -> Scripted:
    """What is asked for a reply: the account, the post that it answers, what stands below that."""
    return scripted(ME, ok(replies_count=parent_count), ok(ancestors=[], descendants=replies))


def test_a_reply_is_looked_for_below_what_it_answers() -> None:
    post = a_post(reply_to=FIRST)
    server = below(2, a_status(id="5", account={"id": "2"}), a_status(in_reply_to_id="1"))

    result = looked(PLATFORM, post, server)

    assert (result.found, result.post and result.post.id) == (Found.OURS, "100")
    assert [one.url for one in server.asked[1:]] == [
        "https://example.social/api/v1/statuses/1",
        "https://example.social/api/v1/statuses/1/context",
    ]


@pytest.mark.parametrize(
    ("count", "shown", "found"),
    [
        (19, 19, Found.ABSENT),
        (3, 2, Found.ABSENT),  # one of them is of somebody muted
        (20, 20, Found.FAILED),
        (25, 17, Found.FAILED),
        (0, 0, Found.FAILED),
    ],
    ids=["few", "muted", "many", "many and muted", "the counter may run behind"],
)
def test_a_reply_is_absent_only_where_all_replies_are_shown(
    count: int, shown: int, found: Found
) -> None:
    others = [
        a_status(id=str(n), in_reply_to_id="1", account={"id": "2"}, content="Nice")
        for n in range(shown)
    ]

    assert looked(PLATFORM, a_post(reply_to=FIRST), below(count, *others)).found is found


def test_the_same_reply_of_somebody_else_or_below_another_post_is_not_ours() -> None:
    somebody = a_status(in_reply_to_id="1", account={"id": "2"})
    elsewhere = a_status(in_reply_to_id="7")

    result = looked(PLATFORM, a_post(reply_to=FIRST), below(2, somebody, elsewhere))

    assert result.found is Found.ABSENT


@pytest.mark.parametrize(
    ("asked", "locked", "told", "found"),
    [
        ("private", False, "private", Found.OURS),
        ("public", True, "private", Found.OURS),  # a private profile
        ("public", False, "unlisted", Found.OURS),  # an unlisted profile
        ("public", False, "private", Found.NEAR),
        ("unlisted", False, "public", Found.NEAR),
    ],
)
def test_a_private_post_stands_in_its_list(
    asked: str, locked: bool, told: str, found: Found, tmp_path: Path
) -> None:
    me = ok(id="1", locked=locked, source={"privacy": "public"}, statuses_count=1)
    file = {"id": "7", "url": "https://example.social/7.png", "description": "The school door"}
    up = a_status(visibility=told, media_attachments=[file])
    post = a_post(media=(an_image(tmp_path),), options={"visibility": asked}, language="de")

    assert looked(PLATFORM, post, scripted(me, Response.of([up]), END)).found is found


@pytest.mark.parametrize(
    ("text", "shown", "found"),
    [
        ("I <3 Mondays", "I", Found.OURS),
        ("A <b>door</b>, 2 < 3", "A door, 2 &lt; 3", Found.OURS),
        ("A door", "A bicycle", Found.ABSENT),
    ],
)
def test_a_caption_loses_what_looks_like_html(
    text: str, shown: str, found: Found, tmp_path: Path
) -> None:
    up = a_status(content=shown, media_attachments=[{"id": "7", "description": "The school door"}])
    post = a_post(text=text, media=(an_image(tmp_path),))

    assert looked(PLATFORM, post, scripted(ME, Response.of([up]), END)).found is found


@pytest.mark.parametrize(
    ("uploads", "found"),
    [
        ({"upload 1": ok(id="7")}, Found.OURS),
        ({"upload 1": ok(id="8")}, Found.NEAR),
    ],
)
def test_the_same_caption_below_another_picture_is_near(
    uploads: dict[str, Response], found: Found, tmp_path: Path
) -> None:
    up = a_status(media_attachments=[{"id": "7", "description": "The school door"}])
    post = a_post(media=(an_image(tmp_path),))
    server = scripted(ME, Response.of([up]), END)

    assert looked(PLATFORM, post, server, answers=uploads).found is found


@pytest.mark.parametrize("before", [None, FIRST])
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(
    before: Published | None, tmp_path: Path
) -> None:
    post = a_post(media=(an_image(tmp_path),), reply_to=before)

    assert lost_at_every_step(Pixelfed, PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}
