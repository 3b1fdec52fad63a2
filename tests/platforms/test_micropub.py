"""The adapter's requests, and what a site that speaks Micropub makes of them: with a list of its posts, and without one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    InDoubt,
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
from platforms.micropub import PLATFORM, discovered, properties, publish, slug, whoami
from platforms.recent import Found, Look, look
from scheduler.engine.judging import judged
from scheduler.engine.wire import wire
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, FIRST, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main", platform="micropub", settings={"site": "example.org", "endpoint": None}
)
SECRETS = {"token": "good"}
HOME = ok(headers={"link": '<https://example.org/micropub>; rel="micropub"'})
CONFIG = Response.of({"media-endpoint": "https://media.example.org/micropub"})


@dataclass
class Site(StandIn):
    """A site with a media endpoint. Not every one lists what it has."""

    lists: bool = True
    files: set[str] = field(default_factory=set)

    def check(self, arrived: Arrived) -> None:
        if (
            "micropub" in arrived.url
            and arrived.headers.get("authorization") != f"Bearer {self.token}"
        ):
            raise Refusal(401, {"error": "unauthorized"})

    @route("GET", r"https://example\.org")
    def home(self, arrived: Arrived) -> Response:
        assert "authorization" not in arrived.headers
        return Response(body=b'<html><head><link rel="micropub" href="/micropub"></head></html>')

    @route("GET", r"https://example\.org/micropub")
    def query(self, arrived: Arrived) -> Response:
        if arrived.query["q"] == "config":
            return Response.of({"media-endpoint": "https://media.example.org/micropub"})
        if not self.lists:
            raise Refusal(400, {"error": "invalid_request"})
        items = [
            {"type": ["h-entry"], "properties": {**one, "url": [address]}}
            for address, one in self.up.items()
        ]
        return ok(items=items[int(arrived.query.get("offset", 0)) :])

    @route("POST", r"https://media\.example\.org/micropub")
    def upload(self, arrived: Arrived) -> Response:
        assert list(arrived.parts) == ["file"]
        self.files.add(f"https://media.example.org/{len(self.files)}.png")
        return Response(
            status=201, headers={"location": f"https://media.example.org/{len(self.files) - 1}.png"}
        )

    @route("POST", r"https://example\.org/micropub")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json
        assert asked["type"] == ["h-entry"]
        assert all(isinstance(value, list) for value in asked["properties"].values())
        assert all(one["value"] in self.files for one in asked["properties"].get("photo", ()))
        address = f"https://example.org/2026/{len(self.up)}"
        self.up[address] = {
            "published": ["2026-09-07T08:30:03Z"],
            **{name: value for name, value in asked["properties"].items() if name != "mp-slug"},
        }
        return Response(status=201, headers={"location": address})


def test_a_post_goes_where_the_home_page_says() -> None:
    server = scripted(HOME, documented)

    up = publish(
        ACCOUNT, a_post(title="", spans=(Span(kind="tag", start=0, end=3, value="maths"),)), server
    )

    home, post = server.asked
    assert (home.url, home.anonymous, home.repeat) == ("https://example.org", True, HARMLESS)
    assert (post.url, post.json) == (
        "https://example.org/micropub",
        {
            "type": ["h-entry"],
            "properties": {
                "content": ["Welcome back"],
                "category": ["maths"],
                "mp-slug": ["welcome-back-7f3a9c0d1e2b"],
            },
        },
    )
    assert up == Published(
        id="https://example.org/2026/welcome-back", url="https://example.org/2026/welcome-back"
    )


@pytest.mark.parametrize(
    ("answer", "endpoint"),
    [
        (HOME, "https://example.org/micropub"),
        (
            ok(headers={"link": '</auth>; rel="authorization_endpoint", </mp>; rel="micropub"'}),
            "https://example.org/mp",
        ),
        (
            Response(
                body=b'<a rel="me" href="/x">x</a><a rel="other micropub" href="https://host.test/mp">y</a>'
            ),
            "https://host.test/mp",
        ),
    ],
)
def test_the_endpoint_is_found_in_the_headers_or_the_page(answer: Response, endpoint: str) -> None:
    assert discovered(ACCOUNT, scripted(answer)) == endpoint


@pytest.mark.parametrize(
    ("found_at", "endpoint"),
    [
        ("https://www.example.org/blog/", "https://www.example.org/blog/micropub"),
        ("", "https://example.org/micropub"),
    ],
)
def test_an_endpoint_that_is_relative_is_so_to_where_the_page_was_found(
    found_at: str, endpoint: str
) -> None:
    server = scripted(Response(url=found_at, headers={"link": '<micropub>; rel="micropub"'}))

    assert discovered(ACCOUNT, server) == endpoint
    assert server.asked[0].fresh, "from the journal it would not be known where"


def test_a_site_that_names_none_is_said_and_one_may_be_given() -> None:
    given = replace(ACCOUNT, settings={**ACCOUNT.settings, "endpoint": "https://example.org/mp"})

    with pytest.raises(TryLater, match="names no place to post to"):
        discovered(
            ACCOUNT, scripted(ok(headers={"link": '<https://x.test>; rel="micropub_media"'}))
        )
    assert discovered(given, scripted()) == "https://example.org/mp"


def test_a_relative_address_is_one_of_the_site() -> None:
    created = Response(status=201, headers={"location": "/2026/welcome-back"})

    assert (
        publish(ACCOUNT, a_post(), scripted(HOME, created)).url
        == "https://example.org/2026/welcome-back"
    )


def test_files_go_to_the_media_endpoint_and_keep_what_they_show(tmp_path: Path) -> None:
    server = scripted(HOME, CONFIG, *[documented] * 3)

    publish(
        ACCOUNT,
        a_post(html="<p>Look</p>", media=(an_image(tmp_path), a_video(tmp_path, alt=""))),
        server,
    )

    _, config, upload, _, post = server.asked
    assert config.url == "https://example.org/micropub?q=config"
    assert (upload.url, list(upload.files)) == ("https://media.example.org/micropub", ["file"])
    said = post.json["properties"]
    assert said["content"] == [{"html": "<p>Look</p>"}]
    assert (said["photo"], said["video"]) == (
        [{"value": "https://media.example.org/door.png", "alt": "The school door"}],
        ["https://media.example.org/door.png"],
    )


def test_a_site_without_a_media_endpoint_takes_no_files(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="takes no files by Micropub"):
        publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), scripted(HOME, ok()))


REFUSED = Rejected("no", Response.of({"error": "invalid_request"}, 400))


def test_a_site_that_takes_no_alt_text_with_a_picture_gets_it_beside_the_address(
    tmp_path: Path,
) -> None:
    server = scripted(HOME, CONFIG, *[documented] * 3, REFUSED, documented)
    media = (an_image(tmp_path), an_image(tmp_path, "b.png", alt=""), a_video(tmp_path))

    up = publish(ACCOUNT, a_post(media=media), server)

    refused, taken = (request.json["properties"] for request in server.asked[-2:])
    assert refused["photo"][0]["alt"] == "The school door"
    assert taken == {
        **refused,
        "photo": ["https://media.example.org/door.png"] * 2,
        "video": ["https://media.example.org/door.png"],
        "mp-photo-alt": ["The school door", ""],
    }
    assert up.notes == ("the site may not show the alt text: it was sent as mp-photo-alt",)


@pytest.mark.parametrize(
    ("alt", "refused"),
    [
        ("", REFUSED),
        ("A door", Rejected("no", Response(status=403))),
        ("A door", InDoubt("lost")),
        ("A door", LoginNeeded("no", Response(status=400))),
    ],
)
def test_nothing_else_is_sent_a_second_time(tmp_path: Path, alt: str, refused: Exception) -> None:
    server = scripted(HOME, CONFIG, documented, refused)

    with pytest.raises(type(refused)):
        publish(ACCOUNT, a_post(media=(an_image(tmp_path, alt=alt),)), server)

    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_a_post_without_an_address_is_in_doubt(status: int) -> None:
    with pytest.raises(InDoubt, match=rf"'post' with {status} and without the address"):
        publish(ACCOUNT, a_post(), scripted(HOME, Response(status=status)))


def test_json_is_asked_for_at_every_request_with_the_token(tmp_path: Path) -> None:
    server = scripted(HOME, CONFIG, documented, documented)

    publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), server)

    leaves = [wire(request).headers.get("Accept") for request in server.asked]
    assert leaves == [None, *["application/json"] * 3]


def test_the_rest_of_a_post_is_said_too() -> None:
    said = properties(
        a_post(
            title="Fractions",
            summary="What worked",
            options={"status": "draft"},
            reply_to=Published(id="1", url="https://example.org/1"),
        ),
        [],
    )

    assert (said["name"], said["summary"], said["post-status"], said["in-reply-to"]) == (
        ["Fractions"],
        ["What worked"],
        ["draft"],
        ["https://example.org/1"],
    )


def test_a_post_that_will_appear_is_said_to() -> None:
    later = Response(status=202, headers={"location": "https://example.org/1"})

    assert publish(ACCOUNT, a_post(), scripted(HOME, later)).notes == (
        "the site says that it will appear in a while",
    )


def looked(post: Post, *answers: Response, **lost: Any) -> Look:
    """What a look says, by a site whose clock is right."""
    server = scripted(HOME, *answers)
    about = Lost(**{"left_at": DUE, "now": lambda: DUE, **lost})
    return look(PLATFORM, ACCOUNT, post, about, lambda request: dated(server(request)))


def dated(answer: Response) -> Response:
    return replace(answer, headers={**answer.headers, "date": format_datetime(DUE, usegmt=True)})


def item(number: int = 1, seconds: float = 3, **changes: Any) -> dict[str, Any]:
    """A post as the list has it, made so long after ours was sent."""
    properties = {
        "url": [f"https://example.org/{number}"],
        "published": [(DUE + timedelta(seconds=seconds)).isoformat()],
        "name": ["Welcome back"],
        "content": ["Welcome back"],
    }
    return {"type": ["h-entry"], "properties": {**properties, **changes}}


OLDER = [item(n, seconds=-9000 - n, content=[f"Older {n}"]) for n in (91, 92)]


def listing(*posts: dict[str, Any], **paging: Any) -> Response:
    """A list, the newest first, that goes back beyond the time when ours was sent."""
    return ok(items=[*posts, *OLDER], **({"paging": paging} if paging else {}))


@pytest.mark.parametrize(
    "changes",
    [
        {"url": [f"https://example.org/{slug(a_post())}/"], "content": ["changed"]},
        {"url": [f"https://example.org/{slug(a_post())}-2/"]},
        {"content": ["Welcome  back"]},
        {"content": [{"html": "<p>Welcome back</p>", "value": "Welcome back"}]},
        {"content": [{"html": "<p>Welcome back</p>"}]},
        {"url": ["https://example.org/1/"], "published": ["2026-09-07T10:30+02:00"]},
        {"post-status": ["published"], "visibility": ["public"]},
    ],
)
def test_a_lost_post_is_found_by_its_address_or_its_words(changes: dict[str, Any]) -> None:
    one = item(**changes)

    address = one["properties"]["url"][0]
    assert looked(a_post(), listing(one)) == Look(
        found=Found.OURS, post=Published(id=address, url=address)
    )


@pytest.mark.parametrize(
    "content",
    [
        {"html": "<ul>\n<li>Fold &amp; cut</li>\n</ul>"},
        {"html": "<div><ul><li>Fold &#38; cut</li></ul></div>", "value": "Fold & cut"},
        "<ul><li>Fold &amp; cut</li></ul>",
        "- Fold & cut",
    ],
)
def test_a_lost_note_is_found_whatever_the_site_makes_of_its_text_and_calls_it(
    content: Any,
) -> None:
    note = a_post(title="", text="- Fold & cut", html="<ul>\n<li>Fold &amp; cut</li>\n</ul>")

    result = looked(note, listing(item(name=["Fold & cut"], content=[content])))

    assert result.found is Found.OURS


@pytest.mark.parametrize(
    ("post", "changes", "found"),
    [
        ({}, {"published": [(DUE - timedelta(days=365)).isoformat()]}, Found.ABSENT),
        ({}, {"published": [(DUE - timedelta(seconds=5)).isoformat()]}, Found.ABSENT),
        ({}, {"content": ["Welcome home"]}, Found.ABSENT),
        ({}, {"name": ["Another"]}, Found.ABSENT),
        ({}, {"content": ["welcome, back!"]}, Found.NEAR),
        ({}, {"post-status": ["draft"]}, Found.NEAR),
        ({"options": {"status": "draft"}}, {"post-status": ["published"]}, Found.NEAR),
        ({"options": {"status": "draft"}}, {"post-status": ["draft"]}, Found.OURS),
        ({}, {"photo": ["https://example.org/door.png"]}, Found.NEAR),
        ({}, {"in-reply-to": ["https://ben.example/1"]}, Found.ABSENT),
        ({"reply_to": FIRST}, {"in-reply-to": ["https://ben.example/1"]}, Found.ABSENT),
        ({"reply_to": FIRST}, {"in-reply-to": [f"{FIRST.url}/"]}, Found.OURS),
        (
            {"reply_to": FIRST},
            {"in-reply-to": [{"type": ["h-cite"], "properties": {"url": [FIRST.url]}}]},
            Found.OURS,
        ),
        ({"reply_to": FIRST}, {}, Found.NEAR),
        ({"title": "", "text": ""}, {"name": [], "content": []}, Found.NEAR),
        ({"title": "", "text": ""}, {"name": [], "content": ["Words"]}, Found.ABSENT),
    ],
)
def test_what_differs_is_near_or_another_post(
    post: dict[str, Any], changes: dict[str, Any], found: Found
) -> None:
    result = looked(a_post(**post), listing(item(**changes)), ok(items=[]))

    assert result.found is found


def test_without_a_time_with_its_zone_a_post_is_near_and_the_list_has_to_end() -> None:
    for published in ([], ["2026-09-07T08:30:03"], ["2026-09-07"], ["yesterday"]):
        page = ok(items=[item(published=published)])

        assert looked(a_post(), page, ok(items=[])).found is Found.NEAR
        assert looked(a_post(), page, page).found is Found.FAILED


@pytest.mark.parametrize(
    ("photo", "found"),
    [
        ("https://media.example.org/1.png", Found.OURS),
        ({"value": "https://media.example.org/1.png", "alt": "The school door"}, Found.OURS),
        ({"value": "https://media.example.org/1.png", "alt": "A bicycle"}, Found.NEAR),
        ({"value": "https://media.example.org/1.png"}, Found.NEAR),
        ("https://media.example.org/2.png", Found.NEAR),
        (None, Found.NEAR),
    ],
)
@pytest.mark.parametrize("text", ["Welcome back", ""])
def test_a_lost_picture_is_known_by_its_address(
    text: str, photo: Any, found: Found, tmp_path: Path
) -> None:
    post = a_post(title=text, text=text, media=(an_image(tmp_path),))
    stored = Response(status=201, headers={"location": "https://media.example.org/1.png"})
    one = item(name=[], content=[text] if text else [], photo=[photo] if photo else [])
    one["properties"]["name"] = [text] if text else []

    result = looked(post, listing(one), answers={"upload 1": stored})

    assert result.found is found


def test_an_empty_list_proves_nothing_and_neither_one_without_what_was_published_later() -> None:
    newer = frozenset({"https://example.org/7"})

    assert looked(a_post(), ok(items=[])).found is Found.FAILED
    behind = looked(a_post(), listing(), newer=newer)
    there = looked(a_post(), listing(item(7, content=["Later"])), newer=newer)

    assert (behind.found, there.found) == (Found.FAILED, Found.ABSENT)
    assert "a post that was published later is not in it" in behind.why


@pytest.mark.parametrize(
    "known",
    [
        "https://example.org/1",
        "https://example.org/1/",
        "http://example.org/1",
        "https://EXAMPLE.org/1",
    ],
)
def test_a_post_that_is_known_already_is_not_it_however_its_address_is_written(known: str) -> None:
    assert looked(a_post(), listing(item()), others=frozenset({known})).found is Found.ABSENT


def test_posts_that_a_site_numbers_by_day_are_not_taken_for_one_another() -> None:
    ours = item(url=["https://example.org/2026/09/07/1"])
    others = frozenset({"https://example.org/2026/09/06/1"})

    assert looked(a_post(), listing(ours), others=others).found is Found.OURS


def pages(posts: list[dict[str, Any]], size: int) -> list[Response]:
    """The site's pages, by `offset`, and the empty one at their end."""
    starts = range(0, len(posts) + size, size)
    return [ok(items=posts[start : start + size]) for start in starts]


