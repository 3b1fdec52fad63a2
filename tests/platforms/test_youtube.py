"""The adapter's requests, and what a YouTube that enforces its rules makes of them."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from platforms.base import (
    DROPPED,
    FOREVER,
    HARMLESS,
    Account,
    Lost,
    Media,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    Span,
)
from platforms.recent import Found, Look, look
from platforms.youtube import CHUNK, PLATFORM, publish, reason, whoami
from scheduler.engine.rehearsal import Rehearsal
from tests.platforms.standing_in import Arrived, Refusal, StandIn, lost_at_every_step, route
from tests.support import DUE, a_post, a_video, an_image, documented, ok, scripted

ACCOUNT = Account(
    name="main", platform="youtube", settings={"server": "https://www.googleapis.com"}
)
SECRETS = {"token": "good"}
API = r"https://www\.googleapis\.com"


@dataclass
class YouTube(StandIn):
    """One channel. Readers see what is in `up`: the videos that were asked to be public, now or later, and comments.

    Without an audit it keeps them private all the same, so that what was asked counts.
    """

    uploads: dict[str, dict[str, Any]] = field(default_factory=dict)
    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    takes_half: bool = False  # of a chunk, once
    forgets_the_first_upload: bool = False
    is_audited: bool = True

    def check(self, arrived: Arrived) -> None:
        if arrived.headers.get("authorization") != f"Bearer {self.token}":
            raise Refusal(
                401, {"error": {"code": 401, "errors": [{"reason": "authorizationRequired"}]}}
            )

    @route("POST", f"{API}/upload/youtube/v3/videos")
    def begin(self, arrived: Arrived) -> Response:
        assert arrived.query == {"uploadType": "resumable", "part": "snippet,status"}
        if not 0 < len(arrived.json["snippet"]["title"]) <= 100:
            raise Refusal(400, {"error": {"code": 400, "errors": [{"reason": "invalidTitle"}]}})
        identifier = f"xa{len(self.uploads)}"
        self.uploads[identifier] = {
            "asked": arrived.json,
            "total": int(arrived.headers["x-upload-content-length"]),
            "got": 0,
            "video": None,
        }
        return ok(
            headers={
                "location": f"https://www.googleapis.com/upload/youtube/v3/videos?uploadType=resumable&upload_id={identifier}"
            }
        )

    @route("PUT", f"{API}/upload/youtube/v3/videos")
    def put(self, arrived: Arrived) -> Response:
        identifier = arrived.query["upload_id"]
        upload = self.uploads[identifier]
        if self.forgets_the_first_upload and identifier == "xa0":
            raise Refusal(404, {"error": {"code": 404}})
        start, end = self.range_of(arrived, upload)
        if arrived.body:
            assert (start, end - start) == (upload["got"], len(arrived.body))
            assert end == upload["total"] or len(arrived.body) % 262_144 == 0
            upload["got"] = start + 262_144 if self.takes_half else end
            self.takes_half = False
        if upload["got"] < upload["total"]:
            return Response(
                status=308,
                headers={"range": f"bytes=0-{upload['got'] - 1}"} if upload["got"] else {},
            )
        return self.made(upload)

    def range_of(self, arrived: Arrived, upload: dict[str, Any]) -> tuple[int, int]:
        found = re.fullmatch(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)", arrived.headers["content-range"])
        assert found
        assert int(found[3]) == upload["total"]
        return (int(found[1]), int(found[2]) + 1) if found[1] else (0, 0)

    def made(self, upload: dict[str, Any]) -> Response:
        """Asked once more after its end, an upload answers with the video that it became."""
        if upload["video"] is None:
            upload["video"] = f"dQw4w9WgXc{len(self.videos)}"
            self.videos[upload["video"]] = {
                **upload["asked"],
                "publishedAt": "2026-09-07T08:30:05Z",
            }
            self.becomes(upload["video"], upload["asked"]["status"])
        return Response.of(
            {
                "kind": "youtube#video",
                "id": upload["video"],
                "status": self.videos[upload["video"]]["status"],
            }
        )

    def becomes(self, identifier: str, asked: dict[str, Any]) -> None:
        if "publishAt" in asked and asked["privacyStatus"] != "private":
            raise Refusal(400, {"error": {"code": 400, "errors": [{"reason": "invalidPublishAt"}]}})
        self.videos[identifier]["status"] = (
            asked if self.is_audited else {**asked, "privacyStatus": "private"}
        )
        if asked["privacyStatus"] != "private" or "publishAt" in asked:
            self.up[identifier] = self.videos[identifier]

    @route("PUT", f"{API}/youtube/v3/videos")
    def update(self, arrived: Arrived) -> Response:
        assert arrived.query == {"part": "status"}
        self.becomes(arrived.json["id"], arrived.json["status"])
        return ok(id=arrived.json["id"])

    @route("GET", f"{API}/youtube/v3/videos")
    def read(self, arrived: Arrived) -> Response:
        found = arrived.query["id"]
        if "statistics" in arrived.query["part"]:
            count = {"commentCount": str(len(self.up))}
            return ok(items=[{"id": found, "snippet": {"channelId": "UC1"}, "statistics": count}])
        return ok(
            items=[{"id": found, "status": self.videos[found]["status"]}]
            if found in self.videos
            else []
        )

    @route("POST", f"{API}/upload/youtube/v3/thumbnails/set")
    def thumbnail(self, arrived: Arrived) -> Response:
        self.videos[arrived.query["videoId"]]["thumbnail"] = len(arrived.body)
        return ok()

    @route("POST", f"{API}/youtube/v3/playlistItems")
    def listed(self, arrived: Arrived) -> Response:
        item = arrived.json["snippet"]
        assert "playlist" not in self.videos[item["resourceId"]["videoId"]], "it is listed twice"
        self.videos[item["resourceId"]["videoId"]]["playlist"] = item["playlistId"]
        return ok(id="UEw1")

    @route("POST", f"{API}/upload/youtube/v3/captions")
    def captions(self, arrived: Arrived) -> Response:
        assert arrived.query == {"uploadType": "resumable", "part": "snippet"}
        track = arrived.json["snippet"]
        assert arrived.headers["x-upload-content-type"] == "text/vtt"
        if "captions" in self.videos[track["videoId"]]:
            raise Refusal(409, {"error": {"code": 409, "errors": [{"reason": "captionExists"}]}})
        return ok(
            headers={
                "location": f"https://www.googleapis.com/upload/youtube/v3/captions?uploadType=resumable&upload_id={track['videoId']}"
            }
        )

    @route("PUT", f"{API}/upload/youtube/v3/captions")
    def captions_file(self, arrived: Arrived) -> Response:
        self.videos[arrived.query["upload_id"]]["captions"] = arrived.body
        return ok(kind="youtube#caption")

    @route("GET", f"{API}/youtube/v3/channels")
    def channels(self, arrived: Arrived) -> Response:
        return ok(
            items=[
                {
                    "id": "UC1",
                    "snippet": {"title": "Ms Ada"},
                    "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}},
                }
            ]
        )

    @route("GET", f"{API}/youtube/v3/playlistItems")
    def latest(self, arrived: Arrived) -> Response:
        if "videoId" in arrived.query:
            return ok(
                items=[{"id": "UEw1"}]
                if "playlist" in self.videos[arrived.query["videoId"]]
                else []
            )
        return ok(
            items=[
                {
                    "snippet": {
                        "title": one["snippet"]["title"],
                        "description": one["snippet"].get("description", ""),
                        "publishedAt": one["publishedAt"],
                        "resourceId": {"videoId": identifier},
                    },
                    "status": {"privacyStatus": one["status"]["privacyStatus"]},
                }
                for identifier, one in self.videos.items()
            ]
        )

    @route("POST", f"{API}/youtube/v3/commentThreads")
    def comment(self, arrived: Arrived) -> Response:
        identifier = f"Ugz{len(self.up)}"
        said = arrived.json["snippet"]["topLevelComment"]["snippet"]
        said |= {"authorChannelId": {"value": "UC1"}, "publishedAt": "2026-09-07T08:30:05Z"}
        self.up[identifier] = arrived.json["snippet"]
        return ok(id=identifier)

    @route("GET", f"{API}/youtube/v3/commentThreads")
    def comments(self, arrived: Arrived) -> Response:
        if arrived.query["moderationStatus"] != "published":
            return ok(items=[])
        return ok(items=[{"id": identifier, "snippet": one} for identifier, one in self.up.items()])


def a_talk(folder: Path, *more: Media, size: int = 1000, **changes: Any) -> Post:
    return a_post(
        **{
            "title": "Cells in 3 minutes",
            "text": "What a cell is made of",
            "media": (a_video(folder, size=size), *more),
            **changes,
        }
    )


def test_a_small_video_is_one_upload_that_readers_see_at_its_end(tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    up = publish(
        ACCOUNT,
        a_talk(tmp_path, spans=(Span(kind="tag", start=0, end=4, value="Cells"),)),
        rehearsal,
    )

    begin, progress, upload = rehearsal.asked
    assert begin.json == {
        "snippet": {
            "title": "Cells in 3 minutes",
            "description": "What a cell is made of",
            "tags": ["Cells"],
            "categoryId": "27",
            "defaultLanguage": "en",
        },
        "status": {"privacyStatus": "public", "selfDeclaredMadeForKids": False},
    }
    assert begin.headers == {
        "X-Upload-Content-Length": "1000",
        "X-Upload-Content-Type": "video/mp4",
    }
    assert (progress.headers["Content-Range"], progress.fresh, progress.repeat) == (
        "bytes */1000",
        True,
        HARMLESS,
    )
    assert (upload.headers["Content-Range"], upload.is_visible) == ("bytes 0-999/1000", True)
    assert up.id == "dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("shape", "page"),
    [
        (
            {"width": 1080, "height": 1920, "seconds": 60},
            "https://www.youtube.com/shorts/dQw4w9WgXcQ",
        ),
        (
            {"width": 1080, "height": 1920, "seconds": 181},
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        (
            {"width": 1920, "height": 1080, "seconds": 60},
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        ),
    ],
)
def test_what_is_upright_and_short_is_a_short(
    shape: dict[str, Any], page: str, tmp_path: Path
) -> None:
    post = a_post(title="Cells", media=(a_video(tmp_path, **shape),))

    assert publish(ACCOUNT, post, Rehearsal()).url == page


def test_a_large_video_goes_up_in_chunks_from_where_the_last_attempt_came(tmp_path: Path) -> None:
    video = a_video(tmp_path, size=1000)
    session, rest = (
        ok(headers={"location": "https://x.test/upload"}),
        Response(status=308, headers={"range": "bytes=0-699"}),
    )
    server = scripted(session, rest, documented)

    publish(ACCOUNT, a_post(title="Cells", media=(video,)), server)

    assert server.asked[-1].headers["Content-Range"] == "bytes 700-999/1000"
    assert CHUNK % 262_144 == 0


def test_a_video_that_is_added_to_is_private_until_it_is_whole(tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    publish(
        ACCOUNT,
        a_talk(tmp_path, an_image(tmp_path), options={"playlist": "PL1", "privacy": "unlisted"}),
        rehearsal,
    )

    begin, _, _, thumbnail, _, playlist, last = rehearsal.asked
    assert begin.json["status"]["privacyStatus"] == "private"
    assert (
        thumbnail.url
        == "https://www.googleapis.com/upload/youtube/v3/thumbnails/set?videoId=dQw4w9WgXcQ"
    )
    assert playlist.json == {
        "snippet": {
            "playlistId": "PL1",
            "resourceId": {"kind": "youtube#video", "videoId": "dQw4w9WgXcQ"},
        }
    }
    assert (last.step, last.json["status"]["privacyStatus"]) == ("publish", "unlisted")


def captioned(folder: Path) -> Post:
    file = folder / "talk.vtt"
    file.write_text("WEBVTT\n\n00:00.000 --> 00:02.000\nThis is a cell.\n")
    captions = Media(
        file=file,
        type="text/vtt",
        size=file.stat().st_size,
        digest=hashlib.sha256(file.read_bytes()).hexdigest(),
    )
    return a_talk(folder, language="en-GB", media=(replace(a_video(folder), captions=captions),))


def test_captions_go_with_the_video_in_the_language_of_the_entry(tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    publish(ACCOUNT, captioned(tmp_path), rehearsal)

    begin, _, _, track, file, last = rehearsal.asked
    assert begin.json["status"]["privacyStatus"] == "private"
    assert track.json == {"snippet": {"videoId": "dQw4w9WgXcQ", "language": "en-GB", "name": ""}}
    assert (track.headers["X-Upload-Content-Length"], file.body) == (
        str(file.body.size),
        captioned(tmp_path).media[0].captions,
    )
    assert last.json["status"]["privacyStatus"] == "public"


def test_youtube_may_publish_it_later_by_itself(tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    publish(
        ACCOUNT, a_talk(tmp_path, options={"publish_at": "2026-12-01T09:00:00+01:00"}), rehearsal
    )

    assert rehearsal.asked[0].json["status"] == {
        "privacyStatus": "private",
        "publishAt": "2026-12-01T09:00:00+01:00",
        "selfDeclaredMadeForKids": False,
    }


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"title": "1 < 2"}, "no '<' and '>' in the title"),
        ({"text": "1 < 2"}, "no '<' and '>' in the text"),
        (
            {
                "spans": tuple(
                    Span(kind="tag", start=n, end=n + 1, value=f"{n:0100}") for n in range(5)
                )
            },
            "tags are longer",
        ),
        (
            {"options": {"publish_at": "tomorrow"}},
            "`publish_at: tomorrow` is no time with an offset: write it as 2026-12-01T09",
        ),
        ({"options": {"publish_at": "2026-12-01T09:00:00"}}, "is no time with an offset"),
        ({"options": {"publish_at": "2026-12-01"}}, "is no time with an offset"),
        (
            {"options": {"publish_at": "2026-09-07T09:30:00+01:00"}},
            r"not after the entry's own time, 2026-09-07T08:30:00\+00:00",
        ),
        (
            {"reply_to": Published(id="abc"), "media": (), "options": {"made_for_kids": True}},
            "nobody can comment on a video that is made for children",
        ),
    ],
)
def test_what_youtube_would_refuse_is_refused_before_anything_leaves(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    untouched = scripted()

    with pytest.raises(Rejected, match=why):
        publish(
            ACCOUNT,
            a_post(**{"title": "Cells", "media": (a_video(tmp_path),), **changes}),
            untouched,
        )

    assert untouched.asked == []


def test_tags_count_with_the_commas_between_them(tmp_path: Path) -> None:
    longest = (*(f"{n:099}" for n in range(4)), "x" * 100)

    publish(
        ACCOUNT,
        a_talk(
            tmp_path, spans=tuple(Span(kind="tag", start=0, end=1, value=one) for one in longest)
        ),
        Rehearsal(),
    )

    assert len(",".join(longest)) == 500


@pytest.mark.parametrize(
    "address",
    [
        "abc",
        "https://www.youtube.com/watch?v=abc&t=10s",
        "https://www.youtube.com/watch?list=PL1&v=abc",
        "https://youtu.be/abc?si=AbC",
        "https://www.youtube.com/shorts/abc?feature=share",
        "https://www.youtube.com/live/abc/",
    ],
)
def test_the_video_of_an_address_is_commented_on(address: str) -> None:
    up = publish(
        ACCOUNT, a_post(text="Slides", reply_to=Published(id=address)), scripted(documented)
    )

    assert up.ref == {"video": "abc"}


def test_what_answers_a_video_is_a_comment_on_it() -> None:
    server = scripted(documented)

    up = publish(
        ACCOUNT,
        a_post(
            text="Slides: example.org", reply_to=Published(id="https://www.youtube.com/watch?v=abc")
        ),
        server,
    )

    assert server.asked[0].json["snippet"] == {
        "videoId": "abc",
        "topLevelComment": {"snippet": {"textOriginal": "Slides: example.org"}},
    }
    assert up.ref == {"video": "abc"}


MINE = ok(
    items=[
        {
            "id": "UC1",
            "snippet": {"title": "Ms Ada"},
            "contentDetails": {"relatedPlaylists": {"uploads": "UU1"}},
        }
    ]
)


def video(identifier: str = "v1", privacy: str = "public", **snippet: Any) -> dict[str, Any]:
    """A video of the channel's uploads, ours as we sent it."""
    return {
        "snippet": {
            "title": "Cells in 3 minutes",
            "description": "What a cell is made of",
            "publishedAt": "2026-09-07T08:31:00Z",
            "videoOwnerChannelId": "UC1",
            "resourceId": {"kind": "youtube#video", "videoId": identifier},
            **snippet,
        },
        "status": {"privacyStatus": privacy},
    }


