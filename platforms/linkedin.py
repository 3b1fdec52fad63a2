"""LinkedIn, as a member or as an organisation: text with hashtags and mentions, pictures, a document, a video, the card of a link, a poll,
somebody else's post shared, comments.

The text is "little text": a reserved sign that is not escaped cuts the post silently, with a 201. There is no idempotency
key. An organisation's posts can be listed, a member's and comments not; but LinkedIn refuses an exact repeat for about ten
minutes and names the post that is up. There are no threads: what answers a post is a comment on it.

https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api
https://learn.microsoft.com/linkedin/marketing/community-management/shares/little-text-format
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Literal
from urllib.parse import parse_qsl, quote, unquote, urlsplit

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
    Part,
    Platform,
    Poll,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    Setting,
    TryLater,
    last_part,
    media_of_kind,
    renewing,
)
from platforms.recent import (
    ListCut,
    ListedFile,
    ListedPost,
    Page,
    PostList,
    Search,
    unix,
    with_parameter,
)

LONGEST_COMMENT, LONGEST_QUESTION, LONGEST_ANSWER = 1250, 140, 30  # characters
DURATIONS = {24: "ONE_DAY", 72: "THREE_DAYS", 168: "SEVEN_DAYS", 336: "FOURTEEN_DAYS"}  # hours
SHORTEST, SMALLEST = 3, 75_000  # of a video: seconds, bytes
PAUSES = (
    2,
    4,
    8,
    15,
    30,
    60,
    60,
    60,
)  # seconds before each look at a video that is being processed; a member has 150 requests a day
LISTED = 50  # posts on a page
REPEATS = 660.0  # seconds; LinkedIn refuses an equal text for about ten minutes
COMMENT = "comment"
SHORT_ADDRESS = re.compile(r"https://lnkd\.in/[\w-]+")
SERVED = timedelta(
    days=305
)  # the version of a month before that is eleven months old; LinkedIn serves each for at least a year
RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
URN = re.compile(r"urn:li:\w+:\d+")
NAMED = re.compile(r"(?P<name>\S.*) (?P<urn>urn:li:(?:organization:\d+|person:[\w-]+))")
MEMBER = {"sub": "782bbtaQ", "name": "Ada Lovelace"}
UPLOAD = {
    "uploadUrl": "https://www.linkedin.com/dms-uploads/C4E10AQFoyyAjHPMQuQ/uploaded-image/0",
    "uploadUrlExpiresAt": 1787800000000,
}
IMAGE = {"value": {**UPLOAD, "image": "urn:li:image:C4E10AQFoyyAjHPMQuQ"}}
DOCUMENT = {"value": {**UPLOAD, "document": "urn:li:document:C5510AQHZpgBbrlXtIw"}}
CREATED = Response(status=201, headers={"x-restli-id": "urn:li:share:7300000000000000000"})
COMMENTED = Response(status=201, headers={"x-restli-id": "7300000000000000001"})
PART = Response(headers={"etag": "/ambry-video/signedId/AQL5"})


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(account, post)
    author = author_of(account, ask)
    if post.reply_to:
        return commented(account, post, author, ask)
    body = {
        "author": author,
        "commentary": commentary(post),
        "visibility": post.options.get("visibility", "PUBLIC"),
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        **content(account, post, author, ask),
    }
    try:
        answer = ask(rest(account, "post", "posts", body, example=CREATED))
    except Rejected as refused:
        raise repeated(refused) from None
    return published(answer.headers["x-restli-id"])


def refuse(account: Account, post: Post) -> None:
    """What LinkedIn would refuse for what stands in it."""
    options = post.options
    if not post.text.strip():
        raise Rejected("LinkedIn takes no post and no comment without words: write a `text`")
    if post.reply_to:
        urn_in(str(post.reply_to.ref.get("post", post.reply_to.id)))
        if (
            post.media or options.get("poll") or len(post.text) > LONGEST_COMMENT
        ):  # a reshared post is the first part's
            raise Rejected(
                f"a comment on LinkedIn is a text of at most {LONGEST_COMMENT} characters, without media and poll"
            )
        return
    beside = [
        name
        for name, there in (
            ("media", post.media),
            ("a poll", options.get("poll")),
            ("a reshared post", options.get("reshare")),
        )
        if there
    ]
    if len(beside) > 1:
        raise Rejected(
            f"LinkedIn takes {beside[0]} or {beside[1]}, not both: take one of them away"
        )
    if beside and not post.media and post.link and not says(post, post.link.url):
        raise Rejected(
            f"{beside[0]} on LinkedIn stands where the card of {post.link.url} would: put the address in the text"
        )
    if account.settings.get("organization") and options.get("visibility") == "CONNECTIONS":
        raise Rejected(
            "an organisation has no connections on LinkedIn: take `visibility: CONNECTIONS` away"
        )
    refuse_media(post.media)
    if options.get("poll"):
        refuse_poll(post.text, options["poll"])
    if options.get("reshare"):
        urn_in(options["reshare"])
    mentions = mentioned(post)
    named = one_of(mentions).findall(post.markup)
    for name in mentions:
        if name not in named:
            shown = name.replace("\\", "")
            raise Rejected(
                f"`mentions` has somebody whom the text does not name: there is no '{shown}' in it"
            )


def says(post: Post, url: str) -> bool:
    """Whether the address stands in the text."""
    return url in post.text.split() or any(
        span.kind == "link" and span.value == url for span in post.spans
    )


def refuse_media(media: tuple[Media, ...]) -> None:
    videos = media_of_kind(media, "video")
    if len(media) > 1 and len(media_of_kind(media, "image")) < len(media):
        raise Rejected(
            "LinkedIn takes pictures, or one video, or one document: take the others away"
        )
    if not all(one.alt.strip() for one in media_of_kind(media, "application")):
        raise Rejected("a document on LinkedIn needs an `alt`: it is the title above it")
    if videos and (videos[0].size < SMALLEST or (videos[0].seconds or SHORTEST) < SHORTEST):
        raise Rejected(
            f"a video on LinkedIn has at least {SHORTEST} seconds and {SMALLEST // 1000} kB: use a longer one"
        )


def refuse_poll(text: str, asked: Json) -> None:
    answers = asked["answers"]
    if (
        not 2 <= len(answers) <= 4
        or max(map(len, answers)) > LONGEST_ANSWER
        or asked.get("multiple")
    ):
        raise Rejected(
            f"a poll on LinkedIn has two to four answers of at most {LONGEST_ANSWER} characters, of which one is chosen"
        )
    if asked.get("hours", 24) not in DURATIONS:
        raise Rejected(f"a poll on LinkedIn lasts {', '.join(map(str, DURATIONS))} hours")
    if len(question(text)) > LONGEST_QUESTION:
        raise Rejected(
            f"the question of a poll on LinkedIn, which is the last line of the text, has at most {LONGEST_QUESTION} characters"
        )


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The organisation's posts. A member's cannot be listed, nor can comments."""
    posts = PostList(
        request=list_request(account, LISTED, ask),
        items=("elements",),
        read=listed,
        next_page=next_page,
        cursor_ends=True,
        empty_ends=False,
        newest_first=True,
        hides=(COMMENT,),
    )
    return Search(lists=(posts,), expected=expected(account, post, lost, ask))


