"""What the server says, and what is made of it: smtplib itself, over a wire that answers from a list."""

import io
import re
import smtplib
import ssl
from pathlib import Path

import pytest

from platforms.base import (
    HARMLESS,
    InDoubt,
    LoginNeeded,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from scheduler.engine.mail import LAST_REPLY, answer, message
from tests.support import an_image

SECRETS = {"user": "anna", "password": "pässwort"}
PLAIN = "AUTH PLAIN AGFubmEAcMOkc3N3b3J0"
SEND = Request(
    step="mail",
    method="SEND",
    url="smtps://smtp.example.org:465",
    headers={"from": "news@example.org", "to": '["a@example.org", "b@example.org"]'},
    body=b"Subject: Hello\r\n\r\n.hidden\r\n",
)
NOOP = Request(step="login", method="NOOP", url=SEND.url, repeat=HARMLESS)
HELLO = ["250-smtp.example.org", "250-SIZE 1000000", "250 AUTH PLAIN LOGIN"]
LOGGED_IN = [*HELLO, "235 welcome"]
ADDRESSED = [*LOGGED_IN, "250 from", "250 a", "250 b"]


class Wire:
    """A server that says its lines whatever it hears, and then hangs up; `heard` is what it was sent."""

    def __init__(self, *lines: str, breaks_at: bytes | None = None) -> None:
        self.lines = io.BytesIO("".join(f"{line}\r\n" for line in lines).encode())
        self.breaks_at = breaks_at
        self.heard: list[bytes] = []
        self.timeouts: list[float] = []

    def __call__(self, request: Request, context: ssl.SSLContext, timeout: float) -> smtplib.SMTP:
        smtp = smtplib.SMTP(local_hostname="[127.0.0.1]")
        smtp.sock = self  # type: ignore[assignment]
        smtp.file = self.lines
        return smtp

    def sendall(self, sent: bytes) -> None:
        if sent == self.breaks_at:
            raise TimeoutError("timed out")
        self.heard.append(sent)

    def settimeout(self, seconds: float) -> None:
        self.timeouts.append(seconds)

    def close(self) -> None:
        self.lines.close()

    @property
    def commands(self) -> list[str]:
        """What was said; Python's versions differ in how they write `MAIL FROM` and `RCPT TO`."""
        return [
            re.sub(
                "^(mail from|rcpt to):",
                lambda verb: verb[0].lower(),
                sent.decode().strip(),
                flags=re.IGNORECASE,
            )
            for sent in self.heard
        ]


def told(wire: Wire, request: Request = SEND) -> Response:
    return answer(request, SECRETS, 30, connect=wire)


def test_one_transaction_goes_to_every_recipient() -> None:
    wire = Wire(*ADDRESSED, "354 go on", "250 2.0.0 queued as 7")

    response = told(wire)

    assert response.json() == {"refused": {}, "reply": "250 2.0.0 queued as 7"}
    assert wire.commands == [
        "ehlo [127.0.0.1]",
        PLAIN,
        "mail from:<news@example.org> size=28",
        "rcpt to:<a@example.org>",
        "rcpt to:<b@example.org>",
        "DATA",
        "Subject: Hello\r\n\r\n..hidden",
        ".",
        "QUIT",
    ]


def test_refused_recipients_are_told_and_the_others_get_it() -> None:
    wire = Wire(*LOGGED_IN, "250 from", "550 5.1.1 unknown", "250 b", "354 go on", "250 queued")

    assert told(wire).json() == {
        "refused": {"a@example.org": "550 5.1.1 unknown"},
        "reply": "250 queued",
    }


def test_the_reply_to_the_dot_is_waited_for_longer_than_any_other() -> None:
    wire = Wire(*ADDRESSED, "354 go on", "250 queued")

    told(wire)

    assert wire.timeouts == [LAST_REPLY]


@pytest.mark.parametrize(
    ("lines", "error", "said"),
    [
        ([*HELLO, "535 5.7.8 bad"], LoginNeeded, "refused the user or the password: 535 5.7.8 bad"),
        ([*HELLO, "534 5.7.9 app password"], LoginNeeded, "534 5.7.9 app password"),
        ([*HELLO, "454 4.7.0 later"], TryLater, "454 4.7.0 later"),
        (
            ["250-hello", "250 AUTH XOAUTH2"],
            Rejected,
            "no login with a password; it offers: XOAUTH2",
        ),
        (
            [*LOGGED_IN, "553 not yours"],
            Rejected,
            "smtp.example.org:465 answered 'mail' with 553 not yours",
        ),
        ([*LOGGED_IN, "421 4.7.28 rate"], TryLater, "421 4.7.28 rate"),
        (
            [*LOGGED_IN, "250 from", "550 no a", "553 no b"],
            Rejected,
            r"every recipient: a@example.org \(550 no a\), b@.* \(553 no b\)",
        ),
        (
            [*LOGGED_IN, "250 from", "550 no a", "450 greylisted"],
            TryLater,
            r"b@example.org \(450 greylisted\)",
        ),
        ([*ADDRESSED, "554 no DATA"], Rejected, "554 no DATA"),
        ([*ADDRESSED, "451 busy"], TryLater, "451 busy"),
        ([*ADDRESSED, "354 go on", "550 5.7.1 spam"], Rejected, "550 5.7.1 spam"),
        ([*ADDRESSED, "354 go on", "451 4.3.0 disk"], TryLater, "451 4.3.0 disk"),
    ],
)
def test_the_servers_word_decides(lines: list[str], error: type[PublishError], said: str) -> None:
    with pytest.raises(error, match=said):
        told(Wire(*lines))


@pytest.mark.parametrize("said", range(len([*ADDRESSED, "354 go on"])))
def test_a_connection_lost_before_the_dot_is_worth_another_try(said: int) -> None:
    wire = Wire(*[*ADDRESSED, "354 go on"][:said])

    with pytest.raises(TryLater, match="lost before 'mail' was handed over"):
        told(wire)

    assert b".\r\n" not in wire.heard


def test_a_connection_lost_within_the_text_is_worth_another_try() -> None:
    wire = Wire(*ADDRESSED, "354 go on", breaks_at=b"Subject: Hello\r\n\r\n..hidden\r\n")

    with pytest.raises(TryLater):
        told(wire)


@pytest.mark.parametrize("lines", [[], ["what?"]], ids=["lost", "no SMTP"])
def test_after_the_dot_only_a_reply_takes_the_doubt_away(lines: list[str]) -> None:
    with pytest.raises(InDoubt, match="had all of 'mail'"):
        told(Wire(*ADDRESSED, "354 go on", *lines))


def test_a_dot_that_may_have_left_is_a_doubt() -> None:
    with pytest.raises(InDoubt):
        told(Wire(*ADDRESSED, "354 go on", breaks_at=b".\r\n"))


def test_a_server_without_starttls_is_told_no_password() -> None:
    wire = Wire(*HELLO)

    with pytest.raises(Rejected, match="nothing is sent without TLS"):
        told(
            wire,
            Request(
                step="mail",
                method="SEND",
                url="smtp://smtp.example.org:587?tls=starttls",
                headers=SEND.headers,
                body=b"",
            ),
        )

    assert wire.commands == ["ehlo [127.0.0.1]"]


def test_a_server_that_knows_login_only_is_logged_in_to() -> None:
    wire = Wire(
        "250-hello",
        "250 AUTH LOGIN",
        "334 VXNlcm5hbWU6",
        "334 UGFzc3dvcmQ6",
        "235 welcome",
        "250 ok",
    )

    assert told(wire, NOOP).json() == {"refused": {}, "reply": "250 ok"}
    assert wire.commands[1:4] == ["AUTH LOGIN", "YW5uYQ==", "cMOkc3N3b3J0"]


def test_whoami_sends_no_mail() -> None:
    wire = Wire(*LOGGED_IN, "250 ok")

    told(wire, NOOP)

    assert wire.commands == ["ehlo [127.0.0.1]", PLAIN, "noop", "QUIT"]


@pytest.mark.parametrize(
    "why", [ConnectionRefusedError("refused"), smtplib.SMTPConnectError(554, "no service")]
)
def test_a_server_that_cannot_be_reached_is_worth_another_try(why: OSError) -> None:
    def unreachable(request: Request, context: ssl.SSLContext, timeout: float) -> smtplib.SMTP:
        raise why

    with pytest.raises(TryLater, match=r"smtp\.example\.org:465"):
        answer(SEND, SECRETS, 30, connect=unreachable)


def test_no_error_shows_the_password() -> None:
    with pytest.raises(LoginNeeded) as raised:
        told(Wire(*HELLO, "535 bad"))

    assert "pässwort" not in str(raised.value)
    assert "AGFubmE" not in str(raised.value)


def test_pictures_take_the_place_of_their_lines(tmp_path: Path) -> None:
    request = Request(
        step="mail",
        url="smtp://x",
        files={"1@x": an_image(tmp_path)},
        body=b"\r\n\r\n=1@x=\r\n\r\n--end--\r\n",
    )

    finished = message(request)

    assert finished.startswith(b"\r\n\r\niVBORw0KGgo")
    assert finished.endswith(b"=\r\n\r\n--end--\r\n")
    assert max(map(len, finished.split(b"\r\n"))) == 76


def test_a_picture_that_is_gone_is_named(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    image.file.unlink()

    with pytest.raises(Rejected, match=r"door\.png"):
        told(
            Wire(),
            Request(step="mail", method="SEND", url=SEND.url, files={"1@x": image}, body=b""),
        )


def test_a_ca_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"`ca`: .*no\.pem"):
        told(
            Wire(), Request(step="login", method="NOOP", url=f"smtps://x:465?ca={tmp_path}/no.pem")
        )
