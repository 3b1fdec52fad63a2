"""What an adapter is made of: the values it is handed, the requests it asks, the ways it can fail.

An adapter states and translates; it does not do. It turns a `Post` into `Request`s, hands each to `ask`, and turns the
answers into a `Published`. Who answers (the network, the journal after a restart, the rehearsal of a dry run, a test) is
not its business, so it opens no connection, reads no clock and no file, draws no random number and knows no secret.

Two rules carry the promise that nothing is published twice: every request says what a second sending of it would do
(`repeat`), and readers see nothing before the last request of a publish; what follows that one only asks what became of it.
Where there have to be several visible requests, no reader may be reached by two of them (`platforms/email.py`).
"""

import enum
import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from platforms.recent import Look, Search

Json = Any  # what json.loads returns; opaque here, known to the adapter that asked for it


class Repeat(enum.StrEnum):
    """What a second sending of a request would do."""

    HARMLESS = "harmless"  # a read, or a file that nobody can see yet
    DROPPED = "dropped"  # the platform recognises a second one, for `remembered` seconds
    DOUBLES = "doubles"  # readers would see it twice


HARMLESS, DROPPED, DOUBLES = Repeat
FOREVER = float("inf")
SHORT = 300  # characters of an error in plain words
STAYS = "?stays"  # what a `host:` URL ends with, where the file is not taken away again


@dataclass(frozen=True, kw_only=True)
class Media:
    """A file that may leave: cleaned, within the platform's limits, described."""

    file: Path
    type: str  # "image/jpeg"
    size: int  # bytes
    digest: str  # sha256 of the bytes, hex
    alt: str = ""
    width: int | None = None  # pixels
    height: int | None = None
    seconds: float | None = None  # of a video
    focus: tuple[float, float] | None = None  # -1 to 1 each, (0, 0) the middle, y upwards
    captions: "Media | None" = None  # of a video, a file of a type in `Limits.captions`

    @property
    def name(self) -> str:
        """The name it leaves under. Made from its content: some servers (snac) take the name for the identity."""
        return self.digest[:16] + self.file.suffix.lower()


@dataclass(frozen=True, kw_only=True)
class Part:
    """Some bytes of a file, where a platform takes it in parts: from `start` to `end`, which is excluded."""

    media: Media
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def parts(media: Media, size: int) -> tuple[Part, ...]:
    """The file in parts of `size` bytes; the last one is what is left."""
    return tuple(
        Part(media=media, start=start, end=min(start + size, media.size))
        for start in range(0, media.size, size)
    )


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer. Header names are lower case."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    url: str = field(
        default="", repr=False, compare=False
    )  # where it was found in the end; empty if that is not known, as in the journal

    @classmethod
    def of(cls, value: object, status: int = 200) -> "Response":
        """The answer that carries `value` as JSON."""
        return cls(
            status=status,
            headers={"content-type": "application/json"},
            body=json.dumps(value).encode(),
        )

    def json(self) -> Json:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One exchange with a platform. At most one of `json`, `form` and `body` is set, the first two also with `files`.

    A `Media` in `json` leaves as base64. With `files`, `json` is the first part of multipart/form-data.

    `url` may be of another scheme than HTTP: `smtp:`, `file:`, `host:`, `wss:`, `apprise:` and `handoff:` have answerers of their own.
    """

    step: str  # its name in logs, errors and the journal: "upload 1", "status"
    method: str = "GET"
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Json = None
    form: Mapping[str, str] | None = None  # with `files`: multipart/form-data, else urlencoded
    files: Mapping[str, Media | Part] = field(default_factory=dict)
    body: bytes | Media | Part | None = None  # raw
    accepts: tuple[
        int, ...
    ] = ()  # statuses beside 2xx that are an answer to the adapter, not a failure: 308 of an upload that goes on
    repeat: Repeat = DOUBLES
    remembered: float = 0.0  # seconds for which the platform recognises a second sending (DROPPED)
    lasts: float = 3600.0  # seconds for which the answer to a HARMLESS one may be used: what it names may be gone from the platform then
    after: float = 0.0  # seconds to wait before it is sent
    fresh: bool = False  # never answered from the journal: what it reads may have changed since
    anonymous: bool = False  # leaves without credentials
    example: Json = None  # the answer the platform documents, as JSON or a Response; the dry run is answered with it
    fence: Callable[[], None] = field(
        default=lambda: None, repr=False, compare=False
    )  # the journal's: called when it is about to leave

    @property
    def is_visible(self) -> bool:
        """Whether readers see something when it has been carried out."""
        return self.repeat is not HARMLESS

    @cached_property
    def digest(self) -> str:
        """Names the content of the request: the same digest, the same request."""
        parts = (
            self.step,
            self.method,
            self.url,
            dict(self.headers),
            self.json,
            self.form,
            self.files,
            self.body,
        )
        return hashlib.sha256(
            json.dumps(parts, default=_named, sort_keys=True).encode()
        ).hexdigest()

    def documented(self) -> Response:
        """The platform's documented answer to this request."""
        return self.example if isinstance(self.example, Response) else Response.of(self.example)


