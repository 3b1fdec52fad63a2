"""Pleroma and Akkoma: Mastodon's API, with a visibility of their own, without focal points, and with tokens that end.

The key of a status is not the account's own there: whoever sends one that is known is shown the status of somebody else, and nothing is
published. Two schools may well have begun with the same calendar, so that the key is made from the account as well. And what is repeated
is any answer, a refusal too: so the key is made from what is said as well, and where a refusal is a repeated one, the key is left out.

https://docs-develop.pleroma.social/backend/development/API/differences_in_mastoapi_responses/
"""

import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms import mastodon
from platforms.base import (
    DOUBLES,
    Account,
    Ask,
    Lost,
    Post,
    Published,
    PublishError,
    Request,
    Response,
    renewing,
)
from platforms.recent import ListedFile, Search

LIMITS = replace(
    mastodon.LIMITS,
    text=5000,
    unit="characters",
    link_length=None,
    short_mentions=False,
    images=16,
    caps=(),
    source="https://docs-develop.pleroma.social/backend/development/API/differences_in_mastoapi_responses/",
    checked=date(2026, 11, 23),
)
POLLS = mastodon.Polls(server="Pleroma", answers=20, signs=200, seconds=(0, 31_536_000))
VISIBILITY = Literal["public", "unlisted", "local", "private", "direct"]


def publish(account: Account, post: Post, ask: Ask) -> Published:
    """For how long the key is known is documented nowhere: it is not relied on."""
    who = mastodon.own(account, ask)["id"]

    def asked(request: Request) -> Response:
        if not request.is_visible:
            return ask(request)
        said = {**request.json, **mastodon.AS_TYPED}
        key = hashlib.sha256(
            f"{who} {post.key} {json.dumps(said, sort_keys=True)}".encode()
        ).hexdigest()
        status = replace(
            request, json=said, headers={"Idempotency-Key": key}, repeat=DOUBLES, remembered=0.0
        )
        try:
            return ask(status)
        except PublishError as refused:
            if not is_repeated(refused.response):
                raise
        return ask(
            replace(status, headers={})
        )  # the refusal was an earlier attempt's, and says nothing of now

    return mastodon.publish(
        account,
        replace(post, media=tuple(replace(one, focus=None) for one in post.media)),
        asked,
        POLLS,
    )


def is_repeated(response: Response | None) -> bool:
    return response is not None and response.headers.get("idempotent-replayed") == "true"


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All posts of the account, for its author is among the recipients of each (ActivityPub.ex)."""
    search = mastodon.search_for(account, mastodon.own(account, ask), post, lost, ask)
    expected = replace(
        search.expected,
        visibility=post.options.get("visibility"),  # else that of the post before, or public
        files=tuple(map(without_empty_alt, search.expected.files or ())),
    )
    return replace(search, expected=expected)


def without_empty_alt(file: ListedFile) -> ListedFile:
    """A file without a description may be described by its name there."""
    return replace(file, alt=file.alt or None)


PLATFORM = replace(
    mastodon.PLATFORM,
    name="pleroma",
    limits=LIMITS,
    options=tuple(
        replace(row, type=VISIBILITY) if row.name == "visibility" else row
        for row in mastodon.PLATFORM.options
    ),
    obtain="an app that makes tokens, such as `toot login`: a token with the scopes read and write",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=mastodon.COARSE,
    session=renewing(mastodon.COARSE),
    publish=publish,
    recent=recent,
    ask_limits=mastodon.asking(LIMITS),
)
