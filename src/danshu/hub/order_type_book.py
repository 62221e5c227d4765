"""The types 订单类型 that orders are placed by and follow: what the desk holds of them in memory.

A version never changes; an order goes on by the one that it was placed under. A merchant without
types pays nothing for them: their world holds None.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.order_types import decide, reading, spans
from danshu.hub.typed_world import OpenGroup, Types
from danshu.kernel.errors import InputError, ProgramError, Refusal

if TYPE_CHECKING:
    from danshu.capabilities.order_types.model import OrderType, TypeStage
    from danshu.capabilities.orders.model import Order
    from danshu.hub.routing import Ask
    from danshu.hub.world import World
    from danshu.ports.channel import Draft

Connection = psycopg.AsyncConnection[Any]
_LOAD: Final = "select body, active from order_types where tenant=%b order by code, version"
_GROUPS: Final = """
select type, code, region, (extract(epoch from closes)*1000)::int8 from order_groups
where tenant=%b and state='open'
"""
NOT_NOW: Final = Refusal(
    code="not_reserving",
    reason="这个阶段还不占库存",
    reason_en="Nothing is reserved in this stage yet",
    clause="order_type.stages",
)


@lru_cache(maxsize=1024)
def read_body(body: bytes) -> OrderType:
    """Read a version as stored; the same bytes are read once."""
    return reading.read(body)


async def load(connection: Connection, tenant: int) -> Types | None:
    """Read a merchant's types and open groups; None for one that has none."""
    rows = await (await connection.execute(_LOAD, (tenant,), binary=True)).fetchall()
    if not rows:
        return None
    kinds = [(read_body(bytes(body)), active) for body, active in rows]
    groups = await (await connection.execute(_GROUPS, (tenant,), binary=True)).fetchall()
    active = {k.type: k for k, is_active in kinds if is_active}
    return Types(
        versions={(k.type, k.version): k for k, _ in kinds},
        active=active,
        unnamed=tuple([k for k in active.values() if not k.scope.named]),
        groups={(t, c): OpenGroup(region, closes) for t, c, region, closes in groups},
    )


def kind_of(world: World, order: Order) -> OrderType:
    """Give the version that an order follows. Raises ProgramError where this world is too old."""
    types = world.order_types
    kind = types.versions.get((order.type, order.type_version)) if types else None
    if kind is None:
        raise ProgramError(f"no order type {order.type} v{order.type_version} in this world")
    return kind


def choose(types: Types, draft: Draft, named: str, group: str, at_ms: int) -> OrderType | None:
    """Choose the type of an order that is placed at `at_ms`, None for a plain one.

    Raises InputError for a named type that is not in use, or not for this order.
    """
    if not named:
        if group:
            raise InputError("no_type", "a group is of an order type: name it", "/type")
        return next((k for k in types.unnamed if not _misfit(k, draft, at_ms)), None)
    kind = types.active.get(named)
    if kind is None:
        raise InputError("unknown_type", f"no order type {named!r} is in use", "/type")
    misfit = _misfit(kind, draft, at_ms)
    if misfit is not None:
        raise misfit
    if bool(kind.group) != bool(group):
        why = "name the group" if kind.group else "this type has no groups"
        raise InputError("no_group", why, "/group")
    if group:
        opened = types.groups.get((named, group))
        if opened is None:
            raise InputError("unknown_group", f"no open group {group!r}", "/group")
        if at_ms > opened.closes_ms:
            raise InputError("group_closed", f"group {group!r} has closed", "/group")
    if kind.buyer_units and not draft.buyer:
        raise InputError(
            "no_buyer", "this type counts what a buyer takes: name the buyer", "/buyer"
        )
    return kind


def _misfit(kind: OrderType, draft: Draft, at_ms: int) -> InputError | None:
    """Say why an order is not of a type, None where it is."""
    scope = kind.scope
    if scope.channels and draft.channel not in scope.channels:
        return InputError("type_channel", f"not for channel {draft.channel!r}", "/channel")
    if scope.marks and draft.presale != scope.marks:
        return InputError("type_marks", "the platform does not mark it so", "/type")
    for i, line in enumerate(draft.lines):
        if scope.skus and line.sku not in scope.skus:
            return InputError("type_sku", f"{line.sku!r} is not sold by it", f"/lines/{i}/sku")
    if scope.opens and at_ms < spans.at_ms(scope.opens, at_ms):
        return InputError("type_not_open", f"it opens at {scope.opens}", "/type")
    if scope.closes and at_ms >= spans.at_ms(scope.closes, at_ms):
        return InputError("type_closed", f"it closed at {scope.closes}", "/type")
    return None


def reserving(world: World, order: Order) -> TypeStage | None:
    """Give the stage by which units of an order are reserved; None where they are not yet."""
    return decide.reserves(kind_of(world, order), order.phase)


def hide(world: World, within: tuple[str, ...], ask: Ask) -> tuple[list[int], Any]:
    """Let a decision see the stock of the named warehouses alone; gives what `show` puts back."""
    skus = sorted({line[1] for line in ask.lines})
    out = [no for no, w in enumerate(world.warehouses) if w.code not in within]
    kept = world.atp[skus].copy()
    for sku in skus:
        world.atp[sku, out] = 0
    return skus, (out, kept)


def show(world: World, hidden: tuple[list[int], Any]) -> None:
    """Put back the stock that was hidden; what the decision took elsewhere stays taken."""
    skus, (out, kept) = hidden
    for at, sku in enumerate(skus):
        world.atp[sku, out] = kept[at, out]
