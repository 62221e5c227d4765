"""The timeline's words, as data: what each fact is called, and the sentence that tells it.

A key is a fact's type, or `type/variant`. `{name}` in a sentence is a figure: whoever shows it
writes money and instants. A tidy test demands words for every type on an order's stream.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from danshu.hub.hold_words import HELD
from danshu.hub.paid_words import REVIEW_HOLDS
from danshu.hub.selling_words import INTERCEPTED
from danshu.hub.timeline_others import OTHERS
from danshu.hub.work_words import DOCUMENTS as DOCUMENTS
from danshu.hub.work_words import WORKS as WORKS
from danshu.kernel.machine import Words


class Told(Struct, frozen=True, kw_only=True):
    """How a fact is told: `icon` is a word of the console's icon table."""

    icon: str
    title: Words
    detail: Words


def _told(icon: str, zh: str, en: str, detail_zh: str, detail_en: str) -> Told:
    return Told(icon=icon, title=Words(zh=zh, en=en), detail=Words(zh=detail_zh, en=detail_en))


TOLD: Final[dict[str, Told]] = {
    "order.placed": _told(
        "inbox",
        "接单",
        "Order received",
        "{channel},{lines} 行 {units} 件,优惠 {discount},应付 {total}",
        "{channel}, {lines} lines, {units} units, discount {discount}, due {total}",
    ),
    "order.placed/return": _told(
        "rollback",
        "收到退货申请",
        "Return requested",
        "{channel},{lines} 行 {units} 件",
        "{channel}, {lines} lines, {units} units",
    ),
    "order.confirmed": _told(
        "check", "确认接单", "Order accepted", "商家承诺接单", "Accepted by the merchant"
    ),
    "order.paid": _told("wallet", "收款", "Payment", "到账 {amount}", "{amount} received"),
    "order.held": _told("pause", "挂起", "Held", "原因:{reason}", "Reason: {reason}"),
    "order.unheld": _told("play", "放行", "Hold lifted", "已消除:{reason}", "No longer: {reason}"),
    "order.aligned": _told(
        "link",
        "补对齐",
        "Aligned",
        "主数据已认得 {lines} 行,送往 {region}",
        "Master data knows {lines} more lines, bound for {region}",
    ),
    "route.decided": _told(
        "branches",
        "分仓",
        "Routed",
        "{warehouse},整单一仓,比次优省 {margin}",
        "{warehouse}, one warehouse, {margin} less than the runner-up",
    ),
    "route.decided/split": _told(
        "branches",
        "分仓",
        "Routed",
        "{count} 仓发出:{warehouse},比次优省 {margin}",
        "From {count} warehouses: {warehouse}, {margin} less than the runner-up",
    ),
    "route.decided/cut": _told(
        "branches",
        "分仓,拆行",
        "Routed, lines cut",
        "没有一个仓凑得齐 {cut} 行,按件拆到 {count} 仓:{warehouse}",
        "No warehouse holds {cut} lines alone: cut by units over {count}: {warehouse}",
    ),
    "route.decided/sole": _told(
        "branches",
        "分仓",
        "Routed",
        "{warehouse},没有别的可发方案",
        "{warehouse}, there was no other plan",
    ),
    "route.decided/none": _told(
        "branches",
        "分仓未成",
        "Not routed",
        "没有仓能发:{lines} 行等货",
        "No warehouse can ship: {lines} lines wait",
    ),
    "order.allocated": _told(
        "database",
        "占库",
        "Stock set apart",
        "{warehouse},{units} 件",
        "{warehouse}, {units} units",
    ),
    "order.tagged": _told("tag", "打标", "Tagged", "{tags}", "{tags}"),
    "order.untagged": _told("tag", "去标", "Tag removed", "{tags}", "{tags}"),
    "order.assigned": _told("user", "指派", "Assigned", "交给 {person}", "To {person}"),
    "order.assigned/nobody": _told("user", "取消指派", "Unassigned", "无人负责", "Nobody's"),
    "order.released": _told(
        "download",
        "下发仓库",
        "Released",
        "{warehouse},{count} 张履约单 {units} 件",
        "{warehouse}, {count} fulfilment orders, {units} units",
    ),
    "order.picked": _told(
        "shopping", "拣货", "Picked", "{warehouse},{units} 件", "{warehouse}, {units} units"
    ),
    "order.packed": _told(
        "gift", "打包", "Packed", "{warehouse},{units} 件", "{warehouse}, {units} units"
    ),
    "order.recalled": _told(
        "rollback",
        "撤回拣货",
        "Recalled",
        "{warehouse},{units} 件归位",
        "{warehouse}, {units} units back in their bin",
    ),
    "waybill.recorded": _told(
        "barcode",
        "运单生成",
        "Waybill recorded",
        "{carrier} {waybill};有单号不等于已揽收",
        "{carrier} {waybill}; a number is not a pickup",
    ),
    "order.shipped": _told(
        "truck",
        "交承运商揽收",
        "Handed over",
        "{warehouse},{units} 件,{carrier} {waybill}",
        "{warehouse}, {units} units, {carrier} {waybill}",
    ),
    "order.delivered": _told(
        "home", "签收", "Delivered", "{units} 件送达", "{units} units received"
    ),
    "order.completed": _told(
        "check-circle", "完成", "Completed", "售后期届满", "The after-sales term is over"
    ),
    "order.cancelled": _told(
        "close-circle",
        "取消",
        "Cancelled",
        "原因:{reason},取消 {units} 件,释放占用 {freed} 件",
        "Reason: {reason}; {units} units, {freed} units of stock freed",
    ),
    "damage.reported": _told("warning", "买家报损", "Damage reported", "{reason}", "{reason}"),
    "compensation.paid": _told(
        "wallet", "赔付", "Compensated", "已付买家 {amount}", "{amount} paid to the buyer"
    ),
    **{kind: _told(*told) for kind, told in OTHERS.items()},
    "promise.made": _told(
        "safety",
        "定承诺",
        "Promises made",
        "{promises},按下单时所示文本计时",
        "{promises}, by the text as shown",
    ),
    "promise.started": _told(
        "clock", "起表", "Clock started", "{promises},{due} 到期", "{promises}, due {due}"
    ),
    "promise.noted": _told(
        "file-text",
        "记录",
        "Noted",
        "{promises}:{event}已发生,结论不变",
        "{promises}: {event}, the verdict stays",
    ),
    "promise.warned": _told(
        "hourglass", "临期", "Due soon", "{promises},剩 {left}", "{promises}, {left} left"
    ),
    "promise.paused": _told(
        "pause",
        "停表",
        "Clock paused",
        "{promises}:{event},最迟 {until} 续走",
        "{promises}: {event}, until {until} at the latest",
    ),
    "promise.resumed": _told(
        "play", "续走", "Clock resumed", "{promises},{due} 到期", "{promises}, due {due}"
    ),
    "promise.kept": _told(
        "check-circle", "已兑现", "Kept", "{promises},提前 {early}", "{promises}, {early} early"
    ),
    "promise.kept/self": _told(
        "check-circle",
        "已兑现·自述",
        "Kept (self-declared)",
        "{promises},提前 {early},只凭受益方自述",
        "{promises}, {early} early, on the beneficiary's own word",
    ),
    "promise.broken": _told(
        "close-circle", "已违约", "Broken", "{promises},{due} 已过", "{promises}, {due} has passed"
    ),
    "promise.late": _told(
        "redo",
        "迟延履行",
        "Performed late",
        "{promises},迟 {late},违约仍在",
        "{promises}, {late} late, the breach stays",
    ),
    "promise.borderline": _told(
        "pause-circle",
        "待裁定",
        "To be judged",
        "{promises}:差距在时钟误差之内",
        "{promises}: inside the error of the clock",
    ),
    "promise.compared": _told(
        "diff",
        "对照",
        "Compared",
        "{promises}:{event}与停表事件不在同一时刻",
        "{promises}: {event} tells another time than the stop",
    ),
    "promise.corrected": _told(
        "edit",
        "更正结论",
        "Corrected",
        "{promises}:由「{was}」改为「{verdict}」",
        "{promises}: from {was} to {verdict}",
    ),
    "promise.superseded": _told(
        "minus-circle",
        "承诺终止",
        "Superseded",
        "{promises},订单先已终止",
        "{promises}, the order ended before",
    ),
    "promise.ruled": _told(
        "audit",
        "人工裁定",
        "Ruled",
        "{promises}:由「{was}」裁为「{verdict}」,理由 {reason}",
        "{promises}: from {was} to {verdict}, on the ground {reason}",
    ),
    "fulfilment.worked": _told(
        "scan",
        "仓内作业",
        "Floor work",
        "{work},{warehouse},扫 {scans} 次,用时 {took}",
        "{work}, {warehouse}, {scans} scans in {took}",
    ),
    "fulfilment.reviewed": _told(
        "scan",
        "出库复核",
        "Outbound review",
        "{warehouse},扫 {scans} 次,照片 {photos} 张,用时 {took}",
        "{warehouse}, {scans} scans, {photos} photos in {took}",
    ),
    "action.performed": _told(
        "audit",
        "完成动作",
        "Action done",
        "{action},用时 {took}",
        "{action}, in {took}",
    ),
    "action.performed/signed": _told(
        "audit",
        "签署动作",
        "Action signed",
        "{action},用时 {took},本人以通行密钥签署了陈述",
        "{action}, in {took}; the statement was signed by passkey",
    ),
    "action.performed/unproven": _told(
        "question-circle",
        "动作未证明",
        "Action, unproven",
        "{action}:采样有缺口,期间是否保持未证明",
        "{action}: samples are missing, so that it held is unproven",
    ),
    "action.performed/broken": _told(
        "warning",
        "动作未守住",
        "Action, not held",
        "{action}:期间超出了约定范围",
        "{action}: it went outside of what was agreed",
    ),
    "fulfilment.stopped": _told(
        "warning", "作业异常", "Work stopped", "{work}:{kind} {sku}", "{work}: {kind} {sku}"
    ),
    "document.printed": _told(
        "printer", "打印", "Printed", "{document},{paper}", "{document}, {paper}"
    ),
    "person.revealed": _told(
        "eye", "查看明文", "Revealed", "{fields},理由:{reason}", "{fields}, because: {reason}"
    ),
    "vault.erased": _told(
        "delete",
        "删除个人信息",
        "Personal data erased",
        "依据:{reason},请求 {reference};事实与证明不变",
        "Basis: {reason}, request {reference}; facts and proofs stay",
    ),
}

