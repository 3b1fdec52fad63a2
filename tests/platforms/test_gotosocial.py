"""What is different on GoToSocial: it takes the key and ignores it, counts links whole, has six files."""

from pathlib import Path
from typing import Any

import pytest

from platforms.base import DOUBLES, Response
from platforms.gotosocial import LIMITS, PLATFORM
from platforms.recent import Found
from tests.platforms.relatives import END, ME, SECRETS, Fediverse, a_status, account, looked
from tests.platforms.standing_in import lost_at_every_step
from tests.support import a_post, an_image, documented, ok, scripted

ACCOUNT = account("gotosocial")


def test_a_second_sending_is_said_to_double() -> None:
    server = scripted(documented)

    PLATFORM.publish(ACCOUNT, a_post(), server)

    assert (server.asked[0].repeat, server.asked[0].remembered) == (DOUBLES, 0)
    assert PLATFORM.recent


@pytest.mark.parametrize(
    ("asked", "told", "found"),
    [
        ("private", "private", Found.OURS),
        ("direct", "direct", Found.OURS),
        ("direct", "private", Found.NEAR),
        ("mutuals_only", "mutuals_only", Found.OURS),
        ("mutuals_only", "private", Found.OURS),
    ],
)
def test_its_list_shows_the_owner_every_visibility(asked: str, told: str, found: Found) -> None:
    server = scripted(ME, Response.of([a_status(visibility=told)]), END)

    assert looked(PLATFORM, a_post(options={"visibility": asked}), server).found is found
    assert server.asked[1].url == (
        "https://example.social/api/v1/accounts/1/statuses?limit=40&exclude_reblogs=true"
    )


@pytest.mark.parametrize(
    "changes", [{"visibility": "unlisted"}, {"spoiler_text": "Exams"}, {"language": "de"}]
)
def test_a_post_that_differs_in_what_the_list_tells_is_near(changes: dict[str, Any]) -> None:
    server = scripted(ME, Response.of([a_status(**changes)]), END)

    assert looked(PLATFORM, a_post(), server).found is Found.NEAR


def test_a_text_is_shown_as_it_is_typed_whatever_the_accounts_preferences_are() -> None:
    server = scripted(documented)

    PLATFORM.publish(ACCOUNT, a_post(text="2*3*4"), server)

    assert (server.asked[0].json["status"], server.asked[0].json["content_type"]) == (
        "2*3*4",
        "text/plain",
    )


def test_a_poll_has_six_answers() -> None:
    def notes(answers: str) -> tuple[str, ...]:
        return PLATFORM.publish(
            ACCOUNT, a_post(options={"poll": {"answers": [*answers]}}), scripted(documented)
        ).notes

    assert notes("abcdef") == ()
    assert notes("abcdefg") == (
        "a poll on GoToSocial has at most 6 answers, unless the server takes more, and this has 7",
    )


def test_it_has_a_visibility_of_its_own_and_coarse_scopes() -> None:
    (visibility,) = (row for row in PLATFORM.options if row.name == "visibility")

    assert "mutuals_only" in visibility.type.__args__
    assert PLATFORM.oauth
    assert PLATFORM.oauth.scopes == ("read", "write")


def test_links_count_whole_whatever_the_server_tells() -> None:
    told = {
        "statuses": {
            "max_characters": 5000,
            "characters_reserved_per_url": 25,
            "max_media_attachments": 6,
        }
    }
    assert PLATFORM.ask_limits

    limits = PLATFORM.ask_limits(ACCOUNT, scripted(ok(configuration=told)))

    assert (limits.text, limits.link_length, limits.unit, limits.images) == (
        5000,
        None,
        "characters",
        6,
    )
    assert LIMITS.link_length is None


def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(tmp_path: Path) -> None:
    post = a_post(media=(an_image(tmp_path),))

    assert lost_at_every_step(
        lambda: Fediverse(longest=5000), PLATFORM, ACCOUNT, post, tmp_path, SECRETS
    ) == {"published"}
