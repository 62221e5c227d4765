"""What the timeline's sentences are filled with: the figures of facts, one function a fact type.

A function takes the facts of one type in one commit, and gives the variant of the words and the
figures by name. Money, instants and spans stay numbers: whoever shows them formats them.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from danshu.capabilities.contract.catalogue import EVENTS
from danshu.capabilities.contract.views import STATES
from danshu.capabilities.routing.reasons import REASON_TEXTS
from danshu.hub import (
    amend_words,
    negotiation_words,
    order_type_words,
    override_words,
    paid_words,
    parcel_words,
    power_figures,
    refund_words,
    selling_words,
)
from danshu.hub.figures import Figure as Figure
from danshu.hub.figures import Names as Names
from danshu.hub.figures import Told as Told
from danshu.hub.figures import count as count
from danshu.hub.figures import instant as instant
from danshu.hub.figures import money as money
from danshu.hub.figures import promises as _promises
from danshu.hub.figures import span as span
from danshu.hub.figures import text as text
from danshu.hub.timeline_words import DOCUMENTS, FIELDS, HOLDS, WORKS
from danshu.kernel.errors import ProgramError
from danshu.kernel.machine import Words
from danshu.ports import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from danshu.ports.channel import Channel


_HANDS: Final = {  # what orders come by without an adapter of the port `channel`
    "api": Words(zh="接口", en="API"),
    "original": Words(zh="原件", en="originals"),
}
REASON_WORDS: Final = {r.code: Words(zh=r.zh, en=r.en) for r in REASON_TEXTS.values()}
_STATE_WORDS: Final = {s.value: Words(zh=zh, en=en) for s, (zh, en) in STATES.items()}
_EVENT_WORDS: Final = {code: Words(zh=e.zh, en=e.en) for code, e in EVENTS.items()}


@lru_cache(maxsize=256)
def channel_title(code: str, lang: str = "zh") -> str:
    """Give what people call a channel; its code when no adapter is plugged in under it."""
    if code in _HANDS:
        return _HANDS[code].en if lang == "en" else _HANDS[code].zh
    try:
        channel = cast("Channel", registry.load("channel", code))
    except ProgramError:
        return code
    return (getattr(channel, "title_en", "") if lang == "en" else "") or channel.title


def tell(kind: str, datas: Sequence[Any], names: Names) -> Told:
    """Give variant and figures of facts of one type; a type without a function has none."""
    function = _TELL.get(kind)
    return function(datas, names) if function else ("", [])


def _units(shares: Iterable[Any]) -> int:
    return sum(s.quantity for s in shares)


def _placed(datas: Sequence[Any], names: Names) -> Told:
    (d,) = datas
    figures = [
        text("channel", channel_title(d.channel, names.lang)),
        count("lines", len(d.lines)),
        count("units", _units(d.lines)),
        money("discount", d.discount, d.currency),
        money("total", d.total, d.currency),
    ]
    return ("return" if d.kind == "return" else ""), figures


def _paid(datas: Sequence[Any], names: Names) -> Told:
    return "", [money("amount", sum(d.amount for d in datas), names.currency)]


def _reason(datas: Sequence[Any], names: Names) -> Told:
    return "", [text("reason", names.join(names.word(HOLDS, d.reason) for d in datas))]


def _aligned(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    region = names.regions.get(d.region, d.region)
    return "", [count("lines", sum(len(each.lines) for each in datas)), text("region", region)]


def _decided(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    chosen = list(dict.fromkeys(code for _, code in d.plan if code))
    figures = [
        text("warehouse", names.join(names.warehouses.get(w, w) for w in chosen)),
        count("count", len(chosen)),
        count("lines", sum(not code for _, code in d.plan)),
        money("margin", d.margin_fen, "CNY"),
        count("cut", sum(n > 1 for n in Counter(d.cut).values())),
    ]
    if not chosen:
        return "none", figures
    if d.ruling is not None and d.ruling.only:
        return "chosen", figures
    if d.cut:
        return "cut", figures
    if len(chosen) > 1:
        return "split", figures
    return ("" if len(d.plans) > 1 else "sole"), figures


def _allocated(datas: Sequence[Any], names: Names) -> Told:
    parts = [p for d in datas for p in d.fulfilments]
    return "", [_warehouses(parts, names), count("units", sum(_units(p.shares) for p in parts))]


def _redecided(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    codes = dict.fromkeys(c.warehouse for c in d.closed)
    reasons = dict.fromkeys(c.reason for c in d.closed)
    return ("" if d.outcome == "moved" else d.outcome), [
        text("warehouse", names.join(names.warehouses.get(c, c) for c in codes)),
        text("reason", names.join(names.word(REASON_WORDS, c) for c in reasons)),
    ]


def _overridden(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    return ("" if d.to else "free"), [
        text("warehouse", names.warehouses.get(d.to, d.to)),
        text("router", names.join(names.warehouses.get(w, w) for w in d.router)),
        money("amount", d.cost_fen - d.router_fen, "CNY"),
        text("reason", names.word(override_words.REASONS, d.reason)),
        text("note", d.note),
    ]


def _withdrawn(datas: Sequence[Any], names: Names) -> Told:
    parts = [p for d in datas for p in d.freed]
    return "", [_warehouses(parts, names), count("units", sum(_units(p.shares) for p in parts))]


def _expedited(datas: Sequence[Any], names: Names) -> Told:
    by = datas[-1].by
    return ("", [instant("by", by)]) if by else ("back", [])


def _warehouses(parts: Iterable[Any], names: Names) -> Figure:
    codes = dict.fromkeys(p.warehouse for p in parts)
    return text("warehouse", names.join(names.warehouses.get(w, w) for w in codes))


def _moved(datas: Sequence[Any], names: Names) -> Told:
    return "", [
        _warehouses(datas, names),
        count("count", len(datas)),
        count("units", sum(_units(d.shares) for d in datas)),
    ]


def _shipped(datas: Sequence[Any], names: Names) -> Told:
    _, figures = _moved(datas, names)
    return "", [*figures, *_parcel(datas, names)]


def _parcel(datas: Sequence[Any], names: Names) -> list[Figure]:
    carriers = dict.fromkeys(d.carrier for d in datas if d.carrier)
    waybills = dict.fromkeys(d.waybill for d in datas if d.waybill)
    return [text("carrier", names.join(carriers)), text("waybill", names.join(waybills))]


def _waybill(datas: Sequence[Any], names: Names) -> Told:
    return "", _parcel(datas, names)


def _cancelled(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    freed = sum(_units(p.shares) for p in d.freed)
    return "", [
        text("reason", d.reason),
        count("units", _units(d.shares)),
        count("freed", freed),
    ]


def _tagged(datas: Sequence[Any], names: Names) -> Told:
    return "", [text("tags", names.join(dict.fromkeys(t for d in datas for t in d.tags)))]


def _assigned(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    return ("" if d.person else "nobody"), [text("person", d.number)]


def _damage(datas: Sequence[Any], names: Names) -> Told:
    return "", [text("reason", names.join(d.detail for d in datas))]


def _made(datas: Sequence[Any], names: Names) -> Told:
    return "", [_promises([p for d in datas for p in d.promises], names)]


def _heard(datas: Sequence[Any], names: Names) -> Told:
    """What every promise fact tells: the promises' names, the event, and the times it holds."""
    d = datas[0]
    by = getattr(d, "by", None)
    figures = [
        _promises(datas, names),
        text("event", names.word(_EVENT_WORDS, by.event) if by else ""),
    ]
    figures += [instant(n, getattr(d, n)) for n in ("due", "until") if getattr(d, n, "")]
    figures += [
        text(n, names.word(_STATE_WORDS, getattr(d, n)))
        for n in ("was", "verdict")
        if getattr(d, n, "")
    ]
    gap_ms = getattr(d, "gap_ms", 0)
    figures += [span("early", max(0, -gap_ms)), span("late", max(0, gap_ms))]
    figures.append(span("left", getattr(d, "left_ms", 0)))
    figures.append(text("reason", getattr(d, "ground", "")))
    return ("self" if getattr(d, "self_declared", False) else ""), figures


