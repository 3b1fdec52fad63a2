"""The answerer that writes down before and after, so that a restart repeats nothing it must not.

What was answered is answered again from the journal. Where a publish has several visible requests, the answer to each is written
down before the next one leaves, so that there is never more than one in doubt. A visible request that raises `InDoubt`, or during which the process
dies, stays in the journal without an answer: that row is the doubt, and `delivering` settles it before anything else leaves.

It is written down at the last moment at which nothing can have happened yet: the request carries a fence, which the network
calls when the connection stands and the first byte of the body, or the dot of a mail, is about to leave. What fails or dies
before that leaves no doubt. At the fence it also turns out whether it still may leave: a process can be held up (a stopped
container, a slow login) for so long that another has taken the delivery over, or its time has passed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from platforms.base import (
    Account,
    AlreadySent,
    Ask,
    InDoubt,
    Platform,
    Post,
    Published,
    PublishError,
    Request,
    Response,
    TryLater,
)
from scheduler.engine.clock import not_known
from scheduler.engine.judging import NOT_AS_DOCUMENTED, unreadable
from scheduler.store import Store
from scheduler.store.rows import Uptime

PROMPT = timedelta(
    seconds=2
)  # for which a passed fence stays open: the same request may be asked for its body twice
TRIES = 4  # to note a request promptly


@dataclass(kw_only=True)
class Journalled:
    """Answers one delivery's requests, from the journal where it can, else from `answerer`."""

    store: Store
    key: str  # the delivery's
    claim: str | None  # that holds it
    answerer: Ask
    now: Callable[[], datetime]
    timeout_of: Callable[[Request], float] = lambda request: 0.0  # seconds it may be under way
    uptime: Callable[[], Uptime | None] = not_known
    is_empty: bool = False  # nothing of the delivery was asked before: there is nothing to look up
    latest: datetime | None = None  # until when readers may see it first; None: whenever
    answered: tuple[Request, Response] | None = (
        None  # the visible request that was answered, and its answer
    )
    is_begun: bool = False  # readers see a part of it: the rest goes out as well, however late
    _asked: Counter[str] = field(
        default_factory=Counter
    )  # digests; the same poll may be asked many times

    _read: str = ""  # the step whose answer the adapter has; empty while a request is under way
    _shown: str = ""  # the visible step that was answered

    def publish(self, platform: Platform, account: Account, post: Post) -> Published:
        """Publishes the post with these answers. Raises `PublishError`, also where an answer cannot be read."""
        try:
            return platform.publish(account, post, self)
        except PublishError as fault:
            self.judged(fault)
            raise
        except NOT_AS_DOCUMENTED as fault:
            if not self._read:
                raise  # no answer is the reason
            raise self._unreadable(platform, fault) from fault

    def _unreadable(self, platform: Platform, fault: Exception) -> PublishError:
        """An answer is not what the adapter expects. Which one it was cannot be known, so that the next attempt asks all again."""
        step = self._shown or self._read
        why = f"{platform.name} answered '{step}' not as documented: {unreadable(fault)}"
        if self._shown:
            return InDoubt(why)
        if self.store.journal.unanswered(self.key) is None:
            self.store.journal.forget(self.key)
        return TryLater(why)

    def __call__(self, request: Request) -> Response:
        self._read = ""
        answer = self._answer(request)
        self._read = request.step
        if request.is_visible:
            self._shown = request.step
        return answer

    def _answer(self, request: Request) -> Response:
        nth = self._asked[request.digest]
        self._asked[request.digest] += 1
        known = (
            None
            if request.fresh or self.is_empty
            else self.store.journal.answer(self.key, request, nth)
        )
        if known:
            self.is_begun = self.is_begun or request.is_visible
            return known
        return self._visible(request) if request.is_visible else self._harmless(request)

    def _harmless(self, request: Request) -> Response:
        response = self.answerer(request)
        self.store.journal.kept(self.key, request, self.claim, response, self.now())
        return response

    def _visible(self, request: Request) -> Response:
        if not self.is_empty and self.store.journal.reopen(self.key, request):
            raise InDoubt(f"'{request.step}' was answered before, and is written differently now")
        if self.answered:
            self.store.journal.answered(self.key, *self.answered, self.now())
            self.is_begun = True
        fence = Fence(by=self, request=request)
        try:
            response = self.answerer(replace(request, fence=fence))
        except InDoubt as doubt:
            fence.reached()
            if isinstance(doubt, AlreadySent):
                self.store.journal.had_no_effect(self.key)
            raise
        except PublishError:
            if fence.has_passed:  # of a second sending it says nothing about the first
                self.store.journal.surely_not(self.key, self.claim)
            raise
        self.answered = (request, response)
        return response

    def judged(self, fault: PublishError) -> None:
        """Some platforms say no with a 200. An adapter that reads it so raises with that answer: nothing of the request is up."""
        if self.answered and fault.response is self.answered[1] and not isinstance(fault, InDoubt):
            self.store.journal.surely_not(self.key, self.claim)


@dataclass(kw_only=True)
class Fence:
    """What a visible request has to pass."""

    by: Journalled
    request: Request
    _passed_at: datetime | None = None

    def __call__(self) -> None:
        """Raises `WrongStatus` where another has the delivery, `TryLater` where it is too late, `StoreFailed` where it cannot be noted.

        The disk may hold up the writing itself, so that it is looked at the time once more afterwards.
        """
        for _ in range(TRIES):
            now = self.by.now()
            if self._passed_at is not None and abs(now - self._passed_at) <= PROMPT:
                return
            if self.by.latest and now > self.by.latest and not self.by.is_begun:
                raise TryLater("it was held up until it was too late")
            self.by.store.journal.left(
                self.by.key,
                self.request,
                self.by.claim,
                now,
                timeout=self.by.timeout_of(self.request),
                is_new=not self.has_passed,
                uptime=self.by.uptime(),
            )
            self._passed_at = now
        raise TryLater(
            f"the store took longer than {PROMPT.total_seconds():g} s to note that it leaves, {TRIES} times"
        )

    @property
    def has_passed(self) -> bool:
        return self._passed_at is not None

    def reached(self) -> None:
        """An answerer that is in doubt without having asked for the fence was past it all the same."""
        if not self.has_passed:
            self()
