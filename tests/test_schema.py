"""The schemas that editors use and the reading say the same: what one takes, the other takes."""

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scheduler.calendar.reading import read_calendar
from scheduler.calendar.schema import calendar_schema, config_schema
from scheduler.config import read_config
from scheduler.problems import Invalid
from scheduler.yaml_files import read_yaml
from tests.cli.support import termbell
from tests.support import an_image
from tests.test_documentation import EXAMPLE, HEAD, calendars

CONFIG, CALENDAR = Draft202012Validator(config_schema()), Draft202012Validator(calendar_schema())
ACCOUNTS = """\
timezone: Europe/London
guard: {patterns: email}
require_alt: false
accounts:
  site: {platform: site}
  fedi: {platform: mastodon, server: https://m.test}
  sky: {platform: bluesky, handle: a.test}
  work: {platform: linkedin}
  "4b": {platform: email, server: smtp.test, from: a@example.org, to: b@example.org}
"""


def written(keys: dict[str, str]) -> list[str]:
    """Each key with its value, as YAML; `x__note` is `x-note`."""
    return [
        f"{key.replace('__', '-')}: {value}" for key, value in keys.items() if value != "LEFT OUT"
    ]


def entry(**keys: str) -> str:
    return (
        "- {"
        + ", ".join(written({"id": "a", "when": "2026-09-07", "to": "site", "text": "Hi", **keys}))
        + "}\n"
    )


def config(account: str = "{platform: site}", **keys: str) -> str:
    return "\n".join(written({"timezone": "UTC", "accounts": f"{{main: {account}}}", **keys}))


MASTODON = "{platform: mastodon, server: https://m.test, "
EMAIL = (
    "{platform: email, server: smtp.test, from: a@example.org, to: [b@example.org, c@example.org], "
)
ENVIRONMENT = {
    "HOST": "m.test",
    "AT": "09:00",
    "FIT": "shorten",
    "GRACE": "2 h",
    "LATE": "ask",
    "LANGUAGE": "de",
    "VISIBILITY": "public",
}

