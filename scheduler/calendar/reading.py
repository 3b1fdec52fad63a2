"""The calendar's files -> entries, with everything that is wrong in them.

An entry's keys that are the name of an account or of a platform in use are variants: they say something else for it.
The account's variant wins over the platform's, and that over the entry.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from platforms.base import Platform
from scheduler.calendar.due import When
from scheduler.calendar.model import Content, Entry, LinkTo, MediaFile, Part, with_variant
from scheduler.checking import (
    Checked,
    Wrong,
    filled_text,
    fit_policy,
    flag,
    late_policy,
    seconds,
    setting,
    text,
    texts,
    words,
)
from scheduler.checks import read_ignored
from scheduler.config import Config, ConfiguredAccount
from scheduler.problems import Invalid, Place, Problem, did_you_mean
from scheduler.yaml_files import Cut, List, Map, read_yaml

CONTENT = (
    "template",
    "with",
    "text",
    "title",
    "summary",
    "link",
    "media",
    "language",
    "thread",
    "first_comment",
    "markdown",
    "fit",
)
NEARLY_YAML = re.compile(
    r"(?P<stem>.+?)\.ya?ml(?P<after>~|\.(?:txt|bak|old|orig|save|swp|tmp))?", re.IGNORECASE
)
OWN = ("id", "when", "timezone", "to", "grace", "late", "ignore", *CONTENT)


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Every entry that could be read, every problem, and the files that say it: config, calendar, media (these need not be there)."""

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    files: tuple[Path, ...]
    unreachable: tuple[str, ...] = ()  # patterns that match no file
    emptied: frozenset[str] = frozenset()  # files that say that they have no entries


def read_calendar(config: Config) -> Calendar:
    """Reads `posts:` of the config and every calendar file. Raises nothing: what is wrong is in `problems`."""
    reading = _Reading(config)
    if config.posts is not None:
        reading.take(config.posts, Checked(config.path.name), config.timezone, None)
    found, unreachable = _files(config, reading.problems)
    for file in found:
        reading.take_file(file)
    reading.problems.sort(key=lambda one: (one.place, one.message))
    return Calendar(
        entries=tuple(reading.entries),
        problems=tuple(reading.problems),
        files=(config.path, *reading.files, *reading.media),
        unreachable=unreachable,
        emptied=frozenset(reading.emptied),
    )


def _files(config: Config, problems: list[Problem]) -> tuple[list[Path], tuple[str, ...]]:
    """The calendar's files, and the patterns that match none."""
    found: list[Path] = []
    unreachable: list[str] = []
    for pattern in config.calendar:
        try:
            here = sorted(_matches(config, pattern))
        except (ValueError, NotImplementedError):
            problems.append(
                Problem(
                    "wrong-value",
                    f"`calendar: {pattern}` is no pattern in {config.folder}; write it like calendar/*.yaml",
                    Place(config.path.name, 1),
                )
            )
            continue
        if not here:
            unreachable.append(pattern)
            problems.append(
                Problem(
                    "no-calendar",
                    f"no file fits `calendar: {pattern}` in {config.folder}",
                    Place(config.path.name, 1),
                    "warning",
                )
            )
        found += [path for path in here if path not in found and path != config.path]
    problems += _ignored_files(config, found)
    return found, tuple(unreachable)


def _matches(config: Config, pattern: str) -> Iterator[Path]:
    """The files that fit, without hidden ones (macOS' `._may.yaml`) unless the pattern names one."""
    names_hidden = any(map(_is_hidden, PurePath(pattern).parts))
    for path in config.folder.glob(pattern):
        below = path.relative_to(config.folder)
        if path.is_file() and (names_hidden or not any(map(_is_hidden, below.parts))):
            yield path


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and name not in (".", "..")


def _ignored_files(config: Config, found: list[Path]) -> Iterator[Problem]:
    """Files that a person may take for a part of the calendar, each once."""
    seen = {*found, config.path}
    for pattern in config.calendar:
        for path in _nearly_matches(config, pattern):
            if path in seen or _is_backup(path, seen):
                continue
            seen.add(path)
            name = path.relative_to(config.folder).as_posix()
            yield Problem(
                "file-ignored",
                f"is not read: `calendar: {pattern}` does not fit it; "
                f"rename it to {_as_the_pattern_has_it(path, pattern)}, or name it in `calendar`",
                Place(name, 1),
                "warning",
            )


