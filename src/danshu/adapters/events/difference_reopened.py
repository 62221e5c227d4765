"""差异重开: difference reopened."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A run found other amounts than it was closed on, or a person opened it again."""

    actual: Annotated[int, Meta(description="The amount that was found, in minor units (分).")]
    expected: Annotated[int, Meta(description="The amount that was expected, in minor units (分).")]
    subject: Annotated[str, Meta(description="What it is about, by its lasting name.")]


class DifferenceReopened:
    """difference.reopened, told to the world."""

    name: Final = "danshu.difference.reopened"
    fact: Final = "difference.reopened"
    topic: Final = "anomaly"
    title: Final = "差异重开"
    title_en: Final = "Difference reopened"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
