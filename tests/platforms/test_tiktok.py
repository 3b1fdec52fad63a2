"""What TikTok is asked, and what one that enforces its rules makes of it, with answers lost at every step."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from platforms import tiktok
from platforms.base import (
    DOUBLES,
    HARMLESS,
    Account,
    InDoubt,
    LoginNeeded,
    Lost,
    Media,
    Post,
    Published,
    PublishError,
    Rejected,
    Response,
    TryLater,
)
from platforms.recent import Found, Look, look
from platforms.tiktok import CHUNK, LOOKS, PLATFORM, WHOLE, cut, publish, whoami
from scheduler.engine.judging import judged
from tests.platforms import tiktok_stand_in
from tests.platforms.standing_in import asking, lost_at_every_step, published_through
from tests.platforms.tiktok_stand_in import CREATED_AT, MB, TikTok, said
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="tiktok", settings={"audited": False})
AUDITED = replace(ACCOUNT, settings={"audited": True})
SECRETS = {"token": "good"}
PUBLIC = {"mode": "direct", "privacy": "PUBLIC_TO_EVERYONE"}
PRIVATE = {"mode": "direct", "privacy": "SELF_ONLY"}
ANSWERS = json.loads((Path(__file__).parent / "answers" / "tiktok.json").read_text())


def a_film(folder: Path, **changes: Any) -> Post:
    return a_post(media=(a_video(folder),), **changes)


def photos(folder: Path, **changes: Any) -> Post:
    return a_post(
        media=(an_image(folder, "a.jpg"), an_image(folder, "b.jpg", colour="red")), **changes
    )


POSTS: dict[str, tuple[Callable[[Path], Post], set[str]]] = {
    "video for the inbox": (a_film, {"published"}),
    "private video": (partial(a_film, options=PRIVATE), {"published"}),
    "public video": (partial(a_film, options=PUBLIC), {"published"}),
    "public photos": (partial(photos, options=PUBLIC), {"published"}),
    "photos for the inbox": (photos, {"published", "in doubt"}),
    "private photos": (partial(photos, options=PRIVATE), {"published", "in doubt"}),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    post, becomes = POSTS[name]

    assert (
        lost_at_every_step(
            lambda: TikTok(audited=True), PLATFORM, AUDITED, post(tmp_path), tmp_path, SECRETS
        )
        == becomes
    )


def test_a_video_that_tiktok_still_works_on_is_waited_for(tmp_path: Path) -> None:
    post = a_film(tmp_path, options=PRIVATE)

    assert lost_at_every_step(
        lambda: TikTok(processes=3), PLATFORM, ACCOUNT, post, tmp_path, SECRETS
    ) == {"published"}


def test_photos_that_tiktok_still_fetches_are_known_by_the_looks_at_them(tmp_path: Path) -> None:
    """Nobody but the one who was answered knows the id of photos: whoever comes after a kill during a look has it from the look before."""
    host, host_again, asking_for_them, first_look, second_look = range(1, 6)
    post, became = photos(tmp_path, options=PRIVATE), {}
    for number in (host, host_again, asking_for_them, first_look, second_look):
        folder = tmp_path / str(number)
        folder.mkdir()
        became[number] = published_through(
            TikTok(processes=3, dies_at=number), PLATFORM, ACCOUNT, post, folder, SECRETS
        ).status

    assert became == {
        host: "published",
        host_again: "published",
        asking_for_them: "in doubt",
        first_look: "in doubt",
        second_look: "published",
    }


@pytest.mark.parametrize("make", [a_film, photos])
def test_what_tiktok_makes_nothing_of_has_failed_and_is_not_in_doubt(
    make: Callable[..., Post], tmp_path: Path
) -> None:
    stand_in = TikTok(fails="frame_rate_check_failed", processes=1)

    row = published_through(stand_in, PLATFORM, ACCOUNT, make(tmp_path), tmp_path, SECRETS)

    assert (row.status, row.error) == (
        "failed",
        "TikTok has it and made nothing of it: frame_rate_check_failed",
    )


@pytest.mark.parametrize("make", [a_film, photos])
def test_looks_that_say_nothing_leave_it_published_with_a_word_about_it(
    make: Callable[..., Post], tmp_path: Path
) -> None:
    post = make(tmp_path, options=PRIVATE)
    before = [documented] * (4 if post.media[1:] else 3)
    looks = scripted(
        *before,
        TryLater("reset"),
        LoginNeeded("ended"),
        *[said(status="PROCESSING_DOWNLOAD")] * (len(LOOKS) - 2),
    )

    up = publish(ACCOUNT, post, looks)

    assert [one.after for one in looks.asked[-len(LOOKS) :]] == list(LOOKS)
    assert up.notes == (
        "TikTok had not said after a while what became of it: look in the app whether it is there",
    )


def test_a_video_in_chunks_is_up_once_whatever_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With small figures: three chunks, the last with the remainder."""
    monkeypatch.setattr(tiktok, "WHOLE", 600)
    monkeypatch.setattr(tiktok, "CHUNK", 300)
    post = a_film(tmp_path)

    assert lost_at_every_step(
        lambda: TikTok(small=200, large=300), PLATFORM, ACCOUNT, post, tmp_path, SECRETS
    ) == {"published"}

    stand_in = TikTok(small=200, large=300)
    publish(ACCOUNT, post, asking(stand_in, PLATFORM, ACCOUNT, SECRETS))
    assert [len(one.body) for one in stand_in.arrived if one.method == "PUT"] == [300, 300, 400]
    assert [one["body"] for one in stand_in.up.values()] == [post.media[0].file.read_bytes()]


