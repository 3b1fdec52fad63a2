"""WordPress, by its REST API and an application password: a post with its pictures, the first as featured image, tags, categories, excerpt.

The post is a draft until the last request, and its slug carries the delivery's key: before anything is made, the slug is looked
up, so that an earlier attempt's draft is used and an earlier attempt's post is found. To publish a draft twice changes nothing.

https://developer.wordpress.org/rest-api/reference/posts/
"""

import re
from datetime import date
from html import escape, unescape
from typing import Literal
from urllib.parse import urlencode

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Ask,
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
    Setting,
    TryLater,
    address_of,
    basic,
)
from platforms.recent import Found, Look
from platforms.site import paragraphs

LONGEST_WORDS = 100  # characters of a slug
STATES = "publish,future,draft,pending,private"
TRASH, TRASHED = "trash", "__trashed"  # WordPress adds this to the slug of what is in the bin
EXISTS = 400  # what a tag that is there already is answered with
FILE = {"id": 11, "source_url": "https://blog.example.org/wp-content/uploads/2026/09/door.png"}
DRAFT = {
    "id": 12,
    "status": "draft",
    "slug": "welcome-back-7f3a9c0d1e2b",
    "link": "https://blog.example.org/?p=12",
}
POST = {**DRAFT, "status": "publish", "link": "https://blog.example.org/welcome-back-7f3a9c0d1e2b/"}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    known = looked_up(account, post, ask)
    if known and known["status"] != "draft":
        return published(known)
    identifier = drafted(account, post, known, ask)
    answer = ask(
        Request(
            step="publish",
            method="POST",
            url=at(account, f"posts/{identifier}"),
            json={"status": post.options.get("status", "publish")},
            repeat=DROPPED,
            remembered=FOREVER,
            example=POST,
        )
    )
    return published(answer.json())


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """What stands under our slug, in the bin as well. A draft is not published yet."""
    known = listed(account, [slug(post), slug(post) + TRASHED], f"{STATES},{TRASH}", ask)
    present = [one for one in known if one["status"] != TRASH]
    if present and present[0]["status"] != "draft":
        return Look(found=Found.OURS, post=published(present[0]))
    if known and not present:
        return Look(found=Found.REMOVED, post=published(known[0]))
    return Look(found=Found.ABSENT)


def looked_up(account: Account, post: Post, ask: Ask) -> Json | None:
    """What stands under our slug, published or not."""
    return next(iter(listed(account, [slug(post)], STATES, ask)), None)


def listed(account: Account, slugs: list[str], states: str, ask: Ask) -> list[Json]:
    """Our posts with these slugs. WordPress hides most from who is not signed in: that is asked first."""
    whoami(account, ask)
    asked = urlencode({"slug": ",".join(slugs), "status": states, "context": "edit"})
    answer = ask(
        Request(
            step="look", url=at(account, f"posts?{asked}"), repeat=HARMLESS, fresh=True, example=[]
        )
    )
    found = answer.json()
    if not isinstance(found, list):
        raise TryLater(f"{account.name}: wordpress answered 'look' without a list", answer)
    return [one for one in found if one["slug"] in slugs]


def drafted(account: Account, post: Post, known: Json | None, ask: Ask) -> int:
    """The number of the draft. That of an earlier attempt gets the text of now."""
    files = [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)]
    pictures = [
        file["id"]
        for one, file in zip(post.media, files, strict=True)
        if one.type.startswith("image/")
    ]
    featured = next(iter(pictures), None)
    shown = [
        figure(one, file)
        for one, file in zip(post.media, files, strict=True)
        if file["id"] != featured
    ]
    body = {
        "title": post.title,
        "content": "\n".join([post.html or paragraphs(post), *shown]),
        "excerpt": post.summary,
        "slug": slug(post),
        "status": ""
        if known
        else "draft",  # an earlier attempt's request may be under way still: what it publishes stays published
        "featured_media": featured,
        "tags": [term(account, "tags", name, ask) for name in tags(post)],
        "categories": [
            term(account, "categories", name, ask) for name in post.options.get("categories") or ()
        ],
    }
    said = {name: value for name, value in body.items() if value}
    path = f"posts/{known['id']}" if known else "posts"
    draft = ask(
        Request(
            step="draft",
            method="POST",
            url=at(account, path),
            json=said,
            repeat=HARMLESS,
            example={**DRAFT, "slug": slug(post)},
        )
    ).json()
    refuse_second(draft, post)
    return int(draft["id"])


def refuse_second(draft: Json, post: Post) -> None:
    """A slug that was free a moment ago has been taken: an earlier attempt's draft came to be after all, and is the one that a look finds.

    Were this one published, and that answer lost, the look would have the other one published as well.
    """
    if draft["slug"] != slug(post):
        raise TryLater(
            f"an earlier attempt's draft has the slug {slug(post)} by now, and is used the next time; this one, {draft['slug']} "
            f"(number {draft['id']}), is left as a draft, and may be deleted"
        )


