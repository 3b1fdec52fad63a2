"""Pixelfed: Mastodon's API for pictures. What answers a post may be a text alone.

https://docs.pixelfed.org and its ApiV1Controller
"""

from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import Account, Ask, Cap, Post, Published, Rejected

LIMITS = replace(
    mastodon.LIMITS,
    text=500,
    needs="media",
    images=4,
    image_bytes=15_000_000,
    alt=1000,
    caps=(Cap(posts=1000, seconds=86_400),),
    source="https://github.com/pixelfed/pixelfed/blob/dev/app/Http/Controllers/Api/ApiV1Controller.php",
    checked=date(2026, 11, 23),
)
VISIBILITY = Literal["public", "unlisted", "private"]
LONGEST_WARNING = 140  # characters


def publish(account: Account, post: Post, ask: Ask) -> Published:
    """A content warning is shown only with what is marked as sensitive."""
    warning = post.options.get("content_warning") or ""
    if len(warning) > LONGEST_WARNING:
        raise Rejected(f"a content warning on Pixelfed has at most {LONGEST_WARNING} characters, and this has {len(warning)}")
    return mastodon.publish(account, replace(post, options={**post.options, "sensitive": True}) if warning else post, ask)


PLATFORM = replace(
    mastodon.PLATFORM,
    name="pixelfed",
    limits=LIMITS,
    options=tuple(replace(row, type=VISIBILITY) if row.name == "visibility" else row for row in mastodon.PLATFORM.options if row.name != "poll"),
    obtain="{server}/settings/applications: make a personal access token with the scopes read and write",
    publish=publish,
    ask_limits=mastodon.asking(LIMITS),
)
