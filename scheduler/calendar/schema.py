"""JSON Schemas of config.yaml and of calendar files, for editors that complete keys and mark mistakes.

They come from the same rows as the reading: the platforms' settings and options, the keys of `config` and of an entry. They
take whatever the reading takes; `tests/test_schema.py` compares the two. What only the whole calendar can tell is `termbell
check`'s: an account that is not there, and so also whether an unknown key of an entry is one; a file; a time zone.
"""

from typing import Any, Literal, get_args, get_origin

from platforms.base import Platform, Poll, Setting
from platforms.registry import names, platform
from scheduler.calendar.reading import CONTENT
from scheduler.checking import FITS, LATE, LEAST_PATIENCE, LONGEST_WAIT, UNITS
from scheduler.checks import SETTABLE, SEVERITIES, Check
from scheduler.guarding import BUILT_IN
from scheduler.media_hosts import ADDRESSES, KINDS

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
OURS_OR_YOURS: Schema = {"additionalProperties": False, "patternProperties": {"^x-": {}}}


def _object(properties: Schema, required: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required), **OURS_OR_YOURS}


def _any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" for letter in word)


TEXT: Schema = {"type": ["string", "number"]}
FILLED: Schema = {**TEXT, "pattern": r"\S"}
PERHAPS: Schema = {"type": ["string", "number", "null"]}
TEXTS: Schema = {"oneOf": [TEXT, {"type": "array", "items": TEXT}]}
TIME: Schema = {
    "type": "string",
    "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$",
    "description": 'a time of day, e.g. "09:00"',
}
HOURS = "|".join(map(_any_case, ("h", "hour")))
OTHERS = "|".join(_any_case(unit) for unit in UNITS if unit not in ("h", "hour"))
LENGTH: Schema = {
    "type": ["string", "number"],
    "minimum": 0,
    "pattern": rf"^\s*[0-9]+((\.[0-9])?\s*({HOURS})|(\.[0-9]+)?\s*({OTHERS}))[sS]?\s*$",
    "description": "a length of time: 90 min, 2 h, 1 day; a bare number is minutes",
}
AS_DATE = "(19[7-9][0-9]|2[0-9]{3})-[0-9]{1,2}-[0-9]{1,2}"
AS_TIME = (
    r"(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
    "|([01][0-9]|2[0-3])[0-5][0-9]([0-5][0-9])?)"
)
AS_OFFSET = "[Zz]|[+-](0[0-9]|1[0-4]):?(00|15|30|45)"
WHEN: Schema = {
    "type": "string",
    "pattern": rf"^\s*{AS_DATE}(([Tt]|[ \t]+){AS_TIME}[ \t]*({AS_OFFSET})?)?\s*$",
    "description": "2026-09-07 08:30, with an offset or without, or a bare date",
}
FROM_ENVIRONMENT: Schema = {"type": "string", "pattern": r"\$\{\w+\}"}
POLL: Schema = {
    "type": "object",
    "required": ["answers"],
    "additionalProperties": False,
    "properties": {
        "answers": {"type": "array", "items": TEXT, "minItems": 2, "uniqueItems": True},
        "hours": {"type": "number", "exclusiveMinimum": 0},
        "multiple": {"type": "boolean"},
    },
}
FILE: Schema = {
    "oneOf": [
        TEXT,
        _object(
            {
                "file": TEXT,
                "alt": {
                    **PERHAPS,
                    "description": "what the picture shows, for those who do not see it",
                },
                "focus": {
                    "type": ["array", "null"],
                    "items": {"type": "number", "minimum": -1, "maximum": 1},
                    "minItems": 2,
                    "maxItems": 2,
                },
                "captions": {**PERHAPS, "description": "of a video: a file, WebVTT or SRT"},
            },
            ("file",),
        ),
    ]
}
MEDIA: Schema = {"type": "array", "items": FILE}
ADDRESS: Schema = {"type": "string", "pattern": r"^https?://[^\s/]"}
READING: dict[str, Schema] = {
    "markdown": {
        "type": "boolean",
        "description": "false: the text is as it is typed, stars and all",
    },
    "fit": {
        "enum": list(FITS),
        "description": "what becomes of a text that is too long for its platform",
    },
}
CONTENT_KEYS: dict[str, Schema] = {
    "template": {**FILLED, "description": "NAME of templates/NAME.j2"},
    "with": {"type": "object", "description": "the template's values"},
    "text": {**TEXT, "description": "Markdown; what is no markup stays as it is typed"},
    "title": TEXT,
    "summary": TEXT,
    "link": {
        "oneOf": [
            ADDRESS,
            _object(
                {"url": ADDRESS, "title": PERHAPS, "description": PERHAPS, "image": FILE}, ("url",)
            ),
        ]
    },
    "media": MEDIA,
    "language": {**FILLED, "description": "BCP 47, e.g. en"},
    "thread": {
        "type": "array",
        "items": {"oneOf": [TEXT, _object({"text": PERHAPS, "media": MEDIA})]},
    },
    "first_comment": TEXT,
    **READING,
}
assert set(CONTENT_KEYS) == set(CONTENT)
NOTHING_TOO = ["object", "null"]
DAY: Schema = {"type": "string", "pattern": r"^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*$"}
QUIET: Schema = {
    **_object(
        {
            "night": {
                "type": "array",
                "items": TIME,
                "minItems": 2,
                "maxItems": 2,
                "uniqueItems": True,
                "description": 'from, to, e.g. ["21:00", "06:30"]',
            },
            "breaks": {
                "type": "array",
                "items": _object({"from": DAY, "to": DAY, "name": FILLED}, ("from", "to")),
            },
        }
    ),
    "type": NOTHING_TOO,
    "description": "when nothing should go out",
}
PATTERN: Schema = {
    "oneOf": [
        {"enum": list(BUILT_IN)},
        {
            "type": "object",
            "propertyNames": {"pattern": "^(?!name$)[a-z][a-z0-9-]*$"},
            "additionalProperties": TEXT,
            "description": "a name and a regular expression, e.g. {room-code: 'R-\\d+'}",
        },
    ]
}
GUARD: Schema = {
    **_object(
        {
            "names": {**TEXT, "description": "the roster: a file with one name a line"},
            "patterns": {"anyOf": [PATTERN, {"type": "array", "items": PATTERN}]},
            "allow": {**TEXTS, "description": "what may appear although it is found"},
        }
    ),
    "type": NOTHING_TOO,
    "description": "holds posts with a student's name, an address or a number in them",
}
CODE: Schema = {
    "anyOf": [
        {"enum": list(SETTABLE)},
        {"type": "string", "pattern": "^guard-(?!name$)[a-z][a-z0-9-]*$"},
    ]
}
IGNORE: Schema = {
    "anyOf": [CODE, {"type": "array", "items": CODE}],
    "description": "codes of checks (docs/checks.md)",
}
GOING_OUT: dict[str, Schema] = {
    "grace": LENGTH,
    "late": {
        "enum": list(LATE),
        "description": "what happens to what is found later than its grace",
    },
}


