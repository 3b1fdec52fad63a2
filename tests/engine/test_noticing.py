"""What is said of an account that has something planned."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from platforms.base import Account, Platform
from scheduler.calendar.model import Delivery
from scheduler.checks import Checks
from scheduler.config import Config, read_config
from scheduler.engine.noticing import noticed
from tests.engine.support import a_delivery, a_platform

TODAY = date(2026, 11, 25)


def a_config(folder: Path, platform: Platform) -> Config:
    config = folder / "config.yaml"
    config.write_text("timezone: UTC\naccounts:\n  main: {platform: site}\nposts: []\n")
    read = read_config(config)
    return replace(read, accounts={"main": replace(read.accounts["main"], platform=platform)})


def planned(number: int) -> list[Delivery]:
    return [replace(a_delivery(), account="main") for _ in range(number)]


def in_review(account: Account, today: date) -> Iterator[str]:
    yield f"{account.name} is under review on {today:%d %B}"


def test_what_a_platform_wants_known_is_said_once_at_the_account(tmp_path: Path):
    config = a_config(tmp_path, a_platform(notices=in_review))

    said = [(problem.severity, str(problem)) for problem in noticed(config, planned(2), TODAY)]

    assert said == [("warning", "config.yaml:3: main: main is under review on 25 November")]


def test_nothing_is_said_of_an_account_that_has_nothing_planned(tmp_path: Path):
    assert list(noticed(a_config(tmp_path, a_platform(notices=in_review)), [], TODAY)) == []


def test_posts_that_cost_something_are_added_up(tmp_path: Path):
    config = a_config(tmp_path, a_platform(price=lambda post: 0.015))

    assert [str(one) for one in noticed(config, planned(1), TODAY)] == [
        "config.yaml:3: main: the planned post costs about $0.01"
    ]
    assert [str(one) for one in noticed(config, planned(20), TODAY)] == [
        "config.yaml:3: main: the 20 planned posts cost about $0.30"
    ]


def test_what_is_switched_off_is_not_said(tmp_path: Path):
    config = a_config(tmp_path, a_platform(price=lambda post: 1.0, notices=in_review))
    quiet = replace(config, checks=Checks(severities={"price": "off", "platform-notice": "off"}))

    assert list(noticed(quiet, planned(1), TODAY)) == []