def _nearly_matches(config: Config, pattern: str) -> Iterator[Path]:
    wanted = NEARLY_YAML.fullmatch(PurePath(pattern).name)
    if wanted is None:
        return
    try:
        beside = sorted(_matches(config, str(PurePath(pattern).with_name("*"))))
    except (ValueError, NotImplementedError):
        return  # it is no pattern, which is an error of its own
    for path in beside:
        named = NEARLY_YAML.fullmatch(path.name)
        if named and fnmatch(named["stem"], wanted["stem"]):
            yield path


def _is_backup(path: Path, found: Iterable[Path]) -> bool:
    """`may.yaml~` beside `may.yaml` is an editor's; `may.yaml.txt` may be what was edited."""
    named = NEARLY_YAML.fullmatch(path.name)
    is_kept = named is not None and named["after"] not in (None, ".txt")
    return is_kept and any(path.name.startswith(file.name) for file in found)


def _as_the_pattern_has_it(path: Path, pattern: str) -> str:
    named = NEARLY_YAML.fullmatch(path.name)
    return f"{named['stem'] if named else path.stem}{PurePath(pattern).suffix}"


@dataclass
class _Reading:
    config: Config
    entries: list[Entry] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    media: list[Path] = field(default_factory=list)
    ids: dict[str, Place] = field(default_factory=dict)
    emptied: list[str] = field(default_factory=list)

    def take_file(self, file: Path) -> None:
        self.files.append(file)
        checked = Checked(file.relative_to(self.config.folder).as_posix())
        try:
            root = read_yaml(file, checked.file)
        except Invalid as invalid:
            self.problems += invalid.problems
            return
        posts, own_zone, language = root, self.config.timezone, None
        if isinstance(root, Map):
            checked.unknown_keys(root, "calendar", ("posts", "timezone", "language"))
            own_zone = checked.zone(root, "calendar", own_zone)
            language = checked.value(root, "language", "calendar", filled_text)
            posts = root.get("posts")
        self.take(posts, checked, own_zone, language)

    def take(self, posts: Any, checked: Checked, own_zone: ZoneInfo, language: str | None) -> None:
        if posts is not None and not isinstance(posts, List):
            checked.say(
                "wrong-value",
                1,
                "posts: a list of entries has to stand here, each beginning with `- id: ...`",
            )
        if isinstance(posts, List) and not posts:
            self.emptied.append(checked.file)
        for item, line in zip(posts, posts.lines, strict=True) if isinstance(posts, List) else ():
            written = checked.mapping(
                item,
                line,
                "posts",
                "- {id: welcome, when: 2026-09-07 08:30, to: [class-site], text: Hello}",
            )
            entry = (
                written
                and _OneEntry(self.config, checked, written, own_zone, language, self.media).entry()
            )
            if entry:
                self._add(entry, checked)
        self.problems += checked.problems

    def _add(self, entry: Entry, checked: Checked) -> None:
        first = self.ids.setdefault(entry.id, entry.lines["id"])
        if first != entry.lines["id"]:
            checked.say(
                "id-twice",
                entry.lines["id"].line,
                f"{entry.id}: this id stands in {first} already; give one of them another",
            )
        self.entries.append(entry)
        self.problems += entry.notes


