"""The built-in web site: a folder with a page for each post, an index, RSS and JSON Feed, for any web host to serve.

`posts.json` in the folder says what is up; pages, index and feeds are made from it. A publish reads it, brings the
pictures, which nobody links yet, and then writes everything else in one request: lists, feeds and index after the pages
they link to, `posts.json` last. So a reader never follows a link to a page that is
not there, and what a crash left half done is completed by the same request sent again: a post's key names its page.

A person may edit `posts.json`: a post taken out of it leaves the index, the feeds and the lists with the next publish,
and keeps its page. One that cannot be read stops the publish, so that no index is made from half of it.

https://www.rssboard.org/rss-specification https://www.jsonfeed.org/version/1.1/ https://microformats.org/wiki/h-entry
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from datetime import date, datetime
from email.utils import format_datetime
from functools import cache
from html import escape, unescape
from itertools import groupby
from pathlib import Path
from typing import TypeVar, get_origin
from urllib.parse import quote, urlsplit

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
    Json,
    Limits,
    Link,
    Lost,
    Media,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    unsigned,
)
from platforms.recent import Found, Look

ON_INDEX = 20  # posts; all of them stand in the archive
IN_FEED = 30
EXCERPT = 280  # characters
SLUG = 48
GENERATOR = "Termbell"
ABSENT = Response(status=204)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><text y=".9em" font-size="90">🔔</text></svg>'
BELL = f"data:image/svg+xml,{quote(SVG)}"

# How a date is written, the months, and what the archive is called. For another language: 2026-09-07, and English.
ENGLISH = "January February March April May June July August September October November December"
WORDS = {
    "en": ("{day} {month} {year}", ENGLISH, "All posts"),
    "en-us": ("{month} {day}, {year}", ENGLISH, "All posts"),
    "de": (
        "{day}. {month} {year}",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Alle Beiträge",
    ),
    "es": (
        "{day} de {month} de {year}",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "Todas las entradas",
    ),
    "fr": (
        "{day} {month} {year}",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "Tous les billets",
    ),
    "it": (
        "{day} {month} {year}",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "Tutti gli articoli",
    ),
    "nl": (
        "{day} {month} {year}",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "Alle berichten",
    ),
    "pt": (
        "{day} de {month} de {year}",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "Todas as publicações",
    ),
}
OTHERWISE = ("{year}-{number:02}-{day:02}", ENGLISH, "All posts")


# ---- What is up ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Site:
    folder: Path
    title: str
    description: str
    author: str
    url: str  # with a slash at its end; empty: not known
    language: str


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, or a video."""

    path: str  # in the folder
    type: str
    size: int  # bytes
    alt: str
    width: int | None  # pixels
    height: int | None
    position: str  # what stays visible where it is cropped, as CSS writes it
    captions: str = ""  # path of a video's

    @property
    def is_video(self) -> bool:
        return self.type.startswith("video/")


@dataclass(frozen=True, kw_only=True)
class Card:
    url: str
    title: str
    description: str
    image: Picture | None


@dataclass(frozen=True, kw_only=True)
class Item:
    """A post as `posts.json` has it."""

    key: str  # the delivery's
    guid: str  # what feed readers know it by; stays what it was, also when the site moves
    slug: str
    due: datetime
    published: datetime  # the date that readers see; in a file of an earlier version, `due`
    title: str
    excerpt: str
    language: str
    tags: tuple[str, ...]
    media: tuple[Picture, ...]
    link: Card | None
    html: str  # kept while the post is in the feeds

    @property
    def path(self) -> str:
        return f"posts/{self.slug}/"

    @property
    def cover(self) -> Picture | None:
        """What lists and other networks show."""
        return next((one for one in self.media if not one.is_video), None)

    @property
    def name(self) -> str:
        return self.title or shortened(self.excerpt, 70) or self.published.date().isoformat()


@dataclass(frozen=True, kw_only=True)
class Known:
    """What `posts.json` said when it was read."""

    items: tuple[Item, ...] = ()
    condition: Mapping[
        str, str
    ]  # the headers by which the answerer notices that it has changed since

    def item(self, key: str) -> Item | None:
        return next((one for one in self.items if one.key == key), None)


