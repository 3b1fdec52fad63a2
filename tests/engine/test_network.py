"""Sending, against a real server on 127.0.0.1 that answers well or breaks off on purpose."""

import gzip
import json
import socket
import ssl
import struct
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from platforms.base import (
    DOUBLES,
    HARMLESS,
    Account,
    Ask,
    InDoubt,
    LoginNeeded,
    PublishError,
    Rejected,
    Repeat,
    Request,
    Response,
    Secrets,
    TryLater,
    basic,
    in_url,
    is_json_or_words,
    unsigned,
)
from scheduler import __version__
from scheduler.config import ConfiguredAccount
from scheduler.engine.credentials import Trial
from scheduler.engine.http import KEPT, surely_not_sent
from scheduler.engine.judging import judged, wait_asked_for, what_it_said
from scheduler.engine.network import Network, Networks, wire
from scheduler.engine.rehearsal import shown
from scheduler.problems import Place
from scheduler.store import WrongStatus
from tests.engine.support import a_platform
from tests.support import an_image

NOW = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
ACCOUNT = Account(name="fediverse", platform="x")
TOKEN = {"token": "tok-5ecret"}
ALL = {"images": {}, "note": "Grüße 🎒"}
Behaviour = Callable[["Handler"], None]


@dataclass
class Arrived:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    port: int  # the client's: of the connection it came by