@dataclass
class _OneEntry:
    config: Config
    checked: Checked
    written: Map
    zone: ZoneInfo
    language: str | None
    media: list[Path]  # every file that is named
    ignore: frozenset[str] = frozenset()

    def entry(self) -> Entry | None:
        """The entry; None where too much is wrong to have one."""
        before = len(self.checked.problems)
        identifier = self._id()
        accounts = self._accounts(identifier)
        self._known_keys(identifier, accounts)
        self.ignore = self.checked.value(
            self.written,
            "ignore",
            identifier,
            lambda value: read_ignored(value, self.config.guard.codes),
            self.ignore,
        )
        own_zone = self.checked.zone(self.written, identifier, self.zone)
        when = self.checked.value(self.written, "when", identifier, When.read)
        if "when" not in self.written:
            self.checked.say(
                "missing-key",
                self.written.line,
                f"{identifier}: `when` is missing, e.g. when: 2026-09-07 08:30",
            )
        content = replace(
            Content(language=self.language), **self._content(self.written, identifier)
        )
        contents = {one.name: self._for_account(one, content, identifier) for one in accounts}
        grace = self.checked.value(self.written, "grace", identifier, seconds)
        late = self.checked.value(self.written, "late", identifier, late_policy)
        self._says_something(identifier, contents)
        if when is None or any(
            problem.severity == "error" for problem in self.checked.problems[before:]
        ):
            return None
        dues = {one.name: when.due(one.at, own_zone) for one in accounts}
        place = Place(self.checked.file, self.written.line)
        lines = {key: Place(self.checked.file, line) for key, line in self.written.lines.items()}
        said = sorted({note for _, note in dues.values() if note})
        return Entry(
            id=identifier,
            due={name: due for name, (due, _) in dues.items()},
            content=contents,
            grace=grace,
            late=late,
            place=place,
            lines=lines,
            ignore=self.ignore,
            notes=tuple(
                Problem("clock-change", f"{identifier}: {note}", lines["when"], "warning")
                for note in said
            ),
        )

    def _id(self) -> str:
        if "id" not in self.written:
            self.checked.say(
                "missing-key", self.written.line, "an entry has no `id`, e.g. id: welcome-back"
            )
            return "entry"
        identifier: str = self.checked.value(self.written, "id", "an entry", text, "entry")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", identifier):
            self.checked.say(
                "wrong-value",
                self.written.lines["id"],
                f"'{identifier}': an id has letters, digits, '.', '_' and '-'",
            )
        return identifier

    def _accounts(self, identifier: str) -> list[ConfiguredAccount]:
        if "to" not in self.written:
            self.checked.say(
                "missing-key",
                self.written.line,
                f"{identifier}: `to` is missing, e.g. to: [{', '.join(self.config.accounts)}]",
            )
            return []
        found: dict[str, ConfiguredAccount] = {}
        for name in self.checked.value(self.written, "to", identifier, texts, ()):
            for member in self.config.groups.get(name, (name,)):
                if member in self.config.accounts:
                    found[member] = self.config.accounts[member]
                else:
                    known = {*self.config.accounts, *self.config.groups}
                    self.checked.say(
                        "unknown-account",
                        self.written.lines["to"],
                        f"{identifier}: no account called '{member}'; {did_you_mean(member, known)}",
                    )
        return list(found.values())

    def _known_keys(self, identifier: str, accounts: list[ConfiguredAccount]) -> None:
        variants = {
            name
            for one in self.config.accounts.values()
            for name in (one.name, one.account.platform)
        }
        self.checked.unknown_keys(self.written, identifier, [*OWN, *variants])

    def _for_account(
        self, account: ConfiguredAccount, content: Content, identifier: str
    ) -> Content:
        for name in dict.fromkeys((account.account.platform, account.name)):
            if name in self.written:
                content = with_variant(content, self._variant(name, account.platform, identifier))
        return content

    def _variant(self, name: str, platform: Platform, identifier: str) -> dict[str, Any]:
        value, what = self.written[name], f"{identifier}: {name}"
        if isinstance(value, str):
            return {"text": self.checked.value(self.written, name, identifier, words, "")}
        variant = self.checked.mapping(
            value, self.written.lines[name], what, f"{name}: {{text: ...}}"
        )
        if variant is None:
            return {}
        rows = {row.name: row for row in platform.options}
        self.checked.unknown_keys(variant, what, [*CONTENT, *rows])
        options = {
            key: self.checked.value(variant, key, what, setting(rows[key], self.config.folder))
            for key in variant
            if key in rows
        }
        return {**self._content(variant, what), **({"options": options} if options else {})}

    def _content(self, where: Map, what: str) -> dict[str, Any]:
        """The content keys that are written in `where`, read."""
        readers: Mapping[str, Callable[[Any], Any]] = {
            "template": filled_text,
            "with": _values,
            "text": words,
            "title": words,
            "summary": words,
            "language": filled_text,
            "first_comment": words,
            "markdown": flag,
            "fit": fit_policy,
            "link": lambda value: self._link(value, where.lines["link"]),
            "media": lambda value: self._media(value),
            "thread": lambda value: self._thread(value),
        }
        named = {"with": "values"}
        given = {"text": ""}  # one that cannot be read is said once
        return {
            named.get(key, key): self.checked.value(where, key, what, read, given.get(key))
            for key, read in readers.items()
            if key in where
        }

    def _media(self, value: Any) -> tuple[MediaFile, ...]:
        if not isinstance(value, List):
            raise Wrong(
                "has to be a list, e.g. media: [{file: images/door.jpg, alt: The school door}]"
            )
        return tuple(one for one in map(self._file, value, value.lines) if one)

    def _file(self, value: Any, line: int) -> MediaFile | None:
        written = value if isinstance(value, Map) else Map(file=value)
        if not isinstance(value, Map):
            written.line, written.lines = line, {"file": line}
        if "file" not in written:
            raise Wrong(
                "has an item without `file`, e.g. {file: images/door.jpg, alt: The school door}"
            )
        self.checked.unknown_keys(written, "media", ("file", "alt", "focus", "captions"))
        name, place = text(written["file"]), Place(self.checked.file, written.lines["file"])
        is_remote = re.match(r"https?://", name, re.IGNORECASE) is not None
        file = _named_by(name) if is_remote else self._here(name, place)
        alt = words(written.get("alt") or "")
        severity = self.config.checks.severity("no-alt")
        if (
            self.config.require_alt
            and severity != "off"
            and "no-alt" not in self.ignore
            and not alt.strip()
        ):
            self.checked.say(
                "no-alt",
                place.line,
                f"{name}: `alt` is missing; say what the picture shows, e.g. alt: The school door, painted blue",
                severity,
            )
        captions = (
            self._here(
                text(written["captions"]), Place(self.checked.file, written.lines["captions"])
            )
            if written.get("captions")
            else None
        )
        return MediaFile(
            file=file,
            url=name if is_remote else "",
            alt=alt,
            focus=_focus(written.get("focus")),
            captions=captions,
            place=place,
        )

    def _here(self, name: str, place: Place) -> Path:
        file = (self.config.folder / name).resolve()
        self.media.append(file)
        if file.is_dir():
            self.checked.say("no-file", place.line, f"{name}: is a folder; name a file in it")
        elif not file.is_file():
            self.checked.say(
                "no-file", place.line, f"{name}: there is no such file in {self.config.folder}"
            )
        elif not os.access(file, os.R_OK):
            self.checked.say(
                "no-file", place.line, f"{name}: cannot be read; give yourself the right to"
            )
        return file

    def _link(self, value: Any, line: int) -> LinkTo:
        written = value if isinstance(value, Map) else Map(url=value)
        if not isinstance(value, Map):
            written.line, written.lines = line, {"url": line}
        self.checked.unknown_keys(written, "link", ("url", "title", "description", "image"))
        url = text(written.get("url") or "")
        if not re.match(r"https?://[^\s/]+", url):
            raise Wrong(f"has to be a web address, e.g. https://example.org/page, not '{url}'")
        image = self._file(written["image"], written.lines["image"]) if "image" in written else None
        return LinkTo(
            url=url,
            title=words(written.get("title") or ""),
            description=words(written.get("description") or ""),
            image=image,
        )

    def _thread(self, value: Any) -> tuple[Part, ...]:
        if not isinstance(value, List):
            raise Wrong("has to be a list of texts, e.g. thread: [Second, Third]")
        return tuple(map(self._part, value, value.lines))

    def _part(self, value: Any, line: int) -> Part:
        place = Place(self.checked.file, line)
        if not isinstance(value, Map):
            return Part(text=words(value), place=place)
        self.checked.unknown_keys(value, "thread", ("text", "media"))
        return Part(
            text=words(value.get("text") or ""),
            media=self._media(value["media"]) if "media" in value else (),
            place=place,
        )

    def _says_something(self, identifier: str, contents: Mapping[str, Content]) -> None:
        if any(content.text is None and content.template is None for content in contents.values()):
            self.checked.say(
                "no-text",
                self.written.line,
                f"{identifier}: has neither `text` nor `template`, e.g. text: Welcome back",
            )


def _named_by(url: str) -> Path:
    """The name of the file at an address, without what a name of ours does not have."""
    path = re.sub(r"^\w+://[^/?#]*|[?#].*", "", url)
    last = unquote(path.rstrip("/").rpartition("/")[2])
    return Path(re.sub(r"[^\w.-]", "_", last).lstrip(".")[-80:] or "file")


def _values(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Wrong("has to be a mapping, e.g. with: {headline: Welcome back}")
    return {
        name: words(inner) if isinstance(inner, Cut) else inner for name, inner in value.items()
    }


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -1 <= value <= 1


def _focus(value: Any) -> tuple[float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2 or not all(map(_is_share, value)):
        raise Wrong("has a `focus` that is not two numbers from -1 to 1, e.g. focus: [0, 0.5]")
    return float(value[0]), float(value[1])
