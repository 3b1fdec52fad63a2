"""Tumblr: a post of blocks: a heading, paragraphs with their marks, pictures with alternative texts, the card of a link.

The end of a post's address is ours to choose: it carries the delivery's key, by which a lost post is found.

https://github.com/tumblr/docs/blob/master/api.md and npf-spec.md beside it
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    Lost,
    OAuth,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    Span,
    TryLater,
    code_at,
    renewing,
)
from platforms.recent import (
    ListedFile,
    ListedPost,
    NextPage,
    Page,
    PostList,
    Search,
    at_path,
    by_offset,
    unix,
    with_parameter,
)
from platforms.signing import OAUTH1, bearer_or_oauth1

LONGEST_BLOCK = 4096  # code points
PER_PAGE = 20  # the most that Tumblr gives
QUEUE_PAGES = 51  # a queue has up to 1,000 posts, in any order; the last page is empty
QUEUED = "queued"  # what lists call the state "queue"
SHORTEST_CUT = (
    40  # characters; Tumblr does not say whether, and where, it cuts the end of an address
)
MARKS = {"bold": "bold", "italic": "italic", "strikethrough": "strikethrough", "link": "link"}
POSTED = Response.of(
    {"meta": {"status": 201, "msg": "Created"}, "response": {"id": "1234567891234567"}}, 201
)


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    body = {
        "content": list(blocks(post)),
        "tags": ",".join(tags(post)),
        "slug": slug(post),
        **state(post),
    }
    files = {name_of(number): one for number, one in enumerate(post.media, 1)}
    answer = ask(
        Request(
            step="post",
            method="POST",
            url=at(account, "posts"),
            json=said(body),
            files=files,
            example=POSTED,
        )
    ).json()
    return published(account, answer["response"]["id"])


def refuse(post: Post) -> None:
    """What Tumblr would not heed, and publish at once."""
    wanted = post.options.get("publish_on")
    if wanted and post.options.get("state") != "queue":
        raise Rejected(
            "`publish_on` is for `state: queue`, without which Tumblr publishes at once: say that too, or take `publish_on` away"
        )
    if wanted and not is_date_time(wanted):
        raise Rejected(
            f"`publish_on` has to be a date and a time, e.g. 2026-12-01T09:00:00+01:00, not '{wanted}'"
        )


def is_date_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return "T" in text


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All three lists: a queue publishes by itself, and a person moves posts between them."""
    info = Request(
        step="blog",
        url=at(account, "info"),
        repeat=HARMLESS,
        fresh=True,
        example={"response": {"blog": {"posts": 0}}},
    )
    published_posts = at_path(ask(info).json(), ("response", "blog", "posts"), None)
    return Search(
        lists=(
            posts_in(account, post, "posts/queue", next_page=by_offset(), pages=QUEUE_PAGES),
            posts_in(
                account, post, "posts/draft", next_page=by_last_id("before_id"), newest_first=True
            ),
            posts_in(account, post, "posts", next_page=by_offset(), newest_first=True),
        ),
        expected=expected(post),
        count=published_posts,
    )


def posts_in(account: Account, post: Post, path: str, **order: Json) -> PostList:
    """One list, to its end: a page may be short. Whether private posts are listed is not known."""
    asked = Request(
        step=f"list {path}",
        url=at(account, f"{path}?npf=true&limit={PER_PAGE}"),
        repeat=HARMLESS,
        fresh=True,
        example={"response": {"posts": []}},
    )
    return PostList(
        request=asked,
        items=("response", "posts"),
        read=lambda item: listed(account, post, item),
        hides=("private",),
        **order,
    )


def by_last_id(parameter: str) -> NextPage:
    """The next page begins below the last post of this one."""

    def next_page(page: Page) -> Request | None:
        return with_parameter(page.request, parameter, id_in(page.items[-1]))

    return next_page


def expected(post: Post) -> ListedPost:
    state = post.options.get("state", "published")
    return ListedPost(
        parent="",
        state=QUEUED if state == "queue" else state,
        key=post.key,
        **shown_in(list(blocks(post))),
    )


def listed(account: Account, post: Post, item: Json) -> ListedPost:
    """A post of a list. That of a queue gets another id when it is published."""
    up = published(account, id_in(item))
    former = item.get("genesis_post_id")
    return ListedPost(
        id=up.id,
        url=up.url,
        ids=frozenset({former} if former else ()),
        made=unix(item.get("timestamp")),
        parent=item.get("parent_post_url") or "",
        state=item.get("state"),
        key=key_in(item.get("slug") or "", post),
        pinned=bool(item.get("is_pinned")),
        ref={"ids": [former]} if former else {},
        **(shown_in(item["content"]) if "content" in item else {}),
    )


def id_in(item: Json) -> str:
    return str(item.get("id_string") or item["id"])


def key_in(told: str, post: Post) -> str | None:
    """The post's key, if its address ends with it; "" where it does not; None: it may be cut off."""
    wanted = slug(post)
    if told == wanted:
        return post.key
    words = len(wanted.removesuffix(post.key[:12]))
    is_cut = wanted.startswith(told) and len(told) > min(words, SHORTEST_CUT)
    return None if is_cut or not told else ""


def shown_in(content: list[Json]) -> dict[str, Json]:
    """What a post's blocks tell, as fields of `ListedPost`."""
    links = [block["url"] for block in content if block["type"] == "link"]
    return {
        "shown": "\n".join(block["text"] for block in content if block["type"] == "text"),
        "link": next(iter(links), ""),
        "files": tuple(
            ListedFile(alt=block.get("alt_text") or "")
            for block in content
            if block["type"] == "image"
        ),
    }


