from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
    Cap,
    InDoubt,
    LoginNeeded,
    Lost,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from platforms.recent import Look
from scheduler.engine.journalled import Journalled
from scheduler.engine.retrying import MOST_INTERRUPTED
from scheduler.store import AccountFacts, Circumstances, StoreFailed, WrongStatus
from tests.engine.support import (
    ABSENT,
    Bench,
    Crash,
    a_bench,
    a_delivery,
    a_platform,
    ours,
    two_steps,
)
from tests.support import DUE, ok, scripted

UP = Published(id="9", url="https://x.test/9")


def test_a_due_delivery_is_published_and_its_journal_is_gone(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), ok(id="9")))

    row = bench.attempt()

    assert (row.status, row.url, row.attempts) == ("published", "https://x.test/9", 1)
    assert bench.store.journal.unanswered("k1") is None


def test_nothing_leaves_before_it_is_due(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted())
    bench.clock.pass_(-1)

    assert bench.attempt().status == "scheduled"


def test_an_upload_that_was_answered_is_not_repeated_after_a_crash(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), TryLater("503")))
    assert bench.attempt().status == "scheduled"
    bench.clock.pass_(60)

    second = scripted(ok(id="9"))
    row = bench.restart(second)

    assert row.status == "published"
    assert [request.step for request in second.asked] == ["status"]
    assert second.asked[0].json["media"] == "m"


def test_an_upload_of_long_ago_is_made_anew_because_the_platform_may_have_dropped_it(
    tmp_path: Path,
) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), TryLater("503", after=4000)))
    bench.attempt()
    bench.clock.pass_(4001)

    second = scripted(ok(id="m2"), ok(id="9"))
    bench.restart(second)

    assert [request.step for request in second.asked] == ["upload", "status"]


def test_one_that_the_platform_knows_for_days_is_used_for_days(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path, scripted(ok(id="m"), TryLater("503", after=4000)), publish=two_steps(lasts=86_400)
    )
    bench.attempt()
    bench.clock.pass_(4001)

    second = scripted(ok(id="9"))
    bench.restart(second)

    assert [request.step for request in second.asked] == ["status"]


def test_a_crash_while_uploading_loses_nothing(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(Crash()))
    with pytest.raises(Crash):
        bench.attempt()

    row = bench.restart(scripted(ok(id="m"), ok(id="9")))

    assert row.status == "published"


def test_a_crash_between_the_steps_repeats_no_upload(tmp_path: Path) -> None:
    def publish(account: Account, post: Post, ask: Ask) -> Published:
        ask(Request(step="upload", method="POST", url="https://x.test/media", repeat=HARMLESS))
        raise Crash

    bench = a_bench(tmp_path, scripted(ok(id="m")), publish=publish)
    with pytest.raises(Crash):
        bench.attempt()
    bench.platform = a_platform()

    second = scripted(ok(id="9"))
    row = bench.restart(second)

    assert row.status == "published"
    assert [request.step for request in second.asked] == ["status"]


def test_a_message_that_left_unanswered_with_neither_key_nor_look_up_never_leaves_again(
    tmp_path: Path,
) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), Crash()))
    with pytest.raises(Crash):
        bench.attempt()
    bench.clock.pass_(31)

    untouched = scripted()
    row = bench.restart(untouched)

    assert row.status == "in doubt"
    assert "x 'status' was sent at 08:30:00 UTC, no answer" in (row.error or "")
    assert untouched.asked == []


def test_a_crash_before_the_request_left_leaves_no_doubt(tmp_path: Path) -> None:
    def connecting(request: Request) -> Response:
        if request.is_visible:
            raise Crash  # while connecting: the fence was not reached
        return ok(id="m")

    bench = a_bench(tmp_path, connecting)
    with pytest.raises(Crash):
        bench.attempt()

    assert bench.store.journal.unanswered("k1") is None
    assert bench.restart(scripted(ok(id="9"))).status == "published"


