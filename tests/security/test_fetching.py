"""What is fetched on behalf of a calendar: from public machines only, at the moment of connecting, bounded in size and time."""

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scheduler import __version__
from scheduler.engine.fetching import Connect, Fetching, NotFetched, is_public
from tests.security.hostile import hostile_servers

PUBLIC, OTHER = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
Behaviour = Callable[["Handler"], None]


@dataclass
class Web:
    """A server that stands for every machine in the world, and names for them; what it does is told by path."""

    port: int = 0
    does: dict[str, Behaviour] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=lambda: {"example.org": [PUBLIC]})
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    reached: list[tuple[str, int]] = field(default_factory=list)
    resolved: list[str] = field(default_factory=list)

    def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        if host not in self.names:
            raise socket.gaierror(-2, "Name or service not known")
        return self.names[host]

    def connect(self, address: tuple[str, int], timeout: float) -> socket.socket:
        self.reached.append(address)
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def fetching(self, **changes: Any) -> Fetching:
        return Fetching(
            **{"resolve": self.resolve, "connect": self.connect, "seconds": 5.0, **changes}
        )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Http"

    def do_GET(self) -> None:
        self.server.web.asked.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        self.server.web.does[self.path](self)

    def says(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Http(ThreadingHTTPServer):
    daemon_threads = True
    web: Web

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    with Http(("127.0.0.1", 0), Handler) as http:
        http.web = Web(port=http.server_port)
        threading.Thread(
            target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        yield http.web
        http.shutdown()


def nowhere(address: tuple[str, int], timeout: float) -> socket.socket:
    raise AssertionError(f"connected to {address}")


def leads_to(url: str) -> Behaviour:
    return lambda handler: handler.says(status=302, Location=url)


# Where


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True),
        (OTHER, True),
        ("1.1.1.1", True),
        ("64:ff9b::" + PUBLIC, True),
        ("::ffff:" + PUBLIC, True),
        ("2002:5db8:d70e::1", True),
        ("127.0.0.1", False),
        ("127.255.255.254", False),
        ("0.0.0.0", False),
        ("0.1.2.3", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("192.0.0.192", False),
        ("168.63.129.16", False),
        ("198.18.0.1", False),
        ("192.0.2.1", False),
        ("198.51.100.1", False),
        ("203.0.113.1", False),
        ("224.0.0.1", False),
        ("239.255.255.250", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b:1::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2002:a9fe:a9fe::1", False),
        ("2001::1", False),
        ("2001:db8::1", False),
        ("3fff::1", False),
        ("5f00::1", False),
        ("fe80::1", False),
        ("fe80::1%eth0", False),
        ("fec0::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("100::1", False),
        ("4000::1", False),
    ],
)
def test_an_address_is_public_or_nothing_is_fetched_from_it(address: str, public: bool):
    assert is_public(address) is public


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "①②⑦.⓪.⓪.①",
        "127.0.0.1.",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
        "[0:0:0:0:0:0:0:1]",
    ],
)
def test_however_a_private_address_is_written_nothing_connects(host: str):
    with pytest.raises(NotFetched, match=r"private network|no server called|no web address"):
        Fetching(connect=nowhere)(f"http://{host}/latest/meta-data/")


@pytest.mark.parametrize(
    "addresses",
    [
        ["169.254.169.254"],
        ["10.0.0.5"],
        [PUBLIC, "127.0.0.1"],
        [OTHER, "::1"],
        ["::ffff:169.254.169.254"],
        [],
    ],
)
def test_a_name_with_one_private_address_is_not_connected_to(web: Web, addresses: list[str]):
    web.names["metadata.google.internal"] = addresses

    with pytest.raises(
        NotFetched, match=r"^metadata\.google\.internal is on this machine or in a private network"
    ):
        web.fetching()("http://metadata.google.internal/computeMetadata/v1/")

    assert web.reached == []


def test_the_connection_goes_to_the_address_that_was_looked_at(web: Web):
    """A name server that answers a public address first and the loopback after it gets nothing by that."""
    web.does["/door.png"] = lambda handler: handler.says(
        b"a door", Content_Type="image/png; charset=binary"
    )
    answers = [[PUBLIC], ["127.0.0.1"]]

    fetched = web.fetching(resolve=lambda host, port: answers.pop(0))("http://example.org/door.png")

    assert (fetched.body, fetched.type, fetched.url) == (
        b"a door",
        "image/png",
        "http://example.org/door.png",
    )
    assert web.reached == [(PUBLIC, 80)]
    assert answers == [["127.0.0.1"]]