# What happens next, by the event that is waited for.
AWAITED: Final[dict[str, Told]] = {
    "confirm": _told("check", "商家确认接单", "Acceptance", "", ""),
    "pay": _told("wallet", "等买家付款", "Payment", "付款后起表", "Clocks start with it"),
    "unhold": _told("play", "等挂起原因消除", "The hold's end", "{reason}", "{reason}"),
    "align": _told("link", "等主数据补齐", "Master data", "{reason}", "{reason}"),
    "allocate": _told(
        "branches", "等有货可分", "Stock", "{units} 件还没有仓", "{units} units open"
    ),
    "release": _told("download", "下发仓库", "Release", "", ""),
    "pick": _told("shopping", "仓库拣货", "Picking", "", ""),
    "pack": _told("gift", "仓库打包", "Packing", "", ""),
    "ship": _told(
        "truck", "交承运商揽收", "Pickup", "以揽收扫描停表", "The pickup scan stops the clock"
    ),
    "deliver": _told(
        "home", "收货人签收", "Delivery", "以签收停表", "The delivery stops the clock"
    ),
    "complete": _told("check-circle", "售后期届满", "End of the after-sales term", "", ""),
}

# What each grade of proof shows, and what it does not.
GRADES: Final[dict[str, Words]] = {
    "A": Words(
        zh="本人以通行密钥签署了这句陈述;不证明陈述的内容属实",
        en="Signed by the person with a passkey; does not show that what it says is true",
    ),
    "B": Words(
        zh="本人登录会话内所为;不证明当时键盘前就是本人",
        en="Done in the person's session; does not show who sat at the keyboard",
    ),
    "C": Words(
        zh="系统按密钥记录;不证明现场实物如此",
        en="Recorded by a system's key; does not show what happened on the floor",
    ),
    "D": Words(
        zh="第三方转述;只证明平台这样说过",
        en="Told by a third party; shows only that the platform said so",
    ),
}

