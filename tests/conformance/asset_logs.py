"""Small logs, and what each shipped asset makes of them, reckoned by hand.

A row of a source is written by what matters of it; the rest is "", 0 or the nil UUID as in the
source. Times are in Shanghai, within November 2026 (the 2nd is a Monday).
"""

from __future__ import annotations

import datetime
import itertools
import uuid
from typing import Any

from danshu.capabilities.assets.sources import SOURCES

Rows = dict[str, list[dict[str, Any]]]
_COUNT = itertools.count(1)
_EMPTY = {"text": "", "int64": 0, "int32": 0, "uuid": uuid.UUID(int=0)}


def at(said: str) -> int:
    """Give the epoch ms of `DD HH:MM`."""
    day, _, clock = said.partition(" ")
    moment = datetime.datetime.fromisoformat(f"2026-11-{day}T{clock}+08:00")
    return int(moment.timestamp() * 1000)


def of(no: int) -> uuid.UUID:
    """Give the stream of that number."""
    return uuid.UUID(int=(7 << 76) | (2 << 62) | no)


def row(source: str, stream: int, seq: int = 1, when: str = "02 09:00", **told: Any) -> Any:
    """Give a row: (source, its columns)."""
    made = {name: _EMPTY[kind] for name, kind in SOURCES[source].columns.items()}
    unknown = set(told) - set(made)
    assert not unknown, unknown
    place = {"half": "a", "fact": next(_COUNT), "stream": of(stream), "seq": seq, "who": "u_1"}
    ms = at(when)
    return source, {**made, **place, "occurred": ms, "recorded": ms, **told}


def order(no: int, when: str, **told: Any) -> Any:
    """Give an order placed then, at 天猫 in 杭州 unless told otherwise."""
    usual = {"channel": "taobao", "region": "330100", "currency": "CNY", "number": f"N{no}"}
    return row("orders", no, when=when, **{**usual, "created": at(when), **told})


def step(no: int, name: str, when: str, seq: int = 5, **told: Any) -> Any:
    """Give a step of an order."""
    return row("steps", no, seq, when, step=name, **told)


def promise(no: int, seq: int, event: str, code: str = "ship", **told: Any) -> Any:
    """Give what became of a promise."""
    return row("promises", no, seq, event=event, code=code, **told)


