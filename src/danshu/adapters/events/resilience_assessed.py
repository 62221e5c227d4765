"""韧性评估: resilience assessed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The loss of each warehouse, and of pairs, was simulated on recent orders."""

    digest: Annotated[str, Meta(description="SHA-256 (hex) that names it.")]
    orders: Annotated[int, Meta(description="Orders that were looked at.")]
    outcome: Annotated[str, Meta(description="done, cancelled or failed.")]
    pairs: Annotated[int, Meta(description="Pairs of warehouses whose loss was simulated.")]
    run: Annotated[str, Meta(description="Id of the run.")]
    singles: Annotated[int, Meta(description="Warehouses whose loss was simulated.")]
    snapshot: Annotated[str, Meta(description="SHA-256 (hex) of the snapshot of the network.")]
    weakest: Annotated[str, Meta(description="Warehouse whose loss costs most.")]
    weakest_fen: Annotated[int, Meta(description="What its loss costs, in 分.")]


class ResilienceAssessed:
    """resilience.assessed, told to the world."""

    name: Final = "danshu.resilience.assessed"
    fact: Final = "resilience.assessed"
    topic: Final = "anomaly"
    title: Final = "韧性评估"
    title_en: Final = "Resilience assessed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
