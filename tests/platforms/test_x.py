"""The adapter's requests, and what an X that enforces its rules makes of them."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    Published,
    Rejected,
    Response,
    Span,
    TryLater,
)
from platforms.recent import Found, Look
from platforms.signing import OAUTH1
from platforms.x import PLATFORM, publish, whoami
from scheduler.engine.rehearsal import Rehearsal
from scheduler.rendering.measuring import length
from tests.platforms.looking import LOOKED, looked
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
            "attachments": {"media_keys": [f"3_{one}" for one in media]},
        }

    @route("GET", f"{API}/users/(\\d+)/tweets")
    def listed(self, arrived: Arrived, identifier: str) -> Response:
        assert identifier == "2244994945"
        assert 5 <= int(arrived.query["max_results"]) <= 100
        return ok(
            data=[one["shown"] for one in reversed(self.up.values())],
            meta={"result_count": len(self.up)},
        )


def with_link(text: str) -> Any:
    start = text.index(LINK)
    return a_post(
        text=text, spans=(Span(kind="link", start=start, end=start + len(LINK), value=LINK),)
    )


def linked(address: str) -> Any:
    text = f"See {address} now"
    end = 4 + len(address)
    return a_post(text=text, spans=(Span(kind="link", start=4, end=end, value=address),))


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


def a_listed(name: str = "5", **changes: Any) -> dict[str, Any]:
    """A post as X lists it."""
    return {"id": name, "text": "Welcome back", "created_at": "2026-09-07T08:30:01Z", **changes}


OLD = [a_listed(str(n), text="Old", created_at=f"2026-09-0{n}T08:30:01Z") for n in (4, 3)]


def found_among(*posts: dict[str, Any], post: Any = None, **lost: Any) -> Look:
    beside = lost.pop("includes", {})
    answer = ok(data=[*posts, *OLD], includes=beside, meta={"result_count": len(posts) + 2})
    return looked(PLATFORM, ACCOUNT, post or a_post(), scripted(documented, answer), **lost)


@pytest.mark.parametrize(
    ("post", "text", "leads_to"),
    [
        (a_post(text="Fractions & decimals <3"), "Fractions &amp; decimals &lt;3", ""),
        (with_link(f"Look: {LINK}."), "Look: https://t.co/0.", LINK),
        (with_link(f"Look: {LINK}"), "Look: https://t.co/0", f"{LINK}/"),
        (a_post(text="A\n\nB"), "A\n\nB", ""),
        (linked("example.org"), "See https://t.co/0 now", "http://example.org"),
        (linked("https://EXAMPLE.org/A"), "See https://t.co/0 now", "https://example.org/A"),
        (
            linked("https://bücher.example"),
            "See https://t.co/0 now",
            "https://xn--bcher-kva.example/",
        ),
    ],
)
def test_a_lost_post_is_found_although_x_changes_its_text(
    post: Any, text: str, leads_to: str
) -> None:
    urls = [{"url": "https://t.co/0", "expanded_url": leads_to}]

    result = found_among(a_listed(text=text, entities={"urls": urls}), post=post)

    assert result.found is Found.OURS
    assert result.post == Published(id="5", url="https://x.com/i/web/status/5")


@pytest.mark.parametrize(
    "name", ["5", "https://x.com/ada/status/5", "https://x.com/i/web/status/5/photo/1"]
)
def test_a_post_of_another_delivery_is_known_by_its_id_and_its_addresses(name: str) -> None:
    assert found_among(a_listed(), others=frozenset({name})).found is Found.ABSENT


def test_a_post_that_was_edited_is_known_by_its_first_id() -> None:
    edited = a_listed("6", edit_history_post_ids=["5", "6"])

    assert found_among(edited, others=frozenset({"5"})).found is Found.ABSENT


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({"conversation_id": "5"}, Found.OURS),
        ({"text": "Welcome, all"}, Found.ABSENT),
        ({"text": "Welcome back!"}, Found.NEAR),
        ({"created_at": "2026-09-07T07:30:01Z"}, Found.ABSENT),
        ({"author_id": "7"}, Found.ABSENT),
        ({"conversation_id": "1"}, Found.ABSENT),
        ({"referenced_posts": [{"type": "replied_to", "id": "1"}]}, Found.ABSENT),
        ({"referenced_tweets": [{"type": "replied_to", "id": "1"}]}, Found.ABSENT),
        ({"referenced_posts": [{"type": "retweeted", "id": "1"}]}, Found.ABSENT),
        ({"reply_settings": "following"}, Found.NEAR),
        ({"attachments": {"media_keys": ["3_1"]}}, Found.NEAR),
        ({"attachments": {"poll_ids": ["9"]}}, Found.NEAR),
    ],
)
def test_a_post_with_the_same_words_is_ours_if_the_rest_agrees(
    changes: dict[str, Any], right: Found
) -> None:
    poll = {"id": "9", "options": [{"position": 1, "label": "Yes"}]}

    assert found_among(a_listed(**changes), includes={"polls": [poll]}).found is right


def test_a_reply_is_known_by_what_it_answers() -> None:
    post = a_post(reply_to=Published(id="https://x.com/ada/status/1"))

    def found(*references: dict[str, str]) -> Found:
        return found_among(a_listed(referenced_posts=list(references)), post=post).found

    assert found({"type": "replied_to", "id": "1"}) is Found.OURS
    assert found({"type": "replied_to", "id": "2"}) is Found.ABSENT
    assert found() is Found.ABSENT
    untold = found_among(a_listed(conversation_id="1"), post=post)
    assert untold.found is Found.OURS, "X tells the thread, and not whom it answers"


def test_a_poll_is_known_by_its_answers() -> None:
    post = a_post(options={"poll": {"answers": ["Paper", "Screen"]}})
    there = a_listed(attachments={"poll_ids": ["9"]})

    def found(*labels: str) -> Found:
        options = [{"position": n, "label": label} for n, label in enumerate(labels, 1)][::-1]
        polls = [{"id": "9", "options": options}]
        return found_among(there, post=post, includes={"polls": polls}).found

    assert found("Paper", "Screen") is Found.OURS
    assert found("Paper", "Board") is Found.NEAR


def test_pictures_are_known_by_their_keys_and_without_words_by_nothing_else(
    tmp_path: Path,
) -> None:
    post = a_post(text="", media=(an_image(tmp_path),))
    uploads = {"upload 1": ok(data={"id": "1", "media_key": "3_1"})}

    def found(key: str, **lost: Any) -> Found:
        there = a_listed(text="", attachments={"media_keys": [key]})
        return found_among(there, post=post, **lost).found

    assert found("3_1", answers=uploads) is Found.OURS
    assert found("3_2", answers=uploads) is Found.NEAR
    assert found("3_1") is Found.NEAR, "nobody knows what the picture was called"


@pytest.mark.parametrize(
    "answer",
    [
        {"errors": [{"title": "Authorization Error"}]},
        {"errors": [{"title": "Authorization Error"}], "meta": {"result_count": 0}},
        {"meta": {"result_count": 0}},
        {"data": None},
        {"data": {}},
    ],
)
def test_errors_in_place_of_posts_and_no_posts_prove_nothing(answer: dict[str, Any]) -> None:
    def found() -> Found:
        try:
            server = scripted(documented, Response.of(answer))
            return looked(PLATFORM, ACCOUNT, a_post(), server).found
        except TryLater:
            return Found.FAILED

    assert found() is Found.FAILED


def test_an_account_without_posts_has_not_ours() -> None:
    me = ok(data={"id": "1", "username": "ada", "public_metrics": {"tweet_count": 0}})
    server = scripted(me, ok(meta={"result_count": 0}))

    assert looked(PLATFORM, ACCOUNT, a_post(), server).found is Found.ABSENT


def test_all_pages_are_read_and_no_time_is_asked_for_that_x_would_refuse() -> None:
    first = ok(data=[], meta={"result_count": 0, "next_token": "b26v"})
    later = timedelta(hours=13)
    server = scripted(documented, first, ok(data=[a_listed(), *OLD], meta={"result_count": 3}))

    result = looked(PLATFORM, ACCOUNT, a_post(), server, left_at=DUE + later, now=LOOKED + later)

    assert result.found is Found.OURS
    assert server.asked[2].url.endswith("&pagination_token=b26v")
    assert not [request for request in server.asked if "start_time" in request.url]


def test_where_there_are_more_posts_than_are_listed_it_is_left_open() -> None:
    pages = [
        ok(data=[a_listed(f"9{n}", text=f"Another {n}")], meta={"next_token": f"t{n}"})
        for n in range(10)
    ]

    assert looked(PLATFORM, ACCOUNT, a_post(), scripted(documented, *pages)).found is Found.FAILED


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
    looked(PLATFORM, ACCOUNT, post, rehearsal)

    assert [validated(request, "x.openapi.json") for request in rehearsal.asked]


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    became = lost_at_every_step(X, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS)

    assert became == {"published"}