def told(size: int | None = 1000, **status: str) -> Response:
    """What YouTube tells of a video."""
    details = {} if size is None else {"fileDetails": {"fileSize": str(size)}}
    return ok(items=[{"id": "v1", "status": {"privacyStatus": "private", **status}, **details}])


def looked(post: Post, *answers: Response, **lost: Any) -> tuple[Look, list[str]]:
    """What a look says, and the steps of it. A look changes nothing."""
    server = scripted(*answers)
    found = look(PLATFORM, ACCOUNT, post, Lost(left_at=DUE, **lost), server)
    assert not any(request.is_visible for request in server.asked)
    return found, [request.step for request in server.asked]


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (video(), Found.OURS),
        (video(privacy="private"), Found.OURS),
        (video(title="Cells  in 3 minutes "), Found.OURS),
        (video(title="Cells in 4 minutes"), Found.ABSENT),
        (video(description="What a leaf is made of"), Found.ABSENT),
        (video(publishedAt="2026-08-01T08:31:00Z"), Found.ABSENT),
        (video("7"), Found.ABSENT),
        (video("8"), Found.ABSENT),
        (video("9"), Found.ABSENT),
        (video(videoOwnerChannelId="UC2"), Found.ABSENT),
        (video(privacy="unlisted"), Found.NEAR),
        (video(description="What a cell is made of?"), Found.NEAR),
        (video(publishedAt="2026-09-03T08:31:00Z"), Found.NEAR),
    ],
    ids=[
        "ours",
        "kept private",
        "other white space",
        "another title",
        "another text",
        "from before",
        "another delivery's",
        "resolved by its address",
        "resolved as a short",
        "another channel's",
        "for others",
        "almost the text",
        "dated from its upload",
    ],
)
def test_a_video_whose_upload_is_not_known_is_known_by_all_that_is_told(
    there: dict[str, Any], says: Found, tmp_path: Path
) -> None:
    """Row youtube, F12."""
    addresses = ("https://www.youtube.com/watch?v=8&t=3", "https://www.youtube.com/shorts/9?si=x")
    others = frozenset({"7", *addresses})

    found, _ = looked(a_talk(tmp_path), MINE, ok(items=[there]), told(), others=others)

    assert found.found is says
    if found.post:
        assert found.post.ref == {"video": "v1"}