def list_request(account: Account, number: int, ask: Ask) -> Request:
    """Asks for the organisation's posts, the newest first."""
    author = quote(author_of(account, ask), safe="")
    query = f"author={author}&q=author&count={number}&sortBy=CREATED"
    return Request(
        step="list",
        url=f"{account.settings['server']}/rest/posts?{query}",
        headers={**versioned(account), "X-RestLi-Method": "FINDER"},
        repeat=HARMLESS,
        fresh=True,
        example={"elements": []},
    )


def next_page(page: Page) -> Request | None:
    """A page may be short although there is more: `paging` says so, or else an empty one ends it."""
    paging = page.body.get("paging") or {}
    start = int(dict(parse_qsl(urlsplit(page.request.url).query)).get("start", 0))
    end = start + len(page.items)
    has_next = any(link.get("rel") == "next" for link in paging.get("links") or ())
    total = paging.get("total") or 0
    if not page.items and (has_next or total > end):
        raise ListCut("it says that there is more, and does not show it")
    if not page.items or (0 < total <= end and not has_next):
        return None
    return with_parameter(page.request, "start", str(end))


def expected(account: Account, post: Post, lost: Lost, ask: Ask) -> ListedPost:
    """Our post, as the list would show it."""
    if post.reply_to:
        return ListedPost(state=COMMENT, parent=post.reply_to.id)
    options = post.options
    asked = options.get("poll")
    has_card = post.link and not (post.media or asked or options.get("reshare"))
    return ListedPost(
        author=author_of(account, ask),
        parent="",
        state="PUBLISHED",
        visibility=options.get("visibility", "PUBLIC"),
        poll=(question(post.text), *asked["answers"]) if asked else (),
        link=post.link.url if post.link and has_card else "",
        files=attached(options["reshare"]) if options.get("reshare") else uploads(post, lost),
        shown=words(commentary(post)),
    )


