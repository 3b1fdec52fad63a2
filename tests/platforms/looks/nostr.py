"""https://github.com/nostr-protocol/nips/blob/master/01.md: events that a filter fits."""

from pathlib import Path
from typing import Any

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

IS_ANOTHER = (Found.ABSENT, "an event that differs in anything has another id")


class Relay(Shelf):
    def item(self, shown: Shown) -> Any:
        return {"id": shown.id, "kind": 1, "created_at": int(shown.made.timestamp()), "tags": []}

    def name_of(self, identifier: str) -> str:
        """Ours is named by what it says, whoever lists it."""
        return self.asked if identifier == "100" else identifier

    def answer(self, request: Request, items: Items) -> Response:
        _, _, by_id, deletions = request.json
        assert deletions["kinds"] == [5]
        (self.asked,) = by_id["ids"]
        ours = [post for post in items.posts if post.has_key and not post.is_filler]
        return Response.of({"events": [{**items.write(post), "id": self.asked} for post in ours]})

    asked: str = ""


def shelf(folder: Path) -> Shelf:
    return Relay(
        name="nostr",
        account=Account(
            name="main",
            platform="nostr",
            settings={
                "npub": "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg",
                "relays": ["wss://relay.test"],
                "media_server": "https://media.test",
            },
        ),
        post=a_post(media=(an_image(folder),)),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
    )
