"""A transfer order after what was said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.transfers import facts
from danshu.capabilities.transfers.model import Line, Plan, Receipt, Transfer
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct


def begin(id_: uuid.UUID, data: facts.TransferPlanned, by: str, at_ms: int) -> Transfer:
    """Give the transfer that was planned."""
    plan = Plan(
        from_warehouse=data.from_warehouse,
        to_warehouse=data.to_warehouse,
        lines=data.lines,
        key=data.key,
        truck=data.truck,
        cost_fen=data.cost_fen,
        arrives_ms=data.arrives_ms,
        note=data.note,
        proposal=data.proposal,
    )
    return Transfer(
        id=id_,
        number=data.number,
        plan=plan,
        lines=tuple([Line(sku=line.sku, planned=line.quantity) for line in data.lines]),
        planned_by=by,
        planned_ms=at_ms,
    )


def evolve(transfer: Transfer, data: Struct, by: str, at_ms: int) -> Transfer:
    """Give the transfer after a fact. Raises ProgramError for one of another kind."""
    match data:
        case facts.TransferDispatched():
            sent = {line.sku: line.quantity for line in data.lines}
            return replace(
                transfer,
                state="dispatched",
                lines=tuple([replace(n, sent=sent.get(n.sku, 0)) for n in transfer.lines]),
                dispatch_key=data.key,
                dispatched_by=by,
                dispatched_ms=at_ms,
                dispatch_note=data.note,
            )
        case facts.TransferReceived():
            return _receive(transfer, data, by, at_ms)
        case facts.TransferCancelled():
            return replace(
                transfer, state="cancelled", ended_by=by, ended_ms=at_ms, reason=data.reason
            )
    raise ProgramError(f"{type(data).__name__} is not said of transfers")


def _receive(transfer: Transfer, data: facts.TransferReceived, by: str, at_ms: int) -> Transfer:
    came = {line.sku: line for line in data.lines}
    lines = tuple([_count(line, came.get(line.sku)) for line in transfer.lines])
    receipt = Receipt(
        key=data.key,
        at_ms=at_ms,
        by=by,
        good=sum(line.good for line in data.lines),
        damaged=sum(line.damaged for line in data.lines),
        note=data.note,
    )
    after = replace(transfer, lines=lines, receipts=(*transfer.receipts, receipt))
    if not data.final:
        return after
    return replace(after, state="received", ended_by=by, ended_ms=at_ms)


def _count(line: Line, came: facts.ReceivedUnits | None) -> Line:
    if came is None:
        return line
    return replace(
        line,
        good=line.good + came.good,
        damaged=line.damaged + came.damaged,
        had=came.had if line.had < 0 else line.had,
    )
