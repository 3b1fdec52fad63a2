"""Lemmy: a post with a title in a community, with a link or pictures and a text in Markdown; comments on it.

There is no key; what was lost is looked for among the account's own. The server takes its time: it reads the page of a link
before it answers. It knows no status but 400, and a token that is wrong makes who has it nobody.

https://join-lemmy.org/docs/contributors/04-api.html
"""

import re
from datetime import UTC, date, datetime, timedelta

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
    Secrets,
    Setting,
    TryLater,
    address_of,
    utf16_units,
)

EARLY = timedelta(hours=1)  # how far the server's clock and ours may be apart
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
    further = [
        in_markdown(one, url) for one, url in list(zip(post.media, pictures, strict=True))[1:]
    ]
    said = {
        "name": post.title,
        "community_id": community(account, post, ask),
        "url": pictures[0] if pictures else post.link and post.link.url,
        "alt_text": first and first.alt,
        "body": "\n\n".join(filter(None, (post.markup, *further))),
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


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Published | None:
    """Ours among what the account has posted since it left. The server changes texts: a post is known by its title and where it stands,
    a comment by its post."""
    me = person(site(account, ask))["name"]
    view, kind = ("comments", "comment") if post.reply_to else ("posts", "post")
    place = 0 if post.reply_to else community(account, post, ask)
    asked = Request(
        step="list",
        url=at(account, f"api/v3/user?username={me}&sort=New&limit=50"),
        repeat=HARMLESS,
        example={view: []},
    )
    for one in (entry[kind] for entry in ask(asked).json()[view]):
        made = datetime.fromisoformat(one["published"])
        made = made if made.tzinfo else made.replace(tzinfo=UTC)
        if (
            one["ap_id"] not in lost.others
            and made > lost.left_at - EARLY
            and says(post, one, place)
        ):
            ref = (
                {"post": one["post_id"], "comment": one["id"]}
                if post.reply_to
                else {"post": one["id"]}
            )
            return Published(id=one["ap_id"], url=one["ap_id"], ref=ref)
    return None


def says(post: Post, one: Json, place: int) -> bool:
    """The same title may stand in several communities: a cross-post."""
    if post.reply_to is None:
        return bool(one["name"].strip() == post.title.strip() and one["community_id"] == place)
    on = post.reply_to.ref.get("post") or number_in(post.reply_to.id)
    return bool(one["post_id"] == on and one["content"].strip()[:40] == post.markup.strip()[:40])


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
    ).json()
    return at(account, f"pictrs/image/{answer['files'][0]['file']}")


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
    find=find,
    find_after=30,
    whoami=whoami,
    errors={
        **dict.fromkeys(
            ("incorrect_login", "not_logged_in", "missing_totp_token", "incorrect_totp_token"),
            LoginNeeded,
        ),
        "rate_limit_error": TryLater,
    },
)
