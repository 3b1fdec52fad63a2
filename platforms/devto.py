"""DEV (dev.to) and other Forem sites: an article in Markdown with tags, a series and where it was published first.

The article is a draft until the last request, and ends with a comment that readers do not see and that holds the delivery's key:
before anything is made it is looked for, among all drafts and the articles published since, so that an earlier attempt's draft is used and
an earlier attempt's article is found, and last week's of the same words is not taken for it. To publish a draft twice changes nothing. DEV
keeps no files: pictures stand elsewhere, for good.

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
    TryLater,
    address_of,
    code_in_json,
)
from platforms.recent import ListedPost, PostList, Search, by_number, iso, joined, read_list

MOST_TAGS, LONGEST_TAG = 4, 30
DRAFT, PUBLISHED = "unpublished", "published"  # as the addresses of the lists have them
PER_PAGE, FEWEST = 100, 30  # asked for; what a page has by default, if a site gives fewer
ACCEPT = {"Accept": "application/vnd.forem.api-v1+json"}
ERRORS = {
    "last five minutes": TryLater
}  # the title has been used, by a draft that did not keep our mark, or by a person
ARTICLE = {"id": 150589, "url": "https://dev.to/ada/fractions-with-paper-3fkd"}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    known = looked_up(account, post, ask)
    if known and known.state == PUBLISHED:
        return known.published
    article = as_article(post)
    identifier = known.id if known else drafted(account, article, ask)
    answer = ask(
        Request(
            step="publish",
            method="PUT",
            url=at(account, f"articles/{identifier}"),
            headers=ACCEPT,
            json={"article": {**(article if known else {}), "published": True}},
            repeat=DROPPED,
            remembered=FOREVER,
            example=ARTICLE,
        )
    )
    return published(answer.json())


def refuse(post: Post) -> None:
    wrong = [
        one
        for one in tags(post)
        if not re.fullmatch(r"[A-Za-z0-9]+", one) or len(one) > LONGEST_TAG
    ]
    if wrong:
        raise Rejected(
            f"a tag on DEV is made of letters and digits of ASCII, at most {LONGEST_TAG}: '{wrong[0]}' is not"
        )
    if len(tags(post)) > MOST_TAGS:
        raise Rejected(
            f"DEV takes {MOST_TAGS} tags, and these are {len(tags(post))}: {', '.join(tags(post))}; leave some out"
        )


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The published articles. A draft is none yet, but shows that there was something to list.

    Drafts are read first: what is published in between is in the second list.
    """
    drafts = replace(articles(account, post, DRAFT), read=lambda item: None)
    return Search(
        lists=(drafts, articles(account, post, PUBLISHED)),
        expected=ListedPost(key=post.key),
    )


def looked_up(account: Account, post: Post, ask: Ask) -> ListedPost | None:
    """Our article, the published one rather than a draft that an attempt has left beside it."""
    lost = Lost(left_at=post.date)
    parts = {
        state: read_list(articles(account, post, state), PLATFORM, lost, ask)
        for state in (DRAFT, PUBLISHED)
    }
    known = joined([parts[PUBLISHED], parts[DRAFT]])
    ours = [one for one in known.posts if one.key == post.key]
    if not known.whole and not (ours and ours[0].state == PUBLISHED):
        raise TryLater(
            f"{account.name}: an earlier article may be missing in the list: {known.why}"
        )
    return next(iter(ours), None)


def articles(account: Account, post: Post, state: str) -> PostList:
    """One's own articles in that state, the newest first; drafts have no time."""
    asked = Request(
        step="look" if state == PUBLISHED else "look for drafts",
        url=at(account, f"articles/me/{state}?per_page={PER_PAGE}"),
        headers=ACCEPT,
        repeat=HARMLESS,
        fresh=True,
        example=[],
    )
    return PostList(
        request=asked,
        read=lambda item: listed(post, item, state),
        next_page=by_number("page"),
        full_page=FEWEST,
        newest_first=state == PUBLISHED,
    )


