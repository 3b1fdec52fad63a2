"""What a Mastodon server is asked, and that a post that is up is found on servers that change what they show."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    HARMLESS,
    Account,
    AlreadySent,
    LoginNeeded,
    Lost,
    Media,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    TryLater,
    as_plain,
    post_from,
)
from platforms.mastodon import LIMITS, LOOKS, PLATFORM, asking, publish, whoami
from platforms.recent import Found, Look, look
from scheduler.engine.judging import judged
from tests.support import DUE, FIRST, a_post, an_image, documented, ok, scripted

ANSWERS = Path(__file__).parent / "answers"
ACCOUNT = Account(
    name="fediverse", platform="mastodon", settings={"server": "https://example.social"}
)
NOT_THERE = Rejected("404", Response.of({"error": "Record not found"}, 404))
MASTODON = {"version": "4.3.2", "source_url": "https://github.com/mastodon/mastodon"}
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
    about: dict[str, str] | None = MASTODON,
    steps: list[str] | None = None,
    **me: Any,
) -> Callable[[Request], Response]:
    """Lists those statuses, on one page each; knows the sources of some. Its clock is ours."""
    now = format_datetime(DUE.replace(second=40), usegmt=True)
    account = {"id": "109000000000000001", "acct": "ada", "source": {"privacy": "public"}, **me}

    def answered(request: Request) -> Response:
        assert request.repeat is HARMLESS
        (steps if steps is not None else []).append(request.step)
        path = request.url.removeprefix("https://example.social/api/")
        if path == "v1/accounts/verify_credentials":
            return ok(**{"statuses_count": len(statuses), **account})
        if path.endswith("/instance"):
            if about is None:
                raise NOT_THERE
            return ok(**about)
        if path.endswith("/source"):
            if path.split("/")[2] in (sources or {}):
                return ok(text=(sources or {})[path.split("/")[2]])
            raise NOT_THERE
        page = home if path.startswith("v1/timelines/home") else statuses
        return replace(Response.of([] if "max_id" in path else list(page)), headers={"date": now})

    return answered


def looked(post: Post, server: Callable[[Request], Response], **known: Any) -> Look:
    """A look 40 seconds after the post left."""
    lost = Lost(left_at=post.due, now=lambda: post.due + timedelta(seconds=40), **known)
    return look(PLATFORM, ACCOUNT, post, lost, server)


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
    result = looked(a_post(text=SHOWN), a_server(answer("status")))

    assert result.found is Found.OURS
    assert result.post == Published(
        id="113000000000000001",
        url="https://mastodon.social/@ada/113000000000000001",
        ref={"ids": ["https://mastodon.social/users/ada/statuses/113000000000000001"]},
    )


def test_the_second_address_of_a_post_is_kept_when_it_is_published() -> None:
    up = publish(ACCOUNT, a_post(), scripted(Response.of(answer("status"))))

    assert up.ref == {"ids": ["https://mastodon.social/users/ada/statuses/113000000000000001"]}


def test_sources_are_read_only_where_none_looks_like_the_post() -> None:
    steps: list[str] = []
    server = a_server(status("Another", id="2"), status("Hello", id="1"), steps=steps)

    result = looked(a_post(text="Hello"), server)

    assert (result.found, result.post and result.post.id) == (Found.OURS, "1")
    assert steps == ["account", "list", "list"]


def test_a_look_reads_the_source_of_five_posts_at_most() -> None:
    """200 posts in a night made 207 requests, and the server allows 300 in five minutes."""
    steps: list[str] = []
    many = [status(f"Post {number}", id=str(number)) for number in range(200)]

    result = looked(a_post(text="Hello **bold**"), a_server(*many, steps=steps))

    assert result.found is Found.ABSENT
    assert steps.count("source") == 5


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Hello **bold** :-)", Found.OURS),
        ("Hello **bold** :-(", Found.NEAR),
        ("Hello **brave** :-)", Found.ABSENT),
    ],
)
def test_a_text_that_looks_different_is_compared_with_its_source(text: str, found: Found) -> None:
    up = status("Hello <b>bold</b> 🙂")
    server = a_server(up, sources={up["id"]: "Hello **bold** :-)"})

    assert looked(a_post(text=text), server).found is found


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

    assert looked(a_post(text=text), a_server(status(shown))).found is Found.OURS


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (status("Welcome"), Found.ABSENT),
        (status(created="2026-09-06T08:30:05.000Z"), Found.ABSENT),
        (status(created="2026-09-07T05:30:05.000Z"), Found.ABSENT),
        (status(in_reply_to_id="5"), Found.ABSENT),
        (status(account={"id": "2"}), Found.ABSENT),
        (status(reblog=status(account={"id": "2"})), Found.ABSENT),
        (status(reblog=status(), content="", id="9"), Found.OURS),
        (status(media_attachments=[{"id": "1"}]), Found.NEAR),
        (status(visibility="unlisted"), Found.NEAR),
        (status(spoiler_text="Exams"), Found.NEAR),
        (status(language="de"), Found.NEAR),
        (status(poll={"options": [{"title": "Yes"}, {"title": "No"}]}), Found.NEAR),
        (status(created=None), Found.NEAR),
    ],
    ids=[
        "another text",
        "yesterday's of a daily series",
        "by hand three hours before",
        "a reply",
        "somebody else's",
        "somebody else's, boosted",
        "ours, boosted",
        "one with a picture",
        "one for others",
        "one with a warning",
        "one in another language",
        "one with a poll",
        "one of an unknown time",
    ],
)
def test_a_post_is_ours_only_where_everything_agrees(other: dict[str, Any], found: Found) -> None:
    assert looked(a_post(), a_server(other)).found is found


@pytest.mark.parametrize("field", ["in_reply_to_id", "spoiler_text", "poll", "language"])
def test_what_a_server_does_not_say_speaks_against_no_post(field: str) -> None:
    told = status(in_reply_to_id="1", spoiler_text="Exams", language="de")
    del told[field]
    post = a_post(reply_to=FIRST, options={"content_warning": "Exams"}, language="de")

    assert looked(post, a_server(told)).found is Found.OURS


def test_a_post_with_everything_is_found_as_it_was_sent() -> None:
    options = {
        "visibility": "unlisted",
        "content_warning": " Exams ",
        "poll": {"answers": ["Yes", "No"]},
    }
    up = status(
        visibility="unlisted",
        spoiler_text="Exams",
        language="de",
        poll={"options": [{"title": "Yes"}, {"title": "No"}]},
    )

    assert looked(a_post(options=options, language="de-AT"), a_server(up)).found is Found.OURS


def test_what_a_silenced_account_publishes_is_found_although_it_became_unlisted() -> None:
    server = a_server(status(visibility="unlisted"), limited=True)

    assert looked(a_post(options={"visibility": "public"}), server).found is Found.OURS


def test_a_post_that_nobody_says_is_for_whom_has_the_accounts_own_visibility() -> None:
    up = status(visibility="private")

    assert looked(a_post(), a_server(up, source={"privacy": "private"})).found is Found.OURS
    assert looked(a_post(), a_server(up)).found is Found.NEAR


def test_a_post_is_found_however_late_the_retry() -> None:
    up = status(created="2026-09-09T20:00:00.000Z")

    assert looked(a_post(), a_server(up)).found is Found.OURS


def test_a_reply_is_found_by_what_it_answers(tmp_path: Path) -> None:
    up = status(in_reply_to_id="1", media_attachments=[DOOR])
    files = (an_image(tmp_path),)
    by_address = Published(id="https://example.social/@ada/1")

    assert looked(a_post(reply_to=FIRST, media=files), a_server(up)).found is Found.OURS
    assert looked(a_post(reply_to=by_address, media=files), a_server(up)).found is Found.OURS
    other = replace(FIRST, id="2")
    assert looked(a_post(reply_to=other, media=files), a_server(up)).found is Found.ABSENT


DOOR = {"id": "7", "description": "The school door"}


@pytest.mark.parametrize(
    ("answers", "attached", "found"),
    [
        ({"upload 1": ok(id="7")}, DOOR, Found.OURS),
        (
            {"upload 1": ok(id="7", url="https://x.test/7.png")},
            {**DOOR, "id": "-31", "url": "https://x.test/7.png"},
            Found.OURS,
        ),
        (
            {"upload 1": ok(id="7", url=None), "conversion 1": ok(id="7", url="u")},
            {**DOOR, "id": "8", "url": "u"},
            Found.OURS,
        ),
        ({"upload 1": ok(id="6")}, DOOR, Found.NEAR),
        ({}, DOOR, Found.NEAR),
        ({"upload 1": ok(id="7")}, {"id": "7", "description": None}, Found.NEAR),
        ({}, {"id": "7", "description": "A bicycle"}, Found.NEAR),
    ],
    ids=[
        "its upload",
        "by its address",
        "by its address once converted",
        "uploaded again",
        "restored",
        "described otherwise",
        "restored, and another",
    ],
)
def test_a_picture_without_a_text_is_known_by_its_upload_alone(
    answers: dict[str, Response], attached: dict[str, Any], found: Found, tmp_path: Path
) -> None:
    post = a_post(text="", media=(an_image(tmp_path),))

    result = looked(post, a_server(status("", media_attachments=[attached])), answers=answers)

    assert result.found is found


@pytest.mark.parametrize("answers", [{}, {"upload 1": ok(id="6")}, {"upload 1": ok(id="7")}])
def test_a_picture_without_a_text_is_none_with_another_text_however_it_is_described(
    answers: dict[str, Response], tmp_path: Path
) -> None:
    other = status("Another text", media_attachments=[DOOR])
    post = a_post(text="", media=(an_image(tmp_path),))

    assert looked(post, a_server(other), answers=answers).found is Found.ABSENT


def test_the_same_words_under_another_picture_are_near_and_never_ours(tmp_path: Path) -> None:
    """Of two posts alike, of which one is there, the first look took the other's."""
    other = status("Photo", media_attachments=[{**DOOR, "id": "8"}])
    post = a_post(text="Photo", media=(an_image(tmp_path),))

    result = looked(post, a_server(other), answers={"upload 1": ok(id="7")})

    assert result.found is Found.NEAR