@pytest.mark.parametrize(
    ("size", "says"), [(1000, Found.OURS), (None, Found.OURS), (999, Found.NEAR)]
)
def test_a_video_of_another_size_is_near(size: int | None, says: Found, tmp_path: Path) -> None:
    """F4."""
    found, _ = looked(a_talk(tmp_path), MINE, ok(items=[video()]), told(size))

    assert found.found is says


def test_the_uploads_are_read_to_their_end(tmp_path: Path) -> None:
    """A6, YT3: pages may be empty, too."""
    more = [
        ok(items=[video("2", title="Other")], nextPageToken="n1"),
        ok(items=[], nextPageToken="n2"),
    ]
    server = scripted(MINE, *more, ok(items=[video()]), told())

    found = look(PLATFORM, ACCOUNT, a_talk(tmp_path), Lost(left_at=DUE), server)

    assert found.found is Found.OURS
    assert [request.url.partition("pageToken=")[2] for request in server.asked[1:4]] == [
        "",
        "n1",
        "n2",
    ]


@pytest.mark.parametrize(
    ("items", "newer"),
    [([], set()), ([video("2", title="Other")], {"5"})],
    ids=["empty", "behind"],
)
def test_a_forgotten_upload_is_not_absent_by_a_list_that_proves_nothing(
    items: list[dict[str, Any]], newer: set[str], tmp_path: Path
) -> None:
    """A10, YT6."""
    gone = Response(status=404)

    found, _ = looked(
        a_talk(tmp_path), gone, MINE, ok(items=items), answers=BEGUN, newer=frozenset(newer)
    )

    assert found.found is Found.FAILED
    assert PLATFORM.find_after


