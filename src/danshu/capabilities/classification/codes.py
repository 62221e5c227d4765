"""What is known by the word before it: accounts, passwords, codes; and signs that stand alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.classification.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

_IS: Final = r"(?:号码|账号|帐号|账户|号|id)?\s*(?:[:=]|是|为|\s)?\s*"
_SAYS: Final = r"[\"']?\s*(?:[:=]|是|为)+\s*[\"']?"
_PLATE_PLACES: Final = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


class _Code(Struct, frozen=True):
    """A pattern whose group 1 is the find; it is tried only where one of `words` stands."""

    words: tuple[str, ...]
    klass: str
    pattern: re.Pattern[str]
    confidence: int


def _code(words: str, klass: str, confidence: int, *pattern: str) -> _Code:
    whole = re.compile("".join(pattern), re.IGNORECASE)
    return _Code(tuple(words.split()), klass, whole, confidence)


_CODES: Final = (
    _code("wxid_", "wechat", 980, r"(?<![A-Za-z0-9_])(wxid_[0-9a-z_]{6,24})(?![A-Za-z0-9_])"),
    _code(
        "微信 weixin wechat vx v信", "wechat", 930, r"(?:微信|weixin|wechat|(?<![a-z])vx|v信)",
        _IS, r"([a-z][\w-]{5,19})(?![\w@.-])",
    ),
    _code(
        "qq 扣扣 企鹅", "qq", 930, r"(?:(?<![a-z])qq|扣扣|企鹅号)",
        _IS, r"([1-9]\d{4,10})(?![\d@])",
    ),
    _code(
        "支付宝 alipay", "alipay", 960, r"(?:支付宝|alipay)", _IS,
        r"(1[3-9]\d{9}|[\w.+-]+@[\w.-]+\.[a-z]{2,})",
    ),
    _code(
        "码 otp code", "sms_code", 940, r"(?:验证码|动态码|校验码|短信码|verification code|otp)",
        r"\s*(?:[:=]|是|为|\s)?\s*(\d{4,8})(?!\d)",
    ),
    _code(
        "密码 口令 pass pwd secret key token", "secret", 940,
        r"(?:密码|口令|passwd|password|pwd|secret|api[_-]?key|access[_-]?token|app[_-]?secret)",
        _SAYS, r"([!-~]{4,128}?)(?=[\"'\s,。;]|[一-鿿]|$)",
    ),
    _code("bearer", "secret", 960, r"bearer\s+([\w.~+/-]{16,}=*)"),
    _code(
        "sk_ pk_ rk_ akia gh xox eyj", "secret", 980,
        r"(?<![\w-])((?:sk|pk|rk)_(?:live|test)_\w{16,}|AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}",
        r"|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,}\.eyJ[\w-]{4,}\.[\w-]{4,})",
    ),
    _code(
        "许 准 备", "licence", 900, r"([一-鿿]{1,3}(?:食药监|药监|食药)?",
        r"械?(?:经营|生产|准|备|注准|注进)(?:许|备)?(?:字第?)?\d{8,14}号?)",
    ),
    _code(".", "biometric", 800, r"((?<![\d.])-?[01]?\.\d{2,}(?:\s*[,]\s*-?[01]?\.\d{2,}){6,})"),
)  # fmt: skip
_GATE: Final = re.compile(
    "|".join(sorted({re.escape(word) for code in _CODES for word in code.words}, reverse=True))
)
_EMAIL: Final = re.compile(
    r"(?<![A-Za-z0-9.+_-])[A-Za-z0-9][A-Za-z0-9.+_-]*@(?:[A-Za-z0-9一-鿿](?:[A-Za-z0-9一-鿿-]*"
    r"[A-Za-z0-9一-鿿])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_MASKED_EMAIL: Final = re.compile(r"(?<![\w.])[\w.]{1,3}\*{2,8}[\w.]{0,3}@[\w-]+(?:\.[\w-]+)+")
_PLATE: Final = re.compile(
    rf"[{_PLATE_PLACES}][A-HJ-NP-Z][ ·•.-]?(?:[A-HJ-NP-Z0-9] ?){{4}}"
    r"(?:[A-HJ-NP-Z0-9]?[挂学警港澳领]|[A-HJ-NP-Z0-9]{1,2})(?![A-Za-z0-9])"
    r"|使\d{6}(?!\d)|(?<!\d)\d{6}使|[A-Z]?\d{4,5}领(?!导|取|券|用|到)"
)
_PLACE: Final = re.compile(f"[{_PLATE_PLACES}使领]")
_MODEL: Final = re.compile(r"(?:型号|规格|货号|款号|编号|sku)[\s:]*$", re.IGNORECASE)
_COORDINATE: Final = re.compile(
    r"(经度|纬度|longitude|latitude|lng|lon|lat)\"?\s*[:=]?\s*\[?(\d{1,3}\.\d{3,})", re.IGNORECASE
)
_SPOKEN: Final = re.compile(
    "(?<![一二三四五六七八九零〇幺壹贰叁肆伍陆柒捌玖0-9])"
    "(?=[0-9]*[一二三四五六七八九零〇幺壹贰叁肆伍陆柒捌玖])"
    "[一二三四五六七八九零〇幺壹贰叁肆伍陆柒捌玖0-9]{11}"
    "(?![一二三四五六七八九零〇幺壹贰叁肆伍陆柒捌玖0-9十百])"
)
_FIGURES: Final = str.maketrans(
    "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789"
)


def find_codes(text: str) -> Iterator[Span]:
    """Find accounts, secrets and codes of a folded text that holds letters or figures."""
    low = text.lower()
    met = {word for match in _GATE.finditer(low) for word in (match[0],)}
    for code in _CODES if met else ():
        if met.isdisjoint(code.words):
            continue
        for match in code.pattern.finditer(text):
            start, end = match.span(1)
            yield Span(start=start, end=end, klass=code.klass, confidence=code.confidence)
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield Span(start=match.start(), end=match.end(), klass="email", confidence=970)
        for match in _MASKED_EMAIL.finditer(text):
            yield Span(
                start=match.start(), end=match.end(), klass="email", confidence=900, masked=True
            )
    for match in _PLATE.finditer(text) if _PLACE.search(text) else ():
        start, end = match.span()
        if sum(sign.isdecimal() for sign in match[0]) < 3:
            continue
        is_model = _MODEL.search(text, max(0, start - 6), start) is not None
        yield Span(start=start, end=end, klass="plate", confidence=300 if is_model else 900)
    for match in _COORDINATE.finditer(text) if "." in text else ():
        start, end = match.span(2)
        degrees = float(match[2])
        is_north = match[1].lower() in ("纬度", "latitude", "lat")
        if (3.8 <= degrees <= 53.6) if is_north else (73.4 <= degrees <= 135.1):
            yield Span(start=start, end=end, klass="geolocation", confidence=900)


def find_spoken(text: str) -> Iterator[Span]:
    """Find mobile numbers that are written in Chinese figures: 幺三八…, 壹叁捌…."""
    for match in _SPOKEN.finditer(text):
        digits = match[0].translate(_FIGURES)
        if digits[0] == "1" and digits[1] in "3456789":
            yield Span(start=match.start(), end=match.end(), klass="mobile", confidence=900)
