"""Credentials that are refused, and threads that stop half-way, with the daemon as a process."""

import pytest

from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import Place, entry, soon, until


@pytest.fixture
def place(place: Place) -> Place:
    """The token comes from `termbell login`."""
    del place.accounts["fediverse"]["token"]
    place.write()
    logged_in = place.asked("login", "fediverse", given="good\n")
    assert logged_in.returncode == 0, logged_in.stderr
    return place


def test_a_refusal_holds_the_account_is_said_once_and_a_login_releases_what_waits(
    place: Place, server: StandIn
) -> None:
    place.write(*(entry(name, soon(3600)) for name in ("a", "b", "c", "short")))
    daemon = place.daemon()
    server.good = "new"
    due = soon(4)
    place.write(*(entry(name, due) for name in "abc"), entry("short", due, grace=0.05))

    place.became(a="held", b="held", c="held", short="missed")

    assert len(server.arrived) == 1
    (said,) = daemon.said("login needed")
    assert said["account"] == "fediverse"
    assert "termbell login fediverse" in said["message"]
    assert len([line for line in daemon.log if line["level"] == "warning"]) == 1
    notices = [text for (text,) in place._read("SELECT text FROM notices ORDER BY id")]
    assert [text.partition(":")[0] for text in notices] == [
        "fediverse",
        notices[1].partition(":")[0],
    ]
    assert notices[1].startswith("short on fediverse (due ")
    assert "its time passed while it was held" in notices[1]

    wrong = place.asked("login", "fediverse", given="worse\n")
    assert wrong.returncode == 1
    assert place.rows()["a"] == "held"
    released = place.asked("login", "fediverse", given="new\n")

    assert "3 deliveries that waited for this will go out" in released.stdout
    place.became(a="published", b="published", c="published", short="missed")
    assert server.texts == ["a", "b", "c"]
    assert "new" not in "".join(daemon.lines)
    assert daemon.stopped() == 0


THREAD = {"thread": ["second", "third"], "first_comment": "comment"}
PARTS = ["first", "second", "third", "comment"]


def a_chain(server: StandIn) -> list[str | None]:
    """What each part answers: the text of the part before it."""
    texts = {one["id"]: str(one["content"]) for one in server.up}
    return [texts.get(one["in_reply_to_id"]) for one in reversed(server.up)]


def test_a_thread_goes_on_from_the_part_that_is_up_after_a_refusal_and_after_try_later(
    place: Place, server: StandIn
) -> None:
    def once_each(text: str) -> str | int:
        if server.asked(text):
            return ""
        return {"second": 401, "third": 429}.get(text, "")

    server.behave = once_each
    place.write(entry("t", soon(3600), text="first", **THREAD))
    daemon = place.daemon()
    place.write(entry("t", soon(2), text="first", **THREAD))
    until(lambda: place.rows().get("t/1") == "held", "the second part waits for a login")

    assert place.asked("login", "fediverse", given="good\n").returncode == 0

    until(lambda: set(place.rows().values()) == {"published"}, "all are up")
    assert server.texts == PARTS
    assert a_chain(server) == [None, *PARTS[:3]]
    assert [len(server.asked(text)) for text in PARTS] == [1, 2, 2, 1]
    assert daemon.said("trying again at")


def test_a_thread_goes_on_from_the_part_that_is_up_after_a_crash(
    place: Place, server: StandIn
) -> None:
    def crash(text: str) -> str:
        if text == "second" and not server.asked("second"):
            daemon.process.kill()
            daemon.process.wait()
            return "lost"
        return ""

    server.behave, server.keeps_keys = crash, False
    place.write(entry("t", soon(3600), text="first", **THREAD))
    daemon = place.daemon()
    place.write(entry("t", soon(2), text="first", **THREAD))
    until(lambda: daemon.process.poll() is not None, "it was killed")

    second = place.daemon()

    until(lambda: set(place.rows().values()) == {"published"}, "all are up")
    assert server.texts == PARTS
    assert a_chain(server) == [None, *PARTS[:3]]
    assert second.said("published (was there already)")


def test_a_part_that_failed_for_good_leaves_the_rest_waiting_and_that_is_said(
    place: Place, server: StandIn
) -> None:
    server.behave = lambda text: 422 if text == "second" and not server.asked("second") else ""
    place.write(entry("t", soon(0), text="first", **THREAD))
    daemon = place.daemon()
    place.became(**{"t/1": "failed"})

    shown = place.asked("status")

    assert server.texts == ["first"]
    assert shown.returncode == 1
    assert [line.split()[0] for line in shown.stdout.splitlines()[:3]] == [
        "failed",
        "scheduled",
        "scheduled",
    ]
    assert shown.stdout.count("(waits for part 2, which is failed)") == 2
    assert place.asked("retry", place.key("t/1")).returncode == 0
    until(lambda: server.texts == PARTS, "the rest goes on")
    assert a_chain(server) == [None, *PARTS[:3]]
    assert daemon.stopped() == 0
