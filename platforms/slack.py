"""A Slack channel, through an incoming webhook or, where the account names a `channel`, through a bot.

A bot's message carries our key as metadata, and one with files the files' ids: by these a lost one is found in the channel's
history. A webhook has neither: a lost answer is in doubt. What people wrote goes as rich_text blocks, in which nothing has to
be escaped; only the words beside files are Slack's mrkdwn.

https://docs.slack.dev/reference/methods/chat.postMessage and /files.getUploadURLExternal
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    InDoubt,
    Json,
    Limits,
    LoginNeeded,
    Lost,
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
    code_in_json,
    hosted,
    in_url,
    is_json_or_words,
    media_of_kind,
)

API = "https://slack.com/api"
EARLY = timedelta(hours=12)  # how far its clock and ours may be apart
PAGES = 10  # of 200 messages
EVENT = "termbell_post"
STYLES = {"bold": "bold", "italic": "italic", "strikethrough": "strike", "code": "code"}
BLOCKS = {"pre": "rich_text_preformatted", "quote": "rich_text_quote"}
LOGINS = (
    "invalid_auth",
    "not_authed",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "missing_scope",
    "not_in_channel",
    "no_service",
    "no_active_hooks",
    "invalid_token",
    "action_prohibited",
)
BUSY = ("ratelimited", "rate_limited", "rollup_error")
UNCLEAR = (
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
)  # they do not say what became of it


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if not is_bot(account):
        return through_webhook(post, ask)
    team = ask(
        method("auth.test", {}, {"ok": True, "url": "https://school.slack.com/"}, repeat=HARMLESS)
    ).json()["url"]
    thread = thread_of(account, post.reply_to, ask)
    if post.media:
        return with_files(account, post, thread, ask)
    unfurl = (
        {}
        if post.options.get("preview") is None
        else dict.fromkeys(("unfurl_links", "unfurl_media"), post.options["preview"])
    )
    body = {
        "channel": account.settings["channel"],
        **content(post),
        **unfurl,
        **thread,
        "metadata": {"event_type": EVENT, "event_payload": {"key": post.key}},
    }
    answer = ask(
        Request(
            step="message",
            method="POST",
            url=f"{API}/chat.postMessage",
            json=body,
            example={"ok": True, "channel": "C0123456789", "ts": "1790000000.000100"},
        )
    ).json()
    return published(answer["ts"], team, answer["channel"], thread)


def through_webhook(post: Post, ask: Ask) -> Published:
    """It takes pictures that are public. Slack tells no id of it."""
    if len(media_of_kind(post.media, "image")) < len(post.media):
        raise Rejected(
            "a Slack webhook takes no videos: leave them out, or let a bot post (name the account's `channel`)"
        )
    pictures = [
        {
            "type": "image",
            "image_url": hosted(one, nth, ask, stays=True),
            "alt_text": one.alt or one.name,
        }
        for nth, one in enumerate(post.media, 1)
    ]
    body = content(post)
    ask(
        Request(
            step="message",
            method="POST",
            url="{webhook}",
            json={**body, "blocks": body["blocks"] + pictures},
            example=Response(body=b"ok"),
        )
    )
    return Published(id=post.key)


def with_files(account: Account, post: Post, thread: dict[str, str], ask: Ask) -> Published:
    """Nobody sees a file before it is shared with the channel, which is the last request. Its message has no id as yet."""
    files = []
    for nth, one in enumerate(post.media, 1):
        form = {
            "filename": one.name,
            "length": str(one.size),
            **({"alt_txt": one.alt} if one.alt else {}),
        }
        place = ask(
            method(
                "files.getUploadURLExternal",
                form,
                {
                    "ok": True,
                    "upload_url": "https://files.slack.com/upload/x",
                    "file_id": f"F{nth}",
                },
                step=f"place {nth}",
                repeat=HARMLESS,
            )
        ).json()
        ask(
            Request(
                step=f"upload {nth}",
                method="POST",
                url=place["upload_url"],
                headers={"Content-Type": one.type},
                body=one,
                repeat=HARMLESS,
                anonymous=True,
                example=Response(body=b"OK"),
            )
        )
        files.append({"id": place["file_id"], "title": one.alt or one.name})
    body = {
        "files": files,
        "channel_id": account.settings["channel"],
        **({"initial_comment": post.markup} if post.markup else {}),
        **thread,
    }
    ask(
        Request(
            step="share",
            method="POST",
            url=f"{API}/files.completeUploadExternal",
            json=body,
            example={"ok": True, "files": files},
        )
    )
    return Published(id=files[0]["id"], ref=thread)


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    uploads = {
        answer.json()["file_id"]
        for step, answer in lost.answers.items()
        if step.startswith("place ")
    }
    team = ask(
        method("auth.test", {}, {"ok": True, "url": "https://school.slack.com/"}, repeat=HARMLESS)
    ).json()["url"]
    thread = thread_of(account, post.reply_to, ask)
    for one in listed(
        account, {"oldest": f"{(lost.left_at - EARLY).timestamp():.6f}", **thread}, ask
    ):
        key = one.get("metadata", {}).get("event_payload", {}).get("key")
        if key == post.key or uploads & file_ids(one):
            return published(one["ts"], team, account.settings["channel"], thread)
    return None


def whoami(account: Account, ask: Ask) -> str:
    """A webhook cannot be tried without posting."""
    if not is_bot(account):
        return "a webhook, which Slack has no way to try"
    told = ask(
        method("auth.test", {}, {"ok": True, "user": "termbell", "team": "School"}, repeat=HARMLESS)
    ).json()
    return f"{told['user']} in {told['team']}"


def is_bot(account: Account) -> bool:
    return bool(account.settings.get("channel"))


def method(name: str, form: dict[str, str], example: Json, step: str = "", **more: Any) -> Request:
    return Request(
        step=step or name, method="POST", url=f"{API}/{name}", form=form, example=example, **more
    )


def listed(account: Account, asked: dict[str, str], ask: Ask) -> Iterator[Json]:
    """The channel's messages, or with `thread_ts` those of a thread."""
    name = "conversations.replies" if "thread_ts" in asked else "conversations.history"
    asked = {"ts" if key == "thread_ts" else key: value for key, value in asked.items()}
    query = {
        "channel": account.settings["channel"],
        "limit": "200",
        "include_all_metadata": "true",
        **asked,
    }
    for _ in range(PAGES):
        answer = ask(
            Request(
                step="list",
                url=f"{API}/{name}?{urlencode(query)}",
                repeat=HARMLESS,
                fresh=True,
                example={"ok": True, "messages": []},
            )
        ).json()
        yield from answer["messages"]
        query["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor", "")
        if not query["cursor"]:
            return
    raise InDoubt(f"{account.name}: too many messages to look through")


