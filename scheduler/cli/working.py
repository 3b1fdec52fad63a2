"""What the commands that publish share: the opened store, the desk with the network or a rehearsal behind it."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from platforms.base import Ask
from scheduler.cli.progress import progress
from scheduler.config import Config, ConfiguredAccount, read_config
from scheduler.engine.alone import Alone, AlreadyRunning
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import utc_now
from scheduler.engine.delivering import Desk
from scheduler.engine.hosting import Hosting, needed
from scheduler.engine.known_limits import KnownLimits, known_limits
from scheduler.engine.logs import redacted, set_up
from scheduler.engine.network import Network, Networks
from scheduler.engine.rehearsal import Rehearsal
from scheduler.engine.replanning import MAKING, make_media_apart, replan_apart
from scheduler.engine.reporting import Reporting, in_short
from scheduler.engine.saying import tell
from scheduler.problems import Invalid, Problem
from scheduler.store import Store, claimant
from scheduler.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Working:
    """A calendar taken up into its store, ready to publish."""

    config: Config
    store: Store
    desk: Desk
    limits: KnownLimits
    credentials: Credentials
    hosting: Hosting
    files: tuple[Path, ...]
    unready: tuple[str, ...]  # media that are not made ready yet
    reporting: Reporting  # of a dry run: one that tells nobody

    def ask(self, configured: ConfiguredAccount) -> Ask:
        return self.desk.answerer(configured)

    def renew(self, configured: ConfiguredAccount) -> None:
        """Renews the account's sign-in where it has not been used for long. Raises `PublishError`."""
        self.credentials.accounts[configured.name] = (
            configured  # the calendar may have been read again since
        )
        Network(
            configured.account, configured.platform, self.credentials, self.config.timeout
        ).stay_signed_in()

    def sweep(self) -> None:
        """Takes away what platforms need not fetch any more."""
        self.hosting.sweep(lambda: needed(self.store))


@contextmanager
def working(
    path: Path, *, dry_run: bool = False, waits: bool = True, making: float = MAKING
) -> Iterator[Working]:
    """Alone on the store: reads the calendar, takes it up, and hands over what publishes.

    It gives media `making` seconds to be made ready, and `waits` for what takes longer.
    A dry run works on a copy of the store that is thrown away, and a rehearsal answers.
    Raises `Invalid` and `AlreadyRunning`.
    """
    now = utc_now()
    places: list[Path] = []
    with ExitStack() as held:

        def alone(config: Config) -> Path:
            file = held.enter_context(_place(config, dry_run))
            held.enter_context(Alone(file))
            places.append(file)
            return file

        read = replan_apart(path, alone, now, fetch=not dry_run, making=making)
        if waits and read.unready:
            make_media_apart(path, fetch=not dry_run)
            first = read
            read = replan_apart(
                path, lambda config: places[0], now, fetch=not dry_run, making=making
            )
            read = replace(read, problems=(*first.past, *read.problems))
        if read.config is None:
            if not dry_run:
                _tell_that_it_cannot_start(path, read.problems)
            raise Invalid(read.problems)
        credentials = Credentials(read.config.accounts, read.config.state)
        set_up(sys.stderr, credentials.all_values)
        tell(read)
        store = held.enter_context(closing(Store(places[0], now)))
        hosting = Hosting(
            host=read.config.media_host,
            folder=places[0].parent,
            credentials=credentials,
            timeout=read.config.timeout,
            gone=progress(sys.stderr),
        )
        desk = Desk(
            store=store,
            accounts=read.config.accounts,
            by=claimant(),
            now=utc_now,
            timeout=read.config.timeout,
            answerer=_answerer(read.config, credentials, hosting, dry_run),
            hide=lambda text: redacted(text, credentials.all_values()),
        )
        reporting = (
            Reporting(store=store, now=utc_now)
            if dry_run
            else Reporting(store=store, now=utc_now, config=read.config, credentials=credentials)
        )
        yield Working(
            config=read.config,
            store=store,
            desk=desk,
            limits=known_limits(read.config),
            credentials=credentials,
            hosting=hosting,
            files=read.files,
            unready=read.unready,
            reporting=reporting,
        )


def _tell_that_it_cannot_start(path: Path, problems: tuple[Problem, ...]) -> None:
    """The calendar cannot be used and nothing is published. Told once a day: whoever starts us does so again and again."""
    try:
        config = read_config(path)
    except Invalid:
        return  # then nobody knows whom to tell
    if not config.notify or not config.store.exists():
        return
    now, text = utc_now(), f"nothing is published until it can be used:\n  {in_short(problems)}"
    with suppress(AlreadyRunning), Alone(config.store), closing(Store(config.store, now)) as store:
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


def _answerer(
    config: Config, credentials: Credentials, hosting: Hosting, dry_run: bool
) -> Callable[[ConfiguredAccount], Ask]:
    networks = Networks(credentials, config.timeout, host=hosting, gone=hosting.gone)

    def network(configured: ConfiguredAccount) -> Ask:
        credentials.accounts[configured.name] = (
            configured  # the calendar may have been read again since
        )
        return networks.of(configured)

    return (lambda configured: Rehearsal()) if dry_run else network


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