@pytest.mark.parametrize("is_oldest_first", [False, True])
@pytest.mark.parametrize("size", [50, 20])
def test_fifty_five_posts_since_then_hide_nothing(size: int, is_oldest_first: bool) -> None:
    others = [item(n, seconds=60 - n / 10, content=[f"Post {n}"]) for n in range(2, 57)]
    order = -1 if is_oldest_first else 1

    there = looked(a_post(), *pages([*others, item()][::order], size))
    missing = looked(a_post(), *pages(others[::order], size))
    cut = looked(a_post(), *pages(others[::order], size)[:1] * 2)

    assert (there.found, missing.found) == (Found.OURS, Found.ABSENT)
    assert (cut.found, cut.why) == (Found.FAILED, "the list of posts is cut: it repeats itself")


def test_a_sites_cursor_is_followed_to_its_end_at_the_address_that_we_know() -> None:
    others = [item(n, seconds=60, content=[f"Post {n}"]) for n in (2, 3)]
    first = ok(items=others[:1], paging={"after": "a&b", "next": "https://evil.example/"})
    server = scripted(HOME, first, ok(items=others[1:]))

    result = look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert result.found is Found.ABSENT
    assert [one.url for one in server.asked[1:]] == [
        "https://example.org/micropub?q=source&limit=50",
        "https://example.org/micropub?q=source&limit=50&after=a%26b",
    ]