@dataclass
class Server:
    """Behaves as the list says, one request after the other; the last for all that follow."""

    url: str = ""
    behaviours: list[Behaviour] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)

    def behave(self, *behaviours: Behaviour) -> None:
        self.behaviours[:] = behaviours

    def next(self) -> Behaviour:
        return self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Http"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return lambda: self.server.told.next()(self)
        raise AttributeError(name)

    def read(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.told.arrived.append(
            Arrived(self.command, self.path, headers, body, self.client_address[1])
        )

    def log_message(self, format: str, *args: object) -> None:
        pass


class Http(ThreadingHTTPServer):
    told: Server

    def handle_error(self, request: object, client_address: object) -> None:
        pass


def answers(status: int = 200, body: bytes = b'{"id": "1"}', **headers: str) -> Behaviour:
    def behave(handler: Handler) -> None:
        handler.read()
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return behave


def resets(handler: Handler) -> None:
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def reads_and_resets(handler: Handler) -> None:
    handler.read()
    resets(handler)


def reads_and_hangs_up(handler: Handler) -> None:
    handler.read()
    handler.close_connection = True


def answers_half(handler: Handler) -> None:
    handler.read()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    handler.close_connection = True


def answers_half_a_chunk(handler: Handler) -> None:
    handler.read()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{")
    handler.close_connection = True


def answers_no_http(handler: Handler) -> None:
    handler.read()
    handler.wfile.write(b"hello?\r\n")
    handler.close_connection = True


def answers_two_lengths(handler: Handler) -> None:
    handler.read()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\n{}")
    handler.close_connection = True


def stalls(handler: Handler) -> None:
    handler.read()
    handler.rfile.read(1)  # until the other side gives up


BROKEN = (
    resets,
    reads_and_resets,
    reads_and_hangs_up,
    answers_half,
    answers_half_a_chunk,
    answers_no_http,
    answers_two_lengths,
    stalls,
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    told = Server(behaviours=[answers()])
    with Http(("127.0.0.1", 0), Handler) as http:
        http.told = told
        http.daemon_threads = True
        told.url = f"http://127.0.0.1:{http.server_port}"
        threading.Thread(
            target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        ).start()
        yield told
        http.shutdown()


def network(
    timeout: float = 5.0,
    secrets: Secrets = TOKEN,
    pauses: list[float] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    **platform: Any,
) -> Network:
    waited = [] if pauses is None else pauses
    made = a_platform(**{"secrets": tuple(secrets), **platform})
    return Network(
        ACCOUNT,
        made,
        Trial(secrets),
        timeout,
        sleep=waited.append,
        now=lambda: NOW,
        monotonic=monotonic,
    )


def a_request(server: Server, repeat: Repeat = DOUBLES, **changes: Any) -> Request:
    return replace(
        Request(
            step="status",
            method="POST",
            url=f"{server.url}/posts",
            json={"text": "Hi"},
            repeat=repeat,
        ),
        **changes,
    )


# What leaves


def test_json_leaves_as_compact_utf8_signed_and_named(server: Server):
    network()(a_request(server, json=ALL, headers={"Idempotency-Key": "7f3a"}))

    (arrived,) = server.arrived
    assert arrived.body.decode() == '{"images":{},"note":"Grüße 🎒"}'
    assert arrived.headers == {
        "host": server.url[7:],
        "accept-encoding": "identity",
        "user-agent": f"Termbell/{__version__}",
        "idempotency-key": "7f3a",
        "content-type": "application/json",
        "content-length": str(len(arrived.body)),
        "authorization": "Bearer tok-5ecret",
    }


def test_a_form_leaves_urlencoded_and_with_files_as_multipart(server: Server, tmp_path: Path):
    door = an_image(tmp_path)
    network()(a_request(server, json=None, form={"text": "a & b", "n": "ü"}))
    network()(a_request(server, json=None, form={"description": "Tür"}, files={"file": door}))

    form, multipart = server.arrived
    assert (form.headers["content-type"], form.body) == (
        "application/x-www-form-urlencoded",
        b"text=a+%26+b&n=%C3%BC",
    )
    boundary = multipart.headers["content-type"].partition("boundary=")[2]
    assert (
        multipart.body
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="description"\r\n\r\nTür\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{door.name}"\r\nContent-Type: image/png\r\n\r\n'
        ).encode()
        + door.file.read_bytes()
        + f"\r\n--{boundary}--\r\n".encode()
    )


def test_a_file_or_bytes_leave_as_they_are(server: Server, tmp_path: Path):
    door = an_image(tmp_path)
    network()(a_request(server, json=None, body=door))
    network()(
        a_request(server, json=None, body=b"\0\1", headers={"content-type": "application/x-two"})
    )
    network()(a_request(server, json=None))

    picture, raw, empty = server.arrived
    assert (picture.headers["content-type"], picture.body) == ("image/png", door.file.read_bytes())
    assert (raw.headers["content-type"], raw.body) == ("application/x-two", b"\0\1")
    assert (empty.headers["content-length"], empty.body) == ("0", b"")


def test_a_body_of_many_pieces_arrives_whole(server: Server):
    body = bytes(range(256)) * 4096
    network()(a_request(server, json=None, body=body))

    assert server.arrived[0].body == body


def test_what_the_dry_run_shows_is_what_leaves_the_secrets_apart(server: Server, tmp_path: Path):
    requests = [
        a_request(server, url=f"{server.url}/posts?q=a b&u=ü%20x", json=ALL),
        a_request(server, json=None, form={"a": "1"}, files={"file": an_image(tmp_path)}),
    ]
    ask = network()
    for request in requests:
        ask(request)

    for request, arrived in zip(requests, server.arrived, strict=True):
        plain, leaves = shown(request, ask.platform), wire(request)
        headers = {
            name.lower(): value.replace("•••", TOKEN["token"])
            for name, value in plain["headers"].items()
        }  # type: ignore[attr-defined]
        added = {"host", "accept-encoding", "content-length"}
        assert headers == {
            name: value for name, value in arrived.headers.items() if name not in added
        }
        assert (plain["method"], plain["url"], leaves.body) == (
            arrived.method,
            server.url + arrived.path,
            arrived.body,
        )


def test_the_same_request_makes_the_same_bytes_whatever_the_secret(tmp_path: Path):
    request = Request(
        step="upload",
        method="POST",
        url="https://x.test/{token}",
        form={"a": "1"},
        files={"file": an_image(tmp_path)},
    )

    bodies = {wire(in_url(request, {"token": token}), request).body for token in ("one", "two")}

    assert bodies == {wire(request).body}


def test_an_anonymous_request_leaves_without_credentials(server: Server):
    network()(a_request(server, anonymous=True))

    assert "authorization" not in server.arrived[0].headers


def test_a_request_waits_as_long_as_it_says(server: Server):
    pauses: list[float] = []
    network(pauses=pauses)(a_request(server, after=2.0))
    network(pauses=pauses)(a_request(server))

    assert pauses == [2.0]


def test_a_file_that_is_gone_is_worth_another_try(server: Server, tmp_path: Path):
    door = an_image(tmp_path)
    door.file.unlink()

    with pytest.raises(TryLater, match=r"x 'status' was not sent: .*door\.png"):
        network()(a_request(server, json=None, body=door))


@pytest.mark.parametrize("token", ["•••", "two\nlines"])
def test_a_secret_that_no_header_can_hold_is_said_and_not_shown(server: Server, token: str):
    with pytest.raises(Rejected, match="cannot be sent") as refused:
        network(secrets={"token": token})(a_request(server))

    assert token not in str(refused.value)
    assert server.arrived == []


@pytest.mark.parametrize(
    "url", ["example.org/hook", "gopher://example.org", "https://", "http://[::1"]
)
def test_an_address_that_is_none_is_refused(url: str):
    with pytest.raises(PublishError, match="'status'"):
        network(sign=in_url, secrets={"webhook": url})(Request(step="status", url="{webhook}"))


# Connections


def test_what_follows_at_once_leaves_by_the_same_connection(server: Server):
    ask = network()
    ask(a_request(server, HARMLESS))
    ask(a_request(server))

    upload, status = server.arrived
    assert upload.port == status.port


def test_an_answer_that_is_packed_although_nobody_asked_is_read_whole(server: Server):
    story = b"Once upon a time. " * 20_000
    server.behave(answers(body=gzip.compress(story), Content_Encoding="gzip"))

    assert network()(a_request(server)).body == story


def test_a_connection_that_has_idled_is_not_trusted_with_a_post(server: Server):
    times = iter([0.0, 0.0, KEPT, KEPT])
    ask = network(monotonic=lambda: next(times))
    ask(a_request(server, HARMLESS))
    ask(a_request(server))

    upload, status = server.arrived
    assert upload.port != status.port


def test_a_connection_that_the_server_has_closed_puts_nothing_in_doubt(server: Server):
    closed = threading.Event()

    def answers_and_closes(handler: Handler) -> None:
        answers()(handler)
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True
        closed.set()

    server.behave(answers_and_closes, answers())
    ask = network()
    ask(a_request(server, HARMLESS))
    assert closed.wait(5)

    assert ask(a_request(server)).status == 200


def test_an_account_keeps_its_network_until_it_is_configured_anew(server: Server):
    networks = Networks(Trial(TOKEN), 5.0)
    configured = ConfiguredAccount(
        account=ACCOUNT, platform=a_platform(), place=Place("config.yaml", 3)
    )
    moved = replace(configured, account=replace(ACCOUNT, settings={"server": "https://other.test"}))

    assert networks.of(configured) is networks.of(configured)
    assert networks.of(moved).account.settings == {"server": "https://other.test"}


# What comes back


def test_header_names_are_lower_case(server: Server):
    server.behave(answers(201, b"", X_RestLi_Id="urn:li:share:7"))

    response = network()(a_request(server))

    assert (response.status, response.headers["x-restli-id"], response.body) == (
        201,
        "urn:li:share:7",
        b"",
    )


def test_cookies_are_not_kept(server: Server):
    server.behave(answers(Set_Cookie="session=1"))
    ask = network()
    ask(a_request(server))
    ask(a_request(server))

    assert "cookie" not in server.arrived[1].headers


def test_a_read_follows_a_redirect_and_a_post_does_not(server: Server):
    server.behave(answers(302, b"", Location="/there"), answers())
    found = network()(a_request(server, HARMLESS, method="GET", json=None))

    assert [one.path for one in server.arrived] == ["/posts", "/there"]
    assert found.url == f"{server.url}/there"
    assert "/there" not in repr(found), "an address may be secret"
    assert server.arrived[1].headers["authorization"] == "Bearer tok-5ecret"

    server.behave(answers(302, b"", Location="/there"))
    with pytest.raises(InDoubt, match="with 302: redirected to another page"):
        network()(a_request(server))


def test_a_redirect_to_another_server_carries_no_secret(server: Server):
    server.behave(
        answers(302, b"", Location=server.url.replace("127.0.0.1", "localhost") + "/elsewhere"),
        answers(),
    )

    network()(a_request(server, HARMLESS, method="GET", json=None))

    assert "authorization" not in server.arrived[1].headers


def test_a_circle_of_redirects_ends(server: Server):
    server.behave(answers(302, b"", Location="/posts"))

    with pytest.raises(TryLater, match="redirected 5 times"):
        network()(a_request(server, HARMLESS, method="GET", json=None))


@pytest.mark.parametrize("broken", BROKEN)
def test_what_left_and_was_not_answered_is_doubt_when_readers_may_see_it(
    server: Server, broken: Behaviour
):
    server.behave(broken)

    with pytest.raises(InDoubt, match=r"^x 'status' was sent and never answered \(.+\)$"):
        network(timeout=0.2)(a_request(server))

    assert len(server.arrived) <= 1


@pytest.mark.parametrize("broken", BROKEN)
def test_what_left_and_was_not_answered_is_tried_later_when_nobody_sees_it(
    server: Server, broken: Behaviour
):
    server.behave(broken)

    with pytest.raises(TryLater, match=r"^x 'status' was not answered \(.+\)$"):
        network(timeout=0.2)(a_request(server, HARMLESS))


def test_a_connection_that_breaks_while_a_big_body_is_sent_is_doubt(server: Server):
    server.behave(resets)

    with pytest.raises(InDoubt):
        network()(a_request(server, json=None, body=bytes(20_000_000)))


def test_after_a_broken_exchange_the_next_one_is_judged_by_itself(server: Server):
    """Asked from within an `except`, as an adapter may, where Python chains the errors."""
    server.behave(reads_and_resets)
    ask = network()

    def twice() -> None:
        try:
            ask(a_request(server, url="http://127.0.0.1:1/"))
        except TryLater:
            ask(a_request(server))

    with pytest.raises(InDoubt):
        twice()


def test_a_server_that_cannot_be_reached_surely_got_nothing(server: Server):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(
        TryLater,
        match=r"x 'status' was not sent: 127\.0\.0\.1 cannot be reached \(Connection refused\)",
    ):
        network()(a_request(server, url=f"http://127.0.0.1:{port}/"))


def test_a_name_that_nobody_knows_surely_got_nothing(server: Server):
    with pytest.raises(TryLater, match=r"cannot be reached \(no server of that name is known\)"):
        network()(a_request(server, url="http://nobody.invalid/"))


def test_a_server_without_tls_surely_got_nothing(server: Server):
    with pytest.raises(TryLater, match=r"was not sent: 127\.0\.0\.1 cannot be reached"):
        network()(a_request(server, url=server.url.replace("http:", "https:")))


def test_a_handshake_that_stalls_or_breaks_surely_let_nothing_out(server: Server):
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(TryLater, match=r"cannot be reached \(timed out\)"),
    ):
        network(timeout=0.2)(a_request(server, url=f"https://127.0.0.1:{silent.getsockname()[1]}/"))


def test_a_proxy_that_cannot_be_reached_surely_got_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    with pytest.raises(TryLater, match="cannot be reached"):
        network()(a_request(server))

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    network()(a_request(server))


def test_a_tls_fault_after_the_request_was_sent_is_doubt():
    assert not surely_not_sent(ssl.SSLError(1, "[SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED]"))


def test_no_error_shows_a_secret_address(server: Server):
    secret = {"webhook": "http://127.0.0.1:1/hooks/5ecret"}

    with pytest.raises(TryLater) as unreachable:
        network(secrets=secret, sign=in_url)(a_request(server, url="{webhook}?wait=true"))

    assert "5ecret" not in str(unreachable.value)


def test_a_server_that_repeats_the_secret_is_not_quoted_with_it(server: Server):
    server.behave(answers(403, b'{"error": "tok-5ecret may not do this"}'))

    with pytest.raises(Rejected, match="with 403: ••• may not do this"):
        network()(a_request(server))


def test_a_secret_is_hidden_before_a_long_answer_is_cut_short(server: Server):
    server.behave(answers(403, b'{"error": "' + b"x" * 193 + b' tok-5ecret"}'))

    with pytest.raises(Rejected) as refused:
        network()(a_request(server))

    assert str(refused.value).endswith("x •••")
    assert refused.value.response
    assert b"5ecret" not in refused.value.response.body


@pytest.mark.parametrize("secret", ["tok-5ecret", 'tok"5ecret ü'])
def test_an_answer_is_used_and_kept_without_the_secret_that_it_repeats(server: Server, secret: str):
    told = {
        "id": "1",
        "you_sent": f"Bearer {secret}",
        "basic": b64encode(f"ada:{secret}".encode()).decode(),
    }
    server.behave(answers(200, json.dumps(told).encode(), X_Token=quote(secret)))

    response = network(secrets={"token": secret}, sign=unsigned)(a_request(server))

    assert response.json() == {
        "id": "1",
        "you_sent": "Bearer •••",
        "basic": response.json()["basic"],
    }
    assert "•••" in response.json()["basic"]
    assert response.headers["x-token"] == "•••"


def test_a_users_name_and_a_short_password_stay_in_an_answer(server: Server):
    server.behave(answers(200, b'{"id": "test", "url": "https://anna-berger.example.org/1"}'))

    response = network(secrets={"user": "anna-berger", "password": "test"}, sign=basic)(
        a_request(server)
    )

    assert response.json() == {"id": "test", "url": "https://anna-berger.example.org/1"}


# Sessions


def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
    """As Bluesky's: renews, and where that is refused signs in anew."""
    if "refresh" in secrets:
        try:
            answer = ask(
                Request(
                    step="renew",
                    method="POST",
                    url=f"{secrets['server']}/renew",
                    headers={"Authorization": "Bearer {refresh}"},
                )
            )
            return {"token": answer.json()["id"], "refresh": "r2"}
        except LoginNeeded:
            pass
    answer = ask(
        Request(
            step="sign in",
            method="POST",
            url=f"{secrets['server']}/login",
            json={"password": "{password}"},
        )
    )
    return {"token": answer.json()["id"], "refresh": "r1"}


def in_session(server: Server, **made: str) -> tuple[Network, Trial]:
    trial = Trial({"password": "pass-5ecret", "server": server.url})
    trial.made = made
    return Network(
        ACCOUNT, a_platform(session=session, secrets=("password",)), trial, 5.0, now=lambda: NOW
    ), trial


# The fence


def test_the_fence_is_asked_when_the_connection_stands_and_before_the_body_leaves(server: Server):
    arrived_then = []

    network()(
        a_request(
            server, json={"text": "Hi"}, fence=lambda: arrived_then.append(len(server.arrived))
        )
    )

    assert arrived_then == [0]
    assert server.arrived[0].body == b'{"text":"Hi"}'


def test_what_the_fence_holds_back_does_not_arrive(server: Server):
    def closed() -> None:
        raise WrongStatus("another has it")

    with pytest.raises(WrongStatus):
        network()(a_request(server, json={"text": "Hi"}, fence=closed))

    network()(a_request(server, json={"text": "the next"}))
    assert [one.body for one in server.arrived if one.body] == [b'{"text":"the next"}']


def test_the_fence_of_a_server_that_cannot_be_reached_is_not_asked():
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]

    with pytest.raises(TryLater):
        network()(
            Request(
                step="status",
                method="POST",
                url=f"http://127.0.0.1:{port}/posts",
                json={},
                fence=lambda: asked.append(1),
            )
        )

    assert asked == []


