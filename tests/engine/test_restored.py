"""What happens to a delivery after a backup was restored, on platforms that let us look and on those that do not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import DROPPED, Account, InDoubt, Lost, Platform, TryLater
from platforms.email import PLATFORM as EMAIL
from platforms.linkedin import PLATFORM as LINKEDIN
from scheduler.store.backups import back_up
from scheduler.store.restoring import contents_of, restore_into
from tests.engine.support import ABSENT, Bench, a_bench, a_delivery, ours, two_steps
from tests.support import DUE, ok, scripted


def restored_bench(folder: Path, network: Any, after: float = 60, **platform: Any) -> Bench:
    """A store restored `after` seconds after its delivery was due, from a backup of before."""
    bench = a_bench(folder, network, **platform)
    backup = back_up(bench.store.database, DUE)
    bench.clock.pass_(after)
    restore_into(bench.store.database, contents_of(backup, bench.clock()), None, bench.clock())
    return bench


@pytest.mark.parametrize("platform", [LINKEDIN, EMAIL], ids=lambda one: one.name)
def test_platforms_without_a_way_to_look_are_those_that_this_is_about(platform: Platform) -> None:
    assert not platform.can_look or not platform.can_find(
        Account(name="main", platform=platform.name)
    )


@pytest.mark.parametrize("after", [60, 8000, 700_000])
def test_without_a_way_to_look_it_is_in_doubt_and_does_not_leave_however_late(
    tmp_path: Path, after: float
) -> None:
    untouched = scripted()
    bench = restored_bench(tmp_path, untouched, after)
    bench.store.too_late(bench.clock())

    row = bench.attempt()

    assert row.status == "in doubt"
    assert "it may have been published before this store knew of it" in (row.error or "")
    assert f"termbell resolve {row.key[:8]}" in (row.error or "")
    assert untouched.asked == []
    assert [notice.kind for notice in bench.store.notices.untold()] == ["in doubt"]


@pytest.mark.parametrize("after", [60, 8000, 700_000])
def test_what_is_found_is_published_and_does_not_leave_however_late(
    tmp_path: Path, after: float
) -> None:
    looked: list[Lost] = []
    bench = restored_bench(
        tmp_path,
        scripted(),
        after,
        find=lambda account, post, lost, ask: looked.append(lost) or ours(),
    )
    bench.store.too_late(bench.clock())

    row = bench.attempt()

    assert (row.status, row.url) == ("published", "https://x.test/9")
    assert [lost.left_at for lost in looked] == [DUE]


def test_what_is_not_found_leaves_while_it_is_on_time(tmp_path: Path) -> None:
    bench = restored_bench(tmp_path, scripted(ok(id="m"), ok(id="9")), find=lambda *_: ABSENT)

    assert bench.attempt().status == "published"


@pytest.mark.parametrize(
    ("late", "status"), [("skip", "missed"), ("ask", "held"), ("publish", "published")]
)
def test_what_is_not_found_and_is_too_late_goes_by_its_policy(
    tmp_path: Path, late: str, status: str
) -> None:
    bench = restored_bench(tmp_path, scripted(ok(id="m"), ok(id="9")), 8000, find=lambda *_: ABSENT)
    bench.store.plan([a_delivery(late=late)], DUE - timedelta(days=1))
    bench.store.too_late(bench.clock())

    row = bench.attempt()

    assert row.status == status
    assert status == "published" or "it was not found, and now it is too late" in (row.error or "")


def test_after_that_a_persons_word_sends_it(tmp_path: Path) -> None:
    bench = restored_bench(tmp_path, scripted(ok(id="m"), ok(id="9")), 8000, find=lambda *_: ABSENT)
    bench.attempt()

    bench.store.retry("k1", bench.clock())

    assert bench.attempt().status == "published"


def test_what_was_not_due_when_the_backup_was_restored_is_simply_scheduled(tmp_path: Path) -> None:
    bench = restored_bench(tmp_path, scripted(ok(id="m"), ok(id="9")), after=-60)
    bench.clock.pass_(60)

    assert bench.attempt().status == "published"


def test_a_part_whose_first_part_is_not_up_does_not_wait_for_ever(tmp_path: Path) -> None:
    bench = a_bench(tmp_path, scripted())
    bench.store.plan([a_delivery(), a_delivery("k2", part=1, after="k1")], DUE - timedelta(days=1))
    backup = back_up(bench.store.database, DUE)
    bench.clock.pass_(8000)
    restore_into(bench.store.database, contents_of(backup, bench.clock()), None, bench.clock())

    bench.attempt()
    bench.store.too_late(bench.clock())

    assert [row.status for row in bench.store.rows()] == ["in doubt", "missed"]


def test_once_sent_after_a_look_a_lost_answer_is_a_doubt_like_any_other(tmp_path: Path) -> None:
    looks: list[Lost] = []
    bench = restored_bench(
        tmp_path,
        scripted(ok(id="m"), InDoubt("reset")),
        publish=two_steps(DROPPED, 3600),
        find=lambda account, post, lost, ask: looks.append(lost) or ABSENT,
    )

    row = bench.attempt()

    doubt = bench.store.journal.unanswered("k1")
    assert doubt
    assert (doubt.step, doubt.is_suspicion, doubt.left_at, doubt.remembered, doubt.looks) == (
        "status",
        False,
        bench.clock(),
        3600,
        0,
    )
    assert row.next_at == bench.clock() + timedelta(seconds=32)


def test_a_look_that_cannot_be_made_is_made_later(tmp_path: Path) -> None:
    def unreachable(*_: object) -> None:
        raise TryLater("x cannot be reached")

    bench = restored_bench(tmp_path, scripted(), find=unreachable)

    assert bench.attempt().status == "scheduled"
