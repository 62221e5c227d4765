"""Bring a database to the schema of this version, and keep day partitions ahead of the clock.

Nodes of two versions run on one schema while they are replaced one by one, so a migration only
adds: what the former version reads and writes stays. `RUNS_FROM` names the oldest revision whose
code may still run on this schema; it stands as the comment of the table `alembic_version`, where an
older node that starts again, or comes back after a step back, finds it. A migration that takes
something away comes a version later, and moves RUNS_FROM up to the one before it; a test
(tests/ledger/test_migrate.py) holds all newer ones to that.
"""

from __future__ import annotations

import contextlib
import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.kernel import ids
from danshu.kernel.errors import DanshuError, NotAvailable
from danshu.kernel.limits import MIGRATE_LOCK_S, MIGRATE_TRIES

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTITIONED = ("orders", "facts", "vault", "order_search", "board_orders")
RUNS_FROM: Final = "0045"
_LOCK = 0x44616E53  # one migration at a time, whoever starts it
_VERSIONS: Final = Path(__file__).parent / "migrations" / "versions"


class SchemaNewer(DanshuError):
    """The schema is of a version that this one cannot run beside."""

    code = "schema_newer"


@contextlib.contextmanager
def alone(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Change what tables there are, one process at a time; the block has the connection."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
        yield connection


def head() -> str:
    """Give the newest revision that this version knows."""
    return max(path.name[:4] for path in _VERSIONS.glob("0*.py"))


def upgrade(url: str) -> None:
    """Run the Alembic migrations that are missing; safe to call from several processes at once.

    A newer schema is left as it is where this version may run on it; raises SchemaNewer where not,
    NotAvailable when something holds the tables.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        stands = _read_revision(connection)
        if stands > head():
            _refuse(connection, stands)
    if stands < head():  # else Alembic, which takes a fifth of a second to load, has nothing to do
        with alone(url) as connection:
            _run(url)
            connection.execute(f"comment on table alembic_version is '{RUNS_FROM}'")


def _refuse(connection: psycopg.Connection[Any], stands: str) -> None:
    row = connection.execute("select obj_description('alembic_version'::regclass)").fetchone()
    if head() < ((row and row[0]) or stands):
        raise SchemaNewer(
            f"the database has schema {stands}, this version knows {head()} and cannot run beside"
            " it: start the newer version, or restore a backup"
        )


def _read_revision(connection: psycopg.Connection[Any]) -> str:
    if connection.execute("select to_regclass('alembic_version')").fetchone() == (None,):
        return ""
    row = connection.execute("select version_num from alembic_version").fetchone()
    return row[0] if row else ""


def _run(url: str) -> None:
    """Run Alembic: all that is missing in one transaction. Whoever waits for a table's lock stands
    before all others that want it, orders too, so it waits briefly and comes again.
    """
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, exc, pool

    def connect() -> Any:
        return psycopg.connect(url, options=f"-c lock_timeout={MIGRATE_LOCK_S}s")

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=pool.NullPool)
    config = Config()
    config.set_main_option("script_location", str(_VERSIONS.parent))
    for _ in range(MIGRATE_TRIES):
        try:
            with engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            return
        except exc.OperationalError as error:
            if not isinstance(error.orig, psycopg.errors.LockNotAvailable):
                raise
    raise NotAvailable(
        "the schema cannot be changed: something holds its tables; look for long transactions"
        " in pg_stat_activity"
    )


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
