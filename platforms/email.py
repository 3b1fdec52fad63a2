"""A newsletter by SMTP: one message for all recipients, whose addresses stand in the envelope only.
A thread is one message as well: nobody wants three mails at once.

All recipients are named in one transaction, `mail`. Whom the server defers (4yz: too many recipients for one transaction,
greylisting) gets the same message in a further one, `mail 2`, `mail 3` and so on, for as long as each reaches somebody. Each
is a visible request of its own: the journal knows which were answered, and nobody is in two that were.

The message is finished here but for the pictures' bytes, since an adapter reads no file: in each picture's place stands
the line `=its-content-id=`, which no quoted-printable text can contain, and `files` says which picture belongs there.
`scheduler/engine/mail.py` puts them in, for the dry run and for sending alike. Everything that is usually drawn at
random (Message-ID, MIME boundaries) is made from the post's key, so that the bytes are the same at every rendering.

https://www.rfc-editor.org/rfc/rfc5322, rfc2369 (List-Unsubscribe), rfc2919 (List-Id), rfc2392 (cid:)
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, parseaddr
from html import escape
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    InDoubt,
    Limits,
    Media,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Setting,
    TryLater,
    unsigned,
)

ACCEPTED = {"refused": {}, "reply": "250 2.0.0 Ok: queued as 4dFbNv1Wz9z5Y"}
# Built with lines of 78, written with headers of up to 998: folded at 78, a long URL in List-Unsubscribe would become encoded words.
WRITTEN = SMTP.clone(max_line_length=998)
PAGE = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="max-width: 38em; margin: 1em auto; padding: 0 1em; font: 17px/1.5 sans-serif">
{body}
</body>
</html>
"""


def publish(account: Account, post: Post, ask: Ask) -> Published:
    settings = account.settings
    pictures = {
        f"{post.key}.{number}@{domain(settings)}": one for number, one in enumerate(post.media, 1)
    }
    message = written(settings, post, pictures)
    first = Request(
        step="mail",
        method="SEND",
        url=server(settings),
        headers={"from": address(settings["from"]), "to": json.dumps(recipients(settings))},
        files=pictures,
        body=message.as_bytes(policy=WRITTEN),
        example=ACCEPTED,
    )
    refused = handed_over(first, ask)
    return Published(
        id=str(message["Message-ID"]),
        notes=tuple(f"{who} was refused: {why}" for who, why in refused.items()),
    )


def handed_over(first: Request, ask: Ask) -> dict[str, str]:
    """Sends the mail, in as many transactions as it takes; returns who is refused for good, and why.

    A further transaction that reaches nobody raises `TryLater`. The next attempt goes on from there.
    """
    everybody = len(json.loads(first.headers["to"]))
    refused: dict[str, str] = ask(first).json()["refused"]
    for number in itertools.count(2):
        deferred = [who for who, why in refused.items() if is_deferred(why)]
        if not deferred:
            break
        final = {who: why for who, why in refused.items() if who not in deferred}
        headers = {**first.headers, "to": json.dumps(deferred)}
        further = replace(first, step=f"mail {number}", headers=headers)
        try:
            with saying(f"{everybody - len(refused)} of {everybody} have it"):
                refused = final | ask(further).json()["refused"]
        except Rejected as no:
            if no.response is None:
                raise
            rest: dict[str, str] = no.response.json()["refused"]  # all of them, for good
            return final | rest
    return refused


@contextmanager
def saying(so_far: str) -> Iterator[None]:
    """An error says who has the mail already."""
    try:
        yield
    except (Rejected, TryLater, InDoubt) as fault:
        fault.args = (f"{so_far}; {fault}",)
        raise


def is_deferred(why: str) -> bool:
    """Whether a refused recipient may be taken in another transaction. 552 says "too many recipients" as well (RFC 5321, 4.5.3.1.10)."""
    return not why.startswith("5") or why.startswith("552")


