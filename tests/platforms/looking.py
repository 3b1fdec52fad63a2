"""Looks, as tests ask for them: of a post that left at a time of the server's clock."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime

from platforms.base import Account, Ask, Lost, Platform, Post, Request, Response
from platforms.recent import Look, look
from tests.support import DUE

LOOKED = DUE + timedelta(minutes=15)


def looked(
    platform: Platform,
    account: Account,
    post: Post,
    ask: Ask,
    left_at: datetime = DUE,  # by our clock, and so is `now`
    now: datetime = LOOKED,
    others: frozenset[str] = frozenset(),
    newer: frozenset[str] = frozenset(),
    answers: Mapping[str, Response] | None = None,
) -> Look:
    """What a look says after a quarter of an hour; the answers carry the server's time."""

    def dated(request: Request) -> Response:
        assert not request.is_visible, "a look changes nothing"
        answer = ask(request)
        headers = {"date": format_datetime(LOOKED, usegmt=True), **answer.headers}
        return replace(answer, headers=headers)

    lost = Lost(
        left_at=left_at,
        others=others | newer,
        newer=newer,
        answers=answers or {},
        now=lambda: now,
    )
    return look(platform, account, post, lost, dated)


def by_url(answers: Mapping[str, Response]) -> Callable[[Request], Response]:
    """A server that answers each address that has one of these in it, the first that fits."""

    def ask(request: Request) -> Response:
        return next(answer for part, answer in answers.items() if part in request.url)

    return ask
