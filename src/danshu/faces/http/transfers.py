"""Transfer orders 调拨单: planned by planners, dispatched and received by the warehouses."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.transfers.model import Line, Plan, PlannedUnits, Transfer
from danshu.faces.http import problems
from danshu.faces.http.auth import require
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, Word, epoch, read_before, write_place
from danshu.hub import transfer_rows, transfers
from danshu.hub.actors import name_actors
from danshu.hub.associations import read_names
from danshu.hub.fields import PLAIN, Code, Minor
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import BATCH_BODY_BYTES, STOCK_UNITS, TRANSFER_LINES

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/transfers/{transfer_id:uuid}"
_Note = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
_Key = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
_Units = Annotated[int, Meta(ge=0, le=STOCK_UNITS)]
_State = Annotated[
    Literal["", "planned", "dispatched", "received", "cancelled"], QueryParameter(name="state")
]


class TransferWish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """So many units of a SKU are to go."""

    sku: Code
    quantity: Annotated[int, Meta(ge=1, le=STOCK_UNITS)]


class NewTransfer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to go from where to where. `key` is the caller's: repeated, it is the same transfer.
    `arrives` is when it is expected, `cost_fen` what the way costs.
    """

    key: _Key
    from_warehouse: Code
    to_warehouse: Code
    lines: Annotated[tuple[TransferWish, ...], Meta(min_length=1, max_length=TRANSFER_LINES)]
    truck: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = ""
    cost_fen: Minor = 0
    arrives: datetime.datetime | None = None
    note: _Note = ""


class TransferSentUnits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many units of a SKU leave, at most what was planned."""

    sku: Code
    quantity: _Units


class TransferDispatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It leaves: all that was planned where a SKU isn't named. `key` is the caller's own."""

    key: _Key
    lines: Annotated[tuple[TransferSentUnits, ...], Meta(max_length=TRANSFER_LINES)] = ()
    note: _Note = ""


class TransferCameUnits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What came of a SKU: whole and damaged units; more than left is counted too."""

    sku: Code
    good: _Units = 0
    damaged: _Units = 0


class TransferReceipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods are taken in. With `final` nothing more is awaited, the rest is short."""

    key: _Key
    lines: Annotated[tuple[TransferCameUnits, ...], Meta(max_length=TRANSFER_LINES)] = ()
    final: bool = False
    note: _Note = ""


class TransferCancel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is cancelled."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class TransferLineView(Struct, frozen=True, kw_only=True):
    """One SKU: planned, sent, came whole and damaged; `waiting` units are on their way, `short`
    never came and `over` came beyond what left, both once it is closed.
    """

    sku: str
    name: str
    planned: int
    sent: int
    good: int
    damaged: int
    waiting: int
    short: int
    over: int


class TransferStep(Struct, frozen=True, kw_only=True):
    """One step of its way: planned, dispatched, received, closed or cancelled."""

    what: str
    at: str
    by: str
    note: str
    good: int = 0
    damaged: int = 0


class TransferView(Struct, frozen=True, kw_only=True):
    """A transfer order. `differs`: it was closed with units short, over or damaged. `proposal` is
    the agent's proposal that it came from, "" for none.
    """

    id: uuid.UUID
    number: str
    state: str
    from_warehouse: str
    to_warehouse: str
    truck: str
    cost_fen: int
    arrives: str
    note: str
    reason: str
    proposal: str
    planned_by: str
    planned: str
    dispatched: str
    ended: str
    units: int
    differs: bool
    lines: tuple[TransferLineView, ...]
    steps: tuple[TransferStep, ...]


class TransferPage(Struct, frozen=True, kw_only=True):
    """Transfer orders, the newest first; `next` is "" at the end."""

    items: tuple[TransferView, ...]
    next: str


def _at(at_ms: int) -> str:
    return rfc3339(at_ms) if at_ms else ""


