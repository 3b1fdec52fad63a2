"""Google Business Profile: a local post, an event or an offer, with one picture and a button.

Google fetches the picture from a public address. A 200 says that the post was accepted; whether it is shown is decided after.

https://developers.google.com/my-business/reference/rest/v4/accounts.locations.localPosts
"""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal

from platforms import youtube
from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
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
from platforms.recent import ListedFile, ListedPost, PostList, Search, by_cursor, iso

SMALLEST, LIGHTEST = 250, 10_000  # of a picture: pixels, bytes
REJECTED = "Google rejected it for its policy; look at it in your Business Profile"
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
    return published(answer)


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


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The posts of the place. Google does not say in which order they stand."""
    posts = Request(
        step="list",
        url=at(account, "localPosts?pageSize=100"),
        repeat=HARMLESS,
        fresh=True,
        example={},
    )
    return Search(
        lists=(
            PostList(
                request=posts,
                read=listed,
                items=("localPosts",),
                next_page=by_cursor("pageToken", "nextPageToken"),
                cursor_ends=True,  # the token is there where there is more
            ),
        ),
        expected=expected(account, post, lost),
    )


def expected(account: Account, post: Post, lost: Lost) -> ListedPost:
    """Our post, as the list would show it."""
    happening = event(post)
    addresses = [
        frozenset({bare(answer.json()["url"])})
        for step, answer in sorted(lost.answers.items())
        if step.startswith("host ")
    ]
    known = len(addresses) == len(post.media)
    return ListedPost(
        place=at(account, "").partition("/v4/")[2].rstrip("/"),
        state="shown",
        title=happening["title"] if happening else "",
        dated=start_of(happening) if happening else None,
        language=post.language,
        link=target_of(button(post), offer(post)),
        files=tuple(
            ListedFile(ids=addresses[number] if known else frozenset())
            for number, _ in enumerate(post.media)
        ),
        shown=post.text,
    )


def listed(item: Json) -> ListedPost:
    """A post of the list. What Google rejected was there, and is to be seen by nobody."""
    happening, is_plain = item.get("event"), item.get("topicType") == "STANDARD"
    state = item.get("state")
    return ListedPost(
        id=item["name"],
        url=item.get("searchUrl"),
        made=iso(item["createTime"]),
        place=item["name"].partition("/localPosts/")[0],
        state="shown" if state in ("LIVE", "PROCESSING") else state,
        title=happening.get("title") if happening else "" if is_plain else None,
        dated=start_of(happening) if happening else None,
        language=item.get("languageCode"),
        link=target_of(item.get("callToAction"), item.get("offer")),
        files=tuple(map(listed_file, item.get("media", ()))),
        shown=item.get("summary") or "",
        doubt=REJECTED if state == "REJECTED" else "",
        notes=notes_on(state),
    )


def listed_file(item: Json) -> ListedFile:
    """A picture. Google tells the address where it got it from, without what signed it."""
    return ListedFile(ids=frozenset({bare(item["sourceUrl"])} if "sourceUrl" in item else ()))


def bare(address: str) -> str:
    return address.partition("?")[0]


def target_of(action: Json, offered: Json) -> str:
    """Where the button leads, or an offer."""
    return (action or {}).get("url") or (offered or {}).get("redeemOnlineUrl") or ""


def start_of(happening: Json) -> datetime | None:
    """When the event begins, by the clock of its place: good for comparing alone."""
    schedule = happening.get("schedule") or {}
    date_of, time_of = schedule.get("startDate"), schedule.get("startTime") or {}
    if not date_of:
        return None
    clock_time = (time_of.get("hours", 0), time_of.get("minutes", 0))
    return datetime(date_of["year"], date_of["month"], date_of["day"], *clock_time, tzinfo=UTC)


def id_of(name: str) -> str:
    """The number of a post. An address has none that we know: it stays as it is."""
    return name if "://" in name else name.rpartition("/")[2]


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


def published(answer: Json) -> Published:
    if answer.get("state") == "REJECTED":
        raise Rejected(f"the post was taken, and {REJECTED}")
    notes = notes_on(answer.get("state"))
    return Published(id=answer["name"], url=answer.get("searchUrl"), notes=notes)


def notes_on(state: str | None) -> tuple[str, ...]:
    """What the person should know of a post in this state."""
    is_waiting = state == "PROCESSING"
    return ("Google has not decided yet whether to show it",) if is_waiting else ()


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
    recent=recent,
    find_after=10,  # no source; cautious
    id_of=id_of,
    whoami=whoami,
)
