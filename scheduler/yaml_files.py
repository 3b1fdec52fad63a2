"""The YAML door: text -> plain values that remember where they stood.

YAML 1.2's core rules, so that `at: 16:30`, `no` and `0123` stay the text that a person wrote, and dates do too. A key
that stands twice in one mapping is an error. The size of a file and what its aliases grow to are bounded, so that no
file can take the memory of the machine.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from scheduler.problems import Invalid, Place, Problem

LARGEST = 20_000_000  # bytes of a file
MOST_NODES = 600_000  # after aliases have been followed
DEEPEST = 40
UNSOUND = re.compile("[\0\ud800-\udfff]")
LINE_ENDS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # as libyaml counts lines
LIKE_A_TAG = re.compile(r"[ \t]+(#\w+)")
Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Map(dict[str, Any]):
    """A mapping; `lines` has the line of each key, `line` that of the mapping."""

    line: int
    lines: dict[str, int]


class List(list[Any]):
    """A list; `lines` has the line of each item."""

    line: int
    lines: list[int]


class Named(str):
    """`!secret NAME`."""


class Cut(str):
    """A text without quotes that a `#` has ended: YAML takes `Come in #OpenDay` for a text and a comment."""

    comment: str


class Written(float):
    """A number with a point, which as a text is what was written: `1.50` is not `1.5`."""

    written: str

    def __str__(self) -> str:
        return self.written


class Loader(Base):  # type: ignore[misc]  # PyYAML's types do not know which loader there is
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  # PyYAML reads it so


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]*)$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$", "-0123456789"),
    ("merge", r"^<<$", "<"),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read_yaml(path: Path, name: str) -> Any:
    """What the file says; `name` is what errors call it. Raises `Invalid`."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise _invalid("cannot-read", f"cannot be read: {fault.strerror}", name, 1) from None
    if len(content) > LARGEST:
        raise _invalid(
            "too-large",
            f"is larger than {LARGEST // 1_000_000} MB; split the calendar into several files",
            name,
            1,
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = content[: fault.start].count(b"\n") + 1
        raise _invalid("not-utf-8", "is not UTF-8; save the file as UTF-8", name, line) from None
    try:
        node = yaml.compose(text, Loader)
        return None if node is None else _Reading(name, text).value(node, 0)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise _invalid("yaml", f"YAML cannot be read here: {fault.problem}", name, line) from None
    except yaml.reader.ReaderError as fault:
        line = text[: fault.position].count("\n") + 1
        raise _invalid(
            "yaml", "a character that YAML does not allow stands here", name, line
        ) from None


def _invalid(code: str, message: str, name: str, line: int) -> Invalid:
    return Invalid([Problem(code, message, Place(name, line))])


class _Reading:
    """One file's nodes to values; counts what it makes."""

    def __init__(self, name: str, written: str) -> None:
        self.name, self.made = name, 0
        self.lines = LINE_ENDS.split(written)

    def value(self, node: yaml.Node, depth: int) -> Any:
        self.made += 1
        line = node.start_mark.line + 1
        if self.made > MOST_NODES or depth > DEEPEST:
            raise _invalid("too-much", "grows too large here; look at its aliases", self.name, line)
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        if isinstance(node, yaml.SequenceNode):
            found = List(self.value(item, depth + 1) for item in node.value)
            found.line, found.lines = line, [item.start_mark.line + 1 for item in node.value]
            return found
        self.sound(node)
        return self.cut(node) or _scalar(node)

    def cut(self, node: Any) -> Cut | None:
        """The text, where it is one without quotes and something like a tag comes behind it; else None."""
        is_text = not node.style and node.tag == "tag:yaml.org,2002:str"
        ended = is_text and LIKE_A_TAG.match(self.lines[node.end_mark.line], node.end_mark.column)
        if not ended:
            return None
        found = Cut(node.value)
        found.comment = ended[1]
        return found

    def sound(self, node: yaml.Node) -> None:
        """YAML can write what is no text: a NUL, which no file's name holds, and halves of a character, which cannot be sent or stored."""
        if UNSOUND.search(node.value):
            raise _invalid(
                "yaml",
                "a character stands here that no text can hold (\\0, or half a one: \\ud800)",
                self.name,
                node.start_mark.line + 1,
            )

    def mapping(self, node: yaml.MappingNode, depth: int) -> Map:
        found, merged = Map(), Map()
        found.line, found.lines = node.start_mark.line + 1, {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag.endswith(":merge"):
                for inner in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    parent = self.value(inner, depth + 1)
                    if not isinstance(parent, Map):
                        raise _invalid(
                            "yaml", "'<<' takes a mapping, e.g. <<: *name", self.name, line
                        )
                    merged = _joined(parent, merged)
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise _invalid("yaml", "a key has to be a word", self.name, line)
            self.sound(key)
            if key.value in found:
                first = found.lines[key.value]
                raise _invalid(
                    "key-twice",
                    f"'{key.value}' stands twice in one mapping, first in line {first}; remove one",
                    self.name,
                    line,
                )
            found[key.value] = self.value(value, depth + 1)
            found.lines[key.value] = line
        return _joined(merged, found) if merged else found


def _joined(under: Map, over: Map) -> Map:
    joined = Map({**under, **over})
    joined.line, joined.lines = (
        getattr(over, "line", under.line),
        {**under.lines, **getattr(over, "lines", {})},
    )
    return joined


def _scalar(node: Any) -> Any:
    kind = node.tag.rsplit(":", 1)[-1]
    if node.tag == "!secret":
        return Named(node.value)
    reads: dict[str, Callable[[str], Any]] = {
        "null": lambda text: None,
        "bool": lambda text: text == "true",
        "int": int,
        "float": _written,
    }
    return reads.get(kind, str)(node.value)


def _written(text: str) -> Written:
    number = Written(text)
    number.written = text
    return number
