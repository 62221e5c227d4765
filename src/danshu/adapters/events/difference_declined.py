"""差异复核驳回: difference declined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The second person did not close it; it is open again."""

    actual: Annotated[int, Meta(description="The amount that was found, in minor units (分).")]
    expected: Annotated[int, Meta(description="The amount that was expected, in minor units (分).")]
    subject: Annotated[str, Meta(description="What it is about, by its lasting name.")]


class DifferenceDeclined:
    """difference.declined, told to the world."""

    name: Final = "danshu.difference.declined"
    fact: Final = "difference.declined"
    topic: Final = "anomaly"
    title: Final = "差异复核驳回"
    title_en: Final = "Difference declined"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
