"""A delivery that is new to the store, and what it may be another name for: a table.

What is published is known by profile, due time and content, not only by the name of its entry: an
id, an account or a file that got another name must not publish everything again.
"""

import enum
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from scheduler.store import status
from scheduler.store.rows import HANDOFF

LIVE = (status.PUBLISHED, status.PUBLISHING, status.IN_DOUBT)
ENDED = (status.CANCELLED, status.FAILED, status.MISSED)


class Relation(enum.StrEnum):
    """How two accounts relate."""

    SAME = "same"  # one profile
    OTHER = "other"  # known to be two
    UNKNOWN = "unknown"  # one platform, server and place; whose it is is not known


class Then(enum.StrEnum):
    """What becomes of the new delivery."""

    ADOPT = "adopt"  # the earlier one takes its names, and keeps its key on the wire
    HOLD = "hold"
    GO = "go"


@dataclass(frozen=True, kw_only=True)
class Likeness:
    """What a new delivery and an earlier one have in common."""

    is_planned: bool  # the earlier one's entry is still in the calendar
    is_live: bool  # the earlier one left, or may have; else it was cancelled, failed or missed
    relation: Relation
    same_due: bool
    same_content: bool
    is_past: bool  # the new one is due before now


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One row of the table; what is None does not matter."""

    then: Then
    is_planned: bool
    is_live: bool = True
    relation: Relation | None = None
    same_due: bool | None = None
    same_content: bool | None = None
    is_past: bool | None = None

    def fits(self, likeness: Likeness) -> bool:
        names = ("is_planned", "is_live", "relation", "same_due", "same_content", "is_past")
        return all(getattr(self, name) in (None, getattr(likeness, name)) for name in names)


SAME, OTHER, UNKNOWN = Relation
# fmt: off
RULES = (  # the first that fits
    Rule(then=Then.GO, is_planned=False, relation=OTHER),
    Rule(then=Then.GO, is_planned=True, relation=OTHER),
    Rule(then=Then.HOLD, is_planned=True, same_due=True, same_content=True),
    Rule(then=Then.GO, is_planned=True),
    Rule(then=Then.GO, is_planned=True, is_live=False),
    Rule(then=Then.ADOPT, is_planned=False, relation=SAME, same_due=True, same_content=True),
    Rule(then=Then.HOLD, is_planned=False, relation=UNKNOWN, same_due=True, same_content=True),
    Rule(then=Then.HOLD, is_planned=False, same_due=True, same_content=False),
    Rule(then=Then.HOLD, is_planned=False, same_due=False, same_content=True, is_past=True),
    Rule(then=Then.GO, is_planned=False),
    Rule(then=Then.ADOPT, is_planned=False, is_live=False, relation=SAME, same_due=True,
         same_content=True),
    Rule(then=Then.GO, is_planned=False, is_live=False),
)
# fmt: on


def rule_for(likeness: Likeness) -> Then:
    return next(rule.then for rule in RULES if rule.fits(likeness))


@dataclass(frozen=True, kw_only=True)
class Match:
    """A new delivery and the earlier one that decides about it."""

    then: Then
    new: Mapping[str, Any]  # columns of the new delivery
    earlier: Any  # row


def matches(
    fresh: Iterable[Mapping[str, Any]],
    removed: Iterable[Any],
    planned: Iterable[Any],
    now: int,
    left: Collection[str],
    accounts: Collection[str],
    edited: Iterable[Mapping[str, Any]] = (),
) -> list[Match]:
    """The new deliveries that do not simply go out, each with its earlier one.

    `removed`: rows whose entries are gone; `planned`: those whose entries are not. `left`: keys of
    what left without an answer. `accounts`: names in the configuration. Several of a kind are
    paired in the order of due time and place, and first those that say the same. `edited`: known
    deliveries that may say now what an earlier one said; they count where they say the same.
    """
    earlier = _Earlier(removed, planned, left)
    found = []
    in_order = sorted(fresh, key=lambda one: (one["due"], one["place"]))
    in_order.sort(key=lambda one: not earlier.has_equal(one))
    in_order += [one for one in edited if earlier.has_equal(one)]
    for new in in_order:
        match = earlier.match(new, now, accounts)
        if match:
            found.append(match)
    return found


class _Earlier:
    """Rows that a new delivery may be another name for, found by due time and by content."""

    def __init__(self, removed: Iterable[Any], planned: Iterable[Any], left: Collection[str]):
        self.left = left
        self.used: set[str] = set()
        self.by_due: dict[tuple[str, int, int], list[tuple[Any, bool]]] = defaultdict(list)
        self.by_content: dict[tuple[str, int, str], list[tuple[Any, bool]]] = defaultdict(list)
        for rows, is_planned in ((removed, False), (planned, True)):
            for row in sorted(rows, key=lambda row: (row.due, row.place)):
                if self._counts(row):
                    self._add(row, is_planned)

    def _counts(self, row: Any) -> bool:
        return self._is_live(row) or (row.status in ENDED and row.reason != "removed")

    def _is_live(self, row: Any) -> bool:
        is_handed_over = row.status == status.HELD and row.reason == HANDOFF
        return row.status in LIVE or is_handed_over or row.key in self.left

    def _add(self, row: Any, is_planned: bool) -> None:
        self.by_due[row.platform, row.part, row.due].append((row, is_planned))
        if row.content:
            self.by_content[row.platform, row.part, row.content].append((row, is_planned))

    def has_equal(self, new: Mapping[str, Any]) -> bool:
        """Whether one of its time says the same."""
        of_its_time = self.by_due[new["platform"], new["part"], new["due"]]
        return any(same_content(new, row) for row, _ in of_its_time)

    def match(self, new: Mapping[str, Any], now: int, accounts: Collection[str]) -> Match | None:
        candidates = [
            *self.by_due[new["platform"], new["part"], new["due"]],
            *self.by_content[new["platform"], new["part"], new["content"]],
        ]
        likest: tuple[tuple[bool, ...], Then, Any] | None = None
        for row, is_planned in candidates:
            likeness = Likeness(
                is_planned=is_planned or row.key in self.used,
                is_live=self._is_live(row),
                relation=relation(new, row, accounts),
                same_due=new["due"] == row.due,
                same_content=same_content(new, row),
                is_past=new["due"] < now,
            )
            then = rule_for(likeness)
            rank = (likeness.same_due, likeness.same_content, likeness.is_live)
            if then is not Then.GO and (likest is None or rank > likest[0]):
                likest = (rank, then, row)
        if likest is None:
            return None
        _, then, row = likest
        self.used.add(row.key)
        return Match(then=then, new=new, earlier=row)


def relation(new: Mapping[str, Any], row: Any, accounts: Collection[str]) -> Relation:
    """How the accounts of a new delivery and of an earlier one relate."""
    if row.origin and new["origin"] and row.origin != new["origin"]:
        return Relation.OTHER
    if row.profile and new["profile"]:
        return Relation.SAME if row.profile == new["profile"] else Relation.OTHER
    if row.account == new["account"]:
        return Relation.SAME
    return Relation.OTHER if row.account in accounts else Relation.UNKNOWN


def same_content(new: Mapping[str, Any], row: Any) -> bool:
    """By what the person wrote; where an older store does not know that, by what was made of it."""
    if row.content and new["content"]:
        return bool(row.content == new["content"])
    return words_of(new["post"]) == words_of(row.post)


def words_of(post: str) -> tuple[Any, ...]:
    """What of a stored post does not depend on how it was rendered."""
    plain = json.loads(post)
    link = plain["link"] or {}
    text = " ".join(plain["text"].split())
    return text, plain["title"], link.get("url"), plain["options"], len(plain["media"])
