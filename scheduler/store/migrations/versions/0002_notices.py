"""What the person has to be told; when a delivery was published."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, Text

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("deliveries", Column("published_at", BigInteger))
    op.create_index("deliveries_published", "deliveries", ["account", "published_at"])
    op.create_table(
        "notices",
        Column("id", Integer, primary_key=True),
        Column("at", BigInteger, nullable=False),
        Column("kind", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("once", Text, unique=True),
        Column("told_at", BigInteger),
    )
    op.create_table(
        "facts", Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
    )
