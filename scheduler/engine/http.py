"""HTTP: a request goes to its server, and what comes back is read to its end. The only door to `requests`, beside a calendar's fetching.

What fails on the way is "surely nothing happened" (`TryLater`) or "it may be up" (`InDoubt`). Before a connection
stands nothing can have happened; from then on a visible request without a proper answer is doubt, whatever the reason:
also when it broke off while the body was being sent, because a server may act on what it has.

No `requests.Session`: an adapter of it sends exactly the bytes of `wire`, reads no `.netrc`, keeps no cookies, repeats and
redirects nothing.

Connections are kept, but only for the next moment. A server closes those that idle, and what is sent just then is lost like
any other: it would be in doubt for nothing. So a connection is used again within `KEPT`, which is less than any server's
patience, and where it is not closed already (urllib3 looks); after that a new one is made.
"""

import os
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from traceback import walk_tb
from typing import Any, cast
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity, should_bypass_proxies
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.response import BaseHTTPResponse, HTTPResponse

from platforms.base import InDoubt, PublishError, Rejected, Request, Response, TryLater
from scheduler.engine.leaving import Gone, Leaving, unseen
from scheduler.engine.wire import look_at, whole, wire

TO_CONNECT = 10.0  # seconds, at most
KEPT = 1.0  # seconds; gunicorn closes after 2, Node.js and Apache after 5, nginx after 75
REDIRECTS = 5
LARGEST = 32 * 1024 * 1024  # bytes of an answer
REACHES_NOBODY = (NewConnectionError, ConnectTimeoutError, requests.exceptions.ProxyError)


class Http:
    """Sends the requests of one account at `platform`."""

    def __init__(
        self,
        platform: str,
        timeout: float,
        monotonic: Callable[[], float] = time.monotonic,
        gone: Gone = unseen,
    ) -> None:
        """`gone` is told how much of a file has left."""
        self.platform, self.timeout, self.monotonic, self.gone = platform, timeout, monotonic, gone
        self._connections = Connections()
        self._answered_at: dict[
            str, float
        ] = {}  # server -> when it answered last, by a clock that nobody sets
        self._proxies = getproxies()
        self._trusted = trusted()

    def sent(self, request: Request, signed: Request) -> Response:
        """The answer, whatever it says."""
        leaves = self._prepared(request, signed)
        for _ in range(REDIRECTS):
            response = self._exchanged(request, leaves)
            to = (
                response.headers.get("location")
                if 300 <= response.status < 400 and request.method == "GET"
                else None
            )
            if not to:
                return response
            here, there = str(leaves.url), urljoin(str(leaves.url), to)
            same = urlsplit(here)[:2] == urlsplit(there)[:2]
            leaves = self._prepared(
                request, replace(signed if same else request, url=there)
            )  # another server gets no secret
        raise TryLater(f"{self.platform} '{request.step}' was redirected {REDIRECTS} times")

    def _prepared(self, request: Request, signed: Request) -> requests.PreparedRequest:
        try:
            leaves = wire(signed, request)
            for piece in leaves.pieces:
                if not isinstance(piece, bytes):
                    look_at(whole(piece))
            made, address = requests.PreparedRequest(), addressed(leaves.method, leaves.url)
            for header in leaves.headers.items():
                check_header_validity(header)
            "".join(leaves.headers.values()).encode(
                "latin-1"
            )  # all that a header can hold; a pasted bullet is not
        except ValueError as fault:
            raise Rejected(
                f"{self.platform} '{request.step}' has an address or a header that cannot be sent "
                f"({type(fault).__name__}); look at the account's settings and secrets"
            ) from None
        except OSError as fault:
            raise TryLater(f"{self.platform} '{request.step}' was not sent: {fault}") from fault
        made.method, made.url, made.headers = (
            address.method,
            address.url,
            CaseInsensitiveDict({**address.headers, **leaves.headers}),
        )
        if leaves.size:
            made.headers["Content-Length"] = str(leaves.size)
            made.body = cast("bytes", Leaving(leaves.pieces, request.fence, self.gone))
        return made

    def _exchanged(self, request: Request, leaves: requests.PreparedRequest) -> Response:
        url = str(leaves.url)
        proxies = {} if not self._proxies or should_bypass_proxies(url, None) else self._proxies
        server = urlsplit(url).netloc
        if self.monotonic() - self._answered_at.get(server, -KEPT) >= KEPT:
            self._connections = (
                Connections()
            )  # those that are kept are closed with the old one, once no other thread uses it
        if not leaves.body:
            request.fence()
        try:
            answer = self._connections.send(
                leaves,
                stream=True,
                timeout=(min(TO_CONNECT, self.timeout), self.timeout),
                verify=self._trusted,
                proxies=proxies,
            )
            try:
                body = b"".join(
                    _body(cast(HTTPResponse, answer.raw), time.monotonic() + self.timeout)
                )
            finally:
                answer.close()
        except (OSError, HTTPError, ValueError) as fault:
            raise self._unanswered(
                request, fault
            ) from None  # the fault's own words have the address, and it may be secret
        self._answered_at[server] = self.monotonic()
        headers = {name.lower(): value for name, value in answer.raw.headers.items()}
        return Response(status=answer.status_code, headers=headers, body=body, url=url)

    def _unanswered(self, request: Request, fault: Exception) -> PublishError:
        """What an exchange that broke off means."""
        what, why = f"{self.platform} '{request.step}'", in_words(fault)
        if surely_not_sent(fault):
            server = urlsplit(request.url).hostname
            return TryLater(
                f"{what} was not sent: {server or 'the server'} cannot be reached ({why})"
            )
        if request.is_visible:
            return InDoubt(f"{what} was sent and never answered ({why})")
        return TryLater(f"{what} was not answered ({why})")