def whoami(account: Account, ask: Ask) -> str:
    ask(
        Request(
            step="login",
            method="NOOP",
            url=server(account.settings),
            repeat=HARMLESS,
            example=ACCEPTED,
        )
    )
    return address(account.settings["from"])


def server(settings: Mapping[str, object]) -> str:
    """Where the answerer connects. `smtps:` is TLS from the first byte; `tls=starttls` means: not without."""
    implicit = settings.get("tls") == "implicit"
    port = settings.get("port") or (465 if implicit else 587)
    query = ({} if implicit else {"tls": "starttls"}) | (
        {"ca": str(settings["ca"])} if settings.get("ca") else {}
    )
    return f"{'smtps' if implicit else 'smtp'}://{settings['server']}:{port}" + (
        f"?{urlencode(query)}" if query else ""
    )


def address(written: str) -> str:
    """`news@example.org` of `News <news@example.org>`; the domain as DNS spells it."""
    one = re.fullmatch(
        r"[^<>]*<([^\s<>,;]+)>|([^\s<>,;]+)", written.strip()
    )  # parseaddr makes one of two: `a@b, c@d`, `a@b c`
    local, _, host = (one[1] or one[2] if one else "").rpartition("@")
    try:
        found = f"{local}@{host.encode('idna').decode()}"
    except UnicodeError:
        found = ""
    if not written.isprintable() or not re.fullmatch(r"[!-~]+@[!-~]+", found):
        raise Rejected(
            f"'{written}' is no mail address that every server takes; write news@example.org or News <news@example.org>"
        )
    return found


def domain(settings: Mapping[str, str]) -> str:
    return address(settings["from"]).rpartition("@")[2]


def recipients(settings: Mapping[str, list[str]]) -> list[str]:
    """Everybody once, in the order of the configuration."""
    return list(dict.fromkeys(map(address, settings["to"])))


def written(settings: Mapping[str, str], post: Post, pictures: Mapping[str, Media]) -> EmailMessage:
    """alternative(plain, related(html, pictures)), or mixed(alternative(plain, html), pictures)."""
    attached = settings.get("images") == "attached"
    page = EmailMessage(policy=SMTP)
    page.set_content(
        html(post, {} if attached else pictures), subtype="html", cte="quoted-printable"
    )
    message = EmailMessage(policy=SMTP)
    message.set_content(plain(post), cte="quoted-printable")
    message.make_alternative()
    message.attach(page)
    holder, disposition = (message, "attachment") if attached else (page, "inline")
    if pictures:
        message.make_mixed() if attached else page.make_related()
    for cid, picture in pictures.items():
        holder.attach(part(cid, picture, disposition))
    for number, one in enumerate(message.walk()):
        del one["MIME-Version"]
        if one.is_multipart():
            one.set_boundary(f"=_{post.key}.{number}")
    for name, value in headers(settings, post).items():
        message[name] = value
    return message


def part(cid: str, picture: Media, disposition: str) -> EmailMessage:
    """A picture, with the line in the place of its bytes."""
    made = EmailMessage(policy=SMTP)
    made["Content-Type"] = picture.type
    made["Content-Transfer-Encoding"] = "base64"
    made.add_header("Content-Disposition", disposition, filename=picture.name)
    made["Content-ID"] = f"<{cid}>"
    if picture.alt:
        made["Content-Description"] = one_line(picture.alt)
    made.set_payload(f"={cid}=\r\n")
    return made


def headers(settings: Mapping[str, str], post: Post) -> dict[str, object]:
    """`To` is the sender: nobody reads another's address.

    No `List-Unsubscribe-Post`: one click has to do (RFC 8058), and an address that is the same for all does not say whose it was.
    """
    sender = formataddr((one_line(parseaddr(settings["from"])[0]), address(settings["from"])))
    unsubscribe = one_line(settings.get("unsubscribe") or "")
    found: dict[str, object] = {
        "From": sender,
        "To": sender,
        "Reply-To": one_line(settings.get("reply_to") or ""),
        "Subject": subject(post),
        "Date": post.date,
        "Message-ID": f"<{hashlib.sha256(post.key.encode()).hexdigest()[:32]}@{domain(settings)}>",
        "List-Id": one_line(settings.get("list_id") or ""),
        "List-Unsubscribe": f"<{unsubscribe}>" if unsubscribe else "",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Language": one_line(post.language),
    }
    return {name: value for name, value in found.items() if value}


