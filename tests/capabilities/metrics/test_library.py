"""The shipped metrics on a small log reckoned by hand: orders, parcels, promises, cases, money."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import pytest

from danshu.capabilities.assets.sources import SOURCES
from danshu.capabilities.metrics import shipped
from danshu.capabilities.metrics.compiling import Question, compile_metric, quote

KINDS: Final = {"text": "varchar", "int64": "bigint", "int32": "integer", "uuid": "uuid"}
HOUR: Final = 3_600_000
NOON: Final = 1_790_000_000_000
A, B, C, CASE = (str(uuid.UUID(int=n)) for n in (1, 2, 3, 9))


class Log:
    """Sources as tables, filled row by row; what is not said is "" or 0."""

    def __init__(self) -> None:
        self.engine = duckdb.connect()
        self._fact = 0
        for name, source in SOURCES.items():
            columns = ", ".join(f'"{c}" {KINDS[k]}' for c, k in source.columns.items())
            self.engine.execute(f'create table "source:{name}"({columns})')

    def put(self, source: str, stream: str, **said: Any) -> None:
        self._fact += 1
        columns = SOURCES[source].columns
        given = {"half": "2026h2", "fact": self._fact, "stream": stream, "seq": self._fact, **said}
        assert given.keys() <= columns.keys(), given.keys() - columns.keys()
        nothing = {"text": "", "int64": 0, "int32": 0, "uuid": str(uuid.UUID(int=0))}
        row = [given.get(name, nothing[kind]) for name, kind in columns.items()]
        places = ", ".join("?" * len(row))
        self.engine.execute(f'insert into "source:{source}" values ({places})', row)

    def figure(self, code: str, **asked: Any) -> Any:
        """Give what a metric comes to over everything, or by one dimension."""
        library = shipped.library()
        metric = library.metrics[code]
        compiled = compile_metric(metric, Question(**asked), library.metrics.get, library.lookups)
        tables = [f"{quote(t)} as ({shipped.table_query(t)[0]})" for t in compiled.tables]
        sql = f"with {', '.join(tables)}, {compiled.sql.removeprefix('with ')}"
        rows = self.engine.execute(sql).fetchall()
        if not asked.get("by"):
            return rows[0][1]
        return {row[0]: row[2] for row in rows if row[1] == 0}


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    """Three orders: A shipped late and returned, B cancelled, C split and promised in time."""
    made = Log()
    place = {"currency": "CNY", "kind": "order", "created": NOON, "region": "310000"}
    made.put("orders", A, channel="tb", buyer="x", total=10_000, goods=12_000, discount=2_000,
             units=2, **place)  # fmt: skip
    made.put("orders", B, channel="tb", buyer="y", total=3_000, goods=3_000, units=1, **place)
    made.put("orders", C, channel="jd", buyer="x", total=5_001, goods=5_001, units=3, **place)
    made.put("lines", A, sku="S1", quantity=2, paid=10_000)
    made.put("lines", A, sku="G", quantity=1, gift="one")
    made.put("payments", A, amount=10_000, at=NOON + HOUR)
    made.put("payments", C, amount=5_001, at=NOON)
    made.put("refunds", A, amount=4_000, occurred=NOON + 50 * HOUR, reason="return")
    made.put("compensations", A, event="proposed", amount=900, occurred=NOON)
    made.put("compensations", A, event="paid", amount=500, code="ship48h", occurred=NOON)
    made.put("cancelled_lines", B, sku="S1", units=1, reason="buyer")
    for stream, fulfilment, warehouse in ((A, 1, "W1"), (C, 1, "W1"), (C, 2, "W2")):
        made.put("allocations", stream, act="allocated", fulfilment=fulfilment,
                 warehouse=warehouse, units=1)  # fmt: skip
        made.put("steps", stream, step="released", fulfilment=fulfilment, occurred=NOON + HOUR)
    for stream, fulfilment, step, hours in (
        (A, 1, "shipped", 60), (A, 1, "delivered", 90), (C, 1, "shipped", 10),
        (C, 1, "delivered", 30), (C, 2, "shipped", 20), (C, 2, "lost", 40),
    ):  # fmt: skip
        made.put("steps", stream, step=step, fulfilment=fulfilment, occurred=NOON + hours * HOUR,
                 carrier="SF")  # fmt: skip
    made.put("steps", A, step="damage_reported", occurred=NOON + 95 * HOUR)
    for stream, events in ((A, ("made", "broken", "late")), (C, ("made", "broken", "corrected"))):
        for event in events:
            made.put("promises", stream, code="ship48h", event=event, due=NOON + 48 * HOUR,
                     verdict="kept" if event == "corrected" else "")  # fmt: skip
    made.put("promises", C, code="nextday", event="made", due=NOON + 24 * HOUR)
    for stream, cost, other, unplaced in ((A, 800, 900, 0), (C, 1_201, 0, 1)):
        made.put("routes", stream, act="decided", cost=cost, other=other, freight=cost // 2,
                 unplaced=unplaced)  # fmt: skip
    made.put("routes", A, act="overridden", cost=1, outcome="W2")
    made.put("returns", CASE, order=A, kind="return", reason="late", asked=4_000,
             occurred=NOON + 40 * HOUR)  # fmt: skip
    made.put("return_outcomes", CASE, event="decided", verdict="agreed")
    made.put("return_outcomes", CASE, event="closed", outcome="paid", amount=4_000,
             occurred=NOON + 50 * HOUR)  # fmt: skip
    made.put("floor_work", A, work="pick", warehouse="W1", units=30, scans=40, wrong=1,
             duration=HOUR // 2)  # fmt: skip
    yield made
    made.engine.close()


TOTALS: Final = [
    ("orders", 3), ("gmv", 18_001), ("paid", 15_001), ("refund_amount", 4_000),
    ("net_revenue", 11_001), ("average_order", 6_000), ("units", 2), ("units_per_order", 2_000),
    ("discount_rate", 99), ("paid_rate", 666), ("shipped_rate", 1_000), ("delivered_rate", 1_000),
    ("backlog", 0), ("cancelled_orders", 1), ("cancellation_rate", 333), ("buyers", 2),
    ("repeat_rate", 0), ("split_rate", 500), ("override_rate", 500), ("route_cost", 1_000),
    ("route_margin", 100), ("freight_share", 499), ("unplaced_rate", 500), ("promises", 3),
    ("on_time_rate", 500), ("broken_promises", 1), ("broken_rate", 500),
    ("ship_minutes_p50", 1_200), ("ship_minutes_p90", 3_600), ("sign_minutes_p50", 1_800),
    ("transit_minutes_p50", 1_200), ("floor_minutes_p50", 1_140), ("shipped_parcels", 3),
    ("mishap_rate", 333), ("returns", 1), ("return_rate", 333), ("refund_rate", 266),
    ("case_minutes_p50", 600), ("refused_case_rate", 0), ("complaints", 3),
    ("complaint_rate", 1_000), ("compensation_amount", 500), ("claims_amount", 0),
    ("wrong_scan_rate", 25), ("units_per_hour", 60),
]  # fmt: skip


def test_every_metric_comes_to_what_is_reckoned_by_hand(log: Log) -> None:
    assert {code: log.figure(code) for code, _ in TOTALS} == dict(TOTALS)


def test_the_stage_that_buyers_complain_of_most(log: Log) -> None:
    stages = log.figure("complaint_share", by=("stage",))
    assert stages == {"shipping": 333, "transport": 666}
    assert log.figure("complaint_share") == 1_000


def test_groups_and_windows_of_the_library(log: Log) -> None:
    assert log.figure("net_revenue", by=("channel",)) == {"tb": 6_000, "jd": 5_001}
    assert log.figure("shipped_parcels", by=("warehouse",)) == {"W1": 2, "W2": 1}
    assert log.figure("orders", by=("province",)) == {"310000": 3}
    early = {"since_ms": NOON, "until_ms": NOON + HOUR}
    assert log.figure("paid", **early) == 5_001  # C alone was paid within the first hour
    assert log.figure("refund_amount", **early) == 0
