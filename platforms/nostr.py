"""Nostr: a short text (kind 1) on several relays, with pictures and videos on a Blossom media server; threads.

An event's id is the hash of what it says, its second included. That second is the one of the first attempt, which the store keeps, and
files are named by their hash, so that a second sending is the same event, which every relay drops for ever. Readers see it as soon as
one relay has it.

https://github.com/nostr-protocol/nips (01, 10, 11, 19, 27, 32, 36, 92) and https://github.com/hzrd149/blossom (BUD-01, 02, 11)
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
    Json,
    Limits,
    Lost,
    Media,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Setting,
    TryLater,
    address_of,
)
from platforms.nostr_events import event_of, identifier, public_key, written
from platforms.recent import Found, Look
from platforms.signing import nostr

MENTION = r"(?<![\w/])(?:nostr:|@)?(?P<mention>npub1[02-9ac-hj-np-z]{58})(?![0-9A-Za-z])"
DELETION = 5  # the kind of an event that asks to delete others
UNSEEN = re.compile(
    r"[\x00-\x07\x0b\x0e-\x1f]"
)  # control characters whose spelling in JSON is not NIP-01's
A_DAY = 86_400  # seconds


def publish(account: Account, post: Post, ask: Ask) -> Published:
    """The event is made before anything leaves: all of it is known."""
    event = made(account, post)
    for number, one in enumerate(post.media, 1):
        upload(account, one, number, ask)
    answer = ask(
        said(
            account,
            "event",
            ["EVENT", event],
            {"taken": relays(account), "missing": {}},
            repeat=DROPPED,
            remembered=FOREVER,
        )
    ).json()
    return published(
        account, event, *(f"not on {relay}: {why}" for relay, why in answer["missing"].items())
    )


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """Whether a relay has it: its id is known, unless an earlier store sent it.

    Or whether one has the request to delete it, which its author sent.
    """
    event = made(account, post)
    wanted = {"ids": [event["id"]]}
    events = looked(account, ask, wanted, {"kinds": [DELETION], "#e": [event["id"]]})
    if any(deletes(one, event) for one in events):
        return Look(found=Found.REMOVED, post=published(account, event))
    if any(one["id"] == event["id"] for one in events):
        return Look(found=Found.OURS, post=published(account, event))
    if lost.left_at < post.date:
        return by_an_earlier_store(account, event, lost, ask)
    return Look(found=Found.ABSENT)


def deletes(one: Json, event: Json) -> bool:
    """Whether its author asked relays to delete the event (NIP-09)."""
    names = [tag[1] for tag in one.get("tags", ()) if tag[0] == "e"]
    return bool(one.get("kind") == DELETION and event["id"] in names)


def by_an_earlier_store(account: Account, event: Mapping[str, Json], lost: Lost, ask: Ask) -> Look:
    """The event that says the same, made within a day: its second is not known here."""
    since = int(lost.left_at.timestamp())
    window = {"kinds": [event["kind"]], "since": since, "until": since + A_DAY - 1}
    alike = [
        one
        for one in looked(account, ask, window)
        if all(one.get(name) == event[name] for name in ("pubkey", "kind", "content", "tags"))
    ]
    ours = [one for one in alike if one["id"] not in lost.others]
    if not ours:
        return Look(found=Found.ABSENT)
    first = published(account, min(ours, key=lambda one: int(one["created_at"])))
    if len(ours) > 1:
        return Look(found=Found.NEAR, post=first, why="several events say the same")
    return Look(found=Found.OURS, post=first)


def looked(account: Account, ask: Ask, *wanted: Mapping[str, Json]) -> list[Json]:
    """The account's events that a relay has, by filters of NIP-01."""
    filters = [{**one, "authors": [author(account)]} for one in wanted]
    request = said(account, "look", ["REQ", "look", *filters], {"events": []}, repeat=HARMLESS)
    events: list[Json] = ask(request).json()["events"]
    return events


