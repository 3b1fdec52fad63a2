"""Misskey and its forks (Sharkey, Iceshrimp, CherryPick): notes with files, a content warning, a poll; threads.

A note has no key; a file that was uploaded is ours alone, so that a note with it is found for certain, one without by its text.

https://misskey-hub.net/en/docs/for-developers/api/
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Cap,
    Json,
    Limits,
    LoginNeeded,
    Lost,
    Media,
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
    code_at,
)
from platforms.recent import ListedFile, ListedPost, PostList, Search, by_last_item, iso

LONGEST_WARNING, LONGEST_ANSWER = 100, 50  # characters
MOST_FILES, MOST_ANSWERS, PER_PAGE = 16, 10, 100
NOTE = {"createdNote": {"id": "9abcdefghi"}}
ME = {"id": "9aaaaaaaaa", "username": "ada"}
FILE = {"id": "9xyzxyzxyz"}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    files = [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)]
    answer = ask(call(account, "note", "notes/create", note(post, files), example=NOTE)).json()
    return published(account, answer["createdNote"]["id"])


def refuse(post: Post) -> None:
    if len(post.options.get("content_warning") or "") > LONGEST_WARNING:
        raise Rejected(f"a content warning on Misskey has at most {LONGEST_WARNING} characters")
    if len(post.media) > MOST_FILES:
        raise Rejected(
            f"a note on Misskey has at most {MOST_FILES} files, and this has {len(post.media)}"
        )
    answers = (post.options.get("poll") or {}).get("answers")
    if answers and not (
        2 <= len(set(answers)) == len(answers) <= MOST_ANSWERS
        and all(0 < len(one) <= LONGEST_ANSWER for one in answers)
    ):
        raise Rejected(
            f"a poll on Misskey has 2 to {MOST_ANSWERS} different answers of at most {LONGEST_ANSWER} characters"
        )
    if answers and poll(post.options["poll"])["expiredAfter"] <= 0:
        raise Rejected("Misskey takes no poll that is over when it begins: give it some `hours`")


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All notes of the account: the owner sees followers' ones, replies and channels (source)."""
    me = ask(call(account, "account", "i", {}, repeat=HARMLESS, example=ME)).json()
    wanted = {
        "userId": me["id"],
        "limit": PER_PAGE,
        "withReplies": True,
        "withChannelNotes": True,
    }
    notes = PostList(
        request=call(account, "list", "users/notes", wanted, repeat=HARMLESS, example=[]),
        read=lambda item: listed(account, item),
        next_page=by_last_item("untilId", "id"),
        newest_first=True,
    )
    return Search(lists=(notes,), expected=expected(post, me, lost), count=me.get("notesCount"))


def expected(post: Post, me: Json, lost: Lost) -> ListedPost:
    """Our note, as the list would show it."""
    uploads = {step: answer.json()["id"] for step, answer in uploads_of(lost).items()}
    asked = post.options.get("poll")
    return ListedPost(
        author=me["id"],
        shown=post.text,
        warning=post.options.get("content_warning") or "",
        visibility=visibility_of(post, me),
        parent=answered(post),
        poll=tuple(asked["answers"]) if asked else (),
        files=tuple(
            ListedFile(
                ids=frozenset({uploads.get(f"upload {number}", "")} - {""}),
                name=media.name,
                alt=media.alt,
            )
            for number, media in enumerate(post.media, 1)
        ),
    )


def visibility_of(post: Post, me: Json) -> str | None:
    """Who will see it (NoteCreateService); None: that depends on the note that it answers."""
    if post.reply_to:
        return None
    visibility = post.options.get("visibility", "public")
    is_held_back = (me.get("policies") or {}).get("canPublicNote") is False
    if visibility == "public" and is_held_back:
        visibility = "home"
    return reach(visibility, post.options.get("local_only"))


def reach(visibility: str, is_local: bool | None) -> str:
    return f"{visibility}, on this server alone" if is_local else visibility


def uploads_of(lost: Lost) -> dict[str, Response]:
    return {step: answer for step, answer in lost.answers.items() if step.startswith("upload")}


def listed(account: Account, item: Json) -> ListedPost | None:
    """A note of the list; a renote without words of its own is none."""
    if item.get("renoteId") and not item.get("text"):
        return None
    files = item.get("files")
    poll = item.get("poll") or {}
    return ListedPost(
        id=item["id"],
        url=note_address(account, item["id"]),
        made=iso(item["createdAt"]),
        author=item["userId"],
        shown=item.get("text") or "",
        warning=item.get("cw") or "",
        visibility=reach(item["visibility"], item.get("localOnly")),
        parent=item.get("replyId") or "",
        poll=tuple(choice["text"] for choice in poll.get("choices", ())),
        files=tuple(map(listed_file, files)) if files is not None else None,
    )


