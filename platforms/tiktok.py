"""TikTok: a video or photos, put into the app's inbox, where the person finishes them, or posted directly.

Nothing of a video is there before its last chunk has arrived, and from the beginning it has an id. Photos are fetched by TikTok, and have an id
only once that is asked for. TikTok looks at a file when it has all of it: after the last request it is asked what became of that id.

https://developers.tiktok.com/doc/content-posting-api-reference-direct-post
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms.base import (
    DOUBLES,
    HARMLESS,
    Account,
    Ask,
    Cap,
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
    PublishError,
    Rejected,
    Repeat,
    Request,
    Response,
    Setting,
    TryLater,
    hosted,
    last_part,
    media_of_kind,
    renewing,
    utf16_units,
)
from platforms.recent import Found, ListedPost, Look, Page, PostList, Search, look_through, unix

SERVER = "https://open.tiktokapis.com/v2"
WHOLE, CHUNK = (
    64_000_000,
    32_000_000,
)  # bytes: up to which a video may be one chunk; of each chunk beyond. The last takes the remainder
SMALLEST, LARGEST = 360, 4096  # pixels, each side of a video
LATEST = 20  # posts on a page, the most that TikTok gives
FIELDS = "id,create_time,title,video_description,share_url"
NOT_AMONG_PUBLIC = (
    "it is not among the account's public posts, where it is only once TikTok has looked it through"
)
LONGEST_CAPTION, LONGEST_TITLE = 2200, 90  # UTF-16 units: of a video's text, of the title of photos
LOOKS = (
    0,
    2,
    5,
    10,
    20,
)  # seconds before each look at what became of it; TikTok answers 30 a minute
LOOK = "status "  # begins the step of a look; its id follows
DONE = ("PUBLISH_COMPLETE", "SEND_TO_USER_INBOX")
UNFIT_TEXT = (
    "its text does not go with it, as TikTok's inbox takes the video alone: paste it in the app"
)
UNFINISHED = (
    "TikTok had not said after a while what became of it: look in the app whether it is there"
)
PUBLIC = "PUBLIC_TO_EVERYONE"
PRIVACY = Literal["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "FOLLOWER_OF_CREATOR", "SELF_ONLY"]
UNAUDITED = (
    "TikTok has to audit an app before others see what it posts: until then it posts directly for SELF_ONLY, to accounts that are private, "
    "of at most 5 people a day; the inbox works without; once it is audited, say `audited: true`"
)
OK = {"code": "ok", "message": "", "log_id": "2026112509301234"}
CREATOR = {
    "creator_username": "hillschool",
    "comment_disabled": False,
    "duet_disabled": False,
    "stitch_disabled": False,
    "max_video_post_duration_sec": 600,
    "privacy_level_options": [
        "PUBLIC_TO_EVERYONE",
        "MUTUAL_FOLLOW_FRIENDS",
        "FOLLOWER_OF_CREATOR",
        "SELF_ONLY",
    ],
}
UPLOAD = {
    "publish_id": "v_pub_file~v2-1.123",
    "upload_url": "https://open-upload.tiktokapis.com/video/?upload_id=1&upload_token=x",
}
ERRORS: dict[str, type[PublishError]] = {
    **dict.fromkeys(("access_token_invalid", "scope_not_authorized"), LoginNeeded),
    **dict.fromkeys(
        (
            "rate_limit_exceeded",
            "spam_risk_too_many_posts",
            "spam_risk_too_many_pending_share",
            "reached_active_user_cap",
        ),
        TryLater,
    ),
    **dict.fromkeys(
        ("403", "404", "416"), TryLater
    ),  # of an upload, which says no code: its address has ended, or it has these bytes already
}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(account, post)
    wanted = about(post, ask) if is_direct(post) else {}
    videos = media_of_kind(post.media, "video")
    identifier, answer = (
        uploaded(videos[0], post, wanted, ask) if videos else pulled(post, wanted, ask)
    )
    told = looked_through(identifier, answer, ask)
    is_unfit = bool(videos and not is_direct(post) and post.text.strip())
    public = public_ids(told or {})
    return Published(
        id=identifier,
        ref={"ids": [identifier, *public]} if public else {},
        notes=(UNFIT_TEXT,) * is_unfit + (UNFINISHED,) * (told is None),
    )


def refuse(account: Account, post: Post) -> None:
    """What TikTok would refuse for what stands in it."""
    privacy = post.options.get("privacy")
    if is_direct(post) and not privacy:
        raise Rejected(
            "TikTok wants you to say who sees a post that is posted directly: `privacy: SELF_ONLY`, PUBLIC_TO_EVERYONE, "
            "MUTUAL_FOLLOW_FRIENDS or FOLLOWER_OF_CREATOR"
        )
    if is_direct(post) and privacy != "SELF_ONLY" and not account.settings["audited"]:
        raise Rejected(
            f"an app that TikTok has not audited cannot post for {privacy}, only for SELF_ONLY; if it has, say `audited: true`"
        )
    videos = media_of_kind(post.media, "video")
    if videos and is_direct(post) and utf16_units(post.text) > LONGEST_CAPTION:
        raise Rejected(
            f"the text of a video on TikTok has at most {LONGEST_CAPTION} UTF-16 units, and this one {utf16_units(post.text)}: shorten it"
        )
    if not videos and utf16_units(post.title) > LONGEST_TITLE:
        raise Rejected(
            f"the title of photos on TikTok has at most {LONGEST_TITLE} UTF-16 units, and this one {utf16_units(post.title)}: shorten it"
        )
    for one in videos:
        if (
            one.width
            and one.height
            and not SMALLEST <= min(one.width, one.height) <= max(one.width, one.height) <= LARGEST
        ):
            raise Rejected(
                f"{one.file.name} is {one.width}x{one.height}; TikTok takes videos of {SMALLEST} to {LARGEST} pixels a side"
            )


def is_direct(post: Post) -> bool:
    return post.options.get("mode") == "direct"


def looked_through(identifier: str, answer: Response, ask: Ask) -> Json | None:
    """What TikTok says of the post that it made; None where it did not say so after a while.

    Raises `Rejected`, with its `answer` to the visible request, where it made none.

    That request has been carried out, whatever comes of a look: one that is not answered is followed by the next.
    """
    for pause in LOOKS:
        try:
            told = state(identifier, ask, pause)
        except PublishError:
            continue
        if told["status"] == "FAILED":
            raise made_nothing(told, answer)
        if told["status"] in DONE:
            return told
    return None


def made_nothing(told: Json, answer: Response | None = None) -> Rejected:
    return Rejected(f"TikTok has it and made nothing of it: {told.get('fail_reason')}", answer)


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    identifier = known(lost)
    if identifier:
        return what_became_of(identifier, post, lost, ask)
    if not is_public(post):
        why = "TikTok lists public posts alone: look in the app"
        return Look(found=Found.FAILED, why=why)
    # Most posts are known by another id than the one that the list shows.
    newer = frozenset(name for name in lost.newer if name.isdigit())
    search = recent(account, post, lost, ask)
    found = look_through(search, PLATFORM, replace(lost, newer=newer), ask)
    if found.found is Found.ABSENT:
        return Look(found=Found.FAILED, why=NOT_AMONG_PUBLIC)
    return found


def is_public(post: Post) -> bool:
    return is_direct(post) and post.options["privacy"] == PUBLIC


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The account's public posts."""
    unknown = any(not last_part(name).isdigit() for name in lost.others)
    doubt = "a post with the same words, which may be an earlier one of yours" if unknown else ""
    posts = PostList(
        request=asked(
            "list",
            f"video/list/?fields={FIELDS}",
            {"max_count": LATEST},
            HARMLESS,
            {"videos": []},
        ),
        read=lambda item: listed(item, doubt),
        items=("data", "videos"),
        next_page=next_page,
        cursor_ends=True,
        empty_ends=False,
        newest_first=True,
    )
    return Search(lists=(posts,), expected=ListedPost(shown=post.text))


