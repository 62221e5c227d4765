"""Channel `amazon`: SP-API Orders v0, `getOrder` together with the pages of `getOrderItems`.

SP-API does not push order bodies (its notifications come by SQS): our own poller fetches both
answers, puts them into {"order": …, "items": … or [page, page, …]} and signs the body with the
account's secret. ItemPrice is for all units of the item. Amazon's order list shows what is still
Pending; it must not be shipped.
"""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from msgspec import Struct

from danshu.adapters.channels._drafting import agree, pay_lines, read_each
from danshu.adapters.channels._fields import Fields, open_message, read_amount, refuse_input
from danshu.adapters.channels._signing import OWN_HEADER, answer_json, same, sign_hmac_hex
from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.ports.channel import (
    Account,
    Acknowledgement,
    Draft,
    DraftKind,
    DraftLine,
    Message,
    Receiver,
)

_PENDING = frozenset({"PendingAvailability", "Pending"})
_CANCELED = "Canceled"
_STATUSES = frozenset(
    {
        *_PENDING,
        "Unshipped",
        "PartiallyShipped",
        "Shipped",
        "InvoiceUnconfirmed",
        "Unfulfillable",
        _CANCELED,
    }
)
_GOODS = ("ItemPrice", "ItemTax")
_OFF = ("PromotionDiscount", "PromotionDiscountTax")


class _Money:
    """Reads Amazon's money objects of one order and remembers what was odd about them."""

    def __init__(self) -> None:
        self.currency = ""
        self.mixed = False
        self.rounded = False

    def read(self, owner: Fields, name: str) -> int:
        """Minor units of {"CurrencyCode", "Amount"}; 0 where it is absent."""
        if not owner.has(name):
            return 0
        money = owner.part(name)
        currency = money.currency("CurrencyCode")
        self.currency = self.currency or currency
        if currency != self.currency:
            self.mixed = True  # adding pounds to yen would be wrong; a person looks at it
            return 0
        place = money.place("Amount")
        try:
            minor = read_amount(money.value("Amount"), currency, place)
        except InputError:
            # some answers carry decimals that the currency does not have (25.99 JPY)
            minor = _read_rounded(money.value("Amount"), currency, place)
            self.rounded = True
        if minor < 0:
            refuse_input("out_of_range", f"{name} is negative", place)
        return minor


def _read_rounded(value: object, currency: str, place: str) -> int:
    for quantum in ("0.01", "1"):
        try:
            rounded = Decimal(str(value)[:32]).quantize(Decimal(quantum), ROUND_HALF_UP)
            return read_amount(rounded, currency, place)
        except (InvalidOperation, InputError):
            continue
    refuse_input("bad_money", "not an amount", place)


class _Item(Struct, frozen=True, kw_only=True):
    line: DraftLine
    price: int  # all units
    share: int  # what the buyer pays for them, tax in, promotions off
    extras: int  # tax of the goods is in `share`; postage is apart
    postage: int
    off: int
    cancel_asked: bool


class Amazon:
    """Amazon, orders that the merchant ships."""

    name = "amazon"
    title = "Amazon"

    def verify(self, message: Message, account: Account) -> bool:
        """Check our own poller's `x-danshu-signature`: hex HMAC-SHA256 of the body."""
        if not account.secret:
            return False
        given = message.headers.get(OWN_HEADER, "").lower()
        return same(given, sign_hmac_hex(account.secret, message.body))

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read {"order", "items"}; one without the other is refused. Raises InputError."""
        message = open_message(body)
        if not message.has("order"):
            inner = _unwrap(message)
            if inner.has("OrderItems"):
                refuse_input("order_missing", "items without their order", "/order")
            if inner.has("OrderStatus"):
                refuse_input("items_missing", "an order without its items", "/items")
            refuse_input("missing", "neither order nor items", "/order")
        if not message.has("items"):
            refuse_input("items_missing", "an order without its items", "/items")
        pages = [_unwrap(page) for page in _list_pages(message)]
        return read_each([_unwrap(message.part("order"))], lambda order: _read_order(order, pages))

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer our own poller."""
        answer = {"accepted": accepted, "reason": reason}
        status = 200 if accepted else 422
        return answer_json(json.dumps(answer, ensure_ascii=False).encode(), status)


def _unwrap(message: Fields) -> Fields:
    return message.part("payload") if message.has("payload") else message


def _list_pages(message: Fields) -> list[Fields]:
    if message.is_object("items"):
        return [message.part("items")]
    pages = list(message.parts("items"))
    if not pages:
        refuse_input("items_missing", "no page of items", "/items")
    return pages


