"""A platform's answer that its adapter cannot read: nothing of it is kept, and nothing is published twice for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from platforms.base import (
    DOUBLES,
    HARMLESS,
    Account,
    Ask,
    InDoubt,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from scheduler.engine.journalled import Journalled
from tests.engine.support import Bench, a_bench, a_platform
from tests.support import DUE, a_post, ok, scripted

ACCOUNT = Account(name="main", platform="x")
ODD = [Response(body=b"<html>Filter"), Response(body=b"null"), Response(body=b"[]"), ok()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = a_bench(tmp_path, None)
    made.store.claim("main", "test", DUE)
    return made


def publishing(bench: Bench, network: Ask) -> Journalled:
    row = bench.store.row("k1")
    return Journalled(
        store=bench.store, key="k1", claim=row.claim, answerer=network, now=lambda: DUE
    )


def fault_of(bench: Bench, network: Ask) -> PublishError:
    with pytest.raises(PublishError) as raised:
        publishing(bench, network).publish(bench.platform, ACCOUNT, a_post(key="k1"))
    return raised.value


@pytest.mark.parametrize("odd", ODD)
def test_an_upload_that_is_answered_oddly_is_made_again(bench: Bench, odd: Response) -> None:
    fault = fault_of(bench, scripted(odd))
    again = scripted(ok(id="m1"), ok(id="s1"))
    published = publishing(bench, again).publish(bench.platform, ACCOUNT, a_post(key="k1"))

    assert type(fault) is TryLater
    assert str(fault).startswith("x answered 'upload' not as documented: ")
    assert [request.step for request in again.asked] == ["upload", "status"]
    assert published.id == "s1"


@pytest.mark.parametrize("odd", ODD)
def test_a_post_that_is_answered_oddly_is_in_doubt(bench: Bench, odd: Response) -> None:
    fault = fault_of(bench, scripted(ok(id="m1"), odd))

    assert type(fault) is InDoubt
    assert str(fault).startswith("x answered 'status' not as documented: ")
    doubt = bench.store.journal.unanswered("k1")
    assert doubt is not None
    assert doubt.step == "status"
    assert bench.store.journal.answers("k1").keys() == {"upload"}


def reads_late(account: Account, post: Post, ask: Ask) -> Published:
    """Reads what the first upload was answered only after the second one."""
    answers = [
        ask(Request(step=f"upload {nth}", url=f"https://x.test/{nth}", repeat=HARMLESS))
        for nth in (1, 2)
    ]
    media = [answer.json()["id"] for answer in answers]
    ask(Request(step="status", url="https://x.test", json=media, repeat=DOUBLES))
    return Published(id="1")


def test_an_odd_answer_that_is_noticed_late_is_asked_for_again_all_the_same(bench: Bench) -> None:
    bench.platform = a_platform(publish=reads_late)

    fault = fault_of(bench, scripted(ok(), ok(id="m2")))
    again = scripted(ok(id="m1"), ok(id="m2"), ok())
    publishing(bench, again).publish(bench.platform, ACCOUNT, a_post(key="k1"))

    assert type(fault) is TryLater
    assert [request.step for request in again.asked] == ["upload 1", "upload 2", "status"]


def test_after_a_lost_answer_an_odd_one_changes_nothing_of_the_doubt(bench: Bench) -> None:
    fault_of(bench, scripted(ok(id="m1"), InDoubt("lost")))
    bench.store.journal.forget("k1")

    fault = fault_of(bench, scripted(Response(body=b"<html>Filter")))

    assert type(fault) is TryLater
    assert bench.store.journal.unanswered("k1") is not None


def test_words_say_what_is_missing_and_not_in_pythons_words(bench: Bench) -> None:
    says = {
        "it is not JSON": Response(body=b"<html>Filter"),
        "it has no 'id'": ok(),
    }

    for words, odd in says.items():
        assert (
            str(fault_of(bench, scripted(odd))) == f"x answered 'upload' not as documented: {words}"
        )


def raises(fault: Exception) -> Callable[[Account, Post, Ask], Published]:
    def publish(account: Account, post: Post, ask: Ask) -> Published:
        raise fault

    return publish


def test_a_fault_before_any_answer_is_no_answers_fault(bench: Bench) -> None:
    platform = a_platform(publish=raises(KeyError("poll")))

    with pytest.raises(KeyError):
        publishing(bench, scripted()).publish(platform, ACCOUNT, a_post(key="k1"))


def test_a_fault_while_a_request_is_under_way_is_no_answers_fault(bench: Bench) -> None:
    def broken(request: Request) -> Response:
        if request.step == "upload":
            return ok(id="m1")
        raise TypeError("a fault of our own")

    with pytest.raises(TypeError):
        publishing(bench, broken).publish(bench.platform, ACCOUNT, a_post(key="k1"))


def test_a_refusal_of_the_adapter_stays_one(bench: Bench) -> None:
    platform = a_platform(publish=raises(Rejected("too long")))

    with pytest.raises(Rejected, match="too long"):
        publishing(bench, scripted()).publish(platform, ACCOUNT, a_post(key="k1"))
