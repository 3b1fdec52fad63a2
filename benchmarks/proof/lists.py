"""Lists of posts that do not say what they should, made of the answers that a server gave.

    list behind        without what was made in the last while, as a replica that lags
    list cut           the first posts of a page alone, and without the address of the next one
    list reversed      the oldest post first
    list empty         no posts
    list is a page     a web page with the status 200

A list that is behind shows what is there before patience is over: one that lags for longer than
that cannot be told from the truth, and README.md says so.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.proxy import PAGE, Answer

LISTS = re.compile(
    r"GET /(api/v1/accounts/[^/]+/statuses|xrpc/com\.atproto\.repo\.listRecords|.*q=source)"
)
LIST_FAULTS = ("list behind", "list cut", "list reversed", "list empty", "list is a page")
SERVERS_PAGE = 40  # no server here sends fewer while it has more
ITEMS = ("records", "items")
NEXT = ("cursor", "paging")


def is_list(line: str) -> bool:
    return bool(LISTS.match(line))


def change(lag: Callable[[], float]) -> Callable[[str, Answer], Answer]:
    """What `Proxy.change` wants; `lag` draws the seconds by which a list is behind."""

    def changed(fault: str, answer: Answer) -> Answer:
        status, headers, content = answer
        if fault not in LIST_FAULTS or status != 200:
            return answer
        if fault == "list is a page":
            return 200, *PAGE
        body = json.loads(content)
        shown = with_items(body, lambda items: harmed(fault, items, lag))
        if fault == "list cut":
            headers = [(name, value) for name, value in headers if name.lower() != "link"]
            shown = without_next(shown)
        return status, headers, json.dumps(shown).encode()

    return changed


def with_items(body: Any, harm: Callable[[list[Any]], list[Any]]) -> Any:
    if isinstance(body, list):
        return harm(body)
    return {name: harm(value) if name in ITEMS else value for name, value in body.items()}


def without_next(body: Any) -> Any:
    if isinstance(body, list):
        return body
    return {name: value for name, value in body.items() if name not in NEXT}


def harmed(fault: str, items: list[Any], lag: Callable[[], float]) -> list[Any]:
    if fault == "list empty":
        return []
    if fault == "list reversed":
        return items[::-1]
    if fault == "list cut":
        return items[:SERVERS_PAGE]
    until = datetime.now(UTC) - timedelta(seconds=lag())
    return [item for item in items if (made_at(item) or until) <= until]


def made_at(item: Any) -> datetime | None:
    """When the post of a list was made: Mastodon's, Bluesky's, Micropub's. Some sites do not tell."""
    properties = item.get("properties") or {}
    value = item.get("value") or {}
    published = next(iter(properties.get("published") or ()), None)
    told = item.get("created_at") or value.get("createdAt") or published
    if told is None:
        return None
    made = datetime.fromisoformat(told)
    return made if made.tzinfo else made.replace(tzinfo=UTC)
