"""Looking for a post among an account's own posts.

After a lost answer, only a look can say whether the post is there. An adapter states as data where
the platform lists the account's posts (`PostList`), what its own post would look like there
(`Search.expected`) and how the platform changes a text (`Search.strict`). Paging through the lists
and judging what they prove is the same for every platform, and done here: a wrong "absent" would
publish a post twice, a wrong "ours" would lose one.
"""

import enum
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import pairwise
from unicodedata import normalize
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from platforms.base import (
    Account,
    Ask,
    Json,
    Lost,
    Platform,
    Post,
    Published,
    PublishError,
    Request,
    Response,
    TryLater,
)

UNTIMED = timedelta(hours=26)  # zones lie this far apart; as far may a clock be off that nobody set
SLACK = timedelta(seconds=2)  # an HTTP Date has whole seconds, and the answer was under way
PAGES = 10
NO_NAME = ""  # `id_of` of an address that leads to no post
SOURCES = 5  # posts whose source is read in one look
NOT_AS_DOCUMENTED = (ValueError, LookupError, TypeError, AttributeError)
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
TRACKING = re.compile(r"utm_\w+|fbclid|gclid|mc_cid|mc_eid|igsh|si", re.IGNORECASE)
Path = tuple[str | int, ...]


class Found(enum.StrEnum):
    """What a look says about one post."""

    OURS = "ours"  # it is there
    NEAR = "near"  # one like it is there, which may be ours or not
    ABSENT = "absent"  # the list is whole, and it is not there
    REMOVED = "removed"  # it was there, and a person took it away
    FAILED = "failed"  # the look proves nothing


@dataclass(frozen=True, kw_only=True)
class Look:
    """The result of one look."""

    found: Found
    post: Published | None = None  # ours, or the one that is near
    why: str = ""  # why it is near or failed, in words for the person


@dataclass(frozen=True, kw_only=True)
class ListedFile:
    """A file of a listed post. What the platform does not tell is None or empty."""

    ids: frozenset[str] = frozenset()  # everything that the platform calls it: an id, an address
    name: str | None = None
    size: int | None = None  # bytes
    alt: str | None = None


@dataclass(frozen=True, kw_only=True)
class ListedPost:
    """A post as a list shows it, or as ours would be shown. None: the list does not tell.

    A field that both tell and that differs makes a post *near*, or another one altogether: see
    `likeness`.
    """

    id: str = ""
    url: str | None = None
    ids: frozenset[str] = frozenset()  # its other ids and addresses
    made: datetime | None = None  # by the server's clock
    dated: datetime | None = None  # a time that we set ourselves
    author: str | None = None
    place: str | None = None  # a board, a channel, a subreddit
    parent: str | None = None  # the id of the post that it answers; "": it answers none
    state: str | None = None  # "draft", "queued" ...; REMOVED_STATE for what a person took away
    visibility: str | None = None
    warning: str | None = None
    title: str | None = None
    language: str | None = None
    poll: tuple[str, ...] | None = None  # the question, if it has one, and the answers
    link: str | None = None  # where its card leads; "": it has none
    files: tuple[ListedFile, ...] | None = None
    shown: str | None = None  # the text as readers see it, without markup
    written: str | None = None  # the text as it was sent
    key: str | None = None  # our key, where posts carry one; "": it carries none
    pinned: bool = False  # stands outside the order of time
    doubt: str = ""  # why it is near at most, in words for the person
    ref: dict[str, Json] = field(default_factory=dict)  # becomes `Published.ref`
    notes: tuple[str, ...] = ()  # becomes `Published.notes`

    @property
    def published(self) -> Published:
        return Published(id=self.id, url=self.url, ref=self.ref, notes=self.notes)


