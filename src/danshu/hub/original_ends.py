"""What an original ends in: an order, an order that is no more, a repair. Then its row says so."""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.orders.commands import Command
from danshu.hub import acts, original_joins, original_placing, original_rows
from danshu.hub.original_facts import OriginalActed, OriginalOrdered
from danshu.kernel.errors import InputError, Refusal
from danshu.ports.modality import Intent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Draft, Repair

Connection = Any
_OWNED: Final = (
    "insert into order_blobs(tenant,oid,digest,kind) values(%s,%s,%s,'original')"
    " on conflict do nothing"
)


class Done(Struct, frozen=True, kw_only=True):
    """What was done: an order placed (`number`), or an act on one, or a repair opened."""

    state: str
    order: uuid.UUID | None = None
    number: str = ""
    existing: bool = False
    act: str = ""
    repair: uuid.UUID | None = None


async def carry_out(
    hub: Hub,
    lent: Connection | None,
    tenant: int,
    row: Row,
    intent: str,
    draft: Draft,
    actor: Actor,
) -> Done | Refusal:
    """Do what a draft asks for; done once however often it is tried. `lent` is the caller's
    connection, whose transaction a repair is opened in.

    Raises InputError for what can't be done as it stands, NotAvailable, UnknownOutcome.
    """
    if draft.repair is not None:
        async with contextlib.AsyncExitStack() as stack:
            connection = lent or await stack.enter_async_context(hub.connection())
            return await _repair(hub, connection, tenant, row, draft.repair, actor)
    if intent in (Intent.CANCEL, Intent.REPLACE):
        cancelled = await _cancel(hub, tenant, draft, actor)
        if isinstance(cancelled, Refusal) or intent == Intent.CANCEL:
            return cancelled
    placed = await original_placing.place(hub, lent, tenant, row, draft, actor)
    if isinstance(placed, Refusal):
        return placed
    return Done(state="ordered", order=placed.order, number=placed.number, existing=placed.existing)


async def _cancel(hub: Hub, tenant: int, draft: Draft, actor: Actor) -> Done | Refusal:
    try:
        order = uuid.UUID(draft.of_order)
    except ValueError as error:
        raise InputError("which_order", "say which order is meant", "/of_order") from error

    def decide(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        if held.order.cancelled:  # a second try finds it done
            return acts.Change(order=held.order, said=[], promises=held.promises)
        told = Command(event="cancel", reason="original", by=actor.sub)
        return acts.command(told)(world, held, now_ms)

    done = await hub.change(tenant, order, decide, actor)
    if isinstance(done, Refusal):
        return done
    return Done(state="acted", order=order, act="cancel")


async def _repair(
    hub: Hub, connection: Connection, tenant: int, row: Row, repair: Repair, actor: Actor
) -> Done:
    """Have done what the graph says about the symptoms, whatever was heard."""
    async with connection.transaction():
        directed = await original_joins.direct(connection, tenant, repair)
        opened = await original_joins.open_repair(
            hub, connection, tenant, row, repair, directed, actor
        )
        order = await original_joins.order_of_repair(connection, tenant, opened)
    return Done(state="acted", act="repair", repair=opened, order=order)


async def end(
    connection: Connection,
    tenant: int,
    row: Row,
    done: Done,
    draft: Draft,
    actor: Actor,
    now_ms: int,
    said: Sequence[Struct] = (),
    **columns: Any,
) -> Row:
    """Say what became of a locked original and keep it, in the caller's transaction."""
    told: Struct
    if done.act:
        order, repair = str(done.order or ""), str(done.repair or "")
        told = OriginalActed(act=done.act, order=order, repair=repair)
    else:
        told = OriginalOrdered(existing=done.existing, number=done.number, order=str(done.order))
    if done.order is not None and done.act != "cancel":
        owned = (tenant, done.order, bytes.fromhex(row.digest))
        await connection.execute(_OWNED, owned)
    return await original_rows.change(
        connection,
        tenant,
        row,
        actor,
        now_ms,
        [*said, told],
        state=done.state,
        order_id=done.order,
        repair_id=done.repair,
        draft=draft,
        by=actor.sub,
        done=now_ms,
        due=None,
        question=None,
        **columns,
    )
