"""Names of files that lead elsewhere: where they may, and where nothing is read or written."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from platforms import site
from platforms.base import Account, Rejected, Request, Response
from scheduler.engine import files
from scheduler.engine.planning import plan
from scheduler.problems import Invalid
from tests.support import a_post, an_image

HEAD = "timezone: UTC\naccounts: {site: {platform: site}}\n"
ENTRY = "{id: a, when: 2026-09-07, to: site, text: Hello"


def a_config(folder: Path, text: str) -> Path:
    config = folder / "calendar" / "config.yaml"
    config.parent.mkdir(exist_ok=True)
    config.write_text(HEAD + text)
    return config


def everything(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


# What the calendar names


def test_a_picture_may_be_anywhere_that_the_person_names(tmp_path: Path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    door = an_image(pictures).file

    for named in ("../pictures/door.png", str(door)):
        planned = plan(
            a_config(tmp_path, f"posts: [{ENTRY}, media: [{{file: '{named}', alt: A door}}]}}]")
        )
        assert (planned.problems, len(planned.deliveries[0].post.media)) == ((), 1)


@pytest.mark.parametrize(
    "named",
    [
        "../../../../../../../../etc/passwd",
        "/etc/passwd",
        "/proc/self/environ",
        "config.yaml",
        "../secrets.json",
        "link.png",
    ],
)
def test_what_is_no_picture_is_not_published_wherever_it_is(tmp_path: Path, named: str):
    (tmp_path / "secrets.json").write_text('{"token": "5ecret"}')
    config = a_config(
        tmp_path,
        f"posts: [{ENTRY}, media: [{{file: '{named}', alt: A door}}], link: {{url: 'https://x.test', image: '{named}'}}}}]\n"
        "require_alt: false",
    )
    (config.parent / "link.png").symlink_to(tmp_path / "secrets.json")

    planned = plan(config)

    assert {problem.code for problem in planned.errors} == {"media-unsupported"}
    assert planned.deliveries[0].post.media == ()
    assert "5ecret" not in str(planned.problems)


@pytest.mark.parametrize(
    "named", ["/dev/zero", "/dev/stdin", "/etc", "/proc/self/fd/0", ".", "nowhere.png"]
)
def test_what_is_no_file_is_said(tmp_path: Path, named: str):
    with pytest.raises(Invalid, match=r"is a folder; name a file in it|there is no such file in"):
        plan(a_config(tmp_path, f'posts: [{ENTRY}, media: [{{file: "{named}", alt: A door}}]}}]'))


@pytest.mark.parametrize(
    "pattern", ["/etc/*.yaml", "", *(["**.yaml", "a/**b"] if sys.version_info < (3, 13) else [])]
)  # since then these are some
def test_a_pattern_that_is_none_is_said(tmp_path: Path, pattern: str):
    with pytest.raises(
        Invalid,
        match=r"config\.yaml:1: `calendar: .*` is no pattern in .*; write it like calendar/\*\.yaml",
    ):
        plan(a_config(tmp_path, f"calendar: '{pattern}'"))


def test_a_pattern_and_the_state_may_lead_beside_the_folder(tmp_path: Path):
    """Both are the person's own word in their own config."""
    (tmp_path / "march.yaml").write_text(f"- {ENTRY}}}")

    planned = plan(a_config(tmp_path, "calendar: '../*.yaml'\nstate: ../state"))

    assert [one.place.file for one in planned.deliveries] == ["../march.yaml"]
    assert planned.config.state.resolve() == tmp_path / "state"


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "..", "..\\x", "./", "shipped/../x"]
)
def test_a_template_is_one_of_its_folder(tmp_path: Path, name: str):
    (tmp_path / "x.j2").write_text("5ecret")

    planned = plan(
        a_config(tmp_path, f"posts: [{{id: a, when: 2026-09-07, to: site, template: '{name}'}}]")
    )

    assert [problem.code for problem in planned.problems if problem.code != "empty"] == [
        "unknown-template"
    ]
    assert "5ecret" not in planned.deliveries[0].post.text


@pytest.mark.parametrize("identifier", ["../x", "a/b", "..", "/etc", "a\\nb", "\\e[2J"])
def test_an_entrys_and_an_accounts_name_are_no_path(tmp_path: Path, identifier: str):
    with pytest.raises(Invalid, match="letters, digits"):
        plan(
            a_config(
                tmp_path,
                f'posts: [{{id: "{identifier}", when: 2026-09-07, to: site, text: Hello}}]',
            )
        )
    with pytest.raises(Invalid, match="letters, digits"):
        plan(
            a_config(
                tmp_path,
                f'x: 1\nposts: []\naccounts: {{"{identifier}": {{platform: site}}}}'.replace(
                    "x: 1\n", "x-y: 1\n"
                ),
            ).parent
            / rewritten(tmp_path, identifier)
        )


def rewritten(folder: Path, name: str) -> str:
    """A config with one account of that name."""
    (folder / "calendar" / "other.yaml").write_text(
        f'timezone: UTC\naccounts: {{"{name}": {{platform: site}}}}\n'
    )
    return "other.yaml"


# What the site writes


@pytest.fixture
def public(tmp_path: Path) -> Path:
    folder = tmp_path / "web" / "public"
    folder.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "index.html").write_text("not ours")
    return folder


