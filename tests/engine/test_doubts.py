"""Table P: what becomes of a visible request that got no answer. Each row, through the real desk."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest

from platforms.base import (
    DOUBLES,
    DROPPED,
    FOREVER,
    HARMLESS,
    InDoubt,
    Published,
    Rejected,
    Request,
    Response,
    TryLater,
)
from platforms.recent import Found, Look
from scheduler.engine.doubts import RULES, Case, Way, after
from scheduler.store import Store
from tests.engine.support import ABSENT, Bench, a_bench, a_delivery, ours, two_steps
from tests.support import DUE, ok

NEAR = Look(found=Found.NEAR, post=Published(id="7", url="https://x.test/7"), why="a twin")
REMOVED = Look(found=Found.REMOVED, post=Published(id="9", url="https://x.test/9"))
FAILED = Look(found=Found.FAILED, why="the list of posts is cut")
PATIENCE = timedelta(minutes=15)


@dataclass
class Server:
    """Takes uploads; loses the answers to the first posts, then answers."""

    losses: int = 1
    sent: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        if request.repeat is HARMLESS:
            return ok(id="m")
        request.fence()
        self.sent.append(request)
        if len(self.sent) <= self.losses:
            raise InDoubt("the connection broke")
        return ok(id="9")


def lost(
    folder: Path, *looks: Look, losses: int = 1, keyed: float = 0, **delivery: object
) -> Bench:
    """A delivery whose answer was lost, on a platform where looks say that, the last one on and on."""
    results = list(looks)

    def find(*_: object) -> Look:
        return results.pop(0) if len(results) > 1 else results[0]

    bench = a_bench(
        folder,
        Server(losses=losses),
        publish=two_steps(DROPPED if keyed else DOUBLES, keyed),
        find=find if looks else None,
    )
    bench.store.plan([a_delivery(**delivery)], DUE - timedelta(days=1))
    bench.attempt()
    return bench


def until_settled(bench: Bench) -> str:
    """Lets time pass until nothing more happens; the status."""
    row = bench.store.row("k1")
    for _ in range(40):
        if row.status != "scheduled":
            return row.status
        bench.clock.at = max(bench.clock.at, row.next_at)
        bench.store.too_late(bench.clock())
        row = bench.attempt()
    raise AssertionError("it never ends")


def test_there_is_exactly_one_rule_for_every_case():
    """Without a way to look there is no case: it is in doubt at once."""
    for way, found in product((Way.RECORD, Way.LOOK), Found):
        for flags in product((False, True), repeat=4):
            names = ("is_over", "was_repeated", "is_late", "has_failed")
            case = Case(found=found, **dict(zip(names, flags, strict=True)))

            fitting = [rule.then for rule in RULES if rule.fits(way, case)]

            assert fitting == [after(way, case)], (way, case)


@pytest.mark.parametrize(
    ("keyed", "look"), [(0, ABSENT), (FOREVER, ABSENT), (FOREVER, None)], ids=str
)
def test_before_the_request_is_over_nothing_happens(
    tmp_path: Path, keyed: float, look: Look | None
):
    bench = lost(tmp_path, *([look] if look else []), keyed=keyed)
    bench.clock.pass_(31)

    row = bench.attempt()

    assert row.status == "scheduled"
    assert row.next_at == DUE + timedelta(seconds=32)
    assert len(bench.network.sent) == 1


@pytest.mark.parametrize(
    ("keyed", "until"), [(0, "08:45:00"), (3600, "08:45:00"), (FOREVER, "08:30:32")]
)
def test_meanwhile_it_says_when_it_was_sent_and_until_when_it_is_looked_for(
    tmp_path: Path, keyed: float, until: str
):
    bench = lost(tmp_path, ABSENT, keyed=keyed)

    row = bench.store.row("k1")

    assert row.status == "scheduled"
    assert row.error == f"sent at 08:30:00 UTC, no answer; looking until {until} UTC"


def test_without_a_way_to_look_it_is_in_doubt_at_once(tmp_path: Path):
    bench = lost(tmp_path)

    assert bench.store.row("k1").status == "in doubt"


@pytest.mark.parametrize("keyed", [0, 3600, FOREVER])
@pytest.mark.parametrize(("look", "status"), [(ours(), "published"), (NEAR, "in doubt")])
def test_what_the_first_look_finds_settles_it(
    tmp_path: Path, keyed: float, look: Look, status: str
):
    bench = lost(tmp_path, look, keyed=keyed)

    assert until_settled(bench) == status
    assert len(bench.network.sent) == 1
    assert bench.clock() == DUE + timedelta(seconds=32)


def test_what_is_near_is_named_with_its_address(tmp_path: Path):
    bench = lost(tmp_path, NEAR)

    until_settled(bench)

    assert "a twin: https://x.test/7" in (bench.store.row("k1").error or "")


@pytest.mark.parametrize("keyed", [0, FOREVER])
def test_what_a_person_removed_is_published_with_a_note_and_never_sent_again(
    tmp_path: Path, keyed: float
):
    bench = lost(tmp_path, REMOVED, keyed=keyed)

    assert until_settled(bench) == "published"
    assert bench.store.row("k1").error == "somebody has removed it from the platform since"
    assert len(bench.network.sent) == 1


@pytest.mark.parametrize("look", [ABSENT, FAILED])
def test_a_key_that_names_the_record_is_sent_again_with_the_same_bytes(tmp_path: Path, look: Look):
    bench = lost(tmp_path, look, keyed=FOREVER)

    assert until_settled(bench) == "published"
    first, second = bench.network.sent
    assert first.digest == second.digest
    assert bench.clock() == DUE + timedelta(seconds=32)


def test_a_key_that_names_the_record_is_in_doubt_after_twelve_attempts(tmp_path: Path):
    bench = lost(tmp_path, ABSENT, keyed=FOREVER, losses=99)

    assert until_settled(bench) == "in doubt"
    assert bench.store.row("k1").attempts == 12


@pytest.mark.parametrize("keyed", [0, 3600])
def test_absent_until_the_patience_is_over_is_sent_once_more(tmp_path: Path, keyed: float):
    bench = lost(tmp_path, ABSENT, keyed=keyed)

    assert until_settled(bench) == "published"
    assert len(bench.network.sent) == 2
    assert bench.clock() == DUE + PATIENCE


@pytest.mark.parametrize("keyed", [0, 3600])
def test_absent_after_a_second_sending_is_in_doubt(tmp_path: Path, keyed: float):
    bench = lost(tmp_path, ABSENT, keyed=keyed, losses=2)

    assert until_settled(bench) == "in doubt"
    assert len(bench.network.sent) == 2
    assert bench.clock() == DUE + 2 * PATIENCE
    assert "not found after a second sending" in (bench.store.row("k1").error or "")


def test_a_post_that_appears_after_the_second_sending_is_found(tmp_path: Path):
    bench = lost(tmp_path, *[ABSENT] * 6, ours(), losses=2)

    assert until_settled(bench) == "published"
    assert len(bench.network.sent) == 2


@pytest.mark.parametrize(("late", "status"), [("skip", "missed"), ("ask", "held")])
def test_absent_and_too_late_is_not_sent_again(tmp_path: Path, late: str, status: str):
    bench = lost(tmp_path, ABSENT, late=late, grace=600.0)

    assert until_settled(bench) == status
    row = bench.store.row("k1")
    assert row.error == (
        "sent at 08:30:00 UTC, no answer, not there at 08:45:00 UTC, and now it is too late"
    )
    assert len(bench.network.sent) == 1
    assert [notice.kind for notice in bench.store.notices.untold()] == [
        {"missed": "missed", "held": "late"}[status]
    ]


def test_absent_and_allowed_to_be_late_is_sent_again(tmp_path: Path):
    bench = lost(tmp_path, ABSENT, late="publish", grace=600.0)

    assert until_settled(bench) == "published"


def test_a_missed_one_that_is_retried_is_looked_for_first(tmp_path: Path):
    bench = lost(tmp_path, *[ABSENT] * 5, ours(), grace=600.0)
    until_settled(bench)

    bench.store.retry("k1", bench.clock())

    assert until_settled(bench) == "published"
    assert len(bench.network.sent) == 1


def test_a_look_that_fails_never_sends_and_ends_in_doubt_after_twelve(tmp_path: Path):
    bench = lost(tmp_path, FAILED, late="publish")

    assert until_settled(bench) == "in doubt"
    assert len(bench.network.sent) == 1
    assert bench.clock() > DUE + PATIENCE
    assert "looking failed 12 times: the list of posts is cut" in (
        bench.store.row("k1").error or ""
    )


def test_only_a_look_that_succeeds_when_the_patience_is_over_permits_a_second_sending(
    tmp_path: Path,
):
    bench = lost(tmp_path, *[ABSENT] * 4, FAILED, FAILED, ABSENT)

    assert until_settled(bench) == "published"
    assert len(bench.network.sent) == 2
    assert bench.clock() > DUE + PATIENCE


def test_nobody_is_notified_before_the_end(tmp_path: Path):
    bench = lost(tmp_path, ABSENT)
    bench.clock.pass_(60)

    row = bench.attempt()

    assert row.error == "sent at 08:30:00 UTC, no answer; looking until 08:45:00 UTC"
    assert bench.store.notices.untold() == []


def test_the_timeout_of_the_sending_counts_not_that_of_today(tmp_path: Path):
    bench = lost(tmp_path, ours())
    doubt = bench.store.journal.unanswered("k1")
    assert doubt
    assert doubt.timeout == 30

    bench.timeout = 1
    bench.clock.pass_(5)

    assert bench.attempt().next_at == DUE + timedelta(seconds=32)


def refusing(fault: Exception) -> Callable[[Request], Response]:
    def network(request: Request) -> Response:
        request.fence()
        raise fault

    return network


def test_a_second_sending_that_the_platform_refuses_leaves_the_first_in_doubt(tmp_path: Path):
    bench = lost(tmp_path, ABSENT)
    bench.clock.at = DUE + PATIENCE
    bench.network = refusing(Rejected("x answered 'status' with 422"))

    assert bench.attempt().status == "in doubt"


def test_a_second_sending_that_surely_did_not_happen_may_be_made_once_more(tmp_path: Path):
    bench = lost(tmp_path, ABSENT)
    server = bench.network
    bench.clock.at = DUE + PATIENCE
    bench.network = refusing(TryLater("x answered 'status' with 429"))
    bench.attempt()
    bench.network = server

    assert until_settled(bench) == "published"
    assert len(server.sent) == 2


def test_one_with_the_same_content_on_the_profile_waits_until_this_one_is_settled(tmp_path: Path):
    bench = lost(tmp_path, ABSENT, ours(), content="1:same")
    earlier = DUE - timedelta(minutes=1)
    twin = a_delivery("k2", entry="twin", content="1:same", due=earlier)
    other = a_delivery("k3", entry="other", content="1:other")
    first = a_delivery(content="1:same")
    bench.store.plan([first, twin, other], DUE - timedelta(days=1))

    bench.attempt()

    assert bench.store.row("k3").status == "published"
    assert bench.store.row("k2").attempts == 0
    assert until_settled(bench) == "published"
    assert bench.store.row("k2").status == "published"


@pytest.mark.parametrize(
    ("profiles", "waits"),
    [(("@ada", "@ada"), True), (("@ada", None), True), (("@ada", "@news"), False)],
)
def test_a_twin_on_another_profile_of_the_server_does_not_wait(
    tmp_path: Path, profiles: tuple[str | None, str | None], waits: bool
):
    store = Store(tmp_path / "store.db", DUE)
    for account, profile in zip(("main", "news"), profiles, strict=True):
        if profile:
            store.accounts.learn_profile(account, "x:1", profile)
    twins = [
        a_delivery(key, entry=key, account=account, content="1:same", origin="x:1")
        for key, account in (("k1", "main"), ("k2", "news"))
    ]
    store.plan(twins, DUE - timedelta(days=1))
    assert store.claim("main", "test", DUE)

    assert (store.claim("news", "test", DUE) is None) is waits
    store.close()
