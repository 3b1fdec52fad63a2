"""What is different on Pleroma and Akkoma: a visibility of its own, no focal points, and its length told in a place of its own."""

from dataclasses import replace
from pathlib import Path

from platforms.pleroma import PLATFORM
from tests.platforms.relatives import SECRETS, Fediverse, account, asked_for
from tests.platforms.standing_in import Arrived, lost_at_every_step, published_through
from tests.support import a_post, an_image, ok, scripted

ACCOUNT = account("pleroma")
VISIBILITIES = ("public", "unlisted", "local", "private", "direct")


class Pleroma(Fediverse):
    def check_file(self, arrived: Arrived) -> None:
        assert "focus" not in arrived.parts


def a_server() -> Pleroma:
    return Pleroma(keeps_keys=True, longest=5000, visibilities=VISIBILITIES)


def test_a_post_may_stay_on_the_server(tmp_path: Path) -> None:
    server = a_server()
    (visibility,) = (row for row in PLATFORM.options if row.name == "visibility")

    published_through(server, PLATFORM, ACCOUNT, a_post(options={"visibility": "local"}), tmp_path, SECRETS)

    assert asked_for(server)["visibility"] == "local"
    assert visibility.type.__args__ == VISIBILITIES


def test_it_tells_how_long_a_text_may_be() -> None:
    assert PLATFORM.ask_limits

    limits = PLATFORM.ask_limits(ACCOUNT, scripted(ok(max_toot_chars=9000)))

    assert (limits.text, limits.unit, limits.images) == (9000, "characters", 16)


def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(tmp_path: Path) -> None:
    post = a_post(media=(replace(an_image(tmp_path), focus=(0.5, 0.0)),))

    assert lost_at_every_step(a_server, PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}
