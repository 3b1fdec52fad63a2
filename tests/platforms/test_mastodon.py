"""What a Mastodon server is asked, and that a post that is up is found on servers that change what they show."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    HARMLESS,
    Account,
    InDoubt,
    LoginNeeded,
    Lost,
    Media,
    Published,
    Rejected,
    Request,
    Response,
    TryLater,
    as_plain,
    post_from,
)
from platforms.mastodon import LIMITS, LOOKS, PAGES, PLATFORM, asking, publish, whoami
from tests.support import FIRST, a_post, an_image, documented, found_by, ok, scripted

find = found_by(PLATFORM)
ANSWERS = Path(__file__).parent / "answers"
ACCOUNT = Account(
    name="fediverse", platform="mastodon", settings={"server": "https://example.social"}
)
NOT_THERE = Rejected("404", Response.of({"error": "Record not found"}, 404))
SHOWN = "Welcome back, @ben@example.social!\n\n#TeachersOfEurope\nCafé & tea 👨‍❤️‍👨, 2 < 3: https://example.org/a/rather/long/path?x=1&y=2"


def answer(name: str) -> Any:
    return json.loads((ANSWERS / f"mastodon_{name}.json").read_text())


def status(
    shown: str = "Welcome back", created: str = "2026-09-07T08:30:02.000Z", **changes: Any
) -> dict[str, Any]:
    return {**answer("status"), "content": f"<p>{shown}</p>", "created_at": created, **changes}


def a_server(
    *statuses: dict[str, Any],
    sources: dict[str, str] | None = None,
    home: tuple[dict[str, Any], ...] = (),
    privacy: str = "public",
) -> Callable[[Request], Response]:
    """Lists those statuses, on one page each; knows the sources of some."""

    def answered(request: Request) -> Response:
        path = request.url.removeprefix("https://example.social/api/v1/")
        if path == "accounts/verify_credentials":
            return ok(id="109000000000000001", acct="ada", source={"privacy": privacy})
        if path.endswith("/source"):
            if path.split("/")[1] in (sources or {}):
                return ok(text=(sources or {})[path.split("/")[1]])
            raise NOT_THERE
        assert request.repeat is HARMLESS
        if "max_id" in path:
            return Response.of([])
        return Response.of(list(home if path.startswith("timelines/home") else statuses))

    return answered


def test_the_status_is_the_only_visible_request_and_carries_the_deliverys_key(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 2)

    up = publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    upload, status = server.asked
    assert (upload.url, upload.repeat) == ("https://example.social/api/v2/media", HARMLESS)
    assert (status.method, status.url) == ("POST", "https://example.social/api/v1/statuses")
    assert (status.headers["Idempotency-Key"], status.repeat, status.remembered) == (
        "7f3a9c0d1e2b4a55",
        DROPPED,
        3600,
    )
    assert (up.id, up.url) == (
        "113000000000000001",
        "https://mastodon.social/@ada/113000000000000001",
    )


def test_a_plain_post_leaves_everything_else_to_the_accounts_preferences() -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(language="en-GB"), server)

    assert server.asked[0].json == {"status": "Welcome back", "language": "en"}


def test_visibility_warning_and_reply_are_told() -> None:
    server = scripted(documented)
    options = {"visibility": "unlisted", "content_warning": "Exams", "sensitive": True}

    publish(ACCOUNT, a_post(options=options, reply_to=FIRST), server)

    assert server.asked[0].json == {
        "status": "Welcome back",
        "language": "en",
        "visibility": "unlisted",
        "spoiler_text": "Exams",
        "sensitive": True,
        "in_reply_to_id": "1",
    }


def test_what_is_said_not_to_be_sensitive_is_told_to_be_so() -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(options={"sensitive": False}), server)

    assert server.asked[0].json["sensitive"] is False


def test_a_poll_arrives_as_the_store_keeps_it() -> None:
    server = scripted(documented)
    post = a_post(
        options={"poll": {"answers": ["Paper", "Screen"], "hours": 48, "multiple": False}}
    )

    publish(ACCOUNT, post_from(as_plain(post)), server)

    assert server.asked[0].json["poll"] == {
        "options": ["Paper", "Screen"],
        "expires_in": 172_800,
        "multiple": False,
    }


def test_a_poll_and_media_are_refused_before_anything_is_uploaded(tmp_path: Path) -> None:
    server = scripted()

    with pytest.raises(Rejected, match="a poll or media, not both"):
        publish(
            ACCOUNT,
            a_post(media=(an_image(tmp_path),), options={"poll": {"answers": ["Yes", "No"]}}),
            server,
        )

    assert server.asked == []


def test_a_reply_to_a_post_that_a_person_found_takes_the_id_from_its_url() -> None:
    server = scripted(documented)
    url = "https://example.social/@me/113000000000000009"

    publish(ACCOUNT, a_post(reply_to=Published(id=url, url=url)), server)

    assert server.asked[0].json["in_reply_to_id"] == "113000000000000009"


def test_alt_text_and_focus_leave_with_the_file(tmp_path: Path) -> None:
    server = scripted(*[documented] * 2)
    door = an_image(tmp_path)

    publish(ACCOUNT, a_post(media=(replace(door, focus=(0.5, -0.25)),)), server)

    assert server.asked[0].form == {"description": "The school door", "focus": "0.5,-0.25"}
    assert server.asked[0].files["file"].name == door.name


def test_the_focus_of_a_post_that_comes_from_the_store_leaves_as_well(tmp_path: Path) -> None:
    server = scripted(*[documented] * 2)
    stored = post_from(as_plain(a_post(media=(replace(an_image(tmp_path), focus=(0, 1)),))))

    publish(ACCOUNT, stored, server)

    assert server.asked[0].form == {"description": "The school door", "focus": "0,1"}


def test_files_keep_their_order(tmp_path: Path) -> None:
    server = scripted(ok(id="8", url="..."), ok(id="3", url="..."), documented)

    publish(
        ACCOUNT,
        a_post(media=(an_image(tmp_path), an_image(tmp_path, "b.png", colour="red"))),
        server,
    )

    assert [one.step for one in server.asked] == ["upload 1", "upload 2", "status"]
    assert server.asked[-1].json["media_ids"] == ["8", "3"]


def test_a_file_that_is_ready_is_not_looked_at(tmp_path: Path) -> None:
    media = answer("snac_media")
    server = scripted(ok(**media), documented)

    publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    assert server.asked[-1].json["media_ids"] == [media["id"]]


def test_a_file_still_being_converted_is_looked_at_again_every_two_seconds(tmp_path: Path) -> None:
    accepted, ready = answer("media_accepted"), answer("media_ready")
    server = scripted(ok(202, **accepted), ok(206, **accepted), ok(**ready), documented)

    publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    _, look, again, status = server.asked
    assert (look.method, look.url, look.after, look.fresh) == (
        "GET",
        "https://example.social/api/v1/media/9",
        2,
        True,
    )
    assert again == look
    assert status.json["media_ids"] == ["9"]


def test_a_video_leaves_with_its_alt_text_and_the_status_waits_until_it_is_converted(
    tmp_path: Path,
) -> None:
    (tmp_path / "film.mp4").write_bytes(b"\0\0\0\x18ftypmp42")
    film = Media(
        file=tmp_path / "film.mp4",
        type="video/mp4",
        size=12,
        digest="f" * 64,
        alt="We dance",
        width=320,
        height=240,
        seconds=1.0,
    )
    accepted, ready = answer("media_accepted"), answer("media_ready")
    server = scripted(ok(202, **accepted), ok(206, **accepted), ok(**ready), documented)

    publish(ACCOUNT, post_from(as_plain(a_post(media=(film,)))), server)

    upload, look, status = server.asked[0], server.asked[-2], server.asked[-1]
    assert (upload.url, upload.repeat) == ("https://example.social/api/v2/media", HARMLESS)
    assert upload.files == {"file": film}
    assert upload.form == {"description": "We dance"}
    assert (look.url, look.after) == ("https://example.social/api/v1/media/9", 2)
    assert status.json["media_ids"] == ["9"]


def test_a_file_that_is_never_ready_is_worth_another_try(tmp_path: Path) -> None:
    accepted = answer("media_accepted")
    server = scripted(ok(202, **accepted), *[ok(206, **accepted)] * LOOKS)

    with pytest.raises(TryLater, match=r"still converting door\.png"):
        publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)


def test_what_the_server_made_of_it_without_saying_no_is_noted() -> None:
    post = a_post(options={"visibility": "direct", "poll": {"answers": ["Yes", "No"]}})

    up = publish(ACCOUNT, post, scripted(ok(id="1", url="u", visibility="private", poll=None)))

    assert up.notes == (
        "asked for visibility 'direct', the server made it 'private'",
        "the server left the poll out",
    )


@pytest.mark.parametrize(
    ("poll", "note"),
    [
        (
            {"answers": ["1", "2", "3", "4", "5"]},
            "at most 4 answers, unless the server takes more, and this has 5",
        ),
        (
            {"answers": ["x" * 51, "y"]},
            "at most 50 characters, unless the server takes more: 'x{51}' has 51",
        ),
        (
            {"answers": ["Yes", "No"], "hours": 1000},
            "lasts 5 minutes to 30 days, unless the server takes others, and this 1000 hours",
        ),
        ({"answers": ["Yes", "No"], "hours": 0.05}, "and this 0.05 hours"),
    ],
)
def test_a_poll_that_not_every_server_takes_is_told_before_and_not_when_it_is_up(
    poll: dict[str, Any], note: str
) -> None:
    post = a_post(options={"poll": poll})

    (told,) = publish(ACCOUNT, post, scripted(documented)).notes

    assert re.search(note, told)
    assert publish(ACCOUNT, post, scripted(ok(id="1", poll={"id": "2"}))).notes == ()


def test_a_server_may_be_written_without_its_scheme_or_with_a_slash() -> None:
    for written in ("example.social", "https://example.social/"):
        server = scripted(documented)

        publish(replace(ACCOUNT, settings={"server": written}), a_post(), server)

        assert server.asked[0].url == "https://example.social/api/v1/statuses"


def test_a_post_is_found_although_the_server_shows_mentions_links_and_signs_in_its_own_way() -> (
    None
):
    found = find(ACCOUNT, a_post(text=SHOWN), a_server(answer("status")))

    assert found == Published(
        id="113000000000000001", url="https://mastodon.social/@ada/113000000000000001"
    )


def test_a_post_is_found_on_snac_which_turns_markdown_into_html_and_smileys_into_emoji() -> None:
    up, others = answer("snac_status"), answer("snac_statuses")
    server = scripted(Response.of(answer("snac_account")), Response.of(others))

    found = find(
        ACCOUNT, a_post(text=up["text"], due=datetime.fromisoformat(up["created_at"])), server
    )

    assert found == Published(id=up["id"], url=up["url"])


def test_sources_are_asked_for_only_where_none_looks_like_the_post() -> None:
    """Each is a request, and an account may have had hundreds of posts that day."""
    steps: list[str] = []
    server = a_server(status("Another", id="2"), status("Hello", id="1"))

    def asked(request: Request) -> Response:
        steps.append(request.step)
        return server(request)

    found = find(ACCOUNT, a_post(text="Hello"), asked)

    assert found == Published(id="1", url=answer("status")["url"])
    assert steps == ["account", "list"]


def test_a_text_that_looks_different_is_compared_with_its_source() -> None:
    up = status("Hello <b>bold</b> 🙂")

    assert find(
        ACCOUNT,
        a_post(text="Hello **bold** :-)"),
        a_server(up, sources={up["id"]: "Hello **bold** :-)"}),
    )
    assert not find(
        ACCOUNT,
        a_post(text="Hello **bold** :-("),
        a_server(up, sources={up["id"]: "Hello **bold** :-)"}),
    )


@pytest.mark.parametrize(
    "text",
    [
        "See https://example.org/a_b?x=1&y=2#frag.",
        "Thanks @ben@example.social, @ben@example.social: and (@ben@example.social)",
        "#TeachersOfEurope, #class_4b!\n\n\n- one\n- two\n",
        "👨‍👩‍👧‍👦 🇪🇺 cafe\u0301 – “quoted” 'it' \"so\" & 2 < 3 > 1 \u00a0 end  ",
    ],
)
def test_ordinary_texts_are_found(text: str) -> None:
    shown = (
        text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace('"', "&quot;")
        .replace("'", "&#39;")
        .replace(
            "@ben@example.social",
            '<span class="h-card"><a href="https://example.social/@ben">@<span>ben</span></a></span>',
        )
        .replace("\n\n", "</p><p>")
        .replace("\n", "<br />")
        .strip()
    )

    assert find(ACCOUNT, a_post(text=text), a_server(status(shown)))


@pytest.mark.parametrize(
    "other",
    [
        status("Welcome"),
        status(created="2026-09-06T08:30:05.000Z"),
        status(in_reply_to_id="5"),
        status(media_attachments=[{"id": "1"}]),
        status(reblog=status()),
        status(account={"id": "2"}),
    ],
    ids=[
        "another text",
        "yesterday's of a daily series",
        "a reply",
        "one with a picture",
        "a boost",
        "somebody else's",
    ],
)
def test_another_post_is_not_taken_for_ours(other: dict[str, Any]) -> None:
    assert find(ACCOUNT, a_post(), a_server(other)) is None


def test_a_post_is_found_however_late_the_retry() -> None:
    assert find(ACCOUNT, a_post(), a_server(status(created="2026-09-09T20:00:00.000Z")))


def test_a_reply_is_found_by_what_it_answers_and_a_picture_by_what_it_shows(tmp_path: Path) -> None:
    up = status(
        in_reply_to_id="1", media_attachments=[{"id": "7", "description": "The school door"}]
    )

    assert find(ACCOUNT, a_post(reply_to=FIRST, media=(an_image(tmp_path),)), a_server(up))
    assert not find(
        ACCOUNT, a_post(reply_to=replace(FIRST, id="2"), media=(an_image(tmp_path),)), a_server(up)
    )


DOOR = {"id": "7", "description": "The school door"}


@pytest.mark.parametrize(
    ("alt", "answers", "attached", "is_ours"),
    [
        ("The school door", {"upload 1": ok(id="7")}, {"id": "7", "description": None}, True),
        (
            "The school door",
            {"upload 1": ok(id="7", url="https://x.test/7.png")},
            {"id": "-31", "url": "https://x.test/7.png"},
            True,
        ),
        (
            "",
            {"upload 1": ok(id="7", url=None), "conversion 1": ok(id="7", url="u")},
            {"id": "8", "url": "u"},
            True,
        ),
        ("The school door", {"upload 1": ok(id="6")}, DOOR, True),
        ("The school door", {}, DOOR, True),
        ("The school door", {"upload 1": ok(id="6")}, {"id": "7", "description": None}, False),
        ("The school door", {}, {"id": "7", "description": "A bicycle"}, False),
        ("", {"upload 1": ok(id="6")}, {"id": "7", "description": None}, False),
    ],
    ids=[
        "its upload",
        "by its address",
        "by its address once converted",
        "uploaded again",
        "restored",
        "without words, by hand",
        "another",
        "no words to know it by",
    ],
)
def test_a_picture_without_a_text_is_known_by_its_upload_else_by_what_it_shows(
    alt: str,
    answers: dict[str, Response],
    attached: dict[str, Any],
    is_ours: bool,
    tmp_path: Path,
) -> None:
    assert PLATFORM.find
    post, lost = (
        a_post(text="", media=(an_image(tmp_path, alt=alt),)),
        Lost(left_at=a_post().due, answers=answers),
    )

    found = PLATFORM.find(ACCOUNT, post, lost, a_server(status("", media_attachments=[attached])))

    assert (found is not None) == is_ours


def test_a_picture_without_a_text_is_found_and_so_is_a_warning_that_became_the_text(
    tmp_path: Path,
) -> None:
    assert find(
        ACCOUNT,
        a_post(text="", media=(an_image(tmp_path),)),
        a_server(status("", media_attachments=[DOOR])),
    )
    assert find(
        ACCOUNT, a_post(text="", options={"content_warning": "Exams"}), a_server(status("Exams"))
    )


@pytest.mark.parametrize(
    ("options", "privacy"),
    [({"visibility": "private"}, "public"), ({"visibility": "direct"}, "public"), ({}, "private")],
)
def test_what_is_not_public_is_looked_for_in_the_home_timeline_too(
    options: dict[str, Any], privacy: str
) -> None:
    post = a_post(options=options)

    assert find(
        ACCOUNT, post, a_server(home=(status(account={"id": "2"}), status()), privacy=privacy)
    )
    assert not find(ACCOUNT, post, a_server(privacy=privacy))


def test_older_pages_are_looked_through_until_it_left() -> None:
    pages = [[status("Another", id=f"{page}", text="Another")] for page in (3, 2)]
    own = ok(id="109000000000000001", acct="ada")
    server = scripted(own, *map(Response.of, pages), Response.of([status(id="1")]))

    found = find(ACCOUNT, a_post(), server)

    assert found is not None
    assert found.id == "1"
    assert [one.url.rpartition("&")[2] for one in server.asked[1:]] == [
        "exclude_reblogs=true",
        "max_id=3",
        "max_id=2",
    ]


def test_a_server_that_answers_the_same_page_for_ever_is_left() -> None:
    page = Response.of([status("Another", text="Another")])

    assert (
        find(ACCOUNT, a_post(), scripted(ok(id="109000000000000001", acct="ada"), page, page))
        is None
    )


def test_too_many_posts_to_look_through_is_a_doubt_and_not_a_no() -> None:
    pages = [
        Response.of([status("Another", id=str(page), text="Another")]) for page in range(PAGES)
    ]

    with pytest.raises(InDoubt, match="too many posts since 2026-09-06 20:30 UTC"):
        find(ACCOUNT, a_post(), scripted(ok(id="109000000000000001", acct="ada"), *pages))


def test_a_look_that_fails_is_not_a_no() -> None:
    with pytest.raises(TryLater):
        find(ACCOUNT, a_post(), scripted(ok(id="109000000000000001", acct="ada"), TryLater("429")))


def test_whoami_is_the_accounts_name() -> None:
    assert whoami(ACCOUNT, scripted(Response.of(answer("snac_account")))) == "@alice"


@pytest.mark.parametrize(
    ("status", "error"), [(422, LoginNeeded), (403, LoginNeeded), (404, Rejected)]
)
def test_a_refused_token_needs_a_login_also_where_the_server_does_not_say_401(
    status: int, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        whoami(ACCOUNT, scripted(Rejected(str(status), Response(status=status))))

    assert type(raised.value) is error


def test_a_server_tells_its_own_limits_to_anybody() -> None:
    server = scripted(Response.of(answer("instance_v2")))

    limits = asking(LIMITS)(ACCOUNT, server)

    assert server.asked[0].anonymous
    assert (limits.text, limits.link_length, limits.images, limits.alt) == (500, 23, 4, 1500)
    assert limits.image_types == ("image/jpeg", "image/png", "image/webp", "image/gif")
    assert limits.video_types == ("video/mp4", "video/webm")
    assert (limits.source, limits.counted_options) == (
        "https://example.social",
        ("content_warning",),
    )


def test_a_server_without_the_second_version_is_asked_the_first() -> None:
    server = scripted(NOT_THERE, Response.of(answer("snac_instance_v1")))

    limits = asking(LIMITS)(ACCOUNT, server)

    assert [one.url.rpartition("/api/")[2] for one in server.asked] == [
        "v2/instance",
        "v1/instance",
    ]
    assert (limits.text, limits.link_length, limits.alt) == (100_000, 32, 1500)


def test_a_server_that_tells_only_its_length_keeps_our_other_figures() -> None:
    limits = asking(LIMITS)(ACCOUNT, scripted(NOT_THERE, ok(max_toot_chars=5000)))

    assert limits == replace(PLATFORM.limits, text=5000, source="https://example.social")


def test_a_limit_that_is_no_number_is_none_of_ours() -> None:
    told = {
        "statuses": {"max_characters": "many", "max_media_attachments": [4]},
        "media_attachments": {"image_size_limit": 5000, "video_frame_rate_limit": 60},
    }
    limits = asking(LIMITS)(ACCOUNT, scripted(ok(configuration=told)))

    assert limits == replace(
        PLATFORM.limits, image_bytes=5000, video_rate=60, source="https://example.social"
    )


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("This action is outside the authorized scopes", LoginNeeded),
        ("Cannot attach files that have not finished processing. Try again in a moment!", TryLater),
        ("Validation failed: Cannot attach files that have not finished processing.", TryLater),
        ("Duplicate idempotency key.", InDoubt),
        ("Validation failed: Text character limit of 500 exceeded", None),
    ],
)
def test_an_error_is_known_by_its_words(said: str, error: type[Exception] | None) -> None:
    assert PLATFORM.errors.get(PLATFORM.error_code(Response.of({"error": said}, 422))) is error


def test_the_window_of_a_look_begins_before_the_post_left_because_clocks_differ() -> None:
    early = (a_post().due - timedelta(hours=11)).isoformat()

    assert find(ACCOUNT, a_post(), a_server(status(created=early)))


def test_a_post_that_is_another_deliverys_is_passed_over() -> None:
    assert PLATFORM.find
    server = a_server(status(id="2"), status(id="1"))

    found = PLATFORM.find(
        ACCOUNT, a_post(), Lost(left_at=a_post().due, others=frozenset({"2"})), server
    )

    assert found is not None
    assert found.id == "1"


def test_a_post_is_found_although_our_clock_was_a_day_ahead_when_it_left() -> None:
    own = ok(id="109000000000000001", acct="ada")
    page = replace(Response.of([status()]), headers={"date": "Mon, 07 Sep 2026 08:30:40 GMT"})
    left_at = a_post().due + timedelta(days=1)

    assert PLATFORM.find
    assert PLATFORM.find(ACCOUNT, a_post(), Lost(left_at=left_at), scripted(own, page))


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 07 Sep 2026 08:30:40 -0000"])
def test_a_server_that_tells_no_time_is_taken_to_have_ours(date: str) -> None:
    own = ok(id="109000000000000001", acct="ada")
    page = replace(Response.of([status()]), headers={"date": date})

    assert PLATFORM.find
    assert PLATFORM.find(ACCOUNT, a_post(), Lost(left_at=a_post().due), scripted(own, page))
