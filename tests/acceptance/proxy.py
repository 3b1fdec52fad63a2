"""A proxy between the daemon and a real server that calls back before and after each request it passes on."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


class Proxy:
    """Passes everything on to `target`. `before(n, line)` and `after(n, line)` are called around the n-th request (from 1)."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.lines: list[str] = []
        self.bodies: list[bytes] = []
        self.before: Callable[[int, str], None] = lambda n, line: None
        self.after: Callable[[int, str], None] = lambda n, line: None
        self._guard = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def noted(self, line: str, body: bytes) -> int:
        with self._guard:
            self.lines.append(line)
            self.bodies.append(body)
            return len(self.lines)


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            line = f"{self.command} {self.path}"
            n = proxy.noted(line, body)
            proxy.before(n, line)
            connection = http.client.HTTPConnection(proxy.target.hostname or "", proxy.target.port, timeout=60)
            connection.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in HOP})
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            proxy.after(n, line)
            try:
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # the daemon was killed: nobody is there to hear it

        do_GET = do_POST = do_PUT = do_DELETE = pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test says what matters."""

    return Handler
