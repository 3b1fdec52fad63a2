"""The person's files -> every delivery there will be. No store, and no network but for pictures that are elsewhere, where that is asked
for: the preview and the daemon start here."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path

from scheduler.calendar.model import Delivery, Draft
from scheduler.calendar.planning import drafts
from scheduler.calendar.reading import read_calendar
from scheduler.checks import Checks
from scheduler.config import Config, from_environment, read_config
from scheduler.engine.hosts import NO_S3
from scheduler.engine.known_limits import known_limits
from scheduler.engine.noticing import noticed
from scheduler.engine.rationing import too_many
from scheduler.engine.rehearsal import Rehearsals
from scheduler.problems import Invalid, Problem
from scheduler.rendering import render
from scheduler.rendering.cards import CODE, Cards, LookUp, Page, cards_folder
from scheduler.rendering.guard import Guarding, read_roster
from scheduler.rendering.media import Unfit
from scheduler.rendering.proofreading import Proofreader, links_of
from scheduler.rendering.templates import Templates


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the files say. `deliveries` is in the order they are due."""

    config: Config
    deliveries: tuple[Delivery, ...]
    problems: tuple[Problem, ...]  # of entries; those of a delivery stand there too
    files: tuple[Path, ...]  # what was read: the config, the calendar files, media
    rehearsals: Rehearsals  # of the deliveries
    unreachable: tuple[str, ...] = ()  # patterns of calendar files that match nothing
    emptied: frozenset[str] = frozenset()  # calendar files that say that they have no entries
    drafts: tuple[Draft, ...] = ()  # what the deliveries were rendered from

    @cached_property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


FILES = ("zone-name", "file-ignored")  # checks of the files themselves
FETCHING = 60.0  # seconds that may be spent on all media that one reading fetches
CARDS = 30.0  # and on all pages and pictures of link cards: no medium waits for them
PAGE = 10.0  # seconds for one of these, or for a link that is looked at
LARGEST_PAGE = 5_000_000  # bytes
AT_ONCE = 8  # links that are looked at


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
        raise Unfit(
            "not-fetched",
            f"{url} cannot be fetched: {why_not}; look at the address, or keep the file beside the calendar",
        )


@dataclass
class Pages:
    """Reads what the calendar's links lead to, for their cards."""

    allow: tuple[str, ...]
    until: float = field(default_factory=lambda: time.monotonic() + CARDS)

    def page(self, url: str) -> Page:
        """Raises `Unfit`."""
        from scheduler.engine.fetching import Fetching, NotFetched

        left = self.until - time.monotonic()
        try:
            if left > 0:
                found = Fetching(allow=self.allow, size=LARGEST_PAGE, seconds=min(PAGE, left))(url)
                return Page(url=found.url, type=found.type, charset=found.charset, body=found.body)
            why = f"what was read before it took {CARDS:g} s already"
        except NotFetched as not_fetched:
            why = str(not_fetched)
        raise Unfit(CODE, f"{url} cannot be read: {why}", "warning")

    def picture(self, url: str) -> bytes:
        return self.page(url).body


def dead_links(urls: Iterable[str], allow: tuple[str, ...]) -> Mapping[str, str]:
    """Those that do not answer, and why."""
    from concurrent.futures import ThreadPoolExecutor

    from scheduler.engine.fetching import Fetching, NotFetched

    look = Fetching(allow=allow, seconds=PAGE).look

    def why_not(url: str) -> str:
        try:
            look(url)
            return ""
        except NotFetched as why:
            return str(why)

    asked = list(dict.fromkeys(urls))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {url: why for url, why in zip(asked, pool.map(why_not, asked), strict=True) if why}


