"""Act `safety_stock`: how many units of a row no order is promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from danshu.capabilities.stock.facts import Moved
from danshu.hub import network_settings, shelves
from danshu.hub.agent_act import Measured, Performed, Rehearsed, Reversibility
from danshu.hub.fields import Code
from danshu.hub.stock_once import between, do_once, read_level
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import STOCK_UNITS
from danshu.ports.skill import Cited, Told

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_DAY_MS: Final = 86_400_000
_WEEKS: Final = 4
REASON: Final = "agent"
CHANGED: Final = Refusal(
    code="safety_changed",
    reason="安全库存在提案之后被人改过，请重新提案",
    reason_en="The safety stock was changed since this was proposed: propose it again",
    clause="stock.safety",
)
# Chance to run out within a week, by the newest plan of the network: of the row itself, and of the
# same goods elsewhere; the week's demand in thousandths of a unit; the price.
_RISK: Final = """
select r.wh, r.c7, r.daily_milli, coalesce(k.price_fen,0) from network_heads h
join network_rows r on r.tenant=h.tenant and r.run=h.no and r.sku=%s
left join skus k on k.tenant=h.tenant and k.code=r.sku
where h.tenant=%s
"""


class SafetyParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row's safety stock as it is, `now`, and as it shall be, units."""

    warehouse: Code
    sku: Code
    now: Annotated[int, Meta(ge=0, le=STOCK_UNITS)]
    safety: Annotated[int, Meta(ge=0, le=STOCK_UNITS)]


class SafetyAct:
    """The act."""

    action = "safety_stock"
    title = Told(zh="调整安全库存", en="Set safety stock")
    reversibility: Reversibility = "reversible"
    sensitivity: Literal[1, 2, 3] = 1
    parameters: type[Struct] = SafetyParameters
    measured_after_ms = 7 * _WEEKS * _DAY_MS
    right = "stock.write"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: SafetyParameters
    ) -> Rehearsed | Refusal:
        """Say what could be promised then."""
        p = parameters
        async with hub.connection() as connection:
            on_hand, reserved, safety = await read_level(connection, tenant, p.warehouse, p.sku)
        if safety != p.now:
            return CHANGED
        free = max(0, on_hand - reserved - p.safety)
        told = Told(
            zh=f"{p.warehouse} 的 {p.sku} 安全库存 {safety} → {p.safety} 件，可承诺 {free} 件",
            en=f"Safety stock of {p.sku} in {p.warehouse} {safety} → {p.safety}; {free} may be "
            "promised",
        )
        return Rehearsed(changes=(told,), touched=1, back_until="always")

    async def perform(
        self, hub: Hub, tenant: int, proposal: uuid.UUID, parameters: SafetyParameters, actor: Actor
    ) -> Performed | Refusal:
        """Set it, unless somebody changed it since it was proposed."""
        p = parameters

        async def do(connection: Connection) -> Performed | Refusal:
            told = await _shift(connection, tenant, p, p.now, p.safety, actor)
            if told is not None:
                return told
            kept = {"now": p.now, **await _read_service(connection, tenant, p)}
            return _performed(p, kept)

        return await do_once(hub, tenant, proposal, do)

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: SafetyParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Set it back, unless somebody changed it since."""
        p = parameters

        async def do(connection: Connection) -> Performed | Refusal:
            told = await _shift(connection, tenant, p, p.safety, p.now, actor)
            return told if told is not None else _performed(p, done.kept)

        return await do_once(hub, tenant, proposal, do, back=True)

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: SafetyParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare the row's service with that of the same goods elsewhere, before and after."""
        del proposal
        p, before = parameters, done.kept
        async with hub.connection() as connection:
            after = await _read_service(connection, tenant, p)
            settings = (await network_settings.read(connection, tenant)).settings
        if "service" not in before or "service" not in after:
            return None
        gained = int(after["service"]) - int(before["service"])
        matched = int(after["matched"]) - int(before["matched"])
        net = gained - matched if after["counted"] else gained
        sold_fen = int(after["daily_milli"]) * 7 * _WEEKS * int(after["price_fen"]) / 1000
        fen = net / 1000 * sold_fen * settings.short_share / 1000
        held = max(0, p.safety - p.now) * int(after["price_fen"])
        cost = held * settings.holding_share / 1000 * 7 * _WEEKS / 365
        return Measured(
            worth=between(fen / 2 - cost, fen - cost, fen * 3 / 2 - cost),
            method="matched" if after["counted"] else "before_after",
            counted=1 + int(after["counted"]),
            text=Told(
                zh=f"一周不断货的把握 {before['service']}‰ → {after['service']}‰;"
                f"同商品另外 {after['counted']} 个仓变了 {matched}‰",
                en=f"Chance of a week without running out {before['service']} → "
                f"{after['service']} thousandths; the same goods in {after['counted']} other "
                f"warehouses changed by {matched}",
            ),
        )


async def _shift(
    connection: Connection, tenant: int, p: SafetyParameters, now: int, then: int, actor: Actor
) -> Refusal | None:
    _, _, safety = await read_level(connection, tenant, p.warehouse, p.sku)
    if safety != now:
        return CHANGED
    if then == now:
        return None
    moved = [Moved(sku=p.sku, safety=then - now)]
    return await shelves.receive_stock(connection, tenant, p.warehouse, moved, REASON, actor)


async def _read_service(connection: Connection, tenant: int, p: SafetyParameters) -> dict[str, Any]:
    """Read how sure a week without running out is, in thousandths: of the row, and elsewhere."""
    rows = await (await connection.execute(_RISK, (p.sku, tenant))).fetchall()
    own = next((row for row in rows if row[0] == p.warehouse), None)
    if own is None:
        return {}
    others = [1000 - row[1] for row in rows if row[0] != p.warehouse]
    return {
        "service": 1000 - own[1],
        "matched": round(sum(others) / len(others)) if others else 0,
        "counted": len(others),
        "daily_milli": own[2],
        "price_fen": own[3],
    }


def _performed(p: SafetyParameters, kept: dict[str, Any]) -> Performed:
    where = Cited(kind="stock", ref=p.sku, label=f"{p.warehouse} {p.sku}")
    return Performed(made=(where,), touched=1, kept=kept)
