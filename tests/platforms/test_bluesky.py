"""What a Bluesky server is asked: records that can be sent again, facets by bytes, sessions that are not made anew."""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    InDoubt,
    Link,
    LoginNeeded,
    Lost,
    Media,
    Post,
    Published,
    PublishError,
    Rejected,
    Response,
    Span,
    TryLater,
    as_plain,
    filled,
    post_from,
)
from platforms.bluesky import (
    CID,
    DID,
    PLATFORM,
    end_of,
    publish,
    record_key,
    session,
    tid,
    whoami,
)
from platforms.recent import Found, Look, look
from scheduler.engine.rehearsal import Rehearsal
from tests.support import DUE, a_post, a_video, an_image, documented, scripted

ANSWERS = Path(__file__).parent / "answers"
ACCOUNT = Account(
    name="bluesky",
    platform="bluesky",
    settings={"server": "https://pds.example", "handle": "alice.test"},
)
ROOT = {"uri": "at://did:plc:abc/app.bsky.feed.post/3ke6kg3wk2222", "cid": "bafyroot"}
PARENT = {"uri": "at://did:plc:abc/app.bsky.feed.post/3ke6kg3wk2223", "cid": "bafyparent"}
REPLY = Response.of({**PARENT, "value": {"reply": {"root": ROOT, "parent": ROOT}}})


def answer(name: str) -> Response:
    return Response(body=(ANSWERS / f"bluesky_{name}.json").read_bytes())


def refusal(name: str, error: type[PublishError] = Rejected, status: int = 400) -> PublishError:
    return error(name, replace(answer(name), status=status))


def with_spans(text: str, *parts: tuple[str, str, str]) -> Post:
    """A post with spans: (kind, as shown, value)."""

    def span(kind: str, shown: str, value: str) -> Span:
        start = text.index(shown)
        return Span(kind=kind, start=start, end=start + len(shown), value=value)

    return a_post(text=text, spans=tuple(span(*part) for part in parts))


def record_of(post: Post, *answers: Any) -> dict[str, Any]:
    server = scripted(*answers, documented)
    publish(ACCOUNT, post, server)
    record: dict[str, Any] = server.asked[-1].json["record"]
    return record


def test_a_post_is_a_record_that_may_not_exist_yet_under_a_key_of_our_own() -> None:
    server = scripted(answer("put"))

    up = publish(ACCOUNT, a_post(), server)

    (put,) = server.asked
    assert (put.method, put.url) == ("POST", "https://pds.example/xrpc/com.atproto.repo.putRecord")
    assert (put.repeat, put.remembered) == (DROPPED, FOREVER)
    assert put.json == {
        "repo": "alice.test",
        "collection": "app.bsky.feed.post",
        "rkey": record_key(a_post()),
        "swapRecord": None,
        "record": {
            "$type": "app.bsky.feed.post",
            "text": "Welcome back",
            "createdAt": "2026-09-07T08:30:00.000Z",
            "langs": ["en"],
        },
    }
    told = answer("put").json()
    own = {"uri": told["uri"], "cid": told["cid"]}
    assert up == Published(
        id=told["uri"],
        url="https://bsky.app/profile/alice.test/post/3ke6kg3wk2227",
        ref={**own, "root": own},
    )


def test_a_handle_may_be_written_with_its_at_sign_and_a_server_with_a_slash() -> None:
    server = scripted(documented)

    publish(
        replace(ACCOUNT, settings={"server": "pds.example/", "handle": "@alice.test"}),
        a_post(),
        server,
    )

    assert server.asked[0].json["repo"] == "alice.test"
    assert server.asked[0].url.startswith("https://pds.example/xrpc/")


def test_the_same_post_is_the_same_record_every_time_wherever_it_comes_from(tmp_path: Path) -> None:
    post = a_post(
        media=(an_image(tmp_path),),
        due=datetime(2026, 9, 7, 9, 30, tzinfo=timezone(timedelta(hours=1))),
    )
    first, second = scripted(*[documented] * 2), scripted(*[documented] * 2)

    publish(ACCOUNT, post, first)
    publish(ACCOUNT, post_from(as_plain(post)), second)

    assert first.asked[-1].digest == second.asked[-1].digest
    assert first.asked[-1].json["record"]["createdAt"] == "2026-09-07T08:30:00.000Z"


