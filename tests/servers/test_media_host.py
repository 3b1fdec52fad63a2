"""Pictures get a public address on real servers, are fetched from there by a platform, and are gone afterwards, kills or not."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import yaml
from PIL import Image

from platforms.base import Request
from scheduler.config import read_config
from scheduler.engine.credentials import Credentials
from scheduler.engine.daemon import utc_now
from scheduler.engine.hosting import AT_LEAST, Hosting
from scheduler.engine.hosts import s3_sign
from tests.acceptance.plain import installed
from tests.servers.fetching import Seen, a_platform_that_fetches
from tests.servers.starting import Credentials as Given
from tests.servers.support import Calendar, until

pytestmark = pytest.mark.xdist_group("wordpress")
HERE = Path(__file__).parents[2]


@dataclass
class Host:
    """A `media_host`, and the variables it takes its secrets from."""

    keys: dict[str, Any]
    secrets: dict[str, str]


@pytest.fixture
def s3(moto_s3: Given) -> Host:
    return Host(
        {
            "kind": "s3",
            "endpoint": moto_s3["base_url"],
            "bucket": moto_s3["bucket"],
            "access_key": "${KEY}",
            "secret_key": "${SECRET}",
        },
        {"KEY": "AKIA5CHOOL", "SECRET": "s3cret-of-the-store"},
    )


@pytest.fixture
def blog(wordpress: Given) -> Host:
    return Host(
        {
            "kind": "wordpress",
            "server": wordpress["base_url"],
            "user": "${WP_USER}",
            "password": "${WP_PASSWORD}",
        },
        {"WP_USER": wordpress["user"], "WP_PASSWORD": wordpress["app_password"]},
    )


@pytest.fixture(params=["s3", "blog"])
def host(request: pytest.FixtureRequest) -> Host:
    found: Host = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def platform() -> Iterator[Seen]:
    with a_platform_that_fetches() as seen:
        yield seen


def a_calendar(
    folder: Path, host: Host, platform: Seen, size: tuple[int, int] = (80, 60)
) -> Calendar:
    post = {
        "id": "door",
        "to": ["school"],
        "when": "2026-09-07 08:30",
        "late": "publish",
        "text": "Our door",
        "media": [{"file": "noise.png", "alt": "The school door"}],
    }
    packages = installed(folder / "packages", "fetching", "tests.servers.fetching")
    environment = {
        **host.secrets,
        "TOKEN": "t",
        "PYTHONPATH": os.pathsep.join((str(HERE), str(packages))),
    }
    calendar = Calendar(
        folder,
        {"school": {"platform": "fetching", "server": platform.url, "token": "${TOKEN}"}},
        [post],
        environment,
        timeout=60,
    )
    calendar.write()
    calendar.config.write_text(
        calendar.config.read_text()
        + yaml.safe_dump({"media_host": host.keys, "fetch_from": ["127.0.0.1"]})
    )
    Image.effect_noise(size, 90).save(folder / "noise.png")
    return calendar.with_an_old_store()


def said(calendar: Calendar, *words: str) -> str:
    return calendar.command(*words).communicate(timeout=120)[0]


def swept(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is still listed when the files have stood long enough."""
    for name, value in calendar.environment.items():
        monkeypatch.setenv(name, value)
    config = read_config(calendar.config)
    later = utc_now() + AT_LEAST + timedelta(seconds=1)
    hosting = Hosting(
        host=config.media_host,
        folder=config.state,
        credentials=Credentials({}, config.state),
        timeout=30,
        now=lambda: later,
    )
    hosting.sweep(lambda: ())
    return list(json.loads((config.state / "hosted.json").read_text()))


def test_a_platform_fetches_the_picture_and_nobody_finds_it_afterwards(
    tmp_path: Path, host: Host, platform: Seen, monkeypatch: pytest.MonkeyPatch
):
    calendar = a_calendar(tmp_path, host, platform)

    told = said(calendar, "run", "--once")

    assert platform.posts == ["Our door"], told
    assert platform.files[0].startswith(b"\x89PNG")
    assert requests.get(platform.addresses[0], timeout=30).status_code == 200
    assert [
        secret
        for secret in host.secrets.values()
        if len(secret) > 10 and secret in told + said(calendar, "preview", "--requests")
    ] == []
    monkeypatch.syspath_prepend(tmp_path / "packages")
    assert swept(calendar, monkeypatch) == []
    assert requests.get(platform.addresses[0], timeout=30).status_code == 404