@pytest.mark.parametrize(
    ("size", "chunk", "count"),
    [
        (1, 1, 1),
        (4_999_999, 4_999_999, 1),
        (WHOLE, WHOLE, 1),
        (WHOLE + 1, CHUNK, 2),
        (3 * CHUNK - 1, CHUNK, 2),
        (4_000_000_000, CHUNK, 125),
    ],
)
def test_chunks_are_as_tiktok_counts_them(size: int, chunk: int, count: int) -> None:
    parts = cut(Media(file=Path("x.mp4"), type="video/mp4", size=size, digest="x"))

    TikTok().check_chunks("FILE_UPLOAD", size, parts[0].size, len(parts))
    assert (parts[0].size, len(parts)) == (chunk, count)
    assert [one.start for one in parts] == [0, *(one.end for one in parts[:-1])]
    assert parts[-1].end == size
    assert parts[-1].size <= 128 * MB


def test_a_video_for_the_inbox_says_nothing_but_its_size_and_its_last_chunk_is_the_visible_one(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 3)

    up = publish(ACCOUNT, a_film(tmp_path), server)

    begin, upload, look = server.asked
    assert begin.url == "https://open.tiktokapis.com/v2/post/publish/inbox/video/init/"
    assert begin.json == {
        "source_info": {
            "source": "FILE_UPLOAD",
            "video_size": 1000,
            "chunk_size": 1000,
            "total_chunk_count": 1,
        }
    }
    assert upload.headers == {"Content-Type": "video/mp4", "Content-Range": "bytes 0-999/1000"}
    assert (begin.repeat, upload.repeat, upload.anonymous) == (HARMLESS, DOUBLES, True)
    assert (look.json, look.repeat, look.fresh) == (
        {"publish_id": "v_pub_file~v2-1.123"},
        HARMLESS,
        True,
    )
    assert (up.id, up.url) == ("v_pub_file~v2-1.123", None)
    assert up.notes == (
        "its text does not go with it, as TikTok's inbox takes the video alone: paste it in the app",
    )


