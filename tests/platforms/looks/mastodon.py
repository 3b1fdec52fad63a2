"""https://docs.joinmastodon.org/methods/accounts/#statuses: 40 at most, `max_id` for older."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

SERVER = "https://example.social"
TEXT = "Welcome back, @ben@example.org! See https://example.org/a?x=1&y=2"


class Fediverse(Shelf):
    """What Mastodon and its relatives have alike; each names what it does otherwise."""

    most = 40  # statuses on a page
    other_visibility = "unlisted"
    language: str | None = "en"

    def item(self, shown: Shown) -> Any:
        link = "https://example.org/b" if shown.other_link else "https://example.org/a?x=1&amp;y=2"
        words = f"Filler {shown.id}" if shown.is_filler else self.content(link)
        return {
            "id": shown.id,
            "uri": f"{SERVER}/users/ada/statuses/{shown.id}",
            "url": f"{SERVER}/@ada/{shown.id}",
            "created_at": f"{shown.made:%Y-%m-%dT%H:%M:%S.}{shown.made.microsecond // 1000:03}Z",
            "account": {"id": shown.author, "acct": "ada"},
            "content": words,
            "spoiler_text": "",
            "visibility": self.other_visibility if shown.other_visibility else "public",
            "sensitive": False,
            "language": self.language,
            "in_reply_to_id": None,
            "reblog": None,
            "poll": None,
            "card": None,
            "media_attachments": [self.file("66" if shown.other_file else "55")],
        }

    def content(self, link: str) -> str:
        """Two paragraphs, with the mention and the link as they are marked up."""
        visible = link.removeprefix("https://")
        return (
            '<p>Welcome back, <span class="h-card"><a href="https://example.org/@ben">'
            f'@<span>ben</span></a></span>! See <a href="{link}">'
            f'<span class="invisible">https://</span><span>{visible}</span></a></p>'
        )

    def file(self, identifier: str) -> Any:
        return {
            "id": identifier,
            "type": "image",
            "url": f"https://files.example.social/{identifier}.png",
            "remote_url": None,
            "description": "The school door",
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path == "/api/v1/accounts/verify_credentials":
            return Response.of(self.me())
        if re.fullmatch(r"/api/v1/statuses/\d+/source", url.path):
            return Response.of({"id": url.path.split("/")[4], "text": "Other words"})
        assert url.path == f"/api/v1/accounts/{ME}/statuses", request.url
        size = min(self.most, int(query.get("limit", "20")))
        return Response.of(items.page(items.after(query.get("max_id")), size))

    def me(self) -> Any:
        return {
            "id": ME,
            "acct": "ada",
            "locked": False,
            "source": {"privacy": "public", "language": "en"},
            "statuses_count": self.count,
        }


def shelved(kind: type[Fediverse], name: str, folder: Path) -> Shelf:
    """One account whose file was uploaded and is ready."""
    upload = {"id": "55", "url": "https://files.example.social/55.png"}
    return kind(
        name=name,
        account=Account(name="main", platform=name, settings={"server": SERVER}),
        post=a_post(text=TEXT, media=(an_image(folder),)),
        uploads={"upload 1": upload},
    )


def shelf(folder: Path) -> Shelf:
    return shelved(Fediverse, "mastodon", folder)
