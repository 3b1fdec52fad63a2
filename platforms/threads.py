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
    Request,
    Setting,
    hosted,
)
from platforms.graph import (
    A_DAY,
    ERRORS,
    Containers,
    contained,
    error_code,
    got,
    graph_list,
    identified,
    lasting,
    renewing,
    with_token,
)
from platforms.recent import ListedFile, ListedPost, Look, Search, folded, iso

SERVER = "https://graph.threads.net"
BASE = f"{SERVER}/v1.0"
CONTAINERS = Containers(platform="Threads", base=BASE, state="status", why="error_message")
MOST_FILES, MOST_LINKS = 20, 5
TALLEST = 10  # times as wide or as high
ME = {"id": "1", "username": "hillschool"}


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


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    return CONTAINERS.find(lambda: recent(account, post, lost, ask), PLATFORM, lost, ask)


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The account's posts; for a reply its replies too, as no page says in which list they stand."""
    me = ask(got("account", f"{BASE}/me?fields=id,username", example=ME)).json()
    parent = answered(post.reply_to, ask) if post.reply_to else ""
    posts = graph_list(latest("threads"), lambda item: listed(item, bool(parent)))
    replies = graph_list(latest("replies", ",replied_to"), listed)
    return Search(
        lists=(replies, posts) if parent else (posts,), expected=expected(me, post, parent)
    )


def latest(edge: str, more: str = "") -> Request:
    """Asks for the newest of a list."""
    fields = "id,text,timestamp,permalink,username,media_type,alt_text,children"
    all_fields = f"{fields},link_attachment_url,reply_audience{more}"
    return got(
        f"list of {edge}", f"{BASE}/me/{edge}?fields={all_fields}&limit=50", example={"data": []}
    )


def expected(me: Json, post: Post, parent: str) -> ListedPost:
    """Our post, as a list would show it. Who may reply to a reply is for its thread to say."""
    audience = post.options.get("reply_control") or (None if parent else "everyone")
    return ListedPost(
        author=me["username"],
        shown=post.text,
        parent=parent,
        visibility=audience,
        link=card(post),
        # Where we give no alt text, Meta may write one itself.
        files=tuple(ListedFile(alt=folded(media.alt) or None) for media in post.media),
    )


def card(post: Post) -> str | None:
    """Where its card leads. Of a link in the text Threads may make one: that is not known."""
    if post.media:
        return ""
    if post.link:
        return post.link.url
    return None if any(span.kind == "link" for span in post.spans) else ""


def listed(item: Json, wants_reply: bool = False) -> ListedPost | None:
    """A post of a list; a repost is none. `wants_reply`: a post of its own is near at most."""
    if item.get("media_type") == "REPOST_FACADE":
        return None
    replied_to = item.get("replied_to", {}).get("id")
    audience = item.get("reply_audience")
    is_unknown = wants_reply and not replied_to
    return ListedPost(
        id=item["id"],
        url=item.get("permalink"),
        made=iso(item["timestamp"]),
        author=item.get("username"),
        shown=item.get("text") or "",
        parent=replied_to,
        visibility=audience.lower() if audience else None,
        link=item.get("link_attachment_url") or "",
        files=listed_files(item),
        doubt="a post like it, and Threads does not tell what it answers" if is_unknown else "",
    )


def listed_files(item: Json) -> tuple[ListedFile, ...] | None:
    """Threads tells no alt texts of the pictures in a carousel, and no ids that we know."""
    kind, alt = item.get("media_type"), item.get("alt_text")
    if kind == "CAROUSEL_ALBUM":
        return tuple(ListedFile() for _ in item["children"]["data"]) if "children" in item else None
    if kind == "TEXT_POST":
        return ()
    return (ListedFile(alt=folded(alt) if alt else None),) if kind else None


def whoami(account: Account, ask: Ask) -> str:
    me = ask(got("account", f"{BASE}/me?fields=id,username", example=ME)).json()
    return f"@{me['username']}"


def named(ask: Ask, *edges: str) -> Iterator[Json]:
    """The ids and addresses of the latest posts."""
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
    return identified(before, lambda: named(ask, "threads", "replies"))


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
    recent=recent,
    find=find,
    find_after=15,  # no source; cautious. A container's state is exact
    whoami=whoami,
    errors=ERRORS,
    error_code=error_code,
)
