"""A Slack channel, through an incoming webhook or, where the account names a `channel`, through a bot.

A bot's message carries our key as metadata, and one with files the files' ids: by these a lost one is found in the channel's
history. A webhook has neither: a lost answer is in doubt. What people wrote goes as rich_text blocks, in which nothing has to
be escaped; only the words beside files are Slack's mrkdwn.

https://docs.slack.dev/reference/methods/chat.postMessage and /files.getUploadURLExternal
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from itertools import pairwise
from typing import Any
from unicodedata import category
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
from platforms.recent import (
    REMOVED_STATE,
    ListedFile,
    ListedPost,
    PostList,
    Search,
    by_cursor,
    unix,
    with_parameter,
)

API = "https://slack.com/api"
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
    return Published(id=files[0]["id"], ref={**thread, "ids": [file["id"] for file in files]})


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The messages of the channel, or of the thread that ours is in."""
    me = ask(
        method("auth.test", {}, {"ok": True, "url": "https://school.slack.com/"}, repeat=HARMLESS)
    ).json()
    thread = thread_of(account, post.reply_to, ask)
    uploads = {
        answer.json()["file_id"]
        for step, answer in lost.answers.items()
        if step.startswith("place ")
    }

    def read(item: Json) -> ListedPost | None:
        found = listed(account, item, me, thread)
        is_shared_by_us = bool(uploads) and bool(found) and bool(uploads & file_ids(item))
        return replace(found, key=post.key) if found and is_shared_by_us else found

    messages = PostList(
        request=page_request(account, thread),
        items=("messages",),
        read=read,
        next_page=by_cursor("cursor", "response_metadata", "next_cursor", more=("has_more",)),
        cursor_ends=True,
        empty_ends=False,  # https://docs.slack.dev/apis/web-api/pagination
        newest_first=not thread,
    )
    return Search(
        lists=(messages,),
        expected=expected(account, post, me, thread, lost),
        exact_files=True,
    )


def expected(
    account: Account, post: Post, me: Json, thread: dict[str, str], lost: Lost
) -> ListedPost:
    """Our message, as the list would show it."""
    uploads = {
        step: answer.json()["file_id"]
        for step, answer in lost.answers.items()
        if step.startswith("place ")
    }
    files = [
        ListedFile(
            ids=frozenset({uploads.get(f"place {number}", "")} - {""}),
            name=media.name,
            alt=media.alt,
        )
        for number, media in enumerate(post.media, 1)
    ]
    return ListedPost(
        author=me.get("user_id"),
        parent=thread.get("thread_ts", ""),
        shown=without_emoji(post.text),
        files=by_name(files),
        key=post.key,
    )


def listed(account: Account, item: Json, me: Json, thread: dict[str, str]) -> ListedPost | None:
    """A message of the list. What is left of a deleted one is Slack's own."""
    if item.get("subtype") == "tombstone":
        return None
    files = item.get("files") or []
    parent = item.get("thread_ts", "")
    found = published(item["ts"], me["url"], account.settings["channel"], thread)
    ids = sorted(file_ids(item))
    return ListedPost(
        id=found.id,
        url=found.url,
        ids=frozenset(ids),
        made=unix(item["ts"]),
        author=author_of(item, me),
        parent="" if parent == item["ts"] else parent,
        state=REMOVED_STATE if files and all(map(is_deleted, files)) else None,
        shown=without_emoji(words(item.get("text", ""))),
        files=by_name(map(listed_file, files)),
        # One without metadata may have lost it.
        key=((item.get("metadata") or {}).get("event_payload") or {}).get("key"),
        ref={**found.ref, **({"ids": ids} if ids else {})},
    )


def listed_file(item: Json) -> ListedFile:
    return ListedFile(ids=frozenset({item["id"]}), name=item.get("name"), alt=item.get("alt_txt"))


def by_name(files: Iterable[ListedFile]) -> tuple[ListedFile, ...]:
    """In one order: Slack documents none."""
    return tuple(sorted(files, key=lambda file: file.name or ""))


def is_deleted(file: Json) -> bool:
    return bool(file.get("mode") == "tombstone")


def author_of(item: Json, me: Json) -> str | None:
    """The user of a message; some messages of a bot name only the bot."""
    bot = item.get("bot_id")
    is_mine = bool(bot) and bot == me.get("bot_id")
    user: str | None = item.get("user") or (me.get("user_id") if is_mine else bot)
    return user


def words(mrkdwn: str) -> str:
    """A text as readers see it: Slack writes an address as <https://example.org>."""
    return unescape(re.sub(r"<([^<>|]*)(?:\|([^<>]*))?>", lambda link: link[2] or link[1], mrkdwn))


def without_emoji(text: str) -> str:
    """A text without what Slack changes: it writes an emoji as :tada:."""
    named = re.sub(r":[a-z+][\w+-]*:", "", text)
    return "".join(sign for sign in named if not is_emoji(sign))


def is_emoji(sign: str) -> bool:
    return category(sign) in ("So", "Sk") or sign in "\u200d\ufe0f"


def id_of(name: str) -> str:
    """The `ts` of a message, also in its link."""
    link = re.search(r"/p(\d{10})(\d{6})", name)
    return f"{link[1]}.{link[2]}" if link else name


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


def page_request(account: Account, thread: dict[str, str]) -> Request:
    """Asks for the channel's messages, or for those of a thread."""
    query = {
        "channel": account.settings["channel"],
        "limit": "200",
        "include_all_metadata": "true",
        **({"ts": thread["thread_ts"]} if thread else {}),
    }
    name = "conversations.replies" if thread else "conversations.history"
    return Request(
        step="list",
        url=f"{API}/{name}?{urlencode(query)}",
        repeat=HARMLESS,
        fresh=True,
        example={"ok": True, "messages": []},
    )


def history(account: Account, ask: Ask) -> Iterator[Json]:
    """The channel's messages, newest first."""
    request = page_request(account, {})
    for _ in range(PAGES):
        answer = ask(request).json()
        yield from answer["messages"]
        cursor = (answer.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return
        request = with_parameter(request, "cursor", cursor)
    raise InDoubt(f"{account.name}: too many messages to look through")


def file_ids(message: Json) -> set[str]:
    return {one["id"] for one in message.get("files") or ()}


def thread_of(account: Account, before: Published | None, ask: Ask) -> dict[str, str]:
    """Where an answer to `before` goes: Slack knows a thread by its first message alone, so each part hands that on."""
    if before is None:
        return {}
    return {"thread_ts": before.ref.get("thread_ts") or first_of(account, before, ask)}


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
    found = next((str(one["ts"]) for one in history(account, ask) if post.id in file_ids(one)), "")
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
    recent=recent,
    can_find=is_bot,
    find_after=15,  # no source; cautious: files are shown some seconds after they are shared
    id_of=id_of,
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
