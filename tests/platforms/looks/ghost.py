"""https://docs.ghost.org/admin-api/posts/overview: one post, by its slug."""

from pathlib import Path
from typing import Any

from platforms.base import Account, Request, Response
from platforms.recent import Found
from tests.platforms.looks.shelf import Items, Shelf, Shown
from tests.support import a_post, an_image

MISSING = {
    "message": "Resource not found error, cannot read post.",
    "context": "Post not found.",
    "type": "NotFoundError",
    "code": None,
}
IS_ANOTHER = (Found.ABSENT, "a post with another slug is another one")


class Ghost(Shelf):
    def item(self, shown: Shown) -> Any:
        return {
            "id": shown.id,
            "slug": "welcome-back-7f3a9c0d1e2b",
            "status": "published",
            "published_at": f"{shown.made:%Y-%m-%dT%H:%M:%S.000Z}",
            "url": f"https://blog.test/{shown.id}/",
        }

    def answer(self, request: Request, items: Items) -> Response:
        assert "/posts/slug/welcome-back-7f3a9c0d1e2b/" in request.url
        ours = [post for post in items.posts if post.has_key and not post.is_filler]
        if not ours:
            return Response.of({"errors": [MISSING]}, 404)
        return Response.of({"posts": [items.write(ours[0])]})


def shelf(folder: Path) -> Shelf:
    return Ghost(
        name="ghost",
        account=Account(name="main", platform="ghost", settings={"site": "https://blog.test"}),
        post=a_post(media=(an_image(folder),)),
        right={
            "another visibility": IS_ANOTHER,
            "another file": IS_ANOTHER,
            "another link": IS_ANOTHER,
        },
    )
