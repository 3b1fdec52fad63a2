"""Reddit: a text, a link, a picture or a gallery in a subreddit, or on one's own profile; comments on it.

What is wrong comes with a 200. Pictures and galleries appear minutes after they were taken, so that a lost one is looked for later.

https://www.reddit.com/dev/api#POST_api_submit
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from urllib.parse import quote

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    Lost,
    Media,
    OAuth,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    TryLater,
    renewing,
)
from platforms.recent import (
    NO_NAME,
    REMOVED_STATE,
    ListedFile,
    ListedPost,
    PostList,
    Search,
    by_cursor,
    folded,
    unix,
)

# `removed_by_category` of what was taken away; what a filter keeps for a moderator is there.
TAKEN_AWAY = ("deleted", "moderator", "reddit", "author", "copyright_takedown", "content_takedown")
AMBIGUOUS = "a picture with this title is there; it may be another post's, whose id is not known"
TURNS = {"minute": 60, "second": 1, "hour": 3600, "millisecond": 0.001}
LATER = {
    "QUOTA_FILLED": 3600.0,
    "SUBREDDIT_RATELIMIT": 600.0,
    "RATELIMIT": 600.0,
}  # seconds, where none are said
LONGEST_CAPTION = 180  # characters, of a picture in a gallery; PRAW's MAX_CAPTION_LENGTH
SUBMITTED = {
    "json": {
        "errors": [],
        "data": {
            "url": "https://www.reddit.com/r/teachers/comments/1abcde/",
            "id": "1abcde",
            "name": "t3_1abcde",
        },
    }
}
CONVERTED = {
    "json": {
        "errors": [],
        "data": {
            "user_submitted_page": "https://www.reddit.com/user/ms_ada/submitted/",
            "websocket_url": "wss://ws-05.wss.redditmedia.com/rte_images/8xbnh2y3zk7d1",
        },
    }
}
GALLERY = {
    "json": {
        "errors": [],
        "data": {"url": "https://www.reddit.com/r/teachers/comments/1abcde/", "id": "t3_1abcde"},
    }
}
COMMENTED = {
    "json": {
        "errors": [],
        "data": {
            "things": [
                {
                    "data": {
                        "name": "t1_kabcde",
                        "permalink": "/r/teachers/comments/1abcde/_/kabcde/",
                    }
                }
            ]
        },
    }
}
LEASE = {
    "args": {
        "action": "//reddit-uploaded-media.s3-accelerate.amazonaws.com",
        "fields": [{"name": "key", "value": "rte_images/door.png"}],
    },
    "asset": {
        "asset_id": "8xbnh2y3zk7d1",
        "websocket_url": "wss://ws-05.wss.redditmedia.com/rte_images/8xbnh2y3zk7d1",
    },
}
STORED = Response(
    status=201,
    body=b"<PostResponse><Location>https://reddit-uploaded-media.s3-accelerate.amazonaws.com/door.png</Location></PostResponse>",
)


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if post.reply_to:
        return commented(account, post, ask)
    if len(post.media) > 1:
        return gallery(account, post, ask)
    body = {**common(account, post), **content(account, post, ask), "resubmit": "true"}
    answer = done(
        ask(
            form(
                account,
                "submit",
                "api/submit",
                body,
                example=CONVERTED if post.media else SUBMITTED,
            )
        )
    )
    return published(account, post, answer)


def content(account: Account, post: Post, ask: Ask) -> dict[str, str]:
    """A picture, else the link with the text below it, else the text."""
    if post.media:
        return {
            "kind": "image",
            "url": uploaded(account, post.media[0], 1, ask)[0],
            "text": post.markup,
        }
    if post.link:
        return {"kind": "link", "url": post.link.url, "text": post.markup}
    return {"kind": "self", "text": post.markup}


def gallery(account: Account, post: Post, ask: Ask) -> Published:
    longest = max(len(one.alt) for one in post.media)
    if longest > LONGEST_CAPTION:
        raise Rejected(
            f"in a gallery on Reddit an alternative text is the caption, of at most {LONGEST_CAPTION} characters, and one has {longest}: "
            "shorten it"
        )
    items = [
        {"media_id": uploaded(account, one, number, ask)[1], "caption": one.alt}
        for number, one in enumerate(post.media, 1)
    ]
    flags = {
        name: value == "true" if value in ("true", "false") else value
        for name, value in common(account, post).items()
    }
    answer = done(
        ask(
            Request(
                step="gallery",
                method="POST",
                url=at(account, "api/submit_gallery_post.json"),
                headers=agent(account),
                json={**flags, "text": post.markup, "items": items},
                example=GALLERY,
            )
        )
    )
    return published(account, post, answer)


def commented(account: Account, post: Post, ask: Ask) -> Published:
    assert post.reply_to
    if post.media:
        raise Rejected("a comment on Reddit is a text alone: take the media away")
    body = {"api_type": "json", "thing_id": thing(post.reply_to), "text": post.markup}
    one = done(ask(form(account, "comment", "api/comment", body, example=COMMENTED)))["things"][0][
        "data"
    ]
    return Published(id=one["name"], url=f"https://www.reddit.com{one['permalink']}")


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """What the account has posted, or commented, newest first; Reddit lists 1,000 of each."""
    what = "comments" if post.reply_to else "submitted"
    history = PostList(
        request=Request(
            step="list",
            url=at(
                account, f"user/{account.settings['username']}/{what}?sort=new&limit=100&raw_json=1"
            ),
            headers=agent(account),
            repeat=HARMLESS,
            fresh=True,
            example={"data": {"children": [], "after": None}},
        ),
        items=("data", "children"),
        read=lambda item: listed(item["data"], post, lost),
        next_page=by_cursor("after", "data", "after"),
        cursor_ends=True,
        empty_ends=False,  # https://www.reddit.com/dev/api#listings
        newest_first=True,
    )
    return Search(lists=(history,), expected=expected(account, post, lost))


def expected(account: Account, post: Post, lost: Lost) -> ListedPost:
    """Our post or comment, as the list would show it."""
    author = account.settings["username"].casefold()
    if post.reply_to:
        return ListedPost(author=author, parent=thing(post.reply_to), shown=post.markup)
    return ListedPost(
        author=author,
        place=subreddit(account, post).casefold(),
        parent="",
        title=post.title,
        warning=warning(post, post.options),
        link=post.link.url if post.link and not post.media else "",
        shown=post.markup,
        files=tuple(
            expected_file(media, lost.answers.get(f"lease {number}"), len(post.media) > 1)
            for number, media in enumerate(post.media, 1)
        ),
    )


def expected_file(media: Media, lease: Response | None, in_gallery: bool) -> ListedFile:
    """A picture of a gallery keeps its id and has a caption; one alone gets another address."""
    if not in_gallery:
        return ListedFile()
    ids = {lease.json()["asset"]["asset_id"]} if lease else ()
    return ListedFile(ids=frozenset(ids), alt=media.alt)


def warning(post: Post, flags: Mapping[str, Json]) -> str:
    """Which of the flags that the post asks for are set. A subreddit or a moderator sets others."""
    names = {"nsfw": ("nsfw", "over_18"), "spoiler": ("spoiler",)}
    asked = [name for name in names if post.options.get(name)]
    return " ".join(name for name in asked if any(map(flags.get, names[name])))


def listed(item: Json, post: Post, lost: Lost) -> ListedPost:
    """A post or a comment of the list."""
    facts = {
        "id": item["name"],
        "url": f"https://www.reddit.com{item['permalink']}",
        "made": unix(item["created_utc"]),
        "author": item["author"].casefold(),
        "state": REMOVED_STATE if item.get("removed_by_category") in TAKEN_AWAY else None,
    }
    if post.reply_to:
        return ListedPost(**facts, parent=item["parent_id"], shown=item["body"])
    # The list may leave out the text below a link or a picture; that is no difference.
    left_out = "" if item.get("is_self") else post.markup
    return ListedPost(
        **facts,
        place=item["subreddit"].casefold(),
        parent=item.get("crosspost_parent") or "",
        title=item["title"],
        warning=warning(post, item),
        link=item["url"] if is_link(item) else "",
        shown=item.get("selftext") or left_out,
        files=listed_files(item),
        doubt=AMBIGUOUS if is_ambiguous(item, post, lost) else "",
    )


def is_ambiguous(item: Json, post: Post, lost: Lost) -> bool:
    """Whether this picture may be another delivery's, of which only the page is known.

    Such a page is kept with the title of its post; in an older store none is.
    """
    pages = [name for name in lost.others if is_page(name)]
    is_known_by_title = any("#" in name for name in pages)
    is_picture = len(post.media) == 1 and len(listed_files(item)) == 1
    has_page = any(name.endswith(page_mark(item["title"])) for name in pages)
    return is_picture and (has_page or (bool(pages) and not is_known_by_title))


def is_link(item: Json) -> bool:
    """Whether it leads elsewhere: no text, and no picture that Reddit keeps."""
    return not (item.get("is_self") or item.get("is_gallery") or item.get("is_reddit_media_domain"))


def listed_files(item: Json) -> tuple[ListedFile, ...]:
    pictures = (item.get("gallery_data") or {}).get("items") or ()
    if item.get("is_reddit_media_domain") and not pictures:
        return (ListedFile(ids=frozenset({item["url"]})),)
    return tuple(
        ListedFile(ids=frozenset({picture["media_id"]}), alt=picture.get("caption") or "")
        for picture in pictures
    )


def id_of(name: str) -> str:
    """A post without its `t3_`, a comment with its `t1_`, also in an address; a page names none."""
    found = re.search(r"(?:/comments|redd\.it)/(\w+)(?:/[^/?#]*/(\w+))?", name)
    if found:
        return f"t1_{found[2]}" if found[2] else found[1]
    return NO_NAME if is_page(name) else name.removeprefix("t3_")


def is_page(name: str) -> bool:
    """Whether it is the page where a picture's post will stand, and not the post."""
    return name.partition("#")[0].rstrip("/").endswith("/submitted")