UPLOADED = Response.of({"id": "v1", "status": {"privacyStatus": "private"}})
BEGUN = {"begin": ok(headers={"location": "https://x.test/upload"})}


def test_a_video_that_is_up_is_ours_whoever_sees_it(tmp_path: Path) -> None:
    found, steps = looked(a_talk(tmp_path), UPLOADED, answers=BEGUN)

    assert found.found is Found.OURS
    assert found.post
    assert (found.post.id, steps) == ("v1", ["progress"])


@pytest.mark.parametrize("got", [{}, {"range": "bytes=0-261"}], ids=["nothing", "a part"])
def test_an_upload_that_has_not_arrived_whole_is_absent_whatever_the_lists_say(
    got: dict[str, str], tmp_path: Path
) -> None:
    goes_on = Response(status=308, headers=got)

    found, steps = looked(a_talk(tmp_path), goes_on, answers=BEGUN)

    assert (found.found, steps) == (Found.ABSENT, ["progress"])


ADDED_TO = [{"playlist": "PL1"}, {"playlist": "PL1", "publish_at": "2026-12-01T09:00:00+01:00"}]


@pytest.mark.parametrize(
    "answers",
    [
        BEGUN,
        {**BEGUN, "upload 1": UPLOADED},
        {"upload 1": UPLOADED},
        {"progress": UPLOADED, "upload 1": ok(id="an earlier one")},
    ],
)
@pytest.mark.parametrize("options", ADDED_TO)
def test_a_video_that_still_waits_for_its_last_request_is_absent_and_does_not_get_it_by_a_look(
    answers: dict[str, Response], options: dict[str, str], tmp_path: Path
) -> None:
    """Section 4: a look acted."""
    post = a_talk(tmp_path, options=options)

    found, steps = looked(post, *[UPLOADED] * ("begin" in answers), told(), answers=answers)

    assert (found.found, steps[-1]) == (Found.ABSENT, "status")


