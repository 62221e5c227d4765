"""Looking after a running campaign: who comes in is drawn and told, who bought is counted, and it
stops by itself when it does no good, its budget is spent or its time is over.

Buyers are known by their pseudonyms alone; the merchant's own notice service knows the people, and
is told the number of their order. Who can't be told stays in the treated arm as not reached: an
effect among those who happened to be reachable would be none of the campaign's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.associations import decide, trial
from danshu.capabilities.associations.trial import Arms
from danshu.hub import asset_pieces, asset_store, assets, campaign_rows, campaign_telling
from danshu.hub.asset_files import of_tenant
from danshu.hub.association_counts import ITEM
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import CAMPAIGN_BUYERS, CAMPAIGN_ENROL
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable
    from pathlib import Path

    from danshu.capabilities.associations.model import Campaign

Connection = Any
ROBOT: Final = Actor(sub="associations", role="system", grade="C")
_DAY_MS: Final = 86_400_000
_HOUR_MS: Final = 3_600_000
_FOUND: Final = """
with bought as (
  select o.buyer, o.stream, coalesce(nullif(o.created, 0), o.occurred) moment, o.number, o.channel,
    o.shop, {item} item
  from orders o join lines l using (stream)
  where o.kind = 'order' and o.buyer <> '' and l.origin = 'placed' and l.gift = ''),
firsts as (
  select buyer, max(moment) moment, arg_max(stream, moment) stream, arg_max(number, moment) number,
    arg_max(channel, moment) channel, arg_max(shop, moment) shop
  from bought where item = ? and moment > ? and moment <= ? group by buyer)
select f.buyer, cast(f.stream as varchar), f.number, f.channel, f.shop from firsts f
where not exists (select 1 from bought b where b.buyer = f.buyer and b.item = ?
  and b.moment >= f.moment)
