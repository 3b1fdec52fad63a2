"""termbell publish ENTRY: now."""

from pathlib import Path

import click

from scheduler.cli.options import config_option
from scheduler.cli.output import fail, say
from scheduler.cli.run import line
from scheduler.cli.working import working
from scheduler.engine.daemon import utc_now
from scheduler.problems import did_you_mean
from scheduler.store import WrongStatus, status


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
    with working(config, dry_run=dry_run) as work:
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
