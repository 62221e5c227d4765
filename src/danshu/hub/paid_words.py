"""The words of what is asked when an order is paid: parties, holds, the timeline's sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import Names, Told, count, text
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PARTIES: Final[dict[str, Words]] = {
    "risk": Words(zh="风控", en="risk"),
    "finance": Words(zh="财务", en="finance"),
    "logistics": Words(zh="物流", en="logistics"),
}
REVIEW_HOLDS: Final[dict[str, Words]] = {
    "paid_review": Words(zh="已付款协同中", en="Others are asked about the payment"),
    "paid_review_refused": Words(zh="协同被拒", en="Refused by one who was asked"),
    "paid_review_overdue": Words(zh="协同超时,待人决定", en="No answer in time: to be decided"),
    "warehouse_refused": Words(zh="仓库系统拒收", en="The warehouse will not dispatch it"),
    "waybill_refused": Words(zh="取不到运单", en="The carrier gives no waybill"),
}
_OTHERWISE: Final[dict[str, Words]] = {
    "wait": Words(zh="继续等", en="it is waited for"),
    "hold": Words(zh="转人工", en="a person decides"),
    "pass": Words(zh="视为放行", en="it goes on without"),
}
REVIEWED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "paid_review.asked": (
        "branches",
        "付款协同",
        "Others asked",
        "同时询问 {parties},共 {count} 方",
        "{parties} asked at once, {count} in all",
    ),
    "paid_review.answered": (
        "check",
        "协同同意",
        "Agreed",
        "{party} 同意,单号 {reference}",
        "{party} agrees, number {reference}",
    ),
    "paid_review.answered/refused": (
        "close-circle",
        "协同拒绝",
        "Refused",
        "{party} 拒绝:{reason}",
        "{party} refuses: {reason}",
    ),
    "paid_review.overdue": (
        "clock",
        "协同超时",
        "No answer in time",
        "{party} 没有按时答复,{otherwise}",
        "{party} has not answered in time: {otherwise}",
    ),
    "paid_review.settled": (
        "play",
        "协同完成",
        "All agreed",
        "需要同意的各方都已同意",
        "All that must agree have",
    ),
    "paid_review.settled/refused": (
        "warning",
        "协同中止",
        "Stopped",
        "{party} 拒绝,已同意的各方撤销",
        "{party} refused; what others agreed to is taken back",
    ),
    "paid_review.settled/cancelled": (
        "rollback",
        "协同取消",
        "Called off",
        "不再需要,已同意的各方撤销",
        "Not needed any more; what was agreed to is taken back",
    ),
    "paid_review.undo_asked": (
        "rollback",
        "请求撤销",
        "Asked to undo",
        "请 {party} 撤销,第 {count} 次",
        "{party} asked to undo, time {count}",
    ),
    "paid_review.undo_answered": (
        "check",
        "已撤销",
        "Undone",
        "{party} 已撤销",
        "{party} has undone it",
    ),
    "paid_review.undo_answered/stuck": (
        "warning",
        "撤销未成",
        "Not undone",
        "{party} 未能撤销:{reason},稍后再请",
        "{party} has not undone it: {reason}; asked again later",
    ),
}


def _asked(datas: Sequence[Any], names: Names) -> Told:
    parties = [names.word(PARTIES, p.name) for p in datas[-1].parties]
    return "", [text("parties", names.join(parties)), count("count", len(parties))]


def _answered(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    variant = "" if d.verdict == "agreed" else "refused"
    return variant, [
        text("party", names.join(names.word(PARTIES, each.party) for each in datas)),
        text("reference", names.join(each.reference for each in datas)),
        text("reason", d.reason),
    ]


def _overdue(datas: Sequence[Any], names: Names) -> Told:
    return "", [
        text("party", names.join(names.word(PARTIES, each.party) for each in datas)),
        text("otherwise", names.word(_OTHERWISE, datas[0].otherwise)),
    ]


def _settled(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    variant = "" if d.outcome == "agreed" else d.outcome
    return variant, [text("party", names.word(PARTIES, d.by))]


def _undo_asked(datas: Sequence[Any], names: Names) -> Told:
    return "", [
        text("party", names.join(names.word(PARTIES, each.party) for each in datas)),
        count("count", max(each.no for each in datas)),
    ]


def _undo_answered(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return ("" if d.undone else "stuck"), [
        text("party", names.word(PARTIES, d.party)),
        text("reason", d.reason),
    ]


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "paid_review.asked": _asked,
    "paid_review.answered": _answered,
    "paid_review.overdue": _overdue,
    "paid_review.settled": _settled,
    "paid_review.undo_asked": _undo_asked,
    "paid_review.undo_answered": _undo_answered,
}
