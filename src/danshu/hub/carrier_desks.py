"""Carriers' services that stop parcels: a merchant's accounts, and what each is to be asked.

A row of `carrier_intercepts` stands while a carrier's answer is awaited. It is written by the
commit of the request and of the answer, and audited. When it is tried next is the room's affair.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import merchants, outside
from danshu.hub.parcel_rule_facts import CarrierDeskSet
from danshu.kernel import canonical
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CARRIER_DESKS
from danshu.ledger.findings import Difference
from danshu.ports import registry

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping

    from danshu.capabilities.orders.model import Order
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
PORT: Final = "carrier_intercept"
Asked = tuple[int, str, str]
"""A fulfilment order, its carrier and its waybill."""
_PUT: Final = (
    "insert into carrier_intercepts(tenant,id,fulfilment,carrier,waybill) values(%b,%b,%b,%b,%b)"
    " on conflict do nothing"
)
_DROP: Final = "delete from carrier_intercepts where tenant=%b and id=%b and fulfilment=%b"
_ROWS: Final = (
    "select id, fulfilment, carrier, waybill from carrier_intercepts"
    " where tenant=%b and id >= %b and id < %b"
)
_DESKS: Final = "select carrier, adapter, url, options from carrier_desks where tenant=%s"
_SET: Final = """
insert into carrier_desks(tenant,carrier,adapter,url,options) values(%s,%s,%s,%s,%s)
on conflict (tenant,carrier) do update
set adapter=excluded.adapter, url=excluded.url, options=excluded.options
"""
_REMOVE: Final = "delete from carrier_desks where tenant=%s and carrier=%s"
# What nobody could be asked until now is asked at once.
_RETRY: Final = "update carrier_intercepts set next_try=now() where tenant=%s and carrier=%s"
_decode_options: Final = msgspec.json.Decoder(dict[str, str]).decode


class Desk(Struct, frozen=True, kw_only=True):
    """By which adapter, where and with which account a carrier is asked."""

    carrier: str
    adapter: str
    url: str
    options: dict[str, str]


def project(order: Order) -> frozenset[Asked]:
    """Give what the carriers of an order are to be asked."""
    return frozenset(
        (f.no, f.carrier, f.waybill)
        for f in order.fulfilments
        if f.intercept and f.intercept.by == "carrier" and f.intercept.state == "asked"
    )


def changes(
    tenant: int, id_: uuid.UUID, before: frozenset[Asked], after: frozenset[Asked]
) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the statements, with their parameters, that bring the rows up to date."""
    if before == after:
        return []
    gone = [(_DROP, (tenant, id_, no)) for no, _, _ in sorted(before - after)]
    return [*gone, *((_PUT, (tenant, id_, *asked)) for asked in sorted(after - before))]


async def compare(
    connection: Connection,
    tenant: int,
    first: uuid.UUID,
    end: uuid.UUID,
    orders: Iterable[tuple[uuid.UUID, Order]],
) -> list[Difference]:
    """Compare the rows of the streams [first, end) with what the orders' facts give."""
    stored: dict[uuid.UUID, set[Asked]] = {}
    cursor = await connection.execute(_ROWS, (tenant, first, end), binary=True)
    for id_, *asked in await cursor.fetchall():
        stored.setdefault(id_, set()).add((asked[0], asked[1], asked[2]))
    expected = {id_: project(order) for id_, order in orders}
    return [
        Difference(
            code="intercepts_differ",
            where=f"carrier_intercepts {id_}",
            detail=f"rows {sorted(stored.get(id_, ()))}, facts {sorted(expected.get(id_, ()))}",
        )
        for id_ in sorted(stored.keys() | expected.keys())
        if stored.get(id_, set()) != expected.get(id_, frozenset())
    ]


async def read(connection: Connection, tenant: int) -> dict[str, Desk]:
    """Read a merchant's accounts, by carrier."""
    cursor = await connection.execute(_DESKS, (tenant,))
    return {
        carrier: Desk(
            carrier=carrier, adapter=adapter, url=url, options=_decode_options(bytes(options))
        )
        for carrier, adapter, url, options in await cursor.fetchall()
    }


async def put(
    connection: Connection,
    tenant: int,
    actor: Actor,
    carrier: str,
    adapter: str,
    url: str,
    options: Mapping[str, str],
) -> None:
    """Set by which service a carrier is asked; options that are left out stay as they were.

    Raises InputError `unknown_adapter`, `bad_url` or `bad_options`.
    """
    if adapter not in registry.names(PORT):
        raise InputError("unknown_adapter", f"no adapter {adapter!r}", "/adapter")
    outside.check_url(url)
    async with connection.transaction():
        known = await read(connection, tenant)
        if carrier not in known and len(known) >= CARRIER_DESKS:
            raise InputError("too_many", f"at most {CARRIER_DESKS} carriers", "/carrier")
        before = known.get(carrier)
        kept = before.options if before and before.adapter == adapter else {}
        whole = {**kept, **{k: v for k, v in options.items() if v}}
        needs = getattr(registry.load(PORT, adapter), "needs", ())
        missing = [name for name in needs if not whole.get(name)]
        if missing:
            raise InputError("bad_options", f"{missing[0]} is missing", "/options")
        body = msgspec.json.encode(whole)
        await connection.execute(_SET, (tenant, carrier, adapter, url, body))
        digest = hashlib.sha256(canonical.encode(whole)).hexdigest()
        said = CarrierDeskSet(adapter=adapter, carrier=carrier, digest=digest, url=url)
        await merchants.say(connection, tenant, actor, said)
        await connection.execute(_RETRY, (tenant, carrier))


async def remove(connection: Connection, tenant: int, actor: Actor, carrier: str) -> None:
    """Ask a carrier by no service any more. Raises InputError `no_desk`."""
    async with connection.transaction():
        cursor = await connection.execute(_REMOVE, (tenant, carrier))
        if cursor.rowcount == 0:
            raise InputError("no_desk", "there is no such service")
        said = CarrierDeskSet(adapter="", carrier=carrier, digest="", url="")
        await merchants.say(connection, tenant, actor, said)