def test_a_name_that_changes_its_address_before_a_redirect_is_looked_at_again(web: Web):
    web.does["/a"] = leads_to("/b")
    answers = [[PUBLIC], ["127.0.0.1"]]

    with pytest.raises(NotFetched, match="private network"):
        web.fetching(resolve=lambda host, port: answers.pop(0))("http://example.org/a")

    assert web.reached == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "to",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "//[::1]/",
        "http://169.254.169.254/latest",
        "http://inside.example.org/",
    ],
)
def test_a_redirect_does_not_lead_inside(web: Web, to: str):
    web.names |= {
        "127.0.0.1": ["127.0.0.1"],
        "localhost": ["127.0.0.1", "::1"],
        "::1": ["::1"],
        "169.254.169.254": ["169.254.169.254"],
        "inside.example.org": ["192.168.0.1"],
    }
    web.does["/"] = leads_to(to)

    with pytest.raises(NotFetched, match="private network"):
        web.fetching()("http://example.org/")

    assert web.reached == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "begins with https"),
        ("ftp://example.org/", "begins with https"),
        ("gopher://example.org/", "begins with https"),
        ("data:text/plain,hi", "begins with https"),
        ("//example.org/", "begins with https"),
        ("http:///x", "no web address"),
        ("", "begins with https"),
        ("http://anna:geheim@example.org/", "no user or password"),
        ("http://@example.org/", "no user or password"),
        ("http://example.org@127.0.0.1/", "no user or password"),
        ("http://[::1", "no web address"),
        ("http://example.org:99999/", "no web address"),
        ("http://example.org:x/", "no web address"),
        ("http://exa mple.org/", "no web address|no server"),
        ("http://nobody.test/", "no server called nobody.test"),
        ("http://example.org:22/", "only port 80 is fetched from with http, not 22"),
        ("https://example.org:80/", "only port 443"),
    ],
)
def test_other_addresses_are_refused_also_as_a_redirect(web: Web, url: str, why: str):
    with pytest.raises(NotFetched, match=why):
        web.fetching()(url)
    assert web.reached == []

    if "://" in url and url != "http:///x":  # which is a path, after another address
        web.does["/"] = leads_to(url)
        with pytest.raises(NotFetched, match=why):
            web.fetching()("http://example.org/")
        assert web.reached == [(PUBLIC, 80)]


def test_redirects_are_followed_four_times(web: Web):
    web.does |= {f"/{number}": leads_to(f"/{number + 1}") for number in range(5)} | {
        "/5": lambda handler: handler.says(b"there")
    }

    assert web.fetching()("http://example.org/1").url == "http://example.org/5"
    with pytest.raises(NotFetched, match="it leads on more than 4 times"):
        web.fetching()("http://example.org/0")


@pytest.mark.parametrize("allow", ["127.0.0.1", "127.0.0.0/8"])
def test_a_config_may_allow_an_address_at_any_port(web: Web, allow: str):
    web.does["/"] = lambda handler: handler.says(b"here")

    assert Fetching(allow=(allow,))(f"http://127.0.0.1:{web.port}/").body == b"here"
    with pytest.raises(NotFetched, match="private network"):
        Fetching(allow=("10.0.0.0/8", "::1"), connect=nowhere)(f"http://127.0.0.1:{web.port}/")


def test_the_next_address_is_tried_where_one_is_not_reached(web: Web):
    web.names["example.org"] = [OTHER, PUBLIC]
    web.does["/"] = lambda handler: handler.says(b"there")

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        if address[0] == OTHER:
            raise OSError(101, "Network is unreachable")
        return web.connect(address, timeout)

    assert web.fetching(connect=connect)("http://example.org/").body == b"there"


# What leaves


def test_nothing_is_told_but_who_asks(web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / ".netrc").write_text("machine example.org login anna password geheim\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    web.does |= {
        "/": lambda handler: handler.says(status=302, Location="/b", Set_Cookie="a=b"),
        "/b": lambda handler: handler.says(b"there"),
    }

    web.fetching()("http://example.org/")

    assert [headers for _, headers in web.asked] == [
        {
            "host": "example.org",
            "user-agent": f"Termbell/{__version__}",
            "accept-encoding": "identity",
        }
    ] * 2


def test_a_certificate_has_to_be_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with hostile_servers(tmp_path) as servers:

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            return socket.create_connection(("127.0.0.1", servers.smtp), timeout)

        fetching = Fetching(resolve=lambda host, port: [PUBLIC], connect=connect, seconds=5)
        with pytest.raises(NotFetched, match="self-signed certificate"):
            fetching("https://example.org/")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(servers.ca))
        with pytest.raises(NotFetched, match=r"[Hh]ostname mismatch"):
            fetching("https://example.org/")
        with pytest.raises(
            NotFetched, match="no HTTP"
        ):  # a mail server, whose certificate is right
            fetching("https://127.0.0.1/")


