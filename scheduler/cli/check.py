"""termbell check: everything that can be known before publishing."""

from contextlib import closing
from pathlib import Path

import click

from scheduler.cli.options import config_option, fetch_option, json_option
from scheduler.cli.output import emit, problems, say
from scheduler.cli.preview import counted
from scheduler.engine.daemon import utc_now
from scheduler.engine.past import past_entries
from scheduler.engine.planning import Plan, plan
from scheduler.problems import Invalid, Problem
from scheduler.store import NewerSchema, Row, Store, StoreFailed


@click.command(short_help="Everything that is wrong, with file and line.")
@fetch_option
@click.option("--links", is_flag=True, help="Look whether each link of a post answers.")
@config_option
@json_option
def command(config: Path, as_json: bool, fetch: bool, links: bool) -> None:
    """Say everything that is wrong with the configuration, the calendar, its templates and media. No network without --fetch or --links.

    Ends with 1 where there is an error; a warning is none.

    \b
    Examples:
      termbell check
      termbell check --links
      termbell check --json
    """
    found, summary = _checked(config, fetch, links)
    if as_json:
        emit({"problems": [problem.as_plain() for problem in found]})
    else:
        problems(found, err=False)
        say(summary)
    raise SystemExit(int(any(problem.severity == "error" for problem in found)))


def _checked(config: Path, fetch: bool, links: bool) -> tuple[tuple[Problem, ...], str]:
    try:
        planned = plan(config, fetch=fetch, links=links)
    except Invalid as invalid:
        return invalid.problems, counted(len(invalid.problems), "problem", "problems")
    found = tuple(
        sorted({*planned.problems, *_past(planned)}, key=lambda one: (one.place, one.message))
    )
    entries = len({delivery.entry for delivery in planned.deliveries})
    return found, ", ".join(
        (
            counted(entries, "entry", "entries"),
            counted(len(planned.deliveries), "delivery", "deliveries"),
            counted(len(found), "problem", "problems"),
        )
    )


def _past(planned: Plan) -> tuple[Problem, ...]:
    """What is over and not in the store. A store that cannot be read is for `doctor`."""
    now, file = utc_now(), planned.config.store
    known: dict[str, Row] = {}
    if file.exists():
        try:
            with closing(Store(file, now)) as store:
                known = {row.key: row for row in store.rows()}
        except (NewerSchema, StoreFailed):
            return ()
    return tuple(past_entries(planned.drafts, known, planned.config.checks, now))
