"""What counts as healthy, as a table; the page that says so over HTTP; the metrics."""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.base import Published
from scheduler.config import Listening
from scheduler.engine.health import Health, ago, health_of, lasting
from scheduler.engine.health_server import MOST, HealthServer, Pages
from scheduler.engine.metrics import LATENESS
from scheduler.problems import Place
from scheduler.store import Store
from tests.engine.support import a_delivery
from tests.support import DUE

WELL = Health(at=DUE, counts={"scheduled": 3}, last_beat=DUE - timedelta(seconds=9))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store.db", DUE)
    store.plan([a_delivery()], DUE - timedelta(days=1))
    return store


def alive(store: Store, at: timedelta = timedelta()) -> None:
    store.beat("here", 1, DUE, DUE + at)


@pytest.mark.parametrize(
    ("health", "problems"),
    [
        (WELL, []),
        (
            replace(WELL, last_beat=DUE - timedelta(minutes=5)),
            [
                "the daemon is not running, last alive 5 minutes ago, and 3 deliveries are waiting; start it: termbell run"
            ],
        ),
        (
            replace(WELL, last_beat=None),
            [
                "the daemon is not running, never seen alive, and 3 deliveries are waiting; start it: termbell run"
            ],
        ),
        (
            replace(WELL, last_beat=DUE + timedelta(hours=2)),
            [
                "the daemon is not running, last alive 2 hours from now, by this machine's clock, and 3 deliveries are waiting; start it: termbell run"
            ],
        ),
        (replace(WELL, last_beat=None, counts={"published": 3}), []),
        (
            replace(WELL, fault="store.db: the disk is full; make room"),
            ["store.db: the disk is full; make room"],
        ),
        (
            replace(WELL, stuck=("the daemon's clock has been stuck for 130 s; start it anew",)),
            ["the daemon's clock has been stuck for 130 s; start it anew"],
        ),
        (
            replace(
                WELL,
                counts={"in doubt": 1, "failed": 2},
                held={"main": "refused: token x"},
                notifier="it answered 500",
            ),
            [],
        ),
    ],
    ids=lambda one: "" if isinstance(one, Health) else (one[0][:40] if one else "well"),
)
def test_what_keeps_posts_from_leaving_in_time(health: Health, problems: list[str]):
    assert list(health.problems) == problems
    assert health.ok == (not problems)


def test_what_waits_for_the_person_is_a_warning_and_names_no_reason_of_a_platform():
    health = replace(
        WELL, counts={"in doubt": 1}, held={"main": "refused: token x"}, notifier="it answered 500"
    )

    assert health.warnings == (
        "1 delivery is in doubt; see `termbell status`",
        "main waits for you; see `termbell status`",
        "notices cannot be told; see `termbell doctor`",
    )


def test_something_is_overdue_a_minute_after_it_was_due_and_nobody_took_it_up(store: Store):
    alive(store, timedelta(seconds=59))
    assert health_of(store, DUE + timedelta(seconds=59)).ok

    alive(store, timedelta(seconds=90))
    health = health_of(store, DUE + timedelta(seconds=90))

    assert health.problems == ("1 delivery is due and not taken up; launch on main for 2 minutes",)
    assert health.oldest_overdue == 90


def test_what_waits_for_an_account_that_is_at_work_is_not_overdue(store: Store):
    alive(store, timedelta(seconds=90))

    assert health_of(store, DUE + timedelta(seconds=90), working={"main"}).ok


def test_a_store_that_cannot_be_read_is_the_problem(store: Store):
    store.close()
    store.file.write_bytes(b"this is no database, and long enough to be looked at" * 100)

    health = health_of(store, DUE)

    assert not health.ok
    assert "it is damaged" in health.problems[0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 minute"),
        (89, "1 minute"),
        (95, "2 minutes"),
        (3600, "60 minutes"),
        (7200, "2 hours"),
        (200_000, "2 days"),
    ],
)
def test_lengths_of_time_as_one_says_them(seconds: float, said: str):
    assert lasting(seconds) == said


def test_when_it_was_last_alive():
    assert ago(DUE - timedelta(minutes=3), DUE) == "last alive 3 minutes ago"
    assert ago(None, DUE) == "never seen alive"