def test_a_lost_answer_is_looked_up_not_before_the_request_can_no_longer_be_under_way(
    tmp_path: Path,
) -> None:
    looked = []
    bench = a_bench(
        tmp_path, scripted(ok(id="m"), InDoubt("reset")), find=lambda *_: looked.append(1) or ours()
    )
    row = bench.attempt()
    assert row.status == "scheduled"
    assert row.next_at == DUE + timedelta(seconds=32)
    assert looked == []

    bench.clock.at = row.next_at
    row = bench.restart(scripted())

    assert (row.status, row.published_id) == ("published", "9")
    assert looked == [1]


def test_what_is_not_found_until_the_patience_is_over_leaves_again_and_only_then(
    tmp_path: Path,
) -> None:
    looks = []
    bench = a_bench(
        tmp_path, scripted(ok(id="m"), InDoubt("reset")), find=lambda *_: looks.append(1) or ABSENT
    )
    row = bench.attempt()
    while bench.clock() < DUE + timedelta(minutes=15):
        bench.clock.at = row.next_at
        row = bench.restart(scripted(ok(id="9")))

    assert row.status == "published"
    assert looks == [1] * 5
    assert bench.clock() == DUE + timedelta(minutes=15)


def test_a_key_that_is_still_remembered_is_no_reason_to_send_early(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path,
        scripted(ok(id="m"), InDoubt("reset")),
        publish=two_steps(DROPPED, 3600),
        find=lambda *_: ABSENT,
    )
    bench.clock.at = bench.attempt().next_at

    row = bench.restart(scripted())

    assert row.status == "scheduled"
    assert row.error == "sent at 08:30:00 UTC, no answer; looking until 08:45:00 UTC"


def test_a_key_that_names_the_record_needs_no_look_once_the_request_is_over(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), Crash()), publish=two_steps(DROPPED, FOREVER))
    with pytest.raises(Crash):
        bench.attempt()
    bench.clock.at = bench.restart(scripted()).next_at

    row = bench.restart(scripted(ok(id="9")))

    assert row.status == "published"
    assert bench.clock() == DUE + timedelta(seconds=32)


def test_a_key_that_is_remembered_for_a_while_does_not_replace_a_look(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path, scripted(ok(id="m"), InDoubt("reset")), publish=two_steps(DROPPED, 600)
    )

    row = bench.attempt()

    assert row.status == "in doubt"


@pytest.mark.parametrize(("late", "status"), [("skip", "missed"), ("publish", "published")])
def test_what_is_held_up_until_it_is_too_late_does_not_leave(
    tmp_path: Path, late: str, status: str
) -> None:
    bench = a_bench(tmp_path, None)
    bench.store.plan([a_delivery(late=late)], DUE)

    def asleep_while_connecting(request: Request) -> Response:
        if request.is_visible:
            bench.clock.pass_(8000)
            request.fence()
        return ok(id="m")

    bench.network = asleep_while_connecting
    bench.attempt()
    assert bench.store.journal.unanswered("k1") is None
    bench.store.too_late(bench.clock())

    assert bench.store.row("k1").status == status


def test_what_was_held_up_while_it_was_written_down_leaves_only_if_it_is_still_ours(
    tmp_path: Path,
) -> None:
    bench = a_bench(tmp_path, None)
    row = bench.store.claim("main", "test", DUE)
    assert row
    sent, looks = [], []

    def now() -> datetime:
        """The disk answers when another has the delivery."""
        looks.append(1)
        if len(looks) == 1:
            return DUE
        bench.store.release(DUE + timedelta(seconds=100), by="another")
        return DUE + timedelta(seconds=100)

    def network(request: Request) -> Response:
        request.fence()
        sent.append(request.step)
        return ok(id="9")

    ask = Journalled(store=bench.store, key="k1", claim=row.claim, answerer=network, now=now)
    with pytest.raises(WrongStatus):
        ask(Request(step="status", method="POST", url="https://x.test/posts"))

    assert sent == []


def test_an_answerer_that_is_in_doubt_and_never_asked_for_the_fence_leaves_the_doubt(
    tmp_path: Path,
) -> None:
    sent = []

    def unfenced(request: Request) -> Response:
        if request.is_visible:
            sent.append(request.step)
            raise InDoubt("it broke")
        return ok(id="m")

    bench = a_bench(tmp_path, unfenced)

    row = bench.attempt()

    doubt = bench.store.journal.unanswered("k1")
    assert doubt
    assert (doubt.step, doubt.sent_at, doubt.sendings) == ("status", DUE, 1)
    assert row.status == "in doubt"
    assert sent == ["status"]


