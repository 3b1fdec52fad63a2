"""Files that are nobody's business but the person's: what stands in the state folder, whatever the umask is."""

import os
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def private_folder(folder: Path) -> None:
    """Makes it where it is not there, and tells git to leave it alone. One that is there keeps its mode: it may be of the person's own."""
    folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        write_private(ignored, "*\n")


def write_private(file: Path, text: str) -> None:
    with open(file, "w", encoding="utf-8", opener=_for_the_person) as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def replace_private(file: Path, text: str) -> None:
    """Whole or not at all: who is killed meanwhile leaves the old file. One process at a time."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    write_private(unfinished, text)
    os.replace(unfinished, file)


def _for_the_person(path: str, flags: int) -> int:
    return os.open(path, flags, FILE)
