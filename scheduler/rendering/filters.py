"""What an author of templates needs beyond Jinja's own filters: dates, tags, shortening, plurals.

Dates and plurals follow `language`, a name that every template has. Values come from YAML, so that a date may be a text.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import pass_context
from jinja2.exceptions import TemplateRuntimeError
from jinja2.runtime import Context, Undefined

from scheduler.dates import ONLY_DATE, ONLY_TIME, parse_date, parse_datetime, parse_time
from scheduler.rendering.measuring import clusters

if TYPE_CHECKING:
    from babel import Locale

CATEGORIES = ("zero", "one", "two", "few", "many", "other")  # CLDR's, in its order


@pass_context
def date_in_words(context: Context, value: object, format: str = "long") -> str:
    """`{{ due | date }}`, `{{ starts | date("EEEE, d MMMM") }}`: "short" to "full", or a CLDR pattern."""
    from babel.dates import format_date

    return format_date(_day(value), format, _locale(context))


@pass_context
def time_in_words(context: Context, value: object, format: str = "short") -> str:
    """`{{ starts | time }}`: the wall-clock time as it is written in the language."""
    from babel.dates import format_time

    moment = _moment(value)
    if moment is None:
        raise TemplateRuntimeError(f"'{value}' has no time of day; write 2026-09-07 18:30 or 18:30")
    return format_time(moment, format, locale=_locale(context))


def is_timed(value: object) -> bool:
    """`{% if starts is timed %}`: whether there is a time of day in it."""
    return _moment(value) is not None


def _day(value: object) -> date:
    read = _parsed(value) if isinstance(value, str) else value
    if not isinstance(read, date):
        raise TemplateRuntimeError(
            f"'{_text(value)}' is no date; write 2026-09-07 or 2026-09-07 18:30"
        )
    return read


def _moment(value: object) -> time | None:
    if isinstance(value, str) and ONLY_TIME.fullmatch(value.strip()):
        return parse_time(value)
    read = _parsed(value) if isinstance(value, str) else value
    if isinstance(read, datetime):
        return read.time()
    return read if isinstance(read, time) else None


def _parsed(text: str) -> date | None:
    try:
        return parse_date(text) if ONLY_DATE.fullmatch(text.strip()) else parse_datetime(text)
    except ValueError:
        return None


def hashtags(value: object, most: int | None = None) -> str:
    """`["professional learning", edtech]` or `professional learning, edtech` -> `#ProfessionalLearning #Edtech`.

    Words without a comma are a tag each. What is left without a letter is no tag anywhere, so it is left out.
    """
    tags = {
        tag.casefold(): f"#{tag}"
        for tag in reversed([*map(_tag, _listed(value))])
        if any(map(str.isalpha, tag))
    }
    return " ".join(list(reversed(tags.values()))[:most])


def _listed(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return value.split("," if "," in value else None)
    if isinstance(value, Undefined) or not isinstance(value, Iterable):
        raise TemplateRuntimeError(f"'{_text(value)}' is neither words nor a list of them")
    return map(str, value)


def _tag(words: str) -> str:
    pieces = ["".join(filter(_stays_in_tag, word)) for word in re.split(r"[\s/–—-]+", words)]
    return "".join(
        piece if piece != piece.lower() else piece[:1].title() + piece[1:] for piece in pieces
    )


def _stays_in_tag(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN" or sign in "_\u200c\u200d"


def shorten(value: object, most: int) -> str:
    """At most `most` characters as people see them, cut at a word, with an ellipsis where something is cut off."""
    text = str(value).strip()
    seen = clusters(text)
    if len(seen) <= most:
        return text
    if most < 2:
        return "…"[: max(most, 0)]
    kept = "".join(seen[: most - 1])
    if not seen[most - 1].isspace():
        kept = _at_a_word(kept)
    return kept.rstrip().rstrip(",;:.!?–—-(").rstrip() + "…"


def _at_a_word(kept: str) -> str:
    """Without the last, broken word; but scripts that set no spaces, and words like sentences, are cut within."""
    whole, space, rest = next(iter(re.findall(r"(?s)^(.*)(\s)(\S*)$", kept)), ("", "", kept))
    if space and (len(rest) <= max(20, len(kept) // 3) or "://" in rest):
        return whole
    return "" if "://" in rest and not space else kept


@pass_context
def plural(context: Context, number: object, *forms: str) -> str:
    """`{{ seats }} {{ seats | plural("seat", "seats") }}`; as many forms as the language has, in CLDR's order."""
    if not isinstance(number, int | float) or len(forms) < 2:
        raise TemplateRuntimeError(
            f"plural needs a number and two forms or more, e.g. {{{{ {_text(number)} | plural('seat', 'seats') }}}}"
        )
    rule = _locale(context).plural_form
    category = rule(number)
    if len(forms) == 2:
        return forms[0] if category == "one" else forms[1]
    place = [name for name in CATEGORIES if name in rule.tags or name == "other"].index(category)
    return forms[min(place, len(forms) - 1)]


def _locale(context: Context) -> "Locale":
    language = context.get("language")
    if not isinstance(language, str):
        raise TemplateRuntimeError(
            'the language is not known here; import macros so: {% import "_macros.j2" as m with context %}'
        )
    return locale(language)


@cache
def locale(language: str) -> "Locale":
    """The one babel has data for that is nearest: `de-XX` is read as `de`, an unknown language as English."""
    from babel import Locale, UnknownLocaleError

    wanted = language.replace("-", "_")
    for identifier in (wanted, wanted.partition("_")[0]):
        try:
            return Locale.parse(identifier)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def _text(value: object) -> str:
    return "an undefined value" if isinstance(value, Undefined) else str(value)


FILTERS = {
    "date": date_in_words,
    "time": time_in_words,
    "hashtags": hashtags,
    "shorten": shorten,
    "plural": plural,
}
TESTS = {"timed": is_timed}
