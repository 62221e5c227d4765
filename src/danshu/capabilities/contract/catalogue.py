"""The events that a promise may name, and the words by which its text must name its stop."""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class EventName(Struct, frozen=True, kw_only=True):
    """What an event is called. A text names it by having one of `words_zh` (`words_en`) in it."""

    zh: str
    en: str
    words_zh: tuple[str, ...]
    words_en: tuple[str, ...]


def _event(zh: str, en: str, words_zh: str, words_en: str) -> EventName:
    return EventName(
        zh=zh, en=en, words_zh=tuple(words_zh.split("|")), words_en=tuple(words_en.split("|"))
    )


EVENTS: Final[dict[str, EventName]] = {
    "order.placed": _event("下单", "order placed", "下单", "order is placed|ordering"),
    "order.cancelled": _event("订单取消", "order cancelled", "取消", "cancel"),
    "payment.confirmed": _event("付款成功", "payment confirmed", "付款|支付", "payment|paid"),
    "waybill.created": _event("运单生成", "waybill created", "运单", "waybill"),
    "handover.scanned": _event("交接扫描", "hand-over scanned", "交接", "hand-over|handed over"),
    "carrier.accepted": _event(
        "承运商揽收", "accepted by the carrier", "揽收", "accepted by the carrier|pickup scan"
    ),
    "shipment.partial": _event(
        "部分发出", "part shipped", "部分发出|首个包裹", "a part has shipped"
    ),
    "shipment.delivered": _event("签收", "delivered", "签收|送达", "delivered|delivery"),
    "buyer.damage_reported": _event("买家报损", "damage reported", "报损|反馈破损", "report"),
    "buyer.address_change_requested": _event(
        "买家申请改址", "address change requested", "改址", "address change"
    ),
    "buyer.address_confirmed": _event(
        "买家确认地址", "address confirmed", "确认地址", "address is confirmed"
    ),
    "buyer.address_change_declined": _event(
        "改址未获同意", "address change declined", "未获同意", "address change is declined"
    ),
    "buyer.address_change_withdrawn": _event(
        "买家撤回改址", "address change withdrawn", "撤回改址", "address change is withdrawn"
    ),
    "compensation.paid": _event(
        "赔付到账", "compensation paid", "赔付|赔款", "compensation|compensated"
    ),
    "buyer.refund_requested": _event(
        "买家申请退款", "refund requested", "申请退款", "refund is asked|request"
    ),
    "buyer.return_received": _event(
        "退货到仓", "return received", "退货到仓|收到退货", "return arrives|return is received"
    ),
    "buyer.split_told": _event("拆单已告知", "told of the split", "告知", "told|informed"),
    "goods.inspected": _event("质检完成", "goods inspected", "质检", "inspected|inspection"),
    "goods.reviewed": _event("出库复核完成", "reviewed", "复核", "reviewed|review"),
    "device.released": _event("器械放行", "device released", "放行", "released|release"),
    "refund.paid": _event("退款到账", "refund paid", "退款到账|退款", "refund"),
    "return.inspected": _event("退货验收完成", "return inspected", "验收", "inspected|inspection"),
}

TAKEN_BACK: Final[dict[str, frozenset[str]]] = {
    "buyer.address_change_requested": frozenset(
        {"buyer.address_change_declined", "buyer.address_change_withdrawn"}
    ),
}
"""Events that take another back: a pause that it began ends, whatever its clause waits for."""
