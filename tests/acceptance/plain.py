"""A platform that gives no way to know: it recognises no second sending and lists nothing. And how an installed package offers it."""

from datetime import date
from pathlib import Path

from platforms.base import Account, Ask, Limits, Platform, Post, Published, Request, Setting


def publish(account: Account, post: Post, ask: Ask) -> Published:
    answer = ask(
        Request(
            step="notice",
            method="POST",
            url=f"{account.settings['server']}/notices",
            json={"status": post.text},
            example={"id": "1"},
        )
    )
    return Published(id=str(answer.json()["id"]))


PLATFORM = Platform(
    name="plain",
    settings=(
        Setting(
            name="server", meaning="where it is", required=True, example="http://127.0.0.1:8000"
        ),
    ),
    limits=Limits(text=1000, source="tests/acceptance/stand_in.py", checked=date(2026, 11, 25)),
    publish=publish,
)


def installed(folder: Path, name: str = "plain", module: str = __name__) -> Path:
    """What pip leaves behind of a package with such an adapter; the folder belongs on PYTHONPATH."""
    about = folder / f"termbell_{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: termbell-{name}\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[termbell.platforms]\n{name} = {module}:PLATFORM\n")
    return folder
