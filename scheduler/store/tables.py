"""The tables. Instants are whole microseconds since 1970 in UTC: SQLite keeps no zones, and integers compare.

A change here is a new script in `migrations/versions` and a new `HEAD`.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

HEAD = "0005"  # the schema this code reads and writes

metadata = MetaData()

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("entry", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("after", Text),  # key of the part it replies to
    Column("due", BigInteger, nullable=False),
    Column(
        "offset", Integer, nullable=False
    ),  # seconds from UTC at the due time, to show it as the calendar does
    Column("grace", Float, nullable=False),  # seconds
    Column("late", Text, nullable=False),
    Column("post", Text, nullable=False),  # JSON of platforms.base.Post
    Column("place", Text, nullable=False),  # file:line
    Column("status", Text, nullable=False),
    Column(
        "reason", Text
    ),  # why it is held: "login", "problem", "late", "handoff"; "word": a person wants it out, however late
    Column("next_at", BigInteger, nullable=False),  # the next attempt
    Column(
        "attempts", Integer, nullable=False, default=0
    ),  # that came to an end, and the one under way
    Column(
        "interrupted", Integer, nullable=False, default=0
    ),  # attempts that a process did not live to the end of
    Column("claimed_by", Text),  # host:process:run:claim
    Column("lease", BigInteger),  # until when the claim holds
    Column("published_id", Text),
    Column("published_at", BigInteger),
    Column("url", Text),
    Column("ref", Text),  # JSON of Published.ref
    Column(
        "error", Text
    ),  # what the person should know: the last failure, a note on a published one
    Column(
        "changed_since", Integer, nullable=False, default=0
    ),  # the entry says something else than what was published
    Column("sent_at", BigInteger),  # the first attempt: the date that readers see
    Column(
        "wire_key", Text
    ),  # the key that requests carry, kept when a post is renamed; null: `key`
    Column("content", Text),  # digest of what the person wrote; null: from an older store
    Column("origin", Text),  # digest of platform, server and place; null: from an older store
    Column("profile", Text),  # the account's id there; null: not known
    Column("removed_at", BigInteger),  # since when its entry is missing from a file that shrank
    Index("deliveries_next", "status", "next_at"),
    Index("deliveries_account", "account", "status", "due", "entry", "part"),
    Index("deliveries_published", "account", "published_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("delivery", Text, ForeignKey("deliveries.key", ondelete="CASCADE"), nullable=False),
    Column("step", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("visible", Integer, nullable=False),
    Column(
        "remembered", Float, nullable=False
    ),  # seconds; -1: for ever. Of a harmless request: for how long its answer may be used
    Column("left_at", BigInteger, nullable=False),  # the first time
    Column("sent_at", BigInteger, nullable=False),  # the last time
    Column("looks", Integer, nullable=False, default=0),  # how often it was not found
    Column("failures", Integer, nullable=False, default=0),  # how often looking for it failed
    Column("sendings", Integer, nullable=False, default=1),  # how often it left
    Column("timeout", Float),  # seconds that it may be under way; null: from an older store
    Column("boot", Text),  # which start of the machine the next two count from; null: not known
    Column("left_up", Float),  # `left_at`, in seconds since then
    Column("sent_up", Float),  # `sent_at`
    Column("answered_at", BigInteger),
    Column("status", Integer),
    Column("headers", Text),
    Column("body", LargeBinary),
    Index("journal_delivery", "delivery"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("paused_until", BigInteger),
    Column("held", Text),  # why a person is needed; null: it is not
    Column("profile", Text),  # its id on the platform, once a login or a post has shown it
)

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("once", Text, unique=True),  # what may be told one time only
    Column("told_at", BigInteger),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("last_seen", BigInteger, nullable=False),
)
