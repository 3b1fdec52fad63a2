"""The rules of "once": what a post says and where, how often a request left, codes for sentences."""

from alembic import op
from sqlalchemy import BigInteger, Column, Float, Integer, Text

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("deliveries", Column("sent_at", BigInteger))
    op.add_column("deliveries", Column("wire_key", Text))
    op.add_column("deliveries", Column("content", Text))
    op.add_column("deliveries", Column("origin", Text))
    op.add_column("deliveries", Column("profile", Text))
    op.add_column("deliveries", Column("removed_at", BigInteger))
    op.add_column("journal", Column("failures", Integer, nullable=False, server_default="0"))
    op.add_column("journal", Column("sendings", Integer, nullable=False, server_default="1"))
    op.add_column("journal", Column("timeout", Float))
    op.add_column("accounts", Column("profile", Text))
    op.execute(  # earlier versions wrote the due time as the date of a post
        "UPDATE deliveries SET sent_at = due"
        " WHERE status = 'published' OR key IN (SELECT delivery FROM journal)"
    )
    op.execute(
        "UPDATE deliveries SET reason = 'removed'"
        " WHERE status = 'cancelled' AND error = 'gone from the calendar'"
    )