def file_ids(message: Json) -> set[str]:
    return {one["id"] for one in message.get("files", [])}


def thread_of(account: Account, before: Published | None, ask: Ask) -> dict[str, str]:
    """Where an answer to `before` goes: Slack knows a thread by its first message alone, so each part hands that on."""
    if before is None:
        return {}
    return dict(before.ref) or {"thread_ts": first_of(account, before, ask)}


def first_of(account: Account, post: Published, ask: Ask) -> str:
    """The `ts` of a thread's first message. One that a person found is named by its link; one with files by its first file, until it is
    looked up."""
    link = re.search(r"[?&]thread_ts=(\d{10})\.(\d{6})", post.id) or re.search(
        r"/p(\d{10})(\d{6})", post.id
    )
    if link:
        return f"{link[1]}.{link[2]}"
    if re.fullmatch(r"\d+\.\d+", post.id):
        return post.id
    if not re.fullmatch(r"F\w+", post.id):
        raise Rejected(
            f"'{post.id}' names no message of Slack that can be answered; take what *Copy link* gives"
        )
    found = next(
        (str(one["ts"]) for one in listed(account, {}, ask) if post.id in file_ids(one)), ""
    )
    if not found:
        raise TryLater(
            f"{account.name}: Slack does not show the message with the file {post.id} yet, which this one answers",
            after=30,
        )
    return found


def published(ts: str, team: str, channel: str, thread: dict[str, str]) -> Published:
    return Published(
        id=ts, url=f"{team.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}", ref=thread
    )


# ---- The text as blocks ----------------------------------------------------------------------------------------------


