import json
import socket
from pathlib import Path

import pytest

from tests.cli.support import HEAD, a_calendar, lines, termbell
from tests.support import an_image

THREAD = """\
- id: three-steps
  when: 2026-12-10 08:00
  to: [fediverse, bluesky]
  text: Three steps to a network that lasts.
  thread: [First listen., Then give.]
"""
PICTURE = """\
- id: door
  when: 2026-09-07 08:30
  to: class-site
  title: Welcome back
  text: The door is open.
  link: {url: https://example.org/term, title: The term, description: Week by week}
  media: [{file: images/door.png, alt: "The school door, painted blue"}]
"""
LONG = f"- {{id: long, when: 2026-12-15 12:00, to: bluesky, text: {'x' * 310}}}\n"
POLL = """\
- id: ask
  when: 2026-12-15 12:00
  to: fediverse
  text: How did you meet?
  mastodon: {visibility: unlisted, poll: {answers: [At school, Online], hours: 72}}
"""


def test_a_delivery_is_shown_with_its_local_time_account_text_and_length(tmp_path: Path):
    config = a_calendar(
        tmp_path, "- {id: hello, when: 2099-09-07 08:30, to: fediverse, text: Good morning}\n"
    )

    ended = termbell("preview", "-c", config)

    day, _, who, text, length = lines(ended).splitlines()[1:6]
    assert day.startswith("Monday 7 September 2099 ──")
    assert who.split() == ["08:30", "BST", "fediverse", "on", "mastodon", "hello"]
    assert text == "  │ Good morning"
    assert length == "  ╰ ────────── 12/500 graphemes"
    assert lines(ended).endswith("1 delivery to 1 account, no problems\n")
    assert ended.exit_code == 0


def test_where_no_alt_texts_are_taken_none_is_shown(tmp_path: Path):
    an_image(tmp_path)
    door = "- {id: door, when: 2099-09-07 08:30, to: [chat, fediverse], text: Open, media: [{file: door.png, alt: The blue door}]}\n"
    config = a_calendar(
        tmp_path,
        door,
        HEAD.replace("posts:", "  chat: {platform: telegram, chat: '@mathclub'}\nposts:"),
    )

    shown = lines(termbell("preview", "-c", config))

    assert (shown.count("no alt texts are taken there"), shown.count("The blue door")) == (1, 1)


def test_what_was_shortened_or_split_is_said_with_the_length_it_had(tmp_path: Path):
    config = a_calendar(
        tmp_path,
        f"""\
- id: long
  when: 2099-09-07 08:30
  to: [fediverse, bluesky]
  text: {"Ten words of a sentence that is of no use here. " * 11}
  fit: shorten
  bluesky: {{fit: thread}}
""",
    )

    ended = termbell("preview", "-c", config)
    shown = json.loads(termbell("preview", "-c", config, "--json").stdout)["deliveries"]
    termbell("preview", "-c", config, "--html", tmp_path / "page.html")

    gauges = [
        line.partition(" graphemes")[2] for line in lines(ended).splitlines() if "graphemes" in line
    ]
    assert gauges == [", split from 527", ", split from 527", ", shortened from 527"]
    assert [one["length"]["whole"] for one in shown] == [527, 527, 527]
    assert "300 graphemes, split from 527</div>" in (tmp_path / "page.html").read_text()
    assert ended.exit_code == 0


def test_what_is_past_is_shown_and_said_to_be(tmp_path: Path):
    config = a_calendar(
        tmp_path, "- {id: gone, when: 2020-09-07 08:30, to: fediverse, text: Good morning}\n"
    )

    assert "08:30 BST  fediverse on mastodon  past" in lines(termbell("preview", "-c", config))