def test_two_that_look_like_it_are_near() -> None:
    result = looked(a_post(), listing(item(1), item(2)))

    assert (result.found, result.why) == (Found.NEAR, "several posts look like it")


def test_a_draft_that_is_not_listed_proves_nothing() -> None:
    result = looked(a_post(options={"status": "draft"}), listing(item(content=["Other"])))

    assert (result.found, result.why) == (
        Found.FAILED,
        "the list of posts does not show such a post",
    )


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_site_without_a_list_is_said_to_have_none(status: int) -> None:
    with pytest.raises(TryLater, match="main: the site does not list its posts, so that none can"):
        looked(a_post(), Response.of({"error": "invalid_request"}, status))


@pytest.mark.parametrize(
    "answer", [Response(body=b"<h1>Log in</h1>"), ok(), Response.of([]), ok(items=None)]
)
def test_an_answer_that_is_no_list_is_not_taken_for_one(answer: Response) -> None:
    with pytest.raises(TryLater, match="micropub answered 'list' without a list"):
        looked(a_post(), answer)


def test_a_list_is_asked_for_as_json_and_never_answered_from_the_journal() -> None:
    server = scripted(HOME, listing(), ok(items=[]))

    look(PLATFORM, ACCOUNT, a_post(), Lost(left_at=DUE), server)

    assert server.asked[1].headers == {"Accept": "application/json"}
    assert server.asked[1].fresh


