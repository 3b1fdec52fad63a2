"""The proof of "once": kills, faults and jumping clocks, and what readers see in the end.

    python benchmarks/once.py --kills 60 --posts 150 --seed 1
    python benchmarks/once.py --rivals --posts 500 --seed 1

What is faulted, and how, is in `benchmarks/README.md`. Ends with 1 where a post is lost, up twice, not what the store says, or
still open when patience is over. Real servers come from `../shared/servers` beside the checkout; without these only the web site
and the stand-ins are there, and the run says so.
"""

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE))

from benchmarks.proof import clock, rivals  # noqa: E402
from benchmarks.proof.calendar import Calendar  # noqa: E402
from benchmarks.proof.command import SCALE as SCALED  # noqa: E402
from benchmarks.proof.counting import Tally, counted, lateness  # noqa: E402
from benchmarks.proof.faults import ALL_FAULTS, GENTLE, Rates  # noqa: E402
from benchmarks.proof.places import SCRIPTS, SERVERS, SHARED, Way, places  # noqa: E402
from benchmarks.proof.supervising import Supervisor  # noqa: E402
from platforms import mastodon  # noqa: E402
from tests.acceptance.plain import installed  # noqa: E402
from tests.servers.starting import running, why_not  # noqa: E402

PLACES = (*SERVERS, "linkedin", "noticeboard", "site")
COLUMNS = (
    "intended",
    "once",
    "p50",
    "p99",
    "twice",
    "lost",
    "in_doubt",
    "held",
    "missed",
    "failed",
    "untrue",
    "open",
    "removed",
    "settleable",
    "seconds",
)
PATIENCE, LONGEST_DELAY = 900.0, 600.0  # seconds, before they are scaled
SCALE = 60.0
DISK = "64m"
NO_END = float("inf")
READS = 6  # of the truth, five seconds apart, while something seems lost: mail may be on its way to the box


@dataclass
class Result:
    """A run's."""

    seed: str
    tallies: dict[str, Tally]
    kills: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)  # kills that hit work
    events: Counter[str] = field(default_factory=Counter)
    torn: int = 0
    ended: int = 0  # starts after which a daemon ended by itself
    jumps: int = 0
    recovery: list[float] = field(
        default_factory=list
    )  # seconds from a start to its first request, where it came to one
    absent: list[str] = field(default_factory=list)
    unsound: list[str] = field(
        default_factory=list
    )  # SQLite's complaints, and what an event met that must not be
    took: float = 0.0

    @property
    def holds(self) -> bool:
        return not self.unsound and not any(
            tally.breaks_the_promise for tally in self.tallies.values()
        )


def main(words: Sequence[str] | None = None) -> int:
    said = arguments().parse_args(words)
    signal.signal(
        signal.SIGTERM, signal.default_int_handler
    )  # servers and daemons are ended then, too
    if said.rivals:
        return compared(posts=said.posts, seed=said.seed, as_json=said.json)
    result = proof(
        kills=said.kills,
        posts=said.posts,
        seed=said.seed,
        daemons=said.daemons,
        jumps=said.jumps,
        within=said.within,
        patience=said.patience,
        rates={**GENTLE, **dict(said.fault)},
        only=said.only,
        keep=said.keep,
        events=said.events,
        scale=said.scale,
        latest=said.latest,
    )
    print(json.dumps(plain(result), indent=1) if said.json else table(result))
    return 0 if result.holds else 1


