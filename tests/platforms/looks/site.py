"""The built-in site: `posts.json` in its folder lists all posts."""

from pathlib import Path
from typing import Any

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post

IS_ANOTHER = (Found.ABSENT, "an item with another key is another post")


class Site(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "key": self.post.key if shown.has_key else shown.id,
            "guid": shown.id,
            "slug": shown.id,
            "due": shown.made.isoformat(),
            "published": shown.made.isoformat(),
            "title": "",
            "excerpt": "",
            "language": "en",
            "tags": [],
            "media": [],
            "link": None,
            "html": "",
        }

    def answer(self, request: Request, items: Items) -> Response:
        assert request.url.endswith("/posts.json")
        posts = {"version": 1, "posts": items.page(0, len(items))}
        return Response(headers={"etag": '"1"'}, body=Response.of(posts).body)


def shelf(folder: Path) -> Shelf:
    return Site(
        name="site",
        account=Account(name="main", platform="site", settings={"folder": folder / "www"}),
        post=a_post(),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
    )
