"""What a person reads when their calendar is wrong: file, line, what is wrong and what would be right."""

import re
from pathlib import Path

import pytest

from scheduler.engine.planning import plan
from scheduler.problems import Invalid

HEAD = """\
timezone: Europe/London
accounts:
  site: {platform: site}
  fedi: {platform: mastodon, server: https://m.test}
posts:
"""

TABLE = {
    "unknown account": (
        HEAD + "- {id: a, when: 2026-09-07, to: fdei, text: Hi}",
        "config.yaml:6: a: no account called 'fdei'; did you mean 'fedi'?",
    ),
    "key twice": (
        HEAD + "- id: a\n  id: b",
        "config.yaml:7: 'id' stands twice in one mapping, first in line 6; remove one",
    ),
    "id twice": (
        HEAD
        + "- {id: a, when: 2026-09-07, to: site, text: Hi}\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:7: a: this id stands in config.yaml:6 already; give one of them another",
    ),
    "unknown key": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, tittle: x}",
        "config.yaml:6: a: no key is called 'tittle'; did you mean 'title'?",
    ),
    "unknown config key": (
        "timezon: UTC\ntimezone: Europe/London\naccounts:\n  site: {platform: site}\n  fedi: {platform: mastodon, server: https://m.test}\nposts:\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:1: config: no key is called 'timezon'; did you mean 'timezone'?",
    ),
    "unknown zone": (
        "timezone: Europe/Lundon\naccounts:\n  site: {platform: site}\n  fedi: {platform: mastodon, server: https://m.test}\nposts:\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:1: config: `timezone` is no time zone: 'Europe/Lundon'; did you mean 'Europe/London'?",
    ),
    "zone of entry": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, timezone: Mars/Base}",
        "config.yaml:6: a: `timezone` is no time zone: 'Mars/Base'; e.g. Europe/London",
    ),
    "time": (
        HEAD + "- {id: a, when: tomorrow, to: site, text: Hi}",
        "config.yaml:6: a: `when` is no time: 'tomorrow'; a time looks like 2026-09-07 08:30, 2026-09-07T08:30+01:00, or 2026-09-07 for the account's own time of day",
    ),
    "time range": (
        HEAD + "- {id: a, when: 2026-02-30, to: site, text: Hi}",
        "config.yaml:6: a: `when` is no time: '2026-02-30' (day is out of range for month); a time looks like 2026-09-07 08:30, 2026-09-07T08:30+01:00, or 2026-09-07 for the account's own time of day",
    ),
    "tag taken for a comment": (
        HEAD + "- id: a\n  when: 2026-09-07\n  to: site\n  text: Come in 🎒 #OpenDay",
        "config.yaml:9: a: `text` ends before #OpenDay: behind a space YAML takes it for a comment; put the text in quotes, or a space behind the #",
    ),
    "tag in a thread": (
        HEAD + '- id: a\n  when: 2026-09-07\n  to: fedi\n  text: "One #A"\n  thread:\n  - two #B\n',
        "config.yaml:10: a: `thread` ends before #B: behind a space YAML takes it for a comment; put the text in quotes, or a space behind the #",
    ),
    "tag in an alt": (
        HEAD
        + "- id: a\n  when: 2026-09-07\n  to: fedi\n  text: x\n  link:\n    url: https://example.org #c\n    title: one\n      line #D\n",
        "config.yaml:10: a: `link` ends before #D: behind a space YAML takes it for a comment; put the text in quotes, or a space behind the #",
    ),
    "tag in a variant": (
        HEAD
        + "- id: a\n  when: 2026-09-07\n  to: fedi\n  text: x\n  with:\n    one: y # no tag\n  fedi: Hi #E\n",
        "config.yaml:12: a: `fedi` ends before #E: behind a space YAML takes it for a comment; put the text in quotes, or a space behind the #",
    ),
    "no file": (
        HEAD
        + "- {id: a, when: 2026-09-07, to: site, text: Hi, media: [{file: cat.jpg, alt: A cat}]}",
        "config.yaml:6: cat.jpg: there is no such file in FOLDER",
    ),
    "folder": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, media: [{file: ., alt: A cat}]}",
        "config.yaml:6: .: is a folder; name a file in it",
    ),
    "no alt": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, media: [config.yaml]}",
        "config.yaml:6: config.yaml: `alt` is missing; say what the picture shows, e.g. alt: The school door, painted blue",
    ),
    "no id": (
        HEAD + "- {when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:6: an entry has no `id`, e.g. id: welcome-back",
    ),
    "no when": (
        HEAD + "- {id: a, to: site, text: Hi}",
        "config.yaml:6: a: `when` is missing, e.g. when: 2026-09-07 08:30",
    ),
    "no to": (
        HEAD + "- {id: a, when: 2026-09-07, text: Hi}",
        "config.yaml:6: a: `to` is missing, e.g. to: [site, fedi]",
    ),
    "no text": (
        HEAD + "- {id: a, when: 2026-09-07, to: site}",
        "config.yaml:6: a: has neither `text` nor `template`, e.g. text: Welcome back",
    ),
    "platform": (
        "timezone: Europe/London\naccounts:\n  site: {platform: sit}\n  fedi: {platform: mastodon, server: https://m.test}\nposts:\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:3: accounts.site: no platform is called 'sit'; did you mean 'site'?",
    ),
    "needs": (
        "timezone: Europe/London\naccounts:\n  site: {platform: site}\n  fedi: {platform: mastodon}\nposts:\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:4: accounts.fedi: mastodon needs `server`, e.g. https://mastodon.social",
    ),
    "no accounts": (
        "timezone: UTC\n",
        "config.yaml:1: config: `accounts` is missing, e.g. accounts: {class-site: {platform: site, folder: public}}",
    ),
    "no zone": (
        "accounts:\n  site: {platform: site}\n",
        "config.yaml:1: config: `timezone` is missing, e.g. timezone: Europe/London",
    ),
    "fit": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, fit: cut}",
        "config.yaml:6: a: `fit` has to be one of error, shorten, thread, numbered-thread, not 'cut'",
    ),
    "markdown": (
        HEAD + '- {id: a, when: 2026-09-07, to: site, text: Hi, site: {markdown: "no"}}',
        "config.yaml:6: a: site: `markdown` has to be true or false, not 'no'",
    ),
    "unknown check": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, ignore: [capitls]}",
        "config.yaml:6: a: `ignore` has no check called 'capitls'; did you mean 'capitals'?",
    ),
    "fixed check": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, ignore: too-long}",
        "config.yaml:6: a: `ignore` has 'too-long', which cannot be set aside: the platform would not take the post; shorten it",
    ),
    "ignored name": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, ignore: guard-name}",
        "config.yaml:6: a: `ignore` has 'guard-name', which cannot be set aside; a name that may appear stands in `guard: {allow: [...]}` of the config",
    ),
    "pattern that the guard has not": (
        "guard: {patterns: [phone, {room: x}]}\n"
        + HEAD
        + "- {id: a, when: 2026-09-07, to: site, text: Hi, ignore: guard-rom}",
        "config.yaml:7: a: `ignore` has no check called 'guard-rom'; did you mean 'guard-room'?",
    ),
    "check in the config": (
        "checks: {tagcase: off}\n" + HEAD,
        "config.yaml:1: checks: has no check called 'tagcase'; did you mean 'tag-case'?",
    ),
    "severity": (
        "checks: {tag-case: loud}\n" + HEAD,
        "config.yaml:1: checks.tag-case: `severity` cannot be 'loud'; there are: error, off, warning",
    ),
    "number of a check": (
        "checks: {emoji-row: {most: 0}}\n" + HEAD,
        "config.yaml:1: checks.emoji-row: `most` has to be 1 or more, not 0",
    ),
    "night": (
        'quiet: {night: ["21:00"]}\n' + HEAD,
        'config.yaml:1: quiet: `night` has to be two different times of day, e.g. night: ["21:00", "06:30"]',
    ),
    "break": (
        "quiet: {breaks: [{from: 2026-10-30, to: 2026-10-26}]}\n" + HEAD,
        "config.yaml:1: quiet.breaks: `to` is before `from`: 2026-10-26 before 2026-10-30",
    ),
    "day": (
        "quiet: {breaks: [{from: 2026-02-30, to: 2026-10-26}]}\n" + HEAD,
        "config.yaml:1: quiet.breaks: `from` has to be a day, e.g. 2026-10-26, not '2026-02-30'",
    ),
    "unknown pattern": (
        "guard: {patterns: [mail]}\n" + HEAD,
        "config.yaml:1: guard: `patterns` has no 'mail'; did you mean 'email'? (one of your own has a name: {room-code: 'R-\\d+'})",
    ),
    "expression": (
        'guard: {patterns: [{room: "(R"}]}\n' + HEAD,
        "config.yaml:1: guard: `patterns` has 'room', which is no regular expression: missing ) at position 2",
    ),
    "expression that fits all": (
        'guard: {patterns: [{room: "R*"}]}\n' + HEAD,
        "config.yaml:1: guard: `patterns` has 'room', which fits an empty text, and so every post",
    ),
    "late": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, late: maybe}",
        "config.yaml:6: a: `late` has to be one of skip, publish, ask, not 'maybe'",
    ),
    "grace": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, grace: soon}",
        "config.yaml:6: a: `grace` has to be a length of time, e.g. 90 min, 2 h or 1 day, not 'soon'",
    ),
    "link": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, link: example.org}",
        "config.yaml:6: a: `link` has to be a web address, e.g. https://example.org/page, not 'example.org'",
    ),
    "option": (
        HEAD + "- {id: a, when: 2026-09-07, to: fedi, text: Hi, mastodon: {visibilty: public}}",
        "config.yaml:6: a: mastodon: no key is called 'visibilty'; did you mean 'visibility'?",
    ),
    "choice": (
        HEAD + "- {id: a, when: 2026-09-07, to: fedi, text: Hi, mastodon: {visibility: secret}}",
        "config.yaml:6: a: mastodon: `visibility` cannot be 'secret'; there are: direct, private, public, unlisted",
    ),
    "poll": (
        HEAD
        + "- {id: a, when: 2026-09-07, to: fedi, text: Hi, mastodon: {poll: {answers: [Yes]}}}",
        "config.yaml:6: a: mastodon: `poll` needs two or more different answers, e.g. {answers: [Yes, No], hours: 24}",
    ),
    "poll that is over": (
        HEAD
        + "- {id: a, when: 2026-09-07, to: fedi, text: Hi, mastodon: {poll: {answers: [Yes, No], hours: 0}}}",
        "config.yaml:6: a: mastodon: `poll` has to be open for more than 0 hours, not 0, e.g. {answers: [Yes, No], hours: 24}",
    ),
    "syntax": (
        HEAD + "- {id: a",
        "config.yaml:7: YAML cannot be read here: did not find expected ',' or '}'",
    ),
    "group": (
        "timezone: Europe/London\naccounts:\n  site: {platform: site}\n  fedi: {platform: mastodon, server: https://m.test}\ngroups: {all: [site, fed]}\nposts:\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:5: groups.all: no account called 'fed'; did you mean 'fedi'?",
    ),
    "at": (
        "at: 25:00\ntimezone: Europe/London\naccounts:\n  site: {platform: site}\n  fedi: {platform: mastodon, server: https://m.test}\nposts:\n- {id: a, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:1: config: `at` has to be a time of day, e.g. \"09:00\", not '25:00'",
    ),
    "focus": (
        HEAD
        + "- {id: a, when: 2026-09-07, to: site, text: Hi, media: [{file: config.yaml, alt: x, focus: [2, 0]}]}",
        "config.yaml:6: a: `media` has a `focus` that is not two numbers from -1 to 1, e.g. focus: [0, 0.5]",
    ),
    "captions": (
        HEAD
        + "- {id: a, when: 2026-09-07, to: site, text: Hi, media: [{file: config.yaml, alt: x, captions: film.vtt}]}",
        "config.yaml:6: film.vtt: there is no such file in FOLDER",
    ),
    "secret elsewhere": (
        "timezone: Europe/London\naccounts:\n  fedi:\n    platform: mastodon\n    server: !secret server\nposts: []",
        "config.yaml:5: accounts.fedi: `server` cannot be `!secret`; that is for the secrets of an account",
    ),
    "secret of the wrong kind": (
        "timezone: Europe/London\naccounts:\n  fedi:\n    platform: mastodon\n    server: https://m.test\n    token: [s3cret]\nposts: []",
        "config.yaml:6: accounts.fedi: `token` has to be text; put it in quotes",
    ),
    "id of the wrong kind": (
        HEAD + "- {id: true, when: 2026-09-07, to: site, text: Hi}",
        "config.yaml:6: an entry: `id` has to be text; put it in quotes",
    ),
    "negative length of time": (
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: Hi, grace: -5}",
        "config.yaml:6: a: `grace` has to be a length of time, e.g. 90 min, 2 h or 1 day, not '-5'",
    ),
    "env": (
        "timezone: Europe/London\naccounts:\n  fedi:\n    platform: mastodon\n    server: ${NOT_SET_HERE}\nposts:\n- {id: a, when: 2026-09-07, to: fedi, text: Hi}",
        "config.yaml:5: accounts.fedi: `server` needs ${NOT_SET_HERE}, and the environment has none",
    ),
}


