"""What is different on Pixelfed: no post without a picture, a key that is used up by a refusal, warnings only on what is sensitive, no answers
among what an account posted.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from platforms.base import InDoubt, Lost, Published, Rejected
from platforms.pixelfed import PLATFORM
from tests.platforms.relatives import SECRETS, Fediverse, account, asked_for
from tests.platforms.standing_in import Arrived, Refusal, lost_at_every_step, published_through
from tests.support import DUE, FIRST, a_post, an_image, ok, scripted

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


def test_an_answer_is_looked_for_below_what_it_answers_of_which_twenty_are_told() -> None:
    assert PLATFORM.find
    others = [{"id": str(number), "account": {"id": "2"}} for number in range(20)]
    look = scripted(ok(id="9"), ok(descendants=[]))

    assert PLATFORM.find(ACCOUNT, a_post(reply_to=FIRST), Lost(left_at=DUE), look) is None
    assert look.asked[1].url == "https://example.social/api/v1/statuses/1/context"
    with pytest.raises(InDoubt, match=r"too many answers to .*/@me/1 to look through"):
        PLATFORM.find(
            ACCOUNT,
            a_post(reply_to=FIRST),
            Lost(left_at=DUE),
            scripted(ok(id="9"), ok(descendants=others)),
        )


@pytest.mark.parametrize("before", [None, FIRST])
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(
    before: Published | None, tmp_path: Path
) -> None:
    post = a_post(media=(an_image(tmp_path),), reply_to=before)

    assert lost_at_every_step(Pixelfed, PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}
