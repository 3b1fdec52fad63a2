"""What a person has to know of a platform before posts leave, though nothing is wrong with them: a review that is missing, a price."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from platforms.base import Post
from scheduler.calendar.model import Delivery
from scheduler.config import Config
from scheduler.problems import Problem


def noticed(config: Config, deliveries: Iterable[Delivery], today: date) -> Iterator[Problem]:
    """Once an account that has something planned, at the account's line."""
    planned: dict[str, list[Delivery]] = defaultdict(list)
    for one in deliveries:
        planned[one.account].append(one)
    for name, ones in planned.items():
        configured = config.accounts[name]
        said = [
            ("platform-notice", words)
            for words in configured.platform.notices(configured.account, today)
        ]
        if configured.platform.by_hand and not config.notify:
            said.append(
                (
                    "platform-notice",
                    "nobody is told when there is something to post by hand; name under `notify` who shall be",
                )
            )
        for code, words in [*said, *_price(configured.platform.price, ones)]:
            severity = config.checks.severity(code)
            if severity != "off":
                yield Problem(code, f"{name}: {words}", configured.place, severity)


def _price(
    of: Callable[[Post], float] | None, deliveries: list[Delivery]
) -> Iterator[tuple[str, str]]:
    if of is not None:
        posts = (
            "the planned post costs"
            if len(deliveries) == 1
            else f"the {len(deliveries)} planned posts cost"
        )
        yield "price", f"{posts} about ${sum(of(one.post) for one in deliveries):.2f}"
