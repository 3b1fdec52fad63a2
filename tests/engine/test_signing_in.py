"""From a person's yes to the tokens, against a server that enforces the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from platforms.base import Account, Ask, OAuth, Platform, Request, Secrets, renewing
from scheduler.engine.credentials import Trial
from scheduler.engine.loopback import listening, reaches_us
from scheduler.engine.network import Network
from scheduler.engine.signing_in import (
    Door,
    NotSignedIn,
    Page,
    code_pasted,
    device,
    device_granted,
    missing,
    page,
    registered,
    traded,
)
from tests.authorizing import Authority, authorizing
from tests.engine.support import a_platform

APP = {"client_id": "an-app", "client_secret": "app-5ecret"}
OAUTH = OAuth(
    authorize="{server}/authorize",
    token="{server}/token",
    device="{server}/device",
    register="{server}/apps",
    scopes=("read", "write"),
)


@pytest.fixture
def authority() -> Iterator[Authority]:
    with authorizing(Authority()) as served:
        yield served


def account(authority: Authority) -> Account:
    return Account(name="board", platform="slate", settings={"server": authority.url})


def door(authority: Authority, **platform: Any) -> Door:
    made: Platform = a_platform(name="slate", **platform)
    return lambda secrets: Network(
        account(authority), made, Trial(secrets), 5.0, sleep=lambda seconds: None
    ).signing_in(secrets)


def a_page(
    authority: Authority, oauth: OAuth = OAUTH, redirect: str = "https://x.test/done"
) -> Page:
    return page(oauth, account(authority), "an-app", redirect)


def sent_to(page: Page) -> str:
    """Where the browser is sent to after the person has said yes."""
    return requests.get(page.address, allow_redirects=False, timeout=5).headers["Location"]


def signed_in(
    authority: Authority, oauth: OAuth = OAUTH, app: Mapping[str, str] = APP
) -> dict[str, str]:
    shown = a_page(authority, oauth)
    return traded(
        oauth, account(authority), shown, code_pasted(sent_to(shown), shown), app, door(authority)
    )


def test_the_page_is_asked_for_exactly_what_is_needed(authority: Authority):
    shown = a_page(
        authority,
        replace(OAUTH, separator=",", client_id="client_key", more={"access_type": "offline"}),
    )

    said = {name: value for name, (value,) in parse_qs(urlsplit(shown.address).query).items()}
    assert shown.address.startswith(f"{authority.url}/authorize?")
    assert said.pop("state") == shown.state
    assert len(said.pop("code_challenge")) == 43
    assert said == {
        "response_type": "code",
        "client_key": "an-app",
        "redirect_uri": "https://x.test/done",
        "scope": "read,write",
        "code_challenge_method": "S256",
        "access_type": "offline",
    }


def test_no_two_sign_ins_have_the_same_state_or_verifier(authority: Authority):
    one, two = a_page(authority), a_page(authority)

    assert one.state != two.state
    assert one.verifier != two.verifier
    assert len(one.state) >= 30
    assert one.verifier not in repr(one)


@pytest.mark.parametrize("way", ["S256", "hex", ""])
def test_a_code_becomes_the_tokens_and_shows_that_it_is_ours(authority: Authority, way: Any):
    authority.challenge = way

    tokens = signed_in(authority, replace(OAUTH, pkce=way))

    assert tokens == {
        "token": "token-5ecret-1",
        "refresh": "refresh-5ecret-1",
        "expires_in": "3600",
    }
    (form,) = authority.forms("/token")
    assert set(form) == {"grant_type", "code", "redirect_uri", "client_id", "client_secret"} | (
        {"code_verifier"} if way else set()
    )


def test_an_app_says_who_it_is_in_the_header_where_the_platform_wants_that(authority: Authority):
    signed_in(authority, replace(OAUTH, in_header=True))

    assert not {"client_id", "client_secret"} & set(authority.forms("/token")[0])


def test_a_code_works_once_and_the_person_is_told_without_it(authority: Authority):
    shown = a_page(authority)
    code = code_pasted(sent_to(shown), shown)
    traded(OAUTH, account(authority), shown, code, APP, door(authority))

    with pytest.raises(
        NotSignedIn,
        match=r"^slate did not sign you in: the code is spent or too old: .*; it says: no: grant_type",
    ) as refused:
        traded(OAUTH, account(authority), shown, code, APP, door(authority))

    for secret in (code, shown.verifier, "app-5ecret"):
        assert secret not in str(refused.value)
        assert urlencode({"": secret})[1:] not in str(refused.value)


def test_an_unknown_app_is_said_in_words(authority: Authority):
    with pytest.raises(NotSignedIn, match="it knows no app with this client id and client secret"):
        signed_in(authority, app={**APP, "client_secret": "another"})


def test_what_was_unticked_is_named(authority: Authority):
    authority.unticked = frozenset({"write"})

    with pytest.raises(
        NotSignedIn,
        match="slate granted less than was asked for: write is missing; sign in again and allow all of it",
    ):
        signed_in(authority)


@pytest.mark.parametrize(
    ("asked", "granted", "without"),
    [
        ("read write", {"scope": "write read more"}, []),
        (
            "openid profile",
            {"scope": "openid,profile"},
            [],
        ),  # LinkedIn is asked with spaces and answers with commas
        ("write:media write:statuses", {"scope": "read write"}, []),
        ("write:media", {"scope": "write:statuses"}, ["write:media"]),
        ("tweet.write offline.access", {"scope": "tweet.write", "refresh_token": "r"}, []),
        ("tweet.write offline.access", {"scope": "tweet.write"}, ["offline.access"]),
        ("read", {}, []),
        ("read", {"scope": ""}, []),
    ],
)
def test_granted_scopes_are_compared_as_platforms_name_them(
    asked: str, granted: dict[str, str], without: list[str]
):
    assert missing(OAuth(authorize="", token="", scopes=tuple(asked.split())), granted) == without


def test_a_token_that_does_not_last_is_traded_for_one_that_does(authority: Authority):
    def lasting(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
        answer = ask(
            Request(
                step="lasting",
                method="POST",
                url=f"{authority.url}/token",
                form={
                    "grant_type": "refresh_token",
                    "refresh_token": "{refresh}",
                    "client_id": "{client_id}",
                    "client_secret": "{client_secret}",
                },
            )
        )
        return {"token": answer.json()["access_token"]}

    assert signed_in(authority, replace(OAUTH, lasting=lasting)) == {"token": "token-5ecret-2"}


def test_what_a_person_pastes_may_be_the_address_or_a_part_of_it():
    shown = Page(platform="slate", address="", redirect="", state="s", verifier="v")

    for pasted in (
        "https://x.test/?code=4%2F0A&state=s",
        " https://x.test/?state=s&code=4%2F0A#_=_\n",
        "?code=4%2F0A&state=s",
        "4/0A",
        "4%2F0A",
    ):
        assert code_pasted(pasted, shown) == "4/0A"


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("https://x.test/?code=c&state=another", "not the answer to this sign-in"),
        ("https://x.test/?code=c", "not the answer to this sign-in"),
        ("https://x.test/?code=c&state=ü", "not the answer to this sign-in"),
        (
            "https://x.test/?error=access_denied&state=s",
            "slate did not sign you in: it was not allowed",
        ),
        (
            "https://x.test/?error=access_denied&error_description=The+user+said+no&state=s",
            "it was not allowed; it says: The user said no",
        ),
        ("https://x.test/?error=odd&state=s", "slate did not sign you in; it says: odd"),
        ("https://x.test/", "there is no code in this"),
        ("I said yes", "there is no code in this"),
        ("", "there is no code in this"),
    ],
)
def test_what_is_no_code_is_said_in_words(pasted: str, words: str):
    with pytest.raises(NotSignedIn, match=words):
        code_pasted(
            pasted, Page(platform="slate", address="", redirect="", state="s", verifier="v")
        )


def test_an_app_is_registered_with_the_redirect_address_that_is_used(authority: Authority):
    app = registered(OAUTH, account(authority), "http://127.0.0.1:8400/", door(authority)({}))

    assert app == APP
    assert authority.forms("/apps") == [
        {
            "client_name": "Termbell",
            "redirect_uris": "http://127.0.0.1:8400/",
            "scopes": "read write",
        }
    ]


# On loopback


def test_the_answer_that_a_browser_brings_ends_the_wait(authority: Authority):
    with listening("http://127.0.0.1:{port}/back") as listener:
        shown = a_page(authority, redirect=f"http://127.0.0.1:{listener.port}/back")
        listener.page = shown
        answer = requests.get(shown.address, timeout=5)
        code = listener.code(5)

    assert code in authority.codes
    assert "You can close this page" in answer.text
    assert code not in answer.text
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == (
        "no-store",
        "no-referrer",
    )


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("/?code=evil&state=wrong", 400),
        ("/?code=evil", 400),
        ("/?error=access_denied", 400),
        ("/", 400),
        ("/favicon.ico", 404),
        ("/x?code=c&state=s", 404),
    ],
)
def test_what_does_not_bring_the_state_back_is_refused_and_the_wait_goes_on(
    authority: Authority, asked: str, status: int
):
    with listening("http://127.0.0.1:{port}/") as listener:
        shown = a_page(authority, redirect=f"http://127.0.0.1:{listener.port}/")
        listener.page = shown
        refused = requests.get(f"http://127.0.0.1:{listener.port}{asked}", timeout=5)
        requests.get(shown.address, timeout=5)

        assert listener.code(5) in authority.codes

    assert refused.status_code == status
    assert "not the answer" in refused.text


def test_a_no_ends_the_wait_in_words(authority: Authority):
    authority.denies = True
    with listening("http://127.0.0.1:{port}/") as listener:
        shown = a_page(authority, redirect=f"http://127.0.0.1:{listener.port}/")
        listener.page = shown
        requests.get(shown.address, timeout=5)

        with pytest.raises(NotSignedIn, match="slate did not sign you in: it was not allowed"):
            listener.code(5)


def test_nobody_is_waited_for_for_ever():
    with (
        listening("http://127.0.0.1:{port}/") as listener,
        pytest.raises(NotSignedIn, match="no answer came within 0 minutes"),
    ):
        listener.code(0)


def test_it_listens_on_loopback_only_and_no_longer_than_it_is_needed():
    with listening("http://localhost:{port}/") as listener:
        at = listener.server_address

    assert at[0] == "127.0.0.1"
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{at[1]}/", timeout=5)


def test_a_port_that_another_program_has_is_said():
    with listening("http://127.0.0.1:{port}/") as listener:
        for redirect, port in (
            ("http://127.0.0.1:{port}/", listener.port),
            (f"http://127.0.0.1:{listener.port}/", 0),
        ):
            with (
                pytest.raises(
                    NotSignedIn, match=f"nothing can listen at port {listener.port} .*--port"
                ),
                listening(redirect, port),
            ):
                pass


@pytest.mark.parametrize(
    ("redirect", "comes"),
    [
        ("http://127.0.0.1:{port}/", True),
        ("http://localhost:8080", True),
        ("https://localhost/", False),
        ("https://x.test/", False),
        ("urn:ietf:wg:oauth:2.0:oob", False),
    ],
)
def test_which_answers_come_to_this_machine(redirect: str, comes: bool):
    assert reaches_us(redirect) is comes


# Devices


def test_a_device_is_let_in_once_the_person_has_entered_its_code(authority: Authority):
    authority.says_pending = ["authorization_pending", "slow_down", "authorization_pending"]
    waits: list[float] = []
    network = Network(
        account(authority), a_platform(name="slate"), Trial({}), 5.0, sleep=waits.append
    )

    given = device(OAUTH, account(authority), APP, network.signing_in)
    tokens = device_granted(
        OAUTH, account(authority), replace(given, interval=2), APP, network.signing_in
    )

    assert (given.user_code, given.address) == ("WDJB-MJHT", f"{authority.url}/device")
    assert tokens["token"] == "token-5ecret-0"
    assert waits == [2, 2, 7, 7]
    assert authority.forms("/device") == [{"client_id": "an-app", "scope": "read write"}]


@pytest.mark.parametrize(
    ("said", "words"),
    [("access_denied", "it was not allowed"), ("expired_token", "nobody said yes in time")],
)
def test_a_device_that_is_not_let_in_is_told_why(authority: Authority, said: str, words: str):
    authority.says_pending = ["authorization_pending", said]
    given = device(OAUTH, account(authority), APP, door(authority))

    with pytest.raises(NotSignedIn, match=words):
        device_granted(OAUTH, account(authority), given, APP, door(authority))


def test_a_device_asks_no_longer_than_its_code_lasts(authority: Authority):
    authority.says_pending = ["authorization_pending"] * 9
    given = replace(device(OAUTH, account(authority), APP, door(authority)), interval=5, lasts=20)

    with pytest.raises(NotSignedIn, match="nobody said yes in time"):
        device_granted(OAUTH, account(authority), given, APP, door(authority))

    assert len(authority.forms("/token")) == 4


# What comes after


def test_a_token_is_renewed_and_the_spent_refresh_replaced(authority: Authority):
    tokens = signed_in(authority)
    trial = Trial({**APP, "token": tokens["token"], "refresh": tokens["refresh"]})
    platform = a_platform(name="slate", secrets=("token",), session=renewing(OAUTH))
    ask = Network(account(authority), platform, trial, 5.0)
    me = Request(step="me", url=f"{authority.url}/me")

    first = ask(me).json()
    authority.tokens.clear()  # it has ended
    second = ask(me).json()

    assert first == second == {"name": "Ada"}
    assert [form["refresh_token"] for form in authority.forms("/token")[1:]] == [
        "refresh-5ecret-1",
        "refresh-5ecret-2",
    ]
    assert trial.made["refresh"] == "refresh-5ecret-3"
