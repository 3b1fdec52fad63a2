"""Reading lists and judging them, where no adapter comes to the edge."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from platforms.base import Account, Lost, Published, Request, Response, TryLater
from platforms.recent import (
    Found,
    ListedPost,
    PostList,
    Search,
    iso,
    look,
    look_through,
    target,
)
from tests.engine.support import a_platform
from tests.support import DUE, a_post

ACCOUNT = Account(name="main", platform="x")
PLATFORM = a_platform()
MINUTE = timedelta(minutes=1)


def read(item: Any) -> ListedPost:
    return ListedPost(id=item["id"], shown=item["text"], made=iso(item["made"]))


POSTS = PostList(request=Request(step="list", url="https://x.test/posts"), read=read)
EXPECTED = ListedPost(shown="Welcome back")


def item(name: str, made: datetime, text: str = "Something else") -> dict[str, str]:
    return {"id": name, "text": text, "made": made.isoformat()}


def looked(body: object, posts: PostList = POSTS, newer: Iterable[str] = (), **search: Any) -> Any:
    """What the list proves of a post that was sent when it was due."""

    def ask(request: Request) -> Response:
        headers = {"date": format_datetime(DUE + 15 * MINUTE, usegmt=True)}
        return replace(Response.of(body), headers=headers)

    lost = Lost(
        left_at=DUE, others=frozenset(), newer=frozenset(newer), now=lambda: DUE + 15 * MINUTE
    )
    return look_through(
        Search(lists=(posts,), expected=EXPECTED, **search), PLATFORM, lost, ask
    ).found


OLDER = [item("b", DUE - 60 * MINUTE), item("a", DUE - 61 * MINUTE)]
FALLING = [item("c", DUE + MINUTE), *OLDER]


def test_a_list_is_whole_by_its_order_only_where_that_is_documented_and_seen():
    newest_first = replace(POSTS, newest_first=True)

    assert looked(FALLING) is Found.FAILED
    assert looked(FALLING, newest_first) is Found.ABSENT
    assert looked(FALLING[::-1], newest_first) is Found.FAILED


def test_one_older_post_at_its_end_does_not_make_a_list_whole():
    assert looked(FALLING[:2], replace(POSTS, newest_first=True)) is Found.FAILED


@pytest.mark.parametrize("shown", [True, False])
def test_a_post_that_was_published_later_has_to_be_in_the_list(shown: bool):
    posts = FALLING if shown else OLDER

    result = looked(posts, replace(POSTS, newest_first=True), newer={"c"})

    assert result is (Found.ABSENT if shown else Found.FAILED)


COUNTED = replace(POSTS, items=("posts",), number=("total",), full_page=20)


def test_a_list_that_is_left_out_is_empty_only_where_the_answer_counts_none():
    assert looked({"total": 0}, COUNTED, count=0) is Found.ABSENT
    assert looked({"total": 0, "posts": FALLING}, COUNTED) is Found.ABSENT
    for body in ({"total": 3}, {}, {"total": None}):
        with pytest.raises(TryLater, match="'list' without a list"):
            looked(body, COUNTED, count=0)
    with pytest.raises(TryLater, match="'list' without a list"):
        looked({"total": 0}, replace(COUNTED, number=()), count=0)


@pytest.mark.parametrize(
    ("count", "expected"), [(0, Found.ABSENT), (1, Found.FAILED), (None, Found.FAILED)]
)
def test_an_empty_list_proves_something_only_with_a_count_of_none(
    count: int | None, expected: Found
):
    assert looked([], count=count) is expected


@pytest.mark.parametrize(
    ("number", "expected"), [(19, Found.ABSENT), (20, Found.FAILED), (21, Found.FAILED)]
)
def test_a_page_shorter_than_the_server_gives_is_the_last(number: int, expected: Found):
    posts = [item(str(nth), DUE + MINUTE) for nth in range(number)]

    assert looked(posts, replace(POSTS, full_page=20)) is expected


def test_two_that_are_ours_are_near_and_one_is_ours():
    one, other = (item(name, DUE + MINUTE, "Welcome back") for name in "ab")
    posts = replace(POSTS, full_page=20)

    assert looked([one], posts) is Found.OURS
    assert looked([one, other], posts) is Found.NEAR


@pytest.mark.parametrize(
    ("found", "expected"), [(Published(id="9"), Found.OURS), (None, Found.FAILED)]
)
def test_an_adapter_that_still_returns_the_post_or_none_is_understood(
    found: Published | None, expected: Found
):
    platform = a_platform(find=lambda *_: found)
    lost = Lost(left_at=DUE)

    result = look(platform, ACCOUNT, a_post(), lost, lambda request: Response())

    assert (result.found, result.post) == (expected, found)
    assert bool(result.why) == (found is None)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Example.org/", "//example.org"),
        ("http://example.org:80/a/", "//example.org/a"),
        ("https://example.org:443/a", "//example.org/a"),
        ("https://example.org:8443/a", "//example.org:8443/a"),
        ("www.example.org", "//www.example.org"),
        ("https://müller.example/", "//xn--mller-kva.example"),
        ("https://example.org/?utm_source=x&id=7&si=2", "//example.org?id=7"),
        ("https://example.org/a?b=#c", "//example.org/a?b=#c"),
        ("https://example.org/a).", "//example.org/a)."),
    ],
)
def test_an_address_is_compared_by_where_it_leads(address: str, expected: str):
    assert target(address) == expected