REMOVED_STATE = "removed"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list, for whoever asks for the next one."""

    request: Request
    response: Response
    body: Json
    items: Sequence[Json]


NextPage = Callable[[Page], Request | None]


@dataclass(frozen=True, kw_only=True)
class PostList:
    """One list of an account's posts, as data."""

    request: Request  # asks for the first page
    read: Callable[[Json], ListedPost | None]  # None: no post of ours, such as a boost
    items: Path = ()  # where the items stand in the answer
    number: Path = ()  # where the answer counts them, if it leaves an empty list out
    # Puts into the items what the answer tells beside them; an error is no list.
    prepared: Callable[[Json], Json] = lambda body: body
    next_page: NextPage | None = None
    # The platform documents that a page without a cursor is the last one.
    cursor_ends: bool = False
    empty_ends: bool = True  # an empty page is the last; False: it may be filtered
    full_page: int | None = None  # no server sends fewer than this while it has more
    newest_first: bool = False  # as documented; it counts only where the times show it
    hides: tuple[str, ...] = ()  # visibilities and states that do not stand in it
    pages: int = PAGES
    unlisted: str = ""  # what an answer with a status that `request` accepts means, in words
    precision: timedelta = timedelta(seconds=1)  # of `ListedPost.made`
    early: timedelta = timedelta()  # how long before it was sent ours may be dated: near at most


@dataclass(frozen=True, kw_only=True)
class Search:
    """What an adapter states about one look: where to look, and for what."""

    lists: tuple[PostList, ...]
    expected: ListedPost
    strict: Callable[[str], str] = lambda text: folded(text)  # takes out what the platform changes
    count: int | None = None  # how many posts the account has, by the platform's own counter
    source: Callable[[ListedPost], str | None] | None = None  # reads the text as it was sent
    exact_files: bool = False  # a file with other ids or another name is surely another file


@dataclass(frozen=True, kw_only=True)
class Recent:
    """What the lists say. `whole`: everything made since the post was sent is in `posts`."""

    posts: tuple[ListedPost, ...]
    whole: bool
    window: "Window"
    is_empty: bool = False
    why: str = ""  # why it is not whole


@dataclass(frozen=True, kw_only=True)
class Window:
    """When a post that was sent can have been made, by the server's clock."""

    start: datetime  # what was made before is not ours
    sure: datetime  # what was made before, and not before `start`, is near at most

    @classmethod
    def of(
        cls, lost: Lost, response: Response, precision: timedelta, early: timedelta = timedelta()
    ) -> "Window":
        server_time = date_of(response)
        if server_time is None or lost.now is None:
            return cls(start=lost.left_at - UNTIMED - early, sure=lost.left_at - precision)
        start = lost.left_at + (server_time - lost.now()) - precision - SLACK
        return cls(start=start - early, sure=start)


class ListCut(Exception):
    """The list does not say all of it."""


def look(platform: Platform, account: Account, post: Post, lost: Lost, ask: Ask) -> Look:
    """Looks for the post. Whatever the platform answers instead of a list is a look that failed.

    Raises the errors of `ask`.
    """
    steps: list[str] = []

    def asked(request: Request) -> Response:
        steps.append(request.step)
        return ask(request)

    try:
        if platform.find:
            return _as_look(platform.find(account, post, lost, asked), platform)
        assert platform.recent
        return look_through(platform.recent(account, post, lost, asked), platform, lost, asked)
    except PublishError:
        raise
    except NOT_AS_DOCUMENTED as fault:
        what = type(fault).__name__
        why = f"{platform.name} answered '{steps[-1] if steps else ''}' unexpectedly ({what})"
        return Look(found=Found.FAILED, why=why)


def _as_look(found: Look | Published | None, platform: Platform) -> Look:
    """Adapters in packages of their own may still return the post, or None, which proves nothing."""
    if isinstance(found, Look):
        return found
    if isinstance(found, Published):
        return Look(found=Found.OURS, post=found)
    return Look(found=Found.FAILED, why=f"the adapter {platform.name} is of an earlier version")


def look_through(search: Search, platform: Platform, lost: Lost, ask: Ask) -> Look:
    """Reads the lists of `search` and judges them."""
    recent = joined([read_list(one, platform, lost, ask) for one in search.lists])
    result = judge(search, recent, lost, platform.id_of)
    if search.source and result.found is not Found.OURS:
        recent = with_sources(search, recent, lost, platform.id_of)
        result = judge(search, recent, lost, platform.id_of)
    return result


