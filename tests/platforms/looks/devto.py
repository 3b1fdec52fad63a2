"""https://developers.forem.com/api/v1: `articles/me/published` and `articles/me/unpublished`."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post

MOST = 1000  # articles on a page
IS_ANOTHER = (Found.ABSENT, "an article without our key is another one")


class Forem(Shelf):
    def item(self, shown: Shown) -> Any:
        mark = f"\n\n<!-- {self.post.key} -->" if shown.has_key else ""
        return {
            "type_of": "article",
            "id": int(shown.id),
            "title": f"Filler {shown.id}" if shown.is_filler else self.post.title,
            "published": True,
            "published_at": f"{shown.made:%Y-%m-%dT%H:%M:%S.%fZ}",
            "url": f"https://dev.to/ada/{shown.id}",
            "body_markdown": self.post.markup + mark,
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path == "/api/articles/me/unpublished":
            return Response.of([])
        assert url.path == "/api/articles/me/published"
        asked = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        size = min(asked.get("per_page", 30), MOST)
        return Response.of(items.page((asked.get("page", 1) - 1) * size, size))


def shelf(folder: Path) -> Shelf:
    return Forem(
        name="devto",
        account=Account(name="main", platform="devto", settings={"server": "https://dev.to"}),
        post=a_post(markup="Welcome **back**"),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
    )