def test_a_fence_that_was_passed_long_before_the_doubt_is_noted_once(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, None)

    def slow(request: Request) -> Response:
        if request.is_visible:
            request.fence()
            bench.clock.pass_(20)
            raise InDoubt("timed out")
        return ok(id="m")

    bench.network = slow
    bench.attempt()

    doubt = bench.store.journal.unanswered("k1")
    assert doubt
    assert (doubt.sent_at, doubt.left_at, doubt.sendings) == (DUE, DUE, 1)


@pytest.mark.parametrize(("seconds", "again"), [(0, 0), (2, 0), (2.1, 1), (-2.1, 1)])
def test_a_body_that_is_asked_for_again_is_one_sending_and_noted_anew_when_it_is_late(
    tmp_path: Path, seconds: float, again: int
) -> None:
    bench = a_bench(tmp_path, None)
    row = bench.store.claim("main", "test", DUE)
    assert row

    def network(request: Request) -> Response:
        request.fence()
        bench.clock.pass_(seconds)
        request.fence()
        raise InDoubt("it broke")

    ask = Journalled(
        store=bench.store, key="k1", claim=row.claim, answerer=network, now=bench.clock
    )
    with pytest.raises(InDoubt):
        ask(Request(step="status", method="POST", url="https://x.test/posts"))

    doubt = bench.store.journal.unanswered("k1")
    assert doubt
    assert doubt.sendings == 1
    assert doubt.sent_at == DUE + timedelta(seconds=seconds * again)


def test_a_second_sending_that_surely_failed_is_none(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), InDoubt("reset")), find=lambda *_: ABSENT)
    bench.attempt()
    bench.clock.at = DUE + timedelta(minutes=15)
    row = bench.restart(scripted(TryLater("429", after=900)))
    assert row.status == "scheduled"
    bench.clock.at = row.next_at + timedelta(minutes=15)

    row = bench.restart(scripted(ok(id="9")))

    assert row.status == "published"


def test_a_second_sending_that_is_refused_says_nothing_of_the_first(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path, scripted(ok(id="m"), InDoubt("reset")), publish=two_steps(DROPPED, FOREVER)
    )
    bench.clock.at = bench.attempt().next_at

    row = bench.restart(scripted(Rejected("x answered 'status' with 422: a duplicate")))

    assert row.status == "in doubt"
    assert "UTC, no answer, and then: x answered 'status' with 422: a duplicate; look at main" in (
        row.error or ""
    )


def test_a_look_that_is_refused_is_no_failure_of_what_may_be_up(tmp_path: Path) -> None:
    def refused(*_: object) -> Look:
        raise Rejected("x answered 'look' with 403")

    bench = a_bench(tmp_path, scripted(ok(id="m"), InDoubt("reset")), find=refused)
    bench.clock.at = bench.attempt().next_at

    row = bench.restart(scripted())

    assert row.status == "scheduled"
    assert "x answered 'look' with 403" in (row.error or "")


def test_a_platform_that_cannot_be_asked_for_long_leaves_the_doubt_to_the_person(
    tmp_path: Path,
) -> None:
    def unreachable(*_: object) -> None:
        raise TryLater("x cannot be reached")

    bench = a_bench(tmp_path, scripted(ok(id="m"), InDoubt("reset")), find=unreachable)
    row = bench.attempt()
    while row.status == "scheduled":
        bench.clock.at = row.next_at
        row = bench.restart(scripted())

    assert (row.status, row.attempts) == ("in doubt", 13)
    assert "looking failed 12 times: x cannot be reached" in (row.error or "")
    assert [notice.kind for notice in bench.store.notices.untold()] == ["in doubt"]


