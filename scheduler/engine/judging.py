"""What an answer means: the answer itself when it can be used, else one of the four errors.

Between us and a platform stand filters, proxies and sign-in pages, which answer in its place. An answer counts as the
platform's own only when it has the form that the platform documents. Any other answer to a visible request leaves it
open whether the post was published. No network here.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import urlsplit

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
    code_in_json,
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
# How a refused token is called by servers that answer it with a status other than 401.
MISLEADING = (400, 403, 422)
TOKEN_CODE = re.compile(
    r"(invalid|expired|revoked|missing)(access|bearer|oauth|auth)?token"
    r"|(access|bearer|oauth|auth)?token(invalid|expired|revoked|missing)"
    r"|invalidauth|notauthed"
)
TOKEN_KIND = r"(?:(?:oauth2?|bearer|access|auth(?:entication|orization)?|api|session) )*"
TOKEN_STATE = r"(?:invalid|expired|revoked|not valid|no longer valid)"
LOGIN_WORDS = re.compile(
    rf"(?:error: )?(?:your |the )?(?:"
    rf"(?:invalid|expired|revoked) {TOKEN_KIND}token"
    rf"|{TOKEN_KIND}token (?:is |was |has |has been )?{TOKEN_STATE}(?: or (?:has )?{TOKEN_STATE})?"
    rf"|(?:authentication|authorization) (?:error|failed|required)"
    rf"|authentication credentials were not provided"
    rf")\W*",
    re.IGNORECASE,
)
TOKEN_CHALLENGE = re.compile(r'bearer\b.*\berror="?(invalid_token|expired_token)\b', re.IGNORECASE)
AN_INSTANT = 100_000_000  # a larger number of seconds is one since 1970


def judged(
    response: Response, request: Request, platform: Platform, account: str, now: datetime
) -> Response:
    """`response`, where the platform has done what was asked. Raises what it means otherwise."""
    error = _error(response, request, platform)
    if error is None:
        return response
    if issubclass(error, InDoubt) and not request.is_visible:
        error = TryLater  # what nobody sees leaves no doubt
    message = _message(response, request, platform)
    if issubclass(error, TryLater):
        raise error(message, response, wait_asked_for(response, now))
    if issubclass(error, LoginNeeded):
        message += f"; log in again: termbell login {account}"
    raise error(message, response)


def _error(response: Response, request: Request, platform: Platform) -> type[PublishError] | None:
    """What the answer means; None: it can be used."""
    if response.status in request.accepts:
        return None
    if _refuses_login(response, platform):
        return LoginNeeded
    if 200 <= response.status < 300:
        if not is_as_documented(response, request):
            return InDoubt
        if not platform.refuses(response):
            return None
    if request.is_visible and _is_anothers(response, platform):
        return InDoubt
    return platform.errors.get(platform.error_code(response)) or _by_status(response)


def _is_anothers(response: Response, platform: Platform) -> bool:
    """Whether something in front of the platform may have refused it, which says nothing of what the platform did."""
    is_refusal = 400 <= response.status < 500 and response.status != 401
    return is_refusal and not platform.is_own_error(response)


def _by_status(response: Response) -> type[PublishError]:
    status = response.status
    if status == 401:
        return LoginNeeded  # whoever refused the credentials, nothing was done with them
    if status in UNFINISHED or status >= 500 or 300 <= status < 400:
        return InDoubt
    if is_page(response):
        return InDoubt
    return TryLater if status == 429 else Rejected


def _message(response: Response, request: Request, platform: Platform) -> str:
    message = f"{platform.name} answered '{request.step}' with {response.status}"
    if 200 <= response.status < 300 and not is_as_documented(response, request):
        return f"{message}, but not as documented ({_form(response)})"
    if 300 <= response.status < 400:
        return f"{message}: redirected to {_place(response)}"
    words = what_it_said(response)
    return f"{message}: {words}" if words else message


def _place(response: Response) -> str:
    """The server that a redirect leads to; the rest of an address may be secret."""
    to = urlsplit(response.headers.get("location", ""))
    return f"{to.scheme}://{to.netloc}" if to.netloc else "another page"


def is_as_documented(response: Response, request: Request) -> bool:
    """Whether an answer of 2xx has the form of the request's documented one.

    Not what is in it: that is for the adapter to read.
    """
    example = request.example
    if example is None:
        return True
    if not isinstance(example, Response):
        return _is_like(example, response, request.is_visible)
    if example.body and "json" in example.headers.get("content-type", ""):
        return _is_like(example.json(), response, request.is_visible)
    if not is_page(response) or "html" in example.headers.get("content-type", ""):
        return True
    names = example.headers.keys() - {"content-type"}
    return not example.body and not names.isdisjoint(response.headers)


def _is_like(example: Json, response: Response, is_visible: bool) -> bool:
    """An object for an object, a list for a list. Where an empty one is documented, nothing at all does too."""
    if example == {} and not response.body.strip():
        return True
    answer = _json(response)
    if type(answer) is not type(example):
        return False
    return bool(answer) or not example or not is_visible


def is_page(response: Response) -> bool:
    """Whether it is HTML: a page for people, which no programming interface answers."""
    start = response.body[:1000].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return True
    is_marked_up = "html" in response.headers.get("content-type", "") and b"<" in start
    return is_marked_up and _json(response) is None


def _json(response: Response) -> Json:
    """What its body says in JSON; None where it is not JSON."""
    try:
        return response.json()
    except ValueError:
        return None


def _form(response: Response) -> str:
    if is_page(response) and response.body:
        words = what_it_said(response)
        return f"a web page: {words}" if words else "a web page"
    answer = _json(response)
    if answer is None:
        return "no JSON" if response.body.strip() else "an empty answer"
    return "empty JSON" if not answer else "JSON of another form"


def _refuses_login(response: Response, platform: Platform) -> bool:
    """Whether a status that means the post is about the login all the same (RFC 6750, and many that differ from it)."""
    if response.status not in MISLEADING:
        return False
    code = platform.error_code(response)
    if code in platform.errors:
        return False  # the platform's own meaning is the better one
    if TOKEN_CHALLENGE.search(response.headers.get("www-authenticate", "")):
        return True
    codes = {code, code_in_json(response)}
    if any(TOKEN_CODE.fullmatch(re.sub(r"[\W_]", "", one).lower()) for one in codes):
        return True
    return LOGIN_WORDS.fullmatch(what_it_said(response)) is not None


def unreadable(fault: Exception) -> str:
    """What an adapter missed in an answer, in few words."""
    if isinstance(fault, KeyError):
        return f"it has no {str(fault.args[0])!r}" if fault.args else "something is missing"
    if isinstance(fault, json.JSONDecodeError):
        return "it is not JSON"
    return type(fault).__name__


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