def ping(url: str, body: bytes = b"", timeout: float = TO_CONNECT) -> int:
    """Asks for the page, or posts `body` to it; the answer's status. Raises `OSError` in words without the address: it may be secret."""
    try:
        answer = requests.request(
            "POST" if body else "GET",
            url,
            data=body or None,
            timeout=timeout,
            verify=trusted(),
            stream=True,
        )
        answer.close()
    except (OSError, HTTPError, ValueError) as fault:
        raise OSError(in_words(fault)) from None
    return answer.status_code


class Connections(HTTPAdapter):
    """The adapter of `requests`, without what we need not: it looks for its connections to a server once, and keeps no cookies.

    `verify` and `proxies` are the same for all requests to a server.
    """

    def __init__(self) -> None:
        super().__init__()
        self._to: dict[str, ConnectionPool] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **named: Any
    ) -> ConnectionPool:
        server = "/".join(str(request.url).split("/", 3)[:3])
        if server not in self._to:
            self._to[server] = super().get_connection_with_tls_context(request, *args, **named)
        return self._to[server]

    def build_response(
        self, req: requests.PreparedRequest, resp: BaseHTTPResponse
    ) -> requests.Response:
        answer = requests.Response()
        answer.status_code, answer.raw = resp.status, resp
        return answer


@lru_cache(maxsize=256)
def addressed(method: str, url: str) -> requests.PreparedRequest:
    """A request to that address, as yet without its headers and its body: they differ from post to post. Raises `ValueError`."""
    return requests.Request(method, url).prepare()


def trusted() -> str | bool:
    """The certificates to trust: a file or folder of the person's own (some schools read all traffic), else those of certifi."""
    named = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    return named if named and os.path.exists(named) else True


def _body(raw: HTTPResponse, until: float) -> Iterator[bytes]:
    """The answer's bytes as they come; one that has no end, or comes drop by drop, is a broken one."""
    size, whole = 0, None if "content-encoding" in raw.headers else raw.length_remaining
    while piece := raw.read1(65_536, decode_content=True):
        size += len(piece)
        if size > LARGEST:
            raise OSError("the answer is too long")
        if time.monotonic() > until:
            raise TimeoutError
        yield piece
        if size == whole:
            return


def surely_not_sent(fault: BaseException) -> bool:
    """Whether it failed before a byte of the request left: while connecting, or in the TLS handshake.

    A TLS fault by itself says nothing: an alert may come after the request was sent.
    """
    return any(isinstance(cause, REACHES_NOBODY) or _in_handshake(cause) for cause in causes(fault))


def _in_handshake(fault: BaseException) -> bool:
    return any(frame.f_code.co_name == "do_handshake" for frame, _ in walk_tb(fault.__traceback__))


def causes(fault: BaseException) -> Iterator[BaseException]:
    """The fault and those it was made of. `requests` and urllib3 hold them in `args`, `reason` and `__cause__`.

    Never `__context__`: it leads on to the errors of earlier requests, which say nothing about this one.
    """
    yield fault
    inner = [*fault.args, getattr(fault, "reason", None), fault.__cause__]
    for one in dict.fromkeys(one for one in inner if isinstance(one, BaseException)):
        yield from causes(one)


def in_words(fault: BaseException) -> str:
    """Why, in few words and without the address."""
    found = list(causes(fault))
    if any(
        isinstance(cause, TimeoutError | ReadTimeoutError | ConnectTimeoutError)
        and not isinstance(cause, NewConnectionError)
        for cause in found
    ):
        return "timed out"
    if any(isinstance(cause, NameResolutionError) for cause in found):
        return "no server of that name is known"
    said = (
        getattr(cause, "verify_message", None)
        or (cause.reason if isinstance(cause, ssl.SSLError) else None)
        or getattr(cause, "strerror", None)
        for cause in reversed(found)
    )
    return next(
        (str(words) for words in said if words), "the connection broke or the answer was no HTTP"
    )