def publish(account: Account, post: Post, ask: Ask) -> Published:
    site = site_of(account, post.language)
    known = known_at(site, ask)
    item = item_of(site, post, known.items, known.item(post.key))
    for number, (path, media) in enumerate(pictures_of(post).items(), 1):
        ask(
            Request(
                step=f"picture {number}",
                method="PUT",
                url=(site.folder / path).as_uri(),
                headers={"inside": str(site.folder)},
                body=media,
                repeat=HARMLESS,
                example={},
            )
        )
    ask(
        Request(
            step="site",
            method="PUT",
            url=site.folder.as_uri(),
            headers=known.condition,
            json=texts(site, known, item),
            repeat=DROPPED,
            remembered=FOREVER,
            example={},
        )
    )
    begun = (
        ()
        if known.items or site.url
        else ("the feeds have relative links until `url` says where the site will be found",)
    )
    return published(site, item, begun)


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """The item with our key in `posts.json`, which is written last."""
    site = site_of(account, post.language)
    item = known_at(site, ask).item(post.key)
    if item is None:
        return Look(found=Found.ABSENT)
    return Look(found=Found.OURS, post=published(site, item))


def whoami(account: Account, ask: Ask) -> str:
    site = site_of(account)
    ask(
        Request(
            step="folder",
            method="HEAD",
            url=site.folder.as_uri(),
            repeat=HARMLESS,
            fresh=True,
            example={},
        )
    )
    return f"{site.folder}, found at {site.url or 'an address it is not told (`url`), so its feeds have relative links'}"


def published(site: Site, item: Item, notes: tuple[str, ...] = ()) -> Published:
    here = (site.folder / item.path / "index.html").as_uri()
    return Published(id=item.slug, url=at(site.url, item.path) if site.url else here, notes=notes)


def site_of(account: Account, language: str = "en") -> Site:
    said = {name: value for name, value in account.settings.items() if value}
    url = said.get("url", "")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise Rejected(
            f"accounts.{account.name}: url '{url}' is no web address; write it like https://example.org/news/"
        )
    return Site(
        folder=Path(said.get("folder", "public")).absolute(),
        title=said.get("title", account.name),
        description=said.get("description", ""),
        author=said.get("author", ""),
        url=url and url.rstrip("/") + "/",
        language=said.get("language", language),
    )


def known_at(site: Site, ask: Ask) -> Known:
    file = site.folder / "posts.json"
    answer = ask(
        Request(step="posts", url=file.as_uri(), repeat=HARMLESS, fresh=True, example=ABSENT)
    )
    if answer.status != ABSENT.status:
        return Known(items=items_in(answer, file), condition={"if-match": answer.headers["etag"]})
    index = ask(
        Request(
            step="index",
            url=(site.folder / "index.html").as_uri(),
            repeat=HARMLESS,
            fresh=True,
            example=ABSENT,
        )
    )
    if index.body and f'content="{GENERATOR}"'.encode() not in index.body:
        raise Rejected(
            f"{site.folder}: holds another web site, whose index.html would be lost; choose an empty `folder`, or move it away"
        )
    return Known(condition={"if-none-match": "*"})


def items_in(answer: Response, file: Path) -> tuple[Item, ...]:
    try:
        plain = answer.json()
        if plain["version"] != 1:
            raise ValueError(f"`version` is {plain['version']}, and this {GENERATOR} knows 1")
        return tuple(map(item_from, plain["posts"]))
    except KeyError as missing:
        fault = f"`{missing.args[0]}` is missing"
    except (ValueError, TypeError, AttributeError) as wrong:
        fault = str(wrong)
    raise Rejected(
        f"{file}: cannot be read, and the index is made from it: {fault}; mend it or bring back a copy, and retry "
        f"(without the file a new index begins; the pages stay)"
    )


Kind = TypeVar("Kind", Item, Picture, Card)


def read_as(kind: type[Kind], plain: Mapping[str, Json]) -> Kind:
    """The value that `plain` holds; each field is of its type, and there, unless an earlier version had none. What else is there is left out."""
    wanted = [field for field in fields(kind) if field.name in plain or field.default is MISSING]
    for field in wanted:
        type_ = tuple if get_origin(field.type) is tuple else field.type
        if not isinstance(plain[field.name], type_):  # type: ignore[arg-type]
            raise TypeError(f"`{field.name}` is {plain[field.name]!r}")
    return kind(**{field.name: plain[field.name] for field in wanted})


