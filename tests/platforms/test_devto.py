"""The adapter's requests, and what a Forem that keeps to its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from platforms.base import DROPPED, FOREVER, HARMLESS, Account, Link, Lost, Post, Rejected, Response, Span
from platforms.devto import PLATFORM, find, publish, whoami
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, an_image, documented, scripted

ACCOUNT = Account(name="main", platform="devto", settings={"server": "https://dev.to"})
SECRETS = {"key": "good"}
API = r"https://dev\.to/api"
NOTHING = Response.of([])


@dataclass
class Forem(StandIn):
    """One member. Readers see what is published; the same title within five minutes is refused."""

    articles: list[dict[str, Any]] = field(default_factory=list)

    def check(self, arrived: Arrived) -> None:
        if arrived.url.startswith("https:") and arrived.headers.get("api-key") != "good":
            raise Refusal(401, {"error": "unauthorized", "status": 401})

    @route("PUT", r"host:(.+)")
    def host(self, arrived: Arrived, name: str) -> Response:
        return Response.of({"url": f"https://media.example.org/{name}"})

    @route("GET", f"{API}/articles/me/all")
    def mine(self, arrived: Arrived) -> Response:
        return Response.of(list(reversed(self.articles)))

    @route("POST", f"{API}/articles")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json["article"]
        if len(asked.get("tags", ())) > 4 or not all(one.isalnum() for one in asked.get("tags", ())) or len(asked["title"]) > 128:
            raise Refusal(422, {"error": "Tag list exceed the maximum of 4 tags", "status": 422})
        if asked["title"] in [one["title"] for one in self.articles]:
            raise Refusal(422, {"error": "Title has already been used in the last five minutes", "status": 422})
        self.articles.append({**asked, "id": 150589 + len(self.articles), "url": f"https://dev.to/ada/{len(self.articles)}"})
        return Response.of(self.articles[-1], 201)

    @route("PUT", f"{API}/articles/(\\d+)")
    def update(self, arrived: Arrived, number: str) -> Response:
        (one,) = (one for one in self.articles if one["id"] == int(number))
        one |= arrived.json["article"]
        if one["published"]:
            self.up[number] = one
        return Response.of(one)


def a_lesson(**changes: Any) -> Post:
    return a_post(**{"title": "Fractions with paper", "markup": "Fold it in **half**.", "summary": "What worked", **changes})


def test_an_article_is_a_draft_that_is_published_by_the_last_request() -> None:
    server = scripted(NOTHING, *[documented] * 2)
    spans = (Span(kind="tag", start=0, end=3, value="Maths"),)

    options = {"tags": ["teaching"], "canonical_url": "https://example.org/f", "series": "Fractions"}
    up = publish(ACCOUNT, a_lesson(spans=spans, options=options), server)

    _, draft, last = server.asked
    assert draft.repeat is HARMLESS
    assert draft.json == {"article": {
        "title": "Fractions with paper", "body_markdown": "Fold it in **half**.", "published": False, "tags": ["teaching", "maths"],
        "description": "What worked", "canonical_url": "https://example.org/f", "series": "Fractions"}}
    assert (last.url, last.json) == ("https://dev.to/api/articles/150589", {"article": {"published": True}})
    assert (last.repeat, last.remembered) == (DROPPED, FOREVER)
    assert up.url == "https://dev.to/ada/fractions-with-paper-3fkd"


def test_an_article_that_was_elsewhere_first_says_where() -> None:
    server = scripted(NOTHING, *[documented] * 2)

    publish(ACCOUNT, a_lesson(link=Link(url="https://blog.example.org/f"), options={"cross_posted": True}), server)

    assert server.asked[1].json["article"]["canonical_url"] == "https://blog.example.org/f"


@pytest.mark.parametrize("cover", [False, True])
def test_pictures_stand_in_the_text_and_the_first_may_be_the_cover(cover: bool, tmp_path: Path) -> None:
    server = scripted(*[documented] * 2, NOTHING, *[documented] * 2)
    first, second = an_image(tmp_path), an_image(tmp_path, "b.png", alt="A [blue] bicycle")

    publish(ACCOUNT, a_lesson(media=(first, second), options={"cover": cover}), server)

    said = server.asked[3].json["article"]
    in_text = "" if cover else f"\n\n![The school door](https://media.example.org/{first.name})"
    assert said["body_markdown"] == f"Fold it in **half**.{in_text}\n\n![A [blue) bicycle](https://media.example.org/{second.name})"
    assert said.get("main_image") == (f"https://media.example.org/{first.name}" if cover else None)


@pytest.mark.parametrize(("tags", "why"), [
    (["year-four"], "letters and digits of ASCII, at most 30: 'year-four' is not"),
    (["a", "b", "c", "d", "e"], "takes 4 tags, and these are 5: a, b, c, d, e"),
])
def test_tags_that_dev_would_refuse_are_refused_before_anything_leaves(tags: list[str], why: str) -> None:
    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_lesson(options={"tags": tags}), scripted())


def test_an_earlier_attempts_draft_is_used_and_an_article_of_its_own_is_not_touched() -> None:
    others = {"id": 1, "title": "Fractions with paper", "body_markdown": "Another text", "published": False}
    ours = {"id": 2, "title": "Fractions with paper", "body_markdown": "Fold it in **half**.\n", "published": False}
    server = scripted(Response.of([others, ours]), documented)

    publish(ACCOUNT, a_lesson(), server)

    assert server.asked[-1].url == "https://dev.to/api/articles/2"


def test_what_an_earlier_attempt_published_is_not_sent_again() -> None:
    up = Response.of([{"id": 2, "title": "Fractions with paper", "body_markdown": "Fold it in **half**.", "published": True, "url": "https://dev.to/a"}])

    assert publish(ACCOUNT, a_lesson(), scripted(up)).url == "https://dev.to/a"
    found = find(ACCOUNT, a_lesson(), Lost(left_at=DUE), scripted(up))
    assert found
    assert found.id == "2"
    assert find(ACCOUNT, a_lesson(), Lost(left_at=DUE, others=frozenset({"2"})), scripted(up)) is None


def test_it_tells_whose_credentials_they_are() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "ada"


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_lesson(),
    "picture": lambda folder: a_lesson(media=(an_image(folder),)),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_article(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(Forem, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS) == {"published"}