def test_a_record_is_dated_by_its_first_attempt_and_named_by_its_due_time() -> None:
    on_time, late = scripted(documented), scripted(documented)

    publish(ACCOUNT, a_post(), on_time)
    publish(ACCOUNT, a_post(sent_at=DUE + timedelta(hours=1)), late)

    assert late.asked[-1].json["record"]["createdAt"] == "2026-09-07T09:30:00.000Z"
    assert late.asked[-1].json["rkey"] == on_time.asked[-1].json["rkey"]


def test_a_tid_is_spelled_as_the_specification_does() -> None:
    assert tid(1_700_000_000_000_000, 5) == "3ke6kg3wk2227"


def test_record_keys_sort_by_due_second_and_differ_by_the_posts_key() -> None:
    due = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
    one, other = a_post(key="one", due=due), a_post(key="other", due=due)
    later = a_post(key="one", due=due + timedelta(seconds=1))

    keys = [record_key(post) for post in (one, other, later)]

    assert len(set(keys)) == 3
    assert max(keys[:2]) < keys[2]
    assert all(
        re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", key)
        for key in keys
    )


def test_a_thousand_posts_of_one_second_have_a_thousand_keys() -> None:
    assert len({record_key(a_post(key=str(number))) for number in range(1000)}) == 1000


def test_facets_are_counted_in_utf_8_bytes() -> None:
    post = with_spans(
        "✨ example mentioning @atproto.com to share the URL 👨‍❤️‍👨 https://en.wikipedia.org/wiki/CBOR.",
        ("mention", "@atproto.com", "atproto.com"),
        ("link", "https://en.wikipedia.org/wiki/CBOR", "https://en.wikipedia.org/wiki/CBOR"),
    )

    record = record_of(post, answer("handle"))

    assert record["facets"] == [
        {
            "index": {"byteStart": 23, "byteEnd": 35},
            "features": [
                {"$type": "app.bsky.richtext.facet#mention", "did": answer("handle").json()["did"]}
            ],
        },
        {
            "index": {"byteStart": 74, "byteEnd": 108},
            "features": [
                {
                    "$type": "app.bsky.richtext.facet#link",
                    "uri": "https://en.wikipedia.org/wiki/CBOR",
                }
            ],
        },
    ]


def test_a_tag_loses_its_sign_and_one_that_is_too_long_stays_text() -> None:
    long = "x" * 65
    record = record_of(
        with_spans(f"Café #maths #{long}", ("tag", "#maths", "maths"), ("tag", f"#{long}", long))
    )

    assert record["facets"] == [
        {
            "index": {"byteStart": 6, "byteEnd": 12},
            "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "maths"}],
        }
    ]


def test_a_shortened_link_points_at_its_whole_address() -> None:
    record = record_of(
        with_spans(
            "See example.org/very…", ("link", "example.org/very…", "https://example.org/very/long")
        )
    )

    (facet,) = record["facets"]
    assert facet["features"][0]["uri"] == "https://example.org/very/long"
    assert facet["index"] == {"byteStart": 4, "byteEnd": 23}


def test_a_mention_is_looked_up_by_anybody_and_stays_text_where_nobody_has_the_name() -> None:
    server = scripted(refusal("handle_not_found"), documented)

    publish(
        ACCOUNT, with_spans("Hi @nobody.test", ("mention", "@nobody.test", "nobody.test")), server
    )

    look, put = server.asked
    assert (look.url, look.repeat, look.anonymous) == (
        "https://pds.example/xrpc/com.atproto.identity.resolveHandle?handle=nobody.test",
        HARMLESS,
        True,
    )
    assert "facets" not in put.json["record"]


def test_a_mention_that_cannot_be_looked_up_now_is_worth_another_try() -> None:
    with pytest.raises(TryLater):
        publish(
            ACCOUNT,
            with_spans("Hi @bob.test", ("mention", "@bob.test", "bob.test")),
            scripted(TryLater("503")),
        )


def test_images_leave_raw_and_have_alt_and_shape(tmp_path: Path) -> None:
    door = an_image(tmp_path, size=(64, 48))
    server = scripted(answer("blob"), documented)

    publish(ACCOUNT, a_post(media=(door,), link=Link(url="https://example.org")), server)

    upload, put = server.asked
    assert (upload.url, upload.body, upload.headers) == (
        "https://pds.example/xrpc/com.atproto.repo.uploadBlob",
        door,
        {"Content-Type": "image/png"},
    )
    assert upload.repeat is HARMLESS
    assert put.json["record"]["embed"] == {
        "$type": "app.bsky.embed.images",
        "images": [
            {
                "alt": "The school door",
                "image": answer("blob").json()["blob"],
                "aspectRatio": {"width": 64, "height": 48},
            }
        ],
    }


