"""The 17 variables of a routing decision, as data.

A variable is read per warehouse (仓), region (区域), lane (线路) or zone (温区) of a warehouse.
Until a source is connected it takes its declared default, and is shown as such.
"""

from __future__ import annotations

from enum import IntFlag, StrEnum
from typing import Final

from msgspec import Struct

from danshu.capabilities.routing.reasons import Reason


class OnStale(StrEnum):
    """What a value older than its ttl becomes."""

    DEFAULT = "default"  # the declared default
    WIDEN = "widen"  # the declared default, and the arrival is less certain
    CLOSED = "closed"  # the warehouse is shut for whatever needs the variable


class Per(StrEnum):
    """What a value is about; also the prefix of a reading's subject."""

    WAREHOUSE = "wh"
    REGION = "rg"
    LANE = "ln"
    ZONE = "zn"


class Zone(StrEnum):
    """A temperature zone of a warehouse, named as the storage class that lives in it."""

    CHILLED = "chilled"
    FROZEN = "frozen"
    LICENSED = "licensed"


ZONES: Final = (Zone.CHILLED, Zone.FROZEN, Zone.LICENSED)


class Variable(Struct, frozen=True, kw_only=True):
    """One variable: its unit, how long a value is fresh, and what it becomes afterwards.

    `low` and `high` are the believable range: outside it a value of a CLOSED variable is a sensor's
    fault, any other value is clamped. `bits` are the reason bits that it may set, `score` the term
    that it enters, `per` is empty for what is no signal (live counters and the tariff table).
    """

    number: int
    key: str
    zh: str
    en: str
    unit: str
    per: tuple[Per, ...]
    on_stale: OnStale
    default: float
    low: float
    high: float
    ttl_s: int
    bits: int = 0
    score: str = ""
    feed: str = ""


