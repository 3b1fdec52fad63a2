"""The message an e-mail account sends, read back with the standard library's own parser."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from platforms.base import HARMLESS, Account, Link, Post, Rejected, Request
from platforms.email import PLATFORM, publish, whoami
from scheduler.engine.mail import message
from scheduler.engine.planning import plan
from tests.support import DUE, a_post, an_image, documented, ok, scripted

SETTINGS = {
    "server": "smtp.example.org",
    "tls": "starttls",
    "from": "Class 4b <news@example.org>",
    "to": ["Anna <anna@example.org>", "ben@example.net", "anna@example.org"],
    "images": "inline",
}
NEWSLETTER = """\
timezone: UTC
accounts:
  news: {platform: email, server: smtp.example.org, from: news@example.org, to: anna@example.org}
posts:
- id: three-steps
  when: 2099-09-07 08:30
  to: news
  title: Three steps
  text: Three steps for you.
  thread: ["First, listen.", {text: "Then, give.", media: [{file: door.png, alt: A door}]}]
  first_comment: More next week.
"""
LONG_URL = "https://news.example.org/unsubscribe/" + "x" * 120


def account(**settings: object) -> Account:
    return Account(name="news", platform="email", settings={**SETTINGS, **settings})


def asked(post: Post, **settings: object) -> Request:
    server = scripted(documented)
    publish(account(**settings), post, server)
    return server.asked[0]


def mail(post: Post, **settings: object) -> EmailMessage:
    read = message_from_bytes(message(asked(post, **settings)), policy=policy.default)
    assert isinstance(read, EmailMessage)
    assert [part.defects for part in read.walk() if part.defects] == []
    return read


def kinds(read: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in read.walk()]


def test_the_recipients_are_in_the_envelope_once_each_and_in_no_header() -> None:
    request = asked(a_post())

    assert json.loads(request.headers["to"]) == ["anna@example.org", "ben@example.net"]
    assert request.headers["from"] == "news@example.org"
    read = mail(a_post())
    assert (read["From"], read["To"]) == ("Class 4b <news@example.org>",) * 2
    assert b"anna" not in message(request)


def test_plain_text_comes_first_and_html_last() -> None:
    read = mail(a_post(text="Grüße", html="<p>Grüße</p>", language="de"))

    plain, html = read.iter_parts()
    assert kinds(read) == ["multipart/alternative", "text/plain", "text/html"]
    assert plain.get_content().strip() == "Grüße"
    assert '<html lang="de">' in html.get_content()
    assert "<p>Grüße</p>" in html.get_content()
    assert read["Content-Language"] == "de"


def test_a_text_without_html_is_shown_as_it_is_written() -> None:
    html = mail(a_post(text="1 < 2\nyes")).get_body(("html",))

    assert html is not None
    assert "1 &lt; 2\nyes</p>" in html.get_content().replace("\r\n", "\n")


def test_inline_images_stand_in_the_html_with_their_alt(tmp_path: Path) -> None:
    image = an_image(tmp_path, alt='The "blue" door')

    read = mail(a_post(media=(image,)))

    assert kinds(read) == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    plain, html, picture = (part for part in read.walk() if not part.is_multipart())
    assert picture.get_content() == image.file.read_bytes()
    assert (
        f'<img src="cid:{picture["Content-ID"].strip("<>")}" alt="The &quot;blue&quot; door"'
        in html.get_content()
    )
    assert '[The "blue" door]' in plain.get_content()


def test_attached_images_stand_beside_the_text(tmp_path: Path) -> None:
    image = an_image(tmp_path)

    read = mail(a_post(media=(image,)), images="attached")

    assert kinds(read) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "image/png",
    ]
    (picture,) = read.iter_attachments()
    assert (picture.get_filename(), picture.get_content()) == (image.name, image.file.read_bytes())
    assert picture["Content-Description"] == "The school door"


def test_a_text_that_looks_like_a_pictures_place_stays_text(tmp_path: Path) -> None:
    image = an_image(tmp_path)
    place = f"={a_post().key}.1@example.org="

    read = mail(a_post(text=place, media=(image,)))

    plain = read.get_body(("plain",))
    assert plain is not None
    assert place in plain.get_content()


def test_the_bytes_are_the_same_at_every_rendering(tmp_path: Path) -> None:
    post = a_post(
        text="Grüße", media=(an_image(tmp_path), an_image(tmp_path, "window.png", colour="red"))
    )

    assert message(asked(post)) == message(asked(post))
    assert asked(post).digest == asked(post).digest


def test_message_id_and_date_are_the_deliverys() -> None:
    first, same, other = mail(a_post()), mail(a_post(text="Changed")), mail(a_post(key="another"))

    assert first["Message-ID"] == same["Message-ID"] != other["Message-ID"]
    assert first["Message-ID"].endswith("@example.org>")
    assert first["Date"].datetime == datetime(2026, 9, 7, 8, 30, tzinfo=UTC)


def test_a_late_mail_has_the_date_of_its_first_attempt_and_the_same_message_id() -> None:
    on_time = mail(a_post())

    late = mail(a_post(sent_at=DUE + timedelta(days=1)))

    assert late["Date"].datetime == DUE + timedelta(days=1)
    assert late["Message-ID"] == on_time["Message-ID"]


def test_an_entry_with_a_thread_and_a_first_comment_is_one_mail(tmp_path: Path) -> None:
    an_image(tmp_path)
    (tmp_path / "config.yaml").write_text(NEWSLETTER)

    (one,) = plan(tmp_path / "config.yaml").deliveries

    read = mail(one.post)
    plain = read.get_body(("plain",))
    assert one.problems == ()
    assert read["Subject"] == "Three steps"
    assert plain is not None
    assert (
        " ".join(plain.get_content().split())
        == "Three steps for you. First, listen. Then, give. More next week. [A door]"
    )
    assert "image/png" in kinds(read)


def test_a_link_that_is_not_in_the_text_gets_a_line_of_its_own() -> None:
    link = Link(url="https://example.org/?a=1&b=2", title="Term dates")

    read = mail(a_post(link=link))

    plain, html = read.iter_parts()
    assert "Term dates\nhttps://example.org/?a=1&b=2" in plain.get_content().replace("\r\n", "\n")
    assert '<a href="https://example.org/?a=1&amp;b=2"><b>Term dates</b></a>' in html.get_content()


@pytest.mark.parametrize(
    ("title", "text", "subject"),
    [
        ("Welcome back", "Hello", "Welcome back"),
        ("", "\nHello all\nof you", "Hello all"),
        ("Hello\r\nBcc: eve@example.org", "", "Hello Bcc: eve@example.org"),
        ("Hello\x00\u2028X-Spam: no", "", "Hello X-Spam: no"),
    ],
)
def test_the_subject_is_the_title_or_the_first_line_and_never_another_header(
    title: str, text: str, subject: str
) -> None:
    read = mail(a_post(title=title, text=text))

    assert read["Subject"] == subject
    assert read["Bcc"] is read["X-Spam"] is None


def test_settings_cannot_add_headers_either() -> None:
    read = mail(
        a_post(language="en\r\nX-A: 1"),
        reply_to="a@example.org\nX-B: 1",
        list_id="News <news.example.org>\rX-C: 1",
    )

    assert [read[name] for name in ("X-A", "X-B", "X-C")] == [None] * 3
    with pytest.raises(Rejected, match="is no mail address"):
        asked(a_post(), **{"from": "News\r\nX-D: 1 <news@example.org>"})


def test_a_long_unsubscribe_url_is_not_folded_into_encoded_words() -> None:
    raw = message(asked(a_post(), unsubscribe=LONG_URL))

    assert f"\r\nList-Unsubscribe: <{LONG_URL}>\r\n".encode() in raw
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("address", [LONG_URL, "mailto:news@example.org?subject=unsubscribe"])
def test_one_click_is_not_promised_as_the_address_does_not_say_whose_click_it_is(
    address: str,
) -> None:
    read = mail(a_post(), unsubscribe=address)

    assert read["List-Unsubscribe"] == f"<{address}>"
    assert read["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({}, "smtp://smtp.example.org:587?tls=starttls"),
        ({"port": 2587}, "smtp://smtp.example.org:2587?tls=starttls"),
        ({"tls": "implicit"}, "smtps://smtp.example.org:465"),
        (
            {"tls": "implicit", "ca": Path("our ca.pem")},
            "smtps://smtp.example.org:465?ca=our+ca.pem",
        ),
    ],
)
def test_the_server_is_told_by_the_url(settings: dict[str, object], url: str) -> None:
    assert asked(a_post(), **settings).url == url


def test_a_domain_beyond_ascii_is_written_as_dns_spells_it() -> None:
    request = asked(a_post(), **{"from": "Schüle <news@schüle.example>"})

    assert request.headers["from"] == "news@xn--schle-mva.example"
    assert (
        message_from_bytes(message(request), policy=policy.default)["From"]
        == "Schüle <news@xn--schle-mva.example>"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "bob at example.org",
        "bob@",
        "bób@example.org",
        "a@example.org\r\nRCPT TO:<eve@example.org>",
        "a@x..y",
    ],
)
def test_what_is_no_address_is_refused_before_anything_leaves(wrong: str) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match="is no mail address"):
        publish(account(to=[wrong]), a_post(), untouched)

    assert untouched.asked == []


def test_refused_recipients_are_told_although_the_mail_is_out() -> None:
    server = scripted(ok(refused={"ben@example.net": "550 5.1.1 unknown"}, reply="250 queued"))

    up = publish(account(), a_post(), server)

    assert up.notes == ("ben@example.net was refused: 550 5.1.1 unknown",)


def test_whoami_logs_in_and_sends_nothing() -> None:
    server = scripted(documented)

    assert whoami(account(), server) == "news@example.org"
    assert [(one.method, one.repeat) for one in server.asked] == [("NOOP", HARMLESS)]


def test_a_mail_sent_twice_is_read_twice() -> None:
    assert asked(a_post()).is_visible
    assert PLATFORM.find is None
