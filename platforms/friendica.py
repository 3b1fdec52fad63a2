"""Friendica: Mastodon's API, texts of any length, and a title where Mastodon has a content warning.

https://github.com/friendica/friendica/blob/develop/doc/API-Mastodon.md
"""

from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import Account, Ask, Post, Published

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


def publish(account: Account, post: Post, ask: Ask) -> Published:
    titled = replace(post, options={**post.options, "content_warning": post.title}) if post.title else post
    return mastodon.publish(account, titled, mastodon.without_key(ask))


PLATFORM = replace(
    mastodon.PLATFORM,
    name="friendica",
    limits=LIMITS,
    options=tuple(replace(row, type=VISIBILITY) if row.name == "visibility" else row for row in mastodon.PLATFORM.options
                  if row.name not in ("poll", "content_warning")),
    obtain="{server}/settings/oauth, or an application made by a client: a token with the scopes read and write",
    publish=publish,
    ask_limits=mastodon.asking(LIMITS),
)