@pytest.mark.parametrize(
    ("network", "status"),
    [(scripted(ok(id="m"), InDoubt("reset")), "in doubt"), (scripted(TryLater("down")), "failed")],
)
def test_a_delivery_whose_process_never_lives_to_the_end_of_it_is_not_begun_for_ever(
    tmp_path: Path, network: Any, status: str
) -> None:
    bench = a_bench(tmp_path, network, find=lambda *_: ABSENT)
    bench.clock.at = bench.attempt().next_at
    for _ in range(MOST_INTERRUPTED):
        assert bench.store.claim("main", "test", bench.clock())
        bench.store.release(bench.clock(), by="test")

    row = bench.restart(scripted())

    assert (row.status, row.attempts) == (status, 2)
    assert "ended 30 times before it was done; look at the log, then retry it" in (row.error or "")


@pytest.mark.parametrize(
    "fault",
    [
        InDoubt("reset"),
        TryLater("down"),
        Rejected("no"),
        LoginNeeded("no token"),
        ValueError("boom"),
    ],
)
def test_how_an_attempt_ended_that_another_process_took_over_is_the_others_to_say(
    tmp_path: Path, fault: Exception
) -> None:
    bench = a_bench(tmp_path, None)

    def stolen(request: Request) -> None:
        bench.store.release(bench.clock(), by="test")
        bench.store.claim("main", "another", bench.clock())
        raise fault

    bench.network = stolen

    assert bench.attempt().status == "publishing"
    assert bench.store.accounts.held() == {}


def test_a_refusal_ends_it(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path, scripted(ok(id="m"), Rejected("x answered 'status' with 422: too long"))
    )

    row = bench.attempt()

    assert (row.status, row.error) == ("failed", "x answered 'status' with 422: too long")


def saying(no: Callable[[Response], PublishError]) -> Callable[[Account, Post, Ask], Published]:
    """A platform that may say no with a 200, as its adapter reads it."""

    def publish(account: Account, post: Post, ask: Ask) -> Published:
        answer = ask(
            Request(
                step="submit", method="POST", url="https://x.test/submit", json={"text": post.text}
            )
        )
        if "errors" in answer.json():
            raise no(answer)
        return Published(id=answer.json()["id"])

    return publish


def test_a_no_that_is_said_with_a_200_is_a_no(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path,
        scripted(ok(errors=["flair"])),
        publish=saying(lambda answer: Rejected("it wants a flair", answer)),
    )

    row = bench.attempt()

    assert (row.status, row.error) == ("failed", "it wants a flair")


def test_a_not_now_that_is_said_with_a_200_leaves_no_doubt(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path,
        scripted(ok(errors=["slowly"]), ok(id="9")),
        publish=saying(lambda answer: TryLater("slowly", answer, after=60)),
    )
    assert bench.attempt().next_at == DUE + timedelta(seconds=60)
    assert bench.store.journal.unanswered("k1") is None

    bench.clock.pass_(61)

    assert bench.attempt().published_id == "9"


def test_a_no_to_a_second_sending_does_not_say_that_the_first_is_not_up(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path,
        scripted(InDoubt("reset"), ok(errors=["flair"])),
        publish=saying(lambda answer: Rejected("it wants a flair", answer)),
        find=lambda *_: ABSENT,
    )
    bench.attempt()
    for _ in range(3):
        bench.clock.pass_(600)
        row = bench.attempt()

    assert row.status == "in doubt"


def test_a_look_that_does_not_see_enough_is_not_made_again_at_once(tmp_path: Path) -> None:
    def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
        raise InDoubt("too many posts to look through")

    bench = a_bench(tmp_path, scripted(ok(id="m"), InDoubt("reset")), find=find)
    bench.attempt()
    bench.clock.pass_(600)

    row = bench.attempt()

    assert row.attempts == 2
    assert row.next_at > bench.clock() + timedelta(seconds=5)


def test_refused_credentials_hold_the_account_and_a_login_lets_it_go_on(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(LoginNeeded("main has no token yet: termbell login main")))
    bench.store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE)
    assert bench.attempt().status == "held"
    assert bench.store.row("k2").status == "held"

    released = bench.store.accounts.release("main", bench.clock())
    bench.network = scripted(ok(id="m"), ok(id="9"), ok(id="m"), ok(id="10"))
    bench.attempt()

    assert released == 2
    assert [row.status for row in bench.store.rows()] == ["published", "published"]


def test_waits_as_long_as_the_platform_asks_and_the_account_with_it(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(TryLater("429", ok(429), after=600)))
    bench.store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE)

    row = bench.attempt()

    assert row.next_at == DUE + timedelta(seconds=600)
    assert bench.store.row("k2").status == "scheduled"
    assert bench.store.accounts_due(bench.clock()) == []


