"""config.yaml -> Config, with file and line in every error."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from platforms.base import Account, Platform, Setting
from platforms.registry import names, platform
from scheduler.checking import (
    Checked,
    Wrong,
    clock_time,
    filled_text,
    fit_policy,
    flag,
    late_policy,
    networks,
    one_of,
    patience,
    seconds,
    setting,
    text,
    texts,
    waiting,
)
from scheduler.checks import Checks, Quiet, read_checks, read_quiet
from scheduler.guarding import Guard, read_guard
from scheduler.media_hosts import ADDRESSES, EXAMPLE, KINDS
from scheduler.problems import Invalid, Place, Problem, did_you_mean
from scheduler.yaml_files import List, Map, Named, read_yaml

PLACES = ("server", "channel", "thread", "organization", "folder")  # beside what is required
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)\}")


@dataclass(frozen=True, kw_only=True)
class Secret:
    """Where a secret is to be found; never the place of a secret's value unless the person wrote it there."""

    env: str | None = None  # ${NAME}
    name: str | None = None  # !secret NAME
    literal: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class Address:
    """A URL that may hold tokens, and is kept as a secret therefore. A literal one may have `${NAME}` anywhere in it."""

    key: str  # of config.yaml
    secret: Secret
    place: Place


@dataclass(frozen=True, kw_only=True)
class Listening:
    """Where the health page is served."""

    host: str
    port: int
    place: Place

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return self.host == "localhost" or ip_address(self.host).is_loopback
        except ValueError:
            return False

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class MediaHost:
    """Where files stand that platforms fetch from a public address."""

    kind: str  # one of KINDS
    settings: Mapping[str, Any]
    secrets: tuple[Address, ...]
    place: Place


@dataclass(frozen=True, kw_only=True)
class ConfiguredAccount:
    account: Account
    platform: Platform
    place: Place
    secrets: Mapping[str, Secret] = field(
        default_factory=dict
    )  # those that config.yaml names; the others come from `login`
    options: Mapping[str, object] = field(
        default_factory=dict
    )  # options that every post of the account has, unless it says otherwise
    at: time = time(9)  # local time of an entry that has a bare date
    grace: float = 7200.0  # seconds
    late: str = "skip"
    language: str = "en"
    markdown: bool = True
    fit: str = "error"  # one of FITS

    @property
    def name(self) -> str:
        return self.account.name

    @property
    def origin(self) -> str:
        """Names platform, server and place (a channel, a page), as a short digest.

        Whose posts these are is not in it: two tokens on one server are two profiles.
        """
        named = {
            row.name: str(self.account.settings.get(row.name, "")).rstrip("/").lower()
            for row in self.platform.settings
            if row.required or row.name in PLACES
        }
        as_json = json.dumps([self.platform.name, named], sort_keys=True)
        return f"{self.platform.name}:{sha256(as_json.encode()).hexdigest()[:16]}"

    @property
    def can_look(self) -> bool:
        """Whether a post that may be published can be looked for."""
        return self.platform.can_look and self.platform.can_find(self.account)


@dataclass(frozen=True, kw_only=True)
class Config:
    path: Path
    folder: Path  # relative paths in the person's files start here
    timezone: ZoneInfo
    language: str
    accounts: Mapping[str, ConfiguredAccount]
    groups: Mapping[str, tuple[str, ...]]
    templates: Path  # the person's own templates; need not exist
    calendar: tuple[str, ...]  # globs, relative to `folder`
    state: Path  # the folder of the store, the lock, the backups and the secrets file: `.termbell` beside config.yaml
    timeout: float = 30.0  # seconds to wait for a platform's answer
    patience: float = 900.0  # seconds for which a post without an answer is looked for
    edit_delay: float = 60.0  # seconds that a new or changed text rests in a running daemon
    store_travels: bool = False  # the store is brought along to each machine, as in CI
    require_alt: bool = True
    checks: Checks = field(default_factory=Checks)
    quiet: Quiet = field(default_factory=Quiet)
    guard: Guard = field(default_factory=Guard)
    fetch_from: tuple[
        str, ...
    ] = ()  # addresses and networks that media may be fetched from although they are not public
    notify: tuple[Address, ...] = ()  # whom the person wants to be told by
    health: Listening | None = None
    healthcheck: Address | None = None  # pinged every minute
    media_host: MediaHost | None = None
    warnings: tuple[Problem, ...] = ()  # of config.yaml itself
    posts: Any = None  # entries written right in config.yaml, as YAML gave them

    @property
    def store(self) -> Path:
        """The database; one for each config file, so that two in one folder do not meet."""
        return self.state / f"{self.path.stem}.db"


