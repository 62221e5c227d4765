"""Numbers and codes in a text: identity, telephone, cards, vehicles, networks, places on the earth.

A kind is a pattern, a check, and how sure it is alone and beside a word that speaks for it; words
of trade before a number (订单号, SKU …) speak against it. Texts are folded: one sign for one sign.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.classification.checks import (
    MOBILE,
    is_card,
    is_credit_code,
    is_date,
    is_luhn,
    is_old_resident_id,
    is_organisation_code,
    is_resident_id,
    is_vin,
)
from danshu.capabilities.classification.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEFORE: Final = 14  # signs before a number in which a word speaks for or against it
_AGAINST: Final = re.compile(
    r"(?:订单|运单|单号|快递|流水|批次|序列号|时间戳|版本|固件|型号|规格|货号|条码|条形码|优惠码"
    r"|优惠券|会员号|商品|编码|编号|热线|合同号|发票号|代码号|order|sku|batch|serial|version"
    r"|waybill|tracking|invoice)\w{0,2}(?:no|id|为|是)?[\s.:#=_-]*$|[#№]\s*$|[a-z]-$",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"\s*(?:毫安|元|块钱|件|毫升|克|公斤|ml|mah|kg|mm|cm|%|个|台|套|是系统|\.\d)", re.IGNORECASE
)
_SEPARATORS: Final = str.maketrans("", "", " -·•.()/")
_NO_FIGURES: Final = str.maketrans("", "", "0123456789")
_CHINA_UDEG: Final = (3_800_000, 53_600_000, 73_400_000, 135_100_000)  # millionths of a degree


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of number: `group` 1 of the pattern is the find where it has one."""

    klass: str
    pattern: re.Pattern[str]
    alone: int
    cued: int
    cue: re.Pattern[str] | None = None
    check: Callable[[str], bool] | None = None
    is_trade: bool = True
    """Whether words of trade before it speak against it."""
    masked: bool = False
    digits: int = 0
    """Least figures that a run must have; `sign` must stand in it besides."""
    sign: str = ""


def _kind(
    klass: str,
    pattern: str,
    alone: int,
    cued: int = 0,
    cue: str = "",
    check: Callable[[str], bool] | None = None,
    *,
    is_trade: bool = True,
    masked: bool = False,
    digits: int = 0,
    sign: str = "",
) -> Kind:
    return Kind(
        klass=klass,
        pattern=re.compile(pattern, re.IGNORECASE),
        alone=alone,
        cued=cued or alone,
        cue=re.compile(rf"(?:{cue})[^,。;]{{0,8}}$", re.IGNORECASE) if cue else None,
        check=check,
        is_trade=is_trade,
        masked=masked,
        digits=digits,
        sign="*" if masked else sign,
    )


def _is_mobile(digits: str) -> bool:
    number = digits.lstrip("+0").removeprefix("86")[-11:]
    return len(number) == 11 and number[:3] in MOBILE


def _is_landline(digits: str) -> bool:
    area = digits[:2] in ("01", "02") and digits[:3] != "026"
    return (area and len(digits) == 11) or (not area and 11 <= len(digits) <= 12)


def _is_credit(code: str) -> bool:
    return is_credit_code(code.upper())


def _is_organisation(code: str) -> bool:
    return is_organisation_code(code.upper())


def _is_vehicle(code: str) -> bool:
    return is_vin(code.upper())


def _is_imei(digits: str) -> bool:
    return is_luhn(digits) and digits[:2] in ("01", "35", "86", "99", "45", "49", "52", "91")


def _is_ip(text: str) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    return found.version == 6 or any(int(part) > 9 for part in text.split("."))


def _is_day(text: str) -> bool:
    parts = re.findall(r"\d+", text)
    if len(parts) == 1:
        return is_date(parts[0])
    if len(parts[0]) == 4:
        return is_date(parts[0] + parts[1].zfill(2) + parts[2].zfill(2))
    first, second, year = parts[0].zfill(2), parts[1].zfill(2), parts[2]
    return len(year) == 4 and (is_date(year + first + second) or is_date(year + second + first))


def _is_place(text: str) -> bool:
    figures = [round(float(f) * 1_000_000) for f in re.findall(r"\d{1,3}\.\d+", text)]
    south, north, west, east = _CHINA_UDEG
    if len(figures) != 2:
        return False
    one, other = figures
    return (south <= one <= north and west <= other <= east) or (
        south <= other <= north and west <= one <= east
    )