@pytest.mark.parametrize(("written", "said"), TABLE.values(), ids=TABLE.keys())
def test_what_is_wrong_is_said_with_its_place_and_what_would_be_right(
    tmp_path: Path, written: str, said: str
) -> None:
    (tmp_path / "config.yaml").write_text(written)

    assert [
        str(problem).replace(str(tmp_path), "FOLDER")
        for problem in problems(tmp_path / "config.yaml")
    ] == [said]


def problems(config: Path) -> tuple[object, ...]:
    try:
        return plan(config).problems
    except Invalid as invalid:
        return invalid.problems


def test_everything_that_is_wrong_is_said_at_once_in_the_order_it_stands(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        HEAD + "- {id: a, when: soon, to: nobody, tittle: x}\n- {id: b}\n"
    )

    lines = [str(problem).split(":")[1] for problem in problems(tmp_path / "config.yaml")]

    assert lines == sorted(lines)
    assert len(lines) == 5


@pytest.mark.parametrize(
    "bomb",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n"
            for before, name in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "posts: " + "[" * 200 + "]" * 200,
    ],
    ids=["aliases of aliases", "deep nesting"],
)
def test_a_yaml_bomb_is_refused(tmp_path: Path, bomb: str) -> None:
    (tmp_path / "config.yaml").write_text(bomb)

    (problem,) = problems(tmp_path / "config.yaml")

    assert "grows too large here; look at its aliases" in str(problem)


