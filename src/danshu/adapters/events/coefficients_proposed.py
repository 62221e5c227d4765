"""评分系数建议: coefficients proposed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Learned coefficients beside those in use, on days that neither has seen."""

    brier_ppm: Annotated[
        tuple[int, int], Meta(description="Brier score in millionths, before and after.")
    ]
    cost_error_fen: Annotated[
        tuple[int, int], Meta(description="Error of the cost of lateness in 分, before and after.")
    ]
    eta_mae_min: Annotated[
        tuple[int, int], Meta(description="Mean error of the arrival in minutes, before and after.")
    ]
    figures: Annotated[str, Meta(description="SHA-256 (hex) of the coefficients.")]
    no: Annotated[int, Meta(description="Number of the coefficients.")]
    parcels: Annotated[int, Meta(description="Parcels that it was measured on.")]
    passed: Annotated[bool, Meta(description="Whether nothing is worse.")]


class CoefficientsProposed:
    """coefficients.proposed, told to the world."""

    name: Final = "danshu.coefficients.proposed"
    fact: Final = "coefficients.proposed"
    topic: Final = "route"
    title: Final = "评分系数建议"
    title_en: Final = "Coefficients proposed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
