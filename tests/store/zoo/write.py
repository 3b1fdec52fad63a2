"""Writes the stores of this checkout's version: python tests/store/zoo/write.py FOLDER

Everything goes through the code that publishes, on simulated servers and at set times: the same
code writes the same files. Each case is a function that leads a scene to the moment at which its
store is left.
"""

import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402
from PIL import Image  # noqa: E402

from scheduler.engine.circumstances import circumstances  # noqa: E402
from scheduler.engine.planning import plan  # noqa: E402
from scheduler.store import Store  # noqa: E402
from scheduler.store.backups import back_up  # noqa: E402
from scheduler.store.restoring import Calendar, contents_of, restore_anew  # noqa: E402
from tests.engine.support import Clock  # noqa: E402
from tests.store.zoo.case import (  # noqa: E402
    DEAD,
    HOST,
    Daemon,
    Expected,
    cache_of,
    keep_case,
    name_of,
    store_of,
)
from tests.store.zoo.servers import Servers  # noqa: E402

NPUB = "npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6"
ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "fediverse": {"platform": "mastodon", "server": "https://social.example.org"},
    "club": {"platform": "gotosocial", "server": "https://club.example.org"},
    "sky": {"platform": "bluesky", "handle": "ada.example.org"},
    "relays": {
        "platform": "nostr",
        "npub": NPUB,
        "relays": ["wss://relay.example.org"],
        "media_server": "https://media.example.org",
    },
    "class-site": {"platform": "site", "folder": "public", "url": "https://class.example.org/"},
    "blog": {"platform": "wordpress", "site": "https://blog.example.org"},
    "newsletter": {
        "platform": "email",
        "server": "smtp.example.org",
        "from": "News <news@example.org>",
        "to": ["anna@example.org"],
    },
    "channel": {"platform": "discord"},
    "group": {"platform": "handoff", "where": "our group"},
}
DUE = datetime(2026, 9, 7, 8, 30, tzinfo=UTC)
PLANNED = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
LOST = ("fediverse", "club", "sky", "relays", "class-site", "blog", "newsletter", "channel")
BLIND = ("newsletter", "channel")  # a lost answer cannot be looked up there, and no key helps
PUBLISHED, IN_DOUBT = ["published"], ["in doubt"]
OVER = ["held", "missed"]  # what a person did not see to in time: by the account's `late`
Entry = dict[str, Any]
Final = dict[str, list[str]]  # "entry on account" -> statuses that are right in the end


@dataclass(kw_only=True)
class Scene:
    """A calendar with its store, led through time."""

    folder: Path
    clock: Clock = field(default_factory=lambda: Clock(at=PLANNED))
    final: Final = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.servers = Servers(clock=self.clock, folder=self.folder)
        by = f"{HOST}:{DEAD}:written"
        self.daemon = Daemon(folder=self.folder, by=by, clock=self.clock, servers=self.servers)
        self.calendar(())

    def calendar(self, accounts: tuple[str, ...], *posts: Entry) -> None:
        named = {name: dict(ACCOUNTS[name]) for name in accounts}
        text = yaml.safe_dump(
            {"timezone": "Europe/London", "accounts": named, "posts": list(posts)},
            sort_keys=False,
            allow_unicode=True,
        )
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    def planned(self, accounts: tuple[str, ...], *posts: Entry) -> Store:
        """The store, with a calendar taken up for the first time."""
        self.calendar(accounts, *posts)
        self.store = self.daemon.open()
        self.daemon.take_up(self.store)
        return self.store

    def ring(self, at: datetime, *accounts: str, **faults: str) -> None:
        """The daemon works at that time; `faults` are those of an account's next visible request."""
        self.clock.at = at
        for account, fault in faults.items():
            self.servers.faults.setdefault(account.replace("_", "-"), []).append(fault)
        self.store.beat(HOST, DEAD, PLANNED, at)
        self.daemon.ring(self.store, accounts or None)

    def row(self, entry: str, part: int = 0) -> Any:
        return next(row for row in self.store.rows(entry=entry) if row.part == part)

    def expect(self, statuses: list[str], *names: str) -> None:
        self.final |= {name: list(statuses) for name in names}


def entry(identifier: str, text: str, *to: str, when: str = "2026-09-07 09:30", **more: Any) -> Any:
    """Times are those of London, an hour ahead of UTC in September."""
    return {"id": identifier, "when": when, "to": list(to), "text": text, **more}


