"""How often a platform takes a post: when an account may post next, and what of a plan cannot go out in time because of it.

The caps are data of each adapter's `Limits`. What an account has posted stands in the store; in a plan it is what is due.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from platforms.base import Cap, Limits
from scheduler.calendar.model import Delivery
from scheduler.problems import Problem


def free_at(
    caps: Iterable[Cap], posted: Callable[[Cap], list[datetime]], now: datetime
) -> datetime:
    """When another post may leave: now, or when the oldest of a full window is far enough back.

    `posted` answers when posts that count for a cap were published in its last `seconds`, the earliest first.
    """
    times = ((cap, posted(cap)) for cap in caps)
    return max(
        (
            found[-cap.posts] + timedelta(seconds=cap.seconds)
            for cap, found in times
            if len(found) >= cap.posts
        ),
        default=now,
    )


def too_many(deliveries: Iterable[Delivery], limits: Mapping[str, Limits]) -> Iterator[Problem]:
    """What the caps let out only when its grace is over, in the order it is due."""
    posted: dict[tuple[str, Cap], list[datetime]] = defaultdict(list)
    for one in deliveries:
        leaves, full = one.due, None
        windows = {
            cap: posted[one.platform if cap.of == "app" else one.account, cap]
            for cap in limits[one.account].caps
        }
        for cap, times in windows.items():
            if (
                len(times) >= cap.posts
                and times[-cap.posts] + timedelta(seconds=cap.seconds) > leaves
            ):
                leaves, full = times[-cap.posts] + timedelta(seconds=cap.seconds), cap
        for times in windows.values():
            times.append(leaves)
        if full and one.late != "publish" and leaves > one.due + timedelta(seconds=one.grace):
            yield Problem(
                "too-often",
                f"{one.entry}: {one.platform} takes {full.posts} posts in {_length(full.seconds)}, and this is one more "
                f"({one.account}): it could leave at {leaves:%Y-%m-%d %H:%M}, when it is too late; move it, or raise its `grace`",
                one.place,
                "warning",
            )


def _length(seconds: float) -> str:
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            number = round(seconds / size)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{seconds:g} seconds"