# How much, and how long


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"10000\r\n" + bytes(65_536) + b"\r\n")


def lies_about_its_length(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    handler.wfile.write(bytes(2_000_000))


def packed(body: bytes, encoding: str) -> Behaviour:
    return lambda handler: handler.says(body, Content_Encoding=encoding)


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda handler: handler.says(bytes(1_000_001)),
        endless,
        lies_about_its_length,
        packed(gzip.compress(bytes(300_000_000)), "gzip"),
        packed(zlib.compress(bytes(300_000_000)), "deflate"),
        packed(gzip.compress(bytes(300_000_000)), "X-GZip"),
    ],
    ids=["too long", "endless", "no length", "gzip bomb", "deflate bomb", "x-gzip bomb"],
)
def test_no_more_is_taken_than_may_be_also_after_it_was_unpacked(web: Web, behaviour: Behaviour):
    web.does["/"] = behaviour
    started = time.monotonic()

    with pytest.raises(NotFetched, match="it has more than 1 MB"):
        web.fetching(size=1_000_000)("http://example.org/")

    assert time.monotonic() - started < 2


def test_what_is_packed_all_the_same_is_unpacked(web: Web):
    web.does |= {
        "/gzip": packed(gzip.compress(b"a door" * 50_000), "gzip"),
        "/deflate": packed(zlib.compress(b"a door"), "deflate"),
    }

    assert web.fetching()("http://example.org/gzip").body == b"a door" * 50_000
    assert web.fetching()("http://example.org/deflate").body == b"a door"


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (packed(b"?", "br"), "packed in a way that we do not know: br"),
        (
            packed(gzip.compress(gzip.compress(bytes(10))), "gzip, gzip"),
            "packed in a way that we do not know: gzip, gzip",
        ),
        (packed(gzip.compress(bytes(1000))[:-9], "gzip"), "it came only in part"),
        (packed(b"no gzip", "gzip"), "the connection broke or the answer was no HTTP"),
        (
            lambda handler: handler.says(b"a", Content_Length="10", Connection="close"),
            "the connection broke",
        ),
        (lambda handler: handler.says(b"no", 404), "example.org answers 404"),
        (lambda handler: handler.says(b"", 204), "example.org answers 204"),
        (lambda handler: handler.wfile.write(b"\x1b]52;c;aGk=\x07 no HTTP\r\n\r\n"), "no HTTP"),
    ],
)
def test_half_an_answer_and_none_are_said(web: Web, behaviour: Behaviour, why: str):
    def ends(handler: Handler) -> None:
        handler.close_connection = True
        behaviour(handler)

    web.does["/"] = ends

    with pytest.raises(NotFetched, match=why):
        web.fetching()("http://example.org/")


def drips(first: bytes) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.wfile.write(first)
        while True:
            handler.wfile.write(b"x")
            time.sleep(0.05)

    return behave


@pytest.mark.parametrize(
    "behaviour",
    [
        drips(b""),
        drips(b"HTTP/1.1 200 OK\r\nX-Long: "),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
        lambda handler: handler.rfile.read(1),
    ],
    ids=["no head", "half a head", "a length", "no length", "silence"],
)
def test_an_answer_that_drips_ends_when_its_time_is_over(web: Web, behaviour: Behaviour):
    web.does["/"] = behaviour
    started = time.monotonic()

    with pytest.raises(NotFetched, match=r"it took longer than 0\.4 s"):
        web.fetching(seconds=0.4)("http://example.org/")

    assert time.monotonic() - started < 1.5


def test_redirects_share_the_time(web: Web):
    def later(handler: Handler) -> None:
        time.sleep(0.3)
        handler.says(status=302, Location="/")

    web.does["/"] = later
    started = time.monotonic()

    with pytest.raises(NotFetched, match="longer than"):
        web.fetching(seconds=0.5)("http://example.org/")

    assert time.monotonic() - started < 1.5


def test_a_handshake_that_stalls_ends_when_its_time_is_over():
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            return socket.create_connection(silent.getsockname(), timeout)

        made: Connect = connect
        with pytest.raises(NotFetched, match="longer than"):
            Fetching(resolve=lambda host, port: [PUBLIC], connect=made, seconds=0.4)(
                "https://example.org/"
            )
