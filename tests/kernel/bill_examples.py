"""Examples of the fact types of bills and their reconciliation."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from danshu.hub import bill_facts as bills

RUN = "019aa9d3-6b80-7000-8000-00000000000c"
OF: dict[str, Any] = {"actual": 9_900, "expected": 10_000, "subject": "amount/taobao/T1"}

EXAMPLES: list[Struct] = [
    bills.BillImported(
        account="2088000000000156",
        book="alipay",
        digest="a1" * 32,
        existing=2,
        expense=72_00,
        form="alipay",
        income=12_000_00,
        lines=118,
        name="2026-10.csv",
        rejected=1,
        rows=121,
    ),
    bills.ReconcileRulesSet(digest="b2" * 32, version=3),
    bills.ReconcileFinished(
        cause="month end",
        lines=118,
        matched=110,
        open=4,
        opened=4,
        orders=60,
        outcome="done",
        reopened=1,
        rules=3,
        run=RUN,
        settled=2,
        whole=True,
    ),
    bills.DifferenceAssigned(**OF, owner="F03"),
    bills.DifferenceProposed(**OF, note="平台补差已到账", reason="later_bill"),
    bills.DifferenceDeclined(**OF, note="流水号对不上"),
    bills.DifferenceClosed(**OF, note="平台补差已到账", reason="later_bill", second="F01"),
    bills.DifferenceReopened(**OF, note="新账单金额不同"),
]
