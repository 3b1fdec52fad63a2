"""Drafts and limits to render with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from platforms.base import Account, Limits, Platform, Published
from scheduler.calendar.model import Content, Delivery, Draft
from scheduler.config import ConfiguredAccount
from scheduler.problems import Place
from scheduler.rendering import render
from scheduler.rendering.templates import Templates

DUE = datetime(2026, 9, 7, 8, 30, tzinfo=ZoneInfo("Europe/London"))
PLAIN = Limits(source="https://example.org/limits", checked=date(2026, 11, 24))
ENTITIES = replace(PLAIN, markup="entities")
FEDIVERSE = replace(
    PLAIN,
    text=500,
    unit="graphemes",
    link_length=23,
    short_mentions=True,
    bare_links=False,
    public_links=True,
    counted_options=("warning",),
    links=False,
    replies=True,
    images=4,
    image_bytes=16_777_216,
    image_pixels=33_177_600,
    alt=1500,
)
BLUESKY = replace(
    PLAIN,
    text=300,
    unit="graphemes",
    text_bytes=3000,
    link_or_media=True,
    replies=True,
    images=4,
    image_bytes=2_000_000,
    card_image_bytes=1_000_000,
)
LINKEDIN = replace(
    PLAIN,
    text=3000,
    link_or_media=True,
    images=1,
    image_types=("image/jpeg", "image/png", "image/gif"),
)
SITE = replace(PLAIN, html=True, title=None, images=100)
EMAIL = replace(
    PLAIN,
    html=True,
    title=None,
    images=10,
    image_types=("image/jpeg", "image/png", "image/gif"),
    image_bytes=1_800_000,
)
PLATFORMS = {
    "mastodon": FEDIVERSE,
    "bluesky": BLUESKY,
    "linkedin": LINKEDIN,
    "site": SITE,
    "email": EMAIL,
}
ACCOUNTS = {"mastodon": "fediverse", "site": "class-site", "email": "newsletter"}


def a_draft(
    platform: str = "mastodon",
    lines: Mapping[str, int] | None = None,
    language: str = "en-GB",
    **content: Any,
) -> Draft:
    """`lines`: key of the entry -> line in calendar.yaml."""
    name = ACCOUNTS.get(platform, platform)
    account = ConfiguredAccount(
        account=Account(name=name, platform=platform),
        platform=Platform(
            name=platform,
            limits=PLATFORMS[platform],
            publish=lambda account, post, ask: Published(id="1"),
        ),
        place=Place("config.yaml", 3),
        language=language,
    )
    places = {key: Place("calendar.yaml", line) for key, line in (lines or {}).items()}
    return Draft(
        entry="launch-day",
        account=account,
        due=DUE,
        content=Content(**content),
        grace=7200,
        late="skip",
        place=Place("calendar.yaml", 10),
        lines=places,
    )


def rendered(
    draft: Draft, limits: Limits | None = None, folders: Sequence[Path] = ()
) -> tuple[Delivery, ...]:
    return render(draft, limits or draft.account.platform.limits, Templates(folders))


def said(*deliveries: Delivery) -> list[str]:
    """Every problem, as the person reads it."""
    return [str(problem) for delivery in deliveries for problem in delivery.problems]
