"""The keys by which a person is told: what they take, what is wrong with them, and that they hold secrets."""

from pathlib import Path

import pytest

from platforms.base import LoginNeeded
from scheduler.config import Config, read_config
from scheduler.engine.credentials import Credentials
from scheduler.engine.gathering import notifiers
from scheduler.engine.planning import plan
from scheduler.engine.replanning import portable
from scheduler.problems import Invalid

HEAD = "timezone: UTC\naccounts: {site: {platform: site, folder: public}}\n"


def written(folder: Path, more: str) -> Path:
    (folder / "config.yaml").write_text(HEAD + more)
    return folder / "config.yaml"


def read(folder: Path, more: str) -> tuple[Config, Credentials]:
    config = read_config(written(folder, more))
    return config, Credentials(config.accounts, config.state, keyring=lambda: None)


def problems(folder: Path, more: str) -> list[str]:
    try:
        return [f"{one.severity} {one}" for one in plan(written(folder, more)).problems]
    except Invalid as invalid:
        return [f"{one.severity} {one}" for one in invalid.problems]


def test_urls_come_from_the_environment_from_a_named_secret_or_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOOK", "json://127.0.0.1/of-the-environment")
    monkeypatch.setenv("PASSWORD", "p%40ss")
    config, credentials = read(
        tmp_path,
        "notify:\n- ${HOOK}\n- !secret chat\n- mailto://anna:${PASSWORD}@example.org\n- json://127.0.0.1/$${x}\n",
    )
    credentials.keep_named("chat", "tgram://123456789:abcdefg/chat")

    assert [credentials.address(one) for one in config.notify] == [
        "json://127.0.0.1/of-the-environment",
        "tgram://123456789:abcdefg/chat",
        "mailto://anna:p%40ss@example.org",
        "json://127.0.0.1/${x}",
    ]
    assert [one.place.line for one in config.notify] == [4, 5, 6, 7]


def test_what_was_looked_up_is_hidden_in_logs_and_shown_by_no_value(tmp_path: Path):
    config, credentials = read(
        tmp_path,
        "notify: json://127.0.0.1/hook-7781\nhealthcheck_url: https://hc.example/uuid-7781\n",
    )
    for one in (*config.notify, config.healthcheck):
        assert one
        credentials.address(one)

    assert {
        "json://127.0.0.1/hook-7781",
        "https://hc.example/uuid-7781",
    } <= credentials.all_values()
    assert "7781" not in repr(config)
    assert "7781" not in repr(notifiers(config, credentials))
    assert portable(config).notify == config.notify


def test_a_secret_that_is_missing_is_named_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HOOK", raising=False)
    config, credentials = read(
        tmp_path, "notify:\n- json://${HOOK}\n- !secret chat\nhealthcheck_url: ${HOOK}\n"
    )

    assert [one.why.partition(";")[0] for one in notifiers(config, credentials)] == [
        "config.yaml:4: notify: the environment variable HOOK is not set",
        "config.yaml:5: notify: no secret is kept under the name 'chat'",
    ]
    assert config.healthcheck
    with pytest.raises(
        LoginNeeded,
        match=r"config\.yaml:6: healthcheck_url: the environment variable HOOK is not set",
    ):
        credentials.address(config.healthcheck)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("8377", "127.0.0.1:8377"),
        ("127.0.0.1:8377", "127.0.0.1:8377"),
        ("localhost:80", "localhost:80"),
        ('"[::1]:8377"', "[::1]:8377"),
    ],
)
def test_the_health_page_is_this_machines_alone_unless_the_person_says_otherwise(
    value: str, shown: str, tmp_path: Path
):
    config, _ = read(tmp_path, f"health: {value}\n")

    assert str(config.health) == shown
    assert config.health
    assert config.health.is_loopback
    assert problems(tmp_path, f"health: {value}\n") == []


@pytest.mark.parametrize(
    "value", ["0.0.0.0:8377", '"[::]:8377"', "192.168.1.7:8377", "host.example:8377"]
)
def test_another_address_is_a_warning(value: str, tmp_path: Path):
    (warning,) = problems(tmp_path, f"health: {value}\n")

    assert warning.startswith("warning config.yaml:3: config: `health` at ")
    assert "answers other machines as well" in warning


@pytest.mark.parametrize(
    "value", ["0", "70000", "here", "true", "localhost", "http://localhost:80", "127.0.0.1:8377/x"]
)
def test_what_is_no_port_and_no_address_is_an_error(value: str, tmp_path: Path):
    (error,) = problems(tmp_path, f"health: {value}\n")

    assert error.startswith(
        "error config.yaml:3: config: `health` has to be a port of this machine, e.g. 8377"
    )


@pytest.mark.parametrize("value", ["hc.example/uuid", "ftp://hc.example/uuid", "https:///uuid"])
def test_a_ping_needs_a_web_address_and_the_one_that_was_written_is_not_repeated(
    value: str, tmp_path: Path
):
    (error,) = problems(tmp_path, f"healthcheck_url: {value}\n")

    assert error == (
        "error config.yaml:3: config: `healthcheck_url` has to begin with https:// or http://, "
        "e.g. https://hc-ping.com/YOUR-UUID"
    )


def test_a_list_says_which_of_its_addresses_is_none(tmp_path: Path):
    assert problems(tmp_path, "notify:\n- json://127.0.0.1/x\n- {url: x}\n- ''\n") == [
        f"error config.yaml:{line}: config: `notify` has to be an address, e.g. mailto://USER:PASSWORD@example.org"
        for line in (5, 6)
    ]


def test_a_url_that_apprise_does_not_know_is_an_error_with_its_line_and_without_the_url(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WRONG", "telegram-token-7781")
    monkeypatch.delenv("NOT_HERE", raising=False)

    found = problems(
        tmp_path,
        "notify:\n- json://127.0.0.1/x\n- nonsense://token-7781\n- ${WRONG}\n- ${NOT_HERE}\n- !secret chat\n",
    )

    assert [one.partition(" config: ")[0] for one in found] == [
        "error config.yaml:5:",
        "error config.yaml:6:",
    ]
    assert all(
        "has an address that Apprise cannot use" in one and "7781" not in one for one in found
    )
