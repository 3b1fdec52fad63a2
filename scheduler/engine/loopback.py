"""Where a browser brings the answer of a sign-in: a server on 127.0.0.1, for one answer.

Any page in the person's browser, and any program on the machine, can call here. So only what brings the `state` back is an
answer; whatever else comes is refused, and the wait goes on. Nothing of a request is shown, kept or logged.
"""

import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit

from scheduler.engine.signing_in import NotOurs, NotSignedIn, Page, code_in

HOSTS = ("127.0.0.1", "localhost")
LONGEST = 10.0  # seconds that a request may take: browsers open connections for later
DONE = "Termbell has the answer. You can close this page; the terminal says how it went."
REFUSED = "This is not the answer that Termbell waits for. Go back to the page that it opened last."
HTML = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Termbell</title>
<body style="font: 1.2em sans-serif; max-width: 34em; margin: 4em auto; padding: 0 1em"><p>{}</p></body></html>
"""


class Listener(ThreadingTCPServer):
    """Listens until it is left; `code` waits for the answer to `page`, which is to be set before the person sees it."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = (
        os.name == "posix"
    )  # elsewhere it would let another program listen at the same port

    def __init__(self, port: int, path: str) -> None:
        super().__init__(("127.0.0.1", port), Callback)
        self.port: int = self.server_address[1]
        self.path = path or "/"
        self.page: Page | None = None  # until then nothing is an answer
        self.answers: queue.Queue[str | NotSignedIn] = queue.Queue()

    def code(self, seconds: float) -> str:
        """The code of the first answer. Raises NotSignedIn: it was a no, or none came in time."""
        try:
            answer = self.answers.get(timeout=seconds)
        except queue.Empty:
            raise NotSignedIn(
                f"no answer came within {seconds / 60:g} minutes; begin anew, "
                "and where the browser is on another machine: --paste"
            ) from None
        if isinstance(answer, NotSignedIn):
            raise answer
        return answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a browser that went away needs no answer."""


class Callback(BaseHTTPRequestHandler):
    timeout = LONGEST
    server: Listener

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != self.server.path or self.server.page is None:
            return self._says(404, REFUSED)
        try:
            answer: str | NotSignedIn = code_in(query, self.server.page)
        except NotOurs:
            return self._says(400, REFUSED)
        except NotSignedIn as refused:
            answer = refused
        self._says(200, DONE)
        return self.server.answers.put(answer)

    def _says(self, status: int, words: str) -> None:
        content = HTML.format(words).encode()
        self.send_response_only(status)
        for name, value in {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "Connection": "close",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


def reaches_us(redirect: str) -> bool:
    """Whether a browser on this machine that is sent there comes to us."""
    address = urlsplit(redirect.replace("{port}", "0"))
    return address.scheme == "http" and address.hostname in HOSTS


def port_of(redirect: str, port: int) -> int:
    """The port that it names, else `port`."""
    return port if "{port}" in redirect else urlsplit(redirect).port or 80


@contextmanager
def listening(redirect: str, port: int = 0) -> Iterator[Listener]:
    """Listens where `redirect` leads; at a `{port}` in it at `port`, or at any that is free (0). Raises NotSignedIn."""
    wanted = port_of(redirect, port)
    try:
        server = Listener(wanted, urlsplit(redirect.replace("{port}", "0")).path)
    except OSError as fault:
        raise NotSignedIn(
            f"nothing can listen at port {wanted} of this machine ({fault.strerror or fault}); "
            "end the program that does, or choose another: --port"
        ) from None
    with server:
        threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="sign-in", daemon=True
        ).start()
        try:
            yield server
        finally:
            server.shutdown()
