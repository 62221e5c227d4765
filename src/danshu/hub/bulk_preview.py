"""What a bulk act would do, before it is done: each order decided as it would be, without a trace.

Up to PREVIEW_ORDERS orders are decided one by one; of more, the newest, and the answer says so.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.marks.decide import Marks
from danshu.capabilities.orders import model
from danshu.hub import (
    acts,
    bulk,
    lists,
    marks,
    offers,
    readdress_rows,
    readdressing,
    selections,
)
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.kernel.limits import PREVIEW_ORDERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.bulk import Question
    from danshu.hub.compose import Hub
    from danshu.hub.rights import Seated
    from danshu.hub.world import World
    from danshu.ports.channel import Receiver

Connection = psycopg.AsyncConnection[Any]
_AT_ONCE: Final = 20  # orders decided before others are heard again
_NAMED: Final = 3
_READ: Final = """
select o.id,o.doc,o.terms,o.seq from unnest(%(ids)s::uuid[]) w(id)
join orders o on o.tenant=%(tenant)s and o.id=w.id where o.id>=%(low)s and o.id<=%(high)s
"""
_NEWER: Final = Refusal(code="not_available", reason="主数据刚变,稍后再看", reason_en="Try again")
_decode_order = msgspec.json.Decoder(model.Order).decode


class Refused(Struct, frozen=True, kw_only=True):
    """Orders that could not, for one reason; `orders` are a few of them."""

    code: str
    reason: str
    reason_en: str
    count: int
    orders: tuple[uuid.UUID, ...]


class Preview(Struct, frozen=True, kw_only=True):
    """What would become of how many. `examined` of `total` were decided; `exact` when all were.

    `able` and the reasons count the examined. `refund`: what would be owed back, by currency, in
    minor units.
    """

    total: int
    total_exact: bool
    examined: int
    exact: bool
    able: int
    refused: tuple[Refused, ...]
    refund: dict[str, int]
    undo: bool


class _Tally:
    """Counts what would become of orders."""

    def __init__(self) -> None:
        self.able = 0
        self.refund: dict[str, int] = {}
        self._refused: dict[tuple[str, str, str], list[uuid.UUID]] = {}

    def refuse(self, id_: uuid.UUID, told: Refusal) -> None:
        """Count an order that could not."""
        key = (told.code, told.reason, told.reason_en)
        self._refused.setdefault(key, []).append(id_)

    def take(self, id_: uuid.UUID, before: model.Order, told: acts.Change | Refusal | None) -> None:
        """Count one order; None = it would be marked."""
        if isinstance(told, Refusal):
            self.refuse(id_, told)
            return
        self.able += 1
        if told is not None:
            owed = offers.refund(before, told.order)
            if owed:
                self.refund[before.currency] = self.refund.get(before.currency, 0) + owed

    def refused(self) -> tuple[Refused, ...]:
        """Give the reasons, the most frequent first."""
        groups = sorted(self._refused.items(), key=lambda g: (-len(g[1]), g[0]))
        return tuple(
            Refused(code=c, reason=r, reason_en=e, count=len(of), orders=tuple(of[:_NAMED]))
            for (c, r, e), of in groups
        )


async def preview(
    hub: Hub, tenant: int, question: Question, seated: Seated, to: Receiver | None = None
) -> Preview:
    """Tell what a bulk act would do now; `to` is the new address of all, where their batch does not
    say. Writes nothing.
    """
    selections.check(question.which)
    counted = await selections.count(hub, tenant, question.which)
    world = await hub.worlds.ensure(tenant)
    tally = _Tally()
    examined = 0
    is_whole = True
    orders = selections.find_ids(hub, tenant, question.which, lists.LAST, PREVIEW_ORDERS)
    async for chunk, _ in orders:
        if examined + len(chunk) > PREVIEW_ORDERS or (examined and chunk):
            is_whole = False
            break
        some = [id_ for id_, _ in chunk]
        if question.act == readdressing.ACT:
            await _move(hub, world, question, seated, some, to, tally)
        else:
            await _decide(hub, world, question, seated, some, tally)
        examined += len(chunk)
    total = examined if is_whole else max(counted.count, examined + 1)
    return Preview(
        total=total,
        total_exact=is_whole or counted.exact,
        examined=examined,
        exact=is_whole,
        able=tally.able,
        refused=tally.refused(),
        refund=tally.refund,
        undo=question.act in bulk.INVERSE,
    )


async def _decide(
    hub: Hub,
    world: World,
    question: Question,
    seated: Seated,
    ids: Sequence[uuid.UUID],
    tally: _Tally,
) -> None:
    """Decide orders as they are now, letting others be heard in between."""
    if not ids:
        return
    asked = {"tenant": world.tenant, "ids": list(ids), "low": min(ids), "high": max(ids)}
    async with hub.connection() as connection:
        cursor = await connection.execute(_READ, asked, binary=True, prepare=False)
        rows = {r[0]: r for r in await cursor.fetchall()}
        borne = await marks.read_many(connection, world.tenant, ids)
    for at, id_ in enumerate(ids):
        if at % _AT_ONCE == 0:
            await asyncio.sleep(0)
        row = rows.get(id_)
        if row is None:
            tally.refuse(id_, acts.NO_ORDER)
            continue
        order = _decode_order(row[1])
        tags, person = borne.get(id_, ((), ""))
        bears = Marks(tags=frozenset(tags), person=person)
        told = _ask(world, question, seated, row, order, bears, hub.clock())
        tally.take(id_, order, told)


async def _move(
    hub: Hub,
    world: World,
    question: Question,
    seated: Seated,
    ids: Sequence[uuid.UUID],
    to: Receiver | None,
    tally: _Tally,
) -> None:
    """Decide the new addresses of orders as they would be decided now."""
    async with hub.connection() as connection:
        for id_ in ids:
            place = to
            if question.batch is not None:
                place = await readdress_rows.read(connection, world.tenant, question.batch, id_)
            if place is None:
                tally.refuse(id_, readdressing.LET_GO)
                continue
            wanted = readdressing.Move(
                to=place, by="", reason=question.reason, alike=question.alike
            )
            try:
                told = await readdressing.look(connection, world, id_, wanted, seated, hub.clock())
            except InputError as error:
                told = Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
            except ProgramError:  # the order may know more of the master data than this world
                told = _NEWER
            if isinstance(told, Refusal):
                tally.refuse(id_, told)
            else:
                tally.take(id_, told.before.order, told.change)


def _ask(
    world: World,
    question: Question,
    seated: Seated,
    row: tuple[Any, ...],
    order: model.Order,
    bears: Marks,
    now_ms: int,
) -> acts.Change | Refusal | None:
    """Decide one order as the job would; None when it would be marked."""
    told = bulk.commands_of(question, bulk.Was(), "")
    try:
        bulk.ask_rules(seated, order, told[0], bulk.ACTIONS[question.act])
        if question.act in bulk.MARKS:
            said = marks.decide_mark(bears, bulk.wanted_of(question, bulk.Was()))
            return said if isinstance(said, Refusal) else None
        held = acts.Held(
            id=row[0],
            order=order,
            promises=terms.load(row[2], world.book),
            seq=row[3],
            head=b"",
            wh=-1,
            due_ms=0,
        )
        with offers.untouched(world, order):
            return bulk.decide_all(told, world, held, now_ms)
    except InputError as error:
        return Refusal(code=error.code, reason=error.detail, reason_en=error.detail)
    except ProgramError:  # the order may know more of the master data than this world
        return _NEWER
