"""Invented bills in the true forms of the platforms: what a merchant downloads, byte for byte.

Numbers and people are invented; columns, remarks, encodings and totals are those of the forms that
src/danshu/data/bills reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Move(Struct, frozen=True, kw_only=True):
    """A movement of money on a bill: 分 that the merchant has more, when (yyyy-mm-dd HH:MM:SS)."""

    kind: str  # of ports.bill.KINDS
    number: str
    amount: int
    at: str
    flow: str


class Carried(Struct, frozen=True, kw_only=True):
    """A parcel on a carrier's bill: grams, 分."""

    waybill: str
    day: str
    zone: str
    weight_g: int
    fee: int


_ALIPAY_WORDS: Final = {
    "sale": ("在线支付", ""),
    "refund": ("交易退款", "售后退款"),
    "commission": ("其它", "天猫佣金"),
    "payment_fee": ("收费", "手续费"),
    "insurance": ("其它", "运费险"),
    "payout": ("提现", "提现到银行卡"),
    "transfer": ("转账", "转账"),
}
_ALIPAY_NAMES: Final = (
    "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,"
    "账户余额（元）,交易渠道,业务类型,备注"
)
_JD_WORDS: Final = {
    "sale": ("订单", "货款"),
    "refund": ("售后服务单", "货款"),
    "commission": ("订单", "佣金"),
    "payout": ("提现单", "提现"),
}
_PDD_WORDS: Final = {
    "sale": "交易收入",
    "subsidy": "优惠券结算",
    "refund": "退款",
    "commission": "技术服务费",
    "penalty": "扣款",
    "payout": "提现",
}
_DOUYIN_COLUMNS: Final = {
    "sale": "订单实付应结",
    "subsidy": "实际平台补贴",
    "refund": "订单退款",
    "commission": "平台服务费",
}
_DOUYIN_NAMES: Final = (
    "动账时间,动账流水号,动账方向,动账金额,动账账户,动账场景,计费类型,子订单号,订单号,售后编号,"
    "下单时间,商品ID,商品名称,订单类型,订单实付应结,运费实付,实际平台补贴_运费,实际平台补贴,"
    "实际达人补贴,实际抖音支付补贴,订单退款,平台服务费,佣金,渠道分成,招商服务费,备注"
)
_WECHAT_NAMES: Final = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
_BANK_NAMES: Final = (
    "交易日,交易时间,起息日,交易类型,借方金额,贷方金额,余额,摘要,流水号,流程实例号,业务名称,用途,"
    "业务参考号,业务摘要,其它摘要,收(付)方分行名,收(付)方名称,收(付)方账号"
)
_SF_NAMES: Final = (
    "序号,日期,运单号码,寄件地区,到件地区,计费重量,产品类型,付款方式,费用(元),"
    "折扣/促销,应付金额,备注"
)


