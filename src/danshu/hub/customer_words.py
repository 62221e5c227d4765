"""What a customer reads of an order's facts: a title a fact type, without anybody's free text.

A type that is not here is not told on the page, and counted; the bundle holds it all the same.
"""

from __future__ import annotations

from typing import Final

from danshu.kernel.machine import Words

ACTS: Final[dict[str, Words]] = {
    "order.placed": Words(zh="商家接到订单", en="Order received"),
    "order.confirmed": Words(zh="商家确认接单", en="Order accepted"),
    "order.paid": Words(zh="收到付款", en="Payment received"),
    "order.allocated": Words(zh="锁定库存", en="Stock set apart"),
    "route.decided": Words(zh="定发货仓，锁定库存", en="Warehouse chosen, stock set apart"),
    "shipment.arranged": Words(zh="承运人与时窗已定", en="Carrier and window arranged"),
    "order.released": Words(zh="下发仓库", en="Sent to the warehouse"),
    "order.picked": Words(zh="拣货完成", en="Picked"),
    "order.packed": Words(zh="打包完成", en="Packed"),
    "order.recalled": Words(zh="撤回拣货", en="Taken back"),
    "order.shipped": Words(zh="承运商揽收，起运", en="Picked up by the carrier"),
    "order.delivered": Words(zh="签收", en="Delivered"),
    "order.completed": Words(zh="订单完成", en="Completed"),
    "order.cancelled": Words(zh="订单取消", en="Cancelled"),
    "waybill.recorded": Words(zh="生成运单", en="Waybill recorded"),
    "fulfilment.reviewed": Words(zh="出库复核", en="Outbound review"),
    "handover.lagging": Words(zh="已交接，等运单记录", en="Handed over, waybill awaited"),
    "handover.caught_up": Words(zh="运单记录已补到", en="The waybill has caught up"),
    "damage.reported": Words(zh="反馈破损", en="Damage reported"),
    "compensation.proposed": Words(zh="按条款提出赔付", en="Compensation proposed"),
    "compensation.approved": Words(zh="赔付已批准", en="Compensation approved"),
    "compensation.refused": Words(zh="不予赔付", en="Compensation refused"),
    "compensation.paid": Words(zh="赔付到账", en="Compensated"),
    "promise.paused": Words(zh="承诺停表", en="A promise's clock paused"),
    "promise.resumed": Words(zh="承诺续走", en="A promise's clock resumed"),
    "promise.amended": Words(zh="承诺经您同意变更", en="A promise amended by your consent"),
    "promise.corrected": Words(zh="更正承诺结论", en="A verdict corrected"),
    "promise.ruled": Words(zh="人工裁定承诺", en="A promise ruled on"),
    "request.made": Words(zh="买家提出申请", en="Something asked for"),
    "request.accepted": Words(zh="商家同意申请", en="Request accepted"),
    "request.declined": Words(zh="商家不同意申请", en="Request declined"),
    "request.withdrawn": Words(zh="撤回申请", en="Request withdrawn"),
    "substitute.offered": Words(zh="商家征询替代", en="A substitute was offered"),
    "substitute.accepted": Words(zh="买家同意替代", en="The substitute was accepted"),
    "substitute.declined": Words(zh="买家不同意替代", en="The substitute was declined"),
    "substitute.ended": Words(zh="替代征询结束", en="The offer of a substitute ended"),
    "power.opened": Words(zh="因违约产生买家权利", en="A right of the buyer, by a breach"),
    "power.used": Words(zh="买家行使权利", en="The buyer used a right"),
    "power.ended": Words(zh="买家权利消灭", en="A right of the buyer ended"),
    "notice.sent": Words(zh="违约已告知", en="The breach was told"),
    "notice.refused": Words(zh="违约告知被拒收", en="The notice of the breach was refused"),
    "notice.abandoned": Words(zh="违约没能告知", en="The breach could not be told"),
    "vault.erased": Words(zh="依法删除个人信息", en="Personal data erased by law"),
}

# What pieces of evidence are called; a kind that is not here is called by its own name.
KINDS: Final[dict[str, Words]] = {
    "photo": Words(zh="照片", en="Photo"),
    "video": Words(zh="录像", en="Clip"),
    "scans": Words(zh="扫描记录", en="Scans"),
    "document": Words(zh="文件", en="Document"),
    "report": Words(zh="检测报告", en="Report"),
    "temperature": Words(zh="温度记录", en="Temperatures"),
    "message": Words(zh="买家说明", en="The buyer's words"),
    "raw": Words(zh="下单原文", en="Order as received"),
    "receiver": Words(zh="收货人信息", en="Receiver"),
}

# Facts that carry what a carrier or a waybill system said: the raw logistics data.
LOGISTICS: Final = frozenset({"waybill.recorded", "order.shipped", "order.delivered"})
