"""The proxy does the harm it is asked for: what the client sees, and whether the server was told."""

import http.client
from collections.abc import Iterator

import pytest

from benchmarks.proof.stand_ins import Board, noticeboard
from tests.acceptance.proxy import FAULTS, Proxy


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
}


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_each_fault_is_seen_as_it_is_named(board: Board, fault: str):
    assert asked(board, fault) == SEEN[fault]

    assert board.notices == ([] if fault in ("503 before", "429", "reset before") else ["Hello"])