def test_a_status_that_the_adapter_accepts_is_an_answer(server: Server):
    ask, _ = in_session(server, token="t")
    server.behave(answers(status=308, Range="bytes=0-41"))

    answer = ask(
        Request(step="part", method="PUT", url=f"{server.url}/upload", body=b"x", accepts=(308,))
    )

    assert (answer.status, answer.headers["range"]) == (308, "bytes=0-41")


def test_a_first_request_signs_in_and_the_session_is_kept(server: Server):
    ask, kept = in_session(server)
    ask(a_request(server))
    ask(a_request(server))

    assert [one.path for one in server.arrived] == ["/login", "/posts", "/posts"]
    assert server.arrived[0].body == b'{"password":"pass-5ecret"}'
    assert server.arrived[1].headers["authorization"] == "Bearer 1"
    assert kept.made == {"token": "1", "refresh": "r1"}


def test_a_refused_session_is_renewed_once_and_the_request_sent_again(server: Server):
    ask, kept = in_session(server, token="old", refresh="r0")
    server.behave(answers(401), answers(200, b'{"id": "new"}'), answers())
    ask(a_request(server))

    assert [one.path for one in server.arrived] == ["/posts", "/renew", "/posts"]
    assert [one.headers["authorization"] for one in server.arrived] == [
        "Bearer old",
        "Bearer r0",
        "Bearer new",
    ]
    assert kept.made["refresh"] == "r2"


