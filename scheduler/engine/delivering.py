"""One delivery's attempt, from the claim to its outcome, and the settling of doubt.

After a crash or a lost answer the journal holds a visible request without an answer. Before anything leaves again we
look (`find`), but not before the request can no longer be under way; found is published; not found and the platform
remembers our key: the same request leaves again; not found and no key: we look a second time after a pause; neither
`find` nor key: in doubt, and a person decides. A key that is remembered for ever needs no look: the second sending is it.

An outcome that cannot be written down (a full disk) is kept until it can: what is up must not be forgotten.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from platforms.base import (
    FOREVER,
    Ask,
    Cap,
    InDoubt,
    LoginNeeded,
    Lost,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    TryLater,
)
from scheduler.config import ConfiguredAccount
from scheduler.engine.journalled import PROMPT, Journalled
from scheduler.engine.judging import spent
from scheduler.engine.rationing import free_at
from scheduler.engine.retrying import (
    MOST_ATTEMPTS,
    MOST_INTERRUPTED,
    gives_up,
    is_over,
    may_be_late,
    pause,
)
from scheduler.store import Row, Store, StoreFailed, Unanswered, WrongStatus, with_reply

SECOND_LOOK = timedelta(seconds=30)
INSISTING = 1.0  # seconds between two tries to write down an outcome
T = TypeVar("T")
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
    sleep: Callable[[float], None] = time.sleep
    hide: Callable[[str], str] = (
        str  # takes secrets out of what is kept; an adapter's own fault may have one in its words
    )

    def work(self, account: str, stopping: Callable[[], bool] = lambda: False) -> int:
        """Publishes what the account has due, one after the other; returns how many attempts were made."""
        made, row = 0, self._claimed(account, stopping)
        while row:
            row = self.deliver(row, stopping, onwards=True) or self._claimed(account, stopping)
            made += 1
        return made

    def _claimed(self, account: str, stopping: Callable[[], bool]) -> Row | None:
        return (
            None
            if stopping() or not self._may_post(account)
            else self.store.claim(account, self.by, self.now())
        )

    def _may_post(self, account: str) -> bool:
        """Whether the platform takes another post now, by its declared caps; until then the account pauses."""
        configured, now = self.accounts.get(account), self.now()
        free = (
            free_at(
                configured.platform.limits.caps, lambda cap: self._posted(configured, cap, now), now
            )
            if configured
            else now
        )
        if free > now:
            self.store.accounts.pause(account, free)
            log.info(
                "the platform takes no more posts until %s",
                f"{free:%Y-%m-%d %H:%M:%S} UTC",
                extra={"account": account},
            )
        return free <= now

    def _posted(self, configured: ConfiguredAccount, cap: Cap, now: datetime) -> list[datetime]:
        whose = (
            {"platform": configured.platform.name}
            if cap.of == "app"
            else {"account": configured.name}
        )
        return self.store.posted_since(now - timedelta(seconds=cap.seconds), **whose)

    def deliver(
        self, row: Row, stopping: Callable[[], bool] = lambda: False, onwards: bool = False
    ) -> Row | None:
        """One attempt at a claimed delivery. Whatever happens, the store says how it ended. Raises `StoreFailed`.

        Where it shall go `onwards`, the account's next one is claimed in the transaction that says so, if that can be, and returned.
        """
        noted = logging.LoggerAdapter(
            log, {"delivery": row.key, "account": row.account, "entry": row.entry}
        )
        try:
            return self._judged(row, noted, stopping, onwards)
        except WrongStatus as lost:  # another process has it now, and says how it ends
            noted.warning("left to another process: %s", lost)
        return None

    def _judged(
        self,
        row: Row,
        noted: "logging.LoggerAdapter[logging.Logger]",
        stopping: Callable[[], bool],
        onwards: bool,
    ) -> Row | None:
        """An attempt, and what its outcome means for the delivery."""
        try:
            with self._hiding():
                return self._attempt(row, noted, stopping, onwards)
        except InDoubt as doubt:
            noted.warning("in doubt, looking later: %s", doubt)
            self._look_later(row, str(doubt))
        except LoginNeeded as refused:
            if self.store.login_needed(row, str(refused), self.now()):
                noted.warning("login needed: %s", refused)
        except TryLater as later:
            self._try_later(row, later, noted)
        except Rejected as no:
            self._rejected(row, no, noted)
        except (
            WrongStatus,
            StoreFailed,
        ):  # what could not be written down did not leave; the daemon says it and goes on when it can
            raise
        except Exception as fault:  # one delivery's fault must not end the daemon
            noted.exception("unexpected %s", type(fault).__name__)
            self._after_a_fault(row, self.hide(f"{type(fault).__name__}: {fault}"))
        return None

    @contextmanager
    def _hiding(self) -> Iterator[None]:
        """Whatever an error says, it says without secrets: it is kept, and shown to people."""
        try:
            yield
        except PublishError as fault:
            fault.args = (self.hide(str(fault)),)
            raise

    def _attempt(
        self,
        row: Row,
        noted: "logging.LoggerAdapter[logging.Logger]",
        stopping: Callable[[], bool],
        onwards: bool,
    ) -> Row | None:
        configured = self.accounts.get(row.account)
        if configured is None:
            raise Rejected(
                f"{row.place}: {row.entry}: config.yaml has no account called '{row.account}' any more"
            )
        if row.refusal:
            raise LoginNeeded(row.refusal)
        if row.interrupted >= MOST_INTERRUPTED:
            raise Rejected(
                f"the process that published it ended {row.interrupted} times before it was done; look at the log, then retry it"
            )
        ask = self._heeding(configured)
        post = with_reply(row.post, self.store.row(row.after) if row.after else None)
        doubt = None if row.is_untouched else self.store.journal.unanswered(row.key)
        if doubt:
            found = self._settled(row, configured, post, doubt, ask)
            if found is not None:
                self._published(row, found, noted, " (was up already)")
                return None
        if not row.is_untouched:
            self.store.journal.outlived(row.key, self.now())
        is_second = (
            doubt is not None and not doubt.is_suspicion
        )  # then it is up as from the first sending, if at all
        journalled = Journalled(
            store=self.store,
            key=row.key,
            claim=row.claim,
            answerer=ask,
            now=self.now,
            is_empty=row.is_untouched,
            latest=None if is_second or may_be_late(row) else row.late_at,
        )
        try:
            published = configured.platform.publish(configured.account, post, journalled)
        except PublishError as fault:
            journalled.judged(fault)
            raise
        if configured.platform.by_hand:
            self._insist(
                lambda: self._recorded(
                    journalled, lambda: self.store.handed_over(row, published, self.now())
                ),
                noted,
                stopping,
            )
            noted.info("handed over, and waits for a person's word")
            return None
        goes_on = (
            onwards and not configured.platform.limits.caps
        )  # those are counted anew for each post
        following = self._insist(
            lambda: self._recorded(
                journalled,
                lambda: self.store.published(
                    row,
                    published,
                    self.now(),
                    onwards=self.by if goes_on and not stopping() else None,
                ),
            ),
            noted,
            stopping,
        )
        self._tell(published, noted)
        return following

    def _heeding(self, configured: ConfiguredAccount) -> Ask:
        """The account's answerer. Where the platform says that it takes no more for now, what is under way ends, and the next waits."""
        ask = self.answerer(configured)

        def answered(request: Request) -> Response:
            response = ask(request)
            wait = spent(response, self.now())
            if wait:
                self.store.accounts.pause(configured.name, self.now() + timedelta(seconds=wait))
            return response

        return answered

    def _recorded(self, journalled: Journalled, write: Callable[[], T]) -> T:
        """Where the claim ran out meanwhile, whoever has the delivery now finds the answer in the journal, and sends nothing."""
        try:
            return write()
        except WrongStatus:
            if journalled.answered:
                self.store.journal.answered(journalled.key, *journalled.answered, self.now())
            raise

    def _insist(
        self,
        write: Callable[[], T],
        noted: "logging.LoggerAdapter[logging.Logger]",
        stopping: Callable[[], bool],
    ) -> T:
        """Writes down that something is up, however long that takes; only a daemon that is stopped leaves it to the next start."""
        said = False
        while True:
            try:
                return write()
            except StoreFailed as failed:
                if stopping():
                    raise
                if not said:
                    noted.error(
                        "it is up, and that cannot be written down; trying until it can: %s", failed
                    )
                said = True
                self.sleep(INSISTING)

    def _published(
        self,
        row: Row,
        published: Published,
        noted: "logging.LoggerAdapter[logging.Logger]",
        how: str = "",
    ) -> None:
        self.store.published(row, published, self.now())
        self._tell(published, noted, how)

    def _tell(
        self, published: Published, noted: "logging.LoggerAdapter[logging.Logger]", how: str = ""
    ) -> None:
        noted.info("published%s %s", how, published.url or published.id)
        for note in published.notes:
            noted.warning("%s", note)

    def _settled(
        self, row: Row, configured: ConfiguredAccount, post: Post, doubt: Unanswered, ask: Ask
    ) -> Published | None:
        """What is up; None: it may leave again. Raises `InDoubt` while neither can be said."""
        if doubt.remembered == FOREVER and doubt.looks == 0:
            self.store.journal.looked(doubt.id)
            return None
        if self.now() < self._settled_at(doubt, configured):
            raise InDoubt(_unanswered(row, doubt))
        if configured.find:
            others = self.store.ids_of_others(row)
            lost = Lost(
                left_at=doubt.left_at, others=others, answers=self.store.journal.answers(row.key)
            )
            found = configured.find(configured.account, post, lost, ask)
            if found and found.id not in others:
                return found
        if not self._is_remembered(doubt) and (not configured.find or doubt.looks == 0):
            self.store.journal.looked(doubt.id)
            raise InDoubt(_unanswered(row, doubt))
        if doubt.is_suspicion and is_over(row, self.now()):
            raise Rejected(
                "looked for, as it may have been up already, and not found; it is too late now: retry it, or cancel it"
            )
        return None

    def _settled_at(self, doubt: Unanswered, configured: ConfiguredAccount) -> datetime:
        """When the request can no longer be under way, and what it made can be found."""
        return (
            doubt.sent_at
            + PROMPT
            + timedelta(seconds=self.timeout + configured.platform.find_after)
        )

    def _is_remembered(self, doubt: Unanswered) -> bool:
        """Whether the platform still recognises a second sending; its memory begins with the first one."""
        return (self.now() - doubt.left_at).total_seconds() < doubt.remembered

    def _look_later(self, row: Row, why: str) -> None:
        """Looks when the request can no longer be under way; without a way to look, a person decides."""
        doubt = self.store.journal.unanswered(row.key)
        configured = self.accounts[row.account]
        if doubt is None:  # the doubt was a look's own, not the publish's
            self.store.again(row, self.now() + pause(row.attempts, None), why)
            return
        if (
            not configured.find and not self._is_remembered(doubt)
        ) or row.attempts >= MOST_ATTEMPTS:
            self._ask_the_person(row, why)
            return
        at_once = doubt.remembered == FOREVER and doubt.looks == 0
        soon = self.now() + pause(row.attempts, None)
        later = max(
            self._settled_at(doubt, configured), self.now() + SECOND_LOOK if doubt.looks else soon
        )
        self.store.again(row, soon if at_once else later, why)

    def _ask_the_person(self, row: Row, why: str) -> None:
        self.store.in_doubt(
            row,
            f"{why}; look at {row.account}, then: "
            f"termbell resolve {row.key[:8]} --published URL | --again | --drop",
            self.now(),
        )

    def _rejected(
        self, row: Row, no: Rejected, noted: "logging.LoggerAdapter[logging.Logger]"
    ) -> None:
        """A refusal ends it; but where an earlier request is in doubt, the refusal of a look or a second sending does not say that it is not up."""
        doubt = self.store.journal.unanswered(row.key)
        if doubt and not doubt.is_suspicion:
            noted.warning("in doubt, and refused: %s", no)
            self._ask_the_person(row, f"{_unanswered(row, doubt)}, and then: {no}")
            return
        noted.error("failed: %s", no)
        self.store.failed(row, str(no), self.now())

    def _try_later(
        self, row: Row, later: TryLater, noted: "logging.LoggerAdapter[logging.Logger]"
    ) -> None:
        at = self.now() + pause(row.attempts, later.after)
        if later.response is not None and later.response.status == 429:
            self.store.accounts.pause(row.account, at)
        doubt = self.store.journal.unanswered(row.key)
        if doubt and not doubt.is_suspicion:
            if row.attempts >= MOST_ATTEMPTS:
                self._ask_the_person(row, f"{_unanswered(row, doubt)}, and since then: {later}")
                return
        elif gives_up(row, at, self.now()):
            noted.error("failed, the next attempt would be too late: %s", later)
            self.store.failed(
                row,
                f"{later}; {row.attempts} attempts, and the next one would be too late",
                self.now(),
            )
            return
        noted.warning("trying again at %s: %s", f"{at:%H:%M:%S} UTC", later)
        self.store.again(row, at, str(later))

    def _after_a_fault(self, row: Row, what: str) -> None:
        if self.store.journal.unanswered(row.key):
            self._look_later(row, what)
        else:
            self.store.failed(row, what, self.now())


def _unanswered(row: Row, doubt: Unanswered) -> str:
    if doubt.is_suspicion:
        return f"{row.platform}: it may have been published before this store knew of it"
    return (
        f"{row.platform} '{doubt.step}' was sent at {doubt.sent_at:%H:%M:%S} UTC and never answered"
    )
