"""The adapter's events, and what a relay and a media server that enforce the NIPs make of them. A real relay: tests/servers/test_nostr.py."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from btclib_secp256k1 import ssa

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    LoginNeeded,
    Lost,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Span,
    TryLater,
)
from platforms.nostr import PLATFORM, ask_limits, publish, whoami
from platforms.nostr_events import identifier, read, written
from platforms.recent import Found, Look, look
from platforms.signing import nostr
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

NSEC = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"
NPUB = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"
KEY = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"
RELAY, OTHER = "wss://relay.example.org", "wss://other.example.org"
ACCOUNT = Account(
    name="main",
    platform="nostr",
    settings={"npub": NPUB, "relays": [RELAY, OTHER + "/"], "media_server": "media.example.org"},
)
ID = "ab" * 32
TOOK_IT = ok(taken=[RELAY, OTHER], missing={})


def is_signed(event: Any) -> bool:
    return event["id"] == identifier(event) and ssa.verify(
        bytes.fromhex(event["id"]), bytes.fromhex(event["pubkey"]), bytes.fromhex(event["sig"])
    )


@dataclass
class Relay(StandIn):
    """A relay that keeps what is signed, and a media server that keeps what it was allowed to."""

    def __post_init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @route("EVENT", RELAY)
    def event(self, arrived: Arrived) -> Response:
        _, event = json.loads(arrived.body)
        assert is_signed(event)
        assert len(json.dumps(event)) < 65_536
        for tag in event["tags"]:
            assert tag[0] != "imeta" or tag[-1].removeprefix("x ") in self.files, (
                "a file that is not there"
            )
        self.up[event["id"]] = event
        return TOOK_IT

    @route("REQ", RELAY)
    def request(self, arrived: Arrived) -> Response:
        return ok(
            events=[self.up[one] for one in json.loads(arrived.body)[2]["ids"] if one in self.up]
        )

    @route("PUT", r"https://media\.example\.org/upload")
    def upload(self, arrived: Arrived) -> Response:
        scheme, token = arrived.headers["authorization"].split()
        permission = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        found = hashlib.sha256(arrived.body).hexdigest()
        if (
            scheme != "Nostr"
            or permission["kind"] != 24242
            or not is_signed(permission)
            or ["x", found] not in permission["tags"]
        ):
            raise Refusal(401, {"message": "no permission"})
        self.files[found] = arrived.body
        return ok(201, url=f"https://media.example.org/{found}", sha256=found)


def sent(post: Post) -> Any:
    server = scripted(*[documented] * len(post.media), TOOK_IT)
    publish(ACCOUNT, post, server)
    return server.asked[-1].json[1]


def tags(post: Post, name: str) -> list[list[str]]:
    return [tag for tag in sent(post)["tags"] if tag[0] == name]


def test_an_event_goes_to_every_relay() -> None:
    server = scripted(TOOK_IT)

    up = publish(ACCOUNT, a_post(), server)

    (request,) = server.asked
    assert (request.method, request.url, request.headers) == (
        "EVENT",
        RELAY,
        {"relays": json.dumps([RELAY, OTHER])},
    )
    assert (request.repeat, request.remembered) == (DROPPED, FOREVER)
    kind, event = request.json
    assert kind == "EVENT"
    assert event == {
        "id": identifier(event),
        "pubkey": KEY,
        "created_at": int(DUE.timestamp()),
        "kind": 1,
        "content": "Welcome back",
        "tags": [["L", "ISO-639-1"], ["l", "en", "ISO-639-1"]],
    }
    assert (up.id, up.ref, up.notes) == (event["id"], {"root": event["id"]}, ())


def test_its_address_is_a_page_that_knows_where_it_is() -> None:
    up = publish(ACCOUNT, a_post(), scripted(TOOK_IT))

    assert up.url
    kind, pointer = read(up.url.removeprefix("https://njump.me/"))
    assert kind == "nevent"
    assert pointer.hex() == f"0020{up.id}0117{RELAY.encode().hex()}0220{KEY}030400000001"


def test_what_a_relay_did_not_take_is_noted() -> None:
    up = publish(
        ACCOUNT, a_post(), scripted(ok(taken=[RELAY], missing={OTHER: "blocked: not on the list"}))
    )

    assert up.notes == (f"not on {OTHER}: blocked: not on the list",)


def test_tags_mentions_and_a_warning_are_told() -> None:
    text = f"Thanks @{NPUB}! #Maths #maths"
    spans = (
        Span(kind="mention", start=7, end=8 + len(NPUB), value=NPUB),
        Span(kind="tag", start=73, end=79, value="Maths"),
        Span(kind="tag", start=80, end=86, value="maths"),
    )

    event = sent(a_post(text=text, spans=spans, options={"content_warning": "Exams"}, language=""))

    assert event["content"] == f"Thanks nostr:{NPUB}! #Maths #maths"
    assert event["tags"] == [["p", KEY], ["t", "maths"], ["content-warning", "Exams"]]


def test_signs_that_nobody_sees_and_json_writes_in_another_way_are_left_out() -> None:
    assert sent(a_post(text="a\x00b\x1bc\td\ne\x7f"))["content"] == "abc\td\ne\x7f"


def test_files_are_uploaded_first_and_stand_below_the_text_with_what_they_show(
    tmp_path: Path,
) -> None:
    picture, film = an_image(tmp_path, "door.png"), a_video(tmp_path, alt="")
    server = scripted(documented, documented, TOOK_IT)

    publish(ACCOUNT, a_post(media=(picture, film), language=""), server)

    first, second, event = server.asked
    assert (first.method, first.url, first.body, first.repeat) == (
        "PUT",
        "https://media.example.org/upload",
        picture,
        HARMLESS,
    )
    assert second.body == film
    addresses = [
        f"https://media.example.org/{picture.digest}.png",
        f"https://media.example.org/{film.digest}.mp4",
    ]
    assert event.json[1]["content"] == "Welcome back\n\n" + "\n".join(addresses)
    assert event.json[1]["tags"] == [
        [
            "imeta",
            f"url {addresses[0]}",
            "m image/png",
            "dim 64x48",
            "alt The school door",
            f"x {picture.digest}",
        ],
        ["imeta", f"url {addresses[1]}", "m video/mp4", "dim 1080x1920", f"x {film.digest}"],
    ]


def test_a_media_server_that_changes_files_is_of_no_use(tmp_path: Path) -> None:
    with pytest.raises(
        Rejected, match=r"media\.example\.org changed door\.png.*another `media_server`"
    ):
        publish(
            ACCOUNT, a_post(media=(an_image(tmp_path),)), scripted(ok(sha256="0" * 64, url="x"))
        )


@pytest.mark.parametrize(
    "before",
    [
        Published(id=ID),
        Published(id=written("note", bytes.fromhex(ID))),
        Published(id=f"https://njump.me/{written('note', bytes.fromhex(ID))}"),
        Published(id="https://njump.me/" + written("nevent", bytes.fromhex(f"0220{KEY}0020{ID}"))),
    ],
)
def test_a_reply_names_what_it_answers_however_a_person_found_it(before: Published) -> None:
    post = a_post(reply_to=before)

    assert tags(post, "e") == [["e", ID, RELAY, "root", KEY]]
    assert tags(post, "p") == [["p", KEY]]


def test_further_on_in_a_thread_the_first_post_is_named_too() -> None:
    reply = a_post(reply_to=Published(id=ID, ref={"root": "cd" * 32}))

    assert tags(reply, "e") == [
        ["e", "cd" * 32, RELAY, "root", KEY],
        ["e", ID, RELAY, "reply", KEY],
    ]
    assert publish(ACCOUNT, reply, scripted(TOOK_IT)).ref == {"root": "cd" * 32}


@pytest.mark.parametrize(
    ("settings", "post", "why"),
    [
        ({"npub": NPUB.replace("elf", "efl")}, a_post(), "is no public key: .*wrong letter"),
        ({"npub": NSEC}, a_post(), "begins with npub1"),
        ({"relays": []}, a_post(), "there is none; a relay's address begins with wss://"),
        ({"relays": ["https://relay.example.org"]}, a_post(), "begins with wss://"),
        ({}, a_post(reply_to=Published(id="https://example.org")), "is no post on Nostr"),
        (
            {},
            a_post(reply_to=Published(id=written("nevent", b"\x01\x02ab"))),
            "is no post on Nostr",
        ),
        (
            {},
            a_post(text="x", spans=(Span(kind="mention", start=0, end=1, value="npub1x"),)),
            "npub1x is no public key",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_leaves(
    settings: dict[str, Any], post: Post, why: str
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(replace(ACCOUNT, settings={**ACCOUNT.settings, **settings}), post, untouched)

    assert untouched.asked == []


def test_a_lost_event_is_looked_for_by_its_id() -> None:
    up = publish(ACCOUNT, a_post(), scripted(TOOK_IT))
    there = scripted(ok(events=[{"id": up.id}]))

    assert looked(there) == Look(found=Found.OURS, post=up)
    assert there.asked[0].json == [
        "REQ",
        "look",
        {"ids": [up.id], "authors": [KEY]},
        {"kinds": [5], "#e": [up.id], "authors": [KEY]},
    ]
    assert looked(scripted(ok(events=[{"id": ID}]))) == Look(found=Found.ABSENT)
    assert looked(scripted(ok(events=[]))) == Look(found=Found.ABSENT)


@pytest.mark.parametrize("is_kept", [False, True])
def test_an_event_that_its_author_asked_to_delete_is_removed(is_kept: bool) -> None:
    up = publish(ACCOUNT, a_post(), scripted(TOOK_IT))
    deletion = {"id": ID, "kind": 5, "tags": [["e", "cd" * 32], ["e", up.id], ["k", "1"]]}
    of_another = {"id": ID, "kind": 5, "tags": [["e", "cd" * 32]]}
    kept = [{"id": up.id, "kind": 1, "tags": [["e", up.id]]}] if is_kept else []

    removed = looked(scripted(ok(events=[*kept, deletion])))
    other = looked(scripted(ok(events=[*kept, of_another])))

    assert removed == Look(found=Found.REMOVED, post=up)
    assert other.found is (Found.OURS if is_kept else Found.ABSENT)


def looked(server: Any) -> Look:
    return look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)


@pytest.mark.parametrize(
    ("events", "name"),
    [
        ([{"content": '{"name": "ada"}'}], f"ada ({NPUB})"),
        ([{"content": "no JSON"}], NPUB),
        ([{"content": "[]"}], NPUB),
        ([], NPUB),
    ],
)
def test_whoami_is_the_name_in_the_profile(events: list[dict[str, str]], name: str) -> None:
    server = scripted(ok(events=events))

    assert whoami(ACCOUNT, server) == name
    assert server.asked[0].json == ["REQ", "account", {"authors": [KEY], "kinds": [0], "limit": 1}]


def test_the_relay_that_takes_least_says_how_long_a_text_may_be() -> None:
    server = scripted(
        ok(limitation={"max_content_length": 8196}), ok(limitation={"max_content_length": 280})
    )

    assert ask_limits(ACCOUNT, server).text == 280
    assert [(one.url, one.anonymous) for one in server.asked] == [
        ("https://relay.example.org", True),
        ("https://other.example.org", True),
    ]


@pytest.mark.parametrize(
    "silent",
    [
        TryLater("timed out"),
        Rejected("404"),
        Response(body=b"<html>"),
        ok(),
        ok(limitation={"max_content_length": "7"}),
    ],
)
def test_relays_that_do_not_say_leave_our_own_limit(silent: Any) -> None:
    assert ask_limits(ACCOUNT, scripted(silent, ok(limitation=None))) == PLATFORM.limits


def an_event() -> Request:
    server = scripted(TOOK_IT)
    publish(ACCOUNT, a_post(), server)
    return server.asked[0]


@pytest.mark.parametrize("key", [NSEC, NSEC + "\n", read(NSEC)[1].hex()])
def test_an_event_is_signed_the_same_way_each_time(key: str) -> None:
    once, again = (nostr(an_event(), {"nsec": key}).json[1] for _ in range(2))

    assert is_signed(once)
    assert once == again


def test_the_permission_to_upload_is_signed_for_some_minutes(tmp_path: Path) -> None:
    server = scripted(documented, TOOK_IT)
    publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    signed = nostr(server.asked[0], {"nsec": NSEC}, now=lambda: 1_788_769_800.5)

    scheme, token = signed.headers["Authorization"].split()
    permission = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    assert (scheme, is_signed(permission), permission["created_at"]) == (
        "Nostr",
        True,
        1_788_769_800,
    )
    assert ["expiration", "1788770400"] in permission["tags"]


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "no private key"),
        ("hello", "no private key"),
        ("00" * 32, "no private key"),
        (NSEC[:-1] + "q", "no private key"),
        ("01" * 32, "which is not the account's `npub`"),
    ],
)
def test_a_key_that_is_none_or_anothers_needs_a_login(key: str, why: str) -> None:
    look = scripted(ok(events=[]))
    whoami(ACCOUNT, look)

    for request in (an_event(), look.asked[0]):
        with pytest.raises(LoginNeeded, match=why) as raised:
            nostr(request, {"nsec": key})
        assert not key or key not in str(raised.value)
    assert nostr(look.asked[0], {"nsec": NSEC}) == look.asked[0], "a question needs no signature"


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(),
    "pictures": lambda folder: a_post(
        media=(an_image(folder), an_image(folder, "b.png", colour="red"))
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_event(name: str, tmp_path: Path) -> None:
    became = lost_at_every_step(
        Relay, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, {"nsec": NSEC}
    )

    assert became == {"published"}


def test_an_event_has_the_second_of_its_first_attempt_and_so_its_id() -> None:
    late = a_post(sent_at=DUE + timedelta(hours=1, microseconds=7))

    assert sent(late)["created_at"] == int(DUE.timestamp()) + 3600
    assert sent(late)["id"] == sent(late)["id"] != sent(a_post())["id"]


@dataclass
class Ours:
    """What relays have, for a look by id and one by time."""

    up: list[dict[str, Any]]

    def __call__(self, request: Request) -> Response:
        fitting = [one for one in self.up if any(fits(one, wanted) for wanted in request.json[2:])]
        return ok(events=fitting)


def fits(one: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Whether the event is among those that a filter asks for."""
    return (
        one["id"] in wanted.get("ids", [one["id"]])
        and one["kind"] in wanted.get("kinds", [one["kind"]])
        and one["pubkey"] in wanted["authors"]
        and wanted.get("since", 0) <= one["created_at"] <= wanted.get("until", 2**40)
    )