def publish(folder: Path, **post: object) -> None:
    account = Account(name="site", platform="site", settings={"folder": str(folder)})
    site.publish(account, a_post(**post), lambda request: files.answer(request, {}, 1.0))


def outside_of(folder: Path) -> dict[str, bytes]:
    return {
        name: body
        for name, body in everything(folder.parents[1]).items()
        if not name.startswith("web/public/")
    }


@pytest.mark.parametrize(
    "text",
    [
        "../../outside/index.html",
        "/etc/passwd",
        "..\\..\\outside",
        "\0",
        "a" * 5000,
        "#../../outside #/etc",
    ],
)
def test_what_a_post_says_is_no_path(public: Path, tmp_path: Path, text: str):
    before = outside_of(public)

    publish(
        public, title=text, text=text, key="../../k", media=(an_image(public.parent, "door.png"),)
    )

    assert {
        name: body for name, body in outside_of(public).items() if name != "web/door.png"
    } == before
    assert all(len(Path(name).name) < 100 for name in everything(public))


def known(**changes: object) -> dict[str, object]:
    picture = {
        "path": "../../outside/a.png",
        "type": "image/png",
        "size": 1,
        "alt": "",
        "width": 1,
        "height": 1,
        "position": "",
    }
    return {
        "key": "k",
        "guid": "g",
        "slug": "s",
        "due": "2026-09-01T00:00:00+00:00",
        "title": "T",
        "excerpt": "E",
        "language": "../../x",
        "tags": ["../../outside", "/etc/x"],
        "media": [picture],
        "link": None,
        "html": "<p>H</p>",
        **changes,
    }


def test_what_posts_json_says_leads_nowhere(public: Path):
    (public / "posts.json").write_text(json.dumps({"version": 1, "posts": [known()]}))
    before = outside_of(public)

    publish(public, text="Hello #outside")

    assert outside_of(public) == before
    assert (public / "index.html").exists()


@pytest.mark.parametrize("slug", ["../../outside", "..", "/etc", "a/b", "a\\b", "", "a\0b", "a b"])
def test_a_page_in_posts_json_is_a_plain_name(public: Path, slug: str):
    (public / "posts.json").write_text(json.dumps({"version": 1, "posts": [known(slug=slug)]}))
    before = everything(public.parents[1])

    with pytest.raises(Rejected, match="letters, digits and hyphens"):
        publish(public, text="Hello")

    assert everything(public.parents[1]) == before


@pytest.mark.parametrize(
    "link", ["media", "posts", "tags", "archive", "index.html", "feed.xml", "style.css"]
)
def test_a_link_that_leads_out_of_the_site_is_not_followed(public: Path, link: str):
    (public / link).symlink_to(
        public.parents[1] / "outside" / ("index.html" if "." in link else "")
    )
    before = outside_of(public)

    try:
        publish(public, text="Hello #tag", media=(an_image(public.parent, "door.png"),))
    except Rejected as refused:
        expected = ("leads out of the folder; remove", "holds another web site")
        assert any(why in str(refused) for why in expected)  # noqa: PT017

    (public.parent / "door.png").unlink()
    assert outside_of(public) == before


def test_the_place_of_an_unfinished_file_may_be_a_link(public: Path):
    for name in (".index.html.part", ".posts.json.part", ".termbell.lock"):
        (public / name).symlink_to(public.parents[1] / "outside" / "index.html")
    before = outside_of(public)

    try:
        publish(public, text="Hello")
    except Exception as refused:
        assert ".termbell.lock" in str(refused)  # noqa: PT017  # the lock refuses to be a link

    assert outside_of(public) == before


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "a\\..\\x", "C:x", "a\0b", "", "."]
)
def test_a_text_of_the_site_has_its_place_in_the_folder(public: Path, name: str):
    request = Request(step="site", method="PUT", url=public.as_uri(), json={name: "x"})
    before = everything(public.parents[1])

    with pytest.raises(Rejected, match="leads out of the folder"):
        files.answer(request, {}, 1.0)

    assert everything(public.parents[1]) == before


@pytest.mark.parametrize(
    "url",
    [
        "file:///a/../../etc/x",
        "file://server/x",
        "file:///x%00",
        "file:///x?y",
        "file:relative",
        "file:///%2e%2e/%2e%2e/etc/x",
    ],
)
def test_a_file_address_is_a_plain_one(url: str):
    with pytest.raises(Rejected, match="no path on this machine"):
        files.answer(Request(step="x", method="PUT", url=url, body=b"x"), {}, 1.0)


def test_a_file_that_is_a_pipe_is_not_read(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.png")

    with pytest.raises(Invalid, match=r"there is no such file"):
        plan(a_config(tmp_path, f"posts: [{ENTRY}, media: [{{file: ../pipe.png, alt: A door}}]}}]"))


def test_the_answers_are_those_of_the_site(public: Path):
    """The helpers of this file publish for real."""
    publish(public, text="Hello")

    assert isinstance(
        files.answer(Request(step="posts", url=(public / "posts.json").as_uri()), {}, 1.0), Response
    )
    assert replace(a_post(), text="Hello").text in (public / "index.html").read_text()
