"""https://developers.facebook.com/docs/threads/threads-media and .../reference/user."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Request, Response
from tests.platforms.looks.facebook import paged
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post

PAGE_SIZE = 25


class Threads(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "id": shown.id,
            "media_product_type": "THREADS",
            "media_type": "IMAGE" if shown.other_file else "TEXT_POST",
            "text": f"Filler {shown.id}" if shown.is_filler else self.post.text,
            "timestamp": f"{shown.made:%Y-%m-%dT%H:%M:%S}+0000",
            "permalink": f"https://www.threads.com/@{shown.author}/post/D{shown.id}",
            "username": shown.author,
            "link_attachment_url": "https://example.org/" + ("b" if shown.other_link else "a"),
            "reply_audience": "MENTIONED_ONLY" if shown.other_visibility else "EVERYONE",
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path.endswith("/me"):
            return Response.of({"id": "1", "username": ME})
        assert url.path.endswith("/me/threads")
        start = int(parse_qs(url.query).get("after", ["0"])[0])
        return Response.of(paged(items, start, PAGE_SIZE))


def shelf(folder: Path) -> Shelf:
    return Threads(
        name="threads",
        account=Account(name="main", platform="threads"),
        post=a_post(link=Link(url="https://example.org/a")),
    )
