"""Answers requests with `file:` URLs, for the built-in site: a folder of files, of which no reader ever sees half.

    GET file     its bytes, with an `etag`; 204 without a body where there is no such file
    HEAD folder  200 when files can be written there
    PUT file     a picture or video, copied; or bytes. With a header `inside`, a folder, not where a symbolic link leads out of it
    DELETE file  gone, also where it was gone already
    PUT folder   the texts in `json` (relative path -> text), all or, seen by a reader, in the order given

A `PUT` of a folder writes every text to a file beside its target first, on disk, and then renames them one after the
other. What can go wrong (a full disk, a folder that is not ours) goes wrong before the first rename, with nothing
changed. Killed between two renames, it is completed by the same request sent again, so the sender orders the files so
that each only links to those before it. The temporary names are fixed: what a killed one left behind is overwritten.

`if-match: etag` or `if-none-match: *` speak of the last file, which says what the others were made from: two writers
that have read the same one do not lose each other's posts. A file that already holds the text is left alone, so its
date stays, and tools that copy the folder to a web host copy only what is new.
"""

import errno
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock, Timeout

from platforms.base import InDoubt, Media, Rejected, Request, Response, Secrets, TryLater
from scheduler.digests import digest_now
from scheduler.engine.wire import Piece, chunks, look_at, size_of, whole
from scheduler.engine.wire import content as content_of

LOCK = ".termbell.lock"
REMEDIES = {
    errno.ENOSPC: "the disk is full; make room",
    errno.EDQUOT: "the disk quota is used up; make room",
    errno.EROFS: "the disk is read-only; mount it writable, or choose another `folder`",
    errno.EACCES: "this user may not write there; change the permissions, or choose another `folder`",
    errno.EPERM: "this user may not write there; change the permissions, or choose another `folder`",
    errno.ENOTDIR: "a file stands where a folder should be; move it away",
    errno.EEXIST: "a file stands where a folder should be; move it away",
    errno.EISDIR: "a folder stands where a file should be; move it away",
    errno.ENAMETOOLONG: "the path is too long; choose a `folder` with a shorter one",
}
Rename = Callable[[Path, Path], object]


def answer(request: Request, secrets: Secrets, timeout: float) -> Response:
    """Carries out `request`. `timeout`: seconds to wait for another process that is writing to the folder."""
    path = path_of(request.url)
    try:
        if request.method == "GET":
            return read(path)
        if request.method == "HEAD":
            return writable(path)
        if request.method == "DELETE":
            for file in (path, unfinished(path)):
                file.unlink(missing_ok=True)
            return Response()
        if request.json is not None:
            return write_tree(path, request.json, request.headers, timeout, fence=request.fence)
        if "inside" in request.headers:
            folder = Path(request.headers["inside"])
            path = inside(folder, path.relative_to(folder).as_posix())
        return write_file(path, request.body, timeout)
    except OSError as fault:
        raise TryLater(said(fault, path)) from fault


def path_of(url: str) -> Path:
    parts = urlsplit(url)
    path = Path(url2pathname(parts.path))
    plain = parts.scheme == "file" and not (parts.netloc or parts.query or parts.fragment)
    if not plain or not path.is_absolute() or ".." in path.parts or "\0" in str(path):
        raise Rejected(
            f"{url}: no path on this machine; a file URL looks like file:///home/anna/public"
        )
    return path


def read(path: Path) -> Response:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return Response(status=204)
    return Response(headers={"etag": etag(body)}, body=body)


def etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()}"'


