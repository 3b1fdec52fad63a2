"""A server on this machine that takes whatever it is sent, remembers it, and answers as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.serving import Silent, serving


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

    class Handler(Silent):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            stand_in.asked.append((self.command, self.path, body))
            if stand_in.hangs:
                stand_in.hangs.wait(30)
            self.send_response(stand_in.answers)
            self.end_headers()

        do_POST = do_GET

    with serving(Handler) as url:
        stand_in.port = int(url.rpartition(":")[2])
        try:
            yield stand_in
        finally:
            if stand_in.hangs:
                stand_in.hangs.set()
