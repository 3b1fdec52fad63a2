"""A server on this machine that takes whatever it is sent, remembers it, and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class StandIn:
    answers: int = 200
    hangs: threading.Event | None = None  # no answer before it is set
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, body
    port: int = 0

    @property
    def told(self) -> list[dict[str, Any]]:
        """What Apprise's json:// posted."""
        return [json.loads(body) for method, _, body in self.asked if method == "POST"]


@contextmanager
def a_stand_in(**how: Any) -> Iterator[StandIn]:
    stand_in = StandIn(**how)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            stand_in.asked.append((self.command, self.path, body))
            if stand_in.hangs:
                stand_in.hangs.wait(30)
            self.send_response(stand_in.answers)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads, server.block_on_close = True, False
        stand_in.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield stand_in
        finally:
            if stand_in.hangs:
                stand_in.hangs.set()
            server.shutdown()
