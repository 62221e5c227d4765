"""Orders as Shopify, WooCommerce and Amazon write them: US dollars, buyers all over the world."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from danshu.kernel.money import apportion, format_minor
from danshu.testing.baskets import utc_time

if TYPE_CHECKING:
    import random

    from danshu.testing.baskets import Basket, Entry

_TAX_PERCENT: Final = 6
_FIRST_NAMES: Final = ("Wen", "Lin", "Sam", "Noor", "Ida", "Leo", "Mei", "Ana")
_LAST_NAMES: Final = ("Li", "Example", "Sample", "Doe", "Muster", "Prueba")
_DAY_MS: Final = 86_400_000


def _dollars(cents: int) -> str:
    return format_minor(cents, "USD")


def _names(rng: random.Random) -> tuple[str, str]:
    return rng.choice(_FIRST_NAMES), rng.choice(_LAST_NAMES)


def _taxes(basket: Basket) -> list[int]:
    """Sales tax of each line, in the US only; the lines' taxes add up to the order's."""
    due = [entry.due for entry in basket.entries]
    total = sum(due) * _TAX_PERCENT // 100 if basket.abroad.country == "US" else 0
    return apportion(total, due)


def shopify_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """Admin REST order, paid and unfulfilled.

    total_price = subtotal_price + shipping + total_tax; subtotal = Σ lines - discounts.
    """
    first, last = _names(rng)
    address = _shopify_address(basket, first, last)
    created, paid = utc_time(basket.created_ms), utc_time(basket.paid_ms)
    subtotal, tax = basket.due - basket.postage, sum(_taxes(basket))
    off = basket.off + basket.platform
    email = f"{first}.{last}.{basket.ident}@example.com".lower()
    codes = [{"code": "DEMO", "amount": _dollars(off), "type": "fixed_amount"}] if off else []
    order = {
        "id": int(f"9{basket.ident:012d}"),
        "name": f"#{1_000 + basket.ident}",
        "number": basket.ident,
        "order_number": 1_000 + basket.ident,
        "created_at": created.replace("Z", "+00:00"),
        "processed_at": paid.replace("Z", "+00:00"),
        "updated_at": paid.replace("Z", "+00:00"),
        "cancelled_at": None,
        "cancel_reason": None,
        "closed_at": None,
        "confirmed": True,
        "currency": "USD",
        "email": email,
        "financial_status": "paid",
        "fulfillment_status": None,
        "gateway": "bogus",
        "note": basket.note or None,
        "source_name": "web",
        "test": False,
        "taxes_included": False,
        "total_line_items_price": _dollars(basket.listed),
        "total_discounts": _dollars(off),
        "subtotal_price": _dollars(subtotal),
        "total_tax": _dollars(tax),
        "total_price": _dollars(basket.due + tax),
        "total_weight": sum(entry.sku.weight_g * entry.quantity for entry in basket.entries),
        "discount_codes": codes,
        "tax_lines": [{"price": _dollars(tax), "rate": 0.06, "title": "State Tax"}] if tax else [],
        "line_items": [_shopify_item(n, e, basket) for n, e in enumerate(basket.entries)],
        "shipping_lines": [
            {
                "code": "Standard",
                "price": _dollars(basket.postage),
                "source": "shopify",
                "title": "Standard",
            }
        ],
        "billing_address": address,
        "shipping_address": address,
        "fulfillments": [],
        "customer": {
            "id": 410_000_000_000 + basket.ident % 1_000_000,
            "email": email,
            "first_name": first,
            "last_name": last,
        },
    }
    return {"order": order}


def _shopify_item(n: int, entry: Entry, basket: Basket) -> dict[str, object]:
    off = entry.off + entry.shop + entry.platform
    shares = [{"amount": _dollars(off), "discount_application_index": 0}] if off else []
    return {
        "id": int(f"{n + 1}{basket.ident:012d}"),
        "product_id": 800_000_000_000 + entry.index,
        "variant_id": 900_000_000_000 + entry.index,
        "sku": entry.sku.code,
        "title": entry.sku.name,
        "name": entry.sku.name,
        "variant_title": None,
        "quantity": entry.quantity,
        "price": _dollars(entry.price),
        "grams": entry.sku.weight_g,
        "total_discount": "0.00",
        "discount_allocations": shares,
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "requires_shipping": True,
        "product_exists": True,
        "properties": [],
        "vendor": None,
    }


def _shopify_address(basket: Basket, first: str, last: str) -> dict[str, object]:
    abroad = basket.abroad
    return {
        "first_name": first,
        "last_name": last,
        "name": f"{first} {last}",
        "company": None,
        "address1": f"{1 + basket.ident % 998} Example Avenue",
        "address2": "",
        "city": abroad.city,
        "province": abroad.state or None,
        "province_code": abroad.state_code or None,
        "zip": abroad.postcode,
        "country": abroad.country_name,
        "country_code": abroad.country,
        "phone": f"555-010-{basket.phone_tail}",
    }


def woocommerce_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """REST v3 order in status processing.

    total = Σ line totals + cart_tax + shipping_total; `price` is a number, totals are strings.
    """
    first, last = _names(rng)
    taxes = _taxes(basket)
    off, tax = basket.off + basket.platform, sum(taxes)
    created, paid = _gmt(basket.created_ms), _gmt(basket.paid_ms)
    address = _woocommerce_address(basket, first, last)
    contact = {"email": f"{first}.{last}@example.com".lower(), "phone": "(555) 010-0142"}
    shipping = {
        "id": 1,
        "method_title": "Flat Rate",
        "method_id": "flat_rate",
        "total": _dollars(basket.postage),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
    }
    return {
        "id": basket.ident + 1,
        "parent_id": 0,
        "number": str(basket.ident + 1),
        "order_key": f"wc_order_{rng.randbytes(6).hex()}",
        "created_via": "checkout",
        "version": "8.9.0",
        "status": "processing",
        "currency": "USD",
        "date_created": created,
        "date_created_gmt": created,
        "date_modified": paid,
        "date_modified_gmt": paid,
        "date_paid": paid,
        "date_paid_gmt": paid,
        "date_completed": None,
        "date_completed_gmt": None,
        "discount_total": _dollars(off),
        "discount_tax": "0.00",
        "shipping_total": _dollars(basket.postage),
        "shipping_tax": "0.00",
        "cart_tax": _dollars(tax),
        "total": _dollars(basket.due + tax),
        "total_tax": _dollars(tax),
        "prices_include_tax": False,
        "customer_id": 1 + basket.ident % 5_000,
        "customer_note": basket.note,
        "billing": {**address, **contact},
        "shipping": address,
        "payment_method": "bacs",
        "payment_method_title": "Direct Bank Transfer",
        "transaction_id": "",
        "meta_data": [],
        "line_items": [
            _woocommerce_item(n, entry, tax)
            for n, (entry, tax) in enumerate(zip(basket.entries, taxes, strict=True))
        ],
        "tax_lines": [],
        "shipping_lines": [shipping],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
    }


def _woocommerce_address(basket: Basket, first: str, last: str) -> dict[str, object]:
    abroad = basket.abroad
    return {
        "first_name": first,
        "last_name": last,
        "company": "",
        "address_1": f"{1 + basket.ident % 998} Example Avenue",
        "address_2": "",
        "city": abroad.city,
        "state": abroad.state_code,
        "postcode": abroad.postcode,
        "country": abroad.country,
    }


def _woocommerce_item(n: int, entry: Entry, tax: int) -> dict[str, object]:
    return {
        "id": 300 + n,
        "name": entry.sku.name,
        "product_id": 10_000 + entry.index,
        "variation_id": 0,
        "quantity": entry.quantity,
        "tax_class": "",
        "subtotal": _dollars(entry.listed),
        "subtotal_tax": _dollars(tax),
        "total": _dollars(entry.due),
        "total_tax": _dollars(tax),
        "taxes": [],
        "meta_data": [],
        "sku": entry.sku.code,
        "price": entry.due / entry.quantity / 100,
    }


def _gmt(when_ms: int) -> str:
    return datetime.fromtimestamp(when_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def amazon_order(rng: random.Random, basket: Basket) -> dict[str, object]:
    """SP-API `getOrder` and `getOrderItems` put together as {"order", "items"}, status Unshipped.

    OrderTotal = Σ (ItemPrice + ItemTax - PromotionDiscount + ShippingPrice); ItemPrice is for all
    units.
    """
    first, last = _names(rng)
    digits = f"{basket.ident:014d}"
    number = f"990-{digits[:7]}-{digits[7:]}"
    taxes = _taxes(basket)
    abroad = basket.abroad
    postage = apportion(basket.postage, [entry.listed for entry in basket.entries])
    order = {
        "AmazonOrderId": number,
        "PurchaseDate": utc_time(basket.created_ms),
        "LastUpdateDate": utc_time(basket.paid_ms),
        "OrderStatus": "Unshipped",
        "FulfillmentChannel": "MFN",
        "NumberOfItemsShipped": 0,
        "NumberOfItemsUnshipped": sum(entry.quantity for entry in basket.entries),
        "PaymentMethod": "Other",
        "PaymentMethodDetails": ["Standard"],
        "OrderTotal": _money(basket.due + sum(taxes)),
        "MarketplaceId": "ATVPDKIKX0DER",
        "ShipmentServiceLevelCategory": "Standard",
        "OrderType": "StandardOrder",
        "EarliestShipDate": utc_time(basket.paid_ms),
        "LatestShipDate": utc_time(basket.paid_ms + 2 * _DAY_MS),
        "IsBusinessOrder": False,
        "IsPrime": False,
        "IsPremiumOrder": False,
        "IsISPU": False,
        "ShippingAddress": {
            "Name": f"{first} {last}",
            "AddressLine1": f"{1 + basket.ident % 998} Example St.",
            "City": abroad.city,
            "StateOrRegion": abroad.state_code,
            "PostalCode": abroad.postcode,
            "CountryCode": abroad.country,
        },
        "BuyerInfo": {"BuyerEmail": f"{rng.randbytes(7).hex()}@marketplace.example.com"},
    }
    items = [
        _amazon_item(n, entry, basket, (taxes[n], postage[n]))
        for n, entry in enumerate(basket.entries)
    ]
    return {
        "order": {"payload": order},
        "items": {"payload": {"AmazonOrderId": number, "OrderItems": items}},
    }


def _amazon_item(n: int, entry: Entry, basket: Basket, added: tuple[int, int]) -> dict[str, object]:
    """One order item; `added` is its tax and its part of the postage, in cents."""
    tax, postage = added
    return {
        "ASIN": f"B0DEMO{entry.index:04d}",
        "OrderItemId": f"9{basket.ident:012d}{n}",
        "SellerSKU": entry.sku.code,
        "Title": entry.sku.name,
        "QuantityOrdered": entry.quantity,
        "QuantityShipped": 0,
        "ItemPrice": _money(entry.listed),
        "ItemTax": _money(tax),
        "ShippingPrice": _money(postage),
        "PromotionDiscount": _money(entry.off + entry.shop + entry.platform),
        "ConditionId": "New",
        "IsGift": "false",
    }


def _money(cents: int) -> dict[str, str]:
    return {"CurrencyCode": "USD", "Amount": _dollars(cents)}
