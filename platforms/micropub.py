"""Micropub: a post on any site that speaks it (WordPress with its plug-in, Known, Micro.blog, Indiekit).

Where to post is discovered, on the home page; where files go is asked. There is no key, and looking is an extension: on a site that
has none, a lost post is in doubt.

https://www.w3.org/TR/micropub/
"""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import urljoin

from platforms.base import (
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
    Setting,
)

NO_LIST = (400, 404, 405, 501)
WILL_APPEAR = 202
HOME = Response(headers={"link": '<https://example.org/micropub>; rel="micropub"'})
CREATED = Response(status=201, headers={"location": "https://example.org/2026/welcome-back"})
STORED = Response(status=201, headers={"location": "https://media.example.org/door.png"})


def publish(account: Account, post: Post, ask: Ask) -> Published:
    endpoint = discovered(account, ask)
    files = stored(endpoint, post, ask)
    answer = ask(
        Request(
            step="post",
            method="POST",
            url=endpoint,
            json={"type": ["h-entry"], "properties": properties(post, files)},
            example=CREATED,
        )
    )
    notes = (
        ("the site says that it will appear in a while",) if answer.status == WILL_APPEAR else ()
    )
    return published(urljoin(endpoint, answer.headers["location"]), *notes)


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """Ours in the list of posts, where the site has one that can be relied on: it knows what went there earlier."""
    answer = ask(
        Request(
            step="list",
            url=asking(discovered(account, ask), "q=source&limit=50"),
            repeat=HARMLESS,
            accepts=NO_LIST,
            example={"items": []},
        )
    )
    listed = answer.json().get("items") if answer.status not in NO_LIST else None
    up = {first(one, "url"): one for one in (item.get("properties", {}) for item in listed or ())}
    if listed is None or (lost.others and not lost.others & up.keys()):
        raise Rejected(
            f"{account.name}: this site does not tell what it has, so that the post cannot be looked for"
        )
    address = next(
        (
            address
            for address, one in up.items()
            if address and address not in lost.others and is_like(post, one)
        ),
        None,
    )
    return published(address) if address else None


def is_like(post: Post, one: Json) -> bool:
    """Whether it has our slug in its address, or our title and text. Sites name posts that have no title."""
    if post.key[:12] in first(one, "url"):
        return True
    content = next(iter(one.get("content") or ()), "")
    shown = {
        bare(str(form)) for form in (content.values() if isinstance(content, dict) else [content])
    }
    return post.title in ("", first(one, "name")) and not shown.isdisjoint(
        {bare(post.text), bare(post.html)} - {""}
    )


def bare(text: str) -> str:
    """A text, or HTML, without what sites change in it: tags, entities, white space."""
    return "".join(unescape(re.sub(r"<[^>]*>", "", text)).split())


def first(properties: Json, name: str) -> str:
    return str(next(iter(properties.get(name) or ()), ""))


def whoami(account: Account, ask: Ask) -> str:
    config(discovered(account, ask), ask)
    return str(account.settings["site"])


def discovered(account: Account, ask: Ask) -> str:
    """Where the site takes posts: as its home page says, unless the account does."""
    if account.settings.get("endpoint"):
        return str(account.settings["endpoint"])
    site = str(account.settings["site"])
    home = site if "://" in site else f"https://{site}"
    answer = ask(
        Request(step="home", url=home, repeat=HARMLESS, fresh=True, anonymous=True, example=HOME)
    )  # the journal keeps no `url`
    found = next(named(answer), "")
    if not found:
        raise Rejected(
            f'{home} names no place to post to (rel="micropub"): look at the site\'s settings, or give the account its `endpoint`'
        )
    return urljoin(answer.url or home, found)


def named(answer: Response) -> Iterator[str]:
    for link in re.finditer(r"<([^>]*)>([^,]*)", answer.headers.get("link", "")):
        if re.search(r'rel="?[^";]*\bmicropub\b(?!_)', link[2]):
            yield link[1]
    page = Links()
    page.feed(answer.text)
    yield from page.found


class Links(HTMLParser):
    """Finds `rel=micropub` in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if (
            tag in ("link", "a")
            and "micropub" in (values.get("rel") or "").split()
            and values.get("href")
        ):
            self.found.append(values["href"] or "")


def asking(endpoint: str, query: str) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{query}"


def config(endpoint: str, ask: Ask) -> Json:
    return ask(
        Request(
            step="config",
            url=asking(endpoint, "q=config"),
            repeat=HARMLESS,
            example={"media-endpoint": "https://media.example.org/micropub"},
        )
    ).json()


def stored(endpoint: str, post: Post, ask: Ask) -> list[str]:
    """The address of each file."""
    if not post.media:
        return []
    media = config(endpoint, ask).get("media-endpoint")
    if not media:
        raise Rejected(
            "this site takes no files by Micropub (it names no media endpoint): leave the media out"
        )
    return [
        ask(
            Request(
                step=f"upload {number}",
                method="POST",
                url=urljoin(endpoint, media),
                files={"file": one},
                repeat=HARMLESS,
                example=STORED,
            )
        ).headers["location"]
        for number, one in enumerate(post.media, 1)
    ]


def properties(post: Post, files: list[str]) -> dict[str, Json]:
    """Every value is a list."""
    photos, videos = (
        [
            with_alt(one, url)
            for one, url in zip(post.media, files, strict=True)
            if one.type.startswith(kind)
        ]
        for kind in ("image/", "video/")
    )
    said = {
        "content": [{"html": post.html} if post.html else post.text],
        "name": [post.title] if post.title else [],
        "summary": [post.summary] if post.summary else [],
        "category": list(dict.fromkeys(span.value for span in post.spans if span.kind == "tag")),
        "photo": photos,
        "video": videos,
        "in-reply-to": [post.reply_to.url or post.reply_to.id] if post.reply_to else [],
        "mp-slug": [slug(post)],
        "post-status": [post.options["status"]] if post.options.get("status") else [],
    }
    return {name: value for name, value in said.items() if value}


def with_alt(media: Media, url: str) -> Json:
    return {"value": url, "alt": media.alt} if media.alt else url


def slug(post: Post) -> str:
    words = re.findall(r"[a-z0-9]+", (post.title or post.text).lower())[:6]
    return "-".join([*words, post.key[:12]])


def published(address: str, *notes: str) -> Published:
    return Published(id=address, url=address, notes=notes)


PLATFORM = Platform(
    name="micropub",
    settings=(
        Setting(
            name="site",
            meaning="the site's home page",
            required=True,
            example="https://example.org",
        ),
        Setting(
            name="endpoint",
            meaning="where it takes posts, if its home page does not say",
            example="https://example.org/micropub",
        ),
    ),
    options=(
        Setting(
            name="status",
            meaning="whether it is published or a draft, on sites that know drafts",
            type=Literal["published", "draft"],
            example="draft",
        ),
    ),
    limits=Limits(
        title=None,
        html=True,
        links=False,
        replies=True,
        images=20,
        videos=4,
        source="https://www.w3.org/TR/micropub/",
        checked=date(2026, 11, 23),
    ),
    obtain="{site}: an app token (Micro.blog: Account, App tokens; WordPress: the IndieAuth plug-in) with the scopes create and media",
    publish=publish,
    find=find,
    find_after=300,  # some build their pages, and a list of them, after they have answered
    whoami=whoami,
    errors={
        "insufficient_scope": LoginNeeded,
        "forbidden": LoginNeeded,
        "invalid_token": LoginNeeded,
    },
)
