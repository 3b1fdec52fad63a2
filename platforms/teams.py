"""A channel of Microsoft Teams, through a webhook of its Workflows app: each post is an Adaptive Card.

That it was accepted is all that can be known: a card that the flow cannot show fails later, unseen. Nothing recognises a
second sending and nothing can be read back, so a lost answer is in doubt.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
"""

import json
import re
from datetime import date
from urllib.parse import urlsplit

from platforms.base import (
    Account,
    Ask,
    Json,
    Limits,
    LoginNeeded,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Secrets,
    Setting,
    code_at,
    hosted,
    in_url,
)

CARD = "application/vnd.microsoft.card.adaptive"
LARGEST = 28_000  # bytes of a message
LONG = "https://media.example.org/" + "x" * 200  # an address that is not known yet
RETIRED = re.compile(r"(^|\.)webhook\.office\.com$|^outlook\.office(365)?\.com$")
ACCEPTED = Response(
    status=202, headers={"x-ms-workflow-run-id": "08584000000000000000000000000CU00"}
)


def publish(account: Account, post: Post, ask: Ask) -> Published:
    size = len(json.dumps(message(post, [LONG] * len(post.media)), ensure_ascii=False).encode())
    if size > LARGEST:
        raise Rejected(f"the card for Teams has {size:,} of {LARGEST:,} bytes; shorten the text")
    pictures = [hosted(one, nth, ask, stays=True) for nth, one in enumerate(post.media, 1)]
    answer = ask(
        Request(
            step="card",
            method="POST",
            url="{webhook}",
            json=message(post, pictures),
            example=ACCEPTED,
        )
    )
    return Published(id=answer.headers.get("x-ms-workflow-run-id") or post.key)


def message(post: Post, pictures: list[str]) -> Json:
    content = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            *heading(post),
            *paragraphs(post.markup),
            *(
                {"type": "Image", "url": url, "altText": one.alt}
                for url, one in zip(pictures, post.media, strict=True)
            ),
        ],
        **action(post),
    }
    return {
        "type": "message",
        "attachments": [{"contentType": CARD, "contentUrl": None, "content": content}],
    }


def heading(post: Post) -> list[Json]:
    """A title is no Markdown, which a TextBlock would read in it; a TextRun shows it as it is."""
    run = {"type": "TextRun", "text": post.title, "size": "Large", "weight": "Bolder"}
    return [{"type": "RichTextBlock", "inlines": [run]}] if post.title else []


def paragraphs(markup: str) -> list[Json]:
    """One of each line: a break within one is not shown everywhere. An empty line is the space before the next."""
    found: list[Json] = []
    for before, line in zip(["x", *markup.split("\n")], markup.split("\n"), strict=False):
        found += (
            [{**paragraph(line), "spacing": "None" if before and found else "Default"}]
            if line.strip()
            else []
        )
    return found


def paragraph(text: str) -> dict[str, Json]:
    return {"type": "TextBlock", "text": text, "wrap": True}


def action(post: Post) -> dict[str, Json]:
    if post.link is None:
        return {}
    words = post.options.get("button") or post.link.title or "Open"
    return {"actions": [{"type": "Action.OpenUrl", "title": words, "url": post.link.url}]}


def sign(request: Request, secrets: Secrets) -> Request:
    """The whole URL is the secret: its signature is in it."""
    url = urlsplit(secrets["webhook"])
    if RETIRED.search(url.hostname or ""):
        raise LoginNeeded(
            "teams: this is the webhook of an Office 365 connector, which Microsoft has retired; in Teams make a workflow from the "
            'template "Post to a channel when a webhook request is received", and take its URL'
        )
    if url.scheme != "https" or "sig=" not in url.query:
        raise LoginNeeded(
            "teams: this is not the URL of a workflow; it begins with https:// and has `sig=` in it: copy all of it"
        )
    return in_url(request, secrets)


error_code = code_at("error", "code")


PLATFORM = Platform(
    name="teams",
    secrets=("webhook",),
    options=(
        Setting(
            name="button",
            meaning="what is written on the button that opens the link",
            example="To the worksheet",
        ),
    ),
    limits=Limits(
        text=10_000,
        unit="UTF-16 units",
        text_bytes=16_000,
        title=200,
        markup="teams",
        images=10,
        image_types=("image/png", "image/jpeg", "image/gif"),
        image_pixels=1_048_576,
        fetches_media=True,
        alt=1000,
        source="https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
        checked=date(2026, 11, 25),
    ),
    obtain='in Teams, Workflows: the template "Post to a channel when a webhook request is received"; copy the URL that it shows at the end',
    sign=sign,
    publish=publish,
    errors=dict.fromkeys(
        ("DirectApiAuthorizationRequired", "WorkflowNotFound", "WorkflowTriggerIsNotEnabled"),
        LoginNeeded,
    ),
    error_code=error_code,
)
