"""权利消灭: power ended."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """It can't be used any more."""

    action: Annotated[str, Meta(description="Code of the contract action 契约动作.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    reason: Annotated[str, Meta(description="performed, closed or verdict_changed.")]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]


class PowerEnded:
    """power.ended, told to the world."""

    name: Final = "danshu.power.ended"
    fact: Final = "power.ended"
    topic: Final = "promise"
    title: Final = "权利消灭"
    title_en: Final = "Power ended"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
