"""LinkedIn, as a member: a text with its hashtags, one image, or the card of a link.

The text is "little text": a reserved sign that is not escaped cuts the post silently, with a 201. There is no idempotency
key and a member may not list what is up, so nothing finds a post again; but LinkedIn refuses an exact repeat for about ten
minutes and names the post that is up.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
"""

import re
from datetime import date
from typing import Literal

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    Media,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    TryLater,
    media_of_kind,
)

MEMBER = {"sub": "782bbtaQ", "name": "Ada Lovelace"}
UPLOAD = {"value": {"uploadUrl": "https://www.linkedin.com/dms-uploads/C4E10AQFoyyAjHPMQuQ/uploaded-image/0",
                    "uploadUrlExpiresAt": 1787800000000, "image": "urn:li:image:C4E10AQFoyyAjHPMQuQ"}}
CREATED = Response(status=201, headers={"x-restli-id": "urn:li:share:7300000000000000000"})


def publish(account: Account, post: Post, ask: Ask) -> Published:
    author = f"urn:li:person:{member(account, ask)['sub']}"
    body = {
        "author": author,
        "commentary": post.markup,
        "visibility": post.options.get("visibility", "PUBLIC"),
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        **content(account, post, author, ask),
    }
    try:
        answer = ask(rest(account, "post", "posts", body, example=CREATED))
    except Rejected as refused:
        return already_up(refused)
    return published(answer.headers["x-restli-id"])


def whoami(account: Account, ask: Ask) -> str:
    found = member(account, ask)
    return str(found.get("name") or found["sub"])


def member(account: Account, ask: Ask) -> Json:
    return ask(Request(step="member", url=f"{account.settings['server']}/v2/userinfo", repeat=HARMLESS, example=MEMBER)).json()


def content(account: Account, post: Post, author: str, ask: Ask) -> dict[str, Json]:
    """An image, else the card of the link (LinkedIn reads no page itself), else nothing."""
    for image in media_of_kind(post.media, "image"):
        return {"content": {"media": said({"id": uploaded(account, image, author, ask), "altText": image.alt})}}
    if post.link is None:
        return {}
    link = post.link
    thumbnail = uploaded(account, link.image, author, ask) if link.image else ""
    article = {"source": link.url, "title": link.title or link.url, "description": link.description, "thumbnail": thumbnail}
    return {"content": {"article": said(article)}}


def uploaded(account: Account, image: Media, author: str, ask: Ask) -> str:
    """The URN of the image. It belongs to the author: LinkedIn takes no other's."""
    begun = ask(rest(account, "image", "images?action=initializeUpload", {"initializeUploadRequest": {"owner": author}},
                     repeat=HARMLESS, example=UPLOAD)).json()["value"]
    ask(Request(step="upload", method="PUT", url=begun["uploadUrl"], headers={"Content-Type": image.type}, body=image,
                repeat=HARMLESS, example=Response(status=201)))
    return str(begun["image"])


def rest(account: Account, step: str, path: str, body: Json, **more: Json) -> Request:
    headers = {"LinkedIn-Version": account.settings["version"], "X-Restli-Protocol-Version": "2.0.0"}
    return Request(step=step, method="POST", url=f"{account.settings['server']}/rest/{path}", headers=headers, json=body, **more)


def said(values: dict[str, str]) -> dict[str, str]:
    """Without what is empty: LinkedIn takes an absent field, not a blank one."""
    return {name: value for name, value in values.items() if value}


def already_up(refused: Rejected) -> Published:
    """A refused repeat names the post that an earlier, unanswered attempt made."""
    urn = re.search(r"duplicate of (urn:li:\w+:\d+)", refused.response.text if refused.response else "")
    if not urn:
        raise refused
    return published(urn[1], f"LinkedIn took it for a repeat of {urn[1]}, which is up")


def published(urn: str, *notes: str) -> Published:
    return Published(id=urn, url=f"https://www.linkedin.com/feed/update/{urn}/", notes=notes)


PLATFORM = Platform(
    name="linkedin",
    settings=(
        Setting(name="version", meaning="LinkedIn-Version (YYYYMM); each is served for a year", default="202609", example='"202609"'),
        Setting(name="server", meaning="where its API is", default="https://api.linkedin.com", example="https://api.linkedin.com"),
    ),
    options=(
        Setting(name="visibility", meaning="who sees it", type=Literal["PUBLIC", "CONNECTIONS"], default="PUBLIC", example="CONNECTIONS"),
    ),
    limits=Limits(
        text=3000,
        images=1,
        image_types=("image/jpeg", "image/png", "image/gif"),
        image_pixels=36_152_319,
        animation_frames=250,
        link_or_media=True,
        markup="little_text",
        alt=4086,
        caps=(Cap(posts=150, seconds=86400), Cap(posts=100_000, seconds=86400, of="app")),
        source="https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api",
        checked=date(2026, 11, 23),
    ),
    obtain="https://www.linkedin.com/developers/tools/oauth/token-generator: scopes openid profile w_member_social",
    last=60,
    publish=publish,
    whoami=whoami,
    errors={"MEDIA_ASSET_WAITING_UPLOAD": TryLater, "EXPIRED_UPLOAD_URL": TryLater, "CONFLICT": TryLater},
)
