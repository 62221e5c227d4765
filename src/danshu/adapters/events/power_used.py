"""行使权利: power used."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Its holder does what the breach entitles them to."""

    action: Annotated[str, Meta(description="Code of the contract action 契约动作.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]


class PowerUsed:
    """power.used, told to the world."""

    name: Final = "danshu.power.used"
    fact: Final = "power.used"
    topic: Final = "promise"
    title: Final = "行使权利"
    title_en: Final = "Power used"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
