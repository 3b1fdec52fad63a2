"""Real blogs, WordPress and Ghost: what is published is there, with what the pictures show; killed between the steps it is there once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from platforms.base import Account, Lost, Request
from platforms.recent import Found, Look, look
from platforms.registry import platform
from platforms.signing import ghost_token
from tests.acceptance.proxy import Proxy
from tests.servers.support import Calendar, asking
from tests.servers.test_killed import POST, killed_and_started_again
from tests.support import a_post

ON_WORDPRESS, ON_GHOST = (pytest.mark.xdist_group(name) for name in ("wordpress", "ghost"))
WHEN = {"when": "2026-09-07 08:30", "late": "publish"}


@dataclass
class Blog:
    """What the tests need of either."""

    platform: str
    url: str
    secrets: dict[str, str]
    asked: Callable[[str], Any]  # what the API has at the path

    def account(self, server: str = "") -> dict[str, Any]:
        return {
            "platform": self.platform,
            "site": server or self.url,
            **{name: f"${{{name.upper()}}}" for name in self.secrets},
        }

    @property
    def environment(self) -> dict[str, str]:
        return {name.upper(): value for name, value in self.secrets.items()}

    def calendar(self, folder: Path, post: dict[str, Any], server: str = "") -> Calendar:
        calendar = Calendar(
            folder,
            {"blog": self.account(server)},
            [{"to": ["blog"], **WHEN, **post}],
            self.environment,
            timeout=30,
        )
        calendar.write()
        Image.new("RGB", (80, 60), "maroon").save(folder / "bicycle.png")
        return calendar


@pytest.fixture
def a_wordpress(wordpress: dict[str, Any]) -> Blog:
    pair = wordpress["user"], wordpress["app_password"]

    def asked(path: str) -> Any:
        return requests.get(
            f"{wordpress['base_url']}/wp-json/wp/v2/{path}", auth=pair, timeout=30
        ).json()

    return Blog(
        "wordpress",
        wordpress["base_url"],
        dict(zip(("user", "password"), pair, strict=True)),
        asked,
    )


@pytest.fixture
def a_ghost(ghost: dict[str, Any]) -> Blog:
    def asked(path: str) -> Any:
        signed = ghost_token(Request(step="read", url=""), {"key": ghost["admin_api_key"]})
        return requests.get(
            f"{ghost['base_url']}/ghost/api/admin/{path}", headers=dict(signed.headers), timeout=30
        ).json()

    return Blog("ghost", ghost["base_url"], {"key": ghost["admin_api_key"]}, asked)


@pytest.fixture(
    params=[pytest.param("wordpress", marks=ON_WORDPRESS), pytest.param("ghost", marks=ON_GHOST)]
)
def blog(request: pytest.FixtureRequest) -> Blog:
    """Either."""
    found: Blog = request.getfixturevalue(f"a_{request.param}")
    return found


ENTRY = {
    "id": "fractions",
    "title": "Fractions with paper",
    "text": "Fold it in **half**. #YearFour",
    "summary": "What worked",
    "media": [
        {"file": "door.png", "alt": "The school door"},
        {"file": "bicycle.png", "alt": 'A bicycle, "blue"'},
    ],
}


@ON_WORDPRESS
def test_a_post_is_on_wordpress_with_its_pictures_and_terms(
    tmp_path: Path, a_wordpress: Blog
) -> None:
    calendar = a_wordpress.calendar(tmp_path, {**ENTRY, "wordpress": {"categories": ["Maths"]}})

    calendar.run_until_published(1)

    (post,) = a_wordpress.asked("posts?search=paper&context=edit")
    assert (post["title"]["raw"], post["excerpt"]["raw"], post["status"]) == (
        "Fractions with paper",
        "What worked",
        "publish",
    )
    assert post["content"]["raw"].startswith("<p>Fold it in <strong>half</strong>. #YearFour</p>")
    assert 'alt="A bicycle, &quot;blue&quot;"' in post["content"]["raw"]
    assert re.fullmatch(r"fractions-with-paper-[0-9a-f]{12}", post["slug"])
    assert a_wordpress.asked(f"media/{post['featured_media']}")["alt_text"] == "The school door"
    assert [a_wordpress.asked(f"tags/{one}")["name"] for one in post["tags"]] == ["YearFour"]
    assert [a_wordpress.asked(f"categories/{one}")["name"] for one in post["categories"]] == [
        "Maths"
    ]
    page = requests.get(post["link"], timeout=30).text
    assert "<strong>half</strong>" in page


@ON_GHOST
def test_a_post_is_on_ghost_with_its_pictures_and_tags(tmp_path: Path, a_ghost: Blog) -> None:
    calendar = a_ghost.calendar(tmp_path, {**ENTRY, "ghost": {"tags": ["Maths"]}})

    calendar.run_until_published(1)

    (post,) = a_ghost.asked("posts/?filter=title:'Fractions with paper'&formats=html&include=tags")[
        "posts"
    ]
    assert (post["status"], post["custom_excerpt"], post["feature_image_alt"]) == (
        "published",
        "What worked",
        "The school door",
    )
    assert "<strong>half</strong>" in post["html"]
    assert 'alt="A bicycle, &quot;blue&quot;"' in post["html"]
    assert re.fullmatch(r"fractions-with-paper-[0-9a-f]{12}", post["slug"])
    assert [one["name"] for one in post["tags"]] == ["Maths", "YearFour"]
    assert requests.get(post["feature_image"], timeout=30).content[:4] == b"\x89PNG"


@ON_WORDPRESS
def test_an_author_may_use_the_categories_that_there_are_and_no_others(
    tmp_path: Path, a_wordpress: Blog, wordpress: dict[str, Any]
) -> None:
    def make(path: str, **what: str) -> Any:
        return requests.post(
            f"{a_wordpress.url}/wp-json/wp/v2/{path}",
            json=what,
            timeout=30,
            auth=(wordpress["user"], wordpress["app_password"]),
        ).json()

    category = make("categories", name="Reading & writing")["id"]
    author = make(
        "users", username="bob", email="bob@example.test", password="pw-bob", roles="author"
    )
    assert author["roles"] == ["author"]
    a_wordpress.secrets = {
        "user": "bob",
        "password": make(f"users/{author['id']}/application-passwords", name="Termbell")[
            "password"
        ],
    }
    known, unknown = (
        {
            "id": name,
            "title": f"By {name}",
            "text": f"x {name}",
            "wordpress": {"categories": [category], "tags": [f"Tag of {name}"]},
        }
        for name, category in (("known", "reading & Writing"), ("unknown", "Sums"))
    )
    calendar = a_wordpress.calendar(tmp_path, known)
    calendar.posts.append({"to": ["blog"], **WHEN, **unknown})
    calendar.write()

    said = calendar.run_until_published(1)

    (post,) = a_wordpress.asked("posts?search=By&context=edit")
    assert (post["title"]["raw"], post["categories"]) == ("By known", [category])
    assert [a_wordpress.asked(f"tags/{one}")["name"] for one in post["tags"]] == ["Tag of known"]
    assert [row["status"] for row in calendar.status() if row["entry"] == "unknown"] == [
        "failed"
    ], said
    assert "not allowed to create terms" in said


def test_a_plain_text_keeps_its_paragraphs(tmp_path: Path, blog: Blog) -> None:
    calendar = blog.calendar(
        tmp_path,
        {
            "id": "plain",
            "title": "Plain",
            "text": "2 * 3 * 4 < 25 & more\n\nSecond",
            "markdown": False,
        },
    )

    calendar.run_until_published(1)

    if blog.platform == "wordpress":
        html = blog.asked("posts?search=Plain")[0]["content"]["rendered"]
    else:
        html = blog.asked("posts/?filter=title:'Plain'&formats=html")["posts"][0]["html"]
    assert re.findall(r"<p>(.*?)</p>", html) == ["2 * 3 * 4 &lt; 25 &amp; more", "Second"], html


@ON_GHOST
def test_what_ghost_refuses_is_said_in_its_most_telling_words(
    tmp_path: Path, a_ghost: Blog
) -> None:
    calendar = a_ghost.calendar(
        tmp_path,
        {
            "id": "wrong",
            "title": "Wrong",
            "text": "x",
            "ghost": {"canonical_url": f"https://x.test/{'x' * 2000}"},
        },
    )

    said, _ = calendar.command("run", "--once").communicate(timeout=60)

    assert [row["status"] for row in calendar.status()] == ["failed"]
    assert "422: Validation failed for canonical_url." in said


@ON_GHOST
def test_a_newsletter_is_sent_with_the_post(tmp_path: Path, a_ghost: Blog) -> None:
    calendar = a_ghost.calendar(
        tmp_path,
        {
            "id": "letter",
            "title": "Letter",
            "text": "x",
            "ghost": {"newsletter": "default-newsletter"},
        },
    )

    calendar.run_until_published(1)

    (post,) = a_ghost.asked("posts/?filter=title:'Letter'&include=newsletter,email")["posts"]
    assert (post["status"], post["newsletter"]["slug"]) == ("published", "default-newsletter")


def test_credentials_that_are_refused_hold_the_account(tmp_path: Path, blog: Blog) -> None:
    blog.secrets = (
        {"key": "5f:" + "0" * 64}
        if blog.platform == "ghost"
        else {**blog.secrets, "password": "wrong"}
    )
    calendar = blog.calendar(tmp_path, {"id": "hello", "title": "Hello", "text": "Hello"})

    said, _ = calendar.command("run", "--once").communicate(timeout=60)

    assert [row["status"] for row in calendar.status()] == ["held"], said


def test_a_look_says_what_became_of_a_post(blog: Blog) -> None:
    adapter = platform(blog.platform)
    account = Account(name="main", platform=blog.platform, settings={"site": blog.url})
    ask = asking(adapter, blog.secrets)
    post = a_post(key="a1b2c3d4e5f60718", title=f"A look at {blog.platform}")

    def looked() -> Look:
        return look(adapter, account, post, Lost(left_at=post.due), ask)

    before = looked()
    done = adapter.publish(account, post, ask)
    after = looked()

    assert before == Look(found=Found.ABSENT)
    assert after == Look(found=Found.OURS, post=done)
    if blog.platform == "wordpress":
        ask(bin_request(blog, done.id))
        binned = looked()
        again = adapter.publish(account, post, ask)
        assert (binned.found, binned.post and binned.post.id) == (Found.REMOVED, done.id)
        assert (looked().post, again.id != done.id) == (again, True)


def bin_request(blog: Blog, identifier: str) -> Request:
    return Request(
        step="bin",
        method="DELETE",
        url=f"{blog.url}/wp-json/wp/v2/posts/{identifier}",
    )


@pytest.mark.parametrize(
    ("step", "when"), [(step, when) for step in (1, 2, 3) for when in ("before", "after")]
)
def test_a_post_with_a_picture_is_there_once(
    tmp_path: Path, blog: Blog, step: int, when: str
) -> None:
    """Its steps that change something: to upload, to draft, to publish."""
    proxy = Proxy(blog.url)
    title = f"Killed {when} step {step}"
    calendar = Calendar(
        tmp_path,
        {"blog": blog.account(proxy.url)},
        [{"id": "killed", "to": ["blog"], "title": title, "text": "x", **POST}],
        blog.environment,
    )

    killed_and_started_again(
        calendar, proxy, ("POST /wp-json/", "POST /ghost/", "PUT /ghost/"), step, when
    )

    if blog.platform == "wordpress":
        found = [one["title"]["raw"] for one in blog.asked("posts?per_page=100&context=edit")]
    else:
        found = [
            one["title"] for one in blog.asked("posts/?limit=100&filter=status:published")["posts"]
        ]
    assert found.count(title) == 1
    proxy.close()
