"""What Meta's Graph APIs have in common: errors, lists, tokens of 60 days, and the containers of Instagram and Threads. No adapter.

A container is what may be published. Meta fetches its file, and when that is done (FINISHED) it is published, once: asked afterwards, it
says whether that has happened, so that nothing is published again.

https://developers.facebook.com/docs/instagram-platform/content-publishing
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    InDoubt,
    Json,
    LoginNeeded,
    Lost,
    Platform,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    Secrets,
    TryLater,
    tokens_of,
)
from platforms.recent import (
    Found,
    ListCut,
    ListedPost,
    Look,
    Page,
    PostList,
    Search,
    at_path,
    look_through,
    with_parameter,
)

LOOKS = 20  # at a container that is being made: after 5, 10, 20, 40 seconds, then every minute
APPEARS = timedelta(minutes=5)  # for which a look waits until a list shows what is published
UNPUBLISHED = ("IN_PROGRESS", "FINISHED", "ERROR", "EXPIRED")  # states of a container
NUMBERLESS = "container:"  # begins the id of a post whose own id Meta has never told
A_DAY, A_MONTH = 86_400, 30 * 86_400  # seconds
# https://developers.facebook.com/docs/graph-api/guides/error-handling; a subcode, else the code, else "transient" where it says so. What
# failed within Meta may have been posted all the same, and what it calls a duplicate is mostly our own first sending.
ERRORS: dict[str, type[PublishError]] = {
    **dict.fromkeys(
        ("102", "190", "4854002"), LoginNeeded
    ),  # 4854002: the person has to prove who they are
    **dict.fromkeys(("1", "2", "transient", "506", "1366051"), InDoubt),
    **dict.fromkeys(
        (
            "4",
            "9",
            "17",
            "32",
            "341",
            "368",
            "613",
            "9007",
            "80001",
            "80002",
            "1363047",
            "1390008",
            "1609010",
        ),
        TryLater,
    ),
    **dict.fromkeys(
        ("2207050", "2207051"), Rejected
    ),  # the account is restricted; it is taken for spam
}


def error_code(response: Response) -> str:
    """What `ERRORS` knows of a Graph error, else its code."""
    try:
        error = response.json()["error"]
        said = (
            str(error.get("error_subcode")),
            str(error.get("code")),
            "transient" if error.get("is_transient") else "",
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return next((one for one in said if one in ERRORS), said[1])


def got(
    step: str, url: str, fresh: bool = False, after: float = 0, example: Json = None
) -> Request:
    return Request(step=step, url=url, repeat=HARMLESS, fresh=fresh, after=after, example=example)


def given(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def with_token(request: Request, secrets: Secrets) -> Request:
    """The token as a parameter: these servers document no header. A file for the `media_host` takes none."""
    token = {"access_token": secrets.get("renewed") or secrets["token"]}
    if request.form is not None:
        return replace(request, form={**request.form, **token})
    joint = "&" if "?" in request.url else "?"
    return (
        replace(request, url=request.url + joint + urlencode(token))
        if request.method == "GET"
        else request
    )


def lasting(server: str, grant: str) -> Callable[[Account, Secrets, Ask], Secrets]:
    """Trades a token of an hour for one of 60 days."""
    trade = f"{server}/access_token?grant_type={grant}&client_secret={{client_secret}}&access_token={{token}}"

    def traded(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
        return {"token": tokens_of(ask(got("lasting token", trade)).json())["token"]}

    return traded


def renewing(server: str, grant: str) -> Callable[[Account, Secrets, Ask], Secrets]:
    """A session whose token is renewed a month before its end. One that is younger than a day cannot be: it is used as it is."""

    def session(account: Account, secrets: Secrets, ask: Ask) -> Secrets:
        for name in ("renewed", "token"):
            if name in secrets:
                try:
                    return renewed(
                        ask(
                            got(
                                "refresh",
                                f"{server}/refresh_access_token?grant_type={grant}&access_token={{{name}}}",
                            )
                        ).json()
                    )
                except Rejected:
                    return {"renewed": secrets[name], "expires_in": str(A_DAY)}
                except LoginNeeded:
                    continue  # that one is dead; the one that was given is younger, or says so itself
        return {"renewed": secrets["token"], "expires_in": str(A_DAY)}

    return session


def renewed(answer: Json) -> Secrets:
    made = tokens_of(answer)
    return {
        "renewed": made["token"],
        "expires_in": str(max(int(made.get("expires_in", 0)) - A_MONTH, A_DAY)),
    }


def contained(step: str, url: str, form: Mapping[str, str], ask: Ask) -> str:
    """A new container's id."""
    example = {"id": "17889455560051444"}
    return str(
        ask(
            Request(
                step=step,
                method="POST",
                url=url,
                form=given(form),
                repeat=HARMLESS,
                example=example,
            )
        ).json()["id"]
    )


def graph_list(
    request: Request,
    read: Callable[[Json], ListedPost | None],
    early: timedelta = timedelta(),
) -> PostList:
    """A list of a Graph API. "Use the absence of next" to know the last page, say Meta's pages.

    https://developers.facebook.com/docs/graph-api/results
    """
    return PostList(
        request=request,
        read=read,
        items=("data",),
        next_page=next_page,
        cursor_ends=True,
        empty_ends=False,
        newest_first=True,
        early=early,
    )


