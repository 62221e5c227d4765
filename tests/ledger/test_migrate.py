"""Migrations: from nothing to this version, twice and from two sides; day partitions ahead."""

from __future__ import annotations

import concurrent.futures
import datetime
import importlib
import re
from pathlib import Path

import psycopg
import pytest

from danshu.kernel import ids
from danshu.ledger import migrate

pytest_plugins = ["tests.fixtures.engine"]

DAY = datetime.date(2026, 9, 21)


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        return {name for (name,) in rows}


def test_from_nothing_and_again(blank: str) -> None:
    assert tables(blank) == set()
    migrate.upgrade(blank)
    made = tables(blank)
    assert {"facts", "segments", "books", "orders", "vault", "alembic_version"} <= made
    migrate.upgrade(blank)
    assert tables(blank) == made


def test_two_at_once(blank: str) -> None:
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(migrate.upgrade, blank) for _ in range(2)]:
            each.result()
    assert "facts" in tables(blank)


def test_every_key_begins_with_the_tenant(database: str) -> None:
    """So that the tables can be distributed; the few that are the house's own are named here."""
    own = {"tenants", "signers", "clusters", "alembic_version"}
    own |= {"clock_states", "clock_samples", "clock_faults"}  # a machine's clock is no merchant's
    own |= {"crls"}  # an authority's
    with psycopg.connect(database) as connection:
        rows = connection.execute(
            "select c.relname, a.attname, array_agg(b.attname) from pg_index i"
            " join pg_class c on c.oid = i.indrelid"
            " join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]"
            " join pg_attribute b on b.attrelid = c.oid and b.attnum = any(i.indkey)"
            " where i.indisunique and c.relnamespace = 'public'::regnamespace group by 1, 2"
        ).fetchall()
    first = {name: column for name, column, columns in rows if "tenant" not in columns}
    assert set(first) == own
    # a cursor is found by its follower's name, of which there are few
    wrong = {name for name, column, _ in rows if column != "tenant"} - own
    assert wrong == {"cursors"}


@pytest.mark.parametrize("table", migrate.PARTITIONED)
def test_a_row_goes_to_the_day_of_its_id(database: str, table: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        assert migrate.make_partitions(connection, DAY, 3) == 3 * len(migrate.PARTITIONED)
        assert migrate.make_partitions(connection, DAY, 4) == len(migrate.PARTITIONED)
        low, high = ids.day_bounds(DAY)
        bounds = connection.execute(
            "select pg_get_expr(relpartbound, oid) from pg_class where relname = %s",
            (f"{table}_{DAY:%Y%m%d}",),
        ).fetchone()
        assert bounds == (f"FOR VALUES FROM ('{low}') TO ('{high}')",)


def test_a_day_whose_rows_are_there_already_is_left_alone(database: str) -> None:
    low, _ = ids.day_bounds(DAY)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("insert into vault(tenant,id,salt) values (1,%s,'')", (low,))
        made = migrate.make_partitions(connection, DAY, 1)
        assert made == len(migrate.PARTITIONED) - 1
        assert connection.execute("select tableoid::regclass::text from vault").fetchall() == [
            ("vault_rest",)
        ]


def test_the_one_follower_of_rows_begins_at_the_last_of_the_four(database: str) -> None:
    moved = importlib.import_module("danshu.ledger.migrations.versions.0005_one_follower")
    with psycopg.connect(database, autocommit=True) as connection:
        for tenant in (1, 2):
            connection.execute(
                "insert into books(tenant,half,size,root) values (%s,'2026h2',9,'')", (tenant,)
            )
        stood = {1: {"search": 7, "board": 5, "worklist": 9, "open": 6}, 2: {"search": 7}}
        for tenant, positions in stood.items():
            for name, position in [*positions.items(), ("other", 9)]:
                connection.execute(
                    "insert into cursors(name,tenant,half,position) values (%s,%s,'2026h2',%s)",
                    (name, tenant, position),
                )
        connection.execute(moved.BEGIN)
        connection.execute(moved.END)
        # where one of them had not begun, the one begins anew
        rows = connection.execute("select name, tenant, position from cursors order by 1, 2")
        assert rows.fetchall() == [("other", 1, 9), ("other", 2, 9), ("rows", 1, 5)]


def test_two_nodes_make_partitions_at_once(database: str) -> None:
    def make(_: int) -> int:
        with migrate.alone(database) as connection:
            return migrate.make_partitions(connection, DAY, 2)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        made = list(pool.map(make, range(3)))
    assert sorted(made) == [0, 0, 2 * len(migrate.PARTITIONED)]


def test_an_older_version_runs_on_a_schema_that_only_grew_and_on_no_other(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("update alembic_version set version_num = '9998'")
        connection.execute(f"comment on table alembic_version is '{migrate.head()}'")
        migrate.upgrade(database)  # leaves it alone
        stands = connection.execute("select version_num from alembic_version").fetchone()
        assert stands == ("9998",)
        connection.execute("comment on table alembic_version is '9997'")
        with pytest.raises(migrate.SchemaNewer, match="9998"):
            migrate.upgrade(database)


def test_migrations_that_nodes_of_two_versions_share_only_add() -> None:
    """What takes something away comes a version later, and moves RUNS_FROM (see migrate.py)."""
    takes = re.compile(
        r"\bdrop\s+(table|column|constraint)\b|\brename\b"
        r"|\balter\s+(column\s+)?\w+\s+(type|set\s+not\s+null)"
        r"|\badd\s+(column\s+)?(?!constraint)\w+ (?![^,;]*default)[^,;]*\bnot\s+null",
        re.IGNORECASE,
    )
    said = "alter table t add a int not null; alter table t drop column b; alter t rename c to d"
    assert len(takes.findall(said)) == 3
    assert not takes.search("alter table t add column a int not null default 0, add b text")
    for path in Path(migrate.__file__).parent.glob("migrations/versions/0*.py"):
        if path.name[:4] > migrate.RUNS_FROM:
            source = path.read_text("utf-8").partition("def downgrade")[0]
            assert takes.search(source) is None, path.name


def test_topics_of_the_notice_service_become_subscriptions(database: str) -> None:
    module = importlib.import_module("danshu.ledger.migrations.versions.0046_subscriptions")
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "insert into notice_settings(tenant,adapter,url,secret,events) values"
            " (1,'webhook','https://a.example','s','{breaker,policy}'), (2,'','','','{policy}')"
        )
        connection.execute("insert into cursors values ('events',1,'2026h2',90)")
        connection.execute(
            "insert into event_sends(tenant,half,position,topic,id,type,body)"
            " values (1,'2026h2',70,'policy','x/1','danshu.x','')"
        )
        for statement in module.MOVE.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        made = connection.execute("select tenant, id, url, types from subscriptions").fetchall()
        ((tenant, id_, url, types),) = made
        assert (tenant, url, id_.version) == (1, "https://a.example", 7)
        assert ids.made_ms(id_) // 86_400_000 in range(20_000, 40_000)  # days: of this time
        assert types == ["danshu.policy_set.*", "danshu.routing.stopped", "danshu.routing.resumed"]
        rows = connection.execute("select name, tenant, half, position from cursors").fetchall()
        assert rows == [(f"subscription/{id_}", 1, "2026h2", 70)]
        left = connection.execute("select count(*) from event_sends").fetchone()
        assert left == (0,)
