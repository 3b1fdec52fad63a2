"""Facebook, as a Page: a text, the card of a link, pictures, a video or a reel; a first comment.

Pictures are uploaded unpublished, and shown by the post that names them. A video has an id before it is published, which is asked
what became of it; what else was lost is looked for among the Page's posts.

https://developers.facebook.com/docs/pages-api/posts and https://developers.facebook.com/docs/video-api/guides/reels-publishing
"""

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Json,
    Limits,
    LoginNeeded,
    Lost,
    Media,
    OAuth,
    Part,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Secrets,
    Setting,
    TryLater,
    last_part,
    media_of_kind,
    tokens_of,
)
from platforms.graph import ERRORS, error_code, given, got, graph_list
from platforms.recent import (
    Found,
    ListedFile,
    ListedPost,
    Look,
    Search,
    at_path,
    folded,
    iso,
    look_through,
)

GRAPH = "https://graph.facebook.com/v26.0"
VIDEOS = "https://graph-video.facebook.com/v26.0"
RESUMABLE = "https://rupload.facebook.com/"
LOOKS = 60  # at a reel that arrives, every five seconds
SHORTEST_REEL, LONGEST_REEL = 3, 90  # seconds
SMALLEST_REEL = (540, 960)  # pixels
OWN_ADDRESS = re.compile(r"https?://(?:[\w-]+\.)*facebook\.com(?![\w.-])", re.IGNORECASE)
NUMBER = re.compile(
    r"(?:^|/|[?&](?:v|fbid)=)(\d+(?:_\d+)?)/?$"
)  # of a post, at the end of its address
UNDER_A_PAGE = re.compile(
    r"/posts/(?:[^/?]+/)?(\d+)/?$"
)  # the post alone; the Page has a name there
PERMALINK = re.compile(r"\?(?=.*\bid=(\d+))(?=.*\bstory_fbid=(\d+))")  # its Page and the post
FEED_POST = {"id": "1234_5678", "permalink_url": "https://www.facebook.com/1234/posts/5678"}
COMMENT = {
    "id": "5678_9012",
    "permalink_url": "https://www.facebook.com/1234/posts/5678?comment_id=9012",
}
REEL = {
    "video_id": "777001",
    "upload_url": "https://rupload.facebook.com/video-upload/v26.0/777001",
}
FIELDS = "id,message,created_time,permalink_url,from"
NO_POSTS: Json = {"data": []}
KEPT = timedelta(days=1)  # a video may be dated from the beginning of its upload
ARRIVED = {"status": {"video_status": "processing", "uploading_phase": {"status": "complete"}}}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if post.reply_to:
        return commented(account, post, post.reply_to, ask)
    if post.link and not post.media and OWN_ADDRESS.match(post.link.url):
        raise Rejected(
            f"Facebook makes no card of its own addresses: put {post.link.url} in the text, and take `link` away"
        )
    videos = media_of_kind(post.media, "video")
    if videos:
        return (
            shown_as_reel(account, post, videos[0], ask)
            if is_reel(post, videos[0])
            else shown_as_video(account, post, videos[0], ask)
        )
    photos = [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)]
    form = {
        "message": post.text,
        "link": post.link.url if post.link and not photos else "",
        "attached_media": json.dumps([{"media_fbid": one} for one in photos]) if photos else "",
    }
    answer = ask(
        posted(
            "post",
            page(account, "feed"),
            **given(form),
            fields="id,permalink_url",
            example=FEED_POST,
        )
    ).json()
    return published(answer)


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """What a video says of itself, where it is known; else what the lists prove."""
    here = replace(lost, newer=shown_newer(post, lost))
    begun = lost.answers.get("begin")
    if begun is None:
        return look_through(recent(account, post, lost, ask), PLATFORM, here, ask)
    identifier = str(begun.json()["video_id"])
    video = look_at_video(identifier, ask)
    if video:
        return video
    found = look_through(recent(account, post, lost, ask), PLATFORM, here, ask)
    if found.found is not Found.ABSENT:
        return found
    why = f"Facebook does not tell whether the video {identifier} is published"
    return Look(found=Found.FAILED, why=why)


def shown_newer(post: Post, lost: Lost) -> frozenset[str]:
    """Of the posts that were sent later, those that the list of such a post shows.

    Later comments may stand under other posts; a video has another number in the list of posts.
    """
    if post.reply_to:
        return frozenset()
    is_video = bool(media_of_kind(post.media, "video"))
    return frozenset(name for name in lost.newer if ("_" in name) != is_video)


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    if post.reply_to:
        return comments(account, post, target(account, post.reply_to), ask)
    videos = media_of_kind(post.media, "video")
    if videos:
        return published_videos(account, post, videos[0], lost)
    return posts(account, post, lost, ask)


