"""Lists are harmed as the fault is named, and nothing else of an answer is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from benchmarks.proof.lists import SERVERS_PAGE, change, is_list
from tests.acceptance.proxy import PAGE

NOW = datetime.now(UTC)
NEXT = ("Link", '<https://example.org?max_id=1>; rel="next"')


def made(minutes: int) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


MASTODON = [{"id": "2", "created_at": made(-1440)}, {"id": "1", "created_at": made(1440)}]
BLUESKY = {
    "cursor": "1",
    "records": [{"value": {"createdAt": made(-1440)}}, {"value": {"createdAt": made(1440)}}],
}
MICROPUB = {
    "items": [
        {"properties": {"published": [made(-1440)]}},
        {"properties": {"published": [made(1440)]}},
    ]
}
UNTIMED = {"items": [{"properties": {}}, {"properties": {"published": [made(-1440)]}}]}


def harmed(fault: str, body: Any) -> Any:
    answer = (200, [NEXT], json.dumps(body).encode())
    return json.loads(change(lambda: 300.0)(fault, answer)[2])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /api/v1/accounts/1/statuses?limit=40", True),
        ("GET /xrpc/com.atproto.repo.listRecords?repo=a", True),
        ("GET /indieweb/micropub/?q=source&limit=50", True),
        ("GET /api/v1/accounts/verify_credentials", False),
        ("POST /api/v1/accounts/1/statuses", False),
    ],
)
def test_a_list_is_told_by_its_address(line: str, expected: bool):
    assert is_list(line) is expected


def test_a_list_that_is_behind_lacks_what_is_new():
    assert harmed("list behind", MASTODON) == MASTODON[1:]
    assert harmed("list behind", BLUESKY) == {**BLUESKY, "records": BLUESKY["records"][1:]}
    assert harmed("list behind", MICROPUB) == {"items": MICROPUB["items"][1:]}
    assert harmed("list behind", UNTIMED) == {"items": UNTIMED["items"][:1]}


def test_a_list_in_reverse_has_the_oldest_first():
    assert harmed("list reversed", MASTODON) == MASTODON[::-1]


def test_an_empty_list_keeps_what_stands_beside_it():
    assert harmed("list empty", BLUESKY) == {"cursor": "1", "records": []}


def test_a_list_that_is_cut_has_a_page_and_no_next_one():
    many = [{"id": str(number)} for number in range(SERVERS_PAGE + 5)]
    answer = (200, [NEXT, ("Date", "today")], json.dumps(many).encode())

    status, headers, content = change(lambda: 0.0)("list cut", answer)

    assert (status, headers, len(json.loads(content))) == (200, [("Date", "today")], SERVERS_PAGE)
    assert "cursor" not in harmed("list cut", BLUESKY)


def test_a_list_may_come_as_a_web_page():
    answer = (200, [], json.dumps(MASTODON).encode())

    assert change(lambda: 0.0)("list is a page", answer) == (200, *PAGE)


def test_an_error_and_what_no_fault_is_meant_for_stay_as_they_are():
    refused = (401, [], b'{"error": "no"}')

    assert change(lambda: 0.0)("list empty", refused) == refused
    assert change(lambda: 0.0)("stall", (200, [], b"[1]")) == (200, [], b"[1]")
