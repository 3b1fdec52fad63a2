"""Sending: a `Request` leaves with its credentials, and what comes back is judged.

What is returned is an answer that the adapter can use; everything else is one of the four errors of `platforms.base`. How a
request travels is its scheme's: `http.py`, `mail.py`, `files.py`, each loaded for the first request that needs it. A daemon
that waits, or only writes a folder of pages, does without the memory of the others.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    LoginNeeded,
    Media,
    Platform,
    PublishError,
    Rejected,
    Request,
    Response,
    Secrets,
    Sign,
    TryLater,
    filled,
    unsigned,
)
from scheduler.config import ConfiguredAccount
from scheduler.engine.credentials import Held
from scheduler.engine.judging import NOT_AS_DOCUMENTED, judged, unreadable
from scheduler.engine.logs import HIDDEN, redacted, spellings
from scheduler.engine.wire import MAIL, RELAYS, Wire, wire

if TYPE_CHECKING:
    from scheduler.engine.http import Http

__all__ = ["Network", "Networks", "Wire", "wire"]

BEFORE_ITS_END = timedelta(minutes=1)  # a session is renewed, so that no request meets it
DISUSED = timedelta(days=1)
OURS = (
    "file:",
    "host:",
)  # no server's answers; an address that is made for a file may be signed by a secret's name
LONG_ENOUGH = 8  # characters of a secret that is hidden in answers


def utc_now() -> datetime:
    return datetime.now(UTC)


Gone = Callable[[str, Media, int], None]  # told that so many bytes of an account's file have left


def unseen(account: str, media: Media, position: int) -> None:
    pass


def no_host(request: Request) -> Response:
    raise Rejected(
        f"'{request.step}' needs a public address for a file; say in config.yaml where: media_host (docs/media-host.md)"
    )


class Network:
    """Answers one account's requests by sending them."""

    def __init__(
        self,
        account: Account,
        platform: Platform,
        credentials: Held,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        host: Ask = no_host,
        gone: Gone = unseen,
    ) -> None:
        """`host` answers `host:`, `gone` is told what has left."""
        self.account, self.platform, self.credentials = account, platform, credentials
        self.timeout, self.sleep, self.now, self.monotonic = timeout, sleep, now, monotonic
        self.host, self.gone = host, gone

    def __call__(self, request: Request) -> Response:
        """The answer without the secrets that a server may repeat in it: it goes into the journal, and adapters take words from it."""
        answer = self._asked(request)
        return answer if request.url.startswith(OURS) else self._clean(answer)

    def _clean(self, answer: Response) -> Response:
        return without(self.credentials.all_values(names=False), answer)

    def _asked(self, request: Request) -> Response:
        if request.anonymous:
            return self._answered(request, unsigned, {})
        if self.platform.session is None:
            return self._answered(
                request, self.platform.sign, self.credentials.of(self.account.name)
            )
        return self._in_session(request)

    def _in_session(self, request: Request) -> Response:
        """With the session that is kept; where there is none, or it is refused, with a new one. One that is new is not renewed."""
        session = self.credentials.session(self.account.name)
        if session and not self._is_ending(session):
            try:
                return self._answered(request, self.platform.sign, session)
            except LoginNeeded:
                pass  # it was refused, so it surely changed nothing
        return self._answered(
            replace(request, after=0.0), self.platform.sign, self._renewed(session)
        )

    def stay_signed_in(self) -> None:
        """Renews a session that ended a day ago: a sign-in dies of disuse, and of one that is dead the person should know before the next post."""
        session = self.credentials.session(self.account.name)
        if "ends" in session and self.now() - datetime.fromisoformat(session["ends"]) > DISUSED:
            self._renewed(session)

    def _is_ending(self, session: Secrets) -> bool:
        return (
            "ends" in session
            and datetime.fromisoformat(session["ends"]) - self.now() < BEFORE_ITS_END
        )

    def _renewed(self, session: Secrets) -> Secrets:
        """A new session, kept for the next process: platforms ration how often one may be made. Made by one at a time."""
        with self.credentials.renewing(self.account.name):
            others = self.credentials.session(self.account.name)
            return others if others and others != session else self._made(session)

    def _made(self, session: Secrets) -> Secrets:
        """A new session; what was given itself, where that cannot be traded for one."""
        assert self.platform.session
        given = self.credentials.of(self.account.name)
        secrets = {**given, **session}
        try:
            session = self.platform.session(self.account, secrets, self.signing_in(secrets))
            made = with_its_end(session, self.now())
        except NOT_AS_DOCUMENTED as fault:
            raise TryLater(
                f"{self.platform.name} answered the login not as documented: {unreadable(fault)}"
            ) from fault
        if made:
            self.credentials.keep_session(self.account.name, made)
        return made or given

    def signing_in(self, secrets: Secrets) -> Ask:
        """What answers the requests of a sign-in: filled with these secrets, in no session, and with the secrets that it brings."""

        def ask(request: Request) -> Response:
            """Nobody sees a login: whatever becomes of it, the post has not left."""
            return self._answered(
                replace(request, repeat=HARMLESS),
                unsigned if request.anonymous else filled,
                secrets,
            )

        return ask

    def _answered(self, request: Request, sign: Sign, secrets: Secrets) -> Response:
        if request.after:
            self.sleep(request.after)
        try:
            return self._by_scheme(request, sign(request, secrets), secrets)
        except PublishError as fault:
            fault.args = (
                redacted(str(fault), {*secrets.values(), *self.credentials.all_values()}),
            )
            raise

    def _by_scheme(self, request: Request, signed: Request, secrets: Secrets) -> Response:
        scheme = signed.url.partition(":")[0].lower()
        if scheme in ("http", "https"):
            answer = self._http.sent(
                request, signed
            )  # that of a login has new secrets; what is refused is cleaned before words are cut from it
            answer = answer if 200 <= answer.status < 300 else self._clean(answer)
            return judged(answer, request, self.platform, self.account.name, self.now())
        if scheme in MAIL:
            from scheduler.engine import mail

            return mail.answer(signed, secrets, self.timeout)
        if scheme in RELAYS:
            from scheduler.engine import relays

            return relays.answer(signed, self.timeout)
        if scheme == "file":
            from scheduler.engine import files

            return files.answer(signed, secrets, self.timeout)
        if scheme == "host":
            return self.host(request)
        if scheme == "apprise":
            from scheduler.engine import telling

            return telling.answer(signed, self.timeout)
        if scheme == "handoff":  # the store holds it, and the person is told, when this is recorded
            return request.documented()
        raise Rejected(
            f"{self.platform.name} '{request.step}': an address begins with https:, http:, smtp:, smtps:, wss:, ws: or file:; "
            "look at the account's settings and secrets"
        )

    @cached_property
    def _http(self) -> "Http":
        from scheduler.engine.http import Http

        return Http(
            self.platform.name, self.timeout, self.monotonic, partial(self.gone, self.account.name)
        )


