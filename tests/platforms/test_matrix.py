"""The adapter's requests, and what a homeserver that enforces the specification makes of them. A real one: tests/servers/test_matrix.py."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    HARMLESS,
    Account,
    LoginNeeded,
    Post,
    Published,
    Rejected,
    Response,
    Span,
)
from platforms.matrix import (
    EVENT,
    NOT_ENCRYPTED,
    PLATFORM,
    ROOM,
    ask_limits,
    publish,
    session,
    whoami,
)
from platforms.recent import Found, Look
from tests.platforms.looking import looked
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main",
    platform="matrix",
    settings={"server": "matrix.example.org", "room": "#class-4b:example.org"},
)
SECRETS = {"token": "good"}
API = r"https://matrix\.example\.org/_matrix"
MADE = 1_788_769_803_000  # milliseconds; 2026-09-07T08:30:03Z
IN_THE_ROOM = ok(room_id=ROOM), NOT_ENCRYPTED


@dataclass
class Homeserver(StandIn):
    """One room. A transaction is known by its number, as long as `recognises`."""

    recognises: bool = True
    transactions: dict[str, str] = field(default_factory=dict)
    files: int = 0

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(401, {"errcode": "M_UNKNOWN_TOKEN", "error": "Unrecognised access token"})

    @route("POST", f"{API}/client/v3/join/(.+)")
    def join(self, arrived: Arrived, room: str) -> Response:
        return ok(room_id=ROOM)

    @route("GET", f"{API}/client/v3/rooms/([^/]+)/state/m\\.room\\.encryption")
    def encryption(self, arrived: Arrived, room: str) -> Response:
        raise Refusal(404, {"errcode": "M_NOT_FOUND", "error": "Event not found."})

    @route("POST", f"{API}/media/v3/upload")
    def upload(self, arrived: Arrived) -> Response:
        self.files += 1
        return ok(content_uri=f"mxc://example.org/{self.files}")

    @route("PUT", f"{API}/client/v3/rooms/([^/]+)/send/m\\.room\\.message/([^/]+)")
    def send(self, arrived: Arrived, room: str, transaction: str) -> Response:
        if len(arrived.body) > 65_000:
            raise Refusal(413, {"errcode": "M_TOO_LARGE", "error": "event too large"})
        if self.recognises and transaction in self.transactions:
            return ok(event_id=self.transactions[transaction])
        event = f"$event{len(self.up)}"
        self.transactions[transaction] = event
        self.up[event] = {
            "type": "m.room.message",
            "event_id": event,
            "sender": "@ada:example.org",
            "content": arrived.json,
            "origin_server_ts": MADE,
        }
        return ok(event_id=event)

    @route("GET", f"{API}/client/v3/account/whoami")
    def me(self, arrived: Arrived) -> Response:
        return ok(user_id="@ada:example.org", device_id="D")

    @route("GET", f"{API}/client/v3/directory/room/(.+)")
    def directory(self, arrived: Arrived, alias: str) -> Response:
        return ok(room_id=ROOM, servers=["example.org"])

    @route("GET", f"{API}/client/v3/rooms/([^/]+)/messages")
    def messages(self, arrived: Arrived, room: str) -> Response:
        joined = {"type": "m.room.member", "sender": "@ada:example.org", "event_id": "$joined"}
        return ok(chunk=[*reversed(self.up.values()), joined])


def sent(post: Post) -> Any:
    server = scripted(*IN_THE_ROOM, *([documented] if post.media else []), documented)
    publish(ACCOUNT, post, server)
    return server.asked[-1].json


def test_a_text_is_sent_to_the_room_under_the_deliverys_key() -> None:
    server = scripted(*IN_THE_ROOM, documented)

    up = publish(ACCOUNT, a_post(), server)

    join, encryption, message = server.asked
    assert (join.url, join.repeat) == (
        "https://matrix.example.org/_matrix/client/v3/join/%23class-4b%3Aexample.org",
        HARMLESS,
    )
    assert encryption.url.endswith("/state/m.room.encryption")
    assert (message.method, message.url) == (
        "PUT",
        "https://matrix.example.org/_matrix/client/v3/rooms/%21jEsUZKDJdhlrceRyVU%3Aexample.org"
        "/send/m.room.message/7f3a9c0d1e2b4a55",
    )
    assert (message.repeat, message.remembered) == (DROPPED, 86_400)
    assert message.json == {
        "msgtype": "m.text",
        "body": "Welcome back",
        "org.termbell.key": "7f3a9c0d1e2b4a55",
    }
    assert (up.id, up.ref) == (EVENT, {"root": EVENT})
    assert (
        up.url
        == f"https://matrix.to/#/%21jEsUZKDJdhlrceRyVU%3Aexample.org/{EVENT.replace('$', '%24')}?via=example.org"
    )


@pytest.mark.parametrize(
    ("html", "formatted"),
    [
        ("<p>Welcome back</p>", None),
        ("<p>Welcome <strong>back</strong></p>", "<p>Welcome <strong>back</strong></p>"),
    ],
)
def test_html_goes_along_where_it_says_more_than_the_text(html: str, formatted: str | None) -> None:
    assert sent(a_post(html=html)).get("formatted_body") == formatted


def test_who_is_mentioned_is_told() -> None:
    span = Span(kind="mention", start=7, end=23, value="ben:example.org")

    assert sent(a_post(text="Thanks @ben:example.org", spans=(span,)))["m.mentions"] == {
        "user_ids": ["@ben:example.org"]
    }


def test_a_picture_carries_its_text_and_what_it_shows(tmp_path: Path) -> None:
    picture = an_image(tmp_path)

    said = sent(a_post(media=(picture,), html="<p>Welcome <em>back</em></p>"))

    assert (said["msgtype"], said["filename"], said["url"]) == (
        "m.image",
        picture.name,
        "mxc://example.org/AQwafuaFswefuhsfAFAgsw",
    )
    assert said["body"] == "Welcome back\n\n(The school door)"
    assert said["info"] == {"mimetype": "image/png", "size": picture.size, "w": 64, "h": 48}
    assert "formatted_body" not in said, "it would hide what the picture shows"


@pytest.mark.parametrize(
    ("text", "alt", "body"), [("", "The door", "The door"), ("Look", "", "Look"), ("", "", None)]
)
def test_the_caption_is_what_there_is(
    text: str, alt: str, body: str | None, tmp_path: Path
) -> None:
    picture = an_image(tmp_path, alt=alt)

    assert sent(a_post(text=text, media=(picture,)))["body"] == (body or picture.name)


def test_a_video_says_how_long_it_is(tmp_path: Path) -> None:
    said = sent(a_post(media=(a_video(tmp_path, seconds=12.5),)))

    assert (said["msgtype"], said["info"]["duration"]) == ("m.video", 12_500)


@pytest.mark.parametrize(
    "before",
    [Published(id="$b"), Published(id="https://matrix.to/#/!r:example.org/$b?via=example.org")],
)
def test_a_thread_names_its_root_and_the_message_before(before: Published) -> None:
    first, later = (
        sent(a_post(reply_to=before)),
        sent(a_post(reply_to=replace(before, ref={"root": "$a"}))),
    )

    assert first["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": "$b",
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": "$b"},
    }
    assert (later["m.relates_to"]["event_id"], later["m.relates_to"]["m.in_reply_to"]) == (
        "$a",
        {"event_id": "$b"},
    )


def test_an_encrypted_room_is_refused() -> None:
    encrypted = ok(algorithm="m.megolm.v1.aes-sha2")

    with pytest.raises(Rejected, match="is encrypted, and Termbell cannot encrypt"):
        publish(ACCOUNT, a_post(), scripted(ok(room_id=ROOM), encrypted))


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (
            a_post(text="x" * 40_000, html="<p>" + "<b>x</b>" * 5000 + "</p>"),
            "too long: shorten it",
        ),
        (a_post(reply_to=Published(id="https://example.org")), "is no message on Matrix"),
    ],
)
def test_what_matrix_would_refuse_is_refused_before_anything_leaves(post: Post, why: str) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, post, untouched)

    assert untouched.asked == []


ME = "@ada:example.org"


def an_event(key: str | None = a_post().key, made: int = MADE, **more: Any) -> dict[str, Any]:
    carried = {"org.termbell.key": key} if key else {}
    return {
        "type": "m.room.message",
        "event_id": f"$up{key}{made}",
        "sender": ME,
        "origin_server_ts": made,
        "content": {"msgtype": "m.text", "body": "Welcome back", **carried},
        **more,
    }


def found_in(*pages: Response, **lost: Any) -> Look:
    server = scripted(ok(user_id=ME), ok(room_id=ROOM), *pages)
    return looked(PLATFORM, ACCOUNT, a_post(), server, **lost)


def test_a_look_joins_no_room_and_encrypts_nothing() -> None:
    server = scripted(ok(user_id=ME), ok(room_id=ROOM), ok(chunk=[an_event()]))

    looked(PLATFORM, ACCOUNT, a_post(), server)

    assert [request.method for request in server.asked] == ["GET"] * 3
    assert server.asked[1].url.endswith("/directory/room/%23class-4b%3Aexample.org")


@pytest.mark.parametrize(
    ("room", "answers"),
    [("!abc:example.org", {}), ("#class-4b:example.org", {"join": ok(room_id="!abc:example.org")})],
)
def test_a_room_whose_id_is_known_is_not_asked_for(room: str, answers: dict[str, Response]) -> None:
    account = replace(ACCOUNT, settings={**ACCOUNT.settings, "room": room})
    server = scripted(ok(user_id=ME), ok(chunk=[an_event()]))

    result = looked(PLATFORM, account, a_post(), server, answers=answers)

    assert result.found is Found.OURS
    assert "/rooms/%21abc%3Aexample.org/messages" in server.asked[-1].url


def test_a_lost_message_is_found_by_its_key_page_after_page() -> None:
    server = scripted(
        ok(user_id=ME),
        ok(room_id=ROOM),
        ok(chunk=[an_event("other")], end="t1"),
        ok(chunk=[], end="t2"),  # an empty page need not be the last
        ok(chunk=[an_event()]),
    )

    found = looked(PLATFORM, ACCOUNT, a_post(), server).post

    assert found
    assert found.id == an_event()["event_id"]
    assert server.asked[-1].url.endswith("&from=t2")


@pytest.mark.parametrize("odd", [MADE - 86_400_000, 0, MADE + 86_400_000])
def test_one_event_with_an_odd_time_does_not_end_the_look(odd: int) -> None:
    first = [an_event("other"), an_event("bridge", odd), *[an_event(f"o{n}") for n in range(98)]]

    result = found_in(ok(chunk=first, end="t1"), ok(chunk=[an_event()]))

    assert result.found is Found.OURS


def test_what_is_older_than_the_message_is_not_looked_through() -> None:
    day = 86_400_000
    old = [an_event("a", MADE - day), an_event("b", MADE - 2 * day)]

    assert found_in(ok(chunk=old, end="t1")).found is Found.ABSENT


def test_times_of_other_servers_end_no_look() -> None:
    theirs = [an_event(f"o{n}", 0, sender="@bob:other.org") for n in range(3)]

    assert found_in(ok(chunk=theirs, end="t1"), ok(chunk=[an_event()])).found is Found.OURS


@pytest.mark.parametrize(
    ("event", "right"),
    [
        (an_event(sender="@bob:example.org"), Found.ABSENT),
        (an_event("another"), Found.ABSENT),
        (an_event(None), Found.ABSENT),
        (an_event(None, type="m.reaction"), Found.ABSENT),
        (an_event(None, unsigned={"transaction_id": a_post().key}), Found.OURS),
        (
            an_event(content={}, unsigned={"transaction_id": a_post().key, "redacted_because": {}}),
            Found.REMOVED,
        ),
        (an_event(content={}, unsigned={"redacted_because": {"sender": "@mod:x"}}), Found.NEAR),
        (an_event(content={}, made=MADE - 86_400_000), Found.ABSENT),
        (an_event(None, unsigned={"m.relations": {"m.replace": {"event_id": "$e"}}}), Found.OURS),
        (
            an_event(
                content={"body": "* Hello", "m.relates_to": {"rel_type": "m.replace"}},
            ),
            Found.ABSENT,
        ),
    ],
)
def test_what_carries_our_key_is_ours_and_what_lost_it_is_near(
    event: dict[str, Any], right: Found
) -> None:
    result = found_in(ok(chunk=[event, an_event("other")]))

    assert result.found is right


def test_a_message_that_was_removed_is_said_to_be_one() -> None:
    removed = an_event(content={}, unsigned={"redacted_because": {"sender": "@mod:example.org"}})

    assert "was removed" in found_in(ok(chunk=[removed])).why


def test_a_room_with_too_many_messages_and_one_that_repeats_itself_prove_nothing() -> None:
    pages = [ok(chunk=[an_event(f"other{n}")], end=f"t{n}") for n in range(10)]

    assert found_in(*pages).found is Found.FAILED
    assert found_in(ok(chunk=[], end="t"), ok(chunk=[], end="t")).found is Found.FAILED


@pytest.mark.parametrize("name", ["$up", "https://matrix.to/#/%21r%3Ax/%24up?via=x"])
def test_a_message_of_another_delivery_is_known_by_its_id_and_its_link(name: str) -> None:
    event = an_event(event_id="$up")

    assert found_in(ok(chunk=[event]), others=frozenset({name})).found is Found.ABSENT


def test_a_password_is_traded_for_a_token_by_a_device_that_is_always_the_same() -> None:
    servers = [scripted(ok(access_token="t")) for _ in range(2)]

    made = [session(ACCOUNT, {"user": "ada", "password": "p"}, server) for server in servers]

    (first,), (second,) = (server.asked for server in servers)
    assert made == [{"token": "t"}] * 2
    assert first.json["password"] == "{password}", "the network fills it in"
    assert first.json["device_id"] == second.json["device_id"]
    assert session(ACCOUNT, {"token": "pasted"}, scripted()) == {}, (
        "another one in its place is taken up"
    )


def test_a_password_that_is_wrong_needs_a_login_and_another_refusal_does_not() -> None:
    def refused(status: int, code: str) -> Rejected:
        return Rejected(code, Response.of({"errcode": code}, status))

    with pytest.raises(LoginNeeded, match="M_FORBIDDEN; log in again: termbell login main"):
        session(ACCOUNT, {"user": "ada", "password": "p"}, scripted(refused(403, "M_FORBIDDEN")))
    with pytest.raises(Rejected, match="M_UNRECOGNIZED"):
        session(ACCOUNT, {"user": "ada", "password": "p"}, scripted(refused(404, "M_UNRECOGNIZED")))


def test_the_server_tells_how_large_a_file_may_be_and_whose_credentials_they_are() -> None:
    assert (
        ask_limits(ACCOUNT, scripted(Response.of({"m.upload.size": 5_000_000}))).image_bytes
        == 5_000_000
    )
    assert ask_limits(ACCOUNT, scripted(ok())) == PLATFORM.limits
    assert whoami(ACCOUNT, scripted(documented)) == "@ada:example.org"


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(),
    "picture": lambda folder: a_post(media=(an_image(folder),)),
}


@pytest.mark.parametrize(
    "recognises", [True, False], ids=["transactions known", "transactions forgotten"]
)
@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_message(
    name: str, recognises: bool, tmp_path: Path
) -> None:
    became = lost_at_every_step(
        lambda: Homeserver(recognises=recognises),
        PLATFORM,
        ACCOUNT,
        POSTS[name](tmp_path),
        tmp_path,
        SECRETS,
    )

    assert became == {"published"}
