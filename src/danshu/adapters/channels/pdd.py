"""Channel `pdd`: 拼多多 orders as `pdd.order.information.get` gives them.

Money is yuan, as a string or a number; times are Beijing wall time; `town` is the 区县. Receivers
are ciphertext while the order waits for dispatch, with masks beside them. The sums are the field
comments' own: goods_amount = Σ price * count - order_change_amount; discount = platform + seller +
团长免单; pay_amount = goods_amount - discount + postage + service fees.
"""

from __future__ import annotations

import json

from danshu.adapters.channels._drafting import (
    agree,
    distinct,
    pay_lines,
    read_each,
    share,
    visible,
)
from danshu.adapters.channels._fields import Fields, open_message, refuse_input
from danshu.adapters.channels._signing import (
    answer_json,
    join_parameters,
    same,
    sign_wrapped_md5,
)
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

_WAITING = 1  # order_status: 1 待发货 2 已发货 3 已签收
_CONFIRM_CANCELLED = 2  # confirm_status: 0 未成交 1 已成交 2 已取消
_GROUP_OPEN, _GROUP_FAILED = 0, 2  # group_status: 0 拼团中 1 已成团 2 团失败
_REFUND_RUNNING, _REFUND_DONE = (2, 3), 4  # refund_status: 1 无售后 2 处理中 3 退款中 4 退款成功
_DEPOSIT = 1  # trade_type: 定金订单
_FLAGS = ("", "红", "黄", "绿", "蓝", "紫")


class Pdd:
    """拼多多."""

    name = "pdd"
    title = "拼多多"
    title_en = "Pinduoduo"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `sign` in the query: md5(client_secret + parameters in key order + client_secret).

        open.pinduoduo.com, document 8EC06C399636041E. The platform signs parameters only; where a
        body comes with them, it is signed after the last parameter.
        """
        if not account.secret:
            return False
        payload = join_parameters(message.query, frozenset({"sign"})) + message.body
        return same(message.query.get("sign", ""), sign_wrapped_md5(account.secret, payload))

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read the order in an API response, bare or in its envelope. Raises InputError."""
        message = open_message(body)
        if message.has("error_response"):
            refuse_input("platform_error", "an error of the platform", "/error_response")
        if message.has("order_info_get_response"):
            message = message.part("order_info_get_response")
        return read_each(
            [message.part("order_info") if message.has("order_info") else message], _read_order
        )

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer {"success": …} with the reason."""
        answer = {"success": accepted, "error_msg": reason}
        return answer_json(json.dumps(answer, ensure_ascii=False).encode())


def _read_order(order: Fields) -> Draft:
    number = order.ident("order_sn")
    lines = _read_lines(order)
    worth = [line.price * line.quantity for line in lines]
    postage = order.amount("postage", default=0)
    total = _read_total(order, sum(worth), postage)
    status = order.integer("order_status", high=99)
    cancelled = order.integer("confirm_status", 1, high=99) == _CONFIRM_CANCELLED
    group_failed = order.integer("group_status", 1, high=99) == _GROUP_FAILED
    refunded = order.integer("refund_status", 1, high=99) == _REFUND_DONE
    closed = status <= _WAITING and (cancelled or group_failed or refunded)
    paid_ms = order.wall_time("pay_time")
    paid, hold = (0, "") if closed or not paid_ms else _read_payment(order, total)
    is_presale = order.integer("trade_type", 0, high=99) == _DEPOSIT
    return Draft(
        kind=DraftKind.CANCEL if closed else DraftKind.ORDER,
        channel=Pdd.name,
        number=number,
        status=str(status),
        lines=pay_lines(lines, paid, total, share(total - min(total, postage), worth)),
        goods=sum(worth),
        discount=max(0, sum(worth) + postage - total),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=order.wall_time("created_time", required=True),
        paid_ms=paid_ms,
        ship_by_ms=order.wall_time("last_ship_time"),
        receiver=_read_receiver(order),
        buyer=order.ident("open_id", ""),
        buyer_note=order.text("buyer_memo", ""),
        seller_note=order.text("remark", ""),
        flag=_FLAGS[order.integer("remark_tag", 0, high=len(_FLAGS) - 1)],
        hold=hold,
        presale="deposit" if is_presale else "",
        deposit=_read_deposit(order, total) if is_presale else 0,
        # 4 after dispatch: refunded while the parcel is on its way, or with the buyer
        refund="paid" if refunded and not closed and paid else "",
        subsidy=order.amount("platform_discount", default=0),
        of_number=number if closed else "",
    )


def _read_lines(order: Fields) -> list[DraftLine]:
    """Goods, then gifts (price 0): both leave the warehouse."""
    depot = order.part("order_depot_info").text("depot_code", "")
    entries = [(item, False) for item in order.parts("item_list")]
    entries += [(item, True) for item in order.parts("gift_list")]
    names = distinct([item.ident("sku_id") for item, _ in entries])
    return [
        DraftLine(
            line=name,
            sku=item.ident("outer_id", "", limits.SKU_CHARS) or item.ident("sku_id"),
            title=item.text("goods_name", ""),
            quantity=item.quantity("goods_count"),
            price=0 if gift else item.amount("goods_price"),
            paid=0,
            attributes=item.text("goods_spec", ""),
            warehouse=depot,
        )
        for (item, gift), name in zip(entries, names, strict=True)
    ]


def _read_total(order: Fields, listed: int, postage: int) -> int:
    """What the buyer pays in all, after the platform's own sums were checked."""
    goods = order.amount("goods_amount")
    changed = order.amount("order_change_amount", default=0, signed=True)
    agree(goods, listed - changed, "goods_amount", order.place("goods_amount"))
    parts = ("platform_discount", "seller_discount", "capital_free_discount")
    discount = order.amount("discount_amount", default=0)
    if any(order.has(part) for part in parts):
        counted = sum(order.amount(part, default=0) for part in parts)
        agree(discount, counted, "discount_amount", order.place("discount_amount"))
    fees = sum(fee.amount("service_fee", default=0) for fee in order.parts("service_fee_detail"))
    total = order.amount("pay_amount")
    agree(total, goods - discount + postage + fees, "pay_amount", order.place("pay_amount"))
    return total