WRONG_CONFIGS = {
    "unknown key": config(timezon="UTC"),
    "no zone": config(timezone="LEFT OUT"),
    "no accounts": config(accounts="LEFT OUT"),
    "zone that is no text": config(timezone="[UTC]"),
    "time of day": config(at="25:00"),
    "number as time of day": config(at="9"),
    "late policy": config(late="maybe"),
    "length of time": config(grace="soon"),
    "length without unit as text": config(grace='"90"'),
    "negative length": config(grace="-5"),
    "timeout of nothing": config(timeout="0"),
    "timeout that is text": config(timeout='"30"'),
    "patience that servers do not need": config(patience="1"),
    "patience without a unit as text": config(patience='"15"'),
    "store that travels now and then": config(store_travels="sometimes"),
    "flag that is text": config(require_alt="no"),
    "empty language": config(language='" "'),
    "language that is a flag": config(language="true"),
    "folder that is a list": config(templates="[a]"),
    "calendar that is a mapping": config(calendar="{a: b}"),
    "accounts that are a list": config(accounts="[main]"),
    "account that is text": config("site"),
    "account that is nothing": config("null"),
    "name of an account": config(accounts="{my account: {platform: site}}"),
    "no platform": config("{folder: public}"),
    "unknown platform": config("{platform: myspace}"),
    "unknown key of an account": config("{platform: site, foldr: public}"),
    "key of another platform": config("{platform: site, server: https://m.test}"),
    "required setting that is missing": config("{platform: mastodon}"),
    "setting that is a list": config("{platform: site, folder: [public]}"),
    "setting that is a flag": config("{platform: site, title: true}"),
    "number that is text": config(EMAIL + 'port: "587"}'),
    "choice": config(EMAIL + "tls: none}"),
    "choice of an option": config(MASTODON + "visibility: PUBLIC}"),
    "option that is a flag": config(MASTODON + "sensitive: yes}"),
    "secret that is a list": config(MASTODON + "token: [a]}"),
    "secret that is a flag": config(MASTODON + "token: true}"),
    "fit": config(fit="cut"),
    "fit of an account": config("{platform: site, fit: Shorten}"),
    "markdown that is text": config(markdown='"true"'),
    "markdown of an account": config("{platform: site, markdown: 1}"),
    "late policy of an account": config("{platform: site, late: never}"),
    "group that is a mapping": config(groups="{all: {main: true}}"),
    "posts that are a mapping": config(posts="{id: a}"),
    "unknown check": config(checks="{tag-cases: off}"),
    "check that is fixed": config(checks="{too-long: off}"),
    "severity of a check": config(checks="{tag-case: on}"),
    "number of a check": config(checks="{emoji-row: {most: 0}}"),
    "number of a check that is a flag": config(checks="{emoji-row: {most: true}}"),
    "number that a check has not": config(checks="{no-words: {most: 3}}"),
    "checks that are a list": config(checks="[tag-case]"),
    "night of one time": config(quiet='{night: ["21:00"]}'),
    "night that is no night": config(quiet='{night: ["21:00", "21:00"]}'),
    "night that is a number": config(quiet="{night: [21, 6]}"),
    "break without an end": config(quiet="{breaks: [{from: 2026-10-26}]}"),
    "break that is text": config(quiet="{breaks: half term}"),
    "break of weeks": config(quiet="{breaks: [{from: 2026-W44, to: 2026-W45}]}"),
    "unknown key of a break": config(
        quiet="{breaks: [{from: 2026-10-26, to: 2026-10-30, nam: x}]}"
    ),
    "unknown key of quiet": config(quiet="{nights: []}"),
    "unknown pattern": config(guard="{patterns: [e-mail]}"),
    "pattern of one's own with the name of names": config(guard="{patterns: [{name: x}]}"),
    "pattern of one's own with a capital": config(guard="{patterns: [{Room: x}]}"),
    "pattern of one's own that is a list": config(guard="{patterns: [{room: [x]}]}"),
    "roster that is a list": config(guard="{names: [a, b]}"),
    "unknown key of the guard": config(guard="{roster: a.txt}"),
    "media host that is text": config(media_host="s3"),
    "media host without a kind": config(media_host="{bucket: b}"),
    "media host of an unknown kind": config(media_host="{kind: ftp}"),
    "media host without its bucket": config(media_host="{kind: s3, access_key: a, secret_key: b}"),
    "media host without its secret": config(media_host="{kind: s3, bucket: b, access_key: a}"),
    "secret of a media host that is a list": config(
        media_host="{kind: s3, bucket: b, access_key: a, secret_key: [c]}"
    ),
    "address of a media host": config(
        media_host="{kind: folder, folder: public, url: school.example.org}"
    ),
    "key of another media host": config(
        media_host="{kind: folder, folder: public, url: https://m.test, bucket: b}"
    ),
}
WRONG_ENTRIES = {
    "entry that is text": "- Hello\n",
    "no id": "- {when: 2026-09-07, to: site, text: Hi}\n",
    "no when": "- {id: a, to: site, text: Hi}\n",
    "no to": "- {id: a, when: 2026-09-07, text: Hi}\n",
    "id": entry(id="my post"),
    "id that is a flag": entry(id="true"),
    "id that is nothing": entry(id="null"),
    "time": entry(when="tomorrow"),
    "time with a point": entry(when="2027-01-14 09.30"),
    "time with a dash": entry(when="2027-01-14 14-05"),
    "year that is too late": entry(when="9999-12-31"),
    "length of time with two figures behind the point": entry(grace="1.30 h"),
    "time without a date": entry(when='"08:30"'),
    "date in another order": entry(when="07.09.2026"),
    "accounts that are a mapping": entry(to="{site: true}"),
    "unknown key": entry(tags="[a, b]"),
    "unknown check": entry(ignore="[capital]"),
    "check that is fixed": entry(ignore="too-long"),
    "name that cannot be ignored": entry(ignore="guard-name"),
    "ignored flag": entry(ignore="true"),
    "unknown key with a number": entry(priority="5"),
    "late policy": entry(late="later"),
    "length of time": entry(grace="2 weeks"),
    "fit": entry(fit="true"),
    "fit of a variant": entry(to="fedi", mastodon="{fit: split}"),
    "markdown that is text": entry(markdown='"no"'),
    "text that is a list": entry(text="[Hi]"),
    "title that is a flag": entry(title="true"),
    "empty template": entry(template='""'),
    "values that are text": entry(**{"with": "headline"}),
    "link": entry(link="example.org"),
    "link without an address": entry(link="{title: Term}"),
    "unknown key of a link": entry(link="{url: https://example.org, titel: Term}"),
    "media that are text": entry(media="door.png"),
    "media without a file": entry(media="[{alt: A door}]"),
    "unknown key of media": entry(media="[{file: door.png, caption: x}]"),
    "focus out of range": entry(media="[{file: door.png, focus: [2, 0]}]"),
    "focus of one": entry(media="[{file: door.png, focus: [0]}]"),
    "focus of flags": entry(media="[{file: door.png, focus: [true, false]}]"),
    "captions that are a flag": entry(media="[{file: door.png, captions: true}]"),
    "thread that is text": entry(thread="Two"),
    "unknown key of a part": entry(thread="[{txt: Two}]"),
    "media of a part": entry(thread="[{text: Two, media: door.png}]"),
    "variant that is a list": entry(to="fedi", mastodon="[Hi]"),
    "variant that is a number": entry(to="fedi", mastodon="5"),
    "unknown key of a variant": entry(to="fedi", mastodon="{visibilty: public}"),
    "option of another platform": entry(to="sky", bluesky="{visibility: public}"),
    "choice": entry(to="fedi", mastodon="{visibility: secret}"),
    "choice at an account": entry(to="work", work="{visibility: secret}"),
    "poll without answers": entry(to="fedi", mastodon="{poll: {hours: 24}}"),
    "poll with one answer": entry(to="fedi", mastodon="{poll: {answers: [Yes]}}"),
    "poll with an answer twice": entry(to="fedi", mastodon="{poll: {answers: [Yes, Yes]}}"),
    "unknown key of a poll": entry(to="fedi", mastodon="{poll: {answers: [Yes, No], days: 1}}"),
    "poll of no time": entry(to="fedi", mastodon="{poll: {answers: [Yes, No], hours: 0}}"),
    "hours that are text": entry(to="fedi", mastodon='{poll: {answers: [Yes, No], hours: "24"}}'),
}
RIGHT_CONFIGS = {
    "patience": config(patience="1 h"),
    "patience in minutes": config(patience="2"),
    "store that travels": config(store_travels="true"),
    "checks": config(
        checks="{tag-case: off, capitals: error, same-text: {days: 30}, emoji-row: {most: 5, severity: warning}, x-note: 1}"
    ),
    "quiet": config(
        quiet='{night: ["21:00", "6:30"], breaks: [{from: 2026-10-26, to: 2026-10-30, name: half term}]}'
    ),
    "break of a day": config(quiet="{breaks: [{from: 2026-12-24, to: 2026-12-24}]}"),
    "guard": config(
        guard=r"{names: roster.txt, patterns: [email, phone, student-number, {room-code: 'R-\d+', other: x+}], allow: [Anna Smith]}"
    ),
    "guard with one of each": config(
        guard="{names: roster.txt, patterns: email, allow: Anna Smith}"
    ),
    "S3": config(
        media_host='{kind: s3, bucket: b, prefix: a/b, endpoint: "https://${HOST}", access_key: "${KEY}", secret_key: !secret s3, x-a: 1}'
    ),
    "WordPress": config(
        media_host="{kind: wordpress, server: https://m.test, user: anna, password: 123456}"
    ),
    "folder": config(media_host="{kind: folder, folder: public, url: https://m.test/media/}"),
    "media host left empty": config(media_host=""),
    "checks, quiet and guard left empty": config(checks="", quiet="", guard=""),
    "keys of one's own": config("{platform: site, x-note: {of: [any, kind]}}", x__common="[1, 2]"),
    "no posts": config(posts="null", accounts="null", groups="null"),
    "one-digit hour": config(at="9:05"),
    "time in quotes": config(at='"23:59"'),
    "length as a number": config(grace="90"),
    "length as a fraction": config(grace="1.5 h"),
    "length in words": config(grace="2 Hours"),
    "length without a space": config("{platform: site, grace: 45min}"),
    "numbers as text": config(
        "{platform: site, title: 4, folder: 2026}", language="en", templates="5"
    ),
    "calendars as a text": config(calendar="none/*.yaml"),
    "calendars as a list": config(calendar="[none/*.yaml, more.yaml]"),
    "group of one": config(groups="{all: main}"),
    "group of several": config(groups="{all: [main]}"),
    "options at an account": config(
        MASTODON + "visibility: unlisted, sensitive: true, poll: {answers: [1, 2]}}"
    ),
    "secret from the environment": config(MASTODON + 'token: "${TOKEN}"}'),
    "secret by name": config(MASTODON + "token: !secret class-token}"),
    "secret as it is": config(MASTODON + "token: abc}"),
    "secret of digits": config(EMAIL + "password: 123456}"),
    "secret left empty": config(MASTODON + "token: }"),
    "environment in a setting": config('{platform: mastodon, server: "https://${HOST}"}'),
    "environment in what every account has": config(
        '{platform: site, at: "${AT}", grace: "${GRACE}", late: "${LATE}", language: "${LANGUAGE}", fit: "${FIT}"}'
    ),
    "texts and what becomes of them": config(
        "{platform: site, markdown: false, fit: numbered-thread}", markdown="true", fit="shorten"
    ),
    "environment in a choice": config(MASTODON + 'visibility: "${VISIBILITY}"}'),
    "version as a number": config("{platform: linkedin, version: 202609}"),
    "recipients as a list": config(EMAIL + "tls: implicit, port: 465}"),
    "recipients as a text": config(
        "{platform: email, server: smtp.test, from: a@example.org, to: b@example.org}"
    ),
}
RIGHT_ENTRIES = {
    "ignored checks": entry(ignore="[capitals, no-alt]"),
    "one ignored check": entry(ignore="capitals"),
    "nothing ignored": entry(ignore="[]"),
    "ignored pattern": entry(ignore="guard-email"),
    "keys of one's own": entry(x__note="[any, kind]"),
    "keys of one's own further in": entry(
        link="{url: https://example.org, x-a: 1}", media="[{file: door.png, x-b: 2}]"
    ),
    "keys of one's own in a part and a variant": entry(
        to="fedi", thread="[{text: Two, x-c: 3}]", mastodon="{x-d: 4}"
    ),
    "id of digits": entry(id="2026"),
    "accounts as a list": entry(to="[site, fedi]"),
    "account of digits and letters": entry(to="4b"),
    "nobody": entry(to="[]"),
    "time": entry(when="2026-09-07 08:30"),
    "time with one figure": entry(when="2026-9-7 9:30"),
    "time with an offset": entry(when='"2026-09-07T08:30:00+01:00"'),
    "time in UTC": entry(when="2026-09-07T08:30Z"),
    "zone and lateness": entry(timezone="America/Bogota", grace="1 day", late="ask"),
    "numbers as text": entry(
        text="5", title="2026", summary="1.5", first_comment="7", language="en"
    ),
    "texts and what becomes of them": entry(
        to="fedi", markdown="false", fit="thread", mastodon="{fit: error, markdown: true}"
    ),
    "link as an address": entry(link="https://example.org/?a=1"),
    "link as a mapping": entry(
        link="{url: 'http://example.org', title: null, description: 5, image: door.png}"
    ),
    "media as text and mapping": entry(
        media="[door.png, {file: door.png, alt: A door, focus: [0, -0.5]}, {file: door.png, alt: null, focus: null}]"
    ),
    "captions": entry(
        media="[{file: door.png, captions: door.png}, {file: door.png, captions: null}]"
    ),
    "no media": entry(media="[]"),
    "thread of texts, numbers and mappings": entry(
        to="fedi",
        thread="[Two, 3, {text: Four, media: [door.png]}, {text: null, media: [door.png]}]",
    ),
    "values of every kind": entry(
        template="announcement", **{"with": "{headline: Hi, list: [1, {a: b}], none: null}"}
    ),
    "variant as a text": entry(to="fedi", mastodon="Hello"),
    "variant with options": entry(
        to="fedi", mastodon="{text: Hi, visibility: unlisted, sensitive: false, content_warning: 5}"
    ),
    "variants of accounts": entry(
        to="[fedi, work]", fedi="{visibility: direct}", work="{visibility: CONNECTIONS}"
    ),
    "poll": entry(
        to="fedi", mastodon="{poll: {answers: [Yes, No, 3], hours: 1.5, multiple: true}}"
    ),
    "variant with values": entry(
        to="site",
        template="announcement",
        **{"with": "{headline: Hi}", "site": "{with: {body: Ho}}"},
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    an_image(tmp_path)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def is_taken(file: Path) -> bool:
    """Whether the reading finds no error in a config and its entries."""
    try:
        problems = read_calendar(read_config(file)).problems
    except Invalid as invalid:
        problems = invalid.problems
    return not any(problem.severity == "error" for problem in problems)


def verdicts(file: Path) -> dict[str, bool]:
    """What everybody says of a config whose accounts are right; the entries alone and as a file of their own, too."""
    posts = read_yaml(file, file.name).get("posts")
    return {
        "reading": is_taken(file),
        "config": CONFIG.is_valid(read_yaml(file, file.name)),
        "list": CALENDAR.is_valid(posts),
        "calendar": CALENDAR.is_valid({"timezone": "UTC", "posts": posts}),
    }


def test_the_schemas_are_schemas():
    for schema in (config_schema(), calendar_schema()):
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        *(pytest.param(text, False, id=f"wrong: {name}") for name, text in WRONG_CONFIGS.items()),
        *(pytest.param(text, True, id=f"right: {name}") for name, text in RIGHT_CONFIGS.items()),
    ],
)
def test_the_schema_says_of_a_config_what_the_reading_says(folder: Path, text: str, right: bool):
    file = folder / "config.yaml"
    file.write_text(text)

    assert is_taken(file) is right
    assert CONFIG.is_valid(read_yaml(file, "config.yaml")) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        *(pytest.param(text, False, id=f"wrong: {name}") for name, text in WRONG_ENTRIES.items()),
        *(pytest.param(text, True, id=f"right: {name}") for name, text in RIGHT_ENTRIES.items()),
    ],
)
def test_the_schemas_say_of_an_entry_what_the_reading_says(folder: Path, text: str, right: bool):
    file = folder / "config.yaml"
    file.write_text(ACCOUNTS + "posts:\n" + text)

    assert set(verdicts(file).items()) == {
        (who, right) for who in ("reading", "config", "list", "calendar")
    }


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("", True),
        ("[]", True),
        ("posts:\n", True),
        ("timezone: UTC\n", True),
        ("language: de\nx-note: 1\nposts: []\n", True),
        ("post: []\n", False),
        ("posts: {id: a}\n", False),
        ("Hello", False),
        ("language: ''\nposts: []\n", False),
    ],
)
def test_the_schema_says_of_a_calendar_file_what_the_reading_says(
    folder: Path, text: str, right: bool
):
    (folder / "config.yaml").write_text(ACCOUNTS + "calendar: march.yaml\n")
    (folder / "march.yaml").write_text(text)

    assert is_taken(folder / "config.yaml") is right
    assert CALENDAR.is_valid(read_yaml(folder / "march.yaml", "march.yaml")) is right


