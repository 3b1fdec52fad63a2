"""What the commands that publish share: the opened store, the desk with the network or a rehearsal behind it."""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platforms.base import Ask
from scheduler.config import Config, ConfiguredAccount
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import Alone, tell, utc_now
from scheduler.engine.delivering import Desk
from scheduler.engine.known_limits import KnownLimits
from scheduler.engine.logs import redacted, set_up
from scheduler.engine.network import Network
from scheduler.engine.planning import known_limits, plan
from scheduler.engine.rehearsal import Rehearsal
from scheduler.engine.replanning import Replanned
from scheduler.store import Store


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
    planned = plan(path, fetch=not dry_run)
    config = planned.config
    credentials = Credentials(config.accounts, config.state)
    set_up(sys.stderr, credentials.all_values)
    with _place(config, dry_run) as file, Alone(file):
        now = utc_now()
        store = Store(file, now)
        try:
            tell(Replanned(changes=store.plan(planned.deliveries, now), problems=planned.problems))
            desk = Desk(store=store, accounts=config.accounts, by=f"{socket.gethostname()}:{os.getpid()}", now=utc_now,
                        timeout=config.timeout, answerer=_answerer(config, credentials, dry_run),
                        hide=lambda text: redacted(text, credentials.all_values()))
            yield Working(config=config, store=store, desk=desk, limits=known_limits(config), files=planned.files)
        finally:
            store.close()


def _answerer(config: Config, credentials: Credentials, dry_run: bool) -> Callable[[ConfiguredAccount], Ask]:
    def network(configured: ConfiguredAccount) -> Ask:
        credentials.accounts[configured.name] = configured  # the calendar may have been read again since
        return Network(configured.account, configured.platform, credentials, config.timeout)

    return (lambda configured: Rehearsal()) if dry_run else network


@contextmanager
def _place(config: Config, dry_run: bool) -> Iterator[Path]:
    """The store's file, or that of a copy."""
    if not dry_run:
        yield config.store
        return
    with tempfile.TemporaryDirectory(prefix="termbell-") as folder:
        copy = Path(folder) / config.store.name
        for file in config.store.parent.glob(config.store.name + "*"):
            shutil.copy(file, folder)
        yield copy
