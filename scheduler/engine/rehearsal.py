"""The dry run: an answerer that gives the answer a platform documents, and keeps each request to be shown.

A plan's deliveries are rehearsed when the plan is made, so that what an adapter refuses is said by `check`, and held in a
real run. `preview --requests` shows the requests of the same rehearsal.
"""

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from platforms.base import (
    Account,
    LoginNeeded,
    Media,
    Part,
    Platform,
    Post,
    Published,
    PublishError,
    Request,
    Response,
    in_url,
)
from scheduler.calendar.model import Delivery
from scheduler.config import ConfiguredAccount
from scheduler.engine.logs import HIDDEN
from scheduler.engine.wire import MAIL, Encoded, Piece, chunks, content, pieces, whole, wire
from scheduler.problems import Problem

log = logging.getLogger("termbell")
NO_HOST = "fetches this file from a public address; say in the config where it may stand: media_host (docs/media-host.md)"
CAPTIONS = ("text/vtt", "application/x-subrip")  # files that are text, and short
MARK = "termbell-hides-a-secret-here"  # stands where a secret would, in letters that no encoding changes


@dataclass
class Rehearsal:
    """Answers as documented, and remembers in `asked` what it was asked."""

    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        return request.documented()


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """How a rehearsal went; all of it empty where none was made."""

    asked: tuple[Request, ...] = ()  # every request, in order
    published: Published | None = None
    code: str = ""  # of the problem, where there is one
    refused: str = ""  # why, in words


def rehearsed(account: Account, platform: Platform, post: Post) -> Rehearsed:
    """Every request that publishing `post` would make, or why there is none."""
    rehearsal = Rehearsal()
    try:
        published = platform.publish(account, post, rehearsal)
    except PublishError as refused:
        return Rehearsed(code="refused", refused=str(refused))
    except (
        Exception
    ) as fault:  # the rim of one delivery: a fault in one adapter must not end the others
        log.exception(
            "the adapter of %s failed",
            platform.name,
            extra={"delivery": post.key, "account": account.name},
        )
        return Rehearsed(
            code="adapter-fault",
            refused=f"the adapter of {platform.name} failed, please report it: {type(fault).__name__}: {fault}",
        )
    return Rehearsed(asked=tuple(rehearsal.asked), published=published)


class Rehearsals:
    """The rehearsals of a plan's deliveries; each is made once, when it is asked for first."""

    def __init__(
        self,
        accounts: Mapping[str, ConfiguredAccount],
        deliveries: Iterable[Delivery],
        hosts_media: bool = True,
        severity: Callable[[Delivery], str] = lambda _: "warning",
    ) -> None:
        """`hosts_media`: the config has a `media_host`. `severity`: of what the platform does not show of a delivery; or "off"."""
        self._accounts, self._hosts_media, self._severity = accounts, hosts_media, severity
        self._deliveries = {one.key: one for one in deliveries}
        self._made: dict[str, Rehearsed] = {}

    def of(self, one: Delivery) -> Rehearsed:
        """What has errors is not rehearsed, nor what would answer it: neither is published."""
        if one.key not in self._made:
            self._made[one.key] = Rehearsed() if one.errors else self._rehearsed(one)
        return self._made[one.key]

    def judged(self) -> Iterator[Delivery]:
        """The deliveries, each with what its adapter has against it."""
        of_accounts: dict[str, Rehearsed] = {}
        for one in self._deliveries.values():
            if one.errors:
                yield one
            elif self._accounts[one.account].platform.refuses_posts:
                yield with_problems(
                    one,
                    self.of(one),
                    "off" if self._accounts[one.account].platform.by_hand else self._severity(one),
                )
            else:  # the first speaks for all
                yield with_problems(
                    one,
                    of_accounts.get(one.account)
                    or of_accounts.setdefault(one.account, self.of(one)),
                )

    def _rehearsed(self, one: Delivery) -> Rehearsed:
        """A reply answers what the rehearsal of the part before it published."""
        before = self.of(self._deliveries[one.after]).published if one.after else None
        if one.after and before is None:
            return Rehearsed()
        configured = self._accounts[one.account]
        made = rehearsed(
            configured.account,
            configured.platform,
            replace(one.post, reply_to=before) if before else one.post,
        )
        if not self._hosts_media and any(request.url.startswith("host:") for request in made.asked):
            return replace(
                made, code="no-media-host", refused=f"{configured.platform.name} {NO_HOST}"
            )
        return made


