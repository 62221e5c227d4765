"""What orders came to, as their facts say: the side of a reconciliation that is ours.

It follows the log of one merchant when a run asks, so a merchant that never reconciles pays nothing
for it. The cursor moves in the commit that writes, so each fact counts once whoever runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub.worlds import now_ms
from danshu.kernel.errors import NotAvailable
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import RETRY_AFTER_S
from danshu.ledger import write
from danshu.ledger.follow import Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from danshu.ledger.leaves import Leaf

Connection = psycopg.AsyncConnection[Any]
CURSOR: Final = "money"
_BEHIND: Final = """
select coalesce(sum(b.size - coalesce(c.position, 0)), 0)::bigint from books b
left join cursors c on c.name=%s and c.tenant=b.tenant and c.half=b.half where b.tenant=%s
"""
_PLACE: Final = """
insert into order_money(tenant,id,number,channel,shop,region,currency,total,subsidy,placed,changed)
select %b, u.*, nextval('money_changes') from unnest(%b::uuid[],%b::text[],%b::text[],%b::text[],
%b::text[],%b::text[],%b::int8[],%b::int8[],%b::timestamptz[]) u on conflict do nothing
"""
_MOVE: Final = """
update order_money m set paid=m.paid+u.paid, refunded=m.refunded+u.refunded,
compensated=m.compensated+u.compensated, total=coalesce(u.total, m.total),
paid_at=greatest(m.paid_at, u.paid_at), refunded_at=greatest(m.refunded_at, u.refunded_at),
shipped_at=greatest(m.shipped_at, u.shipped_at), cancelled=m.cancelled or u.cancelled,
changed=nextval('money_changes')
from unnest(%b::uuid[],%b::int8[],%b::int8[],%b::int8[],%b::int8[],%b::timestamptz[],
%b::timestamptz[],%b::timestamptz[],%b::bool[])
u(id,paid,refunded,compensated,total,paid_at,refunded_at,shipped_at,cancelled)
where m.tenant=%b and m.id=u.id
"""
_CARRY: Final = """
insert into order_waybills as w (tenant,waybill,id,carrier,wh,region,weight_g,shipped_at,changed)
select %(tenant)s, u.waybill, u.id, u.carrier, u.wh, coalesce(m.region, ''), u.weight_g,
u.shipped_at, nextval('money_changes')
from unnest(%(waybills)s::text[],%(ids)s::uuid[],%(carriers)s::text[],%(whs)s::text[],
%(weights)s::int8[],%(ats)s::timestamptz[]) u(waybill,id,carrier,wh,weight_g,shipped_at)
left join order_money m on m.tenant=%(tenant)s and m.id=u.id
on conflict (tenant,waybill,id) do update set weight_g=w.weight_g+excluded.weight_g,
shipped_at=coalesce(excluded.shipped_at, w.shipped_at), changed=excluded.changed,
wh=coalesce(nullif(excluded.wh,''), w.wh), carrier=coalesce(nullif(excluded.carrier,''), w.carrier)
"""
_WEIGHTS: Final = "select code, weight_g from skus where tenant=%s and code=any(%s)"


class _Head(Struct):
    id: str
    type: str
    occurred: str
    data: msgspec.Raw


class _Placed(Struct):
    number: str
    channel: str
    total: int
    currency: str = "CNY"
    region: str = ""
    shop: str = ""
    subsidy: int = 0
    kind: str = "order"


class _Amount(Struct):
    amount: int


class _Share(Struct):
    sku: str
    quantity: int


class _Shipped(Struct):
    waybill: str = ""
    carrier: str = ""
    warehouse: str = ""
    shares: tuple[_Share, ...] = ()


class _Total(Struct):
    total: int


class _Amended(Struct):
    now: _Total | None = None


class Tally(Struct):
    """What one batch of facts says of an order; instants in epoch ms, 0 = none."""

    paid: int = 0
    refunded: int = 0
    compensated: int = 0
    total: int | None = None
    paid_ms: int = 0
    refunded_ms: int = 0
    shipped_ms: int = 0
    cancelled: bool = False


class _Carried(Struct):
    order: str
    waybill: str
    carrier: str
    warehouse: str
    shares: tuple[_Share, ...]
    at_ms: int


_decode_head = msgspec.json.Decoder(_Head).decode
_decode_placed = msgspec.json.Decoder(_Placed).decode
_decode_amount = msgspec.json.Decoder(_Amount).decode
_decode_shipped = msgspec.json.Decoder(_Shipped).decode
_decode_amended = msgspec.json.Decoder(_Amended).decode


async def catch_up(
    connection: Connection, tenant: int, tell: Callable[[int], object] = lambda behind: None
) -> None:
    """Follow the merchant's log to its end. Raises NotAvailable when a fact cannot be taken."""
    follower = Follower(CURSOR, follow, tenants=[tenant])
    while behind := await read_behind(connection, tenant):
        tell(behind)
        done = await follower.step(connection, now_ms())
        if follower.troubles:
            trouble = next(iter(follower.troubles.values()))
            raise NotAvailable(f"the log at {trouble.position}: {trouble.reason}", RETRY_AFTER_S)
        if not done:  # another process moved the cursor, or the log just grew
            continue


async def read_behind(connection: Connection, tenant: int) -> int:
    """Count the facts that orders' money has not followed yet."""
    row = await (await connection.execute(_BEHIND, (CURSOR, tenant))).fetchone()
    return int(row[0]) if row else 0


