"""What follows from an act beside its own facts: compensation owed for a breach, hand-overs whose
waybill lags. It is decided and written in the act's own commit, under the order's lock.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.contract import definitions, remedies
from danshu.capabilities.contract.actions import promising, reading
from danshu.capabilities.contract.facts import (
    PromiseCorrected,
    PromiseRuled,
    PromiseSuperseded,
)
from danshu.capabilities.contract.power_facts import PowerUsed
from danshu.capabilities.contract.remedy_facts import (
    CompensationApproved,
    CompensationProposed,
    CompensationRefused,
    HandoverCaughtUp,
    HandoverLagging,
)
from danshu.capabilities.orders.facts import CompensationPaid, OrderShipped, WaybillRecorded
from danshu.hub import merchants, powers
from danshu.hub.remedy_facts import RemedyConfigured
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import AMOUNT_MINOR, CHAINS_KEPT, HANDOVER_LAG_MS, REMEDY_AUTO_FEN
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Remedy
    from danshu.capabilities.contract.model import Promise
    from danshu.capabilities.orders import model
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
TIMER_REMEDY: Final = 2
_TURNS: Final = (PromiseCorrected, PromiseRuled, PromiseSuperseded)
VERDICT_CHANGED: Final = "verdict_changed"
NOT_NOW: Final = InputError("not_now", "this compensation was decided otherwise meanwhile")
_ACTION: Final = "select body from actions where tenant=%s and code=%s and version=%s"
_KNOWN: Final = "select code, step, state from compensations where tenant=%s and id=%s"
_PROPOSE: Final = """
insert into compensations(tenant,id,code,step,state,amount,base,currency,definition,auto,pay_by,
proposed,decided,by,next_try)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_DECIDE: Final = """
update compensations set state=%s, decided=%s, by=%s, reason=%s, next_try=%s, receipt=%s, trouble=''
where tenant=%s and id=%s and code=%s and step=%s
and (state=%s or (state='approved' and next_try is null and %s))
"""
_LAG: Final = """
insert into laggards(tenant,id,fulfilment,handed) values (%s,%s,%s,%s) on conflict do nothing
"""
_LAGS: Final = """
select fulfilment, (extract(epoch from handed)*1000)::int8, said from laggards
where tenant=%s and id=%s and caught is null
"""
_SAID: Final = "update laggards set said=true where tenant=%s and id=%s and fulfilment=%s"
_CAUGHT: Final = "update laggards set caught=%s where tenant=%s and id=%s and fulfilment=%s"
_ADD_TIMER: Final = (
    "insert into timers(tenant,due,id,kind) values(%s,%s,%s,%s) on conflict do nothing"
)
_SETTINGS: Final = "select auto_fen, adapter, url, secret from remedy_settings where tenant=%s"
_SET: Final = """
insert into remedy_settings(tenant,auto_fen,adapter,url,secret) values (%s,%s,%s,%s,%s)
on conflict (tenant) do update set auto_fen=excluded.auto_fen, adapter=excluded.adapter,
url=excluded.url, secret=excluded.secret
"""
_chains: dict[tuple[int, str], tuple[Remedy, ...]] = {}  # a version's chain never changes


class Settings(Struct, frozen=True, kw_only=True):
    """Up to which amount policy approves by itself (0 = never), and the payment service.

    `adapter` is "" while no service is connected: then nothing that is approved is paid.
    """

    auto_fen: int = 0
    adapter: str = ""
    url: str = ""
    secret: str = ""


async def attend(
    connection: Connection, world: World, held: Held, decided: Change, actor: Actor, now_ms: int
) -> Change:
    """Give the change with what follows from it said too; rows are written in this transaction.

    Raises InputError `not_now` for a decision on a compensation that is not as it was.
    """
    more: list[Said] = []
    for said in decided.said:
        await _settle(connection, world.tenant, held.id, said.data, actor, now_ms)
    more += await _watch_handovers(connection, world.tenant, held.id, decided, now_ms)
    more += await _propose(connection, world, held.id, decided, now_ms)
    return replace(decided, said=[*decided.said, *more]) if more else decided