def content(post: Post) -> dict[str, Json]:
    """`text` is what notifications show; `markup` has it escaped."""
    if not post.text:
        return {"blocks": []}
    return {
        "text": post.markup,
        "blocks": [{"type": "rich_text", "elements": list(elements(post))}],
    }


def elements(post: Post) -> Iterator[Json]:
    """Quotes and preformatted text stand between the sections of the rest, and end a line by themselves."""
    at = 0
    for block in [span for span in post.spans if span.kind in BLOCKS]:
        if block.start < at:
            continue  # one in another
        yield from element(
            "rich_text_section",
            post,
            at,
            block.start - (post.text[block.start - 1 : block.start] == "\n"),
        )
        yield from element(BLOCKS[block.kind], post, block.start, block.end)
        at = block.end + (post.text[block.end : block.end + 1] == "\n")
    yield from element("rich_text_section", post, at, len(post.text))


def element(kind: str, post: Post, start: int, end: int) -> Iterator[Json]:
    if start < end:
        yield {
            "type": kind,
            "elements": [run(post, one, other) for one, other in runs(post.spans, start, end)],
        }


def runs(spans: tuple[Span, ...], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The text from start to end, cut where a mark or a link begins or ends."""
    marks = [span for span in spans if span.kind in STYLES or span.kind == "link"]
    places = sorted(
        {start, end}
        | {place for span in marks for place in (span.start, span.end) if start < place < end}
    )
    return pairwise(places)


def run(post: Post, start: int, end: int) -> Json:
    over = [span for span in post.spans if span.start <= start and end <= span.end]
    link = next((span.value for span in over if span.kind == "link"), "")
    address = (
        {"type": "link", "url": link if "://" in link else f"https://{link}"}
        if link
        else {"type": "text"}
    )
    style = {STYLES[span.kind]: True for span in over if span.kind in STYLES}
    return {**address, "text": post.text[start:end], **({"style": style} if style else {})}


# ---- Answers and secrets ---------------------------------------------------------------------------------------------


def error_code(response: Response) -> str:
    """The API's `error`; a webhook says it as plain text."""
    return code_in_json(response) or response.text.strip()


def refuses(response: Response) -> bool:
    """The API says no with a 200."""
    return (
        response.headers.get("content-type", "").startswith("application/json")
        and json.loads(response.body).get("ok") is False
    )


def sign(request: Request, secrets: Secrets) -> Request:
    needed = "webhook" if request.url == "{webhook}" else "token"
    if needed not in secrets:
        instead = "name its `channel`" if needed == "webhook" else "take its `channel` away"
        raise LoginNeeded(
            f"slack: the account has no {needed}; give it one, or {instead} in the config"
        )
    return (
        in_url(request, secrets)
        if needed == "webhook"
        else replace(
            request, headers={**request.headers, "Authorization": f"Bearer {secrets['token']}"}
        )
    )


PLATFORM = Platform(
    name="slack",
    secrets=("webhook",),
    instead=("token",),
    settings=(
        Setting(
            name="channel",
            meaning="the channel's id, where a bot posts; without it the webhook does",
            example="C0123456789",
        ),
    ),
    options=(
        Setting(
            name="preview",
            meaning="whether links show a preview; Slack's choice where nothing is said",
            type=bool,
            example="false",
        ),
    ),
    limits=Limits(
        text=4000,  # what Slack recommends; it cuts at 40,000
        unit="UTF-16 units",
        markup="slack",
        links=False,
        replies=True,
        images=10,
        videos=10,
        alt=1000,
        source="https://docs.slack.dev/reference/methods/chat.postMessage",
        checked=date(2026, 11, 25),
    ),
    obtain="https://api.slack.com/apps: an app with an Incoming Webhook (copy its URL), or with the bot scopes chat:write files:write "
    "channels:history (copy the Bot User OAuth Token)",
    sign=sign,
    publish=publish,
    find=find,
    can_find=is_bot,
    find_after=15,
    whoami=whoami,
    errors={
        **dict.fromkeys(LOGINS, LoginNeeded),
        **dict.fromkeys(BUSY, TryLater),
        **dict.fromkeys(UNCLEAR, InDoubt),
    },
    error_code=error_code,
    is_own_error=is_json_or_words,
    refuses=refuses,
)
