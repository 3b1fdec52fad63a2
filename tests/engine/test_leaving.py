"""Large files leave a little at a time, as they were when they were made ready."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from benchmarks.large import WAYS, a_server, measured
from platforms.base import Account, Media, Part, Rejected, Request, TryLater, parts, unsigned
from scheduler.engine.credentials import Trial
from scheduler.engine.leaving import Leaving
from scheduler.engine.network import Network
from scheduler.engine.wire import AT_A_TIME
from tests.engine.support import a_platform
from tests.support import a_video

LARGE, OVER_IDLE = 100_000_000, 20  # bytes; megabytes


@dataclass
class Watched:
    """What was told of a body on its way."""

    fences: int = 0
    gone: list[tuple[Media, int]] = field(default_factory=list)

    def fence(self) -> None:
        self.fences += 1

    def body(self, *pieces: bytes | Media | Part) -> Leaving:
        return Leaving(
            pieces, self.fence, lambda media, position: self.gone.append((media, position))
        )


def read(body: Leaving, size: int = 1000) -> bytes:
    return b"".join(iter(lambda: body.read(size), b""))


def test_the_pieces_leave_one_after_the_other(tmp_path: Path):
    video = a_video(tmp_path, size=3000)

    assert (
        read(Watched().body(b"before", video, b"after"))
        == b"before" + video.file.read_bytes() + b"after"
    )


def test_of_a_part_no_other_bytes_are_read(tmp_path: Path):
    video = a_video(tmp_path, size=3000)
    first, second, last = parts(video, 1400)

    assert read(Watched().body(second)) == video.file.read_bytes()[1400:2800]
    assert read(Watched().body(last)) == video.file.read_bytes()[2800:]
    video.file.write_bytes(video.file.read_bytes()[:1400])
    assert len(read(Watched().body(first))) == 1400


def test_the_fence_is_called_before_the_first_byte_and_again_when_it_begins_again(tmp_path: Path):
    watched = Watched()
    body = watched.body(a_video(tmp_path, size=3000))
    assert watched.fences == 0

    whole = read(body)
    assert (watched.fences, body.tell()) == (1, 3000)

    body.seek(0)
    assert (read(body), watched.fences) == (whole, 2)


def test_how_far_a_file_has_left_is_told_of_a_part_within_the_whole(tmp_path: Path):
    watched = Watched()
    video = a_video(tmp_path, size=AT_A_TIME + 10)

    read(watched.body(b"head", video))
    read(watched.body(parts(video, AT_A_TIME)[1]))

    assert watched.gone == [(video, AT_A_TIME), (video, AT_A_TIME + 10), (video, AT_A_TIME + 10)]


def test_a_file_that_becomes_shorter_on_its_way_breaks_off(tmp_path: Path):
    video = a_video(tmp_path, size=3000)
    video.file.write_bytes(b"short")

    with pytest.raises(OSError, match="has become shorter"):
        read(Watched().body(video))


@pytest.fixture
def url() -> Iterator[str]:
    with a_server() as server:
        yield f"http://127.0.0.1:{server.server_port}/"
        assert server.arrived == 0


def fenced() -> None:
    raise AssertionError("it was about to leave")


@pytest.mark.parametrize("changed", [b"cut", b"X" * 3000], ids=["another size", "the same size"])
@pytest.mark.parametrize("in_parts", [False, True])
def test_a_file_that_has_changed_since_it_was_made_ready_does_not_leave(
    changed: bytes, in_parts: bool, url: str, tmp_path: Path
):
    video = a_video(tmp_path, size=3000)
    body = parts(video, 1000)[1] if in_parts else video
    video.file.write_bytes(changed)

    with pytest.raises(
        Rejected,
        match=r"talk\.mp4: the file has changed since it was checked; put it back as it was",
    ):
        a_network()(Request(step="upload", method="PUT", url=url, body=body, fence=fenced))


def test_a_file_that_is_gone_is_looked_for_later(url: str, tmp_path: Path):
    video = replace(a_video(tmp_path), file=tmp_path / "gone.mp4")

    with pytest.raises(TryLater, match=r"was not sent: .*No such file"):
        a_network()(
            Request(step="upload", method="PUT", url=url, files={"file": video}, fence=fenced)
        )


def a_network() -> Network:
    return Network(Account(name="main", platform="x"), a_platform(sign=unsigned), Trial({}), 5.0)


def test_a_large_file_costs_no_more_memory_than_a_small_one(tmp_path: Path):
    for one in measured(LARGE, tmp_path):
        assert one.arrived >= (0 if one.way == "in a preview" else LARGE)
        assert one.peak - one.idle < OVER_IDLE, one
    assert len(WAYS) == 4
