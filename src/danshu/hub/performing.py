"""Doing a contract action: begun, its evidence handed in, given up. `completing.py` ends it.

An act under way is a row and binds nobody; the fact comes with its end. While it is open its kinds
of evidence, its version and its doer stay what they were when it began.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.contract.actions import reading as action_bytes
from danshu.capabilities.contract.performing import decide
from danshu.capabilities.contract.performing.model import Doer, Goods, PastAct
from danshu.hub import acts, doers, trusted_time
from danshu.hub import performing_rows as rows
from danshu.kernel import ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ACTION_OPEN_S, ACTIONS_OPEN
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.orders.model import Order
    from danshu.hub.doers import By
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
NO_ACTION: Final = InputError("no_action", "there is no such action type", "/action")
OVER: Final = Refusal(
    code="act_over",
    reason="这次动作已做成、已放弃或已过期,请重新开始",
    reason_en="This act was finished, given up or is too old: begin anew",
    clause="performing.open",
)
NOT_YOURS: Final = Refusal(
    code="act_of_another",
    reason="这次动作由别人开始,只能由他做完",
    reason_en="Somebody else began this act; only they finish it",
    clause="performing.subject",
)
TOO_MANY: Final = Refusal(
    code="too_many_acts",
    reason=f"这张订单上最多同时进行 {ACTIONS_OPEN} 次动作",
    reason_en=f"At most {ACTIONS_OPEN} acts are under way on one order",
    clause="performing.limit",
)


_VERSIONS: Final = """
select distinct on (code) code, digest, body from actions a, (select %s::timestamptz as at) o,
  lateral (select published <= at and (retired is null or retired > at) as was) w
where tenant=%s and (%s='' or code=%s) and (was or active)
order by code, was desc, version desc
"""


def goods_of(world: World, order: Order, fulfilment: int) -> tuple[Goods, ...]:
    """Give the goods of an act: those of a fulfilment order, or of the whole order.

    Raises InputError `no_fulfilment`.
    """
    units: dict[str, int] = {}
    lines: dict[str, list[int]] = {}
    if fulfilment:
        part = next((f for f in order.fulfilments if f.no == fulfilment), None)
        if part is None:
            raise InputError("no_fulfilment", f"no fulfilment order {fulfilment}", "/fulfilment")
        parts = [(s.sku, s.line, s.quantity) for s in part.shares]
    else:
        parts = [(n.sku, n.no, n.quantity - n.cancelled) for n in order.lines]
    titles = {n.sku: n.title for n in order.lines}
    for sku, line, quantity in parts:
        units[sku] = units.get(sku, 0) + quantity
        lines.setdefault(sku, []).append(line)
    return tuple(
        [
            Goods(
                sku=sku,
                name=world.skus[sku][1].name if sku in world.skus else titles.get(sku, "") or sku,
                quantity=quantity,
                lines=tuple(lines[sku]),
            )
            for sku, quantity in units.items()
            if quantity
        ]
    )


def applies(action: Action, order: Order, promised: frozenset[str]) -> bool:
    """Tell whether an action is for an order: a promised one where the order carries the promise,
    any other by its conditions.
    """
    if action.promise is not None:
        return action.action in promised
    rule = action.applies
    if rule.channels and order.channel not in rule.channels:
        return False
    if order.channel in rule.channels_not:
        return False
    if rule.regions and not order.region.startswith(rule.regions):
        return False
    return not rule.requested


async def versions(
    connection: Connection, tenant: int, placed_ms: int, code: str = ""
) -> dict[str, tuple[Action, str]]:
    """Give the action types of an order by code, with their digests (hex): the version that held
    when it was placed, since a new one changes no running order; or, where there was none yet, the
    one that holds now. `code` asks for one alone.
    """
    values = (write.instant(placed_ms * 1000), tenant, code, code)
    cursor = await connection.execute(_VERSIONS, values)
    return {
        each: (action_bytes.read(bytes(body)), bytes(digest).hex())
        for each, digest, body in await cursor.fetchall()
    }


async def why_not(
    connection: Connection,
    tenant: int,
    held: acts.Held,
    by: By,
    action: Action,
    fulfilment: int,
    now_ms: int,
) -> tuple[tuple[Refusal, ...], Doer, str]:
    """Say why somebody may not do an action now, with who they are before it and in which role."""
    standing = await doers.look_up(connection, tenant, by, now_ms)
    doer, role = doers.seat(standing, action)
    past = await rows.read_past(connection, tenant, held.id)
    types = [a for a, _ in (await versions(connection, tenant, held.order.placed_ms)).values()]
    return weigh(held, doer, action, past, fulfilment, types), doer, role


def weigh(
    held: acts.Held,
    doer: Doer,
    action: Action,
    past: Sequence[PastAct],
    fulfilment: int,
    types: Sequence[Action],
) -> tuple[Refusal, ...]:
    """Say why somebody may not do an action on an order; `types` are those of the order."""
    fits = applies(action, held.order, frozenset(p.code for p in held.promises))
    words = doers.WORDS | {each.action: each.name for each in types}
    return decide.may(action, doer, past, applies=fits, fulfilment=fulfilment, words=words)


async def begin(
    connection: Connection,
    world: World,
    order: uuid.UUID,
    by: By,
    code: str,
    fulfilment: int,
    now_ms: int,
    *,
    began_ms: int = 0,
) -> rows.Act | Refusal:
    """Begin an act, or give the one that they began; `began_ms` when the work began before.

    Raises InputError `no_action`, `no_fulfilment`.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, order)
        if held is None:
            return acts.NO_ORDER
        found = await versions(connection, world.tenant, held.order.placed_ms, code)
        if code not in found:
            raise NO_ACTION
        action, definition = found[code]
        goods_of(world, held.order, fulfilment)
        refusals, doer, role = await why_not(
            connection, world.tenant, held, by, action, fulfilment, now_ms
        )
        if refusals:
            return refusals[0]
        if action.who.grade == "A":
            refusal = await trusted_time.check_begin(connection)
            if refusal:
                return refusal
        await rows.expire(connection, world.tenant, order, now_ms)
        opened = await rows.list_open(connection, world.tenant, order, ACTIONS_OPEN)
        for act in opened:
            same = (act.sub, act.action, act.fulfilment, act.definition)
            if same == (doer.sub, code, fulfilment, definition):
                return act
        if len(opened) >= ACTIONS_OPEN:
            return TOO_MANY
        act = rows.Act(
            id=ids.uuid7(now_ms, os.urandom(10)),
            order=order,
            fulfilment=fulfilment,
            action=code,
            version=action.version,
            definition=definition,
            sub=doer.sub,
            role=role,
            delegated_by=doer.delegated_by if role in doer.lent else "",
            source=by.source,
            state="open",
            began_ms=min(began_ms or now_ms, now_ms),
            ends_ms=now_ms + ACTION_OPEN_S * 1000,
        )
        await rows.insert(connection, world.tenant, act)
    return act


def why_closed(act: rows.Act, by: By, now_ms: int) -> Refusal | None:
    """Say why somebody may not go on with an act. Keys may hand in what systems collect."""
    if act.state != "open" or act.ends_ms <= now_ms:
        return OVER
    if by.person is not None and act.sub != by.sub:
        return NOT_YOURS
    return None


async def cancel(connection: Connection, tenant: int, act: rows.Act) -> None:
    """Give an act up, in the caller's transaction: no fact was said, so none is left."""
    await rows.end(connection, tenant, act.id, "cancelled", b"")
