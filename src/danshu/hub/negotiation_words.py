"""How the timeline tells what a negotiation arranged for an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.figures import Names, Told

ARRANGED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "shipment.arranged": (
        "truck",
        "承运约定",
        "Carrier arranged",
        "协商确认:{carrier} 承运,{start} 至 {end} 送达",
        "By a confirmed award: {carrier} carries it and comes {start} to {end}",
    ),
    "shipment.arranged/default": (
        "truck",
        "默认承运生效",
        "The default carrier stands",
        "协商没有结果:{carrier} 承运",
        "The negotiation found nobody: {carrier} carries it",
    ),
    "promise.amended": (
        "diff",
        "承诺变更",
        "Promise amended",
        "{promises}:经消费者同意,{before} 改为 {due} 到期",
        "{promises}: by the consumer's consent due {due} instead of {before}",
    ),
    "negotiation.unopened": (
        "truck",
        "未能发起协商",
        "No call was opened",
        "策略要求协商时窗,没有发起({code});默认承运商与时窗不变",
        "Policy wanted the window negotiated, no call was opened ({code}); the default stands",
    ),
}


def tell_amended(datas: Sequence[Any], names: Names) -> Told:
    """Give the promises, the deadline that was and the one that was agreed to."""
    promises = names.join(dict.fromkeys(names.promises.get(d.code, d.code) for d in datas))
    d = datas[0]
    return "", [
        figures.text("promises", promises),
        figures.instant("before", d.before),
        figures.instant("due", d.due),
    ]


def tell_unopened(datas: Sequence[Any], names: Names) -> Told:
    """Give why no call was opened."""
    return "", [figures.text("code", datas[0].code)]


def tell(datas: Sequence[Any], names: Names) -> Told:
    """Give variant and figures."""
    d = datas[0]
    return ("" if d.party else "default"), [
        figures.text("carrier", d.carrier),
        figures.instant("start", d.start) if d.start else figures.text("start", ""),
        figures.instant("end", d.end) if d.end else figures.text("end", ""),
    ]
