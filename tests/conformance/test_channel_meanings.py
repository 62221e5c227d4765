"""What platforms' words, sums and times mean: one table of meanings, one of refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from danshu.kernel.errors import InputError
from danshu.ports.channel import Draft
from danshu.testing.channels import assert_plausible, load_channel

PAYLOADS = Path(__file__).parent / "payloads"


def parse_one(name: str, document: object) -> Draft:
    (draft,) = load_channel(name).parse(json.dumps(document).encode())
    return draft


def changed(name: str, changes: dict[str, Any]) -> dict[str, Any]:
    """A channel's invented message with values at other paths ("a/b/0/c"; `...` removes)."""
    document: dict[str, Any] = json.loads((PAYLOADS / f"{name}.json").read_bytes())
    for path, value in changes.items():
        *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
        node: Any = document
        for step in steps:
            node = node[step]
        if value is ...:
            del node[last]
        else:
            node[last] = value
    return document


# (channel, changes to its invented message, what must come out of it)
TRADE = "trade_fullinfo_get_response/trade/"
FIRST = TRADE + "orders/order/0/"
PDD = "order_info_get_response/order_info/"
SHOP = "data/shop_order_detail/"
WX = "order/order_detail/"
ORDERED = "order/payload/"
JD_STEPS: dict[str, Any] = {  # 91.00 in all, 20.00 of it the deposit
    "presaleId": 31, "payBargainPlan": "20.00", "payBalancePlan": "71.00",
    "payBargainReal": "20.00", "payBalanceReal": "0.00",
    "bargainTime": 1772330460000, "balanceTime": None,
}  # fmt: skip
JD_TAIL = JD_STEPS | {"payBalanceReal": "71.00", "balanceTime": "2026-03-08 20:00:00"}
MEANINGS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("taobao", {}, {"kind": "order", "paid": 10799, "hold": "", "ship_by_ms": 1772467207000}),
    ("taobao", {TRADE + "status": "WAIT_BUYER_PAY", TRADE + "pay_time": ""}, {"paid": 0}),
    ("taobao", {TRADE + "status": "TRADE_CLOSED_BY_TAOBAO"}, {"kind": "cancel", "paid": 0}),
    ("taobao", {TRADE + "status": "TRADE_CLOSED"}, {"of_number": "9990000000000000123"}),
    (
        "taobao",
        {TRADE + "status": "TRADE_CLOSED", TRADE + "consign_time": "2026-03-02 12:00:00"},
        {"kind": "order", "of_number": ""},
    ),
    ("taobao", {TRADE + "status": "PAID_FORBID_CONSIGN"}, {"hold": "group_incomplete"}),
    ("taobao", {FIRST + "refund_status": "WAIT_SELLER_AGREE"}, {"hold": "refund_requested"}),
    (
        "taobao",
        {TRADE + "step_trade_status": "FRONT_PAID_FINAL_NOPAID", TRADE + "step_paid_fee": "20.00"},
        {"hold": "presale_tail_unpaid", "paid": 2000, "shares": [1500, 500]},
    ),
    # one child was refunded before dispatch: the other one and the postage remain
    (
        "taobao",
        {FIRST + "status": "TRADE_CLOSED"},
        {"goods": 3000, "total": 3301, "paid": 3301, "shares": [2501]},
    ),
    ("taobao", {TRADE + "send_time": "2026-03-20 00:00:00"}, {"ship_by_ms": 1773936000000}),
    ("jd", {}, {"discount": 1500, "postage": 600, "total": 9100, "shares": [4722, 3778]}),
    ("jd", {"orderState": "NOT_PAY", "paymentConfirmTime": ""}, {"paid": 0, "paid_ms": 0}),
    ("jd", {"orderState": "TRADE_CANCELED"}, {"kind": "cancel", "paid": 0}),
    (
        "jd",
        {"orderState": "TRADE_CANCELED", "outBoundDate": "2026-03-02 10:00:00"},
        {"kind": "order"},
    ),
    ("jd", {"orderState": "POP_ORDER_PAUSE"}, {"hold": "paused"}),
    ("jd", {"orderState": "LOCKED"}, {"hold": "locked"}),
    ("jd", {"vatInfo": {"a": "b"}}, {"warehouses": ["321", ""]}),  # JSON inside itemExt
    (
        "jd",
        {"stepPaymentInfo": JD_STEPS, "orderState": "NOT_PAY", "paymentConfirmTime": ""},
        {
            "paid": 2000,
            "deposit": 2000,
            "presale": "deposit",
            "paid_ms": 0,
            "hold": "presale_tail_unpaid",
        },
    ),
    (
        "jd",
        {"stepPaymentInfo": JD_TAIL},
        {"paid": 9100, "deposit": 2000, "presale": "deposit", "paid_ms": 1772971200000, "hold": ""},
    ),
    (
        "jd",
        {"stepPaymentInfo": JD_STEPS | {"payBargainReal": "0.00", "bargainTime": None}},
        {"paid": 0, "deposit": 0, "hold": ""},
    ),
    (
        "jd",
        {"stepPaymentInfo": {"payBargainPlan": "91.00"}},
        {"paid": 9100, "presale": "whole", "deposit": 0},
    ),
    (
        "jd",
        {"stepPaymentInfo": JD_TAIL, "orderState": "TRADE_CANCELED"},
        {"kind": "cancel", "paid": 0},
    ),
    ("pdd", {}, {"goods": 6000, "discount": 380, "total": 6020, "shares": [5620, 0]}),
    ("pdd", {PDD + "pay_time": ""}, {"paid": 0}),
    ("pdd", {PDD + "risk_control_status": 1}, {"hold": "risk_review"}),
    ("pdd", {PDD + "group_status": 0}, {"hold": "group_incomplete"}),
    ("pdd", {PDD + "group_status": 2}, {"kind": "cancel"}),
    ("pdd", {PDD + "confirm_status": 2}, {"kind": "cancel", "paid": 0}),
    ("pdd", {PDD + "refund_status": 4}, {"kind": "cancel"}),
    (
        "pdd",
        {PDD + "refund_status": 4, PDD + "order_status": 3},
        {"kind": "order", "refund": "paid"},
    ),
    (
        "pdd",
        {PDD + "refund_status": 4, PDD + "order_status": 2},
        {"kind": "order", "refund": "paid"},
    ),
    ("pdd", {PDD + "refund_status": 2}, {"hold": "refund_requested"}),
    (
        "pdd",
        {
            PDD + "trade_type": 1,
            PDD + "step_order_info": {"step_trade_status": 1, "advanced_paid_fee": "10.00"},
        },
        {"hold": "presale_tail_unpaid", "paid": 1000},
    ),
    ("pdd", {PDD + "trade_type": 1, PDD + "step_order_info": {}}, {"paid": 0}),
    ("pdd", {}, {"district": "示例区", "street": "", "flag": "紫"}),
    ("douyin", {}, {"postage": 600, "total": 8900, "shares": [4600, 3700], "flag": "红"}),
    ("douyin", {SHOP + "main_status": 1, SHOP + "pay_time": 0}, {"paid": 0, "paid_ms": 0}),
    ("douyin", {SHOP + "main_status": 4}, {"kind": "cancel", "paid": 0}),
    ("douyin", {SHOP + "main_status": 21}, {"kind": "cancel"}),
    ("douyin", {SHOP + "main_status": 105}, {"hold": "risk_review"}),
    (
        "douyin",
        {SHOP + "main_status": 105, SHOP + "sku_order_list/0/trade_type": 1},
        {"hold": "group_incomplete"},
    ),
    (
        "douyin",
        {
            SHOP + "main_status": 103,
            SHOP + "order_phase_list": [
                {"phase_pay_amount": 1000, "pay_success": True},
                {"phase_pay_amount": 7900, "pay_success": False},
            ],
        },
        {"hold": "presale_tail_unpaid", "paid": 1000},
    ),
    (
        "douyin",
        {SHOP + "sku_order_list/1/main_status": 21},
        {"kind": "order", "goods": 5000, "shares": [4600]},
    ),
    ("wechat-miniprogram", {}, {"postage": 800, "total": 4998, "shares": [3698, 500]}),
    ("wechat-miniprogram", {"order/status": 10, WX + "pay_info": {}}, {"paid": 0}),
    ("wechat-miniprogram", {"order/status": 250}, {"kind": "cancel", "paid": 0}),
    ("wechat-miniprogram", {"order/status": 13}, {"hold": "group_incomplete"}),
    (
        "wechat-miniprogram",
        {WX + "product_infos/0/finish_aftersale_sku_cnt": 1},
        {"goods": 2499, "shares": [1849, 500], "quantities": [1, 1]},
    ),
    (
        "wechat-miniprogram",
        {WX + "product_infos/0/on_aftersale_sku_cnt": 1},
        {"hold": "refund_requested"},
    ),
    ("shopify", {}, {"currency": "EUR", "total": 4990, "shares": [3500, 1000]}),
    ("shopify", {"financial_status": "authorized"}, {"paid": 0, "paid_ms": 0}),
    ("shopify", {"cancelled_at": "2026-03-02T00:00:00Z"}, {"kind": "cancel", "paid": 0}),
    ("shopify", {"financial_status": "refunded"}, {"kind": "cancel"}),
    (
        "shopify",
        {"financial_status": "refunded", "fulfillment_status": "fulfilled"},
        {"paid": 4990},
    ),
    (
        "shopify",
        {"financial_status": "partially_paid", "total_outstanding": "40.00"},
        {"paid": 990, "shares": [770, 220]},
    ),
    ("shopify", {"test": True}, {"hold": "test_order"}),
    (
        "shopify",
        {"line_items/1/quantity": 2, "line_items/1/current_quantity": 2},
        {"hold": "lines_disagree"},
    ),
    (
        "shopify",
        {"line_items/0/current_quantity": 0, "current_total_price": "14.90"},
        {"goods": 1000, "total": 1490, "shares": [1000], "hold": ""},
    ),
    ("woocommerce", {}, {"currency": "JPY", "total": 2640, "shares": [990, 1100]}),
    ("woocommerce", {"status": "on-hold", "date_paid_gmt": None}, {"paid": 0}),
    ("woocommerce", {"status": "cancelled"}, {"kind": "cancel", "paid": 0}),
    (
        "woocommerce",
        {"status": "refunded", "date_completed_gmt": "2026-03-05T00:00:00"},
        {"kind": "order"},
    ),
    ("amazon", {}, {"total": 3650, "postage": 300, "shares": [2550, 800], "hold": ""}),
    ("amazon", {ORDERED + "OrderStatus": "Pending"}, {"paid": 0, "hold": "payment_pending"}),
    ("amazon", {ORDERED + "OrderStatus": "Canceled"}, {"kind": "cancel", "paid": 0}),
    ("amazon", {ORDERED + "FulfillmentChannel": "AFN"}, {"hold": "fulfilled_by_platform"}),
    (
        "amazon",
        {"items/1/payload/OrderItems/0/BuyerRequestedCancel": {"IsBuyerRequestedCancel": "true"}},
        {"hold": "cancel_requested"},
    ),
    ("amazon", {"items/1/payload/NextToken": "more"}, {"hold": "items_incomplete"}),
]