def test_a_video_stands_alone_with_its_captions(tmp_path: Path) -> None:
    (tmp_path / "talk.vtt").write_text("WEBVTT\n")
    said = Media(file=tmp_path / "talk.vtt", type="text/vtt", size=7, digest="5" * 64)
    film = replace(a_video(tmp_path), captions=said)
    server = scripted(answer("blob"), answer("blob"), documented)

    publish(ACCOUNT, a_post(media=(film,), language="cy"), server)

    captions, upload, put = server.asked
    assert [(one.headers["Content-Type"], one.body) for one in (captions, upload)] == [
        ("text/vtt", said),
        ("video/mp4", film),
    ]
    blob = answer("blob").json()["blob"]
    assert put.json["record"]["embed"] == {
        "$type": "app.bsky.embed.video",
        "video": blob,
        "alt": "Ms Ada at the board",
        "captions": [{"lang": "cy", "file": blob}],
        "aspectRatio": {"width": 1080, "height": 1920},
    }
    result = looked(a_post(media=(film,), language="cy"), scripted(standing(put.json["record"])))
    assert result.found is Found.OURS
    with pytest.raises(Rejected, match="at most 20 kB"):
        publish(
            ACCOUNT, a_post(media=(replace(film, captions=replace(said, size=20_001)),)), scripted()
        )


def test_an_image_without_alt_or_size_says_so_as_the_schema_wants_it(tmp_path: Path) -> None:
    bare = replace(an_image(tmp_path), alt="", width=None, height=None)

    record = record_of(a_post(media=(bare,)), answer("blob"))

    assert record["embed"]["images"] == [{"alt": "", "image": answer("blob").json()["blob"]}]


def test_a_link_becomes_a_card_with_its_picture(tmp_path: Path) -> None:
    link = Link(
        url="https://example.org/term",
        title="Term dates",
        description="All of them",
        image=an_image(tmp_path),
    )

    record = record_of(a_post(link=link), answer("blob"))

    assert record["embed"] == {
        "$type": "app.bsky.embed.external",
        "external": {
            "uri": "https://example.org/term",
            "title": "Term dates",
            "description": "All of them",
            "thumb": answer("blob").json()["blob"],
        },
    }


def test_a_card_without_a_title_shows_its_address() -> None:
    record = record_of(a_post(link=Link(url="https://example.org/term")))

    assert record["embed"]["external"] == {
        "uri": "https://example.org/term",
        "title": "https://example.org/term",
        "description": "",
    }


def test_a_blob_that_is_gone_is_uploaded_again_and_the_record_stays_the_same(
    tmp_path: Path,
) -> None:
    server = scripted(
        answer("blob"), refusal("blob_not_found", TryLater), answer("blob"), documented
    )

    publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    _, first, again, second = server.asked
    assert again.fresh
    assert first.digest == second.digest


def test_a_server_that_asks_for_patience_is_not_asked_again() -> None:
    server = scripted(TryLater("429", Response.of({"error": "RateLimitExceeded"}, 429), after=30))

    with pytest.raises(TryLater):
        publish(ACCOUNT, a_post(), server)

    assert len(server.asked) == 1


def test_a_reply_names_the_first_post_and_the_one_before() -> None:
    before = Published(id=PARENT["uri"], ref={**PARENT, "root": ROOT})
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(reply_to=before), server)

    assert server.asked[0].json["record"]["reply"] == {"root": ROOT, "parent": PARENT}
    assert up.ref["root"] == ROOT


def test_a_reply_to_a_post_that_a_person_found_asks_the_server_for_its_record() -> None:
    url = "https://bsky.app/profile/alice.test/post/3ke6kg3wk2223"
    server = scripted(REPLY, documented)

    publish(ACCOUNT, a_post(reply_to=Published(id=url, url=url)), server)

    look, put = server.asked
    assert look.url.endswith(
        "getRecord?repo=alice.test&collection=app.bsky.feed.post&rkey=3ke6kg3wk2223"
    )
    assert put.json["record"]["reply"] == {"root": ROOT, "parent": PARENT}


