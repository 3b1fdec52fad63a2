"""The proof's proxy for mail, between a real client and a real Postfix: each fault is what it is named for."""

from collections.abc import Iterator
from typing import Any

import pytest

from benchmarks.proof.faults import Drawn, MailProxy
from platforms.base import InDoubt, TryLater
from platforms.email import publish
from tests.servers.test_mail import account, ask, message_id, received
from tests.support import a_post

pytestmark = pytest.mark.xdist_group("mail")


@pytest.fixture
def faulty(mail: dict[str, Any], fault: str) -> Iterator[MailProxy]:
    proxy = MailProxy(mail["smtp_starttls_port"], Drawn({fault: 1.0}, "seed"))
    yield proxy
    proxy.close()


@pytest.mark.parametrize("fault", ["lost"])
def test_a_lost_reply_to_the_dot_is_a_doubt_and_the_mail_is_there(
    mail: dict[str, Any], faulty: MailProxy
) -> None:
    moments: list[str] = []
    faulty.before = lambda n, line: moments.append("before")
    faulty.after = lambda n, line: moments.append("after")
    post = a_post(key="reply-lost")

    with pytest.raises(InDoubt, match="never answered"):
        publish(account(mail, port=faulty.port), post, ask(mail))

    assert moments == ["before", "after"]
    assert len(received(mail, "bob", message_id(mail, post))) == 1


@pytest.mark.parametrize("fault", ["429", "reset before", "reset after"])
def test_what_ends_before_the_dot_leaves_no_mail_and_is_not_taken_for_sent(
    mail: dict[str, Any], faulty: MailProxy, fault: str
) -> None:
    post = a_post(key=f"ends-{fault.replace(' ', '-')}")

    with pytest.raises((TryLater, InDoubt)):  # what is cut late may look like a lost reply
        publish(account(mail, port=faulty.port), post, ask(mail))

    up = publish(account(mail), post, ask(mail))
    assert len(received(mail, "bob", up.id)) == 1
