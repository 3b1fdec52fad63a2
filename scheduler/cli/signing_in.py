"""The part of `termbell login` that signs a person in on the platform's own page: what is opened, said and asked meanwhile."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from platforms.base import Ask, LoginNeeded, OAuth
from scheduler.cli.asking import Way, asked
from scheduler.cli.output import say
from scheduler.config import Config, ConfiguredAccount
from scheduler.engine.credentials import Credentials, Trial
from scheduler.engine.judging import NOT_AS_DOCUMENTED
from scheduler.engine.loopback import listening, reaches_us
from scheduler.engine.network import Network
from scheduler.engine.signing_in import (
    NotSignedIn,
    code_pasted,
    device,
    device_granted,
    page,
    registered,
    traded,
)

PATIENCE = 300.0  # seconds
A_PORT = 8400  # where nobody listens and none was named
DESKTOPS = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "BROWSER",
)  # one of them is set on Linux where a browser can be opened


def is_desktop() -> bool:
    """Whether a browser that is opened here is in front of the person."""
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    return any(os.environ.get(name) for name in DESKTOPS)


@dataclass
class SigningIn:
    """One sign-in. What it comes to know is told to the trial, so that no line of the log shows it."""

    read: Config
    chosen: ConfiguredAccount
    oauth: OAuth
    way: Way
    trial: Trial

    def secrets(self, written: Mapping[str, str]) -> dict[str, str]:
        """The token and what belongs to it. Raises NotSignedIn and PublishError."""
        try:
            return self._by_device(written) if self._is_for_a_device() else self._by_page(written)
        except NOT_AS_DOCUMENTED as fault:
            raise NotSignedIn(
                f"{self.chosen.platform.name} answered what is not documented ({type(fault).__name__}); is this the server?"
            ) from None

    def _is_for_a_device(self) -> bool:
        oauth, way = self.oauth, self.way
        if way.device and not oauth.device:
            raise NotSignedIn(
                f"{self.chosen.platform.name} signs in no devices; leave out --device"
            )
        return bool(oauth.device) and (
            way.device or not oauth.authorize or not (way.is_by_page or is_desktop())
        )

    def _by_page(self, written: Mapping[str, str]) -> dict[str, str]:
        redirect = self.way.redirect or self.oauth.redirect
        port = self.way.port or self.chosen.account.settings.get("port") or 0
        if self.way.paste or not reaches_us(redirect) or not (is_desktop() or self.way.no_browser):
            return self._pasted(written, redirect.replace("{port}", str(port or A_PORT)))
        with listening(redirect, port) as listener:
            at = redirect.replace("{port}", str(listener.port))
            app = self._app(written, at)
            listener.page = asked_for = page(self.oauth, self.chosen.account, app["client_id"], at)
            self._open(asked_for.address)
            code = listener.code(PATIENCE)
        return {**app, **traded(self.oauth, self.chosen.account, asked_for, code, app, self._door)}

    def _pasted(self, written: Mapping[str, str], redirect: str) -> dict[str, str]:
        app = self._app(written, redirect)
        asked_for = page(self.oauth, self.chosen.account, app["client_id"], redirect)
        say(
            f"Open this in a browser, on any machine, and say yes:\n\n  {asked_for.address}\n",
            err=True,
        )
        say(
            f"The browser is then sent to an address that begins with {redirect}, and may show that there is nothing. Copy the whole address "
            "from its address line.",
            err=True,
        )
        code = code_pasted(asked("address that the browser was sent to", unseen=False), asked_for)
        return {**app, **traded(self.oauth, self.chosen.account, asked_for, code, app, self._door)}

    def _by_device(self, written: Mapping[str, str]) -> dict[str, str]:
        app = self._app(written, "")
        given = device(self.oauth, self.chosen.account, app, self._door)
        say(
            f"Open {given.address} in a browser, on any machine, and enter {given.user_code}",
            err=True,
        )
        if given.complete:
            say(f"or open {given.complete}", err=True)
        return {**app, **device_granted(self.oauth, self.chosen.account, given, app, self._door)}

    def _open(self, address: str) -> None:
        is_open = not self.way.no_browser and _opened(address)
        say(
            f"{'Your browser shows' if is_open else 'Open in a browser on this machine'} the page where you say yes"
            f"{'; if not, open' if is_open else ''}:\n\n  {address}\n",
            err=True,
        )

    def _app(self, written: Mapping[str, str], redirect: str) -> dict[str, str]:
        """Whose app asks: one that the server makes for us, else the person's own, which is kept for the next time."""
        if self.oauth.register:
            return registered(self.oauth, self.chosen.account, redirect, self._door({}))
        known = {**self._kept(), **written}
        names = ["client_id", *(["client_secret"] if self.oauth.has_secret else [])]
        if redirect and any(name not in written for name in names):
            say(
                f"Your app on {self.chosen.platform.name} has to have this redirect address: {redirect}",
                err=True,
            )
        app = {name: written.get(name) or self._asked(name, known.get(name)) for name in names}
        return {name: value for name, value in app.items() if value}

    def _asked(self, name: str, known: str | None) -> str:
        otherwise = "the one that is kept" if known else "none" if name == "client_secret" else None
        return (
            asked(
                f"{name.replace('_', ' ')} of {self.chosen.name}",
                otherwise,
                unseen=name != "client_id",
            )
            or known
            or ""
        )

    def _kept(self) -> dict[str, str]:
        with suppress(LoginNeeded):
            return Credentials(self.read.accounts, self.read.state).of(self.chosen.name)
        return {}

    def _door(self, secrets: Mapping[str, str]) -> Ask:
        self.trial.met(secrets)
        return Network(
            self.chosen.account, self.chosen.platform, self.trial, self.read.timeout
        ).signing_in(secrets)


def _opened(address: str) -> bool:
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
