"""A proxy between the daemon and a server: it calls back before and after each request it passes on, and does harm on demand.

What can go wrong with a request, in the words that `fault` answers ("" for nothing):

    503 before, 429, reset before    it is not passed on
    503 after, reset after, lost     it is passed on, and the client is told that, or nothing
    stall                            it is passed on, and the answer comes later than the client waits
    truncated                        it is passed on, and half of the answer's body comes
    404 after, page after            it is passed on, and the answer is a web page with 404, or with 200
    acts late                        the client is told nothing, and it is passed on a while later
    replayed                         it is passed on twice, and the first answer is told

Other words are given to `change`, which makes another answer of the server's.
"""

import http.client
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
FAULTS = (
    "503 before",
    "503 after",
    "429",
    "reset before",
    "reset after",
    "lost",
    "stall",
    "truncated",
    "404 after",
    "page after",
    "acts late",
    "replayed",
)
NOT_PASSED_ON = ("503 before", "429", "reset before")
Answer = tuple[int, list[tuple[str, str]], bytes]
PAGE = [("Content-Type", "text/html")], b"<!doctype html><title>Please wait</title>"
REFUSED = (
    401,
    [("Content-Type", "application/json")],
    b'{"error": "The access token is invalid"}',
)
ABRUPT = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


class Proxy:
    """Passes everything on to `target`. `before(n, line)` and `after(n, line)` are called around the n-th request (from 1)."""

    def __init__(
        self,
        target: str,
        fault: Callable[[str], str] = lambda line: "",
        stall: float = 3.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.target = urlsplit(target)
        self.lines: list[str] = []
        self.bodies: list[bytes] = []
        self.fault = fault
        self.stall = stall  # seconds
        self.before: Callable[[int, str], None] = lambda n, line: None
        self.after: Callable[[int, str], None] = lambda n, line: None
        self.delay: Callable[[], float] = lambda: 0.0  # seconds until a late server acts
        self.change: Callable[[str, Answer], Answer] = lambda fault, answer: answer
        self.tokens: dict[str, str] = {}  # the token that is good -> the one that the server knows
        self.late = 0  # requests on which a late server still has to act
        self._guard = threading.Lock()
        self.server = _Server(("127.0.0.1", 0), _handler(self))
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def noted(self, line: str, body: bytes) -> int:
        with self._guard:
            self.lines.append(line)
            self.bodies.append(body)
            return len(self.lines)

    def has_later(self, more: int) -> None:
        with self._guard:
            self.late += more

    def token(self, header: str) -> str | None:
        """The Authorization that the server knows; None where the token has ended."""
        scheme, _, token = header.partition(" ")
        if not self.tokens or not header:
            return header
        return f"{scheme} {self.tokens[token]}" if token in self.tokens else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing, where an end of a connection was lost: a client that was killed is not there to be told."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length)
            if (
                len(body) < length
            ):  # the client died while it was sending: no server would act on that
                self.close_connection = True
                return
            line = f"{self.command} {self.path}"
            n = proxy.noted(line, body)
            proxy.before(n, line)
            token = proxy.token(self.headers.get("authorization", ""))
            if token is None:
                self.reply(REFUSED)
                return
            fault = proxy.fault(line)
            if fault in NOT_PASSED_ON:
                self.harm(fault, (503, [], b""))
                return
            if fault == "acts late":
                self.act_later(n, line, body, token)
                self.hang_up()
                return
            answer = self.answer_of_the_server(body, token)
            if fault == "replayed":
                self.answer_of_the_server(body, token)
            proxy.after(n, line)
            self.harm(fault, answer)

        def act_later(self, n: int, line: str, body: bytes, token: str) -> None:
            proxy.has_later(1)

            def act() -> None:
                try:
                    self.answer_of_the_server(body, token)
                    proxy.after(n, line)
                finally:
                    proxy.has_later(-1)

            timer = threading.Timer(proxy.delay(), act)
            timer.daemon = True
            timer.start()

        def answer_of_the_server(self, body: bytes, token: str) -> Answer:
            connection = http.client.HTTPConnection(
                proxy.target.hostname or "", proxy.target.port, timeout=60
            )
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP} | {
                "Connection": "close"
            }
            if token:
                headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
                headers["Authorization"] = token
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return (
                answer.status,
                [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP],
                content,
            )

        def harm(self, fault: str, answer: Answer) -> None:
            if fault.startswith("503"):
                self.reply((503, [("Content-Type", "text/plain")], b"upstream is not available"))
            elif fault == "429":
                self.reply(
                    (
                        429,
                        [("Content-Type", "application/json"), ("Retry-After", "1")],
                        b'{"error": "Too many requests"}',
                    )
                )
            elif fault == "truncated":
                self.reply(answer, len(answer[2]) // 2)
            elif fault in ("404 after", "page after"):
                self.reply((404 if fault == "404 after" else 200, *PAGE))
            elif fault.startswith("reset"):
                self.hang_up(abruptly=True)
            elif fault == "lost":
                self.hang_up()
            else:
                time.sleep(proxy.stall if fault == "stall" else 0)
                self.reply(proxy.change(fault, answer))

        def reply(self, answer: Answer, shown: int | None = None) -> None:
            """Sends the answer; with `shown`, so many bytes of its body and then the end of the connection."""
            status, headers, content = answer
            try:
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[:shown])
            except OSError:
                shown = 0  # the daemon was killed: nobody is there to hear it
            self.close_connection = self.close_connection or shown is not None

        def hang_up(self, abruptly: bool = False) -> None:
            self.close_connection = True
            if abruptly:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
                self.rfile.close()
                self.connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what matters."""

    return Handler
