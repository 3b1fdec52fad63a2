"""Making the store agree with the calendar. What was published, or may be, is left as it is."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from platforms.base import as_plain
from scheduler.calendar.model import Delivery
from scheduler.store import removals, status
from scheduler.store.changing import NEVER_TRIED, become
from scheduler.store.claiming import is_gone
from scheduler.store.journal import LEFT, seek
from scheduler.store.migrations import BORN
from scheduler.store.notices import note
from scheduler.store.removals import Files, file_of, is_unreachable, was_on_purpose
from scheduler.store.renames import Match, Then, matches, same_content
from scheduler.store.rows import (
    HANDOFF,
    LIKE,
    MISSING,
    NEW_STORE,
    PAST,
    REMOVED,
    Changes,
    instant,
    stamp,
)
from scheduler.store.tables import accounts as accounts_table
from scheduler.store.tables import deliveries, facts, journal

EDITABLE = (status.SCHEDULED, status.HELD, status.MISSED, status.CANCELLED, status.FAILED)
ENDED = (status.MISSED, status.FAILED)
RESTORED = "restored"  # the fact that says when a backup was
CALENDAR_GONE = "calendar gone"  # the fact that says what waits of a calendar that is gone
MOST_PAST = 3  # new entries that are over and go by their policy; more are held
LONGEST_REST = 600_000_000  # microseconds after its time for which changes put a post off
OVER = "its time had passed when it was first planned; retry publishes it all the same"
OTHERS_ARE_OVER = (
    "its time had passed when it was first planned, as with others; "
    "termbell release --all | --drop decides about all of them"
)
NOTED = ("place", "content", "origin", "profile")  # what a reading says of a row, whatever it is
NOTE = (
    update(deliveries)
    .where(deliveries.c.key == bindparam("of"))
    .values({name: bindparam(f"to_{name}") for name in NOTED})
)


@dataclass(frozen=True, kw_only=True)
class AccountFacts:
    """What of an account decides how careful a plan has to be."""

    can_look: bool = False  # a post that may be published can be looked for
    is_keyed: bool = False  # the key names the record: publishing it again changes nothing
    is_harmless: bool = False  # past posts may all be published: the built-in site


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a reading says beside the deliveries."""

    accounts: Mapping[str, AccountFacts] = field(default_factory=dict)
    files: Files | None = None  # None: whatever is gone was removed on purpose
    settles: timedelta = timedelta()  # how long what is new or changed rests before it leaves


def take_up(
    connection: Connection,
    planned: Iterable[Delivery],
    now: datetime,
    circumstances: Circumstances,
) -> Changes:
    """Adds, edits, renames and cancels deliveries, and tells the person what they should know."""
    return _TakingUp(connection, now, circumstances).run(list(planned))


