"""What the page behind a link says of itself, for the platforms that want the card of a link from us.

Open Graph, or what a page without it has in its place. A page is another person's: what is taken from it is bounded, free of what
steers a terminal, and read by nh3, whose parser no page can keep busy. It is kept, so that what was previewed is what is sent, and
read again when it is old. A page that cannot be read keeps no post from going out: its card then shows what else is known.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from html import unescape
from pathlib import Path
from unicodedata import category
from urllib.parse import urljoin

from scheduler.rendering.media import Fetch, Unfit, kind_of
from scheduler.rendering.media.cache import Cache, cache_folder, use

KEPT = 30 * 86400.0  # seconds until a page is read again
AGAIN = 3600.0  # seconds until one is that could not be read, or whose picture could not
TITLE, DESCRIPTION = 200, 400  # characters
MOST = 500_000  # bytes of a page that are looked at: what we look for stands in its head
CODE = "card-not-read"
SAYS = {  # of a card -> where it may stand, the first that is filled
    "title": ("og:title", "twitter:title", "title"),
    "description": ("og:description", "twitter:description", "description"),
    "image": (
        "og:image:secure_url",
        "og:image",
        "og:image:url",
        "twitter:image",
        "twitter:image:src",
    ),
    "alt": ("og:image:alt", "twitter:image:alt"),
}
# What may hold what we look for, or hide it. Every other tag is taken for text beforehand: nesting is what makes parsers slow.
OTHER = re.compile(r"<(?!/?(?:meta|title|base|script|style)\b|!--)", re.IGNORECASE)
NO_ENTITY = re.compile(r"&(?!#?\w{1,30};)")  # slow, too
TAG = re.compile(r'<(?:(title)>([^<]*)|(?:meta|base)((?: [\w-]+="[^"]*")*)>)')
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w:-]{2,30})", re.IGNORECASE)
ON_THE_WEB = re.compile(
    r"utf-?(?:8|16(?:le|be)?)|(?:us-)?ascii|latin-?1|(?:iso-?8859|windows|cp|koi8|euc|iso-2022|tis|big5|shift)[_-]?\w{1,8}"
    r"|sjis|gbk|gb2312|gb18030|big5|macintosh",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as it came."""

    url: str  # where it was found in the end
    charset: str  # as the server says; empty where it does not
    type: str  # "text/html"
    body: bytes


ReadPage = Callable[[str], Page]  # raises `Unfit`
LookUp = Callable[
    [str], "Known"
]  # what is known of the page at an address; raises `Unfit` where that is nothing


