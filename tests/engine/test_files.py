"""The answerer of `file:`: whole files in order, no way out of the folder, and what it says when the disk does not want."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    InDoubt,
    Json,
    Media,
    Rejected,
    Request,
    Response,
    TryLater,
)
from scheduler.engine.files import LOCK, REMEDIES, answer, said, write_tree, writing
from tests.support import an_image


def ask(
    folder: Path,
    method: str = "GET",
    json: Json = None,
    body: bytes | Media | None = None,
    **headers: str,
) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    repeat = HARMLESS if json is None else DROPPED
    request = Request(
        step="x",
        method=method,
        url=folder.as_uri(),
        json=json,
        body=body,
        headers=named,
        repeat=repeat,
        remembered=FOREVER,
    )
    return answer(request, {}, 0.2)


def test_a_file_that_is_not_there_has_no_content_and_an_empty_one_has(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    assert ask(tmp_path / "missing").status == 204
    assert ask(tmp_path / "empty").status == 200


def test_texts_stand_in_their_places_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "a folder & ümlaut"

    ask(folder, "PUT", {"posts/a/index.html": "ä", "index.html": "b"})

    found = {
        str(file.relative_to(folder)): file.read_text()
        for file in folder.rglob("*")
        if file.is_file() and file.name != LOCK
    }
    assert found == {"posts/a/index.html": "ä", "index.html": "b"}


def test_texts_appear_in_the_order_given(tmp_path: Path) -> None:
    order = []

    def noted(temporary: Path, target: Path) -> None:
        order.append(target.name)
        os.replace(temporary, target)

    write_tree(tmp_path, {"z": "1", "a": "2", "m": "3"}, {}, 1, noted)

    assert order == ["z", "a", "m"]


def test_a_file_that_holds_the_text_already_is_left_alone(tmp_path: Path) -> None:
    ask(tmp_path, "PUT", {"style.css": "same", "index.html": "old"})
    os.utime(tmp_path / "style.css", (1, 1))

    ask(tmp_path, "PUT", {"style.css": "same", "index.html": "new"})

    assert (tmp_path / "style.css").stat().st_mtime == 1
    assert (tmp_path / "index.html").read_text() == "new"


def test_killed_before_any_rename_and_sent_again_it_is_as_if_it_had_not_been_killed(
    tmp_path: Path,
) -> None:
    texts = {"style.css": "a", "posts/x/index.html": "b", "index.html": "c", "posts.json": "d"}
    dying = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from scheduler.engine.files import write_tree\n"
        "left = int(sys.argv[2])\n"
        "def rename(temporary, target):\n"
        "    global left\n"
        "    if left == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left -= 1\n"
        "    os.replace(temporary, target)\n"
        f"write_tree(Path(sys.argv[1]), {texts!r}, {{}}, 1, rename)\n"
    )
    for survived in range(len(texts)):
        folder = tmp_path / str(survived)
        killed = subprocess.run(
            [sys.executable, "-c", dying, str(folder), str(survived)],
            cwd=Path(__file__).parents[2],
            timeout=60,
        )
        assert killed.returncode == -signal.SIGKILL
        assert [name for name in texts if (folder / name).exists()] == list(texts)[:survived]

        ask(folder, "PUT", texts)

        found = {
            str(file.relative_to(folder)): file.read_text()
            for file in folder.rglob("*")
            if file.is_file() and file.name != LOCK
        }
        assert found == texts


def test_two_writers_that_read_the_same_do_not_lose_each_others_text(tmp_path: Path) -> None:
    ask(tmp_path, "PUT", {"posts.json": "one"})
    read = ask(tmp_path / "posts.json").headers["etag"]
    ask(tmp_path, "PUT", {"posts.json": "one two"}, if_match=read)

    with pytest.raises(TryLater, match=r"posts\.json: changed while"):
        ask(tmp_path, "PUT", {"index.html": "one three", "posts.json": "one three"}, if_match=read)

    assert (tmp_path / "posts.json").read_text() == "one two"
    assert not (tmp_path / "index.html").exists()


def test_who_found_nothing_does_not_overwrite_what_came_since(tmp_path: Path) -> None:
    ask(tmp_path, "PUT", {"posts.json": "theirs"}, if_none_match="*")

    with pytest.raises(TryLater):
        ask(tmp_path, "PUT", {"posts.json": "ours"}, if_none_match="*")


def test_a_writer_waits_for_another_no_longer_than_it_was_told(tmp_path: Path) -> None:
    with (
        writing(tmp_path, 1),
        pytest.raises(TryLater, match=r"another process has been writing there for 0\.2 s"),
    ):
        ask(tmp_path, "PUT", {"index.html": "x"})


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "", ".", "a\\..\\x", "C:/x", "nul\0", "out/x"]
)
def test_a_path_that_leaves_the_folder_is_refused_and_nothing_is_written(
    tmp_path: Path, name: str
) -> None:
    folder, outside = tmp_path / "public", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "out").symlink_to(outside)

    with pytest.raises(Rejected, match="leads out of the folder"):
        ask(folder, "PUT", {"index.html": "fine", name: "bad"})

    assert list(outside.iterdir()) == []
    assert list(folder.iterdir()) == [folder / "out"]


@pytest.mark.parametrize(
    "url",
    [
        "file:///a/../etc/x",
        "file://host/x",
        "file:x",
        "file:///x?y",
        "https://example.org/x",
        "file:///%2e%2e/x",
    ],
)
def test_a_url_that_is_no_path_here_is_refused(url: str) -> None:
    with pytest.raises(Rejected, match="no path on this machine"):
        answer(Request(step="x", url=url), {}, 1)


def test_a_link_laid_in_the_place_of_a_temporary_file_is_not_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "public", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("untouched")
    (folder / ".index.html.part").symlink_to(outside)

    ask(folder, "PUT", {"index.html": "x"})

    assert outside.read_text() == "untouched"
    assert not (folder / "index.html").is_symlink()


def test_a_picture_arrives_byte_for_byte(tmp_path: Path) -> None:
    picture = an_image(tmp_path)

    ask(tmp_path / "public/media" / picture.name, "PUT", body=picture)
    ask(tmp_path / "public/media" / picture.name, "PUT", body=picture)

    assert (tmp_path / "public/media" / picture.name).read_bytes() == picture.file.read_bytes()


def test_a_picture_that_changed_or_went_since_it_was_checked_is_refused(tmp_path: Path) -> None:
    picture = an_image(tmp_path)
    other = replace(picture, digest=hashlib.sha256(b"other").hexdigest())
    gone = replace(picture, file=tmp_path / "gone.png")

    with pytest.raises(Rejected, match=r"door\.png: the file has changed"):
        ask(tmp_path / "copy.png", "PUT", body=other)
    with pytest.raises(
        Rejected, match=r"gone\.png: the file is gone; `termbell check` makes it anew"
    ):
        ask(tmp_path / "copy.png", "PUT", body=gone)
    assert not (tmp_path / "copy.png").exists()


def test_a_folder_where_a_file_should_be_is_found_before_anything_changes(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").mkdir()

    with pytest.raises(
        TryLater, match=r"feed\.xml: Is a directory: a folder stands where a file should be"
    ):
        ask(tmp_path, "PUT", {"index.html": "x", "feed.xml": "y"})

    assert sorted(file.name for file in tmp_path.iterdir()) == [LOCK, "feed.xml"]


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "public").touch()

    for method, json in (("HEAD", None), ("PUT", {"index.html": "x"})):
        with pytest.raises(
            TryLater, match=r"public: .*: a file stands where a folder should be; move it away"
        ):
            ask(tmp_path / "public", method, json)


def test_a_folder_that_is_not_there_yet_can_be_written_to(tmp_path: Path) -> None:
    assert ask(tmp_path / "new/public", "HEAD").status == 200
    assert not (tmp_path / "new").exists()


def test_what_fails_between_two_renames_is_in_doubt(tmp_path: Path) -> None:
    def failing(temporary: Path, target: Path) -> None:
        if target.name == "index.html":
            raise OSError(errno.EIO, "Input/output error", str(target))
        os.replace(temporary, target)

    with pytest.raises(
        InDoubt, match=r"index\.html: Input/output error: see whether the disk is well"
    ):
        write_tree(tmp_path, {"page.html": "x", "index.html": "y"}, {}, 1, failing)


@pytest.mark.parametrize(("number", "remedy"), REMEDIES.items())
def test_an_error_names_the_file_the_fault_and_the_remedy(number: int, remedy: str) -> None:
    message = said(
        OSError(number, os.strerror(number), "/srv/public/.index.html.part"), Path("/srv/public")
    )

    assert message == f"/srv/public/.index.html.part: {os.strerror(number)}: {remedy}"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs Linux's /proc")
def test_a_disk_that_cannot_be_written_is_tried_later() -> None:
    """A file system that takes no file: /proc is one on every Linux, also for root."""
    with pytest.raises(TryLater, match="/proc/termbell"):
        ask(Path("/proc/termbell"), "PUT", {"index.html": "x"})
