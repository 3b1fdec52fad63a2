"""docs/faults.md names the tests that show what it says; they are there."""

import re
from pathlib import Path

HERE = Path(__file__).parents[1]
FILES = {
    "time": "engine/test_time.py",
    "delivering": "engine/test_delivering.py",
    "network": "engine/test_network.py",
    "daemon": "acceptance/test_daemon.py",
    "two": "acceptance/test_two_daemons.py",
    "clock": "acceptance/test_clock_set.py",
    "refused": "acceptance/test_refused.py",
    "copies": "acceptance/test_copies.py",
    "life": "acceptance/test_ordinary_life.py",
    "due": "calendar/test_due.py",
    "doubts": "engine/test_doubts.py",
    "renames": "store/test_renames.py",
    "removals": "store/test_removals.py",
    "witness": "store/test_witness.py",
    "elsewhere": "cli/test_elsewhere.py",
}


def test_every_test_that_the_page_of_faults_names_is_there() -> None:
    page = (HERE / "docs" / "faults.md").read_text()
    named = [
        (f"tests/{FILES[short]}", name) for short, name in re.findall(r"`(\w+): (test_\w+)`", page)
    ]
    named += re.findall(r"(tests/\S+\.py): `(test_\w+)`", page)

    assert len(named) > 25
    assert [one for one in named if f"def {one[1]}(" not in (HERE / one[0]).read_text()] == []
