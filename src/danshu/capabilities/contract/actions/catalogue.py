"""What an action may name: kinds of evidence and who collects them, moments, powers, sources.

A kind without a collector cannot be asked for, because nobody could ever bring it.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct


class Named(Struct, frozen=True, kw_only=True):
    """A code's words in Chinese and English."""

    zh: str
    en: str


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of evidence.

    `collectors` says with what each of `person`, `device` and `system` collects it; `quantities`
    are those of `rules.py` that a rule may ask of it. `personal`: it shows or holds a person.
    """

    zh: str
    en: str
    collectors: dict[str, tuple[str, ...]]
    quantities: tuple[str, ...] = ()
    personal: bool = False


def _kind(
    zh: str, en: str, quantities: str = "", *, personal: bool = False, **collectors: str
) -> Kind:
    return Kind(
        zh=zh,
        en=en,
        collectors={by: tuple(names.split()) for by, names in collectors.items()},
        quantities=tuple(quantities.split()),
        personal=personal,
    )


COLLECTORS: Final[dict[str, Named]] = {
    "scanner": Named(zh="扫码枪", en="scanner"),
    "pda_camera": Named(zh="PDA 相机", en="PDA camera"),
    "station_camera": Named(zh="工位摄像头", en="station camera"),
    "pda_touch": Named(zh="PDA 手写", en="PDA touch screen"),
    "pda_mic": Named(zh="PDA 话筒", en="PDA microphone"),
    "probe": Named(zh="温度探头", en="temperature probe"),
    "upload": Named(zh="控制台上传", en="upload in the console"),
    "tms": Named(zh="运输系统", en="transport system"),
    "carrier": Named(zh="承运商接口", en="carrier's interface"),
    "payment": Named(zh="支付渠道", en="payment channel"),
    "channel": Named(zh="平台接口", en="platform's interface"),
    "hub": Named(zh="本系统比对", en="the hub's comparison"),
}

KINDS: Final[dict[str, Kind]] = {
    "scan": _kind("扫码", "scan", "count", person="scanner", device="scanner"),
    "expiry_scan": _kind(
        "效期扫描", "expiry scan", "expiry count", person="scanner", device="scanner"
    ),
    "handover_scan": _kind(
        "交接扫描", "hand-over scan", "count", person="scanner", device="scanner", system="carrier"
    ),
    "photo": _kind("照片", "photo", "count", person="pda_camera upload", device="station_camera"),
    "video": _kind(
        "录像", "video clip", "count duration", person="pda_camera upload", device="station_camera"
    ),
    "signature": _kind("手写签名", "written signature", "count", personal=True, person="pda_touch"),
    "temperature_series": _kind(
        "温度曲线", "temperature series", "temp gap count", person="upload", device="probe"
    ),
    "document": _kind("单据", "document", "count", person="upload pda_camera", system="channel"),
    "report": _kind("检验报告", "report", "count", person="upload"),
    "voice_sample": _kind(
        "声纹样本", "voice sample", "count", personal=True, person="pda_mic upload"
    ),
    "voice_report": _kind(
        "声纹比对", "voice comparison", "score count", personal=True, system="hub"
    ),
    "waybill_no": _kind("运单号", "waybill number", "count", person="scanner", system="tms"),
    "carrier_trace": _kind("物流轨迹原文", "carrier's trace", "count", system="carrier"),
    "payment_receipt": _kind(
        "支付回单", "payment receipt", "amount count", person="upload", system="payment"
    ),
    "message": _kind(
        "平台消息原文", "platform message", "count", person="upload", system="channel"
    ),
}

SOURCES: Final[dict[str, Named]] = {
    "tms": Named(zh="运输系统", en="the transport system"),
    "wms": Named(zh="仓库系统", en="the warehouse system"),
    "carrier": Named(zh="承运商", en="the carrier"),
    "platform": Named(zh="销售平台", en="the platform"),
    "payment": Named(zh="支付渠道", en="the payment channel"),
    "lab": Named(zh="检测机构", en="the laboratory"),
}

MOMENTS: Final[dict[str, Named]] = {
    "task.opened": Named(zh="打开任务", en="the task was opened"),
    "scan.first": Named(zh="首次扫描", en="the first scan"),
    "scan.last": Named(zh="最后一次扫描", en="the last scan"),
    "evidence.last": Named(zh="最后一份证据", en="the last piece of evidence"),
    "sign": Named(zh="签署", en="signing"),
}
"""Between which two of them a duration is measured."""


class Sayer(Struct, frozen=True, kw_only=True):
    """Who says an event. `way` is `order` (a transition or act of the order's machine), `request`
    (a buyer's request, or what becomes of it) or `payment` (the payment service's receipt);
    `by` names the transition, the kind of request or the port.
    """

    way: Literal["order", "request", "payment"]
    by: str
    zh: str
    en: str


def _sayer(way: Literal["order", "request", "payment"], by: str, zh: str, en: str) -> Sayer:
    return Sayer(way=way, by=by, zh=zh, en=en)


SAYERS: Final[dict[str, Sayer]] = {
    "order.placed": _sayer("order", "place", "接单", "taking the order"),
    "order.cancelled": _sayer("order", "cancel", "取消订单", "cancelling the order"),
    "payment.confirmed": _sayer("order", "pay", "登记付款", "recording the payment"),
    "waybill.created": _sayer("order", "waybill", "登记运单", "recording the waybill"),
    "shipment.partial": _sayer("order", "ship", "登记部分揽收", "recording a part's pickup"),
    "carrier.accepted": _sayer("order", "ship", "登记揽收", "recording the pickup"),
    "shipment.delivered": _sayer("order", "deliver", "登记签收", "recording the delivery"),
    "buyer.damage_reported": _sayer(
        "order", "report_damage", "买家申请或客服登记报损", "a buyer's claim, or a report of damage"
    ),
    "buyer.address_change_requested": _sayer(
        "request", "made", "买家申请改址", "a buyer's request to change the address"
    ),
    "buyer.address_confirmed": _sayer(
        "request", "accepted", "同意改址", "accepting the change of address"
    ),
    "buyer.address_change_declined": _sayer(
        "request", "declined", "不同意改址", "declining the change of address"
    ),
    "buyer.address_change_withdrawn": _sayer(
        "request", "withdrawn", "撤回改址申请", "withdrawing the change of address"
    ),
    "compensation.paid": _sayer(
        "payment", "settlement", "赔付到账回单", "the receipt of a payment"
    ),
}
"""The one list of the events that the hub itself says, and by what; any other event needs an
action that `says` it. Tests hold it together with the machine and with the requests.
"""

HEARD: Final = frozenset(SAYERS)

POWERS: Final[dict[str, Named]] = {
    "ask_platform": Named(zh="要求平台介入", en="ask the platform to step in"),
    "cancel_without_fault": Named(zh="无责取消", en="cancel without fault"),
    "refuse_receipt": Named(zh="拒收", en="refuse receipt"),
    "return_free": Named(zh="免费退货", en="return free of charge"),
}
"""What a breach may entitle somebody to, beside the codes of actions."""

GROUNDS: Final[dict[str, Named]] = {
    "force_majeure": Named(zh="不可抗力", en="force majeure"),
    "buyer_unreachable": Named(zh="买家失联或拒绝配合", en="a buyer who cannot be reached"),
    "address_wrong": Named(zh="买家所留地址有误", en="a wrong address given by the buyer"),
    "government_order": Named(zh="政府管控", en="an order of the authorities"),
    "fraud": Named(zh="买家欺诈", en="fraud by the buyer"),
}
"""On which a breach may be excused."""

PAPERS: Final[dict[str, Named]] = {
    "gov_notice": Named(zh="政府通告", en="an official notice"),
    "carrier_notice": Named(zh="承运商停运通知", en="a notice of the carrier"),
    "call_record": Named(zh="联系记录", en="a record of the calls"),
    "photo": Named(zh="照片", en="photos"),
    "ruling": Named(zh="裁决或判决", en="a ruling"),
}
"""The papers that an excuse rests on."""

PARTIES: Final[dict[str, Named]] = {
    "merchant": Named(zh="商家", en="the merchant"),
    "buyer": Named(zh="买家", en="the buyer"),
    "carrier": Named(zh="承运商", en="the carrier"),
    "platform": Named(zh="平台", en="the platform"),
}

ROLES: Final[dict[str, Named]] = {
    "admin": Named(zh="管理员", en="an administrator"),
    "legal": Named(zh="法务", en="counsel"),
    "policy": Named(zh="订单策略官", en="a policy officer"),
    "finance": Named(zh="财务", en="finance"),
    "sre": Named(zh="运维", en="operations"),
    "steward": Named(zh="数据管家", en="a data steward"),
    "planner": Named(zh="供应链计划", en="a supply planner"),
    "reviewer": Named(zh="复核员", en="a reviewer"),
    "warehouse": Named(zh="仓配主管", en="warehouse staff"),
    "service": Named(zh="客服", en="customer service"),
}
"""The merchant's people (capabilities/people); a test holds the two lists together."""

MOVES: Final[dict[str, Named]] = {
    "confirm": Named(zh="确认", en="confirm"),
    "pay": Named(zh="付款", en="pay"),
    "allocate": Named(zh="分仓", en="allocate"),
    "release": Named(zh="下发", en="release"),
    "pick": Named(zh="拣货", en="pick"),
    "pack": Named(zh="打包", en="pack"),
    "recall": Named(zh="撤回拣货", en="recall"),
    "ship": Named(zh="揽收", en="ship"),
    "deliver": Named(zh="签收", en="deliver"),
    "complete": Named(zh="完成", en="complete"),
    "cancel": Named(zh="取消", en="cancel"),
}
"""The transitions of an order (capabilities/orders); a test holds the two lists together."""

OUTSIDERS: Final[dict[str, Named]] = {
    "system": Named(zh="系统", en="a system"),
    "carrier": Named(zh="承运商", en="the carrier"),
    "buyer": Named(zh="买家", en="the buyer"),
}
"""Who may do an action without being one of the merchant's people: none of them can sign here."""

PLACES: Final[dict[str, Named]] = {
    "order": Named(zh="订单号", en="number of the order"),
    "line": Named(zh="商品行", en="line of the order"),
    "goods": Named(zh="商品", en="the goods"),
    "quantity": Named(zh="数量", en="quantity"),
    "lots": Named(zh="批号", en="lots"),
    "warehouse": Named(zh="仓", en="warehouse"),
    "waybill": Named(zh="运单号", en="waybill number"),
    "amount": Named(zh="金额", en="amount"),
    "evidence": Named(zh="证据份数", en="pieces of evidence"),
    "time": Named(zh="时间", en="time"),
}
"""What the words that a person reads and signs may name in braces."""

SHOWN_AT: Final[dict[str, Named]] = {
    "product_page": Named(zh="商品页", en="product page"),
    "checkout": Named(zh="结算页", en="checkout"),
    "order_page": Named(zh="订单页", en="order page"),
    "evidence_page": Named(zh="履约证据看板", en="evidence page"),
    "packing_slip": Named(zh="装箱单", en="packing slip"),
}


def collectors(kind: str, by: str) -> tuple[str, ...]:
    """Give with what `by` (person, device, system) collects a kind, or `photo|video`.

    Empty when one of the kinds is unknown or cannot be collected so.
    """
    found: list[str] = []
    for each in kind.split("|"):
        known = KINDS.get(each)
        names = known.collectors.get(by, ()) if known else ()
        if not names:
            return ()
        found.extend(name for name in names if name not in found)
    return tuple(found)
