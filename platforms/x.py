"""X: posts with pictures, a GIF or a video, polls, threads.

A post has no key. X refuses the same text twice but does not say which post is up, so what was lost is looked for among the
account's own posts. There the links stand as t.co addresses, and what they lead to beside them.

https://docs.x.com/x-api/posts/create-post and https://docs.x.com/x-api/media/quickstart/media-upload-chunked
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from html import unescape
from typing import Literal
from urllib.parse import urlencode

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
    Poll,
    Post,
    Published,
    Rejected,
    Request,
    Setting,
    TryLater,
    parts,
    renewing,
)
from platforms.recent import ListedFile, ListedPost, PostList, Search, by_cursor, iso
from platforms.signing import OAUTH1, bearer_or_oauth1

SEGMENT = 4_194_304  # bytes; at most 5 MB
LOOKS = 200  # at a file being converted
PER_PAGE = 20
LONGEST_ANSWER, MINUTES = 25, (5, 10_080)  # of a poll: characters, shortest and longest
LARGEST_GIF = 1280, 1080  # pixels
SHORTEST, WIDEST = 0.5, 3  # of a video: seconds, and its longer side by its shorter
CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}\b")
MEDIA_LINK = re.compile(r"https://(?:x|twitter)\.com/\S+/(?:photo|video)/\d+$")
ME = {"data": {"id": "2244994945", "username": "ada"}}
FILE = {"data": {"id": "1880028106020515840", "media_key": "3_1880028106020515840"}}
CREATED = {"data": {"id": "1900000000000000001", "text": "Week 3 notes"}}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    files = [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)]
    answer = ask(
        Request(
            step="post",
            method="POST",
            url=at(account, "tweets"),
            json=body(post, files),
            example=CREATED,
        )
    ).json()
    return published(answer["data"]["id"])


def refuse(post: Post) -> None:
    """What X would refuse for what stands in it."""
    if post.media and post.options.get("poll"):
        raise Rejected("X takes a poll or media, not both: take one of them away")
    if len(CASHTAG.findall(post.text)) > 1:
        raise Rejected("X takes one cashtag ($NAME) in a post: take the others away")
    for one in post.media:
        why = unfit(one, is_alone=len(post.media) == 1)
        if why:
            raise Rejected(f"{one.file.name} {why}")
    if post.options.get("poll"):
        refuse_poll(post.options["poll"])


def unfit(media: Media, is_alone: bool) -> str:
    """Why X takes no such file; empty where it does."""
    width, height = (media.width, media.height) if media.width and media.height else (1, 1)
    if media.type == "image/gif" and not is_alone:
        return (
            "is a GIF, which X takes alone: take it away, or save it as a picture that stands still"
        )
    if media.type == "image/gif" and (width > LARGEST_GIF[0] or height > LARGEST_GIF[1]):
        return f"has {width} x {height} pixels, and a GIF on X at most {LARGEST_GIF[0]} x {LARGEST_GIF[1]}: save it smaller"
    if media.seconds is not None and media.seconds < SHORTEST:
        return (
            f"lasts {media.seconds:g} s, and a video on X at least {SHORTEST} s: use a longer one"
        )
    if media.type.startswith("video/") and max(width, height) > WIDEST * min(width, height):
        return f"has {width} x {height} pixels, and a video on X is between 1:3 and 3:1: crop it"
    return ""


def refuse_poll(asked: Mapping[str, Json]) -> None:
    if (
        not 2 <= len(asked["answers"]) <= 4
        or max(map(len, asked["answers"])) > LONGEST_ANSWER
        or asked.get("multiple")
    ):
        raise Rejected(
            f"a poll on X has two to four answers of at most {LONGEST_ANSWER} characters, of which one is chosen"
        )
    if not MINUTES[0] <= poll(asked)["duration_minutes"] <= MINUTES[1]:
        raise Rejected("a poll on X lasts from five minutes to seven days (`hours`)")


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The account's posts, newest first, with replies. X bills each that it shows: few on a page."""
    me = own(account, ask, "?user.fields=public_metrics")
    query = urlencode(
        {
            "max_results": PER_PAGE,
            "post.fields": "attachments,conversation_id,created_at,entities,reply_settings",
            "expansions": "attachments.media_keys,attachments.poll_ids,author_id,referenced_posts",
            "media.fields": "alt_text",
            "poll.fields": "options",
        },
        safe=",",
    )
    timeline = PostList(
        request=Request(
            step="list",
            url=at(account, f"users/{me['id']}/tweets?{query}"),
            repeat=HARMLESS,
            fresh=True,
            example={"data": [], "meta": {"result_count": 0}},
        ),
        items=("data",),
        number=("meta", "result_count"),
        prepared=with_attachments,
        read=lambda item: listed(item, is_reply=bool(post.reply_to)),
        next_page=by_cursor("pagination_token", "meta", "next_token"),
        cursor_ends=True,
        empty_ends=False,  # https://docs.x.com/x-api/fundamentals/pagination
        newest_first=True,
    )
    count = (me.get("public_metrics") or {}).get("tweet_count")
    return Search(lists=(timeline,), expected=expected(post, me["id"], lost), count=count)


