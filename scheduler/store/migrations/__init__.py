"""Bringing a database to the schema of this version, with a backup of what was there.

Alembic runs the scripts in `versions/`; its own version table says where a database stands. It is imported only when
there is something to do, because it takes longer to load than everything else together.
"""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, text

from scheduler.store.backups import back_up, folder
from scheduler.store.database import Database, StoreFailed
from scheduler.store.identity import give_id
from scheduler.store.rows import stamp
from scheduler.store.tables import HEAD, facts

BORN = "born"  # the fact that says when the store was made


class NewerSchema(Exception):
    """The database was written by a later version of Termbell."""


def version(connection: Connection) -> str | None:
    """The schema the database has; None where it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(database: Database, now: datetime) -> Path | None:
    """Brings the database to `HEAD`; returns the backup that was made of an older one."""
    with database.reading() as connection:
        found = version(connection)
        foreign = found is None and bool(inspect(connection).get_table_names())
    if found == HEAD:
        return None
    if foreign:
        raise StoreFailed(
            f"{database.file}: it is another program's database; move it away, or name another folder: `state` in config.yaml"
        )
    if found is not None and found > HEAD:
        raise NewerSchema(
            f"{database.file}: written by a newer Termbell (schema {found}, this one knows {HEAD}); "
            f"upgrade Termbell, or restore a backup from {folder(database.file)}"
        )
    backup = back_up(database, now, f"schema-{found}-") if found else None
    with database.writing() as connection:
        if version(connection) != HEAD:  # another process may have been faster
            _upgrade(connection)
            give_id(connection)
            if found is None:
                connection.execute(insert(facts).values(name=BORN, value=str(stamp(now))))
    return backup


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
