"""DEV (dev.to) and other Forem sites: an article in Markdown with tags, a series and where it was published first.

The article is a draft until the last request. It has no key of ours: before anything is made, an article of that title and text is
looked for, so that an earlier attempt's draft is used. To publish a draft twice changes nothing.

https://developers.forem.com/api/v1#tag/articles
"""

import re
from dataclasses import replace
from datetime import date

from platforms.base import (
    DROPPED,
    FOREVER,
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
    Response,
    Secrets,
    Setting,
    hosted,
)

MOST_TAGS, LONGEST_TAG = 4, 30
ACCEPT = {"Accept": "application/vnd.forem.api-v1+json"}
ARTICLE = {"id": 150589, "url": "https://dev.to/ada/fractions-with-paper-3fkd"}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    pictures = [(one, hosted(one, number, ask)) for number, one in enumerate(post.media, 1)]
    cover, body = cover_and_body(post, pictures)
    known = looked_up(account, post, body, ask)
    if known and known.get("published"):
        return published(known)
    identifier = known["id"] if known else drafted(account, post, cover, body, ask)
    answer = ask(Request(step="publish", method="PUT", url=at(account, f"articles/{identifier}"), headers=ACCEPT,
                         json={"article": {"published": True}}, repeat=DROPPED, remembered=FOREVER, example=ARTICLE))
    return published(answer.json())


def refuse(post: Post) -> None:
    wrong = [one for one in tags(post) if not re.fullmatch(r"[A-Za-z0-9]+", one) or len(one) > LONGEST_TAG]
    if wrong:
        raise Rejected(f"a tag on DEV is made of letters and digits of ASCII, at most {LONGEST_TAG}: '{wrong[0]}' is not")
    if len(tags(post)) > MOST_TAGS:
        raise Rejected(f"DEV takes {MOST_TAGS} tags, and these are {len(tags(post))}: {', '.join(tags(post))}; leave some out")


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """The article of this title among the latest; its text has the addresses of its pictures in it, which are not known any more."""
    found = next((one for one in articles(account, ask) if one.get("published") and one["title"] == post.title
                  and str(one["id"]) not in lost.others), None)
    return published(found) if found else None


def looked_up(account: Account, post: Post, body: str, ask: Ask) -> Json | None:
    return next((one for one in articles(account, ask) if one["title"] == post.title and one["body_markdown"].strip() == body.strip()), None)


def articles(account: Account, ask: Ask) -> Json:
    return ask(Request(step="look", url=at(account, "articles/me/all?per_page=100"), headers=ACCEPT, repeat=HARMLESS, fresh=True, example=[])).json()


def cover_and_body(post: Post, pictures: list[tuple[Json, str]]) -> tuple[str, str]:
    """A cover has no alternative text, so that a picture is one only where the person says so."""
    cover = pictures.pop(0)[1] if pictures and post.options.get("cover") else ""
    return cover, "\n\n".join([post.markup, *(f"![{one.alt.replace(']', ')')}]({url})" for one, url in pictures)])


def drafted(account: Account, post: Post, cover: str, body: str, ask: Ask) -> int:
    options = post.options
    article = {
        "title": post.title,
        "body_markdown": body,
        "published": False,
        "tags": tags(post),
        "main_image": cover,
        "description": post.summary,
        "canonical_url": options.get("canonical_url") or (post.link.url if post.link and options.get("cross_posted") else ""),
        "series": options.get("series"),
    }
    said = {name: value for name, value in article.items() if value or name == "published"}
    answer = ask(Request(step="draft", method="POST", url=at(account, "articles"), headers=ACCEPT, json={"article": said}, repeat=HARMLESS,
                         example=Response.of(ARTICLE, 201)))
    return int(answer.json()["id"])


def whoami(account: Account, ask: Ask) -> str:
    asked = Request(step="account", url=at(account, "users/me"), headers=ACCEPT, repeat=HARMLESS, example={"username": "ada"})
    return str(ask(asked).json()["username"])


def at(account: Account, path: str) -> str:
    return f"{account.settings['server']}/api/{path}"


def tags(post: Post) -> list[str]:
    found = [*(post.options.get("tags") or ()), *(span.value for span in post.spans if span.kind == "tag")]
    return list(dict.fromkeys(one.lower() for one in found))


def published(one: Json) -> Published:
    return Published(id=str(one["id"]), url=one["url"])


def sign(request: Request, secrets: Secrets) -> Request:
    return replace(request, headers={**request.headers, "api-key": secrets["key"]})


PLATFORM = Platform(
    name="devto",
    settings=(Setting(name="server", meaning="the Forem site", default="https://dev.to", example="https://dev.to"),),
    options=(
        Setting(name="tags", meaning="tags beside those of the text; four in all", type=list[str], example='["teaching"]'),
        Setting(name="canonical_url", meaning="where it was published first", example="https://blog.example.org/fractions"),
        Setting(name="cross_posted", meaning="whether the entry's link is where it was published first", type=bool, example="true"),
        Setting(name="series", meaning="the series it belongs to", example="Fractions"),
        Setting(name="cover", meaning="whether the first picture is the cover, which has no alternative text", type=bool, example="true"),
    ),
    limits=Limits(
        text=800 * 1024,
        unit="bytes",
        markup="markdown",
        title=128,
        needs_title=True,
        links=False,
        images=20,
        image_types=("image/jpeg", "image/png", "image/gif", "image/webp"),
        image_bytes=10_000_000,
        fetches_media=True,
        caps=(Cap(posts=9, seconds=30),),
        source="https://developers.forem.com/api/v1",
        checked=date(2026, 11, 23),
    ),
    secrets=("key",),
    obtain="{server}/settings/extensions: DEV Community API Keys, generate one",
    sign=sign,
    publish=publish,
    find=find,
    whoami=whoami,
)
