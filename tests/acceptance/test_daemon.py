"""The daemon as a process: the real command, a server on loopback, signals, files that change under it."""

import json
import os
import re
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from tests.acceptance.stand_in import StandIn
from tests.acceptance.support import PATIENCE, Place, entry, soon, until

# On time


def test_a_post_arrives_within_half_a_second_of_its_time_and_never_before(
    place: Place, server: StandIn
) -> None:
    place.write(entry("at-0", soon(3600)))
    place.daemon()
    dues = [soon(8), soon(8) + timedelta(seconds=2)]
    place.write(*(entry(f"at-{number}", due) for number, due in enumerate(dues)))

    until(lambda: len(server.up) == 2, "both are up")

    for due, arrived in zip(dues, server.arrived, strict=True):
        assert 0 <= arrived.at - due.timestamp() < 0.5
        assert arrived.token == "good"


# One daemon on a store


def test_a_second_daemon_names_the_first_and_leaves_it_to_its_work(
    place: Place, server: StandIn
) -> None:
    place.write(entry("hello", soon(3600)))
    first = place.daemon()
    already = f"error: another termbell (process {first.process.pid}) already publishes from this store; stop it, or let it do the work\n"

    second = place.asked("run")
    assert (second.returncode, second.stdout, second.stderr) == (75, "", already)
    overlapping = place.asked("run", "--once")
    short = already.replace("error: ", "nothing to do here: ")
    assert (overlapping.returncode, overlapping.stdout, overlapping.stderr) == (75, short, "")
    published = place.asked("publish", "hello")
    assert (published.returncode, published.stdout) == (75, "")
    retry = re.search(
        r"to have it sent now, termbell (retry --now \w{8})$", published.stderr.strip()
    )
    assert retry, published.stderr
    assert place.asked(*retry[1].split()).returncode == 0
    until(lambda: server.texts == ["hello"], "the first sends it")
    assert first.stopped() == 0


# Stopping


@pytest.mark.parametrize("signals", [signal.SIGTERM, signal.SIGINT])
def test_with_nothing_under_way_it_ends_at_once(place: Place, signals: signal.Signals) -> None:
    place.write(entry("hello", soon(3600)))
    daemon = place.daemon()

    told = time.monotonic()
    daemon.process.send_signal(signals)

    assert daemon.ended() == 0
    assert time.monotonic() - told < 3
    assert "Traceback" not in "".join(daemon.lines)


def test_an_attempt_under_way_is_finished_and_none_is_begun(place: Place, server: StandIn) -> None:
    begun, go_on = Event(), Event()

    def hold(text: str) -> str:
        begun.set()
        go_on.wait(PATIENCE)
        return ""

    server.behave = hold
    place.write(entry("a", soon(0)), entry("b", soon(0)))
    daemon = place.start()
    assert begun.wait(PATIENCE)

    daemon.process.terminate()
    daemon.process.terminate()  # an impatient person's second one
    daemon.process.send_signal(signal.SIGINT)
    time.sleep(0.5)  # the answer comes after the signals
    go_on.set()

    assert daemon.ended() == 0
    assert place.rows() == {"a": "published", "b": "scheduled"}
    assert server.texts == ["a"]


def test_a_server_that_never_answers_keeps_it_no_longer_than_the_timeout_and_the_next_start_settles_it(
    place: Place, server: StandIn
) -> None:
    begun, never = Event(), Event()

    def hold(text: str) -> str:
        if begun.is_set():
            return ""
        begun.set()
        never.wait(PATIENCE)
        return "lost"

    server.behave = hold
    place.write(entry("a", soon(3600)))
    daemon = place.daemon()
    place.write(entry("a", soon(2)))
    assert begun.wait(PATIENCE)
    told = time.monotonic()

    assert daemon.stopped() == 0

    assert time.monotonic() - told < 3 + 3  # its `timeout`, a moment, and a busy machine
    never.set()  # the server had it all the while
    until(lambda: server.texts == ["a"], "it is up")
    place.daemon()
    place.became(a="published")
    assert server.texts == ["a"]


def test_an_attempt_of_many_steps_does_not_keep_it_longer_than_the_timeout(
    place: Place, server: StandIn, tmp_path: Path
) -> None:
    Image.new("RGB", (60, 40), "teal").save(tmp_path / "door.png")
    begun = Event()

    def slow(what: str) -> str:
        begun.set()
        time.sleep(2.8)
        return ""

    server.behave = server.behave_uploads = slow
    place.write(entry("a", soon(0), media=[{"file": "door.png", "alt": "A door"}]))
    daemon = place.start()
    assert begun.wait(PATIENCE)
    told = time.monotonic()

    assert daemon.stopped() == 0

    assert time.monotonic() - told < 3 + 1.5
    assert daemon.said("ending with attempts under way; the next start settles them")
    assert place.rows() == {"a": "publishing"}


