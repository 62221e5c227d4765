"""Negotiations as pages show them: a list by key, one with every message and score."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.negotiation import decide, scoring
from danshu.capabilities.routing.negotiation.machine import CONFIRMED, FINAL
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub import negotiating, views
from danshu.kernel import fact
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import NEGOTIATION_MESSAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_COLUMNS: Final = "n.id, n.order_id, o.doc, n.doc, n.seq"
_FROM: Final = (
    f"select {_COLUMNS} from negotiations n"
    " left join orders o on o.tenant=n.tenant and o.id=n.order_id"
)
_LIST: Final = (
    f"{_FROM} where n.tenant=%s and n.id < %s and (not %s or n.due is not null)"
    " and (%s::uuid is null or n.order_id=%s) order by n.id desc limit %s"
)
_READ: Final = f"{_FROM} where n.tenant=%s and n.id=%s"
_SENDS: Final = """
select party, kind, ref, state, tries, trouble from negotiation_sends
where tenant=%s and id=%s order by party, kind, ref
"""
_decode = msgspec.json.Decoder(Negotiation).decode


class _Number(Struct, frozen=True):
    number: str = ""


_decode_number = msgspec.json.Decoder(_Number).decode


class WindowView(Struct, frozen=True, kw_only=True):
    """A window; `consent`: it needs the consumer's, `consented`: it has it."""

    id: str
    start: str
    end: str
    incentive_fen: int
    consent: bool
    consented: bool


class ProposalView(Struct, frozen=True, kw_only=True):
    """An offer with its score now, in 分 and by its parts. `fate` is open, awarded, reserved,
    confirmed, refused, lapsed, retracted or replaced.
    """

    id: str
    party: str
    window: str
    start: str
    end: str
    fee_fen: int
    eta: str
    accept_permille: int
    valid_until: str
    fate: str
    late_fen: int
    incentive_fen: int
    refusal_fen: int
    total_fen: int


class NegotiationItem(Struct, frozen=True, kw_only=True):
    """A negotiation in a list. `defaults` is when the default stands if nobody confirms, `next`
    when something happens by itself, "" once it is over.
    """

    id: uuid.UUID
    order: uuid.UUID
    number: str
    state: str
    opened: str
    reply_by: str
    defaults: str
    next: str
    parties: tuple[str, ...]
    proposals: int
    carrier: str
    party: str
    cold: bool
    reason: str


class MessageView(Struct, frozen=True, kw_only=True):
    """A fact of the negotiation as it stands in the log; `data` are its fields as JSON text."""

    seq: int
    id: str
    type: str
    at: str
    by: str
    role: str
    cause: str
    data: str


class SendView(Struct, frozen=True, kw_only=True):
    """What a service was, or is to be, told. `state` is due, done, failed or dropped."""

    party: str
    kind: str
    ref: str
    state: str
    tries: int
    trouble: str


class NegotiationView(NegotiationItem, frozen=True, kw_only=True):
    """A negotiation with everything that was said; `messages` oldest first."""

    fulfilment: int
    pickup: str
    dropoff: str
    weight_g: int
    offer_fen: int
    fallback: str
    fallback_fen: int
    promised: str
    decision: str
    windows: tuple[WindowView, ...]
    offers: tuple[ProposalView, ...]
    messages: tuple[MessageView, ...]
    sends: tuple[SendView, ...]


async def list_negotiations(
    connection: Connection,
    tenant: int,
    before: uuid.UUID,
    limit: int,
    now_ms: int,
    *,
    is_open: bool = False,
    order: uuid.UUID | None = None,
) -> list[NegotiationItem]:
    """List negotiations, newest first."""
    given = (tenant, before, is_open, order, order, limit)
    cursor = await connection.execute(_LIST, given)
    return [NegotiationItem(**_item(row, now_ms)) for row in await cursor.fetchall()]