def compared(*, posts: int, seed: str, as_json: bool) -> int:
    """Termbell and the others, each with a snac of its own and no kills. Only Termbell's promise is ours to keep.

    It keeps to the posts that Mastodon takes of an account in some hours, and so has several.
    """
    daemons = -(-posts // min(cap.posts for cap in mastodon.LIMITS.caps))
    ours = proof(
        kills=0,
        posts=posts,
        seed=seed,
        daemons=daemons,
        jumps=0,
        patience=1800,
        rates=rivals.RATES,
        only=("snac",),
        plain_texts=True,
        events=0,
    )
    if "snac" not in ours.tallies:
        print("\n".join(["the comparison needs a server:", *ours.absent]), file=sys.stderr)
        return 2
    found: dict[str, Tally | str] = {
        "termbell": ours.tallies["snac"],
        **rivals.all_tried(posts, seed),
    }
    if as_json:
        print(
            json.dumps(
                {
                    "seed": seed,
                    "rates": rivals.RATES,
                    "tools": {
                        name: one.plain if isinstance(one, Tally) else {"absent": one}
                        for name, one in found.items()
                    },
                },
                indent=1,
            )
        )
    else:
        print(
            "\n".join(
                [
                    *rows({name: one for name, one in found.items() if isinstance(one, Tally)}),
                    *(
                        f"{name}: not tried: {one}"
                        for name, one in found.items()
                        if isinstance(one, str)
                    ),
                    "",
                    f"seed {seed}, of the requests: {', '.join(f'{share:.0%} {name}' for name, share in rivals.RATES.items())}; "
                    f"a call that fails is repeated up to {rivals.CALLS - 1} times",
                ]
            )
        )
    return 0 if ours.holds else 1


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A kill costs one to three seconds, most of it the next start. On two cores 60 kills take two to three minutes, and 1,000 kills "
        "over 2,000 posts with --daemons 3 perhaps half an hour, as shorter runs tell.",
    )
    parser.add_argument(
        "--kills", type=int, default=60, help="of all daemons together (default: 60)"
    )
    parser.add_argument(
        "--posts",
        type=int,
        default=150,
        help="entries, each for one account; threads are on top (default: 150)",
    )
    parser.add_argument(
        "--seed",
        default="1",
        help="what is drawn: faults, moments, jumps; what they meet is the machine's",
    )
    parser.add_argument(
        "--daemons",
        type=int,
        default=2,
        help="stores side by side, each with its daemon (default: 2)",
    )
    parser.add_argument(
        "--jumps",
        type=float,
        default=0.15,
        help="share of a daemon's lives in which its clock is set (default: 0.15)",
    )
    parser.add_argument(
        "--fault",
        type=fault,
        action="append",
        default=[],
        metavar="NAME=SHARE",
        help="share of the requests: "
        + ", ".join(f"{name} ({GENTLE[name]:g})" for name in ALL_FAULTS),
    )
    parser.add_argument(
        "--events",
        type=float,
        default=0.2,
        help="share of a daemon's lives with an event (default: 0.2)",
    )
    parser.add_argument(
        "--scale",
        type=float,
        default=SCALE,
        help="by which the daemon's patience, its looks and the servers' delays are shortened "
        "(default: 60)",
    )
    parser.add_argument(
        "--latest",
        type=float,
        default=LONGEST_DELAY,
        help="seconds, before they are scaled, that a server which acts late takes at most "
        "(default: 600)",
    )
    parser.add_argument(
        "--only", type=platforms, default=PLACES, metavar="NAME,...", help=f"of {', '.join(PLACES)}"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=600,
        help="seconds after the last kill until all has to be settled (default: 600)",
    )
    parser.add_argument(
        "--within",
        type=float,
        default=NO_END,
        help="seconds after which there are no more kills, though fewer (default: no end)",
    )
    parser.add_argument(
        "--keep", type=Path, help="a folder for configs, stores and logs; otherwise they go"
    )
    parser.add_argument("--json", action="store_true", help="one object")
    parser.add_argument(
        "--rivals",
        action="store_true",
        help="no kills: Termbell and other tools through 5 %% lost answers, 503 and 429 each",
    )
    return parser


def platforms(said: str) -> tuple[str, ...]:
    unknown = set(said.split(",")) - set(PLACES)
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no platform called '{unknown.pop()}' here; there are: {', '.join(PLACES)}"
        )
    return tuple(said.split(","))


def fault(said: str) -> tuple[str, float]:
    name, _, share = said.partition("=")
    if name not in ALL_FAULTS:
        raise argparse.ArgumentTypeError(
            f"no fault called '{name}'; there are: {', '.join(ALL_FAULTS)}"
        )
    return name, float(share)


