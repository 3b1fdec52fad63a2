"""The kinds of `media_host`, each as a few requests: put a file there, take it away. As adapters do, they state and do nothing themselves.

The rows of config.yaml are in `scheduler/media_hosts.py`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from platforms.base import (
    HARMLESS,
    Ask,
    Json,
    Media,
    Rejected,
    Request,
    Secrets,
    Sign,
    basic,
    unsigned,
)

LASTS = timedelta(days=1)  # that an address of a private bucket is good for
AMAZON = "https://s3.{region}.amazonaws.com"
NO_S3 = "media_host: s3 needs Termbell with its extra: pip install 'termbell[s3]'"
Settings = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a kind of `media_host` is spoken to."""

    put: Callable[
        [Settings, str, Media, Ask], str
    ]  # under that name, where it is not there yet; its address
    take_away: Callable[[Settings, str, Ask], None]  # also where it is gone
    sign: Callable[[Settings], Sign]  # makes an address that is not public one that is, too
    where: Callable[[Settings], str]  # for people


# S3 and stores that speak its API. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, read 2026-11-25


def s3_put(settings: Settings, name: str, media: Media, ask: Ask) -> str:
    url = s3_address(settings, name)
    known = ask(
        Request(step="look", method="HEAD", url=url, accepts=(403, 404), repeat=HARMLESS)
    )  # 403: who may not list is not told
    if known.status >= 300 or known.headers.get("content-length") != str(media.size):
        ask(
            Request(
                step="upload",
                method="PUT",
                url=url,
                headers={"Content-Type": media.type},
                body=media,
                repeat=HARMLESS,
            )
        )
    return url


def s3_take_away(settings: Settings, name: str, ask: Ask) -> None:
    ask(
        Request(
            step="delete",
            method="DELETE",
            url=s3_address(settings, name),
            accepts=(404,),
            repeat=HARMLESS,
        )
    )


def s3_address(settings: Settings, name: str) -> str:
    return f"{s3_bucket(settings)}/{quote(s3_key(settings, name))}"


def s3_bucket(settings: Settings) -> str:
    return (
        f"{settings['endpoint'] or AMAZON.format(region=settings['region'])}/{settings['bucket']}"
    )


def s3_key(settings: Settings, name: str) -> str:
    prefix = settings["prefix"].strip("/")
    return f"{prefix}/{name}" if prefix else name


def s3_sign(settings: Settings) -> Sign:
    def presigned(request: Request, secrets: Secrets) -> Request:
        """The address with a signature in it: whoever has it may do this one thing with this one file, until it ends."""
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError:
            raise Rejected(NO_S3) from None
        endpoint, _, bucket = s3_bucket(settings).rpartition("/")
        store = S3Store(
            bucket,
            endpoint=endpoint,
            region=settings["region"],
            access_key_id=secrets["access_key"],
            secret_access_key=secrets["secret_key"],
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )
        key = s3_key(settings, request.url.rpartition("/")[2])
        method: Any = request.method
        return replace(request, url=obstore.sign(store, method, key, LASTS))

    return presigned


# WordPress. https://developer.wordpress.org/rest-api/reference/media/, read 2026-11-25


def wordpress_put(settings: Settings, name: str, media: Media, ask: Ask) -> str:
    known = [one for one in wordpress_found(settings, name, ask) if is_whole(one, media)]
    answer = (
        known[0]
        if known
        else ask(
            Request(
                step="upload",
                method="POST",
                url=wordpress_media(settings),
                body=media,
                repeat=HARMLESS,
                headers={
                    "Content-Type": media.type,
                    "Content-Disposition": f'attachment; filename="{name}"',
                },
            )
        ).json()
    )
    return str(answer["source_url"])


def is_whole(one: Json, media: Media) -> bool:
    """A large picture is made smaller, and then says what its original is."""
    details = one["media_details"]
    return "original_image" in details or details.get("filesize", media.size) == media.size


def wordpress_take_away(settings: Settings, name: str, ask: Ask) -> None:
    for one in wordpress_found(settings, name, ask):
        url = f"{wordpress_media(settings)}/{one['id']}?force=true"
        ask(Request(step="delete", method="DELETE", url=url, accepts=(404, 410), repeat=HARMLESS))


def wordpress_found(settings: Settings, name: str, ask: Ask) -> list[Json]:
    """All of that name: WordPress gives a second one a number."""
    stem = name.partition(".")[0]
    query = urlencode({"search": stem, "per_page": 100})
    found = ask(
        Request(step="look", url=f"{wordpress_media(settings)}?{query}", repeat=HARMLESS)
    ).json()
    return [one for one in found if one["slug"].startswith(stem)]


def wordpress_media(settings: Settings) -> str:
    return f"{settings['server']}/wp-json/wp/v2/media"


# A folder that a web server serves


def folder_put(settings: Settings, name: str, media: Media, ask: Ask) -> str:
    ask(
        Request(
            step="copy", method="PUT", url=folder_file(settings, name), body=media, repeat=HARMLESS
        )
    )
    return f"{settings['url']}/{name}"


def folder_take_away(settings: Settings, name: str, ask: Ask) -> None:
    ask(Request(step="delete", method="DELETE", url=folder_file(settings, name), repeat=HARMLESS))


def folder_file(settings: Settings, name: str) -> str:
    file: Path = settings["folder"] / name
    return file.as_uri()


WAYS = {
    "s3": Way(
        put=s3_put,
        take_away=s3_take_away,
        sign=s3_sign,
        where=lambda settings: f"{s3_bucket(settings)}/{s3_key(settings, '')}",
    ),
    "wordpress": Way(
        put=wordpress_put,
        take_away=wordpress_take_away,
        sign=lambda settings: basic,
        where=lambda settings: str(settings["server"]),
    ),
    "folder": Way(
        put=folder_put,
        take_away=folder_take_away,
        sign=lambda settings: unsigned,
        where=lambda settings: str(settings["folder"]),
    ),
}
