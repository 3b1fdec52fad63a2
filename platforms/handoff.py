"""What has no API: a Facebook group, a personal profile, a closed community. A person posts there, and is handed what they need.

At its due time the finished text, the files and, where the platform has one, the address of a form with the text in it are
told by `notify`; the delivery is held until that person says that it is up.
"""

from datetime import date
from urllib.parse import quote

from platforms.base import (
    DROPPED,
    FOREVER,
    Account,
    Ask,
    Limits,
    Platform,
    Post,
    Published,
    Request,
    Setting,
    unsigned,
)


def publish(account: Account, post: Post, ask: Ask) -> Published:
    """Being handed over twice is being told twice: nobody but the person sees it."""
    ready = {
        "where": account.settings["where"],
        "title": post.title,
        "text": post.text,
        "files": files(post),
        "compose": compose(account, post),
    }
    given = {name: value for name, value in ready.items() if value}
    ask(
        Request(
            step="handoff",
            method="POST",
            url="handoff:",
            form=given,
            files={f"file {nth}": one for nth, one in enumerate(post.media, 1)},
            repeat=DROPPED,
            remembered=FOREVER,
            example={},
        )
    )
    return Published(id=post.key, notes=(letter(given),))


def files(post: Post) -> str:
    return "\n".join(
        f"{one.file}" + (f"  (alt: {one.alt})" if one.alt else "") for one in post.media
    )


def compose(account: Account, post: Post) -> str:
    """The address of the platform's own form, filled in."""
    link = next((span.value for span in post.spans if span.kind == "link"), "")
    pattern = account.settings.get("compose") or ""
    return (
        str(pattern)
        .replace("{link}", quote(link, safe=""))
        .replace("{text}", quote(post.text, safe=""))
    )


def letter(given: dict[str, str]) -> str:
    """What the person reads; what they copy stands alone between empty lines."""
    parts = [
        f"post this on {given['where']}:",
        given.get("title", ""),
        given.get("text", ""),
        "With these files:\n" + given["files"] if "files" in given else "",
        "Begin here: " + given["compose"] if "compose" in given else "",
    ]
    return "\n\n".join(filter(None, parts))


PLATFORM = Platform(
    name="handoff",
    secrets=(),
    settings=(
        Setting(
            name="where",
            meaning="where you post it, in any words",
            required=True,
            example="our Facebook group",
        ),
        Setting(
            name="compose",
            meaning="the address of a form to post with; {text} and {link} in it are filled in",
            example="https://www.facebook.com/sharer/sharer.php?u={link}",
        ),
    ),
    limits=Limits(
        title=None,
        links=False,
        images=50,
        videos=50,
        source="https://developers.facebook.com/blog/post/2024/01/23/introducing-facebook-graph-and-marketing-api-v19/",  # the end of its groups' API
        checked=date(2026, 11, 25),
    ),
    sign=unsigned,
    publish=publish,
    refuses_posts=False,
    by_hand=True,
    keyed=True,  # a person decides each time
)