def _line(line: Line, name: str, *, closed: bool) -> TransferLineView:
    came = line.good + line.damaged
    return TransferLineView(
        sku=line.sku,
        name=name,
        planned=line.planned,
        sent=line.sent,
        good=line.good,
        damaged=line.damaged,
        waiting=0 if closed else line.waiting,
        short=max(0, line.sent - came) if closed else 0,
        over=max(0, came - line.sent) if closed else 0,
    )


def _steps(one: Transfer, people: dict[str, str]) -> tuple[TransferStep, ...]:
    def step(what: str, at_ms: int, by: str, note: str = "", **came: int) -> TransferStep:
        return TransferStep(what=what, at=rfc3339(at_ms), by=people.get(by, by), note=note, **came)

    steps = [step("planned", one.planned_ms, one.planned_by, one.plan.note)]
    if one.dispatched_ms:
        steps.append(step("dispatched", one.dispatched_ms, one.dispatched_by, one.dispatch_note))
    steps += [
        step("received", r.at_ms, r.by, r.note, good=r.good, damaged=r.damaged)
        for r in one.receipts
    ]
    if one.ended_ms:
        what = "cancelled" if one.state == "cancelled" else "closed"
        steps.append(step(what, one.ended_ms, one.ended_by, one.reason))
    return tuple(steps)


def _show(one: Transfer, names: dict[str, str], people: dict[str, str]) -> TransferView:
    closed = one.state == "received"
    lines = tuple([_line(n, names.get(n.sku, ""), closed=closed) for n in one.lines])
    return TransferView(
        id=one.id,
        number=one.number,
        state=one.state,
        from_warehouse=one.plan.from_warehouse,
        to_warehouse=one.plan.to_warehouse,
        truck=one.plan.truck,
        cost_fen=one.plan.cost_fen,
        arrives=_at(one.plan.arrives_ms),
        note=one.plan.note,
        reason=one.reason,
        proposal=one.plan.proposal,
        planned_by=people.get(one.planned_by, one.planned_by),
        planned=_at(one.planned_ms),
        dispatched=_at(one.dispatched_ms),
        ended=_at(one.ended_ms),
        units=sum(n.planned for n in one.lines),
        differs=any(n.short or n.over or n.damaged for n in lines),
        lines=lines,
        steps=_steps(one, people),
    )


async def _view(request: Ask, *found: Transfer) -> tuple[TransferView, ...]:
    """Show transfers with what their goods and those who acted are called."""
    tenant = held_of(request).tenant
    skus = {line.sku for one in found for line in one.lines}
    acted = {by for one in found for by in _who(one)}
    async with hub_of(request).connection() as connection:
        names = await read_names(connection, tenant, sorted(skus))
        people = await name_actors(connection, tenant, sorted(acted))
    return tuple([_show(one, names, people) for one in found])


def _who(one: Transfer) -> set[str]:
    acted = {one.planned_by, one.dispatched_by, one.ended_by, *(r.by for r in one.receipts)}
    return acted - {""}


async def _answer(
    request: Ask, done: Transfer | Refusal, status: int = 200
) -> Response[TransferView]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response((await _view(request, done))[0], status_code=status)


async def _read(request: Ask, transfer_id: uuid.UUID) -> Transfer:
    async with hub_of(request).connection() as connection:
        return await transfer_rows.read(connection, held_of(request).tenant, transfer_id)


