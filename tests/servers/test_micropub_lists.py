"""A real Micropub server: what a look says of its list, whole, with the oldest first, and where it has none."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from platforms.base import Account, Lost, Post, Published, TryLater
from platforms.micropub import PLATFORM, publish
from platforms.recent import Found, Look, look
from tests.servers.conftest import served
from tests.servers.support import asking
from tests.support import a_post

pytestmark = pytest.mark.xdist_group("django_indieweb")
LISTS = {"whole": {}, "oldest first": {"ORDER": "oldest"}, "none": {"LIST": "0"}}
MANY = 55  # more than a page has


class Site:
    """The adapter, with the server at its other end."""

    def __init__(self, url: str, token: str) -> None:
        self.account = Account(name="main", platform="micropub", settings={"site": url})
        self.ask = asking(PLATFORM, {"token": token})

    def publish(self, post: Post) -> Published:
        return publish(self.account, post, self.ask)

    def look(self, post: Post, *later: Published) -> Look:
        newer = frozenset(one.id for one in later)
        lost = Lost(left_at=post.due, others=newer, newer=newer, now=now)
        return look(PLATFORM, self.account, post, lost, self.ask)


def now() -> datetime:
    return datetime.now(UTC)


def posts() -> Callable[[int], Post]:
    """Posts that are due now, each with a key and words of its own."""
    due = now()
    return lambda number: a_post(
        key=f"{number:012x}{due.microsecond:06d}", due=due, title="", text=f"Note {number}"
    )


@pytest.fixture(scope="module")
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    with contextmanager(served)("django_indieweb", **LISTS[request.param]) as server:
        yield Site(server["base_url"], server["access_token"])


with_a_list = pytest.mark.parametrize("site", ["whole", "oldest first"], indirect=True)
without_one = pytest.mark.parametrize("site", ["none"], indirect=True)


@with_a_list
def test_a_lost_post_is_found_behind_more_than_a_page_and_absent_where_it_is_not(
    site: Site,
) -> None:
    post = posts()
    ours = site.publish(post(0))
    later = [site.publish(post(number)) for number in range(1, MANY)]

    assert site.look(post(0), *later) == Look(found=Found.OURS, post=ours)
    assert site.look(post(MANY), *later).found is Found.ABSENT


@with_a_list
def test_a_list_that_lacks_what_was_published_later_proves_nothing(site: Site) -> None:
    site.publish(posts()(MANY + 1))
    missing = Published(id=f"{site.account.settings['site']}/notes/elsewhere/")

    assert site.look(posts()(MANY), missing).found is Found.FAILED


@with_a_list
def test_a_twin_by_hand_is_near_as_the_site_tells_no_times(site: Site) -> None:
    post = replace(posts()(MANY + 2), text="By hand")
    twin = site.publish(replace(post, key="f" * 16))

    result = site.look(post)

    assert (result.found, result.post) == (Found.NEAR, twin)


@without_one
def test_a_site_without_a_list_says_so_and_nothing_is_taken_for_absent(site: Site) -> None:
    post = posts()(0)
    site.publish(post)

    with pytest.raises(TryLater, match="the site does not list its posts"):
        site.look(post)
