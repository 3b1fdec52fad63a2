"""Mastodon, and the servers that speak its client API (snac, GoToSocial, Pleroma, Hollo ...).

Mastodon recognises a second sending by its `Idempotency-Key` for an hour; others take the header and
ignore it. So a look has to be right on all of them. Servers rewrite what they show: mentions lose
their server, links are cut by invisible spans, snac turns Markdown into HTML and ":-)" into an emoji.
Therefore the source of the few posts that are closest to ours is read before they count as others.

https://docs.joinmastodon.org/methods/statuses/#create and https://docs.joinmastodon.org/methods/media/#v2
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from platforms.base import (
    DOUBLES,
    DROPPED,
    HARMLESS,
    Account,
    AlreadySent,
    Ask,
    Cap,
    Json,
    Limits,
    LoginNeeded,
    Lost,
    Media,
    OAuth,
    Platform,
    Poll,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Setting,
    TryLater,
    address_of,
    code_in_json,
)
from platforms.recent import (
    ListedFile,
    ListedPost,
    PostList,
    Search,
    by_last_item,
    folded,
    iso,
    plain,
)

REMEMBERED = 3600.0  # seconds
LOOKS = 300  # at a file being converted, every two seconds
NOT_THERE = 404
PER_PAGE = 40  # the most that Mastodon gives
SNACS_PAGE = 200  # snac gives what it is asked for
FIND_AFTER = 5  # seconds; no source, cautious: a list may be read from a replica of the database
MASTODONS_VERSION = re.compile(r"[3-9]\.\d+\.\d+[^\s()]*")  # "4.3.2", a fork's "4.3.2+glitch"
MENTION = re.compile(r"(@\w+(?:[.-]+\w+)*)@\w+(?:[.:-]+\w+)*")
STATUS = {"id": "113000000000000001", "url": "https://mastodon.social/@ada/113000000000000001"}
FILE = {
    "id": "110000000000000001",
    "url": "https://files.mastodon.social/media_attachments/files/original/4d1f.png",
}
ME = {
    "id": "109000000000000001",
    "acct": "ada",
    "url": "https://mastodon.social/@ada",
    "source": {"privacy": "public"},
}
ERRORS = {
    "This action is outside the authorized scopes": LoginNeeded,
    "have not finished processing": TryLater,  # a file that was ready a moment ago
    "Duplicate idempotency key": AlreadySent,  # Pixelfed: the first sending may be up
}


@dataclass(frozen=True, kw_only=True)
class Polls:
    """What is taken for a poll, where whoever runs the server has not said otherwise."""

    server: str
    answers: int
    signs: int  # of an answer
    seconds: tuple[float, float]  # at least, at most


POLLS = Polls(server="Mastodon", answers=4, signs=50, seconds=(300, 2_629_746))


def publish(account: Account, post: Post, ask: Ask, polls: Polls = POLLS) -> Published:
    if post.media and post.options.get("poll"):
        raise Rejected("Mastodon takes a poll or media, not both: take one of them away")
    answer = ask(
        Request(
            step="status",
            method="POST",
            url=at(account, "/api/v1/statuses"),
            headers={"Idempotency-Key": post.key},
            json=status(
                post,
                [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)],
            ),
            repeat=DROPPED,
            remembered=REMEMBERED,
            example=STATUS,
        )
    ).json()
    return published(answer, *otherwise_done(post, answer, polls))


def changing(ask: Ask, said: Mapping[str, Json] | None = None, **changes: Json) -> Ask:
    """For a relative: its status says this as well, and its request is another in that."""

    def asked(request: Request) -> Response:
        return ask(
            replace(request, json={**request.json, **(said or {})}, **changes)
            if request.is_visible
            else request
        )

    return asked


WITHOUT_KEY: Mapping[str, Json] = {
    "repeat": DOUBLES,
    "remembered": 0.0,
}  # the server ignores the key of a status: a second sending doubles
AS_TYPED = {
    "content_type": "text/plain"
}  # else the account's preferences may have the text read as Markdown


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """The account's own posts. Mastodon lists those of every visibility (its AccountStatusesFilter).

    What other servers leave out of that list is in the home timeline: it is read too.
    """
    answer = own_answer(account, ask)
    me = answer.json()
    search = search_for(account, me, post, lost, ask)
    if answer.headers.get("x-creator", "").startswith("snac/"):
        return on_snac(account, me, search)
    is_for_few = search.expected.visibility in ("private", "direct")
    if is_for_few and not is_mastodon(account, ask):
        return replace(search, lists=(*search.lists, home(account, me, PER_PAGE)))
    return search


def search_for(account: Account, me: Json, post: Post, lost: Lost, ask: Ask) -> Search:
    """Our post in the list of the account's own, which Mastodon and its relatives have alike."""
    path = f"/api/v1/accounts/{me['id']}/statuses?limit={PER_PAGE}&exclude_reblogs=true"
    return Search(
        lists=(statuses(at(account, path)),),
        expected=expected(me, post, lost),
        count=me.get("statuses_count"),
        source=lambda listed: source(account, listed.id, ask),
    )


