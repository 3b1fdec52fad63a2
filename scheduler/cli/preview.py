"""termbell preview: the dry run. The same code as in a real run writes what is shown; no network, credentials or store.

Here is what is asked and what is chosen; `preview_terminal.py` and `preview_page.py` show it.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import click

from platforms.base import Media
from scheduler.calendar.model import Delivery
from scheduler.cli.options import config_option, fetch_option, json_option
from scheduler.cli.output import emit, fail, problems, say
from scheduler.engine.credentials import Credentials
from scheduler.engine.logs import set_up
from scheduler.engine.planning import Plan, plan
from scheduler.problems import Problem, did_you_mean

NEARLY = 0.9  # of the limit: a text that long is shown in another colour
Requests = Mapping[str, list[dict[str, object]]]  # by the delivery's key


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What of a plan is to be shown."""

    plan: Plan
    deliveries: tuple[Delivery, ...]
    requests: Requests | None
    now: datetime

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Those of what is shown, and those of no delivery."""
        of_deliveries = {problem for one in self.plan.deliveries for problem in one.problems}
        shown = {problem for one in self.deliveries for problem in one.problems}
        return tuple(
            problem
            for problem in self.plan.problems
            if problem in shown or problem not in of_deliveries
        )

    @property
    def elsewhere(self) -> tuple[Problem, ...]:
        """The problems that stand at no delivery."""
        shown = {problem for one in self.deliveries for problem in one.problems}
        return tuple(problem for problem in self.problems if problem not in shown)

    @cached_property
    def _chains(self) -> Counter[tuple[str, str, datetime]]:
        return Counter((one.entry, one.account, one.due) for one in self.deliveries)

    def parts(self, delivery: Delivery) -> int:
        """How many parts the chain of `delivery` has."""
        return self._chains[delivery.entry, delivery.account, delivery.due]

    def summary_of(self, one: Delivery) -> str:
        """The post's summary, where the platform shows one; those without titles have none either."""
        return (
            one.post.summary
            if self.plan.config.accounts[one.account].platform.limits.title != 0
            else ""
        )

    def file(self, delivery: Delivery, media: Media) -> str:
        """The file as the person named it."""
        folder, file = self.plan.config.folder, delivery.sources.get(media.digest, media.file)
        return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name

    def alt(self, delivery: Delivery, media: Media) -> str:
        """What stands beside a picture for who does not see it."""
        return (
            "no alt texts are taken there"
            if self.plan.config.accounts[delivery.account].platform.limits.alt == 0
            else media.alt or "no alt text"
        )

    @property
    def summary(self) -> str:
        accounts = len({one.account for one in self.deliveries})
        return ", ".join(
            (
                f"{counted(len(self.deliveries), 'delivery', 'deliveries')} to {counted(accounts, 'account', 'accounts')}",
                counted(len(self.problems), "problem", "problems"),
            )
        )


def counted(number: int, one: str, several: str) -> str:
    return f"{number or 'no'} {one if number == 1 else several}"


@click.command(short_help="The dry run: what will be published where, and when.")
@click.option(
    "--from",
    "start",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="From this day on, e.g. 2026-09-07.",
)
@click.option(
    "--to",
    "end",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DAY",
    help="Up to this day, and with it.",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="NAME",
    help="Only this account; may be given several times.",
)
@click.option(
    "--entry",
    "entries",
    multiple=True,
    metavar="ID",
    help="Only this entry; may be given several times.",
)
@click.option(
    "--requests", is_flag=True, help="Every request in the order they leave; secrets as •••."
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a page that shows the same.",
)
@fetch_option
@config_option
@json_option
def command(
    config: Path,
    as_json: bool,
    start: datetime | None,
    end: datetime | None,
    accounts: tuple[str, ...],
    entries: tuple[str, ...],
    requests: bool,
    html: Path | None,
    fetch: bool,
) -> None:
    """Show every post as it will appear, account by account, with what is wrong. Nothing leaves.

    The requests are made by the code of the real run, and are the same byte for byte,
    the secrets and the time of sending apart. Ends with 1 where there is an error.

    \b
    Examples:
      termbell preview
      termbell preview --from 2026-09-07 --to 2026-09-13 --account fediverse
      termbell preview --entry welcome-back --requests
      termbell preview --html preview.html
    """
    planned = plan(config, fetch=fetch)
    set_up(
        sys.stderr, Credentials(planned.config.accounts, planned.config.state).all_values
    )  # an adapter's fault may have one in its words
    _known("account", accounts, planned.config.accounts)
    _known("entry", entries, {one.entry for one in planned.deliveries})
    days = (start.date() if start else None, end.date() if end else None)
    chosen = tuple(
        one
        for one in planned.deliveries
        if (days[0] is None or one.due.date() >= days[0])
        and (days[1] is None or one.due.date() <= days[1])
        and (not accounts or one.account in accounts)
        and (not entries or one.entry in entries)
    )
    preview = Preview(
        plan=planned,
        deliveries=chosen,
        requests=_rehearsed(planned, chosen) if requests else None,
        now=datetime.now(UTC),
    )
    _show(preview, as_json, html)
    raise SystemExit(int(any(problem.severity == "error" for problem in preview.problems)))


def _known(what: str, asked: Iterable[str], known: Iterable[str]) -> None:
    for name in asked:
        if name not in known:
            fail(f"no {what} '{name}'; {did_you_mean(name, known)}", 2)


def _show(preview: Preview, as_json: bool, html: Path | None) -> None:
    if html:
        from scheduler.cli.preview_page import page

        html.write_text(page(preview), encoding="utf-8")
        say(f"the preview is in {html}", err=True)
    if as_json:
        emit({"deliveries": [_plain(preview, one) for one in preview.deliveries]})
    elif html:
        problems(preview.problems, err=False)
        say(preview.summary)
    else:
        from scheduler.cli.preview_terminal import lines

        for line in lines(preview):
            say(line)


def _rehearsed(planned: Plan, chosen: tuple[Delivery, ...]) -> Requests:
    """The requests of each delivery; none where it would not be published in a real run either."""
    from scheduler.engine.rehearsal import shown

    return {
        one.key: [
            shown(request, planned.config.accounts[one.account].platform)
            for request in planned.rehearsals.of(one).asked
        ]
        for one in chosen
    }


def _plain(preview: Preview, one: Delivery) -> dict[str, object]:
    post = one.post
    plain: dict[str, object] = {
        "key": one.key,
        "entry": one.entry,
        "account": one.account,
        "platform": one.platform,
        "due": one.due.isoformat(),
        "part": one.part,
        "title": post.title,
        "summary": preview.summary_of(one),
        "text": post.text,
        "language": post.language,
        "link": {
            "url": post.link.url,
            "title": post.link.title,
            "description": post.link.description,
        }
        if post.link
        else None,
        "length": {"used": one.used, "limit": one.limit, "unit": one.unit, "whole": one.whole},
        "media": [{"file": preview.file(one, media), "alt": media.alt} for media in post.media],
        "problems": [problem.as_plain() for problem in one.problems],
    }
    return plain if preview.requests is None else {**plain, "requests": preview.requests[one.key]}
