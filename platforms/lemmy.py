"""Lemmy: a post with a title in a community, with a link or pictures and a text in Markdown; comments on it.

There is no key; what was lost is looked for among the account's own. The server takes its time: it reads the page of a link
before it answers. It knows no status but 400, and a token that is wrong makes who has it nobody.

https://join-lemmy.org/docs/contributors/04-api.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from urllib.parse import quote, unquote

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
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Secrets,
    Setting,
    TryLater,
    address_of,
    last_part,
    utf16_units,
)
from platforms.recent import (
    REMOVED_STATE,
    ListedFile,
    ListedPost,
    PostList,
    Search,
    by_number,
    folded,
    iso,
)

PER_PAGE = 50
UNKNOWN_ADDRESS = "https://unknown.invalid"  # of a picture whose upload is forgotten
PROXIED = re.compile(r"https?://[^/\s]+/api/v\d/image_proxy\?url=([^\s)&]+)")
LONGEST_COMMENT = 10_000  # UTF-16 units
SITE = {
    "my_user": {"local_user_view": {"person": {"id": 2, "name": "ada"}}},
    "all_languages": [{"id": 37, "code": "en"}],
}
POSTED = {"post_view": {"post": {"id": 4711, "ap_id": "https://lemmy.example/post/4711"}}}
COMMENTED = {
    "comment_view": {
        "comment": {"id": 81, "post_id": 4711, "ap_id": "https://lemmy.example/comment/81"}
    }
}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    refuse(post)
    if post.reply_to:
        return commented(account, post, ask)
    pictures = [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)]
    first = post.media[0] if post.media else None
    said = {
        "name": post.title,
        "community_id": community(account, post, ask),
        "url": pictures[0] if pictures else post.link and post.link.url,
        "alt_text": first and first.alt,
        "body": body_of(post, pictures),
        "nsfw": post.options.get("nsfw"),
        "language_id": language(account, post, ask),
    }
    body = {name: value for name, value in said.items() if value}
    answer = ask(
        Request(
            step="post", method="POST", url=at(account, "api/v3/post"), json=body, example=POSTED
        )
    ).json()["post_view"]["post"]
    return Published(id=answer["ap_id"], url=answer["ap_id"], ref={"post": answer["id"]})


def refuse(post: Post) -> None:
    if post.reply_to and (post.media or utf16_units(post.markup) > LONGEST_COMMENT):
        raise Rejected(
            f"a comment on Lemmy is a text of at most {LONGEST_COMMENT:,} characters, without media"
        )
    if not post.reply_to and (len(post.title.strip()) < 3 or "\n" in post.title):
        raise Rejected("a title on Lemmy is one line of at least three characters")


def in_markdown(media: Media, url: str) -> str:
    alt = re.sub(r"[\\\[\]]", r"\\\g<0>", " ".join(media.alt.split()))
    return f"![{alt}]({url})"


def commented(account: Account, post: Post, ask: Ask) -> Published:
    assert post.reply_to
    on, parent = (
        post.reply_to.ref.get("post") or number_in(post.reply_to.id),
        post.reply_to.ref.get("comment"),
    )
    body = {"content": post.markup, "post_id": on, **({"parent_id": parent} if parent else {})}
    answer = ask(
        Request(
            step="comment",
            method="POST",
            url=at(account, "api/v3/comment"),
            json=body,
            example=COMMENTED,
        )
    ).json()
    one = answer["comment_view"]["comment"]
    return Published(id=one["ap_id"], url=one["ap_id"], ref={"post": on, "comment": one["id"]})


def number_in(url: str) -> int:
    """A post that a person found is known by its URL."""
    found = re.search(r"/post/(\d+)", url)
    if not found:
        raise Rejected(f"{url} is no post on Lemmy; its address has /post/ in it")
    return int(found[1])


def recent(account: Account, post: Post, lost: Lost, ask: Ask) -> Search:
    """All posts or comments of the account, newest first, also those that were taken away."""
    server = site(account, ask)
    me = person(server)
    counts = server["my_user"]["local_user_view"].get("counts") or {}
    view, kind = ("comments", "comment") if post.reply_to else ("posts", "post")
    place = 0 if post.reply_to else community(account, post, ask)
    languages = {one["id"]: one["code"] for one in server["all_languages"]}
    history = PostList(
        request=Request(
            step="list",
            url=at(account, f"api/v3/user?username={quote(me['name'])}&sort=New&limit={PER_PAGE}"),
            repeat=HARMLESS,
            fresh=True,
            example={view: []},
        ),
        items=(view,),
        read=lambda item: listed(item[kind], post, languages),
        next_page=by_number("page"),
        newest_first=True,
    )
    wanted = expected(account, post, str(me["id"]), place, lost)
    spoken = post.language.partition("-")[0]
    return Search(
        lists=(history,),
        expected=replace(wanted, language=spoken if spoken in languages.values() else None),
        strict=lambda text: folded(direct(text)),
        count=counts.get(f"{kind}_count"),
    )


def expected(account: Account, post: Post, author: str, place: int, lost: Lost) -> ListedPost:
    """Our post or comment, as the list would show it."""
    if post.reply_to:
        on = post.reply_to.ref.get("post") or number_in(post.reply_to.id)
        parent = str(post.reply_to.ref.get("comment") or "")
        return ListedPost(author=author, place=str(on), parent=parent, shown=post.markup)
    pictures = [
        address_in(account, answer)
        if (answer := lost.answers.get(f"upload {number}"))
        else UNKNOWN_ADDRESS
        for number, _ in enumerate(post.media, 1)
    ]
    first = frozenset({*pictures[:1]} - {UNKNOWN_ADDRESS})
    return ListedPost(
        author=author,
        place=str(place),
        title=post.title,
        warning=warning(post, bool(post.options.get("nsfw"))),
        link=None if post.media else post.link.url if post.link else "",
        shown=body_of(post, pictures),
        files=(ListedFile(ids=first, alt=post.media[0].alt),) if post.media else None,
    )


def body_of(post: Post, pictures: Sequence[str]) -> str:
    """The text, with all pictures but the first below it."""
    further = [
        in_markdown(one, url) for one, url in list(zip(post.media, pictures, strict=True))[1:]
    ]
    return "\n\n".join(filter(None, (post.markup, *further)))


def warning(post: Post, is_nsfw: bool) -> str | None:
    """Where the post asks for it; else the community or a moderator may have set it."""
    if not post.options.get("nsfw"):
        return None
    return "nsfw" if is_nsfw else ""


def listed(item: Json, post: Post, languages: Mapping[int, str]) -> ListedPost:
    """A post or a comment of the list."""
    facts = {
        "id": item["ap_id"],
        "url": item["ap_id"],
        "made": iso(item["published"]),
        "author": str(item["creator_id"]),
        "state": REMOVED_STATE if item.get("deleted") or item.get("removed") else None,
        # 0 is a language that nobody named
        "language": languages.get(item["language_id"]) if item.get("language_id") else None,
    }
    if post.reply_to:
        parent = item["path"].split(".")[-2]  # "0.81.95": 95 answers 81, and that the post
        return ListedPost(
            **facts,
            place=str(item["post_id"]),
            parent="" if parent == "0" else parent,
            shown=item["content"],
            ref={"post": item["post_id"], "comment": item["id"]},
        )
    url = direct(item.get("url") or "")
    file = ListedFile(ids=frozenset({url}), alt=item.get("alt_text") or "")
    return ListedPost(
        **facts,
        place=str(item["community_id"]),
        title=item["name"],
        warning=warning(post, bool(item.get("nsfw"))),
        link=url,
        shown=item.get("body") or "",
        files=(file,) if url else (),
        ref={"post": item["id"]},
    )


def direct(text: str) -> str:
    """A text with its pictures' own addresses, where the server puts itself in between."""
    return PROXIED.sub(lambda found: unquote(found[1]), text)


