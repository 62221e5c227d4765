"""Doing a contract action: begun, its evidence handed in, given up. `completing.py` ends it.

An act under way is a row and binds nobody; the fact comes with its end. While it is open its kinds
of evidence, its version and its doer stay what they were when it began.
"""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.actions import reading as action_bytes
from danshu.capabilities.contract.actions.catalogue import KINDS
from danshu.capabilities.contract.performing import decide, gs1, series
from danshu.capabilities.contract.performing.model import Doer, Goods, Item, PastAct
from danshu.hub import acts, doers, evidence_files, trusted_time
from danshu.hub import performing_rows as rows
from danshu.kernel import canonical, ids
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ACTION_ITEMS, ACTION_OPEN_S, ACTIONS_OPEN
from danshu.ledger import blobs, write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Action
    from danshu.capabilities.orders.model import Order
    from danshu.hub.doers import By
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
READINGS: Final = frozenset(
    {"scan", "expiry_scan", "handover_scan", "waybill_no", "payment_receipt", "carrier_trace"}
)
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
FULL: Final = Refusal(
    code="too_many_items",
    reason=f"一次动作最多 {ACTION_ITEMS} 件证据",
    reason_en=f"At most {ACTION_ITEMS} pieces of evidence for one act",
    clause="performing.items",
)


_VERSIONS: Final = """
select distinct on (code) code, digest, body from actions a, (select %s::timestamptz as at) o,
  lateral (select published <= at and (retired is null or retired > at) as was) w
where tenant=%s and (%s='' or code=%s) and (was or active)
order by code, was desc, version desc
"""


class Reading(Struct, frozen=True, kw_only=True):
    """What was read or typed: a code, and what it says of goods, lot, expiry, value."""

    kind: str
    code: str = ""
    sku: str = ""
    line: int = 0
    lot: str = ""
    expiry: str = ""
    value: str = ""


class Collected(Struct, frozen=True, kw_only=True):
    """By whom or what a piece was collected (person, device, system), its source, device time."""

    by: str = "person"
    source: str = ""
    device_ms: int = 0


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


async def add_reading(
    connection: Connection,
    world: World,
    act: rows.Act,
    reading: Reading,
    how: Collected,
    now_ms: int,
) -> Item | Refusal:
    """Keep what was scanned or typed, in the caller's transaction, the act locked.

    A GS1 code says lot and expiry itself; what it says wins over what was typed. Raises InputError
    `bad_evidence` for a kind that is no reading, a date that is none, goods that are not here.
    """
    if reading.kind not in READINGS:
        raise InputError("bad_evidence", f"{reading.kind!r} is handed in as a file", "/kind")
    read = read_code(world, reading, now_ms)
    if reading.kind == "expiry_scan" and not (read.lot and read.expiry):
        raise InputError("bad_evidence", "an expiry scan names lot and expiry", "/expiry")
    body = canonical.encode(
        {
            "at": rfc3339(now_ms),
            "by": how.by,
            "device_at": rfc3339(how.device_ms) if how.device_ms else "",
            "order": str(act.order),
            "source": how.source,
            **{name: getattr(read, name) for name in Reading.__struct_fields__},
        }
    )
    item = Item(
        no=0,
        kind=read.kind,
        digest="",
        size=len(body),
        media="application/json",
        by=how.by,
        source=how.source,
        sku=read.sku,
        line=read.line,
        lot=read.lot,
        expiry=read.expiry,
        value=read.value or read.code,
        at_ms=now_ms,
        device_ms=how.device_ms,
    )
    return await _keep(connection, world.tenant, act, item, body)


def read_code(world: World, reading: Reading, now_ms: int) -> Reading:
    """Fill in what a code says by itself. Raises InputError `bad_evidence`."""
    year = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).year
    try:
        told = gs1.read(reading.code, year)
        if reading.expiry:
            datetime.date.fromisoformat(reading.expiry)
    except ValueError as error:
        raise InputError("bad_evidence", str(error), "/expiry") from error
    sku = reading.sku
    if not sku and reading.code:
        code = (told.gtin if told else reading.code).lstrip("0")
        sku = next((c for c, (_, s) in world.skus.items() if _is_of(c, s.barcode, code)), "")
    return msgspec.structs.replace(
        reading,
        sku=sku,
        lot=(told.lot if told else "") or reading.lot,
        expiry=(told.expiry if told else "") or reading.expiry,
    )


def _is_of(sku: str, barcode: str, code: str) -> bool:
    return bool(code) and (barcode.lstrip("0") == code or sku.casefold() == code.casefold())


async def add_file(
    connection: Connection,
    tenant: int,
    act: rows.Act,
    kind: str,
    body: bytes,
    how: Collected,
    now_ms: int,
    *,
    sku: str = "",
    lot: str = "",
    value: str = "",
) -> Item | Refusal:
    """Keep a photo, clip, drawing, series, document or sample under its digest, in the caller's
    transaction, the act locked. Raises InputError `bad_evidence`, `bad_series`.
    """
    media = evidence_files.check(kind, body)
    low = high = gap_ms = None
    if kind == "temperature_series":
        samples = series.read(body)
        low, high = min(s.value for s in samples), max(s.value for s in samples)
        gap_ms = series.longest_gap_ms(samples)
    item = Item(
        no=0,
        kind=kind,
        digest="",
        size=len(body),
        media=media,
        by=how.by,
        source=how.source,
        sku=sku,
        lot=lot,
        value=value,
        low=low,
        high=high,
        gap_ms=gap_ms,
        at_ms=now_ms,
        device_ms=how.device_ms,
    )
    return await _keep(connection, tenant, act, item, body)


async def _keep(
    connection: Connection, tenant: int, act: rows.Act, item: Item, body: bytes
) -> Item | Refusal:
    """Keep a piece; whatever was stated before no longer says what is there."""
    if item.kind not in KINDS:
        raise InputError("bad_evidence", f"no kind of evidence {item.kind!r}", "/kind")
    known = await rows.items(connection, tenant, act.id)
    if len(known) >= ACTION_ITEMS:
        return FULL
    digest = await blobs.put(connection, tenant, item.media, body)
    item = msgspec.structs.replace(
        item, no=max((i.no for i in known), default=0) + 1, digest=digest.hex()
    )
    again = next((i for i in known if i.digest == item.digest and i.kind == item.kind), None)
    if again is not None:  # the same bytes twice are one piece
        return again
    await rows.own(connection, tenant, act.order, [(digest, item.kind)])
    await rows.add_item(connection, tenant, act.id, item)
    await rows.state(connection, tenant, act.id, b"", "")
    return item


async def cancel(connection: Connection, tenant: int, act: rows.Act) -> None:
    """Give an act up, in the caller's transaction: no fact was said, so none is left."""
    await rows.end(connection, tenant, act.id, "cancelled", b"")
