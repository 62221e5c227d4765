"""Negotiations in the ledger: whatever is heard or falls due is decided and written in one commit,
with its timer and what services are to be told; so nothing of it is lost with a process.

The lock of a negotiation's row comes before that of its order. The default is never waited for: the
timer at `award_by` closes with it, and it stands already.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.orders import evolve as order_evolve
from danshu.capabilities.orders.facts import ShipmentArranged
from danshu.capabilities.routing.negotiation import decide, facts
from danshu.capabilities.routing.negotiation.evolve import evolve
from danshu.capabilities.routing.negotiation.machine import CONFIRMED, FINAL
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub import acts, parties, views
from danshu.hub.changes import Change
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor, Said, epoch_ms, pack, rfc3339
from danshu.kernel.limits import RETRY_AFTER_S
from danshu.ledger import timers, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from danshu.capabilities.routing.negotiation.messages import Spoke
    from danshu.hub.changes import Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
TIMER_NEGOTIATION: Final = 3
NO_NEGOTIATION: Final = InputError("no_negotiation", "there is no such negotiation")
BROKER: Final = Actor(sub="negotiation", role="system", grade="C")
QUOTE, AWARD, CANCEL = "quote", "award", "cancel"
_LOCK: Final = (
    "select order_id, seq, head, award_seq, doc from negotiations where tenant=%s and id=%s"
    " for update"
)
_UPDATE: Final = """
update negotiations set state=%s, seq=%s, head=%s, award_seq=%s, due=%s, doc=%s
where tenant=%s and id=%s
"""
_SEND: Final = """
insert into negotiation_sends(tenant,id,party,kind,ref,next_try)
select tenant,%s,code,%s,%s,%s from parties where tenant=%s and code=%s and adapter<>'rider'
on conflict (tenant,id,party,kind,ref) do update set state='due', next_try=excluded.next_try
where negotiation_sends.kind='cancel'
"""
_DROP: Final = """
update negotiation_sends set state='dropped', next_try=null
where tenant=%s and id=%s and kind='quote' and state='due'
"""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Negotiation).decode
_ABOUT_AWARD: Final = (
    facts.NegotiationConfirmed,
    facts.NegotiationRefused,
    facts.NegotiationCountered,
    facts.NegotiationLapsed,
)
_HEARD: Final = (
    facts.NegotiationProposed,
    facts.NegotiationDeclined,
    facts.NegotiationRetracted,
    facts.NegotiationConsented,
    facts.NegotiationDisregarded,
)


class Row(Struct, kw_only=True, eq=False):
    """A negotiation whose row is locked by this transaction. `award_seq` is the last award's
    position in the stream, 0 before the first.
    """

    id: uuid.UUID
    order: uuid.UUID
    seq: int
    head: bytes
    award_seq: int
    n: Negotiation


async def lock(connection: Connection, tenant: int, id_: uuid.UUID) -> Row:
    """Lock and read a negotiation. Raises InputError `no_negotiation`."""
    row = await (await connection.execute(_LOCK, (tenant, id_))).fetchone()
    if row is None:
        raise NO_NEGOTIATION
    order, seq, head, award_seq, doc = row
    return Row(
        id=id_, order=order, seq=seq, head=bytes(head), award_seq=award_seq, n=_decode(bytes(doc))
    )


async def hear(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, spoke: Spoke, now_ms: int
) -> Negotiation | Refusal:
    """Hear a message of a party. Raises InputError `no_negotiation`, NotAvailable when the order is
    being written.
    """

    def say(n: Negotiation, trips: Mapping[str, int]) -> decide.Heard:
        return decide.hear(n, spoke, now_ms, trips)

    return await _change(connection, world, id_, actor, say, now_ms)


async def consent(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    data: facts.NegotiationConsented,
    now_ms: int,
) -> Negotiation | Refusal:
    """Take the consumer's consent to a window."""

    def say(n: Negotiation, trips: Mapping[str, int]) -> decide.Heard:
        return decide.consent(n, data, now_ms, trips)

    return await _change(connection, world, id_, actor, say, now_ms)