def test_what_shows_a_video_names_it_so_that_a_second_one_changes_nothing(tmp_path: Path) -> None:
    rehearsal = Rehearsal()

    publish(ACCOUNT, a_talk(tmp_path, options=ADDED_TO[0]), rehearsal)

    last = rehearsal.asked[-1]
    assert (last.step, last.repeat, last.remembered) == ("publish", DROPPED, FOREVER)


def test_a_video_that_is_whole_is_not_uploaded_again_when_youtube_forgets_its_upload(
    tmp_path: Path,
) -> None:
    """The answer to its last part is in the journal, where requests are known by their content."""
    gone, forgotten = Response(status=404), scripted()
    known: dict[str, Response] = {}

    def answer(request: Request) -> Response:
        if request.step == "progress":
            return gone if known else Response(status=308)
        if request.digest in known:
            return known[request.digest]
        forgotten.asked.append(request)
        known[request.digest] = request.documented()
        return known[request.digest]

    post = a_talk(tmp_path, options=ADDED_TO[0])
    publish(ACCOUNT, post, answer)
    first = [request.step for request in forgotten.asked]

    publish(ACCOUNT, post, answer)

    assert [request.step for request in forgotten.asked] == first
    assert first.count("upload 1") == 1


def test_a_video_that_youtube_does_not_show_proves_nothing(tmp_path: Path) -> None:
    found, _ = looked(a_talk(tmp_path, options=ADDED_TO[0]), UPLOADED, ok(items=[]), answers=BEGUN)

    assert (found.found, found.why) == (Found.FAILED, "YouTube does not show the video v1")