def item_from(plain: Json) -> Item:
    plain = {**plain, "published": plain.get("published", plain["due"])}
    times = {name: datetime.fromisoformat(plain[name]) for name in ("due", "published")}
    for name, time_ in times.items():
        if time_.tzinfo is None:
            raise ValueError(f"`{name}` {plain[name]} has no offset, e.g. +01:00")
    link = plain["link"]
    if not re.fullmatch(r"[\w-]+", str(plain["slug"])):
        raise ValueError(f"`slug` is {plain['slug']!r}; letters, digits and hyphens stand there")
    return read_as(
        Item,
        {
            **plain,
            **times,
            "tags": tuple(map(str, plain["tags"])),
            "media": tuple(read_as(Picture, one) for one in plain["media"]),
            "link": link
            and read_as(Card, {**link, "image": link["image"] and read_as(Picture, link["image"])}),
        },
    )


def item_of(site: Site, post: Post, others: Iterable[Item], before: Item | None) -> Item:
    """The post as the site shows it. One that is up already keeps its page, its guid and its date."""
    tags = tuple(dict.fromkeys(span.value for span in post.spans if span.kind == "tag"))
    html = without_last_tags(post.html or paragraphs(post), tags)
    item = Item(
        key=post.key,
        guid="",
        slug=before.slug if before else slug_of(post, {one.slug for one in others}),
        due=post.due,
        published=before.published if before else post.date.replace(microsecond=0),
        title=post.title,
        excerpt=shortened(post.summary or opening(plain_text(html), post.title), EXCERPT),
        language=post.language,
        tags=tags,
        media=tuple(map(picture, post.media)),
        link=card(post.link),
        html=html,
    )
    return replace(
        item,
        guid=before.guid
        if before
        else at(site.url, item.path)
        if site.url
        else f"termbell-{post.key}",
    )


def picture(media: Media) -> Picture:
    x, y = media.focus or (0.0, 0.0)  # -1 to 1, y upwards
    return Picture(
        path=f"media/{media.name}",
        type=media.type,
        size=media.size,
        alt=media.alt,
        width=media.width,
        height=media.height,
        captions=f"media/{media.captions.name}" if media.captions else "",
        position=f"{(1 + x) * 50:.0f}% {(1 - y) * 50:.0f}%" if media.focus else "",
    )


def card(link: Link | None) -> Card | None:
    """None also for a link that is no web address: a `javascript:` one would run in the reader's browser."""
    if link is None or urlsplit(link.url.strip()).scheme.lower() not in ("http", "https"):
        return None
    return Card(
        url=link.url.strip(),
        title=link.title,
        description=link.description,
        image=picture(link.image) if link.image else None,
    )


def pictures_of(post: Post) -> dict[str, Media]:
    """Path -> picture, video or captions; one that is used twice is brought once."""
    shown = [
        *post.media,
        *([post.link.image] if card(post.link) and post.link and post.link.image else []),
    ]
    return {
        picture(one).path: one for one in (*shown, *(one.captions for one in shown if one.captions))
    }


def slug_of(post: Post, taken: set[str]) -> str:
    """From the title or the text, and from the key, so that it is the same at a second sending and no other post's."""
    named, key = short(ascii_words(post.title or post.text)) or "post", ascii_words(post.key)
    return next(
        one
        for one in (f"{named}-{key[:8]}", f"{named}-{key}", f"{named}-{hashed(post.key)}")
        if one not in taken
    )


def short(slug: str) -> str:
    return slug if len(slug) <= SLUG else slug[: SLUG + 1].rpartition("-")[0] or slug[:SLUG]


def ascii_words(text: str) -> str:
    """Lower-case letters and digits with hyphens between: the same on every disk and in every URL."""
    bare = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", bare))


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def tag_path(tag: str) -> str:
    return f"tags/{ascii_words(tag) or hashed(tag)}/"


# ---- Text ------------------------------------------------------------------------------------------------------------

TAG = re.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
LAST_TAGS = re.compile(r"\s*<p>\s*(?:(?:<a\b[^>]*>)?#\w[\w-]*(?:</a>)?\s*)+</p>\s*\Z")


