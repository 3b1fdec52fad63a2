"""A Matrix room: a text with its HTML, or one picture or video with the text as its caption; threads.

The number of a transaction is the delivery's key: the server drops a second sending for a day, as long as it comes from the same
device. A message carries the key as well, in a field of ours, so that it can be found by any device and on any server.

https://spec.matrix.org/v1.18/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
"""

import hashlib
import json
import re
from dataclasses import replace
from datetime import date
from urllib.parse import quote, unquote, urlencode, urlsplit

from platforms.base import (
    DROPPED,
    HARMLESS,
    Account,
    Ask,
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
    address_of,
)
from platforms.recent import (
    REMOVED_STATE,
    ListedFile,
    ListedPost,
    PostList,
    Search,
    by_cursor,
    unix,
)

REMEMBERED = 86_400.0  # seconds; Synapse deletes what is older than a day
LARGEST = 62_000  # bytes of JSON; an event has at most 65,536, with what the server adds
PER_PAGE = 100
REDACTED = (
    "a message of the account was removed, and the room does not show whether it was this one"
)
EVENT_ID = re.compile(r"\$[\w+/=-]+(?::[\w.:-]+)?")
KEY = "org.termbell.key"
MARKED = re.compile(r"<(?!/?p>|br ?/?>)")  # HTML that says more than the text
NOT_THERE = 404
ROOM, EVENT = "!jEsUZKDJdhlrceRyVU:example.org", "$afYN96Vpkk9otqOh3SODwfQBQJVViDBYe2t2ARt7UYQ"
NOT_ENCRYPTED = Response.of({"errcode": "M_NOT_FOUND"}, NOT_THERE)


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    room = joined(account, ask)
    content = message(post, uploaded(account, post.media[0], ask) if post.media else "")
    answer = ask(
        Request(
            step="message",
            method="PUT",
            url=at(
                account, f"client/v3/rooms/{quote(room, safe='')}/send/m.room.message/{post.key}"
            ),
            json=content,
            repeat=DROPPED,
            remembered=REMEMBERED,
            example={"event_id": EVENT},
        )
    ).json()
    return published(account, room, answer["event_id"], post)


