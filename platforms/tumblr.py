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
    InDoubt,
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
from platforms.signing import OAUTH1, bearer_or_oauth1

LONGEST_BLOCK = 4096  # code points
PAGE, PAGES = 20, 60  # a queue has up to 1,000 posts
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


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """The post whose address has our key."""
    for one in listed(account, post.options.get("state", "published"), lost, ask):
        if one.get("slug") == slug(post):
            return published(account, one.get("id_string") or one["id"])
    return None


def listed(account: Account, state: str, lost: Lost, ask: Ask) -> Iterator[Json]:
    """Of the published posts the latest; the queue and the drafts to their end, for a new one stands anywhere there."""
    if state not in ("queue", "draft"):
        yield from page(
            account,
            f"posts?npf=true&limit={PAGE}&after={int(lost.left_at.timestamp()) - 3600}",
            ask,
        )
        return
    start = ""
    for number in range(1, PAGES + 1):
        posts = page(account, f"posts/{state}?npf=true&limit={PAGE}{start}", ask)
        yield from posts
        if len(posts) < PAGE:
            return
        start = (
            f"&offset={number * PAGE}"
            if state == "queue"
            else f"&before_id={posts[-1].get('id_string') or posts[-1]['id']}"
        )
    raise InDoubt(f"{account.name}: too many posts to look through ({state})")


def page(account: Account, path: str, ask: Ask) -> list[Json]:
    answer = ask(
        Request(
            step="list",
            url=at(account, path),
            repeat=HARMLESS,
            fresh=True,
            example={"response": {"posts": []}},
        )
    )
    return list(answer.json()["response"]["posts"])


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
    find=find,
    whoami=whoami,
    error_code=error_code,
    errors=dict.fromkeys(("8004", "8010", "8011", "8022", "8023", "8006", "8009"), TryLater),
)
