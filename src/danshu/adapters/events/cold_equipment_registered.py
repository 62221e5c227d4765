"""冷链设备登记: cold equipment registered."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An equipment that goes with cold goods may be used, or may not any more."""

    active: Annotated[bool, Meta(description="Whether it counts from now on.")]
    code: Annotated[str, Meta(description="Code of the equipment.")]
    name: Annotated[str, Meta(description="What it is called.")]
    warehouse: Annotated[
        str, Meta(description='Code of the warehouse whose it is; "" of none.')
    ] = ""


class ColdEquipmentRegistered:
    """cold_equipment.registered, told to the world."""

    name: Final = "danshu.cold_equipment.registered"
    fact: Final = "cold_equipment.registered"
    topic: Final = "master"
    title: Final = "冷链设备登记"
    title_en: Final = "Cold equipment registered"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
