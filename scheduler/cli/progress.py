"""A line on the terminal while a large file is on its way. Nothing where nobody looks: in a pipe, a log, a service."""

from dataclasses import dataclass, field
from typing import TextIO

from platforms.base import Media
from scheduler.engine.network import Gone, unseen

LARGE = 5_000_000  # bytes; what is smaller is gone before anybody wonders
WIDTH = 60  # of the line, so that a longer one leaves nothing behind


@dataclass(frozen=True)
class Progress:
    """Writes a line over itself, once for each percent. The cursor waits at its beginning: what is logged meanwhile takes its place."""

    out: TextIO
    _percents: dict[tuple[str, str], int] = field(
        default_factory=dict
    )  # account, file -> what was written last

    def __call__(self, account: str, media: Media, position: int) -> None:
        percent = 100 * position // max(media.size, 1)
        if media.size < LARGE or self._percents.get((account, media.digest)) == percent:
            return
        self._percents[account, media.digest] = percent
        line = f"{account}: {position / 1_000_000:,.0f} of {media.size / 1_000_000:,.0f} MB ({percent} %)"
        self.out.write(f"{line:<{WIDTH}}" + ("\n" if position >= media.size else "\r"))
        self.out.flush()


def progress(out: TextIO) -> Gone:
    """Writes to a terminal, and to nothing else."""
    return Progress(out) if out.isatty() else unseen