# Reading lists


def read_list(posts: PostList, platform: Platform, lost: Lost, ask: Ask) -> Recent:
    """Pages through one list until it has proved to be whole, or cannot."""
    found: list[ListedPost] = []
    seen: set[str] = set()
    window: Window | None = None
    asked: list[Request] = []
    request: Request | None = posts.request
    for _ in range(posts.pages):
        assert request
        asked.append(request)
        page = read_page(posts, platform, request, ask)
        window = window or Window.of(lost, page.response, posts.precision, posts.early)
        fresh = [item for item in page.items if json.dumps(item, sort_keys=True) not in seen]
        seen.update(json.dumps(item, sort_keys=True) for item in fresh)
        found += [post for item in fresh if (post := posts.read(item))]
        if page.items and not fresh:
            return _recent(found, window, why="it repeats itself")
        is_end = posts.empty_ends and not page.items
        if is_end or is_last(posts, page) or reaches(posts, found, window):
            return _recent(found, window, whole=True, is_empty=not seen)
        try:
            request = posts.next_page(page) if posts.next_page else None
        except ListCut as cut:
            return _recent(found, window, why=str(cut))
        if request is None:
            whole, is_empty = posts.cursor_ends, not seen
            return _recent(found, window, whole=whole, is_empty=is_empty, why="it may go on")
        if request in asked:
            return _recent(found, window, why="it repeats itself")
    assert window
    return _recent(found, window, why=f"it has more than {posts.pages} pages")


def read_page(posts: PostList, platform: Platform, request: Request, ask: Ask) -> Page:
    """Raises `TryLater` where the answer is no such list."""
    response = ask(request)
    if response.status in request.accepts and posts.unlisted:
        raise TryLater(posts.unlisted, response)
    try:
        body = posts.prepared(response.json())
        items = _items(posts, body)
    except NOT_AS_DOCUMENTED:
        items = body = None
    if not isinstance(items, list):
        raise TryLater(f"{platform.name} answered '{request.step}' without a list", response)
    return Page(request=request, response=response, body=body, items=items)


def _items(posts: PostList, body: Json) -> Json:
    is_left_out = bool(posts.number) and at_path(body, posts.number, None) == 0
    return at_path(body, posts.items, [] if is_left_out else MISSING)


def _recent(found: Iterable[ListedPost], window: Window, **facts: Json) -> Recent:
    return Recent(**{"posts": tuple(found), "window": window, "whole": False, **facts})


def is_last(posts: PostList, page: Page) -> bool:
    """Whether so short a page is the last one."""
    return posts.full_page is not None and len(page.items) < posts.full_page


def reaches(posts: PostList, found: Sequence[ListedPost], window: Window) -> bool:
    """Whether the list was seen to be newest first, and goes back beyond the window.

    One odd time does not end it: two posts in order have to be older.
    """
    times = [post.made for post in found if not post.pinned]
    if not posts.newest_first or len(times) < 2 or None in times:
        return False
    known = [time for time in times if time]
    is_falling = all(later >= earlier for later, earlier in pairwise(known))
    return is_falling and known[-2] < window.start


def joined(parts: Sequence[Recent]) -> Recent:
    """Several lists as one: whole where each is."""
    start = min(part.window.start for part in parts)
    sure = min(part.window.sure for part in parts)
    return Recent(
        posts=tuple(post for part in parts for post in part.posts),
        whole=all(part.whole for part in parts),
        window=Window(start=start, sure=sure),
        is_empty=all(part.is_empty for part in parts),
        why="; ".join(part.why for part in parts if not part.whole),
    )


def with_sources(search: Search, recent: Recent, lost: Lost, id_of: Callable[[str], str]) -> Recent:
    """The same with the source of the posts that are closest to ours, of a few at most."""
    assert search.source
    expected = search.expected
    closest = sorted(
        (post for post in recent.posts if _may_be_rewritten(search, post, recent, lost, id_of)),
        key=lambda post: abs(len(post.shown or "") - len(expected.shown or "")),
    )
    sources = {post.id: search.source(post) for post in closest[:SOURCES]}
    posts = tuple(
        replace(post, written=sources[post.id]) if sources.get(post.id) else post
        for post in recent.posts
    )
    return replace(recent, posts=posts)


