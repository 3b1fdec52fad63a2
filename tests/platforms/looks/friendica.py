"""Friendica's API-Mastodon.md and its Api/Mastodon modules: Markdown, titles, ids of its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.platforms.looks.mastodon import Fediverse, shelved
from tests.platforms.looks.shelf import Shelf, Shown


class Friendica(Fediverse):
    """It reads the text as Markdown, guesses the language and calls a file otherwise in a post."""

    language = "de"

    def item(self, shown: Shown) -> Any:
        url = f"https://example.social/display/{shown.id}"
        title = "" if shown.is_filler else "The term"
        return {**super().item(shown), "url": url, "spoiler_text": title}

    def content(self, link: str) -> str:
        return f'<p>Welcome <strong>back</strong></p><ul><li><a href="{link}">{link}</a></li></ul>'

    def file(self, identifier: str) -> Any:
        url = f"https://example.social/preview/{identifier}"
        remote = f"https://files.example.social/{identifier}.png"
        return {**super().file(identifier), "id": f"media-{identifier}", "url": url} | {
            "remote_url": remote
        }


def shelf(folder: Path) -> Shelf:
    made = shelved(Friendica, "friendica", folder)
    text = "Welcome **back**\n\n- https://example.org/a?x=1&y=2"
    options = {"visibility": "public"}
    made.post = replace(made.post, text=text, title="The term", options=options)
    return made
