"""What is different on Friendica: a title where Mastodon has a warning, texts of any length that are read as Markdown, no key."""

import re
from pathlib import Path

import pytest

from platforms.base import DOUBLES, Response
from platforms.friendica import PLATFORM, letters
from tests.platforms.relatives import API, SECRETS, Fediverse, account, asked_for
from tests.platforms.standing_in import Arrived, lost_at_every_step, published_through, route
from tests.support import a_post, an_image, documented, ok, scripted

ACCOUNT = account("friendica")


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
        ("Bring:\n- pens\n- paper", "Bring:penspaper", True),
        ("Page 3\n1. one\n2) two", "Page 3\none\ntwo", True),
        ("Page 3\n9. May", "Page 3\n9. May", True),
        ("Page 3", "Page 4", False),
        ("Thanks @ben@example.org!", "Thanks @ben", True),
        ("🎒", "🎉", False),
    ],
)
def test_texts_are_compared_without_what_markdown_changes(
    one: str, other: str, are_alike: bool
) -> None:
    assert (letters(one) == letters(other)) == are_alike


@pytest.mark.parametrize(
    "text", ["Welcome back", "Bring on **Monday**:\n\n- pens\n- paper\n\n1. Fold it\n2. Cut it", ""]
)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(text: str, tmp_path: Path) -> None:
    post = a_post(text=text, title="The term", media=(an_image(tmp_path),))

    assert lost_at_every_step(
        lambda: Friendica(longest=200_000), PLATFORM, ACCOUNT, post, tmp_path, SECRETS
    ) == {"published"}