def page_mark(title: str) -> str:
    """Tells the pages of pictures with different titles apart."""
    return f"#{quote(folded(title), safe='')}"


def whoami(account: Account, ask: Ask) -> str:
    answer = ask(
        Request(
            step="account",
            url=at(account, "api/v1/me"),
            headers=agent(account),
            repeat=HARMLESS,
            example={"name": account.settings["username"]},
        )
    )
    name = answer.json()["name"]
    if name.casefold() != account.settings["username"].casefold():
        raise Rejected(
            f"these are the credentials of u/{name}, not of u/{account.settings['username']}: change `username`"
        )
    return f"u/{name}"


def at(account: Account, path: str) -> str:
    return f"{account.settings['server']}/{path}"


def agent(account: Account) -> dict[str, str]:
    """Reddit slows down whom it does not know by a name of their own."""
    return {"User-Agent": f"python:termbell:1 (by /u/{account.settings['username']})"}


def form(account: Account, step: str, path: str, body: dict[str, str], **more: Json) -> Request:
    return Request(
        step=step, method="POST", url=at(account, path), headers=agent(account), form=body, **more
    )


def subreddit(account: Account, post: Post) -> str:
    return (
        str(post.options.get("subreddit") or account.settings["subreddit"])
        .removeprefix("r/")
        .replace("u/", "u_")
    )


