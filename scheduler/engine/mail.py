"""Answers `smtp:` and `smtps:` requests: one session, one transaction, never without TLS.

    smtp://host:587?tls=starttls    TLS by STARTTLS; a server that does not offer it is told no user and no password
    smtps://host:465                TLS from the first byte
    ...ca=FILE                      in the query: certificates trusted beside the system's

`SEND` hands the mail to everybody in the header `to` (a JSON list) in one transaction, `NOOP` only logs in. The answer is
`{"refused": {address: why}, "reply": "250 ..."}`, also of the error that is raised when every recipient is refused.

The blind spot of SMTP lies between the dot that ends the mail and the server's reply: only there is a lost connection
`InDoubt`. The dot therefore leaves by itself, after all the rest; whatever is lost before it is `TryLater`.
"""

import json
import re
import smtplib
import ssl
from base64 import b64encode, encodebytes
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from urllib.parse import parse_qs, urlsplit

from platforms.base import InDoubt, LoginNeeded, Rejected, Request, Response, Secrets, TryLater
from scheduler.engine.wire import LAST_REPLY, content

CLOSING = 421  # the reply with which a server ends the session
OURSELVES = "[127.0.0.1]"  # said in EHLO: the name of the person's machine is nobody's business
Connect = Callable[[Request, ssl.SSLContext, float], smtplib.SMTP]
Reply = tuple[int, bytes]


def message(request: Request) -> bytes:
    """The bytes of the mail: `body`, with each picture of `files` in the place of its line (see `platforms/email.py`)."""
    body = request.body if isinstance(request.body, bytes) else b""
    for cid, picture in request.files.items():
        encoded = encodebytes(content(picture)).replace(b"\n", b"\r\n")
        body = body.replace(b"\r\n=%b=\r\n" % cid.encode(), b"\r\n" + encoded)
    return body


def connected(request: Request, context: ssl.SSLContext, timeout: float) -> smtplib.SMTP:
    url = urlsplit(request.url)
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(
            url.hostname or "",
            url.port or 465,
            local_hostname=OURSELVES,
            timeout=timeout,
            context=context,
        )
    return smtplib.SMTP(
        url.hostname or "", url.port or 587, local_hostname=OURSELVES, timeout=timeout
    )


def answer(
    request: Request, secrets: Secrets, timeout: float, connect: Connect = connected
) -> Response:
    try:
        mail = without_lone_dots(message(request))
    except OSError as gone:
        raise Rejected(f"a picture of '{request.step}' cannot be read: {gone}") from gone
    context = trusted(request)
    try:
        with closing(connect(request, context, timeout)) as smtp:
            if urlsplit(request.url).scheme == "smtp":
                smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            log_in(smtp, request, secrets)
            refused, reply = (
                ({}, good(request, smtp.noop()))
                if request.method == "NOOP"
                else sent(smtp, request, mail, timeout)
            )
            with suppress(OSError):
                smtp.putcmd(
                    "QUIT"
                )  # its reply is not waited for: what was accepted has to be recorded
            return Response.of({"refused": refused, "reply": said(reply)})
    except smtplib.SMTPNotSupportedError as lacking:
        raise Rejected(
            f"{place(request)} offers no STARTTLS, and nothing is sent without TLS; perhaps `tls: implicit`"
        ) from lacking
    except smtplib.SMTPConnectError as busy:
        raise TryLater(
            f"{place(request)} takes nobody now: {said((busy.smtp_code, as_bytes(busy.smtp_error)))}"
        ) from busy
    except smtplib.SMTPResponseException as no:
        raise judged(request, (no.smtp_code, as_bytes(no.smtp_error))) from no
    except OSError as lost:  # smtplib's own errors are OSErrors too
        raise TryLater(
            f"{place(request)} was lost before '{request.step}' was handed over: {lost}"
        ) from lost


