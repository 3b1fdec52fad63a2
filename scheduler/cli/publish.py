"""termbell publish ENTRY: now."""

from contextlib import ExitStack
from pathlib import Path

import click

from scheduler.cli.deliveries import store_of
from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.cli.run import line
from scheduler.cli.working import working
from scheduler.engine.alone import AlreadyRunning
from scheduler.engine.daemon import utc_now
from scheduler.problems import did_you_mean
from scheduler.store import WrongStatus, status

RETRIED = (status.SCHEDULED, status.HELD, status.FAILED, status.MISSED, status.CANCELLED)


@click.command(short_help="Publish one entry now.")
@click.argument("entry")
@click.option("--account", help="Only to this account.")
@click.option(
    "--dry-run", is_flag=True, help="Send nothing: a rehearsal answers, on a copy of the store."
)
@config_option
def command(config: Path, entry: str, account: str | None, dry_run: bool) -> None:
    """Publish ENTRY now, whatever its due time. What is published already is not sent again.

    \b
    Examples:
      termbell publish welcome-back
      termbell publish welcome-back --account fediverse --dry-run
    """
    with ExitStack() as held:
        try:
            work = held.enter_context(working(config, dry_run=dry_run))
        except AlreadyRunning as running:
            fail(f"{running}: {_through_the_other(config, entry, account)}", running.exit_code)
        rows = work.store.rows(entry=entry, account=account)
        if not rows:
            fail(
                f"no entry '{entry}'"
                + (f" for account '{account}'" if account else "")
                + f"; {did_you_mean(entry, {row.entry for row in work.store.rows()})}"
            )
        work.store.release(utc_now(), work.desk.by)
        for row in rows:
            if row.status in (status.PUBLISHED, status.IN_DOUBT) or row.is_handed_over:
                continue
            try:
                work.store.retry(row.key, utc_now())
            except WrongStatus as wrong:
                say(str(wrong), err=True)
        for name in dict.fromkeys(row.account for row in rows):
            while claimed := work.store.claim(name, work.desk.by, utc_now(), entry=entry):
                work.desk.deliver(claimed)
        work.sweep()
        work.reporting.teller.tell(at_once=True)
        ended = work.store.rows(entry=entry, account=account)
    for row in ended:
        say(line(row))
    if any(row.status == status.IN_DOUBT for row in ended):
        raise SystemExit(3)
    raise SystemExit(
        int(any(row.status != status.PUBLISHED and not row.is_handed_over for row in ended))
    )


def _through_the_other(config: Path, entry: str, account: str | None) -> str:
    """How the process that runs is made to send the entry."""
    with store_of(config) as store:
        rows = store.rows(entry=entry, account=account)
    keys = [row.key[:8] for row in rows if row.status in RETRIED]
    if not keys:
        return f"it has nothing of '{entry}' to send; see `termbell status --all`"
    return "to have it sent now, " + ", ".join(f"termbell retry --now {key}" for key in keys)
