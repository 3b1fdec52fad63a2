"""The adapter's requests, and what a Reddit that enforces its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import Account, Link, Post, Published, Rejected, Response, TryLater
from platforms.recent import Found, Look
from platforms.reddit import PLATFORM, publish, whoami
from scheduler.engine.rehearsal import Rehearsal
from tests.platforms.looking import LOOKED, looked
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import a_post, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main",
    platform="reddit",
    settings={"username": "ms_ada", "subreddit": "teachers", "server": "https://oauth.reddit.com"},
)
SECRETS = {"token": "good"}
API = r"https://oauth\.reddit\.com"
MADE = 1_788_769_803.0  # 2026-09-07T08:30:03Z
MADE_AT = datetime.fromtimestamp(MADE, UTC)
PAGE = "https://www.reddit.com/user/ms_ada/submitted/"


def answered(**inner: Any) -> Response:
    return ok(json={"errors": [], "data": inner})


@dataclass
class Reddit(StandIn):
    """One account. What it submits is in `up`, pictures too, which take their time to be listed elsewhere."""

    stored: list[str] = field(default_factory=list)

    def check(self, arrived: Arrived) -> None:
        if arrived.url.startswith(API.replace("\\", "")):
            if arrived.headers.get("authorization") != f"Bearer {self.token}":
                raise Refusal(401, {"message": "Unauthorized", "error": 401})
            if "by /u/ms_ada" not in arrived.headers["user-agent"]:
                raise Refusal(429, {"message": "Too Many Requests", "error": 429})
        else:
            assert "authorization" not in arrived.headers

    @route("POST", f"{API}/api/media/asset\\.json")
    def lease(self, arrived: Arrived) -> Response:
        assert arrived.form["mimetype"] == "image/png"
        return ok(
            args={
                "action": "//storage.test",
                "fields": [{"name": "key", "value": f"k{len(self.arrived)}"}],
            },
            asset={"asset_id": f"a{len(self.arrived)}"},
        )

    @route("POST", r"https://storage\.test")
    def store(self, arrived: Arrived) -> Response:
        assert list(arrived.parts) == ["key", "file"], "the file comes last"
        self.stored.append(f"https://storage.test/{arrived.text('key')}")
        return Response(
            status=201,
            body=f"<PostResponse><Location>{self.stored[-1]}</Location></PostResponse>".encode(),
        )

    @route("POST", f"{API}/api/submit")
    def submit(self, arrived: Arrived) -> Response:
        asked = arrived.form
        if not 0 < len(asked["title"]) <= 300:
            return ok(json={"errors": [["TOO_LONG", "this is too long (max: 300)", "title"]]})
        if asked["kind"] == "image":
            assert asked["url"] in self.stored
            self.made(asked, is_reddit_media_domain=True, url="https://i.redd.it/x.png")
            return answered(user_submitted_page=PAGE, websocket_url="wss://ws.test")
        identifier = self.made(
            asked,
            is_self=asked["kind"] == "self",
            url=asked.get("url", "https://www.reddit.com/"),
            selftext=asked["text"],
        )
        return answered(
            id=identifier[3:],
            name=identifier,
            url=f"https://www.reddit.com{self.up[identifier]['permalink']}",
        )

    @route("POST", f"{API}/api/submit_gallery_post\\.json")
    def gallery(self, arrived: Arrived) -> Response:
        """As PRAW's recorded answers have it: the full name is the `id`."""
        assert len(arrived.json["items"]) >= 2
        assert max(len(one["caption"]) for one in arrived.json["items"]) <= 180
        items = arrived.json["items"]
        identifier = self.made(arrived.json, is_gallery=True, gallery_data={"items": items})
        return answered(
            id=identifier, url=f"https://www.reddit.com{self.up[identifier]['permalink']}"
        )

    def made(self, asked: dict[str, Any], **more: Any) -> str:
        subreddit = asked["sr"]
        identifier = f"t3_{len(self.up) + 10}"
        self.up[identifier] = {
            "name": identifier,
            "author": "ms_ada",
            "title": asked["title"],
            "subreddit": subreddit,
            "created_utc": MADE,
            "permalink": f"/r/{subreddit}/comments/{identifier[3:]}/_/",
            **more,
        }
        return identifier

    @route("POST", f"{API}/api/comment")
    def comment(self, arrived: Arrived) -> Response:
        identifier = f"t1_{len(self.up) + 10}"
        self.up[identifier] = {
            "name": identifier,
            "author": "ms_ada",
            "parent_id": arrived.form["thing_id"],
            "body": arrived.form["text"],
            "created_utc": MADE,
            "permalink": f"/r/teachers/comments/10/_/{identifier[3:]}/",
        }
        return answered(things=[{"data": self.up[identifier]}])

    @route("GET", f"{API}/user/ms_ada/(?:submitted|comments)")
    def listed(self, arrived: Arrived) -> Response:
        return ok(data={"children": [{"data": one} for one in self.up.values()]})