def lost_everywhere(scene: Scene, fault: str) -> None:
    """One post on every kind of platform, whose request left and has no answer."""
    scene.planned(LOST, entry("welcome", "Welcome back to a new term!", *LOST, title="Welcome"))
    scene.ring(DUE, **{account.replace("-", "_"): fault for account in LOST})
    for account in LOST:
        scene.expect(IN_DOUBT if account in BLIND else PUBLISHED, f"welcome on {account}")


def killed_up(scene: Scene) -> None:
    """The process was killed after the request left; every post is up."""
    lost_everywhere(scene, "killed, up")


def killed_not_up(scene: Scene) -> None:
    """The process was killed after the request left; no post is up."""
    lost_everywhere(scene, "killed, not up")


def lost_up(scene: Scene) -> None:
    """The answer was lost and the look is yet to come; every post is up."""
    lost_everywhere(scene, "lost, up")


def lost_not_up(scene: Scene) -> None:
    """The answer was lost and the look is yet to come; no post is up."""
    lost_everywhere(scene, "lost, not up")


def statuses(scene: Scene) -> None:
    """Every status, and every reason to be held."""
    accounts = tuple(ACCOUNTS)
    gone = entry("gone", "A trip that is called off", "fediverse", when="2026-09-21 09:30")
    kept = [
        entry("future", "Parents' evening is near", "fediverse", when="2026-09-20 09:30"),
        entry("due-now", "The library is open again", "fediverse"),
        entry("too-long", "word " * 150, "fediverse", when="2026-09-15 09:30"),
        entry("ask", "Old news, perhaps", "fediverse", when="2026-09-05 09:30", late="ask"),
        entry("missed", "Yesterday's lunch", "fediverse", when="2026-09-04 09:30"),
        entry("word", "Late, and wanted all the same", "club", when="2026-09-05 09:30"),
        entry("login", "A **report** of the week", "blog", when="2026-09-06 09:30", late="publish"),
        entry("by-person", "For our group", "group", when="2026-09-06 09:30"),
        entry("failed", "Refused by the server", "fediverse", when="2026-09-06 09:30"),
        entry("doubt", "A letter to all", "newsletter", when="2026-09-06 09:30"),
        entry("published", "Our site is there", "class-site", when="2026-09-03 09:30"),
        entry("by-hand", "Cancelled by a person", "fediverse", when="2026-09-22 09:30"),
        entry("publishing", "Good morning, sky", "sky"),
    ]
    store = scene.planned(accounts, *kept, gone)
    shutil.copy(scene.folder / "config.yaml", scene.folder / "before.yaml")
    scene.calendar(accounts, *kept)
    scene.daemon.take_up(store)
    store.cancel(scene.row("by-hand").key)
    scene.ring(DUE - timedelta(days=4))
    scene.ring(DUE - timedelta(days=2) + timedelta(hours=4))
    scene.ring(DUE - timedelta(days=1), blog="401", fediverse="422", newsletter="lost, not up")
    scene.ring(DUE, "sky", sky="killed before it left")
    store.retry(scene.row("word").key, scene.clock())
    scene.expect(
        PUBLISHED,
        "future on fediverse",
        "due-now on fediverse",
        "word on club",
        "published on class-site",
        "publishing on sky",
    )
    scene.expect(OVER, "too-long on fediverse", "missed on fediverse")
    scene.expect(["held"], "ask on fediverse", "login on blog", "by-person on group")
    scene.expect(["failed"], "failed on fediverse")
    scene.expect(IN_DOUBT, "doubt on newsletter")
    scene.expect(["cancelled"], "by-hand on fediverse", "gone on fediverse")


def uploaded(scene: Scene) -> None:
    """Killed between the upload of a picture and the post."""
    scene.planned(("fediverse",), entry("door", "The new door", "fediverse", media=[_door(scene)]))
    scene.ring(DUE, fediverse="killed before it left")
    scene.expect(PUBLISHED, "door on fediverse")


def pictures(scene: Scene) -> None:
    """A post with a picture is published, another one waits."""
    door = _door(scene)
    later = entry("later", "The door again", "fediverse", when="2026-09-14 09:30", media=[{**door}])
    scene.planned(("fediverse",), entry("door", "The new door", "fediverse", media=[door]), later)
    scene.ring(DUE)
    scene.expect(PUBLISHED, "door on fediverse", "later on fediverse")