def test_two_posts_alike_are_near_and_one_that_is_another_deliverys_is_passed_over() -> None:
    both = a_server(status(id="2", url=None), status(id="1", url=None))

    assert looked(a_post(), both).found is Found.NEAR
    result = looked(a_post(), both, others=frozenset({"2"}))
    assert (result.found, result.post and result.post.id) == (Found.OURS, "1")


@pytest.mark.parametrize(
    "known",
    [
        "https://mastodon.social/@ada/113000000000000001",
        "https://mastodon.social/users/ada/statuses/113000000000000001",
        "113000000000000001",
    ],
)
def test_another_deliverys_post_is_passed_over_also_where_a_person_gave_its_address(
    known: str,
) -> None:
    result = looked(a_post(), a_server(status()), others=frozenset({known}))

    assert result.found is Found.ABSENT


def test_a_warning_that_became_the_text_is_found() -> None:
    post = a_post(text="", options={"content_warning": "Exams"})

    assert looked(post, a_server(status("Exams"))).found is Found.OURS
    assert looked(post, a_server(status("", spoiler_text="Exams"))).found is Found.OURS
    assert looked(post, a_server(status("Holidays"))).found is Found.ABSENT


FOREIGN = tuple(status("Another", id=f"{n}", account={"id": "2"}) for n in range(400))


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_mastodon_lists_all_of_ones_own_so_that_a_busy_home_timeline_is_not_read(
    visibility: str,
) -> None:
    post = a_post(options={"visibility": visibility})
    others, steps = status("Another", id="3"), list[str]()
    server = a_server(others, status(visibility=visibility), home=FOREIGN, steps=steps)

    assert looked(post, server).found is Found.OURS
    assert looked(post, a_server(others, home=FOREIGN)).found is Found.ABSENT
    assert steps == ["account", "limits", "list", "list"]


