"""Servers on 127.0.0.1 that repeat, in whatever they answer, every secret that they were ever told, in every spelling.

`mood` says how they answer: "repeats" publishes, with the secrets in every field that an adapter reads; the others refuse, lead
elsewhere, break off, or answer what no documentation knows.
"""

import json
import socketserver
import ssl
import subprocess
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

MOODS = (
    "repeats",
    "401",
    "403",
    "429",
    "500",
    "html",
    "redirect",
    "half",
    "half headers",
    "nonsense",
    "list",
)
VISIBLE = ("/rest/posts", "/api/v1/statuses", "putRecord")
BROKEN = {"half", "half headers"}


@dataclass
class Hostile:
    """What the servers were told, and how they answer."""

    mood: str = "repeats"
    told: list[str] = field(default_factory=list)
    verifiers: list[str] = field(default_factory=list)  # of sign-ins, drawn anew for each
    http: str = ""
    smtp: int = 0
    ca: Path = Path()

    def hears(self, *secrets: str) -> None:
        self.told += [one for one in secrets if one and one not in self.told]

    @property
    def echo(self) -> str:
        """Everything that was ever told, one way after the other."""
        return " ".join(spelling for secret in self.told for spelling in spelled(secret))


def spelled(secret: str) -> list[str]:
    """How a secret may be found: as it is, in an address, as base64, with a name before it as base64, in JSON."""
    raw = secret.encode()
    return list(
        dict.fromkeys(
            (
                secret,
                quote(secret, safe=""),
                b64encode(raw).decode(),
                b64encode(b"user:" + raw).decode(),
                b64encode(b"\0user\0" + raw).decode(),
                json.dumps(secret)[1:-1],
            )
        )
    )


class Api(BaseHTTPRequestHandler):
    """Mastodon, Bluesky and LinkedIn at once: their paths do not meet."""

    protocol_version = "HTTP/1.1"
    server: "Http"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._any
        raise AttributeError(name)

    def _any(self) -> None:
        hostile, path = self.server.hostile, self.path.partition("?")[0]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        hostile.hears(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if path.endswith("createSession"):
            hostile.hears(json.loads(body)["password"])
            if hostile.mood != "401":
                return self._says(200, self._session())
        if path.endswith("/oauth/token"):
            form = dict(parse_qsl(body.decode()))
            hostile.verifiers += [form["code_verifier"]] if "code_verifier" in form else []
            hostile.hears(
                *(
                    form.get(name, "")
                    for name in ("client_secret", "code", "code_verifier", "refresh_token")
                )
            )
            if hostile.mood == "repeats":
                hostile.hears("canary-oauth-access", "canary-oauth-refresh")
                return self._says(
                    200,
                    {
                        "access_token": "canary-oauth-access",
                        "refresh_token": "canary-oauth-refresh",
                        "expires_in": 0,
                        "said": hostile.echo,
                    },
                )
        if path.endswith("refreshSession") and hostile.mood != "401":
            return self._says(200, self._session())
        return self._in_mood(hostile, path)

    def _session(self) -> dict[str, str]:
        """Tokens. They are canaries as well."""
        self.server.hostile.hears("canary-session-access", "canary-session-refresh")
        return {"accessJwt": "canary-session-access", "refreshJwt": "canary-session-refresh"}

    def _in_mood(self, hostile: Hostile, path: str) -> None:
        echo = hostile.echo
        mood = (
            "repeats" if hostile.mood == "half" and not path.endswith(VISIBLE) else hostile.mood
        )  # only the post itself is in doubt
        match mood:
            case "repeats":
                self._says(200, self._fields(path, echo), {"x-restli-id": "urn:li:share:7 " + echo})
            case "401" | "403" | "429" | "500":
                headers = (
                    {"Retry-After": "1", "X-Error": echo} if mood == "429" else {"X-Error": echo}
                )
                self._says(int(mood), {"error": f"no {echo}", "message": f"no {echo}"}, headers)
            case "html":
                self._says(400, f"<html><h1>{echo}</h1></html>")
            case "redirect":
                self._says(302, "", {"Location": f"/elsewhere?said={quote(echo)}"})
            case "half":
                self.wfile.write(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + echo.encode()
                )
                self.close_connection = True
            case "half headers":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Said: " + echo.encode())
                self.close_connection = True
            case "nonsense":
                self._says(200, json.dumps(echo))
            case "list":
                self._says(200, [{"id": echo}, echo])

    def _fields(self, path: str, echo: str) -> object:
        """What every adapter reads, full of secrets."""
        address = "https://example.social/" + quote(echo)
        record = {"uri": f"at://did:plc:x/app.bsky.feed.post/{echo}", "cid": echo, "handle": echo}
        return {
            "id": echo,
            "acct": echo,
            "name": echo,
            "sub": echo,
            "url": address,
            "visibility": echo,
            "type": echo,
            "preview_url": address,
            "configuration": {"statuses": {"max_characters": echo}},
            **record,
            "blob": {"$type": "blob", "ref": {"$link": echo}, "mimeType": "image/png", "size": 1},
            "did": echo,
            "value": {"uploadUrl": self.server.hostile.http + "/upload", "image": echo},
        }

    def _says(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Http(ThreadingHTTPServer):
    daemon_threads = True
    hostile: Hostile

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Mail(socketserver.StreamRequestHandler):
    """SMTP over TLS from the first byte."""

    server: "MailServer"

    def handle(self) -> None:
        hostile = self.server.hostile
        self._says("220 mail.test")
        while line := self.rfile.readline().decode(errors="replace").strip():
            verb = line.partition(" ")[0].upper()
            if verb == "EHLO":
                self._says("250-mail.test", "250 AUTH PLAIN LOGIN")
            elif verb == "AUTH":
                hostile.hears(b64decode(line.rpartition(" ")[2]).decode().rpartition("\0")[2])
                self._says(
                    f"235 welcome {hostile.echo}"
                    if hostile.mood in ("repeats", "half")
                    else f"535 no {line} {hostile.echo}"
                )
            elif verb == "RCPT" and "ben@" in line:
                self._says(f"550 unknown {hostile.echo}")
            elif verb == "DATA":
                self._says("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                if hostile.mood in BROKEN:
                    return
                self._says(f"250 queued as {hostile.echo}")
            else:
                self._says(f"250 {hostile.echo}")

    def _says(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    hostile: Hostile
    context: ssl.SSLContext

    def get_request(self) -> Any:
        connection, address = super().get_request()
        return self.context.wrap_socket(connection, server_side=True), address

    def handle_error(self, request: object, client_address: object) -> None:
        pass


@contextmanager
def hostile_servers(folder: Path) -> Iterator[Hostile]:
    """Both, with a certificate of their own."""
    hostile = Hostile(ca=folder / "ca.pem")
    key = folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            key,
            "-out",
            hostile.ca,
        ],
        check=True,
        capture_output=True,
    )
    with Http(("127.0.0.1", 0), Api) as http, MailServer(("127.0.0.1", 0), Mail) as mail:
        http.hostile = mail.hostile = hostile
        mail.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        mail.context.load_cert_chain(hostile.ca, key)
        hostile.http, hostile.smtp = f"http://127.0.0.1:{http.server_port}", mail.server_address[1]
        for server in (http, mail):
            threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
            ).start()
        yield hostile
        for server in (http, mail):
            server.shutdown()
