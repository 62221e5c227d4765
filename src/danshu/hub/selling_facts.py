"""The fact types of what is sold beside single goods: gifts 赠品 and preorders 预订."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.intake.gifts import Given, Kept
from danshu.kernel.fact import fact_type


class Preordered(Struct, frozen=True, kw_only=True):
    """Units of a line that were sold against announced goods; `arrives` is RFC 3339."""

    arrives: str
    line: int
    sku: str
    units: int


@fact_type("gifts.decided")
class GiftsDecided(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """赠品: which rules gave what with the order and why, and which were met and gave nothing.

    Amounts are minor units that were paid for the goods of the rule.
    """

    given: tuple[Given, ...]
    kept: tuple[Kept, ...] = ()


@fact_type("preorder.taken")
class PreorderTaken(Struct, frozen=True, kw_only=True):
    """预订: units were sold against goods that are announced, within the units announced."""

    lines: tuple[Preordered, ...]


class AllowanceChange(Struct, frozen=True, kw_only=True):
    """By how many units a line uses more of an allowance ("gift/RULE", "preorder/SKU"); negative
    units were given back.
    """

    line: int
    name: str
    used: int


@fact_type("allowances.changed")
class AllowancesChanged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """限量名额变动: cancelled or amended units went back to what is limited, or more were taken.

    `again` names gift rules that the buyer has once, and may have again.
    """

    again: tuple[str, ...] = ()
    changes: tuple[AllowanceChange, ...] = ()