def next_page(page: Page) -> Request | None:
    """The next page by its cursor, never by the address in `next`: the token stands in it."""
    if "next" not in page.body.get("paging", {}):
        return None
    after = at_path(page.body, ("paging", "cursors", "after"), None)
    if not after:
        raise ListCut("it says that there is more, and not where")
    return with_parameter(page.request, "after", str(after))


def look_in_lists(search: Search, platform: Platform, lost: Lost, ask: Ask) -> Look:
    """What the lists prove, which do not show our other posts without a number by what we know.

    One with the same words may be what looks like ours.
    """
    newer = frozenset(name for name in lost.newer if not name.startswith(NUMBERLESS))
    found = look_through(search, platform, replace(lost, newer=newer), ask)
    if found.found is Found.OURS and any(name.startswith(NUMBERLESS) for name in lost.others):
        why = "a post with the same words, which may be an earlier one of yours"
        return Look(found=Found.NEAR, post=found.post, why=why)
    return found


@dataclass(frozen=True, kw_only=True)
class Containers:
    """Those of one platform."""

    platform: str  # as people call it
    base: str  # its API
    state: str  # the field that says what became of one: IN_PROGRESS, FINISHED, PUBLISHED, ERROR, EXPIRED
    why: str  # the field that says it in words

    def looked_at(self, container: str, ask: Ask, after: float = 0) -> tuple[str, str]:
        """The container's state, and what is said of it."""
        url = f"{self.base}/{container}?fields={self.state},{self.why}"
        told = ask(
            got(
                "state",
                url,
                fresh=True,
                after=after,
                example={self.state: "FINISHED", self.why: ""},
            )
        ).json()
        return str(told[self.state]), str(told.get(self.why) or "")

    def wait_for(self, container: str, ask: Ask) -> str:
        """FINISHED; or PUBLISHED, where an earlier attempt has done that."""
        for look in range(LOOKS):
            state, why = self.looked_at(container, ask, after=min(5 * 2**look, 60))
            if state in ("FINISHED", "PUBLISHED"):
                return state
            if state != "IN_PROGRESS":
                raise Rejected(
                    f"Meta made nothing of it ({state}{': ' if why else ''}{why}); look at the media, and whether their address is public"
                )
        raise TryLater("Meta is still fetching or converting the media", after=300)

    def carousel(
        self, url: str, files: Iterable[Mapping[str, str]], said: Mapping[str, str], ask: Ask
    ) -> str:
        """The container of several files, each of which has one of its own first."""
        children = [
            contained(f"container {number}", url, {**one, "is_carousel_item": "true"}, ask)
            for number, one in enumerate(files, 1)
        ]
        for child in children:
            self.wait_for(child, ask)
        return contained(
            "container",
            url,
            {"media_type": "CAROUSEL", "children": ",".join(children), **said},
            ask,
        )

    def publish(self, container: str, edge: str, ask: Ask) -> str:
        """The id of what is up then."""
        if self.wait_for(container, ask) == "PUBLISHED":
            raise InDoubt(f"{self.platform} has published it already")
        return str(
            ask(
                Request(
                    step="publish",
                    method="POST",
                    url=f"{self.base}/{edge}",
                    form={"creation_id": container},
                    example={"id": "18000000000000001"},
                )
            ).json()["id"]
        )

    def find(self, search: Callable[[], Search], platform: Platform, lost: Lost, ask: Ask) -> Look:
        """What the container's state proves; where none is known, what the lists prove."""
        container = lost.answers.get("container")
        if container is None:
            return look_in_lists(search(), platform, lost, ask)
        identifier = str(container.json()["id"])
        state, _ = self.looked_at(identifier, ask)
        if state in UNPUBLISHED:
            return Look(found=Found.ABSENT)
        if state != "PUBLISHED":
            return Look(found=Found.FAILED, why=f"the container's state is '{state}'")
        listed = look_in_lists(search(), platform, lost, ask)
        if listed.found is Found.OURS:
            return listed
        if listed.found is not Found.NEAR and may_still_appear(lost):
            why = "it is published, but not yet among the account's latest posts"
            return Look(found=Found.FAILED, why=why)
        return Look(found=Found.OURS, post=self.numberless(identifier, listed.post))

    def numberless(self, container: str, near: Published | None) -> Published:
        """What is published for certain, and cannot be told among the account's posts."""
        note = f"{self.platform} published it, but does not tell its address"
        guess = f"; it may be {near.url}" if near and near.url else ""
        return Published(id=NUMBERLESS + container, notes=(note + guess,))


def may_still_appear(lost: Lost) -> bool:
    return lost.now is not None and lost.now() - lost.left_at < APPEARS


def identified(post: Published, listed: Callable[[], Iterable[Json]]) -> str:
    """Its id. One that a person found is known by its URL, and looked for among the latest."""
    if post.id.startswith(NUMBERLESS):
        raise Rejected(
            "the post before is published, but Meta does not tell its address, so nothing can "
            "answer it"
        )
    if "://" not in post.id:
        return post.id
    found = next(
        (
            one["id"]
            for one in listed()
            if (one.get("permalink") or "").rstrip("/") == post.id.rstrip("/")
        ),
        None,
    )
    if found is None:
        raise Rejected(f"{post.id} is none of the account's latest posts, so nothing can answer it")
    return str(found)
