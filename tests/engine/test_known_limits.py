import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Limits, TryLater
from scheduler.config import ConfiguredAccount
from scheduler.engine.known_limits import KnownLimits
from scheduler.problems import Place
from tests.engine.support import LIMITS, a_platform
from tests.support import DUE


def an_account(tell: Any) -> ConfiguredAccount:
    platform = a_platform(limits=replace(LIMITS, text=500), ask_limits=tell)
    return ConfiguredAccount(
        account=Account(name="main", platform="x", settings={"server": "https://x.test"}),
        platform=platform,
        place=Place("config.yaml", 3),
    )


def test_a_server_is_asked_once_a_day_and_its_word_is_kept(tmp_path: Path) -> None:
    asked = []

    def tell(account: Account, ask: Any) -> Limits:
        asked.append(account.name)
        return replace(LIMITS, text=5000)

    known, account = KnownLimits(tmp_path / "limits.json"), an_account(tell)
    assert known.of(account).text == 500

    assert known.ask([account], lambda _: lambda request: None, DUE)  # type: ignore[arg-type, return-value]
    assert not known.ask([account], lambda _: lambda request: None, DUE + timedelta(hours=23))  # type: ignore[arg-type, return-value]

    assert known.of(account) == replace(LIMITS, text=5000)
    assert asked == ["main"]
    known.ask([account], lambda _: lambda request: None, DUE + timedelta(hours=25))  # type: ignore[arg-type, return-value]
    assert asked == ["main", "main"]


@pytest.mark.parametrize(
    "fault",
    [
        TryLater("down"),
        ValueError("no JSON"),
        KeyError("limits"),
        AttributeError("a list has no get"),
    ],
)
def test_a_server_that_does_not_answer_or_answers_nonsense_changes_nothing(
    tmp_path: Path, fault: Exception
) -> None:
    def silent(account: Account, ask: Any) -> Limits:
        raise fault

    known, account = KnownLimits(tmp_path / "limits.json"), an_account(silent)

    assert not known.ask([account], lambda _: lambda request: None, DUE)  # type: ignore[arg-type, return-value]
    assert known.of(account).text == 500


def test_a_file_that_was_spoilt_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "limits.json").write_text("{half")

    assert KnownLimits(tmp_path / "limits.json").of(an_account(None)).text == 500


def test_what_an_earlier_version_did_not_write_down_is_as_the_adapter_states(
    tmp_path: Path,
) -> None:
    known, account = (
        KnownLimits(tmp_path / "limits.json"),
        an_account(lambda account, ask: replace(LIMITS, text=5000)),
    )
    known.ask([account], lambda _: lambda request: None, DUE)  # type: ignore[arg-type, return-value]
    kept = json.loads(known.file.read_text())
    for told in kept.values():
        del told["limits"]["link_length"]
    known.file.write_text(json.dumps(kept))

    stated = replace(
        account,
        platform=replace(account.platform, limits=replace(LIMITS, text=500, link_length=23)),
    )

    assert (known.of(stated).text, known.of(stated).link_length) == (5000, 23)


def test_a_server_is_due_until_it_was_asked_and_again_a_day_later(tmp_path: Path):
    known, account = (
        KnownLimits(tmp_path / "limits.json"),
        an_account(lambda account, ask: replace(LIMITS, text=5000)),
    )
    silent = an_account(None)

    assert (known.is_due([account], DUE), known.is_due([silent], DUE)) == (True, False)
    known.ask([account], lambda _: lambda request: None, DUE)  # type: ignore[arg-type, return-value]
    assert known.is_due([account], DUE + timedelta(hours=23)) is False
    assert known.is_due([account], DUE + timedelta(hours=25)) is True
