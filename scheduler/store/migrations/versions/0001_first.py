"""The first schema."""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, LargeBinary, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        Column("key", Text, primary_key=True),
        Column("entry", Text, nullable=False),
        Column("account", Text, nullable=False),
        Column("platform", Text, nullable=False),
        Column("part", Integer, nullable=False),
        Column("after", Text),
        Column("due", BigInteger, nullable=False),
        Column("offset", Integer, nullable=False),
        Column("grace", Float, nullable=False),
        Column("late", Text, nullable=False),
        Column("post", Text, nullable=False),
        Column("place", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("reason", Text),
        Column("next_at", BigInteger, nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("claimed_by", Text),
        Column("lease", BigInteger),
        Column("published_id", Text),
        Column("url", Text),
        Column("ref", Text),
        Column("error", Text),
        Column("changed_since", Integer, nullable=False),
    )
    op.create_index("deliveries_next", "deliveries", ["status", "next_at"])
    op.create_index("deliveries_account", "deliveries", ["account", "status"])
    op.create_table(
        "journal",
        Column("id", Integer, primary_key=True),
        Column("delivery", Text, ForeignKey("deliveries.key", ondelete="CASCADE"), nullable=False),
        Column("step", Text, nullable=False),
        Column("digest", Text, nullable=False),
        Column("visible", Integer, nullable=False),
        Column("remembered", Float, nullable=False),
        Column("left_at", BigInteger, nullable=False),
        Column("sent_at", BigInteger, nullable=False),
        Column("looks", Integer, nullable=False),
        Column("answered_at", BigInteger),
        Column("status", Integer),
        Column("headers", Text),
        Column("body", LargeBinary),
    )
    op.create_index("journal_delivery", "journal", ["delivery"])
    op.create_table(
        "accounts",
        Column("name", Text, primary_key=True),
        Column("paused_until", BigInteger),
        Column("held", Text),
    )
    op.create_table(
        "heartbeat",
        Column("id", Integer, primary_key=True),
        Column("host", Text, nullable=False),
        Column("pid", Integer, nullable=False),
        Column("started", BigInteger, nullable=False),
        Column("last_seen", BigInteger, nullable=False),
    )
