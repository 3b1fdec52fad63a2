"""The command, in a hurry, and with a kill at a named commit.

    python -m benchmarks.proof.command run -c config.yaml

`TERMBELL_PROOF_SCALE="60"`: a post can be found after a sixtieth of the time that its platform
takes; and `patience` may be shorter than the reader allows.

`TERMBELL_PROOF_KILL="before:7"` or `"after:7"`: the process kills itself before or after its
seventh commit. Nothing of this is in the program itself.
"""

import os
import signal
from dataclasses import replace
from multiprocessing import parent_process
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from scheduler import checking
from scheduler.engine.delivering import Desk
from scheduler.engine.doubts import Doubt

SCALE = "TERMBELL_PROOF_SCALE"
KILL = "TERMBELL_PROOF_KILL"
OURS = ("__main__", "__mp_main__")  # this command, and the processes that it starts
if __name__ in OURS:
    checking.LEAST_PATIENCE = 0.0


def kill_at_commit(when: str, nth: int) -> None:
    """Has this process kill itself at its nth commit."""
    commit = DefaultDialect.do_commit
    made = 0

    def counted(dialect: Any, connection: Any) -> None:
        nonlocal made
        made += 1
        if made == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        commit(dialect, connection)
        if made == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    DefaultDialect.do_commit = counted  # type: ignore[method-assign]


def hurry(scale: float) -> None:
    """Has posts be found sooner than their platforms allow."""
    doubt_of = Desk._doubt

    def hurried(desk: Desk, *about: Any) -> Doubt | None:
        doubt = doubt_of(desk, *about)
        return doubt and replace(doubt, delay=doubt.delay / scale)

    Desk._doubt = hurried  # type: ignore[method-assign]


if __name__ == "__main__":
    from scheduler.cli import main

    hurry(float(os.environ.get(SCALE, 1)))
    if parent_process() is None and KILL in os.environ:
        when, _, nth = os.environ.pop(KILL).partition(":")
        kill_at_commit(when, int(nth))
    main(prog_name="termbell")
