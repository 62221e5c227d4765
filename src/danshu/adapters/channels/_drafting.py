"""What all platforms' drafts have in common: shares, sums that must agree, last checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from danshu.adapters.channels._fields import Fields, check_minor, refuse_input
from danshu.kernel import limits
from danshu.kernel.money import apportion
from danshu.ports.channel import Draft, DraftKind, DraftLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def share(total: int, weights: Sequence[int]) -> list[int]:
    """Apportion minor units by weights; where all weigh nothing, evenly; among none, nothing."""
    if total < 0:
        refuse_input("amounts_disagree", "discounts exceed the prices", "")
    if total == 0 or not weights:
        return [0] * len(weights)
    return apportion(total, list(weights) if sum(weights) > 0 else [1] * len(weights))


def agree(said: int, counted: int, what: str, pointer: str) -> None:
    """Refuse a message whose own amounts contradict one another (minor units)."""
    if said != counted:
        refuse_input("amounts_disagree", f"{what}: says {said}, adds up to {counted}", pointer)


def pay_lines(
    lines: Sequence[DraftLine], paid: int, total: int, shares: Sequence[int]
) -> tuple[DraftLine, ...]:
    """Give each line its share of what has come in: its whole share, nothing, or in proportion."""
    parts = list(shares) if paid == total else share(paid, shares)
    return tuple(
        msgspec.structs.replace(line, paid=part) for line, part in zip(lines, parts, strict=True)
    )


def distinct(names: Sequence[str]) -> list[str]:
    """Number repeated line ids (x, x.2, x.3): some platforms have none of their own."""
    seen: dict[str, int] = {}
    result: list[str] = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return result


def visible(ciphers: dict[str, str]) -> dict[str, str]:
    """Keep the ciphertexts that are there."""
    return {field: text for field, text in ciphers.items() if text}


def check_draft(draft: Draft, pointer: str) -> Draft:
    """Return the draft if it is one that the hub can take."""
    fewest = 0 if draft.kind is DraftKind.CANCEL else 1  # Amazon empties what it cancels
    if not fewest <= len(draft.lines) <= limits.ORDER_LINES:
        refuse_input("lines", f"an order has 1 to {limits.ORDER_LINES} lines", pointer)
    if draft.created_ms <= 0:
        refuse_input("missing", "the time of the order is missing", pointer)
    for amount in (draft.goods, draft.discount, draft.postage, draft.total, draft.paid):
        if check_minor(amount, pointer) < 0:
            refuse_input("out_of_range", "an amount is negative", pointer)
    for line in draft.lines:
        if check_minor(line.price * line.quantity, pointer) < 0 or line.paid < 0:
            refuse_input("out_of_range", "an amount of a line is negative", pointer)
        if not line.sku or len(line.sku) > limits.SKU_CHARS:
            refuse_input("sku", f"a SKU has 1 to {limits.SKU_CHARS} characters", pointer)
    if sum(line.paid for line in draft.lines) > draft.paid:
        refuse_input("amounts_disagree", "the lines' shares exceed what was paid", pointer)
    if len({line.line for line in draft.lines}) != len(draft.lines):
        refuse_input("duplicate_line", "two lines have the same id", pointer)
    return draft


def read_each(orders: Sequence[Fields], read: Callable[[Fields], Draft]) -> tuple[Draft, ...]:
    """Read every order of a message, none or all."""
    if not orders:
        refuse_input("missing", "the message holds no order", "")
    if len(orders) > limits.CHANNEL_ORDERS:
        refuse_input("too_many", f"more than {limits.CHANNEL_ORDERS} orders", "")
    return tuple(check_draft(read(order), order.pointer) for order in orders)
