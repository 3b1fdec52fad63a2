"""The adapter's requests, and what a site that speaks Micropub makes of them: with a list of its posts, and without one."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
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
from platforms.micropub import PLATFORM, discovered, find, properties, publish, slug, whoami
from scheduler.engine.judging import judged
from scheduler.engine.wire import wire
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

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
        return ok(
            items=[
                {"type": ["h-entry"], "properties": {**one, "url": [address]}}
                for address, one in self.up.items()
            ]
        )

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
            name: value for name, value in asked["properties"].items() if name != "mp-slug"
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


@pytest.mark.parametrize(
    "one",
    [
        {"url": [f"https://example.org/{slug(a_post())}"], "content": ["changed"]},
        {"url": ["https://example.org/1"], "name": ["Welcome back"], "content": ["Welcome  back"]},
        {
            "url": ["https://example.org/1"],
            "name": ["Welcome back"],
            "content": [{"html": "<p>Welcome back</p>", "value": "Welcome back"}],
        },
        {
            "url": ["https://example.org/1"],
            "name": ["Welcome back"],
            "content": [{"html": "<p>Welcome back</p>"}],
        },
    ],
)
def test_a_lost_post_is_found_by_its_address_or_its_words(one: dict[str, Any]) -> None:
    found = find(
        ACCOUNT, a_post(), Lost(left_at=DUE), scripted(HOME, ok(items=[{"properties": one}]))
    )

    assert found == Published(id=one["url"][0], url=one["url"][0])


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
    one = {"url": ["https://example.org/1"], "name": ["Fold & cut"], "content": [content]}

    assert find(ACCOUNT, note, Lost(left_at=DUE), scripted(HOME, ok(items=[{"properties": one}])))


def test_a_lost_picture_without_words_is_not_taken_for_another() -> None:
    one = {"url": ["https://example.org/1"], "photo": ["https://media.example.org/1.png"]}

    assert (
        find(
            ACCOUNT,
            a_post(title="", text=""),
            Lost(left_at=DUE),
            scripted(HOME, ok(items=[{"properties": one}])),
        )
        is None
    )


def test_a_list_that_does_not_know_what_went_there_earlier_proves_nothing() -> None:
    lost = Lost(left_at=DUE, others=frozenset({"https://example.org/0"}))

    with pytest.raises(Rejected, match="does not tell what it has"):
        find(ACCOUNT, a_post(), lost, scripted(HOME, ok(items=[])))


def test_other_posts_are_not_it_and_a_site_without_a_list_cannot_be_looked_through() -> None:
    one = {"url": ["https://example.org/1"], "name": ["Welcome back"], "content": ["Welcome back"]}
    listed = ok(
        items=[
            {"properties": one},
            {"properties": {"url": ["https://example.org/2"], "content": ["Other"]}},
        ]
    )

    assert (
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE, others=frozenset({"https://example.org/1"})),
            scripted(HOME, listed),
        )
        is None
    )
    with pytest.raises(Rejected, match="does not tell what it has"):
        find(
            ACCOUNT,
            a_post(),
            Lost(left_at=DUE),
            scripted(HOME, Response.of({"error": "invalid_request"}, 400)),
        )


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
