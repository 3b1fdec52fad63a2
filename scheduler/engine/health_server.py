"""The health page: /health for monitors, /metrics for Prometheus. Nothing of a post and no secret is on it.

A few threads at most, each for a few seconds: whoever holds a connection open holds up the next monitor and never the
daemon. On a loopback address only requests that name it so are answered, so that no web page in the person's browser reads
it by a name of its own that leads here.
"""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, cast

from scheduler.config import Listening
from scheduler.engine.health import Health
from scheduler.engine.metrics import CONTENT_TYPE_LATEST, Lateness, metrics

MOST = 4  # requests at the same time
LONGEST = 10.0  # seconds that one may take, from the connection to the last byte
LOCAL = ("localhost", "127.0.0.1", "[::1]")
log = logging.getLogger("termbell")


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What the server asks the daemon for."""

    health: Callable[[], Health]
    lateness: Callable[[], Lateness | None]


class HealthServer(ThreadingHTTPServer):
    """Serves until it is stopped."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(self, listening: Listening, pages: Pages) -> None:
        self.address_family = socket.AF_INET6 if ":" in listening.host else socket.AF_INET
        self.listening, self.pages = listening, pages
        self._begun: dict[socket.socket, float] = {}  # what is being answered, and since when
        try:
            super().__init__((listening.host, listening.port), Handler)
        except OSError as fault:
            raise OSError(
                f"{listening.place}: the health page cannot be served at {listening}: {fault.strerror or fault}; "
                "give `health` another port, or end what has this one"
            ) from None

    def server_bind(self) -> None:
        TCPServer.server_bind(
            self
        )  # HTTPServer's own asks the network for a name of this machine, which may take long
        self.server_name, self.server_port = self.listening.host, self.server_address[1]

    def start(self) -> None:
        threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.5}, name="health", daemon=True
        ).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._begun) < MOST:
            self._begun[request] = time.monotonic()
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._begun[request]

    def service_actions(self) -> None:
        """Twice a second: ends what takes too long, in whatever small pieces it comes."""
        for request, begun in list(self._begun.items()):
            if time.monotonic() - begun > LONGEST:
                with contextlib.suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        log.debug("a request to the health page broke off", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """Answers one request; HTTP/1.0, so that nothing is kept open."""

    timeout = 5.0  # seconds that the other side may be silent
    server_version = "Termbell"
    sys_version = ""

    def do_GET(self) -> None:
        server, path = cast(HealthServer, self.server), self.path.partition("?")[0]
        if server.listening.is_loopback and not _is_local(self.headers.get("Host", "localhost")):
            self._answer(
                421,
                "text/plain; charset=utf-8",
                b"this page is served to this machine only, by the address localhost\n",
            )
        elif path == "/health":
            health = server.pages.health()
            said = {"ok": health.ok, "problems": health.problems, "warnings": health.warnings}
            self._answer(
                200 if health.ok else 503,
                "application/json",
                json.dumps(said, ensure_ascii=False).encode() + b"\n",
            )
        elif path == "/metrics":
            self._answer(
                200, CONTENT_TYPE_LATEST, metrics(server.pages.health(), server.pages.lateness())
            )
        else:
            self._answer(404, "text/plain; charset=utf-8", b"there are /health and /metrics\n")

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Monitors ask every few seconds: that is no news."""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _is_local(host: str) -> bool:
    return host.rpartition(":")[0] in LOCAL or host in LOCAL
