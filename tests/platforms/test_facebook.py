"""What a Page is asked, and what a Facebook that enforces its rules makes of it, with answers lost at every step."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from platforms.base import (
    DOUBLES,
    HARMLESS,
    Account,
    InDoubt,
    Link,
    LoginNeeded,
    Lost,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from platforms.facebook import LOOKS, PLATFORM, lasting, publish, session, whoami
from platforms.recent import Found, Look, look
from scheduler.engine.judging import judged
from tests.platforms.meta_stand_in import MADE_AT, Page
from tests.platforms.standing_in import asking, lost_at_every_step, published_through
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="facebook", settings={"page": "1234"})
SECRETS = {"token": "good"}
ON_PAGE = Published(id="1234_99", ref={"on": "1234_99"})
PAGES = ok(
    data=[
        {"id": "9", "name": "Other", "access_token": "o", "tasks": ["CREATE_CONTENT"]},
        {
            "id": "1234",
            "name": "Hill School",
            "access_token": "page",
            "tasks": ["MANAGE", "CREATE_CONTENT"],
        },
    ]
)


def a_reel(folder: Path, **changes: Any) -> Post:
    return a_post(media=(a_video(folder, **changes),))


def a_wide_video(folder: Path) -> Post:
    return a_reel(folder, width=1920, height=1080)


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(),
    "link": lambda folder: a_post(link=Link(url="https://example.org/term")),
    "picture": lambda folder: a_post(media=(an_image(folder),)),
    "pictures without a text": lambda folder: a_post(
        text="", media=(an_image(folder), an_image(folder, "b.jpg", colour="red"))
    ),
    "reel": a_reel,
    "video": a_wide_video,
    "comment": lambda folder: a_post(reply_to=ON_PAGE),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Page, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}


def test_a_reel_that_facebook_still_works_on_is_waited_for(tmp_path: Path) -> None:
    assert lost_at_every_step(
        lambda: Page(processes=3), PLATFORM, ACCOUNT, a_reel(tmp_path), tmp_path, SECRETS
    ) == {"published"}


def test_a_text_is_one_request_and_tells_where_it_is_seen() -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(link=Link(url="https://example.org/term")), server)

    (post,) = server.asked
    assert (post.method, post.url) == ("POST", "https://graph.facebook.com/v26.0/1234/feed")
    assert post.form == {
        "message": "Welcome back",
        "link": "https://example.org/term",
        "fields": "id,permalink_url",
    }
    assert (up.id, up.url) == ("1234_5678", "https://www.facebook.com/1234/posts/5678")


def test_a_post_whose_address_is_not_told_has_one_of_its_id() -> None:
    assert (
        publish(ACCOUNT, a_post(), scripted(ok(id="1234_5678"))).url
        == "https://www.facebook.com/1234_5678"
    )


def test_pictures_are_unpublished_until_the_post_shows_them_with_their_alt_texts(
    tmp_path: Path,
) -> None:
    page = Page()
    pictures = (an_image(tmp_path), an_image(tmp_path, "b.png", colour="red", alt="A red bicycle"))

    publish(
        ACCOUNT,
        a_post(media=pictures, link=Link(url="https://example.org")),
        asking(page, PLATFORM, ACCOUNT, SECRETS),
    )

    (post,) = page.up.values()
    assert [one["alt"] for one in post["files"]] == ["The school door", "A red bicycle"]
    assert [one["file"] for one in post["files"]] == [one.file.read_bytes() for one in pictures]
    assert post["link"] is None


def test_a_reel_is_begun_uploaded_looked_at_and_published(tmp_path: Path) -> None:
    server = scripted(*[documented] * 4)

    up = publish(ACCOUNT, a_reel(tmp_path), server)

    begin, upload, status, published = server.asked
    assert [one.repeat for one in (begin, upload, status)] == [HARMLESS] * 3
    assert begin.form == {"upload_phase": "start"}
    assert (upload.url, upload.headers) == (
        "https://rupload.facebook.com/video-upload/v26.0/777001",
        {"offset": "0", "file_size": "1000"},
    )
    assert (status.url, status.fresh) == (
        "https://graph.facebook.com/v26.0/777001?fields=status,permalink_url",
        True,
    )
    assert published.form == {
        "upload_phase": "finish",
        "video_id": "777001",
        "video_state": "PUBLISHED",
        "description": "Welcome back",
    }
    assert up.url == "https://www.facebook.com/reel/777001"


def test_a_reel_that_does_not_arrive_is_tried_again_and_one_that_fails_is_not(
    tmp_path: Path,
) -> None:
    begun = [documented, documented]
    waiting = Response.of(
        {"status": {"video_status": "uploading", "uploading_phase": {"status": "in_progress"}}}
    )
    failed = Response.of(
        {
            "status": {
                "video_status": "error",
                "processing_phase": {"status": "error", "error": {"message": "No sound track"}},
            }
        }
    )

    with pytest.raises(TryLater, match=r"not got all of talk\.mp4"):
        publish(ACCOUNT, a_reel(tmp_path), scripted(*begun, *[waiting] * LOOKS))
    with pytest.raises(Rejected, match="No sound track"):
        publish(ACCOUNT, a_reel(tmp_path), scripted(*begun, failed))


def test_a_video_leaves_in_the_pieces_that_facebook_asks_for(tmp_path: Path) -> None:
    page = Page()
    post = a_wide_video(tmp_path)

    publish(ACCOUNT, post, asking(page, PLATFORM, ACCOUNT, SECRETS))

    (video,) = page.up.values()
    assert (video["kind"], video["files"]) == ("video", [post.media[0].file.read_bytes()])
    assert len(page.arrived) == 1 + 3 + 1


@pytest.mark.parametrize(
    ("video", "options", "is_reel"),
    [
        ({}, {}, True),
        ({"seconds": 91}, {}, False),
        ({"seconds": 2}, {}, False),
        ({"width": 1920, "height": 1080}, {}, False),
        ({"width": 360, "height": 640}, {}, False),
        ({}, {"format": "video"}, False),
        ({}, {"format": "reel"}, True),
    ],
)
def test_a_video_is_a_reel_where_it_can_be_and_is_not_wanted_otherwise(
    video: dict[str, Any], options: dict[str, str], is_reel: bool, tmp_path: Path
) -> None:
    server = scripted(*[documented] * 4)

    publish(ACCOUNT, replace(a_reel(tmp_path, **video), options=options), server)

    assert server.asked[0].url.endswith("/video_reels") == is_reel


OWN = "https://www.facebook.com/events/77"


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (
            lambda folder: replace(a_reel(folder, seconds=120), options={"format": "reel"}),
            "lasts 120 s, and a reel 3 to 90 s",
        ),
        (
            lambda folder: replace(a_wide_video(folder), options={"format": "reel"}),
            "is 1920x1080, and a reel 9:16",
        ),
        (
            lambda folder: a_post(media=(an_image(folder),), reply_to=ON_PAGE),
            "a comment on Facebook is a text alone",
        ),
        (lambda folder: a_post(link=Link(url=OWN)), f"put {OWN} in the text"),
        (
            lambda folder: a_post(link=Link(url="HTTPS://m.Facebook.com")),
            "makes no card of its own addresses",
        ),
        (
            lambda folder: a_post(
                reply_to=Published(
                    id="https://www.facebook.com/permalink.php?story_fbid=pfbid0abc&id=1234"
                )
            ),
            "cannot be told",
        ),
        (
            lambda folder: a_post(
                reply_to=Published(id="https://www.facebook.com/1234/posts/pfbid0abc")
            ),
            "cannot be told from its address",
        ),
    ],
)
def test_what_facebook_would_refuse_is_refused_before_anything_leaves(
    post: Callable[[Path], Post], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, post(tmp_path), untouched)

    assert untouched.asked == []


@pytest.mark.parametrize(
    "before",
    [
        ON_PAGE,
        Published(id="5678_1", ref={"on": "1234_99"}),
        Published(id="https://www.facebook.com/1234_99"),
        Published(id="1234_99"),
    ],
)
def test_a_reply_is_a_comment_on_the_post_that_the_chain_began_with(before: Published) -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(reply_to=before), server)

    assert server.asked[0].url == "https://graph.facebook.com/v26.0/1234_99/comments"
    assert up.ref == {"on": "1234_99"}


@pytest.mark.parametrize(
    ("address", "on"),
    [
        ("reel/777001/", "777001"),
        ("hillschool/posts/5678", "1234_5678"),
        ("hillschool/posts/we-are-open/5678/", "1234_5678"),
        ("watch/?v=777001", "777001"),
        ("permalink.php?story_fbid=5678&id=1234", "1234_5678"),
        ("story.php?id=1234&story_fbid=5678&m_entstream_source=timeline", "1234_5678"),
    ],
)
def test_what_a_person_found_can_be_commented_on(address: str, on: str) -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(reply_to=Published(id=f"https://www.facebook.com/{address}")), server)

    assert server.asked[0].url.endswith(f"/{on}/comments")


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ("https://notfacebook.com/x", ""),
        ("https://facebook.com.example.org", ""),
        ("https://example.org", OWN),
    ],
)
def test_addresses_of_others_have_cards_and_facebooks_own_stand_in_the_text(
    link: str, text: str
) -> None:
    page = Page()

    publish(
        ACCOUNT, a_post(text=text, link=Link(url=link)), asking(page, PLATFORM, ACCOUNT, SECRETS)
    )

    assert [(one["link"], one["text"]) for one in page.up.values()] == [(link, text)]


COUNT = ok(data=[], summary={"total_count": 9})
OTHER = {"id": "1234_1", "message": "Another"}


def listed(*posts: dict[str, Any], **more: Any) -> Response:
    """A list of posts or comments of the Page; by default the last page of it."""
    ours = {
        "id": "1234_5678",
        "message": "Welcome back",
        "created_time": MADE_AT,
        "from": {"id": "1234"},
    }
    return ok(data=[{**ours, **one} for one in posts], **more)


def looked(*lists: Response, post: Post | None = None, **lost: Any) -> Look:
    """What a look at these pages says, the text post left when it was due."""
    wanted = post or a_post()
    return look(PLATFORM, ACCOUNT, wanted, Lost(left_at=DUE, **lost), scripted(COUNT, *lists))


def test_a_lost_post_is_looked_for_among_all_of_the_page() -> None:
    server = scripted(COUNT, listed({"message": "Welcome\nback "}))

    found = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert found == Look(
        found=Found.OURS,
        post=Published(
            id="1234_5678", url="https://www.facebook.com/1234_5678", ref={"on": "1234_5678"}
        ),
    )
    count, posts = (parse_qs(urlsplit(one.url).query) for one in server.asked)
    assert count["summary"] == ["total_count"]
    assert posts["include_hidden"] == ["true"]
    assert "since" not in posts


@pytest.mark.parametrize(
    "other",
    [
        {"message": "Welcome"},
        {"created_time": "2026-09-06T06:00:00+0000"},
        {"id": "1234_7"},
        {"from": {"id": "99"}},
    ],
    ids=["another text", "from before", "another delivery's", "another Page's"],
)
def test_another_post_is_not_taken_for_ours(other: dict[str, Any]) -> None:
    assert looked(listed(other), others=frozenset({"1234_7"})).found is Found.ABSENT


@pytest.mark.parametrize(
    "address",
    [
        "1234_7",
        "1234/posts/7",
        "hillschool/posts/7/",
        "hillschool/posts/we-are-open/7",
        "permalink.php?story_fbid=7&id=1234",
        "story.php?id=1234&story_fbid=7",
    ],
)
def test_a_post_that_a_person_resolved_by_its_address_is_not_taken_for_ours(address: str) -> None:
    others = frozenset({f"https://www.facebook.com/{address}"})

    assert looked(listed({"id": "1234_7"}), others=others).found is Found.ABSENT
    assert looked(listed({"id": "1234_8"}), others=others).found is Found.OURS


def test_posts_whose_addresses_have_no_numbers_are_told_apart() -> None:
    def address(name: str) -> str:
        return f"https://www.facebook.com/permalink.php?story_fbid=pfbid0{name}&id=1234"

    others, ours = frozenset({address("a")}), listed({"permalink_url": address("b")})

    assert looked(ours, others=others).found is Found.OURS
    assert looked(listed({"permalink_url": address("a")}), others=others).found is Found.ABSENT


def test_a_page_says_by_next_that_there_is_more_and_the_token_stays_where_it_is() -> None:
    more = {"cursors": {"after": "QVFJ"}, "next": "https://evil.test/?access_token=secret"}
    server = scripted(COUNT, ok(data=[], paging=more), listed({}))

    found = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    first, second = (one.url for one in server.asked[1:])
    assert second.startswith("https://graph.facebook.com/v26.0/1234/published_posts?")
    assert parse_qs(urlsplit(second).query) == {
        **parse_qs(urlsplit(first).query),
        "after": ["QVFJ"],
    }


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        ([listed(OTHER, paging={"next": "https://x"})], "not where"),
        (
            [
                listed({**OTHER, "id": f"1234_{n}"}, paging={"next": "x", "cursors": {"after": n}})
                for n in range(1, 11)
            ],
            "more than 10 pages",
        ),
    ],
)
def test_a_list_that_is_cut_proves_nothing(pages: list[Response], why: str) -> None:
    found = looked(*pages)

    assert found.found is Found.FAILED
    assert why in found.why


@pytest.mark.parametrize(("count", "says"), [(0, Found.ABSENT), (1, Found.FAILED)])
def test_an_empty_list_proves_something_only_where_facebook_counts_no_post(
    count: int, says: Found
) -> None:
    counted = ok(data=[], summary={"total_count": count})
    server = scripted(counted, ok(data=[]))

    assert look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server).found is says


def card(address: str) -> dict[str, Any]:
    shown = {"media_type": "link", "type": "share", "unshimmed_url": address}
    return {"attachments": {"data": [shown]}}


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (card("HTTPS://Example.org/term/"), Found.OURS),
        (card("https://example.org/term?fbclid=x"), Found.OURS),
        (card("https://example.org/other"), Found.NEAR),
        ({}, Found.NEAR),
    ],
)
def test_the_same_words_with_another_link_are_near(shown: dict[str, Any], says: Found) -> None:
    post = a_post(link=Link(url="https://example.org/term"))

    assert looked(listed(shown), post=post).found is says


PHOTOS = {"photo 1": ok(id="555000"), "photo 2": ok(id="555001")}


def showing(*ids: str, kind: str = "photo") -> dict[str, Any]:
    """A listed post that shows these pictures."""
    shown = [{"media_type": kind, "type": kind, "target": {"id": one}} for one in ids]
    return {
        "attachments": {
            "data": shown if len(shown) == 1 else [{"subattachments": {"data": shown}}]
        },
    }


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (["555000", "555001"], Found.OURS),
        (["555000"], Found.NEAR),
        (["555000", "9"], Found.NEAR),
        ([], Found.NEAR),
    ],
)
@pytest.mark.parametrize("text", ["Welcome back", ""])
def test_a_post_with_pictures_is_known_by_them(
    text: str, shown: list[str], says: Found, tmp_path: Path
) -> None:
    """F4: the same words with another picture are near."""
    post = a_post(text=text, media=(an_image(tmp_path), an_image(tmp_path, "b.png", colour="red")))
    there = {"message": text, **(showing(*shown) if shown else {})}

    assert looked(listed(there), post=post, answers=PHOTOS).found is says


def test_a_post_without_a_text_whose_uploads_are_not_known_is_near(tmp_path: Path) -> None:
    post, there = a_post(text="", media=(an_image(tmp_path),)), showing("9")

    found = looked(listed({"message": None, **there}), post=post)

    assert found.found is Found.NEAR
    assert found.post
    assert found.post.url == "https://www.facebook.com/1234_5678"


def test_a_post_without_a_text_is_not_one_with_a_text(tmp_path: Path) -> None:
    post = a_post(text="", media=(an_image(tmp_path),))

    assert looked(listed({**showing("555000"), "message": "Hi"}), post=post).found is Found.ABSENT


@pytest.mark.parametrize(
    ("number", "says"), [("777", Found.ABSENT), ("778", Found.NEAR)], ids=["known", "unknown"]
)
def test_a_video_with_the_same_words_is_not_our_text(number: str, says: Found) -> None:
    """F11: it is known by its own number, and listed by that of its post."""
    there = {"id": "1234_778", **showing(number, kind="video")}

    assert looked(listed(there), others=frozenset({"777"})).found is says


def test_a_later_video_does_not_have_to_be_in_the_list_of_posts() -> None:
    newer = {"777001", "1234_9"}

    missing = looked(listed(OTHER), newer=frozenset(newer), others=frozenset(newer))
    shown = looked(
        listed({**OTHER, "id": "1234_9"}), newer=frozenset(newer), others=frozenset(newer)
    )

    assert (missing.found, shown.found) == (Found.FAILED, Found.ABSENT)


COMMENT_POST = a_post(reply_to=ON_PAGE)


@pytest.mark.parametrize(
    ("comment", "says"),
    [
        ({}, Found.OURS),
        ({"from": {"id": "a pupil"}}, Found.ABSENT),
        ({"from": {}}, Found.NEAR),
        ({"created_time": "2025-09-07T08:30:05+0000"}, Found.ABSENT),
        ({"parent": {"id": "99_5"}}, Found.ABSENT),
        ({"message": "Thank you!"}, Found.ABSENT),
    ],
    ids=["ours", "a pupil's", "nobody's", "last year's", "to another comment", "another text"],
)
def test_a_comment_is_ours_only_where_the_page_wrote_it(
    comment: dict[str, Any], says: Found
) -> None:
    """F2: whose it is, when it was made, and what it answers."""
    found = looked(listed({"id": "99_7", **comment}), post=COMMENT_POST)

    assert found.found is says
    assert (found.post.ref if found.post else {"on": "1234_99"}) == {"on": "1234_99"}


def test_comments_are_read_to_their_end() -> None:
    """A6: with the replies to them, and those that Facebook ranks low."""
    more = {"cursors": {"after": "2"}, "next": "https://x"}
    pupils = {"id": "99_1", "from": {"id": "a pupil"}}
    server = scripted(COUNT, listed(pupils, paging=more), listed({"id": "99_2"}))

    found = look(PLATFORM, ACCOUNT, COMMENT_POST, Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    assert all("filter=stream" in one.url for one in server.asked)


def test_a_later_comment_may_stand_under_another_post() -> None:
    newer = frozenset({"55_8"})

    found = looked(listed({**OTHER, "id": "99_1"}), post=COMMENT_POST, newer=newer, others=newer)

    assert found.found is Found.ABSENT


BEGUN = {"begin": ok(video_id="777001")}


def phases(**said: str) -> Response:
    told = {f"{name}_phase": {"status": status} for name, status in said.items()}
    return Response.of({"status": {"video_status": "ready", **told}})


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (phases(processing="complete", publishing="complete"), Found.OURS),
        (phases(processing="in_progress", publishing="not_started"), Found.FAILED),
        (phases(processing="complete", publishing="in_progress"), Found.FAILED),
        (phases(processing="complete", publishing="not_started"), Found.ABSENT),
        (phases(processing="error", publishing="not_started"), Found.ABSENT),
    ],
)
def test_what_a_video_says_of_itself_decides(state: Response, says: Found, tmp_path: Path) -> None:
    lost = Lost(left_at=DUE, answers=BEGUN)

    assert look(PLATFORM, ACCOUNT, a_reel(tmp_path), lost, scripted(state)).found is says


def test_a_video_is_known_by_the_number_of_its_post_too(tmp_path: Path) -> None:
    """F11: the list of posts shows it by that one."""
    state = phases(publishing="complete").json()
    server = scripted(Response.of({**state, "post_id": "1234_778"}))

    found = look(PLATFORM, ACCOUNT, a_reel(tmp_path), Lost(left_at=DUE, answers=BEGUN), server)

    assert found.post
    assert found.post.ref == {"on": "777001", "ids": ["777001", "1234_778"]}
    others = frozenset(found.post.ref["ids"])
    assert looked(listed({"id": "1234_778"}), others=others).found is Found.ABSENT


def video(**changes: Any) -> dict[str, Any]:
    return {
        "id": "777001",
        "description": "Welcome back",
        "created_time": MADE_AT,
        "permalink_url": "/reel/777001/",
        "from": {"id": "1234"},
        **changes,
    }


@pytest.mark.parametrize(
    ("there", "says"),
    [
        ([video()], Found.OURS),
        ([video(created_time="2026-09-07T08:20:00+0000")], Found.OURS),
        ([video(description="")], Found.FAILED),
        ([video(id="777002")], Found.FAILED),
        ([], Found.FAILED),
    ],
    ids=["published", "dated from its upload", "without its words", "another", "not there"],
)
@pytest.mark.parametrize("state", [phases(), Response.of({"status": {}})])
def test_a_video_without_phases_is_not_absent(
    state: Response, there: list[dict[str, Any]], says: Found, tmp_path: Path
) -> None:
    """A10: it has its words since its last request, so that with them it is published."""
    server = scripted(state, ok(data=[*there, video(id="1", description="Another")]))

    found = look(PLATFORM, ACCOUNT, a_reel(tmp_path), Lost(left_at=DUE, answers=BEGUN), server)

    assert found.found is says
    assert "/1234/video_reels?" in server.asked[1].url
    if found.post:
        assert (found.post.id, found.post.url) == (
            "777001",
            "https://www.facebook.com/reel/777001/",
        )


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (video(), Found.OURS),
        (video(created_time="2026-09-06T10:00:00+0000"), Found.NEAR),
        (video(created_time="2026-09-01T10:00:00+0000"), Found.ABSENT),
        (video(id="7"), Found.ABSENT),
    ],
    ids=["ours", "the day before", "long before", "another delivery's"],
)
def test_a_video_whose_number_is_not_known_is_looked_for_among_the_videos(
    there: dict[str, Any], says: Found, tmp_path: Path
) -> None:
    lost = Lost(left_at=DUE, others=frozenset({"7"}))
    server = scripted(ok(data=[there]))

    found = look(PLATFORM, ACCOUNT, a_wide_video(tmp_path), lost, server)

    assert found.found is says
    assert "/1234/videos?type=uploaded&" in server.asked[0].url


def test_a_repeat_that_facebook_refuses_is_what_went_up_before(tmp_path: Path) -> None:
    page = Page()
    publish(ACCOUNT, a_post(), asking(page, PLATFORM, ACCOUNT, SECRETS))

    row = published_through(page, PLATFORM, ACCOUNT, a_post(), tmp_path, SECRETS)

    assert (row.status, list(page.up)) == ("published", ["1234_5678"])


@pytest.mark.parametrize(
    ("error", "visible", "harmless"),
    [
        ({"code": 190, "error_subcode": 463}, LoginNeeded, LoginNeeded),
        ({"code": 1}, InDoubt, TryLater),
        ({"code": 12345, "is_transient": True}, InDoubt, TryLater),
        ({"code": 506}, InDoubt, TryLater),
        ({"code": 4, "is_transient": True}, TryLater, TryLater),
        ({"code": 368, "error_subcode": 1390008}, TryLater, TryLater),
        ({"code": 368, "error_subcode": 4854002}, LoginNeeded, LoginNeeded),
        ({"code": 200}, Rejected, Rejected),
        ({"code": 100}, Rejected, Rejected),
    ],
)
def test_an_error_is_known_by_its_code(
    error: dict[str, Any], visible: type[PublishError], harmless: type[PublishError]
) -> None:
    for repeat, means in ((DOUBLES, visible), (HARMLESS, harmless)):
        with pytest.raises(PublishError) as raised:
            judged(
                ok(400, error={"message": "No", **error}),
                Request(step="post", url="https://x", repeat=repeat),
                PLATFORM,
                "main",
                DUE,
            )

        assert type(raised.value) is means


def test_an_answer_that_is_no_graph_error_is_judged_by_its_status() -> None:
    for body in (b"<html>", b"[]", b'{"error": "no"}'):
        assert PLATFORM.error_code(Response(status=502, body=body)) == ""


def test_the_pages_token_comes_of_the_persons() -> None:
    server = scripted(PAGES)

    assert session(ACCOUNT, SECRETS, server) == {"page_token": "page"}
    assert server.asked[0].headers == {"Authorization": "Bearer {token}"}


def test_a_pages_token_that_was_pasted_is_used_as_it_is() -> None:
    assert session(ACCOUNT, SECRETS, scripted(Rejected("100"))) == {"page_token": "good"}


def test_a_page_that_the_token_is_not_good_for_is_named_with_those_that_it_is() -> None:
    with pytest.raises(
        LoginNeeded, match=r"good for these Pages: Other \(9\), Hill School \(1234\)"
    ):
        session(replace(ACCOUNT, settings={"page": "5"}), SECRETS, scripted(PAGES))
    with pytest.raises(LoginNeeded, match="good for these Pages: none"):
        session(ACCOUNT, SECRETS, scripted(ok(data=[])))


def test_a_person_who_may_not_post_on_the_page_is_told() -> None:
    with pytest.raises(LoginNeeded, match="you may not post on Hill School"):
        session(
            ACCOUNT,
            SECRETS,
            scripted(
                ok(
                    data=[
                        {
                            "id": "1234",
                            "name": "Hill School",
                            "access_token": "x",
                            "tasks": ["ANALYZE"],
                        }
                    ]
                )
            ),
        )


def test_requests_carry_the_pages_token_and_uploads_in_their_own_way() -> None:
    both = {"token": "person", "page_token": "page"}

    assert PLATFORM.sign(Request(step="", url="https://graph.facebook.com/x"), both).headers == {
        "Authorization": "Bearer page"
    }
    assert PLATFORM.sign(Request(step="", url="https://rupload.facebook.com/x"), both).headers == {
        "Authorization": "OAuth page"
    }
    assert PLATFORM.sign(Request(step="", url="https://graph.facebook.com/x"), SECRETS).headers == {
        "Authorization": "Bearer good"
    }


def test_a_sign_in_ends_with_a_token_that_lasts() -> None:
    server = scripted(ok(access_token="long", expires_in=5184000))

    assert lasting(ACCOUNT, SECRETS, server) == {"token": "long"}
    assert parse_qs(urlsplit(server.asked[0].url).query) == {
        "grant_type": ["fb_exchange_token"],
        "client_id": ["{client_id}"],
        "client_secret": ["{client_secret}"],
        "fb_exchange_token": ["{token}"],
    }


def test_an_expired_token_holds_the_delivery_until_somebody_logs_in(tmp_path: Path) -> None:
    row = published_through(Page(token="another"), PLATFORM, ACCOUNT, a_post(), tmp_path, SECRETS)

    assert row.status == "held"


def test_the_thirty_reels_of_a_day_are_worth_another_try(tmp_path: Path) -> None:
    with pytest.raises(TryLater, match="rate limit"):
        publish(ACCOUNT, a_reel(tmp_path), asking(Page(reels=30), PLATFORM, ACCOUNT, SECRETS))


def test_whoami_is_the_pages_name() -> None:
    assert whoami(ACCOUNT, asking(Page(), PLATFORM, ACCOUNT, SECRETS)) == "Hill School"


def test_the_answers_written_from_the_documentation_are_read() -> None:
    answers = json.loads((Path(__file__).parent / "answers" / "facebook.json").read_text())
    posts, *videos = (
        Response.of(answers[name])
        for name in ("published_posts", "status_processing", "status_published")
    )

    assert looked(posts, post=a_post(text="Term dates")).found is Found.OURS
    processing, up = (
        look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE, answers=BEGUN), scripted(state))
        for state in videos
    )
    assert processing.found is Found.FAILED
    assert "still processing" in processing.why
    assert up.post == Published(
        id="777001", url="https://www.facebook.com/reel/777001/", ref={"on": "777001"}
    )
