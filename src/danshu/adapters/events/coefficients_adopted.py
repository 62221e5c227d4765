"""评分系数启用: coefficients adopted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The coefficients that decisions use from now on."""

    act: Annotated[str, Meta(description="adopt or rollback.")]
    before: Annotated[int, Meta(description="Number of the coefficients before.")]
    figures: Annotated[str, Meta(description="SHA-256 (hex) of the coefficients.")]
    no: Annotated[int, Meta(description="Number of the coefficients; 0 are those shipped.")]


class CoefficientsAdopted:
    """coefficients.adopted, told to the world."""

    name: Final = "danshu.coefficients.adopted"
    fact: Final = "coefficients.adopted"
    topic: Final = "route"
    title: Final = "评分系数启用"
    title_en: Final = "Coefficients adopted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