COMMON = ("platform", "at", "grace", "late", "language", "markdown", "fit")
KEYS = (
    "timezone",
    "language",
    "markdown",
    "fit",
    "at",
    "grace",
    "late",
    "timeout",
    "patience",
    "edit_delay",
    "store_travels",
    "require_alt",
    "checks",
    "quiet",
    "guard",
    "fetch_from",
    "templates",
    "calendar",
    "state",
    "notify",
    "health",
    "healthcheck_url",
    "media_host",
    "accounts",
    "groups",
    "posts",
)


def read_config(path: Path) -> Config:
    """Reads config.yaml. Raises `Invalid` with everything that is wrong in it; the entries are not read here."""
    path = path.absolute()
    root = read_yaml(path, path.name)
    checked = Checked(path.name)
    if not isinstance(root, Map):
        checked.say(
            "wrong-value",
            1,
            "a config has to stand here, e.g. `timezone: Europe/London`; `termbell init` makes one",
        )
        raise Invalid(checked.problems)
    checked.unknown_keys(root, "config", KEYS)
    for needed, example in (
        ("timezone", "timezone: Europe/London"),
        ("accounts", "accounts: {class-site: {platform: site, folder: public}}"),
    ):
        if needed not in root:
            checked.say("missing-key", root.line, f"config: `{needed}` is missing, e.g. {example}")
    read = _common(checked, root)
    accounts = _accounts(checked, root, path.parent, read)
    groups = _groups(checked, root, accounts)
    state = path.parent / checked.value(root, "state", "config", text, ".termbell")
    config = Config(
        path=path,
        folder=path.parent,
        accounts=accounts,
        groups=groups,
        posts=root.get("posts"),
        state=state,
        timezone=checked.zone(root, "config", ZoneInfo("UTC")),
        language=read["language"],
        templates=path.parent / checked.value(root, "templates", "config", text, "templates"),
        calendar=checked.value(root, "calendar", "config", texts, ()),
        timeout=checked.value(root, "timeout", "config", waiting, 30.0),
        store_travels=checked.value(root, "store_travels", "config", flag, False),
        patience=checked.value(root, "patience", "config", patience, 900.0),
        edit_delay=checked.value(root, "edit_delay", "config", seconds, 60.0),
        require_alt=checked.value(root, "require_alt", "config", flag, True),
        checks=read_checks(checked, root),
        quiet=read_quiet(checked, root),
        guard=read_guard(checked, root, path.parent),
        fetch_from=checked.value(root, "fetch_from", "config", networks, ()),
        notify=tuple(_addresses(checked, root, "notify", "mailto://USER:PASSWORD@example.org")),
        health=_health(checked, root),
        healthcheck=_healthcheck(checked, root),
        media_host=_media_host(checked, root, path.parent),
    )
    if any(problem.severity == "error" for problem in checked.problems):
        raise Invalid(sorted(checked.problems, key=lambda one: one.place))
    return replace(config, warnings=tuple(checked.problems))


def _common(checked: Checked, root: Map) -> dict[str, Any]:
    """What accounts have unless they say otherwise."""
    return {
        "at": checked.value(root, "at", "config", clock_time, time(9)),
        "grace": checked.value(root, "grace", "config", seconds, 7200.0),
        "late": checked.value(root, "late", "config", late_policy, "skip"),
        "language": checked.value(root, "language", "config", filled_text, "en"),
        "markdown": checked.value(root, "markdown", "config", flag, True),
        "fit": checked.value(root, "fit", "config", fit_policy, "error"),
    }


def _addresses(checked: Checked, root: Map, key: str, example: str) -> Iterator[Address]:
    """One address, or a list of them."""
    written = root.get(key, [])
    values: Iterable[object] = (
        written if isinstance(written, List) else [written] if key in root else []
    )
    lines = written.lines if isinstance(written, List) else [root.lines[key]] if key in root else []
    for value, line in zip(values, lines, strict=True):
        if isinstance(value, str) and value.strip():
            secret = (
                Secret(name=str(value))
                if isinstance(value, Named)
                else Secret(literal=value.strip())
            )
            yield Address(key=key, secret=secret, place=Place(checked.file, line))
        else:
            checked.say(
                "wrong-value", line, f"config: `{key}` has to be an address, e.g. {example}"
            )


