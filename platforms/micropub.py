"""Micropub: a post on any site that speaks it (WordPress with its plug-in, Known, Micro.blog, Indiekit).

Where to post is discovered, on the home page; where files go is asked. There is no key, and looking is an extension: on a site that
has none, a lost post is in doubt.

https://www.w3.org/TR/micropub/
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from html.parser import HTMLParser
from typing import Literal
from urllib.parse import parse_qsl, urljoin, urlsplit

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    InDoubt,
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
    TryLater,
    is_json,
    is_json_or_words,
)
from platforms.recent import (
    ListedFile,
    ListedPost,
    Page,
    PostList,
    Search,
    at_path,
    by_offset,
    folded,
    plain,
    target,
    with_parameter,
)

JSON_PLEASE = {"Accept": "application/json"}
NO_ALT = 400  # how a site answers a photo with its alt text as an object, which it does not know
ALMOST_A_MINUTE = timedelta(seconds=59)
NO_LIST = (400, 404, 405, 501)
WILL_APPEAR = 202
HOME = Response(
    headers={
        "content-type": "text/html",
        "link": '<https://example.org/micropub>; rel="micropub"',
    }
)
CREATED = Response(status=201, headers={"location": "https://example.org/2026/welcome-back"})
STORED = Response(status=201, headers={"location": "https://media.example.org/door.png"})


def publish(account: Account, post: Post, ask: Ask) -> Published:
    endpoint = discovered(account, ask)
    files = stored(endpoint, post, ask)
    answer, notes = created(endpoint, properties(post, files), ask)
    address = answer.headers.get("location")
    if not address:
        raise InDoubt(
            f"{account.name}: the site answered 'post' with {answer.status} and without the address"
            " of the post (Location)"
        )
    if answer.status == WILL_APPEAR:
        notes = (*notes, "the site says that it will appear in a while")
    return published(urljoin(endpoint, address), *notes)


def created(endpoint: str, said: dict[str, Json], ask: Ask) -> tuple[Response, tuple[str, ...]]:
    """The answer, and what the person should know. Sites that take no alt text as the spec has it are asked once more."""
    request = Request(
        step="post",
        method="POST",
        url=endpoint,
        headers=JSON_PLEASE,
        json={"type": ["h-entry"], "properties": said},
        example=CREATED,
    )
    try:
        return ask(request), ()
    except Rejected as refused:
        plain = without_objects(said)
        if plain == said or refused.response is None or refused.response.status != NO_ALT:
            raise
    answer = ask(replace(request, json={"type": ["h-entry"], "properties": plain}))
    return answer, ("the site may not show the alt text: it was sent as mp-photo-alt",)


def without_objects(said: dict[str, Json]) -> dict[str, Json]:
    """The pictures as plain addresses, their alt texts beside them, as older sites take them."""
    plain: dict[str, Json] = {
        name: [one["value"] if isinstance(one, dict) else one for one in said[name]]
        for name in ("photo", "video")
        if name in said
    }
    alts = [one.get("alt", "") if isinstance(one, dict) else "" for one in said.get("photo", ())]
    if any(alts):
        plain["mp-photo-alt"] = alts
    return {**said, **plain}


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The site's list of posts, an extension: some have none, some give it in parts, in any order.

    Whether it has drafts is not said anywhere.
    """
    asked = Request(
        step="list",
        url=asking(discovered(account, ask), "q=source&limit=50"),
        headers=JSON_PLEASE,
        repeat=HARMLESS,
        accepts=NO_LIST,
        fresh=True,
        example={"items": []},
    )
    posts = PostList(
        request=asked,
        items=("items",),
        read=lambda item: listed(post, item["properties"]),
        next_page=next_page,
        cursor_ends=True,
        newest_first=True,
        hides=("draft",),
        unlisted=f"{account.name}: the site does not list its posts, so that none can be looked for",
    )
    return Search(lists=(posts,), expected=expected(post, lost), strict=squeezed)


def next_page(page: Page) -> Request | None:
    """By the site's cursor, where it has one, else by number, until a page is empty."""
    cursor = at_path(page.body, ("paging", "after"), None)
    if cursor:
        return with_parameter(page.request, "after", str(cursor))
    has_cursors = "after" in dict(parse_qsl(urlsplit(page.request.url).query))
    return None if has_cursors else by_offset()(page)


def expected(post: Post, lost: Lost) -> ListedPost:
    """Our post, as a site would list it. It may get a title from the site, where it has none."""
    answered = (post.reply_to.url or post.reply_to.id) if post.reply_to else ""
    return ListedPost(
        parent=answered,
        link=answered,
        state=post.options.get("status") or "published",
        title=post.title or None,
        shown=plain(post.html) if post.html else post.text,
        written=post.text,
        key=post.key,
        files=tuple(
            ListedFile(ids=addresses(upload_of(lost, number)), alt=media.alt)
            for number, media in enumerate(post.media, 1)
        ),
    )


