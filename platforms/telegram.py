"""A Telegram channel or group, through a bot.

Nothing recognises a second sending, and a bot cannot read what is up: a lost answer is in doubt. Offsets count UTF-16 units.

https://core.telegram.org/bots/api#sendmessage and #sendmediagroup
"""

import json
from datetime import date
from typing import Literal

from platforms.base import (
    HARMLESS,
    MARKS,
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    LoginNeeded,
    Media,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    Span,
    in_url,
    utf16_units,
)

LONGEST_SIDES = 10_000  # pixels, width and height together
STEEPEST = 20  # one side to the other
ENTITIES = {"quote": "blockquote"} | {mark: mark for mark in MARKS if mark != "quote"}
METHODS = {"photo": "sendPhoto", "video": "sendVideo", "animation": "sendAnimation"}
MESSAGE = {
    "message_id": 57,
    "chat": {
        "id": -1001234567890,
        "type": "channel",
        "title": "Maths club",
        "username": "mathclub",
    },
}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    kinds = [kind(one) for one in post.media]
    if len(kinds) > 1:
        answer = ask(album(account, post, kinds))
        return published(answer.json()["result"][0])
    if kinds:
        fields = {
            **common(account, post),
            **said({"caption": post.text, "caption_entities": entities(post)}),
        }
        return published(
            ask(
                request(
                    account,
                    METHODS[kinds[0]],
                    form=as_form(fields),
                    files={kinds[0]: post.media[0]},
                )
            ).json()["result"]
        )
    fields = {
        **common(account, post),
        "text": post.text,
        **said({"entities": entities(post), "link_preview_options": preview(post)}),
    }
    return published(ask(request(account, "sendMessage", json=fields)).json()["result"])


def album(account: Account, post: Post, kinds: list[str]) -> Request:
    if "animation" in kinds:
        raise Rejected("Telegram's albums take no animations: post the GIF alone, or as a video")
    if len(kinds) > 10:
        raise Rejected(
            f"Telegram's albums take 10 pictures and videos, not {len(kinds)}: leave some out"
        )
    items: list[dict[str, Json]] = [
        {"type": kind, "media": f"attach://file{nth}"} for nth, kind in enumerate(kinds)
    ]
    items[0] |= said(
        {"caption": post.text, "caption_entities": entities(post)}
    )  # shows for the whole album
    return request(
        account,
        "sendMediaGroup",
        form=as_form({**common(account, post), "media": items}),
        files={f"file{nth}": one for nth, one in enumerate(post.media)},
        result=[MESSAGE],
    )


def kind(media: Media) -> str:
    """What Telegram calls it."""
    width, height = media.width or 1, media.height or 1
    if media.type.startswith("video/"):
        return "video"
    if media.type == "image/gif":
        return "animation"
    if width + height > LONGEST_SIDES or max(width, height) > STEEPEST * min(width, height):
        raise Rejected(
            f"{media.file.name} has {width} x {height} pixels; Telegram takes {LONGEST_SIDES} for both sides together, and no side "
            f"more than {STEEPEST} times the other"
        )
    return "photo"


def common(account: Account, post: Post) -> dict[str, Json]:
    reply = {"message_id": answered(post.reply_to)} if post.reply_to else None
    return {
        "chat_id": account.settings["chat"],
        **said(
            {
                "message_thread_id": post.options.get("topic"),
                "disable_notification": post.options.get("silent"),
                "reply_parameters": reply,
            }
        ),
    }


def entities(post: Post) -> list[dict[str, Json]]:
    """Marks, and links behind words; Telegram finds the others itself."""
    return [
        {
            **entity(post, span),
            "offset": utf16_units(post.text[: span.start]),
            "length": utf16_units(post.text[span.start : span.end]),
        }
        for span in post.spans
        if entity(post, span)
    ]