def _may_be_rewritten(
    search: Search, post: ListedPost, recent: Recent, lost: Lost, id_of: Callable[[str], str]
) -> bool:
    """Whether only its text speaks against it, and that as it is shown."""
    if post.written is not None or text_level(search, post) is Found.OURS:
        return False
    as_ours = replace(post, shown=search.expected.shown)
    return likeness(search, as_ours, recent.window, lost, id_of) is not None


# Judging


def judge(search: Search, recent: Recent, lost: Lost, id_of: Callable[[str], str]) -> Look:
    """What the lists prove about the post."""
    levels = [(likeness(search, post, recent.window, lost, id_of), post) for post in recent.posts]
    ours = _distinct(post for level, post in levels if level is Found.OURS)
    keyed = [post for post in ours if post.key and post.key == search.expected.key]
    if len(ours) == 1 or keyed:
        return Look(found=Found.OURS, post=_published(keyed or ours))
    proves_nothing = _why_nothing(recent, lost, id_of)
    if proves_nothing:
        return Look(found=Found.FAILED, why=proves_nothing)
    near = _distinct((*ours, *(post for level, post in levels if level is Found.NEAR)))
    if near:
        why = near[0].doubt or "a post that looks like it"
        why = "several posts look like it" if len(near) > 1 else why
        return Look(found=Found.NEAR, post=near[0].published, why=why)
    removed = [post for level, post in levels if level is Found.REMOVED]
    if removed:
        return Look(found=Found.REMOVED, post=removed[0].published)
    may_be_hidden = _why_hidden(search, recent)
    if may_be_hidden:
        return Look(found=Found.FAILED, why=may_be_hidden)
    return Look(found=Found.ABSENT)


def _published(posts: Sequence[ListedPost]) -> Published:
    """The first; the person should know of further ones: something sent the request twice."""
    names = ", ".join(post.url or post.id for post in posts[1:])
    note = f"it is there more than once, also as {names}; delete what is too much"
    first = posts[0].published
    return replace(first, notes=(*first.notes, note)) if names else first


def _distinct(posts: Iterable[ListedPost]) -> list[ListedPost]:
    """Each once: it may stand in two lists."""
    return list({post.id: post for post in posts}.values())


def _why_nothing(recent: Recent, lost: Lost, id_of: Callable[[str], str]) -> str:
    """Why these lists do not show all that they should; empty where they do."""
    if not recent.whole:
        return f"the list of posts is cut: {recent.why}"
    shown = {name for post in recent.posts for name in names_of(post, id_of)}
    if {id_of(name) for name in lost.newer} - shown - {NO_NAME}:
        return "the list of posts is behind: a post that was published later is not in it"
    return ""


def _why_hidden(search: Search, recent: Recent) -> str:
    """Why a post that is in none of the lists may be there all the same; empty where it is not."""
    hidden = set.intersection(*(set(one.hides) for one in search.lists))
    if hidden & {search.expected.visibility, search.expected.state}:
        return "the list of posts does not show such a post"
    if recent.is_empty and search.count != 0:
        return "the list of posts is empty, and nothing confirms that"
    return ""


def likeness(
    search: Search,
    post: ListedPost,
    window: Window,
    lost: Lost,
    id_of: Callable[[str], str],
) -> Found | None:
    """How a listed post relates to ours: OURS, NEAR or REMOVED; None: another one."""
    expected = search.expected
    if names_of(post, id_of) & {id_of(name) for name in lost.others}:
        return None
    if _is_elsewhere(expected, post, id_of):
        return None
    present = Found.REMOVED if post.state == REMOVED_STATE else Found.OURS
    if expected.key and post.key is not None:
        return present if post.key == expected.key else None
    if post.made and post.made < window.start:
        return None
    levels = (text_level(search, post), files_level(search, post), details_level(expected, post))
    if None in levels:
        return None
    is_certain = post.made is not None and post.made >= window.sure
    if Found.NEAR in levels or post.doubt or not is_certain or not _tells_apart(search, post):
        return Found.NEAR
    return present


