"""A lost post is looked for on a real server, among posts that somebody published by hand."""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from platforms.base import Account, Lost, TryLater
from platforms.mastodon import PLATFORM
from platforms.recent import Found, Look, look
from scheduler.engine.credentials import Trial
from scheduler.engine.network import Network
from tests.support import a_post

pytestmark = pytest.mark.xdist_group("snac")
NEWER = 50
RESETS = 5  # of a connection, which a busy snac makes now and then
TEXT = "Tea at four with **cake** :-) and @ben@example.org, see https://example.org/{}?a=1&b=2"


@pytest.fixture
def publish(snac: dict[str, Any]) -> Callable[..., str]:
    def published(text: str, **options: str) -> str:
        answer = requests.post(
            f"{snac['base_url']}/api/v1/statuses",
            headers={"Authorization": f"Bearer {snac['access_token']}"},
            json={"status": text, "language": "en", **options},
            timeout=60,
        )
        return str(answer.json()["id"])

    return published


def looked(snac: dict[str, Any], left_at: datetime, text: str, **options: str) -> Look:
    account = Account(name="main", platform="mastodon", settings={"server": snac["base_url"]})
    network = Network(account, PLATFORM, Trial({"token": snac["access_token"]}), timeout=60)
    lost = Lost(left_at=left_at, now=lambda: datetime.now(UTC))
    post = a_post(text=text, options=options)
    for _ in range(RESETS):
        with suppress(TryLater):
            return look(PLATFORM, account, post, lost, network)
        time.sleep(1)
    return look(PLATFORM, account, post, lost, network)


def test_a_post_is_found_on_snac_behind_fifty_newer_ones_whoever_sees_it(
    snac: dict[str, Any], publish: Callable[..., str]
) -> None:
    left_at = datetime.now(UTC)
    visibilities = ("public", "unlisted", "private")
    known = {one: publish(TEXT.format(one), visibility=one) for one in visibilities}

    for number in range(NEWER):
        publish(f"Newer {number}", visibility="private")

    for visibility, identifier in known.items():
        result = looked(snac, left_at, TEXT.format(visibility), visibility=visibility)
        assert (result.found, result.post and result.post.id) == (Found.OURS, identifier)
    absent = looked(snac, left_at, TEXT.format("absent"), visibility="private")
    assert absent.found is Found.NEAR, "the same words with another address"
    assert looked(snac, left_at, "Coffee at five").found is Found.ABSENT


def test_the_same_words_of_two_days_ago_are_another_post_on_snac(
    snac: dict[str, Any], publish: Callable[..., str]
) -> None:
    """snac does not say what time it is, so that what is up to 26 hours older may be ours."""
    publish("Every week the same")
    now = datetime.now(UTC)

    assert looked(snac, now + timedelta(hours=2), "Every week the same").found is Found.NEAR
    assert looked(snac, now + timedelta(days=2), "Every week the same").found is Found.ABSENT