def common(account: Account, post: Post) -> dict[str, str]:
    options = post.options
    said = {
        "api_type": "json",
        "sr": subreddit(account, post),
        "title": post.title,
        "flair_id": options.get("flair_id"),
        "flair_text": options.get("flair_text"),
        "nsfw": options.get("nsfw") and "true",
        "spoiler": options.get("spoiler") and "true",
        "sendreplies": "true",
        "validate_on_submit": "true",
    }
    return {name: value for name, value in said.items() if value}


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> tuple[str, str]:
    """Where the picture is, and its id."""
    lease = ask(
        form(
            account,
            f"lease {number}",
            "api/media/asset.json",
            {"filepath": media.name, "mimetype": media.type},
            repeat=HARMLESS,
            example=LEASE,
        )
    ).json()
    fields = {one["name"]: one["value"] for one in lease["args"]["fields"]}
    stored = ask(
        Request(
            step=f"upload {number}",
            method="POST",
            url=f"https:{lease['args']['action']}",
            form=fields,
            files={"file": media},
            repeat=HARMLESS,
            anonymous=True,
            example=STORED,
        )
    )
    location = re.search(r"<Location>([^<]+)</Location>", stored.text)
    if location is None:
        raise TryLater("Reddit did not say where it keeps the picture")
    return location[1], lease["asset"]["asset_id"]


