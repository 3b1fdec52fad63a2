"""Whatever stands in a title, a setting or a recipient, the mail has the headers that we give it, and leaves for nobody else."""

import json
from dataclasses import replace
from email import message_from_bytes, policy
from email.policy import compat32
from pathlib import Path

import pytest

from platforms.base import Account, Published, Rejected, Request, Response
from platforms.email import publish
from scheduler.engine.mail import message
from tests.support import a_post, an_image

OURS = {
    "content-type",
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-unsubscribe",
    "precedence",
    "auto-submitted",
    "mime-version",
    "content-language",
}
PARTS = {
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "content-id",
    "content-description",
}
INJECTIONS = [
    "a\r\nBcc: eve@example.org",
    "a\nBcc: eve@example.org",
    "a\rBcc: eve@example.org",
    "a\r\n\r\nanother body",
    "a\r\n Bcc: eve@example.org",
    "a\0Bcc: eve@example.org",
    "a\x0bBcc: e@x",
    "a\x0cBcc: e@x",
    "a\x85Bcc: e@x",
    "a\u2028Bcc: e@x",
    "a\u2029Bcc: e@x",
    "a\x1b[2J\x07",
    "=?utf-8?q?=0d=0aBcc:_eve@example.org?=",
    "=?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLm9yZw==?=",
    "=?utf-8?q?a?= =?utf-8?q?=0d=0aBcc:_e@x?=",
    "==??utf-8?q?=0d=0aBcc:_e@x?=",
    "=\u200b?utf-8?q?=0d=0aBcc:_e@x?=",
    "=\0?utf-8?q?=0aBcc:_e@x?=",
    "= ?utf-8?q?=0aBcc:_e@x?=",
    "x" * 20_000,
    "ü" * 3_000,
    "=?" * 5_000,
    "word " * 5_000,
    "\u202egro.elpmaxe@eve",
]


def request(settings: dict[str, object] | None = None, **post: object) -> Request:
    asked: list[Request] = []

    def ask(one: Request) -> Response:
        asked.append(one)
        return one.documented()

    account = Account(
        name="newsletter",
        platform="email",
        settings={
            "server": "smtp.example.org",
            "from": "News <news@example.org>",
            "to": ["anna@example.org", "ben@example.org"],
            **(settings or {}),
        },
    )
    publish(account, a_post(**post), ask)
    return asked[0]


def headers_of(one: Request) -> dict[str, str]:
    """As the server reads them: line by line, with nothing unpacked."""
    raw = message(one)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    read = message_from_bytes(raw, policy=compat32)
    for part in read.walk():
        assert {name.lower() for name in part} <= (OURS if part is read else PARTS)
    unpacked = message_from_bytes(raw, policy=policy.default)
    assert unpacked["Bcc"] is unpacked["Cc"] is None
    return dict(read.items())


@pytest.mark.parametrize("written", INJECTIONS)
def test_what_a_post_says_stays_in_its_header(tmp_path: Path, written: str):
    door = replace(an_image(tmp_path), alt=written)

    headers = headers_of(
        request(
            title=written,
            language=written[:200],
            media=(door,),
            reply_to=Published(id=written[:500]),
        )
    )
    headers_of(request({"images": "attached"}, title="", text=written, media=(door,)))

    assert headers["To"] == "News <news@example.org>"


@pytest.mark.parametrize("setting", ["reply_to", "list_id", "unsubscribe"])
@pytest.mark.parametrize("written", INJECTIONS)
def test_what_a_setting_says_stays_in_its_header(setting: str, written: str):
    headers_of(request({setting: written[:900]}))


@pytest.mark.parametrize("written", INJECTIONS)
def test_a_senders_name_is_a_name(written: str):
    try:
        one = request({"from": f"{written[:400]} <news@example.org>"})
    except Rejected as refused:
        assert "is no mail address" in str(refused)  # noqa: PT017  # which is as well
        return

    headers_of(one)
    assert one.headers["from"] == "news@example.org"


@pytest.mark.parametrize(
    "written",
    [
        "a@b.org\nBcc: c@d.org",
        "a@b.org\r\nRCPT TO:<c@d.org>",
        "a@b.org, c@d.org",
        "a@b.org c@d.org",
        "a@b.org; c@d.org",
        "a@b.org> RCPT TO:<c@d.org",
        "<a@b.org> <c@d.org>",
        "a@b.org\0c@d.org",
        "a@b.org\x0bc@d.org",
        "=?utf-8?q?a=40b.org=0aBcc:_c?=",
        "a b@c.org",
        "a@b c",
        "@",
        "a@",
        "@b.org",
        "",
        "undisclosed-recipients:;",
        "a@b.org (c@d.org)",
        "\u202ea@b.org",
    ],
)
def test_a_recipient_is_one_address_or_nothing_leaves(written: str):
    for settings in ({"to": [written]}, {"to": ["anna@example.org", written]}, {"from": written}):
        with pytest.raises(Rejected, match="is no mail address"):
            request(settings)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("anna@example.org", "anna@example.org"),
        (" anna@example.org ", "anna@example.org"),
        ("<anna@example.org>", "anna@example.org"),
        ("Anna <anna+news@example.org>", "anna+news@example.org"),
        ('"Berger, Anna" <anna@example.org>', "anna@example.org"),
        ("Anna (4b) <a.b-c_d@mail.example.org>", "a.b-c_d@mail.example.org"),
    ],
)
def test_an_address_is_taken_as_people_write_it(written: str, address: str):
    assert json.loads(request({"to": [written]}).headers["to"]) == [address]
