"""That a request which a vendor's specification does not allow is found out: what it would drop in silence, too."""

from pathlib import Path
from typing import Any

import pytest

from platforms.base import Request
from tests.platforms import specs
from tests.platforms.specs import validated
from tests.support import an_image

CHAT = {"chat_id": "@mathclub"}


def discord(body: Any, query: str = "?wait=true") -> Request:
    return Request(
        step="message",
        method="POST",
        url=f"https://discord.com/api/v10/webhooks/1/token{query}",
        json=body,
    )


def telegram(method: str, **more: Any) -> Request:
    return Request(
        step="message", method="POST", url=f"https://api.telegram.org/bot1:a/{method}", **more
    )


def x(body: Any) -> Request:
    return Request(step="post", method="POST", url="https://api.x.com/2/tweets", json=body)


def pinterest(body: Any) -> Request:
    return Request(step="pin", method="POST", url="https://api.pinterest.com/v5/pins", json=body)


def test_what_the_vendor_documents_is_right() -> None:
    assert (
        validated(
            discord({"content": "Hello", "allowed_mentions": {"parse": []}}), "discord.openapi.json"
        )
        == "execute_webhook"
    )
    assert (
        validated(telegram("sendMessage", json={**CHAT, "text": "Hello"}), "telegram.api.json")
        == "sendMessage"
    )
    assert (
        validated(x({"text": "Hello", "reply": {"in_reply_to_tweet_id": "12"}}), "x.openapi.json")
        == "createPosts"
    )
    assert (
        validated(pinterest({"board_id": "1", "alt_text": None}), "pinterest.openapi.json")
        == "pins/create"
    )


@pytest.mark.parametrize(
    ("request_", "spec", "wrong"),
    [
        (discord({"contents": "Hello"}), "discord", "body.contents is not known"),
        (
            discord({"poll": {"question": {"text": "?", "colour": 1}, "answers": []}}),
            "discord",
            "body.poll.question.colour is not known",
        ),
        (discord({"content": "x" * 2001}), "discord", "is too long"),
        (discord({"content": 1}), "discord", "is not of type"),
        (discord({"content": "x"}, "?wait=perhaps"), "discord", "query wait"),
        (discord({"content": "x"}, "?waits=true"), "discord", "query waits is not known"),
        (
            Request(
                step="m", method="PUT", url="https://discord.com/api/v10/webhooks/1/token", json={}
            ),
            "discord",
            "has no PUT",
        ),
        (
            Request(step="m", method="POST", url="https://discord.com/api/v10/webhooks/1/token"),
            "discord",
            "the body is missing",
        ),
        (x({"text": "Hello", "answer_to": "12"}), "x", "answer_to"),
        (
            x({"reply": {"in_reply_to_tweet_id": "12", "quietly": True}}),
            "x",
            "body.reply.quietly is not known",
        ),
        (pinterest({"board_id": 1}), "pinterest", "1 is not of type 'string'"),
        (pinterest({"board_id": "1", "alt": "The door"}), "pinterest", "body.alt is not known"),
    ],
)
def test_what_openapi_does_not_know_or_allow_is_named(
    request_: Request, spec: str, wrong: str
) -> None:
    with pytest.raises(AssertionError) as found:
        validated(request_, f"{spec}.openapi.json")

    assert wrong in str(found.value)


@pytest.mark.parametrize(
    ("request_", "wrong"),
    [
        (telegram("sendMessages", json=CHAT), "no method sendMessages"),
        (telegram("sendMessage", json=CHAT), "sendMessage.text is missing"),
        (
            telegram("sendMessage", json={**CHAT, "text": "x", "silent": True}),
            "sendMessage.silent is not known",
        ),
        (
            telegram("sendMessage", json={**CHAT, "text": "x", "disable_notification": "yes"}),
            "has to be Boolean, not 'yes'",
        ),
        (
            telegram("sendMessage", json={**CHAT, "text": "x", "message_thread_id": True}),
            "has to be Integer, not True",
        ),
        (
            telegram(
                "sendMessage",
                json={**CHAT, "text": "x", "entities": [{"type": "bold", "offset": 0, "size": 1}]},
            ),
            "entities[0].size is not known",
        ),
        (
            telegram("sendMessage", json={**CHAT, "text": "x", "entities": {"type": "bold"}}),
            "sendMessage.entities has to be Array",
        ),
        (
            telegram(
                "sendMediaGroup",
                form={**CHAT, "media": '[{"type": "photo", "media": "attach://door"}]'},
            ),
            "the file door is not attached",
        ),
    ],
)
def test_what_the_bot_api_does_not_know_or_allow_is_named(request_: Request, wrong: str) -> None:
    with pytest.raises(AssertionError) as found:
        validated(request_, "telegram.api.json")

    assert wrong in str(found.value)


def test_a_file_is_a_file_and_one_that_nothing_names_is_found_out(tmp_path: Path) -> None:
    door = an_image(tmp_path)

    assert (
        validated(telegram("sendPhoto", form=CHAT, files={"photo": door}), "telegram.api.json")
        == "sendPhoto"
    )
    with pytest.raises(AssertionError, match="the file door is not asked for"):
        validated(
            telegram(
                "sendPhoto",
                form={**CHAT, "photo": "https://example.org/door.png"},
                files={"door": door},
            ),
            "telegram.api.json",
        )


def test_without_the_specifications_a_test_skips_and_says_which_unless_they_are_required(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(specs, "FOLDER", tmp_path)

    monkeypatch.setenv("TERMBELL_REQUIRE", "browser")
    with pytest.raises(pytest.skip.Exception, match=r"absent\.openapi\.json is not here"):
        validated(x({}), "absent.openapi.json")
    monkeypatch.setenv("TERMBELL_REQUIRE", "browser,servers")
    with pytest.raises(pytest.fail.Exception, match="TERMBELL_REQUIRE says servers"):
        validated(x({}), "absent.openapi.json")
