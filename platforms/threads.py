"""Threads: a text, a picture, a video, a carousel; threads of them.

What is published is a container first (see graph.py).

https://developers.facebook.com/docs/threads/posts
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

from platforms.base import (
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    Lost,
    Media,
    OAuth,
    Platform,
    Post,
    Published,
    Rejected,
    Setting,
    hosted,
)
from platforms.graph import (
    A_DAY,
    ERRORS,
    Containers,
    bare,
    contained,
    error_code,
    got,
    identified,
    lasting,
    renewing,
    with_token,
)

SERVER = "https://graph.threads.net"
BASE = f"{SERVER}/v1.0"
CONTAINERS = Containers(platform="Threads", base=BASE, state="status", why="error_message")
MOST_FILES, MOST_LINKS = 20, 5
TALLEST = 10  # times as wide or as high


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    return Published(id=CONTAINERS.publish(made(post, ask), "me/threads_publish", ask))


def refuse(post: Post) -> None:
    """What Threads would refuse for what stands in it."""
    links = {span.value for span in post.spans if span.kind == "link"} | (
        {post.link.url} if post.link else set()
    )
    if len(links) > MOST_LINKS:
        raise Rejected(
            f"Threads takes {MOST_LINKS} links in a post, and here are {len(links)}: take some away, or make it a thread"
        )
    if len(post.media) > MOST_FILES:
        raise Rejected(
            f"Threads takes {MOST_FILES} pictures and videos in a post, and here are {len(post.media)}"
        )
    if not re.fullmatch(r"[^.&]{0,50}", post.options.get("topic_tag") or ""):
        raise Rejected("a `topic_tag` on Threads has 1 to 50 characters, none of them '.' or '&'")
    for one in post.media:
        if (
            one.width
            and one.height
            and max(one.width / one.height, one.height / one.width) > TALLEST
        ):
            raise Rejected(
                f"{one.file.name} is {one.width}x{one.height}; Threads takes no shape beyond {TALLEST}:1: crop it"
            )


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    latest = listed(ask, *(("replies", "threads") if post.reply_to else ("threads",)))
    return CONTAINERS.find(
        account, lost, latest, lambda one: bare(one.get("text") or "") == bare(post.text), ask
    )


def whoami(account: Account, ask: Ask) -> str:
    return f"@{ask(got('account', f'{BASE}/me?fields=id,username', example={'id': '1', 'username': 'hillschool'})).json()['username']}"


def listed(ask: Ask, *edges: str) -> Iterator[Json]:
    for edge in edges:
        url = f"{BASE}/me/{edge}?fields=id,text,timestamp,permalink&limit=50"
        yield from ask(got(f"list of {edge}", url, example={"data": []})).json()["data"]


def made(post: Post, ask: Ask) -> str:
    """The container to be published. A card is for a text alone; it is made of the first link where none is named."""
    media, url = post.media, f"{BASE}/me/threads"
    said = {
        "text": post.text,
        "reply_to_id": answered(post.reply_to, ask) if post.reply_to else "",
        "reply_control": post.options.get("reply_control") or "",
        "topic_tag": post.options.get("topic_tag") or "",
    }
    if not media:
        return contained(
            "container",
            url,
            {"media_type": "TEXT", **said, "link_attachment": post.link.url if post.link else ""},
            ask,
        )
    if len(media) == 1:
        return contained("container", url, {**file(media[0], 1, ask), **said}, ask)
    return CONTAINERS.carousel(
        url, (file(one, number, ask) for number, one in enumerate(media, 1)), said, ask
    )


def file(media: Media, number: int, ask: Ask) -> dict[str, str]:
    kind = "video" if media.type.startswith("video/") else "image"
    return {
        "media_type": kind.upper(),
        f"{kind}_url": hosted(media, number, ask),
        "alt_text": media.alt,
    }


def answered(before: Published, ask: Ask) -> str:
    return identified(before, lambda: listed(ask, "threads", "replies"))


# https://developers.facebook.com/docs/threads/get-started/get-access-tokens-and-permissions
OAUTH = OAuth(
    authorize="https://threads.net/oauth/authorize",
    token=f"{SERVER}/oauth/access_token",
    scopes=(
        "threads_basic",
        "threads_content_publish",
        "threads_manage_replies",
        "threads_read_replies",
    ),
    separator=",",
    pkce="",
    redirect="https://localhost/",
    lasting=lasting(SERVER, "th_exchange_token"),
)

PLATFORM = Platform(
    name="threads",
    options=(
        Setting(
            name="topic_tag",
            meaning="the topic, without '#'; else the first tag of the text is it",
            example="Physics Teachers",
        ),
        Setting(
            name="reply_control",
            meaning="who may reply; everyone where nothing is said",
            type=Literal["everyone", "accounts_you_follow", "mentioned_only"],
            example="accounts_you_follow",
        ),
    ),
    limits=Limits(
        text=500,
        unit="characters, emoji as bytes",
        own_cards=False,
        link_or_media=True,
        replies=True,
        images=MOST_FILES,
        image_types=("image/jpeg", "image/png"),
        animations=(),
        image_bytes=8_000_000,
        videos=MOST_FILES,
        video_types=("video/mp4", "video/quicktime"),
        video_codecs=("h264", "hevc", "aac"),
        video_bytes=1_000_000_000,
        video_seconds=300,
        video_rate=60,
        video_rate_least=23,
        alt=1000,
        fetches_media=True,
        caps=(Cap(posts=250, seconds=A_DAY),),
        source="https://developers.facebook.com/docs/threads/posts",
        checked=date(2026, 11, 25),
    ),
    obtain="https://developers.facebook.com/apps: an app with the Threads API, you as a tester of it, User Token Generator",
    optional_secrets=("client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(SERVER, "th_refresh_token"),
    sign=with_token,
    publish=publish,
    find=find,
    whoami=whoami,
    errors=ERRORS,
    error_code=error_code,
)
