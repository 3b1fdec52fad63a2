"""The vendors' own specifications, held against the requests that adapters make. They stand in `../shared/specs` beside the checkout.

`validated(request, "x.openapi.json")` finds the operation, and fails with everything that is wrong: a path, a method, a query or header the
vendor does not name, a required field that is missing, a value of the wrong kind, and any field, however deep, that the
specification does not know: an API drops those in silence. Answers the operation's name.

Pass the request as it leaves where a secret stands in its address: `in_url(request, secrets)`.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

from platforms.base import Request

FOLDER = Path(__file__).parents[3] / "shared" / "specs"
ITSELF = "urn:spec"
FILE = "(a file)"  # what stands for the bytes of one
INNER = ("allOf", "anyOf", "oneOf")


def validated(request: Request, spec: str) -> str:
    """The operation that the request calls by that specification. Fails with all that is wrong with it; skips where there is none."""
    document = loaded(spec)
    return (
        BotApi(document).validated(request)
        if "methods" in document
        else OpenApi(document).validated(request)
    )


@cache
def loaded(spec: str) -> Any:
    file = FOLDER / spec
    if not file.is_file():
        why = f"the vendor's specification {file} is not here"
        if "servers" in os.environ.get("TERMBELL_REQUIRE", "").split(","):
            pytest.fail(f"TERMBELL_REQUIRE says servers, but {why}")
        pytest.skip(why)
    return json.loads(file.read_text(encoding="utf-8"))


def agreed(request: Request, complaints: Iterable[str]) -> None:
    found = list(complaints)
    assert not found, f"'{request.step}' {request.method} {request.url}:\n" + "\n".join(found)


def fields_of(request: Request) -> dict[str, Any]:
    """What a form or a multipart body has in it, all of it text."""
    return {**(request.form or {}), **dict.fromkeys(request.files, FILE)}


def from_text(value: str, is_text: bool) -> Any:
    """The value that text in a form or a query stands for."""
    if is_text or value == FILE:
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


@dataclass(frozen=True)
class OpenApi:
    """OpenAPI 3.0 or 3.1."""

    document: Any = field(repr=False)

    def validated(self, request: Request) -> str:
        path, operation, found = self._operation(request)
        assert operation, f"the specification has no {request.method} {request.url}"
        agreed(
            request,
            [*self._parameters(request, path, operation, found), *self._body(request, operation)],
        )
        return str(operation.get("operationId", ""))

    def _operation(self, request: Request) -> tuple[Any, Any, Mapping[str, str]]:
        """The path and its operation; of several that match, the one with the fewest variables."""
        address = request.url.partition("?")[0]
        servers = [one["url"].rstrip("/") for one in self.document["servers"]]
        for template in sorted(self.document["paths"], key=lambda path: path.count("{")):
            path = self.document["paths"][template]
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            for server in [*servers, *(one["url"].rstrip("/") for one in path.get("servers", []))]:
                found = re.fullmatch(re.escape(server) + pattern, address)
                if found and request.method.lower() in path:
                    return path, path[request.method.lower()], found.groupdict()
        return None, None, {}

    def _parameters(
        self, request: Request, path: Any, operation: Any, found: Mapping[str, str]
    ) -> Iterator[str]:
        known = [
            self._resolved(one)
            for one in (*path.get("parameters", []), *operation.get("parameters", []))
        ]
        query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
        given = {
            "path": {name: unquote(value) for name, value in found.items()},
            "query": query,
            "header": {name.lower(): value for name, value in request.headers.items()},
        }
        for one in known:
            name = one["name"].lower() if one["in"] == "header" else one["name"]
            value = given.get(one["in"], {}).get(name)
            if value is not None:
                yield from self._complaints(
                    self._as_schema(value, one["schema"]), one["schema"], f"{one['in']} {name}"
                )
            elif one.get("required"):
                yield f"{one['in']} {name} is missing"
        yield from (
            f"query {name} is not known"
            for name in query.keys() - {one["name"] for one in known if one["in"] == "query"}
        )

    def _body(self, request: Request, operation: Any) -> Iterator[str]:
        body = self._resolved(operation.get("requestBody", {}))
        kinds = body.get("content", {})
        kind = (
            "application/json"
            if request.json is not None
            else "multipart/form-data"
            if request.files
            else "application/x-www-form-urlencoded"
            if request.form is not None
            else ""
        )
        if not kind:
            if body.get("required"):
                yield "the body is missing"
            return
        if kind not in kinds:
            yield f"the body is {kind}; taken are: {', '.join(kinds) or 'none'}"
            return
        schema = kinds[kind].get("schema", {})
        value = request.json
        if value is None:
            value = {
                name: self._as_schema(one, {"allOf": list(self._of_property(schema, name))})
                for name, one in fields_of(request).items()
            }
        yield from self._complaints(value, schema, "body")

    def _as_schema(self, value: str, schema: Any) -> Any:
        types = {
            kind
            for one in self._parts(schema)
            for kind in ([one["type"]] if isinstance(one.get("type"), str) else one.get("type", []))
        }
        if "array" in types and not value.startswith("["):
            return value.split(",")
        return from_text(value, "string" in types or not types)

    def _complaints(self, value: Any, schema: Any, place: str) -> Iterator[str]:
        is_new = self.document["openapi"].startswith("3.1")
        resource = Resource(contents=self.document, specification=DRAFT202012 if is_new else DRAFT4)
        validator = (OAS31Validator if is_new else OAS30Validator)(
            self._absolute(schema), registry=Registry().with_resource(ITSELF, resource)
        )
        for error in validator.iter_errors(value):
            inner = dict.fromkeys(f"{one.json_path}: {one.message[-300:]}" for one in error.context)
            yield f"{place} " + " or ".join(inner or [f"{error.json_path}: {error.message[-300:]}"])
        yield from self._unknown(value, [schema], place)

    def _absolute(self, schema: Any) -> Any:
        """The schema with its references into the document."""
        if isinstance(schema, Mapping):
            return {
                key: ITSELF + value
                if key == "$ref" and isinstance(value, str)
                else self._absolute(value)
                for key, value in schema.items()
            }
        return [self._absolute(one) for one in schema] if isinstance(schema, list) else schema

    def _unknown(self, value: Any, schemas: list[Any], place: str) -> Iterator[str]:
        """Fields that none of the schemas, nor what they consist of, has a word about."""
        parts = [part for schema in schemas for part in self._parts(schema)]
        if isinstance(value, list):
            items = [part["items"] for part in parts if "items" in part]
            for number, one in enumerate(value):
                yield from self._unknown(one, items, f"{place}[{number}]")
        if isinstance(value, Mapping):
            for name, one in value.items():
                about = [found for schema in schemas for found in self._of_property(schema, name)]
                if about:
                    yield from self._unknown(one, about, f"{place}.{name}")
                else:
                    yield f"{place}.{name} is not known"

    def _of_property(self, schema: Any, name: str) -> Iterator[Any]:
        for part in self._parts(schema):
            if name in part.get("properties", {}):
                yield part["properties"][name]
            elif part.get("additionalProperties"):  # said, not merely not forbidden
                yield (
                    part["additionalProperties"]
                    if isinstance(part["additionalProperties"], Mapping)
                    else {}
                )

    def _parts(self, schema: Any) -> Iterator[Any]:
        """The schema, and what it is made of."""
        resolved = self._resolved(schema)
        yield resolved
        for kind in INNER:
            for one in resolved.get(kind, []):
                yield from self._parts(one)

    def _resolved(self, value: Any) -> Any:
        while isinstance(value, Mapping) and "$ref" in value:
            found = self.document
            for name in value["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/").replace("~0", "~")]
            value = found
        return value


PLAIN = {"String": str, "Integer": int, "Float": (int, float), "Boolean": bool, "True": bool}


@dataclass(frozen=True)
class BotApi:
    """Telegram's Bot API, in the shape of PaulSonOfLars/telegram-bot-api-spec."""

    document: Any = field(repr=False)

    def validated(self, request: Request) -> str:
        method = urlsplit(request.url).path.rpartition("/")[2]
        assert method in self.document["methods"], f"the specification has no method {method}"
        fields = self.document["methods"][method].get("fields", [])
        query = dict(parse_qsl(urlsplit(request.url).query))
        given = (
            request.json
            if request.json is not None
            else self._from_form({**query, **fields_of(request)}, fields)
        )
        attached = {name for name in request.files if name not in {one["name"] for one in fields}}
        agreed(
            request,
            [
                *self._fields(
                    {name: one for name, one in given.items() if name not in attached},
                    fields,
                    method,
                ),
                *self._attached(given, attached),
            ],
        )
        return method

    def _from_form(self, given: Mapping[str, str], fields: Any) -> dict[str, Any]:
        are_text = {
            one["name"]: "String" in one["types"] or "InputFile" in one["types"] for one in fields
        }
        return {name: from_text(value, are_text.get(name, True)) for name, value in given.items()}

    def _attached(self, given: Mapping[str, Any], attached: set[str]) -> Iterator[str]:
        """What is attached is named in the fields, and what is named is attached."""
        named = set(
            re.findall(
                r'attach://([^"]+)"',
                json.dumps({name: one for name, one in given.items() if name not in attached}),
            )
        )
        yield from (
            f"the file {name} is {'not attached' if name in named else 'not asked for'}"
            for name in named ^ attached
        )

    def _fields(self, given: Mapping[str, Any], fields: Any, place: str) -> Iterator[str]:
        known = {one["name"]: one for one in fields}
        yield from (f"{place}.{name} is not known" for name in given.keys() - known.keys())
        yield from (
            f"{place}.{name} is missing"
            for name, one in known.items()
            if one["required"] and name not in given
        )
        for name in given.keys() & known.keys():
            yield from self._of_types(given[name], known[name]["types"], f"{place}.{name}")

    def _of_types(self, value: Any, types: list[str], place: str) -> Iterator[str]:
        """What keeps the value from being of any of the types; of several, what the nearest has against it. A list may mix those it is of."""
        inner = [one.removeprefix("Array of ") for one in types if one.startswith("Array of ")]
        if isinstance(value, list) and inner:
            for number, one in enumerate(value):
                yield from self._of_types(one, inner, f"{place}[{number}]")
            return
        against = [list(self._of_type(value, one, place)) for one in types]
        yield from min(against, key=len)

    def _of_type(self, value: Any, kind: str, place: str) -> Iterator[str]:
        if kind in PLAIN:
            if not isinstance(value, PLAIN[kind]) or (
                isinstance(value, bool) and PLAIN[kind] is not bool
            ):
                yield f"{place} has to be {kind}, not {value!r}"
        elif kind == "InputFile":
            if value != FILE:
                yield f"{place} has to be a file, not {value!r}"
        elif isinstance(value, Mapping) and not kind.startswith("Array of "):
            named = self.document["types"][kind]
            if "subtypes" in named:
                yield from self._of_types(value, named["subtypes"], place)
            else:
                yield from self._fields(value, named.get("fields", []), place)
        else:
            yield f"{place} has to be {kind}, not {value!r}"