@get("/v1/transfers", **declare_read("listTransfers", "transfers", "transfer.read"))
async def list_transfers(
    request: Ask,
    only: _State = "",
    warehouse: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> TransferPage:
    """List transfer orders, the newest first; of a state, from or to a warehouse."""
    async with hub_of(request).connection() as connection:
        found = await transfer_rows.list_rows(
            connection,
            held_of(request).tenant,
            read_before(cursor),
            limit + 1,
            state=only,
            warehouse=warehouse,
        )
    more = found[limit - 1].id if len(found) > limit else None
    return TransferPage(
        items=await _view(request, *found[:limit]), next=write_place(str(more)) if more else ""
    )


@post(
    "/v1/transfers",
    **declare_write("planTransfer", "transfers", "transfer.write", BATCH_BODY_BYTES),
)
async def plan_transfer(data: JSONBody[NewTransfer], request: Ask) -> Response[TransferView]:
    """Plan a transfer: its units are reserved at the source. 409 where the source is short."""
    held = held_of(request)
    require(held, "transfer.write", warehouse=data.from_warehouse)
    wish = Plan(
        from_warehouse=data.from_warehouse,
        to_warehouse=data.to_warehouse,
        lines=tuple([PlannedUnits(quantity=n.quantity, sku=n.sku) for n in data.lines]),
        key=data.key,
        truck=data.truck,
        cost_fen=data.cost_fen,
        arrives_ms=epoch(data.arrives, "/arrives"),
        note=data.note,
    )
    done = await transfers.plan(hub_of(request), held.tenant, wish, held.actor)
    return await _answer(request, done, 201)


@get(_ONE, **declare_read("getTransfer", "transfers", "transfer.read"))
async def get_transfer(transfer_id: FromPath[uuid.UUID], request: Ask) -> TransferView:
    """Read a transfer order."""
    return (await _view(request, await _read(request, transfer_id)))[0]


@post(
    f"{_ONE}/dispatch",
    status_code=200,
    **declare_write("dispatchTransfer", "transfers", "transfer.act", BATCH_BODY_BYTES),
)
async def dispatch_transfer(
    transfer_id: FromPath[uuid.UUID], data: JSONBody[TransferDispatch], request: Ask
) -> Response[TransferView]:
    """Send a transfer off: what leaves is in transit to the target from now on."""
    held = held_of(request)
    found = await _read(request, transfer_id)
    require(held, "transfer.act", warehouse=found.plan.from_warehouse)
    _check_once([n.sku for n in data.lines])
    sent = {n.sku: n.quantity for n in data.lines}
    done = await transfers.dispatch(
        hub_of(request), held.tenant, transfer_id, data.key, sent, data.note, held.actor
    )
    return await _answer(request, done)


@post(
    f"{_ONE}/receive",
    status_code=200,
    **declare_write("receiveTransfer", "transfers", "transfer.act", BATCH_BODY_BYTES),
)
async def receive_transfer(
    transfer_id: FromPath[uuid.UUID], data: JSONBody[TransferReceipt], request: Ask
) -> Response[TransferView]:
    """Take goods of a transfer in, in parts if need be; whole ones may be promised at once."""
    held = held_of(request)
    found = await _read(request, transfer_id)
    require(held, "transfer.act", warehouse=found.plan.to_warehouse)
    _check_once([n.sku for n in data.lines])
    came = {n.sku: (n.good, n.damaged) for n in data.lines}
    done = await transfers.receive(
        hub_of(request),
        held.tenant,
        transfer_id,
        data.key,
        came,
        data.note,
        held.actor,
        final=data.final,
    )
    return await _answer(request, done)


@post(
    f"{_ONE}/cancel",
    status_code=200,
    **declare_write("cancelTransfer", "transfers", "transfer.write"),
)
async def cancel_transfer(
    transfer_id: FromPath[uuid.UUID], data: JSONBody[TransferCancel], request: Ask
) -> Response[TransferView]:
    """Cancel a transfer that has not left; its units may be promised again."""
    held = held_of(request)
    found = await _read(request, transfer_id)
    require(held, "transfer.write", warehouse=found.plan.from_warehouse)
    done = await transfers.cancel(
        hub_of(request), held.tenant, transfer_id, data.reason, held.actor
    )
    return await _answer(request, done)


def _check_once(skus: list[str]) -> None:
    if len(set(skus)) < len(skus):
        raise InputError("twice", "a SKU is named twice", "/lines")


ROUTES: Final = [
    list_transfers,
    plan_transfer,
    get_transfer,
    dispatch_transfer,
    receive_transfer,
    cancel_transfer,
]