def id_of(name: str) -> str:
    """The number of a post, also in its address; comments are counted by themselves."""
    comment = re.search(r"/comment/(\d+)", name)
    return f"comment {comment[1]}" if comment else last_part(name)


def whoami(account: Account, ask: Ask) -> str:
    return str(person(site(account, ask))["name"])


def site(account: Account, ask: Ask) -> Json:
    return ask(
        Request(step="site", url=at(account, "api/v3/site"), repeat=HARMLESS, example=SITE)
    ).json()


def person(told: Json) -> Json:
    if not told.get("my_user"):
        raise LoginNeeded("the server does not know who this is: the token is not valid any more")
    return told["my_user"]["local_user_view"]["person"]


def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
    """A name and a password are traded for a token that does not end; logins are rationed. A token that was given is used as it is."""
    if "password" not in secrets:
        return {}
    answer = ask(
        Request(
            step="login",
            method="POST",
            url=at(account, "api/v3/user/login"),
            repeat=HARMLESS,
            example={"jwt": "x"},
            json={"username_or_email": "{user}", "password": "{password}"},
        )
    )
    return {"token": answer.json()["jwt"]}


def at(account: Account, path: str) -> str:
    return address_of("{server}/", account) + path


def community(account: Account, post: Post, ask: Ask) -> int:
    name = str(post.options.get("community") or account.settings["community"]).removeprefix("!")
    asked = Request(
        step="community",
        url=at(account, f"api/v3/community?name={name}"),
        repeat=HARMLESS,
        example={"community_view": {"community": {"id": 7}}},
    )
    return int(ask(asked).json()["community_view"]["community"]["id"])


