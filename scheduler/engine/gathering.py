"""What a person has to be told, gathered into one message for each notifier.

The first notice waits a minute for others: a platform that is down, or a power cut, makes many at once. Each notifier is
told by itself; one that failed is tried again after growing pauses, and one that took a message does not get it again
because of another. A notice is taken off the list after it was told, so that a crash in between tells it twice and never
not at all.

A store that fails cannot hold a notice of its own failing. Those are kept in memory, and told directly.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from platforms.base import LoginNeeded
from scheduler.config import Config
from scheduler.engine.credentials import Credentials
from scheduler.engine.retrying import pause
from scheduler.engine.telling import Letter, named, send_apart
from scheduler.store import Store, StoreFailed
from scheduler.store.notices import Notice

GATHER = timedelta(seconds=60)  # that the first notice waits for others
OLD = timedelta(hours=24)  # what is older is told with the day it began
CALM = 60.0  # seconds without a fault, after which the store works again: reading may go well while writing does not
SHOWN = 10  # of one kind in a message
URGENT = ("handoff",)  # waits for no others, and is never cut short: the post is in it
COUNTED = ("handoff", "failed", "missed", "in doubt", "late", "held")
GOOD = ("handoff", "store works", "calendar valid", "calendar back", "daemon back", "cancelled")
ORDER = (
    "handoff",
    "store",
    "store works",
    "in doubt",
    "failed",
    "missed",
    "late",
    "held",
    "problem",
    "past",
    "new store",
    "like",
    "calendar gone",
    "calendar shrank",
    "calendar back",
    "cancelled",
    "token ending",
    "calendar invalid",
    "calendar valid",
    "daemon back",
)
TITLES = {
    "handoff": "to publish yourself",
    "late": "late and waiting for your word",
    "problem": "held by a problem in the calendar",
    "past": "posts of the past are held",
    "new store": "posts that may be published already are held",
    "like": "held, as they look like published posts",
    "cancelled": "posts were cancelled",
    "calendar gone": "the calendar is gone",
    "calendar back": "the calendar is back",
    "calendar shrank": "entries are missing from the calendar",
    "store": "the store fails",
    "store works": "the store works again",
}
REMEDIES = {
    "handoff": "When it is up: termbell resolve KEY --published URL; or --again, to be told once more; or --drop",
    "in doubt": "Look whether it is up, then: termbell resolve KEY --published URL | --again | --drop",
    "failed": "Mend the cause, then: termbell retry KEY, or: termbell cancel KEY",
    "missed": "Send it after all: termbell retry KEY, or let it be: termbell cancel KEY",
    "late": "Send it after all: termbell retry KEY, or let it be: termbell cancel KEY",
    "held": "Its posts wait until you log in: termbell login ACCOUNT",
    "problem": "See: termbell check",
    "past": "Publish them all: termbell release --all; or none: termbell release --drop",
    "new store": "Look, then: termbell release --all, or: termbell release --drop",
    "like": "Drop them all: termbell release --drop; or one by one: termbell cancel KEY, termbell retry KEY",
    "cancelled": "If that was a mistake, bring the entries back, and they are planned again",
    "calendar gone": "The plan stays in force; bring the folder back, or say `posts: []`",
    "calendar shrank": "If they are not back within 10 minutes, they are cancelled",
    "calendar invalid": "See: termbell check",
    "store": "See: termbell doctor",
}
log = logging.getLogger("termbell")


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """One URL of `notify`, looked up; without a `url`, why it has none."""

    name: str
    url: str = field(default="", repr=False)
    why: str = ""


def notifiers(config: Config, credentials: Credentials) -> list[Notifier]:
    found = []
    for number, address in enumerate(config.notify, 1):
        try:
            url = credentials.address(address)
            found.append(Notifier(name=named(number, len(config.notify), url), url=url))
        except LoginNeeded as missing:
            found.append(Notifier(name=named(number, len(config.notify), None), why=str(missing)))
    return found


@dataclass(kw_only=True)
class StoreTrouble:
    """The store's faults, kept in memory: each is news once, and so is that it works again."""

    clock: Callable[[], float] = time.monotonic
    why: str | None = None
    news: list[Notice] = field(default_factory=list)
    _last: float = 0.0
    _said: set[str] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def failed(self, why: str, now: datetime) -> None:
        with self._guard:
            self._last, self.why = self.clock(), why
            if why not in self._said:
                self._said.add(why)
                self._add(now, "store", f"nothing is published until this is mended: {why}")

    def look(self, now: datetime) -> None:
        """Ends the trouble when nothing failed for a while."""
        with self._guard:
            if self.why is not None and self.clock() - self._last >= CALM:
                self.why = None
                self._said.clear()
                self._add(now, "store works", "posts go out again")

    def _add(self, now: datetime, kind: str, text: str) -> None:
        self.news.append(Notice(id=len(self.news) + 1, at=now, kind=kind, text=text))