@pytest.mark.parametrize(("name", "changes", "expected"), MEANINGS)
def test_what_a_message_means(name: str, changes: dict[str, Any], expected: dict[str, Any]) -> None:
    draft = parse_one(name, changed(name, changes))
    assert_plausible(draft)
    found = {
        "kind": draft.kind.value,
        "shares": [line.paid for line in draft.lines],
        "quantities": [line.quantity for line in draft.lines],
        "warehouses": [line.warehouse for line in draft.lines],
        "district": draft.receiver.district,
        "street": draft.receiver.street,
    }
    for field in ("goods", "discount", "postage", "total", "paid", "paid_ms", "ship_by_ms"):
        found[field] = getattr(draft, field)
    for field in ("hold", "of_number", "flag", "currency", "presale", "deposit", "refund"):
        found[field] = getattr(draft, field)
    assert {field: found[field] for field in expected} == expected


# (channel, one change, the code of the refusal, the JSON pointer it names)
T = "/" + TRADE
REFUSALS: list[tuple[str, dict[str, Any], str, str]] = [
    ("taobao", {TRADE + "payment": "107.98"}, "amounts_disagree", T + "payment"),
    ("taobao", {TRADE + "total_fee": "119.96"}, "amounts_disagree", T + "total_fee"),
    ("taobao", {TRADE + "payment": 1e400}, "not_json", ""),
    ("taobao", {TRADE + "payment": "1.005"}, "bad_money", T + "payment"),
    ("taobao", {TRADE + "created": "0001-01-01 00:00:00"}, "missing", T + "created"),
    ("taobao", {TRADE + "created": "2026-02-30 10:00:00"}, "bad_time", T + "created"),
    ("taobao", {TRADE + "status": "TRADE_NEW"}, "unknown_status", T + "status"),
    ("taobao", {FIRST + "num": 0}, "out_of_range", "/" + FIRST + "num"),
    ("taobao", {FIRST + "num": 1.5}, "wrong_type", "/" + FIRST + "num"),
    ("taobao", {FIRST + "oid": ...}, "missing", "/" + FIRST + "oid"),
    ("taobao", {FIRST + "title": "a\x00b"}, "bad_text", "/" + FIRST + "title"),
    ("taobao", {TRADE + "orders": {"order": []}}, "amounts_disagree", T + "total_fee"),
    ("jd", {"orderSellerPrice": "91.00"}, "amounts_disagree", "/orderSellerPrice"),
    ("jd", {"orderTotalPrice": "99.00"}, "amounts_disagree", "/orderTotalPrice"),
    (
        "jd",
        {"itemInfoList/0/itemExt": "{", "itemInfoList/0/newStoreId": ""},
        "not_json",
        "/itemInfoList/0/itemExt",
    ),
    ("jd", {"orderFlag": {"preSaleOrder": True}}, "presale_form", "/stepPaymentInfo"),
    (
        "jd",
        {"stepPaymentInfo": JD_STEPS | {"payBargainReal": "19.00"}},
        "presale_form",
        "/stepPaymentInfo/payBargainReal",
    ),
    (
        "jd",
        {"stepPaymentInfo": JD_TAIL | {"payBargainReal": "0.00", "bargainTime": None}},
        "presale_form",
        "/stepPaymentInfo/payBargainReal",
    ),
    (
        "jd",
        {"stepPaymentInfo": JD_STEPS | {"payBalancePlan": "70.00"}},
        "amounts_disagree",
        "/stepPaymentInfo/payBalancePlan",
    ),
    (
        "jd",
        {"jingdong_presale_order_updateOrder_getPresaleOrderByPage_responce": {"returnType": {}}},
        "presale_form",
        "/jingdong_presale_order_updateOrder_getPresaleOrderByPage_responce",
    ),
    ("pdd", {PDD + "pay_amount": "60.19"}, "amounts_disagree", "/" + PDD + "pay_amount"),
    ("pdd", {PDD + "discount_amount": "4.00"}, "amounts_disagree", "/" + PDD + "discount_amount"),
    ("pdd", {PDD + "goods_amount": "60.00"}, "amounts_disagree", "/" + PDD + "goods_amount"),
    ("douyin", {SHOP + "pay_amount": 8901}, "amounts_disagree", "/" + SHOP + "pay_amount"),
    ("douyin", {SHOP + "promotion_amount": 1}, "amounts_disagree", "/" + SHOP + "promotion_amount"),
    ("douyin", {SHOP + "create_time": 0}, "missing", "/" + SHOP + "create_time"),
    ("douyin", {"code": 50002}, "platform_error", "/code"),
    (
        "wechat-miniprogram",
        {WX + "price_info/order_price": 4999},
        "amounts_disagree",
        "/order/order_detail/price_info/order_price",
    ),
    ("wechat-miniprogram", {"order": {"order_id": "37"}}, "detail_missing", "/order/order_detail"),
    ("wechat-miniprogram", {"Encrypt": "abc"}, "encrypted", "/Encrypt"),
    ("shopify", {"total_price": "49.91"}, "amounts_disagree", "/total_price"),
    ("shopify", {"created_at": "2026-03-01T10:00:00"}, "bad_time", "/created_at"),
    ("woocommerce", {"total": "2641"}, "amounts_disagree", "/total"),
    ("woocommerce", {"total": "2640.5"}, "bad_money", "/total"),
    (
        "amazon",
        {ORDERED + "OrderTotal/Amount": "36.51"},
        "amounts_disagree",
        "/order/payload/OrderTotal",
    ),
    (
        "amazon",
        {"items/0/payload/AmazonOrderId": "902-9"},
        "wrong_order",
        "/items/0/payload/AmazonOrderId",
    ),
    ("amazon", {"items": ...}, "items_missing", "/items"),
]


@pytest.mark.parametrize(("name", "changes", "code", "pointer"), REFUSALS)
def test_what_is_refused(name: str, changes: dict[str, Any], code: str, pointer: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_one(name, changed(name, changes))
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
