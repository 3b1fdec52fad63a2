"""Google Business Profile: a local post, an event or an offer, with one picture and a button.

Google fetches the picture from a public address. A 200 says that the post was accepted; whether it is shown is decided after.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import quote

from platforms import youtube
from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    InDoubt,
    Json,
    Limits,
    Lost,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Setting,
    hosted,
    renewing,
)

EARLY = timedelta(hours=1)  # how far Google's clock and ours may be apart
SMALLEST, LIGHTEST = 250, 10_000  # of a picture: pixels, bytes
PAGES = 10  # of 100 posts
LONGEST_EVENT = 58  # characters
ACCOUNTS = "https://mybusinessaccountmanagement.googleapis.com/v1/accounts"
POSTED = {
    "name": "accounts/1/locations/2/localPosts/3",
    "state": "LIVE",
    "searchUrl": "https://local.google.com/place?id=3",
}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    body = {
        "languageCode": post.language,
        "topicType": post.options.get("topic", "STANDARD"),
        "summary": post.text,
        "callToAction": button(post),
        "event": event(post),
        "offer": offer(post),
        "media": [
            {"mediaFormat": "PHOTO", "sourceUrl": hosted(one, number, ask)}
            for number, one in enumerate(post.media, 1)
        ],
    }
    said = {name: value for name, value in body.items() if value}
    answer = ask(
        Request(
            step="post", method="POST", url=at(account, "localPosts"), json=said, example=POSTED
        )
    ).json()
    return published(answer, "was taken")


def refuse(post: Post) -> None:
    """What Google would refuse for what stands in it."""
    options = post.options
    topic = options.get("topic", "STANDARD")
    if any(min(one.width or SMALLEST, one.height or SMALLEST) < SMALLEST for one in post.media):
        raise Rejected(
            f"a picture on Google Business has at least {SMALLEST} x {SMALLEST} pixels: use a larger one"
        )
    if any(one.size < LIGHTEST for one in post.media):
        raise Rejected(
            f"a picture on Google Business has at least {LIGHTEST // 1000} kB: use a larger one, or one with more in it"
        )
    if options.get("action") == "CALL" and post.link and topic != "OFFER":
        raise Rejected(
            "the button of `action: CALL` dials, and the link would be lost: take the link away, or choose another `action`"
        )
    if topic != "STANDARD" and not all(
        options.get(name) for name in ("event_title", "event_start", "event_end")
    ):
        raise Rejected(
            f"a post of the topic {topic} needs `event_title`, `event_start` and `event_end`"
        )
    if len(options.get("event_title") or "") > LONGEST_EVENT:
        raise Rejected(f"`event_title` has at most {LONGEST_EVENT} characters")
    for name in ("event_start", "event_end"):
        moment(name, options.get(name) or "2026-01-01T00:00")


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    for one in listed(account, ask):
        made = datetime.fromisoformat(one["createTime"])
        if (
            one["name"] not in lost.others
            and made > lost.left_at - EARLY
            and one.get("summary", "").strip() == post.text.strip()
        ):
            return published(one, "was found")
    return None


def listed(account: Account, ask: Ask) -> Iterator[Json]:
    """The posts of the place. Google does not say in which order they stand."""
    more = ""
    for _ in range(PAGES):
        page = ask(
            Request(
                step="list",
                url=at(account, f"localPosts?pageSize=100{more}"),
                repeat=HARMLESS,
                fresh=True,
                example={},
            )
        ).json()
        yield from page.get("localPosts", ())
        if not page.get("nextPageToken"):
            return
        more = f"&pageToken={quote(page['nextPageToken'], safe='')}"
    raise InDoubt(f"{account.name}: too many posts to look through")


def whoami(account: Account, ask: Ask) -> str:
    found = ask(
        Request(
            step="accounts",
            url=ACCOUNTS,
            repeat=HARMLESS,
            example={"accounts": [{"name": "accounts/1", "accountName": "Ms Ada"}]},
        )
    )
    own = f"accounts/{account.settings['account']}"
    known = {
        one["name"]: one.get("accountName", one["name"]) for one in found.json().get("accounts", ())
    }
    if own not in known:
        raise Rejected(
            f"this sign-in does not manage {own}; it manages: {', '.join(known) or 'none'}"
        )
    return str(known[own])


def at(account: Account, path: str) -> str:
    own = account.settings
    return f"{own['server']}/v4/accounts/{own['account']}/locations/{own['location']}/{path}"


def button(post: Post) -> dict[str, str] | None:
    """What the link of the post is for. An offer has none: it has a place of its own for the address."""
    action = post.options.get("action", "LEARN_MORE")
    if post.options.get("topic") == "OFFER":
        return None
    if action == "CALL":
        return {"actionType": action}
    return {"actionType": action, "url": post.link.url} if post.link else None


def event(post: Post) -> dict[str, Json] | None:
    options = post.options
    if options.get("topic", "STANDARD") == "STANDARD":
        return None
    start, end = (moment(name, options[name]) for name in ("event_start", "event_end"))
    schedule = {
        "startDate": day(start),
        "startTime": clock(start),
        "endDate": day(end),
        "endTime": clock(end),
    }
    return {"title": options["event_title"], "schedule": schedule}


def offer(post: Post) -> dict[str, str] | None:
    if post.options.get("topic") != "OFFER":
        return None
    said = {
        "couponCode": post.options.get("coupon"),
        "redeemOnlineUrl": post.link and post.link.url,
        "termsConditions": post.options.get("terms"),
    }
    return {name: value for name, value in said.items() if value}


def moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise Rejected(
            f"`{name}` has to be a local time, e.g. 2026-12-01T18:00, not '{text}'"
        ) from None


def day(at: datetime) -> dict[str, int]:
    return {"year": at.year, "month": at.month, "day": at.day}


def clock(at: datetime) -> dict[str, int]:
    return {"hours": at.hour, "minutes": at.minute}


def published(answer: Json, how: str) -> Published:
    if answer.get("state") == "REJECTED":
        raise Rejected(
            f"the post {how}, and Google rejected it for its policy; look at it in your Business Profile"
        )
    is_waiting = answer.get("state") == "PROCESSING"
    return Published(
        id=answer["name"],
        url=answer.get("searchUrl"),
        notes=("Google has not decided yet whether to show it",) if is_waiting else (),
    )


OAUTH = replace(youtube.OAUTH, scopes=("https://www.googleapis.com/auth/business.manage",))

PLATFORM = Platform(
    name="google_business",
    settings=(
        Setting(
            name="account",
            meaning="the number of the account that manages the place",
            required=True,
            example='"104000000000000000001"',
        ),
        Setting(
            name="location",
            meaning="the number of the place",
            required=True,
            example='"12000000000000000001"',
        ),
        Setting(
            name="server",
            meaning="where its API is",
            default="https://mybusiness.googleapis.com",
            example="https://mybusiness.googleapis.com",
        ),
    ),
    options=(
        Setting(
            name="topic",
            meaning="what the post is",
            type=Literal["STANDARD", "EVENT", "OFFER"],
            default="STANDARD",
            example="EVENT",
        ),
        Setting(
            name="action",
            meaning="what the button for the link says",
            default="LEARN_MORE",
            example="SIGN_UP",
            type=Literal["BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP", "CALL"],
        ),
        Setting(
            name="event_title", meaning="what the event or offer is called", example="Open day"
        ),
        Setting(
            name="event_start",
            meaning="when it begins, by the clock of the place",
            example="2026-12-01T18:00",
        ),
        Setting(name="event_end", meaning="when it ends", example="2026-12-01T20:00"),
        Setting(name="coupon", meaning="the code of an offer", example="OPEN26"),
        Setting(name="terms", meaning="the terms of an offer", example="One for each family"),
    ),
    limits=Limits(
        text=1500,
        own_cards=False,
        images=1,
        image_types=("image/jpeg", "image/png"),
        animations=(),
        image_bytes=5_000_000,
        alt=0,
        fetches_media=True,
        caps=(Cap(posts=300, seconds=60, of="app"),),
        source="https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts",
        checked=date(2026, 11, 23),
    ),
    obtain="https://console.cloud.google.com: a project with access to the Business Profile APIs, and a client of type Desktop app",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(OAUTH),
    publish=publish,
    find=find,
    whoami=whoami,
)
