"""YouTube: a video with its title, description, tags, thumbnail and captions, into a playlist; upright and short it is a Short. Comments on it.

The address of an upload is its handle: asked how much has arrived, also after a crash, it answers with the video once all has.
Where something is to be added to the video (a thumbnail, captions, a playlist), it is private until the last request.

https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

from platforms.base import (
    DOUBLES,
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    Lost,
    Media,
    OAuth,
    Part,
    Platform,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    TryLater,
    code_at,
    last_part,
    media_of_kind,
    renewing,
)
from platforms.recent import (
    Found,
    ListedPost,
    Look,
    PostList,
    Search,
    by_cursor,
    iso,
    look_through,
)

CHUNK = 33_554_432  # bytes; a multiple of 256 KB
GOES_ON, GONE, EXISTS = (
    308,
    404,
    409,
)  # more is to come; an upload that is not known any more; captions that are there already
KNOWN = (
    6 * 86_400.0
)  # seconds for which the address of an upload is gone back to; a 404 says when it is no more
AN_HOUR = 3600.0  # seconds
SHORT = 180  # seconds
KEPT = timedelta(seconds=KNOWN)  # a video may be dated from the beginning of its upload
MODERATED = ("published", "heldForReview", "likelySpam")  # states that comments are listed by
UNDER_REVIEW = "under review"  # where ours may be, and whose list only a channel's owner may see
LONGEST_TITLE, LONGEST_TAGS = 100, 500  # characters
VIDEO = {"kind": "youtube#video", "id": "dQw4w9WgXcQ", "status": {"privacyStatus": "public"}}
SESSION = Response(
    headers={
        "location": "https://www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&upload_id=xa298sd_sdlkj2"
    }
)
CAPTIONS = Response(
    headers={
        "location": "https://www.googleapis.com/upload/youtube/v3/captions?uploadType=resumable&upload_id=xb298sd"
    }
)
CHANNEL = {
    "items": [
        {
            "id": "UC_x5XG1OV2P6uZZ5FSM9Ttw",
            "snippet": {"title": "Ms Ada"},
            "contentDetails": {"relatedPlaylists": {"uploads": "UU_x5XG1OV2P6uZZ5FSM9Ttw"}},
        }
    ]
}
COMMENT = {"id": "UgzDE8pqJ_c5yKbXUcV4AaABAg"}
ON = {"items": [{"id": "dQw4w9WgXcQ", "snippet": {"channelId": "UC_x5XG1OV2P6uZZ5FSM9Ttw"}}]}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if post.reply_to:
        return commented(account, post, ask)
    refuse(post)
    (video,) = media_of_kind(post.media, "video")
    wanted, more = status(post), has_more(post)
    begun = {
        "snippet": snippet(post),
        "status": given(
            {**wanted, "privacyStatus": "private", "publishAt": None} if more else wanted
        ),
    }
    up = uploaded(account, video, begun, ask, is_last=not more)
    for image in media_of_kind(post.media, "image"):
        ask(
            Request(
                step="thumbnail",
                method="POST",
                url=at(account, f"upload/youtube/v3/thumbnails/set?videoId={up}"),
                body=image,
                headers={"Content-Type": image.type},
                repeat=HARMLESS,
                example={},
            )
        )
    if video.captions:
        captioned(account, up, video.captions, post.language, ask)
    if post.options.get("playlist"):
        put_into(account, post.options["playlist"], up, ask)
    if more:
        ask(showing(account, post, up))
    return published(up, video)


def has_more(post: Post) -> bool:
    """Whether something is added to the video before it is shown."""
    return bool(
        media_of_kind(post.media, "image")
        or post.options.get("playlist")
        or any(one.captions for one in post.media)
    )


def showing(account: Account, post: Post, video: str) -> Request:
    """What shows a video that something was added to. It names the video: a second one changes nothing."""
    return Request(
        step="publish",
        method="PUT",
        url=at(account, "youtube/v3/videos?part=status"),
        json={"id": video, "status": given(status(post))},
        repeat=DROPPED,
        remembered=FOREVER,
        example=VIDEO,
    )


def refuse(post: Post) -> None:
    """What YouTube would refuse for what stands in it."""
    for what, text in (("title", post.title), ("text", post.text)):
        if re.search("[<>]", text):
            raise Rejected(f"YouTube takes no '<' and '>' in the {what}: say it without")
    if len(",".join(tags(post))) > LONGEST_TAGS:
        raise Rejected(
            f"the tags are longer than the {LONGEST_TAGS} characters that YouTube keeps: take some away"
        )


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """The video that the upload became; where that is not known any more, what the lists prove.

    One that was uploaded whole is ours. Whether others see it says nothing: without an audit
    YouTube keeps it private.
    """
    if post.reply_to:
        # Later comments may stand under other videos: this list does not have to show them.
        here = replace(lost, newer=frozenset())
        return look_through(recent(account, post, lost, ask), PLATFORM, here, ask)
    (video,) = media_of_kind(post.media, "video")
    begun = lost.answers.get("begin")
    asked = [progress(begun.headers["location"], video, ask)] if begun else []
    before = (*answers_to(lost, "progress"), *answers_to(lost, "upload"))
    uploaded = id_in((*asked, *before))
    if uploaded:
        return look_at_upload(account, post, published(uploaded, video), ask)
    if any(answer.status == GOES_ON for answer in asked):
        return Look(found=Found.ABSENT)  # it has not arrived whole
    found = look_through(recent(account, post, lost, ask), PLATFORM, lost, ask)
    if found.found is Found.OURS and found.post:
        why = what_differs(account, post, found.post, ask)
        return Look(found=Found.NEAR, post=found.post, why=why) if why else found
    return found


def look_at_upload(account: Account, post: Post, video: Published, ask: Ask) -> Look:
    """Whether an upload of ours is shown: where something is added to it, by the last request."""
    if not has_more(post):
        return Look(found=Found.OURS, post=video)
    details = details_of(account, video.id, "status", ask)
    if not details:
        return Look(found=Found.FAILED, why=f"YouTube does not show the video {video.id}")
    is_shown = is_as_wanted(details["status"], status(post))
    return Look(found=Found.OURS, post=video) if is_shown else Look(found=Found.ABSENT)


def what_differs(account: Account, post: Post, like_ours: Published, ask: Ask) -> str:
    """What speaks against a video with our words that is not known to be our upload."""
    details = details_of(account, like_ours.id, "status,fileDetails", ask)
    (video,) = media_of_kind(post.media, "video")
    size = details.get("fileDetails", {}).get("fileSize")
    if size is not None and int(size) != video.size:
        return "a video with the same words, made of another file"
    if has_more(post) and not is_as_wanted(details["status"], status(post)):
        return "a video that looks like it, which is not shown yet"
    return ""


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The channel's uploads, or the comments on a video."""
    mine = channel(account, ask)
    if post.reply_to:
        return comments(account, post, mine["id"], ask)
    (video,) = media_of_kind(post.media, "video")
    uploads = mine["contentDetails"]["relatedPlaylists"]["uploads"]
    path = f"playlistItems?part=snippet,status&playlistId={uploads}&maxResults=50"
    # No count: `videoCount` leaves out what is private, as YouTube keeps uploads without an audit.
    return Search(
        lists=(youtube_list(account, "list", path, lambda item: listed(item, video), KEPT),),
        expected=expected(post, mine["id"]),
    )


