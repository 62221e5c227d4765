"""买家报损: damage reported."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The buyer says that the goods came damaged."""


class DamageReported:
    """damage.reported, told to the world."""

    name: Final = "danshu.damage.reported"
    fact: Final = "damage.reported"
    topic: Final = "order"
    title: Final = "买家报损"
    title_en: Final = "Damage reported"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
