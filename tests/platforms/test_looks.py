"""What a look says, for every adapter that looks: each kind of list with each kind of post in it.

The lists come from the adapters' stand-ins in `looks/`; what is right is the same for all, by the
rules of "once". A wrong "absent" would publish a post twice, a wrong "ours" would lose one.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from platforms.base import Lost, PublishError, Request, Response
from platforms.recent import Found, Look, look
from platforms.registry import names, platform
from tests.platforms.looks.shelf import SENT, SOMEBODY, Items, Shelf, Shown, shelf_of, shelves

LOOKED = SENT + timedelta(minutes=15)  # by the server's clock
OURS = Shown(id="100")
HOUR = timedelta(hours=1)
CANDIDATES: dict[str, tuple[Shown, Found]] = {
    "ours": (OURS, Found.OURS),
    "a twin by hand before": (
        replace(OURS, made=SENT - timedelta(minutes=50), has_key=False),
        Found.ABSENT,
    ),
    "a twin of another account": (replace(OURS, has_key=False), Found.ABSENT),
    "another visibility": (replace(OURS, other_visibility=True, has_key=False), Found.NEAR),
    "another file": (replace(OURS, other_file=True, has_key=False), Found.NEAR),
    "another link": (replace(OURS, other_link=True, has_key=False), Found.NEAR),
    "another author": (replace(OURS, author=SOMEBODY, has_key=False), Found.ABSENT),
    "our clock 2 h ahead": (OURS, Found.OURS),
    "our clock 2 h behind": (OURS, Found.OURS),
    "our clock 13 h ahead": (OURS, Found.OURS),
}
CLOCKS = {
    "our clock 2 h ahead": 2 * HOUR,
    "our clock 2 h behind": -2 * HOUR,
    "our clock 13 h ahead": 13 * HOUR,
}
LISTS = (
    "whole",
    "cut",
    "repeated",
    "oldest first",
    "empty",
    "behind",
    "hidden state",
    "HTML",
    "{}",
)
UNEXPECTED = {
    "HTML": Response(headers={"content-type": "text/html"}, body=b"<h1>Hello</h1>"),
    "{}": Response.of({}),
}
WITHOUT_LISTS = ("whole", "HTML", "{}")  # for a look that asks for one record and for no list
MANY = 12_000  # more posts than any look pages through


def fillers(number: int, before: bool) -> list[Shown]:
    """Posts with other words: made `before` ours was sent, or after it."""
    start = SENT - timedelta(days=2) if before else SENT + timedelta(seconds=2)
    step = timedelta(milliseconds=50)
    return [
        Shown(
            id=str((1000 if before else 100_000) + n),
            made=start + n * step,
            is_filler=True,
            has_key=False,
        )
        for n in reversed(range(number))
    ]


def looked(shelf: Shelf, kind: str, candidate: str) -> Look:
    """The look at a list of that kind with that candidate in it, newest first."""
    shown, _ = CANDIDATES[candidate]
    posts = [*fillers(3, before=False), shown, *fillers(5, before=True)]
    posts = sorted(posts, key=lambda post: post.made, reverse=True)
    newer = {"100001", "100002"}
    if kind == "behind":
        posts = [post for post in posts if post.is_filler and post.id not in newer]
    if kind in ("cut", "repeated"):
        posts = fillers(MANY, before=False) if kind == "cut" else fillers(1500, before=False)
        newer = set()
    if kind == "oldest first":
        posts = posts[::-1]
    if kind == "empty":
        posts, newer = [], set()
    if kind == "hidden state":
        shelf.post = shelf.hidden or shelf.post
        posts = [post for post in posts if post.is_filler]
    shelf.count = 9
    clock = CLOCKS.get(candidate, timedelta())
    others = {shelf.id(shown)} if candidate == "a twin of another account" else set()
    ids = {shelf.id(post) for post in fillers(3, before=False) if post.id in newer}
    lost = Lost(
        left_at=SENT + clock,
        others=frozenset(others | ids),
        newer=frozenset(ids),
        answers={step: answered(answer) for step, answer in shelf.uploads.items()},
        now=lambda: LOOKED + clock,
    )
    ask = served(shelf, Items(posts, shelf.item), kind)
    try:
        return look(shelf.platform, shelf.account, shelf.post, lost, ask)
    except PublishError as fault:
        return Look(found=Found.FAILED, why=str(fault))


def answered(answer: object) -> Response:
    return answer if isinstance(answer, Response) else Response.of(answer)


def served(shelf: Shelf, items: Items, kind: str) -> Callable[[Request], Response]:
    """The platform, as a look sees it."""
    first: dict[str, Response] = {}

    def ask(request: Request) -> Response:
        assert not request.is_visible, "a look changes nothing"
        response = UNEXPECTED[kind] if kind in UNEXPECTED else shelf.answer(request, items)
        if kind == "repeated":
            response = first.setdefault(request.step, response)
        headers = {**response.headers, "date": format_datetime(LOOKED, usegmt=True)}
        return replace(response, headers=headers)

    return ask


def right(shelf: Shelf, kind: str, candidate: str) -> Found:
    if kind not in ("whole", "oldest first"):
        return Found.FAILED
    usual = CANDIDATES[candidate][1]
    return shelf.right.get(candidate, (usual, ""))[0]


def kinds(name: str) -> tuple[str, ...]:
    return LISTS if platform(name).recent else WITHOUT_LISTS


@pytest.mark.parametrize(
    ("name", "kind", "candidate"),
    [
        pytest.param(name, kind, candidate, id=f"{name}-{kind}-{candidate}")
        for name in shelves()
        for kind in kinds(name)
        for candidate in CANDIDATES
    ],
)
def test_a_look_says_what_the_list_proves(name: str, kind: str, candidate: str, tmp_path: Path):
    shelf = shelf_of(name, tmp_path)
    if kind == "hidden state" and shelf.hidden is None:
        return  # its lists show whatever we can publish

    result = looked(shelf, kind, candidate)

    assert result.found is right(shelf, kind, candidate), result.why
    assert bool(result.why) == (result.found in (Found.NEAR, Found.FAILED))


@pytest.mark.parametrize("name", shelves())
def test_a_look_that_finds_says_what_it_found(name: str, tmp_path: Path):
    shelf = shelf_of(name, tmp_path)

    result = looked(shelf, "whole", "ours")

    assert result.post
    assert platform(name).id_of(result.post.id) == platform(name).id_of(shelf.id(OURS))


@pytest.mark.parametrize("name", names())
def test_every_adapter_that_looks_has_a_stand_in_and_states_its_delay(name: str):
    adapter = platform(name)

    assert adapter.can_look == (name in shelves())
    assert adapter.can_look == (adapter.find_after is not None)
