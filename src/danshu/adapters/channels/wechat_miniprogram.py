"""Channel `wechat-miniprogram`: 微信小店/小程序 orders in the shape of `channels/ec/order/get`.

Money is integer 分, times are epoch seconds, sometimes as strings. A push without the order's
detail tells only that something happened: the detail is fetched and handed in as the same message.
"""

from __future__ import annotations

import hashlib
import json

from msgspec import Struct

from danshu.adapters.channels._drafting import agree, distinct, pay_lines, read_each, share
from danshu.adapters.channels._fields import Fields, open_message, refuse_input
from danshu.adapters.channels._signing import same
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

_UNPAID, _WAITING = 10, 20
_CANCELLED = (200, 250)  # 全部售后后取消, 未付款取消
_SENT = (21, 30, 100)
_HOLDS = {12: "gift_unaccepted", 13: "group_incomplete"}
_STATUSES = frozenset({_UNPAID, _WAITING, *_CANCELLED, *_SENT, *_HOLDS})


class _Item(Struct, frozen=True, kw_only=True):
    """A SKU of the order: what of it is still wanted, and its whole price after discounts."""

    line: DraftLine
    listed: int
    real: int | None
    left: int
    gone: int
    refunding: bool
    ship_by_ms: int


class WechatMiniprogram:
    """微信小店 and 小程序."""

    name = "wechat-miniprogram"
    title = "微信小店/小程序"
    title_en = "WeChat"

    def verify(self, message: Message, account: Account) -> bool:
        """Check the push: sha1 over the sorted token, timestamp and nonce; the secret is the token.

        With `msg_signature` (安全模式) the `Encrypt` field is sorted in too; for a body of our own
        poller, the body itself. Then `signature` alone is not enough. A gap that is the platform's:
        in 明文模式 the signature leaves the body out.
        """
        if not account.secret:
            return False
        timestamp, nonce = message.query.get("timestamp", ""), message.query.get("nonce", "")
        if not timestamp or not nonce:
            return False
        parts = [account.secret, timestamp, nonce]
        given = message.query.get("signature", "")
        if "msg_signature" in message.query:
            given = message.query["msg_signature"]
            try:
                fields = open_message(message.body)
                parts.append(fields.text("Encrypt", "", limits.CHANNEL_BODY_BYTES))
            except InputError:
                return False
            parts[-1] = parts[-1] or message.body.decode()
        joined = "".join(sorted(parts)).encode("utf-8", "replace")
        return same(given, hashlib.sha1(joined, usedforsecurity=False).hexdigest())

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read the order in an API response or a push that carries it. Raises InputError."""
        message = open_message(body)
        if message.integer("errcode", 0, low=-(2**31)) != 0:
            refuse_input("platform_error", "an error of the platform", "/errcode")
        if message.has("Encrypt"):
            refuse_input("encrypted", "decrypt with the EncodingAESKey first", "/Encrypt")
        if message.has("order"):
            message = message.part("order")
        if not message.has("order_detail"):
            refuse_input(
                "detail_missing", "an event without the order", message.place("order_detail")
            )
        return read_each([message], _read_order)

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer `success`; anything else makes the platform push again."""
        if accepted:
            return Acknowledgement(body=b"success", content_type="text/plain; charset=utf-8")
        answer = json.dumps({"errcode": -1, "errmsg": reason}, ensure_ascii=False)
        return Acknowledgement(body=answer.encode(), content_type="application/json")


