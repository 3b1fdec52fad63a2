"""Pictures that the calendar names by a web address: fetched once, when that is asked for, and then as any other."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scheduler.engine.planning import Plan, Remote, plan
from scheduler.problems import Invalid
from scheduler.rendering.media import Unfit
from tests.cli.support import lines, termbell
from tests.serving import Silent, serving
from tests.support import an_image

HEAD = """\
timezone: UTC
{more}
accounts:
  site: {{platform: site, folder: public}}
  other: {{platform: site, folder: other, late: publish}}
posts:
  - id: door
    when: 2026-09-07
    to: [site, other]
    late: publish
    text: Look
    media: [{{file: "{url}", alt: The school door}}]
  - {{id: plain, when: 2026-09-08, to: other, text: No picture}}
"""


@dataclass
class Files:
    url: str = ""
    there: dict[str, bytes] = field(default_factory=dict)
    everywhere: bytes = b""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    told = Files(
        there={
            "/a/door.png?size=1": an_image(tmp_path, "original.png").file.read_bytes(),
            "/page": b"<html>Please log in</html>",
        }
    )

    class Handler(Silent):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            self.send_response(200 if told.everywhere or self.path in told.there else 404)
            self.end_headers()
            self.wfile.write(told.there.get(self.path, told.everywhere))

    with serving(Handler) as told.url:
        yield told


def a_calendar(folder: Path, url: str, more: str = "fetch_from: [127.0.0.1]") -> Path:
    (folder / "config.yaml").write_text(HEAD.format(url=url, more=more))
    return folder / "config.yaml"


def said(planned: Plan) -> list[str]:
    return [f"{one.severity} {one}" for one in planned.problems]


def test_what_was_not_fetched_yet_is_a_warning_with_its_line_and_no_network_is_asked(
    tmp_path: Path, files: Files
):
    planned = plan(a_calendar(tmp_path, url := files.url + "/a/door.png?size=1"))

    assert said(planned) == [
        f"warning config.yaml:12: door: {url} was not fetched yet, so it is not shown; `termbell check --fetch` does"
    ]
    assert [one.post.media for one in planned.deliveries] == [(), (), ()]
    assert files.asked == []


def test_it_is_fetched_once_and_then_as_any_other(tmp_path: Path, files: Files):
    config = a_calendar(tmp_path, files.url + "/a/door.png?size=1")

    assert termbell("check", "--fetch", "-c", config).exit_code == 0
    files.there.clear()
    shown = json.loads(termbell("preview", "--json", "-c", config).stdout)["deliveries"]
    again = termbell("preview", "--fetch", "-c", config)

    assert [one["media"] for one in shown] == [
        [{"file": "door.png", "alt": "The school door"}]
    ] * 2 + [[]]
    assert again.exit_code == 0
    assert "▣ door.png  64 × 48" in lines(again)
    assert files.asked == ["/a/door.png?size=1"]


def test_a_run_fetches_and_holds_only_what_lacks_its_picture(tmp_path: Path, files: Files):
    config = a_calendar(tmp_path, files.url + "/gone.png")

    ended = termbell("run", "--once", "-c", config)

    rows = {
        (one["entry"], one["account"]): one
        for one in json.loads(termbell("status", "--json", "-c", config).stdout)["deliveries"]
    }
    assert "1 published" in ended.stdout
    assert {key: one["status"] for key, one in rows.items()} == {
        ("door", "site"): "held",
        ("door", "other"): "held",
        ("plain", "other"): "published",
    }
    assert rows["door", "site"]["error"] == (
        f"door: {files.url}/gone.png cannot be fetched: 127.0.0.1 answers 404; "
        "look at the address, or keep the file beside the calendar"
    )
    assert files.asked == ["/gone.png"]

    files.there["/gone.png"] = files.there["/a/door.png?size=1"]
    assert "2 published" in termbell("run", "--once", "-c", config).stdout
    assert len(list((tmp_path / "public" / "media").glob("*.png"))) == 1


def test_a_dry_run_asks_no_network(tmp_path: Path, files: Files):
    termbell(
        "run", "--once", "--dry-run", "-c", a_calendar(tmp_path, files.url + "/a/door.png?size=1")
    )

    assert files.asked == []


@pytest.mark.parametrize("more", ["", "fetch_from: 10.0.0.0/8"])
def test_this_machine_is_not_asked_unless_the_config_says_so(
    tmp_path: Path, files: Files, more: str
):
    planned = plan(a_calendar(tmp_path, files.url + "/a/door.png?size=1", more), fetch=True)

    [problem] = planned.errors
    assert (
        "127.0.0.1 is on this machine or in a private network, where nothing is fetched from"
        in str(problem)
    )
    assert files.asked == []


def test_a_page_in_the_place_of_a_picture_is_not_kept(tmp_path: Path, files: Files):
    config = a_calendar(tmp_path, files.url + "/page")

    for _ in range(2):
        assert said(plan(config, fetch=True)) == [
            f"error config.yaml:12: door: {files.url}/page is no picture, video or PDF that we know; "
            "look at it in a browser"
        ]
    assert [file for file in Path(os.environ["TERMBELL_CACHE"]).rglob("*") if file.is_file()] == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "_.._etc_passwd"),
        ("/..", "file"),
        ("/", "file"),
        ("/a%00b.png", "a_b.png"),
        ("/.hidden", "hidden"),
        ("/" + "x" * 300 + ".png", "x" * 76 + ".png"),
        ("/%1b%5d52%3bc.png", "__52_c.png"),
        ("/door.png#../x", "door.png"),
    ],
)
def test_an_address_names_no_other_place_than_the_caches(
    tmp_path: Path, files: Files, path: str, name: str
):
    planned = plan(a_calendar(tmp_path, files.url + path))
    assert [one.code for one in planned.problems] == ["not-fetched"]

    files.everywhere = files.there["/a/door.png?size=1"]
    planned = plan(tmp_path / "config.yaml", fetch=True)

    assert said(planned) == []
    assert {source.name for one in planned.deliveries for source in one.sources.values()} == {name}
    kept = [one for one in Path(os.environ["TERMBELL_CACHE"]).rglob("*") if one.name == name]
    assert len(kept) == 1
    assert kept[0].parent.parent == Path(os.environ["TERMBELL_CACHE"]) / "media" / "fetched"


def test_what_one_reading_may_spend_on_fetching_has_an_end():
    with pytest.raises(
        Unfit, match="cannot be fetched: what was fetched before it took 60 s already"
    ):
        Remote((), until=0.0)("https://example.org/door.png")


def test_what_may_be_fetched_from_is_written_in_numbers(tmp_path: Path):
    with pytest.raises(
        Invalid,
        match=r"config\.yaml:2: config: `fetch_from` has to be addresses or networks in numbers, e\.g\. "
        r"\[192\.168\.1\.20, 10\.0\.0\.0/8\], not 'nas\.local'",
    ):
        plan(a_calendar(tmp_path, "x.png", "fetch_from: [10.0.0.1, nas.local]"))
