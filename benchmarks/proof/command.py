"""The command, with a shorter patience than the reader takes, and a kill at a named commit.

    python -m benchmarks.proof.command run -c config.yaml

`TERMBELL_PROOF_KILL="before:7"` or `"after:7"`: the process kills itself before or after its
seventh commit. Nothing of this is in the program itself.
"""

import os
import signal
from multiprocessing import parent_process
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from scheduler import checking

KILL = "TERMBELL_PROOF_KILL"
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


if __name__ == "__main__":
    from scheduler.cli import main

    if parent_process() is None and KILL in os.environ:
        when, _, nth = os.environ.pop(KILL).partition(":")
        kill_at_commit(when, int(nth))
    main(prog_name="termbell")