@pytest.mark.parametrize(
    "is_told",
    [{"publishAt": "2026-12-01T08:00:00Z"}, {"privacyStatus": "public"}],
    ids=["not yet", "by now"],
)
def test_what_youtube_makes_public_later_is_known_by_its_time(
    is_told: dict[str, str], tmp_path: Path
) -> None:
    post = a_talk(tmp_path, options=ADDED_TO[1])

    known, _ = looked(post, UPLOADED, told(**is_told), answers=BEGUN)
    unknown, _ = looked(post, MINE, ok(items=[video()]), told(**is_told))
    hidden, _ = looked(post, MINE, ok(items=[video(privacy="private")]), told())

    assert (known.found, unknown.found) == (Found.OURS, Found.OURS)
    assert (hidden.found, hidden.why) == (
        Found.NEAR,
        "a video that looks like it, which is not shown yet",
    )


def a_comment(**changes: Any) -> dict[str, Any]:
    """A comment on the video "v0", ours as we sent it."""
    said = {
        "textOriginal": "Thank you!",
        "textDisplay": "Thank you!",
        "authorChannelId": {"value": "UC1"},
        "publishedAt": "2026-09-07T08:30:05Z",
        **changes,
    }
    return {"id": "c1", "snippet": {"videoId": "v0", "topLevelComment": {"snippet": said}}}


