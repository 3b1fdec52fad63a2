"""The built-in site: what stands in its folder after a publish, whoever reads, writes or dies meanwhile."""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import feedparser
import pytest

from platforms import site
from platforms.base import (
    Account,
    Link,
    Lost,
    Media,
    Post,
    Rejected,
    Request,
    Response,
    Span,
    TryLater,
)
from platforms.recent import Found, Look, look
from scheduler.engine.files import LOCK, answer, path_of, write_tree
from tests.support import DUE, a_post, a_video, an_image, documented, scripted


def on_disk(request: Request) -> Response:
    return answer(request, {}, 5)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(
        name="class-site",
        platform="site",
        settings={
            "folder": tmp_path / "public",
            "title": "The Networked Teacher",
            "description": "Notes & questions",
            "author": "Anna Keller",
            "url": "https://example.org/news",
            "language": "en-GB",
        },
    )


def without_url(account: Account) -> Account:
    return replace(account, settings={**account.settings, "url": None})


def publish(account: Account, post: Post) -> Path:
    """The file of the post's page."""
    return (
        account.settings["folder"]
        / "posts"
        / site.publish(account, post, on_disk).id
        / "index.html"
    )


def text(account: Account, name: str) -> str:
    return (account.settings["folder"] / name).read_text()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file.name != LOCK
    }


