"""What the commands that publish share: the opened store, the desk with the network or a rehearsal behind it."""

import logging
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from platforms.base import Ask
from scheduler.cli.progress import progress
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.alone import Alone, AlreadyRunning
from scheduler.engine.assembly import Assembled, assemble
from scheduler.engine.broken_calendar import mark_broken
from scheduler.engine.circumstances import facts_of
from scheduler.engine.clock import uptime
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import utc_now
from scheduler.engine.delivering import Desk
from scheduler.engine.hosting import Hosting, needed
from scheduler.engine.known_limits import KnownLimits, known_limits
from scheduler.engine.logs import set_up
from scheduler.engine.replanning import MAKING, make_media_apart, replan_apart
from scheduler.engine.reporting import Reporting, in_short
from scheduler.engine.saying import tell
from scheduler.problems import Invalid, Problem
from scheduler.store import Store, StoreFailed, claimant, status
from scheduler.store.database import Database
from scheduler.store.identity import Witness
from scheduler.store.migrations import BORN

log = logging.getLogger("termbell")

OPEN = {status.SCHEDULED, status.HELD, status.PUBLISHING, status.IN_DOUBT}


@dataclass(frozen=True, kw_only=True)
class Working:
    """A calendar taken up into its store, ready to publish."""

    is_plan_kept: bool  # the calendar cannot be used, and the plan from before is in force
    store: Store
    assembled: Assembled
    limits: KnownLimits
    files: tuple[Path, ...]
    unready: tuple[str, ...]  # media that are not made ready yet
    reporting: Reporting  # of a dry run: one that tells nobody

    @property
    def config(self) -> Config:
        return self.assembled.config

    @property
    def desk(self) -> Desk:
        return self.assembled.desk

    def ask(self, configured: ConfiguredAccount) -> Ask:
        return self.desk.answerer(configured)

    def sweep(self) -> None:
        """Takes away what platforms need not fetch any more."""
        self.assembled.hosting.sweep(lambda: needed(self.store))


@contextmanager
def working(
    path: Path,
    *,
    dry_run: bool = False,
    waits: bool = True,
    making: float = MAKING,
    take_over: bool = False,
    keeps_plan: bool = False,
) -> Iterator[Working]:
    """Alone on the store: reads the calendar, takes it up, and hands over what publishes.

    It gives media `making` seconds to be made ready, and `waits` for what takes longer.
    A dry run works on a copy of the store that is thrown away, and a rehearsal answers.
    With `keeps_plan`, a calendar that cannot be used leaves the plan from before in force,
    where there is one and config.yaml can be read.
    Raises `Invalid` and `AlreadyRunning`.
    """
    now = utc_now()
    places: list[Path] = []
    witness: list[Witness] = []
    with ExitStack() as held:

        def alone(config: Config) -> Path:
            file = held.enter_context(_place(config, dry_run))
            held.enter_context(Alone(file))
            places.append(file)
            if dry_run and not config.store.exists():
                _forget_its_birth(file, now)
            if not dry_run:
                refuse_a_renamed_config(config)
                witness.append(held.enter_context(_owned(config, file, now, take_over)))
            return file

        read = replan_apart(path, alone, now, fetch=not dry_run, making=making)
        if waits and read.unready:
            make_media_apart(path, fetch=not dry_run)
            first = read
            read = replan_apart(
                path, lambda config: places[0], now, fetch=not dry_run, making=making
            )
            read = replace(read, problems=(*first.past, *read.problems))
        config = read.config or (_with_a_plan(path) if keeps_plan else None)
        if config is None:
            if not dry_run:
                _tell_that_it_cannot_start(path, read.problems)
            raise Invalid(read.problems)
        if not places:
            alone(config)
        credentials = Credentials(config.accounts, config.state)
        set_up(sys.stderr, credentials.all_values)
        tell(read)
        store = held.enter_context(closing(Store(places[0], now)))
        store.journal.counted = witness[0].note if witness else store.journal.counted
        hosting = Hosting(
            host=None,
            folder=places[0].parent,
            credentials=credentials,
            timeout=config.timeout,
            gone=progress(sys.stderr),
        )
        assembled = assemble(
            config,
            store,
            credentials,
            hosting,
            by=claimant(),
            now=utc_now,
            uptime=uptime,
            is_rehearsal=dry_run,
        )
        reporting = (
            Reporting(store=store, now=utc_now)
            if dry_run
            else Reporting(store=store, now=utc_now, config=config, credentials=credentials)
        )
        if not dry_run:
            reporting.read(read)
        yield Working(
            is_plan_kept=read.config is None,
            store=store,
            assembled=assembled,
            limits=known_limits(config),
            files=read.files,
            unready=read.unready,
            reporting=reporting,
        )