def paragraphs(post: Post) -> str:
    """A plain text as HTML, its web links made links."""
    made, done = "", 0
    for span in sorted(post.spans, key=lambda one: one.start):
        if (
            span.kind == "link"
            and span.value.startswith(("http://", "https://"))
            and span.start >= done
        ):
            made += escape(post.text[done : span.start]) + element(
                "a", {"href": span.value}, post.text[span.start : span.end]
            )
            done = span.end
    made += escape(post.text[done:])
    return "\n".join(
        "<p>" + one.strip().replace("\n", "<br>\n") + "</p>"
        for one in re.split(r"\n\s*\n", made)
        if one.strip()
    )


def without_last_tags(html: str, tags: tuple[str, ...]) -> str:
    """Without a last paragraph of nothing but tags: they stand below the post, with their links."""
    return LAST_TAGS.sub("", html) if tags else html


def plain_text(html: str) -> str:
    """The text of sanitised HTML, with an empty line between paragraphs."""
    broken = re.sub(r"<br\b[^>]*>", "\n", " ".join(html.split()))
    parted = re.sub(r"</(?:p|li|h\d|blockquote|pre|tr)>", "\n\n", broken)
    lines = "\n".join(" ".join(line.split()) for line in unescape(TAG.sub("", parted)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def opening(text: str, title: str) -> str:
    """What stands below a title in a list: the first paragraph. A post without one is its text."""
    return text.partition("\n\n")[0] if title else text


def shortened(text: str, most: int) -> str:
    """`text` cut between two words, with an ellipsis, where it is longer than `most` characters."""
    if len(text) <= most:
        return text
    return text[: most - 1].rsplit(None, 1)[0].rstrip(" ,;:.–-") + "…"


def clean(text: str) -> str:
    """Without the characters that neither XML nor UTF-8 can hold."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)


def words(language: str) -> tuple[str, str, str]:
    low = language.lower()
    return WORDS.get(low) or WORDS.get(low.partition("-")[0]) or OTHERWISE


def written(day: datetime, language: str) -> str:
    pattern, months, _ = words(language)
    return pattern.format(
        day=day.day, month=months.split()[day.month - 1], year=day.year, number=day.month
    )


# ---- Markup ----------------------------------------------------------------------------------------------------------

EMPTY = ("meta", "link", "img", "track", "atom:link")


class Markup(str):
    """Text that is markup already. All other text is escaped by `element`, so that nothing has to be remembered."""


def element(name: str, attributes: Mapping[str, object] | None = None, *inside: str) -> Markup:
    """An element of HTML or XML; an attribute that is None is left out."""
    said = "".join(
        f' {key}="{escape(str(value))}"'
        for key, value in (attributes or {}).items()
        if value is not None
    )
    if name in EMPTY and not inside:
        return Markup(f"<{name}{said}/>")
    return Markup(f"<{name}{said}>{markup(inside)}</{name}>")


def markup(parts: Iterable[str]) -> Markup:
    return Markup("".join(one if isinstance(one, Markup) else escape(one) for one in parts))


def at(base: str, path: str) -> str:
    """The address of `path`. A folder is named with its index.html where there may be no web server to add it."""
    is_web = base.startswith(("http://", "https://"))
    return base + path + ("" if is_web or (path and not path.endswith("/")) else "index.html")


def video(base: str, one: Picture, language: str) -> Markup:
    captions = {"kind": "captions", "src": base + one.captions, "srclang": language, "default": ""}
    return element(
        "video",
        {
            "controls": "",
            "preload": "metadata",
            "src": base + one.path,
            "aria-label": one.alt,
            "width": one.width,
            "height": one.height,
        },
        *([element("track", captions)] if one.captions else []),
    )


def image(base: str, one: Picture, lazy: bool = True) -> Markup:
    return element(
        "img",
        {
            "src": base + one.path,
            "alt": one.alt,
            "width": one.width,
            "height": one.height,
            "style": f"object-position: {one.position}" if one.position else None,
            "loading": "lazy" if lazy else None,
        },
    )


def time(item: Item, language: str, href: str | None = None) -> Markup:
    day = written(item.published, language)
    return element(
        "time",
        {"class": "dt-published", "datetime": item.published.isoformat()},
        element("a", {"class": "u-url", "href": href}, day) if href else day,
    )


def tag_list(base: str, tags: Iterable[str]) -> Markup:
    links = [
        element(
            "a", {"class": "p-category", "rel": "tag", "href": at(base, tag_path(tag))}, f"#{tag}"
        )
        for tag in tags
    ]
    return (
        element("ul", {"class": "tags"}, *(element("li", {}, link) for link in links))
        if links
        else Markup()
    )


def link_card(base: str, one: Card) -> Markup:
    said = [
        element("small", {}, urlsplit(one.url).hostname or ""),
        element("strong", {}, one.title or one.url),
    ]
    said += [element("em", {}, one.description)] if one.description else []
    shown = [image(base, one.image)] if one.image else []
    text = Markup("\n").join(said)  # feed readers show it without our style
    return element(
        "a", {"class": "card", "href": one.url}, *shown, element("span", {}, Markup(text))
    )


def figures(base: str, item: Item) -> tuple[Markup, Markup]:
    """The first picture or video, which stands before the text, and the others."""
    shown = [
        video(base, one, item.language) if one.is_video else image(base, one, lazy=bool(number))
        for number, one in enumerate(item.media)
    ]
    lead = [element("figure", {"class": "lead"}, one) for one in shown[:1]]
    others = [element("figure", {}, one) for one in shown[1:]]
    return markup(lead), element("div", {"class": "gallery"}, *others) if others else Markup()


def content(base: str, item: Item) -> Markup:
    """A post from its first picture to its link card, as the page and the feeds have it."""
    lead, others = figures(base, item)
    body = element("div", {"class": "body e-content"}, Markup(item.html))
    return markup([lead, body, others, link_card(base, item.link) if item.link else Markup()])


# ---- Pages -----------------------------------------------------------------------------------------------------------


def document(
    site: Site, depth: int, path: str, name: str, main: Markup, extra: Sequence[Markup] = ()
) -> str:
    """A whole page, `depth` folders below the index."""
    base, home = "../" * depth, path == ""
    head = [
        element("meta", {"charset": "utf-8"}),
        element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        element("title", {}, site.title if home else f"{name} · {site.title}"),
        element("meta", {"name": "generator", "content": GENERATOR}),
        element("link", {"rel": "stylesheet", "href": base + "style.css"}),
        element("link", {"rel": "icon", "href": BELL}),
        element(
            "link",
            {
                "rel": "alternate",
                "type": "application/rss+xml",
                "title": site.title,
                "href": base + "feed.xml",
            },
        ),
        element(
            "link",
            {
                "rel": "alternate",
                "type": "application/feed+json",
                "title": site.title,
                "href": base + "feed.json",
            },
        ),
        *([element("link", {"rel": "canonical", "href": at(site.url, path)})] if site.url else []),
        *extra,
    ]
    archive = element("a", {"href": at(base, "archive/")}, words(site.language)[2])
    header = element(
        "header",
        {"class": "site"},
        element(
            "h1" if home else "p",
            {"class": "name p-name"},
            element("a", {"href": at(base, "")}, site.title),
        ),
        element("p", {"class": "about"}, site.description) if site.description else Markup(),
        element("nav", {}, archive, element("a", {"href": base + "feed.xml"}, "RSS")),
    )
    footer = element(
        "footer",
        {},
        element("p", {"class": "p-author"}, site.author) if site.author else Markup(),
        element("a", {"href": base + "feed.xml"}, "RSS"),
        element("a", {"href": base + "feed.json"}, "JSON Feed"),
    )
    body = element(
        "body",
        {"class": "home" if home else "page"},
        header,
        Markup("\n"),
        main,
        Markup("\n"),
        footer,
    )
    lines = Markup("\n").join(head)
    return f'<!doctype html>\n<html lang="{escape(site.language)}">\n<head>\n{lines}\n</head>\n{body}\n</html>\n'


def page(site: Site, item: Item) -> str:
    base = "../../"
    shown = element(
        "main",
        {},
        element(
            "article",
            {"class": "post h-entry", "lang": item.language},
            time(item, site.language),
            element("h1", {"class": "p-name"}, item.title) if item.title else Markup(),
            content(base, item),
            tag_list(base, item.tags),
        ),
    )
    return document(site, 2, item.path, item.name, shown, preview(site, item))


def preview(site: Site, item: Item) -> list[Markup]:
    """What other networks show of a link to the page. https://ogp.me/"""
    said = {
        "og:type": "article",
        "og:title": item.name,
        "og:description": item.excerpt,
        "og:site_name": site.title,
    }
    if site.url:
        said |= {"og:url": at(site.url, item.path)}
    if site.url and item.cover:
        said |= {"og:image": site.url + item.cover.path, "og:image:alt": item.cover.alt}
    return [
        element("meta", {"name": "description", "content": item.excerpt}),
        *(element("meta", {"property": name, "content": value}) for name, value in said.items()),
    ]


def index(site: Site, items: Sequence[Item]) -> str:
    shown = [entry(site, item, number == 0) for number, item in enumerate(items[:ON_INDEX])]
    archive = element("a", {"href": at("", "archive/")}, words(site.language)[2])
    more = [element("p", {"class": "more"}, archive)] if items[ON_INDEX:] else []
    about = (
        [element("meta", {"name": "description", "content": site.description})]
        if site.description
        else []
    )
    return document(
        site, 0, "", site.title, element("main", {"class": "h-feed"}, *shown, *more), about
    )


def entry(site: Site, item: Item, first: bool) -> Markup:
    kinds = ["entry h-entry", *(["first"] if first else []), *(["pictured"] if item.cover else [])]
    title = (
        element("h2", {"class": "p-name"}, element("a", {"href": at("", item.path)}, item.title))
        if item.title
        else Markup()
    )
    return element(
        "article",
        {"class": " ".join(kinds), "lang": item.language},
        element("div", {"class": "thumb"}, image("", item.cover, lazy=not first))
        if item.cover
        else Markup(),
        time(item, site.language, at("", item.path)),
        title,
        element("p", {"class": "said p-summary"}, item.excerpt),
        tag_list("", item.tags),
        Markup("\n"),
    )


def listing(site: Site, path: str, name: str, items: Sequence[Item]) -> str:
    """Titles by year, newest first."""
    base = "../" * path.count("/")

    def line(item: Item) -> Markup:
        link = element("a", {"href": at(base, item.path), "lang": item.language}, item.name)
        return element("li", {}, time(item, site.language), link)

    years = [
        part
        for year, those in groupby(items, lambda one: one.published.year)
        for part in (element("h2", {}, str(year)), element("ol", {}, *map(line, those)))
    ]
    return document(
        site,
        path.count("/"),
        path,
        name,
        element("main", {"class": "list"}, element("h1", {}, name), *years),
    )


# ---- Feeds -----------------------------------------------------------------------------------------------------------


def rss(site: Site, items: Sequence[Item]) -> str:
    def one(item: Item) -> Markup:
        address = at(site.url, item.path)
        return element(
            "item",
            {},
            *([element("title", {}, item.title)] if item.title else []),
            element("link", {}, address),
            element(
                "guid", {"isPermaLink": "true" if item.guid == address else "false"}, item.guid
            ),
            element("pubDate", {}, format_datetime(item.published)),
            *([element("dc:creator", {}, site.author)] if site.author else []),
            *(element("category", {}, tag) for tag in item.tags),
            element("description", {}, item.excerpt),
            element("content:encoded", {}, str(content(site.url, item))),
            Markup("\n"),
        )

    channel = element(
        "channel",
        {},
        element("title", {}, site.title),
        element("link", {}, at(site.url, "")),
        element("description", {}, site.description or site.title),
        element("language", {}, site.language),
        element("generator", {}, GENERATOR),
        element("lastBuildDate", {}, format_datetime(items[0].published)),
        *(
            [
                element(
                    "atom:link",
                    {"href": site.url + "feed.xml", "rel": "self", "type": "application/rss+xml"},
                )
            ]
            if site.url
            else []
        ),
        *map(one, items),
    )
    spaces = {
        "xmlns:atom": "http://www.w3.org/2005/Atom",
        "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
        "xmlns:dc": "http://purl.org/dc/elements/1.1/",
    }
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        + element("rss", {"version": "2.0", **spaces}, channel)
        + "\n"
    )


def json_feed(site: Site, items: Sequence[Item]) -> str:
    authors = [{"name": site.author}] if site.author else []

    def one(item: Item) -> dict[str, Json]:
        pictures = [
            {
                "url": site.url + picture.path,
                "mime_type": picture.type,
                "size_in_bytes": picture.size,
            }
            for picture in item.media
        ]
        return filled(
            {
                "id": item.guid,
                "url": at(site.url, item.path),
                "title": item.title,
                "summary": item.excerpt,
                "content_html": str(content(site.url, item)),
                "image": site.url + item.cover.path if item.cover else "",
                "external_url": item.link.url if item.link else "",
                "date_published": item.published.isoformat(),
                "language": item.language,
                "tags": list(item.tags),
                "attachments": pictures,
            }
        )

    return written_json(
        filled(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": site.title,
                "home_page_url": at(site.url, ""),
                "feed_url": site.url and site.url + "feed.json",
                "description": site.description,
                "language": site.language,
                "authors": authors,
            }
        )
        | {"items": [one(item) for item in items]}
    )


