"""What a fact of a case changes: case + data -> case. A stream's facts fold to its row, audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import Case
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

_VERDICTS = {
    "agreed": "agreed",
    "granted": "paying",
    "refused": "refused",
    "withdrawn": "withdrawn",
}


def evolve(case: Case, data: Struct, recorded_ms: int) -> Case:
    """Apply one fact's data."""
    step = _STEPS.get(type(data))
    return step(case, data, recorded_ms) if step else case


def _time(data: facts.Timed) -> dict[str, Any]:
    return {"due_ms": epoch_ms(data.due) if data.due else 0, "rule": data.rule}


def _opened(_: Case, data: Any, at_ms: int) -> Case:
    return Case(
        kind=data.kind,
        order=data.order,
        number=data.number,
        currency=data.currency,
        reason=data.reason,
        origin=data.origin,
        lines=data.lines,
        wanted=data.wanted,
        shown=data.photos,
        sum=data.sum,
        asked_ms=at_ms,
        carrier=data.carrier,
        waybill=data.waybill,
        fulfilment=data.fulfilment,
        **_time(data),
    )


def _proposed(case: Case, data: Any, _: int) -> Case:
    return replace(case, state="proposed", proposed_by=data.by, sum=data.sum)


def _decided(case: Case, data: Any, _: int) -> Case:
    is_yes = data.verdict in ("agreed", "granted")
    return replace(
        case,
        state=_VERDICTS[data.verdict],
        decided_by=data.by,
        answer=data.reason,
        sum=data.sum if is_yes else case.sum,
        **_time(data),
    )


def _sent_back(case: Case, data: Any, _: int) -> Case:
    return replace(
        case, state="returning", carrier=data.carrier, waybill=data.waybill, **_time(data)
    )


def _received(case: Case, data: Any, _: int) -> Case:
    return replace(case, state="received", warehouse=data.warehouse, **_time(data))


def _inspected(case: Case, data: Any, _: int) -> Case:
    return replace(case, state="inspected", found=data.lines, **_time(data))


def _filed(case: Case, data: Any, _: int) -> Case:
    return replace(
        case,
        state="filed",
        carrier=data.carrier,
        receipt=data.number,
        sum=replace(case.sum, own=data.amount),
        **_time(data),
    )


def _closed(case: Case, data: Any, _: int) -> Case:
    return replace(
        case,
        state="refused" if data.outcome == "rejected" else "closed",
        outcome=data.outcome,
        receipt=data.receipt or case.receipt,
        due_ms=0,
        rule="",
    )


_STEPS: dict[type[Struct], Callable[[Case, Any, int], Case]] = {
    facts.AfterSaleOpened: _opened,
    facts.AfterSaleProposed: _proposed,
    facts.AfterSaleDecided: _decided,
    facts.AfterSaleSentBack: _sent_back,
    facts.AfterSaleReceived: _received,
    facts.AfterSaleInspected: _inspected,
    facts.AfterSaleFiled: _filed,
    facts.AfterSaleClosed: _closed,
}