def _named(value: object) -> str:
    if isinstance(value, Media):
        return f"{value.digest} {value.type}"
    if isinstance(value, Part):
        return f"{value.media.digest} {value.media.type} {value.start}-{value.end}"
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else str(value)


Ask = Callable[[Request], Response]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A post that is up."""

    id: str
    url: str | None = None
    ref: Mapping[str, Json] = field(default_factory=dict)  # what a reply to it needs beside the id
    notes: tuple[
        str, ...
    ] = ()  # what the person should know although it is up, e.g. a refused recipient


@dataclass(frozen=True, kw_only=True)
class Lost:
    """What is known of a post that left and was not answered, for a look."""

    left_at: datetime  # the first time, by our clock
    others: frozenset[str] = frozenset()  # ids and addresses of the profile's other posts
    newer: frozenset[str] = frozenset()  # of them, those in the same place that were sent later
    # By step: what the harmless requests before it were answered last.
    answers: Mapping[str, Response] = field(default_factory=dict)
    now: Callable[[], datetime] | None = None  # our clock, to compare with a server's `Date`


MARKS = ("bold", "italic", "strikethrough", "code", "pre", "quote")
Markup = Literal["", "links", "entities", "discord", "markdown", "slack", "teams", "little_text"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """A link, mention or tag in a text, or a mark on it; offsets in code points, `end` excluded.

    Two spans have nothing in common, or one lies in the other.
    """

    kind: str  # "link", "mention" or "tag"; where `Limits.markup` takes them, one of MARKS
    start: int
    end: int
    value: str = (
        ""  # the whole URL; the name without "@"; the tag without "#"; of "pre" its language
    )


@dataclass(frozen=True, kw_only=True)
class Link:
    """What a post points at, with what its card shows."""

    url: str
    title: str = ""
    description: str = ""
    image: Media | None = None


@dataclass(frozen=True, kw_only=True)
class Post:
    """What people will read on one platform, finished: nothing in it is rendered, measured or cut later."""

    key: str  # the delivery's stable name; whatever must be the same at a second sending is made from it
    due: datetime  # aware
    sent_at: datetime | None = None  # of the first attempt; None in a dry run, where `due` stands
    text: str = ""  # as people read it, without any markup
    spans: tuple[Span, ...] = ()
    markup: str = ""  # the text as the platform's own markup writes it, escaped; only where `Limits.markup` says so
    html: str = ""  # sanitised; only for platforms with `Limits.html`
    title: str = ""
    summary: str = ""
    link: Link | None = None
    media: tuple[Media, ...] = ()
    language: str = "en"  # BCP 47
    reply_to: Published | None = None
    options: Mapping[str, Json] = field(
        default_factory=dict
    )  # the platform's own: visibility, poll ...

    @property
    def date(self) -> datetime:
        """The date that the post itself carries: a mail's Date, a feed's pubDate, a createdAt.

        It is the time of the first attempt, so that it is the same at a second sending.
        """
        return self.sent_at or self.due


@dataclass(frozen=True, kw_only=True)
class Account:
    """One profile on a platform, with its settings read and their defaults filled in. No secrets."""

    name: str
    platform: str
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cap:
    """How often something may be posted: `posts` in any `seconds`, by the account, or by all accounts that share an app."""

    posts: int
    seconds: float
    of: Literal["account", "app"] = "account"


Unit = Literal[
    "characters",  # code points
    "graphemes",  # what readers take for one character (UAX 29)
    "UTF-16 units",
    "bytes",  # UTF-8
    "weighted characters",  # X: 1 or 2 by range, an emoji 2 (twitter-text, config v3)
    "characters, emoji as bytes",  # Threads: an emoji is as long as its UTF-8
]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a platform allows, where the figures come from and the day they were read.

    How it counts and what it finds in a text is said here too, for rendering knows no platform by name. Where a platform does not say
    what it counts, state the unit that counts more.
    """

    source: str
    checked: date
    text: int | None = None  # in `unit`; None: no limit
    unit: Unit = "characters"
    text_bytes: int | None = None  # UTF-8, beside `text`
    text_with_media: int | None = (
        None  # instead of `text`, where media go with it: Telegram's captions
    )
    link_length: int | None = None  # what a link counts as; None: its own length
    short_mentions: bool = False  # @name@server counts as @name
    bare_links: bool = True  # example.org is a link there; False: only with http:// or https://
    public_links: bool = False  # a link only under a public top-level domain and without a user name, as twitter-text finds them
    latin_links: bool = False  # and (with `public_links`) its path ends before the first sign that is neither Latin nor Cyrillic
    mention: str = ""  # a pattern (of `regex`) with the name as its group `mention`; empty: @name and @name@server
    tag: str = ""  # a pattern with the tag as its group `tag`; empty: a word with a letter in it, in any script
    counted_options: tuple[str, ...] = ()  # options whose text counts too (a content warning)
    title: int | None = 0  # characters; 0: the platform has no titles; None: no limit
    needs_title: bool = False  # takes no post without one
    needs: Literal["", "image", "video", "media"] = (
        ""  # what every post has to carry, what answers one apart; media: an image or a video
    )
    html: bool = False  # takes HTML (made from Markdown) beside the plain text
    # What the text may have in it, and whether `Post.markup` is filled. Links may stand behind words in all but "" and "little_text".
    # links: no more than that (facets); entities: MARKS as spans (Telegram; Matrix, Tumblr); slack: the same as spans for rich_text blocks,
    # and markup with `& < >` escaped for `text`; discord, markdown: MARKS in the markup, whose length counts; teams: some of
    # them in the Markdown of Adaptive Cards; little_text: LinkedIn's.
    markup: Markup = ""
    links: bool = (
        True  # takes a link with a card of its own; False: a link has to stand in the text
    )
    own_cards: bool = (
        True  # the card of a link is made by us; False: by the platform, from the page
    )
    link_or_media: bool = False  # a card and media exclude each other: media win
    replies: bool = False  # a post may answer an earlier one: threads, first comments
    images: int = 0  # how many images a post may carry
    image_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp", "image/gif")
    animations: tuple[str, ...] = (
        "image/gif",
    )  # those of `image_types` that keep moving; image/png is an animated PNG
    image_bytes: int | None = None
    image_pixels: int | None = None  # width x height
    animation_frames: int | None = None  # at most
    card_image_bytes: int | None = None  # for the picture of a link card
    videos: int = 0
    videos_alone: bool = False  # no picture may stand beside a video
    video_types: tuple[str, ...] = ("video/mp4",)
    video_codecs: tuple[str, ...] = ("h264", "aac")  # of picture and sound, as ffmpeg calls them
    video_bytes: int | None = None
    video_seconds: float | None = None  # at most
    video_pixels: int | None = None  # width x height
    video_rate: float | None = None  # frames a second
    video_rate_least: float | None = None  # a video that has fewer is converted
    documents: int = (
        0  # how many a post may carry: presentations that are leafed through, as LinkedIn has them
    )
    document_types: tuple[str, ...] = ("application/pdf",)
    document_bytes: int | None = None
    document_pages: int | None = None
    captions: tuple[
        str, ...
    ] = ()  # types of a video's caption file that are taken: "text/vtt", "application/x-subrip"
    alt: int | None = None  # characters; 0: its media have none
    fetches_media: bool = False  # the platform fetches files from a public address (`hosted`), so that the config needs a `media_host`
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Poll:
    """A question's answers, and for how long they may be chosen."""

    answers: tuple[str, ...]
    hours: float = 24
    multiple: bool = False


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One key of an account (or one option of a post): reading it, its errors and its documentation come from this row."""

    name: str
    meaning: str
    type: Json = (
        str  # a type, as an annotation writes it: str, bool, list[str], Literal["a", "b"], Poll
    )
    default: Json = None
    required: bool = False
    example: str = ""


Secrets = Mapping[str, str]
Sign = Callable[[Request, Secrets], Request]


def unsigned(request: Request, secrets: Secrets) -> Request:
    return request


def bearer(request: Request, secrets: Secrets) -> Request:
    return replace(
        request, headers={**request.headers, "Authorization": f"Bearer {secrets['token']}"}
    )


def basic(request: Request, secrets: Secrets) -> Request:
    pair = b64encode(f"{secrets['user']}:{secrets['password']}".encode()).decode()
    return replace(request, headers={**request.headers, "Authorization": f"Basic {pair}"})


def filled(request: Request, secrets: Secrets) -> Request:
    """Puts secrets in the place of `{name}` in the URL, the headers, the JSON body and the form."""
    name = re.compile("{(" + "|".join(map(re.escape, secrets)) + ")}") if secrets else None

    def fill(value: Json) -> Json:
        if isinstance(value, str) and name:
            return name.sub(lambda found: secrets[found[1]], value)
        if isinstance(value, Mapping):
            return {key: fill(inner) for key, inner in value.items()}
        return [fill(inner) for inner in value] if isinstance(value, list | tuple) else value

    return replace(
        request,
        url=fill(request.url),
        headers=fill(request.headers),
        json=fill(request.json),
        form=fill(request.form),
    )


def in_url(request: Request, secrets: Secrets) -> Request:
    """Puts secrets in the place of `{name}` in the URL and the headers, never in what people will read."""
    return replace(
        filled(replace(request, json=None, form=None), secrets),
        json=request.json,
        form=request.form,
    )


class PublishError(Exception):
    """The ways a publish can fail; there are no others."""

    def __init__(self, message: str = "", response: Response | None = None) -> None:
        super().__init__(message)
        self.response = response


class Rejected(PublishError):
    """The platform read it and said no: trying again changes nothing."""


class LoginNeeded(PublishError):
    """The credentials are refused or missing: the account waits, its deliveries with it."""


class TryLater(PublishError):
    """Surely not posted; worth another try, in `after` seconds if the platform said so."""

    def __init__(
        self, message: str = "", response: Response | None = None, after: float | None = None
    ) -> None:
        super().__init__(message, response)
        self.after = after


class InDoubt(PublishError):
    """It left and no answer came: it may be up. Look (`find`) before any second sending."""


class AlreadySent(InDoubt):
    """The platform recognised the key: this request had no effect, an earlier one may have had."""


Find = Callable[[Account, Post, Lost, Ask], "Look"]


@dataclass(frozen=True, kw_only=True)
class OAuth:
    """How a person signs in through the browser (OAuth 2, RFC 6749), as data. `{name}` in an address is a setting of the account.

    What comes of it is kept as the secret `token`, with `refresh` where the platform gives one; `client_id` and `client_secret` are
    those of the person's own app.
    """

    authorize: str  # the page where the person says yes
    token: str  # where the code is traded, and a token renewed
    scopes: tuple[str, ...]
    scopes_of: "Callable[[Account], tuple[str, ...]] | None" = (
        None  # instead, where they depend on the account
    )
    separator: str = " "  # between the scopes
    pkce: Literal["", "S256", "hex"] = "S256"  # hex: TikTok's, the SHA-256 in hexadecimal digits
    # Where the answer is sent to; the app has to register it. On http://127.0.0.1 or http://localhost Termbell listens: {port} is a free one,
    # or what `login --port` says. A page elsewhere does not answer to us: the person pastes the address that the browser was sent to.
    redirect: str = "http://127.0.0.1:{port}/"
    client_id: str = "client_id"  # what the parameter is called
    has_secret: bool = True  # whether apps have a client secret
    in_header: bool = False  # id and secret leave as HTTP Basic, not in the form
    more: Mapping[str, str] = field(
        default_factory=dict
    )  # parameters of the page, beside the usual ones
    register: str = ""  # where an app is made without a person: Mastodon's
    device: str = ""  # where a device code is given (RFC 8628)
    lasting: "Callable[[Account, Secrets, Ask], Secrets] | None" = (
        None  # trades the first token for one that lasts: Meta's
    )

    def of(self, account: Account) -> "OAuth":
        """As this account signs in."""
        return replace(self, scopes=self.scopes_of(account)) if self.scopes_of else self


def renewing(oauth: OAuth) -> "Callable[[Account, Secrets, Ask], Secrets]":
    """A `Platform.session` that renews the token of a sign-in. One that was pasted, or came without a `refresh`, has no session."""

    def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
        if not secrets.get("refresh"):
            return {}
        again = f"log in again: termbell login {account.name}"
        try:
            answer = ask(refresh_request(oauth, account, secrets)).json()
        except Rejected as refused:  # invalid_grant and its like: no other try helps
            raise LoginNeeded(f"{refused}; {again}", refused.response) from None
        made = tokens_of(answer)
        if "token" not in made:
            raise LoginNeeded(
                f"{account.platform} gave no new token ({answer.get('error') or 'and does not say why'}); {again}"
            )
        return {"refresh": secrets["refresh"], **made}

    return session


def refresh_request(oauth: OAuth, account: Account, secrets: Secrets) -> Request:
    return token_request(
        oauth, account, secrets, "refresh", grant_type="refresh_token", refresh_token="{refresh}"
    )


def token_request(
    oauth: OAuth, account: Account, secrets: Secrets, step: str, **form: str
) -> Request:
    """What asks for a token, and says whose app asks: in the form, or as HTTP Basic."""
    headers: Mapping[str, str] = {}
    if oauth.in_header and (secrets.get("client_secret") or not oauth.has_secret):
        headers = basic(
            Request(step="", url=""),
            {"user": secrets["client_id"], "password": secrets.get("client_secret", "")},
        ).headers
    else:
        form |= {oauth.client_id: "{client_id}"} | (
            {"client_secret": "{client_secret}"} if secrets.get("client_secret") else {}
        )
    return Request(
        step=step,
        method="POST",
        url=address_of(oauth.token, account),
        headers=headers,
        form=form,
        repeat=HARMLESS,
        example={"access_token": "x", "refresh_token": "x", "expires_in": 3600},
    )


def address_of(written: str, account: Account) -> str:
    """An address with the account's settings in the place of `{name}`; https:// where a setting names a server without it."""
    settings = {
        name: value.rstrip("/") if isinstance(value, str) else value
        for name, value in account.settings.items()
    }
    filled_in = written.format_map(settings)
    return filled_in if "://" in filled_in else f"https://{filled_in}"