ROLES: Final[dict[str, Words]] = {
    "system": Words(zh="系统", en="System"),
    "channel": Words(zh="渠道", en="Channel"),
    "customer": Words(zh="持链接者", en="Whoever holds the link"),
    "operator": Words(zh="业务系统", en="Business system"),
    "sensor": Words(zh="传感器", en="Sensor"),
    "viewer": Words(zh="只读系统", en="Reader"),
    "admin": Words(zh="管理员", en="Administrator"),
    "legal": Words(zh="法务", en="Legal"),
    "policy": Words(zh="订单策略官", en="Policy officer"),
    "finance": Words(zh="财务", en="Finance"),
    "sre": Words(zh="运维", en="SRE"),
    "steward": Words(zh="数据管家", en="Data steward"),
    "planner": Words(zh="供应链计划", en="Supply planner"),
    "reviewer": Words(zh="复核员", en="Reviewer"),
    "warehouse": Words(zh="仓配主管", en="Warehouse lead"),
    "service": Words(zh="客服", en="Customer service"),
}

# Holds that the hub and the platforms set; a person's reason is shown as it was written.
HOLDS: Final[dict[str, Words]] = {
    **HELD,
    **INTERCEPTED,
    **REVIEW_HOLDS,
    "sku_unknown": Words(zh="主数据没有这个商品", en="SKU not in master data"),
    "region_unknown": Words(zh="收货区域不在服务范围", en="Region not served"),
    "risk_review": Words(zh="平台风控审核中", en="Under the platform's risk review"),
    "group_incomplete": Words(zh="拼团未成", en="Group not complete"),
    "presale_tail_unpaid": Words(zh="预售尾款未付", en="Presale balance unpaid"),
    "gift_unaccepted": Words(zh="礼物未被收下", en="Gift not accepted"),
    "items_incomplete": Words(zh="平台给的商品不全", en="Items incomplete on the platform"),
    "short_pick": Words(zh="拣货缺货", en="Short at picking"),
    "damaged": Words(zh="拣货发现破损", en="Damaged at picking"),
    "cold_unproven": Words(zh="冷链证据不足", en="Cold not proven"),
    "cold_canary": Words(zh="冷区待测温确认", en="Cold zone to be confirmed"),
    "policy_hold": Words(zh="策略暂停", en="Held by policy"),
    "policy_review": Words(zh="策略转人工", en="Policy asks for review"),
    "scorers_disagree": Words(zh="评分器意见不一", en="Scorers disagree"),
    "thin_margin": Words(zh="方案难分高下", en="Too close to call"),
    "twin_veto": Words(zh="孪生与传感器矛盾", en="Twin contradicts sensors"),
}

FIELDS: Final[dict[str, Words]] = {
    "name": Words(zh="姓名", en="Name"),
    "phone": Words(zh="电话", en="Phone"),
    "address": Words(zh="地址", en="Address"),
    "raw": Words(zh="原始报文", en="Raw message"),
}
