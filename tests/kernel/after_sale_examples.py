"""Examples of the fact types of after-sales: of its cases, and on the order's stream."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders import refund_facts
from danshu.capabilities.orders.model import Share

CASE = "019aa9d3-6b80-7000-8000-0000000000a5"

EXAMPLES: list[Struct] = [
    refund_facts.RefundPaid(
        amount=7_667,
        case=CASE,
        over=500,
        postage=800,
        reason="quality",
        receipt="po_000002",
        shares=(refund_facts.RefundShare(amount=6_367, line=1, quantity=1),),
    ),
    refund_facts.GoodsReturned(
        case=CASE,
        outcome="restock",
        shares=(Share(line=1, sku="SKU-00017", quantity=1),),
        warehouse="WH-HGH",
    ),
    refund_facts.ClaimSettled(amount=6_367, carrier="SF", case=CASE, waybill="SF1390000000001"),
]
