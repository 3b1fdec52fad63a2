"""The adapter's requests, and what an X that enforces its rules makes of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    InDoubt,
    Lost,
    Published,
    Rejected,
    Response,
    Span,
    TryLater,
)
from platforms.signing import OAUTH1
from platforms.x import PLATFORM, find, publish, whoami
from scheduler.engine.rehearsal import Rehearsal
from scheduler.rendering.measuring import length
from tests.platforms.specs import validated
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="x", settings={"server": "https://api.x.com"})
SECRETS = {"token": "good"}
API = r"https://api\.x\.com/2"
LINK = "https://example.org/term"


@dataclass
class X(StandIn):
    """One member's X."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    looks_before_ready: int = 1

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(401, {"title": "Unauthorized", "status": 401})

    @route("GET", f"{API}/users/me")
    def me(self, arrived: Arrived) -> Response:
        return ok(data={"id": "2244994945", "username": "ada", "name": "Ada"})

    @route("POST", f"{API}/media/upload")
    def upload(self, arrived: Arrived) -> Response:
        assert list(arrived.parts) == ["media_category", "media"]
        return self.begun(
            {
                "kind": arrived.text("media_category"),
                "size": len(arrived.parts["media"].get_payload(decode=True)),
                "ready": True,
            }
        )

    @route("POST", f"{API}/media/upload/initialize")
    def initialize(self, arrived: Arrived) -> Response:
        return self.begun(
            {
                "kind": arrived.json["media_category"],
                "total": arrived.json["total_bytes"],
                "size": 0,
                "ready": False,
            }
        )

    def begun(self, file: dict[str, Any]) -> Response:
        identifier = str(1880028106020515840 + len(self.files))
        self.files[identifier] = file
        return ok(
            data={"id": identifier, "media_key": f"3_{identifier}", "expires_after_secs": 86400}
        )

    @route("POST", f"{API}/media/upload/(\\d+)/append")
    def append(self, arrived: Arrived, identifier: str) -> Response:
        file = self.files[identifier]
        segments = file.setdefault("segments", {})
        segments[int(arrived.text("segment_index"))] = len(
            arrived.parts["media"].get_payload(decode=True)
        )
        file["size"] = sum(segments.values())
        return ok(data={"expires_at": 1})

    @route("POST", f"{API}/media/upload/(\\d+)/finalize")
    def finalize(self, arrived: Arrived, identifier: str) -> Response:
        if self.files[identifier]["size"] != self.files[identifier]["total"]:
            raise Refusal(
                400,
                {
                    "title": "Invalid Request",
                    "detail": "Segments do not add up to provided total file size.",
                    "status": 400,
                },
            )
        return ok(
            data={"id": identifier, "processing_info": {"state": "pending", "check_after_secs": 3}}
        )

    @route("GET", f"{API}/media/upload")
    def status(self, arrived: Arrived) -> Response:
        file = self.files[arrived.query["media_id"]]
        self.looks_before_ready -= 1
        file["ready"] = self.looks_before_ready < 0
        return ok(
            data={
                "id": arrived.query["media_id"],
                "processing_info": {"state": "succeeded" if file["ready"] else "in_progress"},
            }
        )

    @route("POST", f"{API}/media/metadata")
    def metadata(self, arrived: Arrived) -> Response:
        self.files[arrived.json["id"]]["alt"] = arrived.json["metadata"]["alt_text"]["text"]
        return ok(data={"id": arrived.json["id"]})

    @route("POST", f"{API}/tweets")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json
        media = asked.get("media", {}).get("media_ids", [])
        if [one for one in media if not self.files[one]["ready"]] or length(
            asked["text"], (), PLATFORM.limits, {}
        ) > 280:
            raise Refusal(
                400,
                {
                    "title": "Invalid Request",
                    "detail": "Your media IDs are invalid.",
                    "status": 400,
                },
            )
        if asked["text"] in [one["asked"]["text"] for one in self.up.values()]:
            raise Refusal(
                403,
                {
                    "title": "Forbidden",
                    "status": 403,
                    "detail": "You are not allowed to create a Tweet with duplicate content.",
                },
            )
        identifier = str(1900000000000000001 + len(self.up))
        self.up[identifier] = {
            "asked": asked,
            "shown": self.shown(identifier, asked["text"], media),
        }
        return ok(201, data={"id": identifier, "text": self.up[identifier]["shown"]["text"]})

    def shown(self, identifier: str, text: str, media: list[str]) -> dict[str, Any]:
        """As X lists it: links become t.co, media a link at the end, signs become entities of HTML."""
        urls = [
            {"url": f"https://t.co/{number}", "expanded_url": found}
            for number, found in enumerate(re.findall(r"https?://[^\s)]+", text))
        ]
        for one in urls:
            text = text.replace(one["expanded_url"], one["url"])
        if media:
            urls.append(
                {
                    "url": "https://t.co/m",
                    "expanded_url": f"https://x.com/ada/status/{identifier}/photo/1",
                }
            )
            text += " https://t.co/m"
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {
            "id": identifier,
            "text": text,
            "created_at": "2026-09-07T08:30:01.000Z",
            "entities": {"urls": urls},
        }

    @route("GET", f"{API}/users/(\\d+)/tweets")
    def listed(self, arrived: Arrived, identifier: str) -> Response:
        assert identifier == "2244994945"
        assert datetime.fromisoformat(arrived.query["start_time"]) < DUE
        return ok(
            data=[one["shown"] for one in reversed(self.up.values())],
            meta={"result_count": len(self.up)},
        )


