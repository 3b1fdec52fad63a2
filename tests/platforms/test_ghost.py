"""The adapter's requests, and what a Ghost that keeps to its rules makes of them. A real one: tests/servers/test_blogs.py."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import pytest

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    LoginNeeded,
    Lost,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Span,
    TryLater,
)
from platforms.ghost import PLATFORM, error_code, publish, whoami
from platforms.recent import Found, Look, look
from platforms.signing import ghost_token
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="ghost", settings={"site": "blog.test"})
HEX = "ab" * 32
SECRETS = {"key": f"5f1e:{HEX}"}
API = r"https://blog\.test/ghost/api/admin"
NOT_THERE = Response.of({"errors": [{"type": "NotFoundError"}]}, 404)


@dataclass
class Ghost(StandIn):
    """One blog. A slug that is taken gets a number; a change needs the time of the last one."""

    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    mails: set[str] = field(default_factory=set)
    changes: int = 0

    def check(self, arrived: Arrived) -> None:
        kind, _, token = arrived.headers.get("authorization", "").partition(" ")
        assert jwt.get_unverified_header(token)["kid"] == "5f1e"
        told = jwt.decode(token, bytes.fromhex(HEX), algorithms=["HS256"], audience="/admin/")
        assert kind == "Ghost"
        assert told["exp"] - told["iat"] == 300

    @route("GET", f"{API}/posts/slug/([^/]+)/")
    def look(self, arrived: Arrived, slug: str) -> Response:
        found = [one for one in self.posts.values() if one["slug"] == slug]
        if not found:
            raise Refusal(404, {"errors": [{"type": "NotFoundError"}]})
        return ok(posts=found)

    @route("POST", f"{API}/images/upload/")
    def upload(self, arrived: Arrived) -> Response:
        return Response.of(
            {"images": [{"url": "https://blog.test/1.png", "ref": arrived.text("ref")}]}, 201
        )

    @route("POST", f"{API}/posts/")
    def create(self, arrived: Arrived) -> Response:
        (asked,) = arrived.json["posts"]
        assert arrived.query == {"source": "html"}, "without it the text is dropped in silence"
        identifier = f"6b{len(self.posts)}"
        taken = [one["slug"] for one in self.posts.values()]
        self.posts[identifier] = {
            **asked,
            "id": identifier,
            "slug": asked["slug"] + ("-2" if asked["slug"] in taken else ""),
        }
        return Response.of({"posts": [self.changed(identifier)]}, 201)

    @route("PUT", f"{API}/posts/([^/]+)/")
    def update(self, arrived: Arrived, identifier: str) -> Response:
        (asked,) = arrived.json["posts"]
        if asked["updated_at"] != self.posts[identifier]["updated_at"]:
            raise Refusal(
                409,
                {
                    "errors": [
                        {
                            "code": "UPDATE_COLLISION",
                            "message": "Saving failed! Someone else is editing this post.",
                        }
                    ]
                },
            )
        self.posts[identifier] |= asked
        if "newsletter" in arrived.query:
            self.mails.add(identifier)
        return ok(posts=[self.changed(identifier)])

    def changed(self, identifier: str) -> dict[str, Any]:
        self.changes += 1
        one = self.posts[identifier]
        one |= {
            "updated_at": f"2026-09-07T08:30:{self.changes:02}.000Z",
            "url": f"https://blog.test/{one['slug']}/",
        }
        if one["status"] == "published":
            self.up[identifier] = one
        return one


def a_lesson(**changes: Any) -> Post:
    return a_post(
        **{"title": "Fractions", "html": "<p>Fold it.</p>", "summary": "What worked", **changes}
    )


def test_a_post_is_a_draft_that_is_published_by_the_last_request(tmp_path: Path) -> None:
    server = scripted(NOT_THERE, *[documented] * 4)
    spans = (Span(kind="tag", start=0, end=3, value="YearFour"),)

    publish(
        ACCOUNT,
        a_lesson(
            media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="A <bicycle>")),
            spans=spans,
            options={"tags": ["Maths"], "visibility": "members"},
        ),
        server,
    )

    look, upload, _, draft, last = server.asked
    assert look.url == "https://blog.test/ghost/api/admin/posts/slug/fractions-7f3a9c0d1e2b/"
    assert (upload.repeat, list(upload.files)) == (HARMLESS, ["file"])
    assert draft.json == {
        "posts": [
            {
                "title": "Fractions",
                "slug": "fractions-7f3a9c0d1e2b",
                "status": "draft",
                "tags": [{"name": "Maths"}, {"name": "YearFour"}],
                "html": '<p>Fold it.</p>\n<figure><img src="https://blog.example.org/content/images/door.png" alt="A &lt;bicycle&gt;"></figure>',
                "feature_image": "https://blog.example.org/content/images/door.png",
                "feature_image_alt": "The school door",
                "custom_excerpt": "What worked",
                "visibility": "members",
            }
        ]
    }
    assert (last.method, last.json) == (
        "PUT",
        {"posts": [{"status": "published", "updated_at": "2026-09-07T08:30:00.000Z"}]},
    )
    assert (last.repeat, last.remembered) == (DROPPED, FOREVER)


def test_a_plain_text_keeps_its_paragraphs() -> None:
    server = scripted(NOT_THERE, *[documented] * 2)

    publish(ACCOUNT, a_lesson(html="", text="Fold & cut.\n\nTwice."), server)

    assert server.asked[1].json["posts"][0]["html"] == "<p>Fold &amp; cut.</p>\n<p>Twice.</p>"


def test_a_newsletter_goes_out_with_the_publishing() -> None:
    server = scripted(NOT_THERE, *[documented] * 2)

    publish(
        ACCOUNT, a_lesson(options={"newsletter": "weekly", "email_segment": "status:free"}), server
    )

    assert server.asked[-1].url.endswith(
        "/posts/6b04ac309258391017043ee0/?newsletter=weekly&email_segment=status%3Afree"
    )


def test_an_earlier_attempts_draft_gets_the_text_of_now() -> None:
    draft = {"id": "6b", "status": "draft", "updated_at": "2026-09-07T08:00:00.000Z", "url": "x"}
    server = scripted(ok(posts=[draft]), *[documented] * 2)

    publish(ACCOUNT, a_lesson(html="<p>Fold it twice.</p>"), server)

    _, again, _ = server.asked
    assert (again.method, again.url) == (
        "PUT",
        "https://blog.test/ghost/api/admin/posts/6b/?source=html",
    )
    assert "status" not in again.json["posts"][0]
    assert (again.json["posts"][0]["html"], again.json["posts"][0]["updated_at"]) == (
        "<p>Fold it twice.</p>",
        "2026-09-07T08:00:00.000Z",
    )


def test_a_second_draft_is_not_published() -> None:
    second = ok(
        posts=[
            {
                "id": "6c",
                "slug": "fractions-7f3a9c0d1e2b-2",
                "updated_at": "2026-09-07T08:30:00.000Z",
            }
        ]
    )

    with pytest.raises(
        TryLater,
        match=r"this one, fractions-7f3a9c0d1e2b-2 \(number 6c\), is left as a draft, and may be deleted",
    ):
        publish(ACCOUNT, a_lesson(), scripted(NOT_THERE, second))


@pytest.mark.parametrize("status", ["published", "scheduled", "sent"])
def test_what_an_earlier_attempt_published_is_not_sent_again(status: str) -> None:
    up = ok(posts=[{"id": "6b", "status": status, "url": "https://blog.test/f/"}])

    assert publish(ACCOUNT, a_lesson(), scripted(up)).url == "https://blog.test/f/"
    assert looked(up) == Look(found=Found.OURS, post=Published(id="6b", url="https://blog.test/f/"))


def looked(answer: Response) -> Look:
    return look(PLATFORM, ACCOUNT, a_lesson(), Lost(left_at=DUE), scripted(answer))


def test_a_post_is_absent_where_ghost_says_so_or_has_a_draft() -> None:
    draft = ok(posts=[{"id": "6b", "status": "draft", "url": "https://blog.test/p/1/"}])

    assert looked(NOT_THERE) == Look(found=Found.ABSENT)
    assert looked(draft) == Look(found=Found.ABSENT)


@pytest.mark.parametrize(
    "answer",
    [
        Response(status=404, headers={"content-type": "text/html"}, body=b"<h1>Not found</h1>"),
        Response.of({}, 404),
        Response.of({"error": "not found"}, 404),
        Response.of({"errors": [{"type": "UnauthorizedError"}]}, 404),
    ],
)
def test_a_404_of_something_in_front_of_ghost_proves_nothing(answer: Response) -> None:
    with pytest.raises(TryLater, match="a 404 that is not Ghost's answered 'look'"):
        looked(answer)
    with pytest.raises(TryLater, match="a 404 that is not Ghost's answered 'look'"):
        publish(ACCOUNT, a_lesson(), scripted(answer))


def test_a_summary_that_is_too_long_is_refused_before_anything_leaves() -> None:
    with pytest.raises(Rejected, match="at most 300 characters, and this has 301"):
        publish(ACCOUNT, a_lesson(summary="x" * 301), scripted())


def test_a_token_is_made_of_the_key_for_each_request() -> None:
    signed = ghost_token(Request(step="read", url="https://blog.test"), SECRETS)

    told = jwt.decode(
        signed.headers["Authorization"].removeprefix("Ghost "),
        bytes.fromhex(HEX),
        algorithms=["HS256"],
        audience="/admin/",
    )
    assert abs(told["iat"] - time.time()) < 5


@pytest.mark.parametrize("key", ["5f1e", "5f1e:", "5f1e:not hex", ""])
def test_what_is_no_key_is_said_to_be_none(key: str) -> None:
    with pytest.raises(LoginNeeded, match="two long words of hexadecimal digits"):
        ghost_token(Request(step="read", url="https://blog.test"), {"key": key})


def test_the_key_is_tried_and_the_site_named() -> None:
    server = scripted(*[documented] * 2)

    assert whoami(ACCOUNT, server) == "Class 4b"
    assert [one.step for one in server.asked] == ["key", "site"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "UPDATE_COLLISION", "type": "UpdateCollisionError"}, "UPDATE_COLLISION"),
        ({"code": None, "type": "EmailError"}, "EmailError"),
    ],
)
def test_its_own_code_is_read(error: dict[str, Any], code: str) -> None:
    assert error_code(ok(errors=[error])) == code
    assert error_code(Response(body=b"<html>")) == ""


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_lesson(),
    "picture": lambda folder: a_lesson(media=(an_image(folder),)),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Ghost, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
