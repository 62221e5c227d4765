"""The words of overrides: the reasons that a person may give, the statement that they sign, the
timeline's sentences.
"""

from __future__ import annotations

from typing import Final

from danshu.kernel.machine import Words

REASONS: Final[dict[str, Words]] = {
    "customer_request": Words(zh="客户要求", en="the customer asks for it"),
    "stock_on_site": Words(zh="现场库存与系统不符", en="stock on site differs from the system"),
    "batch": Words(zh="批次或质量要求", en="a batch or a quality is asked for"),
    "joint_delivery": Words(zh="与其他货合并送达", en="to arrive together with other goods"),
    "carrier_trouble": Words(zh="承运异常", en="trouble with the carrier"),
    "floor_trouble": Words(zh="仓内异常", en="trouble in the warehouse"),
    "service_recovery": Words(zh="服务补救", en="to make good for the customer"),
    "other": Words(zh="其他", en="another reason"),
}
STATEMENT: Final = Words(
    zh="我决定:订单 {order}{part}由「{warehouse}」发货(原在「{was}」)。自动选仓为「{router}」,"
    "成本 {router_cost} 元;本方案 {cost} 元,相差 {more} 元。{lifted}理由:{reason}——{note}。"
    "此仓由我指定并签名:自动改派与批量重排不再移动它,直到再次人工指定。硬约束未被解除。{time}",
    en='I decide: order {order}{part} ships from "{warehouse}" (it was in "{was}"). The router'
    ' takes "{router}" at CNY {router_cost}; this costs CNY {cost}, a difference of CNY {more}. '
    "{lifted}Reason: {reason} - {note}. I choose this warehouse and sign for it: no re-decision"
    " and no replan moves it until a person overrides again. No hard constraint is lifted. {time}",
)
GIVEN_BACK: Final = Words(
    zh="我决定:订单 {order}{part}不再由人工指定(原在「{was}」),交还系统选仓。系统选「{router}」,"
    "成本 {router_cost} 元。理由:{reason}——{note}。{time}",
    en="I decide: no person chooses the warehouse of order {order}{part} any more (it was in"
    ' "{was}"). The router takes "{router}" at CNY {router_cost}. Reason: {reason} - {note}.'
    " {time}",
)
LIFTED: Final = Words(
    zh="我越过策略对该仓的禁用(规则:{rules})。",
    en="I go past policy's ban of it (rules: {rules}). ",
)
CONFIRMED: Final = Words(zh="我作为第二人复核并同意:", en="As the second person I confirm: ")
PART: Final = Words(zh="的第 {no} 张履约单", en=" (fulfilment order {no})")

OVERRIDDEN: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "route.decided/chosen": (
        "branches",
        "按指定分仓",
        "Routed as a person chose",
        "{warehouse}",
        "{warehouse}",
    ),
    "route.overridden": (
        "edit",
        "人工指定仓",
        "Warehouse chosen by a person",
        "改由 {warehouse} 发货(系统选 {router},相差 {amount}),"
        "理由:{reason}——{note};已签名,固定不动",
        "{warehouse} ships (the router takes {router}, a difference of {amount}):"
        " {reason} - {note}; signed and pinned",
    ),
    "route.overridden/free": (
        "edit",
        "交还系统选仓",
        "Given back to the router",
        "不再人工指定,由系统选 {router};理由:{reason}——{note}",
        "no person chooses its warehouse any more, the router takes {router}: {reason} - {note}",
    ),
}