def statuses(url: str) -> PostList:
    """A list that goes on until a page is empty: a short page may be one with posts left out."""
    return PostList(
        request=Request(step="list", url=url, repeat=HARMLESS, example=[]),
        read=listed,
        next_page=by_last_item("max_id", "id"),
        newest_first=True,
    )


def home(account: Account, me: Json, limit: int) -> PostList:
    """What the account wrote itself in its home timeline."""

    def read(item: Json) -> ListedPost | None:
        is_own = (item.get("reblog") or item)["account"]["id"] == me["id"]
        return listed(item) if is_own else None

    return replace(statuses(at(account, f"/api/v1/timelines/home?limit={limit}")), read=read)


def on_snac(account: Account, me: Json, search: Search) -> Search:
    """The same on snac 2.75 (its mastoapi.c, tried).

    Its list of an account's posts has no pages, and only what is public; its home timeline has
    both. It knows two visibilities, calls every language English, ignores polls, counts no posts.
    A reply to a post that it does not know by that id, as by a URL, becomes one that answers none.
    """
    posts = home(account, me, SNACS_PAGE)

    def read(item: Json) -> ListedPost | None:
        post = posts.read(item)
        return replace(post, parent=post.parent or None) if post else None

    is_public = search.expected.visibility in ("public", "unlisted", None)
    visibility = "public" if is_public else "private"
    return replace(
        search,
        lists=(replace(posts, read=read),),
        expected=replace(search.expected, visibility=visibility, language=None, poll=None),
        count=None,
    )


def is_mastodon(account: Account, ask: Ask) -> bool:
    """Whether the server is Mastodon or a fork, by its version and the address of its source.

    Others add "(compatible; ...)" to the version or, as Hollo does, tell their own.
    """
    try:
        answer = about(account, ask)
    except Rejected:
        return False
    version, source_url = str(answer.get("version")), str(answer.get("source_url", "mastodon"))
    return "mastodon" in source_url and bool(MASTODONS_VERSION.fullmatch(version))


def expected(me: Json, post: Post, lost: Lost) -> ListedPost:
    """Our post, as the lists would show it."""
    options = post.options
    asked = options.get("poll")
    text, warning = text_and_warning(post.text, options.get("content_warning"))
    return ListedPost(
        author=me["id"],
        shown=text,
        warning=warning,
        visibility=visibility_of(me, post),
        parent=answered(post.reply_to) if post.reply_to else "",
        language=post.language,
        poll=tuple(asked["answers"]) if asked else (),
        files=tuple(
            ListedFile(ids=uploads_of(lost, number), alt=folded(media.alt))
            for number, media in enumerate(post.media, 1)
        ),
    )


def visibility_of(me: Json, post: Post) -> str | None:
    """Who will see it. What a silenced account (`limited`) publishes is unlisted at most."""
    visibility = post.options.get("visibility") or (me.get("source") or {}).get("privacy")
    return "unlisted" if visibility == "public" and me.get("limited") else visibility


