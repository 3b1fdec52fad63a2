"""The dry run's answerer: every request is answered with the answer its platform documents, and kept to be shown."""

import hashlib
from dataclasses import dataclass, field

from platforms.base import Account, Media, Platform, Post, Request, Response
from scheduler.engine.logs import HIDDEN
from scheduler.engine.wire import MAIL, pieces, wire

MARK = "termbell-hides-a-secret-here"  # stands where a secret would, in letters that no encoding changes


@dataclass
class Rehearsal:
    """Answers as documented, and remembers in `asked` what it was asked."""

    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        return request.documented()


def rehearsed(account: Account, platform: Platform, post: Post) -> list[Request]:
    """Every request that publishing `post` would make, in order."""
    rehearsal = Rehearsal()
    platform.publish(account, post, rehearsal)
    return rehearsal.asked


def shown(request: Request, platform: Platform) -> dict[str, object]:
    """A request as it would leave, with secrets hidden and files named; `sha256` is that of the body with its files."""
    names = (*platform.secrets, *platform.optional_secrets, "token")
    signed = request if request.anonymous else platform.sign(request, dict.fromkeys(names, MARK))
    leaves = wire(signed, request.digest)
    scheme = signed.url.partition(":")[0]
    text = _mail_text(signed) if scheme in MAIL else _body_text(signed, request.digest)
    return {
        "step": request.step,
        "method": leaves.method,
        "url": _hidden(leaves.url),
        "headers": {name: _hidden_header(name, value) for name, value in leaves.headers.items()},
        "body": _hidden(text),
        "sha256": hashlib.sha256(leaves.body.replace(MARK.encode(), HIDDEN.encode())).hexdigest(),
    }


def _hidden(text: str) -> str:
    return text.replace(MARK, HIDDEN)


def _hidden_header(name: str, value: str) -> str:
    """What follows the scheme of an Authorization is secret, however it was encoded."""
    if name.lower() == "authorization":
        return f"{value.partition(' ')[0]} {HIDDEN}"
    return _hidden(value)


def _body_text(request: Request, digest: str) -> str:
    return "".join(_as_text(piece) for piece in pieces(request, digest)[1])


def _as_text(piece: bytes | Media) -> str:
    content = piece.file.read_bytes() if isinstance(piece, Media) else piece
    try:
        return content.decode()
    except UnicodeDecodeError:
        return _named(piece) if isinstance(piece, Media) else f"‹{len(piece):,} bytes›"


def _mail_text(request: Request) -> str:
    """The mail, with the name of each picture on the line where its bytes will stand (see `platforms/email.py`)."""
    text = request.body.decode(errors="replace") if isinstance(request.body, bytes) else ""
    for cid, picture in request.files.items():
        text = text.replace(f"={cid}=", _named(picture))
    return text


def _named(media: Media) -> str:
    return f"‹{media.file.name} {media.size:,} bytes›"
