"""What Instagram is asked, and what one that enforces its rules makes of it, with answers lost at every step."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    InDoubt,
    LoginNeeded,
    Lost,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    Span,
    TryLater,
)
from platforms.graph import LOOKS
from platforms.instagram import PLATFORM, publish, whoami
from platforms.recent import Found, Look, look
from tests.platforms.meta_stand_in import MADE_AT, QUOTA, Instagram
from tests.platforms.standing_in import asking, lost_at_every_step, published_through
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="instagram")
SECRETS = {"token": "good"}
MEDIA = Published(id="18000")
CONTAINER = {"container": ok(id="17900")}
OWN = ok(user_id="17841405822304914", username="hillschool")
ANSWERS = json.loads((Path(__file__).parent / "answers" / "instagram.json").read_text())


def a_picture(folder: Path, name: str = "door.jpg", **changes: Any) -> Post:
    return a_post(media=(an_image(folder, name, size=(640, 480)),), **changes)


def a_carousel(folder: Path, **changes: Any) -> Post:
    pictures = [
        an_image(folder, f"{colour}.jpg", size=(640, 480), colour=colour, alt=f"A {colour} door")
        for colour in ("red", "blue")
    ]
    return a_post(media=(*pictures, a_video(folder)), **changes)


POSTS: dict[str, Callable[[Path], Post]] = {
    "picture": a_picture,
    "carousel": a_carousel,
    "reel": lambda folder: a_post(media=(a_video(folder),)),
    "story": lambda folder: a_picture(folder, options={"format": "story"}),
    "comment": lambda folder: a_post(reply_to=MEDIA),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Instagram, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}


def up_after(post: Post) -> dict[str, Any]:
    """What is up when the post went through."""
    stand_in = Instagram()
    publish(ACCOUNT, post, asking(stand_in, PLATFORM, ACCOUNT, SECRETS))
    (up,) = stand_in.up.values()
    return dict(up)


def test_a_picture_is_hosted_contained_looked_at_and_published(tmp_path: Path) -> None:
    server = scripted(*[documented] * 6)

    up = publish(ACCOUNT, a_picture(tmp_path), server)

    account, quota, host, container, state, published = server.asked
    assert [one.repeat for one in server.asked[:-1]] == [HARMLESS] * 5
    assert account.url == "https://graph.instagram.com/v26.0/me?fields=user_id,username"
    assert quota.fresh
    assert container.url == "https://graph.instagram.com/v26.0/17841405822304914/media"
    assert container.form == {
        "image_url": host.documented().json()["url"],
        "alt_text": "The school door",
        "caption": "Welcome back",
    }
    assert (state.url, state.fresh) == (
        "https://graph.instagram.com/v26.0/17889455560051444?fields=status_code,status",
        True,
    )
    assert (published.url.rpartition("/")[2], published.form) == (
        "media_publish",
        {"creation_id": "17889455560051444"},
    )
    assert up == Published(id="18000000000000001")


def test_a_carousel_shows_pictures_with_their_alt_texts_and_videos_in_order(tmp_path: Path) -> None:
    up = up_after(a_carousel(tmp_path))

    assert up["text"] == "Welcome back"
    assert [one.get("alt_text") for one in up["files"]] == ["A red door", "A blue door", None]
    assert [one.get("media_type") for one in up["files"]] == [None, None, "VIDEO"]


def test_a_single_video_is_a_reel(tmp_path: Path) -> None:
    up = up_after(a_post(media=(a_video(tmp_path),)))

    assert (up["files"][0]["media_type"], up["text"]) == ("REELS", "Welcome back")


def test_a_story_has_no_text_and_says_so(tmp_path: Path) -> None:
    post = a_picture(tmp_path, options={"format": "story"})

    up = publish(ACCOUNT, post, scripted(*[documented] * 6))

    assert up_after(post)["files"][0].keys() == {"image_url", "media_type", "access_token"}
    assert up.notes == ("a story has no text: yours does not go with it",)
    assert publish(ACCOUNT, replace(post, text=""), scripted(*[documented] * 6)).notes == ()


def test_a_reply_is_a_comment_on_the_post_also_where_it_answers_a_comment() -> None:
    first = publish(ACCOUNT, a_post(reply_to=MEDIA), scripted(documented))

    server = scripted(documented)
    publish(ACCOUNT, a_post(text="And more", reply_to=first), server)

    assert (server.asked[0].url, server.asked[0].form) == (
        "https://graph.instagram.com/v26.0/18000/comments",
        {"message": "And more"},
    )


def test_a_post_that_a_person_found_is_known_by_its_address() -> None:
    url = "https://www.instagram.com/p/Cabc/"
    listed = ok(
        data=[
            {"id": "1", "permalink": "https://www.instagram.com/p/other/"},
            {"id": "18000", "permalink": url},
        ]
    )
    server = scripted(OWN, listed, documented)

    publish(ACCOUNT, a_post(reply_to=Published(id=url, url=url)), server)

    assert server.asked[-1].url == "https://graph.instagram.com/v26.0/18000/comments"
    with pytest.raises(Rejected, match="none of the account's latest posts"):
        publish(ACCOUNT, a_post(reply_to=Published(id=url)), scripted(OWN, ok(data=[])))


def spans(kind: str, number: int) -> tuple[Span, ...]:
    return tuple(Span(kind=kind, start=nth, end=nth + 1, value="x") for nth in range(number))


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (
            lambda folder: a_picture(folder, spans=spans("tag", 31)),
            "30 hashtags and 20 mentions, and there are 31 and 0",
        ),
        (lambda folder: a_picture(folder, spans=spans("mention", 21)), "there are 0 and 21"),
        (
            lambda folder: a_post(media=(an_image(folder, "tall.jpg", size=(400, 501)),)),
            "is 400x501, and Instagram takes shapes from 4:5 to 1.91:1",
        ),
        (
            lambda folder: a_post(media=(an_image(folder, "wide.jpg", size=(640, 330)),)),
            "is 640x330",
        ),
        (
            lambda folder: a_post(media=(a_video(folder, seconds=2),)),
            "lasts 2 s, and Instagram takes no less than 3 s",
        ),
        (
            lambda folder: a_post(media=(a_video(folder, width=2560, height=800),)),
            "is 2560x800, and Instagram takes videos of at most 1920 pixels",
        ),
        (
            lambda folder: a_post(media=(replace(a_video(folder), size=40_000_000),)),
            "has more than the 25 Mbit a second that Instagram takes",
        ),
        (
            lambda folder: a_post(
                media=(a_video(folder, seconds=61),), options={"format": "story"}
            ),
            "too long or too large for a story",
        ),
        (
            lambda folder: a_carousel(folder, options={"format": "story"}),
            "a story on Instagram has 1 to 1 pictures or videos, and here are 3",
        ),
        (
            lambda folder: replace(a_picture(folder), media=a_picture(folder).media * 11),
            "1 to 10 pictures or videos, and here are 11",
        ),
        (
            lambda folder: a_picture(folder, reply_to=MEDIA),
            "a comment on Instagram is a text alone",
        ),
    ],
)
def test_what_instagram_would_refuse_is_refused_before_anything_leaves(
    post: Callable[[Path], Post], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, post(tmp_path), untouched)

    assert untouched.asked == []


@pytest.mark.parametrize("size", [(400, 500), (1080, 566), (640, 640)])
def test_pictures_from_four_to_five_to_wide_ones_are_taken(
    size: tuple[int, int], tmp_path: Path
) -> None:
    assert up_after(a_post(media=(an_image(tmp_path, "x.jpg", size=size),)))


def test_a_tall_picture_may_be_a_story(tmp_path: Path) -> None:
    assert up_after(
        a_post(media=(an_image(tmp_path, "x.jpg", size=(360, 640)),), options={"format": "story"})
    )


def test_no_container_is_made_where_the_day_has_no_room_for_it(tmp_path: Path) -> None:
    stand_in = Instagram(used=QUOTA)

    with pytest.raises(TryLater, match="no more than the 50 posts") as raised:
        publish(ACCOUNT, a_picture(tmp_path), asking(stand_in, PLATFORM, ACCOUNT, SECRETS))

    assert (stand_in.containers, raised.value.after) == ({}, 3600)


def test_media_that_meta_cannot_fetch_are_refused_in_its_words(tmp_path: Path) -> None:
    stand_in = Instagram()
    ask = asking(stand_in, PLATFORM, ACCOUNT, SECRETS)

    def without_a_host(request: Request) -> Response:
        return request.documented() if request.url.startswith("host:") else ask(request)

    with pytest.raises(
        Rejected,
        match=r"made nothing of it \(ERROR: 2207052: Media download has failed\); look at the media",
    ):
        publish(ACCOUNT, a_picture(tmp_path), without_a_host)

    assert stand_in.up == {}


def test_a_container_is_looked_at_in_growing_pauses_and_left_for_later(tmp_path: Path) -> None:
    server = scripted(*[documented] * 4, *[ok(status_code="IN_PROGRESS")] * LOOKS)

    with pytest.raises(TryLater, match="still fetching or converting") as raised:
        publish(ACCOUNT, a_picture(tmp_path), server)

    assert [one.after for one in server.asked[4:10]] == [5, 10, 20, 40, 60, 60]
    assert raised.value.after == 300


def test_a_container_that_is_published_already_is_never_published_again(tmp_path: Path) -> None:
    with pytest.raises(InDoubt, match="published it already"):
        publish(
            ACCOUNT, a_picture(tmp_path), scripted(*[documented] * 4, ok(status_code="PUBLISHED"))
        )


def own(media_count: int = 9) -> Response:
    return ok(user_id="17841405822304914", username="hillschool", media_count=media_count)


def listed(*posts: dict[str, Any], **more: Any) -> Response:
    """A list of posts or comments; by default the last page of it."""
    ours = {
        "id": "18000000000000001",
        "caption": "Welcome back",
        "timestamp": MADE_AT,
        "permalink": "https://www.instagram.com/p/CxYz/",
        "username": "hillschool",
    }
    return ok(data=[{**ours, **one} for one in posts], **more)


@pytest.mark.parametrize("state", ["FINISHED", "IN_PROGRESS", "ERROR", "EXPIRED"])
def test_what_the_container_says_is_not_published_is_absent(state: str, tmp_path: Path) -> None:
    lost, server = Lost(left_at=DUE, answers=CONTAINER), scripted(ok(status_code=state))

    assert look(PLATFORM, ACCOUNT, a_picture(tmp_path), lost, server) == Look(found=Found.ABSENT)


def test_a_state_of_a_container_that_nobody_knows_proves_nothing(tmp_path: Path) -> None:
    lost, server = Lost(left_at=DUE, answers=CONTAINER), scripted(ok(status_code="ARCHIVED"))

    found = look(PLATFORM, ACCOUNT, a_picture(tmp_path), lost, server)

    assert (found.found, found.why) == (Found.FAILED, "the container's state is 'ARCHIVED'")


def looked_after_publishing(post: Post, *posts: dict[str, Any], minutes: int = 15) -> Look:
    """A look, so long after it left, where the container says that it is published."""
    lost = Lost(left_at=DUE, answers=CONTAINER, now=lambda: DUE + timedelta(minutes=minutes))
    server = scripted(ok(status_code="PUBLISHED"), own(), listed(*posts))
    return look(PLATFORM, ACCOUNT, post, lost, server)


def test_what_the_container_says_is_published_is_found_among_the_latest(tmp_path: Path) -> None:
    found = looked_after_publishing(a_picture(tmp_path), {}, {"id": "2", "caption": "Another"})

    assert found.post == Published(id="18000000000000001", url="https://www.instagram.com/p/CxYz/")


def test_a_list_may_show_it_a_little_later_than_the_container(tmp_path: Path) -> None:
    found = looked_after_publishing(a_picture(tmp_path), {"caption": "Another"}, minutes=1)

    assert found.found is Found.FAILED
    assert found.why == "it is published, but not yet among the account's latest posts"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('Say "hello"', "Say \u201chello\u201d"),
        ("Welcome back #physics", "Welcome back physics"),
        ("Welcome back", "Something else"),
    ],
)
def test_a_published_container_proves_it_also_where_the_caption_is_told_otherwise(
    text: str, told: str, tmp_path: Path
) -> None:
    """Section 4, IG6 and IG8: it was never settled."""
    found = looked_after_publishing(a_picture(tmp_path, text=text), {"caption": told})

    assert found.found is Found.OURS
    assert found.post
    assert (found.post.id, found.post.url) == ("container:17900", None)
    assert found.post.notes[0].startswith("Instagram published it, but does not tell its address")


def test_what_looks_like_it_is_named_where_its_address_is_not_told(tmp_path: Path) -> None:
    found = looked_after_publishing(a_picture(tmp_path), {"alt_text": "Another door"})

    assert found.post
    assert "it may be https://www.instagram.com/p/CxYz/" in found.post.notes[0]


def test_nothing_answers_a_post_whose_number_is_not_known() -> None:
    before = Published(id="container:17900")

    with pytest.raises(Rejected, match="Meta does not tell its address, so nothing can answer it"):
        publish(ACCOUNT, a_post(reply_to=before), scripted())


def test_a_later_post_whose_number_is_not_known_does_not_have_to_be_listed(tmp_path: Path) -> None:
    lost = Lost(left_at=DUE, newer=frozenset({"container:1"}), others=frozenset({"container:1"}))
    server = scripted(own(), listed({"caption": "Another"}))

    assert look(PLATFORM, ACCOUNT, a_picture(tmp_path), lost, server).found is Found.ABSENT


def test_what_looks_like_ours_may_be_an_earlier_post_whose_number_is_not_known(
    tmp_path: Path,
) -> None:
    lost = Lost(left_at=DUE, others=frozenset({"container:1"}))

    found = look(PLATFORM, ACCOUNT, a_picture(tmp_path), lost, scripted(own(), listed({})))

    assert found.found is Found.NEAR
    assert "may be an earlier one of yours" in found.why


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({}, Found.OURS),
        ({"caption": "Welcome  back\n"}, Found.OURS),
        ({"caption": "Another"}, Found.ABSENT),
        ({"timestamp": "2026-09-06T06:00:00+0000"}, Found.ABSENT),
        ({"id": "7"}, Found.ABSENT),
        ({"permalink": "https://www.instagram.com/reel/Cabc/"}, Found.ABSENT),
        ({"username": "a_parent"}, Found.ABSENT),
        ({"alt_text": "A red bicycle"}, Found.NEAR),
        ({"children": {"data": [{"id": "1"}, {"id": "2"}]}}, Found.NEAR),
        ({"caption": "Welcome back!"}, Found.NEAR),
    ],
    ids=[
        "ours",
        "other white space",
        "another text",
        "from before",
        "another delivery's",
        "resolved by its address",
        "a collaborator's",
        "another picture",
        "two pictures",
        "almost the text",
    ],
)
def test_a_post_without_a_container_is_known_by_all_that_is_told(
    other: dict[str, Any], says: Found, tmp_path: Path
) -> None:
    """F4, F12."""
    others = frozenset({"7", "https://www.instagram.com/p/Cabc/?igsh=x"})
    server = scripted(own(), listed(other))

    found = look(PLATFORM, ACCOUNT, a_picture(tmp_path), Lost(left_at=DUE, others=others), server)

    assert found.found is says


MORE = {"cursors": {"after": "QVFJ"}, "next": "https://graph.instagram.com/?access_token=x"}


def test_a_list_is_read_to_its_end(tmp_path: Path) -> None:
    """A6, IG1."""
    first = listed({"id": "2", "caption": "Another"}, paging=MORE)
    server = scripted(own(), first, listed({}))

    found = look(PLATFORM, ACCOUNT, a_picture(tmp_path), Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    assert server.asked[2].url == f"{server.asked[1].url.replace(',', '%2C')}&after=QVFJ"


@pytest.mark.parametrize(("count", "says"), [(0, Found.ABSENT), (3, Found.FAILED)])
def test_an_empty_list_is_believed_where_the_account_has_no_posts(
    count: int, says: Found, tmp_path: Path
) -> None:
    server = scripted(own(count), ok(data=[]))

    found = look(PLATFORM, ACCOUNT, a_picture(tmp_path), Lost(left_at=DUE), server)

    assert found.found is says


@pytest.mark.parametrize(("posts", "says"), [([{"caption": None}], Found.NEAR), ([], Found.FAILED)])
def test_a_story_without_a_container_has_nothing_to_be_known_by(
    posts: list[dict[str, Any]], says: Found, tmp_path: Path
) -> None:
    server = scripted(own(0), listed(*posts))
    story = a_picture(tmp_path, options={"format": "story"})

    assert look(PLATFORM, ACCOUNT, story, Lost(left_at=DUE), server).found is says
    assert "/stories?" in server.asked[1].url


COMMENT = {"text": "Welcome back", "permalink": None, "username": None, "id": "17"}
COMMENTED = Published(id="18000", url="https://www.instagram.com/p/CxYz/")


def looked_at_comments(*comments: Response, count: int = 9, **lost: Any) -> Look:
    server = scripted(own(), ok(id="18000", comments_count=count), *comments)
    post = a_post(reply_to=COMMENTED)
    return look(PLATFORM, ACCOUNT, post, Lost(left_at=DUE, **lost), server)


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ({"from": {"id": "1", "username": "hillschool"}}, Found.OURS),
        ({"username": "hillschool"}, Found.OURS),
        ({"username": "a_pupil"}, Found.ABSENT),
        ({"from": {"id": "2", "username": "a_pupil"}}, Found.ABSENT),
        ({}, Found.NEAR),
        ({"username": "hillschool", "timestamp": "2025-09-07T08:30:05+0000"}, Found.ABSENT),
        ({"username": "hillschool", "parent_id": "5"}, Found.ABSENT),
    ],
    ids=[
        "ours",
        "ours by name",
        "a pupil's",
        "a pupil's by number",
        "nobody's",
        "last year's",
        "to another comment",
    ],
)
def test_a_comment_is_ours_only_where_the_account_wrote_it(
    comment: dict[str, Any], says: Found
) -> None:
    """F2, IG3."""
    found = looked_at_comments(listed({**COMMENT, **comment}))

    assert found.found is says
    if found.post:
        assert (found.post.url, found.post.ref) == (COMMENTED.url, {"on": "18000"})


def test_a_comment_is_found_though_the_address_of_its_post_is_another_deliverys() -> None:
    ours = {**COMMENT, "username": "hillschool"}
    others = frozenset({"18000", str(COMMENTED.url)})

    assert looked_at_comments(listed(ours), others=others).found is Found.OURS


def test_comments_are_read_to_their_end() -> None:
    """A6, IG4."""
    pupils, ours = ({**COMMENT, "username": name} for name in ("a_pupil", "hillschool"))

    found = looked_at_comments(listed(pupils, paging=MORE), listed({**ours, "id": "18"}))

    assert found.found is Found.OURS


@pytest.mark.parametrize(("count", "says"), [(0, Found.ABSENT), (3, Found.FAILED)])
def test_no_comments_are_believed_where_the_post_counts_none(count: int, says: Found) -> None:
    assert looked_at_comments(ok(data=[]), count=count).found is says


def test_the_answers_written_from_the_documentation_are_read(tmp_path: Path) -> None:
    server = scripted(own(), Response.of(ANSWERS["media"]))

    found = look(PLATFORM, ACCOUNT, a_picture(tmp_path), Lost(left_at=DUE), server)

    assert found == Look(
        found=Found.OURS,
        post=Published(id="18000000000000001", url="https://www.instagram.com/p/CxYz/"),
    )


@pytest.mark.parametrize(
    ("code", "subcode", "error"),
    [
        (190, 460, LoginNeeded),
        (9, 2207042, TryLater),
        (9007, 2207027, TryLater),
        (4, 2207051, Rejected),
        (36003, 2207009, Rejected),
        (2, None, InDoubt),
    ],
)
def test_an_error_is_known_by_its_code(
    code: int, subcode: int | None, error: type[PublishError]
) -> None:
    answer = ok(400, error={"code": code, "error_subcode": subcode, "message": "No"})

    assert PLATFORM.errors.get(PLATFORM.error_code(answer), Rejected) is error


def test_the_token_is_a_parameter_and_stays_with_meta(tmp_path: Path) -> None:
    def signed(**request: Any) -> Request:
        return PLATFORM.sign(Request(step="", **request), {"token": "given", "renewed": "new"})

    assert signed(url="https://x/me").url == "https://x/me?access_token=new"
    assert signed(url="https://x/me?fields=id").url == "https://x/me?fields=id&access_token=new"
    assert signed(url="https://x/media", method="POST", form={"caption": "Hi"}).form == {
        "caption": "Hi",
        "access_token": "new",
    }
    assert signed(url="host:door.jpg", method="PUT", body=an_image(tmp_path)).url == "host:door.jpg"


def session(
    secrets: dict[str, str], *answers: Response | BaseException
) -> tuple[dict[str, str], list[str]]:
    """The session that comes of it, and what was asked for."""
    assert PLATFORM.session
    server = scripted(*answers)
    made = PLATFORM.session(ACCOUNT, secrets, server)
    return dict(made), [one.url.rpartition("access_token=")[2] for one in server.asked]


def test_a_token_is_renewed_a_month_before_it_ends() -> None:
    made, asked = session({"token": "given"}, ok(access_token="new", expires_in=60 * 86_400))

    assert (made, asked) == ({"renewed": "new", "expires_in": str(30 * 86_400)}, ["{token}"])


def test_the_latest_token_is_renewed_and_one_that_is_dead_gives_way_to_the_one_that_was_given() -> (
    None
):
    both = {"token": "given", "renewed": "latest"}

    assert session(both, ok(access_token="new", expires_in=1))[1] == ["{renewed}"]
    assert session(both, LoginNeeded("190"), ok(access_token="new", expires_in=1))[1] == [
        "{renewed}",
        "{token}",
    ]


def test_a_token_too_young_to_be_renewed_is_used_for_a_day() -> None:
    for refused in (Rejected("too young"), LoginNeeded("190")):
        assert session({"token": "given"}, refused)[0] == {
            "renewed": "given",
            "expires_in": "86400",
        }


def test_a_sign_in_ends_with_a_token_that_lasts() -> None:
    assert PLATFORM.oauth
    assert PLATFORM.oauth.lasting
    server = scripted(ok(access_token="long", expires_in=5184000))

    assert PLATFORM.oauth.lasting(ACCOUNT, {"token": "short", "client_secret": "s"}, server) == {
        "token": "long"
    }
    assert server.asked[0].url == (
        "https://graph.instagram.com/access_token?grant_type=ig_exchange_token&client_secret={client_secret}"
        "&access_token={token}"
    )


def test_an_expired_token_holds_the_delivery_until_somebody_logs_in(tmp_path: Path) -> None:
    assert (
        published_through(
            Instagram(token="another"), PLATFORM, ACCOUNT, a_picture(tmp_path), tmp_path, SECRETS
        ).status
        == "held"
    )


def test_whoami_is_the_accounts_name() -> None:
    assert whoami(ACCOUNT, asking(Instagram(), PLATFORM, ACCOUNT, SECRETS)) == "@hillschool"
