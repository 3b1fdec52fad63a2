"""Builds what publishes from a config: at the start, and whenever the config was read again.

Nothing that was built is changed afterwards, so what is under way keeps the accounts, the network
and the timeout that it began with. Two things outlive a config: the secrets that were seen, which
stay hidden, and the locks of uploads.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from platforms.base import Ask
from scheduler.config import Config, ConfiguredAccount
from scheduler.engine.clock import not_known
from scheduler.engine.credentials import Credentials
from scheduler.engine.delivering import Desk
from scheduler.engine.hosting import Hosting
from scheduler.engine.logs import redacted
from scheduler.engine.network import Network, Networks
from scheduler.engine.rehearsal import Rehearsal
from scheduler.store import Store
from scheduler.store.rows import Uptime


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """What publishes by one config."""

    config: Config
    credentials: Credentials
    hosting: Hosting
    desk: Desk
    is_rehearsal: bool

    def rebuild(self, config: Config) -> "Assembled":
        """For a config that was read again. The state folder stays that of the start."""
        config = replace(config, state=self.config.state)
        return assemble(
            config,
            self.desk.store,
            self.credentials.for_accounts(config.accounts),
            self.hosting,
            by=self.desk.by,
            now=self.desk.now,
            uptime=self.desk.uptime,
            is_rehearsal=self.is_rehearsal,
        )

    def ends(self, account: str) -> datetime | None:
        """When the account's credentials end."""
        return self.credentials.ends(account)

    def renew(self, configured: ConfiguredAccount) -> None:
        """Renews a sign-in that has not been used for long. Raises `PublishError`."""
        if not self.is_rehearsal:
            network = Network(
                configured.account, configured.platform, self.credentials, self.config.timeout
            )
            network.stay_signed_in()


def assemble(
    config: Config,
    store: Store,
    credentials: Credentials,
    hosting: Hosting,
    *,
    by: str,
    now: Callable[[], datetime],
    uptime: Callable[[], Uptime | None] = not_known,
    is_rehearsal: bool = False,
) -> Assembled:
    """`credentials` are those of the config's accounts; `hosting` may be of an earlier config."""
    hosting = replace(
        hosting, host=config.media_host, credentials=credentials, timeout=config.timeout
    )
    desk = Desk(
        store=store,
        accounts=config.accounts,
        by=by,
        now=now,
        uptime=uptime,
        timeout=config.timeout,
        patience=config.patience,
        answerer=_answerer(config, credentials, hosting, is_rehearsal),
        hide=lambda text: redacted(text, credentials.all_values()),
    )
    credentials.all_values()  # from now on the log hides them
    return Assembled(
        config=config,
        credentials=credentials,
        hosting=hosting,
        desk=desk,
        is_rehearsal=is_rehearsal,
    )


def needs_restart(started: Config, config: Config) -> Iterator[str]:
    """What of the config cannot be changed while it runs, in words."""
    if config.state != started.state:
        yield f"`state` is {config.state} now; restart termbell to use it"
    if str(config.health) != str(started.health):
        serve = f"to serve the health page at {config.health}" if config.health else "to end it"
        yield f"`health` is another address now; restart termbell {serve}"


def _answerer(
    config: Config, credentials: Credentials, hosting: Hosting, is_rehearsal: bool
) -> Callable[[ConfiguredAccount], Ask]:
    if is_rehearsal:
        return lambda configured: Rehearsal()
    return Networks(credentials, config.timeout, host=hosting, gone=hosting.gone).of
