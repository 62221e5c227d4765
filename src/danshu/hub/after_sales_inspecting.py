"""退货验收 as a contract action: the parcel that was scanned and the photos are its evidence.

Where the action type that holds for the order asks for grade A, an inspection ends by the
inspector's signature and not otherwise. Where it asks for less it ends in the same commit as the
case's own fact; a program, or a person in none of its roles, says it by the merchant's word alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import (
    act_evidence,
    acts,
    after_sales,
    after_sales_rows,
    completing,
    performing,
    stating,
)
from danshu.hub import performing_rows as rows
from danshu.hub.after_sales_goods import INSPECTION
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ACTIONS_OPEN

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.contract.actions.model import Action
    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row
    from danshu.hub.changes import Held
    from danshu.hub.doers import By
    from danshu.hub.passkeys import Origin
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_BY_HAND: Final = frozenset({"scan", "photo"})
SIGNED: Final = "A"  # the grade that a signature alone gives
OTHER_PARCEL: Final = Refusal(
    code="other_parcel",
    reason="扫到的不是这张售后单的包裹",
    reason_en="What was scanned is not the parcel of this case",
    clause="after_sales.parcel",
)
SCAN_FIRST: Final = Refusal(
    code="scan_first",
    reason="先扫包裹,再质检",
    reason_en="Scan the parcel before its goods are inspected",
    clause="after_sales.parcel",
)
SIGN_FIRST: Final = Refusal(
    code="sign_first",
    reason="质检要本人签署",
    reason_en="The inspection is to be signed by whoever made it",
    clause="after_sales.inspect",
)


async def _type(connection: Connection, world: World, held: Held) -> Action | None:
    """Give the action type that an inspection of this order's goods is; None where none holds."""
    placed_ms = held.order.placed_ms
    found = await performing.versions(connection, world.tenant, placed_ms, INSPECTION)
    if INSPECTION not in found:
        return None
    action, _ = found[INSPECTION]
    promised = frozenset(p.code for p in held.promises)
    return action if performing.applies(action, held.order, promised) else None


def _is_by_hand(action: Action) -> bool:
    """Tell whether a hand-held gives all that an action type asks for: the parcel and photos. What
    asks for more, a video say, is done on the order's page and named by the inspection.
    """
    return all(e.kind in _BY_HAND and e.per == "action" for e in action.evidence if e.min)


async def _under_way(
    connection: Connection, tenant: int, order: uuid.UUID, by: By, now_ms: int
) -> rows.Act | None:
    """Give the inspection that somebody has under way on an order."""
    opened = await rows.list_open(connection, tenant, order, ACTIONS_OPEN)
    return next(
        (
            act
            for act in reversed(opened)
            if (act.action, act.sub) == (INSPECTION, by.sub) and act.ends_ms > now_ms
        ),
        None,
    )


async def open_parcel(
    connection: Connection, world: World, row: Row, by: By, code: str, device_ms: int, now_ms: int
) -> rows.Act | Refusal | None:
    """Begin the inspection with the parcel's code, in the caller's transaction, the case locked;
    None where it is no signed act of this person's.
    """
    refusal = after_sales.step(row.case, "inspect")
    if refusal is not None:
        return refusal
    if code.casefold() not in {row.case.waybill.casefold(), row.case.number.casefold()} - {""}:
        return OTHER_PARCEL
    held = await acts.hold(connection, world, row.order)
    action = await _type(connection, world, held) if held is not None else None
    if action is None or by.person is None or not _is_by_hand(action):
        return None
    act = await performing.begin(connection, world, row.order, by, INSPECTION, 0, now_ms)
    if isinstance(act, Refusal):
        return act if action.who.grade == SIGNED else None
    reading = act_evidence.Reading(kind="scan", code=code, value=code)
    how = act_evidence.Collected(by="device", device_ms=device_ms)
    kept = await act_evidence.add_reading(connection, world, act, reading, how, now_ms)
    return kept if isinstance(kept, Refusal) else act


async def add_photo(
    connection: Connection, tenant: int, row: Row, by: By, body: bytes, now_ms: int
) -> Refusal | None:
    """Keep a photo as evidence of the inspection under way too, in the caller's transaction."""
    act = await _under_way(connection, tenant, row.order, by, now_ms)
    if act is None:
        return None
    how = act_evidence.Collected(by="person")
    kept = await act_evidence.add_file(connection, tenant, act, "photo", body, how, now_ms)
    return kept if isinstance(kept, Refusal) else None


async def state(
    connection: Connection,
    world: World,
    origin: Origin,
    id_: uuid.UUID,
    by: By,
    now_ms: int,
    lang: stating.Lang,
) -> stating.Prepared | Refusal:
    """Show what is signed, once parcel and photos are there. Raises InputError `no_case`."""
    row = await after_sales_rows.read(connection, world.tenant, id_)
    act = await _under_way(connection, world.tenant, row.order, by, now_ms)
    if act is None:
        return SCAN_FIRST
    return await stating.prepare(
        connection, world, origin, row.order, act.id, by, now_ms, lang=lang
    )


async def challenged(
    connection: Connection, tenant: int, id_: uuid.UUID, by: By, now_ms: int
) -> bytes:
    """Give what the challenge of a signature is bound to: the act under way, b"" for none."""
    row = await after_sales_rows.read(connection, tenant, id_)
    act = await _under_way(connection, tenant, row.order, by, now_ms)
    return act.id.bytes if act is not None else b""


async def perform(
    doing: Doing,
    origin: Origin,
    by: By,
    *,
    credential: dict[str, Any] | None,
    is_fresh: bool,
    device_ms: int,
    lang: stating.Lang,
) -> completing.Performed | Refusal | None:
    """End the inspection as its act, inside the case's transaction: the fact on the order's stream
    names parcel and photos. None where the case's own word will do.
    """
    connection, world, now_ms = doing.connection, doing.world, doing.now_ms
    act = await _under_way(connection, world.tenant, doing.held.id, by, now_ms)
    if act is None:
        action = await _type(connection, world, doing.held)
        is_signed = action is not None and action.who.grade == SIGNED
        return SCAN_FIRST if is_signed else None
    action = await stating.version_of(connection, world.tenant, act)
    if action.who.grade == SIGNED and credential is None:
        return SIGN_FIRST
    if credential is None:
        shown = await stating.prepare(
            connection, world, origin, doing.held.id, act.id, by, now_ms, lang=lang
        )
        if isinstance(shown, Refusal):
            return shown
    done = await completing.complete(
        connection,
        world,
        origin,
        doing.held.id,
        act.id,
        by,
        now_ms,
        credential=credential,
        is_fresh=is_fresh,
        device_ms=device_ms,
    )
    if isinstance(done, Refusal):
        return done
    held = await acts.hold(connection, world, doing.held.id)
    if held is not None:
        doing.held = held
    return done
