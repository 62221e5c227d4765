"""Routes, as several events tell them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Closed(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A warehouse that was closed for the order."""

    reason: Annotated[str, Meta(description="Code of the reason.")]
    storage: Annotated[str, Meta(description='Storage class; "" for all goods.')]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class PlanTotal(Struct, frozen=True, array_like=True, gc=False):
    """A plan, written as an array: its cost in 分, its warehouses."""

    total_fen: Annotated[int, Meta(description="Cost, 分.")]
    warehouses: Annotated[tuple[str, ...], Meta(description="Codes of the warehouses.")]


class Ruling(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What policy said of an order."""

    forbid: Annotated[tuple[str, ...], Meta(description="Warehouses that may not be chosen.")] = ()
    only: Annotated[str, Meta(description='The warehouse that a person chose; "" for none.')] = ""
    parcels_max: Annotated[int, Meta(description="At most so many parcels; 0 for no limit.")] = 0
    policy: Annotated[str, Meta(description="SHA-256 (hex) of the policy set.")]
    prefer: Annotated[
        tuple[tuple[str, int], ...], Meta(description="Warehouses and 分 in their favour.")
    ] = ()
    rules: Annotated[
        tuple[str, ...], Meta(description="Names of the rules that were hit, in order.")
    ] = ()
