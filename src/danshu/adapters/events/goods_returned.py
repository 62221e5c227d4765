"""退货入库: goods returned."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import Share


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Goods that had left lie in a warehouse again, inspected."""

    case: Annotated[str, Meta(description="The stream of the after-sales case 售后单.")]
    outcome: Annotated[str, Meta(description="restock, set_aside or scrap.")]
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines that it is about.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class GoodsReturned:
    """goods.returned, told to the world."""

    name: Final = "danshu.goods.returned"
    fact: Final = "goods.returned"
    topic: Final = "stock"
    title: Final = "退货入库"
    title_en: Final = "Goods returned"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
