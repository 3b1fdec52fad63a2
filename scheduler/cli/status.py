"""termbell status: what became of each delivery, and whether the daemon is alive."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from scheduler.cli.deliveries import store_of
from scheduler.cli.options import config_option, json_option
from scheduler.cli.output import emit, say
from scheduler.cli.run import line
from scheduler.config import read_config
from scheduler.engine.broken_calendar import BrokenCalendar
from scheduler.engine.clock import uptime
from scheduler.engine.daemon import utc_now
from scheduler.engine.doubts import Doubt, Way, doubt_of
from scheduler.engine.health import Health, ago, health_of
from scheduler.store import Row, Unanswered, status

OPEN = (
    status.SCHEDULED,
    status.HELD,
    status.PUBLISHING,
    status.IN_DOUBT,
    status.FAILED,
    status.MISSED,
)


@click.command(short_help="What became of each delivery.")
@click.option("--all", "everything", is_flag=True, help="Published and cancelled ones too.")
@click.option("--entry", help="Only this entry.")
@click.option("--account", help="Only this account.")
@config_option
@json_option
def command(
    config: Path, as_json: bool, everything: bool, entry: str | None, account: str | None
) -> None:
    """Show deliveries in the order they are due, and whether the daemon is alive.

    Ends with 3 when something is in doubt, with 1 when something failed or was missed.

    \b
    Examples:
      termbell status
      termbell status --all --account fediverse
      termbell status --json
    """
    with store_of(config) as store:
        rows = store.rows(entry=entry, account=account)
        health = health_of(store, utc_now())
        looking = _looking(config, rows, store.journal.all_unanswered())
    known = {row.key: row for row in rows}
    remarks = Remarks(
        overdue={row.key for row in health.overdue},
        waits={row.key: reason for row in rows if (reason := _waits(row, known))},
        looking=looking,
    )
    if as_json:
        emit({**_watched(health), "deliveries": [_plain(row, remarks) for row in rows]})
    else:
        _show([row for row in rows if everything or row.status in OPEN], health, remarks)
    found = {row.status for row in rows}
    raise SystemExit(
        3 if status.IN_DOUBT in found else int(bool(found & {status.FAILED, status.MISSED}))
    )


@dataclass(frozen=True, kw_only=True)
class Remarks:
    """What is shown of deliveries beside their rows, by their keys."""

    overdue: Collection[str] = ()
    waits: Mapping[str, str] = field(default_factory=dict)  # for which part
    looking: Mapping[str, Doubt] = field(default_factory=dict)

    def of(self, row: Row) -> list[str]:
        found = []
        if row.key in self.overdue:
            found.append("overdue")
        if row.key in self.waits:
            found.append(self.waits[row.key])
        if row.changed_since:
            found.append("the calendar says something else now")
        return found


def _looking(
    config: Path, rows: Iterable[Row], unanswered: Mapping[str, Unanswered]
) -> dict[str, Doubt]:
    """The deliveries that left without an answer and are looked for."""
    read, now, up = read_config(config), utc_now(), uptime()
    found = {}
    for row in rows:
        request, configured = unanswered.get(row.key), read.accounts.get(row.account)
        if row.status != status.SCHEDULED or request is None or configured is None:
            continue
        request = request.by_clock(now, up)
        doubt = doubt_of(request, configured, timeout=read.timeout, patience=read.patience)
        if doubt.way is not Way.NONE and not request.is_suspicion:
            found[row.key] = doubt
    return found


def _show(rows: Iterable[Row], health: Health, remarks: Remarks) -> None:
    shown = [line(row) + "".join(f"  [{remark}]" for remark in remarks.of(row)) for row in rows]
    for text in [*shown, ""] if shown else []:
        say(text)
    say(
        ", ".join(f"{number} {name}" for name, number in sorted(health.counts.items()))
        or "nothing planned"
    )
    say(
        f"daemon: {'alive' if health.is_alive else 'not running'}, {ago(health.last_beat, health.at)}"
    )
    for account, why in health.held.items():
        say(f"{account} waits for you: {why}")
    if health.calendar:
        say(f"{_since(health.calendar)}; the plan from before stays in force:")
        for error in health.calendar.error.splitlines():
            say(f"  {error.strip()}")
    if health.notifier:
        say(f"you cannot be told: {health.notifier}")


def _since(calendar: BrokenCalendar) -> str:
    return f"the calendar cannot be used since {calendar.since:%Y-%m-%d %H:%M} UTC"


def _waits(row: Row, rows: Mapping[str, Row]) -> str | None:
    """Why a part of a thread waits that could go out otherwise: the nearest one before it that needs a person."""
    before = rows.get(row.after or "")
    while row.status == status.SCHEDULED and before and before.status == status.SCHEDULED:
        before = rows.get(before.after or "")
    stopped = (
        row.status == status.SCHEDULED
        and before is not None
        and before.status not in (status.PUBLISHED, status.PUBLISHING)
    )
    return (
        f"waits for part {before.part + 1}, which is {before.status}"
        if stopped and before
        else None
    )


def _watched(health: Health) -> dict[str, object]:
    seen = health.last_beat
    return {
        "daemon": {
            "alive": health.is_alive,
            "last_seen": seen.isoformat(timespec="seconds") if seen else None,
        },
        "health": {"ok": health.ok, "problems": health.problems, "warnings": health.warnings},
        "calendar": _calendar(health.calendar),
        "notifier": {"ok": health.notifier is None, "error": health.notifier},
        "held": [{"account": account, "error": why} for account, why in health.held.items()],
    }


def _calendar(broken: BrokenCalendar | None) -> dict[str, object]:
    return {
        "ok": broken is None,
        "since": broken.since.isoformat(timespec="seconds") if broken else None,
        "error": broken.error if broken else None,
    }


def _plain(row: Row, remarks: Remarks) -> dict[str, object]:
    doubt = remarks.looking.get(row.key)
    return {
        "key": row.key,
        "entry": row.entry,
        "account": row.account,
        "platform": row.platform,
        "due": row.due.isoformat(),
        "part": row.part,
        "status": row.status,
        "url": row.url,
        "attempts": row.attempts,
        "error": row.error,
        "changed_since": row.changed_since,
        "overdue": row.key in remarks.overdue,
        "waits": remarks.waits.get(row.key),
        "reason": row.reason if row.status == status.HELD else None,
        "looking": _plain_doubt(doubt) if doubt else None,
    }


def _plain_doubt(doubt: Doubt) -> dict[str, str]:
    return {
        "sent_at": doubt.request.sent_at.isoformat(timespec="seconds"),
        "until": doubt.looks_until.isoformat(timespec="seconds"),
    }
