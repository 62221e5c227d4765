"""The timeline's words for orders taken back and decided again: icon, title zh and en, sentence zh
and en.
"""

from __future__ import annotations

from typing import Final

REDECIDED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "order.withdrawn": (
        "swap",
        "改派撤回",
        "Withdrawn",
        "{warehouse} 退回 {units} 件,由别的仓承接",
        "{units} units taken back from {warehouse} for other warehouses",
    ),
    "route.redecided": (
        "swap",
        "信号改派",
        "Re-decided after a signal",
        "因{reason},{warehouse} 不再可发,改由别的仓承接",
        "{warehouse} can no longer ship ({reason}); other warehouses take it over",
    ),
    "route.redecided/stays": (
        "swap",
        "信号改派未成",
        "Not re-decided",
        "因{reason},{warehouse} 不再可发,但别处凑不齐,原分仓不变",
        "{warehouse} can no longer ship ({reason}), but no others can give it all: it stays",
    ),
    "route.redecided/pinned": (
        "swap",
        "信号改派未动,仓由人工指定",
        "Not re-decided: a person chose it",
        "因{reason},{warehouse} 不再可发;此仓由人工指定并已签名,未动",
        "{warehouse} can no longer ship ({reason}); a person chose it and signed, so it stays",
    ),
    "route.redecided/held": (
        "swap",
        "信号改派未成,已挂起",
        "Not re-decided, held",
        "因{reason},{warehouse} 不再可发,别处凑不齐;冷链货先挂起,等人处置",
        "{warehouse} can no longer ship ({reason}) and no others can; cold goods are held",
    ),
}
