"""The answerer that writes down before and after, so that a restart repeats nothing it must not.

What was answered is answered again from the journal. A visible request that raises `InDoubt`, or during which the process
dies, stays in the journal without an answer: that row is the doubt, and `delivering` settles it before anything else leaves.

Between writing down and leaving, a process can be held up (a stopped container, a slow login) for so long that another has
taken the delivery over, or its time has passed. So the request carries a fence, which the network calls when it is about to
send: what was written down longer ago than `PROMPT` is written down anew, or, if the delivery is another's now or it is too
late, does not leave.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from platforms.base import Ask, InDoubt, PublishError, Request, Response, TryLater
from scheduler.store import Store

PROMPT = timedelta(seconds=2)


@dataclass(kw_only=True)
class Journalled:
    """Answers one delivery's requests, from the journal where it can, else from `answerer`."""

    store: Store
    key: str  # the delivery's
    claim: str | None  # that holds it
    answerer: Ask
    now: Callable[[], datetime]
    is_empty: bool = False  # nothing of the delivery was asked before: there is nothing to look up
    latest: datetime | None = None  # until when readers may see it first; None: whenever
    answered: tuple[Request, Response] | None = None  # the visible request that was answered, and its answer
    _asked: Counter[str] = field(default_factory=Counter)  # digests; the same poll may be asked many times

    def __call__(self, request: Request) -> Response:
        nth = self._asked[request.digest]
        self._asked[request.digest] += 1
        known = None if request.fresh or self.is_empty else self.store.journal.answer(self.key, request, nth)
        return known or (self._visible(request) if request.is_visible else self._harmless(request))

    def _harmless(self, request: Request) -> Response:
        response = self.answerer(request)
        self.store.journal.kept(self.key, request, self.claim, response, self.now())
        return response

    def _visible(self, request: Request) -> Response:
        self._in_time()
        now = self.now()
        first = self.store.journal.left(self.key, request, self.claim, now)
        try:
            response = self.answerer(replace(request, fence=self._fence(request, now)))
        except InDoubt:
            raise
        except PublishError:
            if first:  # of a second sending it says nothing about the first
                self.store.journal.surely_not(self.key, self.claim)
            raise
        self.answered = request, response
        return response

    def _fence(self, request: Request, written: datetime) -> Callable[[], None]:
        noted = [written]  # not when writing ended: the disk itself may have held it up

        def fence() -> None:
            now = self.now()
            if abs(now - noted[0]) > PROMPT:
                self._in_time()
                self.store.journal.left(self.key, request, self.claim, now)
                noted[0] = now

        return fence

    def _in_time(self) -> None:
        if self.latest and self.now() > self.latest:
            raise TryLater("it was held up until it was too late")
