"""A Draft -> the finished posts of one account: filled in, fitted, measured; with what is wrong, if something is.

Nothing here knows a platform by name: what differs is in its `Limits`. A draft becomes one delivery, or several where
the platform has replies and the entry a thread or a first comment. Whatever is wrong becomes a Problem of the delivery,
so that the other ones go out all the same.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from platforms.base import Limits, Link, Media, Post, media_of_kind
from scheduler.calendar.model import Content, Delivery, Draft, LinkTo, MediaFile
from scheduler.problems import Invalid, Place
from scheduler.rendering.cards import CODE, Card, LookUp
from scheduler.rendering.contents import content_digest
from scheduler.rendering.finding import spans
from scheduler.rendering.markup import DIALECTS, Marked
from scheduler.rendering.measuring import length
from scheduler.rendering.media import Fetch, Unfit, cache_folder, fitted
from scheduler.rendering.media.captions import NAMES
from scheduler.rendering.pieces import (
    Piece,
    Rendering,
    has_card,
    is_threaded,
    language_of,
    options,
    pieces,
    size,
    size_in_bytes,
)
from scheduler.rendering.templates import Templates

NEEDED = {"image": "a picture", "video": "a video", "media": "a picture or a video"}
OURS = (
    "link",
    "entry",
    "account",
    "platform",
    "room",
    "html",
    "due",
    "language",
)  # names that every template has


def render(
    draft: Draft,
    limits: Limits,
    templates: Templates,
    require_alt: bool = True,
    cache: Path | None = None,
    fetch: Fetch | None = None,
    until: float = math.inf,
    cards: LookUp | None = None,
) -> tuple[Delivery, ...]:
    """The deliveries of a draft, in the order they answer each other; at least one, if only to carry the problems.

    Media that are not made by `until` (`time.monotonic`) are a problem of their delivery.

    Whether a picture may go without alt (`require_alt`) is judged where the calendar is read, once for all accounts.
    """
    if limits.text_with_media and draft.content.media:
        limits = replace(limits, text=limits.text_with_media)
    work = Rendering(draft, limits, cache, fetch, until, cards)
    content = _filled(work, templates)
    deliveries: list[Delivery] = []
    for part, piece in enumerate(pieces(work, content)):
        post = _post(work, content, piece, part)
        used = size(work, piece.marked)
        _check(work, post, used, piece, part)
        deliveries.append(
            replace(
                _delivery(
                    work, post, used, piece, part, deliveries[-1].key if deliveries else None
                ),
                content=content_digest(content, piece, part, post.options),
                origin=draft.account.origin,
            )
        )
        work.problems = []
    return tuple(deliveries)


def _filled(work: Rendering, templates: Templates) -> Content:
    """The draft's content with what its template adds: the entry's own words win over the template's."""
    draft, content = work.draft, work.draft.content
    given = {
        name: value for name, value in content.values.items() if value is not None and value != ""
    }
    if content.link is None and isinstance(given.get("link"), str):
        content = replace(content, link=LinkTo(url=given.pop("link")))
    if content.template is None:
        return content
    for name in sorted(given.keys() & set(OURS)):
        message = (
            f"`with` cannot name '{name}', which every template has already; give it another name"
        )
        work.wrong("reserved-name", message, draft.at("with"))
    context = {**given, **_context(work, content)}
    try:
        blocks: Mapping[str, str] = templates.blocks(draft, context)
    except Invalid as invalid:
        work.problems += invalid.problems
        return replace(content, text=content.text or "")
    added: dict[str, Any] = {
        name: text for name, text in blocks.items() if getattr(content, name) is None
    }
    return replace(content, **added)


def _context(work: Rendering, content: Content) -> dict[str, Any]:
    draft, limits = work.draft, work.limits
    return {
        "link": content.link
        and replace(
            content.link, image=None
        ),  # a file that a template has, it could read and overwrite
        "entry": draft.entry,
        "account": draft.account.name,
        "platform": draft.account.account.platform,
        "room": _room(work, content),
        "html": limits.html,
        "due": draft.due,
        "language": language_of(draft),
    }


