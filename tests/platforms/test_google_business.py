"""The adapter's requests, and what a Google Business Profile that enforces its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from platforms.base import Account, Link, Lost, Media, Post, Rejected, Response, TryLater
from platforms.google_business import PLATFORM, publish, whoami
from platforms.recent import Found, Look, look
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main",
    platform="google_business",
    settings={"account": "1", "location": "2", "server": "https://mybusiness.googleapis.com"},
)
SECRETS = {"token": "good"}
PLACE = "accounts/1/locations/2"
OPEN_DAY = {
    "topic": "EVENT",
    "event_title": "Open day",
    "event_start": "2026-12-01T18:00",
    "event_end": "2026-12-01T20:30",
}
CALL = {"action": "CALL"}
SITE = Link(url="https://example.org/open")


@dataclass
class Business(StandIn):
    """One place, and the file host that its pictures are fetched from."""

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get(
            "authorization"
        ) != f"Bearer {self.token}" and not arrived.url.startswith("host:"):
            raise Refusal(
                401,
                {
                    "error": {
                        "code": 401,
                        "status": "UNAUTHENTICATED",
                        "message": "Invalid credentials",
                    }
                },
            )

    @route("PUT", r"host:(.+)")
    def host(self, arrived: Arrived, name: str) -> Response:
        return ok(url=f"https://media.example.org/{name}")

    @route("POST", rf"https://mybusiness\.googleapis\.com/v4/{PLACE}/localPosts")
    def post(self, arrived: Arrived) -> Response:
        asked = arrived.json
        wrong = (
            len(asked["summary"]) > 1500
            or (asked["topicType"] == "OFFER" and "callToAction" in asked)
            or (
                asked["topicType"] != "STANDARD"
                and set(asked["event"]["schedule"])
                != {"startDate", "startTime", "endDate", "endTime"}
            )
            or any(
                set(one) != {"mediaFormat", "sourceUrl"}
                or not one["sourceUrl"].startswith("https:")
                for one in asked.get("media", ())
            )
        )
        if wrong:
            raise Refusal(
                400,
                {
                    "error": {
                        "code": 400,
                        "status": "INVALID_ARGUMENT",
                        "message": "Must be at most 1500 characters",
                    }
                },
            )
        name = f"{PLACE}/localPosts/{len(self.up) + 1}"
        self.up[name] = {
            **asked,
            "name": name,
            "createTime": "2026-09-07T08:30:02Z",
            "state": "LIVE",
            "searchUrl": f"https://local.google.com/{name}",
        }
        return ok(**self.up[name])

    @route("GET", rf"https://mybusiness\.googleapis\.com/v4/{PLACE}/localPosts")
    def listed(self, arrived: Arrived) -> Response:
        return ok(localPosts=list(self.up.values())) if self.up else ok()


def a_picture(folder: Path) -> Media:
    """Noise, for one of a single colour is too light for Google."""
    file = folder / "noise.png"
    Image.effect_noise((720, 720), 50).save(file)
    return replace(an_image(folder), file=file, size=file.stat().st_size, width=720, height=720)


def test_a_post_has_a_button_for_its_link() -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(link=SITE), server)

    (post,) = server.asked
    assert post.url == f"https://mybusiness.googleapis.com/v4/{PLACE}/localPosts"
    assert post.json == {
        "languageCode": "en",
        "topicType": "STANDARD",
        "summary": "Welcome back",
        "callToAction": {"actionType": "LEARN_MORE", "url": SITE.url},
    }
    assert up.url == "https://local.google.com/place?id=3"


def test_a_picture_is_fetched_from_a_public_address(tmp_path: Path) -> None:
    server = scripted(*[documented] * 2)
    picture = a_picture(tmp_path)

    publish(ACCOUNT, a_post(media=(picture,)), server)

    assert server.asked[-1].json["media"] == [
        {"mediaFormat": "PHOTO", "sourceUrl": f"https://media.example.org/{picture.name}"}
    ]
    assert PLATFORM.limits.fetches_media


def test_an_event_is_said_by_the_clock_of_the_place() -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(options=OPEN_DAY), server)

    assert server.asked[0].json["event"] == {
        "title": "Open day",
        "schedule": {
            "startDate": {"year": 2026, "month": 12, "day": 1},
            "startTime": {"hours": 18, "minutes": 0},
            "endDate": {"year": 2026, "month": 12, "day": 1},
            "endTime": {"hours": 20, "minutes": 30},
        },
    }


def test_an_offer_has_its_link_where_it_is_redeemed() -> None:
    server = scripted(documented)

    publish(
        ACCOUNT,
        a_post(
            link=SITE,
            options={
                **OPEN_DAY,
                "topic": "OFFER",
                "coupon": "OPEN26",
                "terms": "One for each family",
            },
        ),
        server,
    )

    said = server.asked[0].json
    assert said["offer"] == {
        "couponCode": "OPEN26",
        "redeemOnlineUrl": SITE.url,
        "termsConditions": "One for each family",
    }
    assert "callToAction" not in said


def test_a_button_that_calls_has_no_address() -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(options=CALL), server)

    assert server.asked[0].json["callToAction"] == {"actionType": "CALL"}


def test_an_offer_has_no_button_not_even_one_that_calls() -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(link=SITE, options={**OPEN_DAY, **CALL, "topic": "OFFER"}), server)

    assert "callToAction" not in server.asked[0].json
    assert server.asked[0].json["offer"] == {"redeemOnlineUrl": SITE.url}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"options": {"topic": "EVENT"}}, "needs `event_title`, `event_start` and `event_end`"),
        ({"options": {**OPEN_DAY, "event_title": "x" * 59}}, "at most 58 characters"),
        (
            {"options": {**OPEN_DAY, "event_end": "at night"}},
            "`event_end` has to be a local time, e.g. 2026-12-01T18:00, not 'at night'",
        ),
        ({"size": (200, 600)}, "at least 250 x 250 pixels"),
        ({"size": (720, 720)}, "at least 10 kB: use a larger one"),
        ({"link": SITE, "options": CALL}, "the link would be lost"),
    ],
)
def test_what_google_would_refuse_is_refused_before_anything_leaves(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    size, untouched = changes.pop("size", None), scripted()
    media = (an_image(tmp_path, size=size),) if size else ()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_post(media=media, **changes), untouched)

    assert untouched.asked == []


@pytest.mark.parametrize(
    ("state", "notes"),
    [("LIVE", ()), ("PROCESSING", ("Google has not decided yet whether to show it",))],
)
def test_it_is_said_when_google_has_not_decided_yet(state: str, notes: tuple[str, ...]) -> None:
    assert (
        publish(ACCOUNT, a_post(), scripted(ok(name=f"{PLACE}/localPosts/3", state=state))).notes
        == notes
    )


def test_a_post_that_google_rejected_is_not_taken_for_published() -> None:
    rejected = {"name": f"{PLACE}/localPosts/3", "state": "REJECTED"}

    with pytest.raises(Rejected, match="the post was taken, and Google rejected it for its policy"):
        publish(ACCOUNT, a_post(), scripted(ok(**rejected)))
    found = looked(one(**rejected))

    assert found.found is Found.NEAR
    assert found.why == "Google rejected it for its policy; look at it in your Business Profile"


def one(**changes: Any) -> dict[str, Any]:
    """A post of the list, ours as we sent it."""
    return {
        "name": f"{PLACE}/localPosts/3",
        "languageCode": "en",
        "summary": "Welcome back",
        "createTime": "2026-09-07T08:30:02Z",
        "state": "LIVE",
        "topicType": "STANDARD",
        "searchUrl": "https://local.google.com/place?id=1&lpsid=3",
        **changes,
    }


def looked(*posts: dict[str, Any], post: Post | None = None, **lost: Any) -> Look:
    server = scripted(ok(localPosts=list(posts)))
    return look(PLATFORM, ACCOUNT, post or a_post(), Lost(left_at=DUE, **lost), server)


OTHERS = frozenset({f"{PLACE}/localPosts/7", "https://local.google.com/place?id=1&lpsid=8"})


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, Found.OURS),
        ({"summary": " Welcome  back\n"}, Found.OURS),
        ({"summary": "Other"}, Found.ABSENT),
        ({"createTime": "2026-09-06T06:00:00Z"}, Found.ABSENT),
        ({"name": f"{PLACE}/localPosts/7"}, Found.ABSENT),
        ({"searchUrl": "https://local.google.com/place?id=1&lpsid=8"}, Found.ABSENT),
        ({"name": "accounts/1/locations/5/localPosts/3"}, Found.ABSENT),
        ({"summary": "Welcome back!"}, Found.NEAR),
        ({"languageCode": "de"}, Found.NEAR),
        ({"state": "SCHEDULED"}, Found.NEAR),
        ({"callToAction": {"actionType": "BOOK", "url": "https://example.org"}}, Found.NEAR),
        ({"media": [{"mediaFormat": "PHOTO"}]}, Found.NEAR),
        ({"topicType": "EVENT", "event": {"title": "Welcome"}}, Found.ABSENT),
    ],
)
def test_a_lost_post_is_known_by_all_that_google_tells(
    changes: dict[str, Any], says: Found
) -> None:
    assert looked(one(**changes), others=OTHERS).found is says


def test_two_posts_of_one_place_have_addresses_that_begin_alike() -> None:
    others = frozenset({"https://local.google.com/place?id=1&lpsid=9"})

    assert looked(one(), others=others).found is Found.OURS


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://example.org/open/", Found.OURS),
        ("https://example.org/close", Found.NEAR),
    ],
)
@pytest.mark.parametrize("is_offer", [False, True], ids=["button", "offer"])
def test_another_link_is_near(is_offer: bool, address: str, says: Found) -> None:
    there = one(callToAction={"actionType": "LEARN_MORE", "url": address})
    post = a_post(link=SITE)
    if is_offer:
        post = a_post(link=SITE, options={**OPEN_DAY, "topic": "OFFER"})
        there = one(topicType="OFFER", event=AS_LISTED, offer={"redeemOnlineUrl": address})

    assert looked(there, post=post).found is says


AS_LISTED = {
    "title": "Open day",
    "schedule": {
        "startDate": {"year": 2026, "month": 12, "day": 1},
        "startTime": {"hours": 18},
        "endDate": {"year": 2026, "month": 12, "day": 1},
        "endTime": {"hours": 20, "minutes": 30},
    },
}
NEXT_YEAR = {
    **AS_LISTED["schedule"],  # type: ignore[dict-item]
    "startDate": {"year": 2027, "month": 12, "day": 1},
}


@pytest.mark.parametrize(
    ("happening", "says"),
    [
        ({"event": AS_LISTED}, Found.OURS),
        ({"event": {**AS_LISTED, "title": "Bazaar"}}, Found.ABSENT),
        ({"event": {**AS_LISTED, "schedule": NEXT_YEAR}}, Found.NEAR),
        ({}, Found.NEAR),
    ],
    ids=["ours", "another title", "another day", "not told"],
)
@pytest.mark.parametrize("text", ["", "Come in"])
def test_two_events_are_told_apart_by_their_titles_and_days(
    text: str, happening: dict[str, Any], says: Found
) -> None:
    """F10, GB1: also where they have no text."""
    there = one(topicType="EVENT", summary=text, **happening)

    assert looked(there, post=a_post(text=text, options=OPEN_DAY)).found is says


@pytest.mark.parametrize(
    ("fetched", "says"),
    [
        ("https://media.example.org/a.png?signature=2", Found.OURS),
        ("https://media.example.org/b.png", Found.NEAR),
        (None, Found.OURS),
    ],
)
@pytest.mark.parametrize("text", ["Welcome back", ""])
def test_another_picture_is_near(
    text: str, fetched: str | None, says: Found, tmp_path: Path
) -> None:
    """F4. Without words and without an address of the picture there is nothing to know it by."""
    picture = {"mediaFormat": "PHOTO", **({"sourceUrl": fetched} if fetched else {})}
    hosted = {"host 1": ok(url="https://media.example.org/a.png?signature=1")}
    post = a_post(text=text, media=(a_picture(tmp_path),))

    found = looked(one(summary=text, media=[picture]), post=post, answers=hosted)

    assert found.found is (Found.NEAR if not text and not fetched else says)


def test_a_post_that_is_found_says_that_google_has_not_decided_yet() -> None:
    found = looked(one(state="PROCESSING"))

    assert found.post
    assert found.post.notes == ("Google has not decided yet whether to show it",)


def test_a_lost_post_may_stand_on_any_page_and_beyond_ten_nothing_is_proven() -> None:
    first = ok(
        localPosts=[one(name=f"{PLACE}/localPosts/9", summary="Other")], nextPageToken="n/2="
    )
    server = scripted(first, ok(localPosts=[one()]))

    found = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    assert [request.url.partition("localPosts")[2] for request in server.asked] == [
        "?pageSize=100",
        "?pageSize=100&pageToken=n%2F2%3D",
    ]
    pages = [
        ok(
            localPosts=[one(name=f"{PLACE}/localPosts/{n}", summary="Other")],
            nextPageToken=str(n),
        )
        for n in range(10)
    ]
    cut = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), scripted(*pages))
    assert cut.found is Found.FAILED
    assert "more than 10 pages" in cut.why


@pytest.mark.parametrize("answer", [ok(), ok(localPosts=[])])
def test_no_posts_at_all_prove_nothing(answer: Response) -> None:
    """Row google_business: an empty answer was taken for absent."""
    try:
        found = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), scripted(answer)).found
    except TryLater:
        found = Found.FAILED

    assert found is Found.FAILED


def test_it_tells_whose_credentials_they_are() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "Ms Ada"
    with pytest.raises(Rejected, match="does not manage accounts/1; it manages: accounts/7"):
        whoami(ACCOUNT, scripted(ok(accounts=[{"name": "accounts/7"}])))


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(link=SITE),
    "picture": lambda folder: a_post(media=(a_picture(folder),)),
    "event": lambda folder: a_post(options=OPEN_DAY),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Business, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