def whoami(account: Account, ask: Ask) -> str:
    own = ask(
        Request(
            step="account",
            url=f"{account.settings['server']}/v2/user/info",
            repeat=HARMLESS,
            example={
                "response": {
                    "user": {"name": "msada", "blogs": [{"name": account.settings["blog"]}]}
                }
            },
        )
    ).json()["response"]["user"]
    blogs = [one["name"] for one in own["blogs"]]
    if name(account) not in blogs:
        raise Rejected(
            f"these are the credentials of {own['name']}, who has no blog '{name(account)}'; there are: {', '.join(blogs)}"
        )
    return str(own["name"])


def at(account: Account, path: str) -> str:
    return f"{account.settings['server']}/v2/blog/{name(account)}/{path}"


def name(account: Account) -> str:
    return str(account.settings["blog"]).removesuffix(".tumblr.com")


def slug(post: Post) -> str:
    words = "-".join(re.findall(r"[a-z0-9]+", (post.title or post.text).lower())[:6])
    return f"{words}-{post.key[:12]}".lstrip("-")


def blocks(post: Post) -> Iterator[dict[str, Json]]:
    if post.title:
        yield {"type": "text", "subtype": "heading1", "text": post.title}
    for number, one in enumerate(post.media, 1):
        picture = {
            "type": one.type,
            "identifier": name_of(number),
            "width": one.width,
            "height": one.height,
        }
        yield said({"type": "image", "media": [said(picture)], "alt_text": one.alt})
    for start, end in paragraphs(post.text):
        yield said(
            {
                "type": "text",
                "text": post.text[start:end],
                "formatting": list(formatting(post.spans, start, end)),
            }
        )
    if post.link:
        yield said(
            {
                "type": "link",
                "url": post.link.url,
                "title": post.link.title,
                "description": post.link.description,
            }
        )


def paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Where each stands in the text; one that is too long for a block goes on in the next, from a space on."""
    for found in re.finditer(r"\S(?:.|\n(?!\s*\n))*", text):
        start, end = found.span()
        while end - start > LONGEST_BLOCK:
            cut = text.rfind(" ", start + 1, start + LONGEST_BLOCK)
            cut = cut if cut > start else start + LONGEST_BLOCK
            yield start, cut
            start = cut
        yield start, end


def formatting(spans: tuple[Span, ...], start: int, end: int) -> Iterator[dict[str, Json]]:
    for span in spans:
        if span.kind in MARKS and span.start < end and span.end > start:
            place = {
                "start": max(span.start, start) - start,
                "end": min(span.end, end) - start,
                "type": MARKS[span.kind],
            }
            yield {**place, "url": span.value} if span.kind == "link" else place


def name_of(number: int) -> str:
    return f"picture-{number}"


def tags(post: Post) -> list[str]:
    """Those of the text: Tumblr has tags beside a text, not in it."""
    return list(dict.fromkeys(span.value for span in post.spans if span.kind == "tag"))


def state(post: Post) -> dict[str, Json]:
    return {
        "state": post.options.get("state", "published"),
        "publish_on": post.options.get("publish_on"),
    }


def said(values: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in values.items() if value}


def published(account: Account, identifier: str | int) -> Published:
    return Published(id=str(identifier), url=f"https://www.tumblr.com/{name(account)}/{identifier}")


error_code = code_at("errors", 0, "code")  # Tumblr's own number, e.g. 8023.


OAUTH = OAuth(
    authorize="https://www.tumblr.com/oauth2/authorize",
    token="{server}/v2/oauth2/token",
    scopes=("basic", "write", "offline_access"),
    pkce="",
    redirect="http://localhost:{port}/",
)

PLATFORM = Platform(
    name="tumblr",
    settings=(
        Setting(name="blog", meaning="the blog's name", required=True, example="msadas-class"),
        Setting(
            name="server",
            meaning="where its API is",
            default="https://api.tumblr.com",
            example="https://api.tumblr.com",
        ),
    ),
    options=(
        Setting(
            name="state",
            meaning="what becomes of it",
            type=Literal["published", "queue", "draft", "private"],
            default="published",
            example="draft",
        ),
        Setting(
            name="publish_on",
            meaning="when Tumblr itself publishes it, with `state: queue`",
            example="2026-12-01T09:00:00+01:00",
        ),
    ),
    limits=Limits(
        text=400_000,
        markup="entities",
        title=255,
        images=30,
        image_types=("image/jpeg", "image/png", "image/gif"),
        image_bytes=10_000_000,
        alt=4096,
        caps=(Cap(posts=250, seconds=86_400),),
        source="https://github.com/tumblr/docs/blob/master/api.md",
        checked=date(2026, 11, 23),
    ),
    obtain="https://www.tumblr.com/oauth/apps: an app, and its consumer key and secret (as client id and secret)",
    optional_secrets=("refresh", "client_id", "client_secret"),
    instead=OAUTH1,
    oauth=OAUTH,
    session=renewing(OAUTH),
    sign=bearer_or_oauth1,
    publish=publish,
    recent=recent,
    find_after=10,  # no source; cautious
    whoami=whoami,
    error_code=error_code,
    errors=dict.fromkeys(("8004", "8010", "8011", "8022", "8023", "8006", "8009"), TryLater),
)
