"""The timeline's words for what buyers ask for, for powers and for notices: icon, title zh and en,
sentence zh and en.
"""

from __future__ import annotations

from typing import Final

from danshu.kernel.machine import Words

REQUESTS: Final[dict[str, Words]] = {
    "address_change": Words(zh="改地址", en="another address"),
    "damage": Words(zh="破损包赔", en="compensation for damage"),
}

ENDS: Final[dict[str, Words]] = {
    "performed": Words(zh="承诺已履行", en="the promise was performed"),
    "closed": Words(zh="订单已了结", en="the order has ended"),
    "verdict_changed": Words(zh="结论已变更", en="the verdict changed"),
    "no_service": Words(zh="没有接告知服务", en="no notice service is connected"),
}

POWER_WORDS: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "request.made": (
        "message",
        "买家申请",
        "Request",
        "凭链接申请:{request}",
        "Asked by link: {request}",
    ),
    "request.made/merchant": (
        "message",
        "代买家申请",
        "Request for the buyer",
        "商家称买家申请:{request}",
        "The merchant says that the buyer asks: {request}",
    ),
    "request.accepted": (
        "check",
        "同意申请",
        "Request accepted",
        "{request} {amount}",
        "{request} {amount}",
    ),
    "request.declined": (
        "close-circle",
        "不同意申请",
        "Request declined",
        "{request}:理由 {reason}",
        "{request}: {reason}",
    ),
    "request.withdrawn": ("redo", "撤回申请", "Request withdrawn", "{request}", "{request}"),
    "power.opened": (
        "safety",
        "买家权利产生",
        "Power opened",
        "{promises}违约:{holder}可{power}",
        "{promises} was broken: {holder} may {power}",
    ),
    "power.used": ("safety", "行使权利", "Power used", "{power}", "{power}"),
    "power.ended": (
        "safety",
        "权利消灭",
        "Power ended",
        "{power}:{reason}",
        "{power}: {reason}",
    ),
    "notice.sent": (
        "message",
        "违约已告知",
        "Breach told",
        "{promises}:告知服务已接收,对象 {to}",
        "{promises}: taken over by the notice service, for {to}",
    ),
    "notice.refused": (
        "close-circle",
        "告知被拒收",
        "Notice refused",
        "{promises}:对象 {to},{reason}",
        "{promises}: for {to}, {reason}",
    ),
    "notice.abandoned": (
        "warning",
        "放弃告知",
        "Notice given up",
        "{promises}:对象 {to},{reason}",
        "{promises}: for {to}, {reason}",
    ),
}