def looked(post: Post, server: Any, **lost: Any) -> Look:
    return look(PLATFORM, ACCOUNT, post, Lost(**{"left_at": post.date, **lost}), server)


def standing(record: dict[str, Any]) -> Response:
    """The answer that shows this record."""
    return Response.of({**PARENT, "value": record})


def test_a_post_that_is_up_is_found_by_its_key_and_is_what_publishing_it_returned() -> None:
    server = scripted(answer("record"))

    result = looked(a_post(), server)

    assert server.asked[0].url.endswith(f"&rkey={record_key(a_post())}")
    assert result == Look(
        found=Found.OURS, post=publish(ACCOUNT, a_post(), scripted(answer("put")))
    )


def test_a_reply_is_found_with_its_root() -> None:
    before = Published(id=PARENT["uri"], ref={**PARENT, "root": ROOT})
    post = a_post(reply_to=before)

    result = looked(post, scripted(standing(record_of(post))))

    assert result.found is Found.OURS
    assert result.post
    assert result.post.ref == {**PARENT, "root": ROOT}


def test_a_reply_to_a_post_that_a_person_found_is_found_too() -> None:
    url = "https://bsky.app/profile/alice.test/post/3ke6kg3wk2223"
    post = a_post(reply_to=Published(id=url, url=url))

    result = looked(post, scripted(standing(record_of(post, REPLY))))

    assert result.found is Found.OURS


CARD = Link(url="https://example.org/term", title="Term dates")


def variants(folder: Path) -> dict[str, Post]:
    """Posts of one key that are not the same."""
    door = an_image(folder)
    before = Published(id=PARENT["uri"], ref={**PARENT, "root": ROOT})
    return {
        "text": a_post(),
        "other text": a_post(text="Welcome home"),
        "image": a_post(media=(door,)),
        "other alt": a_post(media=(replace(door, alt="Another door"),)),
        "two images": a_post(media=(door, door)),
        "video": a_post(media=(a_video(folder),)),
        "card": a_post(link=CARD),
        "other card": a_post(link=replace(CARD, url="https://example.org/other")),
        "image, card not shown": a_post(media=(door, door, door), link=CARD),
        "reply": a_post(reply_to=before),
        "other reply": a_post(reply_to=Published(id=ROOT["uri"], ref={**ROOT, "root": ROOT})),
        "other time": a_post(sent_at=a_post().due + timedelta(milliseconds=1)),
    }


def test_a_record_under_our_key_is_near_where_anything_in_it_is_not_ours(tmp_path: Path) -> None:
    posts = variants(tmp_path)
    records = {
        name: record_of(post, *[documented] * len(post.media)) for name, post in posts.items()
    }
    for name, record in records.items():
        record["createdAt"] = (
            f"{posts[name].date:%Y-%m-%dT%H:%M:%S.}{posts[name].date.microsecond // 1000:03}Z"
        )

    for name, post in posts.items():
        assert looked(post, scripted(standing(records[name]))).found is Found.OURS
        for other in posts.keys() - {name}:
            result = looked(post, scripted(standing(records[other])))
            assert (result.found, bool(result.post)) == (Found.NEAR, True), (name, other)


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"text": "Welcome home"}, "its text"),
        ({"reply": {"root": ROOT, "parent": ROOT}}, "what it answers"),
        ({"createdAt": "2026-09-07T08:30:00.001Z"}, "its time"),
        ({"createdAt": None}, "its time"),
        (
            {"createdAt": "2026-09-08T08:30:00.000Z", "reply": {"root": ROOT, "parent": ROOT}},
            "what it answers and its time",
        ),
    ],
)
def test_what_another_calendars_record_under_our_key_differs_in_is_named(
    changes: dict[str, Any], differs: str
) -> None:
    record = {**answer("record").json()["value"], **changes}

    result = looked(a_post(), scripted(standing(record)))

    assert result.found is Found.NEAR
    assert result.why.startswith(f"a post that differs in {differs} has the record key")
    assert result.post
    assert result.post.url == "https://bsky.app/profile/alice.test/post/3ke6kg3wk2223"


def test_pictures_are_compared_by_their_content_where_the_upload_is_known(tmp_path: Path) -> None:
    post = a_post(media=(an_image(tmp_path),))
    record = record_of(post, answer("blob"))
    other = Response.of({"blob": {"ref": {"$link": "bafkreiother"}}})

    ours = looked(post, scripted(standing(record)), answers={"upload 1": answer("blob")})
    near = looked(post, scripted(standing(record)), answers={"upload 1": other})

    assert (ours.found, near.found) == (Found.OURS, Found.NEAR)


