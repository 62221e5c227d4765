"""权利产生: power opened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A breach entitles its holder to an action."""

    action: Annotated[str, Meta(description="Code of the contract action 契约动作.")]
    code: Annotated[str, Meta(description="Code of the promise.")]
    definition: Annotated[str, Meta(description="SHA-256 (hex) of the definition that holds.")]
    holder: Annotated[
        str, Meta(description="Whose it is: the party of the promise, such as buyer.")
    ]
    step: Annotated[int, Meta(description="Number of the step of the breach chain, from 0.")]


class PowerOpened:
    """power.opened, told to the world."""

    name: Final = "danshu.power.opened"
    fact: Final = "power.opened"
    topic: Final = "promise"
    title: Final = "权利产生"
    title_en: Final = "Power opened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
