"""https://spec.matrix.org/v1.18/client-server-api/#get_matrixclientv3roomsroomidmessages"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

ROOM = "!room:example.org"
MINE = f"@{ME}:example.org"


class Matrix(Shelf):
    def id(self, shown: Shown) -> str:
        return f"$event{shown.id}"

    def item(self, shown: Shown) -> Any:
        image = self.post.media[0]
        content = {
            "msgtype": "m.image",
            "body": f"Filler {shown.id}"
            if shown.is_filler
            else f"{self.post.text}\n\n({image.alt})",
            "filename": image.name,
            "url": "mxc://example.org/other" if shown.other_file else "mxc://example.org/1",
            "info": {"mimetype": image.type, "size": image.size, "w": 64, "h": 48},
        }
        if shown.has_key:
            content["org.termbell.key"] = self.post.key
        return {
            "type": "m.room.message",
            "event_id": self.id(shown),
            "room_id": ROOM,
            "sender": f"@{shown.author}:example.org",
            "origin_server_ts": round(shown.made.timestamp() * 1000),
            "content": content,
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path.endswith("/account/whoami"):
            return Response.of({"user_id": MINE, "device_id": "D"})
        if url.path.endswith("/directory/room/%23class-4b%3Aexample.org"):
            return Response.of({"room_id": ROOM, "servers": ["example.org"]})
        query = {name: value[0] for name, value in parse_qs(url.query).items()}
        assert query["dir"] == "b"
        senders = json.loads(query.get("filter", "{}")).get("senders")
        start = int(query.get("from", "t0").removeprefix("t"))
        end = start + min(int(query.get("limit", 10)), 50)
        page = items.page(start, end - start)
        chunk = [event for event in page if senders is None or event["sender"] in senders]
        more = {"end": f"t{end}"} if page else {}
        return Response.of({"start": f"t{start}", "chunk": chunk, **more})


def shelf(folder: Path) -> Shelf:
    why = "every message of ours carries our key, and no server takes it out"
    return Matrix(
        name="matrix",
        account=Account(
            name="main",
            platform="matrix",
            settings={"server": "https://example.org", "room": "#class-4b:example.org"},
        ),
        post=a_post(media=(an_image(folder),)),
        uploads={"upload": {"content_uri": "mxc://example.org/1"}},
        right={
            "another visibility": (Found.ABSENT, why),
            "another file": (Found.ABSENT, why),
            "another link": (Found.ABSENT, why),
        },
    )