async def _settle(
    connection: Connection, tenant: int, id_: uuid.UUID, data: Struct, actor: Actor, now_ms: int
) -> None:
    """Move the row that a decision is about."""
    now = write.instant(now_ms * 1000)
    if isinstance(data, CompensationApproved):
        given: tuple[Any, ...] = ("approved", now, actor.sub, "", now, "")
        before = "proposed"
    elif isinstance(data, CompensationRefused):
        given, before = ("refused", now, actor.sub, data.reason, None, ""), "proposed"
    elif isinstance(data, CompensationPaid) and data.code:
        given, before = ("paid", now, actor.sub, "", None, data.receipt), "approved"
    elif isinstance(data, PowerUsed):
        return await powers.settle(connection, tenant, id_, data, now_ms)
    else:
        return
    # what the payment service will not pay may be refused after all
    is_refusal = isinstance(data, CompensationRefused)
    place = (tenant, id_, data.code, data.step, before, is_refusal)
    cursor = await connection.execute(_DECIDE, (*given, *place))
    if cursor.rowcount != 1:
        raise NOT_NOW


async def _watch_handovers(
    connection: Connection, tenant: int, id_: uuid.UUID, decided: Change, now_ms: int
) -> list[Said]:
    """Remember hand-overs without a waybill, say which lag, and which have caught up."""
    shipped = [s for s in decided.said if isinstance(s.data, OrderShipped)]
    told = [s for s in decided.said if isinstance(s.data, WaybillRecorded)]
    with_number = {f.no for f in decided.order.fulfilments if f.waybill}
    for said in shipped:
        if isinstance(said.data, OrderShipped) and said.data.fulfilment not in with_number:
            handed_ms = said.occurred_ms or now_ms
            handed = write.instant(handed_ms * 1000)
            await connection.execute(_LAG, (tenant, id_, said.data.fulfilment, handed))
            due = write.instant((handed_ms + HANDOVER_LAG_MS) * 1000)
            await connection.execute(_ADD_TIMER, (tenant, due, id_, TIMER_REMEDY))
    if not (shipped or told or decided.is_due):
        return []
    more = []
    at = {
        s.data.fulfilment: s.occurred_ms or now_ms
        for s in told
        if isinstance(s.data, WaybillRecorded)
    }
    for fulfilment, handed_ms, was_said in await _lags(connection, tenant, id_):
        if fulfilment in with_number:
            caught_ms = at.get(fulfilment, now_ms)
            given = (write.instant(caught_ms * 1000), tenant, id_, fulfilment)
            await connection.execute(_CAUGHT, given)
            if was_said:
                caught = HandoverCaughtUp(
                    fulfilment=fulfilment, handed=rfc3339(handed_ms), lag_ms=caught_ms - handed_ms
                )
                more.append(Said(data=caught))
        elif not was_said and now_ms - handed_ms >= HANDOVER_LAG_MS:
            await connection.execute(_SAID, (tenant, id_, fulfilment))
            lagging = HandoverLagging(
                fulfilment=fulfilment, handed=rfc3339(handed_ms), lag_ms=now_ms - handed_ms
            )
            more.append(Said(data=lagging))
    return more


async def _lags(
    connection: Connection, tenant: int, id_: uuid.UUID
) -> Sequence[tuple[int, int, bool]]:
    rows: Sequence[tuple[int, int, bool]] = await (
        await connection.execute(_LAGS, (tenant, id_))
    ).fetchall()
    return rows


async def _propose(
    connection: Connection, world: World, id_: uuid.UUID, decided: Change, now_ms: int
) -> list[Said]:
    """Propose what broken promises owe, and take back what a changed verdict owes no more."""
    touched = [p for p in decided.promises if p.state in remedies.UNKEPT]
    is_turned = any(isinstance(s.data, _TURNS) for s in decided.said)
    turned = [p for p in decided.promises if is_turned and p.state not in remedies.UNKEPT]
    if not touched and not turned:
        return []
    tenant = world.tenant
    rows = await (await connection.execute(_KNOWN, (tenant, id_))).fetchall()
    known = {(code, step): state for code, step, state in rows}
    more: list[Said] = []
    now = write.instant(now_ms * 1000)
    for p in turned:
        for (code, step), state in known.items():
            # what was offered for a claim is owed for no breach: no verdict takes it back
            if code == p.code and state == "proposed" and step < remedies.CLAIM_STEP:
                refused = CompensationRefused(code=code, reason=VERDICT_CHANGED, step=step)
                given = ("refused", now, "system", VERDICT_CHANGED, None, "")
                place = (tenant, id_, code, step, "proposed", False)
                await connection.execute(_DECIDE, (*given, *place))
                more.append(Said(data=refused))
    settings = await read_settings(connection, tenant) if touched else Settings()
    broken = [(p, await find_chain(connection, tenant, p)) for p in touched]
    order = decided.order
    said, next_ms = await powers.follow(connection, tenant, id_, order, broken, turned, now_ms)
    more += said
    await _wake(connection, tenant, id_, next_ms)
    for p, chain in broken:
        owed, later_ms = remedies.owe(
            chain,
            p,
            paid=decided.order.paid or decided.order.total,
            late_lines=_late_lines(decided.order),
            now_ms=now_ms,
        )
        await _wake(connection, tenant, id_, later_ms)
        for each in owed:
            if (each.code, each.step) not in known:
                more += await _write(connection, tenant, id_, p, each, decided.order, settings, now)
    return more


