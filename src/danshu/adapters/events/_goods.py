"""Goods of orders, as several events tell them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Share(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A part of a line."""

    line: Annotated[int, Meta(description="Number of the line.")]
    quantity: Annotated[int, Meta(description="Units.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]


class Planned(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One fulfilment order of an allocation."""

    no: Annotated[int, Meta(description="Its number in the order, from 1.")]
    shares: Annotated[tuple[Share, ...], Meta(description="Units of lines.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class Bundled(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The bundle 组合装 that a line is a component of."""

    amount: Annotated[
        int, Meta(description="The component's share of the list price, minor units.")
    ]
    line: Annotated[int, Meta(description="The buyer's line of the bundle.")]
    price: Annotated[int, Meta(description="Price of one bundle, minor units.")]
    sku: Annotated[str, Meta(description="Code of the bundle.")]
    title: Annotated[str, Meta(description="Its title.")]
    units: Annotated[int, Meta(description="Bundles that were bought.")]


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of an order."""

    arrives: Annotated[
        str, Meta(description='预订: when its goods arrive (RFC 3339, UTC); "" for here.')
    ] = ""
    asked: Annotated[int, Meta(description="Of paid, what a dearer exchange still asks for.")] = 0
    bundle: Annotated[Bundled | None, Meta(description="The bundle that it is a component of.")] = (
        None
    )
    gift: Annotated[
        str, Meta(description='赠品: the rule that gave it, or platform; "" for none.')
    ] = ""
    known: Annotated[bool, Meta(description="Whether the SKU is known.")] = True
    limited: Annotated[bool, Meta(description="Whether it came out of a limited stock.")] = False
    line: Annotated[str, Meta(description="The platform's number of the line.")] = ""
    no: Annotated[int, Meta(description="Number, from 1.")]
    paid: Annotated[int, Meta(description="What the buyer paid for all units, minor units.")]
    price: Annotated[int, Meta(description="Price of one unit, minor units.")]
    quantity: Annotated[int, Meta(description="Units that were ordered.")]
    sku: Annotated[str, Meta(description="Code of the SKU; the platform's where unknown.")]
    title: Annotated[str, Meta(description="Title of the goods.")] = ""


class LineTerms(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a line says."""

    paid: Annotated[int, Meta(description="What the buyer pays for all units, minor units.")]
    price: Annotated[int, Meta(description="Price of one unit, minor units.")]
    quantity: Annotated[int, Meta(description="Units.")]


class LineAmended(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A line that changed."""

    line: Annotated[int, Meta(description="Number of the line.")]
    now: Annotated[LineTerms, Meta(description="What it says from now on; 0 units = given up.")]
    replaces: Annotated[int, Meta(description="The line that it stands in for; 0 for none.")] = 0
    sku: Annotated[str, Meta(description='Code of the SKU of a new line; "" otherwise.')] = ""
    title: Annotated[str, Meta(description="Title of the goods of a new line.")] = ""
    was: Annotated[
        LineTerms | None, Meta(description="What it said before; absent for a new line.")
    ] = None


class Sums(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The order's amounts."""

    discount: Annotated[int, Meta(description="Discount, minor units.")]
    goods: Annotated[int, Meta(description="Goods, minor units.")]
    total: Annotated[int, Meta(description="What the buyer pays, minor units.")]


class AllowanceChange(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Units of a line that use more or less of an allowance."""

    line: Annotated[int, Meta(description="Number of the line.")]
    name: Annotated[str, Meta(description="The allowance: gift/RULE or preorder/SKU.")]
    used: Annotated[int, Meta(description="Units more; given back where negative.")]


class Preordered(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Units that were sold against announced goods."""

    arrives: Annotated[str, Meta(description="When the goods arrive (RFC 3339, UTC).")]
    line: Annotated[int, Meta(description="Number of the line.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]
    units: Annotated[int, Meta(description="Units.")]


class Given(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A gift, and what the order reached for it."""

    fen: Annotated[int, Meta(description="What the goods of the rule came to, minor units.")]
    least_fen: Annotated[int, Meta(description="What was asked, minor units.")]
    least_units: Annotated[int, Meta(description="Units that were asked.")]
    limited: Annotated[bool, Meta(description="Whether it came out of the rule's stock.")]
    line: Annotated[int, Meta(description="Line of the gift.")]
    once: Annotated[bool, Meta(description="Whether a buyer has it once.")]
    rule: Annotated[str, Meta(description="Name of the rule.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]
    times: Annotated[int, Meta(description="How often it was reached.")]
    units: Annotated[int, Meta(description="Units that are given.")]
    units_bought: Annotated[int, Meta(description="Units of the rule's goods.")]


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A rule that was met and gave nothing."""

    because: Annotated[str, Meta(description="Why.")]
    rule: Annotated[str, Meta(description="Name of the rule.")]


class Moved(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What changed for a SKU in a warehouse."""

    in_transit: Annotated[int, Meta(description="Units on their way.")] = 0
    on_hand: Annotated[int, Meta(description="Units on hand.")] = 0
    safety: Annotated[int, Meta(description="Units kept back.")] = 0
    sku: Annotated[str, Meta(description="Code of the SKU.")]