# A calendar that changes


def test_entries_that_are_added_edited_and_removed_are_taken_up_within_seconds(
    place: Place, server: StandIn
) -> None:
    place.write(entry("edited", soon(3600)), entry("removed", soon(3600)))
    daemon = place.daemon()
    changed = time.monotonic()

    place.write(entry("edited", soon(0), text="As it is now"), entry("added", soon(0)))

    daemon.has_said("calendar: 1 added: added on fediverse")
    daemon.has_said("calendar: 1 edited: edited on fediverse")
    daemon.has_said("calendar: 1 cancelled: removed on fediverse")
    until(lambda: sorted(server.texts) == ["As it is now", "added"], "both are up")
    assert time.monotonic() - changed < 10
    place.became(edited="published", removed="cancelled", added="published")


def test_an_invalid_calendar_leaves_the_plan_in_force_and_once_mended_goes_on(
    place: Place, server: StandIn
) -> None:
    due = soon(6)
    place.write(entry("a", due))
    daemon = place.daemon()

    place.write(entry("a", due, to="nobody"))

    daemon.has_said("config.yaml:12: a: no account called 'nobody'; there are: fediverse")
    daemon.has_said("the calendar has errors; the plan from before stays in force")
    until(lambda: server.texts == ["a"], "the old plan is in force")
    place.write(entry("a", due), entry("b", soon(0)))
    until(lambda: server.texts == ["a", "b"], "the mended one as well")


def test_a_start_with_a_broken_calendar_keeps_the_plan_from_before_as_a_running_daemon_does(
    place: Place, server: StandIn
) -> None:
    place.write(entry("a", soon(0), late="publish"), entry("b", soon(3600)))
    first = place.daemon()
    until(lambda: server.texts == ["a"], "the plan is there")
    first.stopped()
    due = soon(8)
    place.write(entry("a", soon(0)), entry("b", due))
    place.daemon().stopped()

    place.write(entry("a", soon(0)), entry("b", due, to="nobody"))
    daemon = place.daemon()

    daemon.has_said("no account called 'nobody'")
    daemon.has_said("the calendar has errors; the plan from before stays in force")
    until(lambda: server.texts == ["a", "b"], "the plan from before is published")
    told = json.loads(place.asked("status", "--json").stdout)
    assert not told["health"]["ok"]
    assert "no account called 'nobody'" in told["calendar"]["error"]
    place.write(entry("a", soon(0)), entry("b", due), entry("c", soon(0)))
    daemon.has_said("the calendar can be used again, and is in force")
    until(lambda: server.texts == ["a", "b", "c"], "the mended one as well")
    told = json.loads(place.asked("status", "--json").stdout)
    assert (told["health"]["ok"], told["calendar"]["ok"]) == (True, True)


def test_a_file_in_a_folder_that_a_pattern_names_is_taken_up_when_it_comes(
    place: Place, server: StandIn, tmp_path: Path
) -> None:
    place.common["calendar"] = "terms/*.yaml"
    place.write(entry("a", soon(3600)))
    daemon = place.daemon()
    (tmp_path / "terms").mkdir()
    time.sleep(0.3)  # a person makes a folder first, and then a file in it

    (tmp_path / "terms" / "autumn.yaml").write_text(json.dumps([entry("b", soon(0))]))

    daemon.has_said("calendar: 1 added: b on fediverse")
    until(lambda: server.texts == ["b"], "it is up")


def test_a_template_and_a_picture_that_change_change_what_waits(
    place: Place, server: StandIn, tmp_path: Path
) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "templates" / "greeting.j2").write_text("Hello {{ name }}")
    Image.new("RGB", (60, 40), "teal").save(tmp_path / "images" / "door.png")
    one = {
        "id": "a",
        "when": entry("a", soon(3600))["when"],
        "to": "fediverse",
        "template": "greeting",
        "with": {"name": "Ada"},
        "media": [{"file": "images/door.png", "alt": "A door"}],
    }
    place.write(one)
    daemon = place.daemon()
    before = place.status()["a"]["key"]

    (tmp_path / "templates" / "greeting.j2").write_text("Good morning {{ name }}")
    daemon.has_said("calendar: 1 edited: a on fediverse")
    Image.new("RGB", (70, 40), "navy").save(tmp_path / "images" / "door.png")
    until(
        lambda: len(daemon.said("calendar: 1 edited: a on fediverse")) == 2,
        "the picture is taken up",
    )

    assert place.asked("retry", "--now", before).returncode == 0
    until(lambda: server.texts == ["Good morning Ada"], "it is up")
    assert server.arrived[0].media == 1