def on_video(channel: str = "UC1", count: int = 9) -> Response:
    statistics = {"commentCount": str(count)}
    return ok(items=[{"id": "v0", "snippet": {"channelId": channel}, "statistics": statistics}])


NONE = ok(items=[])
THANKS = a_post(text="Thank you!", reply_to=Published(id="v0", ref={"video": "v0"}))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, Found.OURS),
        ({"textOriginal": None}, Found.OURS),
        ({"authorChannelId": {"value": "a pupil"}}, Found.ABSENT),
        ({"authorChannelId": {}}, Found.NEAR),
        ({"publishedAt": "2025-09-07T08:30:05Z"}, Found.ABSENT),
        ({"textOriginal": "Thanks", "textDisplay": "Thanks"}, Found.ABSENT),
    ],
    ids=["ours", "only as shown", "a pupil's", "nobody's", "last year's", "another text"],
)
def test_a_comment_is_ours_only_where_the_channel_wrote_it(
    changes: dict[str, Any], says: Found
) -> None:
    """F2, YT1."""
    found, _ = looked(THANKS, MINE, on_video(), ok(items=[a_comment(**changes)]), NONE, NONE)

    assert found.found is says
    if found.post:
        assert found.post.ref == {"video": "v0"}
        assert found.post.url == "https://www.youtube.com/watch?v=v0&lc=c1"


def test_a_comment_of_another_delivery_is_not_ours() -> None:
    there = ok(items=[a_comment()])
    known = ("c1", "https://www.youtube.com/watch?v=v0&lc=c1")

    says = [
        looked(THANKS, MINE, on_video(), there, NONE, NONE, others=frozenset({name}))[0].found
        for name in (*known, "https://www.youtube.com/watch?v=v0&lc=c2")
    ]

    assert says == [Found.ABSENT, Found.ABSENT, Found.OURS]