def test_a_session_that_cannot_be_renewed_is_made_anew(server: Server):
    ask, _ = in_session(server, token="old", refresh="r0")
    server.behave(answers(401), answers(401), answers())
    ask(a_request(server))

    assert [one.path for one in server.arrived] == ["/posts", "/renew", "/login", "/posts"]


def test_a_session_that_lasts_so_many_seconds_is_kept_with_its_end(server: Server):
    trial = Trial({"password": "p"})
    platform = a_platform(
        session=lambda account, secrets, ask: {"token": "new", "expires_in": "7200"},
        secrets=("password",),
    )
    server.behave(answers())

    Network(ACCOUNT, platform, trial, 5.0, now=lambda: NOW)(
        Request(step="post", url=f"{server.url}/posts")
    )

    assert trial.made == {
        "token": "new",
        "ends": (NOW + timedelta(hours=2)).isoformat(timespec="seconds"),
    }


def test_a_session_is_renewed_before_its_end(server: Server):
    soon = (NOW + timedelta(seconds=30)).isoformat()
    ask, _ = in_session(server, token="old", refresh="r0", ends=soon)
    server.behave(answers(200, b'{"id": "new"}'), answers())

    ask(a_request(server))

    assert [one.path for one in server.arrived] == ["/renew", "/posts"]


