"""https://developers.facebook.com/docs/instagram-platform/reference/instagram-media."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.facebook import paged
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

PAGE_SIZE = 25


class Instagram(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "id": shown.id,
            "caption": f"Filler {shown.id}" if shown.is_filler else self.post.text,
            "timestamp": f"{shown.made:%Y-%m-%dT%H:%M:%S}+0000",
            "permalink": f"https://www.instagram.com/p/C{shown.id}/",
            "username": shown.author,
            "media_type": "IMAGE",
            "alt_text": "Another picture" if shown.other_file else self.post.media[0].alt,
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path.endswith("/me"):
            return Response.of({"user_id": "1784", "username": ME, "media_count": self.count})
        assert url.path.endswith("/1784/media")
        start = int(parse_qs(url.query).get("after", ["0"])[0])
        return Response.of(paged(items, start, PAGE_SIZE))


def shelf(folder: Path) -> Shelf:
    return Instagram(
        name="instagram",
        account=Account(name="main", platform="instagram"),
        post=a_post(media=(an_image(folder, "door.jpg"),)),
        right={
            "another visibility": (Found.OURS, "who sees a post is set for the whole account"),
            "another link": (Found.OURS, "a post has no card: its links stand in the caption"),
        },
    )
