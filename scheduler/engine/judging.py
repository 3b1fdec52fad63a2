"""What an answer means: the answer itself when it can be used, else one of the four errors. No network here."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

from platforms.base import (
    InDoubt,
    Json,
    LoginNeeded,
    Platform,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from scheduler.engine.logs import harmless

UNFINISHED = (408, 425)  # beside 5xx: the server does not say what became of it
# Where APIs put words for people.
NAMED = (
    "error_description",
    "context",
    "message",
    "description",
    "detail",
    "error",
    "errors",
    "title",
)
MARKUP = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
LONGEST = 200  # characters
# What an adapter raises where a 2xx answer is not what the platform documents: no JSON, a list for an object, a key that is missing.
NOT_AS_DOCUMENTED = (ValueError, LookupError, TypeError, AttributeError)
RATE_LIMITS = (
    "x-ratelimit",
    "ratelimit",
    "x-rate-limit",
)  # what such headers begin with; the last are X's
AN_INSTANT = 100_000_000  # a larger number of seconds is one since 1970


def judged(
    response: Response, request: Request, platform: Platform, account: str, now: datetime
) -> Response:
    """`response`, where the platform has done what was asked. Raises what it means otherwise."""
    if response.status in request.accepts or (
        200 <= response.status < 300 and not platform.refuses(response)
    ):
        return response
    error = platform.errors.get(platform.error_code(response)) or _by_status(
        response.status, request
    )
    error = (
        TryLater if issubclass(error, InDoubt) and not request.is_visible else error
    )  # what nobody sees leaves no doubt
    words = what_it_said(response)
    message = f"{platform.name} answered '{request.step}' with {response.status}" + (
        f": {words}" if words else ""
    )
    if issubclass(error, TryLater):
        raise error(message, response, wait_asked_for(response, now))
    raise error(
        message
        + (f"; log in again: termbell login {account}" if issubclass(error, LoginNeeded) else ""),
        response,
    )


def _by_status(status: int, request: Request) -> type[PublishError]:
    if status == 401:
        return LoginNeeded
    if status == 429:
        return TryLater
    if status in UNFINISHED or status >= 500:
        return InDoubt if request.is_visible else TryLater
    return Rejected


def what_it_said(response: Response) -> str:
    """The platform's own words, in one line, without tags and without what steers a terminal."""
    try:
        words = _words(json.loads(response.body))
    except ValueError:
        words = ""
    words = (
        words
        or unescape(MARKUP.sub(" ", response.text)).strip()
        or response.headers.get("x-reason", "")
    )  # Blossom's, BUD-01
    shown = " ".join(harmless(words, " ").split())
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _words(answer: Json) -> str:
    """The first words for people in an error's JSON: `{"error": {"message": "..."}}`, `{"errors": [{"detail": "..."}]}`."""
    if isinstance(answer, str):
        return answer
    inner = (
        answer
        if isinstance(answer, list)
        else [answer.get(name) for name in NAMED]
        if isinstance(answer, dict)
        else []
    )
    return next(filter(None, map(_words, inner)), "")


def wait_asked_for(response: Response, now: datetime) -> float | None:
    """Seconds that the platform asks us to wait: `Retry-After`, else until its rate limit is reset, else what its JSON says."""
    for name in ("retry-after", *(f"{prefix}-reset" for prefix in RATE_LIMITS)):
        if name in response.headers:
            return _seconds(response.headers[name].strip(), now)
    return _seconds(_in_json(response), now)


def _in_json(response: Response) -> str:
    """Telegram's `{"parameters": {"retry_after": 7}}`, Discord's `{"retry_after": 0.5}`."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    places = (answer, answer.get("parameters")) if isinstance(answer, dict) else ()
    return next(
        (
            str(place["retry_after"])
            for place in places
            if isinstance(place, dict) and "retry_after" in place
        ),
        "",
    )


def spent(response: Response, now: datetime) -> float | None:
    """Seconds until the platform takes more, where it says that this was the last it takes; None where it does not."""
    for prefix in RATE_LIMITS:
        if response.headers.get(f"{prefix}-remaining", "").strip() == "0":
            return _seconds(response.headers.get(f"{prefix}-reset", "").strip(), now)
    return None


def _seconds(value: str, now: datetime) -> float | None:
    """A number of seconds, seconds since 1970, an HTTP date or an ISO instant, as seconds from now."""
    if re.fullmatch(r"\d{1,12}(\.\d*)?", value):
        number = float(value)
        return max(0.0, number - now.timestamp()) if number > AN_INSTANT else number
    readers: tuple[Callable[[str], datetime], ...] = (parsedate_to_datetime, datetime.fromisoformat)
    for read in readers:
        try:
            instant = read(value)
        except ValueError:
            continue
        aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return max(0.0, (aware - now).total_seconds())
    return None
