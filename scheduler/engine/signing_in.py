"""Signing in: how a person's yes, said in a browser, becomes a token. OAuth 2 (RFC 6749, 7636, 8252), and for devices RFC 8628.

    page        the address where the person says yes; with `state`, which the answer has to bring back, and the challenge
                to which only we have the verifier
    the answer  comes to `loopback`, or is pasted (`code_pasted`); `code_in` looks whether it is ours and what it says
    token       `traded`: the code for the secrets that are kept

Nothing here opens a connection. `door` makes what answers requests, of the secrets that stand in them as {name}:
`Network.signing_in`, so that timeouts, certificates, proxies and the hiding of secrets are those of everything else.
oauthlib makes what leaves; it does not read what comes, as it raises on a scope that was changed, and refuses http on
loopback.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from urllib.parse import parse_qsl, unquote

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Json,
    OAuth,
    Request,
    Response,
    Secrets,
    TryLater,
    address_of,
    token_request,
    tokens_of,
)
from scheduler.engine.judging import what_it_said

ANSWERS = (
    400,
    401,
    403,
    428,
)  # in which a token endpoint says why not; Google's says with a 428 that nobody has said yes so far
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SLOWER = 5.0  # seconds more between two questions, where a platform finds us too quick
CHARACTERS_OF_A_VERIFIER = 64
WHY = {  # RFC 6749, 4.1.2.1 and 5.2; RFC 8628, 3.5; and what some platforms say beside
    "access_denied": "it was not allowed",
    "user_cancelled_login": "it was not allowed",
    "user_cancelled_authorize": "it was not allowed",
    "invalid_grant": "the code is spent or too old: each works once, and soon after it was given",
    "invalid_client": "it knows no app with this client id and client secret",
    "unauthorized_client": "the app may not sign people in this way; look at its settings on the platform",
    "invalid_scope": "the app may not ask for all that is needed; look at its permissions on the platform",
    "unauthorized_scope_error": "the app may not ask for all that is needed; look at its products on the platform",
    "redirect_uri_mismatch": "the app has another redirect address; register ours there, or name its own: --redirect",
    "temporarily_unavailable": "it cannot do so now; try again later",
    "server_error": "it failed; try again later",
    "expired_token": "nobody said yes in time",
}

Door = Callable[[Secrets], Ask]


class NotSignedIn(Exception):
    """Why no token came of it, in words for the person."""


class NotOurs(NotSignedIn):
    """An answer to something that we did not ask."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Where the person says yes, and what shows that an answer is one to that."""

    platform: str
    address: str
    redirect: str  # where the answer is sent to
    state: str
    verifier: str = field(repr=False)


def page(oauth: OAuth, account: Account, client_id: str, redirect: str) -> Page:
    from oauthlib.common import add_params_to_uri, generate_token
    from oauthlib.oauth2 import WebApplicationClient

    client, state = WebApplicationClient(client_id), generate_token()
    verifier = client.create_code_verifier(CHARACTERS_OF_A_VERIFIER)
    challenge = (
        hashlib.sha256(verifier.encode()).hexdigest()
        if oauth.pkce == "hex"
        else client.create_code_challenge(verifier, "S256")
    )
    said = {
        "response_type": "code",
        oauth.client_id: client_id,
        "redirect_uri": redirect,
        "scope": oauth.separator.join(oauth.scopes),
        "state": state,
        **({"code_challenge": challenge, "code_challenge_method": "S256"} if oauth.pkce else {}),
        **oauth.more,
    }
    address = add_params_to_uri(address_of(oauth.authorize, account), list(said.items()))
    return Page(
        platform=account.platform,
        address=address,
        redirect=redirect,
        state=state,
        verifier=verifier,
    )


def code_in(query: str, page: Page) -> str:
    """The code in the answer's parameters. Raises NotOurs where they do not bring the state back, NotSignedIn where they bring a no."""
    said = dict(parse_qsl(query))
    if not compare_digest(said.get("state", "").encode(), page.state.encode()):
        raise NotOurs(
            "this is not the answer to this sign-in (its `state` is another); begin anew, and use the newest page"
        )
    if said.get("code"):
        return said["code"]
    raise NotSignedIn(
        no_token(page.platform, said.get("error", ""), said.get("error_description", ""))
    )


def code_pasted(text: str, page: Page) -> str:
    """The code in what a person pasted: the whole address that the browser was sent to, what follows its `?`, or the code itself."""
    bare = text.strip().partition("#")[0]  # Meta adds one with nothing in it
    query = bare.partition("?")[2] or bare
    if {"code", "error", "state"} & dict(parse_qsl(query)).keys():
        return code_in(query, page)
    if not bare or "://" in bare or len(bare.split()) > 1:
        raise NotSignedIn(
            "there is no code in this; paste the whole address that the browser shows after you said yes"
        )
    return unquote(bare)


def traded(
    oauth: OAuth, account: Account, page: Page, code: str, app: Secrets, door: Door
) -> dict[str, str]:
    """The tokens for the code."""
    proof = {"code_verifier": "{verifier}"} if oauth.pkce else {}
    asked = token_request(
        oauth,
        account,
        app,
        "token",
        grant_type="authorization_code",
        code="{code}",
        redirect_uri=page.redirect,
        **proof,
    )
    answer = door({**app, "code": code, "verifier": page.verifier})(replace(asked, accepts=ANSWERS))
    return granted(oauth, account, answer, app, door)


