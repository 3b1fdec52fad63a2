"""GoToSocial: Mastodon's API, six files, code points, a visibility of its own, and no key by which a second sending is recognised.

https://docs.gotosocial.org/en/latest/api/swagger/ and its configuration page
"""

from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import FOREVER, Account, Ask, Cap, Limits, Lost, Post, Published
from platforms.recent import Search

LIMITS = replace(
    mastodon.LIMITS,
    text=5000,
    unit="characters",
    link_length=None,
    short_mentions=False,
    images=6,
    image_bytes=41_943_040,
    video_bytes=41_943_040,
    caps=(Cap(posts=300, seconds=300),),
    source="https://docs.gotosocial.org/en/latest/configuration/statuses/",
    checked=date(2026, 11, 23),
)

POLLS = mastodon.Polls(server="GoToSocial", answers=6, signs=50, seconds=(0, FOREVER))
VISIBILITY = Literal["public", "unlisted", "private", "mutuals_only", "direct"]


def publish(account: Account, post: Post, ask: Ask) -> Published:
    return mastodon.publish(
        account, post, mastodon.changing(ask, mastodon.AS_TYPED, **mastodon.WITHOUT_KEY), POLLS
    )


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All posts of the account, of every visibility for its owner, the newest first (source)."""
    search = mastodon.search_for(account, mastodon.own(account, ask), post, lost, ask)
    if search.expected.visibility != "mutuals_only":
        return search
    unknown = replace(search.expected, visibility=None)  # what that is called is not documented
    return replace(search, expected=unknown)


def ask_limits(account: Account, ask: Ask) -> Limits:
    """It tells a length of links, and counts them whole."""
    return replace(mastodon.asking(LIMITS)(account, ask), link_length=None)


PLATFORM = replace(
    mastodon.PLATFORM,
    name="gotosocial",
    limits=LIMITS,
    options=tuple(
        replace(row, type=VISIBILITY) if row.name == "visibility" else row
        for row in mastodon.PLATFORM.options
    ),
    obtain="{server}/settings/user/tokens: make an access token with the scopes read and write",
    oauth=mastodon.COARSE,
    publish=publish,
    recent=recent,
    ask_limits=ask_limits,
)