def _door(scene: Scene) -> Entry:
    Image.new("RGB", (8, 6), "navy").save(scene.folder / "door.png")
    return {"file": "door.png", "alt": "The school door"}


def answered(scene: Scene) -> None:
    """The answer came when another process, killed since, had the delivery: no outcome is written."""
    accounts = ("fediverse", "club", "newsletter", "channel")
    scene.planned(accounts, entry("welcome", "Welcome back to a new term!", *accounts))

    def taken_over(account: str) -> None:
        scene.clock.pass_(120)
        scene.store.release(scene.clock())
        assert scene.store.claim(account, f"{HOST}:{DEAD}:another", scene.clock())

    scene.servers.at_answer = taken_over
    scene.ring(DUE)
    scene.expect(PUBLISHED, *(f"welcome on {account}" for account in accounts))


def answered_otherwise(scene: Scene) -> None:
    """The same, and this version's request no longer says quite the same."""
    answered(scene)
    with scene.store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE journal SET digest = 'of-another-version'")
    scene.expect(["published", "in doubt"], *scene.final)


def second_look(scene: Scene) -> None:
    """The answer was lost, and the first look found nothing."""
    scene.planned(("club",), entry("welcome", "Welcome back to a new term!", "club"))
    scene.ring(DUE, club="lost, not up")
    scene.ring(scene.row("welcome").next_at)
    scene.expect(PUBLISHED, "welcome on club")


def thread_in_doubt(scene: Scene) -> None:
    """The first part of a thread is published, the second is in doubt, the third waits."""
    parts = ["First, a **welcome**", "Second, the timetable", "Third, the lunches"]
    scene.planned(("channel",), entry("chain", parts[0], "channel", thread=parts[1:]))
    scene.servers.faults["channel"] = ["none", "lost, not up"]
    scene.ring(DUE)
    scene.expect(PUBLISHED, "chain on channel")
    scene.expect(IN_DOUBT, "chain part 2 on channel")
    scene.expect(["scheduled", *OVER], "chain part 3 on channel")


def thread_killed(scene: Scene) -> None:
    """Killed after the second part of a thread left, and is up."""
    parts = ["First, a welcome", "Second, the timetable", "Third, the lunches"]
    accounts = ("fediverse", "sky")
    scene.planned(accounts, entry("chain", parts[0], *accounts, thread=parts[1:]))
    scene.servers.faults = {account: ["none", "killed, up"] for account in accounts}
    scene.ring(DUE)
    for account in accounts:
        scene.expect(
            PUBLISHED, *(f"chain{part} on {account}" for part in ("", " part 2", " part 3"))
        )


def split(scene: Scene) -> None:
    """One part of a long text is published, the next was not reached."""
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
    text = " ".join(
        f"On {day} we meet in the hall, look at what was done, say what is next, and thank whoever "
        "brought the cake and the coffee for all of us."
        for day in days
    )
    scene.planned(("fediverse",), entry("week", text, "fediverse", fit="thread"))
    scene.servers.faults["fediverse"] = ["none", "unreachable"]
    scene.ring(DUE)
    scene.expect(PUBLISHED, "week on fediverse", "week part 2 on fediverse")


def changed(scene: Scene) -> None:
    """Published, and the calendar says something else since."""
    accounts = ("fediverse", "newsletter")
    store = scene.planned(accounts, entry("welcome", "Welcome to the old hall", *accounts))
    scene.ring(DUE)
    scene.clock.pass_(600)
    scene.calendar(accounts, entry("welcome", "Welcome to the new hall", *accounts))
    scene.daemon.take_up(store)
    scene.expect(PUBLISHED, "welcome on fediverse", "welcome on newsletter")