def config_schema() -> Schema:
    """Of config.yaml."""
    known = [platform(name) for name in names()]
    return {
        "$schema": DIALECT,
        "title": "Termbell's config.yaml",
        **_object(
            {
                "timezone": {"type": "string", "description": "e.g. Europe/London"},
                "language": FILLED,
                **READING,
                "at": TIME,
                **GOING_OUT,
                "timeout": {
                    "type": "number",
                    "exclusiveMinimum": 0,
                    "maximum": LONGEST_WAIT,
                    "description": "seconds to wait for a platform's answer",
                },
                "patience": {
                    **LENGTH,
                    "minimum": LEAST_PATIENCE / 60,
                    "description": "how long a post is looked for whose answer was lost, "
                    "before it is sent again; at least 2 min",
                },
                "edit_delay": {
                    **LENGTH,
                    "description": "how long a new or changed text rests before it leaves, "
                    "while `termbell run` goes on",
                },
                "store_travels": {
                    "type": "boolean",
                    "description": "the store is brought along to each machine, as in CI",
                },
                "require_alt": {"type": "boolean"},
                "checks": _checks(),
                "quiet": QUIET,
                "guard": GUARD,
                "fetch_from": TEXTS,
                "templates": TEXT,
                "calendar": TEXTS,
                "state": TEXT,
                "notify": {
                    **TEXTS,
                    "description": "Apprise URLs that tell you what went wrong: ${NAME}, !secret NAME or the URL",
                },
                "health": {
                    "type": ["string", "integer"],
                    "description": "port or address of the health page, e.g. 127.0.0.1:8377",
                },
                "healthcheck_url": {
                    "type": "string",
                    "description": "pinged every minute, as cron monitors expect it",
                },
                "media_host": {"oneOf": [{"type": "null"}, *map(_media_host, KINDS)]},
                "accounts": {
                    "type": ["object", "null"],
                    "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$"},
                    "additionalProperties": {"oneOf": [_account(one) for one in known]},
                },
                "groups": {"type": ["object", "null"], "additionalProperties": TEXTS},
                "posts": _posts(known),
            },
            ("timezone", "accounts"),
        ),
    }