def whoami(account: Account, ask: Ask) -> str:
    """The name in the profile, where a relay has one. That the key is the account's is found out when the request is signed."""
    profile = {"authors": [author(account)], "kinds": [0], "limit": 1}
    example = {"events": [{"content": '{"name": "ada"}'}]}
    answer = ask(
        said(account, "account", ["REQ", "account", profile], example, repeat=HARMLESS)
    ).json()
    try:
        name = json.loads(answer["events"][0]["content"])["name"]
    except (LookupError, TypeError, ValueError):
        return str(account.settings["npub"])
    return f"{name} ({account.settings['npub']})"


def ask_limits(account: Account, ask: Ask) -> Limits:
    """The shortest text that one of the relays takes, as far as they say so (NIP-11)."""
    told = [
        one
        for one in (longest(relay, ask) for relay in relays(account))
        if isinstance(one, int) and one > 0
    ]
    return replace(LIMITS, text=min(told)) if told else LIMITS


def longest(relay: str, ask: Ask) -> Json:
    try:
        answer = ask(
            Request(
                step="limits",
                url="http" + relay.removeprefix("ws"),
                headers={"Accept": "application/nostr+json"},
                repeat=HARMLESS,
                anonymous=True,
                example={"limitation": {"max_content_length": 8196}},
            )
        ).json()
    except (Rejected, TryLater, ValueError):  # another one may answer
        return None
    return (answer.get("limitation") or {}).get("max_content_length")


def relays(account: Account) -> list[str]:
    named = [str(one).strip().rstrip("/") for one in account.settings["relays"]]
    wrong = [one for one in named if not one.startswith(("wss://", "ws://"))]
    if wrong or not named:
        raise Rejected(
            f"`relays` of {account.name}: {wrong[0] if wrong else 'there is none'}; a relay's address begins with wss://"
        )
    return named


def said(account: Account, step: str, message: Json, example: Json, **more: Json) -> Request:
    """A message to all relays; who is asked stands in the header, as nothing else of a message says it."""
    return Request(
        step=step,
        method=message[0],
        url=relays(account)[0],
        headers={"relays": json.dumps(relays(account))},
        json=message,
        example=example,
        **more,
    )


def author(account: Account) -> str:
    return public_key(str(account.settings["npub"]))


def made(account: Account, post: Post) -> dict[str, Json]:
    event = {
        "pubkey": author(account),
        "created_at": int(post.date.timestamp()),
        "kind": 1,
        "tags": list(tags(account, post)),
        "content": content(account, post),
    }
    return {"id": identifier(event), **event}


def content(account: Account, post: Post) -> str:
    """The text, with mentions as clients find them (NIP-27), and below it the addresses of the files."""
    text = post.text
    for span in reversed(post.spans):
        if span.kind == "mention":
            text = f"{text[: span.start]}nostr:{span.value}{text[span.end :]}"
    return UNSEEN.sub(
        "",
        "\n\n".join(filter(None, (text, "\n".join(address(account, one) for one in post.media)))),
    )


def tags(account: Account, post: Post) -> Iterator[list[str]]:
    if post.reply_to:
        before = event_of(post.reply_to)
        root = post.reply_to.ref.get("root") or before
        relay, key = relays(account)[0], author(account)
        yield ["e", root, relay, "root", key]
        if before != root:
            yield ["e", before, relay, "reply", key]
        yield ["p", key]
    yield from (["p", public_key(span.value)] for span in post.spans if span.kind == "mention")
    yield from (
        ["t", tag]
        for tag in dict.fromkeys(span.value.lower() for span in post.spans if span.kind == "tag")
    )
    yield from (attached(account, one) for one in post.media)
    if post.options.get("content_warning"):
        yield ["content-warning", UNSEEN.sub("", str(post.options["content_warning"]))]
    yield from (
        (["L", "ISO-639-1"], ["l", post.language.partition("-")[0], "ISO-639-1"])
        if post.language
        else ()
    )


