"""What may happen to a parcel beside the straight way, as edges: each with its legal meaning."""

from __future__ import annotations

from typing import Final

from danshu.kernel.errors import Refusal
from danshu.kernel.machine import Edge, Machine, Words


def _edge(event: str, source: str, target: str, zh: str, en: str) -> Edge:
    return Edge(event=event, source=source, target=target, legal_zh=zh, legal_en=en)


def _no(code: str, zh: str, en: str) -> Refusal:
    return Refusal(code=code, reason=zh, reason_en=en, clause="")


STATES: Final = {
    "lost": Words(zh="已丢件", en="lost"),
    "refused": Words(zh="已拒收", en="refused"),
    "returned": Words(zh="已退回", en="returned"),
}
EVENTS: Final = {
    "split": Words(zh="拆单", en="split"),
    "merge": Words(zh="合单", en="merge"),
    "unmerge": Words(zh="撤销合单", en="unmerge"),
    "short": Words(zh="短拣", en="pick short"),
    "find_none": Words(zh="缺货", en="find none"),
    "intercept": Words(zh="截单", en="intercept"),
    "lose": Words(zh="丢件", en="lose"),
    "refuse": Words(zh="拒收", en="refuse"),
    "send_back": Words(zh="退回", en="send back"),
    "reship": Words(zh="补发", en="re-ship"),
}
_SPLIT = ("交付方式变更为多个包裹,承诺不变", "It comes as several parcels; the promises stay")
_MERGE = (
    "与他单同箱交付,各单承诺各自计",
    "It comes in one box with others; each keeps its promises",
)
_UNMERGE = ("恢复单独交付,承诺不变", "It comes by itself again; the promises stay")
_AGAIN = ("原给付未达成,无偿再次给付", "What was owed did not arrive: it is given again, free")
_BACK = ("货物回到发货人,风险随之返还", "The goods are with the sender again, and so is the risk")

EDGES: Final = (
    *(_edge("split", s, s, *_SPLIT) for s in ("allocated", "released")),
    *(_edge("merge", s, s, *_MERGE) for s in ("allocated", "released")),
    *(_edge("unmerge", s, s, *_UNMERGE) for s in ("allocated", "released", "picked")),
    _edge(
        "short",
        "released",
        "picked",
        "部分特定化:找到的先发,缺的另行安排",
        "Set apart in part: what was found goes on, the rest is arranged anew",
    ),
    _edge(
        "find_none",
        "released",
        "cancelled",
        "仓内无货,本履约单终止,应交付的仍应交付",
        "None was there: this fulfilment order ends, what is owed stays owed",
    ),
    *(
        _edge(
            "intercept",
            s,
            s,
            "请求停止履行并归位,答复前不再推进",
            "The floor is asked to stop and put back; nothing moves before it answers",
        )
        for s in ("picked", "packed")
    ),
    _edge(
        "intercept",
        "shipped",
        "shipped",
        "托运人请求中止运输、返还货物(民法典第829条)",
        "The sender asks the carrier to stop and return it (Civil Code art. 829)",
    ),
    _edge(
        "lose",
        "shipped",
        "lost",
        "运输中灭失,承运人应赔偿(民法典第832条)",
        "Lost in carriage: the carrier is liable (Civil Code art. 832)",
    ),
    _edge(
        "refuse",
        "shipped",
        "refused",
        "收货人拒绝受领,货物退运",
        "The receiver does not take delivery; it is carried back",
    ),
    *(_edge("send_back", s, "returned", *_BACK) for s in ("shipped", "lost", "refused")),
    *(_edge("reship", s, s, *_AGAIN) for s in ("lost", "refused", "returned", "delivered")),
)
REFUSALS: Final = {
    ("*", "split"): _no("not_at_split", "拣货后不能拆单", "Not split once it is picked"),
    ("*", "merge"): _no("not_at_merge", "拣货后不能合单", "Not merged once it is picked"),
    ("*", "unmerge"): _no(
        "not_at_unmerge", "打包后不能撤销合单", "Not taken apart once it is packed"
    ),
    ("*", "short"): _no("not_at_pick", "下发后才能拣货", "Only a released order is picked"),
    ("*", "find_none"): _no("not_at_pick", "下发后才能拣货", "Only a released order is picked"),
    ("*", "intercept"): _no(
        "not_at_intercept", "拣货后、签收前才有截单", "Intercepted only after picking, undelivered"
    ),
    ("*", "lose"): _no("not_at_lose", "在途的包裹才会丢件", "Only what is on its way is lost"),
    ("*", "refuse"): _no(
        "not_at_refuse", "在途的包裹才会拒收", "Only what is on its way is refused"
    ),
    ("*", "send_back"): _no(
        "not_at_send_back", "没有在途的包裹可退回", "Nothing on its way is to come back"
    ),
    ("*", "reship"): _no(
        "not_at_reship",
        "丢件、拒收、退回或已签收的才补发",
        "Sent again is what was lost, refused, returned or delivered",
    ),
}

INTERCEPT: Final = Machine(
    name="intercept",
    initial="none",
    states={
        "none": Words(zh="无", en="none"),
        "asked": Words(zh="截单中", en="asked"),
        "stopped": Words(zh="已截停", en="stopped"),
        "too_late": Words(zh="来不及", en="too late"),
    },
    events={
        "ask": Words(zh="请求截单", en="ask"),
        "stop": Words(zh="答复已截停", en="answer stopped"),
        "miss": Words(zh="答复来不及", en="answer too late"),
    },
    final=frozenset({"stopped"}),
    edges=(
        _edge("ask", "none", "asked", "请求停止履行", "Performance is asked to stop"),
        _edge(
            "ask",
            "too_late",
            "asked",
            "货已离仓,改向承运人请求",
            "It has left: the carrier is asked",
        ),
        _edge(
            "stop",
            "asked",
            "stopped",
            "已停止履行,标的返还",
            "Performance has stopped; the goods come back",
        ),
        _edge(
            "miss",
            "asked",
            "too_late",
            "履行已不可逆,合同继续",
            "It could not be stopped; the contract goes on",
        ),
    ),
    refusals={
        ("asked", "ask"): _no(
            "intercept_asked", "已在截单,等答复", "Asked already: await the answer"
        ),
        ("stopped", "ask"): _no("intercept_stopped", "已截停", "It was stopped already"),
        ("*", "stop"): _no("no_intercept", "没有待答复的截单", "No intercept awaits an answer"),
        ("*", "miss"): _no("no_intercept", "没有待答复的截单", "No intercept awaits an answer"),
    },
)
