"""The Posts API, `GET /rest/posts?q=author` of a page (linkedin.openapi.json): text and a card."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Published, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post

LINK = "https://example.org/week-2"
PAGE = "urn:li:organization:5515715"


class LinkedIn(Shelf):
    def id(self, shown: Shown) -> str:
        return f"urn:li:share:{shown.id}"

    def item(self, shown: Shown) -> Any:
        made = round(shown.made.timestamp() * 1000)
        source = "https://example.org/week-3" if shown.other_link else LINK
        return {
            "id": self.id(shown),
            "author": PAGE if shown.author == ME else "urn:li:organization:7",
            "commentary": f"Filler {shown.id}" if shown.is_filler else self.post.markup,
            "content": {"article": {"source": source, "title": "Week 2"}},
            "visibility": "LOGGED_IN" if shown.other_visibility else "PUBLIC",
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
            "createdAt": made,
            "publishedAt": made,
            "lastModifiedAt": made,
        }

    def answer(self, request: Request, items: Items) -> Response:
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.url).query).items()}
        start, count = int(query.get("start", 0)), min(int(query.get("count", 10)), 100)
        page = items.page(start, count)
        links = [{"rel": "next", "href": f"/rest/posts?start={start + count}"}]
        has_more = start + len(page) < len(items)
        paging = {"start": start, "count": count, "links": links if has_more else []}
        return Response.of({"elements": page, "paging": paging})


def shelf(folder: Path) -> Shelf:
    text = "Worksheets for week 2"
    return LinkedIn(
        name="linkedin",
        account=Account(
            name="main",
            platform="linkedin",
            settings={
                "organization": "5515715",
                "version": "202609",
                "server": "https://api.linkedin.com",
            },
        ),
        post=a_post(text=text, markup=text, link=Link(url=LINK)),
        right={"another file": (Found.OURS, "a card has no file")},
        hidden=a_post(text=text, markup=text, reply_to=Published(id="urn:li:share:1")),
    )
