"""Friendica: Mastodon's API, texts of any length, and a title where Mastodon has a content warning.

https://github.com/friendica/friendica/blob/develop/doc/API-Mastodon.md
"""

import re
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import Account, Ask, Lost, Post, Published

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
NUMBER = r"^\W*\d+[.)]\s"  # of a list's item


def publish(account: Account, post: Post, ask: Ask) -> Published:
    titled = (
        replace(post, options={**post.options, "content_warning": post.title})
        if post.title
        else post
    )
    return mastodon.publish(account, titled, mastodon.changing(ask, **mastodon.WITHOUT_KEY))


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    return mastodon.find(account, post, lost, ask, letters)


def letters(text: str) -> str:
    """A text without what its reading as Markdown may change: marks, and what stands before the items of a list."""
    plain = mastodon.local(text)
    return re.sub(rf"{NUMBER}|[\W_]", "", plain, flags=re.MULTILINE) or mastodon.bare(plain)


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
    find=find,
    ask_limits=mastodon.asking(LIMITS),
)
