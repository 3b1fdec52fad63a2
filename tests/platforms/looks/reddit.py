"""https://www.reddit.com/dev/api#GET_user_{username}_{where}: a link with a text below it."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post

LINK = "https://example.org/week-2"


class Reddit(Shelf):
    def id(self, shown: Shown) -> str:
        return f"t3_{shown.id}"

    def item(self, shown: Shown) -> Any:
        return {
            "kind": "t3",
            "data": {
                "name": self.id(shown),
                "id": shown.id,
                "author": "Ms_Ada" if shown.author == ME else shown.author,
                "subreddit": "Teachers",
                "title": f"Filler {shown.id}" if shown.is_filler else self.post.title,
                "selftext": self.post.markup,
                "is_self": False,
                "url": "https://example.org/week-3" if shown.other_link else LINK,
                "permalink": f"/r/Teachers/comments/{shown.id}/welcome_back/",
                "created_utc": shown.made.timestamp(),
                "over_18": not shown.other_visibility,
                "spoiler": False,
                "removed_by_category": None,
            },
        }

    def answer(self, request: Request, items: Items) -> Response:
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.url).query).items()}
        after = query.get("after")
        start = items.after(after and after.removeprefix("t3_"))
        page = items.page(start, min(int(query.get("limit", 25)), 100))
        last = page[-1]["data"]["name"] if start + len(page) < len(items) else None
        return Response.of({"kind": "Listing", "data": {"children": page, "after": last}})


def shelf(folder: Path) -> Shelf:
    return Reddit(
        name="reddit",
        account=Account(
            name="main",
            platform="reddit",
            settings={
                "username": "ms_ada",
                "subreddit": "teachers",
                "server": "https://oauth.reddit.com",
            },
        ),
        post=a_post(
            title="Worksheets", markup="Enjoy", link=Link(url=LINK), options={"nsfw": True}
        ),
        right={"another file": (Found.OURS, "a link has no files")},
    )
