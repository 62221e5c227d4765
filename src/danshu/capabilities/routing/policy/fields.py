"""What a policy may look at: ASCII names in the graph, Chinese and English labels for people.

`order`, `dest` and `now` are the context of a graph; the fields of a warehouse are those of a
selector (the `where` of an effect), named without a prefix there. Times are China's: policies are
told in the merchant's day.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Kind = Literal["bool", "int", "ratio", "text", "enum"]


# What is not seen in a case of an intercept rule is as it is with an order that may go on.
_USUAL: Final[dict[str, object]] = {
    "order.test_mark": False,
    "receiver.encrypted": False,
    "address.unserved": False,
    "address.contradictory": False,
    "address.short": False,
    "price.of_list_percent": 100,
    "price.of_usual_percent": 100,
    "units.of_usual_percent": 100,
    "listed.buyer": "",
    "listed.receiver": "",
    "listed.address": "",
}


class FieldOf(Struct, frozen=True, kw_only=True):
    """One field: its path, labels, kind, unit ("" for none) and, for an enum, its values."""

    path: str
    zh: str
    en: str
    kind: Kind
    unit: str = ""
    values: tuple[tuple[str, str, str], ...] = ()  # value, zh, en

    @property
    def sample(self) -> object:
        """A value of this kind, to try cells on: of an intercept rule, what is usual."""
        if self.path in _USUAL:
            return _USUAL[self.path]
        samples: dict[str, object] = {"bool": True, "int": 1, "ratio": 0.5, "text": "x"}
        return self.values[0][0] if self.values else samples[self.kind]


KINDS: Final = (
    ("ground", "地面仓", "ground-floor"),
    ("elevated", "高架仓", "elevated"),
    ("underground", "地下仓", "underground"),
    ("store", "前置仓", "store"),
)
WEATHER: Final = (  # types of the China Meteorological Administration by number
    (1, "台风", "typhoon"),
    (2, "暴雨", "rainstorm"),
    (3, "暴雪", "snowstorm"),
    (4, "寒潮", "cold wave"),
    (5, "大风", "gale"),
    (6, "沙尘暴", "sandstorm"),
    (7, "高温", "heat"),
    (8, "干旱", "drought"),
    (9, "雷电", "lightning"),
    (10, "冰雹", "hail"),
    (11, "霜冻", "frost"),
    (12, "大雾", "fog"),
    (13, "霾", "haze"),
    (14, "道路结冰", "icy roads"),
)
LEVELS: Final = (
    (0, "无", "none"),
    (1, "蓝色", "blue"),
    (2, "黄色", "yellow"),
    (3, "橙色", "orange"),
    (4, "红色", "red"),
)


def _f(path: str, zh: str, en: str, kind: Kind, unit: str = "") -> FieldOf:
    return FieldOf(path=path, zh=zh, en=en, kind=kind, unit=unit)


CONTEXT: Final = (
    _f("order.channel", "渠道", "channel", "text"),
    _f("order.region", "收货地区码", "region code", "text"),
    _f("order.province", "收货省份码", "province code", "text"),
    _f("order.value_fen", "订单金额", "order value", "int", "分"),
    _f("order.promise_min", "承诺剩余分钟(-1 无)", "minutes to the promise, -1 none", "int", "min"),
    _f("order.lines", "行数", "lines", "int"),
    _f("order.units", "件数", "units", "int"),
    _f("order.weight_g", "重量", "weight", "int", "g"),
    _f("order.cold", "含冷链", "cold chain", "bool"),
    _f("order.chilled", "含冷藏", "chilled", "bool"),
    _f("order.frozen", "含冷冻", "frozen", "bool"),
    _f("order.licensed", "含持证商品", "licensed goods", "bool"),
    _f("order.dangerous", "含危险品", "dangerous goods", "bool"),
    _f("dest.weather_type", "收货地预警类型", "weather type there", "int"),
    _f("dest.weather_level", "收货地预警级别", "weather level there", "int"),
    _f("dest.saturation", "驿站饱和度", "station saturation", "ratio"),
    _f("dest.rider_heat", "骑手热力", "riders an open order", "ratio"),
    _f("dest.lockdown", "收货地封控", "locked down there", "bool"),
    _f("dest.hours", "收货地限行", "limited hours there", "bool"),
    _f("now.minute", "当日分钟", "minute of the day", "int", "min"),
    _f("now.weekday", "星期(1–7)", "weekday, Monday 1", "int"),
    _f("now.date", "日期(如 20261111)", "date, as 20261111", "int"),
)
WAREHOUSE: Final = (
    _f("code", "仓编码", "code", "text"),
    FieldOf(path="kind", zh="仓类型", en="kind", kind="enum", values=KINDS),
    _f("region", "仓所在地区码", "region code", "text"),
    _f("province", "仓所在省份码", "province code", "text"),
    _f("weather_type", "预警类型", "weather type", "int"),
    _f("weather_level", "预警级别", "weather level", "int"),
    _f("equipment", "设备健康指数", "equipment health", "ratio"),
    _f("labour", "人力冗余度", "labour redundancy", "ratio"),
    _f("agv", "AGV 可用率", "AGVs ready", "ratio"),
    _f("cold_unit", "制冷机组健康度", "cold unit health", "ratio"),
    _f("backlog_min", "拣货积压", "pick backlog", "ratio", "min"),
    _f("dock_min", "月台排队", "dock queue", "ratio", "min"),
    _f("lockdown", "仓所在地封控", "locked down", "bool"),
    _f("chilled", "有冷藏区", "holds chilled", "bool"),
    _f("frozen", "有冷冻区", "holds frozen", "bool"),
    _f("licensed", "有持证资质", "holds licensed goods", "bool"),
    _f("dangerous", "可存危险品", "holds dangerous goods", "bool"),
    _f("cold_evidence", "冷链证据数", "independent proofs of cold", "int"),
)
INTERCEPT: Final = (
    _f("order.channel", "渠道", "channel", "text"),
    _f("order.shop", "店铺", "shop", "text"),
    _f("order.region", "收货地区码", "region code", "text"),
    _f("order.value_fen", "订单金额", "order value", "int", "分"),
    _f("order.paid", "已付款", "paid", "bool"),
    _f("order.lines", "行数", "lines", "int"),
    _f("order.units", "件数", "units", "int"),
    _f("order.test_mark", "有测试单标记", "marked as a test", "bool"),
    _f("buyer.known", "平台给了买家标识", "the buyer can be told", "bool"),
    _f("buyer.orders_24h", "买家 24 小时下单数(含本单)", "orders of the buyer in 24 h", "int"),
    _f("receiver.orders_24h", "收件人 24 小时下单数(含本单)", "orders to one receiver", "int"),
    _f("receiver.encrypted", "收件人是密文", "the receiver is encrypted", "bool"),
    _f("address.unserved", "收货地不在服务区", "not served there", "bool"),
    _f("address.contradictory", "省市互相矛盾", "province and city differ", "bool"),
    _f("address.short", "详细地址过短", "the address is too short", "bool"),
    _f("price.of_list_percent", "最低行单价占标价", "lowest price of list price", "int", "%"),
    _f("price.of_usual_percent", "最低行单价占近期中位价", "lowest of recent median", "int", "%"),
    _f("units.of_usual_percent", "最大行件数占通常件数", "most units of usual", "int", "%"),
    _f("listed.buyer", "买家在黑名单的原因", "why the buyer is listed", "text"),
    _f("listed.receiver", "收件人在黑名单的原因", "why the receiver is listed", "text"),
    _f("listed.address", "地址在黑名单的原因", "why the address is listed", "text"),
    _f("now.minute", "当日分钟", "minute of the day", "int", "min"),
    _f("now.weekday", "星期(1–7)", "weekday, Monday 1", "int"),
    _f("now.date", "日期(如 20261111)", "date, as 20261111", "int"),
)
BY_PATH: Final = {field.path: field for field in CONTEXT}
CONTEXTS: Final[dict[str, tuple[FieldOf, ...]]] = {"routing": CONTEXT, "intercept": INTERCEPT}
PATHS: Final = {kind: {field.path: field for field in all_} for kind, all_ in CONTEXTS.items()}
ROOTS: Final = {kind: {path.partition(".")[0] for path in known} for kind, known in PATHS.items()}
OF_WAREHOUSE: Final = {field.path: field for field in WAREHOUSE}
EFFECT_KEYS: Final = frozenset(
    {"effect", "where", "fen", "most", "reason", "windows", "window_min", "expiry_s"}
)
