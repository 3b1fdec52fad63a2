"""The adapter's requests, and what a Tumblr that enforces its rules makes of them."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Ask, Link, Lost, Post, Rejected, Response, Span
from platforms.recent import Found, Look, look
from platforms.signing import OAUTH1
from platforms.tumblr import LONGEST_BLOCK, PLATFORM, error_code, publish, slug, whoami
from tests.platforms.standing_in import Arrived, Refusal, StandIn, asking, lost_at_every_step, route
from tests.support import DUE, a_post, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main",
    platform="tumblr",
    settings={"blog": "msadas-class", "server": "https://api.tumblr.com"},
)
SECRETS = {"token": "good"}
MADE = int(DUE.timestamp()) + 3
BLOG = r"https://api\.tumblr\.com/v2/blog/msadas-class"


@dataclass
class Tumblr(StandIn):
    """One blog."""

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(
                401,
                {
                    "meta": {"status": 401, "msg": "Unauthorized"},
                    "errors": [{"title": "Unauthorized", "code": 1016}],
                },
            )

    @route("POST", f"{BLOG}/posts")
    def post(self, arrived: Arrived) -> Response:
        asked = self.said(arrived)
        for block in asked["content"]:
            self.check_block(block, arrived)
        identifier = str(1234567891234567 + len(self.up))
        self.up[identifier] = asked
        return Response.of(
            {"meta": {"status": 201, "msg": "Created"}, "response": {"id": identifier}}, 201
        )

    def said(self, arrived: Arrived) -> Any:
        if arrived.headers["content-type"].startswith("application/json"):
            return arrived.json
        assert next(iter(arrived.parts)) == "json", "the JSON comes first"
        assert arrived.parts["json"].get_content_type() == "application/json"
        return json.loads(arrived.text("json"))

    def check_block(self, block: dict[str, Any], arrived: Arrived) -> None:
        if block["type"] == "text" and (
            len(block["text"]) > 4096
            or any(one["end"] > len(block["text"]) for one in block.get("formatting", ()))
        ):
            raise Refusal(
                400,
                {
                    "meta": {"status": 400, "msg": "Bad Request"},
                    "errors": [{"title": "Bad NPF", "code": 8001}],
                },
            )
        if block["type"] == "image":
            part = arrived.parts[block["media"][0]["identifier"]]
            assert part.get_content_type() == block["media"][0]["type"]
            assert part.get_filename()

    @route("GET", f"{BLOG}/info")
    def info(self, arrived: Arrived) -> Response:
        return ok(response={"blog": {"name": "msadas-class", "posts": len(self.up)}})

    @route("GET", f"{BLOG}/posts(?:/queue|/draft)?")
    def listed(self, arrived: Arrived) -> Response:
        """A page of them: `offset` counts, but drafts are paged by `before_id`. The newest first."""
        place, asked = arrived.path.rpartition("/")[2], arrived.query
        state = {"queue": "queue", "draft": "draft"}.get(place, "published")
        assert set(asked) <= {"npf", "limit", {"draft": "before_id"}.get(place, "offset")}
        found = [
            {"id_string": identifier, "timestamp": MADE, **one}
            for identifier, one in reversed(self.up.items())
            if one.get("state", "published") == state
        ]
        if state == "draft":
            found = [
                one for one in found if int(one["id_string"]) < int(asked.get("before_id", 10**20))
            ]
        start = int(asked.get("offset", 0))
        return ok(response={"posts": found[start:][: min(int(asked["limit"]), 20)]})


def blocks_of(**changes: Any) -> list[dict[str, Any]]:
    server = scripted(documented)
    publish(ACCOUNT, a_post(**changes), server)
    blocks: list[dict[str, Any]] = server.asked[0].json["content"]
    return blocks


def test_a_text_is_a_heading_and_a_block_for_each_paragraph() -> None:
    text = "Paper first.\n\nThen 🎒 screens.\nAnd back."

    assert blocks_of(title="Unit 3", text=text) == [
        {"type": "text", "subtype": "heading1", "text": "Unit 3"},
        {"type": "text", "text": "Paper first."},
        {"type": "text", "text": "Then 🎒 screens.\nAnd back."},
    ]


def test_marks_are_counted_from_the_beginning_of_their_block() -> None:
    text = "Paper.\n\n🎒 screens here"
    spans = (
        Span(kind="bold", start=10, end=17),
        Span(kind="link", start=18, end=22, value="https://example.org"),
        Span(kind="tag", start=0, end=5),
    )

    assert blocks_of(title="", text=text, spans=spans)[1] == {
        "type": "text",
        "text": "🎒 screens here",
        "formatting": [
            {"start": 2, "end": 9, "type": "bold"},
            {"start": 10, "end": 14, "type": "link", "url": "https://example.org"},
        ],
    }


def test_a_paragraph_that_is_too_long_goes_on_in_the_next_block_and_loses_nothing() -> None:
    text = ("word " * 2000).strip()

    blocks = blocks_of(title="", text=text, spans=(Span(kind="bold", start=0, end=len(text)),))

    assert max(len(one["text"]) for one in blocks) <= LONGEST_BLOCK
    assert "".join(one["text"] for one in blocks) == text
    assert all(
        one["formatting"] == [{"start": 0, "end": len(one["text"]), "type": "bold"}]
        for one in blocks
    )


def test_pictures_leave_beside_the_post_and_tags_beside_the_text(tmp_path: Path) -> None:
    server = scripted(documented)
    picture = an_image(tmp_path)

    publish(
        ACCOUNT,
        a_post(
            media=(picture,),
            link=Link(url="https://example.org", title="The term"),
            spans=(Span(kind="tag", start=0, end=7, value="Maths"),),
        ),
        server,
    )

    (post,) = server.asked
    assert post.files == {"picture-1": picture}
    assert post.json["content"][1] == {
        "type": "image",
        "alt_text": "The school door",
        "media": [{"type": "image/png", "identifier": "picture-1", "width": 64, "height": 48}],
    }
    assert post.json["content"][-1] == {
        "type": "link",
        "url": "https://example.org",
        "title": "The term",
    }
    assert post.json["tags"] == "Maths"


def test_what_becomes_of_it_may_be_said() -> None:
    server = scripted(documented)

    publish(
        ACCOUNT,
        a_post(options={"state": "queue", "publish_on": "2026-12-01T09:00:00+01:00"}),
        server,
    )

    assert (server.asked[0].json["state"], server.asked[0].json["publish_on"]) == (
        "queue",
        "2026-12-01T09:00:00+01:00",
    )


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"publish_on": "2026-12-01T09:00:00+01:00"}, "without which Tumblr publishes at once"),
        (
            {"state": "draft", "publish_on": "2026-12-01T09:00:00+01:00"},
            "without which Tumblr publishes at once",
        ),
        (
            {"state": "queue", "publish_on": "next Tuesday"},
            "has to be a date and a time, e.g. 2026-12-01T09:00:00.01:00, not 'next Tuesday'",
        ),
        ({"state": "queue", "publish_on": "2026-12-01"}, "has to be a date and a time"),
    ],
)
def test_a_time_that_tumblr_would_not_heed_is_refused_before_anything_leaves(
    options: dict[str, str], why: str
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_post(options=options), untouched)

    assert untouched.asked == []


def test_the_address_carries_the_deliverys_key() -> None:
    assert slug(a_post(title="Unit 3: Fractions!")) == "unit-3-fractions-7f3a9c0d1e2b"
    assert slug(a_post(title="", text="数学")) == "7f3a9c0d1e2b"


def a_blog(*posts: dict[str, Any], state: str = "published", others: int = 0) -> Tumblr:
    """A blog with these posts, and so many newer ones in that state."""
    newer = [{"slug": f"another-{n}", "timestamp": MADE + n, "state": state} for n in range(others)]
    return Tumblr(up={str(1000 + n): one for n, one in enumerate([*posts, *newer])})


def looked(blog: Tumblr, post: Post, **lost: Any) -> Look:
    ask = asking(blog, PLATFORM, ACCOUNT, SECRETS)
    return look(PLATFORM, ACCOUNT, post, Lost(**{"left_at": DUE, **lost}), ask)


def ours(post: Post, **changes: Any) -> dict[str, Any]:
    """The post as lists show it."""
    return {
        "slug": slug(post),
        "timestamp": MADE,
        "state": "published",
        "content": [{"type": "text", "text": post.title}, {"type": "text", "text": post.text}],
        **changes,
    }


STATES = ("published", "queue", "draft")


@pytest.mark.parametrize("sent", STATES)
@pytest.mark.parametrize("now", STATES)
def test_a_lost_post_is_found_by_its_address_wherever_the_queue_or_a_person_has_put_it(
    sent: str, now: str
) -> None:
    post = a_post(options={"state": sent})

    result = looked(a_blog(ours(post, state=now), others=3), post)

    assert result.found is Found.OURS
    assert result.post
    assert (result.post.id, result.post.url) == ("1000", "https://www.tumblr.com/msadas-class/1000")


@pytest.mark.parametrize("sent", STATES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("others", [20, 56, 90, 150])
def test_a_lost_post_is_found_behind_newer_ones_and_absent_where_it_is_not(
    sent: str, state: str, others: int
) -> None:
    post = a_post(options={"state": sent})

    there = looked(a_blog(ours(post, state=state), state=state, others=others), post)
    missing = looked(a_blog(state=state, others=others), post)

    assert (there.found, missing.found) == (Found.OURS, Found.ABSENT)


def test_a_whole_queue_is_looked_through() -> None:
    post = a_post(options={"state": "queue"})

    there = looked(a_blog(ours(post, state="queue"), state="queue", others=999), post)
    missing = looked(a_blog(state="queue", others=1000), post)

    assert (there.found, missing.found) == (Found.OURS, Found.ABSENT)


@pytest.mark.parametrize(
    ("state", "others", "pages"), [("queue", 1300, 51), ("draft", 300, 10), ("published", 300, 10)]
)
def test_a_list_that_is_too_long_proves_nothing(state: str, others: int, pages: int) -> None:
    result = looked(a_blog(state=state, others=others), a_post())

    assert result.found is Found.FAILED
    assert f"more than {pages} pages" in result.why


def test_a_list_that_repeats_its_first_page_proves_nothing() -> None:
    page = ok(response={"posts": [{"id": 7, "slug": "o"}] * 20, "total_posts": 56})
    nothing = ok(response={"posts": []})
    info = ok(response={"blog": {"posts": 56}})

    server = scripted(info, nothing, nothing, page, page)
    result = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert (result.found, result.why) == (
        Found.FAILED,
        "the list of posts is cut: it repeats itself",
    )


@pytest.mark.parametrize(
    ("posts", "found"), [(0, Found.ABSENT), (1, Found.FAILED), (None, Found.FAILED)]
)
def test_empty_lists_prove_something_only_where_the_blog_counts_no_posts(
    posts: int | None, found: Found
) -> None:
    nothing = ok(response={"posts": []})
    info = ok(response={"blog": {"posts": posts}})

    server = scripted(info, nothing, nothing, nothing)

    assert look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server).found is found


@pytest.mark.parametrize("hours", [-2, 2, 13])
def test_our_clock_may_be_hours_off(hours: int) -> None:
    drift = timedelta(hours=hours)
    post = a_post()

    result = looked(a_blog(ours(post), others=3), post, left_at=DUE + drift)

    assert result.found is Found.OURS


CUT = slug(a_post())[:-3]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"slug": CUT}, Found.OURS),
        ({"slug": ""}, Found.OURS),
        ({"slug": CUT, "content": [{"type": "text", "text": "Welcome back Welcome home"}]}, None),
        ({"slug": CUT, "state": "draft"}, Found.NEAR),
        ({"slug": CUT, "timestamp": MADE - 3000}, None),
        ({"slug": CUT, "parent_post_url": "https://ben.tumblr.com/post/1"}, None),
        ({"slug": "welcome-back"}, None),
        ({"slug": "by-hand"}, None),
    ],
)
def test_where_the_end_of_an_address_is_cut_off_everything_else_decides(
    changes: dict[str, Any], found: Found | None
) -> None:
    post = a_post()
    now = {"now": lambda: DUE}

    blog = a_blog(ours(post, **changes), others=3)
    ask = dated(asking(blog, PLATFORM, ACCOUNT, SECRETS), DUE)
    result = look(PLATFORM, ACCOUNT, post, Lost(left_at=DUE, **now), ask)

    assert result.found is (found or Found.ABSENT)


def dated(ask: Ask, time: datetime) -> Ask:
    """The same answers with the server's time."""
    date = {"date": format_datetime(time, usegmt=True)}
    return lambda request: replace(ask(request), headers=date)