def posts(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The Page's posts, also those that a person has hidden."""
    edge = page(account, "published_posts?include_hidden=true")
    within = "media_type,type,target,unshimmed_url"
    fields = f"{FIELDS},attachments{{{within},subattachments{{{within}}}}}"
    return Search(
        lists=(
            graph_list(got("list", f"{edge}&fields={fields}&limit=100", example=NO_POSTS), listed),
        ),
        expected=expected(account, post, lost),
        count=count_of(edge, ask),
    )


def comments(account: Account, post: Post, on: str, ask: Ask) -> Search:
    """All comments on a post, with the replies to them."""
    edge = f"{GRAPH}/{on}/comments?filter=stream"
    url = f"{edge}&order=reverse_chronological&fields={FIELDS},parent&limit=100"
    return Search(
        lists=(
            graph_list(got("list", url, example=NO_POSTS), lambda item: listed_comment(on, item)),
        ),
        expected=ListedPost(author=str(account.settings["page"]), shown=post.text, parent=on),
        count=count_of(edge, ask),
    )


def published_videos(account: Account, post: Post, video: Media, lost: Lost) -> Search:
    """The Page's reels or videos. A video gets its description with its last request."""
    edge = "video_reels?" if is_reel(post, video) else "videos?type=uploaded&"
    fields = "id,description,created_time,permalink_url,from,post_id"
    url = page(account, f"{edge}fields={fields}&limit=100")
    begun = lost.answers.get("begin")
    identifier = str(begun.json()["video_id"]) if begun else None

    def read(item: Json) -> ListedPost | None:
        is_another = identifier not in (None, item["id"])
        return None if is_another else listed_video(item, post)

    return Search(
        lists=(graph_list(got("list", url, example=NO_POSTS), read, early=KEPT),),
        expected=ListedPost(author=str(account.settings["page"]), shown=post.text, key=identifier),
    )


def count_of(edge: str, ask: Ask) -> int | None:
    """How many stand in a list, by Facebook's own count."""
    answer = ask(got("count", f"{edge}&summary=total_count&limit=1", example=NO_POSTS)).json()
    count: int | None = at_path(answer, ("summary", "total_count"), None)
    return count


def expected(account: Account, post: Post, lost: Lost) -> ListedPost:
    """Our post, as the list would show it."""
    uploads = {
        step: str(told.json()["id"])
        for step, told in lost.answers.items()
        if step.startswith("photo ")
    }
    return ListedPost(
        author=str(account.settings["page"]),
        shown=post.text,
        link=card(post),
        files=tuple(
            ListedFile(ids=frozenset({uploads.get(f"photo {number}", "")} - {""}))
            for number, _ in enumerate(post.media, 1)
        ),
    )


def card(post: Post) -> str | None:
    """Where its card leads. Of a link in the text Facebook may make one: that is not known."""
    if post.media:
        return ""
    if post.link:
        return post.link.url
    return None if any(span.kind == "link" for span in post.spans) else ""


def listed(item: Json) -> ListedPost:
    """A post of the Page. It has no `attachments` where nothing is attached to it."""
    shown = item.get("attachments", {}).get("data", [])
    cards = [one for one in shown if is_card(one)]
    attached = [one for one in shown if not is_card(one)]
    files = [
        inner for one in attached for inner in one.get("subattachments", {}).get("data", [one])
    ]
    post = published(item)
    return ListedPost(
        id=post.id,
        url=post.url,
        ids=frozenset(target_of(one) for one in files if is_video(one)) - {""},
        made=iso(item["created_time"]),
        author=item.get("from", {}).get("id"),
        shown=item.get("message") or "",
        link=cards[0].get("unshimmed_url") if cards else "",
        files=tuple(ListedFile(ids=frozenset({target_of(one)} - {""})) for one in files),
        ref=dict(post.ref),
    )


def is_card(attached: Json) -> bool:
    """Whether it shows a page, also one with a video on it ("video_share_youtube")."""
    return attached.get("media_type") == "link" or "share" in attached.get("type", "")


def is_video(attached: Json) -> bool:
    return bool(attached.get("media_type") == "video")


def target_of(attached: Json) -> str:
    """The number of what an attachment shows."""
    return str(attached.get("target", {}).get("id") or "")


def listed_comment(on: str, item: Json) -> ListedPost:
    author = item.get("from", {}).get("id")
    post = published(item, on)
    return ListedPost(
        id=post.id,
        url=post.url,
        made=iso(item["created_time"]),
        author=author,
        shown=item.get("message") or "",
        parent=item.get("parent", {}).get("id") or on,
        doubt="" if author else "a comment that looks like it, and Facebook does not tell whose",
        ref=dict(post.ref),
    )


def listed_video(item: Json, post: Post) -> ListedPost:
    """A video of the Page. With our words its number is a key: it has got its last request."""
    text = item.get("description") or ""
    is_finished = bool(text.strip()) and folded(text) == folded(post.text)
    return ListedPost(
        id=item["id"],
        ids=frozenset({item.get("post_id") or item["id"]}),
        url=at_facebook(item.get("permalink_url") or f"/{item['id']}"),
        made=iso(item["created_time"]),
        author=item.get("from", {}).get("id"),
        shown=text,
        key=item["id"] if is_finished else None,
        ref=ref_of_video(item, item["id"]),
    )


def id_of(name: str) -> str:
    """The number of a post, a comment or a video, without that of its Page.

    Other addresses than these have a name ("pfbid...") in the place of the number.
    """
    if "://" not in name:
        return name.rpartition("_")[2]
    query = dict(parse_qsl(urlsplit(name).query))
    keys = ("reply_comment_id", "comment_id", "story_fbid", "fbid", "v")
    found = next((query[key] for key in keys if key in query), last_part(name))
    return found.rpartition("_")[2]


def whoami(account: Account, ask: Ask) -> str:
    return str(
        ask(
            got(
                "page",
                f"{GRAPH}/{account.settings['page']}?fields=id,name",
                example={"id": "1234", "name": "Hill School"},
            )
        ).json()["name"]
    )


def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
    """The Page's own token, for that of a person who may post there; it lasts where theirs does. A Page's token has no Pages."""
    whose = {"Authorization": "Bearer {token}"}
    try:
        pages = ask(
            replace(
                got("pages", f"{GRAPH}/me/accounts?fields=id,name,access_token,tasks&limit=100"),
                headers=whose,
            )
        ).json()["data"]
    except Rejected:
        return {"page_token": secrets["token"]}
    own = next((one for one in pages if one["id"] == str(account.settings["page"])), None)
    if own is None:
        names = ", ".join(f"{one['name']} ({one['id']})" for one in pages) or "none"
        raise LoginNeeded(
            f"the token is good for these Pages: {names}; set `page` to one of them, or log in again and choose the Page"
        )
    if "CREATE_CONTENT" not in own.get("tasks", ["CREATE_CONTENT"]):
        raise LoginNeeded(
            f"you may not post on {own['name']}: have yourself given the task to create content there"
        )
    return {"page_token": own["access_token"]}


def sign(request: Request, secrets: Secrets) -> Request:
    scheme = "OAuth" if request.url.startswith(RESUMABLE) else "Bearer"
    return replace(
        request,
        headers={
            **request.headers,
            "Authorization": f"{scheme} {secrets.get('page_token') or secrets['token']}",
        },
    )


def lasting(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
    """A token of 60 days for one of an hour; the Page's token that comes of it has no end."""
    trade = "grant_type=fb_exchange_token&client_id={client_id}&client_secret={client_secret}&fb_exchange_token={token}"
    return {
        "token": tokens_of(ask(got("lasting token", f"{GRAPH}/oauth/access_token?{trade}")).json())[
            "token"
        ]
    }


def page(account: Account, path: str) -> str:
    return f"{GRAPH}/{account.settings['page']}/{path}"


def posted(step: str, url: str, example: Json, **form: str) -> Request:
    """A visible one."""
    return Request(step=step, method="POST", url=url, form=form, example=example)


def uploaded(account: Account, image: Media, number: int, ask: Ask) -> str:
    """The id of the picture, which nobody sees yet. Meta keeps one for about a day."""
    form = {"published": "false", **given({"alt_text_custom": image.alt})}
    return str(
        ask(
            Request(
                step=f"photo {number}",
                method="POST",
                url=page(account, "photos"),
                form=form,
                files={"source": image},
                repeat=HARMLESS,
                example={"id": str(555000 + number)},
            )
        ).json()["id"]
    )


def is_reel(post: Post, video: Media) -> bool:
    """As the post says, else whether it can be one."""
    wanted, why = post.options.get("format"), unfit_for_a_reel(video)
    if wanted == "reel" and why:
        raise Rejected(
            f"{video.file.name} cannot be a reel: {why}; cut it, or take `format: video`"
        )
    return wanted == "reel" or (wanted is None and not why)


def unfit_for_a_reel(video: Media) -> str:
    width, height, seconds = video.width or 0, video.height or 0, video.seconds or 0
    if not SHORTEST_REEL <= seconds <= LONGEST_REEL:
        return f"it lasts {seconds:g} s, and a reel {SHORTEST_REEL} to {LONGEST_REEL} s"
    if (
        width < SMALLEST_REEL[0]
        or height < SMALLEST_REEL[1]
        or abs(height * 9 / (width * 16) - 1) > 0.01
    ):
        return f"it is {width}x{height}, and a reel 9:16, from 540x960"
    return ""


def shown_as_reel(account: Account, post: Post, video: Media, ask: Ask) -> Published:
    reels = page(account, "video_reels")
    begun = ask(replace(posted("begin", reels, REEL, upload_phase="start"), repeat=HARMLESS)).json()
    ask(
        Request(
            step="upload",
            method="POST",
            url=begun["upload_url"],
            headers={"offset": "0", "file_size": str(video.size)},
            body=video,
            repeat=HARMLESS,
            example={"success": True},
        )
    )
    wait_for(begun["video_id"], video, ask)
    ask(
        posted(
            "publish",
            reels,
            {"success": True},
            upload_phase="finish",
            video_id=begun["video_id"],
            video_state="PUBLISHED",
            **given({"description": post.text}),
        )
    )
    return reel(begun["video_id"])


def wait_for(identifier: str, video: Media, ask: Ask) -> None:
    """Until the whole file has arrived."""
    for look in range(LOOKS):
        status = state(identifier, ask, after=5 if look else 0)["status"]
        if status.get("video_status") in ("error", "upload_failed"):
            raise Rejected(
                f"Facebook cannot use {video.file.name}: {phase(status, 'processing', 'error') or status['video_status']}"
            )
        if phase(status, "uploading") == "complete":
            return
    raise TryLater(f"Facebook has not got all of {video.file.name} yet", after=60)


def state(identifier: str, ask: Ask, after: float = 0, more: str = "") -> Json:
    """What Facebook tells of a video, with `more` fields."""
    return ask(
        got(
            "status",
            f"{GRAPH}/{identifier}?fields=status,permalink_url{more}",
            fresh=True,
            after=after,
            example=ARRIVED,
        )
    ).json()


def phase(status: Json, name: str, what: str = "status") -> str:
    """What is said of a phase: uploading, processing, publishing."""
    said = (status.get(f"{name}_phase") or {}).get(what) or ""
    return str(said.get("message", "") if isinstance(said, dict) else said)


def shown_as_video(account: Account, post: Post, video: Media, ask: Ask) -> Published:
    """In the pieces that Facebook asks for."""
    videos = f"{VIDEOS}/{account.settings['page']}/videos"
    begun = ask(
        Request(
            step="begin",
            method="POST",
            url=videos,
            form={"upload_phase": "start", "file_size": str(video.size)},
            repeat=HARMLESS,
            example={**place(0, video.size), "video_id": "777001", "upload_session_id": "777002"},
        )
    ).json()
    upload = {"upload_session_id": str(begun["upload_session_id"])}
    wanted = begun
    while int(wanted["start_offset"]) < int(wanted["end_offset"]):
        start, end = int(wanted["start_offset"]), int(wanted["end_offset"])
        wanted = ask(
            Request(
                step=f"upload {start}",
                method="POST",
                url=videos,
                repeat=HARMLESS,
                example=place(end, end),
                form={"upload_phase": "transfer", **upload, "start_offset": str(start)},
                files={"video_file_chunk": Part(media=video, start=start, end=end)},
            )
        ).json()
    ask(
        posted(
            "publish",
            videos,
            {"success": True},
            upload_phase="finish",
            **upload,
            **given({"description": post.text}),
        )
    )
    return seen_at(f"https://www.facebook.com/{begun['video_id']}", str(begun["video_id"]))


def place(start: int, end: int) -> dict[str, str]:
    return {"start_offset": str(start), "end_offset": str(end)}


def look_at_video(identifier: str, ask: Ask) -> Look | None:
    """Whether the video is published; None where Facebook does not tell."""
    video = state(identifier, ask, more=",post_id")
    publishing = phase(video["status"], "publishing")
    if publishing == "complete":
        address = at_facebook(video.get("permalink_url") or f"/{identifier}")
        up = replace(seen_at(address, identifier), ref=ref_of_video(video, identifier))
        return Look(found=Found.OURS, post=up)
    if "in_progress" in (publishing, phase(video["status"], "processing")):
        why = f"Facebook is still processing the video {identifier}"
        return Look(found=Found.FAILED, why=why)
    return Look(found=Found.ABSENT) if publishing else None


def ref_of_video(video: Json, identifier: str) -> dict[str, Json]:
    """What comments need of a video, and the number of its post, where Facebook tells it."""
    more = {"ids": [identifier, video["post_id"]]} if video.get("post_id") else {}
    return {"on": identifier, **more}


def at_facebook(address: str) -> str:
    """The whole address; videos have only the end of theirs."""
    return address if "://" in address else f"https://www.facebook.com{address}"


def commented(account: Account, post: Post, before: Published, ask: Ask) -> Published:
    if post.media:
        raise Rejected("a comment on Facebook is a text alone here: take the media away")
    on = target(account, before)
    answer = ask(
        posted(
            "comment",
            f"{GRAPH}/{on}/comments",
            COMMENT,
            message=post.text,
            fields="id,permalink_url",
        )
    ).json()
    return published(answer, on)


def target(account: Account, post: Published) -> str:
    """The post that is commented on, also where a comment is answered. One that a person found is known by its URL."""
    if "on" in post.ref:
        return str(post.ref["on"])
    under = UNDER_A_PAGE.search(post.id)
    if under:
        return f"{account.settings['page']}_{under[1]}"
    named = PERMALINK.search(post.id) or NUMBER.search(post.id)
    if not named:
        raise Rejected(
            f"which post {post.id} is cannot be told from its address; give one like https://www.facebook.com/1234_5678"
        )
    return "_".join(named.groups())


def published(one: Json, on: str = "") -> Published:
    return Published(
        id=one["id"],
        url=one.get("permalink_url") or f"https://www.facebook.com/{one['id']}",
        ref={"on": on or one["id"]},
    )


def reel(identifier: str) -> Published:
    return seen_at(f"https://www.facebook.com/reel/{identifier}", identifier)


def seen_at(url: str, identifier: str) -> Published:
    return Published(id=identifier, url=url, ref={"on": identifier})


# https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow; http://localhost is only taken while an app is in development
OAUTH = OAuth(
    authorize="https://www.facebook.com/v26.0/dialog/oauth",
    token=f"{GRAPH}/oauth/access_token",
    scopes=(
        "pages_show_list",
        "pages_read_engagement",
        "pages_read_user_content",
        "pages_manage_posts",
        "pages_manage_engagement",
    ),
    separator=",",
    pkce="",
    redirect="https://localhost/",
    lasting=lasting,
)

PLATFORM = Platform(
    name="facebook",
    settings=(
        Setting(
            name="page",
            meaning="the number of the Page, under About: Page transparency",
            required=True,
            example="102345678901234",
        ),
    ),
    options=(
        Setting(
            name="format",
            meaning="how a video is shown; a reel where nothing is said and it is 9:16 and 3 to 90 s long",
            type=Literal["reel", "video"],
            example="video",
        ),
    ),
    limits=Limits(
        text=63_206,
        unit="UTF-16 units",
        own_cards=False,
        link_or_media=True,
        replies=True,
        images=10,
        image_types=("image/jpeg", "image/png"),
        animations=(),
        image_bytes=4_000_000,  # Meta says 10 MB, but others were refused more than 4
        videos=1,
        videos_alone=True,
        video_codecs=("h264", "hevc", "aac"),
        video_bytes=10_000_000_000,
        video_seconds=4 * 3600,
        video_rate=60,
        video_rate_least=24,
        alt=1000,  # no figure is published; this is Instagram's
        source="https://developers.facebook.com/docs/pages-api/posts",
        checked=date(2026, 11, 25),
    ),
    obtain="https://developers.facebook.com/tools/explorer: a User token with "
    + ", ".join(OAUTH.scopes)
    + ", made a long-lived one in the "
    "Access Token Debugger; or the Page's own token",
    optional_secrets=("client_id", "client_secret"),
    oauth=OAUTH,
    session=session,
    sign=sign,
    publish=publish,
    recent=recent,
    find=find,
    find_after=10,  # no source; cautious. A video's state is exact
    id_of=id_of,
    whoami=whoami,
    errors=ERRORS,
    error_code=error_code,
)
