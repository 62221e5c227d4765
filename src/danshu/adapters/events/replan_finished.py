"""重排完成: replan finished."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """All open orders were decided anew."""

    after_fen: Annotated[
        int, Meta(description="What the plan costs after, in 分, with what moving costs in it.")
    ]
    before_fen: Annotated[int, Meta(description="What the orders cost before, in 分.")]
    bound_fen: Annotated[int, Meta(description="At most what the cheapest plan costs, in 分.")]
    cause: Annotated[str, Meta(description="What it was done for.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) that names the inputs.")]
    gap_ppm: Annotated[
        int, Meta(description="How far the plan may be above the cheapest, in millionths.")
    ]
    moved: Annotated[int, Meta(description="Orders that were moved.")]
    orders: Annotated[int, Meta(description="Orders that were looked at.")]
    outcome: Annotated[str, Meta(description="done, cancelled or failed.")]
    refused: Annotated[int, Meta(description="Orders whose move was refused.")]
    run: Annotated[str, Meta(description="Id of the run.")]
    snapshot: Annotated[str, Meta(description="SHA-256 (hex) of the snapshot of the network.")]


class ReplanFinished:
    """replan.finished, told to the world."""

    name: Final = "danshu.replan.finished"
    fact: Final = "replan.finished"
    topic: Final = "route"
    title: Final = "重排完成"
    title_en: Final = "Replan finished"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