class _TakingUp:
    def __init__(self, connection: Connection, now: datetime, circumstances: Circumstances) -> None:
        self.connection, self.now, self.circumstances = connection, now, circumstances
        self.known = {row.key: row for row in connection.execute(select(deliveries))}
        self.left = set(connection.scalars(select(journal.c.delivery).where(LEFT)))
        self.profiles = {
            row.name: row.profile for row in connection.execute(select(accounts_table))
        }
        self.found: dict[str, list[str]] = {name: [] for name in Changes.__dataclass_fields__}
        self.noted: list[dict[str, Any]] = []
        self.changed_files: set[str] = set()
        self.renamed: set[str] = set()  # the new keys
        # Parts of split texts that left with other words, and what follows them: the rest goes
        # as it was split.
        self.begun: set[str] = set()

    def run(self, planned: list[Delivery]) -> Changes:
        values = {delivery.key: self._values(delivery) for delivery in planned}
        fresh = [value for key, value in values.items() if key not in self.known]
        planned_rows = [row for key, row in self.known.items() if key in values]
        removed = [row for key, row in self.known.items() if key not in values]
        returned = [value for key, value in values.items() if self._is_returned(key)]
        edited = [value for key, value in values.items() if self._is_edited(key, value)]
        decided = self._decided([*fresh, *returned], removed, planned_rows, edited)
        for delivery in planned:
            if delivery.after in self.begun:
                self.begun.add(delivery.key)
            elif delivery.key in self.known:
                self._compare(delivery, values[delivery.key], decided.get(delivery.key))
        unknown = [one for one in fresh if one["key"] not in self.renamed | self.begun]
        self._add(unknown, decided)
        if self.noted:
            self.connection.execute(NOTE, self.noted)
        self._remove({delivery.entry for delivery in planned})
        return Changes(**{name: tuple(names) for name, names in self.found.items()})

    # Renames

    def _is_returned(self, key: str) -> bool:
        """Whether its entry was gone for good, and is in the calendar again: as good as new."""
        row = self.known.get(key)
        return bool(row and row.status == status.CANCELLED and row.reason == REMOVED)

    def _is_edited(self, key: str, values: Mapping[str, Any]) -> bool:
        """Whether it may leave, and says something else than before, or at another time."""
        row = self.known.get(key)
        if row is None or row.status not in EDITABLE or row.key in self.left:
            return False
        is_other = row.due != values["due"] or not same_content(values, row)
        return is_other and not self._is_returned(key)

    def _decided(
        self,
        fresh: list[dict[str, Any]],
        removed: list[Any],
        planned: list[Any],
        edited: list[dict[str, Any]],
    ) -> dict[str, Match]:
        """Renames what is known under another name. What the rest of the new ones look like."""
        configured = self.circumstances.accounts.keys() or {row.account for row in planned}
        found = matches(fresh, removed, planned, stamp(self.now), self.left, configured, edited)
        kept = {}
        for match in found:
            if match.then is not Then.ADOPT or match.new["key"] in self.known:
                kept[match.new["key"]] = match
            elif self._is_under_way(match.earlier):
                self.found["postponed"].append(_name(match.new))
                kept[match.new["key"]] = match
            else:
                self._rename(match)
        return kept

    def _is_under_way(self, row: Any) -> bool:
        """Whether a process that is alive works on it: it would not know the other name."""
        is_claimed = row.status == status.PUBLISHING and stamp(self.now) < row.lease
        return is_claimed and not is_gone(row.claimed_by)

    def _rename(self, match: Match) -> None:
        """The earlier delivery takes the names of the new one, and keeps its key on the wire."""
        old, new = match.earlier, match.new
        names = ("key", "entry", "account", "after", "grace", "late")
        taken = {name: new[name] for name in names}
        taken["wire_key"] = old.wire_key or old.key
        taken["post"] = old.post if old.key in self.left else new["post"]
        self.connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        self.connection.execute(
            update(deliveries).where(deliveries.c.key == old.key).values(**taken)
        )
        followers = update(deliveries).where(deliveries.c.after == old.key)
        self.connection.execute(followers.values(after=new["key"]))
        of_old = update(journal).where(journal.c.delivery == old.key)
        self.connection.execute(of_old.values(delivery=new["key"]))
        renamed = select(deliveries).where(deliveries.c.key == new["key"])
        self.known[new["key"]] = self.connection.execute(renamed).one()
        del self.known[old.key]
        self.renamed.add(new["key"])
        if old.key in self.left:
            self.left.add(new["key"])
        self.changed_files.add(file_of(new["place"]))
        self.found["renamed"].append(f"{old.entry} on {old.account} is now {_name(new)}")

    # What is known

    def _compare(self, delivery: Delivery, values: dict[str, Any], match: Match | None) -> None:
        before = self.known.pop(delivery.key)
        if match:
            values |= _held(LIKE, _looks_like(values, match.earlier))
        has_left = before.key in self.left
        is_editable = before.status in EDITABLE and not has_left and before.reason != HANDOFF
        differs = not same_content(values, before)
        self._note(before, values, is_editable)
        if before.removed_at is not None:
            self._bring_back(before)
        if is_editable and not _same(before, values, self.now):
            self._edit(before, values, differs)
        elif not is_editable and bool(before.changed_since) != differs:
            where = update(deliveries).where(deliveries.c.key == delivery.key)
            self.connection.execute(where.values(changed_since=int(differs)))
        if not is_editable and differs:
            if not before.changed_since:
                self.found["differs"].append(_name(values))
            self.begun |= {delivery.key} if delivery.is_split else set()

    def _note(self, before: Any, values: dict[str, Any], is_editable: bool) -> None:
        """Keeps what the reading knows of a row, and of what has left only what was missing."""
        wanted = {
            name: values[name] if is_editable or name == "place" else getattr(before, name)
            for name in NOTED
        }
        if not is_editable and before.content is None and same_content(values, before):
            wanted["content"] = values["content"]
        if not is_editable and before.origin is None:
            wanted["origin"] = values["origin"]
        if before.profile is None and before.origin in (None, values["origin"]):
            wanted["profile"] = values["profile"]
        if any(wanted[name] != getattr(before, name) for name in NOTED):
            named = {f"to_{name}": value for name, value in wanted.items()}
            self.noted.append({"of": before.key, **named})

    def _bring_back(self, before: Any) -> None:
        """An entry that was missing for a moment goes on as before."""
        where = update(deliveries).where(deliveries.c.key == before.key)
        if before.status == status.HELD and before.reason == MISSING:
            scheduled = {"next_at": before.due, "reason": None, "error": None}
            become(self.connection, before.key, status.SCHEDULED, **scheduled)
        self.connection.execute(where.values(removed_at=None))
        self.found["returned"].append(f"{before.entry} on {before.account}")

    def _edit(self, before: Any, values: dict[str, Any], differs: bool) -> None:
        changed = {**NEVER_TRIED, **values, **_standing(before, values, self.now)}
        is_news = differs or before.due != values["due"]
        if is_news and changed["status"] == status.SCHEDULED and changed["reason"] is None:
            changed["next_at"] = self._leaves_at(changed, before)
        where = update(deliveries).where(deliveries.c.key == before.key)
        self.connection.execute(where.values(**changed))
        self.connection.execute(
            delete(journal).where(journal.c.delivery == before.key, journal.c.sent_at > 0)
        )
        if is_news:
            self.changed_files.add(file_of(values["place"]))
        if changed["status"] == status.HELD and before.status != status.HELD:
            self._tell_of_problem(changed)
            if changed["reason"] == LIKE:
                self._tell("like", _several([changed]))
        self.found["edited"].append(_name(values))

    def _leaves_at(self, values: Mapping[str, Any], before: Any = None) -> int:
        """When an edit of this moment may leave: after a rest, but not so long that it is missed.

        What changes again and again (`before` still rests) rests no longer than `LONGEST_REST`.
        """
        settles = round(self.circumstances.settles.total_seconds() * 1_000_000)
        if not settles:
            return int(values["next_at"])
        now, due = stamp(self.now), values["due"]
        rested = now + settles
        is_resting = before is not None and before.next_at > now
        if is_resting and now > due + LONGEST_REST:
            rested = min(rested, before.next_at)
        if values["late"] != "publish":
            rested = min(rested, due + round(values["grace"] * 1_000_000) - settles)
        return int(max(values["next_at"], rested))

    # What is new

    def _add(self, fresh: list[dict[str, Any]], decided: Mapping[str, Match]) -> None:
        is_too_much = self._past(fresh) > MOST_PAST
        sought: dict[str, int] = {}
        added = []
        for values in fresh:
            match = decided.get(values["key"])
            if match and match.then is Then.ADOPT:
                continue  # its earlier one is under way: the next reading renames it
            self.changed_files.add(file_of(values["place"]))
            if match:
                values |= _held(LIKE, _looks_like(values, match.earlier))
            elif self._is_over(values):
                values |= self._when_over(values, is_too_much)
            elif self._may_be_published(values):
                sought |= {values["key"]: values["due"]} if self._can_look(values) else {}
                values |= {} if self._can_look(values) else _held(NEW_STORE, MAY_BE_PUBLISHED)
            if values["status"] == status.SCHEDULED:
                values["next_at"] = self._leaves_at(values)
            added.append(values)
            is_missed = values["status"] == status.MISSED
            self.found["past" if is_missed else "added"].append(_name(values))
        for start in range(0, len(added), 500):
            self.connection.execute(insert(deliveries), added[start : start + 500])
        seek(self.connection, sought | self._lost_with_a_backup(added))
        self._tell_of_new(added)

    def _past(self, fresh: Iterable[dict[str, Any]]) -> int:
        """How many entries are over and new."""
        over = {
            values["entry"]
            for values in fresh
            if values["status"] == status.SCHEDULED
            and values["due"] + values["grace"] * 1_000_000 < stamp(self.now)
            and not self._facts(values).is_harmless
        }
        return len(over)

    def _is_over(self, values: dict[str, Any]) -> bool:
        return bool(values["due"] + values["grace"] * 1_000_000 < stamp(self.now))

    def _when_over(self, values: dict[str, Any], is_too_much: bool) -> dict[str, Any]:
        if values["status"] == status.HELD:
            return {"status": status.MISSED} if values["late"] != "publish" else {}
        if is_too_much and not self._facts(values).is_harmless:
            return _held(PAST, OTHERS_ARE_OVER)
        if values["late"] == "ask":
            return _held("late", "late: retry it, or cancel it")
        if values["late"] == "skip":
            return {"status": status.MISSED, "error": OVER}
        if self._may_be_published(values) and not self._can_look(values):
            return _held(NEW_STORE, MAY_BE_PUBLISHED)
        return {}

    def _may_be_published(self, values: dict[str, Any]) -> bool:
        """Whether an earlier store, lost since, may have published it."""
        born, restored = int(self._fact(BORN) or 0), int(self._fact(RESTORED) or 0)
        is_new = restored <= values["due"] < min(born, stamp(self.now))
        facts_of = self._facts(values)
        return is_new and not facts_of.is_keyed and values["status"] == status.SCHEDULED

    def _can_look(self, values: dict[str, Any]) -> bool:
        return self._facts(values).can_look

    def _facts(self, values: dict[str, Any]) -> AccountFacts:
        return self.circumstances.accounts.get(values["account"], AccountFacts(is_keyed=True))

    def _lost_with_a_backup(self, added: Iterable[dict[str, Any]]) -> dict[str, int]:
        """What was due before a backup was restored: whatever was planned since it was made."""
        restored = int(self._fact(RESTORED) or 0)
        return {one["key"]: one["due"] for one in added if one["due"] < restored}

    def _fact(self, name: str) -> str | None:
        found: str | None = self.connection.scalar(
            select(facts.c.value).where(facts.c.name == name)
        )
        return found

    # What is gone

    def _remove(self, entries: Collection[str]) -> None:
        gone: list[Any] = []
        missing: list[Any] = []
        unseen: list[Any] = []
        for row in sorted(self.known.values(), key=lambda row: row.part):
            if row.after in self.begun:
                self.begun.add(row.key)
            elif self._may_be_cancelled(row):
                files = self.circumstances.files
                if files and is_unreachable(row.place, files):
                    unseen += [row] if row.status in (status.SCHEDULED, status.HELD) else []
                    continue
                purpose = was_on_purpose(row, files, self.changed_files, entries)
                (gone if purpose else missing).append(row)
        self.found["cancelled"] += removals.cancel(self.connection, gone, self.now)
        self.found["missing"] += removals.set_aside(self.connection, missing, self.now)
        if self.circumstances.files:
            self._tell_of_calendar(unseen)

    def _tell_of_calendar(self, unseen: Collection[Any]) -> None:
        """Whether the calendar is gone while posts of it wait: news when it begins and ends."""
        before = self._fact(CALENDAR_GONE)
        files = sorted({file_of(row.place) for row in unseen})
        if unseen and before is None:
            gone = (
                f"{len(unseen)} posts of {', '.join(files[:3])} are planned and go out as they are"
            )
            self.connection.execute(insert(facts).values(name=CALENDAR_GONE, value=gone))
            self._tell("calendar gone", gone)
        elif before is not None and not unseen:
            self.connection.execute(delete(facts).where(facts.c.name == CALENDAR_GONE))
            self._tell("calendar back", "it is read again")

    def _may_be_cancelled(self, row: Any) -> bool:
        return row.status in removals.CANCELLABLE and row.key not in self.left

    # What the person should know

    def _tell_of_new(self, added: Iterable[dict[str, Any]]) -> None:
        by_reason: dict[str, list[dict[str, Any]]] = {}
        for values in added:
            if values["status"] == status.MISSED:
                self._tell("missed", f"{_told(values)}: {values['error']}")
            elif values["status"] == status.HELD:
                by_reason.setdefault(values["reason"], []).append(values)
        for reason, held in by_reason.items():
            if reason == "problem":
                for values in held:
                    self._tell_of_problem(values)
            else:
                self._tell(HOLD_KINDS[reason], _several(held))

    def _tell_of_problem(self, values: dict[str, Any]) -> None:
        if values["reason"] == "problem":
            self._tell("problem", f"{_told(values)}: {values['error']}")

    def _tell(self, kind: str, text: str) -> None:
        note(self.connection, self.now, kind, text)

    def _values(self, delivery: Delivery) -> dict[str, Any]:
        offset = delivery.due.utcoffset() or timedelta()
        values = {
            "key": delivery.key,
            "entry": delivery.entry,
            "account": delivery.account,
            "platform": delivery.platform,
            "part": delivery.part,
            "after": delivery.after,
            "due": stamp(delivery.due),
            "offset": int(offset.total_seconds()),
            "grace": delivery.grace,
            "late": delivery.late,
            "place": str(delivery.place),
            "content": delivery.content,
            "origin": delivery.origin,
            "profile": self.profiles.get(delivery.account),
            **NEVER_TRIED,
            "changed_since": 0,
            "post": json.dumps(as_plain(delivery.post), ensure_ascii=False),
            "next_at": stamp(delivery.due),
            "status": status.SCHEDULED,
            "reason": None,
            "error": None,
        }
        if delivery.errors:
            messages = "; ".join(problem.message for problem in delivery.errors)
            values |= _held("problem", messages)
        return values