@pytest.mark.parametrize(
    ("ended", "renewed"),
    [(timedelta(days=2), ["/renew"]), (timedelta(hours=2), []), (-timedelta(days=9), [])],
)
def test_a_sign_in_that_nobody_uses_is_renewed_now_and_then(
    ended: timedelta, renewed: list[str], server: Server
):
    ask, kept = in_session(server, token="old", refresh="r0", ends=(NOW - ended).isoformat())
    server.behave(answers(200, b'{"id": "new"}'))

    ask.stay_signed_in()

    assert [one.path for one in server.arrived] == renewed
    assert kept.made["token"] == ("new" if renewed else "old")


def test_a_refresh_token_is_used_by_one_at_a_time(server: Server):
    ask, kept = in_session(server, token="old", refresh="r0")
    server.behave(answers(401), answers())
    taken = kept.renewing

    @contextmanager
    def renewed_by_another(account: str) -> Iterator[object]:
        with taken(account) as lock:
            kept.keep_session(account, {"token": "another's", "refresh": "r9"})
            yield lock

    kept.renewing = renewed_by_another  # type: ignore[method-assign]
    ask(a_request(server))

    assert [one.path for one in server.arrived] == ["/posts", "/posts"]
    assert server.arrived[1].headers["authorization"] == "Bearer another's"


def test_what_can_be_traded_for_no_session_leaves_itself_and_nothing_is_kept(server: Server):
    trial = Trial({"token": "pasted"})
    server.behave(answers(), answers(), answers(401))
    ask = Network(
        ACCOUNT,
        a_platform(session=lambda account, secrets, ask: {}, secrets=("token",)),
        trial,
        5.0,
    )
    ask(a_request(server))

    trial.values = {"token": "another"}
    ask(a_request(server))
    with pytest.raises(LoginNeeded):
        ask(a_request(server))

    assert [one.headers["authorization"] for one in server.arrived] == [
        "Bearer pasted",
        "Bearer another",
        "Bearer another",
    ]
    assert trial.made == {}


def test_neither_what_a_session_came_of_nor_the_session_is_quoted(server: Server):
    ask, _ = in_session(server)
    server.behave(
        answers(200, b'{"id": "made-5ecret"}'),
        answers(403, b'{"error": "made-5ecret came of pass-5ecret"}'),
    )

    with pytest.raises(Rejected, match="with 403: ••• came of •••"):
        ask(a_request(server))


