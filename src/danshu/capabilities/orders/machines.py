"""The life of an order and of its fulfilment orders, as tables. One legal meaning for each edge."""

from __future__ import annotations

from danshu.capabilities.orders import parcel_edges
from danshu.kernel.errors import Refusal
from danshu.kernel.machine import Edge, Machine, Words


def _edge(event: str, source: str, target: str, zh: str, en: str) -> Edge:
    return Edge(event=event, source=source, target=target, legal_zh=zh, legal_en=en)


def _no(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause="")


_WORDS = {
    "placed": Words(zh="已下单", en="placed"),
    "confirmed": Words(zh="已确认", en="confirmed"),
    "paid": Words(zh="已付款", en="paid"),
    "allocated": Words(zh="已分仓", en="allocated"),
    "released": Words(zh="已下发", en="released"),
    "picked": Words(zh="已拣货", en="picked"),
    "packed": Words(zh="已打包", en="packed"),
    "shipped": Words(zh="已揽收", en="shipped"),
    "delivered": Words(zh="已签收", en="delivered"),
    "completed": Words(zh="已完成", en="completed"),
    "cancelled": Words(zh="已取消", en="cancelled"),
}
_EVENTS = {
    "confirm": Words(zh="确认", en="confirm"),
    "pay": Words(zh="付款", en="pay"),
    "allocate": Words(zh="分仓", en="allocate"),
    "release": Words(zh="下发", en="release"),
    "pick": Words(zh="拣货", en="pick"),
    "pack": Words(zh="打包", en="pack"),
    "recall": Words(zh="撤回拣货", en="recall"),
    "ship": Words(zh="揽收", en="ship"),
    "deliver": Words(zh="签收", en="deliver"),
    "complete": Words(zh="完成", en="complete"),
    "cancel": Words(zh="取消", en="cancel"),
}
_RECALL_ZH = "货物归位,履行退回备货前,可重拣或取消"
_RECALL_EN = "The goods go back to their bin; they may be picked again, or cancelled"
_GIVE_UP_ZH = "出库前合同解除,占用的库存释放,已付款项应退还"
_GIVE_UP_EN = "Rescinded before dispatch: reserved stock is freed and what was paid is owed back"

ORDER = Machine(
    name="order",
    initial="placed",
    states=_WORDS,
    events=_EVENTS,
    final=frozenset({"completed", "cancelled"}),
    edges=(
        _edge(
            "confirm",
            "placed",
            "confirmed",
            "商家承诺接单,合同成立",
            "The merchant accepts; the contract is made",
        ),
        _edge(
            "pay",
            "placed",
            "paid",
            "买方履行付款义务,发货时限起算",
            "The buyer has paid; the dispatch clock may start",
        ),
        _edge(
            "pay",
            "confirmed",
            "paid",
            "买方履行付款义务,发货时限起算",
            "The buyer has paid; the dispatch clock may start",
        ),
        *(
            _edge(
                "allocate",
                unpaid,
                unpaid,
                "拍下占库:为本单保留,未付款不发货",
                "Stock is kept for the order; unpaid, nothing ships",
            )
            for unpaid in ("placed", "confirmed")
        ),
        _edge(
            "allocate",
            "paid",
            "allocated",
            "标的特定化:货物在仓内为本单占用",
            "The goods are set apart for this order",
        ),
        _edge(
            "release",
            "allocated",
            "released",
            "履行开始:仓库受托备货",
            "Performance begins: the warehouse is instructed",
        ),
        _edge(
            "pick",
            "released",
            "picked",
            "标的物离开货位,不再可单方取消",
            "The goods left their bin; no longer cancelled at will",
        ),
        _edge(
            "pack", "picked", "packed", "包装完成,具备交付条件", "Packed: ready to be handed over"
        ),
        _edge("recall", "picked", "released", _RECALL_ZH, _RECALL_EN),
        _edge("recall", "packed", "released", _RECALL_ZH, _RECALL_EN),
        _edge(
            "ship",
            "packed",
            "shipped",
            "交付承运人,运输风险按约定转移",
            "Handed to the carrier; risk passes as agreed",
        ),
        _edge(
            "deliver",
            "shipped",
            "delivered",
            "收货人签收,主给付义务履行完毕",
            "Received: the main obligation is performed",
        ),
        _edge(
            "complete",
            "delivered",
            "completed",
            "售后期届满,双方权利义务终止",
            "The after-sales term has ended; duties cease",
        ),
        _edge("cancel", "placed", "cancelled", _GIVE_UP_ZH, _GIVE_UP_EN),
        _edge("cancel", "confirmed", "cancelled", _GIVE_UP_ZH, _GIVE_UP_EN),
        _edge("cancel", "paid", "cancelled", _GIVE_UP_ZH, _GIVE_UP_EN),
        _edge("cancel", "allocated", "cancelled", _GIVE_UP_ZH, _GIVE_UP_EN),
        _edge("cancel", "released", "cancelled", _GIVE_UP_ZH, _GIVE_UP_EN),
    ),
    refusals={
        ("picked", "cancel"): _no(
            "picked_already", "已拣货,先撤回拣货再取消", "Picked already: recall the picking first"
        ),
        ("packed", "cancel"): _no(
            "picked_already", "已打包,先撤回拣货再取消", "Packed already: recall the picking first"
        ),
        ("shipped", "cancel"): _no(
            "left_already", "已揽收,请走退货", "Handed over already: use a return"
        ),
        ("delivered", "cancel"): _no(
            "left_already", "已签收,请走退货", "Delivered already: use a return"
        ),
        ("placed", "release"): _no(
            "not_paid", "未付款,不能下发仓库", "Not paid: cannot be released"
        ),
        ("confirmed", "release"): _no(
            "not_paid", "未付款,不能下发仓库", "Not paid: cannot be released"
        ),
        ("paid", "release"): _no(
            "not_allocated", "还没有分仓,没有可下发的履约单", "Not allocated: nothing to release"
        ),
        ("*", "confirm"): _no("confirmed_already", "已过确认阶段", "Past confirmation already"),
        ("*", "pay"): _no("paid_already", "已付款或已终止", "Paid already, or ended"),
        ("*", "allocate"): _no(
            "allocated_already", "已分仓或已终止", "Allocated already, or ended"
        ),
        ("*", "release"): _no(
            "not_at_release", "当前状态不能下发", "Cannot be released in this state"
        ),
        ("*", "pick"): _no("not_at_pick", "下发后才能拣货", "Only a released order is picked"),
        ("*", "pack"): _no("not_at_pack", "拣货后才能打包", "Only a picked order is packed"),
        ("*", "recall"): _no(
            "not_at_recall",
            "拣货后、揽收前才能撤回",
            "Only what is picked and has not left is recalled",
        ),
        ("*", "ship"): _no("not_at_ship", "打包后才能揽收", "Only a packed order is handed over"),
        ("*", "deliver"): _no(
            "not_at_deliver", "揽收后才能签收", "Only a shipped order is delivered"
        ),
        ("*", "complete"): _no(
            "not_at_complete", "签收后才能完成", "Only a delivered order is completed"
        ),
        ("*", "cancel"): _no("ended_already", "订单已终止", "The order has ended"),
    },
)

