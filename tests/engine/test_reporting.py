"""What the daemon says of itself: the notices it writes, the pages, the supervisor, and a daemon with all of it."""

import http.client
import json
import os
import socket
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from platforms.base import Published, hosted
from scheduler.config import Address, Config, Listening, Secret, read_config
from scheduler.engine.assembly import assemble
from scheduler.engine.broken_calendar import BrokenCalendar, broken_calendar
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import Daemon, utc_now
from scheduler.engine.hosting import AT_LEAST, Hosting, name_of
from scheduler.engine.pacing import Aside, Every
from scheduler.engine.replanning import Replanned
from scheduler.engine.reporting import STUCK, UNPINGED, UNSERVED, Inside, Reporting, summary
from scheduler.engine.supervised import Supervisor
from scheduler.problems import Place, Problem
from scheduler.store import Store
from tests.engine.stand_in import a_stand_in
from tests.engine.support import Clock, a_bench, a_delivery
from tests.support import DUE, an_image, scripted

HEAD = "timezone: UTC\naccounts: {site: {platform: site, folder: public}}\n"
WRONG = Problem("yaml", "YAML cannot be read here", Place("march.yaml", 3))
INSIDE = Inside(working=lambda: (), clock_silent_for=lambda: 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store.db", DUE)


def a_config(folder: Path, more: str = "") -> Config:
    (folder / "config.yaml").write_text(HEAD + more)
    return read_config(folder / "config.yaml")


def reporting(
    store: Store, config: Config | None = None, at: Clock | None = None, **more: object
) -> Reporting:
    credentials = Credentials(config.accounts, config.state) if config else None
    return Reporting(store=store, now=at or Clock(), config=config, credentials=credentials, **more)  # type: ignore[arg-type]


def texts(store: Store) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in store.notices.untold()]


def test_a_daemon_that_was_away_says_from_when_to_when_and_what_was_due(store: Store):
    store.plan(
        [
            a_delivery("k1"),
            a_delivery("k2", entry="later", due=DUE + timedelta(days=9)),
            a_delivery("k3", entry="by hand"),
            a_delivery("k4", entry="gone"),
        ],
        DUE - timedelta(days=1),
    )
    store.retry("k3", DUE - timedelta(hours=9))
    row = store.claim("main", "test", DUE - timedelta(hours=9))
    assert row
    store.published(row, Published(id="1"), DUE - timedelta(hours=9))
    store.cancel("k4")
    store.beat("here", 1, DUE, DUE - timedelta(hours=8))

    reporting(store, at=Clock(DUE + timedelta(hours=1))).back()

    assert texts(store) == [
        (
            "daemon back",
            "not running from 2026-09-07 00:30 to 2026-09-07 09:30 UTC; 1 post was due: launch on main",
        )
    ]


@pytest.mark.parametrize(
    ("beat", "now"),
    [(-1800, 1700), (-7200, -60), (7200, 0), (None, 0)],
    ids=["not long", "nothing was due", "seen in the future", "never seen"],
)
def test_a_daemon_that_missed_nothing_has_nothing_to_say(beat: int | None, now: int, store: Store):
    store.plan([a_delivery()], DUE - timedelta(days=1))
    if beat is not None:
        store.beat("here", 1, DUE, DUE + timedelta(seconds=beat))

    reporting(store, at=Clock(DUE + timedelta(seconds=now))).back()

    assert texts(store) == []


