"""Documents: a PDF leaves with its pages, and without what its maker left in it.

Gone are the author, the programs and the dates (Info, XMP), what programs keep for themselves, files that hang on it, scripts, the
names on comments, and within photos what the camera wrote. What the pages say is kept beside the document, for the guard. Office files
do not leave: their authors' names stand in too many places.
"""

import io
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platforms.base import Limits, Media
from scheduler.rendering.media.cache import Cache, use
from scheduler.rendering.media.kinds import Unfit, megabytes, taken

if TYPE_CHECKING:
    from pypdf import PdfReader

PDF = "application/pdf"
GONE = (
    "/Metadata",
    "/PieceInfo",
    "/LastModified",
    "/AF",
    "/AA",
    "/OpenAction",
    "/EmbeddedFiles",
    "/JavaScript",
    "/JS",
)
BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RecursionError,
)  # beside pypdf's own
NAMELESS = "/Widget"  # an annotation whose /T is no person, but a field of a form
# Segments of a JPEG that draw: JFIF, colour profile, Adobe's way of writing colours, and all that are no APPn or comment.
JPEG_WORDS = {0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE}
JPEG_END, JPEG_SCAN = 0xD9, 0xDA
JPEG_NEXT = re.compile(
    rb"\xff(?=[^\x00\xff\xd0-\xd7])"
)  # within a scan, 0xFF is followed by zero or the number of a restart


def document(
    file: Path, digest: str, limits: Limits, cache: Cache, begin: Callable[[], float]
) -> Media:
    """Raises `Unfit`."""
    if not limits.documents or PDF not in limits.document_types:
        raise Unfit(
            "media-unsupported",
            f"{file.name} is a document, and none is taken there; {taken(limits)}",
        )
    asked = ("document", digest)
    kept = cache.kept(asked)
    if kept is None or not use((_words_of(kept[0].file),)):
        begin()
        media, pages = _made(file, cache)
        cache.keep((asked,), media, str(pages))
        kept = media, str(pages)
    media, pages = kept[0], int(kept[1])
    if media.size > (limits.document_bytes or media.size):
        raise Unfit(
            "media-too-large",
            f"{file.name} has {megabytes(media.size)}, and at most {megabytes(limits.document_bytes or 0)} are taken; "
            "save it with smaller pictures",
        )
    if pages > (limits.document_pages or pages):
        raise Unfit(
            "media-too-long",
            f"{file.name} has {pages} pages, and at most {limits.document_pages} are taken; leave some out",
        )
    return media


def printed(media: Media) -> str:
    """What the pages of a document say; empty where the file is gone, and the post with it."""
    try:
        return _words_of(media.file).read_text("utf-8")
    except OSError:
        return ""


def _words_of(file: Path) -> Path:
    return file.with_suffix(".txt")


def _made(file: Path, cache: Cache) -> tuple[Media, int]:
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it says much of what it mends
    try:
        reader = PdfReader(file)
        if reader.is_encrypted:
            raise Unfit(
                "media-unsupported",
                f"{file.name} is protected, by a password or against changes; save it without",
            )
        words = _words(reader)
        _clean(reader.root_object)
        writer, out = PdfWriter(clone_from=reader), io.BytesIO()  # it takes what can be reached
        writer.metadata = None
        writer.write(out)
        pages = len(PdfReader(out).pages)
    except (PyPdfError, *BROKEN) as error:
        raise Unfit(
            "media-damaged",
            f"{file.name} is damaged or not complete ({error}); save or export it again",
        ) from error
    if not pages:
        raise Unfit("media-damaged", f"{file.name} has no page")
    media = cache.of_bytes(out.getvalue(), PDF, ".pdf")
    cache.write(_words_of(media.file), words.encode(errors="replace"))
    return media, pages


def _clean(root: Any) -> None:
    from pypdf.generic import StreamObject

    for one in _dictionaries(root):
        for key in GONE:
            one.pop(key, None)
        if one.get("/Subtype") != NAMELESS and "/Rect" in one:
            one.pop("/T", None)
        if isinstance(one, StreamObject) and one.get("/Filter") in ("/DCTDecode", ["/DCTDecode"]):
            one._data = jpeg_without_words(one._data)


def _dictionaries(root: Any) -> Iterator[Any]:
    """Every dictionary that can be reached, streams among them, each once."""
    from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

    waiting, seen = [root], set()
    while waiting:
        one = waiting.pop()
        one = one.get_object() if isinstance(one, IndirectObject) else one
        if id(one) in seen or not isinstance(one, DictionaryObject | ArrayObject):
            continue
        seen.add(id(one))
        if isinstance(one, DictionaryObject):
            yield one
        waiting += one.values() if isinstance(one, DictionaryObject) else one


def _words(reader: "PdfReader") -> str:
    from pypdf.errors import PyPdfError

    found = []
    for page in reader.pages:
        try:
            found.append(page.extract_text())
        except (PyPdfError, *BROKEN):
            continue  # a page that draws well may have letters that nobody can name
    return "\n".join(found)


def jpeg_without_words(body: bytes) -> bytes:
    """The picture, bit for bit, without what the camera and programs wrote beside it; what is no whole JPEG stays as it is."""
    kept, at = [body[:2]], 2
    while body[at : at + 1] == b"\xff" and at + 4 <= len(body):
        kind = body[at + 1]
        if kind == JPEG_END:
            return b"".join([*kept, body[at : at + 2]])
        end = at + 2 + int.from_bytes(body[at + 2 : at + 4])
        if kind == JPEG_SCAN:
            end = _after_scan(body, end)
        if kind not in JPEG_WORDS:
            kept.append(body[at:end])
        at = end
    return b"".join([*kept, body[at : at + 2]]) if body[at : at + 2] == b"\xff\xd9" else body


def _after_scan(body: bytes, at: int) -> int:
    """Where the next segment begins."""
    found = JPEG_NEXT.search(body, at)
    return found.start() if found else len(body)