_STEPS = ("allocated", "released", "picked", "packed", "shipped", "delivered")
_FULFILMENT_EVENTS = ("release", "pick", "pack", "recall", "ship", "deliver")

FULFILMENT = Machine(
    name="fulfilment",
    initial="allocated",
    states={s: _WORDS[s] for s in (*_STEPS, "cancelled")} | parcel_edges.STATES,
    events={e: _EVENTS[e] for e in (*_FULFILMENT_EVENTS, "cancel")}
    | {"reroute": Words(zh="改派", en="re-route")}
    | parcel_edges.EVENTS,
    final=frozenset({"cancelled"}),
    edges=(
        *parcel_edges.EDGES,
        *(e for e in ORDER.edges if e.event in _FULFILMENT_EVENTS),
        _edge(
            "cancel",
            "allocated",
            "cancelled",
            "履约单撤销,占用库存释放",
            "Withdrawn: its reserved stock is freed",
        ),
        _edge(
            "cancel",
            "released",
            "cancelled",
            "仓库停止备货,占用库存释放",
            "The warehouse stops; its reserved stock is freed",
        ),
        _edge(
            "reroute",
            "allocated",
            "cancelled",
            "尚未备货,撤回后由别的仓承接,承诺不变",
            "Not begun: taken back for other warehouses; the promises stay",
        ),
    ),
    refusals={("*", event): ORDER.refusals["*", event] for event in (*_FULFILMENT_EVENTS,)}
    | parcel_edges.REFUSALS
    | {
        ("picked", "cancel"): ORDER.refusals["picked", "cancel"],
        ("packed", "cancel"): ORDER.refusals["packed", "cancel"],
        ("shipped", "cancel"): ORDER.refusals["shipped", "cancel"],
        ("*", "cancel"): ORDER.refusals["*", "cancel"],
        ("released", "reroute"): _no(
            "begun_already",
            "已下发仓库,仓内已开始备货,不能改派",
            "Released already: the warehouse has begun, it cannot be re-routed",
        ),
        ("*", "reroute"): _no(
            "not_at_reroute", "当前状态不能改派", "Cannot be re-routed in this state"
        ),
    },
)

HOLD = Machine(
    name="hold",
    initial="free",
    states={"free": Words(zh="未挂起", en="free"), "held": Words(zh="已挂起", en="held")},
    events={
        "hold": Words(zh="挂起", en="hold"),
        "unhold": Words(zh="解除挂起", en="unhold"),
        **{e: _EVENTS[e] for e in ("release", "pick", "pack", "ship")},
    },
    final=frozenset(),
    edges=(
        _edge(
            "hold",
            "free",
            "held",
            "中止履行并说明理由,时限不因此停走",
            "Performance is suspended with a reason; clocks go on",
        ),
        _edge("hold", "held", "held", "增加一项中止理由", "One more reason to suspend"),
        _edge(
            "unhold",
            "held",
            "free",
            "中止理由消除,恢复履行",
            "The reason is gone; performance resumes",
        ),
        *(
            _edge(e, "free", "free", "未中止,可继续履行", "Not suspended: may go on")
            for e in ("release", "pick", "pack", "ship")
        ),
    ),
    refusals={
        ("free", "unhold"): _no("not_held", "没有挂起", "Not held"),
        **{
            ("held", e): _no("held", "已挂起,先解除挂起", "Held: lift the hold first")
            for e in ("release", "pick", "pack", "ship")
        },
    },
)