def _worked(datas: Sequence[Any], names: Names) -> Told:
    return "", [
        _warehouses(datas, names),
        text("work", names.word(WORKS, getattr(datas[0], "work", "review"))),
        count("scans", sum(d.scans for d in datas)),
        count("photos", sum(getattr(d, "photos", 0) for d in datas)),
        span("took", sum(d.duration_ms for d in datas)),
    ]


def _performed(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    variant = d.held if d.held in ("unproven", "broken") else "signed" if d.signature else ""
    return variant, [
        text("action", names.actions.get(d.action, d.action)),
        span("took", d.duration_ms),
    ]


def _lagged(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    return "", [instant("handed", d.handed), span("lag", d.lag_ms)]


def _remedied(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    figures = [text("promises", names.join(names.promises.get(e.code, e.code) for e in datas))]
    amount = sum(getattr(e, "amount", 0) for e in datas)
    figures.append(money("amount", amount, names.currency))
    figures.append(instant("due", getattr(d, "pay_by", "")))
    figures.append(text("reason", names.word(HOLDS, getattr(d, "reason", ""))))
    return getattr(d, "by", ""), figures


def _stopped(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return "", [
        text("work", names.word(WORKS, d.work)),
        text("kind", names.word(WORKS, d.kind)),
        text("sku", names.join(dict.fromkeys(each.sku for each in datas))),
    ]


def _printed(datas: Sequence[Any], names: Names) -> Told:
    d = datas[0]
    return "", [text("document", names.word(DOCUMENTS, d.document)), text("paper", d.paper)]


def _revealed(datas: Sequence[Any], names: Names) -> Told:
    fields = dict.fromkeys(f for d in datas for f in d.fields)
    return "", [
        text("fields", names.join(names.word(FIELDS, f) for f in fields)),
        text("reason", names.join(dict.fromkeys(d.reason for d in datas))),
    ]


def _erased(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    return "", [text("reason", d.basis), text("reference", d.requested_by)]


_TELL: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "order.placed": _placed,
    "order.paid": _paid,
    "order.held": _reason,
    "order.unheld": _reason,
    "order.aligned": _aligned,
    "route.decided": _decided,
    "order.allocated": _allocated,
    "order.withdrawn": _withdrawn,
    "order.expedited": _expedited,
    "route.redecided": _redecided,
    "route.overridden": _overridden,
    **dict.fromkeys(
        ("order.released", "order.picked", "order.packed", "order.recalled", "order.delivered"),
        _moved,
    ),
    "order.tagged": _tagged,
    "order.untagged": _tagged,
    "order.assigned": _assigned,
    "order.shipped": _shipped,
    "waybill.recorded": _waybill,
    "order.cancelled": _cancelled,
    "damage.reported": _damage,
    "compensation.paid": _paid,
    **dict.fromkeys(("handover.lagging", "handover.caught_up"), _lagged),
    **dict.fromkeys(
        ("compensation.proposed", "compensation.approved", "compensation.refused"), _remedied
    ),
    **power_figures.TELLERS,
    **amend_words.TELLERS,
    **parcel_words.TELLERS,
    **paid_words.TELLERS,
    **selling_words.TELLERS,
    **order_type_words.TELLERS,
    **refund_words.TELLERS,
    "shipment.arranged": negotiation_words.tell,
    "negotiation.unopened": negotiation_words.tell_unopened,
    "promise.amended": negotiation_words.tell_amended,
    "promise.made": _made,
    **dict.fromkeys(
        (
            "promise.started",
            "promise.noted",
            "promise.warned",
            "promise.paused",
            "promise.resumed",
            "promise.kept",
            "promise.broken",
            "promise.late",
            "promise.borderline",
            "promise.compared",
            "promise.corrected",
            "promise.superseded",
            "promise.ruled",
        ),
        _heard,
    ),
    "fulfilment.worked": _worked,
    "fulfilment.reviewed": _worked,
    "action.performed": _performed,
    "fulfilment.stopped": _stopped,
    "document.printed": _printed,
    "person.revealed": _revealed,
    "vault.erased": _erased,
}
