"""What a person is handed, and that it is handed once: it waits for their word, whatever happens meanwhile."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import DROPPED, FOREVER, Account, Published, Request, Response, Span
from platforms.handoff import PLATFORM, publish
from scheduler.engine.credentials import Trial
from scheduler.engine.gathering import Notifier, Teller
from scheduler.engine.health import health_of
from scheduler.engine.network import Network
from scheduler.engine.telling import Letter
from scheduler.store import AccountFacts, Circumstances, Store, WrongStatus
from tests.cli.support import a_calendar, termbell
from tests.engine.stand_in import a_stand_in
from tests.engine.support import Bench, Crash, a_bench, a_delivery
from tests.support import DUE, a_post, an_image, documented, scripted

ACCOUNT = Account(
    name="main", platform="handoff", settings={"where": "our Facebook group", "compose": None}
)
NETWORK = Network(ACCOUNT, PLATFORM, Trial({}), timeout=5)
CALENDAR = """\
timezone: UTC
NOTIFY
accounts:
  parents: {platform: handoff, where: our Facebook group, compose: "https://example.org/share?u={link}"}
posts:
- {id: fair, when: 2026-01-05 09:00, to: parents, text: "Come to the fair: https://example.org/fair", late: publish}
"""


def handed(post: Any, **settings: Any) -> tuple[Request, str]:
    server = scripted(documented)
    up = publish(replace(ACCOUNT, settings={**ACCOUNT.settings, **settings}), post, server)
    (request,) = server.asked
    (words,) = up.notes
    return request, words


def a_desk(folder: Path) -> Bench:
    return a_bench(
        folder, NETWORK, publish=lambda _, post, ask: publish(ACCOUNT, post, ask), by_hand=True
    )


def told(store: Store) -> list[str]:
    return [one.text for one in store.notices.untold() if one.kind == "handoff"]


# ---- What is handed over


def test_a_person_reads_where_it_goes_and_copies_the_text_and_the_paths(tmp_path: Path) -> None:
    door, books = an_image(tmp_path), an_image(tmp_path, "books.png", alt="")

    request, words = handed(
        a_post(title="The fair", text="Come to the fair.\nAll of you.", media=(door, books))
    )

    assert words == (
        f"post this on our Facebook group:\n\nThe fair\n\nCome to the fair.\nAll of you.\n\n"
        f"With these files:\n{door.file}  (alt: The school door)\n{books.file}"
    )
    assert (request.url, request.files) == ("handoff:", {"file 1": door, "file 2": books})
    assert (request.repeat, request.remembered) == (DROPPED, FOREVER)


def test_the_address_to_begin_at_has_the_text_and_the_link_in_it_quoted() -> None:
    post = a_post(
        title="",
        text="Fun & games: https://a.org/?x=1",
        spans=(Span(kind="link", start=13, end=31, value="https://a.org/?x=1"),),
    )

    _, words = handed(post, compose="https://example.org/share?u={link}&t={text}")

    assert words.endswith(
        "\n\nBegin here: https://example.org/share?u=https%3A%2F%2Fa.org%2F%3Fx%3D1"
        "&t=Fun%20%26%20games%3A%20https%3A%2F%2Fa.org%2F%3Fx%3D1"
    )


# ---- Once


def test_it_is_held_until_a_person_says_where_it_is(tmp_path: Path) -> None:
    bench = a_desk(tmp_path)

    row = bench.attempt()

    assert (row.status, row.reason, row.is_handed_over) == ("held", "handoff", True)
    assert (
        row.error
        == "waiting for you: publish it, then: termbell resolve k1 --published URL | --again | --drop"
    )
    (words,) = told(bench.store)
    assert words.startswith(
        "launch on main (due 2026-09-07 08:30, k1): post this on our Facebook group:\n\nWelcome back"
    )
    up = bench.store.resolve(
        "k1", published=Published(id="https://fb.com/1", url="https://fb.com/1"), now=bench.clock()
    )
    assert (up.status, up.url, up.reason, up.error) == ("published", "https://fb.com/1", None, None)


def test_restarts_and_time_tell_it_to_nobody_again_and_its_late_policy_is_past(
    tmp_path: Path,
) -> None:
    bench = a_desk(tmp_path)
    bench.attempt()

    for _ in range(3):
        bench.clock.pass_(86_400)
        bench.store.too_late(bench.clock())
        row = bench.restart(NETWORK)

    assert row.is_handed_over
    assert len(bench.store.notices.untold()) == 1


@pytest.mark.parametrize("moment", ["before it is written down", "after"])
def test_a_process_that_dies_hands_it_over_once(moment: str, tmp_path: Path) -> None:
    bench = a_desk(tmp_path)

    def dies(request: Request) -> Response:
        request.fence()
        raise Crash

    if moment == "after":
        handed_over = bench.store.handed_over

        def dies_after(*given: Any) -> None:
            handed_over(*given)
            raise Crash

        bench.store.handed_over = dies_after  # type: ignore[method-assign]
    else:
        bench.network = dies
    with pytest.raises(Crash):
        bench.attempt()
    bench.clock.pass_(120)
    row = bench.restart(NETWORK)

    assert row.is_handed_over
    assert len(told(bench.store)) == 1


def test_it_can_be_told_once_more_or_dropped(tmp_path: Path) -> None:
    bench = a_desk(tmp_path)
    bench.attempt()

    bench.store.resolve("k1", again=True, now=bench.clock())
    assert bench.attempt().is_handed_over
    assert len(told(bench.store)) == 2
    assert bench.store.resolve("k1", now=bench.clock()).status == "cancelled"
    with pytest.raises(WrongStatus, match="k1 is cancelled, not in doubt and not yours to publish"):
        bench.store.resolve("k1", again=True, now=bench.clock())


def test_an_edit_changes_nothing_of_what_a_person_has_and_says_so(tmp_path: Path) -> None:
    bench = a_desk(tmp_path)
    bench.attempt()

    changes = bench.store.plan(
        [a_delivery(post=a_post(key="k1", text="Other words"))], bench.clock()
    )

    row = bench.store.row("k1")
    assert (row.is_handed_over, row.changed_since, changes.differs) == (
        True,
        True,
        ("launch on main",),
    )
    assert bench.store.plan([], bench.clock()).cancelled == ("launch on main",)


def test_what_is_held_for_another_reason_is_not_resolved(tmp_path: Path) -> None:
    bench = a_desk(tmp_path)
    bench.store.login_needed(bench.store.claim("main", "test", DUE), "refused", DUE)  # type: ignore[arg-type]

    with pytest.raises(WrongStatus, match="k1 is held, not in doubt"):
        bench.store.resolve("k1", again=True, now=DUE)


# ---- Being told


def test_it_is_told_at_once_as_good_news_and_whole(tmp_path: Path) -> None:
    bench = a_desk(tmp_path)
    letters: list[Letter] = []

    def send(some: Any) -> list[str | None]:
        letters.extend(some)
        return [None] * len(some)

    teller = Teller(
        store=bench.store,
        now=bench.clock,
        notifiers=lambda: [Notifier(name="one", url="json://x")],
        place="config.yaml",
        send=send,
    )
    bench.store.plan([a_delivery(), *(a_delivery(key=f"many{nth}") for nth in range(11))], DUE)
    bench.attempt()
    teller.tell()
    teller.tell()

    (letter,) = letters
    assert letter.title == "Termbell: 12 to publish yourself"
    assert not letter.is_bad
    assert letter.body.count("post this on our Facebook group:\n\nWelcome back") == 12
    assert "When it is up: termbell resolve KEY --published URL" in letter.body


def test_a_look_at_the_health_counts_it_as_waiting_for_the_person(tmp_path: Path) -> None:
    bench = a_desk(tmp_path)
    bench.attempt()

    assert health_of(bench.store, bench.clock()).warnings == (
        "1 delivery is waiting for you to publish; see `termbell status`",
    )


# ---- The commands


def calendar(folder: Path, notify: str = "") -> Path:
    return a_calendar(folder, "", CALENDAR.replace("NOTIFY", notify))


def said(config: Path, *words: str) -> tuple[int, str]:
    ended = termbell(*words, "-c", config)
    return ended.exit_code, ended.output


def row(config: Path) -> dict[str, Any]:
    (found,) = json.loads(termbell("status", "--json", "-c", config).stdout)["deliveries"]
    return dict(found)


def test_the_person_is_told_by_notify_and_status_and_doctor_show_that_it_waits(
    tmp_path: Path,
) -> None:
    with a_stand_in() as server:
        config = calendar(tmp_path, f"notify: json://127.0.0.1:{server.port}")
        for _ in range(2):
            assert said(config, "run", "--once")[0] == 0

    (letter,) = server.told
    assert (
        "our Facebook group:\n\nCome to the fair: https://example.org/fair\n\n" in letter["message"]
    )
    assert (
        "Begin here: https://example.org/share?u=https%3A%2F%2Fexample.org%2Ffair"
        in letter["message"]
    )
    waiting = row(config)
    assert (waiting["status"], waiting["error"][:24]) == ("held", "waiting for you: publish")
    assert "held" in said(config, "status")[1]
    assert (
        f"{waiting['key'][:8]} (fair) is waiting for you: publish it" in said(config, "doctor")[1]
    )


def test_resolve_closes_it_and_publish_hands_it_over_no_second_time(tmp_path: Path) -> None:
    config = calendar(tmp_path)
    said(config, "run", "--once")

    assert said(config, "publish", "fair")[0] == 0
    code, words = said(
        config,
        "resolve",
        row(config)["key"][:8],
        "--published",
        "https://facebook.com/groups/1/posts/2",
    )

    assert (code, "https://facebook.com/groups/1/posts/2" in words) == (0, True)
    assert row(config)["status"] == "published"


def test_check_says_at_the_account_that_nobody_would_be_told(tmp_path: Path) -> None:
    words = "config.yaml:4: warning: parents: nobody is told when there is something to post by hand; name under `notify` who shall be"

    assert words in said(calendar(tmp_path), "check")[1]
    assert (
        "nobody is told" not in said(calendar(tmp_path, "notify: json://127.0.0.1:9"), "check")[1]
    )


def test_a_dry_run_hands_over_nothing(tmp_path: Path) -> None:
    config = calendar(tmp_path)

    assert "held" in said(config, "run", "--once", "--dry-run")[1]
    assert not (tmp_path / ".termbell" / "config.db").exists()


def test_a_new_store_hands_over_what_was_due_for_the_person_decides(tmp_path: Path) -> None:
    made = DUE + timedelta(hours=1)
    fresh = Store(tmp_path / "fresh.db", made)
    keyed = AccountFacts(is_keyed=PLATFORM.keyed)

    fresh.plan([a_delivery()], made, Circumstances(accounts={"main": keyed}))

    assert fresh.row("k1").status == "scheduled"
    fresh.close()
