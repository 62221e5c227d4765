"""Fact types of stock and master data."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


class Moved(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changed for one SKU in one warehouse, in units."""

    in_transit: int = 0
    on_hand: int = 0
    safety: int = 0
    sku: str


@fact_type("stock.moved")
class StockMoved(Struct, frozen=True, kw_only=True):
    """库存变动: receipt, count or adjustment; the differences, so that their sum is the stock."""

    lines: tuple[Moved, ...]
    reason: str
    warehouse: str


@fact_type("quota.set")
class QuotaSet(Struct, frozen=True, kw_only=True):
    """渠道配额: at most `cap` units of the row may be sold on the channel; -1 lifts it."""

    cap: int
    channel: str
    sku: str
    warehouse: str


@fact_type("master.imported")
class MasterImported(Struct, frozen=True, kw_only=True):
    """主数据导入: which rows were written, by digest of their canonical bytes."""

    digest: str
    kind: str
    rows: int
