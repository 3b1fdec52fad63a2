"""JSON Schemas of config.yaml and of calendar files, for editors that complete keys and mark mistakes.

They come from the same rows as the reading: the platforms' settings and options, the keys of `config` and of an entry.
What only the whole calendar can tell (an account that is not there, a file) is `termbell check`'s.
"""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from platforms.base import Platform, Poll, Setting
from platforms.registry import names, platform
from scheduler.calendar.reading import CONTENT
from scheduler.checking import LATE

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: Schema = {"type": ["string", "number"]}
LENGTH: Schema = {"type": ["string", "number"], "description": "a length of time: 90 min, 2 h, 1 day; a bare number is minutes"}
TEXTS: Schema = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
POLL: Schema = {"type": "object", "required": ["answers"], "additionalProperties": False, "properties": {
    "answers": {"type": "array", "items": TEXT, "minItems": 2}, "hours": {"type": "number"}, "multiple": {"type": "boolean"}}}
FILE: Schema = {"oneOf": [{"type": "string"}, {"type": "object", "required": ["file"], "additionalProperties": False, "properties": {
    "file": {"type": "string"}, "alt": {"type": "string", "description": "what the picture shows, for those who do not see it"},
    "focus": {"type": "array", "items": {"type": "number", "minimum": -1, "maximum": 1}, "minItems": 2, "maxItems": 2}}}]}
MEDIA: Schema = {"type": "array", "items": FILE}
CONTENT_KEYS: dict[str, Schema] = {
    "template": {"type": "string", "description": "NAME of templates/NAME.j2"},
    "with": {"type": "object", "description": "the template's values"},
    "text": {**TEXT, "description": "Markdown where the platform takes it"},
    "title": TEXT,
    "summary": TEXT,
    "link": {"oneOf": [{"type": "string"}, {"type": "object", "required": ["url"], "additionalProperties": False, "properties": {
        "url": {"type": "string"}, "title": TEXT, "description": TEXT, "image": FILE}}]},
    "media": MEDIA,
    "language": {"type": "string", "description": "BCP 47, e.g. en"},
    "thread": {"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "object", "additionalProperties": False, "properties": {
        "text": TEXT, "media": MEDIA}}]}},
    "first_comment": TEXT,
}
assert set(CONTENT_KEYS) == set(CONTENT)
GOING_OUT: dict[str, Schema] = {
    "grace": LENGTH,
    "late": {"enum": list(LATE), "description": "what happens to what is found later than its grace"},
}


def config_schema() -> Schema:
    """Of config.yaml."""
    known = [platform(name) for name in names()]
    return {"$schema": DIALECT, "title": "Termbell's config.yaml", **_object({
        "timezone": {"type": "string", "description": "e.g. Europe/London"}, "language": {"type": "string"}, "at": {"type": "string"},
        **GOING_OUT, "timeout": {"type": "number", "description": "seconds to wait for a platform's answer"},
        "require_alt": {"type": "boolean"}, "templates": {"type": "string"}, "calendar": TEXTS, "state": {"type": "string"},
        "notify": {**TEXTS, "description": "Apprise URLs that tell you what went wrong: ${NAME}, !secret NAME or the URL"},
        "health": {"type": ["string", "integer"], "description": "port or address of the health page, e.g. 127.0.0.1:8377"},
        "healthcheck_url": {"type": "string", "description": "pinged every minute, as cron monitors expect it"},
        "accounts": {"type": "object", "additionalProperties": {"oneOf": [_account(one) for one in known]}},
        "groups": {"type": "object", "additionalProperties": TEXTS}, "posts": _posts(known),
    }, ["timezone", "accounts"])}


def calendar_schema() -> Schema:
    """Of a calendar file."""
    posts = _posts([platform(name) for name in names()])
    return {"$schema": DIALECT, "title": "A calendar of Termbell", "oneOf": [posts, _object({
        "timezone": {"type": "string"}, "language": {"type": "string"}, "posts": posts}, ["posts"])]}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False, "patternProperties": {"^x-": {}}}


def _account(one: Platform) -> Schema:
    secrets = {name: {"type": "string", "description": "a secret: ${NAME}, !secret NAME, or better `termbell login`"}
               for name in (*one.secrets, *one.optional_secrets)}
    return _object({"platform": {"const": one.name}, "at": {"type": "string"}, "language": {"type": "string"}, **GOING_OUT, **secrets,
                    **_rows(one.settings), **_rows(one.options)}, ["platform", *(row.name for row in one.settings if row.required)])


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
    plain: dict[object, str] = {bool: "boolean", int: "integer", float: "number", Path: "string"}
    return {"type": plain[row.type]} if row.type in plain else TEXT


def _posts(known: list[Platform]) -> Schema:
    options: Schema = {name: value for one in known for name, value in _rows(one.options).items()}
    variant = {"oneOf": [{"type": "string"}, {"type": "object", "properties": {**CONTENT_KEYS, **options}, "additionalProperties": False}]}
    entry = {
        "type": "object", "required": ["id", "when", "to"], "additionalProperties": variant,
        "properties": {
            "id": {**TEXT, "description": "a name that never changes"},
            "when": {"type": "string", "description": "2026-09-07 08:30, with an offset or without, or a bare date"},
            "to": {**TEXTS, "description": "accounts and groups"},
            "timezone": {"type": "string"}, **GOING_OUT, **CONTENT_KEYS,
            **{one.name: variant for one in known},
        },
    }
    return {"type": "array", "items": entry}