@dataclass(kw_only=True)
class Teller:
    """Tells what nobody was told yet, whenever it is asked to."""

    store: Store
    now: Callable[[], datetime]
    notifiers: Callable[[], Sequence[Notifier]]
    place: str  # of the config, named at the end of each message
    send: Callable[[Sequence[Letter]], list[str | None]] = send_apart
    clock: Callable[[], float] = time.monotonic
    trouble: StoreTrouble = field(default_factory=StoreTrouble)
    _heard: dict[str, int] = field(
        default_factory=dict
    )  # what could not be written down yet: notifier -> its last notice
    _heard_news: dict[str, int] = field(
        default_factory=dict
    )  # notifier -> how many of the store's troubles it told
    _failing: dict[str, "Failing"] = field(default_factory=dict)

    def tell(self, *, at_once: bool = False) -> None:
        """Tells what has come together; with `at_once`, what has not waited long enough as well."""
        self.trouble.look(self.now())
        known = self.notifiers()
        notices, heard = self._listed(known)
        if not at_once and all(
            abs(self.now() - one.at) < GATHER and one.kind not in URGENT for one in notices
        ):
            notices = []
        fresh = {one: self._fresh(one.name, notices, heard) for one in known}
        ready = [
            one
            for one in known
            if fresh[one]
            and (one.name not in self._failing or self._failing[one.name].again <= self.clock())
        ]
        for one, why in zip(ready, self._sent([(one, fresh[one]) for one in ready]), strict=True):
            self._noted(one.name, notices, why)
        heard |= self._heard
        by_all = [
            one
            for one in notices
            if known and all(one.id <= heard.get(each.name, 0) for each in known)
        ]
        if ready or by_all:
            self._settled(by_all, {one.name: heard[one.name] for one in known if one.name in heard})

    def _listed(self, known: Sequence[Notifier]) -> tuple[list[Notice], dict[str, int]]:
        """What is on the store's list, and who has told how much of it; nothing where the store cannot say."""
        try:
            notices = self.store.notices.untold()
            if not (notices and known) and self.store.notices.trouble():
                self.store.notices.told((), self.now())  # there is nothing that could not be told
            return notices, {**self.store.notices.heard(), **self._heard}
        except StoreFailed as failed:
            self.trouble.failed(str(failed), self.now())
            return [], {}

    def _fresh(
        self, notifier: str, notices: Sequence[Notice], heard: Mapping[str, int]
    ) -> list[Notice]:
        return [
            *self.trouble.news[self._heard_news.get(notifier, 0) :],
            *(one for one in notices if one.id > heard.get(notifier, 0)),
        ]

    def _sent(self, ready: Sequence[tuple[Notifier, Sequence[Notice]]]) -> list[str | None]:
        letters = [
            letter(one.url, fresh, self.now(), self.place) for one, fresh in ready if one.url
        ]
        answers = iter(self.send(letters) if letters else ())
        return [next(answers) if one.url else one.why for one, _ in ready]

    def _noted(self, name: str, notices: Sequence[Notice], why: str | None) -> None:
        if why is None:
            self._heard_news[name] = len(self.trouble.news)
            self._heard |= {name: max(one.id for one in notices)} if notices else {}
            self._failing.pop(name, None)
            return
        times = self._failing[name].times + 1 if name in self._failing else 1
        later = pause(times, None).total_seconds()
        self._failing[name] = Failing(why=why, times=times, again=self.clock() + later)
        log.log(
            logging.ERROR if times == 1 else logging.INFO,
            "%s tells nobody: %s; trying again in %.0f s",
            name,
            why,
            later,
        )

    def _settled(self, by_all: Sequence[Notice], heard: Mapping[str, int]) -> None:
        """Takes off the list what all have told, and keeps why one did not."""
        try:
            self.store.notices.told(by_all, self.now(), heard)
            self._heard.clear()
            if self._failing:
                self.store.notices.failing(
                    "; ".join(f"{name}: {failing.why}" for name, failing in self._failing.items())
                )
        except StoreFailed as failed:
            self.trouble.failed(str(failed), self.now())


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A notifier that did not take what it was sent."""

    why: str
    times: int  # in a row
    again: float  # not before, by the teller's clock


def letter(url: str, notices: Sequence[Notice], now: datetime, place: str) -> Letter:
    """One message of all the notices: a heading for each kind, what happened, what to do."""
    kinds = sorted(
        {one.kind for one in notices},
        key=lambda kind: ORDER.index(kind) if kind in ORDER else len(ORDER),
    )
    grouped = {kind: [one for one in notices if one.kind == kind] for kind in kinds}
    body = "\n\n".join(_group(kind, some, now) for kind, some in grouped.items())
    return Letter(
        url=url,
        title="Termbell: " + ", ".join(_counted(kind, len(some)) for kind, some in grouped.items()),
        body=f"{body}\n\nEverything at a glance: termbell status -c {place}",
        is_bad=any(kind not in GOOD for kind in kinds),
    )


def _group(kind: str, notices: Sequence[Notice], now: datetime) -> str:
    first = min(one.at for one in notices)
    since = f" since {first:%Y-%m-%d %H:%M} UTC" if now - first > OLD else ""
    shown = len(notices) if kind in URGENT else SHOWN
    more = [f"- and {len(notices) - shown} more"] if len(notices) > shown else []
    heading = _counted(kind, len(notices))
    lines = [
        f"{heading[0].upper()}{heading[1:]}{since}:",
        *(f"- {one.text}" for one in notices[:shown]),
        *more,
    ]
    return "\n".join([*lines, *([REMEDIES[kind]] if kind in REMEDIES else [])])


def _counted(kind: str, number: int) -> str:
    title = TITLES.get(kind, kind)
    return f"{number} {title}" if kind in COUNTED else title