MAY_BE_PUBLISHED = (
    "it was due before this store was made, and may be published already; look, then: "
    "termbell release --all | --drop"
)
HOLD_KINDS = {LIKE: "like", PAST: "past", NEW_STORE: "new store", "late": "late"}
SHOWN = 10


def _held(reason: str, error: str) -> dict[str, Any]:
    return {"status": status.HELD, "reason": reason, "error": error}


def _looks_like(values: dict[str, Any], earlier: Any) -> str:
    what = "published" if earlier.status == status.PUBLISHED else earlier.status
    when = f"{instant(earlier.due, earlier.offset):%Y-%m-%d %H:%M}"
    key = values["key"][:8]
    return (
        f"looks like {earlier.entry} on {earlier.account}, {what} {when}; "
        f"`termbell retry {key}` publishes it as well, `termbell cancel {key}` drops it"
    )


def _name(values: Mapping[str, Any]) -> str:
    return f"{values['entry']} on {values['account']}"


def _told(values: Mapping[str, Any]) -> str:
    due = instant(values["due"], values["offset"])
    part = f" part {values['part'] + 1}" if values["part"] else ""
    entry = f"{values['entry']}{part} on {values['account']}"
    return f"{entry} (due {due:%Y-%m-%d %H:%M}, {values['key'][:8]})"


