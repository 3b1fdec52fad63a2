"""A Discord channel, through its webhook or, where the account names a `channel`, through a bot.

A bot's message carries a nonce: within the past few minutes a second one is answered with the first, and later the bot looks
through the channel. A webhook has neither: a lost answer is in doubt. A webhook cannot answer a message either: the parts of
a thread follow one another.

https://docs.discord.com/developers/resources/webhook#execute-webhook and /message#create-message
"""

import json
from dataclasses import replace
from datetime import date

from platforms.base import (
    DOUBLES,
    DROPPED,
    HARMLESS,
    Account,
    Ask,
    Json,
    Limits,
    LoginNeeded,
    Lost,
    Platform,
    Poll,
    Post,
    Published,
    Rejected,
    Request,
    Secrets,
    Setting,
    in_url,
    last_part,
)
from platforms.recent import ListedFile, ListedPost, PostList, Search, by_last_item, iso

API = "https://discord.com/api"
REMEMBERED = 120.0  # seconds: "the past few minutes"
PER_PAGE = 100
TEXT, REPLY = 0, 19  # types of messages that people and bots write
MOST_BYTES = 26_214_400  # of a request
SILENT, NO_PREVIEW = 4096, 4
MESSAGE = {"id": "1152394561238794240", "channel_id": "1100000000000000001"}
CHANNEL = {"id": "1100000000000000001", "guild_id": "1000000000000000001", "name": "maths-club"}
LOGINS = (
    "10003",
    "10015",
    "50001",
    "50013",
    "50027",
)  # no such channel, no such webhook, no access, no permission, no such token


def publish(account: Account, post: Post, ask: Ask) -> Published:
    body = message(account, post)
    place = ask(
        Request(step="channel", url=place_of(account), repeat=HARMLESS, example=CHANNEL)
    ).json()
    files = {f"files[{nth}]": one for nth, one in enumerate(post.media)}
    content = (
        {"form": {"payload_json": json.dumps(body, ensure_ascii=False)}, "files": files}
        if files
        else {"json": body}
    )
    remembered = REMEMBERED if is_bot(account) else 0.0
    answer = ask(
        Request(
            step="message",
            method="POST",
            url=messages(account),
            repeat=DROPPED if is_bot(account) else DOUBLES,
            remembered=remembered,
            example=MESSAGE,
            **content,
        )
    )
    return published(answer.json(), place)


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The messages of the channel or the thread. Without Read Message History they are none."""
    me = ask(
        Request(
            step="account",
            url=f"{API}/v10/users/@me",
            repeat=HARMLESS,
            example={"id": "1", "username": "school"},
        )
    ).json()
    place = ask(
        Request(step="channel", url=place_of(account), repeat=HARMLESS, example=CHANNEL)
    ).json()
    history = PostList(
        request=Request(
            step="list",
            url=f"{messages(account)}?limit={PER_PAGE}",
            repeat=HARMLESS,
            fresh=True,
            example=[],
        ),
        read=lambda item: listed(item, place),
        next_page=by_last_item("before", "id"),
        newest_first=True,
    )
    return Search(lists=(history,), expected=expected(account, post, me["id"]), exact_files=True)


def expected(account: Account, post: Post, author: str) -> ListedPost:
    """Our message, as the list would show it."""
    body = message(account, post)
    asked = body.get("poll")
    return ListedPost(
        author=author,
        place=str(account.settings.get("thread") or account.settings["channel"]),
        parent=answered(post.reply_to) if post.reply_to else "",
        visibility=appearance(body.get("flags", 0)),
        poll=poll_texts(asked),
        shown=asked["question"]["text"] if asked else body.get("content", ""),
        # Discord keeps the file's name, which is made from its content.
        files=tuple(
            ListedFile(ids=frozenset({media.name}), name=media.name, alt=media.alt)
            for media in post.media
        ),
        key=post.key,
    )


def listed(item: Json, place: Json) -> ListedPost | None:
    """A message of the list; what Discord says itself (a pin, the end of a poll) is none."""
    if item.get("type", TEXT) not in (TEXT, REPLY):
        return None
    asked = item.get("poll")
    found = published(item, place)
    return ListedPost(
        id=found.id,
        url=found.url,
        made=iso(item["timestamp"]),
        author=item["author"]["id"],
        place=item["channel_id"],
        parent=(item.get("message_reference") or {}).get("message_id", ""),
        visibility=appearance(item.get("flags", 0)),
        poll=poll_texts(asked),
        shown=asked["question"].get("text", "") if asked else item["content"],
        files=tuple(map(listed_file, item["attachments"])),
        key=str(item["nonce"]) if item.get("nonce") else None,
    )


def listed_file(item: Json) -> ListedFile:
    return ListedFile(
        ids=frozenset({item["id"], item["filename"]}),
        name=item["filename"],
        size=item.get("size"),
        alt=item.get("description") or "",
    )


def appearance(flags: int) -> str:
    """How a message comes, of what we can choose."""
    names = {SILENT: "silent", NO_PREVIEW: "no preview"}
    return ", ".join(name for flag, name in names.items() if flags & flag)


def poll_texts(poll: Json) -> tuple[str, ...]:
    """Its question and its answers."""
    if not poll:
        return ()
    answers = [answer["poll_media"].get("text", "") for answer in poll["answers"]]
    return (poll["question"].get("text", ""), *answers)


def whoami(account: Account, ask: Ask) -> str:
    place = ask(
        Request(step="channel", url=place_of(account), repeat=HARMLESS, example=CHANNEL)
    ).json()
    return str(place.get("name") or place["id"])


def is_bot(account: Account) -> bool:
    return bool(account.settings.get("channel"))


def place_of(account: Account) -> str:
    """Where its channel and its server are told."""
    return f"{API}/v10/channels/{account.settings['channel']}" if is_bot(account) else "{webhook}"


def messages(account: Account) -> str:
    """A thread is a channel of its own. Without wait=true a webhook's message that is not saved is reported as sent."""
    thread = account.settings.get("thread")
    if is_bot(account):
        return f"{API}/v10/channels/{thread or account.settings['channel']}/messages"
    return "{webhook}?wait=true" + (f"&thread_id={thread}" if thread else "")


