"""https://docs.discord.com/developers/resources/message#get-channel-messages, of a bot's channel."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

TEXT = "Worksheets: https://example.org/week-2"


class Discord(Shelf):
    def item(self, shown: Shown) -> Any:
        image = self.post.media[0]
        text = TEXT.replace("week-2", "week-3") if shown.other_link else TEXT
        name = "0123456789abcdef.png" if shown.other_file else image.name
        return {
            "id": shown.id,
            "type": 0,
            "channel_id": "2",
            "author": {"id": shown.author, "username": "school", "bot": True},
            "content": f"Filler {shown.id}" if shown.is_filler else text,
            "timestamp": f"{shown.made:%Y-%m-%dT%H:%M:%S.%f}+00:00",
            "edited_timestamp": None,
            "flags": 4096 if shown.other_visibility else 0,
            "attachments": [
                {"id": "77", "filename": name, "size": image.size, "description": image.alt}
            ],
            "embeds": [],
        }

    def answer(self, request: Request, items: Items) -> Response:
        if request.url.endswith("/users/@me"):
            return Response.of({"id": ME, "username": "school"})
        if request.url.endswith("/channels/2"):
            return Response.of({"id": "2", "guild_id": "1", "name": "maths-club"})
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.url).query).items()}
        size = min(int(query.get("limit", 50)), 100)
        return Response.of(items.page(items.after(query.get("before")), size))


def shelf(folder: Path) -> Shelf:
    post = a_post(text=TEXT, markup=TEXT, media=(an_image(folder),))
    return Discord(
        name="discord",
        account=Account(name="main", platform="discord", settings={"channel": "2", "thread": None}),
        post=post,
        right={
            "another file": (Found.ABSENT, "Discord keeps the name, which is made from the content")
        },
    )