def _health(checked: Checked, root: Map) -> Listening | None:
    def read(value: object) -> tuple[str, int]:
        found = re.fullmatch(r"(?:(\[[0-9a-fA-F:.]+\]|[^:\[\]\s/]+):)?(\d{1,5})", str(value))
        if not found or isinstance(value, bool) or not 0 < int(found[2]) < 65536:
            raise Wrong(
                f"has to be a port of this machine, e.g. 8377, or an address with one, e.g. 127.0.0.1:8377, not '{value}'"
            )
        return (found[1] or "127.0.0.1").strip("[]"), int(found[2])

    found = checked.value(root, "health", "config", read)
    return (
        Listening(host=found[0], port=found[1], place=Place(checked.file, root.lines["health"]))
        if found
        else None
    )


def _healthcheck(checked: Checked, root: Map) -> Address | None:
    example = "https://hc-ping.com/YOUR-UUID"
    found = list(_addresses(checked, root, "healthcheck_url", example))
    for one in found[:1]:
        literal = one.secret.literal
        if (
            literal
            and "${" not in literal
            and (urlsplit(literal).scheme not in ("http", "https") or not urlsplit(literal).netloc)
        ):
            checked.say(
                "wrong-value",
                one.place.line,
                f"config: `healthcheck_url` has to begin with https:// or http://, e.g. {example}",
            )
        return one
    return None


def _media_host(checked: Checked, root: Map, folder: Path) -> MediaHost | None:
    written = root.get("media_host")
    known = (
        checked.mapping(written, root.lines["media_host"], "media_host", EXAMPLE)
        if written is not None
        else None
    )
    if known is None:
        return None
    if "kind" not in known:
        checked.say(
            "missing-key",
            root.lines["media_host"],
            f"media_host: `kind` is missing; there are: {', '.join(KINDS)}, e.g. {EXAMPLE}",
        )
        return None
    name = checked.value(known, "kind", "media_host", lambda value: one_of(value, KINDS))
    return _of_kind(checked, known, name, root.lines["media_host"], folder) if name else None


def _of_kind(checked: Checked, known: Map, name: str, line: int, folder: Path) -> MediaHost:
    kind, what = KINDS[name], "media_host"
    checked.unknown_keys(known, what, ["kind", *(row.name for row in kind.settings), *kind.secrets])
    for needed in (*(row.name for row in kind.settings if row.required), *kind.secrets):
        if known.get(needed) is None:
            checked.say(
                "missing-key", line, f"{what}: {name} needs `{needed}`, e.g. {kind.example}"
            )
    given = _expanded(checked, known, what, {*kind.secrets})
    settings = {
        row.name: checked.value(
            given,
            row.name,
            what,
            _address if row.name in ADDRESSES else setting(row, folder),
            row.default,
        )
        for row in kind.settings
    }
    secrets = tuple(
        Address(key=f"{what}.{key}", secret=secret, place=Place(checked.file, known.lines[key]))
        for key in kind.secrets
        if known.get(key) is not None and (secret := checked.value(known, key, what, _unexpanded))
    )
    return MediaHost(kind=name, settings=settings, secrets=secrets, place=Place(checked.file, line))


def _address(value: object) -> str:
    if not re.match(r"https?://[^\s/]", text(value)):
        raise Wrong(f"has to begin with https:// or http://, not '{value}'")
    return text(value).rstrip("/")


def _unexpanded(value: object) -> Secret:
    return Secret(name=str(value)) if isinstance(value, Named) else Secret(literal=text(value))


def from_environment(text: str) -> str:
    """`text` with each `${NAME}` from the environment. Raises `KeyError` with the name of the first that is not there."""
    return VARIABLE.sub(lambda name: os.environ[name[1]], text).replace("$${", "${")


def _accounts(
    checked: Checked, root: Map, folder: Path, common: Mapping[str, Any]
) -> dict[str, ConfiguredAccount]:
    written = root.get("accounts")
    if written is None:
        return {}
    known = checked.mapping(
        written, root.lines["accounts"], "accounts", "class-site: {platform: site, folder: public}"
    )
    found = {}
    for name, value in (known or {}).items():
        line = known.lines[name] if known else 1
        what = f"accounts.{name}"
        account = checked.mapping(value, line, what, "{platform: site, folder: public}")
        if account is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            checked.say(
                "wrong-value", line, f"{what}: a name has letters, digits, '.', '_' and '-'"
            )
        elif account is not None:
            configured = _account(checked, name, account, Place(checked.file, line), folder, common)
            if configured:
                found[name] = configured
    _one_site_each(checked, found)
    return found


