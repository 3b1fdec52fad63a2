"""What becomes one post each: the text, the parts of its thread, its first comment; read, and fitted to the platform."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from platforms.base import Limits
from scheduler.calendar.model import Content, Draft, LinkTo, MediaFile
from scheduler.problems import Place, Problem
from scheduler.rendering.cards import LookUp
from scheduler.rendering.fitting import Room, shortened, threaded
from scheduler.rendering.markdown import as_html, as_read, plain
from scheduler.rendering.markup import DIALECTS, NAMES, Marked
from scheduler.rendering.measuring import length
from scheduler.rendering.media import Fetch


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What becomes one post."""

    text: str  # as it is written
    place: Place
    media: Sequence[MediaFile] = ()
    is_comment: bool = False
    link: LinkTo | None = None  # what it points at
    has_card: bool = False  # whether the link goes out beside the text; else it stands in it
    marked: Marked = field(default_factory=Marked)  # the text as people read it
    html: str = ""
    whole: int | None = None  # the length before it was shortened or split
    is_split: bool = False


@dataclass
class Rendering:
    """One draft on its way, with the problems met so far."""

    draft: Draft
    limits: Limits
    cache: Path | None
    fetch: Fetch | None = None
    until: float = (
        math.inf
    )  # by `time.monotonic`: media that are not made by then are not waited for
    cards: LookUp | None = None
    problems: list[Problem] = field(default_factory=list)
    sources: dict[str, Path] = field(
        default_factory=dict
    )  # digest of a finished file -> the person's

    def wrong(self, code: str, message: str, place: Place, severity: str = "error") -> None:
        self.problems.append(Problem(code, f"{self.draft.entry}: {message}", place, severity))

    @property
    def where(self) -> str:
        return f"on {self.draft.account.account.platform} ({self.draft.account.name})"


def pieces(work: Rendering, content: Content) -> list[Piece]:
    return _fitted(work, _read(work, content))


def _pieces(work: Rendering, content: Content) -> tuple[Piece, ...]:
    """The posts to make: the text, the thread's parts, the first comment; all in one where nothing can be answered."""
    draft = work.draft
    typed = (
        "text" if draft.content.text is not None or draft.content.template is None else "template"
    )
    first = Piece(text=(content.text or "").strip(), place=draft.at(typed), media=content.media)
    further = [
        Piece(text=part.text.strip(), place=part.place, media=part.media) for part in content.thread
    ]
    if content.first_comment and content.first_comment.strip():
        written = draft.content.first_comment is not None
        further.append(
            Piece(
                text=content.first_comment.strip(),
                place=draft.at("first_comment" if written else "template"),
                is_comment=True,
            )
        )
    if work.limits.replies:
        return first, *further
    together = "\n\n".join(piece.text for piece in (first, *further) if piece.text)
    return (
        replace(
            first, text=together, media=[one for piece in (first, *further) for one in piece.media]
        ),
    )


def _read(work: Rendering, content: Content) -> list[Piece]:
    """The pieces with their texts as people read them."""
    first, *further = _pieces(work, content)
    first = replace(
        first,
        link=content.link,
        has_card=content.link is not None and has_card(work.limits, first.media),
    )
    return [_one_read(work, piece) for piece in (first, *further)]


def _one_read(work: Rendering, piece: Piece) -> Piece:
    is_markdown = (
        work.draft.account.markdown
        if work.draft.content.markdown is None
        else work.draft.content.markdown
    )
    read = as_read if is_markdown else plain
    text, marked = piece.text, read(piece.text, work.limits)
    if piece.link and not piece.has_card and not _names(marked, piece.link.url):
        text = f"{text}\n\n{piece.link.url}".strip()
        marked = read(text, work.limits)
    return replace(
        piece, marked=marked, html=as_html(text) if work.limits.html and is_markdown else ""
    )


