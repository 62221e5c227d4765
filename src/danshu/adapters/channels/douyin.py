"""Channel `douyin`: 抖店 orders as `order.orderDetail` gives them.

Money is integer 分, times are epoch seconds, 0 means "not yet". One child order has the same id as
its parent. promotion_amount = shop + platform + talent (the platform's field comments); names and
addresses are ciphertext with masks beside them.
"""

from __future__ import annotations

import hashlib
import json

from msgspec import Struct

from danshu.adapters.channels._drafting import agree, pay_lines, read_each, visible
from danshu.adapters.channels._fields import Fields, open_message, refuse_input
from danshu.adapters.channels._signing import answer_json, same
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

_UNPAID, _PART_PAID, _PAID, _PREPARING = 1, 103, 105, 2
_CLOSED = (4, 21)  # 取消, 发货前退款完结
_SENT = (101, 3, 5, 22, 39)
_STATUSES = frozenset({_UNPAID, _PART_PAID, _PAID, _PREPARING, *_CLOSED, *_SENT})
_REFUNDED = (22, 39)  # 发货后退款完结, 收货后退款完结
_GROUP_BUY = 1  # trade_type 拼团
_REFUND_ASKED = 6  # after_sale_status 售后申请
_FLAGS = ("灰", "紫", "青", "绿", "橙", "红")


class _Child(Struct, frozen=True, kw_only=True):
    """A child order (SKU 单): its line, what was paid for it and its part of the postage."""

    line: DraftLine
    pay: int
    post: int
    status: int
    group_buy: bool
    refund_asked: bool


class Douyin:
    """抖店."""

    name = "douyin"
    title = "抖音/抖店"
    title_en = "Douyin"

    def verify(self, message: Message, account: Account) -> bool:
        """Check header `event-sign`: hex of md5(app key + body + app secret)."""
        if not account.secret:
            return False
        signed = account.key.encode() + message.body + account.secret.encode()
        expected = hashlib.md5(signed, usedforsecurity=False).hexdigest()
        return same(message.headers.get("event-sign", "").lower(), expected)

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read the order in an API response, bare or in its envelope. Raises InputError."""
        message = open_message(body)
        code = message.integer("code", 10000)
        if code not in (0, 10000):
            refuse_input("platform_error", "an error of the platform", "/code")
        if message.has("data"):
            message = message.part("data")
        bare = not message.has("shop_order_detail")
        return read_each([message if bare else message.part("shop_order_detail")], _read_order)

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer {"code": 0, "msg": "success"}, or another code with the reason."""
        answer = {"code": 0 if accepted else 100001, "msg": "success" if accepted else reason}
        return answer_json(json.dumps(answer, ensure_ascii=False).encode())


def _read_order(order: Fields) -> Draft:
    status = _read_status(order)
    children = [_read_child(child, status) for child in order.parts("sku_order_list")]
    postage = order.fen("post_amount", 0)
    shares = _split_payment(order, children, postage)
    _check_promotion(order)

    # a child refunded before dispatch is closed: what remains is the order
    closed = status in _CLOSED or all(child.status in _CLOSED for child in children)
    live = [
        (child, part)
        for child, part in zip(children, shares, strict=True)
        if closed or child.status not in _CLOSED
    ]
    fees = order.fen("packing_amount", 0)
    total = postage + fees + sum(part for _, part in live)
    goods = sum(child.line.price * child.line.quantity for child, _ in live)
    paid, hold = (0, "") if closed else _read_payment(order, status, total)
    if not hold and status in (_PAID, _PREPARING):
        hold = _find_hold(status, [child for child, _ in live])
    lines = [child.line for child, _ in live]
    number = order.ident("order_id")
    presale, deposit = _read_presale(order, status, total)
    return Draft(
        kind=DraftKind.CANCEL if closed else DraftKind.ORDER,
        channel=Douyin.name,
        shop=order.ident("shop_id", ""),
        number=number,
        status=str(status),
        lines=pay_lines(lines, paid, total, [part for _, part in live]),
        goods=goods,
        discount=max(0, goods + postage + fees - total),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=order.epoch_s("create_time", required=True),
        paid_ms=order.epoch_s("pay_time"),
        ship_by_ms=order.epoch_s("exp_ship_time"),
        receiver=_read_receiver(order),
        buyer=order.text("doudian_open_id", ""),
        buyer_note=order.text("buyer_words", ""),
        seller_note=order.text("seller_words", ""),
        flag=_FLAGS[order.integer("seller_remark_stars", 0, high=len(_FLAGS) - 1)],
        hold=hold,
        presale=presale,
        deposit=deposit,
        subsidy=order.fen("platform_cost_amount", 0) + order.fen("author_cost_amount", 0),
        refund="paid" if status in _REFUNDED and paid else "",
        of_number=number if closed else "",
    )


