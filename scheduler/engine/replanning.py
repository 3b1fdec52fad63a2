"""The daemon's reading of the calendar, in a process of its own.

A big calendar costs memory that Python does not give back, and a template may loop for ever: both end with the process.
What is limited is the processor time of the process: on a busy machine, reading takes long, and nothing is wrong with the calendar.
The daemon gets what it needs to publish: the config, what changed, what is wrong. The deliveries are in the store.

Making media ready may take longer than anybody wants to wait for a changed calendar: a long video is converted for many minutes. So a reading
gives it `MAKING` seconds; what is not ready then holds its delivery, is made by `make_media_apart`, and the calendar is read again.
"""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, cast

from platforms.registry import platform
from scheduler.config import Config, read_config
from scheduler.problems import Invalid, Place, Problem
from scheduler.store import Changes, NewerSchema, Store, StoreFailed

LONGEST = 120.0  # seconds of processor time that reading and rendering may take
PATIENT = 1200.0  # seconds that a command waits for it, on a machine that does much else
TOO_LONG = 3  # the exit code of a process that used up its processor time
MAKING = 40.0  # of them, for making media ready
LONGEST_MAKING = 4 * 3600.0  # seconds for all media that no reading had the time for
NOT_READY = "media-not-ready"
TOO_SLOW = "media-too-slow"
PAST = "past"


@dataclass(frozen=True, kw_only=True)
class Replanned:
    """How a reading went. Where the files cannot be used, there is no `config`, and the store was not touched."""

    changes: Changes = field(default_factory=Changes)
    config: Config | None = None
    problems: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def past(self) -> tuple[Problem, ...]:
        """What was over when it was taken up: no news for a second reading."""
        return tuple(problem for problem in self.problems if problem.code == PAST)

    @property
    def unready(self) -> tuple[str, ...]:
        """The media that there was no time to make ready, in words."""
        return tuple(problem.message for problem in self.problems if problem.code == NOT_READY)


def replan_apart(
    path: Path,
    store: Callable[[Config], Path],
    now: datetime,
    *,
    fetch: bool = True,
    longest: float = LONGEST,
    patience: float = PATIENT,
    making: float = MAKING,
    rests: bool = False,
) -> Replanned:
    """Reads the files and makes the store agree with them, in a process that is ended when it uses
    more than `longest` seconds of processor time, or does not answer for `patience` seconds.

    `store` answers which file that is, once the config is known; what it raises is raised here, with nothing changed.
    Raises `StoreFailed`.
    """
    try:
        with _apart(_replan, path, now, fetch, making, rests, longest) as pipe:
            read: Replanned = _heard(pipe, patience)
            if read.config is None:
                return read
            config = _with_platforms(read.config)
            pipe.send(store(config))
            changes, past = _heard(pipe, patience)
            return replace(read, config=config, changes=changes, problems=read.problems + past)
    except TimeoutError:
        limit = min(longest, patience)
        why = f"reading took longer than {limit:.0f} s; look for a template that loops"
        return Replanned(problems=(Problem("too-slow", why, Place(path.name, 1)),))
    except EOFError:
        why = "reading ended without an answer; is there enough memory?"
        return Replanned(problems=(Problem("no-answer", why, Place(path.name, 1)),))


def make_media_apart(
    path: Path, *, fetch: bool = True, longest: float = LONGEST_MAKING
) -> tuple[Problem, ...]:
    """Makes ready what one reading had no time for; answers which video was too slow. Nothing is taken up: read the calendar again for that."""
    with _apart(_make_media, path, fetch) as pipe, suppress(TimeoutError, EOFError):
        return cast("tuple[Problem, ...]", _heard(pipe, longest))
    return ()


