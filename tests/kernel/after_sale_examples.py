"""Examples of the fact types of after-sales: of its cases, and on the order's stream."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import CaseLine, CaseShare, ExchangeGoods, Inspected, Sum
from danshu.capabilities.orders import refund_facts
from danshu.capabilities.orders.model import Line, RefundShare, Share
from danshu.hub.after_sales_facts import (
    AfterSalesConfigured,
    AfterSalesTimeSet,
    CarrierTermsSet,
)
from danshu.hub.return_reason_facts import (
    NamedCase,
    ReturnReasonCorrected,
    ReturnReasonsNamed,
)

CASE = "019aa9d3-6b80-7000-8000-0000000000a5"
ORDER = "019aa9d3-6b80-7000-8000-000000000002"
DUE = "2026-11-29T11:00:00.000Z"
SHARES = (RefundShare(amount=6_367, line=1, quantity=1),)
SUM = Sum(
    own=100,
    over=500,
    postage=800,
    shares=(CaseShare(amount=6_367, line=1, quantity=1),),
)

EXAMPLES: list[Struct] = [
    ReturnReasonsNamed(
        book="c7" * 32,
        cases=(NamedCase(case=CASE, code="size", confidence=905), NamedCase(case=ORDER)),
    ),
    ReturnReasonCorrected(case=CASE, code="flaw", taught=True, was="size"),
    refund_facts.RefundReserved(
        amount=7_667, case=CASE, over=500, postage=800, reason="quality", shares=SHARES
    ),
    refund_facts.RefundReleased(case=CASE, reason="withdrawn"),
    refund_facts.RefundPaid(
        amount=7_667,
        case=CASE,
        over=500,
        postage=800,
        reason="quality",
        receipt="po_000002",
        shares=SHARES,
    ),
    refund_facts.GoodsReturned(
        case=CASE,
        outcome="restock",
        shares=(Share(line=1, sku="SKU-00017", quantity=1),),
        warehouse="WH-HGH",
    ),
    refund_facts.ExchangeArranged(
        case=CASE,
        difference=0,
        line=1,
        lines=(Line(no=3, sku="SKU-00018", quantity=1, price=0, paid=6_367),),
        moved=6_367,
        quantity=1,
    ),
    refund_facts.ClaimSettled(amount=6_367, carrier="SF", case=CASE, waybill="SF1390000000001"),
    facts.AfterSaleOpened(
        carrier="SF",
        currency="CNY",
        due=DUE,
        fulfilment=1,
        kind="return",
        lines=(CaseLine(line=1, lowered=100, quantity=1, sku="SKU-00017"),),
        number="999000317001214687",
        order=ORDER,
        origin="buyer",
        reason="quality",
        rule="decide_return",
        sum=SUM,
        wanted=(ExchangeGoods(price=6_800, quantity=1, sku="SKU-00018", title="龙井绿茶 100g"),),
        waybill="SF1390000000001",
    ),
    facts.AfterSaleProposed(by="person:op_12", reason="金额较大", sum=SUM),
    facts.AfterSaleDecided(
        by="person:op_13",
        due=DUE,
        reason="同意",
        rule="send_back",
        second="person:op_12",
        sum=SUM,
        verdict="agreed",
    ),
    facts.AfterSaleSentBack(carrier="SF", due=DUE, rule="arrive", waybill="SF1390000000002"),
    facts.AfterSaleReceived(due=DUE, rule="seven_days", warehouse="WH-HGH"),
    facts.AfterSaleInspected(
        by="person:op_14",
        due=DUE,
        lines=(Inspected(grade="as_new", line=1, outcome="restock", quantity=1, sku="SKU-00017"),),
        note="封条完好",
        performance="019aa9d3-6b80-7000-8000-0000000000a6",
        rule="seven_days",
    ),
    facts.AfterSaleFiled(
        amount=6_367, bundle="b1" * 32, carrier="SF", due=DUE, number="LP-1", rule="claim_answer"
    ),
    facts.AfterSaleClosed(amount=7_667, outcome="paid", receipt="po_000002"),
    AfterSalesConfigured(auto_fen=2_000, second_fen=500_000),
    AfterSalesTimeSet(
        begins="2026-11-01",
        channel="pdd",
        hours=36,
        kind="return",
        source="拼多多 商家公告 2026-10-20",
        step="received",
    ),
    CarrierTermsSet(
        begins="2026-01-01",
        cap_fen=100_000,
        carrier="SF",
        days=30,
        multiple=7,
        source="合同 2026-1",
    ),
]