@pytest.mark.parametrize(
    ("told", "is_mastodon"),
    [
        ({"version": "4.3.2", "source_url": "https://github.com/mastodon/mastodon"}, True),
        ({"version": "4.4.0-alpha.1+glitch"}, True),
        ({"version": "3.5.19"}, True),
        ({"version": "0.6.12", "source_url": "https://github.com/fedify-dev/hollo"}, False),
        ({"version": "4.0.0", "source_url": "https://example.org/other"}, False),
        ({"version": "4.0.0 (compatible; Other 2)"}, False),
        ({"version": ""}, False),
        ({}, False),
    ],
)
def test_other_servers_may_show_what_is_not_public_in_the_home_timeline_alone(
    told: dict[str, str], is_mastodon: bool
) -> None:
    post = a_post(options={"visibility": "private"})
    home = (*FOREIGN[:3], status(visibility="private"))

    found = looked(post, a_server(status("A", id="3"), home=home, about=told)).found

    assert found is (Found.ABSENT if is_mastodon else Found.OURS)


def test_a_server_that_does_not_say_what_it_is_has_its_home_timeline_read_too() -> None:
    server = a_server(status("A", id="3"), home=(status(visibility="private"),), about=None)

    assert looked(a_post(options={"visibility": "private"}), server).found is Found.OURS


