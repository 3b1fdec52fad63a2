"""A file has a public address for as long as platforms need it, is put there once, and is forgotten by nobody."""

import json
import logging
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    Account,
    Part,
    Published,
    Rejected,
    Request,
    Response,
    TryLater,
    basic,
    hosted,
    parts,
)
from scheduler.config import Address, ConfiguredAccount, MediaHost, Secret
from scheduler.engine.credentials import Credentials, Trial
from scheduler.engine.hosting import AT_LEAST, AT_MOST, Hosting, name_of, needed
from scheduler.engine.hosts import s3_put, s3_sign, s3_take_away
from scheduler.engine.network import Network
from scheduler.engine.rehearsal import Rehearsal, Rehearsals, shown
from scheduler.problems import Place
from scheduler.store import status
from tests.engine.support import Clock, a_bench, a_delivery, a_platform
from tests.serving import Silent, serving
from tests.support import DUE, a_post, a_video, an_image, ok, scripted

PLACE = Place("config.yaml", 9)
S3 = {
    "bucket": "school",
    "region": "eu-central-1",
    "endpoint": "https://s3.test",
    "prefix": "for/fetching",
}
KEYS = {"access_key": "AKIA5CHOOL", "secret_key": "s3cret-of-the-store"}
PASSWORD = "abcd efgh ijkl"


@dataclass
class WordPress:
    """The media of a WordPress, as tests/servers has a whole one: slugs are made from names, and a second one gets a number."""

    state: Path
    url: str = ""
    media: dict[int, dict[str, Any]] = field(default_factory=dict)
    arrived: list[str] = field(default_factory=list)
    behave: list[str] = field(default_factory=list)  # "lost": taken up and not answered
    noted_then: list[list[str]] = field(default_factory=list)  # the list, when an upload arrived
    meanwhile: Callable[[], None] = lambda: None

    def upload(self, name: str, body: bytes) -> dict[str, Any]:
        self.meanwhile()
        self.noted_then.append(list(json.loads((self.state / "hosted.json").read_text())))
        stem, count, number = (
            name.partition(".")[0],
            sum(one["name"] == name for one in self.media.values()),
            len(self.media) + 1,
        )
        self.media[number] = {
            "id": number,
            "name": name,
            "slug": f"{stem}-{count + 1}" if count else stem,
            "source_url": f"{self.url}/up/{name}",
            "media_details": {"filesize": len(body)},
        }
        return self.media[number]


def handler(wordpress: WordPress) -> type[Silent]:
    class Handler(Silent):
        def do_GET(self) -> None:
            self.answer(200, list(wordpress.media.values()))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made = wordpress.upload(self.headers["Content-Disposition"].split('"')[1], body)
            if not (wordpress.behave and wordpress.behave.pop(0) == "lost"):
                self.answer(201, made)

        def do_DELETE(self) -> None:
            del wordpress.media[int(self.path.partition("?")[0].rpartition("/")[2])]
            self.answer(200, {"deleted": True})

        def answer(self, status: int, said: object) -> None:
            wordpress.arrived.append(self.command)
            if (
                self.headers["Authorization"]
                != f"Basic {b64encode(f'anna:{PASSWORD}'.encode()).decode()}"
            ):
                status, said = (
                    401,
                    {
                        "code": "rest_cannot_create",
                        "message": "Sorry, you are not allowed to create posts as this user.",
                    },
                )
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

    return Handler


@pytest.fixture
def wordpress(tmp_path: Path) -> Iterator[WordPress]:
    found = WordPress(state=tmp_path)
    with serving(handler(found)) as found.url:
        yield found


def a_host(kind: str, settings: dict[str, Any], **secrets: str) -> MediaHost:
    addresses = tuple(
        Address(key=f"media_host.{name}", secret=Secret(literal=value), place=PLACE)
        for name, value in secrets.items()
    )
    return MediaHost(kind=kind, settings=settings, secrets=addresses, place=PLACE)