def thing(post: Published) -> str:
    """Its full name. A post that a person found is known by its URL."""
    if re.fullmatch(r"t[13]_\w+", post.id):
        return post.id
    if is_page(post.id):
        raise Rejected(
            "Reddit does not tell the id of a post with one picture, so that nothing can answer it: take the first comment or the "
            "thread away, or post two pictures"
        )
    found = re.search(r"/comments/(\w+)(?:/[^/]*/(\w+))?", post.id)
    if not found:
        raise Rejected(f"{post.id} is no post on Reddit; its address has /comments/ in it")
    return f"t1_{found[2]}" if found[2] else f"t3_{found[1]}"


def done(answer: Response) -> Json:
    """What became of it. Raises for the errors that Reddit tells with a 200."""
    told = answer.json()["json"]
    for code, words, *_ in told.get("errors", ()):
        if code in LATER:
            raise TryLater(f"reddit: {words}", answer, after=wait(words) or LATER[code])
        raise Rejected(f"reddit refused it: {words} ({code})", answer)
    return told["data"]


def wait(words: str) -> float:
    """Seconds: "Take a break for 9 minutes before trying again." """
    found = re.search(r"(\d+) (millisecond|second|minute|hour)", words)
    return int(found[1]) * TURNS[found[2]] if found else 0.0


def published(account: Account, post: Post, answer: Json) -> Published:
    """A gallery has its full name as `id`. A picture alone gets one when it has been converted, and nobody is told which."""
    name = answer.get("name") or answer.get("id")
    if name:
        return Published(id=f"t3_{name.removeprefix('t3_')}", url=answer["url"])
    page = (
        answer.get("user_submitted_page")
        or f"https://www.reddit.com/user/{account.settings['username']}/submitted/"
    )
    notes = ["Reddit converts media before it shows them: the post appears in a few minutes"]
    if any(one.alt for one in post.media):
        notes.append(
            "Reddit has no place for the alternative text of a single picture; in a gallery it is the caption"
        )
    ids = [page + page_mark(post.title)]
    return Published(id=page, url=page, ref={"ids": ids}, notes=tuple(notes))


def notices(account: Account, today: date) -> Iterator[str]:
    yield "since November 2025 Reddit approves each new app by hand; an app from before goes on working"


OAUTH = OAuth(
    authorize="https://www.reddit.com/api/v1/authorize",
    token="https://www.reddit.com/api/v1/access_token",
    scopes=("identity", "submit", "history", "read"),
    pkce="",
    redirect="http://localhost:{port}",
    in_header=True,
    more={"duration": "permanent"},
)

PLATFORM = Platform(
    name="reddit",
    settings=(
        Setting(
            name="username",
            meaning="the account's name, without u/",
            required=True,
            example="ms_ada",
        ),
        Setting(
            name="subreddit",
            meaning="where posts go; u/NAME is one's own profile",
            required=True,
            example="teachers",
        ),
        Setting(
            name="server",
            meaning="where its API is",
            default="https://oauth.reddit.com",
            example="https://oauth.reddit.com",
        ),
    ),
    options=(
        Setting(
            name="subreddit",
            meaning="another subreddit than the account's",
            example="matheducation",
        ),
        Setting(
            name="flair_id",
            meaning="the id of a flair, where the subreddit wants one",
            example="d1b8ff0e-9f8e-11ea-9d5c-0e0c0a4a9b2f",
        ),
        Setting(
            name="flair_text", meaning="its words, where they may be changed", example="Resource"
        ),
        Setting(name="nsfw", meaning="whether it is not for all eyes", type=bool, example="true"),
        Setting(
            name="spoiler", meaning="whether it gives something away", type=bool, example="true"
        ),
    ),
    limits=Limits(
        text=40_000,
        markup="markdown",
        title=300,
        needs_title=True,
        replies=True,
        own_cards=False,
        link_or_media=True,
        images=20,
        image_types=("image/jpeg", "image/png", "image/gif"),
        image_bytes=20_000_000,
        caps=(Cap(posts=100, seconds=60, of="app"),),
        source="https://www.reddit.com/dev/api",
        checked=date(2026, 11, 23),
    ),
    obtain="https://www.reddit.com/prefs/apps: an app of the type 'web app' with the redirect http://localhost:8080",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(OAUTH),
    publish=publish,
    recent=recent,
    find_after=600,  # texts and links at once, pictures after minutes: what Reddit converts first
    id_of=id_of,
    whoami=whoami,
    notices=notices,
)
