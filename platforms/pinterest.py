"""Pinterest: a pin with one picture, up to five, or a video, on a board of the account.

Pictures travel in the pin itself. A pin has no key; what was lost is looked for on its board.

https://developers.pinterest.com/docs/api/v5/pins-create
"""

from collections.abc import Iterator
from datetime import date

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
    media_of_kind,
    renewing,
)
from platforms.recent import ListedFile, ListedPost, PostList, Search, by_cursor, iso

LOOKS = 300  # at a video that is being processed, every two seconds
SHORTEST, NARROWEST, WIDEST = 4, 1 / 2, 1.91  # of a video: seconds, and its width by its height
OWNER, OTHER_SHAPE = "the account", "a picture of another shape"
LONGEST_LINK = 2048  # characters
LONGEST_ALT = 500  # characters
PIN = {"id": "813744226420795884"}
BOARDS = {"items": [{"id": "549755885175", "name": "Fractions"}]}
FILE = {
    "media_id": "12345",
    "media_type": "video",
    "upload_url": "https://pinterest-media-upload.s3-accelerate.amazonaws.com/",
    "upload_parameters": {"key": "uploads/1d/87/video"},
}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    board = board_of(account, post, ask)
    pin = {
        "board_id": board,
        "title": post.title,
        "description": post.text,
        "link": post.link and post.link.url,
        "alt_text": alt(post),
        "media_source": source(account, post, ask),
    }
    said = {name: value for name, value in pin.items() if value}
    answer = ask(
        Request(
            step="pin",
            method="POST",
            url=at(account, "pins"),
            json=said,
            example=Response.of(PIN, 201),
        )
    ).json()
    return published(answer["id"])


def refuse(post: Post) -> None:
    """What Pinterest would refuse for what stands in it."""
    if len({(one.width, one.height) for one in media_of_kind(post.media, "image")}) > 1:
        raise Rejected("the pictures of one pin have to be of the same size: crop them alike")
    if len(alt(post)) > LONGEST_ALT:
        raise Rejected(
            f"a pin has one alternative text for all its pictures, of {LONGEST_ALT} characters, and these have {len(alt(post))} together"
        )
    if post.link and len(post.link.url) > LONGEST_LINK:
        raise Rejected(f"a link on Pinterest has at most {LONGEST_LINK} characters")
    for video in media_of_kind(post.media, "video"):
        if video.seconds is not None and video.seconds < SHORTEST:
            raise Rejected(
                f"{video.file.name} lasts {video.seconds:g} s, and a video on Pinterest at least {SHORTEST} s: use a longer one"
            )
        if video.width and video.height and not NARROWEST <= video.width / video.height <= WIDEST:
            raise Rejected(
                f"{video.file.name} has {video.width} x {video.height} pixels, and a video on Pinterest 1:2 to 1.91:1: crop it"
            )


