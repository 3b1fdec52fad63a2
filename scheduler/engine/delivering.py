"""One delivery's attempt, from the claim to its outcome, and the settling of doubt.

After a crash or a lost answer the journal holds a visible request without an answer. Before anything leaves again we
look (`find`), but not before the request can no longer be under way; found is published; not found and the platform
remembers our key: the same request leaves again; not found and no key: we look a second time after a pause; neither
`find` nor key: in doubt, and a person decides. A key that is remembered for ever needs no look: the second sending is it.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from platforms.base import FOREVER, Ask, InDoubt, LoginNeeded, Post, Published, PublishError, Rejected, TryLater
from scheduler.config import ConfiguredAccount
from scheduler.engine.journalled import Journalled
from scheduler.engine.retrying import MOST_ATTEMPTS, gives_up, pause
from scheduler.store import Row, Store, Unanswered, WrongStatus, with_reply

SECOND_LOOK = timedelta(seconds=30)
ANSWERS_LAST = timedelta(hours=1)  # an upload older than this may be gone from the platform: it is made anew
log = logging.getLogger("termbell")


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Publishes claimed deliveries. `answerer` makes the answerer of an account: the network, or a rehearsal."""

    store: Store
    accounts: Mapping[str, ConfiguredAccount]
    answerer: Callable[[ConfiguredAccount], Ask]
    by: str  # names the process in claims
    now: Callable[[], datetime]
    timeout: float  # seconds a request may be under way
    hide: Callable[[str], str] = str  # takes secrets out of what is kept; an adapter's own fault may have one in its words

    def work(self, account: str, stopping: Callable[[], bool] = lambda: False) -> int:
        """Publishes what the account has due, one after the other; returns how many attempts were made."""
        made = 0
        while not stopping():
            row = self.store.claim(account, self.by, self.now())
            if row is None:
                break
            self.deliver(row)
            made += 1
        return made

    def deliver(self, row: Row) -> None:
        """One attempt at a claimed delivery. Whatever happens, the store says how it ended."""
        noted = logging.LoggerAdapter(log, {"delivery": row.key, "account": row.account, "entry": row.entry})
        try:
            with self._hiding():
                self._attempt(row, noted)
        except InDoubt as doubt:
            noted.warning("in doubt, looking later: %s", doubt)
            self._look_later(row, str(doubt))
        except LoginNeeded as refused:
            noted.warning("login needed: %s", refused)
            self.store.hold_account(row.account, str(refused))
            self._keep_waiting(row, refused)
        except TryLater as later:
            self._try_later(row, later, noted)
        except Rejected as no:
            noted.error("failed: %s", no)
            self.store.failed(row.key, str(no))
        except WrongStatus as lost:  # another process has it now, and says how it ends
            noted.warning("left to another process: %s", lost)
        except Exception as fault:  # one delivery's fault must not end the daemon
            noted.exception("unexpected %s", type(fault).__name__)
            self._after_a_fault(row, self.hide(f"{type(fault).__name__}: {fault}"))

    @contextmanager
    def _hiding(self) -> Iterator[None]:
        """Whatever an error says, it says without secrets: it is kept, and shown to people."""
        try:
            yield
        except PublishError as fault:
            fault.args = (self.hide(str(fault)),)
            raise

    def _attempt(self, row: Row, noted: "logging.LoggerAdapter[logging.Logger]") -> None:
        configured = self.accounts.get(row.account)
        if configured is None:
            raise Rejected(f"{row.place}: {row.entry}: config.yaml has no account called '{row.account}' any more")
        refusal = self.store.held_accounts().get(row.account)
        if refusal:
            raise LoginNeeded(refusal)
        ask = self.answerer(configured)
        post = with_reply(row.post, self.store.row(row.after) if row.after else None)
        doubt = self.store.unanswered(row.key)
        if doubt:
            found = self._settled(row, configured, post, doubt, ask)
            if found is not None:
                self._published(row, found, noted, " (was up already)")
                return
        self.store.forget(row.key, before=self.now() - ANSWERS_LAST)
        journalled = Journalled(store=self.store, key=row.key, by=self.by, answerer=ask, now=self.now)
        self._published(row, configured.platform.publish(configured.account, post, journalled), noted)

    def _published(self, row: Row, published: Published, noted: "logging.LoggerAdapter[logging.Logger]", how: str = "") -> None:
        self.store.published(row.key, published)
        noted.info("published%s %s", how, published.url or published.id)
        for note in published.notes:
            noted.warning("%s", note)

    def _settled(self, row: Row, configured: ConfiguredAccount, post: Post, doubt: Unanswered, ask: Ask) -> Published | None:
        """What is up; None: it may leave again. Raises `InDoubt` while neither can be said."""
        platform = configured.platform
        if doubt.remembered == FOREVER and doubt.looks == 0:
            self.store.looked(doubt.id)
            return None
        settled_at = doubt.sent_at + timedelta(seconds=self.timeout + platform.find_after)
        if self.now() < settled_at:
            raise InDoubt(f"{row.platform} '{doubt.step}' was sent at {doubt.sent_at:%H:%M:%S} UTC and never answered")
        if platform.find:
            found = platform.find(configured.account, post, ask)
            if found:
                return found
        if not self._is_remembered(doubt) and (not platform.find or doubt.looks == 0):
            self.store.looked(doubt.id)
            raise InDoubt(f"{row.platform} '{doubt.step}' was sent at {doubt.sent_at:%H:%M:%S} UTC and never answered")
        return None

    def _is_remembered(self, doubt: Unanswered) -> bool:
        """Whether the platform still recognises a second sending; its memory begins with the first one."""
        return (self.now() - doubt.left_at).total_seconds() < doubt.remembered

    def _look_later(self, row: Row, why: str) -> None:
        """Looks when the request can no longer be under way; without a way to look, a person decides."""
        doubt = self.store.unanswered(row.key)
        configured = self.accounts[row.account]
        if doubt is None:  # the doubt was a look's own, not the publish's
            self.store.again(row.key, self.now() + pause(row.attempts, None), why)
            return
        if (not configured.platform.find and not self._is_remembered(doubt)) or row.attempts >= MOST_ATTEMPTS:
            self.store.in_doubt(row.key, f"{why}; look at {row.account}, then: "
                                         f"termbell resolve {row.key[:8]} --published URL | --again | --drop")
            return
        settled_at = doubt.sent_at + timedelta(seconds=self.timeout + configured.platform.find_after)
        at_once = doubt.remembered == FOREVER and doubt.looks == 0
        at = self.now() + pause(row.attempts, None) if at_once else max(settled_at, self.now() + (SECOND_LOOK if doubt.looks else timedelta()))
        self.store.again(row.key, at, why)

    def _keep_waiting(self, row: Row, refused: LoginNeeded) -> None:
        self.store.hold(row.key, "login", str(refused))

    def _try_later(self, row: Row, later: TryLater, noted: "logging.LoggerAdapter[logging.Logger]") -> None:
        at = self.now() + pause(row.attempts, later.after)
        if later.response is not None and later.response.status == 429:
            self.store.pause_account(row.account, at)
        if gives_up(row, at) and self.store.unanswered(row.key) is None:
            noted.error("failed, the next attempt would be too late: %s", later)
            self.store.failed(row.key, f"{later}; {row.attempts} attempts, and the next one would be too late")
            return
        noted.warning("trying again at %s: %s", f"{at:%H:%M:%S} UTC", later)
        self.store.again(row.key, at, str(later))

    def _after_a_fault(self, row: Row, what: str) -> None:
        if self.store.unanswered(row.key):
            self._look_later(row, what)
        else:
            self.store.failed(row.key, what)
