"""Mastodon, and the servers that speak its client API (snac, GoToSocial, Pleroma, Hollo ...).

Mastodon recognises a second sending by its `Idempotency-Key` for an hour; others take the header and ignore it. So `find`
has to be right on all of them, and mostly must not overlook a post that is up. Servers rewrite what they show (mentions
lose their server, links are cut by invisible spans, snac turns Markdown into HTML and ":-)" into an emoji), therefore
those whose shown text differs are asked for their source, where none looks like ours, before they are taken for others.

https://docs.joinmastodon.org/methods/statuses/#create and https://docs.joinmastodon.org/methods/media/#v2
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Literal
from unicodedata import normalize

from platforms.base import (
    DOUBLES,
    DROPPED,
    HARMLESS,
    Account,
    Ask,
    Cap,
    InDoubt,
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

REMEMBERED = 3600.0  # seconds
LOOKS = 300  # at a file being converted, every two seconds
PAGES = 10  # of 40 statuses
EARLY = timedelta(
    hours=12
)  # how far the server's clock and ours may be apart; yesterday's post of a daily series is further back
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
    "Duplicate idempotency key": InDoubt,  # Pixelfed: the first sending may be up
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


Bare = Callable[[str], str]  # leaves of a text what the server does not change in it


def find(
    account: Account, post: Post, lost: Lost, ask: Ask, alike: Bare = lambda text: bare(text)
) -> Published | None:
    """Our post among the account's own."""
    me = own(account, ask)
    up = (one for path in lists(me, post) for one in listed(account, path, lost.left_at, ask))
    return found(account, me, post, lost, up, alike, ask)


def found(
    account: Account, me: Json, post: Post, lost: Lost, up: Iterable[Json], alike: Bare, ask: Ask
) -> Published | None:
    """Ours of those that are up: as it is shown, else, for the server may have rewritten it, as it was written."""
    wanted = alike(post.text if post.text.strip() else post.options.get("content_warning") or "")
    strange = []
    for one in up:
        if (
            one["account"]["id"] == me["id"]
            and one["id"] not in lost.others
            and is_like(post, lost, one)
        ):
            if wanted in (
                alike(shown(one)),
                alike(one.get("text") or ""),
            ):  # snac tells the source beside what is shown
                return published(one)
            strange += [] if one.get("text") else [one]
    rewritten = next((one for one in strange if alike(source(account, one, ask)) == wanted), None)
    return published(rewritten) if rewritten else None


def lists(me: Json, post: Post) -> tuple[str, ...]:
    """Where the account's posts are. Some servers (snac) list only what is public; the rest is in the home timeline."""
    visibility = post.options.get("visibility") or (me.get("source") or {}).get("privacy")
    own_ones = f"/api/v1/accounts/{me['id']}/statuses?limit=40&exclude_reblogs=true"
    return (
        (own_ones, "/api/v1/timelines/home?limit=40")
        if visibility in ("private", "direct")
        else (own_ones,)
    )


def whoami(account: Account, ask: Ask) -> str:
    return f"@{own(account, ask)['acct']}"


def asking(base: Limits) -> Callable[[Account, Ask], Limits]:
    """A `Platform.ask_limits`: what the server tells of itself, and `base` where it is silent."""

    def ask_limits(account: Account, ask: Ask) -> Limits:
        try:
            told = instance(account, "/api/v2/instance", ask)
        except Rejected:  # Mastodon before 4.0, snac, Pleroma
            told = instance(account, "/api/v1/instance", ask)
        return limits_of(told, at(account, ""), base)

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
    return Published(id=str(answer["id"]), url=answer.get("url") or answer.get("uri"), notes=notes)


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
    asked = Request(
        step="account",
        url=at(account, "/api/v1/accounts/verify_credentials"),
        repeat=HARMLESS,
        example=ME,
    )
    try:
        return ask(asked).json()
    except (
        Rejected
    ) as refused:  # 422 is how snac says it, 403 how Mastodon says that the account is disabled
        if refused.response is not None and refused.response.status in (403, 422):
            raise LoginNeeded(str(refused), refused.response) from None
        raise