def attached(urn: str) -> tuple[ListedFile, ...]:
    """A post that is shared."""
    return (ListedFile(ids=frozenset({urn_in(urn)})),)


def uploads(post: Post, lost: Lost) -> tuple[ListedFile, ...]:
    return tuple(
        ListedFile(ids=urns_of(media, number, lost), alt=media.alt)
        for number, media in enumerate(post.media, 1)
    )


def urns_of(media: Media, number: int, lost: Lost) -> frozenset[str]:
    """What LinkedIn called the file when it was uploaded."""
    kinds = {"image": f"image {number}", "video": "video"}
    step = kinds.get(media.type.partition("/")[0], "document")
    if step not in lost.answers:
        return frozenset()
    return frozenset({lost.answers[step].json()["value"][step.partition(" ")[0]]})


def listed(item: Json) -> ListedPost:
    """A post of the list."""
    content = item.get("content") or {}
    article, found = content.get("article") or {}, published(item["id"])
    state = item.get("lifecycleState")
    return ListedPost(
        id=found.id,
        url=found.url,
        made=unix(item["createdAt"] / 1000),
        author=item.get("author"),
        parent="",
        state="PUBLISHED" if state == "PUBLISH_REQUESTED" else state,  # LinkedIn is at it
        visibility=item.get("visibility"),
        poll=poll_texts(content.get("poll")),
        link=article.get("source") or "",
        files=listed_files(item),
        shown=lengthened(words(item.get("commentary", "")), article.get("source")),
    )


def listed_files(item: Json) -> tuple[ListedFile, ...]:
    content, reshared = item.get("content") or {}, (item.get("reshareContext") or {}).get("parent")
    if reshared:
        return attached(reshared)
    several = (content.get("multiImage") or {}).get("images") or ()
    files = several or ([content["media"]] if content.get("media") else [])
    return tuple(
        ListedFile(ids=frozenset({file["id"]}), alt=file.get("altText") or file.get("title"))
        for file in files
    )


def poll_texts(poll: Json) -> tuple[str, ...]:
    if not poll:
        return ()
    return (poll["question"], *(answer["text"] for answer in poll["options"]))


def lengthened(text: str, source: str | None) -> str:
    """The text with the address of its card, where LinkedIn has written its own short one."""
    short = SHORT_ADDRESS.findall(text)
    return text.replace(short[0], source) if source and len(short) == 1 else text


def words(little_text: str) -> str:
    """A little text without its escapes, and with hashtags as they are written."""
    plain = re.sub(r"\\(.)", r"\1", little_text)
    return re.sub(r"\{hashtag\|#\|([^}]*)\}", r"#\1", plain)


def id_of(name: str) -> str:
    """The number of a share, a ugcPost or an activity, also in an address."""
    urn = re.search(r"urn:li:\w+:(\d+)", unquote(name)) or re.search(r"-(\d{15,})-", name)
    return urn[1] if urn else last_part(name)


def whoami(account: Account, ask: Ask) -> str:
    organization = account.settings.get("organization")
    if organization:  # its token may not ask who the member is
        ask(list_request(account, 1, ask)).json()["elements"]
        return f"organization {organization}"
    found = member(account, ask)
    return str(found.get("name") or found["sub"])


