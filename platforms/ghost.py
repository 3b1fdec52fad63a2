"""Ghost, by its Admin API: a post with tags, its first picture as feature image, and the newsletter where that is wanted.

The post is a draft until the last request, and its slug carries the delivery's key: before anything is made, the slug is looked
up. To publish a draft twice changes nothing, and sends the newsletter once.

https://docs.ghost.org/admin-api/posts/creating-a-post
"""

from datetime import date
from html import escape
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
)
from platforms.recent import Found, Look, at_path
from platforms.signing import ghost_token
from platforms.site import paragraphs
from platforms.wordpress import refuse_second, slug, tags

NOT_THERE = 404
LONGEST_EXCERPT = 300  # characters
VERSION = {"Accept-Version": "v6.0"}
DRAFT = {
    "id": "6b04ac309258391017043ee0",
    "status": "draft",
    "slug": "welcome-back-7f3a9c0d1e2b",
    "url": "https://blog.example.org/p/1/",
    "updated_at": "2026-09-07T08:30:00.000Z",
}
MISSING = Response.of({"errors": [{"type": "NotFoundError"}]}, NOT_THERE)
POST = {
    **DRAFT,
    "status": "published",
    "url": "https://blog.example.org/welcome-back-7f3a9c0d1e2b/",
}


def publish(account: Account, post: Post, ask: Ask) -> Published:
    if len(post.summary) > LONGEST_EXCERPT:
        raise Rejected(
            f"a summary on Ghost has at most {LONGEST_EXCERPT} characters, and this has {len(post.summary)}"
        )
    known = looked_up(account, post, ask)
    if known and known["status"] != "draft":
        return published(known)
    draft = drafted(account, post, known, ask)
    newsletter = post.options.get("newsletter")
    query = (
        "?"
        + urlencode(
            {"newsletter": newsletter, "email_segment": post.options.get("email_segment", "all")}
        )
        if newsletter
        else ""
    )
    answer = ask(
        Request(
            step="publish",
            method="PUT",
            url=at(account, f"posts/{draft['id']}/{query}"),
            headers=VERSION,
            json={"posts": [{"status": "published", "updated_at": draft["updated_at"]}]},
            repeat=DROPPED,
            remembered=FOREVER,
            example={"posts": [POST]},
        )
    )
    return published(answer.json()["posts"][0])