def _checks() -> Schema:
    severity: Schema = {"enum": list(SEVERITIES)}

    def of(row: Check) -> Schema:
        number: Schema = {row.setting: {"type": "integer", "minimum": 1}} if row.setting else {}
        return {
            "anyOf": [severity, _object({"severity": severity, **number})],
            "description": row.meaning,
        }

    return {
        **_object({code: of(row) for code, row in SETTABLE.items()}),
        "type": NOTHING_TOO,
        "description": "how severe each check is, and its number (docs/checks.md)",
    }


def _media_host(name: str) -> Schema:
    kind = KINDS[name]
    rows = {
        row: {**value, **(ADDRESS if row in ADDRESSES else {})}
        for row, value in _rows(kind.settings).items()
    }
    return _object(
        {
            "kind": {"const": name},
            **{row: _or_from_environment(value) for row, value in rows.items()},
            **{key: {**TEXT, "description": "${NAME}, or !secret NAME"} for key in kind.secrets},
        },
        ("kind", *(row.name for row in kind.settings if row.required), *kind.secrets),
    )


def calendar_schema() -> Schema:
    """Of a calendar file."""
    posts = _posts([platform(name) for name in names()])
    return {
        "$schema": DIALECT,
        "title": "A calendar of Termbell",
        "oneOf": [
            posts,
            _object({"timezone": {"type": "string"}, "language": FILLED, "posts": posts}),
        ],
    }


def _account(one: Platform) -> Schema:
    secret = {
        **PERHAPS,
        "description": "a secret: ${NAME}, !secret NAME, or better `termbell login`",
    }
    common = {"at": TIME, "language": FILLED, **READING, **GOING_OUT}
    return _object(
        {
            "platform": {"const": one.name},
            **{
                name: _or_from_environment(value)
                for name, value in {**common, **_rows(one.settings), **_rows(one.options)}.items()
            },
            **dict.fromkeys(one.all_secrets, secret),
        },
        ("platform", *(row.name for row in one.settings if row.required)),
    )


def _or_from_environment(value: Schema) -> Schema:
    """Where a text of a certain form has to stand, `${NAME}` may as well."""
    return {"anyOf": [value, FROM_ENVIRONMENT]} if "enum" in value or "pattern" in value else value


def _rows(rows: tuple[Setting, ...]) -> Schema:
    return {row.name: {**_type(row), "description": row.meaning} for row in rows}


def _type(row: Setting) -> Schema:
    origin: object = get_origin(row.type)
    if origin is Literal:
        return {"enum": list(get_args(row.type))}
    if origin is list:
        return TEXTS
    if row.type is Poll:
        return POLL
    plain: dict[object, str] = {bool: "boolean", int: "integer", float: "number"}
    return {"type": plain[row.type]} if row.type in plain else TEXT


def _posts(known: list[Platform]) -> Schema:
    entry = {
        "type": "object",
        "required": ["id", "when", "to"],
        "additionalProperties": _variant(known),
        "patternProperties": {"^x-": {}},
        "properties": {
            "id": {
                **TEXT,
                "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]*$",
                "description": "a name that never changes",
            },
            "when": WHEN,
            "to": {**TEXTS, "description": "accounts and groups"},
            "timezone": {"type": "string"},
            **GOING_OUT,
            "ignore": IGNORE,
            **CONTENT_KEYS,
            **{one.name: _variant([one]) for one in known},
        },
    }
    return {"type": ["array", "null"], "items": entry}


def _variant(known: list[Platform]) -> Schema:
    """What is different for one account: a text, or content with options of one of these platforms."""
    options: dict[str, list[Schema]] = {}
    for one in known:
        for name, value in _rows(one.options).items():
            options.setdefault(name, []).append(value)
    either = {
        name: values[0] if len(values) == 1 else {"anyOf": values}
        for name, values in options.items()
    }
    return {"oneOf": [{"type": "string"}, _object({**CONTENT_KEYS, **either})]}
