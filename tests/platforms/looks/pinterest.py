"""Pinterest API v5, `GET /boards/{board_id}/pins` (pinterest.openapi.json: Pin, PinMedia, Board)."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

BOARD = "549755885175"


class Pinterest(Shelf):
    def item(self, shown: Shown) -> Any:
        height = 1800 if shown.other_file else 900
        return {
            "id": shown.id,
            "created_at": f"{shown.made:%Y-%m-%dT%H:%M:%S}",
            "board_id": BOARD,
            "board_section_id": None,
            "board_owner": {"username": "msada"},
            "is_owner": shown.author == ME,
            "parent_pin_id": None,
            "title": f"Filler {shown.id}" if shown.is_filler else self.post.title,
            "description": self.post.text,
            "link": "https://example.org/b" if shown.other_link else "https://example.org/a/",
            "alt_text": self.post.media[0].alt,
            "media": {
                "media_type": "image",
                "images": {"1200x": {"width": 1200, "height": height, "url": "https://i.test/a"}},
            },
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path == f"/v5/boards/{BOARD}":
            return Response.of({"id": BOARD, "name": "Fractions", "pin_count": self.count})
        query = {name: value[0] for name, value in parse_qs(url.query).items()}
        start = int(query.get("bookmark", "b0").removeprefix("b"))
        end = start + min(int(query.get("page_size", 25)), 250)
        bookmark = f"b{end}" if end < len(items) else None
        return Response.of({"items": items.page(start, end - start), "bookmark": bookmark})


def shelf(folder: Path) -> Shelf:
    return Pinterest(
        name="pinterest",
        account=Account(
            name="main",
            platform="pinterest",
            settings={"board": BOARD, "server": "https://api.pinterest.com"},
        ),
        post=a_post(
            title="Fractions poster",
            text="For the wall",
            link=Link(url="https://example.org/a"),
            media=(an_image(folder, size=(640, 480)),),
        ),
        right={"another visibility": (Found.OURS, "a pin has none: its board has")},
    )
