"""The card that Teams is sent, held against what the fact sheet says of Adaptive Cards there; a lost answer is a doubt."""

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from platforms.base import InDoubt, Link, LoginNeeded, Post, Rejected, Request, Response, TryLater
from platforms.teams import PLATFORM, publish, sign
from scheduler.engine.judging import judged
from tests.engine.support import a_bench
from tests.support import DUE, a_post, an_image, documented, scripted

ACCOUNT: Any = None  # the account has no settings
FLOW = "https://prod-01.westeurope.logic.azure.com:443/workflows/ab/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Frun&sv=1.0&sig=s3cret"


def an_object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def a_list(*items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": {"oneOf": list(items)}}


TEXT = {"type": "string", "minLength": 1}
ADDRESS = {"type": "string", "pattern": "^https://"}
CARD = an_object(
    {
        "$schema": {"const": "http://adaptivecards.io/schemas/adaptive-card.json"},
        "type": {"const": "AdaptiveCard"},
        "version": {"enum": ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]},
        "body": a_list(
            an_object(
                {"type": {"const": "TextBlock"}, "text": TEXT, "wrap": {"const": True}},
                {
                    "size": {"enum": ["Small", "Default", "Medium", "Large", "ExtraLarge"]},
                    "weight": {"enum": ["Lighter", "Default", "Bolder"]},
                    "spacing": {"enum": ["None", "Small", "Default", "Medium", "Large"]},
                },
            ),
            an_object(
                {
                    "type": {"const": "RichTextBlock"},
                    "inlines": a_list(
                        an_object(
                            {"type": {"const": "TextRun"}, "text": TEXT},
                            {"size": {"const": "Large"}, "weight": {"const": "Bolder"}},
                        )
                    ),
                }
            ),
            an_object({"type": {"const": "Image"}, "url": ADDRESS, "altText": {"type": "string"}}),
        ),
    },
    {
        "msteams": an_object({"width": {"const": "Full"}}),
        "actions": a_list(
            an_object({"type": {"const": "Action.OpenUrl"}, "title": TEXT, "url": ADDRESS})
        ),
    },
)
MESSAGE = Draft202012Validator(
    an_object(
        {
            "type": {"const": "message"},
            "attachments": a_list(
                an_object(
                    {
                        "contentType": {"const": "application/vnd.microsoft.card.adaptive"},
                        "contentUrl": {"type": "null"},
                        "content": CARD,
                    }
                )
            ),
        }
    )
)


def asked_for(post: Post) -> list[Request]:
    server = scripted(*[documented] * 4)
    publish(ACCOUNT, post, server)
    MESSAGE.validate(server.asked[-1].json)
    assert [one.is_visible for one in server.asked] == [False] * (len(server.asked) - 1) + [True]
    return server.asked


def card(post: Post) -> dict[str, Any]:
    content: dict[str, Any] = asked_for(post)[-1].json["attachments"][0]["content"]
    return content


def test_a_post_is_one_card_with_a_line_for_each_of_the_text() -> None:
    shown = card(a_post(title="New unit", markup="**Fractions**\nbegin today.\n\nBring a pencil."))

    assert [(one["text"], one["spacing"]) for one in shown["body"][1:]] == [
        ("**Fractions**", "Default"),
        ("begin today.", "None"),
        ("Bring a pencil.", "Default"),
    ]
    assert "actions" not in shown


def test_a_title_is_shown_as_it_is_for_nothing_reads_markdown_in_it() -> None:
    title = "Unit *3*: snake_case [draft](https://example.org)"

    heading, _ = card(a_post(title=title, markup="Today"))["body"]

    assert heading == {
        "type": "RichTextBlock",
        "inlines": [{"type": "TextRun", "text": title, "size": "Large", "weight": "Bolder"}],
    }


