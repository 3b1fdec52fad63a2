"""The adapter's requests, and what a Misskey that enforces its rules makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from platforms.base import HARMLESS, Account, InDoubt, Lost, Post, Published, Rejected, Response
from platforms.misskey import PLATFORM, ask_limits, error_code, find, publish, whoami
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(name="main", platform="misskey", settings={"server": "misskey.test"})
SECRETS = {"token": "good"}
API = r"https://misskey\.test/api"
FIELDS = {"text", "cw", "visibility", "localOnly", "fileIds", "poll", "replyId"}
MADE = 1_788_769_803_000  # milliseconds; 2026-09-07T08:30:03Z


@dataclass
class Misskey(StandIn):
    """One account."""

    files: dict[str, str] = field(default_factory=dict)  # id -> alt

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(
                401, {"error": {"code": "CREDENTIAL_REQUIRED", "message": "Credential required."}}
            )

    @route("POST", f"{API}/i")
    def me(self, arrived: Arrived) -> Response:
        return ok(id="9me", username="ada", host=None)

    @route("POST", f"{API}/drive/files/create")
    def upload(self, arrived: Arrived) -> Response:
        identifier = f"9file{len(self.files)}"
        self.files[identifier] = arrived.text("comment") if "comment" in arrived.parts else ""
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
        self.up[identifier] = {**asked, "id": identifier, "createdAt": "2026-09-07T08:30:03.000Z"}
        return ok(createdNote=self.up[identifier])

    @route("POST", f"{API}/users/notes")
    def listed(self, arrived: Arrived) -> Response:
        assert arrived.json["userId"] == "9me"
        assert arrived.json["withReplies"]
        return Response.of([one for one in self.up.values() if arrived.json["sinceDate"] < MADE])


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


def test_a_note_with_files_is_known_by_them_and_one_without_by_its_text(tmp_path: Path) -> None:
    me = ok(id="9me")
    with_file = Lost(left_at=DUE, answers={"upload 1": ok(id="9f")})
    notes = Response.of(
        [
            {"id": "1", "text": "Welcome back", "fileIds": ["9other"]},
            {"id": "2", "text": "changed", "fileIds": ["9f"]},
        ]
    )
    plain = Response.of(
        [
            {"id": "3", "text": "Welcome back", "cw": "x"},
            {"id": "4", "text": "Welcome back", "cw": None},
        ]
    )

    by_file = find(ACCOUNT, a_post(media=(an_image(tmp_path),)), with_file, scripted(me, notes))
    by_text = find(ACCOUNT, a_post(), Lost(left_at=DUE), scripted(me, plain))

    assert by_file
    assert by_text
    assert (by_file.id, by_text.id) == ("2", "4")
    assert (
        find(ACCOUNT, a_post(), Lost(left_at=DUE, others=frozenset({"4"})), scripted(me, plain))
        is None
    )


def test_pictures_and_videos_are_sixteen_together(tmp_path: Path) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match="at most 16 files, and this has 17"):
        publish(ACCOUNT, a_post(media=(*[an_image(tmp_path)] * 16, a_video(tmp_path))), untouched)

    assert untouched.asked == []


def test_a_note_whose_uploads_nobody_knows_any_more_is_known_by_what_it_says(
    tmp_path: Path,
) -> None:
    """A store that was restored from a backup."""
    notes = Response.of(
        [
            {"id": "1", "text": "Welcome back", "fileIds": []},
            {"id": "2", "text": "Welcome back", "fileIds": ["9f"]},
        ]
    )

    found = find(
        ACCOUNT,
        a_post(media=(an_image(tmp_path),)),
        Lost(left_at=DUE),
        scripted(ok(id="9me"), notes),
    )

    assert found
    assert found.id == "2"


def test_more_notes_than_the_server_lists_are_a_doubt_and_not_a_no() -> None:
    notes = Response.of([{"id": str(number), "text": "Another"} for number in range(100)])

    with pytest.raises(InDoubt, match="too many notes since 2026-09-07 07:30 UTC"):
        find(ACCOUNT, a_post(), Lost(left_at=DUE), scripted(ok(id="9me"), notes))


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