def youtube_list(
    account: Account,
    step: str,
    path: str,
    read: Callable[[Json], ListedPost | None],
    early: timedelta = timedelta(),
) -> PostList:
    """A list of YouTube's; it has no `nextPageToken` where it ends."""
    request = Request(
        step=step,
        url=at(account, f"youtube/v3/{path}"),
        repeat=HARMLESS,
        example={"items": []},
    )
    return PostList(
        request=request,
        read=read,
        items=("items",),
        next_page=by_cursor("pageToken", "nextPageToken"),
        cursor_ends=True,
        empty_ends=False,
        newest_first=True,
        early=early,
    )


def expected(post: Post, author: str) -> ListedPost:
    """Our video, as the list would show it."""
    is_later = bool(post.options.get("publish_at"))
    return ListedPost(
        author=author,
        title=post.title,
        shown=post.text,
        visibility=None if is_later else post.options.get("privacy", "public"),
    )


def listed(item: Json, video: Media) -> ListedPost:
    """A video of the channel. A private one may be a public one of an app without an audit."""
    snippet, visibility = item["snippet"], item.get("status", {}).get("privacyStatus")
    post = published(snippet["resourceId"]["videoId"], video)
    return ListedPost(
        id=post.id,
        url=post.url,
        made=iso(snippet["publishedAt"]),
        author=snippet.get("videoOwnerChannelId"),
        title=snippet["title"],
        shown=snippet.get("description"),
        visibility=None if visibility == "private" else visibility,
        ref=dict(post.ref),
    )


