"""termbell platforms: what each adapter can and needs."""

from dataclasses import asdict
from typing import Literal, get_args, get_origin

import click

from platforms.base import Limits, Platform, Poll, Setting
from platforms.registry import names, platform
from scheduler.cli.options import json_option
from scheduler.cli.output import emit, joined, paint, say


@click.command(short_help="What each platform takes and needs.")
@click.argument("platforms", nargs=-1, metavar="[PLATFORM]...")
@json_option
def command(as_json: bool, platforms: tuple[str, ...]) -> None:
    """Show what each platform takes, where these figures come from, and the keys that an account or a post has there.

    \b
    Examples:
      termbell platforms
      termbell platforms mastodon
      termbell platforms --json
    """
    try:
        known = [platform(name) for name in platforms or names()]
    except LookupError as unknown:
        raise click.UsageError(str(unknown)) from None
    if as_json:
        emit({"platforms": [_plain(one) for one in known]})
        return
    for one in known:
        _show(one)


def features(one: Platform) -> list[str]:
    """What it can do beyond a text."""
    limits = one.limits
    can = {
        "titles": limits.title != 0,
        "html": limits.html,
        "link cards": limits.links,
        "threads": limits.replies,
        "pictures": bool(limits.images),
        "videos": bool(limits.videos),
        "documents": bool(limits.documents),
        "polls": any(row.type is Poll for row in one.options),
        "finds lost posts": one.can_look,
        "verifies credentials": one.whoami is not None,
        "tells its own limits": one.ask_limits is not None,
    }
    return [name for name, has in can.items() if has]


def _show(one: Platform) -> None:
    say(paint(one.name, "cyan", bold=True))
    say(f"  takes    {_takes(one.limits)}")
    say(f"  can      {', '.join(features(one))}")
    say(
        f"  needs    {', '.join(name.replace('_', ' ') for name in one.secrets) or 'no credentials'}"
    )
    for title, rows in (("account", one.settings), ("post", one.options)):
        for number, row in enumerate(rows):
            say(
                joined(
                    f"  {title if not number else '':<8} ",
                    paint(f"{row.name:<16}", bold=True),
                    row.meaning,
                    paint(_details(row), dim=True),
                )
            )
    say(paint(f"  read {one.limits.checked:%Y-%m-%d} from {one.limits.source}\n", dim=True))


def _takes(limits: Limits) -> str:
    text = f"{limits.text:,} {limits.unit}" if limits.text else "a text of any length"
    pictures = (
        f", {limits.images} picture{'s' if limits.images > 1 else ''}" if limits.images else ""
    )
    beside = " or " if limits.videos_alone else ", "
    videos = (
        f"{beside}{limits.videos} video{'s' if limits.videos > 1 else ''}" if limits.videos else ""
    )
    return (
        text
        + pictures
        + videos
        + (
            f" or {limits.documents} document{'s' if limits.documents > 1 else ''}"
            if limits.documents
            else ""
        )
    )


def _details(row: Setting) -> str:
    words = ["required"] if row.required else []
    origin: object = get_origin(row.type)
    words += [" | ".join(map(str, get_args(row.type)))] if origin is Literal else []
    words += [f"default {row.default}"] if row.default is not None else []
    words += [f"e.g. {row.example}"] if row.example and str(row.example) != str(row.default) else []
    return f"  ({'; '.join(words)})" if words else ""


def _plain(one: Platform) -> dict[str, object]:
    return {
        "name": one.name,
        "limits": {**asdict(one.limits), "checked": one.limits.checked.isoformat()},
        "settings": [_row(row) for row in one.settings],
        "options": [_row(row) for row in one.options],
        "secrets": list(one.secrets),
        "features": features(one),
    }


def _row(row: Setting) -> dict[str, object]:
    default = (
        row.default
        if row.default is None or isinstance(row.default, str | int | float | bool)
        else str(row.default)
    )
    return {
        "name": row.name,
        "meaning": row.meaning,
        "required": row.required,
        "default": default,
        "example": row.example,
    }