def with_attachments(answer: Json) -> Json:
    """The answer with media and polls in the posts that have them. One with errors alone is none."""
    if "data" not in answer and answer.get("errors"):
        raise ValueError("errors in place of posts")
    beside = answer.get("includes") or {}
    media = {file["media_key"]: file for file in beside.get("media", ())}
    polls = {poll["id"]: poll for poll in beside.get("polls", ())}
    for post in answer.get("data") or ():
        attached = post.get("attachments") or {}
        post["media"] = {key: media.get(key) for key in attached.get("media_keys") or ()}
        post["polls"] = [polls.get(key) for key in attached.get("poll_ids") or ()]
    return answer


def expected(post: Post, author: str, lost: Lost) -> ListedPost:
    """Our post, as the list would show it."""
    asked = post.options.get("poll")
    return ListedPost(
        author=author,
        parent=identifier(post.reply_to) if post.reply_to else "",
        visibility=post.options.get("reply_settings") or "everyone",
        poll=tuple(asked["answers"]) if asked else (),
        files=tuple(
            ListedFile(ids=keys_of(number, lost), alt=media.alt)
            for number, media in enumerate(post.media, 1)
        ),
        shown=with_whole_links(post),
    )


def keys_of(number: int, lost: Lost) -> frozenset[str]:
    """What X called the file when it was uploaded."""
    answers = filter(None, (lost.answers.get(f"{step} {number}") for step in ("upload", "begin")))
    return frozenset(str(answer.json()["data"].get("media_key", "")) for answer in answers) - {""}


def with_whole_links(post: Post) -> str:
    """The text with its links as X expands them: with their scheme."""
    text = post.text
    for span in sorted(post.spans, key=lambda span: -span.start):
        if span.kind == "link":
            address = span.value if "://" in span.value else f"http://{span.value}"
            text = text[: span.start] + address + text[span.end :]
    return text


def listed(item: Json, is_reply: bool) -> ListedPost | None:
    """A post of the list; one of somebody else that was reposted is none."""
    references = item.get("referenced_posts") or item.get("referenced_tweets") or ()
    if any(reference["type"] == "retweeted" for reference in references):
        return None
    found = published(item["id"])
    return ListedPost(
        id=found.id,
        url=found.url,
        ids=frozenset(
            item.get("edit_history_post_ids") or item.get("edit_history_tweet_ids") or ()
        ),
        made=iso(item["created_at"]),
        author=item.get("author_id"),
        parent=parent_of(item, references, is_reply),
        visibility=item.get("reply_settings"),
        poll=poll_texts(item["polls"]),
        files=tuple(
            ListedFile(ids=frozenset({key}), alt=file.get("alt_text", "") if file else None)
            for key, file in item["media"].items()
        ),
        shown=written(item),
    )


