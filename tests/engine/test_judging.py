"""What an answer means, at the edges of what a status says."""

import pytest

from platforms.base import (
    HARMLESS,
    InDoubt,
    LoginNeeded,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from scheduler.engine.judging import is_page, judged
from tests.engine.support import a_platform
from tests.support import DUE

READ = Request(step="list", url="https://x.test/posts", repeat=HARMLESS)
POST = Request(step="status", method="POST", url="https://x.test/posts")


def meaning(status: int, request: Request = POST) -> type[PublishError] | None:
    """What a platform's own answer with that status means; None: it can be used."""
    answer = Response.of({"error": "no"}, status)
    platform = a_platform(is_own_error=lambda response: True)
    try:
        judged(answer, request, platform, "main", DUE)
    except PublishError as fault:
        return type(fault)
    return None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, None),
        (299, None),
        (300, InDoubt),
        (399, InDoubt),
        (400, Rejected),
        (401, LoginNeeded),
        (402, Rejected),
        (408, InDoubt),
        (425, InDoubt),
        (429, TryLater),
        (499, Rejected),
        (500, InDoubt),
        (599, InDoubt),
    ],
)
def test_a_status_means_the_same_up_to_its_edges(status: int, expected: type[PublishError] | None):
    assert meaning(status) is expected
    assert meaning(status, READ) is (TryLater if expected is InDoubt else expected)


@pytest.mark.parametrize("status", [200, 299])
def test_a_no_that_is_said_with_a_yes_is_a_refusal(status: int):
    platform = a_platform(refuses=lambda response: True)

    with pytest.raises(Rejected) as no:
        judged(Response.of({"ok": False}, status), POST, platform, "main", DUE)

    assert "redirected" not in str(no.value)


@pytest.mark.parametrize(
    ("type_", "body", "expected"),
    [
        ("text/html", b"<div>Blocked</div>", True),
        ("text/html", b"Blocked", False),
        ("text/html", b'{"a": "<b>"}', False),
        ("text/plain", b"<3", False),
        ("application/xml", b"<error/>", False),
        ("", b"\n <!DOCTYPE html><p>", True),
        ("text/plain", b"<html><p>", True),
    ],
)
def test_a_page_is_what_is_marked_up_for_people(type_: str, body: bytes, expected: bool):
    assert is_page(Response(headers={"content-type": type_}, body=body)) is expected
