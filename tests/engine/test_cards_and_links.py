"""The pages behind links: read for their cards when that is asked for, and looked at by `check --links`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.engine.planning import Pages, dead_links, plan
from scheduler.rendering.cards import cards_folder
from scheduler.rendering.media import Unfit
from tests.cli.support import a_calendar, lines, termbell
from tests.serving import Silent, serving
from tests.support import an_image

HEAD = """\
timezone: UTC
fetch_from: [127.0.0.1]
accounts:
  sky: {platform: bluesky, handle: a.test}
  fedi: {platform: mastodon, server: https://m.test}
posts:
"""


@dataclass
class Web:
    url: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[tuple[str, str], int] = field(default_factory=dict)  # method and path
    asked: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    page = '<title>Our term</title><meta name=description content="Week by week"><meta property=og:image content=/door.png>'
    told = Web(pages={"/term": page.encode(), "/door.png": an_image(tmp_path).file.read_bytes()})

    class Handler(Silent):
        def do_GET(self) -> None:
            told.asked.append((self.command, self.path))
            self.send_response(
                told.statuses.get(
                    (self.command, self.path), 200 if self.path in told.pages else 404
                )
            )
            self.send_header("Location", "/term")
            self.send_header("Content-Type", "text/html" if self.path == "/term" else "image/png")
            self.end_headers()
            self.wfile.write(told.pages.get(self.path, b"") if self.command == "GET" else b"")

        do_HEAD = do_GET

    with serving(Handler) as told.url:
        yield told


def entry(web: Web, when: str = "2099-01-05", more: str = "") -> str:
    return (
        f"- {{id: term, when: {when}, to: [sky, fedi], text: Look, link: '{web.url}/term'{more}}}\n"
    )


def test_a_card_is_read_once_and_is_shown_and_sent_alike_from_then_on(tmp_path: Path, web: Web):
    config = a_calendar(tmp_path, entry(web), HEAD)
    before = termbell("check", "-c", config)
    assert lines(before) == (
        f"config.yaml:7: warning: term: {web.url}/term was not read yet, so that its card shows no more than its address; "
        "`termbell check --fetch` does\n1 entry, 2 deliveries, 1 problem\n"
    )
    assert web.asked == []

    assert termbell("check", "--fetch", "-c", config).exit_code == 0
    web.pages.clear()
    after = json.loads(termbell("preview", "--json", "--requests", "-c", config).stdout)[
        "deliveries"
    ]

    sky = next(one for one in after if one["account"] == "sky")
    assert sky["link"] == {
        "url": f"{web.url}/term",
        "title": "Our term",
        "description": "Week by week",
    }
    assert [one["problems"] for one in after] == [[], []]
    assert [request["step"] for request in sky["requests"] if "card" in request["step"]] == [
        "upload card"
    ]
    assert web.asked == [("GET", "/term"), ("GET", "/door.png")]


def test_a_page_that_is_down_is_a_warning_and_the_post_goes_out(tmp_path: Path, web: Web):
    web.pages.clear()

    planned = plan(a_calendar(tmp_path, entry(web), HEAD), fetch=True)

    assert [(one.code, one.severity) for one in planned.problems] == [("card-not-read", "warning")]
    assert [one.errors for one in planned.deliveries] == [(), ()]


@pytest.mark.parametrize(
    ("more", "head"), [(", ignore: card-not-read", ""), ("", "checks: {card-not-read: off}\n")]
)
def test_who_wants_no_cards_hears_of_none(tmp_path: Path, web: Web, more: str, head: str):
    assert plan(a_calendar(tmp_path, entry(web, more=more), head + HEAD)).problems == ()


def test_for_a_post_that_is_over_no_page_is_read(tmp_path: Path, web: Web):
    planned = plan(a_calendar(tmp_path, entry(web, "2020-01-05"), HEAD), fetch=True)

    assert planned.problems == ()
    assert web.asked == []


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("more", "late", "is_read"),
    [
        ("", 2 * HOUR - MINUTE, True),
        ("", 2 * HOUR + MINUTE, False),
        (", grace: 5 h", 5 * HOUR - MINUTE, True),
        (", late: publish", 30 * HOUR, True),
    ],
)
def test_a_page_is_read_as_long_as_its_post_may_go_out(
    tmp_path: Path, web: Web, more: str, late: timedelta, is_read: bool
):
    due = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
    config = a_calendar(tmp_path, entry(web, "2026-09-07 08:30", more), HEAD)

    plan(config, fetch=True, now=due + late)

    assert (("GET", "/term") in web.asked) is is_read


@pytest.mark.parametrize(("late", "times"), [(-MINUTE, 2), (MINUTE, 1)])
def test_an_old_card_is_read_again_only_before_its_post_is_due(
    tmp_path: Path, web: Web, late: timedelta, times: int
):
    due = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
    config = a_calendar(tmp_path, entry(web, "2026-09-07 08:30"), HEAD)
    plan(config, fetch=True, now=due - HOUR)
    (note,) = cards_folder().glob("*.json")
    note.write_text(json.dumps(json.loads(note.read_text()) | {"at": 0.0}))

    plan(config, fetch=True, now=due + late)

    assert web.asked.count(("GET", "/term")) == times


def test_a_page_in_a_private_network_is_not_asked(tmp_path: Path, web: Web):
    [problem] = plan(
        a_calendar(tmp_path, entry(web), HEAD.replace("fetch_from: [127.0.0.1]", "fetch_from: []")),
        fetch=True,
    ).problems

    assert "127.0.0.1 is on this machine or in a private network" in problem.message
    assert web.asked == []


def test_what_one_reading_may_spend_on_pages_has_an_end():
    with pytest.raises(Unfit, match="cannot be read: what was read before it took 30 s already"):
        Pages((), until=0.0).page("https://example.org/")


def test_check_asks_for_every_link_once_and_tells_those_that_do_not_answer(
    tmp_path: Path, web: Web
):
    text = f"See {web.url}/term and {web.url}/gone"
    config = a_calendar(
        tmp_path,
        f"- id: a\n  when: 2099-01-05\n  to: [sky, fedi]\n  text: {text}\n"
        f"- id: b\n  when: 2099-01-06\n  to: fedi\n  text: Again {web.url}/gone\n  ignore: dead-link\n",
        HEAD,
    )

    silent, checked = termbell("check", "-c", config), termbell("check", "--links", "-c", config)

    assert "no problems" in lines(silent)
    assert (
        f"warning: a: {web.url}/gone does not answer: 127.0.0.1 answers 404; mend the address\n"
        in lines(checked)
    )
    assert "1 problem\n" in lines(checked)
    assert checked.exit_code == 0
    assert sorted(web.asked) == [("GET", "/gone"), ("HEAD", "/gone"), ("HEAD", "/term")]


@pytest.mark.parametrize(
    ("head", "get", "is_dead"),
    [
        (405, 200, False),
        (404, 200, False),
        (403, 403, False),
        (429, 429, False),
        (500, 200, False),
        (999, 999, False),
        (302, 200, False),
        (404, 404, True),
        (410, 410, True),
        (503, 503, True),
    ],
)
def test_a_link_answers_unless_what_it_leads_to_is_gone_or_broken(
    web: Web, head: int, get: int, is_dead: bool
):
    web.statuses = {("HEAD", "/page"): head, ("GET", "/page"): get}

    assert (f"{web.url}/page" in dead_links([f"{web.url}/page"], ("127.0.0.1",))) is is_dead


def test_a_link_that_leads_round_in_circles_or_to_no_server_is_dead(web: Web):
    web.statuses = {("HEAD", "/term"): 301, ("GET", "/term"): 301}

    found = dead_links(
        [f"{web.url}/term", "http://127.0.0.1:1/", "https://10.0.0.1/", "https://nobody.invalid/"],
        ("127.0.0.1",),
    )

    assert found[f"{web.url}/term"] == "it leads on more than 4 times"
    assert "refused" in found["http://127.0.0.1:1/"]
    assert "private network" in found["https://10.0.0.1/"]
    assert found["https://nobody.invalid/"] == "no server called nobody.invalid is known"
