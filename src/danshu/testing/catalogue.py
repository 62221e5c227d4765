"""The demo merchant's goods: 2,000 SKUs with invented brands, the same on every machine."""

from __future__ import annotations

import csv
import random
from functools import cache
from importlib.resources import files
from typing import Final

from msgspec import Struct

from danshu.capabilities.stock.model import Sku, Storage

SKUS: Final = 2_000
_SEED: Final = 20_261_120
_BRAND_TIERS: Final = (1.0, 0.86, 1.18, 1.4)  # a category's four brands, by price
_PACKING_SHARE: Final = 1.06  # a parcel weighs a little more than the goods
_BULK_EXPONENT: Final = 0.96  # a pack of ten costs a little less than ten


class Kind(Struct, frozen=True, kw_only=True):
    """One category: what it is called, how it is stored, who makes it."""

    title: str
    storage: Storage
    brands: tuple[str, str, str, str]


def _kind(title: str, storage: Storage, *brands: str) -> Kind:
    one, two, three, four = brands
    return Kind(title=title, storage=storage, brands=(one, two, three, four))


KINDS: Final[dict[str, Kind]] = {
    "YL": _kind("饮料", Storage.AMBIENT, "屿茶坞", "泉上集", "醒岚", "七里溪谷"),
    "RP": _kind("乳品", Storage.CHILLED, "牧云坡", "晨挤坊", "白桦牧语", "初乳岭"),
    "SX": _kind("生鲜", Storage.CHILLED, "垄上信", "鲜里程", "禾山记", "蓝鳍港"),
    "DP": _kind("冻品", Storage.FROZEN, "灶前雪", "冰封灶", "寒川厨", "北纬冻"),
    "LS": _kind("零食", Storage.AMBIENT, "嘎嘣社", "果核巷", "半糖驿", "松子弄"),
    "LY": _kind("粮油", Storage.AMBIENT, "稻壳屯", "谷雨仓", "油坊巷口", "良亩册"),
    "JQ": _kind("家清", Storage.AMBIENT, "净舍里", "皂角弯", "澄窗", "洁友记"),
    "GH": _kind("个护", Storage.AMBIENT, "浴见山", "泡泡岬", "清栀屋", "沐予川"),
    "MZ": _kind("美妆", Storage.AMBIENT, "栀色令", "颜小簿", "雾岛研", "素绘堂"),
    "MY": _kind("母婴", Storage.AMBIENT, "软绵洲", "小芽芽铺", "布谷窝", "抱抱岛"),
    "FS": _kind("服饰", Storage.AMBIENT, "棉舟", "衣丘", "针步记", "织野社"),
    "XB": _kind("鞋包", Storage.AMBIENT, "步川", "阔行坞", "迹远", "囊山"),
    "SM": _kind("数码", Storage.AMBIENT, "频潮", "键岚", "极屿电子", "朗格波"),
    "JD": _kind("小家电", Storage.AMBIENT, "暖炊社", "焙屋电器", "风禾电器", "炊烟智造"),
    "JJ": _kind("家居", Storage.AMBIENT, "木与棉作", "器物谷", "栖宿堂", "归屿家"),
    "CW": _kind("宠物", Storage.AMBIENT, "喵坞", "汪屿", "爪爪镇", "毛球研究站"),
    "YD": _kind("运动", Storage.AMBIENT, "跃岭", "动势营", "汗青体育", "峰野行"),
    "WJ": _kind("文具图书", Storage.AMBIENT, "纸砚斋", "墨屿文创", "格子间册", "字里坞"),
    "QX": _kind("医疗器械", Storage.LICENSED, "康测仪", "脉安舍", "衡护医械", "佑测"),
    "YP": _kind("药品", Storage.LICENSED, "百草岭药业", "济和屿", "安序药业", "杏桥堂"),
    "HX": _kind("危险品", Storage.DANGEROUS, "焰安社", "量子仓能", "雾凝坊", "净域化工"),
}

