"""Links as twitter-text finds them, which decides what X and Mastodon's servers count as one.

A host ends in a public top-level domain; an address with a user name, `localhost` and IP addresses are text. Without a
scheme a host has Latin letters only, and a query belongs to it only behind a path. What may stand in a path differs: `latin` (X) ends it
before the first sign of another script than Latin and Cyrillic, Mastodon's servers take any sign.

https://github.com/twitter/twitter-text and, for Mastodon, config/initializers/twitter_regex.rb of mastodon/mastodon, read 2026-11-24.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

from platforms.base import Span

ACCENTED = r"\xC0-\xD6\xD8-\xF6\xF8-\u024F\u0253\u0254\u0256\u0257\u0259\u025B\u0263\u0268\u026F\u0272\u0289\u028B\u02BB\u0300-\u036F\u1E00-\u1EFF"
LETTERS = rf"A-Za-z0-9\u0400-\u04FF{ACCENTED}"
NO_HOST = r"\s!'#%&()*+,\\\-./:;<=>?@\[\]\^_{|}~$\uFFFE\uFEFF\uFFFF\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069"
NO_LINK_BEHIND = r"A-Za-z0-9@＠$#＃\uFFFE\uFEFF\uFFFF"
LONGEST_LABEL = 63  # of a host, in its ASCII form (RFC 1035)
MOST_LABELS = 126  # before the last one
LONGEST = 4096  # a whole link
# What may stand in a path and end it, in a query and end it; parentheses only in pairs.
LATIN = (
    rf"[{LETTERS}!*';:=+,.$/%#\[\]\-\u2013_~@|&]",
    rf"[{LETTERS}+\-=_#/]",
    r"[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]",
    r"[A-Za-z0-9\-_&=#/]",
)
ANY = (
    r"[^\s<>()?]",
    r"""[^\s()?!*"'「」<>;:=,.$%\[\]~&|@]""",
    r"[A-Za-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|\^\xA0-\U0010FFFF]",
    r"[A-Za-z0-9\-_&=#/\xA0-\U0010FFFF]",
)


def public_links(text: str, bare: bool, latin: bool) -> Iterator[Span]:
    """`bare`: those without a scheme too."""
    pattern, done = _pattern(bare, latin), 0
    while candidate := pattern.search(text, done):
        match = _under_a_public_domain(pattern, candidate)
        if match and len(match[0]) <= LONGEST and all(map(is_label, match["host"].split("."))):
            yield Span(
                kind="link",
                start=match.start(),
                end=match.end(),
                value=match[0] if match["scheme"] else f"https://{match[0]}",
            )
        done = match.end() if match else candidate.start() + 1


def _under_a_public_domain(pattern: Any, match: Any) -> Any:
    """The match, or the shorter one that leaves out its last labels: of `school.ie.html` it is `school.ie`."""
    while match and match["ascii"] and match["ascii"].lower() not in _top_level_domains():
        match = pattern.match(match.string, match.start(), match.start("ascii") - 1)
    return match


def is_label(label: str) -> bool:
    return len(label if label.isascii() else b"xn--" + label.encode("punycode")) <= LONGEST_LABEL


@cache
def _pattern(bare: bool, latin: bool) -> Any:
    """Its group `ascii` is a last label that still has to be looked up: a pattern with all of them takes long to compile."""
    import regex  # type: ignore[import-untyped]

    sign, last, asked, asked_last = LATIN if latin else ANY
    pair = rf"\({sign}*(?:\({sign}+\){sign}*)?\)"
    path = rf"/(?:(?:{sign}|{pair})*(?:{last}|{pair}))?"
    query = rf"\?{asked}*{asked_last}"
    ending = r"(?:(?i:xn--)[A-Za-z0-9-]+|(?:(?P<ascii>[A-Za-z]{2,})|\L<others>)(?![A-Za-z0-9@+-]))"
    labels = rf"(?:[^{NO_HOST}](?:[_-]*[^{NO_HOST}])*+\.){{0,{MOST_LABELS}}}[^{NO_HOST}](?:-*[^{NO_HOST}])*+\."
    found = rf"(?<![{NO_LINK_BEHIND}])(?P<scheme>(?i:https?)://)(?P<host>{labels}{ending})(?::[0-9]+)?(?:{path})?(?:{query})?"
    if bare:
        label = rf"[A-Za-z0-9{ACCENTED}](?:-*[A-Za-z0-9{ACCENTED}])*+"
        behind = rf"(?<![{NO_LINK_BEHIND}{ACCENTED}\-_/]|(?<![^\x00-\x7F{NO_HOST}])\.)"  # a dot may stand behind another script's word
        found += rf"|{behind}(?P<host>(?:{label}\.){{1,{MOST_LABELS}}}{ending})(?:(?::[0-9]+)?{path}(?:{query})?)?"
    return regex.compile(
        found, others=[name for name in _top_level_domains() if not name.isascii()]
    )


@cache
def _top_level_domains() -> frozenset[str]:
    """IANA's, each in the form that people write."""
    from linkify_it.tlds import TLDS

    return frozenset(
        name[4:].lower().encode().decode("punycode") if name.startswith("XN--") else name.lower()
        for name in TLDS
    )