def test_a_direct_post_asks_about_the_creator_each_time_and_allows_only_what_it_says(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 4)

    up = publish(
        ACCOUNT, a_film(tmp_path, options={**PRIVATE, "allow": ["comment", "duet"]}), server
    )

    creator, begin, *_ = server.asked
    assert (creator.url, creator.fresh) == (
        "https://open.tiktokapis.com/v2/post/publish/creator_info/query/",
        True,
    )
    assert begin.url == "https://open.tiktokapis.com/v2/post/publish/video/init/"
    assert begin.json["post_info"] == {
        "title": "Welcome back",
        "privacy_level": "SELF_ONLY",
        "disable_comment": False,
        "disable_duet": False,
        "disable_stitch": True,
    }
    assert up.notes == ()


def test_what_the_creator_has_switched_off_stays_off(tmp_path: Path) -> None:
    stand_in = TikTok()

    publish(
        ACCOUNT,
        a_film(tmp_path, options={**PRIVATE, "allow": ["comment"]}),
        asking(stand_in, PLATFORM, ACCOUNT, SECRETS),
    )

    assert [one["info"]["disable_comment"] for one in stand_in.uploads.values()] == [True]


def test_photos_are_fetched_from_public_addresses_in_their_order(tmp_path: Path) -> None:
    server = scripted(*[documented] * 5)
    post = photos(tmp_path, title="Term", options=PUBLIC)

    publish(AUDITED, post, server)

    _, first, second, content, _ = server.asked
    assert content.json == {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {
            "title": "Term",
            "description": "Welcome back",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": True,
        },
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_cover_index": 0,
            "photo_images": [first.documented().json()["url"], second.documented().json()["url"]],
        },
    }


def test_photos_for_the_inbox_are_put_there(tmp_path: Path) -> None:
    server = scripted(*[documented] * 4)

    publish(ACCOUNT, photos(tmp_path, title=""), server)

    _, _, content, _ = server.asked
    assert content.json["post_mode"] == "MEDIA_UPLOAD"
    assert content.json["post_info"] == {"description": "Welcome back"}


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (partial(a_film, options={"mode": "direct"}), "TikTok wants you to say who sees a post"),
        (
            partial(a_film, options=PUBLIC),
            "not audited cannot post for PUBLIC_TO_EVERYONE, only for SELF_ONLY",
        ),
        (
            lambda folder: a_post(media=(a_video(folder, width=320),)),
            "is 320x1920; TikTok takes videos of 360 to 4096 pixels a side",
        ),
        (lambda folder: a_post(media=(a_video(folder, height=4100),)), "is 1080x4100"),
        (
            partial(a_film, options=PRIVATE, text="x" * 2199 + "🎒"),
            "text of a video on TikTok has at most 2200 UTF-16 units, and this one 2201",
        ),
        (
            partial(photos, title="x" * 89 + "🎒"),
            "title of photos on TikTok has at most 90 UTF-16 units, and this one 91",
        ),
    ],
)
def test_what_tiktok_would_refuse_is_refused_before_anything_leaves(
    post: Callable[[Path], Post], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, post(tmp_path), untouched)

    assert untouched.asked == []


@pytest.mark.parametrize(
    "post",
    [
        partial(a_film, title="x" * 200, options=PRIVATE),  # which never leaves
        partial(a_film, text="x" * 2200, options=PRIVATE),
        partial(a_film, text="x" * 4000),  # a person pastes it
        partial(photos, title="x" * 90, text="x" * 4000),
    ],
)
def test_what_tiktok_takes_is_not_refused(post: Callable[[Path], Post], tmp_path: Path) -> None:
    stand_in = TikTok()

    publish(ACCOUNT, post(tmp_path), asking(stand_in, PLATFORM, ACCOUNT, SECRETS))

    assert len(stand_in.up) == 1
    assert (PLATFORM.limits.text, PLATFORM.limits.title) == (4000, None)


