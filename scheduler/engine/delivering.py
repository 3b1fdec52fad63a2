"""One delivery's attempt, from the claim to its outcome, and what follows from a lost answer.

After a crash or a lost answer the journal holds a visible request without an answer. `doubts.py`
says in a table what to do about it: look, send again, or ask the person.

An outcome that cannot be saved (a full disk) is kept until it can: what is published must not be
forgotten.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from platforms.base import (
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
from platforms.recent import Found, Look, look
from scheduler.config import ConfiguredAccount
from scheduler.engine.clock import not_known
from scheduler.engine.doubts import MOST_FAILURES, PATIENCE, Case, Doubt, Then, Way, after, doubt_of
from scheduler.engine.journalled import Journalled
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
from scheduler.engine.wire import time_under_way
from scheduler.store import Row, Store, StoreFailed, Unanswered, WrongStatus, with_reply
from scheduler.store.rows import Uptime

MOST_OF = {Way.RECORD: MOST_ATTEMPTS, Way.LOOK: 100}  # attempts; looks are among them
INSISTING = 1.0  # seconds between two tries to save an outcome
T = TypeVar("T")
Noted = logging.LoggerAdapter[logging.Logger]
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
    uptime: Callable[[], Uptime | None] = not_known
    patience: float = PATIENCE  # seconds for which a post without an answer is looked for
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
        noted: Noted,
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
        noted: Noted,
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
        doubt = None if row.is_untouched else self._doubt(row, configured)
        if doubt and not self._is_settled(row, configured, post, doubt, ask, noted):
            return None
        if not row.is_untouched:
            self.store.journal.outlived(row.key, self.now())
        is_repetition = doubt is not None and doubt.way is Way.RECORD
        journalled = Journalled(
            store=self.store,
            key=row.key,
            claim=row.claim,
            answerer=ask,
            now=self.now,
            uptime=self.uptime,
            timeout_of=lambda request: time_under_way(request, self.timeout),
            is_empty=row.is_untouched,
            latest=None if is_repetition or may_be_late(row) else row.late_at,
        )
        published = journalled.publish(configured.platform, configured.account, post)
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
        noted: Noted,
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
        noted: Noted,
        how: str = "",
    ) -> None:
        self.store.published(row, published, self.now())
        self._tell(published, noted, how)

    def _tell(self, published: Published, noted: Noted, how: str = "") -> None:
        noted.info("published%s %s", how, published.url or published.id)
        for note in published.notes:
            noted.warning("%s", note)

    def _doubt(self, row: Row, configured: ConfiguredAccount) -> Doubt | None:
        """The delivery's visible request without an answer, if there is one."""
        request = self.store.journal.unanswered(row.key)
        if request is None:
            return None
        request = request.by_clock(self.now(), self.uptime())
        return doubt_of(request, configured, timeout=self.timeout, patience=self.patience)

    def _is_settled(
        self,
        row: Row,
        configured: ConfiguredAccount,
        post: Post,
        doubt: Doubt,
        ask: Ask,
        noted: Noted,
    ) -> bool:
        """Whether the post may leave. If not, the store says what becomes of it."""
        if doubt.way is Way.NONE:
            self._ask_the_person(row, _unanswered(row, doubt.request))
            return False
        if row.origin not in (None, configured.origin):
            moved = f"{_unanswered(row, doubt.request)}, and {row.account} is elsewhere now"
            self._ask_the_person(row, moved)
            return False
        if self.now() < doubt.look_at:
            self.store.again(row, doubt.look_at, _looking(doubt))
            return False
        found = self._looked(row, configured, post, doubt, ask)
        then = after(doubt.way, self._case(row, doubt, found))
        noted.info("the look for it says: %s%s", found.found, f" ({found.why})" * bool(found.why))
        if then is Then.PUBLISHED:
            assert found.post
            self._published(row, _with_note(found), noted, " (was there already)")
        elif then is Then.LOOK:
            at = doubt.next_look(found.found, self.now())
            self.store.again(row, at, _looking(doubt, found.why))
        elif then is Then.IN_DOUBT:
            self._ask_the_person(row, _undecided(row, doubt, found))
        elif then is Then.MISSED:
            self.store.missed(row, _not_there(doubt, self.now()), self.now())
        return then is Then.SEND

    def _case(self, row: Row, doubt: Doubt, found: Look) -> Case:
        request = doubt.request
        return Case(
            found=found.found,
            is_over=request.is_suspicion or self.now() >= doubt.over_at,
            was_repeated=not request.is_suspicion and request.sendings > 1,
            is_late=is_over(row, self.now()),
            has_failed=request.failures + 1 >= MOST_FAILURES,
        )

    def _looked(
        self, row: Row, configured: ConfiguredAccount, post: Post, doubt: Doubt, ask: Ask
    ) -> Look:
        """Looks once, and counts it. Raises `LoginNeeded`."""
        if not configured.can_look:
            return Look(found=Found.FAILED, why=f"{row.platform} cannot be asked")
        left_at = doubt.request.left_at
        lost = Lost(
            left_at=left_at,
            others=self.store.ids_of_others(row),
            newer=self.store.ids_sent_since(row, left_at),
            answers=self.store.journal.answers(row.key),
            now=self.now,
        )
        try:
            found = look(configured.platform, configured.account, post, lost, ask)
        except LoginNeeded:
            raise
        except PublishError as fault:
            self._pause_where_asked(row, fault)
            found = Look(found=Found.FAILED, why=str(fault))
        if found.found in (Found.ABSENT, Found.FAILED):
            self.store.journal.looked(doubt.request.id, failed=found.found is Found.FAILED)
        return found

    def _pause_where_asked(self, row: Row, fault: PublishError) -> None:
        if isinstance(fault, TryLater) and fault.response and fault.response.status == 429:
            self.store.accounts.pause(row.account, self.now() + pause(row.attempts, fault.after))

    def _look_later(self, row: Row, why: str) -> None:
        """Looks when the request is no longer under way; without a way to look, a person decides."""
        doubt = self._doubt(row, self.accounts[row.account])
        if doubt is None:  # nothing left: the store could not be written
            self.store.again(row, self.now() + pause(row.attempts, None), why)
        elif doubt.way is Way.NONE or row.attempts >= MOST_OF[doubt.way]:
            self._ask_the_person(row, why)
        else:
            self.store.again(row, max(doubt.look_at, self.now()), _looking(doubt))

    def _ask_the_person(self, row: Row, why: str) -> None:
        self.store.in_doubt(
            row,
            f"{why}; look at {row.account}, then: "
            f"termbell resolve {row.key[:8]} --published URL | --again | --drop",
            self.now(),
        )

    def _rejected(self, row: Row, no: Rejected, noted: Noted) -> None:
        """A refusal ends it; but where an earlier request is in doubt, the refusal of a look or a second sending does not say that it is not up."""
        doubt = self.store.journal.unanswered(row.key)
        if doubt and not doubt.is_suspicion:
            noted.warning("in doubt, and refused: %s", no)
            self._ask_the_person(row, f"{_unanswered(row, doubt)}, and then: {no}")
            return
        noted.error("failed: %s", no)
        self.store.failed(row, str(no), self.now())

    def _try_later(self, row: Row, later: TryLater, noted: Noted) -> None:
        at = self.now() + pause(row.attempts, later.after)
        self._pause_where_asked(row, later)
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


