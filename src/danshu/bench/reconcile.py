"""`danshu bench reconcile`: a month of a million orders against a million lines of bills.

Stored rows to classified differences by the product's own run: both sides out of PostgreSQL,
joined, matched, written back in one commit. Differences of every class are injected; each must be
found and nothing else. The floor reads the same rows and does the shortest honest join that tells
how many keys differ.
"""

from __future__ import annotations

import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.bench import rig
from danshu.bench.report import Number, Report, keeps, make_report, read_machine, read_rss_mb
from danshu.capabilities.settlement import tolerances
from danshu.capabilities.settlement.differences import CLASSES
from danshu.hub import compose, reconcile
from danshu.testing import month

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE: Final = 1_000_000
TENANT: Final = 1
NEW_LINES: Final = 1_000
BUDGET: Final = {"million_s": 30.0, "rss_mb": 2_048.0, "missed": 0.0, "extra": 0.0}
_SETTINGS: Final = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
_BEGIN: Final = (
    "insert into reconcile_runs(tenant,id,cause,stage,whole) values(%s,%s,'bench','read',%s)"
)
_FOUND: Final = """
select d.class, coalesce(l.flow, d.key) from differences d left join bill_lines l
on d.key like 'line/%%' and l.tenant=d.tenant and l.no=d.line where d.tenant=%s and d.state='open'
"""
# A thousand lines that settle what was missing, or stand beside what was there.
_MORE: Final = """
insert into bill_lines(tenant,id,file,row,book,channel,kind,amount,at,number,waybill,flow,word,
weight_g,zone,note,raw) select tenant, gen_random_uuid(), gen_random_uuid(), 1, 'alipay', channel,
2, 1, paid_at, number, '', 'more', '', 0, '', '', '[]' from order_money where tenant=%s
order by changed limit %s
"""
_ORDERS: Final = (
    "copy (select channel, number, paid from order_money where tenant=1) to stdout (format csv)"
)
_LINES: Final = (
    "copy (select channel, number, amount from bill_lines where tenant=1 and kind=1 and number<>'')"
    " to stdout (format csv)"
)
_SHORTEST: Final = """
select count(*) from read_csv(?, header=false, names=['c','n','paid']) o full join (
select c, n, sum(amount) as sold from read_csv(?, header=false, names=['c','n','amount'])
group by 1, 2) b using (c, n) where o.paid is distinct from b.sold
"""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Reconcile `size` orders (1,000,000) with about as many lines."""
    del seconds
    machine = read_machine()
    count = size or SIZE
    with rig.lend_store(_SETTINGS) as store:
        compose.prepare(store.url)
        with psycopg.connect(store.url, autocommit=True) as connection:
            month.fill(connection, TENANT, count)
            body = tolerances.encode(month.RULES)
            connection.execute(
                "insert into reconcile_rules(tenant,version,digest,body,by) values(1,1,'',%s,'')",
                (body,),
            )
            figures = dict(_measure(store.url, connection, count))
            floor = _measure_floor(connection)
    met = keeps(figures, BUDGET)
    return make_report(
        "reconcile", figures=figures, floor=floor, budget=BUDGET, met=met, machine=machine
    )


def _measure(
    url: str, connection: psycopg.Connection[Any], count: int
) -> Iterator[tuple[str, Number]]:
    cpu_s = time.process_time()
    yield "million_s", _time_run(url, connection, whole=True)
    yield "cpu_s", time.process_time() - cpu_s
    yield "rss_mb", read_rss_mb()
    found = {(CLASSES[no - 1], key) for no, key in connection.execute(_FOUND, (TENANT,)).fetchall()}
    wanted = month.expected(count)
    yield "injected", len(wanted)
    yield "missed", len(wanted - found)
    yield "extra", len(found - wanted)
    yield "again_s", _time_run(url, connection, whole=True)
    connection.execute(_MORE, (TENANT, NEW_LINES))
    yield "incremental_s", _time_run(url, connection, whole=False)


def _time_run(url: str, connection: psycopg.Connection[Any], *, whole: bool) -> float:
    id_ = uuid.uuid4()
    connection.execute(_BEGIN, (TENANT, id_, whole))
    began_s = time.perf_counter()
    reconcile.run(url, TENANT, id_, reconcile.Beat())
    return time.perf_counter() - began_s


def _measure_floor(connection: psycopg.Connection[Any]) -> dict[str, Number]:
    """Time the shortest join: how many keys differ, without saying how or keeping anything."""
    import duckdb

    began_s = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as memory:
        files = []
        for name, query in (("orders", _ORDERS), ("lines", _LINES)):
            file = Path(folder, f"{name}.csv")
            files.append(str(file))
            with file.open("wb") as sink, connection.cursor().copy(query.encode()) as copy:
                for part in copy:
                    sink.write(part)
        memory.execute(_SHORTEST, files).fetchone()
    return {"million_s": time.perf_counter() - began_s}