def with_problems(one: Delivery, rehearsed: Rehearsed, severity: str = "off") -> Delivery:
    """The delivery with why it is refused, or with what its adapter notes of it: what of the post does not go with it."""
    said = [(rehearsed.code, rehearsed.refused, "error")] if rehearsed.code else []
    if severity != "off" and rehearsed.published:
        said += [("platform-notice", note, severity) for note in rehearsed.published.notes]
    problems = (
        Problem(code, f"{one.entry}: {one.account}: {named(words, one)}", one.place, how)
        for code, words, how in said
    )
    return replace(one, problems=(*one.problems, *problems)) if said else one


def named(words: str, one: Delivery) -> str:
    """What an adapter says of a file, with the name that the person gave it: the one that leaves is called by its digest."""
    for digest, file in one.sources.items():
        words = re.sub(rf"\b{digest}\.\w+", file.name.replace("\\", r"\\"), words)
    return words


def shown(request: Request, platform: Platform) -> dict[str, object]:
    """A request as it would leave, with secrets hidden and files named; `sha256` is that of the body with its files."""
    names = (*platform.all_secrets, "token")
    signed = _signed(request, platform, dict.fromkeys(names, MARK))
    leaves = wire(signed, request)
    scheme = signed.url.partition(":")[0]
    text = _mail_text(signed) if scheme in MAIL else _body_text(signed, request)
    return {
        "step": request.step,
        "method": leaves.method,
        "url": _hidden(leaves.url),
        "headers": {name: _hidden_header(name, value) for name, value in leaves.headers.items()},
        "body": _hidden(text),
        "sha256": _digest(leaves.pieces),
    }


def _digest(body: Iterable[Piece]) -> str:
    """Of the body with its files and without its secrets."""
    digest = hashlib.sha256()
    for piece in body:
        for chunk in (
            [piece.replace(MARK.encode(), HIDDEN.encode())]
            if isinstance(piece, bytes)
            else chunks(piece)
        ):
            digest.update(chunk)
    return digest.hexdigest()


def _signed(request: Request, platform: Platform, secrets: Mapping[str, str]) -> Request:
    """A signature that needs a real key is left out: what cannot be signed without it says `LoginNeeded`."""
    try:
        return request if request.anonymous else platform.sign(request, secrets)
    except LoginNeeded:
        return in_url(request, secrets)


def _hidden(text: str) -> str:
    return text.replace(MARK, HIDDEN)


def _hidden_header(name: str, value: str) -> str:
    """What follows the scheme of an Authorization is secret, however it was encoded."""
    if name.lower() == "authorization":
        return f"{value.partition(' ')[0]} {HIDDEN}"
    return _hidden(value)


def _body_text(signed: Request, unsigned: Request) -> str:
    return "".join(_as_text(piece) for piece in pieces(signed, unsigned)[1])


def _as_text(piece: Piece) -> str:
    if isinstance(piece, Encoded) or (
        not isinstance(piece, bytes) and whole(piece).type not in CAPTIONS
    ):
        return _named(piece)
    try:
        return content(piece).decode()
    except UnicodeDecodeError:
        return f"‹{len(piece):,} bytes›" if isinstance(piece, bytes) else _named(piece)


def _mail_text(request: Request) -> str:
    """The mail, with the name of each picture on the line where its bytes will stand (see `platforms/email.py`)."""
    text = request.body.decode(errors="replace") if isinstance(request.body, bytes) else ""
    for cid, picture in request.files.items():
        text = text.replace(f"={cid}=", _named(picture))
    return text


def _named(piece: Media | Part | Encoded) -> str:
    whence = (
        f" from {piece.start:,}"
        if isinstance(piece, Part)
        else " as base64"
        if isinstance(piece, Encoded)
        else ""
    )
    size = piece.size if isinstance(piece, Part) else whole(piece).size
    return f"‹{whole(piece).file.name} {size:,} bytes{whence}›"