def _read_order(order: Fields) -> Draft:
    status = order.integer("status")
    if status not in _STATUSES:
        refuse_input("unknown_status", "not a status of 微信小店", order.place("status"))
    detail = order.part("order_detail")
    items = _read_items(detail)
    postage, shares = _split_payment(detail, items)

    cancelled = status in _CANCELLED
    live = [
        (item, share(part, [item.left, item.gone])[0] if item.gone and not cancelled else part)
        for item, part in zip(items, shares, strict=True)
        if cancelled or item.left
    ]
    total = postage + sum(part for _, part in live)
    goods = sum(item.line.price * item.line.quantity for item, _ in live)
    pay = detail.part("pay_info")
    paid_ms = pay.epoch_s("pay_time")
    paid = total if paid_ms and status != _UNPAID and not cancelled else 0
    hold = _HOLDS.get(status, "")
    if not hold and status == _WAITING and any(item.refunding for item, _ in live):
        hold = "refund_requested"
    deadlines = [item.ship_by_ms for item, _ in live if item.ship_by_ms]
    number = order.ident("order_id")
    notes = detail.part("ext_info")
    return Draft(
        kind=DraftKind.CANCEL if cancelled else DraftKind.ORDER,
        channel=WechatMiniprogram.name,
        number=number,
        status=str(status),
        lines=pay_lines([item.line for item, _ in live], paid, total, [part for _, part in live]),
        goods=goods,
        discount=max(0, goods + postage - total),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=order.epoch_s("create_time", required=True),
        paid_ms=paid_ms,
        ship_by_ms=min(deadlines, default=0),
        receiver=_read_receiver(detail.part("delivery_info")),
        buyer=order.text("openid", ""),
        buyer_note=notes.text("customer_notes", ""),
        seller_note=notes.text("merchant_notes", ""),
        hold=hold,
        of_number=number if cancelled else "",
    )


def _read_items(detail: Fields) -> list[_Item]:
    products = list(detail.parts("product_infos"))
    names = distinct([product.ident("sku_id") for product in products])
    items = []
    for product, name in zip(products, names, strict=True):
        ordered = product.quantity("sku_cnt")
        gone = product.integer("finish_aftersale_sku_cnt", 0, high=ordered)
        price = product.fen("sale_price")
        line = DraftLine(
            line=name,
            sku=product.ident("sku_code", "", limits.SKU_CHARS)
            or product.ident("out_sku_id", "", limits.SKU_CHARS)
            or product.ident("sku_id"),
            title=product.text("title", ""),
            quantity=ordered - gone or ordered,
            price=price,
            paid=0,
            attributes=";".join(
                f"{attribute.text('attr_key', '')}:{attribute.text('attr_value', '')}"
                for attribute in product.parts("sku_attrs")
            ),
            warehouse=product.ident("out_warehouse_id", ""),
        )
        items.append(
            _Item(
                line=line,
                listed=price * ordered,
                real=product.fen("real_price") if product.has("real_price") else None,
                left=ordered - gone,
                gone=gone,
                refunding=product.integer("on_aftersale_sku_cnt", 0) > 0,
                ship_by_ms=product.epoch_s("delivery_deadline")
                or product.part("sku_deliver_info").epoch_s("predict_delivery_time"),
            )
        )
    return items


def _split_payment(detail: Fields, items: list[_Item]) -> tuple[int, list[int]]:
    """The postage, and each SKU's share of the rest: real_price is SKU实付总价."""
    price = detail.part("price_info")
    changed = price.value("is_change_freight") is True
    postage = price.fen("change_freight" if changed else "freight", 0)
    listed = sum(item.listed for item in items)
    agree(price.fen("product_price"), listed, "product_price", price.place("product_price"))
    total = price.fen("order_price")
    real = [item.real for item in items if item.real is not None]
    if items and len(real) == len(items):
        agree(total, sum(real) + postage, "order_price", price.place("order_price"))
        return postage, real
    if total < postage:
        refuse_input(
            "amounts_disagree", "order_price is less than freight", price.place("order_price")
        )
    return postage, share(total - postage, [item.listed for item in items])


def _read_receiver(delivery: Fields) -> Receiver:
    """Plain while the order waits for dispatch, masked afterwards; the code is for 电子面单."""
    address = delivery.part("address_info")
    return Receiver(
        name=address.text("user_name", ""),
        phone=address.text("tel_number", "") or address.text("virtual_order_tel_number", ""),
        province=address.text("province_name", ""),
        city=address.text("city_name", ""),
        district=address.text("county_name", ""),
        detail=address.text("detail_info", "") + address.text("house_number", ""),
        postcode=address.ident("postal_code", ""),
        token=delivery.text("ewaybill_order_code", "", limits.CIPHER_CHARS),
    )
