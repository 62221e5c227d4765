"""The room that speaks to riders' services: asks for quotes, orders what was awarded, cancels.

What is to be told lies in `negotiation_sends`, written in the commit that decided it; what a
service answers is heard like any party's message, in the commit that ends the row. A node that dies
in between leaves the row to the next, which repeats it under the same key.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing.negotiation import messages
from danshu.capabilities.routing.negotiation.machine import AWARDED, CFP_OPEN, CONFIRMED, PROPOSED
from danshu.capabilities.routing.negotiation.model import Negotiation
from danshu.hub import acts, negotiating, outside, parties, request_vault
from danshu.hub.compose import now_ms
from danshu.hub.world import World
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    QUOTE_BYTES,
    QUOTE_TIMEOUT_S,
    QUOTE_TRIES,
    QUOTES_AT_ONCE,
    REASON_CHARS,
)
from danshu.ledger import vault, write
from danshu.ports import registry
from danshu.ports.carrier_quote import Account, Call, Place, Quote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.capabilities.routing.negotiation.messages import Spoke
    from danshu.ports.carrier_quote import Quoter
    from danshu.ports.channel import Receiver

Connection = psycopg.AsyncConnection[Any]
_REACH: Final = outside.Reach(QUOTE_TIMEOUT_S, QUOTE_BYTES, 1)
_log = logging.getLogger("danshu.negotiations")
_RETRY_MS: Final = 1_000
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update negotiation_sends s set tries=s.tries+1, next_try=%s from (
  select tenant, id, party, kind, ref from negotiation_sends where state='due' and next_try<=%s
  order by next_try limit %s for update skip locked) d
where s.tenant=d.tenant and s.id=d.id and s.party=d.party and s.kind=d.kind and s.ref=d.ref
returning s.tenant, s.id, s.party, s.kind, s.ref, s.tries
"""
_END: Final = """
update negotiation_sends set state=%s, next_try=null, trouble=%s, token=%s, number=%s
where tenant=%s and id=%s and party=%s and kind=%s and ref=%s
"""
_LEAVE: Final = """
update negotiation_sends set next_try=%s, trouble=%s
where tenant=%s and id=%s and party=%s and kind=%s and ref=%s and state='due'
"""
_DOC: Final = "select order_id, doc from negotiations where tenant=%s and id=%s"
_TOLD: Final = """
select kind, ref, state, tries, token, number, next_try > %s from negotiation_sends
where tenant=%s and id=%s and party=%s
"""
_decode = msgspec.json.Decoder(Negotiation).decode


class Task(Struct, frozen=True, kw_only=True):
    """Something to be told to a service now; `tries` counts this one."""

    tenant: int
    id: uuid.UUID
    party: str
    kind: str
    ref: str
    tries: int

    @property
    def place(self) -> tuple[int, uuid.UUID, str, str, str]:
        """Its row."""
        return self.tenant, self.id, self.party, self.kind, self.ref


class Ready(Struct, kw_only=True, eq=False):
    """A task with all that its service needs. `token` and `number` are what it said before."""

    task: Task
    world: World
    n: Negotiation
    party: parties.Party
    call: Call
    window: str
    token: str
    number: str
    ordered: bool