async def _wake(connection: Connection, tenant: int, id_: uuid.UUID, at_ms: int) -> None:
    """Look at the order again when the next step of a chain comes about; 0 = there is none."""
    if at_ms:
        given = (tenant, write.instant(at_ms * 1000), id_, TIMER_REMEDY)
        await connection.execute(_ADD_TIMER, given)


async def _write(
    connection: Connection,
    tenant: int,
    id_: uuid.UUID,
    promise: Promise,
    owed: remedies.Owed,
    order: model.Order,
    settings: Settings,
    now: Any,
) -> list[Said]:
    limit = min(settings.auto_fen, REMEDY_AUTO_FEN)
    by_policy = owed.auto and bool(settings.adapter) and owed.amount <= limit
    state = "approved" if by_policy else "proposed"
    decided = (now, "policy", now) if by_policy else (None, "", None)
    pay_by = write.instant(owed.pay_by_ms * 1000)
    digest = bytes.fromhex(promise.digest)
    row = (tenant, id_, owed.code, owed.step, state, owed.amount, owed.base, order.currency)
    await connection.execute(_PROPOSE, (*row, digest, owed.auto, pay_by, now, *decided))
    said: list[Said] = [
        Said(
            data=CompensationProposed(
                amount=owed.amount,
                auto=owed.auto,
                base=owed.base,
                code=owed.code,
                currency=order.currency,
                definition=promise.digest,
                pay_by=rfc3339(owed.pay_by_ms),
                step=owed.step,
            )
        )
    ]
    if by_policy:
        approved = CompensationApproved(
            amount=owed.amount, by="policy", code=owed.code, step=owed.step
        )
        said.append(Said(data=approved))
    return said


def _late_lines(order: model.Order) -> int:
    """What was paid for lines that have not left; all of them where none is waiting any more."""
    waiting = [n.paid for n in order.lines if n.shipped < n.quantity - n.cancelled]
    return sum(waiting) if waiting else sum(n.paid for n in order.lines)


async def find_chain(connection: Connection, tenant: int, promise: Promise) -> tuple[Remedy, ...]:
    """Find the breach chain of the version that the order is pinned to: that of its action, or
    what the parameters of a definition without one say.
    """
    key = (tenant, promise.digest)
    if key not in _chains:
        if len(_chains) >= CHAINS_KEPT:
            _chains.clear()
        cursor = await connection.execute(_ACTION, (tenant, promise.code, promise.version))
        row = await cursor.fetchone()
        chain = remedies.derive(promise.clause.definition)
        if row is not None:
            action = reading.read(bytes(row[0]))
            carried = promising.promise(action)
            body = definitions.encode(carried) if carried else b""
            if hashlib.sha256(body).hexdigest() == promise.digest:
                chain = action.breach
        _chains[key] = chain
    return _chains[key]


async def read_settings(connection: Connection, tenant: int) -> Settings:
    """Read what policy may pay, and through which service; its secret is never to be shown."""
    row = await (await connection.execute(_SETTINGS, (tenant,))).fetchone()
    if row is None:
        return Settings()
    return Settings(auto_fen=row[0], adapter=row[1], url=row[2], secret=row[3])


async def configure(connection: Connection, tenant: int, actor: Actor, wanted: Settings) -> None:
    """Set what policy may pay and through which service. Raises InputError `bad_field`."""
    if not 0 <= wanted.auto_fen <= min(REMEDY_AUTO_FEN, AMOUNT_MINOR):
        raise InputError("bad_field", f"0 to {REMEDY_AUTO_FEN} fen", "/auto_fen")
    async with connection.transaction():
        given = (tenant, wanted.auto_fen, wanted.adapter, wanted.url, wanted.secret)
        await connection.execute(_SET, given)
        said = RemedyConfigured(adapter=wanted.adapter, auto_fen=wanted.auto_fen, url=wanted.url)
        await merchants.say(connection, tenant, actor, said)