def refuse(post: Post) -> None:
    size = len(
        json.dumps(message(post, "mxc://example.org/" + "x" * 40), ensure_ascii=False).encode()
    )
    if size > LARGEST:
        raise Rejected(
            f"a message on Matrix has room for {LARGEST:,} bytes of text and HTML, and this is {size - LARGEST:,} too long: shorten it"
        )


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The messages of the account in the room, by the clock of its own server; others have theirs."""
    me, room = whoami(account, ask), room_of(account, lost, ask)
    only_mine = json.dumps({"senders": [me]})
    query = urlencode({"dir": "b", "limit": PER_PAGE, "filter": only_mine})
    events = PostList(
        request=Request(
            step="list",
            url=at(account, f"client/v3/rooms/{quote(room, safe='')}/messages?{query}"),
            repeat=HARMLESS,
            fresh=True,
            example={"chunk": []},
        ),
        items=("chunk",),
        read=lambda item: listed(account, item, room, me, post),
        next_page=by_cursor("from", "end"),
        cursor_ends=True,
        empty_ends=False,  # without `end` there is nothing older; an empty chunk may have one
        newest_first=True,
    )
    return Search(lists=(events,), expected=expected(post, me, room, lost), exact_files=True)


def room_of(account: Account, lost: Lost, ask: Ask) -> str:
    """The id of the room that it was sent to. A look joins none."""
    room = str(account.settings["room"])
    if "join" in lost.answers:
        return str(lost.answers["join"].json()["room_id"])
    if room.startswith("!"):
        return room
    found = Request(
        step="room",
        url=at(account, f"client/v3/directory/room/{quote(room, safe='')}"),
        repeat=HARMLESS,
        example={"room_id": ROOM, "servers": ["example.org"]},
    )
    return str(ask(found).json()["room_id"])


def expected(post: Post, me: str, room: str, lost: Lost) -> ListedPost:
    """Our message, as the room would show it."""
    upload = lost.answers.get("upload")
    content = message(post, upload.json()["content_uri"] if upload else "")
    return ListedPost(
        author=me,
        place=room,
        parent=event_of(post.reply_to) if post.reply_to else "",
        shown=content["body"],
        files=listed_files(content),
        key=post.key,
    )


def listed(account: Account, item: Json, room: str, me: str, post: Post) -> ListedPost | None:
    """A message of the room, or what is left of one. An edit is none: it stands for another one."""
    content, unsigned = item.get("content") or {}, item.get("unsigned") or {}
    relation = content.get("m.relates_to") or {}
    is_message = item.get("type", "m.room.message") == "m.room.message"
    if not is_message or item["sender"] != me or relation.get("rel_type") == "m.replace":
        return None
    is_redacted = "redacted_because" in unsigned or not content
    found = published(account, room, item["event_id"], post)
    return ListedPost(
        id=found.id,
        url=found.url,
        made=unix(item["origin_server_ts"] / 1000),
        author=item["sender"],
        place=room,
        parent=None if is_redacted else relation.get("m.in_reply_to", {}).get("event_id", ""),
        state=REMOVED_STATE if is_redacted else None,
        shown=content.get("body"),
        files=None if is_redacted else listed_files(content),
        key=key_of(item, post),
        doubt=REDACTED if is_redacted else "",
        ref=dict(found.ref),
    )


def key_of(item: Json, post: Post) -> str | None:
    """Our key in it; None where it has been taken out.

    A redaction takes it out, and so does an edit, on a server that shows the new text in place of the
    old one. The device that sent a message also sees its transaction.
    """
    content, unsigned = item.get("content") or {}, item.get("unsigned") or {}
    if unsigned.get("transaction_id") == post.key:
        return post.key
    is_edited = "m.replace" in (unsigned.get("m.relations") or {})
    is_bare = not content or "redacted_because" in unsigned or is_edited
    return str(content.get(KEY, "")) or (None if is_bare else "")


def listed_files(content: Json) -> tuple[ListedFile, ...]:
    if "url" not in content and "filename" not in content:
        return ()
    file = ListedFile(
        ids=frozenset({content.get("url", "")} - {""}),
        name=content.get("filename"),
        size=(content.get("info") or {}).get("size"),
    )
    return (file,)


def id_of(name: str) -> str:
    """The id of an event, also in its link."""
    found = EVENT_ID.search(unquote(name))
    return found[0] if found else name


def whoami(account: Account, ask: Ask) -> str:
    asked = Request(
        step="account",
        url=at(account, "client/v3/account/whoami"),
        repeat=HARMLESS,
        example={"user_id": "@ada:example.org"},
    )
    return str(ask(asked).json()["user_id"])


def ask_limits(account: Account, ask: Ask) -> Limits:
    source = at(account, "client/v1/media/config")
    most = (
        ask(Request(step="limits", url=source, repeat=HARMLESS, example={}))
        .json()
        .get("m.upload.size")
    )
    return replace(LIMITS, image_bytes=most, video_bytes=most, source=source) if most else LIMITS


def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
    """A name and a password are traded for a token, as a device that is always the same, so that transactions stay recognised."""
    if "password" not in secrets:
        return {}
    device = (
        "TERMBELL"
        + hashlib.sha256(f"{account.name} {account.settings['server']}".encode())
        .hexdigest()[:10]
        .upper()
    )
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": "{user}"},
        "password": "{password}",
        "device_id": device,
        "initial_device_display_name": "Termbell",
    }
    try:
        answer = ask(
            Request(
                step="login",
                method="POST",
                url=at(account, "client/v3/login"),
                json=login,
                repeat=HARMLESS,
                example={"access_token": "x"},
            )
        )
    except Rejected as refused:  # 403 is said of a wrong password, and else of a room
        if refused.response is not None and refused.response.status == 403:
            raise LoginNeeded(
                f"{refused}; log in again: termbell login {account.name}", refused.response
            ) from None
        raise
    return {"token": answer.json()["access_token"]}


def at(account: Account, path: str) -> str:
    return address_of("{server}/_matrix/", account) + path


def joined(account: Account, ask: Ask) -> str:
    """The id of the room, in which the account is now. An encrypted one is refused: what is not encrypted is marked, or not shown, there."""
    room = str(account.settings["room"])
    found = ask(
        Request(
            step="join",
            method="POST",
            url=at(account, f"client/v3/join/{quote(room, safe='')}"),
            json={},
            repeat=HARMLESS,
            example={"room_id": room if room.startswith("!") else ROOM},
        )
    ).json()["room_id"]
    is_encrypted = (
        ask(
            Request(
                step="encryption",
                url=at(account, f"client/v3/rooms/{quote(found, safe='')}/state/m.room.encryption"),
                repeat=HARMLESS,
                accepts=(NOT_THERE,),
                example=NOT_ENCRYPTED,
            )
        ).status
        != NOT_THERE
    )
    if is_encrypted:
        raise Rejected(f"{room} is encrypted, and Termbell cannot encrypt: use a room that is not")
    return str(found)


def uploaded(account: Account, media: Media, ask: Ask) -> str:
    return str(
        ask(
            Request(
                step="upload",
                method="POST",
                url=at(account, f"media/v3/upload?filename={quote(media.name)}"),
                headers={"Content-Type": media.type},
                body=media,
                repeat=HARMLESS,
                example={"content_uri": "mxc://example.org/AQwafuaFswefuhsfAFAgsw"},
            )
        ).json()["content_uri"]
    )


def message(post: Post, uri: str) -> dict[str, Json]:
    said = {
        "msgtype": "m.text",
        "body": post.text,
        KEY: post.key,
        "m.mentions": mentions(post),
        "m.relates_to": thread(post),
    }
    if post.media:
        said |= file(post, post.media[0], uri)
    if not post.media and MARKED.search(post.html):  # below a picture it would hide what that shows
        said |= {"format": "org.matrix.custom.html", "formatted_body": post.html}
    return {name: value for name, value in said.items() if value}


def file(post: Post, media: Media, uri: str) -> dict[str, Json]:
    """Matrix has no field for what a picture shows: it stands below the text, or is the text."""
    about = {
        "mimetype": media.type,
        "size": media.size,
        "w": media.width,
        "h": media.height,
        "duration": round(media.seconds * 1000) if media.seconds else None,
    }
    caption = "\n\n".join(
        filter(None, (post.text, media.alt and (f"({media.alt})" if post.text else media.alt)))
    )
    return {
        "msgtype": f"m.{media.type.partition('/')[0]}",
        "body": caption or media.name,
        "filename": media.name,
        "url": uri,
        "info": {name: value for name, value in about.items() if value},
    }


def mentions(post: Post) -> dict[str, Json]:
    return (
        {"user_ids": [f"@{span.value}" for span in post.spans if span.kind == "mention"]}
        if post.spans
        else {}
    )


def thread(post: Post) -> dict[str, Json] | None:
    if post.reply_to is None:
        return None
    before = event_of(post.reply_to)
    return {
        "rel_type": "m.thread",
        "event_id": post.reply_to.ref.get("root") or before,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": before},
    }


def event_of(post: Published) -> str:
    """A message that a person found is known by its link."""
    found = EVENT_ID.search(unquote(post.id))
    if not found:
        raise Rejected(f"{post.id} is no message on Matrix; its link has a '$' in it")
    return found[0]


def published(account: Account, room: str, event: str, post: Post) -> Published:
    via = str(account.settings["room"]).partition(":")[2] or urlsplit(at(account, "")).netloc
    root = (post.reply_to.ref.get("root") or event_of(post.reply_to)) if post.reply_to else event
    return Published(
        id=event,
        url=f"https://matrix.to/#/{quote(room)}/{quote(event)}?via={via}",
        ref={"root": root},
    )


LIMITS = Limits(
    text=60_000,
    unit="bytes",
    mention=r"(?<![\w@])@(?P<mention>[a-z0-9._=/+-]+:[A-Za-z0-9.-]+(?::\d+)?)",
    html=True,
    links=False,
    replies=True,
    images=1,
    videos=1,
    videos_alone=True,
    image_bytes=10_000_000,
    video_bytes=50_000_000,
    source="https://spec.matrix.org/v1.18/client-server-api/#size-limits",
    checked=date(2026, 11, 23),
)

PLATFORM = Platform(
    name="matrix",
    settings=(
        Setting(
            name="server",
            meaning="the homeserver's address",
            required=True,
            example="https://matrix.example.org",
        ),
        Setting(
            name="room",
            meaning="the room, by its id or address",
            required=True,
            example='"#class-4b:example.org"',
        ),
    ),
    limits=LIMITS,
    publish=publish,
    recent=recent,
    find_after=5,  # no source; cautious: an event is in the room when its sending is answered
    id_of=id_of,
    whoami=whoami,
    ask_limits=ask_limits,
    secrets=("token",),
    instead=("user", "password"),
    obtain="in Element: All settings, Help & About, Advanced, Access token; or a name and a password of an account made for this",
    session=session,
)
