"""What the log says, and what it keeps to itself."""

import io
import json
import logging
from base64 import b64encode, urlsafe_b64encode
from datetime import datetime

import pytest

from scheduler.engine.logs import redacted, set_up

SECRETS = {"tok-5ecret", "https://x.test/hooks/77/5ecret-part", 'pass"word ü', "abc"}
log = logging.getLogger("termbell")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def a_log(
    stream: io.StringIO, secrets: set[str] = SECRETS, as_json: bool | None = None
) -> io.StringIO:
    set_up(stream, lambda: secrets, as_json)
    return stream


def test_a_person_reads_lines_with_what_they_are_about():
    stream = a_log(Terminal())

    log.info(
        "published %s",
        "https://x.test/1",
        extra={"delivery": "7f3a9c0d1e2b4a55", "account": "fediverse", "entry": "welcome-back"},
    )

    assert datetime.fromisoformat(stream.getvalue().split()[0]).tzinfo
    assert stream.getvalue().endswith(
        " info    published https://x.test/1  [7f3a9c0d fediverse welcome-back]\n"
    )


def test_everybody_else_reads_json_lines():
    stream = a_log(io.StringIO())

    log.warning(
        "Grüße", extra={"delivery": "7f3a9c0d1e2b4a55", "account": "fediverse", "step": "status"}
    )

    line = json.loads(stream.getvalue())
    assert line.pop("time")[-6] in "+-"
    assert line == {
        "level": "warning",
        "delivery": "7f3a9c0d1e2b4a55",
        "account": "fediverse",
        "step": "status",
        "message": "Grüße",
    }


@pytest.mark.parametrize("as_json", [True, False])
def test_no_secret_is_written_wherever_it_comes_from(as_json: bool):
    stream = a_log(io.StringIO(), as_json=as_json)

    log.info("message tok-5ecret and %s", 'pass"word ü', extra={"account": "tok-5ecret"})
    log.info("path /hooks/77/5ecret-part?wait=true")
    try:
        raise ValueError("https://x.test/hooks/77/5ecret-part")
    except ValueError:
        log.exception("failed")

    written = stream.getvalue()
    assert "•••" in written
    assert [
        part for part in ("5ecret", "/hooks/77", 'pass"word', 'pass\\"word') if part in written
    ] == []


def test_a_secret_learnt_later_is_hidden_too():
    secrets: set[str] = set()
    stream = a_log(io.StringIO(), secrets)
    secrets.add("new-5ecret")

    log.info("got new-5ecret")

    assert "5ecret" not in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("abc", "abc"),  # too short to hide anything by it
        ("a=pass%22word%20%C3%BC", "a=•••"),
        ('"pass\\"word ü"', '"•••"'),
        ('"pass\\"word \\u00fc"', '"•••"'),
        (
            '"{\\"key\\": \\"pass\\\\\\"word \\\\u00fc\\"}"',
            '"{\\"key\\": \\"•••\\"}"',
        ),  # our JSON, quoted in the server's
        ("/hooks/77/5ecret-part", "•••"),
        ("tok-5ecret-more", "•••-more"),
        ("q=tok-5ecret+and", "q=•••+and"),
        ("pass&quot;word ü", "•••"),
        (
            b64encode(b"tok-5ecret").decode(),
            "•••A==",
        ),  # the last letter holds four bits of the secret
        (b64encode(b"anna:tok-5ecret").decode(), "YW5uYTp•••"),
        (b64encode(b"\0anna\0tok-5ecret").decode(), "AGFubmEA•••A=="),
        (urlsafe_b64encode('pass"word ü'.encode()).decode(), "•••"),
    ],
)
def test_a_secret_is_hidden_in_every_spelling(text: str, shown: str):
    assert redacted(text, SECRETS) == shown


@pytest.mark.parametrize("as_json", [True, False])
def test_nothing_steers_the_terminal(as_json: bool):
    stream = a_log(Terminal(), as_json=as_json)

    log.info("a\x1b[2Jb\x9bc\nd\u202e", extra={"account": "\x1b]0;x\x07"})

    assert stream.getvalue().count("\n") == 1
    assert not set(stream.getvalue()) & set("\x1b\x9b\x07\u202e")


@pytest.mark.parametrize(
    "text", ["Prêt\u00a0? 10\u202f%\u3000終", "👩\u200d👩\u200d👧", "می\u200cخواهم"]
)
def test_spaces_and_joiners_of_every_language_stay(text: str):
    stream = a_log(Terminal())

    log.info(text)

    assert text in stream.getvalue()


def test_the_end_of_a_webhooks_address_is_a_secret_by_itself():
    secrets = ["https://discord.test/api/webhooks/1100000000000000001/AbCdEfGh-5ecret_token-of-it"]

    assert (
        redacted('{"id": "11", "token": "AbCdEfGh-5ecret_token-of-it"}', secrets)
        == '{"id": "11", "token": "•••"}'
    )


def test_libraries_that_would_log_tokens_are_quiet():
    stream = a_log(io.StringIO())

    for name in (
        "oauthlib.oauth1",
        "requests_oauthlib.oauth2_session",
        "urllib3.connectionpool",
        "apscheduler.scheduler",
    ):
        logging.getLogger(name).info("a token")

    assert stream.getvalue() == ""


def test_setting_up_twice_writes_once():
    a_log(io.StringIO())
    stream = a_log(io.StringIO())

    log.info("once")

    assert len(stream.getvalue().splitlines()) == 1


def test_what_the_scheduler_says_of_a_ring_that_waits_is_not_repeated_each_second():
    stream = a_log(io.StringIO())

    logging.getLogger("apscheduler.scheduler").warning(
        "maximum number of running instances reached"
    )
    logging.getLogger("apscheduler.executors.default").error("the job raised an exception")

    lines = stream.getvalue().splitlines()
    assert [json.loads(line)["message"] for line in lines] == ["the job raised an exception"]
