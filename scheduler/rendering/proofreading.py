"""The checks of `scheduler/checks.py`, done: what of a finished post its author should look at once more.

Each looks at one delivery and says what it sees, in a line that ends with what would be right. They are warnings unless the config
says otherwise, so that none of them keeps a post from going out.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from scheduler.calendar.model import Delivery, Draft
from scheduler.checks import SETTABLE, Checks, Quiet
from scheduler.problems import Place, Problem
from scheduler.rendering.finding import blanked
from scheduler.rendering.guard import Guarding

FILE_NAME = re.compile(
    r"[\w .()+-]*\.(?:jpe?g|png|gif|webp|avif|heic|heif|tiff?|bmp|svg|mp4|m4v|mov|webm)",
    re.IGNORECASE,
)
CAMERA = re.compile(
    r"(?:IMG|DSC[NF]?|PXL|MVI|VID|GOPR|WhatsApp (?:Image|Video)|Screen ?shot|Bildschirmfoto)[\s_-]?[\d_-][\w .:_-]*",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
PERHAPS_CAPITALS = re.compile(r"[^\W\d_a-z]{2}")
PERHAPS_EMOJI = re.compile("[\u203c-\u3299\U0001f000-\U0001faff\ufe0f\u20e3]")
SHORT_TAG = 8  # letters; below, a tag is read as one word
SHORT_WORD = 3  # letters; shorter ones make up too many words


@dataclass(kw_only=True)
class Proofreader:
    """Looks through the deliveries of one reading of the calendar, in the order they are due."""

    checks: Checks
    quiet: Quiet = field(default_factory=Quiet)
    guarding: Guarding | None = None
    dead: Mapping[str, str] = field(default_factory=dict)  # link that does not answer -> why
    said: dict[tuple[str, str], tuple[datetime, str]] = field(
        default_factory=dict
    )  # account and text -> when, and in which entry

    def __post_init__(self) -> None:
        self._active = [
            (code, look, key)
            for code, (look, key) in LOOKS.items()
            if self.checks.severity(code) != "off"
        ]

    def read(self, draft: Draft, deliveries: Sequence[Delivery]) -> Iterator[Delivery]:
        """The deliveries with what was seen."""
        for one in deliveries:
            seen = [
                *(problem for problem in one.problems if self._counts(draft, problem.code)),
                *self._looked(draft, one),
            ]
            found = [self._weighed(problem) for problem in seen]
            yield replace(one, problems=tuple(found)) if found or one.problems else one

    def _looked(self, draft: Draft, one: Delivery) -> Iterator[Problem]:
        for code, look, key in self._active:
            if code not in draft.ignore:
                for message in look(self, one, self.checks.number(code)):
                    yield Problem(
                        code,
                        f"{one.entry}: {message}",
                        place(draft, one, key),
                        self.checks.severity(code),
                    )
        if self.guarding:
            for code, key, message in self.guarding.found(one, draft.ignore):
                yield Problem(code, f"{one.entry}: {message}", place(draft, one, key))

    def _counts(self, draft: Draft, code: str) -> bool:
        return code not in SETTABLE or (
            code not in draft.ignore and self.checks.severity(code) != "off"
        )

    def _weighed(self, problem: Problem) -> Problem:
        """What was met while rendering, as severe as the config says."""
        return (
            replace(problem, severity=self.checks.severity(problem.code))
            if problem.code in SETTABLE
            else problem
        )


def place(draft: Draft, one: Delivery, key: str) -> Place:
    """Where `key` of the entry stands; of a further part's text, where that is."""
    content = draft.content
    if one.part and key == "text":
        for part in content.thread:
            if part.text.strip() and part.text.strip() in one.post.text:
                return part.place
        if not one.is_split:
            return draft.at("first_comment" if content.first_comment else "template")
    if key in ("text", "title", "summary") and getattr(content, key) is None:
        return draft.at("template")
    return draft.at(key)


def alt_file_name(reader: Proofreader, one: Delivery, number: int) -> Iterator[str]:
    for media in one.post.media:
        alt, source = media.alt.strip(), one.sources.get(media.digest, media.file)
        of_its_own = alt.casefold() == source.stem.casefold() and not alt.isalpha()
        if alt and (of_its_own or FILE_NAME.fullmatch(alt) or CAMERA.fullmatch(alt)):
            yield f"the alt of {source.name} is the name of a file: {alt}; say what it shows"


def tag_case(reader: Proofreader, one: Delivery, letters: int) -> Iterator[str]:
    for span in one.post.spans:
        if (
            span.kind == "tag"
            and len(span.value) >= SHORT_TAG
            and span.value.isalpha()
            and span.value.islower()
        ):
            words = made_of(span.value, own_words(one))
            if words:
                yield (
                    f"#{span.value} is made of words of its own post, in lower case; write #{''.join(map(str.capitalize, words))}, so that "
                    "screen readers read words"
                )
            elif len(span.value) > letters:
                yield (
                    f"#{span.value} has {len(span.value)} letters in lower case; if it is several words, begin each with a capital, so that "
                    "screen readers read words"
                )