def test_it_tells_which_site_it_is() -> None:
    assert whoami(ACCOUNT, scripted(HOME, CONFIG)) == "example.org"


PAGE = b"<!doctype html><title>Sign in</title>"


def sites_answer(response: Response) -> Callable[[Request], Response]:
    """What `q=config` is answered, as the network judges it."""

    def answer(request: Request) -> Response:
        return judged(response, request, PLATFORM, "main", DUE)

    return answer


@pytest.mark.parametrize(
    "odd",
    [
        Response(),
        Response(body=PAGE),
        Response(body=b"media-endpoint=x"),
        Response.of([]),
        Response.of({"error": "invalid_request"}, 400),
        Response(status=404, body=PAGE),
        Response(status=501, body=b"not_implemented"),
    ],
)
def test_a_site_that_does_not_know_the_question_can_be_logged_in_to(odd: Response) -> None:
    assert whoami(ACCOUNT, scripted(HOME, sites_answer(odd))) == "example.org"


@pytest.mark.parametrize(
    "refused",
    [
        Response(status=401, body=b"authentication error"),
        Response(status=400, body=b"Invalid Bearer token"),
        Response(status=403, body=b'{"error": "forbidden"}'),
        Response(body=PAGE, url="https://example.org/login"),
    ],
)
def test_a_token_that_the_site_refuses_is_not_logged_in_with(refused: Response) -> None:
    with pytest.raises(LoginNeeded):
        whoami(ACCOUNT, scripted(HOME, sites_answer(refused)))


@pytest.mark.parametrize("odd", [Response(body=PAGE), Response(), Response.of([])])
def test_a_picture_waits_where_the_site_answers_with_a_page(tmp_path: Path, odd: Response) -> None:
    with pytest.raises(TryLater, match="'config'"):
        publish(ACCOUNT, a_post(media=(an_image(tmp_path),)), scripted(HOME, sites_answer(odd)))


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(title=""),
    "picture": lambda folder: a_post(media=(an_image(folder),)),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(name: str, tmp_path: Path) -> None:
    post = POSTS[name](tmp_path)

    assert lost_at_every_step(Site, PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}


def test_on_a_site_without_a_list_a_lost_post_is_in_doubt(tmp_path: Path) -> None:
    assert lost_at_every_step(
        lambda: Site(lists=False), PLATFORM, ACCOUNT, a_post(), tmp_path, SECRETS
    ) == {"published", "in doubt"}
