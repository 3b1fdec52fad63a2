"""Fetching what a calendar points at: an address that another person may have chosen, so it must not lead into this machine's network.

A name is resolved once, every one of its addresses has to be a public one, and the connection goes to an address that was
looked at: a name that means another machine a moment later changes nothing. A redirect is looked at anew. What comes is bounded
in size, after it was unpacked, and in time, however slowly it drips. No cookies, no credentials, no proxies; reading, and nothing else.
"""

import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, cast
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from scheduler import __version__
from scheduler.engine.http import in_words, trusted

REDIRECTS = 4
NO_ANSWER = (404, 410)  # and 5xx: all else is an answer, and be it that it is not for us
LEADS_ON = (301, 302, 303, 307, 308)
PORTS = {"http": 80, "https": 443}
LARGEST = 50_000_000  # bytes, unpacked
LONGEST = 30.0  # seconds, from the first connection to the last byte
PIECE = 65_536  # bytes that are unpacked at a time
# Public by their numbers, and nobody's web server: Azure's metadata; and what older Pythons call global: protocols' own addresses (one of
# them Oracle's metadata), documentation, segment routing, local NAT64.
NOT_PUBLIC = [
    ip_network(one)
    for one in ("168.63.129.16/32", "192.0.0.0/24", "3fff::/20", "5f00::/16", "64:ff9b:1::/48")
]
NAT64 = IPv6Network("64:ff9b::/96")

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[tuple[str, int], float], socket.socket]


class NotFetched(Exception):
    """Why there is nothing, in words for the person who wrote the address."""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    url: str  # where it was found in the end
    type: str  # "image/png", as the server says
    charset: str = ""  # as the server says
    body: bytes


def resolved(host: str, port: int) -> list[str]:
    """Every address of the host; `2130706433` and `0x7f.1` are ways to write one."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def is_public(address: str) -> bool:
    """Whether anybody may reach it: not this machine, its network or its provider's inside, and no address of another kind."""
    found = _reached(ip_address(address.partition("%")[0]))
    odd = (
        found.is_multicast
        or found.is_reserved
        or found.is_unspecified
        or getattr(found, "is_site_local", False)
    )
    return found.is_global and not odd and not any(found in network for network in NOT_PUBLIC)


def _reached(address: Address) -> Address:
    """The IPv4 address behind one of IPv6 that has it inside."""
    if isinstance(address, IPv4Address):
        return address
    return (
        IPv4Address(int(address) & 0xFFFFFFFF)
        if address in NAT64
        else address.ipv4_mapped or address.sixtofour or address
    )


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """Fetches; `allow` names addresses and networks that may be reached although they are not public, and at any port."""

    allow: tuple[str, ...] = ()
    size: int = LARGEST
    seconds: float = LONGEST
    resolve: Resolve = resolved
    connect: Connect = socket.create_connection

    def __call__(self, url: str) -> Fetched:
        """Raises `NotFetched`."""
        with closing(_Guarded(self)) as http:
            try:
                return self._fetched(http, url)
            except (OSError, HTTPError, ValueError, zlib.error) as fault:
                raise NotFetched(
                    f"it took longer than {self.seconds:g} s" if http.is_over() else in_words(fault)
                ) from None

    def look(self, url: str) -> None:
        """Whether a reader who follows the address finds something. Raises `NotFetched` where not."""
        with closing(_Guarded(self)) as http:
            try:
                answer = self._led(http, url, "HEAD")
                if not answer.ok:  # some know GET alone; of what they send, the head is looked at
                    answer = self._led(http, url, "GET")
            except (OSError, HTTPError, ValueError) as fault:
                raise NotFetched(
                    f"it took longer than {self.seconds:g} s" if http.is_over() else in_words(fault)
                ) from None
            if answer.status_code in NO_ANSWER or 500 <= answer.status_code < 600:
                raise NotFetched(_no(answer))

    def _fetched(self, http: "_Guarded", url: str) -> Fetched:
        answer = self._led(http, url, "GET")
        if answer.status_code != 200:
            raise NotFetched(_no(answer))
        kind, _, more = answer.headers.get("content-type", "").partition(";")
        charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", more, re.IGNORECASE)
        return Fetched(
            url=answer.url,
            type=kind.strip().lower(),
            charset=charset[1] if charset else "",
            body=self._body(http, answer),
        )

    def _led(self, http: "_Guarded", url: str, method: str) -> requests.Response:
        """The head of the answer to which redirects lead."""
        answer = http.got(url, method=method)
        for _ in range(REDIRECTS):
            if not _leads_on(answer):
                return answer
            answer = http.got(answer.headers["location"], answer.url, method)
        if _leads_on(answer):
            raise NotFetched(f"it leads on more than {REDIRECTS} times")
        return answer

    def _body(self, http: "_Guarded", answer: requests.Response) -> bytes:
        body = bytearray()
        for piece in _pieces(
            cast(HTTPResponse, answer.raw),
            answer.headers.get("content-encoding", "identity").strip().lower(),
        ):
            body += piece
            if len(body) > self.size:
                raise NotFetched(f"it has more than {self.size / 1_000_000:g} MB")
        http.left()  # what was cut short may look like the end
        return bytes(body)

    def reached(self, host: str, port: int, scheme: str, timeout: float) -> socket.socket:
        """A connection to an address that was looked at."""
        try:
            found = list(dict.fromkeys(self.resolve(host, port)))
        except (OSError, UnicodeError):
            raise NotFetched(f"no server called {host} is known") from None
        allowed = [
            any(ip_address(one.partition("%")[0]) in ip_network(network) for network in self.allow)
            for one in found
        ]
        if not found or not all(
            is_allowed or is_public(one) for one, is_allowed in zip(found, allowed, strict=True)
        ):
            raise NotFetched(
                f"{host} is on this machine or in a private network, where nothing is fetched from"
            )
        if port != PORTS[scheme] and not all(allowed):
            raise NotFetched(f"only port {PORTS[scheme]} is fetched from with {scheme}, not {port}")
        for address in found[:-1]:
            with suppress(OSError):
                return self.connect((address, port), timeout)
        return self.connect((found[-1], port), timeout)