def filled(plain: dict[str, Json]) -> dict[str, Json]:
    """Without what is empty."""
    return {name: value for name, value in plain.items() if value}


def written_json(plain: Json) -> str:
    return json.dumps(plain, ensure_ascii=False, indent=1, default=datetime.isoformat) + "\n"


# ---- All of it -------------------------------------------------------------------------------------------------------


@cache
def style() -> str:
    return Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def texts(site: Site, known: Known, item: Item) -> dict[str, str]:
    """Path -> text of every file that changes, in the order in which they may appear.

    A tag's first post makes its page; only that post links to it, so it comes before the post.
    """
    before, others = known.item(item.key), [one for one in known.items if one.key != item.key]
    items = sorted([*others, item], key=newness, reverse=True)
    items = [one if number < IN_FEED else replace(one, html="") for number, one in enumerate(items)]
    linked = {tag_path(tag) for one in known.items for tag in one.tags}
    lists = dict(tag_pages(site, items, [*item.tags, *(before.tags if before else ())]))
    files = {
        "style.css": style(),
        **{path + "index.html": text for path, text in lists.items() if path not in linked},
        item.path + "index.html": page(site, item),
        **{path + "index.html": text for path, text in lists.items() if path in linked},
        "archive/index.html": listing(site, "archive/", words(site.language)[2], items),
        "feed.xml": rss(site, items[:IN_FEED]),
        "feed.json": json_feed(site, items[:IN_FEED]),
        "index.html": index(site, items),  # links to all of them
        "posts.json": written_json({"version": 1, "posts": list(map(asdict, items))}),
    }
    return {path: clean(text) for path, text in files.items()}