_D: Final = r"(?<![0-9A-Za-z.*])"
_E: Final = r"(?![0-9A-Za-z*])"
_CARD_WORDS: Final = r"卡|银行|信用|储蓄|借记|尾号|退到|户名|card|account|bank"
_ID_WORDS: Final = r"身份证|证件|证号|身份|驾驶证|驾照|id ?card|id ?no|resident"
_CALL_WORDS: Final = r"电话|手机|号码|联系|致电|打|tel|phone|mobile|whatsapp|加我"
_BORN: Final = r"出生|生日|生于|birth|dob|born"
_HEX: Final = "[0-9a-f]{1,4}"
KINDS: Final = (
    _kind(
        "resident_id", rf"{_D}\d{{6}} ?\d{{4}} ?\d{{4}} ?\d{{3}}[\dXx]{_E}", 960, 995,
        _ID_WORDS, is_resident_id, is_trade=False, digits=17,
    ),
    _kind("resident_id", rf"{_D}\d{{15}}{_E}", 380, 880, _ID_WORDS, is_old_resident_id, digits=15),
    _kind(
        "resident_id",
        r"(?<!\d)(?=(?:[\dX*]{3})?[\dX*]{15}(?![\dX*]))\d{3,6}\*{6,12}[\dX]{2,4}(?!\d)",
        560, 930, _ID_WORDS, masked=True,
    ),
    _kind(
        "mobile", rf"{_D}(?:(?:\+|00)86[ -]?)?1[3-9]\d(?:[ -]?\d){{8}}{_E}",
        900, 980, _CALL_WORDS, _is_mobile, digits=11,
    ),
    _kind("mobile", r"(?<!\d)1[3-9]\d\*{3,7}\d{1,4}(?!\d)", 930, masked=True),
    _kind(
        "mobile", r"(?<![\d*])(?:1\*{5,6}\d{4}|\*{7}\d{4})(?!\d)", 300, 900, _CALL_WORDS,
        masked=True,
    ),
    _kind(
        "landline", rf"{_D}[(]?0[1-9]\d{{1,2}}[)]?[ -]?[2-8]\d{{6,7}}{_E}",
        720, 950, r"电话|座机|传真|tel|fax|phone|致电|打", _is_landline, digits=10,
    ),
    _kind(
        "bank_card", rf"{_D}\d{{4}}(?:[ -]?\d{{4}}){{2,3}}(?:[ -]?\d{{1,3}})?{_E}",
        640, 970, _CARD_WORDS, is_card, digits=14,
    ),
    _kind(
        "bank_card", r"(?<!\d)\d{4,6}[ ]?\*{4,12}[ ]?\d{4}(?!\d)", 560, 930, _CARD_WORDS,
        masked=True,
    ),
    _kind(
        "uscc", rf"{_D}[159ANY][0-9A-HJ-NP-RTUW-Y]\d{{6}}[0-9A-HJ-NP-RTUW-Y]{{10}}{_E}", 900, 985,
        r"税号|信用代码|抬头|开票|uscc|tax", _is_credit, digits=8,
    ),
    _kind(
        "org_code", rf"{_D}[0-9A-Z]{{8}}-[0-9X]{_E}", 620, 950, r"机构代码|代码证",
        _is_organisation, digits=3, sign="-",
    ),
    _kind(
        "vin", rf"{_D}[0-9A-HJ-NPR-Z]{{17}}{_E}", 900, 980, r"车架|vin|车辆识别",
        _is_vehicle, digits=4,
    ),
    _kind(
        "imei", rf"{_D}\d{{15}}{_E}", 400, 950, r"imei|串号|手机串|设备识别", _is_imei, digits=15
    ),
    _kind(
        "ip", r"(?<![0-9.])(?:\d{1,3}\.){3}\d{1,3}(?![0-9]|\.\d)", 860, 970, r"ip|地址|登录",
        _is_ip, digits=4, sign=".",
    ),
    _kind(
        "ip",
        rf"(?<![0-9A-Fa-f:.])(?:{_HEX}:){{1,7}}(?::|{_HEX}|(?::{_HEX}){{1,6}})(?![0-9A-Fa-f:])",
        900, 0, "", _is_ip, sign=":",
    ),
    _kind(
        "mac",
        r"(?<![0-9A-Fa-f:-])[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}(?![0-9A-Fa-f:-])",
        960, digits=1,
    ),
    _kind(
        "birth_date", r"(?<!\d)(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?(?!\d)", 100, 930,
        _BORN, _is_day, digits=6,
    ),
    _kind(
        "birth_date", r"(?<!\d)(?:\d{1,2}/\d{1,2}/(?:19|20)\d\d|(?:19|20)\d{6})(?!\d)", 100, 900,
        _BORN, _is_day, digits=6,
    ),
    _kind(
        "geolocation", r"(?<![\d.])\d{1,3}\.\d{4,} ?[, ] ?\d{1,3}\.\d{4,}(?![\d.])", 880, 970,
        r"定位|坐标|经纬|位置|lat|lng|geo|location", _is_place, digits=12, sign=".",
    ),
    _kind(
        "licence", r"(?<![0-9A-Za-z])(?:JY|SC)\d{14}(?!\d)", 900, 970, r"许可|执照|编号|证",
        is_trade=False, digits=14,
    ),
    # an identity number and a telephone number that run into one another
    _kind(
        "resident_id", r"(?<![0-9A-Za-z])\d{17}[\dX](?=1[3-9]\d{9}(?!\d))", 960,
        check=is_resident_id, digits=28,
    ),
    _kind("mobile", r"(?<=\d{17}[\dX])1[3-9]\d{9}(?!\d)", 900, digits=28),
)  # fmt: skip
_PERMIT: Final = r"(?:[CW][A-Z]?\d{7,8}|[HM]\d{8}(?:\d\d)?|(?<!\d)\d{8}(?:\d\d)?)"
_PASSPORT: Final = r"(?:[EGDSP]\d{8}|E[A-Z]\d{7}|[DSP]E\d{7})"
_MOST: Final = max(kind.digits for kind in KINDS)
_BY_FIGURES: Final = tuple(
    tuple(kind for kind in KINDS if kind.digits <= n) for n in range(_MOST + 1)
)
CUED: Final = tuple(
    (re.compile(cue, re.IGNORECASE), klass, re.compile(rf"(?<![0-9A-Za-z]){pattern}{_E}"))
    for cue, klass, pattern in (
        (r"护照|passport", "passport", _PASSPORT),
        (r"港澳|通行证|回乡证|台胞证|往来", "travel_permit", _PERMIT),
    )
)
"""Documents whose numbers are nothing without the word before them."""


