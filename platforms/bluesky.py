"""Bluesky, at bsky.social or on a personal data server (PDS).

The record key is made from the post's key and due time, and `putRecord` with `swapRecord: null` says that nothing may
stand there yet: the same record again is dropped for ever, another one is refused. `createRecord` would answer a second
sending with a 500. Whatever the record holds is therefore made from the post alone.

https://docs.bsky.app/docs/advanced-guides/posts and https://atproto.com/specs/tid
"""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
    Cap,
    InDoubt,
    Json,
    Limits,
    LoginNeeded,
    Lost,
    Media,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Secrets,
    Setting,
    Span,
    TryLater,
    address_of,
    code_in_json,
    last_part,
    media_of_kind,
)
from platforms.recent import Found, Look, differs, iso

COLLECTION = "app.bsky.feed.post"
LONGEST_TAG = 64  # characters; a longer one would have the whole post refused
MENTION = r"(?<![^\s(])@(?P<mention>(?:[A-Za-z0-9-]+\.)+[A-Za-z]+)(?![A-Za-z0-9])"  # a handle is a domain, as the app finds them
NO_TAG = r"\s\u00AD\u2060\u200A-\u200D\u20E2"  # ends a tag: spaces and what cannot be seen
TAG = rf"(?<!\S)[#＃](?P<tag>(?!\uFE0F)[^{NO_TAG}]*[^\d\p{{P}}{NO_TAG}](?:[^{NO_TAG}]*[^\p{{P}}{NO_TAG}])?)"  # no punctuation at its end
DIGITS = "234567abcdefghijklmnopqrstuvwxyz"
DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
CID = "bafyreibjifzpqj6o6wcq3hejh7y4z4z2vmiklkvykc57tw3pcbx3kxifpm"
BLOB = {
    "$type": "blob",
    "ref": {"$link": "bafkreibabalobzn6cd366ukcsjycp4yymjymgfxcv6xczmlgpemzkz3cfa"},
}
LONGEST_CAPTIONS = 20_000  # bytes
SESSION = {"accessJwt": "eyJh", "refreshJwt": "eyJr", "did": DID, "handle": "atproto.com"}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if any(one.captions and one.captions.size > LONGEST_CAPTIONS for one in post.media):
        raise Rejected(
            f"captions on Bluesky have at most {LONGEST_CAPTIONS // 1000} kB: leave them out, or cut the video"
        )
    record = written(account, post, ask)
    try:
        answer = ask(put(account, post, record))
    except TryLater as refused:
        if refused.response is None or code_in_json(refused.response) != "BlobNotFound":
            raise
        embedded(
            account, post, ask, again=True
        )  # the same bytes have the same CID: the record stays as it is
        answer = ask(put(account, post, record))
    return published(account, {**answer.json(), "value": record})


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """The record under our key.

    Another calendar with the same entry id, account name and due second has the same key.
    """
    try:
        record = record_at(account, record_key(post), ask)
    except Rejected as refused:
        if refused.response is None or code_in_json(refused.response) != "RecordNotFound":
            raise
        return Look(found=Found.ABSENT)
    up = published(account, record)
    others = differences(post, record["value"], lost)
    if not others:
        return Look(found=Found.OURS, post=up)
    why = (
        f"a post that differs in {' and '.join(others)} has the record key of this one"
        " (if it is another calendar's, give this entry another `id`)"
    )
    return Look(found=Found.NEAR, post=up, why=why)


def whoami(account: Account, ask: Ask) -> str:
    asked = Request(
        step="session",
        url=xrpc(account, "com.atproto.server.getSession"),
        repeat=HARMLESS,
        example=SESSION,
    )
    return f"@{ask(asked).json()['handle']}"


def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
    """Logins are rationed (30 in five minutes, 300 a day), refreshing is not."""
    if "refresh" in secrets:
        try:
            return tokens(
                ask(
                    Request(
                        step="refresh",
                        method="POST",
                        url=xrpc(account, "com.atproto.server.refreshSession"),
                        headers={"Authorization": "Bearer {refresh}"},
                        repeat=HARMLESS,
                        example=SESSION,
                    )
                ).json()
            )
        except (LoginNeeded, Rejected):
            pass
    return tokens(
        ask(
            Request(
                step="login",
                method="POST",
                url=xrpc(account, "com.atproto.server.createSession"),
                json={"identifier": handle(account), "password": "{app_password}"},
                repeat=HARMLESS,
                example=SESSION,
            )
        ).json()
    )


def tokens(answer: Json) -> Secrets:
    return {
        "token": answer["accessJwt"],
        "refresh": answer["refreshJwt"],
        **end_of(answer["accessJwt"]),
    }


def end_of(token: str) -> dict[str, str]:
    """When the token ends, as it says itself (the claim `exp` of a JWT, RFC 7519); nothing where it does not."""
    try:
        said = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
        return {"ends": datetime.fromtimestamp(said["exp"], UTC).isoformat()}
    except (LookupError, ValueError, TypeError, OverflowError):
        return {}


