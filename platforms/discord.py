"""A Discord channel, through its webhook or, where the account names a `channel`, through a bot.

A bot's message carries a nonce: within the past few minutes a second one is answered with the first, and later the bot looks
through the channel. A webhook has neither: a lost answer is in doubt. A webhook cannot answer a message either: the parts of
a thread follow one another.

https://docs.discord.com/developers/resources/webhook#execute-webhook and /message#create-message
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from platforms.base import (
    DOUBLES,
    DROPPED,
    HARMLESS,
    Account,
    Ask,
    InDoubt,
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
)

API = "https://discord.com/api"
REMEMBERED = 120.0  # seconds: "the past few minutes"
BEGAN = datetime(2015, 1, 1, tzinfo=UTC)  # ids count from here
EARLY = timedelta(hours=12)  # how far its clock and ours may be apart
PAGES = 10  # of 100 messages
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


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """Our message among the bot's own. Of a channel whose history it may not read Discord shows nothing, and says so to nobody."""
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
    if not page(account, "limit=1", ask):
        raise InDoubt(
            f"{account.name}: the channel is empty, or the bot lacks the permission Read Message History"
        )
    wanted = (me["id"], *told(message(account, post)), len(post.media))
    for one in listed(account, lost.left_at - EARLY, ask):
        if (
            one["id"] not in lost.others
            and (one["author"]["id"], *told(one), len(one["attachments"])) == wanted
        ):
            return published(one, place)
    return None


def told(one: Json) -> tuple[str, str, str]:
    """What a message says, asks and answers; Discord takes white space off its ends."""
    asked, reply = (one.get("poll") or {}).get("question", {}), one.get("message_reference") or {}
    return (
        one.get("content", "").strip(),
        asked.get("text", "").strip(),
        reply.get("message_id", ""),
    )


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
    return post.id.rstrip("/").rpartition("/")[2]


def listed(account: Account, since: datetime, ask: Ask) -> Iterator[Json]:
    """The channel's messages since then."""
    after = str(int((since - BEGAN) / timedelta(milliseconds=1)) << 22)
    for _ in range(PAGES):
        found = page(account, f"limit=100&after={after}", ask)
        yield from found
        if len(found) < 100:
            return
        after = str(max(int(one["id"]) for one in found))
    raise InDoubt(
        f"{account.name}: too many messages since {since:%Y-%m-%d %H:%M} UTC to look through"
    )


def page(account: Account, query: str, ask: Ask) -> list[Json]:
    return list(
        ask(
            Request(
                step="list",
                url=f"{messages(account)}?{query}",
                repeat=HARMLESS,
                fresh=True,
                example=[],
            )
        ).json()
        or []
    )


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
    find=find,
    can_find=is_bot,
    find_after=5,
    whoami=whoami,
    errors=dict.fromkeys(LOGINS, LoginNeeded),
)