def test_title_card_and_picture_with_its_alt_are_shown_under_the_name_the_person_gave(
    tmp_path: Path,
):
    (tmp_path / "images").mkdir()
    an_image(tmp_path / "images")

    shown = lines(termbell("preview", "-c", a_calendar(tmp_path, PICTURE)))

    assert "  │ Welcome back\n  │\n  │ The door is open.\n  │\n" in shown
    assert "  │ ↗ The term\n  │   Week by week\n  │   https://example.org/term\n" in shown
    assert "  │ ▣ images/door.png  64 × 48, 1 kB\n  │   The school door, painted blue\n" in shown


def test_a_thread_is_shown_as_a_chain(tmp_path: Path):
    shown = lines(termbell("preview", "-c", a_calendar(tmp_path, THREAD), "--account", "bluesky"))

    assert "bluesky  1 of 3" in shown
    assert "  │\n  ├─ 2 of 3\n  │ First listen.\n" in shown
    assert "  ├─ 3 of 3\n  │ Then give.\n  ╰ " in shown
    assert shown.count("08:00 GMT") == 1


def test_options_and_polls_are_shown(tmp_path: Path):
    shown = lines(termbell("preview", "-c", a_calendar(tmp_path, POLL)))

    assert "  │ visibility: unlisted\n  │ ○ At school\n  │ ○ Online\n  │   for 72 hours\n" in shown


def test_a_problem_of_one_delivery_is_shown_with_its_place_and_ends_with_1(tmp_path: Path):
    ended = termbell("preview", "-c", a_calendar(tmp_path, LONG))

    assert "━━━━━━━━━━ 310/300 graphemes" in lines(ended)
    assert "✗ config.yaml:7: long: 310 of 300 characters on bluesky" in lines(ended)
    assert lines(ended).endswith("1 delivery to 1 account, 1 problem\n")
    assert ended.exit_code == 1


def test_an_invalid_calendar_prints_every_problem_and_ends_with_1(tmp_path: Path):
    ended = termbell(
        "preview",
        "-c",
        a_calendar(tmp_path, "- {id: a, when: soon, to: nobody, text: x}\n- {id: a, text: y}\n"),
    )

    assert ended.exit_code == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) > 2
    assert all(line.startswith("config.yaml:") for line in ended.stderr.splitlines())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), {"hello", "three-steps"}),
        (("--from", "2026-09-08"), {"three-steps"}),
        (("--to", "2026-09-07"), {"hello"}),
        (("--from", "2026-09-07", "--to", "2026-09-07"), {"hello"}),
        (("--entry", "hello"), {"hello"}),
        (("--entry", "hello", "--entry", "three-steps"), {"hello", "three-steps"}),
        (("--account", "bluesky"), {"three-steps"}),
    ],
)
def test_days_entries_and_accounts_can_be_chosen(
    tmp_path: Path, words: tuple[str, ...], expected: set[str]
):
    config = a_calendar(
        tmp_path, "- {id: hello, when: 2026-09-07 23:30, to: fediverse, text: x}\n" + THREAD
    )

    shown = json.loads(termbell("preview", "-c", config, "--json", *words).stdout)

    assert {one["entry"] for one in shown["deliveries"]} == expected


def test_a_choice_that_is_not_there_is_wrong_usage(tmp_path: Path):
    ended = termbell("preview", "-c", a_calendar(tmp_path), "--entry", "helo")

    assert (ended.exit_code, ended.stderr) == (2, "error: no entry 'helo'; did you mean 'hello'?\n")


def test_json_has_the_agreed_keys(tmp_path: Path):
    (tmp_path / "images").mkdir()
    an_image(tmp_path / "images")

    [one] = json.loads(
        termbell("preview", "-c", a_calendar(tmp_path, PICTURE), "--json", "--requests").stdout
    )["deliveries"]

    assert one["due"] == "2026-09-07T08:30:00+01:00"
    assert one["length"] == {"used": 17, "limit": None, "unit": "characters", "whole": None}
    assert one["media"] == [{"file": "images/door.png", "alt": "The school door, painted blue"}]
    assert {"key", "entry", "account", "platform", "part", "text", "problems"} <= set(one)
    assert {"step", "method", "url", "headers", "body"} <= set(one["requests"][0])