def test_comments_are_read_to_their_end_with_those_that_wait_for_a_review() -> None:
    """A6, YT2: a hundred on the first page, and more behind them."""
    pupils = [{**a_comment(authorChannelId={"value": "a pupil"}), "id": str(n)} for n in range(100)]
    first = ok(items=pupils, nextPageToken="t")

    found, steps = looked(THANKS, MINE, on_video(), first, ok(items=[a_comment()]), NONE, NONE)
    held, _ = looked(THANKS, MINE, on_video(), NONE, ok(items=[a_comment()]), NONE)

    assert (found.found, held.found) == (Found.OURS, Found.OURS)
    assert steps[2:] == [
        "comments published",
        "comments published",
        "comments heldForReview",
        "comments likelySpam",
    ]


def test_a_comment_on_anothers_video_may_wait_for_a_review_that_nobody_lists() -> None:
    others = ok(items=[a_comment(authorChannelId={"value": "a pupil"})])

    absent, _ = looked(THANKS, MINE, on_video("UC2"), others)
    there, _ = looked(THANKS, MINE, on_video("UC2"), ok(items=[a_comment()]))

    assert (absent.found, there.found) == (Found.FAILED, Found.OURS)


@pytest.mark.parametrize(("count", "says"), [(0, Found.ABSENT), (1, Found.FAILED)])
def test_no_comments_are_believed_where_the_video_counts_none(count: int, says: Found) -> None:
    found, _ = looked(THANKS, MINE, on_video(count=count), NONE, NONE, NONE)

    assert found.found is says


def test_it_tells_whose_channel_it_is() -> None:
    assert whoami(ACCOUNT, scripted(documented)) == "Ms Ada"
    with pytest.raises(Rejected, match="has no channel"):
        whoami(ACCOUNT, scripted(ok(items=[])))


def test_googles_reason_is_the_code() -> None:
    assert (
        reason(ok(error={"code": 403, "errors": [{"reason": "quotaExceeded"}]})) == "quotaExceeded"
    )
    assert reason(Response(body=b"<html>")) == ""


def test_a_person_is_told_that_uploads_stay_private_without_an_audit() -> None:
    assert "private until Google has audited" in next(
        iter(PLATFORM.notices(ACCOUNT, date(2026, 11, 25)))
    )


POSTS: dict[str, Callable[[Path], Post]] = {
    "video": a_talk,
    "several chunks": lambda folder: a_talk(folder, size=CHUNK + 1000),
    "thumbnail and playlist": lambda folder: a_talk(
        folder, an_image(folder), options={"playlist": "PL1"}
    ),
    "captions": captioned,
    "later": lambda folder: a_talk(folder, options={"publish_at": "2026-12-01T09:00:00+01:00"}),
    "thumbnail, later": lambda folder: a_talk(
        folder, an_image(folder), options={"publish_at": "2026-12-01T09:00:00+01:00"}
    ),
    "comment": lambda folder: a_post(
        text="Slides", reply_to=Published(id="v0", ref={"video": "v0"})
    ),
}


@pytest.mark.parametrize("is_audited", [True, False], ids=["audited", "kept private"])
@pytest.mark.parametrize("name", POSTS)
def test_an_answer_lost_or_a_kill_at_any_step_leaves_one_video(
    name: str, is_audited: bool, tmp_path: Path
) -> None:
    became = lost_at_every_step(
        lambda: YouTube(is_audited=is_audited),
        PLATFORM,
        ACCOUNT,
        POSTS[name](tmp_path),
        tmp_path,
        SECRETS,
    )

    assert became == {"published"}


def test_bytes_that_did_not_arrive_are_sent_again(tmp_path: Path) -> None:
    became = lost_at_every_step(
        lambda: YouTube(takes_half=True),
        PLATFORM,
        ACCOUNT,
        a_talk(tmp_path, size=600_000),
        tmp_path,
        SECRETS,
    )

    assert became == {"published"}


def test_an_upload_that_youtube_no_longer_knows_begins_anew(tmp_path: Path) -> None:
    became = lost_at_every_step(
        lambda: YouTube(forgets_the_first_upload=True),
        PLATFORM,
        ACCOUNT,
        a_talk(tmp_path),
        tmp_path,
        SECRETS,
    )

    assert became == {"published"}