def a_hosting(host: MediaHost | None, folder: Path, now: Clock | None = None) -> Hosting:
    return Hosting(
        host=host,
        folder=folder,
        credentials=Credentials({}, folder, keyring=lambda: None),
        timeout=5.0,
        now=now or Clock(),
    )


def on_wordpress(wordpress: WordPress, password: str = PASSWORD) -> MediaHost:
    return a_host("wordpress", {"server": wordpress.url}, user="anna", password=password)


def in_a_folder(folder: Path) -> MediaHost:
    return a_host("folder", {"folder": folder / "www", "url": "https://school.test/media"})


def listed(folder: Path) -> list[str]:
    return list(json.loads((folder / "hosted.json").read_text()))


def nothing() -> Collection[str]:
    return ()


# A folder


def test_a_file_in_a_folder_has_an_address_and_is_taken_away(tmp_path: Path):
    clock, video = Clock(), a_video(tmp_path, size=3000)
    hosting = a_hosting(in_a_folder(tmp_path), tmp_path, clock)

    address = hosted(video, 1, hosting)

    assert address == f"https://school.test/media/termbell-{video.name}"
    assert (tmp_path / "www" / name_of(video)).read_bytes() == video.file.read_bytes()
    clock.pass_(AT_LEAST.total_seconds() + 1)
    hosting.sweep(nothing)
    assert not (tmp_path / "www" / name_of(video)).exists()
    assert listed(tmp_path) == []


def test_a_file_that_readers_fetch_themselves_stays(tmp_path: Path):
    clock, door = Clock(), an_image(tmp_path)
    hosting = a_hosting(in_a_folder(tmp_path), tmp_path, clock)

    address = hosted(door, 1, hosting, stays=True)
    clock.pass_(30 * 86_400)
    hosting.sweep(nothing)

    assert address == f"https://school.test/media/stays-{name_of(door)}"
    assert (tmp_path / "www" / f"stays-{name_of(door)}").read_bytes() == door.file.read_bytes()


def test_on_s3_no_file_stays(tmp_path: Path):
    with pytest.raises(Rejected, match="has an address for a day"):
        hosted(an_image(tmp_path), 1, a_hosting(a_host("s3", S3), tmp_path), stays=True)


def test_what_was_half_copied_when_the_process_was_killed_is_taken_away_too(tmp_path: Path):
    clock, video = Clock(), a_video(tmp_path)
    hosting = a_hosting(in_a_folder(tmp_path), tmp_path, clock)
    hosted(video, 1, hosting)
    (tmp_path / "www" / name_of(video)).rename(tmp_path / "www" / f".{name_of(video)}.part")

    clock.pass_(AT_LEAST.total_seconds() + 1)
    hosting.sweep(nothing)

    assert [file.name for file in (tmp_path / "www").iterdir() if "termbell-" in file.name] == []


def test_a_file_that_has_changed_is_put_nowhere(tmp_path: Path):
    video = a_video(tmp_path)
    video.file.write_bytes(b"another")

    with pytest.raises(Rejected, match=r"config.yaml:9: .*talk\.mp4: the file has changed"):
        hosted(video, 1, a_hosting(in_a_folder(tmp_path), tmp_path))


def test_a_part_of_a_file_is_no_file(tmp_path: Path):
    part: Part = parts(a_video(tmp_path), 100)[0]

    with pytest.raises(Rejected):
        a_hosting(in_a_folder(tmp_path), tmp_path)(Request(step="host 1", url="host:x", body=part))


# For how long


@pytest.mark.parametrize(
    ("stood", "is_needed", "stays"),
    [
        (AT_LEAST - timedelta(seconds=1), False, True),
        (AT_LEAST + timedelta(seconds=1), False, False),
        (AT_LEAST + timedelta(hours=1), True, True),
        (AT_MOST + timedelta(seconds=1), True, False),
        (-AT_MOST - timedelta(seconds=1), True, False),
    ],
    ids=[
        "platforms may still fetch it",
        "nobody needs it",
        "a delivery is under way",
        "after a day in any case",
        "the clock was a day ahead",
    ],
)
def test_it_stands_as_long_as_it_is_needed(
    stood: timedelta, is_needed: bool, stays: bool, tmp_path: Path
):
    clock, video = Clock(), a_video(tmp_path)
    hosting = a_hosting(in_a_folder(tmp_path), tmp_path, clock)
    hosted(video, 1, hosting)

    clock.at += stood
    hosting.sweep(lambda: [name_of(video)] if is_needed else [])

    assert (tmp_path / "www" / name_of(video)).exists() == stays


