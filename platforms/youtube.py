"""YouTube: a video with its title, description, tags, thumbnail and captions, into a playlist; upright and short it is a Short. Comments on it.

The address of an upload is its handle: asked how much has arrived, also after a crash, it answers with the video once all has.
Where something is to be added to the video (a thumbnail, captions, a playlist), it is private until the last request.

https://developers.google.com/youtube/v3/guides/using_resumable_upload_protocol
"""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Literal
from urllib.parse import parse_qs, quote, urlsplit

from platforms.base import (
    DOUBLES,
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
    media_of_kind,
    renewing,
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
SHORT = 180  # seconds
EARLY = timedelta(hours=1)  # how far YouTube's clock and ours may be apart
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
    """What shows a video that something was added to. A second one changes nothing, but only `find` sends it: it knows the video also when
    the beginning of the upload is forgotten, and `publish` would upload it anew.
    """
    return Request(
        step="publish",
        method="PUT",
        url=at(account, "youtube/v3/videos?part=status"),
        json={"id": video, "status": given(status(post))},
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


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """The video that the upload became; where that is not known any more, the one of that title among the latest.

    One that was uploaded whole is ours, and never uploaded again. Whether others see it says nothing: without an audit YouTube keeps it private.
    """
    if post.reply_to:
        return found_comment(account, post, lost, ask)
    (video,) = media_of_kind(post.media, "video")
    up, more = became(video, lost, ask), has_more(post)
    if up:
        if more and not is_shown(account, post, up, ask):
            ask(showing(account, post, up))
        return published(up, video)
    return next(
        (
            published(one, video)
            for one in latest(account, post, lost, ask)
            if not more or is_shown(account, post, one, ask)
        ),
        None,
    )


def became(video: Media, lost: Lost, ask: Ask) -> str | None:
    """The id of the video, by the upload's address, else by what was answered before."""
    asked = (
        [progress(lost.answers["begin"].headers["location"], video, ask)]
        if "begin" in lost.answers
        else []
    )
    before = [
        one
        for prefix in ("progress", "upload")
        for step, one in lost.answers.items()
        if step.startswith(prefix)
    ]
    return next((str(one.json()["id"]) for one in (*asked, *before) if one.status < 300), None)


def is_shown(account: Account, post: Post, video: str, ask: Ask) -> bool:
    """Whether its last request has arrived."""
    asked = Request(
        step="status",
        url=at(account, f"youtube/v3/videos?part=status&id={video}"),
        repeat=HARMLESS,
        example={"items": [VIDEO]},
    )
    return any(is_as_wanted(one["status"], status(post)) for one in ask(asked).json()["items"])


def is_as_wanted(told: Json, wanted: Json) -> bool:
    """What YouTube shows later by itself is private before and after that is asked for, until it is public."""
    if wanted["publishAt"]:
        return bool(told.get("publishAt")) or told["privacyStatus"] == "public"
    return bool(told["privacyStatus"] == wanted["privacyStatus"])


def latest(account: Account, post: Post, lost: Lost, ask: Ask) -> Iterator[str]:
    uploads = channel(account, ask)["contentDetails"]["relatedPlaylists"]["uploads"]
    listed = Request(
        step="list",
        url=at(
            account, f"youtube/v3/playlistItems?part=snippet&playlistId={uploads}&maxResults=50"
        ),
        repeat=HARMLESS,
        example={"items": []},
    )
    for one in ask(listed).json()["items"]:
        made, video = (
            datetime.fromisoformat(one["snippet"]["publishedAt"]),
            one["snippet"]["resourceId"]["videoId"],
        )
        if (
            one["snippet"]["title"] == post.title
            and made > lost.left_at - EARLY
            and video not in lost.others
        ):
            yield str(video)


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
    if answer.status == GONE:
        session = session_of(account, video, begun, ask, again=True)
        answer = progress(session, video, ask)
    while answer.status == GOES_ON:
        start = received(answer)
        end = min(start + CHUNK, video.size)
        is_whole = end == video.size
        answer = ask(
            Request(
                step=f"upload {start // CHUNK + 1}",
                method="PUT",
                url=session,
                body=Part(media=video, start=start, end=end),
                headers={
                    "Content-Type": video.type,
                    "Content-Range": f"bytes {start}-{end - 1}/{video.size}",
                },
                repeat=DOUBLES if is_whole and is_last else HARMLESS,
                accepts=(GOES_ON,),
                example=VIDEO
                if is_whole
                else Response(status=GOES_ON, headers={"range": f"bytes=0-{end - 1}"}),
            )
        )
    return str(answer.json()["id"])


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


def found_comment(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    assert post.reply_to
    on = video_of(post.reply_to)
    listed = Request(
        step="comments",
        url=at(
            account,
            f"youtube/v3/commentThreads?part=snippet&videoId={quote(on)}&order=time&maxResults=100",
        ),
        repeat=HARMLESS,
        example={"items": []},
    )
    for one in ask(listed).json()["items"]:
        said = one["snippet"]["topLevelComment"]["snippet"]
        if (
            said.get("textOriginal", said.get("textDisplay")) == post.text
            and one["id"] not in lost.others
        ):
            return comment(one["id"], on)
    return None


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
    find=find,
    whoami=whoami,
    notices=notices,
    error_code=reason,
    errors={
        "quotaExceeded": TryLater,
        "uploadLimitExceeded": TryLater,
        "rateLimitExceeded": TryLater,
    },
)
