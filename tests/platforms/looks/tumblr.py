"""https://github.com/tumblr/docs/blob/master/api.md: a blog's posts, its queue and its drafts."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

MOST = 20  # posts on a page
OURS = "welcome-back-7f3a9c0d1e2b"
IS_ANOTHER = (Found.ABSENT, "a post whose address lacks our key is another one")


class Tumblr(Shelf):
    def item(self, shown: Shown) -> Any:
        image = {"type": "image/png", "url": f"https://64.media.tumblr.com/{shown.id}.png"}
        return {
            "id": int(shown.id),
            "id_string": shown.id,
            "blog_name": "adas-class",
            "post_url": f"https://adas-class.tumblr.com/post/{shown.id}",
            "slug": OURS if shown.has_key else f"by-hand-{shown.id}",
            "timestamp": int(shown.made.timestamp()),
            "state": "published",
            "content": [
                {"type": "text", "subtype": "heading1", "text": self.post.title},
                {"type": "image", "media": [image], "alt_text": self.post.media[0].alt},
                {"type": "text", "text": "Filler" if shown.is_filler else self.post.text},
                {"type": "link", "url": "https://example.org/term/"},
            ],
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.endswith("/info"):
            return Response.of({"response": {"blog": {"name": "adas-class", "posts": self.count}}})
        if url.path.endswith(("/queue", "/draft")):
            return Response.of({"response": {"posts": []}})
        start, limit = int(asked.get("offset", 0)), int(asked.get("limit", MOST))
        posts = items.page(start, min(limit, MOST))
        return Response.of({"response": {"posts": posts, "total_posts": len(items)}})


def shelf(folder: Path) -> Shelf:
    link = Link(url="https://example.org/term", title="Term dates")
    return Tumblr(
        name="tumblr",
        account=Account(
            name="main",
            platform="tumblr",
            settings={"blog": "adas-class", "server": "https://api.tumblr.com"},
        ),
        post=a_post(media=(an_image(folder),), link=link),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
        hidden=a_post(options={"state": "private"}),
    )