MINUTE = 60_000
_TWO_LATE = (
    order(1, "02 09:10"),
    row("payments", 1, 2, at=at("02 09:12")),
    step(1, "shipped", "02 10:12"),
    step(1, "delivered", "02 12:12", 6),
    promise(1, 1, "made"),
    promise(1, 5, "kept", gap=-30 * MINUTE),
    order(2, "02 09:50"),
    step(2, "shipped", "02 10:50"),
    promise(2, 1, "made"),
    promise(2, 1, "made", "damage"),
    promise(2, 4, "broken"),
    promise(2, 5, "late", gap=45 * MINUTE + 59_000),
    order(3, "02 09:59"),
    step(3, "shipped", "02 11:39"),
    step(3, "shipped", "02 18:00", 6),
    step(3, "delivered", "02 12:00", 7),
    step(3, "delivered", "02 14:59", 8),
    promise(3, 1, "made"),
    promise(3, 4, "broken"),
    promise(3, 9, "ruled", verdict="excused", was="broken"),
    order(4, "02 23:30", region="US", channel="shopify"),
)
HEATMAP = [
    ("330000", "330100", 9, 3, 3, 2, 60, 92, 240, 288, 2, 500),
    ("US", "US", 23, 1, 0, 0, None, None, None, None, 0, None),
]
_HELD = (
    row("allocations", 1, 3, act="allocated", warehouse="WH-B", units=1),
    row("allocations", 1, 3, act="allocated", warehouse="WH-A", units=1),
    row("allocations", 2, 3, act="allocated", warehouse="WH-A", units=1),
    row("allocations", 2, 4, act="withdrawn", warehouse="WH-A", units=-1),
    row("allocations", 2, 5, act="allocated", warehouse="WH-C", units=1),
)
PROMISES = [
    ("damage", "taobao", "WH-C", "2026-11-02", 1, 0, 0, 0, 0, 1, None, None, None),
    ("ship", "taobao", "-", "2026-11-02", 1, 0, 0, 0, 0, 0, None, None, None),
    ("ship", "taobao", "WH-A", "2026-11-02", 1, 1, 0, 0, 0, 0, 1000, -30, -30),
    ("ship", "taobao", "WH-C", "2026-11-02", 1, 0, 1, 1, 0, 0, 0, 45, 45),
]
_FUNNEL = (
    order(1, "02 23:59", total=1000, buyer="b1"),
    row("payments", 1, 2, amount=500),
    row("payments", 1, 9, "03 01:00", amount=500, stage="tail"),
    step(1, "released", "03 02:00", 10),
    step(1, "shipped", "03 03:00", 11),
    step(1, "delivered", "04 03:00", 12),
    order(2, "02 10:00", total=2000, buyer="b2"),
    row("payments", 2, 2, amount=2000),
    step(2, "released", "03 02:00"),
    step(2, "shipped", "03 03:00", 6),
    step(2, "delivered", "04 03:00", 7),
    row("returns", 12, order=of(2), kind="return"),
    order(3, "02 11:00", total=700, currency="USD"),
    order(4, "09 11:00", total=300, buyer="b1"),
    row("links", 21, event="viewed", order=of(3), what="page"),
    row("links", 21, 2, event="viewed", order=of(3), what="bundle"),
    row("links", 22, event="issued", order=of(1)),
)
FUNNEL = [
    ("taobao", "2026-11-02", "1_placed", 3, 3000, 1000),
    ("taobao", "2026-11-02", "2_paid", 2, 3000, 667),
    ("taobao", "2026-11-02", "3_released", 2, 3000, 667),
    ("taobao", "2026-11-02", "4_shipped", 2, 3000, 667),
    ("taobao", "2026-11-02", "5_delivered", 2, 3000, 667),
    ("taobao", "2026-11-02", "6_kept", 1, 1000, 333),
    ("taobao", "2026-11-02", "7_again", 1, 1000, 333),
    ("taobao", "2026-11-02", "8_viewed", 1, 0, 333),
    ("taobao", "2026-11-09", "1_placed", 1, 300, 1000),
]
# Seven buyers bought once, one twice: the latter are too few to be told of.
_PREFERENCES = (
    *(order(n, "02 08:30", buyer=f"b{n}") for n in range(1, 6)),
    *(order(n, "03 20:30", buyer=f"b{n}") for n in range(6, 8)),
    order(8, "04 08:00", buyer="b9"),
    order(9, "05 08:00", buyer="b9"),
    order(10, "05 08:00"),
    *(step(n, "shipped", "03 10:00", carrier="SF") for n in range(1, 7)),
    *(row("arrangements", n, 3, start=at("03 09:00"), until=at("03 18:00")) for n in range(1, 6)),
    *(row("amendments", n, 3, is_receiver=1, lines=1) for n in range(1, 6)),
    row("substitutes", 1, 4, event="accepted"),
)
PREFERENCES = [
    ("1", "3", "amended", "receiver", 5, 5, 1000),
    ("1", "3", "carrier", "SF", 6, 6, 1000),
    ("1", "3", "hour", "08", 5, 5, 1000),
    ("1", "3", "weekday", "1", 5, 5, 1000),
    ("1", "3", "window", "09-18", 5, 5, 1000),
]
_RETURNS = (
    order(1, "02 09:00"),
    row("returns", 11, when="05 09:00", order=of(1), kind="return", reason="quality",
        currency="CNY"),
    row("return_lines", 11, order=of(1), line=1, sku="A", quantity=2),
    row("return_lines", 11, order=of(1), line=2, sku="B", quantity=1),
    row("reason_codes", 11, 3, case=of(11), code="size_small"),
    row("reason_codes", 11, 4, "06 09:00", case=of(11), code="size_large"),
    row("refund_lines", 1, 5, case=of(11), line=1, amount=900, units=2),
    row("refund_lines", 1, 6, case=of(11), line=1, amount=100, units=0),
    row("returns", 12, when="06 09:00", order=of(1), kind="return", reason="quality",
        currency="CNY"),
    row("reason_codes", 12, 3, "06 09:00", case=of(12), code="colour"),
    row("reason_codes", 12, 4, "06 10:00", case=of(12), code=""),
    row("return_lines", 12, order=of(1), line=1, sku="A", quantity=1),
    row("returns", 13, when="06 09:00", order=of(1), kind="refund_only", reason="late",
        currency="CNY"),
    row("returns", 15, order=of(1), kind="refund_only", reason="cancelled", currency="CNY"),
    row("returns", 14, when="06 09:00", order=of(1), kind="claim", reason="lost", currency="CNY"),
)  # fmt: skip
RETURNS = [
    ("late", "refund_only", "taobao", "-", "2026-11", 1, 0, 0, 0, 1000),
    ("quality", "return", "taobao", "A", "2026-11", 1, 0, 1, 0, 500),
    ("size_large", "return", "taobao", "A", "2026-11", 1, 1, 2, 1000, 500),
    ("size_large", "return", "taobao", "B", "2026-11", 1, 1, 1, 0, 1000),
]
_ROUTES = (
    row("routes", 1, act="decided", warehouses="WH-A+WH-B", parcels=2, cost=1201, other=1500,
        margin=299),
    row("routes", 2, act="decided", warehouses="WH-A", parcels=1, cost=800),
    row("routes", 3, act="decided", warehouses="", unplaced=1),
    row("routes", 2, 7, "03 09:00", act="overridden", warehouses="WH-C", parcels=1, cost=950,
        other=800, margin=150),
    row("routes", 1, 7, "03 09:00", act="redecided", outcome="moved"),
    promise(1, 1, "made"),
    promise(1, 8, "kept"),
    promise(2, 1, "made"),
    promise(2, 8, "late"),
)  # fmt: skip
ROUTES = [
    ("2026-11-02", "-", 1, 0, 0, 0, 1, 0, 0, 0, None, 0, None),
    ("2026-11-02", "WH-A", 2, 2001, 1001, 1, 0, 0, 0, 0, 299, 2, 500),
    ("2026-11-03", "-", 0, 0, None, 0, 0, 0, 0, 1, None, 0, None),
    ("2026-11-03", "WH-C", 0, 0, None, 0, 0, 1, 150, 0, None, 0, None),
]
_STOCK = (
    row("stock_moves", 1, when="02 09:00", warehouse="WH-A", sku="A", on_hand=100),
    row("stock_moves", 2, when="03 09:00", warehouse="WH-A", sku="A", on_hand=-10),
    row("stock_moves", 3, when="03 09:00", warehouse="WH-A", sku="A", safety=5),
    row("shipped_lines", 4, when="04 09:00", warehouse="WH-A", sku="A", units=30),
    row("returned_lines", 4, 9, "05 09:00", warehouse="WH-A", sku="A", units=2, outcome="restock"),
    row("returned_lines", 4, 9, "05 09:00", warehouse="WH-A", sku="A", units=9, outcome="scrap"),
    row("shipped_lines", 5, when="30 23:59", warehouse="WH-A", sku="A", units=2),
    row("shipped_lines", 6, warehouse="WH-A", sku="A", units=10, occurred=at("30 23:59") + MINUTE),
)
STOCK = [
    ("A", "WH-A", "2026-11", 0, 100, 2, 32, 10, 60, 1067, 56),
    ("A", "WH-A", "2026-12", 60, 0, 0, 10, 0, 50, 182, 150),
]
_DEMAND = (
    order(1, "07 09:00", created=at("07 09:00") - 37 * 86_400_000),  # 1 October
    row("lines", 1, line=1, sku="A", quantity=3, origin="placed"),
    row("lines", 1, line=2, sku="B", quantity=1, origin="placed", gift="rule"),
    row("lines", 1, 9, line=3, sku="C", quantity=1, origin="exchange"),
    order(2, "07 23:00"),
    row("lines", 2, line=1, sku="A", quantity=5, origin="placed"),
    row("line_changes", 2, 3, "09 09:00", line=1, was_quantity=5, now_quantity=4),
    row("line_changes", 2, 3, "09 09:00", line=2, sku="D", was_quantity=0, now_quantity=2),
    row("cancelled_lines", 2, 4, "09 10:00", line=1, sku="A", units=1),
    order(3, "09 09:00"),
    row("lines", 3, line=1, sku="A", quantity=1, origin="placed"),
)
DEMAND = [
    ("2026-10-01", "holiday", "330000", "330100", "A", 1, 3, 0, 3),
    ("2026-10-01", "holiday", "330000", "330100", "B", 1, 1, 0, 1),
    ("2026-11-07", "weekend", "330000", "330100", "A", 1, 4, 1, 3),
    ("2026-11-07", "weekend", "330000", "330100", "D", 1, 2, 0, 2),
    ("2026-11-09", "workday", "330000", "330100", "A", 1, 1, 0, 1),
]