def restored(scene: Scene) -> None:
    """An older backup was restored: what was due since may be up, and one post is not."""
    accounts = ("fediverse", "club", "sky", "class-site", "newsletter")
    posts = [
        entry("welcome", "Welcome back to a new term!", *accounts),
        entry("lunch", "Lunch is at noon", "fediverse", when="2026-09-07 09:45"),
    ]
    since = entry("since", "Planned after the backup", "fediverse", "newsletter")
    store = scene.planned(accounts, *posts)
    backup = back_up(store.database, PLANNED)
    scene.calendar(accounts, *posts, since)
    scene.daemon.take_up(store)
    scene.ring(DUE)
    store.close()
    shutil.move(store_of(scene.folder), scene.folder / "lost.db")
    scene.clock.at = DUE + timedelta(minutes=20)
    _restore(scene, backup)
    (scene.folder / "lost.db").unlink()
    names = [f"{one} on {account}" for one in ("welcome", "since") for account in accounts]
    scene.expect(PUBLISHED, "lunch on fediverse", *names[:-1], "since on fediverse")
    scene.expect(IN_DOUBT, "welcome on newsletter", "since on newsletter")
    scene.final = {name: scene.final[name] for name in map(name_of, scene.store.rows())}


def _restore(scene: Scene, backup: Path) -> None:
    planned = plan(scene.folder / "config.yaml", now=scene.clock())
    calendar = Calendar(deliveries=planned.deliveries, circumstances=circumstances(planned))
    contents = contents_of(backup, scene.clock())
    for ending in ("-wal", "-shm"):
        store_of(scene.folder).with_name(f"config.db{ending}").unlink(missing_ok=True)
    restore_anew(store_of(scene.folder), contents, calendar, scene.clock())
    scene.store = scene.daemon.open()


def accounts_kept_back(scene: Scene) -> None:
    """One account is paused by its platform, one waits for a login."""
    accounts = ("fediverse", "blog")
    scene.planned(
        accounts,
        entry("welcome", "Welcome back to a new term!", *accounts),
        entry("lunch", "Lunch is at noon", *accounts, when="2026-09-07 10:00"),
    )
    scene.ring(DUE, fediverse="429", blog="401")
    scene.expect(PUBLISHED, "welcome on fediverse", "lunch on fediverse")
    scene.expect(OVER, "welcome on blog", "lunch on blog")


def untold(scene: Scene) -> None:
    """Two notices of which one notifier has told the first, the other none."""
    store = scene.planned(
        ("fediverse",),
        entry("failed", "Refused by the server", "fediverse"),
        entry("missed", "Yesterday's lunch", "fediverse", when="2026-09-06 09:30"),
    )
    scene.ring(DUE, fediverse="422")
    notices = store.notices.untold()
    store.notices.told((), scene.clock(), {"mailto": notices[0].id})
    store.notices.failing("ntfy: not reached")
    scene.expect(["failed"], "failed on fediverse")
    scene.expect(["missed"], "missed on fediverse")


def html(scene: Scene) -> None:
    """Posts with marks, links and tags, on platforms that take HTML and on one with facets."""
    accounts = ("class-site", "blog", "newsletter", "sky")
    text = (
        "Our **new** hours, with *breaks*, and the [timetable](https://example.org/table). #school"
    )
    scene.planned(accounts, entry("table", text, *accounts, title="The timetable"))
    scene.ring(DUE)
    scene.expect(PUBLISHED, *(f"table on {account}" for account in accounts))


CASES: tuple[Callable[[Scene], None], ...] = (
    statuses,
    killed_up,
    killed_not_up,
    lost_up,
    lost_not_up,
    uploaded,
    pictures,
    answered,
    answered_otherwise,
    second_look,
    thread_in_doubt,
    thread_killed,
    split,
    changed,
    restored,
    accounts_kept_back,
    untold,
    html,
)


def write(lead: Callable[[Scene], None], target: Path, work: Path) -> None:
    """Leads a scene of a case, in a folder that is the same every time: requests to the site name it."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    random.seed(0)
    os.environ["TERMBELL_CACHE"] = str(cache_of(work))
    scene = Scene(folder=work)
    lead(scene)
    servers = {name: server.state() for name, server in scene.servers.known.items()}
    scene.store.close()
    about = (lead.__doc__ or "").strip()
    expected = Expected(about=about, now=scene.clock(), final=scene.final, servers=servers)
    keep_case(work, target, expected)
    shutil.rmtree(work)


def main(folder: Path) -> None:
    work = Path(tempfile.gettempdir()).resolve() / "termbell-zoo"
    for lead in CASES:
        target = folder / lead.__name__.replace("_", "-")
        shutil.rmtree(target, ignore_errors=True)
        write(lead, target, work)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
