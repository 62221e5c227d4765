"""Act `promotion_split`: quotas share a promotion's stock in a warehouse among channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from danshu.capabilities.stock.facts import QuotaSet
from danshu.hub import network_settings, shelves
from danshu.hub.agent_act import Measured, Performed, Rehearsed, Reversibility
from danshu.hub.fields import PLAIN, Code
from danshu.hub.stock_once import between, do_once, read_level
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import SPLIT_CHANNELS, STOCK_UNITS
from danshu.ports.skill import Cited, Told

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_DAY_MS: Final = 86_400_000
CHANGED: Final = Refusal(
    code="quota_changed",
    reason="配额在采纳之后被人改过，不再改回",
    reason_en="The quotas were changed since: they are left as they are",
    clause="quota.cap",
)
TWICE: Final = Refusal(
    code="channel_twice",
    reason="同一渠道写了两次",
    reason_en="A channel is named twice",
    clause="quota.channel",
)
_QUOTAS: Final = """
select q.channel, q.cap, q.used from quotas q
join warehouses w on w.tenant=q.tenant and w.no=q.wh join skus k on k.tenant=q.tenant and k.no=q.sku
where q.tenant=%s and w.code=%s and k.code=%s and q.channel=any(%s)
"""
_PRICE: Final = "select price_fen from skus where tenant=%s and code=%s"


class ChannelUnits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A channel's quota: units that it may sell in all, what it sold already counts."""

    channel: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,31}(?![\s\S])")]
    cap: Annotated[int, Meta(ge=0, le=STOCK_UNITS)]


class SplitParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a warehouse's stock of a SKU is shared for a promotion."""

    promotion: Annotated[str, Meta(max_length=64, pattern=PLAIN)]
    warehouse: Code
    sku: Code
    split: Annotated[tuple[ChannelUnits, ...], Meta(min_length=1, max_length=SPLIT_CHANNELS)]


class SplitAct:
    """The act."""

    action = "promotion_split"
    title = Told(zh="分配大促库存", en="Share a promotion's stock")
    reversibility: Reversibility = "reversible"
    sensitivity: Literal[1, 2, 3] = 2
    parameters: type[Struct] = SplitParameters
    measured_after_ms = 7 * _DAY_MS
    right = "quota.write"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: SplitParameters
    ) -> Rehearsed | Refusal:
        """Say what each channel could sell then."""
        p = parameters
        if len({one.channel for one in p.split}) < len(p.split):
            return TWICE
        async with hub.connection() as connection:
            await read_level(connection, tenant, p.warehouse, p.sku)
            now = await _read_quotas(connection, tenant, p)
        changes = tuple([_tell(p, one, now) for one in p.split])
        return Rehearsed(changes=changes, touched=len(changes), back_until="always")

    async def perform(
        self, hub: Hub, tenant: int, proposal: uuid.UUID, parameters: SplitParameters, actor: Actor
    ) -> Performed | Refusal:
        """Set the quotas."""
        p = parameters
        if len({one.channel for one in p.split}) < len(p.split):
            return TWICE

        async def do(connection: Connection) -> Performed:
            await read_level(connection, tenant, p.warehouse, p.sku)
            before = await _read_quotas(connection, tenant, p)
            for one in p.split:
                await _set(connection, tenant, p, one.channel, one.cap, actor)
            kept = {
                "before": {channel: cap for channel, (cap, _) in before.items()},
                "caps": {one.channel: one.cap for one in p.split},
            }
            return _performed(p, kept)

        return await do_once(hub, tenant, proposal, do)

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: SplitParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Set the quotas back as they were; those that had none lose theirs."""
        p = parameters

        async def do(connection: Connection) -> Performed | Refusal:
            now = await _read_quotas(connection, tenant, p)
            if {channel: cap for channel, (cap, _) in now.items()} != done.kept["caps"]:
                return CHANGED
            for one in p.split:
                cap = int(done.kept["before"].get(one.channel, -1))
                await _set(connection, tenant, p, one.channel, cap, actor)
            return _performed(p, done.kept)

        return await do_once(hub, tenant, proposal, do, back=True)

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: SplitParameters,
        done: Performed,
    ) -> Measured | None:
        """Count what channels sold beyond their old quota, less what others may have lost by a
        smaller one that they used up.
        """
        del proposal
        p = parameters
        async with hub.connection() as connection:
            now = await _read_quotas(connection, tenant, p)
            row = await (await connection.execute(_PRICE, (tenant, p.sku))).fetchone()
            settings = (await network_settings.read(connection, tenant)).settings
        gained = lost = 0
        for one in p.split:
            old = int(done.kept["before"].get(one.channel, -1))
            cap, used = now.get(one.channel, (-1, 0))
            if old >= 0:
                gained += max(0, used - old)
            if 0 <= cap <= used:  # used up: with more it might have sold more
                lost += max(0, (old if old >= 0 else cap) - cap)
        unit = (row[0] if row else 0) * settings.short_share / 1000
        return Measured(
            worth=between((gained - lost) * unit, (gained - lost / 2) * unit, gained * unit),
            method="replayed",
            counted=len(p.split),
            text=Told(
                zh=f"超出旧配额多卖 {gained} 件；配额变小且用尽的渠道最多少卖 {lost} 件",
                en=f"{gained} units were sold beyond the old quotas; channels whose smaller quota "
                f"was used up lost {lost} at most",
            ),
        )


def _tell(p: SplitParameters, one: ChannelUnits, now: dict[str, tuple[int, int]]) -> Told:
    cap, used = now.get(one.channel, (-1, 0))
    before_zh = f"配额 {cap}" if cap >= 0 else "没有配额"
    before_en = f"quota {cap}" if cap >= 0 else "no quota"
    return Told(
        zh=f"{p.warehouse} 的 {p.sku} 在 {one.channel}:{before_zh} → {one.cap}，已卖 {used}",
        en=f"{p.sku} in {p.warehouse} on {one.channel}: {before_en} → {one.cap}, {used} sold",
    )


async def _read_quotas(
    connection: Connection, tenant: int, p: SplitParameters
) -> dict[str, tuple[int, int]]:
    """Read (cap, used) of the channels that have a quota."""
    channels = [one.channel for one in p.split]
    cursor = await connection.execute(_QUOTAS, (tenant, p.warehouse, p.sku, channels))
    return {channel: (int(cap), int(used)) for channel, cap, used in await cursor.fetchall()}


async def _set(
    connection: Connection, tenant: int, p: SplitParameters, channel: str, cap: int, actor: Actor
) -> None:
    quota = QuotaSet(warehouse=p.warehouse, sku=p.sku, channel=channel, cap=cap)
    await shelves.set_quota(connection, tenant, quota, actor)


def _performed(p: SplitParameters, kept: dict[str, Any]) -> Performed:
    where = Cited(kind="stock", ref=p.sku, label=f"{p.warehouse} {p.sku}")
    return Performed(made=(where,), touched=len(p.split), kept=kept)
