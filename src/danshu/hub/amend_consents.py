"""Promises that name the address or the day: they change by the buyer's own word, or not at all."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import OPEN, TICKING
from danshu.capabilities.contract.power_facts import RequestMade
from danshu.capabilities.routing.negotiation.facts import NegotiationConsented
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub import views
from danshu.hub.amending import end_of_day_ms
from danshu.kernel import fact
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from danshu.capabilities.contract.model import Promise
    from danshu.capabilities.orders.amending import Wish
    from danshu.hub.changes import Held

Connection = psycopg.AsyncConnection[Any]
NO_CONSENT: Final = InputError(
    "no_consent", "the fact named is no consent of this order's buyer", "/consent"
)
_NEGOTIATION: Final = "select doc from negotiations where tenant=%s and id=%s and order_id=%s"
ADDRESS: Final = "address_change"
SHANGHAI: Final = zoneinfo.ZoneInfo("Asia/Shanghai")
_decode: Final = msgspec.json.Decoder(Negotiation).decode


def refuse(held: Held, wish: Wish) -> Refusal | None:
    """Say which promise forbids an amendment without the buyer's consent; None where none does."""
    if wish.consent:
        return None
    for promise in held.promises:
        if wish.region and wish.region != held.order.region and _names_place(promise, wish.region):
            return _needs(promise, "收货地", "where it goes")
        if wish.wanted and wish.wanted != held.order.wanted and _names_day(promise, wish.wanted):
            return _needs(promise, "日期", "the day")
    return None


def _names_place(promise: Promise, region: str) -> bool:
    regions = promise.clause.definition.applies.regions
    return promise.state in OPEN and bool(regions) and not region.startswith(regions)


def _names_day(promise: Promise, day: str) -> bool:
    named = contract.names_day(promise.clause) and promise.state in TICKING
    return named and end_of_day_ms(day) > promise.due_ms


def _needs(promise: Promise, zh: str, en: str) -> Refusal:
    name = promise.clause.definition.name
    return Refusal(
        code="consent_needed",
        reason=f"承诺「{name.zh}」写明了{zh},须买家同意",
        reason_en=f"The promise “{name.en}” says {en}: the buyer has to agree",
        clause=f"promise.{promise.code}.v{promise.version}",
    )


async def check(connection: Connection, tenant: int, order: uuid.UUID, wish: Wish) -> None:
    """Look whether a wish's consent is the buyer's own word for it. Raises InputError `no_consent`.

    For another place it is a change of address asked on the order's link; for another day the
    consent to a window of the order's negotiation that ends on that day.
    """
    stream, _, seq = wish.consent.partition("/")
    try:
        id_, at = uuid.UUID(stream), int(seq)
    except ValueError:
        raise NO_CONSENT from None
    found = await views.read_facts(connection, tenant, id_, max(0, at - 1), 1)
    data = next((fact.read(n.body).data for n in found if n.seq == at), None)
    if isinstance(data, RequestMade) and not wish.wanted:
        if id_ == order and data.by == "link" and data.kind == ADDRESS:
            return
    elif isinstance(data, NegotiationConsented):
        row = await (await connection.execute(_NEGOTIATION, (tenant, id_, order))).fetchone()
        if row and wish.wanted in ("", _day_of(_decode(bytes(row[0])), data.window)):
            return
    raise NO_CONSENT


def _day_of(negotiation: Negotiation, window: str) -> str:
    """Give the day in Shanghai on which a window ends, "" where it is none of the negotiation's."""
    ends = {w.id: w.end_ms for w in negotiation.windows}
    ends |= {p.window: p.end_ms for p in negotiation.proposals}
    if window not in ends:
        return ""
    return datetime.datetime.fromtimestamp(ends[window] / 1000, SHANGHAI).strftime("%Y-%m-%d")


async def find_request(connection: Connection, tenant: int, order: uuid.UUID, no: int) -> str:
    """Find the fact by which the buyer's link made a request; "" where the merchant wrote it."""
    for each in await views.read_facts(connection, tenant, order, 0, 1_000):
        if b'"type":"request.made"' not in each.body:
            continue
        data = fact.read(each.body).data
        if isinstance(data, RequestMade) and data.no == no and data.by == "link":
            return f"{order}/{each.seq}"
    return ""
