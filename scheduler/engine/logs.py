"""The log: lines for a person on a terminal, JSON lines for everybody else, and no secret in either.

Redaction happens where a line is written, on the finished message and traceback: whatever the program or a library put
into a log record passes here.
"""

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import TextIO
from unicodedata import category
from urllib.parse import quote, quote_plus

FIELDS = ("delivery", "account", "entry", "step")
QUIET = (
    "alembic",
    "filelock",
    "oauthlib",
    "requests_oauthlib",
    "urllib3",
    "watchfiles",
    "websockets",
)  # below WARNING some log tokens
SILENT = ("apscheduler",)  # it warns each second of a ring that waits, which is said in our words
HIDDEN = "•••"
KEPT = "\n\t\u200c\u200d"  # the last two hold emoji, and the words of some languages, together
A_TOKEN = 20  # characters: the end of an address that is so long is a secret by itself
SHORTEST = (
    4  # characters; hiding something shorter would make the log unreadable and tell what it is
)

URL_SAFE = str.maketrans("+/", "-_")  # base64 as it stands in addresses

KnownSecrets = Callable[[], Iterable[str]]


def redacted(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret hidden, also where it stands quoted as in a URL, as in JSON or HTML, or as base64."""
    for form in spellings(secrets):
        text = text.replace(form, HIDDEN)
    return text


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Every way in which the secrets may be written, the longest first."""
    return _spellings(frozenset(secrets))


@lru_cache(maxsize=64)
def _spellings(secrets: frozenset[str]) -> tuple[str, ...]:
    forms = {
        form
        for secret in secrets
        if len(secret) >= SHORTEST
        for form in _forms(secret)
        if len(form) >= SHORTEST
    }
    return tuple(sorted(forms, key=len, reverse=True))


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), escape(secret))
    for ascii in (True, False):  # also twice: a server may quote our request in its own JSON
        in_json = json.dumps(secret, ensure_ascii=ascii)[1:-1]
        yield from (in_json, json.dumps(in_json, ensure_ascii=ascii)[1:-1])
    yield from _in_base64(secret.encode())
    if (
        "://" in secret
    ):  # a webhook: libraries name the path without the host, Discord the last of it alone
        path = secret.partition("://")[2].partition("/")[2].rstrip("/")
        yield from ("/" + path, *[piece for piece in path.split("/")[-1:] if len(piece) >= A_TOKEN])


def _in_base64(secret: bytes) -> Iterator[str]:
    """The characters of base64 that the secret alone decides, wherever in what was encoded it stands: after `user:`, say."""
    for before in range(3):
        encoded = b64encode(bytes(before) + secret).decode()[
            -(-before * 8 // 6) : (before + len(secret)) * 8 // 6
        ]
        yield from (encoded, encoded.translate(URL_SAFE), quote(encoded, safe=""))


def harmless(text: str, instead: str = "") -> str:
    """`text` with `instead` in the place of what steers a terminal. Line breaks, tabs, spaces of every kind and joiners stay."""
    return "".join(
        sign if sign.isprintable() or sign in KEPT or category(sign) == "Zs" else instead
        for sign in text
    )


class Line(logging.Formatter):
    """One record as one line (for a person, a traceback follows), with its secrets hidden."""

    def __init__(self, secrets: KnownSecrets, as_json: bool) -> None:
        super().__init__()
        self.secrets, self.as_json = secrets, as_json

    def format(self, record: logging.LogRecord) -> str:
        known = tuple(self.secrets())
        said = harmless(redacted(record.getMessage(), known))
        trace = (
            harmless(redacted(self.formatException(record.exc_info), known))
            if record.exc_info
            else ""
        )
        fields = {
            name: harmless(redacted(str(getattr(record, name)), known))
            for name in FIELDS
            if getattr(record, name, None)
        }
        at = datetime.fromtimestamp(record.created).astimezone()
        return (_json_line if self.as_json else _human_line)(
            at, record.levelname.lower(), said, fields, trace
        )


def _json_line(at: datetime, level: str, said: str, fields: dict[str, str], trace: str) -> str:
    line = {
        "time": at.isoformat(timespec="milliseconds"),
        "level": level,
        **fields,
        "message": said,
    } | ({"trace": trace} if trace else {})
    return json.dumps(line, ensure_ascii=False)


def _human_line(at: datetime, level: str, said: str, fields: dict[str, str], trace: str) -> str:
    where = " ".join(value[:8] if name == "delivery" else value for name, value in fields.items())
    one_line = " ".join(said.split("\n"))
    return (
        f"{at.isoformat(timespec='seconds')} {level:<7} {one_line}"
        + (f"  [{where}]" if where else "")
        + (f"\n{trace}" if trace else "")
    )


def hidden(text: str) -> str:
    """`text` without the secrets that the log of this process hides."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    return redacted(
        text, {secret for one in formatters if isinstance(one, Line) for secret in one.secrets()}
    )


def set_up(stream: TextIO, secrets: KnownSecrets, json: bool | None = None) -> None:
    """Logs to `stream`, and nowhere else. `json=None`: a person reads where it is a terminal."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line(secrets, as_json=not stream.isatty() if json is None else json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.ERROR)
