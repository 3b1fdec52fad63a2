"""What Threads is asked, and what one that enforces its rules makes of it, with answers lost at every step."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    InDoubt,
    Link,
    Lost,
    Post,
    Published,
    Rejected,
    Response,
    Span,
)
from platforms.recent import Found, Look, look
from platforms.threads import PLATFORM, publish, whoami
from scheduler.rendering.measuring import with_emoji_as_bytes
from tests.platforms.meta_stand_in import MADE_AT, Threads, length
from tests.platforms.standing_in import asking, lost_at_every_step, published_through
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="threads")
SECRETS = {"token": "good"}
FIRST = Published(id="first")
CONTAINER = {"container": ok(id="17900")}
ANSWERS = json.loads((Path(__file__).parent / "answers" / "threads.json").read_text())


def a_carousel(folder: Path) -> Post:
    return a_post(
        media=(
            an_image(folder),
            an_image(folder, "b.jpg", colour="red", alt="A red bicycle"),
            a_video(folder),
        )
    )


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(link=Link(url="https://example.org/term")),
    "picture": lambda folder: a_post(media=(an_image(folder),)),
    "video": lambda folder: a_post(media=(a_video(folder),)),
    "carousel": a_carousel,
    "reply": lambda folder: a_post(reply_to=FIRST),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Threads, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}


def test_a_text_is_contained_looked_at_and_published() -> None:
    server = scripted(*[documented] * 3)
    options = {"topic_tag": "Physics Teachers", "reply_control": "accounts_you_follow"}

    up = publish(
        ACCOUNT, a_post(link=Link(url="https://example.org/term"), options=options), server
    )

    container, state, published = server.asked
    assert container.url == "https://graph.threads.net/v1.0/me/threads"
    assert container.form == {
        "media_type": "TEXT",
        "text": "Welcome back",
        "topic_tag": "Physics Teachers",
        "reply_control": "accounts_you_follow",
        "link_attachment": "https://example.org/term",
    }
    assert (
        state.url == "https://graph.threads.net/v1.0/17889455560051444?fields=status,error_message"
    )
    assert (published.url.rpartition("/")[2], published.form) == (
        "threads_publish",
        {"creation_id": "17889455560051444"},
    )
    assert [one.repeat for one in (container, state)] == [HARMLESS] * 2
    assert up.id == "18000000000000001"


def test_pictures_and_videos_carry_their_alt_texts_in_order(tmp_path: Path) -> None:
    stand_in = Threads()

    publish(ACCOUNT, a_carousel(tmp_path), asking(stand_in, PLATFORM, ACCOUNT, SECRETS))

    (up,) = stand_in.up.values()
    assert [(one["media_type"], one["alt_text"]) for one in up["files"]] == [
        ("IMAGE", "The school door"),
        ("IMAGE", "A red bicycle"),
        ("VIDEO", "Ms Ada at the board"),
    ]
    assert up["text"] == "Welcome back"


def test_a_thread_is_a_chain_of_replies() -> None:
    stand_in = Threads()
    ask = asking(stand_in, PLATFORM, ACCOUNT, SECRETS)

    first = publish(ACCOUNT, a_post(), ask)
    second = publish(ACCOUNT, a_post(text="2", reply_to=first), ask)
    publish(ACCOUNT, a_post(text="3", reply_to=second), ask)

    replies = [one["form"].get("reply_to_id") for one in stand_in.containers.values()]
    assert replies == [None, first.id, second.id]


def test_a_post_that_a_person_found_is_answered_by_its_address() -> None:
    url = "https://www.threads.com/@hillschool/post/DAbc"
    server = scripted(ok(data=[]), ok(data=[{"id": "18", "permalink": url}]), *[documented] * 3)

    publish(ACCOUNT, a_post(reply_to=Published(id=url, url=url)), server)

    assert server.asked[2].form
    assert server.asked[2].form["reply_to_id"] == "18"


def links(number: int) -> tuple[Span, ...]:
    return tuple(
        Span(kind="link", start=nth, end=nth + 1, value=f"https://example.org/{nth}")
        for nth in range(number)
    )


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (lambda folder: a_post(spans=links(6)), "5 links in a post, and here are 6"),
        (
            lambda folder: a_post(spans=links(5), link=Link(url="https://example.org/another")),
            "here are 6",
        ),
        (
            lambda folder: a_post(options={"topic_tag": "Dr. Who"}),
            "a `topic_tag` on Threads has 1 to 50 characters",
        ),
        (lambda folder: a_post(options={"topic_tag": "x" * 51}), "a `topic_tag`"),
        (
            lambda folder: a_post(media=(an_image(folder, size=(22, 2)),)),
            "is 22x2; Threads takes no shape beyond 10:1",
        ),
        (
            lambda folder: a_post(media=(an_image(folder),) * 21),
            "20 pictures and videos in a post, and here are 21",
        ),
    ],
)
def test_what_threads_would_refuse_is_refused_before_anything_leaves(
    post: Callable[[Path], Post], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, post(tmp_path), untouched)

    assert untouched.asked == []


def test_the_same_link_twice_counts_once() -> None:
    assert publish(
        ACCOUNT,
        a_post(spans=links(5) * 2, link=Link(url="https://example.org/1")),
        scripted(*[documented] * 3),
    )


@pytest.mark.parametrize("text", ["Hello", "👨‍👩‍👧", "Zoë 🎒", "🎒" * 125])
def test_an_emoji_is_as_long_as_its_bytes(text: str) -> None:
    assert PLATFORM.limits.unit == "characters, emoji as bytes"
    assert with_emoji_as_bytes(text) >= length(text)


def test_a_text_that_is_too_long_is_refused_by_threads() -> None:
    with pytest.raises(Rejected, match="too long"):
        publish(ACCOUNT, a_post(text="🎒" * 126), asking(Threads(), PLATFORM, ACCOUNT, SECRETS))


ME = ok(id="1", username="hillschool")


def listed(*posts: dict[str, Any], **more: Any) -> Response:
    """A list of posts or replies; by default the last page of it."""
    ours = {
        "id": "18010000000000001",
        "text": "Welcome back",
        "timestamp": MADE_AT,
        "permalink": "https://www.threads.com/@hillschool/post/DAbc",
        "username": "hillschool",
        "media_type": "TEXT_POST",
    }
    return ok(data=[{**ours, **one} for one in posts], **more)


def looked(*lists: Response, post: Post | None = None, **lost: Any) -> Look:
    wanted = post or a_post()
    return look(PLATFORM, ACCOUNT, wanted, Lost(left_at=DUE, **lost), scripted(ME, *lists))


@pytest.mark.parametrize("state", ["FINISHED", "IN_PROGRESS", "ERROR", "EXPIRED"])
def test_what_the_container_says_is_not_published_is_absent(state: str) -> None:
    lost, server = Lost(left_at=DUE, answers=CONTAINER), scripted(Response.of({"status": state}))

    assert look(PLATFORM, ACCOUNT, a_post(), lost, server) == Look(found=Found.ABSENT)


@pytest.mark.parametrize(
    ("told", "identifier"),
    [
        ("Welcome back #physics", "18010000000000001"),
        ("Welcome back physics", "container:17900"),
        ("\u201cWelcome back #physics\u201d", "container:17900"),
        ("Another", "container:17900"),
    ],
)
@pytest.mark.parametrize("post", [{}, {"reply_to": FIRST}], ids=["post", "reply"])
def test_a_published_container_proves_it_whatever_the_text_is_told_as(
    told: str, identifier: str, post: dict[str, Any]
) -> None:
    """Section 4, TH4: it was never settled."""
    published = Response.of({"status": "PUBLISHED"})
    there = listed({"text": told, **({"replied_to": {"id": "first"}} if post else {})})
    lost = Lost(left_at=DUE, answers=CONTAINER)
    server = scripted(published, ME, there, listed({"text": "Other words"}))

    found = look(PLATFORM, ACCOUNT, a_post(text="Welcome back #physics", **post), lost, server)

    assert found.found is Found.OURS
    assert found.post
    assert found.post.id == identifier


def test_a_list_may_show_it_a_little_later_than_the_container() -> None:
    lost = Lost(left_at=DUE, answers=CONTAINER, now=lambda: DUE + timedelta(minutes=2))
    server = scripted(Response.of({"status": "PUBLISHED"}), ME, listed({"text": "Another"}))

    found = look(PLATFORM, ACCOUNT, a_post(), lost, server)

    assert found.found is Found.FAILED
    assert "not yet among the account's latest posts" in found.why


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({}, Found.OURS),
        ({"reply_audience": "EVERYONE"}, Found.OURS),
        ({"text": "Another"}, Found.ABSENT),
        ({"timestamp": "2026-09-06T06:00:00+0000"}, Found.ABSENT),
        ({"id": "7"}, Found.ABSENT),
        ({"permalink": "https://www.threads.net/@hillschool/post/Dabc"}, Found.ABSENT),
        ({"username": "a_parent"}, Found.ABSENT),
        ({"media_type": "REPOST_FACADE"}, Found.ABSENT),
        ({"reply_audience": "MENTIONED_ONLY"}, Found.NEAR),
        ({"media_type": "IMAGE"}, Found.NEAR),
        ({"link_attachment_url": "https://example.org"}, Found.NEAR),
    ],
    ids=[
        "ours",
        "answered by everyone",
        "another text",
        "from before",
        "another delivery's",
        "resolved by its address",
        "another account's",
        "a repost",
        "answered by a few",
        "with a picture",
        "with a card",
    ],
)
def test_a_post_without_a_container_is_known_by_all_that_is_told(
    other: dict[str, Any], says: Found
) -> None:
    """F12."""
    others = frozenset({"7", "https://www.threads.com/@hillschool/post/Dabc"})

    assert looked(listed(other), others=others).found is says


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"media_type": "REPOST_FACADE"}, Found.ABSENT),
        ({"media_type": "TEXT_POST", "text": "Hi"}, Found.ABSENT),
        ({"media_type": "IMAGE"}, Found.NEAR),
        ({"media_type": "CAROUSEL_ALBUM", "children": {"data": [{}, {}]}}, Found.NEAR),
    ],
)
def test_a_picture_alone_is_no_repost(other: dict[str, Any], says: Found, tmp_path: Path) -> None:
    """F10, TH1: without words it is near at most."""
    post = a_post(text="", media=(an_image(tmp_path),))

    assert looked(listed({"text": None, **other}), post=post).found is says


@pytest.mark.parametrize(
    ("shown", "says"),
    [("https://example.org/term/", Found.OURS), ("https://example.org/b", Found.NEAR)],
)
def test_another_card_is_near(shown: str, says: Found) -> None:
    post = a_post(link=Link(url="https://example.org/term"))

    assert looked(listed({"link_attachment_url": shown}), post=post).found is says


def test_a_card_of_a_link_in_the_text_may_be_there_or_not() -> None:
    post = a_post(spans=links(1))

    assert looked(listed({}), post=post).found is Found.OURS
    shown = {"link_attachment_url": "https://example.org/0"}
    assert looked(listed(shown), post=post).found is Found.OURS


@pytest.mark.parametrize(
    ("replies", "posts", "says"),
    [
        ([{"replied_to": {"id": "first"}}], [], Found.OURS),
        ([{"replied_to": {"id": "first"}}], [{"id": "2"}], Found.OURS),
        ([{"replied_to": {"id": "another"}}], [], Found.ABSENT),
        ([], [{}], Found.NEAR),
        ([], [], Found.ABSENT),
    ],
    ids=["ours", "and a post of its own", "to another", "a post of its own", "nothing"],
)
def test_a_reply_is_known_by_what_it_answers(
    replies: list[dict[str, Any]], posts: list[dict[str, Any]], says: Found
) -> None:
    """Row threads: a post of its own does not pass for a reply."""
    other = {"id": "1", "text": "Another"}

    found = looked(listed(*replies, other), listed(*posts, other), post=a_post(reply_to=FIRST))

    assert found.found is says


def test_a_list_is_read_to_its_end() -> None:
    """A6, TH2."""
    more = {"cursors": {"after": "QVFJ"}, "next": "https://graph.threads.net/?access_token=x"}
    server = scripted(ME, listed({"id": "2", "text": "Another"}, paging=more), listed({}))

    found = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    assert server.asked[2].url == f"{server.asked[1].url.replace(',', '%2C')}&after=QVFJ"


def test_an_empty_list_proves_nothing() -> None:
    found = looked(ok(data=[]))

    assert found.found is Found.FAILED
    assert "empty" in found.why


def test_the_answers_written_from_the_documentation_are_read() -> None:
    found = looked(Response.of(ANSWERS["threads"]), post=a_post(text="Welcome back #physics"))

    assert found.post == Published(
        id="18010000000000001", url="https://www.threads.com/@hillschool/post/DAbc"
    )


def test_a_container_that_is_published_already_is_never_published_again() -> None:
    with pytest.raises(InDoubt, match="published it already"):
        publish(ACCOUNT, a_post(), scripted(documented, Response.of({"status": "PUBLISHED"})))


def test_a_video_that_threads_cannot_use_is_refused_in_its_words(tmp_path: Path) -> None:
    failed = Response.of({"status": "ERROR", "error_message": "INVALID_FRAME_RATE"})

    with pytest.raises(Rejected, match=r"made nothing of it \(ERROR: INVALID_FRAME_RATE\)"):
        publish(
            ACCOUNT, a_post(media=(a_video(tmp_path),)), scripted(documented, documented, failed)
        )


def test_a_token_is_renewed_at_threads() -> None:
    assert PLATFORM.session
    server = scripted(ok(access_token="new", expires_in=60 * 86_400))

    PLATFORM.session(ACCOUNT, SECRETS, server)

    assert (
        server.asked[0].url
        == "https://graph.threads.net/refresh_access_token?grant_type=th_refresh_token&access_token={token}"
    )


def test_an_expired_token_holds_the_delivery_until_somebody_logs_in(tmp_path: Path) -> None:
    assert (
        published_through(
            Threads(token="another"), PLATFORM, ACCOUNT, a_post(), tmp_path, SECRETS
        ).status
        == "held"
    )


def test_whoami_is_the_accounts_name() -> None:
    assert whoami(ACCOUNT, asking(Threads(), PLATFORM, ACCOUNT, SECRETS)) == "@hillschool"
