"""How the record of issuances came to have the shape it has; Alembic runs these in order."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

from rootlet.errors import State

__all__ = ["configuration", "upgrade"]


def configuration() -> Config:
    """Alembic's configuration: where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def upgrade(connection: sa.Connection, shape: str) -> None:
    """Bring a record to a shape inside the connection's transaction.

    ``State`` for one that a newer version of this program has changed already.
    """
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, shape)
    except CommandError as error:
        raise State(
            f"the record has a shape that this version does not know: {error}",
            hint="use the newest version of rootlet that was ever used here",
        ) from error