def proof(
    *,
    kills: int,
    posts: int,
    seed: str,
    daemons: int = 2,
    jumps: float = 0.15,
    within: float = NO_END,
    patience: float = 600,
    rates: Rates = GENTLE,
    only: Sequence[str] = PLACES,
    keep: Path | None = None,
    plain_texts: bool = False,
    events: float = 0.2,
    scale: float = SCALE,
    latest: float = LONGEST_DELAY,
) -> Result:
    """`rates` are those of the faults, `keep` a folder that stays, `plain_texts` texts without pictures and threads.

    `events` is the share of lives with one; `latest` the seconds until a late server acts. They and
    the daemon's patience are divided by `scale`.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        scratch = keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="termbell-once-"))
        )
        why = {name: why_not(SCRIPTS.get(name, name)) for name in only if name in SERVERS}
        absent = [reason for reason in why.values() if reason]
        here = [name for name in only if not why.get(name)]
        servers = {name: stack.enter_context(running(name)) for name in here if name in SHARED}
        supervisors = []
        for number in range(daemons):
            way = Way(
                stack=stack,
                rates=dict(rates),
                seed=f"{seed}/{number}",
                patience=PATIENCE / scale,
                latest=latest / scale,
            )
            one = supervisor(scratch, number, here, servers, way, jumps, plain_texts)
            one.events_share = events
            supervisors.append(one)
            stack.callback(supervisors[-1].end)
        together(
            [
                lambda one=one, share=share: one.run(*share, patience, within)
                for one, share in zip(supervisors, shares(kills, posts, daemons), strict=True)
            ]
        )
        if not any(one.calendar.store.parent.is_mount() for one in supervisors):
            absent.append("a disk of its own: only root may mount one, so none is full")
        return result(seed, supervisors, absent, began)


def supervisor(
    scratch: Path,
    number: int,
    here: Sequence[str],
    servers: Mapping[str, Any],
    way: Way,
    jumps: float,
    plain_texts: bool,
) -> Supervisor:
    folder = scratch / f"daemon-{number}"
    folder.mkdir(parents=True)
    give_a_disk(folder / ".termbell", way.stack)
    all_places = places(here, servers, folder, way)
    secrets = {
        name: value for place in all_places.values() for name, value in place.secrets.items()
    }
    environment = {
        **os.environ,
        **secrets,
        "TERMBELL_CACHE": str(folder / "cache"),
        "TERMBELL_STATE": str(folder / "state"),
        "NO_COLOR": "1",
        SCALED: str(PATIENCE / way.patience),
        "PYTHONPATH": os.pathsep.join(
            (
                str(HERE),
                str(installed(folder / "packages", "noticeboard", "benchmarks.proof.noticeboard")),
            )
        ),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    environment.pop("TERMBELL_CONFIG", None)
    drawn = {
        what: random.Random(f"{way.seed}/{what}") for what in ("supervisor", "calendar", "clock")
    }
    calendar = Calendar(
        folder,
        f"word{number}d",
        all_places,
        drawn["calendar"],
        plain_texts,
        patience=way.patience,
    )
    calendar.draw_pictures()
    return Supervisor(
        calendar=calendar,
        clock=clock.WallClock(folder / "clock", drawn["clock"], clock.library() if jumps else None),
        drawn=drawn["supervisor"],
        rates=way.rates,
        jumps=jumps,
        environment=environment,
    )


def give_a_disk(folder: Path, stack: ExitStack) -> None:
    """Mounts a small disk that can be full, where that may be done."""
    folder.mkdir(mode=0o700)
    words = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=700", "termbell-once", str(folder)]
    if shutil.which("mount") and subprocess.run(words, capture_output=True).returncode == 0:
        stack.callback(subprocess.run, ["umount", "-l", str(folder)], capture_output=True)
        stack.callback(shutil.copytree, folder, folder.with_name("store"))


def shares(kills: int, posts: int, daemons: int) -> list[tuple[int, int]]:
    return [
        (
            kills * (n + 1) // daemons - kills * n // daemons,
            posts * (n + 1) // daemons - posts * n // daemons,
        )
        for n in range(daemons)
    ]


def together(works: Sequence[Any]) -> None:
    """All at once; the first error is raised when all have ended."""
    errors: list[BaseException] = []

    def done(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=done, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def result(seed: str, supervisors: Sequence[Supervisor], absent: list[str], began: float) -> Result:
    found = Result(
        seed=seed,
        tallies={},
        absent=absent + ([] if clock.library() else ["faketime: not installed, so no clock jumps"]),
    )
    for one in supervisors:
        rows = one.status()
        for name, tally in tallies(one, rows).items():
            found.tallies[name] = found.tallies.get(name, Tally())
            found.tallies[name] += tally
        found.kills += one.kills
        found.hits += one.hits
        found.events += one.events.counts
        found.unsound += one.events.complaints
        found.torn += one.torn
        found.ended += one.ended
        found.jumps += one.clock.jumps
        found.recovery += one.recovery
        verdict = one.store_is_sound()
        found.unsound += [] if verdict == "ok" else [verdict]
    found.took = time.monotonic() - began
    return found


def tallies(one: Supervisor, rows: Sequence[Mapping[str, Any]]) -> dict[str, Tally]:
    """Each place's; read again for a while, where something seems lost."""
    found: dict[str, Tally] = {}
    for name, place in one.calendar.places.items():
        for read in range(READS):
            if read:
                time.sleep(5)
            intended = [it for it in one.calendar.intended if it.place == name]
            names = {one.calendar.account(account) for account in place.names}
            mine = [row for row in rows if row["account"] in names]
            found[name] = counted(intended, mine, place.seen(), place.knows)
            found[name].lateness = lateness(intended, one.sighted)
            found[name].seconds = one.settled_after.get(name)
            if not found[name].lost:
                break
    return found


