"""Act `clear_slow_movers`: the list price of goods that sell too slowly falls.

The list price 标价 is the SKU's, in every warehouse: no price is kept by warehouse. Orders that
came in keep theirs; shops take the new one from the merchant's master data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from danshu.capabilities.stock.model import Sku, Storage
from danshu.hub import catalogues, network_settings, stock_sales
from danshu.hub.agent_act import Measured, Performed, Rehearsed, Reversibility
from danshu.hub.fields import Code
from danshu.hub.stock_once import between, do_once, read_level
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import MARKDOWN_MAX
from danshu.ports.skill import Cited, Told

if TYPE_CHECKING:
    import uuid

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = Any
_DAY_MS: Final = 86_400_000
_USUAL_DAYS: Final = 28
CHANGED: Final = Refusal(
    code="price_changed",
    reason="标价在降价之后被人改过，不再改回",
    reason_en="The price was changed since: it is left as it is",
    clause="sku.price",
)
NO_PRICE: Final = Refusal(
    code="no_price",
    reason="主数据里没有这种商品的标价",
    reason_en="The master data has no price of it",
    clause="sku.price",
)
_SKU: Final = """
select code,name,weight_g,storage,price_fen,barcode from skus where tenant=%s and code=%s for update
"""


class ClearanceParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods, the warehouse where too many lie, and how far their price falls, in thousandths of
    what it is when that is done.
    """

    warehouse: Code
    sku: Code
    markdown: Annotated[int, Meta(ge=1, le=MARKDOWN_MAX)]

    def lower(self, price_fen: int) -> int:
        """Give the price after it fell, 分; 1 at least."""
        return max(1, price_fen * (1000 - self.markdown) // 1000)


class ClearanceAct:
    """The act."""

    action = "clear_slow_movers"
    title = Told(zh="降价清滞销", en="Mark slow movers down")
    reversibility: Reversibility = "partly"
    sensitivity: Literal[1, 2, 3] = 3
    parameters: type[Struct] = ClearanceParameters
    measured_after_ms = _USUAL_DAYS * _DAY_MS
    right = "master.write"

    async def rehearse(
        self, hub: Hub, tenant: int, parameters: ClearanceParameters
    ) -> Rehearsed | Refusal:
        """Say which price would hold for how much stock."""
        p = parameters
        async with hub.connection() as connection, connection.transaction():
            on_hand, _, _ = await read_level(connection, tenant, p.warehouse, p.sku)
            sku = await _read(connection, tenant, p.sku)
        if sku.price_fen <= 1:
            return NO_PRICE
        now, then = _yuan(sku.price_fen), _yuan(p.lower(sku.price_fen))
        told = Told(
            zh=f"{p.sku} 标价 {now} → {then} 元，所有仓都按它;"
            f"{p.warehouse} 有 {on_hand} 件。已有的订单不变",
            en=f"List price of {p.sku} {now} → {then} yuan, in every "
            f"warehouse; {p.warehouse} has {on_hand}. Orders that are there keep theirs",
        )
        return Rehearsed(changes=(told,), touched=1, back_until="always")

    async def perform(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ClearanceParameters,
        actor: Actor,
    ) -> Performed | Refusal:
        """Write the new price."""
        p, now_ms = parameters, hub.clock()

        async def do(connection: Connection) -> Performed | Refusal:
            sku = await _read(connection, tenant, p.sku)
            if sku.price_fen <= 1:
                return NO_PRICE
            then = p.lower(sku.price_fen)
            await _price(connection, tenant, sku, then, actor)
            first_ms = now_ms - _USUAL_DAYS * _DAY_MS
            sales = await stock_sales.read_sales(connection, tenant, p.sku, first_ms, now_ms)
            usual = sum(sale.units for sale in sales)
            kept = {"at_ms": now_ms, "usual": usual, "was_fen": sku.price_fen, "is_fen": then}
            return _performed(p, kept)

        done = await do_once(hub, tenant, proposal, do)
        hub.worlds.forget(tenant)
        return done

    async def compensate(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ClearanceParameters,
        done: Performed,
        actor: Actor,
    ) -> Performed | Refusal:
        """Write the old price again, unless somebody changed it since; what was sold stays sold."""
        p = parameters

        async def do(connection: Connection) -> Performed | Refusal:
            sku = await _read(connection, tenant, p.sku)
            if sku.price_fen != done.kept["is_fen"]:
                return CHANGED
            await _price(connection, tenant, sku, int(done.kept["was_fen"]), actor)
            return _performed(p, done.kept)

        back = await do_once(hub, tenant, proposal, do, back=True)
        hub.worlds.forget(tenant)
        return back

    async def measure(
        self,
        hub: Hub,
        tenant: int,
        proposal: uuid.UUID,
        parameters: ClearanceParameters,
        done: Performed,
    ) -> Measured | None:
        """Compare units sold since with the usual rate; what they saved less what they gave up."""
        del proposal
        p, now_ms = parameters, hub.clock()
        first_ms = int(done.kept["at_ms"])
        days = (now_ms - first_ms) / _DAY_MS
        if days < 1:
            return None
        async with hub.connection() as connection:
            sales = await stock_sales.read_sales(connection, tenant, p.sku, first_ms, now_ms)
            settings = (await network_settings.read(connection, tenant)).settings
        was_fen = int(done.kept["was_fen"])
        saved_fen = was_fen * settings.write_down_share / 1000
        sold = sum(sale.units for sale in sales)
        usual = int(done.kept["usual"]) * days / _USUAL_DAYS
        # Counts of sales vary like Poisson: the square root of both, at 80 %.
        spread = 1.28 * (sold + usual * days / _USUAL_DAYS) ** 0.5
        given = min(usual, sold) * (was_fen - int(done.kept["is_fen"]))
        low, mid, high = (
            max(0.0, sold - usual + shift) * saved_fen - given for shift in (-spread, 0.0, spread)
        )
        return Measured(
            worth=between(low, mid, high),
            method="before_after",
            counted=sold,
            text=Told(
                zh=f"降价后 {days:.0f} 天卖出 {sold} 件，照平常该卖 {usual:.1f} 件",
                en=f"{sold} units in {days:.0f} days since; {usual:.1f} would have been usual",
            ),
        )


async def _read(connection: Connection, tenant: int, code: str) -> Sku:
    row = await (await connection.execute(_SKU, (tenant, code))).fetchone()
    if row is None:
        raise InputError("bad_parameters", f"no SKU {code!r}", "/sku")
    return Sku(
        code=row[0],
        name=row[1],
        weight_g=row[2],
        storage=Storage(row[3]),
        price_fen=row[4],
        barcode=row[5],
    )


async def _price(
    connection: Connection, tenant: int, sku: Sku, price_fen: int, actor: Actor
) -> None:
    await catalogues.put_skus(connection, tenant, [replace(sku, price_fen=price_fen)], actor)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _performed(p: ClearanceParameters, kept: dict[str, Any]) -> Performed:
    where = Cited(kind="stock", ref=p.sku, label=f"{p.sku} {_yuan(kept['is_fen'])}")
    return Performed(made=(where,), touched=1, kept=kept)
