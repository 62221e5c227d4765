"""Bring a database to the schema of this version, and keep day partitions ahead of the clock."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import psycopg

from danshu.kernel import ids

PARTITIONED = ("orders", "facts", "vault", "order_search", "board_orders")
_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x44616E53  # one migration at a time, whoever starts it


def upgrade(url: str) -> None:
    """Run the Alembic migrations that are missing; safe to call from several processes at once."""
    if _is_current(url):
        return  # Alembic takes a fifth of a second to load: most processes find nothing to do
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, pool

    def connect() -> Any:
        return psycopg.connect(url)

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=pool.NullPool)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with psycopg.connect(url, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(%s)", (_LOCK,))
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _is_current(url: str) -> bool:
    """Tell whether the newest migration was the last to run here."""
    newest = max(path.stem for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("select to_regclass('alembic_version')").fetchone()
        if row is None or row[0] is None:
            return False
        ran = connection.execute("select version_num from alembic_version").fetchall()
    return ran == [(newest.partition("_")[0],)]


def make_partitions(connection: psycopg.Connection[Any], first: datetime.date, days: int) -> int:
    """Create the day partitions of [first, first + days) that are missing; give how many were made.

    A day whose rows already lie in the default partition stays there: PostgreSQL refuses it.
    """
    made = 0
    for day in (first + datetime.timedelta(days=i) for i in range(days)):
        low, high = ids.day_bounds(day)
        for table in PARTITIONED:
            name = f"{table}_{day:%Y%m%d}"
            if connection.execute("select to_regclass(%s)", (name,)).fetchone() != (None,):
                continue
            try:
                with connection.transaction():
                    connection.execute(
                        f"create table {name} partition of {table}"
                        f" for values from ('{low}') to ('{high}')"
                        " with (toast_tuple_target = 8160)"
                    )
                made += 1
            except (psycopg.errors.CheckViolation, psycopg.errors.DuplicateTable):
                continue
    return made