def alt(post: Post) -> str:
    """A pin has one alternative text, in which those of its pictures follow each other."""
    return " / ".join(one.alt for one in post.media if one.alt)


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The pins of the board. Pinterest does not say in which order they stand."""
    board = board_of(account, post, ask)
    facts = Request(
        step="board",
        url=at(account, f"boards/{board}"),
        repeat=HARMLESS,
        fresh=True,
        example={"id": board, "name": "Fractions", "pin_count": 5},
    )
    pins = PostList(
        request=Request(
            step="list",
            url=at(account, f"boards/{board}/pins?page_size=250"),
            repeat=HARMLESS,
            fresh=True,
            example={"items": []},
        ),
        items=("items",),
        read=lambda item: listed(item, post),
        next_page=by_cursor("bookmark", "bookmark"),
        cursor_ends=True,
        empty_ends=False,  # https://developers.pinterest.com/docs/reference/pagination/
    )
    count = ask(facts).json().get("pin_count")
    return Search(lists=(pins,), expected=expected(post, board), count=count)


def expected(post: Post, board: str) -> ListedPost:
    """Our pin, as the board would show it. What it was saved from is its parent."""
    return ListedPost(
        author=OWNER,
        place=board,
        parent="",
        title=post.title,
        link=post.link.url if post.link else "",
        shown=post.text,
        files=files(len(post.media), alt(post), post.media[0].name if post.media else None),
    )


def files(number: int, alt: str, name: str | None) -> tuple[ListedFile, ...]:
    """So many, of which the first has the alternative text of all."""
    return (ListedFile(alt=alt, name=name), *[ListedFile()] * (number - 1))


def listed(item: Json, post: Post) -> ListedPost:
    """A pin of the board."""
    found, media = published(item["id"]), item.get("media") or {}
    several = media.get("media_type", "").startswith("multiple")
    has_files = media and (not several or media.get("items") is not None)
    number = len(media["items"]) if has_files and several else 1
    fits = not post.media or has_shape_of(media, post.media[0])
    name = (post.media[0].name if post.media else None) if fits else OTHER_SHAPE
    return ListedPost(
        id=found.id,
        url=found.url,
        made=iso(item["created_at"]),
        author={True: OWNER, False: "another"}.get(item.get("is_owner", True)),
        place=item["board_id"],
        parent=item.get("parent_pin_id") or "",
        title=item.get("title") or "",
        link=item.get("link") or "",
        shown=item.get("description") or "",
        files=files(number, item.get("alt_text") or "", name) if has_files else None,
    )


def has_shape_of(media: Json, ours: Media) -> bool:
    """Whether the picture may be ours: Pinterest makes smaller ones of it, of the same shape."""
    images = (media.get("items") or [media])[0].get("images") or {}
    image = next((images[size] for size in ("1200x", "600x") if images.get(size)), None)
    if not (image and image.get("width") and image.get("height") and ours.width and ours.height):
        return True
    shape = ours.width / ours.height
    return bool(abs(image["width"] / image["height"] - shape) <= 0.02 * shape)


def whoami(account: Account, ask: Ask) -> str:
    return str(
        ask(
            Request(
                step="account",
                url=at(account, "user_account"),
                repeat=HARMLESS,
                example={"username": "msada"},
            )
        ).json()["username"]
    )


def board_of(account: Account, post: Post, ask: Ask) -> str:
    """Its number, or the one that a board of this name has."""
    board = str(post.options.get("board") or account.settings["board"])
    if board.isdecimal():
        return board
    boards = ask(
        Request(
            step="boards",
            url=at(account, "boards?page_size=250"),
            repeat=HARMLESS,
            example={"items": [{"id": "549755885175", "name": board}]},
        )
    ).json()["items"]
    found = next((one["id"] for one in boards if one["name"].casefold() == board.casefold()), None)
    if found is None:
        raise Rejected(
            f"there is no board called '{board}'; there are: {', '.join(sorted(one['name'] for one in boards))}"
        )
    return str(found)


def at(account: Account, path: str) -> str:
    return f"{account.settings['server']}/v5/{path}"


def source(account: Account, post: Post, ask: Ask) -> dict[str, Json]:
    videos = media_of_kind(post.media, "video")
    if videos:
        return {
            "source_type": "video_id",
            "media_id": uploaded(account, videos[0], ask),
            "cover_image_key_frame_time": 0,
        }
    pictures = [{"content_type": one.type, "data": one} for one in post.media]
    if len(pictures) == 1:
        return {"source_type": "image_base64", **pictures[0]}
    return {"source_type": "multiple_image_base64", "items": pictures}


def uploaded(account: Account, video: Media, ask: Ask) -> str:
    """The id of the video, once it can be pinned."""
    begun = ask(
        Request(
            step="begin",
            method="POST",
            url=at(account, "media"),
            json={"media_type": "video"},
            repeat=HARMLESS,
            example=Response.of(FILE, 201),
        )
    ).json()
    ask(
        Request(
            step="upload",
            method="POST",
            url=begun["upload_url"],
            form=begun["upload_parameters"],
            files={"file": video},
            repeat=HARMLESS,
            anonymous=True,
            example=Response(status=204),
        )
    )
    for _ in range(LOOKS):
        state = ask(
            Request(
                step="processing",
                url=at(account, f"media/{begun['media_id']}"),
                repeat=HARMLESS,
                fresh=True,
                after=2,
                example={"status": "succeeded"},
            )
        ).json()["status"]
        if state == "succeeded":
            return str(begun["media_id"])
        if state == "failed":
            raise Rejected(f"Pinterest cannot use {video.file.name}: its processing failed")
    raise TryLater(f"Pinterest is still processing {video.file.name}", after=60)


def published(identifier: str) -> Published:
    return Published(id=identifier, url=f"https://www.pinterest.com/pin/{identifier}/")


def notices(account: Account, today: date) -> Iterator[str]:
    yield "pins of an app with Trial access are seen by nobody but you; ask for Standard access at https://developers.pinterest.com/apps/"


OAUTH = OAuth(
    authorize="https://www.pinterest.com/oauth/",
    token="{server}/v5/oauth/token",
    scopes=("boards:read", "boards:write", "pins:read", "pins:write", "user_accounts:read"),
    separator=",",
    pkce="",
    redirect="http://localhost:{port}/",
    in_header=True,
)

PLATFORM = Platform(
    name="pinterest",
    settings=(
        Setting(
            name="board",
            meaning="the board that pins go to, by name or number",
            required=True,
            example="Fractions",
        ),
        Setting(
            name="server",
            meaning="where its API is",
            default="https://api.pinterest.com",
            example="https://api.pinterest.com",
        ),
    ),
    options=(
        Setting(name="board", meaning="another board than the account's", example="Geometry"),
    ),
    limits=Limits(
        text=800,
        title=100,
        own_cards=False,
        needs="media",
        images=5,
        image_types=("image/jpeg", "image/png"),
        animations=(),
        image_bytes=10_000_000,
        videos=1,
        videos_alone=True,
        video_types=("video/mp4", "video/quicktime"),
        video_codecs=("h264", "hevc", "aac"),
        video_bytes=2_000_000_000,
        video_seconds=900,
        alt=LONGEST_ALT,
        caps=(Cap(posts=100, seconds=60),),
        source="https://developers.pinterest.com/docs/api/v5/pins-create",
        checked=date(2026, 11, 23),
    ),
    obtain="https://developers.pinterest.com/apps/: an app of a business account, and its id and secret",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(OAUTH),
    publish=publish,
    recent=recent,
    find_after=30,  # no source; cautious
    whoami=whoami,
    notices=notices,
)