def test_who_asks_for_it_again_has_it_for_longer(tmp_path: Path):
    clock, video = Clock(), a_video(tmp_path)
    hosting = a_hosting(in_a_folder(tmp_path), tmp_path, clock)
    hosted(video, 1, hosting)

    clock.pass_(AT_LEAST.total_seconds() - 1)
    hosted(video, 1, hosting)
    clock.pass_(AT_LEAST.total_seconds() - 1)
    hosting.sweep(nothing)

    assert (tmp_path / "www" / name_of(video)).exists()


@pytest.mark.parametrize(
    ("answer", "ends", "is_needed"),
    [
        (Response.of({"id": "1"}), status.PUBLISHED, False),
        (Rejected("no"), status.FAILED, False),
        (TryLater("later"), status.SCHEDULED, True),
    ],
)
def test_a_delivery_needs_it_from_its_beginning_to_its_end(
    answer: Any, ends: str, is_needed: bool, tmp_path: Path
):
    video = replace(a_video(tmp_path), captions=an_image(tmp_path))
    bench = a_bench(tmp_path, scripted(answer, answer))
    bench.store.plan([a_delivery(post=a_post(key="k1", media=(video,)))], DUE - timedelta(days=1))
    assert needed(bench.store) == set()

    assert bench.attempt().status == ends

    assert needed(bench.store) == (
        {name_of(video), name_of(an_image(tmp_path))} if is_needed else set()
    )