def text_and_warning(text: str, warning: str | None) -> tuple[str, str]:
    """Where there is no text, Mastodon takes the warning for it (PostStatusService)."""
    shown, shown_warning = short_mentions(text), folded(warning or "")
    return (shown, shown_warning) if text.strip() else (shown_warning, "")


def uploads_of(lost: Lost, number: int) -> frozenset[str]:
    """Everything that a file was called when it was uploaded."""
    steps = (f"upload {number}", f"conversion {number}")
    return frozenset(
        name for step in steps if step in lost.answers for name in called(lost.answers[step].json())
    )


def listed(item: Json) -> ListedPost:
    """A status of a list. snac shows a post that somebody boosted as a boost, in the same place."""
    status = item.get("reblog") or item
    text, warning = text_and_warning(plain(status["content"]), status.get("spoiler_text"))
    files = status.get("media_attachments")
    done = published(status)
    return ListedPost(
        id=done.id,
        url=done.url,
        ids=frozenset(done.ref.get("ids", ())),
        ref=dict(done.ref),
        made=iso(status["created_at"]),
        author=status["account"]["id"],
        parent=(status["in_reply_to_id"] or "") if "in_reply_to_id" in status else None,
        visibility=status.get("visibility"),
        warning=warning if "spoiler_text" in status else None,
        language=status.get("language"),
        poll=answers_of(status["poll"]) if "poll" in status else None,
        files=tuple(map(listed_file, files)) if files is not None else None,
        shown=text,
        written=short_mentions(status.get("text") or "") or None,  # snac tells it
        pinned=bool(item.get("reblog") or status.get("pinned")),
    )


def answers_of(poll: Json) -> tuple[str, ...]:
    return tuple(option["title"] for option in poll["options"]) if poll else ()


def listed_file(item: Json) -> ListedFile:
    return ListedFile(ids=frozenset(called(item)), alt=folded(item.get("description") or ""))


def called(file: Json) -> set[str]:
    """Friendica and Pleroma call a file otherwise in a status, but its address stays."""
    return {str(file[name]) for name in ("id", "url", "remote_url") if file.get(name)}


def short_mentions(text: str) -> str:
    """A text with its mentions as servers show them: @ben in place of @ben@example.org."""
    return MENTION.sub(r"\1", text)


def whoami(account: Account, ask: Ask) -> str:
    return f"@{own(account, ask)['acct']}"


def asking(base: Limits) -> Callable[[Account, Ask], Limits]:
    """A `Platform.ask_limits`: what the server tells of itself, and `base` where it is silent."""

    def ask_limits(account: Account, ask: Ask) -> Limits:
        return limits_of(about(account, ask, anonymous=True), at(account, ""), base)

    return ask_limits


def at(account: Account, path: str) -> str:
    return address_of("{server}", account) + path


def status(post: Post, files: list[str]) -> dict[str, Json]:
    """What the server is told; absent is what the account's own preferences decide."""
    options = post.options
    said = {
        "status": post.text,
        "media_ids": files,
        "poll": options.get("poll") and poll(options["poll"]),
        "in_reply_to_id": post.reply_to and answered(post.reply_to),
        "sensitive": options.get("sensitive"),
        "spoiler_text": options.get("content_warning"),
        "visibility": options.get("visibility"),
        "language": post.language.partition("-")[0],
    }
    return {
        name: value for name, value in said.items() if name == "status" or value or value is False
    }


def poll(asked: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "options": list(asked["answers"]),
        "expires_in": round(asked.get("hours", 24) * 3600),
        "multiple": bool(asked.get("multiple")),
    }