def with_its_end(made: Secrets, now: datetime) -> Secrets:
    """A session that lasts so many seconds, with the instant instead."""
    lasts = made.get("expires_in")
    if lasts is None:
        return made
    return {
        **{name: value for name, value in made.items() if name != "expires_in"},
        "ends": (now + timedelta(seconds=float(lasts))).isoformat(timespec="seconds"),
    }


class Networks:
    """The network of each account, made once, so that connections live on from request to request and from post to post."""

    def __init__(
        self, credentials: Held, timeout: float, host: Ask = no_host, gone: Gone = unseen
    ) -> None:
        self.credentials, self.timeout, self.host, self.gone = credentials, timeout, host, gone
        self._made: dict[str, Network] = {}

    def of(self, configured: ConfiguredAccount) -> Network:
        """That of the account as it is configured now: the calendar may have been read again since."""
        known = self._made.get(configured.name)
        if known is None or (known.account, known.platform) != (
            configured.account,
            configured.platform,
        ):
            known = self._made[configured.name] = Network(
                configured.account,
                configured.platform,
                self.credentials,
                self.timeout,
                host=self.host,
                gone=self.gone,
            )
        return known


def without(secrets: Iterable[str], response: Response) -> Response:
    """The answer with the secrets hidden in its body and headers. A short one is left: hiding it would break honest answers."""
    body, headers = response.body, response.headers
    for form in spellings(one for one in secrets if len(one) >= LONG_ENOUGH):
        body = body.replace(form.encode(), HIDDEN.encode())
        if any(form in value for value in headers.values()):
            headers = {name: value.replace(form, HIDDEN) for name, value in headers.items()}
    return (
        response
        if body is response.body and headers is response.headers
        else replace(response, body=body, headers=headers)
    )
