"""Asked of who repairs a device 维修: come with these parts for these symptoms; or do not."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class WantedPart(Struct, frozen=True, kw_only=True):
    """A spare that is to be brought along: the merchant's own SKU and its units."""

    sku: str
    quantity: int
    title: str = ""


class RepairOrder(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A structured repair order. `symptoms` and `action` are codes of the intent graph, `figures`
    are in thousandths, `wave` is the SHA-256 of the waveform, picture or words that show it;
    `regulation` is the number of the regulation that asks for the action, with its clause.

    `warranty`: the merchant claims it. `from_`, `until` (RFC 3339): when somebody may come, "" =
    any time.
    """

    device: str
    name: str = ""
    serial: str = ""
    site: str = ""
    symptoms: tuple[str, ...] = ()
    figures: Mapping[str, int] = {}
    wave: str = ""
    action: str
    regulation: str = ""
    parts: tuple[WantedPart, ...] = ()
    warranty: bool = False
    from_: str = ""
    until: str = ""


class RepairBooked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The supplier comes: `visit` by its clock (RFC 3339), the price in 分, -1 = not said."""

    visit: str = ""
    price_fen: int = -1


class RepairWithdrawn(Struct, frozen=True, kw_only=True):
    """A repair is not wanted any more: the key of its order, the supplier's number, and why."""

    key: str
    reference: str
    reason: str


class RepairUndone(Struct, frozen=True, kw_only=True):
    """Nobody comes; `at` by the supplier's clock."""

    at: str = ""
