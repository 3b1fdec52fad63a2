"""The daemon's reading of the calendar, in a process of its own.

A big calendar costs memory that Python does not give back, and a template may loop for ever: both end with the process.
The daemon gets what it needs to publish: the accounts, what changed, what is wrong. The deliveries are in the store.
"""

import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from platforms.registry import platform
from scheduler.config import Config, ConfiguredAccount
from scheduler.problems import Invalid, Place, Problem
from scheduler.store import Changes, Store

LONGEST = 120.0  # seconds that reading and rendering may take


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """How a reading went. With errors in the files the store was not touched, and `accounts` is empty."""

    changes: Changes = field(default_factory=Changes)
    accounts: Mapping[str, ConfiguredAccount] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    usable: bool = True


def replan(path: Path, store: Path, now: datetime) -> Replanned:
    """Reads the files and makes the store agree with them."""
    from scheduler.engine.planning import plan

    try:
        planned = plan(path, fetch=True)
    except Invalid as invalid:
        return Replanned(problems=invalid.problems, usable=False)
    opened = Store(store, now)
    try:
        changes = opened.plan(planned.deliveries, now)
    finally:
        opened.close()
    return Replanned(changes=changes, accounts=portable(planned.config), problems=planned.problems, files=planned.files)


def replan_apart(path: Path, store: Path, now: datetime, longest: float = LONGEST) -> Replanned:
    """The same in a process of its own, ended when it takes longer than `longest` seconds."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_replan_into, args=(theirs, path, store, now), daemon=True)
    process.start()
    theirs.close()
    try:
        if ours.poll(longest):
            answer = ours.recv()
            if isinstance(answer, Replanned):
                return _with_platforms(answer)
            raise RuntimeError(f"reading the calendar failed: {answer}")
        why = f"reading took longer than {longest:.0f} s; look for a template that loops"
        return Replanned(problems=(Problem("too-slow", why, Place(path.name, 1)),), usable=False)
    except EOFError:
        why = "reading ended without an answer; is there enough memory?"
        return Replanned(problems=(Problem("no-answer", why, Place(path.name, 1)),), usable=False)
    finally:
        process.kill()
        process.join()
        ours.close()


def _replan_into(pipe: "Connection", path: Path, store: Path, now: datetime) -> None:
    try:
        pipe.send(replan(path, store, now))
    except Exception as fault:  # told to the daemon, which logs it
        pipe.send(f"{type(fault).__name__}: {fault}")


def portable(config: Config) -> Mapping[str, ConfiguredAccount]:
    """The accounts as another process can be told of them: adapters are code, and are found again by name."""
    return {name: replace(one, platform=one.platform.name) for name, one in config.accounts.items()}  # type: ignore[arg-type]


def _with_platforms(answer: Replanned) -> Replanned:
    known = {name: replace(one, platform=platform(one.account.platform)) for name, one in answer.accounts.items()}
    return replace(answer, accounts=known)
