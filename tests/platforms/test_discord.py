"""Discord's requests, held against its own OpenAPI; and what becomes of a lost answer through a bot and through a webhook."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from platforms.base import (
    DOUBLES,
    DROPPED,
    HARMLESS,
    Account,
    InDoubt,
    LoginNeeded,
    Post,
    Published,
    Rejected,
    Request,
    Response,
    TryLater,
)
from platforms.discord import PLATFORM, publish, recent, sign, whoami
from platforms.recent import Found, Look
from scheduler.engine.judging import judged
from scheduler.rendering.markup import Marked, discord
from tests import support
from tests.engine.support import Bench, Clock, Crash, a_bench
from tests.platforms.looking import looked
from tests.platforms.specs import validated
from tests.support import DUE, a_video, an_image, documented, scripted

HOOK = Account(name="club", platform="discord", settings={"channel": None, "thread": None})
BOT = Account(
    name="club", platform="discord", settings={"channel": "1100000000000000001", "thread": None}
)
SECRETS = {"webhook": "https://discord.com/api/webhooks/120/to-ken", "token": "bot-token"}


def a_post(**changes: Any) -> Post:
    post = support.a_post(**changes)
    return replace(post, markup=discord(Marked(post.text, post.spans)))


def valid(request: Request) -> str:
    """By Discord's OpenAPI. It documents the JSON of a message with files apart: as the part `payload_json`."""
    leaves = sign(request, SECRETS)
    if leaves.files:
        body = json.loads((leaves.form or {})["payload_json"])
        assert [f"files[{one['id']}]" for one in body["attachments"]] == list(leaves.files)
        leaves = replace(leaves, json=body, form=None, files={})
    return validated(leaves, "discord.openapi.json")


def asked_for(post: Post, account: Account = HOOK) -> Request:
    server = scripted(documented, documented)
    publish(account, post, server)
    channel, request = server.asked
    assert (channel.repeat, request.is_visible) == (HARMLESS, True)
    assert valid(channel) in ("get_webhook_by_token", "get_channel")
    assert valid(request) in ("execute_webhook", "create_message")
    return request


def refused(post: Post) -> str:
    with pytest.raises(Rejected) as no:
        publish(HOOK, post, scripted())
    return str(no.value)


def test_a_webhooks_message_mentions_nobody_and_waits_until_it_is_saved() -> None:
    request = asked_for(a_post(text="Welcome back, @everyone"))

    assert sign(request, SECRETS).url == "https://discord.com/api/v10/webhooks/120/to-ken?wait=true"
    assert request.json == {"allowed_mentions": {"parse": []}, "content": "Welcome back, @everyone"}
    assert (request.repeat, request.remembered) == (DOUBLES, 0)


def test_a_bots_message_has_a_nonce_that_discord_remembers_for_minutes() -> None:
    request = asked_for(a_post(), BOT)

    assert request.url == "https://discord.com/api/v10/channels/1100000000000000001/messages"
    assert (request.json["nonce"], request.json["enforce_nonce"]) == ("7f3a9c0d1e2b4a55", True)
    assert (request.repeat, request.remembered) == (DROPPED, 120)
    assert sign(request, SECRETS).headers["Authorization"] == "Bot bot-token"


@pytest.mark.parametrize("account", [HOOK, BOT])
def test_a_thread_is_where_the_account_says(account: Account) -> None:
    url = asked_for(a_post(), replace(account, settings={**account.settings, "thread": "77"})).url

    assert url == (
        "{webhook}?wait=true&thread_id=77"
        if account is HOOK
        else "https://discord.com/api/v10/channels/77/messages"
    )


@pytest.mark.parametrize("account", [HOOK, BOT])
def test_files_leave_with_their_alt_in_one_request(account: Account, tmp_path: Path) -> None:
    door, talk = an_image(tmp_path, alt="The door, “blue”"), a_video(tmp_path, alt="")

    request = asked_for(a_post(media=(door, talk)), account)

    assert request.files == {"files[0]": door, "files[1]": talk}
    assert json.loads((request.form or {})["payload_json"])["attachments"] == [
        {"id": "0", "filename": door.name, "description": "The door, “blue”"},
        {"id": "1", "filename": talk.name, "description": ""},
    ]


