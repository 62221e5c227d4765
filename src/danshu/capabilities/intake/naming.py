"""How people shorten names: without specifications, brackets, and what every shop is called."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from danshu.capabilities.intake import numerals
from danshu.capabilities.intake.plain import key, plain

# 毫升 = ml …: a specification has one spelling.
_UNITS: Final[dict[str, str]] = {
    "毫升": "ml", "升": "l", "公升": "l", "千克": "kg", "公斤": "kg", "毫克": "mg", "克": "g",
    "毫米": "mm", "厘米": "cm", "公分": "cm", "英寸": "寸", "瓦": "w", "伏": "v", "安": "a",
}  # fmt: skip
MEASURED: Final = (
    "毫升|公升|升|ml|l|千克|公斤|毫克|kg|mg|克|g|毫米|厘米|公分|cm|mm|英寸|寸|瓦|w|伏|v|mah|安"
    "|度|号|孔|匹"
)
SPEC: Final = re.compile(
    rf"(?:[*x×]\s*)?\d+(?:\.\d+)?\s*(?:{MEASURED})(?![a-z])"
    r"|[*x×]\s*\d+\s*(?:瓶|包|袋|盒|片|支|只|卷|罐|听|个|枚|粒|张|抽|本|条|杯|提|桶|双|块|根|套)?"
    r"|\d+\s*(?:瓶|包|袋|盒|片|支|只|卷|罐|听|个|枚|粒|张|抽|本|条|杯|提|桶|双|块|根|套|页|色|层)"
    r"(?:装|入)?(?:\s*/\s*[箱盒包袋提件瓶])?"
)
MODEL: Final = re.compile(r"[a-z0-9]+(?:[.x×*/-][a-z0-9]+)*")
_HAN_NUMBER: Final = re.compile(rf"[{numerals.HAN}]+(?:点[{numerals.HAN}]+)?")
_LED: Final = re.compile(r"[a-z0-9]+(?=[\u4e00-\u9fff]{2})")
_TELLING: Final = 4  # characters of a model from which on it names the goods alone
_DIGITS: Final = 3
_BRACKETS: Final = re.compile(r"[((\[【「][^))\]】」]*[))\]】」]")
_SIZES: Final = re.compile(r"(超大|特大|大|中|小|迷你)(杯|瓶|包|袋|份|盒|桶|号|罐|箱|码)")
_COLOURS: Final = re.compile(r"[黑红蓝白绿黄紫灰粉]色")
_SEPARATORS: Final = re.compile(r"[\s/\\|·・\-_,，、+]+")
_TAILS: Final = ("股份有限公司", "有限责任公司", "有限公司", "集团", "公司")
_SHOP_TAILS: Final = ("旗舰店", "专卖店", "体验店", "门店", "分店", "店")
_LEADS: Final = ("加", "换")
_SHORTEST: Final = 2


class Names(Struct, frozen=True):
    """Short names that mean the whole, parts that may mean it, and its specifications."""

    short: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    specs: frozenset[str] = frozenset()


def spell_spec(words: str) -> str:
    """Give a specification in its one spelling (500毫升, 500 ML, 五百毫升: 500ml)."""
    squeezed = "".join(words.split()).lstrip("*x×")
    number = _HAN_NUMBER.match(squeezed)
    value = numerals.read(number[0]) if number else None
    if number and value is not None:
        plain_value = int(value) if value.denominator == 1 else float(value)
        squeezed = f"{plain_value}{squeezed[number.end() :]}"
    squeezed = squeezed.removesuffix("装")
    for said, unit in _UNITS.items():
        if squeezed.endswith(said):
            return squeezed[: -len(said)] + unit
    return squeezed


def is_model(words: str) -> bool:
    """Tell whether a run of letters and digits may be a model: 6205, m8x30, a4."""
    digits = sum(c.isdigit() for c in words)
    letters = sum(c.isalpha() for c in words)
    return (digits > 0 and letters > 0 and not SPEC.fullmatch(words)) or (
        not letters and digits >= _DIGITS
    )


def goods_names(name: str) -> Names:
    """Shorten the name of a SKU: 农夫山泉饮用天然水 550ml*24瓶/箱 is 农夫山泉饮用天然水."""
    text = plain(name).text
    specs = {spell_spec(m.group()) for m in SPEC.finditer(text)}
    specs |= {m.group() for m in _SIZES.finditer(text)}
    specs |= {m.group() for m in _COLOURS.finditer(text)}
    models = {key(m.group()) for m in MODEL.finditer(text) if is_model(m.group())}
    bare = _BRACKETS.sub(" ", text)
    bare = _SIZES.sub(" ", SPEC.sub(" ", bare))
    without_colour = _COLOURS.sub(" ", bare)
    pieces = [p for p in _SEPARATORS.split(without_colour) if p]
    whole = "".join(pieces)
    short = {bare, whole}
    parts = set(pieces) if len(pieces) > 1 else set()
    # A brand before it, or a kind behind: 星巴克 美式咖啡 is asked for by either.
    parts |= {"".join(pieces[i:]) for i in range(1, len(pieces))}
    parts |= {"".join(pieces[:i]) for i in range(1, len(pieces))}
    if (led := _LED.match(whole)) is not None:
        parts.add(whole[led.end() :])
    parts |= {m for m in models if len(m) >= _TELLING and not m.isdigit()}
    return Names(_worth(short, text), _worth(parts - short, text), frozenset(specs | models))


def option_names(name: str) -> Names:
    """Shorten the name of an option: 加燕麦奶 is 燕麦奶."""
    text = plain(name).text
    bare = _BRACKETS.sub("", text).strip()
    short = {bare}
    for lead in _LEADS:
        if bare.startswith(lead) and len(bare) > len(lead) + 1:
            short.add(bare[len(lead) :])
    return Names(_worth(short, text))


def place_names(name: str) -> Names:
    """Shorten the name of a shop or a firm: 星巴克(人民广场店) is 星巴克人民广场, or 人民广场店."""
    text = plain(name).text
    short: set[str] = set()
    parts: set[str] = set()
    for inner in re.findall(r"[((【]([^))】]+)[))】]", text):
        parts |= {inner, *_without(inner, _SHOP_TAILS)}
    flat = re.sub(r"[(())【】]", "", text)
    short |= set(_without(flat, _SHOP_TAILS)) | set(_without(flat, _TAILS))
    bare = _BRACKETS.sub("", text)
    short |= set(_without(bare, _TAILS)) if bare != text and key(bare) != key(flat) else set()
    pieces = [p for p in _SEPARATORS.split(flat) if p]
    if len(pieces) > 1:
        last = pieces[-1]
        parts |= {last, *_without(last, _SHOP_TAILS)}
    return Names(_worth(short, text), _worth(parts - short, text))


def _without(words: str, tails: tuple[str, ...]) -> list[str]:
    return [words[: -len(t)] for t in tails if words.endswith(t) and len(words) > len(t) + 1]


def _worth(words: set[str], text: str) -> tuple[str, ...]:
    whole = key(text)
    kept = {k: w for w in sorted(words) if len(k := key(w)) >= _SHORTEST and k != whole}
    return tuple(kept.values())