@contextmanager
def _apart(work: Callable[..., None], *given: object) -> Iterator["Connection"]:
    """A process that does `work`, whose first argument is the other end of this pipe. It is ended with the block.

    Raises `TimeoutError` where it used up its processor time.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(theirs, *given), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    except EOFError:
        process.join()
        if process.exitcode == TOO_LONG:
            raise TimeoutError from None
        raise
    finally:
        process.kill()
        process.join()
        ours.close()


def _wait(seconds: float) -> None:
    """Like `time.sleep`, which a clock that was set can make fail."""
    threading.Event().wait(seconds)


def end_after(
    seconds: float,
    processor: Callable[[], float] = time.process_time,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = _wait,
    end: Callable[[int], object] = os._exit,
) -> None:
    """Ends this process when it has used so many seconds of processor time.

    With several processors it may use them up in less; that long it always has.
    """
    began = clock()
    while (left := seconds - min(processor(), clock() - began)) > 0:
        sleep(left)
    end(TOO_LONG)


def _tell(pipe: "Connection", answer: object) -> None:
    """Answers the process that waits, if it still does: a daemon that was killed leaves this one behind."""
    with suppress(BrokenPipeError, ConnectionResetError):
        pipe.send(answer)


def _make_media(pipe: "Connection", path: Path, fetch: bool) -> None:
    from scheduler.engine.planning import plan

    with suppress(Invalid):  # said by the next reading
        _tell(
            pipe,
            tuple(
                problem for problem in plan(path, fetch=fetch).problems if problem.code == TOO_SLOW
            ),
        )


def ask_limits_apart(path: Path, longest: float = LONGEST) -> bool:
    """Asks the servers that tell their limits, in a process of its own: a daemon that waits needs nothing that speaks HTTP.

    Returns whether any limit is another one now.
    """
    with _apart(_ask_limits, path) as pipe, suppress(TimeoutError, EOFError):
        return bool(_heard(pipe, longest))
    return False


def _ask_limits(pipe: "Connection", path: Path) -> None:
    from scheduler.engine.credentials import Credentials
    from scheduler.engine.known_limits import known_limits
    from scheduler.engine.logs import set_up
    from scheduler.engine.network import Networks

    with suppress(Invalid):  # said by the next reading
        config = read_config(path)
        credentials = Credentials(config.accounts, config.state)
        set_up(sys.stderr, credentials.all_values)
        networks = Networks(credentials, config.timeout)
        _tell(
            pipe, known_limits(config).ask(config.accounts.values(), networks.of, datetime.now(UTC))
        )


def _heard(pipe: "Connection", longest: float) -> Any:
    if not pipe.poll(longest):
        raise TimeoutError
    answer = pipe.recv()
    if isinstance(answer, Exception):
        raise answer
    return answer


def _replan(
    pipe: "Connection",
    path: Path,
    now: datetime,
    fetch: bool,
    making: float,
    rests: bool,
    longest: float,
) -> None:
    """What goes on in the other process: reads, tells, waits for the store's place, takes up, tells."""
    threading.Thread(target=end_after, args=(longest,), daemon=True).start()
    from scheduler.engine.circumstances import circumstances
    from scheduler.engine.past import past_entries
    from scheduler.engine.planning import plan
    from scheduler.rendering.cards import cards_folder
    from scheduler.rendering.media.cache import cache_folder, sweep

    try:
        planned = plan(path, fetch=fetch, media_until=time.monotonic() + making)
        _tell(
            pipe,
            Replanned(
                config=portable(planned.config), problems=planned.problems, files=planned.files
            ),
        )
        store = Store(pipe.recv(), now)
        try:
            known = {row.key: row for row in store.rows()}
            past = tuple(past_entries(planned.drafts, known, planned.config.checks, now))
            wanted = circumstances(planned, is_running=rests)
            changes = store.plan(planned.deliveries, now, wanted)
            for folder in (cache_folder(), cards_folder()):
                sweep(folder, time.time())
            _tell(pipe, (changes, past))
        finally:
            store.close()
    except Invalid as invalid:
        _tell(pipe, Replanned(problems=invalid.problems, files=invalid.files))
    except (StoreFailed, NewerSchema) as failed:
        _tell(pipe, failed)
    except EOFError:
        pass  # nobody waits any more
    except Exception as fault:  # told to whoever waits, who logs it
        _tell(pipe, RuntimeError(f"reading the calendar failed: {type(fault).__name__}: {fault}"))


def portable(config: Config) -> Config:
    """The config as another process can be told of it: adapters are code, and are found again by name; entries are many."""
    accounts = {
        name: replace(one, platform=one.platform.name)  # type: ignore[arg-type]
        for name, one in config.accounts.items()
    }
    return replace(config, accounts=accounts, posts=None)


def _with_platforms(config: Config) -> Config:
    return replace(
        config,
        accounts={
            name: replace(one, platform=platform(one.account.platform))
            for name, one in config.accounts.items()
        },
    )