def message(account: Account, post: Post) -> dict[str, Json]:
    asked = post.options.get("poll")
    if asked and post.media:
        raise Rejected("Discord takes a poll or media, not both: take one of them away")
    if len(post.media) > 10 or sum(one.size for one in post.media) > MOST_BYTES:
        raise Rejected("Discord takes 10 files of 25 MiB together in a message: leave some out")
    flags = (SILENT if post.options.get("silent") else 0) | (
        NO_PREVIEW if post.options.get("preview") is False else 0
    )
    said = {
        "content": "" if asked else post.markup,
        "poll": asked and poll(post, asked),
        "attachments": [
            {"id": str(nth), "filename": one.name, "description": one.alt}
            for nth, one in enumerate(post.media)
        ],
        "flags": flags,
        **(by_bot(post) if is_bot(account) else {}),
    }
    return {
        "allowed_mentions": {"parse": []},
        **{name: value for name, value in said.items() if value},
    }


def by_bot(post: Post) -> dict[str, Json]:
    return {
        "nonce": post.key,
        "enforce_nonce": True,
        "message_reference": post.reply_to and {"message_id": answered(post.reply_to)},
    }


def poll(post: Post, asked: Json) -> Json:
    """The text is its question."""
    answers, hours = asked["answers"], round(asked.get("hours", 24))
    if (
        not 1 <= len(post.text) <= 300
        or len(answers) > 10
        or max(map(len, answers)) > 55
        or not 1 <= hours <= 768
    ):
        raise Rejected(
            "a poll on Discord has the text for its question, of at most 300 characters, at most 10 answers of 55 characters, and "
            "is open for 1 to 768 hours"
        )
    return {
        "question": {"text": post.text},
        "answers": [{"poll_media": {"text": one}} for one in answers],
        "duration": hours,
        "allow_multiselect": bool(asked.get("multiple")),
    }


def answered(post: Published) -> str:
    """Its id. A post that a person found is named by its URL, which ends with it."""
    return last_part(post.id)


def published(answer: Json, place: Json) -> Published:
    at = f"{place['guild_id']}/{answer['channel_id']}" if place.get("guild_id") else ""
    return Published(
        id=answer["id"], url=f"https://discord.com/channels/{at}/{answer['id']}" if at else None
    )


def sign(request: Request, secrets: Secrets) -> Request:
    needed = "webhook" if request.url.startswith("{webhook}") else "token"
    if needed not in secrets:
        instead = "name its `channel`" if needed == "webhook" else "take its `channel` away"
        raise LoginNeeded(
            f"discord: the account has no {needed}; give it one, or {instead} in the config"
        )
    if needed == "webhook":
        versioned = secrets["webhook"].replace("/api/webhooks/", "/api/v10/webhooks/")
        return in_url(request, {"webhook": versioned})
    return replace(request, headers={**request.headers, "Authorization": f"Bot {secrets['token']}"})


PLATFORM = Platform(
    name="discord",
    secrets=("webhook",),
    instead=("token",),
    settings=(
        Setting(
            name="channel",
            meaning="the channel's id, where a bot posts; without it the webhook does",
            example='"1100000000000000001"',
        ),
        Setting(
            name="thread",
            meaning="the id of a thread in the channel, to post there",
            example='"1100000000000000002"',
        ),
    ),
    options=(
        Setting(
            name="silent",
            meaning="whether it comes without a notification",
            type=bool,
            example="true",
        ),
        Setting(
            name="preview",
            meaning="false: no previews of the links in the text",
            type=bool,
            example="false",
        ),
        Setting(
            name="poll",
            meaning="answers to the text, which is its question",
            type=Poll,
            example="{answers: [Paper, Screen], hours: 48}",
        ),
    ),
    limits=Limits(
        text=2000,
        unit="UTF-16 units",  # it says characters, and not of which kind
        markup="discord",
        links=False,
        replies=True,
        images=10,
        image_bytes=10_485_760,
        videos=10,
        video_bytes=10_485_760,
        alt=1024,
        source="https://docs.discord.com/developers/resources/message#create-message",
        checked=date(2026, 11, 25),
    ),
    obtain="the channel's settings, Integrations, Webhooks: make one and copy its URL; or https://discord.com/developers/applications: the "
    "token of a bot that may View Channel, Send Messages, Attach Files and Read Message History",
    sign=sign,
    publish=publish,
    recent=recent,
    can_find=is_bot,
    find_after=5,  # no source; cautious
    whoami=whoami,
    errors=dict.fromkeys(LOGINS, LoginNeeded),
)
