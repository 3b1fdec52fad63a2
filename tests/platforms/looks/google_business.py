"""https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Link, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

PLACE = "accounts/1/locations/2"
PAGE_SIZE = 20  # Google may give fewer than were asked for


class GoogleBusiness(Shelf):
    def name_of(self, identifier: str) -> str:
        return f"{PLACE}/localPosts/{identifier}"

    def item(self, shown: Shown) -> Any:
        link, picture = "b" if shown.other_link else "a", "b" if shown.other_file else "a"
        return {
            "name": self.name_of(shown.id),
            "languageCode": "en",
            "summary": f"Filler {shown.id}" if shown.is_filler else self.post.text,
            "callToAction": {"actionType": "BOOK", "url": f"https://example.org/{link}"},
            "createTime": f"{shown.made:%Y-%m-%dT%H:%M:%S.%fZ}",
            "state": "LIVE",
            "topicType": "STANDARD",
            "searchUrl": f"https://local.google.com/place?id=7&use=posts&lpsid={shown.id}",
            "media": [
                {
                    "name": f"{PLACE}/media/localPosts/{shown.id}",
                    "mediaFormat": "PHOTO",
                    "sourceUrl": f"https://media.test/{picture}.png",
                    "googleUrl": f"https://lh3.googleusercontent.com/{shown.id}",
                }
            ],
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        assert url.path == f"/v4/{PLACE}/localPosts"
        own = replace(items, posts=[post for post in items.posts if post.author == ME])
        start = int(parse_qs(url.query).get("pageToken", ["0"])[0])
        end = start + PAGE_SIZE
        page = {"localPosts": own.page(start, PAGE_SIZE)} if len(own) else {}
        return Response.of({**page, **({"nextPageToken": str(end)} if end < len(own) else {})})


def shelf(folder: Path) -> Shelf:
    return GoogleBusiness(
        name="google_business",
        account=Account(
            name="main",
            platform="google_business",
            settings={"account": "1", "location": "2", "server": "https://mybusiness.test"},
        ),
        post=a_post(
            media=(an_image(folder),),
            link=Link(url="https://example.org/a"),
            options={"action": "BOOK"},
        ),
        right={"another visibility": (Found.OURS, "a post of a place is public")},
        uploads={"host 1": {"url": "https://media.test/a.png"}},
    )