def with_link(text: str) -> Any:
    start = text.index(LINK)
    return a_post(
        text=text, spans=(Span(kind="link", start=start, end=start + len(LINK), value=LINK),)
    )


def test_a_post_is_one_request_and_names_its_page() -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(text="Week 3 notes"), server)

    (post,) = server.asked
    assert (post.method, post.url, post.json) == (
        "POST",
        "https://api.x.com/2/tweets",
        {"text": "Week 3 notes"},
    )
    assert up == Published(
        id="1900000000000000001", url="https://x.com/i/web/status/1900000000000000001"
    )


def test_pictures_go_up_with_their_alternative_texts_before_the_post(tmp_path: Path) -> None:
    server = scripted(*[documented] * 5)

    publish(
        ACCOUNT,
        a_post(media=(an_image(tmp_path), an_image(tmp_path, "bicycle.png", alt="A blue bicycle"))),
        server,
    )

    first, alt, second, other_alt, post = server.asked
    assert [one.repeat for one in (first, alt, second, other_alt)] == [HARMLESS] * 4
    assert (first.form, list(first.files)) == ({"media_category": "tweet_image"}, ["media"])
    assert alt.json == {
        "id": "1880028106020515840",
        "metadata": {"alt_text": {"text": "The school door"}},
    }
    assert post.json["media"] == {"media_ids": ["1880028106020515840"] * 2}


def test_a_video_goes_up_in_segments_and_is_waited_for(tmp_path: Path) -> None:
    video = a_video(tmp_path, size=10_000_000, alt="")
    ready, busy = (
        ok(data={"id": "7"}),
        ok(data={"id": "7", "processing_info": {"state": "in_progress", "check_after_secs": 5}}),
    )
    server = scripted(ok(data={"id": "7"}), *[ok()] * 3, busy, busy, ready, documented)

    publish(ACCOUNT, a_post(media=(video,)), server)

    begin, *segments, finish, look, again, post = server.asked
    assert begin.json == {
        "media_type": "video/mp4",
        "media_category": "tweet_video",
        "total_bytes": 10_000_000,
    }
    assert [(one.form, one.files["media"].size) for one in segments] == [
        ({"segment_index": "0"}, 4_194_304),
        ({"segment_index": "1"}, 4_194_304),
        ({"segment_index": "2"}, 1_611_392),
    ]
    assert finish.url == "https://api.x.com/2/media/upload/7/finalize"
    assert [(one.after, one.fresh) for one in (look, again)] == [(5, True), (5, True)]
    assert post.json["media"] == {"media_ids": ["7"]}