@dataclass(frozen=True, kw_only=True)
class Card:
    title: str = ""
    description: str = ""
    image: str = ""  # where its picture is: an address, or in our folder
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of a page."""

    at: float = 0.0  # when it was read, or was not to be had
    card: Card = Card()
    lacks: str = ""  # what could not be had, and why

    def is_old(self, now: float) -> bool:
        return now - self.at > (AGAIN if self.lacks else KEPT)


@dataclass(kw_only=True)
class Cards:
    """Looks up cards, each once. Without `read` and `fetch` no network is asked."""

    folder: Path
    read: ReadPage | None = None
    fetch: Fetch | None = None
    now: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._known: dict[str, Known | None] = {}

    def of(self, url: str, *, is_over: bool = False, is_due: bool = False) -> Known:
        """What is known of the page, after it was read where that is allowed. Raises `Unfit` where it was never.

        For a post that is due, what is known is good enough: it may be up. For one that is over, nothing is asked, and nothing missing.
        """
        if url not in self._known:
            self._known[url] = _kept(self._note(url))
        known = self._known[url]
        is_wanted = known is None or (
            known.is_old(self.now()) and (bool(known.lacks) or not is_due)
        )
        if self.read and self.fetch and is_wanted and not is_over:
            known = self._known[url] = self._read(
                self.read, self.fetch, url, known.card if known else Card()
            )
        if known is None and not is_over:
            raise Unfit(
                CODE,
                f"{url} was not read yet, so that its card shows no more than its address; `termbell check --fetch` does",
                "warning",
            )
        return known or Known()

    def _read(self, read: ReadPage, fetch: Fetch, url: str, card: Card) -> Known:
        """`card` is what is known of it already, and stays where the page cannot be had any more."""
        lacks = ""
        try:
            card = card_of(read(url))
            address, card = card.image, replace(card, image="")
            card = replace(card, image=self._picture(fetch, address) if address else "")
        except Unfit as why:
            lacks = str(why)
        known = Known(at=self.now(), card=card, lacks=lacks)
        Cache(self.folder).write(self._note(url), json.dumps(asdict(known)).encode())
        return known

    def _picture(self, fetch: Fetch, url: str) -> str:
        """Where our copy is."""
        body = fetch(url)
        if not kind_of(body[:32]).startswith("image/"):
            raise Unfit(CODE, f"{url} is no picture that we know", "warning")
        copy = self.folder / hashlib.sha256(body).hexdigest()[:32]
        Cache(self.folder).write(copy, body)
        return str(copy)

    def _note(self, url: str) -> Path:
        return self.folder / (hashlib.sha256(url.encode()).hexdigest()[:32] + ".json")


def cards_folder() -> Path:
    return cache_folder().parent / "cards"


def _kept(note: Path) -> Known | None:
    """What was kept of a page, from now on in use; none where that was taken away or is damaged."""
    try:
        plain = json.loads(note.read_bytes())
        known = Known(**{**plain, "card": Card(**plain["card"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return known if use([note, *([Path(known.card.image)] if known.card.image else [])]) else None


def card_of(page: Page) -> Card:
    """What a page says of itself. Raises `Unfit` where it is no page."""
    if page.type not in ("text/html", "application/xhtml+xml", ""):
        raise Unfit(CODE, f"{page.url} is {page.type[:40]}, not a page", "warning")
    said, base = _said(as_text(page))
    found = {
        name: next((said[key] for key in keys if said.get(key)), "") for name, keys in SAYS.items()
    }
    image = urljoin(urljoin(page.url, base), found["image"]) if found["image"] else ""
    return Card(
        title=shortened(found["title"], TITLE),
        description=shortened(found["description"], DESCRIPTION),
        image=image if re.match(r"https?://", image) else "",
        alt=shortened(found["alt"], DESCRIPTION),
    )


def as_text(page: Page) -> str:
    body = page.body[:MOST]
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    declared = CHARSET.search(body[:2048])
    for charset in (
        "utf-8-sig" if body.startswith(b"\xef\xbb\xbf") else "",
        page.charset,
        declared[1].decode() if declared else "",
    ):
        if charset and (charset == "utf-8-sig" or ON_THE_WEB.fullmatch(charset)):
            try:
                return body.decode(charset, "replace")
            except LookupError:
                continue
    try:
        return body.decode()
    except (
        UnicodeDecodeError
    ) as fault:  # what was cut off in the middle of a character is UTF-8 all the same
        return body.decode("utf-8" if len(body) - fault.start < 4 else "cp1252", "replace")


def _said(text: str) -> tuple[Mapping[str, str], str]:
    """The first of each name, and the address that relative ones start at."""
    import nh3

    harmless = NO_ENTITY.sub("&amp;", OTHER.sub(" ", text))
    clean = nh3.clean(
        harmless,
        tags={"meta", "title", "base"},
        clean_content_tags={"script", "style"},
        link_rel=None,
        attributes={"meta": {"property", "name", "content"}, "base": {"href"}},
    )
    said: dict[str, str] = {}
    base = ""
    for is_title, title, attributes in TAG.findall(clean):
        values = {name: unescape(value) for name, value in ATTRIBUTE.findall(attributes)}
        base = base or values.get("href", "").strip()
        name = (
            "title"
            if is_title
            else (values.get("property") or values.get("name") or "").strip().lower()
        )
        said[name] = said.get(name) or tidy(
            unescape(title) if is_title else values.get("content", "")
        )
    return said, base


def tidy(text: str) -> str:
    """One line, without what steers a terminal or turns the order of its letters."""
    return " ".join(
        "".join(
            sign
            for sign in text
            if sign.isspace() or sign in "\u200c\u200d" or not category(sign).startswith("C")
        ).split()
    )


def shortened(text: str, most: int) -> str:
    """At a word, where there is one to end at."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,;:-") + "…"