def a_question(**changes: Any) -> Post:
    return a_post(
        **{"title": "How do you teach fractions?", "markup": "I use **paper**.", **changes}
    )


def test_a_text_is_a_post_of_the_subreddit() -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_question(), server)

    (submit,) = server.asked
    assert submit.form == {
        "api_type": "json",
        "sr": "teachers",
        "title": "How do you teach fractions?",
        "kind": "self",
        "text": "I use **paper**.",
        "resubmit": "true",
        "sendreplies": "true",
        "validate_on_submit": "true",
    }
    assert submit.headers == {"User-Agent": "python:termbell:1 (by /u/ms_ada)"}
    assert up == Published(id="t3_1abcde", url="https://www.reddit.com/r/teachers/comments/1abcde/")


def test_a_link_has_the_text_below_it_and_options_are_said() -> None:
    server = scripted(documented)

    publish(
        ACCOUNT,
        a_question(
            link=Link(url="https://example.org"),
            options={"subreddit": "u/ms_ada", "flair_id": "f1", "nsfw": True},
        ),
        server,
    )

    said = server.asked[0].form or {}
    assert (said["kind"], said["url"], said["text"]) == (
        "link",
        "https://example.org",
        "I use **paper**.",
    )
    assert (said["sr"], said["flair_id"], said["nsfw"]) == ("u_ms_ada", "f1", "true")


def test_a_picture_gets_its_page_later_and_shows_no_alternative_text_which_is_said(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 3)

    up = publish(ACCOUNT, a_question(media=(an_image(tmp_path),)), server)
    without_alt = publish(
        ACCOUNT, a_question(media=(an_image(tmp_path, alt=""),)), scripted(*[documented] * 3)
    )

    lease, upload, submit = server.asked
    assert [note[:21] for note in up.notes] == ["Reddit converts media", "Reddit has no place f"]
    assert without_alt.notes == up.notes[:1]
    assert (lease.form or {})["mimetype"] == "image/png"
    assert (upload.url, upload.anonymous) == (
        "https://reddit-uploaded-media.s3-accelerate.amazonaws.com",
        True,
    )
    assert (submit.form or {})[
        "url"
    ] == "https://reddit-uploaded-media.s3-accelerate.amazonaws.com/door.png"
    assert up.url == PAGE


def test_several_pictures_are_a_gallery_with_their_alternative_texts_as_captions(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 5)

    up = publish(
        ACCOUNT,
        a_question(media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="A bicycle"))),
        server,
    )

    said = server.asked[-1].json
    assert [(one["media_id"], one["caption"]) for one in said["items"]] == [
        ("8xbnh2y3zk7d1", "The school door"),
        ("8xbnh2y3zk7d1", "A bicycle"),
    ]
    assert said["sendreplies"] is True
    assert up == Published(id="t3_1abcde", url="https://www.reddit.com/r/teachers/comments/1abcde/")


@pytest.mark.parametrize(
    ("name", "known_as"),
    [({"name": "t3_a", "id": "a"}, "t3_a"), ({"id": "t3_a"}, "t3_a"), ({"id": "a"}, "t3_a")],
)
def test_a_post_has_its_full_name_wherever_reddit_says_it(
    name: dict[str, str], known_as: str
) -> None:
    assert publish(
        ACCOUNT, a_question(), scripted(answered(url="https://redd.it/a", **name))
    ) == Published(id=known_as, url="https://redd.it/a")


