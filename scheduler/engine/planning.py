"""The person's files -> every delivery there will be. No store, and no network but for pictures that are elsewhere, where that is asked
for: the preview and the daemon start here."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from scheduler.calendar.model import Delivery
from scheduler.calendar.planning import drafts
from scheduler.calendar.reading import read_calendar
from scheduler.config import Config, from_environment, read_config
from scheduler.engine.known_limits import known_limits
from scheduler.engine.rationing import too_many
from scheduler.engine.rehearsal import Rehearsals
from scheduler.problems import Invalid, Problem
from scheduler.rendering import render
from scheduler.rendering.media import Unfit
from scheduler.rendering.templates import Templates


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the files say. `deliveries` is in the order they are due."""

    config: Config
    deliveries: tuple[Delivery, ...]
    problems: tuple[Problem, ...]  # of entries; those of a delivery stand there too
    files: tuple[Path, ...]  # what was read: the config, the calendar files, media
    rehearsals: Rehearsals  # of the deliveries

    @cached_property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def sought(config: Config) -> frozenset[str]:
    """The platforms on which a post that may be up can be looked for."""
    return frozenset(one.platform.name for one in config.accounts.values() if one.platform.find)


FETCHING = 60.0  # seconds that may be spent on everything that one reading fetches


@dataclass
class Remote:
    """Fetches what the calendar's media point at, each once: what failed is not tried again in the same reading."""

    allow: tuple[str, ...]
    until: float = field(default_factory=lambda: time.monotonic() + FETCHING)
    failed: dict[str, str] = field(default_factory=dict)

    def __call__(self, url: str) -> bytes:
        """Raises `Unfit`."""
        from scheduler.engine.fetching import LONGEST, Fetching, NotFetched

        left = self.until - time.monotonic()
        try:
            if url not in self.failed and left > 0:
                return Fetching(allow=self.allow, seconds=min(LONGEST, left))(url).body
        except NotFetched as why:
            self.failed[url] = str(why)
        why_not = self.failed.get(url) or f"what was fetched before it took {FETCHING:g} s already"
        raise Unfit("not-fetched", f"{url} cannot be fetched: {why_not}; look at the address, or keep the file beside the calendar")


def plan(path: Path, *, fetch: bool = False, media_until: float = math.inf) -> Plan:
    """Reads, plans, renders and rehearses. Raises `Invalid` when the config or a calendar file cannot be used.

    What is wrong with one delivery (a template's error, a text that is too long, what its adapter refuses) is in that
    delivery's problems: the others are none the worse. So is a picture or video that is not made ready by `media_until`.
    """
    config = read_config(path)
    calendar = read_calendar(config)
    if any(problem.severity == "error" for problem in calendar.problems):
        raise Invalid(calendar.problems, calendar.files)
    known = known_limits(config)
    limits = {name: known.of(configured) for name, configured in config.accounts.items()}
    templates = Templates((config.templates,))
    remote = Remote(config.fetch_from) if fetch else None
    rehearsals = Rehearsals(config.accounts, (
        delivery
        for draft in drafts(config, calendar.entries)
        for delivery in render(draft, limits[draft.account.name], templates, require_alt=config.require_alt, fetch=remote, until=media_until)
    ))
    deliveries = tuple(rehearsals.judged())
    problems = {*of_reporting(config), *calendar.problems, *too_many(deliveries, limits),
                *(problem for delivery in deliveries for problem in delivery.problems)}
    return Plan(config=config, deliveries=deliveries, problems=tuple(sorted(problems, key=lambda one: (one.place, one.message))),
                files=calendar.files, rehearsals=rehearsals)


def of_reporting(config: Config) -> Iterator[Problem]:
    """What is wrong with how the person is told, or may be; nothing of it keeps posts from going out."""
    if config.health and not config.health.is_loopback:
        yield Problem("health-open", f"config: `health` at {config.health} answers other machines as well; it shows what is overdue, without "
                      "its text. For this machine alone: 127.0.0.1", config.health.place, "warning")
    for address in config.notify:
        try:
            url = from_environment(address.secret.literal or "")
        except KeyError:
            continue  # it has to be there when it is needed, and `doctor` looks
        if url and not _is_known(url):
            yield Problem("unknown-notifier", "config: `notify` has an address that Apprise cannot use; how that of each service is written: "
                          "https://github.com/caronc/apprise/wiki", address.place)


def _is_known(url: str) -> bool:
    from scheduler.engine.telling import is_known  # imports Apprise, which who tells nobody need not wait for

    return is_known(url)