def member(account: Account, ask: Ask) -> Json:
    return ask(
        Request(
            step="member",
            url=f"{account.settings['server']}/v2/userinfo",
            repeat=HARMLESS,
            example=MEMBER,
        )
    ).json()


def author_of(account: Account, ask: Ask) -> str:
    organization = account.settings.get("organization")
    return (
        f"urn:li:organization:{organization}"
        if organization
        else f"urn:li:person:{member(account, ask)['sub']}"
    )


def commentary(post: Post) -> str:
    """The text, with each person or organisation of `mentions` named so that LinkedIn finds them."""
    mentions = mentioned(post)
    return one_of(mentions).sub(lambda found: mentions[found[0]], post.markup)


def mentioned(post: Post) -> dict[str, str]:
    """How each stands in the escaped text, and what stands there instead."""
    mentions = {}
    for one in post.options.get("mentions") or ():
        found = NAMED.fullmatch(one)
        if not found:
            raise Rejected(
                f"'{one}' is no mention: write the name and the URN, e.g. \"Example School urn:li:organization:5515715\""
            )
        name = RESERVED.sub(r"\\\g<0>", found["name"])
        mentions[f"\\@{name}"] = f"@[{name}]({found['urn']})"
    return mentions


def one_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of the names, whole: "Ada" begins "Adam" and "Ada Lovelace"."""
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(
        "|".join(f"{re.escape(name)}(?!\\w)" for name in longest_first) or "(?!)"
    )  # without names, what fits nowhere


def question(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def content(account: Account, post: Post, author: str, ask: Ask) -> dict[str, Json]:
    """The media, the poll, the reshared post, else the card of the link (LinkedIn reads no page itself), else nothing."""
    options = post.options
    if options.get("reshare"):
        return {"reshareContext": {"parent": urn_in(options["reshare"])}}
    if options.get("poll"):
        duration = DURATIONS[round(options["poll"].get("hours", 24))]
        answers = [{"text": one} for one in options["poll"]["answers"]]
        return {
            "content": {
                "poll": {
                    "question": question(post.text),
                    "options": answers,
                    "settings": {"duration": duration},
                }
            }
        }
    if post.media:
        return {"content": media(account, post, author, ask)}
    if post.link is None:
        return {}
    link = post.link
    thumbnail = picture(account, link.image, 1, author, ask) if link.image else ""
    article = {
        "source": link.url,
        "title": link.title or link.url,
        "description": link.description,
        "thumbnail": thumbnail,
    }
    return {"content": {"article": said(article)}}


def media(account: Account, post: Post, author: str, ask: Ask) -> dict[str, Json]:
    first = post.media[0]
    if first.type.startswith("video/"):
        return {"media": said({"id": video(account, first, author, ask), "title": first.alt})}
    if not first.type.startswith("image/"):
        return {"media": {"id": document(account, first, author, ask), "title": first.alt}}
    images = [
        said({"id": picture(account, one, number, author, ask), "altText": one.alt})
        for number, one in enumerate(media_of_kind(post.media, "image"), 1)
    ]
    return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}


def picture(account: Account, image: Media, number: int, author: str, ask: Ask) -> str:
    """The URN of the image. It belongs to the author: LinkedIn takes no other's."""
    begun = initialized(account, f"image {number}", "images", {"owner": author}, IMAGE, ask)
    put(f"upload {number}", begun["uploadUrl"], image, image.type, ask)
    return str(begun["image"])


def document(account: Account, file: Media, author: str, ask: Ask) -> str:
    begun = initialized(account, "document", "documents", {"owner": author}, DOCUMENT, ask)
    put("upload 1", begun["uploadUrl"], file, file.type, ask)
    return str(begun["document"])


