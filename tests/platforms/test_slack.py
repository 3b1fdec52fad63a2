"""Slack's requests; and a Slack that enforces the order of an upload, shows files late, and loses answers."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from platforms.base import (
    HARMLESS,
    Account,
    InDoubt,
    LoginNeeded,
    Post,
    Published,
    PublishError,
    Rejected,
    Request,
    Response,
    Span,
    TryLater,
)
from platforms.recent import Found
from platforms.slack import PLATFORM, publish, recent, sign, whoami
from scheduler.engine.judging import judged
from scheduler.rendering.markup import Marked, slack
from tests import support
from tests.engine.support import Bench, Clock, Crash, a_bench
from tests.platforms.looking import by_url, looked
from tests.support import DUE, a_video, an_image, documented, scripted

HOOK = Account(name="staff", platform="slack", settings={"channel": None})
BOT = Account(name="staff", platform="slack", settings={"channel": "C01"})
SECRETS = {"webhook": "https://hooks.slack.com/services/T/B/X", "token": "xoxb-1"}
FORMS = {"auth.test": set(), "files.getUploadURLExternal": {"filename", "length", "alt_txt"}}
BODIES = {  # what the SDK's methods take (python-slack-sdk 3.43), of what we send
    "chat.postMessage": {
        "channel",
        "text",
        "blocks",
        "thread_ts",
        "unfurl_links",
        "unfurl_media",
        "metadata",
    },
    "files.completeUploadExternal": {"files", "channel_id", "initial_comment", "thread_ts"},
}


def a_post(**changes: Any) -> Post:
    return rendered(support.a_post(**changes))


def rendered(post: Post) -> Post:
    return replace(post, markup=slack(Marked(post.text, post.spans)))


def asked_for(post: Post, account: Account = BOT) -> list[Request]:
    server = scripted(*[documented] * 9)
    publish(account, post, server)
    assert [one.repeat for one in server.asked[:-1]] == [HARMLESS] * (len(server.asked) - 1)
    assert server.asked[-1].is_visible
    return server.asked


def test_a_bots_message_carries_the_key_and_its_text_as_blocks() -> None:
    *_, message = asked_for(a_post(text="Welcome <back> & *you*"))

    assert (message.method, message.url) == ("POST", "https://slack.com/api/chat.postMessage")
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": "Welcome <back> & *you*"}],
    }
    assert message.json == {
        "channel": "C01",
        "text": "Welcome &lt;back&gt; &amp; *you*",
        "blocks": [{"type": "rich_text", "elements": [section]}],
        "metadata": {"event_type": "termbell_post", "event_payload": {"key": "7f3a9c0d1e2b4a55"}},
    }
    assert sign(message, SECRETS).headers == {"Authorization": "Bearer xoxb-1"}


def test_marks_and_links_are_styles_and_quotes_and_code_stand_by_themselves() -> None:
    text = "Bold and sloped term\nquoted\nprint(1)\nbye example.org"
    spans = (
        Span(kind="bold", start=0, end=15),
        Span(kind="italic", start=9, end=15),
        Span(kind="link", start=16, end=20, value="https://a.org"),
        Span(kind="quote", start=21, end=27),
        Span(kind="pre", start=28, end=36, value="py"),
        Span(kind="tag", start=37, end=40, value="bye"),
        Span(kind="link", start=41, end=52, value="example.org"),
    )

    *_, message = asked_for(a_post(text=text, spans=spans))

    assert message.json["blocks"][0]["elements"] == [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Bold and ", "style": {"bold": True}},
                {"type": "text", "text": "sloped", "style": {"bold": True, "italic": True}},
                {"type": "text", "text": " "},
                {"type": "link", "url": "https://a.org", "text": "term"},
            ],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "quoted"}]},
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "print(1)"}]},
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "bye "},
                {"type": "link", "url": "https://example.org", "text": "example.org"},
            ],
        },
    ]


def test_a_webhooks_message_has_the_text_alone_and_slack_tells_no_id_of_it() -> None:
    server = scripted(Response(body=b"ok"))

    up = publish(HOOK, a_post(), server)

    (message,) = server.asked
    assert sign(message, SECRETS).url == "https://hooks.slack.com/services/T/B/X"
    assert message.json.keys() == {"text", "blocks"}
    assert up == Published(id="7f3a9c0d1e2b4a55")


def test_a_webhook_shows_pictures_that_are_public(tmp_path: Path) -> None:
    door = an_image(tmp_path, alt="The door")

    host, message = asked_for(a_post(text="", media=(door,)), HOOK)

    assert (host.url, host.body) == (f"host:{door.name}?stays", door)
    assert message.json == {
        "blocks": [
            {
                "type": "image",
                "image_url": f"https://media.example.org/{door.name}",
                "alt_text": "The door",
            }
        ]
    }


def test_a_webhook_takes_no_video_and_says_so_before_anything_leaves(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="a Slack webhook takes no videos"):
        publish(HOOK, a_post(media=(a_video(tmp_path),)), scripted())


def test_files_are_shared_by_the_last_request_with_the_text_as_their_comment(
    tmp_path: Path,
) -> None:
    door, talk = an_image(tmp_path, alt="The door"), a_video(tmp_path, alt="")

    _, first, upload, second, _, share = asked_for(a_post(text="Look & see", media=(door, talk)))

    assert first.form == {"filename": door.name, "length": str(door.size), "alt_txt": "The door"}
    assert second.form == {"filename": talk.name, "length": "1000"}
    assert (upload.body, upload.anonymous, upload.headers) == (
        door,
        True,
        {"Content-Type": "image/png"},
    )
    assert share.json == {
        "channel_id": "C01",
        "initial_comment": "Look &amp; see",
        "files": [{"id": "F1", "title": "The door"}, {"id": "F2", "title": talk.name}],
    }


@pytest.mark.parametrize("preview", [True, False])
def test_previews_of_links_can_be_asked_for_and_left_out(preview: bool) -> None:
    *_, message = asked_for(a_post(options={"preview": preview}))

    assert (message.json["unfurl_links"], message.json["unfurl_media"]) == (preview, preview)


@pytest.mark.parametrize(
    "before",
    [
        Published(id="1790000000.000100"),
        Published(id="1790000009.000900", ref={"thread_ts": "1790000000.000100"}),
        Published(id="F2", ref={"thread_ts": "1790000000.000100"}),
        Published(id="https://school.slack.com/archives/C01/p1790000000000100"),
        Published(
            id="https://school.slack.com/archives/C01/p1790000009000900?thread_ts=1790000000.000100&cid=C01"
        ),
    ],
)
def test_a_part_of_a_thread_names_its_first_message_also_where_a_person_gave_a_link(
    before: Published,
) -> None:
    *_, message = asked_for(a_post(reply_to=before))

    assert message.json["thread_ts"] == "1790000000.000100"


def test_what_is_no_message_cannot_be_answered() -> None:
    with pytest.raises(Rejected, match="names no message of Slack"):
        publish(BOT, a_post(reply_to=Published(id="https://example.org")), scripted(documented))


def test_whoami_names_the_bot_and_a_webhook_cannot_be_tried() -> None:
    assert whoami(BOT, scripted(documented)) == "termbell in School"
    assert whoami(HOOK, scripted()) == "a webhook, which Slack has no way to try"


def test_the_secret_that_is_needed_is_named_where_the_other_one_was_given() -> None:
    with pytest.raises(LoginNeeded, match="no webhook; give it one, or name its `channel`"):
        sign(asked_for(a_post(), HOOK)[-1], {"token": "x"})
    with pytest.raises(LoginNeeded, match="no token; give it one, or take its `channel` away"):
        sign(asked_for(a_post())[-1], {"webhook": "x"})


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Response.of({"ok": False, "error": "channel_not_found"}), Rejected),
        (Response.of({"ok": False, "error": "invalid_auth"}), LoginNeeded),
        (Response.of({"ok": False, "error": "missing_scope", "needed": "chat:write"}), LoginNeeded),
        (Response.of({"ok": False, "error": "ratelimited"}), TryLater),
        (Response.of({"ok": False, "error": "fatal_error"}), InDoubt),
        (Response.of({"ok": False, "error": "ratelimited"}, 429), TryLater),
        (Response(status=400, body=b"invalid_payload"), Rejected),
        (Response(status=404, body=b"no_service"), LoginNeeded),
        (Response(status=500, body=b"rollup_error"), TryLater),
        (Response(status=503), InDoubt),
    ],
)
def test_what_slacks_refusals_mean_also_those_with_a_200(
    given: Response, error: type[PublishError]
) -> None:
    with pytest.raises(error):
        judged(given, asked_for(a_post())[-1], PLATFORM, "staff", DUE)


@pytest.mark.parametrize("body", [b'{"ok": true}', b"ok", b"OK - 1234", b""])
def test_whatever_else_slack_says_with_a_200_is_an_answer(body: bytes) -> None:
    is_json = body.startswith(b"{")
    kind = "application/json" if is_json else "text/html"
    given = Response(headers={"content-type": kind}, body=body)
    asked = asked_for(a_post(), BOT if is_json else HOOK)[-1]

    assert judged(given, asked, PLATFORM, "staff", DUE) is given


@dataclass
class Channel:
    """A channel of Slack: takes what its methods know, wants a file's bytes before it is shared, shows that some seconds later.

    It is stricter than Slack in one thing: what answers an answer is refused, where Slack shows it in the wrong place or not at all.
    """

    clock: Clock
    messages: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)  # id -> the length that was told
    there: set[str] = field(default_factory=set)  # the files whose bytes are
    loses: str = ""  # the step whose next answer is lost
    how: BaseException = field(default_factory=lambda: InDoubt("lost"))

    def __call__(self, request: Request) -> Response:
        if request.is_visible:
            request.fence()
        answer = judged(self._answer(request), request, PLATFORM, "staff", DUE)
        if self.loses and request.step.startswith(self.loses):
            self.loses = ""
            raise self.how
        return answer

    def _answer(self, request: Request) -> Response:
        name = urlsplit(request.url).path.rpartition("/")[2]
        if request.url.startswith("https://files.slack.com/upload/"):
            if self.files[name] != getattr(request.body, "size", 0):
                return Response(status=400)
            self.there.add(name)
            return Response(headers={"content-type": "text/plain"}, body=b"OK - 9")
        if name in FORMS:
            assert set(request.form or {}) <= FORMS[name]
            return self._said(name, request.form or {})
        if name in BODIES:
            assert set(request.json) <= BODIES[name]
            return self._shown(name, request.json)
        return self._listed(
            name, {key: value[0] for key, value in parse_qs(urlsplit(request.url).query).items()}
        )

    def _said(self, name: str, form: Any) -> Response:
        if name == "auth.test":
            return Response.of({"ok": True, "url": "https://school.slack.com/", "user_id": "U1"})
        identifier = f"F{len(self.files)}"
        self.files[identifier] = int(form["length"])
        return Response.of(
            {
                "ok": True,
                "upload_url": f"https://files.slack.com/upload/{identifier}",
                "file_id": identifier,
            }
        )

    def _shown(self, name: str, body: dict[str, Any]) -> Response:
        shared = [one["id"] for one in body.get("files", [])]
        if not self.there.issuperset(shared):
            return Response.of({"ok": False, "error": "file_not_found"})
        if body.get("thread_ts") in {one["ts"] for one in self.messages if "thread_ts" in one}:
            return Response.of({"ok": False, "error": "cannot_reply_to_message"})
        late = 10 if shared else 0
        self.said(
            ago=-late,
            files=[{"id": one} for one in shared],
            **{name: body[name] for name in ("thread_ts", "metadata") if name in body},
        )
        return Response.of(
            {"ok": True, "files": body["files"]}
            if shared
            else {"ok": True, "channel": "C01", "ts": self.messages[-1]["ts"]}
        )

    def said(self, ago: float = 0, **more: Any) -> str:
        ts = f"{(self.clock() - timedelta(seconds=ago)).timestamp() + len(self.messages) / 100_000:.6f}"
        self.messages.append({"ts": ts, "user": "U1", "text": "Welcome back", **more})
        return ts

    def _listed(self, name: str, query: dict[str, str]) -> Response:
        since, now, thread = (
            float(query.get("oldest", 0)),
            self.clock().timestamp(),
            query.get("ts"),
        )
        assert (name == "conversations.replies") == bool(thread)
        shown = [one for one in self.messages if since < float(one["ts"]) <= now + 1]
        found = [one for one in shown if one.get("thread_ts") == thread or one["ts"] == thread]
        found.sort(key=lambda one: float(one["ts"]), reverse=not thread)
        start, most = int(query.get("cursor", 0)), int(query["limit"])
        more = str(start + most) if len(found) > start + most else ""
        return Response.of(
            {
                "ok": True,
                "messages": found[start : start + most],
                "response_metadata": {"next_cursor": more},
            }
        )


def a_desk(folder: Path, post: Post, account: Account = BOT) -> tuple[Bench, Channel]:
    looks = (
        {"recent": lambda _, row, lost, ask: recent(account, post, lost, ask)}
        if PLATFORM.can_find(account)
        else {}
    )
    bench = a_bench(
        folder,
        None,
        publish=lambda _, row, ask: publish(account, post, ask),
        find_after=PLATFORM.find_after,
        **looks,
    )
    channel = Channel(bench.clock)
    bench.network = channel
    return bench, channel


@pytest.mark.parametrize("how", [InDoubt("lost"), Crash()])
def test_a_message_whose_answer_was_lost_is_found_by_its_key(
    how: BaseException, tmp_path: Path
) -> None:
    bench, channel = a_desk(tmp_path, a_post())
    channel.said(metadata={"event_type": "termbell_post", "event_payload": {"key": "another"}})
    channel.loses, channel.how = "message", how

    lives_through(bench)
    bench.clock.pass_(60)
    row = bench.restart(channel)

    assert (row.status, row.published_id) == ("published", channel.messages[1]["ts"])
    assert (
        row.url
        == f"https://school.slack.com/archives/C01/p{channel.messages[1]['ts'].replace('.', '')}"
    )
    assert len(channel.messages) == 2


@pytest.mark.parametrize("step", ["place 1", "upload 1", "place 2", "upload 2", "share"])
def test_with_files_the_process_may_die_at_every_step_and_the_message_is_up_once(
    step: str, tmp_path: Path
) -> None:
    bench, channel = a_desk(
        tmp_path, a_post(media=(an_image(tmp_path), an_image(tmp_path, "b.png", colour="green")))
    )
    channel.loses, channel.how = step, Crash()

    lives_through(bench)
    bench.clock.pass_(60)
    row = bench.restart(channel)

    assert row.status == "published"
    assert [len(one["files"]) for one in channel.messages] == [2]
    if step == "share":
        assert row.published_id == channel.messages[0]["ts"]


def test_what_never_arrived_is_sent_once(tmp_path: Path) -> None:
    bench, channel = a_desk(tmp_path, a_post())
    channel.said(text="Hello")
    bench.network = scripted(documented, InDoubt("lost on the way"))
    bench.attempt()

    bench.network = channel
    for _ in range(5):
        bench.clock.pass_(300)
        row = bench.attempt()

    assert (row.status, len(channel.messages)) == ("published", 2)


def test_through_a_webhook_a_lost_answer_is_in_doubt_and_nothing_leaves_again(
    tmp_path: Path,
) -> None:
    bench, _ = a_desk(tmp_path, a_post(), HOOK)
    bench.network = scripted(InDoubt("lost"))

    assert not PLATFORM.can_find(HOOK)
    assert bench.attempt().status == "in doubt"
    bench.clock.pass_(86_400)
    assert bench.restart(scripted()).status == "in doubt"


def test_an_answer_to_a_message_with_files_waits_until_slack_shows_it(tmp_path: Path) -> None:
    channel = Channel(Clock())
    files = publish(BOT, a_post(media=(an_image(tmp_path),)), channel)
    part = a_post(key="k2", reply_to=files)

    with pytest.raises(TryLater, match="does not show the message with the file F0 yet"):
        publish(BOT, part, channel)
    channel.clock.pass_(30)
    publish(BOT, part, channel)

    assert channel.messages[1]["thread_ts"] == channel.messages[0]["ts"]
    found = looked(PLATFORM, BOT, part, channel, left_at=channel.clock())
    assert found.post
    assert found.post.id == channel.messages[1]["ts"]


def test_a_part_with_files_may_stand_in_the_midst_of_a_thread_and_every_lost_one_is_found(
    tmp_path: Path,
) -> None:
    channel = Channel(Clock())
    posts = [
        a_post(key="k1"),
        a_post(key="k2", media=(an_image(tmp_path),)),
        a_post(key="k3"),
        a_post(key="k4"),
    ]
    before = None

    for post in posts:
        part = replace(post, reply_to=before)
        before = publish(BOT, part, channel)
        channel.clock.pass_(60)
        place = {"place 1": Response.of({"file_id": before.id})} if post.media else {}
        found = looked(PLATFORM, BOT, part, channel, answers=place).post

        assert found
        assert found.id == channel.messages[-1]["ts"]
        assert found.ref == before.ref

    first, *others = channel.messages
    assert [one["thread_ts"] for one in others] == [first["ts"]] * 3


def test_a_long_history_is_read_page_by_page_and_not_for_ever() -> None:
    channel = Channel(Clock())
    last = channel.said(metadata={"event_payload": {"key": "7f3a9c0d1e2b4a55"}})
    for _ in range(450):
        channel.said()

    found = looked(PLATFORM, BOT, a_post(), channel)

    assert found.post
    assert found.post.id == last
    for _ in range(2000):
        channel.said()
    assert looked(PLATFORM, BOT, a_post(key="other"), channel).found is Found.FAILED
    with pytest.raises(InDoubt, match="too many messages"):
        publish(BOT, a_post(reply_to=Published(id="F77")), channel)


def in_channel(*messages: dict[str, Any], **answer: Any) -> Any:
    """A server that shows these messages, and an old one."""
    ours = [
        {"ts": f"{DUE.timestamp() + 1:.6f}", "user": "U1", "text": "Welcome back", **message}
        for message in messages
    ]
    old = [{"ts": f"{DUE.timestamp() - number:.6f}", "user": "U2"} for number in (5000, 6000)]
    return by_url(
        {
            "auth.test": support.ok(
                ok=True, url="https://school.slack.com/", user_id="U1", bot_id="B1"
            ),
            "conversations.": support.ok(ok=True, messages=[*ours, *old], **answer),
        }
    )


KEY = {"metadata": {"event_payload": {"key": a_post().key}}}
OTHERS = {"metadata": {"event_payload": {"key": "another"}}}


@pytest.mark.parametrize(
    ("message", "right"),
    [
        (KEY, Found.OURS),
        ({**KEY, "text": "Edited"}, Found.OURS),
        ({**KEY, "user": "U2"}, Found.ABSENT),
        (OTHERS, Found.ABSENT),
        ({}, Found.OURS),  # the metadata are not shown
        ({"text": "Welcome, back!"}, Found.NEAR),
        ({"user": None, "bot_id": "B1"}, Found.OURS),
        ({"user": None, "bot_id": "B2"}, Found.ABSENT),
        ({"thread_ts": "1.000001"}, Found.ABSENT),
        ({"subtype": "tombstone"}, Found.ABSENT),
    ],
)
def test_a_message_is_known_by_its_key_and_without_metadata_by_the_rest(
    message: dict[str, Any], right: Found
) -> None:
    result = looked(PLATFORM, BOT, a_post(), in_channel(message))

    assert result.found is right


def test_a_history_with_more_and_no_cursor_proves_nothing() -> None:
    new = f"{DUE.timestamp() + 60:.6f}"
    server = in_channel(*[{"ts": new, "text": str(number)} for number in range(3)], has_more=True)

    part = a_post(reply_to=Published(id="1.000001"))

    assert looked(PLATFORM, BOT, part, server).found is Found.FAILED


@pytest.mark.parametrize("hours", [2, 13])
def test_the_key_finds_a_message_however_wrong_our_clock_is(hours: int) -> None:
    ahead = DUE + timedelta(hours=hours)

    assert looked(PLATFORM, BOT, a_post(), in_channel(KEY), left_at=ahead).found is Found.OURS


def test_addresses_and_emoji_are_compared_as_slack_writes_them() -> None:
    post = a_post(text="Term begins 🎒: <https://example.org/a?b=1&c=2> & more")
    there = "Term begins :school_satchel:: &lt;<https://example.org/a?b=1&amp;c=2>&gt; &amp; more"

    assert looked(PLATFORM, BOT, post, in_channel({"text": there})).found is Found.OURS
    another = there.replace("b=1", "b=2")
    assert looked(PLATFORM, BOT, post, in_channel({"text": another})).found is Found.NEAR


def files_of(post: Post, *ids: str) -> list[dict[str, Any]]:
    return [
        {"id": identifier, "name": media.name, "alt_txt": media.alt}
        for identifier, media in zip(ids, post.media, strict=True)
    ]


def test_files_are_known_by_their_ids_and_after_a_restored_backup_by_their_names(
    tmp_path: Path,
) -> None:
    post = a_post(media=(an_image(tmp_path), an_image(tmp_path, "b.png", colour="green")))
    places = {f"place {n}": support.ok(file_id=f"F{n}") for n in (1, 2)}
    files = files_of(post, "F1", "F2")[::-1]
    gone = [{"id": file["id"], "mode": "tombstone"} for file in files]
    others = files_of(a_post(media=(an_image(tmp_path, "c.png", colour="red"),)), "F7")

    def found(message: dict[str, Any], **lost: Any) -> Found:
        return looked(PLATFORM, BOT, post, in_channel(message), **lost).found

    assert found({"text": "Edited", "files": files}, answers=places) is Found.OURS
    assert found({"text": "Edited", "files": gone}, answers=places) is Found.REMOVED
    assert found({"files": files_of(post, "F8", "F9")}, answers=places) is Found.ABSENT
    assert found({"files": files}) is Found.OURS
    assert found({"files": others * 2}) is Found.ABSENT


@pytest.mark.parametrize("name", ["F1", "{ts}", "https://school.slack.com/archives/C01/p{digits}"])
def test_a_message_of_another_delivery_is_not_ours_by_its_file_its_number_or_its_link(
    name: str, tmp_path: Path
) -> None:
    post = a_post(media=(an_image(tmp_path),))
    ts = f"{DUE.timestamp() + 1:.6f}"
    known = name.format(ts=ts, digits=ts.replace(".", ""))
    server = in_channel({"files": files_of(post, "F1")})

    result = looked(PLATFORM, BOT, post, server, others=frozenset({known}))

    assert result.found is Found.ABSENT


def lives_through(bench: Bench) -> None:
    """An attempt, whether or not the process dies in it."""
    try:
        bench.attempt()
    except Crash:
        assert json.dumps(bench.store.row("k1").status) == '"publishing"'
