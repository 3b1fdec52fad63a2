"""What is different on Pixelfed: no post without a picture, a key that is used up by a refusal, warnings only on what is sensitive."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from platforms.base import Published, Rejected
from platforms.pixelfed import PLATFORM
from tests.platforms.relatives import SECRETS, Fediverse, account, asked_for
from tests.platforms.standing_in import Arrived, Refusal, lost_at_every_step, published_through
from tests.support import a_post, an_image, scripted

ACCOUNT = account("pixelfed")


@dataclass
class Pixelfed(Fediverse):
    """It recognises a key, and says so instead of answering again."""

    needs_media: bool = True
    visibilities: tuple[str, ...] = ("public", "unlisted", "private")

    def check(self, arrived: Arrived) -> None:
        super().check(arrived)
        if arrived.headers.get("idempotency-key") in self.keys:
            raise Refusal(400, {"error": "Duplicate idempotency key."})


def test_a_post_needs_a_picture_and_what_answers_it_does_not(tmp_path: Path) -> None:
    server = Pixelfed()

    row = published_through(server, PLATFORM, ACCOUNT, a_post(reply_to=Published(id="9")), tmp_path, SECRETS)

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


def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(tmp_path: Path) -> None:
    post = a_post(media=(an_image(tmp_path),))

    assert lost_at_every_step(Pixelfed, PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}
