"""A body on its way out: read a little at a time, each little with the timeout to itself, since a long video on a slow line takes
its time."""

from collections.abc import Callable, Iterator, Sequence

from platforms.base import Media, Part
from scheduler.engine.wire import Encoded, Piece, chunks, whole

Gone = Callable[[Media, int], None]  # told that a file has left so far


def unseen(media: Media, position: int) -> None:
    pass


class Leaving:
    """What the HTTP library reads the body from, as if it were a file; it may begin again.

    It is asked for once the connection stands, which is the last moment at which nothing can have happened yet: then the fence is called.
    """

    def __init__(
        self, pieces: Sequence[Piece], fence: Callable[[], None], gone: Gone = unseen
    ) -> None:
        self._pieces, self._fence, self._gone = pieces, fence, gone
        self.seek(0)

    def tell(self) -> int:
        return self._at

    def seek(self, position: int) -> int:
        """To the beginning: there is no other way back."""
        assert position == 0
        self._at, self._waiting, self._chunks = 0, b"", self._read()
        return 0

    def read(self, size: int) -> bytes:
        if self._at == 0:
            self._fence()
        while not self._waiting:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._waiting = chunk
        some, self._waiting = self._waiting[:size], self._waiting[size:]
        self._at += len(some)
        return some

    def _read(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes | Encoded):
                yield from chunks(piece)
                continue
            position = piece.start if isinstance(piece, Part) else 0
            for chunk in chunks(piece):
                yield chunk
                position += len(chunk)
                self._gone(whole(piece), position)
