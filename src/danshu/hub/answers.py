"""What the caller is told after the commit, and what a known key answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from danshu.capabilities.contract import terms
from danshu.capabilities.orders import model
from danshu.capabilities.orders import tables as order_tables
from danshu.hub.group import Group, Placement
from danshu.hub.requests import (
    CONFLICT,
    Answer,
    Outcome,
    PlannedFulfilment,
    PlannedShare,
    PromiseShown,
    Receipt,
)
from danshu.kernel import ids
from danshu.kernel.errors import NotAvailable, ProgramError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import RECEIPT_IN_LOG_S, RETRY_AFTER_S

if TYPE_CHECKING:
    import uuid

    import psycopg

    from danshu.capabilities.contract.model import Promise
    from danshu.hub.worlds import Worlds

_decode_order = msgspec.json.Decoder(model.Order).decode


def outcomes(group: Group) -> list[Outcome]:
    """Give the outcome of each request of a settled group, in order."""
    out: list[Outcome] = []
    for i, result in enumerate(group.results):
        if isinstance(result, Placement):
            out.append(
                answer(
                    result.id, result.order, result.promises, now_ms=group.now_ms, existing=False
                )
            )
        elif result is None:
            out.append(group.answers.get(i) or _unread())
        else:
            out.append(result)
    return out


def answer(
    id_: uuid.UUID,
    order: model.Order,
    promises: tuple[Promise, ...],
    *,
    now_ms: int,
    existing: bool,
) -> Answer:
    """Describe an order to whoever placed it."""
    return Answer(
        order=id_,
        number=order.number,
        state=model.state(order).word,
        total=order.total,
        currency=order.currency,
        existing=existing,
        holds=order.holds,
        plan=tuple(
            PlannedFulfilment(
                fulfilment=f.no,
                warehouse=f.warehouse,
                lines=tuple(
                    PlannedShare(line=s.line, sku=s.sku, quantity=s.quantity) for s in f.shares
                ),
            )
            for f in order.fulfilments
            if f.state != "cancelled"
        ),
        open_units=sum(n.quantity - n.cancelled - n.allocated for n in order.lines),
        promises=tuple(
            PromiseShown(
                code=p.code,
                version=p.version,
                text=p.text,
                state=p.state,
                due=rfc3339(p.due_ms) if p.due_ms else "",
            )
            for p in promises
        ),
        receipt=Receipt(
            accepted=rfc3339(now_ms), in_log_by=rfc3339(now_ms + RECEIPT_IN_LOG_S * 1000)
        ),
    )


def _unread() -> NotAvailable:
    return NotAvailable("the order is there, it could not be read; ask again", RETRY_AFTER_S)


async def answer_known(
    connection: psycopg.AsyncConnection[Any], worlds: Worlds, group: Group
) -> None:
    """Fill the answers of requests whose key was known before, or came twice in the group."""
    asked = [i for i, r in enumerate(group.results) if r is None]
    if not asked:
        return
    known = dict(group.known)
    for p in group.placed:
        known[p.request.tenant, p.request.key] = (p.id, p.request.digest)
    answers: dict[int, Outcome] = {}
    group.answers = answers
    for i in asked:
        request = group.requests[i]
        id_, digest = known[request.tenant, request.key]
        if request.strict and digest != request.digest:
            answers[i] = CONFLICT
            continue
        cursor = await connection.execute(order_tables.READ, (request.tenant, id_), binary=True)
        row = await cursor.fetchone()
        if row is None:
            raise ProgramError(f"key {request.key!r} names an order that is not there")
        answers[i] = answer(
            id_,
            _decode_order(bytes(row[11])),
            terms.load(bytes(row[12]), worlds[request.tenant].book),
            now_ms=ids.made_ms(id_),
            existing=True,
        )