def next_page(page: Page) -> Request | None:
    """The cursor is a time, and also there where nothing follows: `has_more` tells."""
    data = page.body["data"]
    if not data["has_more"]:
        return None
    return replace(page.request, json={**page.request.json, "cursor": data["cursor"]})


def listed(item: Json, doubt: str = "") -> ListedPost:
    """A post of the list, which tells of a video's file, its link and who sees it nothing."""
    return ListedPost(
        id=item["id"],
        url=item.get("share_url"),
        made=unix(item["create_time"]),
        shown=item.get("video_description") or "",
        written=item.get("title") or None,
        doubt=doubt,
        ref={"ids": [item["id"]]},
    )


def known(lost: Lost) -> str | None:
    """The id of a video from the beginning, of photos from the looks at them."""
    if "begin" in lost.answers:
        return str(said(lost.answers["begin"])["publish_id"])
    return next((step.removeprefix(LOOK) for step in lost.answers if step.startswith(LOOK)), None)


def what_became_of(identifier: str, post: Post, lost: Lost, ask: Ask) -> Look:
    """The post, if TikTok has all of it. Its id there is not the one that lists show."""
    first, told = post.media[0], state(identifier, ask)
    ids = public_ids(told)
    there = Published(id=identifier, url=address(ids, first, lost), ref={"ids": [identifier, *ids]})
    if told["status"] in DONE:
        return Look(found=Found.OURS, post=there)
    if told["status"] == "FAILED":
        return Look(found=Found.NEAR, post=there, why=str(made_nothing(told)))
    arrived = told.get("uploaded_bytes", first.size)
    if told["status"] == "PROCESSING_UPLOAD" and arrived < first.size:
        return Look(found=Found.ABSENT)
    why = f"TikTok is still processing {first.file.name}"
    return Look(found=Found.FAILED, why=why)


