"""So that the tables can be distributed over machines (Citus): rows of a merchant lie together.

What is checked: keys and references, of the database; joins, of the statements that can be read
from the sources without running them (statements.py). What is not: statements that are put
together at run time from parts that the parser cannot place, counted and named here.
"""

from __future__ import annotations

import psycopg
import sqlglot

from tests.ledger.statements import joins_without_tenant, read_statements

pytest_plugins = ["tests.fixtures.engine"]

# One row a room asks for of each merchant, in the room's own time: over all shards on purpose.
OF_ALL_MERCHANTS = {"hub/waiting_room.py: waiting_units"}
# Put together at run time in ways that the parser does not follow; read by people.
UNREAD = 15


def test_every_join_of_merchants_tables_carries_the_tenant(database: str) -> None:
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select table_name from information_schema.columns where column_name = 'tenant'"
            " and table_schema = 'public'"
        ).fetchall()
        refers = connection.execute("select conname from pg_constraint where contype = 'f'")
        assert refers.fetchall() == []  # PostgreSQL keeps no reference from one table to another
    tables = {name for (name,) in rows}
    loose, unread, read = set(), [], 0
    for statement in read_statements():
        if not statement.may_join:
            continue
        trees = statement.parse()
        if trees is None:
            unread.append(str(statement))
            continue
        read += 1
        found = joins_without_tenant(trees, tables)
        loose |= {f"{statement.module}: {name.partition(' as ')[0]}" for name in found}
    assert loose == OF_ALL_MERCHANTS
    assert read > 300
    assert len(unread) <= UNREAD, unread


def test_a_join_that_forgets_the_tenant_is_seen() -> None:
    def loose(text: str) -> list[str]:
        trees = [t for t in sqlglot.parse(text, read="postgres") if t is not None]
        return list(joins_without_tenant(trees, {"orders", "facts"}))

    assert loose("select 1 from orders o join facts f on f.stream = o.id") == [
        "orders as o", "facts as f"
    ]  # fmt: skip
    assert loose("select 1 from orders o, facts f where o.tenant = 1 and f.stream = o.id") == [
        "facts as f"
    ]
    exists = "select 1 from orders o where o.tenant = 1 and exists (select 1 from facts f where {})"
    assert loose(exists.format("f.stream = o.id")) == ["facts as f"]
    assert loose(exists.format("f.tenant = o.tenant and f.stream = o.id")) == []
    assert loose("delete from facts f using orders o where f.stream = o.id and o.tenant = 1") == [
        "facts as f"
    ]
    assert loose("update orders o set seq = 1 from facts f where f.stream = o.id") == [
        "orders as o", "facts as f"
    ]  # fmt: skip
    assert loose("select 1 from orders join facts using (tenant, id)") == []
    assert loose("select 1 from orders where id = 1") == []  # one table is no join