def test_older_pages_are_read_until_it_left() -> None:
    pages = [[status("Another", id=f"{page}", text="Another")] for page in (3, 2)]
    own = ok(id="109000000000000001", acct="ada")
    server = scripted(own, *map(Response.of, pages), Response.of([status(id="1")]), ok_list())

    result = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert (result.found, result.post and result.post.id) == (Found.OURS, "1")
    assert [one.url.rpartition("?")[2] for one in server.asked[1:]] == [
        "limit=40&exclude_reblogs=true",
        "limit=40&exclude_reblogs=true&max_id=3",
        "limit=40&exclude_reblogs=true&max_id=2",
        "limit=40&exclude_reblogs=true&max_id=1",
    ]


def ok_list() -> Response:
    return Response.of([])


@pytest.mark.parametrize("length", [1, 40, 256])
def test_a_server_that_repeats_its_page_proves_nothing(length: int) -> None:
    """It may have more that it never shows: what it says of a lost post is no 'absent'."""
    page = [status("Another", id=str(n), text="Another") for n in range(length)]
    server = scripted(ok(id="109000000000000001", acct="ada"), *[Response.of(page)] * 2)

    result = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert result.found is Found.FAILED
    assert "repeats itself" in result.why


def test_more_posts_than_a_look_reads_prove_nothing() -> None:
    pages = [Response.of([status("Another", id=str(page), text="x")]) for page in range(10)]
    server = scripted(ok(id="109000000000000001", acct="ada"), *pages)

    result = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert (result.found, result.why) == (
        Found.FAILED,
        "the list of posts is cut: it has more than 10 pages",
    )


@pytest.mark.parametrize(("count", "found"), [(0, Found.ABSENT), (5, Found.FAILED)])
def test_an_empty_list_is_believed_where_the_accounts_counter_agrees(
    count: int, found: Found
) -> None:
    assert looked(a_post(), a_server(statuses_count=count)).found is found


def test_a_look_that_fails_is_not_a_no() -> None:
    server = scripted(ok(id="109000000000000001", acct="ada"), TryLater("429"))

    with pytest.raises(TryLater):
        look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)


@pytest.mark.parametrize("body", [b"<h1>Hello</h1>", b'{"error": "busy"}', b"null"])
def test_what_is_no_list_says_which_step_and_which_platform(body: bytes) -> None:
    server = scripted(ok(id="109000000000000001", acct="ada"), Response(body=body))

    with pytest.raises(TryLater, match="mastodon answered 'list' without a list"):
        look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)


@pytest.mark.parametrize("hours", [-13, -2, 2, 13, 24])
def test_a_post_is_found_although_our_clock_was_wrong_when_it_left(hours: int) -> None:
    drift = timedelta(hours=hours)
    lost = Lost(left_at=DUE + drift, now=lambda: DUE + drift + timedelta(seconds=40))

    assert look(PLATFORM, ACCOUNT, a_post(), lost, a_server(status())).found is Found.OURS
    other = status("Another")
    assert look(PLATFORM, ACCOUNT, a_post(), lost, a_server(other)).found is Found.ABSENT


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 07 Sep 2026 08:30:40 -0000"])
@pytest.mark.parametrize(
    ("created", "found"),
    [("2026-09-07T08:30:02Z", Found.OURS), ("2026-09-07T06:30:02Z", Found.NEAR)],
)
def test_without_the_servers_time_what_was_made_before_is_near(
    date: str, created: str, found: Found
) -> None:
    own = ok(id="109000000000000001", acct="ada")
    page = replace(Response.of([status(created=created)]), headers={"date": date})
    server = scripted(own, page, ok_list())

    assert look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server).found is found


SNAC = {"x-creator": "snac/2.75"}


