"""Instagram, a professional account: a picture, a carousel, a reel, a story; a first comment.

What is published is a container first (see graph.py).

https://developers.facebook.com/docs/instagram-platform/content-publishing
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms.base import (
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
    Setting,
    TryLater,
    hosted,
    media_of_kind,
)
from platforms.graph import (
    A_DAY,
    ERRORS,
    Containers,
    contained,
    error_code,
    got,
    graph_list,
    identified,
    lasting,
    renewing,
    with_token,
)
from platforms.recent import ListedFile, ListedPost, Look, Search, folded, iso, look_through

SERVER = "https://graph.instagram.com"
BASE = f"{SERVER}/v26.0"
CONTAINERS = Containers(platform="Instagram", base=BASE, state="status_code", why="status")
MOST_FILES, MOST_TAGS, MOST_MENTIONS = 10, 30, 20
NARROWEST, WIDEST = 4 / 5, 1.91  # width : height
SHORTEST, BROADEST, MOST_BITS = 3, 1920, 25_000_000  # of a video: seconds, pixels, bits a second
LONGEST_STORY, LARGEST_STORY = 60, 100_000_000  # seconds, bytes
ME = {"user_id": "17841405822304914", "username": "hillschool"}
QUOTA = {"data": [{"quota_usage": 2, "config": {"quota_total": 50, "quota_duration": 86_400}}]}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if post.reply_to:
        return commented(account, post, post.reply_to, ask)
    refuse(post)
    me = own(ask)["user_id"]
    look_for_room(me, ask)
    notes = (
        ("a story has no text: yours does not go with it",)
        if is_story(post) and post.text.strip()
        else ()
    )
    return Published(
        id=CONTAINERS.publish(made(me, post, ask), f"{me}/media_publish", ask), notes=notes
    )


def refuse(post: Post) -> None:
    """What Instagram would refuse for what stands in it."""
    tags, mentions = (sum(span.kind == kind for span in post.spans) for kind in ("tag", "mention"))
    if tags > MOST_TAGS or mentions > MOST_MENTIONS:
        raise Rejected(
            f"Instagram takes {MOST_TAGS} hashtags and {MOST_MENTIONS} mentions, and there are {tags} and {mentions}"
        )
    most = 1 if is_story(post) else MOST_FILES
    if not 1 <= len(post.media) <= most:
        raise Rejected(
            f"{'a story' if most == 1 else 'a post'} on Instagram has 1 to {most} pictures or videos, and here are {len(post.media)}"
        )
    for one in post.media:
        why = unfit(one, is_story(post))
        if why:
            raise Rejected(f"{one.file.name} {why}")


def unfit(media: Media, as_story: bool) -> str:
    """Why Instagram would not take the file."""
    if media.type.startswith("video/"):
        if media.seconds is not None and media.seconds < SHORTEST:
            return f"lasts {media.seconds:g} s, and Instagram takes no less than {SHORTEST} s"
        if (media.width or 0) > BROADEST:
            return f"is {media.width}x{media.height}, and Instagram takes videos of at most {BROADEST} pixels across: save it smaller"
        if media.seconds and media.size * 8 / media.seconds > MOST_BITS:
            return f"has more than the {MOST_BITS // 1_000_000} Mbit a second that Instagram takes: save it with a lower bit rate"
        if as_story and ((media.seconds or 0) > LONGEST_STORY or media.size > LARGEST_STORY):
            return f"is too long or too large for a story: {LONGEST_STORY} s and {LARGEST_STORY // 1_000_000} MB at most"
    elif (
        not as_story
        and media.width
        and media.height
        and not NARROWEST <= media.width / media.height <= WIDEST
    ):
        return f"is {media.width}x{media.height}, and Instagram takes shapes from 4:5 to 1.91:1: crop it"
    return ""


def is_story(post: Post) -> bool:
    return post.options.get("format") == "story"


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """What the container proves, else the lists. A comment has no container."""
    if post.reply_to is None:
        return CONTAINERS.find(lambda: recent(account, post, lost, ask), PLATFORM, lost, ask)
    # Later comments may stand under other posts: this list does not have to show them.
    here = replace(lost, newer=frozenset())
    found = look_through(recent(account, post, lost, ask), PLATFORM, here, ask)
    return replace(found, post=found.post and replace(found.post, url=post.reply_to.url))


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The account's posts, or its stories, or the comments on a post."""
    me = own(ask, ",media_count")
    if post.reply_to:
        return comments(me, post, target(post.reply_to, ask), ask)
    edge = "stories" if is_story(post) else "media"
    fields = "id,caption,timestamp,permalink,username,media_type,alt_text,children"
    url = f"{BASE}/{me['user_id']}/{edge}?fields={fields}&limit=50"
    return Search(
        lists=(graph_list(got("list", url, example={"data": []}), listed),),
        expected=expected(me, post),
        count=None if is_story(post) else me.get("media_count"),
    )