def video(account: Account, file: Media, author: str, ask: Ask) -> str:
    """In the parts that LinkedIn names; each is answered with a mark, by which the whole is put together."""
    wanted = {
        "owner": author,
        "fileSizeBytes": file.size,
        "uploadCaptions": False,
        "uploadThumbnail": False,
    }
    part = {"uploadUrl": UPLOAD["uploadUrl"], "firstByte": 0, "lastByte": file.size - 1}
    example = {
        "value": {
            "video": "urn:li:video:C5F10AQGKQg_6y2a4sQ",
            "uploadToken": "",
            "uploadInstructions": [part],
        }
    }
    begun = initialized(account, "video", "videos", wanted, example, ask)
    marks = [
        put(
            f"upload {number}",
            one["uploadUrl"],
            Part(media=file, start=one["firstByte"], end=one["lastByte"] + 1),
            "application/octet-stream",
            ask,
            anonymous=True,
        )
        .headers["etag"]
        .strip('"')
        for number, one in enumerate(begun["uploadInstructions"], 1)
    ]
    finished = {
        "video": begun["video"],
        "uploadToken": begun["uploadToken"],
        "uploadedPartIds": marks,
    }
    ask(
        rest(
            account,
            "finish",
            "videos?action=finalizeUpload",
            {"finalizeUploadRequest": finished},
            repeat=HARMLESS,
            example={},
        )
    )
    processed(account, begun["video"], ask)
    return str(begun["video"])


def initialized(
    account: Account, step: str, what: str, wanted: Json, example: Json, ask: Ask
) -> Json:
    asked = rest(
        account,
        step,
        f"{what}?action=initializeUpload",
        {"initializeUploadRequest": wanted},
        repeat=HARMLESS,
        example=example,
    )
    return ask(asked).json()["value"]


def put(
    step: str, url: str, body: Media | Part, kind: str, ask: Ask, anonymous: bool = False
) -> Response:
    return ask(
        Request(
            step=step,
            method="PUT",
            url=url,
            headers={"Content-Type": kind},
            body=body,
            repeat=HARMLESS,
            anonymous=anonymous,
            example=PART,
        )
    )


def processed(account: Account, urn: str, ask: Ask) -> None:
    for pause in PAUSES:
        state = ask(
            Request(
                step="processing",
                url=f"{account.settings['server']}/rest/videos/{quote(urn, safe='')}",
                headers=versioned(account),
                repeat=HARMLESS,
                fresh=True,
                after=pause,
                example={"status": "AVAILABLE"},
            )
        ).json()
        if state["status"] == "AVAILABLE":
            return
        if state["status"] == "PROCESSING_FAILED":
            raise Rejected(
                f"LinkedIn cannot use the video: {state.get('processingFailureReason') or 'its processing failed'}"
            )
    raise TryLater("LinkedIn is still processing the video", after=300)


def commented(account: Account, post: Post, author: str, ask: Ask) -> Published:
    """What answers a comment is another comment on the post that began it."""
    assert post.reply_to
    on = urn_in(str(post.reply_to.ref.get("post", post.reply_to.id)))
    body = {"actor": author, "object": on, "message": {"text": post.text}}
    answer = ask(
        rest(
            account,
            "comment",
            f"socialActions/{quote(on, safe='')}/comments",
            body,
            example=COMMENTED,
        )
    )
    return Published(
        id=answer.headers["x-restli-id"],
        url=f"https://www.linkedin.com/feed/update/{on}/",
        ref={"post": on},
    )


def urn_in(identifier: str) -> str:
    """A post that a person found is known by its URL."""
    urn = URN.search(identifier)
    if not urn:
        raise Rejected(
            f"{identifier} is no post of LinkedIn; its address has urn:li:share:… or urn:li:activity:… in it"
        )
    return urn[0]


def rest(account: Account, step: str, path: str, body: Json, **more: Json) -> Request:
    return Request(
        step=step,
        method="POST",
        url=f"{account.settings['server']}/rest/{path}",
        headers=versioned(account),
        json=body,
        **more,
    )


def versioned(account: Account) -> dict[str, str]:
    return {"LinkedIn-Version": account.settings["version"], "X-Restli-Protocol-Version": "2.0.0"}


def said(values: dict[str, str]) -> dict[str, str]:
    """Without what is empty: LinkedIn takes an absent field, not a blank one."""
    return {name: value for name, value in values.items() if value}