class Got(Struct, kw_only=True, eq=False):
    """What a service answered, or the error; how long it took."""

    quote: Quote | None = None
    number: str = ""
    error: NotAvailable | InputError | None = None
    trip_ms: int = 0


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room: it tells what is due and gives how many it took up."""
    worlds = Worlds(url)

    async def step(connection: Connection) -> int:
        return await send_due(connection, worlds, now_ms())

    return step


async def send_due(connection: Connection, worlds: Worlds, at_ms: int) -> int:
    """Tell services what is due, side by side, and hear their answers one by one."""
    until = write.instant((at_ms + 3 * QUOTE_TIMEOUT_S * 1000) * 1000)
    given = (until, write.instant(at_ms * 1000), QUOTES_AT_ONCE)
    rows = await (await connection.execute(_TAKE, given)).fetchall()
    ready = []
    for tenant, id_, party, kind, ref, tries in rows:
        task = Task(tenant=tenant, id=id_, party=party, kind=kind, ref=ref, tries=tries)
        found = await _prepare(connection, worlds, task, at_ms)
        if found is not None:
            ready.append(found)
    if not ready:
        return len(rows)
    async with outside.client() as web:
        waiting = [asyncio.create_task(_ask(web, each, at_ms)) for each in ready]
        # heard as they come: a slow service holds nobody else's answer back
        for done in asyncio.as_completed(waiting):
            each, got = await done
            try:
                await _hear(connection, each, got, now_ms())
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception:  # noqa: BLE001 - logged; one service must not stop the others
                _log.exception("%s of %s cannot be heard", each.task.kind, each.task.party)
                await _leave(connection, each.task, now_ms(), "program")
    return len(rows)


async def _prepare(connection: Connection, worlds: Worlds, task: Task, at_ms: int) -> Ready | None:
    """Gather what a service needs; None when there is nothing to tell it any more."""
    row = await (await connection.execute(_DOC, (task.tenant, task.id))).fetchone()
    if row is None:
        return None
    n = _decode(bytes(row[1]))
    told = await _told(connection, task, at_ms)
    if not _is_wanted(n, task, told):
        await _end(connection, task, "dropped")
        return None
    if task.kind == negotiating.CANCEL and told.get(("award", task.ref), _NEVER).is_busy:
        await _leave(connection, task, at_ms + _RETRY_MS, "the order is under way")
        return None
    world = await worlds.ensure(task.tenant)
    chosen = n.proposal(_proposal_of(n, task))
    window = chosen.window if chosen else _first_window(n)
    call = await _call(connection, world, row[0], task, n, window)
    if call is None:
        spoke = _decline(task, "the receiver's data was erased")
        await negotiating.hear(connection, world, task.id, _actor(task), spoke, at_ms)
        await _end(connection, task, "dropped")
        return None
    return Ready(
        task=task,
        world=world,
        n=n,
        party=await parties.read_party(connection, task.tenant, task.party),
        call=call,
        window=window,
        token=told.get(("quote", ""), _NEVER).token,
        number=told.get(("award", task.ref), _NEVER).number,
        ordered=told.get(("award", task.ref), _NEVER).tries > 0,
    )


class _Before(Struct, frozen=True):
    """What a service was told before."""

    state: str
    tries: int
    token: str
    number: str
    is_busy: bool


_NEVER: Final = _Before("", 0, "", "", False)


async def _told(connection: Connection, task: Task, at_ms: int) -> dict[tuple[str, str], _Before]:
    given = (write.instant(at_ms * 1000), task.tenant, task.id, task.party)
    rows = await (await connection.execute(_TOLD, given)).fetchall()
    return {
        (kind, ref): _Before(
            state, tries, token, number, state == "due" and tries > 0 and bool(leased)
        )
        for kind, ref, state, tries, token, number, leased in rows
    }


def _is_wanted(n: Negotiation, task: Task, told: dict[tuple[str, str], _Before]) -> bool:
    match task.kind:
        case negotiating.QUOTE:
            return n.state in (CFP_OPEN, PROPOSED)
        case negotiating.AWARD:
            return n.state == AWARDED and n.award is not None and n.award.id == task.ref
        case _:  # nothing is cancelled that was never ordered, nor what was confirmed
            confirmed = n.state == CONFIRMED and n.award is not None and n.award.id == task.ref
            return told.get(("award", task.ref), _NEVER).tries > 0 and not confirmed


def _proposal_of(n: Negotiation, task: Task) -> str:
    mine = [p.id for p in n.proposals if p.party == task.party]
    return mine[-1] if mine else ""


def _first_window(n: Negotiation) -> str:
    """Choose the window that a service is asked for: the first within the promise."""
    return next((w.id for w in n.windows if not w.consent), n.windows[0].id)


async def _call(
    connection: Connection, world: World, order: uuid.UUID, task: Task, n: Negotiation, window: str
) -> Call | None:
    held = await acts.hold(connection, world, order, locked=False)
    kept = await vault.read(connection, task.tenant, order)
    to = await request_vault.read_receiver(
        connection, task.tenant, order, kept.person if kept else None
    )
    leg = n.leg
    if held is None or to is None or leg is None:
        return None
    slot = next(w for w in n.windows if w.id == window.partition("+")[0].partition("-")[0])
    return Call(
        key=task.id.hex,
        pickup=_pickup(world, leg.pickup),
        dropoff=_dropoff(to),
        weight_g=leg.weight_g,
        value_fen=held.order.total,
        start_ms=slot.start_ms,
        end_ms=slot.end_ms,
        goods="商品",
    )


def _pickup(world: World, code: str) -> Place:
    warehouse = next(w for w in world.warehouses if w.code == code)
    province, name = world.places.get(warehouse.region, ("", ""))
    return Place(
        name=warehouse.name,
        phone="",
        city=name or province,
        address=warehouse.name,
        lng_udeg=warehouse.lng_udeg,
        lat_udeg=warehouse.lat_udeg,
    )


def _dropoff(to: Receiver) -> Place:
    words = (to.province, to.city, to.district, to.street, to.detail)
    return Place(name=to.name, phone=to.phone, city=to.city, address="".join(words))


async def _ask(web: httpx.AsyncClient, ready: Ready, at_ms: int) -> tuple[Ready, Got]:
    """Speak to the service; every error becomes a value, so that none stops the others."""
    task, party = ready.task, ready.party
    quoter = cast("Quoter", registry.load("carrier_quote", party.adapter))
    account = Account(url=party.url, options=party.options)
    send = outside.sender(web, "the service", _REACH)
    chosen = ready.n.proposal(_proposal_of(ready.n, task))
    bought = Quote(
        token=ready.token,
        fee_fen=chosen.fee_fen if chosen else 0,
        eta_ms=chosen.eta_ms if chosen else 0,
        valid_ms=chosen.valid_ms if chosen else 0,
    )
    got = Got()
    started = time.monotonic()
    try:
        match task.kind:
            case negotiating.QUOTE:
                got.quote = await quoter.quote(account, send, ready.call, at_ms)
            case negotiating.AWARD:
                got.number = await quoter.order(account, send, ready.call, bought, at_ms)
            case _:
                number = ready.number
                if not number and not quoter.cancels_by_key:
                    # an answer was lost: the same key tells the number that is to be cancelled
                    number = await quoter.order(account, send, ready.call, bought, at_ms)
                await quoter.cancel(account, send, ready.call, number, at_ms)
    except (NotAvailable, InputError) as error:
        got.error = error
    except Exception as error:  # noqa: BLE001 - an adapter is somebody else's code
        _log.exception("%s cannot speak to %s", party.adapter, party.code)
        got.error = InputError("quote_refused", f"the adapter failed: {type(error).__name__}")
    got.trip_ms = round((time.monotonic() - started) * 1000)
    return ready, got


async def _hear(connection: Connection, ready: Ready, got: Got, at_ms: int) -> None:
    """Hear an answer, in the commit that ends its row."""
    task = ready.task
    if isinstance(got.error, NotAvailable) and task.tries < QUOTE_TRIES:
        await _leave(connection, task, at_ms + _RETRY_MS, got.error.detail)
        return
    async with connection.transaction():
        if got.error is None:
            await parties.note_trip(connection, task.tenant, task.party, got.trip_ms)
        trouble = got.error.detail[:REASON_CHARS] if got.error else ""
        token = got.quote.token if got.quote else ""
        await _end(connection, task, "failed" if trouble else "done", trouble, token, got.number)
        spoke = _spoke(ready, got)
        if spoke is None:
            return
        told = await negotiating.hear(connection, ready.world, task.id, _actor(task), spoke, at_ms)
        if isinstance(told, Refusal) and isinstance(spoke, messages.Confirm):
            # it came too late: what was ordered is given back
            place = (task.tenant, task.id, task.party, negotiating.CANCEL, task.ref)
            await negotiating.tell(connection, *place, at_ms)


def _spoke(ready: Ready, got: Got) -> Spoke | None:
    """Turn an answer into the message of a party; None where nothing needs to be said."""
    task, party = ready.task, ready.party
    if task.kind == negotiating.CANCEL:
        return None
    if got.error is not None:
        reason = got.error.detail[:REASON_CHARS]
        if task.kind == negotiating.QUOTE:
            return _decline(task, reason, lost=isinstance(got.error, NotAvailable))
        return messages.Refuse(**_id(task, "refuse", reason), award=task.ref, reason=reason)
    if got.quote is None:
        confirmed = _id(task, "confirm", got.number)
        return messages.Confirm(**confirmed, award=task.ref, number=got.number)
    quote = got.quote
    text = f"{quote.token} {quote.fee_fen} {quote.eta_ms} {quote.valid_ms}"
    return messages.Propose(
        **_id(task, "quote", text),
        window=ready.window,
        fee_fen=quote.fee_fen,
        eta_ms=quote.eta_ms,
        valid_ms=quote.valid_ms,
        accept_permille=party.accept_permille,
        equipment=party.equipment,
        token=hashlib.sha256(quote.token.encode()).hexdigest() if quote.token else "",
    )


def _decline(task: Task, reason: str, *, lost: bool = False) -> messages.Decline:
    return messages.Decline(**_id(task, "decline", reason), reason=reason, unreachable=lost)


def _id(task: Task, kind: str, text: str) -> dict[str, str]:
    digest = hashlib.sha256(f"{kind} {task.ref} {text}".encode()).hexdigest()
    return {"party": task.party, "message": f"{kind}-{task.ref}", "digest": digest}


def _actor(task: Task) -> Actor:
    return Actor(sub=task.party, role="carrier", grade="C")


async def _end(
    connection: Connection,
    task: Task,
    state: str,
    trouble: str = "",
    token: str = "",
    number: str = "",
) -> None:
    await connection.execute(_END, (state, trouble, token, number, *task.place))


async def _leave(connection: Connection, task: Task, next_ms: int, trouble: str) -> None:
    given = (write.instant(next_ms * 1000), trouble[:REASON_CHARS], *task.place)
    await connection.execute(_LEAVE, given)