def test_a_picture_that_was_missing_mends_the_calendar_when_it_comes(
    place: Place, server: StandIn, tmp_path: Path
) -> None:
    place.write(entry("a", soon(3600)))
    (tmp_path / "images").mkdir()
    daemon = place.daemon()
    place.write(
        entry("a", soon(3600)),
        entry("b", soon(0), media=[{"file": "images/door.png", "alt": "A door"}]),
    )
    daemon.has_said("images/door.png: there is no such file")

    Image.new("RGB", (60, 40), "teal").save(tmp_path / "images" / "door.png")

    until(lambda: server.texts == ["b"], "it is up")


# Words from another process


def test_a_word_from_another_process_is_taken_up_within_about_a_second(
    place: Place, server: StandIn
) -> None:
    server.behave = lambda text: 422 if text == "failing" and not server.asked(text) else ""
    place.write(entry("cancelled", soon(3600)), entry("failing", soon(0)))
    daemon = place.daemon()
    place.became(failing="failed", cancelled="scheduled")

    assert place.asked("cancel", place.key("cancelled")).returncode == 0
    retried = place.asked("retry", place.key("failing"))
    said = time.monotonic()

    assert (retried.returncode, retried.stdout.split()[0]) == (0, "scheduled")
    until(lambda: server.texts == ["failing"], "what failed goes out")
    assert time.monotonic() - said < 3
    due = soon(1)
    place.write(entry("cancelled", due), entry("failing", soon(0)))  # another time is no other word
    daemon.has_said("calendar: 1 edited: cancelled on fediverse")
    until(lambda: time.time() > due.timestamp() + 2, "its time has passed")
    assert server.asked("cancelled") == []
    assert (place.rows()["cancelled"], place.status()["cancelled"]["error"]) == (
        "cancelled",
        "by hand",
    )
    assert daemon.process.poll() is None


# What it says


def test_elsewhere_than_on_a_terminal_the_log_is_json_with_delivery_and_account(
    place: Place, server: StandIn
) -> None:
    place.write(entry("a", soon(0)))
    daemon = place.daemon()

    daemon.has_said("published http")

    (line,) = daemon.said("published http")
    assert line["message"] == f"published {server.url}/@ada/1"
    assert (line["level"], line["account"], line["entry"], line["delivery"]) == (
        "info",
        "fediverse",
        "a",
        place.key("a"),
    )
    assert all(text.startswith("{") for text in daemon.lines)
    assert "good" not in "".join(daemon.lines)


def test_on_a_terminal_a_person_reads_lines(place: Place, server: StandIn) -> None:
    place.write(entry("a", soon(0)))
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        place.words("run"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **place.environment},
    )
    os.close(theirs)
    try:
        place.became(a="published")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        said = os.read(ours, 65536).decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)

    first, *_, last = said.splitlines()
    assert first.endswith(" info    calendar: 1 added: a on fediverse")
    assert last.endswith(
        f" info    published {server.url}/@ada/1  [{place.key('a')[:8]} fediverse a]"
    )


# Without sending


def test_a_dry_run_sends_nothing_and_leaves_the_store_alone_also_beside_a_daemon(
    place: Place, server: StandIn
) -> None:
    place.write(entry("a", soon(3600)))
    place.daemon()
    rehearsing = place.start("run", "--dry-run")
    rehearsing.has_said("a dry run: nothing is sent")
    before, due = place.rows(), soon(8)

    def is_taken_up() -> bool:
        place.write(entry("a", due))
        return bool(rehearsing.said("calendar: 1 edited"))

    until(is_taken_up, "the dry run takes up the change")
    rehearsing.has_said("published https://mastodon.social/@ada/113000000000000001")
    until(lambda: server.texts == ["a"], "the daemon publishes it itself")
    assert before == {"a": "scheduled"}
    assert len(server.asked("a")) == 1
    assert rehearsing.stopped() == 0
    once = place.asked("publish", "a", "--dry-run")
    assert (once.returncode, once.stdout.split()[0]) == (0, "published")
    assert len(server.arrived) == 1


def test_a_first_dry_run_makes_no_store(place: Place, server: StandIn, tmp_path: Path) -> None:
    place.write(entry("a", soon(-2)))

    once = place.asked("run", "--once", "--dry-run")

    assert (once.returncode, once.stdout.split()[0]) == (0, "published")
    assert not (tmp_path / ".termbell" / "config.db").exists()
    assert server.arrived == []


# From the start


def test_a_calendar_that_is_invalid_from_the_start_is_refused_with_every_problem(
    place: Place,
) -> None:
    place.write(
        entry("a", soon(0), to="nobody"),
        entry("b", soon(0), text=""),
        entry("c", soon(0), wen="now"),
    )

    refused = place.asked("run")

    assert refused.returncode == 1
    assert [line.partition(": ")[0] for line in refused.stderr.splitlines()[:2]] == [
        "config.yaml:12",
        "config.yaml:22",
    ]
    assert "no account called 'nobody'" in refused.stderr
    assert "wen" in refused.stderr
