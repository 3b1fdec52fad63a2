"""https://developers.google.com/youtube/v3/docs/playlistItems, of the channel's uploads."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import ME, Items, Shelf, Shown
from tests.support import a_post, a_video

PAGE_SIZE = 50


class YouTube(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "kind": "youtube#playlistItem",
            "snippet": {
                "publishedAt": f"{shown.made:%Y-%m-%dT%H:%M:%SZ}",
                "channelId": ME,
                "title": f"Filler {shown.id}" if shown.is_filler else self.post.title,
                "description": self.post.text,
                "resourceId": {"kind": "youtube#video", "videoId": shown.id},
                "videoOwnerChannelId": shown.author,
            },
            "status": {"privacyStatus": "unlisted" if shown.other_visibility else "public"},
        }

    def answer(self, request: Request, items: Items) -> Response:
        url = urlsplit(request.url)
        query = parse_qs(url.query)
        if url.path.endswith("/channels"):
            uploads = {"relatedPlaylists": {"uploads": "UU"}}
            return Response.of({"items": [{"id": ME, "contentDetails": uploads}]})
        if url.path.endswith("/videos"):
            (shown,) = (post for post in items.posts if post.id == query["id"][0])
            size = str(self.post.media[0].size + shown.other_file)
            status = {"privacyStatus": "public"}
            details = {"id": shown.id, "status": status, "fileDetails": {"fileSize": size}}
            return Response.of({"items": [details]})
        assert url.path.endswith("/playlistItems")
        start = int(query.get("pageToken", ["0"])[0])
        end = start + PAGE_SIZE
        more = {"nextPageToken": str(end)} if end < len(items) else {}
        return Response.of({"items": items.page(start, PAGE_SIZE), **more})


def shelf(folder: Path) -> Shelf:
    return YouTube(
        name="youtube",
        account=Account(
            name="main", platform="youtube", settings={"server": "https://youtube.test"}
        ),
        post=a_post(title="Cells", media=(a_video(folder),)),
        right={
            "another link": (Found.OURS, "a video has no card: its links stand in its text"),
            "a twin by hand before": (Found.NEAR, "a video may be dated from its upload's start"),
        },
    )