def _account(
    checked: Checked,
    name: str,
    written: Map,
    place: Place,
    folder: Path,
    common: Mapping[str, Any],
) -> ConfiguredAccount | None:
    what = f"accounts.{name}"
    if "platform" not in written:
        checked.say(
            "missing-key",
            place.line,
            f"{what}: `platform` is missing; there are: {', '.join(names())}",
        )
        return None
    try:
        adapter = platform(str(written["platform"]))
    except LookupError:
        checked.say(
            "unknown-platform",
            written.lines["platform"],
            f"{what}: no platform is called '{written['platform']}'; {did_you_mean(str(written['platform']), names())}",
        )
        return None
    given = _expanded(checked, written, what, {*adapter.all_secrets})
    secrets = {
        key: secret
        for key in adapter.all_secrets
        if given.get(key) is not None
        if (secret := checked.value(given, key, what, _secret))
    }
    checked.unknown_keys(
        given,
        what,
        [
            *COMMON,
            *(row.name for row in (*adapter.settings, *adapter.options)),
            *adapter.all_secrets,
        ],
    )
    settings = {
        row.name: checked.value(given, row.name, what, setting(row, folder), _default(row, folder))
        for row in adapter.settings
    }
    for row in adapter.settings:
        if row.required and given.get(row.name) is None:
            checked.say(
                "missing-key",
                place.line,
                f"{what}: {adapter.name} needs `{row.name}`"
                + (f", e.g. {row.example}" if row.example else ""),
            )
    options = {
        row.name: checked.value(given, row.name, what, setting(row, folder))
        for row in adapter.options
        if row.name in given
    }
    read = {
        key: checked.value(given, key, what, reader, common[key])
        for key, reader in (
            ("at", clock_time),
            ("grace", seconds),
            ("late", late_policy),
            ("language", filled_text),
            ("markdown", flag),
            ("fit", fit_policy),
        )
    }
    return ConfiguredAccount(
        account=Account(name=name, platform=adapter.name, settings=settings),
        platform=adapter,
        place=place,
        secrets=secrets,
        options=options,
        **read,
    )


def _default(row: Setting, folder: Path) -> Any:
    return (
        (folder / row.default).resolve()
        if row.type is Path and row.default is not None
        else row.default
    )


def _secret(value: object) -> Secret:
    if isinstance(value, Named):
        return Secret(name=str(value))
    env = re.fullmatch(r"\$\{(\w+)\}", text(value))
    return Secret(env=env[1]) if env else Secret(literal=text(value).replace("$${", "${"))


def _expanded(checked: Checked, written: Map, what: str, secrets: set[str]) -> Map:
    """The account with `${NAME}` from the environment in its texts; secrets are looked up when they are needed."""
    found = Map(written)
    found.line, found.lines = written.line, written.lines
    for key, value in written.items():
        if isinstance(value, str) and not isinstance(value, Named) and key not in secrets:
            for missing in [name for name in VARIABLE.findall(value) if name not in os.environ]:
                checked.say(
                    "no-environment",
                    written.lines[key],
                    f"{what}: `{key}` needs ${{{missing}}}, and the environment has none",
                )
            found[key] = VARIABLE.sub(lambda name: os.environ.get(name[1], ""), value).replace(
                "$${", "${"
            )
    return found


def _one_site_each(checked: Checked, accounts: Mapping[str, ConfiguredAccount]) -> None:
    seen: dict[object, str] = {}
    for name, one in accounts.items():
        folder = one.account.settings.get("folder") if one.account.platform == "site" else None
        if folder in seen:
            checked.say(
                "folder-twice",
                one.place.line,
                f"accounts.{name}: {folder} belongs to '{seen[folder]}' already; give each site its own",
            )
        elif folder:
            seen[folder] = name


def _groups(
    checked: Checked, root: Map, accounts: Mapping[str, ConfiguredAccount]
) -> dict[str, tuple[str, ...]]:
    written = root.get("groups")
    if written is None:
        return {}
    known = checked.mapping(
        written, root.lines["groups"], "groups", "everywhere: [class-site, fediverse]"
    )
    found = {}
    for name in known or {}:
        assert known is not None
        members = checked.value(known, name, "groups", texts, ())
        for member in members:
            if member not in accounts:
                checked.say(
                    "unknown-account",
                    known.lines[name],
                    f"groups.{name}: no account called '{member}'; {did_you_mean(member, accounts)}",
                )
        if name in accounts:
            checked.say(
                "name-twice",
                known.lines[name],
                f"groups.{name}: an account has this name already; give the group another",
            )
        found[name] = tuple(member for member in members if member in accounts)
    return found