def repeated(refused: Rejected) -> PublishError:
    """What a refusal is: a repeat is one of a text, and may be of another post than ours.

    It goes ten minutes later, unless an earlier attempt was lost: that one is looked for first.
    """
    urn = re.search(
        r"duplicate of (urn:li:\w+:\d+)", refused.response.text if refused.response else ""
    )
    if not urn:
        return refused
    return TryLater(f"LinkedIn took it for a repeat of {urn[1]}", refused.response, REPEATS)


def published(urn: str) -> Published:
    return Published(id=urn, url=f"https://www.linkedin.com/feed/update/{urn}/")


def notices(account: Account, today: date) -> Iterator[str]:
    version = account.settings["version"]
    if version < f"{today - SERVED:%Y%m}":
        yield (
            f"version {version} of LinkedIn's API, which is served for a year, is about to end: set `version` to a newer one of "
            "https://learn.microsoft.com/linkedin/marketing/versioning"
        )


def scopes(account: Account) -> tuple[str, ...]:
    """To post, and for an organisation to read its own posts back; a member's cannot be read."""
    return (
        ("w_organization_social", "r_organization_social")
        if account.settings.get("organization")
        else ("openid", "profile", "w_member_social")
    )


# https://learn.microsoft.com/linkedin/shared/authentication/authorization-code-flow. LinkedIn asks for an https address, and one that
# nobody serves, on the person's own machine, tells the code to nobody else. Only some apps get a `refresh`.
OAUTH = OAuth(
    authorize="https://www.linkedin.com/oauth/v2/authorization",
    token="https://www.linkedin.com/oauth/v2/accessToken",
    scopes=(),
    scopes_of=scopes,
    pkce="",
    redirect="https://localhost/",
)

PLATFORM = Platform(
    name="linkedin",
    settings=(
        Setting(
            name="organization",
            meaning="the number of the page that posts; without it the member posts",
            example='"5515715"',
        ),
        Setting(
            name="version",
            meaning="LinkedIn-Version (YYYYMM); each is served for a year",
            default="202609",
            example='"202609"',
        ),
        Setting(
            name="server",
            meaning="where its API is",
            default="https://api.linkedin.com",
            example="https://api.linkedin.com",
        ),
    ),
    options=(
        Setting(
            name="visibility",
            meaning="who sees it",
            type=Literal["PUBLIC", "CONNECTIONS"],
            default="PUBLIC",
            example="CONNECTIONS",
        ),
        Setting(
            name="mentions",
            meaning="who is named in the text as @Name: the name as LinkedIn has it, and the URN",
            type=list[str],
            example='["Example School urn:li:organization:5515715"]',
        ),
        Setting(
            name="poll",
            meaning="two to four answers of at most 30 characters; the question is the last line of the text",
            type=Poll,
            example="{answers: [Paper, Screen], hours: 72}",
        ),
        Setting(
            name="reshare",
            meaning="the URN of a post that is shared with this text",
            example="urn:li:share:7300000000000000000",
        ),
    ),
    limits=Limits(
        text=3000,
        images=20,
        image_types=("image/jpeg", "image/png", "image/gif"),
        image_pixels=36_152_319,
        documents=1,
        document_bytes=100_000_000,
        document_pages=300,
        videos=1,
        video_bytes=500_000_000,
        video_seconds=1800,
        videos_alone=True,
        animation_frames=250,
        link_or_media=True,
        replies=True,
        markup="little_text",
        alt=4086,
        caps=(Cap(posts=150, seconds=86400), Cap(posts=100_000, seconds=86400, of="app")),
        source="https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api",
        checked=date(2026, 11, 23),
    ),
    obtain="https://www.linkedin.com/developers/tools/oauth/token-generator: scopes openid profile w_member_social, "
    "for a page w_organization_social r_organization_social",
    optional_secrets=("refresh", "client_id", "client_secret"),
    oauth=OAUTH,
    session=renewing(OAUTH),
    last=60,
    publish=publish,
    recent=recent,
    find_after=30,  # no source; cautious
    id_of=id_of,
    can_find=lambda account: bool(account.settings.get("organization")),
    whoami=whoami,
    notices=notices,
    errors={
        "MEDIA_ASSET_WAITING_UPLOAD": TryLater,
        "EXPIRED_UPLOAD_URL": TryLater,
        "CONFLICT": TryLater,
    },
)