order by f.buyer
"""
_OUTCOMES: Final = """
select o.buyer, coalesce(nullif(o.created, 0), o.occurred) moment
from orders o join lines l using (stream)
where o.kind = 'order' and o.buyer <> '' and l.origin = 'placed' and l.gift = ''
and {item} = ? and moment > ?
"""
_ENROLLED: Final = """
select buyer, arm, (extract(epoch from enrolled)*1000)::int8 from campaign_buyers
where tenant=%s and campaign=%s order by enrolled, buyer
"""
_ENROL: Final = """
insert into campaign_buyers(tenant,campaign,buyer,arm,order_id,number,channel,shop,enrolled,told,
next_try) values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict do nothing
"""
_LOOKED: Final = "update campaigns set looked=%s where tenant=%s and id=%s"


class Buyer(Struct, frozen=True, array_like=True, gc=False):
    """A buyer who may come in: the pseudonym, and the order by which they are told."""

    buyer: str
    order: str
    number: str
    channel: str
    shop: str


class Enrolled(Struct, frozen=True, array_like=True, gc=False):
    """A buyer who is in: arm, since when (epoch ms)."""

    buyer: str
    arm: str
    since_ms: int


async def look(
    connection: Connection, tenant: int, id_: uuid.UUID, clock: Callable[[], int]
) -> Campaign:
    """Look after a campaign, on a connection in autocommit. Raises InputError `no_campaign`."""
    campaign = await campaign_rows.read(connection, tenant, id_)
    if campaign.state == "proposed":
        return campaign
    now_ms = clock()
    await connection.execute(_LOOKED, (write.instant(now_ms * 1000), tenant, id_))
    if campaign.state == "running":
        folder = of_tenant(assets.place(), tenant)
        await asset_pieces.follow(connection, tenant, folder)
        await _enrol(connection, tenant, campaign, now_ms)
    await campaign_telling.tell(connection, tenant, campaign, clock)
    return await _measure(connection, tenant, campaign, clock())


async def _enrol(connection: Connection, tenant: int, campaign: Campaign, now_ms: int) -> None:
    """Draw the arm of whoever bought the first goods lately and not yet the others."""
    known = {e.buyer for e in await _read(connection, tenant, campaign)}
    found = await asyncio.to_thread(_find, assets.place(), tenant, campaign, now_ms)
    fresh = [b for b in found if b.buyer not in known][: CAMPAIGN_BUYERS - len(known)]
    key = await asset_pieces.read_salt(connection, tenant)
    for at in range(0, len(fresh), CAMPAIGN_ENROL):
        await _take_in(connection, tenant, campaign, key, fresh[at : at + CAMPAIGN_ENROL], now_ms)


async def _take_in(
    connection: Connection,
    tenant: int,
    campaign: Campaign,
    key: bytes,
    buyers: list[Buyer],
    now_ms: int,
) -> None:
    now = write.instant(now_ms * 1000)
    arms: dict[str, list[str]] = {"treated": [], "holdout": []}
    async with connection.transaction():
        for one in buyers:
            arm = trial.draw_arm(key, campaign.id.bytes, one.buyer, campaign.plan.holdout)
            told, next_try = ("due", now) if arm == "treated" else ("", None)
            row = (one.order, one.number, one.channel, one.shop, now, told, next_try)
            given = (tenant, campaign.id, one.buyer, arm, *row)
            if (await connection.execute(_ENROL, given)).rowcount == 1:
                arms[arm].append(one.buyer)
        if arms["treated"] or arms["holdout"]:
            treated, holdout = tuple(arms["treated"]), tuple(arms["holdout"])
            await campaign_rows.change(
                connection,
                tenant,
                campaign.id,
                ROBOT,
                now_ms,
                lambda c: decide.enrol(c, treated, holdout),
            )


def _find(folder: Path, tenant: int, campaign: Campaign, now_ms: int) -> list[Buyer]:
    plan = campaign.plan
    since_ms = now_ms - plan.window_d * _DAY_MS
    sql = _FOUND.format(item=ITEM[plan.level])
    with asset_store.open_store(folder, tenant) as store:
        store.sources(("orders", "lines"))
        told = [plan.first, since_ms, now_ms, plan.then]
        return [Buyer(*row) for row in store.backend.con.execute(sql, told).fetchall()]


def _outcomes(folder: Path, tenant: int, campaign: Campaign, since_ms: int) -> dict[str, list[int]]:
    """Give when buyers bought the other goods, by buyer."""
    plan = campaign.plan
    sql = _OUTCOMES.format(item=ITEM[plan.level])
    out: dict[str, list[int]] = {}
    with asset_store.open_store(folder, tenant) as store:
        store.sources(("orders", "lines"))
        for buyer, moment in store.backend.con.execute(sql, [plan.then, since_ms]).fetchall():
            out.setdefault(buyer, []).append(moment)
    return out


async def _read(connection: Connection, tenant: int, campaign: Campaign) -> list[Enrolled]:
    cursor = await connection.execute(_ENROLLED, (tenant, campaign.id))
    return [Enrolled(*row) for row in await cursor.fetchall()]


async def _measure(
    connection: Connection, tenant: int, campaign: Campaign, now_ms: int
) -> Campaign:
    """Count who bought, say so, and stop where there is a reason to."""
    enrolled = await _read(connection, tenant, campaign)
    since_ms = enrolled[0].since_ms if enrolled else now_ms
    bought = await asyncio.to_thread(_outcomes, assets.place(), tenant, campaign, since_ms)
    plan = campaign.plan
    did = [
        any(
            e.since_ms < at <= e.since_ms + plan.window_d * _DAY_MS
            for at in bought.get(e.buyer, ())
        )
        for e in enrolled
    ]
    used = sum(d for e, d in zip(enrolled, did, strict=True) if e.arm == "treated")
    counted_ms = now_ms - plan.counted_after_h * _HOUR_MS
    counted = [(e, d) for e, d in zip(enrolled, did, strict=True) if e.since_ms <= counted_ms]
    arms, recent = _arms(counted), _arms(counted[len(counted) // 2 :])

    told = await campaign_rows.change(
        connection, tenant, campaign.id, ROBOT, now_ms, lambda c: decide.measure(c, arms, used)
    )
    assert not isinstance(told, Refusal)
    why = decide.why_stop(told, told.figures, recent, now_ms) if told.state == "running" else None
    if why is None:
        return told
    after = await campaign_rows.change(
        connection, tenant, campaign.id, ROBOT, now_ms, lambda c: decide.stop(c, why, "")
    )
    return told if isinstance(after, Refusal) else after


def _arms(counted: list[tuple[Enrolled, bool]]) -> Arms:
    treated = [d for e, d in counted if e.arm == "treated"]
    holdout = [d for e, d in counted if e.arm == "holdout"]
    return Arms(
        treated=len(treated),
        treated_bought=sum(treated),
        holdout=len(holdout),
        holdout_bought=sum(holdout),
    )
