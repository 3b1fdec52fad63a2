"""A mail to more readers than the server takes in one transaction: each gets it once, whatever is lost or dies on the way.

`Office` is a mail server that speaks SMTP with smtplib itself, and knows who got the mail how often.
"""

import ssl
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from smtplib import SMTP

import pytest

from platforms import email
from platforms.base import Account, Ask, Post, Published, Request
from scheduler.engine.mail import answer
from scheduler.engine.retrying import MOST_ATTEMPTS
from scheduler.store import Row
from tests.engine.support import Bench, Crash, a_bench, a_delivery
from tests.support import DUE

SECRETS = {"user": "anna", "password": "secret"}
EVERYBODY = [f"reader{number}@example.org" for number in range(1, 131)]
TOO_MANY = "452 4.5.3 too many recipients"
GREYLISTED = "450 4.7.1 greylisted"
AN_HOUR = 3600


@dataclass
class Office:
    """A server that takes `limit` recipients in a transaction. `faults`: (session, verb) -> what it does there, once:

    a reply; "cut", which ends the connection before anything is done; "lost", which ends it afterwards; a crash of ours.
    """

    limit: int = 100
    too_many: str = TOO_MANY
    refuses: dict[str, str] = field(default_factory=dict)
    faults: dict[tuple[int, str], str | Crash] = field(default_factory=dict)
    boxes: Counter[str] = field(default_factory=Counter)
    sessions: int = 0
    transactions: list[int] = field(default_factory=list)  # how many got each

    def connect(self, request: Request, context: ssl.SSLContext, timeout: float) -> SMTP:
        self.sessions += 1
        smtp = SMTP(local_hostname="[127.0.0.1]")
        session = Session(self, self.sessions)
        session.meets("CONNECT")
        smtp.sock = session  # type: ignore[assignment]
        smtp.file = session  # type: ignore[assignment]
        return smtp

    def network(self) -> Ask:
        return partial(answer, secrets=SECRETS, timeout=30, connect=self.connect)


