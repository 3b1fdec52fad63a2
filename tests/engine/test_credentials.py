"""Where secrets are looked for, where they are kept, and who may read them."""

import json
import logging
import multiprocessing
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platforms.base import Account, LoginNeeded, OAuth
from scheduler.config import ConfiguredAccount, Secret
from scheduler.engine.credentials import Credentials, KeyringFailed, Trial, system_keyring
from scheduler.problems import Place
from tests.engine.support import a_platform

TOKEN = {"token": "tok-5ecret"}


@dataclass
class Keyring:
    name: str = "Test ring"
    kept: dict[tuple[str, str], str] = field(default_factory=dict)
    is_locked: bool = False

    def _open(self) -> None:
        if self.is_locked:
            raise KeyringFailed("locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._open()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._open()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._open()
        del self.kept[service, username]


def credentials(
    folder: Path,
    keyring: Keyring | None = None,
    secrets: tuple[str, ...] = ("token",),
    optional: tuple[str, ...] = (),
    oauth: OAuth | None = None,
    **written: Secret,
) -> Credentials:
    platform = a_platform(secrets=secrets, optional_secrets=optional, oauth=oauth)
    account = ConfiguredAccount(
        account=Account(name="fediverse", platform="x"),
        platform=platform,
        place=Place("config.yaml", 9),
        secrets=written,
    )
    return Credentials({"fediverse": account}, folder / ".termbell", keyring=lambda: keyring)


def test_what_is_missing_is_named_with_the_remedy(tmp_path: Path):
    with pytest.raises(
        LoginNeeded, match=r"^fediverse has no token yet: termbell login fediverse$"
    ):
        credentials(tmp_path).of("fediverse")
    with pytest.raises(LoginNeeded, match=r"fediverse has no user and no password yet"):
        credentials(tmp_path, secrets=("user", "password")).of("fediverse")


def test_a_platform_without_secrets_needs_none(tmp_path: Path):
    assert credentials(tmp_path, secrets=()).of("fediverse") == {}
    assert not (tmp_path / ".termbell").exists()


def test_what_was_given_is_kept_in_a_file_that_only_the_person_can_read(tmp_path: Path):
    where = credentials(tmp_path).keep("fediverse", {"token": " tok-5ecret\n"})

    file = tmp_path / ".termbell" / "secrets.json"
    assert where == f"{file} (readable by you only)"
    assert credentials(tmp_path).of("fediverse") == TOKEN
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert (file.parent / ".gitignore").read_text() == "*\n"
    assert not file.with_suffix(".unfinished").exists()


def test_a_file_that_others_can_read_is_closed_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    held = credentials(tmp_path)
    held.keep("fediverse", TOKEN)
    held.file.chmod(0o644)

    with caplog.at_level(logging.WARNING):
        assert held.of("fediverse") == TOKEN

    assert "could be read by others (mode 644)" in caplog.text
    assert "5ecret" not in caplog.text
    assert held.file.stat().st_mode & 0o777 == 0o600


def test_a_keyring_is_preferred_and_nothing_is_left_in_the_file(tmp_path: Path):
    credentials(tmp_path).keep("fediverse", {"token": "older"})
    ring = Keyring()

    where = credentials(tmp_path, ring).keep("fediverse", TOKEN)

    assert where == "the system's keyring (Test ring)"
    assert credentials(tmp_path, ring).of("fediverse") == TOKEN
    assert "older" not in (tmp_path / ".termbell" / "secrets.json").read_text()


def test_two_calendars_with_an_account_of_the_same_name_do_not_meet(tmp_path: Path):
    ring = Keyring()
    credentials(tmp_path / "one", ring).keep("fediverse", TOKEN)

    with pytest.raises(LoginNeeded):
        credentials(tmp_path / "two", ring).of("fediverse")


def test_a_locked_keyring_leaves_the_file(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    ring = Keyring(is_locked=True)

    where = credentials(tmp_path, ring).keep("fediverse", TOKEN)

    assert where.endswith("secrets.json (readable by you only)")
    assert credentials(tmp_path, ring).of("fediverse") == TOKEN
    assert "keyring" in caplog.text


def test_what_is_too_long_for_a_keyring_is_kept_in_the_file(tmp_path: Path):
    ring = Keyring()
    held = credentials(tmp_path, ring)
    held.keep("fediverse", TOKEN)

    assert "secrets.json" in held.keep("fediverse", {"token": "x" * 2000})
    assert held.of("fediverse") == {"token": "x" * 2000}
    assert ring.kept == {}


def test_optional_secrets_are_given_where_there_are_any(tmp_path: Path):
    held = credentials(tmp_path, optional=("proof",))
    held.keep("fediverse", TOKEN)

    assert held.of("fediverse") == TOKEN

    held.keep("fediverse", {**TOKEN, "proof": "p"})
    assert held.of("fediverse") == {**TOKEN, "proof": "p"}


def test_the_config_takes_secrets_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    held = credentials(tmp_path, token=Secret(env="FEDIVERSE_TOKEN"))
    held.keep("fediverse", {"token": "kept"})

    monkeypatch.delenv("FEDIVERSE_TOKEN", raising=False)
    with pytest.raises(
        LoginNeeded,
        match=r"config\.yaml:9: accounts\.fediverse\.token: the environment variable FEDIVERSE_TOKEN is not set",
    ):
        held.of("fediverse")

    monkeypatch.setenv("FEDIVERSE_TOKEN", "tok-5ecret\n")
    assert held.of("fediverse") == TOKEN


def test_a_token_that_the_config_names_takes_the_place_of_an_earlier_sign_in(tmp_path: Path):
    oauth = OAuth(authorize="", token="", scopes=())
    signed_in = credentials(tmp_path, optional=("refresh",), oauth=oauth)
    signed_in.keep("fediverse", {**TOKEN, "refresh": "r0"})
    signed_in.keep_session("fediverse", {"token": "traded", "refresh": "r1"})

    named = credentials(
        tmp_path, optional=("refresh",), oauth=oauth, token=Secret(literal="another")
    )
    both = credentials(
        tmp_path,
        optional=("refresh",),
        oauth=oauth,
        token=Secret(literal="another"),
        refresh=Secret(literal="its own"),
    )

    assert (named.of("fediverse"), named.session("fediverse")) == ({"token": "another"}, {})
    assert (both.of("fediverse")["refresh"], both.session("fediverse")["token"]) == (
        "its own",
        "traded",
    )


def test_the_config_may_hold_a_secret_itself(tmp_path: Path):
    held = credentials(tmp_path, token=Secret(literal="tok-5ecret"))

    assert held.of("fediverse") == TOKEN
    assert held.all_values() == {"tok-5ecret"}
    assert "5ecret" not in repr(held.accounts)


@pytest.mark.parametrize("ring", [None, Keyring()], ids=["file", "keyring"])
def test_the_config_names_a_secret_that_is_kept(tmp_path: Path, ring: Keyring | None):
    held = credentials(tmp_path, ring, token=Secret(name="shared"))
    with pytest.raises(
        LoginNeeded,
        match=r"no secret is kept under the name 'shared'; termbell login --secret shared$",
    ):
        held.of("fediverse")

    held.keep_named("shared", "tok-5ecret")

    assert held.of("fediverse") == TOKEN

    held.forget_named("shared")

    with pytest.raises(LoginNeeded):
        held.of("fediverse")


def test_a_named_secret_may_be_written_into_the_file_by_hand(tmp_path: Path):
    held = credentials(tmp_path, token=Secret(name="shared"))
    held.file.parent.mkdir()
    held.file.write_text('{"named": {"shared": "tok-5ecret"}}')

    assert held.of("fediverse") == TOKEN


def test_a_session_is_kept_beside_and_goes_with_a_new_login(tmp_path: Path):
    held = credentials(tmp_path)
    held.keep("fediverse", TOKEN)
    held.keep_session("fediverse", {"token": "t", "refresh": "r"})

    assert held.of("fediverse") == TOKEN
    assert credentials(tmp_path).session("fediverse") == {"token": "t", "refresh": "r"}

    held.keep("fediverse", {"token": "another"})
    assert held.session("fediverse") == {}


@pytest.mark.parametrize("ring", [None, Keyring()], ids=["file", "keyring"])
def test_what_is_forgotten_is_gone(tmp_path: Path, ring: Keyring | None):
    held = credentials(tmp_path, ring)
    held.keep("fediverse", TOKEN)
    held.keep_session("fediverse", {"token": "session-5ecret"})

    held.forget("fediverse")
    held.forget("fediverse")

    with pytest.raises(LoginNeeded):
        held.of("fediverse")
    assert held.session("fediverse") == {}
    assert "5ecret" not in (held.file.read_text() if held.file.exists() else "") + str(ring)


def test_all_values_are_those_that_this_process_can_have_met(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("FEDIVERSE_TOKEN", "from-env")
    held = credentials(tmp_path, token=Secret(env="FEDIVERSE_TOKEN"))

    assert held.all_values() == {"from-env"}

    held.keep_session("fediverse", {"token": "session"})
    assert held.all_values() == {"from-env", "session"}


def test_all_values_are_known_before_they_are_asked_for(tmp_path: Path):
    """A platform may repeat one account's secret to another, and a log line may come before the first request."""
    credentials(tmp_path, secrets=("user", "password")).keep(
        "fediverse", {"user": "ada", "password": "pass-5ecret"}
    )
    credentials(tmp_path).keep_session("fediverse", {"token": "session"})

    held = credentials(tmp_path, secrets=("user", "password"))

    assert held.all_values() == {"ada", "pass-5ecret", "session"}
    assert held.all_values(names=False) == {"pass-5ecret", "session"}


@pytest.mark.parametrize("text", ["{", "[]", '{"accounts": 1}'])
def test_a_file_that_is_broken_is_named_and_not_overwritten(tmp_path: Path, text: str):
    held = credentials(tmp_path)
    held.file.parent.mkdir()
    held.file.write_text(text)

    for use in (lambda: held.of("fediverse"), lambda: held.keep("fediverse", TOKEN)):
        with pytest.raises(LoginNeeded, match=r"secrets\.json .*log in again"):
            use()
    assert held.file.read_text() == text


def keep_many(folder: Path, by: str) -> None:
    for number in range(10):
        credentials(folder).keep_session(f"{by}{number}", {"token": by})


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path):
    workers = [
        multiprocessing.get_context("spawn").Process(target=keep_many, args=(tmp_path, by))
        for by in "ab"
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(json.loads((tmp_path / ".termbell" / "secrets.json").read_text())["sessions"]) == 20


def test_a_trial_keeps_nothing(tmp_path: Path):
    trial = Trial({"token": " tok-5ecret "})
    trial.keep_session("fediverse", {"token": "session"})

    assert trial.of("fediverse") == TOKEN
    assert trial.session("fediverse") == {"token": "session"}
    assert os.listdir(tmp_path) == []


def test_a_keyring_that_keeps_nothing_is_none():
    assert system_keyring() is None  # the tests run with keyring's null backend, or without keyring


def test_the_end_of_what_was_given_is_kept_and_forgotten_with_it(tmp_path: Path):
    ours, ends = credentials(tmp_path), datetime(2027, 1, 24, 9, tzinfo=UTC)

    ours.keep("fediverse", TOKEN, ends)
    assert ours.ends("fediverse") == ends
    ours.keep("fediverse", TOKEN)
    assert ours.ends("fediverse") is None
    ours.keep("fediverse", TOKEN, ends)
    ours.forget("fediverse")

    assert ours.ends("fediverse") is None
