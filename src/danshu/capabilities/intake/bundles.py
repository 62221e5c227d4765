"""Bundles 组合装: one code that is sold, the goods that are shipped. Pure.

What a bundle costs and what was paid for it falls on its components by their shares, to the minor
unit, by largest remainder: the sums are those of the bundle's line, whatever the units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence


class Part(Struct, frozen=True, kw_only=True):
    """A component: its SKU, the units of it in one bundle, and its share of the bundle's value.

    `share` is a weight beside the other components' (40 and 60, or list prices); 0 costs nothing.
    """

    sku: str
    units: int
    share: int


class Bundle(Struct, frozen=True, kw_only=True):
    """What is sold under one code. No component is a bundle itself."""

    code: str
    name: str
    parts: tuple[Part, ...]


class Piece(Struct, frozen=True, kw_only=True):
    """What falls on one component of a line: units, the list amount and what was paid for them all.

    `price` is what one unit is worth in whole minor units, rounded down; `amount` is exact.
    """

    sku: str
    quantity: int
    price: int
    amount: int
    paid: int


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Cut `total` by weights, to the unit, by largest remainder; the first wins a tie.

    Weights are 0 or more; where all are 0 they count alike. The parts sum to `total`.
    """
    whole = sum(weights)
    if not whole:
        weights, whole = [1] * len(weights), len(weights)
    parts = [total * w // whole for w in weights]
    rest = total - sum(parts)
    by_rest = sorted(range(len(parts)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_rest[:rest]:
        parts[i] += 1
    return parts


def explode(bundle: Bundle, quantity: int, price: int, paid: int) -> list[Piece]:
    """Give the components of a line of so many bundles at `price` each, `paid` for all of them."""
    shares = [part.share for part in bundle.parts]
    amounts = apportion(price * quantity, shares)
    # by the amounts, so that no component is paid more than it costs where the whole is not
    paids = apportion(paid, amounts if any(amounts) else shares)
    return [
        Piece(
            sku=part.sku,
            quantity=part.units * quantity,
            price=amount // (part.units * quantity),
            amount=amount,
            paid=given,
        )
        for part, amount, given in zip(bundle.parts, amounts, paids, strict=True)
    ]


def check(bundles: Sequence[Bundle], skus: Container[str], known: Mapping[str, Bundle]) -> None:
    """Refuse bundles that cannot be shipped. `known` are those that stand, by code.

    Raises InputError `bundle_nested`, `bundle_part`, `bundle_double` or `bundle_share`, with the
    place.
    """
    codes = {*known, *[bundle.code for bundle in bundles]}
    inside = {part.sku for bundle in (*known.values(), *bundles) for part in bundle.parts}
    for i, bundle in enumerate(bundles):
        if bundle.code in inside:
            raise InputError(
                "bundle_nested", f"{bundle.code!r} is a component of a bundle", f"/{i}/code"
            )
        seen: set[str] = set()
        for j, part in enumerate(bundle.parts):
            place = f"/{i}/parts/{j}/sku"
            if part.sku in codes:
                raise InputError("bundle_nested", f"{part.sku!r} is a bundle itself", place)
            if part.sku not in skus:
                raise InputError("bundle_part", f"there is no SKU {part.sku!r}", place)
            if part.sku in seen:
                raise InputError("bundle_double", f"{part.sku!r} is named twice", place)
            seen.add(part.sku)
        if not any(part.share for part in bundle.parts):
            raise InputError("bundle_share", "no component has a share", f"/{i}/parts")
