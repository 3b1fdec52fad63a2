"""Telling systemd: ready, what goes on, still alive, stopping. https://www.freedesktop.org/software/systemd/man/sd_notify.html"""

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Supervisor:
    """Whoever started us and wants to know; without one, nothing is told."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def pause(self) -> float | None:
        """Seconds between two signs of life: half of what it waits for. None where it does not watch us."""
        wanted = self.environment.get("WATCHDOG_USEC", "")
        ours = self.environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return int(wanted) / 2_000_000 if wanted.isdigit() and int(wanted) and ours else None

    def tell(self, **what: str) -> None:
        """E.g. `READY="1"`. That nobody listens any more is no fault of ours."""
        address = self.environment.get("NOTIFY_SOCKET", "")
        if address[:1] not in ("/", "@"):
            return
        lines = "\n".join(f"{name}={' '.join(value.split())}" for name, value in what.items())
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.settimeout(1.0)
            to.sendto(lines.encode(), "\0" + address[1:] if address[0] == "@" else address)
