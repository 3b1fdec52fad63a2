"""The ping of a cron monitor: its silence is what raises the alarm when this machine is off.

While all is well the URL is asked for; when not, what is wrong is posted to URL/fail. That is the convention of
healthchecks.io, which others follow.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from platforms.base import LoginNeeded
from scheduler.engine.health import Health

log = logging.getLogger("termbell")


def ping(url: str, body: bytes) -> int:
    """See `http.ping`, whose library is loaded when there is something to ping."""
    from scheduler.engine import http

    return http.ping(url, body)


@dataclass(kw_only=True)
class Pinging:
    """Pings whenever it is asked to. `url` looks the address up; a fault is said once, and so is its end."""

    url: Callable[[], str]
    send: Callable[[str, bytes], int] = ping
    fault: str | None = None

    def ping(self, health: Health) -> str | None:
        """Why the monitor did not get it; None where it did."""
        why = self._why_not(health)
        if why and self.fault is None:
            log.error("the ping of healthcheck_url does not get through: %s", why)
        elif self.fault and why is None:
            log.warning("the ping of healthcheck_url gets through again")
        self.fault = why
        return why

    def _why_not(self, health: Health) -> str | None:
        try:
            url = self.url()
            answered = (
                self.send(url, b"")
                if health.ok
                else self.send(failing(url), "\n".join(health.problems).encode())
            )
        except (LoginNeeded, OSError) as fault:
            return str(fault)
        return None if answered < 400 else f"it was answered with {answered}"


def failing(url: str) -> str:
    """Where a failure is told."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail"))
