"""The proxy does the harm it is asked for: what the client sees, and whether the server was told."""

import http.client
import time
from collections.abc import Callable, Iterator

import pytest

from benchmarks.proof.stand_ins import Board, noticeboard
from tests.acceptance.proxy import FAULTS, PAGE, Proxy


@pytest.fixture
def board() -> Iterator[Board]:
    with noticeboard(Board()) as hung:
        yield hung


def asked(board: Board, fault: str) -> object:
    """The status and body that a client gets, or the error it meets."""
    proxy = Proxy(board.url, lambda line: fault, stall=0.6)
    connection = http.client.HTTPConnection(
        "127.0.0.1", proxy.server.server_address[1], timeout=0.3
    )
    try:
        connection.request("POST", "/notices", b'{"status": "Hello"}')
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as fault_met:
        return type(fault_met)
    finally:
        connection.close()
        proxy.close()


SEEN = {
    "": (201, b'{"id": 1}'),
    "503 before": (503, b"upstream is not available"),
    "503 after": (503, b"upstream is not available"),
    "429": (429, b'{"error": "Too many requests"}'),
    "reset before": ConnectionResetError,
    "reset after": ConnectionResetError,
    "lost": http.client.RemoteDisconnected,
    "stall": TimeoutError,
    "truncated": http.client.IncompleteRead,
    "404 after": (404, PAGE[1]),
    "page after": (200, PAGE[1]),
    "acts late": http.client.RemoteDisconnected,
    "replayed": (201, b'{"id": 1}'),
}


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_each_fault_is_seen_as_it_is_named(board: Board, fault: str):
    assert asked(board, fault) == SEEN[fault]

    acted = {"503 before": 0, "429": 0, "reset before": 0, "replayed": 2}.get(fault, 1)
    until(lambda: board.notices == ["Hello"] * acted)


def test_a_late_server_acts_when_the_client_has_left(board: Board):
    proxy = Proxy(board.url, lambda line: "acts late")
    proxy.delay = lambda: 0.2

    with pytest.raises(http.client.RemoteDisconnected):
        post(proxy)

    assert (board.notices, proxy.late) == ([], 1)
    until(lambda: (board.notices, proxy.late) == (["Hello"], 0))
    proxy.close()


def test_a_token_that_was_renewed_is_the_only_good_one(board: Board):
    proxy = Proxy(board.url)
    proxy.tokens = {"new": "old"}

    assert post(proxy, "old")[0] == 401
    assert post(proxy, "new")[0] == 201
    proxy.close()


def test_other_words_change_the_answer(board: Board):
    proxy = Proxy(board.url, lambda line: "shouting")
    proxy.change = lambda fault, answer: (answer[0], answer[1], fault.upper().encode())

    assert post(proxy) == (201, b"SHOUTING")
    proxy.close()


def post(proxy: Proxy, token: str = "") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*proxy.server.server_address[:2], timeout=5)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    connection.request("POST", "/notices", b'{"status": "Hello"}', headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def until(holds: Callable[[], bool]) -> None:
    """Waits for what happens in another thread."""
    ended = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < ended, "not within 5 s"
        time.sleep(0.01)