def _no(answer: requests.Response) -> str:
    return f"{urlsplit(answer.url).hostname} answers {answer.status_code}"


def _leads_on(answer: requests.Response) -> bool:
    return answer.status_code in LEADS_ON and "location" in answer.headers


def _pieces(raw: HTTPResponse, encoding: str) -> Iterator[bytes]:
    """The body, unpacked little by little: a bomb is noticed before it has grown."""
    packed = iter(lambda: raw.read1(PIECE, decode_content=False), b"")
    if encoding == "identity":
        yield from packed
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise NotFetched(f"it comes packed in a way that we do not know: {encoding[:20]}")
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    for piece in packed:
        rest = piece
        while rest:
            yield unpacking.decompress(rest, PIECE)
            rest = unpacking.unconsumed_tail
    if not unpacking.eof:
        raise NotFetched("it came only in part")


class _Guarded(HTTPAdapter):
    """Connects through `Fetching.reached`, and cuts what takes too long, also where a server sends a byte now and then."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self._until = time.monotonic() + fetching.seconds
        self._connections: list[socket.socket] = []
        self._timer = threading.Timer(fetching.seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        guard = self

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return guard.connected(self.host, self.port or 80, "http")

        class Secure(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return guard.connected(self.host, self.port or 443, "https")

        self.poolmanager.pool_classes_by_scheme = {  # the names are verified against the certificates as ever
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure}),
        }

    def connected(self, host: str, port: int, scheme: str) -> socket.socket:
        made = self._fetching.reached(host.strip("[]"), port, scheme, self.left())
        self._connections.append(made.dup())  # TLS takes the first one over
        self.left()
        return made

    def got(self, url: str, seen_from: str = "", method: str = "GET") -> requests.Response:
        """The head of the answer."""
        headers = {"User-Agent": f"Termbell/{__version__}", "Accept-Encoding": "identity"}
        try:
            url = urljoin(seen_from, url)
            parts = urlsplit(url)
            leaves = requests.Request(method, url, headers).prepare()
        except requests.exceptions.MissingSchema:
            raise NotFetched("an address begins with https:// or http://") from None
        except ValueError:
            raise NotFetched("it is no web address") from None
        if parts.scheme not in PORTS or not parts.hostname:
            raise NotFetched("an address begins with https:// or http://")
        if "@" in parts.netloc:
            raise NotFetched("an address may have no user or password in it")
        return self.send(leaves, stream=True, timeout=self.left(), verify=trusted(), proxies={})

    def left(self) -> float:
        """Seconds; raises where there are none."""
        if self.is_over():
            raise TimeoutError
        return self._until - time.monotonic()

    def is_over(self) -> bool:
        return time.monotonic() >= self._until

    def _cut(self) -> None:
        for one in tuple(self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._timer.cancel()
        super().close()
        for one in self._connections:
            one.close()
