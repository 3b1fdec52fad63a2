"""How often an attempt at a delivery was cut off; an account's deliveries as they are due."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("deliveries", Column("interrupted", Integer, nullable=False, server_default="0"))
    op.drop_index("deliveries_account", "deliveries")
    op.create_index(
        "deliveries_account", "deliveries", ["account", "status", "due", "entry", "part"]
    )
