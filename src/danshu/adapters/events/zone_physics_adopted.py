"""温区热参数启用: zone physics adopted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The physics that a cold zone is forecast by from now on."""

    act: Annotated[str, Meta(description="adopt or retire.")]
    ambient_tenth_c: Annotated[
        int, Meta(description="Temperature outside the zone, in tenths of °C.")
    ]
    before: Annotated[int, Meta(description="Version that was in force.")]
    door_hundredth: Annotated[int, Meta(description="Factor of an open door, in hundredths.")]
    error_tenth_min: Annotated[
        tuple[int, int],
        Meta(description="Mean error in tenths of a minute, before and now; -1 for none."),
    ]
    no: Annotated[int, Meta(description="Version of the physics; 0: as the floor declares.")]
    reach_tenth_c: Annotated[int, Meta(description="How far the zone can cool, in tenths of °C.")]
    tau_min: Annotated[int, Meta(description="Time constant of the zone, in minutes.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]
    zone: Annotated[str, Meta(description="The cold zone.")]


class ZonePhysicsAdopted:
    """zone_physics.adopted, told to the world."""

    name: Final = "danshu.zone_physics.adopted"
    fact: Final = "zone_physics.adopted"
    topic: Final = "anomaly"
    title: Final = "温区热参数启用"
    title_en: Final = "Zone physics adopted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
