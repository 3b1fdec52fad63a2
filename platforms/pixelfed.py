"""Pixelfed: Mastodon's API for pictures. What answers a post may be a text alone.

https://docs.pixelfed.org and its ApiV1Controller
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    Json,
    Lost,
    Post,
    Published,
    Rejected,
    Request,
)
from platforms.recent import ListedPost, PostList, Search, folded

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
REPLIES = 20  # to a status that are shown
TAG = re.compile(r"<(?=\S)[^>]*(?:>|$)")


def publish(account: Account, post: Post, ask: Ask) -> Published:
    """A content warning is shown only with what is marked as sensitive."""
    warning = post.options.get("content_warning") or ""
    if len(warning) > LONGEST_WARNING:
        raise Rejected(
            f"a content warning on Pixelfed has at most {LONGEST_WARNING} characters, and this has {len(warning)}"
        )
    return mastodon.publish(
        account,
        replace(post, options={**post.options, "sensitive": True}) if warning else post,
        ask,
    )


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All posts of the account, private ones too, but no replies: those stand below their post.

    It has no request for the source of a post, and calls every language English.
    """
    me = mastodon.own(account, ask)
    search = mastodon.search_for(account, me, post, lost, ask)
    if post.reply_to:
        search = replace(search, lists=(replies(account, post.reply_to, ask),), count=None)
    expected = replace(search.expected, language=None, visibility=visibility_of(me, post))
    lists = tuple(replace(one, read=reading(expected.visibility)) for one in search.lists)
    return replace(search, lists=lists, expected=expected, strict=without_tags, source=None)


def replies(account: Account, to: Published, ask: Ask) -> PostList:
    """The replies to a post, in no order. It shows `REPLIES` of them, less those of muted people.

    It shows none while its counter is 0, which runs behind: an empty list proves nothing.
    """
    path = f"/api/v1/statuses/{mastodon.answered(to)}"
    request = Request(
        step="parent",
        url=mastodon.at(account, path),
        repeat=HARMLESS,
        example={"replies_count": 0},
    )
    number = ask(request).json()["replies_count"]
    below = Request(
        step="list",
        url=mastodon.at(account, f"{path}/context"),
        repeat=HARMLESS,
        example={"descendants": []},
    )
    return PostList(
        request=below,
        read=mastodon.listed,
        items=("descendants",),
        full_page=REPLIES if number < REPLIES else None,
    )


def visibility_of(me: Json, post: Post) -> str | None:
    """Who will see it; None: that depends on the post that it answers."""
    if post.reply_to:
        return None
    return "private" if me.get("locked") else post.options.get("visibility", "public")


def reading(expected: str | None) -> Callable[[Json], ListedPost]:
    """Reads a status. A profile that is unlisted makes unlisted what should be public."""

    def read(item: Json) -> ListedPost:
        post = mastodon.listed(item)
        is_lowered = post.visibility == "unlisted" and expected == "public"
        return replace(post, visibility="public") if is_lowered else post

    return read


def without_tags(text: str) -> str:
    """A text without what it takes for HTML: from a "<" before no white space to the next ">"."""
    return folded(TAG.sub("", text))


PLATFORM = replace(
    mastodon.PLATFORM,
    name="pixelfed",
    limits=LIMITS,
    options=tuple(
        replace(row, type=VISIBILITY) if row.name == "visibility" else row
        for row in mastodon.PLATFORM.options
        if row.name != "poll"
    ),
    obtain="{server}/settings/applications: make a personal access token with the scopes read and write",
    oauth=mastodon.COARSE,
    publish=publish,
    recent=recent,
    ask_limits=mastodon.asking(LIMITS),
)