@dataclass
class Session:
    """One connection, as smtplib's socket and as the file that it reads the replies from."""

    office: Office
    number: int
    named: list[str] = field(default_factory=list)
    replies: deque[bytes] = field(default_factory=deque)
    in_text: bool = False
    is_cut: bool = False

    def sendall(self, sent: bytes) -> None:
        if self.is_cut:
            raise BrokenPipeError("cut")
        if self.in_text and sent != b".\r\n":
            return
        verb = "." if self.in_text else sent[:4].decode().strip().upper()
        fault = self.meets(verb)
        reply = "" if fault == "cut" else fault or self.carried_out(verb, sent.decode())
        self.in_text = reply.startswith("354")
        self.is_cut = fault in ("cut", "lost") or reply.startswith("421")
        if fault == "lost":
            self.carried_out(verb, sent.decode())
            return
        self.replies.extend(f"{line}\r\n".encode() for line in reply.splitlines())

    def meets(self, verb: str) -> str:
        fault = self.office.faults.pop((self.number, verb), "")
        if isinstance(fault, Crash):
            raise fault
        return fault

    def carried_out(self, verb: str, said: str) -> str:
        if verb == "RCPT":
            return self.named_one(said.partition("<")[2].partition(">")[0])
        if verb == ".":
            self.office.boxes.update(self.named)
            self.office.transactions.append(len(self.named))
        return {
            "EHLO": "250-smtp.example.org\n250 AUTH PLAIN",
            "AUTH": "235 welcome",
            "DATA": "354 go on",
        }.get(verb, "250 ok")

    def named_one(self, recipient: str) -> str:
        if recipient in self.office.refuses:
            return self.office.refuses[recipient]
        if len(self.named) == self.office.limit:
            return self.office.too_many
        self.named.append(recipient)
        return "250 ok"

    def readline(self, size: int = -1) -> bytes:
        return self.replies.popleft() if self.replies else b""

    def settimeout(self, seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


def newsletter(bench: Bench, readers: list[str] = EVERYBODY) -> Bench:
    """The bench, with a mail to them due."""
    account = Account(
        name="main",
        platform="email",
        settings={
            "server": "smtp.example.org",
            "tls": "implicit",
            "from": "news@example.org",
            "to": readers,
        },
    )

    def publish(_: Account, post: Post, ask: Ask) -> Published:
        return email.publish(account, post, ask)

    bench.platform = replace(bench.platform, name="email", publish=publish)
    return bench


def a_newsletter(folder: Path, office: Office, readers: list[str] = EVERYBODY) -> Bench:
    return newsletter(a_bench(folder, office.network()), readers)


def worked_on(bench: Bench, rounds: int = 30) -> Row:
    """The delivery when nothing more happens by itself, or after so many rounds."""
    for _ in range(rounds):
        row = bench.attempt()
        if row.status != "scheduled":
            break
        bench.clock.pass_(max(0.0, (row.next_at - bench.clock.at).total_seconds()))
    return row


def once_each(readers: list[str] = EVERYBODY) -> Mapping[str, int]:
    return dict.fromkeys(readers, 1)


@pytest.mark.parametrize(
    "too_many", [TOO_MANY, "452 too many", "451 4.3.2 later", "552 5.5.3 too many recipients"]
)
def test_whom_one_transaction_does_not_take_gets_it_in_the_next(
    tmp_path: Path, too_many: str
) -> None:
    office = Office(too_many=too_many)
    bench = a_newsletter(tmp_path, office)

    row = bench.attempt()

    assert (row.status, row.error, row.attempts) == ("published", None, 1)
    assert office.boxes == once_each()
    assert office.transactions == [100, 30]


def test_a_server_that_takes_one_recipient_at_a_time_is_asked_as_often(tmp_path: Path) -> None:
    office, readers = Office(limit=1), EVERYBODY[:7]
    bench = a_newsletter(tmp_path, office, readers)

    row = bench.attempt()

    assert row.status == "published"
    assert office.boxes == once_each(readers)
    assert office.transactions == [1] * 7


def test_who_is_refused_for_good_in_any_transaction_is_a_note(tmp_path: Path) -> None:
    unknown = {EVERYBODY[0]: "550 5.1.1 unknown", EVERYBODY[129]: "550 5.1.1 unknown too"}
    office = Office(refuses=unknown)
    bench = a_newsletter(tmp_path, office)

    row = bench.attempt()

    assert row.status == "published"
    assert row.error == (
        "reader1@example.org was refused: 550 5.1.1 unknown; "
        "reader130@example.org was refused: 550 5.1.1 unknown too"
    )
    assert office.boxes == once_each(EVERYBODY[1:129])


def test_a_further_transaction_that_nobody_may_get_is_a_note_as_well(tmp_path: Path) -> None:
    office = Office(refuses={EVERYBODY[1]: "552 5.2.2 mailbox full"})
    bench = a_newsletter(tmp_path, office, EVERYBODY[:2])

    row = bench.attempt()

    assert row.status == "published"
    assert row.error == "reader2@example.org was refused: 552 5.2.2 mailbox full"
    assert office.transactions == [1]


@pytest.mark.parametrize("session", [1, 2, 3])
def test_a_kill_before_any_transaction_is_a_restart_where_it_was(
    tmp_path: Path, session: int
) -> None:
    office = Office(limit=50, faults={(session, "CONNECT"): Crash()})
    bench = a_newsletter(tmp_path, office)
    with pytest.raises(Crash):
        bench.attempt()

    row = bench.restart(office.network())

    assert row.status == "published"
    assert office.boxes == once_each()
    assert office.transactions == [50, 50, 30]


@pytest.mark.parametrize(
    "fault",
    ["cut", "421 4.7.0 closing", "451 4.3.0 disk", Crash()],
    ids=["cut", "421", "451", "killed"],
)
@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("session", [1, 2])
def test_what_fails_before_the_text_is_handed_over_is_tried_again_for_the_rest_only(
    tmp_path: Path, session: int, verb: str, fault: str | Crash
) -> None:
    office = Office(faults={(session, verb): fault})
    bench = a_newsletter(tmp_path, office)
    try:
        bench.attempt()
    except Crash:
        bench.store.release(bench.clock(), by="test")

    row = worked_on(bench)

    assert row.status == "published"
    assert office.boxes == once_each()


def test_a_deferred_text_is_handed_over_again_to_the_rest_only(tmp_path: Path) -> None:
    office = Office(faults={(2, "."): "451 4.3.0 disk"})
    bench = a_newsletter(tmp_path, office)
    assert "100 of 130 have it" in (bench.attempt().error or "")

    row = worked_on(bench)

    assert row.status == "published"
    assert office.boxes == once_each()


@pytest.mark.parametrize("fault", ["lost", Crash()], ids=["lost", "killed"])
def test_an_answer_lost_in_a_further_transaction_is_a_doubt_about_that_one(
    tmp_path: Path, fault: str | Crash
) -> None:
    office = Office(limit=50, faults={(2, "."): fault})
    bench = a_newsletter(tmp_path, office)
    try:
        bench.attempt()
    except Crash:
        bench.store.release(bench.clock(), by="test")
        bench.clock.pass_(200)

    row = worked_on(bench)

    assert row.status == "in doubt"
    assert "'mail 2'" in (row.error or "")
    doubt = bench.store.journal.unanswered("k1")
    assert doubt is not None
    assert doubt.step == "mail 2"
    assert office.sessions == 2


def test_a_doubt_about_a_further_transaction_says_how_many_have_it(tmp_path: Path) -> None:
    bench = a_newsletter(tmp_path, Office(faults={(2, "."): "lost"}))

    row = bench.attempt()

    assert (row.error or "").startswith("100 of 130 have it; smtp.example.org:465 had all of")


def test_a_doubt_that_is_resolved_with_again_sends_to_the_rest_only(tmp_path: Path) -> None:
    office = Office(limit=50, faults={(2, "."): "cut"})
    bench = a_newsletter(tmp_path, office)
    assert worked_on(bench).status == "in doubt"

    bench.store.resolve("k1", again=True, now=bench.clock())
    row = worked_on(bench)

    assert row.status == "published"
    assert office.boxes == once_each()


@pytest.mark.parametrize("deferred", [EVERYBODY, EVERYBODY[:3], EVERYBODY[129:]])
def test_greylisted_readers_get_it_later_and_the_others_not_again(
    tmp_path: Path, deferred: list[str]
) -> None:
    office = Office(refuses=dict.fromkeys(deferred, GREYLISTED))
    bench = a_newsletter(tmp_path, office)
    first = bench.attempt()
    office.refuses.clear()

    row = worked_on(bench)

    assert first.status == "scheduled"
    assert GREYLISTED in (first.error or "")
    assert row.status == "published"
    assert office.boxes == once_each()


def test_a_reader_who_is_always_deferred_fails_by_name_and_a_retry_is_for_that_one(
    tmp_path: Path,
) -> None:
    last = EVERYBODY[129]
    office = Office(refuses={last: "452 4.2.2 mailbox full"})
    bench = a_newsletter(tmp_path, office)

    row = worked_on(bench)

    assert row.status == "failed"
    assert "129 of 130 have it" in (row.error or "")
    assert f"{last} (452 4.2.2 mailbox full)" in (row.error or "")

    office.refuses.clear()
    bench.store.retry("k1", bench.clock())
    assert worked_on(bench).status == "published"
    assert office.boxes == once_each()


def test_a_further_transaction_that_is_refused_fails_with_who_has_it(tmp_path: Path) -> None:
    office = Office(faults={(2, "MAIL"): "550 5.4.5 daily quota exceeded"})
    bench = a_newsletter(tmp_path, office)

    row = bench.attempt()

    assert row.status == "failed"
    assert (row.error or "").startswith("100 of 130 have it")
    bench.store.retry("k1", bench.clock())
    assert worked_on(bench).status == "published"
    assert office.boxes == once_each()


def test_the_rest_goes_out_after_a_night_off_as_well(tmp_path: Path) -> None:
    office = Office(faults={(2, "CONNECT"): Crash()})
    bench = a_newsletter(tmp_path, office)
    with pytest.raises(Crash):
        bench.attempt()
    bench.clock.pass_(12 * AN_HOUR)
    bench.store.too_late(bench.clock())

    row = bench.restart(office.network())

    assert row.status == "published"
    assert office.boxes == once_each()


def test_the_rest_is_not_tried_for_ever(tmp_path: Path) -> None:
    office = Office(faults={(2, "CONNECT"): Crash()}, refuses={EVERYBODY[129]: GREYLISTED})
    bench = a_newsletter(tmp_path, office)
    with pytest.raises(Crash):
        bench.attempt()
    bench.store.release(bench.clock(), by="test")
    bench.clock.pass_(12 * AN_HOUR)

    row = worked_on(bench)

    assert (row.status, row.attempts) == ("failed", MOST_ATTEMPTS)
    assert office.boxes == once_each(EVERYBODY[:129])


def test_an_edit_or_a_removal_between_two_transactions_changes_nothing(tmp_path: Path) -> None:
    office = Office(faults={(2, "CONNECT"): Crash()})
    bench = a_newsletter(tmp_path, office)
    with pytest.raises(Crash):
        bench.attempt()
    bench.store.release(bench.clock(), by="test")

    bench.store.plan([a_delivery(due=DUE + timedelta(days=1))], bench.clock())
    bench.store.plan([], bench.clock())

    assert worked_on(bench).status == "published"
    assert office.boxes == once_each()


def test_a_list_that_changes_between_two_transactions_is_in_doubt_rather_than_sent_twice(
    tmp_path: Path,
) -> None:
    office = Office(faults={(2, "CONNECT"): Crash()})
    bench = a_newsletter(tmp_path, office)
    with pytest.raises(Crash):
        bench.attempt()
    bench.store.release(bench.clock(), by="test")

    row = worked_on(newsletter(bench, [*EVERYBODY, "new@example.org"]))

    assert row.status == "in doubt"
    assert max(office.boxes.values()) == 1
