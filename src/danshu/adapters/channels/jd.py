"""Channel `jd`: JD POP (京东) orders as its order query and order detail give them.

Money is a string of yuan; several fields are JSON inside a string; "no date" is year 1; names and
addresses are ciphertext. 总金额 = goods before discounts, 货款 = 总金额 - 商家优惠, 应付款 = 货款
- 用户优惠 - 余额 + 运费 + 税费 + 服务费 (the platform's field comments).
"""

from __future__ import annotations

import json
import re

from danshu.adapters.channels._drafting import (
    agree,
    distinct,
    pay_lines,
    read_each,
    share,
    visible,
)
from danshu.adapters.channels._fields import Fields, open_message, refuse_input
from danshu.adapters.channels._jd_presale import read_steps, refuse_lists
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

_HOLDS = {"PAUSE": "paused", "POP_ORDER_PAUSE": "paused", "LOCKED": "locked"}
_STATES = frozenset(
    {
        "NOT_PAY",
        "WAIT_SELLER_STOCK_OUT",
        "WAIT_SELLER_DELIVERY",
        "SEND_TO_DISTRIBUTION_CENER",  # the platform's spelling
        "DISTRIBUTION_CENTER_RECEIVED",
        "WAIT_GOODS_RECEIVE_CONFIRM",
        "RECEIPTS_CONFIRM",
        "WAIT_SEND_CODE",
        "FINISHED_L",
        "TRADE_CANCELED",
        *_HOLDS,
    }
)
_UNSIGNED = frozenset({"sign", "sign_method", "format"})
_BODY = "360buy_param_json"
_CIPHER = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}", re.ASCII)
_FLAGS = ("灰", "红", "黄", "绿", "蓝", "紫")


class Jd:
    """JD POP."""

    name = "jd"
    title = "京东"
    title_en = "JD"

    def verify(self, message: Message, account: Account) -> bool:
        """Check `sign` in the query; the body counts as 360buy_param_json.

        md5(secret + parameters in key order + secret), access_token included, format and
        sign_method not (open.jd.com, developer guide listId=2643).
        """
        if not account.secret:
            return False
        parameters = dict(message.query)
        if message.body:
            try:
                parameters[_BODY] = message.body.decode()
            except UnicodeDecodeError:
                return False
        payload = join_parameters(parameters, _UNSIGNED)
        return same(message.query.get("sign", ""), sign_wrapped_md5(account.secret, payload))

    def parse(self, body: bytes) -> tuple[Draft, ...]:
        """Read one order, bare or in its envelope, or a page of the search. Raises InputError."""
        message = open_message(body)
        if message.has("error_response"):
            refuse_input("platform_error", "an error of the platform", "/error_response")
        refuse_lists(message)
        for envelope in ("jingdong_pop_order_search_responce", "jingdong_pop_order_get_responce"):
            if message.has(envelope):
                message = message.part(envelope)
        if message.has("searchorderinfo_result"):
            page = message.part("searchorderinfo_result")
            return read_each(list(page.parts("orderInfoList")), _read_order)
        if message.has("orderDetailInfo"):
            message = message.part("orderDetailInfo").part("orderInfo")
        return read_each([message], _read_order)

    def acknowledge(self, accepted: bool, reason: str = "") -> Acknowledgement:
        """Answer with JD's code and message; "0" is success."""
        answer = {"code": "0" if accepted else "1", "message": reason or "success"}
        return answer_json(json.dumps(answer, ensure_ascii=False).encode())