def test_an_anonymous_answer_is_not_quoted_with_a_secret_either(server: Server):
    server.behave(answers(200, b'{"id": "tok-5ecret"}'))

    assert network()(a_request(server, anonymous=True)).json() == {"id": "•••"}


def test_a_new_session_that_is_refused_is_not_renewed(server: Server):
    ask, _ = in_session(server)
    server.behave(answers(), answers(401, b"{}"))

    with pytest.raises(LoginNeeded, match="termbell login fediverse"):
        ask(a_request(server))

    assert [one.path for one in server.arrived] == ["/login", "/posts"]


def test_a_login_that_breaks_off_leaves_no_doubt_about_the_post(server: Server):
    ask, _ = in_session(server)
    server.behave(reads_and_resets)

    with pytest.raises(TryLater, match="'sign in' was not answered"):
        ask(a_request(server))


# What an answer means


def verdict(
    status: int,
    body: bytes = b"",
    repeat: Repeat = DOUBLES,
    headers: dict[str, str] | None = None,
    example: Any = None,
    **platform: Any,
) -> PublishError:
    response = Response(status=status, headers=headers or {}, body=body)
    with pytest.raises(PublishError) as raised:
        judged(
            response,
            Request(step="status", url="https://x.test", repeat=repeat, example=example),
            a_platform(**platform),
            "fediverse",
            NOW,
        )
    assert raised.value.response is response
    return raised.value


@pytest.mark.parametrize(
    ("status", "visible", "harmless"),
    [
        (301, InDoubt, TryLater),
        (400, Rejected, Rejected),
        (401, LoginNeeded, LoginNeeded),
        (403, Rejected, Rejected),
        (404, Rejected, Rejected),
        (408, InDoubt, TryLater),
        (422, Rejected, Rejected),
        (425, InDoubt, TryLater),
        (429, TryLater, TryLater),
        (500, InDoubt, TryLater),
        (502, InDoubt, TryLater),
        (503, InDoubt, TryLater),
        (504, InDoubt, TryLater),
    ],
)
def test_a_status_says_what_may_be_done_next(
    status: int, visible: type[PublishError], harmless: type[PublishError]
):
    own = b'{"error": "no"}'

    assert type(verdict(status, own)) is visible
    assert type(verdict(status, own, repeat=HARMLESS)) is harmless


PAGE = b"<!DOCTYPE html><html><title>Blocked</title><p>Ask the office</p></html>"
NOT_OWN = (PAGE, b"Forbidden", b"", b'"no"', b"\xff\xfe")


@pytest.mark.parametrize("body", NOT_OWN)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 413, 422, 429, 451])
def test_a_refusal_that_is_not_the_platforms_own_leaves_doubt(status: int, body: bytes):
    """A filter or a proxy may say no after the platform has published."""
    assert type(verdict(status, body)) is InDoubt


@pytest.mark.parametrize("status", [403, 404, 429])
def test_a_web_page_in_place_of_the_platform_is_a_passing_fault_where_nobody_sees_the_request(
    status: int,
):
    assert type(verdict(status, PAGE, repeat=HARMLESS)) is TryLater


@pytest.mark.parametrize("body", NOT_OWN)
def test_credentials_that_are_refused_are_refused_whoever_says_so(body: bytes):
    """With them nothing was done: some servers say it without a word (snac)."""
    assert type(verdict(401, body)) is LoginNeeded


def test_a_platform_may_refuse_in_plain_words():
    words = is_json_or_words

    assert type(verdict(400, b"invalid_payload", is_own_error=words)) is Rejected
    assert type(verdict(429, b"slow down", is_own_error=words)) is TryLater
    assert type(verdict(400, b"<p>invalid_payload", is_own_error=words)) is InDoubt
    assert type(verdict(400, b"x" * 2000, is_own_error=words)) is InDoubt
    assert type(verdict(400, b"", is_own_error=words)) is InDoubt


# Refused logins


@pytest.mark.parametrize("status", [400, 403, 422])
@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"Invalid Bearer token", {}),
        (b'{"error": "invalid_token", "error_description": "It was revoked"}', {}),
        (b'{"error": "ExpiredToken", "message": "Log in"}', {}),
        (b'{"code": "EXPIRED_ACCESS_TOKEN", "message": "x"}', {}),
        (b'{"error": "The access token is invalid or has expired."}', {}),
        (b'{"errors": [{"message": "Token has been revoked"}]}', {}),
        (b"<html><body><h1>Authentication failed</h1></body></html>", {}),
        (b"", {"www-authenticate": 'Bearer realm="x", error="invalid_token"'}),
    ],
)
@pytest.mark.parametrize("repeat", [DOUBLES, HARMLESS])
def test_a_refused_token_is_a_refused_login_whatever_the_status(
    status: int, body: bytes, headers: dict[str, str], repeat: Repeat
):
    assert type(verdict(status, body, repeat, headers)) is LoginNeeded