async def read_negotiation(
    connection: Connection, tenant: int, id_: uuid.UUID, now_ms: int
) -> NegotiationView:
    """Read one with all its messages. Raises InputError `no_negotiation`."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise negotiating.NO_NEGOTIATION
    n = _decode(bytes(row[3]))
    told = await views.read_facts(connection, tenant, id_, 0, 3 * NEGOTIATION_MESSAGES)
    sends = await (await connection.execute(_SENDS, (tenant, id_))).fetchall()
    leg, fallback = n.leg, n.fallback
    return NegotiationView(
        **_item(row, now_ms),
        fulfilment=leg.fulfilment if leg else 0,
        pickup=leg.pickup if leg else "",
        dropoff=leg.dropoff if leg else "",
        weight_g=leg.weight_g if leg else 0,
        offer_fen=n.offer_fen,
        fallback=fallback.carrier if fallback else "",
        fallback_fen=fallback.cost_fen if fallback else 0,
        promised=fallback.end if fallback else "",
        decision=n.decision,
        windows=show_windows(n),
        offers=tuple(_offers(n)),
        messages=tuple(_message(each.seq, fact.read(each.body)) for each in told),
        sends=tuple(
            SendView(party=p, kind=k, ref=r, state=s, tries=t, trouble=x)
            for p, k, r, s, t, x in sends
        ),
    )


def show_windows(n: Negotiation) -> tuple[WindowView, ...]:
    """Show the windows, those that a counter made among them."""
    shown = {w.id: (w.start_ms, w.end_ms, w.incentive_fen, w.consent) for w in n.windows} | {
        p.window: (p.start_ms, p.end_ms, p.incentive_fen, p.consent) for p in n.proposals
    }
    return tuple(
        WindowView(
            id=id_,
            start=rfc3339(start),
            end=rfc3339(end),
            incentive_fen=incentive,
            consent=asks,
            consented=id_ in n.consents,
        )
        for id_, (start, end, incentive, asks) in shown.items()
    )


def _item(row: Sequence[Any], now_ms: int) -> dict[str, Any]:
    id_, order, order_doc, doc, _ = row
    n = _decode(bytes(doc))
    next_ms = decide.next_ms(n, now_ms)
    won = n.chosen if n.state == CONFIRMED else None
    default = n.fallback.carrier if n.fallback and n.state in FINAL and not won else ""
    return {
        "id": id_,
        "order": order,
        "number": _decode_number(bytes(order_doc)).number if order_doc else "",
        "state": n.state,
        "opened": rfc3339(n.opened_ms),
        "reply_by": rfc3339(n.reply_ms),
        "defaults": rfc3339(n.award_ms),
        "next": rfc3339(next_ms) if next_ms else "",
        "parties": n.parties,
        "proposals": len(n.proposals),
        "carrier": default,
        "party": won.party if won else "",
        "cold": bool(n.leg and n.leg.cold),
        "reason": n.reason,
    }


def _offers(n: Negotiation) -> list[ProposalView]:
    if n.weights is None:
        return []
    shown = []
    for p in n.proposals:
        score = scoring.weigh(p, n.weights)
        shown.append(
            ProposalView(
                id=p.id,
                party=p.party,
                window=p.window,
                start=rfc3339(p.start_ms),
                end=rfc3339(p.end_ms),
                fee_fen=p.fee_fen,
                eta=rfc3339(p.eta_ms),
                accept_permille=p.accept_permille,
                valid_until=rfc3339(p.valid_ms),
                fate=fate_of(n, p.id, p.fate),
                late_fen=score.late_fen,
                incentive_fen=score.incentive_fen,
                refusal_fen=score.refusal_fen,
                total_fen=score.total_fen,
            )
        )
    return sorted(shown, key=lambda each: (each.total_fen, each.id))


def fate_of(n: Negotiation, id_: str, fate: str) -> str:
    if n.award and fate == "open":
        if id_ == n.award.proposal:
            return "confirmed" if n.state == CONFIRMED else "awarded"
        if id_ == n.award.reserved and n.state != CONFIRMED:
            return "reserved"
    return fate


def _message(seq: int, read: Fact) -> MessageView:
    return MessageView(
        seq=seq,
        id=read.id,
        type=read.type,
        at=read.time,
        by=read.actor.sub,
        role=read.actor.role,
        cause=read.cause,
        data=msgspec.json.encode(read.data).decode(),
    )
