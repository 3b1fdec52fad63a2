"""How often an attempt at a delivery was cut off."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("deliveries", Column("interrupted", Integer, nullable=False, server_default="0"))
