"""What holds for every test: nothing of the person who runs them is read or touched.

The cache is a folder of the test's own, no config is found by the environment, no keyring is opened, no colours are printed.
Commands that a test starts as processes inherit all of it.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _apart_from_the_person(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("TERMBELL_CACHE", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("TERMBELL_STATE", str(tmp_path_factory.mktemp("state")))
    monkeypatch.delenv("TERMBELL_CONFIG", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """A command that was run within the test has set up a log, to a stream that is closed by now."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder of the checkout."""
    return Path(__file__).parent.parent
