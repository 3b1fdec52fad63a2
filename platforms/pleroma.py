"""Pleroma and Akkoma: Mastodon's API, with a visibility of their own, without focal points.

https://docs-develop.pleroma.social/backend/development/API/differences_in_mastoapi_responses/
"""

from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import Account, Ask, Post, Published

LIMITS = replace(
    mastodon.LIMITS,
    text=5000,
    unit="characters",
    link_length=None,
    short_mentions=False,
    images=16,
    caps=(),
    source="https://docs-develop.pleroma.social/backend/development/API/differences_in_mastoapi_responses/",
    checked=date(2026, 11, 23),
)
VISIBILITY = Literal["public", "unlisted", "local", "private", "direct"]


def publish(account: Account, post: Post, ask: Ask) -> Published:
    return mastodon.publish(account, replace(post, media=tuple(replace(one, focus=None) for one in post.media)), ask)


PLATFORM = replace(
    mastodon.PLATFORM,
    name="pleroma",
    limits=LIMITS,
    options=tuple(replace(row, type=VISIBILITY) if row.name == "visibility" else row for row in mastodon.PLATFORM.options),
    publish=publish,
    ask_limits=mastodon.asking(LIMITS),
)
