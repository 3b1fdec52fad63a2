"""https://indieweb.org/Micropub-extensions: the list of posts (`q=source`), with `limit` and `offset`.

This site names its posts itself: their addresses say nothing of ours.
"""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

PAGE = 20  # as many as the site lists at once, however many it is asked for
STORED = "https://ada.test/media/door.png"


class Site(Shelf):
    def name_of(self, identifier: str) -> str:
        return f"https://ada.test/{identifier}"

    def item(self, shown: Shown) -> Any:
        picture = "https://ada.test/media/other.png" if shown.other_file else STORED
        filler = f"Filler {shown.id}"
        return {
            "type": ["h-entry"],
            "properties": {
                "url": [f"https://ada.test/{shown.id}/"],
                "published": [f"{shown.made:%Y-%m-%dT%H:%M:%S+00:00}"],
                "name": [filler if shown.is_filler else self.post.title],
                "content": [{"html": f"<p>{self.post.text}</p>\n", "value": self.post.text}],
                "photo": [{"value": picture, "alt": self.post.media[0].alt}],
                "post-status": ["draft" if shown.other_visibility else "published"],
            },
        }

    def answer(self, request: Request, items: Items) -> Response:
        asked = {name: one for name, (one,) in parse_qs(urlsplit(request.url).query).items()}
        assert asked["q"] == "source"
        start, limit = int(asked.get("offset", 0)), int(asked.get("limit", PAGE))
        paging = {"limit": limit, "offset": start, "total": len(items)}
        return Response.of({"items": items.page(start, min(limit, PAGE)), "paging": paging})


def shelf(folder: Path) -> Shelf:
    return Site(
        name="micropub",
        account=Account(
            name="main",
            platform="micropub",
            settings={"site": "https://ada.test", "endpoint": "https://ada.test/micropub"},
        ),
        post=a_post(media=(an_image(folder),)),
        right={
            "another link": (Found.OURS, "a post has no card: its links stand in the text"),
            "another author": (Found.OURS, "whose the token is, and who wrote a post, is not told"),
        },
        uploads={"upload 1": Response(status=201, headers={"location": STORED})},
        hidden=a_post(options={"status": "draft"}),
    )
