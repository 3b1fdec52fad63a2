"""What is different on Pleroma and Akkoma: a visibility of its own, no focal points, and its length told in a place of its own."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from platforms.base import DOUBLES, Rejected, Response
from platforms.pleroma import PLATFORM
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
from tests.platforms.standing_in import (
    Arrived,
    Refusal,
    asking,
    lost_at_every_step,
    published_through,
)
from tests.support import a_post, an_image, documented, ok, scripted

ACCOUNT = account("pleroma")
VISIBILITIES = ("public", "unlisted", "local", "private", "direct")


@dataclass
class Pleroma(Fediverse):
    """To a key that it knows it says what it said before, be it a refusal."""

    said: dict[str, Response] = field(default_factory=dict)
    faults: int = 0  # to come, of its own

    def answer(self, arrived: Arrived) -> Response:
        key = arrived.headers.get("idempotency-key")
        if key in self.said:
            return replace(self.said[key], headers={"idempotent-replayed": "true"})
        answer = super().answer(arrived)
        if key:
            self.said[key] = answer
        return answer

    def check(self, arrived: Arrived) -> None:
        super().check(arrived)
        if self.faults and "idempotency-key" in arrived.headers:
            self.faults -= 1
            raise Refusal(503, {"error": "Down for maintenance"})

    def check_file(self, arrived: Arrived) -> None:
        assert "focus" not in arrived.parts


def a_server() -> Pleroma:
    return Pleroma(longest=5000, visibilities=VISIBILITIES)


def test_a_post_may_stay_on_the_server(tmp_path: Path) -> None:
    server = a_server()
    (visibility,) = (row for row in PLATFORM.options if row.name == "visibility")

    published_through(
        server, PLATFORM, ACCOUNT, a_post(options={"visibility": "local"}), tmp_path, SECRETS
    )

    assert asked_for(server)["visibility"] == "local"
    assert visibility.type.__args__ == VISIBILITIES


def test_two_accounts_with_the_same_calendar_have_keys_of_their_own_and_an_account_has_one() -> (
    None
):
    def key(who: str) -> str:
        server = scripted(ok(id=who, acct="ada"), documented)
        PLATFORM.publish(ACCOUNT, a_post(), server)
        return server.asked[1].headers["Idempotency-Key"]

    assert key("1") == key("1")
    assert len({key("1"), key("2"), a_post().key}) == 3


def test_a_refused_post_is_taken_once_its_text_is_mended() -> None:
    server = a_server()
    ask = asking(server, PLATFORM, ACCOUNT, SECRETS)
    with pytest.raises(Rejected):
        PLATFORM.publish(ACCOUNT, a_post(text="x" * 5001), ask)

    PLATFORM.publish(ACCOUNT, a_post(text="x" * 5000), ask)

    assert len(server.up) == 1


def test_a_fault_that_is_over_keeps_no_post_back_although_its_answer_is_repeated(
    tmp_path: Path,
) -> None:
    server = replace(a_server(), faults=1)

    row = published_through(server, PLATFORM, ACCOUNT, a_post(), tmp_path, SECRETS)

    assert (row.status, len(server.up)) == ("published", 1)
    assert [
        one.headers.get("idempotency-key", "none") for one in server.arrived if one.method == "POST"
    ] == [*[*server.said] * 2, "none"]


def test_a_refusal_of_now_is_no_reason_to_send_it_again() -> None:
    server = scripted(documented, Rejected("422", Response.of({"error": "Too long"}, 422)))

    with pytest.raises(Rejected):
        PLATFORM.publish(ACCOUNT, a_post(), server)

    assert len(server.asked) == 2


def test_a_poll_has_up_to_twenty_answers() -> None:
    poll = {"answers": [f"{number}" for number in range(20)], "hours": 24 * 365}

    assert (
        PLATFORM.publish(
            ACCOUNT, a_post(options={"poll": poll}), scripted(documented, documented)
        ).notes
        == ()
    )


def test_a_text_is_shown_as_it_is_typed_and_a_second_sending_is_not_relied_on_to_be_recognised() -> (
    None
):
    server = scripted(documented, documented)

    PLATFORM.publish(ACCOUNT, a_post(text="2*3*4"), server)

    assert server.asked[1].json["content_type"] == "text/plain"
    assert server.asked[1].repeat is DOUBLES


def test_a_token_that_ends_is_renewed() -> None:
    assert PLATFORM.session
    server = scripted(ok(access_token="new", refresh_token="newer", expires_in=600))

    made = PLATFORM.session(
        ACCOUNT, {"token": "old", "refresh": "r", "client_id": "i", "client_secret": "s"}, server
    )

    assert made == {"token": "new", "refresh": "newer", "expires_in": "600"}
    assert server.asked[0].url == "https://example.social/oauth/token"
    assert PLATFORM.session(ACCOUNT, {"token": "pasted"}, scripted()) == {}


def test_it_tells_how_long_a_text_may_be() -> None:
    assert PLATFORM.ask_limits

    limits = PLATFORM.ask_limits(ACCOUNT, scripted(ok(max_toot_chars=9000)))

    assert (limits.text, limits.unit, limits.images) == (9000, "characters", 16)


@pytest.mark.parametrize(
    ("asked", "told", "found"),
    [
        ("local", "local", Found.OURS),
        ("local", "public", Found.NEAR),
        ("private", "private", Found.OURS),
        (None, "unlisted", Found.OURS),  # as the post before it, or as the server likes
    ],
)
def test_its_list_shows_what_stays_on_the_server_too(
    asked: str | None, told: str, found: Found
) -> None:
    post = a_post(options={"visibility": asked} if asked else {})
    server = scripted(ME, Response.of([a_status(visibility=told)]), END)

    assert looked(PLATFORM, post, server).found is found


@pytest.mark.parametrize(
    ("alt", "told", "found"),
    [
        ("", "1f2e3d.png", Found.OURS),
        ("The school door", "The school door", Found.OURS),
        ("The school door", "1f2e3d.png", Found.NEAR),
    ],
)
def test_a_file_without_a_description_may_be_described_by_its_name(
    alt: str, told: str, found: Found, tmp_path: Path
) -> None:
    file = {"id": "-7", "url": "https://example.social/7.png", "description": told}
    upload = ok(id="7", url="https://example.social/7.png")
    server = scripted(ME, Response.of([a_status(media_attachments=[file])]), END)

    post = a_post(media=(an_image(tmp_path, alt=alt),))
    result = looked(PLATFORM, post, server, answers={"upload 1": upload})

    assert result.found is found


def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(tmp_path: Path) -> None:
    post = a_post(media=(replace(an_image(tmp_path), focus=(0.5, 0.0)),))

    assert lost_at_every_step(a_server, PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}
