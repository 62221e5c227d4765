"""限量名额变动: allowances changed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._goods import AllowanceChange


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Units went back to what is limited, or more were taken."""

    again: Annotated[
        tuple[str, ...], Meta(description="Gift rules that the buyer has once, and may have again.")
    ] = ()
    changes: Annotated[
        tuple[AllowanceChange, ...],
        Meta(description="By how many units each line uses more or less."),
    ] = ()


class AllowancesChanged:
    """allowances.changed, told to the world."""

    name: Final = "danshu.allowances.changed"
    fact: Final = "allowances.changed"
    topic: Final = "order"
    title: Final = "限量名额变动"
    title_en: Final = "Allowances changed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