def _is_elsewhere(expected: ListedPost, post: ListedPost, id_of: Callable[[str], str]) -> bool:
    """Whether somebody else made it, or it stands in another place."""
    if differs(expected.author, post.author) or differs(expected.place, post.place):
        return True
    parents = (expected.parent, post.parent)
    return None not in parents and id_of(parents[0] or "") != id_of(parents[1] or "")


def _tells_apart(search: Search, post: ListedPost) -> bool:
    """Whether there is something to know it by: words, or the ids of its files."""
    expected = search.expected
    if search.strict(expected.shown or "") or expected.title:
        return True
    wanted = expected.files or ()
    return bool(wanted) and all(
        mine.ids & listed.ids for mine, listed in zip(wanted, post.files or (), strict=False)
    )


def text_level(search: Search, post: ListedPost) -> Found | None:
    """OURS: the same words; NEAR: the same letters; None: other ones."""
    expected = search.expected
    title = _same((expected.title,), (post.title,), search.strict)
    wanted = (expected.shown, expected.written)
    text = _same(wanted, (post.shown, post.written), search.strict)
    if title is None or text is None:
        return None
    return Found.NEAR if Found.NEAR in (title, text) else Found.OURS


def _same(
    wanted: Iterable[str | None], told: Iterable[str | None], strict: Callable[[str], str]
) -> Found | None:
    """Whether one form of our text is one form of the other."""
    ours = [text for text in wanted if text is not None]
    theirs = [text for text in told if text is not None]
    if not ours or not theirs:
        return Found.NEAR if ours else Found.OURS
    if {strict(text) for text in ours} & {strict(text) for text in theirs}:
        return Found.OURS
    letters = {loose(text) for text in ours} & {loose(text) for text in theirs}
    return Found.NEAR if letters - {""} else None


def files_level(search: Search, post: ListedPost) -> Found | None:
    """OURS: as many files, and nothing against them; NEAR: something; None: surely others."""
    wanted, listed = search.expected.files, post.files
    if wanted is None or listed is None:
        return Found.OURS
    if len(wanted) != len(listed):
        return Found.NEAR
    for mine, other in zip(wanted, listed, strict=True):
        if mine.ids and other.ids and not mine.ids & other.ids:
            return None if search.exact_files else Found.NEAR
        if differs(mine.name, other.name):
            return None if search.exact_files else Found.NEAR
        if differs(mine.size, other.size) or differs(mine.alt, other.alt):
            return Found.NEAR
    return Found.OURS


def details_level(expected: ListedPost, post: ListedPost) -> Found:
    """OURS: it agrees with everything else that the list tells; NEAR: it does not."""
    state = None if post.state == REMOVED_STATE else post.state
    is_other = (
        differs(expected.visibility, post.visibility)
        or differs(expected.warning, post.warning)
        or differs(expected.state, state)
        or differs(expected.dated, post.dated)
        or differs(_folded_all(expected.poll), _folded_all(post.poll))
        or differs(_target(expected.link), _target(post.link))
        or differs(_primary(expected.language), _primary(post.language))
    )
    return Found.NEAR if is_other else Found.OURS


def differs(wanted: object, told: object) -> bool:
    """Whether both are known, and not the same."""
    return wanted is not None and told is not None and wanted != told