@pytest.mark.parametrize(
    ("creator", "post", "why"),
    [
        (
            {"privacy_level_options": ["FOLLOWER_OF_CREATOR"]},
            PRIVATE,
            "cannot post for SELF_ONLY now; it can for FOLLOWER_OF_CREATOR",
        ),
        (
            {"max_video_post_duration_sec": 10},
            PRIVATE,
            r"talk\.mp4 lasts 12 s, and this account may post 10 s",
        ),
    ],
)
def test_what_the_account_may_not_is_refused_before_anything_is_uploaded(
    creator: dict[str, Any], post: dict[str, str], why: str, tmp_path: Path
) -> None:
    stand_in = TikTok()
    stand_in.creator |= creator

    with pytest.raises(Rejected, match=why):
        publish(
            ACCOUNT, a_film(tmp_path, options=post), asking(stand_in, PLATFORM, ACCOUNT, SECRETS)
        )

    assert stand_in.uploads == {}


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (401, "access_token_invalid", LoginNeeded),
        (401, "scope_not_authorized", LoginNeeded),
        (429, "rate_limit_exceeded", TryLater),
        (403, "spam_risk_too_many_posts", TryLater),
        (403, "reached_active_user_cap", TryLater),
        (403, "unaudited_client_can_only_post_to_private_accounts", Rejected),
        (400, "invalid_params", Rejected),
    ],
)
def test_an_error_is_known_by_its_code(
    status: int, code: str, error: type[PublishError], tmp_path: Path
) -> None:
    server = scripted(*[documented] * 3)
    publish(ACCOUNT, a_film(tmp_path), server)

    with pytest.raises(PublishError) as raised:
        judged(tiktok_stand_in.no(status, code).response, server.asked[0], PLATFORM, "main", DUE)

    assert type(raised.value) is error


def test_a_no_with_a_200_is_a_no(tmp_path: Path) -> None:
    for code, error in (
        ("spam_risk_too_many_posts", TryLater),
        ("spam_risk_user_banned_from_posting", Rejected),
    ):
        with pytest.raises(error, match=f"TikTok said no: {code}"):
            publish(
                ACCOUNT,
                a_film(tmp_path, options=PRIVATE),
                scripted(ok(data={}, error={"code": code, "message": ""})),
            )


def test_an_upload_that_is_refused_without_tiktoks_own_words_is_in_doubt(tmp_path: Path) -> None:
    """Its address may have ended, or something in front refuses what TikTok has: the status of the upload says which."""
    with pytest.raises(InDoubt):
        publish(ACCOUNT, a_film(tmp_path), asking(TikTok(ended=True), PLATFORM, ACCOUNT, SECRETS))


def test_the_code_of_a_refused_sign_in_is_read_and_no_json_is_known_by_its_status() -> None:
    assert (
        PLATFORM.error_code(
            ok(400, error="invalid_grant", error_description="Authorization code is expired")
        )
        == "invalid_grant"
    )
    assert PLATFORM.error_code(Response(status=416, body=b"<html>")) == "416"


def test_a_post_keeps_the_id_that_lists_show(tmp_path: Path) -> None:
    film = a_film(tmp_path, options=PUBLIC)

    up = publish(AUDITED, film, asking(TikTok(audited=True), PLATFORM, AUDITED, SECRETS))

    assert up.ref == {"ids": [up.id, "7300"]}


def lost(**more: Any) -> Lost:
    return Lost(
        left_at=DUE,
        answers={
            "begin": Response.of(ANSWERS["begin"]),
            "creator": Response.of(ANSWERS["creator"]),
        },
        **more,
    )


def test_what_became_of_an_upload_is_asked_by_its_id(tmp_path: Path) -> None:
    server = scripted(Response.of(ANSWERS["published"]))

    found = look(PLATFORM, ACCOUNT, a_film(tmp_path), lost(), server)

    assert server.asked[0].json == {"publish_id": "v_pub_file~v2-1.123"}
    assert found == Look(
        found=Found.OURS,
        post=Published(
            id="v_pub_file~v2-1.123",
            url="https://www.tiktok.com/@hillschool/video/7300000000000000000",
            ref={"ids": ["v_pub_file~v2-1.123", "7300000000000000000"]},
        ),
    )


