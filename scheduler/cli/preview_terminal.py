"""A preview as lines for a terminal or a pipe, grouped by day. In a pipe texts are not wrapped, so that they can be searched."""

import shutil
import sys
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date

from platforms.base import Link, Media
from scheduler.calendar.model import Delivery
from scheduler.cli.output import Painted, as_line, harmless, joined, paint, plain
from scheduler.cli.preview import NEARLY, Preview
from scheduler.problems import Problem

WIDEST = 96  # columns; longer lines are hard to read
UNWRAPPED = 1_000_000
GAUGE = 10  # cells


def lines(preview: Preview) -> Iterator[Painted]:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    day: date | None = None
    for one in preview.deliveries:
        if one.due.date() != day:
            day = one.due.date()
            yield joined("\n", _heading(f"{day:%A} {day.day} {day:%B %Y}", width))
        is_past = one.due < preview.now
        for line in _delivery(preview, one, width):
            yield paint(plain(line), dim=True) if is_past else line
        yield from _requests(preview, one)
    yield joined("\n", paint("─" * width, dim=True))
    yield from map(as_line, preview.elsewhere)
    wrong = any(problem.severity == "error" for problem in preview.problems)
    yield paint(
        preview.summary, "red" if wrong else "yellow" if preview.problems else "green", bold=True
    )


def _heading(day: str, width: int) -> Painted:
    return joined(paint(day, bold=True), " ", paint("─" * (width - len(day) - 1), dim=True))


def _delivery(preview: Preview, one: Delivery, width: int) -> Iterator[Painted]:
    """A bar down the left; a thread's further parts hang on the one before."""
    parts = preview.parts(one)
    number = f"{one.part + 1} of {parts}" if parts > 1 else ""
    yield joined("  ", paint("│", dim=True)) if one.part else Painted("")
    yield (
        joined("  ", paint("├─ ", dim=True), number)
        if one.part
        else _who(one, number, one.due < preview.now, width)
    )
    wrapping = width - 4 if sys.stdout.isatty() else UNWRAPPED
    for line in _content(preview, one, wrapping):
        yield joined("  ", paint("│ " if line else "│", dim=True), line)
    last = one.part + 1 == parts
    yield joined("  ", paint("╰ " if last and not one.problems else "│ ", dim=True), _length(one))
    for number_of_problem, problem in enumerate(one.problems, 1):
        corner = "╰ " if last and number_of_problem == len(one.problems) else "│ "
        yield joined("  ", paint(corner, dim=True), _problem(problem))


def _who(one: Delivery, number: str, is_past: bool, width: int) -> Painted:
    left = joined(
        "  ",
        paint(f"{one.due:%H:%M}", bold=True),
        f" {one.due:%Z}  ",
        paint(one.account, "cyan", bold=True),
        paint(f" on {one.platform}" if one.platform != one.account else "", dim=True),
        f"  {number}" if number else "",
        paint("  past", dim=True) if is_past else "",
    )
    gap = max(2, width - cells(plain(left)) - cells(one.entry))
    return joined(left, " " * gap, paint(one.entry, dim=True))


def _content(preview: Preview, one: Delivery, width: int) -> Iterator[Painted]:
    """Title and summary, text, and what goes beside it, with an empty line between."""
    post = one.post
    head = [paint(line, bold=True) for line in _wrapped_if_any(post.title, width)]
    head += [paint(line, dim=True) for line in _wrapped_if_any(preview.summary_of(one), width)]
    text = [joined(line) for line in _wrapped_if_any(post.text, width)]
    beside = [*_options(post.options), *(_card(post.link, width) if post.link else ())]
    for media in post.media:
        beside += _picture(media, preview.file(one, media), preview.alt(one, media), width)
    for number, block in enumerate(block for block in (head, text, beside) if block):
        yield from ([Painted("")] if number else [])
        yield from block


def _options(options: Mapping[str, object]) -> Iterator[Painted]:
    for name, value in options.items():
        if isinstance(value, Mapping) and "answers" in value:
            sign = "□ " if value.get("multiple") else "○ "
            yield from (joined(paint(sign, "magenta"), str(answer)) for answer in value["answers"])
            yield paint(f"  for {value.get('hours')} hours", dim=True)
        elif value not in (None, ""):
            yield joined(paint(f"{name.replace('_', ' ')}: ", dim=True), str(value))


def _card(link: Link, width: int) -> Iterator[Painted]:
    yield joined(paint("↗ ", "blue"), paint(link.title or link.url, "blue"))
    for line in _wrapped_if_any(link.description, width - 2):
        yield joined("  ", paint(line, dim=True))
    if link.title:
        yield joined("  ", paint(link.url, dim=True))


def _picture(media: Media, file: str, alt: str, width: int) -> Iterator[Painted]:
    size = f"{media.width} × {media.height}, " if media.width else ""
    yield joined(
        paint("▣ ", "magenta"),
        file,
        paint(f"  {size}{max(1, round(media.size / 1000)):,} kB", dim=True),
    )
    for line in wrapped(alt, width - 2):
        yield joined("  ", paint(line, "magenta" if alt == media.alt else "yellow"))


def _length(one: Delivery) -> Painted:
    if not one.limit:
        return paint(f"{one.used:,} {one.unit}", dim=True)
    share = one.used / one.limit
    colour = "red" if share > 1 else "yellow" if share >= NEARLY else "green"
    filled = min(GAUGE, round(share * GAUGE))
    return joined(
        paint("━" * filled, colour),
        paint("─" * (GAUGE - filled), dim=True),
        " ",
        paint(f"{one.used}/{one.limit}", colour, bold=share >= NEARLY),
        paint(f" {one.unit}{one.fitted and ', ' + one.fitted}", dim=True),
    )


def _problem(problem: Problem) -> Painted:
    sign = (
        paint("✗ ", "red", bold=True)
        if problem.severity == "error"
        else paint("! ", "yellow", bold=True)
    )
    return joined(sign, as_line(problem))


def _requests(preview: Preview, one: Delivery) -> Iterator[Painted]:
    for number, request in enumerate((preview.requests or {}).get(one.key, ()), 1):
        yield joined(
            "\n    ",
            paint(f"{number} {request['step']}", "yellow", bold=True),
            f"  {request['method']} {request['url']}",
        )
        headers, body = request["headers"], str(request["body"])
        for name, value in headers.items() if isinstance(headers, Mapping) else ():
            yield joined("      ", paint(f"{name}: ", dim=True), str(value))
        if body:
            yield joined("\n", textwrap.indent(harmless(body.rstrip("\n")), "      "))


def cells(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width

    return sum(
        0 if category(sign) in ("Mn", "Me", "Cf") else 2 if east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def _wrapped_if_any(text: str, width: int) -> Iterator[str]:
    return wrapped(text, width) if text else iter(())


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns; a word that is wider, e.g. an address, stays whole."""
    for paragraph in harmless(text).split("\n"):
        line, *words = paragraph.split(" ")
        used = cells(line)
        for word in words:
            taken = cells(word)
            if used + 1 + taken > width:
                yield line
                line, used = word, taken
            else:
                line, used = f"{line} {word}", used + 1 + taken
        yield line