async def follow(connection: Connection, leaves: Sequence[Leaf]) -> None:
    """Write what the facts of one book say of orders' money and parcels."""
    gathered = _Gathered()
    for leaf in leaves:
        gathered.take(_decode_head(leaf.body))
    if leaves:
        await gathered.write(connection, leaves[0].tenant)


class _Gathered:
    """A batch, order by order."""

    def __init__(self) -> None:
        self.placed: dict[str, tuple[_Placed, int]] = {}
        self.tallies: dict[str, Tally] = {}
        self.carried: list[_Carried] = []

    def take(self, fact: _Head) -> None:
        """Take in one fact."""
        order = fact.id.partition("/")[0]
        match fact.type:
            case "order.placed":
                placed = _decode_placed(fact.data)
                if placed.kind == "order":
                    self.placed[order] = (placed, epoch_ms(fact.occurred))
            case "order.paid":
                tally = self._tally(order)
                tally.paid += _decode_amount(fact.data).amount
                tally.paid_ms = max(tally.paid_ms, epoch_ms(fact.occurred))
            case "refund.paid":
                tally = self._tally(order)
                tally.refunded += _decode_amount(fact.data).amount
                tally.refunded_ms = max(tally.refunded_ms, epoch_ms(fact.occurred))
            case "compensation.paid":
                self._tally(order).compensated += _decode_amount(fact.data).amount
            case "order.amended":
                amended = _decode_amended(fact.data)
                if amended.now is not None:
                    self._tally(order).total = amended.now.total
            case "order.cancelled":
                self._tally(order).cancelled = True
            case "order.shipped" | "waybill.recorded":
                self._carry(order, fact)

    def _tally(self, order: str) -> Tally:
        found = self.tallies.get(order)
        if found is None:
            found = self.tallies[order] = Tally()
        return found

    def _carry(self, order: str, fact: _Head) -> None:
        shipped, at_ms = _decode_shipped(fact.data), 0
        if fact.type == "order.shipped":
            at_ms = epoch_ms(fact.occurred)
            tally = self._tally(order)
            tally.shipped_ms = max(tally.shipped_ms, at_ms)
        if shipped.waybill:
            self.carried.append(
                _Carried(
                    order,
                    shipped.waybill,
                    shipped.carrier,
                    shipped.warehouse,
                    shipped.shares,
                    at_ms,
                )
            )

    async def write(self, connection: Connection, tenant: int) -> None:
        """Write the batch, in the transaction that moves the cursor."""
        if self.placed:
            rows = list(self.placed.items())
            heads = [placed for _, (placed, _) in rows]
            given = (
                tenant,
                write.uuid_bytes([_bytes(id_) for id_, _ in rows]),
                write.texts([p.number for p in heads]),
                write.texts([p.channel for p in heads]),
                write.texts([p.shop for p in heads]),
                write.texts([p.region for p in heads]),
                write.texts([p.currency for p in heads]),
                write.int8s([p.total for p in heads]),
                write.int8s([p.subsidy for p in heads]),
                write.times([at_ms * 1000 for _, (_, at_ms) in rows]),
            )
            await connection.execute(_PLACE, given, binary=True)
        if self.tallies:
            tallies = list(self.tallies.values())
            await connection.execute(
                _MOVE,
                (
                    write.uuid_bytes([_bytes(id_) for id_ in self.tallies]),
                    write.int8s([t.paid for t in tallies]),
                    write.int8s([t.refunded for t in tallies]),
                    write.int8s([t.compensated for t in tallies]),
                    [t.total for t in tallies],
                    write.times_or_null([t.paid_ms * 1000 for t in tallies]),
                    write.times_or_null([t.refunded_ms * 1000 for t in tallies]),
                    write.times_or_null([t.shipped_ms * 1000 for t in tallies]),
                    [t.cancelled for t in tallies],
                    tenant,
                ),
                binary=True,
            )
        if self.carried:
            await self._write_waybills(connection, tenant)

    async def _write_waybills(self, connection: Connection, tenant: int) -> None:
        codes = sorted({share.sku for each in self.carried for share in each.shares})
        weights = dict(await (await connection.execute(_WEIGHTS, (tenant, codes))).fetchall())
        parcels: dict[tuple[str, str], tuple[_Carried, int]] = {}
        for each in self.carried:
            grams = sum(weights.get(s.sku, 0) * s.quantity for s in each.shares)
            before = parcels.get((each.waybill, each.order))
            grams += before[1] if before else 0
            is_later = before is None or each.at_ms >= before[0].at_ms
            kept = each if is_later or before is None else before[0]
            parcels[each.waybill, each.order] = (kept, grams)
        rows = list(parcels.values())
        await connection.execute(
            _CARRY,
            {
                "tenant": tenant,
                "waybills": [each.waybill for each, _ in rows],
                "ids": [each.order for each, _ in rows],
                "carriers": [each.carrier for each, _ in rows],
                "whs": [each.warehouse for each, _ in rows],
                "weights": [grams for _, grams in rows],
                "ats": [write.instant(e.at_ms * 1000) if e.at_ms else None for e, _ in rows],
            },
        )


def _bytes(id_: str) -> bytes:
    return bytes.fromhex(id_.replace("-", ""))
