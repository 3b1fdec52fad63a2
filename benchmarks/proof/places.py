"""The accounts that one daemon publishes to: what its config says of them, the faulty way there, and what readers see.

Real servers are those of `tests/servers/starting.py`. Reading the truth back does not go through the proxies, and where a
server keeps its posts in files (snac), not through its API either, which shows the newest forty.
"""

import imaplib
import json
import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import requests

from benchmarks.proof.faults import Drawn, MailProxy
from benchmarks.proof.lists import change
from benchmarks.proof.stand_ins import Board, noticeboard
from tests.acceptance.proxy import Proxy
from tests.platforms.linkedin_stand_in import TOKEN, Member, linkedin_stand_in
from tests.servers.starting import Credentials, running

SHARED = (
    "mastodon_mock",
    "pds",
    "mail",
)  # servers that all daemons use together; of the others, which are small, each has one of its own
SERVERS = ("snac", *SHARED, "micropub", "micropub_slugs")
SCRIPTS = {"micropub": "django_indieweb", "micropub_slugs": "django_indieweb"}
LAGS = 0.6  # of the patience: the most by which a list is behind
VISIBILITIES = ({}, {}, {"visibility": "unlisted"}, {"visibility": "private"})
STALL = 3.0  # seconds; the daemon waits two
NO_END = 10**9


@dataclass(frozen=True, kw_only=True)
class Place:
    """A profile under `name`, which is its row in the table, and the accounts that lead to it."""

    name: str
    accounts: int = 1
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(
        default_factory=dict
    )  # environment variables that the settings name
    seen: Callable[[], Iterable[str]]  # a text for everything that readers see
    ways: tuple[Proxy | MailProxy, ...] = ()
    threads: bool = False
    pictures: bool = False
    knows: bool = True  # whether there is a way to know, so that nothing has to stay in doubt
    twins: bool = True  # whether the platform takes the same text twice
    options: tuple[Mapping[str, str], ...] = ()  # of its posts, drawn from

    @property
    def names(self) -> tuple[str, ...]:
        """Of its accounts, as they are called at first."""
        return (self.name, *(f"{self.name}-{number}" for number in range(2, self.accounts + 1)))

    @property
    def renews(self) -> Proxy | None:
        """The proxy that can say that the token has ended, where there is one token."""
        way = self.ways[0] if self.ways else None
        return way if isinstance(way, Proxy) and "token" in self.settings else None


@dataclass(frozen=True, kw_only=True)
class Way:
    """Makes the faulty ways of one daemon's places."""

    stack: ExitStack
    rates: dict[str, float]  # cleared when there shall be no more faults
    seed: str
    patience: float  # seconds
    latest: float  # seconds that a late server takes

    def http(self, target: str, name: str, repeats: bool = False) -> Proxy:
        """`repeats`: the server recognises a request that comes twice."""
        drawn = Drawn(self.rates, f"{self.seed}/{name}", repeats)
        proxy = Proxy(target, drawn, STALL)
        proxy.delay = lambda: drawn.share() * self.latest
        proxy.change = change(lambda: drawn.share() * self.patience * LAGS)
        self.stack.callback(proxy.close)
        return proxy

    def mail(self, port: int) -> MailProxy:
        proxy = MailProxy(port, Drawn(self.rates, f"{self.seed}/mail"))
        self.stack.callback(proxy.close)
        return proxy


def snac(server: Credentials, way: Way) -> Place:
    """Takes Mastodon's key and ignores it."""
    proxy = way.http(server["base_url"], "snac")
    user = Path(server["data"]) / "base" / "user" / "alice"
    return Place(
        name="snac",
        settings={"platform": "mastodon", "server": proxy.url, "token": "${SNAC}"},
        secrets={"SNAC": server["access_token"]},
        seen=lambda: notes(user),
        ways=(proxy,),
        threads=True,
        pictures=True,
        accounts=2,
        options=VISIBILITIES,
    )


def notes(user: Path) -> list[str]:
    """What snac keeps of a user; a post for followers stands in `private` alone, others in both."""
    files = {
        file.name: file for kept in ("private", "public") for file in (user / kept).glob("*.json")
    }
    return [json.loads(file.read_text()).get("sourceContent") or "" for file in files.values()]


def mastodon_mock(server: Credentials, way: Way) -> Place:
    """Honours Mastodon's key."""
    proxy = way.http(server["base_url"], "mastodon_mock", repeats=True)
    return Place(
        name="mastodon_mock",
        settings={"platform": "mastodon", "server": proxy.url, "token": "${MOCK}"},
        secrets={"MOCK": server["access_token"]},
        seen=lambda: statuses(server),
        ways=(proxy,),
        threads=True,
        pictures=True,
        options=VISIBILITIES,
    )


def statuses(server: Credentials) -> list[str]:
    headers = {"Authorization": f"Bearer {server['access_token']}"}
    me = requests.get(
        f"{server['base_url']}/api/v1/accounts/verify_credentials", headers=headers, timeout=30
    ).json()["id"]
    found: dict[str, str] = {}
    page: dict[str, str] = {"": ""}
    while page:
        older = {"max_id": min(page, key=int)} if found else {}
        listed = requests.get(
            f"{server['base_url']}/api/v1/accounts/{me}/statuses",
            headers=headers,
            timeout=30,
            params={"limit": "40", **older},
        )
        page = {one["id"]: one["content"] for one in listed.json() if one["id"] not in found}
        found |= page
    return list(found.values())


