"""Signatures that take a library, for `Platform.sign`: each puts on a request, as it leaves, what proves whose it is.

The libraries are imported when something is signed: a dry run of other platforms does not wait for them.
"""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

from platforms.base import Json, LoginNeeded, Request, Secrets, bearer
from platforms.nostr_events import identifier, read, written

OAUTH1 = (
    "consumer_key",
    "consumer_secret",
    "access_token",
    "access_token_secret",
)  # as a platform's `secrets`


def oauth1(request: Request, secrets: Secrets) -> Request:
    """OAuth 1.0a with HMAC-SHA1 (RFC 5849): a form is signed, JSON and files are not."""
    from requests_oauthlib.oauth1_auth import Client

    client = Client(
        secrets["consumer_key"],
        secrets["consumer_secret"],
        secrets["access_token"],
        secrets["access_token_secret"],
    )
    form = request.form is not None and not request.files
    body = urlencode(request.form or {}) if form else None
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    _, signed, _ = client.sign(request.url, request.method, body, headers)
    return replace(
        request, headers={**request.headers, "Authorization": str(signed["Authorization"])}
    )


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
        raise LoginNeeded(
            "an Admin API key of Ghost is two long words of hexadecimal digits with a colon between them"
        )
    now = int(time.time())
    token = jwt.encode(
        {"iat": now, "exp": now + 300, "aud": "/admin/"},
        key,
        algorithm="HS256",
        headers={"kid": name},
    )
    return replace(request, headers={**request.headers, "Authorization": f"Ghost {token}"})


FOR_AN_UPLOAD = 600  # seconds for which a media server may take the permission
NO_MORE_CHANCE = bytes(
    32
)  # a signature may be made without any (BIP-340): the same event has the same one


def nostr(request: Request, secrets: Secrets, now: Callable[[], float] = time.time) -> Request:
    """Signs the event for relays (BIP-340), or the one in the header that a media server asks for (Blossom, BUD-11)."""
    from btclib_secp256k1.ssa import Signer

    given = secrets["nsec"].strip()
    try:
        signer = Signer(read(given)[1] if given.startswith("nsec1") else bytes.fromhex(given))
    except ValueError:
        raise LoginNeeded(
            "`nsec` is no private key: that begins with nsec1, or has 64 hexadecimal digits"
        ) from None
    with signer:
        own = signer.pubkey()[0]
        kind, *rest = request.json or ("upload", permission(request, now()))
        said = {"pubkey": rest[1]["authors"][0]} if kind == "REQ" else rest[0]
        if said["pubkey"] != own.hex():
            raise LoginNeeded(
                f"`nsec` is the key of {written('npub', own)}, which is not the account's `npub`"
            )
        if kind == "REQ":
            return request
        name = identifier(said)
        event = {**said, "id": name, "sig": signer.sign(bytes.fromhex(name), NO_MORE_CHANCE).hex()}
    if kind == "upload":
        return replace(
            request, headers={**request.headers, "Authorization": f"Nostr {in_header(event)}"}
        )
    return replace(request, json=[kind, event])


def permission(request: Request, now: float) -> Json:
    """The event that allows an upload, for some minutes from now."""
    asked = json.loads(request.headers["Authorization"].removeprefix("Nostr "))
    return {
        **asked,
        "created_at": int(now),
        "tags": [*asked["tags"], ["expiration", str(int(now) + FOR_AN_UPLOAD)]],
    }


def in_header(event: Json) -> str:
    return urlsafe_b64encode(json.dumps(event, separators=(",", ":")).encode()).decode().rstrip("=")
