"""Pleroma's differences_in_mastoapi_responses: a `local` visibility, files with other ids."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.platforms.looks.mastodon import Fediverse, shelved
from tests.platforms.looks.shelf import Shelf, Shown


class Pleroma(Fediverse):
    language = None

    def item(self, shown: Shown) -> Any:
        url = f"https://example.social/notice/{shown.id}"
        visibility = "local" if shown.other_visibility else "public"
        return {**super().item(shown), "url": url, "visibility": visibility}

    def file(self, identifier: str) -> Any:
        return {**super().file(identifier), "id": f"-{identifier}"}


def shelf(folder: Path) -> Shelf:
    made = shelved(Pleroma, "pleroma", folder)
    made.post = replace(made.post, options={"visibility": "public"})
    return made
