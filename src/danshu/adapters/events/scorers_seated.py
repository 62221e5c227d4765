"""评分器更新: scorers seated."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The second opinions that decisions hear from now on."""

    absent: Annotated[
        str, Meta(description='Why the learned arrival is silent; "" when it speaks.')
    ]
    cost_error_fen: Annotated[
        int, Meta(description="90 % quantile of the error of the cost, in 分.")
    ]
    deliveries: Annotated[int, Meta(description="Deliveries that were learned from.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) that names it.")]
    first_mae_min: Annotated[
        int, Meta(description="Mean error of the first opinion in minutes; -1 not measured.")
    ]
    limit_fen: Annotated[
        int, Meta(description="Value at risk, in 分, from which thin margins go to a person.")
    ]
    second_mae_min: Annotated[
        int, Meta(description="Mean error of the second opinion in minutes; -1 not measured.")
    ]


class ScorersSeated:
    """scorers.seated, told to the world."""

    name: Final = "danshu.scorers.seated"
    fact: Final = "scorers.seated"
    topic: Final = "route"
    title: Final = "评分器更新"
    title_en: Final = "Scorers seated"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
