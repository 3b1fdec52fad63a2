"""Letters by Apprise: in a process of their own, to a stand-in on this machine."""

import threading

from scheduler.engine.telling import Letter, is_known, named, send_apart, without_secrets
from tests.engine.stand_in import a_stand_in

URL = "json://anna:p%40ssword-1@127.0.0.1:{port}/token-7781"


def a_letter(port: int) -> Letter:
    return Letter(
        url=URL.format(port=port),
        title="Termbell: 1 failed",
        body="1 failed:\n- launch on main: Forbidden",
    )


def test_a_letter_is_told_by_a_process_of_its_own():
    with a_stand_in() as server:
        answers = send_apart([a_letter(server.port)])

    assert answers == [None]
    assert [(one["title"], one["message"], one["type"]) for one in server.told] == [
        ("Termbell: 1 failed", "1 failed:\n- launch on main: Forbidden", "failure")
    ]


def test_why_a_letter_was_not_taken_is_said_without_anything_of_the_url():
    with a_stand_in(answers=403) as server:
        (why,) = send_apart([a_letter(server.port)])

    assert why is not None
    assert "403" in why
    assert not any(
        part in why
        for part in (
            "127.0.0.1",
            "token-7781",
            "anna",
            "p%40ssword-1",
            "p@ssword-1",
            str(server.port),
        )
    )


def test_a_server_that_hangs_is_left_after_a_while_and_what_was_taken_before_is_known():
    with a_stand_in() as quick, a_stand_in(hangs=threading.Event()) as slow:
        answers = send_apart(
            [a_letter(quick.port), a_letter(slow.port), a_letter(quick.port)], longest=3.0
        )

    assert answers == [None, "no answer within 3 s", "no answer within 3 s"]
    assert len(quick.told) == 1


def test_a_url_that_apprise_does_not_know_is_no_reason_to_stop_telling_the_others():
    with a_stand_in() as server:
        answers = send_apart(
            [Letter(url="nonsense://secret-of-mine", title="a", body="b"), a_letter(server.port)]
        )

    assert answers == ["ValueError: the URL is none that Apprise knows", None]


def test_which_urls_apprise_knows():
    assert is_known("json://127.0.0.1/x")
    assert is_known("tgram://123456789:abcdefg_hijklmnop/lead2gold")
    assert not is_known("nonsense://x")
    assert not is_known("tgram://")


def test_every_part_of_a_url_is_hidden_also_where_it_stands_decoded():
    assert (
        without_secrets(
            "no answer of p@ssword-1 from lead2gold", "tgram://p%40ssword-1/lead2gold?format=text"
        )
        == "no answer of ••• from •••"
    )


def test_a_notifier_is_called_by_its_place_and_its_scheme():
    assert named(2, 3, "tgram://token/chat") == "notifier 2 of 3 (tgram)"
    assert named(1, 1, "a-token-and-no-url") == "notifier 1 of 1 (•••)"
    assert named(1, 1, None) == "notifier 1 of 1 (•••)"
