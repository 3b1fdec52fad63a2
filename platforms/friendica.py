"""Friendica: Mastodon's API, texts of any length, and a title where Mastodon has a content warning.

https://github.com/friendica/friendica/blob/develop/doc/API-Mastodon.md
"""

import re
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import Account, Ask, Json, Lost, Post, Published
from platforms.recent import ListedPost, Search, folded, plain

LIMITS = replace(
    mastodon.LIMITS,
    text=200_000,
    unit="characters",
    link_length=None,
    short_mentions=False,
    title=255,
    counted_options=(),
    caps=(),
    source="https://github.com/friendica/friendica/blob/develop/doc/API-Mastodon.md",
    checked=date(2026, 11, 23),
)
VISIBILITY = Literal["public", "unlisted", "private"]
# What Markdown takes out: what begins a heading, a quote or a list's item; a line across; marks.
BEGINNING = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|(?:[-*+]|\d+[.)])\s+)+")
RULER = re.compile(r"\s*(?:[-*_]\s*){3,}")
EMPHASIS = re.compile(r"[*_`~\\]")


def publish(account: Account, post: Post, ask: Ask) -> Published:
    titled = (
        replace(post, options={**post.options, "content_warning": post.title})
        if post.title
        else post
    )
    return mastodon.publish(account, titled, mastodon.changing(ask, **mastodon.WITHOUT_KEY))


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All posts of the account, private ones too (its Accounts/Statuses.php)."""
    search = mastodon.search_for(account, mastodon.own(account, ask), post, lost, ask)
    visibility = None if post.reply_to else post.options.get("visibility")
    expected = replace(
        search.expected,
        title=post.title,
        warning=None,
        language=None,  # it may guess another one
        visibility=visibility,  # else the account's own, or that of the post before
        poll=None,
    )
    lists = tuple(replace(posts, read=listed) for posts in search.lists)
    return replace(search, lists=lists, expected=expected, strict=unmarked)


def listed(item: Json) -> ListedPost:
    """A post of a list. Its title is told as a warning."""
    post, status = mastodon.listed(item), item.get("reblog") or item
    shown = mastodon.short_mentions(plain(status["content"]))
    return replace(post, title=status.get("spoiler_text") or "", warning=None, shown=shown)


def unmarked(text: str) -> str:
    """A text without what reading it as Markdown takes out of it: marks, and what begins a line."""
    lines = [
        EMPHASIS.sub("", BEGINNING.sub("", line))
        for line in text.splitlines()
        if not RULER.fullmatch(line)
    ]
    return folded("\n".join(lines))


PLATFORM = replace(
    mastodon.PLATFORM,
    name="friendica",
    limits=LIMITS,
    options=tuple(
        replace(row, type=VISIBILITY) if row.name == "visibility" else row
        for row in mastodon.PLATFORM.options
        if row.name not in ("poll", "content_warning")
    ),
    obtain="an app that makes tokens, such as `toot login`: a token with the scopes read and write",
    oauth=mastodon.COARSE,
    publish=publish,
    recent=recent,
    ask_limits=mastodon.asking(LIMITS),
)
