"""Why a warehouse cannot take an order: one bit a reason, so that 37 losers fit in 37 integers."""

from __future__ import annotations

from enum import IntFlag
from typing import Final

from msgspec import Struct


class Reason(IntFlag):
    """A failed hard constraint of a warehouse for one order; 0 means that it may ship."""

    STOCK = 1
    CAPACITY = 2
    CUTOFF = 4
    REGION = 8
    STORAGE = 16
    WEATHER = 32
    EQUIPMENT = 64
    LABOUR = 128
    TEMPERATURE = 256
    STALE_SAFETY = 512
    DISAGREE = 1024
    CARRIER = 2048
    LANE = 4096
    POLICY = 8192
    TWIN = 16384
    PROOF = 32768
    BREAKER = 65536
    CANARY = 131072


class ReasonText(Struct, frozen=True, kw_only=True):
    """A reason in words."""

    bit: int
    code: str
    zh: str
    en: str


_WORDS: Final[tuple[tuple[Reason, str, str], ...]] = (
    (Reason.STOCK, "可用库存不足", "not enough stock to promise"),
    (Reason.CAPACITY, "当日产能已满", "no work capacity left"),
    (Reason.CUTOFF, "已过截单时间", "past the cut-off for a same-day promise"),
    (Reason.REGION, "区域政策不允许", "the region's policy forbids it"),
    (Reason.STORAGE, "无此储存类别或资质", "storage class or licence is missing"),
    (Reason.WEATHER, "始发地气象红色预警", "red weather alert at the origin"),
    (Reason.EQUIPMENT, "设备健康度过低", "equipment is not healthy enough"),
    (Reason.LABOUR, "在岗人力不足", "too few people present"),
    (Reason.TEMPERATURE, "温湿度超限", "temperature or humidity excursion"),
    (Reason.STALE_SAFETY, "安全信号过期", "a safety signal is stale or missing"),
    (Reason.DISAGREE, "温度传感器互不一致", "temperature sensors disagree"),
    (Reason.CARRIER, "承运能力不可用", "the carrier is unavailable"),
    (Reason.LANE, "线路未开通或关闭", "the lane is closed or was never opened"),
    (Reason.POLICY, "策略不允许", "a published policy forbids it"),
    (Reason.TWIN, "数字孪生否决", "the physical twin vetoes it"),
    (Reason.PROOF, "冷链证据不足两项", "cold is not proven twice"),
    (Reason.BREAKER, "自动分仓已熔断", "the breaker stopped automatic routing"),
    (Reason.CANARY, "温区待新读数确认", "the zone waits for a confirming temperature"),
)

REASON_TEXTS: Final = {
    int(bit): ReasonText(bit=int(bit), code=str(bit.name).lower(), zh=zh, en=en)
    for bit, zh, en in _WORDS
}


def read_reasons(bits: int) -> tuple[ReasonText, ...]:
    """Decode reason bits into words, lowest bit first."""
    return tuple(text for bit, text in REASON_TEXTS.items() if bits & bit)