@pytest.mark.parametrize(
    ("told", "says", "why"),
    [
        ({"status": "SEND_TO_USER_INBOX"}, Found.OURS, ""),
        ({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 999}, Found.ABSENT, ""),
        ({"status": "PROCESSING_UPLOAD", "uploaded_bytes": 1000}, Found.FAILED, "processing"),
        ({"status": "PROCESSING_UPLOAD"}, Found.FAILED, "still processing talk.mp4"),
        ({"status": "PROCESSING_DOWNLOAD"}, Found.FAILED, "still processing talk.mp4"),
        ({"status": "SOMETHING_NEW"}, Found.FAILED, "still processing talk.mp4"),
        (
            {"status": "FAILED", "fail_reason": "frame_rate_check_failed"},
            Found.NEAR,
            "made nothing of it: frame_rate_check_failed",
        ),
    ],
)
def test_what_tiktok_says_of_an_upload_decides(
    told: dict[str, Any], says: Found, why: str, tmp_path: Path
) -> None:
    found = look(PLATFORM, ACCOUNT, a_film(tmp_path), lost(), scripted(said(**told)))

    assert found.found is says
    assert why in found.why


def test_an_upload_that_failed_after_its_answer_was_lost_is_left_to_the_person(
    tmp_path: Path,
) -> None:
    row = published_through(
        TikTok(fails="file_format_check_failed", loses=1),
        PLATFORM,
        ACCOUNT,
        a_film(tmp_path),
        tmp_path,
        SECRETS,
    )

    assert row.status == "in doubt"
    assert "file_format_check_failed" in (row.error or "")


def listed(*posts: dict[str, Any], **more: Any) -> Response:
    """A list of public posts; by default the last page of it."""
    ours = {
        "id": "1",
        "create_time": CREATED_AT,
        "title": "",
        "video_description": "Welcome back",
        "share_url": "https://www.tiktok.com/@hillschool/video/1?utm_source=x",
    }
    return said(**{"videos": [{**ours, **one} for one in posts], "has_more": False, **more})


def looked(post: Post, *pages: Response, **known: Any) -> Look:
    return look(PLATFORM, ACCOUNT, post, Lost(left_at=DUE, **known), scripted(*pages))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({}, Found.OURS),
        ({"video_description": "Welcome  back\n"}, Found.OURS),
        ({"video_description": "", "title": "Welcome back"}, Found.OURS),
        ({"video_description": "Welcome back!"}, Found.NEAR),
        ({"video_description": "Another"}, Found.FAILED),
        ({"create_time": CREATED_AT - 100_000}, Found.FAILED),
        ({"id": "7"}, Found.FAILED),
        ({"share_url": "https://www.tiktok.com/@hillschool/photo/8"}, Found.FAILED),
    ],
    ids=[
        "ours",
        "other white space",
        "told as a title",
        "almost the text",
        "another text",
        "from before",
        "another delivery's",
        "resolved by its address",
    ],
)
def test_photos_whose_id_is_not_known_are_found_by_their_text_and_never_absent(
    other: dict[str, Any], says: Found, tmp_path: Path
) -> None:
    """Row tiktok, F12: what TikTok still looks through stands in no list."""
    others = frozenset({"7", "https://www.tiktok.com/@hillschool/video/8"})

    found = looked(photos(tmp_path, options=PUBLIC), listed(other), others=others)

    assert found.found is says


def test_an_earlier_post_with_the_same_words_may_be_known_by_another_id(tmp_path: Path) -> None:
    """F9, TT3."""
    others = frozenset({"p_pub_url~v2.123"})

    found = looked(photos(tmp_path, options=PUBLIC), listed({}), others=others)

    assert found.found is Found.NEAR
    assert "may be an earlier one of yours" in found.why