def tokens_of(answer: Json) -> Secrets:
    """The secrets in the answer of a token endpoint; `expires_in` in seconds, where it says so."""
    names = {"token": "access_token", "refresh": "refresh_token", "expires_in": "expires_in"}
    return {name: str(answer[theirs]) for name, theirs in names.items() if answer.get(theirs)}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """An adapter, as a value."""

    name: str
    limits: Limits
    publish: Callable[[Account, Post, Ask], Published]
    refuses_posts: bool = True  # whether `publish` may raise for what a post holds; False: only for the account's settings
    # The account's own posts, as lists to look through for one that was not answered.
    recent: "Callable[[Account, Post, Lost, Ask], Search] | None" = None
    find: Find | None = None  # only where something proves more than a list: the key of a record
    keyed: bool = False  # its key names the record: publishing a delivery again changes nothing
    harmless: bool = False  # readers are not disturbed when many past posts are published at once
    # Whether a look works with the account's settings: a bot may look, a webhook not.
    can_find: Callable[[Account], bool] = lambda account: True
    # Seconds until a post can be found; stated with its source by each adapter that looks.
    find_after: float | None = None
    id_of: Callable[[str], str] = lambda name: last_part(name)  # of an id or an address of a post
    whoami: Callable[[Account, Ask], str] | None = (
        None  # whose credentials are these, and do they work?
    )
    ask_limits: Callable[[Account, Ask], Limits] | None = None  # servers that tell their own
    settings: tuple[Setting, ...] = ()  # keys of an account
    options: tuple[Setting, ...] = ()  # keys of a post, in the platform's or account's variant
    secrets: tuple[str, ...] = (
        "token",
    )  # what a person gives once; `termbell login` asks for these
    optional_secrets: tuple[str, ...] = ()
    instead: tuple[
        str, ...
    ] = ()  # secrets that do as well as `secrets`: the four keys of OAuth 1.0a
    obtain: str = (
        ""  # where a person gets the secrets, in a sentence; {name} is a setting of the account
    )
    last: int | None = (
        None  # days until the secrets end, and a person has to get others; None: no end is known
    )
    # Trades the secrets for those that requests carry. When they end, if that is known: `ends` (ISO 8601) or `expires_in` (seconds).
    session: Callable[[Account, Secrets, Ask], Secrets] | None = None
    oauth: OAuth | None = (
        None  # how `termbell login` gets the token, where a person does not paste one
    )
    sign: Sign = bearer  # applied as the request leaves, never recorded
    notices: Callable[[Account, date], Iterable[str]] = (
        lambda account, today: ()
    )  # what a person has to know: a review that is missing
    price: Callable[[Post], float] | None = None  # what a post costs, in US dollars
    errors: Mapping[str, type[PublishError]] = field(
        default_factory=dict
    )  # own codes, where the status misleads
    error_code: Callable[[Response], str] = lambda response: code_in_json(response)
    # Whether an answer of 4xx is the platform's, not that of a proxy or filter in front of it.
    is_own_error: Callable[[Response], bool] = lambda response: is_json(response)
    refuses: Callable[[Response], bool] = lambda response: (
        False
    )  # whether an answer of 2xx is a refusal all the same: Slack's `"ok": false`
    by_hand: bool = False  # a person publishes it: it is handed to them, as `publish` says in its notes, and waits for their word

    @property
    def can_look(self) -> bool:
        """Whether there is a way to find out if a post is there."""
        return self.find is not None or self.recent is not None

    @property
    def all_secrets(self) -> tuple[str, ...]:
        return (*self.secrets, *self.optional_secrets, *self.instead)

    def missing(self, secrets: Iterable[str]) -> list[str]:
        """Which of its secrets are not among those."""
        given = set(secrets)
        if self.instead and given.issuperset(self.instead):
            return []
        return [name for name in self.secrets if name not in given]


