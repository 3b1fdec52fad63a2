"""The commands about deliveries on a real store: a web site, and a LinkedIn on 127.0.0.1 that loses answers on demand."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import a_calendar, an_old_store, lines, termbell
from tests.platforms.linkedin_stand_in import TOKEN, Member, linkedin_stand_in

SITE = """\
timezone: UTC
accounts:
  class-site: {platform: site, folder: public}
posts:
"""
LINKEDIN = """\
timezone: UTC
timeout: 5
accounts:
  work: {platform: linkedin, server: "SERVER", token: "%s", late: publish}
posts:
- {id: due, when: 2026-01-05 09:00, to: work, text: Welcome back}
- {id: later, when: 2099-01-05 09:00, to: work, text: Good bye}
"""
POSTS = """\
- {id: due, when: 2026-01-05 09:00, to: class-site, title: Due, text: Welcome back, late: publish}
- {id: missed, when: 2026-01-06 09:00, to: class-site, title: Missed, text: Too late}
- {id: later, when: 2099-01-05 09:00, to: class-site, title: Later, text: Good bye}
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A calendar of three entries for a web site: one is due, one was over before it was planned, one has time."""
    return a_calendar(tmp_path, POSTS, SITE)


@pytest.fixture
def member() -> Iterator[Member]:
    with linkedin_stand_in(Member()) as served:
        yield served


@pytest.fixture
def linkedin(tmp_path: Path, member: Member) -> Path:
    """A calendar of two entries for LinkedIn: one is due."""
    written = (LINKEDIN % TOKEN).replace("SERVER", member.url)
    return an_old_store(a_calendar(tmp_path, "", written))


@pytest.fixture
def doubtful(linkedin: Path, member: Member) -> Path:
    """The same, after the answer to the post that was due was lost."""
    member.loses_the_next_answer = True
    termbell("run", "--once", "-c", linkedin)
    return linkedin


def rows(config: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        termbell("status", "--json", "-c", config, *words).stdout
    )["deliveries"]
    return found


def statuses(config: Path) -> dict[str, str]:
    return {row["entry"]: row["status"] for row in rows(config)}


def key(config: Path, entry: str) -> str:
    return next(str(row["key"]) for row in rows(config) if row["entry"] == entry)


def said(config: Path, *words: str) -> tuple[int, str]:
    """The exit code, and everything that was printed."""
    ended = termbell(*words, "-c", config)
    return ended.exit_code, ended.output


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*")}


@pytest.mark.parametrize(
    "words", [("status",), ("retry", "7f"), ("cancel", "7f"), ("resolve", "7f", "--again")]
)
def test_before_the_first_run_there_is_nothing_to_command(site: Path, words: tuple[str, ...]):
    code, output = said(site, *words)

    assert (code, "nothing has been planned yet" in output) == (1, True)
    assert files(site.parent) == {"config.yaml"}


def test_run_once_publishes_what_is_due_and_says_what_comes_next(site: Path):
    code, output = said(site, "run", "--once")

    assert code == 0
    assert "1 published; next: Mon 05 Jan 2099 09:00 UTC" in output
    assert statuses(site) == {"due": "published", "missed": "missed", "later": "scheduled"}
    assert said(site, "run", "--once")[0] == 0
    assert [row["attempts"] for row in rows(site)] == [1, 0, 0]


def test_run_once_of_a_wrong_calendar_publishes_nothing(site: Path):
    site.write_text(site.read_text().replace("id: later", "id: due"))

    code, output = said(site, "run", "--once")

    assert (code, "config.yaml:7" in output) == (1, True)
    assert files(site.parent) == {"config.yaml"}


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--once", "--dry-run"),
        ("publish", "later", "--dry-run"),
        ("publish", "due", "--dry-run"),
    ],
)
def test_a_dry_run_says_what_would_become_of_it_and_leaves_nothing_behind(
    site: Path, words: tuple[str, ...]
):
    code, output = said(site, *words)

    assert (code, "published" in output) == (0, True)
    assert files(site.parent) == {"config.yaml"}


def test_a_dry_run_beside_a_store_changes_nothing_in_it(linkedin: Path, member: Member):
    said(linkedin, "run", "--once")
    before, asked = rows(linkedin), member.requests

    code, output = said(linkedin, "publish", "later", "--dry-run")

    assert (code, "published" in output) == (0, True)
    assert (rows(linkedin), member.requests) == (before, asked)


def test_status_shows_what_is_open_and_with_all_everything(site: Path):
    said(site, "run", "--once")

    short, long = (lines(termbell("status", "-c", site, *words)) for words in ((), ("--all",)))

    assert ["missed" in short, "later" in short, " due " in short] == [True, True, False]
    assert " due " in long
    assert "1 missed, 1 published, 1 scheduled" in short
    assert "daemon: not running" in short


def test_status_can_be_asked_for_an_entry_and_an_account(site: Path):
    said(site, "run", "--once")

    assert [row["entry"] for row in rows(site, "--entry", "due")] == ["due"]
    assert len(rows(site, "--account", "class-site")) == 3
    assert rows(site, "--account", "fediverse") == []


def test_status_as_json_has_the_agreed_shape(site: Path):
    said(site, "run", "--once")

    found = json.loads(termbell("status", "--json", "-c", site).stdout)

    assert found["version"] == 1
    assert {name: found["daemon"][name] for name in ("alive", "last_seen")} == {
        "alive": False,
        "last_seen": None,
    }
    due, _, later = found["deliveries"]
    assert {
        "key",
        "entry",
        "account",
        "platform",
        "due",
        "part",
        "status",
        "url",
        "attempts",
        "error",
        "changed_since",
    } <= set(due)
    assert (due["platform"], due["part"], due["changed_since"], due["due"]) == (
        "site",
        0,
        False,
        "2026-01-05T09:00:00+00:00",
    )
    assert due["url"].startswith("file:///")
    assert (later["url"], later["error"], later["attempts"]) == (None, None, 0)


def test_status_ends_with_1_when_something_was_missed_and_with_0_when_all_is_well(site: Path):
    said(site, "run", "--once")

    assert said(site, "status")[0] == 1
    assert said(site, "status", "--entry", "due")[0] == 0


def test_what_was_published_and_edited_since_is_marked(site: Path):
    said(site, "run", "--once")
    site.write_text(site.read_text().replace("Welcome back", "Hello again"))
    said(site, "run", "--once")

    assert [row["changed_since"] for row in rows(site)] == [True, False, False]
    assert [row["attempts"] for row in rows(site)] == [1, 0, 0]


def test_retry_lets_a_missed_delivery_go_out_with_the_next_run(site: Path):
    said(site, "run", "--once")

    code, output = said(site, "retry", key(site, "missed")[:8])

    assert (code, output.split()[0]) == (0, "scheduled")
    assert "1 published" in said(site, "run", "--once")[1]
    assert statuses(site)["missed"] == "published"


def test_what_is_published_can_be_neither_retried_nor_cancelled(site: Path):
    said(site, "run", "--once")

    for command in ("retry", "cancel"):
        code, output = said(site, command, key(site, "due"))
        assert (code, "is published" in output) == (1, True)


def test_cancel_takes_a_delivery_out_of_the_plan_until_it_is_retried(site: Path):
    said(site, "run", "--once")
    later = key(site, "later")

    assert said(site, "cancel", later[:8])[1].split()[0] == "cancelled"
    said(site, "run", "--once")
    assert statuses(site)["later"] == "cancelled"
    assert said(site, "retry", later[:8])[1].split()[0] == "scheduled"
    said(site, "run", "--once")
    assert statuses(site)["later"] == "scheduled"  # it is back at its time
    said(site, "retry", later[:8], "--now")
    said(site, "run", "--once")

    assert statuses(site)["later"] == "published"


@pytest.mark.parametrize("words", [("retry",), ("cancel",), ("resolve", "--again")])
def test_a_key_that_nothing_has_and_the_start_of_two_keys_are_refused(
    tmp_path: Path, words: tuple[str, ...]
):
    posts = "".join(
        f"- {{id: entry-{n}, when: 2099-01-05 09:00, to: class-site, text: Hi}}\n"
        for n in range(17)
    )
    config = a_calendar(tmp_path, posts, SITE)
    said(config, "run", "--once")
    common, number = Counter(row["key"][0] for row in rows(config)).most_common(1)[0]

    unknown, ambiguous = (said(config, words[0], start, *words[1:]) for start in ("xyz", common))

    assert (unknown[0], "xyz: no delivery begins so" in unknown[1]) == (1, True)
    assert (
        ambiguous[0],
        f"{common}: {number} deliveries begin so; give more of the key" in ambiguous[1],
    ) == (1, True)
    assert {row["status"] for row in rows(config)} == {"scheduled"}


def test_publish_sends_an_entry_whatever_its_time_and_never_again(linkedin: Path, member: Member):
    first, second = said(linkedin, "publish", "later"), said(linkedin, "publish", "later")

    assert (first[0], second[0]) == (0, 0)
    assert first[1].splitlines()[-1].split()[0] == "published"
    assert [post["text"] for post in member.posts.values()] == ["Good bye"]
    assert statuses(linkedin) == {"due": "scheduled", "later": "published"}


def test_publish_sends_to_one_account_where_that_is_asked(tmp_path: Path):
    head = SITE.replace("posts:", "  other-site: {platform: site, folder: other}\nposts:")
    config = a_calendar(
        tmp_path,
        "- {id: later, when: 2099-01-05 09:00, to: [class-site, other-site], text: Hi}\n",
        head,
    )

    code, _ = said(config, "publish", "later", "--account", "other-site")

    assert code == 0
    assert {row["account"]: row["status"] for row in rows(config)} == {
        "class-site": "scheduled",
        "other-site": "published",
    }
    assert not (tmp_path / "public").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("publish", "lates"), "no entry 'lates'; did you mean 'later'?"),
        (("publish", "later", "--account", "nobody"), "no entry 'later' for account 'nobody'"),
    ],
)
def test_publish_of_what_is_not_there_says_what_is(
    site: Path, words: tuple[str, ...], expected: str
):
    code, output = said(site, *words)

    assert (code, expected in output) == (1, True)


def test_publish_of_an_entry_with_a_problem_says_it_and_ends_with_1(site: Path):
    site.write_text(
        site.read_text().replace(
            "{platform: site, folder: public}", "{platform: site, folder: public, url: example.org}"
        )
    )

    code, output = said(site, "publish", "later")

    assert (code, "url 'example.org' is no web address" in output) == (1, True)
    assert statuses(site)["later"] == "held"


def test_a_refused_post_fails_and_a_refused_token_holds(linkedin: Path):
    right = linkedin.read_text()
    linkedin.write_text(right.replace("late: publish", 'late: publish, version: "199901"'))
    failed = said(linkedin, "run", "--once")
    linkedin.write_text(right.replace(TOKEN, "another"))
    held = said(linkedin, "publish", "later")

    assert (failed[0], held[0]) == (1, 1)
    assert "Requested version is not active" in failed[1]
    assert statuses(linkedin) == {"due": "failed", "later": "held"}
    assert said(linkedin, "status")[0] == 1


def test_a_failed_post_goes_out_when_its_cause_is_mended_and_it_is_retried(
    linkedin: Path, member: Member
):
    right = linkedin.read_text()
    linkedin.write_text(right.replace("late: publish", 'late: publish, version: "199901"'))
    said(linkedin, "run", "--once")
    linkedin.write_text(right)

    said(linkedin, "run", "--once")
    assert len(member.posts) == 0
    said(linkedin, "retry", key(linkedin, "due"))
    said(linkedin, "run", "--once")

    assert (statuses(linkedin)["due"], len(member.posts)) == ("published", 1)


def test_a_lost_answer_is_a_doubt_and_ends_with_3(linkedin: Path, member: Member):
    member.loses_the_next_answer = True

    code, output = said(linkedin, "run", "--once")

    assert (code, output.count("resolve")) == (3, 1)
    assert (said(linkedin, "status")[0], said(linkedin, "status", "--json")[0]) == (3, 3)
    assert statuses(linkedin) == {"due": "in doubt", "later": "scheduled"}
    assert said(linkedin, "publish", "due")[0] == 3
    assert len(member.posts) == 1


def test_publish_ends_with_3_when_the_answer_is_lost(linkedin: Path, member: Member):
    member.loses_the_next_answer = True

    assert said(linkedin, "publish", "later")[0] == 3


def test_a_doubt_that_a_person_resolves_as_published_is_published_at_that_address(
    doubtful: Path, member: Member
):
    code, output = said(
        doubtful,
        "resolve",
        key(doubtful, "due")[:8],
        "--published",
        "https://www.linkedin.com/feed/update/urn:li:share:7/",
    )

    due, _ = rows(doubtful)
    assert (code, output.split()[0]) == (0, "published")
    assert due["url"] == "https://www.linkedin.com/feed/update/urn:li:share:7/"
    assert said(doubtful, "run", "--once")[0] == 0
    assert len(member.posts) == 1


def test_a_doubt_that_shall_go_out_again_does(doubtful: Path, member: Member):
    member.posts.clear()

    code, output = said(doubtful, "resolve", key(doubtful, "due"), "--again")

    assert (code, output.split()[0]) == (0, "scheduled")
    assert said(doubtful, "run", "--once")[0] == 0
    assert (statuses(doubtful)["due"], len(member.posts)) == ("published", 1)


def test_a_doubt_that_is_dropped_is_cancelled(doubtful: Path, member: Member):
    code, output = said(doubtful, "resolve", key(doubtful, "due"), "--drop")

    assert (code, output.split()[0]) == (0, "cancelled")
    assert said(doubtful, "run", "--once")[0] == 0
    assert len(member.posts) == 1


@pytest.mark.parametrize(
    "words", [(), ("--again", "--drop"), ("--published", "https://x.test", "--again")]
)
def test_resolve_wants_one_word(doubtful: Path, words: tuple[str, ...]):
    code, output = said(doubtful, "resolve", key(doubtful, "due"), *words)

    assert (code, "one of --published URL, --again, --drop is needed" in output) == (2, True)
    assert statuses(doubtful)["due"] == "in doubt"


def test_what_is_not_in_doubt_is_not_resolved_and_a_doubt_is_not_cancelled(doubtful: Path):
    resolved = said(doubtful, "resolve", key(doubtful, "later"), "--drop")
    cancelled = said(doubtful, "cancel", key(doubtful, "due"))

    assert (resolved[0], "is scheduled, not in doubt" in resolved[1]) == (1, True)
    assert (cancelled[0], "resolve it with --drop" in cancelled[1]) == (1, True)
    assert statuses(doubtful) == {"due": "in doubt", "later": "scheduled"}


def findings(config: Path) -> tuple[int, list[dict[str, Any]]]:
    ended = termbell("doctor", "--json", "-c", config)
    found: list[dict[str, Any]] = json.loads(ended.stdout)["findings"]
    return ended.exit_code, found


def test_doctor_finds_nothing_wrong_where_all_is_published(site: Path):
    site.write_text(SITE + POSTS.splitlines()[0] + "\n")
    said(site, "run", "--once")

    code, found = findings(site)

    assert (code, [one["message"] for one in found if not one["ok"]]) == (0, [])
    assert {tuple(one) for one in found} == {("ok", "message")}
    assert said(site, "doctor")[0] == 0


def test_doctor_names_a_daemon_that_does_not_run_while_something_waits(site: Path):
    said(site, "run", "--once")

    code, found = findings(site)

    (wrong,) = [one["message"] for one in found if not one["ok"]]
    assert (code, "the daemon is not running" in wrong, "termbell run" in wrong) == (1, True, True)


def test_doctor_names_doubts_missing_secrets_and_what_is_wrong_with_the_calendar(doubtful: Path):
    doubtful.write_text(
        doubtful.read_text().replace(f'token: "{TOKEN}", ', "").replace("Good bye", "x" * 3001)
    )

    code, found = findings(doubtful)

    wrong = " ".join(one["message"] for one in found if not one["ok"])
    assert code == 1
    assert [
        part
        for part in ("termbell login work", "(due) is in doubt", "later: 3001 of 3000 characters")
        if part not in wrong
    ] == []


def test_doctor_of_files_that_cannot_be_read_says_why(site: Path):
    site.write_text("timezone: [\n")

    code, found = findings(site)

    assert (code, "config.yaml:" in found[-1]["message"]) == (1, True)
