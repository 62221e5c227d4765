"""孪生复接: twin cleared."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A stopped storage class is taken again."""

    by: Annotated[str, Meta(description="evidence or person.")]
    cause: Annotated[str, Meta(description="Why it had been stopped.")]
    storage: Annotated[str, Meta(description="Storage class of the goods.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class TwinCleared:
    """twin.cleared, told to the world."""

    name: Final = "danshu.twin.cleared"
    fact: Final = "twin.cleared"
    topic: Final = "anomaly"
    title: Final = "孪生复接"
    title_en: Final = "Twin cleared"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