def is_json(response: Response) -> bool:
    """Whether its body is a JSON object or list, as most platforms write their errors."""
    try:
        return isinstance(response.json(), dict | list)
    except ValueError:
        return False


def is_json_or_words(response: Response) -> bool:
    """For platforms that also say why in plain words. A page of something in between has tags, or says nothing."""
    words = response.text.strip()
    return is_json(response) or (0 < len(words) <= SHORT and "<" not in words)


def code_in_json(response: Response) -> str:
    """The platform's own code of an error: `error` or `code` of its JSON body; empty where there is none."""
    try:
        answer = response.json()
    except ValueError:
        return ""
    return str(answer.get("error") or answer.get("code") or "") if isinstance(answer, dict) else ""


def last_part(name: str) -> str:
    """The last part of an address; an id as it is."""
    return name.partition("?")[0].rstrip("/").rpartition("/")[2] if "://" in name else name


def utf16_units(text: str) -> int:
    """Its length as many platforms count: most emoji are two."""
    return len(text.encode("utf-16-le")) // 2


def code_at(*path: str | int) -> Callable[[Response], str]:
    """An `error_code` that stands at that place in the JSON body; empty where nothing stands there."""

    def error_code(response: Response) -> str:
        try:
            found = response.json()
            for step in path:
                found = found[step]
        except (ValueError, LookupError, TypeError):
            return ""
        return str(found)

    return error_code