def at(hours: float, **changes: Any) -> Any:
    return sent(a_post(sent_at=DUE + timedelta(hours=hours), **changes))


@pytest.mark.parametrize(
    ("up", "found"),
    [
        ([at(0.5)], Found.OURS),
        ([at(3), at(0.5)], Found.NEAR),
        ([at(-1), at(24)], Found.ABSENT),
        ([at(0.5, text="Other words")], Found.ABSENT),
        ([at(0.5, options={"content_warning": "Exams"})], Found.ABSENT),
    ],
    ids=["there", "twice", "yesterday's and tomorrow's", "other words", "a warning"],
)
def test_what_an_earlier_store_sent_is_found_by_its_words(up: list[Any], found: Found) -> None:
    post, lost = a_post(sent_at=DUE + timedelta(days=2)), Lost(left_at=DUE)

    result = look(PLATFORM, ACCOUNT, post, lost, Ours(up))

    assert result.found is found
    first = None if found is Found.ABSENT else at(0.5)["id"]
    assert (result.post.id if result.post else None) == first


def test_the_same_words_of_another_delivery_are_not_taken_for_ours() -> None:
    post, theirs = a_post(sent_at=DUE + timedelta(days=2)), at(0.5)

    lost = Lost(left_at=DUE, others=frozenset({theirs["id"]}))

    assert look(PLATFORM, ACCOUNT, post, lost, Ours([theirs])).found is Found.ABSENT