def comments(account: Account, post: Post, author: str, ask: Ask) -> Search:
    """The comments on a video. On our own ones those that wait for a review can be listed too."""
    assert post.reply_to
    on = video_of(post.reply_to)
    path = f"videos?part=snippet,statistics&id={quote(on)}"
    video = ask(
        Request(step="video", url=at(account, f"youtube/v3/{path}"), repeat=HARMLESS, example=ON)
    ).json()["items"][0]
    is_own = video["snippet"]["channelId"] == author
    known = MODERATED if is_own else MODERATED[:1]
    lists = tuple(comments_in(account, on, state) for state in known)
    if not is_own:
        lists = tuple(replace(one, hides=(UNDER_REVIEW,)) for one in lists)
    count = video.get("statistics", {}).get("commentCount")
    return Search(
        lists=lists,
        expected=ListedPost(author=author, shown=post.text, parent=on, state=UNDER_REVIEW),
        count=int(count) if count is not None else None,
    )


def comments_in(account: Account, on: str, state: str) -> PostList:
    path = f"commentThreads?part=snippet&videoId={quote(on)}&order=time&maxResults=100"
    about = f"textFormat=plainText&moderationStatus={state}"
    return youtube_list(
        account, f"comments {state}", f"{path}&{about}", lambda item: listed_comment(on, item)
    )


def listed_comment(on: str, item: Json) -> ListedPost:
    top = item["snippet"]["topLevelComment"]["snippet"]
    author = top.get("authorChannelId", {}).get("value")
    post = comment(item["id"], on)
    return ListedPost(
        id=post.id,
        url=post.url,
        made=iso(top["publishedAt"]),
        author=author,
        shown=top.get("textDisplay"),
        written=top.get("textOriginal"),
        parent=item["snippet"].get("videoId") or on,
        doubt="" if author else "a comment that looks like it, and YouTube does not tell whose",
        ref=dict(post.ref),
    )


def id_of(name: str) -> str:
    """The id of a comment or a video."""
    if "://" not in name:
        return name
    query = dict(parse_qsl(urlsplit(name).query))
    return query.get("lc") or query.get("v") or last_part(name)


def id_in(answers: Iterable[Response]) -> str | None:
    """The id of the video, by the first answer that has one."""
    return next((str(one.json()["id"]) for one in answers if one.status < GOES_ON), None)


def answers_to(lost: Lost, step: str) -> list[Response]:
    """What was answered before to the steps that begin so."""
    return [answer for name, answer in lost.answers.items() if name.startswith(step)]


def details_of(account: Account, video: str, parts: str, ask: Ask) -> Json:
    """What YouTube tells of a video; nothing where it does not show it."""
    asked = Request(
        step="status",
        url=at(account, f"youtube/v3/videos?part={parts}&id={video}"),
        repeat=HARMLESS,
        example={"items": [VIDEO]},
    )
    return next(iter(ask(asked).json()["items"]), {})