def language(account: Account, post: Post, ask: Ask) -> int | None:
    """Its number there; None where the server has no such language."""
    code = post.language.partition("-")[0]
    return next(
        (one["id"] for one in site(account, ask)["all_languages"] if one["code"] == code), None
    )


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> str:
    answer = ask(
        Request(
            step=f"upload {number}",
            method="POST",
            url=at(account, "pictrs/image"),
            files={"images[]": media},
            repeat=HARMLESS,
            example={"msg": "ok", "files": [{"file": "a1b2.png"}]},
        )
    )
    return address_in(account, answer)


def address_in(account: Account, answer: Response) -> str:
    """Where the uploaded picture is."""
    return at(account, f"pictrs/image/{answer.json()['files'][0]['file']}")


PLATFORM = Platform(
    name="lemmy",
    settings=(
        Setting(
            name="server",
            meaning="where the account lives",
            required=True,
            example="https://lemmy.world",
        ),
        Setting(
            name="community",
            meaning="where posts go: NAME, or NAME@SERVER",
            required=True,
            example="teaching",
        ),
    ),
    options=(
        Setting(
            name="community",
            meaning="another community than the account's",
            example="maths@lemmy.ml",
        ),
        Setting(name="nsfw", meaning="whether it is not for all eyes", type=bool, example="true"),
    ),
    limits=Limits(
        text=50_000,
        unit="UTF-16 units",
        markup="markdown",
        title=200,
        needs_title=True,
        own_cards=False,
        link_or_media=True,
        replies=True,
        images=6,
        image_bytes=10_000_000,
        alt=1500,
        caps=(Cap(posts=6, seconds=600),),
        source="https://join-lemmy.org/docs/contributors/04-api.html",
        checked=date(2026, 11, 23),
    ),
    secrets=("token",),
    instead=("user", "password"),
    obtain="{server}: the account's name and password; they are traded for a token",
    session=session,
    publish=publish,
    recent=recent,
    find_after=30,  # the server fetches the link's page before it is done (its source)
    id_of=id_of,
    whoami=whoami,
    errors={
        **dict.fromkeys(
            ("incorrect_login", "not_logged_in", "missing_totp_token", "incorrect_totp_token"),
            LoginNeeded,
        ),
        "rate_limit_error": TryLater,
    },
)
