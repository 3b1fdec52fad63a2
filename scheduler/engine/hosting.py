"""Answers `host:` requests: puts a file where platforms can fetch it from a public address, and takes it away again.

Where that is, `media_host` in config.yaml says. A file is named by its content, so that it is put there once however often it is asked for.
Before it is put there it is written down in `hosted.json` of the state folder, so that one is taken away also where the process was killed:

    {"termbell-0123456789abcdef.mp4": {"since": "2026-09-07T08:30:00+00:00", "where": "s3 school-media"}}

It is taken away (`sweep`) when no delivery that is under way needs it any more, `AT_LEAST` after it was asked for last, for some
platforms fetch a little after they have answered; and in any case after `AT_MOST`.
"""

import json
import logging
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from platforms.base import (
    STAYS,
    Account,
    Ask,
    Limits,
    LoginNeeded,
    Media,
    Platform,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    Secrets,
    TryLater,
)
from scheduler.config import MediaHost
from scheduler.engine.credentials import Credentials, Trial
from scheduler.engine.hosts import LASTS, WAYS
from scheduler.engine.judging import NOT_AS_DOCUMENTED
from scheduler.engine.network import Gone, Network, no_host, unseen, utc_now
from scheduler.private_files import FILE, private_folder, replace_private
from scheduler.store import Store, status

DOT = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)  # a GIF of one pixel
AT_LEAST, AT_MOST = (
    timedelta(hours=1),
    LASTS,
)  # TikTok fetches for up to an hour after it has said yes
UNDER_WAY = (status.PUBLISHING, status.SCHEDULED, status.HELD, status.IN_DOUBT)
log = logging.getLogger("termbell")


def where(host: MediaHost) -> str:
    """The place, for the list and for people."""
    return f"{host.kind} {WAYS[host.kind].where(host.settings)}"


def name_of(media: Media) -> str:
    """Another name than that of the file in a post: what is taken away here is nothing that stands on a page there."""
    return f"termbell-{media.name}"


