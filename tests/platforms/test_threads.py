"""What Threads is asked, and what one that enforces its rules makes of it, with answers lost at every step."""

import json
from collections.abc import Callable
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
    TryLater,
)
from platforms.threads import PLATFORM, find, publish, whoami
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


@pytest.mark.parametrize("state", ["FINISHED", "IN_PROGRESS", "ERROR", "EXPIRED"])
def test_what_the_container_says_is_not_published_is_not_up(state: str) -> None:
    assert (
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE, answers=CONTAINER),
            scripted(Response.of({"status": state})),
        )
        is None
    )


def test_what_the_container_says_is_published_is_found_or_waited_for() -> None:
    lost, published = Lost(left_at=DUE, answers=CONTAINER), Response.of({"status": "PUBLISHED"})

    up = find(
        ACCOUNT,
        a_post(text="Welcome back #physics"),
        lost,
        scripted(published, Response.of(ANSWERS["threads"])),
    )

    assert up == Published(
        id="18010000000000001", url="https://www.threads.com/@hillschool/post/DAbc"
    )
    with pytest.raises(TryLater, match="published, and not yet among the account's latest"):
        find(ACCOUNT, a_post(), lost, scripted(published, ok(data=[])))


@pytest.mark.parametrize(
    "other",
    [{"text": "Another"}, {"timestamp": "2026-09-07T07:00:00+0000"}, {"id": "7"}],
    ids=["another text", "from before", "another delivery's"],
)
def test_another_post_is_not_taken_for_ours(other: dict[str, Any]) -> None:
    listed = ok(data=[{"id": "1", "text": "Welcome back", "timestamp": MADE_AT, **other}])

    assert (
        find(ACCOUNT, a_post(), Lost(left_at=DUE, others=frozenset({"7"})), scripted(listed))
        is None
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