def plan(
    path: Path,
    *,
    fetch: bool = False,
    links: bool = False,
    now: datetime | None = None,
    media_until: float = math.inf,
) -> Plan:
    """Reads, plans, renders, proofreads and rehearses. Raises `Invalid` when the config or a calendar file cannot be used.

    What is wrong with one delivery (a template's error, a text that is too long, what its adapter refuses) is in that
    delivery's problems: the others are none the worse. So is a picture or video that is not made ready by `media_until`.
    """
    config = read_config(path)
    calendar = read_calendar(config)
    if any(problem.severity == "error" for problem in calendar.problems):
        raise Invalid(calendar.problems, calendar.files)
    guarding, files = _guarding(config, calendar.files)
    known = known_limits(config)
    limits = {name: known.of(configured) for name, configured in config.accounts.items()}
    templates = Templates((config.templates,))
    remote = Remote(config.fetch_from) if fetch else None
    cards = _cards(config, fetch, now or datetime.now(UTC))
    rendered = [
        (
            draft,
            render(
                draft,
                limits[draft.account.name],
                templates,
                require_alt=config.require_alt,
                fetch=remote,
                until=media_until,
                cards=cards(draft),
            ),
        )
        for draft in drafts(config, calendar.entries)
    ]
    dead = (
        dead_links(
            (url for _, some in rendered for one in some for url in links_of(one)),
            config.fetch_from,
        )
        if links
        else {}
    )
    reader = Proofreader(checks=config.checks, quiet=config.quiet, guarding=guarding, dead=dead)
    ignored = {draft.entry for draft, _ in rendered if "platform-notice" in draft.ignore}
    rehearsals = Rehearsals(
        config.accounts,
        (one for draft, some in rendered for one in reader.read(draft, some)),
        hosts_media=config.media_host is not None,
        severity=lambda one: (
            "off" if one.entry in ignored else config.checks.severity("platform-notice")
        ),
    )
    deliveries = tuple(rehearsals.judged())
    problems = {
        *_as_set(config.checks, (*config.warnings, *calendar.problems)),
        *of_reporting(config),
        *of_hosting(config),
        *(guarding.problems if guarding else ()),
        *too_many(deliveries, limits),
        *noticed(config, deliveries, (now or datetime.now(UTC)).date()),
        *(problem for one in deliveries for problem in one.problems),
    }
    return Plan(
        config=config,
        deliveries=deliveries,
        problems=tuple(sorted(problems, key=lambda one: (one.place, one.message))),
        files=files,
        rehearsals=rehearsals,
        unreachable=calendar.unreachable,
        emptied=calendar.emptied,
        drafts=tuple(draft for draft, _ in rendered),
    )


def _as_set(checks: Checks, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems of the files themselves, with the severity that the person gave their code."""
    for problem in problems:
        severity = checks.severity(problem.code) if problem.code in FILES else problem.severity
        if severity != "off":
            yield replace(problem, severity=severity)


def _cards(config: Config, fetch: bool, now: datetime) -> Callable[[Draft], LookUp]:
    """How the link cards of a draft are looked up."""
    pages, folder = Pages(config.fetch_from), cards_folder()
    cards = (
        Cards(folder=folder, read=pages.page, fetch=pages.picture)
        if fetch
        else Cards(folder=folder)
    )

    def of(draft: Draft) -> LookUp:
        is_over = draft.late != "publish" and draft.due + timedelta(seconds=draft.grace) < now
        return partial(cards.of, is_over=is_over, is_due=draft.due < now)

    return of


def _guarding(config: Config, files: tuple[Path, ...]) -> tuple[Guarding | None, tuple[Path, ...]]:
    """The guard with its roster, and the files with it. Raises `Invalid`: a guard that cannot be read lets nothing pass."""
    guard = config.guard
    if guard.names is None:
        return (Guarding(guard=guard) if guard.patterns else None), files
    files = (*files, guard.names)
    if not guard.names.is_file():
        raise Invalid(
            [
                Problem(
                    "guard-roster",
                    f"guard: there is no roster {guard.names}; write one name a line into it",
                    guard.place,
                )
            ],
            files,
        )
    name = (
        guard.names.relative_to(config.folder).as_posix()
        if guard.names.is_relative_to(config.folder)
        else guard.names.name
    )
    try:
        return Guarding(guard=guard, roster=read_roster(guard.names, name)), files
    except Invalid as invalid:
        raise Invalid(invalid.problems, files) from None


def of_reporting(config: Config) -> Iterator[Problem]:
    """What is wrong with how the person is told, or may be; nothing of it keeps posts from going out."""
    if config.health and not config.health.is_loopback:
        yield Problem(
            "health-open",
            f"config: `health` at {config.health} answers other machines as well; it shows what is overdue, without "
            "its text. For this machine alone: 127.0.0.1",
            config.health.place,
            "warning",
        )
    for address in config.notify:
        try:
            url = from_environment(address.secret.literal or "")
        except KeyError:
            continue  # it has to be there when it is needed, and `doctor` looks
        if url and not _is_known(url):
            yield Problem(
                "unknown-notifier",
                "config: `notify` has an address that Apprise cannot use; how that of each service is written: "
                "https://github.com/caronc/apprise/wiki",
                address.place,
            )


def of_hosting(config: Config) -> Iterator[Problem]:
    """Whether what the `media_host` needs is installed."""
    if config.media_host and config.media_host.kind == "s3" and find_spec("obstore") is None:
        yield Problem("no-extra", NO_S3, config.media_host.place)


def _is_known(url: str) -> bool:
    from scheduler.engine.telling import (
        is_known,
    )  # imports Apprise, which who tells nobody need not wait for

    return is_known(url)
