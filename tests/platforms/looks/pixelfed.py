"""Pixelfed's ApiV1Controller: 40 at most, newest first, no replies, every language English."""

from pathlib import Path

from tests.platforms.looks.mastodon import Fediverse, shelved
from tests.platforms.looks.shelf import Shelf


class Pixelfed(Fediverse):
    other_visibility = "private"

    def content(self, link: str) -> str:
        return (
            'Welcome back, <a class="u-url mention" href="https://example.org/@ben">'
            f'@ben@example.org</a>! See <a href="{link}">{link}</a>'
        )


def shelf(folder: Path) -> Shelf:
    return shelved(Pixelfed, "pixelfed", folder)