def test_what_stands_elsewhere_is_left_to_the_person(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    clock, video = Clock(), a_video(tmp_path)
    hosting = a_hosting(in_a_folder(tmp_path), tmp_path, clock)
    hosted(video, 1, hosting)
    hosting.host = None

    clock.pass_(AT_LEAST.total_seconds() + 1)
    with caplog.at_level(logging.WARNING, "termbell"):
        hosting.sweep(nothing)

    assert (
        f"{name_of(video)} stands at folder {tmp_path / 'www'}, which is not `media_host` any more; delete it there"
        in caplog.text
    )
    assert listed(tmp_path) == []


def test_where_nothing_stands_no_delivery_is_looked_at(tmp_path: Path):
    def looked() -> Collection[str]:
        raise AssertionError("nobody has to know")

    a_hosting(in_a_folder(tmp_path), tmp_path).sweep(looked)


# WordPress


def test_on_wordpress_it_is_written_down_uploaded_and_deleted(tmp_path: Path, wordpress: WordPress):
    clock, picture = Clock(), an_image(tmp_path)
    hosting = a_hosting(on_wordpress(wordpress), tmp_path, clock)

    assert hosted(picture, 1, hosting) == f"{wordpress.url}/up/{name_of(picture)}"
    assert wordpress.noted_then == [[name_of(picture)]]

    clock.pass_(AT_LEAST.total_seconds() + 1)
    hosting.sweep(nothing)
    assert (wordpress.media, listed(tmp_path)) == ({}, [])


def test_on_wordpress_the_same_file_is_uploaded_once(tmp_path: Path, wordpress: WordPress):
    picture, hosting = an_image(tmp_path), a_hosting(on_wordpress(wordpress), tmp_path)

    assert hosted(picture, 1, hosting) == hosted(picture, 2, hosting)

    assert wordpress.arrived == ["GET", "POST", "GET"]


def test_it_stands_for_its_time_however_long_the_upload_took(tmp_path: Path, wordpress: WordPress):
    clock, picture = Clock(), an_image(tmp_path)
    hosting = a_hosting(on_wordpress(wordpress), tmp_path, clock)
    wordpress.meanwhile = lambda: clock.pass_(3600)

    hosted(picture, 1, hosting)
    clock.pass_(AT_LEAST.total_seconds() - 1)
    hosting.sweep(nothing)

    assert len(wordpress.media) == 1


def test_on_wordpress_an_upload_whose_answer_was_lost_is_found(
    tmp_path: Path, wordpress: WordPress
):
    picture, hosting = an_image(tmp_path), a_hosting(on_wordpress(wordpress), tmp_path)
    wordpress.behave = ["lost"]

    with pytest.raises(TryLater, match="media_host wordpress 'upload' was not answered"):
        hosted(picture, 1, hosting)
    assert hosted(picture, 1, hosting).endswith(name_of(picture))

    assert len(wordpress.media) == 1


def test_on_wordpress_half_a_file_is_not_taken_for_it_and_is_deleted_with_it(
    tmp_path: Path, wordpress: WordPress
):
    clock, picture = Clock(), an_image(tmp_path)
    hosting = a_hosting(on_wordpress(wordpress), tmp_path, clock)
    (tmp_path / "hosted.json").write_text("{}")
    wordpress.upload(name_of(picture), b"half")
    wordpress.media[9] = {
        "id": 9,
        "name": "door.png",
        "slug": "door",
        "source_url": "",
        "media_details": {},
    }  # the person's

    hosted(picture, 1, hosting)
    assert [one["media_details"].get("filesize") for one in wordpress.media.values()] == [
        4,
        None,
        picture.size,
    ]

    clock.pass_(AT_LEAST.total_seconds() + 1)
    hosting.sweep(nothing)
    assert list(wordpress.media) == [9]


def test_refused_credentials_are_an_error_of_the_config_and_no_login_of_the_account(
    tmp_path: Path, wordpress: WordPress
):
    with pytest.raises(
        Rejected,
        match=r"config.yaml:9: media_host wordpress answered 'look' with 401: Sorry, you are not allowed .*; mend it",
    ):
        hosted(
            an_image(tmp_path),
            1,
            a_hosting(on_wordpress(wordpress, password="wr0ng-password"), tmp_path),
        )


def test_what_is_no_wordpress_is_said(tmp_path: Path, wordpress: WordPress):
    wordpress.media[1] = {"id": 1}

    with pytest.raises(
        Rejected,
        match=r"config.yaml:9: media_host: wordpress http.* answered otherwise than wordpress does \(KeyError\)",
    ):
        hosted(an_image(tmp_path), 1, a_hosting(on_wordpress(wordpress), tmp_path))


def test_what_cannot_be_deleted_stays_on_the_list(
    tmp_path: Path, wordpress: WordPress, caplog: pytest.LogCaptureFixture
):
    clock, picture = Clock(), an_image(tmp_path)
    hosting = a_hosting(on_wordpress(wordpress), tmp_path, clock)
    hosted(picture, 1, hosting)
    hosting.host = on_wordpress(wordpress, password="changed")

    clock.pass_(AT_LEAST.total_seconds() + 1)
    with caplog.at_level(logging.WARNING, "termbell"):
        hosting.sweep(nothing)

    assert (
        "could not be taken away, and is tried again: config.yaml:9: media_host wordpress answered 'look' with 401"
        in caplog.text
    )
    assert listed(tmp_path) == [name_of(picture)]


# S3


def test_on_s3_a_file_is_looked_for_uploaded_and_deleted(tmp_path: Path):
    video = a_video(tmp_path)
    store = scripted(ok(404), ok())

    url = s3_put(S3, "termbell-1.mp4", video, store)

    look, upload = store.asked
    assert url == "https://s3.test/school/for/fetching/termbell-1.mp4"
    assert (look.method, look.url) == ("HEAD", url)
    assert (upload.method, upload.url, upload.body, upload.headers) == (
        "PUT",
        url,
        video,
        {"Content-Type": "video/mp4"},
    )
    deleting = scripted(ok(204))
    s3_take_away(S3, "termbell-1.mp4", deleting)
    assert [(one.method, one.url) for one in deleting.asked] == [("DELETE", url)]


def test_on_s3_what_is_there_whole_is_not_uploaded_again(tmp_path: Path):
    video = a_video(tmp_path, size=3000)
    whole, half = (
        scripted(ok(headers={"content-length": "3000"})),
        scripted(ok(headers={"content-length": "17"}), ok()),
    )

    s3_put(S3, "x", video, whole)
    s3_put(S3, "x", video, half)

    assert [one.step for one in whole.asked] == ["look"]
    assert [one.step for one in half.asked] == ["look", "upload"]


def test_amazons_address_follows_from_the_region():
    settings = {**S3, "endpoint": None, "prefix": ""}
    deleting = scripted(ok(204))

    s3_take_away(settings, "x.mp4", deleting)

    assert deleting.asked[0].url == "https://s3.eu-central-1.amazonaws.com/school/x.mp4"


def test_an_address_on_s3_is_signed_for_a_day_and_holds_no_secret():
    request = Request(step="fetch", url="https://s3.test/school/for/fetching/x.mp4")

    url = s3_sign(S3)(request, KEYS).url

    assert url.startswith(
        f"{request.url}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA5CHOOL%2F"
    )
    assert "X-Amz-Expires=86400" in url
    assert KEYS["secret_key"] not in url
    assert s3_sign(S3)(replace(request, method="PUT"), KEYS).url != url


# From an account's point of view


def test_an_account_is_given_the_address_and_the_host_none_of_its_secrets(
    tmp_path: Path, wordpress: WordPress
):
    """The stand-in refuses every other authorization than its own."""
    picture = an_image(tmp_path)
    network = Network(
        Account(name="main", platform="x"),
        a_platform(sign=basic, secrets=("user", "password")),
        Trial({"user": "me", "password": "of the platform"}),
        5.0,
        host=a_hosting(on_wordpress(wordpress), tmp_path),
    )

    assert hosted(picture, 1, network) == f"{wordpress.url}/up/{name_of(picture)}"


def test_without_a_media_host_it_is_said_where_it_would_stand(tmp_path: Path):
    with pytest.raises(
        Rejected,
        match=r"'host 1' needs a public address for a file; say in config.yaml where: media_host",
    ):
        hosted(an_image(tmp_path), 1, a_hosting(None, tmp_path))


@pytest.mark.parametrize("hosts_media", [True, False])
def test_check_says_with_its_place_which_post_needs_a_media_host(hosts_media: bool, tmp_path: Path):
    platform = a_platform(
        publish=lambda account, post, ask: Published(id=hosted(post.media[0], 1, ask))
    )
    account = ConfiguredAccount(
        account=Account(name="main", platform="x"), platform=platform, place=Place("config.yaml", 3)
    )
    one = a_delivery(post=a_post(key="k1", media=(an_image(tmp_path),)))

    (judged,) = Rehearsals({"main": account}, [one], hosts_media=hosts_media).judged()

    assert [f"{problem.code} {problem}" for problem in judged.problems] == (
        []
        if hosts_media
        else [
            "no-media-host config.yaml:9: launch: main: x fetches this file from a public address; say in the config where it may stand: "
            "media_host (docs/media-host.md)"
        ]
    )


def test_a_preview_shows_the_step_and_no_secret(tmp_path: Path):
    rehearsal, video = Rehearsal(), a_video(tmp_path)

    address = hosted(video, 1, rehearsal)

    plain = shown(rehearsal.asked[0], a_platform(sign=basic, secrets=("user", "password")))
    assert address == f"https://media.example.org/{video.name}"
    assert (plain["step"], plain["method"], plain["url"], plain["headers"]) == (
        "host 1",
        "PUT",
        f"host:{video.name}",
        {},
    )
    assert plain["body"] == "‹talk.mp4 1,000 bytes›"
