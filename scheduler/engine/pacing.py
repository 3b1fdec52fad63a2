"""The pace of what the daemon does beside publishing: every so often, and aside, where it may take its time.

The daemon's loop says that it is alive and renews its claims. What may hang (another process, a network) goes on beside it.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

log = logging.getLogger("termbell")


@dataclass(kw_only=True)
class Every:
    """Whether `seconds` have passed since the last time it said so; by a clock that nobody sets."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _last: float | None = None

    def is_time(self) -> bool:
        now = self.clock()
        if self._last is not None and now - self._last < self.seconds:
            return False
        self._last = now
        return True


@dataclass(kw_only=True)
class Aside:
    """One piece of work at a time, in a thread of its own that nobody has to wait for."""

    name: str
    _thread: threading.Thread | None = None

    def begin(self, work: Callable[[], object]) -> bool:
        """Whether it could be begun: not while the last one still goes on."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self._thread = threading.Thread(
            target=self._done, args=(work,), name=self.name, daemon=True
        )
        self._thread.start()
        return True

    def wait(self, seconds: float) -> bool:
        """Whether what goes on has ended, at the latest `seconds` from now."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _done(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception:  # one of its works must not end the daemon
            log.exception("%s stopped", self.name)