def _room(work: Rendering, content: Content) -> int | None:
    """What is left of the platform's limit for the template, when the link and a content warning have had their share."""
    if work.limits.text is None or is_threaded(work):
        return None
    taken = size(work, Marked())
    if content.link and not has_card(work.limits, content.media):
        url = "\n\n" + content.link.url
        taken += length(url, spans(url, work.limits), work.limits, {})
    return max(0, work.limits.text - taken)


def _post(work: Rendering, content: Content, piece: Piece, part: int) -> Post:
    draft, limits = work.draft, work.limits
    return Post(
        key=draft.key(part),
        due=draft.due,
        text=piece.marked.text,
        spans=piece.marked.spans,
        markup=DIALECTS[limits.markup].write(piece.marked),
        html=piece.html,
        title=(content.title or "").strip() if limits.title != 0 and part == 0 else "",
        summary=(content.summary or "").strip() if part == 0 else "",
        link=_link(work, content, piece.link) if piece.link and piece.has_card else None,
        media=_media(work, piece.media),
        language=language_of(draft),
        options=options(draft, part),
    )


def _link(work: Rendering, content: Content, link: LinkTo) -> Link:
    limits = replace(
        work.limits, image_bytes=work.limits.card_image_bytes or work.limits.image_bytes
    )
    is_made_here = limits.own_cards and not (link.title or link.description or link.image)
    card = _card(work, link.url) if is_made_here else Card()
    image = _fitted(work, link.image, limits) if link.image else _card_image(work, card, limits)
    return Link(
        url=link.url,
        title=link.title or card.title or content.title or "",
        description=link.description or card.description or content.summary or "",
        image=image,
    )


def _card(work: Rendering, url: str) -> Card:
    """What the page at `url` says of itself; nothing where that is not known, which keeps no post from going out."""
    if work.cards is None:
        return Card()
    try:
        known = work.cards(url)
    except Unfit as unfit:
        work.wrong(unfit.code, str(unfit), work.draft.at("link"), "warning")
        return Card()
    if known.lacks:
        work.wrong(
            CODE,
            f"the card of {url} lacks something: {known.lacks}; say it in the entry: `link: {{url, title, description, image}}`",
            work.draft.at("link"),
            "warning",
        )
    return known.card


def _card_image(work: Rendering, card: Card, limits: Limits) -> Media | None:
    if not card.image:
        return None
    file, place = Path(card.image), work.draft.at("link")
    try:
        media = fitted(
            MediaFile(file=file, alt=card.alt[: limits.alt], place=place),
            limits,
            work.cache or cache_folder(),
        )
    except Unfit as unfit:
        work.wrong(CODE, f"the picture of the card is left out: {unfit}", place, "warning")
        return None
    work.sources[media.digest] = file
    return media


def _media(work: Rendering, files: Iterable[MediaFile]) -> tuple[Media, ...]:
    files = tuple(files)
    leaving = [(file, media) for file in files if (media := _fitted(work, file, work.limits))]
    found = tuple(media for _, media in leaving)
    for kind, most, name in (
        ("image", work.limits.images, "picture"),
        ("video", work.limits.videos, "video"),
        ("application", work.limits.documents, "document"),
    ):
        count = len(media_of_kind(found, kind))
        if count > most:
            allowed = f"at most {most} {'is' if most == 1 else 'are'}" if most else "none is"
            code = "too-many-images" if kind == "image" else f"too-many-{name}s"
            work.wrong(
                code,
                f"{count} {name}{'s' if count > 1 else ''} {work.where}, where {allowed} taken; leave out {count - most}",
                files[0].place,
            )
    pictures, videos = (
        len(media_of_kind(found, "image")),
        [file for file, media in leaving if media.type.startswith("video/")],
    )
    if work.limits.videos_alone and pictures and videos:
        work.wrong(
            "mixed-media",
            f"{videos[0].file.name} is a video beside {pictures} picture{'s' if pictures > 1 else ''} {work.where}, where a "
            "video stands alone; leave out one or the other, or give the video a part of its own in `thread`",
            videos[0].place,
        )
    return found


