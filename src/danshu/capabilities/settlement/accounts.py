"""The chart of accounts 会计科目, as data: code, words, kind.

Four-digit codes are those of 《企业会计准则——应用指南》 (财会〔2006〕18 号), the digits after them
are the hub's own. Amounts are in minor units.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from danshu.kernel.machine import Words

Kind = Literal["asset", "liability", "income", "expense"]

BANK: Final = 1002
ALIPAY: Final = 101201
WECHAT: Final = 101202
JD_WALLET: Final = 101203
PDD_WALLET: Final = 101204
DOUYIN_WALLET: Final = 101205
PAYOUT: Final = 101209
PLATFORM: Final = 112201
CLAIMS: Final = 122101
INVENTORY: Final = 140501
SHIPPED: Final = 140601
SUSPENSE: Final = 190101
ROUNDING: Final = 190102
PREPAID: Final = 220301
DEPOSITS: Final = 220302
CARRIERS: Final = 220201
VAT: Final = 222101
VAT_SMALL: Final = 222102
REFUNDS: Final = 224101
SALES: Final = 600101
RETURNS: Final = 600109
FORFEITS: Final = 630101
CLAIMED: Final = 630102
COST: Final = 640101
PLATFORM_FEES: Final = 660101
CARRIER_FEES: Final = 660102
COMPENSATION: Final = 660103
PAYMENT_FEES: Final = 660301
LOSSES: Final = 671101


class Account(Struct, frozen=True, kw_only=True):
    """An account. `kind` tells which side is its usual one: assets and expenses stand in debit."""

    code: int
    kind: Kind
    words: Words

    @property
    def is_debit(self) -> bool:
        """Its balance is usually a debit."""
        return self.kind in ("asset", "expense")


def _of(code: int, kind: Kind, zh: str, en: str) -> Account:
    return Account(code=code, kind=kind, words=Words(zh=zh, en=en))


CHART: Final[dict[int, Account]] = {
    a.code: a
    for a in (
        _of(BANK, "asset", "银行存款", "Bank"),
        _of(ALIPAY, "asset", "其他货币资金·支付宝", "Cash: Alipay"),
        _of(WECHAT, "asset", "其他货币资金·微信支付", "Cash: WeChat Pay"),
        _of(JD_WALLET, "asset", "其他货币资金·京东钱包", "Cash: JD wallet"),
        _of(PDD_WALLET, "asset", "其他货币资金·拼多多货款", "Cash: PDD wallet"),
        _of(DOUYIN_WALLET, "asset", "其他货币资金·抖音货款", "Cash: Douyin wallet"),
        _of(PAYOUT, "asset", "其他货币资金·付款服务", "Cash: payout service"),
        _of(PLATFORM, "asset", "应收账款·应收平台款", "Platform receivable"),
        _of(CLAIMS, "asset", "其他应收款·应收承运商赔款", "Carrier claims receivable"),
        _of(INVENTORY, "asset", "库存商品", "Inventory"),
        _of(SHIPPED, "asset", "发出商品", "Goods on the way"),
        _of(SUSPENSE, "asset", "待处理款项·待查", "Suspense"),
        _of(ROUNDING, "asset", "待处理款项·分差", "Rounding"),
        _of(CARRIERS, "liability", "应付账款·应付承运费", "Carriers payable"),
        _of(VAT, "liability", "应交税费·应交增值税(销项税额)", "VAT payable: output tax"),
        _of(VAT_SMALL, "liability", "应交税费·应交增值税(小规模)", "VAT payable: small-scale"),
        _of(PREPAID, "liability", "预收账款·预收货款", "Customer prepayment"),
        _of(DEPOSITS, "liability", "预收账款·预售定金", "Presale deposits"),
        _of(REFUNDS, "liability", "其他应付款·应付退款", "Refunds payable"),
        _of(SALES, "income", "主营业务收入·商品销售", "Sales"),
        _of(RETURNS, "income", "主营业务收入·销售退回", "Sales returns"),
        _of(FORFEITS, "income", "营业外收入·违约定金收入", "Forfeited deposits"),
        _of(CLAIMED, "income", "营业外收入·承运商赔款", "Carrier claims"),
        _of(COST, "expense", "主营业务成本·商品成本", "Cost of goods sold"),
        _of(PLATFORM_FEES, "expense", "销售费用·平台扣点", "Platform fees"),
        _of(CARRIER_FEES, "expense", "销售费用·承运费", "Carrier fees"),
        _of(COMPENSATION, "expense", "销售费用·赔付", "Compensation to buyers"),
        _of(PAYMENT_FEES, "expense", "财务费用·支付手续费", "Payment fees"),
        _of(LOSSES, "expense", "营业外支出·商品损失", "Goods lost or scrapped"),
    )
}