def test_a_preview_shows_the_step_and_its_examples_address(
    tmp_path: Path, host: Host, platform: Seen
):
    shown = said(a_calendar(tmp_path, host, platform), "preview", "--requests")

    assert "host 1" in shown
    assert "https://media.example.org/" in shown
    assert platform.addresses == []


def test_killed_while_it_uploads_the_post_is_up_once_and_nothing_stays(
    tmp_path: Path, host: Host, platform: Seen, monkeypatch: pytest.MonkeyPatch
):
    calendar = a_calendar(tmp_path, host, platform, size=(1600, 1200))
    killed = calendar.command("run", "--once")
    until((tmp_path / ".termbell" / "hosted.json").is_file, "an upload", pause=0.005)
    killed.kill()
    killed.communicate()

    told = said(calendar, "run", "--once")
    (row,) = calendar.status()
    if row["status"] == "in doubt":  # the kill came when the post had left: a person looks
        told += said(
            calendar,
            "resolve",
            row["key"],
            *(["--published", "https://fetching.test/1"] if platform.posts else ["--again"]),
        )
    told += calendar.run_until_published(1)

    assert platform.posts == ["Our door"], told
    monkeypatch.syspath_prepend(tmp_path / "packages")
    assert swept(calendar, monkeypatch) == []
    assert {requests.get(address, timeout=30).status_code for address in platform.addresses} == {
        404
    }


def test_doctor_puts_a_picture_there_fetches_it_and_deletes_it(
    tmp_path: Path, host: Host, platform: Seen
):
    calendar = a_calendar(tmp_path, host, platform)

    told = said(calendar, "doctor", "--media-host")

    assert "ok    a picture was put on media_host, fetched and deleted" in told
    assert json.loads((tmp_path / ".termbell" / "hosted.json").read_text()) == {}


def test_doctor_says_what_the_blog_has_against_the_password(
    tmp_path: Path, blog: Host, platform: Seen
):
    calendar = a_calendar(
        tmp_path, replace(blog, secrets={**blog.secrets, "WP_PASSWORD": "wr0ng wr0ng"}), platform
    )

    told = said(calendar, "doctor", "--media-host")

    assert (
        "media_host wordpress answered 'upload' with 401: Sorry, you are not allowed to create posts as this user."
        in told
    )
    assert "wr0ng" not in told


BOTOCORE = """
import sys, datetime
from botocore import auth, awsrequest, credentials
url, key, secret, at = sys.argv[1:]
auth.get_current_datetime = lambda *_: datetime.datetime.strptime(at, "%Y%m%dT%H%M%SZ")
request = awsrequest.AWSRequest("GET", url)
auth.S3SigV4QueryAuth(credentials.Credentials(key, secret), "s3", "eu-central-1", expires=86400).add_auth(request)
print(request.url)
"""


def test_an_address_is_signed_as_amazons_own_library_signs_it(moto_s3: Given):
    settings = {
        "endpoint": "https://s3.test",
        "bucket": "school",
        "region": "eu-central-1",
        "prefix": "für/später",
    }
    url = s3_sign(settings)(
        Request(step="fetch", url="https://s3.test/school/x/termbell-1.mp4"),
        {"access_key": "AKIA5", "secret_key": "s3"},
    ).url
    query = parse_qs(urlsplit(url).query)
    python = (
        Path(os.environ.get("SERVERS_HOME", Path.home() / ".cache" / "termbell-servers"))
        / "moto"
        / "bin"
        / "python"
    )

    theirs = subprocess.run(
        [python, "-c", BOTOCORE, url.partition("?")[0], "AKIA5", "s3", query["X-Amz-Date"][0]],
        capture_output=True,
        text=True,
        check=False,
    )

    assert parse_qs(urlsplit(theirs.stdout.strip()).query) == query, theirs.stderr