def granted(
    oauth: OAuth, account: Account, response: Response, app: Secrets, door: Door
) -> dict[str, str]:
    """The tokens in an answer of the token endpoint, those that last where it gave others first. Raises NotSignedIn."""
    answer = in_json(response)
    tokens = tokens_of(answer)
    if "token" not in tokens:
        raise NotSignedIn(refused(account.platform, response))
    without = missing(oauth, answer)
    if without:
        raise NotSignedIn(
            f"{account.platform} granted less than was asked for: {', '.join(without)} is missing; sign in again and allow all of it"
        )
    return dict(
        oauth.lasting(account, {**app, **tokens}, door({**app, **tokens}))
        if oauth.lasting
        else tokens
    )


def missing(oauth: OAuth, answer: Mapping[str, Json]) -> list[str]:
    """The scopes that were not granted. A platform that names none granted them all; `write` is more than `write:statuses`."""
    named = re.split(r"[\s,]+", str(answer.get("scope") or ""))
    if named == [""]:
        return []
    named += [
        scope
        for scope in oauth.scopes
        if scope.startswith("offline") and answer.get("refresh_token")
    ]  # said by what it gives
    return [scope for scope in oauth.scopes if not {scope, scope.partition(":")[0]} & set(named)]


def registered(oauth: OAuth, account: Account, redirect: str, ask: Ask) -> dict[str, str]:
    """An app of our own, which some servers make for whoever asks."""
    form = {
        "client_name": "Termbell",
        "redirect_uris": redirect,
        "scopes": oauth.separator.join(oauth.scopes),
    }
    answer = in_json(
        ask(
            Request(
                step="app",
                method="POST",
                url=address_of(oauth.register, account),
                form=form,
                repeat=HARMLESS,
                anonymous=True,
            )
        )
    )
    if not answer.get("client_id"):
        raise NotSignedIn(
            f"{address_of(oauth.register, account)} made no app for us; is this the server?"
        )
    return {name: str(answer[name]) for name in ("client_id", "client_secret") if answer.get(name)}


@dataclass(frozen=True, kw_only=True)
class Device:
    """What a person has to enter where, in a browser on any machine."""

    code: str = field(repr=False)  # ours
    user_code: str
    address: str
    complete: str  # the address with the code in it; empty where the platform has none
    lasts: float  # seconds
    interval: float  # seconds between two questions


def device(oauth: OAuth, account: Account, app: Secrets, door: Door) -> Device:
    form = {oauth.client_id: "{client_id}", "scope": oauth.separator.join(oauth.scopes)}
    response = door(app)(
        Request(
            step="device",
            method="POST",
            url=address_of(oauth.device, account),
            form=form,
            repeat=HARMLESS,
            accepts=ANSWERS,
        )
    )
    answer = in_json(response)
    if not answer.get("device_code"):
        raise NotSignedIn(refused(account.platform, response))
    return Device(
        code=answer["device_code"],
        user_code=answer["user_code"],
        complete=answer.get("verification_uri_complete", ""),
        address=answer.get("verification_uri") or answer["verification_url"],
        lasts=float(answer.get("expires_in", 600)),
        interval=float(answer.get("interval", 5)),
    )


def device_granted(
    oauth: OAuth, account: Account, device: Device, app: Secrets, door: Door
) -> dict[str, str]:
    """The tokens, once the person has said yes: it is asked for them until then, as often as the platform likes."""
    ask = door({**app, "device_code": device.code})
    asked = replace(
        token_request(oauth, account, app, "token", grant_type=DEVICE, device_code="{device_code}"),
        accepts=ANSWERS,
    )
    pause, waited = device.interval, 0.0
    while waited < device.lasts:
        waited += pause
        try:
            response = ask(replace(asked, after=pause))
        except TryLater:  # RFC 8628, 3.5: not answered is asked too often
            pause += SLOWER
            continue
        error = error_in(in_json(response))
        pause += SLOWER if error == "slow_down" else 0
        if error not in ("authorization_pending", "slow_down"):
            return granted(oauth, account, response, app, door)
    raise NotSignedIn(no_token(account.platform, "expired_token", ""))


def refused(platform: str, response: Response) -> str:
    """Why an answer has no token. A 401 without words is for an app that is not known (RFC 6749, 5.2)."""
    error = error_in(in_json(response)) or ("invalid_client" if response.status == 401 else "")
    return no_token(
        platform, error, what_it_said(response) or ("" if error else f"{response.status}")
    )


def no_token(platform: str, error: str, words: str) -> str:
    """Why there is no token: what the error means, and the platform's own words."""
    means = WHY.get(error, "")
    said = words if words and words != error else "" if means else error
    return (
        f"{platform} did not sign you in"
        + (f": {means}" if means else "")
        + (f"; it says: {said}" if said else "")
    )


def error_in(answer: Mapping[str, Json]) -> str:
    return str(answer.get("error") or "")


def in_json(response: Response) -> Mapping[str, Json]:
    """The object in an answer; an empty one where there is none."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