def find(account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """What stands under our slug, in any state but a draft's, which is not published yet."""
    known = looked_up(account, post, ask)
    if known is None or known["status"] == "draft":
        return Look(found=Found.ABSENT)
    return Look(found=Found.OURS, post=published(known))


def looked_up(account: Account, post: Post, ask: Ask) -> Json | None:
    """What stands under our slug, published or not. A 404 in front of Ghost says nothing."""
    answer = ask(
        Request(
            step="look",
            url=at(account, f"posts/slug/{slug(post)}/"),
            headers=VERSION,
            repeat=HARMLESS,
            fresh=True,
            accepts=(NOT_THERE,),
            example=MISSING,
        )
    )
    if answer.status != NOT_THERE:
        return answer.json()["posts"][0]
    if not is_own_404(answer):
        raise TryLater(f"{account.name}: a 404 that is not Ghost's answered 'look'", answer)
    return None


def is_own_404(answer: Response) -> bool:
    try:
        return bool(at_path(answer.json(), ("errors", 0, "type")) == "NotFoundError")
    except (ValueError, LookupError):
        return False


def drafted(account: Account, post: Post, known: Json | None, ask: Ask) -> Json:
    """That of an earlier attempt gets the text of now."""
    pictures = [uploaded(account, one, number, ask) for number, one in enumerate(post.media, 1)]
    first = post.media[0] if post.media else None
    further = [
        f'<figure><img src="{escape(url)}" alt="{escape(one.alt)}"></figure>'
        for one, url in list(zip(post.media, pictures, strict=True))[1:]
    ]
    body = {
        "title": post.title,
        "slug": slug(post),
        "html": "\n".join([post.html or paragraphs(post), *further]),
        "status": "" if known else "draft",
        "tags": [{"name": name} for name in tags(post)],
        "feature_image": pictures[0] if pictures else None,
        "feature_image_alt": first and first.alt,
        "custom_excerpt": post.summary,
        "visibility": post.options.get("visibility"),
        "canonical_url": post.options.get("canonical_url"),
    }
    said = {name: value for name, value in body.items() if value}
    method, path = ("PUT", f"posts/{known['id']}/") if known else ("POST", "posts/")
    if known:
        said |= {"updated_at": known["updated_at"]}
    answer = ask(
        Request(
            step="draft",
            method=method,
            url=at(account, f"{path}?source=html"),
            headers=VERSION,
            json={"posts": [said]},
            repeat=HARMLESS,
            example={"posts": [{**DRAFT, "slug": slug(post)}]},
        )
    )
    draft = answer.json()["posts"][0]
    refuse_second(draft, post)
    return draft


def whoami(account: Account, ask: Ask) -> str:
    """The site's title; that is public, so that the key is tried as well."""
    ask(
        Request(
            step="key",
            url=at(account, "posts/?limit=1&fields=id"),
            headers=VERSION,
            repeat=HARMLESS,
            example={"posts": []},
        )
    )
    told = ask(
        Request(
            step="site",
            url=at(account, "site/"),
            headers=VERSION,
            repeat=HARMLESS,
            example={"site": {"title": "Class 4b"}},
        )
    )
    return str(told.json()["site"]["title"])


def at(account: Account, path: str) -> str:
    return address_of("{site}/ghost/api/admin/", account) + path


def uploaded(account: Account, media: Media, number: int, ask: Ask) -> str:
    return str(
        ask(
            Request(
                step=f"upload {number}",
                method="POST",
                url=at(account, "images/upload/"),
                headers=VERSION,
                form={"purpose": "image", "ref": media.name},
                files={"file": media},
                repeat=HARMLESS,
                example=Response.of(
                    {"images": [{"url": "https://blog.example.org/content/images/door.png"}]}, 201
                ),
            )
        ).json()["images"][0]["url"]
    )


def published(one: Json) -> Published:
    return Published(id=one["id"], url=one["url"])


def error_code(response: Response) -> str:
    """Ghost's own code, else the kind of the error."""
    try:
        error = response.json()["errors"][0]
        return str(error.get("code") or error["type"])
    except (ValueError, LookupError, TypeError):
        return ""


PLATFORM = Platform(
    name="ghost",
    settings=(
        Setting(
            name="site",
            meaning="the address of its admin, which may be another than the site's",
            required=True,
            example="https://blog.example.org",
        ),
    ),
    options=(
        Setting(
            name="tags",
            meaning="tags beside those of the text; made where there are none",
            type=list[str],
            example='["News"]',
        ),
        Setting(
            name="newsletter",
            meaning="the slug of a newsletter that the post is sent to as well",
            example="default-newsletter",
        ),
        Setting(
            name="email_segment",
            meaning="who of its readers gets it",
            default="all",
            example="status:free",
            type=Literal["all", "status:free", "status:-free"],
        ),
        Setting(
            name="visibility",
            meaning="who may read it",
            type=Literal["public", "members", "paid"],
            example="members",
        ),
        Setting(
            name="canonical_url",
            meaning="where it was published first",
            example="https://example.org/fractions",
        ),
    ),
    limits=Limits(
        title=255,
        needs_title=True,
        html=True,
        links=False,
        images=20,
        image_types=("image/jpeg", "image/png", "image/gif", "image/webp"),
        alt=191,
        source="https://docs.ghost.org/admin-api/posts/creating-a-post",
        checked=date(2026, 11, 23),
    ),
    secrets=("key",),
    obtain="{site}/ghost/#/settings/integrations: a custom integration, and its Admin API key",
    sign=ghost_token,
    publish=publish,
    find=find,
    find_after=0,  # posts are read from the database that they were written to
    whoami=whoami,
    error_code=error_code,
    errors={
        **dict.fromkeys(
            (
                "INVALID_JWT",
                "UNKNOWN_ADMIN_API_KEY",
                "MISSING_ADMIN_API_KID",
                "INVALID_AUTH_HEADER",
            ),
            LoginNeeded,
        ),
        "UPDATE_COLLISION": TryLater,
        "EmailError": Rejected,
    },
)