def listed_file(item: Json) -> ListedFile:
    return ListedFile(
        ids=frozenset({item["id"]}), name=item.get("name"), alt=item.get("comment") or ""
    )


def whoami(account: Account, ask: Ask) -> str:
    return (
        f"@{ask(call(account, 'account', 'i', {}, repeat=HARMLESS, example=ME)).json()['username']}"
    )


def ask_limits(account: Account, ask: Ask) -> Limits:
    told = (
        ask(call(account, "limits", "meta", {}, repeat=HARMLESS, anonymous=True, example={}))
        .json()
        .get("maxNoteTextLength")
    )
    return (
        replace(LIMITS, text=told, source=at(account, "meta")) if isinstance(told, int) else LIMITS
    )


def call(account: Account, step: str, name: str, body: Json, **more: Json) -> Request:
    return Request(step=step, method="POST", url=at(account, name), json=body, **more)


def at(account: Account, name: str) -> str:
    return address_of("{server}/api/", account) + name


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> str:
    """The id of the file, kept even where the drive has the same one: that would have another description."""
    form = {"name": media.name, "force": "true", **({"comment": media.alt} if media.alt else {})}
    return str(
        ask(
            Request(
                step=f"upload {number}",
                method="POST",
                url=at(account, "drive/files/create"),
                form=form,
                files={"file": media},
                repeat=HARMLESS,
                example=FILE,
            )
        ).json()["id"]
    )


def note(post: Post, files: list[str]) -> dict[str, Json]:
    options = post.options
    said = {
        "text": post.text,
        "cw": options.get("content_warning"),
        "visibility": options.get("visibility", "public"),
        "localOnly": options.get("local_only"),
        "fileIds": files,
        "poll": options.get("poll") and poll(options["poll"]),
        "replyId": answered(post),
    }
    return {name: value for name, value in said.items() if value}


def poll(asked: Mapping[str, Json]) -> dict[str, Json]:
    return {
        "choices": list(asked["answers"]),
        "multiple": bool(asked.get("multiple")),
        "expiredAfter": round(asked.get("hours", 24) * 3_600_000),
    }


def answered(post: Post) -> str:
    """The id of the note before. One that a person found is known by its URL."""
    return post.reply_to.id.rstrip("/").rpartition("/")[2] if post.reply_to else ""


def published(account: Account, identifier: str) -> Published:
    return Published(id=identifier, url=note_address(account, identifier))


def note_address(account: Account, identifier: str) -> str:
    return at(account, "").removesuffix("/api/") + f"/notes/{identifier}"


error_code = code_at("error", "code")


LIMITS = Limits(
    text=3000,
    links=False,
    replies=True,
    images=16,
    videos=16,
    image_bytes=10_000_000,
    video_bytes=10_000_000,
    alt=512,
    caps=(Cap(posts=300, seconds=3600),),
    source="https://misskey-hub.net/en/docs/for-developers/api/",
    checked=date(2026, 11, 23),
)

PLATFORM = Platform(
    name="misskey",
    settings=(
        Setting(
            name="server",
            meaning="where the account lives",
            required=True,
            example="https://misskey.io",
        ),
    ),
    options=(
        Setting(
            name="visibility",
            meaning="who sees it",
            type=Literal["public", "home", "followers"],
            default="public",
            example="home",
        ),
        Setting(
            name="content_warning",
            meaning="what readers see first; the text opens with a click",
            example="Exam results",
        ),
        Setting(
            name="local_only", meaning="whether it stays on the server", type=bool, example="true"
        ),
        Setting(
            name="poll",
            meaning="a question's answers, of at most 50 characters",
            type=Poll,
            example="{answers: [Paper, Screen], hours: 48}",
        ),
    ),
    limits=LIMITS,
    publish=publish,
    recent=recent,
    find_after=0,  # a note is in the list when its creation is answered (NoteCreateService)
    whoami=whoami,
    ask_limits=ask_limits,
    obtain="{server}/settings/api: generate an access token with the permissions write:notes, write:drive, read:account, read:drive",
    error_code=error_code,
    errors={
        **dict.fromkeys(
            (
                "CREDENTIAL_REQUIRED",
                "AUTHENTICATION_FAILED",
                "PERMISSION_DENIED",
                "YOUR_ACCOUNT_SUSPENDED",
                "YOUR_ACCOUNT_MOVED",
            ),
            LoginNeeded,
        ),
        "RATE_LIMIT_EXCEEDED": TryLater,
    },
)
