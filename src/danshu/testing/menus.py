"""A coffee chain's menu with names that sound alike, its stores and customers: what speech and
typed orders are read against in stories and tests. All invented.
"""

from __future__ import annotations

from typing import Any, Final

# code, name, price in 分, storage class (1 ambient, 2 chilled), weight in grams
_GOODS: Final = """
CF-AM-ICE|冰美式|1800|1|450
CF-AM-HOT|热美式|1800|1|450
CF-LATTE-ICE|冰拿铁|2200|1|450
CF-LATTE-HOT|热拿铁|2200|1|450
CF-LATTE-OAT|燕麦拿铁|2600|2|450
CF-LATTE-COCO|生椰拿铁|2600|1|450
CF-MOCHA-ICE|冰摩卡|2600|1|450
CF-MOCHA-HOT|热摩卡|2600|1|450
CF-CAPPU|卡布奇诺|2300|1|450
CF-FLAT|澳白|2300|1|400
CF-DIRTY|脏脏咖啡|2500|1|400
CF-COLD|冷萃咖啡|2400|1|450
CF-CARAMEL|焦糖玛奇朵|2700|1|450
CF-VANILLA|香草拿铁|2600|1|450
CF-HAZEL|榛果拿铁|2600|1|450
CF-ESP|浓缩咖啡|1600|1|120
CF-DEF|低因美式|1900|1|450
CF-YUZU|柚子美式|2300|1|450
CF-COCO-AM|椰青美式|2300|1|450
TE-GRAPE|多肉葡萄|2800|1|600
TE-MANGO|多肉芒芒甘露|2900|1|600
TE-STRAW|芝芝莓莓|2900|1|600
TE-PEACH|多肉桃李|2800|1|600
TE-JASMINE|茉莉绿茶|1500|1|500
TE-OOLONG|四季春乌龙|1500|1|500
TE-BLACK|锡兰红茶|1500|1|500
TE-MILK|珍珠奶茶|1800|1|600
TE-BROWN|黑糖波波鲜奶|2200|2|600
TE-LEMON|手打柠檬茶|1800|1|600
TE-POMELO|杨枝甘露|2600|1|600
FD-CROIS|黄油可颂|1400|1|80
FD-BAGEL|原味贝果|1500|1|110
FD-CHEESE|芝士贝果|1700|1|120
FD-TOAST|北海道吐司|1800|1|300
FD-MUFFIN|蓝莓麦芬|1600|1|110
FD-CAKE|巴斯克蛋糕|3200|2|180
FD-TIRA|提拉米苏|3200|2|160
FD-SAND|鸡肉三明治|2400|2|200
FD-TUNA|金枪鱼三明治|2400|2|200
FD-COOKIE|燕麦曲奇|900|1|60
HP-BEEF|捞派牛肉|5800|4|300
HP-LAMB|捞派羊肉|5600|4|300
HP-SHRIMP|虾滑|4800|4|200
HP-BALL|牛肉丸|3800|4|250
HP-TOFU|嫩豆腐|1200|2|400
HP-LETT|生菜|1000|2|300
WT-NF|农夫山泉550ml|200|1|560
WT-NF15|农夫山泉1.5L|400|1|1530
WT-YB|怡宝555ml|200|1|570
WT-EV|依云500ml|900|1|520
RT-MILK|鲜牛奶950ml|1800|2|980
RT-OAT|燕麦奶1L|2200|2|1050
RT-COCO|椰奶1L|1900|1|1050
RT-BEAN|咖啡豆454g|8800|1|470
RT-CUP|随行杯|9800|1|350
RT-FILTER|滤纸100张|2500|1|150
RT-EGG|鲜鸡蛋30枚|3980|2|1900
RT-APPLE|红富士苹果5斤|3500|1|2600
"""
_OPTIONS: Final = """
OP-OAT|加燕麦奶|400|chilled|麸质
OP-COCO|加椰奶|300||椰子
OP-SOY|加豆奶|300|chilled|大豆
OP-FRESH|加鲜奶|300|chilled|牛奶
OP-PEARL|加珍珠|200||
OP-BOBO|加芋圆波波|300||
OP-SHOT|加浓缩|400||
OP-SYRUP|加糖浆|100||
OP-NOICE|去冰|0||
OP-LESSICE|少冰|0||
OP-HALF|半糖|0||
OP-NOSUGAR|无糖|0||
OP-LARGE|大杯|300||
"""
_STORES: Final = """
ST-SBX-RM|星巴克人民广场店|上海市|上海市|黄浦区|西藏中路268号
ST-XC-LFS|喜茶来福士店|上海市|上海市|黄浦区|西藏中路268号来福士B1
ST-HDL-ZGC|海底捞中关村店|北京市|北京市|海淀区|中关村大街19号
ST-LK-XJH|瑞幸徐家汇店|上海市|上海市|徐汇区|虹桥路1号
ST-LK-GM|瑞幸国贸店|北京市|北京市|朝阳区|建国门外大街1号
"""
_CUSTOMERS: Final = """
CU-WC|皖北文昌印务|安徽省|合肥市|肥东县|店埠镇龙脊山路1号
CU-HX|华信幼儿园|浙江省|杭州市|西湖区|文三路90号
CU-DL|东来便利|江苏省|苏州市|姑苏区|人民路200号
"""
UNITS: Final[tuple[tuple[str, str, int], ...]] = (
    ("WT-NF", "箱", 24),
    ("WT-NF15", "箱", 12),
    ("WT-YB", "箱", 24),
    ("RT-OAT", "箱", 12),
    ("RT-COCO", "箱", 12),
    ("RT-MILK", "箱", 10),
    ("RT-FILTER", "箱", 50),
)
ALIASES: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("sku", "", "农夫山泉", "WT-NF"),
    ("sku", "", "冰美", "CF-AM-ICE"),
    ("sku", "", "热美", "CF-AM-HOT"),
    ("store", "", "人民广场店", "ST-SBX-RM"),
    ("customer", "", "文昌印务", "CU-WC"),
)


def _rows(table: str) -> list[list[str]]:
    return [line.split("|") for line in table.strip().splitlines()]


def goods() -> list[dict[str, Any]]:
    """The menu as rows of PUT /v1/skus."""
    return [
        {"code": c, "name": n, "price_fen": int(p), "storage": int(s), "weight_g": int(g)}
        for c, n, p, s, g in _rows(_GOODS)
    ]


def options() -> list[dict[str, Any]]:
    """What changes drinks, as rows of PUT /v1/names/options."""
    return [
        {"code": c, "name": n, "price_fen": int(p), "storage": s, "allergens": [a] if a else []}
        for c, n, p, s, a in _rows(_OPTIONS)
    ]


def directory(warehouse: str = "") -> list[dict[str, Any]]:
    """Stores and customers, as rows of PUT /v1/names/directory; `warehouse` serves the stores."""
    return [
        {
            "kind": kind,
            "code": code,
            "name": name,
            "warehouse": warehouse if kind == "store" else "",
            "address": {"province": p, "city": c, "district": d, "detail": detail},
        }
        for kind, table in (("store", _STORES), ("customer", _CUSTOMERS))
        for code, name, p, c, d, detail in _rows(table)
    ]


def units() -> list[dict[str, Any]]:
    """Measure words, as rows of PUT /v1/names/units."""
    return [{"sku": sku, "unit": unit, "units": n} for sku, unit, n in UNITS]


def aliases() -> list[dict[str, Any]]:
    """What people call things, as rows of PUT /v1/names/aliases."""
    return [{"kind": k, "scope": s, "alias": a, "code": c} for k, s, a, c in ALIASES]
