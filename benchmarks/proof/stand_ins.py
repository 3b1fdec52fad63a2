"""The noticeboard's server, and the package through which Termbell finds its adapter."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Board:
    """What hangs on it, in the order it came. The same text twice hangs there twice."""

    url: str = ""
    notices: list[str] = field(default_factory=list)


@contextmanager
def noticeboard(board: Board) -> Iterator[Board]:
    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            board.notices.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["text"])
            body = json.dumps({"id": len(board.notices)}).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what came is on the board."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    board.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield board
    finally:
        server.shutdown()
        server.server_close()


def package(folder: Path) -> Path:
    """What pip would leave behind of a package with the adapter; the folder belongs on PYTHONPATH."""
    about = folder / "termbell_noticeboard-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: termbell-noticeboard\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[termbell.platforms]\nnoticeboard = benchmarks.proof.noticeboard:PLATFORM\n")
    return folder