def test_a_record_of_an_earlier_version_has_the_due_time() -> None:
    post = a_post(sent_at=a_post().due + timedelta(hours=1))

    sent_before = looked(post, scripted(answer("record")), left_at=post.due)
    sent_now = looked(post, scripted(answer("record")))

    assert (sent_before.found, sent_now.found) == (Found.OURS, Found.NEAR)


def test_a_record_that_is_not_there_is_a_no_and_any_other_refusal_is_not() -> None:
    missing = looked(a_post(), scripted(refusal("record_not_found")))

    assert missing == Look(found=Found.ABSENT)
    with pytest.raises(Rejected):
        looked(
            a_post(), scripted(Rejected("no repo", Response.of({"error": "InvalidRequest"}, 400)))
        )


def test_a_first_session_is_a_login_and_the_password_is_in_no_request() -> None:
    server = scripted(answer("session"))

    kept = session(ACCOUNT, {"app_password": "ptd6-chj7"}, server)

    (login,) = server.asked
    assert login.url == "https://pds.example/xrpc/com.atproto.server.createSession"
    assert login.json == {"identifier": "alice.test", "password": "{app_password}"}
    assert filled(login, {"app_password": "ptd6-chj7"}).json["password"] == "ptd6-chj7"
    assert kept == {"token": "an-access-token", "refresh": "a-refresh-token"}


def test_a_session_that_ended_is_refreshed_without_a_login() -> None:
    server = scripted(answer("session"))

    session(ACCOUNT, {"app_password": "p", "refresh": "r", "token": "t"}, server)

    (refresh,) = server.asked
    assert (refresh.url, refresh.json) == (
        "https://pds.example/xrpc/com.atproto.server.refreshSession",
        None,
    )
    assert filled(refresh, {"refresh": "r"}).headers == {"Authorization": "Bearer r"}


@pytest.mark.parametrize("refused", [LoginNeeded("ExpiredToken"), Rejected("400")])
def test_a_refresh_that_is_refused_ends_in_a_login(refused: PublishError) -> None:
    server = scripted(refused, answer("session"))

    session(ACCOUNT, {"app_password": "p", "refresh": "r"}, server)

    assert [one.step for one in server.asked] == ["refresh", "login"]


def test_a_refresh_that_is_only_postponed_costs_no_login() -> None:
    server = scripted(TryLater("503"))

    with pytest.raises(TryLater):
        session(ACCOUNT, {"app_password": "p", "refresh": "r"}, server)

    assert len(server.asked) == 1


def test_whoami_is_the_handle() -> None:
    assert whoami(ACCOUNT, scripted(answer("session"))) == "@alice.test"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("invalid_token", LoginNeeded),
        ("invalid_swap", InDoubt),
        ("blob_not_found", TryLater),
        ("record_not_found", None),
    ],
)
def test_an_error_is_known_by_its_name_and_not_by_its_status(
    name: str, error: type[PublishError] | None
) -> None:
    assert PLATFORM.errors.get(PLATFORM.error_code(answer(name))) is error


def test_the_documented_answers_name_the_record_that_was_asked_for() -> None:
    up = publish(ACCOUNT, a_post(), scripted(documented))

    assert up.ref["cid"] == CID
    assert up.id == f"at://{DID}/app.bsky.feed.post/{record_key(a_post())}"
    assert json.dumps(as_plain(up))


def a_token(**claims: object) -> str:
    parts = ({"alg": "ES256K", "exp": 1}, claims)
    encoded = (urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join((*encoded, "signature"))


def test_a_session_ends_when_its_token_says_so():
    assert end_of(a_token(exp=1788769800)) == {"ends": "2026-09-07T08:30:00+00:00"}


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", a_token(), a_token(exp=[])])
def test_of_a_token_that_says_nothing_no_end_is_known(token: str):
    assert end_of(token) == {}


def test_the_steps_of_pictures_are_counted_from_one(tmp_path: Path):
    media = (an_image(tmp_path), an_image(tmp_path, "bicycle.png", colour="green"))
    rehearsal = Rehearsal()

    publish(ACCOUNT, a_post(media=media), rehearsal)

    assert [one.step for one in rehearsal.asked][:2] == ["upload 1", "upload 2"]
