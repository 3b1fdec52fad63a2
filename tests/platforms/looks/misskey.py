"""https://misskey-hub.net/en/docs/for-developers/api/: `users/notes`, and `i` with `notesCount`."""

from pathlib import Path
from typing import Any

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image


class Misskey(Shelf):
    def item(self, shown: Shown) -> Any:
        image = self.post.media[0]
        identifier = "9other" if shown.other_file else "9file"
        return {
            "id": shown.id,
            "createdAt": f"{shown.made:%Y-%m-%dT%H:%M:%S.000Z}",
            "userId": shown.author,
            "text": f"Filler {shown.id}" if shown.is_filler else self.post.text,
            "cw": None,
            "visibility": "home" if shown.other_visibility else "public",
            "replyId": None,
            "renoteId": None,
            "fileIds": [identifier],
            "files": [{"id": identifier, "name": image.name, "comment": image.alt}],
        }

    def answer(self, request: Request, items: Items) -> Response:
        if request.url.endswith("/api/i"):
            return Response.of({"id": ME, "username": "ada", "notesCount": self.count})
        asked = request.json
        return Response.of(items.page(items.after(asked.get("untilId")), asked["limit"]))


def shelf(folder: Path) -> Shelf:
    return Misskey(
        name="misskey",
        account=Account(
            name="main", platform="misskey", settings={"server": "https://misskey.test"}
        ),
        post=a_post(media=(an_image(folder),)),
        right={"another link": (Found.OURS, "a note has no card: its links stand in the text")},
        uploads={"upload 1": {"id": "9file"}},
    )
