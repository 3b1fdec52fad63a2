"""Signatures that take a library, for `Platform.sign`: each puts on a request, as it leaves, what proves whose it is.

The libraries are imported when something is signed: a dry run of other platforms does not wait for them.
"""

import time
from dataclasses import replace
from urllib.parse import urlencode

from platforms.base import LoginNeeded, Request, Secrets, bearer

OAUTH1 = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")  # as a platform's `secrets`


def oauth1(request: Request, secrets: Secrets) -> Request:
    """OAuth 1.0a with HMAC-SHA1 (RFC 5849): a form is signed, JSON and files are not."""
    from requests_oauthlib.oauth1_auth import Client

    client = Client(secrets["consumer_key"], secrets["consumer_secret"], secrets["access_token"], secrets["access_token_secret"])
    form = request.form is not None and not request.files
    body = urlencode(request.form or {}) if form else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    _, signed, _ = client.sign(request.url, request.method, body, headers)
    return replace(request, headers={**request.headers, "Authorization": str(signed["Authorization"])})


def bearer_or_oauth1(request: Request, secrets: Secrets) -> Request:
    """With the token where there is one, else with the four keys."""
    return bearer(request, secrets) if "token" in secrets else oauth1(request, secrets)


def ghost_token(request: Request, secrets: Secrets) -> Request:
    """A token of five minutes, made from an Admin API key (`id:secret`): https://docs.ghost.org/admin-api/#token-authentication"""
    import jwt

    name, _, secret = secrets["key"].partition(":")
    try:
        key = bytes.fromhex(secret)
    except ValueError:
        key = b""
    if not key:
        raise LoginNeeded("an Admin API key of Ghost is two long words of hexadecimal digits with a colon between them")
    now = int(time.time())
    token = jwt.encode({"iat": now, "exp": now + 300, "aud": "/admin/"}, key, algorithm="HS256", headers={"kid": name})
    return replace(request, headers={**request.headers, "Authorization": f"Ghost {token}"})