async def withdraw(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, reason: str, now_ms: int
) -> Negotiation | Refusal:
    """Withdraw a call: the default stands."""

    def say(n: Negotiation, _: Mapping[str, int]) -> decide.Heard:
        said = decide.close(n, "withdrawn", reason)
        return decide.Heard(said=said, state=_fold(n, said, now_ms), known=not said)

    return await _change(connection, world, id_, actor, say, now_ms)


async def ring(connection: Connection, world: World, id_: uuid.UUID, now_ms: int) -> None:
    """Let time pass: award, let an award lapse, close with the default."""

    def say(n: Negotiation, trips: Mapping[str, int]) -> decide.Heard:
        said = decide.advance(n, now_ms, trips)
        return decide.Heard(said=said, state=_fold(n, said, now_ms))

    await _change(connection, world, id_, BROKER, say, now_ms)


def _fold(n: Negotiation, said: Sequence[Struct], now_ms: int) -> Negotiation:
    for data in said:
        n = evolve(n, data, now_ms)
    return n


async def _change(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    say: Callable[[Negotiation, Mapping[str, int]], decide.Heard],
    now_ms: int,
) -> Negotiation | Refusal:
    try:
        async with connection.transaction():
            row = await lock(connection, world.tenant, id_)
            trips = await parties.read_trips(connection, world.tenant, row.n.parties)
            n, gone = row.n, []
            if n.state not in FINAL and not await _is_there(connection, world, row):
                gone = decide.close(n, "withdrawn", "order_gone")
                n = _fold(n, gone, now_ms)
            heard = say(n, trips)
            said = [*gone, *heard.said]
            if said or not heard.known:
                await write_facts(connection, world, row, said, heard.state, actor, now_ms)
    except (write.GuardFailed, psycopg.errors.DeadlockDetected) as error:
        raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    return heard.refusal or heard.state


async def _is_there(connection: Connection, world: World, row: Row) -> bool:
    """Tell whether the fulfilment order still waits for somebody who carries it."""
    held = await acts.hold(connection, world, row.order)
    wanted = row.n.leg.fulfilment if row.n.leg else 0
    return held is not None and any(
        f.no == wanted and f.state not in ("cancelled", "shipped", "delivered")
        for f in held.order.fulfilments
    )


async def write_facts(
    connection: Connection,
    world: World,
    row: Row,
    said: Sequence[Struct],
    state: Negotiation,
    actor: Actor,
    now_ms: int,
) -> None:
    """Write what was said with the row, its timer, what services are to be told, and, at its end,
    what was arranged for the order.
    """
    award_seq = row.award_seq
    packed_said = []
    for position, data in enumerate(said, row.seq + 1):
        party = data.party if isinstance(data, facts.Message) else ""
        told_by = actor if party or isinstance(data, facts.NegotiationConsented) else BROKER
        cause = _cause(row, data, position, award_seq)
        packed_said.append(Said(data=data, cause=cause, actor=told_by))
        if isinstance(data, facts.NegotiationAwarded):
            award_seq = position
    seq, head = row.seq, row.head
    if packed_said:
        packed = pack(
            packed_said,
            stream=row.id,
            seq=row.seq,
            head=row.head,
            actor=actor,
            now_ms=now_ms,
            tenant=world.tenant,
        )
        await write.add_facts(connection, world.tenant, packed)
        seq, head = row.seq + packed.count, packed.head
    due_ms = decide.next_ms(state, now_ms)
    due = write.instant(due_ms * 1000) if due_ms else None
    place = (world.tenant, row.id)
    given = (state.state, seq, head, award_seq, due, _encode(state), *place)
    await connection.execute(_UPDATE, given)
    if due_ms:
        put = timers.put(
            [
                timers.Timer(
                    due_us=due_ms * 1000, tenant=world.tenant, id=row.id, kind=TIMER_NEGOTIATION
                )
            ]
        )
        await connection.execute(put.sql, put.params, binary=True)
    await _send(connection, world.tenant, row, said, now_ms)
    if state.state in FINAL and row.n.state not in FINAL:
        await _arrange(connection, world, row, state, seq, now_ms)