def hosted(media: Media, number: int, ask: Ask, stays: bool = False) -> str:
    """A public address of the file; `media_host` in config.yaml says where that is.

    It stands for as long as the platform needs to fetch it; `stays`: for good, because readers fetch it themselves.
    """
    address = f"https://media.example.org/{media.name}"
    return str(
        ask(
            Request(
                step=f"host {number}",
                method="PUT",
                url=f"host:{media.name}" + (STAYS if stays else ""),
                body=media,
                headers={"Content-Type": media.type},
                repeat=HARMLESS,
                anonymous=True,
                example={"url": address},
            )
        ).json()["url"]
    )


def media_of_kind(media: Sequence[Media], kind: str) -> tuple[Media, ...]:
    """Those whose type is `kind`/something, e.g. "image"."""
    return tuple(one for one in media if one.type.startswith(kind + "/"))


def as_plain(value: Published | Post) -> dict[str, Json]:
    """A value as JSON can hold it; `post_from` and `published_from` read it back."""
    plain: dict[str, Json] = json.loads(json.dumps(asdict(value), default=_as_text))
    plain.pop("sent_at", None)  # it belongs to an attempt, and the store keeps it by itself
    return plain


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def published_from(plain: Mapping[str, Json]) -> Published:
    return Published(**{**plain, "notes": tuple(plain.get("notes", ()))})


def post_from(plain: Mapping[str, Json]) -> Post:
    link = plain["link"]
    return Post(
        **{
            **plain,
            "due": datetime.fromisoformat(plain["due"]),
            "spans": tuple(Span(**span) for span in plain["spans"]),
            "media": tuple(map(_media_from, plain["media"])),
            "link": link
            and Link(**{**link, "image": link["image"] and _media_from(link["image"])}),
            "reply_to": plain["reply_to"] and published_from(plain["reply_to"]),
        }
    )


def _media_from(plain: Mapping[str, Json]) -> Media:
    focus, captions = (
        plain["focus"],
        plain.get("captions"),
    )  # a store of an earlier version has none
    return Media(
        **{
            **plain,
            "file": Path(plain["file"]),
            "focus": focus and tuple(focus),
            "captions": captions and _media_from(captions),
        }
    )