def test_a_gif_goes_up_as_one(tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    publish(ACCOUNT, a_post(media=(an_image(tmp_path, "spin.gif"),)), rehearsal)

    assert rehearsal.asked[0].json["media_category"] == "tweet_gif"


def test_a_video_that_x_cannot_use_is_refused_in_its_words(tmp_path: Path) -> None:
    failed = ok(
        data={
            "id": "7",
            "processing_info": {
                "state": "failed",
                "error": {"message": "file is currently unsupported"},
            },
        }
    )

    with pytest.raises(Rejected, match="file is currently unsupported"):
        publish(
            ACCOUNT,
            a_post(media=(a_video(tmp_path),)),
            scripted(ok(data={"id": "7"}), ok(), failed),
        )


def test_a_video_that_never_gets_ready_is_tried_again_later(tmp_path: Path) -> None:
    busy = ok(data={"id": "7", "processing_info": {"state": "in_progress"}})

    with pytest.raises(TryLater, match="still converting"):
        publish(
            ACCOUNT,
            a_post(media=(a_video(tmp_path),)),
            scripted(ok(data={"id": "7"}), ok(), *[busy] * 300),
        )


def test_options_are_said_as_x_says_them() -> None:
    server = scripted(documented)

    poll = {"answers": ["Paper", "Screen"], "hours": 48}
    publish(
        ACCOUNT,
        a_post(options={"poll": poll, "reply_settings": "following", "made_with_ai": True}),
        server,
    )

    said = server.asked[0].json
    assert said["poll"] == {"options": ["Paper", "Screen"], "duration_minutes": 2880}
    assert (said["reply_settings"], said["made_with_ai"]) == ("following", True)


@pytest.mark.parametrize(
    "before", ["1900000000000000000", "https://x.com/ada/status/1900000000000000000"]
)
def test_a_thread_answers_the_post_before_also_one_that_a_person_found(before: str) -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(reply_to=Published(id=before)), server)

    assert server.asked[0].json["reply"] == {"in_reply_to_tweet_id": "1900000000000000000"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"text": "Buy $AAPL and $MSFT"}, "one cashtag"),
        ({"options": {"poll": {"answers": ["Yes"]}}}, "two to four answers"),
        ({"options": {"poll": {"answers": ["1", "2", "3", "4", "5"]}}}, "two to four answers"),
        ({"options": {"poll": {"answers": ["Yes", "N" * 26]}}}, "at most 25 characters"),
        (
            {"options": {"poll": {"answers": ["Yes", "No"], "multiple": True}}},
            "of which one is chosen",
        ),
        (
            {"options": {"poll": {"answers": ["Yes", "No"], "hours": 0.05}}},
            "from five minutes to seven days",
        ),
        (
            {"options": {"poll": {"answers": ["Yes", "No"], "hours": 169}}},
            "from five minutes to seven days",
        ),
    ],
)
def test_what_x_would_refuse_is_refused_before_anything_leaves(
    changes: dict[str, Any], why: str
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_post(**changes), untouched)

    assert untouched.asked == []


def test_a_poll_beside_a_picture_is_refused_before_anything_leaves(tmp_path: Path) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match="a poll or media, not both"):
        publish(
            ACCOUNT,
            a_post(media=(an_image(tmp_path),), options={"poll": {"answers": ["Yes", "No"]}}),
            untouched,
        )

    assert untouched.asked == []


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (
            lambda folder: (an_image(folder), an_image(folder, "spin.gif")),
            "spin.gif is a GIF, which X takes alone",
        ),
        (
            lambda folder: (an_image(folder, "spin.gif", size=(1281, 100)),),
            "has 1281 x 100 pixels, and a GIF on X at most 1280 x 1080",
        ),
        (lambda folder: (an_image(folder, "spin.gif", size=(100, 1081)),), "has 100 x 1081 pixels"),
        (
            lambda folder: (a_video(folder, seconds=0.4),),
            "lasts 0.4 s, and a video on X at least 0.5 s",
        ),
        (
            lambda folder: (a_video(folder, width=100, height=301),),
            "has 100 x 301 pixels, and a video on X is between 1:3 and 3:1",
        ),
        (lambda folder: (a_video(folder, width=301, height=100),), "has 301 x 100 pixels"),
    ],
)
def test_media_that_x_would_refuse_are_refused_before_anything_leaves(
    make: Callable[[Path], Any], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_post(media=make(tmp_path)), untouched)

    assert untouched.asked == []
    assert PLATFORM.limits.animation_frames == 350


