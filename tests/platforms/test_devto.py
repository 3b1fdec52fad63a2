"""The adapter's requests, and what a Forem that keeps to its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
    Request,
    Response,
    Span,
    TryLater,
)
from platforms.devto import PLATFORM, publish, whoami
from platforms.recent import Found, Look, look
from scheduler.engine.judging import judged
from scheduler.engine.planning import plan
from tests.platforms.standing_in import (
    Arrived,
    Refusal,
    StandIn,
    asking,
    lost_at_every_step,
    published_through,
    route,
)
from tests.support import DUE, a_post, documented, ok, scripted

ACCOUNT = Account(name="main", platform="devto", settings={"server": "https://dev.to"})
SECRETS = {"key": "good"}
API = r"https://dev\.to/api"
NOTHING = Response.of([])
CROSS_POSTED = """\
timezone: UTC
accounts:
  dev: {{platform: devto}}
posts:
- {{id: fractions, when: 2099-09-07 08:30, to: dev, title: Fractions, devto: {{cross_posted: true}}, {words}}}
"""
MARK = "\n\n<!-- 7f3a9c0d1e2b4a55 -->"


@dataclass
class Forem(StandIn):
    """One member. Readers see what is published; the same title within five minutes is refused."""

    articles: list[dict[str, Any]] = field(default_factory=list)
    recent: set[str] = field(default_factory=set)  # titles of the last five minutes

    def check(self, arrived: Arrived) -> None:
        if arrived.url.startswith("https:") and arrived.headers.get("api-key") != "good":
            raise Refusal(401, {"error": "unauthorized", "status": 401})

    @route("GET", f"{API}/articles/me/(published|unpublished)")
    def mine(self, arrived: Arrived, state: str) -> Response:
        """A page of them, the newest first; `me/all` would have the drafts first."""
        mine = [one for one in self.articles if one["published"] == (state == "published")][::-1]
        size = int(arrived.query.get("per_page", 30))
        start = (int(arrived.query.get("page", 1)) - 1) * size
        return Response.of(mine[start : start + size])

    @route("POST", f"{API}/articles")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json["article"]
        if (
            len(asked.get("tags", ())) > 4
            or not all(one.isalnum() for one in asked.get("tags", ()))
            or len(asked["title"]) > 128
        ):
            raise Refusal(422, {"error": "Tag list exceed the maximum of 4 tags", "status": 422})
        if asked["title"] in self.recent:
            raise Refusal(
                422,
                {"error": "Title has already been used in the last five minutes", "status": 422},
            )
        self.recent.add(asked["title"])
        self.articles.append(
            {
                **asked,
                "id": 150589 + len(self.articles),
                "url": f"https://dev.to/ada/{len(self.articles)}",
            }
        )
        return Response.of(self.articles[-1], 201)

    @route("PUT", f"{API}/articles/(\\d+)")
    def update(self, arrived: Arrived, number: str) -> Response:
        (one,) = (one for one in self.articles if one["id"] == int(number))
        one |= arrived.json["article"]
        if one["published"]:
            self.up[number] = one
        return Response.of(one)


def a_lesson(**changes: Any) -> Post:
    return a_post(
        **{
            "title": "Fractions with paper",
            "markup": "Fold it in **half**.",
            "summary": "What worked",
            **changes,
        }
    )


def test_an_article_is_a_draft_that_is_published_by_the_last_request() -> None:
    server = scripted(NOTHING, NOTHING, *[documented] * 2)
    spans = (Span(kind="tag", start=0, end=3, value="Maths"),)

    options = {
        "tags": ["teaching"],
        "canonical_url": "https://example.org/f",
        "series": "Fractions",
    }
    up = publish(ACCOUNT, a_lesson(spans=spans, options=options), server)

    _, _, draft, last = server.asked
    assert draft.repeat is HARMLESS
    assert draft.json == {
        "article": {
            "title": "Fractions with paper",
            "body_markdown": f"Fold it in **half**.{MARK}",
            "published": False,
            "tags": ["teaching", "maths"],
            "description": "What worked",
            "canonical_url": "https://example.org/f",
            "series": "Fractions",
        }
    }
    assert (last.url, last.json) == (
        "https://dev.to/api/articles/150589",
        {"article": {"published": True}},
    )
    assert (last.repeat, last.remembered) == (DROPPED, FOREVER)
    assert up.url == "https://dev.to/ada/fractions-with-paper-3fkd"


@pytest.mark.parametrize(
    ("words", "first_stood"),
    [
        (
            "text: 'Fold it, as https://paper.example does.', link: 'https://blog.example.org/f'",
            "https://blog.example.org/f",
        ),
        ("text: Fold it., link: 'https://blog.example.org/f'", "https://blog.example.org/f"),
        (
            "text: '[As](https://paper.example) [I wrote](https://blog.example.org/g).'",
            "https://blog.example.org/g",
        ),
        ("text: Fold it.", None),
    ],
)
def test_an_article_that_was_elsewhere_first_says_where(
    words: str, first_stood: str | None, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(CROSS_POSTED.format(words=words))
    (one,) = plan(tmp_path / "config.yaml").deliveries
    server = scripted(NOTHING, NOTHING, *[documented] * 2)

    publish(ACCOUNT, one.post, server)

    assert server.asked[2].json["article"].get("canonical_url") == first_stood


def test_the_site_may_be_written_without_its_scheme_or_with_a_slash() -> None:
    for written in ("dev.to", "https://dev.to/"):
        server = scripted(documented)

        whoami(replace(ACCOUNT, settings={"server": written}), server)

        assert server.asked[0].url == "https://dev.to/api/users/me"


def test_a_cover_is_named_by_its_address() -> None:
    server = scripted(NOTHING, NOTHING, *[documented] * 2)

    publish(ACCOUNT, a_lesson(options={"cover": "https://blog.example.org/cover.jpg"}), server)

    assert server.asked[2].json["article"]["main_image"] == "https://blog.example.org/cover.jpg"
    assert PLATFORM.limits.images == 0


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        (["year-four"], "letters and digits of ASCII, at most 30: 'year-four' is not"),
        (["a", "b", "c", "d", "e"], "takes 4 tags, and these are 5: a, b, c, d, e"),
    ],
)
def test_tags_that_dev_would_refuse_are_refused_before_anything_leaves(
    tags: list[str], why: str
) -> None:
    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_lesson(options={"tags": tags}), scripted())


def listed(body: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": 2,
        "title": "Fractions with paper",
        "body_markdown": body,
        "published": False,
        "url": "https://dev.to/a",
        **changes,
    }


def test_an_earlier_attempts_draft_is_published_with_the_text_of_now() -> None:
    others = listed("Fold it in **half**.", id=1)
    server = scripted(Response.of([others, listed(f"Fold it.{MARK}\n")]), NOTHING, documented)

    publish(ACCOUNT, a_lesson(), server)

    last = server.asked[-1]
    assert last.url == "https://dev.to/api/articles/2"
    assert (last.json["article"]["body_markdown"], last.json["article"]["published"]) == (
        f"Fold it in **half**.{MARK}",
        True,
    )


def looked(*answers: Response, **lost: Any) -> Look:
    return look(PLATFORM, ACCOUNT, a_lesson(), Lost(left_at=DUE, **lost), scripted(*answers))


def up(body: str, **changes: Any) -> dict[str, Any]:
    return listed(body, published=True, published_at="2026-09-07T08:30:01Z", **changes)


OURS = Published(id="2", url="https://dev.to/a")


def test_what_an_earlier_attempt_published_is_not_sent_again() -> None:
    there = Response.of([up(f"Fold it.{MARK}")])

    assert publish(ACCOUNT, a_lesson(), scripted(NOTHING, there)) == OURS
    assert looked(NOTHING, there) == Look(found=Found.OURS, post=OURS)


def test_a_draft_is_not_published_and_shows_that_the_lists_work() -> None:
    assert looked(Response.of([listed(MARK)]), NOTHING).found is Found.ABSENT
    assert looked(NOTHING, NOTHING).found is Found.FAILED


def test_an_article_that_is_up_is_found_beside_a_draft_that_an_attempt_has_left() -> None:
    both = Response.of([listed(MARK, id=3)]), Response.of([up(MARK)])

    assert looked(*both).post == OURS
    assert publish(ACCOUNT, a_lesson(), scripted(*both)) == OURS


def a_forem(drafts: int, ours: list[dict[str, Any]], newer: int = 0) -> Forem:
    """A member with so many drafts, and articles that are newer than ours."""
    others = [listed("d", id=1000 + n) for n in range(drafts)]
    later = [
        listed("a", id=5000 + n, published=True, published_at=f"2026-09-08T08:30:{n % 60:02}Z")
        for n in range(newer)
    ]
    return Forem(articles=[*ours, *others, *later])


@pytest.mark.parametrize(
    ("drafts", "newer"), [(100, 0), (0, 100), (101, 130), (299, 250), (30, 100)]
)
def test_an_article_is_found_behind_however_many_drafts_and_newer_ones(
    drafts: int, newer: int
) -> None:
    forem = a_forem(drafts, [up(f"Fold it.{MARK}")], newer)
    ask = asking(forem, PLATFORM, ACCOUNT, SECRETS)

    result = look(PLATFORM, ACCOUNT, a_lesson(), Lost(left_at=DUE), ask)

    assert result == Look(found=Found.OURS, post=OURS)
    assert publish(ACCOUNT, a_lesson(), ask) == OURS
    assert forem.up == {}, "nothing was made"


def test_a_draft_is_used_behind_however_many_others() -> None:
    forem = a_forem(120, [listed(f"Fold it.{MARK}")])

    done = publish(ACCOUNT, a_lesson(), asking(forem, PLATFORM, ACCOUNT, SECRETS))

    assert done.id == "2"
    assert list(forem.up) == ["2"]


def test_more_drafts_than_are_looked_through_leave_it_open_and_nothing_is_made() -> None:
    forem = a_forem(1100, [])
    ask = asking(forem, PLATFORM, ACCOUNT, SECRETS)

    result = look(PLATFORM, ACCOUNT, a_lesson(), Lost(left_at=DUE), ask)

    assert (result.found, result.why) == (
        Found.FAILED,
        "the list of posts is cut: it has more than 10 pages",
    )
    with pytest.raises(TryLater, match="an earlier article may be missing in the list"):
        publish(ACCOUNT, a_lesson(), ask)
    assert len(forem.articles) == 1100


def test_lists_that_do_not_know_what_was_published_later_prove_nothing() -> None:
    others = Response.of([up("Something else", id=7)])

    assert looked(NOTHING, others, newer=frozenset({"8"})).found is Found.FAILED
    assert looked(NOTHING, others, newer=frozenset({"7"})).found is Found.ABSENT


def test_last_weeks_article_of_the_same_words_is_not_taken_for_this_one(tmp_path: Path) -> None:
    forem = Forem()
    publish(ACCOUNT, a_lesson(), asking(forem, PLATFORM, ACCOUNT, SECRETS))
    forem.recent.clear()

    row = published_through(forem, PLATFORM, ACCOUNT, a_lesson(), tmp_path, SECRETS)

    assert (row.status, len(forem.up)) == ("published", 2)


def test_a_title_that_has_been_used_a_moment_ago_is_worth_another_try() -> None:
    used = ok(422, error="Validation failed: Title has already been used in the last five minutes")

    with pytest.raises(TryLater, match="last five minutes"):
        judged(
            used, Request(step="draft", url="https://dev.to/api/articles"), PLATFORM, "main", DUE
        )
    with pytest.raises(Rejected, match="Canonical url"):
        judged(
            ok(422, error="Canonical url has already been taken"),
            Request(step="draft", url="x"),
            PLATFORM,
            "main",
            DUE,
        )


def test_it_tells_whose_credentials_they_are() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "ada"


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_lesson(),
    "tags": lambda folder: a_lesson(options={"tags": ["teaching"]}),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_article(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Forem, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