def _read_order(order: Fields, pages: list[Fields]) -> Draft:
    number = order.ident("AmazonOrderId")
    status = order.text("OrderStatus")
    if status not in _STATUSES:
        refuse_input("unknown_status", "not a status of Amazon", order.place("OrderStatus"))
    for page in pages:
        if page.ident("AmazonOrderId", number) != number:
            refuse_input("wrong_order", "items of another order", page.place("AmazonOrderId"))
    money = _Money()
    said = money.read(order, "OrderTotal")
    pending = status in _PENDING
    items = [
        _read_item(item, money, pending)
        for page in pages
        for item in page.parts("OrderItems")
        if item.integer("QuantityOrdered", high=limits.LINE_QUANTITY) > 0  # 0 once it is cancelled
    ]
    complete = not pages[-1].text("NextToken", "")
    postage = sum(item.postage for item in items)
    total = sum(item.share + item.extras for item in items) + postage
    if order.has("OrderTotal") and complete and not (money.mixed or money.rounded):
        agree(said, total, "OrderTotal", order.place("OrderTotal"))
    cancelled = status == _CANCELED
    paid = 0 if pending or cancelled else total
    placed_ms = order.instant("PurchaseDate", required=True)
    return Draft(
        kind=DraftKind.CANCEL if cancelled else DraftKind.ORDER,
        channel=Amazon.name,
        shop=order.ident("MarketplaceId", ""),
        number=number,
        status=status,
        currency=money.currency or "XXX",  # ISO 4217: no currency; a cancelled order has no amounts
        lines=pay_lines([item.line for item in items], paid, total, [i.share for i in items]),
        goods=sum(item.price for item in items),
        discount=sum(item.off for item in items),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=placed_ms,
        paid_ms=placed_ms if paid else 0,
        ship_by_ms=order.instant("LatestShipDate"),
        receiver=_read_receiver(order.part("ShippingAddress")),
        hold=_find_hold(order, items, money, complete),
        of_number=number if cancelled else "",
    )


def _read_item(item: Fields, money: _Money, pending: bool) -> _Item:
    quantity = item.quantity("QuantityOrdered")
    if not pending and not item.has("ItemPrice"):
        refuse_input("missing", "ItemPrice is missing", item.place("ItemPrice"))
    price = money.read(item, "ItemPrice")
    off = sum(money.read(item, name) for name in _OFF)
    goods = sum(money.read(item, name) for name in _GOODS)
    wrap = item.part("BuyerInfo")
    extras = money.read(wrap, "GiftWrapPrice") + money.read(wrap, "GiftWrapTax")
    extras += money.read(item, "CODFee") - money.read(item, "CODFeeDiscount")
    postage = money.read(item, "ShippingPrice") + money.read(item, "ShippingTax")
    postage -= money.read(item, "ShippingDiscount") + money.read(item, "ShippingDiscountTax")
    if goods < off or postage < 0 or extras < 0:
        refuse_input("amounts_disagree", "a discount exceeds its price", item.pointer)
    asked = item.part("BuyerRequestedCancel").value("IsBuyerRequestedCancel")
    return _Item(
        line=DraftLine(
            line=item.ident("OrderItemId"),
            sku=item.ident("SellerSKU", "", limits.SKU_CHARS) or item.ident("ASIN"),
            title=item.text("Title", ""),
            quantity=quantity,
            price=price // quantity,
            paid=0,
        ),
        price=price,
        share=goods - off,
        extras=extras,
        postage=postage,
        off=off,
        cancel_asked=asked is True or asked == "true",
    )


def _find_hold(order: Fields, items: list[_Item], money: _Money, complete: bool) -> str:
    """Why the order may not be released: what is wrong with the data first, then the business."""
    status = order.text("OrderStatus")
    reasons = (
        ("items_incomplete", not complete),
        ("mixed_currency", money.mixed),
        ("amounts_rounded", money.rounded),
        ("payment_pending", status in _PENDING),
        ("invoice_unconfirmed", status == "InvoiceUnconfirmed"),
        ("unfulfillable", status == "Unfulfillable"),
        ("fulfilled_by_platform", order.text("FulfillmentChannel", "") == "AFN"),
        ("cancel_requested", any(item.cancel_asked for item in items)),
    )
    return next((reason for reason, holds in reasons if holds), "")


def _read_receiver(address: Fields) -> Receiver:
    street = [address.text(f"AddressLine{number}", "") for number in (1, 2, 3)]
    return Receiver(
        name=address.text("Name", ""),
        phone=address.text("Phone", ""),
        country=address.text("CountryCode", "", 2),
        province=address.text("StateOrRegion", ""),
        city=address.text("City", ""),
        district=address.text("District", "") or address.text("County", ""),
        detail=" ".join(part for part in street if part),
        postcode=address.text("PostalCode", ""),
    )