def test_anchors_aliases_and_merge_keys_work(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "x-common: &common {to: site, text: Hi}\n"
        + HEAD
        + "- {<<: *common, id: a, when: 2026-09-07}\n- {<<: *common, id: b, when: 2026-09-08, text: Ho}\n"
    )

    assert [(one.entry, one.post.text) for one in plan(tmp_path / "config.yaml").deliveries] == [
        ("a", "Hi"),
        ("b", "Ho"),
    ]


def test_a_text_that_looks_like_a_number_stays_as_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        HEAD + "- {id: a, when: 2026-09-07, to: site, text: 1.50}\n"
        "- {id: b, when: 2026-09-08, to: site, text: 0123}\n"
    )

    assert [one.post.text for one in plan(tmp_path / "config.yaml").deliveries] == ["1.50", "0123"]


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ("2026-09-07 16:30", "2026-09-07T16:30:00+01:00"),
        ("2026-09-07T16:30+02:00", "2026-09-07T15:30:00+01:00"),
        ("2026-09-07", "2026-09-07T09:00:00+01:00"),
        ("2027-03-28 01:30", "2027-03-28T02:00:00+01:00"),
        ("2026-10-25 01:30", "2026-10-25T01:30:00+01:00"),
        ("2028-02-29 09:00", "2028-02-29T09:00:00+00:00"),
    ],
    ids=["wall clock", "offset", "bare date", "skipped by spring", "twice in autumn", "leap day"],
)
def test_when_is_wall_clock_time_in_the_calendars_zone(tmp_path: Path, when: str, due: str) -> None:
    (tmp_path / "config.yaml").write_text(
        HEAD + f"- {{id: a, when: '{when}', to: site, text: Hi}}\n"
    )

    assert [one.due.isoformat() for one in plan(tmp_path / "config.yaml").deliveries] == [due]


@pytest.mark.parametrize(
    "written",
    [
        r"text: a\0b",
        r"title: \ud83d",
        r"with: {x: [\udfff]}",
        r"media: [{file: a\0.png, alt: x}]",
        r"x-a\0: b",
    ],
)
def test_what_no_text_can_hold_is_said_with_its_line(tmp_path: Path, written: str) -> None:
    value = written.partition(": ")
    text = re.sub(r"[^\s{}\[\],:]*\\[^\s{}\[\],:]*", lambda found: f'"{found[0]}"', "".join(value))
    (tmp_path / "config.yaml").write_text(
        HEAD + f"- id: a\n  when: 2026-09-07\n  to: site\n  {text}\n"
    )

    (problem,) = problems(tmp_path / "config.yaml")

    assert str(problem) in (
        r"config.yaml:9: a character stands here that no text can hold (\0, or half a one: \ud800)",
        "config.yaml:9: YAML cannot be read here: found invalid Unicode character escape code",
    )  # libyaml's own words
