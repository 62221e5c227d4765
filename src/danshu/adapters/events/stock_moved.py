"""库存变动: stock moved."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Moved


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Stock changed: the differences, so that their sum is the stock."""

    lines: Annotated[tuple[Moved, ...], Meta(description="Differences in units, by SKU.")]
    reason: Annotated[str, Meta(description="receipt, count, adjustment or another code.")] = ""
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class StockMoved:
    """stock.moved, told to the world."""

    name: Final = "danshu.stock.moved"
    fact: Final = "stock.moved"
    topic: Final = "stock"
    title: Final = "库存变动"
    title_en: Final = "Stock moved"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
