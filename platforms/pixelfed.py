"""Pixelfed: Mastodon's API for pictures. What answers a post may be a text alone.

https://docs.pixelfed.org and its ApiV1Controller
"""

from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    InDoubt,
    Lost,
    Post,
    Published,
    Rejected,
    Request,
)

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
ANSWERS = 20  # to a status that are told


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


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """Its list of what an account posted leaves out what answers something: that stands below what it answers."""
    if post.reply_to is None:
        return mastodon.find(account, post, lost, ask)
    me = mastodon.own(account, ask)
    path = f"/api/v1/statuses/{mastodon.answered(post.reply_to)}/context"
    below = ask(
        Request(
            step="answers",
            url=mastodon.at(account, path),
            repeat=HARMLESS,
            example={"descendants": []},
        )
    ).json()["descendants"]
    ours = mastodon.found(account, me, post, lost, below, mastodon.bare, ask)
    if ours is None and len(below) >= ANSWERS:
        raise InDoubt(
            f"{account.name}: too many answers to {post.reply_to.url or post.reply_to.id} to look through"
        )
    return ours


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
    find=find,
    ask_limits=mastodon.asking(LIMITS),
)