def _fitted(work: Rendering, pieces: list[Piece]) -> list[Piece]:
    """The pieces as the platform takes them, if the person wants them fitted."""
    room, language = _room(work), language_of(work.draft)
    if _fit(work) == "error" or all(room.takes(piece.marked) for piece in pieces):
        return pieces
    if is_threaded(work):
        return [
            *_split(work, pieces, "numbered" in _fit(work), False),
            *_split(work, pieces, False, True),
        ]
    if _fit(work) == "shorten":
        return [
            piece if room.takes(piece.marked) else _shortened(work, piece, room, language)
            for piece in pieces
        ]
    return pieces


def _fit(work: Rendering) -> str:
    return work.draft.content.fit or work.draft.account.fit


def is_threaded(work: Rendering) -> bool:
    return work.limits.replies and "thread" in _fit(work)


def _shortened(work: Rendering, piece: Piece, room: Room, language: str) -> Piece:
    """An address that the entry links to, and that is cut off, is put after what is left."""
    fitting = shortened(piece.marked, room, language)
    if (
        fitting
        and piece.link
        and _names(piece.marked, piece.link.url)
        and not _names(fitting, piece.link.url)
    ):
        address = f"\n\n{piece.link.url}"
        fitting = shortened(piece.marked + plain(address, work.limits), room, language)
    return (
        replace(piece, marked=fitting, html="", whole=size(work, piece.marked))
        if fitting
        else piece
    )


def _split(
    work: Rendering, pieces: Sequence[Piece], numbered: bool, comments: bool
) -> Iterable[Piece]:
    """A file goes with the part that names it, by its file's name or its alt; else with the first."""
    chosen = [piece for piece in pieces if piece.is_comment == comments]
    room = _room(work)
    for piece, parts in zip(
        chosen,
        threaded([piece.marked for piece in chosen], room, language_of(work.draft), numbered),
        strict=True,
    ):
        if len(parts) == 1:
            yield replace(piece, marked=parts[0])
            continue
        files: list[list[MediaFile]] = [[] for _ in parts]
        for file in piece.media:
            files[
                next((number for number, part in enumerate(parts) if _shows(part, file)), 0)
            ].append(file)
        for number, (part, media) in enumerate(zip(parts, files, strict=True)):
            yield replace(
                piece,
                marked=part,
                media=media,
                html="",
                has_card=piece.has_card and number == 0,
                whole=size(work, piece.marked),
                is_split=True,
            )


def _shows(part: Marked, file: MediaFile) -> bool:
    return file.file.name in part.text or (bool(file.alt.strip()) and file.alt.strip() in part.text)


def size(work: Rendering, marked: Marked) -> int:
    """Of the text as the platform counts it."""
    dialect = DIALECTS[work.limits.markup]
    if dialect.counts:
        return length(dialect.write(marked), (), work.limits, options(work.draft, 0))
    return length(
        marked.text,
        [span for span in marked.spans if span.kind in NAMES],
        work.limits,
        options(work.draft, 0),
    )


def size_in_bytes(work: Rendering, marked: Marked) -> int:
    dialect = DIALECTS[work.limits.markup]
    return len((dialect.write(marked) if dialect.counts else marked.text).encode())


def _room(work: Rendering) -> Room:
    measures = [(size, work.limits.text), (size_in_bytes, work.limits.text_bytes)]
    limited = [(measure, most) for measure, most in measures if most is not None]
    return Room(
        lambda marked: tuple(measure(work, marked) for measure, _ in limited),
        tuple(most for _, most in limited),
    )


def _names(marked: Marked, url: str) -> bool:
    """Whether the address stands in the text already, and not only as the beginning of another one."""
    return url in marked.text.split() or any(
        span.kind == "link" and span.value == url for span in marked.spans
    )


def has_card(limits: Limits, media: Sequence[MediaFile]) -> bool:
    """Whether a link goes out beside the text; otherwise it has to stand in it."""
    return limits.links and not (limits.link_or_media and media)


def options(draft: Draft, part: int) -> dict[str, Any]:
    """Those of the account under those of the entry. A poll is asked once, in the first part."""
    options = {**draft.account.options, **draft.content.options}
    return {name: value for name, value in options.items() if part == 0 or name != "poll"}


def language_of(draft: Draft) -> str:
    return draft.content.language or draft.account.language