def parent_of(item: Json, references: Iterable[Json], is_reply: bool) -> str | None:
    """The id of the post that it answers; None where it is not known and may be that of ours."""
    answered = [one["id"] for one in references if one["type"] == "replied_to"]
    first: str = item.get("conversation_id", item["id"])
    if answered or first == item["id"]:
        return str(answered[0]) if answered else ""
    return None if is_reply else first


def poll_texts(polls: list[Json]) -> tuple[str, ...] | None:
    """The answers; None where the list leaves the poll out."""
    if None in polls:
        return None
    options = [option for poll in polls for option in poll["options"]]
    return tuple(option["label"] for option in sorted(options, key=lambda one: one["position"]))


def id_of(name: str) -> str:
    """The number of a post, also in its addresses."""
    found = re.search(r"/status/(\d+)", name)
    return found[1] if found else name


def whoami(account: Account, ask: Ask) -> str:
    return f"@{own(account, ask)['username']}"


def own(account: Account, ask: Ask, query: str = "") -> Json:
    return ask(
        Request(step="account", url=at(account, f"users/me{query}"), repeat=HARMLESS, example=ME)
    ).json()["data"]


def at(account: Account, path: str) -> str:
    return f"{account.settings['server']}/2/{path}"


def body(post: Post, files: list[str]) -> dict[str, Json]:
    options = post.options
    said = {
        "text": post.text,
        "media": files and {"media_ids": files},
        "poll": options.get("poll") and poll(options["poll"]),
        "reply": post.reply_to and {"in_reply_to_tweet_id": identifier(post.reply_to)},
        "reply_settings": options.get("reply_settings"),
        "made_with_ai": options.get("made_with_ai"),
    }
    return {name: value for name, value in said.items() if value or name == "text"}


def poll(asked: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "options": list(asked["answers"]),
        "duration_minutes": round(asked.get("hours", 24) * 60),
    }


def identifier(post: Published) -> str:
    """A post that a person found is known by its URL."""
    return id_of(post.id)


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> str:
    """The id of the file, once it can be posted: pictures in one request, what moves in segments."""
    is_picture = media.type.startswith("image/") and media.type != "image/gif"
    file = (
        picture(account, media, number, ask)
        if is_picture
        else in_segments(account, media, number, ask)
    )
    if media.alt:
        described = {"id": file, "metadata": {"alt_text": {"text": media.alt}}}
        ask(
            Request(
                step=f"alt {number}",
                method="POST",
                url=at(account, "media/metadata"),
                json=described,
                repeat=HARMLESS,
                example={},
            )
        )
    return file


def picture(account: Account, media: Media, number: int, ask: Ask) -> str:
    answer = ask(
        Request(
            step=f"upload {number}",
            method="POST",
            url=at(account, "media/upload"),
            form={"media_category": "tweet_image"},
            files={"media": media},
            repeat=HARMLESS,
            example=FILE,
        )
    )
    return str(answer.json()["data"]["id"])


def in_segments(account: Account, media: Media, number: int, ask: Ask) -> str:
    category = "tweet_gif" if media.type == "image/gif" else "tweet_video"
    begun = {"media_type": media.type, "media_category": category, "total_bytes": media.size}
    answer = ask(
        Request(
            step=f"begin {number}",
            method="POST",
            url=at(account, "media/upload/initialize"),
            json=begun,
            repeat=HARMLESS,
            example=FILE,
        )
    )
    file = str(answer.json()["data"]["id"])
    for index, part in enumerate(parts(media, SEGMENT)):
        ask(
            Request(
                step=f"append {number}.{index + 1}",
                method="POST",
                url=at(account, f"media/upload/{file}/append"),
                form={"segment_index": str(index)},
                files={"media": part},
                repeat=HARMLESS,
                example={},
            )
        )
    done = ask(
        Request(
            step=f"finish {number}",
            method="POST",
            url=at(account, f"media/upload/{file}/finalize"),
            repeat=HARMLESS,
            example=FILE,
        )
    )
    converted(account, media, file, done.json()["data"].get("processing_info"), ask)
    return file


