"""The little words of orders: what is wanted, not wanted, corrected, repeated, asked, told.

A table of what people say, by what it does in a sentence. Longer words win over shorter ones.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

MEASURES: Final = (
    "箱|瓶|杯|盒|份|个|件|袋|包|支|只|罐|听|桶|提|条|块|片|张|本|套|双|对|根|卷|串|碗|盘|碟|壶|板"
    "|枚|粒|颗|台|把|捆|筐|篓|扎|令|打|公斤|千克|kg|斤|克|两|吨|升|米|尺|托盘|托|车|组|副|盅|笼|客"
    "|例|盏|刀|匹|排|节|顶|筒|摞|沓|扇|盆|坨|丸|帖|贴|剂|棵|朵|枝|架|辆|款|样|pcs|pc|ea|boxes|box|bottles|cups"
    "|cup|bottle"
)
SIZES: Final = "超大|特大|大|中|小"
# Measures that say how goods are packed: without a word of the merchant they are not one unit.
PACKS: Final = frozenset("箱件提条打排托车板捆扎筐组") | {"托盘", "boxes", "box"}
WEIGHTS: Final[dict[str, int]] = {
    "公斤": 1000, "千克": 1000, "kg": 1000, "斤": 500, "两": 50, "克": 1, "吨": 1_000_000,
}  # fmt: skip
DOZEN: Final = 12


@cache
def table() -> dict[str, tuple[tuple[str, frozenset[str]], ...]]:
    """Give the little words (data/intake/words.yaml) by first character: (word, tags), longest
    first.
    """
    raw = (files("danshu") / "data" / "intake" / "words.yaml").read_bytes()
    listed = msgspec.yaml.decode(raw, type=dict[str, tuple[str, ...]])
    tags: dict[str, set[str]] = {}
    for tag, found in listed.items():
        for word in found:
            tags.setdefault(word, set()).add(tag)
    heads: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for word, meant in tags.items():
        heads.setdefault(word[0], []).append((word, frozenset(meant)))
    return {head: tuple(sorted(found, key=lambda f: -len(f[0]))) for head, found in heads.items()}


ADJUST: Final = re.compile(
    r"(?:正常|标准|全|少少|少|多|去|免|不加|不放|加|走|微|无|半|一点|[一二三四五六七八九]分|加双份|双份)"
    r"(?:冰块|冰|糖|甜|辣椒|辣|盐|油|香葱|葱花|葱|大蒜|蒜|香菜|姜|醋|奶盖|奶泡|奶|麻)"
    r"|(?:热的|热饮|常温的?|温的|冰的|冰饮|打包|堂食|带走|外带|自提|微辣|中辣|特辣|不辣|全熟|七分熟|五分熟|加热|分开装|分装"
    r"|双份|独立包装|多放辣|多放点辣)"
)
PHONE: Final = re.compile(
    r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)|(?<!\d)0\d{2,3}-?\d{7,8}(?!\d)"
)
MONEY: Final = re.compile(
    r"(?:单价|总价|每[杯瓶箱个份件斤盒]|一[杯瓶箱个份件斤盒](?=\d))?[::]?"
    r"(?:¥\s{0,2}\d{1,9}(?:\.\d{1,2})?"
    r"|\d{1,9}(?:\.\d{1,2})?\s{0,2}(?:元|块钱|块(?![\u4e00-\u9fff])|rmb|人民币))"
    r"(?:一[杯瓶箱个份件斤盒]|/[杯瓶箱个份件斤盒]|每[杯瓶箱个份件斤盒])?"
)
CALLED: Final = re.compile(
    r"[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜谢邹苏潘葛范彭鲁马方任袁柳史唐薛雷贺倪汤罗郝于傅"
    r"齐康伍余顾孟黄萧尹姚邵汪毛戴宋庞熊纪舒屈项祝董梁杜阮蓝季贾江童郭梅林钟徐邱骆高夏蔡田胡凌霍虞万柯管卢莫丁邓洪"
    r"石崔龚程陆翁武刘叶白赖乔温文翟龙段侯](?:先生|女士|小姐|师傅|经理|老师|总|阿姨|姐|哥)"
)
TROUBLE: Final = re.compile(
    r"(?:偏低|偏高|过低|过高|异响|异常|漏油|渗油|漏水|漏气|渗漏|抖动|振动大|震动大|振动过大|发热"
    r"|过热|冒烟|报警|跳闸|卡死|卡住|停机了|不转|打滑|磨损|松动|断裂|有异味|噪音大|噪声大|压力不足|不制冷|打不开|失灵"
    r"|故障|坏了|不启动|启动不了|烧坏|短路|裂纹|变形|下降|升高|超标)"
)
REPAIR: Final = re.compile(r"停机检修|检修|维修|报修|修理|抢修|检查一下|派人来看|派人看|维护|保养")
ENUMERATED: Final = re.compile(r"(?m:^)\d{1,2}[、.,)）](?!\d)")
TABLE: Final = re.compile(r"(?:\d{1,3}|[零一二三四五六七八九十]{1,3})号(?:桌|台|包间|包厢|房|窗口)")
# Words in a text that give orders to a machine are data like any other.
COMMANDS: Final = re.compile(
    r"ignore (?:all |any |the )?(?:previous|above)|system prompt"
    r"|忽略(?:以上|之前|前面)的?(?:指令|要求|内容|规则)"
    r"|你现在是|作为(?:一个)?(?:ai|人工智能)|绕过(?:审核|校验)|直接通过审核|不需要(?:人工)?审核"
)