def test_it_tells_whose_credentials_they_are() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "@ada"


@pytest.mark.parametrize(
    ("post", "text"),
    [
        (a_post(text="Fractions & decimals <3"), "Fractions &amp; decimals &lt;3"),
        (with_link(f"Look: {LINK}."), "Look: https://t.co/0."),
        (a_post(text="A\n\nB"), "A\n\nB"),
    ],
)
def test_a_lost_post_is_found_although_x_changes_its_text(post: Any, text: str) -> None:
    listed = {
        "id": "5",
        "text": text,
        "entities": {"urls": [{"url": "https://t.co/0", "expanded_url": LINK}]},
    }

    assert find(
        ACCOUNT, post, Lost(left_at=DUE), scripted(documented, ok(data=[listed]))
    ) == Published(id="5", url="https://x.com/i/web/status/5")


def test_a_post_of_another_delivery_or_with_other_words_is_not_it() -> None:
    ours, other = {"id": "5", "text": "Welcome back"}, {"id": "6", "text": "Welcome, all"}

    assert (
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE, others=frozenset({"5"})),
            scripted(documented, ok(data=[ours, other])),
        )
        is None
    )


def test_where_there_are_more_posts_than_are_listed_it_stays_in_doubt() -> None:
    with pytest.raises(InDoubt, match="too many posts"):
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE),
            scripted(documented, ok(data=[], meta={"next_token": "b26v"})),
        )


def test_four_keys_sign_where_there_is_no_token() -> None:
    server = scripted(documented)
    publish(ACCOUNT, a_post(), server)

    with_keys = PLATFORM.sign(server.asked[0], dict.fromkeys(OAUTH1, "k"))
    with_token = PLATFORM.sign(server.asked[0], {**dict.fromkeys(OAUTH1, "k"), "token": "t"})

    assert with_keys.headers["Authorization"].startswith("OAuth ")
    assert with_token.headers["Authorization"] == "Bearer t"


@pytest.mark.parametrize(
    ("post", "dollars"),
    [
        (a_post(text="Hello"), 0.015),
        (with_link(f"See {LINK}"), 0.20),
    ],
)
def test_a_post_costs_what_the_price_list_says(post: Any, dollars: float) -> None:
    assert PLATFORM.price
    assert PLATFORM.price(post) == pytest.approx(dollars)


POSTS: dict[str, Callable[[Path], Any]] = {
    "text": lambda folder: a_post(text="Welcome back & all the best"),
    "pictures": lambda folder: a_post(
        media=(an_image(folder), an_image(folder, "bicycle.png", colour="blue", alt="A bicycle"))
    ),
    "video": lambda folder: a_post(media=(a_video(folder, size=5_000_000),)),
    "link": lambda folder: with_link(f"The term: {LINK}"),
}


@pytest.mark.parametrize("name", [*POSTS, "poll", "reply"])
def test_every_request_is_as_x_specifies_it(name: str, tmp_path: Path) -> None:
    more = {
        "poll": a_post(
            options={
                "poll": {"answers": ["Paper", "Screen"], "hours": 48},
                "reply_settings": "following",
                "made_with_ai": True,
            }
        ),
        "reply": a_post(reply_to=Published(id="1900000000000000000")),
    }
    post = more.get(name) or POSTS[name](tmp_path)
    rehearsal = Rehearsal()

    publish(ACCOUNT, post, rehearsal)
    find(ACCOUNT, post, Lost(left_at=DUE), rehearsal)

    assert [validated(request, "x.openapi.json") for request in rehearsal.asked]


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    became = lost_at_every_step(X, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS)

    assert became == {"published"}
