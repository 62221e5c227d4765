"""The consumer's consent to a window that ends after what was promised: asked on the page of the
order's link, in words that are kept as shown.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.negotiation.facts import NegotiationConsented
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub import negotiating
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, epoch_ms

if TYPE_CHECKING:
    from danshu.capabilities.routing.negotiation.model import Proposal, Slot
    from danshu.hub.links import Link
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
HOLDER: Final = Actor(sub="customer", role="customer", grade="D")
CHANGED: Final = InputError("window_changed", "the window is not on offer, or reads otherwise now")
_OPEN: Final = """
select id, doc from negotiations where tenant=%s and order_id=%s
and (due is not null or state='confirmed') order by id desc limit 10
"""
_ZONE: Final = zoneinfo.ZoneInfo("Asia/Shanghai")
_decode = msgspec.json.Decoder(Negotiation).decode


class WindowAsk(Struct, frozen=True, kw_only=True):
    """A window that asks for consent: the very words, their SHA-256, whether it was given."""

    negotiation: uuid.UUID
    window: str
    text: str
    digest: str
    given: bool


def write_text(start_ms: int, end_ms: int, promised: str, lang: str) -> str:
    """Write what the consumer agrees to, as it is shown and kept."""
    start, end = _moment(start_ms, lang), _moment(end_ms, lang)
    if lang == "en":
        return f"I agree that this order comes {start} to {end} instead of by {promised}."
    return f"我同意这一单改在 {start} 至 {end} 送达(原定 {promised} 之前)。"


def _moment(at_ms: int, lang: str) -> str:
    at = datetime.datetime.fromtimestamp(at_ms / 1000, _ZONE)
    return at.strftime("%Y-%m-%d %H:%M") + (" (UTC+8)" if lang == "en" else "")


def _asks(id_: uuid.UUID, n: Negotiation, lang: str) -> list[WindowAsk]:
    if n.fallback is None or not n.fallback.end:
        return []
    promised = _moment(epoch_ms(n.fallback.end), lang)
    offered: dict[str, Slot | Proposal] = {w.id: w for w in n.windows if w.consent}
    offered |= {p.window: p for p in n.proposals if p.consent}
    found = []
    for window, span in offered.items():
        text = write_text(span.start_ms, span.end_ms, promised, lang)
        found.append(
            WindowAsk(
                negotiation=id_,
                window=window,
                text=text,
                digest=hashlib.sha256(text.encode()).hexdigest(),
                given=window in n.consents,
            )
        )
    return found


async def of_order(
    connection: Connection, tenant: int, order: uuid.UUID, lang: str
) -> tuple[WindowAsk, ...]:
    """Give what the consumer may agree to, or has agreed to."""
    cursor = await connection.execute(_OPEN, (tenant, order))
    found: list[WindowAsk] = []
    for id_, doc in await cursor.fetchall():
        n = _decode(bytes(doc))
        asks = _asks(id_, n, lang)
        found += [a for a in asks if a.given] if n.state == "confirmed" else asks
    return tuple(found)


async def agree(
    connection: Connection,
    world: World,
    link: Link,
    negotiation: uuid.UUID,
    window: str,
    digest: str,
    lang: str,
    now_ms: int,
) -> Refusal | None:
    """Take the consent of whoever holds the order's link, to the words that were shown.

    Raises InputError `window_changed` when these are not the words any more.
    """
    asked = await of_order(connection, world.tenant, link.order, lang)
    found = next(
        (a for a in asked if (a.negotiation, a.window, a.digest) == (negotiation, window, digest)),
        None,
    )
    if found is None:
        raise CHANGED
    data = NegotiationConsented(lang=lang, link=str(link.id), text=found.text, window=window)
    told = await negotiating.consent(connection, world, negotiation, HOLDER, data, now_ms)
    return told if isinstance(told, Refusal) else None
