"""What an adapter refuses is known when the calendar is planned: a problem of that delivery, and of no other."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Platform, Post, Published, Rejected, Request
from scheduler.config import ConfiguredAccount
from scheduler.engine.planning import plan
from scheduler.engine.rehearsal import Rehearsals
from scheduler.problems import Place, Problem
from tests.cli.support import a_calendar, lines, termbell
from tests.engine.support import a_delivery, a_platform
from tests.support import a_post, an_image

HEAD = """\
timezone: UTC
accounts:
  class-site: {platform: site, folder: public, late: publish}
  fediverse: {platform: mastodon, server: "https://mastodon.social"}
  news: {platform: email, server: smtp.example.org, from: news@example.org, to: [anna@example.org, ben at example.org]}
posts:
"""
POLL = """\
- id: ask
  when: 2026-01-05 09:00
  to: [class-site, fediverse]
  text: How did you meet?
  media: [{file: door.png, alt: The school door}]
  thread: [I will tell you., Tomorrow.]
  mastodon: {poll: {answers: [At school, Online]}}
  ignore: past
"""
LETTERS = """\
- {id: first, when: 2026-01-05 09:00, to: news, text: Hello}
- {id: second, when: 2026-01-06 09:00, to: [news, fediverse], text: Hello again}
"""
POLL_AND_MEDIA = "ask: fediverse: Mastodon takes a poll or media, not both: take one of them away"


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    """A calendar with a poll beside a picture, which Mastodon does not take."""
    an_image(tmp_path)
    return a_calendar(tmp_path, POLL, HEAD)


def test_what_an_adapter_refuses_is_a_problem_of_that_delivery_with_its_place(asking: Path):
    planned = plan(asking)

    assert {
        (one.account, one.part): [(problem.code, str(problem)) for problem in one.problems]
        for one in planned.deliveries
    } == {
        ("class-site", 0): [],
        ("fediverse", 0): [("refused", f"config.yaml:7: {POLL_AND_MEDIA}")],
        ("fediverse", 1): [],
        ("fediverse", 2): [],
    }
    assert [str(problem) for problem in planned.errors] == [f"config.yaml:7: {POLL_AND_MEDIA}"]


def test_check_and_preview_say_it(asking: Path):
    checked, previewed = termbell("check", "-c", asking), termbell("preview", "-c", asking)

    assert (checked.exit_code, previewed.exit_code) == (1, 1)
    assert lines(checked) == f"config.yaml:7: {POLL_AND_MEDIA}\n1 entry, 4 deliveries, 1 problem\n"
    assert f"✗ config.yaml:7: {POLL_AND_MEDIA}\n" in lines(previewed)


def test_what_is_refused_and_what_would_answer_it_makes_no_requests_and_the_others_do(asking: Path):
    shown = json.loads(termbell("preview", "--requests", "--json", "-c", asking).stdout)[
        "deliveries"
    ]

    assert {(one["account"], one["part"]): len(one["requests"]) > 0 for one in shown} == {
        ("class-site", 0): True,
        ("fediverse", 0): False,
        ("fediverse", 1): False,
        ("fediverse", 2): False,
    }


def test_a_run_holds_what_is_refused_and_publishes_the_others(asking: Path):
    asking.write_text(
        asking.read_text().replace("https://mastodon.social", "http://127.0.0.1:9")
        + "  late: publish\n"
    )

    ended = termbell("run", "--once", "-c", asking)

    rows = json.loads(termbell("status", "--json", "-c", asking).stdout)["deliveries"]
    assert ended.exit_code == 0
    assert {
        (one["account"], one["part"]): (one["status"], one["attempts"], one["error"])
        for one in rows
    } == {
        ("class-site", 0): (
            "published",
            1,
            "the feeds have relative links until `url` says where the site will be found",
        ),
        ("fediverse", 0): ("held", 0, POLL_AND_MEDIA),
        ("fediverse", 1): ("scheduled", 0, None),
        ("fediverse", 2): ("scheduled", 0, None),
    }


def test_a_setting_that_an_adapter_refuses_is_a_problem_of_each_of_its_deliveries_and_of_no_other(
    tmp_path: Path,
):
    found = plan(a_calendar(tmp_path, LETTERS, HEAD)).problems

    said = "news: 'ben at example.org' is no mail address that every server takes; write news@example.org or News <news@example.org>"
    assert [(one.code, str(one)) for one in found] == [
        ("refused", f"config.yaml:7: first: {said}"),
        ("refused", f"config.yaml:8: second: {said}"),
    ]


def publishing(
    refuses_posts: bool = False, fault: Exception | None = None
) -> tuple[Platform, list[str]]:
    """An adapter, and the keys of the posts that it was given."""
    given: list[str] = []

    def publish(account: Account, post: Post, ask: Any) -> Published:
        given.append(post.key)
        if fault and post.text == "odd":
            raise fault
        return Published(
            id=str(
                ask(Request(step="status", url="https://x.test", example={"id": post.key})).json()[
                    "id"
                ]
            )
        )

    return a_platform(publish=publish, refuses_posts=refuses_posts), given


def an_account(platform: Platform) -> dict[str, ConfiguredAccount]:
    return {
        "main": ConfiguredAccount(
            account=Account(name="main", platform="x"),
            platform=platform,
            place=Place("config.yaml", 3),
        )
    }


def rehearsals(platform: Platform, *texts: str) -> Rehearsals:
    return Rehearsals(
        an_account(platform), [a_delivery(text, post=a_post(key=text, text=text)) for text in texts]
    )


def test_a_rehearsal_is_made_once_whoever_asks_for_it():
    platform, given = publishing(refuses_posts=True)
    made = rehearsals(platform, "a", "b")

    deliveries = tuple(made.judged())
    asked = [made.of(one).asked for one in deliveries]

    assert given == ["a", "b"]
    assert [[request.step for request in requests] for requests in asked] == [
        ["status"],
        ["status"],
    ]


def test_where_an_adapter_refuses_no_post_the_first_of_an_account_speaks_for_all():
    platform, given = publishing()
    made = rehearsals(platform, "a", "b", "c")

    deliveries = tuple(made.judged())

    assert given == ["a"]
    assert made.of(deliveries[1]).published == Published(id="b")


@pytest.mark.parametrize(
    ("severity", "by_hand", "said"),
    [("warning", False, ["warning"]), ("off", False, []), ("warning", True, [])],
)
def test_what_does_not_go_with_a_post_is_said_before_it_leaves(
    severity: str, by_hand: bool, said: list[str]
):
    platform = a_platform(
        publish=lambda account, post, ask: Published(
            id="1", notes=("its text does not go with it",)
        ),
        by_hand=by_hand,
    )
    made = Rehearsals(an_account(platform), [a_delivery()], severity=lambda _: severity)

    (one,) = made.judged()

    assert [problem.severity for problem in one.problems] == said
    assert all(
        str(problem).endswith("launch: main: its text does not go with it")
        for problem in one.problems
    )


@pytest.mark.parametrize("name", ["tower.png", r"\1 tower.png"])
def test_a_refusal_calls_a_file_as_the_person_does(tmp_path: Path, name: str):
    picture = an_image(tmp_path)
    picture = replace(picture, file=tmp_path / f"{picture.digest}.png")

    def publish(account: Account, post: Post, ask: Any) -> Published:
        raise Rejected(f"{picture.file.name} is too tall: crop it")

    made = Rehearsals(
        an_account(a_platform(publish=publish)),
        [a_delivery(sources={picture.digest: tmp_path / "images" / name})],
    )

    (one,) = made.judged()

    assert [str(problem) for problem in one.problems] == [
        f"config.yaml:9: launch: main: {name} is too tall: crop it"
    ]


def test_a_delivery_with_an_error_is_not_rehearsed():
    platform, given = publishing(refuses_posts=True)
    wrong = a_delivery(problems=(Problem("too-long", "launch: too long", Place("config.yaml", 9)),))
    made = Rehearsals(an_account(platform), [wrong])

    assert tuple(made.judged()) == (wrong,)
    assert made.of(wrong).asked == ()
    assert given == []


def test_a_reply_is_rehearsed_as_an_answer_to_the_part_before():
    seen: list[Published | None] = []

    def publish(account: Account, post: Post, ask: Any) -> Published:
        seen.append(post.reply_to)
        return Published(id=post.key)

    chain = [a_delivery("k1"), a_delivery("k2", after="k1", part=1, post=a_post(key="k2"))]

    tuple(Rehearsals(an_account(a_platform(publish=publish)), chain).judged())

    assert seen == [None, Published(id="k1")]


def test_a_fault_of_one_adapter_is_a_problem_of_its_delivery_and_logged_whole(
    caplog: pytest.LogCaptureFixture,
):
    platform, _ = publishing(refuses_posts=True, fault=KeyError("id"))

    with caplog.at_level(logging.ERROR):
        odd, right = rehearsals(platform, "odd", "right").judged()

    (problem,) = odd.problems
    assert (problem.code, problem.message) == (
        "adapter-fault",
        "launch: main: the adapter of x failed, please report it: KeyError: 'id'",
    )
    assert right.problems == ()
    assert "Traceback" in caplog.text
