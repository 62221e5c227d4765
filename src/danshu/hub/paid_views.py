"""How far it has come with whom was asked about an order's payment: the order's page shows it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders import model, reviews
from danshu.hub import acts, connector_routes
from danshu.hub.paid_words import PARTIES
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from danshu.capabilities.orders.review_model import Party

Connection = psycopg.AsyncConnection[Any]
_ORDER: Final = "select doc from orders where tenant=%s and id=%s"
_CALLS: Final = """
select c.key, c.asked, c.answered, c.tries, c.trouble, c.connector, coalesce(d.title, '')
from connector_calls c left join connectors d on d.tenant=c.tenant and d.id=c.connector
where c.tenant=%s and c.key = any(%s)
"""
_decode: Final = msgspec.json.Decoder(model.Order).decode


class PartyShown(Struct, frozen=True, kw_only=True):
    """A party: `state` asked, agreed, refused, undoing, undone or stuck (it would not undo; asked
    again at `again`). `connector` is the far side that was asked, "" before it is known; `tries`
    and `trouble` are of the question. Times are RFC 3339, "" where there is none.
    """

    name: str
    zh: str
    en: str
    required: bool
    state: str
    otherwise: str
    late: bool
    asked: str
    answered: str
    due: str
    again: str
    reference: str
    reason: str
    score: int
    undos: int
    connector: str
    connector_title: str
    tries: int
    trouble: str


class PaidReview(Struct, frozen=True, kw_only=True):
    """Who was asked about an order's payment. `outcome` is "" while it is open, then agreed,
    refused or cancelled, `by` whom; `over`: nothing is awaited and nothing left to undo. No
    parties: nobody was asked.
    """

    order: uuid.UUID
    no: int
    asked: str
    outcome: str
    by: str
    reason: str
    over: bool
    holds: tuple[str, ...]
    parties: tuple[PartyShown, ...]


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> PaidReview:
    """Read an order's review. Raises InputError `no_order`."""
    row = await (await connection.execute(_ORDER, (tenant, id_))).fetchone()
    if row is None:
        raise InputError("no_order", acts.NO_ORDER.reason_en)
    order = _decode(bytes(row[0]))
    review = order.review
    if review is None:
        return PaidReview(
            order=id_,
            no=0,
            asked="",
            outcome="",
            by="",
            reason="",
            over=False,
            holds=tuple(h for h in order.holds if h in reviews.HOLDS),
            parties=(),
        )
    cursor = await connection.execute(_CALLS, (tenant, [p.key for p in review.parties]))
    calls = {row[0]: row for row in await cursor.fetchall()}
    return PaidReview(
        order=id_,
        no=review.no,
        asked=rfc3339(review.asked_ms),
        outcome=review.outcome,
        by=review.by,
        reason=review.reason,
        over=reviews.is_over(review),
        holds=tuple(h for h in order.holds if h in reviews.HOLDS),
        parties=tuple(_show(p, calls.get(p.key)) for p in review.parties),
    )


def _show(party: Party, call: tuple[Any, ...] | None) -> PartyShown:
    words = PARTIES.get(party.name)
    return PartyShown(
        name=party.name,
        zh=words.zh if words else party.name,
        en=words.en if words else party.name,
        required=party.required,
        state=party.state,
        otherwise=party.otherwise,
        late=party.late,
        asked=_at(call[1]) if call else "",
        answered=_at(call[2]) if call else "",
        due=rfc3339(party.due_ms) if party.due_ms else "",
        again=rfc3339(party.again_ms) if party.again_ms else "",
        reference=party.reference,
        reason=party.reason,
        score=party.score,
        undos=party.undos,
        connector=str(call[5]) if call and call[5] else "",
        connector_title=call[6] if call else "",
        tries=call[3] if call else 0,
        trouble=call[4] if call else "",
    )


def _at(moment: Any) -> str:
    return rfc3339(round(moment.timestamp() * 1000)) if moment else ""


async def list_connected(connection: Connection, tenant: int) -> tuple[str, ...]:
    """Name the capabilities that have a route."""
    heads = await connector_routes.read_heads(connection, tenant)
    return tuple(sorted(head.capability for head in heads))