def _cause(row: Row, data: Struct, position: int, award_seq: int) -> str:
    """Name what a fact answers to: the decision, the call, the award, or the fact before it."""
    if isinstance(data, facts.NegotiationOpened):
        return data.decision
    if isinstance(data, _ABOUT_AWARD):
        return f"{row.id}/{award_seq}"
    if isinstance(data, _HEARD):
        return f"{row.id}/1"
    return f"{row.id}/{position - 1}"


async def _send(
    connection: Connection, tenant: int, row: Row, said: Sequence[Struct], now_ms: int
) -> None:
    """Put what services are to be told into the room's tray, and count awards."""
    n = row.n

    async def put(party: str, kind: str, ref: str) -> None:
        await tell(connection, tenant, row.id, party, kind, ref, now_ms)

    for data in said:
        holder = n.chosen
        match data:
            case facts.NegotiationOpened():
                for party in data.parties:
                    await put(party, QUOTE, "")
            case facts.NegotiationAwarded():
                chosen = n.proposal(data.proposal)
                assert chosen is not None
                await put(chosen.party, AWARD, data.award)
                await parties.count(connection, tenant, chosen.party, awarded=1)
            case facts.NegotiationConfirmed():
                await parties.count(connection, tenant, data.party, confirmed=1)
            case facts.NegotiationLapsed() | facts.NegotiationClosed() if holder and n.award:
                # it may have taken the order on without our hearing of it
                await put(holder.party, CANCEL, n.award.id)
        n = evolve(n, data, now_ms)
    if n.state in FINAL:
        await connection.execute(_DROP, (tenant, row.id))


async def tell(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    party: str,
    kind: str,
    ref: str,
    now_ms: int,
) -> None:
    """Put into the tray what a service is to be told; a rider reads its page instead."""
    at = write.instant(now_ms * 1000)
    await connection.execute(_SEND, (id_, kind, ref, at, tenant, party))


async def _arrange(
    connection: Connection, world: World, row: Row, n: Negotiation, seq: int, now_ms: int
) -> None:
    """Say on the order who carries it and when, in the same commit."""
    fallback, leg, chosen = n.fallback, n.leg, n.chosen
    if fallback is None or leg is None or n.reason == "order_gone":
        return
    if n.state == CONFIRMED and chosen is not None:
        said = ShipmentArranged(
            carrier=await _name(connection, world.tenant, chosen.party),
            consent=await _consent_fact(connection, world.tenant, row.id, chosen.window)
            if chosen.consent
            else "",
            end=rfc3339(chosen.end_ms),
            fulfilment=leg.fulfilment,
            negotiation=f"{row.id}/{seq}",
            number=n.number,
            party=chosen.party,
            start=rfc3339(chosen.start_ms),
        )
    else:
        said = ShipmentArranged(
            carrier=fallback.carrier, fulfilment=leg.fulfilment, negotiation=f"{row.id}/{seq}"
        )

    def decided(_: World, held: Held, __: int) -> Change:
        order = order_evolve.evolve(held.order, said)
        told = [Said(data=said, cause=said.negotiation)]
        if not said.consent:
            return Change(order=order, said=told, promises=held.promises)
        promises, moved = contract.amend(held.promises, epoch_ms(said.end), said.consent)
        return Change(order=order, said=[*told, *moved], promises=promises)

    await acts.change(connection, world, row.order, BROKER, now_ms, decided)


async def _name(connection: Connection, tenant: int, code: str) -> str:
    return (await parties.read_party(connection, tenant, code)).name


async def _consent_fact(connection: Connection, tenant: int, id_: uuid.UUID, window: str) -> str:
    """Find the fact of the consumer's consent to a window, for the order to name."""
    mark = f'"window":"{window}"'.encode()
    for each in await views.read_facts(connection, tenant, id_, 0, 1_000):
        if b'"type":"negotiation.consented"' in each.body and mark in each.body:
            return f"{id_}/{each.seq}"
    return ""
