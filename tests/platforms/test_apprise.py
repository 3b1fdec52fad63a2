"""A post by the Apprise library, to a stand-in on this machine: taken once, and in doubt whenever that is not sure."""

import threading
from pathlib import Path
from typing import Any

import pytest

from platforms.apprise import PLATFORM, publish
from platforms.base import Account, InDoubt, Published, Rejected
from scheduler.engine import telling
from scheduler.engine.credentials import Trial
from scheduler.engine.network import Network
from scheduler.engine.rehearsal import shown
from tests.engine.stand_in import a_stand_in
from tests.engine.support import a_bench
from tests.support import a_post, a_video, an_image, documented, scripted

ACCOUNT = Account(name="chat", platform="apprise")


def over(port: int, timeout: float = 5.0) -> Network:
    return network(f"json://127.0.0.1:{port}/token-7781", timeout)


def network(url: str, timeout: float = 5.0) -> Network:
    return Network(ACCOUNT, PLATFORM, Trial({"url": url}), timeout)


def test_a_post_is_one_request_whose_address_is_the_secret(tmp_path: Path) -> None:
    server = scripted(documented)
    door, talk = an_image(tmp_path), a_video(tmp_path)

    up = publish(ACCOUNT, a_post(text="Look", title="Our door", media=(door, talk)), server)

    (message,) = server.asked
    assert (message.url, message.form, message.files) == (
        "apprise:{url}",
        {"title": "Our door", "text": "Look"},
        {"file 1": door, "file 2": talk},
    )
    assert message.is_visible
    assert up == Published(id="7f3a9c0d1e2b4a55")
    assert shown(message, PLATFORM)["url"] == "apprise:•••"


def test_apprise_takes_it_with_its_title_and_its_files(tmp_path: Path) -> None:
    with a_stand_in() as server:
        publish(
            ACCOUNT,
            a_post(text="Look & see", title="Our door", media=(an_image(tmp_path),)),
            over(server.port),
        )

    (told,) = server.told
    assert (told["title"], told["message"], told["type"]) == ("Our door", "Look & see", "info")
    assert [one["mimetype"] for one in told["attachments"]] == ["image/png"]


def test_what_a_service_did_not_take_may_be_up_all_the_same_and_nothing_of_the_url_is_told() -> (
    None
):
    with (
        a_stand_in(answers=500) as server,
        pytest.raises(InDoubt, match=r"it is not known whether it is up: .*500") as doubt,
    ):
        publish(ACCOUNT, a_post(), over(server.port))

    assert len(server.told) == 1
    assert "token-7781" not in str(doubt.value)


def test_a_service_that_hangs_is_left_after_a_while_and_is_a_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telling, "LONGEST", 3.0)

    with (
        a_stand_in(hangs=threading.Event()) as server,
        pytest.raises(InDoubt, match="no answer within 3 s"),
    ):
        publish(ACCOUNT, a_post(), over(server.port, timeout=1.0))


def test_a_url_that_apprise_does_not_know_is_refused_and_says_where_they_are_explained() -> None:
    with pytest.raises(
        Rejected,
        match=r"the URL is none that Apprise knows; see https://github\.com/caronc/apprise/wiki",
    ):
        publish(ACCOUNT, a_post(), network("nonsense://secret-of-mine"))


def test_a_doubt_stays_one_until_a_person_decides_and_nothing_leaves_again(tmp_path: Path) -> None:
    how: dict[str, Any] = {"publish": lambda _, post, ask: publish(ACCOUNT, post, ask)}
    with a_stand_in(answers=500) as server:
        bench = a_bench(tmp_path, over(server.port), **how)

        assert bench.attempt().status == "in doubt"
        bench.clock.pass_(86_400)
        assert bench.restart(over(server.port)).status == "in doubt"

    assert len(server.told) == 1
