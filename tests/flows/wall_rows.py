"""A merchant's rows in every table, counted and summed: has anything changed?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

# Connections that stay open while rows are counted: what is asked is planned once.
_counting: dict[str, tuple[psycopg.Connection[Any], sql.Composed]] = {}


@contextlib.contextmanager
def counting() -> Iterator[None]:
    """Let go of the connections of `rows_of` at the end."""
    try:
        yield
    finally:
        for connection, _ in _counting.values():
            connection.close()
        _counting.clear()


def rows_of(url: str, tenant: int) -> dict[str, Any]:
    """Give count and sum of digests of a merchant's rows in every table that has a tenant."""
    key = f"{tenant}@{url}"
    if key not in _counting:
        connection = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        _counting[key] = connection, _count(connection, tenant)
    connection, query = _counting[key]
    return {name: (count, digest) for name, count, digest in connection.execute(query).fetchall()}


def _count(connection: psycopg.Connection[Any], tenant: int) -> sql.Composed:
    tables = connection.execute(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid=c.oid"
        " where a.attname='tenant' and c.relkind in ('r','p') and not c.relispartition"
        " and c.relnamespace='public'::regnamespace and a.attnum>0"
        " and c.relname <> 'health_samples' order by 1"  # the server's own, each ten seconds
    ).fetchall()
    one = "select {name} as t, count(*), sum(hashtextextended(x::text,0)::numeric) from"
    parts = [
        sql.SQL(one + " {table} x where tenant={tenant}").format(
            name=sql.Literal(name), table=sql.Identifier(name), tenant=sql.Literal(tenant)
        )
        for (name,) in tables
    ]
    return sql.SQL(" union all ").join(parts)
