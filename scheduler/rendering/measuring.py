"""How long a text is, counted as a platform counts, and as people see it.

`regex` is imported where signs combine: in most texts each stands for itself.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from platforms.base import Limits, Span

SINGLE = re.compile(r"[\x00-\x0c\x0e-\u02ff\u2010-\u2027]*")  # in most texts nothing combines: no accents apart, no emoji, no CR


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


def length(text: str, spans: Sequence[Span], limits: Limits, options: Mapping[str, Any]) -> int:
    """In `limits.unit`, with what the platform counts differently or as well."""
    counted = "".join(str(options.get(name) or "") for name in limits.counted_options) + as_counted(text, spans, limits)
    return len(clusters(counted)) if limits.unit == "graphemes" else len(counted)


def as_counted(text: str, spans: Sequence[Span], limits: Limits) -> str:
    """`text` with links and mentions as long as the platform takes them to be."""
    pieces, done = [], 0
    for span in spans:
        written = text[span.start:span.end]
        if span.kind == "link" and limits.link_length is not None and has_scheme(written):
            pieces += [text[done:span.start], "x" * limits.link_length]
        elif span.kind == "mention" and limits.short_mentions:
            pieces += [text[done:span.start], "@" + span.value.partition("@")[0]]
        else:
            continue
        done = span.end
    return "".join([*pieces, text[done:]])


def has_scheme(link: str) -> bool:
    return link[:8].lower().startswith(("http://", "https://"))
