"""What a look needs of a platform: a stand-in that lists posts as its documentation shows.

Each adapter that looks has one in a file of its own here, called as the adapter. It knows nothing
of the adapter: it writes posts as the platform's JSON and answers the requests of a look.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from platforms.base import Account, Platform, Post, Request, Response
from platforms.recent import Found
from platforms.registry import platform

SENT = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)  # by the server's clock
ME, SOMEBODY = "me", "somebody"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A post that stands on the platform. By default it is ours, as it was sent."""

    id: str
    made: datetime = SENT + timedelta(seconds=1)
    author: str = ME
    is_filler: bool = False  # a post with other words
    other_visibility: bool = False
    other_file: bool = False
    other_link: bool = False
    has_key: bool = True  # only posts that we sent carry a key


@dataclass(frozen=True)
class Items:
    """The posts that a list holds, in its order, each written as JSON when it is read."""

    posts: Sequence[Shown]
    write: Callable[[Shown], Any]

    def page(self, start: int, size: int) -> list[Any]:
        return [self.write(post) for post in self.posts[start : start + size]]

    def after(self, identifier: object) -> int:
        """The position behind the post with this id; 0 for None."""
        if identifier is None:
            return 0
        return [post.id for post in self.posts].index(str(identifier)) + 1

    def __len__(self) -> int:
        return len(self.posts)


@dataclass
class Shelf(ABC):
    """One account with its posts."""

    name: str  # of the adapter
    account: Account
    post: Post  # with a file and a link where the platform takes them and shows them in its lists
    # Candidates for which the right answer differs from the usual one, and why that is right.
    right: Mapping[str, tuple[Found, str]] = field(default_factory=dict)
    hidden: Post | None = None  # a post that the platform's lists do not show
    # Step -> answer (JSON, or a Response), of the post's files.
    uploads: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0  # how many posts the account has

    @property
    def platform(self) -> Platform:
        return platform(self.name)

    def name_of(self, identifier: str) -> str:
        """The same, where it is made of the id alone."""
        return identifier

    @abstractmethod
    def item(self, shown: Shown) -> Any:
        """The post as the platform's lists write it."""

    def id(self, shown: Shown) -> str:
        """What the adapter calls the post when it has published it."""
        return self.name_of(shown.id)

    @abstractmethod
    def answer(self, request: Request, items: Items) -> Response:
        """Answers a request of a look, with as many items on a page as the platform gives."""


def shelves() -> list[str]:
    return sorted(
        file.stem
        for file in Path(__file__).parent.glob("*.py")
        if file.stem not in ("__init__", "shelf")
    )


def shelf_of(name: str, folder: Path) -> Shelf:
    """The adapter's stand-in; `folder` is for its files."""
    made: Shelf = import_module(f"tests.platforms.looks.{name}").shelf(folder)
    return made
