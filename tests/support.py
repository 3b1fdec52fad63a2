"""What tests share: a server that answers from a list, a finished post, a small picture."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image

from platforms.base import Account, Ask, Lost, Media, Platform, Post, Published, Request, Response

DUE = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
POST = Post(
    key="7f3a9c0d1e2b4a55", due=DUE, text="Welcome back", title="Welcome back", language="en"
)


class Scripted:
    """An answerer that answers from a list and remembers what it was asked. An exception in the list is raised."""

    def __init__(self, *answers: Response | BaseException | Callable[[Request], Response]) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response:
        request.fence()  # from here on it may have left
        self.asked.append(request)
        assert self.answers, f"nobody expected {request.step!r}: {request.method} {request.url}"
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Response) else answer(request)


scripted = Scripted


def ok(status: int = 200, headers: dict[str, str] | None = None, **json: Any) -> Response:
    return replace(Response.of(json, status), headers=headers or {})


def documented(request: Request) -> Response:
    """Answers any request with its own documented example."""
    return request.documented()


def a_post(**changes: Any) -> Post:
    return replace(POST, **changes)


def an_image(
    folder: Path,
    name: str = "door.png",
    size: tuple[int, int] = (64, 48),
    colour: str = "navy",
    alt: str = "The school door",
) -> Media:
    """A real picture in `folder`, as rendering would hand it to an adapter."""
    file = folder / name
    Image.new("RGB", size, colour).save(file)
    body = file.read_bytes()
    return Media(
        file=file,
        type=f"image/{file.suffix[1:]}".replace("jpg", "jpeg"),
        size=len(body),
        digest=hashlib.sha256(body).hexdigest(),
        alt=alt,
        width=size[0],
        height=size[1],
    )


def a_video(
    folder: Path,
    name: str = "talk.mp4",
    size: int = 1000,
    seconds: float = 12.0,
    width: int = 1080,
    height: int = 1920,
    alt: str = "Ms Ada at the board",
) -> Media:
    """A file of so many bytes that says it is a video: an adapter opens none."""
    file = folder / name
    file.write_bytes(bytes(n % 251 for n in range(size)))
    return Media(
        file=file,
        type="video/mp4",
        size=size,
        digest=hashlib.sha256(file.read_bytes()).hexdigest(),
        alt=alt,
        seconds=seconds,
        width=width,
        height=height,
    )


FIRST = Published(id="1", url="https://example.social/@me/1")


def found_by(platform: Platform) -> Callable[[Account, Post, Ask], Published | None]:
    """The platform's `find`, for a post that left when it was due."""

    def find(account: Account, post: Post, ask: Ask) -> Published | None:
        assert platform.find
        return platform.find(account, post, Lost(left_at=post.due), ask)

    return find