def pds(server: Credentials, way: Way) -> Place:
    """Recognises a record's key for ever."""
    proxy = way.http(server["base_url"], "pds", repeats=True)
    return Place(
        name="pds",
        secrets={"PDS": server["app_password"]},
        seen=lambda: records(server),
        ways=(proxy,),
        threads=True,
        pictures=True,
        settings={
            "platform": "bluesky",
            "server": proxy.url,
            "handle": server["handle"],
            "app_password": "${PDS}",
        },
    )


def records(server: Credentials) -> list[str]:
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = requests.get(
            f"{server['base_url']}/xrpc/com.atproto.repo.listRecords",
            timeout=30,
            params={
                "repo": server["handle"],
                "collection": "app.bsky.feed.post",
                "limit": 100,
                **({"cursor": cursor} if cursor else {}),
            },
        ).json()
        found += [one["value"]["text"] for one in page["records"]]
        cursor = page.get("cursor")
    return found


def mail(server: Credentials, way: Way) -> Place:
    """Recognises nothing, lists nothing."""
    proxy = way.mail(server["smtp_starttls_port"])
    return Place(
        name="mail",
        seen=lambda: mails(server),
        ways=(proxy,),
        pictures=True,
        knows=False,
        secrets={"MAIL_USER": "alice", "MAIL": server["users"]["alice"]},
        settings={
            "platform": "email",
            "server": "127.0.0.1",
            "port": proxy.port,
            "ca": server["ca"],
            "from": "alice@example.test",
            "to": ["bob@example.test"],
            "user": "${MAIL_USER}",
            "password": "${MAIL}",
        },
    )


def mails(server: Credentials) -> list[str]:
    """Their plain texts. The subject is no witness: all parts of a thread have the same."""
    trusted = ssl.create_default_context(cafile=server["ca"])
    with imaplib.IMAP4_SSL("127.0.0.1", server["imap_tls_port"], ssl_context=trusted) as imap:
        imap.login("bob", server["users"]["bob"])
        held = int(imap.select("INBOX")[1][0] or b"0")
        parts = imap.fetch("1:*", "(RFC822)")[1] if held else []
    read = [
        message_from_bytes(part[1], policy=policy.default)
        for part in parts
        if isinstance(part, tuple)
    ]
    bodies = [one.get_body(("plain",)) for one in read]
    return [str(body.get_content()) for body in bodies if body]


def micropub(server: Credentials, way: Way, name: str) -> Place:
    """A real site. With `micropub_slugs` it recognises the name of a post that comes twice."""
    proxy = way.http(server["base_url"], name, repeats=name == "micropub_slugs")
    entries = Path(server["data"]) / "entries"
    return Place(
        name=name,
        settings={"platform": "micropub", "site": proxy.url, "token": f"${{{name.upper()}}}"},
        secrets={name.upper(): server["access_token"]},
        seen=lambda: [
            str(text)
            for file in entries.glob("*.json")
            for text in json.loads(file.read_text())["properties"]["content"]
        ],
        ways=(proxy,),
        pictures=True,
    )


def linkedin(way: Way) -> Place:
    """A stand-in. Lists nothing to its members."""
    member = way.stack.enter_context(linkedin_stand_in(Member(now=time.time, quota=NO_END)))
    proxy = way.http(member.url, "linkedin")
    member.url = proxy.url  # uploads take the faulty way too
    return Place(
        name="linkedin",
        settings={"platform": "linkedin", "server": proxy.url, "token": "${LINKEDIN}"},
        secrets={"LINKEDIN": TOKEN},
        seen=lambda: [one["text"] for one in member.posts.values()],
        ways=(proxy,),
        pictures=True,
        twins=False,
        knows=False,
    )


def board(way: Way) -> Place:
    hung = way.stack.enter_context(noticeboard(Board()))
    proxy = way.http(hung.url, "noticeboard")
    return Place(
        name="noticeboard",
        settings={"platform": "noticeboard", "server": proxy.url, "token": "${BOARD}"},
        secrets={"BOARD": "t"},
        seen=lambda: list(hung.notices),
        ways=(proxy,),
        knows=False,
    )


def site(folder: Path) -> Place:
    """The built-in web site: no server, so nothing but kills and clocks."""
    return Place(
        name="site",
        settings={"platform": "site", "folder": str(folder)},
        seen=lambda: pages(folder),
        pictures=True,
    )


def pages(folder: Path) -> list[str]:
    """The title of every page that the archive links to, as often as it does. A link to no page shows nothing."""
    archive = folder / "archive" / "index.html"
    linked = (
        re.findall(r'href="[^"]*posts/([^"/]+)/index\.html"', archive.read_text())
        if archive.exists()
        else []
    )
    found = [folder / "posts" / slug / "index.html" for slug in linked]
    return [
        page.read_text().partition("<title>")[2].partition("</title>")[0]
        for page in found
        if page.exists()
    ]


def places(
    names: Iterable[str], servers: Mapping[str, Credentials], folder: Path, way: Way
) -> dict[str, Place]:
    """Those of one daemon."""
    makers: dict[str, Callable[[], Place]] = {
        "snac": lambda: snac(way.stack.enter_context(running("snac")), way),
        "micropub": lambda: micropub(
            way.stack.enter_context(running("django_indieweb")), way, "micropub"
        ),
        "micropub_slugs": lambda: micropub(
            way.stack.enter_context(running("django_indieweb", SLUGS="1")), way, "micropub_slugs"
        ),
        "mastodon_mock": lambda: mastodon_mock(servers["mastodon_mock"], way),
        "pds": lambda: pds(servers["pds"], way),
        "mail": lambda: mail(servers["mail"], way),
        "linkedin": lambda: linkedin(way),
        "noticeboard": lambda: board(way),
        "site": lambda: site(folder / "public"),
    }
    return {name: makers[name]() for name in names}