@dataclass
class Page:
    port: int

    def asked(self, path: str, method: str = "GET", host: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@contextmanager
def a_page(health: Callable[[], Health], store: Store | None = None) -> Iterator[Page]:
    server = HealthServer(
        Listening(host="127.0.0.1", port=0, place=Place("config.yaml", 2)),
        Pages(health=health, lateness=lambda: store.lateness(LATENESS) if store else None),
    )
    server.start()
    try:
        yield Page(server.server_address[1])
    finally:
        server.stop()


def test_the_page_says_200_when_all_is_well_and_503_when_not():
    with a_page(lambda: WELL) as page:
        status, body = page.asked("/health")
    assert (status, json.loads(body)) == (200, {"ok": True, "problems": [], "warnings": []})

    with a_page(lambda: replace(WELL, fault="store.db: the disk is full; make room")) as page:
        status, body = page.asked("/health")
    assert (status, json.loads(body)) == (
        503,
        {"ok": False, "problems": ["store.db: the disk is full; make room"], "warnings": []},
    )


def test_the_page_turns_503_when_something_is_overdue(store: Store):
    now = [DUE]
    alive(store)
    with a_page(lambda: health_of(store, now[0])) as page:
        before, _ = page.asked("/health")
        now[0] += timedelta(seconds=61)
        alive(store, timedelta(seconds=61))
        after, body = page.asked("/health")

    assert (before, after) == (200, 503)
    assert "launch on main" in body


def test_the_metrics_are_what_prometheus_reads(store: Store):
    row = store.claim("main", "test", DUE)
    assert row
    store.published(row, Published(id="1"), DUE + timedelta(seconds=3))
    alive(store)
    with a_page(lambda: health_of(store, DUE), store) as page:
        status, body = page.asked("/metrics")

    lines = body.splitlines()
    assert status == 200
    for line in (
        "termbell_healthy 1.0",
        'termbell_deliveries{status="published"} 1.0',
        'termbell_deliveries{status="in doubt"} 0.0',
        "termbell_overdue 0.0",
        "termbell_oldest_overdue_seconds 0.0",
        "termbell_accounts_held 0.0",
        f"termbell_last_beat_timestamp_seconds {DUE.timestamp()!r}".replace(
            "1788769800.0", "1.7887698e+09"
        ),
        'termbell_lateness_seconds_bucket{le="2.0"} 0.0',
        'termbell_lateness_seconds_bucket{le="5.0"} 1.0',
        'termbell_lateness_seconds_bucket{le="+Inf"} 1.0',
        "termbell_lateness_seconds_count 1.0",
        "termbell_lateness_seconds_sum 3.0",
    ):
        assert line in lines


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8377", "localhost.evil.example"])
def test_a_web_page_that_leads_its_own_name_here_reads_nothing(host: str):
    with a_page(lambda: WELL) as page:
        assert page.asked("/health", host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost", "localhost:8377", "127.0.0.1:9", "[::1]:8377"])
def test_this_machine_is_answered_by_any_of_its_own_names(host: str):
    with a_page(lambda: WELL) as page:
        assert page.asked("/health", host=host)[0] == 200


def test_other_pages_and_methods_are_not_there():
    with a_page(lambda: WELL) as page:
        assert page.asked("/")[0] == 404
        assert page.asked("/health", "HEAD") == (200, "")
        assert page.asked("/health", "POST")[0] == 501


def test_connections_that_say_nothing_hold_up_neither_the_daemon_nor_for_long_the_page():
    with a_page(lambda: WELL) as page:
        silent = [socket.create_connection(("127.0.0.1", page.port)) for _ in range(MOST + 2)]
        end = time.monotonic() + 15
        while not _answers(page):
            assert time.monotonic() < end
        for one in silent:
            one.close()


def _answers(page: Page) -> bool:
    try:
        return page.asked("/health")[0] == 200
    except OSError:
        time.sleep(0.1)
        return False


def test_a_port_in_use_is_said_in_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(
            OSError,
            match=f"config.yaml:2: the health page cannot be served at 127.0.0.1:{port}: Address already in use",
        ):
            HealthServer(
                Listening(host="127.0.0.1", port=port, place=Place("config.yaml", 2)),
                Pages(health=lambda: WELL, lateness=lambda: None),
            )
