"""https://docs.slack.dev/reference/methods/conversations.history, of a bot; a message with a file."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, an_image

TEXT = "Worksheets & more: https://example.org/week-2"


class Slack(Shelf):
    def item(self, shown: Shown) -> Any:
        image = self.post.media[0]
        text = "Worksheets &amp; more: <https://example.org/week-2>"
        if shown.other_link:
            text = text.replace("week-2", "week-3")
        file = "F1" if shown.has_key else f"F{shown.id}"
        return {
            "type": "message",
            "ts": self.id(shown),
            "user": shown.author,
            "text": f"Filler {shown.id}" if shown.is_filler else text,
            "files": [
                {
                    "id": file,
                    "name": "other.png" if shown.other_file else image.name,
                    "title": image.alt,
                    "alt_txt": image.alt,
                    "size": image.size,
                    "mode": "hosted",
                }
            ],
        }

    def id(self, shown: Shown) -> str:
        return f"{shown.made.timestamp():.0f}.{int(shown.id):06}"

    def answer(self, request: Request, items: Items) -> Response:
        if request.url.endswith("/auth.test"):
            return Response.of(
                {"ok": True, "url": "https://school.slack.com/", "user_id": ME, "bot_id": "B1"}
            )
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.url).query).items()}
        start = int(query.get("cursor", 0))
        end = start + min(int(query["limit"]), 150)  # "may be fewer than asked for"
        has_more = end < len(items)
        return Response.of(
            {
                "ok": True,
                "messages": items.page(start, end - start),
                "has_more": has_more,
                "response_metadata": {"next_cursor": str(end) if has_more else ""},
            }
        )


def shelf(folder: Path) -> Shelf:
    post = a_post(text=TEXT, media=(an_image(folder),))
    why = "our file is in no other message"
    return Slack(
        name="slack",
        account=Account(name="main", platform="slack", settings={"channel": "C1"}),
        post=post,
        right={
            "another visibility": (Found.ABSENT, why),
            "another link": (Found.ABSENT, why),
            "another file": (Found.ABSENT, why),
        },
        uploads={"place 1": {"ok": True, "file_id": "F1", "upload_url": "https://files"}},
    )