def _bought(no: int, *skus: str) -> list[Any]:
    return [
        row("lines", no, fact=no, line=n, sku=sku, quantity=1, origin="placed")
        for n, sku in enumerate(skus, 1)
    ]


_BASKETS = (
    *_bought(1, "A", "B", "B"),
    *_bought(2, "A", "B", "C"),
    *_bought(3, "A"),
    *_bought(4, "B", "C"),
    *_bought(5, *(f"X{n:02}" for n in range(41))),
    row("lines", 3, fact=3, line=2, sku="C", quantity=1, origin="placed", gift="rule"),
)
BASKETS = [
    ("A", "B", 2, 3, 3, 4, 500, 667, 889),
    ("A", "C", 1, 3, 2, 4, 250, 333, 667),
    ("B", "C", 2, 3, 2, 4, 500, 667, 1333),
]
_MARGIN = (
    order(1, "02 09:00"),
    row("lines", 1, line=1, sku="A", quantity=3, paid=3000, origin="placed"),
    row("lines", 1, line=2, sku="B", quantity=1, paid=500, origin="placed"),
    row("line_changes", 1, 4, line=1, was_quantity=3, was_paid=3000, now_quantity=3,
        now_paid=2999),
    row("shipped_lines", 1, 5, "03 09:00", line=1, sku="A", units=2),
    row("shipped_lines", 1, 6, "04 09:00", line=1, sku="A", units=1),
    row("shipped_lines", 1, 6, "04 09:00", line=2, sku="B", units=1),
    row("returned_lines", 1, 7, "06 09:00", line=1, sku="A", units=1, outcome="restock"),
    row("refund_lines", 1, 8, "06 10:00", case=of(11), line=1, amount=999, units=1),
    row("returns", 11, order=of(1), kind="return", reason="quality"),
    row("refund_lines", 1, 9, "06 10:00", case=of(12), line=2, amount=100, units=0),
    row("returns", 12, order=of(1), kind="refund_only", reason="cancelled"),
    order(2, "02 09:00", currency="USD"),
    row("shipped_lines", 2, 5, line=1, sku="A", units=1),
    row("costs", 0, sku="A", since=at("01 00:00"), cost=600),
    row("costs", 0, sku="A", since=at("04 00:00"), cost=700),
)  # fmt: skip
MARGIN = [
    ("2026-11-03", "taobao", "A", 2, 1999, 0, 1200, 799, 400, 0),
    ("2026-11-04", "taobao", "A", 1, 999, 0, 700, 299, 299, 0),
    ("2026-11-04", "taobao", "B", 1, 500, 0, 0, 0, None, 1),
    ("2026-11-06", "taobao", "A", 0, 0, 999, -700, -299, 299, 0),
]

CASES: dict[str, tuple[tuple[Any, ...], list[tuple[Any, ...]]]] = {
    "fulfilment-heatmap": (_TWO_LATE, HEATMAP),
    "promises-kept": ((*_TWO_LATE, *_HELD), PROMISES),
    "channel-funnel": (_FUNNEL, FUNNEL),
    "customer-preferences": (_PREFERENCES, PREFERENCES),
    "returns": (_RETURNS, RETURNS),
    "routing-quality": (_ROUTES, ROUTES),
    "stock-turnover": (_STOCK, STOCK),
    "demand-series": (_DEMAND, DEMAND),
    "baskets": (_BASKETS, BASKETS),
    "margin": (_MARGIN, MARGIN),
}


def by_source(said: tuple[Any, ...]) -> Rows:
    """Give a log's rows by their source."""
    found: Rows = {name: [] for name in SOURCES}
    for source, made in said:
        found[source].append(made)
    return found