def is_as_wanted(told: Json, wanted: Json) -> bool:
    """What YouTube shows later by itself is private before and after that is asked for, until it is public."""
    if wanted["publishAt"]:
        return bool(told.get("publishAt")) or told["privacyStatus"] == "public"
    return bool(told["privacyStatus"] == wanted["privacyStatus"])


def whoami(account: Account, ask: Ask) -> str:
    return str(channel(account, ask)["snippet"]["title"])


def channel(account: Account, ask: Ask) -> Json:
    found = ask(
        Request(
            step="channel",
            url=at(account, "youtube/v3/channels?part=snippet,contentDetails&mine=true"),
            repeat=HARMLESS,
            example=CHANNEL,
        )
    ).json()
    if not found.get("items"):
        raise Rejected(
            "this Google account has no channel on YouTube: open youtube.com and make one"
        )
    return found["items"][0]


def at(account: Account, path: str) -> str:
    return f"{account.settings['server']}/{path}"


def snippet(post: Post) -> dict[str, Json]:
    said = {
        "title": post.title,
        "description": post.text,
        "tags": tags(post),
        "categoryId": str(post.options.get("category", 27)),
        "defaultLanguage": post.language,
    }
    return {name: value for name, value in said.items() if value}


def status(post: Post) -> dict[str, Json]:
    options, later = post.options, opens_at(post)
    return {
        "privacyStatus": "private" if later else options.get("privacy", "public"),
        "publishAt": later,
        "selfDeclaredMadeForKids": bool(options.get("made_for_kids")),
    }


def opens_at(post: Post) -> str | None:
    """When YouTube makes it public by itself, in ISO 8601."""
    written = post.options.get("publish_at")
    if not written:
        return None
    try:
        later = datetime.fromisoformat(written)
        is_later = later > post.due
    except (ValueError, TypeError):  # no time, or one without an offset
        raise Rejected(
            f"`publish_at: {written}` is no time with an offset: write it as 2026-12-01T09:00:00+01:00"
        ) from None
    if not is_later:
        raise Rejected(
            f"`publish_at: {written}` is not after the entry's own time, {post.due.isoformat()}, when it goes up: make it later"
        )
    return later.isoformat()


def given(values: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in values.items() if value is not None}


def tags(post: Post) -> list[str]:
    return list(dict.fromkeys(span.value for span in post.spans if span.kind == "tag"))