def _unanswered(row: Row, request: Unanswered) -> str:
    if request.is_suspicion:
        return f"{row.platform}: it may have been published before this store knew of it"
    return f"{row.platform} '{request.step}' was sent at {request.sent_at:%H:%M:%S} UTC, no answer"


def _looking(doubt: Doubt, why: str = "") -> str:
    """What `status` shows meanwhile."""
    request = doubt.request
    because = f" ({why})" if why else ""
    if request.is_suspicion:
        return f"it may have been published earlier; looking for it{because}"
    sent = f"sent at {request.sent_at:%H:%M:%S} UTC, no answer"
    return f"{sent}; looking until {doubt.looks_until:%H:%M:%S} UTC{because}"


def _not_there(doubt: Doubt, now: datetime) -> str:
    request = doubt.request
    if request.is_suspicion:
        return "it may have been published earlier; it was not found, and now it is too late"
    sent = f"sent at {request.sent_at:%H:%M:%S} UTC, no answer"
    return f"{sent}, not there at {now:%H:%M:%S} UTC, and now it is too late"


def _undecided(row: Row, doubt: Doubt, found: Look) -> str:
    about = _unanswered(row, doubt.request)
    if found.post:
        return f"{about}; {found.why}: {found.post.url or found.post.id}"
    if found.found is Found.ABSENT:
        return f"{about}, and it was not found after a second sending"
    return f"{about}; looking failed {MOST_FAILURES} times: {found.why}"


def _with_note(found: Look) -> Published:
    assert found.post
    if found.found is not Found.REMOVED:
        return found.post
    note = "somebody has removed it from the platform since"
    return replace(found.post, notes=(*found.post.notes, note))
