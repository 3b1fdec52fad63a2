"""Where the links, mentions and tags of a text stand. Found once, here, so that an adapter only translates offsets.

Where the platform finds them itself, they are what it will find (`Limits` says how): what it counts depends on it. Where we mark them, or
nothing is known, a link is what linkify-it takes for one: with http or https, or a bare domain whose last part is a country's or one of
DOMAINS; what looks like a bare domain and is more often a file (`notes.md`) is none. Mentions and tags are those of Mastodon's servers,
with tags in any script. Nothing inside a link is a mention or a tag, and nothing is found in code.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from linkify_it import LinkifyIt

from platforms.base import Limits, Span
from scheduler.rendering.public_links import public_links

DOMAINS = """
    biz com edu gov int mil net org pro web aero asia coop info museum name academy app art blog camp care center chat
    city cloud club college community courses degree design dev digital education email events expert family foundation
    fun games gallery global green group guide guru help host institute international kids land life link live love
    media mobi network news ngo ong one online page photos pictures plus press school schule science site social space
    store studio study support team tech tools top town training travel university video website wiki work works world
    xyz zone scot wales cymru london berlin wien bayern hamburg koeln paris bzh alsace cat eus gal nyc africa test
"""
FILES = frozenset(
    {"md", "py", "sh", "pl", "rs", "ps", "so", "mp", "ai"}
)  # countries whose domain is a file's ending as well
ENDS_NO_LINK = (
    "。，、！？：；）」』】》…"  # sentence signs that linkify-it takes for a part of the path
)
BARE = re.compile(
    r"\w\.\w"
)  # what a bare domain has; looking for one is slow, so that texts without are spared it
LOOKS_BARE = re.compile(r"://\S*|@[\w.@-]+")  # and has it for another reason
WORD = re.compile(r"\S+")
NAME = r"[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*"
SERVER = r"[\p{L}\p{M}\p{Nd}\p{Pc}]+(?:[.-]+[\p{L}\p{M}\p{Nd}\p{Pc}]+)*"
MENTION = rf"(?<![\w@＠/=])@(?P<mention>{NAME}(?:@{SERVER})?)"
TAG = r"(?<![\w/=)&#＃])[#＃](?P<tag>[\p{N}\p{Pc}]*[\p{L}\p{M}][\p{L}\p{M}\p{N}\p{Pc}·・\u200c\u200d]*)"  # `#1st` is one, `#1` is none


def spans(text: str, limits: Limits, beside: Sequence[range] = ()) -> tuple[Span, ...]:
    """In the order they stand; none overlaps another, and none touches what is `beside` the text (code, as the platform will show it)."""
    text = blanked(text, beside)
    found = list(links(text, limits))
    if "@" in text or "#" in text or "＃" in text:
        taken = tuple(found)
        found += [
            name
            for name in names(text, limits)
            if not any(name.start < link.end and link.start < name.end for link in taken)
        ]
    return tuple(sorted(found, key=lambda span: span.start))


def blanked(text: str, ranges: Iterable[range]) -> str:
    """The text with spaces in these places."""
    for one in ranges:
        text = text[: one.start] + " " * len(one) + text[one.stop :]
    return text


def links(text: str, limits: Limits) -> Iterator[Span]:
    bare = limits.bare_links and BARE.search(text) is not None
    if bare or "://" in text:
        yield from (
            public_links(text, bare, limits.latin_links)
            if limits.public_links
            else readable_links(text, bare)
        )


def readable_links(text: str, bare: bool) -> Iterator[Span]:
    """Word by word, for no link has a space in it, and most words need no search."""
    for word in WORD.finditer(text):
        searched = bare and BARE.search(LOOKS_BARE.sub(" ", word[0])) is not None
        if not searched and "://" not in word[0]:
            continue
        for match in linkifier(bare=searched).match(word[0]) or ():
            if match.schema in ("", "http:", "https:"):
                shown = match.text.rstrip(ENDS_NO_LINK)
                start = word.start() + match.index
                yield Span(
                    kind="link",
                    start=start,
                    end=start + len(shown),
                    value=match.url.rstrip(ENDS_NO_LINK),
                )


def names(text: str, limits: Limits) -> Iterator[Span]:
    """Mentions and tags, those within links too."""
    for match in name_pattern(limits.mention or MENTION, limits.tag or TAG).finditer(text):
        kind = "mention" if match["mention"] else "tag"
        yield Span(kind=kind, start=match.start(), end=match.end(), value=match[kind])


class Links(LinkifyIt):  # type: ignore[misc]
    """linkify-it with https for a bare domain, and without files' names."""

    def match(self, text: str) -> list[Any] | None:
        return [
            match for match in super().match(text) or () if match.schema or not is_file(match.text)
        ] or None

    def test(self, text: str) -> bool:
        """Whether a search is worth it."""
        return "://" in text or BARE.search(text) is not None

    def normalize(self, match: Any) -> None:
        super().normalize(match)
        if not match.schema:
            match.url = match.url.replace("http://", "https://", 1)


def is_file(domain: str) -> bool:
    return "/" not in domain and domain.rpartition(".")[2].lower() in FILES


@cache
def linkifier(bare: bool = True, addresses: bool = False) -> Links:
    """`bare`: domains without a scheme are links; `addresses`: mail addresses are."""
    found: Links = Links(options={"fuzzy_link": bare, "fuzzy_email": addresses}).tlds(
        DOMAINS.split(), True
    )
    return found


@cache
def name_pattern(mention: str, tag: str) -> Any:
    """One pattern for both, so that a text is searched once."""
    import regex  # type: ignore[import-untyped]

    return regex.compile(f"{mention}|{tag}")
