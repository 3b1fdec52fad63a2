"""Bringing a database to the schema of this version, with a backup of what was there.

Alembic runs the scripts in `versions/`; its own version table says where a database stands. It is imported only when
there is something to do, because it takes longer to load than everything else together.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from scheduler.store.tables import HEAD


class NewerSchema(Exception):
    """The database was written by a later version of Termbell."""


def version(engine: Engine) -> str | None:
    """The schema the database has; None where it is new."""
    if not inspect(engine).has_table("alembic_version"):
        return None
    with engine.connect() as connection:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine, file: Path, now: datetime) -> Path | None:
    """Brings the database to `HEAD`; returns the backup that was made of an older one."""
    found = version(engine)
    if found == HEAD:
        return None
    if found is not None and found > HEAD:
        raise NewerSchema(
            f"{file}: written by a newer Termbell (schema {found}, this one knows {HEAD}); "
            f"upgrade Termbell, or restore a backup from {file.parent / 'backups'}"
        )
    backup = _backed_up(file, found, now) if found else None
    _upgrade(engine)
    return backup


def _backed_up(file: Path, found: str, now: datetime) -> Path:
    folder = file.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    backup = folder / f"{file.stem}-schema-{found}-{now:%Y%m%dT%H%M%S}.db"
    unfinished = backup.with_suffix(".unfinished")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.chmod(0o600)
    shutil.move(unfinished, backup)
    return backup


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)
