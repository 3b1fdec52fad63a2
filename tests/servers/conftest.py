"""Real servers on loopback, each the JSON that its start script prints.

Where `starting.py` cannot have one, the tests are skipped with the reason; with `servers` in TERMBELL_REQUIRE (a list with
commas; CI sets it) they fail instead.

A server lives as long as the worker that asked for it. Under pytest-xdist a test file therefore keeps its tests on one worker::

    pytestmark = pytest.mark.xdist_group("snac")  # the name of the server; of the first one, where it needs several

Two workers that need the same server start one each: a data folder and ports of its own.
"""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.servers.starting import Credentials, NotHere, running


@pytest.fixture(scope="session")
def snac() -> Iterator[Credentials]:
    """A Mastodon-compatible server that ignores `Idempotency-Key`."""
    yield from served("snac")


@pytest.fixture(scope="session")
def pds() -> Iterator[Credentials]:
    """A Bluesky server, with its directory of identities on the next port."""
    yield from served("pds")


@pytest.fixture(scope="session")
def mail() -> Iterator[Credentials]:
    """Postfix (STARTTLS, implicit TLS) and Dovecot (IMAP, IMAPS) on four ports in a row."""
    yield from served("mail")


@pytest.fixture(scope="session")
def mastodon_mock() -> Iterator[Credentials]:
    """An emulator with Mastodon's documented limits, and faults on demand."""
    yield from served("mastodon_mock")


@pytest.fixture(scope="session")
def synapse() -> Iterator[Credentials]:
    """A Matrix homeserver with two people, and its usual rate limits."""
    yield from served("synapse")


@pytest.fixture(scope="session")
def wordpress() -> Iterator[Credentials]:
    """A site with an application password, on PHP's own web server."""
    yield from served("wordpress")


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[Credentials]:
    """An emulator of S3 with a private bucket. It takes any key; that a signature is right, `test_media_host.py` holds against botocore."""
    yield from served("moto_s3")


@pytest.fixture(scope="session")
def ghost() -> Iterator[Credentials]:
    """A blog with an Admin API key."""
    yield from served("ghost")


@pytest.fixture(scope="session")
def oauth2_mock() -> Iterator[Credentials]:
    """An authorization server that says yes at once. It checks the verifier, and takes any app, code and refresh token."""
    yield from served("oauth2_mock")


@pytest.fixture(scope="session")
def nostr() -> Iterator[Credentials]:
    """A Nostr relay, and a key of its own."""
    yield from served("nostr")


def served(name: str, **settings: str) -> Iterator[Credentials]:
    try:
        with running(name, **settings) as credentials:
            yield credentials
    except NotHere as reason:
        not_here(str(reason))


def not_here(reason: str) -> NoReturn:
    if "servers" in os.environ.get("TERMBELL_REQUIRE", "").split(","):
        pytest.fail(f"TERMBELL_REQUIRE says servers, but {reason}")
    pytest.skip(reason)
