"""Where secrets are: named in config.yaml, in the system's keyring, or in a file that only the person can read.

`of` gives what a person gave, `session` what it was traded for. Both look at the moment they are asked, so that a login
in another process is noticed. What is kept, is kept in one place: the keyring, where it can, else the file.

    {"accounts": {"fediverse": {"token": "..."}}, "sessions": {...}, "named": {"mail-password": "..."}, "ends": {...}}

`named` is what `!secret mail-password` in config.yaml looks for; in a keyring it stands under the service `termbell`.
Accounts stand there under `termbell FOLDER`, because two calendars may each have an account of the same name. `ends` says
when what a person gave ends, and always stands in the file: it is no secret.
"""

import json
import logging
import os
import shlex
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from filelock import FileLock

from platforms.base import LoginNeeded, Secrets
from scheduler.config import Address, ConfiguredAccount, Secret, from_environment
from scheduler.private_files import FILE, private_folder, replace_private

ACCOUNTS, SESSIONS, NAMED, ENDS = "accounts", "sessions", "named", "ends"
NO_SECRETS = ("user", "client_id")  # asked for beside a secret, and found in many an honest answer
MOST_IN_A_KEYRING = 1200  # characters: Windows takes 2,560 bytes of UTF-16
log = logging.getLogger("termbell")


class Keyring(Protocol):
    """What we use of a keyring's backend."""

    name: str

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class KeyringFailed(Exception):
    """The keyring is locked, or refuses."""


def system_keyring() -> Keyring | None:
    """The keyring of this system; None where there is none, or one that keeps nothing."""
    try:
        import keyring
    except ImportError:
        return None
    backend = keyring.get_keyring()
    return cast(Keyring, backend) if backend.priority > 0 else None


def keyring_errors() -> tuple[type[Exception], ...]:
    try:
        from keyring.errors import KeyringError
    except ImportError:
        return (KeyringFailed,)
    return (KeyringFailed, cast("type[Exception]", KeyringError))


class Held(Protocol):
    """What sending needs of credentials."""

    def of(self, account: str) -> dict[str, str]: ...

    def session(self, account: str) -> dict[str, str]: ...

    def keep_session(self, account: str, values: Secrets) -> None: ...

    def renewing(self, account: str) -> AbstractContextManager[object]: ...

    def all_values(self, names: bool = True) -> frozenset[str]: ...


class Trial:
    """Secrets that a person has just given, to be tried before they take the place of those that are kept."""

    def __init__(self, values: Secrets, beside: "Credentials | None" = None) -> None:
        """`beside`: those that are kept, which a server may repeat as well."""
        self.values = {name: value.strip() for name, value in values.items()}
        self.beside = beside
        self.made: dict[str, str] = {}  # the session
        self._met: set[tuple[str, str]] = set()

    def met(self, values: Secrets) -> None:
        """These turned up on the way to what is tried, and are to be hidden as well."""
        self._met.update(values.items())

    def of(self, account: str) -> dict[str, str]:
        return self.values

    def session(self, account: str) -> dict[str, str]:
        return self.made

    def keep_session(self, account: str, values: Secrets) -> None:
        self.made = dict(values)

    def renewing(self, account: str) -> AbstractContextManager[object]:
        return nullcontext()

    def all_values(self, names: bool = True) -> frozenset[str]:
        others = self.beside.all_values(names) if self.beside else frozenset()
        return others | _values({*self.values.items(), *self.made.items(), *self._met}, names)


def _values(named: set[tuple[str, str]], names: bool) -> frozenset[str]:
    return frozenset(
        value.strip()
        for name, value in named
        if value.strip() and (names or name not in NO_SECRETS)
    )


def carries_its_own(configured: ConfiguredAccount) -> bool:
    """Whether config.yaml names a token, so that what an earlier sign-in left, perhaps of another person, is not renewed in its place."""
    return (
        configured.platform.oauth is not None
        and "token" in configured.secrets
        and "refresh" not in configured.secrets
    )