def test_the_text_of_a_poll_is_its_question() -> None:
    request = asked_for(
        a_post(
            text="Paper or screen?",
            options={"poll": {"answers": ["Paper", "Screen"], "hours": 48, "multiple": True}},
        )
    )

    assert request.json == {
        "allowed_mentions": {"parse": []},
        "poll": {
            "question": {"text": "Paper or screen?"},
            "duration": 48,
            "allow_multiselect": True,
            "answers": [{"poll_media": {"text": "Paper"}}, {"poll_media": {"text": "Screen"}}],
        },
    }


@pytest.mark.parametrize(
    ("options", "flags"),
    [({"silent": True}, 4096), ({"preview": False}, 4), ({"silent": True, "preview": False}, 4100)],
)
def test_silence_and_no_previews_are_flags(options: dict[str, bool], flags: int) -> None:
    assert asked_for(a_post(options=options)).json["flags"] == flags


def test_a_bot_answers_the_part_before_and_a_webhook_follows_it() -> None:
    part = a_post(reply_to=Published(id="https://discord.com/channels/1/2/33"))

    assert asked_for(part, BOT).json["message_reference"] == {"message_id": "33"}
    assert "message_reference" not in asked_for(part, HOOK).json


def test_what_discord_would_refuse_is_said_before_anything_leaves(tmp_path: Path) -> None:
    door, poll = an_image(tmp_path), {"answers": ["Yes", "No"]}

    assert "a poll or media" in refused(a_post(media=(door,), options={"poll": poll}))
    assert "10 files of 25 MiB together" in refused(
        a_post(media=tuple(an_image(tmp_path, f"{n}.png") for n in range(11)))
    )
    assert "10 files of 25 MiB together" in refused(
        a_post(media=(replace(door, size=10_000_000),) * 3)
    )
    for wrong in (
        {"answers": ["x" * 56, "No"]},
        {"answers": list("abcdefghijk")},
        {"answers": ["a", "b"], "hours": 769},
    ):
        assert "at most 10 answers of 55 characters" in refused(a_post(options={"poll": wrong}))
    assert "of at most 300 characters" in refused(a_post(text="x" * 301, options={"poll": poll}))


def test_a_message_is_known_by_its_id_and_its_link() -> None:
    channel, message = {"id": "2", "guild_id": "1"}, {"id": "33", "channel_id": "2"}

    up = publish(HOOK, a_post(), scripted(Response.of(channel), Response.of(message)))
    assert (up.id, up.url) == ("33", "https://discord.com/channels/1/2/33")
    assert (
        publish(HOOK, a_post(), scripted(Response.of({"id": "2"}), Response.of(message))).url
        is None
    )


def test_whoami_names_the_channel_or_the_webhook() -> None:
    assert whoami(HOOK, scripted(Response.of({"name": "Termbell"}))) == "Termbell"
    assert whoami(BOT, scripted(documented)) == "maths-club"