def test_a_calendar_that_cannot_be_used_is_told_once_for_each_state_of_it_and_once_when_it_can_again(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    caplog.set_level("INFO", "termbell")
    mended, other = (
        Replanned(config=a_config(tmp_path)),
        Problem("yaml", "another", Place("march.yaml", 9)),
    )
    said = reporting(store)
    for read in (
        mended,
        Replanned(problems=(WRONG,)),
        Replanned(problems=(WRONG,)),
        Replanned(problems=(other,)),
        mended,
        mended,
        Replanned(problems=(WRONG,)),
    ):
        said.read(read)

    log_lines = [record.message for record in caplog.records]
    assert log_lines == ["the calendar can be used again, and is in force"]
    invalid = "the plan from before stays in force:\n  march.yaml:"
    assert texts(store) == [
        ("calendar invalid", f"{invalid}3: YAML cannot be read here"),
        ("calendar invalid", f"{invalid}9: another"),
        ("calendar valid", "the calendar can be used again, and is in force"),
        ("calendar invalid", f"{invalid}3: YAML cannot be read here"),
    ]


def test_notifiers_are_those_of_the_calendar_as_it_was_read_last(store: Store, tmp_path: Path):
    with a_stand_in() as server:
        config = a_config(tmp_path, f"notify: json://127.0.0.1:{server.port}/hook")
        said = reporting(store, replace(config, notify=()))
        said.credentials = Credentials(config.accounts, config.state)
        said.read(Replanned(config=config))
        store.notices.add(DUE, "failed", "launch on main: Forbidden")
        said.teller.tell(at_once=True)

    assert [one["title"] for one in server.told] == ["Termbell: 1 failed"]


def test_a_clock_that_hangs_is_a_problem_and_the_supervisor_hears_no_sign_of_life(
    store: Store, tmp_path: Path
):
    silent = [0.0]
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.setblocking(False)
        said = reporting(
            store,
            supervisor=Supervisor(environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2"}),
        )
        said.start(Inside(working=lambda: (), clock_silent_for=lambda: silent[0]))
        said.turn()
        silent[0] = STUCK + 10
        said.turn()
        heard = all_of(listener)

    assert [line for line in heard if "STATUS" not in line] == ["READY=1", "WATCHDOG=1"]
    assert said.health().problems == ("the daemon's clock has been stuck for 130 s; start it anew",)


def test_a_store_that_fails_keeps_the_signs_of_life_going_and_is_the_health_pages_problem(
    store: Store, tmp_path: Path
):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.setblocking(False)
        said = reporting(
            store,
            supervisor=Supervisor(environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "2"}),
        )
        said.start(INSIDE)
        said.store_failed("store.db: the disk is full; make room")
        said.turn()
        heard = all_of(listener)

    assert "WATCHDOG=1" in heard
    assert said.health().problems == ("store.db: the disk is full; make room",)


def all_of(listener: socket.socket) -> list[str]:
    heard = []
    try:
        while True:
            heard.append(listener.recv(1000).decode())
    except BlockingIOError:
        return heard


def test_a_page_that_cannot_be_served_stops_nothing_and_is_kept_for_doctor(
    store: Store, tmp_path: Path
):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = reporting(store, a_config(tmp_path, f"health: {port}"))
        said.start(INSIDE)
        said.stopping()

    assert f"config.yaml:3: the health page cannot be served at 127.0.0.1:{port}" in str(
        store.fact(UNSERVED)
    )


def test_a_ping_that_fails_is_kept_for_doctor_until_one_gets_through(store: Store, tmp_path: Path):
    with a_stand_in(answers=500) as server:
        said = reporting(
            store, a_config(tmp_path, f"healthcheck_url: http://127.0.0.1:{server.port}/uuid")
        )
        said._report()
        failing = store.fact(UNPINGED)
        server.answers = 200
        said._report()

    assert (failing, store.fact(UNPINGED)) == ("it was answered with 500", None)


def test_the_daemon_in_one_line(store: Store):
    store.plan(
        [a_delivery(), a_delivery("k2", entry="second", due=DUE + timedelta(days=1))],
        DUE - timedelta(days=1),
    )
    store.beat("here", 1, DUE, DUE - timedelta(hours=1))

    assert (
        summary(reporting(store, at=Clock(DUE - timedelta(hours=1))).health())
        == "next: 2026-09-07 08:30 UTC; 2 scheduled"
    )
    assert summary(reporting(store, at=Clock(DUE + timedelta(hours=1))).health()).startswith(
        "1 delivery is due and not taken up"
    )


def test_every_so_often_by_a_clock_that_is_handed_in():
    at = [0.0]
    every = Every(seconds=10, clock=lambda: at[0])
    said = []
    for at[0] in (0, 5, 9.9, 10, 15, 20):
        said.append(every.is_time())

    assert said == [True, False, False, True, False, True]


def test_work_aside_is_one_at_a_time_and_its_fault_is_logged(caplog: pytest.LogCaptureFixture):
    go, aside = threading.Event(), Aside(name="telling")

    assert aside.begin(go.wait)
    assert not aside.begin(go.wait)
    assert not aside.wait(0)
    go.set()
    assert aside.wait(5)
    assert aside.begin(lambda: 1 // 0)
    assert aside.wait(5)
    assert "telling stopped" in caplog.text


def a_daemon(folder: Path, config: Config, supervisor: Supervisor) -> Daemon:
    """One that has nothing to publish before tomorrow."""
    bench = a_bench(folder, scripted())
    bench.store.plan([a_delivery(due=utc_now() + timedelta(days=1))], utc_now())
    said = Reporting(
        store=bench.store,
        now=utc_now,
        config=config,
        credentials=Credentials({}, folder),
        supervisor=supervisor,
    )
    return Daemon(
        config=config.path,
        store=bench.store,
        desk=replace(bench.desk(), now=utc_now),
        ask_limits=lambda accounts, now: False,
        reporting=said,
    )


def test_a_daemon_takes_away_once_an_hour_what_stands_where_the_config_says_now(tmp_path: Path):
    daemon = a_daemon(tmp_path, a_config(tmp_path), Supervisor(environment={}))
    host = "media_host: {kind: folder, folder: www, url: 'https://school.test/media'}\n"
    at = Clock(utc_now())
    credentials = Credentials({}, tmp_path)
    hosting = Hosting(host=None, folder=tmp_path, credentials=credentials, timeout=5.0, now=at)
    daemon.assembled = assemble(
        read_config(daemon.config), daemon.store, credentials, hosting, by="test", now=utc_now
    )
    daemon.config.write_text(HEAD + host + "posts: []")
    daemon.read_again()
    door = an_image(tmp_path)
    hosted(door, 1, daemon.assembled.hosting)

    at.at += AT_LEAST + timedelta(seconds=1)
    daemon._once_an_hour()

    assert (tmp_path / "www").is_dir()
    assert not (tmp_path / "www" / name_of(door)).exists()


def test_a_daemon_that_starts_anew_knows_since_when_the_calendar_is_broken(store: Store):
    reporting(store, at=Clock(DUE)).read(Replanned(problems=(WRONG,)))

    later = reporting(store, at=Clock(DUE + timedelta(hours=9)))
    later.read(Replanned(problems=(WRONG,)))

    assert len(texts(store)) == 1
    assert broken_calendar(store) == BrokenCalendar(DUE, str(WRONG))
    assert later.health().problems[-1] == (
        "the calendar cannot be used since 2026-09-07 08:30 UTC, "
        "and new entries do not go out; see `termbell status`"
    )


def test_a_daemon_whose_calendar_became_invalid_puts_that_on_the_list(tmp_path: Path):
    daemon = a_daemon(tmp_path, a_config(tmp_path), Supervisor(environment={}))
    daemon.config.write_text(HEAD + "posts: [{id: launch}]")

    daemon.read_again()
    daemon.read_again()

    (told,) = daemon.store.notices.untold()
    assert told.kind == "calendar invalid"
    assert "config.yaml:3: launch: `when` is missing" in told.text


def test_a_daemon_serves_its_page_pings_tells_its_supervisor_and_stops_all_of_it(tmp_path: Path):
    address = str(tmp_path / "notify")
    with (
        a_stand_in() as server,
        socket.create_server(("127.0.0.1", 0)) as free,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener,
    ):
        port = free.getsockname()[1]
        free.close()
        listener.bind(address)
        listener.setblocking(False)
        place = Place("config.yaml", 1)
        config = replace(
            a_config(tmp_path),
            health=Listening(host="127.0.0.1", port=port, place=place),
            notify=(
                Address(
                    key="notify",
                    secret=Secret(literal=f"json://127.0.0.1:{server.port}/hook"),
                    place=place,
                ),
            ),
            healthcheck=Address(
                key="healthcheck_url",
                secret=Secret(literal=f"http://127.0.0.1:{server.port}/uuid"),
                place=place,
            ),
        )
        daemon = a_daemon(
            tmp_path,
            config,
            Supervisor(
                environment={
                    "NOTIFY_SOCKET": address,
                    "WATCHDOG_USEC": "400000",
                    "WATCHDOG_PID": str(os.getpid()),
                }
            ),
        )
        daemon.store.notices.add(utc_now(), "failed", "launch on main: Forbidden")
        running = threading.Thread(target=daemon.run)
        running.start()
        status, body = asked(port)
        end = time.monotonic() + 20
        while ("GET", "/uuid", "") not in server.asked:
            assert time.monotonic() < end
            time.sleep(0.05)
        daemon.stop()
        running.join(30)
        heard = all_of(listener)

        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))
    assert (status, json.loads(body)["ok"]) == (200, True)
    assert heard[0] == "READY=1"
    assert heard[-1] == "STOPPING=1"
    assert "WATCHDOG=1" in heard
    assert any(line.startswith("STATUS=") for line in heard)
    assert [one["title"] for one in server.told] == ["Termbell: 1 failed"]


def asked(port: int) -> tuple[int, str]:
    """The health page, once it is there and the daemon has given its first sign of life."""
    end = time.monotonic() + 20
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health")
            answer = connection.getresponse()
            if answer.status == 200 or time.monotonic() > end:
                return answer.status, answer.read().decode()
        except OSError:
            if time.monotonic() > end:
                raise
        time.sleep(0.05)
