"""Opening a negotiation: which windows, until when, who is asked, what stands if nobody comes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.orders import model
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.routing.negotiation import facts
from danshu.capabilities.routing.negotiation.evolve import evolve
from danshu.capabilities.routing.negotiation.machine import DRAFT
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.capabilities.stock.model import Storage
from danshu.hub import acts, negotiating, parties, views
from danshu.hub.changes import Change
from danshu.kernel import fact, ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import NO_HEAD, Actor, Said, rfc3339
from danshu.kernel.limits import (
    NEGOTIATION_HALF_DAY_MS,
    NEGOTIATION_INSTANT_MS,
    NEGOTIATION_REPLY_MAX_MS,
    NEGOTIATION_WINDOWS,
    NEGOTIATIONS_OPEN,
)
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.changes import Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_MINUTE_MS: Final = 60_000
_ROUND_MS: Final = 5 * _MINUTE_MS  # usual windows begin on a time that people say
_COLD: Final = Storage.CHILLED | Storage.FROZEN
# Without windows of one's own: how long each is, and after how long the first begins.
_USUAL: Final = {"instant": (60 * _MINUTE_MS, 30 * _MINUTE_MS), "half_day": (240 * _MINUTE_MS,) * 2}
_REPLY: Final = {"instant": NEGOTIATION_INSTANT_MS, "half_day": NEGOTIATION_HALF_DAY_MS}
_AWARDS: Final = 2  # replies' time again: for the best and for the next best to confirm
_OPEN: Final = """
select count(*) filter (where order_id=%s and fulfilment=%s), count(*)
from negotiations where tenant=%s and due is not null
"""
_INSERT: Final = """
insert into negotiations(tenant,id,order_id,fulfilment,state,seq,head,parties,reply_by,award_by,doc)
values (%s,%s,%s,%s,%s,0,%s,%s,%s,%s,'')
"""
_LANE: Final = """
select l.carrier, l.first_kg_fen from lanes l join regions r on r.tenant=l.tenant and r.no=l.region
where l.tenant=%s and l.wh=%s and r.code=%s
"""
OPEN_ALREADY: Final = Refusal(
    code="negotiation_open",
    reason="这个履约单已有进行中的协商",
    reason_en="A negotiation about this fulfilment order is open",
    clause="negotiation.one",
)
TOO_MANY: Final = Refusal(
    code="too_many_negotiations",
    reason="进行中的协商已达上限",
    reason_en="Too many negotiations are open",
    clause="negotiation.many",
)
NOTHING: Final = Refusal(
    code="nothing_to_carry",
    reason="没有等待承运的履约单",
    reason_en="There is no fulfilment order that waits for a carrier",
    clause="negotiation.leg",
)


POLICY: Final = Actor(sub="policy", role="system", grade="C")
_CALLED: Final = "select doc from negotiations where tenant=%s and order_id=%s"
_decode = msgspec.json.Decoder(Negotiation).decode


class Span(Struct, frozen=True, kw_only=True):
    """A window that is wanted, epoch ms; `incentive_fen` is what choosing it costs the merchant."""

    start_ms: int
    end_ms: int
    incentive_fen: int = 0


class Wanted(Struct, frozen=True, kw_only=True):
    """A call to be opened. `fulfilment` 0 takes the first that waits; no windows as many as `count`
    of `window_min` minutes (0: what is usual); no parties all that are active. Weights in 分 and
    minutes.
    """

    kind: str = "instant"
    fulfilment: int = 0
    windows: tuple[Span, ...] = ()
    count: int = 2
    window_min: int = 0
    parties: tuple[str, ...] = ()
    reply_ms: int = 0
    offer_fen: int = 0
    ceiling_fen: int = 0
    late_fen: int = 1_000
    reroute_fen: int = 600
    deviation_min: int = 15


async def open_call(
    connection: Connection,
    world: World,
    order: uuid.UUID,
    wanted: Wanted,
    actor: Actor,
    now_ms: int,
) -> uuid.UUID | Refusal:
    """Open a negotiation about a fulfilment order of `order`; gives its id.

    Raises InputError `no_order`, `no_party`, `bad_field`.
    """
    spans = _spans(wanted, now_ms)
    async with connection.transaction():
        invited = await parties.choose(connection, world.tenant, wanted.parties)
        if not invited:
            raise parties.NO_PARTY
        held = await acts.hold(connection, world, order)
        if held is None:
            raise views.NO_ORDER
        leg = _leg(world, held, wanted.fulfilment)
        if leg is None:
            return NOTHING
        asked = (order, leg.fulfilment, world.tenant)
        row = await (await connection.execute(_OPEN, asked)).fetchone() or (0, 0)
        if row[0]:
            return OPEN_ALREADY
        if row[1] >= NEGOTIATIONS_OPEN:
            return TOO_MANY
        opened = await _say(connection, world, held, leg, wanted, spans, invited, now_ms)
        id_ = ids.uuid7(now_ms, os.urandom(10))
        reply, award = _deadlines(wanted, now_ms)
        first = (world.tenant, id_, order, leg.fulfilment, DRAFT, NO_HEAD, list(opened.parties))
        last = (write.instant(reply * 1000), write.instant(award * 1000))
        await connection.execute(_INSERT, (*first, *last))
        begun = negotiating.Row(
            id=id_, order=order, seq=0, head=NO_HEAD, award_seq=0, n=Negotiation()
        )
        state = evolve(Negotiation(), opened, now_ms)
        await negotiating.write_facts(connection, world, begun, [opened], state, actor, now_ms)
    return id_


async def open_ruled(
    connection: Connection, world: World, order: uuid.UUID, now_ms: int
) -> uuid.UUID | None:
    """Open the call that policy wants for the newest decision about an order; once a decision.

    An order that waits for a person is called for when it goes on. Where no call can be opened, the
    order's stream says why.
    """
    found = await _newest(connection, world.tenant, order)
    ruling = found[1].ruling if found else None
    if found is None or ruling is None or ruling.negotiate is None:
        return None
    held = await acts.hold(connection, world, order)
    if held is None or held.order.holds or held.order.cancelled or held.order.completed:
        return None
    if await _is_called(connection, world.tenant, order, found[0]):
        return None
    wish = ruling.negotiate
    wanted = Wanted(
        kind="half_day" if wish.window_min * _MINUTE_MS >= _USUAL["half_day"][0] else "instant",
        count=wish.windows,
        window_min=wish.window_min,
        reply_ms=wish.expiry_s * 1_000,
    )
    try:
        opened = await open_call(connection, world, order, wanted, POLICY, now_ms)
    except InputError as error:
        opened = Refusal(code=error.code, reason="", reason_en=error.detail)
    if not isinstance(opened, Refusal):
        return opened
    said = facts.NegotiationUnopened(code=opened.code, decision=found[0])

    def tell(_: World, held: Held, __: int) -> Change:
        told = [Said(data=said, cause=said.decision)]
        return Change(order=held.order, said=told, promises=held.promises)

    await acts.change(connection, world, order, POLICY, now_ms, tell)
    return None


async def _is_called(connection: Connection, tenant: int, order: uuid.UUID, decision: str) -> bool:
    """Tell whether this decision has its call already, or was told why not."""
    cursor = await connection.execute(_CALLED, (tenant, order))
    if any(_decode(bytes(doc)).decision == decision for (doc,) in await cursor.fetchall()):
        return True
    mark = f'"decision":"{decision}"'.encode()
    told = await views.read_facts(connection, tenant, order, 0, 1_000)
    return any(b'"type":"negotiation.unopened"' in t.body and mark in t.body for t in told)


def _deadlines(wanted: Wanted, now_ms: int) -> tuple[int, int]:
    reply_ms = wanted.reply_ms or _REPLY[wanted.kind]
    return now_ms + reply_ms, now_ms + (1 + _AWARDS) * reply_ms


def _spans(wanted: Wanted, now_ms: int) -> tuple[Span, ...]:
    """Give the windows. Raises InputError `bad_field`."""
    if not 0 <= wanted.reply_ms <= NEGOTIATION_REPLY_MAX_MS:
        raise InputError("bad_field", f"at most {NEGOTIATION_REPLY_MAX_MS} ms", "/reply_ms")
    _, award_ms = _deadlines(wanted, now_ms)
    if not wanted.windows:
        long, wait = _USUAL[wanted.kind]
        long = wanted.window_min * _MINUTE_MS or long
        first = -(-(award_ms + wait) // _ROUND_MS) * _ROUND_MS
        return tuple(
            Span(start_ms=first + n * long, end_ms=first + (n + 1) * long)
            for n in range(wanted.count)
        )
    if not 2 <= len(wanted.windows) <= NEGOTIATION_WINDOWS:
        raise InputError("bad_field", f"2 to {NEGOTIATION_WINDOWS} windows", "/windows")
    for n, span in enumerate(wanted.windows):
        if not now_ms < span.start_ms < span.end_ms or span.end_ms <= award_ms:
            raise InputError("bad_field", "a window lies in the future", f"/windows/{n}")
    return wanted.windows


def _leg(world: World, held: Held, fulfilment: int) -> facts.Leg | None:
    order = held.order
    for each in order.fulfilments:
        waits = each.state in model.STAGES[:4]
        if waits and fulfilment in (0, each.no):
            skus = [(world.skus.get(s.sku), s.quantity) for s in each.shares]
            known = [(sku[1], n) for sku, n in skus if sku]
            return facts.Leg(
                cold=any(sku.storage & _COLD for sku, _ in known),
                dropoff=order.region,
                fulfilment=each.no,
                pickup=each.warehouse,
                weight_g=sum(sku.weight_g * n for sku, n in known),
            )
    return None


async def _say(
    connection: Connection,
    world: World,
    held: Held,
    leg: facts.Leg,
    wanted: Wanted,
    spans: Sequence[Span],
    invited: Sequence[parties.Party],
    now_ms: int,
) -> facts.NegotiationOpened:
    due_ms = contract.delivery_due_ms(held.promises)
    warehouse = world.warehouse_no.get(leg.pickup, -1)
    asked = (world.tenant, warehouse, leg.dropoff)
    lane = await (await connection.execute(_LANE, asked)).fetchone() or ("", 0)
    reply_ms, award_ms = _deadlines(wanted, now_ms)
    return facts.NegotiationOpened(
        award_by=rfc3339(award_ms),
        decision=await _decision(connection, world.tenant, held.id),
        fallback=facts.Fallback(
            carrier=lane[0], cost_fen=int(lane[1]), end=rfc3339(due_ms) if due_ms > 0 else ""
        ),
        leg=leg,
        offer_fen=wanted.offer_fen or int(lane[1]),
        order=str(held.id),
        parties=tuple(party.code for party in invited),
        reply_by=rfc3339(reply_ms),
        weights=facts.Weights(
            ceiling_fen=wanted.ceiling_fen,
            deviation_min=wanted.deviation_min,
            late_fen=wanted.late_fen,
            reroute_fen=wanted.reroute_fen,
        ),
        windows=tuple(
            facts.Window(
                consent=0 < due_ms < span.end_ms,
                end=rfc3339(span.end_ms),
                id=f"w{n}",
                incentive_fen=span.incentive_fen,
                start=rfc3339(span.start_ms),
            )
            for n, span in enumerate(spans, 1)
        ),
    )


async def _decision(connection: Connection, tenant: int, order: uuid.UUID) -> str:
    """Give the fact of the newest decision about an order, that the negotiation hangs on."""
    found = await _newest(connection, tenant, order)
    return found[0] if found else ""


async def _newest(
    connection: Connection, tenant: int, order: uuid.UUID
) -> tuple[str, Decision] | None:
    """Read the newest decision about an order, with the name of its fact."""
    told = await views.read_facts(connection, tenant, order, 0, 1_000)
    for each in reversed(told):
        if b'"type":"route.decided"' in each.body:
            data = fact.read(each.body).data
            if isinstance(data, Decision):
                return f"{order}/{each.seq}", data
    return None