def test_what_a_queue_has_published_is_known_by_both_of_its_ids() -> None:
    post = a_post(options={"state": "queue"})

    found = looked(a_blog(ours(post, genesis_post_id="900"), others=3), post)
    others = looked(
        a_blog(ours(post, genesis_post_id="900"), others=3), post, others=frozenset({"900"})
    )

    assert found.post
    assert found.post.ref == {"ids": ["900"]}
    assert others.found is Found.ABSENT


def test_it_tells_whose_credentials_they_are() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "msada"
    with pytest.raises(
        Rejected, match="ben, who has no blog 'msadas-class'; there are: bens-class"
    ):
        whoami(
            ACCOUNT,
            scripted(ok(response={"user": {"name": "ben", "blogs": [{"name": "bens-class"}]}})),
        )


def test_tumblrs_number_is_the_code_and_some_are_no_refusals() -> None:
    assert error_code(ok(errors=[{"title": "Forbidden", "code": 8023}])) == "8023"
    assert error_code(Response(body=b"")) == ""
    assert "8023" in PLATFORM.errors


def test_four_keys_sign_where_there_is_no_token() -> None:
    server = scripted(documented)
    publish(ACCOUNT, a_post(), server)

    assert (
        PLATFORM.sign(server.asked[0], dict.fromkeys(OAUTH1, "k"))
        .headers["Authorization"]
        .startswith("OAuth ")
    )


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(title="Unit 3"),
    "pictures": lambda folder: a_post(
        media=(an_image(folder), an_image(folder, "b.png", colour="blue", alt="A bicycle"))
    ),
    "draft": lambda folder: a_post(options={"state": "draft"}),
    "queue": lambda folder: a_post(
        options={"state": "queue", "publish_on": "2026-12-01T09:00:00+01:00"}
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Tumblr, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