def expected(me: Json, post: Post) -> ListedPost:
    """Our post, as the list would show it."""
    return ListedPost(
        author=me["username"],
        shown="" if is_story(post) else post.text,
        files=tuple(ListedFile(alt=alt_of(post, media)) for media in post.media),
    )


def alt_of(post: Post, media: Media) -> str | None:
    """The alt text that it goes with; None where it has none, as Meta may write one itself."""
    is_described = media.type.startswith("image/") and not is_story(post)
    return folded(media.alt) or None if is_described else None


def listed(item: Json) -> ListedPost:
    """Instagram tells no alt text of a picture in a carousel, nor a file's id that we know."""
    children = item.get("children", {}).get("data")
    alt = item.get("alt_text")
    return ListedPost(
        id=item["id"],
        url=item.get("permalink"),
        made=iso(item["timestamp"]),
        author=item.get("username"),
        shown=item.get("caption") or "",
        files=tuple(ListedFile() for _ in children)
        if children
        else (ListedFile(alt=folded(alt) if alt else None),),
    )


def comments(me: Json, post: Post, on: str, ask: Ask) -> Search:
    """The comments on a post. Instagram gives them no addresses of their own."""
    fields = "id,text,timestamp,username,from,parent_id"
    url = f"{BASE}/{on}/comments?fields={fields}&limit=50"
    counted = ask(got("count", f"{BASE}/{on}?fields=comments_count", example={"id": on})).json()
    return Search(
        lists=(
            graph_list(
                got("list", url, example={"data": []}), lambda item: listed_comment(on, item)
            ),
        ),
        expected=ListedPost(author=me["username"], shown=post.text, parent=on),
        count=counted.get("comments_count"),
    )


def listed_comment(on: str, item: Json) -> ListedPost:
    author = item.get("from", {}).get("username") or item.get("username")
    return ListedPost(
        id=item["id"],
        made=iso(item["timestamp"]),
        author=author,
        shown=item.get("text") or "",
        parent=item.get("parent_id") or on,
        doubt="" if author else "a comment that looks like it, and Instagram does not tell whose",
        ref={"on": on},
    )


def whoami(account: Account, ask: Ask) -> str:
    return f"@{own(ask)['username']}"


def own(ask: Ask, more: str = "") -> Json:
    """Whose account it is, with `more` fields."""
    return ask(got("account", f"{BASE}/me?fields=user_id,username{more}", example=ME)).json()


def look_for_room(me: str, ask: Ask) -> None:
    """Whether another post is allowed today: Meta's pages say 50 and 100, the account knows."""
    told = ask(
        got(
            "quota",
            f"{BASE}/{me}/content_publishing_limit?fields=quota_usage,config",
            fresh=True,
            example=QUOTA,
        )
    ).json()["data"][0]
    most = told["config"]["quota_total"]
    if told["quota_usage"] >= most:
        raise TryLater(
            f"Instagram takes no more than the {most} posts that went out through apps in 24 hours",
            after=3600,
        )


