"""Telegram's requests, held against its Bot API; and that a lost answer is a doubt."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    InDoubt,
    LoginNeeded,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Span,
    TryLater,
    in_url,
)
from platforms.telegram import PLATFORM, publish, whoami
from scheduler.engine.judging import judged
from tests.engine.support import a_bench
from tests.platforms.specs import validated
from tests.support import DUE, a_post, a_video, an_image, documented, scripted

ACCOUNT = Account(
    name="club",
    platform="telegram",
    settings={"chat": "@mathclub", "server": "https://api.telegram.org"},
)
TOKEN = {"token": "123456:ABC-secret"}


def asked_for(post: Post) -> Request:
    """The request that publishes it, valid by the Bot API."""
    server = scripted(documented)
    publish(ACCOUNT, post, server)
    (request,) = server.asked
    assert validated(in_url(request, TOKEN), "telegram.api.json") == request.step
    return request


def refused(post: Post) -> str:
    with pytest.raises(Rejected) as no:
        publish(ACCOUNT, post, scripted())
    return str(no.value)


def answer(status: int, **more: Any) -> Response:
    return Response.of({"ok": False, "error_code": status, **more}, status)


def test_a_text_is_one_message_and_the_token_stands_in_the_address_only() -> None:
    request = asked_for(a_post(text="Welcome back"))

    assert (request.method, request.url) == (
        "POST",
        "https://api.telegram.org/bot{token}/sendMessage",
    )
    assert request.json == {"chat_id": "@mathclub", "text": "Welcome back"}
    assert request.is_visible
    assert in_url(request, TOKEN).url == "https://api.telegram.org/bot123456:ABC-secret/sendMessage"


def test_marks_and_links_behind_words_are_entities_counted_in_utf16_units() -> None:
    text = "🎒 Bold, quoted, code: read on\nprint(1)\n#maths https://example.org"
    spans = (
        Span(kind="bold", start=2, end=6),
        Span(kind="quote", start=8, end=14),
        Span(kind="code", start=16, end=20),
        Span(kind="link", start=22, end=29, value="https://example.org/a"),
        Span(kind="pre", start=30, end=38, value="python"),
        Span(kind="tag", start=39, end=45, value="maths"),
        Span(kind="link", start=46, end=65, value="https://example.org"),
    )

    request = asked_for(a_post(text=text, spans=spans))

    assert request.json["entities"] == [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "blockquote", "offset": 9, "length": 6},
        {"type": "code", "offset": 17, "length": 4},
        {"type": "text_link", "url": "https://example.org/a", "offset": 23, "length": 7},
        {"type": "pre", "language": "python", "offset": 31, "length": 8},
    ]


@pytest.mark.parametrize(
    ("name", "step", "field"),
    [("door.png", "sendPhoto", "photo"), ("door.gif", "sendAnimation", "animation")],
)
def test_a_picture_goes_with_the_text_as_its_caption(
    tmp_path: Path, name: str, step: str, field: str
) -> None:
    picture = an_image(tmp_path, name)

    request = asked_for(
        a_post(text="Our door", media=(picture,), spans=(Span(kind="bold", start=0, end=3),))
    )

    assert (request.step, request.files) == (step, {field: picture})
    assert request.form == {
        "chat_id": "@mathclub",
        "caption": "Our door",
        "caption_entities": '[{"type": "bold", "offset": 0, "length": 3}]',
    }


def test_a_video_goes_as_one_and_without_a_text_has_no_caption(tmp_path: Path) -> None:
    request = asked_for(a_post(text="", media=(a_video(tmp_path),)))

    assert (request.step, list(request.files), request.form) == (
        "sendVideo",
        ["video"],
        {"chat_id": "@mathclub"},
    )


def test_several_go_as_an_album_whose_first_carries_the_caption(tmp_path: Path) -> None:
    door, talk = an_image(tmp_path), a_video(tmp_path)
    server = scripted(documented)

    up = publish(ACCOUNT, a_post(text="Look", media=(door, talk)), server)

    (request,) = server.asked
    assert validated(in_url(request, TOKEN), "telegram.api.json") == "sendMediaGroup"
    assert request.files == {"file0": door, "file1": talk}
    assert json.loads((request.form or {})["media"]) == [
        {"type": "photo", "media": "attach://file0", "caption": "Look"},
        {"type": "video", "media": "attach://file1"},
    ]
    assert (up.id, up.url) == ("57", "https://t.me/mathclub/57")


def test_what_telegram_takes_no_picture_for_is_said_before_anything_leaves(tmp_path: Path) -> None:
    door, gif, many = (
        an_image(tmp_path),
        an_image(tmp_path, "a.gif"),
        tuple(an_image(tmp_path, f"{n}.png") for n in range(11)),
    )

    assert "take no animations" in refused(a_post(media=(door, gif)))
    assert "take 10 pictures and videos, not 11" in refused(a_post(media=many))
    assert "door.png has 9000 x 1001 pixels" in refused(
        a_post(media=(replace(door, width=9000, height=1001),))
    )
    assert "no side more than 20 times the other" in refused(
        a_post(media=(replace(door, width=2001, height=100),))
    )


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"silent": True, "topic": 12}, {"disable_notification": True, "message_thread_id": 12}),
        ({"silent": False}, {}),
        ({"preview": "none"}, {"link_preview_options": {"is_disabled": True}}),
        ({"preview": "small"}, {"link_preview_options": {"prefer_small_media": True}}),
        ({"preview": "large"}, {"link_preview_options": {"prefer_large_media": True}}),
    ],
)
def test_options_are_fields_of_the_message(options: dict[str, Any], fields: dict[str, Any]) -> None:
    assert asked_for(a_post(options=options)).json == {
        "chat_id": "@mathclub",
        "text": "Welcome back",
        **fields,
    }


@pytest.mark.parametrize(
    "before", ["57", "https://t.me/mathclub/57", "https://t.me/c/1234/57?single"]
)
def test_a_part_of_a_thread_answers_the_one_before_also_where_a_person_named_it_by_its_link(
    before: str,
) -> None:
    assert asked_for(a_post(reply_to=Published(id=before))).json["reply_parameters"] == {
        "message_id": 57
    }


def test_what_is_no_message_cannot_be_answered() -> None:
    assert "names no message of Telegram" in refused(
        a_post(reply_to=Published(id="https://example.org/launch"))
    )


@pytest.mark.parametrize(
    ("chat", "url"),
    [
        ({"id": -1001234, "username": "mathclub"}, "https://t.me/mathclub/9"),
        ({"id": -1001234}, "https://t.me/c/1234/9"),
        ({"id": -1234}, None),  # a small group has no links
    ],
)
def test_a_post_is_known_by_its_number_and_its_link(chat: dict[str, Any], url: str | None) -> None:
    up = publish(
        ACCOUNT,
        a_post(),
        scripted(Response.of({"ok": True, "result": {"message_id": 9, "chat": chat}})),
    )

    assert (up.id, up.url) == ("9", url)


def test_whoami_names_the_bot_and_the_chat_that_it_sees() -> None:
    server = scripted(documented, documented)

    assert whoami(ACCOUNT, server) == "@school_bot in Maths club"
    assert [one.repeat for one in server.asked] == [HARMLESS] * 2
    assert [validated(in_url(one, TOKEN), "telegram.api.json") for one in server.asked] == [
        "getMe",
        "getChat",
    ]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(400, description="Bad Request: chat not found"), Rejected),
        (answer(401, description="Unauthorized"), LoginNeeded),
        (answer(403, description="Forbidden: bot was kicked from the channel chat"), LoginNeeded),
        (answer(404, description="Not Found"), LoginNeeded),
        (
            answer(
                429, description="Too Many Requests: retry after 7", parameters={"retry_after": 7}
            ),
            TryLater,
        ),
        (Response(status=502, body=b"<html>"), InDoubt),
    ],
)
def test_what_telegrams_refusals_mean(given: Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        judged(given, asked_for(a_post()), PLATFORM, "club", DUE)


def test_how_long_to_wait_is_read_where_the_bot_api_says_it() -> None:
    with pytest.raises(TryLater) as later:
        judged(
            answer(429, parameters={"retry_after": 7}), asked_for(a_post()), PLATFORM, "club", DUE
        )

    assert later.value.after == 7


def test_a_lost_answer_is_in_doubt_and_nothing_leaves_again(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path,
        scripted(InDoubt("no answer")),
        publish=lambda _, post, ask: publish(ACCOUNT, post, ask),
    )

    assert bench.attempt().status == "in doubt"
    bench.clock.pass_(86_400)
    assert bench.restart(scripted()).status == "in doubt"