def listed(account: Account, path: str, left_at: datetime, ask: Ask) -> Iterator[Json]:
    """The statuses of a list made since `EARLY` before then, the newest first. snac answers the same page whatever `max_id` says."""
    seen: set[str] = set()
    older = ""
    since = left_at - EARLY
    for _ in range(PAGES):
        answer = ask(
            Request(step="list", url=at(account, path + older), repeat=HARMLESS, example=[])
        )
        since = min(since, told_at(answer, left_at) - EARLY)
        page = answer.json()
        fresh = [one for one in page if one["id"] not in seen]
        yield from (one for one in fresh if made_at(one) >= since)
        if not fresh or made_at(fresh[-1]) < since:
            return
        seen.update(one["id"] for one in fresh)
        older = f"&max_id={fresh[-1]['id']}"
    raise InDoubt(
        f"{account.name}: too many posts since {since:%Y-%m-%d %H:%M} UTC to look through"
    )


def told_at(answer: Response, otherwise: datetime) -> datetime:
    """The server's time. Where ours was set ahead when a post left, that is in the server's future."""
    try:
        told = parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return otherwise
    return told if told.tzinfo else otherwise


def made_at(one: Json) -> datetime:
    return datetime.fromisoformat(one["created_at"])


def is_like(post: Post, lost: Lost, one: Json) -> bool:
    """Whether it answers the same post and has the same files."""
    replied = answered(post.reply_to) if post.reply_to else ""
    return (
        not one.get("reblog")
        and replied == (one.get("in_reply_to_id") or "")
        and has_files(post, lost, one["media_attachments"])
    )


def has_files(post: Post, lost: Lost, attached: list[Json]) -> bool:
    """As many; and where there is no text to know it by, the same ones: by what the uploads are called, else by what they are said to show.

    Friendica and Pleroma call a file otherwise in a status, but its address stays. And the uploads may not be known: the store was restored,
    or the files have been uploaded again since.
    """
    if len(attached) != len(post.media) or post.text.strip() or post.options.get("content_warning"):
        return len(attached) == len(post.media)
    uploads = {
        name
        for step, answer in lost.answers.items()
        if step.startswith(("upload", "conversion"))
        for name in called(answer.json())
    }
    alts = [bare(one.alt) for one in post.media]
    is_said = (any(alts) or not uploads) and alts == [
        bare(file.get("description") or "") for file in attached
    ]
    return is_said or all(uploads & called(file) for file in attached)


def called(file: Json) -> set[str]:
    return {str(file[name]) for name in ("id", "url", "remote_url") if file.get(name)}


def shown(one: Json) -> str:
    lines = re.sub(r"</?(?:br|p|li|[uo]l)\b[^>]*>", "\n", one["content"])
    return unescape(re.sub(r"<[^>]*>", "", lines))


def bare(text: str) -> str:
    """A text without what servers change in it: white space, and the server in a mention."""
    return "".join(local(text).split())


def local(text: str) -> str:
    return MENTION.sub(r"\1", normalize("NFC", text))


def source(account: Account, one: Json, ask: Ask) -> str:
    """The text as it was written; empty where the server tells no source."""
    try:
        told = ask(
            Request(
                step="source",
                url=at(account, f"/api/v1/statuses/{one['id']}/source"),
                repeat=HARMLESS,
                example={"text": ""},
            )
        )
    except Rejected:
        return ""
    return str(told.json().get("text") or "")


def instance(account: Account, path: str, ask: Ask) -> Json:
    return ask(
        Request(step="limits", url=at(account, path), repeat=HARMLESS, anonymous=True, example={})
    ).json()


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
    find=find,
    whoami=whoami,
    ask_limits=asking(LIMITS),
    errors=ERRORS,
    error_code=error_code,
)
