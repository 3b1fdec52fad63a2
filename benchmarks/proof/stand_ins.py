"""The noticeboard's server."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.serving import Silent, serving


@dataclass
class Board:
    """What hangs on it, in the order it came. The same text twice hangs there twice."""

    url: str = ""
    notices: list[str] = field(default_factory=list)


@contextmanager
def noticeboard(board: Board) -> Iterator[Board]:
    class Answering(Silent):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            board.notices.append(
                json.loads(self.rfile.read(int(self.headers["Content-Length"])))["status"]
            )
            body = json.dumps({"id": len(board.notices)}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Answering) as board.url:
        yield board
