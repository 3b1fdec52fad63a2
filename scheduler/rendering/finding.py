"""Where the links, mentions and tags of a text stand. Found once, here, so that an adapter only translates offsets.

A link is what linkify-it takes for one: with http or https, or a bare domain whose last part is a country's or one of
DOMAINS. What looks like a bare domain and is more often a file (`notes.md`) is none. Mentions and tags are those of
Mastodon's servers, with tags in any script; nothing inside a link is one.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from linkify_it import LinkifyIt

from platforms.base import Span

DOMAINS = """
    biz com edu gov int mil net org pro web aero asia coop info museum name academy app art blog camp care center chat
    city cloud club college community courses degree design dev digital education email events expert family foundation
    fun games gallery global green group guide guru help host institute international kids land life link live love
    media mobi network news ngo ong one online page photos pictures plus press school schule science site social space
    store studio study support team tech tools top town training travel university video website wiki work works world
    xyz zone scot wales cymru london berlin wien bayern hamburg koeln paris bzh alsace cat eus gal nyc africa test
"""
FILES = frozenset({"md", "py", "sh", "pl", "rs", "ps", "so", "mp", "ai"})  # countries whose domain is a file's ending as well
ENDS_NO_LINK = "。，、！？：；）」』】》…"  # sentence signs that linkify-it takes for a part of the path
BARE = re.compile(r"\w\.\w")  # what a bare domain has; looking for one is slow, so that texts without are spared it
LOOKS_BARE = re.compile(r"://\S*|@[\w.@-]+")  # and has it for another reason
NAME = r"[A-Za-z0-9_]+(?:[.-]+[A-Za-z0-9_]+)*"


def spans(text: str, beside: Sequence[range] = ()) -> tuple[Span, ...]:
    """In the order they stand; none overlaps another, or what is `beside` them: code, and the words of a link."""
    found = [link for link in links(text) if not _meets(link, beside)]
    if "@" in text or "#" in text or "＃" in text:
        taken = [*beside, *(range(link.start, link.end) for link in found)]
        found += [span for span in names(text) if not _meets(span, taken)]
    return tuple(sorted(found, key=lambda span: span.start))


def _meets(span: Span, taken: Sequence[range]) -> bool:
    return any(span.start < one.stop and one.start < span.end for one in taken)


def links(text: str) -> Iterator[Span]:
    bare = BARE.search(LOOKS_BARE.sub(" ", text)) is not None
    if not bare and "://" not in text:
        return
    for match in linkifier(bare=bare).match(text) or ():
        if match.schema in ("", "http:", "https:"):
            end = match.last_index - len(match.text) + len(match.text.rstrip(ENDS_NO_LINK))
            yield Span(kind="link", start=match.index, end=end, value=match.url.rstrip(ENDS_NO_LINK))


def names(text: str) -> Iterator[Span]:
    """Mentions and tags, those within links too."""
    for match in name_pattern().finditer(text):
        kind = "mention" if match["mention"] else "tag"
        yield Span(kind=kind, start=match.start(), end=match.end(), value=match[kind])


class Links(LinkifyIt):  # type: ignore[misc]
    """linkify-it with https for a bare domain, and without files' names."""

    def match(self, text: str) -> list[Any] | None:
        return [match for match in super().match(text) or () if match.schema or not is_file(match.text)] or None

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
    found: Links = Links(options={"fuzzy_link": bare, "fuzzy_email": addresses}).tlds(DOMAINS.split(), True)
    return found


@cache
def name_pattern() -> Any:
    """One pattern for both, so that a text is searched once. A tag has a letter in it: `#1st` is one, `#1` is none."""
    import regex  # type: ignore[import-untyped]

    return regex.compile(
        rf"(?<![\w@＠/=.&#+-])@(?P<mention>{NAME}(?:@[\p{{L}}\p{{N}}_]+(?:[.-]+[\p{{L}}\p{{N}}_]+)*)?)"
        r"|(?<![\w/&#＃])[#＃](?P<tag>[\p{N}\p{Pc}]*[\p{L}\p{M}][\p{L}\p{M}\p{N}\p{Pc}·・\u200c\u200d]*)"
    )
