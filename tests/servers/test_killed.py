"""kill -9 between every two steps of a publish, on real servers: one post each, and no upload repeated once it was answered."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.proxy import Proxy
from tests.servers.support import (
    Calendar,
    bluesky_records,
    ended_well,
    mastodon_texts,
    named,
    until,
)

pytestmark = pytest.mark.xdist_group("pds")
MOMENTS = [(step, when) for step in (1, 2, 3) for when in ("before", "after")]
POST = {
    "when": "2026-09-07 08:30",
    "late": "publish",
    "media": [{"file": "door.png", "alt": "The school door"}],
}


def killed_and_started_again(
    calendar: Calendar, proxy: Any, writes: str | tuple[str, ...], step: int, when: str
) -> None:
    """Kills the daemon around its `step`-th request that changes something (matching `writes`), then starts another."""
    calendar.write()
    first = calendar.command("run")
    seen: list[str] = []

    def kill(n: int, line: str) -> None:
        if line.startswith(writes):
            seen.append(line)
        if len(seen) == step and line.startswith(writes) and first.poll() is None:
            first.kill()
            first.wait()

    setattr(proxy, when, kill)
    until(lambda: first.poll() is not None or calendar.is_published(), "killed, or done before")
    first.kill()
    first.communicate()
    setattr(proxy, when, lambda n, line: None)
    second = calendar.command("run")
    until(calendar.is_published, "published after the restart")
    ended_well(second)


@pytest.mark.parametrize(("step", "when"), MOMENTS[:4])
def test_a_mastodon_post_with_media_is_up_once(
    tmp_path: Path, snac: dict[str, Any], step: int, when: str
) -> None:
    proxy = Proxy(snac["base_url"])
    word = f"Killed {when} step {step}"
    account = {"platform": "mastodon", "server": proxy.url, "token": "${TOKEN}"}
    calendar = Calendar(
        tmp_path,
        {"fediverse": account},
        [{"id": f"killed-{when}-{step}", "to": ["fediverse"], "text": word, **POST}],
        {"TOKEN": snac["access_token"]},
    )

    killed_and_started_again(calendar, proxy, "POST /api/", step, when)

    texts = [status["content"] for status in mastodon_texts(snac["base_url"], snac["access_token"])]
    assert len(named(texts, word)) == 1
    uploads = [line for line in proxy.lines if line.startswith("POST /api/v2/media")]
    assert len(uploads) == (2 if step == 1 else 1)
    proxy.close()


@pytest.mark.parametrize(("step", "when"), MOMENTS)
def test_a_bluesky_post_with_media_is_up_once(
    tmp_path: Path, pds: dict[str, Any], step: int, when: str
) -> None:
    proxy = Proxy(pds["base_url"])
    word = f"Killed {when} step {step}"
    account = {
        "platform": "bluesky",
        "server": proxy.url,
        "handle": pds["handle"],
        "app_password": "${TOKEN}",
    }
    calendar = Calendar(
        tmp_path,
        {"bluesky": account},
        [{"id": f"killed-{when}-{step}", "to": ["bluesky"], "text": word, **POST}],
        {"TOKEN": pds["app_password"]},
    )

    killed_and_started_again(calendar, proxy, "POST /xrpc/", step, when)

    texts = [record["value"]["text"] for record in bluesky_records(pds["base_url"], pds["handle"])]
    assert len(named(texts, word)) == 1
    puts = [
        json.loads(body)
        for line, body in zip(proxy.lines, proxy.bodies, strict=True)
        if line.endswith("putRecord")
    ]
    assert len({put["rkey"] for put in puts}) == 1
    steps = Counter(line.rsplit(".", 1)[-1] for line in proxy.lines)
    assert steps["uploadBlob"] <= (2 if step == 2 else 1)
    proxy.close()
