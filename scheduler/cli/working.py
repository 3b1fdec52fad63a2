"""What the commands that publish share: the opened store, the desk with the network or a rehearsal behind it."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from platforms.base import Ask
from scheduler.config import Config, ConfiguredAccount
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import Alone, tell, utc_now
from scheduler.engine.delivering import Desk
from scheduler.engine.known_limits import KnownLimits, known_limits
from scheduler.engine.logs import set_up
from scheduler.engine.network import Networks
from scheduler.engine.rehearsal import Rehearsal
from scheduler.engine.replanning import replan_apart
from scheduler.problems import Invalid
from scheduler.store import Store, claimant
from scheduler.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Working:
    """A calendar taken up into its store, ready to publish."""

    config: Config
    store: Store
    desk: Desk
    limits: KnownLimits
    files: tuple[Path, ...]

    def ask(self, configured: ConfiguredAccount) -> Ask:
        return self.desk.answerer(configured)


@contextmanager
def working(path: Path, *, dry_run: bool = False) -> Iterator[Working]:
    """Alone on the store: reads the calendar, takes it up, and hands over what publishes.

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

        read = replan_apart(path, alone, now)
        if read.config is None:
            raise Invalid(read.problems)
        credentials = Credentials(read.config.accounts, read.config.state)
        set_up(sys.stderr, credentials.all_values)
        tell(read)
        store = held.enter_context(closing(Store(places[0], now)))
        desk = Desk(store=store, accounts=read.config.accounts, by=claimant(), now=utc_now, timeout=read.config.timeout,
                    answerer=_answerer(read.config, credentials, dry_run))
        yield Working(config=read.config, store=store, desk=desk, limits=known_limits(read.config), files=read.files)


def _answerer(config: Config, credentials: Credentials, dry_run: bool) -> Callable[[ConfiguredAccount], Ask]:
    networks = Networks(credentials, config.timeout)

    def network(configured: ConfiguredAccount) -> Ask:
        credentials.accounts[configured.name] = configured  # the calendar may have been read again since
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
