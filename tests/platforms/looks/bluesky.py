"""https://docs.bsky.app/docs/api/com-atproto-repo-get-record: one record, by its key."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Rejected, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
BLOB = {"$type": "blob", "ref": {"$link": "bafkreimine"}, "mimeType": "image/png", "size": 9}
IS_ANOTHER = (Found.ABSENT, "the record that is not under our key is another post")


class Bluesky(Shelf):
    def item(self, shown: Shown) -> Any:
        image = {"alt": self.post.media[0].alt, "image": BLOB}
        return {
            "uri": f"at://{DID}/app.bsky.feed.post/{shown.id}",
            "cid": "bafyreimine",
            "value": {
                "$type": "app.bsky.feed.post",
                "text": self.post.text,
                "createdAt": f"{self.post.due:%Y-%m-%dT%H:%M:%S.000Z}",
                "embed": {"$type": "app.bsky.embed.images", "images": [image]},
            },
        }

    def answer(self, request: Request, items: Items) -> Response:
        asked = parse_qs(urlsplit(request.url).query)
        assert asked["collection"] == ["app.bsky.feed.post"]
        ours = [post for post in items.posts if post.has_key and not post.is_filler]
        if ours:
            return Response.of(items.write(ours[0]))
        missing = Response.of(
            {"error": "RecordNotFound", "message": "Could not locate record"}, 400
        )
        raise Rejected("Could not locate record", missing)


def shelf(folder: Path) -> Shelf:
    return Bluesky(
        name="bluesky",
        account=Account(
            name="main",
            platform="bluesky",
            settings={"server": "https://pds.test", "handle": "ada.test"},
        ),
        post=a_post(media=(an_image(folder),)),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
        uploads={"upload 1": {"blob": BLOB}},
    )
