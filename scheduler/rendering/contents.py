"""What the person wrote, as a digest: whether two posts say the same.

It is made from their words and their own files, not from HTML or cleaned pictures: when Termbell
renders something better, nothing counts as changed.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

from scheduler.calendar.model import Content, MediaFile
from scheduler.digests import digest_now
from scheduler.rendering.pieces import Piece

VERSION = "1"  # raised when the same words would give another digest


def content_digest(content: Content, piece: Piece, part: int, options: Mapping[str, Any]) -> str:
    """The digest of one part: its version, a colon, 32 hexadecimal digits."""
    link = piece.link
    written = {
        "text": folded(piece.text),
        "part": part if piece.is_split else None,
        "title": folded(content.title or "") if part == 0 else "",
        "summary": folded(content.summary or "") if part == 0 else "",
        "link": [link.url, link.title, link.description] if link else None,
        "files": [file_digest(file) for file in piece.media],
        "options": dict(options),
    }
    as_json = json.dumps(written, sort_keys=True, default=str)
    return f"{VERSION}:{hashlib.sha256(as_json.encode()).hexdigest()[:32]}"


def file_digest(file: MediaFile) -> list[str]:
    """The person's own file, not what was made of it; of one elsewhere its address."""
    if file.url:
        return [file.url, folded(file.alt)]
    try:
        return [digest_now(file.file), folded(file.alt)]
    except OSError:
        return [file.file.name, folded(file.alt)]


def folded(text: str) -> str:
    """Without differences that nobody sees: kinds of white space, composed characters."""
    return " ".join(normalize("NFC", text).split())
