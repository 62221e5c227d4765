"""Channel `woocommerce`: WooCommerce REST v3 orders and the `order.*` webhooks.

Totals are strings in the order's currency, `price` is a JSON number; times have a `_gmt` twin
without a zone. total = Σ line totals + fees + cart tax + shipping + shipping tax.
"""

from __future__ import annotations

import html
import json
from datetime import UTC

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

_STATUSES = frozenset(
    {
        "pending",
        "checkout-draft",
        "on-hold",
        "processing",
        "completed",
        "cancelled",
        "refunded",
        "failed",
        "trash",
    }
)
_GONE = frozenset({"cancelled", "refunded", "trash"})


class Woocommerce:
    """WooCommerce."""

    name = "woocommerce"
    title = "WooCommerce"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `X-WC-Webhook-Signature`: base64 of HMAC-SHA256 over the raw body."""
        if not account.secret:
            return False
        given = message.headers.get("x-wc-webhook-signature", "")
        return same(given, sign_hmac_base64(account.secret, message.body))

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read one order. Raises InputError."""
        return read_each([open_message(body)], _read_order)

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer 200, or 422 with the reason; the shop looks at the status only."""
        answer = {"accepted": accepted, "reason": reason}
        status = 200 if accepted else 422
        return answer_json(json.dumps(answer, ensure_ascii=False).encode(), status)


def _read_order(order: Fields) -> Draft:
    currency = order.currency("currency")
    status = order.text("status")
    if status not in _STATUSES:
        refuse_input("unknown_status", "not a status of WooCommerce", order.place("status"))
    items = list(order.parts("line_items"))
    before = [item.amount("subtotal", currency) for item in items]
    after = [item.amount("total", currency) for item in items]
    postage = order.amount("shipping_total", currency, 0)
    shipping_tax = order.amount("shipping_tax", currency, 0)
    fees = sum(fee.amount("total", currency, 0, signed=True) for fee in order.parts("fee_lines"))
    cart_tax = order.amount("cart_tax", currency, 0)
    total = order.amount("total", currency)
    counted = sum(after) + fees + cart_tax + postage + shipping_tax
    agree(total, counted, "total", order.place("total"))

    paid_ms = order.wall_time("date_paid_gmt", UTC)
    cancelled = status in _GONE and not order.wall_time("date_completed_gmt", UTC)
    paid = total if paid_ms and not cancelled else 0
    weights = [
        amount + item.amount("total_tax", currency, 0)
        for item, amount in zip(items, after, strict=True)
    ]
    names = distinct([item.ident("id") for item in items])
    lines = [
        _read_line(item, name, amount)
        for item, name, amount in zip(items, names, before, strict=True)
    ]
    on_goods = max(0, total - postage - shipping_tax - max(0, fees))
    number = order.ident("id")
    return Draft(
        kind=DraftKind.CANCEL if cancelled else DraftKind.ORDER,
        channel=Woocommerce.name,
        number=number,
        status=status,
        currency=currency,
        lines=pay_lines(lines, paid, total, share(on_goods, weights)),
        goods=sum(before),
        discount=max(0, sum(before) - sum(after)) + max(0, -fees),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=order.wall_time("date_created_gmt", UTC, required=True),
        paid_ms=paid_ms,
        receiver=_read_receiver(order.part("shipping"), order.part("billing")),
        buyer=_read_buyer(order),
        buyer_note=order.text("customer_note", ""),
        of_number=number if cancelled else "",
    )


def _read_line(item: Fields, name: str, before: int) -> DraftLine:
    """`price` is after discounts and rounded: the unit price comes from `subtotal`."""
    quantity = item.quantity("quantity")
    variation = item.ident("variation_id", "")
    return DraftLine(
        line=name,
        sku=item.ident("sku", "", limits.SKU_CHARS)
        or ("" if variation == "0" else variation)
        or item.ident("product_id"),
        title=html.unescape(item.text("name", "")),
        quantity=quantity,
        price=before // quantity,
        paid=0,
        attributes=";".join(
            f"{entry.text('key', '')}:{value}"
            for entry in item.parts("meta_data")
            if isinstance(value := entry.value("value"), str)
            and not entry.text("key", "").startswith("_")
            and entry.text("value", "") == value
        ),
    )


def _read_buyer(order: Fields) -> str:
    customer = order.ident("customer_id", "")
    return "" if customer == "0" else customer  # 0 is a guest


def _read_receiver(shipping: Fields, billing: Fields) -> Receiver:
    """The shipping address; shops without a shipping phone have the buyer's only."""
    street = [shipping.text("address_1", ""), shipping.text("address_2", "")]
    names = [shipping.text("first_name", ""), shipping.text("last_name", "")]
    return Receiver(
        name=" ".join(name for name in names if name),
        phone=shipping.text("phone", "") or billing.text("phone", ""),
        country=shipping.text("country", "", 2),
        province=shipping.text("state", ""),
        city=shipping.text("city", ""),
        detail=" ".join(part for part in street if part),
        postcode=shipping.text("postcode", ""),
    )
