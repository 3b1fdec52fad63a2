"""What goes wrong on the way to a server, and how often. The HTTP proxy is `tests/acceptance/proxy.py`; the one for mail is here.

A mail connection is encrypted, so its proxy knows two things of it: how many bytes the client has sent, and the dot that
ends the mail, which leaves as a TLS record of its own whose length nothing else of the dialogue has.

    421     the server takes nobody now
    cut     the connection ends after a random number of the client's bytes
    reset   the same, abruptly
    lost    the dot is passed on, the server's reply is waited for and dropped
"""

import random
import select
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from benchmarks.proof.lists import LIST_FAULTS, is_list
from tests.acceptance.proxy import ABRUPT, FAULTS

Rates = Mapping[str, float]  # a fault of `FAULTS` -> its share of the requests
OFTEN, SELDOM = 0.02, 0.01
NEWER = ("404 after", "page after", "acts late", "replayed")
ALL_FAULTS = (*FAULTS, *LIST_FAULTS)
GENTLE: Rates = {
    **dict.fromkeys(FAULTS, OFTEN),
    **dict.fromkeys(NEWER, SELDOM),
    **dict.fromkeys(LIST_FAULTS, 0.05),
}
# "503 after" and "truncated" have no counterpart: what SMTP loses is the reply to the dot, whole.
IN_MAIL = {
    "503 before": "421",
    "429": "421",
    "reset before": "cut",
    "reset after": "reset",
    "lost": "lost",
    "503 after": "lost",
    "truncated": "lost",
}
DOT = bytes.fromhex("1703030014")  # the head of a TLS 1.3 record with 3 bytes in it; "." CR LF
A_DIALOGUE = 2500  # bytes that a client sends for a short mail, about


class Drawn:
    """Draws a fault for each request. `rates` stays the caller's, who may clear it.

    `repeats`: whether the server knows a request that comes twice; where it does not, a network
    that sends one twice makes two posts, whoever the client is, and so it does not happen.
    """

    def __init__(self, rates: Rates, seed: str, repeats: bool = False) -> None:
        self.rates = rates
        self.repeats = repeats
        self._random = random.Random(seed)
        self._guard = threading.Lock()

    def __call__(self, line: str) -> str:
        drawn = self.share()
        for fault, share in tuple(self.rates.items()):
            if self._can_happen(fault, line):
                drawn -= share
            if drawn < 0:
                return fault
        return ""

    def share(self) -> float:
        """From 0 to 1."""
        with self._guard:
            return self._random.random()

    def _can_happen(self, fault: str, line: str) -> bool:
        if fault in LIST_FAULTS:
            return is_list(line)
        if fault == "replayed":
            return self.repeats
        return not (fault == "acts late" and line.startswith("GET"))

    def bytes_until(self) -> int:
        with self._guard:
            return self._random.randrange(A_DIALOGUE)


class MailProxy:
    """Passes connections on to `port`. `before` and `after` are called when the dot came, and when the server has replied to it."""

    def __init__(self, port: int, fault: Drawn) -> None:
        self.target, self.fault = port, fault
        self.before: Callable[[int, str], None] = lambda n, line: None
        self.after: Callable[[int, str], None] = lambda n, line: None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def _connection(self, client: socket.socket) -> None:
        fault = IN_MAIL.get(self.fault("connection"), "")
        with client, suppress(OSError):
            if fault == "421":
                client.sendall(b"421 4.3.2 try again later\r\n")
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                self._carry(client, server, fault)
            if fault == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)

    def _carry(self, client: socket.socket, server: socket.socket, fault: str) -> None:
        sent, dotted = 0, False
        ends_at = self.fault.bytes_until() if fault in ("cut", "reset") else None
        while True:
            for ready in select.select([client, server], [], [])[0]:
                part = ready.recv(65536)
                if not part:
                    return
                if ready is server:
                    if dotted:
                        self.after(0, "POST mail")
                    if dotted and fault == "lost":
                        return
                    dotted = False
                    client.sendall(part)
                    continue
                sent += len(part)
                if ends_at is not None and sent > ends_at:
                    server.sendall(part[: len(part) - (sent - ends_at)])
                    return
                dotted = part[-25:-20] == DOT
                if dotted:
                    self.before(0, "POST mail")
                server.sendall(part)