def public_ids(status: Json) -> list[str]:
    """The ids that lists show; only public posts have one, once TikTok has looked them through."""
    return [str(one) for one in status.get("publicaly_available_post_id") or ()]


def state(identifier: str, ask: Ask, pause: float = 0) -> Json:
    """What TikTok says of it. The id is in the step too: of photos it stands nowhere else in the journal."""
    return said(
        ask(
            asked(
                f"{LOOK}{identifier}",
                "post/publish/status/fetch/",
                {"publish_id": identifier},
                HARMLESS,
                {"status": DONE[0]},
                fresh=True,
                after=pause,
            )
        )
    )


def address(ids: Sequence[str], media: Media, lost: Lost) -> str | None:
    """Where it is seen; only what is public has one, and once it has been looked through."""
    if not ids or "creator" not in lost.answers:
        return None
    kind = "video" if media.type.startswith("video/") else "photo"
    creator = said(lost.answers["creator"])["creator_username"]
    return f"https://www.tiktok.com/@{creator}/{kind}/{ids[0]}"


def whoami(account: Account, ask: Ask) -> str:
    request = Request(
        step="account",
        url=f"{SERVER}/user/info/?fields=open_id,display_name",
        repeat=HARMLESS,
        example={"data": {"user": {"open_id": "1", "display_name": "Hill School"}}, "error": OK},
    )
    return str(said(ask(request))["user"]["display_name"])


def asked(
    step: str,
    path: str,
    body: Json,
    repeat: Repeat,
    example: Json,
    fresh: bool = False,
    after: float = 0,
) -> Request:
    return Request(
        step=step,
        method="POST",
        url=f"{SERVER}/{path}",
        json=body,
        repeat=repeat,
        fresh=fresh,
        after=after,
        example={"data": example, "error": OK},
    )


def said(response: Response) -> Json:
    """What an answer holds. TikTok may say no with a 200."""
    answer = response.json()
    code = answer["error"]["code"]
    if code != "ok":
        raise ERRORS.get(code, Rejected)(
            f"TikTok said no: {code} {answer['error'].get('message', '')}".strip(), response
        )
    return answer["data"]


def about(post: Post, ask: Ask) -> dict[str, Json]:
    """What is said of a direct post, as far as the account allows it now; TikTok wants that asked before each."""
    creator = said(
        ask(asked("creator", "post/publish/creator_info/query/", {}, HARMLESS, CREATOR, fresh=True))
    )
    options, privacy = creator["privacy_level_options"], post.options["privacy"]
    if privacy not in options:
        raise Rejected(
            f"this account cannot post for {privacy} now; it can for {', '.join(options)}"
        )
    videos = media_of_kind(post.media, "video")
    for one in videos:
        if (one.seconds or 0) > creator["max_video_post_duration_sec"]:
            raise Rejected(
                f"{one.file.name} lasts {one.seconds:.0f} s, and this account may post {creator['max_video_post_duration_sec']} s"
            )
    allowed = post.options.get("allow") or ()
    kinds = ("comment", "duet", "stitch") if videos else ("comment",)
    return {
        "privacy_level": privacy,
        **{f"disable_{one}": one not in allowed or creator[f"{one}_disabled"] for one in kinds},
    }


def uploaded(video: Media, post: Post, wanted: Json, ask: Ask) -> tuple[str, Response]:
    """The id of the video, and what its last chunk was answered."""
    chunks = cut(video)
    source = {
        "source": "FILE_UPLOAD",
        "video_size": video.size,
        "chunk_size": chunks[0].size,
        "total_chunk_count": len(chunks),
    }
    body = (
        {"post_info": {"title": post.text, **wanted}, "source_info": source}
        if wanted
        else {"source_info": source}
    )
    path = f"post/publish/{'' if wanted else 'inbox/'}video/init/"
    answer = ask(asked("begin", path, body, HARMLESS, UPLOAD))
    begun = said(answer)
    arrived = state(begun["publish_id"], ask).get("uploaded_bytes", 0) if len(chunks) > 1 else 0
    for number, chunk in enumerate(chunks, 1):
        is_last = chunk.end == video.size
        if chunk.end <= arrived and not is_last:
            continue  # its answer was lost
        answer = ask(
            Request(
                step=f"upload {number}",
                method="PUT",
                url=begun["upload_url"],
                body=chunk,
                anonymous=True,
                headers={
                    "Content-Type": video.type,
                    "Content-Range": f"bytes {chunk.start}-{chunk.end - 1}/{video.size}",
                },
                repeat=DOUBLES if is_last else HARMLESS,
                example=Response(status=201 if is_last else 206),
            )
        )
    return str(begun["publish_id"]), answer


