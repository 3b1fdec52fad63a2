"""Whatever else the Apprise library reaches: Rocket.Chat, Mattermost, Webex, WhatsApp gateways and some hundred more.

The library says only whether all went well, and tells no id: whatever did not go well may be up, and nothing can be looked
up. So a post that was not surely taken is in doubt, and leaves no second time by itself.

https://github.com/caronc/apprise/wiki
"""

from datetime import date

from platforms.base import Account, Ask, Limits, Platform, Post, Published, Request, in_url


def publish(account: Account, post: Post, ask: Ask) -> Published:
    ask(
        Request(
            step="message",
            method="POST",
            url="apprise:{url}",
            form={"title": post.title, "text": post.text},
            files={f"file {nth}": one for nth, one in enumerate(post.media, 1)},
            example={},
        )
    )
    return Published(id=post.key)


PLATFORM = Platform(
    name="apprise",
    secrets=("url",),
    limits=Limits(
        title=None,
        links=False,
        images=10,
        videos=10,
        alt=0,
        source="https://github.com/caronc/apprise/wiki",
        checked=date(2026, 11, 25),
    ),
    obtain="https://github.com/caronc/apprise/wiki has a page for each service, which says how its URL is made",
    sign=in_url,
    publish=publish,
    refuses_posts=False,
)
