"""What a rider sees: the calls that ask them, their own offer, and, once it is theirs, the address.

Before that a call is a warehouse, a region and a weight: nothing of the receiver.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.negotiation.machine import CONFIRMED
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub import negotiation_views, request_vault
from danshu.kernel.fact import rfc3339
from danshu.ledger import vault, write

if TYPE_CHECKING:
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_OF_PARTY: Final = """
select id, order_id, doc from negotiations where tenant=%s and parties @> array[%s]
and (due is not null or award_by > %s) order by id desc limit %s
"""
_OF_RIDER: Final = 50
_RECENT_MS: Final = 600_000
_decode = msgspec.json.Decoder(Negotiation).decode


class Mine(Struct, frozen=True, kw_only=True):
    """A rider's own offer; `fate` as in ProposalView."""

    id: str
    window: str
    fee_fen: int
    fate: str
    end: str


class CallView(Struct, frozen=True, kw_only=True):
    """An open call as a rider sees it: a region and a warehouse, nobody's name. `award` is what
    waits for this rider's confirmation until `confirm_by`, "" for none; `address` is told to
    whoever carries it, and to nobody before.
    """

    id: uuid.UUID
    state: str
    pickup: str
    dropoff: str
    weight_g: int
    address: str
    cold: bool
    offer_fen: int
    reply_by: str
    windows: tuple[negotiation_views.WindowView, ...]
    mine: Mine | None
    declined: bool
    award: str
    confirm_by: str
    countered: bool
    number: str


async def of_party(connection: Connection, world: World, party: str, now_ms: int) -> list[CallView]:
    """List what a rider may answer, and what it won or lost a moment ago; newest first."""
    given = (world.tenant, party, write.instant((now_ms - _RECENT_MS) * 1000), _OF_RIDER)
    cursor = await connection.execute(_OF_PARTY, given)
    return [
        await _call(connection, world, id_, order, _decode(bytes(doc)), party)
        for id_, order, doc in await cursor.fetchall()
    ]


async def _call(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    order: uuid.UUID,
    n: Negotiation,
    party: str,
) -> CallView:
    own = [p for p in n.proposals if p.party == party]
    mine = own[-1] if own else None
    awarded = n.award if n.award and n.chosen and n.chosen.party == party else None
    leg = n.leg
    carries = awarded is not None and n.state == CONFIRMED
    return CallView(
        id=id_,
        state=n.state,
        pickup=_warehouse(world, leg.pickup) if leg else "",
        dropoff="".join(world.places.get(leg.dropoff, (leg.dropoff, ""))) if leg else "",
        address=await _address(connection, world.tenant, order) if carries else "",
        weight_g=leg.weight_g if leg else 0,
        cold=bool(leg and leg.cold),
        offer_fen=n.offer_fen,
        reply_by=rfc3339(n.reply_ms),
        windows=negotiation_views.show_windows(n),
        mine=Mine(
            id=mine.id,
            window=mine.window,
            fee_fen=mine.fee_fen,
            fate=negotiation_views.fate_of(n, mine.id, mine.fate),
            end=rfc3339(mine.end_ms),
        )
        if mine
        else None,
        declined=party in n.silent,
        award=awarded.id if awarded else "",
        confirm_by=rfc3339(awarded.confirm_ms) if awarded and n.state == "awarded" else "",
        countered=n.countered,
        number=n.number if awarded else "",
    )


def _warehouse(world: World, code: str) -> str:
    return next((w.name for w in world.warehouses if w.code == code), code)


async def _address(connection: Connection, tenant: int, order: uuid.UUID) -> str:
    kept = await vault.read(connection, tenant, order)
    to = await request_vault.read_receiver(connection, tenant, order, kept.person if kept else None)
    if to is None:
        return ""
    words = (to.province, to.city, to.district, to.street, to.detail)
    return f"{''.join(words)} {to.name} {to.phone}".strip()
