"""Mail through a real Postfix, read back from a real Dovecot."""

import hashlib
import imaplib
import json
import re
import select
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, message_from_string, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest

from platforms.base import (
    Account,
    InDoubt,
    Json,
    LoginNeeded,
    Post,
    Rejected,
    Request,
    Response,
    TryLater,
)
from platforms.email import publish, whoami
from scheduler.engine.mail import answer, message
from tests.servers.support import Calendar
from tests.support import a_post, an_image, documented, scripted

pytestmark = pytest.mark.xdist_group("mail")
Credentials = dict[str, Any]
EVERYBODY = ["Alice <alice@example.test>", "bob@example.test"]
DATE = rb"\r\nDate: [^\r]+"
PATIENCE = 20  # seconds for a mail that was accepted to be in the mailbox


def account(mail: Credentials, **settings: object) -> Account:
    return Account(
        name="news",
        platform="email",
        settings={
            "server": "127.0.0.1",
            "port": mail["smtp_starttls_port"],
            "tls": "starttls",
            "ca": mail["ca"],
            "images": "inline",
            "from": "Class 4b <alice@example.test>",
            "to": EVERYBODY,
            **settings,
        },
    )


def ask(mail: Credentials, password: str | None = None) -> Callable[[Request], Response]:
    return partial(
        answer,
        secrets={"user": "alice", "password": password or mail["users"]["alice"]},
        timeout=10,
    )


def message_id(mail: Credentials, post: Post) -> str:
    return publish(account(mail), post, documented).id


def received(mail: Credentials, user: str, identifier: str) -> list[bytes]:
    """The mails of that Message-ID in the user's mailbox, as soon as there is one."""
    with imaplib.IMAP4_SSL(
        "127.0.0.1",
        mail["imap_tls_port"],
        ssl_context=ssl.create_default_context(cafile=mail["ca"]),
    ) as imap:
        imap.login(user, mail["users"][user])
        imap.select("INBOX")
        until, numbers = monotonic() + PATIENCE, found(imap, identifier)
        while not numbers and monotonic() < until:
            numbers = found(imap, identifier)
        return [imap.fetch(number, "(RFC822)")[1][0][1] for number in numbers]  # type: ignore[index,misc]


def found(imap: imaplib.IMAP4_SSL, identifier: str) -> list[str]:
    imap.noop()
    return str(imap.search(None, "HEADER", "Message-ID", f'"{identifier}"')[1][0], "ascii").split()


