"""What is different on Friendica: a title where Mastodon has a warning, texts of any length, no key."""

from pathlib import Path

from platforms.base import DOUBLES
from platforms.friendica import PLATFORM
from tests.platforms.relatives import SECRETS, Fediverse, account, asked_for
from tests.platforms.standing_in import lost_at_every_step, published_through
from tests.support import a_post, an_image, documented, scripted

ACCOUNT = account("friendica")


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


def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_post(tmp_path: Path) -> None:
    post = a_post(title="The term", media=(an_image(tmp_path),))

    assert lost_at_every_step(lambda: Fediverse(longest=200_000), PLATFORM, ACCOUNT, post, tmp_path, SECRETS) == {"published"}
