"""What an amendment 改单 says on the order's stream: what was, what is, what it frees and owes."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.facts import Planned
from danshu.kernel.fact import fact_type


class LineTerms(Struct, frozen=True, kw_only=True):
    """What a line says: units, the price of one, what the buyer pays for all; minor units."""

    paid: int
    price: int
    quantity: int


class LineAmended(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. `was` is None for a new one, which has its SKU; `now.quantity` 0 = given up.

    `replaces` is the line that a substitute 替代 stands in for.
    """

    line: int
    now: LineTerms
    replaces: int = 0
    sku: str = ""
    title: str = ""
    was: LineTerms | None = None


class Sums(Struct, frozen=True, kw_only=True):
    """The header's amounts in minor units."""

    discount: int
    goods: int
    total: int


@fact_type("order.amended")
class OrderAmended(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """改单: the contract was changed; only what changed is named, with what it was.

    `freed` leaves the warehouses that had not begun. `owed` is what the buyer paid too much by this
    (amendments add up), `due` what is still to be paid by now, both in minor units. `receiver` is
    the vault's row of a new receiver, "" where it stayed. `wanted` is the day on which the buyer
    wants it (YYYY-MM-DD, in Shanghai). `consent` names the fact of the buyer's own word, where a
    promise asked for it.
    """

    by: str
    consent: str = ""
    due: int = 0
    freed: tuple[Planned, ...] = ()
    lines: tuple[LineAmended, ...] = ()
    now: Sums | None = None
    owed: int = 0
    reason: str
    receiver: str = ""
    region: str = ""
    region_was: str = ""
    wanted: str = ""
    wanted_was: str = ""
    was: Sums | None = None