def answered(post: Published) -> str:
    """Its id. A post that a person found is named by its URL, which ends with it."""
    return post.id.rstrip("/").rpartition("/")[2]


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> str:
    """The id of the file, once it can be posted: a 202 without a `url` is a file still being converted."""
    focus = {"focus": "{:g},{:g}".format(*media.focus)} if media.focus else {}
    description = {"description": media.alt} if media.alt else {}
    file = ask(
        Request(
            step=f"upload {number}",
            method="POST",
            url=at(account, "/api/v2/media"),
            form={**description, **focus},
            files={"file": media},
            repeat=HARMLESS,
            example=FILE,
        )
    ).json()
    identifier = str(file["id"])
    looks = 0
    while not file.get("url"):
        if looks == LOOKS:
            raise TryLater(f"Mastodon is still converting {media.file.name}", after=60)
        looks += 1
        file = ask(
            Request(
                step=f"conversion {number}",
                url=at(account, f"/api/v1/media/{identifier}"),
                repeat=HARMLESS,
                after=2,
                fresh=True,
                example=FILE,
            )
        ).json()
    return identifier


def published(answer: Json, *notes: str) -> Published:
    url, uri = answer.get("url"), answer.get("uri")
    ref = {"ids": [uri]} if url and uri and url != uri else {}
    return Published(id=str(answer["id"]), url=url or uri, ref=ref, notes=notes)


def otherwise_done(post: Post, answer: Json, polls: Polls) -> Iterator[str]:
    """What the server made of the post without saying no: a silenced account, a server that knows no polls."""
    wanted, made = post.options.get("visibility"), answer.get("visibility")
    if wanted and made and made != wanted:
        yield f"asked for visibility '{wanted}', the server made it '{made}'"
    if post.options.get("poll") and "poll" in answer and not answer["poll"]:
        yield "the server left the poll out"
    if post.options.get("poll") and "poll" not in answer:  # as in a dry run
        yield from unusual(post.options["poll"], polls)


def unusual(asked: Mapping[str, Json], polls: Polls) -> Iterator[str]:
    """What of a poll a server may refuse. Some take more than others of their kind, so that it is said and not refused."""
    told = poll(asked)
    longest, (least, most) = max(told["options"], key=len), polls.seconds
    if len(told["options"]) > polls.answers:
        yield f"a poll on {polls.server} has at most {polls.answers} answers, unless the server takes more, and this has {len(told['options'])}"
    if len(longest) > polls.signs:
        yield f"an answer on {polls.server} has at most {polls.signs} characters, unless the server takes more: '{longest}' has {len(longest)}"
    if not least <= told["expires_in"] <= most:
        yield (
            f"a poll on {polls.server} lasts {least // 60:g} minutes to {most // 86_400:g} days, unless the server takes others, "
            f"and this {asked.get('hours', 24):g} hours"
        )


def own(account: Account, ask: Ask) -> Json:
    return own_answer(account, ask).json()


def own_answer(account: Account, ask: Ask) -> Response:
    asked = Request(
        step="account",
        url=at(account, "/api/v1/accounts/verify_credentials"),
        repeat=HARMLESS,
        example=ME,
    )
    try:
        return ask(asked)
    except (
        Rejected
    ) as refused:  # 422 is how snac says it, 403 how Mastodon says that the account is disabled
        if refused.response is not None and refused.response.status in (403, 422):
            raise LoginNeeded(str(refused), refused.response) from None
        raise


def source(account: Account, identifier: str, ask: Ask) -> str | None:
    """The text as it was written; None where the server does not say."""
    try:
        told = ask(
            Request(
                step="source",
                url=at(account, f"/api/v1/statuses/{identifier}/source"),
                repeat=HARMLESS,
                accepts=(NOT_THERE,),
                example={"text": ""},
            )
        )
    except Rejected:
        return None
    if told.status == NOT_THERE:
        return None
    return short_mentions(told.json().get("text") or "") or None


def about(account: Account, ask: Ask, anonymous: bool = False) -> Json:
    """What the server says of itself. Raises `Rejected` where it does not."""

    newer = Request(
        step="limits",
        url=at(account, "/api/v2/instance"),
        repeat=HARMLESS,
        accepts=(NOT_THERE,),  # Mastodon before 4.0, Pleroma, and snac, which says so with a page
        anonymous=anonymous,
        example={},
    )
    older = replace(newer, url=at(account, "/api/v1/instance"), accepts=())
    answer = ask(newer)
    return (ask(older) if answer.status == NOT_THERE else answer).json()


