"""Columns that many assets have: each is called, meant and searched for in the same words."""

from __future__ import annotations

from typing import Final

from danshu.ports.asset import Column, Role, Title, Unit


def grain(name: str, zh: str, en: str, *words: str, level: int = 1) -> Column:
    """Give a column that cells are counted by."""
    return Column(name=name, title=Title(zh=zh, en=en), role="grain", level=level, words=words)


def measure(
    name: str, zh: str, en: str, *words: str, unit: Unit = "orders", level: int = 1
) -> Column:
    """Give a column that is counted."""
    return _make(name, zh, en, words, "measure", unit, level)


def detail(
    name: str,
    zh: str,
    en: str,
    *words: str,
    unit: Unit = "",
    level: int = 2,
    tolerant: bool = False,
) -> Column:
    """Give a column that only rows of detail have."""
    return _make(name, zh, en, words, "attribute", unit, level, tolerant)


def _make(
    name: str,
    zh: str,
    en: str,
    words: tuple[str, ...],
    role: Role,
    unit: Unit,
    level: int,
    tolerant: bool = False,
) -> Column:
    title = Title(zh=zh, en=en)
    return Column(
        name=name, title=title, role=role, unit=unit, level=level, tolerant=tolerant, words=words
    )


PROVINCE: Final = grain("province", "省份", "Province", "省", "地区", "省级", "province")
REGION: Final = grain(
    "region", "城市", "City", "地区", "区域", "收货地", "地级市", "city", "region"
)
HOUR: Final = grain("hour", "下单小时", "Hour of placing", "时段", "几点", "小时", "hour")
DAY: Final = grain("day", "日期", "Day", "天", "每日", "按天", "日", "day", "date")
MONTH: Final = grain("month", "月份", "Month", "每月", "按月", "月", "month")
CHANNEL: Final = grain("channel", "渠道", "Channel", "平台", "店铺来源", "电商平台", "channel")
WAREHOUSE: Final = grain("warehouse", "仓库", "Warehouse", "仓", "发货仓", "库房", "warehouse")
SKU: Final = grain("sku", "商品", "Goods", "货品", "单品", "品", "款", "sku", "item", "product")

OCCURRED: Final = detail(
    "occurred", "发生时间", "When it happened", "时间", unit="ms", tolerant=True
)
"""To the millisecond as its source said it: its seconds may carry a recipient's code, for no sum is
made of them (minutes are counted from whole minutes before the code is put in).
"""