def _read_deposit(order: Fields, total: int) -> int:
    """What of a deposit order's money is the deposit, 0 while it is not paid."""
    step = order.part("step_order_info")
    stage = step.integer("step_trade_status", 0, high=2)
    deposit = step.amount("advanced_paid_fee", default=0)
    if stage == 1:
        deposit = step.amount("step_paid_fee", default=0) or deposit
    return min(deposit, total) if stage else 0


def _read_payment(order: Fields, total: int) -> tuple[int, str]:
    """What has come in, and why the order may not be released yet."""
    if order.integer("trade_type", 0, high=99) == _DEPOSIT:
        step = order.part("step_order_info")
        stage = step.integer("step_trade_status", 0, high=2)  # 0 定金未付 1 尾款未付 2 已付清
        if stage == 0:
            return 0, ""
        if stage == 1:
            given = step.amount("step_paid_fee", default=0)
            deposit = given or step.amount("advanced_paid_fee", default=0)
            return min(deposit, total), "presale_tail_unpaid"
    if order.integer("risk_control_status", 0, high=99) == 1:
        return total, "risk_review"
    if order.integer("group_status", 1, high=99) == _GROUP_OPEN:
        return total, "group_incomplete"
    waiting = order.integer("order_status", high=99) == _WAITING
    if waiting and order.integer("refund_status", 1, high=99) in _REFUND_RUNNING:
        return total, "refund_requested"
    return total, ""


def _read_receiver(order: Fields) -> Receiver:
    """Masks are what people see; ciphertexts go with the waybill request."""
    return Receiver(
        name=order.text("receiver_name_mask", ""),
        phone=order.text("receiver_phone_mask", ""),
        province=order.text("province", ""),
        city=order.text("city", ""),
        district=order.text("town", ""),  # the platform calls the 区县 town
        detail=order.text("receiver_address_mask", "") or order.text("address_mask", ""),
        cipher=visible(
            {
                "name": order.text("receiver_name", "", limits.CIPHER_CHARS),
                "phone": order.text("receiver_phone", "", limits.CIPHER_CHARS),
                "detail": order.text("receiver_address", "", limits.CIPHER_CHARS),
            }
        ),
    )