def sent(
    smtp: smtplib.SMTP, request: Request, mail: bytes, timeout: float
) -> tuple[dict[str, str], Reply]:
    good(
        request,
        smtp.mail(request.headers["from"], [f"size={len(mail)}"] if smtp.has_extn("size") else []),
    )
    refused = addressed(smtp, request, json.loads(request.headers["to"]))
    good(request, smtp.docmd("DATA"), expected=3)
    smtp.send(mail)
    request.fence()
    try:
        if smtp.sock:
            smtp.sock.settimeout(max(timeout, LAST_REPLY))
        smtp.send(b".\r\n")
        reply = smtp.getreply()
    except OSError as lost:
        raise InDoubt(
            f"{place(request)} had all of '{request.step}' and never answered: {lost}"
        ) from lost
    if reply[0] // 100 not in (2, 4, 5):
        raise InDoubt(
            f"{place(request)} had all of '{request.step}' and answered what is no SMTP: {said(reply)}"
        )
    return refused, good(request, reply)


def addressed(smtp: smtplib.SMTP, request: Request, recipients: Sequence[str]) -> dict[str, str]:
    """Names the recipients to the server; returns whom it refused, and why. Nobody left is an error."""
    refused: dict[str, str] = {}
    for recipient in recipients:
        reply = smtp.rcpt(recipient)
        if reply[0] == CLOSING:
            raise judged(request, reply)
        if reply[0] // 100 != 2:
            refused[recipient] = said(reply)
    if len(refused) == len(recipients):
        later = not all(why.startswith("5") for why in refused.values())
        named = ", ".join(f"{recipient} ({why})" for recipient, why in refused.items())
        raise (TryLater if later else Rejected)(
            f"{place(request)} refused every recipient: {named}",
            Response.of({"refused": refused, "reply": ""}),
        )
    return refused


def log_in(smtp: smtplib.SMTP, request: Request, secrets: Secrets) -> None:
    """PLAIN, else LOGIN, both in UTF-8; smtplib's own login fails on a password with letters beyond ASCII."""
    user, password = secrets["user"], secrets["password"]
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    if "PLAIN" in offered:
        reply = smtp.docmd("AUTH", "PLAIN " + as_base64("\0".join(("", user, password))))
    elif "LOGIN" in offered:
        for said_by_us in ("AUTH LOGIN", as_base64(user), as_base64(password)):
            reply = smtp.docmd(said_by_us)
            if reply[0] != 334:
                break
    else:
        raise Rejected(
            f"{place(request)} offers no login with a password; it offers: {', '.join(offered) or 'none'}"
        )
    if reply[0] // 100 == 5:
        raise LoginNeeded(f"{place(request)} refused the user or the password: {said(reply)}")
    good(request, reply)


def good(request: Request, reply: Reply, expected: int = 2) -> Reply:
    if reply[0] // 100 != expected:
        raise judged(request, reply)
    return reply


def judged(request: Request, reply: Reply) -> Rejected | TryLater:
    """5yz is the server's last word, all else is worth another try; valid wherever the mail was not accepted."""
    error = Rejected if reply[0] // 100 == 5 else TryLater
    return error(f"{place(request)} answered '{request.step}' with {said(reply)}")


def trusted(request: Request) -> ssl.SSLContext:
    context = ssl.create_default_context()
    for ca in parse_qs(urlsplit(request.url).query).get("ca", []):
        try:
            context.load_verify_locations(ca)
        except OSError as wrong:
            raise Rejected(f"`ca`: {ca} is no file with certificates (PEM): {wrong}") from wrong
    return context


def without_lone_dots(mail: bytes) -> bytes:
    """A line that begins with a dot gets a second one, which the server takes away (RFC 5321, 4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", mail)


def place(request: Request) -> str:
    return urlsplit(request.url).netloc


def said(reply: Reply) -> str:
    return f"{reply[0]} {b' '.join(reply[1].split()).decode(errors='replace')}"


def as_bytes(text: bytes | str) -> bytes:
    return text.encode() if isinstance(text, str) else text


def as_base64(text: str) -> str:
    return b64encode(text.encode()).decode()