def upload_of(lost: Lost, number: int) -> str:
    """Where the file was stored, if that is still known."""
    answer = lost.answers.get(f"upload {number}")
    return answer.headers.get("location", "") if answer else ""


def listed(post: Post, told: Json) -> ListedPost:
    """A post of the list, by its properties (every value is a list).

    A site may leave out what a post answers: it is then no other post for that, but no proof.
    """
    address = first(told, "url")
    answered = address_in(next(iter(told.get("in-reply-to") or ()), ""))
    content = next(iter(told.get("content") or ()), "")
    forms = content if isinstance(content, dict) else {"html": content, "value": content}
    return ListedPost(
        id=address,
        url=address or None,
        made=zoned(first(told, "published")) if address else None,
        parent=answered or (None if post.reply_to else ""),
        link=answered,
        state=first(told, "post-status") or None,
        title=first(told, "name") or None,
        shown=plain(str(forms["html"])) if "html" in forms else None,
        written=str(forms["value"]) if "value" in forms else None,
        key=post.key if post.key[:12] in address else None,
        files=tuple(
            listed_file(one) for kind in ("photo", "video") for one in told.get(kind) or ()
        ),
    )


def listed_file(told: Json) -> ListedFile:
    """A site may keep the address alone."""
    alt = told.get("alt") or "" if isinstance(told, dict) else None
    return ListedFile(ids=addresses(address_in(told)), alt=alt)


def addresses(address: str) -> frozenset[str]:
    return frozenset({target(address)} if address else ())


def address_in(told: Json) -> str:
    """An address, that of a file with its alt text, or that of a post with what is known of it."""
    if not isinstance(told, dict):
        return str(told)
    return str(told.get("value") or "") or first(told.get("properties") or {}, "url")


def squeezed(text: str) -> str:
    """A text without what sites change when they make HTML of it, or text of HTML: white space."""
    return "".join(folded(text).split())


def zoned(text: str) -> datetime | None:
    """The instant, or the last one that is meant where the seconds are left out.

    Without a zone it is the site's own time, which may be hours away.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    has_seconds = re.search(r"T\d\d:\d\d:\d\d", text)
    return (instant if has_seconds else instant + ALMOST_A_MINUTE) if instant.tzinfo else None


def first(properties: Json, name: str) -> str:
    return str(next(iter(properties.get(name) or ()), ""))


def whoami(account: Account, ask: Ask) -> str:
    """An answer to `q=config` that cannot be read is an empty one (section 3.7), unless it is a page somewhere else."""
    endpoint = discovered(account, ask)
    asked = replace(config(endpoint), headers=JSON_PLEASE, example=None)
    try:
        answer = ask(asked)
    except (Rejected, TryLater) as refused:
        if refused.response is None or refused.response.status not in NO_LIST:
            raise
        return str(account.settings["site"])
    if answer.url not in ("", asked.url) and not is_json(answer):
        raise LoginNeeded(f"{account.name}: the site asks to log in; is the token right?")
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
        raise TryLater(
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


def config(endpoint: str) -> Request:
    return Request(
        step="config",
        url=asking(endpoint, "q=config"),
        repeat=HARMLESS,
        example={"media-endpoint": "https://media.example.org/micropub"},
    )


def stored(endpoint: str, post: Post, ask: Ask) -> list[str]:
    """The address of each file."""
    if not post.media:
        return []
    media = ask(config(endpoint)).json().get("media-endpoint")
    if not media:
        raise Rejected(
            "this site takes no files by Micropub (it names no media endpoint): leave the media out"
        )
    return [
        uploaded(urljoin(endpoint, media), f"upload {number}", one, ask)
        for number, one in enumerate(post.media, 1)
    ]


def uploaded(endpoint: str, step: str, media: Media, ask: Ask) -> str:
    """The address of the file."""
    answer = ask(
        Request(
            step=step,
            method="POST",
            url=endpoint,
            headers=JSON_PLEASE,
            files={"file": media},
            repeat=HARMLESS,
            example=STORED,
        )
    )
    return urljoin(endpoint, answer.headers["location"])


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
    recent=recent,
    find_after=300,  # no source; cautious: some build their pages, and a list of them, later (202)
    id_of=target,  # whole addresses: sites that number the posts of a day repeat the last part
    whoami=whoami,
    is_own_error=is_json_or_words,
    errors={
        "insufficient_scope": LoginNeeded,
        "forbidden": LoginNeeded,
        "invalid_token": LoginNeeded,
    },
)
