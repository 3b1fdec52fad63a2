"""The adapter's requests, and what a Misskey that enforces its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    Ask,
    Lost,
    Media,
    Post,
    Published,
    Rejected,
    Response,
    TryLater,
)
from platforms.misskey import PLATFORM, ask_limits, error_code, publish, whoami
from platforms.recent import Found, Look, look
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, FIRST, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="misskey", settings={"server": "misskey.test"})
SECRETS = {"token": "good"}
API = r"https://misskey\.test/api"
FIELDS = {"text", "cw", "visibility", "localOnly", "fileIds", "poll", "replyId"}


@dataclass
class Misskey(StandIn):
    """One account."""

    files: dict[str, str] = field(default_factory=dict)  # id -> alt
    names: dict[str, str] = field(default_factory=dict)  # id -> the file's name

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(
                401, {"error": {"code": "CREDENTIAL_REQUIRED", "message": "Credential required."}}
            )

    @route("POST", f"{API}/i")
    def me(self, arrived: Arrived) -> Response:
        return ok(id="9me", username="ada", host=None, notesCount=len(self.up))

    @route("POST", f"{API}/drive/files/create")
    def upload(self, arrived: Arrived) -> Response:
        identifier = f"9file{len(self.files)}"
        self.files[identifier] = arrived.text("comment") if "comment" in arrived.parts else ""
        self.names[identifier] = arrived.text("name")
        assert arrived.text("force") == "true"
        if len(self.files[identifier]) > 512:
            raise Refusal(400, {"error": {"code": "INVALID_PARAM", "message": "Invalid param."}})
        return ok(id=identifier, comment=self.files[identifier])

    @route("POST", f"{API}/notes/create")
    def create(self, arrived: Arrived) -> Response:
        asked = arrived.json
        assert asked.keys() <= FIELDS
        files, choices = (
            asked.get("fileIds", ["-"]),
            asked.get("poll", {}).get("choices", ["a", "b"]),
        )
        if not (
            1 <= len(set(files)) == len(files) <= 16
            and 2 <= len(set(choices)) == len(choices) <= 10
            and max(map(len, choices)) <= 50
            and len(asked.get("cw", "")) <= 100
            and 0 < len(asked.get("text", "-")) <= 3000
            and (asked.keys() & {"text", "fileIds", "poll"})
            and asked["visibility"] in ("public", "home", "followers")
        ):
            raise Refusal(400, {"error": {"code": "INVALID_PARAM", "message": "Invalid param."}})
        if asked.get("poll", {}).get("expiredAfter", 1) <= 0:
            raise Refusal(
                400,
                {
                    "error": {
                        "code": "CANNOT_CREATE_ALREADY_EXPIRED_POLL",
                        "message": "Poll is already expired.",
                    }
                },
            )
        if "fileIds" in asked and not set(files) <= set(self.files):
            raise Refusal(
                400, {"error": {"code": "NO_SUCH_FILE", "message": "Some files are not found."}}
            )
        if asked.get("replyId", "9before") != "9before":
            raise Refusal(
                400, {"error": {"code": "NO_SUCH_REPLY_TARGET", "message": "No such reply target."}}
            )
        identifier = f"9note{len(self.up)}"
        self.up[identifier] = {
            **asked,
            "id": identifier,
            "createdAt": "2026-09-07T08:30:03.000Z",
            "userId": "9me",
            "poll": {"choices": [{"text": one, "votes": 0} for one in asked["poll"]["choices"]]}
            if "poll" in asked
            else None,
            "files": [
                {"id": file, "name": self.names[file], "comment": self.files[file] or None}
                for file in asked.get("fileIds", ())
            ],
        }
        return ok(createdNote=self.up[identifier])

    @route("POST", f"{API}/users/notes")
    def listed(self, arrived: Arrived) -> Response:
        assert arrived.json["userId"] == "9me"
        assert arrived.json["withReplies"]
        return Response.of([] if "untilId" in arrived.json else [*reversed(self.up.values())])


def test_a_note_says_what_is_wanted_and_no_more() -> None:
    server = scripted(documented)
    poll = {"answers": ["Paper", "Screen"], "hours": 48}

    up = publish(
        ACCOUNT,
        a_post(
            options={
                "content_warning": "Exams",
                "visibility": "home",
                "local_only": True,
                "poll": poll,
            }
        ),
        server,
    )

    assert server.asked[0].url == "https://misskey.test/api/notes/create"
    assert server.asked[0].json == {
        "text": "Welcome back",
        "cw": "Exams",
        "visibility": "home",
        "localOnly": True,
        "poll": {"choices": ["Paper", "Screen"], "multiple": False, "expiredAfter": 172_800_000},
    }
    assert up == Published(id="9abcdefghi", url="https://misskey.test/notes/9abcdefghi")


def test_pictures_go_into_the_drive_first_with_what_they_show(tmp_path: Path) -> None:
    server = scripted(*[documented] * 2)
    picture = an_image(tmp_path)

    publish(ACCOUNT, a_post(media=(picture,)), server)

    upload, note = server.asked
    assert (upload.form, upload.repeat) == (
        {"name": picture.name, "force": "true", "comment": "The school door"},
        HARMLESS,
    )
    assert note.json["fileIds"] == ["9xyzxyzxyz"]


@pytest.mark.parametrize("before", ["9abc", "https://misskey.test/notes/9abc"])
def test_a_thread_answers_the_note_before(before: str) -> None:
    server = scripted(documented)

    publish(ACCOUNT, a_post(reply_to=Published(id=before)), server)

    assert server.asked[0].json["replyId"] == "9abc"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"content_warning": "x" * 101}, "at most 100 characters"),
        ({"poll": {"answers": ["x" * 51, "y"]}}, "at most 50 characters"),
        ({"poll": {"answers": ["Yes"]}}, "2 to 10 different answers"),
        ({"poll": {"answers": ["Yes", "Yes"]}}, "2 to 10 different answers"),
        ({"poll": {"answers": [str(one) for one in range(11)]}}, "2 to 10 different answers"),
        ({"poll": {"answers": ["Yes", "No"], "hours": 0}}, "no poll that is over when it begins"),
    ],
)
def test_what_misskey_would_refuse_is_refused_before_anything_leaves(
    options: dict[str, Any], why: str
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(ACCOUNT, a_post(options=options), untouched)

    assert untouched.asked == []


ME = ok(id="9me", username="ada", notesCount=9)
END = Response.of([])  # the page after the last


def a_note(**changes: Any) -> dict[str, Any]:
    """One of ours, as the server lists it."""
    return {
        "id": "9note",
        "createdAt": "2026-09-07T08:30:03.000Z",
        "userId": "9me",
        "text": "Welcome back",
        "cw": None,
        "visibility": "public",
        "replyId": None,
        "renoteId": None,
        "fileIds": [],
        "files": [],
        **changes,
    }


def looked(post: Post, server: Ask, **known: Any) -> Look:
    return look(PLATFORM, ACCOUNT, post, Lost(left_at=DUE, **known), server)


def found(post: Post, *notes: Any, **known: Any) -> Found:
    return looked(post, scripted(ME, Response.of(notes), END), **known).found


def test_a_note_is_looked_for_among_all_notes_of_the_account() -> None:
    newer = [a_note(id=f"9n{number}", text="Another") for number in range(2)]
    server = scripted(ME, Response.of(newer), Response.of([a_note()]), END)

    result = looked(a_post(), server)

    assert (result.found, result.post) == (
        Found.OURS,
        Published(id="9note", url="https://misskey.test/notes/9note"),
    )
    wanted = {"userId": "9me", "limit": 100, "withReplies": True, "withChannelNotes": True}
    assert [one.json for one in server.asked[1:]] == [
        wanted,
        {**wanted, "untilId": "9n1"},
        {**wanted, "untilId": "9note"},
    ]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Found.OURS),
        ({"text": " Welcome\u00a0back"}, Found.OURS),
        ({"text": "Welcome"}, Found.ABSENT),
        ({"replyId": "9before"}, Found.ABSENT),
        ({"userId": "9other"}, Found.ABSENT),
        ({"createdAt": "2026-09-05T08:30:03.000Z"}, Found.ABSENT),
        ({"renoteId": "9x", "text": None}, Found.ABSENT),
        ({"cw": "x"}, Found.NEAR),
        ({"visibility": "home"}, Found.NEAR),
        ({"localOnly": True}, Found.NEAR),
        ({"poll": {"choices": [{"text": "Yes"}, {"text": "No"}]}}, Found.NEAR),
        ({"files": [{"id": "9f", "name": "a.png", "comment": None}]}, Found.NEAR),
    ],
)
def test_a_note_is_ours_only_where_everything_agrees(
    changes: dict[str, Any], outcome: Found
) -> None:
    assert found(a_post(), a_note(**changes)) is outcome


def test_a_note_with_everything_is_found_as_it_was_sent() -> None:
    poll = {"answers": ["Paper", "Screen"]}
    options = {"content_warning": "x", "visibility": "home", "local_only": True, "poll": poll}
    choices = [{"text": "Paper", "votes": 0}, {"text": "Screen", "votes": 0}]
    note = a_note(cw="x", visibility="home", localOnly=True, poll={"choices": choices})

    assert found(a_post(options=options), note) is Found.OURS


def test_what_the_server_lowers_by_itself_is_found_all_the_same() -> None:
    held_back = ok(id="9me", notesCount=9, policies={"canPublicNote": False})
    server = scripted(held_back, Response.of([a_note(visibility="home")]), END)

    assert looked(a_post(), server).found is Found.OURS
    reply = a_note(visibility="home", localOnly=True, replyId="1")
    assert found(a_post(reply_to=FIRST), reply) is Found.OURS


@pytest.mark.parametrize(
    "known",
    ["9note", "https://misskey.test/notes/9note", "https://misskey.test/notes/9note/"],
)
def test_another_deliverys_note_is_passed_over_whatever_it_is_known_by(known: str) -> None:
    assert found(a_post(), a_note(), others=frozenset({known})) is Found.ABSENT


def file_of(media: Media, identifier: str, **changes: Any) -> dict[str, Any]:
    return {"id": identifier, "name": media.name, "comment": media.alt, **changes}


@pytest.mark.parametrize(
    ("text", "uploaded", "listed", "outcome"),
    [
        ("Welcome back", "9f", "9f", Found.OURS),
        ("Welcome back", "9f", "9other", Found.NEAR),
        ("Welcome back", None, "9f", Found.OURS),  # a store that was restored
        ("", "9f", "9f", Found.OURS),
        ("", "9f", "9other", Found.NEAR),
        ("", None, "9f", Found.NEAR),
    ],
)
def test_a_note_without_words_is_known_by_its_uploads_alone(
    text: str, uploaded: str | None, listed: str, outcome: Found, tmp_path: Path
) -> None:
    picture = an_image(tmp_path)
    post = a_post(text=text, media=(picture,))
    answers = {"upload 1": ok(id=uploaded)} if uploaded else {}
    note = a_note(text=text or None, files=[file_of(picture, listed)])

    assert found(post, note, answers=answers) is outcome


def test_the_same_words_with_another_picture_are_near_though_nobody_knows_the_uploads(
    tmp_path: Path,
) -> None:
    picture = an_image(tmp_path)
    other = a_note(files=[file_of(picture, "9f", name="other.png")])

    assert found(a_post(media=(picture,)), other) is Found.NEAR


def test_more_notes_than_a_look_reads_prove_nothing() -> None:
    pages = [
        Response.of([a_note(id=f"9p{page}", text="Another", createdAt="2026-09-07T09:00:00.000Z")])
        for page in range(10)
    ]

    result = looked(a_post(), scripted(ME, *pages))

    assert result.found is Found.FAILED
    assert "more than 10 pages" in result.why


@pytest.mark.parametrize("body", [b"{}", b"<h1>Hello</h1>", b"null"])
def test_what_is_no_list_is_looked_for_again(body: bytes) -> None:
    with pytest.raises(TryLater, match="misskey answered 'list' without a list"):
        looked(a_post(), scripted(ME, Response(body=body)))


@pytest.mark.parametrize("hours", [-2, 2, 13])
def test_a_note_is_found_although_our_clock_was_wrong_when_it_left(hours: int) -> None:
    drift = timedelta(hours=hours)
    dated = replace(Response.of([a_note()]), headers={"date": "Mon, 07 Sep 2026 08:31:00 GMT"})
    lost = Lost(left_at=DUE + drift, now=lambda: DUE + drift + timedelta(minutes=1))

    result = look(PLATFORM, ACCOUNT, a_post(), lost, scripted(ME, dated, END))

    assert result.found is Found.OURS


def test_pictures_and_videos_are_sixteen_together(tmp_path: Path) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match="at most 16 files, and this has 17"):
        publish(ACCOUNT, a_post(media=(*[an_image(tmp_path)] * 16, a_video(tmp_path))), untouched)

    assert untouched.asked == []


def test_the_server_tells_how_long_a_text_may_be_and_whose_credentials_they_are() -> None:
    assert ask_limits(ACCOUNT, scripted(ok(maxNoteTextLength=8000))).text == 8000
    assert ask_limits(ACCOUNT, scripted(ok())) == PLATFORM.limits
    assert whoami(ACCOUNT, scripted(documented)) == "@ada"


def test_its_own_code_is_read() -> None:
    assert (
        error_code(Response.of({"error": {"code": "RATE_LIMIT_EXCEEDED"}})) == "RATE_LIMIT_EXCEEDED"
    )
    assert error_code(Response(body=b"Bad gateway")) == ""


POSTS: dict[str, Callable[[Path], Post]] = {
    "text": lambda folder: a_post(),
    "reply with a poll": lambda folder: a_post(
        reply_to=Published(id="9before"), options={"poll": {"answers": ["Paper", "Screen"]}}
    ),
    "pictures alone": lambda folder: a_post(text="", media=(an_image(folder),)),
    "pictures": lambda folder: a_post(
        media=(an_image(folder), an_image(folder, "b.png", colour="blue", alt="A bicycle"))
    ),
}


@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_note(name: str, tmp_path: Path) -> None:
    assert lost_at_every_step(
        Misskey, PLATFORM, ACCOUNT, POSTS[name](tmp_path), tmp_path, SECRETS
    ) == {"published"}