@pytest.mark.parametrize(
    ("title", "options", "button"),
    [
        ("The unit", {}, "The unit"),
        ("", {}, "Open"),
        ("The unit", {"button": "To the worksheet"}, "To the worksheet"),
    ],
)
def test_the_link_is_a_button(title: str, options: dict[str, str], button: str) -> None:
    shown = card(
        a_post(
            title="",
            markup="Look",
            link=Link(url="https://example.org/unit", title=title),
            options=options,
        )
    )

    assert shown["actions"] == [
        {"type": "Action.OpenUrl", "title": button, "url": "https://example.org/unit"}
    ]


def test_pictures_are_shown_from_their_public_address_with_their_alt(tmp_path: Path) -> None:
    door = an_image(tmp_path, alt="The door")

    host, message = asked_for(a_post(title="", markup="", media=(door,)))

    assert (host.url, host.body) == (f"host:{door.name}?stays", door)
    assert message.json["attachments"][0]["content"]["body"] == [
        {"type": "Image", "url": f"https://media.example.org/{door.name}", "altText": "The door"}
    ]


def test_a_card_that_is_too_large_is_refused_before_anything_leaves() -> None:
    with pytest.raises(
        Rejected, match=r"the card for Teams has 4\d,\d\d\d of 28,000 bytes; shorten the text"
    ):
        publish(ACCOUNT, a_post(markup="ü" * 20_000), scripted())


def test_a_post_has_the_runs_number_where_the_flow_tells_it_and_no_address() -> None:
    told = publish(
        ACCOUNT,
        a_post(markup="x"),
        scripted(Response(status=202, headers={"x-ms-workflow-run-id": "0858"})),
    )
    silent = publish(ACCOUNT, a_post(markup="x"), scripted(Response(status=200)))

    assert [(up.id, up.url) for up in (told, silent)] == [
        ("0858", None),
        ("7f3a9c0d1e2b4a55", None),
    ]


def test_the_flows_url_is_put_in_as_it_leaves() -> None:
    assert sign(asked_for(a_post(markup="x"))[-1], {"webhook": FLOW}).url == FLOW


@pytest.mark.parametrize(
    ("webhook", "why"),
    [
        (
            "https://school.webhook.office.com/webhookb2/1@2/IncomingWebhook/3/4",
            "which Microsoft has retired",
        ),
        (
            "https://outlook.office.com/webhook/1@2/IncomingWebhook/3/4",
            "which Microsoft has retired",
        ),
        (FLOW.replace("https", "http"), "not the URL of a workflow"),
        (FLOW.partition("&sig")[0], "copy all of it"),
    ],
)
def test_a_retired_connector_and_what_is_no_workflow_are_recognised(webhook: str, why: str) -> None:
    with pytest.raises(LoginNeeded, match=why):
        sign(asked_for(a_post(markup="x"))[-1], {"webhook": webhook})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            400,
            {"error": {"code": "TriggerInputSchemaMismatch", "message": "The input body"}},
            Rejected,
        ),
        (
            400,
            {"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "Could not execute"}},
            LoginNeeded,
        ),
        (403, {"error": {"code": "DirectApiAuthorizationRequired", "message": "sig"}}, LoginNeeded),
        (
            404,
            {"error": {"code": "WorkflowNotFound", "message": "The workflow could not be found"}},
            LoginNeeded,
        ),
        (429, {}, TryLater),
        (502, ["no object"], InDoubt),
    ],
)
def test_what_the_flows_refusals_mean(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        judged(Response.of(body, status), asked_for(a_post(markup="x"))[-1], PLATFORM, "staff", DUE)


def test_a_lost_answer_is_in_doubt_and_nothing_leaves_again(tmp_path: Path) -> None:
    bench = a_bench(
        tmp_path,
        scripted(InDoubt("lost")),
        publish=lambda account, post, ask: publish(account, post, ask),
    )

    assert bench.attempt().status == "in doubt"
    bench.clock.pass_(86_400)
    assert bench.restart(scripted()).status == "in doubt"