def converted(account: Account, media: Media, file: str, state: Json, ask: Ask) -> None:
    """Waits until the file is ready. Where nothing is said of it, it is."""
    looks = 0
    while state and state["state"] != "succeeded":
        if state["state"] == "failed":
            raise Rejected(
                f"X cannot use {media.file.name}: {(state.get('error') or {}).get('message', 'its conversion failed')}"
            )
        if looks == LOOKS:
            raise TryLater(f"X is still converting {media.file.name}", after=60)
        looks += 1
        answer = ask(
            Request(
                step="conversion",
                url=at(account, f"media/upload?command=STATUS&media_id={file}"),
                repeat=HARMLESS,
                fresh=True,
                after=float(state.get("check_after_secs") or 2),
                example=FILE,
            )
        )
        state = answer.json()["data"].get("processing_info")


def written(one: Json) -> str:
    """The text of a post that is up, as it was written: X puts t.co addresses in the place of links, and one more for its media."""
    text = unescape(one["text"])
    for link in (one.get("entities") or {}).get("urls", ()):
        leads_to = link.get("expanded_url") or ""
        text = text.replace(link["url"], "" if MEDIA_LINK.match(leads_to) else leads_to)
    return text


def published(identifier: str) -> Published:
    return Published(id=identifier, url=f"https://x.com/i/web/status/{identifier}")


def price(post: Post) -> float:
    """US dollars, as of 2026-08-22: https://docs.x.com/x-api/getting-started/pricing"""
    has_link = any(span.kind == "link" for span in post.spans)
    return (0.20 if has_link else 0.015) + sum(
        0.015 + (0.005 if one.alt else 0) for one in post.media
    )


OAUTH = OAuth(
    authorize="https://x.com/i/oauth2/authorize",
    token="{server}/2/oauth2/token",
    scopes=("tweet.read", "tweet.write", "users.read", "media.write", "offline.access"),
    in_header=True,
)

PLATFORM = Platform(
    name="x",
    settings=(
        Setting(
            name="server",
            meaning="where its API is",
            default="https://api.x.com",
            example="https://api.x.com",
        ),
    ),
    options=(
        Setting(
            name="reply_settings",
            meaning="who may answer; everyone where nothing is said",
            type=Literal["following", "mentionedUsers", "subscribers", "verified"],
            example="following",
        ),
        Setting(
            name="made_with_ai",
            meaning="whether its media were made by a machine",
            type=bool,
            example="true",
        ),
        Setting(
            name="poll",
            meaning="two to four answers of at most 25 characters; not together with media",
            type=Poll,
            example="{answers: [Paper, Screen], hours: 48}",
        ),
    ),
    limits=Limits(
        text=280,
        unit="weighted characters",
        link_length=23,
        public_links=True,
        latin_links=True,
        mention=r"(?<![\w@])@(?P<mention>[A-Za-z0-9_]{1,15})\b",
        links=False,
        replies=True,
        images=4,
        image_bytes=5_000_000,
        animation_frames=350,
        videos=1,
        videos_alone=True,
        video_types=("video/mp4",),
        video_bytes=512_000_000,
        video_seconds=140,
        video_pixels=1280 * 1024,
        video_rate=60,
        alt=1000,
        caps=(Cap(posts=100, seconds=900), Cap(posts=10_000, seconds=86_400, of="app")),
        source="https://docs.x.com/x-api/fundamentals/rate-limits",
        checked=date(2026, 11, 23),
    ),
    publish=publish,
    recent=recent,
    find_after=10,  # no source; cautious
    id_of=id_of,
    whoami=whoami,
    secrets=("token",),
    optional_secrets=("refresh", "client_id", "client_secret"),
    instead=OAUTH1,
    obtain="https://console.x.com: an app with 'Read and write', its credits, and either its OAuth 2 client id or its four OAuth 1.0a keys",
    oauth=OAUTH,
    session=renewing(OAUTH),
    sign=bearer_or_oauth1,
    price=price,
)
