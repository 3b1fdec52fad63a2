"""The adapter's requests, and what a Lemmy that enforces its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Link, LoginNeeded, Lost, Post, Published, Rejected, Response
from platforms.lemmy import PLATFORM, SITE, find, publish, session, whoami
from tests.platforms.standing_in import (
    Arrived,
    Refusal,
    StandIn,
    lost_at_every_step,
    published_through,
    route,
)
from tests.support import DUE, a_post, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main", platform="lemmy", settings={"server": "lemmy.test", "community": "teaching"}
)
SECRETS = {"token": "good"}
API = r"https://lemmy\.test"
FIELDS = {
    "name",
    "community_id",
    "url",
    "body",
    "alt_text",
    "custom_thumbnail",
    "nsfw",
    "language_id",
}
PUBLISHED = "2026-09-07T08:30:03.123456Z"


@dataclass
class Lemmy(StandIn):
    """One account. A wrong token makes who has it nobody."""

    pictures: set[str] = field(default_factory=set)
    posts_left: int = 6  # of ten minutes
    refused: int = 0

    def known(self, arrived: Arrived) -> bool:
        return arrived.headers.get("authorization") == f"Bearer {self.token}"

    def check(self, arrived: Arrived) -> None:
        if arrived.method == "POST" and not self.known(arrived):
            raise Refusal(401, {"error": "incorrect_login"})

    @route("GET", f"{API}/api/v3/site")
    def site(self, arrived: Arrived) -> Response:
        return Response.of(SITE if self.known(arrived) else {**SITE, "my_user": None})

    @route("GET", f"{API}/api/v3/community")
    def community(self, arrived: Arrived) -> Response:
        if arrived.query["name"] != "teaching":
            raise Refusal(404, {"error": "couldnt_find_community"})
        return ok(community_view={"community": {"id": 7}})

    @route("POST", f"{API}/pictrs/image")
    def upload(self, arrived: Arrived) -> Response:
        assert list(arrived.parts) == ["images[]"]
        self.pictures.add(f"https://lemmy.test/pictrs/image/{len(self.pictures)}.png")
        return Response.of({"msg": "ok", "files": [{"file": f"{len(self.pictures) - 1}.png"}]}, 201)

    @route("POST", f"{API}/api/v3/post")
    def post(self, arrived: Arrived) -> Response:
        asked = arrived.json
        assert asked.keys() <= FIELDS
        self.ration()
        if not 3 <= len(asked["name"].strip()) <= 200 or "\n" in asked["name"]:
            raise Refusal(400, {"error": "invalid_post_title"})
        if len(asked.get("alt_text", "")) > 1500:
            raise Refusal(400, {"error": "alt_text_length_overflow"})
        if len(asked.get("body", "").encode("utf-16-le")) // 2 > 50_000:
            raise Refusal(400, {"error": "invalid_body_field"})
        url = asked.get("url", "https://example.org")
        if not url.startswith("https://") or (
            url.startswith("https://lemmy.test/pictrs/") and url not in self.pictures
        ):
            raise Refusal(400, {"error": "invalid_url"})
        assert asked["community_id"] == 7
        number = len(self.up) + 4711
        one = {
            "id": number,
            "ap_id": f"https://lemmy.test/post/{number}",
            "published": PUBLISHED,
            "name": asked["name"],
            "community_id": 7,
        }
        self.up[one["ap_id"]] = {"post": one}
        return ok(post_view=self.up[one["ap_id"]])

    def ration(self) -> None:
        if not self.posts_left:
            self.posts_left, self.refused = (
                6,
                self.refused + 1,
            )  # the bucket is full again when it is asked the next time
            raise Refusal(400, {"error": "rate_limit_error"})
        self.posts_left -= 1

    @route("POST", f"{API}/api/v3/comment")
    def comment(self, arrived: Arrived) -> Response:
        assert arrived.json.keys() <= {"content", "post_id", "parent_id", "language_id"}
        self.ration()
        if not 0 < len(arrived.json["content"].encode("utf-16-le")) // 2 <= 10_000:
            raise Refusal(400, {"error": "invalid_body_field"})
        number = len(self.up) + 81
        one = {
            "id": number,
            "ap_id": f"https://lemmy.test/comment/{number}",
            "published": PUBLISHED,
            **arrived.json,
        }
        self.up[one["ap_id"]] = {"comment": one}
        return ok(comment_view=self.up[one["ap_id"]])

    @route("GET", f"{API}/api/v3/user")
    def user(self, arrived: Arrived) -> Response:
        assert arrived.query["username"] == "ada"
        return ok(
            posts=[one for one in self.up.values() if "post" in one],
            comments=[one for one in self.up.values() if "comment" in one],
        )


def a_resource(**changes: Any) -> Post:
    return a_post(**{"title": "Fractions with paper", "markup": "What **worked**", **changes})


def test_a_post_goes_into_the_community_in_its_language() -> None:
    server = scripted(*[documented] * 3)

    up = publish(
        ACCOUNT, a_resource(link=Link(url="https://example.org"), options={"nsfw": True}), server
    )

    community, _, post = server.asked
    assert community.url == "https://lemmy.test/api/v3/community?name=teaching"
    assert post.json == {
        "name": "Fractions with paper",
        "community_id": 7,
        "url": "https://example.org",
        "body": "What **worked**",
        "nsfw": True,
        "language_id": 37,
    }
    assert up == Published(
        id="https://lemmy.example/post/4711",
        url="https://lemmy.example/post/4711",
        ref={"post": 4711},
    )


def test_the_first_picture_is_the_posts_and_the_others_stand_in_its_text(tmp_path: Path) -> None:
    server = scripted(*[documented] * 5)

    publish(
        ACCOUNT,
        a_resource(
            language="xx", media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="A bicycle"))
        ),
        server,
    )

    said = server.asked[-1].json
    assert (said["url"], said["alt_text"]) == (
        "https://lemmy.test/pictrs/image/a1b2.png",
        "The school door",
    )
    assert (
        said["body"] == "What **worked**\n\n![A bicycle](https://lemmy.test/pictrs/image/a1b2.png)"
    )
    assert "language_id" not in said


def test_what_a_further_picture_shows_may_have_brackets_and_lines(tmp_path: Path) -> None:
    server = scripted(*[documented] * 5)

    publish(
        ACCOUNT,
        a_resource(
            media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="f(x) [0, 1]\nand \\"))
        ),
        server,
    )

    assert r"![f(x) \[0, 1\] and \\](https://" in server.asked[-1].json["body"]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (Published(id="x", ref={"post": 5}), {"post_id": 5}),
        (Published(id="x", ref={"post": 5, "comment": 8}), {"post_id": 5, "parent_id": 8}),
        (Published(id="https://lemmy.test/post/5"), {"post_id": 5}),
    ],
)
def test_what_answers_a_post_is_a_comment(before: Published, said: dict[str, int]) -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(markup="Slides", reply_to=before), server)

    assert server.asked[0].json == {"content": "Slides", **said}
    assert up.ref == {"post": 5, "comment": 81}


@pytest.mark.parametrize(
    ("post", "why"),
    [
        (a_resource(title="Hi"), "at least three characters"),
        (
            a_post(markup="x" * 10_001, reply_to=Published(id="https://lemmy.test/post/5")),
            "at most 10,000 characters",
        ),
        (a_post(markup="x", reply_to=Published(id="https://example.org")), "is no post on Lemmy"),
    ],
)
def test_what_lemmy_would_refuse_is_refused_before_anything_leaves(post: Post, why: str) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, post, untouched)

    assert untouched.asked == []


def test_a_post_of_another_delivery_or_from_before_is_not_it() -> None:
    def one(
        number: int, made: str, name: str = "Fractions with paper ", place: int = 7
    ) -> dict[str, Any]:
        return {
            "post": {
                "id": number,
                "ap_id": f"https://lemmy.test/post/{number}",
                "published": made,
                "name": name,
                "community_id": place,
            }
        }

    listed = ok(
        posts=[
            one(4, PUBLISHED, place=8),
            one(1, PUBLISHED),
            one(2, "2026-09-06T08:00:00Z"),
            one(3, PUBLISHED, "Other"),
        ]
    )

    found = find(ACCOUNT, a_resource(), Lost(left_at=DUE), scripted(documented, documented, listed))

    assert found
    assert found.ref == {"post": 1}
    others = frozenset({"https://lemmy.test/post/1"})
    assert (
        find(
            ACCOUNT,
            a_resource(),
            Lost(left_at=DUE, others=others),
            scripted(documented, documented, listed),
        )
        is None
    )


def test_a_password_is_traded_for_a_token() -> None:
    server = scripted(ok(jwt="t"))

    assert session(ACCOUNT, {"user": "ada", "password": "p"}, server) == {"token": "t"}
    assert server.asked[0].json == {"username_or_email": "{user}", "password": "{password}"}, (
        "the network fills them in"
    )
    assert session(ACCOUNT, {"token": "pasted"}, scripted()) == {}, (
        "another one in its place is taken up"
    )


def test_a_token_that_makes_nobody_needs_a_login() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "ada"
    with pytest.raises(LoginNeeded, match="does not know who this is"):
        whoami(ACCOUNT, scripted(Response.of({**SITE, "my_user": None})))


POSTS: dict[str, Callable[[Path], Post]] = {
    "link": lambda folder: a_resource(link=Link(url="https://example.org")),
    "pictures": lambda folder: a_resource(
        media=(an_image(folder), an_image(folder, "b.png", colour="blue", alt="A bicycle"))
    ),
    "comment": lambda folder: a_post(markup="Slides", reply_to=Published(id="x", ref={"post": 5})),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Lemmy, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}


@pytest.mark.parametrize("name", POSTS)
def test_one_post_too_many_is_worth_another_try_although_lemmy_says_so_with_a_400(
    name: str, tmp_path: Path
) -> None:
    server = Lemmy(posts_left=0)

    row = published_through(server, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS)

    assert (row.status, len(server.up), server.refused) == ("published", 1, 1)


def test_another_community_may_be_named_in_the_post() -> None:
    server = scripted(*[documented] * 3)

    publish(
        replace(ACCOUNT, settings={**ACCOUNT.settings, "community": "!maths@lemmy.ml"}),
        a_resource(),
        server,
    )

    assert server.asked[0].url.endswith("?name=maths@lemmy.ml")
