"""How long a text is, counted as a platform counts, and as people see it.

A platform's unit and what it counts otherwise (links, mentions, a content warning) stand in its `Limits`.

`regex` is imported where signs combine: in most texts each stands for itself.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from platforms.base import Limits, Span, Unit

# What neither combines with its neighbours nor is a pictograph that could; CR is not among it, because it does with LF. Latin, IPA, Greek,
# Cyrillic, dashes and quotes, currencies, letter-like signs and arrows without the pictographs, CJK signs, kana without the sound marks,
# ideographs, full-width forms without the half-width sound marks.
SINGLE = re.compile(
    r"[\x00-\x0c\x0e-\xa8\xaa-\xad\xaf-\u02ff\u0370-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u203b\u20a0-\u20c0\u2190-\u2193"
    r"\u3001-\u3029\u3041-\u3096\u309d-\u30ff\u4e00-\u9fff\uff01-\uff9d]*"
)
LIGHT = re.compile(
    "[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]+"
)  # weighs 1 each (twitter-text, config v3); anything else 2
COMPOSED = re.compile(
    "[\u0000-\u02ff\u2002-\u206f\u3001-\u3029\u3030-\u3096\u309b-\u30ff\u4e00-\u9fff]*"
)  # what NFC leaves as it is
PICTURED = re.compile(
    "[\xa9\xae\u203c-\u2bff\u3030-\u3299\U0001f000-\U0001faff]"
)  # every emoji has one of these


def clusters(text: str) -> Sequence[str]:
    """What a reader takes for single characters: extended grapheme clusters (UAX 29)."""
    if SINGLE.fullmatch(text):
        return text
    found: list[str] = _cluster().findall(text)
    return found


@cache
def _cluster() -> Any:
    import regex  # type: ignore[import-untyped]

    return regex.compile(r"\X")


@cache
def _emoji() -> Any:
    """A flag, a keycap, or a pictograph with what is joined to it (skin tone, variation, tags, further ones by ZWJ)."""
    import regex

    person = r"\p{Emoji}(?:\p{EMod}|\uFE0F)?(?:[\U000E0020-\U000E007E]+\U000E007F)?"
    return regex.compile(
        rf"\p{{RI}}\p{{RI}}|[0-9#*]\uFE0F?\u20E3|(?![0-9#*]){person}(?:\u200D{person})*"
    )


def emoji(text: str) -> Sequence[str]:
    return _emoji().findall(text) if PICTURED.search(text) else ()


def utf16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def weight(text: str) -> int:
    """twitter-text's, config v3: of the composed text (NFC), an emoji 2 whatever it is joined of, anything else by its range."""
    if text.isascii():
        return len(text)
    if not COMPOSED.fullmatch(text):
        text = unicodedata.normalize("NFC", text)
    return by_range(text) - sum(by_range(one) - 2 for one in emoji(text) if len(one) > 1)


def by_range(text: str) -> int:
    return len(text) + len(LIGHT.sub("", text))


def with_emoji_as_bytes(text: str) -> int:
    """An emoji is as long as its UTF-8 is, anything else 1."""
    return len(text) + sum(len(one.encode()) - len(one) for one in emoji(text))


UNITS: Mapping[Unit, Callable[[str], int]] = {
    "characters": len,
    "graphemes": lambda text: len(clusters(text)),
    "UTF-16 units": utf16_units,
    "bytes": utf8_bytes,
    "weighted characters": weight,
    "characters, emoji as bytes": with_emoji_as_bytes,
}


def length(text: str, spans: Sequence[Span], limits: Limits, options: Mapping[str, Any]) -> int:
    """In `limits.unit`, with what the platform counts differently or as well. `spans` are those that it finds (`finding.spans`)."""
    further = "".join(str(options.get(name) or "") for name in limits.counted_options)
    return UNITS[limits.unit](further + as_counted(text, spans, limits))


def as_counted(text: str, spans: Sequence[Span], limits: Limits) -> str:
    """`text` with links and mentions as long as the platform takes them to be."""
    if not spans or (limits.link_length is None and not limits.short_mentions):
        return text
    pieces, done = [], 0
    for span in spans:
        pieces += [text[done : span.start], counted_for(span, text, limits)]
        done = span.end
    return "".join([*pieces, text[done:]])


def counted_for(span: Span, text: str, limits: Limits) -> str:
    if span.kind == "link" and limits.link_length is not None:
        return "x" * limits.link_length
    if span.kind == "mention" and limits.short_mentions:
        return "@" + span.value.partition("@")[0]
    return text[span.start : span.end]