def test_requests_are_there_only_when_asked_for(tmp_path: Path):
    [one] = json.loads(termbell("preview", "-c", a_calendar(tmp_path), "--json").stdout)[
        "deliveries"
    ]

    assert "requests" not in one


def test_requests_hide_the_secret_and_a_reply_answers_the_part_before(tmp_path: Path):
    shown = json.loads(
        termbell(
            "preview",
            "-c",
            a_calendar(tmp_path, THREAD),
            "--account",
            "fediverse",
            "--json",
            "--requests",
        ).stdout
    )

    first, second, third = (json.loads(one["requests"][-1]["body"]) for one in shown["deliveries"])
    assert "in_reply_to_id" not in first
    assert second["in_reply_to_id"] == third["in_reply_to_id"]
    assert shown["deliveries"][0]["requests"][-1]["headers"]["Authorization"] == "Bearer •••"


def test_what_has_an_error_makes_no_requests(tmp_path: Path):
    [one] = json.loads(
        termbell("preview", "-c", a_calendar(tmp_path, LONG), "--json", "--requests").stdout
    )["deliveries"]

    assert one["requests"] == []


def test_a_request_is_shown_with_method_address_headers_and_body(tmp_path: Path):
    shown = lines(termbell("preview", "-c", a_calendar(tmp_path), "--requests"))

    assert "    1 status  POST https://mastodon.social/api/v1/statuses\n" in shown
    assert "      Authorization: Bearer •••\n" in shown
    assert '      {"status":"Good morning, colleagues."' in shown


def test_the_page_shows_the_same_and_loads_nothing(tmp_path: Path):
    (tmp_path / "images").mkdir()
    an_image(tmp_path / "images")
    page = tmp_path / "preview.html"

    ended = termbell("preview", "-c", a_calendar(tmp_path, PICTURE + LONG), "--html", page)

    html = page.read_text()
    assert ended.exit_code == 1
    assert ended.stderr == f"the preview is in {page}\n"
    assert "The door is open." in html
    assert 'alt="The school door, painted blue"' in html
    assert "310/300" in html
    assert "shorten it by 10" in html
    assert 'src="http' not in html
    assert "default-src 'none'" in html


def test_what_a_calendar_says_cannot_become_part_of_the_page(tmp_path: Path):
    page = tmp_path / "preview.html"
    config = a_calendar(
        tmp_path,
        '- {id: bad, when: 2026-12-01, to: [fediverse, class-site], text: "<script>alert(1)</script>"}\n',
    )

    termbell("preview", "-c", config, "--html", page)

    assert "<script" not in page.read_text()


def test_a_preview_asks_no_network_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refused(*_: object) -> None:
        raise AssertionError("a preview opened a connection")

    monkeypatch.setattr(socket, "socket", refused)
    config = a_calendar(tmp_path, THREAD)

    ended = termbell("preview", "-c", config, "--requests")

    assert ended.exit_code == 0
    assert [file.name for file in tmp_path.iterdir()] == ["config.yaml"]


def test_check_prints_every_problem_and_what_was_looked_at(tmp_path: Path):
    ended = termbell(
        "check",
        "-c",
        a_calendar(
            tmp_path, LONG + "- {id: fine, when: 2026-12-16, to: [bluesky, fediverse], text: x}\n"
        ),
    )

    problem, summary = lines(ended).splitlines()
    assert problem.startswith("config.yaml:7: long: ")
    assert summary == "2 entries, 3 deliveries, 1 problem"
    assert ended.exit_code == 1


def test_check_of_an_invalid_calendar_has_its_problems_as_json_too(tmp_path: Path):
    ended = termbell(
        "check",
        "-c",
        a_calendar(tmp_path, "- {id: a, when: soon, to: nobody, text: x}\n"),
        "--json",
    )

    found = json.loads(ended.stdout)
    assert found["version"] == 1
    assert {tuple(one) for one in found["problems"]} == {
        ("code", "severity", "message", "file", "line")
    }
    assert ended.exit_code == 1