def newness(item: Item) -> tuple[datetime, datetime, str]:
    """A late post comes first: below older ones, or outside a feed's newest, no reader would find it."""
    return item.published, item.due, item.key


def tag_pages(site: Site, items: Sequence[Item], tags: Iterable[str]) -> Iterator[tuple[str, str]]:
    for tag in tags:
        path = tag_path(tag)
        yield (
            path,
            listing(
                site, path, f"#{tag}", [one for one in items if path in map(tag_path, one.tags)]
            ),
        )


SETTINGS = (
    Setting(
        name="folder",
        meaning="where the site is written; made if it is not there",
        type=Path,
        default="public",
        example="public",
    ),
    Setting(
        name="title",
        meaning="the site's name; the account's, if nothing is said",
        example="The Networked Teacher",
    ),
    Setting(
        name="description",
        meaning="a line below it, also in the feeds",
        example="Notes from a year of teaching in the open",
    ),
    Setting(name="author", meaning="who writes it", example="Anna Keller"),
    Setting(
        name="url",
        meaning="where readers find it; without, the links in the feeds are relative",
        example="https://example.org/news/",
    ),
    Setting(
        name="language",
        meaning="of the site around the posts (BCP 47); a post's own, if nothing is said",
        example="en-GB",
    ),
)

PLATFORM = Platform(
    name="site",
    secrets=(),
    sign=unsigned,
    settings=SETTINGS,
    limits=Limits(
        title=None,
        html=True,
        animations=("image/gif", "image/webp", "image/png"),
        images=20,  # as many as a page carries well; the folder sets no limit
        videos=4,
        video_types=("video/mp4", "video/webm"),
        video_codecs=("h264", "aac", "vp8", "vp9", "opus", "vorbis"),
        captions=("text/vtt",),
        source="https://www.rssboard.org/rss-specification",
        checked=date(2026, 11, 24),
    ),
    publish=publish,
    keyed=True,
    harmless=True,
    refuses_posts=False,
    find=find,
    find_after=0,  # files are written before the answer
    whoami=whoami,
)
