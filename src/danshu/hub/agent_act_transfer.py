"""Act `transfer`: a transfer order is planned between two warehouses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct

from danshu.capabilities.transfers.model import Plan, PlannedUnits, Transfer
from danshu.hub import network_settings, stock_sales, transfer_rows, transfers
from danshu.hub.agent_act import Measured, Performed, Rehearsed, Reversibility
from danshu.hub.fields import PLAIN, Code
from danshu.hub.stock_once import between, read_level
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import AMOUNT_MINOR, STOCK_UNITS
from danshu.ports.skill import Cited, Told

if TYPE_CHECKING:
    import uuid
    from typing import Any

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

_DAY_MS: Final = 86_400_000
_SHORT: Final = Refusal(
    code="transfer_short",
    reason="调出仓可用库存已不足",
    reason_en="The source can't give that much any more",
    clause="stock.atp",
)
_PRICE: Final = "select price_fen from skus where tenant=%s and code=%s"


class TransferParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units of a SKU go from where to where, on which truck, at which cost in 分, in how
    many days.
    """

    from_warehouse: Code
    to_warehouse: Code
    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=STOCK_UNITS)]
    truck: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    cost_fen: Annotated[int, Meta(ge=0, le=AMOUNT_MINOR)] = 0
    days: Annotated[int, Meta(ge=0, le=60)] = 0


class TransferAct:
    """The act."""

    action = "transfer"
    title = Told(zh="仓间调拨", en="Transfer between warehouses")
    reversibility: Reversibility = "reversible"
    sensitivity: Literal[1, 2, 3] = 2
    parameters: type[Struct] = TransferParameters
    measured_after_ms = 14 * _DAY_MS
    right = "transfer.write"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: TransferParameters
    ) -> Rehearsed | Refusal:
        """Say what would be reserved, if the source can still give it."""
        p = parameters
        async with hub.connection() as connection:
            on_hand, reserved, safety = await read_level(
                connection, tenant, p.from_warehouse, p.sku
            )
        left = on_hand - reserved - safety - p.quantity
        if left < 0:
            return _SHORT
        changes = (
            Told(
                zh=f"{p.from_warehouse} 占用 {p.quantity} 件 {p.sku}，可承诺的剩 {left} 件",
                en=f"{p.from_warehouse} reserves {p.quantity} of {p.sku}, {left} may be promised "
                "still",
            ),
            Told(
                zh=f"生成一张调拨单 {p.from_warehouse} → {p.to_warehouse}，{p.quantity} 件",
                en=f"A transfer order {p.from_warehouse} → {p.to_warehouse} of {p.quantity} is "
                "planned",
            ),
        )
        return Rehearsed(changes=changes, touched=p.quantity, back_until="before_dispatch")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: TransferParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Plan the transfer; its key names the proposal, so that there is one."""
        key = f"proposal:{proposal}"
        async with hub.connection() as connection:
            made: Transfer | Refusal | None = await transfer_rows.find(connection, tenant, key)
        if made is None:
            wish = Plan(
                from_warehouse=parameters.from_warehouse,
                to_warehouse=parameters.to_warehouse,
                lines=(PlannedUnits(quantity=parameters.quantity, sku=parameters.sku),),
                key=key,
                truck=parameters.truck,
                cost_fen=parameters.cost_fen,
                arrives_ms=hub.clock() + parameters.days * _DAY_MS if parameters.days else 0,
                proposal=str(proposal),
            )
            made = await transfers.plan(hub, tenant, wish, actor)
        return made if isinstance(made, Refusal) else _performed(made)

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: TransferParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Cancel it before it leaves; once it was received, plan the way back of what came."""
        del parameters
        one = await _read(hub, tenant, done)
        if one.state == "cancelled":
            return _performed(one)
        if one.state == "planned":
            gone = await transfers.cancel(hub, tenant, one.id, f"proposal:{proposal}", actor)
            return gone if isinstance(gone, Refusal) else _performed(gone)
        if one.state == "dispatched":
            return ON_ITS_WAY
        key = f"proposal:{proposal}:back"
        async with hub.connection() as connection:
            back: Transfer | Refusal | None = await transfer_rows.find(connection, tenant, key)
        if back is None:
            came = [PlannedUnits(quantity=n.good, sku=n.sku) for n in one.lines if n.good]
            if not came:
                return _performed(one)
            wish = Plan(
                from_warehouse=one.plan.to_warehouse,
                to_warehouse=one.plan.from_warehouse,
                lines=tuple(came),
                key=key,
                truck=one.plan.truck,
                cost_fen=one.plan.cost_fen,
                proposal=str(proposal),
            )
            back = await transfers.plan(hub, tenant, wish, actor)
        return back if isinstance(back, Refusal) else _performed(back)

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: TransferParameters,
        done: Performed,
    ) -> Measured | None:
        """Play the orders since it came again without it: what they would not have found is what
        it served. None until it has been received for a day.
        """
        del proposal, parameters
        one = await _read(hub, tenant, done)
        now_ms = hub.clock()
        if one.state == "cancelled":
            told = Told(zh="调拨单已取消，没有发出", en="The transfer was cancelled before it left")
            return Measured(worth=between(0, 0, 0), method="before_after", counted=0, text=told)
        if one.state != "received" or now_ms < one.ended_ms + _DAY_MS:
            return None
        async with hub.connection() as connection:
            settings = (await network_settings.read(connection, tenant)).settings
            served, fen, orders = 0, 0.0, 0
            for line in one.lines:
                if line.had < 0 or not line.good:
                    continue
                units, seen = await _replay(connection, tenant, one, line.sku, now_ms)
                row = await (await connection.execute(_PRICE, (tenant, line.sku))).fetchone()
                served += units
                orders += seen
                fen += units * (row[0] if row else 0) * settings.short_share / 1000
        cost, came = one.plan.cost_fen, sum(line.good for line in one.lines)
        return Measured(
            # Half of them might have been sent from further away, and half of what being short
            # costs comes on top where the buyer does not come back.
            worth=between(fen / 2 - cost, fen - cost, fen * 3 / 2 - cost),
            method="replayed",
            counted=orders,
            text=Told(
                zh=f"到货后 {orders} 张订单照实际重放:调来的 {came} 件里有 {served} 件，"
                f"没有它们 {one.plan.to_warehouse} 当时拿不出",
                en=f"{orders} orders since it came, played again: without the {came} units, "
                f"{one.plan.to_warehouse} would have lacked {served}",
            ),
        )


