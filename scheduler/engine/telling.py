"""Telling a person, and posting where an account is one of Apprise's: letters leave by Apprise, in a process of its own. The only door to Apprise.

Apprise with its plugins takes as much memory as the daemon itself, and a server that answers nothing may hold it up: both
end with the process, at the latest after `longest` seconds. What the library says of a failure may hold parts of the URL,
so everything that stands in the URL is hidden before it leaves the process.

What to tell, and when, is `gathering.py`'s.
"""

import logging
import multiprocessing
import re
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from platforms.base import InDoubt, Media, Rejected, Request, Response
from scheduler.engine.logs import HIDDEN, redacted

UNKNOWN = "the URL is none that Apprise knows"
LONGEST = 60.0  # seconds for all letters together
TELLS_NOTHING = re.compile(r"[/@:?&=,#\s]+")  # what stands between the parts of a URL


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What one notifier shall tell."""

    url: str
    title: str
    body: str
    is_bad: bool = True  # news of a failure; some services show it in red
    files: tuple[Path, ...] = ()


def is_known(url: str) -> bool:
    """Whether Apprise knows such a URL. Costs the time of importing it."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of plugins that look whether an old module is there
        apprise = _apprise()
        return isinstance(
            apprise.Apprise.instantiate(url, suppress_exceptions=True), apprise.NotifyBase
        )


def send_apart(letters: Sequence[Letter], longest: float = LONGEST) -> list[str | None]:
    """Sends the letters one after the other. Answers for each why it was not taken, None where it was; no secret is in it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_send, args=(theirs, tuple(letters)), daemon=True)
    process.start()
    theirs.close()
    try:
        heard = list(_heard(ours, len(letters), time.monotonic() + longest))
        return [*heard, *[f"no answer within {longest:.0f} s"] * (len(letters) - len(heard))]
    finally:
        process.kill()
        process.join()
        ours.close()


def answer(request: Request, timeout: float) -> Response:
    """Answers an `apprise:` request, whose URL follows. A service that did not take it may have taken it, or a part of it, all the same."""
    form = request.form or {}
    request.fence()
    (why,) = send_apart(
        [
            Letter(
                url=request.url.removeprefix("apprise:"),
                title=form["title"],
                body=form["text"],
                is_bad=False,
                files=tuple(
                    piece.file for piece in request.files.values() if isinstance(piece, Media)
                ),
            )
        ],
        max(timeout, LONGEST),
    )
    if why is None:
        return Response.of({})
    if UNKNOWN in why:
        raise Rejected(f"apprise: {UNKNOWN}; see https://github.com/caronc/apprise/wiki")
    raise InDoubt(
        f"apprise '{request.step}' was handed over, and it is not known whether it is up: {why}"
    )


def _heard(pipe: "Connection", many: int, until: float) -> Iterator[str | None]:
    """What became of each, as long as that can be waited for: what was taken before another hung must not be sent again."""
    for _ in range(many):
        try:
            if not pipe.poll(max(0.0, until - time.monotonic())):
                return
            yield pipe.recv()
        except (EOFError, OSError):
            yield "the process that sends ended without an answer"


def _send(pipe: "Connection", letters: Sequence[Letter]) -> None:
    """What goes on in the other process."""
    said = Said()
    logging.getLogger().handlers[:] = [said]
    for letter in letters:
        said.lines.clear()
        try:
            why = (
                None
                if _is_taken(letter)
                else "; ".join(dict.fromkeys(said.lines)) or "it was refused without a reason"
            )
        except Exception as fault:  # a plugin's; the next notifier is none the worse
            why = f"{type(fault).__name__}: {fault}"
        pipe.send(why and without_secrets(why, letter.url))


def _is_taken(letter: Letter) -> bool:
    apprise = _apprise()
    asset = apprise.AppriseAsset(app_id="Termbell", app_desc="Termbell", async_mode=False)
    notifier = apprise.Apprise(asset=asset)
    if not notifier.add(letter.url):
        raise ValueError(UNKNOWN)
    kind = apprise.NotifyType.FAILURE if letter.is_bad else apprise.NotifyType.INFO
    return bool(
        notifier.notify(
            body=letter.body,
            title=letter.title,
            notify_type=kind,
            body_format=apprise.NotifyFormat.TEXT,
            attach=[str(file) for file in letter.files] or None,
        )
    )


class Said(logging.Handler):
    """What the library says of what went wrong; nothing of it goes to the terminal."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))


def without_secrets(why: str, url: str) -> str:
    """`why` with every part of the URL hidden but the scheme: what stands for the server in one is the token in another."""
    parts = TELLS_NOTHING.split(url.partition("://")[2])
    return redacted(redacted(why, (url,)), (*parts, *map(unquote, parts)))[:500]


def named(number: int, of: int, url: str | None) -> str:
    """What a notifier is called: where it stands under `notify`, and the scheme of its URL, which is no secret."""
    scheme = (
        url.partition("://")[0] if url and re.match(r"[a-z0-9]+://", url, re.IGNORECASE) else HIDDEN
    )
    return f"notifier {number} of {of} ({scheme})"


def _apprise() -> Any:
    import apprise

    logger = logging.getLogger("apprise")  # its words have the URL; they are for `Said` alone
    if not any(isinstance(handler, Said) for handler in logging.getLogger().handlers):
        logger.propagate = False
    return apprise
