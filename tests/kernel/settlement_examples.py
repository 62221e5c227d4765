"""Examples of the fact types of settlement."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.settlement import facts
from danshu.capabilities.settlement.facts import BookPlace, ExplainedCheck, VoucherLine

ASKED = "019aa9d3-6b80-7000-8000-0000000000b1"
CUT = (BookPlace(half="2026h2", position=1_204_118),)

EXAMPLES: list[Struct] = [
    facts.PeriodClosed(
        cut=CUT,
        digest="7d0f2f2c2a3c1b4b5a6978c1e0d7f6a55b9e0c3d2f1a8b7c6d5e4f3a2b1c0d9e",
        explained=(ExplainedCheck(amount=1_280, code="suspense", reason="银行回单下月到"),),
        period=202610,
        vouchers=48_216,
    ),
    facts.ReopeningAsked(period=202610, reason="十月平台账单少导一份"),
    facts.ReopeningDeclined(asked=ASKED, period=202610, reason="记入十一月即可"),
    facts.PeriodReopened(
        asked=ASKED, cut=CUT, first="person:7", period=202610, reason="十月平台账单少导一份"
    ),
    facts.SettlementSet(
        begins=1, revenue="delivery", since="2026-12-01", suspense=10_000, zone="Asia/Shanghai"
    ),
    facts.AccountsNamed(
        names=(facts.AccountName(account=600101, code="6001.01.001", name="主营业务收入_商品"),)
    ),
    facts.VoucherProposed(
        currency="CNY",
        date="2026-11-21",
        lines=(
            VoucherLine(account=190101, debit=1_280),
            VoucherLine(account=112201, credit=1_280),
        ),
        reason="银行回单已到,冲待查",
        reverses="bill/1",
    ),
    facts.VoucherDeclined(proposed=ASKED, reason="科目不对"),
    facts.VoucherEntered(
        currency="CNY",
        date="2026-11-21",
        lines=(
            VoucherLine(account=190101, channel="taobao", debit=1_280),
            VoucherLine(account=112201, channel="taobao", credit=1_280, shop="旗舰店"),
        ),
        reason="银行回单已到,冲待查",
        reverses="bill/1",
    ),
]