def xrpc(account: Account, method: str) -> str:
    return address_of("{server}/xrpc/", account) + method


def handle(account: Account) -> str:
    return str(account.settings["handle"]).removeprefix("@")


def put(account: Account, post: Post, record: Json) -> Request:
    key = record_key(post)
    return Request(
        step="post",
        method="POST",
        url=xrpc(account, "com.atproto.repo.putRecord"),
        json={
            "repo": handle(account),
            "collection": COLLECTION,
            "rkey": key,
            "swapRecord": None,
            "record": record,
        },
        repeat=DROPPED,
        remembered=FOREVER,
        example={"uri": f"at://{DID}/{COLLECTION}/{key}", "cid": CID},
    )


def record_key(post: Post) -> str:
    """A TID in the second of the due time, so that keys sort as posts do; the key fills its microseconds and clock id."""
    drawn = int.from_bytes(hashlib.sha256(post.key.encode()).digest()[:8])
    return tid(int(post.due.timestamp()) * 1_000_000 + drawn % 1_000_000, drawn // 1_000_000 % 1024)


def tid(microseconds: int, clock: int) -> str:
    number = microseconds << 10 | clock
    return "".join(DIGITS[number >> shift & 31] for shift in range(60, -1, -5))


def written(account: Account, post: Post, ask: Ask) -> dict[str, Json]:
    record = {
        "$type": COLLECTION,
        "text": post.text,
        "createdAt": post.date.astimezone(UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "langs": [post.language],
        "facets": list(facets(account, post, ask)),
        "reply": post.reply_to and reply(account, post.reply_to, ask),
        "embed": embedded(account, post, ask),
    }
    return {name: value for name, value in record.items() if name == "text" or value}


def facets(account: Account, post: Post, ask: Ask) -> Iterator[dict[str, Json]]:
    """Where the text can be clicked. Offsets are UTF-8 bytes."""
    for span in post.spans:
        feature = pointed_at(account, span, ask)
        if feature:
            start, end = (len(post.text[:offset].encode()) for offset in (span.start, span.end))
            yield {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


def pointed_at(account: Account, span: Span, ask: Ask) -> dict[str, Json] | None:
    kind = f"app.bsky.richtext.facet#{span.kind}"
    if span.kind == "link":
        return {"$type": kind, "uri": span.value}
    if span.kind == "tag":
        return {"$type": kind, "tag": span.value} if len(span.value) <= LONGEST_TAG else None
    try:
        answer = ask(
            Request(
                step=f"mention {span.value}",
                repeat=HARMLESS,
                anonymous=True,
                example={"did": DID},
                url=xrpc(
                    account,
                    f"com.atproto.identity.resolveHandle?handle={quote(span.value, safe='')}",
                ),
            )
        )
    except Rejected:  # nobody of that name: it stays plain text
        return None
    return {"$type": kind, "did": answer.json()["did"]}


def embedded(account: Account, post: Post, ask: Ask, again: bool = False) -> dict[str, Json] | None:
    """The video or the images, else the card of the link, else nothing: a post has one of them."""
    for film in media_of_kind(post.media, "video"):
        spoken = (
            [
                {
                    "lang": post.language,
                    "file": uploaded(account, film.captions, "captions", ask, again),
                }
            ]
            if film.captions
            else None
        )
        return {
            "$type": "app.bsky.embed.video",
            "video": uploaded(account, film, "upload 1", ask, again),
            "alt": film.alt,
            **({"captions": spoken} if spoken else {}),
            **shape(film),
        }
    if post.media:
        return {
            "$type": "app.bsky.embed.images",
            "images": [
                {
                    "alt": one.alt,
                    "image": uploaded(account, one, f"upload {number}", ask, again),
                    **shape(one),
                }
                for number, one in enumerate(post.media, 1)
            ],
        }
    if post.link is None:
        return None
    link = post.link
    thumb = (
        {"thumb": uploaded(account, link.image, "upload card", ask, again)} if link.image else {}
    )
    card = {
        "uri": link.url,
        "title": link.title or link.url,
        "description": link.description,
        **thumb,
    }
    return {"$type": "app.bsky.embed.external", "external": card}


def uploaded(account: Account, media: Media, step: str, ask: Ask, again: bool) -> Json:
    """The blob, as it has to stand in the record. One that no record holds is deleted within hours: `again` uploads it anew."""
    example = {"blob": {**BLOB, "mimeType": media.type, "size": media.size}}
    return ask(
        Request(
            step=step,
            method="POST",
            url=xrpc(account, "com.atproto.repo.uploadBlob"),
            headers={"Content-Type": media.type},
            body=media,
            repeat=HARMLESS,
            fresh=again,
            example=example,
        )
    ).json()["blob"]


def shape(media: Media) -> dict[str, Json]:
    return (
        {"aspectRatio": {"width": media.width, "height": media.height}}
        if media.width and media.height
        else {}
    )


def reply(account: Account, before: Published, ask: Ask) -> dict[str, Json]:
    """A post that a person found is known by its URL alone: the server is asked for the rest."""
    ref = (
        before.ref
        or published(account, record_at(account, before.id.rstrip("/").rpartition("/")[2], ask)).ref
    )
    return {"root": ref["root"], "parent": {"uri": ref["uri"], "cid": ref["cid"]}}


def record_at(account: Account, key: str, ask: Ask) -> Json:
    asked = f"com.atproto.repo.getRecord?repo={quote(handle(account), safe=':')}&collection={COLLECTION}&rkey={quote(key)}"
    example = {"uri": f"at://{DID}/{COLLECTION}/{key}", "cid": CID, "value": {}}
    return ask(
        Request(step="record", url=xrpc(account, asked), repeat=HARMLESS, example=example)
    ).json()


def differences(post: Post, record: Json, lost: Lost) -> list[str]:
    """What the record has that is not as our post would have it."""
    embed = record.get("embed") or {}
    card = (embed.get("external") or {}).get("uri")
    parent = ((record.get("reply") or {}).get("parent") or {}).get("uri", "")
    is_other = {
        "its text": record.get("text") != post.text,
        "its files": has_other_files(post, embed, lost),
        "its link": card != (post.link.url if post.link and not post.media else None),
        "what it answers": last_part(parent)
        != (last_part(post.reply_to.id) if post.reply_to else ""),
        "its time": iso(record.get("createdAt")) not in times(post, lost),
    }
    return [name for name, is_so in is_other.items() if is_so]


def has_other_files(post: Post, embed: Json, lost: Lost) -> bool:
    """Whether number or descriptions of the files differ, or their content where that is known."""
    images = [(image["alt"], image["image"]) for image in embed.get("images") or ()]
    videos = [(embed.get("alt") or "", embed["video"])] if "video" in embed else []
    files = images + videos
    if [alt for alt, _ in files] != [media.alt for media in post.media]:
        return True
    return any(
        differs(cid_of(uploads), blob["ref"]["$link"])
        for uploads, (_, blob) in zip(
            (lost.answers.get(f"upload {number}") for number in range(1, len(files) + 1)),
            files,
            strict=True,
        )
    )


def cid_of(upload: Response | None) -> str | None:
    """What the server called the file when it was uploaded, if that is still known."""
    return str(upload.json()["blob"]["ref"]["$link"]) if upload else None


def times(post: Post, lost: Lost) -> set[datetime]:
    """What `createdAt` may be, to the millisecond. An earlier version wrote the due time there."""
    instants = {post.date, post.due} if lost.left_at < post.date else {post.date}
    return {one.replace(microsecond=one.microsecond // 1000 * 1000) for one in instants}


def published(account: Account, record: dict[str, Any]) -> Published:
    own = {"uri": record["uri"], "cid": record["cid"]}
    root = (record["value"].get("reply") or {}).get("root") or own
    key = record["uri"].rpartition("/")[2]
    return Published(
        id=record["uri"],
        url=f"https://bsky.app/profile/{handle(account)}/post/{key}",
        ref={**own, "root": root},
    )


PLATFORM = Platform(
    name="bluesky",
    settings=(
        Setting(
            name="server",
            meaning="the personal data server (PDS) where the account lives",
            default="https://bsky.social",
            example="https://bsky.social",
        ),
        Setting(
            name="handle",
            meaning="the account's name, without @",
            required=True,
            example="ada.bsky.social",
        ),
    ),
    limits=Limits(
        text=300,
        unit="graphemes",
        text_bytes=3000,
        markup="links",
        mention=MENTION,
        tag=TAG,
        link_or_media=True,
        replies=True,
        images=4,
        animations=(),  # the app shows the first frame
        image_bytes=2_000_000,
        card_image_bytes=1_000_000,
        videos=1,
        videos_alone=True,
        video_bytes=52_428_800,  # what Bluesky's own servers take
        video_seconds=180,
        captions=("text/vtt",),
        caps=(
            Cap(posts=2_500, seconds=3_600),
            Cap(posts=17_500, seconds=86_400),
        ),  # a put costs 2 of 5,000 and of 35,000 points
        source="https://github.com/bluesky-social/atproto/tree/main/lexicons/app/bsky",
        checked=date(2026, 11, 23),
    ),
    publish=publish,
    find=find,
    find_after=0,  # getRecord reads the repository that putRecord wrote to, on the same server
    whoami=whoami,
    secrets=("app_password",),
    obtain="In the app: Settings, Privacy and security, App passwords; not the password of the account itself",
    session=session,
    errors={
        **dict.fromkeys(
            (
                "ExpiredToken",
                "InvalidToken",
                "AuthMissing",
                "AuthenticationRequired",
                "AccountTakedown",
                "AccountDeactivated",
            ),
            LoginNeeded,
        ),
        "InvalidSwap": InDoubt,  # our key holds another record: what went up before, and is looked at
        "BlobNotFound": TryLater,
        "RateLimitExceeded": TryLater,
    },
)