def uploaded(account: Account, video: Media, begun: Json, ask: Ask, is_last: bool) -> str:
    """The id of the video. An upload that YouTube no longer knows begins anew."""
    session = session_of(account, video, begun, ask)
    answer = progress(session, video, ask)
    if answer.status == GONE and not is_last:
        # It may be whole all the same: the journal knows the answer to its last part.
        end = chunk(session, video, (video.size - 1) // CHUNK * CHUNK, is_last)
        answer = ask(replace(end, accepts=(GOES_ON, GONE)))
    if answer.status == GONE:
        session = session_of(account, video, begun, ask, again=True)
        answer = progress(session, video, ask)
    while answer.status == GOES_ON:
        answer = ask(chunk(session, video, received(answer), is_last))
    return str(answer.json()["id"])


def chunk(session: str, video: Media, start: int, is_last: bool) -> Request:
    """A part of the video. `is_last`: readers see the video when it has all of them."""
    end = min(start + CHUNK, video.size)
    is_whole = end == video.size
    return Request(
        step=f"upload {start // CHUNK + 1}",
        method="PUT",
        url=session,
        body=Part(media=video, start=start, end=end),
        headers={
            "Content-Type": video.type,
            "Content-Range": f"bytes {start}-{end - 1}/{video.size}",
        },
        repeat=DOUBLES if is_whole and is_last else HARMLESS,
        lasts=KNOWN if is_whole else AN_HOUR,
        accepts=(GOES_ON,),
        example=VIDEO
        if is_whole
        else Response(status=GOES_ON, headers={"range": f"bytes=0-{end - 1}"}),
    )


def captioned(account: Account, video: str, captions: Media, language: str, ask: Ask) -> None:
    """Gives the video its captions. Those that an earlier attempt gave it are there already."""
    track = {"snippet": {"videoId": video, "language": language, "name": ""}}
    begun = ask(
        Request(
            step="captions",
            method="POST",
            url=at(account, "upload/youtube/v3/captions?uploadType=resumable&part=snippet"),
            json=track,
            headers={
                "X-Upload-Content-Length": str(captions.size),
                "X-Upload-Content-Type": captions.type,
            },
            repeat=HARMLESS,
            accepts=(EXISTS,),
            example=CAPTIONS,
        )
    )
    if begun.status != EXISTS:
        ask(
            Request(
                step="captions file",
                method="PUT",
                url=begun.headers["location"],
                body=captions,
                headers={"Content-Type": captions.type},
                repeat=HARMLESS,
                accepts=(EXISTS,),
                example={"kind": "youtube#caption"},
            )
        )


def put_into(account: Account, playlist: str, video: str, ask: Ask) -> None:
    """Lists the video, once: a playlist takes the same one again."""
    asked = at(
        account,
        f"youtube/v3/playlistItems?part=snippet&playlistId={quote(playlist)}&videoId={video}",
    )
    if ask(
        Request(step="playlist", url=asked, repeat=HARMLESS, fresh=True, example={"items": []})
    ).json()["items"]:
        return
    item = {
        "snippet": {
            "playlistId": playlist,
            "resourceId": {"kind": "youtube#video", "videoId": video},
        }
    }
    ask(
        Request(
            step="listing",
            method="POST",
            url=at(account, "youtube/v3/playlistItems?part=snippet"),
            json=item,
            repeat=HARMLESS,
            example={},
        )
    )


def session_of(account: Account, video: Media, begun: Json, ask: Ask, again: bool = False) -> str:
    headers = {"X-Upload-Content-Length": str(video.size), "X-Upload-Content-Type": video.type}
    url = at(account, "upload/youtube/v3/videos?uploadType=resumable&part=snippet,status")
    return ask(
        Request(
            step="begin",
            method="POST",
            url=url,
            headers=headers,
            json=begun,
            repeat=HARMLESS,
            lasts=KNOWN,
            fresh=again,
            example=SESSION,
        )
    ).headers["location"]


def progress(session: str, video: Media, ask: Ask) -> Response:
    """308 with what has arrived, or the video once all has."""
    return ask(
        Request(
            step="progress",
            method="PUT",
            url=session,
            headers={"Content-Range": f"bytes */{video.size}"},
            repeat=HARMLESS,
            fresh=True,
            accepts=(GOES_ON, GONE),
            example=Response(status=GOES_ON),
        )
    )


def received(answer: Response) -> int:
    """Bytes that have arrived."""
    last = re.search(r"-(\d+)$", answer.headers.get("range", ""))
    return int(last[1]) + 1 if last else 0


def commented(account: Account, post: Post, ask: Ask) -> Published:
    assert post.reply_to
    on = video_of(post.reply_to)
    if post.media:
        raise Rejected("a comment on YouTube is a text alone: take the media away")
    if post.options.get("made_for_kids"):
        raise Rejected(
            "nobody can comment on a video that is made for children: take the comment away, or `made_for_kids`"
        )
    body = {"snippet": {"videoId": on, "topLevelComment": {"snippet": {"textOriginal": post.text}}}}
    answer = ask(
        Request(
            step="comment",
            method="POST",
            url=at(account, "youtube/v3/commentThreads?part=snippet"),
            json=body,
            example=COMMENT,
        )
    )
    return comment(answer.json()["id"], on)


def video_of(post: Published) -> str:
    """The video that a comment belongs to. One that a person found is known by its URL."""
    address = urlsplit(post.id)
    return str(
        post.ref.get("video")
        or parse_qs(address.query).get("v", [address.path.rstrip("/").rpartition("/")[2]])[0]
    )


def comment(identifier: str, on: str) -> Published:
    return Published(
        id=identifier,
        url=f"https://www.youtube.com/watch?v={on}&lc={identifier}",
        ref={"video": on},
    )


def published(identifier: str, video: Media) -> Published:
    is_short = bool(
        video.seconds
        and video.seconds <= SHORT
        and video.width
        and video.height
        and video.height >= video.width
    )
    url = (
        f"https://www.youtube.com/shorts/{identifier}"
        if is_short
        else f"https://www.youtube.com/watch?v={identifier}"
    )
    return Published(id=identifier, url=url, ref={"video": identifier})


reason = code_at("error", "errors", 0, "reason")  # Google's own code, e.g. `quotaExceeded`.


def notices(account: Account, today: date) -> Iterator[str]:
    yield (
        "YouTube keeps what an app uploads private until Google has audited the app's project: "
        "https://support.google.com/youtube/contact/yt_api_form"
    )


OAUTH = OAuth(
    authorize="https://accounts.google.com/o/oauth2/v2/auth",
    token="https://oauth2.googleapis.com/token",
    scopes=("https://www.googleapis.com/auth/youtube.force-ssl",),
    more={"access_type": "offline", "prompt": "consent"},
)

PLATFORM = Platform(
    name="youtube",
    settings=(
        Setting(
            name="server",
            meaning="where its API is",
            default="https://www.googleapis.com",
            example="https://www.googleapis.com",
        ),
    ),
    options=(
        Setting(
            name="privacy",
            meaning="who sees it",
            type=Literal["public", "unlisted", "private"],
            default="public",
            example="unlisted",
        ),
        Setting(
            name="publish_at",
            meaning="when YouTube itself makes it public, with the offset; private until then",
            example="2026-12-01T09:00:00+01:00",
        ),
        Setting(
            name="playlist",
            meaning="the id of a playlist of the channel",
            example="PLBCF2DAC6FFB574DE",
        ),
        Setting(
            name="category",
            meaning="the number of its category; 27 is education",
            type=int,
            default=27,
            example="27",
        ),
        Setting(
            name="made_for_kids",
            meaning="whether it is made for children, who may not comment",
            type=bool,
            default=False,
            example="true",
        ),
    ),
    limits=Limits(
        text=5000,
        unit="bytes",
        title=LONGEST_TITLE,
        needs_title=True,
        needs="video",
        links=False,
        replies=True,
        images=1,
        image_types=("image/jpeg", "image/png"),
        image_bytes=2_000_000,
        videos=1,
        video_types=("video/mp4", "video/quicktime", "video/webm"),
        video_codecs=("h264", "hevc", "vp8", "vp9", "av1", "aac", "opus", "vorbis", "mp3"),
        video_bytes=256_000_000_000,
        video_seconds=12 * 3600,
        captions=("text/vtt", "application/x-subrip"),
        alt=0,
        caps=(Cap(posts=100, seconds=86_400, of="app"),),
        source="https://developers.google.com/youtube/v3/docs/videos/insert",
        checked=date(2026, 11, 23),
    ),
    obtain="https://console.cloud.google.com: a project with 'YouTube Data API v3', a consent screen in production, and a client of type Desktop app",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(OAUTH),
    publish=publish,
    recent=recent,
    find=find,
    find_after=30,  # no source; cautious. What became of an upload is exact
    id_of=id_of,
    whoami=whoami,
    notices=notices,
    error_code=reason,
    errors={
        "quotaExceeded": TryLater,
        "uploadLimitExceeded": TryLater,
        "rateLimitExceeded": TryLater,
    },
)