def one_line(value: str) -> str:
    """What may stand in a header: a line break would begin another one, and so would one in an encoded word, which `email` unpacks."""
    return " ".join(
        "".join(sign if sign.isprintable() else " " for sign in value).replace("=?", "= ?").split()
    )


def subject(post: Post) -> str:
    return one_line(post.title or post.text.strip().partition("\n")[0])


def plain(post: Post) -> str:
    link = post.link
    card = [f"{link.title}\n{link.url}".strip()] if link and link.url not in post.text else []
    return (
        "\n\n".join([post.text.rstrip(), *card, *(f"[{one.alt}]" for one in post.media if one.alt)])
        + "\n"
    )


def html(post: Post, pictures: Mapping[str, Media]) -> str:
    link = post.link
    body = [post.html or f'<p style="white-space: pre-line">{escape(post.text)}</p>']
    if link and escape(link.url) not in body[0]:
        body += [
            f'<p><a href="{escape(link.url)}"><b>{escape(link.title or link.url)}</b></a><br>{escape(link.description)}</p>'
        ]
    body += [
        f'<p><img src="cid:{cid}" alt="{escape(one.alt)}" style="max-width: 100%; height: auto"></p>'
        for cid, one in pictures.items()
    ]
    return PAGE.format(
        language=escape(post.language), title=escape(subject(post)), body="\n".join(body)
    )


SETTINGS = (
    Setting(
        name="server",
        meaning="the submission server of your mail provider",
        required=True,
        example="smtp.example.org",
    ),
    Setting(
        name="port",
        meaning="its port; 587, or 465 with `tls: implicit`, where nothing is said",
        type=int,
        example="587",
    ),
    Setting(
        name="tls",
        meaning="how the connection is encrypted; nothing leaves without",
        type=Literal["starttls", "implicit"],
        default="starttls",
    ),
    Setting(
        name="ca",
        meaning="a file with the certificate of your own authority, trusted beside the system's",
        type=Path,
        example="school-ca.pem",
    ),
    Setting(
        name="from",
        meaning="whom it comes from",
        required=True,
        example="Class 4b <news@example.org>",
    ),
    Setting(
        name="to",
        meaning="who gets it; nobody sees another's address",
        type=list[str],
        required=True,
        example="[anna@example.org, ben@example.org]",
    ),
    Setting(
        name="reply_to", meaning="where answers go, if not to `from`", example="office@example.org"
    ),
    Setting(
        name="list_id",
        meaning="names the list to mail programs, for filters",
        example="Class news <news.example.org>",
    ),
    Setting(
        name="unsubscribe",
        meaning="where a reader leaves the list: an https URL that needs no login, or mailto:",
        example="mailto:news@example.org?subject=unsubscribe",
    ),
    Setting(
        name="images",
        meaning="whether pictures stand in the text or are attached",
        type=Literal["inline", "attached"],
        default="inline",
    ),
)

PLATFORM = Platform(
    name="email",
    secrets=("user", "password"),
    obtain="Your mail provider's name and password for {server}; many want an app password",
    sign=unsigned,  # the answerer of smtp: logs in itself
    settings=SETTINGS,
    limits=Limits(
        title=None,
        html=True,
        images=10,
        image_types=("image/jpeg", "image/png", "image/gif"),
        image_bytes=1_800_000,  # ten of them, as base64, stay below the 25 MB that Gmail takes
        source="https://support.google.com/mail/answer/6584",
        checked=date(2026, 11, 23),
    ),
    publish=publish,
    refuses_posts=False,
    whoami=whoami,
)