@contextmanager
def cut(port: int, after: int) -> Iterator[int]:
    """A way to `port` on which the server's answers are lost, and the connection, once the client has sent `after` bytes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=_carry, args=(listener, port, after), daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def _carry(listener: socket.socket, port: int, after: int) -> None:
    client, _ = listener.accept()
    with client, socket.create_connection(("127.0.0.1", port)) as server:
        sent = 0
        while True:
            for ready in select.select([client, server], [], [])[0]:
                part = ready.recv(65536)
                if not part or (ready is server and sent >= after):
                    return
                sent += len(part) if ready is client else 0
                (server if ready is client else client).sendall(part)


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_everybody_gets_exactly_what_the_preview_shows(
    mail: Credentials, tmp_path: Path, tls: str
) -> None:
    port = mail["smtp_starttls_port" if tls == "starttls" else "smtp_tls_port"]
    ours = account(mail, tls=tls, port=port, unsubscribe="https://news.example.test/u/" + "x" * 120)
    image = an_image(tmp_path, alt="Die blaue Schultür")
    post = a_post(
        key=f"everybody-{tls}",
        title="Grüße",
        text="Grüße\n.dot",
        html="<p>Grüße</p>",
        language="de",
        media=(image,),
    )
    preview = scripted(documented)
    publish(ours, post, preview)

    up = publish(ours, post, ask(mail))

    assert up.notes == ()
    for user in ("alice", "bob"):
        (raw,) = received(mail, user, up.id)
        assert raw.endswith(message(preview.asked[0]))
        assert raw.count(b"bob@example.test") == (
            2 if user == "bob" else 0
        )  # in what Postfix notes on top of bob's own


def test_a_run_delivers_byte_for_byte_what_a_preview_without_network_and_credentials_shows(
    mail: Credentials, tmp_path: Path
) -> None:
    """Compared by the sha256 of the whole message, with the date that the preview shows in the place of the time of sending; what the
    servers note on top of it is not ours.
    """
    letters = {
        "platform": "email",
        "server": "127.0.0.1",
        "port": mail["smtp_starttls_port"],
        "ca": mail["ca"],
        "from": "alice@example.test",
        "to": ["bob@example.test"],
        "user": "${MAIL_USER}",
        "password": "${MAIL_PASSWORD}",
    }
    post = {
        "id": "byte-for-byte",
        "when": "2026-01-05 09:00",
        "late": "publish",
        "to": ["letters"],
        "title": "Grüße",
        "text": "**Grüße** 👩‍🏫\n.dot",
        "thread": ["And more."],
        "media": [{"file": "door.png", "alt": "Die blaue Schultür"}],
    }
    calendar = Calendar(tmp_path, {"letters": letters}, [post])
    calendar.write()
    calendar.with_an_old_store()

    shown, _ = calendar.command("preview", "--requests", "--json").communicate(timeout=60)
    calendar.environment.update(MAIL_USER="alice", MAIL_PASSWORD=mail["users"]["alice"])
    said, _ = calendar.command("run", "--once").communicate(timeout=60)

    assert "1 published" in said
    (request,) = json.loads(shown)["deliveries"][0]["requests"]
    (raw,) = received(mail, "bob", str(message_from_string(request["body"])["Message-ID"]))
    ours = raw[raw.index(request["body"].partition("\r\n")[0].encode()) :]
    shown_date = re.search(DATE, request["body"].encode())
    assert shown_date is not None
    ours = re.sub(DATE, shown_date[0], ours)
    assert hashlib.sha256(ours).hexdigest() == request["sha256"]


def test_the_picture_arrives_with_its_alt(mail: Credentials, tmp_path: Path) -> None:
    image = an_image(tmp_path, alt="Die blaue Schultür")

    up = publish(account(mail), a_post(key="picture", media=(image,)), ask(mail))

    read = message_from_bytes(received(mail, "bob", up.id)[0], policy=policy.default)
    assert isinstance(read, EmailMessage)
    plain, html, picture = (part for part in read.walk() if not part.is_multipart())
    assert picture.get_content() == image.file.read_bytes()
    assert (
        f'src="cid:{picture["Content-ID"].strip("<>")}" alt="Die blaue Schultür"'
        in html.get_content()
    )
    assert "[Die blaue Schultür]" in plain.get_content()


def test_a_refused_recipient_is_named_and_the_others_get_it(mail: Credentials) -> None:
    up = publish(
        account(mail, to=["nobody@example.test", "bob@example.test"]),
        a_post(key="one-bad"),
        ask(mail),
    )

    (note,) = up.notes
    assert note.startswith("nobody@example.test was refused: 550 5.1.1")
    assert len(received(mail, "bob", up.id)) == 1


@pytest.fixture
def one_at_a_time(mail: Credentials) -> Iterator[None]:
    """Postfix takes one recipient in a transaction, and 452 is what it answers to the next."""
    folder = Path(mail["ca"]).parent / "pf"

    def limited(setting: str) -> None:
        for words in (
            ["postconf", "-c", str(folder), "-e", f"smtpd_recipient_limit = {setting}"],
            ["postfix", "-c", str(folder), "reload"],
        ):
            subprocess.run(words, check=True, capture_output=True)

    limited("1")
    yield
    limited("1000")


@pytest.mark.usefixtures("one_at_a_time")
def test_more_readers_than_one_transaction_takes_get_it_once_each(mail: Credentials) -> None:
    replies: list[Json] = []

    def answered(request: Request) -> Response:
        response = ask(mail)(request)
        replies.append(response.json()["refused"])
        return response

    up = publish(account(mail), a_post(key="one-at-a-time"), answered)

    assert up.notes == ()
    assert replies[0]["bob@example.test"].startswith("452 4.5.3")
    assert replies[1:] == [{}]
    assert [len(received(mail, user, up.id)) for user in ("alice", "bob")] == [1, 1]


def test_a_mail_that_nobody_may_get_is_rejected_with_every_name(mail: Credentials) -> None:
    with pytest.raises(Rejected, match=r"nobody@example\.test \(550 .*, eve@elsewhere\.test \(5"):
        publish(
            account(mail, to=["nobody@example.test", "eve@elsewhere.test"]),
            a_post(key="all-bad"),
            ask(mail),
        )


def test_a_mail_that_is_too_large_is_rejected_before_it_is_sent(mail: Credentials) -> None:
    with pytest.raises(Rejected, match=r"552 5\.3\.4"):
        publish(account(mail), a_post(key="large", text="x" * 1_100_000), ask(mail))


def test_credentials_are_tried_without_sending(mail: Credentials) -> None:
    assert whoami(account(mail), ask(mail)) == "alice@example.test"


def test_a_server_whose_certificate_nobody_vouches_for_is_told_nothing(mail: Credentials) -> None:
    with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED"):
        publish(account(mail, ca=None), a_post(key="unknown-ca"), ask(mail))


def test_a_connection_lost_after_the_dot_is_a_doubt_and_the_mail_may_be_there(
    mail: Credentials,
) -> None:
    post = a_post(key="cut-after-the-dot", text="x" * 50_000)

    with (
        cut(mail["smtp_starttls_port"], after=50_000) as port,
        pytest.raises(InDoubt, match="never answered"),
    ):
        publish(account(mail, port=port), post, ask(mail))

    assert len(received(mail, "bob", message_id(mail, post))) == 1


@pytest.mark.parametrize("after", [0, 1, 100, 700, 900])
def test_a_connection_lost_before_the_mail_is_worth_another_try_and_then_there_is_one(
    mail: Credentials, after: int
) -> None:
    post = a_post(key=f"cut-after-{after}")
    with cut(mail["smtp_starttls_port"], after=after) as port, pytest.raises(TryLater):
        publish(account(mail, port=port), post, ask(mail))

    up = publish(account(mail), post, ask(mail))

    assert len(received(mail, "bob", up.id)) == 1


def test_a_wrong_password_needs_a_login(
    mail: Credentials,
) -> None:  # the last one: Dovecot makes whoever failed wait
    with pytest.raises(LoginNeeded, match=r"535 5\.7\.8") as raised:
        publish(account(mail), a_post(key="wrong-password"), ask(mail, "wrong-pw"))

    assert "wrong-pw" not in str(raised.value)