def yuan(fen: int) -> str:
    """Write 分 as yuan with two decimals."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02}"


def alipay(moves: Sequence[Move]) -> bytes:
    """支付宝账务明细: GB18030, remarks with #, blanks at the ends of cells, totals below."""
    lines = [
        "#支付宝账务明细查询",
        "#账号：[20880000000000000156]",
        "#起始日期：[2026年10月01日 00:00:00]   终止日期：[2026年11月01日 00:00:00]",
        "#-----------------------------------------账务明细列表--------------------------------",
        _ALIPAY_NAMES,
    ]
    for move in moves:
        word, note = _ALIPAY_WORDS[move.kind]
        got = yuan(move.amount) if move.amount > 0 else ""
        gave = yuan(move.amount) if move.amount < 0 else ""
        number = f"T200P{move.number}" if move.number else ""
        lines.append(
            f"{move.flow}\t,{move.flow[-12:]}\t,{number}\t,示例商品,{move.at},示例,{got} ,"
            f"{gave} ,0.00,支付宝,{word},{note}"
        )
    gave_all = [m.amount for m in moves if m.amount < 0]
    got_all = [m.amount for m in moves if m.amount > 0]
    lines += [
        "#-----------------------------------------账务明细列表结束------------------------------",
        f"#支出合计：{len(gave_all)}笔，共{yuan(sum(gave_all))}元",
        f"#收入合计：{len(got_all)}笔，共{yuan(sum(got_all))}元",
        "#导出时间：[2026年11月02日 09:00:00]",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def jd(moves: Sequence[Move]) -> bytes:
    """京东结算单明细: GB18030, an item of cost a row."""
    lines = [
        "订单编号,单据编号,单据类型,商品编号,商品名称,结算状态,费用发生时间,费用计费时间,费用结算时间,费用项,"
        "金额,币种,商家应收/应付,钱包结算备注,店铺号"
    ]
    for move in moves:
        paper, word = _JD_WORDS[move.kind]
        side = "应收" if move.amount > 0 else "应付"
        lines.append(
            f"{move.number},{move.flow},{paper},100001,示例商品,已结算,{move.at},{move.at},{move.at},"
            f"{word},{yuan(move.amount)},人民币,{side},,1001"
        )
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def pdd(moves: Sequence[Move]) -> bytes:
    """拼多多货款账单: UTF-8 with a mark, remarks with #, no number for a row."""
    lines = [
        "#拼多多商家货款账单",
        "#起始日期：2026-10-01 00:00:00   终止日期：2026-10-31 23:59:59",
        "商户订单号,发生时间,收入金额（+元）,支出金额（-元）,账务类型,备注,业务描述",
    ]
    for move in moves:
        got = yuan(move.amount) if move.amount > 0 else "0.00"
        gave = yuan(move.amount) if move.amount < 0 else "0.00"
        lines.append(f"{move.number}\t,{move.at},{got},{gave},{_PDD_WORDS[move.kind]},,")
    gave_all = [m.amount for m in moves if m.amount < 0]
    got_all = [m.amount for m in moves if m.amount > 0]
    lines += [
        f"#收入合计：{len(got_all)}笔，{yuan(sum(got_all))}元",
        f"#支出合计：{len(gave_all)}笔，{yuan(sum(gave_all))}元",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def douyin(moves: Sequence[Move]) -> bytes:
    """抖店动账明细: UTF-8, long numbers behind an apostrophe, parts of a movement in columns."""
    names = _DOUYIN_NAMES.split(",")
    lines = [_DOUYIN_NAMES]
    for move in moves:
        cells = dict.fromkeys(names, "")
        cells |= dict.fromkeys(names[14:25], "0.00")
        cells |= {
            "动账时间": move.at,
            "动账流水号": f"'{move.flow}",
            "动账方向": "入账" if move.amount > 0 else "出账",
            "动账金额": yuan(move.amount),
            "动账场景": "货款结算入账" if move.amount > 0 else "退款/服务费",
            "子订单号": f"'{move.number}",
            "订单号": f"'{move.number}",
            "商品名称": "示例商品",
            _DOUYIN_COLUMNS[move.kind]: yuan(move.amount),
        }
        lines.append(",".join(cells.values()))
    return ("\n".join(lines) + "\n").encode("utf-8-sig")


def wechat_pay(moves: Sequence[Move]) -> bytes:
    """微信支付交易账单: every field behind a backtick, a fee in the row of its trade, totals below.

    A move `payment_fee` is the fee of the move before it.
    """
    lines, sums = [_WECHAT_NAMES], {"sale": 0, "refund": 0, "payment_fee": 0}
    count = 0
    for at, move in enumerate(moves):
        sums[move.kind] += move.amount
        if move.kind == "payment_fee":
            continue
        count += 1
        after = moves[at + 1] if at + 1 < len(moves) else None
        fee = -after.amount if after is not None and after.kind == "payment_fee" else 0
        is_sale = move.kind == "sale"
        cells = [
            *(move.at, "wx0000000000000001", "1900000001", "0", "", move.flow.split("/")[0]),
            *(move.number, "o-example", "JSAPI", "SUCCESS" if is_sale else "REFUND", "OTHERS"),
            *("CNY", yuan(move.amount if is_sale else 0), "0.00"),
            *(("0", "0") if is_sale else (f"5{move.flow}", f"R{move.number}")),
            *(yuan(0 if is_sale else -move.amount), "0.00", "", "" if is_sale else "SUCCESS"),
            *("示例商品", "", f"{fee / 100:.5f}", "0.60%", yuan(abs(move.amount)), "0.00", ""),
        ]
        lines.append(",".join(f"`{cell}" for cell in cells))
    lines.append(
        "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
    )
    fees = -sums["payment_fee"]
    totals = (
        yuan(sums["sale"]),
        yuan(-sums["refund"]),
        "0.00",
        f"{fees / 100:.5f}",
        "0.00",
        "0.00",
    )
    lines.append(",".join(f"`{cell}" for cell in (str(count), *totals)))
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


def bank(moves: Sequence[Move], payer: str = "支付宝（中国）网络技术有限公司") -> bytes:
    """银行流水 in the columns of 招商银行: GB18030, days without a time."""
    lines = ["#账号,755900000000001", _BANK_NAMES]
    for move in moves:
        day = move.at[:10].replace("-", "")
        gave, got = ("", yuan(move.amount)) if move.amount > 0 else (yuan(-move.amount), "")
        who = payer if move.kind == "payout" else "示例客户有限公司"
        word = "手续费" if move.kind == "payment_fee" else "转账"
        lines.append(
            f"{day},120000,{day},{word},{gave},{got},0.00,货款,{move.flow},,,,,,,,{who},2088"
        )
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def sf(parcels: Sequence[Carried]) -> bytes:
    """顺丰月结账单: GB18030, a parcel a row, the sum below."""
    lines = ["顺丰速运月结账单", "月结卡号,7550000001", _SF_NAMES]
    for nth, parcel in enumerate(parcels, 1):
        fee = yuan(parcel.fee)
        lines.append(
            f"{nth},{parcel.day},{parcel.waybill},杭州市,{parcel.zone},"
            f"{parcel.weight_g / 1000:.2f},顺丰标快,寄付月结,{fee},0.00,{fee},"
        )
    lines.append(f"合计,,,,,,,,,,{yuan(sum(p.fee for p in parcels))}元,")
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")
