"""Scrubbing free text: what is personal or secret becomes a token, 【手机】; the rest stays.

A value that comes again in a text gets the token that it had: where a text names two telephones,
the second is 【手机2】. A value that is masked already is replaced too.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.classification.texts import find, fold

if TYPE_CHECKING:
    from collections.abc import Collection

TOKENS: Final = {
    "resident_id": "身份证",
    "mobile": "手机",
    "landline": "座机",
    "bank_card": "银行卡",
    "uscc": "信用代码",
    "org_code": "机构代码",
    "plate": "车牌",
    "passport": "护照",
    "travel_permit": "通行证",
    "email": "邮箱",
    "ip": "IP",
    "mac": "MAC",
    "address": "地址",
    "name": "姓名",
    "birth_date": "生日",
    "geolocation": "位置",
    "biometric": "生物特征",
    "licence": "证照号",
    "wechat": "微信",
    "qq": "QQ",
    "alipay": "支付宝",
    "vin": "车架号",
    "imei": "串号",
    "sms_code": "验证码",
    "secret": "密钥",
}
"""What stands for a find of each class."""
_PLAIN: Final = re.compile(r"[\s\-·•.()/]+")


class Scrubbed(Struct, frozen=True, kw_only=True):
    """A text without what was found in it, and how many finds there were of each class."""

    text: str
    found: dict[str, int]


def scrub(text: str, keep: Collection[str] = ()) -> Scrubbed:
    """Replace every find of a text by a token, but those of the classes in `keep`."""
    spans = [span for span in find(text) if span.klass not in keep]
    if not spans:
        return Scrubbed(text=text, found={})
    numbers: dict[str, dict[str, int]] = {}
    found: dict[str, int] = {}
    parts: list[str] = []
    at = 0
    for span in spans:
        known = numbers.setdefault(span.klass, {})
        value = _PLAIN.sub("", fold(text[span.start : span.end])).lower()
        number = known.setdefault(value, len(known) + 1)
        found[span.klass] = found.get(span.klass, 0) + 1
        parts += [text[at : span.start], token(span.klass, number)]
        at = span.end
    return Scrubbed(text="".join([*parts, text[at:]]), found=found)


def token(klass: str, number: int = 1) -> str:
    """Give the token of a class: the first value has no number."""
    return f"【{TOKENS[klass]}{number if number > 1 else ''}】"
