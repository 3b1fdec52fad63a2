"""What servers said of their own limits, kept for a day beside the store.

A file and not a table: a preview reads it, and opens no database.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from platforms.base import Ask, Limits, PublishError
from scheduler.config import Config, ConfiguredAccount
from scheduler.engine.judging import NOT_AS_DOCUMENTED
from scheduler.private_files import private_folder, replace_private

KEPT = timedelta(days=1)
log = logging.getLogger("termbell")


@dataclass(frozen=True)
class KnownLimits:
    """The limits of each account: as its server told, else as its adapter states."""

    file: Path

    def of(self, configured: ConfiguredAccount) -> Limits:
        told = self._read().get(_identity(configured))
        stated = configured.platform.limits
        return _told(stated, told["limits"]) if told else stated

    def is_due(self, accounts: Iterable[ConfiguredAccount], now: datetime) -> bool:
        """Whether a server that tells has not been asked today."""
        return bool(_stale(accounts, self._read(), now))

    def ask(
        self,
        accounts: Iterable[ConfiguredAccount],
        answerer: Callable[[ConfiguredAccount], Ask],
        now: datetime,
    ) -> bool:
        """Asks the servers that tell and were not asked today; returns whether any limit is another one now.

        A server that does not answer changes nothing: what it said last, or what the adapter states, stays.
        """
        known = self._read()
        before = json.dumps({name: told["limits"] for name, told in known.items()}, sort_keys=True)
        stale = _stale(accounts, known, now)
        for configured in stale:
            assert configured.platform.ask_limits
            try:
                limits = configured.platform.ask_limits(configured.account, answerer(configured))
            except PublishError:
                continue
            except NOT_AS_DOCUMENTED as fault:
                log.warning(
                    "%s told no limits that can be read: %s",
                    configured.name,
                    type(fault).__name__,
                    extra={"account": configured.name},
                )
                continue
            known[_identity(configured)] = {
                "asked": now.isoformat(),
                "limits": json.loads(json.dumps(asdict(limits), default=str)),
            }
        if stale:
            self._write(known)
        return (
            json.dumps({name: told["limits"] for name, told in known.items()}, sort_keys=True)
            != before
        )

    def _read(self) -> dict[str, Any]:
        try:
            kept: dict[str, Any] = json.loads(self.file.read_text())
        except (OSError, ValueError):
            return {}
        return kept

    def _write(self, known: dict[str, Any]) -> None:
        private_folder(self.file.parent)
        replace_private(self.file, json.dumps(known, indent=1))


def known_limits(config: Config) -> KnownLimits:
    return KnownLimits(config.state / "limits.json")


def _identity(configured: ConfiguredAccount) -> str:
    """An account whose server changes is another one."""
    return f"{configured.name} {configured.account.settings.get('server', '')}"


def _stale(
    accounts: Iterable[ConfiguredAccount], known: dict[str, Any], now: datetime
) -> list[ConfiguredAccount]:
    return [
        one
        for one in accounts
        if one.platform.ask_limits and not _is_fresh(known.get(_identity(one)), now)
    ]


def _is_fresh(told: dict[str, Any] | None, now: datetime) -> bool:
    return told is not None and timedelta(0) <= now - datetime.fromisoformat(told["asked"]) < KEPT


def _told(stated: Limits, plain: dict[str, Any]) -> Limits:
    """What is not in the file, because an earlier version wrote it, is as stated."""
    tuples = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
    return replace(
        stated,
        **{**plain, **tuples, "checked": date.fromisoformat(plain["checked"]), "caps": stated.caps},
    )