def own_words(one: Delivery) -> frozenset[str]:
    text = f"{one.post.title} {one.post.summary} {without(one, 'tag', 'link')}"
    return frozenset(
        word for word in map(str.casefold, WORD.findall(text)) if len(word) >= SHORT_WORD
    )


def made_of(tag: str, words: frozenset[str]) -> list[str]:
    """Two or more words that make up the tag; none where there are no such."""
    longest = max(map(len, words), default=0)
    ends: dict[int, list[str]] = {0: []}
    for end in range(1, len(tag) + 1):
        for start in range(max(0, end - longest), end):
            if start in ends and tag[start:end] in words:
                ends[end] = [*ends[start], tag[start:end]]
                break
    found = ends.get(len(tag), [])
    return found if len(found) > 1 else []


def without(one: Delivery, *kinds: str) -> str:
    """The text with its spans of these kinds blanked."""
    return blanked(
        one.post.text,
        (range(span.start, span.end) for span in one.post.spans if span.kind in kinds),
    )


def emoji_row(reader: Proofreader, one: Delivery, most: int) -> Iterator[str]:
    if PERHAPS_EMOJI.search(one.post.text):
        for row in emoji_rows().finditer(one.post.text):
            count = len(emoji().findall(row[0]))
            if count > most:
                yield f"{count} emoji in a row, {row[0].strip()}; leave some out: a screen reader reads out the name of each"


@cache
def emoji() -> Any:
    import regex  # type: ignore[import-untyped]  # loaded for texts that may have emoji

    one = (
        r"(?:\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3|(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Emoji}(?=\p{Emoji_Modifier}))"
        r"\p{Emoji_Modifier}?(?:[\U000E0020-\U000E007F]*)(?:\u200D\p{Emoji}\uFE0F?\p{Emoji_Modifier}?)*)"
    )
    return regex.compile(one)


@cache
def emoji_rows() -> Any:
    import regex

    return regex.compile(
        rf"(?:{emoji().pattern}\s*+)++"
    )  # possessive: what was taken is not tried again in other ways


def no_words(reader: Proofreader, one: Delivery, number: int) -> Iterator[str]:
    if one.post.media and not re.search(r"\w", without(one, "tag", "link", "mention")):
        yield "there is not a word beside what it shows; say in `text` what it is about, for those who do not see it and for search"


def capitals(reader: Proofreader, one: Delivery, most: int) -> Iterator[str]:
    if not PERHAPS_CAPITALS.search(one.post.text):
        return
    run: list[str] = []
    for word in [*WORD.findall(without(one, "tag", "link", "mention")), ""]:
        if word.isupper():
            run.append(word)
            continue
        if sum(len(one) > 1 for one in run) > most:
            shown = " ".join(run[:6]) + (" …" if len(run) > 6 else "")
            yield f'{len(run)} words in capitals in a row, "{shown}"; write them in small letters, which are easier to read'
        run = []


def dead_link(reader: Proofreader, one: Delivery, number: int) -> Iterator[str]:
    for url in links_of(one) if reader.dead else ():
        if url in reader.dead:
            yield f"{url} does not answer: {reader.dead[url]}; mend the address"


def links_of(one: Delivery) -> list[str]:
    """Every address that a reader may follow."""
    found = [span.value for span in one.post.spans if span.kind == "link"]
    return list(dict.fromkeys([*found, *([one.post.link.url] if one.post.link else [])]))


def same_text(reader: Proofreader, one: Delivery, days: int) -> Iterator[str]:
    if one.part or not one.post.text:
        return
    name = one.account, " ".join(one.post.text.split()).casefold()
    due, entry = reader.said.get(name, (None, ""))
    reader.said[name] = one.due, one.entry
    if due and one.due - due <= timedelta(days=days):
        yield f"{one.account} has the same text on {due:%Y-%m-%d} already ({entry}); say it in other words, or more than {days} days later"


def at_night(reader: Proofreader, one: Delivery, number: int) -> Iterator[str]:
    if reader.quiet.night is None or one.part:
        return
    start, end = reader.quiet.night
    at = one.due.timetz().replace(tzinfo=None)
    if (start <= at < end) if start < end else (at >= start or at < end):
        yield f"{at:%H:%M} is in the night, which `quiet` has from {start:%H:%M} to {end:%H:%M}; move it"


def in_break(reader: Proofreader, one: Delivery, number: int) -> Iterator[str]:
    for rest in reader.quiet.breaks if one.part == 0 else ():
        if rest.first <= one.due.date() <= rest.last:
            yield f"{one.due:%Y-%m-%d} is in {rest.name or 'a break'}, from {rest.first} to {rest.last}; move it"


Look = Callable[[Proofreader, Delivery, int], Iterator[str]]
LOOKS: Mapping[
    str, tuple[Look, str]
] = {  # code -> what looks, and the key of the entry where what it sees stands
    "alt-file-name": (alt_file_name, "media"),
    "tag-case": (tag_case, "text"),
    "emoji-row": (emoji_row, "text"),
    "no-words": (no_words, "text"),
    "capitals": (capitals, "text"),
    "dead-link": (dead_link, "link"),
    "same-text": (same_text, "text"),
    "at-night": (at_night, "when"),
    "in-break": (in_break, "when"),
}