def find_numbers(text: str, begin: int, end: int) -> Iterator[Span]:
    """Find the numbers of a folded text within [begin, end), overlapping ones too."""
    run = text[begin:end]
    figures = len(run) - len(run.translate(_NO_FIGURES))
    for kind in _BY_FIGURES[min(figures, _MOST)]:
        if kind.sign and kind.sign not in run:
            continue
        for match in kind.pattern.finditer(text, begin, end):
            span = _judge(kind, match, text)
            if span is not None:
                yield span
    if figures < 7:
        return
    before = text[max(0, begin - _BEFORE) : end]
    for cue, klass, pattern in CUED:
        if cue.search(before) is None:
            continue
        for match in pattern.finditer(text, begin, end):
            if cue.search(text, max(0, match.start() - _BEFORE), match.start()):
                yield Span(start=match.start(), end=match.end(), klass=klass, confidence=940)


def _judge(kind: Kind, match: re.Match[str], text: str) -> Span | None:
    start, end = match.span()
    value = match[0]
    if kind.check is not None and not kind.check(_plain(kind, value)):
        return None
    lead = text[max(0, start - _BEFORE) : start]
    is_cued = kind.cue is not None and kind.cue.search(lead) is not None
    confidence = kind.cued if is_cued else kind.alone
    if kind.is_trade and not is_cued and _AGAINST.search(lead):
        confidence -= 600
    if not is_cued and _UNIT.match(text, end):
        confidence -= 600
    if confidence <= 0:
        return None
    return Span(start=start, end=end, klass=kind.klass, confidence=confidence, masked=kind.masked)


def _plain(kind: Kind, value: str) -> str:
    if kind.klass in ("ip", "geolocation", "birth_date"):
        return value
    return value.translate(_SEPARATORS)