def test_an_alternative_text_that_is_too_long_for_a_caption_is_refused_before_anything_leaves(
    tmp_path: Path,
) -> None:
    long, untouched = an_image(tmp_path, alt="x" * 181), scripted()

    with pytest.raises(Rejected, match="of at most 180 characters, and one has 181: shorten it"):
        publish(ACCOUNT, a_question(media=(long, an_image(tmp_path, "b.png"))), untouched)

    assert untouched.asked == []
    assert (
        publish(ACCOUNT, a_question(media=(long,)), scripted(*[documented] * 3)).id == PAGE
    )  # alone it has no caption


def test_a_comment_on_a_picture_is_refused_in_the_dry_run_as_it_is_when_it_is_due(
    tmp_path: Path,
) -> None:
    picture = publish(ACCOUNT, a_question(media=(an_image(tmp_path),)), Rehearsal())

    with pytest.raises(Rejected, match="does not tell the id of a post with one picture"):
        publish(ACCOUNT, a_post(markup="Slides below", reply_to=picture), Rehearsal())


def test_a_picture_whose_place_is_not_told_is_tried_again(tmp_path: Path) -> None:
    with pytest.raises(TryLater, match="did not say where"):
        publish(
            ACCOUNT,
            a_question(media=(an_image(tmp_path),)),
            scripted(documented, Response(status=201, body=b"<PostResponse/>")),
        )


@pytest.mark.parametrize(
    ("before", "thing"),
    [
        ("t3_abc", "t3_abc"),
        ("t1_abc", "t1_abc"),
        ("https://www.reddit.com/r/teachers/comments/1abcde/how_do_you/", "t3_1abcde"),
        ("https://www.reddit.com/r/teachers/comments/1abcde/how_do_you/kxyz/", "t1_kxyz"),
    ],
)
def test_what_answers_a_post_is_a_comment_also_on_one_that_a_person_found(
    before: str, thing: str
) -> None:
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(markup="Slides below", reply_to=Published(id=before)), server)

    assert server.asked[0].form == {"api_type": "json", "thing_id": thing, "text": "Slides below"}
    assert up == Published(
        id="t1_kabcde", url="https://www.reddit.com/r/teachers/comments/1abcde/_/kabcde/"
    )


def test_a_comment_is_a_text_alone_and_on_a_post_of_reddit(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="a text alone"):
        publish(
            ACCOUNT, a_post(media=(an_image(tmp_path),), reply_to=Published(id="t3_a")), scripted()
        )
    with pytest.raises(Rejected, match="is no post on Reddit"):
        publish(ACCOUNT, a_post(reply_to=Published(id="https://example.org")), scripted())


@pytest.mark.parametrize(
    ("code", "words", "seconds"),
    [
        (
            "RATELIMIT",
            "Looks like you've been doing that a lot. Take a break for 9 minutes before trying again.",
            540,
        ),
        ("RATELIMIT", "Take a break for 40 seconds before trying again.", 40),
        ("RATELIMIT", "you are doing that too much", 600),
        (
            "QUOTA_FILLED",
            "You've submitted too many links recently. Please try again in an hour.",
            3600,
        ),
    ],
)
def test_who_posts_too_often_waits_as_long_as_reddit_says(
    code: str, words: str, seconds: int
) -> None:
    with pytest.raises(TryLater) as later:
        publish(ACCOUNT, a_question(), scripted(ok(json={"errors": [[code, words, "ratelimit"]]})))

    assert later.value.after == seconds


def test_an_error_that_comes_with_a_200_is_a_refusal_in_reddits_words() -> None:
    refused = ok(
        json={
            "errors": [
                [
                    "SUBREDDIT_NOEXIST",
                    "Hmm, that community doesn't exist. Try checking the spelling.",
                    "sr",
                ]
            ]
        }
    )

    with pytest.raises(Rejected, match=r"that community doesn't exist.*SUBREDDIT_NOEXIST"):
        publish(ACCOUNT, a_question(), scripted(refused))


def a_listed(name: str = "t3_1", **changes: Any) -> dict[str, Any]:
    """The question, as Reddit lists it."""
    post = {
        "name": name,
        "author": "ms_ada",
        "title": "How do you teach fractions?",
        "selftext": "I use **paper**.",
        "is_self": True,
        "url": f"https://www.reddit.com/r/teachers/comments/{name[3:]}/",
        "subreddit": "Teachers",
        "created_utc": MADE,
        "permalink": f"/r/teachers/comments/{name[3:]}/how_do_you/",
    }
    return {"data": {**post, **changes}}


