"""The merchant's rules for parcels as stored: read, set with a fact, split by them at release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import parcel_rules, parcels
from danshu.hub import merchants
from danshu.hub.parcel_book import READ, decode_rules
from danshu.hub.parcel_rule_facts import ParcelRulesSet
from danshu.kernel.errors import Refusal
from danshu.ledger.findings import Difference

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.capabilities.orders.model import Fulfilment, Order
    from danshu.capabilities.orders.parcel_rules import Flaw, Goods, ParcelRules
    from danshu.capabilities.stock.model import Sku
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor, Fact, Said

Connection = psycopg.AsyncConnection[Any]
_LOCK: Final = "select 1 from tenants where id=%s for update"
_PUT: Final = """
insert into parcel_rules as r (tenant,version,merges,indexed,body) values(%s,%s,%s,false,%s)
on conflict (tenant) do update set version=excluded.version, merges=excluded.merges,
indexed=r.indexed and excluded.merges, body=excluded.body
"""
WHOLE: Final = Refusal(
    code="channel_forbids_split",
    reason="该渠道不允许拆单",
    reason_en="The channel forbids that its orders are split",
    clause="parcel.whole_channel",
)
MOVED: Final = Refusal(
    code="rules_moved",
    reason="规则已被他人改过,先看新的",
    reason_en="Somebody else has changed the rules: look at them first",
    clause="parcel.rules",
)
_encode: Final = msgspec.json.Encoder(order="sorted").encode


async def put(
    connection: Connection, tenant: int, version: int, rules: ParcelRules, actor: Actor
) -> int | list[Flaw] | Refusal:
    """Set the rules that `version` is followed by; gives the new version, or what is wrong."""
    flaws = parcel_rules.lint(rules)
    if flaws:
        return flaws
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(READ, (tenant,), binary=True)).fetchone()
        if (row[0] if row else 0) != version:
            return MOVED
        values = (tenant, version + 1, rules.merge.on, _encode(rules))
        await connection.execute(_PUT, values)
        said = ParcelRulesSet(rules=rules, version=version + 1)
        await merchants.say(connection, tenant, actor, said)
        await merchants.touch(connection, tenant)
    return version + 1


def goods_of(skus: Mapping[str, tuple[int, Sku]], part: Fulfilment) -> dict[str, Goods]:
    """Give weight and storage class of what a fulfilment order holds."""
    found = {s.sku: skus[s.sku][1] for s in part.shares if s.sku in skus}
    return {code: (sku.weight_g, int(sku.storage)) for code, sku in found.items()}


def release(world: World, order: Order, told: orders.Command, now_ms: int) -> orders.Done | Refusal:
    """Release fulfilment orders, each cut by the rules that bind it; what is merged stays whole."""
    done = orders.act(order, told, now_ms)
    kept = world.parcels
    if isinstance(done, Refusal) or kept is None or not kept.rules.split:
        return done
    cut, nos = order, list[int]()
    said: list[Said] = []
    for f in order.fulfilments:
        if f.state != "allocated" or told.fulfilment not in (0, f.no):
            continue
        nos.append(f.no)
        if f.group:
            continue
        lane = (world.warehouse_no.get(f.warehouse, -1), order.region)
        carrier = f.carrier or kept.carriers.get(lane, "")
        rules = parcel_rules.binding(kept.rules, order.channel, carrier)
        bins, rule = parcel_rules.cut(f, goods_of(world.skus, f), rules)
        if len(bins) < 2:
            continue
        first = len(cut.fulfilments) + 1
        split = parcels.split(cut, f.no, bins[1:], rule=rule)
        if isinstance(split, Refusal):
            return split
        cut = split.order
        said += split.said
        nos += range(first, len(cut.fulfilments) + 1)
    if not said:
        return done
    for no in nos:
        one = orders.act(cut, msgspec.structs.replace(told, fulfilment=no), now_ms)
        if isinstance(one, Refusal):
            return one
        cut = one.order
        said += one.said
    return orders.Done(order=cut, said=tuple(said), heard=done.heard)


class RulesFolder:
    """The audit's folder: is the stored row what was set last?"""

    def __init__(self, tenant: int) -> None:
        self._tenant = tenant
        self._last: tuple[int, ParcelRules] | None = None

    @property
    def types(self) -> frozenset[str]:
        """Rules set."""
        return frozenset({"parcel_rules.set"})

    def fold(self, fact: Fact) -> None:
        """Take in one fact."""
        data = fact.data
        if isinstance(data, ParcelRulesSet) and (
            self._last is None or data.version > self._last[0]
        ):
            self._last = (data.version, data.rules)

    async def compare(
        self, connection: Connection, first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Nothing here hangs on a stream alone: it is compared at the end."""
        return []

    async def finish(self, connection: Connection) -> list[Difference]:
        """Compare the row."""
        row = await (await connection.execute(READ, (self._tenant,), binary=True)).fetchone()
        stored = (row[0], decode_rules(bytes(row[1]))) if row else None
        if stored == self._last:
            return []
        detail = f"row {stored and stored[0]}, facts {self._last and self._last[0]}"
        return [Difference(code="rules_differ", where="parcel_rules", detail=detail)]
