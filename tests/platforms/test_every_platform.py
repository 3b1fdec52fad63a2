"""What holds for every adapter. A new one is found here without being told."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pytest
import yaml
from pydantic import TypeAdapter

from platforms.base import (
    Account,
    InDoubt,
    Link,
    Media,
    Part,
    Platform,
    Post,
    Published,
    PublishError,
    Request,
    Response,
    Setting,
    Span,
    TryLater,
)
from platforms.registry import built_in, names, platform
from scheduler.engine.journalled import Journalled
from scheduler.engine.judging import judged
from scheduler.engine.rehearsal import Rehearsal, shown
from scheduler.rendering.markup import DIALECTS, Marked
from scheduler.store import Store
from tests.engine.support import a_delivery
from tests.support import DUE, a_post, a_video, an_image

LINK = "https://example.org/term"
ALTS = ("The school door", "A blue bicycle")
FOR_FILES = {"slack": {"channel": "C024BE91L"}}  # settings without which no file is taken


@pytest.fixture(params=names())
def adapter(request: pytest.FixtureRequest) -> Platform:
    return platform(request.param)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("an adapter opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)


def value(row: Setting, folder: Path) -> Any:
    """What the config would hand over for a row: its default, or its example where it has to be given."""
    if row.type is Path and (row.required or row.default is not None):
        return folder / str(row.default or row.example)
    if not row.required:
        return row.default
    assert row.example, f"`{row.name}` has to be given, so it needs an example"
    return (
        row.example
        if row.type is str
        else TypeAdapter(row.type).validate_python(yaml.safe_load(row.example))
    )


def an_account(adapter: Platform, folder: Path, post: Post | None = None) -> Account:
    """An account that takes `post`."""
    settings = {row.name: value(row, folder) for row in adapter.settings}
    has_files = post is not None and any(not one.type.startswith("image/") for one in post.media)
    more = FOR_FILES.get(adapter.name, {}) if has_files else {}
    return Account(name="main", platform=adapter.name, settings={**settings, **more})


def as_rendered(adapter: Platform, post: Post, folder: Path) -> Post:
    """`post` with what rendering adds for this platform."""
    limits = adapter.limits
    options = {row.name: value(row, folder) for row in adapter.options if row.required}
    markup = DIALECTS[limits.markup].write(Marked(post.text, post.spans))
    html = f"<p>{post.text}</p>" if limits.html else ""
    return replace(
        post,
        markup=markup,
        title=post.title if limits.title != 0 else "",
        html=html,
        options=options,
    )


def a_text() -> Post:
    return a_post(
        text="Welcome back, Zoë! 🎒 #newterm",
        spans=(Span(kind="tag", start=21, end=29, value="newterm"),),
    )


def with_what_it_needs(adapter: Platform, post: Post, folder: Path) -> Post:
    """`post` with the picture or video that the platform takes no post without."""
    needs = adapter.limits.needs
    has = {one.type.partition("/")[0] for one in post.media}
    if not needs or needs in has or (needs == "media" and has):
        return post
    return replace(
        post,
        media=(
            a_video(folder)
            if needs == "video"
            else an_image(folder, "needed.jpg", size=(640, 480)),
            *post.media,
        ),
    )


def a_link(adapter: Platform) -> Post:
    text = f"Welcome back: {LINK}"
    span = Span(kind="link", start=14, end=len(text), value=LINK)
    return a_post(
        text=text,
        spans=(span,),
        link=Link(url=LINK, title="The term", description="What comes")
        if adapter.limits.links
        else None,
    )


def pictures(adapter: Platform, folder: Path) -> Post:
    kind = "png" if "image/png" in adapter.limits.image_types else "jpg"
    number = min(len(ALTS), adapter.limits.images)
    media = tuple(
        an_image(
            folder, f"{nth}.{kind}", size=(2400, 1800), colour=("navy", "green")[nth], alt=ALTS[nth]
        )
        for nth in range(number)
    )
    return with_what_it_needs(adapter, a_post(text="Look", media=media), folder)


def rehearsal_of(adapter: Platform, post: Post, folder: Path) -> tuple[list[Request], Published]:
    rehearsal = Rehearsal()
    published = adapter.publish(
        an_account(adapter, folder, post), as_rendered(adapter, post, folder), rehearsal
    )
    return rehearsal.asked, published


def posts(adapter: Platform, folder: Path) -> Iterator[Post]:
    yield with_what_it_needs(adapter, a_text(), folder)
    yield with_what_it_needs(adapter, a_link(adapter), folder)
    if adapter.limits.images:
        yield pictures(adapter, folder)
    if adapter.limits.videos:
        yield a_post(text="Watch", media=(a_video(folder, size=100_000),))
    if adapter.limits.documents:
        yield a_post(text="Read", media=(a_document(folder),))
    if adapter.limits.replies:
        yield a_reply(adapter, folder)


def a_document(folder: Path) -> Media:
    """A file that says it is a document: an adapter opens none."""
    made = a_video(folder, "term.pdf", size=100_000, alt="The dates of the term")
    return replace(made, type="application/pdf", seconds=None, width=None, height=None)


def a_reply(adapter: Platform, folder: Path) -> Post:
    """The second part of a thread."""
    first = with_what_it_needs(adapter, a_text(), folder)
    _, published = rehearsal_of(adapter, first, folder)
    return a_post(key="00000000000000f2", text="And more of it", reply_to=published)


def files_of(request: Request) -> list[Media]:
    """What leaves with it, each part of a file for the whole."""
    found = [*request.files.values(), request.body, *media_in(request.json)]
    return [
        one.media if isinstance(one, Part) else one
        for one in found
        if isinstance(one, Media | Part)
    ]


def media_in(json: Any) -> Iterator[Media]:
    if isinstance(json, Media):
        yield json
    elif isinstance(json, dict | list):
        for inner in json.values() if isinstance(json, dict) else json:
            yield from media_in(inner)


def words_of(request: Request) -> str:
    """Everything of a request that is text, as people would read it."""
    body = request.body.decode(errors="replace") if isinstance(request.body, bytes) else ""
    parts = (
        unquote(request.url),
        dict(request.headers),
        request.json,
        dict(request.form or {}),
        body,
    )
    return json.dumps(parts, ensure_ascii=False, default=str)


def test_it_publishes_in_a_dry_run_without_network_and_secrets(adapter: Platform, tmp_path: Path):
    for post in posts(adapter, tmp_path):
        _, published = rehearsal_of(adapter, post, tmp_path)

        assert isinstance(published, Published)
        assert published.id


def odd_posts(folder: Path) -> Iterator[Post]:
    """Posts that somebody might refuse."""
    many = tuple(an_image(folder, f"odd{nth}.gif", colour="red", alt="") for nth in range(12))
    poll = {
        "poll": {"answers": ["Yes"], "hours": 0},
        "visibility": "nobody",
        "content_warning": "\x00",
    }
    for text in ("", "\x00\r\n", "x" * 100_000):
        yield a_post(
            text=text,
            title=text,
            language="",
            media=many,
            options=poll,
            link=Link(url="javascript:alert(1)", image=many[0]),
        )


@pytest.mark.parametrize("name", [name for name in built_in() if not platform(name).refuses_posts])
def test_one_that_says_it_refuses_no_post_refuses_none(name: str, tmp_path: Path):
    for post in odd_posts(tmp_path):
        assert platform(name).publish(an_account(platform(name), tmp_path), post, Rehearsal()).id


def test_readers_see_nothing_before_the_last_request(adapter: Platform, tmp_path: Path):
    """One request shows the post. Where a platform says only later whether it took it, looks may follow, which carry nothing of it:
    an answer to them that is lost, or a second one, changes nothing for readers.
    """
    for post in posts(adapter, tmp_path):
        asked, _ = rehearsal_of(adapter, post, tmp_path)

        (shows,) = (nth for nth, one in enumerate(asked) if one.is_visible)
        assert [
            one.step for one in asked[shows + 1 :] if files_of(one) or post.text in words_of(one)
        ] == []


def test_the_same_post_makes_the_same_requests(adapter: Platform, tmp_path: Path):
    for post in posts(adapter, tmp_path):
        once, again = (rehearsal_of(adapter, post, tmp_path)[0] for _ in range(2))

        assert [one.digest for one in once] == [one.digest for one in again]


PAGE = Response(
    headers={"content-type": "text/html"}, body=b"<!doctype html><title>Blocked</title>"
)


class NotHere(Exception):
    """The step is no request to a server."""


def publish_with(
    adapter: Platform, post: Post, folder: Path, nth: int, odd: Response
) -> PublishError | None:
    """What becomes of publishing when the `nth` request is answered oddly, all others as documented."""
    asked: list[Request] = []

    def answer(request: Request) -> Response:
        request.fence()
        asked.append(request)
        is_odd = len(asked) == nth + 1
        if is_odd and not request.url.startswith(("http", "{")):
            raise NotHere
        response = odd if is_odd else request.documented()
        return judged(response, request, adapter, "main", DUE)

    store = Store(folder / f"{uuid4()}.db", DUE)
    store.plan([a_delivery()], DUE)
    row = store.claim("main", "test", DUE)
    assert row is not None
    journalled = Journalled(
        store=store, key=row.key, claim=row.claim, answerer=answer, now=lambda: DUE
    )
    try:
        account = an_account(adapter, folder, post)
        journalled.publish(adapter, account, as_rendered(adapter, post, folder))
    except PublishError as fault:
        return fault
    finally:
        store.close()
    return None


def expected_of(requests: list[Request], nth: int) -> set[type[PublishError] | type[None]]:
    """Before the visible request nothing was published; after it the adapter knows enough, or it has to be looked for."""
    shows = next(place for place, one in enumerate(requests) if one.is_visible)
    if nth < shows:
        return {TryLater}
    return {InDoubt} if nth == shows else {TryLater, InDoubt, type(None)}


def test_a_page_in_place_of_an_answer_neither_publishes_nor_fails_a_post(
    adapter: Platform, tmp_path: Path
) -> None:
    """A school's filter, a sign-in page: before the post it is a passing fault, instead of its answer a doubt."""
    for post in posts(adapter, tmp_path):
        requests, _ = rehearsal_of(adapter, post, tmp_path)
        for nth, request in enumerate(requests):
            try:
                fault = publish_with(adapter, post, tmp_path, nth, PAGE)
            except NotHere:
                continue

            assert type(fault) in expected_of(requests, nth), f"{request.step}: {fault!r}"


