"""The adapter's requests, and what a WordPress that keeps to its rules makes of them. A real one: tests/servers/test_blogs.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from platforms.base import DROPPED, FOREVER, HARMLESS, Account, Lost, Post, Rejected, Response, Span
from platforms.wordpress import PLATFORM, find, publish, slug, whoami
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="wordpress", settings={"site": "blog.test"})
SECRETS = {"user": "ada", "password": "abcd efgh"}
API = r"https://blog\.test/wp-json/wp/v2"
ADA, NOTHING = ok(slug="ada"), Response.of([])


@dataclass
class WordPress(StandIn):
    """One site. Readers see what is published; a slug that is taken gets a number."""

    posts: dict[int, dict[str, Any]] = field(default_factory=dict)
    terms: dict[str, int] = field(default_factory=dict)
    files: dict[int, str] = field(default_factory=dict)  # id -> alt

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != "Basic YWRhOmFiY2QgZWZnaA==":
            raise Refusal(401, {"code": "rest_not_logged_in", "message": "You are not currently logged in."})

    @route("GET", f"{API}/users/me")
    def me(self, arrived: Arrived) -> Response:
        return ok(slug="ada")

    @route("GET", f"{API}/posts")
    def look(self, arrived: Arrived) -> Response:
        assert "draft" in arrived.query["status"]
        return Response.of([one for one in self.posts.values() if one["slug"] == arrived.query["slug"]])

    @route("POST", f"{API}/media")
    def upload(self, arrived: Arrived) -> Response:
        assert arrived.headers["content-disposition"].startswith("attachment; filename=")
        number = len(self.files) + 1
        self.files[number] = arrived.query["alt_text"]
        return Response.of({"id": number, "source_url": f"https://blog.test/{number}.png"}, 201)

    @route("POST", f"{API}/(?:tags|categories)")
    def term(self, arrived: Arrived) -> Response:
        name = arrived.json["name"]
        if name in self.terms:
            raise Refusal(400, {"code": "term_exists", "message": "A term exists.", "data": {"status": 400, "term_id": self.terms[name]}})
        self.terms[name] = len(self.terms) + 1
        return Response.of({"id": self.terms[name]}, 201)

    @route("POST", f"{API}/posts")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json
        taken = [one["slug"] for one in self.posts.values()]
        number = len(self.posts) + 1
        self.posts[number] = {**asked, "id": number, "slug": asked["slug"] + ("-2" if asked["slug"] in taken else ""), "link": f"https://blog.test/{number}"}
        return Response.of(self.shown(number), 201)

    @route("POST", f"{API}/posts/(\\d+)")
    def update(self, arrived: Arrived, number: str) -> Response:
        self.posts[int(number)] |= arrived.json
        return Response.of(self.shown(int(number)))

    def shown(self, number: int) -> dict[str, Any]:
        one = self.posts[number]
        assert all(tag in self.terms.values() for tag in one.get("tags", ()))
        if one["status"] == "publish":
            self.up[str(number)] = one
        return one


def a_lesson(**changes: Any) -> Post:
    return a_post(**{"title": "Fractions & paper", "html": "<p>Fold it.</p>", "summary": "What worked", **changes})


def test_a_post_is_a_draft_that_is_published_by_the_last_request() -> None:
    server = scripted(ADA, NOTHING, *[documented] * 2)

    up = publish(ACCOUNT, a_lesson(), server)

    _, look, draft, last = server.asked
    assert look.url == ("https://blog.test/wp-json/wp/v2/posts?slug=fractions-paper-7f3a9c0d1e2b"
                        "&status=publish%2Cfuture%2Cdraft%2Cpending%2Cprivate&context=edit")
    assert draft.repeat is HARMLESS
    assert draft.json == {"title": "Fractions & paper", "content": "<p>Fold it.</p>", "excerpt": "What worked",
                          "slug": "fractions-paper-7f3a9c0d1e2b", "status": "draft"}
    assert (last.url, last.json) == ("https://blog.test/wp-json/wp/v2/posts/12", {"status": "publish"})
    assert (last.repeat, last.remembered) == (DROPPED, FOREVER)
    assert (up.id, up.url) == ("12", "https://blog.example.org/welcome-back-7f3a9c0d1e2b/")


def test_the_first_picture_is_featured_and_the_others_stand_in_the_text(tmp_path: Path) -> None:
    picture = an_image(tmp_path)
    files = [ok(id=number, source_url=f"https://blog.test/{number}") for number in (1, 2, 3)]
    server = scripted(ADA, NOTHING, *files, *[documented] * 2)

    publish(ACCOUNT, a_lesson(media=(picture, an_image(tmp_path, "b.png", alt='"Blue"'), a_video(tmp_path))), server)

    upload, draft = server.asked[2], server.asked[-2].json
    assert upload.url.endswith("/media?alt_text=The%20school%20door&title=The%20school%20door")
    assert upload.headers["Content-Disposition"] == f'attachment; filename="{picture.name}"'
    assert draft["featured_media"] == 1
    assert draft["content"] == ('<p>Fold it.</p>\n<figure><img src="https://blog.test/2" alt="&quot;Blue&quot;"></figure>\n'
                                '<figure><video controls src="https://blog.test/3" aria-label="Ms Ada at the board"></video></figure>')


def test_tags_and_categories_are_made_where_there_are_none_and_found_where_there_are() -> None:
    exists = Response.of({"code": "term_exists", "data": {"term_id": 9}}, 400)
    server = scripted(ADA, NOTHING, Response.of({"id": 5}, 201), exists, exists, *[documented] * 2)
    spans = (Span(kind="tag", start=0, end=3, value="YearFour"),)

    publish(ACCOUNT, a_lesson(spans=spans, options={"tags": ["Paper", "YearFour"], "categories": ["Maths"]}), server)

    assert [one.json for one in server.asked[2:5]] == [{"name": "Paper"}, {"name": "YearFour"}, {"name": "Maths"}]
    assert (server.asked[5].json["tags"], server.asked[5].json["categories"]) == ([5, 9], [9])


def test_a_term_that_is_refused_is_said_in_its_words() -> None:
    with pytest.raises(Rejected, match="refused 'Maths' among the tags: Sorry"):
        publish(ACCOUNT, a_lesson(options={"tags": ["Maths"]}), scripted(ADA, NOTHING, Response.of({"code": "rest_x", "message": "Sorry"}, 400)))


def test_an_earlier_attempts_draft_gets_the_text_of_now() -> None:
    server = scripted(ADA, Response.of([{"id": 12, "status": "draft"}]), *[documented] * 2)

    publish(ACCOUNT, a_lesson(html="<p>Fold it twice.</p>"), server)

    _, _, draft, _ = server.asked
    assert draft.url == "https://blog.test/wp-json/wp/v2/posts/12"
    assert draft.json["content"] == "<p>Fold it twice.</p>"


def test_what_an_earlier_attempt_published_is_not_sent_again() -> None:
    up = Response.of([{"id": 12, "status": "publish", "link": "https://blog.test/f"}])

    assert publish(ACCOUNT, a_lesson(), scripted(ADA, up)).url == "https://blog.test/f"
    found = find(ACCOUNT, a_lesson(), Lost(left_at=DUE), scripted(ADA, up))
    assert found
    assert found.id == "12"
    assert find(ACCOUNT, a_lesson(), Lost(left_at=DUE), scripted(ADA, Response.of([{"id": 12, "status": "draft"}]))) is None


def test_what_becomes_of_it_may_be_said() -> None:
    server = scripted(ADA, NOTHING, *[documented] * 2)

    publish(ACCOUNT, a_lesson(options={"status": "pending"}), server)

    assert server.asked[-1].json == {"status": "pending"}


def test_the_slug_carries_the_key_and_it_tells_whose_credentials_they_are() -> None:
    assert slug(a_post(title="")) == "7f3a9c0d1e2b"
    assert whoami(ACCOUNT, scripted(documented)) == "ada"


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_lesson(),
    "pictures and tags": lambda folder: a_lesson(media=(an_image(folder), an_image(folder, "b.png", colour="blue", alt="A bicycle")),
                                                 options={"tags": ["Paper"]}),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(WordPress, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS) == {"published"}
