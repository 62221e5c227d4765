"""The words of policies told in words: conditions on an order, and what is to be done about it.

Each reader looks at one place of the text and says how many characters it took (0 = not its own)
and which conditions they are.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.kernel.limits import AMOUNT_MINOR

_DIGITS: Final = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS: Final = {"十": 10, "百": 100, "千": 1_000}
_NUM: Final = r"(?P<n>\d[\d,]*(?:\.\d+)?|[零一二两三四五六七八九十百千]+)\s*(?P<w>万)?"
FILLERS: Final = re.compile(
    r"[\s,，。;；、:：!！]+|的|订单|单子|单|时候|时|期间|里|内|到|往|发往|发到|寄往|送往|收货地?|在|从|由|给|把|都|要|就|请"
    r"|让|如果|若|凡是?|当|那么?|则|遇到?|且|并且?|和|与|全部|所有|地区|发货|出货|出库|为|是|含有?|有|天气|预警"
    r"|(?:orders?|the|of|from|to|for|in|with|and|when|if|please|all|is|are|should|goods|days?)\b"
)
OR: Final = re.compile(r"或者?|or\b")
KINDS: Final = (
    ("高架仓", "elevated"), ("地面仓", "ground"), ("地下仓", "underground"), ("前置仓", "store"),
)  # fmt: skip
VERBS: Final = tuple(
    (re.compile(words), effect)
    for words, effect in (
        (r"尽量不走|尽量避开|避让|避开|少走|少用|avoid\b", "avoid"),
        (r"只能?走|只能?用|只能?从|必须走|必须用|(?:use )?only(?: from)?\b", "require"),
        (r"优先走|优先用|优先从|优先|先走|先用|先从|prefer\b|first(?: from)?\b", "prefer"),
        (r"不要走|不能走|不走|别走|禁用|不用|不要用|停用|never(?: from)?\b|forbid\b", "forbid"),
    )
)
REVIEWS: Final = tuple(
    (re.compile(words), effect, zh, en)
    for words, effect, zh, en in (
        (r"(?:加|要|先|做)*\s*验真|verify\b", "review", "先人工验真", "verify first"),
        (
            r"(?:转|要|先|加)*\s*(?:人工)?(?:复核|审核|审批)|转\s*人工|人工处理|review\b",
            "review",
            "转人工复核",
            "reviewed by a person",
        ),
        (
            r"(?:先|要)?(?:暂停发货|暂停|暂缓发货|暂缓|先停|挂起|拦下|扣住)|hold\b",
            "hold",
            "暂停,等人处理",
            "held for a person",
        ),
    )
)
RATE: Final = re.compile(
    r"(?:每个?|单个?|各)?仓?\s*(?:限|最多|不超过|至多)?\s*\d+\s*单\s*[/每]\s*(?:个)?(?:小时|天|日|分钟)"
)
_PARCELS: Final = re.compile(
    r"(?P<one>不要拆单|不能拆单|不许拆单|不拆单|一单一包|do not split\b|no split\b)"
    r"|最多(?:拆成?|分成?)?\s*(?P<n>\d{1,2})\s*个?包裹?|at most (?P<m>\d{1,2}) parcels?\b"
)
_MORE: Final = {
    ">": r"超过|大于|高于|多于|超|>|over\b|above\b|more than\b",
    ">=": r"不低于|不少于|不小于|满|达到|>=|at least\b|from\b",
    "<": r"低于|小于|少于|不到|不足|<|below\b|under\b|less than\b",
    "<=": r"不超过|不高于|不多于|至多|<=|at most\b",
}
_AFTER: Final = {"以上": ">=", "及以上": ">=", "以下": "<=", "以内": "<=", "起": ">="}
_NOUNS: Final = {
    "value": r"订单金额|金额|总价|实付|货值|amount|value",
    "units": r"总件数|件数|数量|units",
    "weight": r"总重量|重量|weight",
}
_OF: Final = {
    "value": ("order.value_fen", "订单金额", r"元|块钱?|yuan\b|rmb\b"),
    "units": ("order.units", "件数", r"件|个|units?\b|pieces?\b"),
    "weight": ("order.weight_g", "重量", r"公斤|千克|kg\b|斤|克|g\b"),
}
_GRAMS: Final = {"公斤": 1_000, "千克": 1_000, "kg": 1_000, "斤": 500, "克": 1, "g": 1}
_AMOUNT: Final = re.compile(
    rf"(?:(?P<value>{_NOUNS['value']})|(?P<units>{_NOUNS['units']})"
    rf"|(?P<weight>{_NOUNS['weight']}))?"
    r"\s*(?:在)?\s*"
    rf"(?:(?P<le>{_MORE['<=']})|(?P<ge>{_MORE['>=']})"
    rf"|(?P<gt>{_MORE['>']})|(?P<lt>{_MORE['<']}))?\s*"
    rf"{_NUM}\s*"
    rf"(?:(?P<yuan>{_OF['value'][2]})|(?P<pieces>{_OF['units'][2]})|(?P<mass>{_OF['weight'][2]}))?"
    r"\s*(?P<after>及以上|以上|以下|以内|起)?"
)
COLOURS: Final = (("蓝色", "blue"), ("黄色", "yellow"), ("橙色", "orange"), ("红色", "red"))
_LEVELS: Final = {"蓝": 1, "黄": 2, "橙": 3, "红": 4}
_WEATHER: Final = (
    (2, "暴雨", "rain", r"暴雨|大雨|下雨天?|雨天|雨|rainstorms?\b|rainy\b|rain\b"),
    (1, "台风", "typhoon", r"台风天?|typhoons?\b"),
    (3, "暴雪", "snow", r"暴雪|大雪|下雪天?|雪天|snow(?:storms?)?\b"),
    (4, "寒潮", "cold wave", r"寒潮|cold waves?\b"),
    (5, "大风", "gale", r"大风|gales?\b"),
    (7, "高温", "heat", r"高温|heat\b"),
    (12, "大雾", "fog", r"大雾|雾天|fog\b"),
    (14, "道路结冰", "icy roads", r"道路结冰|结冰|icy roads\b"),
)
_LEVEL: Final = re.compile(r"\s*(?P<c>[蓝黄橙红])色?\s*(?:预警)?\s*(?P<up>及?以上)?")
_GOODS: Final = (
    ("order.cold", "含冷链", "cold chain", r"生鲜|冷链|fresh(?: food)?\b|cold chain\b"),
    ("order.chilled", "含冷藏", "chilled goods", r"冷藏|chilled\b"),
    ("order.frozen", "含冷冻", "frozen goods", r"冷冻|frozen\b"),
    ("order.dangerous", "含危险品", "dangerous goods", r"危险品|危化品|dangerous\b"),
    ("order.licensed", "含持证商品", "licensed goods", r"持证商品|处方药|药品|医疗器械|licensed\b"),
    ("dest.lockdown", "收货地封控", "locked down there", r"封控|locked down\b"),
    ("dest.hours", "收货地限行", "limited hours there", r"限行"),
)
_READERS: Final = tuple((field, zh, en, re.compile(words)) for field, zh, en, words in _GOODS)
_SKIES: Final = tuple((no, zh, en, re.compile(words)) for no, zh, en, words in _WEATHER)
_WEEK: Final = (
    (re.compile(r"周末|weekends?\b"), ">= 6", 6, 1, "周末", "weekends"),
    (re.compile(r"工作日|weekdays?\b"), "<= 5", 1, 6, "工作日", "weekdays"),
)
_CLOCK: Final = re.compile(
    r"(?P<a>\d{1,2})(?:点|:00)(?:(?:到|至|-|~)(?P<b>\d{1,2})(?:点|:00)|(?P<after>以后|之后|后)"
    r"|(?P<before>以前|之前|前))"
)


class Meaning(Struct, frozen=True, kw_only=True):
    """What some words were taken to mean."""

    zh: str
    en: str


class Limb(Struct, frozen=True, kw_only=True):
    """One condition: the field, its name, the table's cell, a value that meets it and one that does
    not.
    """

    field: str
    cell: str
    told: Meaning
    yes: object
    no: object
    name: str = ""

    def join(self, other: Limb) -> Limb:
        """Give either of two names, both of two bounds."""
        between = ", " if self.cell.startswith("'") else " and "
        told = Meaning(zh=f"{self.told.zh}、{other.told.zh}", en=f"{self.told.en}, {other.told.en}")
        if self.cell == other.cell:
            return self
        return replace(self, cell=f"{self.cell}{between}{other.cell}", told=told)


def number(said: str) -> float | None:
    """Read a number in digits or Chinese numerals below 10,000; None = it is none."""
    if said[0].isdigit():
        return float(said.replace(",", ""))
    total, digit = 0, None
    for char in said:
        if char in _DIGITS:
            if digit is not None:
                return None  # 一二: two digits in a row are no number of this kind
            digit = _DIGITS[char] or None
        else:
            total += (1 if digit is None else digit) * _UNITS[char]
            digit = None
    return float(total + (digit or 0))


def amounts(words: str, at: int) -> tuple[int, tuple[Limb, ...]]:
    """Read a bound on amount, units or weight."""
    found = _AMOUNT.match(words, at)
    if found is None:
        return 0, ()
    what = next((w for w in _OF if found[w]), "") or (
        "value" if found["yuan"] else "units" if found["pieces"] else "weight"
    )
    unit = {"value": found["yuan"], "units": found["pieces"], "weight": found["mass"]}[what]
    sign = next((s for s, g in zip((">", ">=", "<", "<="), ("gt", "ge", "lt", "le"), strict=True)
                 if found[g]), "") or _AFTER.get(found["after"] or "", "")  # fmt: skip
    told = number(found["n"])
    if not sign or told is None or not (unit or (found[what] and what != "weight")):
        return 0, ()
    told *= 10_000 if found["w"] else 1
    factor = {"value": 100, "units": 1}.get(what) or _GRAMS[unit or "克"]
    value = round(told * factor)
    if not 0 < value < AMOUNT_MINOR:
        return 0, ()
    field, name, _ = _OF[what]
    step = {">": (1, 0), ">=": (0, -1), "<": (-1, 0), "<=": (0, 1)}[sign]
    signs = {">": ("超过", "over"), ">=": ("不低于", "at least"),
             "<": ("低于", "below"), "<=": ("不超过", "at most")}[sign]  # fmt: skip
    shown = f"{told:,.2f}".rstrip("0").rstrip(".")
    units = {"value": ("元", "yuan"), "units": ("件", "units")}.get(what, (unit, unit))
    meaning = Meaning(
        zh=f"{name}{signs[0]} {shown} {units[0]}",
        en=f"{field.partition('.')[2]} {signs[1]} {shown} {units[1]}",
    )
    limb = Limb(
        field=field, cell=f"{sign} {value}", told=meaning, yes=value + step[0], no=value + step[1],
        name=name,
    )  # fmt: skip
    return found.end() - at, (limb,)


def weather(words: str, at: int) -> tuple[int, tuple[Limb, ...]]:
    """Read a warning of the weather where the parcel goes: its type, and from which level on."""
    bare = _LEVEL.match(words, at)
    if bare is not None:
        return bare.end() - at, (_grade(_LEVELS[bare["c"]]),)
    for no, zh, en, pattern in _SKIES:
        found = pattern.match(words, at)
        if found is None:
            continue
        end, level = found.end(), 1
        graded = _LEVEL.match(words, end)
        if graded is not None:
            end, level = graded.end(), _LEVELS[graded["c"]]
        kind = Limb(
            field="dest.weather_type", cell=str(no), yes=no, no=0, name="收货地预警类型",
            told=Meaning(zh=f"收货地{zh}预警", en=f"a {en} warning there"),
        )  # fmt: skip
        return end - at, (kind, _grade(level))
    return 0, ()


def _grade(level: int) -> Limb:
    told = Meaning(zh=f"{COLOURS[level - 1][0]}以上", en=f"{COLOURS[level - 1][1]} or more")
    return Limb(
        field="dest.weather_level", cell=f">= {level}", yes=level, no=level - 1, told=told,
        name="收货地预警级别",
    )  # fmt: skip


def goods(words: str, at: int) -> tuple[int, tuple[Limb, ...]]:
    """Read what is in the order, or how its place is closed."""
    for field, zh, en, pattern in _READERS:
        found = pattern.match(words, at)
        if found is not None:
            told = Meaning(zh=zh, en=en)
            limb = Limb(field=field, cell="true", told=told, yes=True, no=False, name=zh)
            return found.end() - at, (limb,)
    return 0, ()


def calendar(
    words: str, at: int, spans: tuple[tuple[str, tuple[int, int]], ...]
) -> tuple[int, tuple[Limb, ...]]:
    """Read days and hours: a festival's by name, weekends, from and until an hour."""
    for name, (first, last) in sorted(spans, key=lambda s: -len(s[0])):
        if words.startswith(name, at):
            limb = Limb(
                field="now.date", cell=f"[{first}..{last}]", yes=first, no=first - 1, name="日期",
                told=Meaning(zh=f"{first} 至 {last}", en=f"{first} to {last}"),
            )  # fmt: skip
            return len(name), (limb,)
    for pattern, cell, yes, no, zh, en in _WEEK:
        found = pattern.match(words, at)
        if found is not None:
            told = Meaning(zh=zh, en=en)
            limb = Limb(field="now.weekday", cell=cell, told=told, yes=yes, no=no, name="星期")
            return found.end() - at, (limb,)
    return _hours(words, at)


def _hours(words: str, at: int) -> tuple[int, tuple[Limb, ...]]:
    found = _CLOCK.match(words, at)
    if found is None:
        return 0, ()
    first = int(found["a"]) * 60
    last = int(found["b"]) * 60 if found["b"] else 1_440
    if found["before"]:
        first, last = 0, first
    if not 0 <= first < last <= 1_440:
        return 0, ()
    limb = Limb(
        field="now.minute", cell=f"[{first}..{last - 1}]", yes=first,
        no=first - 1 if first else last, name="当日分钟",
        told=Meaning(
            zh=f"{first // 60} 点至 {last // 60} 点", en=f"from {first // 60}:00 to {last // 60}:00"
        ),
    )  # fmt: skip
    return found.end() - at, (limb,)


def parcels(words: str, at: int) -> tuple[int, int]:
    """Read how many parcels there may be."""
    found = _PARCELS.match(words, at)
    if found is None:
        return 0, 0
    most = 1 if found["one"] else int(found["n"] or found["m"])
    return (found.end() - at, most) if most else (0, 0)
