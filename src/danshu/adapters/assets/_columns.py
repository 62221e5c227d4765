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


def _make(
    name: str,
    zh: str,
    en: str,
    words: tuple[str, ...],
    role: Role,
    unit: Unit,
    level: int,
) -> Column:
    title = Title(zh=zh, en=en)
    return Column(name=name, title=title, role=role, unit=unit, level=level, words=words)


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

OCCURRED: Final = Column(
    name="occurred",
    title=Title(zh="发生时间", en="When it happened"),
    role="key",
    unit="ms",
    level=2,
    tolerant=True,
    words=("时间", "发生", "time"),
)
"""Of rows of detail alone. Its seconds may carry a recipient's code: no figure of a copy is made of
them, and the minute stays.
"""
