"""The adapter's requests, and what a WordPress that keeps to its rules makes of them. A real one: tests/servers/test_blogs.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Lost,
    Post,
    Published,
    Rejected,
    Response,
    Span,
    TryLater,
)
from platforms.recent import Found, Look, look
from platforms.wordpress import PLATFORM, publish, slug, whoami
from tests.platforms.standing_in import (
    Arrived,
    Refusal,
    StandIn,
    asking,
    lost_at_every_step,
    published_through,
    route,
)
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
            raise Refusal(
                401, {"code": "rest_not_logged_in", "message": "You are not currently logged in."}
            )
        if len(arrived.url) > 8190:
            raise Refusal(414)

    @route("GET", f"{API}/users/me")
    def me(self, arrived: Arrived) -> Response:
        return ok(slug="ada")

    @route("GET", f"{API}/posts")
    def look(self, arrived: Arrived) -> Response:
        assert "draft" in arrived.query["status"]
        return Response.of(
            [one for one in self.posts.values() if one["slug"] == arrived.query["slug"]]
        )

    @route("POST", f"{API}/media")
    def upload(self, arrived: Arrived) -> Response:
        assert arrived.headers["content-disposition"].startswith("attachment; filename=")
        number = len(self.files) + 1
        self.files[number] = ""
        return Response.of({"id": number, "source_url": f"https://blog.test/{number}.png"}, 201)

    @route("POST", f"{API}/media/(\\d+)")
    def change_file(self, arrived: Arrived, number: str) -> Response:
        self.files[int(number)] = arrived.json["alt_text"]
        return ok(id=int(number))

    @route("GET", f"{API}/(?:tags|categories)")
    def terms_like(self, arrived: Arrived) -> Response:
        """Names are kept, and looked through, with entities in them."""
        names = {escape(name): number for name, number in self.terms.items()}
        return Response.of(
            [
                {"id": number, "name": name}
                for name, number in names.items()
                if arrived.query["search"] in name
            ]
        )

    @route("POST", f"{API}/(?:tags|categories)")
    def term(self, arrived: Arrived) -> Response:
        name = arrived.json["name"]
        if name in self.terms:
            raise Refusal(
                400,
                {
                    "code": "term_exists",
                    "message": "A term exists.",
                    "data": {"status": 400, "term_id": self.terms[name]},
                },
            )
        self.terms[name] = len(self.terms) + 1
        return Response.of({"id": self.terms[name]}, 201)

    @route("POST", f"{API}/posts")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json
        taken = [one["slug"] for one in self.posts.values()]
        number = len(self.posts) + 1
        self.posts[number] = {
            **asked,
            "id": number,
            "slug": asked["slug"] + ("-2" if asked["slug"] in taken else ""),
            "link": f"https://blog.test/{number}",
        }
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
    return a_post(
        **{
            "title": "Fractions & paper",
            "html": "<p>Fold it.</p>",
            "summary": "What worked",
            **changes,
        }
    )


def test_a_post_is_a_draft_that_is_published_by_the_last_request() -> None:
    server = scripted(ADA, NOTHING, *[documented] * 2)

    up = publish(ACCOUNT, a_lesson(), server)

    _, look, draft, last = server.asked
    assert look.url == (
        "https://blog.test/wp-json/wp/v2/posts?slug=fractions-paper-7f3a9c0d1e2b"
        "&status=publish%2Cfuture%2Cdraft%2Cpending%2Cprivate&context=edit"
    )
    assert draft.repeat is HARMLESS
    assert draft.json == {
        "title": "Fractions & paper",
        "content": "<p>Fold it.</p>",
        "excerpt": "What worked",
        "slug": "fractions-paper-7f3a9c0d1e2b",
        "status": "draft",
    }
    assert (last.url, last.json) == (
        "https://blog.test/wp-json/wp/v2/posts/12",
        {"status": "publish"},
    )
    assert (last.repeat, last.remembered) == (DROPPED, FOREVER)
    assert (up.id, up.url) == ("12", "https://blog.example.org/welcome-back-7f3a9c0d1e2b/")


def test_the_first_picture_is_featured_and_the_others_stand_in_the_text(tmp_path: Path) -> None:
    picture = an_image(tmp_path)
    files = [
        answer
        for number in (1, 2, 3)
        for answer in (ok(id=number, source_url=f"https://blog.test/{number}"), documented)
    ]
    server = scripted(ADA, NOTHING, *files, *[documented] * 2)

    publish(
        ACCOUNT,
        a_lesson(media=(picture, an_image(tmp_path, "b.png", alt='"Blue"'), a_video(tmp_path))),
        server,
    )

    (upload, alt), draft = server.asked[2:4], server.asked[-2].json
    assert upload.url == "https://blog.test/wp-json/wp/v2/media"
    assert (alt.url, alt.json, alt.repeat) == (
        "https://blog.test/wp-json/wp/v2/media/1",
        {"alt_text": "The school door"},
        HARMLESS,
    )
    assert upload.headers["Content-Disposition"] == f'attachment; filename="{picture.name}"'
    assert draft["featured_media"] == 1
    assert draft["content"] == (
        '<p>Fold it.</p>\n<figure><img src="https://blog.test/2" alt="&quot;Blue&quot;"></figure>\n'
        '<figure><video controls src="https://blog.test/3" aria-label="Ms Ada at the board"></video></figure>'
    )


def test_what_a_picture_shows_may_be_said_at_length_in_any_script_or_not_at_all(
    tmp_path: Path,
) -> None:
    site = WordPress()
    media = (an_image(tmp_path, alt="校" * 1000), an_image(tmp_path, "b.png", alt=""))

    publish(ACCOUNT, a_lesson(media=media), asking(site, PLATFORM, ACCOUNT, SECRETS))

    assert site.files == {1: "校" * 1000, 2: ""}


def test_tags_and_categories_are_found_by_their_names_and_made_where_there_are_none() -> None:
    exists = Response.of({"code": "term_exists", "data": {"term_id": 9}}, 400)
    alike = Response.of(
        [{"id": 4, "name": "Paper folding"}, {"id": 5, "name": "paper &amp; string"}]
    )
    server = scripted(
        ADA,
        NOTHING,
        alike,
        NOTHING,
        Response.of({"id": 6}, 201),
        NOTHING,
        exists,
        *[documented] * 2,
    )
    spans = (Span(kind="tag", start=0, end=3, value="YearFour"),)

    publish(
        ACCOUNT,
        a_lesson(
            spans=spans, options={"tags": ["Paper & string", "YearFour"], "categories": ["Éire"]}
        ),
        server,
    )

    look, _, make, *_, draft, _ = server.asked[2:]
    assert (
        look.url
        == "https://blog.test/wp-json/wp/v2/tags?search=string&per_page=100&_fields=id%2Cname"
    )
    assert (make.url, make.json) == ("https://blog.test/wp-json/wp/v2/tags", {"name": "YearFour"})
    assert (draft.json["tags"], draft.json["categories"]) == ([5, 6], [9])


def test_a_term_that_is_refused_is_said_in_its_words() -> None:
    refused = Response.of({"code": "rest_x", "message": "Sorry"}, 400)

    with pytest.raises(Rejected, match="refused 'Maths' among the tags: Sorry"):
        publish(
            ACCOUNT, a_lesson(options={"tags": ["Maths"]}), scripted(ADA, NOTHING, NOTHING, refused)
        )


def test_a_plain_text_keeps_its_paragraphs_and_links() -> None:
    server = scripted(ADA, NOTHING, *[documented] * 2)
    text = "Fold & cut.\nTwice.\n\nSee https://example.org"

    publish(
        ACCOUNT,
        a_lesson(
            html="",
            text=text,
            spans=(Span(kind="link", start=24, end=43, value="https://example.org"),),
        ),
        server,
    )

    assert server.asked[2].json["content"] == (
        '<p>Fold &amp; cut.<br>\nTwice.</p>\n<p>See <a href="https://example.org">https://example.org</a></p>'
    )


def test_an_earlier_attempts_draft_gets_the_text_of_now() -> None:
    server = scripted(ADA, Response.of([stored("draft")]), *[documented] * 2)

    publish(ACCOUNT, a_lesson(html="<p>Fold it twice.</p>"), server)

    _, _, draft, _ = server.asked
    assert draft.url == "https://blog.test/wp-json/wp/v2/posts/12"
    assert draft.json["content"] == "<p>Fold it twice.</p>"
    assert "status" not in draft.json, (
        "what is being published at this moment would be a draft again"
    )


@dataclass
class Slow(WordPress):
    """The first draft comes to be when the second is asked for, and not before. What publishing is answered is lost."""

    late: Arrived | None = None

    def answer(self, arrived: Arrived) -> Response:
        if arrived.method == "POST" and arrived.url.endswith("/posts"):
            if self.late is None:
                self.late = arrived
                return Response(status=504)
            super().answer(self.late)
        if self.loses is None and b'"publish"' in arrived.body:
            self.loses = len(self.arrived) - 1
        return super().answer(arrived)


def test_a_draft_that_came_late_is_published_and_the_second_one_never(tmp_path: Path) -> None:
    site = Slow()

    row = published_through(site, PLATFORM, ACCOUNT, a_lesson(), tmp_path, SECRETS)

    assert (row.status, list(site.up)) == ("published", ["1"])
    assert [one["status"] for one in site.posts.values()] == ["publish", "draft"]


def test_what_becomes_of_a_second_draft_is_said() -> None:
    second = ok(id=13, slug="fractions-paper-7f3a9c0d1e2b-2")

    with pytest.raises(
        TryLater,
        match=r"this one, fractions-paper-7f3a9c0d1e2b-2 \(number 13\), is left as a draft, and may be deleted",
    ):
        publish(ACCOUNT, a_lesson(), scripted(ADA, NOTHING, second))


def looked(post: Post, *answers: Response) -> Look:
    return look(PLATFORM, ACCOUNT, post, Lost(left_at=DUE), scripted(*answers))


def stored(status: str, **changes: Any) -> dict[str, Any]:
    """A post under our slug."""
    return {
        "id": 12,
        "slug": slug(a_lesson()),
        "status": status,
        "link": "https://blog.test/f",
        **changes,
    }


UP = Published(id="12", url="https://blog.test/f")


@pytest.mark.parametrize("status", ["publish", "future", "pending", "private"])
def test_what_an_earlier_attempt_published_is_not_sent_again(status: str) -> None:
    listed = Response.of([stored(status)])

    assert publish(ACCOUNT, a_lesson(), scripted(ADA, listed)).url == "https://blog.test/f"
    assert looked(a_lesson(), ADA, listed) == Look(found=Found.OURS, post=UP)


def test_a_draft_and_another_slug_are_not_ours() -> None:
    other = stored("publish", slug=f"{slug(a_lesson())}-2")

    assert looked(a_lesson(), ADA, Response.of([stored("draft")])).found is Found.ABSENT
    assert looked(a_lesson(), ADA, Response.of([other])).found is Found.ABSENT


def test_a_post_in_the_bin_was_removed_by_a_person() -> None:
    server = scripted(ADA, Response.of([stored("trash", slug=f"{slug(a_lesson())}__trashed")]))

    result = look(PLATFORM, ACCOUNT, a_lesson(), Lost(left_at=DUE), server)

    assert result == Look(found=Found.REMOVED, post=UP)
    assert server.asked[1].url == (
        "https://blog.test/wp-json/wp/v2/posts"
        "?slug=fractions-paper-7f3a9c0d1e2b%2Cfractions-paper-7f3a9c0d1e2b__trashed"
        "&status=publish%2Cfuture%2Cdraft%2Cpending%2Cprivate%2Ctrash&context=edit"
    )


@pytest.mark.parametrize(("status", "found"), [("publish", Found.OURS), ("draft", Found.ABSENT)])
def test_what_stands_under_the_slug_counts_and_not_what_was_binned_before(
    status: str, found: Found
) -> None:
    binned = stored("trash", id=11, slug=f"{slug(a_lesson())}__trashed")

    assert looked(a_lesson(), ADA, Response.of([binned, stored(status)])).found is found


def test_an_answer_that_is_no_list_proves_nothing() -> None:
    with pytest.raises(TryLater, match="answered 'look' without a list"):
        looked(a_lesson(), ADA, ok(code="something"))
    with pytest.raises(TryLater, match="answered 'look' without a list"):
        publish(ACCOUNT, a_lesson(), scripted(ADA, ok()))


def test_what_an_editor_has_published_since_is_left_as_it_is() -> None:
    up = Response.of([stored("publish")])
    post = a_lesson(options={"status": "pending"})

    assert publish(ACCOUNT, post, scripted(ADA, up)) == UP
    assert looked(post, ADA, up).post == UP


def test_what_becomes_of_it_may_be_said() -> None:
    server = scripted(ADA, NOTHING, *[documented] * 2)

    publish(ACCOUNT, a_lesson(options={"status": "pending"}), server)

    assert server.asked[-1].json == {"status": "pending"}


def test_the_slug_carries_the_key_and_it_tells_whose_credentials_they_are() -> None:
    assert slug(a_post(title="")) == "7f3a9c0d1e2b"
    assert slug(a_post(title="Donaudampf" * 50)).endswith("donaudampf-7f3a9c0d1e2b")
    assert len(slug(a_post(title="Donaudampf " * 50))) < 191
    assert whoami(ACCOUNT, scripted(documented)) == "ada"


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_lesson(),
    "pictures and tags": lambda folder: a_lesson(
        media=(an_image(folder), an_image(folder, "b.png", colour="blue", alt="A bicycle")),
        options={"tags": ["Paper & string"]},
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        WordPress, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