def made(me: str, post: Post, ask: Ask) -> str:
    """The container to be published."""
    media, url = post.media, f"{BASE}/{me}/media"
    if len(media) == 1:
        kind = "STORIES" if is_story(post) else "REELS" if media_of_kind(media, "video") else ""
        caption = "" if is_story(post) else post.text
        form = {
            **file(media[0], 1, ask, described=not is_story(post)),
            "media_type": kind,
            "caption": caption,
        }
        return contained("container", url, form, ask)
    files = (
        {**file(one, number, ask), "media_type": "VIDEO" if one.type.startswith("video/") else ""}
        for number, one in enumerate(media, 1)
    )
    return CONTAINERS.carousel(url, files, {"caption": post.text}, ask)


def file(media: Media, number: int, ask: Ask, described: bool = True) -> dict[str, str]:
    """Videos and stories take no alt text."""
    url = hosted(media, number, ask)
    return (
        {"video_url": url}
        if media.type.startswith("video/")
        else {"image_url": url, "alt_text": media.alt if described else ""}
    )


def media_of(me: str, ask: Ask) -> Iterator[Json]:
    url = f"{BASE}/{me}/media?fields=id,caption,timestamp,permalink&limit=50"
    yield from ask(got("list", url, example={"data": []})).json()["data"]


def commented(account: Account, post: Post, before: Published, ask: Ask) -> Published:
    if post.media:
        raise Rejected("a comment on Instagram is a text alone: take the media away")
    on = target(before, ask)
    answer = ask(
        Request(
            step="comment",
            method="POST",
            url=f"{BASE}/{on}/comments",
            form={"message": post.text},
            example={"id": "17870000000000001"},
        )
    ).json()
    return Published(id=answer["id"], url=before.url, ref={"on": on})


def target(before: Published, ask: Ask) -> str:
    """The post that is commented on, also where a comment is answered."""
    return str(
        before.ref.get("on") or identified(before, lambda: media_of(own(ask)["user_id"], ask))
    )


# https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/business-login
OAUTH = OAuth(
    authorize="https://www.instagram.com/oauth/authorize",
    token="https://api.instagram.com/oauth/access_token",
    scopes=(
        "instagram_business_basic",
        "instagram_business_content_publish",
        "instagram_business_manage_comments",
    ),
    separator=",",
    pkce="",
    redirect="https://localhost/",
    lasting=lasting(SERVER, "ig_exchange_token"),
)

PLATFORM = Platform(
    name="instagram",
    options=(
        Setting(
            name="format",
            meaning="a story, which is gone after a day; else a post, or a reel where it is one video",
            type=Literal["story"],
            example="story",
        ),
    ),
    limits=Limits(
        text=2200,
        unit="UTF-16 units",
        needs="media",
        links=False,
        replies=True,
        images=MOST_FILES,
        image_types=("image/jpeg",),
        animations=(),
        image_bytes=8_000_000,
        videos=MOST_FILES,
        video_types=("video/mp4", "video/quicktime"),
        video_codecs=("h264", "hevc", "aac"),
        video_bytes=300_000_000,
        video_seconds=15 * 60,
        video_pixels=1920 * 1080,
        video_rate=60,
        video_rate_least=23,
        alt=1000,
        fetches_media=True,
        caps=(Cap(posts=100, seconds=A_DAY),),
        source="https://developers.facebook.com/docs/instagram-platform/content-publishing",
        checked=date(2026, 11, 25),
    ),
    obtain="https://developers.facebook.com/apps: an app with Instagram, API setup with Instagram login, Generate access tokens",
    optional_secrets=("client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(SERVER, "ig_refresh_token"),
    sign=with_token,
    publish=publish,
    recent=recent,
    find=find,
    find_after=15,  # no source; cautious. A container's state is exact
    whoami=whoami,
    errors=ERRORS,
    error_code=error_code,
)