def _several(held: Collection[Mapping[str, Any]]) -> str:
    lines = [f"{_told(values)}: {values['error']}" for values in held]
    more = f"\n  and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return "\n  ".join(lines[:SHOWN]) + more


def _is_too_late(values: Mapping[str, Any], now: datetime) -> bool:
    over = bool(values["due"] + values["grace"] * 1_000_000 < stamp(now))
    return values["late"] != "publish" and over


def _standing(before: Any, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What an edit leaves as it was: a person's decision, and what still waits for one.

    What waited, and is over by its new time, is left to `too_late`, which tells the person.
    """
    as_before = {"status": before.status, "reason": before.reason, "error": before.error}
    is_over = _is_too_late(values, now)
    if before.status == status.CANCELLED and before.reason != REMOVED:
        return as_before
    if values["status"] == status.HELD:
        return {}
    if before.status == status.HELD and before.reason == "login":
        return as_before
    if before.status == status.HELD and before.reason in (PAST, NEW_STORE, LIKE):
        return as_before if values["due"] < stamp(now) else {}
    if is_over and (before.status in ENDED or before.reason == "late"):
        return as_before
    if (
        before.status == status.SCHEDULED
        and before.reason == "word"
        and before.due == values["due"]
    ):
        return {**as_before, "next_at": before.next_at}
    return {}


def _same(before: Any, values: Mapping[str, Any], now: datetime) -> bool:
    """Whether the plan says nothing new of a delivery.

    That its time has passed since, or its line has moved, is nothing new.
    """
    alike = all(getattr(before, name) == values[name] for name in ("post", "due", "grace", "late"))
    is_over = before.status == status.MISSED and _is_too_late(values, now)
    mended = (before.reason == "problem") != (values["reason"] == "problem") and not is_over
    gone = before.status == status.CANCELLED and before.reason == REMOVED
    return alike and not mended and not gone