def whoami(account: Account, ask: Ask) -> str:
    asked = Request(
        step="account",
        url=at(account, "users/me?context=edit"),
        repeat=HARMLESS,
        example={"name": "Ada", "slug": "ada"},
    )
    return str(ask(asked).json()["slug"])


def at(account: Account, path: str) -> str:
    return address_of("{site}/wp-json/wp/v2/", account) + path


def slug(post: Post) -> str:
    """Words of the title, and the key, whole: what is longer than the platform takes would be cut at its end."""
    words = "-".join(re.findall(r"[a-z0-9]+", post.title.lower())[:8])[:LONGEST_WORDS].strip("-")
    return f"{words}-{post.key[:12]}".lstrip("-")


def tags(post: Post) -> list[str]:
    return list(
        dict.fromkeys(
            [
                *(post.options.get("tags") or ()),
                *(span.value for span in post.spans if span.kind == "tag"),
            ]
        )
    )


def term(account: Account, kind: str, name: str, ask: Ask) -> int:
    """The number of a tag or category. It is made where there is none, which for a category takes an editor.

    WordPress keeps names with entities in them ("R&amp;D"), so that what is searched for is the longest part that needs none.
    """
    searched = max(re.split("[&<>\"']", name), key=len).strip()
    asked = urlencode({"search": searched, "per_page": 100, "_fields": "id,name"})
    listed = ask(
        Request(
            step=f"look for {kind} {name}",
            url=at(account, f"{kind}?{asked}"),
            repeat=HARMLESS,
            example=[],
        )
    ).json()
    known = next(
        (one["id"] for one in listed if unescape(one["name"]).casefold() == name.casefold()), None
    )
    return int(known or made(account, kind, name, ask))


def made(account: Account, kind: str, name: str, ask: Ask) -> Json:
    """The number of a new one, or of the one that WordPress takes for the same ("Éire" and "Eire")."""
    answer = ask(
        Request(
            step=f"{kind} {name}",
            method="POST",
            url=at(account, kind),
            json={"name": name},
            repeat=HARMLESS,
            accepts=(EXISTS,),
            example=Response.of({"id": 3}, 201),
        )
    )
    told = answer.json()
    if answer.status == EXISTS and told.get("code") != "term_exists":
        raise Rejected(
            f"wordpress refused '{name}' among the {kind}: {told.get('message', '')}", answer
        )
    return told["data"]["term_id"] if answer.status == EXISTS else told["id"]


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> Json:
    """The file, and what it shows in a request of its own: in the address it would be longer than servers take."""
    file = ask(
        Request(
            step=f"upload {number}",
            method="POST",
            url=at(account, "media"),
            body=media,
            repeat=HARMLESS,
            headers={
                "Content-Type": media.type,
                "Content-Disposition": f'attachment; filename="{media.name}"',
            },
            example=Response.of({**FILE, "id": 10 + number}, 201),
        )
    ).json()
    if media.alt:
        ask(
            Request(
                step=f"alt {number}",
                method="POST",
                url=at(account, f"media/{file['id']}"),
                json={"alt_text": media.alt},
                repeat=HARMLESS,
                example=FILE,
            )
        )
    return file


def figure(media: Media, file: Json) -> str:
    address = escape(file["source_url"])
    if media.type.startswith("video/"):
        return f'<figure><video controls src="{address}" aria-label="{escape(media.alt)}"></video></figure>'
    return f'<figure><img src="{address}" alt="{escape(media.alt)}"></figure>'


def published(one: Json) -> Published:
    return Published(id=str(one["id"]), url=one["link"])


PLATFORM = Platform(
    name="wordpress",
    settings=(
        Setting(
            name="site",
            meaning="the site's address",
            required=True,
            example="https://blog.example.org",
        ),
    ),
    options=(
        Setting(
            name="status",
            meaning="what becomes of it",
            type=Literal["publish", "private", "pending"],
            default="publish",
            example="pending",
        ),
        Setting(
            name="categories",
            meaning="categories by name; made where there are none",
            type=list[str],
            example='["News"]',
        ),
        Setting(
            name="tags",
            meaning="tags beside those of the text",
            type=list[str],
            example='["Year 4"]',
        ),
    ),
    limits=Limits(
        title=None,
        html=True,
        links=False,
        images=20,
        videos=4,
        alt=1000,
        source="https://developer.wordpress.org/rest-api/reference/posts/",
        checked=date(2026, 11, 23),
    ),
    secrets=("user", "password"),
    obtain="{site}/wp-admin/profile.php: Application Passwords, a new one for Termbell; not the password of the account itself",
    sign=basic,
    publish=publish,
    find=find,
    find_after=0,  # posts are read from the database that they were written to
    whoami=whoami,
    errors={
        **dict.fromkeys(
            ("rest_not_logged_in", "incorrect_password", "invalid_username"), LoginNeeded
        ),
        **dict.fromkeys(
            (
                "rest_upload_sideload_error",
                "rest_upload_unknown_error",
                "application_passwords_disabled",
                "application_passwords_disabled_for_user",
            ),
            Rejected,
        ),
    },
)
