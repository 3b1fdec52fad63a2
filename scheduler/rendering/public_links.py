"""Links as twitter-text finds them, which decides what X and Mastodon's servers count as one.

A host ends in a public top-level domain; an address with a user name or a port alone, `localhost` and IP addresses are text. Without a
scheme a host has Latin letters only, and a query belongs to it only behind a path. What may stand in a path differs: `latin` (X) ends it
before the first sign of another script than Latin and Cyrillic, Mastodon's servers take any sign.

https://github.com/twitter/twitter-text and, for Mastodon, config/initializers/twitter_regex.rb of mastodon/mastodon, read 2026-11-24.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from platforms.base import Span

ACCENTED = (
    r"\xC0-\xD6\xD8-\xF6\xF8-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B\u02BB\u0300-\u036F\u1E00-\u1EFF"
)
LETTERS = rf"A-Za-z0-9\u0400-\u04FF{ACCENTED}"
NO_HOST = r"\s!'#%&()*+,\\\-./:;<=>?@\[\]\^_{|}~$\uFFFE\uFEFF\uFFFF\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069"
NO_LINK_BEHIND = r"A-Za-z0-9@＠$#＃\uFFFE\uFEFF\uFFFF"
LONGEST_LABEL = 63  # of a host, in its ASCII form (RFC 1035)
LONGEST = 4096  # a whole link
# What may stand in a path and end it, in a query and end it; parentheses only in pairs.
LATIN = (rf"[{LETTERS}!*';:=+,.$/%#\[\]\-\u2013_~@|&]", rf"[{LETTERS}+\-=_#/]",
         r"[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]", r"[A-Za-z0-9\-_&=#/]")
ANY = (r"[^\s<>()?]", r"""[^\s()?!*"'「」<>;:=,.$%\[\]~&|@]""",
       r"[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|\^\xA0-\U0010FFFF]", r"[A-Za-z0-9\-_&=#/\xA0-\U0010FFFF]")


def public_links(text: str, bare: bool, latin: bool) -> Iterator[Span]:
    """`bare`: those without a scheme too."""
    for match in _pattern(bare, latin).finditer(text):
        if len(match[0]) <= LONGEST and all(map(is_label, match["host"].split("."))):
            yield Span(kind="link", start=match.start(), end=match.end(), value=match[0] if match["scheme"] else f"https://{match[0]}")


def is_label(label: str) -> bool:
    return len(label if label.isascii() else b"xn--" + label.encode("punycode")) <= LONGEST_LABEL


@cache
def _pattern(bare: bool, latin: bool) -> Any:
    import regex  # type: ignore[import-untyped]

    sign, last, asked, asked_last = LATIN if latin else ANY
    pair = rf"\({sign}*(?:\({sign}+\){sign}*)?\)"
    path = rf"/(?:(?:{sign}|{pair})*(?:{last}|{pair}))?"
    query = rf"\?{asked}*{asked_last}"
    ending = r"(?i:xn--[a-z0-9-]+|\L<domains>(?![A-Za-z0-9@+-]))"
    host = rf"(?P<host>(?:[^{NO_HOST}](?:[_-]*[^{NO_HOST}])*+\.)*[^{NO_HOST}](?:-*[^{NO_HOST}])*+\.{ending})"
    found = rf"(?<![{NO_LINK_BEHIND}])(?P<scheme>(?i:https?)://){host}(?::[0-9]+)?(?:{path})?(?:{query})?"
    if bare:
        label = rf"[A-Za-z0-9{ACCENTED}](?:-*[A-Za-z0-9{ACCENTED}])*+"
        behind = rf"(?<![{NO_LINK_BEHIND}{ACCENTED}\-_/]|(?<![^\x00-\x7F{NO_HOST}])\.)"  # a dot may stand behind another script's word
        found += rf"|{behind}(?P<host>(?:{label}\.)+{ending})(?:(?::[0-9]+)?{path}(?:{query})?)?"
    return regex.compile(found, domains=_top_level_domains())


def _top_level_domains() -> set[str]:
    """IANA's, in both of their forms."""
    from linkify_it.tlds import TLDS

    return {form for name in TLDS for form in (name.lower(), name.lower().encode().decode("idna"))}
