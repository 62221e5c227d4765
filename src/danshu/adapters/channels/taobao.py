"""Channel `taobao`: Taobao and Tmall (淘宝/天猫) trades as `taobao.trade.fullinfo.get` gives them.

Money is a string of yuan, times are Beijing wall time, ids exceed 2^53. Status words,
`divide_order_fee` (分摊之后的实付金额, the amount to refund) and `consign_interval` follow the
open platform's field comments.
"""

from __future__ import annotations

import json

from msgspec import Struct

from danshu.adapters.channels._drafting import agree, pay_lines, read_each, share
from danshu.adapters.channels._fields import Fields, open_message, refuse_input
from danshu.adapters.channels._signing import (
    answer_json,
    join_parameters,
    same,
    sign_hmac_hex,
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

_UNPAID = frozenset(
    {"TRADE_NO_CREATE_PAY", "WAIT_BUYER_PAY", "PAY_PENDING", "WAIT_PRE_AUTH_CONFIRM"}
)
_WAITING = frozenset({"WAIT_SELLER_SEND_GOODS", "PAID_FORBID_CONSIGN"})
_SENT = frozenset(
    {
        "SELLER_CONSIGNED_PART",
        "WAIT_BUYER_CONFIRM_GOODS",
        "TRADE_BUYER_SIGNED",
        "TRADE_FINISHED",
    }
)
_CLOSED = frozenset({"TRADE_CLOSED", "TRADE_CLOSED_BY_TAOBAO"})
_REFUNDING = frozenset(
    {"WAIT_SELLER_AGREE", "WAIT_BUYER_RETURN_GOODS", "WAIT_SELLER_CONFIRM_GOODS"}
)
_FLAGS = ("", "红", "黄", "绿", "蓝", "紫")
_HOUR_MS = 3_600_000
_GIFT = "10"  # of a child order: 赠品


class _Child(Struct, frozen=True, kw_only=True):
    """A child order (oid): one line, its weight and its own share of the payment."""

    line: DraftLine
    weight: int
    share: int | None
    closed: bool
    refunding: bool


class Taobao:
    """Taobao and Tmall."""

    name = "taobao"
    title = "淘宝/天猫"
    title_en = "Taobao / Tmall"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `sign` in the query: parameters in key order, then the body (TOP and 奇门).

        `sign_method` md5 (default) or hmac-sha256.
        """
        if not account.secret:
            return False
        payload = join_parameters(message.query, frozenset({"sign"})) + message.body
        method = message.query.get("sign_method", "md5")
        if method == "md5":
            expected = sign_wrapped_md5(account.secret, payload)
        elif method == "hmac-sha256":
            expected = sign_hmac_hex(account.secret, payload).upper()
        else:
            return False
        return same(message.query.get("sign", "").upper(), expected)

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read the trade in an API response, bare or in its envelope. Raises InputError."""
        message = open_message(body)
        if message.has("error_response"):
            refuse_input("platform_error", "an error of the platform", "/error_response")
        if message.has("trade_fullinfo_get_response"):
            message = message.part("trade_fullinfo_get_response")
        return read_each([message.part("trade") if message.has("trade") else message], _read_trade)

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer in the form that 奇门 expects."""
        answer = {
            "flag": "success" if accepted else "failure",
            "code": "200" if accepted else "refused",
            "message": reason,
        }
        return answer_json(json.dumps({"response": answer}, ensure_ascii=False).encode())


def _read_trade(trade: Fields) -> Draft:
    status = trade.text("status")
    if status not in _UNPAID | _WAITING | _SENT | _CLOSED:
        refuse_input("unknown_status", "not a status of Taobao", trade.place("status"))
    stores = _read_stores(trade)
    children = [_read_child(order, stores) for order in trade.parts("orders", "order")]
    postage = trade.amount("post_fee", default=0)
    shares = _split_payment(trade, children, postage)

    # a child refunded before dispatch is closed: what remains is the order
    closed = status in _CLOSED or all(child.closed for child in children)
    live = [
        (child, part)
        for child, part in zip(children, shares, strict=True)
        if closed or not child.closed
    ]
    total = postage + sum(part for _, part in live)
    goods = sum(child.line.price * child.line.quantity for child, _ in live)
    paid, hold = _read_payment(trade, status, 0 if closed else total)
    if not hold and status in _WAITING and any(child.refunding for child, _ in live):
        hold = "refund_requested"
    lines = tuple(child.line for child, _ in live)
    before_dispatch = closed and not trade.wall_time("consign_time")
    number = trade.ident("tid")
    presale, deposit = _read_presale(trade, total)
    return Draft(
        kind=DraftKind.CANCEL if before_dispatch else DraftKind.ORDER,
        channel=Taobao.name,
        shop=trade.text("seller_nick", ""),
        number=number,
        status=status,
        lines=pay_lines(lines, paid, total, [part for _, part in live]),
        goods=goods,
        discount=max(0, goods + postage - total),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=trade.wall_time("created", required=True),
        paid_ms=trade.wall_time("pay_time"),
        ship_by_ms=_read_deadline(trade),
        receiver=_read_receiver(trade),
        buyer=trade.text("buyer_open_uid", "") or trade.text("buyer_nick", ""),
        buyer_note=trade.text("buyer_message", ""),
        seller_note=trade.text("seller_memo", ""),
        flag=_FLAGS[trade.integer("seller_flag", 0, high=len(_FLAGS) - 1)],
        hold=hold,
        presale=presale,
        deposit=deposit,
        of_number=number if before_dispatch else "",
    )


def _read_stores(trade: Fields) -> dict[str, str]:
    """The warehouse that 菜鸟 chose for each child order; empty where it could not."""
    return {
        info.ident("sub_trade_id", ""): info.text("store_code", "")
        for info in trade.parts("logistics_infos", "logistics_info")
    }


def _read_child(order: Fields, stores: dict[str, str]) -> _Child:
    oid = order.ident("oid")
    quantity = order.quantity("num")
    price = order.amount("price")
    return _Child(
        line=DraftLine(
            line=oid,
            sku=order.ident("outer_sku_id", "", limits.SKU_CHARS)
            or order.ident("outer_iid", "", limits.SKU_CHARS)
            or order.ident("sku_id", "")
            or order.ident("num_iid"),
            title=order.text("title", ""),
            quantity=quantity,
            price=price,
            paid=0,
            attributes=order.text("sku_properties_name", ""),
            warehouse=order.text("store_code", "") or stores.get(oid, ""),
            gift=order.ident("type", "") == _GIFT,
        ),
        weight=order.amount("payment", default=price * quantity),
        share=order.amount("divide_order_fee") if order.has("divide_order_fee") else None,
        closed=order.text("status", "") in _CLOSED,
        refunding=order.text("refund_status", "") in _REFUNDING,
    )


def _split_payment(trade: Fields, children: list[_Child], postage: int) -> list[int]:
    """Each child's share of the payment without postage, the platform's own where it is given."""
    payment = trade.amount("payment")
    if trade.has("total_fee"):
        listed = sum(child.line.price * child.line.quantity for child in children)
        agree(trade.amount("total_fee"), listed, "total_fee", trade.place("total_fee"))
    given = [child.share for child in children if child.share is not None]
    if children and len(given) == len(children):
        agree(payment, sum(given) + postage, "payment", trade.place("payment"))
        return given
    if payment < postage:
        refuse_input("amounts_disagree", "payment is less than post_fee", trade.place("payment"))
    return share(payment - postage, [child.weight for child in children])


def _read_payment(trade: Fields, status: str, total: int) -> tuple[int, str]:
    """What has come in, and why the order may not be released yet."""
    step = trade.text("step_trade_status", "")
    if step == "FRONT_PAID_FINAL_NOPAID":
        return min(trade.amount("step_paid_fee"), total), "presale_tail_unpaid"
    if status in _UNPAID:
        return 0, ""
    return total, "group_incomplete" if status == "PAID_FORBID_CONSIGN" else ""


def _read_presale(trade: Fields, total: int) -> tuple[str, int]:
    """Whether it is a 分阶段 trade, and what of its money is the deposit, while it says so."""
    step = trade.text("step_trade_status", "")
    if not step.startswith("FRONT_"):
        return "", 0
    paid = trade.amount("step_paid_fee", default=0) if step.startswith("FRONT_PAID") else 0
    return "deposit", paid if paid < total else 0


def _read_deadline(trade: Fields) -> int:
    """将在此时间前发出, or 物流发货时效 in hours from the payment."""
    promised_ms = trade.wall_time("send_time")
    paid_ms = trade.wall_time("pay_time")
    hours = trade.integer("consign_interval", 0, high=24 * 366)
    if promised_ms or not (hours and paid_ms):
        return promised_ms
    return paid_ms + hours * _HOUR_MS


def _read_receiver(trade: Fields) -> Receiver:
    """Masked values and the handle `oaid` for waybills; 省直辖县级 places have no city."""
    return Receiver(
        name=trade.text("receiver_name", ""),
        phone=trade.text("receiver_mobile", "") or trade.text("receiver_phone", ""),
        province=trade.text("receiver_state", ""),
        city=trade.text("receiver_city", ""),
        district=trade.text("receiver_district", ""),
        street=trade.text("receiver_town", ""),
        detail=trade.text("receiver_address", ""),
        postcode=trade.text("receiver_zip", ""),
        token=trade.text("oaid", "", limits.CIPHER_CHARS),
    )