def _fitted(work: Rendering, file: MediaFile, limits: Limits) -> Media | None:
    try:
        media = fitted(file, limits, work.cache or cache_folder(), work.fetch, work.until)
    except Unfit as unfit:
        work.wrong(unfit.code, str(unfit), file.place, unfit.severity)
        if unfit.instead is None:
            return None
        media = unfit.instead
    work.sources[media.digest] = file.file
    too_long = _excess(len(media.alt), limits.alt or None, "characters", work.where)
    if too_long:
        work.wrong("alt-too-long", f"the alt of {file.file.name} has {too_long}", file.place)
    if media.type.startswith("video/") and media.captions is None:
        work.wrong(
            "no-captions",
            f"{file.file.name} goes out without captions {work.where}, {_instead(limits)}",
            file.place,
            "warning",
        )
    return media


def _instead(limits: Limits) -> str:
    """What would be right where a video has no captions."""
    if not limits.captions:
        return "which takes no caption files; where somebody speaks, burn them into the video, then: ignore: [no-captions]"
    kinds = " or ".join(NAMES[kind] for kind in limits.captions)
    return f"which takes {kinds}; name a file in `captions`; where nobody speaks, or they are in the picture: ignore: [no-captions]"


def _check(work: Rendering, post: Post, used: int, piece: Piece, part: int) -> None:
    limits, name = work.limits, f"part {part + 1}: " if part else ""
    if not post.text and not piece.media and not work.problems:
        work.wrong(
            "empty",
            f"{name}there is nothing to post {work.where}; give it a `text`, a `template` or `media`",
            piece.place,
        )
    too_long = _excess(
        used, limits.text, "characters" if limits.unit == "graphemes" else limits.unit, work.where
    ) or _excess(size_in_bytes(work, piece.marked), limits.text_bytes, "bytes", work.where)
    if too_long:
        work.wrong("too-long", name + too_long, piece.place)
    if part == 0 and not any(problem.severity == "error" for problem in work.problems):
        _check_needs(work, post, piece)
    too_long = _excess(len(post.title), limits.title, "characters", work.where)
    if too_long:
        work.wrong("title-too-long", f"the title has {too_long}", _title_place(work.draft))


def _check_needs(work: Rendering, post: Post, piece: Piece) -> None:
    """What the platform takes no post without."""
    platform, needs = work.draft.account.account.platform, work.limits.needs
    if needs and not any(needs in ("media", one.type.partition("/")[0]) for one in post.media):
        work.wrong(
            "needs-media",
            f"{platform} takes no post without {NEEDED[needs]}; name one under `media`",
            piece.place,
        )
    if work.limits.needs_title and not post.title:
        work.wrong(
            "needs-title",
            f"{platform} takes no post without a title; give it a `title`",
            piece.place,
        )


def _excess(used: int, most: int | None, unit: str, where: str) -> str:
    """What is said of a text that is too long; empty where it is not."""
    return (
        f"{used} of {most} {unit} {where}; shorten it by {used - most}"
        if most is not None and used > most
        else ""
    )


def _title_place(draft: Draft) -> Place:
    return draft.at("title" if draft.content.title is not None else "template")


def _delivery(
    work: Rendering, post: Post, used: int, piece: Piece, part: int, after: str | None
) -> Delivery:
    draft, limits = work.draft, work.limits
    return Delivery(
        key=post.key,
        entry=draft.entry,
        account=draft.account.name,
        platform=draft.account.account.platform,
        due=draft.due,
        part=part,
        after=after,
        grace=draft.grace,
        late=draft.late,
        place=draft.place,
        post=post,
        used=used,
        limit=limits.text,
        unit=limits.unit,
        whole=piece.whole,
        is_split=piece.is_split,
        problems=tuple(work.problems),
        sources=dict(work.sources),
    )
