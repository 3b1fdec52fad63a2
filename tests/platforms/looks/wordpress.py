"""https://developer.wordpress.org/rest-api/reference/posts/: posts with a slug, in some states."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

OURS = "welcome-back-7f3a9c0d1e2b"
IS_ANOTHER = (Found.ABSENT, "a post with another slug is another one")


class WordPress(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "id": int(shown.id),
            "date_gmt": f"{shown.made:%Y-%m-%dT%H:%M:%S}",
            "slug": OURS if shown.has_key else f"by-hand-{shown.id}",
            "status": "publish",
            "link": f"https://blog.test/{shown.id}/",
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path.endswith("/users/me"):
            return Response.of({"id": 1, "slug": "ada"})
        assert url.path == "/wp-json/wp/v2/posts"
        slugs = parse_qs(url.query)["slug"][0].split(",")
        written = items.page(0, len(items))
        return Response.of([post for post in written if post["slug"] in slugs])


def shelf(folder: Path) -> Shelf:
    return WordPress(
        name="wordpress",
        account=Account(name="main", platform="wordpress", settings={"site": "https://blog.test"}),
        post=a_post(media=(an_image(folder),)),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
    )