def _read_order(order: Fields) -> Draft:
    state = order.text("orderState")
    if state not in _STATES:
        refuse_input("unknown_status", "not a state of JD", order.place("orderState"))
    items = list(order.parts("itemInfoList"))
    names = distinct([item.ident("skuId") for item in items])
    lines = [_read_line(item, name) for item, name in zip(items, names, strict=True)]
    worth = [line.price * line.quantity for line in lines]
    goods, postage, total = _read_amounts(order, sum(worth))
    coupons = _read_coupons(order)
    weights = [
        max(0, amount - coupons.get(item.ident("skuId"), 0))
        for item, amount in zip(items, worth, strict=True)
    ]
    paid_ms = order.wall_time("paymentConfirmTime")
    cancelled = state == "TRADE_CANCELED"
    before_dispatch = cancelled and not order.wall_time("outBoundDate")
    paid = total if paid_ms and state != "NOT_PAY" else 0
    steps = read_steps(order, total)
    if steps is not None and steps.mark == "deposit":
        paid, paid_ms = steps.paid, steps.paid_ms
    if before_dispatch:
        paid = 0
    number = order.ident("orderId")
    return Draft(
        kind=DraftKind.CANCEL if before_dispatch else DraftKind.ORDER,
        channel=Jd.name,
        shop=order.ident("venderId", ""),
        number=number,
        status=state,
        lines=pay_lines(lines, paid, total, share(total - min(total, postage), weights)),
        goods=goods,
        discount=max(0, goods + postage - total),
        postage=postage,
        total=total,
        paid=paid,
        created_ms=order.wall_time("orderStartTime", required=True),
        paid_ms=paid_ms,
        receiver=_read_receiver(order.part("consigneeInfo")),
        buyer=order.text("open_id_buyer", "") or order.text("pin", ""),
        buyer_note=order.text("orderRemark", ""),
        seller_note=order.text("venderRemark", ""),
        flag=_FLAGS[order.integer("flag", 0, high=5)] if order.ident("flag", "") else "",
        hold=_HOLDS.get(state, "") or (steps.hold if steps else ""),
        presale=steps.mark if steps else "",
        deposit=steps.deposit if steps else 0,
        of_number=number if before_dispatch else "",
    )


def _read_amounts(order: Fields, listed: int) -> tuple[int, int, int]:
    """Goods, postage and what the buyer pays in all, his balance with JD included."""
    goods = order.amount("orderTotalPrice")
    agree(goods, listed, "orderTotalPrice", order.place("orderTotalPrice"))
    if order.has("orderSellerPrice"):
        after = goods - order.amount("sellerDiscount", default=0)
        said = order.amount("orderSellerPrice", signed=True)
        agree(said, after, "orderSellerPrice", order.place("orderSellerPrice"))
    total = order.amount("orderPayment") + order.amount("balanceUsed", default=0)
    return goods, order.amount("freightPrice", default=0), total


def _read_coupons(order: Fields) -> dict[str, int]:
    """What coupons took off each SKU; coupons of the whole order carry no SKU."""
    coupons: dict[str, int] = {}
    for coupon in order.parts("couponDetailList"):
        sku = coupon.ident("skuId", "")
        coupons[sku] = coupons.get(sku, 0) + coupon.amount("couponPrice", default=0)
    return coupons


def _read_line(item: Fields, name: str) -> DraftLine:
    store = item.ident("newStoreId", "") or item.embedded("itemExt").ident("newStoreId", "")
    return DraftLine(
        line=name,
        sku=item.ident("outerSkuId", "", limits.SKU_CHARS) or item.ident("skuId"),
        title=item.text("skuName", ""),
        quantity=item.quantity("itemTotal"),
        price=item.amount("jdPrice"),
        paid=0,
        warehouse="" if store == "0" else store,
    )


def _read_receiver(consignee: Fields) -> Receiver:
    """Ciphertext for name and address, a mask for the phone; old orders may be plain."""
    name = consignee.text("fullname", "", limits.CIPHER_CHARS)
    detail = consignee.text("fullAddress", "", limits.CIPHER_CHARS)
    hidden_name = _CIPHER.fullmatch(name) is not None
    hidden_detail = _CIPHER.fullmatch(detail) is not None
    return Receiver(
        name="" if hidden_name else name,
        phone=consignee.text("mobile", "") or consignee.text("telephone", ""),
        province=consignee.text("province", ""),
        city=consignee.text("city", ""),
        district=consignee.text("county", ""),
        street=consignee.text("town", ""),
        detail="" if hidden_detail else detail,
        token=consignee.text("oaid", "", limits.CIPHER_CHARS),
        cipher=visible(
            {
                "name": name if hidden_name else "",
                "detail": detail if hidden_detail else "",
                "phone": consignee.text("desen_mobile", "", limits.CIPHER_CHARS),
                "telephone": consignee.text("desen_telephone", "", limits.CIPHER_CHARS),
            }
        ),
    )
