"""The words of parcels: the acts on them, the ways out of refusals, the timeline's sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import Names, Told, count, instant, text
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CAUSES: Final[dict[str, Words]] = {
    "lost": Words(zh="丢件", en="lost"),
    "damaged": Words(zh="破损", en="damaged"),
    "missing": Words(zh="少件", en="missing"),
    "refused": Words(zh="拒收", en="refused"),
    "returned": Words(zh="退回", en="returned"),
}
_ASKED: Final[dict[str, Words]] = {
    "floor": Words(zh="仓内", en="the floor"),
    "carrier": Words(zh="承运商", en="the carrier"),
}
PARCELS: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "fulfilment.split": (
        "branches",
        "拆单",
        "Split",
        "履约单 {no} 拆出 {count} 张、{units} 件",
        "Fulfilment order {no}: {count} more, {units} units",
    ),
    "fulfilment.merged": (
        "link",
        "合单",
        "Merged",
        "履约单 {no} 与另外 {count} 张同箱发出",
        "Fulfilment order {no} leaves in one parcel with {count} more",
    ),
    "fulfilment.unmerged": (
        "rollback",
        "撤销合单",
        "Unmerged",
        "履约单 {no} 单独发出",
        "Fulfilment order {no} leaves by itself",
    ),
    "release.deferred": (
        "clock",
        "等待合单",
        "Waits to be merged",
        "{until} 前等同一收件人的另一单,再次下发即不再等",
        "Until {until} it waits for another order of its receiver; released again it goes at once",
    ),
    "fulfilment.short_picked": (
        "warning",
        "短拣",
        "Picked short",
        "{warehouse} 拣到 {units} 件,缺 {missing} 件,缺的重新分仓",
        "{warehouse}: {units} picked, {missing} missing and decided again",
    ),
    "shipment.lost": ("warning", "丢件", "Lost", "{units} 件 {reason}", "{units} units {reason}"),
    "shipment.refused": (
        "close-circle",
        "拒收",
        "Refused",
        "{units} 件 {reason}",
        "{units} units {reason}",
    ),
    "shipment.returned": (
        "rollback",
        "退回",
        "Returned",
        "{units} 件回到 {warehouse} {reason}",
        "{units} units are back at {warehouse} {reason}",
    ),
    "shipment.reshipped": (
        "truck",
        "补发",
        "Sent again",
        "因{cause}补发 {units} 件,不收费",
        "{units} units once more ({cause}), free of charge",
    ),
    "intercept.requested": (
        "pause",
        "截单",
        "Intercept asked",
        "请{by}截停:{reason},{due} 前答复",
        "Asked of {by}: {reason}, answer due {due}",
    ),
    "intercept.answered": (
        "check",
        "截单答复:已截停",
        "Intercepted",
        "履约单 {no} 已截停 {reason}",
        "Fulfilment order {no} was stopped {reason}",
    ),
    "intercept.answered/too_late": (
        "close-circle",
        "截单答复:来不及",
        "Too late to intercept",
        "履约单 {no} 照常发出 {reason}",
        "Fulfilment order {no} goes on {reason}",
    ),
}


def _units(shares: Sequence[Any]) -> int:
    return sum(s.quantity for s in shares)


def _no(datas: Sequence[Any], names: Names) -> Any:
    return text("no", names.join(dict.fromkeys(str(d.fulfilment) for d in datas)))


def _split(datas: Sequence[Any], names: Names) -> Told:
    parts = [p for d in datas for p in d.parts]
    return "", [
        _no(datas, names),
        count("count", len(parts)),
        count("units", sum(_units(p.shares) for p in parts)),
    ]


def _merged(datas: Sequence[Any], names: Names) -> Told:
    others = max(0, len(getattr(datas[-1], "members", ())) - 1)
    return "", [_no(datas, names), count("count", others)]


def _deferred(datas: Sequence[Any], names: Names) -> Told:
    del names
    return "", [instant("until", datas[-1].until)]


def _parcel(datas: Sequence[Any], names: Names) -> Told:
    codes = dict.fromkeys(d.warehouse for d in datas)
    d = datas[-1]
    return "", [
        text("warehouse", names.join(names.warehouses.get(w, w) for w in codes)),
        count("units", sum(_units(each.shares) for each in datas)),
        count("missing", sum(_units(getattr(each, "missing", ())) for each in datas)),
        text("reason", getattr(d, "reason", "")),
        text("cause", names.word(CAUSES, getattr(d, "cause", ""))),
    ]


def _asked(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return "", [
        text("by", names.word(_ASKED, d.by)),
        text("reason", d.reason),
        instant("due", d.due),
    ]


def _answered(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    variant = "" if d.answer == "stopped" else d.answer
    return variant, [_no(datas, names), text("reason", d.detail)]


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "fulfilment.split": _split,
    "fulfilment.merged": _merged,
    "fulfilment.unmerged": _merged,
    "release.deferred": _deferred,
    **dict.fromkeys(
        (
            "fulfilment.short_picked",
            "shipment.lost",
            "shipment.refused",
            "shipment.returned",
            "shipment.reshipped",
        ),
        _parcel,
    ),
    "intercept.requested": _asked,
    "intercept.answered": _answered,
}
