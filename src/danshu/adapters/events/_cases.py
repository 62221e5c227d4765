"""After-sales cases, as several events tell them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class CaseShare(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What of the money is for a line."""

    amount: Annotated[int, Meta(description="Minor units.")]
    line: Annotated[int, Meta(description="Number of the line.")]
    quantity: Annotated[int, Meta(description="Units.")]


class Sum(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a case pays."""

    over: Annotated[int, Meta(description="What was overpaid, minor units.")] = 0
    own: Annotated[int, Meta(description="A sum that pays nothing back, minor units.")] = 0
    postage: Annotated[int, Meta(description="Postage, minor units.")] = 0
    shares: Annotated[tuple[CaseShare, ...], Meta(description="What is for which line.")] = ()


class CaseLine(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is asked for a line."""

    line: Annotated[int, Meta(description="Number of the line.")]
    lowered: Annotated[int, Meta(description="By how much its price is lowered, minor units.")] = 0
    quantity: Annotated[int, Meta(description="Units.")] = 0
    sku: Annotated[str, Meta(description="Code of the SKU.")]


class ExchangeGoods(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Goods that are to be sent in exchange."""

    price: Annotated[int, Meta(description="Price of one unit, minor units.")]
    quantity: Annotated[int, Meta(description="Units.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]
    title: Annotated[str, Meta(description="Title of the goods.")] = ""


class Inspected(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an inspector found of a line."""

    grade: Annotated[str, Meta(description="Condition.")]
    line: Annotated[int, Meta(description="Number of the line.")]
    outcome: Annotated[str, Meta(description="restock, set_aside or scrap.")]
    quantity: Annotated[int, Meta(description="Units.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]


class ExemptGoods(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Goods that do not go back without a reason."""

    sku: Annotated[str, Meta(description="Code of the SKU.")]
    why: Annotated[str, Meta(description="Which exception of the law it is.")]


class ReasonDays(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """For how many days a reason may be given."""

    days: Annotated[int, Meta(description="Days after receipt.")]
    reason: Annotated[str, Meta(description="Code of the reason.")]


class RefundShare(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What of a refund is for a line."""

    amount: Annotated[int, Meta(description="Minor units.")]
    line: Annotated[int, Meta(description="Number of the line.")]
    quantity: Annotated[int, Meta(description="Units; 0 where only the price was made good.")]
    withheld: Annotated[
        int, Meta(description="What the units were worth beyond it, minor units.")
    ] = 0
