"""A `Request` as bytes: exactly what leaves, for sending and for the dry run alike. Nothing here sends.

Whatever others draw at random is made from the request: the same request, the same bytes. What the HTTP library adds by
itself, and only that, is missing from `Wire.headers`: Host, Content-Length, Accept-Encoding.

A body is a row of pieces. Files in it are read a little at a time, as they leave, so that a long video costs no more memory
than a short text.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

from platforms.base import Json, Media, Part, Rejected, Request, Response
from scheduler import __version__
from scheduler.digests import digest_now

MAIL = ("smtp", "smtps")
RELAYS = ("wss", "ws")
LOCAL = ("file", "handoff")  # done, or not, when the process goes on
LAST_REPLY = 120.0  # seconds, at least, for the reply to a mail (RFC 5321, 4.5.3.2.6)
LEFT_ALONE = "!#$%&'()*+,/:;=?@[]~"  # in the path and query of a URL: what an adapter has quoted stays as it is
QUOTED_NAME = str.maketrans(
    {'"': "%22", "\r": "%0D", "\n": "%0A"}
)  # https://html.spec.whatwg.org/#multipart-form-data
AT_A_TIME = 65_535  # bytes that are read of a file: a multiple of three, which base64 makes four of


def time_under_way(request: Request, timeout: float) -> float:
    """Seconds that the other side may still act on a request after it has left."""
    scheme = request.url.partition(":")[0].lower()
    if scheme in LOCAL:
        return 0.0
    return max(timeout, LAST_REPLY) if scheme in MAIL else timeout


@dataclass(frozen=True)
class Encoded:
    """A file that stands in a JSON body, as base64."""

    media: Media

    @property
    def size(self) -> int:
        return -(-self.media.size // 3) * 4


Piece = bytes | Media | Part | Encoded


@dataclass(frozen=True, kw_only=True)
class Wire:
    """A request as it leaves."""

    method: str
    url: str
    headers: dict[str, str]
    pieces: tuple[Piece, ...]  # of the body

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return sum(map(size_of, self.pieces))

    @property
    def body(self) -> bytes:
        """All of it at once, for what is small. Raises OSError where a file cannot be read."""
        return b"".join(map(content, self.pieces))


def wire(request: Request, unsigned: Request | None = None) -> Wire:
    """What leaves for `request`. Raises OSError where a picture of a mail cannot be read.

    What is drawn comes from the `unsigned` one, so that a secret changes nothing but its own place.
    """
    scheme = urlsplit(request.url).scheme
    if scheme in MAIL:
        from scheduler.engine.mail import message

        return Wire(
            method=request.method,
            url=request.url,
            headers=dict(request.headers),
            pieces=(message(request),),
        )
    kind, parts = pieces(request, unsigned or request)
    if scheme in ("file", "host", "apprise", "handoff"):
        return Wire(method=request.method, url=request.url, headers={}, pieces=parts)
    if scheme in RELAYS:
        return Wire(
            method=request.method, url=request.url, headers=dict(request.headers), pieces=parts
        )
    said = {name.lower() for name in request.headers}
    ours = {"User-Agent": f"Termbell/{__version__}"}
    if is_answered_in_json(request):
        ours["Accept"] = "application/json"
    if kind:
        ours["Content-Type"] = kind
    headers = {name: value for name, value in ours.items() if name.lower() not in said} | dict(
        request.headers
    )
    return Wire(method=request.method, url=_quoted(request.url), headers=headers, pieces=parts)


def is_answered_in_json(request: Request) -> bool:
    """Whether its documented answer is JSON. A server that is not asked for it may answer with a page to log in."""
    example = request.example
    if isinstance(example, Response):
        return "json" in example.headers.get("content-type", "")
    return example is not None


def pieces(request: Request, unsigned: Request) -> tuple[str, tuple[Piece, ...]]:
    """The type of the body, and what it consists of, files not yet read."""
    if request.json is not None and not request.files:
        return "application/json", tuple(_json(request.json))
    if request.files:
        boundary = f"termbell-{unsigned.digest[:32]}"
        return f"multipart/form-data; boundary={boundary}", tuple(_multipart(request, boundary))
    if request.form is not None:
        return "application/x-www-form-urlencoded", (urlencode(request.form).encode(),)
    if isinstance(request.body, Media | Part):
        return whole(request.body).type, (request.body,)
    return ("application/octet-stream", (request.body,)) if request.body else ("", ())


def whole(piece: Media | Part | Encoded) -> Media:
    return piece if isinstance(piece, Media) else piece.media


def size_of(piece: Piece) -> int:
    return len(piece) if isinstance(piece, bytes) else piece.size


def chunks(piece: Piece) -> Iterator[bytes]:
    """The bytes of a piece, a little at a time. Raises OSError where the file cannot be read, or has become shorter."""
    if isinstance(piece, bytes):
        yield from (piece[start : start + AT_A_TIME] for start in range(0, len(piece), AT_A_TIME))
        return
    with whole(piece).file.open("rb") as file:
        file.seek(piece.start if isinstance(piece, Part) else 0)
        left = piece.media.size if isinstance(piece, Encoded) else piece.size
        while left:
            chunk = file.read(min(left, AT_A_TIME))
            if not chunk:
                raise OSError(f"{whole(piece).file} has become shorter")
            left -= len(chunk)
            yield b64encode(chunk) if isinstance(piece, Encoded) else chunk


def content(piece: Piece) -> bytes:
    """All of it at once, for what is small. Raises OSError where the file cannot be read."""
    return b"".join(chunks(piece))


def look_at(media: Media) -> None:
    """Raises `Rejected` where the file is no longer what was made ready, and OSError where it cannot be read."""
    if media.file.stat().st_size != media.size or digest_now(media.file) != media.digest:
        raise Rejected(
            f"{media.file}: the file has changed since it was checked; put it back as it was, or name the new one in the calendar"
        )


def _json(value: Json) -> Iterator[Piece]:
    """The JSON, with each `Media` in it as a piece of its own."""
    files: dict[str, Media] = {}

    def placed(media: Media) -> str:
        return files.setdefault(media.digest, media).digest

    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=placed)
    for piece in re.split(f"({'|'.join(files)})", text) if files else [text]:
        yield Encoded(files[piece]) if piece in files else piece.encode()


def _multipart(request: Request, boundary: str) -> Iterator[Piece]:
    """The JSON, if any, is the first part, called `json`."""
    if request.json is not None:
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="json"\r\nContent-Type: application/json\r\n\r\n'.encode()
        yield from _json(request.json)
        yield b"\r\n"
    for name, value in (request.form or {}).items():
        yield f'--{boundary}\r\nContent-Disposition: form-data; name="{_name(name)}"\r\n\r\n{value}\r\n'.encode()
    for name, part in request.files.items():
        media = whole(part)
        yield (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{_name(name)}"; filename="{_name(media.name)}"\r\n'
            f"Content-Type: {media.type}\r\n\r\n"
        ).encode()
        yield part
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _name(name: str) -> str:
    return name.translate(QUOTED_NAME)


@lru_cache(maxsize=256)
def _quoted(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(
        path=quote(parts.path, LEFT_ALONE), query=quote(parts.query, LEFT_ALONE)
    ).geturl()