def listed(post: Post, item: Json, state: str) -> ListedPost:
    return ListedPost(
        id=str(item["id"]),
        url=item["url"],
        made=iso(item.get("published_at")),
        state=state,
        key=post.key if mark(post) in item["body_markdown"] else "",
    )


def mark(post: Post) -> str:
    return f"<!-- {post.key} -->"


def as_article(post: Post) -> dict[str, Json]:
    options = post.options
    article = {
        "title": post.title,
        "body_markdown": f"{post.markup}\n\n{mark(post)}",
        "tags": tags(post),
        "main_image": options.get("cover"),
        "description": post.summary,
        "canonical_url": options.get("canonical_url")
        or (last_link(post) if options.get("cross_posted") else ""),
        "series": options.get("series"),
    }
    return {name: value for name, value in article.items() if value}


def last_link(post: Post) -> str:
    """The entry's link stands at the end of the text, as DEV has no cards."""
    return next((span.value for span in reversed(post.spans) if span.kind == "link"), "")


def drafted(account: Account, article: dict[str, Json], ask: Ask) -> int:
    answer = ask(
        Request(
            step="draft",
            method="POST",
            url=at(account, "articles"),
            headers=ACCEPT,
            json={"article": {**article, "published": False}},
            repeat=HARMLESS,
            example=Response.of(ARTICLE, 201),
        )
    )
    return int(answer.json()["id"])


def whoami(account: Account, ask: Ask) -> str:
    asked = Request(
        step="account",
        url=at(account, "users/me"),
        headers=ACCEPT,
        repeat=HARMLESS,
        example={"username": "ada"},
    )
    return str(ask(asked).json()["username"])


def at(account: Account, path: str) -> str:
    return address_of("{server}/api/", account) + path


def tags(post: Post) -> list[str]:
    found = [
        *(post.options.get("tags") or ()),
        *(span.value for span in post.spans if span.kind == "tag"),
    ]
    return list(dict.fromkeys(one.lower() for one in found))


def published(one: Json) -> Published:
    return Published(id=str(one["id"]), url=one["url"])


def error_code(response: Response) -> str:
    """The words that `ERRORS` knows: Forem has no codes."""
    said = code_in_json(response)
    return next((known for known in ERRORS if known in said), said)


def sign(request: Request, secrets: Secrets) -> Request:
    return replace(request, headers={**request.headers, "api-key": secrets["key"]})


PLATFORM = Platform(
    name="devto",
    settings=(
        Setting(
            name="server",
            meaning="the Forem site",
            default="https://dev.to",
            example="https://dev.to",
        ),
    ),
    options=(
        Setting(
            name="tags",
            meaning="tags beside those of the text; four in all",
            type=list[str],
            example='["teaching"]',
        ),
        Setting(
            name="canonical_url",
            meaning="where it was published first",
            example="https://blog.example.org/fractions",
        ),
        Setting(
            name="cross_posted",
            meaning="whether the entry's link, the last of the text, is where it was published first",
            type=bool,
            example="true",
        ),
        Setting(name="series", meaning="the series it belongs to", example="Fractions"),
        Setting(
            name="cover",
            meaning="the address of a picture that is the cover",
            example="https://blog.example.org/cover.jpg",
        ),
    ),
    limits=Limits(
        text=800 * 1024,
        unit="bytes",
        markup="markdown",
        title=128,
        needs_title=True,
        links=False,
        caps=(Cap(posts=9, seconds=30),),
        source="https://developers.forem.com/api/v1",
        checked=date(2026, 11, 23),
    ),
    secrets=("key",),
    obtain="{server}/settings/extensions: DEV Community API Keys, generate one",
    sign=sign,
    publish=publish,
    recent=recent,
    find_after=10,  # no source; cautious
    whoami=whoami,
    errors=ERRORS,
    error_code=error_code,
)
