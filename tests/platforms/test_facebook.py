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
from platforms.facebook import LOOKS, PLATFORM, find, lasting, publish, session, whoami
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


def listed(*posts: dict[str, Any], **more: Any) -> Response:
    return ok(
        data=[
            {"id": "1234_5678", "message": "Welcome back", "created_time": MADE_AT, **one}
            for one in posts
        ],
        **more,
    )


def test_a_lost_post_is_looked_for_among_those_since_it_left() -> None:
    server = scripted(listed({"message": "Welcome\nback "}))

    up = find(ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert up == Published(
        id="1234_5678", url="https://www.facebook.com/1234_5678", ref={"on": "1234_5678"}
    )
    assert parse_qs(urlsplit(server.asked[0].url).query)["since"] == [
        str(int(DUE.timestamp()) - 3600)
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"message": "Welcome"},
        {"created_time": "2026-09-07T07:29:00+0000"},
        {"id": "1234_7"},
    ],
    ids=["another text", "from before", "another delivery's"],
)
def test_another_post_is_not_taken_for_ours(other: dict[str, Any]) -> None:
    assert (
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE, others=frozenset({"1234_7"})),
            scripted(listed(other)),
        )
        is None
    )


PHOTOS = {"photo 1": ok(id="555000"), "photo 2": ok(id="555001")}


def showing(*ids: str) -> dict[str, Any]:
    """A listed post without a text that shows these pictures."""
    shown = [{"target": {"id": one}} for one in ids]
    return {
        "message": None,
        "attachments": {
            "data": shown if len(shown) == 1 else [{"subattachments": {"data": shown}}]
        },
    }


@pytest.mark.parametrize("shown", [["555001"], ["555000", "555001"]])
def test_a_post_without_a_text_is_found_by_the_pictures_it_shows(
    shown: list[str], tmp_path: Path
) -> None:
    post, lost = a_post(text="", media=(an_image(tmp_path),)), Lost(left_at=DUE, answers=PHOTOS)

    up = find(
        ACCOUNT,
        post,
        lost,
        scripted(listed({"id": "1234_1", **showing("9")}, {"id": "1234_2", **showing(*shown)})),
    )

    assert up
    assert up.id == "1234_2"


@pytest.mark.parametrize("answers", [PHOTOS, {}])
def test_whether_another_post_without_a_text_is_ours_is_a_doubt(
    answers: dict[str, Response], tmp_path: Path
) -> None:
    post = a_post(text="", media=(an_image(tmp_path),))

    with pytest.raises(
        InDoubt, match=r"whether it is https://www\.facebook\.com/1234_5678 cannot be told"
    ):
        find(ACCOUNT, post, Lost(left_at=DUE, answers=answers), scripted(listed(showing("9"))))


def test_a_post_without_a_text_is_not_one_that_shows_nothing(tmp_path: Path) -> None:
    post = a_post(text="", media=(an_image(tmp_path),))

    others = listed({"message": None}, {**showing("9"), "message": "Hi"})

    assert find(ACCOUNT, post, Lost(left_at=DUE, answers=PHOTOS), scripted(others)) is None


def test_too_many_posts_to_look_through_is_a_doubt_and_not_a_no() -> None:
    with pytest.raises(InDoubt, match="too many posts since 2026-09-07 07:30 UTC"):
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE),
            scripted(listed({"message": "Another"}, paging={"next": "https://x"})),
        )


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

    assert find(
        ACCOUNT,
        a_post(text="Term dates"),
        Lost(left_at=DUE),
        scripted(Response.of(answers["published_posts"])),
    )
    with pytest.raises(TryLater, match="still processing"):
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE, answers={"begin": ok(video_id="777001")}),
            scripted(Response.of(answers["status_processing"])),
        )
    up = find(
        ACCOUNT,
        a_post(),
        Lost(left_at=DUE, answers={"begin": ok(video_id="777001")}),
        scripted(Response.of(answers["status_published"])),
    )
    assert up == Published(
        id="777001", url="https://www.facebook.com/reel/777001/", ref={"on": "777001"}
    )
