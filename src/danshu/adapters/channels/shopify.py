"""Channel `shopify`: Admin REST orders and the `orders/*` webhooks.

Money is a string in the shop's currency, times are RFC 3339 with an offset. The header's totals
are the truth; lines that do not add up to them (an order edited later) are held for a person, not
refused.
"""

from __future__ import annotations

import json

from danshu.adapters.channels._drafting import agree, distinct, pay_lines, read_each, share
from danshu.adapters.channels._fields import Fields, open_message, refuse_input
from danshu.adapters.channels._signing import answer_json, same, sign_hmac_base64
from danshu.kernel import limits
from danshu.ports.channel import (
    Account,
    Acknowledgement,
    Draft,
    DraftKind,
    DraftLine,
    Message,
    Receiver,
)

_PAID = frozenset({"paid", "partially_refunded", "refunded"})
_PARTLY = "partially_paid"
_FINANCIAL = frozenset({"pending", "authorized", "voided", "expired", _PARTLY, *_PAID})


class Shopify:
    """Shopify."""

    name = "shopify"
    title = "Shopify"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `X-Shopify-Hmac-SHA256`: base64 of HMAC-SHA256 over the raw body."""
        if not account.secret:
            return False
        given = message.headers.get("x-shopify-hmac-sha256", "")
        return same(given, sign_hmac_base64(account.secret, message.body))

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read one order, bare or as {"order": …}. Raises InputError."""
        message = open_message(body)
        return read_each(
            [message.part("order") if message.is_object("order") else message], _read_order
        )

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer 200, or 422 with the reason; the platform looks at the status only."""
        answer = {"accepted": accepted, "reason": reason}
        status = 200 if accepted else 422
        return answer_json(json.dumps(answer, ensure_ascii=False).encode(), status)


def _read_order(order: Fields) -> Draft:
    currency = order.currency("currency")
    financial = order.text("financial_status", "pending")
    if financial not in _FINANCIAL:
        refuse_input("unknown_status", "not a financial status", order.place("financial_status"))
    goods, postage, total = _read_amounts(order, currency)
    items = [item for item in order.parts("line_items") if _count(item) > 0]
    edited = any(_count(item) != item.quantity("quantity") for item in order.parts("line_items"))
    names = distinct([item.ident("id") for item in items])
    lines = [_read_line(item, name, currency) for item, name in zip(items, names, strict=True)]
    worth = [line.price * line.quantity for line in lines]
    if edited and order.has("current_total_price"):
        goods, total = sum(worth), order.amount("current_total_price", currency)
        postage = min(postage, total)
    weights = [
        max(0, amount - _read_discount(item, currency))
        for item, amount in zip(items, worth, strict=True)
    ]
    fulfillment = order.text("fulfillment_status", "") or "unfulfilled"
    undone = order.has("cancelled_at") or financial in ("voided", "refunded")
    cancelled = undone and fulfillment == "unfulfilled"
    paid = 0 if cancelled else _read_paid(order, financial, total, currency)
    tax = 0 if order.value("taxes_included") is True else order.amount("total_tax", currency, 0)
    created_ms = order.instant("created_at", required=True)
    number = order.ident("id")
    return Draft(
        kind=DraftKind.CANCEL if cancelled else DraftKind.ORDER,
        channel=Shopify.name,
        number=number,
        status=f"{financial}/{fulfillment}",
        currency=currency,
        lines=pay_lines(lines, paid, total, share(total - postage, weights)),
        goods=goods,
        discount=max(0, goods + postage + tax - total),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=created_ms,
        paid_ms=(order.instant("processed_at") or created_ms) if paid else 0,
        receiver=_read_receiver(order.part("shipping_address")),
        buyer=order.part("customer").ident("id", ""),
        buyer_note=order.text("note", ""),
        hold=_find_hold(order, goods == sum(worth)),
        of_number=number if cancelled else "",
    )


def _read_amounts(order: Fields, currency: str) -> tuple[int, int, int]:
    """Goods before discounts, postage and total, after the header's own sum was checked."""
    subtotal = order.amount("subtotal_price", currency)
    postage = sum(
        line.amount("discounted_price" if line.has("discounted_price") else "price", currency)
        for line in order.parts("shipping_lines")
    )
    added = 0 if order.value("taxes_included") is True else order.amount("total_tax", currency, 0)
    added += order.amount("total_tip_received", currency, 0)
    for extra in ("original_total_duties_set", "original_total_additional_fees_set"):
        added += order.part(extra).part("shop_money").amount("amount", currency, 0)
    total = order.amount("total_price", currency)
    agree(total, subtotal + postage + added, "total_price", order.place("total_price"))
    return order.amount("total_line_items_price", currency, subtotal), postage, total


def _count(item: Fields) -> int:
    """Units still wanted; an order edit lowers current_quantity."""
    return item.integer("current_quantity", item.quantity("quantity"), high=limits.LINE_QUANTITY)


def _read_line(item: Fields, name: str, currency: str) -> DraftLine:
    variant = item.text("variant_title", "")
    properties = [
        f"{entry.text('name', '')}:{entry.text('value', '')}" for entry in item.parts("properties")
    ]
    return DraftLine(
        line=name,
        sku=item.ident("sku", "", limits.SKU_CHARS)
        or item.ident("variant_id", "")
        or item.ident("product_id", "")
        or item.ident("id"),
        title=item.text("title", ""),
        quantity=_count(item),
        price=item.amount("price", currency),
        paid=0,
        attributes=";".join([variant, *properties] if variant else properties),
    )


def _read_discount(item: Fields, currency: str) -> int:
    if item.has("discount_allocations"):
        return sum(
            part.amount("amount", currency, 0) for part in item.parts("discount_allocations")
        )
    return item.amount("total_discount", currency, 0)


def _read_paid(order: Fields, financial: str, total: int, currency: str) -> int:
    """Captured money; an authorisation is not money yet."""
    if financial in _PAID:
        return total
    if financial == _PARTLY:
        return max(0, total - order.amount("total_outstanding", currency, total))
    return 0


def _find_hold(order: Fields, lines_agree: bool) -> str:
    if order.value("test") is True:
        return "test_order"
    return "" if lines_agree else "lines_disagree"


def _read_receiver(address: Fields) -> Receiver:
    street = [address.text("address1", ""), address.text("address2", "")]
    full = f"{address.text('first_name', '')} {address.text('last_name', '')}".strip()
    return Receiver(
        name=address.text("name", "") or full,
        phone=address.text("phone", ""),
        country=address.text("country_code", "", 2),
        province=address.text("province", ""),
        city=address.text("city", ""),
        detail=" ".join(part for part in street if part),
        postcode=address.text("zip", ""),
    )