def writable(folder: Path) -> Response:
    """Asks the folder, or the nearest one above that is there, in which it will be made."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(there))
    return Response()


def write_file(path: Path, body: Piece | None, timeout: float) -> Response:
    """Under its own name only when it is whole."""
    content = body or b""
    if not isinstance(content, bytes):
        look_at_picture(whole(content))
    make_folder(path.parent)
    with writing(path.parent, timeout):
        if not holds(path, content):
            os.replace(prepared(path, content), path)
            to_disk(path.parent)
    return Response.of({})


def look_at_picture(media: Media) -> None:
    try:
        look_at(media)
    except FileNotFoundError as gone:
        raise Rejected(
            f"{media.file}: the file is gone; `termbell check` makes it anew, then retry"
        ) from gone


def write_tree(
    folder: Path,
    texts: Mapping[str, str],
    headers: Mapping[str, str],
    timeout: float,
    rename: Rename = os.replace,
    fence: Callable[[], None] = lambda: None,
) -> Response:
    """Puts every text in its place, in the order given."""
    targets = {inside(folder, name): text.encode() for name, text in texts.items()}
    make_folder(folder)
    with writing(folder, timeout):
        compare(list(targets)[-1], headers)
        ready = prepared_all(targets)
        fence()
        rename_all(ready, rename)
    return Response.of({})


@contextmanager
def writing(folder: Path, timeout: float) -> Iterator[None]:
    """One writer in `folder` at a time, of all threads and processes; the lock of one that was killed is free."""
    try:
        lock = FileLock(folder / LOCK).acquire(timeout=timeout)
    except Timeout as busy:
        raise TryLater(
            f"{folder}: another process has been writing there for {timeout:g} s; see who holds {LOCK}"
        ) from busy
    with lock:
        yield


def inside(folder: Path, name: str) -> Path:
    """The path of `name` in `folder`; a name that leads out of it, by itself or through a symbolic link, is refused."""
    relative = PurePosixPath(name)
    target = folder / relative
    simple = (
        relative.parts
        and not relative.is_absolute()
        and ".." not in relative.parts
        and not set(name) & set("\\:\0")
    )
    if not simple or not target.resolve().is_relative_to(folder.resolve()):
        raise Rejected(
            f"{folder}: '{name}' leads out of the folder; remove the symbolic link, or choose another `folder`"
        )
    return target


def compare(last: Path, headers: Mapping[str, str]) -> None:
    """Raises where `last` is no longer the one that the sender has read."""
    found = read(last).headers.get("etag")
    expected = headers.get("if-match")
    if (expected and found != expected) or (headers.get("if-none-match") == "*" and found):
        raise TryLater(
            f"{last}: changed while the new one was being made; it is read again at the next attempt"
        )


def prepared_all(targets: Mapping[Path, bytes]) -> dict[Path, Path]:
    """Target -> the finished file beside it, for those that change."""
    ready: dict[Path, Path] = {}
    try:
        for target, content in targets.items():
            if not holds(target, content):
                make_folder(target.parent)
                ready[target] = prepared(target, content)
    except OSError:
        for one in ready.values():
            one.unlink(missing_ok=True)
        raise
    return ready


def rename_all(ready: Mapping[Path, Path], rename: Rename) -> None:
    """From the first rename on readers may see something: what fails now is in doubt."""
    for target, temporary in ready.items():
        try:
            rename(temporary, target)
            to_disk(
                target.parent
            )  # before the next: a power cut must not keep the index and lose the page
        except OSError as fault:
            raise InDoubt(said(fault, target)) from fault


def holds(path: Path, content: Piece) -> bool:
    """Whether `content` stands there already. A folder in its place is found here, before anything is renamed."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    try:
        if path.stat().st_size != size_of(content):
            return False
        return (
            digest_now(path) == content.digest
            if isinstance(content, Media)
            else path.read_bytes() == content_of(content)
        )
    except FileNotFoundError:
        return False


def prepared(target: Path, content: Piece) -> Path:
    """A file with `content` beside `target`, on disk."""
    temporary = unfinished(target)
    temporary.unlink(
        missing_ok=True
    )  # left by one that was killed, or a link that somebody laid there
    try:
        with temporary.open("xb") as file:
            file.writelines(chunks(content))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def unfinished(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def make_folder(folder: Path) -> None:
    """Makes it and those above it, each on disk in the one that holds it."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in missing:
        to_disk(one.parent)


def to_disk(folder: Path) -> None:
    """Makes renames in `folder` survive a power cut. Windows opens no folders, and needs none for this."""
    if os.name == "nt":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def said(fault: OSError, path: Path) -> str:
    """The file, what is wrong and what would be right."""
    reason = REMEDIES.get(fault.errno or 0, "see whether the disk is well")
    return f"{fault.filename or path}: {fault.strerror or fault}: {reason}"
