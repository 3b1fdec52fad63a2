"""What the commands about deliveries share: opening the store as it is, and finding a delivery by the start of its key."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scheduler.cli.output import fail
from scheduler.config import read_config
from scheduler.engine.daemon import utc_now
from scheduler.store import Store


@contextmanager
def store_of(config: Path) -> Iterator[Store]:
    """The store of a config file, as the last run left it."""
    file = read_config(config).store
    if not file.exists():
        fail(f"{file}: nothing has been planned yet; `termbell run` takes up the calendar")
    store = Store(file, utc_now())
    try:
        yield store
    finally:
        store.close()


def key_of(store: Store, start: str) -> str:
    """The one delivery whose key begins with `start`."""
    keys = store.keys(start)
    if len(keys) != 1:
        what = (
            f"{len(keys)} deliveries begin so; give more of the key"
            if keys
            else "no delivery begins so; see `termbell status`"
        )
        fail(f"{start}: {what}")
    return keys[0]
