"""X API v2, `GET /2/users/{id}/tweets` and `users/me` (x.openapi.json): a text and a picture."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response, Span
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

LINK = "https://example.org/week-2"
TEXT = f"Worksheets & more: {LINK}"
LINK_SPAN = Span(kind="link", start=TEXT.index(LINK), end=len(TEXT), value=LINK)


class X(Shelf):
    def item(self, shown: Shown) -> Any:
        link = "https://example.org/week-3" if shown.other_link else LINK
        text = f"Filler {shown.id}" if shown.is_filler else "Worksheets &amp; more: https://t.co/a"
        urls = [
            {"url": "https://t.co/a", "expanded_url": link},
            {"url": "https://t.co/m", "expanded_url": f"https://x.com/a/status/{shown.id}/photo/1"},
        ]
        return {
            "id": shown.id,
            "author_id": shown.author,
            "conversation_id": shown.id,
            "edit_history_post_ids": [shown.id],
            "created_at": f"{shown.made:%Y-%m-%dT%H:%M:%S}.000Z",
            "text": f"{text} https://t.co/m",
            "entities": {"urls": urls},
            "attachments": {"media_keys": ["3_other" if shown.other_file else "3_18"]},
            "reply_settings": "following" if shown.other_visibility else "everyone",
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        if url.path == "/2/users/me":
            return Response.of(
                {"data": {"id": "me", "public_metrics": {"tweet_count": self.count}}}
            )
        query = {name: value[0] for name, value in parse_qs(url.query).items()}
        start = int(query.get("pagination_token", "t0").removeprefix("t"))
        end = start + min(int(query.get("max_results", 10)), 100)
        page = items.page(start, end - start)
        more = {"next_token": f"t{end}"} if end < len(items) else {}
        keys = {key for post in page for key in post["attachments"]["media_keys"]}
        alt = self.post.media[0].alt
        media = [{"media_key": key, "type": "photo", "alt_text": alt} for key in sorted(keys)]
        data = {"data": page, "includes": {"media": media}} if page else {}
        return Response.of({**data, "meta": {"result_count": len(page), **more}})


def shelf(folder: Path) -> Shelf:
    return X(
        name="x",
        account=Account(name="main", platform="x", settings={"server": "https://api.x.com"}),
        post=a_post(text=TEXT, spans=(LINK_SPAN,), media=(an_image(folder),)),
        uploads={"upload 1": {"data": {"id": "18", "media_key": "3_18"}}},
    )