def test_what_the_platform_says_was_the_last_for_now_is_the_last(tmp_path: Path) -> None:
    last = ok(
        id="9",
        headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-09-07T08:35:00.000000Z"},
    )
    bench = a_bench(tmp_path, scripted(ok(id="m"), last))
    bench.store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE)

    assert bench.attempt().status == "published"

    assert bench.store.row("k2").status == "scheduled"
    assert bench.store.accounts.paused(DUE) == {"main": DUE + timedelta(minutes=5)}


def test_one_that_is_stopped_claims_nothing_more(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), ok(id="9")))
    bench.store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE)
    asked = bench.network.asked

    assert bench.desk().work("main", lambda: len(asked) == 2) == 1

    assert (
        bench.store.row("k1").status,
        bench.store.row("k2").status,
        bench.store.row("k2").attempts,
    ) == ("published", "scheduled", 0)


def test_a_declared_cap_holds_the_account_back_until_its_window_has_room(tmp_path: Path) -> None:
    limits = replace(a_platform().limits, caps=(Cap(posts=1, seconds=60),))
    bench = a_bench(tmp_path, scripted(ok(id="m"), ok(id="9")), limits=limits)
    bench.store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE)
    bench.attempt()
    assert bench.store.row("k2").status == "scheduled"
    assert bench.store.next_due(DUE) == DUE + timedelta(seconds=60, microseconds=1)

    bench.clock.pass_(61)
    bench.network = scripted(ok(id="m"), ok(id="10"))
    bench.attempt()

    assert bench.store.row("k2").status == "published"


def test_what_cannot_be_written_down_does_not_leave(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m")))
    failing = failing_from(bench, "left")

    with pytest.raises(StoreFailed):
        bench.attempt()

    assert [request.step for request in bench.network.asked] == ["upload"]
    failing.undo()
    assert bench.restart(scripted(ok(id="9"))).status == "published"


def test_an_outcome_is_written_down_as_soon_as_it_can(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(id="m"), ok(id="9")))
    failing = failing_from(bench, "published", on=bench.store)
    waited = []

    def mended(seconds: float) -> None:
        waited.append(seconds)
        failing.undo()

    replace(bench.desk(), sleep=mended).work("main")

    assert (bench.store.row("k1").status, waited) == ("published", [1.0])


def test_an_answer_that_comes_when_the_claim_has_run_out_is_not_lost(tmp_path: Path) -> None:
    bench, sent = a_bench(tmp_path, None), []

    def slow(request: Request) -> Response:
        request.fence()
        sent.append(request.step)
        if request.step == "status":
            bench.clock.pass_(61)
            bench.store.release(bench.clock())
        return ok(id="9" if request.step == "status" else "m")

    bench.network = slow

    assert bench.attempt().status == "published"
    assert sent == ["upload", "status"]


def test_what_was_held_up_until_another_took_it_over_does_not_leave(tmp_path: Path) -> None:
    sent = []
    bench = a_bench(tmp_path, None)

    def frozen(request: Request) -> Response:
        if request.step == "status":
            bench.clock.pass_(61)
            bench.store.release(bench.clock())
            assert bench.store.claim("main", "another", bench.clock())
        request.fence()
        sent.append(request.step)
        return ok(id="m")

    bench.network = frozen
    bench.attempt()

    assert sent == ["upload"]
    assert bench.store.row("k1").status == "publishing"


def test_what_was_due_before_the_store_was_made_is_looked_for_first(tmp_path: Path) -> None:
    looked = []
    bench = a_bench(tmp_path, scripted(), find=lambda *_: looked.append(1) or ours())
    bench.store.plan([], DUE)
    old = a_delivery("k3", entry="old", due=DUE - timedelta(minutes=5))
    bench.store.plan([old], DUE, Circumstances(accounts={"main": AccountFacts(can_look=True)}))

    bench.attempt()

    assert (bench.store.row("k3").status, looked) == ("published", [1])


