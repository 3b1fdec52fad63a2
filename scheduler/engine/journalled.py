"""The answerer that writes down before and after, so that a restart repeats nothing it must not.

What was answered is answered again from the journal. A request that raises `InDoubt`, or during which the process dies,
stays in the journal without an answer: that row is the doubt, and `delivering` settles it before anything else leaves.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from platforms.base import Ask, InDoubt, PublishError, Request, Response
from scheduler.store import Store


@dataclass(frozen=True, kw_only=True)
class Journalled:
    """Answers one delivery's requests, from the journal where it can, else from `answerer`."""

    store: Store
    key: str  # the delivery's
    by: str  # who claimed it
    answerer: Ask
    now: Callable[[], datetime]
    asked: Counter[str] = field(default_factory=Counter)  # digests; the same poll may be asked many times

    def __call__(self, request: Request) -> Response:
        nth = self.asked[request.digest]
        self.asked[request.digest] += 1
        known = None if request.fresh else self.store.answer(self.key, request, nth)
        return known or self._sent(request)

    def _sent(self, request: Request) -> Response:
        identifier = self.store.left(self.key, request, self.by, self.now())
        try:
            response = self.answerer(request)
        except InDoubt:
            raise
        except PublishError:
            self.store.surely_not(identifier)
            raise
        self.store.answered(identifier, response, self.now())
        return response