@pytest.mark.parametrize(
    "words",
    [
        "Invalid token '<' in the text at position 5",
        "Your text mentions an invalid access token",
        "The upload token has expired",
        "The text has too many tokens",
        "Token expired: write the date as YYYY-MM-DD",
        "tokens must be valid",
    ],
)
def test_a_refused_post_that_speaks_of_a_token_is_a_refused_post(words: str):
    assert type(verdict(422, json.dumps({"error": words}).encode())) is Rejected


def test_a_platforms_own_meaning_of_a_code_goes_before_the_usual_one():
    body = b'{"error": "invalid_token"}'

    assert type(verdict(400, body, errors={"invalid_token": TryLater})) is TryLater


def test_a_challenge_without_an_error_says_nothing_of_the_token():
    """As on a 403 for a post that this token may not make."""
    challenge = {"www-authenticate": 'Bearer realm="x"'}

    assert type(verdict(403, b'{"error": "no"}', headers=challenge)) is Rejected


# Answers that are not as documented


@pytest.mark.parametrize(
    "body", [PAGE, b"", b"null", b"[]", b"{}", b'"ok"', b"7", b'[{"id": "1"}]', b'{"id": ']
)
def test_an_answer_that_is_not_as_documented_leaves_doubt(body: bytes):
    fault = verdict(200, body, example={"id": "1"})

    assert type(fault) is InDoubt
    assert str(fault).startswith("x answered 'status' with 200, but not as documented (")


@pytest.mark.parametrize("body", [PAGE, b"", b"null", b"[]", b'"ok"', b'{"id": '])
def test_it_is_a_passing_fault_where_nobody_sees_the_request(body: bytes):
    fault = verdict(200, body, HARMLESS, example={"id": "1"})

    assert type(fault) is TryLater
    assert str(fault).startswith("x answered 'status' with 200, but not as documented (")


@pytest.mark.parametrize(
    ("example", "response"),
    [
        ({"id": "1"}, Response(body=b'{"id": 2, "more": []}')),
        ({"items": []}, Response(body=b'{"x": 1}')),
        ([], Response(body=b"[1]")),
        ({}, Response()),
        ({}, Response(status=204)),
        (None, Response(body=PAGE)),
        (Response(body=b"ok"), Response(body=b"ok", headers={"content-type": "text/html"})),
        (Response(body=b"ok"), Response(body=b"OK - 1234")),
        (
            Response(status=201, headers={"location": "https://x.test/1"}),
            Response(status=201, headers={"location": "https://x.test/2"}, body=PAGE),
        ),
        (Response(headers={"content-type": "text/html"}), Response(body=PAGE)),
        (
            Response.of({"id": "1"}, 201),
            Response(body=b'{"id": "<p>"}', headers={"content-type": "text/html"}),
        ),
    ],
)
def test_an_answer_of_the_documented_form_is_used(example: Any, response: Response):
    request = Request(step="status", url="https://x.test", example=example)

    assert judged(response, request, a_platform(), "fediverse", NOW) is response


@pytest.mark.parametrize(
    "example",
    [
        Response(body=b"ok"),
        Response(status=202, headers={"x-run": "1"}),
        Response.of({"id": "1"}, 201),
    ],
)
def test_a_web_page_is_never_taken_for_another_answer(example: Response):
    assert type(verdict(200, PAGE, example=example)) is InDoubt
    assert type(verdict(200, PAGE, HARMLESS, example=example)) is TryLater


@pytest.mark.parametrize("example", [{"id": "1"}, [], Response.of({"id": "1"}, 201)])
def test_json_is_asked_for_where_it_is_documented(server: Server, example: Any):
    server.behave(answers(body=b"[]" if example == [] else b'{"id": "1"}'))

    network()(a_request(server, example=example))
    network()(a_request(server, example=example, headers={"accept": "application/x"}))

    assert [one.headers["accept"] for one in server.arrived] == [
        "application/json",
        "application/x",
    ]


def test_json_is_not_asked_for_where_something_else_is_documented(server: Server):
    network()(a_request(server, HARMLESS, example=Response(body=b"<Key>1</Key>")))

    assert "accept" not in server.arrived[0].headers


def test_a_read_that_is_led_to_a_login_page_is_a_passing_fault(server: Server):
    server.behave(
        answers(302, b"", Location="/login"), answers(body=PAGE, Content_Type="text/html")
    )

    with pytest.raises(TryLater, match=r"'status' with 200, .*web page: Blocked Ask the office"):
        network()(a_request(server, HARMLESS, method="GET", json=None, example={"id": "1"}))


def test_a_redirect_names_the_server_it_leads_to_and_no_more(server: Server):
    server.behave(answers(302, b"", Location="https://login.x.test/in?ticket=abc"))

    with pytest.raises(TryLater, match=r"with 302: redirected to https://login\.x\.test$"):
        network()(a_request(server, HARMLESS))


@pytest.mark.parametrize("body", [PAGE, b"{}", b"[]"])
def test_a_login_whose_answer_cannot_be_read_is_tried_later(server: Server, body: bytes):
    ask, kept = in_session(server)
    server.behave(answers(body=body))

    with pytest.raises(TryLater, match="answered the login not as documented"):
        ask(a_request(server))

    assert kept.made == {}