OLD = [a_listed(f"t3_old{n}", title="Old", created_utc=MADE - 90_000 - n) for n in range(2)]


def found_among(*children: dict[str, Any], post: Post | None = None, **lost: Any) -> Look:
    server = scripted(ok(data={"children": [*children, *OLD], "after": None}))
    return looked(PLATFORM, ACCOUNT, post or a_question(), server, **lost)


@pytest.mark.parametrize(
    ("child", "right"),
    [
        (a_listed(), Found.OURS),
        (a_listed(subreddit="maths"), Found.ABSENT),
        (a_listed(author="ben"), Found.ABSENT),
        (a_listed(created_utc=MADE - 86_400), Found.ABSENT),
        (a_listed(title="How do you  teach fractions? "), Found.OURS),
        (a_listed(title="How do you teach fractions"), Found.NEAR),
        (a_listed(selftext="I use **chalk**."), Found.ABSENT),
        (a_listed(is_self=False, url="https://example.org"), Found.NEAR),
        (a_listed(crosspost_parent="t3_9"), Found.ABSENT),
        (a_listed(removed_by_category="moderator"), Found.REMOVED),
        (a_listed(removed_by_category="automod_filtered"), Found.OURS),
    ],
)
def test_a_post_is_known_by_title_text_kind_subreddit_author_and_time(
    child: dict[str, Any], right: Found
) -> None:
    assert found_among(child).found is right


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://example.org/A/?utm_source=reddit", Found.OURS),
        ("https://example.org/b", Found.NEAR),
        ("", Found.NEAR),
    ],
)
def test_a_link_is_compared_by_where_it_leads(url: str, right: Found) -> None:
    post = a_question(link=Link(url="https://EXAMPLE.org/A"))
    child = a_listed(is_self=not url, url=url or "https://www.reddit.com/", selftext="")
    child["data"]["selftext"] = "" if url else post.markup

    assert found_among(child, post=post).found is right


@pytest.mark.parametrize("hours", [2, 13])
def test_a_clock_of_ours_that_is_hours_ahead_hides_no_post(hours: int) -> None:
    ahead = MADE_AT + timedelta(hours=hours)
    now = LOOKED + timedelta(hours=hours)

    assert found_among(a_listed(), left_at=ahead, now=now).found is Found.OURS


def test_more_posts_than_one_page_are_read_to_the_end_and_not_for_ever() -> None:
    busy = [a_listed(f"t3_n{n}", title=str(n), created_utc=MADE + 60) for n in range(100)]
    first = ok(data={"children": busy, "after": "t3_n99"})
    second = ok(data={"children": [a_listed()], "after": None})
    server = scripted(first, second)

    found = looked(PLATFORM, ACCOUNT, a_question(), server)

    assert found.found is Found.OURS
    assert server.asked[1].url.endswith("&after=t3_n99")
    endless = scripted(*[first] * 10)
    assert looked(PLATFORM, ACCOUNT, a_question(), endless).found is Found.FAILED


def test_an_empty_list_proves_nothing() -> None:
    server = scripted(ok(data={"children": [], "after": None}))

    assert looked(PLATFORM, ACCOUNT, a_question(), server).found is Found.FAILED


@pytest.mark.parametrize(
    "name",
    [
        "t3_1",
        "https://www.reddit.com/r/teachers/comments/1/how_do_you/",
        "https://old.reddit.com/r/teachers/comments/1/",
        "https://redd.it/1",
    ],
)
def test_a_post_of_another_delivery_is_known_by_its_name_and_its_addresses(name: str) -> None:
    assert found_among(a_listed(), others=frozenset({name})).found is Found.ABSENT


def a_picture_listed(name: str = "t3_1") -> dict[str, Any]:
    url = f"https://i.redd.it/{name}.png"
    return a_listed(name, is_self=False, is_reddit_media_domain=True, url=url, selftext="")