def entity(post: Post, span: Span) -> dict[str, Json]:
    if span.kind == "link" and post.text[span.start : span.end] not in (
        span.value,
        span.value.partition("://")[2],
    ):
        return {"type": "text_link", "url": span.value}
    language = {"language": span.value} if span.kind == "pre" and span.value else {}
    return {"type": ENTITIES[span.kind], **language} if span.kind in ENTITIES else {}


def preview(post: Post) -> dict[str, Json]:
    wanted = post.options.get("preview")
    return (
        {"is_disabled": True}
        if wanted == "none"
        else {f"prefer_{wanted}_media": True}
        if wanted
        else {}
    )


def answered(post: Published) -> int:
    """Its number. A post that a person found is named by its URL, which ends with it."""
    number = post.id.rstrip("/").rpartition("/")[2].partition("?")[0]
    if not number.isdecimal():
        raise Rejected(
            f"'{post.id}' names no message of Telegram that can be answered; its link ends with a number: https://t.me/mathclub/57"
        )
    return int(number)


def request(account: Account, method: str, result: Json = MESSAGE, **more: Json) -> Request:
    return Request(
        step=method,
        method="POST",
        url=f"{account.settings['server']}/bot{{token}}/{method}",
        example={"ok": True, "result": result},
        **more,
    )


def said(fields: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in fields.items() if value}


def as_form(fields: dict[str, Json]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in fields.items()
    }


def published(message: Json) -> Published:
    """A link to a private one opens for its members."""
    chat = message["chat"]
    private = f"c/{str(chat['id']).removeprefix('-100')}"
    has_link = chat.get("username") or str(chat["id"]).startswith("-100")
    url = (
        f"https://t.me/{chat.get('username') or private}/{message['message_id']}"
        if has_link
        else None
    )
    return Published(id=str(message["message_id"]), url=url)


def whoami(account: Account, ask: Ask) -> str:
    bot = ask(request(account, "getMe", result={"username": "school_bot"}, repeat=HARMLESS)).json()[
        "result"
    ]
    chat = ask(
        request(
            account,
            "getChat",
            result=MESSAGE["chat"],
            json={"chat_id": account.settings["chat"]},
            repeat=HARMLESS,
        )
    ).json()["result"]
    return f"@{bot['username']} in {chat.get('title') or chat['id']}"


def error_code(response: Response) -> str:
    try:
        return str(response.json().get("error_code", ""))
    except (ValueError, AttributeError):
        return ""


PLATFORM = Platform(
    name="telegram",
    settings=(
        Setting(
            name="chat",
            meaning="the channel or group: @its_name, or its number",
            required=True,
            example='"@mathclub"',
        ),
        Setting(
            name="server",
            meaning="where the Bot API is",
            default="https://api.telegram.org",
            example="https://api.telegram.org",
        ),
    ),
    options=(
        Setting(
            name="silent", meaning="whether it comes without a sound", type=bool, example="true"
        ),
        Setting(
            name="preview",
            meaning="of a link in the text; Telegram's choice where nothing is said",
            type=Literal["none", "small", "large"],
            example="none",
        ),
        Setting(
            name="topic",
            meaning="the topic of a forum, by the number in its link",
            type=int,
            example="12",
        ),
    ),
    limits=Limits(
        text=4096,
        text_with_media=1024,
        unit="UTF-16 units",
        markup="entities",
        links=False,
        replies=True,
        images=10,
        image_types=("image/jpeg", "image/png", "image/webp", "image/gif"),
        image_bytes=10_000_000,
        image_pixels=25_000_000,
        videos=10,
        video_bytes=50_000_000,
        alt=0,
        caps=(Cap(posts=20, seconds=60),),
        source="https://core.telegram.org/bots/api#sendmessage",
        checked=date(2026, 11, 25),
    ),
    obtain="https://t.me/BotFather: /newbot gives the token; make the bot an administrator of the channel who may post messages",
    sign=in_url,
    publish=publish,
    whoami=whoami,
    errors={
        "403": LoginNeeded,
        "404": LoginNeeded,
    },  # thrown out of the chat; a token that never was one
    error_code=error_code,
)