def _folded_all(texts: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if texts is None else tuple(folded(text) for text in texts)


def _target(address: str | None) -> str | None:
    return target(address) if address else address


def _primary(language: str | None) -> str | None:
    """The language alone: "en" of "en-GB"."""
    return language.partition("-")[0].lower() if language else None


def names_of(post: ListedPost, id_of: Callable[[str], str]) -> set[str]:
    """Everything that the post may be known by."""
    return {id_of(name) for name in (post.id, post.url, *post.ids) if name} - {NO_NAME}


# Texts


def folded(text: str) -> str:
    """A text without what no platform keeps: kinds of white space, how an address is written."""
    told = ADDRESS.sub(lambda found: target(found[0]), normalize("NFC", text))
    return " ".join(told.split())


def loose(text: str) -> str:
    """The letters and digits of a text, without its addresses."""
    return "".join(
        sign for sign in ADDRESS.sub("", normalize("NFKC", text)) if sign.isalnum()
    ).casefold()


def target(address: str) -> str:
    """Where an address leads, however it is written: lower case, punycode, no last slash."""
    end = re.search(r"[.,;:!?)\]}'\"…]*$", address)
    bare = address[: end.start()] if end else address
    parts = urlsplit(bare if "://" in bare else f"http://{bare}")
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError:
        host = parts.hostname or ""
    query = urlencode(
        [pair for pair in parse_qsl(parts.query, True) if not TRACKING.fullmatch(pair[0])]
    )
    path = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~-._")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return urlunsplit(("", host + port, path, query, parts.fragment)) + address[len(bare) :]


def plain(html: str) -> str:
    """HTML as text: line breaks where readers see them."""
    lines = re.sub(r"</?(?:br|p|li|[uo]l|div|h[1-6]|blockquote|pre|tr)\b[^>]*>", "\n", html)
    return unescape(re.sub(r"<[^>]*>", "", lines)).strip()


# Times


def date_of(response: Response) -> datetime | None:
    """The server's time when it answered, by `Date` and `Age`; None where it does not say."""
    try:
        date = parsedate_to_datetime(response.headers.get("date", ""))
        age = timedelta(seconds=int(response.headers.get("age", 0)))
    except (ValueError, OverflowError):
        return None
    return date + age if date.tzinfo else None


def iso(text: object) -> datetime | None:
    """An ISO 8601 instant; without a zone it is UTC."""
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def unix(seconds: object) -> datetime | None:
    """Seconds since 1970, as a number or a text."""
    try:
        return datetime.fromtimestamp(float(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


# Next pages


def by_cursor(parameter: str, *where: str | int, more: Path = ()) -> NextPage:
    """The next page is asked for with a cursor that stands in the answer at `where`.

    `more`: where the answer says that there is more, for then the cursor has to be there.
    """

    def next_page(page: Page) -> Request | None:
        cursor = at_path(page.body, where, None)
        if cursor:
            return with_parameter(page.request, parameter, str(cursor))
        if more and at_path(page.body, more, None):
            raise ListCut("it says that there is more, and not where")
        return None

    return next_page


def by_last_item(parameter: str, *where: str | int) -> NextPage:
    """The next page is asked for with the id of the last item of this one."""

    def next_page(page: Page) -> Request | None:
        return with_parameter(page.request, parameter, str(at_path(page.items[-1], where)))

    return next_page


def by_offset(parameter: str = "offset") -> NextPage:
    """The next page begins behind as many items as were read."""

    def next_page(page: Page) -> Request | None:
        known = dict(parse_qsl(urlsplit(page.request.url).query))
        offset = int(known.get(parameter, 0)) + len(page.items)
        return with_parameter(page.request, parameter, str(offset))

    return next_page


def by_number(parameter: str, first: int = 1) -> NextPage:
    """Pages are counted."""

    def next_page(page: Page) -> Request | None:
        known = dict(parse_qsl(urlsplit(page.request.url).query))
        return with_parameter(page.request, parameter, str(int(known.get(parameter, first)) + 1))

    return next_page


def with_parameter(request: Request, name: str, value: str) -> Request:
    """The request with another parameter: in its JSON, where it has one, else in its address."""
    if isinstance(request.json, dict):
        return replace(request, json={**request.json, name: value})
    url = urlsplit(request.url)
    pairs = [pair for pair in parse_qsl(url.query, True) if pair[0] != name]
    return replace(request, url=urlunsplit(url._replace(query=urlencode([*pairs, (name, value)]))))


MISSING = object()


def at_path(body: Json, path: Path, otherwise: Json = MISSING) -> Json:
    """What stands at `path`; where nothing does, `otherwise`, or else a `LookupError`."""
    for step in path:
        try:
            body = body[step]
        except (LookupError, TypeError):
            if otherwise is MISSING:
                raise LookupError(step) from None
            return otherwise
    return body
