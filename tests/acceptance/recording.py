"""A server on 127.0.0.1 that writes down, byte for byte, what it is sent, and answers from a table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from platforms.base import Response
from tests.serving import Silent, serving


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came over the line; header names as they were written, in their order."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(kw_only=True)
class Recording:
    """What came, and what is answered: (method, URL) -> the answers, one after the other; 404 to everything else."""

    url: str = ""
    answers: dict[tuple[str, str], list[Response]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)


class Handler(Silent):
    protocol_version = "HTTP/1.1"
    recording: Recording

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = f"http://{self.headers['Host']}{self.path}"
        self.recording.received.append(
            Received(method=self.command, url=url, headers=tuple(self.headers.items()), body=body)
        )
        told = self.recording.answers.get((self.command, url))
        response = told.pop(0) if told else Response.of({"error": "not here"}, 404)
        self.send_response(response.status)
        for name, value in {**response.headers, "content-length": str(len(response.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    do_GET = do_POST = do_PUT = do_DELETE = answer


@contextmanager
def a_recording() -> Iterator[Recording]:
    """Listens on a free port, told in `url`."""
    recording = Recording()
    with serving(type("HandlerFor", (Handler,), {"recording": recording})) as recording.url:
        yield recording
