import hashlib
from pathlib import Path

import pytest

from platforms.base import (
    Account,
    LoginNeeded,
    Media,
    OAuth,
    Part,
    Platform,
    Rejected,
    Request,
    address_of,
    filled,
    hosted,
    in_url,
    parts,
    renewing,
)
from platforms.signing import oauth1
from tests.engine.support import LIMITS, two_steps
from tests.support import documented, ok, scripted

APP = OAuth(authorize="https://x.test/authorize", token="{server}/token", scopes=("write",))
MAIN = Account(name="main", platform="x", settings={"server": "https://x.test"})
KEYS = {"token": "old", "refresh": "r0", "client_id": "me", "client_secret": "s3cret"}


def a_video(folder: Path, size: int) -> Media:
    file = folder / "talk.mp4"
    file.write_bytes(bytes(range(size)))
    return Media(
        file=file, type="video/mp4", size=size, digest=hashlib.sha256(file.read_bytes()).hexdigest()
    )


def test_a_text_that_names_a_secret_does_not_publish_it() -> None:
    request = Request(step="message", url="{webhook}?wait=true", json={"content": "our {webhook}"})

    signed = in_url(request, {"webhook": "https://x.test/s3cret"})

    assert signed.url == "https://x.test/s3cret?wait=true"
    assert signed.json == {"content": "our {webhook}"}


def test_a_sign_in_carries_its_secret_in_the_body() -> None:
    assert filled(
        Request(step="session", url="https://x.test", json={"password": "{p}"}), {"p": "s3cret"}
    ).json == {"password": "s3cret"}


def test_a_file_in_parts_is_whole(tmp_path: Path) -> None:
    video = a_video(tmp_path, 10)

    assert [(part.start, part.end) for part in parts(video, 4)] == [(0, 4), (4, 8), (8, 10)]


def test_two_parts_of_a_file_are_two_requests(tmp_path: Path) -> None:
    first, second = (
        Request(step="append", url="https://x.test", body=part)
        for part in parts(a_video(tmp_path, 8), 4)
    )

    assert isinstance(first.body, Part)
    assert first.digest != second.digest


def test_a_file_that_a_platform_fetches_is_put_where_all_can_reach_it(tmp_path: Path) -> None:
    video = a_video(tmp_path, 10)
    server = scripted(documented)

    assert hosted(video, 1, server) == f"https://media.example.org/{video.name}"
    assert (server.asked[0].step, server.asked[0].body) == ("host 1", video)


def test_a_token_is_renewed_with_what_the_platform_gave_for_it() -> None:
    server = scripted(ok(access_token="new", expires_in=7200))

    made = renewing(APP)(MAIN, KEYS, server)

    assert made == {"token": "new", "refresh": "r0", "expires_in": "7200"}
    (asked,) = server.asked
    assert (asked.method, asked.url) == ("POST", "https://x.test/token")
    assert filled(asked, KEYS).form == {
        "grant_type": "refresh_token",
        "refresh_token": "r0",
        "client_id": "me",
        "client_secret": "s3cret",
    }


def test_an_app_says_who_it_is_in_the_header_where_the_platform_wants_that() -> None:
    server = scripted(ok(access_token="new", refresh_token="r1"))

    made = renewing(OAuth(authorize="", token="https://x.test/token", scopes=(), in_header=True))(
        MAIN, KEYS, server
    )

    assert made == {"token": "new", "refresh": "r1"}
    (asked,) = server.asked
    assert (asked.headers["Authorization"], sorted(asked.form or {})) == (
        "Basic bWU6czNjcmV0",
        ["grant_type", "refresh_token"],
    )


def test_an_app_without_a_secret_says_so_in_the_header_too() -> None:
    server = scripted(ok(access_token="new"))

    renewing(
        OAuth(
            authorize="", token="https://x.test/token", scopes=(), in_header=True, has_secret=False
        )
    )(MAIN, {"refresh": "r0", "client_id": "me"}, server)

    assert server.asked[0].headers["Authorization"] == "Basic bWU6"


def test_a_token_that_was_pasted_has_no_session() -> None:
    assert renewing(APP)(MAIN, {"token": "pasted"}, scripted()) == {}


def test_a_refused_renewal_needs_a_login() -> None:
    for answer in (
        Rejected("x answered 'refresh' with 400: it was revoked"),
        ok(error="invalid_grant"),
    ):
        with pytest.raises(
            LoginNeeded, match=r"(revoked|invalid_grant).*; log in again: termbell login main"
        ):
            renewing(APP)(MAIN, KEYS, scripted(answer))


@pytest.mark.parametrize("server", ["https://x.test", "https://x.test/", "x.test"])
def test_an_address_of_a_sign_in_is_whole_however_the_server_is_written(server: str) -> None:
    assert (
        address_of(
            "{server}/token", Account(name="main", platform="x", settings={"server": server})
        )
        == "https://x.test/token"
    )


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"token"}, []),
        ({"key", "key_secret"}, []),
        ({"key"}, ["token"]),
        (set(), ["token"]),
    ],
)
def test_other_secrets_may_do_as_well(given: set[str], missing: list[str]) -> None:
    platform = Platform(name="x", limits=LIMITS, publish=two_steps(), instead=("key", "key_secret"))

    assert platform.missing(given) == missing


def test_a_form_is_signed_and_json_is_not() -> None:
    """Both by OAuth 1.0a (RFC 5849, 3.4.1.3.1): only a form's parameters are a part of what is signed."""
    keys = dict.fromkeys(
        ("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k"
    )

    plain, form = (
        oauth1(Request(step="post", method="POST", url="https://x.test/2", **body), keys)
        for body in ({"json": {"text": "Hi"}}, {"form": {"text": "Hi"}})
    )

    for signed in (plain, form):
        assert signed.headers["Authorization"].startswith("OAuth ")
        assert 'oauth_signature_method="HMAC-SHA1"' in signed.headers["Authorization"]
    assert "Content-Type" not in plain.headers
