"""Entries x accounts -> Drafts, in the order they are due."""

from collections.abc import Iterable
from dataclasses import replace

from scheduler.calendar.model import Draft, Entry
from scheduler.config import Config


def drafts(config: Config, entries: Iterable[Entry]) -> list[Draft]:
    """What has to be rendered: each entry for each of its accounts."""
    found = [_draft(config, entry, account) for entry in entries for account in entry.due]
    return sorted(found, key=lambda draft: (draft.due, draft.entry, draft.account.name))


def _draft(config: Config, entry: Entry, name: str) -> Draft:
    account = config.accounts[name]
    content = entry.content[name]
    return Draft(
        entry=entry.id,
        account=account,
        due=entry.due[name],
        place=entry.place,
        lines=entry.lines,
        ignore=entry.ignore,
        content=replace(
            content,
            options={**account.options, **content.options},
            language=content.language or account.language,
        ),
        grace=account.grace if entry.grace is None else entry.grace,
        late=entry.late or account.late,
    )