def a_snac(*home: dict[str, Any], page: int = 200) -> Callable[[Request], Response]:
    """Its home timeline has pages; its list of an account's posts repeats what is public."""

    def answered(request: Request) -> Response:
        if request.step == "account":
            return replace(Response.of(answer("snac_account")), headers=SNAC)
        assert request.url.startswith("https://example.social/api/v1/timelines/home?limit=200")
        older = request.url.partition("&max_id=")[2]
        start = [one["id"] for one in home].index(older) + 1 if older else 0
        return Response.of(home[start : start + page])

    return answered


def on_snac(**changes: Any) -> dict[str, Any]:
    return {**answer("snac_status"), **changes}


def snacs(post: Post, server: Callable[[Request], Response]) -> Look:
    up = answer("snac_status")
    left_at = datetime.fromisoformat(up["created_at"]).astimezone(UTC)
    return look(PLATFORM, ACCOUNT, replace(post, text=up["text"]), Lost(left_at=left_at), server)


def test_a_post_is_found_on_snac_which_turns_markdown_into_html_and_smileys_into_emoji() -> None:
    up = answer("snac_status")

    result = snacs(a_post(), a_snac(*answer("snac_statuses")))

    assert (result.found, result.post) == (Found.OURS, Published(id=up["id"], url=up["url"]))


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("public", "public"),
        ("unlisted", "public"),
        ("private", "private"),
        ("direct", "private"),
        (None, "public"),
    ],
)
def test_snac_knows_two_visibilities_and_one_language(asked: str | None, told: str) -> None:
    post = a_post(options={"visibility": asked} if asked else {}, language="de")

    assert snacs(post, a_snac(on_snac(visibility=told))).found is Found.OURS
    other = "private" if told == "public" else "public"
    assert snacs(post, a_snac(on_snac(visibility=other))).found is Found.NEAR


def test_a_post_is_found_on_snac_behind_others_and_absent_where_the_timeline_ends() -> None:
    newer = [on_snac(id=f"2{n}", content="x", text="x") for n in range(5)]
    foreign = on_snac(id="f", account={"id": "somebody"})

    assert snacs(a_post(), a_snac(*newer, foreign, on_snac(), page=2)).found is Found.OURS
    assert snacs(a_post(), a_snac(*newer, foreign, page=2)).found is Found.ABSENT


def test_a_post_that_somebody_boosted_is_found_on_snac_which_shows_the_boost_in_its_place() -> None:
    boost = on_snac(account={"id": "somebody"}, content="", reblog=on_snac())

    assert snacs(a_post(), a_snac(boost)).found is Found.OURS


@pytest.mark.parametrize(
    ("told", "found"), [("1", Found.OURS), (None, Found.OURS), ("2", Found.ABSENT)]
)
def test_a_reply_that_became_a_post_of_its_own_on_snac_is_not_sent_again(
    told: str | None, found: Found
) -> None:
    """snac answers a reply to a post that it does not know so; a second sending would double."""
    post = a_post(reply_to=Published(id="https://example.social/alice/p/1"))

    assert snacs(post, a_snac(on_snac(in_reply_to_id=told))).found is found


def test_an_empty_timeline_on_snac_proves_nothing_for_its_counter_is_always_zero() -> None:
    assert snacs(a_post(), a_snac()).found is Found.FAILED


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


@pytest.mark.parametrize("body", [b'{"error": "Not found"}', b"<h1>404 Not Found (snac)</h1>", b""])
def test_a_server_without_the_second_version_is_asked_the_first(body: bytes) -> None:
    absent = Response(status=404, headers={"content-type": "text/html"}, body=body)
    server = scripted(absent, Response.of(answer("snac_instance_v1")))

    limits = asking(LIMITS)(ACCOUNT, lambda one: judged(server(one), one, PLATFORM, "school", DUE))

    assert [one.url.rpartition("/api/")[2] for one in server.asked] == [
        "v2/instance",
        "v1/instance",
    ]
    assert (limits.text, limits.link_length, limits.alt) == (100_000, 32, 1500)


def test_a_server_that_tells_only_its_length_keeps_our_other_figures() -> None:
    server = scripted(Response(status=404), ok(max_toot_chars=5000))

    limits = asking(LIMITS)(ACCOUNT, server)

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
        ("Duplicate idempotency key.", AlreadySent),
        ("Validation failed: Text character limit of 500 exceeded", None),
    ],
)
def test_an_error_is_known_by_its_words(said: str, error: type[Exception] | None) -> None:
    assert PLATFORM.errors.get(PLATFORM.error_code(Response.of({"error": said}, 422))) is error