def cut(video: Media) -> tuple[Part, ...]:
    """The video in chunks; what is left goes with the last one."""
    size = CHUNK if video.size > WHOLE else video.size
    count = video.size // size
    return tuple(
        Part(
            media=video, start=nth * size, end=video.size if nth == count - 1 else (nth + 1) * size
        )
        for nth in range(count)
    )


def pulled(post: Post, wanted: Json, ask: Ask) -> tuple[str, Response]:
    """The id of the photos, which TikTok fetches, and the answer that has it."""
    body = {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST" if wanted else "MEDIA_UPLOAD",
        "post_info": {
            name: value
            for name, value in {"title": post.title, "description": post.text, **wanted}.items()
            if value != ""
        },
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_cover_index": 0,
            "photo_images": [hosted(one, number, ask) for number, one in enumerate(post.media, 1)],
        },
    }
    answer = ask(
        asked(
            "photos",
            "post/publish/content/init/",
            body,
            DOUBLES,
            {"publish_id": "p_pub_url~v2.123"},
        )
    )
    return str(said(answer)["publish_id"]), answer


def error_code(response: Response) -> str:
    """TikTok's own code; of an upload, which has none, the status. A sign-in says its error by itself."""
    try:
        error = response.json()["error"]
        return str(error["code"] if isinstance(error, dict) else error)
    except (ValueError, LookupError, TypeError):
        return str(response.status)


def notices(account: Account, today: date) -> Iterator[str]:
    if not account.settings["audited"]:
        yield UNAUDITED


# https://developers.tiktok.com/doc/login-kit-desktop; the challenge is hexadecimal
OAUTH = OAuth(
    authorize="https://www.tiktok.com/v2/auth/authorize/",
    token=f"{SERVER}/oauth/token/",
    scopes=("user.info.basic", "video.publish", "video.upload", "video.list"),
    separator=",",
    pkce="hex",
    client_id="client_key",
)

PLATFORM = Platform(
    name="tiktok",
    settings=(
        Setting(
            name="audited",
            meaning="whether TikTok has audited your app, so that others may see what it posts",
            type=bool,
            default=False,
            example="true",
        ),
    ),
    options=(
        Setting(
            name="mode",
            meaning="into the app's inbox, where you finish it, or directly",
            type=Literal["inbox", "direct"],
            default="inbox",
            example="direct",
        ),
        Setting(
            name="privacy",
            meaning="who sees what is posted directly; TikTok wants it said each time",
            type=PRIVACY,
            example="SELF_ONLY",
        ),
        Setting(
            name="allow",
            meaning="what others may do with what is posted directly",
            type=list[Literal["comment", "duet", "stitch"]],
            example="[comment]",
        ),
    ),
    limits=Limits(
        text=4000,  # of photos; what a video and a title may have, `refuse` knows
        unit="UTF-16 units",
        title=None,
        needs="media",
        links=False,
        images=35,
        image_types=("image/jpeg", "image/webp"),
        animations=(),
        image_bytes=20_000_000,
        image_pixels=1920 * 1080,
        videos=1,
        videos_alone=True,
        video_types=("video/mp4", "video/webm", "video/quicktime"),
        video_codecs=("h264", "hevc", "vp8", "vp9", "aac", "opus", "vorbis"),
        video_bytes=4_000_000_000,
        video_seconds=600,
        video_rate=60,
        video_rate_least=23,
        alt=0,
        fetches_media=True,
        caps=(Cap(posts=15, seconds=86_400),),
        source="https://developers.tiktok.com/doc/content-posting-api-media-transfer-guide",
        checked=date(2026, 11, 25),
    ),
    obtain="https://developers.tiktok.com/apps: an app with Login Kit and the Content Posting API; then let `termbell login` sign you in",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(OAUTH),
    publish=publish,
    recent=recent,
    find=find,
    find_after=30,  # no source; cautious. What became of an upload is exact
    whoami=whoami,
    notices=notices,
    errors=ERRORS,
    error_code=error_code,
)