class Credentials:
    """The secrets of a config's accounts."""

    def __init__(
        self,
        accounts: Mapping[str, ConfiguredAccount],
        folder: Path,
        service: str = "termbell",
        keyring: Callable[[], Keyring | None] = system_keyring,
    ) -> None:
        self.accounts = dict(accounts)
        self.file = folder / "secrets.json"
        self._service = service
        self._keyring = keyring
        self._seen: set[tuple[str, str]] = set()  # what a secret is called, and its value
        self._has_looked = False

    def for_accounts(self, accounts: Mapping[str, ConfiguredAccount]) -> "Credentials":
        """Those of a config that was read again. What was seen before stays hidden."""
        others = Credentials(accounts, self.file.parent, self._service, self._keyring)
        others._seen = self._seen
        return others

    def of(self, account: str) -> dict[str, str]:
        """What a person gave for the account. Raises LoginNeeded, naming what is missing."""
        configured = self.accounts[account]
        platform, kept = (
            configured.platform,
            {} if carries_its_own(configured) else self._kept(ACCOUNTS, account),
        )
        found = {name: kept[name] for name in platform.all_secrets if name in kept}
        found |= {
            name: self._named_in_config(secret, name, configured)
            for name, secret in configured.secrets.items()
        }
        missing = platform.missing(found)
        if missing:
            raise LoginNeeded(
                f"{account} has no {' and no '.join(missing)} yet: termbell login {account}"
            )
        return self._noted(found)

    def session(self, account: str) -> dict[str, str]:
        """What the account's secrets were traded for; empty where nothing is kept."""
        return (
            {}
            if carries_its_own(self.accounts[account])
            else self._noted(self._kept(SESSIONS, account))
        )

    def keep(self, account: str, values: Secrets, ends: datetime | None = None) -> str:
        """Keeps what a person gave, and forgets the session that came of others; returns where, to be told."""
        where = self._keep(
            ACCOUNTS, account, {name: value.strip() for name, value in values.items()}
        )
        self._drop(SESSIONS, account)
        if ends:
            self._write(ENDS, account, ends.isoformat(timespec="seconds"))
        else:
            self._drop_from_file(ENDS, account)
        return where

    def ends(self, account: str) -> datetime | None:
        """When what a person gave ends; None where no end is known."""
        said = self._read().get(ENDS, {}).get(account)
        return datetime.fromisoformat(said) if said else None

    def renewing(self, account: str) -> AbstractContextManager[object]:
        """Held while a session is renewed: a refresh token is used by one process at a time, and by one of its threads."""
        private_folder(self.file.parent)
        return FileLock(
            self.file.with_name(f"session-{account}.lock"), mode=FILE, thread_local=False
        )

    def keep_session(self, account: str, values: Secrets) -> None:
        self._keep(SESSIONS, account, dict(values))

    def keep_named(self, name: str, value: str) -> str:
        """Keeps what `!secret name` looks for; returns where."""
        return self._keep(NAMED, name, {"value": value.strip()})

    def address(self, address: Address) -> str:
        """The URL, to be treated as a secret. Raises `LoginNeeded`, naming what is missing."""
        where = f"{address.place}: {address.key}"
        if address.secret.name is not None:
            found = self._by_name(address.secret.name, where)
        else:
            try:
                found = from_environment(address.secret.literal or "").strip()
            except KeyError as missing:
                raise LoginNeeded(
                    f"{where}: the environment variable {missing.args[0]} is not set"
                ) from None
        return self._noted({address.key: found})[address.key]

    def forget(self, account: str) -> None:
        self._drop(ACCOUNTS, account)
        self._drop(SESSIONS, account)
        self._drop_from_file(ENDS, account)

    def forget_named(self, name: str) -> None:
        self._drop(NAMED, name)

    def all_values(self, names: bool = True) -> frozenset[str]:
        """Every secret that this process can meet, so that it can be hidden: of all accounts, given or traded for.

        `names=False`: without those that are no secret by themselves, as a user's name.
        """
        if not self._has_looked:
            self._has_looked = True  # first: what is logged meanwhile asks for the secrets as well
            self._look()
        refs = [
            (name, secret)
            for configured in tuple(self.accounts.values())
            for name, secret in configured.secrets.items()
        ]
        written = [
            (name, secret.literal or os.environ.get(secret.env or "") or "")
            for name, secret in refs
        ]
        self._seen.update(written)
        return _values(set(self._seen), names)

    def _look(self) -> None:
        """Meets what is kept for the accounts: a platform may repeat one's secret to another."""
        for account in tuple(self.accounts):
            for look in (self.of, self.session):
                with suppress(LoginNeeded):
                    look(account)

    def _named_in_config(self, secret: Secret, name: str, configured: ConfiguredAccount) -> str:
        where = f"{configured.place}: accounts.{configured.name}.{name}"
        if secret.env is not None:
            value = os.environ.get(secret.env, "").strip()
            if not value:
                raise LoginNeeded(f"{where}: the environment variable {secret.env} is not set")
            return value
        if secret.name is not None:
            return self._by_name(secret.name, where)
        return (secret.literal or "").strip()

    def _by_name(self, name: str, where: str) -> str:
        named = self._kept(NAMED, name).get("value")
        if not named:
            raise LoginNeeded(
                f"{where}: no secret is kept under the name '{name}'; termbell login --secret {shlex.quote(name)}"
            )
        return named

    def _noted(self, values: dict[str, str]) -> dict[str, str]:
        self._seen.update((name, value) for name, value in values.items() if name != "ends")
        return values

    def _kept(self, kind: str, name: str) -> dict[str, str]:
        text = self._from_keyring(kind, name)
        if text is None:
            found = self._read().get(kind, {}).get(name, {})
            return {"value": found} if isinstance(found, str) else dict(found)
        return {"value": text} if kind == NAMED else dict(json.loads(text))

    def _keep(self, kind: str, name: str, values: dict[str, str]) -> str:
        """Writes to one place and then clears the other, so that nothing older is found there."""
        self._noted(values)
        where = self._to_keyring(
            kind, name, values["value"] if kind == NAMED else json.dumps(values)
        )
        if where:
            self._drop_from_file(kind, name)
            return where
        self._write(kind, name, values["value"] if kind == NAMED else values)
        self._drop_from_keyring(kind, name)
        return f"{self.file} (readable by you only)"

    def _drop(self, kind: str, name: str) -> None:
        self._drop_from_keyring(kind, name)
        self._drop_from_file(kind, name)

    def _drop_from_file(self, kind: str, name: str) -> None:
        if name in self._read().get(kind, {}):
            self._write(kind, name, None)

    def _drop_from_keyring(self, kind: str, name: str) -> None:
        ring = self._keyring()
        try:
            if ring and ring.get_password(self._under(kind), self._entry(kind, name)) is not None:
                ring.delete_password(self._under(kind), self._entry(kind, name))
        except keyring_errors() as fault:
            log.warning("the keyring does not answer: %s", fault)

    def _under(self, kind: str) -> str:
        return self._service if kind == NAMED else f"{self._service} {self.file.parent.resolve()}"

    def _entry(self, kind: str, name: str) -> str:
        return f"{name} (session)" if kind == SESSIONS else name

    def _from_keyring(self, kind: str, name: str) -> str | None:
        ring = self._keyring()
        try:
            return ring.get_password(self._under(kind), self._entry(kind, name)) if ring else None
        except keyring_errors() as fault:
            log.warning("the keyring does not answer, looking into %s: %s", self.file, fault)
            return None

    def _to_keyring(self, kind: str, name: str, text: str) -> str | None:
        ring = self._keyring()
        if ring is None or len(text) > MOST_IN_A_KEYRING:
            return None
        try:
            ring.set_password(self._under(kind), self._entry(kind, name), text)
        except keyring_errors() as fault:
            log.warning("the keyring takes nothing: %s", fault)
            return None
        return f"the system's keyring ({ring.name})"

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            mode = self.file.stat().st_mode
            text = self.file.read_text()
        except FileNotFoundError:
            return {}
        if os.name == "posix" and mode & 0o077:
            log.warning(
                "%s could be read by others (mode %o); now it is yours only. Change the secrets if somebody may have seen them",
                self.file,
                mode & 0o777,
            )
            self.file.chmod(FILE)
        try:
            found: object = json.loads(text)
        except ValueError as fault:
            raise LoginNeeded(
                f"{self.file} is no JSON any more ({fault}); mend it, or delete it and log in again"
            ) from None
        if not isinstance(found, dict) or not all(
            isinstance(inner, dict) for inner in found.values()
        ):
            raise LoginNeeded(
                f"{self.file} does not look as Termbell writes it; delete it and log in again"
            )
        return found

    def _write(self, kind: str, name: str, values: object) -> None:
        """One process at a time, and never half: a killed one leaves the old file."""
        private_folder(self.file.parent)
        with FileLock(self.file.with_suffix(".lock"), mode=FILE):
            everything = self._read()
            entries = {**everything.get(kind, {}), name: values}
            everything[kind] = {key: value for key, value in entries.items() if value is not None}
            replace_private(self.file, json.dumps(everything, indent=1))