@pytest.mark.parametrize(
    ("told", "says"),
    [("", Found.NEAR), ("Another", Found.FAILED)],
)
def test_photos_without_words_are_not_any_post(told: str, says: Found, tmp_path: Path) -> None:
    """F9, TT1."""
    post = photos(tmp_path, text="", title="", options=PUBLIC)

    assert looked(post, listed({"video_description": told})).found is says


@pytest.mark.parametrize("options", [PRIVATE, {}], ids=["private", "inbox"])
def test_what_is_not_public_is_looked_for_in_no_list(
    options: dict[str, str], tmp_path: Path
) -> None:
    found = looked(photos(tmp_path, options=options))

    assert (found.found, found.why) == (
        Found.FAILED,
        "TikTok lists public posts alone: look in the app",
    )


def test_public_posts_are_read_to_their_end_though_a_page_is_empty(tmp_path: Path) -> None:
    """TikTok leaves out what it wants from a page, and says so by `has_more` alone."""
    first = listed(has_more=True, cursor=1_643_332_803_000)
    server = scripted(first, listed({}, cursor=1_643_332_803_000))

    found = look(PLATFORM, ACCOUNT, photos(tmp_path, options=PUBLIC), Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    assert [request.json for request in server.asked] == [
        {"max_count": 20},
        {"max_count": 20, "cursor": 1_643_332_803_000},
    ]


def test_later_posts_do_not_have_to_be_listed_by_the_ids_of_their_uploads(tmp_path: Path) -> None:
    newer = {"p_pub_url~v2.5", "5"}

    another = listed({"id": "2", "video_description": "Another"})
    behind = looked(photos(tmp_path, options=PUBLIC), another, newer=frozenset(newer))
    found = looked(
        photos(tmp_path, options=PUBLIC),
        listed({}, {"id": "5", "video_description": "Another", "share_url": None}),
        newer=frozenset(newer),
        others=frozenset({"5"}),
    )

    assert behind.why == "the list of posts is behind: a post that was published later is not in it"
    assert found.found is Found.OURS


def test_the_days_posts_and_the_minutes_are_worth_another_try(tmp_path: Path) -> None:
    pending = {str(nth): {"kind": "inbox"} for nth in range(5)}

    for stand_in in (TikTok(inits=6), TikTok(up=pending)):
        with pytest.raises(TryLater):
            publish(ACCOUNT, a_film(tmp_path), asking(stand_in, PLATFORM, ACCOUNT, SECRETS))


def test_what_an_app_that_is_not_audited_may_do_is_said() -> None:
    (said,) = PLATFORM.notices(ACCOUNT, date(2026, 11, 25))

    assert "SELF_ONLY, to accounts that are private" in said
    assert list(PLATFORM.notices(AUDITED, date(2026, 11, 25))) == []


def test_a_token_is_renewed_with_the_refresh_token_that_came_last() -> None:
    assert PLATFORM.session
    server = scripted(ok(access_token="new", refresh_token="r1", expires_in=86_400))

    made = PLATFORM.session(
        ACCOUNT, {"token": "old", "refresh": "r0", "client_id": "key", "client_secret": "s"}, server
    )

    assert server.asked[0].url == "https://open.tiktokapis.com/v2/oauth/token/"
    assert server.asked[0].form == {
        "grant_type": "refresh_token",
        "refresh_token": "{refresh}",
        "client_key": "{client_id}",
        "client_secret": "{client_secret}",
    }
    assert made == {"token": "new", "refresh": "r1", "expires_in": "86400"}


def test_an_expired_token_holds_the_delivery_until_somebody_logs_in(tmp_path: Path) -> None:
    assert (
        published_through(
            TikTok(token="another"), PLATFORM, ACCOUNT, a_film(tmp_path), tmp_path, SECRETS
        ).status
        == "held"
    )


def test_whoami_is_the_name_that_is_shown() -> None:
    assert whoami(ACCOUNT, asking(TikTok(), PLATFORM, ACCOUNT, SECRETS)) == "Hill School"
