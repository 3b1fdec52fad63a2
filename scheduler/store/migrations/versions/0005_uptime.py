"""When a request left by a clock that nobody sets: seconds since the machine started."""

from alembic import op
from sqlalchemy import Column, Float, Text

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("journal", Column("boot", Text))
    op.add_column("journal", Column("left_up", Float))
    op.add_column("journal", Column("sent_up", Float))
