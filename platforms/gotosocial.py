"""GoToSocial: Mastodon's API, six files, code points, and no key by which a second sending is recognised.

https://docs.gotosocial.org/en/latest/api/swagger/ and its configuration page
"""

from dataclasses import replace
from datetime import date

from platforms import mastodon
from platforms.base import Account, Ask, Cap, Limits, Post, Published

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


def publish(account: Account, post: Post, ask: Ask) -> Published:
    """The server takes the key of a status and ignores it: a second sending doubles."""
    return mastodon.publish(account, post, mastodon.without_key(ask))


def ask_limits(account: Account, ask: Ask) -> Limits:
    """It tells a length of links, and counts them whole."""
    return replace(mastodon.asking(LIMITS)(account, ask), link_length=None)


PLATFORM = replace(mastodon.PLATFORM, name="gotosocial", limits=LIMITS, publish=publish, ask_limits=ask_limits)