VARIABLES: Final = (
    Variable(
        number=1,
        key="wx_alert",
        zh="气象预警",
        en="weather alert",
        unit="type*100+level",
        per=(Per.WAREHOUSE, Per.REGION),
        on_stale=OnStale.WIDEN,
        default=0,
        low=0,
        high=9999,
        ttl_s=600,
        bits=Reason.WEATHER,
        score="eta",
        feed="CMA alerts",
    ),
    Variable(
        number=2,
        key="station_saturation",
        zh="驿站饱和度",
        en="last-mile station saturation",
        unit="ratio",
        per=(Per.REGION,),
        on_stale=OnStale.DEFAULT,
        default=0.8,
        low=0.2,
        high=1.5,
        ttl_s=900,
        bits=Reason.CARRIER,
        score="sd",
        feed="last-mile stations",
    ),
    Variable(
        number=3,
        key="rider_heat",
        zh="骑手热力",
        en="online riders per open order",
        unit="ratio",
        per=(Per.REGION,),
        on_stale=OnStale.WIDEN,
        default=0.5,
        low=0,
        high=5,
        ttl_s=60,
        bits=Reason.CARRIER,
        score="sd",
        feed="rider platforms",
    ),
    Variable(
        number=4,
        key="zone_temp",
        zh="温区温度",
        en="zone temperature",
        unit="°C",
        per=(Per.ZONE,),
        on_stale=OnStale.CLOSED,
        default=4,
        low=-60,
        high=60,
        ttl_s=120,
        bits=Reason.TEMPERATURE | Reason.STALE_SAFETY | Reason.DISAGREE,
        feed="zone sensors, three a zone",
    ),
    Variable(
        number=5,
        key="zone_humidity",
        zh="温区湿度",
        en="zone humidity",
        unit="%RH",
        per=(Per.ZONE,),
        on_stale=OnStale.CLOSED,
        default=50,
        low=0,
        high=100,
        ttl_s=120,
        bits=Reason.TEMPERATURE | Reason.STALE_SAFETY,
        feed="zone sensors",
    ),
    Variable(
        number=6,
        key="cold_unit_health",
        zh="制冷机组健康度",
        en="cold unit health",
        unit="0-1",
        per=(Per.WAREHOUSE,),
        on_stale=OnStale.CLOSED,
        default=1,
        low=0,
        high=1,
        ttl_s=120,
        bits=Reason.EQUIPMENT | Reason.STALE_SAFETY,
        feed="building management",
    ),
    Variable(
        number=7,
        key="agv_availability",
        zh="AGV可用率",
        en="AGVs ready of all",
        unit="0-1",
        per=(Per.WAREHOUSE,),
        on_stale=OnStale.DEFAULT,
        default=0.7,
        low=0,
        high=1,
        ttl_s=60,
        score="eta",
        feed="AGV logs",
    ),
    Variable(
        number=8,
        key="dock_queue",
        zh="叉车月台排队",
        en="forklift and dock queue",
        unit="min",
        per=(Per.WAREHOUSE,),
        on_stale=OnStale.DEFAULT,
        default=20,
        low=0,
        high=90,
        ttl_s=60,
        score="eta",
        feed="dock events",
    ),
    Variable(
        number=9,
        key="equipment_health",
        zh="设备健康指数",
        en="equipment health index",
        unit="0-1",
        per=(Per.WAREHOUSE,),
        on_stale=OnStale.WIDEN,
        default=0.7,
        low=0,
        high=1,
        ttl_s=300,
        bits=Reason.EQUIPMENT,
        score="sd, risk",
        feed="maintenance and alarms",
    ),
    Variable(
        number=10,
        key="labour_redundancy",
        zh="人力冗余度",
        en="labour present of needed",
        unit="ratio",
        per=(Per.WAREHOUSE,),
        on_stale=OnStale.DEFAULT,
        default=0.9,
        low=0,
        high=1.5,
        ttl_s=300,
        bits=Reason.LABOUR,
        score="eta",
        feed="attendance",
    ),
    Variable(
        number=11,
        key="pick_backlog",
        zh="拣货积压",
        en="pick backlog at full throughput",
        unit="min",
        per=(Per.WAREHOUSE,),
        on_stale=OnStale.WIDEN,
        default=60,
        low=0,
        high=600,
        ttl_s=60,
        score="eta",
        feed="WMS",
    ),
    Variable(
        number=12,
        key="capacity_left",
        zh="剩余产能",
        en="work units left today",
        unit="units",
        per=(),
        on_stale=OnStale.CLOSED,
        default=0,
        low=0,
        high=100_000,
        ttl_s=5,
        bits=Reason.CAPACITY,
        score="price",
        feed="live counter",
    ),
    Variable(
        number=13,
        key="stock_atp",
        zh="可用库存",
        en="stock available to promise",
        unit="units",
        per=(),
        on_stale=OnStale.CLOSED,
        default=0,
        low=0,
        high=100_000,
        ttl_s=0,
        bits=Reason.STOCK,
        score="price",
        feed="live counter",
    ),
    Variable(
        number=14,
        key="lane_eta",
        zh="线路时效",
        en="transit time of the lane",
        unit="min",
        per=(Per.LANE,),
        on_stale=OnStale.DEFAULT,
        default=0,
        low=1,
        high=43_200,
        ttl_s=1_800,
        score="eta",
        feed="TMS; the lane table is the default",
    ),
    Variable(
        number=15,
        key="landed_cost",
        zh="到岸成本",
        en="landed cost",
        unit="fen",
        per=(),
        on_stale=OnStale.DEFAULT,
        default=0,
        low=0,
        high=1_000_000,
        ttl_s=0,
        score="freight, handling",
        feed="tariff table",
    ),
    Variable(
        number=16,
        key="lane_road",
        zh="路况指数",
        en="road index, 1 is closed",
        unit="0-1",
        per=(Per.LANE,),
        on_stale=OnStale.WIDEN,
        default=0.3,
        low=0,
        high=1,
        ttl_s=300,
        bits=Reason.LANE,
        score="eta",
        feed="map and TMS",
    ),
    Variable(
        number=17,
        key="policy_compliance",
        zh="政策合规",
        en="policy compliance bits",
        unit="bits",
        per=(Per.WAREHOUSE, Per.REGION),
        on_stale=OnStale.CLOSED,
        default=0,
        low=0,
        high=63,
        ttl_s=86_400,
        bits=Reason.REGION | Reason.STORAGE | Reason.STALE_SAFETY,
        feed="policy engine",
    ),
)

BY_KEY: Final = {variable.key: variable for variable in VARIABLES}

# Declared default of zone_temp per zone, °C, and the band that a zone must keep. The band belongs
# to the SKU's own profile; until SKUs carry one, the zone's storage class stands for it.
ZONE_TEMP_DEFAULT_C: Final = {Zone.CHILLED: 4.0, Zone.FROZEN: -20.0, Zone.LICENSED: 5.0}
ZONE_TEMP_BAND_C: Final = {
    Zone.CHILLED: (0.0, 10.0),
    Zone.FROZEN: (-60.0, -18.0),
    Zone.LICENSED: (2.0, 8.0),
}
ZONE_HUMIDITY_BAND: Final = (35.0, 75.0)  # licensed goods only

# Alert types of the China Meteorological Administration that stop a warehouse when red: 台风 暴雨
# 暴雪 沙尘暴 冰雹 道路结冰. Levels: 1 蓝 2 黄 3 橙 4 红. An unknown type counts by level only.
WX_BLOCKING_TYPES: Final = (1, 2, 3, 6, 10, 14)
WX_RAINSTORM: Final = 2
WX_RED: Final = 4


class Compliance(IntFlag):
    """Bits of `policy_compliance`; each forbids something."""

    LICENCE = 1  # 持证商品资质失效
    COLD_CERTIFICATE = 2  # 冷链证书过期
    LOCKDOWN = 4  # 封控
    DANGEROUS = 8  # 禁运危险品
    HOURS = 16  # 限行限时
    DATA = 32  # 数据合规