def plain(found: Result) -> dict[str, Any]:
    return {
        "seed": found.seed,
        "kills": sum(found.kills.values()),
        "kills_by_moment": dict(found.kills),
        "kills_at_work": len(found.recovery),
        "kills_that_hit_work": dict(found.hits),
        "events": dict(found.events),
        "torn_transactions": found.torn,
        "ended_by_itself": found.ended,
        "clock_jumps": found.jumps,
        "seconds": round(found.took, 1),
        "holds": found.holds,
        "absent": found.absent,
        "unsound": found.unsound,
        "first_request_after_start": round(statistics.median(found.recovery), 2)
        if found.recovery
        else None,
        "platforms": {name: tally.plain for name, tally in found.tallies.items()},
    }


def table(found: Result) -> str:
    moments = ", ".join(
        f"{found.hits[moment]} of {number} {moment}"
        for moment, number in sorted(found.kills.items())
    )
    events = ", ".join(f"{number} {name}" for name, number in sorted(found.events.items()))
    lines = [
        *rows(found.tallies),
        "",
        f"seed {found.seed}: {sum(found.kills.values())} kills, {found.torn} of them left half "
        f"a transaction in the log; {found.jumps} clock jumps; {found.took:.0f} s",
        f"of these hit work under way: {moments or 'none'}",
        f"events: {events or 'none'}",
    ]
    if found.recovery:
        lines.append(
            f"{len(found.recovery)} kills came after the first request since the start, which took {statistics.median(found.recovery):.2f} "
            f"s (median), {max(found.recovery):.2f} s at most"
        )
    for name, tally in found.tallies.items():
        lines += [f"{name}: {number} x {reason}" for reason, number in tally.reasons.most_common()]
    lines += (
        [f"{found.ended} times a daemon ended by itself; --keep FOLDER keeps its log"]
        if found.ended
        else []
    )
    lines += [f"not there: {reason}" for reason in found.absent] + [
        f"wrong: {verdict}" for verdict in found.unsound
    ]
    return "\n".join([*lines, "the promise holds" if found.holds else "THE PROMISE IS BROKEN"])


def rows(tallies: Mapping[str, Tally]) -> list[str]:
    """The table, with its head."""
    head = f"{'':<20}" + "".join(f"{word:>10}" for word in (w[:8] for w in COLUMNS))
    return [
        head,
        *(
            f"{name:<20}" + "".join(f"{shown(getattr(tally, column)):>10}" for column in COLUMNS)
            for name, tally in tallies.items()
        ),
    ]


def heading(column: str) -> str:
    return {"settleable": "to settle"}.get(column, column.replace("_", " "))


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value == int(value) or value >= 10 else f"{value:.1f}"


if __name__ == "__main__":
    sys.exit(main())
