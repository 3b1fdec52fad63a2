"""termbell status: what became of each delivery, and whether the daemon is alive."""

from datetime import datetime, timedelta
from pathlib import Path

import click

from scheduler.cli.deliveries import store_of
from scheduler.cli.options import config_option, json_option
from scheduler.cli.output import emit, say
from scheduler.cli.run import line
from scheduler.engine.daemon import BEAT, utc_now
from scheduler.store import Row, Store, status

SILENT = timedelta(seconds=3 * BEAT)  # after which a daemon counts as gone
OPEN = (status.SCHEDULED, status.HELD, status.PUBLISHING, status.IN_DOUBT, status.FAILED, status.MISSED)


@click.command(short_help="What became of each delivery.")
@click.option("--all", "everything", is_flag=True, help="Published and cancelled ones too.")
@click.option("--entry", help="Only this entry.")
@click.option("--account", help="Only this account.")
@config_option
@json_option
def command(config: Path, as_json: bool, everything: bool, entry: str | None, account: str | None) -> None:
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
        daemon = _daemon(store, utc_now())
        counts = store.counts()
    if as_json:
        emit({"daemon": daemon, "deliveries": [_plain(row) for row in rows]})
    else:
        _show([row for row in rows if everything or row.status in OPEN], daemon, counts)
    found = {row.status for row in rows}
    raise SystemExit(3 if status.IN_DOUBT in found else int(bool(found & {status.FAILED, status.MISSED})))


def _show(rows: list[Row], daemon: dict[str, object], counts: dict[str, int]) -> None:
    for row in rows:
        say(line(row) + ("  [the calendar says something else now]" if row.changed_since else ""))
    if rows:
        say("")
    say(", ".join(f"{number} {name}" for name, number in sorted(counts.items())) or "nothing planned")
    say(f"daemon: {'alive' if daemon['alive'] else 'not running'}" + (f", last seen {daemon['last_seen']}" if daemon["last_seen"] else ""))


def _daemon(store: Store, now: datetime) -> dict[str, object]:
    beat = store.last_beat()
    return {"alive": beat is not None and abs(now - beat[0]) < SILENT, "last_seen": beat[0].isoformat(timespec="seconds") if beat else None}


def _plain(row: Row) -> dict[str, object]:
    return {"key": row.key, "entry": row.entry, "account": row.account, "platform": row.platform, "due": row.due.isoformat(),
            "part": row.part, "status": row.status, "url": row.url, "attempts": row.attempts, "error": row.error,
            "changed_since": row.changed_since}