@pytest.mark.parametrize("status", [403, 404, 429])
def test_a_page_that_refuses_neither_fails_a_post_nor_lets_it_leave_again_unseen(
    adapter: Platform, tmp_path: Path, status: int
) -> None:
    for post in posts(adapter, tmp_path):
        requests, _ = rehearsal_of(adapter, post, tmp_path)
        for nth, request in enumerate(requests):
            try:
                fault = publish_with(adapter, post, tmp_path, nth, replace(PAGE, status=status))
            except NotHere:
                continue

            if status not in request.accepts:
                assert type(fault) in expected_of(requests, nth), f"{request.step}: {fault!r}"


def test_every_request_can_be_shown_with_its_secrets_hidden(adapter: Platform, tmp_path: Path):
    for post in posts(adapter, tmp_path):
        for request in rehearsal_of(adapter, post, tmp_path)[0]:
            plain = shown(request, adapter)

            assert json.dumps(plain)
            assert "termbell-hides" not in json.dumps(plain)


def test_every_file_leaves_with_its_alt_text(adapter: Platform, tmp_path: Path):
    post = pictures(adapter, tmp_path)

    asked, _ = rehearsal_of(adapter, post, tmp_path)

    assert {one.digest for request in asked for one in files_of(request)} == {
        one.digest for one in post.media
    }
    if adapter.limits.alt != 0:
        words = " ".join(map(words_of, asked))
        assert [one.alt for one in post.media if one.alt not in words] == []


def test_a_second_sending_that_is_dropped_is_dropped_for_some_time(
    adapter: Platform, tmp_path: Path
):
    for request in rehearsal_of(adapter, with_what_it_needs(adapter, a_text(), tmp_path), tmp_path)[
        0
    ]:
        assert (request.repeat == "dropped") == (request.remembered > 0)


def test_limits_name_their_source_and_the_day(adapter: Platform):
    assert adapter.limits.source.startswith("https://")
    assert adapter.limits.checked.year >= 2026


def test_every_key_says_what_it_means(adapter: Platform):
    assert [row.name for row in (*adapter.settings, *adapter.options) if not row.meaning] == []
    assert [row.name for row in adapter.settings if row.required and not row.example] == []


@pytest.mark.parametrize("name", built_in())
def test_a_file_a_name_a_test(name: str):
    assert platform(name).name == name
    assert (Path(__file__).parent / f"test_{name}.py").is_file()