def test_the_platforms_own_code_wins_over_the_status():
    expired = b'{"error": "ExpiredToken", "message": "Token has expired"}'
    busy = b'{"error": "Busy"}'
    errors = {"ExpiredToken": LoginNeeded, "Busy": TryLater}

    assert (
        str(verdict(400, expired, errors=errors))
        == "x answered 'status' with 400: Token has expired; log in again: termbell login fediverse"
    )
    later = verdict(500, busy, errors=errors, headers={"retry-after": "7"})
    assert isinstance(later, TryLater)
    assert later.after == 7


def test_a_code_that_means_doubt_means_another_try_where_nobody_sees_the_request():
    errors = {"Unknown": InDoubt}

    assert type(verdict(400, b'{"error": "Unknown"}', errors=errors)) is InDoubt
    assert type(verdict(400, b'{"error": "Unknown"}', repeat=HARMLESS, errors=errors)) is TryLater


def test_a_reason_may_stand_in_a_header():
    assert (
        what_it_said(Response(status=413, headers={"x-reason": "File too large, max 1MB"}))
        == "File too large, max 1MB"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": "Validation failed: too long"}', "Validation failed: too long"),
        (b'{"error": "InvalidRequest", "message": "Record is wrong"}', "Record is wrong"),
        (
            b'{"error": "invalid_grant", "error_description": "The code has expired"}',
            "The code has expired",
        ),
        (
            b'{"error": {"message": "Unsupported post request", "code": 100}}',
            "Unsupported post request",
        ),
        (b'{"errors": [{"detail": "You are not allowed"}]}', "You are not allowed"),
        (
            b'{"errors": [{"message": "Validation error, cannot save post.", "context": "Validation failed for name."}]}',
            "Validation failed for name.",
        ),
        (b'{"errors": [{"message": "Resource not found", "context": null}]}', "Resource not found"),
        (b'{"code": 7}', '{"code": 7}'),
        (b"<html><style>p {}</style><h1>Bad &amp; worse</h1>\n</html>", "Bad & worse"),
        (b"\x1b[2J\x07red\x9b alert\n", "[2J red� alert"),
        ("Prêt\u00a0? 10\u202f%\u2028👩\u200d👧".encode(), "Prêt ? 10 % 👩\u200d👧"),
        (
            b'{"ok": false, "description": "Bad Request: chat not found"}',
            "Bad Request: chat not found",
        ),
        (b"x" * 300, "x" * 199 + "…"),
        (b"", ""),
        (b"\xff\xfe", "��"),
    ],
)
def test_the_platforms_words_are_shown_in_one_harmless_line(body: bytes, words: str):
    assert what_it_said(Response(status=422, body=body)) == words


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "120"}, 120),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Mon, 07 Sep 2026 08:31:00 GMT"}, 60),
        ({"retry-after": "Mon, 07 Sep 2026 08:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "-5"}, None),
        ({"x-ratelimit-reset": "2026-09-07T08:35:00.000Z"}, 300),
        ({"x-ratelimit-reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"x-rate-limit-reset": str(int(NOW.timestamp()) + 90)}, 90),
        ({"ratelimit-reset": "45"}, 45),
        ({"retry-after": "3", "ratelimit-reset": "45"}, 3),
    ],
)
def test_a_platform_says_how_long_to_wait(headers: dict[str, str], seconds: float | None):
    assert wait_asked_for(Response(status=429, headers=headers), NOW) == seconds


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        (b'{"parameters": {"retry_after": 7}}', 7),
        (b'{"retry_after": 0.5}', 0.5),
        (b'{"retry_after": NaN}', None),
        (b'{"retry_after": null}', None),
        (b'{"parameters": [1]}', None),
        (b"[7]", None),
        (b"soon", None),
    ],
)
def test_a_platform_may_say_it_in_the_body(body: bytes, seconds: float | None):
    assert wait_asked_for(Response(status=429, body=body), NOW) == seconds


def test_a_platform_may_say_no_with_a_200():
    def refuses(response: Response) -> bool:
        return response.body == b'{"ok": false, "error": "ratelimited"}'

    no = verdict(
        200,
        b'{"ok": false, "error": "ratelimited"}',
        refuses=refuses,
        errors={"ratelimited": TryLater},
    )

    assert isinstance(no, TryLater)
    assert isinstance(
        verdict(200, b'{"ok": false, "error": "ratelimited"}', refuses=refuses), Rejected
    )
    assert (
        judged(
            Response(body=b"ok"),
            Request(step="status", url="https://x.test"),
            a_platform(refuses=refuses),
            "fediverse",
            NOW,
        ).text
        == "ok"
    )


def test_a_wait_is_counted_from_now():
    response = Response(status=429, headers={"retry-after": "Mon, 07 Sep 2026 08:31:00 GMT"})

    assert wait_asked_for(response, NOW + timedelta(seconds=20)) == 40