def test_a_picture_may_be_another_deliverys_whose_page_is_all_that_reddit_told(
    tmp_path: Path,
) -> None:
    picture = a_question(media=(an_image(tmp_path),))
    same = publish(ACCOUNT, picture, scripted(*[documented] * 3))
    other = publish(ACCOUNT, replace(picture, title="A door"), scripted(*[documented] * 3))

    def found(*others: str) -> Found:
        others_names = frozenset(others)
        return found_among(a_picture_listed(), post=picture, others=others_names).found

    assert found() is Found.OURS
    assert found(PAGE) is Found.NEAR, "a store of an earlier version knows no titles"
    assert found(PAGE, *other.ref["ids"]) is Found.OURS
    assert found(PAGE, *other.ref["ids"], *same.ref["ids"]) is Found.NEAR
    assert found(PAGE, "t3_1") is Found.ABSENT
    last_hour = a_picture_listed()
    last_hour["data"]["created_utc"] = MADE - 3600
    assert found_among(last_hour, post=picture, others=frozenset({PAGE})).found is Found.ABSENT


def test_a_later_picture_whose_name_nobody_knows_is_not_missed_in_the_list() -> None:
    def found(*newer: str) -> Found:
        return found_among(newer=frozenset(newer)).found

    assert found(PAGE) is Found.ABSENT
    assert found("t3_77") is Found.FAILED, "the list is behind"


def test_a_picture_is_no_text_and_a_text_no_picture(tmp_path: Path) -> None:
    picture = a_question(media=(an_image(tmp_path),))

    assert found_among(a_picture_listed()).found is Found.NEAR
    assert found_among(a_listed(), post=picture).found is Found.NEAR
    assert found_among(a_picture_listed(), a_picture_listed("t3_2"), post=picture).found is (
        Found.NEAR
    )


@pytest.mark.parametrize(
    ("media_ids", "right"), [(("m1", "m2"), Found.OURS), (("m1", "m3"), Found.NEAR)]
)
def test_a_gallery_is_known_by_the_ids_of_its_pictures(
    media_ids: tuple[str, str], right: Found, tmp_path: Path
) -> None:
    post = a_question(media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="A bicycle")))
    captions = [media.alt for media in post.media]
    items = [
        {"media_id": name, "caption": caption}
        for name, caption in zip(media_ids, captions, strict=True)
    ]
    child = a_listed(is_self=False, is_gallery=True, gallery_data={"items": items})
    leases = {f"lease {n}": ok(asset={"asset_id": f"m{n}"}) for n in (1, 2)}

    assert found_among(child, post=post, answers=leases).found is right


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, Found.OURS),
        ({"body": "Slides\u00a0below"}, Found.OURS),
        ({"parent_id": "t1_kother"}, Found.ABSENT),
        ({"author": "a pupil"}, Found.ABSENT),
        ({"created_utc": MADE - 31_536_000}, Found.ABSENT),
        ({"body": "Thanks"}, Found.ABSENT),
    ],
)
def test_a_comment_is_known_by_its_parent_its_author_and_its_time(
    changes: dict[str, Any], right: Found
) -> None:
    comment = {
        "name": "t1_kabc",
        "author": "ms_ada",
        "parent_id": "t3_9",
        "body": "Slides below",
        "created_utc": MADE,
        "permalink": "/r/teachers/comments/9/_/kabc/",
    }
    old = [
        {"data": {**comment, "name": f"t1_{n}", "body": "x", "created_utc": MADE - 90_000 - n}}
        for n in range(2)
    ]
    server = scripted(ok(data={"children": [{"data": {**comment, **changes}}, *old]}))
    post = a_post(markup="Slides below", reply_to=Published(id="t3_9"))

    assert looked(PLATFORM, ACCOUNT, post, server).found is right
    assert "/user/ms_ada/comments?" in server.asked[0].url


def test_it_tells_whose_credentials_they_are_and_that_new_apps_are_rare() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "u/ms_ada"
    with pytest.raises(Rejected, match="credentials of u/ben, not of u/ms_ada"):
        whoami(ACCOUNT, scripted(ok(name="ben")))
    assert "approves each new app by hand" in next(
        iter(PLATFORM.notices(ACCOUNT, date(2026, 11, 25)))
    )


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_question(),
    "link": lambda folder: a_question(link=Link(url="https://example.org")),
    "picture": lambda folder: a_question(media=(an_image(folder),)),
    "gallery": lambda folder: a_question(
        media=(an_image(folder), an_image(folder, "b.png", colour="blue", alt="A bicycle"))
    ),
    "comment": lambda folder: a_post(markup="Slides", reply_to=Published(id="t3_9")),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Reddit, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
