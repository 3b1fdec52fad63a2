"""The dry run: which requests would leave, and what a person is shown of them."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from platforms.base import Account, Request, Response, basic, filled, in_url, unsigned
from platforms.email import PLATFORM as EMAIL
from scheduler.engine.rehearsal import Rehearsal, rehearsed, shown
from scheduler.engine.wire import wire
from tests.engine.support import a_platform, two_steps
from tests.support import a_post, an_image

POST = Request(
    step="status",
    method="POST",
    url="https://x.test/posts",
    json={"text": "Grüße"},
    example={"id": "1"},
)


def test_a_rehearsal_answers_as_documented_and_remembers():
    rehearsal = Rehearsal()

    assert rehearsal(POST).json() == {"id": "1"}
    assert rehearsal(replace(POST, example=Response(status=201))).status == 201
    assert [one.step for one in rehearsal.asked] == ["status", "status"]


def test_every_request_of_a_post_is_rehearsed_in_order():
    def publish(account, post, ask):
        return two_steps()(
            account, post, lambda request: ask(replace(request, example={"id": "9"}))
        )

    asked = rehearsed(
        Account(name="main", platform="x"), a_platform(publish=publish), a_post(text="Hi")
    ).asked

    assert [one.step for one in asked] == ["upload", "status"]
    assert asked[1].json == {"text": "Hi", "media": "9"}


def test_a_request_is_shown_signed_with_its_secrets_hidden():
    plain = shown(POST, a_platform(secrets=("token",)))

    assert plain == {
        "step": "status",
        "method": "POST",
        "url": "https://x.test/posts",
        "body": '{"text":"Grüße"}',
        "headers": {
            "User-Agent": wire(POST).headers["User-Agent"],
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Authorization": "Bearer •••",
        },
        "sha256": hashlib.sha256('{"text":"Grüße"}'.encode()).hexdigest(),
    }


def test_secrets_are_hidden_wherever_they_stand():
    in_json = replace(POST, url="{webhook}?wait=true", json={"key": "{webhook}"})

    assert shown(in_json, a_platform(secrets=("webhook",), sign=in_url))["url"] == "•••?wait=true"
    assert shown(in_json, a_platform(secrets=("webhook",), sign=filled))["body"] == '{"key":"•••"}'
    assert (
        shown(POST, a_platform(secrets=("user", "password"), sign=basic))["headers"][
            "Authorization"
        ]
        == "Basic •••"
    )  # type: ignore[index]


def test_an_anonymous_request_is_shown_without_credentials():
    assert "Authorization" not in shown(replace(POST, anonymous=True), a_platform())["headers"]  # type: ignore[operator]


def test_a_platform_with_sessions_shows_a_hidden_token():
    platform = a_platform(secrets=("app_password",), session=lambda account, secrets, ask: {})

    assert shown(POST, platform)["headers"]["Authorization"] == "Bearer •••"  # type: ignore[index]


def test_files_are_named_in_the_place_of_their_bytes(tmp_path: Path):
    door = an_image(tmp_path)
    named = f"‹door.png {door.size:,} bytes›"
    multipart = replace(POST, json=None, form={"description": "Tür"}, files={"file": door})
    platform = a_platform(sign=unsigned)

    plain = shown(multipart, platform)

    assert str(plain["body"]).count(named) == 1
    assert "Tür" in str(plain["body"])
    assert plain["sha256"] == hashlib.sha256(wire(multipart).body).hexdigest()
    assert shown(replace(POST, json=None, body=door), platform)["body"] == named
    assert shown(replace(POST, json=None, body=b"\xff\xfe"), platform)["body"] == "‹2 bytes›"


def test_a_file_that_is_text_is_shown(tmp_path: Path):
    captions = replace(
        an_image(tmp_path), file=tmp_path / "captions.vtt", type="text/vtt", size=len("WEBVTT")
    )
    captions.file.write_text("WEBVTT")

    assert (
        shown(replace(POST, json=None, body=captions), a_platform(sign=unsigned))["body"]
        == "WEBVTT"
    )


def test_a_mail_is_shown_with_its_pictures_named(tmp_path: Path):
    settings = {
        "server": "smtp.example.org",
        "from": "news@example.org",
        "to": ["anna@example.org"],
    }
    door = an_image(tmp_path)
    (request,) = rehearsed(
        Account(name="newsletter", platform="email", settings=settings),
        EMAIL,
        a_post(text="Hello", media=(door,)),
    ).asked

    plain = shown(request, EMAIL)

    assert (plain["method"], plain["url"]) == ("SEND", "smtp://smtp.example.org:587?tls=starttls")
    assert f"‹door.png {door.size:,} bytes›" in str(plain["body"])
    assert plain["sha256"] == hashlib.sha256(wire(request).body).hexdigest()


def test_a_file_of_the_site_is_shown_as_its_texts():
    request = Request(
        step="site",
        method="PUT",
        url="file:///tmp/public",
        headers={"if-none-match": "*"},
        json={"index.html": "<p>"},
    )

    plain = shown(request, a_platform(secrets=(), sign=unsigned))

    assert (plain["headers"], plain["body"]) == ({}, '{"index.html":"<p>"}')


def test_a_dry_run_loads_nothing_that_could_send():
    asked = "import sys, scheduler.engine.rehearsal; print('requests' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"