def test_the_secret_that_is_needed_is_named_where_the_other_one_was_given() -> None:
    with pytest.raises(LoginNeeded, match="no webhook; give it one, or name its `channel`"):
        sign(asked_for(a_post(), HOOK), {"token": "x"})
    with pytest.raises(LoginNeeded, match="no token; give it one, or take its `channel` away"):
        sign(asked_for(a_post(), BOT), {"webhook": "x"})


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"code": 50035, "message": "Invalid Form Body"}, Rejected),
        (404, {"code": 10015, "message": "Unknown Webhook"}, LoginNeeded),
        (401, {"code": 50027, "message": "Invalid Webhook Token"}, LoginNeeded),
        (403, {"code": 50013, "message": "Missing Permissions"}, LoginNeeded),
        (
            429,
            {"message": "You are being rate limited.", "retry_after": 0.5, "global": False},
            TryLater,
        ),
        (502, {}, InDoubt),
    ],
)
def test_what_discords_refusals_mean(
    status: int, body: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        judged(Response.of(body, status), asked_for(a_post()), PLATFORM, "club", DUE)


@dataclass
class Channel:
    """A channel of Discord: checks each request against its OpenAPI, keeps messages, remembers nonces for two minutes."""

    clock: Clock
    messages: list[dict[str, Any]] = field(default_factory=list)
    nonces: dict[str, tuple[float, str]] = field(default_factory=dict)
    loses: BaseException | None = None  # instead of the next answer to a message
    hides: bool = False  # the bot lacks Read Message History

    def __call__(self, request: Request) -> Response:
        operation = valid(request)
        if operation in ("execute_webhook", "create_message"):
            request.fence()
            answer = self._post(
                json.loads((request.form or {})["payload_json"]) if request.files else request.json
            )
            lost, self.loses = self.loses, None
            if lost:
                raise lost
            return Response.of(answer)
        if operation == "list_messages":
            return Response.of(
                [] if self.hides else self._listed(parse_qs(urlsplit(request.url).query))
            )
        return request.documented()

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        now, nonce = self.clock().timestamp(), body.get("nonce")
        if nonce in self.nonces and now - self.nonces[nonce][0] < 120:
            return next(one for one in self.messages if one["id"] == self.nonces[nonce][1])
        self.said(
            body.get("content", ""),
            attachments=body.get("attachments", []),
            message_reference=body.get("message_reference"),
            flags=body.get("flags", 0),
        )
        if nonce:
            self.nonces[nonce] = (now, self.messages[-1]["id"])
        return self.messages[-1]

    def said(self, content: str, by: str = "1", ago: float = 0, **more: Any) -> str:
        made = self.clock() - timedelta(seconds=ago)
        began = datetime(2015, 1, 1, tzinfo=UTC)
        identifier = str(
            (int((made - began) / timedelta(milliseconds=1)) << 22) + len(self.messages)
        )
        self.messages.append(
            {
                "id": identifier,
                "channel_id": BOT.settings["channel"],
                "timestamp": made.isoformat(),
                "content": content.strip(),
                "author": {"id": by},
                "attachments": [],
                "message_reference": None,
                **more,
            }
        )
        return identifier

    def _listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        before = int(query.get("before", [str(2**63)])[0])
        earlier = [one for one in self.messages if int(one["id"]) < before]
        newest_first = sorted(earlier, key=lambda one: int(one["id"]), reverse=True)
        return newest_first[: int(query["limit"][0])]


def a_desk(folder: Path, account: Account) -> tuple[Bench, Channel]:
    looks = (
        {"recent": lambda _, post, lost, ask: recent(account, rendered(post), lost, ask)}
        if PLATFORM.can_find(account)
        else {}
    )
    bench = a_bench(
        folder,
        None,
        publish=lambda _, post, ask: publish(account, rendered(post), ask),
        find_after=PLATFORM.find_after,
        **looks,
    )
    channel = Channel(bench.clock)
    bench.network = channel
    return bench, channel


def rendered(post: Post) -> Post:
    return replace(post, markup=discord(Marked(post.text, post.spans)))


@pytest.mark.parametrize("loss", [InDoubt("lost"), Crash()])
@pytest.mark.parametrize("pause", [60, 3600])
def test_through_a_bot_a_lost_answer_is_settled_within_the_nonces_minutes_and_after_them(
    loss: BaseException, pause: float, tmp_path: Path
) -> None:
    bench, channel = a_desk(tmp_path, BOT)
    channel.said("Welcome back", by="7")  # somebody else's
    channel.loses = loss

    if isinstance(loss, Crash):
        with pytest.raises(Crash):
            bench.attempt()
    else:
        bench.attempt()
    bench.clock.pass_(pause)
    row = bench.restart(channel)

    assert (row.status, row.published_id) == ("published", channel.messages[1]["id"])
    assert len(channel.messages) == 2


def test_through_a_bot_what_never_arrived_is_sent_once(tmp_path: Path) -> None:
    bench, channel = a_desk(tmp_path, BOT)
    channel.said("Hello")
    bench.network = scripted(documented, InDoubt("lost on the way"))

    bench.attempt()
    bench.clock.pass_(900)
    row = bench.restart(channel)

    assert row.status == "published"
    assert [one["content"] for one in channel.messages] == ["Hello", "Welcome back"]


def test_a_channel_whose_history_the_bot_may_not_read_is_no_sign_that_nothing_is_up(
    tmp_path: Path,
) -> None:
    bench, channel = a_desk(tmp_path, BOT)
    channel.loses, channel.hides = InDoubt("lost"), True

    bench.attempt()
    for _ in range(30):
        bench.clock.pass_(600)
        row = bench.attempt()

    assert row.status == "in doubt"
    assert len(channel.messages) == 1


def found_in(channel: Channel, post: Post, **lost: Any) -> Look:
    return looked(PLATFORM, BOT, post, channel, **lost)


def test_yesterdays_message_with_the_same_words_is_not_taken_for_todays() -> None:
    channel = Channel(Clock())
    channel.said("Welcome back", ago=86_400)
    answers = channel.said("Welcome back", message_reference={"message_id": "5"})
    channel.said("Welcome back", poll=a_poll("Welcome back", "Yes", "No"))

    reply = found_in(channel, a_post(reply_to=Published(id="5")))

    assert found_in(channel, a_post(text="Hello")).found is Found.ABSENT
    assert reply.post == Published(
        id=answers,
        url=f"https://discord.com/channels/1000000000000000001/{BOT.settings['channel']}/{answers}",
    )


def a_poll(question: str, *answers: str) -> dict[str, Any]:
    return {
        "question": {"text": question},
        "answers": [{"poll_media": {"text": answer}} for answer in answers],
    }


@pytest.mark.parametrize(
    ("ours", "there", "right"),
    [
        ({}, {}, Found.OURS),
        ({"silent": True}, {}, Found.NEAR),
        ({}, {"flags": 4}, Found.NEAR),
        ({"poll": {"answers": ["Yes", "No"]}}, {}, Found.NEAR),
        ({"poll": {"answers": ["Yes", "No"]}}, {"poll": ("Yes", "Never")}, Found.NEAR),
        ({"poll": {"answers": ["Yes", "No"]}}, {"poll": ("Yes", "No")}, Found.OURS),
    ],
)
def test_a_message_with_the_same_words_is_ours_if_its_flags_and_its_poll_agree(
    ours: dict[str, Any], there: dict[str, Any], right: Found
) -> None:
    channel = Channel(Clock())
    asked = there.get("poll")
    channel.said("" if asked else "Welcome back", ago=-1, **there)
    if asked:
        channel.messages[-1]["poll"] = a_poll("Welcome back", *asked)

    assert found_in(channel, a_post(options=ours)).found is right


def test_of_two_posts_with_the_same_words_each_finds_the_one_with_its_own_picture(
    tmp_path: Path,
) -> None:
    first = a_post(text="Photo", media=(an_image(tmp_path, "a.png"),))
    second = a_post(text="Photo", media=(an_image(tmp_path, "b.png", colour="green"),))
    alone = a_post(text="", media=second.media)
    channel = Channel(Clock())
    for post in (second, alone):
        publish(BOT, replace(post, key=f"key of {post.text}"), channel)

    assert found_in(channel, first).found is Found.ABSENT
    assert found_in(channel, second).post
    assert found_in(channel, replace(alone, media=first.media)).found is Found.ABSENT
    assert found_in(channel, alone).found is Found.OURS


@pytest.mark.parametrize("name", ["{id}", "https://discord.com/channels/1/2/{id}"])
def test_a_message_of_another_delivery_is_not_ours_by_its_id_or_its_link(name: str) -> None:
    channel = Channel(Clock())
    up = channel.said("Welcome back", ago=-1)

    result = found_in(channel, a_post(), others=frozenset({name.format(id=up)}))

    assert result.found is Found.ABSENT


def test_a_message_that_tells_its_nonce_is_ours_or_not_by_it() -> None:
    channel = Channel(Clock())
    channel.said("Welcome back", ago=-1, nonce="another")
    other = found_in(channel, a_post())
    channel.said("Edited by a moderator", ago=-1, nonce=a_post().key)

    assert other.found is Found.ABSENT
    assert found_in(channel, a_post()).found is Found.OURS


def test_what_discord_says_itself_is_no_message_of_ours() -> None:
    channel = Channel(Clock())
    channel.said("Welcome back", ago=-1, type=46)  # the end of a poll
    channel.said("Welcome back", ago=-1, type=6)  # a pin

    assert found_in(channel, a_post()).found is Found.ABSENT


def test_a_message_in_another_thread_is_not_ours() -> None:
    channel = Channel(Clock())
    channel.said("Welcome back", ago=-1, channel_id="another")

    assert found_in(channel, a_post()).found is Found.ABSENT


def test_a_channel_that_shows_nothing_proves_nothing() -> None:
    assert found_in(Channel(Clock()), a_post()).found is Found.FAILED


def test_a_long_list_is_read_page_by_page() -> None:
    channel = Channel(Clock())
    last = channel.said("Welcome back", ago=-1)
    for number in range(250):
        channel.said(str(number), ago=-2)

    result = found_in(channel, a_post())

    assert result.post
    assert result.post.id == last


def test_through_a_webhook_a_lost_answer_is_in_doubt_and_nothing_leaves_again(
    tmp_path: Path,
) -> None:
    bench, channel = a_desk(tmp_path, HOOK)
    channel.loses = InDoubt("lost")

    assert bench.attempt().status == "in doubt"
    assert not PLATFORM.can_find(HOOK)
    bench.clock.pass_(86_400)
    bench.restart(channel)
    assert len(channel.messages) == 1