@dataclass(kw_only=True)
class Hosting:
    """Answers `host:` requests."""

    host: MediaHost | None
    folder: Path  # of the state
    credentials: Credentials
    timeout: float
    now: Callable[[], datetime] = utc_now
    gone: Gone = unseen
    _working: dict[str, threading.Lock] = field(default_factory=dict)

    def __call__(self, request: Request) -> Response:
        host, media = self.host, request.body
        if host is None or not isinstance(media, Media):
            return no_host(request)
        return Response.of(
            {
                "url": self.put_for_good(host, media)
                if request.url.endswith(STAYS)
                else self.put(host, media)
            }
        )

    def put_for_good(self, host: MediaHost, media: Media) -> str:
        """An address for readers: under a name of its own, so that nothing takes it away. Raises `Rejected`."""
        way, name = WAYS[host.kind], f"stays-{name_of(media)}"
        if host.kind == "s3":
            raise Rejected(
                f"{host.place}: what stands on s3 has an address for a day, and readers fetch this picture for as long as the post is up; "
                "take a media_host of the kind folder or wordpress, or leave the picture out"
            )
        with self._alone(name), self._in_words(host):
            return way.put(host.settings, name, media, self._ask(host, self._secrets(host)))

    def put(self, host: MediaHost, media: Media) -> str:
        """A public address of the file."""
        name, way = name_of(media), WAYS[host.kind]
        with self._alone(name), self._in_words(host):
            self._note_now(name, host)
            secrets = self._secrets(host)
            url = way.put(host.settings, name, media, self._ask(host, secrets))
            self._note_now(name, host)  # an upload may have taken long
            return way.sign(host.settings)(Request(step="fetch", url=url), secrets).url

    def try_out(self, host: MediaHost, fetch: Callable[[str], bytes]) -> bool:
        """Puts a tiny picture there, has it fetched, and takes it away; whether what was fetched is it. Raises what the two others raise."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "dot.gif"
            file.write_bytes(DOT)
            media = Media(
                file=file, type="image/gif", size=len(DOT), digest=sha256(DOT).hexdigest()
            )
            try:
                return fetch(self.put(host, media)) == DOT
            finally:
                self.take_away(host, name_of(media))

    def sweep(self, needed: Callable[[], Collection[str]]) -> None:
        """Takes away what has stood long enough. `needed` are the names of files that a delivery under way needs."""
        listed = self._listed()
        still = needed() if listed else ()
        for name in listed:
            with self._alone(name):
                entry = self._listed().get(name)
                if entry and self._is_over(entry, name in still):
                    self._take_away(name, entry)

    def _is_over(self, entry: Mapping[str, str], is_needed: bool) -> bool:
        stood = abs(
            self.now() - datetime.fromisoformat(entry["since"])
        )  # a clock that was set changes nothing for long
        return stood > (AT_MOST if is_needed else AT_LEAST)

    def _take_away(self, name: str, entry: Mapping[str, str]) -> None:
        if self.host is None or where(self.host) != entry["where"]:
            log.warning(
                "%s stands at %s, which is not `media_host` any more; delete it there",
                name,
                entry["where"],
            )
            self._note(name, None)
            return
        try:
            self.take_away(self.host, name)
        except PublishError as fault:
            log.warning("%s could not be taken away, and is tried again: %s", name, fault)

    def take_away(self, host: MediaHost, name: str) -> None:
        with self._in_words(host):
            WAYS[host.kind].take_away(host.settings, name, self._ask(host, self._secrets(host)))
        self._note(name, None)

    def _ask(self, host: MediaHost, secrets: Secrets) -> Ask:
        """The network, as an account has it. No platform is refused because its media host is: it does not wait for a login."""
        platform = Platform(
            name=f"media_host {host.kind}",
            limits=Limits(source="", checked=date(2026, 11, 25)),
            sign=WAYS[host.kind].sign(host.settings),
            publish=lambda account, post, ask: Published(id=""),
            errors={"401": Rejected},
            error_code=lambda answer: str(answer.status),
        )
        return Network(
            Account(name="media_host", platform=host.kind),
            platform,
            Trial(secrets, beside=self.credentials),
            self.timeout,
            gone=self.gone,
        )

    def _secrets(self, host: MediaHost) -> Secrets:
        return {one.key.rpartition(".")[2]: self.credentials.address(one) for one in host.secrets}

    @contextmanager
    def _in_words(self, host: MediaHost) -> Iterator[None]:
        """What goes wrong, with the place in config.yaml."""
        try:
            yield
        except LoginNeeded as missing:
            raise Rejected(f"{missing}; then retry") from missing
        except TryLater:
            raise
        except PublishError as fault:
            raise Rejected(f"{host.place}: {fault}; mend it, then retry") from fault
        except NOT_AS_DOCUMENTED as fault:
            raise Rejected(
                f"{host.place}: media_host: {where(host)} answered otherwise than {host.kind} does ({type(fault).__name__}); "
                "look at its address"
            ) from fault

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        """One at a time with each file: WordPress makes two of what is uploaded twice."""
        with self._working.setdefault(name, threading.Lock()):
            yield

    @property
    def _file(self) -> Path:
        return self.folder / "hosted.json"

    def _listed(self) -> dict[str, dict[str, str]]:
        try:
            found: dict[str, dict[str, str]] = json.loads(self._file.read_bytes())
        except FileNotFoundError:
            return {}
        return found

    def _note_now(self, name: str, host: MediaHost) -> None:
        self._note(name, {"since": self.now().isoformat(), "where": where(host)})

    def _note(self, name: str, entry: Mapping[str, str] | None) -> None:
        """On disk before it returns."""
        private_folder(self.folder)
        with FileLock(self._file.with_suffix(".lock"), mode=FILE):
            listed = {**self._listed(), name: entry}
            replace_private(
                self._file,
                json.dumps({key: value for key, value in listed.items() if value}, indent=1),
            )


def needed(store: Store) -> frozenset[str]:
    """The names of what deliveries need that were begun and have not ended."""
    begun = [row.post for row in store.rows(statuses=UNDER_WAY) if row.attempts]
    files = [
        file
        for post in begun
        for one in (*post.media, post.link and post.link.image)
        if one
        for file in (one, one.captions)
        if file
    ]
    return frozenset(map(name_of, files))
