"""The backup that is made every day, by the daemon and by `run --once`."""

import logging
from contextlib import suppress
from datetime import datetime

from scheduler.store import Store, StoreFailed
from scheduler.store.backups import back_up_daily

log = logging.getLogger("termbell")


def keep_a_backup(store: Store, now: datetime) -> None:
    """One a day. That none can be made stops nothing, and is said."""
    try:
        made = back_up_daily(store.database, now)
    except (StoreFailed, OSError) as failed:
        log.error("no backup could be made: %s", failed)
        with suppress(StoreFailed):
            store.notices.add(
                now, "store", f"no backup could be made: {failed}", once=f"backup {now:%Y-%m-%d}"
            )
    else:
        if made:
            log.info("backup made: %s", made)
