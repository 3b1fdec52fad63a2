"""The ping of a cron monitor, against a stand-in."""

import logging
import socket
from datetime import timedelta

import pytest

from platforms.base import LoginNeeded
from scheduler.engine.health import Health
from scheduler.engine.http import ping
from scheduler.engine.pinging import Pinging, failing
from tests.engine.stand_in import a_stand_in
from tests.support import DUE

WELL = Health(at=DUE, counts={"scheduled": 1}, last_beat=DUE)
SILENT = Health(at=DUE, counts={"scheduled": 1}, last_beat=DUE - timedelta(hours=1))


def test_all_is_well_is_a_get_and_what_is_wrong_is_posted_to_fail():
    with a_stand_in() as server:
        pinging = Pinging(url=lambda: f"http://127.0.0.1:{server.port}/uuid")
        assert pinging.ping(WELL) is None
        assert pinging.ping(SILENT) is None

    assert server.asked == [
        ("GET", "/uuid", ""),
        (
            "POST",
            "/uuid/fail",
            "the daemon is not running, last alive 60 minutes ago, and 1 delivery is waiting; start it: termbell run",
        ),
    ]


@pytest.mark.parametrize(
    ("url", "fails"),
    [
        ("https://hc.example/uuid", "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid/", "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid?create=1", "https://hc.example/uuid/fail?create=1"),
    ],
)
def test_where_a_failure_is_told(url: str, fails: str):
    assert failing(url) == fails


def test_a_monitor_that_refuses_is_said_once_and_so_is_its_end(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    with a_stand_in(answers=404) as server:
        pinging = Pinging(url=lambda: f"http://127.0.0.1:{server.port}/uuid")
        whys = [pinging.ping(WELL) for _ in range(3)]
        server.answers = 200
        whys.append(pinging.ping(WELL))

    assert whys == ["it was answered with 404"] * 3 + [None]
    assert [record.getMessage() for record in caplog.records] == [
        "the ping of healthcheck_url does not get through: it was answered with 404",
        "the ping of healthcheck_url gets through again",
    ]


def test_nobody_there_is_said_without_the_address():
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    why = Pinging(url=lambda: f"http://127.0.0.1:{port}/secret-uuid").ping(WELL)

    assert why == "Connection refused"


def test_a_monitor_that_answers_nothing_is_left():
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(OSError, match="timed out"),
    ):
        ping(f"http://127.0.0.1:{silent.getsockname()[1]}/uuid", timeout=0.3)


def test_an_address_that_is_missing_is_said():
    def missing() -> str:
        raise LoginNeeded(
            "config.yaml:4: healthcheck_url: the environment variable PING_URL is not set"
        )

    assert (
        Pinging(url=missing).ping(WELL)
        == "config.yaml:4: healthcheck_url: the environment variable PING_URL is not set"
    )