class Elements(HTMLParser):
    """Every element of a page, with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def links_from(file: Path) -> Iterator[Path]:
    """The files of the site that a page needs or leads to."""
    elements = Elements(file.read_text())
    for address in [one.get("href") or one.get("src") or "" for _, one in elements.found]:
        if address and not re.match(r"[a-z]+:", address):
            yield (file.parent / unquote(address)).resolve()


def broken(start: Path) -> list[Path]:
    """The files that a reader who starts there, and follows every link, does not find."""
    seen, waiting = {start}, [start]
    while waiting:
        file = waiting.pop()
        if file.suffix == ".html" and file.exists():
            new = set(links_from(file)) - seen
            seen |= new
            waiting += new
    return sorted(file for file in seen if not file.exists())


def test_pictures_come_first_and_everything_readers_see_in_one_request(
    account: Account, tmp_path: Path
) -> None:
    server = scripted(*[documented] * 9)

    site.publish(account, a_post(media=(an_image(tmp_path),)), server)

    assert [one.step for one in server.asked] == ["posts", "index", "picture 1", "site"]
    assert [one.is_visible for one in server.asked] == [False, False, False, True]
    assert list(server.asked[-1].json) == [
        "style.css",
        "posts/welcome-back-7f3a9c0d/index.html",
        "archive/index.html",
        "feed.xml",
        "feed.json",
        "index.html",
        "posts.json",
    ]


def test_a_post_has_a_page_in_its_language_and_everything_links_to_it(account: Account) -> None:
    done = site.publish(
        account,
        a_post(title="Grüße aus der Klasse!", language="de", html="<p>Guten <em>Tag</em></p>"),
        on_disk,
    )

    assert done.url == "https://example.org/news/posts/grue-aus-der-klasse-7f3a9c0d/".replace(
        "grue", "grusse"
    )
    page = text(account, f"posts/{done.id}/index.html")
    assert '<html lang="en-GB">' in page
    assert '<article class="post h-entry" lang="de">' in page
    assert "<p>Guten <em>Tag</em></p>" in page
    assert f'<link rel="canonical" href="{done.url}"/>' in page
    assert f'href="posts/{done.id}/index.html"' in text(account, "index.html")
    assert broken(account.settings["folder"] / "index.html") == []


def test_the_newest_stand_on_the_index_and_all_of_them_in_the_archive(account: Account) -> None:
    for number in (3, 1, 2, *range(4, 25)):
        publish(
            account,
            a_post(
                key=f"{number:016x}", title=f"Post {number}", due=DUE + timedelta(days=20 * number)
            ),
        )

    def titles(page: str) -> list[str]:
        return re.findall(r">(Post \d+)</a>", text(account, page))

    assert titles("index.html") == [f"Post {number}" for number in range(24, 4, -1)]
    assert titles("archive/index.html") == [f"Post {number}" for number in range(24, 0, -1)]
    assert re.findall(r"<h2>(\d+)</h2>", text(account, "archive/index.html")) == ["2027", "2026"]


def test_pictures_have_their_alt_text_on_the_page_and_the_index(
    account: Account, tmp_path: Path
) -> None:
    door = an_image(tmp_path, alt='A "blue" door & two pots')
    books = replace(
        an_image(tmp_path, "books.png", colour="red", alt="Five books"), focus=(0.5, 1.0)
    )

    page = publish(account, a_post(media=(door, books)))

    first, second = Elements(page.read_text()).all("img")
    assert (first["alt"], first["width"], first["height"]) == (
        'A "blue" door & two pots',
        "64",
        "48",
    )
    assert (second["alt"], second["style"]) == ("Five books", "object-position: 75% 0%")
    assert (page.parent / str(first["src"])).read_bytes() == door.file.read_bytes()
    assert [one["alt"] for one in Elements(text(account, "index.html")).all("img")] == [
        'A "blue" door & two pots'
    ]


def test_a_video_is_played_on_its_page_with_its_captions_and_is_no_ones_thumbnail(
    account: Account, tmp_path: Path
) -> None:
    (tmp_path / "talk.vtt").write_text("WEBVTT\n")
    said = Media(
        file=tmp_path / "talk.vtt",
        type="text/vtt",
        size=7,
        digest=hashlib.sha256(b"WEBVTT\n").hexdigest(),
    )
    film, door = (
        replace(a_video(tmp_path, alt='"Ada" & the board'), captions=said),
        an_image(tmp_path),
    )

    page = publish(account, a_post(media=(film, door), language="cy"))

    elements = Elements(page.read_text())
    ((played, track),) = zip(elements.all("video"), elements.all("track"), strict=True)
    assert (played["aria-label"], played["controls"], played["width"]) == (
        '"Ada" & the board',
        "",
        "1080",
    )
    assert (track["kind"], track["srclang"]) == ("captions", "cy")
    assert broken(page) == []
    assert (page.parent / str(track["src"])).resolve().read_text() == "WEBVTT\n"
    assert [one["alt"] for one in Elements(text(account, "index.html")).all("img")] == [
        "The school door"
    ]
    feed = json.loads(text(account, "feed.json"))["items"][0]
    assert feed["image"].endswith(f"/media/{door.name}")
    assert [one["mime_type"] for one in feed["attachments"]] == ["video/mp4", "image/png"]


def test_markup_in_what_is_no_markup_is_shown_and_never_run(
    account: Account, tmp_path: Path
) -> None:
    bad = '"><script>alert(1)</script>'
    post = a_post(
        title=bad,
        summary=bad,
        text=bad,
        link=Link(url="https://example.org/?a=1&b=" + bad, title=bad, description=bad),
        media=(an_image(tmp_path, alt=bad),),
        spans=(Span(kind="tag", start=0, end=0, value=bad),),
        language=bad,
    )
    loud = replace(
        account,
        settings={
            **account.settings,
            "title": bad,
            "description": bad,
            "author": bad,
            "language": bad,
        },
    )

    publish(loud, post)

    for name, content in contents(account.settings["folder"]).items():
        if name.endswith(".html"):
            assert not Elements(content.decode()).all("script"), name
    assert not feedparser.parse(text(account, "feed.xml")).bozo


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org",
    ],
)
def test_a_card_links_to_web_addresses_only(account: Account, tmp_path: Path, url: str) -> None:
    page = publish(account, a_post(link=Link(url=url, title="Look", image=an_image(tmp_path))))

    assert 'class="card"' not in page.read_text()
    assert not (account.settings["folder"] / "media").exists()


def test_a_card_shows_where_it_leads(account: Account, tmp_path: Path) -> None:
    cup = an_image(tmp_path, alt="A cup")

    page = publish(
        account,
        a_post(
            link=Link(
                url="https://example.org/list", title="A list", description="To copy", image=cup
            )
        ),
    )

    assert [
        one["href"] for one in Elements(page.read_text()).all("a") if one.get("class") == "card"
    ] == ["https://example.org/list"]
    assert (
        "<small>example.org</small>\n<strong>A list</strong>\n<em>To copy</em>" in page.read_text()
    )
    assert (account.settings["folder"] / "media" / cup.name).exists()


def test_a_post_without_html_is_its_text_with_links(account: Account) -> None:
    words = "1 < 2, see https://example.org/?a&b\nnow\n\nNext"
    link = Span(kind="link", start=11, end=35, value="https://example.org/?a&b")

    page = publish(account, a_post(text=words, spans=(link,)))

    assert (
        '<p>1 &lt; 2, see <a href="https://example.org/?a&amp;b">https://example.org/?a&amp;b</a><br>\nnow</p>\n<p>Next</p>'
        in page.read_text()
    )


def test_tags_have_pages_and_do_not_stand_twice(account: Account) -> None:
    def tagged(number: int, *names: str) -> Post:
        return a_post(
            key=f"{number:016x}",
            title=f"Post {number}",
            html="<p>Hello #all</p>\n<p>" + " ".join(f"#{one}" for one in names) + "</p>",
            spans=tuple(Span(kind="tag", start=0, end=0, value=one) for one in names),
        )

    publish(account, tagged(1, "EduSky"))
    page = publish(account, tagged(2, "EduSky", "日本語"))

    assert "<p>Hello #all</p></div>" in page.read_text()
    assert re.findall(r"#(\w+)</a>", page.read_text()) == ["EduSky", "日本語"]
    assert re.findall(r">(Post \d)</a>", text(account, "tags/edusky/index.html")) == [
        "Post 2",
        "Post 1",
    ]
    assert broken(account.settings["folder"] / "index.html") == []


def test_a_post_without_title_is_known_by_its_text(account: Account) -> None:
    page = publish(account, a_post(title="", text="Just a thought about marking. " * 20))

    assert "<h1" not in page.read_text().partition("<main>")[2]
    assert "<title>Just a thought about marking. Just a thought" in page.read_text()
    assert page.parent.name == "just-a-thought-about-marking-just-a-thought-7f3a9c0d"
    assert "title" not in feedparser.parse(text(account, "feed.xml")).entries[0]


def test_the_rss_feed_is_valid_and_says_everything(account: Account, tmp_path: Path) -> None:
    post = a_post(
        html="<p>A &amp; B</p>",
        text="A & B \x0b",
        media=(an_image(tmp_path, alt="The door"),),
        summary="Short\x00 one \ud800",
        spans=(Span(kind="tag", start=0, end=0, value="EduSky"),),
    )
    publish(account, post)

    feed = feedparser.parse(text(account, "feed.xml"))

    assert not feed.bozo
    assert feed.version == "rss20"
    assert (feed.feed.title, feed.feed.language, feed.feed.link) == (
        "The Networked Teacher",
        "en-GB",
        "https://example.org/news/",
    )
    assert [one.href for one in feed.feed.links if one.rel == "self"] == [
        "https://example.org/news/feed.xml"
    ]
    [item] = feed.entries
    assert (item.title, item.author, item.summary) == ("Welcome back", "Anna Keller", "Short one")
    assert item.id == item.link == "https://example.org/news/posts/welcome-back-7f3a9c0d/"
    assert '<guid isPermaLink="true">' in text(account, "feed.xml")
    assert item.published == "Mon, 07 Sep 2026 08:30:00 +0000"
    assert [one.term for one in item.tags] == ["EduSky"]
    assert "<p>A &amp; B</p>" in item.content[0].value
    assert 'src="https://example.org/news/media/' in item.content[0].value
    assert 'alt="The door"' in item.content[0].value


def test_the_json_feed_has_what_version_1_1_asks_for(account: Account, tmp_path: Path) -> None:
    publish(account, a_post(media=(an_image(tmp_path),), link=Link(url="https://example.org/x")))

    feed = json.loads(text(account, "feed.json"))

    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "The Networked Teacher"
    assert feed["feed_url"] == "https://example.org/news/feed.json"
    assert feed["authors"] == [{"name": "Anna Keller"}]
    [item] = feed["items"]
    assert item["id"] == item["url"] == "https://example.org/news/posts/welcome-back-7f3a9c0d/"
    assert item["date_published"] == "2026-09-07T08:30:00+00:00"
    assert item["external_url"] == "https://example.org/x"
    assert item["attachments"][0]["mime_type"] == "image/png"
    assert "Welcome back" in item["content_html"]


def test_without_a_public_address_links_are_relative_and_that_is_said_once(
    account: Account,
) -> None:
    local = without_url(account)

    first = site.publish(local, a_post(), on_disk)
    second = site.publish(local, a_post(key="2"), on_disk)

    assert [len(first.notes), len(second.notes)] == [1, 0]
    assert first.url == (account.settings["folder"] / "posts" / first.id / "index.html").as_uri()
    assert "`url`" in site.whoami(local, on_disk)
    feed = feedparser.parse(text(account, "feed.xml"))
    assert not feed.bozo
    assert feed.entries[0].link == f"posts/{first.id}/index.html"
    assert str(account.settings["folder"]) not in "".join(
        map(bytes.decode, contents(account.settings["folder"]).values())
    )


def test_feed_readers_know_a_post_again_when_the_site_moves(account: Account) -> None:
    publish(without_url(account), a_post())
    publish(account, a_post(key="2", title="Second"))

    publish(account, a_post(title="Moved"))

    assert re.findall(r'<guid isPermaLink="(\w+)">(.*?)</guid>', text(account, "feed.xml")) == [
        ("false", "termbell-7f3a9c0d1e2b4a55"),
        ("true", "https://example.org/news/posts/second-2/"),
    ]


def test_a_second_sending_changes_nothing(account: Account, tmp_path: Path) -> None:
    post = a_post(media=(an_image(tmp_path),))
    publish(account, post)
    once = contents(account.settings["folder"])

    publish(account, post)

    assert contents(account.settings["folder"]) == once


def test_a_post_that_changed_keeps_its_page_and_leaves_the_tags_it_lost(account: Account) -> None:
    tag = Span(kind="tag", start=0, end=0, value="Old")
    first = publish(account, a_post(spans=(tag,)))

    second = publish(account, a_post(title="Another title"))

    assert first == second
    assert text(account, "index.html").count("<article") == 1
    assert "Another title" in second.read_text()
    assert second.parent.name not in text(account, "tags/old/index.html")


def test_two_posts_alike_have_pages_of_their_own(account: Account) -> None:
    pages = {
        publish(account, a_post(key=key, title="日本語"))
        for key in ("delivery-1", "delivery-2", "delivery/2", "delivery 2")
    }

    assert len(pages) == 4
    assert all(page.exists() for page in pages)


def test_it_is_found_when_it_is_up_and_not_before(account: Account) -> None:
    assert looked(account, a_post()).found is Found.ABSENT

    done = site.publish(account, a_post(), on_disk)

    assert looked(account, a_post(title="Edited since")) == Look(found=Found.OURS, post=done)
    assert looked(account, a_post(key="another")).found is Found.ABSENT


def test_a_file_of_posts_that_cannot_be_read_is_no_proof(account: Account) -> None:
    publish(account, a_post())
    (account.settings["folder"] / "posts.json").write_text("{")

    with pytest.raises(Rejected, match="cannot be read"):
        looked(account, a_post())


def looked(account: Account, post: Post) -> Look:
    return look(site.PLATFORM, account, post, Lost(left_at=DUE), on_disk)


class Killed(BaseException):
    """The process dies: nothing catches it."""


def dying_after(renames: int) -> Callable[[Request], Response]:
    left = renames

    def rename(temporary: Path, target: Path) -> None:
        nonlocal left
        if left == 0:
            raise Killed
        left -= 1
        temporary.replace(target)

    def ask(request: Request) -> Response:
        if request.step == "site":
            return write_tree(path_of(request.url), request.json, request.headers, 5, rename)
        return on_disk(request)

    return ask


def test_killed_between_any_two_files_it_leads_nowhere_wrong_and_the_next_attempt_completes_it(
    account: Account, tmp_path: Path
) -> None:
    def posts(picture: Media) -> list[Post]:
        return [
            a_post(
                key=f"{number:016x}",
                title=f"Post {number}",
                media=(picture,),
                html="<p>x</p>",
                spans=tuple(Span(kind="tag", start=0, end=0, value=one) for one in tags),
            )
            for number, tags in enumerate([("a",), ("a", "b")])
        ]

    picture = an_image(tmp_path)
    for one in posts(picture):
        publish(account, one)
    whole = contents(account.settings["folder"])
    survived, killed = 0, True
    while killed:
        folder = tmp_path / f"killed after {survived}"
        here = replace(
            account, settings={**account.settings, "folder": folder.with_name(f"killed-{survived}")}
        )
        before, late = posts(picture)
        publish(here, before)
        try:
            site.publish(here, late, dying_after(survived))
            killed = False
        except Killed:
            assert broken(here.settings["folder"] / "index.html") == []
            assert looked(here, late).found is Found.ABSENT
        publish(here, late)

        assert contents(here.settings["folder"]) == whole
        survived += 1
    assert (
        survived == 9
    )  # the last one lived: a new tag, the page, a known tag, archive, two feeds, index, posts.json


def test_a_first_publish_that_was_killed_is_not_taken_for_another_site(account: Account) -> None:
    with pytest.raises(Killed):
        site.publish(account, a_post(), dying_after(6))
    assert (account.settings["folder"] / "index.html").exists()
    assert not (account.settings["folder"] / "posts.json").exists()

    publish(account, a_post())

    assert text(account, "index.html").count("<article") == 1


def test_a_reader_never_follows_a_link_to_nothing_while_fifty_posts_are_published(
    account: Account, tmp_path: Path
) -> None:
    start, done, missing, rounds = (
        account.settings["folder"] / "index.html",
        threading.Event(),
        [],
        0,
    )
    picture = an_image(tmp_path)

    def read() -> None:
        nonlocal rounds
        while not done.is_set():
            if start.exists():
                missing.extend(broken(start))
                assert start.read_text().endswith("</html>\n")
                json.loads(
                    (start.parent / "posts.json").read_text()
                    if (start.parent / "posts.json").exists()
                    else "{}"
                )
                rounds += 1

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for number in range(50):
            tag = Span(kind="tag", start=0, end=0, value=f"tag{number % 7}")
            publish(
                account,
                a_post(
                    key=f"{number:016x}",
                    title=f"Post {number}",
                    media=(picture,),
                    spans=(tag,),
                    due=DUE + timedelta(hours=number),
                ),
            )
    finally:
        done.set()
        reader.join()

    assert missing == []
    assert rounds > 0


def test_two_accounts_with_one_folder_do_not_lose_each_others_posts(account: Account) -> None:
    publish(account, a_post(key="first"))

    def overtaken(request: Request) -> Response:
        if request.step == "site":
            publish(account, a_post(key="theirs", title="Theirs"))
        return on_disk(request)

    with pytest.raises(TryLater, match="changed while"):
        site.publish(account, a_post(key="ours", title="Ours"), overtaken)
    publish(account, a_post(key="ours", title="Ours"))

    assert {one["key"] for one in json.loads(text(account, "posts.json"))["posts"]} == {
        "first",
        "theirs",
        "ours",
    }


def test_a_post_taken_out_of_posts_json_leaves_the_lists_and_keeps_its_page(
    account: Account,
) -> None:
    page = publish(account, a_post())
    file = account.settings["folder"] / "posts.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "posts": []}))

    publish(account, a_post(key="2", title="Second", text="Hello again"))

    assert page.exists()
    assert "Welcome back" not in text(account, "index.html") + text(account, "feed.xml")


def edited(**changes: Any) -> Callable[[str], str]:
    def edit(plain: str) -> str:
        whole = json.loads(plain)
        whole["posts"][0].update(changes)
        return json.dumps(whole)

    return edit


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda plain: "", "line 1 column 1"),
        (lambda plain: plain[:-40], "line"),
        (lambda plain: "[]", "list indices"),
        (lambda plain: '{"posts": []}', "`version` is missing"),
        (lambda plain: plain.replace('"version": 1', '"version": 2'), "`version` is 2"),
        (lambda plain: plain.replace('"title"', '"titel"', 1), "`title` is missing"),
        (edited(title=7), "`title` is 7"),
        (edited(due="yesterday"), "yesterday"),
        (edited(due="2026-09-07"), "has no offset"),
        (edited(published="2026-09-07T08:30"), "`published` 2026-09-07T08:30 has no offset"),
        (edited(slug="../../etc"), "`slug` is"),
        (edited(media=["x"]), "string indices"),
    ],
)
def test_a_posts_json_that_cannot_be_read_stops_the_publish_and_stays(
    account: Account, edit: Callable[[str], str], said: str
) -> None:
    publish(account, a_post())
    file = account.settings["folder"] / "posts.json"
    file.write_text(edit(file.read_text()))
    before = contents(account.settings["folder"])

    with pytest.raises(Rejected) as refused:
        publish(account, a_post(key="2"))

    assert str(refused.value).startswith(f"{file}: cannot be read")
    assert said in str(refused.value)
    assert contents(account.settings["folder"]) == before


def test_a_posts_json_of_an_earlier_version_is_read(account: Account, tmp_path: Path) -> None:
    publish(account, a_post(media=(an_image(tmp_path),)))
    file = account.settings["folder"] / "posts.json"
    file.write_text(file.read_text().replace(',\n     "captions": ""', ""))
    assert "captions" not in file.read_text()

    publish(account, a_post(key="9f3a9c0d1e2b4a55", text="Another"))

    assert text(account, "index.html").count("<article") == 2


def test_a_posts_json_without_dates_of_publishing_shows_the_due_times(account: Account) -> None:
    publish(account, a_post())
    file = account.settings["folder"] / "posts.json"
    plain = json.loads(file.read_text())
    del plain["posts"][0]["published"]
    file.write_text(json.dumps(plain))

    publish(account, a_post(key="9f3a9c0d1e2b4a55", due=DUE + timedelta(days=1)))

    items = json.loads(text(account, "feed.json"))["items"]
    assert [one["date_published"] for one in items] == [
        "2026-09-08T08:30:00+00:00",
        "2026-09-07T08:30:00+00:00",
    ]


def late(hours: int, **changes: Any) -> Post:
    return a_post(sent_at=DUE + timedelta(hours=hours, microseconds=250_000), **changes)


def test_readers_see_the_date_of_the_first_attempt_everywhere(account: Account) -> None:
    page = publish(account, late(25))

    assert 'datetime="2026-09-08T09:30:00+00:00">8 September 2026<' in page.read_text()
    assert "<pubDate>Tue, 08 Sep 2026 09:30:00 +0000</pubDate>" in text(account, "feed.xml")
    assert '"date_published": "2026-09-08T09:30:00+00:00"' in text(account, "feed.json")
    assert "8 September 2026" in text(account, "archive/index.html")


def test_a_post_that_comes_late_is_the_newest_and_so_in_the_feeds(account: Account) -> None:
    for number in range(site.IN_FEED):
        due = DUE + timedelta(hours=number)
        publish(account, a_post(key=f"{number:016x}", title=f"Post {number}", due=due, sent_at=due))

    publish(account, late(1000, title="Late"))

    assert feedparser.parse(text(account, "feed.xml")).entries[0].title == "Late"
    assert json.loads(text(account, "feed.json"))["items"][0]["title"] == "Late"


def test_posts_of_one_second_stand_in_the_order_of_their_due_times(account: Account) -> None:
    for number in (2, 0, 1):
        due = DUE - timedelta(days=number)
        publish(account, late(0, key=f"{number:016x}", title=f"{number} days ago", due=due))

    titles = [one["title"] for one in json.loads(text(account, "feed.json"))["items"]]
    assert titles == ["0 days ago", "1 days ago", "2 days ago"]


def test_a_post_that_is_up_keeps_its_date_at_a_second_sending(account: Account) -> None:
    publish(account, late(1))

    publish(account, late(5))

    assert json.loads(text(account, "feed.json"))["items"][0]["date_published"].startswith(
        "2026-09-07T09:30:00"
    )


def test_another_web_site_in_the_folder_is_not_overwritten(account: Account) -> None:
    account.settings["folder"].mkdir()
    (account.settings["folder"] / "index.html").write_text("<h1>My own</h1>")

    with pytest.raises(Rejected, match="holds another web site"):
        publish(account, a_post())

    assert text(account, "index.html") == "<h1>My own</h1>"


def test_a_public_address_that_is_none_is_refused(account: Account) -> None:
    wrong = replace(account, settings={**account.settings, "url": "example.org"})

    with pytest.raises(
        Rejected,
        match=re.escape(
            "accounts.class-site: url 'example.org' is no web address; write it like https://"
        ),
    ):
        publish(wrong, a_post())


def test_dates_are_written_as_the_site_is(account: Account) -> None:
    written = {
        language: site.written(DUE, language)
        for language in ("en-GB", "en-US", "de-CH", "fr", "es", "it", "nl", "pt-BR", "ja")
    }

    assert written == {
        "en-GB": "7 September 2026",
        "en-US": "September 7, 2026",
        "de-CH": "7. September 2026",
        "fr": "7 septembre 2026",
        "es": "7 de septiembre de 2026",
        "it": "7 settembre 2026",
        "nl": "7 september 2026",
        "pt-BR": "7 de setembro de 2026",
        "ja": "2026-09-07",
    }


def test_the_folder_is_named_and_tried(account: Account) -> None:
    assert (
        site.whoami(account, on_disk)
        == f"{account.settings['folder']}, found at https://example.org/news/"
    )

    account.settings["folder"].touch()
    with pytest.raises(TryLater, match="a file stands where a folder should be"):
        site.whoami(account, on_disk)
