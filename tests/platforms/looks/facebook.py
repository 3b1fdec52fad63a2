"""https://developers.facebook.com/docs/graph-api/reference/page/feed and .../graph-api/results."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

PAGE_SIZE = 25  # Facebook may give fewer than were asked for


class Facebook(Shelf):
    def name_of(self, identifier: str) -> str:
        return f"{ME}_{identifier}"

    def item(self, shown: Shown) -> Any:
        identifier = "556" if shown.other_file else "555"
        return {
            "id": f"{shown.author}_{shown.id}",
            "created_time": f"{shown.made:%Y-%m-%dT%H:%M:%S}+0000",
            "from": {"id": shown.author, "name": "Hill School"},
            "message": f"Filler {shown.id}" if shown.is_filler else self.post.text,
            "permalink_url": f"https://www.facebook.com/{shown.author}/posts/{shown.id}",
            "attachments": {
                "data": [{"media_type": "photo", "type": "photo", "target": {"id": identifier}}]
            },
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        assert url.path.endswith("/published_posts")
        query = parse_qs(url.query)
        if "summary" in query:
            return Response.of({"data": [], "summary": {"total_count": self.count}})
        start = int(query.get("after", ["0"])[0])
        return Response.of(paged(items, start, PAGE_SIZE))


def paged(items: Items, start: int, size: int) -> Any:
    """A page of a Graph API. The cursor stands in each; there is more where `next` is."""
    end = start + size
    paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(items):
        paging["next"] = f"https://graph.facebook.com/x?access_token=secret&after={end}"
    return {"data": items.page(start, size), "paging": paging}


def shelf(folder: Path) -> Shelf:
    return Facebook(
        name="facebook",
        account=Account(name="main", platform="facebook", settings={"page": ME}),
        post=a_post(media=(an_image(folder),)),
        right={
            "another visibility": (Found.OURS, "what a Page posts is public"),
            "another link": (Found.OURS, "a post with a picture has no card"),
        },
        uploads={"photo 1": {"id": "555"}},
    )