# SKUs that the platforms' own sample messages order: code, name, weight in grams, price in 分.
SAMPLES: Final = (
    ("EX-1011", "示例 男士纯棉长袖T恤 白色 180/100(XL)", 260, 12900),
    ("EX-1021", "示例 纯棉毛巾 2条装 浅灰", 340, 5990),
    ("TEST-GLOVE-WHITE", "(测试商品) 婴儿沐浴手套 白色", 45, 100),
    ("EX-0301-60-LAV", "示例 洗衣凝珠 60颗 薰衣草", 1_180, 3990),
    ("EX-CUP-BLUE", "示例 保温杯 500ml 雾蓝", 430, 15900),
    ("EX-BRUSH", "示例 杯刷 单支", 70, 3990),
    ("IPOD2008GREEN", "IPod Nano - 8gb - green", 200, 141300),
    ("IPOD2008RED", "IPod Nano - 8gb - red", 200, 141300),
    ("IPOD2008BLACK", "IPod Nano - 8gb - black", 200, 141300),
    ("Bar3", "Ship Your Idea - Color: Black, Size: M Test", 220, 8500),
    ("93", "Woo Single #1", 120, 2100),  # sold without a SKU: the platform's product id stands in
    ("CBA_OTF_1", "Example item name 1", 350, 18500),
    ("CBA_OTF_5", "Example item name 5", 300, 6400),
)


@cache
def skus() -> tuple[Sku, ...]:
    """Give the 2,000 SKUs: those of the sample messages first, then by category."""
    samples = [
        Sku(code=code, name=name, weight_g=weight_g, price_fen=price_fen, barcode=_barcode(n))
        for n, (code, name, weight_g, price_fen) in enumerate(SAMPLES)
    ]
    offers = [offer for row in _rows() for offer in _offers(row)]
    wanted = SKUS - len(samples)
    kept = sorted(random.Random(_SEED).sample(range(len(offers)), wanted))
    numbers: dict[str, int] = {}
    for n in kept:
        kind, name, weight_g, price_fen = offers[n]
        numbers[kind] = number = numbers.get(kind, 0) + 1
        samples.append(
            Sku(
                code=f"{kind}-{number:04d}",
                name=name,
                weight_g=weight_g,
                storage=KINDS[kind].storage,
                price_fen=price_fen,
                barcode=_barcode(len(samples)),
            )
        )
    return tuple(samples)


def _rows() -> list[dict[str, str]]:
    text = (files("danshu.testing") / "catalogue.tsv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def _offers(row: dict[str, str]) -> list[tuple[str, str, int, int]]:
    """Give (kind, name, weight_g, price_fen) for every brand, variant and pack of one good."""
    kind = row["kind"]
    unit_g, unit_fen = int(row["weight_g"]), int(row["price_fen"])
    offers = []
    for brand, tier in zip(KINDS[kind].brands, _BRAND_TIERS, strict=True):
        for variant in row["variants"].split("|"):
            for pack in row["packs"].split("|"):
                label, _, factor = pack.rpartition(":")
                name = f"{brand} {row['good']} {variant} {label}"
                weight_g = round(unit_g * float(factor) * _PACKING_SHARE)
                worth_fen = unit_fen * tier * float(factor) ** _BULK_EXPONENT
                offers.append((kind, name, weight_g, _shelf_price(worth_fen)))
    return offers


def _shelf_price(worth_fen: float) -> int:
    """Round to a price that a shop would print: 9.90, 39.90, 129.00, 1299.00."""
    if worth_fen < 10_000:
        return max(190, round(worth_fen / 100) * 100 - 10)
    return round(worth_fen / 1_000) * 1_000 - 100


def _barcode(number: int) -> str:
    """Make an EAN-13 in the range 20-29, which GS1 leaves to shops' own use."""
    digits = f"20{number:010d}"
    check = -sum(int(d) * (3 if n % 2 else 1) for n, d in enumerate(digits)) % 10
    return f"{digits}{check}"