def attached(account: Account, media: Media) -> list[str]:
    """What clients know of a file before they fetch it (NIP-92)."""
    shape = [f"dim {media.width}x{media.height}"] if media.width and media.height else []
    alt = ["alt " + UNSEEN.sub("", media.alt)] if media.alt else []
    return [
        "imeta",
        f"url {address(account, media)}",
        f"m {media.type}",
        *shape,
        *alt,
        f"x {media.digest}",
    ]


def media_server(account: Account) -> str:
    return address_of("{media_server}", account)


def address(account: Account, media: Media) -> str:
    return f"{media_server(account)}/{media.digest}{media.file.suffix.lower()}"


def upload(account: Account, media: Media, number: int, ask: Ask) -> None:
    """Under the hash of its bytes, which a server that changes them would not keep. The event in the header is signed as it leaves."""
    permission = {
        "pubkey": author(account),
        "kind": 24242,
        "content": f"Upload {media.name}",
        "tags": [["t", "upload"], ["x", media.digest]],
    }
    answer = ask(
        Request(
            step=f"upload {number}",
            method="PUT",
            url=f"{media_server(account)}/upload",
            body=media,
            repeat=HARMLESS,
            headers={
                "Content-Type": media.type,
                "X-SHA-256": media.digest,
                "Authorization": f"Nostr {json.dumps(permission)}",
            },
            example={
                "url": address(account, media),
                "sha256": media.digest,
                "size": media.size,
                "type": media.type,
            },
        )
    ).json()
    if answer["sha256"] != media.digest:
        raise Rejected(
            f"{media_server(account)} changed {media.file.name}, so that it is not where the post says; name another `media_server`"
        )


def published(account: Account, event: Json, *notes: str) -> Published:
    """The address is that of a page for people who have no Nostr app."""
    relay = relays(account)[0].encode()
    values = {
        0: bytes.fromhex(event["id"]),
        1: relay,
        2: bytes.fromhex(event["pubkey"]),
        3: event["kind"].to_bytes(4),
    }
    pointer = written(
        "nevent", b"".join(bytes((kind, len(value))) + value for kind, value in values.items())
    )
    root = next((tag[1] for tag in event["tags"] if tag[0] == "e"), event["id"])
    return Published(
        id=event["id"], url=f"https://njump.me/{pointer}", ref={"root": root}, notes=notes
    )


LIMITS = Limits(
    text=4000,  # a choice: each relay has its own, for text and addresses of files together, and many tell none; 4,096 is one that is met
    mention=MENTION,
    links=False,
    replies=True,
    images=10,
    videos=1,
    video_types=("video/mp4", "video/webm"),
    source="https://github.com/nostr-protocol/nips/blob/master/11.md",
    checked=date(2026, 11, 23),
)

PLATFORM = Platform(
    name="nostr",
    settings=(
        Setting(
            name="npub",
            meaning="the public key, as apps show it",
            required=True,
            example="npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6",
        ),
        Setting(
            name="relays",
            meaning="the relays it is published on, those that the account's app writes to",
            type=list[str],
            required=True,
            example='["wss://relay.example.org"]',
        ),
        Setting(
            name="media_server",
            meaning="the Blossom server that keeps pictures and videos",
            required=True,
            example="https://blossom.example.org",
        ),
    ),
    options=(
        Setting(
            name="content_warning",
            meaning="why apps hide the post until a click",
            example="Exam results",
        ),
    ),
    limits=LIMITS,
    publish=publish,
    find=find,
    find_after=0,  # a relay says OK when it has saved the event (NIP-01)
    whoami=whoami,
    ask_limits=ask_limits,
    secrets=("nsec",),
    obtain="in the app: Settings, Keys (or Backup), the private key: it begins with nsec1; better that of an account of its own",
    sign=nostr,
)
