"""The adapter's requests, and what a Pinterest that enforces its rules makes of them."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    Account,
    Link,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    TryLater,
)
from platforms.pinterest import PLATFORM, publish, whoami
from platforms.recent import Found, Look
from scheduler.engine.rehearsal import Rehearsal, shown
from scheduler.engine.wire import wire
from tests.platforms.looking import LOOKED, looked
from tests.platforms.specs import validated
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main",
    platform="pinterest",
    settings={"board": "Fractions", "server": "https://api.pinterest.com"},
)
SECRETS = {"token": "good"}
API = r"https://api\.pinterest\.com/v5"
BOARD = "549755885175"
LONGEST = {"title": 100, "description": 800, "alt_text": 500, "link": 2048}


@dataclass
class Pinterest(StandIn):
    """The boards of one account."""

    videos: dict[str, int] = field(default_factory=dict)  # media id -> looks until it is processed
    stored: set[str] = field(default_factory=set)

    def check(self, arrived: Arrived) -> None:
        goes_to_storage = arrived.url.startswith("https://storage.test/")
        if (arrived.headers.get("authorization") == f"Bearer {self.token}") == goes_to_storage:
            raise Refusal(401, {"code": 2, "message": "Authentication failed."})

    @route("GET", f"{API}/boards")
    def boards(self, arrived: Arrived) -> Response:
        return ok(items=[{"id": BOARD, "name": "Fractions"}, {"id": "2", "name": "Geometry"}])

    @route("GET", f"{API}/boards/(\\d+)")
    def board(self, arrived: Arrived, board: str) -> Response:
        return ok(id=board, name="Fractions", pin_count=len(self.up))

    @route("POST", f"{API}/media")
    def begin(self, arrived: Arrived) -> Response:
        identifier = str(len(self.videos) + 1)
        self.videos[identifier] = 2
        return ok(
            201,
            media_id=identifier,
            upload_url="https://storage.test/",
            upload_parameters={"key": f"uploads/{identifier}", "policy": "p"},
        )

    @route("POST", r"https://storage\.test/")
    def store(self, arrived: Arrived) -> Response:
        assert list(arrived.parts) == ["key", "policy", "file"], "the file comes last"
        self.stored.add(arrived.text("key").removeprefix("uploads/"))
        return Response(status=204)

    @route("GET", f"{API}/media/(\\d+)")
    def processed(self, arrived: Arrived, identifier: str) -> Response:
        self.videos[identifier] -= identifier in self.stored
        return Response.of(
            {
                "media_id": identifier,
                "status": "succeeded" if self.videos[identifier] <= 0 else "processing",
            }
        )

    @route("POST", f"{API}/pins")
    def pin(self, arrived: Arrived) -> Response:
        asked = arrived.json
        if asked["board_id"] != BOARD or any(
            len(asked.get(name) or "") > most for name, most in LONGEST.items()
        ):
            raise Refusal(400, {"code": 1, "message": "Invalid request"})
        self.check_source(asked["media_source"])
        identifier = str(813744226420795884 + len(self.up))
        self.up[identifier] = asked
        return ok(201, id=identifier)

    def check_source(self, source: dict[str, Any]) -> None:
        match source["source_type"]:
            case "image_base64":
                assert b64decode(source["data"]).startswith((b"\x89PNG", b"\xff\xd8"))
            case "multiple_image_base64":
                assert 2 <= len(source["items"]) <= 5
                assert all(b64decode(one["data"]) for one in source["items"])
            case "video_id":
                if (
                    self.videos[source["media_id"]] > 0
                    or "cover_image_key_frame_time" not in source
                ):
                    raise Refusal(400, {"code": 1, "message": "Video is not ready"})

    @route("GET", f"{API}/boards/(\\d+)/pins")
    def listed(self, arrived: Arrived, board: str) -> Response:
        return ok(
            items=[
                {"id": identifier, "created_at": "2026-09-07T08:30:02", **one}
                for identifier, one in self.up.items()
            ]
        )


def a_pin(folder: Path, **changes: Any) -> Post:
    return a_post(
        **{
            "title": "Fractions poster",
            "text": "For the wall",
            "link": Link(url="https://example.org/f"),
            "media": (an_image(folder),),
            **changes,
        }
    )


def test_a_picture_travels_in_the_pin(tmp_path: Path) -> None:
    server = scripted(ok(items=[{"id": BOARD, "name": "fractions"}]), documented)

    up = publish(ACCOUNT, a_pin(tmp_path), server)

    said = server.asked[-1].json
    assert {name: said[name] for name in said if name != "media_source"} == {
        "board_id": BOARD,
        "title": "Fractions poster",
        "description": "For the wall",
        "link": "https://example.org/f",
        "alt_text": "The school door",
    }
    assert (said["media_source"]["source_type"], said["media_source"]["content_type"]) == (
        "image_base64",
        "image/png",
    )
    assert up == Published(
        id="813744226420795884", url="https://www.pinterest.com/pin/813744226420795884/"
    )


def test_the_preview_names_the_picture_instead_of_its_letters(tmp_path: Path) -> None:
    rehearsal = Rehearsal()
    publish(ACCOUNT, a_pin(tmp_path), rehearsal)

    assert "‹door.png" in str(shown(rehearsal.asked[-1], PLATFORM)["body"])
    assert "as base64›" in str(shown(rehearsal.asked[-1], PLATFORM)["body"])


def test_a_board_may_be_named_by_number_or_in_the_post(tmp_path: Path) -> None:
    server = scripted(documented)

    publish(
        replace(ACCOUNT, settings={**ACCOUNT.settings, "board": BOARD}),
        a_pin(tmp_path, options={"board": "7"}),
        server,
    )

    assert server.asked[0].json["board_id"] == "7"


def test_a_board_that_is_not_there_is_said_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no board called 'Fractions'; there are: Art, Music"):
        publish(
            ACCOUNT,
            a_pin(tmp_path),
            scripted(ok(items=[{"id": "1", "name": "Music"}, {"id": "2", "name": "Art"}])),
        )


def test_a_video_that_is_never_ready_is_tried_again_and_one_that_fails_is_not(
    tmp_path: Path,
) -> None:
    post = a_pin(tmp_path, media=(a_video(tmp_path),))
    begun = [ok(items=[{"id": BOARD, "name": "Fractions"}]), documented, ok()]

    with pytest.raises(TryLater, match="still processing"):
        publish(ACCOUNT, post, scripted(*begun, *[Response.of({"status": "processing"})] * 300))
    with pytest.raises(Rejected, match="its processing failed"):
        publish(ACCOUNT, post, scripted(*begun, Response.of({"status": "failed"})))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sizes": [(400, 400), (400, 500)]}, "of the same size"),
        ({"link": Link(url="https://example.org/" + "x" * 2048)}, "at most 2048 characters"),
        (
            {"sizes": [(400, 400)] * 2, "alt": "x" * 249},
            "one alternative text for all its pictures, of 500 characters, and these have 501 together",
        ),
    ],
)
def test_what_pinterest_would_refuse_is_refused_before_anything_leaves(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    sizes, alt = changes.pop("sizes", [(400, 400)]), changes.pop("alt", "The door")
    media = tuple(
        an_image(tmp_path, f"{n}.png", size=size, alt=alt) for n, size in enumerate(sizes)
    )
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_pin(tmp_path, media=media, **changes), untouched)

    assert untouched.asked == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"seconds": 3.9}, "lasts 3.9 s, and a video on Pinterest at least 4 s"),
        (
            {"width": 400, "height": 801},
            "has 400 x 801 pixels, and a video on Pinterest 1:2 to 1.91:1",
        ),
        ({"width": 1920, "height": 1000}, "has 1920 x 1000 pixels"),
    ],
)
def test_a_video_that_pinterest_would_refuse_is_refused_before_anything_leaves(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_pin(tmp_path, media=(a_video(tmp_path, **changes),)), untouched)

    assert untouched.asked == []


BOARDS = ok(items=[{"id": BOARD, "name": "Fractions"}])


def a_listed(folder: Path, name: str = "1", **changes: Any) -> dict[str, Any]:
    """The pin, as Pinterest lists it."""
    post = a_pin(folder)
    return {
        "id": name,
        "created_at": "2026-09-07T08:30:02",
        "board_id": BOARD,
        "is_owner": True,
        "title": post.title,
        "description": post.text,
        "link": "https://example.org/f",
        "alt_text": post.media[0].alt,
        "media": {"media_type": "image", "images": {"600x": {"width": 600, "height": 450}}},
        **changes,
    }


def found_among(post: Post, *pins: dict[str, Any], count: int = 9, **lost: Any) -> Look:
    server = scripted(BOARDS, ok(id=BOARD, pin_count=count), ok(items=list(pins), bookmark=None))
    return looked(PLATFORM, ACCOUNT, post, server, **lost)


def test_a_lost_pin_may_stand_on_any_page_and_beyond_ten_it_is_left_open(tmp_path: Path) -> None:
    post, board = a_pin(tmp_path), ok(id=BOARD, pin_count=9)
    first = ok(items=[a_listed(tmp_path, "2", title="Another")], bookmark="b|2=")
    server = scripted(
        BOARDS, board, first, ok(items=[], bookmark="b3"), ok(items=[a_listed(tmp_path)])
    )

    found = looked(PLATFORM, ACCOUNT, post, server)

    assert found.post
    assert found.post.id == "1"
    assert [one.url.partition("pins?")[2] for one in server.asked[2:]] == [
        "page_size=250",
        "page_size=250&bookmark=b%7C2%3D",
        "page_size=250&bookmark=b3",
    ]
    pages = [ok(items=[a_listed(tmp_path, str(n), title="x")], bookmark=f"b{n}") for n in range(10)]
    endless = scripted(BOARDS, board, *pages)
    assert looked(PLATFORM, ACCOUNT, post, endless).found is Found.FAILED


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, Found.OURS),
        ({"link": "https://EXAMPLE.org/f/"}, Found.OURS),
        ({"link": "https://example.org/g"}, Found.NEAR),
        ({"title": "Fractions  poster "}, Found.OURS),
        ({"title": "Another"}, Found.ABSENT),
        ({"description": "For the  wall"}, Found.OURS),
        ({"alt_text": "A bicycle"}, Found.NEAR),
        ({"media": {"media_type": "multiple_images", "items": [{}, {}]}}, Found.NEAR),
        (
            {"media": {"media_type": "image", "images": {"600x": {"width": 600, "height": 900}}}},
            Found.NEAR,
        ),
        ({"created_at": "2026-09-06T08:30:02"}, Found.ABSENT),
        ({"board_id": "2"}, Found.ABSENT),
        ({"is_owner": False}, Found.ABSENT),
        ({"parent_pin_id": "7"}, Found.ABSENT),  # somebody's pin that was saved
    ],
)
def test_a_pin_is_known_by_all_that_pinterest_tells(
    changes: dict[str, Any], right: Found, tmp_path: Path
) -> None:
    assert found_among(a_pin(tmp_path), a_listed(tmp_path, **changes)).found is right


@pytest.mark.parametrize("name", ["1", "https://www.pinterest.com/pin/1/"])
def test_a_pin_of_another_delivery_is_known_by_its_id_and_its_address(
    name: str, tmp_path: Path
) -> None:
    pin = a_listed(tmp_path)

    result = found_among(a_pin(tmp_path), pin, others=frozenset({name}))

    assert result.found is Found.ABSENT


@pytest.mark.parametrize("hours", [2, 13])
def test_a_clock_of_ours_that_is_hours_ahead_hides_no_pin(hours: int, tmp_path: Path) -> None:
    later, pin = timedelta(hours=hours), a_listed(tmp_path)

    result = found_among(a_pin(tmp_path), pin, left_at=DUE + later, now=LOOKED + later)

    assert result.found is Found.OURS


def test_an_empty_list_proves_something_only_where_the_board_has_no_pins(tmp_path: Path) -> None:
    assert found_among(a_pin(tmp_path), count=0).found is Found.ABSENT
    assert found_among(a_pin(tmp_path), count=3).found is Found.FAILED


def test_it_tells_whose_credentials_they_are_and_what_trial_access_means() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "msada"
    assert "seen by nobody but you" in next(iter(PLATFORM.notices(ACCOUNT, date(2026, 11, 25))))


PINS: dict[str, Callable[[Path], Post]] = {
    "picture": a_pin,
    "pictures": lambda folder: a_pin(
        folder,
        media=tuple(
            an_image(folder, f"{n}.png", colour=colour) for n, colour in enumerate(("red", "blue"))
        ),
    ),
    "video": lambda folder: a_pin(folder, media=(a_video(folder),)),
}


@pytest.mark.parametrize("name", PINS)
def test_every_request_is_as_pinterest_specifies_it(name: str, tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    publish(ACCOUNT, PINS[name](tmp_path), rehearsal)
    looked(PLATFORM, ACCOUNT, PINS[name](tmp_path), rehearsal)
    whoami(ACCOUNT, rehearsal)

    assert [
        validated(with_letters(request), "pinterest.openapi.json")
        for request in rehearsal.asked
        if request.step != "upload"
    ]


def with_letters(request: Request) -> Request:
    """The request with its pictures as they leave."""
    return (
        replace(request, json=json.loads(wire(request).body))
        if request.json is not None
        else request
    )


@pytest.mark.parametrize("name", PINS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_pin(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Pinterest, PLATFORM, ACCOUNT, PINS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
