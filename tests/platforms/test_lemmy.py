"""The adapter's requests, and what a Lemmy that enforces its rules makes of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from platforms.base import Account, Link, LoginNeeded, Post, Published, Rejected, Response
from platforms.lemmy import PLATFORM, SITE, publish, session, whoami
from platforms.recent import Found, Look
from tests.platforms.looking import LOOKED, looked
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
            "creator_id": 2,
            **asked,
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
            "creator_id": 2,
            "path": f"0.{number}",
            **arrived.json,
        }
        self.up[one["ap_id"]] = {"comment": one}
        return ok(comment_view=self.up[one["ap_id"]])

    @route("GET", f"{API}/api/v3/user")
    def user(self, arrived: Arrived) -> Response:
        assert arrived.query["username"] == "ada"
        shown = [] if int(arrived.query.get("page", 1)) > 1 else self.up.values()
        return ok(
            posts=[one for one in shown if "post" in one],
            comments=[one for one in shown if "comment" in one],
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


def a_listed(number: int = 1, **changes: Any) -> dict[str, Any]:
    """The resource, as Lemmy lists it."""
    post = {
        "id": number,
        "ap_id": f"https://lemmy.test/post/{number}",
        "creator_id": 2,
        "community_id": 7,
        "published": PUBLISHED,
        "name": "Fractions with paper",
        "body": "What **worked**",
        "language_id": 37,
        **changes,
    }
    return {"post": post}


OLD = [a_listed(9 - n, name="Old", published=f"2026-09-0{4 - n}T08:00:00Z") for n in range(2)]


def found_among(*posts: dict[str, Any], post: Post | None = None, **lost: Any) -> Look:
    server = scripted(documented, documented, ok(posts=[*posts, *OLD], comments=[]))
    return looked(PLATFORM, ACCOUNT, post or a_resource(), server, **lost)


@pytest.mark.parametrize(
    ("there", "right"),
    [
        (a_listed(name="Fractions with paper "), Found.OURS),
        (a_listed(community_id=8), Found.ABSENT),
        (a_listed(creator_id=3), Found.ABSENT),
        (a_listed(published="2026-09-06T08:00:00Z"), Found.ABSENT),
        (a_listed(name="Other"), Found.ABSENT),
        (a_listed(body="What failed"), Found.ABSENT),
        (a_listed(url="https://example.org"), Found.NEAR),
        (a_listed(language_id=1), Found.OURS),  # a language that this server does not name
        (a_listed(removed=True), Found.REMOVED),
        (a_listed(deleted=True), Found.REMOVED),
    ],
)
def test_a_post_is_known_by_title_text_link_community_author_and_time(
    there: dict[str, Any], right: Found
) -> None:
    result = found_among(there)

    assert result.found is right
    assert right is not Found.OURS or (result.post and result.post.ref == {"post": 1})


@pytest.mark.parametrize("name", ["https://lemmy.test/post/1", "https://other.test/post/1"])
def test_a_post_of_another_delivery_is_known_by_its_address(name: str) -> None:
    assert found_among(a_listed(), others=frozenset({name})).found is Found.ABSENT


def test_a_comment_with_the_number_of_the_post_hides_it_not() -> None:
    comment = frozenset({"https://lemmy.test/comment/1"})

    assert found_among(a_listed(), others=comment).found is Found.OURS


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://example.org/a", Found.OURS),  # the server takes the tracking out
        ("https://example.org/b", Found.NEAR),
        (None, Found.NEAR),
    ],
)
def test_a_post_with_the_same_title_and_another_link_is_near(url: str | None, right: Found) -> None:
    post = a_resource(link=Link(url="https://example.org/a?utm_source=mail"))

    assert found_among(a_listed(url=url), post=post).found is right


def test_pictures_are_known_by_their_addresses_also_behind_the_servers_proxy(
    tmp_path: Path,
) -> None:
    post = a_resource(media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="A bicycle")))
    uploads = {f"upload {n}": ok(files=[{"file": f"{n}.png"}]) for n in (1, 2)}
    first, second = (f"https://lemmy.test/pictrs/image/{n}.png" for n in (1, 2))
    alt = post.media[0].alt

    def found(url: str, picture: str, **lost: Any) -> Found:
        body = f"What **worked**\n\n![A bicycle]({picture})"
        there = a_listed(url=url, alt_text=alt, body=body)
        return found_among(there, post=post, **lost).found

    proxied = f"https://lemmy.test/api/v3/image_proxy?url={quote(second, safe='')}"
    assert found(first, second, answers=uploads) is Found.OURS
    assert found(first, proxied, answers=uploads) is Found.OURS
    assert found(second, second, answers=uploads) is Found.NEAR
    assert found(first, second) is Found.NEAR, "after a restored backup nobody knows the addresses"


@pytest.mark.parametrize("hours", [2, 13])
def test_a_clock_of_ours_that_is_hours_ahead_hides_no_post(hours: int) -> None:
    later = timedelta(hours=hours)

    result = found_among(a_listed(), left_at=DUE + later, now=LOOKED + later)

    assert result.found is Found.OURS


def test_a_full_page_is_not_the_last() -> None:
    full = [a_listed(100 + n, name=str(n), published="2026-09-07T08:40:00Z") for n in range(50)]
    server = scripted(documented, documented, ok(posts=full), ok(posts=[a_listed(), *OLD]))

    assert looked(PLATFORM, ACCOUNT, a_resource(), server).found is Found.OURS
    assert server.asked[-1].url.endswith("&page=2")


@pytest.mark.parametrize(("count", "right"), [(0, Found.ABSENT), (3, Found.FAILED)])
def test_an_empty_list_proves_something_only_where_the_account_has_no_posts(
    count: int, right: Found
) -> None:
    site = json.loads(json.dumps(SITE))
    site["my_user"]["local_user_view"]["counts"] = {"post_count": count, "comment_count": 9}
    server = scripted(Response.of(site), documented, ok(posts=[]))

    assert looked(PLATFORM, ACCOUNT, a_resource(), server).found is right


OPENING = "Slides for the forty signs that begin alike: "


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, Found.OURS),
        ({"path": "0.81.95"}, Found.ABSENT),  # below another comment
        ({"path": "0.80.82.95"}, Found.ABSENT),
        ({"post_id": 6}, Found.ABSENT),
        ({"creator_id": 3}, Found.ABSENT),
        ({"content": OPENING + "part two"}, Found.ABSENT),
        ({"published": "2025-09-07T08:30:03Z"}, Found.ABSENT),
    ],
)
def test_a_comment_is_known_by_its_parent_its_author_and_all_of_its_text(
    changes: dict[str, Any], right: Found
) -> None:
    text = OPENING + "part one"
    comment = {
        "id": 95,
        "ap_id": "https://lemmy.test/comment/95",
        "post_id": 5,
        "creator_id": 2,
        "content": text,
        "path": "0.80.95",
        "published": PUBLISHED,
    }
    old = [
        {"comment": {**comment, "id": n, "content": "x", "published": f"2026-09-0{n}T08:00:00Z"}}
        for n in (4, 3)
    ]
    there = ok(comments=[{"comment": {**comment, **changes}}, *old])
    server = scripted(documented, there, ok(comments=[]))
    post = a_post(markup=text, reply_to=Published(id="x", ref={"post": 5, "comment": 80}))

    result = looked(PLATFORM, ACCOUNT, post, server)

    assert result.found is right
    assert right is Found.ABSENT or (result.post and result.post.ref["comment"] == 95)


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
