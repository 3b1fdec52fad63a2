"""The adapter's requests, and what a LinkedIn that enforces its rules makes of them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    InDoubt,
    Link,
    LoginNeeded,
    Post,
    PublishError,
    Rejected,
    Response,
    Span,
    TryLater,
    code_in_json,
)
from platforms.linkedin import PLATFORM, publish, whoami
from scheduler.engine.credentials import Trial
from scheduler.engine.network import Network
from scheduler.rendering.markup import Marked, little_text
from tests import support
from tests.platforms.linkedin_stand_in import DAILY_REQUESTS, TOKEN, Member, linkedin_stand_in
from tests.support import an_image, documented, ok, scripted

ACCOUNT = Account(name="me", platform="linkedin", settings={"version": "202609", "server": "https://api.linkedin.com"})
RESERVED = "\\|{}@[]()<>#*_~"


@pytest.fixture
def member() -> Iterator[Member]:
    with linkedin_stand_in(Member()) as served:
        yield served


def account(member: Member, **settings: str) -> Account:
    return replace(ACCOUNT, settings={"version": "202609", "server": member.url, **settings})


def over_http(token: str = TOKEN) -> Ask:
    return Network(ACCOUNT, PLATFORM, Trial({"token": token}), timeout=5)


def code_of(error: PublishError) -> str:
    assert error.response is not None
    return code_in_json(error.response)


def a_post(**changes: Any) -> Post:
    """A post as rendering finishes it for LinkedIn."""
    post = support.a_post(**changes)
    return replace(post, markup=little_text(Marked(post.text, post.spans)))


def tagged(text: str, *parts: tuple[str, str]) -> Post:
    """A post with the spans of `parts`: (kind, as shown)."""
    def span(kind: str, shown: str) -> Span:
        start = text.index(shown)
        return Span(kind=kind, start=start, end=start + len(shown), value=shown.removeprefix("#"))

    return a_post(text=text, spans=tuple(span(kind, shown) for kind, shown in parts))


def test_nothing_is_visible_before_the_last_request_and_the_post_is_the_members(tmp_path: Path) -> None:
    server = scripted(*[documented] * 4)

    up = publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    who, image, upload, post = server.asked
    assert [one.repeat for one in (who, image, upload)] == [HARMLESS] * 3
    assert image.json == {"initializeUploadRequest": {"owner": "urn:li:person:782bbtaQ"}}
    assert (post.json["author"], post.is_visible) == ("urn:li:person:782bbtaQ", True)
    assert post.headers == {"LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
    assert up.url == "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000000/"


def test_readers_see_the_text_whole_whatever_signs_are_in_it(member: Member) -> None:
    text = f"All of {RESERVED} and C:\\new_unit #maths, #class_4b: https://example.org/a_(b)~c end."

    publish(account(member), tagged(text, ("tag", "#maths"), ("tag", "#class_4b"), ("link", "https://example.org/a_(b)~c")), over_http())

    assert [post["text"] for post in member.posts.values()] == [text]


def test_a_text_that_was_not_escaped_would_have_been_cut(member: Member) -> None:
    send = over_http()

    publish(account(member), a_post(text="Cut"), lambda asked: send(
        replace(asked, json={**asked.json, "commentary": "New (free) unit"}) if asked.step == "post" else asked))

    assert [post["text"] for post in member.posts.values()] == ["New "]


def test_an_image_is_uploaded_first_and_has_its_alt_text(member: Member, tmp_path: Path) -> None:
    image = an_image(tmp_path, alt="The school door (blue)")

    up = publish(account(member), a_post(media=(image,), link=Link(url="https://example.org")), over_http())

    content = member.posts[up.id]["content"]
    assert content["media"]["altText"] == "The school door (blue)"
    assert member.images[content["media"]["id"]] == image.file.read_bytes()


def test_a_link_becomes_a_card_with_its_picture(member: Member, tmp_path: Path) -> None:
    link = Link(url="https://example.org/term", title="Term dates", description="All of them", image=an_image(tmp_path))

    up = publish(account(member), a_post(link=link), over_http())

    (urn,) = member.images
    assert member.posts[up.id]["content"] == {"article": {
        "source": "https://example.org/term", "title": "Term dates", "description": "All of them", "thumbnail": urn}}


def test_a_card_without_a_title_shows_its_url(member: Member) -> None:
    up = publish(account(member), a_post(link=Link(url="https://example.org/term")), over_http())

    assert member.posts[up.id]["content"] == {"article": {"source": "https://example.org/term", "title": "https://example.org/term"}}


def test_visibility_is_the_posts_own(member: Member) -> None:
    up = publish(account(member), a_post(options={"visibility": "CONNECTIONS"}), over_http())

    assert member.posts[up.id]["visibility"] == "CONNECTIONS"


def test_an_image_still_being_processed_is_worth_another_try(member: Member, tmp_path: Path) -> None:
    post = a_post(media=(an_image(tmp_path),))
    member.still_processing = 1

    with pytest.raises(TryLater) as raised:
        publish(account(member), post, over_http())
    assert code_of(raised.value) == "MEDIA_ASSET_WAITING_UPLOAD"

    publish(account(member), post, over_http())

    assert len(member.posts) == 1


def test_a_lost_answer_is_a_doubt_and_a_second_sending_finds_the_post_that_is_up(member: Member) -> None:
    member.loses_the_next_answer = True
    with pytest.raises(InDoubt):
        publish(account(member), a_post(), over_http())

    up = publish(account(member), a_post(), over_http())

    assert list(member.posts) == [up.id]
    assert up.url == f"https://www.linkedin.com/feed/update/{up.id}/"
    assert up.notes == (f"LinkedIn took it for a repeat of {up.id}, which is up",)


def test_after_ten_minutes_linkedin_knows_no_repeat() -> None:
    times = iter((0.0, 601.0, 601.0))

    with linkedin_stand_in(Member(now=lambda: next(times))) as member:
        for _ in range(2):
            publish(account(member), a_post(), over_http())

        assert len(member.posts) == 2


def test_a_refusal_that_names_no_post_stays_a_refusal() -> None:
    refusal = Rejected("422", Response.of({"status": 422, "code": "UNPROCESSABLE_ENTITY", "message": "No"}, 422))

    with pytest.raises(Rejected) as raised:
        publish(ACCOUNT, a_post(), scripted(ok(sub="1"), refusal))

    assert raised.value is refusal


@pytest.mark.parametrize(("settings", "post", "token", "error", "code"), [
    ({"version": "202401"}, a_post(), TOKEN, Rejected, "NONEXISTENT_VERSION"),
    ({}, a_post(text="x" * 3001), TOKEN, Rejected, "FIELD_LENGTH_TOO_LONG"),
    ({}, a_post(text=" "), TOKEN, Rejected, "INVALID_VALUE_BLANK_FIELD"),
    ({}, a_post(), "expired", LoginNeeded, "INVALID_ACCESS_TOKEN"),
])
def test_what_linkedin_refuses_is_named(
    member: Member, settings: dict[str, str], post: Post, token: str, error: type[PublishError], code: str,
) -> None:
    with pytest.raises(error) as raised:
        publish(account(member, **settings), post, over_http(token))

    assert code_of(raised.value) == code
    assert member.posts == {}


def test_escaping_does_not_count_towards_the_length(member: Member) -> None:
    text = "(" * 3000

    publish(account(member), a_post(text=text), over_http())

    assert [post["text"] for post in member.posts.values()] == [text]


def test_the_days_quota_is_worth_another_try(member: Member) -> None:
    member.requests = DAILY_REQUESTS

    with pytest.raises(TryLater, match="throttle"):
        publish(account(member), a_post(), over_http())


def test_whoami_is_the_members_name(member: Member) -> None:
    assert whoami(account(member), over_http()) == "Ada Lovelace"