@contextmanager
def _owned(config: Config, file: Path, now: datetime, take_over: bool) -> Iterator[Witness]:
    """The store is this machine's, and the newest copy of itself. Raises `ElsewhereError`."""
    with closing(Store(file, now)) as store:
        store.claim_machine(
            now, facts_of(config), take_over=take_over, travels=config.store_travels
        )
        identifier = store.id
    with Witness(id=identifier, store=file) as witness:
        with closing(Store(file, now)) as store:
            if store.meet(witness, now):
                log.warning(
                    "%s is an older copy of the store: what was due since is looked for first", file
                )
        yield witness


def _forget_its_birth(file: Path, now: datetime) -> None:
    """The store of a first dry run is no new one: nothing can have left before it."""
    with closing(Store(file, now)) as store:
        store.keep_fact(BORN, None)


def refuse_a_renamed_config(config: Config) -> None:
    """A configuration with another name has another store: a second, empty one must not begin.

    After a crash the newest of a store stands in a file beside it, and the person moves one file.
    """
    if config.store.exists():
        return
    for other in sorted(config.state.glob("*.db")):
        if "-damaged-" not in other.stem and not any(
            (config.folder / f"{other.stem}{end}").exists() for end in (".yaml", ".yml")
        ):
            with closing(Database(other)) as database:
                database.gather()
            raise StoreFailed(
                f"{config.store}: there is none, and {other} belongs to {other.stem}.yaml, which is "
                f"gone; if {config.path.name} is its new name: {_moving(other, config.store)}; "
                f"if not, move {other} away"
            )


def _moving(store: Path, target: Path) -> str:
    """The command that moves a store, and what was written last beside it."""
    files = [(f"{store}{end}", f"{target}{end}") for end in ("", "-wal")]
    return " && ".join(shlex.join(["mv", old, new]) for old, new in files if Path(old).exists())


def _with_a_plan(path: Path) -> Config | None:
    """The config, where it can be read and its store has something that is not over."""
    try:
        config = read_config(path)
    except Invalid:
        return None
    if not config.store.exists():
        return None
    with closing(Store(config.store, utc_now())) as store:
        waiting = {name for name, number in store.counts().items() if number}
    return config if waiting & OPEN else None


def _tell_that_it_cannot_start(path: Path, problems: tuple[Problem, ...]) -> None:
    """The calendar cannot be used and nothing is published. Told once a day: whoever starts us does so again and again."""
    try:
        config = read_config(path)
    except Invalid:
        return  # then nobody knows whom to tell
    if not config.store.exists():
        return
    now, errors = utc_now(), in_short(problems)
    text = f"nothing is published until it can be used:\n  {errors}"
    with suppress(AlreadyRunning), Alone(config.store), closing(Store(config.store, now)) as store:
        mark_broken(store, errors, now)
        if not config.notify:
            return
        store.notices.add(
            now,
            "calendar invalid",
            text,
            once=sha256(f"{now:%Y-%m-%d} {text}".encode()).hexdigest(),
        )
        reporting = Reporting(
            store=store,
            now=utc_now,
            config=config,
            credentials=Credentials(config.accounts, config.state),
        )
        reporting.teller.tell(at_once=True)


@contextmanager
def _place(config: Config, dry_run: bool) -> Iterator[Path]:
    """The store's file, or that of a copy."""
    if not dry_run:
        yield config.store
        return
    with tempfile.TemporaryDirectory(prefix="termbell-") as folder:
        copy = Path(folder) / config.store.name
        if config.store.exists():
            with closing(Database(config.store)) as database:
                database.copy_to(copy)
        yield copy