def limits_of(told: Json, server: str, base: Limits) -> Limits:
    """The server's own figures, ours where it is silent. Pleroma tells its length in a place of its own."""
    configuration = told.get("configuration") or {}
    statuses, media = (
        configuration.get("statuses") or {},
        configuration.get("media_attachments") or {},
    )
    types = media.get("supported_mime_types") or ()
    figures = {
        "text": statuses.get("max_characters") or told.get("max_toot_chars"),
        "link_length": statuses.get("characters_reserved_per_url"),
        "images": statuses.get("max_media_attachments"),
        "image_bytes": media.get("image_size_limit"),
        "image_pixels": media.get("image_matrix_limit"),
        "image_types": tuple(one for one in base.image_types if one in types),
        "video_bytes": media.get("video_size_limit"),
        "video_pixels": media.get("video_matrix_limit"),
        "video_rate": media.get("video_frame_rate_limit"),
        "video_types": tuple(one for one in base.video_types if one in types),
        "alt": media.get("description_limit"),
        "source": server,
    }
    return replace(
        base,
        **{
            name: value
            for name, value in figures.items()
            if value and isinstance(value, type(getattr(base, name)))
        },
    )


def error_code(response: Response) -> str:
    """The words that `ERRORS` knows; Mastodon has no codes, and puts words of the occasion around them."""
    said = code_in_json(response)
    return next((known for known in ERRORS if known in said), said)


LIMITS = Limits(
    text=500,
    unit="graphemes",
    link_length=23,
    short_mentions=True,
    bare_links=False,
    public_links=True,
    counted_options=("content_warning",),
    links=False,
    replies=True,
    images=4,
    image_bytes=16_777_216,
    image_pixels=33_177_600,
    videos=1,
    videos_alone=True,  # an animated GIF may stand beside pictures: app/services/post_status_service.rb looks for sound and video
    video_types=("video/mp4", "video/webm", "video/quicktime"),
    video_codecs=(
        "h264",
        "vp8",
        "vp9",
        "av1",
        "aac",
        "opus",
        "vorbis",
        "mp3",
    ),  # no hevc: other servers show it as it is
    video_bytes=103_809_024,
    video_pixels=8_294_400,
    video_rate=120,
    alt=1500,
    caps=(Cap(posts=300, seconds=3 * 3600),),  # https://docs.joinmastodon.org/api/rate-limits/
    source="https://docs.joinmastodon.org/user/posting/",
    checked=date(2026, 11, 23),
)

# https://docs.joinmastodon.org/methods/oauth/; servers before 4.3 know no challenge and ignore it
OAUTH = OAuth(
    authorize="{server}/oauth/authorize",
    token="{server}/oauth/token",
    register="{server}/api/v1/apps",
    scopes=("read:accounts", "read:statuses", "write:statuses", "write:media"),
)

COARSE = replace(OAUTH, scopes=("read", "write"))  # servers that know no others

PLATFORM = Platform(
    name="mastodon",
    settings=(
        Setting(
            name="server",
            meaning="where the account lives",
            required=True,
            example="https://mastodon.social",
        ),
    ),
    options=(
        Setting(
            name="visibility",
            meaning="who sees it; the account's own preference where nothing is said",
            type=Literal["public", "unlisted", "private", "direct"],
            example="unlisted",
        ),
        Setting(
            name="content_warning",
            meaning="what readers see first; the text opens with a click",
            example="Exam results",
        ),
        Setting(
            name="sensitive",
            meaning="whether media are hidden until a click",
            type=bool,
            example="true",
        ),
        Setting(
            name="poll",
            meaning="a question's answers; not together with media",
            type=Poll,
            example="{answers: [Paper, Screen], hours: 48}",
        ),
    ),
    obtain=f"{{server}}/settings/applications: make an application with the scopes {' '.join(OAUTH.scopes)}, and copy its access token",
    oauth=OAUTH,
    limits=LIMITS,
    publish=publish,
    recent=recent,
    find_after=FIND_AFTER,
    whoami=whoami,
    ask_limits=asking(LIMITS),
    errors=ERRORS,
    error_code=error_code,
)
