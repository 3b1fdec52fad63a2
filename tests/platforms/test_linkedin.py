"""The adapter's requests, and what a LinkedIn that enforces its rules makes of them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Link,
    LoginNeeded,
    Media,
    Part,
    Post,
    Published,
    PublishError,
    Rejected,
    Response,
    Span,
    TryLater,
    code_in_json,
)
from platforms.linkedin import PAUSES, PLATFORM, publish, whoami
from platforms.recent import Found, Look
from scheduler.engine.credentials import Trial
from scheduler.engine.network import Network
from scheduler.engine.rehearsal import Rehearsal
from scheduler.rendering.markup import Marked, little_text
from tests import support
from tests.platforms.linkedin_stand_in import (
    DAILY_REQUESTS,
    PART,
    TOKEN,
    Member,
    Organization,
    linkedin_stand_in,
)
from tests.platforms.looking import LOOKED, looked
from tests.platforms.standing_in import asking, lost_at_every_step
from tests.support import DUE, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="me",
    platform="linkedin",
    settings={"version": "202609", "server": "https://api.linkedin.com"},
)
PAGE = replace(ACCOUNT, settings={**ACCOUNT.settings, "organization": "5515715"})
SECRETS = {"token": TOKEN}
URN = "urn:li:share:7300000000000000000"
RESERVED = "\\|{}@[]()<>#*_~"


@pytest.fixture
def member() -> Iterator[Member]:
    with linkedin_stand_in(Member()) as served:
        yield served


def account(member: Member, **settings: str) -> Account:
    return replace(ACCOUNT, settings={"version": "202609", "server": member.url, **settings})


def over_http(token: str = TOKEN) -> Ask:
    return Network(ACCOUNT, PLATFORM, Trial({"token": token}), timeout=5)


def code_of(error: PublishError) -> str:
    assert error.response is not None
    return code_in_json(error.response)


def a_post(**changes: Any) -> Post:
    """A post as rendering finishes it for LinkedIn, which has no titles."""
    post = support.a_post(**{"title": "", **changes})
    return replace(post, markup=little_text(Marked(post.text, post.spans)))


def tagged(text: str, *parts: tuple[str, str]) -> Post:
    """A post with the spans of `parts`: (kind, as shown)."""

    def span(kind: str, shown: str) -> Span:
        start = text.index(shown)
        return Span(kind=kind, start=start, end=start + len(shown), value=shown.removeprefix("#"))

    return a_post(text=text, spans=tuple(span(kind, shown) for kind, shown in parts))


def test_nothing_is_visible_before_the_last_request_and_the_post_is_the_members(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 4)

    up = publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    who, image, upload, post = server.asked
    assert [one.repeat for one in (who, image, upload)] == [HARMLESS] * 3
    assert image.json == {"initializeUploadRequest": {"owner": "urn:li:person:782bbtaQ"}}
    assert (post.json["author"], post.is_visible) == ("urn:li:person:782bbtaQ", True)
    assert post.headers == {"LinkedIn-Version": "202609", "X-Restli-Protocol-Version": "2.0.0"}
    assert up.url == "https://www.linkedin.com/feed/update/urn:li:share:7300000000000000000/"


def test_readers_see_the_text_whole_whatever_signs_are_in_it(member: Member) -> None:
    text = f"All of {RESERVED} and C:\\new_unit #maths, #class_4b: https://example.org/a_(b)~c end."

    publish(
        account(member),
        tagged(
            text, ("tag", "#maths"), ("tag", "#class_4b"), ("link", "https://example.org/a_(b)~c")
        ),
        over_http(),
    )

    assert [post["text"] for post in member.posts.values()] == [text]


def test_a_text_that_was_not_escaped_would_have_been_cut(member: Member) -> None:
    send = over_http()

    publish(
        account(member),
        a_post(text="Cut"),
        lambda asked: send(
            replace(asked, json={**asked.json, "commentary": "New (free) unit"})
            if asked.step == "post"
            else asked
        ),
    )

    assert [post["text"] for post in member.posts.values()] == ["New "]


def test_an_image_is_uploaded_first_and_has_its_alt_text(member: Member, tmp_path: Path) -> None:
    image = an_image(tmp_path, alt="The school door (blue)")

    up = publish(
        account(member), a_post(media=(image,), link=Link(url="https://example.org")), over_http()
    )

    content = member.posts[up.id]["content"]
    assert content["media"]["altText"] == "The school door (blue)"
    assert member.files[content["media"]["id"]].body == image.file.read_bytes()


def test_a_link_becomes_a_card_with_its_picture(member: Member, tmp_path: Path) -> None:
    link = Link(
        url="https://example.org/term",
        title="Term dates",
        description="All of them",
        image=an_image(tmp_path),
    )

    up = publish(account(member), a_post(link=link), over_http())

    (urn,) = member.files
    assert member.posts[up.id]["content"] == {
        "article": {
            "source": "https://example.org/term",
            "title": "Term dates",
            "description": "All of them",
            "thumbnail": urn,
        }
    }


def test_a_card_without_a_title_shows_its_url(member: Member) -> None:
    up = publish(account(member), a_post(link=Link(url="https://example.org/term")), over_http())

    assert member.posts[up.id]["content"] == {
        "article": {"source": "https://example.org/term", "title": "https://example.org/term"}
    }


def test_visibility_is_the_posts_own(member: Member) -> None:
    up = publish(account(member), a_post(options={"visibility": "CONNECTIONS"}), over_http())

    assert member.posts[up.id]["visibility"] == "CONNECTIONS"


def test_an_image_still_being_processed_is_worth_another_try(
    member: Member, tmp_path: Path
) -> None:
    post = a_post(media=(an_image(tmp_path),))
    member.still_processing = 1

    with pytest.raises(TryLater) as raised:
        publish(account(member), post, over_http())
    assert code_of(raised.value) == "MEDIA_ASSET_WAITING_UPLOAD"

    publish(account(member), post, over_http())

    assert len(member.posts) == 1


def test_a_refused_repeat_is_tried_later_and_never_taken_for_ours(member: Member) -> None:
    """It may be a twin, by hand or from another calendar; whether ours is up, a look says."""
    twin = publish(account(member), a_post(), over_http())

    with pytest.raises(TryLater) as refused:
        publish(account(member), a_post(), over_http())

    assert refused.value.after == 660
    assert str(refused.value) == f"LinkedIn took it for a repeat of {twin.id}"
    assert list(member.posts) == [twin.id]


def test_after_ten_minutes_linkedin_knows_no_repeat() -> None:
    times = iter((0.0, 601.0, 601.0))

    with linkedin_stand_in(Member(now=lambda: next(times))) as member:
        for _ in range(2):
            publish(account(member), a_post(), over_http())

        assert len(member.posts) == 2


def test_a_refusal_that_names_no_post_stays_a_refusal() -> None:
    refusal = Rejected(
        "422", Response.of({"status": 422, "code": "UNPROCESSABLE_ENTITY", "message": "No"}, 422)
    )

    with pytest.raises(Rejected) as raised:
        publish(ACCOUNT, a_post(), scripted(ok(sub="1"), refusal))

    assert raised.value is refusal


@pytest.mark.parametrize(
    ("settings", "post", "token", "error", "code"),
    [
        ({"version": "202401"}, a_post(), TOKEN, Rejected, "NONEXISTENT_VERSION"),
        ({}, a_post(text="x" * 3001), TOKEN, Rejected, "FIELD_LENGTH_TOO_LONG"),
        ({}, a_post(), "expired", LoginNeeded, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_what_linkedin_refuses_is_named(
    member: Member,
    settings: dict[str, str],
    post: Post,
    token: str,
    error: type[PublishError],
    code: str,
) -> None:
    with pytest.raises(error) as raised:
        publish(account(member, **settings), post, over_http(token))

    assert code_of(raised.value) == code
    assert member.posts == {}


def test_escaping_does_not_count_towards_the_length(member: Member) -> None:
    text = "(" * 3000

    publish(account(member), a_post(text=text), over_http())

    assert [post["text"] for post in member.posts.values()] == [text]


def test_the_days_quota_is_worth_another_try(member: Member) -> None:
    member.requests = DAILY_REQUESTS

    with pytest.raises(TryLater, match="throttle"):
        publish(account(member), a_post(), over_http())


def test_whoami_is_the_members_name_or_the_number_of_an_organisation_whose_posts_it_may_list() -> (
    None
):
    page = Organization()

    assert whoami(ACCOUNT, asking(Member(), PLATFORM, ACCOUNT, SECRETS)) == "Ada Lovelace"
    assert whoami(PAGE, asking(page, PLATFORM, PAGE, SECRETS)) == "organization 5515715"
    assert [one.query["count"] for one in page.arrived] == ["1"]


def test_an_organisation_posts_and_owns_its_files_and_nobody_is_asked_who_the_member_is(
    tmp_path: Path,
) -> None:
    server = scripted(*[documented] * 3)

    publish(PAGE, a_post(media=(an_image(tmp_path),)), server)

    image, _, post = server.asked
    assert image.json == {"initializeUploadRequest": {"owner": "urn:li:organization:5515715"}}
    assert post.json["author"] == "urn:li:organization:5515715"


@pytest.mark.parametrize("number", [2, 20])
def test_several_pictures_stand_in_their_order_with_their_alternative_texts(
    number: int, tmp_path: Path
) -> None:
    page = Organization()
    pictures = tuple(
        an_image(tmp_path, f"{nth}.png", size=(nth + 1, 8), alt=f"Page {nth}" if nth else "")
        for nth in range(number)
    )

    up = publish(PAGE, a_post(media=pictures), asking(page, PLATFORM, PAGE, SECRETS))

    images = page.up[up.id]["content"]["multiImage"]["images"]
    assert [one.get("altText") for one in images] == [
        None,
        *(f"Page {nth}" for nth in range(1, number)),
    ]
    assert [page.files[one["id"]].body for one in images] == [
        one.file.read_bytes() for one in pictures
    ]


def test_the_title_of_a_document_is_its_alt(tmp_path: Path) -> None:
    page = Organization()

    up = publish(PAGE, a_post(media=(a_document(tmp_path),)), asking(page, PLATFORM, PAGE, SECRETS))

    media = page.up[up.id]["content"]["media"]
    assert (media["title"], page.files[media["id"]].body) == ("Fractions, a worksheet", b"%PDF-1.7")


def a_document(folder: Path, alt: str = "Fractions, a worksheet") -> Media:
    (folder / "sheet.pdf").write_bytes(b"%PDF-1.7")
    return Media(
        file=folder / "sheet.pdf", type="application/pdf", size=8, digest="d" * 64, alt=alt
    )


def test_a_video_goes_up_in_the_parts_that_linkedin_asks_for_without_the_token(
    tmp_path: Path,
) -> None:
    video = a_video(tmp_path, size=PART + 1000)
    instructions = [
        {"uploadUrl": f"https://up.test/{number}", "firstByte": start, "lastByte": end}
        for number, start, end in ((0, 0, PART - 1), (1, PART, PART + 999))
    ]
    begun = ok(
        value={"video": "urn:li:video:7", "uploadToken": "t", "uploadInstructions": instructions}
    )
    marks = [Response(headers={"etag": mark}) for mark in ('"first"', "/second")]
    server = scripted(
        begun, *marks, Response(), state("PROCESSING"), state("AVAILABLE"), documented
    )

    publish(PAGE, a_post(media=(video,)), server)

    begin, *puts, finish, look, again, post = server.asked
    assert begin.json["initializeUploadRequest"] == {
        "owner": "urn:li:organization:5515715",
        "fileSizeBytes": PART + 1000,
        "uploadCaptions": False,
        "uploadThumbnail": False,
    }
    assert [(one.method, one.url, one.body, one.anonymous) for one in puts] == [
        ("PUT", "https://up.test/0", Part(media=video, start=0, end=PART), True),
        ("PUT", "https://up.test/1", Part(media=video, start=PART, end=PART + 1000), True),
    ]
    assert {one.headers["Content-Type"] for one in puts} == {"application/octet-stream"}
    assert finish.url == "https://api.linkedin.com/rest/videos?action=finalizeUpload"
    assert finish.json == {
        "finalizeUploadRequest": {
            "video": "urn:li:video:7",
            "uploadToken": "t",
            "uploadedPartIds": ["first", "/second"],
        }
    }
    assert [(one.url, one.after, one.fresh) for one in (look, again)] == [
        ("https://api.linkedin.com/rest/videos/urn%3Ali%3Avideo%3A7", after, True)
        for after in (2, 4)
    ]
    assert post.json["content"] == {
        "media": {"id": "urn:li:video:7", "title": "Ms Ada at the board"}
    }


def state(name: str, **more: str) -> Response:
    """Of a video."""
    return Response.of({"status": name, **more})


def a_begun_video(*looks: Response) -> list[Any]:
    return [documented, documented, documented, *looks]


def test_a_video_that_linkedin_cannot_use_is_refused_in_its_words(tmp_path: Path) -> None:
    failed = state("PROCESSING_FAILED", processingFailureReason="The codec is not supported")

    with pytest.raises(Rejected, match="The codec is not supported"):
        publish(
            PAGE, a_post(media=(a_video(tmp_path, size=80_000),)), scripted(*a_begun_video(failed))
        )


def test_a_video_that_is_long_in_coming_is_tried_again_before_the_days_requests_are_spent(
    tmp_path: Path,
) -> None:
    server = scripted(*a_begun_video(*[state("PROCESSING")] * len(PAUSES)))

    with pytest.raises(TryLater, match="still processing") as later:
        publish(PAGE, a_post(media=(a_video(tmp_path, size=80_000),)), server)

    assert (
        len(server.asked) < 15,
        sum(one.after for one in server.asked) > 200,
        later.value.after,
    ) == (True, True, 300)


def test_a_poll_asks_the_last_line_of_the_text_and_stands_where_a_card_would() -> None:
    page = Organization()

    post = a_post(
        text="A question for all: https://example.org\n\nPaper or screen (today)?",
        options={"poll": {**POLL, "hours": 72}},
        link=Link(url="https://example.org"),
    )
    up = publish(PAGE, post, asking(page, PLATFORM, PAGE, SECRETS))

    assert page.up[up.id]["content"] == {
        "poll": {
            "question": "Paper or screen (today)?",
            "options": [{"text": "Paper"}, {"text": "Screen"}],
            "settings": {"duration": "THREE_DAYS"},
        }
    }


@pytest.mark.parametrize("post", [URN, f"https://www.linkedin.com/feed/update/{URN}/"])
def test_a_post_is_shared_with_the_text(post: str) -> None:
    page = Organization()

    ours = replace(
        tagged("Read this (https://example.org).", ("link", "https://example.org")),
        options={"reshare": post},
        link=Link(url="https://example.org"),
    )
    up = publish(PAGE, ours, asking(page, PLATFORM, PAGE, SECRETS))

    assert page.up[up.id]["asked"]["reshareContext"] == {"parent": URN}
    assert page.up[up.id]["content"] is None


@pytest.mark.parametrize(
    ("text", "mentions", "commentary"),
    [
        ("@Adam and @Ada", ["Ada urn:li:person:x"], r"\@Adam and @[Ada](urn:li:person:x)"),
        (
            "@Ada Lovelace, @Ada",
            ["Ada urn:li:organization:12345678901", "Ada Lovelace urn:li:person:b"],
            "@[Ada Lovelace](urn:li:person:b), @[Ada](urn:li:organization:12345678901)",
        ),
        (
            "@Ada and @Ada.",
            ["Ada urn:li:person:x"],
            "@[Ada](urn:li:person:x) and @[Ada](urn:li:person:x).",
        ),
    ],
)
def test_a_mention_is_no_beginning_of_another_name(
    text: str, mentions: list[str], commentary: str
) -> None:
    page = Organization()

    up = publish(
        PAGE,
        a_post(text=text, options={"mentions": mentions}),
        asking(page, PLATFORM, PAGE, SECRETS),
    )

    assert page.up[up.id]["asked"]["commentary"] == commentary


def test_mentions_name_people_and_organisations_also_with_reserved_signs_in_their_names() -> None:
    page = Organization()
    mentions = [
        "Ada urn:li:person:a-1",
        "Ada Lovelace urn:li:person:b_2",
        "School (Leeds) urn:li:organization:7",
    ]

    up = publish(
        PAGE,
        a_post(
            text="With @Ada Lovelace and @Ada of @School (Leeds).", options={"mentions": mentions}
        ),
        asking(page, PLATFORM, PAGE, SECRETS),
    )

    assert page.up[up.id]["asked"]["commentary"] == (
        "With @[Ada Lovelace](urn:li:person:b_2) and @[Ada](urn:li:person:a-1) of @[School \\(Leeds\\)](urn:li:organization:7)."
    )
    assert page.up[up.id]["text"] == "With Ada Lovelace and Ada of School (Leeds)."


@pytest.mark.parametrize(
    ("before", "on"),
    [
        (Published(id=URN), URN),
        (
            Published(id="https://www.linkedin.com/feed/update/urn:li:activity:7/"),
            "urn:li:activity:7",
        ),
        (Published(id="7400000000000000001", ref={"post": URN}), URN),
    ],
)
def test_what_answers_a_post_or_a_comment_is_a_comment_on_the_post(
    before: Published, on: str
) -> None:
    page = Organization()

    up = publish(
        PAGE,
        a_post(text="Slides (all)", reply_to=before, options={"reshare": URN}),
        asking(page, PLATFORM, PAGE, SECRETS),
    )

    assert page.up[up.id]["asked"] == {
        "actor": "urn:li:organization:5515715",
        "object": on,
        "message": {"text": "Slides (all)"},
    }
    assert (up.ref, up.url) == ({"post": on}, f"https://www.linkedin.com/feed/update/{on}/")


POLL = {"answers": ["Paper", "Screen"], "hours": 24}
ON = Published(id=URN)
TERM = Link(url="https://example.org/term", title="Term dates")


@pytest.mark.parametrize(
    ("account", "changes", "files", "why"),
    [
        (ACCOUNT, {"options": {"poll": POLL}}, "picture", "takes media or a poll, not both"),
        (
            ACCOUNT,
            {"options": {"reshare": URN}},
            "picture",
            "takes media or a reshared post, not both",
        ),
        (
            ACCOUNT,
            {"options": {"reshare": URN, "poll": POLL}},
            "",
            "takes a poll or a reshared post, not both",
        ),
        (ACCOUNT, {}, "picture video", "pictures, or one video, or one document"),
        (ACCOUNT, {}, "picture document", "pictures, or one video, or one document"),
        (ACCOUNT, {}, "document document", "pictures, or one video, or one document"),
        (ACCOUNT, {}, "short", "at least 3 seconds and 75 kB"),
        (ACCOUNT, {}, "small", "at least 3 seconds and 75 kB"),
        (PAGE, {"options": {"visibility": "CONNECTIONS"}}, "", "has no connections"),
        (ACCOUNT, {"options": {"poll": {"answers": ["Yes"]}}}, "", "two to four answers"),
        (
            ACCOUNT,
            {"options": {"poll": {"answers": ["1", "2", "3", "4", "5"]}}},
            "",
            "two to four answers",
        ),
        (
            ACCOUNT,
            {"options": {"poll": {"answers": ["Yes", "N" * 31]}}},
            "",
            "at most 30 characters",
        ),
        (ACCOUNT, {"options": {"poll": {**POLL, "multiple": True}}}, "", "of which one is chosen"),
        (ACCOUNT, {"options": {"poll": {**POLL, "hours": 25}}}, "", "lasts 24, 72, 168, 336 hours"),
        (ACCOUNT, {"options": {"poll": POLL}, "text": "x" * 141}, "", "at most 140 characters"),
        (
            ACCOUNT,
            {"options": {"poll": POLL}, "link": TERM},
            "",
            f"a poll on LinkedIn stands where the card of {TERM.url} would: put the address in the",
        ),
        (
            ACCOUNT,
            {"options": {"reshare": URN}, "link": TERM, "text": f"See {TERM.url}/2"},
            "",
            "a reshared post on LinkedIn stands where the card",
        ),
        (ACCOUNT, {"text": " \n"}, "", "takes no post and no comment without words"),
        (ACCOUNT, {"text": "", "options": {"poll": POLL}}, "", "without words"),
        (ACCOUNT, {"text": " "}, "picture", "without words"),
        (ACCOUNT, {"text": " ", "reply_to": ON}, "", "without words"),
        (ACCOUNT, {}, "untitled", "needs an `alt`: it is the title above it"),
        (ACCOUNT, {"options": {"reshare": "https://example.org"}}, "", "is no post of LinkedIn"),
        (ACCOUNT, {"options": {"mentions": ["Ada Lovelace"]}}, "", "'Ada Lovelace' is no mention"),
        (
            ACCOUNT,
            {"text": "@Adam", "options": {"mentions": ["Ada urn:li:person:x"]}},
            "",
            "no '@Ada' in it",
        ),
        (
            ACCOUNT,
            {
                "text": "@Ada Lovelace",
                "options": {"mentions": ["Ada urn:li:person:x", "Ada Lovelace urn:li:person:y"]},
            },
            "",
            "no '@Ada' in it",
        ),
        (
            ACCOUNT,
            {"options": {"mentions": ["Ben (B) urn:li:person:b"]}},
            "",
            r"no '@Ben \(B\)' in it",
        ),
        (ACCOUNT, {"reply_to": ON}, "picture", "without media and poll"),
        (ACCOUNT, {"reply_to": ON, "options": {"poll": POLL}}, "", "without media and poll"),
        (ACCOUNT, {"reply_to": ON, "text": "x" * 1251}, "", "at most 1250 characters"),
        (ACCOUNT, {"reply_to": Published(id="https://example.org")}, "", "is no post of LinkedIn"),
    ],
)
def test_what_linkedin_would_refuse_is_refused_before_anything_leaves(
    account: Account,
    changes: dict[str, Any],
    files: str,
    why: str,
    tmp_path: Path,
) -> None:
    made = {
        "picture": lambda: an_image(tmp_path),
        "video": lambda: a_video(tmp_path, size=80_000),
        "short": lambda: a_video(tmp_path, size=80_000, seconds=2.9),
        "small": lambda: a_video(tmp_path, size=74_999),
        "document": lambda: a_document(tmp_path),
        "untitled": lambda: a_document(tmp_path, alt=" "),
    }
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(
            account,
            a_post(media=tuple(made[name]() for name in files.split()), **changes),
            untouched,
        )

    assert untouched.asked == []


def one(**changes: Any) -> dict[str, Any]:
    """A post as LinkedIn lists it."""
    made = int(DUE.timestamp() * 1000)
    return {
        "id": URN,
        "commentary": "Welcome back",
        "createdAt": made,
        "lastModifiedAt": made,
        **changes,
    }


def found_among(*elements: dict[str, Any], post: Post | None = None, **lost: Any) -> Look:
    made = int(DUE.timestamp() * 1000) - 90_000_000
    old = [one(id=f"urn:li:share:{n}", commentary="Old", createdAt=made - n) for n in (9, 10)]
    newest_first = sorted([*elements, *old], key=lambda each: -each["createdAt"])
    server = scripted(ok(elements=newest_first), ok(elements=[]))
    return looked(PLATFORM, PAGE, post or a_post(), server, **lost)


def test_an_organisations_posts_are_listed_as_linkedin_wants_it() -> None:
    rehearsal = Rehearsal()

    assert looked(PLATFORM, PAGE, a_post(), rehearsal).found is Found.FAILED, "none proves nothing"

    (look,) = rehearsal.asked
    assert look.url == (
        "https://api.linkedin.com/rest/posts?author=urn%3Ali%3Aorganization%3A5515715&q=author&count=50&sortBy=CREATED"
    )
    assert (look.headers["X-RestLi-Method"], look.repeat) == ("FINDER", HARMLESS)


@pytest.mark.parametrize(
    ("post", "commentary"),
    [
        (a_post(text="A (b) *c*"), r"A \(b\) \*c\*"),
        (a_post(text="A (b) *c*"), "A (b) *c*"),
        (tagged("On #maths", ("tag", "#maths")), r"On {hashtag|\#|maths}"),
        (tagged("On #class_4b", ("tag", "#class_4b")), r"On {hashtag|\#|class\_4b}"),
        (a_post(text="A\n\nB"), "A\nB"),
        (
            a_post(text="By @Ada", options={"mentions": ["Ada urn:li:person:a"]}),
            "By @[Ada](urn:li:person:a)",
        ),
    ],
)
def test_a_lost_post_is_found_although_linkedin_writes_its_text_another_way(
    post: Post, commentary: str
) -> None:
    result = found_among(one(commentary=commentary), post=post)

    assert result.found is Found.OURS
    assert result.post == Published(id=URN, url=f"https://www.linkedin.com/feed/update/{URN}/")


def article(source: str) -> dict[str, Any]:
    return {"article": {"source": source, "title": "Blog"}}


@pytest.mark.parametrize(
    ("commentary", "content", "right"),
    [
        ("New on the blog: https://x.org/b", article("https://x.org/b"), Found.OURS),
        ("New on the blog: http://X.org/b/", article("https://x.org/b/"), Found.OURS),
        ("New on the blog: https://x.org/a", article("https://x.org/b"), Found.NEAR),
        ("New on the blog: https://x.org/b", article("https://x.org/a"), Found.NEAR),
        ("New on the blog: https://x.org/b", {}, Found.NEAR),
        ("New on the blog: https://lnkd.in/a", article("https://x.org/b"), Found.OURS),
        ("New on the blog: https://lnkd.in/a", article("https://x.org/a"), Found.NEAR),
        ("New on the blog: https://lnkd.in/a", {}, Found.NEAR),
        ("New on the blog!", article("https://x.org/b"), Found.NEAR),
    ],
)
def test_a_weekly_teaser_is_known_by_where_its_addresses_lead(
    commentary: str, content: dict[str, Any], right: Found
) -> None:
    text = "New on the blog: https://x.org/b"
    post = replace(
        tagged(text, ("link", "https://x.org/b")), link=Link(url="https://x.org/b", title="Blog")
    )

    assert found_among(one(commentary=commentary, content=content), post=post).found is right


def test_last_weeks_teaser_and_one_by_hand_an_hour_before_are_not_it() -> None:
    hour = 3_600_000
    made = int(DUE.timestamp() * 1000)
    teasers = [one(createdAt=made - hour), one(id="urn:li:share:2", createdAt=made - 168 * hour)]

    assert found_among(*teasers).found is Found.ABSENT


@pytest.mark.parametrize(
    ("options", "changes", "right"),
    [
        ({}, {"visibility": "PUBLIC", "lifecycleState": "PUBLISHED"}, Found.OURS),
        ({}, {"lifecycleState": "PUBLISH_REQUESTED"}, Found.OURS),
        ({}, {"lifecycleState": "DRAFT"}, Found.NEAR),
        ({}, {"visibility": "LOGGED_IN"}, Found.NEAR),
        ({}, {"author": "urn:li:organization:7"}, Found.ABSENT),
        ({}, {"content": {"media": {"id": "urn:li:image:a"}}}, Found.NEAR),
        ({}, {"reshareContext": {"parent": "urn:li:share:5"}}, Found.NEAR),
        ({"reshare": "urn:li:share:5"}, {"reshareContext": {"parent": URN}}, Found.NEAR),
        ({"reshare": URN}, {"reshareContext": {"parent": URN}}, Found.OURS),
        ({"poll": POLL}, {}, Found.NEAR),
        (
            {"poll": POLL},
            {"content": {"poll": {"question": "Welcome back", "options": [{"text": "No"}]}}},
            Found.NEAR,
        ),
    ],
)
def test_a_post_with_the_same_words_is_ours_if_the_rest_agrees(
    options: dict[str, Any], changes: dict[str, Any], right: Found
) -> None:
    assert found_among(one(**changes), post=a_post(options=options)).found is right


@pytest.mark.parametrize(
    ("urns", "right"), [(("a", "b"), Found.OURS), (("a", "c"), Found.NEAR), (("a",), Found.NEAR)]
)
def test_pictures_are_known_by_their_urns(
    urns: tuple[str, ...], right: Found, tmp_path: Path
) -> None:
    post = a_post(media=(an_image(tmp_path), an_image(tmp_path, "b.png", alt="")))
    images = [{"id": f"urn:li:image:{urn}"} for urn in urns]
    uploads = {
        f"image {number}": ok(value={"image": f"urn:li:image:{urn}"})
        for number, urn in enumerate(("a", "b"), 1)
    }
    there = one(content={"multiImage": {"images": images}})

    assert found_among(there, post=post, answers=uploads).found is right


@pytest.mark.parametrize(
    "name",
    [
        URN,
        f"https://www.linkedin.com/feed/update/{URN}/",
        "https://www.linkedin.com/posts/school_welcome-activity-7300000000000000000-AbCd",
    ],
)
def test_a_post_of_another_delivery_is_known_by_its_urn_and_its_addresses(name: str) -> None:
    assert found_among(one(), others=frozenset({name})).found is Found.ABSENT


@pytest.mark.parametrize("hours", [2, 13])
def test_a_clock_of_ours_that_is_hours_ahead_hides_no_post(hours: int) -> None:
    later = timedelta(hours=hours)

    result = found_among(one(), left_at=DUE + later, now=LOOKED + later)

    assert result.found is Found.OURS


def others_listed(number: int, first: int = 1000) -> list[dict[str, Any]]:
    return [one(id=f"urn:li:share:{first + n}", commentary="Another") for n in range(number)]


@pytest.mark.parametrize(
    "paging",
    [
        {"start": 0, "count": 50, "links": [{"rel": "next", "href": "/rest/posts?start=50"}]},
        {"start": 0, "count": 50, "total": 50},
        {},
    ],
)
def test_a_short_page_is_not_taken_for_the_last(paging: dict[str, Any]) -> None:
    server = scripted(
        ok(elements=others_listed(49), paging=paging), ok(elements=[one()]), ok(elements=[])
    )

    assert looked(PLATFORM, PAGE, a_post(), server).found is Found.OURS
    assert server.asked[1].url.endswith("&start=49")


def test_a_list_is_whole_when_linkedin_says_so_or_shows_nothing_more() -> None:
    said = scripted(ok(elements=others_listed(3), paging={"total": 3, "links": []}))
    shown = scripted(ok(elements=others_listed(3)), ok(elements=[]))
    cut = scripted(ok(elements=others_listed(3)), ok(elements=[], paging={"total": 9}))

    assert looked(PLATFORM, PAGE, a_post(), said).found is Found.ABSENT
    assert looked(PLATFORM, PAGE, a_post(), shown).found is Found.ABSENT
    assert looked(PLATFORM, PAGE, a_post(), cut).found is Found.FAILED


def test_more_posts_than_ten_pages_leave_it_open() -> None:
    pages = [ok(elements=others_listed(50, 1000 * n)) for n in range(1, 11)]

    assert looked(PLATFORM, PAGE, a_post(), scripted(*pages)).found is Found.FAILED


def test_who_may_not_list_finds_nothing_and_says_so() -> None:
    assert (PLATFORM.can_find(PAGE), PLATFORM.can_find(ACCOUNT)) == (True, False)
    result = found_among(one(), post=a_post(reply_to=ON))

    assert result.found is Found.FAILED
    assert "does not show such a post" in result.why


@pytest.mark.parametrize(
    ("version", "today", "is_told"),
    [
        ("202609", date(2027, 7, 30), False),
        ("202609", date(2027, 8, 2), True),
        ("202509", date(2026, 11, 25), True),
        ("202609", date(2026, 11, 25), False),
    ],
)
def test_a_version_of_eleven_months_is_told_to_be_about_to_end(
    version: str, today: date, is_told: bool
) -> None:
    told = list(PLATFORM.notices(replace(ACCOUNT, settings={"version": version}), today))

    assert [
        f"version {version} of LinkedIn's API, which is served for a year, is about to end" in one
        for one in told
    ] == [True] * is_told


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: tagged(
        "Welcome back (all) at https://example.org/a_b #maths #class_4b",
        ("link", "https://example.org/a_b"),
        ("tag", "#maths"),
        ("tag", "#class_4b"),
    ),
    "mention": lambda folder: a_post(
        text="With @School (Leeds)", options={"mentions": ["School (Leeds) urn:li:organization:7"]}
    ),
    "picture": lambda folder: a_post(media=(an_image(folder),)),
    "pictures": lambda folder: a_post(
        media=(an_image(folder), an_image(folder, "bicycle.png", colour="blue", alt="A bicycle"))
    ),
    "video": lambda folder: a_post(media=(a_video(folder, size=PART + 100_000),)),
    "document": lambda folder: a_post(media=(a_document(folder),)),
    "card": lambda folder: a_post(
        link=Link(url="https://example.org", title="Term dates", image=an_image(folder))
    ),
    "poll": lambda folder: a_post(text="Paper or screen?", options={"poll": POLL}),
    "reshare": lambda folder: a_post(options={"reshare": URN}),
    "comment": lambda folder: a_post(text="Slides", reply_to=ON),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post_of_an_organisation(
    name: str, tmp_path: Path
) -> None:
    """Also where LinkedIn would not know a repeat. Comments cannot be listed, and are a single request."""
    became = lost_at_every_step(
        lambda: Organization(now=lambda: DUE.timestamp() + 1, repeats_known=0),
        PLATFORM,
        PAGE,
        POSTS[name](tmp_path),
        tmp_path,
        SECRETS,
    )

    assert became == ({"in doubt"} if name == "comment" else {"published"})


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post_of_a_member_and_the_last_one_a_doubt(
    name: str, tmp_path: Path
) -> None:
    became = lost_at_every_step(
        lambda: Member(repeats_known=0), PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    )

    assert became == {"published", "in doubt"}


@pytest.mark.parametrize(
    ("settings", "scopes"),
    [
        ({}, ("openid", "profile", "w_member_social")),
        ({"organization": "5515715"}, ("w_organization_social", "r_organization_social")),
    ],
)
def test_a_sign_in_asks_for_what_a_member_or_an_organisation_needs_and_no_more(
    settings: dict[str, str], scopes: tuple[str, ...]
) -> None:
    assert PLATFORM.oauth
    assert (
        PLATFORM.oauth.of(Account(name="main", platform="linkedin", settings=settings)).scopes
        == scopes
    )