def test_an_account_whose_posts_cannot_be_looked_for_is_in_doubt_although_others_of_its_platform_are_found(
    tmp_path: Path,
) -> None:
    bench = a_bench(
        tmp_path,
        scripted(ok(id="m"), InDoubt("reset")),
        find=lambda *_: ours(),
        can_find=lambda account: False,
    )

    row = bench.attempt()

    assert row.status == "in doubt"


def test_a_post_that_is_another_deliverys_is_not_taken_for_this_one(tmp_path: Path) -> None:
    told: list[Lost] = []

    def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
        told.append(lost)
        return ours()

    bench = a_bench(
        tmp_path, scripted(ok(id="m"), ok(id="9"), ok(id="m"), InDoubt("reset")), find=find
    )
    bench.store.plan([a_delivery(), a_delivery("k2", entry="second")], DUE)
    bench.attempt()
    bench.clock.at = bench.store.row("k2").next_at

    bench.restart(scripted())

    (lost,) = told
    assert (lost.left_at, lost.others) == (DUE, {"9", "https://x.test/9"})
    assert lost.answers == {"upload": ok(id="m")}


class failing_from:  # reads as a word of the test
    """Makes one of the store's writes fail, as a full disk does, until `undo`."""

    def __init__(self, bench: Bench, name: str, on: object = None) -> None:
        self.on, self.name = on or bench.store.journal, name
        setattr(self.on, name, self._fail)

    def _fail(self, *_: object, **__: object) -> None:
        raise StoreFailed("store.db: the disk is full; make room")

    def undo(self) -> None:
        delattr(self.on, self.name)


def test_gives_up_when_the_next_attempt_would_be_too_late(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(TryLater("down", after=7201)))

    row = bench.attempt()

    assert row.status == "failed"
    assert "too late" in (row.error or "")


def test_a_fault_of_an_adapter_after_the_request_left_is_doubt_and_before_it_is_failure(
    tmp_path: Path,
) -> None:
    def faulty(account: Account, post: Post, ask: Ask) -> Published:
        raise ValueError("boom")

    before = a_bench(tmp_path / "a", scripted(), publish=faulty)
    assert before.attempt().status == "failed"

    after = a_bench(tmp_path / "b", scripted(ok(id="m"), ValueError("boom")))
    assert after.attempt().status == "in doubt"


def test_an_answer_that_the_adapter_cannot_read_is_asked_for_again(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(ok(other="m")))
    row = bench.attempt()
    assert row.status == "scheduled"
    assert "x answered 'upload' not as documented" in (row.error or "")

    bench.clock.at = row.next_at
    again = scripted(ok(id="m"), ok(id="9"))

    assert bench.restart(again).status == "published"
    assert [request.step for request in again.asked] == ["upload", "status"]


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("the token tok-5ecret is odd"),
        Rejected("tok-5ecret is odd"),
        LoginNeeded("tok-5ecret is odd"),
        TryLater("tok-5ecret is odd"),
    ],
)
def test_what_an_adapter_says_of_its_fault_is_kept_without_secrets(
    tmp_path: Path, fault: Exception
) -> None:
    bench = a_bench(tmp_path, scripted(fault))

    replace(bench.desk(), hide=lambda text: text.replace("tok-5ecret", "•••")).work("main")

    assert "••• is odd" in (bench.store.row("k1").error or "")
    assert "5ecret" not in str(bench.store.accounts.held())


def test_a_part_waits_until_the_one_before_it_is_up(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted(TryLater("down")))
    bench.store.plan([a_delivery(), a_delivery("k2", part=1, after="k1")], DUE)
    bench.attempt()
    assert bench.store.row("k2").attempts == 0

    bench.clock.pass_(60)
    bench.network = scripted(ok(id="m"), ok(id="9"), ok(id="m"), ok(id="10"))
    bench.attempt()

    assert [row.status for row in bench.store.rows()] == ["published", "published"]


def test_what_another_process_has_taken_over_does_not_leave(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, None)

    def stolen(request):  # type: ignore[no-untyped-def]
        bench.store.release(bench.clock(), by="test")
        bench.store.claim("main", "another", bench.clock())
        return ok(id="m")

    bench.network = stolen
    row = bench.attempt()

    assert row.status == "publishing"
    assert bench.store.journal.unanswered("k1") is None