ON_ITS_WAY: Final = Refusal(
    code="transfer_on_its_way",
    reason="货已在路上，收到后才能调回",
    reason_en="It is on its way: it can go back once it was received",
    clause="transfer.state",
)


async def _replay(
    connection: Any, tenant: int, one: Transfer, sku: str, now_ms: int
) -> tuple[int, int]:
    """Give the units of this transfer that orders would not have found, and the orders seen."""
    line = next(n for n in one.lines if n.sku == sku)
    first_ms = one.receipts[0].at_ms
    target = one.plan.to_warehouse
    sales = [
        sale
        for sale in await stock_sales.read_sales(connection, tenant, sku, first_ms, now_ms)
        if sale.warehouse == target
    ]
    inflows = await stock_sales.read_inflows(connection, tenant, target, sku, first_ms)
    missing = stock_sales.replay_without(line.had, sales, inflows)
    moved = sum(one.units for one in inflows if one.moved and one.units > 0)
    # What several transfers brought at once is each one's by what it brought.
    share = line.good / max(moved, line.good)
    return min(line.good, round(missing * share)), len(sales)


async def _read(hub: Hub, tenant: int, done: Performed) -> Transfer:
    try:
        key = str(done.kept["key"])
    except KeyError:
        raise InputError("bad_parameters", "nothing was planned") from None
    async with hub.connection() as connection:
        found = await transfer_rows.find(connection, tenant, key)
    if found is None:
        raise transfer_rows.NO_TRANSFER
    return found


def _performed(one: Transfer) -> Performed:
    return Performed(
        made=(Cited(kind="stock", ref=f"transfer:{one.id}", label=one.number),),
        touched=sum(line.planned for line in one.lines),
        kept={"transfer": str(one.id), "number": one.number, "key": one.plan.key},
    )
