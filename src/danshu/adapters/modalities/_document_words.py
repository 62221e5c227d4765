"""Words of trade papers: what labels and headers mean, and values read from what stands there.

Labels are known by the nouns that they are made of, not by a list of whole labels, so that 需求日期
and 最晚到货 are both a day of delivery without being named here.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from msgspec import Struct

SHANGHAI: Final = timezone(timedelta(hours=8))
_DUE_HOUR: Final = 18  # of a day that names no hour: the end of a working day

# The first that fits counts; labels are folded (NFKC, lower case, no spaces or marks).
_LABELS: Final = tuple(
    [
        (role, re.compile(pattern))
        for role, pattern in (
            ("capitals", "大写"),
            ("supplier", "^供(方|货|应)|乙方|卖方|^销(方|货|售单位)|seller|supplier|vendor"),
            (
                "other",
                "税号|账号|帐号|开户|银行|付款|结算|运费|页码|传真|fax|邮编|邮箱|经办|制单|审核|批准",
            ),
            ("phone", "电话|手机|^tel|phone|mobile"),
            ("receiver", "^(收货|收件|联系|联络)人|contact|attn"),
            ("address", "地址|地点|^送(货)?[至到]|shipto|address|deliverto"),
            (
                "due",
                "交期|交付期|(交货|到货|送货|供货|发货|需求|要求|交付|期望).{0,3}(日期?|时间|期)$"
                "|^(最晚|要求|希望|预计)?(交货|到货|送货|送达)$|delivery|duedate|^eta$|needby",
            ),
            ("date", "日期|^date|orderdate|时间"),
            (
                "number",
                "(订|采购|计划|申请|单据|合同|订单|送货|出库|凭证|流水|要货|补货).{0,2}(编号|号码?)$"
                "|^(编号|单号|单据号|no|number|编码)$|p\\.?o.{0,3}(no|号|number)|orderno|^po$|单号$",
            ),
            (
                "customer",
                "^需方|^甲方|买方|客户|购(货|买)?(单位|方)|采购(单位|方|公司)|订(货|购)(单位|方|公司)"
                "|收货(单位|方)|要货(单位|门店)|门店|^店名|buyer|customer|billto",
            ),
            (
                "total",
                "^(价税|金额|货款)?(合计|总计|共计|总额|总价|总金额)(金额|价)?$"
                "|^total|grandtotal|总金额|应付",
            ),
            ("remark", "备注|附注|^说明|remark|^note"),
        )
    ]
)  # fmt: skip
_HEADERS: Final = tuple(
    [
        (role, re.compile(pattern))
        for role, pattern in (
            ("no", "^(序号?|行号?|项次|项号|#|no|item|line)$"),
            ("remark", "备注|说明|remark|note"),
            ("due", "交期|到货|交货"),
            ("price", "单价|价格|^(不?含税|未税)?价$|不?含税(单)?价|price"),
            ("amount", "金额|小计|总价|合计|amount|^total|价税"),
            ("unit", "单位|unit|uom|包装"),
            ("quantity", "数量|件数|qty|quantity|订[购货]?量|需求量|^数$"),
            ("code", "编码|编号|货号|料号|型号|条码|代码|款号|品号|物料号|sku|code|itemno|partno"),
            ("name", "名称|品名|货品|商品|产品|物料|货物|品项|description|itemname|goods|^品种"),
            ("spec", "规格|spec|尺寸"),
        )
    ]
)
_TITLES: Final = (
    (
        "purchase_order",
        re.compile("采购|订购|订货|要货|补货|申请单|订单|purchaseorder|请购|物资.*单"),
    ),
    ("delivery_note", re.compile("送货单|发货单|出库单|交货单|deliverynote|packinglist|装箱单")),
    ("other_paper", re.compile("报价|询价|发票|invoice|quotation|退货|对账|收据|付款|入库单")),
)
_NUMBERS: Final = str.maketrans("OoQDIl|!SsBZz", "0000111155822")
_DATE: Final = re.compile(
    r"(?:(20\d\d)\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*(?:日|号)?"
    r"(?:\s*(上午|下午|晚上?)?\s*(\d{1,2})\s*(?:[:：]\s*(\d{2})|[点时]))?"
)
_COMPACT: Final = re.compile(r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?!\d)")
_MONEY: Final = re.compile(r"^(?:人民币|rmb|cny|[¥$])?(-?[\d.,]+)(?:元|圆|rmb)?整?$", re.I)
_COUNT: Final = re.compile(r"^([\d,]+(?:\.\d+)?)\s*([^\d\s.,].{0,5})?$")
_CAPITAL_DIGITS: Final = {c: i for i, c in enumerate("零壹贰叁肆伍陆柒捌玖")} | {
    c: i for i, c in enumerate("〇一二三四五六七八九")
}
_CAPITAL_STEPS: Final = {"拾": 10, "十": 10, "佰": 100, "百": 100, "仟": 1000, "千": 1000}


class Count(Struct, frozen=True):
    """A number as it stands: `units` None where it is no whole number; `guessed` where letters
    were taken for digits.
    """

    units: int | None
    unit: str = ""
    guessed: bool = False


def fold(words: str) -> str:
    """Fold a label: NFKC, lower case, nothing but letters, digits and `#.`."""
    plain = unicodedata.normalize("NFKC", words).casefold()
    return "".join([c for c in plain if c.isalnum() or c in "#."]).strip(".")


def label_of(words: str) -> str:
    """Give what a label means, "" for what is none. Labels are short."""
    plain = fold(words)
    if not plain or len(plain) > 16:
        return ""
    for role, pattern in _LABELS:
        if pattern.search(plain):
            return role
    return ""


def header_of(words: str) -> str:
    """Give what a column is by its header, "" for none."""
    plain = fold(words)
    if not plain or len(plain) > 14:
        return ""
    for role, pattern in _HEADERS:
        if pattern.search(plain):
            return role
    return ""


def title_of(words: str) -> str:
    """Give the kind of paper that a title names, "" for none."""
    plain = fold(words)
    for kind, pattern in reversed(_TITLES):
        if pattern.search(plain) and len(plain) <= 40:
            return kind
    return ""


def _plain(words: str) -> str:
    said = unicodedata.normalize("NFKC", words).replace("，", ",").replace("。", ".")
    return said.replace(" ", "").replace("￥", "¥")


def read_count(words: str) -> Count | None:
    """Read a quantity with its unit where one stands beside it; None where no number does."""
    said = _plain(words)
    found = _COUNT.match(said)
    guessed = False
    if found is None:
        said = said[:1].translate(_NUMBERS) + said[1:]
        while len(said) > 1 and (at := re.match(r"[\d,.]+", said)) and at.end() < len(said):
            fixed = said[at.end()].translate(_NUMBERS)
            if fixed == said[at.end()]:
                break
            said = said[: at.end()] + fixed + said[at.end() + 1 :]
        found, guessed = _COUNT.match(said), True
    if found is None:
        return None
    digits = found[1].replace(",", "")
    whole, _, rest = digits.partition(".")
    unit = (found[2] or "").strip("()（）")
    if rest.strip("0") or not whole:
        return Count(None, unit, guessed)
    return Count(int(whole), unit, guessed)


def read_money(words: str) -> tuple[int, bool] | None:
    """Read money in 分, and whether letters were taken for digits; None for no amount or one that
    is no whole number of 分.
    """
    said, guessed = _plain(words), False
    found = _MONEY.match(said)
    if found is None:
        found, guessed = _MONEY.match(said.translate(_NUMBERS)), True
    if found is None:
        return None
    digits = found[1].strip(",")
    # A thousands comma read as a point: the last mark parts the fraction where two digits follow
    cut = max(digits.rfind("."), digits.rfind(",") if digits[-3:-2] == "," else -1)
    whole, part = (digits[:cut], digits[cut + 1 :]) if cut >= 0 else (digits, "")
    whole = whole.replace(",", "").replace(".", "")
    part = part.rstrip("0")
    if not (whole.lstrip("-").isdigit() and len(whole) < 13) or not (part == "" or part.isdigit()):
        return None
    if len(part) > 2:
        return None
    fen = int(whole) * 100 + int(part.ljust(2, "0") or "0") * (-1 if whole.startswith("-") else 1)
    return fen, guessed


def read_capitals(words: str) -> int | None:
    """Read an amount in capitals (叁仟陆佰元伍角整) in 分; None where it is none."""
    said = re.sub(r"[\s:：()（）整正]|人民币|大写|合计|金额", "", words).replace("圆", "元")
    if not said or set(said) - set(_CAPITAL_DIGITS) - set(_CAPITAL_STEPS) - set("万亿元角分"):
        return None
    yuan, _, rest = said.partition("元") if "元" in said else ("", "", said)
    if set(rest) & set("万亿元") or set(yuan) & set("角分"):
        return None
    total = _read_capital_whole(yuan) * 100
    for mark, worth in (("角", 10), ("分", 1)):
        at = rest.find(mark)
        if at > 0:
            total += _CAPITAL_DIGITS.get(rest[at - 1], 0) * worth
    return total


def _read_capital_whole(said: str) -> int:
    for mark, worth in (("亿", 100_000_000), ("万", 10_000)):
        if mark in said:
            high, _, low = said.rpartition(mark)
            return _read_capital_whole(high) * worth + _read_capital_whole(low)
    total = digit = 0
    for char in said:
        if char in _CAPITAL_DIGITS:
            digit = _CAPITAL_DIGITS[char]
        else:
            total += (digit or 1) * _CAPITAL_STEPS[char]
            digit = 0
    return total + digit


def read_due(words: str, now_ms: int) -> tuple[int, str]:
    """Read a day and maybe an hour as epoch ms (Asia/Shanghai), 0 for none, and what is left."""
    said = unicodedata.normalize("NFKC", words)
    found = _COMPACT.search(said) or _DATE.search(said)
    if found is None:
        return 0, said
    parts = found.groups()
    year, month, day = parts[0], int(parts[1]), int(parts[2])
    hour, minute = _DUE_HOUR, 0
    if len(parts) > 3 and parts[4]:
        hour, minute = int(parts[4]), int(parts[5] or 0)
        hour += 12 if parts[3] in ("下午", "晚", "晚上") and hour < 12 else 0
    now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(SHANGHAI)
    try:
        when = datetime(int(year or now.year), month, day, hour, minute, tzinfo=SHANGHAI)
        if not year and when < now - timedelta(days=60):
            when = when.replace(year=now.year + 1)
    except ValueError:
        return 0, said
    left = (said[: found.start()] + said[found.end() :]).strip(" ,.;:-")
    left = re.sub(r"^(之?前|以?前)?[\s,]*(送货?)?[至到往]?\s*", "", left)
    return int(when.timestamp() * 1000), left