def _read_status(order: Fields) -> int:
    status = order.integer("main_status")
    if status not in _STATUSES:
        refuse_input("unknown_status", "not a status of 抖店", order.place("main_status"))
    return status


def _read_child(child: Fields, parent_status: int) -> _Child:
    quantity = child.quantity("item_num")
    price = child.fen("origin_amount")
    if child.has("sum_amount"):
        place = child.place("sum_amount")
        agree(child.fen("sum_amount"), price * quantity, "sum_amount", place)
    stores = [store.ident("out_warehouse_id", "") for store in child.parts("inventory_list")]
    out_sku = child.ident("out_sku_id", "")
    line = DraftLine(
        line=child.ident("order_id"),
        sku=child.ident("code", "", limits.SKU_CHARS)
        or ("" if out_sku == "0" else out_sku)
        or child.ident("sku_id"),
        title=child.text("product_name", ""),
        quantity=quantity,
        price=price,
        paid=0,
        attributes=";".join(
            f"{spec.text('name', '')}:{spec.text('value', '')}" for spec in child.parts("spec")
        ),
        warehouse=stores[0] if len(stores) == 1 and stores[0] != "0" else "",
    )
    return _Child(
        line=line,
        pay=child.fen("pay_amount"),
        post=child.fen("post_amount", 0),
        status=child.integer("main_status", parent_status),
        group_buy=child.integer("trade_type", 0) == _GROUP_BUY,
        refund_asked=child.part("after_sale_info").integer("after_sale_status", 0) == _REFUND_ASKED,
    )


def _split_payment(order: Fields, children: list[_Child], postage: int) -> list[int]:
    """Each child's share of the payment without postage.

    Children carry their part of the postage or not: whichever makes the sum true, else the message
    is refused.
    """
    pay = order.fen("pay_amount")
    fees = order.fen("packing_amount", 0)
    inner = sum(child.pay for child in children)
    inside = sum(child.post for child in children)
    if inside and inside == postage and inner + fees == pay:
        bare = [child.pay - child.post for child in children]
        if min(bare) >= 0:
            return bare
    agree(pay, inner + postage + fees, "pay_amount", order.place("pay_amount"))
    return [child.pay for child in children]


def _check_promotion(order: Fields) -> None:
    if not order.has("promotion_amount"):
        return
    names = ("promotion_shop_amount", "promotion_platform_amount", "promotion_talent_amount")
    counted = sum(order.fen(name, 0) for name in names)
    place = order.place("promotion_amount")
    agree(order.fen("promotion_amount"), counted, "promotion_amount", place)


def _read_payment(order: Fields, status: int, total: int) -> tuple[int, str]:
    """What has come in, and why the order may not be released yet."""
    if status == _PART_PAID:
        deposit = sum(
            phase.fen("phase_pay_amount", 0)
            for phase in order.parts("order_phase_list")
            if phase.value("pay_success") is True
        )
        return min(deposit, total), "presale_tail_unpaid"
    return (0 if status == _UNPAID or not order.epoch_s("pay_time") else total), ""


def _read_presale(order: Fields, status: int, total: int) -> tuple[str, int]:
    """定金预售 by its phases, the first of which is the deposit; 全款预售 by its mark."""
    phases = list(order.parts("order_phase_list"))
    if status == _PART_PAID or len(phases) > 1:
        first = phases[0] if phases else None
        is_paid = first is not None and first.value("pay_success") is True
        deposit = first.fen("phase_pay_amount", 0) if first is not None and is_paid else 0
        return "deposit", min(deposit, total)
    whole = order.integer("presell_type", 0, high=99) == 1
    return ("whole" if whole else ""), 0


def _find_hold(status: int, children: list[_Child]) -> str:
    if any(child.refund_asked for child in children):
        return "refund_requested"
    if status == _PREPARING:
        return ""
    # 已支付 but not yet 备货: the platform has not released it to the merchant
    return "group_incomplete" if any(child.group_buy for child in children) else "risk_review"


def _read_receiver(order: Fields) -> Receiver:
    """Masks are what people see; ciphertexts go with the waybill request."""
    address = order.part("post_addr")
    masked = order.part("mask_post_addr")
    levels = {
        level: address.part(level).text("name", "") or masked.part(level).text("name", "")
        for level in ("province", "city", "town", "street")
    }
    return Receiver(
        name=order.text("mask_post_receiver", "") or order.text("post_receiver", ""),
        phone=order.text("mask_post_tel", "") or order.text("post_tel", ""),
        province=levels["province"],
        city=levels["city"],
        district=levels["town"],
        street=levels["street"],
        detail=masked.text("detail", "") or address.text("detail", ""),
        cipher=visible(
            {
                "name": order.text("encrypt_post_receiver", "", limits.CIPHER_CHARS),
                "phone": order.text("encrypt_post_tel", "", limits.CIPHER_CHARS),
                "detail": address.text("encrypt_detail", "", limits.CIPHER_CHARS),
            }
        ),
    )
