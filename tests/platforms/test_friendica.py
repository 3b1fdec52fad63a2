"""What is different on Friendica: a title where Mastodon has a warning, texts of any length that are read as Markdown, no key."""

import re
from pathlib import Path
from typing import Any

import pytest

from platforms.base import DOUBLES, Post, Published, Rejected, Response
from platforms.friendica import PLATFORM, unmarked
from platforms.recent import Found
from tests.platforms.relatives import (
    API,
    END,
    ME,
    SECRETS,
    Fediverse,
    a_status,
    account,
    asked_for,
    looked,
)
from tests.platforms.standing_in import Arrived, lost_at_every_step, published_through, route
from tests.support import FIRST, a_post, an_image, documented, ok, scripted

ACCOUNT = account("friendica")
NOT_THERE = Rejected("404", Response.of({"error": "Record not found"}, 404))


class Friendica(Fediverse):
    """It makes lists of a text's lines, and calls a file otherwise once it is in a status; its source has stars."""

    def shown(self, text: str) -> str:
        lines = [
            re.sub(r"^(?:[-*]|\d+[.)]) (.*)", r"<li>\1</li>", line) for line in text.split("\n")
        ]
        return "<br>".join(lines).replace("**", "").replace("</li><br>", "</li>")

    @route("GET", f"{API}/v1/statuses/([^/]+)/source")
    def source(self, arrived: Arrived, of: str) -> Response:
        return ok(
            id=of,
            text=re.sub(
                r"^(?:-|\d+[.)]) ", "* ", self.up[of]["asked"]["status"], flags=re.MULTILINE
            ),
        )

    def attached(self, file: str) -> dict[str, str]:
        return {
            "id": f"media-{file}",
            "url": f"https://example.social/preview/{file}",
            "remote_url": f"https://example.social/{file}.png",
            "description": self.files[file],
        }


def test_the_title_of_a_post_is_a_title_there(tmp_path: Path) -> None:
    server = Fediverse(longest=200_000, visibilities=("public", "unlisted", "private"))

    published_through(server, PLATFORM, ACCOUNT, a_post(title="The term"), tmp_path, SECRETS)

    assert asked_for(server)["spoiler_text"] == "The term"
    assert PLATFORM.limits.title == 255


def test_a_post_without_a_title_has_none_and_a_second_sending_doubles() -> None:
    server = scripted(documented)

    PLATFORM.publish(ACCOUNT, a_post(title=""), server)

    assert "spoiler_text" not in server.asked[0].json
    assert server.asked[0].repeat is DOUBLES


def test_it_has_no_polls_no_warnings_and_nothing_for_single_readers() -> None:
    options = {row.name: row.type for row in PLATFORM.options}

    assert options.keys() == {"visibility", "sensitive"}
    assert options["visibility"].__args__ == ("public", "unlisted", "private")


@pytest.mark.parametrize(
    ("one", "other", "are_alike"),
    [
        ("Bring:\n- pens\n- paper", "Bring:\n\npens\n\npaper", True),
        ("Page 3\n1. one\n2) two", "Page 3\none\ntwo", True),
        ("Page 3\n9. May", "Page 3\n9. May", True),
        ("# Monday\n> quoted\n---\n**bold** `x`", "Monday\nquoted\nbold x", True),
        ("Page 3", "Page 4", False),
        ("C++ or Java?", "C# or Java?", False),
        ("+1", "-1", False),
        ("3 + 4", "3 - 4", False),
        ("One, two", "One two", False),
        ("🎒", "🎉", False),
    ],
)
def test_texts_are_compared_without_what_markdown_changes_and_no_more(
    one: str, other: str, are_alike: bool
) -> None:
    assert (unmarked(one) == unmarked(other)) == are_alike


def found(post: Post, **changes: Any) -> Found:
    server = scripted(ME, Response.of([a_status(**changes)]), END, NOT_THERE)
    return looked(PLATFORM, post, server).found


@pytest.mark.parametrize(
    ("wanted", "up", "outcome"),
    [
        ("C++ or Java?", "C++ or Java?", Found.OURS),
        ("C++ or Java?", "C# or Java?", Found.NEAR),
        ("+1", "-1", Found.NEAR),
        ("🎒", "🎉", Found.ABSENT),
        ("Thanks @ben@example.org!", "Thanks @ben!", Found.OURS),
    ],
)
def test_texts_that_differ_in_their_signs_alone_are_never_the_same_post(
    wanted: str, up: str, outcome: Found
) -> None:
    assert found(a_post(text=wanted, title=""), content=up) is outcome


@pytest.mark.parametrize(
    ("title", "told", "outcome"),
    [
        ("Week 2", "Week 2", Found.OURS),
        ("Week 2", "Week 1", Found.ABSENT),
        ("Week 2", "", Found.ABSENT),
        ("", "Week 1", Found.ABSENT),
        ("", "", Found.OURS),
    ],
)
def test_the_title_is_compared_which_is_told_as_a_warning(
    title: str, told: str, outcome: Found
) -> None:
    assert found(a_post(title=title), spoiler_text=told) is outcome


def test_a_title_without_a_text_is_found_and_is_no_text() -> None:
    assert found(a_post(text="", title="Week 2"), spoiler_text="Week 2", content="") is Found.OURS
    assert found(a_post(text="Week 2", title=""), spoiler_text="Week 2", content="") is (
        Found.ABSENT
    )


@pytest.mark.parametrize(
    ("asked", "reply_to", "told", "outcome"),
    [
        ("private", None, "private", Found.OURS),
        ("private", None, "public", Found.NEAR),
        (None, None, "unlisted", Found.OURS),  # as the account's own settings are
        ("public", FIRST, "private", Found.OURS),  # as the post before it
    ],
)
def test_a_private_post_stands_in_its_list(
    asked: str | None, reply_to: Published | None, told: str, outcome: Found
) -> None:
    post = a_post(title="", reply_to=reply_to, options={"visibility": asked} if asked else {})
    parent = reply_to.id if reply_to else None

    assert found(post, visibility=told, in_reply_to_id=parent, language="fr") is outcome


def test_a_text_that_markdown_changed_beyond_recognition_is_known_by_its_source() -> None:
    text = "See [the door](https://example.org/door)"
    server = scripted(
        ME, Response.of([a_status(content="<p>See the door</p>")]), END, ok(text=text)
    )

    assert looked(PLATFORM, a_post(text=text, title=""), server).found is Found.OURS


@pytest.mark.parametrize(
    "text", ["Welcome back", "Bring on **Monday**:\n\n- pens\n- paper\n\n1. Fold it\n2. Cut it", ""]
)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(text: str, tmp_path: Path) -> None:
    post = a_post(text=text, title="The term", media=(an_image(tmp_path),))

    assert lost_at_every_step(
        lambda: Friendica(longest=200_000), PLATFORM, ACCOUNT, post, tmp_path, SECRETS
    ) == {"published"}
