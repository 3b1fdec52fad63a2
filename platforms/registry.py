"""A platform's name -> its adapter. Only the adapters that are asked for are imported.

Ours are the files beside this one. Others come through the entry-point group `termbell.platforms`; one of them cannot
take the name of a built-in one, so that installing a package never changes where an account's secrets go.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from platforms.base import Platform

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "termbell.platforms"
NOT_ADAPTERS = {"__init__", "base", "graph", "nostr_events", "recent", "registry", "signing"}


def built_in() -> tuple[str, ...]:
    return tuple(
        sorted(
            file.stem
            for file in Path(__file__).parent.glob("*.py")
            if file.stem not in NOT_ADAPTERS
        )
    )


def names() -> tuple[str, ...]:
    """Every platform there is, without importing one."""
    return tuple(sorted({*built_in(), *_installed()}))


def platform(name: str) -> Platform:
    """The adapter of that name. Raises LookupError where there is none that can be used."""
    if name in built_in():
        ours: Platform = import_module(f"platforms.{name}").PLATFORM
        return ours
    theirs = _installed().get(name)
    if theirs is None:
        raise LookupError(f"no platform called '{name}'; there are: {', '.join(names())}")
    return _loaded(theirs)


def _installed() -> "dict[str, EntryPoint]":
    from importlib.metadata import (
        entry_points,
    )  # not needed, and not loaded, where all platforms are ours

    ours = built_in()
    return {point.name: point for point in entry_points(group=GROUP) if point.name not in ours}


def _loaded(point: "EntryPoint") -> Platform:
    by = point.dist.name if point.dist else point.value
    try:
        found = point.load()
    except (ImportError, AttributeError) as fault:
        raise LookupError(
            f"platform '{point.name}' of the package {by} cannot be loaded: {fault}"
        ) from fault
    if not isinstance(found, Platform) or found.name != point.name:
        raise LookupError(
            f"the package {by} offers {point.value} as '{point.name}'; it would have to be a Platform of that name"
        )
    return found