def faults(validator: Any, value: Any) -> list[str]:
    return [
        f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}"
        for fault in validator.iter_errors(value)
    ]


def test_the_example_fits_the_schema_also_with_everything_that_is_commented_out(tmp_path: Path):
    opened = re.sub(r"^( *)# (\w+: )", r"\1\2", EXAMPLE.read_text(), flags=re.MULTILINE)
    (tmp_path / "config.yaml").write_text(opened)

    assert opened.count("\n    token: ") == 2
    assert faults(CONFIG, read_yaml(EXAMPLE, "config.example.yaml")) == []
    assert faults(CONFIG, read_yaml(tmp_path / "config.yaml", "config.yaml")) == []


@pytest.mark.parametrize(("mark", "body"), calendars())
def test_a_calendar_in_a_page_fits_the_schema(mark: str, body: str, tmp_path: Path):
    head = f"{HEAD}posts:\n" if mark == "checked: posts" else ""
    (tmp_path / "written.yaml").write_text(head + body)

    found = faults(
        CALENDAR if mark == "checked: calendar" else CONFIG,
        read_yaml(tmp_path / "written.yaml", "written.yaml"),
    )

    assert found == []


def test_what_init_writes_fits_the_schema(tmp_path: Path):
    termbell("init", tmp_path)

    assert faults(CONFIG, read_yaml(tmp_path / "config.yaml", "config.yaml")) == []
    assert faults(CALENDAR, read_yaml(tmp_path / "calendar" / "first.yaml", "first.yaml")) == []
