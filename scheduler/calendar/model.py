"""The values between the YAML and the store: an Entry as it is written, a Draft for one account, a Delivery of one part."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from platforms.base import Post
from scheduler.config import ConfiguredAccount
from scheduler.problems import Place, Problem


@dataclass(frozen=True, kw_only=True)
class MediaFile:
    """A media file as the entry names it."""

    file: Path  # absolute and known to be there; with a `url` only its name
    url: str = ""  # where it is fetched from
    alt: str = ""
    focus: tuple[float, float] | None = None
    captions: Path | None = None  # absolute and known to be there
    place: Place


@dataclass(frozen=True, kw_only=True)
class LinkTo:
    """What the entry points at, and what its card may say."""

    url: str
    title: str = ""
    description: str = ""
    image: MediaFile | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """A further post of a thread."""

    text: str
    media: tuple[MediaFile, ...] = ()
    place: Place


@dataclass(frozen=True, kw_only=True)
class Content:
    """What an entry says. A variant overlays it: what the variant does not name stays."""

    template: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)  # `with:` in the YAML
    text: str | None = (
        None  # Markdown, unless `markdown` says otherwise; wins over the template's block
    )
    title: str | None = None
    summary: str | None = None
    link: LinkTo | None = None
    media: tuple[MediaFile, ...] = ()
    language: str | None = None
    thread: tuple[Part, ...] = ()
    first_comment: str | None = None
    markdown: bool | None = None  # None: the account's
    fit: str | None = None  # one of FITS; None: the account's
    options: Mapping[str, Any] = field(default_factory=dict)  # the platform's own


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One item of the calendar, read and checked."""

    id: str
    due: Mapping[
        str, datetime
    ]  # account name -> the instant; a bare date is due at the account's own time
    content: Mapping[str, Content]  # account name -> what it says there, variants overlaid
    grace: float | None = None  # seconds; None: the account's
    late: str | None = None  # "skip", "publish" or "ask"; None: the account's
    ignore: frozenset[str] = frozenset()  # codes of checks
    notes: tuple[Problem, ...] = ()  # warnings, e.g. a time that the clock change skips
    place: Place
    lines: Mapping[str, Place] = field(
        default_factory=dict
    )  # key of the entry -> where it stands ("text", "template", ...)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An entry for one account at one due time, not rendered yet."""

    entry: str
    account: ConfiguredAccount
    due: datetime
    content: Content
    grace: float  # seconds
    late: str
    place: Place
    lines: Mapping[str, Place] = field(default_factory=dict)
    ignore: frozenset[str] = frozenset()  # codes of checks
    occurrence: str = ""

    def key(self, part: int) -> str:
        """The stable name of the delivery of a part (0 is the first): never changes, whatever the text or the time."""
        named = "\0".join((self.entry, self.occurrence, self.account.name, str(part)))
        return hashlib.sha256(named.encode()).hexdigest()[:16]

    def at(self, key: str) -> Place:
        """Where `key` of the entry stands; the entry itself where the key is not written."""
        return self.lines.get(key, self.place)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One post to one account at one due time, as planned: finished, or with what is wrong with it."""

    key: str
    entry: str
    account: str
    platform: str
    due: datetime  # aware, in the calendar's zone
    part: int
    after: str | None  # key of the part it replies to
    grace: float  # seconds
    late: str
    place: Place
    post: Post
    used: int  # length of the text, counted as the platform counts
    limit: int | None
    unit: str
    whole: int | None = (
        None  # length of the text that was shortened to this, or split; None: it is as it was written
    )
    is_split: bool = False
    problems: tuple[Problem, ...] = ()
    content: str | None = None  # digest of what the person wrote, see `rendering.contents`
    origin: str | None = None  # digest of platform, server and place
    sources: Mapping[str, Path] = field(
        default_factory=dict
    )  # digest of a picture that leaves -> the person's file

    @property
    def fitted(self) -> str:
        """What was done to the text because it was too long, in words; empty where nothing was."""
        if self.whole is None:
            return ""
        return f"{'split' if self.is_split else 'shortened'} from {self.whole:,}"

    @property
    def errors(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.severity == "error")


def with_variant(content: Content, variant: Mapping[str, Any]) -> Content:
    """`content` with what a variant names in its place; `values` and `options` are joined, the variant's first."""
    joined = {
        name: {**getattr(content, name), **variant[name]}
        for name in ("values", "options")
        if name in variant
    }
    return replace(content, **{**variant, **joined})
