"""https://docs.gotosocial.org/en/latest/api/swagger/: the newest first, 100 at most, ULIDs."""

from pathlib import Path

from tests.platforms.looks.mastodon import Fediverse, shelved
from tests.platforms.looks.shelf import Shelf


class GoToSocial(Fediverse):
    most = 100


def shelf(folder: Path) -> Shelf:
    return shelved(GoToSocial, "gotosocial", folder)
